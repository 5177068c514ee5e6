"""Who gets which quota in a run: reps by the quota rule of the plan, teams and managers as the sum of their people."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.errors import explain
from salessim.model.pay import Component, Pay, PayError
from salessim.pay.quotas import allocate_quotas, to_cents

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.world.world import World

__all__ = ["HISTORY_RULES", "PERIODS_A_YEAR", "LastYear", "Teams", "quotas_of_payees", "quotas_of_reps", "teams_of"]

Floats = NDArray[np.float64]

PERIODS_A_YEAR = {"day": 365, "month": 12, "quarter": 4, "year": 1}
"""Pay periods a year: customers sign on any day of the calendar."""
HISTORY_RULES = ("last_year", "bottom_up")
"""Quota rules for which somebody must know what the seats sold before the run."""
_LEAST = 1e-3
"""Least weight of a seat in the division of a quota, over the mean: nobody has a quota of 0."""


class LastYear(NamedTuple):
    """What the seats sold in the year before the run, and what they expect to sell in a year, money.

    Attributes
    ----------
    sold, expected : (seats,) float
    """

    sold: Floats
    expected: Floats


class Teams(NamedTuple):
    """Team (group) and manager of each seat in one phase, by row; -1 where a seat is not open."""

    team: NDArray[np.int64]
    manager: NDArray[np.int64]


def teams_of(unpaid: World, month: int) -> list[Teams]:
    """Return the teams of the phases from that in force in `month` on, then those before, latest first."""
    n_reps = len(unpaid["reps"])
    changes = unpaid["changes"]
    later = unpaid["posts"].reshape(-1, n_reps)
    found = [_teams(unpaid["reps"]), *(_teams(posts) for posts in later)]
    dated = [k + 1 for k in range(len(changes)) if changes["months"][k] == 0 and changes["month"][k] <= month]
    now = max(dated, default=0)
    return found[now:] + found[:now][::-1]


def _teams(seats: NDArray[np.void]) -> Teams:
    there = seats["open"] != 0
    return Teams(np.where(there, seats["group"], -1), np.where(there, seats["manager"], -1))


def quotas_of_payees(part: Component, of_reps: Floats | None, teams: list[Teams], managed: bool, n: int) -> Floats:
    """Return the quota of each of `n` teams or managers for a component, 0 where it needs none.

    The component's own quota is that of each team; where quotas are allocated, a team has the sum of its people's, as
    they are together when the pay plan begins or, of a team that there is not then, when it first exists.
    """
    if of_reps is None:
        return np.zeros(n)
    if part.quota is not None:
        return np.full(n, part.quota)
    found = np.zeros(n)
    for phase in teams:
        belongs = phase.manager if managed else phase.team
        there = belongs >= 0
        sums = np.bincount(belongs[there], weights=of_reps[there], minlength=n)
        found = np.where(found > 0.0, found, sums)
    found = np.where(found > 0.0, found, of_reps.mean())  # a team that nobody is ever in
    return np.asarray(to_cents(found) / 100.0, dtype=np.float64)


def quotas_of_reps(
    market: Market, target: float | None, pay: Pay, unpaid: World, last_year: LastYear | None = None
) -> dict[str, Floats]:
    """Return the first quota of each rep (in the order of the seats) for each component on attainment, by its title.

    A component's own quota is everybody's. Where it has none, the company target is divided by the quota rule of the
    plan: equally, by the potential of the territories, by their work or by last year's sales; or reps propose their
    own, somewhat below what they expect (`understatement`). Years are divided evenly among their periods.

    Parameters
    ----------
    market : Market
    target : float, optional
        Revenue a year.
    pay : Pay
    unpaid : World
    last_year : LastYear, optional
        For the rules of `HISTORY_RULES`.

    Raises
    ------
    PayError
        A quota must be allocated and the plan has no target, or its rule needs what nobody gave.
    """
    n_reps = len(unpaid.names.reps)
    found: dict[str, Floats] = {}
    for part in (*pay.components, *pay.manager_components):
        if part.basis != "attainment":
            continue
        if part.quota is not None:
            found[part.title] = np.full(n_reps, part.quota)
            continue
        proposed = pay.quotas.quota_rule == "bottom_up"
        if (target is None and not proposed) or part.measure not in ("bookings", "revenue", "cash_collected"):
            raise PayError(
                explain("a quota can be allocated from the company target in revenue only, and neither may be missing",
                        where=f"component {part.title!r}, quota", value=part.measure,
                        remedy="Give the component a quota, or the plan a target=… (revenue a year)")
            )  # fmt: skip
        yearly = allocate_quotas(target or 0.0, _columns(pay, unpaid, last_year), pay.quotas) / 100.0
        found[part.title] = np.asarray(to_cents(yearly / PERIODS_A_YEAR[part.period]) / 100.0, dtype=np.float64)
    return found


def _columns(pay: Pay, unpaid: World, last_year: LastYear | None) -> dict[str, Floats]:
    covers, n_reps, rule = unpaid["covers"], len(unpaid.names.reps), pay.quotas.quota_rule
    column: Floats
    if rule == "equal":
        return {"reps": np.ones(n_reps)}
    if rule == "potential":
        worth = covers["rate"] * unpaid["products"]["price"][covers["product"]]
        column = np.asarray(np.bincount(covers["owner"], weights=worth, minlength=n_reps), dtype=np.float64)
    elif rule == "workload":
        column = np.zeros(n_reps)
        row = {name: i for i, name in enumerate(unpaid.names.reps)}
        for name, work in zip(unpaid.alignment.reps, unpaid.alignment.work, strict=True):
            column[row[name]] = work
    elif last_year is None:
        raise PayError(
            explain("this quota rule needs the sales of the year before", where="pay.quotas.quota_rule", value=rule,
                    allowed="equal, potential, workload", remedy="Choose one of these, or give each component a quota")
        )  # fmt: skip
    elif rule == "last_year":
        column = last_year.sold
    else:
        column = last_year.expected * (1.0 - pay.quotas.understatement)
    name = "proposal" if rule == "bottom_up" else rule
    return {name: np.maximum(column, _LEAST * max(float(column.mean()), 1e-6))}
