"""Incentives: what theory and field studies found, and what the programme of `salessim.pay` says.

Evidence: V read in the work, V2 in a secondary text, M recalled, C computed for the project's science notes.
Class: E, a closed form; PRED, the finding emerges from other inputs; (O), sign or ranking only. No test here is CAL.

INC-1, INC-2  Holmstrom & Milgrom 1987, 1991 (V2). E, relative 1e-9: tests/exact/test_pay_theory.py and _programme.py.
INC-3   Basu, Lal, Srinivasan & Staelin 1985; Lal & Srinivasan 1993 (V). PRED (O): eight signs, each in 95 % of draws.
INC-4   Null tests of the model, no study (C). E: tests/exact/test_pay_programme.py.
INC-5   Pattern of Chung, Steenburgh & Sudhir 2014 (V), sizes of the notes' sketch (C). PRED: signs, and sizes within 4
        to 5 points of the sketch, which used a coarser quadrature; total pay is not held equal across plans.
INC-9   Lim, Ahearne & Ham 2009; Kalra & Shi 2001 (V). PRED (O). That prizes by rank add less than 1 % holds for the
        very risk-averse only: at moderate risk aversion it is a MISS, and stands here as one.
INC-12  Raju & Srinivasan 1996: a common quota plan loses about 1 % (V2). PRED: below 3 %, the notes' band.
INC-13  Daljord, Misra & Nair 2016 (V). PRED (O): sign in 95 % of draws.
Oyer 1998 (V): sales high at the fiscal year's end, low at its start. PRED (O): sizes are recalled and not asserted.
Misra & Nair 2011 (V): cap and ratchet removed, +9 % revenue. PRED (O): the size depends on our cost of effort and noise
        and is only reported; INC-6 proper needs the market simulation.

Every result that needs impatience says at which discount factor (a month) it was found.
"""

from __future__ import annotations

import numpy as np
import pytest
from pay.agents import make_curve, make_types

from salessim.model.motivation import Motivation
from salessim.model.pay import Bonus, Component, Pay, Quotas, Tier
from salessim.pay.curve import payouts
from salessim.pay.forward import Outlook, expected_cycle
from salessim.pay.programme import programme, rep_types, solve_plan
from salessim.pay.theory import contest_effort, linear_plan, multitask_rates

# ---------------------------------------------------------------------------------------------------------------- INC-3


def draws(n: int = 400) -> list[dict[str, float]]:
    """Firms and reps over wide ranges; only those whose best plan has a salary and a commission, as the theory has."""
    rng = np.random.default_rng(19850401)
    found = []
    while len(found) < n:
        case = {
            "k": rng.uniform(0.5, 2), "r": rng.uniform(0.2, 2), "c": rng.uniform(0.5, 2),
            "variance": rng.uniform(0.2, 2), "margin": rng.uniform(0.5, 1), "base": rng.uniform(0, 1),
            "outside": rng.uniform(0.5, 3),
        }  # fmt: skip
        plan = linear_plan(**case)
        if plan.salary > 0.05 and plan.commission > 0.05:
            found.append(case)
    return found


SIGNS = [
    ("variance", +1), ("r", +1), ("margin", -1), ("c", +1), ("outside", +1), ("k", -1), ("base", -1),
]  # fmt: skip


@pytest.mark.predicted
@pytest.mark.parametrize(("name", "sign"), SIGNS)
def test_inc3_what_moves_the_share_of_salary(name: str, sign: int) -> None:
    """Salary share rises with uncertainty, risk aversion, marginal cost (a lower margin), effort cost, outside option;
    commission share with effort effectiveness and base sales. Sign in at least 95 % of the draws."""
    right = 0
    for case in draws():
        more = linear_plan(**{**case, name: case[name] * 1.02})
        right += sign * (more.salary_share - linear_plan(**case).salary_share) > 0
    assert right >= 0.95 * len(draws()), f"{name}: {right} of {len(draws())}"


@pytest.mark.predicted
def test_inc3_commission_rates_by_product() -> None:
    """The eighth: rates are higher for products of higher effectiveness, lower uncertainty, lower effort cost."""
    same = {"benefit": [1.0, 1.0], "cost": np.eye(2), "covariance": np.eye(2)}
    for changed in ({"benefit": [1.3, 1.0]}, {"covariance": np.diag([0.7, 1.0])}, {"cost": np.diag([0.7, 1.0])}):
        rates = multitask_rates(**{**same, **changed}, r=1.0)
        assert rates[0] > rates[1]


# ---------------------------------------------------------------------------------------------------------------- INC-5

TYPES = {"low": 0.3, "middle": 0.6, "high": 0.9}
YEAR, QUARTER = {"bonuses": [Bonus(at=12, pays=6)]}, {"bonuses": [Bonus(at=3, pays=1.5)]}


def outlook(base: float, discount: float, steps: int = 12, **pay: object) -> Outlook:
    return expected_cycle(solve_plan(make_types(base, discount=discount, flow=0.1), make_curve(**pay), steps=steps))


def gains(discount: float, pay: dict[str, object], steps: int) -> dict[str, float]:
    """Relative change of a year's sales against the yearly bonus, by type."""
    found = {}
    for name, base in TYPES.items():
        before = outlook(base, discount, **YEAR).sales
        found[name] = outlook(base, discount, steps, **pay).sales * (12 / steps) / before - 1
    return found


@pytest.mark.predicted
def test_oyer_spike_needs_impatience() -> None:
    """Effort rises through the year at discount 0.9 and is flat at 1: a spike without impatience would be a defect."""
    for base in TYPES.values():
        impatient, patient = outlook(base, 0.9, **YEAR).effort, outlook(base, 1.0, **YEAR).effort
        assert (np.diff(impatient) > 0).all() and impatient[-1] / impatient[0] > 1.9
        assert patient.max() / patient.min() < 1.01


@pytest.mark.predicted
def test_inc5_the_weak_give_up_when_impatient() -> None:
    """Notes: P(hit) 0.92 -> 0.47 and sales 13.0 -> 9.1 for the low type. Here 0.97 -> 0.46 and 13.2 -> 8.7."""
    patient, impatient = outlook(0.3, 1.0, **YEAR), outlook(0.3, 0.9, **YEAR)
    assert patient.reaches(12) > 0.9 and impatient.reaches(12) == pytest.approx(0.47, abs=0.05)
    assert patient.sales == pytest.approx(13.0, abs=0.5) and impatient.sales == pytest.approx(9.1, abs=0.6)


@pytest.mark.predicted
def test_inc5_quarterly_bonuses_pace_the_weak_at_discount_09_and_hurt_them_at_1() -> None:
    """Chung et al. 2014. Notes at 0.9: low +6 %, middle +2 %, high +10 %; at 1 the low type loses (13.0 -> 11.2)."""
    at_09, at_1 = gains(0.9, QUARTER, 3), gains(1.0, QUARTER, 3)
    assert at_09 == pytest.approx({"low": 0.06, "middle": 0.02, "high": 0.10}, abs=0.04)
    assert min(at_09.values()) > 0
    assert at_1["low"] == pytest.approx(11.2 / 13.0 - 1, abs=0.05)


@pytest.mark.predicted
def test_inc5_an_overachievement_rate_keeps_the_best_going() -> None:
    """Notes: 0.3 above quota adds 13 % to the high type and 2 % to the low at discount 1; 6 % and 7 % at 0.9."""
    over = {**YEAR, "tiers": [Tier(above=12, rate=0.3)]}
    at_1, at_09 = gains(1.0, over, 12), gains(0.9, over, 12)
    assert at_1["high"] == pytest.approx(0.13, abs=0.04) and at_1["low"] == pytest.approx(0.02, abs=0.04)
    assert at_1["high"] > 3 * at_1["low"]
    assert at_09["high"] == pytest.approx(0.06, abs=0.04) and at_09["low"] == pytest.approx(0.07, abs=0.04)


# ------------------------------------------------------------------------------------------------------- Misra and Nair


@pytest.mark.predicted
def test_misra_nair_removing_cap_and_ratchet_raises_sales() -> None:
    """Commission with ceiling and a quarterly quota that ratchets, against the same without; discount 0.97.

    Published +9 % (their model: +8 %). The size here depends on our cost of effort and noise and is only reported.
    """
    tiers = (Tier(rate=0.0), Tier(above=0.5, rate=1.0))
    part = {"title": "commission", "period": "quarter", "basis": "attainment", "quota": 3.0, "target_pay": 1.0}
    old = Pay(components=[Component(**part, tiers=tiers, cap=1.2)], quotas=Quotas(ratchet_up=0.3))
    new = Pay(components=[Component(**part, tiers=tiers)])
    types = rep_types([0.8, 1.0, 1.2], 1.0 / 3.0, Motivation(risk_aversion=0.0))
    before, after = programme(old, types), programme(new, types)
    gain = sum(expected_cycle(after, i).sales for i in range(3)) / sum(
        expected_cycle(before, i).sales for i in range(3)
    )
    print(f"\nremoving cap and ratchet: sales {gain - 1:+.1%} (published +9 %)")
    assert all(expected_cycle(after, i).sales > expected_cycle(before, i).sales for i in range(3))
    assert gain > 1.02


# ---------------------------------------------------------------------------------------------------------------- INC-9


@pytest.mark.predicted
@pytest.mark.parametrize("n", [4, 5, 8])
def test_inc9_several_winners_beat_one_when_reps_are_risk_averse(n: int) -> None:
    """Same purse (1), equal prizes. Risk aversion is times the purse: 0 none, 4 and 8 strong."""

    def winners(m: int, r: float) -> float:
        return contest_effort(np.full(m, 1.0 / m), n, 1.0, 1.0, r)

    for r in (4.0, 8.0):
        assert winners(2, r) > winners(1, r)
    assert winners(1, 0.0) > winners(2, 0.0)  # the sign turns: it is risk aversion that does it
    most = int(np.argmax([winners(m, 8.0) for m in range(1, n)])) + 1
    assert 2 <= most <= (n + 1) // 2


def rank_gain(n: int, r: float) -> float:
    """Gain in effort of the best prizes by rank over the best equal prizes of the same purse."""
    from scipy.optimize import minimize

    def loss(z: np.ndarray) -> float:
        shares = np.exp(z) / np.exp(z).sum()
        return -contest_effort(np.sort(shares)[::-1], n, 1.0, 1.0, r)

    starts = [np.random.default_rng(seed).normal(size=n - 1) for seed in range(3)]
    options = {"maxiter": 4000, "fatol": 1e-12, "xatol": 1e-9}
    ranked = max(-minimize(loss, start, method="Nelder-Mead", options=options).fun for start in starts)
    return ranked / max(contest_effort(np.full(m, 1.0 / m), n, 1.0, 1.0, r) for m in range(1, n)) - 1


@pytest.mark.predicted
@pytest.mark.parametrize("n", [4, 5])
def test_inc9_splitting_prizes_by_rank_adds_less_than_one_percent_to_the_very_risk_averse(n: int) -> None:
    assert -1e-6 < rank_gain(n, 8.0) < 0.01


@pytest.mark.predicted
@pytest.mark.xfail(
    reason="MISS: at moderate risk aversion rank-ordered prizes add 1 to 3 %, published: nothing", strict=True
)
def test_inc9_splitting_prizes_by_rank_adds_less_than_one_percent_at_moderate_risk_aversion() -> None:
    assert rank_gain(4, 4.0) < 0.01


# --------------------------------------------------------------------------------------------------------------- INC-12


@pytest.mark.predicted
@pytest.mark.slow
def test_inc12_a_common_quota_plan_comes_close_to_the_best_nonlinear_plans() -> None:
    """Raju & Srinivasan: gamma sales, mean h + k t, utility 2 sqrt(s) - t^2. One salary and rate for all, own quotas,
    against each rep's best plan, sqrt(pay) linear in sales (the optimum of Basu et al. under this utility)."""
    from scipy.stats import gamma

    firm = []
    for h, k in ((1.0, 2.0), (1.5, 2.0), (1.0, 2.5), (2.0, 1.5)):
        t = np.linspace(0.0, 2.0, 101)
        mean = h + k * t
        x = np.linspace(5e-3, 15.0, 400)
        chance = gamma.pdf(x[None], 1 / 0.4**2, scale=mean[:, None] * 0.4**2)
        firm.append((t, mean, x, chance / chance.sum(axis=1, keepdims=True)))

    def profits(rep: int, pay: np.ndarray) -> np.ndarray:
        """Profit from one rep under each plan (a row of pay by sales): he picks effort, and leaves below utility 2."""
        t, mean, _, chance = firm[rep]
        utility = 2.0 * np.sqrt(pay) @ chance.T - t**2
        best = np.argmax(utility, axis=1)
        rows = np.arange(len(pay))
        return np.where(utility[rows, best] >= 2.0, mean[best] - (pay @ chance.T)[rows, best], -np.inf)

    ideal = 0.0
    for rep, (_, _, x, _) in enumerate(firm):
        a, b = (m.ravel() for m in np.meshgrid(np.linspace(0.3, 1.6, 66), np.linspace(0.1, 1.0, 46)))
        ideal += profits(rep, (a[:, None] + b[:, None] * x) ** 2 / 4).max()

    def quota_plan(salary: float, rate: float) -> float:
        total = 0.0
        for rep, (_, _, x, _) in enumerate(firm):
            curves = [make_curve(tiers=[Tier(above=q, rate=rate)]) for q in np.linspace(0.05, 3.0, 60)]
            total += profits(rep, np.array([salary + payouts(c, 0, x) for c in curves])).max()
        return total

    best = max(quota_plan(s, b) for s in np.linspace(0.6, 1.0, 5) for b in (0.8, 1.0))
    loss = 1 - best / ideal
    print(f"\nloss of the common quota plan: {loss:.2%} (published about 1 %)")
    assert -0.002 < loss < 0.03


# --------------------------------------------------------------------------------------------------------------- INC-13


def uniform_gap(types: np.ndarray, seats: int, select: bool) -> float:
    """Share of profit that one common contract loses against own contracts for each rep.

    With `select` the firm fills its seats from twice as many candidates, under either regime; else it keeps the first.
    A common contract (rate, salary) must be acceptable to everybody it keeps, so better types earn a rent.
    """
    k, r, c, variance = types
    kept = np.arange(len(k)) if select else np.arange(seats)
    own = (k**2 / (k**2 + r * c * variance)) * k**2 / (2 * c)
    tailored = np.sort(own[kept])[::-1][:seats].sum()
    best = -np.inf
    for rate in np.linspace(0.0, 1.0, 201):
        utility = rate**2 * k**2 / (2 * c) - r * rate**2 * variance / 2  # before salary
        earned = (1 - rate) * rate * k**2 / c
        for worst in kept:  # the salary leaves the least eager of those kept his outside option, 0
            able = kept[utility[kept] >= utility[worst] - 1e-12]
            if len(able) >= seats:
                best = max(best, np.sort(earned[able])[::-1][:seats].sum() + seats * utility[worst])
    return 1 - best / tailored


@pytest.mark.predicted
@pytest.mark.slow
def test_inc13_a_uniform_plan_costs_less_when_the_firm_also_picks_its_reps() -> None:
    rng = np.random.default_rng(2016)
    fixed, free = [], []
    for _ in range(60):
        types = np.array([rng.uniform(0.5, 2, 16), rng.uniform(0.2, 2, 16), rng.uniform(0.5, 2, 16),
                          rng.uniform(0.2, 2, 16)])  # fmt: skip
        fixed.append(uniform_gap(types, 8, select=False))
        free.append(uniform_gap(types, 8, select=True))
    smaller = np.mean(np.array(free) < np.array(fixed))
    print(f"\nloss of a uniform plan: {np.mean(fixed):.1%} with given reps, {np.mean(free):.1%} with chosen ones")
    assert smaller >= 0.95
    assert min(free) > -1e-9
