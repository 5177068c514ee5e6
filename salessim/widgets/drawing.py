"""From an answer to what the widgets show: words as HTML, pictures as PNG. No widgets, no simulation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from salessim.show.fan_figure import FanChart
from salessim.show.page import png
from salessim.study.incremental import readings
from salessim.widgets import answer
from salessim.widgets.naming import named
from salessim.widgets.picture import interval_figure
from salessim.widgets.replaying import Stage
from salessim.widgets.texts import text
from salessim.words import sentence

if TYPE_CHECKING:
    from salessim.model.plan import Plan
    from salessim.study.study import Study

__all__ = ["VIEWS", "Drawer", "Shown", "View", "audit_text", "swept_html"]

View = Literal["revenue", "lead", "futures", "pinned"]
VIEWS: tuple[View, ...] = ("revenue", "lead", "futures", "pinned")
"""What can be drawn, in the order of the buttons."""

_SHARP, _QUICK = 2.0, 1.0  # dots per pixel: a preview is gone in a moment, and a quarter of the dots draws sooner
_MONEY = ("revenue", "contribution")


class Shown(NamedTuple):
    """What an answer looks like: HTML, and a PNG picture (None: none)."""

    cards: str
    verdict: str
    second: str
    table: str
    key: str
    picture: bytes | None


class Drawer:
    """Draws answers at one size, always on the same canvas. Not for two threads at a time.

    Parameters
    ----------
    plan : Plan
        The baseline.
    width, height : int
        Of the picture, in pixels.
    """

    def __init__(self, plan: Plan, width: int, height: int) -> None:
        self._plan = plan
        self._size = (width, height)
        self._fan = FanChart(width, height)

    def shown(self, stage: Stage, view: View, language: str, mark: str) -> Shown:
        """Draw an answer.

        Parameters
        ----------
        stage : Stage
        view : {"revenue", "lead", "futures", "pinned"}
        language : {"en", "zh"}
        mark : str
            Says which request it answers.
        """
        names = named(stage.setting, self._plan, language, tuple(stage.whole.names[2:]))
        said = answer.verdict_text(stage.pair, names, language, same=stage.same)
        return Shown(
            answer.cards_html(stage.pair, language, same=stage.same),
            answer.verdict_html(said, names.heading, mark),
            answer.small_html(self._second(stage, names.plans, language)),
            answer.table_html(stage.whole, names, language) if view == "pinned" else "",
            answer.small_html(answer.key_text(stage.pair, view, language)),
            self._picture(stage, names.plans, view, language),
        )

    def warm_up(self, stage: Stage) -> None:
        """Do once what a first lever asks for, so that what it must load is there when a hand moves it."""
        names = answer.Named("", ("one", "other"))
        answer.verdict_text(stage.pair, names, "en")
        self._fan.png(stage.pair, names.plans, show="lead")
        self._dots(stage.pair, "en")

    def _second(self, stage: Stage, plans: tuple[str, ...], language: str) -> str:
        """Say in which share of the assumptions the verdict holds."""
        if stage.same:
            return ""
        holding = replace(stage.pair, assumed=stage.assumed).holding
        return text("not moved", language) if holding is None else holding.text(language, plans=list(plans[:2]))

    def _picture(self, stage: Stage, plans: tuple[str, ...], view: View, language: str) -> bytes | None:
        if view == "pinned":
            return None
        fine = _SHARP if stage.final else _QUICK
        if view == "futures" and not stage.same:
            return self._dots(stage.pair, language, fine)
        show: Literal["revenue", "lead"] = "lead" if view == "lead" else "revenue"
        if stage.same:
            kept = [0, *range(2, len(plans))]
            names = [plans[place] for place in kept]
            return self._fan.png(_with(stage.whole, kept), names, language, show=show, bands=1, fine=fine)
        return self._fan.png(stage.whole, plans, language, show=show, fine=fine)

    def _dots(self, pair: Study, language: str, fine: float = _SHARP) -> bytes:
        width, height = self._size
        return png(interval_figure(pair, readings(pair, _MONEY), language, width=width, height=height), fine)


def _with(study: Study, places: list[int]) -> Study:
    """Return a study with some of its plans only."""
    names = [study.names[place] for place in places]
    return replace(
        study, plans={name: study.plans[name] for name in names}, table=study.table[:, places],
        monthly=study.monthly[:, places], earned=study.earned[:, places],
        moved={name: study.moved[name] for name in names},
    )  # fmt: skip


def swept_html(n: int, draws: int, language: str) -> str:
    """Say how far the assumptions have been moved."""
    return answer.small_html(text("sweeping", language, n=n, all=draws))


def audit_text(stage: Stage, language: str) -> str:
    """Say what SimPy found."""
    if stage.auditing:
        return text("audit running", language)
    return sentence("audit identical" if stage.whole.audited else "audit not run", language)
