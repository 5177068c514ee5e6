"""What the lessons need beside the model: exercises that are checked, and what their cells print, in every language.

The notebooks of all languages have the same code. It names a language once, in its first line, and asks a `Lesson` for
every text a reader sees.
"""

from salessim.lessons.exercises import EXERCISES, Exercise, check
from salessim.lessons.glossary import TERMS
from salessim.lessons.lesson import Lesson
from salessim.lessons.lines import LINES

__all__ = ["EXERCISES", "LINES", "TERMS", "Exercise", "Lesson", "check"]
