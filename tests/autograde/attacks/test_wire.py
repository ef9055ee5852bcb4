"""Whatever comes over the wire is an Outcome or a BadMessage, small, and judged without a stumble."""

import contextlib
import json
import socket
import struct
import threading
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lossbook.autograde import wire
from lossbook.autograde.session import _clean
from lossbook.autograde.values import decode_outcome, encode_outcome
from lossbook.autograde.wire import BadMessage
from lossbook.autograde.workers import LearnerProcess, LearnerProcessEnded
from lossbook.exercises import get_exercise
from lossbook.grader.evaluation import judge
from lossbook.grader.outcome import Outcome

GOOD = encode_outcome(Outcome(value=1.0), [])
FIELDS = sorted(GOOD)


def reader(raw: bytes):
    position = 0

    def read(length):
        nonlocal position
        chunk = raw[position : position + length]
        position += len(chunk)
        return chunk

    return read


def message(text: bytes, body: bytes = b"") -> bytes:
    return struct.pack("<II", len(text), len(body)) + text + body


MESSAGES = {
    "a huge header": struct.pack("<II", 2**32 - 1, 0),
    "a huge body": struct.pack("<II", 2, 2**32 - 1) + b"{}",
    "deep JSON": message(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "deep objects": message(b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
    "no JSON": message(b"\xff\xfe"),
    "JSON that is no object": message(b"[1]"),
    "a number": message(b"5.0"),
    "a number of a million digits": message(b'{"a":' + b"9" * 1_000_000 + b"}"),
    "no lengths": message(b"{}"),
    "lengths of a wrong type": message(b'{"blobs": "5"}'),
    "a negative length": message(b'{"blobs": [-1, 1]}'),
    "a length that is true": message(b'{"blobs": [true]}', b"a"),
    "a length that is a fraction": message(b'{"blobs": [1.0]}', b"a"),
    "lengths that do not add up": message(b'{"blobs": [2]}', b"a"),
    "a length beyond all": message(b'{"blobs": [1' + b"0" * 400 + b"]}"),
    "a pickle": message(b"\x80\x04\x95"),
}


@pytest.mark.parametrize("raw", MESSAGES.values(), ids=MESSAGES)
def test_a_malformed_message_is_refused(raw):
    with pytest.raises(BadMessage):
        wire.unpack(reader(raw))


@pytest.mark.parametrize("length", range(0, 40, 3))
def test_a_message_that_is_cut_off_is_an_end(length):
    whole = wire.pack({"outcome": GOOD}, [b"12345"])
    with pytest.raises(EOFError):
        wire.unpack(reader(whole[: min(length, len(whole) - 1)]))


ANSWERS = {
    "an array without numbers": {"array": 0, "dtype": "float32", "shape": [1]},
    "an array of objects": {"array": 0, "dtype": "object", "shape": [1]},
    "a dtype that is code": {"array": 0, "dtype": "f4,(1000000000)f8", "shape": [1]},
    "a dtype of a wrong type": {"array": 0, "dtype": ["float32"], "shape": [1]},
    "a giant shape": {"array": 0, "dtype": "float32", "shape": [2**31, 2**31]},
    "a shape whose product wraps around": {"array": 0, "dtype": "uint8", "shape": [2**32, 2**32, 8]},
    "a negative shape": {"array": 0, "dtype": "float32", "shape": [-1, -2]},
    "a shape with true in it": {"array": 0, "dtype": "float32", "shape": [True, 2]},
    "a shape with NaN in it": {"array": 0, "dtype": "float32", "shape": [float("nan")]},
    "a thousand axes": {"array": 0, "dtype": "float32", "shape": [1] * 1000},
    "a negative position": {"array": -1, "dtype": "float32", "shape": [2]},
    "a position beyond": {"array": 5, "dtype": "float32", "shape": [2]},
    "one array twice": {"tuple": [{"array": 0, "dtype": "float32", "shape": [2]}] * 2},
    "a tuple that is too long": {"tuple": [None] * 100_000},
    "many tuples that are short": {"tuple": [{"tuple": [None] * 10}] * 100},
    "a list that is too long": {"list": [1] * 1000},
    "a list of texts": {"list": ["a"]},
    "a list of lists": {"list": [[1]]},
    "a list with a number beyond all arrays": {"list": [10**30]},
    "a list that is a text": {"list": "abc"},
    "a tuple that is a text": {"tuple": "abc"},
    "a tuple that is too deep": {"tuple": [{"tuple": [{"tuple": [{"tuple": [{"tuple": [{"tuple": [{"tuple": [
        {"tuple": [{"tuple": []}]}]}]}]}]}]}]}]},
    "a dict without values": {"dict": [["a"]]},
    "a dict with numbers for keys": {"dict": [[1, 2]]},
    "a dict with NaN for a key": {"dict": [[float("nan"), 2]]},
    "an unknown kind": {"surprise": 1},
    "nothing": {},
    "a list": [1, 2],
    "an Other without a name": {"other": None},
}  # fmt: skip


@pytest.mark.parametrize("value", ANSWERS.values(), ids=ANSWERS)
def test_a_malformed_answer_is_refused(value):
    with pytest.raises(BadMessage):
        decode_outcome({**GOOD, "value": value}, [b"\0" * 8])


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    "wrong", [{"a": 1}, -1, "x\ud800", [[[]]], 2**70, float("nan"), None, [None, {}]], ids=repr
)
def test_a_wrong_type_in_any_field_is_refused_or_made_harmless(field, wrong):
    try:
        outcome = decode_outcome({**GOOD, field: wrong}, [])
    except BadMessage:
        return
    json.dumps(repr(outcome)).encode()


def test_a_missing_field_is_refused():
    for field in FIELDS:
        with pytest.raises(BadMessage):
            decode_outcome({name: value for name, value in GOOD.items() if name != field}, [])


def test_surrogates_can_be_written_to_a_file_afterwards():
    outcome = decode_outcome({**GOOD, "printed": "\ud800", "value": "\udfff"}, [])
    (outcome.printed + outcome.value).encode("utf-8")


def test_an_integer_beyond_all_arrays_is_no_number():
    assert decode_outcome({**GOOD, "value": 10**400}, []).value != 10**400


def test_a_short_message_cannot_have_one_blob_copied_many_times():
    one = {"array": 0, "dtype": "uint8", "shape": [1 << 20]}
    with pytest.raises(BadMessage):
        decode_outcome({**GOOD, "value": {"tuple": [one] * 1000}}, [b"\0" * (1 << 20)])


def test_a_short_list_of_numbers_arrives_as_one():
    for value in ([], [True, 2, 0.5]):
        assert decode_outcome(encode_outcome(Outcome(value=value), []), []).value == value


def test_bytes_that_are_no_bools_become_bools():
    value = decode_outcome({**GOOD, "value": {"array": 0, "dtype": "bool", "shape": [2]}}, [b"\x07\x00"]).value
    assert value.numbers.tolist() == [True, False]


ARRAYS = st.builds(
    lambda position, dtype, shape: {"array": position, "dtype": dtype, "shape": shape},
    st.integers(-1, 3),
    st.sampled_from(["float32", "float64", "int64", "bool", "complex64", "bfloat16", "object", "V8"]),
    st.lists(st.integers(-1, 4), max_size=4),
)
PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(), max_size=5), st.just("\ud800")
)
VALUES = st.recursive(
    st.one_of(PLAIN, ARRAYS, st.builds(lambda x: {"other": x}, PLAIN)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.builds(lambda x: {"tuple": x}, st.lists(inner, max_size=3)),
        st.builds(lambda x: {"dict": x}, st.lists(st.tuples(PLAIN, inner).map(list), max_size=3)),
        st.dictionaries(st.sampled_from(["array", "tuple", "dict", "other", "x"]), inner, max_size=3),
    ),
    max_leaves=6,
)
BLOBS = st.lists(st.binary(max_size=64), max_size=3)
OUTCOMES = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4).map(lambda found: {**GOOD, **found})
quick = settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))


@quick
@given(st.one_of(OUTCOMES, VALUES), BLOBS)
def test_anything_is_a_bad_message_or_an_outcome(data, blobs):
    with contextlib.suppress(BadMessage):
        assert isinstance(decode_outcome(data, blobs), Outcome)


JUDGED = (
    "softmax",
    "loss_of_one_logit",
    "make_target",
    "choose_loss",
    "probability_and_decision",
    "threshold_for_fpr",
)


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(JUDGED), OUTCOMES, BLOBS)
def test_any_outcome_is_judged_and_shown_without_a_stumble(name, data, blobs):
    try:
        outcome = decode_outcome(data, blobs)
    except BadMessage:
        return
    exercise = get_exercise(name)
    drawn = exercise.draw(1)
    report = judge(exercise, 1, drawn, [[outcome for _ in cases] for _, cases in drawn])
    assert not report.passed
    (str(report) + report._repr_html_()).encode()


@quick
@given(st.one_of(VALUES, st.dictionaries(st.sampled_from(["output_type", "name", "text", "data", "traceback", "ename"]),
                                         st.one_of(VALUES, st.sampled_from(["stream", "error", "display_data"])))))  # fmt: skip
def test_any_output_is_cleaned_or_left_out(output):
    clean = _clean(output)
    if clean is not None:
        json.dumps(clean, ensure_ascii=False).encode()


@quick
@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_an_end_or_refused(raw):
    with contextlib.suppress(BadMessage, EOFError):
        wire.unpack(reader(raw))


class NoWarm:
    def end_child(self):
        return {}


def test_a_message_that_drips_is_given_up_in_time():
    ours, theirs = socket.socketpair()
    ended = threading.Event()

    def drip() -> None:
        for byte in wire.pack({"ready": True}) * 100:
            if ended.wait(0.05):
                return
            try:
                theirs.send(bytes([byte]))
            except OSError:
                return

    dripping = threading.Thread(target=drip)
    dripping.start()
    start = time.monotonic()
    with pytest.raises(LearnerProcessEnded, match="did not answer"):
        LearnerProcess(NoWarm(), ours).listen(0.4)
    assert time.monotonic() - start < 10
    ended.set()
    dripping.join()
    ours.close()
    theirs.close()


def test_a_process_that_takes_no_message_is_given_up_in_time():
    ours, theirs = socket.socketpair()
    with pytest.raises(LearnerProcessEnded):
        LearnerProcess(NoWarm(), ours).tell({"do": "calls"}, 0.2, [np.zeros(1 << 22).tobytes()])
    ours.close()
    theirs.close()
