"""How well the grader tells right from wrong: one table over all exercises.

For each exercise: named mistakes, and how many of them the report names first; mutants of the solution, how many
of them the cases kill, and how many are known to be equivalent; right solutions, and how many of them earn
everything; and for how many seeds every mistake fails.

    python benchmarks/verdicts.py [--seeds 200] [--exercise NAME]
"""

import argparse
import os
import sys
import time
import warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "exercises"))

from equivalent_mutants import EQUIVALENT
from mutation import mutants, survives
from rich.console import Console
from rich.table import Table
from test_routes import ROUTES

from lossbook.exercises import Exercise, Mistake, exercise_names, get_exercise
from lossbook.grader import evaluate, first_failure

HEADINGS = (
    "exercise",
    "mistakes",
    "named first",
    "mutants",
    "killed",
    "equivalent",
    "routes",
    "passed",
    "steady seeds",
    "seeds",
    "s",
)


def is_named_first(name: str, mistake: Mistake) -> bool:
    """Return whether the report names a mistake first, in each of its variants."""
    return all(
        [found.name for found in evaluate(name, wrong, seed=0).mistakes][:1] == [mistake.name]
        for wrong in mistake.functions
    )


def is_steady(exercise: Exercise, seed: int) -> bool:
    """Return whether each mistake fails with the cases of a seed, in each of its variants."""
    wrong = (function for mistake in exercise.mistakes for function in mistake.functions)
    return all(first_failure(exercise.name, function, seed) is not None for function in wrong)


def row(name: str, seeds: range) -> tuple[int, ...]:
    """Return the numbers of the table's row for one exercise."""
    start = time.perf_counter()
    exercise = get_exercise(name)
    named = sum(is_named_first(name, mistake) for mistake in exercise.mistakes)
    made = mutants(name)
    alive = {mutant.change for mutant in made if survives(name, mutant, seed=0)}
    equivalent = len(alive & set(EQUIVALENT.get(name, {})))
    routes = ROUTES[name]
    passed = sum(all(first_failure(name, route, seed) is None for seed in seeds) for route in routes)
    steady = sum(is_steady(exercise, seed) for seed in seeds)
    counts = len(exercise.mistakes), named, len(made), len(made) - len(alive), equivalent, len(routes), passed
    return (*counts, steady, len(seeds), round(time.perf_counter() - start))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--exercise", choices=exercise_names())
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    table = Table(*HEADINGS, show_footer=True)
    rows = []
    for name in [options.exercise] if options.exercise else exercise_names():
        rows.append(row(name, range(options.seeds)))
        print(name, *rows[-1], file=sys.stderr, flush=True)  # a whole run takes an hour
        table.add_row(name, *map(str, rows[-1]))
    totals = ("all", *map(sum, zip(*rows, strict=True)))
    for column, total in zip(table.columns, totals, strict=True):
        column.footer = str(total)
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
