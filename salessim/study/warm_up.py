"""Steady state: how long a run takes to forget how it began, and plans compared by what comes after.

The warm-up is found by MSER-5 (White 1997, Simulation 69:323-334; White, Cobb & Spratt 2000, WSC:755-760): the series
is cut into batches of five, and the truncation is the number of batches ``d`` that minimises the squared standard error
of what is left, ``sum_{i>d} (y_i - mean)**2 / (n - d)**2``. The last quarter, or the last five batches, are never a
truncation: so few are alike by chance (Hoad, Robinson & Davies 2010 leave out five). A minimum in the second half says
that the series has not settled.

A run of a market is a path that begins today, so transition dips and the months of a plan's change are answered by
`compare`, which leaves nothing out. `steady_state` answers the other question: which plan is better once things have
settled. Only revenue is kept month by month in a replication, so it is revenue per month that is compared.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from salessim.errors import StudyError, explain
from salessim.study.critical import Floats
from salessim.study.tasks import make_task, run_task
from salessim.study.verdict import Verdict, verdict
from salessim.words import label, sentence

if TYPE_CHECKING:
    import pandas as pd

    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["SteadyState", "steady_state", "warm_up"]

_YEAR = 12
_NEVER_CUT = 5
_FEWEST_BATCHES = 2 * _NEVER_CUT


def warm_up(series: npt.ArrayLike, *, batch: int = 5) -> int:
    """Return how many observations at the beginning of a series belong to its warm-up (MSER).

    Parameters
    ----------
    series : array_like, shape (observations,) or (replications, observations)
        Of one plan, at equal distances in time. Replications are averaged first: what they share is the transient.
    batch : int
        Observations averaged into one, 5 for MSER-5. What is left over at the beginning is part of the first batch.

    Returns
    -------
    int
        Observations to leave out, 0 where there is no warm-up to be seen.

    Raises
    ------
    StudyError
        For a series that has not settled in its first half, is shorter than ten batches, or is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(1).standard_normal(100)
    >>> warm_up(10 + noise), warm_up(np.where(np.arange(100) < 20, 0.0, 10.0) + noise)
    (0, 35)

    The minimum is flat, so chance may leave out somewhat more than the 20 observations it must.
    """
    data = np.asarray(series, dtype=np.float64)
    if data.ndim not in (1, 2) or not np.isfinite(data).all():
        raise StudyError(
            explain(
                "a warm-up is looked for in finite numbers, one row per replication",
                where="series",
                value=data.shape,
                allowed="one or two dimensions",
            )
        )
    if isinstance(batch, bool) or batch < 1:
        raise StudyError(explain("a batch holds at least one observation", where="batch", value=batch))
    mean = data if data.ndim == 1 else data.mean(axis=0)
    count, rest = divmod(len(mean), batch)
    if count < _FEWEST_BATCHES:
        raise StudyError(
            explain(
                "the series is too short to say when it settles",
                where="series",
                value=f"{len(mean)} observations",
                allowed=f"{_FEWEST_BATCHES * batch} or more: {_FEWEST_BATCHES} batches of {batch}",
                remedy="Run more months",
            )
        )
    batches = mean[rest:].reshape(count, batch).mean(axis=1)
    size = float(np.abs(batches).max())
    flat = 1e-24 * size * size
    error = np.array([_squared_error(batches[d:], flat) for d in range(count - max(_NEVER_CUT, count // 4) + 1)])
    cut = int(error.argmin())
    if 2 * cut >= count:
        raise StudyError(
            explain(
                "the series has not settled: its warm-up reaches into the second half",
                where="series",
                value=f"{cut * batch + rest} of {len(mean)} observations",
                remedy="Run more months; where demand grows or a plan changes late there may be no steady state",
            )
        )
    return cut * batch + rest if cut else 0


def _squared_error(rest: Floats, flat: float) -> float:
    variance = float(rest.var())
    return 0.0 if variance <= flat else variance / len(rest)


@dataclass(frozen=True, eq=False)
class SteadyState:
    """Plans compared by their revenue per month after the warm-up.

    Attributes
    ----------
    plans : tuple of str
    months : int
        Length of each run.
    warm_ups : tuple of int
        Months of warm-up found per plan.
    cut : int
        Months left out of every plan: the longest of these, so that all are compared over the same calendar.
    values : (replications, plans) array
        Revenue per month after the warm-up.
    judged : Verdict
    """

    plans: tuple[str, ...]
    months: int
    warm_ups: tuple[int, ...]
    cut: int
    values: Floats
    judged: Verdict

    def verdict(self, language: str = "en") -> str:
        """Say which plan is better in steady state, and over which months.

        Raises
        ------
        WordsError, StudyError
            For a language that does not exist.
        """
        said = self.judged.text(language, measure=label("measure.revenue", language))
        note = sentence("steady state", language, first=self.cut + 1, months=self.months, cut=self.cut)
        return f"{said}\n{note}"

    def frame(self) -> pd.DataFrame:
        """Return one row per plan: its warm-up in months and its mean revenue per month afterwards."""
        import pandas as pd

        columns = {"warm_up": self.warm_ups, "revenue_per_month": self.values.mean(axis=0)}
        return pd.DataFrame(columns, index=pd.Index(self.plans, name="plan"))

    def _repr_html_(self) -> str:
        lines = "".join(f"<p>{html.escape(line)}</p>" for line in self.verdict().splitlines())
        return lines + self.frame().to_html(float_format="{:,.4g}".format)

    def __repr__(self) -> str:
        return f"SteadyState({', '.join(self.plans)}; months {self.cut + 1} to {self.months})"


def steady_state(
    market: Market,
    plans: Mapping[str, Plan],
    *,
    months: int = 240,
    replications: int = 20,
    delta: float = 0.01,
    seed: int = 1,
    executor: Executor | None = None,
) -> SteadyState:
    """Compare plans by their revenue per month once they have settled.

    The warm-up of each plan is found by MSER on its mean monthly revenue, in batches of a year instead of five months,
    so that season and holidays cancel. The longest is left out of every plan.

    Parameters
    ----------
    market : Market
        Its demand must neither grow nor shrink, or there is no steady state.
    plans : mapping of str to Plan
        At least two, the baseline first.
    months : int
        Length of each run: whole years, ten or more.
    replications : int
        Paired replications, 2 or more.
    delta : float
        Smallest difference that matters, as a share of the baseline.
    seed : int
    executor : concurrent.futures.Executor, optional
        What runs the replications; by default threads. Results do not depend on it.

    Raises
    ------
    StudyError
        For growing demand, a plan that has not settled in the first half of the run (it is named), or numbers of
        plans, months or replications that cannot be.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> found = steady_state(market, {"six": plan, "eight": plan.but(reps=8)}, months=120, replications=4)
    >>> found.values.shape, found.cut % 12
    ((4, 2), 0)
    """
    names = tuple(plans)
    if len(names) < 2 or replications < 2:
        raise StudyError(
            explain(
                "a comparison needs two plans and two replications",
                value=f"{len(names)} plans, {replications} replications",
                allowed="2 or more of each",
            )
        )
    if months % _YEAR or months < _YEAR * _FEWEST_BATCHES:
        raise StudyError(
            explain(
                "a steady state is looked for in whole years, so that season and holidays cancel",
                where="months",
                value=months,
                allowed=f"a multiple of {_YEAR}, {_YEAR * _FEWEST_BATCHES} or more",
            )
        )
    if market.demand.growth != 0:
        raise StudyError(
            explain(
                "a market whose demand grows has no steady state",
                where="growth",
                value=market.demand.growth,
                remedy="Ask with market.but(growth=0), or compare the plans over the months that count",
            )
        )
    tasks = [make_task(market, plan, months, seed) for plan in plans.values()]
    stop = np.zeros(1, dtype=np.int64)
    with ThreadPoolExecutor() if executor is None else nullcontext(executor) as pool:
        extra = (stop,) if executor is None else ()
        jobs = [[pool.submit(run_task, task, n, *extra) for task in tasks] for n in range(replications)]
        try:
            found = [[job.result() for job in row] for row in jobs]
        except BaseException:
            stop[0] = 1
            for row in jobs:
                for job in row:
                    job.cancel()
            raise
    monthly = np.array([[outcome.monthly for outcome in row if outcome is not None] for row in found])
    warm_ups = tuple(_warm_up_of(monthly[:, j], name) for j, name in enumerate(names))
    cut = max(warm_ups)
    values = monthly[:, :, cut:].mean(axis=2)
    judged = verdict(values, names, delta=delta, measure="revenue", unit=market.currency)
    return SteadyState(names, months, warm_ups, cut, values, judged)


def _warm_up_of(monthly: Floats, name: str) -> int:
    try:
        return warm_up(monthly, batch=_YEAR)
    except StudyError as error:
        raise StudyError(f"{name}: {error}") from None
