"""One notebook's run: its cells in a learner's process, and the answers of its functions.

A process that hangs or dies takes only its own exercise along: a fresh one runs the earlier cells again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from lossbook.autograde.harmless import is_picture
from lossbook.autograde.values import decode_outcome, encode_case, text
from lossbook.autograde.wire import BadMessage
from lossbook.autograde.workers import GraderTrouble, LearnerProcess, LearnerProcessEnded, WarmProcess
from lossbook.exercises import Aspect, Case
from lossbook.grader.outcome import Failure, Outcome

GRACE = 2.0  # seconds for a process to stop by itself before it is killed
CELL_OUTPUTS = 50
NOTEBOOK_OUTPUT = 10_000_000  # characters that are kept of what a notebook puts out
ANSWER_BYTES = 16 << 20  # that the answers to one check may have in all
PICTURE = 2_000_000  # characters of one picture


@dataclass(frozen=True)
class Clock:
    """How long things may take, in seconds.

    Attributes:
        cell: one cell.
        call: one call of a function.
        notebook: all of a notebook; what comes after that is not run.
    """

    cell: float = 30.0
    call: float = 5.0
    notebook: float = 180.0


class Session:
    """Runs a notebook's cells in order, and calls the functions that they define."""

    def __init__(self, warm: WarmProcess, clock: Clock) -> None:
        self._warm, self._clock = warm, clock
        self._end = time.monotonic() + clock.notebook
        self._child: LearnerProcess | None = None
        self._ran: list[str] = []  # cells that a fresh process runs again
        self._room = NOTEBOOK_OUTPUT
        self.endings: list[str] = []  # why learners' processes had to be given up
        self.sound = True  # whether each process said, after its calls, that nothing in it was tampered with

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exception: object) -> None:
        self._give_up()

    def run_cell(self, source: str) -> list[dict[str, Any]]:
        """Run a cell and return its outputs, in nbformat's form, cleaned."""
        if self._left() <= 0:
            return [_error("OutOfTime", f"not run: the notebook took more than {self._clock.notebook:g} seconds")]
        try:
            outputs = self._run(source)
        except LearnerProcessEnded as ending:
            self._note(str(ending))
            return [_error("ProcessEnded", f"this cell was stopped, and is left out from here on: {ending}")]
        self._ran.append(source)
        return self._fitting(outputs)

    def _fitting(self, outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the outputs of a cell where there is room left for them, a note in their place where not."""
        size = sum(map(_size, outputs))
        if size > self._room:
            return [_error("TooMuchOutput", "the notebook puts out too much: this cell's output is left out")]
        self._room -= size
        return outputs

    def call(
        self, function: str, drawn: Sequence[tuple[Aspect, tuple[Case, ...]]], forbidden: frozenset[str]
    ) -> list[list[Outcome]]:
        """Return what a function, looked up by its dotted name, answers to each case of each aspect."""
        flat = [(case, aspect.gradient) for aspect, cases in drawn for case in cases]
        outcomes = iter(self._outcomes(function, flat, forbidden))
        return [[next(outcomes) for _ in cases] for _, cases in drawn]

    def _outcomes(
        self, function: str, cases: Sequence[tuple[Case, bool]], forbidden: frozenset[str]
    ) -> list[Outcome]:
        outcomes: list[Outcome] = []
        blobs: list[bytes] = []
        room = ANSWER_BYTES
        request = {
            "do": "calls",
            "function": function,
            "forbidden": sorted(forbidden),
            "seconds": self._clock.call,
            "cases": [encode_case(case, gradient, blobs) for case, gradient in cases],
        }
        try:
            child = self._process()
            child.tell(request, self._clock.cell, blobs)
            for _ in cases:
                header, answer = child.listen(min(self._clock.call + GRACE, max(self._left(), 0.01)))
                room -= child.heard
                if room < 0:
                    raise BadMessage("the answers are too large")
                outcome = decode_outcome(header.get("outcome"), answer)
                if outcome.forbidden:
                    known = tuple(name for name in outcome.forbidden if name in forbidden)
                    outcome = replace(outcome, forbidden=known)
                outcomes.append(outcome)
            header, _ = child.listen(self._clock.call + GRACE)
            self.sound = self.sound and header.get("sound") is True
        except LearnerProcessEnded as ending:
            self._note(str(ending))
            outcomes.append(_ended(str(ending)))
        except BadMessage as trouble:
            self._note(f"its process sent nonsense ({trouble})")
            outcomes.append(_ended(f"its process sent nonsense ({trouble})"))
        return (outcomes + [Outcome(skipped=True)] * (len(cases) - len(outcomes)))[: len(cases)]

    def _left(self) -> float:
        return self._end - time.monotonic()

    def _process(self) -> LearnerProcess:
        """Return the learner's process, a fresh one with all earlier cells run where there is none."""
        if self._child is None:
            self._still_time()
            self._child = self._warm.start_child()
            for source in self._ran:
                self._still_time()
                self._run(source)
        return self._child

    def _still_time(self) -> None:
        if self._left() <= 0:
            raise LearnerProcessEnded("the time for the whole notebook is over")

    def _run(self, source: str) -> list[dict[str, Any]]:
        seconds = min(self._clock.cell, max(self._left(), 0.1))
        child = self._process()
        header, _ = child.ask({"do": "cell", "source": source, "seconds": seconds}, seconds + GRACE)
        outputs = header.get("outputs")
        found = outputs[:CELL_OUTPUTS] if isinstance(outputs, list) else []
        return [clean for output in found if (clean := _clean(output))]

    def _note(self, ending: str) -> None:
        """Give the process up, for a reason that is the learner's.

        Raises:
            GraderTrouble: the reason is not theirs: something else killed the process.
        """
        child = self._child
        self.endings.append(ending)
        self._give_up()
        if child is not None and child.killed_from_outside:
            raise GraderTrouble("a learner's process was killed from outside: is there enough memory?")

    def _give_up(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.close()


def _ended(why: str) -> Outcome:
    if "did not answer" in why:
        return Outcome(timed_out=True)
    return Outcome(failure=Failure("ProcessEnded", (), f"the call ended Python: {why}"))


def _error(name: str, message: str) -> dict[str, Any]:
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": [message]}


def _clean(output: Any) -> dict[str, Any] | None:
    """Return an output as nbformat knows it, or None: it comes from a stranger."""
    try:
        kind = output["output_type"]
        if kind == "stream":
            name = "stderr" if output["name"] == "stderr" else "stdout"
            return {"output_type": "stream", "name": name, "text": text(output["text"], 50_000)}
        if kind == "error":
            trace = [text(line, 2_000) for line in output["traceback"][:50]]
            name, message = text(output["ename"], 100), text(output["evalue"], 500)
            return {"output_type": "error", "ename": name, "evalue": message, "traceback": trace}
        if kind == "display_data":
            # nothing that a page could run: this goes into the feedback, and into nbgrader's formgrader as it is
            data = {kind: value for kind, value in output["data"].items() if is_picture(kind, value, PICTURE)}
            if "text/plain" in output["data"]:
                data["text/plain"] = text(output["data"]["text/plain"], 50_000)
            return {"output_type": "display_data", "data": data, "metadata": {}} if data else None
    except (KeyError, TypeError, AttributeError, BadMessage):
        return None
    return None


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    return sum(map(_size, value.values() if isinstance(value, dict) else value))
