"""Our reconciliation and forecasts beside those of other libraries, where these happen to be installed.

statsforecast pins pandas below 3, so both live in an environment of their own, with this project on its path:
``pip install statsforecast hierarchicalforecast`` and what the project needs, then pytest with this file.
"""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.sparse import csr_array
from validation.forecast_data import competition

from salessim.forecast.reconcile import bottom_map
from salessim.forecast.scores import mase_scale, naive2, smape
from salessim.forecast.values import forecast_values


@pytest.mark.parametrize(
    ("ours", "theirs", "apart"), [("wls", "wls_var", 1e-3), ("mint", "mint_shrink", 0.05)]
)
def test_reconciliation_equals_that_of_hierarchicalforecast(ours: str, theirs: str, apart: float) -> None:
    """WLS and MinT differ in how errors are centred and shrunken only: hence the room."""
    methods = pytest.importorskip("hierarchicalforecast.methods")
    rng = np.random.default_rng(3)
    groups, each = 4, 5
    bottom = groups * each
    summing = np.vstack([np.ones(bottom), np.kron(np.eye(groups), np.ones(each)), np.eye(bottom)])
    common = rng.normal(0.0, 1.0, (240, 1))
    errors = (rng.normal(0.0, 1.0, (240, bottom)) + 0.5 * common) * rng.uniform(0.5, 4.0, bottom)
    of_nodes = errors @ summing.T + rng.normal(0.0, 0.5, (240, len(summing)))
    base = summing @ rng.uniform(50.0, 200.0, bottom) * rng.uniform(0.95, 1.05, len(summing))
    found = summing @ (bottom_map(csr_array(summing), of_nodes, base, ours) @ base)
    seen = np.tile(base[:, None], (1, 240))
    there = methods.MinTrace(method=theirs).fit_predict(
        S=summing, y_hat=base[:, None], y_insample=seen + of_nodes.T, y_hat_insample=seen
    )["mean"][:, 0]
    assert np.allclose(found, there, rtol=apart)


@pytest.mark.slow
def test_the_default_beats_automatic_ets_of_statsforecast() -> None:
    """48 monthly series of the M3 competition; on all 1,428 the reference measured OWA 0.804 against 0.838."""
    models = pytest.importorskip("statsforecast.models")
    scores: dict[str, list[tuple[float, float]]] = {"ours": [], "theirs": [], "naive": []}
    spent = {"ours": 0.0, "theirs": 0.0}
    for history, actual in competition("m3_monthly.csv.gz", every=15):
        scale = mase_scale(history, 12)
        begin = time.process_time()
        ours = forecast_values(history, len(actual), 12)["mean"]
        middle = time.process_time()
        theirs = models.AutoETS(season_length=12).forecast(history, h=len(actual), level=[80, 95])["mean"]
        spent["ours"] += middle - begin
        spent["theirs"] += time.process_time() - middle
        for name, mean in (("ours", ours), ("theirs", theirs), ("naive", naive2(history, len(actual), 12))):
            scores[name].append((float(np.mean(np.abs(actual - mean)) / scale), float(smape(actual, mean))))
    mean = {name: np.mean(rows, axis=0) for name, rows in scores.items()}
    owa = {name: float(np.mean(mean[name] / mean["naive"])) for name in ("ours", "theirs")}
    print(f"\nOWA {owa}, processor seconds {spent}")
    assert owa["ours"] <= owa["theirs"]
