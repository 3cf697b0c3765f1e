"""``[regles_tournees]`` of the study file: what rounds of buses and permanences must respect."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, field_validator, model_validator

from msap_geo import schemas
from msap_geo.coverage.access import LONGEST_THRESHOLD
from msap_geo.coverage.opening import WEEKDAYS
from msap_geo.errors import StudyError
from msap_geo.rounds.clock_times import read_clock, read_window
from msap_geo.rounds.stops import Stop, make_stop
from msap_geo.rounds.working_time import WEEKS
from msap_geo.schemas.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_WEIGHT = 1000.0
"""An inhabitant of a target group counts for no more than that many others."""

_LONGEST_WEEK = 7 * 24 * 60
_LONGEST_SEARCH = 7 * 24 * 3600
"""No stop nor wait is longer than a week, no search either (seconds)."""

MOST_VEHICLES = 20
"""A study file asks for no more: beyond, it is a typing error."""


class Arret(Section):
    """``[[tournees]]``: a stop of a vehicle or a team that exists, as a row of the CSV is."""

    vehicule: str = Field(min_length=1)
    jour: str
    semaine: str | int = ""
    code_insee: str = Field(min_length=1)
    lieu: str = ""
    arrivee: str
    depart: str

    @field_validator("arrivee", "depart")
    @classmethod
    def _clocks(cls, text: str) -> str:
        read_clock(text)
        return text

    @model_validator(mode="after")
    def _readable(self) -> Arret:
        self.stop()
        return self

    def stop(self) -> Stop:
        """Return the stop."""
        return make_stop({name: str(value) for name, value in self.model_dump().items()})


class ReglesTournees(Section):
    """``[regles_tournees]``: working day, bases, imposed stops and days, fairness.

    With ``vehicules`` the study itself asks for rounds: its report and its workbook have them.
    """

    vehicules: Annotated[int, Field(ge=1, le=MOST_VEHICLES)] | None = None
    heures_ouvertes: float = Field(default=28.0, gt=0, le=168)
    arret_minutes: int = Field(default=90, ge=15, le=600)
    frequence: str = "hebdomadaire"
    bases: tuple[str, ...] = ()
    jours: tuple[str, ...] = ("lundi", "mardi", "mercredi", "jeudi", "vendredi")
    journee_max_heures: float = Field(default=10.0, gt=0, le=10.0)
    debut_journee: str = "07:00"
    fin_journee: str = "19:00"
    pause_minutes: int = Field(default=45, ge=0, le=180)
    pause_entre: tuple[str, ...] = ("11:30", "14:00")
    portee_minutes: Annotated[float, Field(gt=0, le=LONGEST_THRESHOLD)] | None = None
    minutes_par_millier: float = Field(default=10.0, ge=0, le=_LONGEST_WEEK)
    arret_long_minutes: int = Field(default=180, ge=15, le=_LONGEST_WEEK)
    imposes: tuple[str, ...] = ()
    interdits: tuple[str, ...] = ()
    jours_imposes: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    equite_par: str = "departement"
    equite_heures_minimum: float = Field(default=0.0, ge=0, le=_LONGEST_WEEK)
    poids: dict[str, Annotated[float, Field(ge=0, le=_MOST_WEIGHT)]] = Field(default_factory=dict)
    secondes: float = Field(default=100.0, gt=0, le=_LONGEST_SEARCH)

    @field_validator("debut_journee", "fin_journee")
    @classmethod
    def _clocks(cls, text: str) -> str:
        read_clock(text)
        return text

    @field_validator("frequence")
    @classmethod
    def _known_frequency(cls, name: str) -> str:
        if name not in WEEKS:
            raise StudyError(
                f"fréquence inconnue : « {name} »", remedy=f"choisir parmi : {', '.join(WEEKS)}"
            )
        return name

    @field_validator("jours")
    @classmethod
    def _weekdays(cls, days: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [day for day in days if day not in WEEKDAYS]
        if unknown or not days:
            raise StudyError(
                f"jours inconnus : {', '.join(unknown) or 'aucun'}",
                remedy=f"choisir parmi : {', '.join(WEEKDAYS)}",
            )
        return tuple(day for day in WEEKDAYS if day in days)

    @field_validator("pause_entre")
    @classmethod
    def _lunch(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        times = [read_clock(text) for text in given]
        if len(times) != 2 or times[0] > times[1]:  # noqa: PLR2004
            raise StudyError(
                "la pause se donne par deux heures, la première avant la seconde",
                remedy='écrire par exemple ["11:30", "14:00"]',
            )
        return given

    @field_validator("jours_imposes")
    @classmethod
    def _windows(cls, given: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for spans in given.values():
            for text in spans:
                read_window(text)
        return given

    @field_validator("equite_par")
    @classmethod
    def _membership(cls, name: str) -> str:
        if name not in schemas.MEMBERSHIPS:
            raise StudyError(
                f"colonne d'appartenance inconnue : « {name} »",
                remedy=f"choisir parmi : {', '.join(schemas.MEMBERSHIPS)}",
            )
        return name

    @field_validator("poids")
    @classmethod
    def _groups(cls, weights: dict[str, float]) -> dict[str, float]:
        if unknown := sorted(set(weights) - set(schemas.GROUPS)):
            raise StudyError(
                f"publics inconnus : {', '.join(unknown)}{_near(unknown, schemas.GROUPS)}",
                where="[regles_tournees.poids]",
                remedy=f"choisir parmi : {', '.join(schemas.GROUPS)}",
            )
        return weights

    @model_validator(mode="after")
    def _day(self) -> ReglesTournees:
        start, end = read_clock(self.debut_journee), read_clock(self.fin_journee)
        if start >= end:
            raise StudyError(
                "la journée finit avant de commencer",
                where="[regles_tournees]",
                remedy="vérifier debut_journee et fin_journee",
            )
        return self

    @property
    def lunch(self) -> tuple[int, int]:
        """Return when the lunch break may begin, minutes since midnight."""
        first, last = (read_clock(text) for text in self.pause_entre)
        return first, last


def _near(words: Iterable[str], known: Iterable[str]) -> str:
    """Say which known words are near, in brackets; nothing where none is."""
    known = list(known)
    near = [found[0] for word in words if (found := difflib.get_close_matches(word, known, n=1))]
    return f" (proches : {', '.join(near)})" if near else ""
