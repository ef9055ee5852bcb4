"""A report as text, as HTML and with its small picture."""

import itertools
import re
from urllib.parse import unquote

import numpy as np
import pytest
import torch

import lossbook
from lossbook.activations import softmax
from lossbook.exercises import PROMPT, TORCH, exercise_names, get_exercise
from lossbook.grader import NothingEarned, evaluate
from lossbook.grader.curve import Curve, as_picture


def mistaken(name, mistake):
    return evaluate(name, next(m for m in get_exercise(name).mistakes if m.name == mistake).function, seed=0)


def test_text_has_the_call_both_answers_the_diagnosis_and_the_seed():
    text = str(mistaken("softmax", "no_shift"))
    for part in ("softmax: 2 of 5 points", "softmax(tensor([1000., 0.]), 0)", "yours: tensor([nan, 0.])"):
        assert part in text
    for part in ("torch: tensor([1., 0.])", "exp(1000) is inf", "sigmoid-and-softmax#shift", "seed=0"):
        assert part in text


OURS = [name for name in exercise_names() if get_exercise(name).source is PROMPT]


@pytest.mark.parametrize("name", OURS)
def test_where_torch_has_no_such_function_the_report_does_not_speak_of_it(name):
    exercise = get_exercise(name)
    report = evaluate(name, lambda first, *rest, **more: first, seed=0)
    answers = str(report).replace(exercise.chapter, "")
    assert "expected: " in answers
    assert not re.search(r"torch('s| refuses| raises| says)|torch:", answers)
    assert "<dt>expected</dt>" in report._repr_html_()
    assert evaluate(name, exercise.reference, seed=0).summary == PROMPT.all_right


def test_our_own_references_are_those_of_sets_4_and_5():
    assert [get_exercise(name).problem_set[:2] for name in OURS] == ["04"] * 8 + ["05"] * 6
    assert get_exercise("softmax").source is TORCH


def test_both_answers_stand_below_each_other():
    lines = str(mistaken("two_logits_to_one", "added")).splitlines()
    yours, expected = next(pair for pair in itertools.pairwise(lines) if "yours:" in pair[0])
    assert yours.index("tensor") == expected.index("tensor")


def test_a_right_solution_gets_a_short_report_without_hints_or_links():
    report = evaluate("softmax", softmax, seed=0)
    assert "All right" in str(report)
    assert "Hint" not in report._repr_html_()
    assert "seed" not in str(report)


def test_html_escapes_what_a_learner_may_have_written():
    def wrong(x, dim):
        print("<script>alert(1)</script>")
        raise ValueError("<img src=x onerror=alert(1)>")

    markup = evaluate("softmax", wrong, seed=0)._repr_html_()
    assert "<script" not in markup
    assert "<img src=x" not in markup
    assert "&lt;script&gt;" in markup


def test_hints_are_nested_so_that_each_is_one_more_step():
    markup = mistaken("softmax", "no_shift")._repr_html_()
    hints = get_exercise("softmax").hints
    assert [markup.index(f"Hint {i} of {len(hints)}") for i in range(1, len(hints) + 1)] == sorted(
        markup.index(f"Hint {i} of {len(hints)}") for i in range(1, len(hints) + 1)
    )
    assert markup.count("<details>") == len(hints)


def test_the_link_leads_into_the_book_where_its_place_is_known(monkeypatch):
    monkeypatch.setenv("LOSSBOOK_BOOK", "https://example.org/book/")
    markup = mistaken("softmax", "no_shift")._repr_html_()
    assert 'href="https://example.org/book/probabilities/sigmoid-and-softmax.html#shift"' in markup
    monkeypatch.setenv("LOSSBOOK_BOOK", "..")  # in the book itself
    assert 'href="../probabilities/' in mistaken("softmax", "no_shift")._repr_html_()
    monkeypatch.setenv("LOSSBOOK_BOOK", "javascript:alert(1)")
    assert "javascript" not in mistaken("softmax", "no_shift")._repr_html_()


def test_a_mistake_may_be_explained_in_another_chapter(monkeypatch):
    monkeypatch.setenv("LOSSBOOK_BOOK", "..")
    report = mistaken("masked_binary_cross_entropy_with_logits", "no_pos_weight")
    assert "losses/binary-cross-entropy#pos-weight" in str(report)
    assert 'href="../losses/binary-cross-entropy.html#pos-weight"' in report._repr_html_()


def test_a_gradient_can_be_computed_again_from_the_report():
    text = str(mistaken("sigmoid", "with_abs"))
    weight = float(re.search(r"gradient of (\S+) times it", text)[1])
    x = torch.tensor([0.0], requires_grad=True)
    (weight * torch.sigmoid(x)).sum().backward()
    shown = float(re.search(r"torch: gradient tensor\(\[(\S+)\]\)", text)[1])
    assert shown == pytest.approx(x.grad.item(), rel=1e-5)


def test_of_several_results_the_report_gives_the_weights_of_the_gradient():
    report = evaluate("softmax", lambda x, dim: torch.softmax(x, dim).detach() + 0 * x, seed=0)
    text = " ".join(str(report).split())
    assert re.search(r"gradient of their sum with (the weights tensor\(\[[^]]+\]\)|fixed weights) is wrong", text)


def test_a_wrong_curve_is_drawn_over_torchs():
    report = mistaken("log_sigmoid", "log_of_sigmoid")
    assert report.curve is not None
    assert np.isfinite(report.curve.want).all()
    assert not np.isfinite(report.curve.got).all()
    assert "infinite from -120 to" in report.curve.description
    assert 'class="lb-curve"' in report._repr_html_()


def test_the_labels_of_a_curve_are_text_of_the_page():
    curve = Curve("logit x", np.array([-8.0, 0, 8]), np.array([0.0, 0.5, 1]), np.array([0.0, 0.5, 0.5]))
    picture = as_picture(curve)
    outside = re.sub(r"<img[^>]*>", "", picture)
    assert re.findall(r">([^<>]+)</span>", outside) == ["yours", "torch", "1", "0", "-8", "logit x", "8"]
    assert "%3Ctext" not in picture


def test_no_curve_where_it_would_show_nothing():
    assert evaluate("sigmoid", torch.sigmoid, seed=0).curve is None
    assert evaluate("sigmoid", lambda x: [1], seed=0).curve is None
    assert mistaken("sigmoid", "detached").curve is None


@pytest.mark.parametrize("got", [[np.nan] * 5, [np.inf, 0, 1, -np.inf, 2], [1e30, 0, 0, 0, -1e30], [0] * 5])
def test_any_numbers_make_a_valid_picture(got):
    curve = Curve("x", np.linspace(-1, 1, 5), np.linspace(0, 1, 5), np.array(got, dtype=float))
    svg = unquote(re.search(r'src="data:image/svg\+xml,([^"]*)"', as_picture(curve))[1])
    assert svg.startswith("<svg ")
    assert "nan" not in svg.replace("nan or", "")
    assert "inf" not in svg


def test_check_returns_plain_points_and_raises_only_when_nothing_was_earned(capsys):
    def own_softmax(x, dim):
        e = torch.exp(x - x.amax(dim, keepdim=True))
        return e / e.sum(dim, keepdim=True)

    points = lossbook.check("softmax", own_softmax)
    assert type(points) is float
    assert points == get_exercise("softmax").points
    assert lossbook.check("softmax", get_exercise("softmax").mistakes[0].function) == 2.0
    with pytest.raises(NothingEarned, match="not written yet"):
        lossbook.check("softmax", get_exercise("softmax").stub)
    assert capsys.readouterr().out.count("points") == 3


def test_right_answers_of_torchs_own_function_are_not_called_right():
    report = evaluate("cross_entropy", torch.nn.functional.cross_entropy, seed=0)
    text, markup = str(report), report._repr_html_()
    for view in (text, markup):
        assert "✓" not in view
        assert view.count("agrees, no points") == len(report.aspects)
        assert "0 of 21 points" in view
    for sentence in (
        "It calls cross_entropy ready-made",
        "so there are no points",
        "The answers agree with torch's.",
    ):
        assert sentence in report.summary
    assert " and " not in report.summary.partition("ready-made")[0]  # what F.cross_entropy calls is no matter


def test_wrong_answers_with_torchs_own_function_are_said_as_well():
    def with_sigmoid(input, target, weight=None, reduction="mean", pos_weight=None):
        p = torch.sigmoid(input)
        loss = -(target * torch.log(p) + (1 - target) * torch.log(1 - p))
        return loss.mean() if reduction == "mean" else loss.sum() if reduction == "sum" else loss

    report = evaluate("binary_cross_entropy_with_logits", with_sigmoid, seed=0)
    assert "It calls sigmoid ready-made" in report.summary
    assert (
        f"Nor do all answers agree. This looks like a solution that {report.mistakes[0].title}" in report.summary
    )
    assert str(report).count("✗") + str(report).count("agrees, no points") == len(report.aspects)
