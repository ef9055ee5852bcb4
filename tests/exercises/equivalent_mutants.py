"""Mutants that are no mistakes: by exercise, the change and why it changes nothing that counts."""

_ANY_SHIFT = "where all numbers are infinite the shift only has to be finite, whatever it is"

EQUIVALENT: dict[str, dict[str, str]] = {
    "logsumexp": {
        "m = torch.where(m.isinf(), 0, m) => m = torch.where(m.isinf(), -1, m)": _ANY_SHIFT,
        "m = torch.where(m.isinf(), 0, m) => m = torch.where(m.isinf(), 1, m)": _ANY_SHIFT,
    },
}
