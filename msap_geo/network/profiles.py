"""Travel profiles: how fast each class of road is driven, as data with their source."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from msap_geo.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Mapping

SLOWEST_KMH, FASTEST_KMH = 5.0, 150.0
"""Posted limits outside these are typing errors: the class speed is used instead."""

ESTIMATED = "estime"
"""Name of the profile that needs no roads (see :mod:`msap_geo.network.estimated`)."""


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
        Average speed as a share of the posted limit, where one is tagged.
    access_kmh
        Speed of the straight leg between a place and the road, km/h.
    max_snap_m
        Longest such leg, metres; a place farther from every road is off the network.
    parameters
        What is proper to one profile (the estimated one: sinuosity, speeds by density).
    """

    name: str
    title: str
    speeds_kmh: Mapping[str, float]
    maxspeed_factor: float
    access_kmh: float
    max_snap_m: float
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return every parameter, for cache keys and manifests."""
        return {
            "nom": self.name,
            "vitesses_kmh": dict(sorted(self.speeds_kmh.items())),
            "facteur_maxspeed": self.maxspeed_factor,
            "acces_kmh": self.access_kmh,
            "accroche_max_m": self.max_snap_m,
            **self.parameters,
        }


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
) -> Profile:
    """Load a named profile.

    Parameters
    ----------
    name
        One of :func:`available_profiles`.
    speeds_kmh
        Speeds that replace the profile's, km/h by ``highway`` class.
    sinuosity
        Road length over straight length of a link, for the estimated profile: 2 as calibrated in
        Corsica's mountains, nearer 1.2 in flat country.

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
        parameters["sinuosite"] = sinuosity
    return replace(profile, speeds_kmh={**profile.speeds_kmh, **overrides}, parameters=parameters)
