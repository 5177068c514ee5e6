"""The panel: five levers, a pinned baseline, and an answer that follows the levers.

A callback only notes what was moved and asks the worker for the newest answer; it never computes or draws, so it may
arrive on any thread. The worker sets values of widgets and nothing else. There is no arithmetic here: figures come from
`salessim.study`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from salessim.cockpit.answer import Names, answer_html, message_html, status_html, warm_up
from salessim.cockpit.cells import replace_panel
from salessim.cockpit.controls import Controls
from salessim.cockpit.levers import Levers
from salessim.cockpit.texts import text
from salessim.cockpit.worker import Task, Worker
from salessim.errors import SalesSimError, StudyError, explain, nearest
from salessim.study.incremental import Futures
from salessim.study.phrases import phrase
from salessim.study.position import position
from salessim.study.wording import capital
from salessim.words import label
from salessim.words.terms import checked_language

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan
    from salessim.study.study import Study

__all__ = ["Panel", "panel"]


def panel(
    market: Market,
    plan: Plan,
    *,
    months: int = 24,
    replications: int = 24,
    preview: int = 4,
    seed: int = 1,
    language: str = "en",
) -> Panel:
    """Open a panel on a market: move five levers and see at once what they change against the plan given.

    The plan given is pinned as baseline. Levers of the plan (structure, reps) move only the plan that is compared with
    it; levers of the market (complexity, difference, distance) move the world under both. Every change first shows a
    preview of few futures, then the answer; the preview is the beginning of the answer.

    Parameters
    ----------
    market, plan : Market, Plan
    months : int
        Length of each run.
    replications, preview : int
        Futures of the answer and of its preview.
    seed : int
    language : {"en", "zh"}

    Returns
    -------
    Panel
        Shows itself as the last line of a cell. Running the cell again closes the panel it made before.

    Raises
    ------
    StudyError
        If the numbers of futures cannot be.
    WordsError
        For a language that does not exist.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> opened = panel(*preset("small"), months=2, replications=3, preview=2)
    >>> opened.set(structure="product")
    >>> opened.wait(120), opened.study.replications
    (True, 3)
    >>> opened.close()
    """
    return Panel(market, plan, months, replications, preview, seed, language)


class Panel:
    """A panel; made by `panel`.

    Attributes
    ----------
    widget : ipywidgets.Widget
        What a notebook shows.
    levers : Levers
        Where the levers stand.
    study : Study or None
        What is shown, None where nothing is.
    errors : list of BaseException
        What went wrong and is a defect. What a user cannot do is said in the status line and is no defect.
    """

    def __init__(
        self, market: Market, plan: Plan, months: int, replications: int, preview: int, seed: int, language: str
    ) -> None:
        if not 2 <= preview <= replications:
            raise StudyError(
                explain(
                    "a preview needs two futures, and cannot have more than the answer", where="panel, preview",
                    value=f"{preview} of {replications}", allowed=f"2 to {max(replications, 2)}",
                )
            )  # fmt: skip
        self.market = market
        self.plan = plan
        self.months = months
        self.replications = replications
        self.preview = preview
        self.seed = seed
        self.errors: list[BaseException] = []
        self._language = checked_language(language)
        self._lock = threading.RLock()
        self._levers = Levers()
        self._study: Study | None = None
        self._shown: Levers | None = None  # the levers that the study shown belongs to
        self._held = False
        self._warm = False
        self._futures = Futures(months, seed)
        self._worker = Worker(self._failed, name="salessim panel")
        self._controls = Controls(plan, position(market, plan))
        self._controls.relabel(self._language)
        self._controls.listen(self._moved, self._pressed, self._spoken)
        self.widget = self._controls.widget
        replace_panel(self)
        self._controls.answer.value = message_html(text("compiling", self._language))
        self._ask()

    # ------------------------------------------------------------------------------------------------------ the public

    @property
    def levers(self) -> Levers:
        """Where the levers stand."""
        with self._lock:
            return self._levers

    @property
    def study(self) -> Study | None:
        """What is shown."""
        with self._lock:
            return self._study

    @property
    def language(self) -> str:
        """The language shown."""
        with self._lock:
            return self._language

    @property
    def closed(self) -> bool:
        """Whether the panel is closed."""
        return self._worker.closed

    def set(self, **levers: Any) -> None:
        """Move levers from code, as a hand would: ``panel.set(structure="customer", reps=12)``.

        Parameters
        ----------
        structure, reps, complexity, difference, distance
            What to move; None puts a lever back to what plan or market say.

        Raises
        ------
        StudyError
            For a lever that does not exist. A setting that is impossible is refused in the status line instead.
        """
        known = Levers.__dataclass_fields__
        for name in levers:
            if name not in known:
                raise StudyError(explain("there is no such lever", value=name, remedy=nearest(name, known)))
        with self._lock:
            self._levers = self._levers.but(**levers)
            self._controls.show(self._levers)
        self._ask()

    def speak(self, language: str) -> None:
        """Switch the language.

        Raises
        ------
        WordsError
            For a language that does not exist.
        """
        with self._lock:
            self._language = checked_language(language)
            self._controls.relabel(self._language)
            self._controls.show(self._levers)
        self._ask()

    def stop(self) -> None:
        """Stop replaying; what there is stays. Does nothing where nothing runs."""
        if not self._worker.busy:
            return
        self._worker.stop()
        with self._lock:
            self._held = True
            if self._study is not None and self._shown == self._levers:
                self._say(text("stopped", self._language, n=self._study.replications))
            else:
                self._say(text("stopped empty", self._language))
            self._controls.stopped(True, self._language)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the answer; return False where it took longer than `timeout` seconds."""
        return self._worker.wait(timeout)

    def close(self) -> None:
        """Stop the worker and let go of the widgets. May be called twice."""
        if self._worker.closed:
            return
        self._say(text("closed", self._language))
        self._worker.close()
        self._controls.close()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.widget._repr_mimebundle_(**options)

    def __repr__(self) -> str:
        return f"Panel({self.levers}, {'closed' if self.closed else 'open'})"

    # --------------------------------------------------------------------------------------------------- the callbacks

    def _moved(self, levers: Mapping[str, Any]) -> None:
        """Note a lever moved by hand."""
        with self._lock:
            before, self._levers = self._levers, self._levers.but(**levers)
            if self._levers == before:
                return
        self._ask()

    def _pressed(self, button: str) -> None:
        """Answer to a button."""
        if button == "back":
            self.set(**dict.fromkeys(Levers.__dataclass_fields__))
        elif self._held:
            self._ask()
        else:
            self.stop()

    def _spoken(self, language: str) -> None:
        if language != self.language:
            self.speak(language)

    def _ask(self) -> None:
        """Ask the worker for the newest answer."""
        with self._lock:
            self._held = False
            self._controls.stopped(False, self._language)
        self._worker.submit(self._answer)

    # ------------------------------------------------------------------------------------------------------ the worker

    def _answer(self, task: Task) -> None:
        """Find and show the answer to the levers as they stand now: first few futures, then all."""
        with self._lock:
            levers, language = self._levers, self._language
        begin = time.perf_counter()
        market, live = levers.market(self.market), levers.plan(self.plan)
        plans = {"baseline": self.plan, "live": live}
        names = self._names(levers, live, language)
        steps = [self.preview, self.replications]
        if self._futures.found(market, plans) >= self.replications:
            steps = steps[1:]
        with self._lock:
            if task.stopped:
                return
            if self._study is not None:
                self._say(text("running", language, n=self.replications))
        for n in dict.fromkeys(steps):
            study = self._futures.study(market, plans, n, stop=task.flag)
            if study is None or task.stopped:
                return
            shown = answer_html(study, names, language, same=live == self.plan)
            with self._lock:
                if task.stopped:
                    return
                self._study, self._shown = study, levers
                self._controls.answer.value = shown
                spent = f"{1000 * (time.perf_counter() - begin):,.0f}"
                key = "ready" if n == self.replications else "preview"
                self._say(text(key, language, n=n, all=self.replications, ms=spent, seed=self.seed, months=self.months))

        if self._study is not None and not (self._warm or task.stopped):
            self._warm = True
            warm_up(self._study)

    def _names(self, levers: Levers, live: Plan, language: str) -> Names:
        """Say in words what is compared."""
        moved = [
            text(f"set {name}", language, value=f"{getattr(levers, name):g}")
            for name in ("complexity", "difference", "distance")
            if getattr(levers, name) is not None
        ]
        market = phrase(language, "comma").join(moved) or text("as given", language)
        plans = [(label(f"structure.{plan.structure}", language), plan.headcount) for plan in (self.plan, live)]
        full = [text("with reps", language, structure=name, reps=reps) for name, reps in plans]
        short = full if plans[0][1] != plans[1][1] or plans[0] == plans[1] else [name for name, _ in plans]
        heading = text("heading", language, live=full[1], base=full[0])
        return Names(f"{capital(heading)} · {market}", short[0], short[1])

    def _failed(self, error: BaseException) -> None:
        """Say what went wrong, in words; keep what is a defect."""
        with self._lock:
            self._study = self._shown = None
            if isinstance(error, SalesSimError):
                said = text("refused", self._language, message=str(error))
            else:
                self.errors.append(error)
                said = text("defect", self._language, message=f"{type(error).__name__}: {error}")
            self._controls.answer.value = message_html(said)
            self._say(said, wrong=True)

    def _say(self, said: str, *, wrong: bool = False) -> None:
        self._controls.status.value = status_html(said, wrong=wrong)
