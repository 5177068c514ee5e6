"""The tables that hold the state of the world: long record arrays of scalars, so that no size is part of a type.

Rows point to rows by number (-1: none). A chain is a column ``next…`` that points to the next row of the same table.
All times are days since the start of the run, all durations of work are hours, money is in the market's currency.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ABSENT",
    "ADVANCE",
    "ATTAINMENT",
    "BOOKINGS",
    "CALENDAR",
    "CAREERS",
    "CARETAKER",
    "CASH",
    "COMING",
    "CUSTOMER",
    "DISMISSED",
    "DISQUALIFIED",
    "DTYPES",
    "ENDS",
    "EXPIRED",
    "FIXED_TABLES",
    "HANDOVERS",
    "KNOWN",
    "LAID_OFF",
    "LEAST_INSIGHT",
    "LOST",
    "MANAGED",
    "MARGIN",
    "MARKET_SHARE",
    "NEVER",
    "NEWCOMER",
    "NEW_CUSTOMERS",
    "NOTHING",
    "NO_DECISION",
    "ON_CALL",
    "ON_DEAL",
    "ON_TRAINING",
    "OWN",
    "PAY_TABLES",
    "PIPELINE_COVERAGE",
    "PROMOTED",
    "QUIT_JOB",
    "REORGANISED",
    "REVENUE",
    "SOURCES",
    "STARTED",
    "STATES",
    "SUCCESSOR",
    "TEAM",
    "UNITS",
    "WAITING",
    "WIN_RATE",
    "WON",
    "WORKING",
    "Tables",
]  # fmt: skip

NEVER = 1e300
"""A time that does not come."""

# States of a deal.
COMING, WAITING, WORKING, CUSTOMER, WON, LOST, NO_DECISION, DISQUALIFIED, EXPIRED = range(9)
STATES = ("coming", "waiting", "working", "customer", "won", "lost", "no_decision", "disqualified", "expired")
ENDS = (WON, LOST, NO_DECISION, DISQUALIFIED, EXPIRED)
ADVANCE = -1
"""Outcome of a stage: the deal goes on. Other outcomes are the state in which it ends."""

# Where a deal comes from.
AT_START, BY_EFFORT, SPONTANEOUS, INQUIRY, CROSS_SOLD = range(5)
SOURCES = ("at_start", "by_effort", "spontaneous", "inquiry", "cross_sold")

# What a rep does.
NOTHING, ON_DEAL, ON_CALL, ON_TRAINING = range(4)

LEAST_INSIGHT = 0.05
"""Insight into a segment below which a predecessor counts as knowing nothing of it."""

# Who sits in a seat at the start of a run: nobody yet, somebody at full pace, somebody on the first day.
ABSENT, KNOWN, NEWCOMER = range(3)

# What happens in a career.
STARTED, QUIT_JOB, DISMISSED, LAID_OFF, PROMOTED = range(5)
CAREERS = ("started", "quit", "dismissed", "laid_off", "promoted")

# Why an account changes hands.
REORGANISED, CARETAKER, SUCCESSOR = range(3)
HANDOVERS = ("reorganised", "caretaker", "successor")

# What a trigger reads.
ATTAINMENT, WIN_RATE, PIPELINE_COVERAGE = range(3)


def _record(**fields: str) -> np.dtype:  # type: ignore[type-arg]
    return np.dtype([(name, code) for name, code in fields.items()], align=True)


_F, _I, _U = "f8", "i8", "u8"

settings_t = _record(
    seed=_U, until=_F, grid=_F, n_products=_I, n_segments=_I, n_stages=_I, n_months=_I, n_days=_I, tour_length=_I,
    pooled=_I, coverage=_I, calls=_I, record_calls=_I, curvature=_F, season_peak=_F,
    activation_floor=_F, prospect_floor=_F, goodwill_effect=_F, goodwill_fade=_F, inquiry_share=_F,
    response_effect=_F, response_reference=_F, lead_patience=_F, deal_patience=_F, cross_sell=_F, cross_sell_delay=_F,
    skill_effect=_F, insight_effect=_F, difference=_F, learning=_F, forgetting=_F, skill_reference=_F,
    insight_reference=_F, new_rep_level=_F, relation_effect=_F, relation_gain=_F, relation_fade=_F,
    relation_reference=_F, coordination_effect=_F, coordination_time=_F, handoff_loss=_F,
    travel=_F, speed=_F, detour=_F, flight_overhead=_F, flight_speed=_F, local_hours=_F, visits_per_trip=_F,
    prospecting=_F, call_hours=_F, call_gap=_F, stage_weight=_F, value_weight=_F, wait_weight=_F, mean_price=_F,
    opens=_F, day_length=_F, field_day=_F, manager_hours=_F, largest_change=_I,
    match_effect=_F, goodwill_kept=_F, revival=_F, relation_kept=_F,
    payment_delay=_F, payment_spread=_F, bad_debt=_F, record_delay=_F, record_missing=_F,
    fill_time=_F, fill_spread=_F, ramp_time=_F, ramp_spread=_F, ramp_start=_F, talent_spread=_F,
    turnover=_F, turnover_attainment=_F, turnover_pay=_F, turnover_peers=_F, turnover_tenure=_F, outside_pay=_F,
    training_effect=_F, coaching_effect=_F, coaching_half=_F, coaching_reference=_F,
    cohesion_effect=_F, cohesion_gain=_F, cohesion_fade=_F, feedback_gain=_F,
    salary=_F, commission=_F, tools_cost=_F, overhead_cost=_F, manager_cost=_F,
    coaching_share=_F, leading_hours=_F, recruiting_hours=_F, vacancy=_I, trained=_I,
    training_days=_F, onboarding_days=_F, training_cost=_F, team_days=_F,
    appraisal_months=_I, exit_share=_F, promotion_share=_F, promotion_raise=_F,
    target=_F, managers=_I, curved=_I,
    paid=_I, target_variable=_F, draw=_I, draw_recoverable=_I, guarantee=_I, guarantee_months=_I,
    ratchet_up=_F, ratchet_down=_F, write_off=_F, answers=_I, times=_I, leading=_I, leading_share=_F,
    policy_types=_I, policy_factors=_I, policy_steps=_I, policy_points=_I, policy_short=_I, ratcheting=_I,
    effort_pace=_F, effort_quality=_F, least_effort=_F, task_shift=_F, unpaid_neglect=_F, mean_rate=_F, myopic=_I,
    discount_authority=_F, pull_discount=_F, push_days=_F, push_loss=_F, entry_pay=_F, outside_talent=_F,
)  # fmt: skip
counts_t = _record(
    deals=_I, steps=_I, calls=_I, relations=_I, agenda=_I, heap=_I, later=_I, free=_I, today=_I, events=_I,
    handoffs_lost=_I, hires=_I, careers=_I, handovers=_I,
)  # fmt: skip
months_t = _record(ends=_F, season=_F, target=_F, management=_F, overhead=_F, salary=_I)
stages_t = _record(
    key=_U, effort=_F, effort_law=_I, effort_cv=_F, dwell=_F, dwell_law=_I, dwell_cv=_F, advance=_F, lost=_F,
    no_decision=_F, disqualified=_F, visit=_F,
)  # fmt: skip
products_t = _record(
    key=_U, price=_F, price_cv=_F, margin=_F, complexity=_F, focus=_F, response_floor=_F, response_shape=_F,
    response_half=_F, rate=_F, sales_share=_F, pull=_F,
)  # fmt: skip
accounts_t = _record(
    key=_U, x=_F, y=_F, z=_F, segment=_I, potential=_F, customer=_I, tier=_I, reps=_I, region=_I,
    first_relation=_I,
)
covers_t = _record(
    key=_U, account=_I, product=_I, owner=_I, relation=_I, next=_I, rate=_F, win=_F, candidates=_I, goodwill=_F,
    touched=_F, seat=_I, moved=_I, first_deal=_I, calls=_I,
)  # fmt: skip
reps_t = _record(
    key=_U, x=_F, y=_F, z=_F, group=_I, next_of_group=_I, calendar=_I, doing=_I, subject=_I, began=_F, hours=_F,
    travel=_F, wake=_F, first_deal=_I, waiting=_I, first_relation=_I, tour_size=_I, tour_place=_I,
    open=_I, present=_I, leaving=_I, person=_U, since=_F, gone=_F, booked=_F, pace_start=_F, pace_rate=_F, talent=_F,
    hazard=_F, threshold=_F, attainment=_F, coached=_F, grade=_I, training=_F, demand=_F, manager=_I,
    protected_until=_F, protected_pay=_F, effort=_F, type=_I, scale=_F, owed=_I, debt=_I, kept=_F,
    first_won=_I, first_owned=_I,
)  # fmt: skip
groups_t = _record(
    first_deal=_I, waiting=_I, first_rep=_I, members=_I, cohesion=_F, left=_I, left_before=_I, left_long_ago=_I
)  # fmt: skip
levels_t = _record(level=_F, touched=_F)
relations_t = _record(
    account=_I, rep=_I, level=_F, touched=_F, travel=_F, km=_F, first_cover=_I, covers=_I, demand=_F, called=_F,
    calls=_I, sales=_F, hours=_F, driven=_F, predecessor=_F, likeness=_F,
    next_of_rep=_I, next_of_account=_I,
)  # fmt: skip
deals_t = _record(
    key=_U, cover=_I, account=_I, product=_I, rep=_I, stage=_I, state=_I, outcome=_I, source=_I, parent=_I, next=_I,
    step=_I, value=_F, created=_F, since=_F, first_touch=_F, closed=_F, hours=_F,
    older=_I, heir=_I, commission=_F, paid=_F, recorded=_F, discount=_F, natural=_F, shifted=_F, holds=_I,
    keeper=_I, next_won=_I, owner=_I, next_owned=_I, fresh=_I,
)  # fmt: skip
steps_t = _record(deal=_I, stage=_I, rep=_I, outcome=_I, entered=_F, started=_F, finished=_F, left=_F, hours=_F)
calls_t = _record(relation=_I, account=_I, rep=_I, at=_F, hours=_F)
diary_t = _record(
    deal_hours=_F, call_hours=_F, travel_hours=_F, training_hours=_F, present_hours=_F, present_days=_F, km=_F,
    calls=_I, sold=_F, salary=_F, tools=_F, training_cost=_F, protection=_F, variable=_F, spiffs=_I, effort=_F,
    shared=_I, clawback=_I, team=_I, manager=_I,
)  # fmt: skip
careers_t = _record(kind=_I, rep=_I, person=_U, at=_F, grade=_I)
handovers_t = _record(reason=_I, cover=_I, before=_I, after=_I, at=_F, level_before=_F, level_after=_F)
regions_t = _record(share=_F)
managers_t = _record(reps=_I, vacancies=_I, debt=_I)
led_t = _record(due=_I, clawback=_I, variable=_F)
changes_t = _record(
    measure=_I, region=_I, below=_F, months=_I, streak=_I, month=_I, fired=_F, first_wave=_I, waves=_I, move_deals=_I,
    protection=_F, retraining=_F,
)  # fmt: skip
waves_t = _record(change=_I, after=_I, first_move=_I, moves=_I)
moves_t = _record(cover=_I, seat=_I)
posts_t = _record(group=_I, manager=_I, open=_I, retrain=_I)
focuses_t = _record(focus=_F)
whole_t = _record(row=_I)
hours_t = _record(total=_F)
components_t = _record(
    measure=_I, months=_I, attained=_I, payee=_I, first=_I, end=_I, cut=_I, goals=_I, daily=_I, first_prize=_I,
    prizes=_I, share=_F, owner_share=_F, clawback=_F,
)  # fmt: skip
scopes_t = _record(counts=_I)
quotas_t = _record(curve=_I, first=_F, quota=_F)
credits_t = _record(cents=_I, deals=_I)
curves_t = _record(first=_I)
pieces_t = _record(start=_F, level=_F, slope=_F, closed=_I)
spiffs_t = _record(product=_I, first=_F, last=_F, cents=_I, owner_cents=_I, clawback=_F)
prizes_t = _record(cents=_I)
types_t = _record(
    low=_F, h=_F, scale=_F, base=_F, effect=_F, noise=_F, ease=_F, power=_F, discount=_F, bias=_F, risk=_F, flow=_F
)
factors_t = _record(factor=_F)
number_t = np.dtype(_F)
events_t = _record(time=_F, kind=_I, ident=_I)
heap_t = _record(time=_F, code=_I)
later_t = _record(time=_F, code=_I, next=_I)
days_t = _record(first=_I)


class Tables(NamedTuple):
    """All tables of a world, in the order in which they are handed to compiled code.

    `skill` is rep x product, `insight` rep x segment, `covers` account x product, `diary` rep x month, `tours`
    rep x length of a tour, `hours` calendar x day (working hours from the start to the morning of that day),
    each flattened row by row. `phases` holds the settings from each change on, `posts` (change x rep) where
    everybody is then, `focuses` (change x product) what is pushed.

    Of a pay plan: `components` are its components, those of managers and its contests, of each plan in the order in
    which they come into force (from month `first` to before `end`); `scopes` (component x products, then segments) says
    what counts, `quotas` (component x rep) and `credits` (component x rep x month, cents) are read against payout
    `curves` and their `pieces` (one row more than curves), or the quotas of teams and managers in `goals`; `daily`
    (component by the day x rep x day) is credit by the day, `prizes` are those of contests, `led` (manager x month) is
    what managers are paid; `efforts`, `values` and `slopes` are policies (type x factor x step x grid point), flat and
    the same in all runs of a plan; `aims` and their pieces are the payout curves that types see at the end of a cycle.
    """

    settings: NDArray[np.void]
    counts: NDArray[np.void]
    months: NDArray[np.void]
    stages: NDArray[np.void]
    products: NDArray[np.void]
    accounts: NDArray[np.void]
    covers: NDArray[np.void]
    reps: NDArray[np.void]
    groups: NDArray[np.void]
    skill: NDArray[np.void]
    insight: NDArray[np.void]
    relations: NDArray[np.void]
    deals: NDArray[np.void]
    steps: NDArray[np.void]
    calls: NDArray[np.void]
    diary: NDArray[np.void]
    tours: NDArray[np.void]
    hours: NDArray[np.void]
    regions: NDArray[np.void]
    managers: NDArray[np.void]
    careers: NDArray[np.void]
    handovers: NDArray[np.void]
    phases: NDArray[np.void]
    changes: NDArray[np.void]
    waves: NDArray[np.void]
    moves: NDArray[np.void]
    posts: NDArray[np.void]
    focuses: NDArray[np.void]
    components: NDArray[np.void]
    scopes: NDArray[np.void]
    quotas: NDArray[np.void]
    credits: NDArray[np.void]
    curves: NDArray[np.void]
    pieces: NDArray[np.void]
    spiffs: NDArray[np.void]
    goals: NDArray[np.void]
    daily: NDArray[np.void]
    prizes: NDArray[np.void]
    led: NDArray[np.void]
    types: NDArray[np.void]
    factors: NDArray[np.void]
    efforts: NDArray[np.float64]
    values: NDArray[np.float64]
    slopes: NDArray[np.float64]
    aims: NDArray[np.void]
    aim_pieces: NDArray[np.void]
    agenda: NDArray[np.void]
    heap: NDArray[np.void]
    later: NDArray[np.void]
    days: NDArray[np.void]


DTYPES: dict[str, np.dtype] = {  # type: ignore[type-arg]
    "settings": settings_t,
    "counts": counts_t,
    "months": months_t,
    "stages": stages_t,
    "products": products_t,
    "accounts": accounts_t,
    "covers": covers_t,
    "reps": reps_t,
    "groups": groups_t,
    "skill": levels_t,
    "insight": levels_t,
    "relations": relations_t,
    "deals": deals_t,
    "steps": steps_t,
    "calls": calls_t,
    "diary": diary_t,
    "tours": whole_t,
    "hours": hours_t,
    "regions": regions_t,
    "managers": managers_t,
    "careers": careers_t,
    "handovers": handovers_t,
    "phases": settings_t,
    "changes": changes_t,
    "waves": waves_t,
    "moves": moves_t,
    "posts": posts_t,
    "focuses": focuses_t,
    "components": components_t,
    "scopes": scopes_t,
    "quotas": quotas_t,
    "credits": credits_t,
    "curves": curves_t,
    "pieces": pieces_t,
    "spiffs": spiffs_t,
    "goals": quotas_t,
    "daily": credits_t,
    "prizes": prizes_t,
    "led": led_t,
    "types": types_t,
    "factors": factors_t,
    "efforts": number_t,
    "values": number_t,
    "slopes": number_t,
    "aims": curves_t,
    "aim_pieces": pieces_t,
    "agenda": events_t,
    "heap": heap_t,
    "later": later_t,
    "days": days_t,
}

PAY_TABLES = (
    "components", "scopes", "quotas", "credits", "curves", "pieces", "spiffs", "goals", "daily", "prizes", "led",
    "types", "factors", "efforts", "values", "slopes", "aims", "aim_pieces",
)  # fmt: skip
"""What a pay plan adds to a world; empty without one."""
FIXED_TABLES = (
    "curves", "pieces", "prizes", "types", "factors", "efforts", "values", "slopes", "aims", "aim_pieces",
)  # fmt: skip
"""Tables that no rule writes to: all runs of a plan share them."""
# What a component of a pay plan counts, in the order of `salessim.model.pay.MEASURES`.
BOOKINGS, REVENUE, MARGIN, UNITS, CASH, NEW_CUSTOMERS, MARKET_SHARE = range(7)
# Who is paid by a component: each rep, each team together, each manager.
OWN, TEAM, MANAGED = range(3)

CALENDAR = ("agenda", "heap", "later", "days")
"""What a clock keeps of the events to come: each clock in its own way, so no part of what a run leaves behind."""
