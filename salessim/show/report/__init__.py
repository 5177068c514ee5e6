"""Reports: the answer of a study as one file to hand on, as HTML, PDF or Excel, in every language."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from salessim.errors import StudyError, explain
from salessim.show.report.content import report_document

if TYPE_CHECKING:
    from salessim.study.explain import Explanation
    from salessim.study.study import Study

__all__ = ["FORMATS", "check_target", "report", "report_document"]

FORMATS = (".html", ".pdf", ".xlsx")
"""Endings of the files that can be written."""


def report(
    study: Study,
    path: str | Path,
    language: str = "en",
    *,
    question: str = "",
    explanation: Explanation | None = None,
    date: dt.date | None = None,
) -> Path:
    """Write the report on a study: question, verdict, costs, reasons, path, doubts, assumptions, method.

    The profit and loss account is replayed on the study's own futures (up to 100), which takes about as long as the
    comparison itself. Where it would not be the study's own, the report says so and leaves it out.

    Parameters
    ----------
    study : Study
    path : str or Path
        Ends in .html (one page that loads nothing from outside), .pdf (A4) or .xlsx.
    language : {"en", "zh"}
    question : str, optional
        The question in the user's own words; otherwise it is made from the plans. Its first line is the question;
        further lines, such as what was agreed beforehand, stand below it.
    explanation : Explanation, optional
        From `salessim.explain_difference`: the difference taken apart, mechanism by mechanism.
    date : date, optional
        The date that stands in the report; today unless given. With the same date, the same study gives the same page.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    StudyError
        For another kind of file, or one that cannot be written.
    WordsError
        For a language that does not exist.

    Examples
    --------
    >>> import tempfile
    >>> from salessim.model.presets import preset
    >>> from salessim.study.comparison import compare
    >>> market, plan = preset("small")
    >>> plans = {"territory": plan, "product": plan.but(structure="product")}
    >>> study = compare(market, plans, months=3, replications=4, draws=0, audit=False)
    >>> page = report(study, Path(tempfile.mkdtemp()) / "answer.html")
    >>> page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    True
    """
    target = check_target(path)
    document = report_document(study, language, question=question, explanation=explanation, date=date)
    try:
        kind = target.suffix.lower()
        if kind == ".html":
            from salessim.show.report.web import html_page

            target.write_text(html_page(document), encoding="utf-8")
        elif kind == ".pdf":
            from salessim.show.report.printed import write_pdf

            write_pdf(document, target)
        else:
            from salessim.show.report.workbook import write_workbook

            write_workbook(document, target)
    except OSError as error:
        raise StudyError(
            explain(f"the report cannot be written ({error.strerror or error})", where=str(target),
                    remedy="Close the file if another program has it open, and check the folder and its rights")
        ) from None  # fmt: skip
    return target


def check_target(path: str | Path) -> Path:
    """Return the path of a report if one can be written there; errors as in `report`."""
    target = Path(path)
    kind = target.suffix.lower()
    if kind not in FORMATS:
        raise StudyError(
            explain("a report cannot be written as this kind of file", where="path", value=target.name,
                    allowed=", ".join(FORMATS), remedy="Give the file one of these endings")
        )  # fmt: skip
    if not target.parent.is_dir():
        raise StudyError(
            explain("there is no such folder", where="path", value=str(target.parent), remedy="Make it first")
        )
    return target
