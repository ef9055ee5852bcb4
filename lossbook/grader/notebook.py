"""The one call of a problem set's graded cells."""

from collections.abc import Callable
from typing import Any

from lossbook.grader.evaluation import evaluate


class NothingEarned(Exception):
    """No point was earned. Raised so that nbgrader, which reads any other end as success, scores 0."""

    def _render_traceback_(self) -> list[str]:
        """Say it in one line: the report above has the details, the grader's insides are of no use."""
        return [f"No points yet: {self}"]


def check(name: str, function: Callable[..., Any]) -> float:
    """Check a function, show the report, and return the points.

    Args:
        name: of the exercise.
        function: yours.

    Returns:
        The points that were earned, above 0 and at most the exercise's points. As the last value of a cell
        this is what nbgrader takes as the score.

    Raises:
        NothingEarned: no point was earned.
        KeyError: there is no exercise of that name.
    """
    report = evaluate(name, function, own_work=True)
    _display(report)
    if report.earned == 0:
        raise NothingEarned(report.summary)
    return float(report.earned)


def _display(report: object) -> None:
    from IPython.core.getipython import get_ipython
    from IPython.display import display

    if get_ipython() is None:
        print(report)
    else:
        display(report)
