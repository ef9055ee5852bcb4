"""What stands behind the pages: downloads that run, the same text in each build, links that are up to date."""

import importlib.util
import zlib
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

from lossbook.sphinx.paths import HTML, PROJECT


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, PROJECT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(tool("run_downloads").install(tmp_path_factory.mktemp("wheel")))


def files(package: Path) -> set[Path]:
    found = (path.relative_to(package) for path in package.rglob("*") if path.is_file())
    return {path for path in found if "__pycache__" not in path.parts}


def test_wheel_has_every_file_of_the_package(installed: Path) -> None:
    assert files(installed / "lossbook") == files(PROJECT / "lossbook")


def test_download_runs_with_the_installed_package(installed: Path, tmp_path: Path) -> None:
    assert tool("run_downloads").run(HTML / "_sources" / "index.ipynb", installed, tmp_path) == ""


def test_download_that_fails_is_told(installed: Path, tmp_path: Path) -> None:
    broken = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    nbformat.write(broken, tmp_path / "broken.ipynb")
    told = tool("run_downloads").run(tmp_path / "broken.ipynb", installed, tmp_path)
    assert told == "ZeroDivisionError: division by zero"


def test_builds_are_compared_byte_for_byte(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        (folder / "losses").mkdir(parents=True)
        (folder / "losses" / "same.html").write_text("same")
        (folder / "page.html").write_text(f"printed in the {folder.name} build")
    (first / "alone.js").write_text("")
    alone, page = tool("compare_builds").differences(first, second)
    assert alone == "alone.js: is in one of them only"
    assert page.startswith("page.html: ")
    assert "the second build" in page
    assert not tool("compare_builds").differences(first, first)


@pytest.mark.parametrize("project", ["torch", "python"])
def test_inventories_have_the_names_that_the_book_links_to(project: str) -> None:
    maker = tool("make_inventories")
    kept = (maker.INVENTORIES / f"{project}.inv").read_bytes().split(b"\n", 4)[4]
    names = zlib.decompress(kept).decode().splitlines()
    wanted = {"torch": maker.torch_lines, "python": maker.python_lines}[project]()
    assert names == wanted, "run tools/make_inventories.py"
