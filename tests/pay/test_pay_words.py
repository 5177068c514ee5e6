"""Every setting and choice of pay, and every kind of line on a statement, is named in both languages."""

from __future__ import annotations

from typing import get_args

from salessim.model.motivation import Motivation
from salessim.model.pay import MEASURES, PERIODS, Bonus, Component, Contest, Pay, Quotas, Spiff, Tier
from salessim.model.pay_files import PAY_PRESETS
from salessim.words import keys, label

PARTS = (Pay, Quotas, Component, Tier, Bonus, Spiff, Contest, Motivation)
CHOICES = (
    (Component, "counts"),
    (Component, "basis"),
    (Component, "boundary"),
    (Contest, "between"),
    (Quotas, "quota_rule"),
    (Motivation, "foresight"),
)
LINES = {"salary", "component", "spiff", "contest", "clawback", "guarantee", "draw", "carried"}


def test_every_thing_of_pay_has_its_term_and_every_term_its_thing() -> None:
    settings = {name for part in PARTS for name in part.model_fields}
    choices = {word for part, name in CHOICES for word in get_args(part.model_fields[name].annotation)}
    assert {key.removeprefix("pay.") for key in keys("pay")} == {
        *settings, *choices, *MEASURES, *PERIODS, *LINES, *PAY_PRESETS,
    }  # fmt: skip


def test_kinds_of_lines_are_those_of_the_statement() -> None:
    from salessim.pay.statement import Statement

    doc = Statement.__doc__ or ""
    assert all(kind in doc for kind in LINES)
    assert label("pay.cap", "zh") == "封顶"
