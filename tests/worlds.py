"""Small markets and plans for tests: worlds with every dial off that reduce to closed forms, and random worlds.

Tests import it as ``from worlds import ...`` (``pythonpath = ["tests"]`` of pytest).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from salessim.clocks.compiled_clock import run_compiled
from salessim.clocks.run import Run
from salessim.clocks.simulation import Simulation
from salessim.clocks.worlds import make_world
from salessim.model.change import KEEP_RULES, TRIGGER_MEASURES, WAVES, Change, Trigger
from salessim.model.management import TRAINED, VACANCY_RULES
from salessim.model.market import Accounts, Affinity, Calendar, Market, Products, Stages
from salessim.model.mechanisms import Coordination, Demand, Knowledge, Money, Relationship, Travel
from salessim.model.pay import Bonus, Component, Contest, Pay, Quotas, Spiff, Tier
from salessim.model.plan import COVERAGE_RULES, ROUTINGS, Plan, Team
from salessim.model.presets import make_market
from salessim.model.register import off_values, register
from salessim.model.today import Goodwill, Insight, OpenDeals, Owners, Relations, Skill, Today
from salessim.world.access import addresses
from salessim.world.tables import CALENDAR, DTYPES
from salessim.world.world import World

__all__ = [
    "ALWAYS_OPEN", "FOREVER", "LIVELY_PAY", "RECORD", "SCRATCH", "Case", "agrees", "busy_case", "cases",
    "differences", "estimate", "line_of_stages", "lively_case", "quiet_market", "quiet_plan", "replay", "same_tables",
    "shrink", "stage", "still", "time_average",
]  # fmt: skip

Floats = NDArray[np.float64]

ALWAYS_OPEN = Calendar(workdays=(0, 1, 2, 3, 4, 5, 6), hours_per_day=24.0, opens=0.0)
"""Work at all hours of all days, so that queues run in plain time."""
FOREVER = 1e6
"""Days of patience that never end."""
SCRATCH = CALENDAR
"""Tables of the compiled calendar alone; SimPy keeps its own."""
RECORD = ("deals", "steps", "calls", "diary")
"""Tables that say what happened, as against what the world is like."""


# ---- worlds with every dial off --------------------------------------------------------------------------------------
def stage(name: str, effort: float = 0.0, dwell: float = 0.0, advance: float = 1.0, **columns: Any) -> dict[str, Any]:
    """Return one stage: `effort` hours of the rep, `dwell` days of the customer, both exponential unless told."""
    given = {"effort_law": "exponential", "dwell_law": "exponential", "visit": 0.0, **columns}
    return {"stage": name, "effort": effort, "dwell": dwell, "advance": advance, **given}


def line_of_stages(*advance: float, **columns: Any) -> Stages:
    """Return stages named ``stage 1``, ``stage 2`` … with these chances to advance."""
    return Stages([stage(f"stage {n + 1}", advance=p, **columns) for n, p in enumerate(advance)])


NOBODY_CHANGES_MARKET = off_values("people", "record", "money")
NOBODY_CHANGES_PLAN = {**off_values("management"), "appraisal_months": 0}
"""People as machines: nobody ramps, learns by training, is coached, appraised, hired or lost, and nothing costs."""


def quiet_market(
    stages: Stages | Sequence[dict[str, Any]],
    *,
    queues: int = 1,
    rates: Sequence[float] = (1.0,),
    **settings: Any,
) -> Market:
    """Make a market in which nothing happens but Poisson arrivals, work and chance.

    There are `queues` accounts, each served by the reps of one queue; ``rates`` are arrivals a day, one for each
    product. All behaviour dials are off, patience has no end and nobody rests.
    """
    products = [f"product {n + 1}" for n in range(len(rates))]
    accounts = [f"account {n + 1:03d}" for n in range(queues)]
    owners = [
        {"account": a, "product": p, "rep": f"rep {i + 1:03d}-1"} for i, a in enumerate(accounts) for p in products
    ]
    market = Market(
        name="quiet",
        start=dt.date(2026, 1, 1),
        products=Products(
            {"product": products, "price": [100.0] * len(rates), "opportunities": [365.0 * x for x in rates]}
        ),
        accounts=Accounts(
            {"account": accounts, "segment": ["all"] * queues, "x": np.arange(queues), "y": np.zeros(queues)}
        ),
        stages=stages if isinstance(stages, Stages) else Stages(list(stages)),
        calendar=ALWAYS_OPEN,
        demand=Demand(
            activation_floor=1.0,
            prospect_floor=1.0,
            goodwill_effect=0.0,
            goodwill_fade=0.0,
            inquiry_share=0.0,
            response_effect=0.0,
            lead_patience=FOREVER,
            deal_patience=FOREVER,
            cross_sell=0.0,
        ),
        knowledge=Knowledge(skill_effect=0.0, insight_effect=0.0, difference=0.0, learning=0.0, forgetting=0.0),
        relationship=Relationship(relation_effect=0.0, relation_gain=0.0, relation_fade=0.0, relation_kept=1.0),
        coordination=Coordination(coordination_effect=0.0, coordination_time=0.0, handoff_loss=0.0),
        travelling=Travel(travel=0.0),
        money=Money(cost_per_km=0.0, relocation_cost=0.0),
        today=Today(owners=Owners(owners)),
    )
    return market.but(**{**NOBODY_CHANGES_MARKET, **settings})


def quiet_plan(queues: int = 1, reps_per_queue: int = 1, **settings: Any) -> Plan:
    """Make the plan of a `quiet_market`: first come first served, no calls, no leave, all time is selling time."""
    rows = [
        {"rep": f"rep {i + 1:03d}-{j + 1}", "group": f"queue {i + 1:03d}", "x": float(i), "y": 0.0}
        for i in range(queues)
        for j in range(reps_per_queue)
    ]
    fixed: dict[str, Any] = {
        "structure": "today", "team": Team(rows), "selling_time": 1.0, "leave": 0.0, "calls": False,
        "stage_weight": 0.0, "value_weight": 0.0, "wait_weight": 1.0,
    }  # fmt: skip
    own = {name: settings.pop(name) for name in list(settings) if name not in Plan.model_fields}
    return Plan(**{**fixed, **settings}).but(**{**NOBODY_CHANGES_PLAN, **own})


# ---- estimates -------------------------------------------------------------------------------------------------------
def time_average(entered: Floats, left: Floats, start: float, end: float) -> float:
    """Return the mean number present between `start` and `end`, from a walk over arrivals and departures.

    `left` is negative for those who are still there. The walk keeps a count and knows no individual's stay, so that
    Little's law against the mean stay is a check and not an identity of one sum with itself.
    """
    gone = np.where(left < 0.0, np.inf, left)
    times = np.concatenate([entered, gone[np.isfinite(gone)]])
    change = np.concatenate([np.ones(len(entered)), -np.ones(int(np.isfinite(gone).sum()))])
    order = np.argsort(times, kind="stable")
    times, number = np.clip(times[order], start, end), np.cumsum(change[order])
    return float(np.dot(number, np.diff(np.append(times, end))) / (end - start))


def estimate(values: ArrayLike) -> tuple[float, float]:
    """Return mean and standard error of independent replications."""
    x = np.asarray(values, dtype=float)
    return float(x.mean()), float(x.std(ddof=1) / math.sqrt(len(x)))


def agrees(values: ArrayLike, target: float, width: float = 0.02) -> str:
    """Say how a mean of independent replications misses its target; an empty text means that it does not.

    It must lie within 4 standard errors (a false alarm in 16,000 for a correct model, though with fixed seeds the
    answer is the same at each run), and 1.96 standard errors must be within `width` of the target, so that a true
    deviation of twice `width` is noticed with probability 0.46 or more, one of three times `width` with 0.97.
    """
    mean, error = estimate(values)
    z = (mean - target) / error if error > 0 else (0.0 if mean == target else math.inf)
    half = 1.96 * error / abs(target)
    ok = abs(z) <= 4.0 and half <= width
    return "" if ok else f"mean {mean:.6g}, target {target:.6g}, z {z:.2f}, half-width {100 * half:.2f} % of the target"


# ---- tables ----------------------------------------------------------------------------------------------------------
def differences(one: World, other: World, leave_out: Iterable[str] = SCRATCH) -> list[str]:
    """Name the tables in which two worlds differ in any byte, with the first row and columns that do."""
    found = []
    for name in DTYPES:
        if name in set(leave_out):
            continue
        a, b = one.used(name), other.used(name)
        if len(a) != len(b):
            found.append(f"{name}: {len(a)} and {len(b)} rows")
        elif a.tobytes() != b.tobytes():
            names = a.dtype.names or ()
            columns = [c for c in names if a[c].tobytes() != b[c].tobytes()]
            rows = [int(np.flatnonzero(a[c] != b[c])[0]) for c in columns if (a[c] != b[c]).any()]
            first = min(rows, default=-1)
            found.append(
                f"{name}: row {first}, columns {columns}: {a[first] if rows else ''} and {b[first] if rows else ''}"
            )
    return found


def same_tables(one: Run, other: Run, leave_out: Iterable[str] = SCRATCH) -> bool:
    """Tell whether two runs left the same tables, byte for byte."""
    return not differences(one.world, other.world, leave_out)


def shrink(world: World) -> None:
    """Cut the growing tables of a fresh world down to what the start needs, so that each must grow on the way."""
    counts = world["counts"][0]
    start = len(world["covers"]) + len(world["reps"]) + int(counts["deals"])
    sizes = {"deals": int(counts["deals"]), "steps": 0, "relations": int(counts["relations"]), "calls": 0}
    for name, rows in {**sizes, "heap": start, "later": start, "agenda": start}.items():
        world.tables[name] = world[name][: max(rows, 1)].copy()
    world.address = addresses(world.tables)


# ---- random worlds ---------------------------------------------------------------------------------------------------
class Case(NamedTuple):
    """A random market and plan, and how to run them."""

    market: Market
    plan: Plan
    months: int
    seed: int
    grid: float
    record_calls: bool

    def __repr__(self) -> str:
        m, p = self.market, self.plan
        return (
            f"Case({len(m.accounts)} accounts, {len(m.products)} products, {len(m.segments)} segments, "
            f"{len(m.stages)} stages, {p.headcount} reps, {p.structure}, {p.routing}, {p.coverage}, "
            f"{self.months} months, grid {self.grid}, seed {self.seed}, {len(m.today.open_deals)} open deals)"
        )


def replay(case: Case, clock: str = "compiled", *, tiny: bool = False, replication: int = 0) -> Run:
    """Run a case on either clock; `tiny` starts from tables that are full at once."""
    world = make_world(
        case.market,
        case.plan,
        case.months,
        seed=case.seed,
        replication=replication,
        grid=case.grid,
        record_calls=case.record_calls,
    )
    if tiny:
        shrink(world)
    if clock == "simpy":
        return Simulation(case.market, case.plan, case.months, world=world).run()
    run_compiled(world)
    return Run(case.market, case.plan, case.months, world)


def _pick(rng: np.random.Generator, low: float, high: float, *ends: float) -> float:
    """Draw from a range, and one time in four one of its ends."""
    if ends and rng.random() < 0.25:
        return float(rng.choice(ends))
    return round(float(rng.uniform(low, high)), 4)


_LAWS = ("fixed", "exponential", "lognormal")


def _random_stages(rng: np.random.Generator, n: int) -> Stages:
    rows = []
    for i in range(n):
        kinds = rng.dirichlet(np.ones(3)).round(3) + 0.001
        rows.append(
            {
                "stage": f"stage {i + 1}",
                "effort": _pick(rng, 0.1, 6.0, 0.0),
                "effort_law": str(rng.choice(_LAWS)),
                "effort_cv": _pick(rng, 0.1, 1.5, 0.0),
                "dwell": _pick(rng, 0.5, 20.0, 0.0),
                "dwell_law": str(rng.choice(_LAWS)),
                "dwell_cv": _pick(rng, 0.1, 1.5, 0.0),
                "advance": _pick(rng, 0.3, 0.9, 1.0),
                "lost": kinds[0],
                "no_decision": kinds[1] if rng.random() < 0.8 else 0.0,
                "disqualified": kinds[2] if rng.random() < 0.6 else 0.0,
                "visit": _pick(rng, 0.0, 1.0, 0.0, 1.0),
            }
        )
    return Stages(rows)


def _random_season(rng: np.random.Generator) -> tuple[float, ...]:
    if rng.random() < 0.5:
        return (1.0,) * 12
    index = rng.uniform(0.0, 2.0, 12)
    return tuple((12.0 * index / index.sum()).tolist())


def _random_calendar(rng: np.random.Generator, start: dt.date) -> Calendar:
    if rng.random() < 0.25:
        return ALWAYS_OPEN
    hours = _pick(rng, 2.0, 12.0, 8.0)
    days = sorted(rng.choice(7, size=int(rng.integers(1, 8)), replace=False).tolist())
    return Calendar(
        workdays=tuple(days),
        hours_per_day=hours,
        opens=min(_pick(rng, 0.0, 12.0, 0.0, 8.0, 9.0), 24.0 - hours),
        holidays=tuple(
            start + dt.timedelta(days=int(d)) for d in rng.choice(90, size=int(rng.integers(0, 6)), replace=False)
        ),
    )


def _random_today(
    rng: np.random.Generator,
    accounts: list[str],
    products: list[str],
    segments: list[str],
    stages: list[str],
    reps: list[str],
) -> Today:
    people = [*reps, "somebody who left"]
    pairs = [(a, p) for a in accounts for p in products]
    known = [pair for pair in pairs if rng.random() < 0.8]
    some = rng.random(5) < 0.6
    n_open = int(rng.integers(0, 12)) if some[0] else 0
    opened = [
        {
            "deal": f"deal {i}",
            "account": str(rng.choice(accounts)),
            "product": str(rng.choice(products)),
            "rep": str(rng.choice(people)),
            "stage": str(rng.choice(stages)),
            "age": _pick(rng, 0.0, 100.0, 0.0),
            "value": None if rng.random() < 0.3 else _pick(rng, 0.0, 1e5),
        }
        for i in range(n_open)
    ]
    ties = [(a, r) for a in accounts for r in people if rng.random() < 0.4] if some[1] else []
    skills = [(r, p) for r in people for p in products if rng.random() < 0.6] if some[2] else []
    insights = [(r, g) for r in people for g in segments if rng.random() < 0.6] if some[3] else []
    warm = [pair for pair in pairs if rng.random() < 0.5] if some[4] else []
    return Today(
        owners=Owners([{"account": a, "product": p, "rep": str(rng.choice(people))} for a, p in known]),
        open_deals=OpenDeals(opened),
        relations=Relations([{"account": a, "rep": r, "level": _pick(rng, 0.0, 1.0, 0.0, 1.0)} for a, r in ties]),
        skill=Skill([{"rep": r, "product": p, "level": _pick(rng, 0.0, 1.0, 0.0, 1.0)} for r, p in skills]),
        insight=Insight([{"rep": r, "segment": g, "level": _pick(rng, 0.0, 1.0, 0.0, 1.0)} for r, g in insights]),
        goodwill=Goodwill([{"account": a, "product": p, "level": _pick(rng, 0.0, 8.0, 0.0)} for a, p in warm]),
    )


def _random_market(rng: np.random.Generator, n_a: int, n_p: int, n_g: int, n_s: int, reps: list[str]) -> Market:
    start = dt.date(2025, 1, 1) + dt.timedelta(days=int(rng.integers(0, 800)))
    accounts = [f"account {i}" for i in rng.permutation(n_a)]
    products = [f"product {i}" for i in rng.permutation(n_p)]
    segment = [f"segment {int(rng.integers(n_g))}" for _ in accounts]
    segments = sorted(set(segment))
    stages = _random_stages(rng, n_s)
    pairs = [(g, p) for g in segments for p in products if rng.random() < 0.4]
    where = {"x": rng.uniform(0, 400, n_a), "y": rng.uniform(0, 400, n_a)}
    if rng.random() < 0.3:
        where = {"lat": rng.uniform(22, 42, n_a), "lon": rng.uniform(100, 122, n_a)}
    if rng.random() < 0.5:
        where = {name: np.where(rng.random(n_a) < 0.2, np.nan, values) for name, values in where.items()}
    return Market(
        start=start,
        products=Products(
            {
                "product": products,
                "price": rng.uniform(10, 1e5, n_p).round(2),
                "price_cv": [_pick(rng, 0.0, 1.5, 0.0) for _ in products],
                "margin": rng.uniform(-0.2, 0.9, n_p).round(3),
                "complexity": [_pick(rng, 0.0, 1.0, 0.0, 1.0) for _ in products],
                "opportunities": [_pick(rng, 1.0, 60.0, 0.0) for _ in products],
            }
        ),
        accounts=Accounts(
            {
                "account": accounts,
                "segment": segment,
                "potential": [_pick(rng, 0.1, 3.0, 0.0) for _ in accounts],
                "customer": rng.random(n_a) < 0.6,
                "region": rng.choice(["", "north", "south"], n_a),
                **where,
            }
        ),
        stages=stages,
        affinity=Affinity(
            [{"segment": g, "product": p, "demand": _pick(rng, 0, 2, 0.0), "win": _pick(rng, -2, 2)} for g, p in pairs]
        ),
        calendar=_random_calendar(rng, start),
        demand=Demand(
            activation_floor=_pick(rng, 0.1, 0.9, 0.0, 1.0),
            prospect_floor=_pick(rng, 0.0, 0.5, 0.0, 1.0),
            goodwill_effect=_pick(rng, 0.1, 0.9, 0.0),
            goodwill_fade=_pick(rng, 0.001, 0.05, 0.0),
            growth=_pick(rng, -0.5, 1.0, 0.0),
            season=_random_season(rng),
            inquiry_share=_pick(rng, 0.0, 1.0, 0.0, 1.0),
            response_effect=_pick(rng, 0.0, 1.0, 0.0),
            lead_patience=_pick(rng, 0.5, 40.0, 0.0, FOREVER),
            deal_patience=_pick(rng, 0.5, 90.0, 0.0, FOREVER),
            cross_sell=_pick(rng, 0.0, 0.9, 0.0),
            cross_sell_delay=_pick(rng, 0.1, 30.0, 0.0),
        ),
        knowledge=Knowledge(
            skill_effect=_pick(rng, 0, 5, 0.0),
            insight_effect=_pick(rng, 0, 5, 0.0),
            difference=_pick(rng, 0, 1, 0.0, 1.0),
            learning=_pick(rng, 0, 0.3, 0.0),
            forgetting=_pick(rng, 0, 0.02, 0.0),
            new_rep_level=_pick(rng, 0, 1, 0.0),
        ),
        relationship=Relationship(
            relation_effect=_pick(rng, 0, 4, 0.0),
            relation_gain=_pick(rng, 0, 0.5, 0.0, 1.0),
            relation_kept=_pick(rng, 0, 1, 0.0, 1.0),
        ),
        coordination=Coordination(
            coordination_effect=_pick(rng, 0, 1, 0.0),
            coordination_time=_pick(rng, 0, 4, 0.0),
            handoff_loss=_pick(rng, 0, 1, 0.0, 1.0),
        ),
        travelling=Travel(
            travel=_pick(rng, 0, 1.5, 0.0),
            distance=None if rng.random() < 0.5 else _pick(rng, 5, 2000),
            visits_per_trip=_pick(rng, 1, 4, 1.0),
            local_hours=_pick(rng, 0, 1, 0.0),
            flight_overhead=_pick(rng, 0, 4, 0.0),
        ),
        today=_random_today(rng, accounts, products, segments, [str(s) for s in stages["stage"]], reps),
    ).but(**_random_settings(rng, Market, ("people", "record", "money")))


def _random_plan(
    rng: np.random.Generator, market: Market, reps: list[str], structure: str, routing: str, coverage: str
) -> Plan:
    team = reps if rng.random() < 0.8 else reps[: max(1, len(reps) - 1)]
    rows: list[dict[str, Any]] = [
        {"rep": r, "group": str(rng.choice(["east", "west"])) if rng.random() < 0.5 else None} for r in team
    ]
    if np.isfinite(market.accounts["x"]).any() and rng.random() < 0.3:
        rows = [{**row, "x": _pick(rng, 0, 400), "y": _pick(rng, 0, 400)} for row in rows]
    calls = bool(rng.random() < 0.8)
    return Plan(
        structure="territory" if structure == "today" and not len(market.today.owners) else structure,
        team=Team([{k: v for k, v in row.items() if v is not None} for row in rows]),
        reps=None if rng.random() < 0.7 else int(rng.integers(1, len(team) + 3)),
        routing=routing,
        coverage=coverage,
        key_account_share=_pick(rng, 0, 1, 0.0, 1.0),
        incumbency=_pick(rng, 0, 1, 0.0, 1.0),
        open_deals=str(rng.choice(["stay", "move"])),
        prospecting=_pick(rng, 0, 1, 0.0, 1.0),
        selling_time=_pick(rng, 0.2, 1.0, 1.0),
        leave=_pick(rng, 0, 60, 0.0),
        call_hours=_pick(rng, 0.05, 3.0, 0.0),
        call_gap=_pick(rng, 0.5, 20.0, 1.0),
        calls=calls,
        stage_weight=_pick(rng, 0, 20, 0.0),
        value_weight=_pick(rng, 0, 10, 0.0),
        wait_weight=_pick(rng, 0, 2, 0.0),
        focus={str(p): _pick(rng, -5, 5) for p in market.products["product"] if rng.random() < 0.3},
        target=None if rng.random() < 0.3 else _pick(rng, 1e3, 1e7),
    ).but(
        vacancy=str(rng.choice(VACANCY_RULES)),
        trained=str(rng.choice(TRAINED)),
        appraisal_months=int(rng.integers(0, 4)),
        **_random_settings(rng, Plan, ("management",)),
    )


def _random_settings(rng: np.random.Generator, model: type[Any], parts: Sequence[str]) -> dict[str, float]:
    """Draw every assumption of some parts from its range (turnover from far beyond), often the value that is off."""
    names = set(model.names())
    found = {}
    for entry in register():
        if entry.part in parts and entry.name in names:
            ends = () if entry.off is None else (entry.off,)
            found[entry.name] = max(_pick(rng, entry.low, entry.high, *ends), 1e-3 if entry.low > 0 else 0.0)
    for name, top in (("exit_share", 0.5), ("coaching_share", 1.0), ("ramp_start", 1.0), ("turnover", 3.0)):
        if name in found:
            found[name] = min(found[name] * (10.0 if name == "turnover" else 1.0), top)
    return {name: max(value, 1.0) if name == "span" else value for name, value in found.items()}


def _random_changes(rng: np.random.Generator, market: Market, plan: Plan, months: int) -> tuple[Change, ...]:
    """Draw up to two changes: dated or, the last, on a sign; at once or in waves, of any setting that can change."""
    found: list[Change] = []
    month = 0
    for last in (False, True)[: int(rng.integers(0, 3))]:
        to: dict[str, Any] = {}
        if rng.random() < 0.7:
            to["structure"] = str(rng.choice(["territory", "product", "customer", "hybrid"]))
        if rng.random() < 0.5:
            to["reps"] = int(rng.integers(1, plan.headcount + 3))
        if rng.random() < 0.3:
            to["routing"] = str(rng.choice(ROUTINGS))
        if rng.random() < 0.3 or not to:
            to["prospecting"] = _pick(rng, 0, 1, 0.0)
        waves = str(rng.choice(WAVES))
        places = [""] if waves == "at once" else ["", *market.segments] if waves == "segment" else ["", *market.regions]
        when: dict[str, Any] = {"month": (month := month + int(rng.integers(0, months + 1)))}
        if last and rng.random() < 0.5:
            measures = TRIGGER_MEASURES if plan.target is not None else ("win_rate",)
            region = str(rng.choice(market.regions))
            when = {
                "when": Trigger(
                    measure=str(rng.choice(measures)), below=_pick(rng, 0.1, 2.0), months=int(rng.integers(1, 3)),
                    region=region,
                )
            }  # fmt: skip
        found.append(
            Change(
                **when, to=to, waves=waves, wave_months=int(rng.integers(1, 3)), pilot=str(rng.choice(places)),
                pilot_months=int(rng.integers(1, 3)), keep=str(rng.choice(KEEP_RULES)),
                open_deals=str(rng.choice(["stay", "move"])), pay_protection=int(rng.integers(0, 4)),
                retraining_days=_pick(rng, 0, 4, 0.0),
            )
        )  # fmt: skip
    return tuple(found)


@st.composite
def cases(
    draw: st.DrawFn,
    structures: Sequence[str] = ("today", "territory", "product", "customer", "hybrid"),
    max_months: int = 6,
) -> Case:
    """Draw a market and a plan over all mechanisms: sizes and choices by Hypothesis, the rest from one seed."""
    n_a, n_p = draw(st.integers(1, 12)), draw(st.integers(1, 4))
    n_g, n_s, n_r = draw(st.integers(1, 3)), draw(st.integers(1, 4)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    reps = [f"rep {i}" for i in range(n_r)]
    market = _random_market(rng, n_a, n_p, n_g, n_s, reps)
    plan = _random_plan(
        rng,
        market,
        reps,
        draw(st.sampled_from(list(structures))),
        draw(st.sampled_from(ROUTINGS)),
        draw(st.sampled_from(COVERAGE_RULES)),
    )
    grid = draw(st.sampled_from([0.0, 0.0, 1.0 / 24.0, 0.25, 1.0]))
    months = draw(st.integers(1, max_months))
    plan = plan.but(changes=_random_changes(rng, market, plan, months))
    return Case(market, plan, months, draw(st.integers(0, 10_000)), grid, draw(st.booleans()))


def still(case: Case) -> Case:
    """Return the case with people as machines and a plan that never changes."""
    return case._replace(
        market=case.market.but(**NOBODY_CHANGES_MARKET),
        plan=case.plan.but(changes=(), **NOBODY_CHANGES_PLAN),
    )


LIVELY_PAY = Pay(
    salary=100_000.0,
    components=[
        Component(title="quota", basis="attainment", period="quarter", quota=400_000.0, target_pay=20_000.0,
                  tiers=[Tier(above=0.2, rate=1.0), Tier(above=1.0, rate=2.0)],
                  bonuses=[Bonus(at=1.0, pays=5_000.0)], cap=70_000.0),
        Component(title="cash", measure="cash_collected", period="month", tiers=[Tier(rate=0.01)]),
        Component(title="new", measure="new_customers", period="year", tiers=[Tier(rate=100.0)]),
        Component(title="pool", counts="team", measure="margin", period="quarter", tiers=[Tier(rate=0.01)],
                  bonuses=[Bonus(at=200_000.0, pays=1_000.01)]),
        Component(title="day", period="day", tiers=[Tier(above=20_000.0, rate=0.01)]),
    ],
    manager_components=[
        Component(title="leading", basis="attainment", period="quarter", quota=900_000.0, target_pay=9_000.0,
                  tiers=[Tier(rate=1.0), Tier(above=1.0, rate=1.5)]),
    ],
    contests=[
        Contest(title="race", period="month", prizes=(1_000.0, 500.0)),
        Contest(title="cup", measure="units", between="teams", prizes=(3_000.01,)),
    ],
    spiffs=[Spiff(product="", first=dt.date(2026, 1, 10), last=dt.date(2026, 6, 10), amount=50.0)],
    draw=1_000.0, target_variable=90_000.0, guarantee_months=2, guarantee_share=0.5,
    quotas=Quotas(ratchet_up=0.3),
)  # fmt: skip
"""A pay plan with everything that a run can pay."""


def lively_case(structure: str = "product", vacancy: str = "colleagues", *, pay: Pay | None = LIVELY_PAY) -> Case:
    """Return a busy case in which people come and go, answer to pay, and the plan changes twice, once on a sign."""
    case = busy_case(structure)
    plan = case.plan.but(
        vacancy=vacancy,
        target=1e9,
        appraisal_months=3,
        exit_share=0.2,
        promotion_share=0.1 if pay is None else 0.4,
        pay=pay,
        changes=(
            Change(
                month=2, to={"structure": "customer", "reps": 6}, waves="segment", open_deals="move", pay_protection=2,
                retraining_days=1.0,
            ),
            Change(when=Trigger(below=0.9, months=2), to={"structure": "territory", "reps": 4, "routing": "owner"}),
        ),
    )  # fmt: skip
    return case._replace(market=case.market.but(turnover=1.5 if pay is None else 4.0, reference_rate=0.05), plan=plan)


def busy_case(structure: str = "product", routing: str = "pool", coverage: str = "proportional", seed: int = 5) -> Case:
    """Return one case in which every mechanism is at work and every kind of beginning and end of a deal occurs."""
    market = make_market(24, 3, 2, opportunities=8.0, seed=seed)
    accounts, products = [str(a) for a in market.accounts["account"]], [str(p) for p in market.products["product"]]
    reps = [f"rep {r}" for r in range(5)]
    people = [*reps, "somebody who left"]
    market = market.but(
        season=(0.7, 0.8, 1.0, 1.1, 1.2, 1.2, 1.2, 1.1, 1.1, 1.0, 0.9, 0.7),
        growth=0.2,
        cross_sell=0.5,
        handoff_loss=0.5,
        inquiry_share=0.5,
        lead_patience=6.0,
        deal_patience=12.0,
        affinity=Affinity([{"segment": "segment 1", "product": products[0], "demand": 1.4, "win": -0.5}]),
        calendar=Calendar(holidays=(dt.date(2026, 1, 1), dt.date(2026, 2, 17), dt.date(2026, 2, 18))),
        today=Today(
            owners=Owners(
                [
                    {"account": a, "product": p, "rep": people[(3 * i + j // 2) % 6]}
                    for i, a in enumerate(accounts)
                    for j, p in enumerate(products)
                ]
            ),
            open_deals=OpenDeals(
                [
                    {
                        "deal": f"deal {i}",
                        "account": accounts[i % 24],
                        "product": products[i % 3],
                        "rep": people[i % 6],
                        "stage": str(market.stages["stage"][i % 4]),
                        "age": 7.0 * i,
                    }
                    for i in range(30)
                ]
            ),
            relations=Relations(
                [{"account": a, "rep": people[(3 * i) % 6], "level": 0.1 * (i % 10)} for i, a in enumerate(accounts)]
            ),
            skill=Skill(
                [{"rep": r, "product": p, "level": 0.3 + 0.1 * i} for i, r in enumerate(reps) for p in products]
            ),
            insight=Insight([{"rep": r, "segment": "segment 1", "level": 0.2 * i} for i, r in enumerate(reps)]),
            goodwill=Goodwill(
                [{"account": a, "product": products[i % 3], "level": 0.5 * (i % 6)} for i, a in enumerate(accounts)]
            ),
        ),
    )
    team = Team({"rep": reps, "group": ["east", "east", "east", "west", "west"]})
    plan = Plan(structure=structure, routing=routing, coverage=coverage, team=team, focus={products[1]: 4.0})
    return Case(market, plan, 8, seed, 0.0, True)
