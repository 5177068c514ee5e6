"""The cockpit: every lever of the model, a pinned baseline, and an answer that follows the hand.

A callback only notes what was moved and asks the worker for the newest answer; it never computes or draws, so it may
arrive on any thread. The worker replays, draws and sets values of widgets, and does nothing else. There is no
arithmetic here: figures come from `salessim.study`, pictures from `salessim.show`.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from salessim.errors import SalesSimError, StudyError, explain, nearest
from salessim.widgets.answer import details_html, status_html
from salessim.widgets.catalogue import FRONT, Start, all_levers, levers_named, started
from salessim.widgets.cells import replace_before
from salessim.widgets.controls import PICTURE, Controls
from salessim.widgets.drawing import VIEWS, Drawer, View, audit_text, swept_html
from salessim.widgets.history import History, Setting
from salessim.widgets.levers import Levers
from salessim.widgets.replaying import Effort, Replayer, Stage
from salessim.widgets.texts import text
from salessim.widgets.waiting import Waiting, is_compiled
from salessim.widgets.worker import Task, Worker
from salessim.words.terms import checked_language

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan
    from salessim.study.study import Study

__all__ = ["Cockpit", "cockpit"]


def cockpit(
    market: Market | None = None,
    plan: Plan | None = None,
    *,
    lang: str = "en",
    levers: Sequence[str] = FRONT,
    more: bool = True,
    months: int = 24,
    replications: int = 24,
    preview: int = 2,
    draws: int = 24,
    audit: bool = True,
    seed: int = 1,
) -> Cockpit:
    """Open the cockpit on a market: move levers and see at once what they change against the plan given.

    The plan given is the baseline. Levers of the plan move the plan that is compared with it; levers of the market
    move the world under all plans. Every change first shows a preview of few futures, then more of the same, so the
    preview is the beginning of the answer; then replication 0 is audited on SimPy, and the assumptions are moved over
    their ranges for the second line of the verdict.

    Parameters
    ----------
    market, plan : Market, Plan
        Both or none; by default the standard preset.
    lang : {"en", "zh"}
    levers : sequence of str
        The levers in sight, names of settings of the plan and of the market.
    more : bool
        Whether all other levers of the model are there as well, folded into groups.
    months : int
        Length of each run.
    replications, preview : int
        Futures of the answer and of its first preview.
    draws : int
        Draws of the assumptions; 0 leaves them alone.
    audit : bool
        Whether SimPy runs replication 0 of every plan as well.
    seed : int

    Returns
    -------
    Cockpit
        Shows itself as the last line of a cell. Running the cell again closes the cockpit it made before.

    Raises
    ------
    StudyError
        If the numbers of futures cannot be, for a lever that does not exist, or a market without a plan.
    WordsError
        For a language that does not exist.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> opened = cockpit(*preset("small"), months=2, replications=3, draws=0, audit=False)
    >>> opened.set(structure="product", prospecting=0.3)
    >>> opened.wait(120), opened.study.replications
    (True, 3)
    >>> opened.close()
    """
    if (market is None) != (plan is None):
        raise StudyError(
            explain(
                "a cockpit needs a market and a plan, or neither", where="cockpit",
                remedy="Give both, for example ss.cockpit(company.market, company.plan)",
            )
        )  # fmt: skip
    if market is None or plan is None:
        from salessim.model.presets import preset

        market, plan = preset("standard")
    if not 2 <= preview <= replications:
        raise StudyError(
            explain(
                "a preview needs two futures, and cannot have more than the answer", where="cockpit, preview",
                value=f"{preview} of {replications}", allowed=f"2 to {max(replications, 2)}",
            )
        )  # fmt: skip
    effort = Effort(months, replications, preview, draws, audit)
    return Cockpit(market, plan, effort, tuple(levers), more, seed, lang)


class _Asked(NamedTuple):
    """What the worker is to answer: a setting, how it is to be shown, and which request it is."""

    setting: Setting
    language: str
    view: View
    mark: str
    begin: float


class Cockpit:
    """A cockpit; made by `cockpit`.

    Attributes
    ----------
    widget : ipywidgets.Widget
        What a notebook shows.
    market, plan : Market, Plan
        What it was opened on; the plan is the baseline.
    errors : list of BaseException
        What went wrong and is a defect. What a user cannot do is said in the status line and is no defect.
    """

    def __init__(
        self, market: Market, plan: Plan, effort: Effort, levers: tuple[str, ...], more: bool, seed: int, lang: str
    ) -> None:
        self.market = market
        self.plan = plan
        self.errors: list[BaseException] = []
        self._replayer = Replayer(market, plan, effort)
        self._drawer = Drawer(plan, *PICTURE)
        self._language = checked_language(lang)
        self._lock = threading.RLock()
        self._history = History(Setting(seed=seed))
        self._view: View = VIEWS[0]
        self._mark = 0
        self._study: Study | None = None
        self._shown: Setting | None = None  # the setting that the study shown belongs to
        self._held = False
        self._waiting: Waiting | None = None
        self._warm = False
        self._worker = Worker(self._failed, name="salessim cockpit")
        front = levers_named(levers)
        rest = [one for one in all_levers() if one not in front] if more else []
        self._controls = Controls(
            [started(one, market, plan) for one in front], [started(one, market, plan) for one in rest],
            moved=self._guarded(self._moved), pressed=self._guarded(self._pressed),
            spoken=self._guarded(self.speak), viewed=self._guarded(self.look), failed=self._failed,
        )  # fmt: skip
        self._controls.relabel(self._language)
        self.widget = self._controls.widget
        replace_before(self)
        self._say(text("preparing", self._language))
        self._ask()

    # ------------------------------------------------------------------------------------------------------ the public

    @property
    def levers(self) -> Levers:
        """The levers that are moved."""
        with self._lock:
            return self._history.now.levers

    @property
    def setting(self) -> Setting:
        """Levers, pins and seed."""
        with self._lock:
            return self._history.now

    @property
    def study(self) -> Study | None:
        """What is shown: baseline, plan and pinned plans; None where nothing is."""
        with self._lock:
            return self._study

    @property
    def language(self) -> str:
        """The language shown."""
        with self._lock:
            return self._language

    @property
    def closed(self) -> bool:
        """Whether the cockpit is closed."""
        return self._worker.closed

    def set(self, **levers: Start) -> None:
        """Move levers from code, as a hand would: ``cockpit.set(structure="customer", reps=12)``.

        Parameters
        ----------
        **levers
            Settings of the plan or the market; None puts a lever back to what plan or market say.

        Raises
        ------
        StudyError
            For a lever that does not exist. A setting that is impossible is refused in the status line instead.
        """
        with self._lock:
            self._go(self._history.now.but(levers=self._history.now.levers.but(**levers)))

    def reset(self) -> None:
        """Put every lever back; pins and luck stay."""
        with self._lock:
            self._go(self._history.now.but(levers=Levers()))

    def pin(self) -> None:
        """Pin the plan as it stands for comparison, or let go of it where it is pinned already."""
        with self._lock:
            self._go(self._history.now.toggled())

    def luck(self) -> None:
        """Draw other luck, the same for every plan."""
        with self._lock:
            self._go(self._history.now.but(seed=self._history.now.seed + 1))

    def undo(self) -> None:
        """Go back to the setting before."""
        with self._lock:
            self._history.undo()
            self._follow()

    def redo(self) -> None:
        """Go forward to the setting that was undone."""
        with self._lock:
            self._history.redo()
            self._follow()

    def look(self, view: View) -> None:
        """Choose what is drawn.

        Parameters
        ----------
        view : {"revenue", "lead", "futures", "pinned"}

        Raises
        ------
        StudyError
            For a view that does not exist.
        """
        if view not in VIEWS:
            raise StudyError(explain("there is no such view", value=view, remedy=nearest(view, VIEWS)))
        with self._lock:
            self._view = view
            self._controls.view(view)
        self._ask()

    def speak(self, lang: str) -> None:
        """Switch the language.

        Raises
        ------
        WordsError
            For a language that does not exist.
        """
        with self._lock:
            self._language = checked_language(lang)
            self._controls.relabel(self._language)
            self._controls.show(self._history.now.levers)
        self._ask()

    def stop(self) -> None:
        """Stop replaying; what there is stays. Does nothing where nothing runs."""
        if not self._worker.busy:
            return
        self._worker.stop()
        with self._lock:
            self._end_waiting()
            self._held = True
            self._press()
            if self._study is not None and self._shown == self._history.now:
                self._say(text("stopped", self._language, n=self._study.replications), stage="stopped")
            else:
                self._say(text("stopped empty", self._language), stage="stopped")

    def go_on(self) -> None:
        """Go on after a stop."""
        self._ask()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the answer; return False where it took longer than `timeout` seconds."""
        return self._worker.wait(timeout)

    def close(self) -> None:
        """Stop the worker and let go of the widgets. May be called twice."""
        if self._worker.closed:
            return
        self._end_waiting()
        self._say(text("closed", self._language))
        self._worker.close()
        self._controls.close()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.widget._repr_mimebundle_(**options)

    def __repr__(self) -> str:
        return f"Cockpit({dict(self.levers.items)}, {'closed' if self.closed else 'open'})"

    # --------------------------------------------------------------------------------------------------- the callbacks

    def _guarded(self, callback: Callable[..., None]) -> Callable[..., None]:
        """Return a callback that never raises: a front end would swallow it without a word."""

        def call(*arguments: Any) -> None:
            try:
                callback(*arguments)
            except Exception as error:
                self._failed(error)

        return call

    def _moved(self, name: str, value: Start) -> None:
        """Note a lever moved by hand."""
        with self._lock:
            now = self._history.now
            levers = now.levers.but(**{name: value})
            if levers == now.levers:
                return
            self._history.go(now.but(levers=levers))
        self._ask()

    def _pressed(self, button: str) -> None:
        """Answer to a button."""
        if button == "stop":
            (self.go_on if self._held else self.stop)()
        else:
            {"undo": self.undo, "redo": self.redo, "reset": self.reset, "pin": self.pin, "luck": self.luck}[button]()

    def _go(self, setting: Setting) -> None:
        self._history.go(setting)
        self._follow()

    def _follow(self) -> None:
        """Show where the levers stand and ask for the answer."""
        self._controls.show(self._history.now.levers)
        self._ask()

    def _press(self) -> None:
        self._controls.press(self._history, stopped=self._held, language=self._language)

    def _ask(self) -> None:
        """Ask the worker for the newest answer."""
        with self._lock:
            self._held = False
            self._mark += 1
            self._press()
            asked = _Asked(self._history.now, self._language, self._view, str(self._mark), time.perf_counter())
        self._worker.submit(lambda task: self._answer(asked, task))

    # ------------------------------------------------------------------------------------------------------ the worker

    def _answer(self, asked: _Asked, task: Task) -> None:
        """Find and show the answer to a setting, as far as it is known and ever more."""
        self._wait_in_words(asked)
        first, seen = "", None
        def swept(n: int, draws: int) -> None:
            self._swept(asked, task, n, draws)

        for stage in self._replayer.stages(asked.setting, stop=task.flag, swept=swept):
            if task.stopped:
                return
            if seen is None or _news(stage) != _news(seen):
                if not self._show(asked, task, stage):
                    return
                first = first or f"{1000 * (time.perf_counter() - asked.begin):,.0f}"
            self._tell(asked, task, stage, first)
            seen = stage
        if seen is not None and not (self._warm or task.stopped):
            self._warm = True
            self._drawer.warm_up(seen)

    def _show(self, asked: _Asked, task: Task, stage: Stage) -> bool:
        """Draw an answer and put it on the page; return False where it is no longer wanted."""
        shown = self._drawer.shown(stage, asked.view, asked.language, asked.mark)
        with self._lock:
            if task.stopped:
                return False
            self._end_waiting()
            self._study, self._shown = stage.whole, asked.setting
            self._history.seen(asked.setting)
            self._controls.fill(shown)
            self._press()
        return True

    # -------------------------------------------------------------------------------------------------- what is said

    def _wait_in_words(self, asked: _Asked) -> None:
        """Count the seconds of the first answer; later ones only say what they do."""
        with self._lock:
            if self._study is not None:
                n = self._replayer.effort.replications
                self._say(text("running", asked.language, n=n), stage="running")
                return
            key = "loading" if is_compiled() else "compiling"
            if self._waiting is None:
                self._waiting = Waiting(lambda seconds: self._say(text(key, asked.language, seconds=seconds)))

    def _end_waiting(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.end()

    def _tell(self, asked: _Asked, task: Task, stage: Stage, first: str) -> None:
        """Say how far an answer is, and what SimPy found."""
        effort, seed = self._replayer.effort, asked.setting.seed
        n, all_ = stage.pair.replications, effort.replications
        if stage.final:
            said = text("ready", asked.language, n=n, months=effort.months, ms=first, seed=seed)
            said = f"{said} · {audit_text(stage, asked.language)}"
        else:
            said = text("preview", asked.language, n=n, all=all_, ms=first, seed=seed)
        with self._lock:
            if not task.stopped:
                self._study = stage.whole
                self._say(said, stage="ready" if stage.final else "preview")

    def _swept(self, asked: _Asked, task: Task, n: int, draws: int) -> None:
        with self._lock:
            if not task.stopped:
                self._controls.second.value = swept_html(n, draws, asked.language)

    def _failed(self, error: BaseException) -> None:
        """Say what went wrong, in words, with details to copy; keep what is a defect."""
        details = ""
        with self._lock:
            self._end_waiting()
            self._study = self._shown = None
            if isinstance(error, SalesSimError):
                said = text("refused", self._language, message=str(error))
            else:
                self.errors.append(error)
                said = text("defect", self._language, message=f"{type(error).__name__}: {error}")
                details = "".join(traceback.format_exception(error))
            self._controls.empty(details_html(said, details, self._language))
            self._say(said, wrong=True, stage="wrong")

    def _say(self, said: str, *, wrong: bool = False, stage: str = "") -> None:
        self._controls.status.value = status_html(said, wrong=wrong, stage=stage)


def _news(stage: Stage) -> tuple[object, ...]:
    """Return what of an answer is drawn: where it is the same, the picture on the page stays."""
    return stage.pair.replications, stage.whole.names, stage.assumed is not None
