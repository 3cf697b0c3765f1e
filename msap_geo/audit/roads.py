"""Checks on the roads: whether they reach the communes, and join them to one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from msap_geo import french, network
from msap_geo.anomalies import Action, note
from msap_geo.audit.findings import finding

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from msap_geo.anomalies import Anomaly
    from msap_geo.audit.findings import Finding


def extent(roads: network.RoadNetwork, origins: gpd.GeoDataFrame, *, file: str) -> Finding:
    """Say how much road there is, and what share of the communes it reaches.

    Parameters
    ----------
    roads
        Road network.
    origins
        Table under :data:`msap_geo.schemas.DEMAND`, same projection.
    file
        Files of roads, in words.

    Returns
    -------
    Finding
        One sentence.
    """
    reached = int((network.snap(roads, origins.geometry).edge >= 0).sum())
    sentence = (
        f"Réseau routier : {french.number(roads.report.km)} km, "
        f"{french.counted(roads.report.nodes, 'carrefour')} ; "
        f"{french.percent(reached / len(origins))} des communes à moins de "
        f"{french.number(roads.max_snap_m)} m d'une route ({french.number(reached)} sur "
        f"{french.number(len(origins))})"
    )
    return finding("reseau-etendue", sentence, file=file)


def unreached(
    roads: network.RoadNetwork,
    origins: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    *,
    file: str,
) -> list[Anomaly]:
    """Tell the communes off the network, and those on a part no route joins to the main one.

    Parameters
    ----------
    roads
        Road network.
    origins
        Table under :data:`msap_geo.schemas.DEMAND`, same projection.
    communes
        Table under :data:`msap_geo.schemas.COMMUNES`, same rows.
    file
        Files of roads, in words.

    Returns
    -------
    list of Anomaly
        One per commune. The main part is the one with most communes.
    """
    edge = network.snap(roads, origins.geometry).edge
    off = edge < 0
    part = np.where(off, -1, parts(roads)[roads.edges.tail[np.maximum(edge, 0)]])
    main = int(np.bincount(part[~off]).argmax()) if (~off).any() else -1
    told = pd.DataFrame(communes[["nom", "departement", "population"]]).assign(
        identifiant=communes["code_insee"],
        habitants=[french.people(int(n)) for n in communes["population"]],
    )
    island = ~off & (part != main)
    return [
        *note(
            told[off],
            "mairies-hors-reseau",
            Action.NOTED,
            f"aucune route à moins de {french.short(roads.max_snap_m)} m ({{habitants}})",
            file=file,
        ),
        *note(told[island], "communes-sur-une-ile", Action.NOTED, "{habitants}", file=file),
    ]


def parts(roads: network.RoadNetwork) -> NDArray[np.int32]:
    """Label the junctions that can be driven between both ways, shape (n,)."""
    links = roads.links
    pattern = csr_array(
        (np.ones(len(links.head), dtype=np.int8), links.head, links.start),
        shape=(roads.n_nodes, roads.n_nodes),
    )
    _, label = connected_components(pattern, directed=True, connection="strong")
    found: NDArray[np.int32] = label
    return found
