"""The map of a comparison: how much nearer or farther each commune is, and who crossed a threshold.

Communes, Maisons and zones blanches are drawn by the scripts of a study's map, from the same
columns (:mod:`msap_geo.outputs.page.payload`); ``assets/comparaison.js`` adds what only a
comparison has.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np
import pandas as pd

from msap_geo import french
from msap_geo.coverage import change_labels
from msap_geo.outputs.colours import change_colours
from msap_geo.outputs.page import folium_map
from msap_geo.outputs.page.payload import payload
from msap_geo.outputs.page.study_map import StudyLayer

if TYPE_CHECKING:
    from collections.abc import Iterable

    import folium

    from msap_geo.outputs.page.comparison_content import CompareContent

LAYERS = {
    "acces": "Écart de temps de trajet",
    "signes": "Signes des gains et des pertes",
    "departements": "Limites de département",
    "zones_avant": "Zones blanches d’avant",
    "zones": "Zones blanches d’après",
    "villes": "Noms des communes",
    "voisines": "Maisons voisines",
    "maisons": "Maisons",
}
"""Name of each kind of layer, from the bottom up."""

_MOST = 15


def build_compare_map(content: CompareContent) -> folium.Map:
    """Draw a comparison.

    Parameters
    ----------
    content
        What to show; every figure in it is final.

    Returns
    -------
    folium.Map
        An ordinary Folium map, to write with :func:`msap_geo.outputs.write_map`.
    """
    return folium_map.draw(
        content.title,
        content.after.communes,
        panel=_panel(content),
        data=_data(content),
        layers=[StudyLayer(kind, name=LAYERS[kind]) for kind in _present(content)],
        style=("carte.css", "comparaison.css"),
        scripts=(*folium_map.SCRIPTS, "comparaison.js"),
        road_credit=content.after.road_credit,
    )


def _present(content: CompareContent) -> list[str]:
    under = dict.fromkeys(("mer", "voisins", "relief", "rivieres"), ())
    rows = {**under, "voisines": content.after.neighbours, "maisons": content.after.maisons}
    return [kind for kind in LAYERS if kind not in rows or len(rows[kind])]


def _data(content: CompareContent) -> dict[str, Any]:
    """Return the columns of the page: those of the study's map, its classes replaced by ours."""
    data = payload(content.after)
    labels = change_labels()
    table = content.communes
    rank = {code: i for i, code in enumerate(content.after.access["code_insee"])}
    before = zip(content.zones_before["rang"], content.zones_before["communes"], strict=True)
    data["classes"] = [
        {"nom": name, "couleur": colour, "hachures": False}
        for name, colour in change_colours().items()
    ]
    data["communes"]["classe"] = [labels.index(label) for label in table["palier_ecart"]]
    data["zonesHachurees"] = False
    data["ensemble"] = False
    data["comparaison"] = {
        "noms": list(content.labels),
        "seuil": content.after.thresholds[0],
        "minutes": _numbers(table["minutes_avant"]),
        "ecart": _numbers(table["ecart_minutes"]),
        "maison": [_text(name) for name in table["site_nom_avant"]],
        "population": table["population_avant"].tolist(),
        "presence": [_text(name) for name in table["presence"]],
        "statut": table["statut"].tolist(),
        "eloignes": [i for i, label in enumerate(table["palier_ecart"]) if label in labels[4:7]],
        "zones": [
            {"rang": int(number), "communes": [rank[code] for code in codes]}
            for number, codes in before
        ],
        "maisons": {
            row["carte_id"]: {
                "etat": row["evolution"],
                "lignes": [[name, value] for name, value in _maison_lines(row) if value],
            }
            for row in content.maisons.to_dict("records")
        },
    }
    return data


def _maison_lines(row: dict[str, Any]) -> list[tuple[str, str]]:
    moved = row["distance_m"] if row["evolution"] == "déplacée" else np.nan
    was = _text(row["nom_avant"])
    return [
        ("Évolution", row["evolution"]),
        ("Nom d’avant", was if was != row["nom"] else ""),
        ("Déplacement", "" if pd.isna(moved) else f"{french.number(moved)}\u202fm"),
        ("Habitants dont c’est la plus proche, avant", french.number(row["habitants_avant"])),
        ("… après", french.number(row["habitants_apres"])),
    ]


def _numbers(values: pd.Series) -> list[float | None]:
    return [None if pd.isna(value) else round(float(value), 3) for value in values]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


@cache  # compiled once for all the maps of a process
def _panel_template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "nombre": french.number,
        "court": french.short,
        "minutes": french.minutes,
        "part": french.percent,
        "compte": french.counted,
        "typo": french.typeset,
    }
    return environment.from_string(folium_map.asset("panneau_comparaison.html"))


def _panel(content: CompareContent) -> str:
    table = content.communes
    classes = [
        {
            "nom": label,
            "couleur": colour,
            "plus_loin": label in change_labels()[4:7],
            "communes": int((table["palier_ecart"] == label).sum()),
            "habitants": _people(table[table["palier_ecart"] == label]),
        }
        for label, colour in change_colours().items()
    ]
    counts = content.maisons["evolution"].value_counts()
    return _panel_template().render(
        contenu=content,
        classes=[line for line in classes if line["communes"] or line["nom"] != "sans comparaison"],
        chiffres=_records(content.figures),
        zones=_records(content.zones.head(_MOST)),
        maisons={name: int(n) for name, n in counts.sort_index().items()},
        gains=_records(content.gains),
        pertes=_records(content.losses),
    )


def _people(rows: pd.DataFrame) -> int:
    """Return the people of communes: those of after, of before where there is no after."""
    there = rows["presence"] != "avant seulement"
    return int(rows["population_apres"].where(there, rows["population_avant"]).sum())


def _records(table: pd.DataFrame) -> Iterable[dict[str, Any]]:
    return [dict(row) for row in table.to_dict("records")]
