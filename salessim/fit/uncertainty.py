"""How uncertain a fitted market is: named parameters with their covariance, and markets drawn from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from salessim.errors import StudyError, explain
from salessim.fit.worth import EFFECTS

if TYPE_CHECKING:
    import pandas as pd

    from salessim.fit.estimates import Estimates
    from salessim.fit.worth import Worth
    from salessim.model.market import Market

__all__ = ["Uncertainty"]

Floats = NDArray[np.float64]

_DRAWN = ("demand", "advance", "days", "price")
"""Of the estimates those that a market has a place for, by the first part of their names; all on a log scale."""
_WIDEST = 1.0
"""Largest standard deviation that is drawn from: beyond, a log scale makes markets that nobody would believe (ours)."""


@dataclass(frozen=True, eq=False, repr=False)
class Uncertainty:
    """The parameters of a fitted market that the history leaves uncertain.

    Attributes
    ----------
    names : tuple of str
        ``demand.PRODUCT``, ``price.PRODUCT`` (logs), ``advance.STAGE`` (log-odds), ``days.STAGE`` (log), and the
        effects of experience.
    mean : (k,) array
    covariance : (k, k) array
    """

    names: tuple[str, ...]
    mean: Floats
    covariance: Floats

    @classmethod
    def of(cls, estimates: Sequence[Estimates], worth: Worth) -> Uncertainty:
        """Gather what estimates leave uncertain; parts that were estimated apart are independent."""
        from scipy import linalg

        names: list[str] = []
        mean: list[float] = []
        blocks: list[Floats] = []
        for one in estimates:
            keep = [i for i, name in enumerate(one.names) if name.split(".")[0] in _DRAWN]
            names += [one.names[i] for i in keep]
            mean += one.mean[keep].tolist()
            blocks.append(one.covariance[np.ix_(keep, keep)])
        taken, covariance = worth.combined()
        whole = np.asarray(linalg.block_diag(*blocks, covariance))
        return cls((*names, *EFFECTS), _frozen(np.concatenate([mean, taken])), _frozen(whole))

    def frame(self) -> pd.DataFrame:
        """Return one row per parameter: mean and standard error."""
        import pandas as pd

        return pd.DataFrame(
            {"name": self.names, "mean": self.mean, "error": np.sqrt(np.maximum(np.diag(self.covariance), 0.0))}
        )

    def settings(self, market: Market, n: int, seed: int = 1, *, effects: bool = True) -> list[dict[str, Any]]:
        """Draw settings of a market.

        Parameters
        ----------
        market : Market
            The fitted one: draws move it from where it is.
        n : int
            1 or more.
        seed : int
        effects : bool
            Whether the effects of experience are among them.

        Returns
        -------
        list of dict
            For ``market.but(**one)``.

        Raises
        ------
        StudyError
            For less than one draw.
        """
        if n < 1:
            raise StudyError(explain("at least one draw is needed", where="n", value=n, allowed="1 or more"))
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        moves = np.random.default_rng(seed).standard_normal((n, len(self.mean))) @ root.T
        width = np.sqrt(np.maximum(np.diag(self.covariance), 1e-300))
        bounded = np.array([name not in EFFECTS for name in self.names])
        moves = np.where(bounded, moves * np.minimum(1.0, _WIDEST / width), moves)
        return [self._moved(market, dict(zip(self.names, move.tolist(), strict=True)), effects) for move in moves]

    def _moved(self, market: Market, move: dict[str, float], effects: bool) -> dict[str, Any]:
        products, stages = market.products, market.stages
        names, steps = [str(p) for p in products["product"]], [str(s) for s in stages["stage"]]

        def factor(kind: str, of: list[str]) -> Floats:
            return np.exp([move.get(f"{kind}.{name}", 0.0) for name in of])

        # a log without stages knows one whole cycle: its chance and time move all stages alike
        whole = not any(f"advance.{name}" in move for name in steps)
        advance = np.clip(stages["advance"], 1e-9, 1.0 - 1e-9)
        shift = np.array([move.get(f"advance.{name}", 0.0) for name in steps])
        days = factor("days", steps)
        if whole:
            shift = np.full(len(steps), sum(v for k, v in move.items() if k.startswith("advance.")))
            days = np.full(len(steps), np.exp(sum(v for k, v in move.items() if k.startswith("days."))))
        odds = advance / (1.0 - advance) * np.exp(shift)
        found: dict[str, Any] = {
            "products": products.but(
                opportunities=products["opportunities"] * factor("demand", names),
                price=products["price"] * factor("price", names),
            ),
            "stages": stages.but(advance=odds / (1.0 + odds), dwell=stages["dwell"] * days),
        }
        if effects:
            for k, name in enumerate(EFFECTS):
                # the effects are last; none of them can be negative
                found[name] = max(float(self.mean[len(self.mean) - len(EFFECTS) + k]) + move[name], 0.0)
        return found

    def __repr__(self) -> str:
        return f"Uncertainty({len(self.names)} parameters)"


def _frozen(values: Floats) -> Floats:
    values.setflags(write=False)
    return values
