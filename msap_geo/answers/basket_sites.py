"""The sites of each service of a basket: Maisons, post offices, counters, equipments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from msap_geo import loaders
from msap_geo.errors import StudyError
from msap_geo.study.asked.basket import MAISON

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from msap_geo.anomalies import Anomaly
    from msap_geo.study.result import StudyResult

_KEPT = ["site_id", "nom", "genre", "code_insee", "commune", "geometry"]


def basket_sites(
    result: StudyResult,
) -> tuple[dict[str, gpd.GeoDataFrame], tuple[Anomaly, ...]]:
    """Return the sites of each service, those across the border that are near enough too.

    Parameters
    ----------
    result
        The study, run.

    Returns
    -------
    sites, anomalies
        By service, in the order of the basket; what their files say.

    Raises
    ------
    StudyError
        If a service is unknown, or its file is not given.
    MsapGeoError
        If a file cannot be used.
    """
    asked = result.study.panier
    points = gpd.GeoDataFrame(
        pd.concat([result.contact_points, result.contact_points_around], ignore_index=True),
        crs=result.communes.crs,
    )
    kinds = set(points["genre"])
    operators = [name for name in asked.services if name in loaders.OPERATORS]
    equipments = [name for name in asked.services if name in asked.bpe_types]
    known = {MAISON, *kinds, "Bureau de Poste", *loaders.OPERATORS, *asked.bpe_types}
    unknown = [name for name in asked.services if name not in known]
    if unknown:
        raise StudyError(
            f"services inconnus : {', '.join(unknown)}",
            where="[panier] services",
            remedy=f"choisir parmi : {', '.join(sorted(known))} ; un autre équipement de l'Insee "
            'se déclare par [panier.types_bpe], par exemple "école" = ["C108", "C109"]',
        )
    found: dict[str, gpd.GeoDataFrame] = {MAISON: result.maisons}
    found |= {name: points[points["genre"] == name] for name in kinds}
    anomalies: list[Anomaly] = []
    if operators:
        files = asked.annuaire or result.study.diagnostic.operateurs
        _given(files, operators, "[panier] annuaire")
        loaded = loaders.load_operateurs(
            [result.study.path(path) for path in files], genres=operators
        )
        found |= _by_kind(result, loaded, files, operators, anomalies)
    if equipments:
        files = tuple(path for path in (asked.bpe,) if path is not None)
        _given(files, equipments, "[panier] bpe")
        types = {code: name for name in equipments for code in asked.bpe_types[name]}
        loaded = loaders.load_bpe(result.study.path(files[0]), types)
        found |= _by_kind(result, loaded, files, equipments, anomalies)
    empty = points.iloc[:0]
    tables = {
        name: found.get(name, empty).reindex(columns=_KEPT).reset_index(drop=True)
        for name in asked.services
    }
    here = {"", *result.study.departements}
    return tables, tuple(told for told in anomalies if told.departement in here)


def _given(files: Sequence[Path], services: Sequence[str], where: str) -> None:
    if not files:
        raise StudyError(
            f"le panier demande {', '.join(services)}, dont aucun fichier n'est donné",
            where=where,
            remedy="donner le fichier, ou ôter ces services",
        )


def _by_kind(
    result: StudyResult,
    loaded: loaders.Loaded[gpd.GeoDataFrame],
    files: Sequence[Path],
    services: Sequence[str],
    anomalies: list[Anomaly],
) -> dict[str, gpd.GeoDataFrame]:
    settled = result.places.settle(loaded.table, files[0].name)
    anomalies += [*loaded.anomalies, *settled.anomalies]
    near = result.places.within_reach(settled.table)
    return {name: near[near["genre"] == name] for name in services}


def basket_hosts(result: StudyResult) -> gpd.GeoDataFrame:
    """Return where a service may be added: Maisons of the territory, then candidates."""
    tables = [result.maisons[~result.neighbours], result.candidates]
    frame = pd.concat([table.reindex(columns=_KEPT) for table in tables], ignore_index=True)
    frame = frame.drop_duplicates("site_id", ignore_index=True)
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=result.communes.crs)
