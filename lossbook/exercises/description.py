"""What an exercise is, said once. Notebooks, graders, the book and the tests all read these descriptions."""

import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch


@dataclass(frozen=True)
class Case:
    """One call: the learner's function and the reference get the same arguments.

    Attributes:
        args: positional arguments. Only the first may be differentiated.
        kwargs: keyword arguments.
        note: what is special about it, for the report, e.g. "a row of -inf".
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    @cached_property
    def floating_inputs(self) -> tuple[torch.Tensor, ...]:
        """The floating-point tensors among the arguments, also those inside lists and tuples."""
        return tuple(_floating((*self.args, *self.kwargs.values())))

    @cached_property
    def largest(self) -> float:
        """The largest finite magnitude that goes in, at least 1: rounding errors are measured by it."""
        return max([1.0, *map(_largest_finite, self.floating_inputs)])


def _largest_finite(x: torch.Tensor) -> float:
    largest = x.abs().max().item() if x.numel() else 0.0
    return largest if math.isfinite(largest) else _largest_finite(x[x.isfinite()])


def _floating(values: Iterable[Any]) -> Iterator[torch.Tensor]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from _floating(value)
        elif isinstance(value, torch.Tensor) and value.is_floating_point():
            yield value


CaseGenerator = Callable[[torch.Generator], Iterator[Case]]


@dataclass(frozen=True)
class Aspect:
    """One side of an exercise that earns points of its own: all of its cases pass, or none of its points count.

    Attributes:
        name: as the report shows it, e.g. "extreme logits".
        points: what it is worth, above 0.
        cases: yields the cases, smallest first (the report shows the first that fails). All randomness comes
            from the generator that it is given.
        gradient: whether the gradient on the first argument is compared, too.
        small_values: whether tiny numbers matter: the comparison is then relative down to 1e-30, so that
            0.0 is no answer for 1e-22.
        accuracy: the relative accuracy that is asked for where the answer is found by a search, e.g. 1e-3, or
            where plain numbers may have been float32; None where right answers differ by rounding alone.
        entries: where answers are dicts, the entries that this aspect compares; without any, all of them.
    """

    name: str
    points: int
    cases: CaseGenerator
    gradient: bool = False
    small_values: bool = False
    accuracy: float | None = None
    entries: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mistake:
    """A wrong implementation that people really write.

    Attributes:
        name: identifier, e.g. "no_shift".
        title: one sentence that follows "This looks like a solution that ...", without a full stop.
        function: the wrong implementation, with the exercise's signature.
        see: the anchor of the section that explains it, in the exercise's chapter, or "chapter#anchor" in another.
        variants: the same mistake with another number in it, or in other words: with 1e-7 where ``function``
            has 1e-8.
    """

    name: str
    title: str
    function: Callable[..., Any]
    see: str
    variants: tuple[Callable[..., Any], ...] = ()

    @property
    def functions(self) -> tuple[Callable[..., Any], ...]:
        """The wrong implementation in all its variants."""
        return (self.function, *self.variants)

    def place(self, chapter: str) -> str:
        """Return where the book explains it, as "chapter#anchor", for an exercise of ``chapter``."""
        return self.see if "#" in self.see else f"{chapter}#{self.see}"


@dataclass(frozen=True)
class Source:
    """Who says what is right, in the words of reports.

    Attributes:
        label: before the expected answer, and in the legend of a curve, e.g. "torch".
        answers: as in "The answers are ...", e.g. "torch's".
        refusal: follows "an input that", before the error's name, e.g. "torch refuses with".
        raising: comes before the error's name, e.g. "torch raises".
        all_right: the sentence on a right solution.
    """

    label: str
    answers: str
    refusal: str
    raising: str
    all_right: str


TORCH = Source(
    label="torch",
    answers="torch's",
    refusal="torch refuses with",
    raising="torch raises",
    all_right="All right: every value, shape and gradient is torch's.",
)
PROMPT = Source(
    label="expected",
    answers="the expected ones",
    refusal="has to be refused with",
    raising="the prompt asks for",
    all_right="All right: every answer is the expected one.",
)


@dataclass(frozen=True)
class Sweep:
    """One call that runs through a range, so that a report can draw the learner's numbers over the right ones.

    Attributes:
        label: what runs, e.g. "logit x".
        x: the range, rising, shape (n,).
        case: the call; its value has n numbers, or n rows, of which the first column is drawn.
    """

    label: str
    x: torch.Tensor
    case: Case


@dataclass(frozen=True)
class Exercise:
    """A function that learners write, and all that is needed to judge it.

    Attributes:
        name: of the function and of the exercise.
        stub: what the learner starts from: signature, docstring, and a body that raises NotImplementedError.
        reference: torch's own function, or one that does what the stub asks for, with the same signature.
        aspects: what is compared, with points.
        mistakes: named wrong implementations, for the diagnosis.
        hints: one step each, from a nudge to nearly the answer.
        chapter: the page of the book that teaches it, without extension.
        problem_set: the folder of its notebook.
        forbidden: names of torch functions that would be the answer itself.
        difficulty: 1 (a line or two) to 5.
        minutes: how long it takes most people.
        sweep: what to draw in the report on a wrong solution, where a picture says more; None for nothing.
        source: TORCH where the reference is a function of torch, PROMPT where torch has none that is the answer.
    """

    name: str
    stub: Callable[..., Any]
    reference: Callable[..., Any]
    aspects: tuple[Aspect, ...]
    mistakes: tuple[Mistake, ...]
    hints: tuple[str, ...]
    chapter: str
    problem_set: str
    forbidden: frozenset[str]
    difficulty: int
    minutes: int
    sweep: Sweep | None = None
    source: Source = TORCH

    @property
    def points(self) -> int:
        """The points of all aspects together."""
        return sum(aspect.points for aspect in self.aspects)

    @property
    def signature(self) -> str:
        """The stub's first line, as the learner sees it."""
        return f"def {self.name}{inspect.signature(self.stub)}:"

    @property
    def first_parameter(self) -> str:
        """The name of the first argument, which gradients are taken of."""
        return next(iter(inspect.signature(self.stub).parameters))

    def draw(self, seed: int) -> tuple[tuple[Aspect, tuple[Case, ...]], ...]:
        """Return each aspect with its cases. The same seed gives the same cases, whatever the other aspects."""
        drawn = []
        for position, aspect in enumerate(self.aspects):
            generator = torch.Generator().manual_seed(seed + 1_000_003 * position)
            drawn.append((aspect, tuple(aspect.cases(generator))))
        return tuple(drawn)
