"""Light drawings: the same lines in the same places, from fewer characters."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from lossbook import drawings, figures


def points(path: str) -> list[tuple[float, float]]:
    """Return where a path of M, L, Q, C, z and their relative forms, h and v goes, point by point."""
    place, start, found = np.zeros(2), np.zeros(2), []
    for command, text in re.findall(r"([A-Za-z])([^A-Za-z]*)", path):
        numbers = [float(number) for number in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", text)]
        if command in "hv":
            steps = [(n, 0.0) if command == "h" else (0.0, n) for n in numbers]
        else:
            steps = list(zip(numbers[::2], numbers[1::2], strict=True))
        if command == "z":
            place = start
        each = {"q": 2, "c": 3}.get(command.lower(), 1)
        for number, step in enumerate(steps, 1):
            target = np.array(step) + (place if command.islower() else 0)
            found.append((float(target[0]), float(target[1])))
            if number % each == 0:
                place = target
            if command == "M" and number == 1:
                start = target
    return found


@pytest.mark.parametrize(
    ("path", "short"),
    [
        ("M 0 0 L 0 3.5", "M0 0v3.5"),
        ("M 1 2 L 3 2 L 3 4 L 1 4 z", "M1 2h2v2h-2z"),
        ("M 0.5 -0.25 L 0.75 0.5 L 0 0", "M.5-.25l.25.75-.75-.5".replace(".25.75", ".25 .75")),
        ("M 0 0 Q 1 2 3 4 C 1 1 2 2 3 3", "M0 0q1 2 3 4c-2-3-1-2 0-1"),
        ("M 1 1 L 2 2 z M 5 5 L 6 6", "M1 1l1 1zM5 5l1 1"),
        ("M 0 0 A 1 1 0 0 1 2 2", "M 0 0 A 1 1 0 0 1 2 2"),
    ],
)
def test_path_goes_in_steps(path: str, short: str) -> None:
    assert drawings.short_path(path) == short


@pytest.mark.parametrize("count", [5, 500])
def test_rounding_does_not_add_up(count: int) -> None:
    rng = np.random.default_rng(0)
    line = rng.uniform(0, 400, (count, 2))
    path = "M " + " L ".join(f"{x:.6f} {y:.6f}" for x, y in line)
    short = drawings.short_path(path)
    assert len(short) < 0.6 * len(path)
    assert np.abs(np.array(points(short)) - line).max() <= (0.0051 if count < drawings.MANY_STEPS else 0.051)


def drawing() -> tuple[str, str]:
    """Return a drawing with curves, markers, a legend and text, as matplotlib writes it and as we show it."""
    fig, ax = figures.subplots()
    x = np.linspace(-5, 5, 200)
    ax.plot(x, np.tanh(x), label="tanh")
    ax.scatter(x[::10], np.sin(x[::10]), label="points")
    ax.set(xlabel="score z", ylabel="up")
    ax.legend()
    target = io.StringIO()
    fig.savefig(target, format="svg")
    text = target.getvalue()
    return text[text.index("<svg") :], str(figures.show(fig, alt="Two series.").data)


def test_drawing_loses_half_of_its_bytes_and_none_of_its_lines() -> None:
    heavy, light = drawing()
    assert len(light) < 0.6 * len(heavy)
    assert light.count("<path") == heavy.count("<path")
    assert light.count("<use") == heavy.count("<use")
    assert light.count("<text") == heavy.count("<text")
    assert light.count("<g") == light.count("</g>")
    assert "rotate(-90" in light, "turned text stays turned"
    ends = [
        [points(path)[-1] for path in re.findall(r' d="([^"]*)"', text) if re.search(r"[LlHhVv]", path)]
        for text in (heavy, light)
    ]
    assert np.allclose(*ends, atol=0.06)


def test_drawing_has_no_rule_that_holds_for_the_page_around_it() -> None:
    _, light = drawing()
    svg = light[light.index("<svg") :]
    assert "<style" not in svg
    assert 'stroke-linejoin="round"' in svg


def test_markers_that_look_the_same_are_told_so_once() -> None:
    _, light = drawing()
    assert not re.search(r"(<use [^>]*style=[^>]*>){2}", light)


def png(picture: Image.Image) -> str:
    target = io.BytesIO()
    picture.save(target, "PNG")
    return base64.b64encode(target.getvalue()).decode()


def test_grey_pixels_take_one_channel_and_stay_as_they_are() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (20, 30), dtype=np.uint8)
    heavy = png(Image.fromarray(np.dstack([grey, grey, grey, np.full_like(grey, 255)]), "RGBA"))
    light = drawings.grey_png(heavy)
    assert len(light) < len(heavy)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(light)))), grey)


@pytest.mark.parametrize("colour", [(200, 10, 10, 255), (10, 10, 10, 128)])
def test_colour_and_transparency_are_kept(colour: tuple[int, ...]) -> None:
    coloured = png(Image.new("RGBA", (4, 4), colour))
    assert drawings.grey_png(coloured) == coloured
