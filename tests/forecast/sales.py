"""Small companies whose sales the tests know."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

AS_OF = datetime.date(2026, 1, 1)
Vector = npt.NDArray[np.float64]


def company(
    months: int = 60,
    regions: int = 2,
    products: int = 2,
    seed: int = 1,
    noise: float = 0.1,
    shape: Callable[[Vector], Vector] | None = None,
) -> pd.DataFrame:
    """Monthly sales until December 2025 by region and product: level × season × noise, a common shock in the noise."""
    rng = np.random.default_rng(seed)
    dates = pd.date_range(end="2025-12-01", periods=months, freq="MS")
    month = np.arange(months)
    common = rng.normal(0.0, noise / 2, months)
    parts = []
    for region in range(regions):
        for product in range(products):
            level = 100.0 * (1 + region) * (1 + 2 * product)
            values = level * (1 + 0.2 * np.sin(month * np.pi / 6)) * np.exp(rng.normal(0.0, noise, months) + common)
            values = values if shape is None else shape(values)
            parts.append(
                pd.DataFrame({"date": dates, "region": f"R{region}", "product": f"P{product}", "revenue": values})
            )
    return pd.concat(parts, ignore_index=True)
