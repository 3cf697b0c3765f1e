"""What a study knows of its communes beyond their people: groups, memberships, the grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from msap_geo import french, loaders
from msap_geo.anomalies import Action, Anomaly
from msap_geo.errors import StudyError

if TYPE_CHECKING:
    import geopandas as gpd

    from msap_geo.study.file import Study


class Enriched(NamedTuple):
    """Communes with what the optional files of the study say of them.

    Parameters
    ----------
    communes
        Communes, same rows, with the columns of :data:`msap_geo.schemas.GROUPS`, ``LEVELS`` and
        ``MEMBERSHIPS`` that are given; null where a file does not know a commune.
    carreaux
        Populated cells of the study's communes, None where no grid is given.
    made_of
        Vintage and variables of each indicator.
    anomalies
        What was repaired, left out or noted.
    rows
        Rows read and kept, by role of the input.
    """

    communes: gpd.GeoDataFrame
    carreaux: gpd.GeoDataFrame | None
    made_of: dict[str, dict[str, str]]
    anomalies: list[Anomaly]
    rows: dict[str, tuple[int, int]]


def enrich(
    study: Study, communes: gpd.GeoDataFrame, codes: loaders.CommuneCodes | None
) -> Enriched:
    """Join the optional files of a study to its communes.

    Parameters
    ----------
    study
        Checked study file.
    communes
        Table under :data:`msap_geo.schemas.COMMUNES`.
    codes
        Codes in force.

    Returns
    -------
    Enriched
        The communes, and what comes with them.

    Raises
    ------
    MsapGeoError
        If a file is absent or unusable.
    """
    data = study.donnees
    anomalies: list[Anomaly] = []
    rows: dict[str, tuple[int, int]] = {}
    made_of: dict[str, dict[str, str]] = {}
    if data.indicateurs:
        found = loaders.join_indicators(
            loaders.load_indicators(study.path(path), codes=codes) for path in data.indicateurs
        )
        communes, told = _joined(communes, found.table, "indicateurs")
        unknown = [name for name in found.vintages if communes[name].isna().all()]
        # A column that says nothing here would read as nobody.
        communes = communes.drop(columns=unknown)
        told += [_silent(unknown)] if unknown else []
        anomalies += [*found.anomalies, *told]
        rows["indicateurs"] = found.rows_read, _known(communes, found.table)
        made_of = {
            name: {"millesime": found.vintages[name], "variables": found.made_of[name]}
            for name in found.vintages
            if name not in unknown
        }
    if data.appartenance:
        belongs = loaders.join_memberships(
            loaders.load_memberships(study.path(path), codes=codes) for path in data.appartenance
        )
        # The département is the commune's own code's: one column of that name is enough.
        table = belongs.table.drop(columns="departement", errors="ignore")
        communes, told = _joined(communes, table, "appartenance")
        anomalies += [*belongs.anomalies, *told, *_cut_short(study, communes, table)]
        rows["appartenance"] = belongs.rows_read, _known(communes, table)
    carreaux = None
    if data.carreaux is not None:
        grid = loaders.load_carreaux(
            study.path(data.carreaux),
            boundaries=communes,
            departements=study.departements,
            codes=codes,
        )
        carreaux = grid.table
        anomalies += grid.anomalies
        rows["carreaux"] = grid.rows_read, len(carreaux)
    return Enriched(communes, carreaux, made_of, anomalies, rows)


def communes_asked(study: Study, communes: gpd.GeoDataFrame) -> frozenset[str] | None:
    """Return the communes of the EPCI a study asks for, null where it asks for none.

    Raises
    ------
    StudyError
        If nothing tells the EPCI of communes, or one has no commune in the study's départements.
    """
    asked = study.etude.epci
    if not asked:
        return None
    if "epci" not in communes:
        raise StudyError(
            "rien ne dit de quel EPCI sont les communes",
            where="[etude] epci",
            remedy="donner la table d'appartenance de l'Insee, ou epci.json ([donnees] "
            "appartenance)",
        )
    known = set(communes["epci"].dropna())
    if unknown := [code for code in asked if code not in known]:
        raise StudyError(
            f"EPCI sans commune dans les départements de l'étude : {', '.join(unknown)}",
            where="[etude] epci",
            remedy="vérifier leurs numéros SIREN, et [etude] departements",
        )
    return frozenset(communes.loc[communes["epci"].isin(asked), "code_insee"])


def _cut_short(study: Study, communes: gpd.GeoDataFrame, table: pd.DataFrame) -> list[Anomaly]:
    """Tell which communes of the EPCI asked for the study's départements leave out."""
    if not study.etude.epci or "epci" not in table:
        return []
    mine = table["epci"].isin(study.etude.epci)
    out = sorted(set(table.loc[mine, "code_insee"]) - set(communes["code_insee"]))
    if not out:
        return []
    message = (
        f"{french.counted(len(out), 'commune')} des EPCI demandés hors des départements de "
        "l'étude : "
        f"{', '.join(out[:_NAMED])}{'…' if len(out) > _NAMED else ''}"
    )
    return [Anomaly("epci-coupe", Action.LEFT_OUT, "", message)]


_NAMED = 5


def _joined(
    communes: gpd.GeoDataFrame, table: pd.DataFrame, role: str
) -> tuple[gpd.GeoDataFrame, list[Anomaly]]:
    joined = communes.merge(table, on="code_insee", how="left")
    absent = sorted(set(communes["code_insee"]) - set(table["code_insee"].to_numpy()))
    if not absent:
        return joined, []
    message = (
        f"{role} : {len(absent)} communes de l'étude absentes du fichier, sans valeur "
        f"({', '.join(absent[:5])}{'…' if len(absent) > 5 else ''})"  # noqa: PLR2004 - first cases
    )
    return joined, [Anomaly(f"{role}-inconnu", Action.NOTED, "", message)]


def _silent(columns: list[str]) -> Anomaly:
    return Anomaly(
        "indicateurs-inconnu",
        Action.NOTED,
        "",
        f"{', '.join(columns)} : publié pour aucune commune de l'étude, laissé de côté",
    )


def _known(communes: gpd.GeoDataFrame, table: pd.DataFrame) -> int:
    # An index, where ``isin`` would make an Arrow scalar of each of the country's communes.
    known = pd.Index(table["code_insee"].unique())
    return int((known.get_indexer(communes["code_insee"]) >= 0).sum())
