"""Wrong input raises the class of error that torch raises, with a sentence that says what to do."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from against_torch import PAIRS
from torch import Tensor

from lossbook import losses


def real(*shape: int) -> Tensor:
    return torch.full(shape, 0.5)


def index(*shape: int) -> Tensor:
    return torch.zeros(shape, dtype=torch.int64)


pytestmark = pytest.mark.filterwarnings("ignore:reduction", "ignore:Implicit dimension", "ignore:Using a target")

X, T = real(4, 3), index(4)
WITH_LOGITS = "binary_cross_entropy_with_logits"

#: loss, arguments, keywords, what the message must say
WRONG: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    # activations
    *((f, (torch.ones(2, dtype=torch.int64),), {}, r"call \.float\(\)") for f in ("log_sigmoid",)),
    *((f, (torch.ones(2, dtype=torch.int64), 0), {}, r"call \.float\(\)") for f in ("softmax", "log_softmax")),
    *((f, (torch.ones(2, dtype=torch.complex64), 0), {}, "complex64") for f in ("softmax", "log_softmax")),
    *((f, (X, 2), {}, "got 2") for f in ("logsumexp", "softmax", "log_softmax")),
    *((f, (X, -3), {}, "got -3") for f in ("logsumexp", "softmax", "log_softmax")),
    *((f, (X, 1.0), {}, "dim must be an integer, not float") for f in ("logsumexp", "softmax", "log_softmax")),
    *((f, (X, (0, 1)), {}, "dim must be an integer, not tuple") for f in ("softmax", "log_softmax")),
    ("logsumexp", (X, None), {}, "dim must be an integer, not NoneType"),
    ("logsumexp", (X, ()), {}, "dim is empty"),
    ("logsumexp", (X, (0, 0)), {}, "multiple times"),
    ("logsumexp", (real(0, 3), (0, 2)), {}, "got 2"),
    # shapes of binary losses
    *(
        (f, (real(*a), real(*b)), {}, words)
        for f in ("binary_cross_entropy", WITH_LOGITS)
        for a, b, words in (
            ((64, 2), (64,), r"target has shape \(64,\), input \(64, 2\): one logit per sample.*cross_entropy"),
            ((64, 1), (64,), r"input\.squeeze\(-1\)"),
            ((64,), (64, 1), r"target\.squeeze\(-1\)"),
            ((2, 3), (3, 2), "give both the same shape"),
            ((), (1,), r"target\.squeeze\(-1\)"),
            ((0,), (1,), "give both the same shape"),
        )
    ),
    # dtypes of binary losses
    *(
        (f, (real(2), torch.ones(2, dtype=dtype)), {}, r"target\.float\(\)")
        for f in ("binary_cross_entropy",)
        for dtype in (torch.int64, torch.bool, torch.uint8)
    ),
    ("binary_cross_entropy", (real(2), real(2).double()), {}, r"target\.to\(input\.dtype\)"),
    ("binary_cross_entropy", (index(2), index(2)), {}, r"call \.float\(\)"),
    ("binary_cross_entropy", (index(2), real(2)), {}, r"target\.to\(input\.dtype\)"),
    (WITH_LOGITS, (real(2), index(2)), {}, r"target\.float\(\)"),
    (WITH_LOGITS, (real(2), index(2).bool()), {}, r"target\.float\(\)"),
    (WITH_LOGITS, (index(2), real(2)), {}, r"input has dtype torch\.int64.*call \.float\(\)"),
    # values and weights of binary losses
    ("binary_cross_entropy", (real(2) + 1, real(2)), {}, "input should be between 0 and 1.*look like logits"),
    ("binary_cross_entropy", (real(2) - 1, real(2)), {}, "input should be between 0 and 1"),
    ("binary_cross_entropy", (real(2), real(2) + 1), {}, "target should be between 0 and 1$"),
    ("binary_cross_entropy", (real(2) * torch.nan, real(2)), {}, "input should be between 0 and 1"),
    ("binary_cross_entropy", (real(2), real(2) * torch.nan), {}, "target should be between 0 and 1"),
    *(
        (f, (X, X), {name: real(*shape)}, rf"{name} has shape .*matched from the right.*\(C, 1, 1\)")
        for f, name in (("binary_cross_entropy", "weight"), (WITH_LOGITS, "weight"), (WITH_LOGITS, "pos_weight"))
        for shape in ((4,), (2, 3), (5, 1))
    ),
    *(
        (f, (X, X), {name: real(3).cfloat()}, "complex64")
        for f, name in (("binary_cross_entropy", "weight"), (WITH_LOGITS, "weight"), (WITH_LOGITS, "pos_weight"))
    ),
    (WITH_LOGITS, (real(2, 3, 4, 4), real(2, 3, 4, 4)), {"pos_weight": real(3)}, r"shape \(C, 1, 1\)"),
    # class losses
    *(
        case
        for f in ("nll_loss", "cross_entropy")
        for case in (
            (f, (X, torch.tensor([0, 1, 3, 0])), {}, "Target 3 is out of bounds: 3 classes are 0 to 2"),
            (f, (X, T.to(torch.uint8) + 255), {}, "Target 255 is out of bounds"),
            (f, (X, torch.tensor([0, -1, 2, 0])), {}, "Target -1 is out of bounds"),
            (f, (X, torch.tensor([0, -100, 2, 0])), {"ignore_index": 0}, "Target -100 is out of bounds"),
            (f, (real(3), torch.tensor(-1)), {}, "Target -1 is out of bounds"),
            (f, (real(2, 3, 5), index(2, 5) + 3), {}, "Target 3 is out of bounds"),
            (f, (real(2, 3, 4, 5), index(2, 4, 5) - 1), {}, "Target -1 is out of bounds"),
            (f, (X, T.int()), {}, r"target\.long\(\)"),
            (f, (X, T.float()), {}, r"target\.long\(\), or give class probabilities"),
            (f, (X, T.bool()), {}, r"target\.long\(\)"),
            (f, (X, index(5)), {}, r"target has shape \(5,\), input \(4, 3\): expected target shape \(4,\)"),
            (f, (X, index()), {}, r"expected target shape \(4,\)"),
            (f, (X, index(4, 1)), {}, r"expected target shape \(4,\)"),
            (f, (real(3), index(2)), {}, r"expected target shape \(\)"),
            (f, (real(3), index(1, 1)), {}, r"expected target shape \(\)"),
            (
                f,
                (real(2, 7, 3), index(2, 7)),
                {},
                r"expected target shape \(2, 3\).*classes are the input's axis 1",
            ),
            (f, (real(2, 3, 5), index(5, 2)), {}, r"expected target shape \(2, 5\)"),
            (f, (real(2, 3, 5), index(2)), {}, r"expected target shape \(2, 5\)"),
            (f, (real(2, 3, 4, 5), index(2, 20)), {}, r"expected target shape \(2, 4, 5\)"),
            (f, (real(2, 3, 4, 5), index(1, 4, 5)), {}, r"expected target shape \(2, 4, 5\)"),
            (f, (real(2, 3, 4, 5, 6), index(2, 6, 5, 4)), {}, r"expected target shape \(2, 4, 5, 6\)"),
            (f, (real(), index(1)), {}, r"\(C,\) or \(N, C, ...\)"),
            (f, (T.unsqueeze(1).expand(4, 3), T), {}, r"call \.float\(\)"),
            *((f, (X, T), {"weight": real(*s)}, "each of 3 classes") for s in ((), (1,), (4,), (1, 3))),
            (f, (real(2, 3, 5), index(2, 5)), {"weight": real(5)}, "each of 3 classes"),
            (f, (X, T), {"weight": real(3).double()}, r"weight\.to\(input\.dtype\)"),
            (f, (X, T), {"weight": index(3)}, r"weight\.to\(input\.dtype\)"),
            (f, (X, T), {"ignore_index": 1.5}, "ignore_index must be an integer, not float"),
            (f, (X, T), {"ignore_index": None}, "ignore_index must be an integer, not NoneType"),
        )
    ),
    ("nll_loss", (real(), index()), {}, r"\(C,\) or \(N, C, ...\)"),
    ("cross_entropy", (X, X.long()), {}, r"class indices have the input's shape without its class axis"),
    ("cross_entropy", (real(), real()), {}, r"\(C,\) or \(N, C, ...\)"),
    ("cross_entropy", (X, X), {"ignore_index": 0}, "ignore_index is not supported"),
    ("cross_entropy", (X, X), {"weight": real(2)}, "each of 3 classes"),
    *(("cross_entropy", (X, t), {"label_smoothing": 1.1}, "between 0.0 and 1.0. Got: 1.1") for t in (X, T)),
    # Kullback-Leibler divergence
    ("kl_div", (index(2), real(2)), {}, r"input has dtype torch\.int64.*call \.float\(\)"),
    ("kl_div", (real(2), index(2)), {}, r"target has dtype torch\.int64.*call \.float\(\)"),
    ("kl_div", (real(2, 3), real(3, 2)), {}, "size|shape"),
    # reductions
    *(
        (f, args, {"reduction": reduction}, "use one of none, mean, sum")
        for f, args in (
            ("binary_cross_entropy", (X, X)),
            (WITH_LOGITS, (X, X)),
            ("nll_loss", (X, T)),
            ("cross_entropy", (X, T)),
        )
        for reduction in ("batchmean", "average", None)
    ),
    ("kl_div", (X, X), {"reduction": "average"}, "use one of none, mean, sum, batchmean"),
]


@pytest.mark.parametrize(("loss", "args", "kwargs", "words"), WRONG)
def test_raises_as_torch_does(loss: str, args: tuple[Any, ...], kwargs: dict[str, Any], words: str) -> None:
    ours, theirs = PAIRS[loss]
    expected = error_of(theirs, args, kwargs)
    assert expected is not None, "torch takes this: it belongs in the table below"
    with pytest.raises(expected, match=words) as raised:
        ours(*args, **kwargs)
    assert raised.type is expected


def error_of(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> type | None:
    """Return the class of what the call raises."""
    try:
        function(*args, **kwargs)
    except Exception as error:
        return type(error)
    return None


#: Where torch returns something, or raises by accident, and ours raises on purpose.
STRICTER: list[tuple[str, tuple[Any, ...], dict[str, Any], type[Exception], str]] = [
    *(("cross_entropy", (X, t), {"label_smoothing": -0.1}, RuntimeError, "Got: -0.1") for t in (X, T)),
    ("cross_entropy", (X, T), {"label_smoothing": float("nan")}, RuntimeError, "Got: nan"),
    *((f, (X, None), {}, TypeError, "dim must be an integer") for f in ("softmax", "log_softmax")),
    ("sigmoid", (X.cfloat(),), {}, NotImplementedError, "complex64"),
    ("logsumexp", (X.cfloat(), 0), {}, NotImplementedError, "complex64"),
    (WITH_LOGITS, (X, X.cfloat()), {}, RuntimeError, "complex64"),
    ("cross_entropy", (X, X), {"weight": real(3).cfloat()}, RuntimeError, "complex64"),
    ("nll_loss", (real(2, 3, 5), index(2, 5)), {"weight": real(1, 3)}, RuntimeError, "each of 3 classes"),
]


@pytest.mark.parametrize(("loss", "args", "kwargs", "kind", "words"), STRICTER)
def test_raises_where_torch_does_not(loss, args, kwargs, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        PAIRS[loss][0](*args, **kwargs)
    assert error_of(PAIRS[loss][1], args, kwargs) is not kind, "torch does the same: see the table above"


LISTS = [
    *((f, ([0.5],)) for f in ("sigmoid", "log_sigmoid")),
    *((f, ([0.5], 0)) for f in ("logsumexp", "softmax", "log_softmax")),
    *(
        (f, args)
        for f in ("binary_cross_entropy", WITH_LOGITS, "nll_loss", "cross_entropy", "kl_div")
        for args in (([0.5], X), (X, [0.5]), (X, None))
    ),
    *((f, (X, X, [1.0])) for f in ("binary_cross_entropy", WITH_LOGITS)),
    *((f, (X, T, [1.0])) for f in ("nll_loss", "cross_entropy")),
]


@pytest.mark.parametrize(("loss", "args"), LISTS)
def test_what_is_no_tensor_is_a_type_error(loss: str, args: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError, match=r"must be a torch\.Tensor, not (list|NoneType).*torch\.tensor\("):
        PAIRS[loss][0](*args)


MASKED = losses.masked_binary_cross_entropy_with_logits
#: The losses that torch does not have.
OWN = [
    (losses.symmetric_cross_entropy, (X, T), {"log_zero": 0.0}, ValueError, "must be negative, not 0.0"),
    (losses.symmetric_cross_entropy, (X, T), {"log_zero": float("nan")}, ValueError, "must be negative"),
    (losses.symmetric_cross_entropy, (X, X), {}, RuntimeError, "one index per sample"),
    (losses.symmetric_cross_entropy, (X, T + 3), {}, IndexError, "Target 3"),
    (losses.symmetric_cross_entropy, (X, T), {"reduction": "batchmean"}, ValueError, "use one of"),
    (losses.focal_loss, (X, X), {"gamma": -1.0}, ValueError, "gamma must be at least 0, not -1.0"),
    (losses.focal_loss, (X, X), {"gamma": float("nan")}, ValueError, "gamma must be at least 0"),
    (losses.focal_loss, (X, X), {"alpha": 1.5}, ValueError, "between 0 and 1, not 1.5"),
    (losses.focal_loss, (X, real(4)), {}, ValueError, "one logit per sample"),
    (losses.focal_loss, (X, X), {"reduction": "batchmean"}, ValueError, "use one of"),
    (MASKED, (X, X, X), {}, TypeError, "must be bool"),
    (MASKED, (X, X, [True]), {}, TypeError, "mask must be a torch"),
    (MASKED, ([1.0], X, X > 0), {}, TypeError, "input must be a torch"),
    (MASKED, (X, [1.0], X > 0), {}, TypeError, "target must be a torch"),
    (MASKED, (X, X, real(4) > 0), {}, ValueError, "mask has shape"),
    (MASKED, (X, real(3), X > 0), {}, ValueError, "target has shape"),
    (MASKED, (X, T.expand(3, 4).T, X > 0), {}, RuntimeError, "float"),
    (MASKED, (X, X, X > 0), {"reduction": "batchmean"}, ValueError, "sequence_mean"),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "args", "kwargs", "kind", "words"), OWN)
def test_own_losses_raise(loss, args, kwargs, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words) as raised:
        loss(*args, **kwargs)
    assert raised.type is kind
