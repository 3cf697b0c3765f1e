"""Sites at two dates, matched: which opened, closed, moved, or merely changed name."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

from msap_geo import schemas

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import geopandas as gpd

OPENED, CLOSED, KEPT, MOVED = "ouverte", "fermée", "maintenue", "déplacée"

MOVED_M = 250.0
"""Two addresses of one site this far apart are two places: below, it is geocoding."""

SAME_NAME_M = 5_000.0
"""Two sites of one name in different communes are one only if this close."""

SAME_COMMUNE_M = 1_000.0
"""Two sites of one commune this close are one that changed its name and its identifier."""

_COMMON = frozenset(
    {
        *("france", "service", "services", "fs", "msap", "mfs", "public", "publics"),
        *("maison", "maisons", "espace", "espaces"),
        *("a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les"),
    }
)
"""Words that say what a site is, not which one."""


class _Pair(NamedTuple):
    before: int
    after: int
    how: str


def site_changes(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> pd.DataFrame:
    """Match the sites of two dates: by identifier, then by name, then by distance.

    An identifier is not trusted when both name and place say otherwise: lists were renumbered.

    Parameters
    ----------
    before, after
        Tables under :data:`msap_geo.schemas.SITES`, in one projection.

    Returns
    -------
    pandas.DataFrame
        One row per site of either: ``evolution`` (:data:`OPENED`, :data:`CLOSED`, :data:`MOVED`
        beyond :data:`MOVED_M` if both points are surveyed, else :data:`KEPT`), ``nom``,
        ``code_insee``, ``commune`` and ``departement`` (of after where there is one),
        ``site_id_avant, site_id_apres, nom_avant, nom_apres, rapprochement`` (``identifiant``,
        ``nom``, ``distance``, empty when alone) and ``distance_m``. Opened first, then closed,
        moved, kept; by name.
    """
    schemas.check(before, schemas.SITES)
    schemas.check(after, schemas.SITES)
    before, after = before.reset_index(drop=True), after.reset_index(drop=True)
    pairs: list[_Pair] = []
    for candidates, how in (
        (_by_identifier(before, after), "identifiant"),
        (_by_name(before, after), "nom"),
        (_by_distance(before, after), "distance"),
    ):
        pairs += _settle(candidates, pairs, how)
    rows = [_row(before.iloc[p.before], after.iloc[p.after], p.how) for p in pairs]
    rows += [
        _row(before.iloc[i], None, "")
        for i in sorted(set(range(len(before))) - {p.before for p in pairs})
    ]
    rows += [
        _row(None, after.iloc[i], "")
        for i in sorted(set(range(len(after))) - {p.after for p in pairs})
    ]
    table = pd.DataFrame(rows, columns=_COLUMNS)
    rank = {name: place for place, name in enumerate((OPENED, CLOSED, MOVED, KEPT))}
    order = table.assign(
        ordre=table["evolution"].map(rank),
        repere=table["site_id_apres"].fillna(table["site_id_avant"]),
    )
    sequence = order.sort_values(["ordre", "nom", "repere"]).index
    return table.loc[sequence].reset_index(drop=True).astype({"distance_m": float})


_COLUMNS = [
    "evolution", "nom", "code_insee", "commune", "departement", "site_id_avant", "site_id_apres",
    "nom_avant", "nom_apres", "rapprochement", "distance_m",
]  # fmt: skip

_Candidate = tuple[float, int, int]
"""Distance in metres, row before, row after."""


def _by_identifier(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> Iterator[_Candidate]:
    place = {site_id: row for row, site_id in enumerate(after["site_id"])}
    for i, site_id in enumerate(before["site_id"]):
        j = place.get(site_id)
        if j is None:
            continue
        apart = _metres(before.geometry[i], after.geometry[j])
        same = _words(before["nom"][i]) == _words(after["nom"][j])
        if same or np.isnan(apart) or apart <= SAME_NAME_M:
            yield 0.0, i, j


def _by_name(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> Iterator[_Candidate]:
    by_words: dict[frozenset[str], list[int]] = {}
    for j, name in enumerate(after["nom"]):
        by_words.setdefault(_words(name), []).append(j)
    for i, name in enumerate(before["nom"]):
        words = _words(name)
        for j in by_words.get(words, []) if words else []:
            apart = _metres(before.geometry[i], after.geometry[j])
            if before["code_insee"][i] == after["code_insee"][j] or apart <= SAME_NAME_M:
                yield (np.inf if np.isnan(apart) else apart), i, j


def _by_distance(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> Iterator[_Candidate]:
    placed = np.flatnonzero(before.geometry.notna())
    tree = shapely.STRtree(after.geometry.to_numpy())
    points = before.geometry.to_numpy()[placed]
    for k, j in tree.query(points, predicate="dwithin", distance=SAME_COMMUNE_M).T:
        i = placed[k]
        apart = _metres(before.geometry[i], after.geometry[j])
        if apart <= MOVED_M or before["code_insee"][i] == after["code_insee"][j]:
            yield apart, int(i), int(j)


def _settle(candidates: Iterable[_Candidate], taken: list[_Pair], how: str) -> list[_Pair]:
    """Keep the closest pairs, each site once; of equals the first of either list."""
    used = {p.before for p in taken}, {p.after for p in taken}
    kept = []
    for _, i, j in sorted(candidates, key=lambda c: (c[0], min(c[1:]), max(c[1:]))):
        if i not in used[0] and j not in used[1]:
            used[0].add(i)
            used[1].add(j)
            kept.append(_Pair(i, j, how))
    return kept


def _words(name: str) -> frozenset[str]:
    """Return the words that tell a site from another, without accents nor order."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return frozenset(re.findall(r"[a-z0-9]+", plain)) - _COMMON


def _metres(one: shapely.Point | None, other: shapely.Point | None) -> float:
    return float("nan") if one is None or other is None else float(shapely.distance(one, other))


def _row(before: pd.Series | None, after: pd.Series | None, how: str) -> dict[str, object]:
    now = after if after is not None else before
    apart = float("nan")
    if before is not None and after is not None:
        apart = _metres(before.geometry, after.geometry)
        surveyed = before["position"] == after["position"] == "source"
        evolution = MOVED if surveyed and apart >= MOVED_M else KEPT
    else:
        evolution = OPENED if before is None else CLOSED
    return {
        "evolution": evolution,
        **{name: now[name] for name in ("nom", "code_insee", "commune", "departement")},  # type: ignore[index]
        "site_id_avant": None if before is None else before["site_id"],
        "site_id_apres": None if after is None else after["site_id"],
        "nom_avant": None if before is None else before["nom"],
        "nom_apres": None if after is None else after["nom"],
        "rapprochement": how,
        "distance_m": round(apart, 1),
    }
