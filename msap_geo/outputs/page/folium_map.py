"""The map of a study, as an ordinary Folium map.

Every word that comes from data reaches the page as JSON and the screen through ``textContent``
(``assets/carte.js``), or through Jinja's escaping (``assets/panneau.html``): Folium's own popups
and tooltips, which escape nothing, are not used.
"""

from __future__ import annotations

import json
import unicodedata
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import folium
import jinja2
import numpy as np

from msap_geo import french
from msap_geo.errors import OutputError
from msap_geo.outputs.page import panel, terse
from msap_geo.outputs.page.offline import OSM_TILES, TILE_HOST
from msap_geo.outputs.page.packing import pack
from msap_geo.outputs.page.payload import payload
from msap_geo.outputs.page.simulation import folded, simulation_data
from msap_geo.outputs.page.study_map import Body, Credit, Finish, Head, StudyLayer, StudyMap
from msap_geo.outputs.page.topology import bounds_in_degrees

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import geopandas as gpd

    from msap_geo.outputs.page.content import MapContent

LAYERS = {
    "mer": "Mer",
    "voisins": "Départements voisins",
    "acces": "Temps d’accès",
    "relief": "Relief",
    "rivieres": "Cours d’eau",
    "isochrones": "À portée d’une Maison (isochrones)",
    "routes": "Routes principales",
    "departements": "Limites de département",
    "bassins": "Bassins des Maisons",
    "zones": "Zones blanches",
    "publics": "Publics cibles",
    "villes": "Noms des communes",
    "poste": "Points de contact La Poste",
    "candidats": "Bureaux candidats",
    "voisines": "Maisons voisines",
    "maisons": "Maisons",
    "itinerantes": "Maisons itinérantes (non comptées)",
    "transformations": "Bureaux à transformer (proposés)",
    "ajouts": "Heures à ajouter (proposées)",
}
"""Name of each kind of layer, from the bottom up."""

_HIDDEN = {"poste", "isochrones", "bassins", "publics"}
SCRIPTS = (
    "base.js", "trace.js", "donnees.js", "cadrage.js", "fiches.js", "signes.js", "noms.js",
    "couches.js", "fond.js", "ensemble.js", "themes.js", "panneau.js", "image.js", "emporter.js",
    "carte.js", "propositions.js", "trajets.js",
)  # fmt: skip
"""Of every page, in order; those of :data:`_OF_A_PART` where the page has that part."""

_OF_A_PART = {
    "fond.js": "fond",
    "trajets.js": "trajets",
    "propositions.js": "propositions",
    "ensemble.js": "ensemble",
}
"""What a script draws, in the page's data: without it the script is not carried."""

_SIMULATION = (
    "simulation_effets.js",
    "simulation_tournees.js",
    "simulation_moteur.js",
    "simulation_page.js",
    "simulation_vue.js",
    "plan.js",
    "simulation_cote.js",
    "simulation_vaste.js",
    "simulation.js",
)
_OF_A_COUNTRY = "simulation_vaste.js"
"""Of pages whose trial is folded."""

_IGN_PLAN = (
    TILE_HOST + "/wmts?REQUEST=GetTile&SERVICE=WMTS&VERSION=1.0.0&TILEMATRIXSET=PM&"
    "LAYER=GEOGRAPHICALGRIDSYSTEMS.PLANIGNV2&STYLE=normal&FORMAT=image/png&"
    "TILECOL={x}&TILEROW={y}&TILEMATRIX={z}"
)
_BACKGROUNDS: tuple[dict[str, Any], ...] = (
    {
        "tiles": _IGN_PLAN,
        "attr": "© IGN – Géoplateforme",
        "name": "Fond : Plan IGN (en ligne)",
        "max_zoom": 18,
    },
    {
        "tiles": OSM_TILES,
        "attr": "© les contributeurs d’OpenStreetMap (ODbL)",
        "name": "Fond : OpenStreetMap (en ligne)",
        "max_zoom": 18,
    },
)
"""Online backgrounds, below everything else; asked for once they are switched on."""


def build_map(content: MapContent, *, layers: Collection[str] | None = None) -> folium.Map:
    """Draw a study.

    Parameters
    ----------
    content
        What to show; every figure in it is final.
    layers
        Names of the layers to draw (:data:`LAYERS`), case and accents aside; all by default.

    Returns
    -------
    folium.Map
        An ordinary Folium map: add to it what you like, show it in a notebook, or write it with
        :func:`msap_geo.outputs.write_map`.

    Raises
    ------
    OutputError
        If a layer does not exist.
    """
    chosen = _chosen(layers)
    data = payload(content)
    style, scripts = ["carte.css"], list(SCRIPTS)
    blocks: list[str] = []
    if content.simulation is not None:
        told = simulation_data(content.simulation)
        if content.simulation.order is None:
            data["simulation"] = told
        else:
            blocks.append(folded(told))
        style.append("simulation.css")
        scripts += [name for name in _SIMULATION if blocks or name != _OF_A_COUNTRY]
    return draw(
        content.title,
        content.communes,
        panel=_panel(content, data) + "".join(blocks),
        data=data,
        # Layers asked for by name are wanted on the map, not behind a switch.
        layers=[
            StudyLayer(kind, name=LAYERS[kind], show=layers is not None or kind not in _HIDDEN)
            for kind in _present(content, data)
            if kind in chosen
        ],
        style=style,
        scripts=scripts,
        road_credit=content.road_credit,
    )


def draw(
    title: str,
    communes: gpd.GeoDataFrame,
    *,
    panel: str,
    data: dict[str, Any],
    layers: Sequence[folium.map.Layer],
    style: Sequence[str],
    scripts: Sequence[str],
    road_credit: str,
) -> folium.Map:
    """Put a panel, a block of data and layers on an empty map of France.

    Parameters
    ----------
    title
        Title of the page.
    communes
        What the map frames.
    panel
        HTML of the panel, everything in it escaped, and of other blocks of data.
    data
        What the scripts read, ready for JSON.
    layers
        From the bottom up.
    style, scripts
        Names of the assets the page carries, in order.
    road_credit
        Credit shown on the map itself, possibly empty.

    Returns
    -------
    folium.Map
        An ordinary Folium map.
    """
    west, south, east, north = _extent(communes)
    fmap = StudyMap(
        title,
        location=[(south + north) / 2, (west + east) / 2],
        tiles=None,
        prefer_canvas=True,
        zoom_control=False,
        attribution_control=True,
        zoom_snap=0.25,
        fade_animation=False,  # a popup is read at once
    )
    sheet = "\n".join(asset(name) for name in style)
    fmap.add_child(Head(sheet, [_one_script([name for name in scripts if _useful(name, data)])]))
    for tiles in _BACKGROUNDS:
        folium.TileLayer(**tiles, overlay=True, show=False, opacity=0.75).add_to(fmap)
    fmap.add_child(Body(panel)).add_child(Body(_data_block(data)))
    for layer in layers:
        layer.add_to(fmap)
    if road_credit:
        fmap.add_child(Credit(road_credit))
    folium.LayerControl(collapsed=True, position="topright").add_to(fmap)
    bounds = [[round(south, 5), round(west, 5)], [round(north, 5), round(east, 5)]]
    fmap.add_child(Finish(bounds))
    return fmap


def _useful(name: str, data: dict[str, Any]) -> bool:
    """Tell whether a page has something for a script to do."""
    part = _OF_A_PART.get(name)
    return part is None or bool(data.get(part))


def _present(content: MapContent, data: dict[str, Any]) -> list[str]:
    """Return the kinds of layers that have something to show, from the bottom up."""
    under = data.get("fond", {})
    rows = {
        **{kind: kind in under for kind in ("mer", "voisins", "relief", "rivieres")},
        "isochrones": data.get("isochrones"),
        "routes": data.get("routes"),
        "publics": data.get("publics"),
        "poste": len(content.la_poste),
        "voisines": len(content.neighbours),
        "maisons": len(content.maisons),
        "itinerantes": len(content.itinerants),
        "transformations": data.get("propositions", {}).get("transformations"),
        "ajouts": data.get("propositions", {}).get("ajouts"),
    }
    return [kind for kind in LAYERS if rows.get(kind, True)]


def _chosen(layers: Collection[str] | None) -> set[str]:
    """Return the kinds asked for by their names, or by their kinds, accents and case aside."""
    if layers is None:
        return set(LAYERS)
    known = {_plain(name): kind for kind, name in LAYERS.items()} | {kind: kind for kind in LAYERS}
    # The words in brackets explain a name; one need not write them.
    known |= {_plain(name.split(" (")[0]): kind for kind, name in LAYERS.items()}
    unknown = sorted(name for name in layers if _plain(name) not in known)
    if unknown:
        raise OutputError(
            f"couche inconnue : {', '.join(unknown)}",
            where="layers",
            remedy=f"choisir parmi : {', '.join(name.split(' (')[0] for name in LAYERS.values())}",
        )
    return {known[_plain(name)] for name in layers}


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold().replace("’", "'"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).strip()


@cache
def asset(name: str) -> str:
    """Return the text of an asset of the pages, made terse once a process."""
    text = (files("msap_geo.outputs.page") / "assets" / name).read_text(encoding="utf-8")
    kind = name.rsplit(".", 1)[-1]
    return {"js": terse.script, "css": terse.sheet}.get(kind, str)(text)


_STRICT = '"use strict";'


def _one_script(names: Sequence[str]) -> str:
    """Join scripts: one is read quicker than many, and says once that it is strict."""
    return _STRICT + "".join(asset(name).removeprefix(_STRICT) for name in names)


@cache  # compiled once for all the maps of a process
def _panel_template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "nombre": french.number,
        "court": french.short,
        "minutes": french.minutes,
        "km": french.kilometres,
        "part": french.percent,
        "compte": french.counted,
        "premiere": french.largest,
        "typo": french.typeset,
    }
    return environment.from_string(asset("panneau.html"))


def _panel(content: MapContent, data: dict[str, Any]) -> str:
    findings = content.findings
    return _panel_template().render(
        contenu=content,
        accessibilite=panel.accessibility(),
        classes=panel.classes(content),
        signes=panel.signs(content),
        zones=content.zones.to_dict("records"),
        vaste=data["ensemble"],
        robustesse={} if findings is None else panel.robustness(findings),
        candidats=content.candidates.to_dict("records"),
        publics=data.get("publics"),
        isochrones=data.get("isochrones", {}).get("minutes", []),
        evolution=panel.evolution(content, data.get("evolution")),
        sans_voiture=panel.evolution(content, data.get("sansVoiture")),
        couverture=panel.evolution(content, data.get("couverture")),
        numerique={
            key: panel.evolution(content, data[key])
            for key in ("fragilite", "debit", "fibre")
            if key in data
        },
        plus_loin=data.get("plusLoin"),
        transformations=panel.records(content.proposals, "transformations"),
        ajouts=panel.records(content.proposals, "additions"),
        changements=None if findings is None else panel.changes_by(content, findings),
        regles=[] if findings is None else panel.verdicts(findings),
    )


def _extent(communes: gpd.GeoDataFrame) -> tuple[float, float, float, float]:
    return bounds_in_degrees(communes.geometry)


def _data_block(data: dict[str, Any]) -> str:
    """Return the data of the page as a block of JSON that cannot end its own element."""
    # The class of each commune in a theme, as that of its minutes: half the bytes of a list.
    themes = {
        name: {**part, "classe": pack(np.array(part["classe"], dtype=np.int64))}
        for name, part in data.items()
        if isinstance(part, dict) and "classes" in part and isinstance(part.get("classe"), list)
    }
    text = json.dumps(
        {**data, **themes}, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )
    text = text.replace("<", "\\u003c")
    return f'<script type="application/json" id="msap-donnees">{text}</script>'
