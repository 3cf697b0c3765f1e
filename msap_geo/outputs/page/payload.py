"""What a map's page carries: one block of columns, plain text and numbers, read by its scripts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from msap_geo import french_hours
from msap_geo.coverage import NO_ACCESS
from msap_geo.outputs.colours import class_colours
from msap_geo.outputs.page.cover import cover
from msap_geo.outputs.page.digital import digital
from msap_geo.outputs.page.packing import pack
from msap_geo.outputs.page.payload_parts import (
    changes,
    folded,
    groups,
    isochrones,
    numbers,
    office_ways,
    packed_decimals,
    places,
    road_numbers,
    roads,
    robustness,
    site_lines,
    ways,
)
from msap_geo.outputs.page.proposals import farther, proposals
from msap_geo.outputs.page.scenery import scenery_data
from msap_geo.outputs.page.topology import Grid, grid_of, packed, simplified, topology
from msap_geo.outputs.page.without_car import without_car
from msap_geo.territory import DEPARTEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from msap_geo.outputs.page.content import MapContent

ROLES = {
    "maison": "Maison",
    "voisine": "Maison d’un département voisin",
    "itinerante": "Maison itinérante, non comptée",
    "candidat": "Point La Poste",
    "poste": "Point La Poste",
}
"""What a site is to the study: key in the page's columns, and in words."""

_FINEST_M, _COARSEST_M = 30.0, 200.0
_COMMUNES_IN_DETAIL = 500
_MANY_COMMUNES = 3000
_STEPS = 6.0
"""Steps of the grid in a simplification tolerance: rounding to it cannot be seen."""


def payload(content: MapContent) -> dict[str, Any]:
    """Return the columns of a map's page.

    Parameters
    ----------
    content
        What the map shows.

    Returns
    -------
    dict
        Ready for JSON: communes in the rows of ``content.access``, their borders as arcs, sites,
        zones. A thing without a place keeps its row, without coordinates.
    """
    tolerance = tolerance_m(len(content.communes))
    drawn = simplified(content.communes.geometry, tolerance_m=tolerance)
    grid = grid_of(drawn, step_m=tolerance / _STEPS)
    sites = _sites(content)
    first, codes = content.thresholds[0], content.access["code_insee"]
    parts: dict[str, Any] = {
        "isochrones": isochrones(content, drawn, grid),
        "routes": roads(content, grid),
        "numeros": road_numbers(content, grid),
        "publics": groups(content),
        "trajets": ways(content, grid),
        "trajetsBureaux": office_ways(content, grid),
        "fond": scenery_data(content.scenery, content.communes, drawn, grid),
    }
    parts["tropProche"] = content.too_close
    parts["couverture"] = cover(content.cover, codes)
    parts |= digital(content.digital, codes)
    parts["plusLoin"] = farther(content.proposals, codes)
    parts["propositions"] = proposals(content.proposals, codes)
    parts["filigrane"] = " · ".join(caution.mark for caution in content.cautions)
    if content.findings is not None:
        parts["evolution"] = changes(content.findings, codes, first)
        parts["sansVoiture"] = without_car(content.findings.without_car, codes)
        sites["lignes"] = site_lines(content.findings, first)
    return {
        "seuils": list(content.thresholds),
        "classes": [
            {"nom": name, "couleur": colour, "hachures": name == NO_ACCESS}
            for name, colour in class_colours(content.thresholds).items()
        ],
        "grille": list(grid),
        "trace": packed(topology(drawn, grid)),
        "communes": _communes(content, drawn, grid, sites["id"]),
        "departements": _departements(content),
        "sites": sites,
        "roles": ROLES,
        "note": content.score,
        "ensemble": _is_wide(content),
        "candidats": _candidates(content),
        "zones": _zones(content),
        **{name: part for name, part in parts.items() if part},
    }


def _is_wide(content: MapContent) -> bool:
    """Tell whether a map is first read by département: its communes are too many at first view."""
    several = len(set(content.communes["departement"])) > 1
    return several and len(content.communes) >= _MANY_COMMUNES


def tolerance_m(communes: int) -> float:
    """Return how far the borders of a map are simplified: more when it holds more of them.

    A screen shows them all at once: as many pixels are shared among more communes. The same metres
    up to a region or so, then as the square root of their number, up to a few pixels of a map of
    the country.
    """
    grown = _FINEST_M * math.sqrt(max(communes, _COMMUNES_IN_DETAIL) / _COMMUNES_IN_DETAIL)
    return round(min(grown, _COARSEST_M), 1)


def _sparse(values: Iterable[str | None], usual: str = "") -> dict[str, str]:
    """Return the texts that are not the usual one, by row."""
    return {str(i): text for i, text in enumerate(values) if text and text != usual}


def _communes(
    content: MapContent, drawn: gpd.GeoSeries, grid: Grid, site_ids: list[str]
) -> dict[str, Any]:
    access = content.access
    classes = list(class_colours(content.thresholds))
    departements = sorted(content.communes["departement"].unique())
    row_of_site = {site: i for i, site in enumerate(site_ids)}
    margin_m = 2 * tolerance_m(len(drawn)) / _STEPS  # a point and a border each move by a step
    stand = places(drawn, content.origins.geometry, grid, margin_m=margin_m)
    columns: dict[str, Any] = {
        "code": _codes(access["code_insee"]),
        "nom": access["nom"].tolist(),
        "population": pack(access["population"].to_numpy(dtype=np.int64)),
        "minutes": packed_decimals(access["minutes"], 3),
        "km": packed_decimals(access["km"], 1),
        "classe": pack(np.array([classes.index(label) for label in access["palier"]])),
        "site": pack(np.array([row_of_site.get(site, -1) for site in access["site_id"]])),
        "departement": pack(
            np.array([departements.index(code) for code in content.communes["departement"]])
        ),
        "raison": _sparse(access["raison"]),
        "origine": _sparse(content.origins["origine"], "mairie"),
        "points": pack(np.diff(stand, axis=0, prepend=0).ravel()),
    }
    if "epci_nom" in content.communes and content.communes["epci_nom"].notna().any():
        names = content.communes["epci_nom"].fillna("")
        known = sorted(set(names))
        columns["epci"] = {"nom": known, "de": [known.index(name) for name in names]}
    if content.contiguity is not None:
        columns["voisines"] = _packed_pairs(content.contiguity, len(access))
    return columns


_DIGITS = 3
"""Of a commune's code, after its two characters of département: ``2A004``, ``97105``."""


def _codes(codes: pd.Series) -> dict[str, Any] | list[str]:
    """Write codes by the steps from one to the next, where all of them have INSEE's form."""
    if not codes.str.fullmatch(r"..\d{3}").all():
        return list(codes)
    head, number = codes.str[:-_DIGITS], codes.str[-_DIGITS:].astype(int).to_numpy()
    return {"tete": folded(head), "pas": pack(np.diff(number, prepend=0))}


def _packed_pairs(pairs: NDArray[np.int64], n: int) -> str:
    """Write pairs of neighbours (i < j) by their first: how many, then the steps from one on."""
    low, high = np.sort(pairs[:, pairs[0] != pairs[1]], axis=0)
    unique = np.unique(np.stack([low, high]), axis=1)
    count = np.bincount(unique[0], minlength=n)
    start = np.concatenate([[0], np.cumsum(count)[:-1]])
    before = np.concatenate([[0], unique[1][:-1]])
    first = np.zeros(unique.shape[1], dtype=bool)
    first[start[count > 0]] = True
    steps = unique[1] - np.where(first, unique[0], before)
    return pack(np.insert(steps, start, count))


def _departements(content: MapContent) -> list[dict[str, str]]:
    codes = sorted(content.communes["departement"].unique())
    return [{"code": code, "nom": DEPARTEMENTS.get(code, code)} for code in codes]


def _sites(content: MapContent) -> dict[str, Any]:
    """Gather every place people go to, one row each: Maisons first, candidates best first."""
    ranks = content.candidates.set_index("site_id")["rang"]
    more = [name for name in ("position", "horaires") if name in content.la_poste]
    offices = content.candidates.merge(content.la_poste[["site_id", *more]], on="site_id")
    others = content.la_poste[~content.la_poste["site_id"].isin(ranks.index)]
    tables = {
        "maison": content.maisons,
        "voisine": content.neighbours,
        "itinerante": content.itinerants,
        "candidat": offices,
        "poste": others,
    }
    crs = content.communes.crs
    rows = pd.concat(
        [
            pd.DataFrame(table.drop(columns="geometry"))
            .assign(role=role, point=table.geometry.to_crs(crs).to_numpy())
            .reindex(columns=[*_SITE_COLUMNS, "role", "point"])
            for role, table in tables.items()
        ],
        ignore_index=True,
    )
    degrees = gpd.GeoSeries(rows["point"].to_numpy(), crs=crs).to_crs(4326)
    # A commune of the study is called as the study calls it, and named once.
    place = {code: i for i, code in enumerate(content.access["code_insee"])}
    commune = rows["code_insee"].map(place).fillna(-1).astype(int)
    return {
        "id": rows["site_id"].tolist(),
        "nom": rows["nom"].tolist(),
        "genre": folded(rows["genre"]),
        "commune": folded(rows["commune"].where(commune < 0)),
        "lieu": pack(commune.to_numpy()),
        "position": folded(rows["position"]),
        "role": folded(rows["role"]),
        "rang": pack(
            rows["site_id"].where(rows["role"] == "candidat").map(ranks).fillna(0).astype(int)
        ),
        "lat": packed_decimals(degrees.y, 5),
        "lon": packed_decimals(degrees.x, 5),
        "horaires": folded(french_hours.hours(text) for text in rows["horaires"]),
    }


_SITE_COLUMNS = ("site_id", "nom", "genre", "commune", "code_insee", "position", "horaires")


def _candidates(content: MapContent) -> dict[str, Any]:
    table = content.candidates
    counts = ("population_gagnee", "habitants_rapproches")
    measures = ("score", "minutes_gagnees", "minutes_maison")
    return {
        "id": table["site_id"].tolist(),
        **{name: table[name].tolist() for name in counts},
        **{name: numbers(table[name]) for name in measures},
        "raison": _sparse(table["raison"]),
    }


def _zones(content: MapContent) -> list[dict[str, Any]]:
    row = {code: i for i, code in enumerate(content.access["code_insee"])}
    held = robustness(content.findings)
    return [
        {
            "rang": int(zone.rang),
            "id": zone.zone_id,
            "nom": zone.nom,
            "communes": [row[code] for code in zone.communes],
            "population": int(zone.population),
            "minutesMax": numbers([zone.minutes_max])[0],
            "lignes": [
                [
                    "Maison la plus proche pour le plus d’habitants",
                    zone.site_nom if isinstance(zone.site_nom, str) else "aucune",
                ],
                ["Robustesse", held.get(zone.zone_id, "")],
            ],
        }
        for zone in content.zones.itertuples()
    ]
