"""Share codes and scenario files: what is written is read, and what strangers send is checked before it is believed."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salessim.errors import ModelError
from salessim.model.files import dump
from salessim.model.presets import preset
from salessim.start.firm import Firm
from salessim.widgets.bases import Base, base_named, base_of
from salessim.widgets.history import Setting
from salessim.widgets.levers import Levers
from salessim.widgets.scenario import MOST_BYTES, Scenario, read_scenario, scenario_of, write_scenario
from salessim.widgets.sharing import LONGEST, code_of, read_code


def packed(values: Any) -> str:
    """Return a code of anything at all, with a checksum that is right."""
    inside = zlib.compress(values if isinstance(values, bytes) else json.dumps(values).encode(), 9)
    return "ss1." + base64.urlsafe_b64encode(hashlib.sha256(inside).digest()[:4] + inside).decode().rstrip("=")


SETTING = Setting(
    Levers().but(structure="customer", reps=42, prospecting=0.25, calls=False),
    (Levers().but(structure="product"), Levers().but(reps=60, pay="capped")), 7,
)  # fmt: skip


@pytest.mark.parametrize("name", ["small", "standard", "large"])
def test_a_setting_of_a_preset_survives_code_and_file(name: str) -> None:
    base = base_named(name)
    scenario = scenario_of(SETTING, base, frozenset({"reps"}))
    for read in (read_code(code_of(scenario)), read_scenario(write_scenario(scenario).encode())):
        assert read == scenario
        found = read.setting(base)
        assert found == SETTING.but(base=base)
        assert read.locked == ("reps",)


def test_a_code_of_thirty_levers_fits_into_a_message() -> None:
    from salessim.widgets.catalogue import all_levers

    thirty = {one.name: one.low for one in all_levers() if one.kind == "number" and one.low == one.low}
    levers = dict(list(thirty.items())[:30])
    assert len(levers) == 30
    assert len(code_of(Scenario(preset="standard", levers=levers))) < 700


def test_a_firm_of_answers_can_be_shared_whole() -> None:
    firm = Firm(reps=12, accounts=200, area=500, complexity=0.7)
    base = Base("firm", "firm", *preset("small"), firm)
    read = read_code(code_of(scenario_of(SETTING, base)))
    assert read.firm == firm
    assert read.setting(base).base is base


def test_a_firm_of_ones_own_goes_into_the_file_and_only_by_name_into_the_code() -> None:
    market, plan = preset("small")
    own = base_of(market.but(name="<b>Acme</b>"), plan)
    assert own.kind == "own"
    code = code_of(scenario_of(SETTING, own, data=False))
    assert len(code) < 400
    assert read_code(code).setting(own).base is own
    with pytest.raises(ModelError, match="whose data are not open here"):
        read_code(code).setting(base_named("small"))
    file = read_scenario(write_scenario(scenario_of(SETTING, own)).encode())
    found = file.setting(base_named("small")).base
    assert found is not None
    assert (found.market, found.plan) == (own.market, own.plan)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "not a share code"), ("hello", "not a share code"), ("ss2.AAAA", "not a share code"),
        ("ss1.AAAA", "damaged or incomplete"), ("ss1." + "A" * LONGEST, "too long"),
        ("ss1.ÄÖÜ", "not a share code"), ("ss1.<script>", "not a share code"),
        (packed([1, 2]), "damaged"), (packed(b"\xff\xfe"), "damaged"), (packed(b"[" * 90_000), "damaged"),
        (packed({"preset": "small", "market": {}}), "damaged"),
        (packed(b"{" + b" " * 200_000 + b"}"), "unfolds to more"),
        (packed({"preset": "small", "levers": {"repz": 3}}), "Did you mean 'reps'"),
        (packed({"preset": "small", "levers": {"reps": 1e308}}), "does not take such a value"),
        (packed({"preset": "small", "levers": {"reps": True}}), "does not take such a value"),
        (packed({"preset": "small", "levers": {"growth": "0.1"}}), "does not take such a value"),
        (packed(b'{"preset": "small", "levers": {"growth": NaN}}'), "does not take such a value"),
        (packed({"preset": "small", "levers": {"structure": "__import__('os')"}}), "does not take such a value"),
        (packed({"preset": "small", "pins": [{"reps": 3}] * 5}), "scenario.pins"),
        (packed({"preset": "small", "pins": [{"growth": 0.1}]}), "only levers of the plan"),
        (packed({"preset": "small", "seed": -1}), "scenario.seed"),
        (packed({"preset": "small", "locked": ["nothing"]}), "no such lever"),
        (packed({"preset": "small", "evil": 1}), "evil"),
        (packed({"firm": {"reps": 10**9}}), "reps"),
        (packed(b'{"preset": "small", "seed": ' + b"9" * 5000 + b"}"), "damaged"),
    ],
)  # fmt: skip
def test_a_bad_code_is_refused_in_words(code: str, said: str) -> None:
    with pytest.raises(ModelError) as caught:
        read_code(code)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_preset_is_refused_when_it_is_wanted() -> None:
    with pytest.raises(ModelError, match="no such preset"):
        read_code(packed({"preset": "no such"})).setting(base_named("small"))


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_no_text_at_all_raises_anything_else(said: str) -> None:
    with pytest.raises(ModelError):
        read_code("ss1." + said)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_at_all_raise_anything_else(content: bytes) -> None:
    with pytest.raises(ModelError):
        read_scenario(content)


@settings(max_examples=100, deadline=None)
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["preset", "levers", "pins", "seed", "locked", "firm", "own", "reps", "kind"]), inner,
        max_size=4,
    ),
))  # fmt: skip
def test_whatever_a_code_holds_it_is_a_scenario_or_refused(values: Any) -> None:
    try:
        found = read_code(packed(json.dumps(values).encode()))
    except ModelError:
        return
    assert isinstance(found, Scenario)


BOMB = "a0: &a0 [x]\n" + "".join(
    f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(12)
)  # a gigabyte and more, were it unfolded


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "mapping of settings"), ("- a\n- b\n", "mapping of settings"), ("a: [", "not valid YAML"),
        (BOMB, "repeats nothing by reference"), ("levers: " + "[" * 30 + "]" * 30, "nested too deeply"),
        ("!!python/object/apply:os.system ['true']\n", "not valid YAML"),
        ("kind: something else\n", "scenario.kind"), ("preset: 2026-99-99\n", ""),
        ("preset: small\nevil: 1\n", "evil"), ("preset: small\nmarket: {}\n", ""),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_in_words(text: str, said: str) -> None:
    began = time.process_time()
    with pytest.raises(ModelError) as caught:
        read_scenario(text.encode())
    assert said in str(caught.value)
    assert time.process_time() - began < 2.0


def test_a_file_that_is_too_large_is_not_even_looked_at() -> None:
    with pytest.raises(ModelError, match="too large"):
        read_scenario(b" " * (MOST_BYTES + 1))


def test_a_plan_file_is_not_taken_for_a_scenario() -> None:
    with pytest.raises(ModelError):
        read_scenario(dump(preset("small")[1]).encode())
