"""``[panier]``: several services people need together."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pydantic reads the types
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from msap_geo.errors import StudyError
from msap_geo.schemas.section import Section

MAISON = "Maison"
BPE_TYPES = {"médecin": ("D265", "D201"), "pharmacie": ("D307", "D301")}
"""Equipments of INSEE's BPE by the name people know them by: recent codes, then older ones.

D265, D307 and D301 are those of public programs that read the BPE; D201 is from memory. INSEE's own
list of codes was out of reach: docs/panier.md says so.
"""

Days = Annotated[float, Field(ge=0, le=3650)]


class Panier(Section):
    """``[panier]``: the services, where they are known from, and how long one waits for them."""

    services: tuple[str, ...] = (MAISON, "Bureau de Poste")
    bpe: Path | None = None
    types_bpe: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    annuaire: tuple[Path, ...] = ()
    delais: Path | None = None
    jours: dict[str, Days] = Field(default_factory=dict)
    attente_max_jours: Days = 2.0

    @field_validator("annuaire", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _apart(self) -> Panier:
        if not self.services or len(set(self.services)) != len(self.services):
            raise StudyError(
                "le panier est vide, ou nomme deux fois un service",
                where="[panier] services",
                remedy='écrire par exemple services = ["Maison", "CAF", "pharmacie"]',
            )
        strange = [name for name in self.jours if name not in self.services]
        if strange:
            raise StudyError(
                f"délais de services absents du panier : {', '.join(strange)}",
                where="[panier.jours]",
                remedy=f"choisir parmi : {', '.join(self.services)}",
            )
        return self

    @property
    def bpe_types(self) -> dict[str, tuple[str, ...]]:
        """Codes of the BPE of each service it gives."""
        return {**BPE_TYPES, **self.types_bpe}
