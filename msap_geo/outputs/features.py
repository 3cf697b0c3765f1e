"""The features of a map's layers: shapes in degrees, and what their popups say, plain text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import shapely

from msap_geo.outputs import french
from msap_geo.outputs.colours import class_colours
from msap_geo.outputs.tables import to_wgs84

if TYPE_CHECKING:
    from collections.abc import Iterable

    from msap_geo.outputs.content import MapContent

_SIMPLIFY_M = 60.0
TOP_CANDIDATES = 10
"""How many candidates are numbered on the map and listed beside it."""

_TOWNS_NAMED = 10
_TOWNS_APART = 12


def layer_features(content: MapContent) -> dict[str, list[dict[str, Any]]]:
    """Return the GeoJSON features of every layer, by kind.

    Parameters
    ----------
    content
        What the map shows.

    Returns
    -------
    dict
        Kind of layer → features, coordinates to five decimals. A thing without a place is left
        out of the map, never of the tables.
    """
    drawn = _simplified(content.communes)
    return {
        "commune": _commune_features(content, drawn),
        "departement": _departement_features(drawn),
        "zone": _zone_features(content, drawn),
        "ville": _town_features(content),
        "poste": _site_features(content.la_poste, "Point La Poste"),
        "candidat": _candidate_features(content),
        "voisine": _site_features(content.neighbours, "Maison d’un département voisin"),
        "maison": _site_features(content.maisons, "Maison"),
        "itinerante": _site_features(content.itinerants, "Maison itinérante, non comptée"),
    }


def _features(
    geometry: Iterable[Any], properties: Iterable[dict[str, Any]]
) -> list[dict[str, Any]]:
    return [
        {"type": "Feature", "geometry": json.loads(shapely.to_geojson(shape)), "properties": told}
        for shape, told in zip(geometry, properties, strict=True)
        if shape is not None
    ]


def _fiche(title: str, *lines: tuple[str, str]) -> dict[str, Any]:
    """Return what a popup says: a title, then labels and values, all plain text."""
    return {"titre": title, "lignes": [line for line in lines if line[1]]}


def _simplified(communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Simplify shared borders once, so that neighbours stay joined."""
    drawn = communes[communes.geometry.notna()]
    simple = shapely.coverage_simplify(drawn.geometry.to_numpy(), _SIMPLIFY_M)
    return drawn.set_geometry(gpd.GeoSeries(simple, index=drawn.index, crs=communes.crs))


def _degrees(table: gpd.GeoDataFrame) -> Any:
    return shapely.set_precision(to_wgs84(table).geometry.to_numpy(), 1e-5, mode="pointwise")


def _commune_features(content: MapContent, drawn: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    colours = class_colours(content.thresholds)
    told = content.access.loc[drawn.index]
    starts = content.origins["origine"].loc[drawn.index]
    return _features(
        _degrees(drawn),
        (
            {
                "couleur": colours[row.palier],
                **_fiche(
                    f"{row.nom} ({row.code_insee})",
                    ("Population", french.people(row.population)),
                    ("Maison la plus proche", row.site_nom or "aucune"),
                    ("Temps de trajet", french.minutes(row.minutes)),
                    ("Distance par la route", french.kilometres(row.km)),
                    ("Classe", row.palier),
                    ("Départ", "" if origin == "mairie" else origin),
                    ("Remarque", row.raison),
                ),
            }
            for row, origin in zip(told.itertuples(), starts, strict=True)
        ),
    )


def _departement_features(drawn: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    outlines = drawn[["departement", "geometry"]].dissolve(by="departement").boundary
    table = gpd.GeoDataFrame(geometry=outlines, crs=drawn.crs)
    return _features(_degrees(table), ({} for _ in range(len(table))))


def _zone_features(content: MapContent, drawn: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    names = content.access.set_index("code_insee")["nom"]
    # The zones are unions of communes: drawn from the simplified ones, their outlines coincide.
    areas = drawn.set_index("code_insee").geometry
    shapes = [
        shapely.union_all(areas.reindex(codes).dropna().to_numpy())
        for codes in content.zones["communes"]
    ]
    table = gpd.GeoDataFrame(geometry=shapes, crs=content.communes.crs)
    labels = gpd.GeoSeries(shapely.point_on_surface(table.geometry.to_numpy()), crs=table.crs)
    anchors = labels.to_crs(4326)
    return _features(
        (None if shape.is_empty else shape for shape in _degrees(table)),
        (
            {
                "rang": int(row.rang),
                "id": row.zone_id,
                "ancre": None if anchor.is_empty else [round(anchor.y, 5), round(anchor.x, 5)],
                **_fiche(
                    f"Zone blanche n° {row.rang}",
                    ("Population", french.people(row.population)),
                    ("Communes", french.number(row.nb_communes)),
                    ("Temps le plus long", french.minutes(row.minutes_max)),
                    ("Maison la plus proche pour le plus d’habitants", row.site_nom or "aucune"),
                    ("Communes de la zone", ", ".join(names[code] for code in row.communes)),
                ),
            }
            for row, anchor in zip(content.zones.itertuples(), anchors, strict=True)
        ),
    )


def _town_features(content: MapContent) -> list[dict[str, Any]]:
    """Name the largest towns that are far enough apart for their names to be read."""
    west, south, east, north = content.communes.total_bounds
    apart = max(east - west, north - south) / _TOWNS_APART
    placed = content.origins[content.origins.geometry.notna()]
    chosen: list[Any] = []
    for index in placed["population"].sort_values(ascending=False, kind="stable").index:
        point = placed.geometry[index]
        if all(point.distance(placed.geometry[other]) > apart for other in chosen):
            chosen.append(index)
        if len(chosen) == _TOWNS_NAMED:
            break
    return _features(
        _degrees(placed.loc[chosen]),
        ({"nom": name} for name in content.communes.loc[chosen, "nom"]),
    )


def _candidate_features(content: MapContent) -> list[dict[str, Any]]:
    # Drawn last first, so that the best stand on top.
    table = content.candidates[::-1]
    return _features(
        _degrees(table),
        (
            {
                "rang": int(row.rang),
                "id": row.site_id,
                "premier": row.rang <= TOP_CANDIDATES,
                **_fiche(
                    f"Candidat n° {row.rang} : {row.nom}",
                    ("Score", f"{french.number(row.score, 1)} / 100"),
                    (
                        f"Habitants gagnés à {content.thresholds[0]:g} min",
                        french.number(row.population_gagnee),
                    ),
                    (
                        "Habitants dont le trajet raccourcit",
                        french.number(row.habitants_rapproches),
                    ),
                    ("Gain moyen pour eux", french.minutes(row.minutes_gagnees)),
                    ("Trajet jusqu’à la Maison la plus proche", french.minutes(row.minutes_maison)),
                    ("Commune", f"{row.commune} ({row.code_insee})"),
                    ("Remarque", row.raison),
                ),
            }
            for row in table.itertuples()
        ),
    )


def _site_features(sites: gpd.GeoDataFrame, what: str) -> list[dict[str, Any]]:
    located = sites[sites.geometry.notna()]
    return _features(
        _degrees(located),
        (
            _fiche(
                row["nom"],
                ("Type", f"{what}, {row['genre'].lower()}"),
                ("Commune", row["commune"]),
                ("Horaires", french.hours(row.get("horaires"))),
                ("Position", _POSITION[row["position"]]),
            )
            for row in located.to_dict("records")
        ),
    )


_POSITION = {"source": "", "commune": "placé à la mairie, faute de position sûre", "aucune": ""}
