"""Mutants that are no mistakes: by exercise, the change and why it changes nothing that counts."""

_ANY_SHIFT = "where all numbers are infinite the shift only has to be finite, whatever it is"
_SYMMETRIC = "logaddexp is the same for both orders of its arguments, in value and in gradient"
_HIDDEN_LATER = "the loss of the padding is hidden afterwards, and no gradient passes torch.where: any number does"
_ONE_NUMBER = "a tensor that holds one number adds, divides and counts as an answer like that number"
_WIDE_ENOUGH = "the interval only has to hold every answer at the start, 0.01 to 100"
_ENOUGH_STEPS = "one halving more or less changes the twelfth digit"

EQUIVALENT: dict[str, dict[str, str]] = {
    "make_target": {
        "numbers = [n for row in labels for n in row] if loss == 'multilabel' else labels.tolist() => "
        "numbers = [n for row in labels for n in row] if loss == 'multilabel' else labels": "a loop over a tensor "
        "of one axis gives its numbers one by one, too",
    },
    "logsumexp": {
        "m = torch.where(m.isinf(), 0, m) => m = torch.where(m.isinf(), -1, m)": _ANY_SHIFT,
        "m = torch.where(m.isinf(), 0, m) => m = torch.where(m.isinf(), 1, m)": _ANY_SHIFT,
    },
    "binary_cross_entropy_with_logits": {
        "cost_of_1 = torch.logaddexp(zero, -input) => cost_of_1 = torch.logaddexp(-input, zero)": _SYMMETRIC,
        "cost_of_0 = torch.logaddexp(zero, input) => cost_of_0 = torch.logaddexp(input, zero)": _SYMMETRIC,
    },
    "masked_binary_cross_entropy_with_logits": {
        "safe_input = torch.where(mask, input, 0) => safe_input = torch.where(mask, input, -1)": _HIDDEN_LATER,
        "safe_input = torch.where(mask, input, 0) => safe_input = torch.where(mask, input, 1)": _HIDDEN_LATER,
        "safe_target = torch.where(mask, target, 0) => safe_target = torch.where(mask, target, -1)": _HIDDEN_LATER,
        "safe_target = torch.where(mask, target, 0) => safe_target = torch.where(mask, target, 1)": _HIDDEN_LATER,
        "safe_target = torch.where(mask, target, 0) => safe_target = target": "the solution is careful twice: the "
        "loss of the padding is hidden afterwards, and its gradient ends at safe_input",
    },
    "dataset_mean_loss": {
        "count += len(counted) if weight is None else weight[counted].sum().item() => "
        "count += len(counted) if weight is None else weight[counted].sum()": _ONE_NUMBER,
        "total += F.cross_entropy(logits, target, weight=weight, ignore_index=ignore_index, "
        "reduction='sum').item() => total += F.cross_entropy(logits, target, weight=weight, "
        "ignore_index=ignore_index, reduction='sum')": _ONE_NUMBER,
    },
    "threshold_for_fpr": {
        "false_alarms = (negatives >= threshold).sum().item() => "
        "false_alarms = (negatives >= threshold).sum()": _ONE_NUMBER,
        "return threshold.item() => return threshold": _ONE_NUMBER,
    },
    "temperature": {
        "for _ in range(50): => for _ in range(49):": _ENOUGH_STEPS,
        "for _ in range(50): => for _ in range(51):": _ENOUGH_STEPS,
        "if expected_logit > true_logit: => if expected_logit >= true_logit:": "where both are equal T is found: "
        "the next halvings come back to it from either side",
        **{
            f"low, high = (math.log(0.001), math.log(1000)) => low, high = ({interval})": _WIDE_ENOUGH
            for interval in (
                "math.log(0.001), 1000",
                "math.log(0.001), math.log(1001)",
                "math.log(0.001), math.log(999)",
                "math.log(0.001), math.log1p(1000)",
                "math.log(0.001), math.log2(1000)",
                "math.log(0.002), math.log(1000)",
                "math.log2(0.001), math.log(1000)",
            )
        },
    },
    "cross_entropy": {
        "axis = 0 if input.dim() == 1 else 1 => axis = -1 if input.dim() == 1 else 1": "the only axis of one "
        "sample is its first and its last",
    },
}
