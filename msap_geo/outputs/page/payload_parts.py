"""The optional parts of a map's page: reach, roads, target groups, the diagnosis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from msap_geo import french, schemas
from msap_geo.coverage.change import GAINED, LOST, STILL_BEYOND, STILL_WITHIN
from msap_geo.outputs.page.packing import pack
from msap_geo.outputs.page.topology import Grid, lines_on_grid, on_grid, packed, topology

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from msap_geo.outputs.page.content import Findings, MapContent

CHANGES = {
    GAINED: ("passés sous le seuil", "#2c7fb8", False),
    LOST: ("passés au-delà du seuil", "#d95f0e", True),
    STILL_WITHIN: ("restés sous le seuil", "#eef3e2", False),
    STILL_BEYOND: ("restés au-delà", "#77787c", False),
}
"""What became of a commune between two dates: in words, its colour, whether it is hatched."""

_REACH_SIMPLIFY_M = 100.0


def numbers(values: Iterable[float], decimals: int = 3) -> list[float | int | None]:
    """Return numbers as JSON has them: whole ones short, unknown ones null."""
    return [
        None if pd.isna(value) else int(value) if value == int(value) else round(value, decimals)
        for value in np.asarray(values, dtype=float).tolist()
    ]


def packed_decimals(values: Iterable[float], decimals: int) -> dict[str, Any]:
    """Write numbers of few decimals as whole steps from one to the next; unknown ones apart."""
    whole = np.asarray(values, dtype=float)
    known = np.isfinite(whole)
    steps = np.rint(whole[known] * 10**decimals).astype(np.int64)
    told = pack(np.diff(steps, prepend=0))
    return {"par": 10**decimals, "pas": told, "sans": np.flatnonzero(~known).tolist()}


def folded(values: Iterable[Any]) -> dict[str, Any]:
    """Write a column of few different texts: each once, and the rank of each row's."""
    listed = values.tolist() if isinstance(values, pd.Series) else values
    texts = [text if isinstance(text, str) else "" for text in listed]
    rank = {text: i for i, text in enumerate(sorted(set(texts)))}
    return {"mots": list(rank), "de": pack(np.array([rank[text] for text in texts], dtype=int))}


def isochrones(content: MapContent, drawn: gpd.GeoSeries, grid: Grid) -> dict[str, Any] | None:
    """Return the areas within each threshold, cut along the territory's own outline."""
    areas = content.isochrones
    if areas is None or areas.is_empty.all():
        return None
    territory = shapely.union_all(drawn.dropna().to_numpy())
    simple = shapely.simplify(areas.geometry.to_numpy(), _REACH_SIMPLIFY_M)
    inside = [_surface(shape.intersection(territory)) for shape in shapely.make_valid(simple)]
    return {
        "minutes": numbers(areas["minutes"]),
        "trace": packed(topology(gpd.GeoSeries(inside, crs=areas.crs), grid)),
    }


def _surface(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """Keep the surfaces of a geometry: an intersection may leave points and lines."""
    parts = shapely.get_parts(shapely.get_parts(np.array([shape], dtype=object)))
    return shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon"])


def roads(content: MapContent, grid: Grid) -> list[str]:
    """Return the main roads as arcs, one text a rank: of each line its points, then its steps."""
    table = content.main_roads
    if table is None or len(table) == 0:
        return []
    ranks = range(int(table["rang"].max()) + 1)
    return [lines_on_grid(table.geometry[table["rang"] == rank], grid) for rank in ranks]


_SIGN_EVERY_M, _SHORTEST_SIGNED_M = 4_000.0, 1_500.0
_MOST_SIGNS = 600


def road_numbers(content: MapContent, grid: Grid) -> dict[str, Any] | None:
    """Return where the page may write each road's number: along it, main roads first.

    Every few kilometres, fewer where that would make too many of them.
    """
    table = content.main_roads
    if table is None or "numero" not in table:
        return None
    table = table[table["numero"].ne("") & (table.geometry.length >= _SHORTEST_SIGNED_M)]
    table = table.sort_values(["rang", "numero"], kind="stable")
    length_m = table.geometry.length.to_numpy()
    if len(table) == 0:
        return None
    every_m = _SIGN_EVERY_M
    while np.maximum(1, np.rint(length_m / every_m)).sum() > max(_MOST_SIGNS, len(table)):
        every_m *= 1.5
    count = np.maximum(1, np.rint(length_m / every_m)).astype(int)
    road = np.repeat(np.arange(len(table)), count)
    place = np.arange(len(road)) - np.repeat(np.cumsum(count) - count, count)
    along = (place + 0.5) / count[road]
    points = shapely.line_interpolate_point(table.geometry.to_numpy()[road], along, normalized=True)
    names = list(dict.fromkeys(table["numero"]))
    rank = table["numero"].map({name: i for i, name in enumerate(names)}).to_numpy()
    whole = on_grid(shapely.get_coordinates(points), grid, crs=table.crs)
    return {
        "mots": names,
        "de": pack(np.diff(rank[road], prepend=0)),
        "points": pack(np.diff(whole, axis=0, prepend=0).ravel()),
    }


_MOST_WAYS = 150_000
"""Bytes of the page for the ways of its communes."""

_MOST_OFFICE_WAYS = 120_000
"""Bytes of the page for the ways to the offices that may open."""

_WAYS_SIMPLIFY_M, _COARSEST_WAYS_M = 40.0, 400.0
_COARSE_WAYS_M = 100.0
"""Rather than coarser ways to every office, the page has those to the offices of its plans."""


def ways(content: MapContent, grid: Grid) -> dict[str, Any] | None:
    """Return the way of each commune: pieces as arcs, what follows each, and the first of each.

    Simplified until they hold in their share of the page; none where that would be too coarse to
    be the roads.
    """
    found = content.ways
    if found is None or len(found.lines) == 0:
        return None
    lines = gpd.GeoSeries(found.lines, crs=content.communes.crs)
    arcs = _within(lines, grid, most=_MOST_WAYS, coarsest_m=_COARSEST_WAYS_M)
    if arcs is None:
        return None
    return {
        "arcs": arcs,
        "anneaux": "",
        "suite": pack(found.after),
        "de": pack(np.diff(found.first, prepend=0)),
    }


def _within(lines: gpd.GeoSeries, grid: Grid, *, most: int, coarsest_m: float) -> str | None:
    """Write lines simplified until they hold in so many bytes; none where they would not."""
    tolerance = _WAYS_SIMPLIFY_M
    while tolerance <= coarsest_m:
        simple = gpd.GeoSeries(shapely.simplify(lines.to_numpy(), tolerance), crs=lines.crs)
        arcs = lines_on_grid(simple, grid)
        if len(arcs) <= most:
            return arcs
        tolerance *= 1.5
    return None


def office_ways(content: MapContent, grid: Grid) -> dict[str, Any] | None:
    """Return the ways to the offices that may open, those of its plans where all are too many."""
    every = [one for one in content.office_ways if len(one.ways.lines)]
    planned = [one for one in every if one.planned]
    for kept, coarsest_m in ((every, _COARSE_WAYS_M), (planned, _COARSEST_WAYS_M)):
        if not kept:
            continue
        lines = gpd.GeoSeries(
            np.concatenate([one.ways.lines for one in kept]), crs=content.communes.crs
        )
        arcs = _within(lines, grid, most=_MOST_OFFICE_WAYS, coarsest_m=coarsest_m)
        if arcs is None:
            continue
        shift = np.cumsum([0, *(len(one.ways.lines) for one in kept)])
        moved = list(zip(kept, shift.tolist(), strict=False))
        after, first, rows = (
            np.concatenate(columns).astype(np.int64)
            for columns in (
                [_shifted(one.ways.after, by) for one, by in moved],
                [_shifted(one.ways.first, by) for one, by in moved],
                [one.rows for one in kept],
            )
        )
        return {
            "arcs": arcs,
            "anneaux": "",
            "suite": pack(after),
            "de": pack(np.diff(first, prepend=0)),
            "lieux": pack(np.diff(rows, prepend=0)),
            "nombre": pack(np.array([len(one.rows) for one in kept])),
            "sites": [one.site_id for one in kept],
        }
    return None


def _shifted(pieces: NDArray[np.int64], by: int) -> NDArray[np.int64]:
    """Return the numbers of pieces put after others; −1, none, stays."""
    return np.where(pieces < 0, pieces, pieces + by)


def groups(content: MapContent) -> list[dict[str, Any]]:
    """Return the people of each target group, commune by commune."""
    return [
        {"nom": words, "valeurs": numbers(content.communes[name], 0)}
        for name, words in schemas.GROUPS.items()
        if name in content.communes and content.communes[name].notna().any()
    ]


def changes(findings: Findings, codes: Iterable[str], threshold: float) -> dict[str, Any] | None:
    """Return what became of each commune since another list of Maisons."""
    if findings.changes is None:
        return None
    rows = findings.changes.set_index("code_insee").reindex(list(codes))
    order = list(CHANGES)
    return {
        "depuis": findings.before,
        "classes": [
            {"nom": words, "couleur": colour, "hachures": hatched}
            for words, colour, hatched in CHANGES.values()
        ],
        "classe": [order.index(status) for status in rows[f"statut_{threshold:g}"]],
        "minutesAvant": numbers(rows["minutes_avant"]),
    }


def site_lines(findings: Findings, threshold: float) -> dict[str, list[list[str]]]:
    """Return what the diagnosis says of each Maison: its catchment, and if it closed."""
    lost = f"perdus_{threshold:g}"
    closing = findings.closures.set_index("site_id")[lost]
    told = {}
    for row in findings.basins.to_dict("records"):
        assumed = " (supposées)" if row["heures_supposees"] else ""
        lines = [
            ["Bassin : habitants dont elle est la plus proche", french.number(row["habitants"])],
            ["Leur temps moyen", french.minutes(row["minutes_moyennes"])],
            ["Heures par semaine", french.number(row["heures"], 1) + assumed],
            ["Habitants par heure d’ouverture", french.number(row["habitants_par_heure"])],
        ]
        if row["site_id"] in closing.index:
            people = french.people(int(closing[row["site_id"]]))
            lines.append(
                [f"Si elle fermait, au-delà de {french.short(threshold)} min", f"{people} de plus"]
            )
        told[row["site_id"]] = lines
    return told


def robustness(findings: Findings | None) -> dict[str, str]:
    """Return how far each zone blanche holds, in words."""
    if findings is None:
        return {}
    table = findings.robustness.set_index("zone_id")
    return {
        str(zone): f"{row.robustesse} ({french.rate(row.part_blanche)} des hypothèses)"
        for zone, row in zip(table.index, table.itertuples(), strict=True)
    }


def places(
    drawn: gpd.GeoSeries, origins: gpd.GeoSeries, grid: Grid, *, margin_m: float
) -> NDArray[np.int64]:
    """Return where each commune is said to be, on the grid: its town hall, inside its area.

    Parameters
    ----------
    drawn
        Areas, as the page draws them.
    origins
        Where the trips of each start from, most often its town hall; same rows.
    grid
        Of the page.
    margin_m
        How near a border a point is on either side of it, once on the grid.

    Returns
    -------
    numpy.ndarray
        Shape (n, 2). Where the start is unknown or outside the area as drawn, a point inside; the
        grid's origin for one without outline.
    """
    areas, starts = drawn.to_numpy(), origins.to_crs(drawn.crs).to_numpy()
    points = shapely.point_on_surface(areas)
    clear = shapely.contains(areas, starts)
    clear &= shapely.distance(shapely.boundary(areas), starts) > margin_m
    points[clear] = starts[clear]
    known = ~(shapely.is_missing(points) | shapely.is_empty(points))
    whole = np.zeros((len(drawn), 2), dtype=np.int64)
    whole[known] = on_grid(shapely.get_coordinates(points[known]), grid, crs=drawn.crs)
    return whole
