# ruff: noqa: E501  (a plan of one line is easier to compare with its error)
"""The pay language: YAML round trip, and bad plans refused with the line and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from salessim.model.assumption import assumptions_of
from salessim.model.files import load
from salessim.model.motivation import Motivation
from salessim.model.pay import Component, Pay, PayError, Quotas, Tier
from salessim.model.pay_files import PAY_PRESETS, dump_pay, load_pay, pay_preset

HEAD = "salary: 60000\ncomponents:\n- title: commission\n"


@pytest.mark.parametrize("name", PAY_PRESETS)
def test_presets_survive_yaml(name: str, tmp_path: Path) -> None:
    pay = pay_preset(name)
    dump_pay(pay, tmp_path / "pay.yaml")
    assert load_pay(tmp_path / "pay.yaml") == pay == load(Pay, dump_pay(pay))


def test_everything_the_language_has_survives_yaml() -> None:
    text = """
salary: 60000
credit: {rep: 0.7, specialist: 0.2, manager: 0.1}
components:
- {title: core, measure: margin, products: [A, B], segments: [bank], period: quarter, basis: attainment, target_pay: 9000,
   threshold: 0.5, cap: 30000, tiers: [{rate: 1}, {above: 1, up_to: 1.5, rate: 2}], bonuses: [{at: 1, pays: 500}]}
- {title: whole, whole: true, tiers: [{rate: 0.05}, {above: 100, rate: 0.08}]}
- {title: team, counts: team, team_share: {rep: 0.5, manager: 0.5}, measure: cash_collected, bonuses: [{at: 10, pays: 1}]}
manager_components:
- {title: override, tiers: [{rate: 0.01}]}
spiffs: [{product: A, first: 2026-01-01, last: 2026-03-31, amount: 100}]
contests: [{title: race, prizes: [300, 200, 100]}, {title: teams, between: teams, prizes: [500, 500]}]
draw: 1000
draw_recoverable: false
clawback_share: 0.5
guarantee_months: 6
guarantee_share: 0.8
target_variable: 40000
quotas: {quota_rule: potential, over_assignment: 1.1, ratchet_up: 0.4, ratchet_down: 0.1}
"""
    pay = load_pay(text)
    assert load_pay(dump_pay(pay)) == pay
    assert pay.components[0].tiers[1].up_to == 1.5 and pay.quotas.ratchet_up == 0.4
    assert pay.but(ratchet_up=0.0, draw=0).quotas.ratchet_up == 0.0


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (HEAD + "  tiers:\n  - {above: 0, up_to: 100, rate: 0.05}\n  - {above: 80, rate: 0.08}\n", 6, "overlap.*100 or more"),
        (HEAD + "  tiers:\n  - {above: 100, rate: 0.05}\n  - above: 50\n    rate: 0.08\n", 6, "must rise.*more than 100"),
        (HEAD + "  cap: 400\n  bonuses:\n  - {at: 100, pays: 500}\n", 4, "cap is below the bonuses.*500 or more.*Raise"),
        (HEAD + "  bonuses:\n  - {at: 100, pays: 5}\n  - {at: 90, pays: 5}\n", 6, "must rise.*more than 100"),
        (HEAD + "  basis: attainment\n  quota: 0\n", 5, "quota of zero.*Leave the quota out"),
        (HEAD + "  target_pay: 100\n", 4, "basis: attainment"),
        (HEAD + "  whole: true\n  tiers:\n  - {rate: 0.1}\n  - {above: 10, rate: 0.05}\n", 7, "pay less for selling more"),
        (HEAD + "  tiers:\n  - {above: 10, up_to: 5, rate: 0.1}\n", 5, "ends before it begins"),
        (HEAD + "  tiers:\n  - {rate: -0.1}\n", 5, "0 or more"),
        (HEAD + "  tiers:\n  - {rte: 0.1}\n", 5, "Did you mean 'rate'"),
        (HEAD + "  measure: revenu\n", 4, "bookings"),
        ("salary: 1\ncredit:\n  rep: 0.5\n  manager: 0.4\n", 3, "add up to 1.*0.9.*by 0.1"),
        ("salary: 1\nsalery: 2\n", 2, "Did you mean 'salary'"),
        ("salary: lots\n", 1, "number"),
        ("salary: 1\ncontests:\n- title: race\n  prizes: [100, 200]\n", 4, "largest prize first"),
        ("spiffs:\n- product: A\n  first: 2026-02-01\n  last: 2026-01-01\n  amount: 5\n", 4, "2026-02-01 or later"),
        ("quotas:\n  ratchet_up: 2\n", 2, "1.0 or less"),
        ("quotas:\n  quota_rule: fair\n", 2, "bottom_up"),
        (HEAD + "- title: commission\n", 4, "share a title"),
        (HEAD + "  counts: team\n  team_share:\n    rep: 0.5\n    manager: 0.4\n", 6, "add up to 1.*0.9.*by 0.1"),
        (HEAD + "  team_share: {rep: 1.5, manager: -0.5}\n", 4, r"team_share\.manager.*negative.*-0\.5"),
        (HEAD + "  cap: 100\n  cap: 200\n", 5, "stands twice.*Delete"),
        (HEAD + "  tiers:\n  - {rate: .inf}\n", 5, "finite number"),
        (HEAD + "  basis: attainment\n  quota: .inf\n", 5, "finite number"),
        (HEAD + "  basis: attainment\n  quota: .nan\n", 5, "finite number"),
        (HEAD + "  cap: .inf\n", 4, "finite number"),
        ("salary: .inf\n", 1, "finite number"),
        ("credit: {rep: .nan}\n", 1, "finite number"),
        ("credit: {}\n", 1, "must have the credit"),
        ("components:\n  title: c\n", 2, "dictionary"),
        ("draw: -5\n", 1, "0.0 or more"),
        (HEAD + "  period: week\n", 4, "'quarter'"),
        ("manager_components:\n- title: m\n  cap: 1\n  bonuses: [{at: 1, pays: 2}]\n", 3, "cap is below.*2 or more"),
        ("guarantee_months: 3\nguarantee_share: 0.5\ntarget_variable: 0\n", 3, "target variable pay"),
        ("salary: [1\n", 2, "not valid YAML"),
    ],
)  # fmt: skip
def test_bad_plans_are_refused_with_the_line(text: str, line: int, words: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"(?s)plan\.yaml, line {line}: .*{words}"):
        load_pay(path)


def test_what_is_no_plan_at_all() -> None:
    with pytest.raises(ValueError, match="no such file"):
        load_pay("nowhere.yaml")
    with pytest.raises(ValueError, match="mapping"):
        load_pay("- 1\n- 2\n")
    with pytest.raises(ValueError, match="Did you mean 'capped'"):
        pay_preset("caped")


def test_errors_of_plans_made_in_python_lead_to_the_setting() -> None:
    with pytest.raises(PayError) as error:
        Pay(components=[{"title": "c", "tiers": [{"above": 2, "rate": 0}, {"above": 1, "rate": 0}]}])
    assert error.value.path == ("components", 0, "tiers", 1, "above")
    with pytest.raises(PayError) as error:
        Tier(above=-1, rate=0)
    assert error.value.path == ("above",)


def test_linear_is_what_the_programme_may_pay_month_by_month() -> None:
    tier = Tier(rate=0.1)
    assert Component(title="c", tiers=[tier]).linear and Component(title="c").linear
    for bent in ({"cap": 10}, {"threshold": 1}, {"bonuses": [{"at": 1, "pays": 1}]},
                 {"tiers": [tier, Tier(above=1, rate=0.2)]}, {"tiers": [Tier(above=1, rate=0.1)]},
                 {"tiers": [Tier(rate=0.1, up_to=5)]}):  # fmt: skip
        assert not Component(title="c", **{"tiers": [tier], **bent}).linear


def test_every_number_with_a_default_is_in_the_register_with_unit_range_and_source() -> None:
    entries = [*assumptions_of(Pay), *assumptions_of(Quotas), *assumptions_of(Motivation)]
    assert {entry.name for entry in entries} == {
        "salary", "clawback_share", "over_assignment", "ratchet_up", "ratchet_down", "understatement",
        "effort_share", "sales_noise",
        "discount_factor", "present_bias", "risk_aversion", "effort_power",
        "effort_pace", "effort_quality", "least_effort", "task_shift", "unpaid_neglect", "reference_rate", "discount_authority", "pull_discount", "push_days",
        "push_loss",
    }  # fmt: skip
    for entry in entries:
        assert entry.low <= entry.default <= entry.high and entry.unit and entry.source
    assert len(set(Pay.names())) == len(list(Pay.names()))
