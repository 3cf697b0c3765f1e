"""The files of ``[prospective]``, read and tied to the communes of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from msap_geo import french, loaders, schemas
from msap_geo.anomalies import Action, Anomaly
from msap_geo.coverage.ahead.spreading import OLD
from msap_geo.errors import DataError, StudyError

if TYPE_CHECKING:
    from msap_geo.study.file import Study

_COMMUNE, _DEPARTEMENT = "code_insee", "departement"
_FIRST = 5
_FAR_APART = 0.05
"""A projection of the reference year this far from the people of today is worth a word."""


class Ahead(NamedTuple):
    """What the files of ``[prospective]`` say of a study's communes.

    Parameters
    ----------
    projection
        Table of :func:`msap_geo.loaders.load_projections`, zones as the communes name theirs.
    zone
        Zone of each commune, index ``code_insee``.
    kind
        Column of the communes the zones are of.
    ages
        Table of :func:`msap_geo.loaders.load_ages`; None where no file tells ages, or none needs.
    anomalies
        What was noted.
    rows
        Rows of the projection read, kept, and of the study's zones.
    """

    projection: pd.DataFrame
    zone: pd.Series
    kind: str
    ages: pd.DataFrame | None
    anomalies: tuple[Anomaly, ...]
    rows: tuple[int, int, int]


def read_ahead(study: Study, communes: pd.DataFrame, codes: loaders.CommuneCodes | None) -> Ahead:
    """Read the projection of a study, and how old the people of its communes are.

    Parameters
    ----------
    study
        Study whose file has ``[prospective] fichier``.
    communes
        Communes of the study, with what they belong to.
    codes
        Codes in force.

    Raises
    ------
    StudyError
        If the study gives no projection.
    MsapGeoError
        If a file is absent or unusable, or a commune is in no zone of the projection.
    """
    asked = study.prospective
    if asked.fichier is None:
        raise StudyError(
            "l'étude ne donne pas de projection de population",
            where="[prospective] fichier",
            remedy='écrire par exemple fichier = "projections.csv" (docs/prospective.md)',
        )
    path = study.path(asked.fichier)
    loaded = loaders.load_projections(path, variant=asked.variante)
    projection, zone, kind = _zones(loaded.table, communes, codes, path.name)
    anomalies = [*loaded.anomalies, *_distant(study, projection, zone, communes, path.name)]
    ages = None
    if kind != _COMMUNE:
        given = asked.ages or study.donnees.indicateurs
        read = loaders.load_ages([study.path(one) for one in given], codes=codes)
        ages = None if read is None else read.table
        anomalies += _without_ages(path.name) if read is None else read.anomalies
    anomalies += _rough(projection, ages, communes, path.name)
    kept = projection[projection["zone"].isin(set(zone))]
    return Ahead(
        projection,
        zone,
        kind,
        ages,
        tuple(anomalies),
        (loaded.rows_read, len(loaded.table), len(kept)),
    )


def _without_ages(file: str) -> list[Anomaly]:
    return [
        Anomaly(
            "ages-absents",
            Action.NOTED,
            file,
            "aucun fichier ne dit les âges par commune ([prospective] ages, ou [donnees] "
            "indicateurs) : toutes les communes d'une zone ont les mêmes, et vieillissent pareil",
        )
    ]


def _rough(
    projection: pd.DataFrame, ages: pd.DataFrame | None, communes: pd.DataFrame, file: str
) -> list[Anomaly]:
    """Tell what the ages of the projection, or of the communes, leave to be supposed."""
    told: list[tuple[str, Action, str]] = []
    if OLD not in set(projection["bas"]):
        message = "la projection ne coupe pas les âges à 75 ans : ils ne sont pas comptés à part"
        told.append(("projection-sans-75-ans", Action.NOTED, message))
    cuts = [] if ages is None else [int(name) for name in ages if name != _COMMUNE]
    if cuts and OLD not in cuts and not told:
        message = (
            "les âges des communes ne sont pas coupés à 75 ans : leurs "
            f"{max(age for age in cuts if age <= OLD)} ans ou plus en tiennent lieu pour répartir "
            "les 75 ans ou plus de leur zone"
        )
        told.append(("ages-grossiers", Action.NOTED, message))
    if ages is not None:
        known = set(ages.loc[ages.drop(columns=_COMMUNE).sum(axis=1) > 0, _COMMUNE])
        without = communes[~communes[_COMMUNE].isin(known) & (communes["population"] > 0)]
        message = (
            f"{french.counted(len(without), 'commune')} sans âges connus "
            f"({', '.join(without[_COMMUNE].head(_FIRST))}"
            f"{'…' if len(without) > _FIRST else ''}) : ceux de leur zone"
        )
        told += [("ages-inconnus", Action.REPAIRED, message)] if len(without) else []
    return [Anomaly(code, action, file, message) for code, action, message in told]


def _zones(
    projection: pd.DataFrame,
    communes: pd.DataFrame,
    codes: loaders.CommuneCodes | None,
    file: str,
) -> tuple[pd.DataFrame, pd.Series, str]:
    """Tell which territories the zones of a projection are, by how many people they cover."""
    table = communes.set_index(_COMMUNE, drop=False)
    kinds = [_COMMUNE, _DEPARTEMENT, *(n for n in schemas.MEMBERSHIPS if n != _DEPARTEMENT)]
    best: tuple[int, str, pd.DataFrame] = (0, "", projection)
    for kind in kinds:
        if kind not in table:
            continue
        named = _named(projection, kind, codes)
        covered = int(table.loc[table[kind].isin(set(named["zone"])), "population"].sum())
        # Of equals the finest, which comes first.
        best = max(best, (covered, kind, named), key=lambda found: found[0])
    _, kind, named = best
    zones = sorted(set(projection["zone"]))
    if not kind:
        shown = ", ".join(zones[:_FIRST])
        raise DataError(
            f"« {file} » : aucun territoire de l'étude parmi les zones de la projection ({shown}…)",
            where="[prospective] fichier",
            remedy="donner des codes de département, de commune, ou d'un zonage de [donnees] "
            "appartenance",
        )
    zone = table[kind]
    missing = table[~zone.isin(set(named["zone"])) & (table["population"] > 0)]
    if len(missing):
        shown = ", ".join(missing["code_insee"].head(_FIRST))
        raise DataError(
            f"« {file} » : {french.counted(len(missing), 'commune')} hors de la projection "
            f"({shown}{'…' if len(missing) > _FIRST else ''})",
            where="[prospective] fichier",
            remedy=f"compléter la projection ({kind})",
        )
    # A commune without anybody that no zone knows stays where nobody is.
    return named, zone.where(zone.isin(set(named["zone"])), named["zone"].iloc[0]), kind


def _named(projection: pd.DataFrame, kind: str, codes: loaders.CommuneCodes | None) -> pd.DataFrame:
    """Name zones as the communes do: départements in two characters, communes by their heir."""
    if kind == _DEPARTEMENT:
        return projection.assign(zone=projection["zone"].str.upper().str.zfill(2))
    if kind != _COMMUNE or codes is None:
        return projection
    current = projection.assign(zone=codes.current(projection["zone"]))
    keys = ["zone", "annee", "bas", "haut"]
    return current.groupby(keys, sort=False, as_index=False)["population"].sum()


def _people_of(projection: pd.DataFrame, year: int) -> pd.Series:
    """Return the people of each zone in a year, changing evenly between two told."""
    wide = projection.pivot_table(index="zone", columns="annee", values="population", aggfunc="sum")
    years = wide.columns.to_numpy(dtype=float)
    told = [np.interp(year, years, row, left=np.nan, right=np.nan) for row in wide.to_numpy()]
    return pd.Series(told, index=wide.index)


def _distant(
    study: Study, projection: pd.DataFrame, zone: pd.Series, communes: pd.DataFrame, file: str
) -> list[Anomaly]:
    """Tell the projections that do not start from the people of today."""
    reference = study.prospective.today
    projected = _people_of(projection, reference)
    people = communes.set_index(_COMMUNE)["population"]
    today = people.groupby(zone.reindex(people.index).to_numpy()).sum()
    both = projected.reindex(today.index)
    far = (both - today).abs() > _FAR_APART * today
    if not far.any():
        return []
    shown = ", ".join(
        f"{name} : {french.number(round(both[name]))} contre {french.people(int(today[name]))}"
        for name in far.index[far][:_FIRST]
    )
    scaled = "ramenée à aujourd'hui" if study.prospective.caler else "laissée telle quelle"
    return [
        Anomaly(
            "projection-decalee",
            Action.NOTED,
            file,
            f"la projection de {reference} n'a pas les habitants de l'étude ({shown}) : {scaled}",
        )
    ]
