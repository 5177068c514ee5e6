"""Logit with random effects: penalised quasi-likelihood with estimated variances.

Breslow & Clayton (1993, JASA 88:9-25), variances by Schall (1991, Biometrika 78:719-727). Without random effects it is
the logit of statsmodels. What the data cannot tell keeps the width of a prior that is next to flat, so standard errors
grow without bound instead of being left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy import sparse

__all__ = ["Groups", "MixedFit", "fit_mixed_logit"]

Floats = NDArray[np.float64]

_FLAT = 1e-6
"""Precision of the prior of fixed effects: a standard deviation of 1,000."""
_LEAST_VARIANCE = 1e-5
_FAINT = 5e-3
_ROUNDS = 30


@dataclass(frozen=True, eq=False)
class MixedFit:
    """Estimates of a logit with random effects.

    Attributes
    ----------
    beta : (p,) array
        Fixed effects.
    covariance : (p, p) array
        Of the fixed effects, random effects and their variances accounted for (the latter as if known).
    variances : (k,) array
        Of the random effects, one per term, those of groups last.
    effects : tuple of arrays
        Predicted random effects, one array per term, those of groups last.
    rounds : int
    """

    beta: Floats
    covariance: Floats
    variances: Floats
    effects: tuple[Floats, ...]
    rounds: int


class Groups(NamedTuple):
    """Random effects of many small groups, which are eliminated group by group so that their number costs little.

    Attributes
    ----------
    codes : (n,) int array
        Group of each row, from 0.
    columns : (n, m) array
        What each of the m effects of a group is multiplied with; each of the m has one variance.
    """

    codes: NDArray[np.int64]
    columns: Floats


class _Layout(NamedTuple):
    """Rows sorted by owner and group, and where the random effects of an owner stand among his columns.

    Attributes
    ----------
    order : (n,) int array
    design : (n, p + b) array
        Fixed effects, then the random ones of the row's owner; columns that an owner does not need are 0.
    columns : (n, m) array
        Of the groups.
    owner, group : (n,) int arrays
    rows, first : (owners + 1,), (groups,) int arrays
        Where the rows of an owner, and of a group, begin.
    groups : (owners + 1,) int array
        Where the groups of an owner begin.
    used : (owners, b) bool array
    term : (b,) int array
        Which term a column is of.
    place : tuple of (owner, column) int arrays
        By term: where each of its effects stands.
    """

    order: NDArray[np.int64]
    design: Floats
    columns: Floats
    owner: NDArray[np.int64]
    group: NDArray[np.int64]
    rows: NDArray[np.int64]
    first: NDArray[np.int64]
    groups: NDArray[np.int64]
    used: NDArray[np.bool_]
    term: NDArray[np.int64]
    place: tuple[tuple[NDArray[np.int64], NDArray[np.int64]], ...]


def _laid_out(
    fixed: Floats, random: Sequence[sparse.csr_matrix], groups: Groups, owner: NDArray[np.int64]
) -> tuple[_Layout, NDArray[np.int64]]:
    """Return the layout, and the group each of its groups is (their numbers in the order of owners)."""
    n, p = fixed.shape
    order = np.lexsort((groups.codes, owner))
    owner, code = owner[order], groups.codes[order]
    n_owners = int(owner.max(initial=0)) + 1
    first = np.flatnonzero(np.r_[True, code[1:] != code[:-1]])
    group = np.cumsum(np.r_[True, code[1:] != code[:-1]]) - 1
    offset, blocks, used, term, place = p, [fixed[order]], [], [], []
    for k, matrix in enumerate(random):
        entries = matrix[order].tocoo()
        of = np.zeros(matrix.shape[1], dtype=np.int64)
        of[entries.col] = owner[entries.row]
        by_owner = np.argsort(of, kind="stable")
        start = np.searchsorted(of[by_owner], np.arange(n_owners))
        local = np.empty(len(of), dtype=np.int64)
        local[by_owner] = np.arange(len(of)) - start[of[by_owner]]
        width = int(local.max(initial=-1)) + 1
        block = np.zeros((n, width))
        block[entries.row, local[entries.col]] = entries.data
        blocks.append(block)
        mask = np.zeros((n_owners, width), dtype=bool)
        mask[of, local] = True
        used.append(mask)
        term += [k] * width
        place.append((of, offset - p + local))
        offset += width
    layout = _Layout(
        order, np.hstack(blocks), groups.columns[order], owner, group,
        np.searchsorted(owner, np.arange(n_owners + 1)), first,
        np.searchsorted(owner[first], np.arange(n_owners + 1)),
        np.hstack(used) if used else np.zeros((n_owners, 0), dtype=bool), np.array(term, dtype=np.int64), tuple(place),
    )  # fmt: skip
    return layout, code[first]


def fit_mixed_logit(
    y: Floats,
    fixed: Floats,
    random: Sequence[sparse.csr_matrix] = (),
    groups: Groups | None = None,
    *,
    owner: NDArray[np.int64] | None = None,
    prior: Floats | None = None,
    start: float = 0.1,
) -> MixedFit:
    """Estimate a logit with random effects.

    Effects are eliminated from the inside out, groups first, then owners one by one, so that the work grows with
    their number and not with its square.

    Parameters
    ----------
    y : (n,) array of 0 and 1
    fixed : (n, p) array
    random : sequence of (n, q_k) sparse matrices
        Terms of independent normal effects; each term has one variance.
    groups : Groups, optional
        Further effects, of groups that do not overlap.
    owner : (n,) int array, optional
        Whose row it is, such as a rep's, from 0. Each effect of `random` and each group is of one owner alone.
    prior : (p,) array, optional
        Standard deviations of normal priors of the fixed effects around 0; infinite where there is none.
    start : float
        First guess of the variances.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=4000)
    >>> y = (rng.random(4000) < 1 / (1 + np.exp(-(0.3 + 0.8 * x)))).astype(float)
    >>> fit_mixed_logit(y, np.column_stack([np.ones(4000), x])).beta.round(1).tolist()
    [0.3, 0.8]
    """
    n, p = fixed.shape
    scale = np.maximum(np.sqrt((fixed**2).mean(axis=0)), 1e-12)
    groups = groups or Groups(np.zeros(n, dtype=np.int64), np.zeros((n, 0)))
    owner = np.zeros(n, dtype=np.int64) if owner is None else owner
    lay, named = _laid_out(fixed / scale, random, groups, owner)
    n_terms, m, y = len(random), groups.columns.shape[1], y[lay.order]
    n_owners, b = lay.used.shape
    variances = np.full(n_terms + m, start)
    fixed_precision = np.full(p, _FLAT)
    if prior is not None:
        fixed_precision += 1.0 / (prior * scale) ** 2
    theta, effects, inner = np.zeros(p), np.zeros((n_owners, b)), np.zeros((len(lay.first), m))
    group_owner = lay.owner[lay.first]
    sizes = np.bincount(lay.term, weights=lay.used.sum(axis=0), minlength=n_terms)
    inverse, rounds = np.eye(p), 0
    for rounds in range(1, _ROUNDS + 1):  # noqa: B007
        precision = 1.0 / variances[lay.term]
        eta = lay.design[:, :p] @ theta
        eta += np.einsum("nb,nb->n", lay.design[:, p:], effects[lay.owner])
        eta += np.einsum("nm,nm->n", lay.columns, inner[lay.group])
        mean = 1.0 / (1.0 + np.exp(-np.clip(eta, -30.0, 30.0)))
        weight, rest = np.maximum(mean * (1.0 - mean), 1e-9), y - mean
        weighted = weight[:, None] * lay.design
        # groups: their own blocks, and what ties them to their owner's effects and the fixed ones
        tie = np.stack(
            [np.add.reduceat(lay.columns[:, [i]] * weighted, lay.first, axis=0) for i in range(m)], axis=1
        ) if m else np.zeros((len(lay.first), 0, p + b))  # fmt: skip
        outer = np.einsum("ni,nj,n->nij", lay.columns, lay.columns, weight)
        own = np.add.reduceat(outer, lay.first, axis=0) + np.diag(1.0 / variances[n_terms:])
        own_inverse = np.linalg.inv(own)
        back = own_inverse @ tie
        group_score = np.add.reduceat(lay.columns * rest[:, None], lay.first, axis=0) - inner / variances[n_terms:]
        # owners: what is left once their groups are eliminated
        left = np.empty((n_owners, p + b, p + b))
        score = np.empty((n_owners, p + b))
        for o in range(n_owners):
            r, g = slice(lay.rows[o], lay.rows[o + 1]), slice(lay.groups[o], lay.groups[o + 1])
            flat = back[g].reshape(-1, p + b)
            left[o] = lay.design[r].T @ weighted[r] - tie[g].reshape(-1, p + b).T @ flat
            score[o] = lay.design[r].T @ rest[r] - flat.T @ group_score[g].ravel()
        own_score = score[:, p:] - precision * effects
        block = left[:, p:, p:] + np.diag(precision)
        block_inverse = np.linalg.inv(block)
        lever = block_inverse @ left[:, p:, :p]
        core = left[:, :p, :p].sum(axis=0) + np.diag(fixed_precision)
        core -= np.einsum("obp,obq->pq", left[:, p:, :p], lever)
        inverse = np.linalg.inv((core + core.T) / 2.0)
        step = inverse @ (score[:, :p].sum(axis=0) - fixed_precision * theta - np.einsum("obp,ob->p", lever, own_score))
        own_step = np.einsum("obc,oc->ob", block_inverse, own_score) - lever @ step
        both = np.concatenate([np.broadcast_to(step, (n_owners, p)), own_step], axis=1)
        group_step = np.einsum("gij,gj->gi", own_inverse, group_score)
        group_step -= np.einsum("gik,gk->gi", back, both[group_owner])
        largest = max(float(np.abs(one).max(initial=0.0)) for one in (step, own_step, group_step))
        damp = min(1.0, 5.0 / max(largest, 1e-12))
        theta, effects, inner = theta + damp * step, effects + damp * own_step, inner + damp * group_step
        turned = lever @ inverse
        joint = np.empty((n_owners, p + b, p + b))
        joint[:, :p, :p] = inverse
        joint[:, p:, :p] = -turned
        joint[:, :p, p:] = -turned.transpose(0, 2, 1)
        joint[:, p:, p:] = block_inverse + turned @ lever.transpose(0, 2, 1)
        spread = np.where(lay.used, np.einsum("obb->ob", joint[:, p:, p:]), 0.0).sum(axis=0)
        squares = (effects**2).sum(axis=0)
        new = variances.copy()
        for k in range(n_terms):
            mine = lay.term == k
            new[k] = _variance(float(squares[mine].sum()), sizes[k], float(spread[mine].sum()), variances[k])
        for i in range(m):
            k, total = n_terms + i, float(own_inverse[:, i, i].sum())
            for o in range(n_owners):
                part = back[lay.groups[o] : lay.groups[o + 1], i]
                total += float(((part @ joint[o]) * part).sum())
            new[k] = _variance(float((inner[:, i] ** 2).sum()), len(lay.first), total, variances[k])
        # faint variances crawl towards zero: they decide nothing
        still = (np.abs(np.log(new / variances)) < 0.05) | (new < _FAINT)
        variances = new
        if float(np.abs(step).max(initial=0.0)) < 1e-3 and bool(np.all(still)):
            break
    back_to = 1.0 / scale
    found = tuple(effects[of, at] for of, at in lay.place)
    by_code = np.zeros((int(named.max(initial=-1)) + 1, m))
    by_code[named] = inner
    covariance = inverse * back_to[:, None] * back_to[None, :]
    return MixedFit(theta * back_to, covariance, variances, (*found, *by_code.T), rounds)


def _variance(squares: float, size: float, spread: float, now: float) -> float:
    """Return the next guess of a variance: squares over effective degrees of freedom (Schall)."""
    free = max(size - spread / now, 1e-3)
    return float(np.clip(squares / free, _LEAST_VARIANCE, 100.0))
