"""Syntex Laboratories: the classic case of sizing and deployment by judged response curves.

Lodish, L.M., E. Curtis, M. Ness & M.K. Simpson (1988), "Sales Force Sizing and Deployment Using a Decision Calculus
Model at Syntex Laboratories", *Interfaces* 18(1), 5-20. The table is recalled and was cross-checked against a course's
data set; the cost of a rep is from the same course (secondary).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salessim.sizing.allocation import Deployments, best_size, deployments
from salessim.sizing.response import Adbudg, fit_adbudg

__all__ = ["COST_PER_REP", "PRODUCTS", "SyntexCase", "syntex_case"]

Floats = NDArray[np.float64]

COST_PER_REP = 0.057
"""Million USD a year."""

# Sales index at 0, 1/2, 1.5 times today's effort and saturation; gross margin; sales (million USD); reps.
_TABLE: dict[str, tuple[float, ...]] = {
    "Naprosyn": (0.47, 0.68, 1.26, 1.52, 0.70, 214.4, 96.8),
    "Anaprox": (0.15, 0.48, 1.20, 1.35, 0.55, 36.5, 142.4),
    "Norinyl 135": (0.31, 0.63, 1.15, 1.25, 0.72, 21.2, 52.7),
    "Norinyl 150": (0.45, 0.70, 1.05, 1.10, 0.72, 37.2, 24.1),
    "Lidex": (0.56, 0.80, 1.11, 1.20, 0.62, 38.0, 27.3),
    "Synalar": (0.59, 0.76, 1.07, 1.11, 0.53, 14.6, 29.7),
    "Nasalide": (0.15, 0.61, 1.46, 1.76, 0.52, 11.2, 56.8),
}
PRODUCTS = tuple(_TABLE)
"""The seven products."""


@dataclass(frozen=True, eq=False)
class SyntexCase:
    """The case solved: curves and the best deployment of every size.

    Attributes
    ----------
    curves : Adbudg
        Sales index of the seven products, effort as a multiple of today's.
    margin, sales, reps : (7,) array
        Gross margin (share), sales (million USD a year) and reps of today.
    found : Deployments
        Gross margin (million USD a year) at the best split of every number of reps.
    """

    curves: Adbudg
    margin: Floats
    sales: Floats
    reps: Floats
    found: Deployments

    @property
    def today(self) -> float:
        """Contribution of today's reps as they are deployed, million USD a year."""
        return float((self.margin * self.sales).sum() - COST_PER_REP * self.reps.sum())

    @property
    def optimum(self) -> tuple[float, float]:
        """The best number of reps and its contribution."""
        return best_size(self.found, COST_PER_REP)

    def contribution(self, reps: float) -> float:
        """Return the contribution of so many reps at their best deployment, million USD a year."""
        split = self.found.split(reps)
        place = round(float(split.sum()) / self.found.step)
        return float(self.found.value[place] - COST_PER_REP * reps)

    def sales_at(self, split: Floats) -> Floats:
        """Return the sales of the products at a deployment of reps, million USD a year."""
        result: Floats = self.sales * self.curves.sales(split / self.reps)
        return result


def syntex_case(step: float = 2.0, most: float = 1200.0) -> SyntexCase:
    """Solve the case on a grid of `step` reps up to `most`.

    Examples
    --------
    >>> case = syntex_case()
    >>> case.optimum[0], round(case.optimum[1], 1)
    (778.0, 284.8)
    """
    zero, half, more, saturation, margin, sales, reps = np.array(list(_TABLE.values())).T
    curves = fit_adbudg(zero, half, more, saturation)
    effort = step * np.arange(int(most / step) + 1)
    gains = (curves.sales(effort[:, None] / reps) * sales * margin).T
    return SyntexCase(curves, margin, sales, reps, deployments(gains, step))
