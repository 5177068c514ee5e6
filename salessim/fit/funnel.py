"""The funnel from history: win chances with competing ends and open deals censored, times, stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salessim.fit.notes import Note
from salessim.fit.shrinkage import shrunk_chances
from salessim.model.market import Affinity, Stages
from salessim.model.presets import default_stages

if TYPE_CHECKING:
    import pandas as pd

    from salessim.fit.history import History
    from salessim.fit.steps import StepLog

__all__ = ["FunnelFit", "cumulative_incidence", "fit_funnel", "shift_of_chance", "win_chance"]

Floats = NDArray[np.float64]
_ENDS = ("won", "lost", "no_decision", "disqualified")
_SHORTEST_DWELL = 0.25


@dataclass(frozen=True)
class FunnelFit:
    """Stages, win-chance shifts by segment and product, and what was assumed."""

    stages: Stages
    wins: Affinity
    won_share: float
    cycle_days: float
    notes: tuple[Note, ...]


def cumulative_incidence(age: Floats, end: NDArray[np.int64], n_ends: int) -> Floats:
    """Share of deals that reach each end, with deals still open censored at their age (Aalen-Johansen).

    Parameters
    ----------
    age : (n,) array
        Days from creation to the end or to the snapshot.
    end : (n,) int array
        Which end, counted from 1; 0 is still open.
    n_ends : int

    Returns
    -------
    (n_ends,) array
        Shares at the longest age seen, scaled to sum to 1: what has not ended by then is assumed to end alike.

    Examples
    --------
    >>> cumulative_incidence(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 2, 1, 2]), 2).tolist()
    [0.5, 0.5]
    """
    order = np.argsort(age, kind="stable")
    age, end = age[order], end[order]
    times, first = np.unique(age, return_index=True)
    at_risk = len(age) - first
    counts = np.zeros((n_ends, len(times)))
    slot = np.searchsorted(times, age)
    for k in range(n_ends):
        counts[k] = np.bincount(slot[end == k + 1], minlength=len(times))
    survival = np.cumprod(1.0 - counts.sum(axis=0) / at_risk)
    before = np.concatenate([[1.0], survival[:-1]])
    reached = (before * counts / at_risk).sum(axis=1)
    return reached / reached.sum() if reached.sum() > 0 else np.full(n_ends, 1.0 / n_ends)


def _time_to_close(age: Floats, ended: NDArray[np.bool_]) -> tuple[float, float]:
    """Return median and mean of the time to close with open deals censored (Kaplan-Meier, mean up to the longest)."""
    order = np.argsort(age, kind="stable")
    age, ended = age[order], ended[order]
    at_risk = np.arange(len(age), 0, -1)
    survival = np.cumprod(1.0 - ended / at_risk)
    below = np.flatnonzero(survival <= 0.5)
    median = float(age[below[0]]) if len(below) else float(age[-1])
    steps = np.diff(np.concatenate([[0.0], age]))
    before = np.concatenate([[1.0], survival[:-1]])
    return median, float((steps * before).sum())


def win_chance(log_odds: Floats, shift: float) -> float:
    """Return the chance to pass all stages with `shift` (log-odds over the whole funnel) shared among them."""
    return float(np.prod(1.0 / (1.0 + np.exp(-(log_odds + shift / len(log_odds))))))


def shift_of_chance(log_odds: Floats, chance: float) -> float:
    """Return the shift at which `win_chance` is `chance` (bisection to 1e-10).

    Examples
    --------
    >>> z = np.array([0.0, 1.0])
    >>> round(win_chance(z, shift_of_chance(z, 0.2)), 6)
    0.2
    """
    low, high = -60.0, 60.0
    for _ in range(120):
        middle = (low + high) / 2
        if win_chance(log_odds, middle) < chance:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def fit_funnel(history: History, segment_of: pd.Series, log: StepLog) -> FunnelFit:
    """Estimate the funnel.

    With stage history, chances and times are estimated stage by stage. Without it only the whole cycle is known: the
    default funnel's proportions split it, and the notes say so.

    Parameters
    ----------
    history : History
    segment_of : Series
        Segment by account.
    log : StepLog
    """
    deals = history.deals
    code = deals["status"].map({"open": 0, "won": 1, "lost": 2, "no_decision": 3, "zombie": 3, "disqualified": 4})
    ended = np.asarray(code) > 0
    shares = cumulative_incidence(deals["age"].to_numpy(), np.asarray(code, dtype=np.int64), len(_ENDS))
    won = float(np.clip(shares[0], 0.005, 0.995))
    dated = ended & deals["closed"].notna().to_numpy() | ~ended
    median, mean = _time_to_close(deals["age"].to_numpy()[dated], ended[dated])
    notes: list[Note] = []
    stages = None if log.whole else _stages_of(log)
    if stages is None:
        notes.append(Note("fit no stages"))
        stages = _split_default(won, shares, median, mean, deals["age"].to_numpy()[ended & dated])
    log_odds = np.log(stages["advance"] / (1 - np.minimum(stages["advance"], 1 - 1e-9)))
    base = shift_of_chance(log_odds, won)
    if abs(base) > 1e-6:
        moved = 1.0 / (1.0 + np.exp(-(log_odds + base / len(log_odds))))
        stages = stages.but(advance=np.round(moved, 6))
        log_odds = log_odds + base / len(log_odds)
    return FunnelFit(stages, _win_cells(deals, segment_of, won, log_odds), won, mean, tuple(notes))


def _win_cells(deals: pd.DataFrame, segment_of: pd.Series, won: float, log_odds: Floats) -> Affinity:
    """Shift of the win chance of each segment and product, shrunk towards the product's, that towards the company's."""
    decided = deals[(deals["status"] != "open") & deals["known_account"] & deals["product"].notna()]
    if not len(decided):
        return Affinity()
    segment = decided["account"].map(segment_of).fillna("other")
    win = (decided["status"] == "won").astype(float)
    cells = (
        win.groupby([segment.rename("segment"), decided["product"].rename("product")])
        .agg(["sum", "count"])
        .reset_index()
    )
    # open deals without an account would bias the level; only differences between cells are taken from here
    overall = cells["sum"].sum() / cells["count"].sum()
    products = cells.groupby("product")[["sum", "count"]].sum()
    product_chance = dict(
        zip(products.index, shrunk_chances(products["sum"].to_numpy(), products["count"].to_numpy()), strict=True)
    )
    rows = []
    for product, group in cells.groupby("product"):
        chance = shrunk_chances(group["sum"].to_numpy(), group["count"].to_numpy())
        own = group["sum"].sum() / group["count"].sum()
        for g, value in zip(group["segment"], chance, strict=True):
            level = np.clip(product_chance[product] * value / max(own, 1e-9), 0.001, 0.999)
            ratio = (level / (1 - level)) / (overall / (1 - overall))
            target = won / (1 - won) * ratio
            rows.append((g, product, round(shift_of_chance(log_odds, float(target / (1 + target))), 4)))
    return Affinity([{"segment": g, "product": p, "win": w} for g, p, w in rows])


def _split_default(won: float, shares: Floats, median: float, mean: float, ages: Floats) -> Stages:
    usual = default_stages()
    log_chance = np.log(usual["advance"])
    advance = np.exp(log_chance / log_chance.sum() * np.log(won))
    reach = np.concatenate([[1.0], np.cumprod(advance)[:-1]])
    dwell = usual["dwell"] * (mean / float((reach * usual["dwell"]).sum()))
    spread = float(np.std(ages)) / max(float(np.mean(ages)), 1e-9) if len(ages) > 2 else 1.0
    shape = float(np.sqrt((dwell**2).sum()) / dwell.sum())
    cv = float(np.clip(spread / max(shape, 1e-9), 0.2, 2.0))
    lost, no_decision, disqualified = _ends_of(shares)
    return usual.but(
        advance=np.round(advance, 6),
        dwell=np.round(np.maximum(dwell, _SHORTEST_DWELL), 3),
        dwell_cv=round(cv, 3),
        lost=lost,
        no_decision=no_decision,
        disqualified=disqualified,
    )


def _ends_of(shares: Floats) -> tuple[float, float, float]:
    rest = shares[1:]
    if rest.sum() <= 0:
        return 0.6, 0.4, 0.0
    lost, no_decision, disqualified = (rest / rest.sum()).round(4).tolist()
    return lost, no_decision, disqualified


def _stages_of(log: StepLog) -> Stages | None:
    """Return the stages of a log that knows some; None where one of them is too thin to say anything."""
    spent = (log.frame["left"] - log.frame["entered"]).to_numpy()
    where, what = log.frame["stage"].to_numpy(), log.frame["what"].to_numpy()
    usual = default_stages()
    rows: list[dict[str, object]] = []
    for k, stage in enumerate(log.stages):
        at = (where == k) & np.isfinite(spent)
        age, end_code = np.maximum(spent[at], 0.0), what[at]
        if at.sum() < 5 or not (end_code > 0).any():
            return None
        ends = cumulative_incidence(age, end_code, 4)
        _, mean = _time_to_close(age, end_code > 0)
        closed = age[end_code > 0]
        cv = float(np.clip(float(np.std(closed)) / max(float(np.mean(closed)), 1e-9), 0.1, 2.5))
        lost, no_decision, disqualified = _ends_of(ends)
        place = min(k * len(usual) // max(len(log.stages), 1), len(usual) - 1)
        rows.append(
            {
                "stage": stage,
                "effort": float(usual["effort"][place]),
                "dwell": round(max(mean, _SHORTEST_DWELL), 3),
                "dwell_cv": round(cv, 3),
                "advance": round(float(np.clip(ends[0], 0.02, 0.98)), 6),
                "lost": lost,
                "no_decision": no_decision,
                "disqualified": disqualified,
                "visit": 0.0 if len(log.stages) > 1 and k == 0 else 1.0,
            }
        )
    return Stages(rows)
