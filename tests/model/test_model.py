"""Markets and plans: frozen, validated, changed only by ``but``, the same after a trip through YAML."""

from __future__ import annotations

from pathlib import Path

import pytest

from salessim.errors import ModelError
from salessim.model.files import dump, load
from salessim.model.market import Accounts, Market, Products, Stages
from salessim.model.mechanisms import Demand
from salessim.model.plan import Plan, Team
from salessim.model.presets import PRESETS, make_market, preset
from salessim.model.register import register, structural_assumptions


def test_yaml_round_trip_of_market_and_plan(tmp_path: Path) -> None:
    market, plan = preset("small")
    market = market.but(complexity=0.7, season=(0.5, 1.5) * 6, holidays=["2026-05-01"])
    assert load(Market, dump(market)) == market
    assert load(Plan, dump(plan)) == plan
    dump(plan, tmp_path / "plan.yaml")
    assert load(Plan, tmp_path / "plan.yaml") == plan
    assert load(Plan, str(tmp_path / "plan.yaml")) == plan


def test_but_reaches_the_parts_and_leaves_the_original() -> None:
    market = make_market(20)
    changed = market.but(learning=0.0, goodwill_effect=0.1, name="other")
    assert changed.knowledge.learning == 0.0
    assert changed.demand.goodwill_effect == 0.1
    assert market.knowledge.learning == 0.03
    assert market.name == "made market"


def test_frozen() -> None:
    market, plan = preset("small")
    with pytest.raises(Exception, match="frozen"):
        plan.reps = 3  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        market.products["price"][0] = 1.0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Plan(reps=5).but(structure="teritory"), ["plan.structure", "'teritory'", "Did you mean 'territory'"]),
        (lambda: Plan(reps=0), ["plan.reps", "needs somebody", "Found: 0", "1 or more"]),
        (lambda: Plan(), ["needs people", "plan.reps"]),
        (lambda: Plan(reps=5, strukture="territory"), ["strukture", "Did you mean 'structure'"]),
        (lambda: make_market(20).but(complexty=0.5), ["complexty", "Did you mean 'complexity'"]),
        (lambda: make_market(20).but(learning=-0.1), ["learning", "-0.1", "0.0 or more"]),
        (lambda: make_market(20).but(complexity=1.5), ["complexity", "1.5", "1.0 or less"]),
        (lambda: Products({"product": ["a", "b"], "price": [5.0, -5.0], "opportunities": [1, 1]}),
         ["products, column price, row 2", "-5.0", "0 or more"]),
        (lambda: Products({"product": ["a"], "price": ["cheap"], "opportunities": [1]}),
         ["column price, row 1", "not a number", "'cheap'"]),
        (lambda: Products({"product": ["a", "a"], "price": [1, 2], "opportunities": [1, 1]}),
         ["same product stands in rows 1 and 2", "'a'"]),
        (lambda: Products({"product": ["a"], "prize": [1.0]}), ["prize", "Did you mean 'price'"]),
        (lambda: Products({"product": ["a"], "price": [1.0]}), ["column opportunities", "needed"]),
        (lambda: Accounts({"account": ["a", ""], "segment": ["x", "x"]}), ["column account, row 2", "empty"]),
        (lambda: Accounts({"account": ["a"], "segment": ["x", "y"]}), ["different lengths"]),
        (lambda: Stages({"stage": ["s"], "effort_law": ["normal"]}), ["effort_law", "fixed, exponential, lognormal"]),
        (lambda: Stages({"stage": ["s"], "lost": [0], "no_decision": [0]}), ["row 1", "all 0"]),
        (lambda: Demand(season=(1.0,) * 11), ["demand.season", "twelve"]),
        (lambda: preset("smal"), ["'smal'", "Did you mean 'small'"]),
        (lambda: load(Plan, "reps: [1"), ["not valid YAML", "line"]),
        (lambda: load(Plan, "just words"), ["mapping of settings"]),
        (lambda: load(Plan, "missing.yaml"), ["missing.yaml", "no such file"]),
        (lambda: make_market(5).but(affinity=[{"segment": "moon", "product": "product A"}]),
         ["affinity, row 1", "'moon'"]),
    ],
)  # fmt: skip
def test_errors_in_the_users_words(make: object, words: list[str]) -> None:
    with pytest.raises(ModelError) as caught:
        make()  # type: ignore[operator]
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message, message


def test_yaml_is_loaded_safely(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        load(Plan, "reps: !!python/object/apply:os.system ['true']")


def test_register_is_complete_and_consistent() -> None:
    entries = register()
    names = [entry.name for entry in entries]
    assert len(names) == len(set(names))
    for entry in entries:
        assert entry.low <= entry.default <= entry.high, entry.name
        assert entry.unit, entry.name
        assert entry.meaning, entry.name
        assert entry.source, entry.name
        if entry.evidence == "ours":
            assert "ours" in entry.source, entry.name
    assert {"skill_effect", "difference", "relation_kept", "handoff_loss"} <= {e.name for e in structural_assumptions()}


def test_every_numeric_setting_of_a_mechanism_is_in_the_register() -> None:
    market, _ = preset("small")
    known = {entry.name for entry in register()}
    for part in (
        market.demand,
        market.knowledge,
        market.relationship,
        market.coordination,
        market.travelling,
        market.money,
    ):
        for name, field in type(part).model_fields.items():
            if field.annotation is float:
                assert name in known, name


def test_team_shrinks_and_grows() -> None:
    from salessim.world.alignment import crew

    plan = Plan(team=Team({"rep": ["b", "a", "c"]}))
    assert crew(plan) == ("a", "b", "c")
    assert crew(plan.but(reps=2)) == ("a", "b")
    assert crew(plan.but(reps=5)) == ("a", "b", "c", "new 1", "new 2")


def test_presets_exist() -> None:
    for name in PRESETS:
        market, plan = preset(name)
        assert plan.headcount > 0
        assert len(market.accounts) > plan.headcount
