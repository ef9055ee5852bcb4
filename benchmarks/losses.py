"""Time and peak memory of our losses, as ratios to torch's own.

    python benchmarks/losses.py [--quick]

Columns: ``eager``, ours as it is against torch's own as it is (the target is at most 2); ``compiled``, ours
under ``torch.compile`` against torch's own eager kernel (the target is at most 1), and, in brackets, against
torch's own under ``torch.compile``. For each a forward pass (no gradient asked for) and a forward and backward
pass. Memory is the most that a forward and backward pass holds beyond its inputs.

Losses that torch lacks are compared with what one writes in their place from torch's own functions.

How it is measured: all contenders of a row take turns, round by round; a ratio is the median of the rounds'
ratios, so that what slows the machine down for a while slows all of them. glibc's allocator is told to keep
freed memory: left alone it hands blocks of 16 MB back to the system, and fetching them again takes longer than
the arithmetic.
"""

import argparse
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(2**32), "MALLOC_MMAP_THRESHOLD_": str(2**32)}
if not KEEP_MEMORY.items() <= os.environ.items():  # it is read when the process starts
    os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | KEEP_MEMORY)

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from torch import Tensor  # noqa: E402
from torch.profiler import ProfilerActivity, profile  # noqa: E402

from lossbook import losses  # noqa: E402

Loss = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Row:
    """A loss of ours and torch's own, of the same logits or probabilities."""

    name: str
    input: Tensor
    ours: Loss
    theirs: Loss


def class_rows(samples: int, classes: int) -> list[Row]:
    """Return the losses for one answer out of many."""
    logits = torch.randn(samples, classes)
    target = torch.randint(classes, (samples,))
    probs = torch.softmax(torch.randn(samples, classes), 1)
    weight = torch.rand(classes) + 0.5

    def symmetric(x: Tensor) -> Tensor:
        p_true = torch.softmax(x, 1).gather(1, target.unsqueeze(1))
        return 0.1 * F.cross_entropy(x, target) + 4 * (1 - p_true).mean()

    return [
        Row(
            "cross_entropy",
            logits,
            lambda x: losses.cross_entropy(x, target),
            lambda x: F.cross_entropy(x, target),
        ),
        Row(
            "  weight, ignore_index",
            logits,
            lambda x: losses.cross_entropy(x, target, weight, ignore_index=0),
            lambda x: F.cross_entropy(x, target, weight, ignore_index=0),
        ),
        Row(
            "  label_smoothing",
            logits,
            lambda x: losses.cross_entropy(x, target, label_smoothing=0.1),
            lambda x: F.cross_entropy(x, target, label_smoothing=0.1),
        ),
        Row(
            "  class probabilities",
            logits,
            lambda x: losses.cross_entropy(x, probs),
            lambda x: F.cross_entropy(x, probs),
        ),
        Row(
            "nll_loss",
            torch.log_softmax(logits, 1),
            lambda x: losses.nll_loss(x, target),
            lambda x: F.nll_loss(x, target),
        ),
        Row("symmetric_cross_entropy", logits, lambda x: losses.symmetric_cross_entropy(x, target), symmetric),
        Row(
            "kl_div",
            torch.log_softmax(logits, 1),
            lambda x: losses.kl_div(x, probs, reduction="batchmean"),
            lambda x: F.kl_div(x, probs, reduction="batchmean"),
        ),
    ]


def binary_rows(samples: int, labels: int) -> list[Row]:
    """Return the losses for many answers of yes or no."""
    logits = torch.randn(samples, labels)
    target = torch.randint(2, (samples, labels)).float()
    pos_weight = torch.rand(labels) + 0.5
    mask = torch.rand(samples, labels) > 0.3

    def focal(x: Tensor) -> Tensor:
        p = torch.sigmoid(x)
        miss = target * (1 - p) + (1 - target) * p
        return (miss**2 * F.binary_cross_entropy_with_logits(x, target, reduction="none")).mean()

    def masked(x: Tensor) -> Tensor:
        loss = F.binary_cross_entropy_with_logits(torch.where(mask, x, 0), target, reduction="none")
        return torch.where(mask, loss, 0).sum() / mask.sum()

    return [
        Row(
            "binary_cross_entropy_with_logits",
            logits,
            lambda x: losses.binary_cross_entropy_with_logits(x, target),
            lambda x: F.binary_cross_entropy_with_logits(x, target),
        ),
        Row(
            "  pos_weight",
            logits,
            lambda x: losses.binary_cross_entropy_with_logits(x, target, pos_weight=pos_weight),
            lambda x: F.binary_cross_entropy_with_logits(x, target, pos_weight=pos_weight),
        ),
        Row(
            "binary_cross_entropy",
            torch.sigmoid(logits),
            lambda x: losses.binary_cross_entropy(x, target),
            lambda x: F.binary_cross_entropy(x, target),
        ),
        Row("focal_loss", logits, lambda x: losses.focal_loss(x, target), focal),
        Row(
            "masked_binary_cross_entropy_...",
            logits,
            lambda x: losses.masked_binary_cross_entropy_with_logits(x, target, mask),
            masked,
        ),
    ]


def forward(loss: Loss, input: Tensor) -> Callable[[], object]:
    """Return a forward pass."""
    return lambda: loss(input)


def forward_backward(loss: Loss, input: Tensor) -> Callable[[], object]:
    """Return a forward and backward pass."""
    leaf = input.clone().requires_grad_()

    def run() -> None:
        leaf.grad = None
        loss(leaf).backward()

    return run


def seconds(run: Callable[[], object], times: int) -> float:
    """Return the time of one run, over so many."""
    start = time.perf_counter()
    for _ in range(times):
        run()
    return (time.perf_counter() - start) / times


def compare(contenders: list[Callable[[], object]], rounds: int, budget: float) -> list[list[float]]:
    """Return the times of each contender, round by round, each round taking ``budget`` seconds or so."""
    times = []
    for run in contenders:
        seconds(run, 3)  # compiles, and warms up
        times.append(max(1, int(budget / seconds(run, 2))))
    measured = [[seconds(run, n) for run, n in zip(contenders, times, strict=True)] for _ in range(rounds)]
    return [list(column) for column in zip(*measured, strict=True)]


def ratio(ours: list[float], theirs: list[float]) -> float:
    """Return the median of the rounds' ratios."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def peak_bytes(loss: Loss, input: Tensor) -> int:
    """Return the most memory that is held at once, from the profiler's record of each allocation and release."""
    forward_backward(loss, input)()
    leaf = input.clone().requires_grad_()
    with silence(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        loss(leaf).backward()
    events = [event for event in recorded.profiler.kineto_results.events() if event.name() == "[memory]"]
    held = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak


@contextmanager
def silence() -> Iterator[None]:
    """Keep the profiler's chatter, which comes from outside Python, off the screen."""
    screen, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(screen, 2)
        os.close(screen)
        os.close(nowhere)


def measure(row: Row, rounds: int, budget: float) -> str:
    """Return the row's ratios as a line of the table."""
    torch._dynamo.reset()
    versions = [
        row.ours,
        row.theirs,
        torch.compile(row.ours, dynamic=False),
        torch.compile(row.theirs, dynamic=False),
    ]
    cells = []
    milliseconds = []
    for of in (forward, forward_backward):
        ours, theirs, compiled, theirs_compiled = compare([of(v, row.input) for v in versions], rounds, budget)
        milliseconds.append(f"{1000 * statistics.median(theirs):8.3f}")
        cells.append(f"{ratio(ours, theirs):6.2f}")
        cells.append(f"{ratio(compiled, theirs):6.2f} ({ratio(compiled, theirs_compiled):4.2f})")
    memory = [peak_bytes(version, row.input) for version in versions[:3]]
    memory_ratios = [f"{of_ours / memory[1]:6.2f}" for of_ours in (memory[0], memory[2])]
    times = [cells[0], cells[2], cells[1], cells[3]]
    return " ".join([f"{row.name:34}", *milliseconds, " ", *times, " ", *memory_ratios])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the time, less certain numbers")
    parser.add_argument("--threads", type=int, help="of torch; on a busy machine 1 gives steadier numbers")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    rounds, budget = (5, 0.005) if options.quick else (25, 0.02)
    torch.manual_seed(0)
    warnings.simplefilter("ignore")
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {rounds} rounds, float32")
    print("ratios to torch's own eager kernel; in brackets, to torch's own under torch.compile")
    for shape, rows in (((4096, 1000), class_rows), ((65536, 10), class_rows), ((256, 128), binary_rows)):
        print()
        print(f"{'':34} torch's own, ms         eager          compiled                peak memory")
        print(f"{shape!s:34}  forward     both   forward   both    forward        both      eager compiled")
        for row in rows(*shape):
            print(measure(row, rounds, budget), flush=True)


if __name__ == "__main__":
    main()
