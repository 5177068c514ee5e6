"""Where a difference comes from: the mechanisms switched off one at a time, and in every order (Shapley)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salessim.errors import StudyError, explain, nearest
from salessim.measures import MEASURES, measure
from salessim.study.replay import Replay

if TYPE_CHECKING:
    import pandas as pd

    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["DIALS", "Explanation", "explain_difference"]

DIALS: dict[str, dict[str, float]] = {
    "travel": {"travel": 0.0},
    "skill": {"skill_effect": 0.0},
    "insight": {"insight_effect": 0.0},
    "relationship": {"relation_effect": 0.0},
    "coordination": {"coordination_effect": 0.0, "coordination_time": 0.0, "handoff_loss": 0.0},
}
"""The mechanisms through which structures differ, and the settings that switch each off."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """The difference of two plans taken apart.

    Attributes
    ----------
    plan, against : str
    total : float
        Difference with every mechanism on, as a share of `against`.
    rest : float
        Difference with every mechanism off: what balance and luck of the draw leave.
    shares : dict of str to float
        What each mechanism adds, averaged over every order of switching them on; with `rest` they sum to `total`.
    errors : dict of str to float
        Standard error of each over the paired replications.
    alone : dict of str to float
        Difference when only that mechanism is switched off.
    """

    plan: str
    against: str
    total: float
    rest: float
    shares: dict[str, float]
    errors: dict[str, float]
    alone: dict[str, float]

    def frame(self) -> pd.DataFrame:
        """Return one row per mechanism, the strongest first."""
        import pandas as pd

        rows = [(name, self.shares[name], self.errors[name], self.alone[name]) for name in self.shares]
        rows.sort(key=lambda row: -abs(row[1]))
        return pd.DataFrame(rows, columns=["mechanism", "adds", "standard_error", "difference_without_it"])


def explain_difference(
    market: Market,
    plans: Mapping[str, Plan],
    plan: str,
    against: str,
    *,
    months: int = 24,
    replications: int = 6,
    seed: int = 1,
    dials: Sequence[str] = tuple(DIALS),
    measure_name: str = "revenue",
) -> Explanation:
    """Take the difference between two plans apart, dial by dial.

    Every subset of the mechanisms is run (2 to the power of the dials) on the same replications; a mechanism's share
    is its Shapley value: what switching it on adds, averaged over every order. Nothing is left unexplained.

    Raises
    ------
    StudyError
        For an unknown plan or dial.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> plans = {"territory": plan, "product": plan.but(structure="product")}
    >>> found = explain_difference(market, plans, "product", "territory", months=2, replications=2, dials=["travel"])
    >>> abs(found.rest + sum(found.shares.values()) - found.total) < 1e-12
    True
    """
    for name in (plan, against):
        if name not in plans:
            raise StudyError(explain("no such plan", value=name, remedy=nearest(name, plans)))
    for dial in dials:
        if dial not in DIALS:
            raise StudyError(explain("no such dial", value=dial, remedy=nearest(dial, DIALS)))
    place = [entry.name for entry in MEASURES].index(measure(measure_name).name)
    alignment = {name: Replay(market, plans[name], 1, seed).alignment for name in (plan, against)}
    gaps: dict[frozenset[str], NDArray[np.float64]] = {}
    for size in range(len(dials) + 1):
        for on in itertools.combinations(dials, size):
            changes: dict[str, float] = {}
            for dial in dials:
                if dial not in on:
                    changes |= DIALS[dial]
            here = market.but(**changes) if changes else market
            found = {}
            for name in (plan, against):
                replay = Replay(here, plans[name], months, seed, alignment[name])
                found[name] = np.array([_value(replay, n, place) for n in range(replications)])
            gaps[frozenset(on)] = (found[plan] - found[against]) / max(abs(float(found[against].mean())), 1e-300)
    shares, errors, alone = {}, {}, {}
    everything = frozenset(dials)
    for dial in dials:
        value = np.zeros(replications)
        others = [name for name in dials if name != dial]
        for size in range(len(others) + 1):
            weight = math.factorial(size) * math.factorial(len(others) - size) / math.factorial(len(dials))
            for subset in itertools.combinations(others, size):
                value += weight * (gaps[frozenset(subset) | {dial}] - gaps[frozenset(subset)])
        shares[dial] = float(value.mean())
        errors[dial] = float(value.std(ddof=1) / math.sqrt(replications)) if replications > 1 else math.nan
        alone[dial] = float(gaps[everything - {dial}].mean())
    return Explanation(
        plan, against, float(gaps[everything].mean()), float(gaps[frozenset()].mean()), shares, errors, alone
    )  # fmt: skip


def _value(replay: Replay, replication: int, place: int) -> float:
    outcome = replay.outcome(replication)
    return float("nan") if outcome is None else float(outcome.measures[place])
