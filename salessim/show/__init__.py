"""Figures: what a study found, as pictures that can be projected, in every language.

Nothing heavy is imported before the first figure, and no setting of matplotlib is ever changed.
"""

from salessim.show.study_figure import alt_text, save_study_figure, study_figure
from salessim.show.style import Look, colour_of, looks_of

__all__ = ["Look", "alt_text", "colour_of", "looks_of", "save_study_figure", "study_figure"]
