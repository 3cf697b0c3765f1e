"""The trips a page carries: which ones, and what it may say of those it leaves out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import vstack

from msap_geo import outputs
from msap_geo.coverage.access import MINUTES_DECIMALS
from msap_geo.travel.times import TIE_MINUTES

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray
    from scipy.sparse import coo_array

    from msap_geo import travel
    from msap_geo.study.times.source import TimeSource

BACKUPS = 32
"""Where trips must be left out, each place keeps those not longer than to its so-many-th Maison, as
many as the page holds, from so many down."""

THOUSAND = 1000
_CHUNK = 1 << 18
_NO_LIMIT = np.iinfo(np.int64).max


class Pairs(NamedTuple):
    """Trips in order of place, time and identifier; minutes in thousandths."""

    place: NDArray[np.int64]
    site: NDArray[np.int64]
    thousandths: NDArray[np.int64]


def whole(minutes: NDArray[np.float64] | float) -> NDArray[np.int64]:
    """Return minutes as whole thousandths; unknown or endless ones as the largest number."""
    known = np.asarray(minutes, dtype=float)
    finite = np.isfinite(known)
    rounded = np.round(np.where(finite, known, 0), MINUTES_DECIMALS)
    found: NDArray[np.int64] = np.where(
        finite, np.rint(THOUSAND * rounded).astype(np.int64), _NO_LIMIT
    )
    return found


def in_order(trips: coo_array, site_ids: pd.Series) -> Pairs:
    """Order trips as :func:`msap_geo.travel.nearest` does: by place, time, then identifier."""
    minutes, column = trips.data, trips.col
    rank = np.argsort(np.argsort(site_ids.to_numpy(dtype=object), kind="stable"))
    span = int(whole(minutes.max(initial=0.0))) + 1
    if span > _NO_LIMIT // (int(trips.row.max(initial=0)) + 1):
        keys = (rank[column], np.round(minutes / TIE_MINUTES), whole(minutes), trips.row)
        order = np.lexsort(keys)
        return Pairs(
            trips.row[order].astype(np.int64), column[order].astype(np.int64), keys[2][order]
        )
    # One number for place and time: millions of pairs are ordered at once, then those that tie.
    key = trips.row.astype(np.int64)
    key *= span
    for start in range(0, len(key), _CHUNK):
        some = slice(start, start + _CHUNK)
        key[some] += whole(minutes[some])
    order = np.argsort(key)
    key = key[order]
    same = np.flatnonzero(key[1:] == key[:-1])
    tied = np.union1d(same, same + 1)
    rows = order[tied]
    finer = np.round(minutes[rows] / TIE_MINUTES)
    order[tied] = rows[np.lexsort((rows, rank[column[rows]], finer, key[tied]))]
    column = column[order].astype(np.int64)
    del order, rows, tied
    place = key // span
    key %= span
    return Pairs(place, column, key)


def near_and_own(
    times: TimeSource,
    places: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    *,
    today: NDArray[np.float64],
    minutes: float,
) -> travel.TravelTimes:
    """Return the trips within some minutes, and those of farther places up to their own Maison.

    Parameters
    ----------
    times
        What tells them.
    places, sites
        Starting points, and sites to go to.
    today
        Minutes of each place to its nearest Maison; not finite without one.
    minutes
        Minutes within which every trip is wanted.
    """
    near = times.matrix(places, sites, max_minutes=minutes)
    far = np.flatnonzero(np.isfinite(today) & (today > minutes))
    if not far.size:
        return near
    own = times.matrix(
        places.iloc[far].reset_index(drop=True), sites, max_minutes=float(today[far].max())
    )
    row = np.arange(len(places))
    row[far] = len(places) + np.arange(len(far))
    joined = [
        vstack([one, other], format="csr")[row]
        for one, other in ((near.minutes, own.minutes), (near.km, own.km))
    ]
    return replace(near, minutes=joined[0], km=joined[1], max_minutes=own.max_minutes)


def carried(
    pairs: Pairs,
    counted: NDArray[np.bool_],
    *,
    routed: NDArray[np.bool_],
    limit: NDArray[np.int64],
    shortest: NDArray[np.int64],
    most: int,
) -> outputs.Trips | None:
    """Keep as many trips as a page holds, every place up to a time of its own.

    Parameters
    ----------
    pairs
        Trips known, in order.
    counted
        Which sites are Maisons.
    routed
        Which places reach any Maison, whether their trip there is among the pairs or not.
    limit
        Of each place, thousandths up to which every trip is known; :data:`_NO_LIMIT` for all.
    shortest
        Of each place, thousandths up to which every trip must be kept.
    most
        Trips a page holds.

    Returns
    -------
    Trips
        None where not even the shortest ones hold.
    """
    n_places = len(limit)
    bound = limit
    if len(pairs.place) > most:
        bounds = np.minimum(_bounds(pairs, counted, n_places).clip(min=shortest), limit)
        held = (
            candidate
            for candidate in bounds[::-1]
            if (pairs.thousandths <= candidate[pairs.place]).sum() <= most
        )
        found = next(held, None)
        if found is None:
            return None
        bound = found
    kept = pairs.thousandths <= bound[pairs.place]
    dropped = np.bincount(pairs.place[~kept], minlength=n_places) > 0
    reach, lost = _lost(pairs, routed, len(counted))
    start = np.concatenate([[0], np.cumsum(np.bincount(pairs.place[kept], minlength=n_places))])
    return outputs.Trips(
        start=start.astype(np.int64),
        site=pairs.site[kept],
        thousandths=pairs.thousandths[kept],
        bound=np.where(dropped | (limit < _NO_LIMIT), bound, -1),
        reach=reach,
        lost=lost,
    )


def _bounds(pairs: Pairs, counted: NDArray[np.bool_], n_places: int) -> NDArray[np.int64]:
    """Return the time of each place to its 0th, 1st, 2nd… Maison; endless where it has fewer."""
    bounds = np.full((BACKUPS + 1, n_places), _NO_LIMIT)
    bounds[0] = 0
    maison = counted[pairs.site]
    place, thousandths = pairs.place[maison], pairs.thousandths[maison]
    rank = pd.Series(place).groupby(place).cumcount().to_numpy() + 1
    near = rank <= BACKUPS
    bounds[rank[near], place[near]] = thousandths[near]
    return bounds


def _lost(
    pairs: Pairs, routed: NDArray[np.bool_], n_sites: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Tell which sites each place can never reach, places alike together.

    Who reaches a Maison reaches any site; of others, only the trips known are possible.
    """
    others = np.flatnonzero(~routed)
    row = np.full(len(routed), -1)
    row[others] = np.arange(len(others))
    lost = np.ones((len(others), n_sites), dtype=bool)
    theirs = row[pairs.place] >= 0
    lost[row[pairs.place[theirs]], pairs.site[theirs]] = False
    free = np.zeros((int(routed.any()), n_sites), dtype=bool)
    packed, group = np.unique(
        np.packbits(np.concatenate([free, lost]), axis=1), axis=0, return_inverse=True
    )
    group = np.asarray(group, dtype=np.int64).ravel()
    reach = np.full(len(routed), group[0] if len(group) else 0)
    reach[others] = group[len(free) :]
    return reach, np.unpackbits(packed, axis=1, count=n_sites).astype(bool)
