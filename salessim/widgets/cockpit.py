"""The cockpit: every lever of the model, a pinned baseline, and an answer that follows the hand.

A callback only notes what was moved and asks the worker for the newest answer; it never computes or draws, so it may
arrive on any thread. The worker replays, draws and sets values of widgets, and does nothing else. There is no
arithmetic here: figures come from `salessim.study`, pictures from `salessim.show`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salessim.errors import SalesSimError, StudyError, explain, nearest
from salessim.widgets.answering import Answerer, Asked
from salessim.widgets.bases import Base
from salessim.widgets.catalogue import Start, all_levers, lever, levers_named, started
from salessim.widgets.cells import replace_before
from salessim.widgets.controls import Controls
from salessim.widgets.drawing import VIEWS, View
from salessim.widgets.files import Files
from salessim.widgets.hands import Hands
from salessim.widgets.history import Setting
from salessim.widgets.knobs import Quiet
from salessim.widgets.levers import Levers
from salessim.widgets.pulse import SILENCE, Pulse
from salessim.widgets.replaying import Effort
from salessim.widgets.scenario import Scenario, scenario_of
from salessim.widgets.sharing import code_of, read_code
from salessim.widgets.speaking import Speaker
from salessim.widgets.steering import Steering
from salessim.widgets.texts import text
from salessim.widgets.worker import Job
from salessim.words.terms import checked_language

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan
    from salessim.study.study import Study

__all__ = ["Cockpit"]


class Cockpit:
    """A cockpit; made by `cockpit`.

    Attributes
    ----------
    widget : ipywidgets.Widget
        What a notebook shows.
    controls : Controls
    """

    def __init__(
        self, base: Base, effort: Effort, levers: tuple[str, ...], more: bool, seed: int, lang: str,
        *, own_cell: bool = True,
    ) -> None:  # fmt: skip
        language = checked_language(lang)
        front = levers_named(levers)
        rest = [one for one in all_levers() if one not in front] if more else []
        starts = {one.name: started(one, base.market, base.plan) for one in (*front, *rest)}
        self._names = tuple(starts)
        self._lock = threading.RLock()
        self._steering = Steering(base, seed)
        self._view: View = VIEWS[0]
        self._mark = 0
        self._held = False
        quiet, hands, guarded = Quiet(), Hands(self), self._guarded
        files = Files(
            quiet, chosen=guarded(hands.chosen), opened=guarded(hands.opened), saved=guarded(hands.saved),
            coded=guarded(hands.coded),
        )  # fmt: skip
        self.controls = Controls(
            [starts[one.name] for one in front], [starts[one.name] for one in rest], files, quiet,
            moved=guarded(hands.moved), locked=guarded(hands.locked), pressed=guarded(hands.pressed),
            spoken=guarded(self.speak), viewed=guarded(self.look), turned=guarded(self.display), failed=self._failed,
        )  # fmt: skip
        self.widget = self.controls.widget
        self._speaker = Speaker(self.controls, self._lock, language)
        self._answerer = Answerer(
            effort, self.controls, self._speaker, self._lock, seen=self._seen, failed=self._failed
        )
        self._pulse = Pulse(
            lambda line: setattr(self.controls.pulse, "value", line),
            lambda: text("dead", self._speaker.language, seconds=SILENCE), lambda: self._answerer.worker.busy,
        )  # fmt: skip
        self.controls.relabel(language)
        self.controls.files.show(base, language)
        if own_cell:
            replace_before(self)
        self._speaker.say(text("preparing", language))
        self.display()
        self._ask()

    # ------------------------------------------------------------------------------------------------------ the public

    @property
    def market(self) -> Market:
        """The market before any lever is moved."""
        with self._lock:
            return self._steering.base.market

    @property
    def plan(self) -> Plan:
        """The baseline."""
        with self._lock:
            return self._steering.base.plan

    @property
    def errors(self) -> list[BaseException]:
        """What went wrong and is a defect. What a user cannot do is said in the status line and is no defect."""
        return self._speaker.errors

    @property
    def levers(self) -> Levers:
        """The levers that are moved."""
        return self.setting.levers

    @property
    def locked(self) -> frozenset[str]:
        """The levers that are locked."""
        with self._lock:
            return self._steering.locked

    @property
    def setting(self) -> Setting:
        """Levers, pins, seed, and the firm where it is not the one opened."""
        with self._lock:
            return self._steering.now

    @property
    def study(self) -> Study | None:
        """What is shown: baseline, plan and pinned plans; None where nothing is."""
        with self._lock:
            return self._answerer.study

    @property
    def language(self) -> str:
        """The language shown."""
        with self._lock:
            return self._speaker.language

    @property
    def held(self) -> bool:
        """Whether it was stopped by hand and waits to go on."""
        with self._lock:
            return self._held

    @property
    def closed(self) -> bool:
        """Whether the cockpit is closed."""
        return self._answerer.worker.closed

    def set(self, **levers: Start) -> None:
        """Move levers from code, as a hand would: ``cockpit.set(structure="customer", reps=12)``.

        Parameters
        ----------
        **levers
            Settings of the plan or the market; None puts a lever back to what plan or market say.

        Raises
        ------
        StudyError
            For a lever that does not exist or is locked. A setting that is impossible is refused in the status line.
        """
        with self._lock:
            held = sorted(self._steering.locked & set(levers))
            if held:
                raise StudyError(explain("this lever is locked", value=held[0], remedy="Let go of its lock first"))
            now = self._steering.now
            self._go(now.but(levers=now.levers.but(**levers)))

    def move(self, name: str, value: Start) -> None:
        """Note a lever that a hand moved: its widget stands there already."""
        with self._lock:
            now = self._steering.now
            levers = now.levers.but(**{name: value})
            if levers == now.levers or name in self._steering.locked:
                return
            self._steering.go(now.but(levers=levers))
            if lever(name).group == "pay":  # the levers of pay wake up, or have nothing to set
                self.display()
        self._ask()

    def lock(self, *names: str, hold: bool = True) -> None:
        """Lock levers where they stand, or let go of them with ``hold=False``.

        Raises
        ------
        StudyError
            For a lever that does not exist.
        """
        for name in names:
            lever(name)
        with self._lock:
            self._steering.hold(names, hold=hold)
            self.display()

    def reset(self) -> None:
        """Put every lever back that is not locked; pins and luck stay."""
        with self._lock:
            self._go(self._steering.now.but(levers=Levers()))

    def pin(self) -> None:
        """Pin the plan as it stands for comparison, or let go of it where it is pinned already."""
        with self._lock:
            self._go(self._steering.now.toggled())

    def luck(self) -> None:
        """Draw other luck, the same for every plan."""
        with self._lock:
            self._go(self._steering.now.but(seed=self._steering.now.seed + 1))

    def undo(self) -> None:
        """Go back to the setting before."""
        self._follow(self._steering.undo)

    def redo(self) -> None:
        """Go forward to the setting that was undone."""
        self._follow(self._steering.redo)

    def look(self, view: View) -> None:
        """Choose what is drawn.

        Parameters
        ----------
        view : str
            One of `salessim.widgets.drawing.VIEWS`.

        Raises
        ------
        StudyError
            For a view that does not exist.
        """
        if view not in VIEWS:
            raise StudyError(explain("there is no such view", value=view, remedy=nearest(view, VIEWS)))
        with self._lock:
            self._view = view
            self.controls.view(view)
        self._ask()

    def speak(self, lang: str) -> None:
        """Switch the language.

        Raises
        ------
        WordsError
            For a language that does not exist.
        """
        with self._lock:
            self._speaker.language = checked_language(lang)
            self._ask()  # drawn while the labels are on their way
            self.controls.relabel(self._speaker.language)
            self.display()

    def stand(self, base: Base) -> None:
        """Stand on another firm. Levers that are locked stay where they are; all others, and the pins, go."""
        with self._lock:
            self._go(Setting(seed=self._steering.now.seed, base=base))

    def report(self, path: str | Path = "answer.html") -> None:
        """Write the report on the answer as soon as it is there, and offer it for download.

        Parameters
        ----------
        path : str or Path
            Ends in .html, .pdf or .xlsx.

        Raises
        ------
        StudyError
            For another kind of file, or a folder that does not exist.
        """
        from salessim.show.report import check_target

        self._ask(report=check_target(path))

    def scenario(self, *, data: bool = True) -> Scenario:
        """Return firm, levers, pins, luck and locks as one value; without `data`, a firm of one's own is only named."""
        with self._lock:
            steering = self._steering
            return scenario_of(steering.now, steering.base, steering.locked, data=data)

    def code(self) -> str:
        """Return the share code of where everything stands."""
        return code_of(self.scenario(data=False))

    def load(self, scenario: Scenario | str) -> None:
        """Go to a scenario, or to what a share code says; levers that are locked here stay where they are.

        Raises
        ------
        ModelError
            For a code that is damaged, or belongs to a firm whose data are not here.
        """
        given = read_code(scenario) if isinstance(scenario, str) else scenario
        with self._lock:
            self._go(given.setting(self._steering.base), given.locked)

    def stop(self) -> None:
        """Stop replaying; what there is stays. Does nothing where nothing runs."""
        if not self._answerer.worker.busy:
            return
        self._answerer.worker.stop()
        with self._lock:
            self._speaker.end_waiting()
            self._held = True
            self._press()
            shown, language = self._answerer.study, self._speaker.language
            if shown is not None and self._answerer.shown == self._steering.now:
                self._speaker.say(text("stopped", language, n=shown.replications), stage="stopped")
            else:
                self._speaker.say(text("stopped empty", language), stage="stopped")

    def go_on(self) -> None:
        """Go on after a stop."""
        self._ask()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the answer; return False where it took longer than `timeout` seconds."""
        return self._answerer.worker.wait(timeout)

    def close(self) -> None:
        """Stop the worker and let go of the widgets. May be called twice."""
        if self.closed:
            return
        self._speaker.end_waiting()
        self._pulse.close()
        self._speaker.say(text("closed", self._speaker.language))
        self._answerer.worker.close()
        self.controls.close()

    def work(self, job: Job, key: str, **fields: object) -> None:
        """Do something else than answering on the worker, and say what."""
        self._pulse.touch()
        with self._lock:
            self._speaker.say(text(key, self._speaker.language, **fields), stage="running")
        self._answerer.worker.submit(job)

    def refuse(self, error: SalesSimError) -> None:
        """Say what cannot be done; what is on the page stays."""
        with self._lock:
            self._speaker.refuse(error)

    def display(self) -> None:
        """Show where levers and locks stand."""
        with self._lock:
            steering = self._steering
            self.controls.show(steering.now.levers, steering.locked, paid=steering.paid)
            self._press()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.widget._repr_mimebundle_(**options)

    def __repr__(self) -> str:
        return f"Cockpit({dict(self.levers.items)}, {'closed' if self.closed else 'open'})"

    # ----------------------------------------------------------------------------------------------------- the inside

    def _guarded(self, callback: Callable[..., None]) -> Callable[..., None]:
        """Return a callback that never raises; the speaker, who says what went wrong, is made after the widgets."""
        return lambda *arguments: self._speaker.guarded(callback)(*arguments)

    def _go(self, setting: Setting, locked: Sequence[str] = ()) -> None:
        self._follow(lambda: self._steering.go(setting, locked))

    def _follow(self, step: Callable[[], None]) -> None:
        """Take a step, show where everything stands, and ask for the answer."""
        with self._lock:
            before = self._steering.base
            step()
            base = self._steering.base
            if base is not before:
                self.controls.start(
                    base, {name: started(lever(name), base.market, base.plan) for name in self._names}
                )
            self.display()
            self._ask()

    def _press(self) -> None:
        self.controls.press(self._steering.history, stopped=self._held, locked=self._steering.locked)
        if self.controls.panel.value:
            self.controls.files.put_code(self.code())

    def _ask(self, report: Path | None = None) -> None:
        """Ask the worker for the newest answer."""
        self._pulse.touch()
        with self._lock:
            self._speaker.listen()
            self._held = False
            self._mark += 1
            self._press()
            asked = Asked(
                self._steering.now, self._steering.base, self._speaker.language, self._view, str(self._mark),
                time.perf_counter(), report, tuple(sorted(self._steering.locked)),
            )  # fmt: skip
        self._answerer.ask(asked)

    def _seen(self, setting: Setting) -> None:
        """Note that an answer to a setting is on the page."""
        self._steering.history.seen(setting)
        self._press()

    def _failed(self, error: BaseException) -> None:
        """Say what went wrong in place of the answer."""
        with self._lock:
            self._speaker.end_waiting()
            self._answerer.forget()
            self._speaker.failed(error)
