"""What the panel beside the map says, ready for its template (``assets/panneau.html``)."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pandas as pd

from msap_geo import french
from msap_geo.coverage import NO_ACCESS
from msap_geo.outputs.colours import class_colours
from msap_geo.territory import DEPARTEMENTS

if TYPE_CHECKING:
    from msap_geo.outputs.page.content import Findings, MapContent, Proposals

_MAISON_LETTERS = {"Multisites": "M", "Antenne": "A", "Bus": "B", "Itinérante": "I"}
"""Those of ``couches.js``."""

_OFFICE_SHAPES = {"Bureau de Poste": "rond", "Agence postale communale": "carre"}
_OTHER_SHAPE = "triangle"

_LAYER_OF = {
    "maison": "maisons",
    "voisine": "voisines",
    "itinerante": "itinerantes",
    "poste": "poste",
    "fermee": "maisons",
}

_SIGNS = {"respectée": "✓", "non respectée": "✗"}


def accessibility() -> dict[str, Any]:
    """Return what the page says of its accessibility: a title, its reach, points by theme."""
    text = (files("msap_geo.outputs.page") / "accessibilite.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def classes(content: MapContent) -> list[dict[str, Any]]:
    """Return the legend of travel times: each class and its people, empty classes too.

    The one of communes nobody reaches is left out when there is none.
    """
    people = content.access.groupby("palier")["population"].sum()
    lines = [
        {
            "rang": rank,
            "nom": label,
            "couleur": colour,
            "hachures": label == NO_ACCESS,
            "habitants": int(people.get(label, 0)),
        }
        for rank, (label, colour) in enumerate(class_colours(content.thresholds).items())
    ]
    known = set(content.access["palier"])
    return [line for line in lines if line["nom"] in known or line["nom"] != NO_ACCESS]


def signs(content: MapContent) -> list[dict[str, Any]]:
    """Return the legend of the sites there are: their sign, what they are, how many."""
    lines = [
        *_kinds(content.maisons, "maison", "Maison"),
        {
            "sorte": "voisine",
            "couche": "voisines",
            "cle": "voisine",
            "lettre": "",
            "nom": "Maison voisine",
            "nombre": len(content.neighbours),
        },
        *_kinds(content.itinerants, "itinerante", "Maison non comptée :"),
    ]
    lines.append(_sign("autre", "Bureau candidat", len(content.candidates), key="candidat"))
    lines += [
        _sign(f"poste msap-{_OFFICE_SHAPES.get(str(kind), _OTHER_SHAPE)}", str(kind), int(count))
        for kind, count in content.la_poste["genre"].value_counts(sort=False).items()
    ]
    kept = [line for line in lines if line["nombre"]]
    return [*_of_trial(content), *kept, *_proposed(content)]


def _proposed(content: MapContent) -> list[dict[str, Any]]:
    """Return the signs of what is proposed to change."""
    changed, added = (len(records(content.proposals, name)) for name in _PROPOSED)
    lines = [
        {
            **_sign("transformation", "Bureau à transformer, proposé", changed, letter="T"),
            "couche": "transformations",
        },
        {
            **_sign("ajout", "Demi-journées à ajouter, proposées", added, letter="h"),
            "couche": "ajouts",
        },
    ]
    return [line for line in lines if line["nombre"]]


_PROPOSED = ("transformations", "additions")


def records(found: Proposals | None, name: str) -> list[dict[str, Any]]:
    """Return the rows of a table of what is proposed; none where it is not asked."""
    table = None if found is None else getattr(found, name)
    return [] if table is None else table.to_dict("records")


def _of_trial(content: MapContent) -> list[dict[str, Any]]:
    """Return the signs a choice brings, none of which is there at first."""
    if content.simulation is None:
        return []
    return [
        _sign("proposee", "Bureau du plan, proposé", 0, letter="1", key="proposee"),
        _sign("ouverte", "Bureau ouvert dans la simulation", 0, letter="1", key="ouverte"),
        {
            **_sign("fermee", "Maison fermée dans la simulation", 0, letter="×", key="fermee"),
            "couche": "maisons",
        },
    ]


def _kinds(sites: pd.DataFrame, sign: str, noun: str) -> list[dict[str, Any]]:
    counts = sites["genre"].value_counts().items()
    return [
        _sign(
            sign,
            f"{noun} {str(kind).lower()}",
            int(n),
            letter=_MAISON_LETTERS.get(str(kind), ""),
            key=f"{sign}:{kind}",
        )
        for kind, n in counts
    ]


def _sign(sign: str, words: str, count: int, *, letter: str = "", key: str = "") -> dict[str, Any]:
    layer = _LAYER_OF.get(sign.split(maxsplit=1)[0], "candidats")
    return {
        "sorte": sign,
        "couche": layer,
        "cle": key,
        "lettre": letter,
        "nom": words,
        "nombre": count,
    }


def robustness(findings: Findings) -> dict[str, str]:
    """Return how far each zone blanche holds: a word and a share."""
    return {
        str(row.zone_id): f"{row.robustesse}, {french.rate(row.part_blanche)}"
        for row in findings.robustness.itertuples()
    }


def evolution(content: MapContent, shown: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the legend of a theme (change, without a car), with the people of each class."""
    if shown is None:
        return None
    people = content.access["population"].groupby(shown["classe"]).sum()
    lines = [
        {**line, "habitants": int(people.get(i, 0))} for i, line in enumerate(shown["classes"])
    ]
    return {**shown, "classes": lines}


def changes_by(content: MapContent, findings: Findings) -> list[dict[str, Any]] | None:
    """Return what changed in each département, at the first threshold."""
    if findings.changes_by is None:
        return None
    first = f"{content.thresholds[0]:g}"
    return [
        {
            "nom": DEPARTEMENTS.get(row["territoire"], row["territoire"]),
            "gagnent": row[f"gagnent_{first}"],
            "perdent": row[f"perdent_{first}"],
            "rapproches": row["rapproches"],
            "eloignes": row["eloignes"],
        }
        for row in findings.changes_by.to_dict("records")
    ]


def verdicts(findings: Findings) -> list[dict[str, Any]]:
    """Return the rules, one by one, with their verdict in each territory."""
    rules: dict[tuple[str, str], dict[str, Any]] = {}
    for row in findings.rules.to_dict("records"):
        told = {name: row[name] for name in ("titre", "texte", "distance")}
        rule = rules.setdefault((row["regle"], row["distance"]), {**told, "lignes": []})
        margin = row["marge_habitants"]
        rule["lignes"].append(
            {
                "nom": row["nom"],
                "verdict": row["verdict"],
                "signe": _SIGNS.get(row["verdict"], "–"),
                "marge": "" if pd.isna(margin) else _margin(int(margin)),
                "detail": row["detail"] or "",
            }
        )
    return list(rules.values())


def _margin(people: int) -> str:
    if people < 0:
        return f"il manque {french.people(-people)}"
    return f"marge de {french.people(people)}"
