"""Longitude and latitude as they are really published: swapped, zero, absent, in the sea."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from msap_geo.anomalies import Action, Anomaly, note
from msap_geo.tabular import to_number
from msap_geo.territory import WGS84, Region, region_of


def read_positions(table: pd.DataFrame, *, file: str) -> tuple[gpd.GeoSeries, list[Anomaly]]:
    """Turn text coordinates into points, mending what can be mended.

    A point is kept when it lies in the territory its row declares; when only its mirror image
    does, latitude and longitude were swapped and are put back; when only its opposite longitude
    does, that longitude lost its sign (Guadeloupe) and finds it again, unless the territory lies on
    both sides of the meridian: there another slip is as likely (Ouessant at −5.957 for −5.0957);
    otherwise the row loses its position, never itself.

    Parameters
    ----------
    table
        Rows with text ``latitude``, ``longitude`` (degrees), ``departement``, and what
        :func:`msap_geo.anomalies.note` wants.
    file
        File name, for the anomalies.

    Returns
    -------
    geopandas.GeoSeries
        Points in WGS 84, null where there is no believable position.
    list of Anomaly
        One per row repaired or deprived of its position.
    """
    latitude, longitude = _degrees(table["latitude"]), _degrees(table["longitude"])
    # Regions are few: one box per département, spread over its rows.
    codes, inverse = np.unique(table["departement"].fillna("").to_numpy(str), return_inverse=True)
    bounds = np.array([_box(region_of(code)) for code in codes]).reshape(-1, 4)[inverse]
    absent = np.isnan(latitude) | np.isnan(longitude)
    inside = _within(longitude, latitude, bounds)
    swapped = ~inside & _within(latitude, longitude, bounds)
    one_sided = (bounds[:, 0] > 0) | (bounds[:, 2] < 0)
    unsigned = ~inside & ~swapped & one_sided & _within(-longitude, latitude, bounds)
    lost = ~(inside | swapped | unsigned | absent)
    null = lost & (latitude == 0) & (longitude == 0)
    # Both columns filled from the same one; a few decimals may differ.
    with np.errstate(invalid="ignore"):  # infinite ones are lost, not twins
        twin = lost & ~null & (np.abs(latitude - longitude) < _TWIN_DEGREES)
    anomalies = [
        anomaly
        for mask, code, action, message in (
            (swapped, "coordonnees-inversees", Action.REPAIRED, _SWAPPED),
            (unsigned, "longitude-sans-signe", Action.REPAIRED, _UNSIGNED),
            (absent, "coordonnees-absentes", Action.NOTED, _ABSENT),
            (null, "coordonnees-nulles", Action.NOTED, _NULL),
            (twin, "coordonnees-identiques", Action.NOTED, _TWIN),
            (lost & ~(null | twin), "coordonnees-hors-territoire", Action.NOTED, _LOST),
        )
        for anomaly in note(table[mask], code, action, message, file=file)
    ]
    latitude[swapped], longitude[swapped] = longitude[swapped], latitude[swapped]
    longitude[unsigned] *= -1
    unusable = absent | lost
    points = gpd.points_from_xy(
        np.where(unusable, 0.0, longitude), np.where(unusable, 0.0, latitude)
    )
    geometry = gpd.GeoSeries(points, index=table.index, crs=WGS84)
    return geometry.where(~unusable, None), anomalies


_TWIN_DEGREES = 0.001
_AS_READ = " (latitude « {latitude} », longitude « {longitude} »)"
_SWAPPED = "latitude et longitude inversées, remises à l'endroit" + _AS_READ
_UNSIGNED = "longitude au signe perdu, rétabli" + _AS_READ
_NULL = "coordonnées à zéro, position ignorée"
_TWIN = "latitude et longitude identiques, position ignorée" + _AS_READ
_ABSENT = "sans coordonnées lisibles"
_LOST = "coordonnées hors du territoire déclaré, position ignorée" + _AS_READ


def _degrees(texts: pd.Series) -> np.ndarray:
    """Convert coordinates to floats; what is not plainly a number goes the long way."""
    plain = pd.to_numeric(texts, errors="coerce")
    if plain.isna().any():
        rest = plain.isna()
        plain = plain.astype(float).where(~rest, to_number(texts[rest]).reindex(texts.index))
    degrees: np.ndarray = plain.to_numpy(dtype=float, copy=True)
    return degrees


def _box(region: Region) -> tuple[float, float, float, float]:
    return region.west, region.south, region.east, region.north


def _within(x: np.ndarray, y: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    west, south, east, north = bounds.T
    inside: np.ndarray = (x >= west) & (x <= east) & (y >= south) & (y <= north)
    return inside
