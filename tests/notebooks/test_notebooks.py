"""Every notebook runs from a clean kernel: no error, no warning, no missing glyph; none is committed with outputs."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
CELL_SECONDS = 240


def notebooks() -> list[Path]:
    """All notebooks of the project, without the copies that Jupyter keeps in hidden folders."""
    found = sorted(path.relative_to(FOLDER) for path in FOLDER.rglob("*.ipynb"))
    return [path for path in found if not any(part.startswith(".") for part in path.parts)]


each_notebook = pytest.mark.parametrize("path", notebooks(), ids=Path.as_posix)


def run(notebook: nbformat.NotebookNode, folder: Path, scratch: Path) -> nbformat.NotebookNode:
    """Run all cells in a new kernel of this interpreter, in `folder`; a cell that fails raises `CellExecutionError`.

    The kernel is in fast mode and sees nothing of the user's own Jupyter and IPython set-up.
    """
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    environment |= {
        "SALESSIM_FAST": "1",
        "IPYTHONDIR": str(scratch / "ipython"),
        "JUPYTER_CONFIG_DIR": str(scratch / "jupyter"),
    }
    place = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, kernel_name="python3", timeout=CELL_SECONDS, resources=place)
    return client.execute(env=environment)


def warnings_shown(notebook: nbformat.NotebookNode) -> list[str]:
    """Warnings that a reader would see in a red box under a cell."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    lines = [line for output in outputs if output.get("name") == "stderr" for line in output["text"].splitlines()]
    return [line for line in lines if re.search(r"\w*Warning: ", line)]


RECORD = """from matplotlib.backends.backend_agg import RendererAgg as _Renderer
_drawn, _draw = set(), _Renderer.draw_text
def _recorded(self, gc, x, y, s, *rest, **named):
    _drawn.update(s)
    return _draw(self, gc, x, y, s, *rest, **named)
_Renderer.draw_text = _recorded"""
"""Notes every character that figures of the kernel draw; one without a glyph is a warning of matplotlib besides."""
TELL = "print(''.join(sorted(_drawn)))"


def with_record(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Put cells around those of a notebook so that its last output holds the characters of its figures."""
    first, last = (nbformat.v4.new_code_cell(source) for source in (RECORD, TELL))
    return nbformat.from_dict({**notebook, "cells": [first, *notebook.cells, last]})


@pytest.mark.notebook
@each_notebook
def test_notebook_runs(path: Path, tmp_path: Path) -> None:
    file = FOLDER / path
    try:
        done = run(with_record(nbformat.read(file, as_version=4)), file.parent, tmp_path)
    except CellExecutionError as error:
        pytest.fail(f"{path}: {error}", pytrace=False)
    assert not warnings_shown(done)
    drawn = done.cells[-1].outputs[0]["text"]
    assert "□" not in drawn  # stands for a character that no font has
    if "plot(" in "".join(cell.source for cell in done.cells):
        assert any("\u4e00" <= char <= "\u9fff" for char in drawn) == (path.parts[0] == "zh")


@pytest.mark.notebook
def test_a_missing_glyph_is_found(tmp_path: Path) -> None:
    plain = "%matplotlib inline\nimport matplotlib.pyplot as plt\n_ = plt.figure().text(0.5, 0.5, 'ab\\U000f0000')"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(plain)])
    done = run(with_record(notebook), tmp_path, tmp_path)
    assert any("Glyph" in line for line in warnings_shown(done))
    assert "ab" in done.cells[-1].outputs[0]["text"]


@each_notebook
def test_notebook_is_committed_without_outputs(path: Path) -> None:
    notebook = nbformat.read(FOLDER / path, as_version=4)
    nbformat.validate(notebook)
    left = [n for n, cell in enumerate(notebook.cells) if cell.get("outputs") or cell.get("execution_count")]
    assert not left, f"clear the outputs (Edit, Clear Outputs of All Cells) of cells {left}"


@pytest.mark.notebook
def test_the_kernel_is_clean_and_in_fast_mode(tmp_path: Path) -> None:
    source = "import os, sys\nprint(sys.prefix)\nprint(os.environ['SALESSIM_FAST'])\nprint(get_ipython().ipython_dir)"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    (output,) = run(notebook, tmp_path, tmp_path).cells[0].outputs
    assert output["text"].splitlines() == [sys.prefix, "1", str(tmp_path / "ipython")]


@pytest.mark.notebook
@pytest.mark.parametrize("source", ["1 / 0", "import warnings\nwarnings.warn('look here')"])
def test_a_bad_cell_is_found(source: str, tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    try:
        found = warnings_shown(run(notebook, tmp_path, tmp_path))
    except CellExecutionError as error:
        found = [str(error)]
    assert found
