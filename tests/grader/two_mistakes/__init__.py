"""Solutions as learners write them, each with two mistakes, for the exercise that its module is named like."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Twofold:
    """A solution with two mistakes, and the names of all that are true of it."""

    function: Callable[..., Any]
    mistakes: frozenset[str]


class Collection:
    """The solutions of one exercise."""

    def __init__(self) -> None:
        self.solutions: list[Twofold] = []

    def has(self, *mistakes: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Note a solution with the names of its mistakes; more than two where one mistake has several names."""

        def note(function: Callable[..., Any]) -> Callable[..., Any]:
            self.solutions.append(Twofold(function, frozenset(mistakes)))
            return function

        return note
