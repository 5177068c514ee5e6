"""The way to the customer: by road, or flown where that is faster."""

from __future__ import annotations

from salessim.world.compiled import rule
from salessim.world.numbers import sqrt
from salessim.world.tables import Tables

__all__ = ["distance_km", "one_way_hours", "visit_hours", "visit_km"]


@rule
def distance_km(w: Tables, a: int, r: int) -> float:
    """Return the distance between account `a` and the home of rep `r` as the crow flies.

    Places are points in space: on the sphere the chord is stretched to its arc by the series of 2 R asin(c / 2 R),
    so that no library function decides; on a plane the curvature is 0.
    """
    x = w.accounts[a].x - w.reps[r].x
    y = w.accounts[a].y - w.reps[r].y
    z = w.accounts[a].z - w.reps[r].z
    square = x * x + y * y + z * z
    u = square * w.settings[0].curvature
    return sqrt(square) * (1.0 + u / 24.0 + 3.0 * u * u / 640.0 + 5.0 * u * u * u / 7168.0)


@rule
def one_way_hours(w: Tables, km: float) -> float:
    """Return the hours of a one-way trip over `km` as the crow flies."""
    s = w.settings[0]
    road = km * s.detour / s.speed
    air = s.flight_overhead + km / s.flight_speed
    return s.travel * max(s.local_hours, min(road, air))


@rule
def visit_hours(w: Tables, a: int, r: int) -> float:
    """Return the travel hours of one visit: there and back, shared by the visits of a trip."""
    s = w.settings[0]
    if s.travel <= 0.0:
        return 0.0
    return 2.0 * one_way_hours(w, distance_km(w, a, r)) / s.visits_per_trip


@rule
def visit_km(w: Tables, a: int, r: int) -> float:
    """Return the kilometres of one visit."""
    s = w.settings[0]
    if s.travel <= 0.0:
        return 0.0
    return 2.0 * s.travel * distance_km(w, a, r) * s.detour / s.visits_per_trip
