"""Draw the pictures of problem set 3, as SVG files beside its notebook.

Run it after a change here: ``.venv/bin/python tools/draw_cross_entropy_figures.py``.
"""

import matplotlib as mpl
import numpy as np
import torch
from draw_set_figures import BLUE, GREEN, GREY, ORANGE, SOLUTIONS, STYLE, save
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from lossbook.activations import softmax
from lossbook.losses import cross_entropy

CLASSES = ["cat", "dog", "bird"]


def draw_nll(ax: Axes) -> None:
    """A table of log-probabilities, with one cell per row marked: the true class's."""
    log_probs = [[-0.2, -2.0, -3.0], [-1.5, -0.3, -2.5], [-2.0, -1.6, -0.4], [-0.1, -3.0, -3.5]]
    target = [0, 2, 2, 1]
    for n, row in enumerate(log_probs):
        for c, value in enumerate(row):
            chosen = c == target[n]
            ax.add_patch(
                Rectangle((c, n), 1, 1, facecolor="#FCE8DC" if chosen else "white", edgecolor=GREY, linewidth=0.8)
            )
            ax.text(
                c + 0.5,
                n + 0.5,
                f"{value:.1f}",
                ha="center",
                va="center",
                color=ORANGE if chosen else "black",
                fontweight="bold" if chosen else "normal",
            )
        ax.text(-0.15, n + 0.5, f"target {target[n]} ({CLASSES[target[n]]})", ha="right", va="center")
        ax.text(3.9, n + 0.5, f"{-row[target[n]]:.1f}", ha="center", va="center", color=ORANGE, fontweight="bold")
    for c, name in enumerate(CLASSES):
        ax.text(c + 0.5, -0.25, f"{c}: {name}", ha="center", va="center")
    ax.text(3.9, -0.25, "loss", ha="center", va="center")
    ax.set(xlim=(-2.2, 4.4), ylim=(4.1, -0.6))
    ax.axis("off")


def draw_cross_entropy(ax: Axes) -> None:
    """The loss over the logit of the true class, and what a float32 softmax and a logarithm make of it."""
    gap = torch.linspace(-140, 20, 641)
    rows = torch.stack([gap, torch.zeros_like(gap)], dim=1)
    target = torch.zeros(len(gap), dtype=torch.int64)
    ax.plot(gap, cross_entropy(rows, target, reduction="none"), color=BLUE, label="cross_entropy")
    naive = -torch.log(softmax(rows, dim=1)[:, 0])
    last = gap[naive.isfinite()].min().item()
    ax.plot(gap, naive, "--", color=ORANGE, label="-log(softmax) in float32")
    with_eps = -torch.log(softmax(rows, dim=1)[:, 0] + 1e-8)
    ax.plot(gap, with_eps, ":", color=GREEN, label="-log(softmax + 1e-8)")
    ax.axvspan(-140, last, color=ORANGE, alpha=0.12, linewidth=0)
    ax.text(-139, 55, "here it\nis inf", color=ORANGE, va="center")
    ax.set(xlabel="logit of the true class, the other logit is 0", ylabel="loss", xlim=(-140, 20))
    ax.legend(loc="upper right")


def draw_targets(axes: np.ndarray) -> None:
    """A class index, class probabilities and a smoothed index, each as the distribution that it stands for."""
    epsilon = 0.3
    hot = np.array([0.0, 1.0, 0.0])
    tables = {
        "index 1": hot,
        "probabilities": np.array([0.3, 0.6, 0.1]),
        f"index 1, smoothed by {epsilon}": (1 - epsilon) * hot + epsilon / 3,
    }
    for ax, (title, heights) in zip(axes, tables.items(), strict=True):
        bars = ax.bar(CLASSES, heights, color=[BLUE, ORANGE, GREEN])
        ax.bar_label(bars, fmt="%.1f", padding=2)
        ax.axhline(0, color="black", linewidth=0.8)
        ax.set(title=title, yticks=[], ylim=(0, 1.2))
        ax.title.set_fontsize(10)
        ax.spines["left"].set_visible(False)


def draw_gradient(axes: np.ndarray) -> None:
    """Probabilities, one-hot target, and their difference: the gradient on the logits."""
    probs = softmax(torch.tensor([2.0, 1.0, -1.0]), dim=0).numpy()
    hot = np.array([0.0, 1.0, 0.0])
    for ax, (title, heights) in zip(
        axes, {"softmax(x)": probs, "one-hot target": hot, "gradient": probs - hot}.items(), strict=True
    ):
        bars = ax.bar(CLASSES, heights, color=[BLUE, ORANGE, GREEN])
        ax.bar_label(bars, fmt="%.2f", padding=2)
        ax.axhline(0, color="black", linewidth=0.8)
        ax.set(title=title, yticks=[], ylim=(-1.0, 1.25))
        ax.tick_params(axis="x", length=0)
        ax.spines[["left", "bottom"]].set_visible(False)


def main() -> None:
    mpl.use("svg")
    folder = SOLUTIONS / "03-cross-entropy" / "figures"
    with mpl.rc_context(STYLE):
        draw_nll(plt.subplots(figsize=(5.2, 2.2))[1])
        save(folder, "nll_loss")
        draw_cross_entropy(plt.subplots(figsize=(5.2, 2.8))[1])
        save(folder, "cross_entropy")
        draw_targets(plt.subplots(1, 3, figsize=(6.4, 2.0))[1])
        save(folder, "targets")
        draw_gradient(plt.subplots(1, 3, figsize=(6.4, 2.4))[1])
        save(folder, "cross_entropy_gradient")


if __name__ == "__main__":
    main()
