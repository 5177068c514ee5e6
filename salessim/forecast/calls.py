"""What reps call: commits biased by optimism and by sandbagging, and how a forecast learns each rep's bias."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from salessim.errors import explain
from salessim.forecast.errors import ForecastError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COMMIT_COLUMNS", "checked_commits", "commits_of", "learnt_bias"]

COMMIT_COLUMNS = ("rep", "day", "horizon", "commit")
_PRIOR_SD = 0.5  # of reps' log biases, before anything is known
_MOST = {"optimism": 5.0, "spread": 2.0, "sandbagging": 1.0, "ratchet_up": 1.0, "noise": 2.0}


def commits_of(
    book: Any,
    *,
    horizon: tuple[int, ...] = (30, 60, 90),
    optimism: float = 0.0,
    spread: float = 0.0,
    sandbagging: float = 0.0,
    ratchet_up: float = 0.0,
    noise: float = 0.0,
    quotas: Mapping[str, float] | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Write the commits that reps would have made at each month end of a run's book (承诺预测).

    A rep knows what will come of the deals that are open; what is written down strays from it. With every dial at 0 the
    commit is what came. No published figures are known for the dials; values to try are ours.

    Parameters
    ----------
    book : salessim.record.Book
        Of the whole run.
    horizon : tuple of int
        Days ahead that a commit is for.
    optimism : float
        Mean share by which commits are too high; 0 to 5.
    spread : float
        Standard deviation of the reps' own log bias around it; 0 to 2.
    sandbagging : float
        Share of what a rep expects over quota that is kept back when an overshoot raises the next quota in full; 0 to
        1.
    ratchet_up : float
        Share of an overshoot by which the next quota rises (`salessim.pay.quotas.ratcheted`); without it nobody has a
        reason to keep back; 0 to 1.
    noise : float
        Standard deviation of the log error of a single commit; 0 to 2.
    quotas : mapping of str to float, optional
        Each rep's quota for 90 days, currency; without it a rep's mean of all 90-day windows.
    seed : int

    Returns
    -------
    pandas.DataFrame
        ``rep``, ``day`` (of the commit), ``horizon`` (days), ``commit`` (currency), ``came`` (currency; what was then
        won of the deals open on that day).

    Raises
    ------
    ForecastError
        For a dial out of its range, or a book too short for a single month end with an outcome.

    Examples
    --------
    >>> import datetime, types, pandas as pd
    >>> deals = pd.DataFrame({"owner_id": ["R1"], "status": ["won"], "amount": [100.0],
    ...     "created_at": pd.to_datetime(["2026-01-10"]), "closed_at": pd.to_datetime(["2026-02-10"])})
    >>> book = types.SimpleNamespace(deals=deals, as_of=datetime.date(2026, 5, 31))
    >>> commits_of(book, horizon=(30,), optimism=0.2)["commit"].round().tolist()
    [120.0, 0.0, 0.0, 0.0]
    """
    import pandas as pd

    given = {
        "optimism": optimism,
        "spread": spread,
        "sandbagging": sandbagging,
        "ratchet_up": ratchet_up,
        "noise": noise,
    }
    for name, value in given.items():
        if not 0.0 <= value <= _MOST[name]:
            raise ForecastError(
                explain("this is no dial of a commit", where=name, value=value, allowed=f"0 to {_MOST[name]:g}")
            )
    deals = book.deals[book.deals["owner_id"].notna()]
    end = pd.Timestamp(book.as_of) + pd.Timedelta(days=1)
    first = deals["created_at"].min()
    days = list(pd.date_range(first, end, freq="ME").normalize()) if len(deals) else []
    reps = sorted(deals["owner_id"].astype(str).unique())
    rows = []
    for day in days:
        after = day + pd.Timedelta(days=1)
        mine = deals[(deals["created_at"] < after) & ~(deals["closed_at"] < after)]
        for ahead in horizon:
            until = after + pd.Timedelta(days=ahead)
            if until > end:
                continue
            won = mine[(mine["status"] == "won") & (mine["closed_at"] < until)]
            came = won.groupby(won["owner_id"].astype(str))["amount"].sum().reindex(reps).fillna(0.0)
            rows += [(rep, day.date(), ahead, value) for rep, value in came.items()]
    if not rows:
        raise ForecastError(
            explain("the book is too short for a commit whose outcome is known", where="book", value=str(book.as_of),
                    remedy="Run longer, or take a shorter horizon")
        )  # fmt: skip
    table = pd.DataFrame(rows, columns=["rep", "day", "horizon", "came"])
    rng = np.random.default_rng(seed)
    own = dict(zip(reps, np.exp(spread * rng.standard_normal(len(reps)) - spread**2 / 2), strict=True))
    quarter = table.groupby("rep")["came"].sum() / (table.groupby("rep")["horizon"].sum() / 90.0)
    quota = table["rep"].map(pd.Series(quotas) if quotas is not None else quarter).fillna(0.0) * table["horizon"] / 90.0
    hidden = min(sandbagging * ratchet_up, 1.0) * np.maximum(table["came"] - quota, 0.0)
    luck = np.exp(noise * rng.standard_normal(len(table)) - noise**2 / 2)
    table["commit"] = (table["came"] - hidden) * (1.0 + optimism) * table["rep"].map(own) * luck
    return table[["rep", "day", "horizon", "commit", "came"]]


def checked_commits(commits: pd.DataFrame) -> pd.DataFrame:
    """Commits with the columns and values a forecast can use.

    Raises
    ------
    ForecastError
        A column is missing, a commit is negative or no number, or one rep has two commits for a day and horizon.
    """
    import pandas as pd

    missing = [name for name in COMMIT_COLUMNS if name not in commits.columns]
    if missing:
        raise ForecastError(
            explain("a table of commits has these columns", where="commits", value=f"without {', '.join(missing)}",
                    allowed=", ".join(COMMIT_COLUMNS))
        )  # fmt: skip
    table = commits[list(COMMIT_COLUMNS)].copy()
    table["day"] = pd.to_datetime(table["day"], errors="coerce")
    bad = table["day"].isna() | ~np.isfinite(pd.to_numeric(table["commit"], errors="coerce")) | (table["commit"] < 0)
    if bad.any():
        row = int(np.argmax(bad.to_numpy()))
        raise ForecastError(
            explain("a commit is a day and an amount of 0 or more", where=f"commits, row {row + 1}",
                    value=f"{commits['day'].iloc[row]}, {commits['commit'].iloc[row]}")
        )  # fmt: skip
    twice = table.duplicated(["rep", "day", "horizon"])
    if twice.any():
        row = int(np.argmax(twice.to_numpy()))
        raise ForecastError(
            explain("a rep has two commits for the same day and horizon", where=f"commits, row {row + 1}",
                    value=str(table["rep"].iloc[row]), remedy="Keep the last one")
        )  # fmt: skip
    return table


def learnt_bias(history: pd.DataFrame) -> pd.DataFrame:
    r"""Bias of each rep's commits, learnt from those whose outcome is known and shrunken to that of all reps.

    A rep's log bias is :math:`\log(\sum \text{commit} / \sum \text{came})`, whose sampling variance falls with the
    number of commits; reps vary around their mean with a variance estimated by the method of moments (DerSimonian &
    Laird 1986).

    Parameters
    ----------
    history : pandas.DataFrame
        ``rep``, ``commit``, ``came``: one row per past commit.

    Returns
    -------
    pandas.DataFrame
        By rep: ``n``, ``raw`` (log bias, NaN where nothing came), ``bias`` (shrunken), ``factor`` (what a commit is
        multiplied by). The row "" is for reps without a history.

    Examples
    --------
    >>> import pandas as pd
    >>> past = pd.DataFrame({"rep": ["A"] * 20 + ["B"] * 20, "commit": [150.0] * 20 + [100.0] * 20})
    >>> past["came"] = 100.0
    >>> learnt_bias(past)["factor"].round(1).tolist()
    [0.7, 1.0, 0.8]
    """
    import pandas as pd

    groups = history.groupby("rep")
    commit, came, n = groups["commit"].sum(), groups["came"].sum(), groups.size()
    raw = np.log((commit.where(commit > 0) / came.where(came > 0)).to_numpy(dtype=float))
    good = np.isfinite(raw)
    # Variance of a ratio of sums: mean squares of the single misses over the square of the sum.
    scale = history["rep"].map(commit / came.where(came > 0))
    miss = ((history["commit"] - scale * history["came"]) ** 2).groupby(history["rep"]).sum()
    variance = (miss / commit.where(commit > 0) ** 2).to_numpy() + 0.05 / n.to_numpy()
    mean, between = 0.0, _PRIOR_SD**2
    if good.any():
        values, inner = raw[good], variance[good]
        mean = float(np.average(values, weights=1.0 / (inner + _PRIOR_SD**2)))
        if len(values) > 1:
            own = np.mean((values - mean) ** 2 - inner)
            trust = len(values) / (len(values) + 4.0)
            between = max(trust * float(own) + (1 - trust) * _PRIOR_SD**2, 1e-4)
        mean *= good.sum() / (good.sum() + 0.25)  # and all of them a little to no bias
    bias = np.full(len(raw), mean)
    bias[good] = mean + between / (between + variance[good]) * (raw[good] - mean)
    table = pd.DataFrame({"n": n, "raw": raw, "bias": bias, "factor": np.exp(-bias)})
    table.loc[""] = [0, np.nan, mean, float(np.exp(-mean))]
    return table
