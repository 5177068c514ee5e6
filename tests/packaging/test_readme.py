"""What the README counts is counted here: findings of the literature that are predicted, and that are calibrated."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def marked() -> dict[str, tuple[int, int]]:
    """Per mark: how many tests of the literature carry it, and how many of these are misses."""
    found = {"predicted": [0, 0], "calibrated": [0, 0]}
    for path in sorted((ROOT / "tests" / "literature").glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                marks = {ast.unparse(one).partition("(")[0].removeprefix("pytest.mark.") for one in node.decorator_list}
                for name, counts in found.items():
                    counts[0] += name in marks
                    counts[1] += name in marks and "xfail" in marks
    return {name: (counts[0], counts[1]) for name, counts in found.items()}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("README.md", r"{}\D*?(\d+) findings?, (\d+) of them missed"),
        ("README.zh.md", r"{}\D*?(\d+)项，其中(\d+)项未命中"),
    ],
)
@pytest.mark.parametrize("mark", ["predicted", "calibrated"])
def test_counts_are_those_of_the_tests(name: str, words: str, mark: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    title = mark if name == "README.md" else {"predicted": "预测", "calibrated": "校准"}[mark]
    said = re.search(words.format(rf"\| {title} "), text)
    assert said is not None
    assert (int(said[1]), int(said[2])) == marked()[mark]


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_every_picture_and_file_that_is_named_is_there(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).exists(), target
