"""What two studies were made of, side by side: files, vintages, parameters, versions."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from msap_geo import french
from msap_geo.study.roles import ROLES, title_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KINDS = {
    "maisons": "les Maisons",
    "reseau": "le réseau routier",
    "convention": "la convention de temps de trajet",
    "population": "les populations",
    "communes": "les communes et leurs points de départ",
    "logiciel": "la version de msap-geo",
    "seuils": "les seuils",
    "publics": "les données sur les publics",
    "candidats": "les candidats et leur note",
    "autres": "des réglages sans effet sur l'accès",
}
"""What a difference bears on, in words."""

ACCESS_KINDS = ("maisons", "reseau", "convention", "population", "communes", "logiciel")
"""Those that change who is within reach: when several do, no difference has a single cause."""

_KIND_OF_PARAMETER = {
    "etude.seuils_minutes": "seuils",
    "etude.demonstration": "maisons",
    "maisons": "maisons",
    "scenario": "maisons",
    "frontiere_km": "maisons",
    "reseau.modifications": "reseau",
    "reseau.mois": "reseau",
    "reseau.traversees": "reseau",
    "reseau": "convention",
    "profil": "convention",
    "candidats": "candidats",
    "score": "candidats",
}
"""The longest beginning of a parameter's name decides."""

# Named by their files, told by the inputs; or told elsewhere.
_SKIPPED = (
    "donnees", "millesimes", "reseau.source", "reseau.noeuds", "reseau.liens", "etude.nom",
    "etude.departements",
)  # fmt: skip
_WORDS = {
    "scenario": "Simulation",
    "maisons.types": "Types de Maisons comptés",
    "maisons.au": "Maisons telles qu'au",
    "etude.epci": "EPCI",
    "etude.seuils_minutes": "Seuils, minutes",
    "etude.demonstration": "Maisons inventées",
    "reseau.profil": "Profil de déplacement",
    "reseau.heure": "Heure",
    "reseau.modifications": "Routes modifiées",
    "reseau.mois": "Mois",
    "reseau.sinuosite": "Sinuosité",
    "reseau.traversees": "Traversées",
    "candidats.types": "Types de candidats",
    "frontiere_km": "Distance des Maisons voisines comptées, km",
    "logiciel": "msap-geo",
}
_NONE = "aucun"
_SHA_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs between two studies.

    Parameters
    ----------
    kind
        One of :data:`KINDS`.
    what
        French name of the input or parameter.
    before, after
        Its value on each side, in words.
    sha256_before, sha256_after
        Hashes of the files, for an input.
    """

    kind: str
    what: str
    before: str
    after: str
    sha256_before: tuple[str, ...] = ()
    sha256_after: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the difference as plain values, with the French keys of the outputs."""
        names = {
            "kind": "porte_sur", "what": "quoi", "before": "avant", "after": "apres",
            "sha256_before": "sha256_avant", "sha256_after": "sha256_apres",
        }  # fmt: skip
        told = {names[key]: value for key, value in asdict(self).items()}
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in told.items()
            if value or not key.startswith("sha256")
        }


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """List what differs between two studies: their files, then their parameters.

    Parameters
    ----------
    before, after
        What their ``manifest.json`` holds.

    Returns
    -------
    list of Difference
        In the order of :data:`KINDS`. A file is another one when its content is (SHA-256), whatever
        its name; where only its name differs nothing is told.
    """
    found = [*_files(before, after), *_parameters(before, after)]
    order = list(KINDS)
    return sorted(found, key=lambda difference: order.index(difference.kind))


def _files(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    sides = [_by_role(manifest) for manifest in (before, after)]
    found = []
    for role in [*ROLES, *sorted({*sides[0], *sides[1]} - set(ROLES))]:
        was, now = (side.get(role, []) for side in sides)
        hashes = [tuple(sorted(str(file.get("sha256")) for file in side)) for side in (was, now)]
        if hashes[0] == hashes[1]:
            continue
        told = [", ".join(_file(file) for file in side) or _NONE for side in (was, now)]
        if told[0] == told[1]:
            told = [
                f"{text}, contenu {' '.join(sha[:_SHA_SHOWN] for sha in side)}"
                for text, side in zip(told, hashes, strict=True)
            ]
        kind = ROLES[role].bears_on if role in ROLES else "autres"
        found.append(Difference(kind, title_of(role), told[0], told[1], *hashes))
    return found


def _by_role(manifest: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for file in manifest["entrees"]:
        found.setdefault(file["role"], []).append(file)
    return found


def _file(file: Mapping[str, Any]) -> str:
    name = PurePosixPath(str(file.get("fichier", "?"))).name
    return f"{name} ({file.get('millesime') or 'millésime non indiqué'})"


def _parameters(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    sides = [_settings(manifest) for manifest in (before, after)]
    found = []
    other_profile = sides[0].get("reseau.profil") != sides[1].get("reseau.profil")
    # A table of times has none of them.
    other_profile |= bool(before.get("temps")) != bool(after.get("temps"))
    for name in sorted({*sides[0], *sides[1]}):
        # A profile is told by its name; its hundred figures only where the name is the same.
        if name.startswith("profil.") and other_profile:
            continue
        was, now = (side.get(name, _NONE) for side in sides)
        if was != now:
            found.append(Difference(_kind(name), _words(name), was, now))
    return found


def _settings(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return every parameter as text, under its dotted name."""
    versions = manifest.get("logiciel", {})
    parameters = dict(manifest["parametres"])
    roads = parameters.get("reseau", {})
    if roads.get("modifications"):
        parameters["reseau"] = {**roads, "modifications": _changes(roads["modifications"])}
    whole = {
        **parameters,
        "profil": manifest.get("profil", {}),
        "scenario": _scenario(manifest.get("scenario", {})),
        "frontiere_km": manifest.get("frontiere_km", _NONE),
        "logiciel": versions.get("msap-geo", _NONE),
    }
    return {
        name: text
        for name, text in _flat(whole)
        if text and not any(name == key or name.startswith(f"{key}.") for key in _SKIPPED)
    }


def _changes(told: Iterable[Mapping[str, Any]]) -> str:
    """Name what a study supposes of its roads (``[[reseau.modifications]]``)."""
    return " ; ".join(
        f"{change['nom']} ({change['raison']})" if change.get("raison") else str(change["nom"])
        for change in told
    )


def _scenario(told: Mapping[str, Any]) -> str:
    """Say what a scenario (``lancer --choix``) opens and closes; empty without one."""
    return " ; ".join(
        f"{verb} de {', '.join(str(site.get('nom', '?')) for site in told[key])}"
        for key, verb in (("ouvertures", "ouverture"), ("fermetures", "fermeture"))
        if told.get(key)
    )


def _flat(value: Any, name: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [
            pair
            for key, inner in value.items()
            for pair in _flat(inner, f"{name}.{key}" if name else str(key))
        ]
    return [(name, _in_words(value))]


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, list):
        return ", ".join(_in_words(inner) for inner in value)
    if isinstance(value, dict):
        return " ".join(f"{key} {_in_words(inner)}" for key, inner in value.items())
    return french.short(value) if isinstance(value, float) else str(value)


def _kind(name: str) -> str:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        known = _KIND_OF_PARAMETER.get(".".join(parts[:length]))
        if known:
            return known
    return "logiciel" if name == "logiciel" else "autres"


def _words(name: str) -> str:
    return _WORDS.get(name, name)


def bears_on(found: list[Difference]) -> list[str]:
    """Return the kinds of the differences, each once, in order."""
    kinds = {difference.kind for difference in found}
    return [kind for kind in KINDS if kind in kinds]
