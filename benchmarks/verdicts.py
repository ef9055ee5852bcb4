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
from rich.progress import track
from rich.table import Table
from test_routes import ROUTES

from lossbook.exercises import exercise_names, get_exercise
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
    "seeds",
    "s",
)


def row(name: str, seeds: range) -> tuple[str, ...]:
    """Return the table's row for one exercise."""
    start = time.perf_counter()
    exercise = get_exercise(name)
    named = sum(
        [m.name for m in evaluate(name, mistake.function, seed=0).mistakes][:1] == [mistake.name]
        for mistake in exercise.mistakes
    )
    made = mutants(name)
    alive = {mutant.change for mutant in made if survives(name, mutant, seed=0)}
    equivalent = len(alive & set(EQUIVALENT.get(name, {})))
    routes = ROUTES[name]
    passed = sum(all(first_failure(name, route, seed) is None for seed in seeds) for route in routes)
    steady = sum(
        all(first_failure(name, mistake.function, seed) is not None for mistake in exercise.mistakes)
        for seed in seeds
    )
    counts = (len(exercise.mistakes), named, len(made), len(made) - len(alive), equivalent, len(routes), passed)
    took = time.perf_counter() - start
    return (name, *map(str, counts), f"{steady} of {len(seeds)}", f"{took:.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--exercise", choices=exercise_names())
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    table = Table(*HEADINGS)
    names = [options.exercise] if options.exercise else exercise_names()
    console = Console(width=120)
    for name in track(names, description="exercises", console=Console(stderr=True)):
        table.add_row(*row(name, range(options.seeds)))
    console.print(table)


if __name__ == "__main__":
    main()
