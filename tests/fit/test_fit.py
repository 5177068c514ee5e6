"""A fit gives back the market that made the log, and says what it cannot know."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from salessim.clocks.simulate import simulate
from salessim.crm import read_crm
from salessim.errors import CrmError, StudyError
from salessim.fit import Fit, fit_company, fit_plan
from salessim.fit.funnel import cumulative_incidence, shift_of_chance, win_chance
from salessim.fit.goodness import goodness_of_fit
from salessim.fit.places import find_places
from salessim.fit.shrinkage import shrunk_chances, shrunk_rates
from salessim.sample import sample_company, write_sample
from salessim.study.components import variance_components
from salessim.world.tables import AT_START, WON

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def fitted(sample: Path) -> Fit:
    return fit_company(read_crm(sample))


def test_sample_company_gives_back_what_the_log_can_tell(fitted: Fit) -> None:
    truth, plan = sample_company()
    market = fitted.market
    assert fitted.plan.headcount == plan.headcount
    assert set(fitted.plan.team["rep"]) == set(plan.team["rep"])
    assert set(market.segments) == set(truth.segments)
    assert len(market.accounts) == len(truth.accounts)
    assert market.start == dt.date(2025, 12, 31)
    price = dict(zip(market.products["product"], market.products["price"], strict=True))
    for name, true_price in zip(truth.products["product"], truth.products["price"], strict=True):
        # 60 or more won deals with cv 0.4-0.5: a standard error of 6 %
        assert price[name] == pytest.approx(true_price, rel=0.2)
    assert list(market.stages["stage"]) == list(truth.stages["stage"])
    # without visits qualification is short; the log cannot tell effort from delay, so only the sum of times is compared
    assert market.stages["dwell"].sum() == pytest.approx(truth.stages["dwell"].sum(), rel=0.25)
    assert market.affinity.frame().query("segment == 'pharma' and product == 'Analyzer'")["demand"].iloc[0] > 1.1


def test_owners_and_open_deals_are_those_of_the_log(fitted: Fit, sample: Path) -> None:
    import pandas as pd

    deals = pd.read_csv(sample / "deals.csv")
    accounts = pd.read_csv(sample / "accounts.csv", keep_default_na=False).set_index("account_id")["owner_id"]
    owners = fitted.market.today.owners.frame()
    same = owners["rep"] == owners["account"].map(accounts)
    assert same.mean() > 0.95
    assert len(fitted.market.today.open_deals) >= 0.9 * (deals["status"] == "open").sum()


def test_the_settled_model_sells_as_the_company_sold(fitted: Fit) -> None:
    for name, ratio in fitted.check.items():
        assert 0.85 < ratio < 1.15, (name, ratio)
    runs = [simulate(fitted.market, fitted.plan, 12, seed=5, replication=n) for n in range(6)]
    won = np.mean([(r.world.used("deals")["state"] == WON).sum() for r in runs])
    new = np.mean([(r.world.used("deals")["source"] != AT_START).sum() for r in runs])
    import pandas as pd

    assert won / new == pytest.approx(0.12, abs=0.06)
    assert isinstance(runs[0].frame("deals"), pd.DataFrame)


def test_what_cannot_be_known_is_said(fitted: Fit) -> None:
    notes = " ".join(fitted.notes)
    assert "complexity" in notes
    assert "hours per deal" in notes
    assert "mostly assumed, not estimated" in notes
    assert "luck of single deals" in notes
    assert "Fitted:" in str(fitted)
    assert "how much of the selling time is in use cannot be told" in notes


def test_notes_speak_both_languages(fitted: Fit) -> None:
    chinese = fitted.words("zh").splitlines()
    assert len(chinese) == len(fitted.notes) == len(fitted.words("en").splitlines())
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in line) for line in chinese)
    assert fitted.words("en").splitlines() == [str(note) for note in fitted.notes]
    assert fitted.say("zh").startswith("已拟合") and "商机工时" in fitted.say("zh")
    assert fitted.say("en") == str(fitted)


def test_shared_accounts_are_shared_out_and_clear_ones_are_not() -> None:
    from salessim.fit.state import _shared_out

    # two reps have two accounts each to themselves, and share six half and half, with a little more for the first
    group = np.array([0, 1, 2, 3, *np.repeat(np.arange(4, 10), 2)])
    rep = np.array([0, 0, 1, 1, *([0, 1] * 6)])
    weight = np.array([5.0] * 4 + [5.0, 5.0] * 6)
    found = _shared_out(group, rep, weight, 11, 2, np.full(11, -1))
    assert found[:4].tolist() == [0, 0, 1, 1]
    assert sorted(found[4:10].tolist()) == [0, 0, 0, 1, 1, 1]
    assert found[10] == -1


def test_draws_move_what_is_uncertain_and_nothing_else(fitted: Fit) -> None:
    markets = fitted.draws(200, seed=3)
    levels = np.array([np.log(market.products["opportunities"]) for market in markets])
    frame = fitted.uncertainty.frame().set_index("name")
    expected = frame.loc[[f"demand.{name}" for name in fitted.market.products["product"]], "error"].to_numpy()
    # 200 draws: the standard deviation is known to 5 %, four of these
    assert levels.std(axis=0) == pytest.approx(expected, rel=0.2)
    assert len({market.knowledge.skill_effect for market in markets}) > 190
    assert all(market.accounts is fitted.market.accounts or len(market.accounts) == 386 for market in markets[:3])
    again = fitted.draws(200, seed=3)
    assert np.array_equal(levels[7], np.log(again[7].products["opportunities"]))
    with pytest.raises(StudyError, match="at least one draw"):
        fitted.draws(0)


def test_the_fit_is_frozen(fitted: Fit) -> None:
    with pytest.raises(AttributeError):
        fitted.uncertainty.names = ()  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        fitted.uncertainty.covariance[0, 0] = 1.0


@pytest.mark.slow
def test_draws_fit_the_variance_components(fitted: Fit) -> None:
    plans = {"today": fitted.plan, "product": fitted.plan.but(structure="product")}
    found = variance_components(
        fitted.market, plans, months=3, parameters=fitted.parameters(8), assumption_draws=4, parameter_draws=2,
        replications=2,
    )  # fmt: skip
    assert found.drawn
    assert set(found.frame()["component"]) == {"assumptions", "parameters", "chance"}


@pytest.mark.slow
def test_history_and_simulated_history_side_by_side(fitted: Fit, sample: Path) -> None:
    found = goodness_of_fit(read_crm(sample), fitted, runs=20)
    frame = found.frame()
    assert set(frame["by"]) == {"all", "month", "product", "office"}
    assert set(frame["measure"]) == {"new deals", "win rate", "cycle", "value", "variation of quarters"}
    whole = frame[(frame["by"] == "all") & frame["measure"].isin(["new deals", "win rate", "value"])]
    assert np.allclose(whole["simulated"], whole["real"], rtol=0.15)
    assert found.share_inside > 0.5
    assert found.words("en") != found.words("zh")
    with pytest.raises(StudyError, match="too few runs"):
        goodness_of_fit(read_crm(sample), fitted, runs=2)


def test_maven_as_it_lies() -> None:
    if not (SHARED / "maven_crm").is_dir():
        pytest.skip("the Maven set is not on this machine")
    fitted = fit_company(read_crm(SHARED / "maven_crm"))
    assert fitted.market.distance_assumed
    assert fitted.plan.headcount == 30
    assert len(fitted.market.products) == 7
    assert len(fitted.market.accounts) == 85
    assert "GTX Pro" in set(fitted.market.products["product"])
    assert any("500 deals without a date" in note for note in fitted.notes)
    assert any("530 open deals older" in note for note in fitted.notes)
    for name, ratio in fitted.check.items():
        assert 0.8 < ratio < 1.25, (name, ratio)


def test_too_little_history_is_refused(sample: Path, tmp_path: Path) -> None:
    lines = (sample / "deals.csv").read_text().splitlines()
    (tmp_path / "deals.csv").write_text("\n".join(lines[:12]) + "\n")
    with pytest.raises(CrmError, match="too little history"):
        fit_plan(read_crm(tmp_path))


def test_cumulative_incidence_is_kaplan_meier_for_one_end() -> None:
    rng = np.random.default_rng(1)
    age = rng.exponential(10, 400).round(1)
    end = np.where(rng.random(400) < 0.7, rng.integers(1, 3, 400), 0)
    from statsmodels.duration.survfunc import CumIncidenceRight

    ours = cumulative_incidence(age, end, 2)
    theirs = CumIncidenceRight(age, end)
    raw = np.array([c[-1] for c in theirs.cinc])
    assert ours == pytest.approx(raw / raw.sum(), abs=1e-9)


def test_shift_of_chance_inverts() -> None:
    z = np.array([-0.3, 0.4, 1.2, 2.0])
    for chance in (0.01, 0.2, 0.7, 0.95):
        assert win_chance(z, shift_of_chance(z, chance)) == pytest.approx(chance, rel=1e-6)


def test_shrinkage_limits() -> None:
    rng = np.random.default_rng(2)
    expected = np.full(200, 3.0)
    alike = shrunk_rates(rng.poisson(3.0, 200).astype(float), expected)
    assert alike.std() < 0.15  # nothing but chance: pulled to 1
    spread = rng.gamma(4.0, 0.25, 200)
    different = shrunk_rates(rng.poisson(30 * spread).astype(float), np.full(200, 30.0))
    assert np.corrcoef(different, spread)[0, 1] > 0.9
    chances = shrunk_chances(rng.binomial(10, 0.3, 100).astype(float), np.full(100, 10.0))
    assert chances.std() < 0.05


def test_places_in_chinese_and_english() -> None:
    found = find_places(["上海", "Shanghai", "杭州市", "Springfield", None], ["中国", "CN", None, "US", None])
    assert found[0] == pytest.approx(found[1])
    assert found[2] == pytest.approx([30.29, 120.16], abs=0.1)
    assert np.isfinite(found[3]).all()
    assert np.isnan(found[4]).all()
