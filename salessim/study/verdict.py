"""The verdict on several plans: which leads, over whom, by how much, how surely, and in which words.

`judge`, `Judgement` and `Kind` (the rule for one comparison) and `holds` and `Holding` (the second line) are
re-exported from their modules.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from salessim.errors import StudyError, explain, nearest
from salessim.study.chances import ProbabilityBest, Regret, expected_regret, probability_best
from salessim.study.differences import paired_differences, pairwise_differences
from salessim.study.holding import Holding, holds, plan_names
from salessim.study.judgement import Judgement, Kind, judge
from salessim.study.phrases import figures, phrase, probability, quantity, share

__all__ = ["Holding", "Judgement", "Kind", "Verdict", "holds", "judge", "verdict"]


@dataclass(frozen=True, eq=False)
class Verdict:
    """Several plans on the same futures, judged.

    Attributes
    ----------
    plans : tuple of str
        Names, in the order of the columns; every plan number below refers to it.
    measure, unit : str
        What was compared.
    n : int
        Replications.
    baseline, leader, runner_up : int
        The baseline; the plans with the best and second best mean (the baseline first among equals).
    judgements : tuple of Judgement
        Every other plan against the baseline.
    headline : Judgement
        The leader against the baseline or, where the baseline leads, the runner-up against it.
    against_runner_up : Judgement or None
        The leader against the runner-up, from the family of all pairs, because both were picked after looking.
        The headline itself where the runner-up is the baseline; None where the baseline leads.
    chances : ProbabilityBest
        The two probabilities, per plan.
    regret : Regret
        What choosing each plan gives away.
    """

    plans: tuple[str, ...]
    measure: str
    unit: str
    n: int
    baseline: int
    leader: int
    runner_up: int
    judgements: tuple[Judgement, ...]
    headline: Judgement
    against_runner_up: Judgement | None
    chances: ProbabilityBest
    regret: Regret

    @property
    def kind(self) -> Kind:
        """The kind of the headline."""
        return self.headline.kind

    @property
    def more_replications(self) -> int:
        """About how many more replications will decide headline and runner-up; 0 if both are decided."""
        rest = self.against_runner_up
        return max(self.headline.more_replications, rest.more_replications if rest else 0)

    @property
    def better_than_baseline(self) -> tuple[int, ...]:
        """The plans judged better than the baseline, the one of the best mean first."""
        better = [j for j in self.judgements if j.kind is Kind.BETTER]
        return tuple(j.plan for j in sorted(better, key=lambda j: (-abs(j.difference), self.plans[j.plan])))

    def lines(
        self,
        language: str = "en",
        *,
        plans: Sequence[str] | None = None,
        measure: str | None = None,
        unit: str | None = None,
    ) -> list[str]:
        """Say it as a list of sentences, the headline first; `plans`, `measure` and `unit` replace the names.

        Raises
        ------
        StudyError
            Unknown language, or another number of names than plans.
        """
        names = plan_names(self.plans if plans is None else plans, len(self.plans))
        label, unit = measure or self.measure, self.unit if unit is None else unit
        base, head = names[self.baseline], self.headline
        settled = all(j.kind in (Kind.WORSE, Kind.PRACTICALLY_EQUAL) for j in self.judgements)
        lines = [phrase(language, "none better", baseline=base)] if settled else []
        lines.append(_sentence(head, names, label, unit, language, float(self.chances.wins[head.plan])))
        others = [names[i] for i in self.better_than_baseline if i != head.plan]
        if others:
            key = "others better" if head.kind is Kind.BETTER else "already better"
            lines.append(phrase(language, key, baseline=base, plans=phrase(language, "comma").join(others)))
        second = self.against_runner_up
        if second is not None and second is not head:
            lines.append(_sentence(second, names, label, unit, language))
        chance = probability(float(self.chances.mean_is_best[self.leader]), language)
        lines.append(
            phrase(language, "probability", plan=names[self.leader], count=len(names), probability=chance)
        )  # fmt: skip
        for judgement in dict.fromkeys(j for j in (head, second) if j is not None and j.skewed):
            pair = {"plan": names[judgement.plan], "against": names[judgement.against]}
            lines.append(phrase(language, "skewed", **pair))
        return lines

    def text(
        self,
        language: str = "en",
        *,
        plans: Sequence[str] | None = None,
        measure: str | None = None,
        unit: str | None = None,
    ) -> str:
        """Say it as one paragraph; see `lines`."""
        return phrase(language, "space").join(self.lines(language, plans=plans, measure=measure, unit=unit))

    def per_plan(
        self,
        language: str = "en",
        *,
        plans: Sequence[str] | None = None,
        measure: str | None = None,
        unit: str | None = None,
    ) -> list[str]:
        """Say one sentence for every other plan against the baseline, in the order of the columns; see `lines`."""
        names = plan_names(self.plans if plans is None else plans, len(self.plans))
        label, unit = measure or self.measure, self.unit if unit is None else unit
        return [_sentence(judgement, names, label, unit, language) for judgement in self.judgements]

    def holds(self, points: npt.ArrayLike) -> Holding:
        """Say in which share of draws of the assumptions the headline holds; see `holds`."""
        return holds(self.headline, points, self.plans)


def verdict(
    values: npt.ArrayLike,
    plans: Sequence[str],
    *,
    baseline: int | str = 0,
    delta: float = 0.01,
    relative: bool = True,
    higher_is_better: bool = True,
    measure: str = "revenue",
    unit: str = "",
    level: float = 0.95,
) -> Verdict:
    """Judge several plans against the baseline and the leader against the runner-up.

    Parameters
    ----------
    values : array_like, shape (n_replications, n_plans)
        One measure; row i is the same future for all plans.
    plans : sequence of str
        Their names.
    baseline : int or str
        Column or name of the baseline.
    delta, relative, higher_is_better : float, bool, bool
        As in `judge`; 1 % of the mean compared with, unless said otherwise.
    measure, unit : str
        For the sentences.
    level : float
        Of the simultaneous intervals.

    Raises
    ------
    StudyError
        As in `paired_differences` and `judge`; names that do not fit the columns; an unknown baseline.

    Examples
    --------
    >>> import textwrap
    >>> futures = [[100, 104.1], [90, 94.2], [110, 113.9], [95, 98.8], [105, 109.0]]
    >>> for line in verdict(futures, ["today's structure", "customer structure"]).lines()[:1]:
    ...     print(textwrap.fill(line, 100))
    Customer structure is better than today's structure: +4.00 % revenue (95 % interval +3.54 to +4.56),
    best in 100 % of futures; exceeds the smallest difference that matters (1 %).
    """
    data = np.asarray(values, dtype=np.float64) if not isinstance(values, np.ndarray) else values
    names = plan_names(plans, data.shape[1] if data.ndim == 2 else len(plans))
    base = _column(baseline, names)
    family = paired_differences(data, base, level)
    judgements = judge(family, delta, relative=relative, higher_is_better=higher_is_better)
    means = np.asarray(data, dtype=np.float64).mean(axis=0) * (1.0 if higher_is_better else -1.0)
    ranking = sorted(range(len(names)), key=lambda j: (-means[j], j != base, names[j]))
    leader, second = ranking[0], ranking[1]
    by_plan = {j.plan: j for j in judgements}
    headline = by_plan[leader if leader != base else second]
    against: Judgement | None = None
    if leader != base:
        against = headline
        if second != base:
            pairs = pairwise_differences(np.asarray(data)[:, ranking], level)
            first = judge(pairs, delta, relative=relative, higher_is_better=higher_is_better)[0]
            against = replace(first, plan=leader, against=second)
    return Verdict(
        plans=names, measure=measure, unit=unit, n=family.n, baseline=base, leader=leader, runner_up=second,
        judgements=judgements, headline=headline, against_runner_up=against,
        chances=probability_best(data, higher_is_better=higher_is_better),
        regret=expected_regret(data, higher_is_better=higher_is_better),
    )  # fmt: skip


def _sentence(
    judgement: Judgement, names: Sequence[str], measure: str, unit: str, language: str, wins: float | None = None
) -> str:
    """Return the sentence of one judgement; `wins` adds the share of futures in which its plan is the best."""
    j = judgement
    relative = j.relative and not math.isnan(j.relative_difference)
    equal = j.kind is Kind.PRACTICALLY_EQUAL
    if relative:
        inner = (j.relative_equivalence_low, j.relative_equivalence_high)
        bounds = inner if equal else (j.relative_low, j.relative_high)
        numbers = figures(j.relative_difference, *bounds, language, relative=True)
    else:
        bounds = (j.equivalence_low, j.equivalence_high) if equal else (j.low, j.high)
        numbers = figures(j.difference, *bounds, language, unit=unit)
    plan, delta = names[j.plan], quantity(j.delta, language, unit=unit, relative=j.relative)
    return phrase(
        language, j.kind.value,
        plan=plan, Plan=plan[:1].upper() + plan[1:], against=names[j.against], measure=measure,
        difference=numbers[0], low=numbers[1], high=numbers[2], delta=delta,
        level=share(2 * j.level - 1 if equal else j.level, language),
        size=phrase(language, "exceeds" if j.exceeds_delta else "may not exceed", delta=delta),
        futures="" if wins is None else phrase(language, "futures", wins=share(wins, language)),
        more=quantity(_two_digits(j.more_replications), language),
    )  # fmt: skip


def _two_digits(count: int) -> int:
    """Round a count up to two significant digits: more would pretend to know."""
    step: int = 10 ** max(len(str(count)) - 2, 0)
    return (count + step - 1) // step * step


def _column(baseline: int | str, names: Sequence[str]) -> int:
    if isinstance(baseline, str):
        if baseline not in names:
            raise StudyError(explain("no such plan", where="baseline", value=baseline, remedy=nearest(baseline, names)))
        return list(names).index(baseline)
    return baseline
