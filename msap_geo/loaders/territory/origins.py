"""Where the people of a commune start from: the best point that is known of it.

Its town hall; else where most of its people live (INSEE's grid); else where its streets are densest
(:mod:`msap_geo.travel.streets`, once the roads are read); else a point on its surface; where it has
neither town hall nor outline, the town hall of a commune that is known to be near. ``origine`` says
which. What each costs is measured by ``benchmarks/origins.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist

from msap_geo import schemas
from msap_geo.among import among
from msap_geo.anomalies import Action, note
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.territory.voisinage import PLACE_TOLERANCE_M
from msap_geo.territory import departement_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from msap_geo.loaders.territory.cog import CommuneCodes

NEXT_DOOR_M = 300.0
"""How far outside its own outline a town hall may stand when it lies inside another commune."""

SAME_PLACE_M = 15.0
"""Town halls of two communes this close are one point given twice: files round to ten metres."""

UNKNOWN_OUTLINE_M = 100.0
"""How far a shared town hall is held to be from a commune whose outline is not known: farther than
from the one it lies in, nearer than from one it lies well outside."""

TOWN_HALL, CELL, STREETS = "mairie", "carreau", "rues"
SURFACE, NEIGHBOUR, NOWHERE = "point sur la surface", "commune voisine", "aucune"


def commune_origins(
    communes: gpd.GeoDataFrame,
    town_halls: gpd.GeoDataFrame,
    *,
    near: Mapping[str, Sequence[str]] | None = None,
) -> Loaded[gpd.GeoDataFrame]:
    """Give each commune the point its inhabitants start from.

    The town hall, unless it is missing, lies more than
    :data:`msap_geo.loaders.territory.voisinage.PLACE_TOLERANCE_M` outside the commune, lies inside
    another one more than :data:`NEXT_DOOR_M` away, or is also that of another commune whose outline
    is nearer to it. Else a point on the commune's surface. Where there is no outline either, the
    most central town hall of the communes known to be near; without any, none, and the row stays.

    Parameters
    ----------
    communes
        Table under :data:`msap_geo.schemas.COMMUNES`, projected.
    town_halls
        Table under :data:`msap_geo.schemas.TOWN_HALLS`, any CRS; of the whole country where
        possible, since one point may be given to communes of two départements.
    near
        Communes known to be near others, by code (:func:`communes_near`).

    Returns
    -------
    Loaded
        Table under :data:`msap_geo.schemas.DEMAND`, one row per commune, same order.
    """
    schemas.check(communes, schemas.COMMUNES)
    schemas.check(town_halls, schemas.TOWN_HALLS)
    halls = town_halls.to_crs(communes.crs).set_index("code_insee").geometry
    points = halls.reindex(communes["code_insee"]).to_numpy()
    outlines = communes.geometry.to_numpy()
    has_hall, has_outline = ~shapely.is_missing(points), ~shapely.is_missing(outlines)
    outside_m = shapely.distance(points, outlines)
    astray = has_hall & has_outline & (outside_m > PLACE_TOLERANCE_M)
    # Well inside another commune, a town hall is another one's (homonyms), however near.
    astray |= _inside_another(points, outlines) & (outside_m > NEXT_DOOR_M)
    shared, undecided = _shared(halls, communes["code_insee"], outside_m)
    wrong = shared & ~astray
    use_hall = has_hall & ~astray & ~wrong
    table = gpd.GeoDataFrame(
        {
            "demand_id": communes["code_insee"],
            "code_insee": communes["code_insee"],
            "population": communes["population"],
            "origine": pd.Series(
                np.where(use_hall, TOWN_HALL, np.where(has_outline, SURFACE, NOWHERE)),
                index=communes.index,
            ).astype(str),
        },
        geometry=np.where(use_hall, points, shapely.point_on_surface(outlines)),
        crs=communes.crs,
    )
    table = _near_others(table, halls, near or {})
    lost = (table["origine"] == NOWHERE).to_numpy()
    told = _told(communes, town_halls, outside_m)
    anomalies = [
        anomaly
        for mask, code, action, message in (
            (
                ~has_hall & has_outline,
                "mairie-absente",
                Action.REPAIRED,
                "mairie inconnue, remplacée (colonne « origine »)",
            ),
            (
                astray,
                "mairie-mal-placee",
                Action.REPAIRED,
                "mairie publiée à {km} km de la commune, remplacée (colonne « origine »)",
            ),
            (
                wrong,
                "mairie-partagee",
                Action.REPAIRED,
                "mairie publiée au point de celle d'une autre commune, plus proche : remplacée",
            ),
            (
                undecided & use_hall,
                "mairie-partagee",
                Action.NOTED,
                "mairie publiée au point de celle d'une autre commune, aussi proche : gardée",
            ),
            (
                ~use_hall & ~has_outline & ~lost,
                "commune-sans-position",
                Action.REPAIRED,
                "ni mairie ni contour : placée à la mairie d'une commune voisine",
            ),
            (
                lost,
                "commune-sans-position",
                Action.NOTED,
                "ni mairie ni contour : temps de trajet inconnu",
            ),
        )
        for anomaly in note(told[mask], code, action, message)
    ]
    return Loaded(schemas.check(table, schemas.DEMAND), len(table), tuple(anomalies))


def from_cells(origins: gpd.GeoDataFrame, carreaux: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Let communes without a town hall start from the centre of their most populated cell.

    Parameters
    ----------
    origins
        Table under :data:`msap_geo.schemas.DEMAND`, one row per commune.
    carreaux
        Table under :data:`msap_geo.schemas.CARREAUX`, any CRS; None where no grid is given.

    Returns
    -------
    geopandas.GeoDataFrame
        The same rows. Of equally populated cells, the first by its name.
    """
    wanted = origins["origine"].isin([SURFACE, NEIGHBOUR, NOWHERE])
    if carreaux is None or not wanted.any():
        return origins
    inhabited = carreaux["population"] > 0
    cells = carreaux[inhabited & carreaux["code_insee"].isin(origins["code_insee"][wanted])]
    most = cells.sort_values(["population", "demand_id"], ascending=[False, True])
    most = most.drop_duplicates("code_insee").set_index("code_insee")
    centres = gpd.GeoSeries(
        shapely.centroid(most.geometry.to_numpy()), index=most.index, crs=carreaux.crs
    ).to_crs(origins.crs)
    return moved_to(origins, centres, CELL)


def moved_to(origins: gpd.GeoDataFrame, points: gpd.GeoSeries, name: str) -> gpd.GeoDataFrame:
    """Let communes start from other points.

    Parameters
    ----------
    origins
        Table under :data:`msap_geo.schemas.DEMAND`, one row per commune.
    points
        Points by code of the commune, same CRS; communes it does not know, or for which it has
        none, stay.
    name
        What the points are, for ``origine``.

    Returns
    -------
    geopandas.GeoDataFrame
        The same rows.
    """
    found = points.reindex(origins["code_insee"]).to_numpy()
    move = ~shapely.is_missing(found)
    moved = origins.assign(origine=origins["origine"].mask(move, name))
    place = np.where(move, found, origins.geometry.to_numpy())
    return moved.set_geometry(gpd.GeoSeries(place, index=origins.index, crs=origins.crs))


def communes_near(
    wanted: Iterable[str], records: Sequence[Mapping[str, Any]], codes: CommuneCodes
) -> dict[str, tuple[str, ...]]:
    """Tell which communes some communes are known to be near, without any map.

    Parameters
    ----------
    wanted
        Codes of the communes asked about.
    records
        Records of the COG (:func:`msap_geo.loaders.territory.cog.read_records`), with
        ``codesPostaux`` where they have them.
    codes
        Codes in force: what a commune was taken apart from, or with.

    Returns
    -------
    dict
        For each commune, those it was once one with; for want of any, those of its département
        that share a postal code of its.
    """
    asked = set(wanted)
    kin: dict[str, set[str]] = {}
    for former, several in codes.alternatives.items():
        for code in asked.intersection(several):
            kin.setdefault(code, set()).update({former, *several} - {code})
    post: dict[tuple[str, str], set[str]] = {}
    own: dict[str, set[tuple[str, str]]] = {}
    alone = {code for code in asked if not kin.get(code)}
    today = [record for record in records if record["type"] == "commune-actuelle"] if alone else []
    for record in today:
        code = str(record["code"])
        if code in alone:
            places = {(departement_of(code), str(of)) for of in record.get("codesPostaux") or ()}
            own.setdefault(code, set()).update(places)
    # Of the country, only the communes of their postal codes.
    shared = {postal for places in own.values() for _, postal in places}
    for record in today:
        for postal in record.get("codesPostaux") or ():
            if str(postal) in shared:
                code = str(record["code"])
                post.setdefault((departement_of(code), str(postal)), set()).add(code)
    found = {}
    for code in asked:
        others = kin.get(code) or set().union(*(post[place] for place in own.get(code, ())))
        found[code] = tuple(sorted(others - {code}))
    return found


def _near_others(
    table: gpd.GeoDataFrame, halls: gpd.GeoSeries, near: Mapping[str, Sequence[str]]
) -> gpd.GeoDataFrame:
    """Put communes without any place at the most central town hall of those they are near."""
    sure = table[table["origine"] == TOWN_HALL].set_index("code_insee").geometry
    known = pd.concat(
        [sure, halls[~among(halls.index.to_series(), table["code_insee"]).to_numpy()].dropna()]
    )
    codes, found = known.index.to_series().astype(object), {}
    for code in table["code_insee"][table["origine"] == NOWHERE]:
        there = known[codes.isin(near.get(code, ())).to_numpy()]
        if len(there):
            xy = shapely.get_coordinates(there.to_numpy())
            found[code] = there.iloc[int(cdist(xy, xy).sum(axis=0).argmin())]
    return moved_to(table, gpd.GeoSeries(found, crs=table.crs), NEIGHBOUR) if found else table


def _shared(
    halls: gpd.GeoSeries, codes: pd.Series, outside_m: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell whose town hall is also that of a commune nearer to it, and of one as near."""
    given = halls[~(halls.isna() | halls.is_empty)]
    # The projection of an island has no room for the other side of the earth.
    xy = shapely.get_coordinates(given.to_numpy())
    somewhere = np.isfinite(xy).all(axis=1)
    given, xy = given[somewhere], xy[somewhere]
    if given.empty:
        nobody = np.zeros(len(codes), dtype=bool)
        return nobody, nobody
    pairs = KDTree(xy).query_pairs(SAME_PLACE_M, output_type="ndarray")
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(xy),) * 2)
    place = pd.Series(connected_components(links, directed=False)[1], index=given.index)
    away = pd.Series(np.nan_to_num(outside_m, nan=UNKNOWN_OUTLINE_M), index=codes)
    away = away.reindex(given.index, fill_value=UNKNOWN_OUTLINE_M)
    of_place = away.groupby(place)
    nearest = of_place.transform("min")
    alone = of_place.transform("size") == 1
    tied = (away == nearest).groupby(place).transform("sum") > 1
    wrong = (away > nearest) & ~alone
    undecided = (away == nearest) & tied & ~alone
    found = pd.DataFrame({"wrong": wrong, "undecided": undecided}).reindex(codes, fill_value=False)
    return found["wrong"].to_numpy(dtype=bool), found["undecided"].to_numpy(dtype=bool)


def _inside_another(
    points: NDArray[np.object_], outlines: NDArray[np.object_]
) -> NDArray[np.bool_]:
    """Tell which points lie in the outline of another row."""
    present = np.flatnonzero(~shapely.is_missing(points))
    rows, found = shapely.STRtree(outlines).query(points[present], predicate="intersects")
    elsewhere = np.zeros(len(points), dtype=bool)
    elsewhere[present[rows[present[rows] != found]]] = True
    return elsewhere


def _told(
    communes: gpd.GeoDataFrame, town_halls: gpd.GeoDataFrame, outside_m: NDArray[np.float64]
) -> pd.DataFrame:
    """Return the communes as anomalies name them, with the line of their town hall."""
    told = pd.DataFrame(communes.drop(columns="geometry"))
    told["identifiant"] = told["code_insee"]
    for trace in ("fichier", "ligne"):
        if trace in town_halls:
            of = town_halls.set_index("code_insee")[trace]
            told[trace] = of.reindex(told["code_insee"]).to_numpy(dtype=object)
    told["km"] = [f"{m / 1000:.1f}".replace(".", ",") for m in np.nan_to_num(outside_m)]
    return told
