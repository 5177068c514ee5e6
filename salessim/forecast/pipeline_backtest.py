"""What pipeline forecasts made at past month ends would have said, and what came: nothing of the future is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from salessim.forecast.calls import learnt_bias
from salessim.forecast.combining import SOURCES, Mixed, mixed, source_error, width_of
from salessim.forecast.pipeline_paths import Outlook, Shock, look_ahead, shocked
from salessim.forecast.pipeline_rules import past_quarters
from salessim.forecast.pipeline_snapshot import Record, Snapshot, day_number, known_at
from salessim.forecast.steps import Vector
from salessim.forecast.values import forecast_values

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Judged", "Look", "came", "judged", "look_at", "month_ends", "outcomes", "shock_of"]

_LEAST = 90  # days of record that an origin needs before it: every month of a quarter has been seen once
_LEAST_WINS = 10
_BIAS_SD = 0.08  # of the log ratio of what came to what was expected, before past origins are looked at
_SHOCK_SD = 0.05  # of the shock that all deals share, likewise
_SHOCK_PRIOR = 6.0  # independent origins that it counts as much as
_STEP = 30.0  # days between origins: longer horizons overlap
_MONTHS = 24  # whole months of sales that a forecast of the series by models needs


@dataclass(frozen=True, eq=False)
class Look:
    """One origin: what was seen from it, by itself.

    Attributes
    ----------
    origin : datetime.date
    outlook : Outlook
    open_futures, new_futures : (paths, horizons) float64
        Without a shock.
    series : (horizons,) float64
        Forecast of the series of sales.
    commits : pandas.DataFrame or None
        Rep's commits of this day: ``rep``, ``horizon``, ``commit``.
    """

    origin: Date
    outlook: Outlook
    open_futures: Vector
    new_futures: Vector
    series: Vector
    commits: pd.DataFrame | None


@dataclass(frozen=True, eq=False)
class Judged:
    """One origin, with what earlier origins had taught by then.

    Attributes
    ----------
    look : Look
    shocks : tuple of Shock
        Of the total, one a horizon.
    open, new : (horizons,) float64
        Expected value.
    chance : (open deals, horizons) float64
        Of being won, the past bias taken out.
    open_futures : (paths, horizons) float64
        Value won of the deals open now.
    futures : (paths, horizons) float64
        Total of the pipeline.
    call : (horizons,) float64
        What reps call, their bias taken out; NaN where they do not.
    mixed : Mixed
        The combination.
    """

    look: Look
    shocks: tuple[Shock, ...]
    open: Vector
    new: Vector
    chance: Vector
    open_futures: Vector
    futures: Vector
    call: Vector
    mixed: Mixed

    @property
    def points(self) -> dict[str, Vector]:
        """The sources' forecasts of the total."""
        return {"series": self.look.series, "pipeline": self.pipeline, "call": self.call}

    @property
    def pipeline(self) -> Vector:
        """Expected value of the pipeline, deals to come included."""
        return self.open + self.new


def month_ends(record: Record, origin: Date, count: int) -> list[Date]:
    """The last month ends before a day from which something could be learnt, in order.

    An origin needs 90 days of record and ten won deals before it.
    """
    closed = np.sort(record.deals["closed"].to_numpy()[(record.deals["status"] == "won").to_numpy()])
    first = float(np.nanmin(record.deals["closed"]))
    found: list[Date] = []
    day = origin.replace(day=1) - timedelta(days=1)
    while len(found) < count:
        end = day_number(day) + 1.0
        if end - first < _LEAST or np.searchsorted(closed, end) < _LEAST_WINS:
            break
        found.append(day)
        day = day.replace(day=1) - timedelta(days=1)
    return found[::-1]


def look_at(
    record: Record, origin: Date, horizon: tuple[int, ...], paths: int, seed: int, commits: pd.DataFrame | None = None
) -> Look:
    """Look ahead from an origin, knowing what was known then."""
    snapshot = known_at(record, origin)
    rng = np.random.default_rng([seed, int(day_number(origin))])
    outlook = look_ahead(snapshot, horizon, paths, rng)
    found, new = outlook.futures(Shock(), rng)
    mine = None
    if commits is not None:
        mine = commits[commits["day"].dt.date == origin]
        mine = mine if len(mine) else None
    return Look(origin, outlook, found, new, _series(snapshot, horizon), mine)


def came(record: Record, look: Look) -> tuple[Vector, Vector]:
    """Value won within each horizon after an origin, of deals then open and of later ones; NaN where not over yet."""
    horizon = look.outlook.horizon
    end = day_number(look.origin) + 1.0
    deals = record.deals
    won = (deals["status"] == "won").to_numpy()
    amount = np.where(won, np.nan_to_num(deals["amount"].to_numpy(dtype=float)), 0.0)
    closed, old = deals["closed"].to_numpy(), (deals["created"] < end).to_numpy()
    found = np.full((2, len(horizon)), np.nan)
    for place, days in enumerate(horizon):
        if end + days <= day_number(record.as_of) + 1.0:
            inside = won & (closed >= end) & (closed < end + days)
            found[:, place] = amount[inside & old].sum(), amount[inside & ~old].sum()
    return found[0], found[1]


def outcomes(record: Record, look: Look, days: int) -> Vector:
    """Whether each deal open at an origin was won within a number of days."""
    end = day_number(look.origin) + 1.0
    ids = look.outlook.snapshot.open["deal_id"]
    final = record.deals.set_index("deal_id").loc[ids]
    return np.asarray((final["status"] == "won") & (final["closed"] < end + days), dtype=np.float64)


def judged(record: Record, look: Look, earlier: Sequence[Judged], seed: int) -> Judged:
    """Apply to an origin what the outcomes of earlier ones had taught by its day."""
    horizon = look.outlook.horizon
    limit = day_number(look.origin) + 1.0
    past = [(one, *came(record, one.look)) for one in earlier]
    parts, whole, errors = [], [], []
    for place, days in enumerate(horizon):
        over = [
            (one, old[place], new[place])
            for one, old, new in past
            if day_number(one.look.origin) + 1.0 + days <= limit and np.isfinite(old[place])
        ]
        before = [(one.look.open_futures[:, place], old) for one, old, _ in over]
        ahead = [(one.look.new_futures[:, place], new) for one, _, new in over]
        parts.append((shock_of(before, days), shock_of(ahead, days)))
        whole.append(shock_of([(one.futures[:, place], old + new) for one, old, new in over], days))
        errors.append(
            {name: [old + new - one.points[name][place] for one, old, new in over] for name in SOURCES}
            | {"actual": [old + new for _, old, new in over]}
        )
    biases = np.array([[shock.bias for shock in both] for both in parts])
    open_ = np.array([look.outlook.expected(bias)[0][place] for place, bias in enumerate(biases[:, 0])])
    new = np.array([look.outlook.expected(bias)[1][place] for place, bias in enumerate(biases[:, 1])])
    rng = np.random.default_rng([seed, int(limit), 1])
    # One luck for all horizons of a path keeps the futures joint; each horizon has its own bias and spread.
    luck = rng.standard_normal((len(look.open_futures), 1))
    old_sd = np.array([both[0].sd for both in parts])
    open_futures = _lifted(look.open_futures, open_) * np.exp(old_sd * luck - old_sd**2 / 2)
    sd = np.array([shock.sd for shock in whole])
    futures = (_lifted(look.open_futures, open_) + _lifted(look.new_futures, new)) * np.exp(sd * luck - sd**2 / 2)
    futures, open_futures = (np.maximum.accumulate(each, axis=1) for each in (futures, open_futures))
    chance = np.column_stack([shocked(look.outlook.chance[:, k], bias) for k, bias in enumerate(biases[:, 0])])
    call = _call(record, look, earlier, limit, new)
    spreads = [source_error(error, days) for error, days in zip(errors, horizon, strict=True)]
    seen_already = np.where(open_ + new > 0, open_ / np.where(open_ + new > 0, open_ + new, 1.0), 0.5)
    combination = mixed(look.series, futures, open_ + new, call, seen_already, errors, spreads)
    seen = []
    for place, days in enumerate(horizon):
        given = [(one.mixed.futures[:, place], old[place] + fresh[place]) for one, old, fresh in past
                if day_number(one.look.origin) + 1.0 + days <= limit and np.isfinite(old[place])]  # fmt: skip
        seen.append(width_of(given, days))
    combination = combination.widened(np.array(seen))
    return Judged(look, tuple(whole), open_, new, chance, open_futures, futures, call, combination)


def shock_of(past: Sequence[tuple[Vector, float]], days: int) -> Shock:
    """Bias and spread that past origins show beyond the luck of single deals.

    The log ratio of what came to what was expected has a sampling variance that the futures of its own origin tell;
    what is left is the shock. Bias and spread are shrunken to a prior, the more the more the windows overlap.

    Parameters
    ----------
    past : sequence of (futures, float)
        Futures that a past origin saw, and what came.
    days : int
        Length of the horizon.
    """
    ratios, luck = [], []
    for futures, actual in past:
        mean = float(futures.mean())
        if mean > 0:
            ratios.append(np.log(max(actual, 0.1 * mean) / mean))
            luck.append(float(futures.var()) / mean**2)
    if not ratios:
        return Shock(0.0, float(np.hypot(_BIAS_SD, _SHOCK_SD)))
    z, v = np.array(ratios), np.array(luck)
    apart = 1.0 + (len(z) - 1) * min(1.0, _STEP / days)  # windows that do not overlap
    spread, bias, precision = _SHOCK_SD**2, 0.0, 1.0
    for _ in range(5):
        weight = apart / len(z) / (v + spread)
        precision = float(weight.sum()) + 1.0 / _BIAS_SD**2
        bias = float((weight * z).sum()) / precision
        own = max(float(np.mean((z - bias) ** 2 - v)), 0.0)
        spread = (apart * own + _SHOCK_PRIOR * _SHOCK_SD**2) / (apart + _SHOCK_PRIOR)
    return Shock(bias, float(np.sqrt(spread + 1.0 / precision)))


def _lifted(futures: Vector, expected: Vector) -> Vector:
    """Futures scaled to have the expected means."""
    mean = futures.mean(axis=0)
    return np.asarray(futures * np.where(mean > 0, expected / np.where(mean > 0, mean, 1.0), 1.0))


def _call(record: Record, look: Look, earlier: Sequence[Judged], limit: float, new: Vector) -> Vector:
    """Reps' commits of open deals, their learnt bias taken out, and what deals to come are expected to bring."""
    import pandas as pd

    horizon = look.outlook.horizon
    found = np.full(len(horizon), np.nan)
    if look.commits is None:
        return found
    deals = record.deals
    for place, days in enumerate(horizon):
        mine = look.commits[look.commits["horizon"] == days].set_index("rep")["commit"]
        if not len(mine):
            continue
        past = []
        for one in earlier:
            end = day_number(one.look.origin) + 1.0
            if one.look.commits is None or end + days > limit:
                continue
            won = deals[(deals["status"] == "won") & (deals["created"] < end)
                        & (deals["closed"] >= end) & (deals["closed"] < end + days)]  # fmt: skip
            then = one.look.commits[one.look.commits["horizon"] == days]
            value = then["rep"].map(won.groupby("rep")["amount"].sum()).fillna(0.0)
            past.append(pd.DataFrame({"rep": then["rep"], "commit": then["commit"], "came": value}))
        factor = learnt_bias(pd.concat(past))["factor"] if past else pd.Series({"": 1.0})
        found[place] = float((mine * factor.reindex(mine.index).fillna(factor[""])).sum()) + new[place]
    return found


def _by_day(days: Vector, values: Vector, length: int) -> Vector:
    return np.asarray(np.bincount(days.astype(np.int64), values, minlength=length), dtype=np.float64)


def _series(snapshot: Snapshot, horizon: tuple[int, ...]) -> Vector:
    """Forecast from the series of sales alone: same days of past quarters; the models where there are two years."""
    won = snapshot.deals[snapshot.deals["status"] == "won"]
    first = int(np.floor(snapshot.begun))
    length = int(snapshot.end) - first
    amount = np.nan_to_num(won["amount"].to_numpy(dtype=float))
    daily: Vector = _by_day(np.floor(won["closed"].to_numpy()) - first, amount, length)
    after = snapshot.origin + timedelta(days=1)
    start = after.replace(month=after.month - (after.month - 1) % 3, day=1)
    backs, quarter = [], start
    for _ in range(4):
        quarter = (quarter - timedelta(days=1)).replace(day=1)
        quarter = quarter.replace(month=quarter.month - (quarter.month - 1) % 3)
        backs.append((start - quarter).days)
    same = past_quarters(daily, tuple(backs), horizon)
    months = np.arange(np.datetime64(first, "D"), np.datetime64(first + length, "D")).astype("datetime64[M]")
    names, of = np.unique(months.astype(np.int64), return_inverse=True)
    sums = np.bincount(of, daily)[1:]  # the first may not be whole
    if after.day != 1 or len(sums) < _MONTHS:
        return same
    ahead = -(-horizon[-1] // 28)
    by_month = forecast_values(sums, ahead, 12)["mean"]
    edges = (names[-1] + 1 + np.arange(ahead + 1)).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    modelled = np.interp(horizon, edges - edges[0], np.r_[0.0, np.cumsum(by_month)])
    return np.asarray((same + modelled) / 2.0)
