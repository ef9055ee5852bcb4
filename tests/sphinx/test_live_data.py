"""What exercises inside a page load, and what they show where nothing is loaded."""

import gzip
import json
import sys
import types
from pathlib import Path

import pytest

from lossbook.live.page import later
from lossbook.live.twins import TWINS
from lossbook.sphinx import live_assets, live_python
from lossbook.sphinx.live import examples
from lossbook.sphinx.paths import HTML, STATIC, BrokenPart
from lossbook.sphinx.plain import plain_markdown


def test_archive_survives_the_way_to_the_page(tmp_path: Path) -> None:
    files = {"b/c.py": b"x = 1\n", "a.py": b"", "b/__init__.py": "ü".encode()}
    archive = live_python.pack(files)
    later.unpack(archive, str(tmp_path))
    found = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*.py")}
    assert found == files
    assert live_python.pack(dict(reversed(files.items()))) == archive


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("json/__init__.py", "json"),
        ("json/tool.py", "json.tool"),
        ("numpy/random/_pcg64.cpython-312-wasm32-emscripten.so", "numpy.random._pcg64"),
    ],
)
def test_file_is_found_by_its_modules_name(path: str, name: str) -> None:
    assert live_python.module_name(path) == name


def test_later_import_fetches_an_archive_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = gzip.compress(live_python.pack({"seldom/__init__.py": b"x = 1", "seldom/more.py": b"y = 2"}))
    fetched: list[str] = []

    def fetch(name: str) -> bytes:
        fetched.append(name)
        return archive

    monkeypatch.setattr(later, "FOLDER", str(tmp_path))
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    later.install({"seldom": "some.bin", "seldom.more": "some.bin"}, fetch)
    import seldom.more  # type: ignore[import-not-found]

    assert (seldom.x, seldom.more.y, fetched) == (1, 2, ["some.bin"])
    with pytest.raises(ModuleNotFoundError):
        import no_such_module  # noqa: F401
    for name in ("seldom", "seldom.more"):
        del sys.modules[name]


@pytest.mark.parametrize("count", [1, 7, 8, 9, 64])
def test_compiled_code_names_no_line_and_its_errors_can_be_shown(count: int) -> None:
    # The table has to speak of each instruction: with an empty one Python 3.12 cannot print a traceback.
    source = (STATIC / "live" / "cut.py").read_text(encoding="utf-8").split("\nstart()\n")[0]
    cut: dict[str, object] = {}
    exec(source, cut)
    code = compile("def f():\n    " + "x = 1; " * count + "raise KeyError\n", "library", "exec")
    cut_code = cut["without_line_numbers"](code)  # type: ignore[operator]
    (inner,) = [constant for constant in cut_code.co_consts if isinstance(constant, types.CodeType)]
    places = list(inner.co_positions())
    assert len(places) == len(inner.co_code) // 2
    assert {place[0] for place in places} == {None}


def test_notebook_calls_the_box_by_its_purpose() -> None:
    text = plain_markdown("```{live} softmax\nWrite it.\n```")
    assert text == "> **Write it yourself: softmax**\n>\n> Write it.\n"


def test_playground_is_split_into_examples() -> None:
    assert examples(["%% One", "x = 1", "", "%% Two", "", "y = 2"]) == [("One", "x = 1\n"), ("Two", "y = 2\n")]
    assert examples(["x = 1", "%% Two", "y = 2"]) == [("", "x = 1\n"), ("Two", "y = 2\n")]


def test_playground_without_scripts_has_every_example() -> None:
    text = (HTML / "playground.html").read_text(encoding="utf-8")
    box = text.split('data-name="playground"')[1].split("</live-exercise>")[0]
    assert '<button type="button">Curves</button>' in box
    assert box.count("<button") == box.count("<pre>")
    assert box.count("<details") == box.count("<pre>") - 1 >= 6


def test_first_run_stays_within_its_budget() -> None:
    folder = HTML / "_static" / "live"
    sizes = {name: (folder / name).stat().st_size for name in live_python.FIRST}
    assert sum(sizes.values()) < 5_800_000, sizes


def test_all_that_a_page_loads_is_there() -> None:
    folder = HTML / "_static" / "live"
    expected = {"live.css", "live.js", "worker.js", "editor.js", *(f"{name}.json" for name in TWINS)}
    expected |= {*live_python.FIRST, "later-library.bin", "later-numpy.bin"}
    assert {path.name for path in folder.iterdir()} == expected
    for name in TWINS:
        assert json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["name"] == name


def test_script_that_cannot_be_bundled_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "live.js").write_text("import './missing.js'")
    monkeypatch.setattr(live_assets, "SOURCES", tmp_path)
    monkeypatch.setattr(live_assets, "BUNDLES", (("iife", ("live.js",)),))
    with pytest.raises(BrokenPart, match=r"Could not resolve.*missing\.js"):
        live_assets.bundle(tmp_path / "out", {"sizes": {}, "lock": {}})


def test_page_without_scripts_has_the_code_the_hints_and_the_solution() -> None:
    text = (HTML / "probabilities" / "sigmoid-and-softmax.html").read_text(encoding="utf-8")
    box = text.split('data-name="softmax"')[1].split("</live-exercise>")[0]
    assert box.count("<details") == 4
    assert "NotImplementedError" in box
    assert "Hint 1 of 3" in box
    assert "Solution" in box


def test_pages_without_exercises_load_none_of_it() -> None:
    text = (HTML / "reference" / "which-loss.html").read_text(encoding="utf-8")
    assert "/live/" not in text
