"""People: the ramp of new reps, turnover, what a change of the rep costs, the span of control.

Citations and evidence: Bridge Group 2024 (median ramp 5.0 months; under 3, 3-6, 6-12, over 12 months 27/38/28/7 %; read
in a secondary text); Shi, Sridhar, Grewal & Lilien 2017, Journal of Marketing 81(2), 25-44 (a departure costs 13.2 to
17.6 % of a year's sales of its customers, a similar rep loses least; read); Schmitz et al. 2020 (a change can
revitalise; read in a secondary text); Sunder, Kumar, Goreczny & Maurer 2017 (average performers and those whose peers
left quit more; read in a secondary text); turnover 15-27 % a year (Zoltners et al. 2017, bettersalescomp.com 2015;
read); span 8.5 on average, 2-38 (Alexander Group; read).

Experiments PPL-2, PPL-3, PPL-5 and PPL-6. PPL-1, the free rider's effort beta / (n c), needs a pay plan and an agent:
it is held by the tests of pay, not here.

CAL: the level of the loss by a move (goodwill_kept and relation_kept are set to it), the level of turnover, the ramp.
PRED: the ranking of who takes over, the recovery, the optimum of the span, the clustering of exits.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from worlds import quiet_market, quiet_plan, stage

from salessim.clocks.compiled_clock import run_compiled
from salessim.clocks.run import Run
from salessim.clocks.simulate import simulate
from salessim.measures import measures_of
from salessim.model.change import Change
from salessim.model.market import Market
from salessim.model.plan import Plan, Team
from salessim.model.presets import preset
from salessim.model.today import Skill
from salessim.world.access import addresses
from salessim.world.build import build_world
from salessim.world.random import seed_key
from salessim.world.tables import DTYPES, QUIT_JOB, WON
from salessim.world.world import World

Floats = NDArray[np.float64]
_MONTH = 365.0 / 12.0
_QUARTER = 365.0 / 4.0


def replications(start: World, seed: int, numbers: range) -> list[World]:
    """Run copies of a start under the luck of these replications."""
    worlds = [start.copy(seed_key(seed, k)) for k in numbers]
    for world in worlds:
        run_compiled(world)
    return worlds


# ---- PPL-2: the ramp -------------------------------------------------------------------------------------------------
def months_to_ninety(numbers: range, **settings: float) -> Floats:
    """Return, for reps who all start on the first day, the months until a piece of work of one hour takes 1 / 0.9.

    Each rep serves two inquiries a day of exactly an hour's effort at all hours, so that his pace is read off his own
    work to within half a day.
    """
    queues = 150
    market = quiet_market(
        [stage("work", effort=1.0, effort_law="fixed")], queues=queues, rates=(2.0,), ramp_time=5.0, ramp_spread=0.72,
        ramp_start=0.2,
    ).but(**settings)  # fmt: skip
    # a log that knows one rep makes all others newcomers on the first day; he does not count
    market = market.but(skill=Skill([{"rep": "rep 001-1", "product": "product 1", "level": 1.0}]))
    plan = quiet_plan(1).but(structure="territory", reps=queues, incumbency=0.0)
    found = []
    for world in replications(build_world(market, plan, 48, seed=21), 21, numbers):
        assert len(world["reps"]) == queues
        steps = world.used("steps")
        done = steps[steps["finished"] >= 0]
        pace = 1.0 / (24.0 * (done["finished"] - done["started"]))
        for r in range(queues):
            mine = (done["rep"] == r) & (pace >= 0.9 - 1e-6)
            if world["reps"]["pace_rate"][r] > 0.0 and mine.any():
                found.append(done["started"][mine].min() / _MONTH)
    return np.array(found)


@pytest.mark.calibrated
@pytest.mark.slow
def test_time_to_full_pace_has_the_published_median_and_quantiles() -> None:
    """PPL-2 (S, CAL): 900 hires. Median 5.0 months within 8 % (3 standard errors); 24/36/29/11 % within 5 points.

    The half-day resolution adds under 1 %. The shares are those of the lognormal with median 5 and sigma 0.72; the
    published 27/38/28/7 % lie within 4 points of it.
    """
    found = months_to_ninety(range(6))
    assert len(found) > 800
    assert np.median(found) == pytest.approx(5.0, rel=0.08)
    shares = np.histogram(found, bins=[0.0, 3.0, 6.0, 12.0, np.inf])[0] / len(found)
    print("\nramp:", np.median(found), shares)
    assert np.abs(shares - [0.24, 0.36, 0.29, 0.11]).max() < 0.05, shares
    assert np.abs(shares - [0.27, 0.38, 0.28, 0.07]).max() < 0.07, shares


def test_without_spread_everybody_ramps_alike_and_without_ramp_at_once() -> None:
    alike = months_to_ninety(range(1), ramp_spread=0.0)
    assert len(alike) > 140
    assert np.all((alike >= 5.0 - 1e-9) & (alike < 5.4))
    assert len(months_to_ninety(range(1), ramp_time=0.0)) == 0, "nobody has a pace to gain"


# ---- PPL-3: a change of the rep --------------------------------------------------------------------------------------
class Loss(NamedTuple):
    """Share of sales lost in the year after, its standard error, and the loss of each quarter."""

    year: float
    error: float
    quarters: Floats


OFF = {"goodwill_kept": 1.0, "relation_kept": 1.0, "match_effect": 0.0, "revival": 0.0}


def sales(world: World, accounts: NDArray[np.bool_], edges: Floats) -> Floats:
    deals = world.used("deals")
    won = deals[(deals["state"] == WON) & accounts[deals["account"]]]
    return np.histogram(won["closed"], bins=edges, weights=won["value"])[0]


def loss_of(rows: list[tuple[Floats, Floats]]) -> Loss:
    """Sum up pairs (without, with) of quarterly sales."""
    found = np.array(rows)
    year = found[:, :, :4].sum(axis=2)
    error = (year[:, 0] - year[:, 1]).std(ddof=1) * np.sqrt(len(year)) / year[:, 0].sum()
    total = found.sum(axis=0)
    return Loss(1.0 - year[:, 1].sum() / year[:, 0].sum(), error, 1.0 - total[1] / total[0])


def neighbours(world: World) -> list[tuple[int, int]]:
    place = np.column_stack([world["reps"]["x"], world["reps"]["y"]])
    free, pairs = list(range(len(place))), []
    while len(free) > 1:
        one = free.pop(0)
        other = min(free, key=lambda r: float(((place[one] - place[r]) ** 2).sum()))
        free.remove(other)
        pairs.append((one, other))
    return pairs


def swap(market: Market, plan: Plan, kind: str, numbers: range, *, months: int = 24, accounts: int = 4) -> Loss:
    """After a year neighbouring reps swap some accounts, open deals and all; everything else stays as it was.

    A swap leaves the load of everybody alone, so that what is lost is by the change of face. `kind` says which accounts
    of a rep go: those whose segment the other knows best compared with him (``similar``), least (``different``), any.
    """
    when, seed = 12, 5
    plan = plan.but(changes=(Change(month=when, to={"wait_weight": plan.wait_weight}, open_deals="move"),))
    start = build_world(market, plan, months, seed=seed)
    before = build_world(market, plan.but(changes=()), when, seed=seed)
    n_p = len(start["products"])
    edges = float(start["months"]["ends"][when - 1]) + _QUARTER * np.arange((months - when) // 3 + 1)
    rows = []
    for k in numbers:
        (then,), (base,) = replications(before, seed, range(k, k + 1)), replications(start, seed, range(k, k + 1))
        insight = then["insight"]["level"].reshape(len(then["reps"]), -1)
        segment, owner = then["accounts"]["segment"], then["covers"]["owner"][::n_p]
        rng = np.random.default_rng(k)
        moves: list[tuple[int, int]] = []
        for one, other in neighbours(then):
            for old, new in ((one, other), (other, one)):
                own = rng.permutation(np.flatnonzero(owner == old))
                alike = np.minimum(1.0, insight[new, segment[own]] / np.maximum(insight[old, segment[own]], 1e-9))
                sign = {"similar": -1.0, "any": 0.0, "different": 1.0}[kind]
                chosen = own[np.argsort(sign * alike, kind="stable")][:accounts]
                moves += [(int(a) * n_p + p, new) for a in chosen for p in range(n_p)]
        table = np.zeros(len(moves), DTYPES["moves"])
        table["cover"], table["seat"] = np.array(moves).T
        world = start.copy(seed_key(seed, k))
        world.tables["moves"], world["waves"]["moves"] = table, len(table)
        world.address = addresses(world.tables)
        run_compiled(world)
        given = world.used("handovers")
        assert len(given) == len(moves)
        moved = np.zeros(len(segment), dtype=bool)
        moved[table["cover"] // n_p] = True
        rows.append((sales(base, moved, edges), sales(world, moved, edges)))
    return loss_of(rows)


def departure(market: Market, plan: Plan, numbers: range, *, months: int = 36) -> Loss:
    """Pair the customers of reps who quit in the second year with the same customers where nobody quits.

    Only the level of turnover is on, so that who leaves is chance.
    """
    market = market.but(
        turnover=0.23, turnover_attainment=0.0, turnover_peers=0.0, turnover_tenure=0.0, turnover_pay=0.0,
        cohesion_effect=0.0,
    )  # fmt: skip
    leaving = replications(build_world(market, plan, months, seed=7), 7, numbers)
    staying = replications(build_world(market.but(turnover=0.0), plan, months, seed=7), 7, numbers)
    rows = []
    for gone, kept in zip(leaving, staying, strict=True):
        careers = gone.used("careers")
        quits = careers[careers["kind"] == QUIT_JOB]
        begin, end = gone["months"]["ends"][11], gone["months"]["ends"][23]
        for row in quits[(quits["at"] >= begin) & (quits["at"] < end)]:
            same = quits[(quits["rep"] == row["rep"]) & (quits["at"] != row["at"])]["at"]
            edges = row["at"] + _QUARTER * np.arange(5)
            if (same < edges[-1]).any() or edges[-1] > gone["settings"]["until"][0]:
                continue
            own = np.zeros(len(gone["accounts"]), dtype=bool)
            own[kept["covers"]["account"][kept["covers"]["owner"] == row["rep"]]] = True
            rows.append((sales(kept, own, edges), sales(gone, own, edges)))
    assert len(rows) > 4 * len(numbers)
    return loss_of(rows)


@pytest.mark.calibrated
@pytest.mark.slow
@pytest.mark.parametrize("coverage", ["marginal", "tiers", "proportional"])
def test_a_move_costs_what_is_published_and_the_more_the_stranger_the_new_rep(coverage: str) -> None:
    """PPL-3: similar < any colleague < new hire (O, PRED), and the mean of colleague and new hire 13-18 % (R, CAL).

    Standard errors are below 1 point, so a true 20 % stays inside with probability 0.02. The single kinds are
    published at 13 (similar), 15 and 18 %. The model spreads them wider, and that is a miss: a similar colleague loses
    about 7, any about 10, a new hire about 24 %, because the published ramp (five months to 90 % of pace) costs a new
    hire alone some 14 points.
    """
    market, plan = preset("standard")
    plan = plan.but(coverage=coverage)
    still = market.but(turnover=0.0)
    similar, colleague = swap(still, plan, "similar", range(24)), swap(still, plan, "any", range(24))
    hired = departure(market.but(fill_time=0.0), plan, range(30))
    print(f"\n{coverage}: similar {similar}, colleague {colleague}, new hire {hired}")
    assert max(similar.error, colleague.error, hired.error) < 0.013
    assert similar.year + 2 * similar.error < colleague.year < hired.year - 2 * hired.error
    assert 0.13 < (colleague.year + hired.year) / 2 < 0.18
    for loss in (similar, colleague, hired):
        assert max(loss.quarters[:2]) > loss.quarters[3] + 0.02, "and recovers over the months"
    assert colleague.quarters[3] < 0.1


@pytest.mark.slow
def test_the_dials_of_the_moving_cost_order_the_loss() -> None:
    """Off, low, middle, high: the loss rises step by step; off it is nothing but the less familiar segment (O)."""
    market, plan = preset("standard")
    market, plan = market.but(turnover=0.0, travel=0.0), plan.but(coverage="tiers")
    steps: list[dict[str, float]] = [
        OFF, {"goodwill_kept": 0.8, "relation_kept": 0.6}, {}, {"goodwill_kept": 0.2, "relation_kept": 0.0},
    ]  # fmt: skip
    found = [swap(market.but(**one), plan, "similar", range(16)) for one in steps]
    print("\noff, low, middle, high:", [round(loss.year, 3) for loss in found])
    assert abs(found[0].year) < 0.03
    for lower, higher in pairwise(found):
        assert lower.year < higher.year
    assert found[3].year > found[0].year + 0.05


@pytest.mark.slow
def test_a_vacancy_costs_beside_the_move() -> None:
    """Two months without anybody cost about two twelfths of a year on top; colleagues who look after it save most."""
    market, plan = preset("standard")
    at_once = departure(market.but(fill_time=0.0), plan, range(20))
    held = departure(market, plan, range(20))
    shared = departure(market, plan.but(vacancy="colleagues"), range(20))
    print(f"\nvacancy: none {at_once.year:.3f}, held {held.year:.3f}, colleagues {shared.year:.3f}")
    assert 0.08 < held.year - at_once.year < 0.25
    assert shared.year < held.year - 0.05
    assert held.quarters[0] > shared.quarters[0] + 0.2


@pytest.mark.predicted
def test_a_stale_relationship_may_gain_by_a_fresh_face() -> None:
    """What a new owner finds is above what was left where that was stale, and below it where it was strong (O)."""
    from salessim.model.mechanisms import Relationship

    given = Relationship()

    def inherited(level: float, likeness: float = 1.0, **settings: float) -> float:
        bond = given.but(**settings)
        lost = (1.0 - bond.relation_kept) * (1.0 + bond.match_effect * (1.0 - 2.0 * likeness))
        return min(1.0, level * (1.0 - min(lost, 1.0)) + bond.revival * (1.0 - level) ** 4)

    # the rule itself, on a run: every handover noted says what it was before and what it is after
    market, plan = preset("small")
    change = Change(month=4, to={"structure": "customer"}, keep="balance")
    run = simulate(market.but(turnover=0.0), plan.but(changes=(change,)), 6)
    given_up = run.world.used("handovers")
    assert len(given_up) > 100
    first = given_up[np.unique(given_up["cover"], return_index=True)[1]]
    low, high = inherited(0.0), [inherited(float(x)) for x in first["level_before"]]
    assert np.all(first["level_after"] >= np.array([inherited(float(x), 0.0) for x in first["level_before"]]) - 1e-9)
    alike = np.isclose(first["level_after"], high, atol=1e-9)
    assert alike.any(), "somebody hands over to a rep who knows the segment as well"
    assert low == given.revival > 0.0
    stale = simulate(market.but(turnover=0.0, relation_gain=0.0, relation_fade=0.05), plan.but(changes=(change,)), 6)
    after = stale.world.used("handovers")
    assert np.all(after["level_after"] > after["level_before"]), "all had gone stale: all gain"
    strong = simulate(
        market.but(turnover=0.0, relation_reference=1.0, relation_fade=0.0), plan.but(changes=(change,)), 6
    )
    kept = strong.world.used("handovers")
    kept = kept[np.unique(kept["cover"], return_index=True)[1]]
    assert np.all(kept["level_after"] < kept["level_before"])


# ---- PPL-5: span of control ------------------------------------------------------------------------------------------
@pytest.mark.calibrated
@pytest.mark.slow
def test_the_best_span_of_control_lies_between_five_and_fifteen() -> None:
    """PPL-5 (O): mean contribution over 24 paired replications; both ends are worse by three standard errors.

    That there is an optimum is PRED: pay of managers against their time. Where it lies is CAL, by leading_hours.
    """
    market, plan = preset("standard")
    spans = (2, 3, 5, 7, 9, 11, 13, 15, 18, 25)
    rows = []
    for span in spans:
        setting = plan.but(span=float(span))
        worlds = replications(build_world(market, setting, 24, seed=3), 3, range(24))
        rows.append([measures_of(Run(market, setting, 24, world))["contribution"] for world in worlds])
    mean = np.mean(rows, axis=1)
    best = int(mean.argmax())
    print("\nspan:", dict(zip(spans, (mean / mean.max()).round(4), strict=True)))
    assert 5 <= spans[best] <= 15
    for end in (0, -1):
        gain = np.array(rows[best]) - np.array(rows[end])
        assert gain.mean() > 3 * gain.std(ddof=1) / np.sqrt(len(gain)), spans[end]


# ---- PPL-6: turnover -------------------------------------------------------------------------------------------------
def clustering(peers: float, numbers: range) -> float:
    """Return variance over mean of the exits of a group in a quarter: 1 where nobody looks at anybody."""
    queues, size = 400, 8
    market = quiet_market([stage("work")], queues=queues, rates=(0.001,), turnover=0.23, turnover_peers=peers)
    names = [f"rep {i + 1:03d}-1" for i in range(queues)]
    team = Team({"rep": names, "group": [f"group {i // size:02d}" for i in range(queues)]})
    plan = quiet_plan(queues).but(team=team)
    counts = []
    for world in replications(build_world(market, plan, 36, seed=17), 17, numbers):
        careers = world.used("careers")
        quits = careers[careers["kind"] == QUIT_JOB]
        quarter = np.minimum(quits["at"] // _QUARTER, 11).astype(int)
        table = np.zeros((queues // size, 12))
        np.add.at(table, (world["reps"]["group"][quits["rep"]], quarter), 1.0)
        counts.append(table[:, 2:].ravel())
    found = np.concatenate(counts)
    return float(found.var(ddof=1) / found.mean())


@pytest.mark.predicted
def test_exits_of_peers_cluster_and_without_contagion_they_do_not() -> None:
    """PPL-6 (O, PRED): 4,000 group-quarters; the error of the index is 0.022, so each bound is 3.6 of them from 1."""
    alone, default = clustering(0.0, range(8)), clustering(2.0, range(8))
    print(f"\nclustering of exits: alone {alone:.3f}, default {default:.3f}")
    assert alone == pytest.approx(1.0, abs=0.08)
    assert default > 1.08


def yearly_turnover(market: Market, plan: Plan, n: int, months: int = 36) -> float:
    worlds = replications(build_world(market, plan, months, seed=9), 9, range(n))
    return float(np.mean([measures_of(Run(market, plan, months, world))["turnover"] for world in worlds]))


@pytest.mark.calibrated
@pytest.mark.slow
def test_turnover_is_in_the_published_range_and_falls_with_pay() -> None:
    """CAL: 15-27 % a year at the default; O: less where pay is above the outside offer, more where it is below."""
    market, plan = preset("standard")
    default = yearly_turnover(market, plan, 20)
    well = yearly_turnover(market.but(outside_pay=90_000.0), plan, 20)
    badly = yearly_turnover(market.but(outside_pay=160_000.0), plan, 20)
    print(f"\nturnover: default {default:.3f}, well paid {well:.3f}, badly paid {badly:.3f}")
    assert 0.15 <= default <= 0.27
    assert well < default - 0.01 < default + 0.01 < badly


@pytest.mark.calibrated
@pytest.mark.slow
def test_average_performers_quit_more_than_top_and_bottom() -> None:
    """The inverted U, from the diary: exits per person-month by attainment of the last three months (O, CAL).

    About 1,500 exits; the middle's rate is 1.5 times that of both ends and the error of the ratio 0.15; with the dial
    at zero the ratios are within 0.3 of 1.
    """
    market, plan = preset("standard")
    market = market.but(turnover=0.5, turnover_pay=0.0, turnover_peers=0.0, turnover_tenure=0.0, cohesion_effect=0.0)

    def rates(effect: float) -> Floats:
        chosen = market.but(turnover_attainment=effect, fill_time=0.0)
        there, gone = np.zeros(3), np.zeros(3)
        for world in replications(build_world(chosen, plan, 36, seed=13), 13, range(24)):
            ends, n = world["months"]["ends"], len(world["reps"])
            sold = world["diary"]["sold"].reshape(n, -1)
            covers = world["covers"]
            demand = np.bincount(
                covers["owner"], weights=covers["rate"] * world["products"]["price"][covers["product"]], minlength=n
            )
            careers = world.used("careers")
            since = np.zeros(n)
            for m in range(8, len(ends)):
                begun = careers[(careers["kind"] == 0) & (careers["at"] <= ends[m])]
                np.maximum.at(since, begun["rep"], begun["at"])
                window = sold[:, m - 2 : m + 1].sum(axis=1)
                attained = window / window.sum() / (demand / demand.sum())
                settled = ends[m] - since > 200.0
                kind = np.select([attained < 0.4, np.abs(attained - 1.0) < 0.3, attained > 1.6], [0, 1, 2], -1)
                begin = ends[m]
                until = ends[m + 1] if m + 1 < len(ends) else np.inf
                # who reaches his threshold at the end of the month leaves then, or when his work is done
                left = careers[(careers["kind"] == QUIT_JOB) & (careers["at"] >= begin) & (careers["at"] < until)]
                quitter = np.zeros(n, dtype=bool)
                quitter[left["rep"]] = True
                for g in range(3):
                    there[g] += (settled & (kind == g)).sum()
                    gone[g] += (settled & (kind == g) & quitter).sum()
        return gone / there

    on, off = rates(0.35), rates(0.0)
    print("\nquit rates a month, low, middle, high attainment:", on, "without the effect:", off)
    assert on[1] > 1.2 * on[0]
    assert on[1] > 1.2 * on[2]
    assert np.all(np.abs(off / off[1] - 1.0) < 0.3)
