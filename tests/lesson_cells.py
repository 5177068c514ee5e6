"""What tests of lessons share: the cells of a lesson, and whether its exercises are checked and solved as it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat

import salessim as ss
from salessim.lessons import EXERCISES

__all__ = ["Lesson", "answers_are_told_apart"]


class Lesson:
    """A lesson in English: its file, and its cells as pairs of kind and source."""

    def __init__(self, name: str) -> None:
        self.file = Path(__file__).resolve().parents[1] / "notebooks" / f"{name}.ipynb"
        self.cells = [(cell.cell_type, cell.source) for cell in nbformat.read(self.file, as_version=4).cells]
        self.number = name[1]  # "02_pay_plan" has the exercises 2.1, 2.2, ...

    @property
    def exercises(self) -> list[str]:
        """Numbers of the exercises that have answers."""
        return [name.split()[0] for name in EXERCISES if name.startswith(f"{self.number}.")]

    def cell_with(self, text: str) -> str:
        """Return the one code cell that holds a text, without magics and pictures."""
        (found,) = (source for kind, source in self.cells if kind == "code" and text in source)
        return "\n".join(line for line in found.splitlines() if not line.startswith("%") and ".plot(" not in line)

    def asks_and_solves(self, *solutions: str) -> None:
        """Hold that every exercise is asked in the cell of answers, and that the folded solutions hold these words."""
        namespace: dict[str, Any] = {"ss": ss}
        exec(self.cell_with("answers = {").split("for exercise")[0], namespace)
        assert list(namespace["answers"]) == self.exercises
        (text,) = (source for kind, source in self.cells if kind == "markdown" and "<details>" in source)
        for solution in solutions:
            assert solution in text


def answers_are_told_apart(exercise: str, right: float | str, wrong: float | str) -> None:
    """Hold that the right answer is praised and the wrong one gets a hint, in both languages."""
    for language, good, bad in (("en", "Right", "Not yet"), ("zh", "正确", "还不对")):
        assert ss.check(exercise, right, language).startswith(good)
        assert ss.check(exercise, wrong, language).startswith(bad)
