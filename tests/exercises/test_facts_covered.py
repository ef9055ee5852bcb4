"""Every trap of the subject that a learner can fall into is a case or a mistake of some exercise.

The facts are numbered as in the list that the course was planned with. A fact is covered by mistakes, whose own
tests see to it that they lose points and are named, or by an aspect, which a right solution has to pass.
"""

import pytest

from lossbook.exercises import exercise_names, get_exercise

Covered = dict[str, tuple[str, ...]]

COVERED: dict[str, Covered] = {
    "1 a logit is a log-odds, and logits are known up to a constant": {
        "two_logits_to_one": ("only_class_1", "log_probability", "difference_of_probabilities"),
        "undo_pos_weight": ("without_log", "divides_the_logit"),
    },
    "2 two logits say what their difference says": {
        "two_logits_to_one": ("turned_around", "added", "halved"),
        "one_logit_to_two": ("plus_and_minus", "repeated"),
        "probability_and_decision": ("each_alone", "only_class_1"),
        "loss_of_one_logit": ("plus_and_minus",),
    },
    "3 softmax ignores a shift, not a factor; log-sum-exp moves with a shift": {
        "softmax": ("no_shift", "shift_by_minimum", "shift_by_mean"),
        "log_softmax": ("shift_only_in_sum",),
        "logsumexp": ("no_shift", "one_shift_for_all"),
        "temperature": ("turned_around", "softmax_before"),
    },
    "4 losses are in nats": {
        "binary_cross_entropy": ("base_two",),
        "binary_cross_entropy_with_logits": ("base_two",),
        "log_softmax": ("base_two",),
        "cross_entropy": ("base_two",),
        "symmetric_cross_entropy": ("base_two",),
    },
    "5 the gradient is p - y; squared error adds p (1 - p)": {
        "bce_with_logits_gradient": ("sign_turned", "times_slope_of_sigmoid", "for_the_probability"),
        "binary_cross_entropy_with_logits": ("squared_error",),
        "loss_of_one_logit": ("squared_error",),
        "cross_entropy_gradient": ("values",),
    },
    "6 exp overflows and underflows, and a sigmoid rounds to 1": {
        "sigmoid": ("textbook", "positive_exponent"),
        "softmax": ("no_shift",),
        "binary_cross_entropy_with_logits": ("overflows", "log_of_sigmoid"),
        "undo_pos_weight": ("through_the_probability", "overflows", "confident logits"),
    },
    "7 an eps works on one side only, and caps the loss": {
        "binary_cross_entropy": ("clamps_one_side", "eps_inside", "tiny_eps_inside"),
        "binary_cross_entropy_with_logits": ("log_with_eps", "clamps_probability"),
        "cross_entropy": ("log_with_eps", "clamped_log"),
    },
    "8 the logarithm of a softmax is -inf too early": {
        "log_softmax": ("log_of_softmax",),
        "cross_entropy": ("log_of_softmax",),
        "symmetric_cross_entropy": ("log_of_softmax",),
    },
    "9 a softmax without dim picks an axis by itself": {
        "two_logits_to_one": ("implicit_dim",),
        "probability_and_decision": ("batch_as_classes",),
    },
    "10 labels do not compete, and a logit above 0 is a probability above one half": {
        "predicted_labels": ("softmax", "only_the_best", "threshold_on_logit"),
        "choose_loss": ("ce_for_labels", "argmax_for_labels", "logit_above_half"),
        "make_target": ("labels_shared_out",),
    },
    "11 nll_loss takes no logarithm": {
        "nll_loss": ("takes_log", "squashes_again", "probability_not_log"),
        "loss_of_two_logits": ("nll_of_probabilities", "nll_of_logits"),
    },
    "12 softmax before cross-entropy, sigmoid before BCE with logits": {
        "cross_entropy": ("softmax_first",),
        "binary_cross_entropy": ("double_sigmoid",),
        "binary_cross_entropy_with_logits": ("double_sigmoid",),
        "loss_of_two_logits": ("softmax_first", "sigmoid_first"),
        "loss_of_one_logit": ("sigmoid_first",),
        "choose_loss": ("softmax_before_ce", "sigmoid_before_bce"),
    },
    "13 cross-entropy of a single class is always 0": {
        "cross_entropy": ("one sample, float64, one class",),
        "loss_of_two_logits": ("unchecked",),
        "loss_of_one_logit": ("one_class",),
        "choose_loss": ("class_counts_unchecked",),
    },
    "14 the classes are on axis 1": {
        "nll_loss": ("last_axis", "reshaped", "the class axis"),
        "cross_entropy": ("last_axis", "reshaped", "the class axis"),
    },
    "15 a target in the logits' shape holds probabilities, and nothing checks them": {
        "cross_entropy": ("indices_only", "target_normalised", "most_likely_target"),
        "loss_of_one_logit": ("batch_as_classes",),
        "make_target": ("range_unchecked",),
    },
    "16 indices are int64, targets of BCE are floats": {
        "make_target": ("bce_in_int64", "bce_in_bool", "ce_in_float", "ce_keeps_dtype"),
        "loss_of_one_logit": ("integer_target", "float32_target"),
        "cross_entropy": ("any_dtype",),
        "choose_loss": ("dtypes_swapped", "always_int64"),
    },
    "17 hand-written BCE broadcasts to N x N": {
        "binary_cross_entropy": ("no_shape_check", "reshapes_target", "squeezes"),
        "binary_cross_entropy_with_logits": ("no_shape_check",),
        "loss_of_one_logit": ("broadcasts", "squeezes_everything"),
        "probability_and_decision": ("column_stays",),
    },
    "18 the weighted mean over classes divides by the targets' weights, with probabilities by N": {
        "nll_loss": ("weights_by_number", "by_all_weights", "weights_normalised"),
        "cross_entropy": ("weights_by_number", "soft_by_weights"),
        "dataset_mean_loss": ("divides_by_samples",),
    },
    "19 the mean of BCE divides by the number of elements": {
        "binary_cross_entropy": ("weight_normalised",),
        "binary_cross_entropy_with_logits": ("weight_normalised", "pos_weight_normalised"),
        "masked_binary_cross_entropy_with_logits": ("divides_by_the_weights",),
    },
    "20 pos_weight belongs to the term of y, and broadcasts from the right": {
        "binary_cross_entropy_with_logits": ("pos_weight_where_one", "pos_weight_on_all", "pos_weight_from_left"),
        "bce_with_logits_gradient": ("pos_weight_where_one", "pos_weight_from_left"),
        "masked_binary_cross_entropy_with_logits": ("weights_hard_targets", "weights_everything"),
    },
    "21 pos_weight is negatives over positives, and comes off again as its logarithm": {
        "choose_loss": ("one_over_share", "weight_upside_down", "always_weighs"),
        "undo_pos_weight": ("not_undone", "adds", "divides_the_probability"),
    },
    "22 BCE clamps each logarithm at -100, and its gradient dies": {
        "binary_cross_entropy": ("no_clamp", "clamps_loss", "clamps_probability", "only_infinities"),
        "loss_of_one_logit": ("bce_of_sigmoid",),
        "loss_of_two_logits": ("bce_of_probability",),
        "binary_cross_entropy_with_logits": ("clamps_logarithms",),
    },
    "23 abs, clamp and relu have a wrong slope at 0": {
        "sigmoid": ("with_abs",),
        "log_sigmoid": ("with_abs",),
        "binary_cross_entropy_with_logits": ("abs_and_clamp", "abs_and_relu"),
        "loss_of_one_logit": ("with_abs",),
    },
    "24 where and masks leak nan into gradients": {
        "sigmoid": ("where_leaks",),
        "binary_cross_entropy_with_logits": ("where_leaks",),
        "masked_binary_cross_entropy_with_logits": ("multiplies_by_mask", "hides_the_loss_too_late"),
    },
    "25 0 times -inf is nan": {
        "nll_loss": ("by_one_hot", "impossible classes"),
        "cross_entropy": ("by_one_hot",),
    },
    "26 ignore_index goes by value, its class stays in the softmax, the mean of nothing is nan": {
        "nll_loss": ("negatives_ignored", "guarded_mean", "ignored_in_denominator"),
        "cross_entropy": ("without_ignored_class", "guarded_mean", "only_default_ignored"),
        "dataset_mean_loss": ("removes_the_ignored_class", "zero_for_nothing"),
    },
    "27 a masked mean divides by the mask; per step and per sequence differ": {
        "masked_binary_cross_entropy_with_logits": ("divides_by_all", "mean_of_sequence_means", "ignores_mask"),
        "nll_loss": ("mean_of_means",),
    },
    "28 the mean of batch means is not the data set's mean": {
        "dataset_mean_loss": ("mean_of_batch_means", "times_batch_size", "divides_by_batches"),
    },
    "29 the mean of multi-label BCE divides by the labels, too": {
        "binary_cross_entropy": ("divides_by_rows", "one_mean_per_row"),
        "binary_cross_entropy_with_logits": ("divides_by_rows",),
        "bce_with_logits_gradient": ("divides_by_rows",),
    },
    "30 label smoothing includes the true class, and every class's weight": {
        "cross_entropy": (
            "smoothing_others_only",
            "smoothing_without_true_class",
            "smoothing_unweighted",
            "true_weight_for_all",
        ),
    },
    "32 the reverse term is -A (1 - p), and a clamp of the labels changes A": {
        "symmetric_cross_entropy": (
            "clamps_labels_at_1e_4",
            "absolute_error",
            "factors_swapped",
            "always_minus_four",
        ),
    },
    "33 temperature scaling makes overconfident networks honest": {
        "temperature": ("not_fitted", "confidence_is_accuracy", "only_above_one"),
    },
}

READ_ONLY = {
    "31 focal loss": "no exercise has it: the book explains it, and lossbook.losses has a tested one",
    "34 BCELoss under CUDA autocast": "needs a CUDA device, which learners may lack: the book says it",
}


@pytest.mark.parametrize("fact", COVERED)
def test_a_trap_has_cases_or_mistakes(fact):
    for name, parts in COVERED[fact].items():
        exercise = get_exercise(name)
        known = {mistake.name for mistake in exercise.mistakes} | {aspect.name for aspect in exercise.aspects}
        assert set(parts) <= known, name


def test_no_fact_is_left_out():
    numbers = [int(fact.split()[0]) for fact in (*COVERED, *READ_ONLY)]
    assert sorted(numbers) == list(range(1, 35))


def test_every_exercise_covers_a_fact_or_more():
    used = {name for parts in COVERED.values() for name in parts}
    assert set(exercise_names()) - used == {"threshold_for_fpr"}
