"""Logit with random effects: penalised quasi-likelihood with estimated variances.

Breslow & Clayton (1993, JASA 88:9-25), variances by Schall (1991, Biometrika 78:719-727). Without random effects it is
the logit of statsmodels. What the data cannot tell keeps the width of a prior that is next to flat, so standard errors
grow without bound instead of being left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy import sparse

__all__ = ["MixedFit", "fit_mixed_logit"]

Floats = NDArray[np.float64]

_FLAT = 1e-6
"""Precision of the prior of fixed effects: a standard deviation of 1,000."""
_LEAST_VARIANCE = 1e-5
_ROUNDS = 40


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
        Of the random effects, one per term.
    effects : tuple of arrays
        Predicted random effects, one array per term.
    rounds : int
    """

    beta: Floats
    covariance: Floats
    variances: Floats
    effects: tuple[Floats, ...]
    rounds: int


def fit_mixed_logit(
    y: Floats, fixed: Floats, random: Sequence[sparse.csr_matrix] = (), *, prior: Floats | None = None, start: float = 0.1
) -> MixedFit:
    """Estimate a logit with random effects.

    Parameters
    ----------
    y : (n,) array of 0 and 1
    fixed : (n, p) array
    random : sequence of (n, q_k) sparse matrices
        Terms of independent normal effects; each term has one variance.
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

    p = fixed.shape[1]
    scale = np.maximum(np.sqrt((fixed**2).mean(axis=0)), 1e-12)
    design = sparse.hstack([sparse.csr_matrix(fixed / scale), *random], format="csr")
    turned = design.T.tocsr()
    sizes = [term.shape[1] for term in random]
    edges = np.cumsum([p, *sizes])
    variances = np.full(len(sizes), start)
    theta = np.zeros(design.shape[1])
    precision = np.empty(design.shape[1])
    precision[:p] = _FLAT
    if prior is not None:
        precision[:p] += 1.0 / (prior * scale) ** 2
    inverse = np.eye(design.shape[1])
    rounds = 0
    for rounds in range(1, _ROUNDS + 1):  # noqa: B007
        for k, size in enumerate(sizes):
            precision[edges[k] : edges[k] + size] = 1.0 / variances[k]
        eta = np.asarray(design @ theta)
        mean = 1.0 / (1.0 + np.exp(-np.clip(eta, -30.0, 30.0)))
        weight = np.maximum(mean * (1.0 - mean), 1e-9)
        hessian = (turned @ sparse.diags_array(weight) @ design).toarray()
        hessian[np.diag_indices_from(hessian)] += precision
        score = np.asarray(turned @ (y - mean)) - precision * theta
        root = linalg.cholesky(hessian, lower=True, check_finite=False)
        inverse = linalg.lapack.dpotri(root, lower=1, overwrite_c=1)[0]
        inverse += np.tril(inverse, -1).T
        step = inverse @ score
        theta = theta + step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-12))
        new = variances.copy()
        for k, size in enumerate(sizes):
            block = slice(int(edges[k]), int(edges[k]) + size)
            trace = float(np.diag(inverse)[block].sum()) / variances[k]
            free = max(size - trace, 1e-3)
            new[k] = float(np.clip((theta[block] ** 2).sum() / free, _LEAST_VARIANCE, 100.0))
        moved = np.abs(np.log(new / variances)).max() if sizes else 0.0
        # faint variances crawl towards zero: they decide nothing
        faint = bool(len(sizes)) and bool(np.all((np.abs(np.log(new / variances)) < 0.02) | (new < 1e-3)))
        variances = new
        if float(np.abs(step[:p]).max(initial=0.0)) < 1e-4 and (moved < 0.02 or faint):
            break
    outer = 1.0 / scale
    return MixedFit(
        theta[:p] * outer,
        inverse[:p, :p] * outer[:, None] * outer[None, :],
        variances,
        tuple(theta[int(edges[k]) : int(edges[k]) + size] for k, size in enumerate(sizes)),
        rounds,
    )
