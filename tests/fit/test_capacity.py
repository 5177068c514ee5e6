"""Capacity in use against runs whose diaries are known, and against logs that time nothing."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from recovery.companies import crm_of, practising_company, run_of

from salessim.fit.capacity import capacity_note, estimate_capacity, selling_hours_a_day
from salessim.fit.history import read_history
from salessim.record import record


def test_logged_contacts_are_those_of_the_diary() -> None:
    company = practising_company(8)
    run = run_of(company)
    crm = crm_of(record(run))
    hours = selling_hours_a_day(company.market, company.plan)
    found = estimate_capacity(crm, read_history(crm), hours)
    days = float(run.world["settings"]["until"][0])
    true = float(run.world["diary"]["call_hours"].sum()) / (hours * days * company.plan.headcount)
    assert found.logged is not None and found.deals is None
    assert found.logged.low < true < found.logged.high
    assert found.reps == company.plan.headcount
    note = capacity_note(found, 0.7, 0.4)
    assert "cannot be told" in note and "40%" in note
    assert "无法" in note.say("zh")


def test_timed_work_on_deals_tells_what_deals_take() -> None:
    company = practising_company(5)
    crm = crm_of(record(run_of(company)))
    ended = crm.deals[crm.deals["closed_at"].notna()]
    work = crm.activities.iloc[: len(ended)].copy()
    assert len(work) == len(ended)
    work["deal_id"] = ended["deal_id"].to_numpy()
    work["owner_id"] = ended["owner_id"].to_numpy()
    work["at"] = ended["closed_at"].to_numpy()
    work["duration_min"] = 300.0
    timed = dataclasses.replace(crm, activities=work)
    history = read_history(timed)
    hours = selling_hours_a_day(company.market, company.plan)
    found = estimate_capacity(timed, history, hours)
    assert found.deals is not None
    expected = 5.0 * len(ended) / (hours * history.days * company.plan.headcount)
    # reps are there from their first deal to their last, a little less than the whole window
    assert found.deals.value == pytest.approx(expected, rel=0.1)
    assert found.deals.low < found.deals.value < found.deals.high
    assert "which is what the model takes" in capacity_note(found, 0.8, 0.3)


def test_a_log_that_times_nothing_says_so() -> None:
    company = practising_company(5)
    crm = crm_of(record(run_of(company)))
    silent = dataclasses.replace(crm, activities=crm.activities.assign(duration_min=np.nan))
    found = estimate_capacity(silent, read_history(silent), 4.0)
    assert found.logged is None and found.deals is None
    assert "it times nothing" in capacity_note(found, 0.7, 0.4)
