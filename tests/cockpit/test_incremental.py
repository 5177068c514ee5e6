"""A comparison that grows gives, at every size, what a comparison of that size gives."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from salessim.clocks.simulate import simulate
from salessim.errors import ModelError, StudyError
from salessim.model.management import Management
from salessim.model.market import Market
from salessim.model.plan import Plan
from salessim.model.presets import preset
from salessim.study import incremental
from salessim.study.comparison import compare
from salessim.study.incremental import Futures, readings
from salessim.study.position import position
from salessim.study.replay import Replay
from salessim.world.alignment import align


@pytest.fixture(scope="module")
def firm() -> tuple[Market, Plan]:
    return preset("small")


def plans_of(plan: Plan) -> dict[str, Plan]:
    return {"baseline": plan, "live": plan.but(structure="product")}


def test_a_grown_study_equals_a_comparison_to_the_last_bit(firm: tuple[Market, Plan]) -> None:
    market, plan = firm
    futures = Futures(months=3, seed=7)
    few = futures.study(market, plans_of(plan), 3)
    many = futures.study(market, plans_of(plan), 8)
    whole = compare(market, plans_of(plan), months=3, seed=7, replications=8, most_replications=8, draws=0, audit=False)
    assert few is not None
    assert many is not None
    assert many.values().tobytes() == whole.values().tobytes()
    assert many.monthly.tobytes() == whole.monthly.tobytes()
    assert few.table.tobytes() == many.table[:3].tobytes()
    assert many.moved == whole.moved
    assert many.judged.lines() == whole.judged.lines()


def test_nothing_is_run_twice(firm: tuple[Market, Plan], monkeypatch: pytest.MonkeyPatch) -> None:
    market, plan = firm
    asked: list[tuple[str, int]] = []
    outcome = Replay.outcome

    def counted(self: Replay, replication: int, stop: object = None) -> object:
        asked.append((self.plan.structure, replication))
        return outcome(self, replication, stop)  # type: ignore[arg-type]

    monkeypatch.setattr(incremental.Replay, "outcome", counted)
    futures = Futures(months=2)
    for size in (2, 4, 3, 4):
        futures.study(market, plans_of(plan), size)
    again = market.but(complexity=0.5).but(complexity=None)  # an equal market, though another object
    futures.study(again, {"baseline": plan, "live": plan.but(structure="product")}, 4)
    assert sorted(asked) == sorted((s, n) for s in ("territory", "product") for n in range(4))
    futures.study(market, {"baseline": plan, "live": plan.but(structure="customer")}, 2)
    assert [one for one in asked if one[0] == "customer"] == [("customer", 0), ("customer", 1)]
    assert futures.found(market, plans_of(plan)) == 4
    assert futures.found(market.but(complexity=0.9), plans_of(plan)) == 0


@pytest.mark.parametrize(
    "changes", [{"complexity": 0.9}, {"difference": 0.9}, {"distance": 900.0}, {"skill_effect": 2.0, "distance": 500.0}]
)
def test_an_alignment_found_before_is_reused_only_where_it_is_the_same(
    firm: tuple[Market, Plan], changes: dict[str, float]
) -> None:
    market, plan = firm
    futures = Futures(months=3)
    futures.study(market, plans_of(plan), 2)
    moved = futures.study(market.but(**changes), plans_of(plan), 2)
    fresh = Futures(months=3).study(market.but(**changes), plans_of(plan), 2)
    assert moved is not None
    assert fresh is not None
    assert moved.table.tobytes() == fresh.table.tobytes()


def test_only_so_many_are_kept(firm: tuple[Market, Plan]) -> None:
    market, plan = firm
    futures = Futures(months=2, keep=3)
    futures.study(market, plans_of(plan), 2)
    futures.study(market, {"baseline": plan, "live": plan.but(structure="customer")}, 2)
    futures.study(market, {"baseline": plan, "live": plan.but(structure="hybrid")}, 2)
    assert futures.found(market, plans_of(plan)) == 0  # product was the least recently asked for
    assert futures.found(market, {"baseline": plan, "live": plan.but(structure="hybrid")}) == 2


def test_a_stopped_study_keeps_what_was_finished(firm: tuple[Market, Plan]) -> None:
    market, plan = firm
    futures = Futures(months=24)
    assert futures.study(market, plans_of(plan), 2) is not None
    stop = np.zeros(1, dtype=np.int64)
    timer = threading.Timer(0.3, lambda: stop.__setitem__(0, 1))
    timer.start()
    assert futures.study(market, plans_of(plan), 100_000, stop=stop) is None
    timer.join()
    found = futures.found(market, plans_of(plan))
    assert 2 <= found < 100_000
    study = futures.study(market, plans_of(plan), max(found, 2))
    assert study is not None
    assert study.values()[-1, 0] == pytest.approx(simulate(market, plan, 24, replication=max(found, 2) - 1).revenue)


def test_a_stop_before_the_start_runs_nothing(firm: tuple[Market, Plan]) -> None:
    market, plan = firm
    futures = Futures(months=2)
    assert futures.study(market, plans_of(plan), 4, stop=np.ones(1, dtype=np.int64)) is None
    assert futures.found(market, plans_of(plan)) == 0


def test_what_cannot_be_is_refused(firm: tuple[Market, Plan]) -> None:
    market, plan = firm
    futures = Futures(months=2)
    with pytest.raises(StudyError, match="two plans"):
        futures.study(market, {"one": plan}, 4)
    with pytest.raises(StudyError, match="two replications"):
        futures.study(market, plans_of(plan), 1)
    with pytest.raises(ModelError, match="who serves whom today"):
        futures.study(market, {"baseline": plan, "live": plan.but(structure="today")}, 2)
    with pytest.raises(StudyError, match="measure"):
        readings(futures.study(market, plans_of(plan), 2), ("revenu",))  # type: ignore[arg-type]


def test_readings_are_the_figures_of_the_study(firm: tuple[Market, Plan]) -> None:
    market, plan = firm
    study = Futures(months=6).study(market, plans_of(plan), 6)
    assert study is not None
    revenue, contribution, travel, cycle = readings(study, ("revenue", "contribution", "travel_share", "sales_cycle"))
    assert revenue.value == pytest.approx(study.summary().loc["revenue", "live"])
    assert revenue.baseline == pytest.approx(study.summary().loc["revenue", "baseline"])
    assert revenue.judgement is not None
    assert revenue.judgement.low == pytest.approx(study.differences().low[0])
    # the same sum of money matters for both
    assert contribution.judgement is not None
    assert contribution.judgement.delta == revenue.judgement.delta == pytest.approx(0.01 * revenue.baseline)
    # points of a per cent, and less is better
    assert travel.judgement is not None
    assert travel.judgement.difference == pytest.approx(100 * (travel.value - travel.baseline))
    assert travel.judgement.delta == pytest.approx(1.0)
    assert not travel.judgement.higher_is_better
    assert cycle.judgement is not None
    assert cycle.judgement.delta == pytest.approx(0.01 * cycle.baseline)
    assert revenue.differences.tolist() == (study.values()[:, 1] - study.values()[:, 0]).tolist()


def test_a_measure_that_does_not_exist_in_some_future_is_not_judged(firm: tuple[Market, Plan]) -> None:
    market, plan = firm
    idle = market.but(products=market.products.but(opportunities=0.0))
    study = Futures(months=2).study(idle, plans_of(plan), 2)
    assert study is not None
    (rate,) = readings(study, ("win_rate",))
    assert rate.judgement is None
    assert np.isnan(rate.value)


def test_the_position_of_a_firm(firm: tuple[Market, Plan]) -> None:
    market, plan = firm
    here = position(market, plan)
    x, y = market.accounts["x"], market.accounts["y"]
    assert here.distance == pytest.approx(max(np.ptp(x), np.ptp(y)))
    assert position(market.but(distance=777.0), plan).distance == pytest.approx(777.0)
    assert position(market.but(complexity=0.2), plan).complexity == 0.2
    uneven = market.products.but(complexity=[0.0, 0.5, 1.0], opportunities=[0.0, 1.0, 3.0])
    assert position(market.but(products=uneven), plan).complexity == pytest.approx(0.875)


# Values that differ from the preset's, for every setting of a plan that an alignment is said not to see.
UNSEEN = {
    "name": "another", "open_deals": "move", "coverage": "tiers", "prospecting": 0.4, "routing": "pool",
    "selling_time": 0.7, "leave": 9.0, "call_gap": 3.0, "stage_weight": 1.0, "value_weight": 1.0, "wait_weight": 1.0,
    "focus": {"product A": 3.0}, "target": 1e6, "management": Management(span=4.0, salary=90_000.0),
}  # fmt: skip


def test_who_serves_whom_turns_on_nothing_but_what_is_said(firm: tuple[Market, Plan]) -> None:
    market, plan = firm
    seen = set(incremental._SEEN_BY_ALIGNMENT)
    assert set(UNSEEN) | seen | {"reps", "changes", "pay"} == set(Plan.model_fields) | {"headcount"}
    for structure in ("territory", "product", "customer", "hybrid"):
        one = align(market, plan.but(structure=structure))
        other = align(market, plan.but(structure=structure, **UNSEEN))
        assert (one.owner == other.owner).all()
        assert one.home.tobytes() == other.home.tobytes()
        assert one.work.tobytes() == other.work.tobytes()


def test_a_lane_with_a_borrowed_alignment_equals_one_with_its_own(firm: tuple[Market, Plan]) -> None:
    market, plan = firm
    futures = Futures(months=3)
    plans = {"baseline": plan, "live": plan.but(coverage="tiers", prospecting=0.4)}
    grown = futures.study(market.but(complexity=0.9), plans, 3)
    alone = [Replay(market.but(complexity=0.9), one, 3, 1).outcome(n) for one in plans.values() for n in range(3)]
    assert grown is not None
    assert [row.tobytes() for row in grown.table.swapaxes(0, 1).reshape(6, -1)] == [
        one.measures.tobytes() for one in alone if one is not None
    ]


def test_an_audit_is_asked_once_and_can_be_stopped(firm: tuple[Market, Plan], monkeypatch: pytest.MonkeyPatch) -> None:
    market, plan = firm
    futures = Futures(months=3)
    stop = np.zeros(1, dtype=np.int64)
    asked: list[int] = []
    audit = Replay.audit

    def counted(self: Replay, replication: int = 0, flag: object = None) -> object:
        asked.append(replication)
        return audit(self, replication, flag)  # type: ignore[call-overload]

    monkeypatch.setattr(Replay, "audit", counted)
    assert futures.audited(market, {"one": plan}) is None
    stop[0] = 1
    assert futures.audit(market, plan, stop) is None
    assert Replay(market, plan, 3, 1).audit(0, stop) is None
    stop[0] = 0
    assert futures.audit(market, plan, stop) is True
    assert futures.audit(market, plan) is True
    assert futures.audited(market, {"one": plan}) is True
    assert asked == [0, 0]


def test_moved_assumptions_are_those_of_a_comparison_and_a_stop_keeps_what_there_is(firm: tuple[Market, Plan]) -> None:
    market, plan = firm
    futures = Futures(months=3, seed=5)
    stop = np.zeros(1, dtype=np.int64)
    told: list[int] = []

    def progress(n: int, draws: int) -> None:
        told.append(n)
        stop[0] = n == 3

    assert futures.sweep(market, plans_of(plan), 6, stop=stop, progress=progress) is None
    stop[0] = 0
    found = futures.sweep(market, plans_of(plan), 6, stop=stop, progress=progress)
    assert told == [1, 2, 3, 4, 5, 6]
    whole = compare(market, plans_of(plan), months=3, seed=5, replications=2, most_replications=2, draws=6, audit=False)
    assert found is not None
    assert whole.assumed is not None
    assert found.differences.tobytes() == whole.assumed.differences.tobytes()
    assert found.names == whole.assumed.names


def test_a_world_that_was_let_go_is_built_again(firm: tuple[Market, Plan], monkeypatch: pytest.MonkeyPatch) -> None:
    market, plan = firm
    monkeypatch.setattr(incremental, "_WORLDS", 1)
    futures = Futures(months=2)
    few = futures.study(market, plans_of(plan), 2)
    futures.study(market.but(difference=0.9), plans_of(plan), 2)
    assert sum(lane._world is not None for lane in futures._lanes) <= 2 < len(futures._lanes)
    many = futures.study(market, plans_of(plan), 4)
    monkeypatch.undo()
    whole = Futures(months=2).study(market, plans_of(plan), 4)
    assert few is not None
    assert many is not None
    assert whole is not None
    assert many.table.tobytes() == whole.table.tobytes()
    assert few.table.tobytes() == whole.table[:2].tobytes()
