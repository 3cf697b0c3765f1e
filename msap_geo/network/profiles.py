"""Travel profiles: how fast each class of road is driven, as data with their source."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, field, replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from msap_geo import french, notebook_html
from msap_geo.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Mapping

SLOWEST_KMH, FASTEST_KMH = 5.0, 150.0
"""Posted limits outside these are typing errors: the class speed is used instead."""

ESTIMATED = "estime"
"""Name of the profile that needs no roads (see :mod:`msap_geo.network.estimated`)."""


@dataclass(frozen=True)
class OsmRules:
    """Which OSM tags open, close or slow a way for one mode.

    Parameters
    ----------
    access
        Access keys, from the most to the least specific: the first one present decides.
    denied
        Values of them that keep the mode out.
    oneway
        One-way keys, the first one present decides.
    implied_oneway
        Whether motorways and roundabouts are one-way unsaid.
    contraflow
        Keys whose ``opposite…`` values reopen the other way.
    closed
        Tags, as ``key=value``, that close a way whatever its class.
    open_barriers
        Barriers one passes, all others stopping; none to go by ``closed_barriers`` instead.
    closed_barriers
        Barriers that stop, all others being passed.
    closed_gates
        Tags of a barrier that stop whatever its kind, unless the mode is expressly let through.
    works, works_open
        Keys that say a road is being built, and their values that leave it open.
    vehicle
        Sizes of the vehicle (metres or tonnes), each with the keys whose bound must be no lower.
    no_door, door
        Tags of roads a place does not enter, and what reopens them.
    bridge_m
        Length from which a bridge, as long as it goes on, is not entered either, metres.
    restrictions
        Names of the mode in turn restrictions and their exceptions; none to pass them over.
    caps_kmh
        Highest speed by key and value (surface, tracktype…).
    designated_kmh
        Speed by class where the most specific access key expressly allows the mode.
    """

    access: tuple[str, ...] = ("motorcar", "motor_vehicle", "vehicle", "access")
    denied: tuple[str, ...] = ("no", "private")
    oneway: tuple[str, ...] = ("oneway",)
    implied_oneway: bool = True
    contraflow: tuple[str, ...] = ()
    closed: tuple[str, ...] = ("area=yes",)
    open_barriers: tuple[str, ...] | None = None
    closed_barriers: tuple[str, ...] = ()
    closed_gates: tuple[str, ...] = ()
    works: tuple[str, ...] = ()
    works_open: tuple[str, ...] = ()
    restrictions: tuple[str, ...] = ()
    no_door: tuple[str, ...] = ()
    door: tuple[str, ...] = ()
    bridge_m: float = np.inf
    vehicle: tuple[tuple[float, tuple[str, ...]], ...] = ()
    caps_kmh: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    designated_kmh: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Ferries:
    """How a crossing is taken.

    Parameters
    ----------
    speed_kmh
        Speed where no duration is tagged.
    wait_minutes
        Minutes lost at each boarding.
    unless
        Modes that, named alone, mean that ours is not taken.
    """

    speed_kmh: float = 5.0
    wait_minutes: float = 0.0
    unless: tuple[str, ...] = ()


@dataclass(frozen=True)
class Traffic:
    """How rush hour stretches minutes, by inhabitants per km² of the commune crossed.

    Parameters
    ----------
    limits
        Upper bound of each class of density but the last, inclusive, increasing.
    factors
        Multiplier of each class, one more than the bounds; empty for a mode it does not slow.
    title
        French description of the profile at rush hour.
    """

    limits: tuple[float, ...] = ()
    factors: tuple[float, ...] = ()
    title: str = ""


@dataclass(frozen=True)
class Junctions:
    """What is lost at junctions and obstacles; zero is off.

    Parameters
    ----------
    turn_s, turn_bias
        Seconds of the sharpest turn, and how much dearer it is to the left.
    oncoming_s
        Seconds more where a turn crosses the traffic that comes.
    obstacles_s
        Seconds lost at a point of the road, by its tag, as ``key=value``.
    """

    turn_s: float = 0.0
    turn_bias: float = 1.0
    oncoming_s: float = 0.0
    obstacles_s: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Penalties:
    """What roads cost beyond their class speed; zero is off.

    Parameters
    ----------
    lateral_ms2
        Lateral acceleration accepted in bends, m/s²: speed ≤ √(acceleration × mean radius).
    junction_s
        Seconds lost when joining a faster road.
    """

    lateral_ms2: float = 0.0
    junction_s: float = 0.0


@dataclass(frozen=True)
class Profile:
    """How a vehicle moves over the roads.

    Parameters
    ----------
    name
        Name in the study file.
    title
        French description for maps and reports.
    speeds_kmh
        Average speed by OSM ``highway`` class, km/h; a class that is absent cannot be used.
    maxspeed_factor
        Average speed as a share of the posted limit, where one is tagged; 0 ignores limits.
    access_kmh
        Speed of the straight leg between a place and the road, km/h.
    max_snap_m
        Longest such leg, metres; a place farther from every road is off the network.
    parameters
        What is proper to one profile (the estimated one: pace and what changes it).
    rules
        What OSM tags mean to the mode.
    ferries, traffic, penalties, junctions
        Crossings, rush hour, bends and faster roads, turns and obstacles.
    """

    name: str
    title: str
    speeds_kmh: Mapping[str, float]
    maxspeed_factor: float
    access_kmh: float
    max_snap_m: float
    parameters: Mapping[str, Any] = field(default_factory=dict)
    rules: OsmRules = OsmRules()
    ferries: Ferries = Ferries()
    traffic: Traffic = Traffic()
    penalties: Penalties = Penalties()
    junctions: Junctions = Junctions()

    def _repr_html_(self) -> str:
        """Show the profile in a notebook: its speeds, or what it is estimated from."""
        figures = {
            "du lieu à la route": f"{french.short(self.access_kmh)} km/h, "
            f"{french.short(self.max_snap_m)} m au plus",
        }
        if self.maxspeed_factor:
            figures["limite affichée"] = f"vitesse = {french.rate(self.maxspeed_factor)}"
        for name, value in self.parameters.items():
            figures[name.replace("_", " ")] = ", ".join(map(french.short, np.atleast_1d(value)))
        speeds = pd.DataFrame({"classe": self.speeds_kmh.keys(), "kmh": self.speeds_kmh.values()})
        titles = {"classe": "Classe de route (OpenStreetMap)", "kmh": "km/h"}
        return notebook_html.card(
            f"Profil « {self.name} » : {self.title}",
            figures,
            tables=[notebook_html.table(speeds, titles, shown=None)],
        )

    def as_dict(self) -> dict[str, Any]:
        """Return every parameter, for cache keys and manifests."""
        return {
            "nom": self.name,
            "vitesses_kmh": dict(sorted(self.speeds_kmh.items())),
            "facteur_maxspeed": self.maxspeed_factor,
            "acces_kmh": self.access_kmh,
            "accroche_max_m": self.max_snap_m,
            "regles_osm": {
                # JSON knows no infinity: no length of bridge is without entry.
                name: None if value == np.inf else value
                for name, value in asdict(self.rules).items()
            },
            "bac": asdict(self.ferries),
            "circulation": asdict(self.traffic),
            "penalites": asdict(self.penalties),
            "carrefours": asdict(self.junctions),
            **self.parameters,
        }


def known_classes() -> frozenset[str]:
    """Return the classes of road that at least one profile that ships with the package uses."""
    return frozenset(
        road for name in available_profiles() for road in load_profile(name).speeds_kmh
    )


def available_profiles() -> list[str]:
    """Return the names of the profiles that ship with the package."""
    folder = files("msap_geo.network") / "profils"
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    )


def load_profile(
    name: str,
    *,
    speeds_kmh: Mapping[str, float] | None = None,
    sinuosity: float | None = None,
    penalties: Penalties | None = None,
) -> Profile:
    """Load a named profile.

    Parameters
    ----------
    name
        One of :func:`available_profiles`.
    speeds_kmh
        Speeds that replace the profile's, km/h by ``highway`` class.
    sinuosity
        Road length over straight length of a link, for the estimated profile; times follow it.
    penalties
        What replaces the profile's own.

    Returns
    -------
    Profile
        The profile, with its overrides.

    Raises
    ------
    StudyError
        If there is no such profile or class, or if a speed is not a positive number.
    """
    if name not in available_profiles():
        raise StudyError(
            f"profil de déplacement inconnu : « {name} »",
            where="[reseau] profil",
            remedy=f"choisir parmi : {', '.join(available_profiles())}",
        )
    text = (files("msap_geo.network") / "profils" / f"{name}.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    profile = Profile(
        name=data["nom"],
        title=data["titre"],
        speeds_kmh=data.get("vitesses_kmh", {}),
        maxspeed_factor=data.get("maxspeed", {}).get("facteur", 1.0),
        access_kmh=data["acces"]["vitesse_kmh"],
        max_snap_m=data["acces"]["distance_max_m"],
        parameters=data.get("estimation", {}),
        rules=_rules(data),
        ferries=_ferries(data.get("bac", {})),
        traffic=_traffic(data.get("circulation", {})),
        penalties=_penalties(data.get("penalites", {})) if penalties is None else penalties,
        junctions=_junctions(data.get("carrefours", {})),
    )
    overrides = dict(speeds_kmh or {})
    wrong = [road for road, speed in overrides.items() if not 0 < speed <= 200]  # noqa: PLR2004
    if wrong:
        raise StudyError(
            f"vitesse impossible pour : {', '.join(wrong)}",
            where="[reseau.vitesses_kmh]",
            remedy="donner des km/h entre 0 et 200",
        )
    unknown = [road for road in overrides if road not in profile.speeds_kmh]
    if unknown:
        raise StudyError(
            f"classe de route inconnue : {', '.join(unknown)}",
            where="[reseau.vitesses_kmh]",
            remedy=f"choisir parmi : {', '.join(profile.speeds_kmh) or 'aucune, avec ce profil'}",
        )
    parameters = dict(profile.parameters)
    if sinuosity is not None:
        parameters["minutes_par_km"] *= sinuosity / parameters["sinuosite"]
        parameters["sinuosite"] = sinuosity
    return replace(profile, speeds_kmh={**profile.speeds_kmh, **overrides}, parameters=parameters)


def _rules(data: Mapping[str, Any]) -> OsmRules:
    tags = data.get("osm", {})
    default = OsmRules()
    lists = {
        ours: tuple(tags[theirs])
        for ours, theirs in (
            ("access", "acces"),
            ("denied", "refus"),
            ("oneway", "sens_unique"),
            ("contraflow", "contresens"),
            ("closed", "ferme"),
            ("open_barriers", "barrieres_ouvertes"),
            ("closed_barriers", "barrieres_fermees"),
            ("closed_gates", "portails_fermes"),
            ("restrictions", "interdictions"),
            ("no_door", "sans_entree"),
            ("door", "sans_entree_sauf"),
            ("works", "chantier"),
            ("works_open", "chantier_ouvert"),
        )
        if theirs in tags
    }
    return replace(
        default,
        **lists,
        implied_oneway=tags.get("sens_unique_implicite", default.implied_oneway),
        bridge_m=tags.get("pont_sans_entree_m", default.bridge_m),
        vehicle=tuple((one["taille"], tuple(one["cles"])) for one in data.get("gabarit", ())),
        caps_kmh=data.get("plafonds_kmh", {}),
        designated_kmh=data.get("designees_kmh", {}),
    )


def _ferries(data: Mapping[str, Any]) -> Ferries:
    return Ferries(
        speed_kmh=data.get("vitesse_kmh", Ferries.speed_kmh),
        wait_minutes=data.get("attente_min", Ferries.wait_minutes),
        unless=tuple(data.get("implicite_sauf", ())),
    )


def _traffic(data: Mapping[str, Any]) -> Traffic:
    return Traffic(
        limits=tuple(data.get("densites_max", ())),
        factors=tuple(data.get("facteurs", ())),
        title=data.get("titre", ""),
    )


def _junctions(data: Mapping[str, Any]) -> Junctions:
    return Junctions(
        turn_s=data.get("virage_s", Junctions.turn_s),
        turn_bias=data.get("virage_biais", Junctions.turn_bias),
        oncoming_s=data.get("croisement_s", Junctions.oncoming_s),
        obstacles_s=data.get("obstacles_s", {}),
    )


def _penalties(data: Mapping[str, Any]) -> Penalties:
    return Penalties(
        lateral_ms2=data.get("acceleration_laterale_ms2", 0.0),
        junction_s=data.get("carrefour_s", 0.0),
    )
