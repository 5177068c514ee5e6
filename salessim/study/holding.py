"""The second line under a verdict: in which share of draws of the assumptions it holds, and who leads elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salessim.errors import StudyError, explain
from salessim.study.chances import share_of_wins
from salessim.study.critical import Floats, wilson_interval
from salessim.study.judgement import Judgement, Kind
from salessim.study.phrases import phrase, share

__all__ = ["Holding", "holds", "plan_names"]


@dataclass(frozen=True, eq=False)
class Holding:
    """In which share of draws of the assumptions a judgement holds.

    `share` (with its Wilson interval `low` to `high`) is NaN where there is no verdict to hold. `leads` and
    `leads_where_not`: share of the draws, and of those in which it does not hold, that each plan leads.
    """

    judgement: Judgement
    plans: tuple[str, ...]
    n: int
    share: float
    low: float
    high: float
    leads: Floats
    leads_where_not: Floats

    def text(self, language: str = "en", *, plans: Sequence[str] | None = None) -> str:
        """Say it as one paragraph; see `lines`."""
        return phrase(language, "space").join(self.lines(language, plans=plans))

    def lines(self, language: str = "en", *, plans: Sequence[str] | None = None) -> list[str]:
        """Say it in one or two sentences; `plans` replaces the names, in the same order."""
        names = plan_names(self.plans if plans is None else plans, len(self.leads))
        if math.isnan(self.share):
            return [phrase(language, "no verdict", n=self.n, leaders=_leaders(self.leads, names, language))]
        low, high = (share(x, language) for x in (self.low, self.high))
        sentences = [
            phrase(
                language, "holds", share=share(self.share, language), n=self.n, low=low, high=high,
                level=share(0.95, language),
            )
        ]  # fmt: skip
        if self.share < 1:
            leaders = _leaders(self.leads_where_not, names, language)
            sentences.append(phrase(language, "elsewhere", leaders=leaders))
        return sentences


def holds(judgement: Judgement, points: npt.ArrayLike, plans: Sequence[str] = ()) -> Holding:
    """Say in which share of draws of the assumptions a judgement holds.

    Better (worse): the plan is still ahead of (behind) the other. Practically equal: their difference is within
    delta. Cannot tell: there is nothing to hold; the shares of the lead are given all the same.

    Parameters
    ----------
    judgement : Judgement
        What was said at the central assumptions.
    points : array_like, shape (n_points, n_plans)
        Mean difference of every plan from the baseline at each draw of the assumptions (0 for the baseline itself),
        in the unit of ``judgement.delta``: shares of that draw's baseline if it was judged in shares. Each is a mean
        over few replications, so a share below 100 % contains some Monte-Carlo error besides the assumptions.
    plans : sequence of str
        Names for the sentences.

    Raises
    ------
    StudyError
        No draws, a value that is no finite number, or too few columns.

    Examples
    --------
    >>> from salessim.study.differences import paired_differences
    >>> from salessim.study.judgement import judge
    >>> family = paired_differences([[100, 104.1], [90, 94.2], [110, 113.9], [95, 98.8], [105, 109.0]])
    >>> h = holds(judge(family, 1.0)[0], [[0, 4.0], [0, 2.5], [0, -1.0], [0, 3.0]], ["today", "customer"])
    >>> for line in h.lines():
    ...     print(line)
    Over the ranges of the assumptions this holds in 75 % of 4 draws (95 % interval 30 % to 95 %).
    Where it does not hold, the lead goes to today (100 %).
    """
    data = np.array(points, dtype=np.float64)
    columns = max(judgement.plan, judgement.against) + 1
    if data.ndim != 2 or len(data) < 1 or data.shape[1] < columns or not np.isfinite(data).all():
        raise StudyError(
            explain(
                "differences over the assumptions must be finite numbers, one row per draw, one column per plan",
                where="points",
                value=data.shape,
                allowed=f"at least one row and {columns} columns, none missing",
                remedy="Run the draws that failed again, or leave their whole row out",
            )
        )
    sign = 1.0 if judgement.higher_is_better else -1.0
    difference = sign * (data[:, judgement.plan] - data[:, judgement.against])
    leads = share_of_wins(sign * data)
    names = plan_names(plans, data.shape[1]) if plans else tuple(str(j) for j in range(data.shape[1]))
    none = np.zeros_like(leads)
    if judgement.kind is Kind.CANNOT_TELL:
        return Holding(judgement, names, len(data), math.nan, math.nan, math.nan, leads, none)
    if judgement.kind is Kind.PRACTICALLY_EQUAL:
        still = np.abs(difference) <= judgement.delta
    else:
        still = difference > 0 if judgement.kind is Kind.BETTER else difference < 0
    low, high = wilson_interval(int(still.sum()), len(data))
    elsewhere = none if still.all() else share_of_wins(sign * data[~still])
    return Holding(judgement, names, len(data), float(still.mean()), low, high, leads, elsewhere)


def plan_names(plans: Sequence[str], columns: int) -> tuple[str, ...]:
    """Return the names, one per column and all different."""
    names = (plans,) if isinstance(plans, str) else tuple(str(name) for name in plans)
    if len(names) != columns or len(set(names)) != len(names):
        raise StudyError(
            explain(
                "every plan needs a name of its own",
                where="plans",
                value=list(names),
                allowed=f"{columns} different names, one per column",
            )
        )
    return names


def _leaders(shares: Floats, names: Sequence[str], language: str) -> str:
    order = [int(j) for j in np.argsort(-shares, kind="stable") if shares[j] > 0]
    parts = [phrase(language, "leader", plan=names[j], share=share(float(shares[j]), language)) for j in order]
    return phrase(language, "comma").join(parts)
