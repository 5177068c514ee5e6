"""Many bars at once: one artist for all of them, because a patch for each takes longer than the rest of a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_bars"]


def draw_bars(
    ax: Axes, at: NDArray[Any], values: NDArray[Any], thick: float, *, lying: bool = False, **style: Any
) -> None:
    """Draw bars from zero.

    Parameters
    ----------
    ax : Axes
    at : array
        Middle of each bar on the axis of the categories.
    values : array
        Its end; NaN draws none.
    thick : float
        On the axis of the categories.
    lying : bool
        Whether the bars lie, from left to right, or stand.
    **style
        Of the artist: ``facecolor``, ``edgecolor``, ``linewidth``, ``zorder``.
    """
    from matplotlib.collections import PolyCollection

    place, end = np.asarray(at, dtype=np.float64), np.asarray(values, dtype=np.float64)
    side = np.stack([place - thick / 2.0, place - thick / 2.0, place + thick / 2.0, place + thick / 2.0], axis=1)
    zero = np.zeros(len(end))
    along = np.stack([zero, end, end, zero], axis=1)
    corners = np.stack([along, side] if lying else [side, along], axis=2)
    ax.add_collection(PolyCollection(list(corners[np.isfinite(end)]), **style), autolim=False)
