"""Roads given as two CSV files, nodes and directed links."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyproj

from msap_geo import french
from msap_geo.anomalies import Action, Anomaly
from msap_geo.errors import DataError, NetworkError
from msap_geo.network.doors import class_doors
from msap_geo.network.lengths import check_lengths
from msap_geo.network.links import class_speeds, paired_edges, tell_classes
from msap_geo.network.model import RoadNetwork, Source, build_network
from msap_geo.network.osm.roads import short_distances_m
from msap_geo.network.osm.tags import NOWHERE
from msap_geo.network.osm.values import posted_kmh, tells_no_limit
from msap_geo.network.profiles import Junctions, Profile, known_classes
from msap_geo.tabular import LINE, pick_columns, read_text_table, to_number
from msap_geo.territory import WGS84

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from msap_geo.network.crossings import Crossing

_NODES = {"node": ("node", "noeud", "id")}
_PLACES = {
    "lon": ("lon", "longitude"),
    "lat": ("lat", "latitude"),
}
_LINKS = {
    "from": ("from", "de", "source", "tail"),
    "to": ("to", "vers", "target", "head"),
    "length_m": ("length_m", "longueur_m", "length"),
    "highway": ("highway", "classe"),
}


def read_links(
    nodes: Path,
    links: Path,
    profile: Profile,
    *,
    epsg: int,
    crossings: Sequence[Crossing] = (),
) -> RoadNetwork:
    """Read a network from a CSV of nodes and one of directed links.

    Parameters
    ----------
    nodes
        CSV with ``node,lon,lat``.
    links
        CSV with ``from,to,length_m,highway``, one row per direction of travel; an optional
        ``maxspeed`` (km/h, or as OSM writes it) wins over the class speed. A length shorter than
        the straight line between its ends is refused; one beyond ten times it is told, and refused
        where they are more than a thousandth.
    profile
        Speeds by ``highway`` class; links of other classes are left out.
    epsg
        Projected CRS to bring the roads to.
    crossings
        Crossings to add (see :class:`msap_geo.network.Crossing`).

    Returns
    -------
    RoadNetwork
        See :func:`msap_geo.network.model.build_network`; classes no profile knows are in its
        report.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError, DataError
        If a file is absent, is not such a table, or has rows that cannot be read; the message
        names the first line at fault.
    NetworkError
        If links name unknown nodes, or if no road is left.
    """
    places = pick_columns(read_text_table(nodes), nodes, required={**_NODES, **_PLACES})
    lon, lat = to_number(places["lon"]), to_number(places["lat"])
    wrong = lon.isna() | lat.isna() | (lon.abs() > 180) | (lat.abs() > 90)  # noqa: PLR2004
    if wrong.any():
        raise DataError(
            f"« {nodes.name} » : {int(wrong.sum())} nœuds sans longitude ou latitude lisible",
            where=f"{nodes}, ligne {places[LINE][wrong].iloc[0]}",
            remedy="corriger ces lignes (degrés décimaux)",
        )
    twice = places["node"].duplicated()
    if twice.any():
        row = places[twice].iloc[0]
        raise NetworkError(
            f"« {nodes.name} » : nœud en double : {row['node']}",
            where=f"{nodes}, ligne {row[LINE]}",
            remedy="donner un identifiant différent à chaque nœud",
        )
    table = pick_columns(
        read_text_table(links),
        links,
        required=_LINKS,
        optional={"maxspeed": ("maxspeed", "vitesse_max")},
    )
    # OpenStreetMap's classes are small letters; a spreadsheet begins its cells with a capital.
    table["highway"] = table["highway"].str.strip().str.lower()
    drivable = table["highway"].isin(list(profile.speeds_kmh))
    unknown = table["highway"][~table["highway"].isin(known_classes())]
    length_m = to_number(table["length_m"])
    wrong = drivable & ~((length_m >= 0) & np.isfinite(length_m))
    if wrong.any():
        raise DataError(
            f"« {links.name} » : {int(wrong.sum())} liens sans longueur lisible",
            where=f"{links}, ligne {table[LINE][wrong].iloc[0]}",
            remedy="corriger ces lignes (mètres, positifs)",
        )
    known = places["node"]
    lost = drivable & ~(table["from"].isin(known) & table["to"].isin(known))
    if lost.any():
        row = table[lost].iloc[0]
        raise NetworkError(
            f"« {links.name} » : {int(lost.sum())} liens partent d'un nœud inconnu ou y mènent "
            f"(le premier va de {row['from']} à {row['to']})",
            where=f"{links}, ligne {row[LINE]}",
            remedy="vérifier que les deux fichiers vont ensemble",
        )
    x, y = pyproj.Transformer.from_crs(WGS84, epsg, always_xy=True).transform(
        lon.to_numpy(), lat.to_numpy()
    )
    anomalies = _check_lengths(table[drivable], length_m[drivable], (places, lon, lat), links)
    posted, told = _posted(table["maxspeed"].where(drivable, ""), table[LINE], links)
    kmh = class_speeds(table["highway"], posted, profile)
    frame = pd.DataFrame(
        {
            "from": table["from"],
            "to": table["to"],
            "minutes": length_m / 1000 / kmh * 60,
            "length_m": length_m,
            "class": table["highway"],
            "door": class_doors(table["highway"], profile.rules) != NOWHERE,
        }
    )[drivable]
    edges = paired_edges(pd.Index(known), np.asarray(x), np.asarray(y), frame, str(links))
    return build_network(
        np.asarray(x),
        np.asarray(y),
        edges,
        # Links have no shape: nobody knows at what angle they meet.
        replace(profile, junctions=Junctions()),
        epsg=epsg,
        source=Source(
            ways_refused=int((~drivable).sum()),
            unknown_classes=tell_classes(unknown),
            anomalies=(*anomalies, *told),
        ),
        crossings=crossings,
    )


def _check_lengths(
    table: pd.DataFrame,
    length_m: pd.Series,
    nodes: tuple[pd.DataFrame, pd.Series, pd.Series],
    links: Path,
) -> list[Anomaly]:
    places, lon, lat = nodes
    ids = pd.Index(places["node"])
    ends = np.column_stack([ids.get_indexer(table["from"]), ids.get_indexer(table["to"])])
    straight = short_distances_m(lon.to_numpy()[ends.ravel()], lat.to_numpy()[ends.ravel()])[::2]
    return check_lengths(
        length_m.to_numpy(),
        straight,
        ends[:, 0] == ends[:, 1],
        where=links,
        row_name=lambda row: f"ligne {table[LINE].iloc[row]}",
    )


def _posted(texts: pd.Series, lines: pd.Series, links: Path) -> tuple[pd.Series, list[Anomaly]]:
    """Return the limits told, km/h, and what is to be told of those that cannot be read."""
    known = {text: posted_kmh(text) for text in texts.unique()}
    limits = texts.map(known).astype("float64")
    lost = limits.isna() & ~texts.map(tells_no_limit)
    if not lost.any():
        return limits, []
    row = lost.idxmax()
    return limits, [
        Anomaly(
            "liens-limites-illisibles",
            Action.LEFT_OUT,
            links.name,
            f"{french.counted(int(lost.sum()), 'limitation illisible')} ou hors de toute mesure, "
            f"vitesse de la classe prise à la place (ligne {lines[row]} : « {texts[row]} »)",
            line=int(lines[row]),
        )
    ]
