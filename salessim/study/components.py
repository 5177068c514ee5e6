"""What makes a difference between two plans uncertain: chance, fitted parameters, or assumptions.

A nested design: independent draws of the assumptions, within each of them independent draws of the fitted parameters,
within each of these independent futures (both plans on the same future). By the law of total variance

    ``Var(D) = Var_a(E[D | a]) + E_a Var_p(E[D | a, p]) + E Var(D | a, p)``

with `a` the assumptions, `p` the parameters and the rest chance (Monte-Carlo). The estimators are those of the balanced
nested analysis of variance, differences of mean squares, unbiased for any distribution; so one of them may come out
below zero where its component is small, and is then shown as it is. Intervals are the modified large-sample ones
(Ting, Burdick, Graybill, Jeyaratnam & Lu 1990, J. Stat. Comput. Simul. 35:135-143), made for normal effects.

More replications shrink chance only; more data shrinks the parameters; nothing but knowledge shrinks the assumptions.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from salessim.errors import StudyError, explain, nearest
from salessim.measures import MEASURES, measure
from salessim.study.assumptions import independent_assumptions
from salessim.study.critical import Floats
from salessim.study.phrases import share
from salessim.study.tasks import make_task, prepare, run_task
from salessim.words import label, sentence

if TYPE_CHECKING:
    import pandas as pd

    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["Component", "VarianceComponents", "nested_components", "variance_components"]

Draws = Sequence[Mapping[str, float]]


class Component(NamedTuple):
    """One variance component: `value` (may be below 0), interval, degrees of freedom of its mean square."""

    value: float
    low: float
    high: float
    freedom: int


def nested_components(values: Floats, level: float = 0.90) -> dict[str, Component]:
    """Estimate the variance components of a balanced nested design.

    Parameters
    ----------
    values : (assumption draws, parameter draws, replications) array
        Differences. With one parameter draw per assumption draw there is no ``"parameters"`` component: what the
        parameters do is then inside that of the assumptions, and zero where they were not drawn.
    level : float
        Of the intervals, in (0, 1).

    Returns
    -------
    dict of str to Component
        ``"assumptions"``, ``"parameters"`` and ``"chance"``; in the square of the unit of `values`.

    Raises
    ------
    StudyError
        For fewer than 2 assumption draws or replications.

    Examples
    --------
    >>> import numpy as np
    >>> table = np.array([[[1.0, 3.0]], [[5.0, 7.0]]])
    >>> found = nested_components(table)
    >>> found["chance"].value, found["assumptions"].value
    (2.0, 7.0)
    """
    data = np.asarray(values, dtype=np.float64)
    if data.ndim != 3 or data.shape[0] < 2 or data.shape[2] < 2 or data.shape[1] < 1:
        raise StudyError(
            explain(
                "too few draws to tell the parts of a variance apart",
                value=data.shape,
                allowed="2 or more draws of the assumptions, 1 or more of the parameters, 2 or more replications",
            )
        )
    if not np.isfinite(data).all():
        raise StudyError(
            explain("a difference is not a finite number", remedy="Choose a measure that is defined in every future")
        )
    a, p, r = data.shape
    cell, group = data.mean(axis=2), data.mean(axis=(1, 2))
    chance = float(data.var(axis=2, ddof=1).mean())
    above = float(p * r * group.var(ddof=1))
    found = {}
    if p > 1:
        between = float(r * cell.var(axis=1, ddof=1).mean())
        found["assumptions"] = _difference(above, a - 1, between, a * (p - 1), p * r, level)
        found["parameters"] = _difference(between, a * (p - 1), chance, a * p * (r - 1), r, level)
    else:
        found["assumptions"] = _difference(above, a - 1, chance, a * (r - 1), r, level)
    freedom = a * p * (r - 1)
    low, high = (_chi_quantile(q, freedom) for q in ((1 + level) / 2, (1 - level) / 2))
    found["chance"] = Component(chance, chance * freedom / low, chance * freedom / high, freedom)
    return found


def _difference(upper: float, v: int, lower: float, w: int, size: int, level: float) -> Component:
    """Return ``(upper - lower) / size`` of independent mean squares on v and w degrees of freedom, and its interval."""
    from scipy import special

    tail = (1.0 - level) / 2.0
    # F quantiles at the tail that is meant; with infinite denominator degrees, chi squared over its degrees
    f_high, f_low = float(special.fdtri(v, w, 1.0 - tail)), float(special.fdtri(v, w, tail))
    g1, h1 = 1.0 - v / _chi_quantile(1.0 - tail, v), v / _chi_quantile(tail, v) - 1.0
    g2, h2 = 1.0 - w / _chi_quantile(1.0 - tail, w), w / _chi_quantile(tail, w) - 1.0
    g12 = ((f_high - 1.0) ** 2 - g1**2 * f_high**2 - h2**2) / f_high
    h12 = ((1.0 - f_low) ** 2 - h1**2 * f_low**2 - g2**2) / f_low
    below = (g1 * upper) ** 2 + (h2 * lower) ** 2 + g12 * upper * lower
    above = (h1 * upper) ** 2 + (g2 * lower) ** 2 + h12 * upper * lower
    value = upper - lower
    bounds = value - max(below, 0.0) ** 0.5, value + max(above, 0.0) ** 0.5
    return Component(value / size, bounds[0] / size, bounds[1] / size, v)


def _chi_quantile(probability: float, freedom: int) -> float:
    from scipy import special

    return float(special.chdtri(freedom, 1.0 - probability))


@dataclass(frozen=True, eq=False)
class VarianceComponents:
    """What makes the difference of every plan from the baseline uncertain.

    Attributes
    ----------
    plans : tuple of str
        The baseline first.
    measure_name : str
    differences : (draws of assumptions, draws of parameters, replications, plans - 1) array
        Each plan less the baseline, as a share of the size of the baseline's mean over everything.
    components : tuple of dict of str to Component
        Per plan but the baseline; variances of such shares.
    level : float
        Of the intervals of the components.
    drawn : bool
        Whether parameters were drawn. If not, their uncertainty is not in any figure.
    """

    plans: tuple[str, ...]
    measure_name: str
    differences: Floats
    components: tuple[dict[str, Component], ...]
    level: float
    drawn: bool

    def frame(self) -> pd.DataFrame:
        """Return one row per plan and component: variance, its interval, degrees of freedom, and share.

        `share` is that of the component in the sum of all; as variances that are estimated below zero count there as
        zero, it is for reading only.
        """
        import pandas as pd

        rows = [
            (plan, name, part.value, part.low, part.high, part.freedom, shares[name])
            for plan, parts in zip(self.plans[1:], self.components, strict=True)
            for shares in [_shares(parts)]
            for name, part in parts.items()
        ]
        return pd.DataFrame(rows, columns=["plan", "component", "variance", "low", "high", "freedom", "share"])

    def words(self, language: str = "en") -> str:
        """Say, a sentence per plan, how large each part is; the last sentence says what was not drawn.

        Raises
        ------
        WordsError
            For a language that does not exist.
        """
        lines = []
        for plan, parts in zip(self.plans[1:], self.components, strict=True):
            shares = _shares(parts)
            fields: dict[str, object] = {name: share(value, language) for name, value in shares.items()}
            fields |= {
                "plan": plan,
                "baseline": self.plans[0],
                "measure": label(f"measure.{self.measure_name}", language),
            }
            key = "parts with parameters" if "parameters" in parts else "parts"
            lines.append(sentence(key, language, **fields))
            if any(part.value < 0 for part in parts.values()):
                lines.append(sentence("part below zero", language))
        if not self.drawn:
            lines.append(sentence("parameters not drawn", language))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        lines = "".join(f"<p>{html.escape(line)}</p>" for line in self.words().splitlines())
        return lines + self.frame().to_html(index=False, float_format="{:.3g}".format)

    def __repr__(self) -> str:
        shape = " x ".join(str(size) for size in self.differences.shape[:3])
        return f"VarianceComponents({', '.join(self.plans)}; {shape} draws, draws and replications)"


def _shares(parts: Mapping[str, Component]) -> dict[str, float]:
    total = sum(max(part.value, 0.0) for part in parts.values())
    return {name: max(part.value, 0.0) / total if total > 0 else 0.0 for name, part in parts.items()}


def variance_components(
    market: Market,
    plans: Mapping[str, Plan],
    *,
    months: int = 24,
    parameters: Draws | None = None,
    assumption_draws: int = 24,
    parameter_draws: int = 4,
    replications: int = 4,
    measure_name: str = "revenue",
    level: float = 0.90,
    seed: int = 1,
    executor: Executor | None = None,
) -> VarianceComponents:
    """Take the variance of the difference between plans apart: chance, fitted parameters, assumptions.

    Parameters
    ----------
    market : Market
    plans : mapping of str to Plan
        At least two, the baseline first.
    months : int
    parameters : sequence of mappings, optional
        Independent draws of what was fitted: each names settings of the market and their values. `assumption_draws`
        times `parameter_draws` of them are used, none twice. Without them the parameters stay as they are, and that
        is said.
    assumption_draws, parameter_draws, replications : int
        Draws of the assumptions (within their ranges in the register), of the parameters within each, and paired
        futures within each of these; 2 or more of each.
    measure_name : str
    level : float
        Of the intervals of the components.
    seed : int
    executor : concurrent.futures.Executor, optional
        What runs the replications; by default threads. Results do not depend on it.

    Raises
    ------
    StudyError
        For fewer than two plans, too few draws, an unknown measure or one that does not exist in some future, or a
        parameter that is also an assumption moved.
    ModelError
        For a parameter that the market does not have.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> plans = {"six": plan, "eight": plan.but(reps=8)}
    >>> found = variance_components(market, plans, months=3, assumption_draws=4, replications=2)
    >>> found.frame()["component"].tolist(), found.differences.shape
    (['assumptions', 'chance'], (4, 1, 2, 1))
    """
    names = tuple(plans)
    place = [entry.name for entry in MEASURES].index(measure(measure_name).name)
    if len(names) < 2:
        raise StudyError(explain("a comparison needs at least two plans", where="plans", value=", ".join(names)))
    within = parameter_draws if parameters is not None else 1
    if min(assumption_draws, replications) < 2 or (parameters is not None and within < 2):
        raise StudyError(
            explain(
                "too few draws to tell the parts of a variance apart",
                where="assumption_draws, parameter_draws, replications",
                value=(assumption_draws, parameter_draws, replications),
                allowed="2 or more of each",
            )
        )
    _check_parameters(parameters, assumption_draws * within)
    moved, points = independent_assumptions(market, assumption_draws, seed)
    for name in sorted({name for draw in parameters or () for name in draw} & set(moved)):
        raise StudyError(
            explain(
                "this is drawn as a parameter and moved as an assumption: it can be one of them only",
                where=name,
                remedy="Leave it out of the parameters, or of the register's structural assumptions",
            )
        )
    alignments = [prepare(make_task(market, plan, months, seed)).alignment for plan in plans.values()]
    stop = np.zeros(1, dtype=np.int64)
    table = np.empty((assumption_draws, within, replications, len(names)))
    with ThreadPoolExecutor() if executor is None else nullcontext(executor) as pool:
        extra = (stop,) if executor is None else ()
        try:
            for i in range(assumption_draws):
                at_point = market.but(**dict(zip(moved, points[i].tolist(), strict=True)))
                for q in range(within):
                    cell = i * within + q
                    here = at_point.but(**parameters[cell]) if parameters is not None else at_point
                    tasks = [
                        make_task(here, plan, months, seed, alignment)
                        for plan, alignment in zip(plans.values(), alignments, strict=True)
                    ]
                    # Futures of their own for every cell: the same ones again would tie the cells together.
                    which = range(cell * replications, (cell + 1) * replications)
                    jobs = [[pool.submit(run_task, task, n, *extra) for task in tasks] for n in which]
                    for m, row in enumerate(jobs):
                        for j, job in enumerate(row):
                            outcome = job.result()
                            table[i, q, m, j] = np.nan if outcome is None else outcome.measures[place]
        except BaseException:
            stop[0] = 1
            raise
    size = abs(float(table[..., 0].mean()))
    differences = (table[..., 1:] - table[..., :1]) / (size if size > 0 else 1.0)
    parts = tuple(nested_components(differences[..., j], level) for j in range(len(names) - 1))
    return VarianceComponents(names, measure(measure_name).name, differences, parts, level, parameters is not None)


def _check_parameters(parameters: Draws | None, needed: int) -> None:
    if parameters is None:
        return
    if len(parameters) < needed:
        raise StudyError(
            explain(
                "too few draws of the parameters",
                where="parameters",
                value=len(parameters),
                allowed=f"{needed} or more, as none is used twice",
            )
        )
    first = set(parameters[0])
    for i, draw in enumerate(parameters):
        for name in set(draw) ^ first:
            raise StudyError(
                explain(
                    "every draw of the parameters must name the same settings",
                    where=f"draw {i}",
                    value=name,
                    remedy=nearest(name, first),
                )
            )
