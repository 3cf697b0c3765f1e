"""The season of a study: who is there each month, beside those who live there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from msap_geo import french, loaders, schemas
from msap_geo.coverage.ahead.season import beds, present_by_homes, present_by_total
from msap_geo.errors import DataError, StudyError
from msap_geo.loaders.prospective.saison import MONTHS, OCCUPIED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from msap_geo.study.file import Study

HOMES = "residences_secondaires"
_FIRST = 5
_WITHIN_EPCI = ("code_insee", "epci")
"""Territories no wider than an EPCI."""


class Season(NamedTuple):
    """Who is there each month.

    Parameters
    ----------
    present
        Whole persons, index ``code_insee``, a column a month (by name, of those told).
    how
        How they were counted, a French sentence.
    """

    present: pd.DataFrame
    how: str


def read_season(
    study: Study, communes: pd.DataFrame, codes: loaders.CommuneCodes | None = None
) -> Season:
    """Count who is in each commune each month.

    Parameters
    ----------
    study
        Study whose file has ``[prospective] saison``.
    communes
        Its communes, with what the files of the study say of them.
    codes
        Codes to bring the file to; people of merged communes add up.

    Raises
    ------
    StudyError
        If second homes are asked for and not known.
    MsapGeoError
        If the file is absent or unusable, a commune is in none of its places, or people present are
        those of a place wider than the EPCI of the study.
    """
    asked = study.prospective
    table = communes.set_index("code_insee", drop=False)
    residents = table["population"]
    homes = table[HOMES] if HOMES in table else pd.Series(float("nan"), index=table.index)
    path = asked.fichier_saison
    if path is None:
        told = pd.DataFrame([dict.fromkeys(range(1, 13), 0.0) | asked.occupation])
        told = told[sorted(asked.occupation)]
        return _by_homes(study, residents, homes, _everywhere(told, table.index))
    loaded = loaders.load_season(study.path(path)).table
    wide = loaded.pivot_table(index="code", columns="mois", values="valeur")
    if wide.isna().any(axis=None):
        raise DataError(
            f"« {path.name} » : les mois ne sont pas les mêmes partout",
            where="[prospective] saison",
            remedy="donner les mêmes mois à tous les territoires",
        )
    if (loaded["genre"] == OCCUPIED).all():
        if list(wide.index) == [""]:
            return _by_homes(study, residents, homes, _everywhere(wide, table.index))
        zone, _ = _zone(table, wide.index, path.name)
        # A commune the file leaves out has nobody: its second homes are not counted.
        occupied = wide.reindex(zone).fillna(0.0).set_index(table.index)
        return _by_homes(study, residents, homes, occupied)
    wide = _brought(wide, codes)
    zone, kind = _zone(table, wide.index, path.name)
    if study.etude.epci and kind not in _WITHIN_EPCI:
        raise DataError(
            f"« {path.name} » : les personnes présentes sont celles de territoires plus grands que "
            f"l'étude ({schemas.MEMBERSHIPS[kind]})",
            where="[prospective] saison",
            remedy="donner celles des communes ou des EPCI de l'étude, ou des parts occupées",
        )
    present = present_by_total(residents, homes, zone, wide)
    whole = (
        "là où sont les résidences secondaires" if homes.notna().any() else "comme les habitants"
    )
    how = f"personnes présentes d'après {path.name}, réparties {whole}"
    return Season(_named(present), how)


def _brought(wide: pd.DataFrame, codes: loaders.CommuneCodes | None) -> pd.DataFrame:
    """Name communes by their heir; people present of those that merged add up."""
    if codes is None:
        return wide
    return wide.groupby(codes.current(pd.Series(wide.index)).to_numpy()).sum()


def _everywhere(told: pd.DataFrame, index: pd.Index) -> pd.DataFrame:
    row = told.iloc[0]
    return pd.DataFrame([row] * len(index), index=index)


def _by_homes(
    study: Study, residents: pd.Series, homes: pd.Series, occupied: pd.DataFrame
) -> Season:
    if not (homes > 0).any():
        raise StudyError(
            "les résidences secondaires ne sont pas connues",
            where="[prospective] saison",
            remedy="donner dans [donnees] indicateurs le comparateur ou le dossier complet de "
            "l'Insee (P21_RSECOCC), ou des personnes présentes dans le fichier de la saison",
        )
    own = study.prospective.occupants_par_residence
    people = float(beds()["personnes_par_residence_secondaire"]) if own is None else own
    present = present_by_homes(residents, homes, occupied, people_a_home=people)
    source = "nombre de l'étude" if own is not None else beds()["source"].partition(" :")[0]
    how = (
        f"habitants, et {french.short(people)} personnes par résidence secondaire occupée "
        f"({source}) ; hôtels et campings non comptés"
    )
    return Season(_named(present), how)


def _named(present: pd.DataFrame) -> pd.DataFrame:
    return present.rename(columns={rank: MONTHS[rank - 1] for rank in present})


def _zone(table: pd.DataFrame, codes: Iterable[str], file: str) -> tuple[pd.Series, str]:
    """Tell which territories a file speaks of, and their kind; refuse it if people are in none.

    A commune where nobody lives may be in none: null.
    """
    known = set(codes)
    for kind in ("code_insee", "departement", *schemas.MEMBERSHIPS):
        if kind in table and table.loc[table["population"] > 0, kind].isin(known).all():
            return table[kind].where(table[kind].isin(known)), kind
    shown = ", ".join(sorted(known)[:_FIRST])
    raise DataError(
        f"« {file} » : des communes de l'étude ne sont dans aucun de ses territoires ({shown}…)",
        where="[prospective] saison",
        remedy="donner tous les départements, EPCI ou communes de l'étude, ou des parts sans code",
    )
