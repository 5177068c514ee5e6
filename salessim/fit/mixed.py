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


def fit_mixed_logit(
    y: Floats,
    fixed: Floats,
    random: Sequence[sparse.csr_matrix] = (),
    groups: Groups | None = None,
    *,
    prior: Floats | None = None,
    start: float = 0.1,
) -> MixedFit:
    """Estimate a logit with random effects.

    Parameters
    ----------
    y : (n,) array of 0 and 1
    fixed : (n, p) array
    random : sequence of (n, q_k) sparse matrices
        Terms of independent normal effects; each term has one variance.
    groups : Groups, optional
        Further effects, of groups that do not overlap.
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
    from scipy import linalg, sparse

    n, p = fixed.shape
    scale = np.maximum(np.sqrt((fixed**2).mean(axis=0)), 1e-12)
    design = sparse.hstack([sparse.csr_matrix(fixed / scale), *random], format="csr")
    turned = design.T.tocsr()
    sizes = [term.shape[1] for term in random]
    edges = np.cumsum([p, *sizes])
    if groups is None:
        groups = Groups(np.zeros(n, dtype=np.int64), np.zeros((n, 0)))
    m, n_groups = groups.columns.shape[1], int(groups.codes.max(initial=0)) + 1
    member = sparse.csr_matrix((np.ones(n), (groups.codes, np.arange(n))), shape=(n_groups, n))
    variances = np.full(len(sizes) + m, start)
    theta, inner = np.zeros(design.shape[1]), np.zeros((n_groups, m))
    precision = np.empty(design.shape[1])
    precision[:p] = _FLAT
    if prior is not None:
        precision[:p] += 1.0 / (prior * scale) ** 2
    inverse = np.eye(design.shape[1])
    rounds = 0
    for rounds in range(1, _ROUNDS + 1):  # noqa: B007
        for k, size in enumerate(sizes):
            precision[edges[k] : edges[k] + size] = 1.0 / variances[k]
        eta = np.asarray(design @ theta) + (groups.columns * inner[groups.codes]).sum(axis=1)
        mean = 1.0 / (1.0 + np.exp(-np.clip(eta, -30.0, 30.0)))
        weight = np.maximum(mean * (1.0 - mean), 1e-9)
        weighted = sparse.diags_array(weight) @ design
        hessian = (turned @ weighted).toarray()
        hessian[np.diag_indices_from(hessian)] += precision
        score = np.asarray(turned @ (y - mean)) - precision * theta
        # groups: their own blocks, what ties them to the rest, and the rest once they are eliminated
        own = np.empty((n_groups, m, m))
        tie = np.empty((n_groups, m, design.shape[1]))
        group_score = np.empty((n_groups, m))
        for i in range(m):
            z = groups.columns[:, i]
            for j in range(m):
                own[:, i, j] = np.bincount(groups.codes, z * groups.columns[:, j] * weight, n_groups)
            own[:, i, i] += 1.0 / variances[len(sizes) + i]
            tie[:, i] = (member @ sparse.diags_array(z) @ weighted).toarray()
            group_score[:, i] = np.bincount(groups.codes, z * (y - mean), n_groups)
            group_score[:, i] -= inner[:, i] / variances[len(sizes) + i]
        own_inverse = np.linalg.inv(own) if m else own
        back = own_inverse @ tie
        hessian -= np.tensordot(tie, back, axes=([0, 1], [0, 1])) if m else 0.0
        root = linalg.cholesky(hessian, lower=True, check_finite=False)
        inverse = linalg.lapack.dpotri(root, lower=1, overwrite_c=1)[0]
        inverse += np.tril(inverse, -1).T
        step = inverse @ (score - np.tensordot(back, group_score, axes=([0, 1], [0, 1])) if m else score)
        group_step = np.einsum("gij,gj->gi", own_inverse, group_score) - back @ step
        damp = min(1.0, 5.0 / max(float(np.abs(step).max()), float(np.abs(group_step).max(initial=0.0)), 1e-12))
        theta, inner = theta + damp * step, inner + damp * group_step
        new = variances.copy()
        for k, size in enumerate(sizes):
            block = slice(int(edges[k]), int(edges[k]) + size)
            spread = float(np.diag(inverse)[block].sum())
            new[k] = _variance(float((theta[block] ** 2).sum()), size, spread, variances[k])
        for i in range(m):
            spread = float(own_inverse[:, i, i].sum() + ((back[:, i] @ inverse) * back[:, i]).sum())
            k = len(sizes) + i
            new[k] = _variance(float((inner[:, i] ** 2).sum()), n_groups, spread, variances[k])
        # faint variances crawl towards zero: they decide nothing
        still = (np.abs(np.log(new / variances)) < 0.05) | (new < _FAINT)
        variances = new
        if float(np.abs(step[:p]).max(initial=0.0)) < 1e-3 and bool(np.all(still)):
            break
    outer = 1.0 / scale
    effects = tuple(theta[int(edges[k]) : int(edges[k]) + size] for k, size in enumerate(sizes))
    covariance = inverse[:p, :p] * outer[:, None] * outer[None, :]
    return MixedFit(theta[:p] * outer, covariance, variances, (*effects, *inner.T), rounds)


def _variance(squares: float, size: int, spread: float, now: float) -> float:
    """Return the next guess of a variance: squares over effective degrees of freedom (Schall)."""
    free = max(size - spread / now, 1e-3)
    return float(np.clip(squares / free, _LEAST_VARIANCE, 100.0))
