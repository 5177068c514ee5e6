"""The one error of this room: a forecast that cannot be made of what was given."""

from __future__ import annotations

from salessim.errors import SalesSimError

__all__ = ["ForecastError"]


class ForecastError(SalesSimError, ValueError):
    """Sales that cannot be forecast as they are, or a wish that cannot be met: what, where, what to do."""
