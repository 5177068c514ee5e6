"""Maven: fitted as on 30 June 2017, the market run on to September, beside what happened and two simpler forecasts.

At the origin nothing later is known, and the account of deals then open is not looked at: in the source only deals that
close have one. Won value by office, for the quarter and for each month of it. Two forecasts stand beside the fit:

- seasonal naive: the same month of the quarter before (a year before there was nothing), normal, with the standard
  deviation of such differences in the history;
- weighted pipeline: open deals not older than the longest cycle so far, each won with the share of closed deals that
  were won, at a value drawn from the product's won deals, closing in the quarter; new deals are none of its business.
  A month gets a third.

What is filed is what was measured; there is no bar. By office the fit is worse than the naive forecast. Of the deals
open at the origin Central had ended all but one of 404 by the end of September, West 305 of 667: the offices differ in
which deals they ever end, and a market has one funnel for all reps.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from validation.table import record as file

from salessim.clocks.simulate import simulate
from salessim.crm import CrmData, read_crm
from salessim.fit import fit_company
from salessim.fit.history import read_history
from salessim.fit.origin import known_on
from salessim.forecast.scores import crps
from salessim.world.tables import WON

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "maven_crm"
ORIGIN = dt.date(2017, 6, 30)
MONTHS = ("2017-07", "2017-08", "2017-09")
RUNS = 400
Sample = np.ndarray
"""Futures of won value: (runs, offices, months)."""


class Known(NamedTuple):
    crm: CrmData
    offices: tuple[str, ...]
    of_rep: dict[str, str]
    actual: np.ndarray


@pytest.fixture(scope="module")
def known() -> Known:
    if not DATA.is_dir():
        pytest.skip("the Maven set is not on this machine")
    whole = read_crm(DATA)
    of_rep = dict(zip(whole.users["user_id"].astype(str), whole.users["region"].astype(str), strict=True))
    offices = tuple(sorted(set(of_rep.values())))
    return Known(known_on(whole, ORIGIN, accounts_of_open=False), offices, of_rep, won_value(whole, offices, of_rep))


def won_value(crm: CrmData, offices: tuple[str, ...], of_rep: dict[str, str], months: tuple = MONTHS) -> np.ndarray:
    won = crm.deals[crm.deals["status"] == "won"]
    month = won["closed_at"].dt.to_period("M").astype(str)
    table = won.assign(office=won["owner_id"].map(of_rep), month=month).pivot_table(
        index="office", columns="month", values="amount", aggfunc="sum", fill_value=0.0
    )
    return table.reindex(index=list(offices), columns=list(months), fill_value=0.0).to_numpy(dtype=float)


def fitted(known: Known) -> Sample:
    fit = fit_company(known.crm)
    found = np.zeros((RUNS, len(known.offices), len(MONTHS)))
    ends = np.cumsum([31, 31])
    for n, market in enumerate(fit.draws(RUNS, seed=5)):
        run = simulate(market, fit.plan, 3, seed=9, replication=n)
        deals = run.world.used("deals")
        won = deals[deals["state"] == WON]
        office = np.array([known.offices.index(known.of_rep[name]) for name in run.world.names.reps])[won["rep"]]
        np.add.at(found[n], (office, np.searchsorted(ends, won["closed"], side="right")), won["value"])
    return found


def seasonal_naive(known: Known) -> Sample:
    before = won_value(known.crm, known.offices, known.of_rep, ("2017-03", "2017-04", "2017-05", "2017-06"))
    spread = float(np.sqrt(np.mean((before[:, 3] - before[:, 0]) ** 2)))
    rng = np.random.default_rng(1)
    return np.maximum(before[None, :, 1:] + rng.normal(0.0, spread, (RUNS, *before[:, 1:].shape)), 0.0)


def weighted_pipeline(known: Known) -> Sample:
    deals = read_history(known.crm).deals
    closed = deals[deals["status"].isin(["won", "lost"])]
    chance = float((closed["status"] == "won").mean())
    values = {p: g["amount"].to_numpy() for p, g in closed[closed["status"] == "won"].groupby("product")}
    rng = np.random.default_rng(2)
    found = np.zeros((RUNS, len(known.offices), len(MONTHS)))
    for product, rep in deals.loc[deals["status"] == "open", ["product", "rep"]].itertuples(index=False):
        value = rng.choice(values[product], RUNS) * (rng.random(RUNS) < chance)
        found[:, known.offices.index(known.of_rep[rep])] += value[:, None] / 3.0
    return found


def interval_score(sample: np.ndarray, actual: np.ndarray, level: float) -> np.ndarray:
    """Width, and 2 / alpha of what the truth lies outside (Gneiting & Raftery 2007)."""
    low, high = np.quantile(sample, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return high - low + 2.0 / (1.0 - level) * (np.maximum(low - actual, 0.0) + np.maximum(actual - high, 0.0))


def scored(sample: Sample, actual: np.ndarray) -> dict[str, float]:
    """Mean scores over offices (and of the company as a whole), as shares of the mean true value."""
    found = {}
    for name, futures, truth in (
        ("company, quarter", sample.sum(axis=(1, 2))[:, None], actual.sum(keepdims=True)[0]),
        ("quarter", sample.sum(axis=2), actual.sum(axis=1)),
        ("month", sample.reshape(len(sample), -1), actual.ravel()),
    ):
        scale = float(truth.mean())
        found[f"{name}: CRPS"] = float(np.mean(crps(futures, truth))) / scale
        for level in (0.80, 0.95):
            found[f"{name}: interval score {level:.0%}"] = float(interval_score(futures, truth, level).mean()) / scale
        low, high = np.quantile(futures, [0.025, 0.975], axis=0)
        found[f"{name}: inside 95 %"] = float(np.mean((truth >= low) & (truth <= high)))
        found[f"{name}: bias"] = float(futures.mean()) / scale - 1.0
    return found


def test_won_value_by_office(known: Known) -> None:
    assert known.crm.deals["closed_at"].max() < pd.Timestamp(ORIGIN) + pd.Timedelta(days=1)
    assert known.crm.deals.loc[known.crm.deals["status"] == "open", ["account_id", "amount"]].isna().all(axis=None)
    made = {"fit": fitted, "seasonal naive": seasonal_naive, "weighted pipeline": weighted_pipeline}
    for name, how in made.items():
        sample = how(known)
        print(name, dict(zip(known.offices, sample.sum(axis=2).mean(axis=0).round(), strict=True)))
        for figure, value in scored(sample, known.actual).items():
            print(f"  {figure}: {value:.3f}")
            assert np.isfinite(value)
            file("fit", f"Maven, {name}, {figure}", bar="shown", value=value, bound=value, n=RUNS)
    print("true", known.actual.sum(axis=1))
