"""What pay plans do: sales, margin, cost and risk of pay, timing, fairness and turnover, for stars, core and laggards.

The runs of a study are run again, which costs as much as the study did, and read for pay. Futures are paired: every
difference is between two plans in the same future, and intervals are those of `salessim.study.differences`.

Stars, core and laggards are told apart by what is known before a run: what the territory brings in the other futures,
and the talent of who sits there at the start. Results themselves would not do: who was lucky is no star.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salessim.errors import StudyError, explain, nearest
from salessim.pay.fairness import AttainmentSplit, attainment_split
from salessim.pay.programme import STEPS
from salessim.study.differences import Differences, paired_differences
from salessim.study.pay_facts import PayFacts, pay_facts
from salessim.study.pay_groups import GROUPS, first_talents, seat_groups
from salessim.study.tasks import make_task, prepare

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from salessim.study.replay import Replay
    from salessim.study.study import Study

__all__ = ["GROUP_MEASURES", "PAY_MEASURES", "PayAnswer", "pay_answer"]

Floats = NDArray[np.float64]

PAY_MEASURES: dict[str, tuple[str, str]] = {
    "revenue": ("measure.revenue", "currency"),
    "gross_margin": ("study.gross_margin", "currency"),
    "contribution": ("measure.contribution", "currency"),
    "pay_cost": ("study.pay_cost", "currency"),
    "pay_ratio": ("study.pay_ratio", "share"),
    "p_attain": ("study.p_attain", "share"),
    "concentration": ("study.concentration", "share"),
    "discount": ("study.discount", "share"),
    "hole": ("study.hole", "share"),
    "pulled": ("study.pulled", "count"),
    "held": ("study.held", "count"),
    "effort": ("study.effort", "times"),
    "turnover": ("measure.turnover", "share"),
    "skill": ("study.skill", "share"),
    "territory": ("study.territory", "share"),
    "luck": ("study.luck", "share"),
}
"""What a pay answer knows of every plan in every future: the term of each measure, and its unit."""
GROUP_MEASURES = ("revenue", "pay_cost", "effort", "p_attain", "turnover")
"""What it knows of stars, core and laggards: revenue and pay per seat and year, the others as above."""
_RISK = 0.95
_DRAWS = 2000
_SEED = 20_260_102


@dataclass(frozen=True, eq=False)
class PayAnswer:
    """What the plans of a study do to sales, pay and people.

    Attributes
    ----------
    names : tuple of str
        The plans.
    baseline : int
        Place of the plan the others are compared with.
    months, deadline : int
        Length of a run; months from one deadline to the next, for timing.
    currency : str
    reps : tuple of str
        The seats.
    values : dict of str to (futures, plans) float
        By `PAY_MEASURES`; NaN where a thing does not exist, such as P(attain) without a quota.
    by_group : dict of (group, measure) to (futures, plans) float
        By `GROUPS` and `GROUP_MEASURES`; empty for fewer than five seats.
    p_attain : (seats, plans) float
        Share of pay periods, over all futures, in which each seat reached its quota.
    effort : (plans, groups, months) float
        Mean effort of stars, core and laggards in each month.
    """

    names: tuple[str, ...]
    baseline: int
    months: int
    deadline: int
    currency: str
    reps: tuple[str, ...]
    values: dict[str, Floats]
    by_group: dict[tuple[str, str], Floats]
    p_attain: Floats
    effort: Floats

    @property
    def futures(self) -> int:
        """Number of paired futures."""
        return len(self.values["revenue"])

    def differences(self, measure: str, group: str | None = None, level: float = 0.95) -> Differences:
        """Return the paired differences from the baseline with simultaneous intervals.

        Raises
        ------
        StudyError
            For a measure or group that does not exist, or one that a plan does not have (P(attain) without a quota).
        """
        values = self._of(measure, group)
        if np.isnan(values).any():
            raise StudyError(
                explain("a plan has no such measure, so it cannot be compared", where="measure", value=measure,
                        remedy="P(attain) needs a quota in every plan")
            )  # fmt: skip
        return paired_differences(values, self.baseline, level)

    def split(self, plan: str) -> AttainmentSplit:
        """Return where the variance of quarterly attainment comes from under a plan, mean over the futures."""
        j = self._place(plan)
        return AttainmentSplit(*(float(self.values[name][:, j].mean()) for name in AttainmentSplit._fields))

    def payout(self, plan: str, share: float = 0.5) -> float:
        """Return a percentile of the cost of pay over the futures, in money for the whole run."""
        return float(np.quantile(self.values["pay_cost"][:, self._place(plan)], share, method="inverted_cdf"))

    def at_risk(self, plan: str, budget: float | None = None) -> tuple[float, float, float]:
        """Return payout at risk: P95 of the cost of pay over `budget`, and a 95 % interval of it (bootstrap).

        Parameters
        ----------
        plan : str
        budget : float, optional
            Money for the whole run; the median cost of pay of the plan where left out.

        Returns
        -------
        value, low, high : float
            Not less than 0. Fewer than some 40 futures hold hardly a future beyond P95: the interval is then wide.
        """
        cost = self.values["pay_cost"][:, self._place(plan)]
        drawn = np.random.default_rng(_SEED).integers(0, len(cost), (_DRAWS, len(cost)))
        tables = np.vstack([cost, cost[drawn]])
        high = np.quantile(tables, _RISK, axis=1)
        over = np.maximum(high - (np.median(tables, axis=1) if budget is None else budget), 0.0)
        ends = np.quantile(over[1:], [0.025, 0.975])
        return float(over[0]), float(ends[0]), float(ends[1])

    def frame(self) -> pd.DataFrame:
        """Return the mean of every measure per plan, one row per measure, P50 and P95 of the cost of pay among them."""
        import pandas as pd

        rows = {name: self.values[name].mean(axis=0) for name in PAY_MEASURES}
        for name, share in (("pay_p50", 0.5), ("pay_p95", _RISK)):
            rows[name] = np.array([self.payout(plan, share) for plan in self.names])
        return pd.DataFrame(rows, index=list(self.names)).T

    def table(self, *measures: str, language: str = "en") -> pd.DataFrame:
        """Return measures (`PAY_MEASURES`, pay_p50, pay_p95; all without a name) in words, with their differences.

        Raises
        ------
        StudyError
            For a measure that does not exist.
        """
        from salessim.study.pay_wording import answer_table

        return answer_table(self, measures, language)

    def groups_frame(self) -> pd.DataFrame:
        """Return stars, core and laggards: group and measure as rows, the mean under each plan as columns."""
        import pandas as pd

        rows = {key: values.mean(axis=0) for key, values in self.by_group.items()}
        index = pd.MultiIndex.from_tuples(list(rows), names=["group", "measure"])
        return pd.DataFrame(list(rows.values()), index=index, columns=list(self.names))

    def p_attain_frame(self) -> pd.DataFrame:
        """Return P(attain) of each seat (rows) under each plan."""
        import pandas as pd

        return pd.DataFrame(self.p_attain, index=pd.Index(self.reps, name="rep"), columns=list(self.names))

    def text(self, language: str = "en") -> str:
        """Say what the plans do, line by line; errors as in `salessim.words.sentence`."""
        from salessim.study.pay_wording import answer_text

        return answer_text(self, language)

    def html(self, language: str = "en") -> str:
        """Return text and tables as HTML that needs nothing from outside."""
        from salessim.study.pay_wording import answer_html

        return answer_html(self, language)

    def plot(self, language: str = "en") -> Figure:
        """Draw effort over the months, for stars, core and laggards under each plan."""
        from salessim.show.pay_figure import effort_figure

        return effort_figure(self, language)

    def _repr_html_(self) -> str:
        return self.html()

    def __repr__(self) -> str:
        return f"PayAnswer({', '.join(self.names)}; {self.futures} futures, {self.months} months)"

    @cached_property
    def has_groups(self) -> bool:
        """Whether there are seats enough to tell stars from laggards."""
        return bool(self.by_group)

    def _place(self, plan: str) -> int:
        if plan not in self.names:
            raise StudyError(explain("no such plan", where="plan", value=plan, remedy=nearest(plan, self.names)))
        return self.names.index(plan)

    def _of(self, measure: str, group: str | None) -> Floats:
        known = PAY_MEASURES if group is None else GROUP_MEASURES
        if measure not in known or (group is not None and (group, measure) not in self.by_group):
            wrong = measure if measure not in known else str(group)
            allowed = tuple(known) if measure not in known else GROUPS
            raise StudyError(explain("there is no such measure of pay", value=wrong, remedy=nearest(wrong, allowed)))
        return self.values[measure] if group is None else self.by_group[group, measure]


def pay_answer(study: Study, *, replications: int | None = None, deadline: int | None = None) -> PayAnswer:
    """Read the plans of a study for pay: the study's own futures, run again.

    Parameters
    ----------
    study : Study
        From `compare`, with plans that differ in their pay: ``{"a": plan.but(pay=a), "b": plan.but(pay=b)}``.
    replications : int, optional
        How many of its futures are read, from the first; all of them where left out.
    deadline : int, optional
        Months from one deadline to the next; the shortest pay period above a month of any of the plans, else a quarter.

    Raises
    ------
    StudyError
        Fewer than two futures; plans of different size; a pay plan that changes on the way; a plan with processes of
        the user's own, which are not kept with a study; or a study whose runs another version made, so that they
        cannot be run again.

    Examples
    --------
    >>> from salessim.model.pay_files import pay_preset
    >>> from salessim.model.presets import preset
    >>> from salessim.study.comparison import compare
    >>> market, plan = preset("small")
    >>> plans = {name: plan.but(pay=pay_preset(name)) for name in ("commission", "bonus")}
    >>> study = compare(market, plans, months=6, replications=4, draws=0, audit=False)
    >>> answer = pay_answer(study)
    >>> answer.futures == study.replications, bool((answer.values["revenue"] == study.values("revenue")).all())
    (True, True)
    """
    count = study.replications if replications is None else min(replications, study.replications)
    if count < 2:
        raise StudyError(explain("too few futures", where="replications", value=count, allowed="2 or more, better 30"))
    if study.processes:
        raise StudyError(
            explain("a study does not keep processes of your own, so its runs cannot be read again", where="study",
                    value=", ".join(study.processes), remedy="Compare the plans without them")
        )  # fmt: skip
    seats = {name: plan.headcount for name, plan in study.plans.items()}
    if len(set(seats.values())) > 1:
        found = ", ".join(f"{name} {number}" for name, number in seats.items())
        raise StudyError(
            explain("pay is compared seat by seat, and these plans do not have the same number of them", where="study",
                    value=found, remedy="Compare plans of one size, and their size by itself")
        )  # fmt: skip
    for name, plan in study.plans.items():
        if any(setting.pay != plan.phases[0][0].pay for setting, _ in plan.phases):
            raise StudyError(
                explain("the pay plan changes on the way; pay is read over the whole run", where=f"plan {name!r}",
                        remedy="Compare pay plans that hold from the start: plan.but(pay=…)")
            )  # fmt: skip
    span = deadline or _deadline(study)
    facts: list[list[PayFacts]] = []
    reps: tuple[str, ...] = ()
    talents = np.zeros((0, 0))
    for j, plan in enumerate(study.plans.values()):
        replay = prepare(make_task(study.market, plan, study.months, study.seed))

        def read(n: int, replay: Replay = replay) -> tuple[PayFacts, float, Floats, tuple[str, ...]]:
            run = replay.run(n)
            assert run is not None  # nobody stops it
            return pay_facts(run, span), run.revenue, first_talents(run), run.world.names.reps

        with ThreadPoolExecutor() as pool:
            runs = list(pool.map(read, range(count)))
        if not np.allclose([one[1] for one in runs], study.values("revenue")[:count, j], rtol=0.0, atol=0.005):
            raise StudyError(
                explain("this version does not repeat the runs of the study", where=f"plan {study.names[j]!r}",
                        value=study.other_version or None, remedy="Compare the plans again with this version")
            )  # fmt: skip
        facts.append([one[0] for one in runs])
        talents, reps = np.array([one[2] for one in runs]), runs[0][3]
    return _answer(study, facts, span, reps, talents)


def _deadline(study: Study) -> int:
    lengths = [
        STEPS[part.period]
        for plan in study.plans.values()
        for part in (plan.phases[0][0].pay.components if plan.phases[0][0].pay else ())
        if not part.linear and STEPS[part.period] > 1
    ]
    return min(lengths, default=3)


def _answer(
    study: Study, facts: list[list[PayFacts]], span: int, reps: tuple[str, ...], talents: Floats
) -> PayAnswer:
    n, k = len(facts[0]), len(facts)
    every = {name: np.array([[getattr(one, name) for one in of_plan] for of_plan in facts]).swapaxes(0, 1)
             for name in ("sales", "paid", "effort", "quits", "years", "gross_margin", "pay_cost", "concentration",
                          "hole", "discount", "pulled", "held")}  # fmt: skip
    total_sales = every["sales"].sum(axis=(2, 3))
    rates = np.full((n, k, len(reps)), np.nan)
    for j in range(k):
        for i in range(n):
            if facts[j][i].attainment.shape[1]:
                rates[i, j] = (facts[j][i].attainment >= 1.0).mean(axis=1)
    split = np.array([_splits([one.quarterly for one in of_plan]) for of_plan in facts]).swapaxes(0, 1)
    values: dict[str, Floats] = {
        "revenue": study.values("revenue")[:n],
        "gross_margin": every["gross_margin"],
        "contribution": study.values("contribution")[:n],
        "pay_cost": every["pay_cost"],
        "pay_ratio": every["pay_cost"] / np.where(total_sales > 0.0, total_sales, np.nan),
        "p_attain": rates.mean(axis=2),
        **{name: every[name].astype(np.float64) for name in ("concentration", "discount", "hole", "pulled", "held")},
        "effort": every["effort"].mean(axis=(2, 3)),
        "turnover": study.values("turnover")[:n],
        **{name: split[:, :, place] for place, name in enumerate(AttainmentSplit._fields)},
    }
    groups = seat_groups(every["sales"].sum(axis=3), talents)
    by_group, effort = _by_group(every, rates, groups, study.months)
    return PayAnswer(
        names=study.names, baseline=study.baseline, months=study.months, deadline=span,
        currency=study.market.currency, reps=reps, values=values, by_group=by_group,
        p_attain=rates.mean(axis=0).T, effort=effort,
    )  # fmt: skip


def _splits(panels: list[Floats]) -> Floats:
    """Return the split of each future, NaN where it has too few seats or quarters.

    A quarter that is good or bad for everybody is taken out first. How good a territory is, is what its seat attains in
    all other futures, whoever sits there.
    """
    import pandas as pd

    stacked = np.array(panels)
    n, seats, quarters = stacked.shape
    found = np.full((n, len(AttainmentSplit._fields)), np.nan)
    if n < 2 or seats < 4 or quarters < 2:
        return found
    stacked = stacked - stacked.mean(axis=1, keepdims=True) + stacked.mean(axis=(1, 2), keepdims=True)
    of_seat = stacked.mean(axis=2)
    others = (of_seat.sum(axis=0) - of_seat) / (n - 1)
    for i in range(n):
        panel = pd.DataFrame(
            {
                "rep": np.repeat(np.arange(seats), quarters), "period": np.tile(np.arange(quarters), seats),
                "attainment": stacked[i].ravel(), "territory": np.repeat(others[i], quarters),
            }
        )  # fmt: skip
        found[i] = attainment_split(panel)
    return found


def _by_group(
    every: dict[str, Floats], rates: Floats, groups: NDArray[np.int64] | None, months: int
) -> tuple[dict[tuple[str, str], Floats], Floats]:
    n, k = rates.shape[:2]
    if groups is None:
        return {}, every["effort"].mean(axis=(0, 2))[:, None, :]
    by_group: dict[tuple[str, str], Floats] = {}
    effort = np.zeros((k, len(GROUPS), months))
    for g, group in enumerate(GROUPS):
        weight = (groups == g).astype(np.float64)  # futures x seats
        size = weight.sum(axis=1)[:, None]

        def mean(values: Floats, weight: Floats = weight, size: Floats = size) -> Floats:
            return np.asarray(np.einsum("ns,nks->nk", weight, values) / size)

        years = np.einsum("ns,nks->nk", weight, every["years"])
        quits = np.einsum("ns,nks->nk", weight, every["quits"].astype(np.float64))
        by_group[group, "revenue"] = mean(every["sales"].sum(axis=3)) * 12.0 / months
        by_group[group, "pay_cost"] = mean(every["paid"].sum(axis=3)) * 12.0 / months
        by_group[group, "effort"] = mean(every["effort"].mean(axis=3))
        by_group[group, "p_attain"] = mean(rates)
        by_group[group, "turnover"] = quits / np.maximum(years, 1e-9)
        effort[:, g] = np.einsum("ns,nksm->km", weight / size, every["effort"]) / n
    return by_group, effort
