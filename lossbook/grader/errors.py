"""What the errors mean that learners meet most: Python's and torch's own words, said again in plain ones."""

from __future__ import annotations

from lossbook.grader.outcome import Failure

_NO_SUCH_AXIS = "it names an axis that the input does not have there."
_SIGNATURE = "the signature has to stay as it was given, with all its arguments."
_TWO_DTYPES = "two dtypes meet. What you make yourself has to have the input's dtype."
_MEANINGS = (
    ("return_types.m", "x.max(dim) returns two things, values and places. Take .values, or use x.amax(dim)."),
    ("Boolean value of Tensor", "an if wants one yes or no, not a tensor of several. Ask whether it is not None."),
    (
        "Can't call numpy()",
        "NumPy knows nothing of gradients. Stay with torch's functions, so that they can flow.",
    ),
    ("converted to Python scalars", "math's functions and float() take one number. Torch's take a whole tensor."),
    ("0-d tensor", "a single number, a tensor without axes, has no length and no rows."),
    ("Dimension out of range", _NO_SUCH_AXIS),
    ("too many indices", _NO_SUCH_AXIS),
    ("unexpected keyword argument", _SIGNATURE),
    ("positional argument", _SIGNATURE),
    ("must match the size of tensor", "two shapes do not fit each other. Print both: one may have lost an axis."),
    ("is not defined", "that name is not there. Is an import missing, or a cell not run yet?"),
    ("expected scalar type", _TWO_DTYPES),
    ("same dtype", _TWO_DTYPES),
    ("in-place operation", "something that autograd needs later was overwritten. Make a new tensor."),
)


def meaning(failure: Failure) -> str:
    """Return what an error means, to follow a colon; "" where there is no more to say than its own message."""
    return next((said for part, said in _MEANINGS if part in failure.message), "")
