"""Does a fit give back the market that made the history? Hundreds of companies, small to large, 9 to 36 months.

Shares of 95 % intervals that hold the truth, clustered by company; the bar is 93 to 97 %. Companies are those of
tests/recovery: plain ones for demand, win chances, delays and values, practising ones for the worth of experience. In
*confounded* worlds accounts go to those who know them (routing), accounts differ in a way no CRM shows (quality), or
stars have the good ones (stars): there 85 % must hold, or the fit must see the steering in 90 %.
"""

from __future__ import annotations

import numpy as np
import pytest
from recovery.companies import (
    FAMILIES,
    coverage,
    crm_of,
    hidden_quality,
    plain_company,
    practising_company,
    run_of,
    true_effects,
    worth_of,
)
from recovery.coverage import interval
from validation.bounds import lower
from validation.table import record as file

from salessim.fit.worth import EFFECTS, Worth
from salessim.record import record

PLAIN, PRACTISING, CONFOUNDED = 400, 400, 60
LOW, HIGH = 0.93, 0.97
CONFOUNDED_WORLDS = {
    "routing": ({"routing": 3.0}, None),
    "quality": ({}, {"spread": 1.0, "star": 0.0}),
    "stars": ({}, {"spread": 0.5, "star": 1.5}),
}


def file_share(figure: str, held: np.ndarray, of: np.ndarray) -> tuple[float, float]:
    """File a share with the end of its interval that lies farther out, and return the interval."""
    ends = interval(held, of)
    share = float(held.sum() / of.sum())
    far = ends[0] if abs(ends[0] - 0.95) > abs(ends[1] - 0.95) else ends[1]
    file("recovery", figure, bar=f"{LOW} to {HIGH}", value=share, bound=far, n=len(held))
    return ends


def within(ends: tuple[float, float]) -> bool:
    """Whether the interval of a share meets the bar's."""
    return ends[0] <= HIGH and ends[1] >= LOW


def test_plain_families() -> None:
    found = [coverage(plain_company(seed)) for seed in range(1000, 1000 + PLAIN)]
    good = []
    for family in FAMILIES:
        held = np.array([one[family] for one in found])
        good.append(within(file_share(f"{family}: 95 % intervals hold", held[:, 0], held[:, 1])))
    assert all(good)


def held_by(worth: Worth, truth: np.ndarray) -> np.ndarray:
    return (worth.low <= truth) & (truth <= worth.high)


def naive_held(worth: Worth, truth: np.ndarray) -> np.ndarray:
    return np.abs(worth.naive - truth) <= 1.96 * worth.naive_error


def test_worth_of_experience() -> None:
    held, naive = [], []
    for seed in range(1000, 1000 + PRACTISING):
        company = practising_company(seed)
        worth, truth = worth_of(company, crm_of(record(run_of(company)))), true_effects(company)
        held.append(held_by(worth, truth))
        naive.append(naive_held(worth, truth))
    one = np.ones(PRACTISING)
    good = [
        within(file_share(f"{name}: 95 % intervals hold", np.array(held)[:, k].astype(float), one))
        for k, name in enumerate(EFFECTS)
    ]
    good.append(within(file_share("experience: 95 % intervals hold", np.array(held).sum(axis=1), 3 * one)))
    share = float(np.mean(naive))
    file("recovery", "experience: naive 95 % intervals hold", bar="shown", value=share, bound=share, n=PRACTISING)
    assert all(good)


@pytest.mark.parametrize("name", CONFOUNDED_WORLDS)
def test_confounded_worlds(name: str) -> None:
    settings, hidden = CONFOUNDED_WORLDS[name]
    held, naive, warned = [], [], 0
    for seed in range(2000, 2000 + CONFOUNDED):
        company = practising_company(seed, **settings)
        shift = hidden_quality(company, **hidden) if hidden else None
        worth, truth = worth_of(company, crm_of(record(run_of(company, shift)))), true_effects(company)
        held.append(held_by(worth, truth))
        naive.append(naive_held(worth, truth))
        warned += worth.steered  # `untold` would not do: small companies are warned of that without any confounding
    share = float(np.mean(held))
    ends = interval(np.array(held).sum(axis=1), np.full(CONFOUNDED, 3))
    file("recovery", f"{name}: 95 % intervals hold", bar=">= 0.85", value=share, bound=ends[0], n=CONFOUNDED)
    plain = float(np.mean(naive))
    file("recovery", f"{name}: naive 95 % intervals hold", bar="shown", value=plain, bound=plain, n=CONFOUNDED)
    said = warned / CONFOUNDED
    file("recovery", f"{name}: steering seen", bar=">= 0.90", value=said, bound=lower(warned, CONFOUNDED), n=CONFOUNDED)
    assert share >= 0.85 or said >= 0.90


def test_no_false_certainty() -> None:
    """One rep per product: the interval of skill is wider than the register's range, and the fit says so."""
    wide = 0
    for seed in range(3000, 3040):
        company = practising_company(seed, one_product_each=True)
        wide += "skill_effect" in worth_of(company, crm_of(record(run_of(company)))).untold
    figure = "one rep per product: said to be untold"
    file("recovery", figure, bar=">= 0.90", value=wide / 40, bound=lower(wide, 40), n=40)
    assert wide / 40 >= 0.9
