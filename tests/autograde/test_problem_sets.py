"""The notebooks of the problem sets say what the descriptions say, and the release is what nbgrader makes."""

import ast
import inspect
import re
from pathlib import Path

import nbformat
import pytest
from nbconvert.exporters import NotebookExporter
from nbgrader.preprocessors import ClearOutput, ClearSolutions, LockCells
from traitlets.config import Config

from lossbook.exercises import SETS, get_exercise
from lossbook.workbook import load

ROOT = Path(__file__).resolve().parents[2]
EXERCISES = [(folder, name) for folder, names in SETS.items() for name in names]


def notebook_of(folder, kind):
    (path,) = (ROOT / kind / folder).glob("*.ipynb")
    return path, nbformat.read(path, as_version=4)


def cell(notebook, grade_id):
    (found,) = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id]
    return found


@pytest.mark.parametrize(("folder", "name"), EXERCISES)
def test_the_stub_is_the_descriptions(folder, name):
    _, notebook = notebook_of(folder, "exercises")
    written = ast.parse(cell(notebook, name).source)
    described = ast.parse(inspect.getsource(get_exercise(name).stub))
    assert ast.dump(written) == ast.dump(described)


@pytest.mark.parametrize(("folder", "name"), EXERCISES)
def test_the_graded_cell_is_one_check_with_the_descriptions_points(folder, name):
    for kind in ("solutions", "exercises"):
        graded = cell(notebook_of(folder, kind)[1], f"check-{name}")
        assert graded.source == f'check("{name}", {name})'
        assert graded.metadata.nbgrader.points == get_exercise(name).points
        assert graded.metadata.nbgrader.grade
        assert graded.metadata.nbgrader.locked


@pytest.mark.parametrize(("folder", "name"), EXERCISES)
def test_the_prompt_names_difficulty_minutes_and_points_and_shows_a_picture(folder, name):
    exercise = get_exercise(name)
    prompt = cell(notebook_of(folder, "solutions")[1], f"{name}-prompt").source
    assert "●" * exercise.difficulty + "○" * (5 - exercise.difficulty) in prompt
    assert f"about {exercise.minutes} minutes · {exercise.points} points" in prompt
    pictures = re.findall(r"!\[(.*?)\]\((.*?)\)", prompt)
    assert pictures
    for alt, picture in pictures:
        assert len(alt) > 30
        assert (ROOT / "solutions" / folder / picture).exists()


@pytest.mark.parametrize("folder", SETS)
def test_the_source_solves_everything(folder):
    workbook = load(notebook_of(folder, "solutions")[0])
    assert workbook.errors == []
    assert tuple(workbook.functions) == SETS[folder]


@pytest.mark.parametrize("folder", SETS)
def test_the_release_is_what_nbgrader_makes_of_the_source(folder):
    """The same steps as ``nbgrader generate_assignment``, without a gradebook; ``make release`` runs those."""
    source, _ = notebook_of(folder, "solutions")
    released, released_notebook = notebook_of(folder, "exercises")
    config = Config({"ClearSolutions": {"code_stub": {"python": "raise NotImplementedError"}}})
    exporter = NotebookExporter(config=config)
    for step in (LockCells, ClearSolutions, ClearOutput):
        exporter.register_preprocessor(step(parent=exporter), enabled=True)
    made = nbformat.reads(exporter.from_filename(str(source))[0], as_version=4)
    assert released.name == source.name
    assert [(c.cell_type, c.source) for c in made.cells] == [
        (c.cell_type, c.source) for c in released_notebook.cells
    ]
    assert "SOLUTION" not in released.read_text()
    pictures = {p.name: p.read_bytes() for p in (source.parent / "figures").iterdir()}
    assert pictures == {p.name: p.read_bytes() for p in (released.parent / "figures").iterdir()}
