"""From a setting to answers that grow: first a preview, then more futures, then audit and assumptions. No widgets."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from salessim.errors import StudyError, explain
from salessim.model.pay_files import pay_preset
from salessim.study.incremental import Futures
from salessim.study.replay import Replay
from salessim.study.usual import usual_sales
from salessim.widgets.history import Setting
from salessim.widgets.naming import LETTERS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from salessim.model.market import Market
    from salessim.model.plan import Plan
    from salessim.study.study import Assumed, Study

__all__ = ["Effort", "Replayer", "Stage"]

_SEEDS_KEPT = 2
_OTHERS = ("territory", "product")  # between them they divide whole areas and split accounts


class Effort(NamedTuple):
    """How long, how often and how thoroughly to replay; see `salessim.widgets.cockpit.cockpit`."""

    months: int
    replications: int
    preview: int
    draws: int
    audit: bool

    def sizes(self, found: int) -> list[int]:
        """Return the numbers of futures to show: from the preview on ever twice as many, beginning with what is found.

        Examples
        --------
        >>> Effort(24, 24, 2, 0, False).sizes(0), Effort(24, 24, 2, 0, False).sizes(9)
        ([2, 4, 8, 16, 24], [8, 16, 24])
        """
        size, sizes = self.preview, []
        while size < self.replications:
            sizes.append(size)
            size *= 2
        sizes.append(self.replications)
        known = [one for one in sizes if one <= found]
        return sizes[max(len(known) - 1, 0) :]


@dataclass(frozen=True)
class Stage:
    """An answer on its way.

    Attributes
    ----------
    setting : Setting
    pair : Study
        The baseline and the plan of the levers.
    whole : Study
        The same with the pinned plans, once they are there; `Study.audited` says what SimPy found.
    final : bool
        Whether all futures are there.
    auditing : bool
        Whether SimPy is at it.
    assumed : Assumed or None
        The pair with the assumptions moved.
    """

    setting: Setting
    pair: Study
    whole: Study
    final: bool = False
    auditing: bool = False
    assumed: Assumed | None = None

    @property
    def same(self) -> bool:
        """Whether the plan is the baseline."""
        base, live = self.pair.plans.values()
        return base == live


class Replayer:
    """Answers settings on one market and baseline, and keeps what was replayed.

    Parameters
    ----------
    market, plan : Market, Plan
        Before any lever is moved; the plan is the baseline.
    effort : Effort

    Examples
    --------
    >>> from salessim.widgets.levers import Levers
    >>> from salessim.model.presets import preset
    >>> replayer = Replayer(*preset("small"), Effort(2, 5, 2, 0, False))
    >>> [stage.pair.replications for stage in replayer.stages(Setting(Levers().but(reps=9)))]
    [2, 4, 5, 5]
    """

    def __init__(self, market: Market, plan: Plan, effort: Effort) -> None:
        self.market = market
        self.plan = plan
        self.effort = effort
        self._futures: OrderedDict[int, Futures] = OrderedDict()
        self._usual: float | None = None

    def usual(self) -> float:
        """Return what a rep sells in a year under the baseline, to two digits; found when it is first asked for."""
        if self._usual is None:
            self._usual = usual_sales(self.market, self.plan)
        return self._usual

    def warm_up(self) -> None:
        """Do once what a first lever asks for: another kind of structure, or pay, takes rules that must be loaded."""
        for structure in _OTHERS:
            if structure != self.plan.structure:
                Replay(self.market, self.plan.but(structure=structure, changes=()), self.effort.months, seed=1)
        paid = self.plan.but(pay=pay_preset("accelerator", self.usual()), changes=())
        Replay(self.market, paid, self.effort.months, seed=1).run(0)

    def stages(
        self,
        setting: Setting,
        *,
        stop: NDArray[np.int64] | None = None,
        swept: Callable[[int, int], None] | None = None,
    ) -> Iterator[Stage]:
        """Yield answers to a setting, each knowing more; the last has everything. Ends early where `stop` was set.

        Parameters
        ----------
        setting : Setting
        stop : (1,) int64 array, optional
            Set its element, from any thread, to stop.
        swept : callable, optional
            Told draws of the assumptions finished, and in all.

        Raises
        ------
        ModelError
            For a setting that cannot be.
        StudyError
            Where SimPy and the compiled clock disagree.
        """
        futures = self._futures_of(setting.seed)
        market, live = setting.levers.market(self.market), setting.levers.plan(self.plan, self.usual)
        two = {"baseline": self.plan, "live": live}
        pins = {letter: one.plan(self.plan, self.usual) for letter, one in zip(LETTERS, setting.pins, strict=False)}
        plans = two | {letter: plan for letter, plan in pins.items() if plan != live}
        found = futures.found(market, two)
        stage: Stage | None = None
        for n in self.effort.sizes(found):
            # what is pinned waits until the plan itself has been shown
            asked = (two, plans) if stage is None and plans != two and found < n else (plans,)
            for some in asked:
                pair = futures.study(market, two, n, stop=stop)
                whole = futures.study(market, some, n, stop=stop) if len(some) > len(two) else pair
                if pair is None or whole is None:
                    return
                stage = Stage(setting, pair, whole, final=n == self.effort.replications and some is asked[-1])
                yield stage
        assert stage is not None
        yield from self._proved(stage, futures, stop, swept)

    def proven(self, stage: Stage, names: Sequence[str], stop: NDArray[np.int64] | None = None) -> Study | None:
        """Return the whole of a final answer as a study to report: plans named, assumptions moved under all of them.

        Parameters
        ----------
        stage : Stage
            The last that `stages` yielded.
        names : sequence of str
            Of the plans, in their order.
        stop : (1,) int64 array, optional

        Returns
        -------
        Study or None
            None where it was stopped before.
        """
        whole = stage.whole
        assumed = None
        if self.effort.draws:
            futures = self._futures_of(stage.setting.seed)
            assumed = futures.sweep(whole.market, whole.plans, self.effort.draws, stop=stop)
            if assumed is None:
                return None
        plans = dict(zip(names, whole.plans.values(), strict=True))
        moved = dict(zip(names, whole.moved.values(), strict=True))
        return replace(whole, plans=plans, moved=moved, assumed=assumed)

    def _proved(
        self,
        stage: Stage,
        futures: Futures,
        stop: NDArray[np.int64] | None,
        swept: Callable[[int, int], None] | None,
    ) -> Iterator[Stage]:
        """Yield the final answer with SimPy's audit, then with the assumptions moved."""
        market, plans, two = stage.pair.market, stage.whole.plans, stage.pair.plans
        if self.effort.audit:
            if futures.audited(market, plans) is None:
                yield replace(stage, auditing=True)
            if None in [futures.audit(market, plan, stop) for plan in plans.values()]:
                return
            identical = futures.audited(market, plans)
            if identical is False:
                raise StudyError(
                    explain(
                        "the compiled clock and SimPy disagree on replication 0: do not use this answer",
                        remedy="This is a defect of salessim, not of your data: please report it",
                    )
                )
            stage = replace(stage, whole=replace(stage.whole, audited=identical))
        yield stage
        if self.effort.draws and not stage.same:
            assumed = futures.sweep(market, two, self.effort.draws, stop=stop, progress=swept)
            if assumed is not None:
                yield replace(stage, assumed=assumed)

    def _futures_of(self, seed: int) -> Futures:
        if seed not in self._futures:
            self._futures[seed] = Futures(self.effort.months, seed)
        self._futures.move_to_end(seed)
        while len(self._futures) > _SEEDS_KEPT:
            self._futures.popitem(last=False)
        return self._futures[seed]
