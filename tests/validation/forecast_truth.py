"""Forecasts of simulated companies, whose next quarter is known: do intervals and chances keep their word?

A company is the preset "small" with luck and recording habits of its own (zombies, amounts too high, late entries),
looked at on the last day of a month 15 to 26 months after its start, so that seasons ahead differ. What is judged is
the combination, as a user gets it. Daily runs take 100 companies and hold them to the exact binomial band
(tests/forecast/test_truth.py); the study takes 2,000 others. It keeps every company in a file named after the code it
holds for, and goes on where it stopped:

    PYTHONPATH=tests nice python tests/validation/forecast_truth.py

The priors of the spreads (`_SHOCK_SD`, `_WIDTH_PRIOR`, …) were chosen on companies of neither set.
"""

from __future__ import annotations

import csv
import datetime as dt
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import stats
from validation.bounds import lower, upper
from validation.table import code_hash
from validation.table import record as file

from salessim.clocks.simulate import simulate
from salessim.forecast.pipeline import forecast_pipeline
from salessim.forecast.pipeline_backtest import came
from salessim.model.presets import preset
from salessim.record import record

DAYS, QUARTER = (30, 60, 90), 90
FEWEST, MOST = 15, 26  # months of record
DAILY, STUDY, FIRST = 100, 2_000, 30_000
HABITS = {"zombies": 0.2, "amount_optimism": 0.3, "delay": 4.0}  # at most
COVERAGE, SLOPE = (0.77, 0.83), (0.9, 1.1)


class Case(NamedTuple):
    """One company: where what came lies among the futures, and whether it reached a target that had a chance."""

    place: float
    place_pipeline: float
    actual: float
    combined: float
    pipeline: float
    series: float
    chance: float
    reached: float


def company(number: int) -> Case:
    """Simulate a company, forecast its next quarter, and see what came."""
    rng = np.random.default_rng([2026, number])
    months = int(rng.integers(FEWEST, MOST + 1))
    habits = {name: rng.uniform(0.0, most) for name, most in HABITS.items()}
    market, plan = preset("small")
    book = record(simulate(market, plan, months=months + 3, seed=number), habits, seed=number)
    start = dt.date.fromisoformat(str(market.start))
    first = start.month - 1 + months
    origin = dt.date(start.year + first // 12, first % 12 + 1, 1) - dt.timedelta(days=1)
    found = forecast_pipeline(book, origin=origin, horizon_days=DAYS, origins=6, paths=200, seed=number)
    old, new = came(found.record, found.now.look)
    actual = float(old[-1] + new[-1])
    now = found.now
    combined = float(now.mixed.mean[-1])
    # A target the company might or might not reach, chosen without a look at the forecast's own spread.
    target = combined * float(np.exp(rng.normal(0.0, 0.2)))
    return Case(
        float(np.mean(found.paths(QUARTER) < actual)), float(np.mean(now.futures[:, -1] < actual)), actual, combined,
        float(now.pipeline[-1]), float(now.look.series[-1]), found.chance(target), float(actual >= target),
    )  # fmt: skip


def file_of_study() -> Path:
    return Path(tempfile.gettempdir()) / f"salessim_forecast_truth_{code_hash('forecast truth')}.csv"


def filed(path: Path) -> dict[int, Case]:
    """Companies that are done."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as lines:
        whole = [row for row in csv.reader(lines) if len(row) == len(Case._fields) + 1]
    return {int(row[0]): Case(*map(float, row[1:])) for row in whole}


def gathered(numbers: Iterable[int], path: Path) -> list[Case]:
    """Simulate the companies that are not done yet, filing each."""
    done = filed(path)
    for number in numbers:
        if number not in done:
            done[number] = company(number)
            with path.open("a", encoding="utf-8", newline="") as lines:
                csv.writer(lines).writerow([number, *done[number]])
    return [done[number] for number in numbers]


def inside(places: Sequence[float], level: float) -> int:
    """How many lie in the central interval."""
    return int(np.sum(np.abs(np.array(places) - 0.5) <= level / 2.0))


def slope(cases: Sequence[Case]) -> tuple[float, float]:
    """Slope of the logit of reaching the target on the logit of its chance (1 is right), and its standard error."""
    said = np.clip([case.chance for case in cases], 0.005, 0.995)
    x, y = np.log(said / (1 - said)), np.array([case.reached for case in cases])
    design, beta, information = np.column_stack([np.ones_like(x), x]), np.array([0.0, 1.0]), np.eye(2)
    for _ in range(30):
        mean = 1.0 / (1.0 + np.exp(-design @ beta))
        information = (design * (mean * (1 - mean))[:, None]).T @ design
        beta = beta + np.linalg.solve(information, design.T @ (y - mean))
    return float(beta[1]), float(np.sqrt(np.linalg.inv(information)[1, 1]))


def tenths(cases: Sequence[Case]) -> list[tuple[float, int, int, int, int]]:
    """By tenth of the chance: mean chance, companies, how many reached, and the simultaneous 99 % binomial band.

    Within a tenth chances differ, so the number that reach is a sum of unequal trials; the binomial of their mean is
    the wider, and thus the safer, band.
    """
    said, reached = np.array([case.chance for case in cases]), np.array([case.reached for case in cases])
    tenth = np.minimum((said * 10).astype(int), 9)
    found = []
    for number in range(10):
        here = tenth == number
        if here.any():
            mean, n = float(said[here].mean()), int(here.sum())
            low, high = stats.binom.interval(1.0 - 0.01 / 10.0, n, mean)
            found.append((mean, n, int(reached[here].sum()), int(low), int(high)))
    return found


def outside(cases: Sequence[Case]) -> int:
    """How many tenths lie outside their band."""
    return sum(not low <= came_in <= high for _, _, came_in, low, high in tenths(cases))


def wape(cases: Sequence[Case], source: str) -> float:
    """Mean error of a source in shares of what came."""
    return sum(abs(getattr(c, source) - c.actual) for c in cases) / sum(c.actual for c in cases)


def excess(cases: Sequence[Case]) -> float:
    """By how much the combination is worse than the better of its sources."""
    return wape(cases, "combined") - min(wape(cases, "pipeline"), wape(cases, "series"))


def file_all(cases: Sequence[Case]) -> None:
    """File the figures, each with the end of its 99 % interval that lies farther from the middle of its bar."""
    n = len(cases)
    for level, bar in ((0.8, f"{COVERAGE[0]:g} to {COVERAGE[1]:g}"), (0.95, "shown")):
        count = inside([case.place for case in cases], level)
        ends = lower(count, n), upper(count, n)
        far = max(ends, key=lambda end, level=level: abs(end - level))  # type: ignore[misc]
        figure = f"{level:.0%} interval of the next quarter holds"
        file("forecast truth", figure, bar=bar, value=count / n, bound=far, n=n)
    value, error = slope(cases)
    far = max(value - 2.33 * error, value + 2.33 * error, key=lambda end: abs(end - 1.0))
    bar = f"{SLOPE[0]:g} to {SLOPE[1]:g}"
    file("forecast truth", "P(target): calibration slope", bar=bar, value=value, bound=far, n=n)
    count = outside(cases)
    file("forecast truth", "P(target): tenths outside their 99 % band", bar="<= 0", value=count, bound=count, n=n)
    worse = excess(cases)
    file("forecast truth", "combination worse than its better source by", bar="<= 0.01", value=worse, bound=worse, n=n)


if __name__ == "__main__":
    gathered(range(FIRST, FIRST + STUDY), file_of_study())
