"""What a chapter's results depend on, and that exactly the chapters behind a change are executed anew."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from myst_nb.core.read import read_myst_markdown_notebook

from lossbook.sphinx import build, dependencies, execution
from lossbook.sphinx.paths import BOOK, PROJECT


def names(cells: list[str], project: Path = PROJECT) -> set[str]:
    return {str(path.relative_to(project)) for path in dependencies.files_behind(cells, project)}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A package in which each way to import occurs once."""
    files = {
        "__init__.py": "def __getattr__(name):\n    from lossbook.lazy import thing\n    return thing\n",
        "lazy.py": "",
        "plots.py": "from .colours import RED\nimport math",
        "colours.py": "",
        "unused.py": "",
        "data/__init__.py": "from lossbook.data.files import read",
        "data/files.py": "",
        "data/numbers.csv": "1",
        "sets/__init__.py": "import importlib\nget = lambda n: importlib.import_module('lossbook.sets.' + n)",
        "sets/one.py": "from lossbook.only_for_one import x",
        "only_for_one.py": "",
    }
    for name, text in files.items():
        path = tmp_path / "lossbook" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


ALWAYS = {"lossbook/__init__.py", "lossbook/lazy.py"}
DATA = {f"lossbook/data/{name}" for name in ("__init__.py", "files.py", "numbers.csv")}


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("import torch", set()),
        ("import lossbook", ALWAYS),
        ("from lossbook import plots", ALWAYS | {"lossbook/plots.py", "lossbook/colours.py"}),
        ("import lossbook.colours as c", ALWAYS | {"lossbook/colours.py"}),
        ("def f():\n    from lossbook.colours import RED", ALWAYS | {"lossbook/colours.py"}),
        ("%matplotlib inline\n!ls\nfrom lossbook import colours", ALWAYS | {"lossbook/colours.py"}),
        ("run(['python', '-m', 'lossbook.colours'])", ALWAYS | {"lossbook/colours.py"}),
        ("from lossbook import data", ALWAYS | DATA),
        (
            "from lossbook.sets import get",
            ALWAYS | {"lossbook/sets/__init__.py", "lossbook/sets/one.py", "lossbook/only_for_one.py"},
        ),
    ],
)  # fmt: skip
def test_imports_are_followed(project: Path, cell: str, found: set[str]) -> None:
    assert names([cell], project) == found


def test_chapter_that_cannot_be_read_depends_on_everything(project: Path) -> None:
    assert "lossbook/unused.py" in names(["what is this?"], project)


def test_real_chapters_have_what_they_need_and_no_more() -> None:
    shown = names(["from lossbook import figures\nfrom lossbook.datasets import digits"])
    assert {"lossbook/figures.py", "lossbook/drawings.py", "lossbook/datasets/digits.npz"} <= shown
    assert not {"lossbook/models.py", "lossbook/autograde/session.py"} & shown
    report = names(["from lossbook.grader import evaluate"])
    assert {"lossbook/exercises/softmax.py", "lossbook/losses.py", "lossbook/grader/report.css"} <= report
    assert "solutions/01-probabilities/probabilities.ipynb" in names(["from lossbook.autograde import example"])


def test_no_chapter_imports_what_is_not_seen_as_its_dependency() -> None:
    program = (
        "import sys\nfrom lossbook import figures, losses, sliders\nfrom lossbook.teaching import mistakes_here\n"
        "mistakes_here(softmax='no_shift')\n"
        "print(*(m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'lossbook'), sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=PROJECT)
    loaded = {str(Path(line).relative_to(PROJECT)) for line in done.stdout.splitlines() if line.startswith("/")}
    assert len(loaded) > 20
    assert loaded <= names([program])


def test_digest_of_a_chapter_follows_what_it_imports(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (build, execution):
        monkeypatch.setattr(module, "PROJECT", project)
    (project / "constraints.txt").write_text("torch==1", encoding="utf-8")
    chapter = tmp_path / "chapter.md"
    chapter.write_text(
        "# T\n\n```{code-cell} python\n:tags: [a]\nfrom lossbook import colours\n```\n", encoding="utf-8"
    )
    first = execution.digest_behind(chapter)
    chapter.write_text(chapter.read_text(encoding="utf-8") + "More prose.\n", encoding="utf-8")
    (project / "lossbook" / "unused.py").write_text("x = 1", encoding="utf-8")
    assert execution.digest_behind(chapter) == first
    (project / "lossbook" / "colours.py").write_text("RED = 1", encoding="utf-8")
    second = execution.digest_behind(chapter)
    (project / "constraints.txt").write_text("torch==2", encoding="utf-8")
    assert len({first, second, execution.digest_behind(chapter)}) == 3


def test_cells_are_found_as_myst_nb_finds_them() -> None:
    for path in (BOOK / "index.md", BOOK / "losses" / "cross-entropy.md", BOOK / "teaching" / "run-a-class.md"):
        text = path.read_text(encoding="utf-8")
        cells = [cell.source for cell in read_myst_markdown_notebook(text).cells if cell.cell_type == "code"]
        assert [source.strip() for source in dependencies.cells_in(text)] == [source.strip() for source in cells]


class Cache:
    """As much of jupyter-cache as forgetting needs."""

    def __init__(self, *uris: str) -> None:
        self.uris = dict(enumerate(uris))

    def list_cache_records(self) -> list[Any]:
        return [SimpleNamespace(pk=pk, uri=uri) for pk, uri in self.uris.items()]

    def remove_cache(self, pk: int) -> None:
        del self.uris[pk]


def test_only_what_was_executed_with_other_code_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "CACHE", tmp_path)
    cache: Any = Cache("/here/book/a.md", "/there/book/a.md", "/here/book/part/b.md", "/here/book/gone.md")
    execution.forget_outdated(cache, {"a.md": "1", "part/b.md": "1", "gone.md": "1"})
    assert not cache.uris, "nothing is known of how these were executed"
    cache = Cache("/here/book/a.md", "/there/book/a.md", "/here/book/part/b.md", "/here/book/gone.md")
    execution.forget_outdated(cache, {"a.md": "2", "part/b.md": "1"})
    assert list(cache.uris.values()) == ["/here/book/part/b.md"]
    execution.forget_outdated(cache, {"a.md": "2", "part/b.md": "1"})
    assert list(cache.uris.values()) == ["/here/book/part/b.md"]


def test_chapters_that_are_begun_first_are_there() -> None:
    assert {BOOK / name for name in execution.LONGEST} <= set(execution.chapters())
