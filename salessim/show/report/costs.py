"""What a plan costs: the profit and loss account of every plan, line by line, on the study's own paired futures."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salessim.ledger import LINES, ledger_of
from salessim.study.tasks import make_task, prepare

if TYPE_CHECKING:
    from salessim.study.study import Study

__all__ = ["Accounts", "accounts_of"]

Floats = NDArray[np.float64]
_MOST = 100
_SAME = 1e-7  # the ledger rounds every deal to the cent


@dataclass(frozen=True, eq=False)
class Accounts:
    """The account of every plan in some replications of a study.

    Attributes
    ----------
    amounts : (replications, plans, lines) array
        Money; lines as in `salessim.ledger.LINES`, then their sum, the contribution. Costs are negative.
    """

    amounts: Floats

    @property
    def lines(self) -> tuple[str, ...]:
        """Names of the lines."""
        return (*LINES, "contribution")

    @property
    def replications(self) -> int:
        """Number of replications."""
        return len(self.amounts)

    def mean(self, plan: int) -> Floats:
        """Return the mean of every line under a plan."""
        return np.asarray(self.amounts[:, plan].mean(axis=0))

    def difference(self, plan: int, against: int, level: float = 0.90) -> tuple[Floats, Floats]:
        """Return the mean paired difference of every line, and half the width of its interval (Student's t)."""
        gap = self.amounts[:, plan] - self.amounts[:, against]
        return gap.mean(axis=0), _half(gap, level)

    def difference_of(self, lines: list[int], plan: int, against: int, level: float = 0.90) -> tuple[float, float]:
        """Return the same of the sum of some lines: they move together, so their intervals do not add up."""
        gap = (self.amounts[:, plan] - self.amounts[:, against])[:, lines].sum(axis=1, keepdims=True)
        return float(gap.mean()), float(_half(gap, level)[0])


def _half(gap: Floats, level: float) -> Floats:
    from scipy.stats import t

    n = len(gap)
    return np.asarray(t.ppf(0.5 + level / 2.0, n - 1) * gap.std(axis=0, ddof=1) / np.sqrt(n))


@lru_cache(maxsize=1)  # a report in each language needs one replay, not two
def accounts_of(study: Study, most: int = _MOST) -> Accounts | None:
    """Replay the first replications of a study and return their accounts.

    Parameters
    ----------
    study : Study
    most : int
        Replications to replay, all of them where there are fewer.

    Returns
    -------
    Accounts or None
        None where the replay does not leave the study's own revenue to seven digits, so that the account would be
        another study's: a study that another version made; nor for a plan with a process of the user's own.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> from salessim.study.comparison import compare
    >>> market, plan = preset("small")
    >>> plans = {"territory": plan, "product": plan.but(structure="product")}
    >>> study = compare(market, plans, months=3, replications=4, draws=0, audit=False)
    >>> account = accounts_of(study)
    >>> bool(np.allclose(account.amounts[:, :, -1], study.values("contribution")))
    True
    """
    if study.processes:
        return None
    n = min(most, study.replications)
    replays = [prepare(make_task(study.market, plan, study.months, study.seed)) for plan in study.plans.values()]
    places = [(i, k) for i in range(n) for k in range(len(replays))]

    def account(place: tuple[int, int]) -> Floats:
        run = replays[place[1]].run(place[0])
        assert run is not None  # nothing stops it
        ledger = ledger_of(run)
        cents = np.bincount(ledger.line, weights=ledger.cents, minlength=len(LINES))[: len(LINES)]
        return np.append(cents, cents.sum()) / 100.0

    # the first alone: a second study must not be replayed to its end only to find that it is another one's
    first = account((0, 0))
    told = study.values("revenue")
    if not np.isclose(first[0], told[0, 0], rtol=_SAME, atol=1.0):
        return None
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        found = np.array(list(pool.map(account, places))).reshape(n, len(replays), -1)
    same = np.allclose(found[:, :, 0], told[:n], rtol=_SAME, atol=1.0)
    return Accounts(found) if same else None
