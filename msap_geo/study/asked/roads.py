"""``[reseau]``: the roads of a study, how they are driven, and what is supposed of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from msap_geo import network
from msap_geo.coverage.access import LONGEST_THRESHOLD
from msap_geo.errors import StudyError
from msap_geo.network import ESTIMATED
from msap_geo.network.profiles import FASTEST_KMH
from msap_geo.schemas.section import Section

if TYPE_CHECKING:
    from collections.abc import Mapping


def _place(value: object) -> object:
    numbers = (
        [part for part in value if isinstance(part, int | float)] if isinstance(value, list) else []
    )
    if not isinstance(value, str) and (len(numbers) != 2 or numbers != value):  # noqa: PLR2004
        raise StudyError(
            "un bout de traversée ou de route n'est ni une commune ni un point",
            remedy='donner un code ("56009") ou une longitude et une latitude ([-3.15, 47.35])',
        )
    return value


Place = Annotated[str | tuple[float, float], BeforeValidator(_place)]
"""A commune's code, or a longitude and a latitude."""


LIVE = Path("osm")
"""``source = "osm"``: the roads of the day, asked of OpenStreetMap."""


class Traversee(Section):
    """A crossing; an end is a commune's code, or a longitude and a latitude."""

    de: Place
    a: Place
    minutes: float = Field(gt=0, le=LONGEST_THRESHOLD)


class Modification(Section):
    """``[[reseau.modifications]]``: roads closed, slowed, quickened, or new."""

    nom: str = Field(min_length=1)
    raison: str = ""
    mois: tuple[Annotated[int, Field(ge=1, le=12)], ...] = ()
    zone: Path | None = None
    classe: str = ""
    de: Place | None = None
    a: Place | None = None
    facteur: float | None = Field(default=None, ge=0.01, le=100)
    vitesse_kmh: float | None = Field(default=None, ge=1, le=FASTEST_KMH)
    ferme: bool = False
    sens: Literal["les deux", "aller", "retour"] = "les deux"

    @field_validator("mois", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [value] if isinstance(value, int) else value

    @model_validator(mode="after")
    def _one_meaning(self) -> Modification:
        new = self.de is not None or self.a is not None
        effects = [self.facteur is not None, self.vitesse_kmh is not None, self.ferme]
        faults = {
            "une seule des clés facteur, vitesse_kmh et ferme dit ce qui change": sum(effects) != 1,
            "une route nouvelle a deux bouts, de et a": new and (self.de is None or self.a is None),
            "une route nouvelle n'a ni zone ni classe": new
            and (self.zone is not None or self.classe != ""),
            "une route nouvelle demande une vitesse_kmh": new and self.vitesse_kmh is None,
            "il manque où : zone, classe, ou de et a": not new
            and self.zone is None
            and not self.classe,
            f"classe de route inconnue : « {self.classe} » (au choix : "
            f"{', '.join(network.ROAD_CLASSES)})": self.classe != ""
            and self.classe not in network.ROAD_CLASSES,
        }
        fault = next((words for words, found in faults.items() if found), None)
        if fault:
            raise StudyError(
                f"« {self.nom} » : {fault}",
                where="[[reseau.modifications]]",
                remedy='écrire par exemple zone = "col.geojson" et ferme = true',
            )
        return self

    def holds(self, month: int | None) -> bool:
        """Tell whether it holds in a month; where none is said, it does."""
        return month is None or not self.mois or month in self.mois


class Penalites(Section):
    """``[reseau.penalites]``: what bends and junctions cost."""

    acceleration_laterale_ms2: float = Field(default=0.0, ge=0, le=100)
    carrefour_s: float = Field(default=0.0, ge=0, le=3600)


class Temps(Section):
    """``[temps]``: times another engine computed, instead of roads."""

    source: Path | None = None
    unite: Literal["minutes", "secondes", "heures"] = "minutes"
    trajet_max_minutes: float | None = Field(default=None, gt=0, le=LONGEST_THRESHOLD)


class Reseau(Section):
    """``[reseau]``: the roads, and how they are driven."""

    profil: str = "voiture"
    profils: tuple[str, ...] = ()
    source: tuple[Path, ...] = ()
    noeuds: Path | None = None
    liens: Path | None = None
    vitesses_kmh: dict[str, float] = Field(default_factory=dict)
    sinuosite: float | None = Field(default=None, ge=1.0, le=10.0)
    heure: Literal["creuses", "pleines"] = "creuses"
    mois: int | None = Field(default=None, ge=1, le=12)
    age_max_jours: int | None = Field(default=None, ge=1, le=3650)
    traversees: tuple[Traversee, ...] = ()
    modifications: tuple[Modification, ...] = ()
    penalites: Penalites | None = None

    @field_validator("source", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="before")
    @classmethod
    def _first_profile(cls, value: object) -> object:
        if not isinstance(value, dict) or "profils" not in value:
            return value
        asked = value["profils"]
        asked = [asked] if isinstance(asked, str) else asked
        first = asked[0] if isinstance(asked, list | tuple) and asked else None
        return {"profil": first, **value, "profils": asked} if first else value

    @model_validator(mode="after")
    def _several_profiles(self) -> Reseau:
        unknown = [name for name in self.profils if name not in network.available_profiles()]
        faults = {
            f"profil de déplacement inconnu : « {', '.join(unknown)} »": unknown,
            "un profil est donné deux fois": len(set(self.profils)) < len(self.profils),
            f"le premier des profils est celui de l'étude, et profil = « {self.profil} » en dit un "
            "autre": self.profils and self.profils[0] != self.profil,
            "le réseau estimé n'a pas de routes où aller autrement : "
            f"{', '.join(self.profils[1:])}": self.profil == ESTIMATED and self.profils[1:],
        }
        fault = next((words for words, found in faults.items() if found), None)
        if fault:
            known = ", ".join(network.available_profiles())
            raise StudyError(
                fault,
                where="[reseau] profils",
                remedy='écrire par exemple profils = ["voiture", "velo", "pied"], parmi : '
                f"{known} ; « {ESTIMATED} » ne vient pas le premier",
            )
        return self

    @model_validator(mode="after")
    def _one_source(self) -> Reseau:
        if self.profil not in network.available_profiles():
            raise StudyError(
                f"profil de déplacement inconnu : « {self.profil} »",
                remedy=f"choisir parmi : {', '.join(network.available_profiles())}",
            )
        if LIVE in self.source and not self.live:
            raise StudyError(
                "les routes demandées à OpenStreetMap ne se joignent pas à un fichier",
                where="[reseau] source",
                remedy='écrire source = "osm" seul, ou des fichiers seuls',
            )
        if self.age_max_jours is not None and not self.live:
            raise StudyError(
                "l'âge des routes ne se choisit que pour celles demandées à OpenStreetMap",
                where="[reseau] age_max_jours",
                remedy='la retirer, ou écrire source = "osm"',
            )
        named = next(
            (path for path in self.source if str(path) in network.available_profiles()), None
        )
        if named is not None:
            raise StudyError(
                f"« {named} » est un profil de déplacement, non un fichier de routes",
                where="[reseau] source",
                remedy=f'écrire profil = "{named}"'
                + (" seul, sans source" if str(named) == ESTIMATED else ", et la source"),
            )
        if self.sinuosite is not None and self.profil != ESTIMATED:
            raise StudyError(
                "la sinuosité ne sert qu'au réseau estimé",
                where="[reseau] sinuosite",
                remedy='la retirer, ou choisir profil = "estime"',
            )
        if self.profil == ESTIMATED and self.penalites:
            raise StudyError(
                "les pénalités ne servent qu'avec des routes",
                where="[reseau.penalites]",
                remedy="les retirer, ou donner des routes",
            )
        if self.heure == "pleines" and not network.load_profile(self.profil).traffic.factors:
            raise StudyError(
                f"le profil « {self.profil} » ne distingue pas les heures de pointe",
                where="[reseau] heure",
                remedy='retirer la clé, ou choisir profil = "voiture"',
            )
        return self

    @property
    def live(self) -> bool:
        """Whether the roads are asked of OpenStreetMap."""
        return self.source == (LIVE,)

    @property
    def holding(self) -> tuple[Modification, ...]:
        """Changes that hold in the month of the study."""
        return tuple(change for change in self.modifications if change.holds(self.mois))

    @property
    def told(self) -> str:
        """What is supposed of the roads, in words; empty for the roads as they are."""
        return " ; ".join(
            change.nom + (f" ({change.raison})" if change.raison else "") for change in self.holding
        )

    @property
    def sources(self) -> tuple[Path, ...]:
        """Every file of roads."""
        return (*self.source, *(path for path in (self.noeuds, self.liens) if path is not None))

    def check_given(self) -> None:
        """Make sure a study without a table of times has its roads, in one form.

        Raises
        ------
        StudyError
            If it has none, or in two forms.
        """
        given = [name for name in ("source", "noeuds", "liens") if getattr(self, name)]
        expected = [[]] if self.profil == ESTIMATED else [["source"], ["noeuds", "liens"]]
        if given not in expected:
            raise StudyError(
                "le réseau routier n'est pas donné comme il faut",
                where="[reseau]",
                remedy='donner soit source = "….osm.pbf" (ou une liste, ou "osm"), soit noeuds et '
                'liens (deux CSV), soit profil = "estime" seul, soit une table de temps ([temps])',
            )

    def check_table(self) -> None:
        """Make sure nothing is asked of roads whose times come from a table.

        Raises
        ------
        StudyError
            If a key would have no effect.
        """
        idle = {
            f'profil = "{ESTIMATED}"': self.profil == ESTIMATED,
            'heure = "pleines"': self.heure == "pleines",
            "vitesses_kmh": bool(self.vitesses_kmh),
            "penalites": self.penalites is not None,
            "traversees": bool(self.traversees),
            "modifications": bool(self.modifications),
            "profils": len(self.profils) > 1,
        }
        found = ", ".join(key for key, asked in idle.items() if asked)
        if found:
            raise StudyError(
                f"sans effet sur des temps lus dans une table : {found}",
                where="[reseau]",
                remedy="les retirer : la table dit déjà les temps, ou retirer [temps]",
            )

    def under(self, profile: str) -> Reseau:
        """Return the same roads under another profile (:func:`under_profile`)."""
        return Reseau(**under_profile(self.model_dump(exclude_unset=True), profile))


_OF_ROADS = ("source", "noeuds", "liens")
_OF_ONE_PROFILE = ("vitesses_kmh", "penalites", "heure")
"""What a study says of how its own profile is driven."""


def under_profile(asked: Mapping[str, Any], profile: str) -> dict[str, Any]:
    """Return what a study asks of its roads, under one profile.

    Parameters
    ----------
    asked
        ``[reseau]``, as written.
    profile
        Name of the profile. Where it is another one, speeds, penalties, rush hour and roads
        slowed, quickened or new are left out, being those of the study's own; roads closed stay
        closed. The estimated profile takes no roads.

    Returns
    -------
    dict
        ``[reseau]`` of a study of that profile alone.
    """
    several = asked.get("profils") or ()
    several = [several] if isinstance(several, str) else several
    own = asked.get("profil") or next(iter(several), Reseau.model_fields["profil"].default)
    dropped = {"profils"} | ({"sinuosite"} if profile != ESTIMATED else set())
    if profile == ESTIMATED:
        dropped |= {*_OF_ROADS, *_OF_ONE_PROFILE}
    if profile != own:
        dropped |= set(_OF_ONE_PROFILE)
    found = {key: value for key, value in asked.items() if key not in dropped}
    changes = found.get("modifications")
    if profile != own and isinstance(changes, list | tuple):
        found["modifications"] = [
            change for change in changes if isinstance(change, dict) and change.get("ferme")
        ]
    return {**found, "profil": profile}
