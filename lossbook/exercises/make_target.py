"""Exercise: the target tensor that a loss needs."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from lossbook.exercises.cases_heads import both_classes
from lossbook.exercises.description import PROMPT, Aspect, Case, Exercise, Mistake


def make_target(labels: Tensor | list[list[int]], loss: str, num_classes: int) -> Tensor:
    """Return the labels of a batch as the target that a loss needs.

    Args:
        labels: the class number of each sample: shape (N,), any integer dtype. For "multilabel" a list of N
            lists of label numbers, each possibly empty; a number that stands there twice counts once.
        loss: "bce_with_logits", "cross_entropy", "cross_entropy_probabilities" or "multilabel".
        num_classes: how many classes or labels there are, C. It is 2 for "bce_with_logits".

    Returns:
        For "bce_with_logits": shape (N,), float32, 0 or 1.
        For "cross_entropy": shape (N,), int64, the class numbers.
        For "cross_entropy_probabilities": shape (N, C), float32, 1 for the true class and 0 elsewhere.
        For "multilabel": shape (N, C), float32, 1 for each label of the sample and 0 elsewhere.

    Raises:
        ValueError: ``loss`` is none of these, or a number is not one of 0 ... C - 1.
    """
    raise NotImplementedError


def reference(labels: Any, loss: str, num_classes: int) -> Tensor:
    if loss not in _FORMATS:
        raise ValueError(f"unknown loss {loss!r}: choose one of {', '.join(_FORMATS)}")
    _check(labels, num_classes)
    return _FORMATS[loss](labels, num_classes)


def _check(labels: Any, num_classes: int) -> None:
    for number in _numbers(labels):
        if not 0 <= number < num_classes:
            raise ValueError(f"there is no class {number}: they are 0 to {num_classes - 1}")


def _numbers(labels: Any) -> list[int]:
    if isinstance(labels, Tensor):
        return [int(number) for number in labels.tolist()]
    return [number for sample in labels for number in sample]


def _float_classes(labels: Tensor, num_classes: int) -> Tensor:
    return labels.to(torch.float32)


def _class_numbers(labels: Tensor, num_classes: int) -> Tensor:
    return labels.to(torch.int64)


def _one_hot(labels: Tensor, num_classes: int) -> Tensor:
    return F.one_hot(labels.to(torch.int64), num_classes).to(torch.float32)


def _multi_hot(labels: list[list[int]], num_classes: int) -> Tensor:
    target = torch.zeros(len(labels), num_classes)
    for row, numbers in enumerate(labels):
        for number in numbers:
            target[row, number] = 1.0
    return target


Format = Callable[[Any, int], Tensor]

_FORMATS: dict[str, Format] = {
    "bce_with_logits": _float_classes,
    "cross_entropy": _class_numbers,
    "cross_entropy_probabilities": _one_hot,
    "multilabel": _multi_hot,
}


def _classes(count: int, generator: torch.Generator, num_classes: int) -> Tensor:
    """Return random class numbers, the first two of them different."""
    classes = torch.randint(num_classes, (count,), generator=generator)
    classes[1] = (classes[0] + 1) % num_classes
    return classes


def for_bce(generator: torch.Generator) -> Iterator[Case]:
    """Two classes, one logit per sample."""
    yield Case((torch.tensor([0, 1, 1]), "bce_with_logits", 2))
    yield Case((both_classes(2, generator), "bce_with_logits", 2), note="as many samples as classes")
    yield Case((both_classes(4, generator).to(torch.uint8), "bce_with_logits", 2), note="labels in uint8")
    yield Case((both_classes(5, generator), "bce_with_logits", 2))
    yield Case((torch.zeros(0, dtype=torch.int64), "bce_with_logits", 2), note="an empty batch")


def for_cross_entropy(generator: torch.Generator) -> Iterator[Case]:
    """Exclusive classes, by their numbers. Labels arrive in the small dtypes that files have."""
    yield Case((torch.tensor([2, 0, 1]), "cross_entropy", 3))
    yield Case((torch.tensor([1, 3], dtype=torch.int32), "cross_entropy", 4), note="labels in int32")
    yield Case((_classes(4, generator, 3).to(torch.uint8), "cross_entropy", 3), note="labels in uint8")
    yield Case((torch.zeros(0, dtype=torch.int64), "cross_entropy", 3), note="an empty batch")


def for_probabilities(generator: torch.Generator) -> Iterator[Case]:
    """Exclusive classes, by a probability for each."""
    yield Case((torch.tensor([2, 0]), "cross_entropy_probabilities", 3))
    yield Case((torch.tensor([0, 1, 0]), "cross_entropy_probabilities", 4), note="two classes do not occur")
    yield Case((torch.tensor([1, 0], dtype=torch.int32), "cross_entropy_probabilities", 2), note="labels in int32")
    yield Case((_classes(4, generator, 4), "cross_entropy_probabilities", 4), note="as many samples as classes")
    yield Case((torch.zeros(0, dtype=torch.int64), "cross_entropy_probabilities", 3), note="an empty batch")


def for_labels(generator: torch.Generator) -> Iterator[Case]:
    """Any number of labels for each sample."""
    yield Case(([[0, 2], [1]], "multilabel", 3))
    yield Case(([[], [1], [2, 0]], "multilabel", 3), note="a sample without labels")
    yield Case(([[1, 1], [0]], "multilabel", 4), note="a label that stands there twice")
    drawn = [_classes(3, generator, 5).tolist() for _ in range(5)]
    yield Case((drawn, "multilabel", 5), note="as many samples as labels")
    yield Case(([[], []], "multilabel", 2), note="no labels at all")
    yield Case(([], "multilabel", 3), note="an empty batch")


def impossible(generator: torch.Generator) -> Iterator[Case]:
    """Unknown losses, and numbers that are no classes."""
    labels = both_classes(3, generator)
    yield Case((labels, "mse", 2), note="an unknown loss")
    yield Case((labels, "cross entropy", 2), note="an unknown loss, by one character")
    yield Case((torch.tensor([0, 2]), "bce_with_logits", 2), note="class 2 of two")
    yield Case((torch.tensor([1, 3]), "cross_entropy", 3), note="class 3 of three")
    yield Case((torch.tensor([1, -1]), "cross_entropy", 3), note="class -1")
    yield Case((torch.tensor([0, 3]), "cross_entropy_probabilities", 3), note="class 3 of three")
    yield Case(([[0], [-1]], "multilabel", 3), note="label -1")
    yield Case(([[0], [3]], "multilabel", 3), note="label 3 of three")


def _instead(**formats: Format) -> Callable[[Any, str, int], Tensor]:
    """Return a solution that is right but for some formats."""

    def make(labels: Any, loss: str, num_classes: int) -> Tensor:
        right = reference(labels, loss, num_classes)
        return formats[loss](labels, num_classes) if loss in formats else right

    return make


def _unchecked_range(labels: Any, loss: str, num_classes: int) -> Tensor:
    if loss not in _FORMATS:
        raise ValueError(loss)
    return _FORMATS[loss](labels, num_classes)


def _falls_through(labels: Any, loss: str, num_classes: int) -> Tensor:
    _check(labels, num_classes)
    return _FORMATS.get(loss, _class_numbers)(labels, num_classes)


def _looks_up(labels: Any, loss: str, num_classes: int) -> Tensor:
    _check(labels, num_classes)
    return _FORMATS[loss](labels, num_classes)


def _all_in_float64(labels: Any, loss: str, num_classes: int) -> Tensor:
    target = reference(labels, loss, num_classes)
    return target.double() if target.is_floating_point() else target


def _one_hot_as_it_came(labels: Tensor, num_classes: int) -> Tensor:
    return F.one_hot(labels, num_classes).to(torch.float32)


def _guessed(labels: Tensor, num_classes: int) -> Tensor:
    return F.one_hot(labels.to(torch.int64)).to(torch.float32)


def _counted(labels: list[list[int]], num_classes: int) -> Tensor:
    target = torch.zeros(len(labels), num_classes)
    for row, numbers in enumerate(labels):
        for number in numbers:
            target[row, number] += 1.0
    return target


def _first_only(labels: list[list[int]], num_classes: int) -> Tensor:
    return _multi_hot([numbers[:1] for numbers in labels], num_classes)


def _empty_is_zero(labels: list[list[int]], num_classes: int) -> Tensor:
    return _multi_hot([numbers or [0] for numbers in labels], num_classes)


def _shared_out(labels: list[list[int]], num_classes: int) -> Tensor:
    target = _multi_hot(labels, num_classes)
    return target / target.sum(1, keepdim=True).clamp(min=1)


def _padded(labels: list[list[int]], num_classes: int) -> Tensor:
    longest = max((len(numbers) for numbers in labels), default=0)
    rows = [numbers + [-1] * (longest - len(numbers)) for numbers in labels]
    return torch.tensor(rows, dtype=torch.int64).reshape(len(labels), longest)


def _from_one(labels: Any, loss: str, num_classes: int) -> Tensor:
    right = reference(labels, loss, num_classes)
    return right.roll(-1, 1) if right.dim() == 2 else right


EXERCISE = Exercise(
    name="make_target",
    stub=make_target,
    reference=reference,
    source=PROMPT,
    aspects=(
        Aspect("for BCEWithLogitsLoss", 1, for_bce),
        Aspect("for CrossEntropyLoss", 1, for_cross_entropy),
        Aspect("for CrossEntropyLoss, as probabilities", 1, for_probabilities),
        Aspect("for several labels", 2, for_labels),
        Aspect("impossible labels and losses", 1, impossible),
    ),
    mistakes=(
        Mistake(
            "bce_in_int64",
            "leaves the targets of BCEWithLogitsLoss whole numbers: that loss multiplies with them, and wants "
            "floats",
            _instead(bce_with_logits=_class_numbers),
            "targets",
        ),
        Mistake(
            "bce_in_bool",
            "gives BCEWithLogitsLoss bool targets: it computes 1 - y with them, which bool cannot do",
            _instead(bce_with_logits=lambda labels, _: labels == 1),
            "targets",
        ),
        Mistake(
            "bce_as_column",
            "gives BCEWithLogitsLoss a column (N, 1), where one logit per sample, (N,), was to be met",
            _instead(bce_with_logits=lambda labels, _: labels.float().unsqueeze(1)),
            "targets",
        ),
        Mistake(
            "bce_one_hot",
            "gives BCEWithLogitsLoss one column per class: with one logit per sample there is one number per "
            "sample",
            _instead(bce_with_logits=_one_hot),
            "silent-repairs",
        ),
        Mistake(
            "minus_and_plus_one",
            "calls the classes of BCEWithLogitsLoss -1 and 1: its targets are probabilities, 0 and 1",
            _instead(bce_with_logits=lambda labels, _: 2 * labels.float() - 1),
            "targets",
        ),
        Mistake(
            "ce_in_float",
            "gives CrossEntropyLoss its class numbers as floats: floats stand for probabilities there",
            _instead(cross_entropy=_float_classes),
            "targets",
        ),
        Mistake(
            "ce_one_hot",
            "gives CrossEntropyLoss one column per class where its class numbers, of shape (N,), were wanted",
            _instead(cross_entropy=_one_hot),
            "targets",
        ),
        Mistake(
            "ce_keeps_dtype",
            "leaves the class numbers in the dtype in which they came: CrossEntropyLoss wants int64",
            _instead(cross_entropy=lambda labels, _: labels.clone()),
            "targets",
        ),
        Mistake(
            "probabilities_in_int64",
            "leaves the one-hot rows whole numbers, as F.one_hot makes them: probabilities are floats",
            _instead(cross_entropy_probabilities=lambda labels, c: F.one_hot(labels.to(torch.int64), c)),
            "targets",
        ),
        Mistake(
            "one_hot_as_it_came",
            "gives F.one_hot labels in the dtype in which they came: it takes int64 alone",
            _instead(cross_entropy_probabilities=_one_hot_as_it_came),
            "targets",
        ),
        Mistake(
            "guesses_classes",
            "lets F.one_hot guess how many classes there are: it counts up to the largest of this batch",
            _instead(cross_entropy_probabilities=_guessed),
            "targets",
        ),
        Mistake(
            "all_probabilities",
            "returns class numbers where a probability for each class was wanted",
            _instead(cross_entropy_probabilities=_class_numbers),
            "targets",
        ),
        Mistake(
            "labels_in_int64",
            "leaves the 0 and 1 of the labels whole numbers: each label is a binary problem, and BCE wants floats",
            _instead(multilabel=lambda labels, c: _multi_hot(labels, c).long()),
            "multi-label",
        ),
        Mistake(
            "labels_in_bool",
            "returns the labels as True and False: BCE computes 1 - y with them, which bool cannot do",
            _instead(multilabel=lambda labels, c: _multi_hot(labels, c).bool()),
            "multi-label",
        ),
        Mistake(
            "counts_labels",
            "counts how often a label stands there: a target above 1 is no probability",
            _instead(multilabel=_counted),
            "multi-label",
        ),
        Mistake(
            "first_label_only",
            "marks the first label of each sample only: there may be several",
            _instead(multilabel=_first_only),
            "multi-label",
        ),
        Mistake(
            "empty_is_label_0",
            "marks label 0 where a sample has none: no label at all is a row of zeros",
            _instead(multilabel=_empty_is_zero),
            "multi-label",
        ),
        Mistake(
            "labels_shared_out",
            "divides each row by its number of labels: the labels do not compete, each is present or not",
            _instead(multilabel=_shared_out),
            "multi-label",
        ),
        Mistake(
            "labels_down",
            "puts the labels down and the samples across: the target must have the shape of the logits, (N, C)",
            _instead(multilabel=lambda labels, c: _multi_hot(labels, c).T.contiguous()),
            "multi-label",
        ),
        Mistake(
            "padded_numbers",
            "fills the lists of label numbers up with -1: that is the format of another loss, "
            "MultiLabelMarginLoss",
            _instead(multilabel=_padded),
            "multi-label",
        ),
        Mistake(
            "counts_from_1",
            "puts each 1 one column too far to the left: classes count from 0",
            _from_one,
            "targets",
        ),
        Mistake(
            "in_float64",
            "makes the targets float64, NumPy's default: the loss would be computed in float64, too",
            _all_in_float64,
            "targets",
        ),
        Mistake(
            "range_unchecked",
            "does not look whether a number is a class: BCE trains towards a 2 without a word, and -1 marks the "
            "last label",
            _unchecked_range,
            "targets",
        ),
        Mistake(
            "unknown_loss",
            "returns something for an unknown loss: a typing error in its name then goes unnoticed",
            _falls_through,
            "targets",
        ),
        Mistake(
            "key_error",
            "raises KeyError for an unknown loss: look whether the name is there first, and raise ValueError",
            _looks_up,
            "targets",
        ),
    ),
    hints=(
        "Which of the four targets hold class numbers, and which hold one number per class? Which does the loss "
        "calculate with, and which does it only look up?",
        "labels.to(...) changes the dtype. F.one_hot wants int64, returns int64, and takes the number of classes "
        "as its second argument. A table of zeros takes a 1 at [row, label].",
        "Check first: the name of the loss, then the smallest and the largest number. For several labels go "
        "through the rows with enumerate, and set target[row, label] = 1 for each label in the row.",
    ),
    chapter="losses/bce-versus-ce",
    problem_set="04-bce-versus-ce",
    forbidden=frozenset(),
    difficulty=2,
    minutes=20,
)
