"""The map of a study, as an ordinary Folium map.

Every word that comes from data reaches the page as JSON and the screen through ``textContent``
(``assets/carte.js``), or through Jinja's escaping (``assets/panneau.html``): Folium's own popups
and tooltips, which escape nothing, are not used.
"""

from __future__ import annotations

import html
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import branca.element
import folium
import geopandas as gpd
import jinja2
import shapely
from folium.template import Template
from folium.utilities import JsCode

from msap_geo.coverage import NO_ACCESS
from msap_geo.outputs import french
from msap_geo.outputs.colours import class_colours
from msap_geo.outputs.page import TILE_HOST, render_page
from msap_geo.outputs.tables import to_wgs84

if TYPE_CHECKING:
    from collections.abc import Iterable

    from msap_geo.outputs.content import MapContent

_LAYERS = {
    "commune": "Temps d’accès",
    "departement": "Limites de département",
    "zone": "Zones blanches",
    "ville": "Noms des villes",
    "poste": "Points de contact La Poste",
    "candidat": "Bureaux candidats (rang)",
    "voisine": "Maisons voisines",
    "maison": "Maisons",
    "itinerante": "Maisons itinérantes (non comptées)",
}
"""Name of each kind of layer, from the bottom up."""

_SIMPLIFY_M = 60.0
_TOP_CANDIDATES = 10
_TOP_ZONES = 15
_TOWNS_NAMED = 10
_TOWNS_APART = 12
_IGN_PLAN = (
    TILE_HOST + "/wmts?REQUEST=GetTile&SERVICE=WMTS&VERSION=1.0.0&TILEMATRIXSET=PM&"
    "LAYER=GEOGRAPHICALGRIDSYSTEMS.PLANIGNV2&STYLE=normal&FORMAT=image/png&"
    "TILECOL={x}&TILEROW={y}&TILEMATRIX={z}"
)


class StudyMap(folium.Map):
    """A Folium map that shows itself in a notebook as it will be written: whole, and offline."""

    def __init__(self, title: str, **options: Any) -> None:
        super().__init__(**options)
        self.title = title

    def _repr_html_(self, **_: Any) -> str:
        page = html.escape(render_page(self, title=self.title))
        return (
            f'<iframe srcdoc="{page}" title="{html.escape(self.title)}" '
            'style="width: 100%; height: 640px; border: 0"></iframe>'
        )


class _Markup(branca.element.Element):
    """Ready-made HTML, not read as a template."""

    _template = Template("{{ this.markup }}")

    def __init__(self, markup: str) -> None:
        super().__init__()
        self._name = "Panneau"
        self.markup = markup


class _Fill(branca.element.MacroElement):
    """Pour a layer's features into it, from the data block of the page.

    Folium would write them into the script, and branca then reads that script as a Jinja template:
    a commune named ``{{ 7 * 7 }}`` would be computed.
    """

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "{{ this._parent.get_name() }}.addData(msap.donnees('{{ this.kind }}'));"
        "{% endmacro %}"
    )

    def __init__(self, kind: str) -> None:
        super().__init__()
        self._name = "Remplissage"
        self.kind = kind


class _Head(branca.element.MacroElement):
    """Our style and our script, before the map is made."""

    _template = Template(
        "{% macro header(this, kwargs) %}"
        "<style>{{ this.style }}</style><script>{{ this.script }}</script>"
        "{% endmacro %}"
    )

    def __init__(self, style: str, script: str) -> None:
        super().__init__()
        self._name = "Habillage"
        self.style = style
        self.script = script


class _Credit(branca.element.MacroElement):
    """The credit due to the roads' authors, on the map itself."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "{{ this._parent.get_name() }}.attributionControl.addAttribution({{ this.text|tojson }});"
        "{% endmacro %}"
    )

    def __init__(self, text: str) -> None:
        super().__init__()
        self._name = "Credit"
        self.text = text


class _Finish(branca.element.MacroElement):
    """The last words: controls in French, links between panel and map."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "msap.terminer({{ this._parent.get_name() }}, {{ this.zones }}, {{ this.candidates }}, "
        "{{ this.bounds|tojson }});"
        "{% endmacro %}"
    )

    def __init__(
        self, zones: folium.GeoJson, candidates: folium.GeoJson, bounds: list[list[float]]
    ) -> None:
        super().__init__()
        self._name = "Fin"
        self.zones = zones.get_name()
        self.candidates = candidates.get_name()
        self.bounds = bounds


def build_map(content: MapContent) -> folium.Map:
    """Draw a study.

    Parameters
    ----------
    content
        What to show; every figure in it is final.

    Returns
    -------
    folium.Map
        An ordinary Folium map: add to it what you like, show it in a notebook, or write it with
        :func:`msap_geo.outputs.write_map`.
    """
    west, south, east, north = _extent(content.communes)
    fmap = StudyMap(
        content.title,
        location=[(south + north) / 2, (west + east) / 2],
        tiles=None,
        prefer_canvas=True,
        zoom_control=False,
        attribution_control=True,
        zoom_snap=0.25,
    )
    fmap.get_root().add_child(_Head(_asset("carte.css"), _asset("carte.js")))
    fmap.get_root().html.add_child(_Markup(_panel(content)))
    folium.TileLayer(
        tiles=_IGN_PLAN,
        attr="© IGN – Géoplateforme",
        name="Plan IGN (en ligne)",
        overlay=True,
        show=False,
        max_zoom=18,
        opacity=0.6,
    ).add_to(fmap)
    data = {
        "commune": _commune_features(content),
        "departement": _departement_features(content),
        "zone": _zone_features(content),
        "ville": _town_features(content),
        "poste": _site_features(content.la_poste, "Point La Poste"),
        "candidat": _candidate_features(content),
        "voisine": _site_features(content.neighbours, "Maison d’un département voisin"),
        "maison": _site_features(content.maisons, "Maison"),
        "itinerante": _site_features(content.itinerants, "Maison itinérante, non comptée"),
    }
    fmap.get_root().html.add_child(_Markup(_data_block(data)))
    layers = {
        kind: _layer(kind, name, show=kind != "poste").add_to(fmap)
        for kind, name in _LAYERS.items()
        if data[kind] or kind in {"zone", "candidat"}
    }
    if content.road_credit:
        fmap.add_child(_Credit(content.road_credit))
    folium.LayerControl(collapsed=True, position="topright").add_to(fmap)
    bounds = [[round(south, 5), round(west, 5)], [round(north, 5), round(east, 5)]]
    fmap.add_child(_Finish(layers["zone"], layers["candidat"], bounds))
    return fmap


def _asset(name: str) -> str:
    return (files("msap_geo.outputs") / "assets" / name).read_text(encoding="utf-8")


def _panel(content: MapContent) -> str:
    colours = class_colours(content.thresholds)
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "nombre": french.number,
        "minutes": french.minutes,
        "km": french.kilometres,
        "part": french.percent,
        "compte": french.counted,
    }
    people = content.access.groupby("palier")["population"].sum()
    places = content.access.groupby("palier").size()
    classes = [
        {
            "nom": label,
            "couleur": colour,
            "habitants": int(people.get(label, 0)),
            "communes": int(places.get(label, 0)),
        }
        for label, colour in colours.items()
    ]
    return environment.from_string(_asset("panneau.html")).render(
        contenu=content,
        classes=[line for line in classes if line["communes"] or line["nom"] != NO_ACCESS],
        zones=content.zones.head(_TOP_ZONES).to_dict("records"),
        candidats=content.candidates.head(_TOP_CANDIDATES).to_dict("records"),
    )


def _extent(communes: gpd.GeoDataFrame) -> tuple[float, float, float, float]:
    west, south, east, north = communes.geometry.dropna().to_crs(4326).total_bounds
    return west, south, east, north


def _layer(kind: str, name: str, *, show: bool) -> folium.GeoJson:
    """Make a layer whose looks and popups are those of ``kind`` in ``carte.js``."""
    layer = folium.GeoJson(
        {"type": "FeatureCollection", "features": []},
        name=name,
        show=show,
        on_each_feature=JsCode(f"function (f, c) {{ msap.habiller('{kind}', f, c); }}"),
        point_to_layer=JsCode(f"function (f, p) {{ return msap.poser('{kind}', f, p); }}"),
    )
    layer.add_child(_Fill(kind))
    return layer


def _data_block(data: dict[str, list[dict[str, Any]]]) -> str:
    """Return the features of every layer as a block of JSON that cannot end its own element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="msap-donnees">{text}</script>'


def _features(
    geometry: Iterable[Any], properties: Iterable[dict[str, Any]]
) -> list[dict[str, Any]]:
    return [
        {"type": "Feature", "geometry": json.loads(shapely.to_geojson(shape)), "properties": told}
        for shape, told in zip(geometry, properties, strict=True)
        if shape is not None
    ]


def _fiche(title: str, *lines: tuple[str, str]) -> dict[str, Any]:
    """Return what a popup says: a title, then labels and values, all plain text."""
    return {"titre": title, "lignes": [line for line in lines if line[1]]}


def _simplified(communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Simplify shared borders once, so that neighbours stay joined."""
    drawn = communes[communes.geometry.notna()]
    simple = shapely.coverage_simplify(drawn.geometry.to_numpy(), _SIMPLIFY_M)
    return drawn.set_geometry(gpd.GeoSeries(simple, index=drawn.index, crs=communes.crs))


def _degrees(table: gpd.GeoDataFrame) -> Any:
    return shapely.set_precision(to_wgs84(table).geometry.to_numpy(), 1e-5, mode="pointwise")


def _commune_features(content: MapContent) -> list[dict[str, Any]]:
    colours = class_colours(content.thresholds)
    drawn = _simplified(content.communes)
    told = content.access.loc[drawn.index]
    starts = content.origins["origine"].loc[drawn.index]
    return _features(
        _degrees(drawn),
        (
            {
                "couleur": colours[row.palier],
                **_fiche(
                    f"{row.nom} ({row.code_insee})",
                    ("Population", french.people(row.population)),
                    ("Maison la plus proche", row.site_nom or "aucune"),
                    ("Temps de trajet", french.minutes(row.minutes)),
                    ("Distance par la route", french.kilometres(row.km)),
                    ("Classe", row.palier),
                    ("Départ", "" if origin == "mairie" else origin),
                    ("Remarque", row.raison),
                ),
            }
            for row, origin in zip(told.itertuples(), starts, strict=True)
        ),
    )


def _departement_features(content: MapContent) -> list[dict[str, Any]]:
    drawn = _simplified(content.communes)[["departement", "geometry"]]
    outlines = drawn.dissolve(by="departement").boundary
    table = gpd.GeoDataFrame(geometry=outlines, crs=drawn.crs)
    return _features(_degrees(table), ({} for _ in range(len(table))))


def _zone_features(content: MapContent) -> list[dict[str, Any]]:
    names = content.access.set_index("code_insee")["nom"]
    # The zones are unions of communes: drawn from the simplified ones, their outlines coincide.
    drawn = _simplified(content.communes).set_index("code_insee").geometry
    shapes = [
        shapely.union_all(drawn.reindex(codes).dropna().to_numpy())
        for codes in content.zones["communes"]
    ]
    table = gpd.GeoDataFrame(geometry=shapes, crs=content.communes.crs)
    labels = gpd.GeoSeries(shapely.point_on_surface(table.geometry.to_numpy()), crs=table.crs)
    anchors = labels.to_crs(4326)
    return _features(
        (None if shape.is_empty else shape for shape in _degrees(table)),
        (
            {
                "rang": int(row.rang),
                "id": row.zone_id,
                "ancre": None if anchor.is_empty else [round(anchor.y, 5), round(anchor.x, 5)],
                **_fiche(
                    f"Zone blanche n° {row.rang}",
                    ("Population", french.people(row.population)),
                    ("Communes", french.number(row.nb_communes)),
                    ("Temps le plus long", french.minutes(row.minutes_max)),
                    ("Maison la plus proche pour le plus d’habitants", row.site_nom or "aucune"),
                    ("Communes de la zone", ", ".join(names[code] for code in row.communes)),
                ),
            }
            for row, anchor in zip(content.zones.itertuples(), anchors, strict=True)
        ),
    )


def _town_features(content: MapContent) -> list[dict[str, Any]]:
    """Name the largest towns that are far enough apart for their names to be read."""
    west, south, east, north = content.communes.total_bounds
    apart = max(east - west, north - south) / _TOWNS_APART
    placed = content.origins[content.origins.geometry.notna()]
    chosen: list[Any] = []
    for index in placed["population"].sort_values(ascending=False, kind="stable").index:
        point = placed.geometry[index]
        if all(point.distance(placed.geometry[other]) > apart for other in chosen):
            chosen.append(index)
        if len(chosen) == _TOWNS_NAMED:
            break
    return _features(
        _degrees(placed.loc[chosen]),
        ({"nom": name} for name in content.communes.loc[chosen, "nom"]),
    )


def _candidate_features(content: MapContent) -> list[dict[str, Any]]:
    # Drawn last first, so that the best stand on top.
    table = content.candidates[::-1]
    return _features(
        _degrees(table),
        (
            {
                "rang": int(row.rang),
                "id": row.site_id,
                "premier": row.rang <= _TOP_CANDIDATES,
                **_fiche(
                    f"Candidat n° {row.rang} : {row.nom}",
                    ("Score", f"{french.number(row.score, 1)} / 100"),
                    (
                        f"Habitants gagnés à {content.thresholds[0]:g} min",
                        french.number(row.population_gagnee),
                    ),
                    (
                        "Habitants dont le trajet raccourcit",
                        french.number(row.habitants_rapproches),
                    ),
                    ("Gain moyen pour eux", french.minutes(row.minutes_gagnees)),
                    ("Trajet jusqu’à la Maison la plus proche", french.minutes(row.minutes_maison)),
                    ("Commune", f"{row.commune} ({row.code_insee})"),
                    ("Remarque", row.raison),
                ),
            }
            for row in table.itertuples()
        ),
    )


def _site_features(sites: gpd.GeoDataFrame, what: str) -> list[dict[str, Any]]:
    located = sites[sites.geometry.notna()]
    hours = "horaires" if "horaires" in located.columns else None
    return _features(
        _degrees(located),
        (
            _fiche(
                row["nom"],
                ("Type", f"{what}, {row['genre'].lower()}"),
                ("Commune", row["commune"]),
                ("Horaires", row[hours] if hours else ""),
                ("Position", _POSITION[row["position"]]),
            )
            for row in located.to_dict("records")
        ),
    )


_POSITION = {"source": "", "commune": "placé à la mairie, faute de position sûre", "aucune": ""}
