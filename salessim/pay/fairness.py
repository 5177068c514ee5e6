"""Is the plan fair, and what does it provoke? Pure functions on tables.

Sources of the yardsticks: equal P(attain) for all reps (Zoltners, Sinha & Lorimer, *The Complete Guide to Sales Force
Incentive Compensation*); the split of variance is an analysis of variance with one random effect, unbiased.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salessim.errors import explain
from salessim.model.pay import PayError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "AttainmentSplit", "attainment_split", "discount_depth", "p_attain", "p_attain_normal", "payout_at_risk",
    "quarter_end_concentration",
]  # fmt: skip


class AttainmentSplit(NamedTuple):
    """Variance of attainment by where it comes from; the three shares add up to 1.

    Attributes
    ----------
    skill, territory, luck : float
        Shares of the variance of one period's attainment: of the person, of the territory (and of skill that goes with
        it), and of what differs from period to period for the same rep.
    variance : float
    reliability : float
        Share of the variance of a rep's *mean* attainment over the periods that is not luck.
    """

    skill: float
    territory: float
    luck: float
    variance: float
    reliability: float


def p_attain(results: pd.DataFrame) -> pd.Series:
    """Return the share of drawn periods in which each rep reaches quota.

    Parameters
    ----------
    results : DataFrame
        rep, quota, result: one row per rep and drawn period (replication).

    Examples
    --------
    >>> import pandas as pd
    >>> p_attain(pd.DataFrame({"rep": ["a", "a"], "quota": [10, 10], "result": [10, 9]})).to_dict()
    {'a': 0.5}
    """
    _need(results, ("rep", "quota", "result"))
    reached = results["result"].to_numpy(np.float64) >= results["quota"].to_numpy(np.float64)
    found: pd.Series = results.assign(reached=reached).groupby("rep", sort=True)["reached"].mean()
    return found


def p_attain_normal(mean: ArrayLike, deviation: ArrayLike, quota: ArrayLike) -> NDArray[np.float64]:
    """Return P(attain) where results are normal with a known mean and standard deviation.

    Examples
    --------
    >>> p_attain_normal([100, 110], 10, 100).round(3).tolist()
    [0.5, 0.841]
    """
    from scipy.special import ndtr

    gap = np.asarray(mean, dtype=np.float64) - np.asarray(quota, dtype=np.float64)
    return np.asarray(ndtr(gap / np.asarray(deviation, dtype=np.float64)))


def attainment_split(panel: pd.DataFrame) -> AttainmentSplit:
    """Split the variance of attainment into skill, territory and luck.

    Parameters
    ----------
    panel : DataFrame
        rep, period, attainment, territory: one row per rep and period; `territory` is a number that says how good the
        rep's territory is for its quota (potential or workload per quota, say), the same in all periods of a rep.

    Returns
    -------
    AttainmentSplit
        Luck is the variance within reps. Of the variance between reps, after taking off the luck that is left in their
        means, the part that goes with `territory` (linear regression, adjusted for its degree of freedom) is territory
        and the rest skill. Skill and territory that go together count as territory.

    Raises
    ------
    PayError
        Fewer than 4 reps, or a rep with fewer than 2 periods: luck cannot then be told from skill.
    """
    _need(panel, ("rep", "period", "attainment", "territory"))
    grouped = panel.groupby("rep", sort=True)
    n = grouped.size().to_numpy()
    if len(n) < 4 or n.min() < 2:
        raise PayError(
            explain("luck cannot be told from skill", where="panel", value=f"{len(n)} reps, fewest periods "
                    f"{n.min() if len(n) else 0}", allowed="4 reps or more with 2 periods or more each",
                    remedy="Use shorter periods or more history")
        )  # fmt: skip
    means = grouped["attainment"].mean().to_numpy(np.float64)
    place = grouped["territory"].mean().to_numpy(np.float64)
    squares = grouped["attainment"].var(ddof=1).to_numpy(np.float64) * (n - 1)
    luck = float(squares.sum() / (n - 1).sum())
    in_mean = luck * float((1.0 / n).mean())
    between = max(float(means.var(ddof=1)) - in_mean, 0.0)
    spread = place - place.mean()
    if float(spread @ spread) > 0:
        slope = float(spread @ means) / float(spread @ spread)
        rest = means - means.mean() - slope * spread
        unexplained = max(float(rest @ rest) / (len(n) - 2) - in_mean, 0.0)
    else:
        unexplained = between
    skill = min(unexplained, between)
    total = between + luck
    if total == 0.0:
        return AttainmentSplit(0.0, 0.0, 1.0, 0.0, 0.0)
    return AttainmentSplit(
        skill / total, (between - skill) / total, luck / total, total, between / max(between + in_mean, 1e-300)
    )


def payout_at_risk(totals: ArrayLike, budget: float, share: float = 0.95) -> float:
    """Return payout at risk: a high percentile of drawn total pay less the budget, 0 where it is within.

    Examples
    --------
    >>> payout_at_risk(range(1, 101), 90)
    5.0
    """
    drawn = np.sort(np.asarray(list(totals) if isinstance(totals, range) else totals, dtype=np.float64))
    if not len(drawn):
        raise PayError(explain("payout at risk takes drawn totals", where="totals", value=0, allowed="1 or more"))
    return max(float(drawn[max(int(np.ceil(share * len(drawn))) - 1, 0)]) - budget, 0.0)


def quarter_end_concentration(dates: ArrayLike, amounts: ArrayLike, days: int = 14) -> float:
    """Return the share of bookings in the last `days` days of their calendar quarter.

    Even bookings give about ``days / 91``: 0.154 for two weeks.

    Examples
    --------
    >>> quarter_end_concentration(["2026-03-31", "2026-03-01"], [30.0, 10.0])
    0.75
    """
    day = np.asarray(dates, dtype="datetime64[D]")
    amount = np.asarray(amounts, dtype=np.float64)
    month = day.astype("datetime64[M]").astype(np.int64)
    end = ((month // 3 + 1) * 3).astype("datetime64[M]").astype("datetime64[D]")
    left = (end - day).astype(np.int64)  # 1 on the last day
    total = float(amount.sum())
    return float(amount[left <= days].sum()) / total if total else 0.0


def discount_depth(price: ArrayLike, list_price: ArrayLike) -> float:
    """Return the share of list value given away: ``1 - sum(price) / sum(list price)``.

    Examples
    --------
    >>> discount_depth([90.0, 100.0], [100.0, 100.0])
    0.05...
    """
    value = float(np.asarray(list_price, dtype=np.float64).sum())
    if not value > 0:
        raise PayError(explain("a discount needs list prices", where="list_price", value=value, allowed="more than 0"))
    return 1.0 - float(np.asarray(price, dtype=np.float64).sum()) / value


def _need(frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
    for name in columns:
        if name not in frame:
            given = ", ".join(map(str, frame.columns))
            raise PayError(explain("this column is needed", where=f"column {name}", remedy=f"Columns given: {given}"))
