"""Which exercises stand in pages, and what differs there: NumPy for torch, a solution, hints in its words.

Cases, torch's answers and the named mistakes come from the exercise itself, see :mod:`lossbook.live.data`.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lossbook.live import solutions
from lossbook.live.page import functions


@dataclass(frozen=True)
class Twin:
    """An exercise as it stands in a page.

    Attributes:
        solution: a right NumPy function of the exercise's name. Its signature and docstring are the starting
            point; where it takes fewer arguments than torch's, cases that need the others are left out.
        aspects: names of the exercise's aspects that are checked, in their order. Those that compare gradients
            or refused inputs are about torch, and not among them.
        hints: one step each, in NumPy's words.
        fixed: keyword arguments that torch gets in every case, for what the twin leaves out.
        titles: other sentences for mistakes whose own is about torch or about float32, by name.
        left_out: names of mistakes that make no sense for the smaller function.
    """

    solution: Callable[..., Any]
    aspects: tuple[str, ...]
    hints: tuple[str, ...]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the exercise and of its function."""
        return self.solution.__name__

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the arguments."""
        return tuple(inspect.signature(self.solution).parameters)

    @property
    def starter(self) -> str:
        """What the reader starts from: signature, docstring, and a line that says that it is not written."""
        head, _ = self._head_and_body()
        return f"import numpy as np\n\n\n{head}\n    raise NotImplementedError\n"

    @property
    def answer(self) -> str:
        """The solution as the reader may see it: without the docstring, which the starting point has."""
        head, body = self._head_and_body()
        signature = head.split('    """')[0].rstrip()
        return f"import numpy as np\n\n\n{signature}\n{body}\n"

    def _head_and_body(self) -> tuple[str, str]:
        source = textwrap.dedent(inspect.getsource(self.solution))
        lines = source.rstrip().splitlines()
        (definition,) = ast.parse(source).body
        assert isinstance(definition, ast.FunctionDef)
        assert ast.get_docstring(definition) is not None
        end = definition.body[0].end_lineno
        assert end is not None
        return "\n".join(lines[:end]), "\n".join(lines[end:])


_EACH = {"reduction": "none"}

TWINS: dict[str, Twin] = {
    twin.name: twin
    for twin in (
        Twin(
            functions.sigmoid,
            aspects=("values", "shapes and dtypes", "extreme logits"),
            hints=(
                "The textbook formula `1 / (1 + np.exp(-x))` is nearly there. Which x makes `np.exp(-x)` "
                "overflow, and which makes the answer nan in `np.exp(x) / (1 + np.exp(x))`?",
                "The exponential of a number that is never positive cannot overflow. Write the denominator with "
                "`np.exp(-np.abs(x))` alone.",
                "For x >= 0 the numerator is 1, for x < 0 it is exp(x). `np.minimum(x, 0)` is 0 in the first case "
                "and x in the second.",
            ),
            titles={
                "by_tanh": "goes through tanh: 1 + tanh(x / 2) rounds to 0 for x below about -37, so tiny "
                "probabilities vanish",
                "clamped": "clamps the probability away from 0 and 1, which changes the values there",
            },
        ),
        Twin(
            functions.log_sigmoid,
            aspects=("values", "shapes and dtypes", "extreme logits", "nearly certain"),
            hints=(
                "log(1 / (1 + exp(-x))) can be written without a fraction. Which exp remains, and when does it "
                "overflow?",
                "For x >= 0 the form -log(1 + exp(-x)) is safe. For x < 0 pull x out of the logarithm first: "
                "log(1 + exp(-x)) = -x + log(1 + exp(x)).",
                "Both in one: `np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))`. `log1p(z)` is log(1 + z), and "
                "keeps the digits of a tiny z.",
            ),
            # in float64 the two ways to take that logarithm too late give the same numbers
            titles={
                "log_of_sigmoid": "takes the logarithm of a sigmoid, or of 1 + exp(-x): once that has rounded, or "
                "overflowed, the logarithm cannot bring the digits back"
            },
            left_out=("overflows_and_rounds",),
        ),
        Twin(
            functions.logsumexp,
            aspects=("values", "every axis", "extreme numbers", "infinities"),
            hints=(
                "`np.exp(1000)` is inf. By how much may you lower all numbers of a row without changing what you "
                "are after?",
                "log(sum(exp(x))) = m + log(sum(exp(x - m))) for every m. Which m makes the largest exponent 0?",
                "Take `m = x.max(axis, keepdims=True)`, and put 0 in its place where it is infinite: "
                "`np.where(np.isinf(m), 0, m)`. Add m back without the kept axis: `m.squeeze(axis)`.",
            ),
        ),
        Twin(
            functions.softmax,
            aspects=("values", "every axis", "extreme logits"),
            hints=(
                "What is `np.exp(1000)`? What becomes of the probabilities if you lower all logits of a row by 5?",
                "Subtract the same number from all logits of a row: nothing changes but the size of the "
                "exponentials. Which number keeps every exponent at or below 0?",
                "Subtract `x.max(axis, keepdims=True)`, exponentiate, divide by the sum along the axis with "
                "`keepdims=True`.",
            ),
        ),
        Twin(
            functions.log_softmax,
            aspects=("values", "every axis", "extreme logits"),
            hints=(
                "The logarithm of a quotient is a difference. What is log(exp(x))?",
                "log_softmax(x) = x - log(sum(exp(x))). Subtract the largest logit first, from all of them: the "
                "answer does not change.",
                "`s = x - x.max(axis, keepdims=True)`, and then `s - np.log(np.exp(s).sum(axis, keepdims=True))`.",
            ),
        ),
        Twin(
            solutions.nll_loss,
            aspects=("values", "impossible classes"),
            hints=(
                "Which number of the first row belongs to its true class? And of the second?",
                "Give NumPy two lists of positions, the rows and the columns: `table[[0, 1], [2, 0]]` picks "
                "`table[0, 2]` and `table[1, 0]`.",
                "`np.arange(len(target))` counts the rows. Do not forget the minus, and the mean.",
            ),
        ),
        Twin(
            solutions.cross_entropy,
            aspects=("values", "extreme logits"),
            hints=(
                "Minus the logarithm of the softmax of the true class is log(sum(exp(row))) - row[true class].",
                "Subtract the largest logit of each row first: `s = logits - logits.max(1, keepdims=True)`. "
                "The difference above does not change.",
                "`np.log(np.exp(s).sum(1))` has one number per row, `s[np.arange(len(target)), target]` picks the "
                "true ones. Take the mean of the difference.",
            ),
            titles={
                "clamped_log": "clamps the probabilities before the logarithm: that caps the loss at about 16"
            },
        ),
        Twin(
            solutions.cross_entropy_gradient,
            aspects=("values", "extreme logits"),
            hints=(
                "For one sample the slope is softmax minus one-hot: the probabilities, and 1 less at the true "
                "class.",
                "`e = np.exp(logits - logits.max(1, keepdims=True))`, divided by its sum along axis 1, is the "
                "softmax of each row.",
                "`p[np.arange(len(target)), target] -= 1` takes the 1 away in each row. The loss is a mean: what "
                "does that do to each sample's slope?",
            ),
        ),
        Twin(
            solutions.binary_cross_entropy,
            aspects=("values", "certain answers", "tiny probabilities"),
            hints=(
                "The answer yes, with probability p, has the surprise -log(p); no has -log(1 - p). How does y "
                "choose between the two?",
                "-(y * log(p) + (1 - y) * log(1 - p)). What is 0 * log(0) in NumPy? `np.maximum(..., -100)` on "
                "each logarithm is what torch does.",
                "1 - p rounds to 1 for tiny p. `np.log1p(-p)` is log(1 - p), and keeps the digits.",
            ),
            fixed=_EACH,
            left_out=("ignores_reduction", "clamps_one_side", "squeezes"),
        ),
        Twin(
            solutions.binary_cross_entropy_with_logits,
            aspects=("values", "extreme logits"),
            hints=(
                "Two logarithms are needed, of sigmoid(x) and of 1 - sigmoid(x), and the second is "
                "log(sigmoid(-x)). Take them on paper, not of a number that has been rounded.",
                "-log(sigmoid(x)) = max(-x, 0) + log1p(exp(-|x|)), and -log(sigmoid(-x)) = max(x, 0) + the same.",
                "y times the first and 1 - y times the second add up to "
                "`np.maximum(x, 0) - x * y + np.log1p(np.exp(-np.abs(x)))`.",
            ),
            fixed=_EACH,
            titles={
                "log_with_eps": "adds a small number such as 1e-8 before the logarithm: that hides the infinity, "
                "and caps the loss",
                "log_with_tiny_eps": "adds a tiny number such as 1e-12 before the logarithm: that still caps the "
                "loss",
                "clamps_probability": "keeps the probabilities away from 0 and 1: that caps the loss",
                "clamps_logits": "clamps the logits: beyond that the loss no longer grows",
            },
            left_out=("ignores_reduction", "one_mean_per_row", "divides_by_rows", "squeezes"),
        ),
        Twin(
            solutions.bce_with_logits_gradient,
            aspects=("values", "extreme logits", "tiny slopes"),
            hints=(
                "The slope is sigmoid(x) - y. At which x does the sigmoid itself break, or lose its digits?",
                "With `z = np.exp(-np.abs(x))` neither the sigmoid nor 1 - sigmoid overflows: one is 1 / (1 + z), "
                "the other z / (1 + z), which of them depends on the sign of x.",
                "sigmoid(x) - y = sigmoid(x) * (1 - y) - sigmoid(-x) * y, where no two nearly equal numbers are "
                "subtracted.",
            ),
            fixed=_EACH,
            titles={
                "always_divided": "divides by the number of elements: here each element's own slope is asked for"
            },
        ),
        Twin(
            solutions.two_logits_to_one,
            aspects=("values", "shapes and dtypes", "extreme logits"),
            hints=(
                "Write the softmax of (z0, z1) for class 1 as a fraction, and divide both of its sides by "
                "exp(z1). Which function do you know that looks like that?",
                "1 / (1 + exp(-(...))): what stands where the sigmoid has its logit?",
                "Use `...` for the axes before the last: `logits[..., 1]` is the logit of class 1.",
            ),
        ),
        Twin(
            solutions.one_logit_to_two,
            aspects=("values", "extreme logits"),
            hints=(
                "The last box had one answer for each pair. Which pairs (0, ?) have the difference z?",
                "You need a column of zeros and a column of logits. `np.zeros_like(logit)` is the first.",
                "`np.stack` takes a list of arrays, and puts them side by side along a new axis: `axis=1` for the "
                "classes.",
            ),
        ),
        Twin(
            solutions.probability_and_decision,
            aspects=("one logit, (N,)", "one logit, (N, 1)", "two logits, (N, 2)", "extreme logits"),
            hints=(
                "Can you bring all three shapes to the same form first, one logit per sample? You have written "
                "the step from two logits to one already.",
                "From one logit of shape (N,) a sigmoid makes the probability. Where is it above 0.5, in terms of "
                "the logit?",
                "z = logits, or logits[:, 0], or logits[:, 1] - logits[:, 0], according to `logits.ndim` and "
                "`logits.shape`; then a sigmoid that does not overflow, and `(z > 0).astype(int)`.",
            ),
            titles={
                "decision_in_bool": "returns the decision as True and False: class numbers are integers",
                "decision_in_float": "returns the decision as a float, as np.round leaves it: class numbers are "
                "integers",
            },
        ),
        Twin(
            solutions.loss_of_one_logit,
            aspects=("small batches", "the forum's rows", "a batch of one sample", "extreme logits"),
            hints=(
                "What shape does `output - target` have if output is (3, 1) and target is (3,)? Print it.",
                "Take the logits as (N,) first: `output[:, 0]`. One loss per sample is "
                "-log(sigmoid(x)) where the target is 1, and -log(1 - sigmoid(x)) where it is 0.",
                "`np.maximum(x, 0) - x * target + np.log1p(np.exp(-np.abs(x)))` is that for every x. Return its "
                "mean.",
            ),
            titles={
                "plus_and_minus": "makes two logits, -z and z, for a softmax: their difference is 2 z",
                "sigmoid_first": "takes the loss of a sigmoid, as if that were a logit: the loss of a negative "
                "then stays above 0.69",
                "bce_of_sigmoid": "clamps logarithms at -100, as BCELoss does: with the logit at hand no loss "
                "needs a limit",
                "one_class": "takes the softmax of one logit: alone it is 1, and the loss always 0",
                "cross_entropy": "takes a softmax and the class numbers for one logit: there is a single class, "
                "number 0, and no class 1",
                "batch_as_classes": "takes a softmax over logits of shape (N,): that makes the batch the classes "
                "of a single sample",
                "decides_first": "decides first, and computes the loss of the decision: how sure the model was is "
                "gone",
            },
            # what torch refuses, and NumPy takes or broadcasts
            left_out=("not_repaired", "squeezes_everything", "integer_target"),
        ),
        Twin(
            solutions.predicted_labels,
            aspects=("a threshold of one half", "other thresholds", "shapes, dtypes, extremes"),
            hints=(
                "Each label is a binary problem of its own. Which function turns one logit into one probability?",
                "Compare probabilities with the threshold; a comparison of arrays gives True and False. How many "
                "labels of a row may be True?",
                "`1 / (1 + np.exp(-logits)) > threshold` does it, with a warning at -1000. Without one: a "
                "probability is above the threshold where its logit is above `np.log(threshold / (1 - "
                "threshold))`.",
            ),
        ),
        Twin(
            solutions.dataset_mean_loss,
            aspects=(
                "batches of different size",
                "ignored targets",
                "class weights",
                "weights and ignored targets",
                "nothing counts",
            ),
            hints=(
                "A mean is a sum over a count. Two batches have two sums and two counts: what do you get if you "
                "add each?",
                "The count is the number of targets that are not ignored or, with class weights, the sum of "
                "`weight[target]` over these. `kept = target != ignore_index` picks them: `target[kept]`.",
                "Keep two running numbers, total and divisor, over all batches, and divide once, after the loop. "
                "One sample's loss is the log of its summed exponentials minus its true logit, both after the "
                "largest has been subtracted.",
            ),
        ),
        Twin(
            solutions.masked_binary_cross_entropy_with_logits,
            aspects=(
                "mean over the real steps",
                "sum and none",
                "pos_weight",
                "nan and inf in the padding",
                "nothing but padding",
            ),
            hints=(
                "What is `0 * np.nan`? So what becomes of a padded step whose loss you multiply by the mask?",
                "Make the padding harmless before the loss, in the logits and in the targets: "
                "`np.where(mask, logits, 0)`. Then set the losses of the padding to 0 in the same way.",
                "With log_p = log(sigmoid(x)), log(1 - sigmoid(x)) is log_p - x. The loss of a step is "
                "-(pos_weight * y * log_p + (1 - y) * (log_p - x)); the mean divides by `mask.sum()`.",
            ),
            titles={"swapped_arguments": "swaps the logits and the targets"},
        ),
        Twin(
            solutions.threshold_for_fpr,
            aspects=("distinct scores", "equal scores", "exactly at the limit", "nothing or everything"),
            hints=(
                "Take one threshold t. Which samples enter its false-positive rate? What happens to that rate as "
                "t grows?",
                "The rate only falls as t grows. So try the scores from the smallest to the largest, and stop at "
                "the first one that is allowed. If none is, there is still `np.inf`.",
                "`negatives = scores[labels == 0]`; for t in `np.unique(scores)` the rate is "
                "`(negatives >= t).mean()`. Return t, or `np.inf` after the loop.",
            ),
        ),
        Twin(
            solutions.undo_pos_weight,
            aspects=("one pos_weight", "one pos_weight per label", "shapes and dtypes", "confident logits"),
            hints=(
                "pos_weight = 3 makes each positive count three times. By which factor do the odds p / (1 - p) "
                "grow that the model learns?",
                "The odds grow by pos_weight. A logit is the logarithm of the odds, so it grows by "
                "`np.log(pos_weight)`. Where is the best place to take that off again: before the sigmoid, or "
                "after it?",
                "`z = logits - np.log(pos_weight)`, and then a sigmoid that neither overflows nor loses tiny "
                "probabilities: `np.exp(np.minimum(z, 0)) / (1 + np.exp(-np.abs(z)))`.",
            ),
        ),
        Twin(
            solutions.temperature,
            aspects=("overconfident models", "honest and underconfident models", "temperatures far from 1"),
            hints=(
                "The loss depends on one number only. How do you find the lowest point of a curve that falls and "
                "then rises?",
                "Temperatures spread over factors, from 0.01 to 100: search over log T, not over T. In 1 / T the "
                "loss is convex, so its slope changes sign exactly once.",
                "Halve an interval of log T: with p the softmax of logits / T, T is too small as long as the mean "
                "of `(p * logits).sum(1)` is above the mean of the true classes' logits. 40 halvings are plenty.",
            ),
            # LBFGS is torch's
            left_out=("lbfgs_of_the_papers_code",),
        ),
        Twin(
            solutions.symmetric_cross_entropy,
            aspects=("values", "alpha, beta and log_zero", "extreme logits"),
            hints=(
                "The label is 1 for the true class and 0 for all others. What is log(q) for each of them, once "
                "log(0) is log_zero?",
                "log(1) is 0, so the true class drops out of the reverse sum. The others share one factor: "
                "-log_zero times the sum of their probabilities. That sum is 1 minus something you know.",
                "`s = logits - logits.max(1, keepdims=True)`; `s[np.arange(len(target)), target]` minus "
                "`np.log(np.exp(s).sum(1))` is log(p) of the true class. The reverse term is `-log_zero * (1 - "
                "np.exp(log_p))`.",
            ),
            titles={
                "softmax_twice": "applies the softmax twice: the cross-entropy takes probabilities for logits",
            },
        ),
    )
}


def twin_of(name: str) -> Twin:
    """Return an exercise's NumPy twin, or raise a KeyError that lists the exercises with one."""
    if name not in TWINS:
        raise KeyError(f"the exercise {name!r} has no NumPy twin: choose one of {', '.join(TWINS)}")
    return TWINS[name]
