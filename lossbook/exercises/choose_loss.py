"""Exercise: from the description of a problem to loss, head, target and decision."""

from collections.abc import Callable, Iterator
from typing import Any

import torch

from lossbook.exercises.description import PROMPT, Aspect, Case, Exercise, Mistake

Problem = dict[str, Any]
Choice = dict[str, Any]

BCE, CE = "BCEWithLogitsLoss", "CrossEntropyLoss"


def choose_loss(problem: dict) -> dict:
    """Choose loss, head, target and decision for a classification problem.

    For two classes that exclude each other take one logit, not two.

    Args:
        problem: a dict with these entries.
            "classes": how many classes, or labels, there are to choose from, an int.
            "labels_per_sample": "exactly one", "at most one" (none of the classes is a possible answer, too,
            and the model has to be able to give it) or "any number".
            "targets": "hard" (each label is there or not) or "soft" (a probability for each).
            "batch_size": N, an int.
            "positives": how frequent a 1 is among the targets, strictly between 0 and 1: a float for a
            single yes or no, a tuple of one float per label for "any number", else None.
            "balance": whether the loss has to weigh the 1's up until they count as much as the 0's. It is
            False where "positives" is None.

    Returns:
        A dict with these entries.
            "loss": "BCEWithLogitsLoss" or "CrossEntropyLoss".
            "outputs": how many numbers the last layer gives for each sample, an int.
            "last_activation": what stands between the last layer and the loss: "none", "sigmoid", "softmax".
            "target_shape": the shape of a batch's target, a tuple of ints. A single logit per sample is
            squeezed to (N,) for a yes or no, so that class numbers will do; "any number" keeps one column for
            each label, however many there are.
            "target_dtype": "int64" or "float32".
            "decision": "logit > 0" or "argmax".
            "pos_weight": None, or what the loss needs in order to balance, with the form of "positives".

    Raises:
        ValueError: "labels_per_sample" is none of the three, or there is nothing to decide: a class that is
            there in every sample, or no class at all.
    """
    raise NotImplementedError


def reference(problem: Problem) -> Choice:
    possible = _possible_answers(problem)
    if problem["labels_per_sample"] == "any number":
        return _one_logit_per_label(problem)
    return _one_logit(problem) if possible == 2 else _one_logit_per_class(problem, possible)


def _possible_answers(problem: Problem) -> int:
    """Return how many answers exclude each other for one sample, or for one of its labels."""
    none_counts = {"exactly one": 0, "at most one": 1, "any number": 1}
    labels = problem["labels_per_sample"]
    if labels not in none_counts:
        raise ValueError(f"labels_per_sample must be one of {', '.join(none_counts)}, not {labels!r}")
    possible = int(problem["classes"]) + none_counts[labels]
    if possible < 2 or problem["classes"] < 1:
        raise ValueError(f"there is nothing to decide between {problem['classes']} classes, {labels} of them")
    return possible


def _one_logit(problem: Problem) -> Choice:
    positives = problem["positives"]
    return {
        "loss": BCE,
        "outputs": 1,
        "last_activation": "none",
        "target_shape": (problem["batch_size"],),
        "target_dtype": "float32",
        "decision": "logit > 0",
        "pos_weight": (1 - positives) / positives if problem["balance"] else None,
    }


def _one_logit_per_label(problem: Problem) -> Choice:
    positives = problem["positives"]
    return {
        "loss": BCE,
        "outputs": problem["classes"],
        "last_activation": "none",
        "target_shape": (problem["batch_size"], problem["classes"]),
        "target_dtype": "float32",
        "decision": "logit > 0",
        "pos_weight": tuple((1 - p) / p for p in positives) if problem["balance"] else None,
    }


def _one_logit_per_class(problem: Problem, classes: int) -> Choice:
    soft, n = problem["targets"] == "soft", problem["batch_size"]
    return {
        "loss": CE,
        "outputs": classes,
        "last_activation": "none",
        "target_shape": (n, classes) if soft else (n,),
        "target_dtype": "float32" if soft else "int64",
        "decision": "argmax",
        "pos_weight": None,
    }


def _problem(classes: int, labels_per_sample: str, batch_size: int, **more: Any) -> Problem:
    problem = {"classes": classes, "labels_per_sample": labels_per_sample, "targets": "hard"}
    return {**problem, "batch_size": batch_size, "positives": None, "balance": False, **more}


def problems(generator: torch.Generator) -> Iterator[Case]:
    """Every kind of problem, with small numbers first, and some with random numbers."""
    yes_no, tags = {"positives": 0.25}, {"positives": (0.5, 0.1, 0.02)}
    yield Case((_problem(2, "exactly one", 32, **yes_no),), note="is it spam?")
    yield Case((_problem(10, "exactly one", 64),), note="which digit is it?")
    yield Case((_problem(3, "any number", 16, **tags),), note="which of cat, dog and bird are in the picture?")
    yield Case(
        (_problem(2, "exactly one", 32, positives=0.01, balance=True),), note="one transaction in a hundred"
    )
    yield Case(
        (_problem(2, "exactly one", 32, positives=0.01),), note="rare, but probabilities are wanted as they are"
    )
    yield Case((_problem(3, "any number", 16, **tags, balance=True),), note="rare tags must not be missed")
    yield Case((_problem(1, "at most one", 8, positives=0.2),), note="is there a heartbeat in this second?")
    yield Case((_problem(1, "at most one", 8, positives=0.2, balance=True),), note="heartbeats are rare")
    yield Case((_problem(3, "at most one", 8),), note="cat, dog, bird, or none of them")
    yield Case((_problem(2, "at most one", 8),), note="cat, dog, or none of them")
    yield Case((_problem(4, "exactly one", 5, targets="soft"),), note="the share of the votes for each class")
    yield Case((_problem(2, "exactly one", 6, targets="soft", **yes_no),), note="the share of the votes for yes")
    yield Case((_problem(3, "any number", 4, targets="soft", **tags),), note="the share of the votes for each tag")
    yield Case((_problem(3, "at most one", 7, targets="soft"),), note="votes, none of them included")
    yield Case((_problem(1, "any number", 9, positives=(0.3,)),), note="a single tag, more to come")
    yield Case(
        (_problem(2, "any number", 9, positives=(0.3, 0.6), balance=True),), note="two tags, both may be there"
    )
    yield from random_problems(generator)


def random_problems(generator: torch.Generator) -> Iterator[Case]:
    """One problem of each kind with random numbers."""

    def number(low: int, high: int) -> int:
        return int(torch.randint(low, high, (), generator=generator))

    shares = tuple(number(2, 46) / 100 for _ in range(number(4, 7)))
    yield Case((_problem(2, "exactly one", number(20, 200), positives=number(2, 46) / 100, balance=True),))
    yield Case((_problem(number(5, 60), "exactly one", number(100, 200)),))
    yield Case((_problem(number(5, 60), "exactly one", number(100, 200), targets="soft"),))
    yield Case((_problem(number(5, 60), "at most one", number(100, 200)),))
    yield Case((_problem(len(shares), "any number", number(20, 200), positives=shares, balance=True),))


def impossible(generator: torch.Generator) -> Iterator[Case]:
    """Problems that are none, or that nobody has described."""
    yield Case((_problem(1, "exactly one", 8),), note="the class is there in every sample")
    yield Case((_problem(0, "at most one", 8),), note="no class")
    yield Case((_problem(0, "any number", 8, positives=()),), note="no label")
    yield Case((_problem(3, "at least one", 8),), note="not one of the three")
    yield Case((_problem(3, "one", 8),), note="not one of the three")


def _changed(change: Callable[[Problem, Choice], Choice]) -> Callable[[Problem], Choice]:
    """Return a wrong solution: the right answer, with what ``change`` makes of it."""
    return lambda problem: {**(right := reference(problem)), **change(problem, right)}


def _is_multilabel(problem: Problem) -> bool:
    return bool(problem["labels_per_sample"] == "any number")


def _is_yes_or_no(problem: Problem, right: Choice) -> bool:
    return right["loss"] == BCE and not _is_multilabel(problem)


def ce_for_labels(problem: Problem, right: Choice) -> Choice:
    if not _is_multilabel(problem):
        return {}
    return {**_one_logit_per_class(problem, problem["classes"]), "outputs": right["outputs"]}


def sigmoids_for_classes(problem: Problem, right: Choice) -> Choice:
    if right["loss"] == BCE:
        return {}
    shape = (problem["batch_size"], right["outputs"])
    return {"loss": BCE, "target_shape": shape, "target_dtype": "float32", "decision": "logit > 0"}


def two_logits_for_two_classes(problem: Problem, right: Choice) -> Choice:
    return _one_logit_per_class(problem, 2) if _is_yes_or_no(problem, right) else {}


def two_outputs_into_bce(problem: Problem, right: Choice) -> Choice:
    return {"outputs": 2} if _is_yes_or_no(problem, right) else {}


def none_forgotten(problem: Problem, right: Choice) -> Choice:
    if problem["labels_per_sample"] != "at most one" or problem["classes"] < 2:
        return {}
    return reference({**problem, "labels_per_sample": "exactly one", "positives": 0.5})


def none_for_labels(problem: Problem, right: Choice) -> Choice:
    if not _is_multilabel(problem):
        return {}
    outputs = problem["classes"] + 1
    return {"outputs": outputs, "target_shape": (problem["batch_size"], outputs)}


def activation_by_loss(problem: Problem, right: Choice) -> Choice:
    return {"last_activation": "sigmoid" if right["loss"] == BCE else "softmax"}


def softmax_before_ce(problem: Problem, right: Choice) -> Choice:
    return {"last_activation": "softmax"} if right["loss"] == CE else {}


def sigmoid_before_bce(problem: Problem, right: Choice) -> Choice:
    return {"last_activation": "sigmoid"} if right["loss"] == BCE else {}


def always_int64(problem: Problem, right: Choice) -> Choice:
    return {"target_dtype": "int64"}


def always_float32(problem: Problem, right: Choice) -> Choice:
    return {"target_dtype": "float32"}


def dtypes_swapped(problem: Problem, right: Choice) -> Choice:
    return {"target_dtype": "int64" if right["target_dtype"] == "float32" else "float32"}


def one_hot_target(problem: Problem, right: Choice) -> Choice:
    return {"target_shape": (problem["batch_size"], right["outputs"])} if right["loss"] == CE else {}


def column_target(problem: Problem, right: Choice) -> Choice:
    return {"target_shape": (problem["batch_size"], 1)} if _is_yes_or_no(problem, right) else {}


def flat_target(problem: Problem, right: Choice) -> Choice:
    return {"target_shape": (problem["batch_size"],)}


def soft_ignored(problem: Problem, right: Choice) -> Choice:
    return reference({**problem, "targets": "hard"})


def always_argmax(problem: Problem, right: Choice) -> Choice:
    return {"decision": "argmax"}


def argmax_for_labels(problem: Problem, right: Choice) -> Choice:
    return {"decision": "argmax"} if _is_multilabel(problem) else {}


def logit_above_half(problem: Problem, right: Choice) -> Choice:
    return {"decision": "logit > 0.5"} if right["loss"] == BCE else {}


def _weights(problem: Problem, weight: Callable[[float], float]) -> Choice:
    positives = problem["positives"]
    if not problem["balance"]:
        return {}
    return {"pos_weight": tuple(map(weight, positives)) if _is_multilabel(problem) else weight(positives)}


def one_over_share(problem: Problem, right: Choice) -> Choice:
    return _weights(problem, lambda p: 1 / p)


def weight_upside_down(problem: Problem, right: Choice) -> Choice:
    return _weights(problem, lambda p: p / (1 - p))


def share_of_zeros(problem: Problem, right: Choice) -> Choice:
    return _weights(problem, lambda p: 1 - p)


def always_weighs(problem: Problem, right: Choice) -> Choice:
    if problem["positives"] is None:
        return {}
    return _weights({**problem, "balance": True}, lambda p: (1 - p) / p)


def never_weighs(problem: Problem, right: Choice) -> Choice:
    return {"pos_weight": None}


def one_weight_for_all(problem: Problem, right: Choice) -> Choice:
    if not (_is_multilabel(problem) and problem["balance"]):
        return {}
    mean = sum(problem["positives"]) / len(problem["positives"])
    return {"pos_weight": (1 - mean) / mean}


def unchecked(problem: Problem) -> Choice:
    if _is_multilabel(problem):
        return _one_logit_per_label(problem)
    possible = problem["classes"] + (problem["labels_per_sample"] == "at most one")
    return _one_logit(problem) if possible == 2 else _one_logit_per_class(problem, possible)


def class_counts_unchecked(problem: Problem) -> Choice:
    if problem["labels_per_sample"] not in ("exactly one", "at most one", "any number"):
        raise ValueError(problem["labels_per_sample"])
    return unchecked(problem)


EXERCISE = Exercise(
    name="choose_loss",
    stub=choose_loss,
    reference=reference,
    source=PROMPT,
    aspects=(
        Aspect("loss", 1, problems, entries=("loss",)),
        Aspect("outputs", 1, problems, entries=("outputs",)),
        Aspect("last activation", 1, problems, entries=("last_activation",)),
        Aspect("target: shape", 1, problems, entries=("target_shape",)),
        Aspect("target: dtype", 1, problems, entries=("target_dtype",)),
        Aspect("decision", 1, problems, entries=("decision",)),
        # computed with tensors it is a float32 number, and as good
        Aspect("weight of the positives", 1, problems, entries=("pos_weight",), accuracy=1e-5),
        Aspect("no problem at all", 1, impossible),
    ),
    mistakes=(
        Mistake(
            "ce_for_labels",
            "chooses CrossEntropyLoss for any number of labels: its softmax lets one label win, and these do not "
            "exclude each other",
            _changed(ce_for_labels),
            "multi-label",
        ),
        Mistake(
            "sigmoids_for_classes",
            "chooses BCEWithLogitsLoss for three and more classes that exclude each other: it judges each alone, "
            "and nothing makes them share one total of 1",
            _changed(sigmoids_for_classes),
            "choose",
        ),
        Mistake(
            "two_logits_for_two_classes",
            "gives two classes two logits and CrossEntropyLoss: that trains the same functions, but one logit was "
            "asked for",
            _changed(two_logits_for_two_classes),
            "two-heads",
        ),
        Mistake(
            "two_outputs_into_bce",
            "gives BCEWithLogitsLoss two outputs for two classes: it wants one logit, and raises the forum's "
            "error",
            _changed(two_outputs_into_bce),
            "forum-error",
        ),
        Mistake(
            "none_forgotten",
            "has no output for none of the classes: the softmax has to give its whole 1 to the classes that it "
            "has",
            _changed(none_forgotten),
            "choose",
        ),
        Mistake(
            "none_for_labels",
            "gives none of the labels an output of its own: if no logit is above 0, that is said already",
            _changed(none_for_labels),
            "multi-label",
        ),
        Mistake(
            "activation_by_loss",
            "ends the model in a sigmoid or a softmax: both losses have theirs inside, and squash a second time",
            _changed(activation_by_loss),
            "three-configurations",
        ),
        Mistake(
            "softmax_before_ce",
            "ends the model in a softmax before CrossEntropyLoss, which has one inside",
            _changed(softmax_before_ce),
            "three-configurations",
        ),
        Mistake(
            "sigmoid_before_bce",
            "ends the model in a sigmoid before BCEWithLogitsLoss, which has one inside",
            _changed(sigmoid_before_bce),
            "three-configurations",
        ),
        Mistake(
            "always_int64",
            "makes every target int64: BCE calculates with its targets, and probabilities are floats anyway",
            _changed(always_int64),
            "targets",
        ),
        Mistake(
            "always_float32",
            "makes every target float32: class numbers for CrossEntropyLoss are looked up, and have to be int64",
            _changed(always_float32),
            "targets",
        ),
        Mistake(
            "dtypes_swapped",
            "has the dtypes the wrong way round: class numbers are int64, everything else is float32",
            _changed(dtypes_swapped),
            "targets",
        ),
        Mistake(
            "one_hot_target",
            "gives CrossEntropyLoss one column per class for hard labels: their class numbers, (N,), will do",
            _changed(one_hot_target),
            "targets",
        ),
        Mistake(
            "column_target",
            "keeps a column (N, 1) for a yes or no, where the logits have been squeezed to (N,)",
            _changed(column_target),
            "targets",
        ),
        Mistake(
            "flat_target",
            "gives every target the shape (N,): labels, and probabilities of classes, need one column each",
            _changed(flat_target),
            "targets",
        ),
        Mistake(
            "soft_ignored",
            "turns soft targets into class numbers: CrossEntropyLoss takes a probability for each class as well",
            _changed(soft_ignored),
            "targets",
        ),
        Mistake(
            "always_argmax",
            "decides by argmax throughout: of a single logit it is always 0, and of several labels it takes one",
            _changed(always_argmax),
            "decision",
        ),
        Mistake(
            "argmax_for_labels",
            "decides by argmax for any number of labels: it always takes exactly one",
            _changed(argmax_for_labels),
            "multi-label",
        ),
        Mistake(
            "logit_above_half",
            "compares the logit with 0.5: a probability of 0.5 is a logit of 0",
            _changed(logit_above_half),
            "decision",
        ),
        Mistake(
            "one_over_share",
            "weighs the 1's by all samples over the positives: to balance, negatives over positives is right",
            _changed(one_over_share),
            "choose",
        ),
        Mistake(
            "weight_upside_down",
            "weighs the 1's by positives over negatives: that makes what is rare rarer still",
            _changed(weight_upside_down),
            "choose",
        ),
        Mistake(
            "share_of_zeros",
            "weighs the 1's by the share of the 0's: that is below 1, so the 1's count less than before",
            _changed(share_of_zeros),
            "choose",
        ),
        Mistake(
            "always_weighs",
            "weighs the 1's whenever their share is known: nobody asked for it, and it spoils the probabilities",
            _changed(always_weighs),
            "choose",
        ),
        Mistake(
            "never_weighs",
            "leaves the 1's as they are where the loss was to balance them",
            _changed(never_weighs),
            "choose",
        ),
        Mistake(
            "one_weight_for_all",
            "gives all labels the same weight: some are rarer than others, and pos_weight has one number for each",
            _changed(one_weight_for_all),
            "multi-label",
        ),
        Mistake(
            "class_counts_unchecked",
            "chooses a loss where there is nothing to decide: one class alone costs 0 under CrossEntropyLoss, "
            "always",
            class_counts_unchecked,
            "choose",
        ),
        Mistake(
            "unchecked",
            "chooses a loss for any description: a typing error in it then goes unnoticed",
            unchecked,
            "choose",
        ),
    ),
    hints=(
        "First ask what excludes what: how many answers are possible for one sample of which exactly one is true? "
        "With any number of labels, that question is asked once for each label.",
        "Two possible answers need one logit, more of them one logit each; none of the classes is an answer as "
        "well where it may occur. Losses with logits have their activation inside.",
        "Write three branches that each return a whole dict: any number (one column per label), two possible "
        "answers (one logit), and more. To balance, the share p of the 1's needs the weight (1 - p) / p.",
    ),
    chapter="losses/bce-versus-ce",
    problem_set="04-bce-versus-ce",
    forbidden=frozenset(),
    difficulty=3,
    minutes=30,
)
