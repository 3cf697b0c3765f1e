"""The campaign file, ``campagne.toml``: a study taken as a pattern, and what varies."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from pydantic import Field, ValidationError, field_validator

from msap_geo import loaders
from msap_geo.campaign.territories import (
    Territory,
    asks_epci,
    epci_named,
    territories_named,
)
from msap_geo.errors import StudyError
from msap_geo.network import available_profiles
from msap_geo.schemas.section import Section
from msap_geo.study.file import in_french
from msap_geo.tabular.toml_text import read_toml

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIED = ("donnees", "maisons", "reseau")
"""Sections of the pattern that change from one study to the next."""

WHAT, NAMED = "fichier de campagne", "campagne.toml"


class Campagne(Section):
    """``[campagne]``: the pattern, and what varies from one study to the next."""

    nom: str = ""
    modele: Path
    territoires: tuple[str, ...] = Field(min_length=1)
    decoupage: Literal["departements", "regions"] = "departements"
    dates: tuple[date, ...] = ()
    listes: dict[str, Path] = Field(default_factory=dict)
    choix: tuple[Path, ...] = ()
    profils: tuple[str, ...] = ()
    sorties: tuple[Literal["etude", "tout", "geoparquet", "temps-csv", "temps-parquet"], ...] = (
        "etude",
    )

    @field_validator("territoires", "choix", "profils", "sorties", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @field_validator("dates", mode="before")
    @classmethod
    def _days(cls, value: object) -> object:
        values = [value] if isinstance(value, str | date) else value
        if not isinstance(values, list | tuple) or not all(
            isinstance(one, str | date) for one in values
        ):
            raise StudyError("des dates sont attendues", remedy='écrire par exemple ["2020-01-08"]')
        return values

    @field_validator("dates", "choix", "profils")
    @classmethod
    def _different(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(set(values)) < len(values):
            raise StudyError("une valeur est donnée deux fois", remedy="n'en garder qu'une")
        return values

    @field_validator("profils")
    @classmethod
    def _existing(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in values if name not in available_profiles()]
        if unknown:
            raise StudyError(
                f"profil de déplacement inconnu : « {', '.join(unknown)} »",
                remedy=f"choisir parmi : {', '.join(available_profiles())}",
            )
        return values


class Campaign(Section):
    """A campaign file, checked. Paths are as written in it, relative to ``folder``."""

    campagne: Campagne
    folder: Path
    territories: tuple[Territory, ...] = ()
    pattern: dict[str, Any] = Field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the campaign: its own, else that of its pattern."""
        return self.campagne.nom or str(self.pattern["etude"]["nom"])


def read_campaign(path: Path | str) -> Campaign:
    """Read and check a campaign file, and the study it takes as a pattern.

    Parameters
    ----------
    path
        TOML file; paths inside are relative to its folder, those of the pattern to the pattern's.

    Returns
    -------
    Campaign
        The campaign, its territories found.

    Raises
    ------
    FileMissingError
        If there is no such file, or no such pattern.
    StudyError
        If a file is not TOML, lacks a key, or holds one that does not exist or does not fit.
    TerritoryError
        If a territory is unknown.
    """
    path = Path(path)
    content = read_toml(path, what=WHAT, named=NAMED)
    extra = sorted(set(content) - {"campagne"})
    if extra:
        raise StudyError(
            f"section inconnue : « {', '.join(extra)} »",
            where=path,
            remedy="ne garder que [campagne] : le reste se dit dans le modèle",
        )
    folder = path.resolve().parent
    campaign = _checked({**content, "folder": folder}, path)
    asked = campaign.campagne
    dates = {day.isoformat() for day in asked.dates}
    astray = sorted(set(asked.listes) - dates)
    if astray:
        raise StudyError(
            f"liste d'une date que la campagne ne demande pas : {', '.join(astray)}",
            where=f"{path}, [campagne] listes",
            remedy="ajouter la date à « dates », ou retirer la liste",
        )
    pattern = _pattern(folder / asked.modele)
    return campaign.model_copy(
        update={
            "pattern": pattern,
            "territories": _territories(asked, pattern, str(path)),
        }
    )


def _territories(asked: Campagne, pattern: Mapping[str, Any], where: str) -> tuple[Territory, ...]:
    """Return the territories asked for; EPCI are those of the pattern's table of memberships."""
    if not asks_epci(asked.territoires, where=where):
        return territories_named(asked.territoires, by=asked.decoupage, where=where)
    told = pattern.get("donnees", {}).get("appartenance", [])
    paths = [told] if isinstance(told, str) else told
    if not isinstance(paths, list) or not all(isinstance(one, str) for one in paths):
        raise StudyError(
            "« appartenance » n'est pas une liste de fichiers",
            where="modèle d'étude, [donnees]",
            remedy='écrire par exemple appartenance = "table-appartenance.xlsx"',
        )
    belongs = pd.DataFrame({"code_insee": []})
    if paths:
        read = [loaders.load_memberships(pattern["folder"] / one) for one in paths]
        belongs = loaders.join_memberships(read).table
    departements = pattern["etude"].get("departements", [])
    return epci_named(asked.territoires, belongs, departements, where=where)


def _checked(content: Mapping[str, Any], path: Path) -> Campaign:
    try:
        return Campaign(**content)
    except ValidationError as error:
        raise StudyError(
            f"le {WHAT} est incorrect : " + " ; ".join(in_french(error)),
            where=path,
            remedy="comparer avec l'exemple de docs/campagne.md",
        ) from error


def _pattern(path: Path) -> dict[str, Any]:
    """Read the study taken as a pattern: it is checked for each territory."""
    content = read_toml(path, what="modèle d'étude", named="etude.toml")
    section = content.get("etude")
    if not isinstance(section, dict) or not isinstance(section.get("nom"), str):
        raise StudyError(
            "le modèle d'étude n'a pas de nom",
            where=f"{path}, [etude] nom",
            remedy="lui en donner un",
        )
    for name in _VARIED:
        if not isinstance(content.get(name, {}), dict):
            raise StudyError(
                f"« {name} » n'est pas une section du modèle d'étude",
                where=f"{path}, {name}",
                remedy=f"écrire [{name}], puis ses clés, une par ligne",
            )
    return {**content, "folder": path.resolve().parent}
