"""Structure and territories against the literature: STR-2, STR-3, STR-5, STR-6.

Each test names its citation, evidence, class (CAL: the number is an input, PRED: it comes out), band and why. No study
publishes an effect size of one structure against another; what is held against the literature here are mechanisms.

Sources
-------
Zoltners, Sinha & Lorimer (2006), HBR 84(7/8), pages 65-66: specialists must cover larger distances. Read.
Zoltners & Sinha (2005), Marketing Science 24(3), 313-331, and the practice-prize text of ZS Associates: territory
    alignment is worth 2 to 7 % of sales. Secondary.
Sinha & Zoltners (2001), Interfaces 31(3, part 2), S8-S44: 55 % of territories are too large or too small. Read.
Skiera & Albers (1998), Marketing Science 17(3), 196-213 (COSTA): +5.8 % profit contribution over the existing
    alignment; an optimal alignment does not equalise marginal profit of time across reps. Read.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from salessim.clocks.settle import settle
from salessim.measures import MEASURES
from salessim.model.market import Accounts, Market, Products, Stages
from salessim.model.mechanisms import Coordination, Demand, Knowledge, Money, Relationship, Travel
from salessim.model.plan import Plan, Structure, Team
from salessim.model.presets import make_market, make_plan
from salessim.model.register import off_values
from salessim.model.today import Owners, Today
from salessim.sizing.allocation import split_by_price
from salessim.sizing.formulas import imbalance_loss, specialist_time_ratio
from salessim.sizing.response import Power
from salessim.study.elasticity import effort_elasticity
from salessim.study.replay import Replay

Floats = NDArray[np.float64]
TALK = 0.5


def outcomes(market: Market, plan: Plan, measure_name: str, months: int, replications: int) -> Floats:
    """One measure in every replication."""
    place = [entry.name for entry in MEASURES].index(measure_name)
    replay = Replay(market, plan, months, 1)
    found = [replay.outcome(n) for n in range(replications)]
    return np.array([outcome.measures[place] for outcome in found if outcome is not None])


# -------------------------------------------------------------------------------------------- STR-2: travel and skill


def calling_market(travel: float, products: int, advance: float = 0.5) -> Market:
    """A market in which sales come from calls alone: `travel` hours a visit, no deals to work on, nothing to learn."""
    accounts = 480
    return Market(
        products=Products(
            {"product": [f"product {n + 1}" for n in range(products)], "price": [1000.0] * products,
             "price_cv": [0.0] * products, "opportunities": [4.0] * products}
        ),
        accounts=Accounts(
            {"account": [f"account {n + 1:03d}" for n in range(accounts)], "segment": ["all"] * accounts,
             "x": np.zeros(accounts), "y": np.zeros(accounts)}
        ),
        stages=Stages([{"stage": "order", "effort": 0.0, "dwell": 0.0, "advance": advance, "visit": 0.0}]),
        demand=Demand(
            activation_floor=0.1, goodwill_effect=0.3, inquiry_share=0.0, response_effect=0.0, cross_sell=0.0
        ),
        knowledge=Knowledge(skill_effect=0.0, insight_effect=0.0, difference=0.0, learning=0.0, forgetting=0.0),
        relationship=Relationship(relation_effect=0.0, relation_gain=0.0, relation_fade=0.0, relation_kept=1.0),
        coordination=Coordination(coordination_effect=0.0, coordination_time=0.0, handoff_loss=0.0),
        travelling=Travel(local_hours=1.5 * travel, visits_per_trip=3.0),  # there and back, shared by three visits
        money=Money(cost_per_km=0.0, relocation_cost=0.0),
    ).but(**off_values("people"))  # fmt: skip


def calling_plan(structure: Structure) -> Plan:
    people = Team({"rep": [f"rep {n + 1:02d}" for n in range(24)], "x": [0.0] * 24, "y": [0.0] * 24})
    return Plan(
        structure=structure, team=people, selling_time=0.5, leave=0.0, call_gap=0.0, coverage="marginal",
        call_hours=TALK,
    ).but(training_days=0.0, onboarding_days=0.0, team_days=0.0, appraisal_months=0)  # fmt: skip


@pytest.mark.predicted
@pytest.mark.slow
@pytest.mark.parametrize("products", [2, 3])
@pytest.mark.parametrize("travel", [0.25, 0.5, 1.0, 2.0])
def test_str_2_specialists_break_even_where_the_time_budget_says(
    travel: float, products: int, record_property: pytest.RecordProperty
) -> None:
    """HBR 2006 (read); PRED, band 2 %: needed skill is ratio^(-elasticity), of the time budget and generalists alone.

    Needed is how much better specialists would have to sell in the simulation: generalists' revenue over theirs, 6
    paired replications. The elasticity is measured in the generalists' world between the two amounts of effort.
    """
    market = calling_market(travel, products)
    generalists, specialists = (
        outcomes(market, calling_plan(structure), "revenue", 24, 6) for structure in ("territory", "product")
    )
    needed = generalists / specialists
    ratio = float(specialist_time_ratio(travel, TALK, products))
    factors = (ratio, ratio**0.5, 1.0)
    found = effort_elasticity(market, calling_plan("territory"), replications=6, factors=factors)
    record_property("needed", float(needed.mean()))
    print(f"\nneeded {needed.mean():.4f}, predicted {ratio**-found.value:.4f} (elasticity {found.value:.3f})")
    assert needed.std(ddof=1) / np.sqrt(len(needed)) < 0.005  # so that 2 % is at least 4 standard errors
    assert needed.mean() == pytest.approx(ratio**-found.value, rel=0.02)


@pytest.mark.predicted
@pytest.mark.slow
def test_str_2_territory_wins_far_and_specialists_near() -> None:
    """HBR 2006 (read); O, PRED: with specialists 15 % better, they win at short ways and generalists at long ones.

    In every one of 8 paired replications at both ends (a true share of 69 % passes one of these with probability 0.05).
    Where the lines cross, 15 % is what the time budget asks for, within 2 %.
    """
    better, products, ways = 1.15, 2, np.array([0.25, 0.5, 1.0, 2.0])
    gap, asked = [], []
    for travel in ways:
        generalists = outcomes(calling_market(travel, products), calling_plan("territory"), "revenue", 24, 8)
        specialists = outcomes(
            calling_market(travel, products, 0.5 * better), calling_plan("product"), "revenue", 24, 8
        )
        gap.append(np.log(specialists / generalists))
        ratio = float(specialist_time_ratio(travel, TALK, products))
        factors = (ratio, ratio**0.5, 1.0)
        found = effort_elasticity(
            calling_market(travel, products), calling_plan("territory"), replications=6, factors=factors
        )
        asked.append(-found.value * np.log(ratio))
    assert (gap[0] > 0).all() and (gap[-1] < 0).all()
    mean = np.array([one.mean() for one in gap])
    assert (np.diff(mean) < 0).all()
    crossing = float(np.interp(0.0, -mean, np.log(ways)))
    asked_there = float(np.exp(np.interp(crossing, np.log(ways), asked)))
    print(f"\nlines cross at {np.exp(crossing):.2f} hours of travel, where {asked_there:.3f} is asked for")
    assert asked_there == pytest.approx(better, rel=0.02)


# ----------------------------------------------------------------------------------------------- STR-3: what balance is


@pytest.mark.predicted
@pytest.mark.parametrize(("variation", "gain", "band"), [(0.5, 2.4, 0.2), (1.0, 7.6, 0.5)])
def test_str_3_balancing_gains_what_the_literature_says(variation: float, gain: float, band: float) -> None:
    """Zoltners & Sinha 2005 (secondary): 2 to 7 %; PRED from elasticity 0.30 and the variation of potential.

    By closed form, and on 40,000 drawn territories with equal effort against the same in equal ones. Standard error of
    the drawn gain below 0.1 points, so a band of 0.2 is two of them and the seed is fixed.
    """
    lost = float(imbalance_loss(0.3, variation))
    assert 100 * lost / (1 - lost) == pytest.approx(gain, abs=band)
    rng = np.random.default_rng(3)
    s = np.sqrt(np.log1p(variation**2))
    potential = np.exp(rng.normal(-s * s / 2, s, 40_000))
    sales = Power(potential**0.7, 0.3).sales(np.ones(len(potential)))
    balanced = len(potential) * potential.mean() ** 0.7
    assert 100 * (balanced / sales.sum() - 1) == pytest.approx(gain, abs=band)


# ---------------------------------------------------------------------------------------- STR-5: a historic alignment


def historic(seed: int, ceiling: float) -> tuple[Market, Plan, Floats]:
    """A firm that grew by accretion: market, plan, and each rep's share of potential over a fair one.

    Customers came one by one and went to the nearest rep there who had less than `ceiling` times a fair load; seven in
    ten reps were there from the start, the others were hired as customers came. Nobody ever gave an account away.
    """
    accounts, reps = 400, 20
    market = make_market(accounts, seed=seed)
    rng = np.random.default_rng(seed)
    place = np.column_stack([market.accounts["x"], market.accounts["y"]]).astype(np.float64)
    potential = market.accounts["potential"].astype(np.float64)
    order = rng.permutation(accounts)
    homes = place[rng.choice(accounts, reps, replace=False)]
    fair = potential.sum() / reps
    owner, load = np.empty(accounts, dtype=np.int64), np.zeros(reps)
    for n, account in enumerate(order):
        there = int(np.ceil(reps * (0.7 + 0.3 * n / accounts)))
        far = ((homes[:there] - place[account]) ** 2).sum(axis=1)
        owner[account] = np.argmin(np.where(load[:there] > ceiling * fair, 1e12, far))
        load[owner[account]] += potential[account]
    people = [f"rep {n + 1:02d}" for n in range(reps)]
    goods = market.products["product"].tolist()
    owners = Owners(
        {
            "account": np.repeat(market.accounts["account"], len(goods)),
            "product": goods * accounts,
            "rep": [people[r] for r in owner for _ in goods],
        }
    )
    plan = make_plan(reps).but(
        team=Team({"rep": people, "x": homes[:, 0], "y": homes[:, 1]}), structure="today"
    )
    return market.but(today=Today(owners=owners)), plan, load / fair


@pytest.mark.calibrated
@pytest.mark.slow
def test_str_5_realignment_of_a_historic_alignment(record_property: pytest.RecordProperty) -> None:
    """Skiera & Albers 1998 (read): +5.8 % contribution; R, band 2 to 10 %, with 55 % of territories off (CAL).

    Six regions grown by accretion; the ceiling on a rep's load is chosen for each so that the share of territories more
    than 15 % off is nearest to the published 55 % (Sinha & Zoltners 2001). Realigned by territory with the incumbency
    of the defaults after a year as it was; contribution over 24 months with all cost of moving that the model has, 4
    paired replications.
    """
    gains = []
    for seed in range(1, 7):
        tried = [historic(seed, ceiling) for ceiling in np.arange(1.05, 1.31, 0.025)]
        off = [float((np.abs(load - 1.0) > 0.15).mean()) for _, _, load in tried]
        market, plan, _ = tried[int(np.argmin(np.abs(np.array(off) - 0.55)))]
        market = settle(market, plan, 12)
        was, now = (
            outcomes(market, plan.but(structure=structure), "contribution", 24, 4)
            for structure in ("today", "territory")
        )
        gains.append(float(now.mean() / was.mean() - 1.0))
    record_property("mean gain", float(np.mean(gains)))
    print(f"\ngain of contribution by region: {np.round(100 * np.array(gains), 1)} %, mean {np.mean(gains):+.1%}")
    assert min(gains) > 0
    assert 0.02 <= np.mean(gains) <= 0.10


# ------------------------------------------------------------------------------ STR-6: balanced is not the best, COSTA


class Region:
    """Nine sales coverage units and two reps: every alignment, its profit, marginal profit and balance.

    Sales of a unit are ``a * (hours / (1 + way))**0.3``, the time on the way in constant proportion to the calls
    (COSTA); every rep splits his year over his units as is best for him.
    """

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        units, reps = 9, 2
        place, homes = rng.uniform(0, 100, (units, 2)), rng.uniform(0, 100, (reps, 2))
        self.potential = np.exp(rng.normal(3.0, 0.6, units))
        way = np.sqrt(((place[:, None] - homes) ** 2).sum(axis=2)) / 50.0
        self.elasticity, self.hours = 0.3, 1200.0
        self.scale = self.potential[:, None] * (1.0 + way) ** -self.elasticity
        self.alignments = np.array(list(itertools.product(range(reps), repeat=units)))
        power = self.scale ** (1.0 / (1.0 - self.elasticity))
        mine = np.stack([self.alignments == rep for rep in range(reps)], axis=2)
        total = (mine * power).sum(axis=1)  # (alignments, reps): a rep's best sales are these^(1 - e) hours^e
        sales = total ** (1.0 - self.elasticity) * self.hours**self.elasticity
        self.profit = sales.sum(axis=1)
        self.marginal = self.elasticity * sales / self.hours
        self.load = (mine * self.potential[:, None]).sum(axis=1)

    @property
    def best(self) -> int:
        return int(np.argmax(self.profit))

    @property
    def balanced(self) -> int:
        return int(np.argmin(np.abs(self.load[:, 0] - self.load[:, 1])))


def test_str_6_the_closed_form_of_a_reps_best_split_is_the_optimiser_s() -> None:
    region = Region(0)
    mine = region.alignments[region.best] == 0
    found = split_by_price(Power(region.scale[mine, 0], region.elasticity), 1.0, region.hours)
    assert found.price == pytest.approx(region.marginal[region.best, 0], rel=1e-9)


@pytest.mark.predicted
def test_str_6_the_best_alignment_is_not_the_balanced_one() -> None:
    """Skiera & Albers 1998 (read); O, PRED: in at least 95 % of 200 regions, every alignment tried.

    The best alignment earns more than the most balanced one, and at the best a further hour earns differently at
    different reps (by more than 1 %).
    """
    regions = [Region(seed) for seed in range(200)]
    better = np.array([region.profit[region.best] / region.profit[region.balanced] - 1.0 for region in regions])
    apart = np.array([np.ptp(region.marginal[region.best]) / region.marginal[region.best].mean() for region in regions])
    print(f"\nbest over balanced: {better.mean():+.1%} profit; marginal profits apart by {apart.mean():.0%}")
    assert (better > 0).mean() >= 0.95
    assert (apart > 0.01).mean() >= 0.95
