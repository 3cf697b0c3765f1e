"""The sections of the study file: their keys, what each may hold, and its default."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path  # noqa: TC003 - pydantic reads the types
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import (
    Field,
    create_model,
    field_validator,
    model_validator,
)

from msap_geo import coverage, loaders, network, siting
from msap_geo.coverage.access import LONGEST_THRESHOLD
from msap_geo.errors import StudyError
from msap_geo.schemas.section import Section
from msap_geo.study.roles import ROLES
from msap_geo.territory import SIREN, check_departements

MOST_PEOPLE = 1_000_000_000
MOST_DRAWS = 100_000
MOST_EUR = 1e12
MOST_KM = 20_000
MOST_WEIGHT = 1000
MOST_SECONDS = 7 * 24 * 3600
"""Bounds no real study comes near: past them a figure is a mistake, or fills the memory."""

# Not refused here: what checks the thresholds says it better.
Minutes = Annotated[float, Field(strict=True, allow_inf_nan=True)]
Euros = Annotated[float, Field(ge=0, le=MOST_EUR)]


class Etude(Section):
    """``[etude]``: what is asked, where."""

    nom: str = Field(min_length=1)
    departements: tuple[str, ...]
    epci: tuple[str, ...] = ()
    seuils_minutes: tuple[Minutes, ...] = (20.0, 30.0)
    demonstration: bool = False

    @field_validator("epci", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("epci")
    @classmethod
    def _sirens(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [code for code in codes if not re.fullmatch(SIREN, code)]:
            raise StudyError(
                f"code d'EPCI mal formé : « {', '.join(wrong)} »",
                where="[etude] epci",
                remedy="donner leurs numéros SIREN, neuf chiffres entre guillemets",
            )
        return tuple(sorted(set(codes)))

    @field_validator("departements")
    @classmethod
    def _known(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        return check_departements(codes)

    @field_validator("seuils_minutes")
    @classmethod
    def _sorted(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        return coverage.check_thresholds(values)


class Donnees(Section):
    """``[donnees]``: the official files."""

    communes: tuple[Path, ...] = Field(min_length=1)
    population: Path
    mairies: tuple[Path, ...] = Field(min_length=1)
    maisons: Path
    la_poste: Path
    la_poste_horaires: Path | None = None
    cog: Path | None = None
    mouvements: Path | None = None
    indicateurs: tuple[Path, ...] = ()
    appartenance: tuple[Path, ...] = ()
    acces_insee: tuple[Path, ...] = ()
    carreaux: Path | None = None
    tournees: Path | None = None
    tournees_projet: Path | None = None

    @field_validator(
        "communes", "mairies", "indicateurs", "appartenance", "acces_insee", mode="before"
    )
    @classmethod
    def _listed(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value


class Maisons(Section):
    """``[maisons]``: which ones count, as of which day, and the visits counted in them."""

    types: tuple[str, ...] = loaders.FIXED_KINDS
    au: date | None = None
    frequentation: Path | None = None

    @field_validator("au", mode="before")
    @classmethod
    def _a_day(cls, value: object) -> object:
        if not isinstance(value, (str, date)):
            raise StudyError("une date est attendue", remedy='écrire par exemple "2021-01-01"')
        return value


class Candidats(Section):
    """``[candidats]``: which post offices are scored, and which other hosts."""

    types: tuple[str, ...] = ("Bureau de Poste",)
    fichier: Path | None = None


class Carte(Section):
    """``[carte]``: what the map is drawn on, and how much it carries."""

    rivieres: tuple[Path, ...] = ()
    mer: tuple[Path, ...] = ()
    voisins: tuple[Path, ...] = ()
    relief: tuple[Path, ...] = ()

    @field_validator("rivieres", "mer", "voisins", "relief", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value


class Diagnostic(Section):
    """``[diagnostic]``: what the diagnosis needs besides."""

    tirages: int = Field(default=1000, ge=1, le=MOST_DRAWS)
    graine: int = Field(default=0, ge=0, le=2**63 - 1)
    population_minimale: int = Field(default=0, ge=0, le=MOST_PEOPLE)
    maisons_avant: Path | None = None
    operateurs: tuple[Path, ...] = ()

    @field_validator("operateurs", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value


class Mobilite(Section):
    """``[mobilite]``: timetables, for those who have no car."""

    gtfs: tuple[Path, ...] = ()
    jours: str = ""
    acces: tuple[Literal["pied", "velo"], ...] = Field(default=("pied",), min_length=1)
    marche_max_minutes: float = Field(default=30.0, gt=0, le=LONGEST_THRESHOLD)
    trajet_max_minutes: float = Field(default=120.0, gt=0, le=LONGEST_THRESHOLD)
    sur_place_minutes: float = Field(default=60.0, gt=0, le=LONGEST_THRESHOLD)

    @field_validator("gtfs", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _days(self) -> Mobilite:
        if self.jours:
            network.day_range(self.jours)
        elif self.gtfs:
            raise StudyError(
                "les horaires demandent des jours",
                where="[mobilite] jours",
                remedy='écrire par exemple jours = "2022-06-13/2022-06-19"',
            )
        return self


class Score(Section):
    """``[score]``: what each criterion weighs."""

    poids: dict[str, float] = Field(default_factory=lambda: dict(siting.WEIGHTS))

    @field_validator("poids")
    @classmethod
    def _known(cls, weights: dict[str, float]) -> dict[str, float]:
        return siting.check_weights(weights)


class Bounds(Section):
    """How many new sites a group may have."""

    min: int = Field(default=0, ge=0, le=MOST_PEOPLE)
    max: int | None = Field(default=None, ge=0, le=MOST_PEOPLE)


class Implantation(Section):
    """``[implantation]``: the plan sought, and its rules."""

    objectif: Literal[
        "couverture",
        "p-mediane",
        "p-centre",
        "double-couverture",
        "capacite",
        "p-mediane-capacite",
        "equite",
    ] = "couverture"
    seuils_minutes: tuple[Minutes, ...] = ()
    poids_des_seuils: tuple[Annotated[float, Field(gt=0, le=1)], ...] = (1.0,)
    trajet_max_minutes: float = Field(default=60.0, gt=0, le=LONGEST_THRESHOLD)
    seconde_couverture: float = Field(default=0.5, ge=0, le=1)
    capacite: int | None = Field(default=None, gt=0, le=MOST_PEOPLE)
    equite_par: str = "departement"
    imposes: tuple[str, ...] = ()
    interdits: tuple[str, ...] = ()
    exclusifs: tuple[tuple[str, ...], ...] = ()
    quotas: dict[str, Bounds] = Field(default_factory=dict)
    distance_min_km: float | None = Field(default=None, gt=0, le=MOST_KM)
    secondes: float = Field(default=60.0, gt=0, le=MOST_SECONDS)

    @model_validator(mode="after")
    def _capacity(self) -> Implantation:
        if self.objectif in {"capacite", "p-mediane-capacite"} and self.capacite is None:
            raise StudyError(
                f"l'objectif « {self.objectif} » demande la capacité d'un site",
                where="[implantation] capacite",
                remedy="écrire par exemple capacite = 5000",
            )
        return self


class OwnRule(Section):
    """``[[adaptation.regles]]``: a promise of the study's own."""

    nom: str = Field(min_length=1)
    service: Literal["bureau", "contact"] = "bureau"
    minutes: float | None = Field(default=None, gt=0, le=LONGEST_THRESHOLD)
    km: float | None = Field(default=None, gt=0, le=MOST_KM)
    part_max: float = Field(default=0.0, ge=0, le=1)
    par: str = "departement"

    @model_validator(mode="after")
    def _bounded(self) -> OwnRule:
        if self.minutes is None and self.km is None:
            raise StudyError(
                f"la règle « {self.nom} » ne dit pas jusqu'où",
                where="[[adaptation.regles]]",
                remedy="donner minutes = 20, km = 5, ou les deux (l'un suffit à être à portée)",
            )
        return self


class Adaptation(Section):
    """``[adaptation]``: what the network of post offices may become."""

    nombre: int | None = Field(default=None, ge=1, le=MOST_PEOPLE)
    economie_eur: Euros | None = None
    devient: tuple[Literal["maison", "agence", "relais", "horaires", "fermeture"], ...] = Field(
        default=("maison", "agence"), min_length=1
    )
    types: tuple[str, ...] = ("Bureau de Poste",)
    fermables: tuple[str, ...] = ()
    accords: Path | None = None
    proteges: tuple[str, ...] = ()
    quotas: dict[str, Bounds] = Field(default_factory=dict)
    regles: tuple[OwnRule, ...] = ()
    trajet_max_minutes: float = Field(default=60.0, gt=0, le=LONGEST_THRESHOLD)
    fusion_km: float = Field(default=0.3, ge=0, le=MOST_KM)
    transformer_porteurs: bool = False
    part_des_heures: float = Field(default=0.5, gt=0, le=1)
    poids_du_contact: float = Field(default=1.0, ge=0, le=MOST_WEIGHT)
    secondes: float = Field(default=60.0, gt=0, le=MOST_SECONDS)

    @model_validator(mode="after")
    def _one_size(self) -> Adaptation:
        if self.nombre is not None and self.economie_eur is not None:
            raise StudyError(
                "un nombre de transformations et une économie sont demandés à la fois",
                where="[adaptation]",
                remedy="garder nombre, ou economie_eur",
            )
        return self

    @field_validator("regles")
    @classmethod
    def _told_apart(cls, rules: tuple[OwnRule, ...]) -> tuple[OwnRule, ...]:
        # What a rule leaves and what breaks it are told by its name.
        taken = {rule.id for rule in coverage.load_rules()}
        for rule in rules:
            if rule.nom in taken:
                raise StudyError(
                    f"deux règles s'appellent « {rule.nom} »",
                    where="[[adaptation.regles]] nom",
                    remedy="donner à chacune un nom qui n'est ni celui d'une autre, ni celui d'une "
                    "règle de la loi",
                )
            taken.add(rule.nom)
        return rules


Jour = Literal["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]


class Horaires(Section):
    """``[horaires]``: when Maisons may open longer, and what a half-day counts."""

    heures: float | None = Field(default=None, ge=0, le=MOST_PEOPLE)
    jours: tuple[Jour, ...] = Field(
        default=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"), min_length=1
    )
    poids: dict[Jour, Annotated[float, Field(gt=0, le=MOST_WEIGHT)]] = Field(
        default={"samedi": 1.5}
    )
    marches: dict[str, tuple[Jour, ...]] = Field(default_factory=dict)
    poids_marche: float = Field(default=1.5, ge=1, le=MOST_WEIGHT)
    figes: tuple[str, ...] = ()
    demi_journees_par_site: int | None = Field(default=None, gt=0, le=MOST_PEOPLE)
    secondes: float = Field(default=60.0, gt=0, le=MOST_SECONDS)


class Couts(Section):
    """``[couts]``: the cost model."""

    modele: str = "france-services"
    annee: int = Field(default=2026, ge=2016, le=2100)
    fonctionnement_eur: dict[str, Euros] = Field(default_factory=dict)
    investissement_eur: dict[str, Euros] = Field(default_factory=dict)
    operateurs_non_signataires: float = Field(default=0, ge=0, le=1000)
    demi_journees_permanence: float = Field(default=0, ge=0, le=1000)
    bonification_france_ruralites_eur: float = Field(default=0, ge=0, le=MOST_EUR)

    @property
    def nombres(self) -> dict[str, float]:
        """What lump sums of the model are multiplied by, by the name it counts them under."""
        return {
            "operateurs_non_signataires": self.operateurs_non_signataires,
            "demi_journees_permanence": self.demi_journees_permanence,
            "bonification_france_ruralites_eur": self.bonification_france_ruralites_eur,
        }

    @field_validator("modele")
    @classmethod
    def _known(cls, name: str) -> str:
        return siting.load_costs(name).name


if TYPE_CHECKING:

    class Millesimes(Section):
        """``[millesimes]``, as type checkers see it."""

else:
    Millesimes = create_model(
        "Millesimes",
        __base__=Section,
        __doc__="``[millesimes]``: the date of each file, where its name does not tell.",
        **dict.fromkeys(ROLES, (str, "")),
    )
