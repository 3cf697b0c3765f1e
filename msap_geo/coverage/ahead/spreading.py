"""Projected people of a zone, brought to its communes by how old their people are today.

A zone's projected people of an age band are shared out as its people of that band live today
(constant shares: Smith, Tayman & Swanson, *A Practitioner's Guide to State and Local Population
Projections*, Springer, 2013, chapter 8):

    x(c, b, t) = k(z) · P(z, b, t) · m(c, b) / Σ_{c' ∈ z} m(c', b)

Today's table ``m`` is that of the census, raked (iterative proportional fitting: Deming & Stephan,
*Annals of Mathematical Statistics* 11, 1940) until each commune has its people of today and each
band of the zone those of the projection for the reference year; ``k`` is the zone's people of today
over those projected for that year. Thus the reference year's people are today's, commune by
commune, and the people of a zone and band are ``k P`` at every horizon, to the last digit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo.errors import DataError
from msap_geo.loaders.people.persons import settle
from msap_geo.loaders.prospective.tranches import Band

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

OLD = 75
"""Age from which people are told apart: those who drive least, and whose number doubles."""

_TURNS, _CLOSE = 2_000, 1e-9
_MIXED = 0.01
"""Share of the zone's ages given to a commune where bands without anybody keep raking from its
end; small enough to change nobody's figure by more than a person or two."""


@dataclass(frozen=True, eq=False)
class Spread:
    """People of communes at each horizon.

    Parameters
    ----------
    communes
        One row per commune and horizon: ``code_insee, zone, horizon, population`` (whole persons)
        and, where the projection tells them, ``habitants_75_plus`` (whole persons).
    bands
        One row per zone, horizon and band: ``zone, horizon, tranche, projection`` (as published),
        ``calage`` (k), ``habitants_repartis`` (sum over the communes, before they are whole).
    older
        One row per zone and year of the projection: ``zone, annee, population,
        habitants_75_plus`` (scaled by k), the second null where the projection does not tell it.
    """

    communes: pd.DataFrame
    bands: pd.DataFrame
    older: pd.DataFrame


def spread_projection(
    people: pd.Series,
    zone: pd.Series,
    projection: pd.DataFrame,
    *,
    horizons: Sequence[int],
    reference: int,
    ages: pd.DataFrame | None = None,
    scaled: bool = True,
) -> Spread:
    """Bring a projection to communes.

    Parameters
    ----------
    people
        Persons of each commune today, whole, index ``code_insee``.
    zone
        Zone of the projection of each commune, same index; none null.
    projection
        Table of :func:`msap_geo.loaders.load_projections`.
    horizons
        Years wanted; between two years of the projection, people change evenly.
    reference
        Year whose people are those of today.
    ages
        Table of :func:`msap_geo.loaders.load_ages`; without it, communes of a zone are all as old.
    scaled
        Whether the reference year's people are today's; otherwise k is 1 and today's table is not
        raked: the projection is left as published, and its reference year is its own.

    Returns
    -------
    Spread
        The people, whole by largest remainder within each zone (their total is the zone's,
        rounded).

    Raises
    ------
    DataError
        If a year lies outside the projection, or a zone has people today and none in it.
    """
    names, of_commune = np.unique(zone.to_numpy(dtype=object).astype(str), return_inverse=True)
    bands, years, published = _cube(projection, names)
    persons = people.to_numpy(dtype=float)
    today = np.bincount(of_commune, weights=persons, minlength=len(names)).astype(float)
    start = _at(published, years, reference)
    factor = _factors(today, start.sum(axis=1), names) if scaled else np.ones(len(names))
    cuts, structure = _structure(people.index, of_commune, bands, ages, persons)
    block = np.searchsorted(cuts, [band.low for band in bands], side="right") - 1
    margins = factor[:, None] * _by_block(start, block, len(cuts))
    table = _raked(structure, persons, margins, of_commune) if scaled else structure
    share = _shares(table, persons, of_commune, len(names))
    old = np.array([band.low >= OLD for band in bands])
    told = any(band.low == OLD for band in bands)
    rows, sums = [], []
    for horizon in horizons:
        zones = _at(published, years, horizon)
        spread = factor[of_commune, None] * zones[of_commune] * share[:, block]
        rows.append(
            pd.DataFrame(
                {
                    "code_insee": people.index,
                    "zone": names[of_commune],
                    "horizon": horizon,
                    "population": _whole(spread.sum(axis=1), of_commune),
                    **(
                        {"habitants_75_plus": _whole(spread[:, old].sum(axis=1), of_commune)}
                        if told
                        else {}
                    ),
                }
            )
        )
        total = np.zeros((len(names), len(bands)))
        np.add.at(total, of_commune, spread)
        sums.append(_audit(names, horizon, bands, zones, factor, total))
    return Spread(
        pd.concat(rows, ignore_index=True),
        pd.concat(sums, ignore_index=True),
        _series(names, years, published, factor, old if told else None),
    )


def _cube(
    projection: pd.DataFrame, names: NDArray[np.str_]
) -> tuple[list[Band], NDArray[np.float64], NDArray[np.float64]]:
    """Return bands, years, and people of each zone, band and year."""
    kept = projection[projection["zone"].isin(set(names))]
    wide = kept.pivot_table(
        index="zone", columns=["bas", "haut", "annee"], values="population", aggfunc="first"
    ).reindex(names)
    bands = [
        Band(int(low), float(high))
        for low, high in dict.fromkeys(wide.columns.droplevel("annee").to_flat_index())
    ]
    years = np.sort(wide.columns.get_level_values("annee").unique().to_numpy(dtype=float))
    shape = (len(names), len(bands), len(years))
    return bands, years, wide.to_numpy(dtype=float).reshape(shape)


def _at(
    published: NDArray[np.float64], years: NDArray[np.float64], year: int
) -> NDArray[np.float64]:
    """Return the people of each zone and band in a year, changing evenly between two told."""
    if not years[0] <= year <= years[-1]:
        raise DataError(
            f"l'année {year} est hors de la projection ({int(years[0])} à {int(years[-1])})",
            where="[prospective] horizons",
            remedy="demander des années de la projection, ou en donner une plus longue",
        )
    after = int(np.searchsorted(years, year))
    here: NDArray[np.float64] = published[:, :, after]
    if years[after] == year:
        return here
    part = (year - years[after - 1]) / (years[after] - years[after - 1])
    result: NDArray[np.float64] = published[:, :, after - 1] * (1 - part) + here * part
    return result


def _factors(
    today: NDArray[np.float64], projected: NDArray[np.float64], names: NDArray[np.str_]
) -> NDArray[np.float64]:
    empty = (projected <= 0) & (today > 0)
    if empty.any():
        raise DataError(
            f"la projection ne compte personne dans {', '.join(names[empty])} l'année de "
            "référence, où des habitants vivent aujourd'hui",
            where="[prospective] fichier",
            remedy="corriger la projection, ou son année de référence",
        )
    return np.where(projected > 0, today / np.where(projected > 0, projected, 1.0), 1.0)


def _structure(
    codes: pd.Index,
    of_commune: NDArray[np.int64],
    bands: Sequence[Band],
    ages: pd.DataFrame | None,
    persons: NDArray[np.float64],
) -> tuple[list[int], NDArray[np.float64]]:
    """Return the ages both sides cut at, and the people of each commune between them."""
    if ages is None:
        return [0], persons[:, None].copy()
    columns = [name for name in ages.columns if name != "code_insee"]
    lows = [band.low for band in bands]
    cuts = [int(name) for name in columns if int(name) in lows]
    own = ages.set_index("code_insee")[columns].reindex(codes).to_numpy(dtype=float)
    of_column = np.searchsorted(cuts, [int(name) for name in columns], side="right") - 1
    table = np.stack([own[:, of_column == rank].sum(axis=1) for rank in range(len(cuts))], axis=1)
    unknown = ~(np.nansum(table, axis=1) > 0) | np.isnan(table).any(axis=1)
    table[unknown] = 0.0
    zones = np.zeros((int(of_commune.max(initial=-1)) + 1, len(cuts)))
    np.add.at(zones, of_commune, table)
    everyone = table.sum(axis=0)
    zones = np.where(zones.sum(axis=1, keepdims=True) > 0, zones, everyone if everyone.any() else 1)
    typical = zones / zones.sum(axis=1, keepdims=True)
    table[unknown] = persons[unknown, None] * typical[of_commune[unknown]]
    return cuts, table


def _by_block(
    people: NDArray[np.float64], block: NDArray[np.int64], count: int
) -> NDArray[np.float64]:
    return np.stack([people[:, block == rank].sum(axis=1) for rank in range(count)], axis=1)


def _raked(
    structure: NDArray[np.float64],
    persons: NDArray[np.float64],
    margins: NDArray[np.float64],
    of_commune: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Rake today's ages so that communes have their people, and zones the projection's bands."""
    if structure.shape[1] == 1:
        return persons[:, None]
    result = np.zeros_like(structure)
    for zone in range(len(margins)):
        inside = np.flatnonzero(of_commune == zone)
        seed = structure[inside]
        table, met = _rake(seed, persons[inside], margins[zone])
        if not met:
            whole = seed.sum(axis=1, keepdims=True)
            typical = margins[zone] / max(margins[zone].sum(), 1e-12)
            mixed = (1 - _MIXED) * seed + _MIXED * whole * typical
            table, _ = _rake(mixed, persons[inside], margins[zone])
        result[inside] = table
    return result


def _rake(
    seed: NDArray[np.float64], rows: NDArray[np.float64], columns: NDArray[np.float64]
) -> tuple[NDArray[np.float64], bool]:
    """Fit a table to its margins, whose sums are equal; tell whether it met them."""
    table = seed * _ratio(rows, seed.sum(axis=1))[:, None]
    for _ in range(_TURNS):
        table = table * _ratio(columns, table.sum(axis=0))
        across = table.sum(axis=1)
        if np.abs(across - rows).max(initial=0.0) <= _CLOSE * rows.max(initial=1.0):
            return table, bool(np.abs(table.sum(axis=0) - columns).max() <= 1e-6 * columns.max())
        table = table * _ratio(rows, across)[:, None]
    return table, False


def _ratio(wanted: NDArray[np.float64], have: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(wanted, have, out=np.zeros_like(wanted), where=have > 0)


def _shares(
    table: NDArray[np.float64],
    persons: NDArray[np.float64],
    of_commune: NDArray[np.int64],
    count: int,
) -> NDArray[np.float64]:
    """Return the part of its zone's people of each block that each commune has."""
    # Where nobody is of a block today, those to come live where people do.
    total = np.zeros((count, table.shape[1]))
    np.add.at(total, of_commune, table)
    everyone = np.bincount(of_commune, weights=persons, minlength=count).astype(float)
    alike = _ratio(persons, everyone[of_commune])
    spread = np.divide(
        table, total[of_commune], out=np.zeros_like(table), where=total[of_commune] > 0
    )
    return np.where(total[of_commune] > 0, spread, alike[:, None])


def _whole(people: NDArray[np.float64], of_commune: NDArray[np.int64]) -> NDArray[np.int64]:
    """Settle people to whole persons, the total of each zone kept."""
    result = np.zeros(len(people), dtype=np.int64)
    order = np.argsort(of_commune, kind="stable")
    ends = np.cumsum(np.bincount(of_commune))
    for inside in np.split(order, ends[:-1]):
        result[inside] = settle(people[inside])
    return result


def _audit(
    names: NDArray[np.str_],
    horizon: int,
    bands: Sequence[Band],
    zones: NDArray[np.float64],
    factor: NDArray[np.float64],
    total: NDArray[np.float64],
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "zone": np.repeat(names.astype(object), len(bands)),
            "horizon": horizon,
            "tranche": np.tile([band.label for band in bands], len(names)),
            "projection": zones.ravel(),
            "calage": np.repeat(factor, len(bands)),
            "habitants_repartis": total.ravel(),
        }
    )


def _series(
    names: NDArray[np.str_],
    years: NDArray[np.float64],
    published: NDArray[np.float64],
    factor: NDArray[np.float64],
    old: NDArray[np.bool_] | None,
) -> pd.DataFrame:
    scaled = published * factor[:, None, None]
    elders = scaled[:, old].sum(axis=1) if old is not None else np.full(scaled.shape[::2], math.nan)
    return pd.DataFrame(
        {
            "zone": np.repeat(names.astype(object), len(years)),
            "annee": np.tile(years.astype(int), len(names)),
            "population": scaled.sum(axis=1).ravel(),
            "habitants_75_plus": elders.ravel(),
        }
    )
