"""Hiring paths: grow as earnings allow, play safe, or build at once; contribution by year in closed form.

Sales follow Koyck's law of carry-over in logarithms: the year's effort acts with its elasticity at once, and what it
has built is kept at the carry-over rate from year to year, so that a lasting change acts in the end with
``elasticity / (1 - carry_over)``. Newcomers count in their first year as far as post and ramp let them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salessim.errors import StudyError, explain
from salessim.study.phrases import phrase, quantity
from salessim.study.wording import currency_label
from salessim.words import sentence

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["HBR_2006", "PATHS", "HiringPaths", "PathCase", "first_year_productivity", "hiring_paths", "standard_paths"]

Floats = NDArray[np.float64]

PATHS: Mapping[str, tuple[float, ...]] = {
    "earn your way": (0.25, 0.625, 1.0),
    "play it safe": (0.625, 1.0, 1.0),
    "quick build": (1.0, 1.0, 1.0),
}
"""Share of the growth that is there in years 1, 2 and 3, as in the case of `HBR_2006`."""


@dataclass(frozen=True)
class PathCase:
    """A published case of hiring paths.

    Attributes
    ----------
    start : int
        Reps before year 1.
    heads : mapping of str to tuple of int
        Reps of years 1, 2, 3 on each path.
    first_year, three_years : mapping of str to float
        Published contribution, million USD.
    """

    start: int
    heads: Mapping[str, tuple[int, ...]]
    first_year: Mapping[str, float]
    three_years: Mapping[str, float]


HBR_2006 = PathCase(
    start=300,
    heads={"earn your way": (320, 350, 380), "play it safe": (350, 380, 380), "quick build": (380, 380, 380)},
    first_year={"earn your way": 87.0, "play it safe": 84.0, "quick build": 83.0},
    three_years={"earn your way": 301.0, "play it safe": 321.0, "quick build": 351.0},
)
"""A pharmaceutical firm in Zoltners, Sinha & Lorimer (2006), *Harvard Business Review* 84(7/8), page 64 of the reprint.

Which head counts belong to which path is a reading of a flattened chart.
"""


@dataclass(frozen=True, eq=False)
class HiringPaths:
    """Several hiring paths worked out.

    Attributes
    ----------
    names : tuple of str
    heads, sales, contribution : (paths, years) array
        Reps on the payroll; sales and contribution of each year, in the unit of the sales given.
    currency : str
    """

    names: tuple[str, ...]
    heads: Floats
    sales: Floats
    contribution: Floats
    currency: str

    @property
    def totals(self) -> Floats:
        """Contribution over all years, one per path."""
        result: Floats = self.contribution.sum(axis=1)
        return result

    @property
    def catch_up(self) -> NDArray[np.int64]:
        """Year in which a path's contribution to date passes that of the first path; 0 where it never does."""
        ahead = self.contribution.cumsum(axis=1) > self.contribution[0].cumsum() * (1 + 1e-12)
        result: NDArray[np.int64] = np.where(ahead.any(axis=1), ahead.argmax(axis=1) + 1, 0)
        return result

    def frame(self, language: str = "en") -> pd.DataFrame:
        """Return one row per path and year: path, year, reps, sales, contribution."""
        import pandas as pd

        years = np.arange(1, self.heads.shape[1] + 1)
        names = [path_name(name, language) for name in self.names]
        return pd.DataFrame(
            {
                "path": np.repeat(names, len(years)),
                "year": np.tile(years, len(names)),
                "reps": self.heads.ravel(),
                "sales": self.sales.ravel(),
                "contribution": self.contribution.ravel(),
            }
        )

    def text(self, language: str = "en") -> str:
        """Say which path brings most in the first year and which over all years."""
        first, over_all = int(np.argmax(self.contribution[:, 0])), int(np.argmax(self.totals))
        money = currency_label(self.currency, language)
        comma = phrase(language, "comma")
        rows = comma.join(
            sentence(
                "path row", language, path=path_name(name, language),
                first=quantity(self.contribution[n, 0], language, unit=money),
                total=quantity(self.totals[n], language, unit=money),
            )
            for n, name in enumerate(self.names)
        )  # fmt: skip
        return sentence(
            "path answer", language, first=path_name(self.names[first], language), years=self.heads.shape[1],
            best=path_name(self.names[over_all], language), rows=rows,
        )  # fmt: skip

    def __repr__(self) -> str:
        return self.text()


def path_name(name: str, language: str = "en") -> str:
    """Return what a path is called: the three standard ones in both languages, others as they are."""
    known = {
        "earn your way": sentence("path earn", language),
        "play it safe": sentence("path safe", language),
        "quick build": sentence("path quick", language),
    }
    return known.get(name, name)


def standard_paths(start: float, goal: float) -> dict[str, Floats]:
    """Return the three standard paths from a size to a larger one over three years.

    Examples
    --------
    >>> {name: heads.tolist() for name, heads in standard_paths(300, 380).items()}["earn your way"]
    [320.0, 350.0, 380.0]
    """
    return {name: start + (goal - start) * np.array(shares) for name, shares in PATHS.items()}


def first_year_productivity(fill_years: float = 2 / 12, ramp_years: float = 5 / 12, start: float = 0.2) -> float:
    """Return what a post opened on the first day of a year does in that year, as a share of an experienced rep.

    It is empty while it is filled; then productivity rises evenly from `start` to 1.

    Parameters
    ----------
    fill_years, ramp_years : float
        Together a year at most. Two and five months by default (practice figures).
    start : float
        Productivity on the first day, a share.

    Examples
    --------
    >>> round(first_year_productivity(), 4)
    0.6667
    """
    if not (fill_years >= 0 and ramp_years >= 0 and fill_years + ramp_years <= 1 and 0 <= start <= 1):
        raise StudyError(
            explain(
                "filling a post and ramping up must fit into the first year",
                where="fill_years, ramp_years, start", value=str((fill_years, ramp_years, start)),
                allowed="times of 0 or more that add up to 1 at most, a share from 0 to 1",
            )
        )  # fmt: skip
    return 1.0 - fill_years - ramp_years * (1.0 - start) / 2.0


def hiring_paths(
    paths: Mapping[str, Sequence[float] | Floats],
    *,
    start: float,
    sales: float,
    margin: float,
    cost: float,
    elasticity: float = 0.4,
    carry_over: float = 0.5,
    newcomer: float | None = None,
    growth: float = 0.0,
    currency: str = "CNY",
) -> HiringPaths:
    """Work out hiring paths: ``log sales[t] = log base[t] + stock[t]``, ``stock[t] = K stock[t-1] + e log(effort / start)``.

    Parameters
    ----------
    paths : mapping of str to sequence
        Reps on the payroll in each year, all of one length. A path that shrinks loses effort at once.
    start : float
        Reps before year 1, whose sales are steady.
    sales : float
        Yearly sales of those.
    margin : float
        Gross margin, share of sales.
    cost : float
        Yearly cost of a rep; a newcomer costs as much from the first day.
    elasticity : float
        Of a year's sales to the year's effort; 0.4 for a young product, 0.3 for a mature one.
    carry_over : float
        Share of an effect that is left a year later: 0.75 in pharmaceuticals, 0.5 in general, 0 for transactions.
    newcomer : float, optional
        Productivity of a newcomer in the first year; by default that of `first_year_productivity`.
    growth : float
        Of the base a year, whatever the effort.
    currency : str

    Returns
    -------
    HiringPaths

    Raises
    ------
    StudyError
        For paths of different lengths, or values that cannot be.

    Examples
    --------
    >>> found = hiring_paths(standard_paths(30, 38), start=30, sales=60e6, margin=0.6, cost=0.4e6)
    >>> [round(float(x) / 1e6, 1) for x in found.contribution[:, 0]]
    [23.8, 23.5, 23.2]
    """  # noqa: E501
    lengths = {len(heads) for heads in paths.values()}
    if len(lengths) != 1 or 0 in lengths:
        raise StudyError(
            explain("paths need the same years", where="paths", value=str(sorted(lengths)), allowed="1 or more each")
        )
    heads = np.array([np.asarray(path, dtype=np.float64) for path in paths.values()])
    known = {"start": start, "sales": sales, "cost": cost, "smallest head count": float(heads.min())}
    for name, value in known.items():
        if not value > 0:
            raise StudyError(explain("this value must be above 0", where=name, value=value))
    if not (0 < elasticity < 1 and 0 <= carry_over < 1):
        raise StudyError(
            explain(
                "elasticity and carry-over are shares", where="elasticity, carry_over",
                value=str((elasticity, carry_over)), allowed="elasticity above 0, carry-over from 0, both below 1",
            )
        )  # fmt: skip
    first = first_year_productivity() if newcomer is None else newcomer
    before = np.column_stack([np.full(len(heads), float(start)), heads[:, :-1]])
    effort = np.minimum(heads, before) + first * np.maximum(heads - before, 0.0)
    stock = np.zeros(heads.shape)
    for year in range(heads.shape[1]):
        kept = carry_over * stock[:, year - 1] if year else 0.0
        stock[:, year] = kept + elasticity * np.log(effort[:, year] / start)
    base = sales * (1.0 + growth) ** np.arange(heads.shape[1])
    sold = np.asarray(base * np.exp(stock), dtype=np.float64)
    return HiringPaths(tuple(paths), heads, sold, np.asarray(margin * sold - cost * heads), currency)
