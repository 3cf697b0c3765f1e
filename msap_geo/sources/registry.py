"""Where each official dataset is published, as data: one TOML file per theme in ``registre/``."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from msap_geo.errors import SourceError
from msap_geo.sources import territories

if TYPE_CHECKING:
    from collections.abc import Mapping

Format = Literal[
    "csv", "json", "geojson", "zip", "xlsx", "7z", "tar.bz2", "osm.pbf", "parquet", "gpkg"
]


class Source(BaseModel):
    """One dataset of the registry; the fields bear the names of the TOML keys.

    ``url`` and ``fichier`` are templates over ``{departement}`` (``72``, ``2A``),
    ``{departement3}`` (``072``), ``{chemin}`` (its path at OpenStreetMap France), ``{ouest}``,
    ``{sud}``, ``{est}``, ``{nord}`` (the box around it), ``{extrait}`` (``pays-de-la-loire``),
    ``{millesime}`` and ``{annee}`` (its two last digits). ``url`` is null where no address could
    be confirmed: the file is then to be taken by hand from ``page``. ``essaye`` tells whether the
    address was really tried by this project, ``preuve`` what evidence there is of it and its date.

    ``forme`` says what the address gives: the file; the first page of a table; a dataset of a
    catalogue, whose resource bears ``titre_ressource`` (else ``url_secours``); an ATOM feed; the
    listing of a folder, whose files end with ``titre_ressource``.
    ``{jour}`` and ``{dans_trois_semaines}`` stand for dates. ``taille_mo`` is about how large the
    file is, megabytes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    titre: str = Field(min_length=1)
    editeur: str = Field(min_length=1)
    page: str = Field(pattern=r"^https://")
    url: str | None = Field(default=None, pattern=r"^https://")
    fichier: str = Field(pattern=r"^[A-Za-z0-9_.{}-]+$")
    roles: tuple[str, ...] = Field(min_length=1)
    portee: Literal["département", "extrait", "France"]
    millesime: str = Field(min_length=1)
    licence: str = Field(min_length=1)
    attribution: str = Field(min_length=1)
    format: Format
    colonnes: tuple[str, ...]
    lignes: int = Field(ge=0)
    taille_mo: float | None = Field(default=None, gt=0)
    essaye: bool
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    forme: Literal["fichier", "pages", "catalogue", "atom", "dossier"] = "fichier"
    titre_ressource: str = ""
    url_secours: str | None = Field(default=None, pattern=r"^https://")
    preuve: str = ""
    remarque: str = ""

    def address(self, *, departement: str = "", extrait: str = "") -> str | None:
        """Return the address of a file of this dataset, percent-encoded; null where unknown."""
        if self.url is None:
            return None
        filled = self.url.format(**self._values(departement, extrait))
        return quote(filled, safe=":/?&=,()'%")

    def file_name(self, *, departement: str = "", extrait: str = "") -> str:
        """Return the name a file of this dataset is kept under."""
        return self.fichier.format(**self._values(departement, extrait))

    def _values(self, departement: str, extrait: str) -> dict[str, str]:
        today = datetime.now(UTC).date()
        sides = zip(("ouest", "sud", "est", "nord"), territories.box(departement), strict=True)
        return {
            "chemin": territories.light_extract(departement) or "",
            **{side: f"{value:g}" for side, value in sides},
            "departement": departement,
            "departement3": departement.zfill(3),
            "extrait": extrait,
            "millesime": self.millesime,
            "annee": self.millesime[2:4],
            "jour": today.isoformat(),
            "dans_trois_semaines": (today + timedelta(days=20)).isoformat(),
        }


@cache
def registry() -> Mapping[str, Source]:
    """Return every dataset known, by identifier, in the order of the TOML files.

    Returns
    -------
    Mapping
        Read-only.

    Raises
    ------
    pydantic.ValidationError, ValueError
        If the registry that ships with the package is malformed, or repeats an identifier.
    """
    folder = files("msap_geo.sources") / "registre"
    found: dict[str, Source] = {}
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not entry.name.endswith(".toml"):
            continue
        for record in tomllib.loads(entry.read_text(encoding="utf-8"))["source"]:
            made = Source(**record)
            if made.id in found:
                raise ValueError(f"source « {made.id} » donnée deux fois")
            found[made.id] = made
    return MappingProxyType(found)


def source(identifier: str) -> Source:
    """Return a dataset of the registry.

    Raises
    ------
    SourceError
        If there is none of that name; the message lists them.
    """
    if identifier not in registry():
        raise SourceError(
            f"source inconnue : « {identifier} »",
            remedy=f"choisir parmi : {', '.join(registry())}",
        )
    return registry()[identifier]
