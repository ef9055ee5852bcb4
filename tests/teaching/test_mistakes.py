"""The lists of named mistakes in the book: made from the exercises, and each with a way on."""

import re
from pathlib import Path

import pytest

from lossbook.exercises import SETS, get_exercise
from lossbook.teaching import common_mistakes, mistakes_here

BOOK = Path(__file__).resolve().parents[2] / "book"
CHAPTERS = sorted([*BOOK.glob("probabilities/*.md"), *BOOK.glob("losses/*.md"), *BOOK.glob("practice/*.md")])


def test_box_holds_the_chosen_mistakes_in_the_words_of_the_exercise() -> None:
    box = str(mistakes_here(softmax="no_shift last_axis", sigmoid="textbook").data)
    assert box.startswith("<details")
    assert box.endswith("</details>")
    assert box.count("<li>") == 3
    assert "Exponentiates the logits as they are" in box
    assert 'href="../probabilities/sigmoid-and-softmax.html#stable-sigmoid"' in box
    for name in ("softmax", "sigmoid"):
        assert f'href="../reference/common-mistakes.html#mistakes-{name}"' in box


@pytest.mark.parametrize("chosen", [{"softmax": "no_such_mistake"}, {"no_such_exercise": "no_shift"}])
def test_box_refuses_a_name_that_is_none(chosen: dict[str, str]) -> None:
    with pytest.raises(KeyError):
        mistakes_here(**chosen)


def test_errors_come_without_lines_that_the_reader_cannot_see() -> None:
    listed = str(common_mistakes("logsumexp").data)
    assert "raised IndexError: " in listed
    assert "(line " not in listed


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_each_chapter_has_one_short_box_of_mistakes_that_exist(chapter: Path) -> None:
    boxes = re.findall(
        r"^mistakes_here\(\n(.*?)^\)$", chapter.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert len(boxes) == 1
    chosen = re.findall(r'(\w+)="([\w ]+)"', boxes[0])
    for exercise, names in chosen:
        assert set(names.split()) <= {mistake.name for mistake in get_exercise(exercise).mistakes}
    assert 1 <= sum(len(names.split()) for _, names in chosen) <= 5


def test_each_exercise_has_its_place_on_the_page_of_all_mistakes() -> None:
    page = (BOOK / "reference" / "common-mistakes.md").read_text(encoding="utf-8")
    for name in (name for names in SETS.values() for name in names):
        assert f"(mistakes-{name.replace('_', '-')})=\n### `{name}`" in page


def test_a_box_says_of_what_a_gradient_was_taken() -> None:
    assert "the gradient of 0.661352 times it is wrong: 0, not 0.165338" in str(
        mistakes_here(sigmoid="with_abs").data
    )
