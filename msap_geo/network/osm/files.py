"""Roads from OpenStreetMap files: PBF, XML, o5m, OPL, plain or packed by gzip or bzip2."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from msap_geo import french
from msap_geo.anomalies import Action, Anomaly
from msap_geo.errors import NetworkError, UnreadableFileError
from msap_geo.network.crossings import land_crossings
from msap_geo.network.model import RoadNetwork, Source, build_network
from msap_geo.network.osm import aside
from msap_geo.network.osm.extracts import merge_roads
from msap_geo.network.osm.forms import read_roads_with_osmium, refuse_unfinished
from msap_geo.network.osm.roads import OsmRoads, cut_roads
from msap_geo.tabular import members, require_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msap_geo.network.crossings import Crossing
    from msap_geo.network.profiles import Profile

MOST_LOST = 0.001
"""Share of the vertices of roads that may lack a place: beyond, roads would be lost in silence."""

ATTRIBUTION = "© les contributeurs d’OpenStreetMap (ODbL)"


def read_osm(
    paths: str | Path | Sequence[str | Path],
    profile: Profile,
    *,
    epsg: int,
    crossings: Sequence[Crossing] = (),
) -> RoadNetwork:
    """Read the roads of OSM files that one may travel.

    One-ways, access and turn restrictions, barriers and ferries are respected.

    Parameters
    ----------
    paths
        OSM file, or neighbouring extracts to join.
    profile
        Speeds and rules of the mode.
    epsg
        Projected CRS to bring the roads to.
    crossings
        Crossings to add (see :class:`msap_geo.network.Crossing`).

    Returns
    -------
    RoadNetwork
        See :func:`msap_geo.network.model.build_network`.

    Raises
    ------
    FileMissingError, UnreadableFileError
        If a file is absent or is not an OSM file.
    NetworkError
        If they hold no road of the profile, or lack the nodes of their ways (:data:`MOST_LOST`).
    """
    files = [Path(path) for path in ([paths] if isinstance(paths, (str, Path)) else paths)]
    for path in files:
        require_file(path)
    roads = merge_roads([read_roads(path, profile) for path in files])
    if len(roads.way) == 0:
        raise NetworkError(
            f"aucune route utilisable ({profile.title}) dans "
            + ", ".join(f"« {path.name} »" for path in files)
            + (
                f" ({french.counted(roads.garbled, 'attribut illisible')} : pas de l'UTF-8)"
                if roads.garbled
                else ""
            ),
            where=", ".join(str(path) for path in files),
            remedy="fournir un extrait OpenStreetMap qui couvre l'étude",
        )
    anomalies = _losses(roads, files)
    x, y, edges, ferry, banned = cut_roads(roads, epsg, bridge_m=profile.rules.bridge_m)
    if ferry.any():
        edges = land_crossings(edges, ferry, wait_minutes=profile.ferries.wait_minutes)
    return build_network(
        x,
        y,
        edges,
        profile,
        epsg=epsg,
        source=Source(
            ATTRIBUTION,
            ways_refused=roads.refused,
            ferries=int(ferry.sum()),
            anomalies=anomalies,
        ),
        crossings=crossings,
        banned=banned,
    )


def _losses(roads: OsmRoads, files: Sequence[Path]) -> tuple[Anomaly, ...]:
    """Tell what reading lost; refuse a file that lacks too many nodes of its ways."""
    lost, km = roads.lost()
    name = ", ".join(path.name for path in files)
    told = []
    if lost > MOST_LOST * len(roads.vertex):
        raise NetworkError(
            f"il manque la position de {french.counted(lost, 'point')} sur "
            f"{french.number(len(roads.vertex))} aux routes de « {name} » : environ "
            f"{french.kilometres(km)} seraient perdus",
            where=", ".join(str(path) for path in files),
            remedy="refaire l'extrait avec des voies entières (osmium extract --strategy "
            "complete_ways), ou joindre l'extrait voisin",
        )
    if lost:
        told.append(
            Anomaly(
                "routes-points-absents",
                Action.LEFT_OUT,
                name,
                f"{french.counted(lost, 'point')} des routes sans position dans le fichier, "
                f"environ {french.kilometres(km)} perdus",
            )
        )
    if roads.differing:
        told.append(
            Anomaly(
                "routes-extraits-differents",
                Action.NOTED,
                name,
                f"{french.counted(roads.differing, 'voie')} à plusieurs copies, qui diffèrent par "
                "la vitesse, l'accès ou le tracé : la vitesse la plus lente est gardée, et ce "
                "qu'une copie ferme est fermé",
            )
        )
    if roads.moved:
        told.append(
            Anomaly(
                "routes-points-deplaces",
                Action.NOTED,
                name,
                f"{french.counted(roads.moved, 'point')} des routes à deux places différentes : la "
                "plus à l'ouest est gardée",
            )
        )
    if roads.unread:
        told.append(
            Anomaly(
                "routes-valeurs-illisibles",
                Action.LEFT_OUT,
                name,
                f"{french.counted(roads.unread, 'voie')} à la limitation de vitesse ou à la durée "
                "de traversée illisible : l'allure de la classe est prise à la place",
            )
        )
    if roads.garbled:
        told.append(
            Anomaly(
                "routes-attributs-illisibles",
                Action.LEFT_OUT,
                name,
                f"{french.counted(roads.garbled, 'attribut illisible')} (pas de l'UTF-8), laissés "
                "de côté",
            )
        )
    return tuple(told)


def read_roads(path: Path, profile: Profile) -> OsmRoads:
    """Read the ways of an OSM file that one may travel, as flat arrays.

    Parameters
    ----------
    path
        OSM file.
    profile
        Speeds and rules of the mode.

    Returns
    -------
    OsmRoads
        Ways and their nodes.

    Raises
    ------
    UnreadableFileError
        If it is not an OSM file, or is an answer of Overpass that stopped before its end.
    """
    form = aside.form_of(str(path))
    if form in {"pbf", "osm.pbf", "osh.pbf"}:
        # Numba is imported where it is used.
        from msap_geo.network.osm.pbf import read_pbf  # noqa: PLC0415
        from msap_geo.network.osm.pbf_blocks import NotHandledError  # noqa: PLC0415

        try:
            return read_pbf(path, profile)
        except NotHandledError:
            pass  # pyosmium reads it, or says that nobody can
    refuse_unfinished(path)
    try:
        return read_roads_with_osmium(path, profile)
    except ValueError as error:
        refuse_overpass_json(path)
        _refuse_foreign(path, form)
        raise UnreadableFileError(
            f"« {path.name} » n'est pas un fichier OpenStreetMap lisible",
            where=path,
            remedy="fournir un extrait .osm.pbf complet",
        ) from error


_FOREIGN = {
    b"PK\x03\x04": "une archive zip",
    b"<!doctype html": "une page web, souvent une page d'erreur enregistrée à la place du fichier",
    b"<html": "une page web, souvent une page d'erreur enregistrée à la place du fichier",
    b"<gpx": "une trace GPX",
    b"<kml": "un fichier KML",
    b"SQLite format 3": "une base SQLite (GeoPackage)",
}


def _refuse_foreign(path: Path, form: str) -> None:
    """Say what a file is that is none of OpenStreetMap's, where that can be told."""
    with path.open("rb") as stream:
        head = stream.read(4096)
    plain = re.sub(rb"^(\s|\xef\xbb\xbf|<\?.*?\?>|<!--.*?-->)*", b"", head, flags=re.DOTALL)
    start = plain.lower()
    found = next((what for mark, what in _FOREIGN.items() if start.startswith(mark.lower())), "")
    if form in {"pbf.gz", "pbf.bz2"}:
        found = "un PBF compressé une seconde fois"
    if head[257:262] == b"ustar":
        found = "une archive tar"
    if found:
        raise UnreadableFileError(
            f"« {path.name} » n'est pas un fichier OpenStreetMap : c'est {found}",
            where=path,
            remedy="si c'est une archive, en extraire le fichier .osm ou .osm.pbf et le donner ; "
            "sinon le télécharger à nouveau",
        )


def refuse_packed_osm(path: Path) -> None:
    """Say what to do of a zip that holds an OpenStreetMap file: none is read in an archive.

    Parameters
    ----------
    path
        Archive that may hold one.

    Raises
    ------
    UnreadableFileError
        If it does.
    """
    inside = [name for name in members(path) if _OSM_NAME.search(name.lower())]
    if inside:
        raise UnreadableFileError(
            f"« {path.name} » contient un fichier OpenStreetMap, « {inside[0]} », qui n'est pas lu "
            "dans une archive",
            where=path,
            remedy="l'en extraire, et donner ce fichier",
        )


_OSM_NAME = re.compile(r"\.(?:osm|pbf|o5m|osc|josm)(?:\.(?:gz|bz2))?$")


def refuse_overpass_json(path: Path) -> None:
    """Say what to do of an answer of Overpass in JSON (``out json``), whatever its file's name.

    Parameters
    ----------
    path
        File that may be one.

    Raises
    ------
    UnreadableFileError
        If it is.
    """
    with path.open("rb") as stream:
        start = stream.read(4096).replace(b"\0", b"")  # UTF-16 too
    if b'"elements"' in start.split(b'"features"')[0] and b"{" in start[:4]:
        raise UnreadableFileError(
            f"« {path.name} » est une réponse d'Overpass en JSON, qui n'est pas lue",
            where=path,
            remedy="la demander en XML ([out:xml], ou « Exporter » puis « données OSM brutes » "
            "d'Overpass Turbo) avec les nœuds des routes (out body; >; out skel qt;) et "
            "l'enregistrer en .osm, ou fournir un extrait .osm.pbf",
        )
