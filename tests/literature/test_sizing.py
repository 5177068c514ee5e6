"""Sizing and deployment against the literature: SIZ-1 to SIZ-9.

Each test names its citation, evidence, class (CAL: the number is an input, PRED: it comes out), band and why. A miss is
an expected failure that must go on failing (strict) until the model is better; no band is widened to let it pass.

Sources
-------
Syntex: Lodish, Curtis, Ness & Simpson (1988), Interfaces 18(1), 5-20. Table recalled with high confidence and
    cross-checked against a course's data set; cost of a rep secondary; what the table gives is computed.
HBR: Zoltners, Sinha & Lorimer (2006), Harvard Business Review 84(7/8), 81-89. Read in the reprint.
Sinha & Zoltners (2001), Interfaces 31(3, part 2), S8-S44: "profitability is flat for a wide range of sales-force
    sizes". Read.
Fudge & Lodish (1977), Interfaces 8(1-2), 97-106: call planning by model, +8.1 % sales, 10 matched pairs. Read.
Albers, Mantrala & Sridhar (2010), Journal of Marketing Research 47(5), 840-853: mean elasticity 0.34 (secondary), 0.31
    corrected (recalled); omitted promotion biases upward, by 0.16 (Sridhar, Mantrala & Albers, read).
Manchanda, Rossi & Chintagunta (2004), Journal of Marketing Research 41, 467-478: calls are not random; data in bayesm.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from salessim.clocks.settle import settle
from salessim.model.market import Products
from salessim.model.presets import preset
from salessim.sizing.allocation import Deployments, best_size, deployments
from salessim.sizing.formulas import effort_budget_share, optimal_size
from salessim.sizing.judged import JudgedProduct, simulated_gains
from salessim.sizing.paths import HBR_2006, HiringPaths, hiring_paths
from salessim.sizing.response import Adbudg, Exponential, Power
from salessim.sizing.simulated import flat_top, size_curve
from salessim.sizing.syntex import COST_PER_REP, PRODUCTS, SyntexCase, syntex_case
from salessim.study.replay import Replay

DETAILING = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "sales_response"


@pytest.fixture(scope="module")
def syntex() -> SyntexCase:
    return syntex_case()


def share_of_allocation(case: SyntexCase, found: Deployments) -> float:
    """Which part of the gain over today today's number of reps already brings, once deployed well."""
    at_today = float(found.value[round(case.reps.sum() / found.step)] - COST_PER_REP * round(case.reps.sum()))
    return (at_today - case.today) / (best_size(found, COST_PER_REP)[1] - case.today)


def range_within(found: Deployments, share: float) -> tuple[float, float]:
    """Numbers of reps whose contribution is at least `share` of the greatest."""
    net = found.value - COST_PER_REP * found.totals
    near = found.totals[net >= share * net.max()]
    return float(near.min()), float(near.max())


# ------------------------------------------------------------------------------------------------- SIZ-1 to SIZ-3, E


def test_siz_1_syntex_fit_and_optimum(syntex: SyntexCase) -> None:
    """Syntex; class E, computed: digits as the reference prints them; optimum 776 within one to two grid steps (4)."""
    assert syntex.curves.shape == pytest.approx([2.28, 2.67, 2.44, 3.12, 1.94, 2.94, 2.01], abs=5.1e-3)
    assert syntex.curves.half == pytest.approx([0.9811, 0.4118, 0.3623, 0.1818, 0.4545, 0.2683, 0.8941], abs=5.1e-5)
    assert syntex.curves.elasticity(1.0) == pytest.approx([0.598, 0.662, 0.448, 0.264, 0.267, 0.255, 0.806], abs=1e-3)
    assert syntex.today == pytest.approx(224.83, abs=5e-3)
    reps, best = syntex.optimum
    assert reps == pytest.approx(776, abs=4)
    assert best == pytest.approx(284.80, abs=0.03)
    split = dict(zip(PRODUCTS, syntex.found.split(776).tolist(), strict=True))
    expected = {"Naprosyn": 332, "Anaprox": 174, "Norinyl 135": 74, "Norinyl 150": 38, "Lidex": 52, "Synalar": 32,
                "Nasalide": 74}  # fmt: skip
    assert all(abs(split[name] - reps) <= 2 for name, reps in expected.items())


@pytest.mark.parametrize(
    ("reps", "best", "sales"),
    [(430, 271.45, 430.7), (500, 276.50, 448.1), (560, 279.86, 459.7), (600, 281.43, 465.7), (650, 282.94, 474.2),
     (700, 284.16, 480.9), (776, 284.80, 489.0), (820, 284.62, 492.7), (900, 283.52, 498.3), (1000, 281.07, 503.5)],
)  # fmt: skip
def test_siz_1_contribution_and_sales_of_every_size(syntex: SyntexCase, reps: int, best: float, sales: float) -> None:
    assert syntex.contribution(reps) == pytest.approx(best, abs=0.03)
    assert float(syntex.sales_at(syntex.found.split(reps)).sum()) == pytest.approx(sales, abs=0.15)


def test_siz_1_too_few_reps_for_all_drop_the_s_curves(syntex: SyntexCase) -> None:
    """At today's 430 the best deployment drops Anaprox and Nasalide: where a gradient method stays in a worse top."""
    split = dict(zip(PRODUCTS, syntex.found.split(430).tolist(), strict=True))
    assert split["Anaprox"] == split["Nasalide"] == 0.0
    assert min(reps for name, reps in split.items() if name not in ("Anaprox", "Nasalide")) > 0


@pytest.mark.predicted
def test_siz_2_the_top_is_flat(syntex: SyntexCase) -> None:
    """Sinha & Zoltners 2001 (read), on Syntex; PRED: any size from 650 to 900 keeps at least 99 % of the maximum."""
    low, high = range_within(syntex.found, 0.99)
    print(f"\nwithin 1 % of the maximum: {low:.0f} to {high:.0f} reps")
    assert low <= 650 and high >= 900


@pytest.mark.predicted
def test_siz_3_most_of_the_gain_is_allocation(syntex: SyntexCase) -> None:
    """HBR 2006 (read): 71 % of the gain from allocation, 29 % from size; PRED on Syntex, band 60 to 85 % around it."""
    share = share_of_allocation(syntex, syntex.found)
    print(f"\nshare of the gain from allocation: {share:.1%} (published 71 %)")
    assert share == pytest.approx(0.78, abs=5e-3)
    assert 0.60 <= share <= 0.85


# --------------------------------------------------------------------------------- Syntex read off the simulation, R


def curve_of(case: SyntexCase, place: int, kind: str) -> Adbudg | Exponential:
    """One product's judged curve; as exponential: through the same ends and today."""
    curves = case.curves
    low, high, shape, half = (
        float(np.asarray(values)[place]) for values in (curves.low, curves.high, curves.shape, curves.half)
    )
    if kind == "adbudg":
        return Adbudg(low, high, shape, half)
    return Exponential(high - low, np.log((high - low) / (high - 1.0)), low)


def both_ways(case: SyntexCase, kind: str, step: float = 2.0) -> tuple[Deployments, Deployments]:
    """Deployments of judged curves of one kind: by formula, and read off the simulation."""
    steps, judged = 600, 240  # nobody gives one product more than 480 reps
    formula, simulated = [], []
    for place, name in enumerate(PRODUCTS):
        curve, sales, reps = curve_of(case, place, kind), float(case.sales[place]), float(case.reps[place])
        effort = step * np.arange(steps + 1) / reps
        formula.append(curve.sales(effort) * sales * case.margin[place])
        product = JudgedProduct(name, curve, sales, reps, accounts=int(max(6 * min(5 * reps, 480), 300)))
        gains = simulated_gains(product, float(case.margin[place]), step, judged)
        simulated.append(np.concatenate([gains, np.full(steps - judged, gains[-1])]))
    return deployments(formula, step), deployments(simulated, step)


@pytest.mark.predicted
@pytest.mark.slow
def test_syntex_with_concave_curves_read_off_the_simulation(syntex: SyntexCase) -> None:
    """Syntex with exponential curves through the judged ends and today: the simulation's own response; PRED.

    Calls, goodwill, its fading and the thinning of demand must give the formula's optimum; band 60 reps as for other
    fits of the case (the 1 % top is about 400 reps wide).
    """
    formula, simulated = both_ways(syntex, "exponential")
    by_formula, by_simulation = best_size(formula, COST_PER_REP), best_size(simulated, COST_PER_REP)
    print(f"\nformula {by_formula}, simulation {by_simulation}")
    assert by_simulation[0] == pytest.approx(by_formula[0], abs=60)
    assert by_simulation[1] == pytest.approx(by_formula[1], rel=0.01)


@pytest.mark.predicted
@pytest.mark.slow
@pytest.mark.skipif(
    "response_shape" not in {column.name for column in Products.schema},
    reason="the response of demand to goodwill has no S-shape yet",
)
def test_syntex_read_off_the_simulation(syntex: SyntexCase) -> None:
    """Syntex with its own S-curves; PRED: optimum 776 within 60 reps, 99 % from 650 to 900, allocation 60 to 85 %."""
    _, simulated = both_ways(syntex, "adbudg")
    reps, best = best_size(simulated, COST_PER_REP)
    low, high = range_within(simulated, 0.99)
    share = share_of_allocation(syntex, simulated)
    print(f"\nsimulated optimum {reps:.0f} ({best:.1f}), within 1 % {low:.0f} to {high:.0f}, allocation {share:.1%}")
    assert reps == pytest.approx(776, abs=60)
    assert low <= 650 and high >= 900
    assert 0.60 <= share <= 0.85
    split = dict(zip(PRODUCTS, simulated.split(430).tolist(), strict=True))
    assert split["Anaprox"] == split["Nasalide"] == 0.0


# ------------------------------------------------------------------------------------- SIZ-5: hiring paths, O and R


@pytest.fixture(scope="module")
def paths() -> HiringPaths:
    """The HBR case from documented inputs.

    Elasticity 0.40 (young product; direction recalled, value ours), carry-over 0.75 a year (pharmaceuticals, recalled),
    posts filled in 2 and ramped in 5 months (practice), 150,000 USD a rep (ours). Sales of 300 reps and growth are set
    by the earn-your-way path alone (87 in year 1, 301 in three years): CAL. The other paths are PRED.
    """
    from scipy.optimize import brentq

    cost, path = 0.15, "earn your way"

    def worked(margin: float, growth: float, which: dict[str, tuple[int, ...]]) -> HiringPaths:
        return hiring_paths(
            which, start=HBR_2006.start, sales=margin, margin=1.0, cost=cost, elasticity=0.4, carry_over=0.75,
            growth=growth, currency="USD",
        )  # fmt: skip

    alone = {path: HBR_2006.heads[path]}
    unit = worked(1.0, 0.0, alone).sales[0, 0]
    margin = (HBR_2006.first_year[path] + cost * HBR_2006.heads[path][0]) / unit
    growth = brentq(lambda g: worked(margin, g, alone).totals[0] - HBR_2006.three_years[path], -0.5, 2.0)
    return worked(margin, growth, dict(HBR_2006.heads))


@pytest.mark.predicted
def test_siz_5_the_order_of_hiring_paths_turns_round(paths: HiringPaths) -> None:
    """HBR 2006 (read; head counts our reading of a chart); PRED, ordinal.

    Year 1 earn your way > play it safe > quick build (87, 84, 83); three years the other way (301, 321, 351).
    """
    year, total = paths.contribution[:, 0], paths.totals
    print(f"\nyear 1 {np.round(year, 1)} (published 87, 84, 83); three years {np.round(total)} (301, 321, 351)")
    assert year[0] > year[1] > year[2]
    assert total[0] < total[1] < total[2]
    assert year[1:] == pytest.approx([84, 83], rel=0.05)
    assert paths.catch_up.tolist() == [0, 2, 2]


@pytest.mark.predicted
@pytest.mark.xfail(
    strict=True,
    reason="MISS: quick build gains 6 % over earn your way in three years, published 17 %. With elasticities of the "
    "literature the 90 further rep-years cannot earn the published 50 million: that takes an elasticity of 0.5 or more "
    "and a carry-over of 0.85",
)
def test_siz_5_the_gap_after_three_years(paths: HiringPaths) -> None:
    """HBR 2006 (read): 351 / 301 = +16.6 %; band 10 to 25 % for the reading of the chart and unpublished inputs."""
    gap = paths.totals[2] / paths.totals[0] - 1.0
    print(f"\nquick build over earn your way: {gap:+.1%}")
    assert 0.10 <= gap <= 0.25


# ------------------------------------------------------------------------ the simulated sales force of a preset, O


@pytest.mark.predicted
@pytest.mark.slow
def test_flat_top_and_longer_horizon_in_the_simulation(record_property: pytest.RecordProperty) -> None:
    """Two findings on the standard preset after a year of its plan; PRED, 12 paired replications.

    Sinha & Zoltners 2001 (read): profit is flat over a wide range; here: 1 % of contribution spans 10 % of the size or
    more. HBR 2006 (read; 50 studies): the size best over three years exceeds the size best over one; by 18 % (recalled,
    unverified, not asserted). Sign in at least 95 % of resamples of the replications.
    """
    market, plan = preset("standard")
    market = settle(market, plan, 12)
    sizes = [50, 62, 68, 75, 82, 90, 96, 103, 110, 117]
    one, three = (size_curve(market, plan, sizes, months=months, replications=12) for months in (12, 36))
    low, high = three.flat_top()
    longer = three.optimum().value / one.optimum().value - 1.0
    record_property("three-year optimum over one-year optimum", longer)
    print(f"\nbest over 1 year {one.optimum()}, over 3 {three.optimum()}: {longer:+.0%}; top {low} to {high}")
    assert (high.low - low.high) / three.optimum().value >= 0.10
    rng = np.random.default_rng(2)
    drawn = rng.integers(0, 12, (400, 12))
    best = [
        np.array([sizes[int(np.argmax(curve.values()[rows].mean(axis=0)))] for rows in drawn]) for curve in (one, three)
    ]
    assert np.mean(best[1] > best[0]) >= 0.95


# ------------------------------------------------------------------------------------------- SIZ-7: call planning, R


@pytest.mark.predicted
@pytest.mark.slow
@pytest.mark.xfail(
    strict=True,
    reason="MISS: the marginal rule sells as much as the proportional one in the presets (-0.3 %), because that rule "
    "weighs potential too and accounts of a preset respond alike",
)
def test_siz_7_call_planning_by_model(record_property: pytest.RecordProperty) -> None:
    """Fudge & Lodish 1977 (read): +8.1 % sales at equal time; R, band +4 to +12 % for 10 pairs and six months.

    Marginal against proportional rule over six months on the standard preset, after a year of the proportional rule.
    """
    market, plan = preset("standard")
    market = settle(market, plan, 12)
    sales = {}
    for rule in ("proportional", "marginal"):
        replay = Replay(market, plan.but(coverage=rule), 6, 1)
        runs = [replay.run(n) for n in range(12)]
        sales[rule] = np.array([run.revenue for run in runs if run is not None])
    gain = float(sales["marginal"].mean() / sales["proportional"].mean() - 1.0)
    record_property("gain", gain)
    print(f"\nmarginal over proportional call rule: {gain:+.1%}")
    assert 0.04 <= gain <= 0.12


# --------------------------------------------------------------------------------------------- SIZ-8: elasticities, S


def panel(rng: np.random.Generator, elasticity: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log sales, effort and promotion of 1,200 territories over 12 quarters; promotion goes where effort goes."""
    effort = np.exp(rng.normal(0.0, 0.5, (1200, 12)) + rng.normal(0.0, 0.4, (1200, 1)))
    promotion = np.exp(0.6 * np.log(effort) + rng.normal(0.0, 0.4, effort.shape))
    sales = Power(100.0, elasticity).sales(effort) * promotion**0.25 * np.exp(rng.normal(0.0, 0.3, effort.shape))
    return np.log(sales), np.log(effort), np.log(promotion)


def slopes(y: np.ndarray, *x: np.ndarray) -> np.ndarray:
    columns = np.column_stack([np.ones(y.size), *(one.ravel() for one in x)])
    return np.linalg.lstsq(columns, y.ravel(), rcond=None)[0][1:]


@pytest.mark.calibrated
@pytest.mark.parametrize("elasticity", [0.1, 0.31, 0.6])
def test_siz_8_regression_recovers_the_elasticity(elasticity: float) -> None:
    """Albers et al. 2010; CAL, S: within 0.02 on each of 20 panels (standard error 0.0054 each).

    A bias of 0.02 fails at once, of 0.005 in their mean (4 standard errors of it). Omitting promotion biases upward by
    0.6 * 0.25 = 0.15 in these panels; of the literature's 0.16 it is the direction that is asserted.
    """
    rng = np.random.default_rng(8)
    full, short = [], []
    for _ in range(20):
        sales, effort, promotion = panel(rng, elasticity)
        full.append(slopes(sales, effort, promotion)[0])
        short.append(slopes(sales, effort)[0])
    assert np.array(full) == pytest.approx(np.full(20, elasticity), abs=0.02)
    assert np.mean(full) == pytest.approx(elasticity, abs=0.005)
    assert np.mean(short) - elasticity == pytest.approx(0.15, abs=0.02)
    assert (np.array(short) > np.array(full)).all()


@pytest.mark.skipif(not DETAILING.is_dir(), reason="the detailing data are not here")
def test_siz_8_real_calls_follow_sales() -> None:
    """Manchanda et al. 2004 (data read): reps call more on heavy prescribers, so a naive regression overstates; O.

    1,000 physicians over 23 months: the slope of log(1 + scripts) on log(1 + calls) across physicians against the slope
    within them. Both positive, the naive one at least twice the other.
    """
    import pandas as pd

    table = pd.read_csv(DETAILING / "detailing_monthly.csv.gz")
    scripts, calls = np.log1p(table["scripts"].to_numpy()), np.log1p(table["detailing"].to_numpy())
    naive = slopes(scripts, calls)[0]
    who = table["id"].to_numpy()
    _, place = np.unique(who, return_inverse=True)
    count = np.bincount(place)
    within = slopes(
        scripts - (np.bincount(place, scripts) / count)[place], calls - (np.bincount(place, calls) / count)[place]
    )[0]
    print(f"\nslope across physicians {naive:.3f}, within {within:.3f}")
    assert naive > 2 * within > 0


# ------------------------------------------------------------------------------------------------- SIZ-9 and C3 as E


def test_siz_9_dorfman_steiner() -> None:
    """Sethuraman et al. 2011 (secondary), Bijmolt et al. 2005 (read): 0.12 / 2.62 = 4.58 %, quoted as 4.6 %; E."""
    assert 100 * effort_budget_share(0.12, -2.62) == pytest.approx(4.58, abs=5e-3)


@pytest.mark.calibrated
def test_selling_cost_is_the_elasticity_of_the_margin() -> None:
    """With the literature's 0.31 the best sales force costs 31 % of gross margin; CAL, and the flat top it implies."""
    best = optimal_size(0.6, 0.31, 5e6, 0.15e6)
    sizes = np.round(best * np.linspace(0.5, 1.6, 400)).astype(int)
    contribution = 0.6 * Power(5e6, 0.31).sales(sizes) - 0.15e6 * sizes
    low, high = flat_top(sizes, contribution)
    assert 0.15e6 * best / (0.6 * float(Power(5e6, 0.31).sales(best))) == pytest.approx(0.31, rel=1e-9)
    # second order: 1 % is lost where 0.31 / 2 x^2 = 0.01, at x = 25 %
    assert low / best - 1 == pytest.approx(-0.25, abs=0.04) and high / best - 1 == pytest.approx(0.25, abs=0.04)
