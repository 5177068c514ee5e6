"""Experience from the log: what practice has built up, and what is left of what was there before the log began.

The rules of `salessim.rules` for knowledge and relationship are linear in the level at the start. Between two contacts
a level fades by ``exp(-fade * days)``, and a contact closes a share `gain` of what is missing, so at any time

    ``level = kept * level_at_start + built``

with `kept` and `built` known from the log. What nobody wrote down, the level at the start, stays a parameter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["levels_at"]

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def levels_at(who: Codes, when: Floats, gain: Floats, asked: Codes, at: Floats, fade: float) -> tuple[Floats, Floats]:
    """Return how much of the start is kept and how much was built, at the times asked for.

    Parameters
    ----------
    who, when, gain : (n,) arrays
        Contacts: the pair (such as rep and product) by number, the day, and the share (0-1) of what is missing that
        the contact closes.
    asked, at : (m,) arrays
        Pairs and days at which levels are wanted. A contact at the very moment does not count.
    fade : float
        Share lost a day.

    Returns
    -------
    kept, built : (m,) arrays
        Between 0 and 1; their sum is at most 1.

    Examples
    --------
    >>> kept, built = levels_at(np.array([0]), np.array([1.0]), np.array([0.5]), np.array([0, 0]),
    ...                         np.array([1.0, 2.0]), 0.0)
    >>> kept.tolist(), built.tolist()
    ([1.0, 0.5], [0.0, 0.5])
    """
    pair = np.concatenate([asked, who])
    time = np.concatenate([at, when])
    change = np.concatenate([np.full(len(asked), -1.0), gain])  # -1: a question, which comes before contacts
    order = np.lexsort((np.arange(len(pair)), time, pair))
    kept, built = np.empty(len(asked)), np.empty(len(asked))
    now, before, a, b = -1, 0.0, 1.0, 0.0
    fading = np.exp(-fade * np.maximum(np.diff(time[order], prepend=0.0), 0.0))
    for row, p, t, f, g in zip(
        order.tolist(), pair[order].tolist(), time[order].tolist(), fading.tolist(), change[order].tolist(), strict=True
    ):
        if p != now:
            # the level at the start is that on day 0
            now, before, b = p, t, 0.0
            a = float(np.exp(-fade * max(t, 0.0)))
        elif t > before:
            a, b, before = a * f, b * f, t
        if g < 0.0:
            kept[row], built[row] = a, b
        else:
            a, b = a * (1.0 - g), b + g * (1.0 - b)
    return kept, built
