"""Where accounts and reps are: on the globe where places are known, on a plane where given in km or assumed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.model.market import Market
from salessim.model.plan import Team
from salessim.world.random import identities

__all__ = ["ASSUMED_WAY", "EARTH_RADIUS", "Places", "locate"]

EARTH_RADIUS = 6371.0
"""Mean radius of the Earth, km."""
ASSUMED_WAY = 40.0
"""Way to every customer, km, where no place is known and the market names no distance."""

Floats = NDArray[np.float64]


class Places(NamedTuple):
    """Places of accounts and reps.

    `flat` (n, 2) is a plane for drawing territories, `space` (n, 3) are the points between which travel is measured;
    `curvature` is 1/R^2 on the globe and 0 on a plane. Rows of NaN: a home not yet known.
    """

    flat: Floats
    space: Floats
    home_flat: Floats
    curvature: float

    def in_space(self, flat: Floats, origin: tuple[float, float]) -> Floats:
        """Return the points in space of points on the plane."""
        if not self.curvature:
            return np.column_stack([flat, np.zeros(len(flat))])
        lat0, lon0 = origin
        lat = flat[:, 1] / 111.195 + lat0
        lon = flat[:, 0] / (111.195 * np.cos(np.radians(lat0))) + lon0
        return _on_globe(lat, lon)


def _on_globe(lat: Floats, lon: Floats) -> Floats:
    """Return points on the sphere, rounded to a millimetre so that the last bit of sine and cosine does not matter."""
    phi, theta = np.radians(lat), np.radians(lon)
    points = EARTH_RADIUS * np.column_stack([np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)])
    return np.round(points, 6)


def _flattened(lat: Floats, lon: Floats, origin: tuple[float, float]) -> Floats:
    lat0, lon0 = origin
    turned = (lon - lon0 + 180.0) % 360.0 - 180.0
    flat = np.column_stack([111.195 * np.cos(np.radians(lat0)) * turned, 111.195 * (lat - lat0)])
    return np.round(flat, 6)


def locate(
    market: Market, team: Team, order: NDArray[np.int64], team_order: NDArray[np.int64]
) -> tuple[Places, tuple[float, float]]:
    """Place the accounts (in `order`) and the team (in `team_order`) of a market.

    Accounts without a place take that of another account of their region, chosen by their own identity. Where no place
    is known at all, every customer is `ASSUMED_WAY` from every rep, so that no structure gains or loses by a geography
    that nobody knows; or, where the market names a distance, each has a place of its own in a square of that width.

    Returns
    -------
    places : Places
    origin : (float, float)
        Latitude and longitude of the middle of the plane (0, 0 where places are not on the globe).
    """
    accounts = market.accounts.where(order)
    people = team.where(team_order)
    on_globe = bool(np.isfinite(accounts["lat"]).any())
    first, second = ("lon", "lat") if on_globe else ("x", "y")
    place = np.column_stack([accounts[first], accounts[second]])
    home = np.column_stack([people[first], people[second]]) if len(people) else np.empty((0, 2))
    luck = (identities([accounts["account"]]) >> np.uint64(11)).astype(np.float64) / 2.0**53
    other = (identities([accounts["account"], np.full(len(accounts), "north")]) >> np.uint64(11)).astype(
        np.float64
    ) / 2.0**53
    known = np.isfinite(place).all(axis=1)
    if not known.any():
        if market.travelling.distance:
            place = np.column_stack([luck, other]) * market.travelling.distance
            home = np.full_like(home, np.nan)
        else:
            place = np.zeros((len(accounts), 2))
            home = np.tile([0.0, ASSUMED_WAY], (len(people), 1))
    elif not known.all():
        place = _borrowed(place, known, accounts["region"], luck)
    origin = (0.0, 0.0)
    if on_globe:
        middle = (float(np.nanmean(place[:, 1])), float(np.nanmean(place[:, 0])))
        origin = (round(middle[0], 3), round(middle[1], 3))
        flat = _flattened(place[:, 1], place[:, 0], origin)
        home_flat = _flattened(home[:, 1], home[:, 0], origin) if len(home) else home
    else:
        flat, home_flat = place, home
    if market.travelling.distance and known.any():
        width = float(np.max(np.ptp(flat, axis=0)))
        if width > 0:
            flat = flat * (market.travelling.distance / width)
            home_flat = home_flat * (market.travelling.distance / width)
            on_globe = False
    curvature = 1.0 / EARTH_RADIUS**2 if on_globe else 0.0
    space = _on_globe(place[:, 1], place[:, 0]) if on_globe else np.column_stack([flat, np.zeros(len(flat))])
    return Places(flat, space, home_flat, curvature), origin


def _borrowed(place: Floats, known: NDArray[np.bool_], region: NDArray[np.object_], luck: Floats) -> Floats:
    place = place.copy()
    everywhere = np.flatnonzero(known)
    for row in np.flatnonzero(~known):
        near = np.flatnonzero(known & (region == region[row])) if region[row] else everywhere
        pool = near if len(near) else everywhere
        place[row] = place[pool[min(int(luck[row] * len(pool)), len(pool) - 1)]]
    return place
