"""What reps do under a pay plan: from the plan in the user's words to policy tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salessim.errors import explain
from salessim.model.motivation import Motivation
from salessim.model.pay import Component, Pay, PayError
from salessim.pay.curve import Curves, add_curves, compile_component, shifted, stack
from salessim.pay.policy import Policies
from salessim.pay.solve import Types, solve, solve_nested

__all__ = ["STEPS", "Programme", "programme", "rep_types", "solve_plan", "solve_two_periods"]

Floats = NDArray[np.float64]

STEPS = {"day": 1, "month": 1, "quarter": 3, "year": 12}
"""Steps (months) of a pay period; what is paid by the day counts as paid by the month."""
_RATCHETED = (0.6, 0.75, 0.875, 1.0, 1.15, 1.35, 1.6)  # quota factors looked at where quotas ratchet
_SETTLED = 1e-3
_BRISK = 3.0  # efforts up to three times today's are on the grid of a short period, others go on straight beyond it
_BEFORE = 0.75  # spacing of the credit before a short period, in standard deviations of such a period's noise
_RATCHET_REACH = 1.25  # a ratchet is followed up to this attainment of the highest quota, and straight on from there
_UNSOLVED = 2  # grid points of policies that nobody reads
_BELOW, _BEYOND = 4.0, 6.0  # the grid's reach below 0 and past the last point of the curve, in deviations of noise


@dataclass(frozen=True)
class Programme:
    """The solved programme of a plan.

    Attributes
    ----------
    policies : Policies
        Tables for `salessim.pay.policy.effort_at` and its companions.
    types : Types
        The rep types, with what the plan pays at once.
    curves : Curves
        Payout at the end of a cycle; type `i` at quota factor `f` has row ``rows[i, f]``.
    rows : (types, factors) int
    steps : int
        Steps of a cycle.
    season : (steps,) float
        Factor on the sales that come without effort, in each step.
    cycles : int
        Cycles until the continuation value of a ratchet settled; 1 without ratchet.
    """

    policies: Policies
    types: Types
    curves: Curves
    rows: NDArray[np.int64]
    steps: int
    season: Floats
    cycles: int


def rep_types(
    sales: ArrayLike, reference_rate: ArrayLike, motivation: Motivation | None = None, target_variable: float = 0.0
) -> Types:
    """Return rep types whose effort is 1 where their pay at the margin is `reference_rate`.

    Sales of a month are ``sales * (1 - s + s * effort)`` with `s` the effort share, plus noise. The cost of effort is
    such that effort 1 is best at the reference rate: what reps do today under today's pay is the unit of effort.

    Parameters
    ----------
    sales : (types,)
        Mean sales a month of each type at effort 1, in units of the measure; more than 0.
    reference_rate : float or (types,)
        Money per unit of sales at the margin under today's plan, more than 0.
    motivation : Motivation
        How reps answer to pay; the defaults where left out.
    target_variable : float
        Target variable pay a year, the unit of risk aversion; needed where there is any.

    Raises
    ------
    PayError
        Sales or a rate of 0 or less.

    Examples
    --------
    >>> types = rep_types([100.0], 0.1, Motivation(risk_aversion=0))
    >>> types.base.tolist(), types.effect.tolist()
    ([69.0], [31.0])
    """
    how = Motivation() if motivation is None else motivation
    mean = np.atleast_1d(np.asarray(sales, dtype=np.float64))
    rate = np.broadcast_to(np.asarray(reference_rate, dtype=np.float64), mean.shape)
    for name, values in (("sales", mean), ("reference_rate", rate)):
        if not (values > 0).all():
            raise PayError(
                explain("every rep type needs more than 0", where=name, value=float(values.min()), allowed="above 0")
            )
    effect = how.effort_share * mean
    risk = how.risk_aversion / target_variable if target_variable > 0 else 0.0

    def every(value: float) -> Floats:
        return np.full(len(mean), value)

    return Types(
        base=(1.0 - how.effort_share) * mean,
        effect=effect,
        noise=how.sales_noise * mean,
        ease=1.0 / (rate * np.where(effect > 0, effect, 1.0)),
        power=every(how.effort_power),
        discount=every(how.discount_factor),
        bias=every(how.present_bias),
        risk=every(risk),
        flow=every(0.0),
    )


def programme(
    pay: Pay,
    types: Types,
    *,
    quotas: Mapping[str, ArrayLike] | None = None,
    shares: Mapping[str, float] | None = None,
    season: ArrayLike | None = None,
    spacing: float = 0.5,
    beside: Mapping[int, Sequence[Curves]] | None = None,
    at_once: ArrayLike = 0.0,
    foresight: bool = True,
) -> Programme:
    """Solve what each rep type does under the plan he really has, month by month.

    Components that bend (tiers, bonuses, threshold, cap) make the cycle, over one period or over two, the short one
    inside the long one; linear ones of another period count as paid in the month they are earned.

    Parameters
    ----------
    pay : Pay
    types : Types
        As from `rep_types`; amounts a month.
    quotas : mapping, optional
        Quota of one period for each type, by title of the component; a component's own where left out.
    shares : mapping, optional
        What a component counts, as a share of a rep's sales, by title: of the products it is for, of the margin in
        revenue, units per money. 1 where left out.
    season : (steps,), optional
        Factor on the sales that come without effort, for each month of a cycle.
    spacing : float
        Spacing of the grid in standard deviations of a month's noise.
    beside : mapping, optional
        What else a period of so many steps pays for a rep's sales of it: a curve of one row for each type. What teams
        and contests pay comes in here, over the luck of others.
    at_once : float or (types,)
        Money per unit of sales that is paid in the same step besides.
    foresight : bool
        False: state the problem and solve nothing, for somebody who looks ahead one step only
        (`salessim.pay.myopic`); policies are then 0.

    Raises
    ------
    PayError
        Components that bend over three periods, a team component, or a quota that is missing.

    Examples
    --------
    >>> from salessim.model.pay_files import pay_preset
    >>> from salessim.pay.policy import effort_at
    >>> types = rep_types([750_000 / 12], 0.2, Motivation(risk_aversion=0))
    >>> found = programme(pay_preset("commission"), types)
    >>> round(effort_at(found.policies, 0, 0, 1.0, 0.0), 9)
    1.0
    """
    own = [part for part in pay.components if part.counts == "own"]
    if len(own) < len(pay.components):
        names = ", ".join(part.title for part in pay.components if part.counts == "team")
        raise PayError(
            explain("a team component depends on what colleagues do, which the programme of one rep does not follow",
                    where="pay.components", value=names, allowed="components with counts: own",
                    remedy="Leave it out here; salessim.pay.theory.team_effort says what sharing does to effort")
        )  # fmt: skip
    bends = sorted({part.period for part in own if not part.linear}, key=lambda period: STEPS[period])
    more = dict(beside or {})
    lengths = sorted({STEPS[period] for period in bends} | set(more))
    ratchet = pay.quotas.ratchet_up > 0 or pay.quotas.ratchet_down > 0
    if len(lengths) > 2 or (len(lengths) == 2 and ratchet):
        raise PayError(
            explain("components bend over too many periods for the programme", where="pay.components",
                    value=", ".join([*bends, *(f"{months} months together" for months in more)]),
                    allowed="tiers, bonuses, thresholds, caps, team pay and contests over two periods, or over one "
                    "where quotas ratchet; linear components over any", remedy="Put some of them on one period")
        )  # fmt: skip
    steps = lengths[0] if lengths else 1
    weight = dict(shares or {})
    flow = np.zeros(len(types.base)) + np.asarray(at_once, dtype=np.float64)
    bent: list[Component] = []
    for part in own:
        if part.linear and part.tiers:
            rates = compile_component(part, _quota(part, quotas, 0))
            per_type = [compile_component(part, _quota(part, quotas, i)).slope[-1] for i in range(len(flow))]
            flow += (np.array(per_type) if part.basis == "attainment" else rates.slope[-1]) * weight.get(
                part.title, 1.0
            )
        elif not part.linear:
            bent.append(part)
    if len(lengths) == 2:
        short = [part for part in bent if STEPS[part.period] == lengths[0]]
        long = [part for part in bent if STEPS[part.period] == lengths[1]]
        pairs = [
            [
                _sum_of(parts, quotas, weight, i, more.get(length))
                for parts, length in zip((short, long), lengths, strict=True)
            ]
            for i in range(len(flow))
        ]
        return solve_two_periods(
            types._replace(flow=flow), [a for a, _ in pairs], [b for _, b in pairs], lengths[0], lengths[1],
            season=season, spacing=spacing, foresight=foresight,
        )  # fmt: skip
    factors = np.array(_RATCHETED if ratchet and any(p.basis == "attainment" for p in bent) else (1.0,))
    tables, reference = [], np.ones(len(flow))
    others = more.get(steps)
    made: dict[tuple[object, ...], Curves] = {}
    for i in range(len(flow)):
        for factor in factors:
            known: tuple[object, ...] = tuple((part.title, _scaled(_quota(part, quotas, i), factor)) for part in bent)
            known = (*known, i) if others is not None else known
            if known not in made:
                curves = [compile_component(part, _scaled(_quota(part, quotas, i), factor)) for part in bent]
                weights = [weight.get(part.title, 1.0) for part in bent]
                if others is not None:
                    curves, weights = [*curves, others[i]], [*weights, 1.0]
                made[known] = add_curves(curves, weights)
            tables.append(made[known])
        attained = [(_quota(part, quotas, i), part.title) for part in bent if part.basis == "attainment"]
        if attained and attained[0][0]:
            reference[i] = attained[0][0] / weight.get(attained[0][1], 1.0)
    return solve_plan(
        types._replace(flow=flow), stack(tables), factors, steps, season=season, spacing=spacing, quotas=reference,
        up=pay.quotas.ratchet_up, down=pay.quotas.ratchet_down, foresight=foresight,
    )  # fmt: skip


def solve_plan(
    types: Types,
    curves: Curves,
    factors: ArrayLike = (1.0,),
    steps: int = 12,
    *,
    season: ArrayLike | None = None,
    spacing: float = 0.5,
    quotas: ArrayLike | None = None,
    up: float = 0.0,
    down: float = 0.0,
    foresight: bool = True,
) -> Programme:
    """Solve the programme for payout curves as they are; `programme` calls it for a plan.

    Parameters
    ----------
    types : Types
    curves : Curves
        One row for all types, or one per type and factor, types outermost: payout at the end of a cycle.
    factors : (factors,)
        Quota factors, rising.
    steps : int
        Steps of a cycle, 1 or more.
    season, spacing
        As in `programme`.
    quotas : (types,), optional
        Quota of a cycle at factor 1, from which a ratchet counts.
    up, down : float
        Ratchet of an overshoot and of a miss.
    foresight : bool
        As in `programme`.
    """
    n_types, factor = len(types.base), np.asarray(factors, dtype=np.float64)
    rows = np.arange(n_types * len(factor)).reshape(n_types, len(factor))
    if len(curves.first) == 2:
        rows = np.zeros_like(rows)
    last = np.array([max(curves.start[a:b].max(), 0.0) for a, b in zip(curves.first, curves.first[1:], strict=False)])
    low = -_BELOW * types.noise
    quota = np.ones(n_types) if quotas is None else np.asarray(quotas, dtype=np.float64)
    far = last[rows].max(axis=1)
    if len(factor) > 1:
        far = np.maximum(far, _RATCHET_REACH * quota * factor[-1])
    high = far + _BEYOND * types.noise
    n = int(np.ceil(((high - low) / (spacing * types.noise)).max())) + 1 if foresight else _UNSOLVED
    shape = (n_types, len(factor), steps, n)
    effort, value, slope = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    h = (high - low) / (n - 1)
    seasonal = np.ones(steps) if season is None else np.asarray(season, dtype=np.float64)
    if seasonal.shape != (steps,):
        raise PayError(
            explain("one factor for each step of the cycle", where="season", value=len(seasonal), allowed=str(steps))
        )
    cycles = 1
    if foresight:
        cycles = solve(
            types, curves, rows.astype(np.int64), quota, factor, up, down, seasonal, low, h, _SETTLED,
            effort, value, slope,
        )  # fmt: skip
    policies = Policies(effort, value, slope, low, h, factor, np.ones(n_types), steps, types.discount, types.flow)
    return Programme(policies, types, curves, rows, steps, seasonal, cycles)


def solve_two_periods(
    types: Types,
    short_curves: Sequence[Curves],
    long_curves: Sequence[Curves],
    short: int,
    steps: int,
    *,
    season: ArrayLike | None = None,
    spacing: float = 0.5,
    foresight: bool = True,
) -> Programme:
    """Solve the programme of a plan that bends over two periods, the short one inside the long one.

    Parameters
    ----------
    types : Types
    short_curves, long_curves : sequence of Curves
        One row for each type: what a short period pays, and what the long one pays beside it.
    short, steps : int
        Steps of the short and of the long period; the second is a multiple of the first.
    season, spacing, foresight
        As in `programme`; `season` has the steps of the long period.

    Returns
    -------
    Programme
        ``rows[i, f]`` is what the end of the last short period pays, the long period included.
    """
    n_types = len(types.base)
    noise = types.noise
    ends = np.array([max(float(curve.start.max()), 0.0) for curve in short_curves])
    goals = np.array([max(float(curve.start.max()), 0.0) for curve in long_curves])
    low = -_BELOW * noise * np.sqrt(short)
    high = np.maximum(ends, short * (types.base + _BRISK * types.effect)) + _BEYOND * noise * np.sqrt(short)
    reach = goals + 2.0 * noise * np.sqrt(steps)
    points = int(np.ceil((reach / (_BEFORE * noise * np.sqrt(short))).max())) + 1
    n = int(np.ceil(((high - low) / (spacing * noise)).max())) + 1 if foresight else _UNSOLVED
    factor = np.linspace(0.0, 1.0, points)
    tables = list(short_curves)
    for i in range(n_types):
        tables += [add_curves([short_curves[i], shifted(long_curves[i], reach[i] * f)], [1.0, 1.0]) for f in factor]
    rows = n_types + np.arange(n_types * points).reshape(n_types, points)
    shape = (n_types, points, steps, n)
    effort, value, slope = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    h = (high - low) / (n - 1)
    seasonal = np.ones(steps) if season is None else np.asarray(season, dtype=np.float64)
    curves = stack(tables)
    if foresight:
        solve_nested(types, curves, rows, np.arange(n_types), reach, short, seasonal, low, h, effort, value, slope)
    policies = Policies(effort, value, slope, low, h, factor, reach, short, types.discount, types.flow)
    return Programme(policies, types, curves, rows, steps, seasonal, 1)


def _sum_of(
    parts: Sequence[Component],
    quotas: Mapping[str, ArrayLike] | None,
    weight: Mapping[str, float],
    i: int,
    others: Sequence[Curves] | None,
) -> Curves:
    """Return the sum of the curves of some components, and of what others bring, for type `i`."""
    curves = [compile_component(part, _quota(part, quotas, i)) for part in parts]
    weights = [weight.get(part.title, 1.0) for part in parts]
    if others is not None:
        curves, weights = [*curves, others[i]], [*weights, 1.0]
    return add_curves(curves, weights)


def _quota(part: Component, quotas: Mapping[str, ArrayLike] | None, i: int) -> float | None:
    """Return the quota of type `i` for a component; none for one that pays by amount."""
    if part.basis == "amount":
        return None
    if quotas is not None and part.title in quotas:
        given = np.atleast_1d(np.asarray(quotas[part.title], dtype=np.float64))
        return float(given[i if len(given) > 1 else 0])
    return part.quota


def _scaled(quota: float | None, factor: float) -> float | None:
    return None if quota is None else float(quota * factor)
