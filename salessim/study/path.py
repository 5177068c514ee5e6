"""The path of a change: month by month against staying as one is. How deep the dip, how long, when it has paid back.

Differences are paired, month by month: the same customers, the same candidates, the same luck. A single future is too
noisy to read a dip from, so dip and break-even are read from the mean path over the futures. The mean is noisy as well,
and the lowest of many noisy months is low whatever happens: resampled readings themselves would find a dip in every
plan that changes nothing. So every interval comes from a band that holds the whole path at once, with probability 90 %
(its width is found by drawing the futures anew: studentised bootstrap of the largest deviation over the months). What
lies between the reading of its upper and that of its lower edge is possible; the rest is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from salessim.errors import StudyError, explain, nearest
from salessim.study.phrases import figures
from salessim.study.wording import currency_label
from salessim.words import sentence

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from salessim.study.study import Study

__all__ = ["Path", "Reading", "path_of"]

Floats = NDArray[np.float64]
_WINDOW = 3
_RESAMPLES = 1_000
_SEED = 20_260
_LEVEL = 0.90


@dataclass(frozen=True)
class Reading:
    """A figure of a path with its 90 % interval; NaN stands for later than the run (a dip that does not end in it)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Path:
    """The path of one plan against the baseline.

    Attributes
    ----------
    name, baseline : str
    currency : str
    months : int
    revenue, contribution : (replications, months) arrays
        Difference of each month: the plan less the baseline.
    baseline_revenue : float
        Mean revenue of the baseline in a month.
    begins : int or None
        Month in which the plan first changes; None where that is decided on the way.
    dip_depth : Reading
        Lowest three-month mean of the difference in revenue, as a share of the baseline's; 0 without a dip. What the
        lowest of noisy months lies too low on average is taken off (by bootstrap). Where `low` is 0, the dip cannot
        be told from chance.
    dip_months : Reading
        Months from the change until the three-month mean is back at the baseline for good; NaN: not in this run.
    break_even : Reading
        Month (counted from the start) from which the contribution added up stays at or above that of the baseline: the
        first with the change where it is never behind; NaN: not in this run.
    better_at_end : float
        Share of futures in which the contribution added up to the end is above the baseline's.
    end : Reading
        Contribution added up to the end, the plan less the baseline.
    customers_at_risk : Reading
        Accounts that change hands because of the change: those under the plan less those under the baseline.
    """

    name: str
    baseline: str
    currency: str
    months: int
    revenue: Floats
    contribution: Floats
    baseline_revenue: float
    begins: int | None
    dip_depth: Reading
    dip_months: Reading
    break_even: Reading
    better_at_end: float
    end: Reading
    customers_at_risk: Reading

    @property
    def never_behind(self) -> bool:
        """Whether the mean contribution, added up, is never below the baseline's: nothing is to be made up for."""
        return self.break_even.value <= (self.begins or 0) + 1

    def frame(self) -> pd.DataFrame:
        """Return mean and 90 % interval of the difference of each month and of the sum up to it."""
        import pandas as pd

        columns: dict[str, Any] = {"month": np.arange(1, self.months + 1)}
        for name, values in (("revenue", self.revenue), ("contribution", self.contribution)):
            for prefix, series in (("", values), ("total_", values.cumsum(axis=1))):
                mean, half = series.mean(axis=0), _half_width(series)
                columns[f"{prefix}{name}"] = mean
                columns[f"{prefix}{name}_low"], columns[f"{prefix}{name}_high"] = mean - half, mean + half
        return pd.DataFrame(columns)

    def text(self, language: str = "en") -> str:
        """Say what the path is, in words."""
        unit = currency_label(self.currency, language)
        value, low, high = figures(self.end.value, self.end.low, self.end.high, language, unit=unit)
        return "\n".join(
            sentence(key, language, **values)
            for key, values in (
                ("path head", {"plan": self.name, "baseline": self.baseline}),
                self._dip_in_words(language),
                self._break_even_in_words(language),
                ("path end", {
                    "months": self.months, "value": value, "low": low, "high": high,
                    "share": f"{self.better_at_end:.0%}",
                }),
                ("path customers", {"value": f"{self.customers_at_risk.value:,.0f}", "baseline": self.baseline}),
            )
        )  # fmt: skip

    def _dip_in_words(self, language: str) -> tuple[str, dict[str, str]]:
        depth = {
            "depth": f"{self.dip_depth.value:.1%}", "low": f"{self.dip_depth.low:.1%}",
            "high": f"{self.dip_depth.high:.1%}",
        }  # fmt: skip
        if self.dip_depth.high <= 0.0:
            return "path no dip", {}
        if self.dip_depth.low <= 0.0:
            return "path dip unsure", depth
        first, last = (self._month(x, language) for x in (self.dip_months.low, self.dip_months.high))
        if np.isnan(self.dip_months.low):
            return "path dip lasts", depth
        if np.isnan(self.dip_months.value):
            return "path dip may last", {**depth, "first": first}
        return "path dip", {**depth, "months": f"{self.dip_months.value:.0f}", "first": first, "last": last}

    def _break_even_in_words(self, language: str) -> tuple[str, dict[str, str]]:
        low, high = (self._month(x, language) for x in (self.break_even.low, self.break_even.high))
        if np.isnan(self.break_even.low):
            return "path no break even", {"months": str(self.months)}
        if np.isnan(self.break_even.value):
            return "path may break even", {"months": str(self.months), "low": low}
        if self.never_behind:
            return "path never behind", {"high": high}
        return "path break even", {"month": f"{self.break_even.value:.0f}", "low": low, "high": high}

    def _month(self, value: float, language: str) -> str:
        return sentence("path later", language) if np.isnan(value) else f"{value:.0f}"

    def plot(self, language: str = "en", **size: Any) -> Figure:
        """Draw the path: the difference month by month with the dip marked, and the sum with the break-even."""
        from salessim.show.path_figure import path_figure

        return path_figure(self, language, **size)


def path_of(study: Study, plan: str) -> Path:
    """Return the path of a plan of a study against the study's baseline.

    Parameters
    ----------
    study : Study
    plan : str
        One of its plans, not the baseline.

    Raises
    ------
    StudyError
        For a plan that is not in the study, or the baseline itself.

    Examples
    --------
    >>> from salessim.model.change import Change
    >>> from salessim.model.presets import preset
    >>> from salessim.study.comparison import compare
    >>> market, stay = preset("small")
    >>> go = stay.but(changes=(Change(month=2, to={"structure": "customer"}),))
    >>> study = compare(market, {"stay": stay, "go": go}, months=6, replications=6, draws=0, audit=False)
    >>> path = path_of(study, "go")
    >>> path.begins, float(abs(path.revenue[:, :2]).max())
    (2, 0.0)
    """
    names = study.names
    if plan not in names or plan == names[study.baseline]:
        others = [name for place, name in enumerate(names) if place != study.baseline]
        raise StudyError(
            explain("no such plan to follow against the baseline", where="plan", value=plan,
                    allowed=", ".join(others), remedy=nearest(plan, others))
        )  # fmt: skip
    here, there = names.index(plan), study.baseline
    revenue = study.monthly[:, here] - study.monthly[:, there]
    contribution = study.earned[:, here] - study.earned[:, there]
    base = study.monthly[:, there].mean(axis=0)
    changes = study.plans[plan].changes
    begins = (changes[0].month if changes[0].month is not None else None) if changes else 0
    first = begins or 0
    smooth, total = _smoothed(revenue[:, first:]), contribution[:, first:].cumsum(axis=1)
    share = smooth / np.maximum(_smoothed(base[first:]), 1e-300)
    moved = study.values("customers_at_risk")
    return Path(
        name=plan, baseline=names[there], currency=study.market.currency, months=study.months,
        revenue=revenue, contribution=contribution, baseline_revenue=float(base.mean()), begins=begins,
        dip_depth=_depth_read(share[:, _WINDOW - 1 :]),
        dip_months=_read(smooth, _length),
        break_even=_read(total, lambda path: first + _even(path)),
        better_at_end=float((contribution.sum(axis=1) > 0.0).mean()),
        end=_mean(contribution.sum(axis=1)),
        customers_at_risk=_mean(moved[:, here] - moved[:, there]),
    )  # fmt: skip


def _half_width(values: Floats) -> Floats:
    from scipy.stats import t

    n = len(values)
    return np.asarray(t.ppf(0.5 + _LEVEL / 2.0, n - 1) * values.std(axis=0, ddof=1) / np.sqrt(n))


def _mean(values: Floats) -> Reading:
    mean, half = float(values.mean()), float(_half_width(values[:, None])[0])
    return Reading(mean, mean - half, mean + half)


def _smoothed(path: Floats) -> Floats:
    """Return the mean of each month with the two before it (fewer at the start), along the last axis."""
    total = np.concatenate([np.zeros((*path.shape[:-1], 1)), np.cumsum(path, axis=-1)], axis=-1)
    last = np.arange(1, path.shape[-1] + 1)
    begin = np.maximum(last - _WINDOW, 0)
    return np.asarray((total[..., last] - total[..., begin]) / (last - begin))


def _depth(share: Floats) -> float:
    """Return how far below zero the lowest value lies; 0 where none does."""
    return max(0.0, -float(share.min())) if len(share) else 0.0


def _length(smooth: Floats) -> float:
    """Return the months until the difference is no longer below zero for good; NaN: never."""
    below = np.flatnonzero(smooth < 0.0)
    if not len(below):
        return 0.0
    last = int(below[-1]) + 1
    return float(last) if last < len(smooth) else float("nan")


def _even(total: Floats) -> float:
    """Return the month from which a sum stays at or above zero, 1 where it always does; NaN: never."""
    below = np.flatnonzero(total < 0.0)
    if not len(below):
        return 1.0
    last = int(below[-1]) + 1
    return float(last + 1) if last < len(total) else float("nan")


def _drawn_means(paths: Floats) -> tuple[Floats, Floats]:
    """Return means of the futures drawn anew, and their standard errors, shape (draws, months) each."""
    n = len(paths)
    drawn = np.random.default_rng(_SEED).integers(0, n, (_RESAMPLES, n))
    times = np.stack([np.bincount(row, minlength=n) for row in drawn]) / n
    means = times @ paths
    centred = paths - paths.mean(axis=0)
    variance = times @ centred**2 - (times @ centred) ** 2
    return means, np.sqrt(np.maximum(variance, 0.0) / (n - 1))


def _band(paths: Floats) -> tuple[Floats, Floats]:
    """Return the edges of a band that holds the whole mean path with a probability of 90 %."""
    mean, error = paths.mean(axis=0), paths.std(axis=0, ddof=1) / np.sqrt(len(paths))
    means, errors = _drawn_means(paths)
    # where few futures differ, as before a trigger has fired in most, a draw may miss them and show no spread at all
    errors = np.maximum(errors, 0.5 * error)
    off = np.divide(np.abs(means - mean), errors, out=np.zeros_like(means), where=errors > 0.0)
    width = float(np.quantile(off.max(axis=1, initial=0.0), _LEVEL)) * error
    return mean - width, mean + width


def _read(paths: Floats, read: Callable[[Floats], float]) -> Reading:
    """Read a time off the mean path; the edges of its band say how early and how late it may be."""
    lower, upper = _band(paths)
    return Reading(read(paths.mean(axis=0)), read(upper), read(lower))


def _depth_read(share: Floats) -> Reading:
    lower, upper = _band(share)
    low, high, lowest = _depth(upper), _depth(lower), _depth(share.mean(axis=0))
    excess = float(np.mean([_depth(mean) for mean in _drawn_means(share)[0]])) - lowest
    return Reading(min(max(lowest - excess, low), high), low, high)
