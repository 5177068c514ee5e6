"""Effort: how hard people work in a month under their pay plan, at what, and what they leave undone.

A rep follows the programme solved before the run or, where people look ahead one step only, the myopic rule. What a
product pays more than the average draws effort to it; work that pays nothing suffers from effort at what pays.
"""

from __future__ import annotations

from salessim.pay.curve import Curves
from salessim.pay.myopic import expected_payout, myopic_effort
from salessim.pay.policy import Policies, effort_at
from salessim.pay.solve import Types, power_of
from salessim.rules.settlement import credited
from salessim.world.compiled import rule
from salessim.world.numbers import exp, sqrt
from salessim.world.tables import Tables

__all__ = [
    "aim_row",
    "aims_of",
    "care_now",
    "cycle_state",
    "expected_variable",
    "policies_of",
    "set_efforts",
    "types_of",
]

_MOST_EFFORT = 4.0
_LEAST_CARE = 0.1
"""Care that is left for unpaid work, however hard somebody works at what pays."""
_SALES_OF_TALENT = 0.85
"""Growth of sales with talent, per log-odds over the funnel: one less the share of opportunities that are won."""


@rule
def policies_of(w: Tables) -> Policies:
    """Open the policy tables."""
    s = w.settings[0]
    shape = (s.policy_types, s.policy_factors, s.policy_steps, s.policy_points)
    return Policies(
        w.efforts.reshape(shape), w.values.reshape(shape), w.slopes.reshape(shape), w.types["low"], w.types["h"],
        w.factors["factor"], w.types["scale"], s.policy_short, w.types["discount"], w.types["flow"],
    )  # fmt: skip


@rule
def types_of(w: Tables) -> Types:
    """Open the table of rep types."""
    t = w.types
    return Types(
        t["base"], t["effect"], t["noise"], t["ease"], t["power"], t["discount"], t["bias"], t["risk"], t["flow"]
    )


@rule
def aims_of(w: Tables) -> Curves:
    """Open the payout curves that types see at the end of a cycle."""
    g = w.aim_pieces
    return Curves(w.aims["first"], g["start"], g["level"], g["slope"], g["closed"])


@rule
def aim_row(w: Tables, i: int, step: int, factor: float) -> int:
    """Return the row of `aims_of` that type `i` works for now: by quota factor, or by the credit before."""
    s = w.settings[0]
    nested = s.policy_short < s.policy_steps
    if nested and step // s.policy_short < s.policy_steps // s.policy_short - 1:
        return i  # the long period does not end with this short one
    factor = factor / w.types[i].scale
    nearest = 0
    for f in range(1, s.policy_factors):
        if abs(w.factors[f].factor - factor) < abs(w.factors[nearest].factor - factor):
            nearest = f
    return (s.policy_types if nested else 0) + i * s.policy_factors + nearest


@rule
def cycle_state(w: Tables, r: int, m: int) -> tuple[int, float, float]:
    """Return step of the cycle, quota factor (or credit before the short period) and credit so far of rep `r`.

    Credit is that of the component that leads the policies, in sales of his type; deals that he keeps for the last days
    of the period count as credited.
    """
    s = w.settings[0]
    c = s.leading
    per_sale = w.reps[r].scale / (100.0 * s.leading_share)
    first = m - m % s.policy_short
    cents, _ = credited(w, c, r, first, m + 1)
    factor = 1.0
    if s.policy_short < s.policy_steps:
        before, _ = credited(w, c, r, m - m % s.policy_steps, first)
        factor = before * per_sale
    elif s.ratcheting != 0:
        quota = w.quotas[c * w.reps.size + r]
        factor = quota.quota / quota.first
    return m % s.policy_steps, factor, cents * per_sale + w.reps[r].kept * w.reps[r].scale


@rule
def expected_variable(w: Tables, i: int, talent: float) -> float:
    """Return the variable pay a year that somebody of a talent (log-odds) may expect in a seat of type `i`.

    He reckons with the effort of today and the quota of the seat.
    """
    s = w.settings[0]
    cycle = s.policy_short
    gain = exp(_SALES_OF_TALENT * talent)
    month = (w.types[i].base + w.types[i].effect) * gain
    row = aim_row(w, i, s.policy_steps - 1, 1.0)
    at_end = expected_payout(aims_of(w), row, cycle * month, w.types[i].noise * sqrt(float(cycle)))
    return 12.0 * (at_end / cycle + w.types[i].flow * month)


@rule
def care_now(w: Tables, r: int) -> float:
    """Return the care that rep `r` takes of work that pays nothing, 1 at the effort of today."""
    return max(1.0 - w.settings[0].unpaid_neglect * (w.reps[r].effort - 1.0), _LEAST_CARE)


@rule
def _pull_of_products(w: Tables, m: int) -> float:
    """Set how effort is split over products in month `m`; returns by how much SPIFFs raise mean pay for effort.

    A product draws effort in proportion to what it pays per money of sales (Holmstrom & Milgrom 1991, efforts apart in
    the cost); of that pull people follow the share `task_shift`, and what one product gains the others lose.
    """
    s = w.settings[0]
    begins = w.months[m - 1].ends if m > 0 else 0.0
    days = w.months[m].ends - begins
    mean = s.mean_rate
    for p in range(w.products.size):
        w.products[p].pull = w.products[p].rate
    for i in range(w.spiffs.size):
        open_days = min(w.spiffs[i].last, w.months[m].ends) - max(w.spiffs[i].first, begins)
        if open_days > 0.0:
            for p in range(w.products.size):
                if w.spiffs[i].product < 0 or w.spiffs[i].product == p:
                    extra = w.spiffs[i].cents / 100.0 / w.products[p].price * min(open_days / days, 1.0)
                    w.products[p].pull += extra
                    mean += w.products[p].sales_share * extra
    for p in range(w.products.size):
        pull = 1.0 + s.task_shift * (w.products[p].pull / mean - 1.0) if mean > 0.0 else 1.0
        w.products[p].pull = max(pull, 0.0)
    return mean / s.mean_rate if s.mean_rate > 0.0 else 1.0


@rule
def set_efforts(w: Tables, m: int) -> None:
    """Let everybody choose the effort of month `m`, which begins."""
    s = w.settings[0]
    if s.answers != 0 and w.types.size > 0:
        lift = power_of(_pull_of_products(w, m), 1.0 / (w.types[0].power - 1.0))
        p, types, aims = policies_of(w), types_of(w), aims_of(w)
        for r in range(w.reps.size):
            i = w.reps[r].type
            if i >= 0:
                step, factor, y = cycle_state(w, r, m)
                if s.myopic != 0:
                    left = s.policy_short - step % s.policy_short
                    effort = myopic_effort(types, i, aims, aim_row(w, i, step, factor), left, y)
                else:
                    effort = effort_at(p, i, step, factor, y)
                w.reps[r].effort = max(min(lift * effort, _MOST_EFFORT), s.least_effort)
    if s.paid != 0:
        for r in range(w.reps.size):
            w.diary[r * s.n_months + m].effort = w.reps[r].effort
