"""The cockpit's notebook: what it tells a reader to type works on the sample company."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat

import salessim as ss

ROOT = Path(__file__).resolve().parents[2]


def test_the_example_with_an_own_company_runs() -> None:
    notebook = nbformat.read(ROOT / "notebooks" / "00_cockpit.ipynb", as_version=4)
    (code,) = [found for cell in notebook.cells for found in re.findall(r"```python\n(.*?)```", cell.source, re.DOTALL)]
    assert code.count('"exports/"') == 1
    assert code.count("ss.cockpit(") == 1
    code = code.replace('"exports/"', "folder").replace("ss.cockpit(", "opened = ss.cockpit(")
    names: dict[str, object] = {"ss": ss, "folder": ROOT / "data" / "sample"}
    exec(code, names)
    opened = names["opened"]
    assert isinstance(opened, ss.Cockpit)
    try:
        opened.set(structure="today")  # the export says who serves whom
        while opened.study is None:
            assert not opened.wait(0.2) or opened.study is not None
        assert opened.errors == []
    finally:
        opened.close()
