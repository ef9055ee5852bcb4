"""Labs as a chapter makes them: settings for the scripts, a table for everybody else, and errors that help."""

import html
import itertools
import json
import math
import re
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from IPython.display import HTML

from lossbook import sliders
from lossbook.sphinx import fonts, labs
from lossbook.sphinx.paths import STATIC

LABELS = torch.tensor([0, 0, 1, 0, 1, 1])
SCORES = torch.tensor([-3.25, -0.5, -0.5, 0.0, 0.0, 2.0])

EXAMPLES = {
    "logit-lab": sliders.logit_lab(),
    "bce-lab": sliders.bce_lab(),
    "threshold-lab": sliders.threshold_lab(LABELS, SCORES),
    "temperature-lab": sliders.temperature_lab(torch.tensor([[1.0, 2.0], [0.5, 0.0]]), torch.tensor([1, 1])),
    "precision-lab": sliders.precision_lab(),
}


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON, and no browser reads it")


def settings(lab: HTML) -> Any:
    (data,) = re.findall(r'data-settings="([^"]*)"', str(lab.data))
    return json.loads(html.unescape(data), parse_constant=refuse)


def cells(lab: HTML) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", str(lab.data))
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


@pytest.mark.parametrize("tag", EXAMPLES)
def test_lab_is_an_element_with_settings_and_a_table(tag: str) -> None:
    lab = EXAMPLES[tag]
    assert str(lab.data).startswith(f'<{tag} class="lb-lab" data-settings="')
    assert settings(lab)
    head, *body = cells(lab)
    assert body
    assert {len(row) for row in body} == {len(head)}


def test_each_lab_has_a_script_of_its_name() -> None:
    scripts = {path.stem for path in (STATIC / "sliders").glob("*-lab.js")}
    assert scripts == set(EXAMPLES)


def test_table_of_logits_says_what_torch_says() -> None:
    logits = torch.tensor([2.0, 0.5, -1.0])
    _, *body = cells(sliders.logit_lab(logits.tolist(), names=("a", "b", "<c>")))
    shown = torch.tensor([[float(cell) for cell in row[1:]] for row in body])
    assert torch.allclose(shown, torch.stack([logits, logits.sigmoid(), logits.softmax(0)], dim=1), atol=5e-4)
    assert body[2][0] == "&lt;c&gt;"


def test_one_logit_shows_the_sigmoid_of_the_difference() -> None:
    _, *body = cells(sliders.logit_lab((-0.5, 1.0), names=("no", "yes"), one_logit=True))
    assert [row[2] for row in body] == [row[3] for row in body]


def test_names_cannot_break_out_of_the_element() -> None:
    lab = sliders.logit_lab((0.0, 0.0), names=('"><script>', "b & c"))
    assert "<script>" not in str(lab.data)
    assert settings(lab)["names"] == ['"><script>', "b & c"]


def reported(chosen: dict[str, Any], kind: str) -> list[int]:
    counts = chosen[kind]
    return [sum(counts[place:]) for place in range(len(counts))]


@pytest.mark.parametrize("score", ["logit", "probability"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_counts_are_exact_at_every_threshold(score: str, dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(2, (500,), generator=generator)
    scores = 4 * torch.randn(500, generator=generator, dtype=dtype)
    scores[:100] = (scores[:100] * 10).round() / 10  # equal scores, many of them on a threshold
    scores = torch.sigmoid(scores) if score == "probability" else scores
    chosen = settings(sliders.threshold_lab(labels, scores, score=score))
    thresholds = [(chosen["first"] + i) / chosen["perUnit"] for i in range(len(chosen["positives"]))]
    for kind, label in (("negatives", 0), ("positives", 1)):
        of_label = scores.double()[labels == label]
        assert reported(chosen, kind) == [int((of_label >= cut).sum()) for cut in thresholds]
    assert thresholds[chosen["start"]] == (0.5 if score == "probability" else 0.0)
    assert reported(chosen, "positives")[-1] == 0


@pytest.mark.parametrize(
    ("scores", "score", "shown"),
    [
        (SCORES, "logit", ["-3", "-2", "-1", "0", "1", "2"]),
        (4.1 * SCORES - 6.5, "logit", ["-15", "-10", "-5", "0"]),
        (SCORES.sigmoid(), "probability", ["0", "0.1", "0.3", "0.5", "0.7", "0.9", "1"]),
    ],
)
def test_the_table_of_thresholds_has_round_ones_and_counts_at_them(
    scores: torch.Tensor, score: str, shown: list[str]
) -> None:
    _, *body = cells(sliders.threshold_lab(LABELS, scores, score=score))
    assert [row[0] for row in body] == shown
    reported = [(scores.double() >= float(cut)) & (LABELS == 1) for cut in shown]
    assert [int(row[1]) for row in body] == [int(yes.sum()) for yes in reported]


def test_start_is_on_the_slider_where_all_scores_are_far_from_zero() -> None:
    chosen = settings(sliders.threshold_lab(LABELS, SCORES + 50))
    assert chosen["start"] == 0


@pytest.mark.parametrize("shape", [(6,), (6, 1)])
def test_one_logit_per_sample_is_that_of_a_yes(shape: tuple[int, ...]) -> None:
    lab = sliders.temperature_lab(SCORES.view(shape), LABELS)
    (row,) = [row for row in cells(lab) if row[0] == "1"]
    loss = F.binary_cross_entropy_with_logits(SCORES, LABELS.float())
    assert float(row[1]) == pytest.approx(loss.item(), abs=5e-4)


@pytest.mark.parametrize("dtype", sliders.FORMATS)
def test_numbers_of_each_format_are_torchs(dtype: torch.dtype) -> None:
    chosen = settings(sliders.precision_lab(dtype=dtype))
    x = torch.arange(-110, 41).to(dtype)
    naive = chosen["formats"][chosen["format"]]["naive"][0]["losses"]
    sent = torch.tensor([float(loss) for loss in naive], dtype=torch.float64)
    assert torch.allclose(sent, -torch.log(1 - torch.sigmoid(x)).double(), rtol=1e-8, atol=0)


def test_a_formula_breaks_in_one_stretch_that_reaches_to_an_end() -> None:
    # The drawing shades from the first to the last broken number.
    for by_form in settings(sliders.precision_lab())["formats"].values():
        for numbers in (row for by_label in by_form.values() for form in by_label for row in form.values()):
            broken = [not math.isfinite(float(number)) for number in numbers]
            changes = sum(one != other for one, other in itertools.pairwise(broken))
            assert changes <= 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sliders.logit_lab((1.0, 2.0)), "2 logits, 3 names"),
        (lambda: sliders.logit_lab(target=3), "target 3"),
        (lambda: sliders.logit_lab(one_logit=True), "needs two logits"),
        (lambda: sliders.logit_lab((7.0, 0.0, 0.0)), "from -6 to 6"),
        (lambda: sliders.bce_lab(pos_weight=3), "the slider stops at 0.1, 0.2"),
        (lambda: sliders.bce_lab(target=1.5), "from 0 to 1"),
        (lambda: sliders.threshold_lab(LABELS, SCORES[:5]), r"must both have shape \(N,\)"),
        (lambda: sliders.threshold_lab(LABELS + 1, SCORES), "labels must be 0 and 1"),
        (lambda: sliders.threshold_lab(LABELS * 0, SCORES), "at least one of each"),
        (lambda: sliders.threshold_lab(LABELS, SCORES / 0), "finite"),
        (lambda: sliders.threshold_lab(LABELS, SCORES * 1000), "too far for a slider"),
        (lambda: sliders.threshold_lab(LABELS, SCORES, score="score"), 'say "logit" or "probability"'),
        (lambda: sliders.threshold_lab(LABELS, SCORES, score="probability"), "from 0 to 1"),
        (lambda: sliders.temperature_lab(SCORES, LABELS[:5]), r"give \(N, C\) and \(N,\)"),
        (lambda: sliders.temperature_lab(SCORES, LABELS + 1), "targets from 0 to 1"),
        (lambda: sliders.precision_lab(logit=50), "from -110 to 40"),
        (lambda: sliders.precision_lab(dtype=torch.int64), "give a whole number and one of"),
    ],
)
def test_mistakes_get_a_sentence(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_page_loads_the_scripts_of_its_labs_only() -> None:
    body = f"<p>A bce-lab is no element.</p>{EXAMPLES['logit-lab'].data}"
    assert labs.labs_in(body) == ["logit-lab"]
    assert labs.labs_in("<p>Text</p>") == []


def test_folder_has_another_name_when_a_script_has_changed(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labs, "SOURCE", tmp_path)
    (tmp_path / "a.js").write_text("1")
    first = labs.folder()
    (tmp_path / "a.js").write_text("2")
    assert labs.folder() != first


def test_scripts_load_nothing_from_elsewhere() -> None:
    imported = re.findall(r'from "([^"]*)"', labs.characters())
    assert imported
    assert all(name.startswith("./") for name in imported)
    assert "http" not in labs.characters().replace("http://www.w3.org/2000/svg", "")


def test_fonts_keep_what_scripts_write(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "cut", lambda font, characters, weights=None: characters.encode())
    fonts.write(tmp_path, tmp_path / "fonts", "Ω")
    for font in fonts.TEXT_FONTS:
        assert "Ω" in (tmp_path / "fonts" / f"{font.name}.woff2").read_text(encoding="utf-8")
