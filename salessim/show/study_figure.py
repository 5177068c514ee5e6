"""The answer of a study on one page: differences, how the assumptions spread them, and revenue over time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from salessim.errors import StudyError, explain
from salessim.show.answer import Answer
from salessim.show.style import STYLE
from salessim.study.phrases import phrase
from salessim.study.wording import names_for_sentences, second_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from salessim.study.study import Study

__all__ = ["alt_text", "save_study_figure", "study_figure"]

_FORMATS = ("png", "pdf", "svg", "jpg")


def study_figure(study: Study, language: str = "en") -> Figure:
    """Draw the answer of a study.

    Left above, the difference of each plan from the baseline with its simultaneous interval, the interval of the test
    for practical equality, the band within which a difference does not matter, and the verdict in words. Left below,
    the same difference at every draw of the assumptions. Right, revenue per month.

    Parameters
    ----------
    study : Study
    language : {"en", "zh"}

    Returns
    -------
    matplotlib.figure.Figure
        12.8 by 7.2 inches at 100 dots to the inch, higher for more than six plans. Nothing is shown or saved.

    Raises
    ------
    WordsError
        For a language that does not exist.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> from salessim.study.comparison import compare
    >>> market, plan = preset("small")
    >>> plans = {"territory": plan, "product": plan.but(structure="product")}
    >>> figure = study_figure(compare(market, plans, months=3, replications=4, draws=0, audit=False))
    >>> figure.get_size_inches().tolist()
    [12.8, 7.2]
    """
    return Answer(study, language).draw()


def save_study_figure(study: Study, path: str | Path, language: str = "en") -> Path:
    """Draw the answer of a study into a file, with its text for those who cannot see it where the format has room.

    Parameters
    ----------
    study : Study
    path : str or Path
        Ends in .png, .pdf, .svg or .jpg.
    language : {"en", "zh"}

    Returns
    -------
    Path
        The file written. The same study gives the same file.

    Raises
    ------
    StudyError
        For another kind of file, or a folder that does not exist.
    """
    target = Path(path)
    kind = target.suffix.lower().removeprefix(".")
    if kind not in _FORMATS:
        allowed = ", ".join(f".{name}" for name in _FORMATS)
        raise StudyError(
            explain("a figure cannot be written to this kind of file", where="path", value=target.name, allowed=allowed)
        )
    if not target.parent.is_dir():
        raise StudyError(
            explain("there is no such folder", where="path", value=str(target.parent), remedy="Make it first")
        )
    said = alt_text(study, language)
    metadata: dict[str, dict[str, str | None]] = {
        "png": {"Description": said},
        "svg": {"Description": said, "Date": None},
        "pdf": {"Subject": said, "CreationDate": None},
    }
    figure = study_figure(study, language)
    figure.savefig(
        target, format=kind, dpi=STYLE["dots"], facecolor=STYLE["ground"], bbox_inches=figure.bbox_inches,
        metadata=metadata.get(kind),
    )  # fmt: skip
    return target


def alt_text(study: Study, language: str = "en") -> str:
    """Say what the figure shows to those who cannot see it: the finding, plan by plan, and how far it holds.

    Parameters and errors as in `study_figure`.
    """
    words = names_for_sentences(study, language)
    headline = study.judged.text(language, **words)
    head = study.judged.headline
    rest = [
        said
        for one, said in zip(study.judged.judgements, study.judged.per_plan(language, **words), strict=True)
        if one.plan != head.plan
    ]
    return phrase(language, "space").join([headline, *rest, second_line(study, language)])
