"""From an answer to what the widgets show: words as HTML, and the view that is looked at. No simulation of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from salessim.widgets import answer, views
from salessim.widgets.naming import named
from salessim.widgets.replaying import Stage
from salessim.widgets.texts import text
from salessim.widgets.views.facts import Kept
from salessim.widgets.views.futures import dots_of
from salessim.widgets.views.view import Drawn, Scene
from salessim.words import sentence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from salessim.model.plan import Plan

    Flag = NDArray[np.int64]

__all__ = ["VIEWS", "Drawer", "Shown", "View", "audit_text", "swept_html"]

View = str
VIEWS: tuple[View, ...] = tuple(one.name for one in views.VIEWS)
"""What can be looked at, in the order of the buttons."""

class Shown(NamedTuple):
    """What an answer looks like: HTML, and a PNG picture (None: the view is a table or words, in `table`).

    `alt` says the finding of the picture to those who cannot see it.
    """

    cards: str
    verdict: str
    second: str
    table: str
    key: str
    picture: bytes | None
    alt: str = ""


class Drawer:
    """Draws answers at one size; only the view that is looked at. Not for two threads at a time.

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
        self._kept = Kept()
        self._views: dict[str, views.View] = {}

    def shown(self, stage: Stage, view: View, language: str, mark: str, stop: Flag | None = None) -> Shown:
        """Draw an answer as soon as there is something to draw; what the view needs more comes from `growing`.

        Parameters
        ----------
        stage : Stage
        view : str
            One of `VIEWS`.
        language : {"en", "zh"}
        mark : str
            Says which request it answers.
        stop : (1,) int64 array, optional
            Set its element, from any thread, to stop replaying for the view.
        """
        looked, scene = self._view(view), self._scene(stage, language)
        if not (looked.patient or looked.ready(scene)):
            next(looked.prepare(scene, stop), None)
            if stop is not None and stop[0]:
                return self._words(stage, scene, mark, Drawn(html=self._waiting(language)))
        return self._words(stage, scene, mark, looked.draw(scene))

    def growing(
        self, stage: Stage, view: View, language: str, mark: str, stop: Flag | None = None, *, last: bool = True
    ) -> Iterator[Shown]:
        """Draw again what a view needs more than the answer for, as it comes; nothing where it needs no more.

        Parameters
        ----------
        stage, view, language, mark, stop
            As in `shown`.
        last : bool
            Whether all else about the answer is known; views that take seconds wait for that.
        """
        looked, scene = self._view(view), self._scene(stage, language)
        if looked.patient and not last:
            return
        for _ in looked.prepare(scene, stop):
            if stop is not None and stop[0]:
                return
            yield self._words(stage, scene, mark, looked.draw(scene))

    def warm_up(self, stage: Stage) -> None:
        """Do once what a first lever asks for, so that what it must load is there when a hand moves it."""
        answer.verdict_text(stage.pair, answer.Named("", ("one", "other")), "en")
        scene = self._scene(stage, "en")
        self._view("lead").draw(scene)
        dots_of(scene)

    def _view(self, name: str) -> views.View:
        """Return a view, made when it is first looked at."""
        if name not in self._views:
            self._views[name] = next(one for one in views.VIEWS if one.name == name)()
        return self._views[name]

    def _scene(self, stage: Stage, language: str) -> Scene:
        names = named(stage.setting, self._plan, language, tuple(stage.whole.names[2:]))
        return Scene(stage, names.plans, names.heading, language, *self._size, self._kept)

    def _words(self, stage: Stage, scene: Scene, mark: str, drawn: Drawn) -> Shown:
        """Put the words of the answer beside what the view drew."""
        language = scene.language
        said = answer.verdict_text(stage.pair, answer.Named("", scene.names), language, same=stage.same)
        return Shown(
            answer.cards_html(stage.pair, language, same=stage.same), answer.verdict_html(said, scene.heading, mark),
            answer.small_html(self._second(stage, scene.names, language)), drawn.html, answer.small_html(drawn.key),
            drawn.picture, drawn.alt,
        )  # fmt: skip

    def _second(self, stage: Stage, plans: tuple[str, ...], language: str) -> str:
        """Say in which share of the assumptions the verdict holds."""
        if stage.same:
            return ""
        holding = replace(stage.pair, assumed=stage.assumed).holding
        return text("not moved", language) if holding is None else holding.text(language, plans=list(plans[:2]))

    def _waiting(self, language: str) -> str:
        return answer.words_html([sentence("view waiting", language)])


def swept_html(n: int, draws: int, language: str) -> str:
    """Say how far the assumptions have been moved."""
    return answer.small_html(text("sweeping", language, n=n, all=draws))


def audit_text(stage: Stage, language: str) -> str:
    """Say what SimPy found."""
    if stage.auditing:
        return text("audit running", language)
    return sentence("audit identical" if stage.whole.audited else "audit not run", language)
