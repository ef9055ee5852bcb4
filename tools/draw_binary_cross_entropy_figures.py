"""Draw the pictures of problem set 2, as SVG files beside its notebook.

Run it after a change here: ``.venv/bin/python tools/draw_binary_cross_entropy_figures.py``.
"""

import matplotlib as mpl
import torch
from draw_set_figures import BLUE, GREEN, ORANGE, SOLUTIONS, STYLE, save
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from lossbook.activations import sigmoid
from lossbook.losses import binary_cross_entropy, binary_cross_entropy_with_logits

FOLDER = SOLUTIONS / "02-binary-cross-entropy" / "figures"


def draw_binary_cross_entropy(ax: Axes) -> None:
    p = torch.linspace(0.005, 0.995, 199)
    for y, colour, style, place in ((1.0, BLUE, "-", (4, 5)), (0.0, ORANGE, "--", (-32, 4))):
        loss = binary_cross_entropy(p, torch.full_like(p, y), reduction="none")
        ax.plot(p, loss, style, color=colour, label=f"target {y:.0f}")
        said = torch.tensor([0.8])
        cost = binary_cross_entropy(said, torch.tensor([y])).item()
        ax.plot(said, [cost], "o", color=colour)
        ax.annotate(f"{cost:.2f}", (said.item(), cost), xytext=place, textcoords="offset points", color=colour)
    ax.set(xlabel="probability p that the model gives to 1", ylabel="loss", xlim=(0, 1), ylim=(0, 5))
    ax.legend(loc="upper center")


def draw_binary_cross_entropy_with_logits(ax: Axes) -> None:
    x = torch.linspace(-20, 40, 601)
    wrong = torch.zeros_like(x)
    ax.plot(x, binary_cross_entropy_with_logits(x, wrong, reduction="none"), color=BLUE, label="from the logit")
    clamped = binary_cross_entropy(sigmoid(x), wrong, reduction="none")
    ax.plot(x, clamped, "--", color=ORANGE, label="from the sigmoid in float32")
    ax.set(xlabel="logit x, where the target is 0", ylabel="loss", xlim=(-20, 40))
    ax.legend(loc="center left")


def draw_bce_with_logits_gradient(ax: Axes) -> None:
    x = torch.linspace(-8, 8, 201)
    p = sigmoid(x)
    ax.plot(x, p, color=ORANGE, label="target 0")
    ax.plot(x, p - 0.25, "-.", color=GREEN, label="target 0.25")
    ax.plot(x, p - 1, "--", color=BLUE, label="target 1")
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set(xlabel="logit x", ylabel="slope of the loss", yticks=[-1, -0.5, 0, 0.5, 1])
    ax.legend(loc="upper left")


PICTURES = (draw_binary_cross_entropy, draw_binary_cross_entropy_with_logits, draw_bce_with_logits_gradient)


def main() -> None:
    mpl.use("svg")
    with mpl.rc_context(STYLE):
        for draw in (
            draw_binary_cross_entropy,
            draw_binary_cross_entropy_with_logits,
            draw_bce_with_logits_gradient,
        ):
            draw(plt.subplots(figsize=(5.2, 2.6))[1])
            save(FOLDER, draw.__name__.removeprefix("draw_"))


if __name__ == "__main__":
    main()
