"""From a setting to what is on the page: the newest request only, shown as far as it is known and ever better."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from salessim.errors import SalesSimError, StudyError, explain
from salessim.widgets.controls import PICTURE, Controls
from salessim.widgets.drawing import Drawer, View, audit_text, swept_html
from salessim.widgets.history import Setting
from salessim.widgets.replaying import Effort, Replayer, Stage
from salessim.widgets.reporting import write_report
from salessim.widgets.speaking import Speaker
from salessim.widgets.texts import text
from salessim.widgets.worker import Task, Worker

if TYPE_CHECKING:
    from salessim.study.study import Study
    from salessim.widgets.bases import Base

__all__ = ["Answerer", "Asked"]

_BASES_KEPT = 2


class Asked(NamedTuple):
    """What is to be answered.

    Attributes
    ----------
    setting : Setting
    base : Base
        What its levers are moved on.
    language : str
    view : str
        How it is to be shown.
    mark : str
        Which request it is.
    begin : float
        When it was asked.
    report : Path or None
        Where the report on it goes; None: none is wanted.
    locked : tuple of str
        The levers that are locked, for the report.
    """

    setting: Setting
    base: Base
    language: str
    view: View
    mark: str
    begin: float
    report: Path | None = None
    locked: tuple[str, ...] = ()


class Answerer:
    """Replays and draws on a worker, and fills the page.

    Parameters
    ----------
    effort : Effort
    controls : Controls
    speaker : Speaker
    lock : RLock
        Held while the page is filled.
    seen : callable
        Told, under the lock, of a setting that is on the page now.
    failed : callable
        Told of what goes wrong.

    Attributes
    ----------
    study : Study or None
        What is shown.
    shown : Setting or None
        The setting that it belongs to.
    """

    def __init__(
        self, effort: Effort, controls: Controls, speaker: Speaker, lock: threading.RLock,
        *, seen: Callable[[Setting], None], failed: Callable[[BaseException], None],
    ) -> None:  # fmt: skip
        self.effort = effort
        self.study: Study | None = None
        self.shown: Setting | None = None
        self.worker = Worker(failed, name="salessim cockpit")
        self._controls = controls
        self._speaker = speaker
        self._lock = lock
        self._seen = seen
        self._warm = False
        self._desks: OrderedDict[int, tuple[Base, Replayer, Drawer]] = OrderedDict()

    def ask(self, asked: Asked) -> None:
        """Answer this, and nothing that was asked before."""
        self.worker.submit(lambda task: self._answer(asked, task))

    def forget(self) -> None:
        """Note that the page shows no answer."""
        self.study = self.shown = None

    def _desk(self, base: Base) -> tuple[Base, Replayer, Drawer]:
        """Return who replays and draws on a base; those of the last ones are kept."""
        key = id(base)  # the base is kept with its desk, so no other object can have this id
        if key not in self._desks:
            replayer = Replayer(base.market, base.plan, self.effort)
            self._desks[key] = (base, replayer, Drawer(base.plan, *PICTURE))
        self._desks.move_to_end(key)
        while len(self._desks) > _BASES_KEPT:
            self._desks.popitem(last=False)
        return self._desks[key]

    def _answer(self, asked: Asked, task: Task) -> None:
        """Find and show the answer to a setting, as far as it is known and ever more."""
        if self.study is None:
            self._speaker.wait()
        else:
            n = self.effort.replications
            self._speaker.tell(text("running", asked.language, n=n), "running")
        _, replayer, drawer = self._desk(asked.base)
        first, seen = "", None

        def swept(n: int, draws: int) -> None:
            self._swept(asked, task, n, draws)

        for stage in replayer.stages(asked.setting, stop=task.flag, swept=swept):
            if task.stopped:
                return
            if seen is None or _news(stage) != _news(seen):
                if not self._show(asked, task, drawer, stage):
                    return
                first = first or f"{1000 * (time.perf_counter() - asked.begin):,.0f}"
            self._tell(asked, task, stage, first)
            if stage.final and not (seen is not None and seen.final) and not self._grow(asked, task, drawer, stage):
                return
            seen = stage
        if seen is None or task.stopped or not self._grow(asked, task, drawer, seen, last=True):
            return
        if not self._warm:
            self._warm = True
            drawer.warm_up(seen)
            replayer.warm_up()
        if asked.report is not None:
            try:
                self._report(asked, task, replayer, seen)
            except SalesSimError as error:  # the answer itself is right, and stays
                with self._lock:
                    self._speaker.refuse(error)

    def _show(self, asked: Asked, task: Task, drawer: Drawer, stage: Stage) -> bool:
        """Draw an answer and put it on the page; return False where it is no longer wanted."""
        shown = drawer.shown(stage, asked.view, asked.language, asked.mark, task.flag)
        with self._lock:
            if task.stopped:
                return False
            self._speaker.end_waiting()
            self.study, self.shown = stage.whole, asked.setting
            self._controls.fill(shown)
            self._seen(asked.setting)
        return True

    def _grow(self, asked: Asked, task: Task, drawer: Drawer, stage: Stage, *, last: bool = False) -> bool:
        """Draw what the view needs more than the answer for; return False where it is no longer wanted."""
        for shown in drawer.growing(stage, asked.view, asked.language, asked.mark, task.flag, last=last):
            with self._lock:
                if task.stopped:
                    return False
                self._controls.fill(shown)
        return not task.stopped

    def _tell(self, asked: Asked, task: Task, stage: Stage, first: str) -> None:
        """Say how far an answer is, and what SimPy found."""
        seed = asked.setting.seed
        n, all_ = stage.pair.replications, self.effort.replications
        if stage.final:
            said = text("ready", asked.language, n=n, months=self.effort.months, ms=first, seed=seed)
            said = f"{said} · {audit_text(stage, asked.language)}"
        else:
            said = text("preview", asked.language, n=n, all=all_, ms=first, seed=seed)
        with self._lock:
            if not task.stopped:
                self.study = stage.whole
                self._speaker.tell(said, "ready" if stage.final else "preview")

    def _swept(self, asked: Asked, task: Task, n: int, draws: int) -> None:
        with self._lock:
            if not task.stopped:
                self._controls.second.value = swept_html(n, draws, asked.language)

    def _report(self, asked: Asked, task: Task, replayer: Replayer, stage: Stage) -> None:
        """Write the report on what is shown, and offer it."""
        assert asked.report is not None
        if stage.same and len(stage.whole.plans) == 2:
            raise StudyError(
                explain("there is nothing to report yet: your plan is the baseline", remedy="Move a lever first")
            )
        self._speaker.say(text("reporting", asked.language), stage="running")
        written = write_report(replayer, stage, asked.base, asked.report, asked.language, asked.locked, task.flag)
        with self._lock:
            if written is None or task.stopped:
                return
            self._controls.offer(written)
            self._speaker.say(text("reported", asked.language, file=written.name), stage="ready")


def _news(stage: Stage) -> tuple[object, ...]:
    """Return what of an answer is drawn: where it is the same, the picture on the page stays."""
    return stage.pair.replications, stage.whole.names, stage.assumed is not None
