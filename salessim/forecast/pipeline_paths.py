"""Joint futures of a pipeline: deals that are open, deals still to come, and a shock that all of them share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from salessim.forecast.combination import Combination
from salessim.forecast.hazards import Hazards
from salessim.forecast.pipeline_snapshot import Snapshot
from salessim.forecast.steps import Numbers, Vector
from salessim.forecast.theta import fit_theta
from salessim.forecast.zombies import Living, fit_living

__all__ = ["Outlook", "Shock", "look_ahead"]

_WEEK = 7.0
_FIT = 12  # weeks of creations that a forecast of them needs
_TYPICAL = 120  # deals that stand for those created in a week to come
_RECENT = 182.0  # days of creations that those are taken from
_FEW_WINS = 5.0  # of a product, that count as much as the wins of all products
_SEASON = 13


@dataclass(frozen=True)
class Shock:
    """What all deals share: their odds are multiplied by a lognormal number.

    Attributes
    ----------
    bias : float
        Its mean logarithm: how far past forecasts were off, shrunken.
    sd : float
        Its spread.
    """

    bias: float = 0.0
    sd: float = 0.0


@dataclass(frozen=True, eq=False)
class Outlook:
    """What an origin sees ahead, before past errors are looked at.

    Attributes
    ----------
    snapshot : Snapshot
    living : Living
        Hazards, and which deals live.
    horizon : tuple of int
        Days after the origin.
    chance : (open deals, horizons) float64
        Of being won by then.
    value : (open deals,) float64
        Expected amount of each if won.
    known : (open deals,) bool
        Whether the amount was on record.
    pool : Vector
        Amounts of won deals, in order of `product`.
    product : Numbers
        Product of each amount of the pool.
    arrivals : (paths, weeks) float64
        Deals created in each week to come.
    fresh : (weeks, typical deals, horizons) float64
        Chance that a deal created in that week is won by each horizon.
    fresh_product : (weeks, typical deals) int64
    """

    snapshot: Snapshot
    living: Living
    horizon: tuple[int, ...]
    chance: Vector
    value: Vector
    known: Vector
    pool: Vector
    product: Numbers
    open_product: Numbers
    arrivals: Vector
    fresh: Vector
    fresh_product: Numbers

    def expected(self, bias: float = 0.0) -> tuple[Vector, Vector]:
        """Expected value won of open deals and of deals to come, by each horizon, the odds multiplied by exp(bias)."""
        means = np.array([_mean_of(self.pool, self.product, number) for number in range(self.product_count)])
        fresh = shocked(self.fresh, bias) * means[self.fresh_product][:, :, None]
        new = self.arrivals.mean(axis=0) @ fresh.mean(axis=1)
        return self.value @ shocked(self.chance, bias), new

    @property
    def hazards(self) -> Hazards:
        """Hazards of deals that live."""
        return self.living.hazards

    @property
    def product_count(self) -> int:
        """Products ever seen."""
        return len(self.hazards.products)

    def futures(self, shock: Shock, rng: np.random.Generator) -> tuple[Vector, Vector]:
        """Joint futures of the value won by each horizon (paths × horizons): of open deals, and of deals to come."""
        paths, horizons = len(self.arrivals), len(self.horizon)
        power = np.exp(shock.bias + shock.sd * rng.standard_normal(paths))
        found, new = np.zeros((paths, horizons)), np.zeros((paths, horizons))
        deals = np.flatnonzero(self.chance[:, -1] > 1e-9)
        for begin in range(0, len(deals), 500):  # in portions: deals × paths would not fit into memory at once
            part = deals[begin : begin + 500]
            luck = -np.expm1(np.log1p(-rng.random((len(part), paths))) / power)
            row, path = np.nonzero(luck < self.chance[part, -1][:, None])
            when = (luck[row, path][:, None] >= self.chance[part[row]]).sum(axis=1)
            np.add.at(found, (path, when), self._amounts(part[row], rng))
        means = shocked_by(self.fresh.mean(axis=1), power)  # paths × weeks × horizons
        steps = np.diff(means, axis=2, prepend=0.0)
        arrivals = np.floor(self.arrivals + rng.random(self.arrivals.shape)).astype(np.int64)
        left, rest = arrivals, np.ones(arrivals.shape)
        for place in range(horizons):
            share = np.clip(steps[:, :, place] / np.maximum(rest, 1e-12), 0.0, 1.0)
            wins = rng.binomial(left, share)
            left, rest = left - wins, rest - steps[:, :, place]
            weight = self.fresh[:, :, place].sum(axis=0)
            if not wins.any():
                continue
            whose: Numbers = np.repeat(np.arange(paths, dtype=np.int64), wins.sum(axis=1).astype(np.int64))
            typical = rng.choice(len(weight), size=len(whose), p=weight / weight.sum())
            np.add.at(new[:, place], whose, self._drawn(self.fresh_product[0][typical], rng))
        return found.cumsum(axis=1), new.cumsum(axis=1)

    def _amounts(self, deals: Numbers, rng: np.random.Generator) -> Vector:
        drawn = self._drawn(self.open_product[deals], rng)
        return np.where(self.known[deals], self.value[deals], drawn)

    def _drawn(self, product: Numbers, rng: np.random.Generator) -> Vector:
        """An amount of a won deal of each product; of any product where few were won."""
        found = np.empty(len(product))
        for number in np.unique(product):
            mine = product == number
            own = self.pool[self.product == number]
            trust = len(own) / (len(own) + _FEW_WINS)
            count = int(mine.sum())
            of_all = rng.choice(self.pool, count)
            found[mine] = np.where(rng.random(count) < trust, rng.choice(own, count), of_all) if len(own) else of_all
        return found


def shocked(chance: Vector, log_factor: float) -> Vector:
    """Chances whose cumulative hazards are multiplied by a factor.

    Examples
    --------
    >>> float(round(shocked(np.array([0.5]), np.log(2.0))[0], 3))
    0.75
    """
    return np.asarray(-np.expm1(np.exp(log_factor) * np.log1p(-np.minimum(chance, 1.0 - 1e-12))))


def shocked_by(chance: Vector, power: Vector) -> Vector:
    """The same for a number of factors at once (factors × the shape of `chance`)."""
    log = np.log1p(-np.minimum(chance, 1.0 - 1e-12))
    return np.asarray(-np.expm1(power.reshape(-1, *[1] * chance.ndim) * log))


def look_ahead(snapshot: Snapshot, horizon: tuple[int, ...], paths: int, rng: np.random.Generator) -> Outlook:
    """Fit the hazards to a snapshot and apply them to what is open and what is to come.

    Parameters
    ----------
    snapshot : Snapshot
    horizon : tuple of int
        Days, increasing.
    paths : int
    rng : numpy.random.Generator
    """
    living = fit_living(snapshot)
    hazards = living.hazards
    place = {
        name: {label: number for number, label in enumerate(names)}
        for name, names in (("stage", hazards.stages), ("product", hazards.products), ("rep", hazards.reps))
    }
    number: dict[str, Numbers] = {
        name: np.asarray(snapshot.deals[name].map(place[name]).fillna(-1), dtype=np.int64) for name in place
    }
    still: Numbers = np.flatnonzero((snapshot.deals["status"] == "open").to_numpy())
    created = snapshot.deals["created"].to_numpy()
    marks = np.array(horizon) - 1
    ahead = horizon[-1]
    start = np.full(len(still), snapshot.end)
    chance = hazards.won_by(
        created[still], number["stage"][still], number["product"][still], number["rep"][still], start, ahead,
        living.of(number["rep"][still]),
    )[:, marks] * living.lives[still, None]  # fmt: skip
    won = snapshot.deals[(snapshot.deals["status"] == "won") & snapshot.deals["amount"].notna()]
    pool = won["amount"].to_numpy(dtype=float)
    if not len(pool):
        pool, product = np.ones(1), np.zeros(1, dtype=np.int64)
    else:
        product = number["product"][won.index.to_numpy()]
    amount = snapshot.deals["amount"].to_numpy(dtype=float)[still]
    known = np.isfinite(amount)
    means = np.array([_mean_of(pool, product, p) for p in range(len(hazards.products))])
    value = np.where(known, amount * snapshot.kept, means[number["product"][still]])
    arrivals = _creations(snapshot, created, -(-ahead // int(_WEEK)), paths, rng)
    fresh, typical = _fresh(snapshot, living, number, horizon, arrivals.shape[1], rng)
    return Outlook(
        snapshot, living, horizon, chance, value, known, pool, product, number["product"][still],
        arrivals, fresh, typical,
    )  # fmt: skip


def _creations(snapshot: Snapshot, created: Vector, weeks: int, paths: int, rng: np.random.Generator) -> Vector:
    """Deals created in each of the weeks to come (paths × weeks), from the series of creations by week."""
    first = max(float(created.min()), snapshot.begun)
    past = int((snapshot.end - first) // _WEEK)
    age = snapshot.end - created
    count = np.bincount((age[age <= past * _WEEK] // _WEEK).astype(np.int64), minlength=max(past, 1))[:past][::-1]
    values = count.astype(float)
    shocks = rng.standard_normal((paths, weeks))
    if past >= _FIT and values.any():
        season, scale = _SEASON if past >= 3 * _SEASON else 1, float(values.mean())
        theta = fit_theta(values / scale, season)
        if theta is not None:
            return Combination({"theta": theta}, season, values, scale, True).paths(shocks)
    rate = float(values[-_SEASON:].mean()) if past else len(created) / max((snapshot.end - first) / _WEEK, 1.0)
    gamma = rng.gamma(max(values.sum(), 1.0), 1.0, (paths, 1)) / max(values.sum(), 1.0)
    return rng.poisson(rate * gamma, (paths, weeks)).astype(float)


def _fresh(
    snapshot: Snapshot, living: Living, number: dict[str, Numbers], horizon: tuple[int, ...], weeks: int,
    rng: np.random.Generator,
) -> tuple[Vector, Numbers]:  # fmt: skip
    """Chances of deals to come, a few typical ones for every week, and their products."""
    hazards = living.hazards
    created = snapshot.deals["created"].to_numpy()
    recent = np.flatnonzero(created >= snapshot.end - _RECENT)
    among = recent if len(recent) else np.arange(len(created))
    # Every product in its share: drawn at random, a rare and dear one would move the whole forecast.
    in_order = among[np.lexsort((number["rep"][among], number["product"][among]))]
    typical = rng.permutation(in_order[(np.arange(_TYPICAL) + 0.5).astype(np.int64) * len(in_order) // _TYPICAL])
    first = snapshot.spells.drop_duplicates("deal")["stage"].mode().iloc[0]
    stage = np.full(_TYPICAL, hazards.stages.index(str(first)))
    # Spread over the days of each week, every week in one go.
    within = np.floor((np.arange(_TYPICAL) + 0.5) * _WEEK / _TYPICAL)
    day: Vector = np.asarray(np.add.outer(np.arange(weeks) * _WEEK, within).ravel(), dtype=np.float64)
    start = snapshot.end + day
    product, rep = number["product"][typical], number["rep"][typical]
    lives = np.tile(living.of(rep), weeks)
    won = lives[:, None] * hazards.won_by(
        start, np.tile(stage, weeks), np.tile(product, weeks), np.tile(rep, weeks), start, horizon[-1], lives
    )
    chance = np.zeros((len(day), len(horizon)))
    for place, mark in enumerate(horizon):
        there = np.flatnonzero(day < mark)
        chance[there, place] = won[there, mark - day[there].astype(np.int64) - 1]
    return chance.reshape(weeks, _TYPICAL, -1), np.tile(product, (weeks, 1))


def _mean_of(pool: Vector, product: Numbers, number: int) -> float:
    own = pool[product == number]
    trust = len(own) / (len(own) + _FEW_WINS)
    return float(trust * own.mean() + (1 - trust) * pool.mean()) if len(own) else float(pool.mean())
