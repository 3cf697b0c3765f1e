"""The pieces of Folium a study's map is made of."""

from __future__ import annotations

import html
import os
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO

import branca.element
import folium
from folium.template import Template

from msap_geo.outputs.page.offline import render_page


class StudyFigure(branca.element.Figure):
    """A Folium page rendered whole and offline, whoever asks: ``save``, a browser, a notebook."""

    def __init__(self, fmap: StudyMap) -> None:
        super().__init__()
        self.map = fmap

    def render(self, **_: Any) -> str:
        """Return the page as it is written."""
        return render_page(self.map, title=self.map.title)


class StudyMap(folium.Map):
    """A Folium map that saves and shows itself as it will be written: whole, and offline.

    What an analyst adds after it was made is drawn like the rest: the control of the layers, the
    last words of our scripts and a view the analyst asks for come once every layer is there.
    """

    def __init__(self, title: str, **options: Any) -> None:
        super().__init__(**options)
        self.title = title
        StudyFigure(self).add_child(self)

    def save(self, outfile: str | bytes | Path | BinaryIO, *_: Any, **__: Any) -> None:
        """Write the page (:func:`msap_geo.outputs.write_map`); nothing if it cannot be made."""
        page = render_page(self, title=self.title).encode("utf-8")
        if isinstance(outfile, str | bytes | Path):
            Path(os.fsdecode(outfile)).write_bytes(page)
        else:
            outfile.write(page)

    def render(self, **kwargs: Any) -> str:
        """Write the map's own script, what must come last put last."""
        named = sorted(self._children.items(), key=lambda one: _turn(one[1]))
        controls = [name for name, child in named if _turn(child) == _CONTROL]
        # An analyst's own control takes the place of ours.
        self._children: OrderedDict[str, branca.element.Element] = OrderedDict(
            one for one in named if one[0] not in controls[:-1]
        )
        rendered: str = super().render(**kwargs)
        return rendered

    def _repr_html_(self, **_: Any) -> str:
        page = html.escape(render_page(self, title=self.title))
        return (
            f'<iframe srcdoc="{page}" title="{html.escape(self.title)}" '
            'style="width: 100%; height: 640px; border: 0"></iframe>'
        )


_LAYER, _CONTROL, _LAST, _VIEW = range(4)


def _turn(child: branca.element.Element) -> int:
    """Return when a child of a map has its turn; those of one turn keep their order."""
    if isinstance(child, folium.LayerControl):
        return _CONTROL
    if isinstance(child, Finish):
        return _LAST
    return _VIEW if isinstance(child, folium.FitBounds | folium.FitOverlays) else _LAYER


class _Markup(branca.element.Element):
    """Ready-made HTML, not read as a template."""

    _template = Template("{{ this.markup }}")

    def __init__(self, markup: str) -> None:
        super().__init__()
        self._name = "Panneau"
        self.markup = markup


class Body(branca.element.Element):
    """Ready-made HTML of the page's body, whichever figure holds the map."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self._name = "Corps"
        self.markup = markup

    def render(self, **_: Any) -> str:
        """Take its place in the body; nothing is rendered here."""
        self.get_root().html.add_child(_Markup(self.markup), name=self.get_name())
        return ""


class StudyLayer(folium.map.Layer):
    """A layer drawn by ``couches.js`` from the page's data; it is switched as any Folium layer.

    Folium would write the data into the script, and branca then reads that script as a Jinja
    template: a commune named ``{{ 7 * 7 }}`` would be computed.
    """

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "var {{ this.get_name() }} = msap.couche('{{ this.kind }}');"
        "{% endmacro %}"
    )

    def __init__(self, kind: str, *, name: str, show: bool = True) -> None:
        super().__init__(name=name, overlay=True, control=True, show=show)
        self._name = "Couche"
        self.kind = kind


class Head(branca.element.MacroElement):
    """Our style and our scripts, before the map is made."""

    _template = Template(
        "{% macro header(this, kwargs) %}"
        "<style>{{ this.style }}</style>"
        "{% for text in this.scripts %}<script>{{ text }}</script>{% endfor %}"
        "{% endmacro %}"
    )

    def __init__(self, style: str, scripts: list[str]) -> None:
        super().__init__()
        self._name = "Habillage"
        self.style = style
        self.scripts = scripts


class Credit(branca.element.MacroElement):
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


class Finish(branca.element.MacroElement):
    """The last words: controls in French, links between panel and map."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "msap.terminer({{ this._parent.get_name() }}, {{ this.bounds|tojson }});"
        "{% endmacro %}"
    )

    def __init__(self, bounds: list[list[float]]) -> None:
        super().__init__()
        self._name = "Fin"
        self.bounds = bounds
