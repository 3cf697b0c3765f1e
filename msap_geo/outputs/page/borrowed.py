"""What an analyst adds with Folium, made to open offline, or refused with what to do instead.

Folium leaves half of what it draws to programs it fetches when the page opens. Two of them are so
common that the page has its own: pins (``folium.Icon``) and colour scales (``folium.Choropleth``,
``branca.colormap``). Whatever else would be asked for is an error here, not a dead page there.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING

from branca.colormap import ColorMap
from folium.template import Template

from msap_geo.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from branca.element import Element

INSTEAD = {
    "MarkerCluster": "mettre les points dans un folium.FeatureGroup",
    "FastMarkerCluster": "mettre les points dans un folium.FeatureGroup",
    "FeatureGroupSubGroup": "faire un folium.FeatureGroup par sous-groupe",
    "BeautifyIcon": "prendre folium.Icon ou folium.DivIcon",
    "BoatMarker": "prendre folium.Marker",
    "SemiCircle": "dessiner le secteur avec folium.Polygon",
    "RegularPolygonMarker": "prendre folium.CircleMarker ou folium.Polygon",
    "AntPath": "prendre folium.PolyLine",
    "PolyLineOffset": "prendre folium.PolyLine",
    "PolyLineTextPath": "prendre folium.PolyLine et folium.Tooltip",
    "PolyLineFromEncoded": "décoder la ligne et prendre folium.PolyLine",
    "PolygonFromEncoded": "décoder la ligne et prendre folium.Polygon",
    "TopoJson": "convertir en GeoJSON (geopandas) et prendre folium.GeoJson",
    "HeatMap": "prendre folium.Choropleth ou des folium.CircleMarker",
    "GroupedLayerControl": "la carte a déjà un sélecteur de couches",
    "TreeLayerControl": "la carte a déjà un sélecteur de couches",
    "Fullscreen": "touche F11 du navigateur",
    "Search": "la carte a déjà une recherche",
    "Geocoder": "la carte a déjà une recherche, hors ligne",
    "Vega": "mettre le graphique en image dans la bulle (data:image/png;base64,…)",
    "VegaLite": "mettre le graphique en image dans la bulle (data:image/png;base64,…)",
}
"""What to take instead of a Folium class whose program stays outside."""

_ELSEWHERE = "le retirer, ou le dessiner sur une carte à part : folium.Map()"

_SCALE = Template(
    "{% macro script(this, kwargs) %}"
    "var {{ this.get_name() }} = msapFolium.echelle({{ this._parent.get_name() }}, "
    "{{ this.color_domain|tojson }}, {{ this.color_range|tojson }}, "
    "{{ this.tick_labels|tojson }}, {{ this.caption|tojson }});"
    "{% endmacro %}"
)
_NEEDS_OURS = ("L.AwesomeMarkers", "msapFolium.", "$(")
_ASKED = re.compile(r"\$\.(?:ajax|getJSON)\(\s*\"?([^\",)]*)")
_HANDLER = re.compile(r"<(\w+)[^>]*\son\w+=", re.IGNORECASE)
_QUOTED = re.compile(r"=\"[^\"]*\"")
_STYLED = re.compile(r"<\w[^>]*\sstyle=")
_PICTURE = re.compile(r"<img[^>]*\ssrc=\"([^\"]*)\"", re.IGNORECASE)
_SCRIPT = re.compile(r"<script[^>]*>.*?</script>", re.DOTALL)
_HOST = re.compile(r"(https?://(?:\{s\}|[\w-]+)(?:\.[\w-]+)+(?::\d+)?)")
_TEXT = re.compile(r"<a\s[^>]*>")


def elements(root: Element) -> Iterator[Element]:
    """Walk through a Folium tree, parents first."""
    yield root
    for child in root._children.values():  # noqa: SLF001 - branca gives no other access
        yield from elements(child)


def prepare(root: Element) -> None:
    """Let what a map holds be drawn by our own program where Folium's would be fetched.

    Parameters
    ----------
    root
        Tree about to be rendered; scales of colour in it take our template.
    """
    for element in list(elements(root)):
        if isinstance(element, ColorMap):
            element._template = _SCALE  # noqa: SLF001


def refuse_outside(url: str, root: Element) -> OutputError:
    """Return the error for a file a map would fetch, naming what asks for it where it is known.

    Parameters
    ----------
    url
        Address of the script or the style.
    root
        Tree that was rendered.
    """
    for element in elements(root):
        if any(url == asked for _, asked in getattr(element, "default_js", [])):
            name = type(element).__name__
            return OutputError(
                f"« {name} » a besoin d'un programme extérieur, la carte ne s'ouvrirait pas hors "
                "ligne",
                where=url,
                remedy=INSTEAD.get(name, _ELSEWHERE),
            )
    return OutputError(
        "la carte demande un fichier extérieur, elle ne s'ouvrirait pas hors ligne",
        where=url,
        remedy=_ELSEWHERE,
    )


def check(page: str) -> None:
    """Make sure nothing in a page would be dead once its policy holds.

    Parameters
    ----------
    page
        The whole page, scripts inlined.

    Raises
    ------
    OutputError
        For data fetched when the page opens, a program inside an attribute, a picture beside the
        page.
    """
    asked = _ASKED.search(page)
    if asked:
        raise OutputError(
            "une couche lirait ses données à l'ouverture de la page, ce qui ne marche pas hors "
            "ligne",
            where=asked.group(1) or None,
            remedy="folium.GeoJson(…, embed=True)",
        )
    markup = _SCRIPT.sub("", page)
    handler = _HANDLER.search(_bare(markup))
    if handler:
        raise OutputError(
            "un élément porte du code dans un attribut (onclick…), que la page n'exécute pas",
            where=f"élément <{handler.group(1)}>",
            remedy="retirer cet élément, ou écrire ce code avec folium.JsCode",
        )
    for picture in _PICTURE.findall(markup):
        if not picture.startswith(("data:", "http://", "https://")):
            raise OutputError(
                "une image est un fichier à côté de la page, qui ne voyagerait pas avec elle",
                where=picture[:80],
                remedy="la donner en adresse data: (data:image/png;base64,…)",
            )


def _bare(markup: str) -> str:
    """Empty the attributes of a piece of page: names from data may hold anything."""
    return _QUOTED.sub('=""', markup)


def is_styled(page: str) -> bool:
    """Tell whether an element of a page, or of what its layers show, carries its own style."""
    markup = _bare(_SCRIPT.sub("", page))
    return bool(_STYLED.search(markup)) or "style=" in page.rsplit("<script>", 1)[-1]


def needs_ours(page: str) -> bool:
    """Tell whether a page calls what :func:`program` defines."""
    return any(word in page for word in _NEEDS_OURS)


def program() -> str:
    """Return the script that stands for the programs Folium would fetch."""
    asset = files("msap_geo.outputs.page") / "assets" / "folium.js"
    return asset.read_text(encoding="utf-8")


def hosts(text: str) -> list[str]:
    """Return the hosts whose pictures or tiles a piece of page names, links aside.

    Parameters
    ----------
    text
        The script Folium wrote for its layers, or a piece of markup.

    Returns
    -------
    list of str
        As a policy has them: ``https://*.example.org`` for an address in ``{s}``; sorted.
    """
    found = _HOST.findall(_TEXT.sub("", text.replace('\\"', '"').replace("\\u003c", "<")))
    return sorted({host.replace("{s}", "*") for host in found if "www.w3.org" not in host})
