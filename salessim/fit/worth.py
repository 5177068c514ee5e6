"""What experience is worth: skill in the product, insight into the segment, the tie with the account.

Every step of a deal that a customer decided is one trial of a logit: it went on, or not. What practice had built up by
then is known from the log (`salessim.fit.practice`), what was there before the log began is not: every pair
has an unknown level at the start, fading as levels do. Reps, pairs and accounts have random effects, products, segments
and stages fixed ones, and the past of a step is all that its covariates know, so that practice may follow success.

Whoever steers good deals to certain reps breaks this. So the work that was routed to a pair, however it went, is tried
as a covariate of its own (Mundlak 1978, Econometrica 46:69-85); where it matters, it stays in, and practice is judged
by its changes within a pair alone.

No published method was found for this exact model; that its intervals hold is measured in ``tests/validation``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.fit.mixed import Groups, MixedFit, fit_mixed_logit
from salessim.fit.practice import levels_at
from salessim.model.register import register

if TYPE_CHECKING:
    import pandas as pd
    from scipy import sparse

    from salessim.fit.steps import StepLog

__all__ = ["EFFECTS", "Given", "Worth", "estimate_worth"]

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

EFFECTS = ("skill_effect", "insight_effect", "relation_effect")
"""The settings of a market that are estimated here, in this order."""

_MOST_STEPS = 120_000
_MOST_PAIRS = 50_000
_WORK_DONE = 1.0 / 3.0
"""Part of a step's time after which its rep's work is taken to be done: the log has no such moment (ours)."""
_NORMAL_95 = 1.959964
_START, _START_SPREAD = 0.5, 0.3
"""Level before the log began, as a mean over reps: prior mean and standard deviation, of a scale from 0 to 1 (ours)."""
_STEERED = 0.05
"""p-value below which steering counts as seen: the means of what was routed to a pair are then kept apart."""


class Given(NamedTuple):
    """What the estimate takes as given, since no log shows it.

    Attributes
    ----------
    hours : (stages,) array
        Hours of work on a step of each stage.
    learning, forgetting, relation_gain, relation_fade, difference : float
        As in the market.
    complexity : mapping of product to float
    share : float
        Part of an effect on the whole funnel that one step shows, in log-odds: 1 / stages.
    """

    hours: Floats
    learning: float
    forgetting: float
    relation_gain: float
    relation_fade: float
    difference: float
    complexity: Mapping[str, float]
    share: float


@dataclass(frozen=True, eq=False)
class Worth:
    """What experience is worth, as far as the history can tell.

    Attributes
    ----------
    estimate, error : (3,) arrays
        Per effect of `EFFECTS`, in the unit of the market's setting: estimate and standard error from the history
        alone. Infinite errors: the log says nothing.
    covariance : (3, 3) array
        Of the estimates; rows and columns of an effect with an infinite error are 0.
    naive : (3,) array
        What a plain logit on practice gives, without reps, accounts and starting levels: for comparison.
    naive_error : (3,) array
    steering : float
        p-value of the hypothesis that nobody steered: that the work routed to a pair says nothing beyond practice.
    steps, reps, all_reps : int
        Steps and reps used, and reps in the log; fewer are used where the history is larger than is needed.
    freedom : int
        Degrees of freedom of the intervals: pairs of rep and product, less one (the errors rest on variances between
        them).
    talent : float
        Standard deviation of reps' own win chances (log-odds over the funnel), other things equal.
    """

    estimate: Floats
    error: Floats
    covariance: Floats
    naive: Floats
    naive_error: Floats
    steering: float
    steps: int
    reps: int
    all_reps: int
    freedom: int
    talent: float

    @property
    def quantile(self) -> float:
        """How many standard errors the 95 % intervals reach to either side (Student)."""
        from scipy import special

        return float(special.stdtrit(max(self.freedom, 1), 0.975))

    @property
    def low(self) -> Floats:
        """Lower ends of the 95 % intervals."""
        return self.estimate - self.quantile * self.error

    @property
    def high(self) -> Floats:
        """Upper ends of the 95 % intervals."""
        return self.estimate + self.quantile * self.error

    @property
    def untold(self) -> tuple[str, ...]:
        """Effects of which the history says less than the register's plausible range."""
        return tuple(
            name
            for name, error in zip(EFFECTS, self.error, strict=True)
            if not error < (_range(name)[2] - _range(name)[0]) / (2 * _NORMAL_95)
        )

    @property
    def implausible(self) -> tuple[str, ...]:
        """Effects whose interval lies outside the register's plausible range as a whole: the model is wrong there."""
        return tuple(
            name
            for name, low, high in zip(EFFECTS, self.low, self.high, strict=True)
            if high < _range(name)[0] or low > _range(name)[2]
        )

    @property
    def steered(self) -> bool:
        """Whether the history shows signs that deals or accounts were steered to those who do them well (5 % test)."""
        return self.steering < _STEERED

    def combined(self) -> tuple[Floats, Floats]:
        """Return mean and covariance of the effects from history and register together.

        The register's plausible range counts as a 95 % interval around its middle, the history with its covariance:
        where the history tells nothing, or what cannot be, what remains is the register.
        """
        middle = np.array([(_range(name)[0] + _range(name)[2]) / 2 for name in EFFECTS])
        width = np.array([(_range(name)[2] - _range(name)[0]) / (2 * _NORMAL_95) for name in EFFECTS])
        told = np.isfinite(self.error) & np.array([name not in self.implausible for name in EFFECTS])
        precision = np.diag(1.0 / width**2)
        pull = precision @ middle
        if told.any():
            known = np.linalg.inv(self.covariance[np.ix_(told, told)])
            precision[np.ix_(told, told)] += known
            pull[told] += known @ self.estimate[told]
        covariance = np.asarray(np.linalg.inv(precision), dtype=float)
        return covariance @ pull, covariance

    def frame(self) -> pd.DataFrame:
        """Return one row per effect: estimate, interval, register's range, naive estimate, what a market takes."""
        import pandas as pd

        mean, covariance = self.combined()
        return pd.DataFrame(
            {
                "effect": EFFECTS,
                "estimate": self.estimate,
                "error": self.error,
                "low": self.low,
                "high": self.high,
                "register_low": [_range(name)[0] for name in EFFECTS],
                "register_high": [_range(name)[2] for name in EFFECTS],
                "naive": self.naive,
                "naive_low": self.naive - _NORMAL_95 * self.naive_error,
                "naive_high": self.naive + _NORMAL_95 * self.naive_error,
                "taken": mean,
                "taken_error": np.sqrt(np.diag(covariance)),
            }
        )


def _range(name: str) -> tuple[float, float, float]:
    entry = next(entry for entry in register() if entry.name == name)
    return entry.low, entry.default, entry.high


def estimate_worth(log: StepLog, calls: pd.DataFrame, covers: Mapping[tuple[str, str], int], given: Given) -> Worth:
    """Estimate what experience is worth.

    Parameters
    ----------
    log : StepLog
    calls : DataFrame
        `rep`, `account` (text), `day` (days since the log's origin), `hours`: contacts with customers apart from deals.
        Without rows relationships are not known.
    covers : mapping of (rep, account) to int
        Bits of the products (in alphabetical order) that a rep covers at an account; calls there teach about these.
    given : Given
    """
    frame, calls, n_reps, all_reps = _enough(log, calls)
    data = _levels(frame, calls, covers, log, given)
    decided = (frame["what"].to_numpy() > 0) & np.isfinite(frame["left"].to_numpy())
    y = (frame["what"].to_numpy()[decided] == 1).astype(float)
    known = [True, True, len(calls) > 0]
    return _estimated(data.only(decided), y, known, n_reps, all_reps)


class _Data(NamedTuple):
    """Covariates of the steps, a row each: what was built, kept and routed per kind of experience, and who it was."""

    built: Floats
    kept: Floats
    routed: Floats
    pairs: Codes
    rep: Codes
    cell: Codes
    stage: Codes
    inbound: NDArray[np.bool_]
    year: Floats
    share: float

    def only(self, rows: NDArray[np.bool_]) -> _Data:
        """Some of the rows."""
        parts: dict[str, Any] = {
            name: part[rows] if isinstance(part, np.ndarray) else part for name, part in self._asdict().items()
        }
        return _Data(**parts)


def _enough(log: StepLog, calls: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, int, int]:
    """Return all steps and calls, or those of reps drawn at random where there are more than are needed."""
    frame = log.frame[log.frame["rep"] != ""]
    names = frame["rep"].unique()
    steps = frame.groupby("rep").size()
    pairs = frame.groupby("rep")["account"].nunique()
    drawn = np.random.default_rng(7).permutation(np.sort(names))
    total_steps = steps.reindex(drawn).cumsum().to_numpy()
    total_pairs = pairs.reindex(drawn).cumsum().to_numpy()
    n = max(int(((total_steps <= _MOST_STEPS) & (total_pairs <= _MOST_PAIRS)).sum()), min(4, len(drawn)))
    if n == len(drawn):
        return frame, calls, n, n
    chosen = set(drawn[:n])
    return frame[frame["rep"].isin(chosen)], calls[calls["rep"].isin(chosen)], n, len(drawn)


def _levels(
    frame: pd.DataFrame, calls: pd.DataFrame, covers: Mapping[tuple[str, str], int], log: StepLog, given: Given
) -> _Data:
    import pandas as pd

    products = sorted(log.frame["product"].unique())
    segments = sorted(log.frame["segment"].unique())
    reps, rep = np.unique(frame["rep"].to_numpy(dtype=str), return_inverse=True)
    accounts, account = np.unique(frame["account"].to_numpy(dtype=str), return_inverse=True)
    product = np.searchsorted(products, frame["product"].to_numpy(dtype=str))
    segment = np.searchsorted(segments, frame["segment"].to_numpy(dtype=str))
    stage = frame["stage"].to_numpy()
    entered, left = frame["entered"].to_numpy(), frame["left"].to_numpy()
    spent = np.where(np.isfinite(left), np.maximum(left - entered, 0.0), 0.0)
    at = entered + _WORK_DONE * spent
    done = frame["what"].to_numpy() > 0
    hours = given.hours[stage]
    gain = 1.0 - np.exp(-given.learning * hours / 8.0)

    # calls teach: their hours spread over the products that the rep covers there
    call_rep = pd.Index(reps).get_indexer(calls["rep"]) if len(calls) else np.empty(0, dtype=np.int64)
    call_account = pd.Index(accounts).get_indexer(calls["account"]) if len(calls) else np.empty(0, dtype=np.int64)
    met = (call_rep >= 0) & (call_account >= 0)
    call_rep, call_account = call_rep[met], call_account[met]
    call_day = calls["day"].to_numpy(dtype=float)[met] if len(calls) else np.empty(0)
    call_hours = calls["hours"].to_numpy(dtype=float)[met] if len(calls) else np.empty(0)
    pair_of_call = call_rep * len(accounts) + call_account
    tied, which = np.unique(pair_of_call, return_inverse=True)
    everything = (1 << len(products)) - 1
    bits = [covers.get((reps[k // len(accounts)], accounts[k % len(accounts)]), everything) for k in tied.tolist()]
    lists = [np.array([p for p in range(len(products)) if b >> p & 1], dtype=np.int64) for b in bits]
    number = np.array([len(one) for one in lists], dtype=np.int64)[which] if len(tied) else np.empty(0, dtype=np.int64)
    repeated = np.repeat(np.arange(len(which)), number)
    taught = np.concatenate([lists[k] for k in which]) if len(which) else np.empty(0, dtype=np.int64)
    call_gain = 1.0 - np.exp(-given.learning * (call_hours / np.maximum(number, 1))[repeated] / 8.0)
    segment_of = np.zeros(len(accounts), dtype=np.int64)
    segment_of[account] = segment

    n_p, n_g, n_a = len(products), len(segments), len(accounts)
    skill_pair, insight_pair, tie = rep * n_p + product, rep * n_g + segment, rep * n_a + account
    worked_gain, worked_at = gain[done], at[done]
    skill = levels_at(
        np.concatenate([skill_pair[done], call_rep[repeated] * n_p + taught]),
        np.concatenate([worked_at, call_day[repeated]]),
        np.concatenate([worked_gain, call_gain]),
        skill_pair, at, given.forgetting,
    )  # fmt: skip
    insight = levels_at(
        np.concatenate([insight_pair[done], call_rep[repeated] * n_g + segment_of[call_account[repeated]]]),
        np.concatenate([worked_at, call_day[repeated]]),
        np.concatenate([worked_gain, call_gain]),
        insight_pair, at, given.forgetting,
    )  # fmt: skip
    relation = levels_at(
        pair_of_call, call_day, np.full(len(call_day), given.relation_gain), tie, at, given.relation_fade
    )
    # what practice would be if every deal took the same work, however it went: it shows whom deals are routed to
    first = stage == 0 if not log.whole else np.ones(len(frame), dtype=bool)
    typical = float(hours[done].sum()) / max(int(first.sum()), 1)
    usual = np.full(int(first.sum()), 1.0 - np.exp(-given.learning * typical / 8.0))
    routed = [
        levels_at(pair[first], entered[first], gained, pair, at, fade)[1]
        for pair, gained, fade in (
            (skill_pair, usual, given.forgetting),
            (insight_pair, usual, given.forgetting),
            (tie, np.full(len(usual), given.relation_gain), given.relation_fade),
        )
    ]
    hard = np.array([given.complexity.get(name, 0.5) for name in products])[product]
    unit = np.stack([hard, np.full(len(hard), given.difference), np.ones(len(hard))], axis=1) * given.share
    return _Data(
        built=np.stack([skill[1], insight[1], relation[1]], axis=1) * unit,
        kept=np.stack([skill[0], insight[0], relation[0]], axis=1) * unit,
        routed=np.stack(routed, axis=1) * unit,
        pairs=np.stack([skill_pair, insight_pair, tie], axis=1),
        rep=rep,
        cell=product * n_g + segment,
        stage=stage,
        inbound=frame["inbound"].to_numpy() & (stage == 0),
        year=(at - at.mean()) / 365.0,
        share=given.share,
    )


def _dummies(codes: Codes, value: Floats | float = 1.0) -> sparse.csr_matrix:
    from scipy import sparse

    names, column = np.unique(codes, return_inverse=True)
    row = np.arange(len(codes))
    return sparse.csr_matrix((np.broadcast_to(value, len(codes)), (row, column)), shape=(len(codes), len(names)))


def _means(values: Floats, codes: Codes) -> Floats:
    _, at = np.unique(codes, return_inverse=True)
    return (np.bincount(at, values) / np.bincount(at))[at]


def _estimated(data: _Data, y: Floats, known: list[bool], n_reps: int, all_reps: int) -> Worth:
    used = [k for k in range(3) if known[k]]
    n, share = len(used), data.share
    plain = [_dummies(data.stage).toarray()]
    if data.inbound.any():
        plain.append(data.inbound[:, None].astype(float))
    cells = _dummies(data.cell).toarray()[:, 1:] * share
    rest = [share * data.year, cells, *plain]
    kept, level = data.kept[:, used], data.built[:, used] + _START * data.kept[:, used]
    random = [_dummies(data.rep, share)]
    for k in (0, 1):
        random += [_dummies(data.pairs[:, k], share), _dummies(data.pairs[:, k], data.kept[:, k])]
    # an account in the hands of a rep: how good it is for us, and how close they were when the log began
    _, tie = np.unique(data.pairs[:, 2], return_inverse=True)
    columns = [np.full(len(y), share), *([data.kept[:, 2]] if known[2] else [])]
    groups = Groups(tie, np.column_stack(columns))
    highest = np.array([_range(EFFECTS[k])[2] for k in used])

    def fitted(*means: Floats) -> MixedFit:
        fixed = np.column_stack([level, kept, *means, *rest])
        prior = np.full(fixed.shape[1], np.inf)
        prior[n : 2 * n] = _START_SPREAD * highest
        return fit_mixed_logit(y, fixed, random, groups, owner=data.rep, prior=prior, start=0.3)

    means = np.stack([_means(data.routed[:, k], data.pairs[:, k]) for k in used], axis=1)
    guarded = fitted(means)
    steering = _wald(guarded.beta[2 * n : 3 * n], guarded.covariance[2 * n : 3 * n, 2 * n : 3 * n])
    found = guarded if steering < _STEERED else fitted()
    covariance, estimate, error = np.zeros((3, 3)), np.full(3, np.nan), np.full(3, np.inf)
    estimate[used] = found.beta[:n]
    covariance[np.ix_(used, used)] = found.covariance[:n, :n]
    error[used] = np.sqrt(np.diag(found.covariance)[:n])
    naive_fit = fit_mixed_logit(y, np.column_stack([data.built[:, used], *plain]))
    naive, naive_error = np.full(3, np.nan), np.full(3, np.inf)
    naive[used], naive_error[used] = naive_fit.beta[:n], np.sqrt(np.diag(naive_fit.covariance)[:n])
    talent = float(np.sqrt(found.variances[0]))
    freedom = len(np.unique(data.pairs[:, 0])) - 1
    return Worth(estimate, error, covariance, naive, naive_error, steering, len(y), n_reps, all_reps, freedom, talent)


def _wald(beta: Floats, covariance: Floats) -> float:
    from scipy import stats

    return float(stats.chi2.sf(beta @ np.linalg.solve(covariance, beta), len(beta)))
