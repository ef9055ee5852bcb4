"""How well the grader tells right from wrong: one table over all exercises.

For each exercise: named mistakes, and how many of them the report names first; mutants of the solution, how many
of them the cases kill, and how many are known to be equivalent; right solutions, and how many of them earn
everything; and for how many seeds every mistake fails.

    python benchmarks/verdicts.py [--seeds 200] [--first 0] [--exercise NAME ...]

What is answered to a case that does not depend on the seed is not computed again for the next one. A run that
does not begin with seed 0 goes on with one that did: it tries the seeds alone, and leaves names and mutants at 0.
"""

import argparse
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "exercises"))

from equivalent_mutants import EQUIVALENT
from mutation import mutants, survives
from rich.console import Console
from rich.table import Table
from test_routes import ROUTES

from lossbook.exercises import Aspect, Case, Exercise, Mistake, exercise_names, get_exercise
from lossbook.grader import evaluate
from lossbook.grader.compare import differs
from lossbook.grader.memory import answer, draw, remembered
from lossbook.grader.outcome import Outcome
from lossbook.grader.runner import call, trusting

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


Asked = list[tuple[Aspect, Case, Outcome]]
"""All cases of a seed, with the right Outcomes."""


def ask(exercise: Exercise, seed: int) -> Asked:
    """Draw the cases of a seed and answer them."""
    with trusting():
        return [
            (aspect, case, answer(exercise.reference, aspect, case))
            for aspect, cases in draw(exercise, seed)
            for case in cases
        ]


def fails_case(function: Callable[..., Any], aspect: Aspect, case: Case, want: Outcome) -> bool:
    """Return whether a function of our own fails a case; called inside ``trusting``."""

    def find() -> bool:
        return differs(want, call(function, case, aspect.gradient), aspect, case)

    return remembered(case, (function, "fails", aspect.gradient), find)


class Verdicts:
    """The verdicts on functions for many seeds: whether one fails, and quickly.

    A seed changes the numbers of the cases, not what they are about. So what failed a function for the last seed
    is asked first for the next one.
    """

    def __init__(self) -> None:
        self.last: dict[Callable[..., Any], int] = {}

    def fails(self, function: Callable[..., Any], asked: Asked) -> bool:
        """Return whether a function fails one of the cases."""
        first = self.last.get(function, 0)
        with trusting():
            for position in [first, *(p for p in range(len(asked)) if p != first)]:
                if fails_case(function, *asked[position]):
                    self.last[function] = position
                    return True
        return False


def row(name: str, seeds: range) -> tuple[int, ...]:
    """Return the numbers of the table's row for one exercise."""
    start = time.perf_counter()
    exercise = get_exercise(name)
    is_first_run = seeds.start == 0
    named = sum(is_named_first(name, mistake) for mistake in exercise.mistakes if is_first_run)
    made = mutants(name) if is_first_run else []
    alive = {mutant.change for mutant in made if survives(name, mutant, seed=0)}
    equivalent = len(alive & set(EQUIVALENT.get(name, {})))
    routes, wrong = (
        set(ROUTES[name]),
        [function for mistake in exercise.mistakes for function in mistake.functions],
    )
    verdicts, passed, steady = Verdicts(), set(routes), 0
    for seed in seeds:
        asked = ask(exercise, seed)
        failed = {route for route in passed if verdicts.fails(route, asked)}
        passed -= failed
        missed = [function for function in wrong if not verdicts.fails(function, asked)]
        steady += not missed
        if failed or missed:
            print(f"{name}, seed {seed}: right and failed {failed}, wrong and passed {missed}", file=sys.stderr)
    counts = len(exercise.mistakes), named, len(made), len(made) - len(alive), equivalent, len(routes), len(passed)
    return (*counts, steady, len(seeds), round(time.perf_counter() - start))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=200, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--exercise", choices=exercise_names(), nargs="+", default=exercise_names())
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    table = Table(*HEADINGS, show_footer=True)
    rows = []
    for name in options.exercise:
        rows.append(row(name, range(options.first, options.first + options.seeds)))
        print(name, *rows[-1], file=sys.stderr, flush=True)  # a whole run takes a while
        table.add_row(name, *map(str, rows[-1]))
    totals = ("all", *map(sum, zip(*rows, strict=True)))
    for column, total in zip(table.columns, totals, strict=True):
        column.footer = str(total)
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
