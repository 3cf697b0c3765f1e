"""``[prospective]``: the years looked ahead to, and the files that tell who will live there."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pydantic reads the types
from typing import Annotated, Literal

from pydantic import Field, field_validator

from msap_geo.errors import StudyError
from msap_geo.study.asked.base import Section

FIRST_YEAR, LAST_YEAR = 1900, 2200
Annee = Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)]


class Prospective(Section):
    """``[prospective]``: projected people, and when."""

    fichier: Path | None = None
    variante: str = ""
    ages: tuple[Path, ...] = ()
    horizons: tuple[Annee, ...] = Field(default=(2026, 2035, 2040), min_length=1)
    reference: Annee | None = None
    caler: bool = True
    public: Literal["population", "habitants_75_plus"] = "population"

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
    def today(self) -> int:
        """The year whose people are those of today."""
        return self.horizons[0] if self.reference is None else self.reference
