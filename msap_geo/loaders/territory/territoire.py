"""Tables brought together: communes with their people, where they start from, where sites stand.

Everything here is in the projected CRS of the territory, metres.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from msap_geo import schemas
from msap_geo.among import among
from msap_geo.anomalies import Action, note
from msap_geo.errors import DataError
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.territory.rattachement import reattach
from msap_geo.loaders.territory.voisinage import PLACE_TOLERANCE_M, confront, told_of_sites
from msap_geo.tabular import normalise
from msap_geo.territory import DEPARTEMENTS, departement_of, projected_crs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from msap_geo.loaders.territory.cog import CommuneCodes

BORDER_KM = 40.0
"""Maisons of neighbouring départements count up to this far: half an hour on a good road."""


def assemble_communes(
    boundaries: gpd.GeoDataFrame, population: pd.DataFrame, *, departements: Iterable[str]
) -> Loaded[gpd.GeoDataFrame]:
    """Join boundaries and population over the départements of a study.

    Communes known to only one of the two files stay, with what is known of them, so that the
    population of the study is that of the population file, to the person.

    Parameters
    ----------
    boundaries
        Table under :data:`msap_geo.schemas.BOUNDARIES`.
    population
        Table under :data:`msap_geo.schemas.POPULATION`.
    departements
        Départements of the study.

    Returns
    -------
    Loaded
        Table under :data:`msap_geo.schemas.COMMUNES`, projected, sorted by code.

    Raises
    ------
    DataError
        If the population file knows none of the communes.
    TerritoryError
        If a département is unknown, or they do not share a projection.
    """
    wanted = set(departements)
    epsg = projected_crs(wanted)
    schemas.check(boundaries, schemas.BOUNDARIES)
    schemas.check(population, schemas.POPULATION)
    of_people = population["code_insee"].map(departement_of)
    here = population[of_people.isin(wanted)]
    outlines = boundaries[boundaries["code_insee"].map(departement_of).isin(wanted)].to_crs(epsg)
    unknown = wanted - set(of_people.unique())
    if unknown or not among(here["code_insee"], outlines["code_insee"]).any():
        raise DataError(
            "le fichier de population ne connaît aucune des communes de l'étude"
            + (f" dans {', '.join(sorted(unknown))}" if unknown else ""),
            remedy="vérifier que les deux fichiers couvrent les mêmes départements",
        )
    joined = outlines.merge(here, on="code_insee", how="outer", suffixes=("", "_population"))
    without_people = joined["population"].isna()
    without_outline = ~among(joined["code_insee"], outlines["code_insee"])
    names = _with_articles(joined["nom"], joined["nom_population"])
    departement = joined["code_insee"].map(departement_of)
    told = pd.DataFrame(
        {"nom": names, "identifiant": joined["code_insee"], "departement": departement}
    )
    anomalies = [
        *note(
            told[without_people],
            "population-inconnue",
            Action.NOTED,
            "sans population, comptée pour 0 habitant",
        ),
        *note(
            told[without_outline],
            "commune-sans-contour",
            Action.NOTED,
            "absente du fichier des contours",
        ),
    ]
    table = gpd.GeoDataFrame(
        {
            "code_insee": joined["code_insee"],
            "nom": names,
            "departement": departement,
            "population": joined["population"].fillna(0).astype("int64"),
        },
        geometry=joined.geometry.to_numpy(),
        crs=epsg,
    ).sort_values("code_insee", ignore_index=True)
    return Loaded(schemas.check(table, schemas.COMMUNES), len(joined), tuple(anomalies))


def _with_articles(outlined: pd.Series, counted: pd.Series) -> pd.Series:
    """Return the names of the outlines, with the article the list of populations gives them.

    Some files of outlines name Le Mans « Mans »: the article is a field of its own there.
    """
    own, other = outlined.fillna(counted), counted.fillna("")
    longer = [
        full.endswith((f" {short}", f"'{short}", f"’{short}"))
        for short, full in zip(own.fillna(""), other, strict=True)
    ]
    return own.where(~pd.Series(longer, index=own.index), other)


def attach_to_communes(
    sites: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    origins: gpd.GeoDataFrame,
    *,
    file: str = "",
    codes: CommuneCodes | None = None,
    town_halls: gpd.GeoDataFrame | None = None,
) -> Loaded[gpd.GeoDataFrame]:
    """Settle which commune each site belongs to, and where it stands.

    The commune is the declared code (brought to the COG in force; where it may stand for several
    communes, the nearest one), else the one of that name in
    that département, else the one the point falls in. A site without a believable position, or
    standing more than :data:`PLACE_TOLERANCE_M` outside its commune, is put at the commune's
    origin and says so (``position`` = *commune*); without any commune either, it is left out.

    Parameters
    ----------
    sites
        Table under :data:`msap_geo.schemas.SITES`, any CRS.
    communes, origins
        Communes and their origins, in the same order
        (:func:`msap_geo.loaders.territory.origins.commune_origins`).
    file
        File the sites come from, for the anomalies.
    codes
        Codes in force.
    town_halls
        Table under :data:`msap_geo.schemas.TOWN_HALLS`, of the whole country where possible: it
        tells where the communes of other départements are.

    Returns
    -------
    Loaded
        The sites, projected. Sites of other départements pass through if they have a believable
        position, since people cross borders: see
        :func:`msap_geo.loaders.territory.voisinage.confront`.
    """
    schemas.check(sites, schemas.SITES)
    sites = sites.reset_index(drop=True)  # lists put one after the other have labels twice
    table = sites.to_crs(communes.crs)
    current = table["code_insee"] if codes is None else codes.current(table["code_insee"])
    named = current.map(departement_of, na_action="ignore").astype(object)
    named = named.fillna(table["departement"])
    table = table.assign(code_insee=current, departement=named)
    here = table["departement"].isin(communes["departement"].unique()).to_numpy(copy=True)
    # Where no département is known, the point tells.
    unknown = np.flatnonzero(~table["departement"].isin(list(DEPARTEMENTS)))
    points = table.geometry.to_numpy()[unknown]
    inside = shapely.STRtree(communes.geometry.to_numpy()).query(points, predicate="intersects")[0]
    here[unknown[inside]] = True
    local, told_of = reattach(table[here], sites["code_insee"], communes, codes, file=file)
    place = _commune_index(local, communes)
    points = local.geometry.to_numpy()
    origin_of = _at(origins.geometry, place)
    outline_of = _at(communes.geometry, place)
    has_point = ~shapely.is_missing(points)
    # distance to a missing outline is NaN: nothing contradicts the point then.
    astray = has_point & (shapely.distance(points, outline_of) > PLACE_TOLERANCE_M)
    settled = np.where(has_point & ~astray, points, origin_of)
    lost = shapely.is_missing(settled)
    moved = (~has_point | astray) & ~lost
    told = told_of_sites(local)
    anomalies = [
        anomaly
        for mask, code, action, message in (
            (
                moved & astray,
                "site-hors-commune",
                Action.REPAIRED,
                "situé loin de sa commune, ramené à la mairie",
            ),
            (
                moved & ~astray,
                "site-sans-position",
                Action.REPAIRED,
                "sans position, placé à la mairie",
            ),
            (
                (place < 0) & ~lost,
                "commune-inconnue",
                Action.NOTED,
                "commune inconnue, position gardée",
            ),
            (lost, "site-sans-lieu", Action.LEFT_OUT, "ni position ni commune reconnue"),
        )
        for anomaly in note(told[mask], code, action, message, file=file)
    ]
    anomalies += told_of
    placed = local.assign(
        code_insee=_at(communes["code_insee"], place),
        departement=pd.Series(_at(communes["departement"], place), index=local.index).fillna(
            local["departement"]
        ),
        position=np.where(moved, "commune", local["position"]),
        geometry=settled,
    )[~lost]
    elsewhere, doubted = confront(table[~here], communes, town_halls, file=file)
    anomalies += doubted
    joined = pd.concat([placed, elsewhere]).sort_index()
    result = gpd.GeoDataFrame(joined, crs=communes.crs).reset_index(drop=True)
    return Loaded(schemas.check(result, schemas.SITES), len(sites), tuple(anomalies))


def _at(values: pd.Series, rows: NDArray[np.int64]) -> NDArray[np.object_]:
    """Return the values of these rows, null for row −1."""
    padded = np.append(values.to_numpy(dtype=object), np.array([None], dtype=object))
    return padded[rows]


def _commune_index(sites: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Return the row of each site's commune, −1 where none can be told."""
    by_code = pd.Series(range(len(communes)), index=communes["code_insee"])
    index = sites["code_insee"].map(by_code)
    lost = sites[index.isna()]
    if len(lost):
        near = np.flatnonzero(communes["departement"].isin(lost["departement"].unique()))
        named = communes.iloc[near]
        names = named["departement"] + ":" + named["nom"].map(normalise)
        by_name = pd.Series(near, index=names)
        by_name = by_name[~by_name.index.duplicated(keep=False)]
        index = index.fillna(
            (lost["departement"] + ":" + lost["commune"].map(normalise)).map(by_name)
        )
    todo = index.isna() & sites.geometry.notna()
    if todo.any():
        pairs = shapely.STRtree(communes.geometry.to_numpy()).query(
            sites.geometry[todo].to_numpy(), predicate="intersects"
        )
        found = pd.Series(pairs[1], index=sites.index[todo][pairs[0]])
        index = index.fillna(found[~found.index.duplicated()])
    return np.asarray(index.fillna(-1), dtype=np.int64)


def within_reach(sites: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Keep the sites of the territory, and those of neighbours people may drive to.

    Parameters
    ----------
    sites, communes
        Tables under :data:`msap_geo.schemas.SITES` and :data:`msap_geo.schemas.COMMUNES`, same CRS.

    Returns
    -------
    geopandas.GeoDataFrame
        The sites of the communes' départements, and those within :data:`BORDER_KM` of a commune.
    """
    west, south, east, north = communes.total_bounds
    margin = BORDER_KM * 1000
    near = sites.cx[west - margin : east + margin, south - margin : north + margin]
    keep = near["departement"].isin(communes["departement"].unique()).to_numpy().copy()
    keep[~keep] = within_border(near[~keep], communes)
    return near[keep]


def within_border(sites: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> pd.Series:
    """Tell which sites are within :data:`BORDER_KM` of a commune, same rows.

    Parameters
    ----------
    sites, communes
        Tables under :data:`msap_geo.schemas.SITES` and :data:`msap_geo.schemas.COMMUNES`, same CRS.
    """
    close = communes.geometry.dropna().sindex.query(
        sites.geometry, predicate="dwithin", distance=BORDER_KM * 1000, output_format="indices"
    )[0]
    near = np.zeros(len(sites), dtype=bool)
    near[close] = True
    return pd.Series(near, index=sites.index)
