"""Draw the pictures of the problem sets, as SVG files beside their notebooks.

They are files, not cells, so that grading a class does not draw them again for each submission. Light and
dark notebooks show them alike: each has a white ground of its own. Run it after a change here:
``.venv/bin/python tools/draw_set_figures.py``.
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from lossbook.activations import log_sigmoid, log_softmax, logsumexp, sigmoid, softmax

SOLUTIONS = Path(__file__).resolve().parent.parent / "solutions"
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"
STYLE = {
    "svg.hashsalt": "lossbook",
    "svg.fonttype": "path",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.size": 10,
    "lines.linewidth": 2,
    "legend.frameon": False,
}


def draw_sigmoid(ax: Axes) -> None:
    x = torch.linspace(-8, 8, 200)
    ax.plot(x, sigmoid(x), color=BLUE)
    for logit in (-2.0, 0.0, 2.0):
        p = sigmoid(torch.tensor(logit)).item()
        ax.plot([logit], [p], "o", color=ORANGE)
        ax.annotate(f"{p:.2f}", (logit, p), xytext=(8, -4), textcoords="offset points", color=ORANGE)
    ax.set(xlabel="logit x", ylabel="sigmoid(x)", yticks=[0, 0.5, 1])


def draw_log_sigmoid(ax: Axes) -> None:
    x = torch.linspace(-120, 20, 281)
    ax.plot(x, log_sigmoid(x), color=BLUE, label="log_sigmoid(x)")
    naive = torch.log(sigmoid(x))
    last = x[naive.isfinite()].min().item()
    ax.plot(x, naive, "--", color=ORANGE, label="log(sigmoid(x)) in float32")
    ax.axvspan(-120, last, color=ORANGE, alpha=0.12, linewidth=0)
    ax.text(-118, -20, "here it is -inf", color=ORANGE, va="center")
    ax.set(xlabel="logit x", xlim=(-120, 20))
    ax.legend(loc="lower right")


def draw_logsumexp(ax: Axes) -> None:
    a = torch.linspace(-5, 5, 200)
    pair = torch.stack([a, torch.zeros_like(a)])
    ax.plot(a, pair.amax(0), "--", color=GREY, label="max(a, 0)")
    ax.plot(a, logsumexp(pair, dim=0), color=BLUE, label="logsumexp([a, 0])")
    ax.annotate("log 2", (0, np.log(2)), xytext=(-34, 14), textcoords="offset points", color=ORANGE)
    ax.plot([0], [np.log(2)], "o", color=ORANGE)
    ax.set(xlabel="a")
    ax.legend()


def draw_softmax(axes: np.ndarray) -> None:
    logits = torch.tensor([2.0, 1.0, -1.0])
    steps = {"logits x": logits, "exp(x)": logits.exp(), "softmax(x)": softmax(logits, dim=0)}
    for ax, (title, heights) in zip(axes, steps.items(), strict=True):
        bars = ax.bar(["cat", "dog", "bird"], heights, color=[BLUE, ORANGE, GREEN])
        ax.bar_label(bars, fmt="%.2f", padding=2)
        ax.axhline(0, color="black", linewidth=0.8)
        ax.set(title=title, yticks=[])
        ax.margins(y=0.18)
        ax.spines["left"].set_visible(False)


def draw_log_softmax(ax: Axes) -> None:
    gap = torch.linspace(0, 150, 301)
    rows = torch.stack([torch.zeros_like(gap), -gap], dim=1)
    ax.plot(gap, log_softmax(rows, dim=1)[:, 1], color=BLUE, label="log_softmax")
    naive = torch.log(softmax(rows, dim=1)[:, 1])
    last = gap[naive.isfinite()].max().item()
    ax.plot(gap, naive, "--", color=ORANGE, label="log(softmax) in float32")
    ax.axvspan(last, 150, color=ORANGE, alpha=0.12, linewidth=0)
    ax.text(149, -20, "here it is -inf", color=ORANGE, va="center", ha="right")
    ax.set(xlabel="how far the logit is below the largest", ylabel="log-probability", xlim=(0, 150))
    ax.legend(loc="lower left")


def save(folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    figure = plt.gcf()
    figure.savefig(folder / f"{name}.svg", bbox_inches="tight", facecolor="white", metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    mpl.use("svg")
    with mpl.rc_context(STYLE):
        folder = SOLUTIONS / "01-probabilities" / "figures"
        for name, draw in {
            "sigmoid": draw_sigmoid,
            "log_sigmoid": draw_log_sigmoid,
            "logsumexp": draw_logsumexp,
            "log_softmax": draw_log_softmax,
        }.items():
            draw(plt.subplots(figsize=(5.2, 2.6))[1])
            save(folder, name)
        draw_softmax(plt.subplots(1, 3, figsize=(6.4, 2.2))[1])
        save(folder, "softmax")


if __name__ == "__main__":
    main()
