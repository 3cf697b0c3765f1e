"""Whatever Folium can add to a study's map is drawn by the page, or refused with what to do.

Each class of ``folium`` and of ``folium.plugins`` is tried, on its own, in a real browser.
"""

from __future__ import annotations

import branca.colormap
import folium
import pytest
from folium import plugins, raster_layers
from support.pages import popups, visit
from support.toy import StudyFolder

from msap_geo import outputs
from msap_geo.errors import OutputError
from msap_geo.study import read_study, run_study

HERE = [48.1, -0.75]
SQUARE = [[48.0, -0.9], [48.0, -0.6], [48.2, -0.6], [48.2, -0.9]]
GEOJSON = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "id": str(i),
            "properties": {"nom": f"Carré {i}", "valeur": 10 * i, "time": "2024-01-01"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [
                    [[lon + 0.1 * i, lat] for lat, lon in (*SQUARE, SQUARE[0])],
                ],
            },
        }
        for i in range(3)
    ],
}
DOT = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWj"
    "R9awAAAABJRU5ErkJggg=="
)
PINS = "document.querySelectorAll('img.leaflet-marker-icon').length"
SHAPES = "window.tracees"
OPENED = "document.querySelector('.leaflet-popup-content').textContent.trim()"


def popup(content):
    return lambda m: folium.Marker(HERE, popup=content()).add_to(m)


def choropleth(m):
    folium.Choropleth(
        GEOJSON,
        data={"0": 1, "1": 5, "2": 9},
        key_on="feature.id",
        legend_name="Une échelle",
    ).add_to(m)


def scale(m):
    branca.colormap.linear.YlOrRd_09.scale(0, 60).add_to(m)


def element(m):
    m.get_root().html.add_child(folium.Element("<p class='ajout'>Mot de l'analyste</p>"))


def front(m):
    layer = folium.FeatureGroup("devant").add_to(m)
    folium.CircleMarker(HERE).add_to(layer)
    m.keep_in_front(layer)


def geojson(**options):
    return lambda m: folium.GeoJson(GEOJSON, name="carrés", **options).add_to(m)


def icon(**options):
    return lambda m: folium.Marker(HERE, icon=folium.Icon(**options)).add_to(m)


def unembedded():
    layer = folium.GeoJson(GEOJSON)
    layer.embed, layer.embed_link = False, "https://exemple.fr/a.geojson"
    return layer


LAYERS = "document.querySelector('.leaflet-control-layers').textContent"
SCALE = "document.querySelector('.msap-echelle').textContent"

# What is added, what the page answers, and what the answer must be (or hold, for a text).
DRAWN = {
    "Marker": (lambda m: folium.Marker(HERE).add_to(m), PINS, 1),
    "Icon": (icon(color="red", icon="home"), PINS, 1),
    "Icon, Font Awesome": (icon(color="beige", icon="car", prefix="fa"), PINS, 1),
    "CustomIcon": (
        lambda m: folium.Marker(HERE, icon=folium.CustomIcon(DOT, (20, 20))).add_to(m),
        PINS,
        1,
    ),
    "DivIcon": (
        lambda m: folium.Marker(HERE, icon=folium.DivIcon("<b class='moi'>A</b>")).add_to(m),
        "document.querySelectorAll('.moi').length",
        1,
    ),
    "Popup": (popup(lambda: folium.Popup("Mon repère")), OPENED, "Mon repère"),
    "Html": (popup(lambda: folium.Popup(folium.Html("Un <b>mot</b>"))), OPENED, "Un <b>mot</b>"),
    "IFrame": (
        popup(lambda: folium.Popup(folium.IFrame("<p>dedans</p>", 200, 80))),
        "document.querySelectorAll('.leaflet-popup-content iframe').length",
        1,
    ),
    "Tooltip": (
        lambda m: folium.Marker(HERE, tooltip=folium.Tooltip("Ici", permanent=True)).add_to(m),
        "document.querySelector('.leaflet-tooltip').textContent.trim()",
        "Ici",
    ),
    "FeatureGroup": (lambda m: folium.FeatureGroup("visites").add_to(m), LAYERS, "visites"),
    "GeoJson": (geojson(), SHAPES, 3),
    "GeoJson, coloured": (
        geojson(style_function=lambda f: {"weight": f["properties"]["valeur"]}),
        SHAPES,
        3,
    ),
    "GeoJsonTooltip": (geojson(tooltip=folium.GeoJsonTooltip(["nom"])), SHAPES, 3),
    "GeoJsonPopup": (geojson(popup=folium.GeoJsonPopup(["nom"])), SHAPES, 3),
    "Choropleth": (choropleth, f"{SHAPES} + {SCALE}", "3"),
    "Choropleth's scale": (choropleth, SCALE, "Une échelle"),
    "ColorMap": (scale, SCALE, "60"),
    "LinearColormap": (scale, SCALE, "0"),
    "StepColormap": (
        lambda m: branca.colormap.StepColormap(["red", "blue"], vmin=0, vmax=9).add_to(m),
        SCALE,
        "9",
    ),
    "ColorLine": (
        lambda m: folium.ColorLine(SQUARE, [0, 1, 2], colormap=["red", "blue"]).add_to(m),
        SHAPES,
        3,
    ),
    "Circle": (lambda m: folium.Circle(HERE, radius=9000).add_to(m), SHAPES, 1),
    "CircleMarker": (lambda m: folium.CircleMarker(HERE).add_to(m), SHAPES, 1),
    "PolyLine": (lambda m: folium.PolyLine(SQUARE).add_to(m), SHAPES, 1),
    "Polygon": (lambda m: folium.Polygon(SQUARE).add_to(m), SHAPES, 1),
    "Rectangle": (lambda m: folium.Rectangle([SQUARE[0], SQUARE[2]]).add_to(m), SHAPES, 1),
    "TileLayer": (
        lambda m: folium.TileLayer("OpenStreetMap", name="Rues", show=False).add_to(m),
        LAYERS,
        "Rues",
    ),
    "WmsTileLayer": (
        lambda m: folium.WmsTileLayer(
            "https://exemple.fr/wms", "relief", name="Relief", show=False
        ).add_to(m),
        LAYERS,
        "Relief",
    ),
    "ImageOverlay": (
        lambda m: raster_layers.ImageOverlay(DOT, [SQUARE[0], SQUARE[2]]).add_to(m),
        "document.querySelector('img.leaflet-image-layer').naturalWidth",
        1,
    ),
    "FloatImage": (
        lambda m: plugins.FloatImage(DOT).add_to(m),
        "document.querySelector('[alt=float_image]').naturalWidth",
        1,
    ),
    "LayerControl": (
        lambda m: folium.LayerControl(position="bottomleft").add_to(m),
        (
            "document.querySelectorAll('.leaflet-bottom .leaflet-control-layers').length"
            " - document.querySelectorAll('.leaflet-top .leaflet-control-layers').length"
        ),
        1,
    ),
    "FitBounds": (
        lambda m: m.fit_bounds([[48.0, -0.8], [48.01, -0.79]]),
        "window.carte.getZoom() > 13 ? 1 : 0",
        1,
    ),
    "FitOverlays": (lambda m: folium.FitOverlays().add_to(m), "1", 1),
    "ClickForMarker": (lambda m: folium.ClickForMarker("ici").add_to(m), "1", 1),
    "ClickForLatLng": (lambda m: folium.ClickForLatLng().add_to(m), "1", 1),
    "LatLngPopup": (lambda m: folium.LatLngPopup().add_to(m), "1", 1),
    "Control": (
        lambda m: folium.Control("Zoom").add_to(m),
        "document.querySelectorAll('.leaflet-control-zoom').length",
        2,
    ),
    "Element": (
        element,
        "document.querySelector('#msap-panneau .ajout').textContent",
        "Mot de l'analyste",
    ),
    "keep_in_front": (front, SHAPES, 1),
    "JsCode": (
        lambda m: folium.GeoJson(
            GEOJSON, on_each_feature=folium.JsCode("function (f, l) { window.vu = f.id; }")
        ).add_to(m),
        "window.vu",
        "2",
    ),
}

LINE = folium.PolyLine(SQUARE)
WHEN = "2024-01-01T00:00:00Z"
REFUSED = {
    "CssLink": lambda m: m.get_root().header.add_child(folium.CssLink("https://exemple.fr/a.css")),
    "JavascriptLink": lambda m: m.get_root().header.add_child(
        folium.JavascriptLink("https://exemple.fr/a.js")
    ),
    "RegularPolygonMarker": lambda m: folium.RegularPolygonMarker(HERE).add_to(m),
    "TopoJson": lambda m: folium.TopoJson(
        {
            "type": "Topology",
            "arcs": [],
            "objects": {"a": {"type": "GeometryCollection", "geometries": []}},
        },
        "objects.a",
    ).add_to(m),
    "Vega": lambda m: folium.Marker(
        HERE, popup=folium.Popup().add_child(folium.Vega({"width": 1, "height": 1}))
    ).add_to(m),
    "VegaLite": lambda m: folium.Marker(
        HERE,
        popup=folium.Popup().add_child(
            folium.VegaLite({"$schema": "https://vega.github.io/schema/vega-lite/v4.json"})
        ),
    ).add_to(m),
    "GeoJson, not embedded": lambda m: unembedded().add_to(m),
    "AntPath": lambda m: plugins.AntPath(SQUARE).add_to(m),
    "BeautifyIcon": lambda m: folium.Marker(HERE, icon=plugins.BeautifyIcon()).add_to(m),
    "BoatMarker": lambda m: plugins.BoatMarker(HERE).add_to(m),
    "CirclePattern": lambda m: plugins.CirclePattern().add_to(m),
    "StripePattern": lambda m: plugins.StripePattern().add_to(m),
    "Draw": lambda m: plugins.Draw().add_to(m),
    "DualMap": lambda m: plugins.DualMap().add_to(m),
    "FastMarkerCluster": lambda m: plugins.FastMarkerCluster([HERE]).add_to(m),
    "FeatureGroupSubGroup": lambda m: plugins.FeatureGroupSubGroup(
        folium.FeatureGroup("père").add_to(m), "fils"
    ).add_to(m),
    "FloatImage, a file": lambda m: plugins.FloatImage("logo.png").add_to(m),
    "Fullscreen": lambda m: plugins.Fullscreen().add_to(m),
    "Geocoder": lambda m: plugins.Geocoder().add_to(m),
    "GeoMan": lambda m: plugins.GeoMan().add_to(m),
    "GroupedLayerControl": lambda m: plugins.GroupedLayerControl(
        {"g": [folium.FeatureGroup("a").add_to(m)]}
    ).add_to(m),
    "HeatMap": lambda m: plugins.HeatMap([HERE]).add_to(m),
    "HeatMapWithTime": lambda m: plugins.HeatMapWithTime([[HERE]]).add_to(m),
    "LocateControl": lambda m: plugins.LocateControl().add_to(m),
    "MarkerCluster": lambda m: plugins.MarkerCluster([HERE]).add_to(m),
    "MeasureControl": lambda m: plugins.MeasureControl().add_to(m),
    "MiniMap": lambda m: plugins.MiniMap().add_to(m),
    "MousePosition": lambda m: plugins.MousePosition().add_to(m),
    "OverlappingMarkerSpiderfier": lambda m: plugins.OverlappingMarkerSpiderfier().add_to(m),
    "PolygonFromEncoded": lambda m: plugins.PolygonFromEncoded("abc").add_to(m),
    "PolyLineFromEncoded": lambda m: plugins.PolyLineFromEncoded("abc").add_to(m),
    "PolyLineOffset": lambda m: plugins.PolyLineOffset(SQUARE).add_to(m),
    "PolyLineTextPath": lambda m: plugins.PolyLineTextPath(
        folium.PolyLine(SQUARE).add_to(m), "texte"
    ).add_to(m),
    "Realtime": lambda m: plugins.Realtime("https://exemple.fr/a.json").add_to(m),
    "ScrollZoomToggler": lambda m: plugins.ScrollZoomToggler().add_to(m),
    "Search": lambda m: plugins.Search(folium.GeoJson(GEOJSON).add_to(m)).add_to(m),
    "SemiCircle": lambda m: plugins.SemiCircle(HERE, 100, 0, 90).add_to(m),
    "SideBySideLayers": lambda m: plugins.SideBySideLayers(
        folium.TileLayer().add_to(m), folium.TileLayer().add_to(m)
    ).add_to(m),
    "TagFilterButton": lambda m: plugins.TagFilterButton(["a"]).add_to(m),
    "Terminator": lambda m: plugins.Terminator().add_to(m),
    "TimeSliderChoropleth": lambda m: plugins.TimeSliderChoropleth(
        GEOJSON, {"0": {"0": {"color": "red", "opacity": 1}}}
    ).add_to(m),
    "Timeline": lambda m: (
        plugins.TimelineSlider().add_timelines(plugins.Timeline(GEOJSON).add_to(m)).add_to(m)
    ),
    "TimelineSlider": lambda m: plugins.TimelineSlider().add_to(m),
    "TimestampedGeoJson": lambda m: plugins.TimestampedGeoJson(
        {
            "type": "Feature",
            "geometry": {"type": "MultiPoint", "coordinates": [HERE[::-1]]},
            "properties": {"times": [WHEN]},
        }
    ).add_to(m),
    "TimestampedWmsTileLayers": lambda m: plugins.TimestampedWmsTileLayers(
        folium.WmsTileLayer("https://exemple.fr/wms", "a").add_to(m)
    ).add_to(m),
    "TreeLayerControl": lambda m: plugins.TreeLayerControl().add_to(m),
    "VectorGridProtobuf": lambda m: plugins.VectorGridProtobuf(
        "https://exemple.fr/{z}/{x}/{y}.pbf"
    ).add_to(m),
}

WHAT_OTHERS_ARE_MADE_OF = {"Div", "Figure", "Link", "MacroElement", "Map"}

COUNT = """
    L.Map.addInitHook(function () {
        window.carte = this;
        window.tracees = 0;
        this.on("layeradd", function (e) {
            if (e.layer instanceof L.Path) { window.tracees += 1; }
        });
    });
"""


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    toy = StudyFolder(tmp_path_factory.mktemp("jouet")).write()
    return run_study(read_study(toy.path)).map_content()


def test_every_class_of_folium_is_tried():
    tried = {name.split(",")[0] for name in (*DRAWN, *REFUSED)} | WHAT_OTHERS_ARE_MADE_OF
    assert set(folium.__all__) - tried == set()
    assert set(plugins.__all__) - tried == set()


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSED)
def test_what_the_page_cannot_draw_is_refused_with_what_to_do(content, tmp_path, name):
    fmap = outputs.map(content)
    REFUSED[name](fmap)
    with pytest.raises(OutputError) as refused:
        outputs.write_map(fmap, tmp_path / "carte.html", title="x")
    assert refused.value.remedy
    assert not (tmp_path / "carte.html").exists()
    with pytest.raises(OutputError):
        fmap.save(tmp_path / "carte.html")


@pytest.mark.browser
@pytest.mark.enable_socket
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("name", DRAWN)
def test_what_folium_adds_is_drawn(browser, content, tmp_path, name):
    add, asked, expected = DRAWN[name]
    fmap = outputs.map(content)
    fmap.get_root().script.add_child(folium.Element(COUNT))
    add(fmap)
    fmap.save(tmp_path / "carte.html")
    visit(browser, tmp_path / "carte.html")
    if asked is OPENED or "popup-content" in asked:
        browser.execute_script("document.querySelector('img.leaflet-marker-icon').click()")
    found = browser.execute_script(f"return {asked}")
    assert str(expected) in found if isinstance(expected, str) else found == expected
    # The rest of the page is alive: its panel answers, its watermark and its controls are there.
    assert browser.execute_script("return msap.donnees().communes.code.length") == 6
    browser.execute_script("msap.montrerCommune(0)")
    assert "Temps de trajet" in "".join(popups(browser))
    assert [entry["message"] for entry in browser.get_log("browser")] == []


def test_saved_shown_and_written_are_one_page(content, tmp_path):
    fmap = outputs.map(content)
    folium.FeatureGroup("visites").add_to(fmap)
    outputs.write_map(fmap, tmp_path / "a.html", title=content.title)
    fmap.save(tmp_path / "b.html")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert page == (tmp_path / "b.html").read_text(encoding="utf-8")
    assert page == fmap.get_root().render()
    assert "Content-Security-Policy" in page
    # In a figure of one's own, too.
    frame = folium.Figure()
    fmap.add_to(frame)
    outputs.write_map(fmap, tmp_path / "c.html", title=content.title)
    assert "msap.terminer" in (tmp_path / "c.html").read_text(encoding="utf-8")


def test_tiles_and_pictures_are_asked_of_the_hosts_an_analyst_names(content):
    fmap = outputs.map(content)
    folium.TileLayer(
        "https://{s}.tuiles.exemple.fr/{z}/{x}/{y}.png",
        attr='<a href="https://credit.exemple.org">crédit</a>',
        show=False,
    ).add_to(fmap)
    policy = fmap.get_root().render().split('Content-Security-Policy" content="')[1].split('"')[0]
    images = policy.split("img-src ")[1].split(";")[0].split()
    assert "https://*.tuiles.exemple.fr" in images
    assert "credit" not in policy
