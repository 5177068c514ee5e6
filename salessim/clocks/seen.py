"""What of a pay plan reps see: what their own sales bring them, alone, in their team and in contests.

What a team is paid and who wins a contest depends on others, too. A rep reckons with what they usually sell: of a
team's pay he sees his part of the mean over the others' luck; of a contest, the certain sum that he would take for his
chances at each result of his own (its mean, where he does not mind risk).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salessim.pay.curve import Curves, add_curves, compile_component
from salessim.pay.myopic import expected_payout
from salessim.world.tables import OWN, TEAM

if TYPE_CHECKING:
    from salessim.clocks.pilot import Pilot
    from salessim.model.pay import Pay
    from salessim.world.world import World

__all__ = ["Seen"]

Floats = NDArray[np.float64]

_POINTS = 16
"""Points at which what depends on others is worked out; between them it is taken as straight."""
_FURTHEST = 4.0
"""Standard deviations of a period's luck around usual sales over which they are spread."""


class Seen:
    """The components and contests of a pay plan that move people.

    Attributes
    ----------
    counts : (components,) float
        What each component or contest credits, per money of sales.
    quotas : (components, seats) float
        First quotas; 0 where there is none.
    own, shared, contests : lists of int
        Components on own results, on those of a team, and contests, that credit anything.
    kept : Pay
        The plan with the components of `own` only, the linear ones by the month.
    shares : dict
        `counts` of these, by title.
    """

    def __init__(self, world: World, pay: Pay, pilot: Pilot) -> None:
        self._pay, self._pilot = pay, pilot
        table = world["components"]
        self._group = world["reps"]["group"]
        self._prizes = [
            world["prizes"]["cents"][one["first_prize"] :][: one["prizes"]] / 100.0 for one in table
        ]
        self._payee, self._months = table["payee"], np.maximum(table["months"], 1)
        self._n_groups = len(world["groups"])
        goals = world["goals"]["first"]
        self._goals = [
            float(goals[one["goals"] :][: self._n_groups].mean()) if one["payee"] == TEAM and not one["prizes"] else 0.0
            for one in table
        ]
        n_p = len(world["products"])
        scopes = world["scopes"]["counts"].reshape(len(table), n_p + pilot.amounts.shape[2])
        amounts = pilot.amounts[table["measure"]]
        in_scope = np.einsum("cpg,cp,cg->c", amounts, scopes[:, :n_p], scopes[:, n_p:])
        self.counts = in_scope * np.maximum(table["share"], 0.0)
        self.quotas = world["quotas"]["first"].reshape(len(table), len(self._group))
        parts = pay.components
        moves = [c for c in range(len(parts)) if (parts[c].tiers or parts[c].bonuses) and self.counts[c] > 0.0]
        moves = [c for c in moves if parts[c].linear or parts[c].period != "day"]
        self.own = [c for c in moves if table["payee"][c] == OWN]
        self.shared = [c for c in moves if table["payee"][c] == TEAM]
        self.contests = [c for c in range(len(table)) if table["prizes"][c] > 0 and self.counts[c] > 0.0]
        self.contests = [c for c in self.contests if table["daily"][c] < 0]
        self.kept = pay.but(
            components=tuple(
                parts[c].but(period="month") if parts[c].linear and parts[c].basis == "amount" else parts[c]
                for c in self.own
            )
        )
        self.shares = {parts[c].title: float(self.counts[c]) for c in self.own}

    @property
    def moving(self) -> bool:
        """Whether anything moves people."""
        return bool(self.own or self.shared or self.contests)

    @cached_property
    def leading(self) -> int:
        """The component whose credit policies are read by: the first whose pay bends."""
        bent = [c for c in self.own if not self._pay.components[c].linear]
        return (bent + self.contests + self.shared + self.own)[0]

    @cached_property
    def nested(self) -> bool:
        """Whether pay bends over two periods."""
        bent = [c for c in self.own if not self._pay.components[c].linear] + self.contests + self.shared
        return len({int(self._months[c]) for c in bent}) > 1

    def shared_curves(self, busier: Floats, risk: Floats) -> tuple[dict[int, list[Curves]], Floats]:
        """Return what teams and contests pay for own sales of a period: a curve for each type, by months of the period.

        A rep can follow pay that bends over two periods, or over one where quotas ratchet. What bends over others is
        taken at its slope at usual sales: second, money per unit of sales for each type.

        Parameters
        ----------
        busier : (seats,) float
            Sales of the seats, in those at the effort of today.
        risk : (types,) float
            Constant absolute risk aversion of each type.
        """
        found: dict[int, list[list[Curves]]] = {}
        at_once = np.zeros(len(risk))
        ratchet = self._pay.quotas.ratchet_up > 0.0 or self._pay.quotas.ratchet_down > 0.0
        lengths = {int(self._months[c]) for c in self.own if not self._pay.components[c].linear}
        for c in (*self.shared, *self.contests):
            months = int(self._months[c])
            mean = self._pilot.sales * busier * months
            noise = self._pilot.noise * np.sqrt(busier * months)
            usual, spread = float(mean.mean()), float(noise.mean())
            at = np.linspace(max(usual - _FURTHEST * spread, 0.0), usual + _FURTHEST * spread, _POINTS)
            if c in self.shared:
                worth = [self._team_pay(c, at, usual, spread)] * len(risk)
            else:
                worth = [self._prize(c, at, mean, noise, float(r)) for r in risk]
            if len(lengths | {months}) > (1 if ratchet else 2):
                at_once += [np.interp(1.02 * usual, at, y) / (0.02 * usual) - np.interp(usual, at, y) / (0.02 * usual)
                            for y in worth]  # fmt: skip
                continue
            lengths.add(months)
            found.setdefault(months, []).append([_through(at, values) for values in worth])
        return {
            months: [add_curves([one[i] for one in curves], [1.0] * len(curves)) for i in range(len(risk))]
            for months, curves in found.items()
        }, at_once

    def _mates(self) -> float:
        """Return how many share a team's pay, on average over people."""
        size = np.bincount(self._group, minlength=self._n_groups)
        return float(size[self._group].mean())

    def _team_pay(self, c: int, at: Floats, usual: float, spread: float) -> Floats:
        n = self._mates()
        curve = compile_component(self._pay.components[c], self._goals[c] or None)
        count = float(self.counts[c])
        others, luck = (n - 1.0) * usual, max(spread * np.sqrt(n - 1.0), 1e-6 * usual)
        return np.array([expected_payout(curve, 0, count * (y + others), count * luck) / n for y in at])

    def _prize(self, c: int, at: Floats, mean: Floats, noise: Floats, risk: float) -> Floats:
        from scipy.special import ndtr
        from scipy.stats import binom

        prizes, rivals, winners = self._prizes[c], len(mean) - 1, 1.0
        if self._payee[c] == TEAM:
            n = self._mates()
            rivals, winners = self._n_groups - 1, n
            usual, luck = float(mean.mean()), float(noise.mean()) * np.sqrt(2.0 * n - 1.0)
            beaten = ndtr((at - usual) / luck)
        else:
            beaten = ndtr((at[:, None] - mean) / noise).mean(axis=1)
        ranks = np.arange(min(len(prizes), rivals + 1))
        chance = binom.pmf(ranks, rivals, 1.0 - beaten[:, None])
        won = prizes[: len(ranks)] / winners
        if risk <= 0.0:
            return np.asarray(chance @ won)
        nothing = 1.0 - chance.sum(axis=1)
        return np.asarray(-np.log(chance @ np.exp(-risk * won) + nothing) / risk)


def _through(at: Floats, values: Floats) -> Curves:
    """Return the payout curve that runs straight between some points, and level beyond the first and the last."""
    slope = np.append(np.diff(values) / np.diff(at), 0.0)
    start, level = np.concatenate([[at[0]], at]), np.concatenate([[values[0]], values])
    slope = np.concatenate([[0.0], slope])
    return Curves(np.array([0, len(start)]), start, level, slope, np.ones(len(start), dtype=np.int64))
