"""Does a fit give back the market that made the history? Hundreds of companies, small to large, 9 to 36 months.

Shares of 95 % intervals that hold the truth, clustered by company; the bar is 93 to 97 %, and what is held to it is the
whole interval of the share, not the share. Companies are those of tests/recovery: plain ones for demand, win chances,
delays and values, practising ones for the worth of experience. One effect alone has an interval per company, too few
for an interval within the bar: it is held to the exact 99 % binomial band around 95 %.

In *confounded* worlds accounts go to those who know them (routing), accounts differ in a way no CRM shows (quality), or
stars have the good ones (stars): there 85 % must hold, or the fit must see the steering in 90 %, both by their bounds.
The naive estimate, a plain logit on practice, stands beside it.
"""

from __future__ import annotations

import numpy as np
import pytest
from recovery.companies import FAMILIES
from recovery.coverage import band, interval
from recovery.study import Found, collect, file_of_study, seeds_of
from validation.bounds import lower
from validation.table import code_hash
from validation.table import record as file

from salessim.fit.worth import EFFECTS

PLAIN, PRACTISING, CONFOUNDED, APART, TELLING = 600, 600, 150, 150, 60
LOW, HIGH = 0.93, 0.97
WANTED = f"{LOW} to {HIGH}"


def found(kind: str, count: int) -> list[Found]:
    made = collect(kind, seeds_of(kind, count), code_hash("recovery"), file_of_study())
    seconds = float(np.mean([one["seconds"] for one in made]))
    file("recovery", f"{kind}: processor seconds a company", bar="shown", value=seconds, bound=seconds, n=count)
    return made


def file_share(figure: str, held: np.ndarray, of: np.ndarray, bar: str = WANTED) -> tuple[float, float]:
    """File a share with the end of its interval that lies farther from 95 %, and return the interval."""
    ends = interval(held, of)
    share = float(held.sum() / of.sum())
    far = ends[0] if abs(ends[0] - 0.95) > abs(ends[1] - 0.95) else ends[1]
    file("recovery", figure, bar=bar, value=share, bound=far, n=len(held))
    return ends


def within(ends: tuple[float, float]) -> bool:
    """Whether the interval of a share lies within the bar."""
    return ends[0] >= LOW and ends[1] <= HIGH


def test_plain_families() -> None:
    made = found("plain", PLAIN)
    good = []
    for family in FAMILIES:
        held = np.array([one[family] for one in made], dtype=float)
        good.append(within(file_share(f"{family}: 95 % intervals hold", held[:, 0], held[:, 1])))
    assert all(good), dict(zip(FAMILIES, good, strict=True))


def file_naive(figure: str, made: list[Found]) -> float:
    share = float(np.mean([one["naive"] for one in made]))
    file("recovery", figure, bar="shown", value=share, bound=share, n=len(made))
    return share


def test_worth_of_experience() -> None:
    made = found("practising", PRACTISING)
    held, one = np.array([each["held"] for each in made], dtype=float), np.ones(PRACTISING)
    good = {}
    for k, name in enumerate(EFFECTS):
        low, high = band(held[:, k], one, 0.95)
        file_share(f"{name}: 95 % intervals hold", held[:, k], one, bar=f"{low:.3f} to {high:.3f}")
        good[name] = bool(low <= held[:, k].mean() <= high)
    good["all"] = within(file_share("experience: 95 % intervals hold", held.sum(axis=1), 3 * one))
    assert all(good.values()), good
    assert file_naive("experience: naive 95 % intervals hold", made) < LOW


@pytest.mark.parametrize("name", ["routing", "quality", "stars"])
def test_confounded_worlds(name: str) -> None:
    made = found(name, CONFOUNDED)
    held = np.array([one["held"] for one in made], dtype=float).sum(axis=1)
    # `untold` would not do: small companies are warned of that without any confounding
    warned = sum(one["steered"] for one in made)
    share, ends = float(held.sum() / (3 * CONFOUNDED)), interval(held, np.full(CONFOUNDED, 3.0))
    file("recovery", f"{name}: 95 % intervals hold", bar=">= 0.85", value=share, bound=ends[0], n=CONFOUNDED)
    said, bound = warned / CONFOUNDED, lower(warned, CONFOUNDED)
    file("recovery", f"{name}: steering seen", bar="shown", value=said, bound=bound, n=CONFOUNDED)
    naive = file_naive(f"{name}: naive 95 % intervals hold", made)
    assert ends[0] >= 0.85 or bound >= 0.90
    assert naive < share


def untold(kind: str, count: int) -> int:
    """In how many of the companies the fit says that it cannot tell what skill is worth."""
    return sum("skill_effect" in one["untold"] for one in found(kind, count))


def test_no_false_certainty() -> None:
    """One rep per product: the interval of skill is wider than the register's range, and the fit says so."""
    wide = untold("one product each", APART)
    bound = lower(wide, APART)
    figure = "one rep per product: said to be untold"
    file("recovery", figure, bar=">= 0.90", value=wide / APART, bound=bound, n=APART)
    assert bound >= 0.9


def test_it_is_the_lack_of_variation_that_is_said() -> None:
    """In companies large enough to tell, the fit does tell where reps mix products, and does not where they do not."""
    mixed, apart = untold("telling", TELLING), untold("telling, one product each", TELLING)
    for figure, share, bar in (
        ("large companies, mixed work: said to be untold", mixed / TELLING, "<= 0.50"),
        ("large companies, one rep per product: said to be untold", apart / TELLING, ">= 0.90"),
    ):
        file("recovery", figure, bar=bar, value=share, bound=share, n=TELLING)
    assert mixed <= 0.5 * TELLING and lower(apart, TELLING) >= 0.9
    # more history narrows intervals while what the log cannot show stays: not held, shown
    held = np.array([one["held"] for one in found("telling", TELLING)], dtype=float).sum(axis=1)
    file_share("large companies, mixed work: 95 % intervals hold", held, np.full(TELLING, 3.0), bar="shown")
