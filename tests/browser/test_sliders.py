"""Labs: their numbers are torch's at each position of the sliders, and everybody can move them."""

import math
import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from playwright.sync_api import Browser, Page, expect
from test_every_page import INSPECT, THEMES, WIDTHS, violations

from lossbook import sliders
from lossbook.sphinx import labs, stylesheet

EXACT = 1e-9
"""Relative, for what the page computes from the same float64 numbers as torch; 1e-6 is the promise."""

GENERATOR = torch.Generator().manual_seed(0)
LABELS = (torch.rand(900, generator=GENERATOR) < 0.1).long()
SCORES = 2 * torch.randn(900, generator=GENERATOR) - 4 + 4 * LABELS
LOGITS = {classes: 4 * torch.randn(300, classes, generator=GENERATOR).double() for classes in (1, 2, 5)}
TARGETS = {classes: torch.randint(max(classes, 2), (300,), generator=GENERATOR) for classes in LOGITS}

LABS = {
    "three": sliders.logit_lab(),
    "probabilities": sliders.logit_lab(target=None),
    "pair": sliders.logit_lab((-0.5, 1.0), names=("class 0", "class 1"), target=1, one_logit=True),
    "bce": sliders.bce_lab(),
    "threshold": sliders.threshold_lab(LABELS, SCORES),
    "temperature": sliders.temperature_lab(LOGITS[2], TARGETS[2]),
    "precision": sliders.precision_lab(),
}

MOVE = """
([lab, grid]) => grid.map((positions) => {
  for (const [name, position] of Object.entries(positions)) {
    const control = lab.controls[name];
    if (control.inputs) control.inputs[position].click();
    else control.input.value = position;
    (control.input ?? control.inputs[position]).dispatchEvent(new Event("input", {bubbles: true}));
  }
  const {curves, ...values} = lab.values;
  return values;
})
"""


def document(*bodies: str, theme: str = "light") -> str:
    """Return a page with labs and what the book's pages load for them."""
    body = "".join(bodies)
    static = f"_static/{labs.folder()}"
    scripts = "".join(f'<script type="module" src="{static}/{name}.js"></script>' for name in labs.labs_in(body))
    styles = stylesheet.of_page(body, "", around="\n".join(path.read_text("utf-8") for path in labs.sources()))
    return (
        f'<!doctype html><html lang="en" data-theme="{theme}"><head><title>Labs</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<style>{styles.rules}{styles.fonts}</style><link rel="stylesheet" href="{static}/{labs.STYLES.name}">'
        f"{scripts}"
        f'</head><body><main class="lb-main" style="padding: 1rem"><h1>Labs</h1>{body}</main></body></html>'
    )


Opener = Callable[..., Any]


@pytest.fixture
def open_labs(page: Page, base: str) -> Opener:
    """Open a page that holds the given labs, and return the first of them."""

    def open_(*shown: Any, theme: str = "light") -> Any:
        text = document(*(str(lab.data) for lab in shown), theme=theme)
        page.route(
            f"{base}labs.html", lambda route: route.fulfill(body=text, content_type="text/html; charset=utf-8")
        )
        page.goto(f"{base}labs.html", wait_until="networkidle")
        expect(page.locator(".lb-lab__stage svg").first).to_be_attached()
        return page.locator(".lb-lab").first

    return open_


def move(page: Page, lab: Any, grid: list[dict[str, float]]) -> list[dict[str, Any]]:
    """Put the controls of a lab to positions, one after the other, and return what it shows at each."""
    values: list[dict[str, Any]] = page.evaluate(MOVE, [lab.element_handle(), grid])
    return values


def assert_close(shown: Any, expected: Any, tolerance: float = EXACT, smallest: float = 1e-15) -> None:
    """Compare numbers of the page with tensors: one with one, or a list with a list or a vector."""
    numbers = shown if isinstance(shown, list) else [shown]
    tensors = [torch.as_tensor(number) for number in expected] if isinstance(shown, list) else [expected]
    for mine, tensor in zip(numbers, tensors, strict=True):
        torchs = torch.as_tensor(tensor, dtype=torch.float64).item()
        same = math.isnan(mine) and math.isnan(torchs)
        assert same or math.isclose(mine, torchs, rel_tol=tolerance, abs_tol=smallest), (mine, torchs)


def test_probabilities_losses_and_gradients_are_torchs(page: Page, open_labs: Opener) -> None:
    lab = open_labs(LABS["three"])
    stops = (-6, -5.9, -0.7, 0, 0.1, 3.3, 6)
    grid = [
        {"logit0": a, "logit1": b, "logit2": c, "target": k}
        for a, b, c, k in product(stops, stops, (-6, 0.3, 6), range(3))
    ]
    for positions, shown in zip(grid, move(page, lab, grid), strict=True):
        z = torch.tensor([positions[f"logit{k}"] for k in range(3)], dtype=torch.float64, requires_grad=True)
        target = torch.tensor(int(positions["target"]))
        bce = F.binary_cross_entropy_with_logits(z, F.one_hot(target, 3).double(), reduction="sum")
        ce = F.cross_entropy(z, target)
        assert_close(shown["sigmoid"]["probs"], z.sigmoid())
        assert_close(shown["softmax"]["probs"], z.softmax(0))
        for side, loss in (("sigmoid", bce), ("softmax", ce)):
            assert_close(shown[side]["loss"], loss)
            assert_close(shown[side]["gradient"], torch.autograd.grad(loss, z, retain_graph=True)[0])


def test_one_logit_is_the_difference_of_two(page: Page, open_labs: Opener) -> None:
    lab = open_labs(LABS["pair"])
    stops = (-6, -2.5, 0, 0.1, 6)
    grid = [{"logit0": a, "logit1": b, "target": y} for a, b, y in product(stops, stops, (0, 1))]
    for positions, shown in zip(grid, move(page, lab, grid), strict=True):
        pair = torch.tensor([positions["logit0"], positions["logit1"]], dtype=torch.float64)
        d = (pair[1] - pair[0]).requires_grad_()
        loss = F.binary_cross_entropy_with_logits(d, torch.tensor(float(positions["target"]), dtype=torch.float64))
        (slope,) = torch.autograd.grad(loss, d)
        assert_close(shown["sigmoid"]["probs"][1], d.sigmoid())
        assert_close(shown["sigmoid"]["loss"], loss)
        assert_close(shown["sigmoid"]["gradient"][1], slope)
        assert shown["sigmoid"]["gradient"][0] is None
        assert_close(shown["softmax"]["loss"], loss)


def test_curve_of_bce_is_torchs(page: Page, open_labs: Opener) -> None:
    lab = open_labs(LABS["bce"])
    weights = sliders.POS_WEIGHTS
    grid = [
        {"logit": x, "target": y, "posWeight": place}
        for x, y, place in product((-8, -3.3, 0, 0.1, 8), (0, 0.05, 0.5, 0.95, 1), range(len(weights)))
    ]
    for positions, shown in zip(grid, move(page, lab, grid), strict=True):
        x = torch.tensor(positions["logit"], dtype=torch.float64, requires_grad=True)
        y = torch.tensor(positions["target"], dtype=torch.float64)
        weight = torch.tensor(weights[int(positions["posWeight"])], dtype=torch.float64)
        loss = F.binary_cross_entropy_with_logits(x, y, pos_weight=weight)
        (slope,) = torch.autograd.grad(loss, x)
        assert_close([shown["prob"], shown["loss"], shown["slope"]], [x.sigmoid(), loss, slope])
        best = torch.tensor(shown["bestLogit"], dtype=torch.float64, requires_grad=True)
        lowest = F.binary_cross_entropy_with_logits(best, y, pos_weight=weight)
        if best.isfinite():
            assert torch.autograd.grad(lowest, best)[0].abs() < EXACT
            assert_close(shown["bestProb"], best.sigmoid())


@pytest.mark.parametrize("score", ["logit", "probability"])
def test_confusion_matrix_is_exact_at_every_threshold(page: Page, open_labs: Opener, score: str) -> None:
    scores = SCORES if score == "logit" else SCORES.sigmoid()
    lab = open_labs(sliders.threshold_lab(LABELS, scores, score=score))
    count = lab.evaluate("(lab) => lab.thresholds.length")
    for shown in move(page, lab, [{"place": place} for place in range(count)]):
        yes = scores.double() >= shown["threshold"]
        tp, fp = (yes & (LABELS == 1)).sum(), (yes & (LABELS == 0)).sum()
        fn, tn = (~yes & (LABELS == 1)).sum(), (~yes & (LABELS == 0)).sum()
        assert [shown[name] for name in ("tp", "fp", "fn", "tn")] == [tp, fp, fn, tn]
        rates = [tp.double() / (tp + fp), tp.double() / (tp + fn), fp.double() / (fp + tn)]
        assert_close([shown["precision"], shown["recall"], shown["fpr"]], rates)
        assert_close(shown["accuracy"], (yes == (LABELS == 1)).double().mean())


def test_a_threshold_that_no_probability_reaches_is_called_so(open_labs: Opener) -> None:
    lab = open_labs(sliders.threshold_lab(LABELS, SCORES.sigmoid(), score="probability"))
    slider = lab.get_by_role("slider")
    slider.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "above 1")


def reliability(logits: torch.Tensor, target: torch.Tensor) -> dict[str, torch.Tensor]:
    """Loss, expected calibration error, mean confidence and accuracy, by torch."""
    pairs = F.pad(logits, (1, 0)) if logits.shape[1] == 1 else logits
    probs = pairs.softmax(1)
    right = (pairs.argmax(1) == target).double()
    says, happened = (probs[:, 1], target.double()) if pairs.shape[1] == 2 else (probs.amax(1), right)
    place = (says * 10).long().clamp(max=9)
    said = torch.zeros(10, dtype=torch.float64).index_add(0, place, says)
    true = torch.zeros(10, dtype=torch.float64).index_add(0, place, happened)
    return {
        "loss": F.cross_entropy(pairs, target),
        "ece": (said - true).abs().sum() / len(target),
        "sure": probs.amax(1).mean(),
        "accuracy": right.mean(),
    }


@pytest.mark.parametrize("classes", LOGITS)
def test_loss_and_calibration_error_are_torchs(page: Page, open_labs: Opener, classes: int) -> None:
    logits, target = LOGITS[classes], TARGETS[classes]
    lab = open_labs(sliders.temperature_lab(logits, target))
    grid = [{"temperature": position} for position in range(-50, 76, 3)]
    losses = {}
    for positions, shown in zip(grid, move(page, lab, grid), strict=True):
        temperature = 10 ** (positions["temperature"] / 50)
        assert_close(shown["temperature"], temperature)
        for name, expected in reliability(logits / temperature, target).items():
            assert_close(shown[name], expected, tolerance=1e-6)
        assert sum(bin_["count"] for bin_ in shown["bins"]) == len(target)
        losses[shown["temperature"]] = shown["loss"]
    best = shown["best"]
    assert reliability(logits / best, target)["loss"].item() <= min(losses.values()) + 1e-9


def test_formats_show_what_torch_computes_in_them(page: Page, open_labs: Opener) -> None:
    lab = open_labs(LABS["precision"])
    grid = [
        {"format": place, "target": y, "logit": x} for place, y, x in product(range(4), (0, 1), range(-110, 41, 5))
    ]
    for positions, shown in zip(grid, move(page, lab, grid), strict=True):
        dtype = sliders.FORMATS[int(positions["format"])]
        sign = 1 if positions["target"] else -1
        for form in ("naive", "stable"):
            x = torch.tensor(positions["logit"], dtype=dtype, requires_grad=True)
            p = torch.sigmoid(x) if sign == 1 else 1 - torch.sigmoid(x)
            loss = -torch.log(p) if form == "naive" else -F.logsigmoid(sign * x)
            (slope,) = torch.autograd.grad(loss, x)
            # One number and a row of them go through different loops of torch, which may differ in the last bit.
            tolerance = max(1e-8, 2 * torch.finfo(dtype).eps)
            assert_close([shown[form]["loss"], shown[form]["slope"]], [loss, slope], tolerance)
        truth = -F.logsigmoid(torch.tensor(sign * positions["logit"], dtype=torch.float64))
        assert_close(shown["truth"]["loss"], truth, smallest=0)


def test_first_numbers_on_the_screen_are_those_of_the_table(page: Page, open_labs: Opener) -> None:
    lab = open_labs(LABS["three"])
    z = torch.tensor([2.0, 0.5, -1.0], dtype=torch.float64)
    bars = lab.locator("svg").first.locator(".lb-lab__value").all_text_contents()
    pairs = zip(z.sigmoid().tolist(), z.softmax(0).tolist(), strict=True)
    assert bars == [f"{value:.2f}" for pair in pairs for value in pair]
    ce = F.cross_entropy(z, torch.tensor(0)).item()
    assert f"CE\n{ce:.3f}" in lab.locator("dl").inner_text()


def test_slider_moves_by_keyboard_and_says_where_it_is(page: Page, open_labs: Opener) -> None:
    lab = open_labs(LABS["three"])
    page.keyboard.press("Tab")
    expect(lab.get_by_role("button", name="Reset")).to_be_focused()
    page.keyboard.press("Tab")
    slider = lab.get_by_role("slider", name="logit of cat")
    expect(slider).to_be_focused()
    assert slider.evaluate("(input) => getComputedStyle(input).outlineStyle") == "solid"
    page.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", "1.9")
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "−6.0")
    status = lab.get_by_role("status")
    expect(status).to_contain_text(re.compile(r"softmax: cat 0\.00, dog 0\.82, bird 0\.18\."))
    expect(lab.locator("svg").first).to_have_attribute("aria-label", re.compile(r"softmax: cat 0\.00, dog 0\.82"))


def test_truth_is_chosen_by_keyboard_and_reset_brings_all_back(page: Page, open_labs: Opener) -> None:
    lab = open_labs(LABS["three"])

    def shown() -> str:
        drawings = lab.locator("svg").evaluate_all(
            "(all) => all.map((svg) => svg.getAttribute('aria-label')).join()"
        )
        return f"{lab.locator('.lb-lab__controls').inner_text()} {drawings} {lab.locator('dl').inner_text()}"

    before = shown()
    lab.get_by_role("radio", name="cat").focus()
    page.keyboard.press("ArrowRight")
    expect(lab.get_by_role("radio", name="dog")).to_be_checked()
    expect(lab.locator("svg").first).to_contain_text("dog (true)")
    outline = "(input) => getComputedStyle(input.nextElementSibling).outlineStyle"
    assert lab.get_by_role("radio", name="dog").evaluate(outline) == "solid"
    lab.get_by_role("slider", name="logit of bird").focus()
    page.keyboard.press("End")
    assert shown() != before
    lab.get_by_role("button", name="Reset").click()
    assert shown() == before
    expect(lab.get_by_role("radio", name="cat")).to_be_checked()


def test_two_labs_of_a_kind_do_not_share_their_radio_buttons(page: Page, open_labs: Opener) -> None:
    open_labs(LABS["three"], LABS["three"])
    first, second = page.locator(".lb-lab").all()
    second.get_by_role("radio", name="bird").check(force=True)
    expect(first.get_by_role("radio", name="cat")).to_be_checked()


def test_without_scripts_there_is_a_table(chromium: Browser, base: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(base + "losses/binary-cross-entropy.html")
    expect(page.locator("bce-lab table")).to_be_visible()
    context.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", THEMES)
def test_labs_leave_nobody_out(
    page: Page, open_labs: Opener, base: str, axe: str, watch: Any, theme: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    watched = watch(page, base)
    open_labs(*LABS.values(), theme=theme)
    problems = [*watched.problems, *page.evaluate(INSPECT), *violations(page, axe)]
    assert not problems


def test_targets_are_large_and_text_is_not_shrunk_on_a_phone(page: Page, open_labs: Opener) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    open_labs(*LABS.values())
    for target in page.locator(".lb-lab :is(button, input)").all():
        box = target.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24
    scales = page.evaluate(
        "[...document.querySelectorAll('.lb-lab svg')]"
        ".map((svg) => svg.getBoundingClientRect().width / svg.getAttribute('width'))"
    )
    assert min(scales) == max(scales) == 1


def test_drawings_follow_the_width_of_the_page(page: Page, open_labs: Opener) -> None:
    open_labs(*LABS.values())
    page.set_viewport_size({"width": 390, "height": 900})
    expect(page.locator(".lb-lab svg").first).to_have_attribute("width", re.compile(r"^3\d\d$"))
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_labs_follow_the_theme(page: Page, open_labs: Opener) -> None:
    open_labs(*LABS.values())
    colours = """() => {
      const shapes = [...document.querySelectorAll(
        ".lb-lab :is(.lb-lab__bar, .lb-lab__dot, .lb-lab__curve, .lb-lab__cut, svg text, dd, table)")];
      return shapes.map((shape) => {
        const {fill, stroke, color} = getComputedStyle(shape);
        return `${fill} ${stroke} ${color}`;
      });
    }"""
    light = page.evaluate(colours)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    dark = page.evaluate(colours)
    assert light
    assert all(one != other for one, other in zip(light, dark, strict=True))


def test_nothing_moves_by_itself(page: Page, open_labs: Opener) -> None:
    open_labs(*LABS.values())
    moving = """[...document.querySelectorAll(".lb-lab, .lb-lab *")].filter((element) => {
      const {transitionDuration, animationName} = getComputedStyle(element);
      return transitionDuration !== "0s" || animationName !== "none";
    }).length"""
    assert page.evaluate(moving) == 0


def test_each_lab_is_in_a_chapter(book: Path) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in book.rglob("*.html"))
    assert set(labs.labs_in(text)) == {path.stem for path in labs.sources() if path.stem.endswith("-lab")}


def test_labs_work_below_a_path(page: Page, deep_base: str, watch: Any) -> None:
    watched = watch(page, deep_base)
    page.goto(deep_base + "practice/calibration.html", wait_until="networkidle")
    expect(page.locator("temperature-lab svg").first).to_be_visible()
    assert not watched.problems


def test_scripts_of_a_page_are_small(page: Page, base: str) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    names: dict[str, str] = {}
    sizes: dict[str, float] = {}
    session.on(
        "Network.responseReceived", lambda event: names.update({event["requestId"]: event["response"]["url"]})
    )
    session.on(
        "Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]})
    )
    page.goto(base + "practice/weights-and-thresholds.html", wait_until="networkidle")
    ours = [size for key, size in sizes.items() if labs.folder() in names[key]]
    assert ours
    assert sum(ours) < 20_000
