"""``[prospective]``: the years looked ahead to, and the files that tell who will live there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from msap_geo.errors import StudyError
from msap_geo.loaders.prospective.saison import month_of
from msap_geo.schemas.section import Section

FIRST_YEAR, LAST_YEAR = 1900, 2200
Annee = Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)]

MOST_OCCUPANTS = 50
MOST_SITES = 10_000
Part = Annotated[float, Field(ge=0, le=1)]


def _month(value: str) -> int:
    rank = month_of(value)
    if rank is None:
        raise StudyError(
            f"« {value} » n'est pas un mois",
            remedy="écrire par exemple saison = { juillet = 0.4, aout = 0.7 }",
        )
    return rank


Mois = Annotated[int, BeforeValidator(_month)]


class Prospective(Section):
    """``[prospective]``: projected people, and when."""

    fichier: Path | None = None
    variante: str = ""
    ages: tuple[Path, ...] = ()
    horizons: tuple[Annee, ...] = Field(default=(2026, 2035, 2040), min_length=1)
    reference: Annee | None = None
    caler: bool = True
    saison: Path | dict[Mois, Part] | None = None
    occupants_par_residence: float | None = Field(default=None, gt=0, le=MOST_OCCUPANTS)
    public: Literal["population", "habitants_75_plus"] = "population"
    nombre: int | None = Field(default=None, ge=1, le=MOST_SITES)

    @field_validator("ages", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @field_validator("horizons")
    @classmethod
    def _increasing(cls, years: tuple[int, ...]) -> tuple[int, ...]:
        if list(years) != sorted(set(years)):
            raise StudyError(
                "les horizons ne sont pas des années croissantes",
                remedy="écrire par exemple horizons = [2026, 2035, 2040]",
            )
        return years

    @property
    def fichier_saison(self) -> Path | None:
        """The file of the season, where it is one."""
        return self.saison if isinstance(self.saison, Path) else None

    @property
    def occupation(self) -> dict[int, float]:
        """Share of the second homes lived in, by month, where the study gives it."""
        return self.saison if isinstance(self.saison, dict) else {}

    @property
    def today(self) -> int:
        """The year whose people are those of today."""
        return self.horizons[0] if self.reference is None else self.reference
