"""Draw the pictures of problem set 5, as :mod:`draw_set_figures` draws those of set 1.

Run it after a change here: ``.venv/bin/python tools/draw_in_practice_figures.py``.
"""

import math

import matplotlib as mpl
import torch
from draw_set_figures import BLUE, GREEN, GREY, ORANGE, SOLUTIONS, STYLE, save
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from lossbook.activations import sigmoid
from lossbook.losses import binary_cross_entropy_with_logits, cross_entropy


def draw_masked_mean(ax: Axes) -> None:
    """Three sequences as rows of cells: real steps with their losses, padding grey."""
    generator = torch.Generator().manual_seed(4)
    logits = 1.5 * torch.randn(3, 6, generator=generator)
    labels = torch.tensor([[0, 1, 1, 0, 1, 0], [1, 0, 1, 0, 0, 0], [0, 1, 0, 0, 0, 0]]).float()
    losses = binary_cross_entropy_with_logits(logits, labels, reduction="none")
    for row, length in enumerate((6, 3, 2)):
        for step in range(6):
            real = step < length
            style = {"facecolor": "#cfe6f5"} if real else {"facecolor": "#eeeeee", "linestyle": ":"}
            ax.add_patch(plt.Rectangle((step, -row), 0.94, 0.8, edgecolor=GREY, linewidth=0.8, **style))
            text = f"{losses[row, step].item():.2f}" if real else "nan"
            ax.text(step + 0.47, -row + 0.4, text, ha="center", va="center", color="black" if real else GREY)
        ax.text(-0.2, -row + 0.4, f"sequence {row + 1}", ha="right", va="center")
    ax.text(0, 1.0, "step 1", va="bottom")
    ax.text(5, 1.0, "step 6", va="bottom")
    ax.set(xlim=(-1.6, 6.1), ylim=(-2.2, 1.4))
    ax.axis("off")


def draw_dataset_mean(ax: Axes) -> None:
    """Bars as wide as their batches, with the mean of the means and the mean over all samples."""
    sizes, means = (8, 8, 8, 2), (0.5, 0.6, 0.4, 1.7)
    start = 0
    for size, mean in zip(sizes, means, strict=True):
        ax.bar(start, mean, width=size - 0.2, align="edge", color="#cfe6f5", edgecolor=BLUE)
        ax.text(start + size / 2 - 0.1, 0.06, f"{size}", ha="center", color=BLUE)
        start += size
    overall = sum(size * mean for size, mean in zip(sizes, means, strict=True)) / sum(sizes)
    ax.axhline(sum(means) / len(means), color=ORANGE, linestyle="--", label="mean of the four means")
    ax.axhline(overall, color=GREEN, label="mean over the 26 samples")
    ax.set(xlabel="samples, batch after batch", ylabel="mean loss of the batch", xlim=(0, 26.2), ylim=(0, 1.9))
    ax.legend(loc="upper left")


def draw_threshold(axes: list[Axes]) -> None:
    """Scores of negatives and positives on a line, and the false-positive rate over the threshold."""
    negatives = torch.tensor([0.08, 0.15, 0.22, 0.31, 0.38, 0.46, 0.52, 0.6, 0.71, 0.83])
    positives = torch.tensor([0.35, 0.57, 0.66, 0.78, 0.9, 0.95])
    chosen = next(t for t in torch.cat([negatives, positives]).sort().values if (negatives >= t).sum() <= 2)
    top, bottom = axes
    top.plot(negatives, torch.zeros(10), "o", color=ORANGE, label="label 0")
    top.plot(positives, torch.ones(6), "s", color=BLUE, label="label 1")
    top.set(yticks=[0, 1], yticklabels=["label 0", "label 1"], ylim=(-0.6, 1.6))
    grid = torch.linspace(0, 1, 501)
    bottom.plot(grid, (negatives >= grid[:, None]).float().mean(1), color=ORANGE)
    bottom.axhline(0.2, color=GREY, linestyle="--", linewidth=1.2)
    bottom.text(0.01, 0.25, "max_fpr = 0.2", color=GREY)
    bottom.set(xlabel="score, threshold t", ylabel="false-positive\nrate", ylim=(0, 1.05), xlim=(0, 1))
    for ax in axes:
        ax.axvline(chosen.item(), color=GREEN)
    top.text(chosen.item() + 0.01, 0.5, f"t = {chosen.item():.2f}", color=GREEN, va="center")


def draw_symmetric(ax: Axes) -> None:
    p = torch.linspace(0.002, 1, 400)
    ax.plot(p, -torch.log(p), color=BLUE, label="cross-entropy: grows without limit")
    ax.plot(p, 4 * (1 - p), color=ORANGE, label="reverse term, log_zero = -4")
    ax.plot(p, -0.1 * torch.log(p) + 4 * (1 - p), "--", color=GREEN, label="0.1 times the first plus the second")
    ax.set(xlabel="probability of the class that the label names", ylabel="loss", ylim=(0, 6.4), xlim=(0, 1))
    ax.legend(loc="upper right")


def draw_undo_pos_weight(ax: Axes) -> None:
    weight = 10.0
    x = torch.linspace(-7, 5, 300)
    ax.plot(x, sigmoid(x), color=BLUE, label="true probability")
    ax.plot(x, sigmoid(x + math.log(weight)), "--", color=ORANGE, label="model trained with pos_weight = 10")
    ax.annotate(
        "", (-math.log(weight), 0.5), xytext=(0, 0.5), arrowprops={"arrowstyle": "<->", "color": GREY, "lw": 1.2}
    )
    ax.text(-math.log(weight) / 2, 0.54, "log 10", ha="center", color=GREY)
    ax.set(xlabel="true log-odds of a sample", ylabel="probability", yticks=[0, 0.5, 1], ylim=(-0.05, 1.4))
    ax.legend(loc="upper left")


def draw_temperature(ax: Axes) -> None:
    generator = torch.Generator().manual_seed(1)
    honest = 2 * torch.randn(400, 4, generator=generator)
    target = torch.multinomial(honest.softmax(1), 1, generator=generator).squeeze(1)
    temperatures = torch.logspace(-1, 1.3, 120)
    models = {"overconfident": (3.0, ORANGE), "underconfident": (0.5, BLUE)}
    for name, (factor, color) in models.items():
        losses = torch.stack([cross_entropy(factor * honest / t, target) for t in temperatures])
        best = int(losses.argmin())
        ax.semilogx(temperatures, losses, color=color, label=f"{name} model")
        ax.semilogx(temperatures[best], losses[best], "o", color=color)
        ax.annotate(
            f"T = {temperatures[best].item():.1f}",
            (temperatures[best].item(), losses[best].item()),
            xytext=(0, -15),
            textcoords="offset points",
            ha="center",
            color=color,
        )
    ax.axvline(1, color=GREY, linestyle="--", linewidth=1.2)
    ax.set(xlabel="temperature T", ylabel="mean cross-entropy", ylim=(0.4, 2.4))
    ax.set_xticks([0.1, 0.3, 1, 3, 10], ["0.1", "0.3", "1", "3", "10"])
    ax.legend(loc="upper right")


def main() -> None:
    mpl.use("svg")
    with mpl.rc_context(STYLE):
        folder = SOLUTIONS / "05-in-practice" / "figures"
        for name, draw in {
            "masked_mean": draw_masked_mean,
            "dataset_mean": draw_dataset_mean,
            "symmetric_cross_entropy": draw_symmetric,
            "undo_pos_weight": draw_undo_pos_weight,
            "temperature": draw_temperature,
        }.items():
            draw(plt.subplots(figsize=(5.2, 2.6))[1])
            save(folder, name)
        draw_threshold(list(plt.subplots(2, 1, figsize=(5.2, 3.0), sharex=True, height_ratios=(1, 2))[1]))
        save(folder, "threshold")


if __name__ == "__main__":
    main()
