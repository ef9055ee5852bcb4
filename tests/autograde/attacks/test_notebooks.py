"""Notebooks that were tampered with, or are none, end with the score of the honest part, or zero with the reason."""

import json
import os
import random
import socket

import pytest
from attack_bench import CANARY, EXERCISES, NAME, PLAN, POINTS, SET, SIGMOID, code, notebook

from lossbook.autograde import submission

FULL = POINTS


def find(work: dict, name: str) -> dict:
    return next(cell for cell in work["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == name)


def edited(work):
    find(work, "check-softmax")["source"] = "5.0"


def deleted(work):
    work["cells"].remove(find(work, "check-softmax"))


def all_deleted(work):
    work["cells"] = [cell for cell in work["cells"] if "'check-" not in str(cell["metadata"])]


def duplicated(work):
    work["cells"].append(json.loads(json.dumps(find(work, "check-softmax"))))


def duplicated_and_edited(work):
    extra = json.loads(json.dumps(find(work, "check-softmax")))
    work["cells"].insert(1, {**extra, "source": "5.0"})


def reordered(work):
    checks = [cell for cell in work["cells"] if "'check-" in str(cell["metadata"])]
    work["cells"] = [cell for cell in work["cells"] if cell not in checks] + checks[::-1]


def points_changed(work):
    find(work, "check-softmax")["metadata"]["nbgrader"]["points"] = 1000


def points_of_a_wrong_type(work):
    find(work, "check-softmax")["metadata"]["nbgrader"]["points"] = [float("inf"), {}]


def made_a_solution(work):
    find(work, "check-softmax")["metadata"]["nbgrader"].update(solution=True, locked=False, grade=False)


def turned_into_text(work):
    find(work, "check-softmax")["cell_type"] = "markdown"


def turned_into_nothing(work):
    find(work, "check-softmax")["cell_type"] = ["code"]


def another_id(work):
    find(work, "check-softmax")["metadata"]["nbgrader"]["grade_id"] = "check-something"


def swapped_ids(work):
    one, other = find(work, "check-softmax"), find(work, "check-sigmoid")
    one["metadata"], other["metadata"] = other["metadata"], one["metadata"]


def an_id_of_a_wrong_type(work):
    work["cells"].append({**code("1"), "metadata": {"nbgrader": {"grade_id": ["x"]}}})


def added_graded_cell(work):
    extra = {
        **code("100.0"),
        "metadata": {"nbgrader": {"grade_id": "bonus", "grade": True, "points": 100, "solution": False}},
    }
    work["cells"].append(extra)


def another_kernel(work):
    work["metadata"]["kernelspec"] = {"name": "bash", "display_name": "bash", "language": "bash"}


def a_kernel_of_a_wrong_type(work):
    work["metadata"] = {"kernelspec": [1], "language_info": "x"}


def metadata_of_a_wrong_type(work):
    work["cells"].append({**code("1"), "metadata": [1]})
    work["cells"].append({**code("1"), "metadata": {"nbgrader": "x"}})
    work["metadata"] = None


def cells_that_are_none(work):
    work["cells"][1:1] = [None, 1, "x", [], {}]


def sources_of_a_wrong_type(work):
    work["cells"] += [{"cell_type": "code", "source": value} for value in (None, 1, {"a": 1}, [1, None, "x = 1"])]


def another_format(work):
    work["nbformat"], work["nbformat_minor"] = 4, 999


def outputs_forged(work):
    result = {
        "output_type": "execute_result",
        "data": {"text/plain": "1000.0"},
        "metadata": {},
        "execution_count": 1,
    }
    find(work, "check-softmax")["outputs"] = [result]


def comments_of_the_instructor(work):
    find(work, "check-softmax")["metadata"]["nbgrader"].update(comment="well done", score=100, max_score=100)


def attachments(work):
    work["cells"].append({"cell_type": "markdown", "metadata": {}, "source": "![](attachment:a.png)",
                          "attachments": {"a.png": {"image/png": "<script>"}, "../../x": {"image/png": "aa"},
                                          "\ud800": {"image/png": "aa"}, "b": [1], "c.png": {"image/svg+xml": "<svg/>"}}})  # fmt: skip


def text_that_is_no_unicode(work):
    work["cells"].append({"cell_type": "markdown", "metadata": {}, "source": "\ud800 \x00 \x1b[2J"})


def odd_characters_in_code(work):
    work["cells"].insert(1, code("x = 'a\x00b'"))
    work["cells"].insert(1, code("x = '\x1b]0;title\x07'"))


HONEST = [
    edited, deleted, all_deleted, duplicated, duplicated_and_edited, points_changed, points_of_a_wrong_type,
    made_a_solution, turned_into_text, turned_into_nothing, another_id, an_id_of_a_wrong_type, added_graded_cell,
    another_kernel, a_kernel_of_a_wrong_type, metadata_of_a_wrong_type, cells_that_are_none, sources_of_a_wrong_type,
    another_format, outputs_forged, comments_of_the_instructor, attachments, text_that_is_no_unicode,
    odd_characters_in_code, reordered, swapped_ids,
]  # fmt: skip
REMARKED = {edited, deleted, all_deleted, duplicated, duplicated_and_edited, points_changed, points_of_a_wrong_type,
            turned_into_text, turned_into_nothing, another_id}  # fmt: skip


@pytest.mark.parametrize("change", HONEST, ids=lambda change: change.__name__)
def test_honest_solutions_keep_their_points(bench, change):
    work = notebook()
    change(work)
    result = bench.mark(work)
    if change is swapped_ids:  # the checks then come before their functions are there
        assert all(result.scores[name] in (0, points) for name, points in FULL.items())
    elif change is duplicated_and_edited:  # the first counts, and it comes before its function
        assert result.scores == {**FULL, "check-softmax": 0}
    else:
        assert result.scores == FULL
    assert bool(result.remarks) or change not in REMARKED
    assert set(result.scores) == set(FULL)
    result.text.encode("utf-8")


@pytest.mark.parametrize("change", HONEST, ids=lambda change: change.__name__)
def test_unsolved_notebooks_gain_nothing(bench, change):
    work = notebook(softmax="raise NotImplementedError", sigmoid="def sigmoid(x):\n    raise NotImplementedError")
    change(work)
    result = bench.mark(work)
    assert result.scores["check-softmax"] == 0
    assert result.scores["check-sigmoid"] == 0


def nested(depth: int) -> bytes:
    return b'{"cells": ' + b"[" * depth + b"]" * depth + b"}"


BROKEN = {
    "nothing": b"",
    "no JSON": b"\x89PNG\r\n",
    "a text": b'"hello"',
    "null": b"null",
    "a list": b"[]",
    "no cells": b'{"nbformat": 4}',
    "cells that are no list": b'{"cells": {"a": 1}, "nbformat": 4}',
    "deep JSON": nested(100_000),
    "a format of a wrong type": b'{"cells": [], "nbformat": "four"}',
    "a format that is null": b'{"cells": [], "nbformat": null}',
    "format 3 without worksheets": b'{"nbformat": 3, "worksheets": []}',
    "UTF-16": '{"cells": "\u0000"}'.encode("utf-16"),
    "bytes that are no text": b'{"cells": [\xff\xff]}',
    "a number without end": b'{"cells": [' + b"9" * 100_000 + b"]}",
    "100 MB": b'{"cells": [], "x": "' + b"a" * 100_000_000 + b'"}',
    "ten million brackets": b'{"cells": [' + b"{}," * 5_000_000 + b"{}]}",
    "too many cells": json.dumps({"cells": [code("1")] * 5_000, "nbformat": 4}).encode(),
    "too much code": json.dumps({"cells": [code("#" * 49_000)] * 20, "nbformat": 4}).encode(),
}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN)
def test_what_is_no_notebook_gets_zero_with_the_reason(bench, raw):
    result = bench.mark(raw)
    assert result.scores == dict.fromkeys(FULL, 0.0)
    assert result.remarks
    assert "No points: it" in result.text or "MB: clear its outputs" in result.text


def test_an_empty_notebook_gets_zero(bench):
    result = bench.mark({"cells": [], "nbformat": 4, "metadata": {}})
    assert result.scores == dict.fromkeys(FULL, 0.0)
    assert "was missing" in str(result.remarks)


def test_format_3_is_read(bench):
    work = notebook()
    cells = [{**cell, "input": cell["source"]} for cell in work["cells"]]
    result = bench.mark({"nbformat": 3, "worksheets": [{"cells": cells}]})
    assert result.scores == FULL


def as_link_to_a_file(folder, elsewhere):
    (folder / f"{NAME}.ipynb").symlink_to(elsewhere)


def as_link_to_a_device(folder, elsewhere):
    (folder / f"{NAME}.ipynb").symlink_to("/dev/zero")


def as_link_to_itself(folder, elsewhere):
    (folder / f"{NAME}.ipynb").symlink_to(f"{NAME}.ipynb")


def as_fifo(folder, elsewhere):
    os.mkfifo(folder / f"{NAME}.ipynb")


def as_folder(folder, elsewhere):
    (folder / f"{NAME}.ipynb").mkdir()


def as_socket(folder, elsewhere):
    old = os.getcwd()
    os.chdir(folder)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(f"{NAME}.ipynb")
    os.chdir(old)


def as_link_of_a_folder(folder, elsewhere):
    folder.rmdir()
    folder.symlink_to(elsewhere.parent)


def as_file_for_a_folder(folder, elsewhere):
    folder.rmdir()
    folder.write_text("x")


def as_nothing(folder, elsewhere):
    pass


@pytest.mark.parametrize(
    "place",
    [as_link_to_a_file, as_link_to_a_device, as_link_to_itself, as_fifo, as_folder, as_socket, as_link_of_a_folder,
     as_file_for_a_folder, as_nothing],
    ids=lambda place: place.__name__,
)  # fmt: skip
def test_what_is_no_file_gets_zero_with_the_reason(bench, place, tmp_path):
    folder = tmp_path / "eve" / SET
    folder.mkdir(parents=True)
    place(folder, bench.root / "submitted" / "other" / SET / f"{NAME}.ipynb")
    result = bench.mark_folder(folder)
    assert result.scores == dict.fromkeys(FULL, 0.0)
    assert "No points" in result.text
    assert CANARY not in result.text


def test_a_link_for_a_students_folder_gets_zero(bench, tmp_path):
    (tmp_path / "eve").symlink_to(bench.root / "submitted" / "other")
    assert bench.mark_folder(tmp_path / "eve" / SET).total == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_we_may_not_read_is_our_trouble_not_a_zero(bench):
    folder = bench.hand_in(notebook())
    (folder / f"{NAME}.ipynb").chmod(0)
    with pytest.raises(PermissionError):
        bench.mark_folder(folder)


def test_trouble_of_the_disk_is_not_a_zero(bench, monkeypatch):
    def broken(*_, **__):
        raise OSError(5, "Input/output error")

    folder = bench.hand_in(notebook())
    monkeypatch.setattr(submission.os, "open", broken)
    with pytest.raises(OSError, match="Input/output"):
        submission.read(folder, "ada", PLAN)
    assert submission.fingerprint(folder, PLAN) == ""


@pytest.mark.parametrize(
    "stamp",
    [b"yesterday", b"", b"\xff\xfe", b"9" * 900, b"2024-13-45", b"0000-00-00", b"9999-12-31 23:59:59 -2359", b"\x1b[2J",
     b"a" * 5_000, b"1 1 1 1 1 1 1", b"nan", b"12:99", b"2024-01-01 " + b"(" * 500, b"-inf", b"1e400", b"T", b"::"],
)  # fmt: skip
def test_a_bad_timestamp_costs_no_point(bench, stamp):
    folder = bench.hand_in(notebook(names=EXERCISES))
    (folder / "timestamp.txt").write_bytes(stamp)
    read = submission.read(folder, "ada", PLAN)
    assert not read.notebooks[0].trouble
    assert read.fingerprint == submission.fingerprint(folder, PLAN)
    assert read.timestamp is None or read.timestamp.tzinfo is None


def test_any_timestamp_is_read_or_remarked(bench):
    generator = random.Random(0)
    folder = bench.hand_in(notebook())
    for _ in range(300):
        text = "".join(generator.choice("0123456789:-/ TZ.,+apmjanUTC") for _ in range(generator.randrange(1, 30)))
        (folder / "timestamp.txt").write_text(text)
        read = submission.read(folder, "ada", PLAN)
        assert read.timestamp or read.remarks or not text.strip()


@pytest.mark.parametrize(
    "name", ["a b", "ünï", "x;rm -rf", "<script>", "$(id)", "-rf", "a\nb", "\x1b[2J", "%s", "'\"", "a" * 200]
)
def test_an_odd_name_of_a_student_is_only_a_name(bench, name):
    folder = bench.hand_in(notebook(names=("sigmoid",)), name)
    from attack_bench import SMALL_PLAN

    assert bench.mark_folder(folder, name, SMALL_PLAN).scores == {"check-sigmoid": SIGMOID}


def test_the_same_cases_for_the_same_work_and_others_for_a_copy(bench):
    from attack_bench import SECRET

    from lossbook.autograde.marking import _seed

    folder = bench.hand_in(notebook())
    one, other = submission.read(folder, "ada", PLAN), submission.read(folder, "ben", PLAN)
    assert _seed(SECRET, SET, one, "softmax") == _seed(SECRET, SET, one, "softmax")
    assert len({_seed(SECRET, SET, one, "softmax"), _seed(SECRET, SET, other, "softmax"), _seed(b"x", SET, one, "softmax"),
                _seed(SECRET, SET, one, "sigmoid")}) == 4  # fmt: skip
