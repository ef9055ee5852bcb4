"""Whoever types a question or pastes an error message finds the right place first."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

MESSAGES = [
    (
        "target-size",
        "ValueError: Target size (torch.Size([32])) must be the same as input size (torch.Size([32, 10]))",
    ),
    (
        "different-size",
        "ValueError: Using a target size (torch.Size([8])) that is different to the input size "
        "(torch.Size([8, 1])) is deprecated. Please ensure they have the same size.",
    ),
    (
        "multi-target",
        "RuntimeError: 0D or 1D target tensor expected, multi-target not supported",
    ),
    (
        "batch-size",
        "ValueError: Expected input batch_size (128) to match target batch_size (64).",
    ),
    (
        "target-shape",
        "RuntimeError: Expected target size [16, 50], got [16, 20]",
    ),
    (
        "spatial",
        "RuntimeError: only batches of spatial targets supported (3D tensors) but got targets of dimension: 4",
    ),
    (
        "cast-long",
        "RuntimeError: result type Float can't be cast to the desired output type Long",
    ),
    (
        "found-dtype",
        "RuntimeError: Found dtype Long but expected Float",
    ),
    (
        "target-dtype",
        "RuntimeError: expected scalar type Long but found Float",
    ),
    (
        "class-probabilities",
        "RuntimeError: Expected floating point type for target with class probabilities, got Long",
    ),
    (
        "bool",
        "RuntimeError: Subtraction, the `-` operator, with two bool tensors is not supported.",
    ),
    (
        "not-implemented",
        "RuntimeError: \"nll_loss_forward_reduce_cuda_kernel_2d_index\" not implemented for 'Int'",
    ),
    (
        "between-0-and-1",
        "RuntimeError: all elements of input should be between 0 and 1",
    ),
    (
        "out-of-bounds",
        "IndexError: Target 10 is out of bounds.",
    ),
    (
        "out-of-bounds",
        "RuntimeError: CUDA error: device-side assert triggered",
    ),
    (
        "class-weight",
        "RuntimeError: weight tensor should be defined either for all 10 classes or no classes "
        "but got weight tensor of shape: [2]",
    ),
    (
        "size-of-tensor",
        "RuntimeError: The size of tensor a (256) must match the size of tensor b (3) at non-"
        "singleton dimension 3",
    ),
    (
        "boolean-value",
        "RuntimeError: Boolean value of Tensor with more than one value is ambiguous",
    ),
    (
        "no-grad",
        "RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn",
    ),
    (
        "scalar-outputs",
        "RuntimeError: grad can be implicitly created only for scalar outputs",
    ),
    (
        "tuple",
        "TypeError: 'tuple' object is not callable",
    ),
    (
        "tuple-size",
        "AttributeError: 'tuple' object has no attribute 'size'",
    ),
    (
        "dimension",
        "IndexError: Dimension out of range (expected to be in range of [-1, 0], but got 1)",
    ),
    (
        "same-device",
        "RuntimeError: Expected all tensors to be on the same device, but found at least two devices, cuda:0 "
        "and cpu! (when checking argument for argument weight in method wrapper_CUDA_nll_loss_forward)",
    ),
    (
        "inplace",
        "RuntimeError: one of the variables needed for gradient computation has been modified by an inplace "
        "operation: [torch.FloatTensor [16, 1]], which is output 0 of SigmoidBackward0, is at version 1; expected "
        "version 0 instead.",
    ),
    (
        "item",
        "AttributeError: 'float' object has no attribute 'backward'",
    ),
]
"""Places in the gallery, and messages as they stand on a reader's screen, with other sizes than the book's."""

QUESTIONS = {
    "which loss should I use for binary classification": ["reference/which-loss.html", "#q-0b"],
    "multi-label classification loss": ["#recipe-labels", "practice/multi-label.html"],
    "BCEWithLogitsLoss vs CrossEntropyLoss": ["losses/bce-versus-ce.html", "#q-0b", "questions.html#bcewith"],
    "difference between sigmoid and softmax": ["probabilities/sigmoid-and-softmax.html"],
    "do I need a softmax before CrossEntropyLoss?": ["#double-softmax", "#silent-double"],
    "what is a logit": ["#term-Logit"],
    "what does pos_weight do": ["#pos-weight", "#term-pos_weight"],
    "label smoothing": ["#label-smoothing", "#term-Label-smoothing"],
    "my loss is NaN": ["#silent-nan", "#term-NaN"],
    "why is my loss negative": ["#silent-nll"],
    "loss stuck at 0.693": ["#silent-nothing-learnt"],
    "class weights cross entropy": ["#class-weights"],
    "perplexity": ["#term-Perplexity", "#perplexity"],
    "sparse categorical crossentropy pytorch": ["#which-loss-elsewhere"],
    "log-sum-exp trick": ["#log-sum-exp", "#term-Log-sum-exp", "#cross-entropy"],
    "kl_div batchmean": ["#kl-div"],
    "temperature scaling": ["calibration.html", "#term-Temperature"],
}
"""What people type, and the places that answer it best."""


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def first_result(page: Page, base: str, question: str) -> str:
    page.goto(f"{base}search.html?q={quote(question)}")
    link = page.locator("#search-results li a").first
    expect(link).to_be_visible(timeout=10_000)
    return str(link.get_attribute("href"))


@pytest.mark.parametrize(("place", "message"), MESSAGES)
def test_pasted_error_message_leads_to_its_explanation(page: Page, base: str, place: str, message: str) -> None:
    found = first_result(page, base, message)
    assert found.endswith(f"#error-{place}"), f"leads to {found}"


@pytest.mark.parametrize("question", QUESTIONS)
def test_question_leads_to_its_answer(page: Page, base: str, question: str) -> None:
    found = first_result(page, base, question)
    assert any(place in found for place in QUESTIONS[question]), f"{question!r} leads to {found}"


def test_result_opens_at_the_place_that_it_names(page: Page, base: str, watch: Any) -> None:
    watched = watch(page, base)
    page.goto(f"{base}search.html?q=perplexity")
    page.locator("#search-results li a[href*='#perplexity']").first.click()
    expect(page.locator("#perplexity")).to_be_in_viewport()
    assert not watched.problems


def test_results_follow_the_typing(page: Page, base: str) -> None:
    page.goto(f"{base}search.html")
    field = page.locator(".lb-search-page input")
    field.fill("focal")
    expect(page.locator("#search-results li a").first).to_contain_text("ocal loss")
    field.fill("qqqqq")
    expect(page.locator("#search-results")).to_contain_text("Nothing found")
    assert page.url.endswith("?q=qqqqq")


def test_search_knows_all_pages_and_is_the_only_one(book: Path) -> None:
    data = (book / "_static" / "search-data.js").read_text(encoding="utf-8")
    pages = {path.relative_to(book).as_posix() for path in book.rglob("*.html")}
    sought = {name for name in pages if not name.startswith("_modules") and name != "search.html"}
    assert sought == {name for name in sought if f'"page":"{name}"' in data}
    assert not (book / "searchindex.js").exists()


def test_says_when_the_words_of_the_book_cannot_be_loaded(page: Page, base: str) -> None:
    page.route("**/search-data.js", lambda route: route.abort())
    page.goto(base + "search.html?q=sigmoid")
    expect(page.locator("#search-results")).to_contain_text("could not be loaded")
    page.unroute("**/search-data.js")
    page.locator("main input").fill("softmax")
    expect(page.locator("#search-results li").first).to_be_visible()
