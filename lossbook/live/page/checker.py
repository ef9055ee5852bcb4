"""Runs a reader's code and compares it with torch's answers, which were computed when the book was built.

The answers come as data, and so do those of the named mistakes: see ``lossbook.live.data``.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import json
import linecache
import sys
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from . import plotting

Array = np.ndarray
Data = dict[str, Any]
Emit = Callable[[str, str], object]

OWN_NAME = __name__.split(".", maxsplit=1)[0]
ABSENT = ("torch", "matplotlib", "scipy", "sklearn", "pandas", "tensorflow", "jax")
FILE = "<your code>"
MOST_PRINTED = 4000
MOST_WARNINGS = 3
MOST_PLOTS = 6
MOST_IN_LINE = 300
FEW = 12  # numbers that are written out
TORCHS_WORDS = {"dim": "axis", "keepdim": "keepdims"}
ENOUGH = 0.6  # share of the telling cases that a mistake has to explain
LOOSER = 1e-10  # two computations of one wrong answer may differ by more than those of a right one
EPSILON = 2.0**-52


def run(code: str, data: str | None, emit: Emit) -> str:
    """Run a reader's code, check its function if there is ``data``, and return what came of it as JSON.

    code: Python source.
    data: what ``lossbook.live.data`` says of the exercise, as JSON; None for code that is not checked.
    emit: gets what happens meanwhile, as ``emit("output", text)`` and ``emit("plot", json)``.
    """
    exercise = json.loads(data) if data else None
    printed = Printed(lambda text: emit("output", text))
    namespace = {"__name__": "__main__", "__builtins__": builtins}
    with _page(printed, emit, is_exercise=exercise is not None) as caught:
        try:
            _execute(code, namespace)
            result: Data = _checked(exercise, namespace, printed) if exercise else {"summary": ""}
        except BaseException as error:
            result = {"error": _described(error), "summary": "Your code stops with an error."}
    result["warnings"] = _warned(caught)
    return json.dumps(result)


class Printed(io.TextIOBase):
    """What the code prints, handed on at once, but not without end."""

    def __init__(self, emit: Callable[[str], object]) -> None:
        self._emit = emit
        self._left = MOST_PRINTED
        self._heading = ""

    def begin(self, call: str) -> None:
        """Let what is printed next stand below the call that prints it."""
        self._heading = f"# {call}\n"

    def write(self, text: str) -> int:
        """Hand on as much as there is room for, and say once that the rest is not shown."""
        if self._left > 0 and text:
            shown, self._heading = self._heading + text, ""
            self._emit(shown[: self._left])
            self._left -= len(shown)
            if self._left <= 0:
                self._emit(f"\n... (only the first {MOST_PRINTED} characters are shown)")
        return len(text)


@contextlib.contextmanager
def _page(printed: Printed, emit: Emit, is_exercise: bool) -> Iterator[list[warnings.WarningMessage]]:
    """Set up what code in a page meets, and undo what it may leave behind. Yields the warnings."""
    plots = [0]

    def receive(text: str) -> None:
        plots[0] += 1
        if plots[0] <= MOST_PLOTS:
            emit("plot", text)

    modules: dict[str, Any] = sys.modules
    module = modules[OWN_NAME]
    if is_exercise:
        modules[OWN_NAME] = None  # an import fails: the functions are what the reader is to write
    plotting.receive(receive)
    ask, builtins.input = builtins.input, _no_input
    numpys = dict(vars(np))
    try:
        with (
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
            warnings.catch_warnings(record=True) as caught,
            np.errstate(all="warn", under="ignore"),
            np.printoptions(),
        ):
            warnings.simplefilter("always")
            yield caught
    finally:
        vars(np).update(numpys)  # whoever has overwritten np.exp gets it back
        builtins.input = ask
        plotting.receive(None)
        modules[OWN_NAME] = module


def _no_input(prompt: object = "") -> str:
    raise RuntimeError("nobody can type an answer here: write the value into the code")


def _execute(code: str, namespace: dict[str, Any]) -> None:
    """Run the code, and print its last line's value as a notebook would."""
    linecache.cache[FILE] = (len(code), None, code.splitlines(keepends=True), FILE)
    body = ast.parse(code, FILE).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    exec(_compiled(ast.Module(body, type_ignores=[]), "exec"), namespace)
    if isinstance(last, ast.Expr):
        value = eval(_compiled(ast.Expression(last.value), "eval"), namespace)
        if value is not None:
            print(repr(value))


def _compiled(tree: ast.Module | ast.Expression, mode: str) -> types.CodeType:
    """Compile as Python does by itself: without this module's future, and with assertions."""
    return compile(tree, FILE, mode, dont_inherit=True, optimize=0)


def _described(error: BaseException) -> Data:
    """Return an error with the reader's own lines only, and the line to mark."""
    error = _explained(error)
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == FILE]
    text = "".join(f"Line {frame.lineno}, in {frame.name}:\n    {frame.line}\n" for frame in lines[-4:])
    last = "".join(traceback.format_exception_only(error)).replace(f'  File "{FILE}", line ', "Line ").rstrip()
    last = "\n".join(_cut(line) for line in last.splitlines())
    line = lines[-1].lineno if lines else None
    if isinstance(error, SyntaxError) and error.filename == FILE:
        line = error.lineno
    return {"kind": type(error).__name__, "text": text.replace("<module>", "your code") + last, "line": line}


def _cut(line: str) -> str:
    return line if len(line) <= MOST_IN_LINE else f"{line[:MOST_IN_LINE]} ..."


def _explained(error: BaseException) -> BaseException:
    """Say why a module is not there, where the page is the reason, and what NumPy calls an argument of torch's."""
    for torchs, numpys in TORCHS_WORDS.items():
        if isinstance(error, TypeError) and f"argument '{torchs}'" in str(error):
            return TypeError(f"{error} (NumPy says {numpys})").with_traceback(error.__traceback__)
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    if name == OWN_NAME:
        sentence = "in an exercise you write the functions yourself; lossbook is at hand in the Playground"
    elif name is not None and name.split(".")[0] in ABSENT:
        sentence = f"{name} does not run in the page: Python and NumPy are here, and lossbook in the Playground"
    else:
        return error
    return ModuleNotFoundError(sentence).with_traceback(error.__traceback__)


def _warned(caught: list[warnings.WarningMessage]) -> list[str]:
    found: dict[str, None] = {}
    for warning in caught:
        where = f"line {warning.lineno}: " if warning.filename == FILE else ""
        found[f"{where}{warning.message}"] = None
    return list(found)[:MOST_WARNINGS]


# Checking: one Outcome for each case, compared with torch's answer.


class Outcome(NamedTuple):
    """What one call came to: ``value``, unless it raised an ``error``, and whether it changed its input."""

    value: Any = None
    error: BaseException | None = None
    changed: bool = False

    @property
    def unwritten(self) -> bool:
        """Whether the starting point's own error was raised."""
        return isinstance(self.error, NotImplementedError)

    @property
    def refused(self) -> bool:
        """Whether NumPy refused what it was given. Other errors are slips, which say nothing of the formula."""
        return isinstance(self.error, ValueError | IndexError)


class Tried(NamedTuple):
    """One case with what came of it; ``problem`` is "" where that is torch's answer."""

    aspect: str
    case: Data
    outcome: Outcome
    problem: str


def _checked(exercise: Data, namespace: dict[str, Any], printed: Printed) -> Data:
    name = exercise["name"]
    function = namespace.get(name)
    if not callable(function):
        return {"failed": True, "summary": f"There is no function {name} in your code: {_instead(namespace)}."}
    tried: list[Tried] = []
    aspects = []
    for aspect in exercise["aspects"]:
        row = []
        for case in aspect["cases"]:
            printed.begin(show_call(name, case))
            row.append(_tried(aspect["name"], case, function))
        failed = [one for one in row if one.problem]
        aspects.append(
            {
                "name": aspect["name"],
                "right": len(row) - len(failed),
                "cases": len(row),
                "failure": _failure(exercise, failed[0]) if failed else None,
            }
        )
        tried += row
    verdict = _verdict(exercise, tried)
    if "error" in verdict:
        return verdict
    return {"aspects": aspects, "passed": not any(one.problem for one in tried), **verdict}


def _instead(namespace: dict[str, Any]) -> str:
    """Say what to do about the missing function."""
    others = [name for name, value in namespace.items() if isinstance(value, types.FunctionType)]
    return f"it defines {others[-1]} instead" if others else "keep its name, or press Reset"


def _tried(aspect: str, case: Data, function: Callable[..., Any]) -> Tried:
    outcome = _called(function, case)
    return Tried(aspect, case, outcome, _problem(case, outcome))


def _called(function: Callable[..., Any], case: Data) -> Outcome:
    args, kwargs = _arguments(case)
    before, _ = _arguments(case)
    try:
        value = function(*args, **kwargs)
    except BaseException as error:
        return Outcome(error=error)
    return Outcome(value, changed=not _unchanged(before, args))


def _arguments(case: Data) -> tuple[list[Any], dict[str, Any]]:
    return [decode(arg) for arg in case["args"]], {key: decode(value) for key, value in case["kwargs"].items()}


def _unchanged(old: Any, new: Any) -> bool:
    """Return whether an argument is what it was before the call."""
    if isinstance(old, list | tuple):
        return len(old) == len(new) and all(map(_unchanged, old, new))
    if not isinstance(old, np.ndarray):
        return True
    return old.shape == new.shape and np.array_equal(old, new, equal_nan=old.dtype.kind == "f")


def _raised(error: BaseException) -> str:
    error = _explained(error)
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == FILE]
    where = f" (line {lines[-1].lineno}: {lines[-1].line})" if lines else ""
    message = f": {_cut(str(error))}" if str(error) else ""
    return f"raised {type(error).__name__}{message}{where}"


def decode(value: Any) -> Any:
    """Return what ``lossbook.live.data.encode`` has written."""
    if not isinstance(value, dict):
        return value
    if "items" in value:
        items = [decode(item) for item in value["items"]]
        return tuple(items) if value["kind"] == "tuple" else items
    if value["kind"] == "float":
        return float(value["number"])
    dtype = {"f": float, "i": np.int64, "b": bool}[value["kind"]]
    return np.array([float(n) if isinstance(n, str) else n for n in value["numbers"]], dtype).reshape(
        value["shape"]
    )


def _problem(case: Data, outcome: Outcome) -> str:
    """Return how an outcome differs from the right answer, as a clause that follows the call; "" if not at all."""
    if outcome.error is not None:
        return _raised(outcome.error)
    if outcome.changed:
        return "changed its input in place: work on a copy, the caller still needs it"
    if outcome.value is None:
        return "returned None: is a return statement missing?"
    want, got = decode(case["answer"]), outcome.value
    if not isinstance(want, tuple):
        return _array_problem(case, want, got)
    if not isinstance(got, tuple) or len(got) != len(want):
        return f"returned {_kind(got)}: return a tuple of {len(want)}"
    problems = [_array_problem(case, *pair) for pair in zip(want, got, strict=True)]
    return next((f"{problem}, for item {i}" for i, problem in enumerate(problems) if problem), "")


def _kind(value: object) -> str:
    if isinstance(value, tuple):
        return f"a tuple of {len(value)}"
    return "an array" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"


def _array_problem(case: Data, right: object, value: object) -> str:
    want, got = _as_array(right), _as_array(value)
    assert want is not None
    if got is None:
        return f"returned {_kind(value)}: return a NumPy array"
    if got.shape != want.shape:
        return f"returned shape {got.shape}, not {want.shape}"
    if got.dtype.kind != want.dtype.kind:
        return f"returned numbers of dtype {got.dtype}, not {want.dtype}"
    close = _close(want, got, case["relative"], case["absolute"])
    return "" if close.all() else _worst(want, got, close)


def _as_array(value: object) -> Array | None:
    """Return an array of numbers, or None for what is none. A single Python number is one, too."""
    if not isinstance(value, np.ndarray | np.generic | float | int):
        return None
    array = np.asarray(value)
    return array if array.dtype.kind in "fiub" else None


def _close(want: Array, got: Array, relative: float, absolute: float) -> Array:
    with np.errstate(all="ignore"):
        near = _distance(want, got) <= absolute + relative * np.abs(want)
    return (near & np.isfinite(want)) | (want == got) | (np.isnan(want) & np.isnan(got))


def _distance(want: Array, got: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.abs(got.astype(float) - want.astype(float))


def _worst(want: Array, got: Array, close: Array) -> str:
    """Say where the numbers differ most; a nan or an infinity comes first."""
    distance = _distance(want, got)
    distance = np.where(close, -1.0, np.where(np.isnan(distance), np.inf, distance))
    place = np.unravel_index(int(distance.argmax()), distance.shape)
    numbers = f"{_number(got[place])}, not {_number(want[place])}"
    if close.size == 1:
        return f"returned {numbers}"
    where = ", ".join(str(int(i)) for i in place)
    return f"returned {numbers}, at [{where}]; {int((~close).sum())} of {close.size} numbers differ"


def _failure(exercise: Data, first: Tried) -> Data:
    """Return what to show of the first case that fails: label and text of each line."""
    case, outcome = first.case, first.outcome
    want, got = decode(case["answer"]), outcome.value
    comparable = not outcome.changed and outcome.error is None and _is_short(want) and _is_short(got)
    return {
        "call": show_call(exercise["name"], case),
        "note": case["note"],
        "problem": first.problem,
        "yours": show(got) if comparable else "",
        "right": show(want) if comparable else "",
        "label": exercise["words"]["label"],
    }


def _is_short(value: object) -> bool:
    """Return whether an answer can be written out."""
    if isinstance(value, tuple):
        return all(_is_short(item) for item in value)
    array = _as_array(value)
    return array is not None and array.size <= FEW


def show_call(name: str, case: Data) -> str:
    """Return the call that a case makes, e.g. ``softmax(array([1., 2.]), 0)``."""
    args, kwargs = _arguments(case)
    words = [show(arg) for arg in args] + [f"{key}={show(value)}" for key, value in kwargs.items()]
    return f"{name}({', '.join(words)})"


def show(value: object) -> str:
    """Return an argument or an answer in a few words."""
    if isinstance(value, tuple):
        return f"({', '.join(map(show, value))})"
    if isinstance(value, list):
        return f"[{', '.join(map(show, value))}]"
    if isinstance(value, np.generic | float):
        value = np.asarray(value)
    if not isinstance(value, np.ndarray):
        return repr(value)
    if value.size > FEW or (value.size == 0 and value.shape != (0,)):
        return f"array of shape {value.shape}"
    return f"array({_nested(value)})" if value.ndim else _number(value.item())


def _nested(array: Array) -> str:
    if array.ndim == 0:
        return _number(array.item())
    return f"[{', '.join(_nested(row) for row in array)}]"


def _number(number: Any) -> str:
    if isinstance(number, float | np.floating):
        text = f"{number:.6g}"
        return text + "." if text.lstrip("-").isdigit() else text
    return str(number)


# The verdict: a named mistake whose numbers these are, or a pattern.


def _verdict(exercise: Data, tried: list[Tried]) -> Data:
    """Return a summary; for a named mistake also its name and the place in the book that explains it."""
    if not any(one.problem for one in tried):
        return {"summary": f"All right: {exercise['words']['all_right']}."}
    if all(one.outcome.unwritten for one in tried):
        return {
            "summary": "It is not written yet: replace the line that raises NotImplementedError.",
            "unwritten": True,
        }
    mistake = diagnose(exercise["mistakes"], tried)
    if mistake:
        return {
            "summary": f"This looks like a solution that {mistake['title']}.",
            "mistake": mistake["name"],
            "see": mistake["see"].replace("#", ".html#"),
        }
    first = tried[0].outcome.error
    if first is not None and all(one.outcome.error is not None for one in tried):
        return _always_raised(exercise["name"], tried[0].case, first)
    known = _pattern(tried, exercise["words"]["answers"]) or "No known mistake gives these numbers."
    return {"summary": f"{known} Start with the first ✗: its case is the smallest that fails."}


def _always_raised(name: str, case: Data, error: BaseException) -> Data:
    """Return an error that has nothing to do with the case, as one of the code."""
    described = _described(error)
    text = f"Called as {show_call(name, case)}\n{described['text']}"
    return {"error": {**described, "text": text}, "summary": "Your function stops with an error in every case."}


def diagnose(mistakes: list[Data], tried: list[Tried]) -> Data | None:
    """Return the mistake that explains the outcomes best, or None.

    A case is telling where the reader or the mistake differs from torch, and explained where both give the same
    answer. A mistake counts if it explains most of the telling cases. For code with two mistakes it also counts
    if no other case contradicts it, and it explains all of one aspect, or everything but for a factor.
    """
    best: Data | None = None
    best_rank = (-1.0, 0)
    for mistake in mistakes:
        by_aspect: dict[str, list[bool]] = {}
        contradicted, hinted = False, True
        for (aspect, case, outcome, problem), answer in zip(tried, mistake["answers"], strict=True):
            if not problem and answer is None:
                continue
            alike = bool(problem) and _alike(case, outcome, answer)
            by_aspect.setdefault(aspect, []).append(alike)
            contradicted |= not problem
            hinted &= alike or _alike_but_for_a_factor(outcome, answer, case)
        explained = [alike for row in by_aspect.values() for alike in row]
        share = sum(explained) / len(explained)
        aspects = sum(all(row) for row in by_aspect.values())
        counts = share >= ENOUGH or (not contradicted and (aspects > 0 or hinted))
        if counts and (share, aspects) > best_rank:
            best, best_rank = mistake, (share, aspects)
    return best


def _alike(case: Data, outcome: Outcome, answer: Data | None) -> bool:
    """Return whether an outcome is the answer that a mistake gives."""
    if answer is None:
        return False
    if outcome.error is not None:
        return outcome.refused and "raised" in answer
    if outcome.changed:
        return "changed" in answer
    return "value" in answer and _same_answer(case, decode(answer["value"]), outcome.value)


def _same_answer(case: Data, want: Any, value: object) -> bool:
    if want is None:
        return value is None
    if isinstance(want, tuple):
        parts = value if isinstance(value, tuple) else ()
        return len(parts) == len(want) and all(_same_answer(case, *pair) for pair in zip(want, parts, strict=True))
    wrong, got = _as_array(want), _as_array(value)
    if wrong is None or got is None or wrong.shape != got.shape or wrong.dtype.kind != got.dtype.kind:
        return False
    absolute = max(case["absolute"], 4 * EPSILON)
    return bool(_close(wrong, got, max(case["relative"], LOOSER), absolute).all())


def _alike_but_for_a_factor(outcome: Outcome, answer: Data | None, case: Data) -> bool:
    """Return whether an outcome is a mistake's answer times one number: a sign, or a sum in place of a mean."""
    got = None if outcome.changed else _as_array(outcome.value)
    if got is None or answer is None or "value" not in answer:
        return False
    wrong = _as_array(decode(answer["value"]))
    if (
        wrong is None
        or wrong.shape != got.shape
        or not wrong.size
        or not (np.isfinite(wrong).all() and np.isfinite(got).all())
    ):
        return False
    place = np.unravel_index(int(np.abs(wrong).argmax()), wrong.shape)
    factor = got[place] / wrong[place] if wrong[place] else 0.0
    numbers = 1 if _is_multiple(wrong, _as_array(decode(case["answer"]))) else wrong.size
    return bool(_is_telling(factor, numbers) and np.allclose(got, factor * wrong, rtol=1e-9, atol=1e-12))


def _is_multiple(wrong: Array, want: Array | None) -> bool:
    """Return whether a mistake's answer is a multiple of the right one: what is one of either is one of both."""
    if want is None or want.shape != wrong.shape or not np.isfinite(want).all():
        return False
    place = np.unravel_index(int(np.abs(want).argmax()), want.shape)
    return bool(want[place] and np.allclose(wrong, wrong[place] / want[place] * want, rtol=1e-9, atol=1e-12))


def _is_telling(factor: float, numbers: int) -> bool:
    """Between single numbers there always is a factor: only a whole one, or one over it, says something."""
    if not factor or numbers > 1:
        return bool(factor)
    size = max(abs(factor), 1 / abs(factor))
    return size < 10_000 and abs(size - round(size)) < 1e-4 * size


def _pattern(tried: list[Tried], answers: str) -> str:
    """Say it where all wrong numbers are the right ones (``answers`` says whose) times one number."""
    factors = []
    for _, case, outcome, problem in tried:
        want, got = _as_array(decode(case["answer"])), _as_array(outcome.value)
        if not problem:
            continue
        if (
            want is None
            or got is None
            or outcome.changed
            or got.shape != want.shape
            or not np.isfinite(want).all()
        ):
            return ""
        place = np.unravel_index(int(np.abs(want).argmax()), want.shape) if want.size else None
        if place is None or not want[place] or not np.isfinite(got).all():
            return ""
        factors.append(got[place] / want[place])
        if not np.allclose(got, factors[0] * want, rtol=1e-6, atol=1e-9):
            return ""
    if factors and np.isclose(factors[0], -1):
        return f"The answers are {answers} with the sign turned around."
    return f"The answers are {factors[0]:.4g} times {answers}, in every case." if factors else ""
