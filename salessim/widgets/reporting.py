"""The report on what a cockpit shows: its plans in words, what was agreed beforehand, one file to hand on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from salessim.study.phrases import phrase
from salessim.widgets.catalogue import lever, name_of, started
from salessim.widgets.levers import Levers
from salessim.widgets.naming import lever_words, named
from salessim.widgets.texts import text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from salessim.widgets.bases import Base
    from salessim.widgets.replaying import Replayer, Stage

__all__ = ["locked_words", "write_report"]


def write_report(
    replayer: Replayer,
    stage: Stage,
    base: Base,
    path: Path,
    language: str,
    locked: tuple[str, ...] = (),
    stop: NDArray[np.int64] | None = None,
) -> Path | None:
    """Write the report on a final answer; return its path, or None where it was stopped before.

    Parameters
    ----------
    replayer : Replayer
    stage : Stage
        Final.
    base : Base
    path : Path
        Ends in .html, .pdf or .xlsx.
    language : {"en", "zh"}
    locked : tuple of str
        The levers that were locked: they stand below the question, as agreed beforehand.
    stop : (1,) int64 array, optional

    Raises
    ------
    StudyError
        Where the file cannot be written.
    """
    pins = tuple(stage.whole.names[2:])
    names = named(stage.setting, base.plan, language, pins)
    study = replayer.proven(stage, _apart(names.plans), stop)
    if study is None:
        return None
    if stage.same:  # the plan of the levers is the baseline: what is pinned is reported
        kept = [0, *range(2, len(names.plans))]
        keys = [study.names[n] for n in kept]
        study = replace(
            study, plans={key: study.plans[key] for key in keys}, moved={key: study.moved[key] for key in keys},
            table=study.table[:, kept], monthly=study.monthly[:, kept], earned=study.earned[:, kept], assumed=None,
        )  # fmt: skip
    heading = named(stage.setting, base.plan, language, pins, whole=True).heading
    question = text("report question", language, heading=heading, months=study.months)
    agreed = locked_words(locked, stage.setting.levers, base, language)
    return study.report(path, language, question="\n".join(filter(None, [question, agreed])))


def locked_words(locked: tuple[str, ...], levers: Levers, base: Base, language: str) -> str:
    """Say which levers were locked and where they stand; empty where none was."""
    if not locked:
        return ""
    said = []
    for name in locked:
        value = levers.moved.get(name, started(lever(name), base.market, base.plan).start)
        said.append(name_of(lever(name), language) if value is None else lever_words(name, value, language))
    return text("agreed", language, levers=phrase(language, "comma").join(said))


def _apart(names: tuple[str, ...]) -> list[str]:
    """Return names of which no two are the same."""
    found: list[str] = []
    for name in names:
        n = 2
        unique = name
        while unique in found:
            unique, n = f"{name} ({n})", n + 1
        found.append(unique)
    return found
