"""Derive lossbook/datasets/ecg.npz from the electrocardiogram that old SciPy wheels carry. Kept for provenance.

Run once. SciPy is no dependency of the project; one file of its wheel is read. With Python 3.8 to 3.11:
``pip download --no-deps --only-binary :all: scipy==1.9.3``, then ``python tools/derive_ecg.py scipy-1.9.3-*.whl``.
It prints the SHA-256 of what it wrote, which lossbook/datasets/ecg.py checks. With ``--picture beats.png`` it also
draws all five minutes with the marks, to look at them.

The cardiologists' annotations are not in the wheel. The marks are made here, by rule, from the signal.
"""

import argparse
import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TARGET = Path(__file__).resolve().parent.parent / "lossbook" / "datasets" / "ecg.npz"
SOURCE_SHA256 = "f20ad3365fb9b7f845d0e5c48b6fe67081377ee466c3a220b7f69f35c8958baf"
SOURCE_RATE, RATE = 360, 100  # samples per second
ZERO, STEPS_PER_MILLIVOLT = 1024, 200  # of the recorder, and kept in the file

Signal = NDArray[np.float64]


def read_source(wheel: Path) -> Signal:
    """Return the recorder's steps, 360 a second."""
    content = zipfile.ZipFile(wheel).read("scipy/misc/ecg.dat")
    if hashlib.sha256(content).hexdigest() != SOURCE_SHA256:
        raise SystemExit(f"{wheel.name} holds another electrocardiogram: take the wheel of SciPy 1.9.3")
    with np.load(io.BytesIO(content)) as stored:
        return stored["ecg"].astype(np.float64) - ZERO


def resample(signal: Signal, reach: int = 36) -> Signal:
    """Return 100 samples a second, each a weighted sum of its neighbours that lets pass what is below 45 Hz."""
    count = len(signal) * RATE // SOURCE_RATE
    place = np.arange(count) * SOURCE_RATE / RATE
    neighbours = np.floor(place).astype(int)[:, None] + np.arange(1 - reach, 1 + reach)
    distance = neighbours - place[:, None]
    kernel = np.sinc(distance * 2 * 45 / SOURCE_RATE) * np.cos(np.pi * distance / (2 * reach)) ** 2
    kernel /= kernel.sum(axis=1, keepdims=True)
    return (kernel * signal[neighbours.clip(0, len(signal) - 1)]).sum(axis=1)


def windows(signal: Signal, reach: int) -> Signal:
    """Return, for each sample, all that is at most `reach` samples away."""
    padded = np.pad(signal, reach, mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)


def steepness(signal: Signal) -> Signal:
    """Return the root mean square of the slope over 0.15 s: large where the main spike of a beat is."""
    slope = np.gradient(windows(signal, 1).mean(axis=1))
    return np.sqrt((windows(slope, 7) ** 2).mean(axis=1))


def find_beats(millivolt: Signal) -> NDArray[np.int64]:
    """Return the samples at which a beat peaks.

    A peak is the highest sample within 0.2 s on both sides and at least 0.35 mV high, measured from the median
    of the 0.6 s around it. Within 0.08 s of it the signal must be at least half as steep as in the steepest 5% of
    the 4 s around it. And no heart beats again at once: what follows a beat within 0.3 s is none.
    """
    height = millivolt - np.median(windows(millivolt, 30), axis=1)
    steep = steepness(millivolt)
    near = windows(steep, 8).max(axis=1)
    enough = 0.5 * np.percentile(windows(steep, 200), 95, axis=1)
    is_highest = height == windows(height, 20).max(axis=1)
    peaks = np.flatnonzero(is_highest & (height > 0.35) & (near > enough))
    beats: list[int] = []
    for peak in peaks:
        if not beats or peak - beats[-1] > 0.3 * RATE:
            beats.append(int(peak))
    return np.array(beats)


def draw(millivolt: Signal, beats: NDArray[np.int64], path: Path) -> None:
    """Draw the whole signal in rows of six seconds, with a mark at each beat."""
    from matplotlib.figure import Figure

    rows = len(millivolt) // (6 * RATE)
    figure = Figure(figsize=(16, 1.6 * rows), layout="constrained")
    for row, ax in enumerate(figure.subplots(rows)):
        part = np.arange(row * 6 * RATE, (row + 1) * 6 * RATE)
        ax.plot(part / RATE, millivolt[part], linewidth=0.9)
        marked = beats[np.isin(beats, part)]
        ax.plot(marked / RATE, millivolt[marked], "rv")
    figure.savefig(path, dpi=50)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    steps = resample(read_source(arguments.wheel)).round().astype(np.int16)
    millivolt = steps / STEPS_PER_MILLIVOLT
    beats = find_beats(millivolt)
    np.savez_compressed(TARGET, steps=steps, beats=beats.astype(np.int32))
    print(len(steps), len(beats), hashlib.sha256(TARGET.read_bytes()).hexdigest())
    if arguments.picture:
        draw(millivolt, beats, arguments.picture)


if __name__ == "__main__":
    main()
