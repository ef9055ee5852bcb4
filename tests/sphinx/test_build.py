"""The build's own decisions, and what it and the server say when they cannot start."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from lossbook.sphinx import build, execution, serve
from lossbook.sphinx.paths import BOOK, PROJECT


def test_warnings_are_found_without_colours_and_machine_paths() -> None:
    log = f"reading\n\x1b[91m{PROJECT}/book/a.md:3: WARNING: undefined label: 'x'\x1b[39;49;00m\ndone\n"
    assert build.warnings_in(log) == ["book/a.md:3: WARNING: undefined label: 'x'"]


def test_digest_follows_names_and_contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "PROJECT", tmp_path)
    (tmp_path / "a.md").write_text("one")
    first = build.digest([tmp_path])
    assert build.digest([tmp_path]) == first
    (tmp_path / "a.md").write_text("two")
    second = build.digest([tmp_path])
    (tmp_path / "a.md").rename(tmp_path / "b.md")
    assert len({first, second, build.digest([tmp_path])}) == 3


def test_book_is_not_built_twice(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = PROJECT / "_build" / "html" / "index.html"
    if not page.exists():
        pytest.fail("there is no built book: run `make book` first", pytrace=False)
    stamp = tmp_path / "stamp.json"
    stamp.write_text('{"book": "now", "frame": "now"}')
    monkeypatch.setattr(build, "STAMP", stamp)
    monkeypatch.setattr(build, "digest_of_book", lambda: "now")
    assert build.build() == 0
    assert "up to date" in capsys.readouterr().out


def stamped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **digests: str) -> list[str]:
    """Have the last build leave this stamp; return the list of what the next one does."""
    done: list[str] = []
    stamp = tmp_path / "stamp.json"
    stamp.write_text(json.dumps(digests), encoding="utf-8")
    (tmp_path / "index.html").touch()
    monkeypatch.setattr(build, "STAMP", stamp)
    monkeypatch.setattr(build, "HTML", tmp_path)
    monkeypatch.setattr(build, "PROJECT", tmp_path)
    monkeypatch.setattr(build, "node_module", lambda name: tmp_path)
    for part in ("book", "frame", "cells"):
        monkeypatch.setattr(build, f"digest_of_{part}", lambda: "now")
    monkeypatch.setattr(build, "_execute", lambda: done.append("executed"))
    monkeypatch.setattr(
        build, "run_jupyter_book", lambda *, everything: (0, done.append("all pages" if everything else "pages"))
    )
    return done


@pytest.mark.parametrize(
    ("digests", "expected"),
    [
        ({"book": "before", "frame": "now", "cells": "now"}, ["pages"]),
        ({"book": "before", "frame": "now", "cells": "before"}, ["executed", "pages"]),
        ({"book": "before", "frame": "before", "cells": "now"}, ["executed", "all pages"]),
        ({}, ["executed", "all pages"]),
    ],
)
def test_only_what_a_change_concerns_is_done(
    digests: dict[str, str], expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = stamped(monkeypatch, tmp_path, **digests)
    assert build.build() == 0
    assert done == expected
    assert build.build() == 0
    assert done == expected, "the second time, nothing is left to do"


def test_cells_of_a_chapter_are_executed_anew_and_its_text_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "BOOK", tmp_path)
    chapter = tmp_path / "chapter.md"
    text = "# T\n\n```{code-cell} python\n:tags: [a]\nx = 1\n```\n"
    chapter.write_text(text, encoding="utf-8")
    first = build.digest_of_cells()
    chapter.write_text(f"{text}\nMore prose.\n", encoding="utf-8")
    assert build.digest_of_cells() == first
    chapter.write_text(text.replace("x = 1", "x = 2"), encoding="utf-8")
    assert build.digest_of_cells() != first


def test_pages_of_sources_are_compared_without_importing_the_modules() -> None:
    program = (
        "import sys, types; from lossbook.sphinx import sources; from sphinx.ext import viewcode;"
        "sources.setup(types.SimpleNamespace(setup_extension=id));"
        "print(viewcode.get_module_filename(None, 'lossbook.losses')); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=PROJECT)
    file, imported = done.stdout.split()
    assert Path(file).relative_to(PROJECT).parts[:2] in {("lossbook", "losses"), ("lossbook", "losses.py")}
    assert imported == "False"


def test_chapters_are_those_of_the_table_of_contents_that_have_cells() -> None:
    chapters = execution.chapters()
    assert BOOK / "index.md" in chapters
    assert BOOK / "probabilities" / "sigmoid-and-softmax.md" in chapters
    assert BOOK / "bibliography.md" not in chapters


def test_what_a_slow_cell_prints_comes_in_one_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Pieces are put together again with a line break at each border, and the clock would say where these are.
    for name in ("OMP_NUM_THREADS", "LOSSBOOK_BOOK", "IPYTHONDIR"):
        monkeypatch.setenv(name, "")
    monkeypatch.setattr(execution, "OUTPUT", tmp_path)
    execution._isolate_kernels()
    slow = "import time\nfor digit in range(3):\n    print(digit, end='')\n    time.sleep(0.3)"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(slow)])
    NotebookClient(notebook, kernel_name="python3").execute()
    assert [output["text"] for output in notebook.cells[0]["outputs"]] == ["012"]


def test_book_folder_has_no_static_folder() -> None:
    # Jupyter Book would load every script and style sheet below it on every page.
    assert not (BOOK / "_static").exists()


def test_server_says_that_there_is_no_book(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "PROJECT", tmp_path)
    monkeypatch.setattr(serve, "HTML", tmp_path / "_build" / "html")
    assert serve.main(["--no-browser"]) == 2
    assert capsys.readouterr().err == "There is no book in _build/html yet: run `make book` first.\n"


def test_server_says_that_the_port_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert serve.main(["--no-browser", "--port", str(port)]) == 2
    assert f"Port {port} cannot be used" in capsys.readouterr().err
