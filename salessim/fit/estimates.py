"""Estimates with covariances: demand, win chances, delays, values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salessim.fit.loglinear import Counts, fit_counts

if TYPE_CHECKING:
    import pandas as pd

    from salessim.fit.history import History
    from salessim.fit.steps import StepLog

__all__ = ["Estimates", "estimate_chances", "estimate_delays", "estimate_demand", "estimate_values"]

Floats = NDArray[np.float64]

_NORMAL_95 = 1.959964
_MONTHS_FOR_SEASON = 24
_FEW = 5
_MOST_CELLS, _MOST_REGIONS = 1_500, 200
"""Cells of segment and product, and regions, that have effects of their own: beyond, the smallest go together."""
_REST = "all others"


@dataclass(frozen=True, eq=False)
class Estimates:
    """Named estimates with their covariance.

    Attributes
    ----------
    names : tuple of str
    mean : (k,) array
    covariance : (k, k) array
    how : str
        The model that was chosen.
    """

    names: tuple[str, ...]
    mean: Floats
    covariance: Floats
    how: str = ""

    @property
    def error(self) -> Floats:
        """Standard errors."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0))

    def frame(self) -> pd.DataFrame:
        """Return one row per estimate, with its 95 % interval."""
        import pandas as pd

        half = _NORMAL_95 * self.error
        return pd.DataFrame(
            {
                "name": self.names,
                "estimate": self.mean,
                "error": self.error,
                "low": self.mean - half,
                "high": self.mean + half,
            }
        )


def estimate_demand(history: History, segment_of: pd.Series, potential: pd.Series, region_of: pd.Series) -> Estimates:
    """Estimate how many opportunities come: a generalised linear model of counts by product, segment, region and month.

    Parameters
    ----------
    history : History
    segment_of, potential, region_of : Series
        By account: segment, size relative to the mean account, region.

    Returns
    -------
    Estimates
        ``demand.PRODUCT``: log of opportunities a year of an account of size 1, mean over segments by size and over
        the window; ``affinity.SEGMENT.PRODUCT``: log of the ratio to the mean of the product; ``region.NAME``
        likewise where there are several; with two years or more ``growth`` (log, a year) and ``season.1`` to
        ``season.12`` (log of the index, whose mean is 1), before that months have effects of their own. `how` is
        ``poisson`` or ``negative binomial``: the second where counts vary by more than chance (p < 0.01).
    """
    import pandas as pd

    deals = history.in_window
    months = pd.period_range(history.since, history.end, freq="M")
    first = months.start_time.to_numpy().copy()
    last = (months + 1).start_time.to_numpy().copy()
    first[0] = max(first[0], history.since.to_datetime64())
    last[-1] = min(last[-1], history.end.to_datetime64())
    days = (last - first) / np.timedelta64(1, "D")
    months, first, days = months[days > 0], first[days > 0], days[days > 0]
    products = sorted(deals["product"].dropna().astype(str).unique()) or ["product"]
    place = pd.DataFrame({"segment": segment_of.astype(str), "region": region_of.astype(str), "size": potential})
    place["segment"] = _merged(place["segment"], max(_MOST_CELLS // len(products), 1))
    place["region"] = _merged(place["region"], _MOST_REGIONS)
    segments, regions = sorted(place["segment"].unique()), sorted(place["region"].unique())
    n_s, n_r, n_p, n_m = len(segments), len(regions), len(products), len(months)
    n_cells, n_regions = n_s * n_p, n_r - 1
    row_s, row_r = pd.Index(segments).get_indexer(place["segment"]), pd.Index(regions).get_indexer(place["region"])
    sizes = np.zeros((n_s, n_r))
    np.add.at(sizes, (row_s, row_r), place["size"].to_numpy())
    at = place.index.get_indexer(deals["account"])  # type: ignore[arg-type]
    p = pd.Index(products).get_indexer(deals["product"].fillna("product").astype(str))
    m = np.searchsorted(first, deals["created"].to_numpy(), side="right") - 1
    good = (at >= 0) & (p >= 0) & (m >= 0)
    # deals without a known account are spread like the others
    counts_all = max(len(deals), 1) / max(float(good.sum()), 1.0)
    seasonal = n_m >= _MONTHS_FOR_SEASON  # growth and season can be told apart only where each month comes twice
    start_of = (first - history.since.to_datetime64()) / np.timedelta64(1, "D")
    found = fit_counts(
        Counts(
            row_s[at[good]], row_r[at[good]], p[good], m[good], sizes, n_p, days / 365.0,
            months.month.to_numpy() - 1 if seasonal else np.arange(n_m),
            (start_of + days / 2 - history.days / 2) / 365.0 if seasonal else None,
        )
    )  # fmt: skip
    n_t = 12 if seasonal else n_m
    how = "negative binomial" if found.alpha else "poisson"
    beta, covariance = found.beta, found.covariance

    # from cells to what a market has: mean of a product by size, ratios to it, an index with mean 1
    size = place.groupby("segment")["size"].sum().reindex(segments).to_numpy()
    part = size / size.sum()
    names: list[str] = []
    jacobian: list[Floats] = []
    mean: list[float] = []
    turn = np.vstack([-np.ones(n_t - 1), np.eye(n_t - 1)])
    season = turn @ beta[n_cells + n_regions + seasonal :]
    length = np.ones(12) if seasonal else days
    season_weight = length * np.exp(season) / length.sum()
    season_mean = float(season_weight.sum())
    season_weight = season_weight / season_mean
    level_shift = np.zeros(len(beta))
    level_shift[n_cells + n_regions + seasonal :] = season_weight @ turn
    region_size = place.groupby("region")["size"].sum().reindex(regions).to_numpy()
    region_part = region_size / region_size.sum()
    region_effect = np.concatenate([[0.0], beta[n_cells : n_cells + n_regions]])
    region_weight = region_part * np.exp(region_effect)
    region_mean = float(region_weight.sum())
    region_weight = region_weight / region_mean
    region_shift = np.zeros(len(beta))
    region_shift[n_cells : n_cells + n_regions] = region_weight[1:]
    for j, product in enumerate(products):
        rows = np.array([i * n_p + j for i in range(len(segments))])
        rate = part * np.exp(beta[rows])
        total = float(rate.sum())
        own = np.zeros(len(beta))
        own[rows] = rate / total
        names.append(f"demand.{product}")
        mean.append(float(np.log(total * season_mean * region_mean * counts_all)))
        jacobian.append(own + level_shift + region_shift)
        for i, segment in enumerate(segments):
            ratio = -own.copy()
            ratio[rows[i]] += 1.0
            names.append(f"affinity.{segment}.{product}")
            mean.append(float(beta[rows[i]] - np.log(total)))
            jacobian.append(ratio)
    if n_regions:
        for k, region in enumerate(regions):
            row = -region_shift.copy()
            if k:
                row[n_cells + k - 1] += 1.0
            names.append(f"region.{region}")
            mean.append(float(region_effect[k] - np.log(region_mean)))
            jacobian.append(row)
    if seasonal:
        row = np.zeros(len(beta))
        row[n_cells + n_regions] = 1.0
        names.append("growth")
        mean.append(float(beta[n_cells + n_regions]))
        jacobian.append(row)
        for k in range(12):
            row = -level_shift.copy()
            row[n_cells + n_regions + seasonal :] += turn[k]
            names.append(f"season.{k + 1}")
            mean.append(float(season[k] - np.log(season_mean)))
            jacobian.append(row)
    change = np.array(jacobian)
    return Estimates(tuple(names), np.array(mean), change @ covariance @ change.T, how)


def _merged(names: pd.Series, most: int) -> pd.Series:
    """Put the names that few accounts have together, so that no more than `most` remain."""
    count = names.value_counts()
    if len(count) <= most:
        return names
    return names.where(names.isin(count.index[: most - 1]), _REST)


def estimate_chances(log: StepLog) -> Estimates:
    """Estimate the chances to go on: a logit by stage, product and segment (discrete-time hazard of a deal).

    Returns
    -------
    Estimates
        ``advance.STAGE``: log-odds to go on, for the mix of products and segments of that history; and
        ``win.SEGMENT.PRODUCT``: shift over the whole funnel against that mix.
    """
    import pandas as pd
    import statsmodels.api as sm

    steps = log.frame[log.decided]
    stages, n_s = log.stages, len(log.stages)
    key = pd.DataFrame(
        {
            "stage": steps["stage"].to_numpy(),
            "segment": steps["segment"].array,
            "product": steps["product"].array,
            "won": (steps["what"] == 1).to_numpy().astype(float),
        }
    )
    key["segment"] = _merged(key["segment"], max(_MOST_CELLS // key["product"].nunique(), 1))
    table = key.groupby(["stage", "segment", "product"])["won"].agg(["sum", "count"]).reset_index()
    cells = table[["segment", "product"]].drop_duplicates().sort_values(["segment", "product"]).to_numpy()
    which = {tuple(cell): k for k, cell in enumerate(cells)}
    at = np.array([which[pair] for pair in zip(table["segment"], table["product"], strict=True)])
    # deviations from the mix: the last cell is minus the weighted sum of the others
    weight = np.bincount(at, weights=table["count"].to_numpy(), minlength=len(cells))
    weight = weight / weight.sum()
    turn = np.vstack([np.eye(len(cells) - 1), -weight[:-1] / weight[-1]]) if len(cells) > 1 else np.zeros((1, 0))
    x = np.column_stack([*(table["stage"].to_numpy() == k for k in range(n_s)), turn[at] / n_s]).astype(float)
    # half a success or failure where there was none, in a stage or in a cell: no estimate runs away to infinity
    success, failure = table["sum"].to_numpy(), (table["count"] - table["sum"]).to_numpy()
    stop = np.bincount(table["stage"], weights=failure, minlength=n_s) == 0
    go = np.bincount(table["stage"], weights=success, minlength=n_s) == 0
    per_stage = np.bincount(table["stage"], minlength=n_s)
    failure = failure + (0.5 * stop / per_stage)[table["stage"]]
    success = success + (0.5 * go / per_stage)[table["stage"]]
    for counts in (success, failure):
        none = np.bincount(at, weights=counts, minlength=len(cells)) == 0
        counts += (0.5 * none / np.bincount(at, minlength=len(cells)))[at]
    if len(table) == x.shape[1]:  # a log without stages has as many cells as parameters: the shares themselves
        back = np.linalg.inv(x)
        beta = back @ np.log(success / failure)
        covariance = back @ np.diag(1.0 / success + 1.0 / failure) @ back.T
    else:
        fitted = sm.GLM(np.column_stack([success, failure]), x, family=sm.families.Binomial()).fit()
        beta, covariance = np.asarray(fitted.params), np.asarray(fitted.cov_params())
    change = np.zeros((n_s + len(cells), len(beta)))
    change[:n_s, :n_s] = np.eye(n_s)
    change[n_s:, n_s:] = turn
    names = [f"advance.{stage}" for stage in stages] + [f"win.{g}.{p}" for g, p in cells]
    return Estimates(tuple(names), change @ beta, change @ covariance @ change.T, "logit")


def estimate_delays(log: StepLog) -> Estimates:
    """Estimate how long a stage takes: log of the mean days, with stages still running censored.

    Returns
    -------
    Estimates
        ``days.STAGE`` and ``cv.STAGE`` (log of the coefficient of variation); `how` names the law of each stage,
        separated by ``|``: ``exponential`` where Akaike's criterion prefers it to the ``lognormal``.
    """
    names, mean, variances, laws = [], [], [], []
    spent = (log.frame["left"] - log.frame["entered"]).to_numpy()
    ended = log.decided
    for k, stage in enumerate(log.stages):
        use = (log.frame["stage"].to_numpy() == k) & np.isfinite(spent) & (spent > 0)
        done, open_for = spent[use & ended], spent[use & ~ended]
        if len(done) < _FEW:
            continue
        total = float(done.sum() + open_for.sum())
        log_mean = float(np.log(total / len(done)))
        exponential = -len(done) * (log_mean + 1.0)
        mu, sigma, covariance, best = _lognormal(done, open_for)
        names += [f"days.{stage}", f"cv.{stage}"]
        if 2.0 - 2.0 * exponential < 4.0 - 2.0 * best:
            laws.append("exponential")
            mean += [log_mean, 0.0]
            variances.append(np.diag([1.0 / len(done), 0.0]))
        else:
            laws.append("lognormal")
            growth = np.exp(sigma**2)
            change = np.array([[1.0, sigma**2], [0.0, sigma**2 * growth / (growth - 1.0)]])
            mean += [mu + sigma**2 / 2.0, 0.5 * float(np.log(growth - 1.0))]
            variances.append(change @ covariance @ change.T)
    return Estimates(tuple(names), np.array(mean), _blocks(variances), "|".join(laws))


def _lognormal(done: Floats, open_for: Floats) -> tuple[float, float, Floats, float]:
    """Return mu, sigma, the covariance of (mu, log sigma) and the log-likelihood of a censored lognormal."""
    from scipy import optimize, special

    y, c = np.log(done), np.log(open_for)
    n, total, squares = len(y), float(y.sum()), float(((y - y.mean()) ** 2).sum())

    def loss(theta: Floats) -> float:
        mu, tau = theta
        off = (squares + n * (total / n - mu) ** 2) * np.exp(-2.0 * tau)
        value = -0.5 * off - n * (tau + 0.5 * np.log(2 * np.pi)) - total
        return -(value + float(special.log_ndtr(-(c - mu) * np.exp(-tau)).sum()))

    start = np.array([y.mean(), np.log(max(y.std(), 0.05))])
    best = optimize.minimize(
        loss, start, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-8, "maxiter": 400}
    ).x
    step = 1e-3
    hessian = np.empty((2, 2))
    unit = np.eye(2) * step
    for i in range(2):
        for j in range(2):
            hessian[i, j] = (
                loss(best + unit[i] + unit[j])
                - loss(best + unit[i] - unit[j])
                - loss(best - unit[i] + unit[j])
                + loss(best - unit[i] - unit[j])
            ) / (4 * step**2)
    return float(best[0]), float(np.exp(best[1])), np.asarray(np.linalg.inv(hessian), dtype=float), -loss(best)


def estimate_values(history: History) -> Estimates:
    """Estimate what a deal is worth: log of the mean value of won deals of each product, lognormal.

    Returns
    -------
    Estimates
        ``price.PRODUCT`` and ``spread.PRODUCT`` (log of the coefficient of variation), for products with five or more
        won deals.
    """
    won = history.deals[(history.deals["status"] == "won") & (history.deals["amount"] > 0)]
    names, mean, variances = [], [], []
    for product, group in won.groupby(won["product"].fillna("product").astype(str)):
        y = np.log(group["amount"].to_numpy())
        if len(y) < _FEW:
            continue
        variance = max(float(y.var(ddof=1)), 1e-8)
        growth = np.exp(variance)
        covariance = np.diag([variance / len(y), 2.0 * variance**2 / (len(y) - 1)])
        change = np.array([[1.0, 0.5], [0.0, 0.5 * growth / (growth - 1.0)]])
        names += [f"price.{product}", f"spread.{product}"]
        mean += [float(y.mean()) + variance / 2.0, 0.5 * float(np.log(growth - 1.0))]
        variances.append(change @ covariance @ change.T)
    return Estimates(tuple(names), np.array(mean), _blocks(variances), "lognormal")


def _blocks(parts: list[Floats]) -> Floats:
    from scipy import linalg

    return np.asarray(linalg.block_diag(*parts)) if parts else np.zeros((0, 0))
