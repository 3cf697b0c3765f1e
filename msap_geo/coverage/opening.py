"""Hours during which people have an open Maison within reach: within reach on paper is not open.

Counted exactly: the week is cut wherever a Maison opens or closes, and in each piece a place is
served if one of the Maisons within its reach is open. No minute is counted twice, none is sampled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from msap_geo.coverage.access import MINUTES_DECIMALS
from msap_geo.hours import DAY_MINUTES, DAYS, read_hours

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    from numpy.typing import NDArray

    from msap_geo.travel import TravelTimes

WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
NOON = 13 * 60
"""The morning ends and the afternoon begins at one o'clock: counters that close for lunch close
before, those that do not belong to both."""

LUNCH = (12 * 60, 14 * 60)
"""When people at work can come, minutes since midnight."""

_WEEK_MINUTES = len(DAYS) * DAY_MINUTES
_CHUNK = 4096
"""Places counted at a time: bounds memory to a few tens of megabytes."""


class _Pieces(NamedTuple):
    """The week cut into pieces: their bounds, and which sites are open in each."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    open: NDArray[np.int32]


def open_hours(times: TravelTimes, sites: gpd.GeoDataFrame, *, threshold: float) -> pd.DataFrame:
    """Count the hours per week with at least one open site within the threshold.

    Parameters
    ----------
    times
        Travel times, at least as far as the threshold.
    sites
        The sites of ``times`` (in any order) with ``horaires``: the canonical text of
        :mod:`msap_geo.hours`, null when unknown.
    threshold
        Minutes, inclusive.

    Returns
    -------
    pandas.DataFrame
        One row per place of ``times``, same order:

        ``demand_id``
            The place.
        ``maisons_a_portee, maisons_sans_horaires``
            Sites within the threshold, and those of them whose hours are unknown: they count for no
            hour, so that the hours are at least those given.
        ``heures_semaine``
            Length of the union of the openings within reach, hours a week; 0 without a site within
            reach, null if the hours of all of them are unknown.
        ``heures_<jour>, heures_<jour>_matin, heures_<jour>_apres_midi``
            The same by day and half-day (before and from :data:`NOON`).
        ``heures_midi``
            The same between 12:00 and 14:00, all days.
        ``demi_journees``
            Half-days with some opening, of fourteen.
        ``ferme_le``
            Of Monday to Saturday, the days without any opening, for places that have a site within
            reach; empty else.
    """
    ids = pd.Index(sites["site_id"])
    text = sites["horaires"].to_numpy(dtype=object)[ids.get_indexer(times.site_ids)]
    known = ~pd.isna(text)
    inside = _within(times, threshold)
    pieces = _cut(
        [value if is_known else "off" for value, is_known in zip(text, known, strict=True)]
    )
    buckets = _buckets(pieces)
    minutes = np.concatenate(list(_counted(inside, pieces, buckets)))
    reach = np.diff(inside.indptr)
    unknown = (inside @ (~known).astype(np.int64)).astype(np.int64)
    hours = (minutes / 60).round(4)
    hours[(reach > 0) & (unknown == reach)] = np.nan
    table = pd.DataFrame(hours, columns=list(_names()))
    halves = table[[f"heures_{day}_{half}" for day in WEEKDAYS for half in ("matin", "apres_midi")]]
    table.insert(0, "demand_id", times.demand_ids.to_numpy(dtype=object))
    table.insert(1, "maisons_a_portee", reach.astype(np.int64))
    table.insert(2, "maisons_sans_horaires", unknown)
    table["demi_journees"] = (halves > 0).sum(axis=1).astype("int64")
    closed = np.full(len(table), "", dtype=object)
    for day in WEEKDAYS[:-1]:
        shut = (table[f"heures_{day}"] == 0).to_numpy() & (reach > 0)
        closed = np.where(shut, np.where(closed == "", day, closed + f", {day}"), closed)
    table["ferme_le"] = closed
    return table


def people_by_half_day(population: pd.Series, hours: pd.DataFrame) -> pd.DataFrame:
    """Count the people who have an open site within reach, for each half-day.

    Parameters
    ----------
    population
        Inhabitants of each place, rows of ``hours``.
    hours
        Table of :func:`open_hours`.

    Returns
    -------
    pandas.DataFrame
        One row per half-day, then ``midi`` and ``semaine``: ``moment``, ``population_servie``
        (some opening), ``population_fermee`` (a site within reach, none open then),
        ``population_inconnue`` (hours unknown), ``population_hors_portee``; the four add up to the
        population. ``heures_moyennes``: hours open, mean over the people whose hours are known,
        those out of reach included (0); null when no hours at all are known.
    """
    people = population.to_numpy(dtype=float)
    far = (hours["maisons_a_portee"] == 0).to_numpy()
    rows = []
    halves = [f"{day}_{half}" for day in WEEKDAYS for half in ("matin", "apres_midi")]
    for moment in [*halves, "midi", "semaine"]:
        value = hours[f"heures_{moment}"].to_numpy(dtype=float)
        unknown = np.isnan(value)
        served = value > 0
        # With no known hours within anyone's reach, a mean would only count those out of reach.
        counted = people[~unknown].sum() if (~unknown & ~far).any() else 0.0
        rows.append(
            (
                moment,
                int(people[served].sum()),
                int(people[~served & ~unknown & ~far].sum()),
                int(people[unknown].sum()),
                int(people[far].sum()),
                np.nansum(people * value) / counted if counted else np.nan,
            )
        )
    names = ["servie", "fermee", "inconnue", "hors_portee"]
    columns = ["moment", *(f"population_{name}" for name in names), "heures_moyennes"]
    return pd.DataFrame(rows, columns=columns).round({"heures_moyennes": 3})


def weekly_supply(sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the hours a week each site is open.

    Parameters
    ----------
    sites
        Sites with ``horaires``.

    Returns
    -------
    pandas.DataFrame
        ``site_id, heures, heures_supposees``: where the hours are unknown, the median of the known
        ones stands in (:data:`LABEL_HOURS` if none is known) and the last column says so.
    """
    text = sites["horaires"]
    hours = text.map(lambda value: read_hours(value).minutes / 60, na_action="ignore").astype(float)
    assumed = hours.median() if hours.notna().any() else LABEL_HOURS
    return pd.DataFrame(
        {
            "site_id": sites["site_id"].to_numpy(dtype=object),
            "heures": hours.fillna(assumed).to_numpy(),
            "heures_supposees": text.isna().to_numpy(),
        }
    )


LABEL_HOURS = 24.0
"""Hours a week the France Services label asks for (circular of 1 July 2019)."""


def _within(times: TravelTimes, threshold: float) -> csr_array:
    trips = times.minutes.tocoo()
    kept = np.round(trips.data, MINUTES_DECIMALS) <= threshold
    cells = (np.ones(int(kept.sum()), dtype=np.int64), (trips.row[kept], trips.col[kept]))
    return csr_array(cells, shape=times.minutes.shape)


def _cut(texts: list[str]) -> _Pieces:
    """Cut the week wherever something opens or closes, at midnight, noon and round lunch."""
    spans = np.array(
        [
            (site, day * DAY_MINUTES + start, day * DAY_MINUTES + end)
            for site, text in enumerate(texts)
            for day, intervals in enumerate(read_hours(text).days)
            for start, end in intervals
        ],
        dtype=np.int64,
    ).reshape(-1, 3)
    daily = np.array([0, LUNCH[0], NOON, LUNCH[1]])
    fixed = (np.arange(len(DAYS))[:, None] * DAY_MINUTES + daily).ravel()
    bounds = np.unique(np.concatenate([fixed, spans[:, 1], spans[:, 2], [_WEEK_MINUTES]]))
    steps = np.zeros((len(texts), len(bounds)), dtype=np.int32)
    np.add.at(steps, (spans[:, 0], np.searchsorted(bounds, spans[:, 1])), 1)
    np.add.at(steps, (spans[:, 0], np.searchsorted(bounds, spans[:, 2])), -1)
    return _Pieces(bounds[:-1], bounds[1:], steps.cumsum(axis=1)[:, :-1])


def _names() -> Iterator[str]:
    yield "heures_semaine"
    for day in WEEKDAYS:
        yield from (f"heures_{day}", f"heures_{day}_matin", f"heures_{day}_apres_midi")
    yield "heures_midi"


def _buckets(pieces: _Pieces) -> NDArray[np.int64]:
    """Return the minutes each piece brings to each column of :func:`_names`."""
    day, minute = np.divmod(pieces.start, DAY_MINUTES)
    morning = minute < NOON
    columns = [np.ones(len(day), dtype=bool)]
    for rank in range(len(DAYS)):
        today = day == rank
        columns += [today, today & morning, today & ~morning]
    columns.append((minute >= LUNCH[0]) & (minute < LUNCH[1]))
    lengths: NDArray[np.int64] = np.column_stack(columns) * (pieces.end - pieces.start)[:, None]
    return lengths


def _counted(
    inside: csr_array, pieces: _Pieces, buckets: NDArray[np.int64]
) -> Iterator[NDArray[np.float64]]:
    """Minutes of each place in each bucket, a chunk of places at a time."""
    yield np.empty((0, buckets.shape[1]))
    lengths = buckets.astype(float)  # sums of minutes of a week are exact in floats, and faster
    for first in range(0, inside.shape[0], _CHUNK):
        served = (inside[first : first + _CHUNK] @ pieces.open) > 0
        yield served.astype(float) @ lengths
