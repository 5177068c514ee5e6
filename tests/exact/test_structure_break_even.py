"""STR-1: the time budget of generalists and specialists, and the skill at which they break even.

Per account visit a rep travels tau hours and talks h hours per product. A generalist sells k products in one visit; of
k product forces each makes its own visit: productive shares k h / (tau + k h) and h / (tau + h), ratio
rho = (tau + k h) / (k (tau + h)). With sales in proportion to effort^eps specialists must be better by rho^(-eps) - 1.

The hours are not this file's: they are what the rules of travel and coverage say under the two structures, so the table
of the reference (section 2.3) comes out of the model, to relative 1e-9, and is compared with its printed digits.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np
import pytest
from numpy.typing import NDArray
from worlds import quiet_market, stage

from salessim.clocks.entries import open_books
from salessim.clocks.simulate import simulate
from salessim.model.market import Accounts, Market
from salessim.model.mechanisms import Travel
from salessim.model.plan import Plan, Structure, Team
from salessim.rules.coverage import begin_call
from salessim.rules.travel import visit_hours
from salessim.world.access import opened
from salessim.world.build import build_world

TABLE = [
    # tau, h, k, rho, uplift in % for eps = 0.3 and 1: the golden values of the reference, as printed
    (1.0, 0.5, 2, 0.6667, 12.93, 50.0),
    (0.5, 0.5, 2, 0.7500, 9.01, 33.3),
    (1.0, 0.5, 3, 0.5556, 19.28, 80.0),
    (0.25, 0.75, 2, 0.8750, 4.09, 14.3),
]
REP_COUNT = 6


@numba.njit
def _visit(a: NDArray[np.int64], account: int, r: int) -> float:
    return visit_hours(opened(a), account, r)


@numba.njit
def _begin_call(a: NDArray[np.int64], r: int, i: int) -> None:
    begin_call(opened(a), r, i, 0.0)


class Visit(NamedTuple):
    """Hours of one call: on the way, and with the customer."""

    travel: float
    talk: float

    @property
    def productive(self) -> float:
        """Share of the time that is spent with the customer."""
        return self.talk / (self.travel + self.talk)


def market_of(tau: float, k: int, way: str) -> Market:
    """Make a market of accounts all `tau` hours of travel a visit away from homes at the origin."""
    market = quiet_market([stage("deal")], queues=REP_COUNT, rates=(1e-9,) * k)
    # There and back, three visits a trip. Near: the shortest way. Road: 60 km/h, 30 % detour. Air: 500 km/h.
    one_way = 1.5 * tau
    if way == "near":
        return _at(market, 0.0).but(travelling=Travel(visits_per_trip=3.0, local_hours=one_way))
    if way == "road":
        return _at(market, one_way * 60.0 / 1.3).but(
            travelling=Travel(visits_per_trip=3.0, local_hours=0.0, flight_overhead=1e3)
        )
    overhead = one_way / 2
    travel = Travel(visits_per_trip=3.0, local_hours=0.0, flight_overhead=overhead, flight_speed=500.0, speed=1.0)
    return _at(market, (one_way - overhead) * 500.0).but(travelling=travel)


def _at(market: Market, km: float) -> Market:
    places = Accounts(
        {
            "account": market.accounts["account"],
            "segment": market.accounts["segment"],
            "x": [km] * REP_COUNT,
            "y": [0.0] * REP_COUNT,
        }
    )
    return market.but(accounts=places)


def plan_of(structure: Structure, h: float) -> Plan:
    people = Team({"rep": [f"rep {r}" for r in range(REP_COUNT)], "x": [0.0] * REP_COUNT, "y": [0.0] * REP_COUNT})
    return Plan(structure=structure, team=people, call_hours=h, selling_time=1.0, leave=0.0, call_gap=0.0)


def visits(market: Market, plan: Plan) -> list[Visit]:
    """Begin a call on every account by every rep who covers it, and read the hours off the rules."""
    world = build_world(market, plan, 1)
    open_books(world.address)
    found = []
    for i, relation in enumerate(world.used("relations")):
        if relation["covers"] > 0:
            r = int(relation["rep"])
            _begin_call(world.address, r, i)
            rep = world["reps"][r]
            assert rep["travel"] == _visit(world.address, int(relation["account"]), r)
            found.append(Visit(float(rep["travel"]), float(rep["hours"])))
    return found


@pytest.mark.parametrize("way", ["near", "road", "air"])
@pytest.mark.parametrize(("tau", "h", "k", "rho", "uplift_03", "uplift_1"), TABLE)
def test_the_rules_give_the_break_even_table(
    tau: float, h: float, k: int, rho: float, uplift_03: float, uplift_1: float, way: str
) -> None:
    market = market_of(tau, k, way)
    generalists, specialists = (visits(market, plan_of(structure, h)) for structure in ("territory", "product"))
    assert len(generalists) == REP_COUNT, "one rep an account"
    assert len(specialists) == k * REP_COUNT, "a rep for each product at each account"
    for visit in generalists:
        assert visit == pytest.approx((tau, k * h), rel=1e-9)
    for visit in specialists:
        assert visit == pytest.approx((tau, h), rel=1e-9)
    ratio = specialists[0].productive / generalists[0].productive
    assert ratio == pytest.approx((tau + k * h) / (k * (tau + h)), rel=1e-9)
    assert ratio == pytest.approx(rho, abs=5.1e-5)
    assert 100 * (ratio**-0.3 - 1) == pytest.approx(uplift_03, abs=5.1e-3)
    assert 100 * (ratio**-1.0 - 1) == pytest.approx(uplift_1, abs=5.1e-2)


@pytest.mark.parametrize(("tau", "h", "k"), [row[:3] for row in TABLE])
def test_a_month_of_calls_has_the_productive_share_of_one_visit(tau: float, h: float, k: int) -> None:
    """The diary of a run in which reps do nothing but call: whole visits in the proportions of one."""
    structures: tuple[tuple[Structure, float], ...] = (("territory", k * h), ("product", h))
    for structure, talk in structures:
        run = simulate(market_of(tau, k, "road"), plan_of(structure, h), 3, record_calls=True)
        calls = run.world.used("calls")
        diary, days = run.world["diary"], float(run.world["settings"]["until"][0])
        assert len(calls) == diary["calls"].sum() > 100
        assert np.allclose(calls["hours"], talk, rtol=1e-9)
        visit = tau + talk
        per_rep = days * 24.0 / visit
        done = np.bincount(calls["rep"], minlength=REP_COUNT)
        # Where floor and quotient meet, the last call ends with the run, and the end belongs to nobody.
        assert np.all((done == math.floor(per_rep + 1e-9)) | (done == math.ceil(per_rep - 1e-9) - 1))
        rest = days * 24.0 - done * visit
        way = done * tau + np.minimum(rest, tau)
        months = run.months
        assert diary["travel_hours"].reshape(-1, months).sum(axis=1) == pytest.approx(way, rel=1e-9)
        assert diary["call_hours"].reshape(-1, months).sum(axis=1) == pytest.approx(days * 24.0 - way, rel=1e-9)
        assert diary["deal_hours"].sum() == 0.0


def test_a_visit_is_there_and_back_shared_by_the_visits_of_a_trip() -> None:
    """Kilometres and hours of a visit over 230 km as the crow flies, by road and by air, to the last digit we state."""
    road = market_of(230.0 * 1.3 / 60.0 / 1.5, 1, "road")
    world = build_world(road, plan_of("territory", 0.5), 1)
    open_books(world.address)
    relations = world.used("relations")
    assert relations["km"] == pytest.approx(np.full(REP_COUNT, 2 * 230.0 * 1.3 / 3), rel=1e-9)
    assert relations["travel"] == pytest.approx(np.full(REP_COUNT, 2 * (230.0 * 1.3 / 60.0) / 3), rel=1e-9)
    flown = build_world(
        road.but(flight_overhead=1.0, flight_speed=460.0, visits_per_trip=1.0), plan_of("territory", 0.5), 1
    )
    open_books(flown.address)
    assert flown.used("relations")["travel"] == pytest.approx(np.full(REP_COUNT, 2 * 1.5), rel=1e-9)


def test_no_distance_makes_structures_even() -> None:
    """Without travel the productive share is 1 for both, and rho is 1: nothing to win by either."""
    market = market_of(1.0, 3, "road").but(travel=0.0)
    for structure in ("territory", "product"):
        assert {visit.productive for visit in visits(market, plan_of(structure, 0.5))} == {1.0}
