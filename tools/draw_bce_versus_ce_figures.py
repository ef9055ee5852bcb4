"""Draw the pictures of problem set 4, as SVG files beside its notebook.

Run it after a change here: ``.venv/bin/python tools/draw_bce_versus_ce_figures.py``.
"""

import matplotlib as mpl
import torch
from draw_set_figures import BLUE, GREEN, GREY, ORANGE, SOLUTIONS, STYLE, save
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lossbook.activations import sigmoid, softmax
from lossbook.exercises.cases_heads import forum_rows
from lossbook.exercises.loss_of_two_logits import EXERCISE as TWO_LOGITS

PALE = "#DCEBF5"


def draw_two_logits_to_one() -> Figure:
    """Lines of equal probability over both logits: all of them are parallel."""
    figure, ax = plt.subplots(figsize=(4.6, 3.2))
    grid = torch.linspace(-4, 4, 33)
    z0, z1 = torch.meshgrid(grid, grid, indexing="xy")
    p = softmax(torch.stack([z0, z1], dim=-1), dim=-1)[..., 1]
    ax.contourf(z0, z1, p, levels=10, cmap="Blues", vmax=1.8)
    lines = ax.contour(z0, z1, p, levels=[0.1, 0.5, 0.9], colors=[GREY, "black", GREY])
    ax.clabel(lines, fmt="%.1f")
    for point, side in (((-2.0, 0.0), (-34, 8)), ((0.5, 2.5), (-44, 8))):
        ax.plot(*point, "o", color=ORANGE)
        label = f"({point[0]:g}, {point[1]:g})"
        ax.annotate(label, point, xytext=side, textcoords="offset points")
    ax.set(xlabel="logit of class 0", ylabel="logit of class 1", aspect="equal")
    ax.set_title("probability of class 1", fontsize=10)
    return figure


def draw_one_logit_to_two() -> Figure:
    """Three pairs with the same difference, and their softmax."""
    figure, axes = plt.subplots(1, 4, figsize=(7, 2.1))
    z = 2.0
    pairs = [(0.0, z), (-z / 2, z / 2), (3.0, 3.0 + z)]
    for ax, pair in zip(axes, pairs, strict=False):
        bars = ax.bar(["class 0", "class 1"], pair, color=[GREY, BLUE])
        ax.bar_label(bars, fmt="%g", padding=2)
        ax.axhline(0, color="black", linewidth=0.8)
        ax.set(ylim=(-2, 6.5), yticks=[])
        ax.set_title(f"logits ({pair[0]:g}, {pair[1]:g})", fontsize=10)
    bars = axes[3].bar(["class 0", "class 1"], softmax(torch.tensor(pairs[0]), dim=0), color=[GREY, BLUE])
    axes[3].bar_label(bars, fmt="%.2f", padding=2)
    axes[3].set(ylim=(0, 1.3), yticks=[])
    axes[3].set_title("softmax of each", fontsize=10)
    return figure


def draw_table(ax: Axes, rows: list[list[str]], title: str) -> None:
    """Draw a tensor as boxes with numbers; 1 and 1.0 stand out."""
    for i, row in enumerate(rows):
        for j, text in enumerate(row):
            ax.add_patch(
                Rectangle((j, -i), 0.92, 0.86, facecolor=PALE if float(text) else "white", edgecolor=GREY)
            )
            ax.text(j + 0.46, 0.43 - i, text, ha="center", va="center")
    ax.set(xlim=(-0.1, max(3, len(rows[0]))), ylim=(-len(rows) + 0.9, 1))
    ax.set_aspect("equal")
    ax.axis("off")
    ax.set_title(title, fontsize=9)


def draw_make_target() -> Figure:
    """Four targets of three samples as grids."""
    figure, axes = plt.subplots(1, 4, figsize=(8, 2.2))
    draw_table(axes[0], [["0.0"], ["1.0"], ["1.0"]], "bce_with_logits\n(3,)")
    draw_table(axes[1], [["2"], ["0"], ["1"]], "cross_entropy\n(3,)")
    one_hot = [["0.0", "0.0", "1.0"], ["1.0", "0.0", "0.0"], ["0.0", "1.0", "0.0"]]
    draw_table(axes[2], one_hot, "cross_entropy_probabilities\n(3, 3)")
    draw_table(
        axes[3], [["1.0", "0.0", "1.0"], ["0.0", "0.0", "0.0"], ["0.0", "1.0", "0.0"]], "multilabel\n(3, 3)"
    )
    return figure


def draw_loss_of_two_logits() -> Figure:
    """The loss of the forum's rows, and what silent repairs make of it."""
    output, target = forum_rows()
    wrong = {mistake.name: mistake.function for mistake in TWO_LOGITS.mistakes}
    bars = {
        "the right loss": TWO_LOGITS.reference,
        "one-hot targets into BCE": wrong["one_hot_bce"],
        "each target for both logits": wrong["target_for_both"],
        "the logit of class 1 alone": wrong["only_class_1"],
        "the first logit of each pair": wrong["only_class_0"],
        "the mean of the two logits": wrong["averaged_logits"],
        "argmax, then BCE": wrong["argmax_first"],
        "softmax, then CrossEntropyLoss": wrong["softmax_first"],
    }
    heights = [float(loss(output, target)) for loss in bars.values()]
    figure, ax = plt.subplots(figsize=(6, 2.8))
    drawn = ax.barh(list(bars), heights, color=[GREEN] + [ORANGE] * (len(bars) - 1))
    ax.bar_label(drawn, fmt="%.4f", padding=3)
    ax.invert_yaxis()
    ax.set(xlim=(0, 1.15 * max(heights)), xlabel="loss of the same eight samples")
    return figure


def draw_loss_of_one_logit() -> Figure:
    """A column against a row: sixteen losses where there should be four."""
    figure, ax = plt.subplots(figsize=(4.4, 3.1))
    logits, target = (2.0, -1.0, 0.5, -3.0), (1, 0, 1, 0)
    for i, z in enumerate(logits):
        ax.text(-0.45, 0.43 - i, f"{z:g}", ha="right", va="center", color=BLUE)
        for j, y in enumerate(target):
            loss = torch.nn.functional.softplus(torch.tensor(z)).item() - z * y
            colour = "#D5EFE6" if i == j else "#F8E3D6"
            ax.add_patch(Rectangle((j, -i), 0.92, 0.86, facecolor=colour, edgecolor=GREY))
            ax.text(j + 0.46, 0.43 - i, f"{loss:.2f}", ha="center", va="center")
    for j, y in enumerate(target):
        ax.text(j + 0.46, 1.15, str(y), ha="center", color=BLUE)
    ax.text(1.96, 1.65, "targets, (4,)", ha="center", color=BLUE)
    ax.text(-1.35, -1.1, "logits, (4, 1)", va="center", rotation=90, color=BLUE)
    ax.set(xlim=(-1.6, 4.1), ylim=(-3.3, 2.1))
    ax.axis("off")
    return figure


def draw_probability_and_decision() -> Figure:
    """The sigmoid over the logit, or over the difference of two: above 0 it is class 1."""
    figure, ax = plt.subplots(figsize=(5.6, 2.7))
    z = torch.linspace(-7, 7, 200)
    ax.plot(z, sigmoid(z), color=BLUE)
    ax.axvline(0, color=GREY, linewidth=1, linestyle="--")
    ax.axhline(0.5, color=GREY, linewidth=1, linestyle="--")
    ax.text(-6.8, 0.6, "class 0", color=GREY)
    ax.text(6.8, 0.36, "class 1", color=GREY, ha="right")
    pair = torch.tensor([-2.34, 3.45])
    difference = pair[1] - pair[0]
    ax.plot(difference, sigmoid(difference), "o", color=ORANGE)
    label = f"({pair[0]:g}, {pair[1]:g})\ndifference {difference:.2f}\nprobability {sigmoid(difference):.3f}"
    ax.annotate(label, (difference, 1), xytext=(14, -46), textcoords="offset points", ha="right", color=ORANGE)
    ax.set(xlabel="one logit, or the difference of two", ylabel="probability of class 1", yticks=[0, 0.5, 1])
    return figure


def draw_predicted_labels() -> Figure:
    """Four labels of one picture, with two thresholds."""
    figure, ax = plt.subplots(figsize=(5.6, 2.6))
    logits = {"sky": 3.0, "tree": 0.7, "dog": 0.3, "boat": -2.0}
    probs = sigmoid(torch.tensor(list(logits.values())))
    names = [f"{name}\nlogit {logit:g}" for name, logit in logits.items()]
    ax.bar_label(ax.bar(names, probs, color=BLUE, width=0.6), fmt="%.2f", padding=2)
    for threshold, colour in ((0.5, ORANGE), (0.8, GREEN)):
        ax.axhline(threshold, color=colour, linewidth=1.5, linestyle="--")
        ax.text(3.62, threshold, f"threshold {threshold}", color=colour, va="center")
    ax.set(ylabel="probability", yticks=[0, 0.5, 1], xlim=(-0.5, 3.6), ylim=(0, 1.12))
    return figure


def draw_choose_loss() -> Figure:
    """What one row of a target can look like in three kinds of problems."""
    figure, axes = plt.subplots(1, 3, figsize=(7.4, 2.1))
    kinds = {
        "exactly one": [(1, 0, 0), (0, 1, 0), (0, 0, 1)],
        "at most one": [(1, 0, 0), (0, 1, 0), (0, 0, 0)],
        "any number": [(1, 0, 1), (0, 0, 0), (1, 1, 1)],
    }
    for ax, (kind, rows) in zip(axes, kinds.items(), strict=True):
        draw_table(ax, [[str(number) for number in row] for row in rows], kind)
        for j, name in enumerate(("cat", "dog", "bird")):
            ax.text(j + 0.46, -2.45, name, ha="center", fontsize=8, color=GREY)
        ax.set_ylim(-2.7, 1)
    return figure


def main() -> None:
    mpl.use("svg")
    pictures = (
        draw_two_logits_to_one,
        draw_one_logit_to_two,
        draw_make_target,
        draw_loss_of_two_logits,
        draw_loss_of_one_logit,
        draw_probability_and_decision,
        draw_predicted_labels,
        draw_choose_loss,
    )
    with mpl.rc_context(STYLE):
        for draw in pictures:
            draw()
            save(SOLUTIONS / "04-bce-versus-ce" / "figures", draw.__name__.removeprefix("draw_"))


if __name__ == "__main__":
    main()
