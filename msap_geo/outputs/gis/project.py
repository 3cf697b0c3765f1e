"""A QGIS project that opens the layers of a GeoPackage, titled, drawn and credited."""

from __future__ import annotations

import xml.etree.ElementTree as ET
import zipfile
from typing import TYPE_CHECKING

from msap_geo.outputs.gis.geopackage import fields
from msap_geo.outputs.gis.styles import VERSION, aliases_element, layer_style, style_elements
from msap_geo.outputs.gis.xml import document
from msap_geo.outputs.sheets.dictionary import describe_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd
    import pyproj

    from msap_geo.outputs.provenance import Provenance

_ORDER = (
    "plan_sites",
    "maisons",
    "maisons_itinerantes",
    "candidats",
    "zones_blanches",
    "la_poste",
    "points_de_depart",
    "communes",
)
"""Layers from the top to the bottom of the drawing; those of the diagnosis come in a group."""

_HIDDEN = {"la_poste", "points_de_depart"}
_DIAGNOSIS = "diagnostic_"
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_MARGIN = 0.05


def write_project(
    layers: Mapping[str, gpd.GeoDataFrame],
    path: Path,
    *,
    geopackage: str,
    provenance: Provenance,
    thresholds: Sequence[float],
) -> None:
    """Write a ``.qgz`` project over a GeoPackage that stands beside it.

    Parameters
    ----------
    layers
        Layers of the GeoPackage, by name; they share one CRS.
    path
        File to write.
    geopackage
        Name of the GeoPackage, in the same folder.
    provenance
        What the project says of its origin, in its metadata and at the foot of the map.
    thresholds
        Thresholds of the study, minutes.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    ordered = [name for name in _ORDER if name in layers]
    ordered += [name for name in layers if name not in ordered]
    root = ET.Element("qgis", {"projectname": provenance.title, "version": VERSION, "saveUser": ""})
    crs = next(iter(layers.values())).crs
    ET.SubElement(root, "homePath", {"path": ""})
    ET.SubElement(root, "title").text = provenance.title
    _crs(ET.SubElement(root, "projectCrs"), crs)
    root.append(_tree(ordered, geopackage))
    root.append(_canvas(layers, crs))
    drawn = ET.SubElement(root, "projectlayers")
    for name in ordered:
        drawn.append(_layer(name, layers[name], geopackage, provenance, thresholds))
    order = ET.SubElement(root, "layerorder")
    for name in ordered:
        ET.SubElement(order, "layer", {"id": _id(name)})
    root.append(_properties(provenance))
    _metadata(ET.SubElement(root, "projectMetadata"), provenance, provenance.title)
    with zipfile.ZipFile(path, "w") as archive:
        entry = zipfile.ZipInfo(f"{path.stem}.qgs", _ZIP_DATE)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, document(root))


def _crs(parent: ET.Element, crs: pyproj.CRS) -> None:
    element = ET.SubElement(parent, "spatialrefsys")
    authority = ":".join(crs.to_authority() or ("", ""))
    ET.SubElement(element, "wkt").text = crs.to_wkt()
    ET.SubElement(element, "srid").text = authority.partition(":")[2]
    ET.SubElement(element, "authid").text = authority
    ET.SubElement(element, "description").text = crs.name
    ET.SubElement(element, "geographicflag").text = "false"


def _tree(ordered: Sequence[str], geopackage: str) -> ET.Element:
    """List the layers, the first above; the diagnosis in a group of its own, folded."""
    root = ET.Element("layer-tree-group")
    diagnosis = [name for name in ordered if name.startswith(_DIAGNOSIS)]
    for name in ordered:
        if name not in diagnosis:
            root.append(_leaf(name, geopackage, shown=name not in _HIDDEN))
    if diagnosis:
        group = ET.SubElement(
            root,
            "layer-tree-group",
            {"name": "Diagnostic", "checked": "Qt::Unchecked", "expanded": "0"},
        )
        for name in diagnosis:
            group.append(_leaf(name, geopackage, shown=False))
    return root


def _leaf(name: str, geopackage: str, *, shown: bool) -> ET.Element:
    return ET.Element(
        "layer-tree-layer",
        {
            "id": _id(name),
            "name": describe_table(name).sheet,
            "source": _source(name, geopackage),
            "providerKey": "ogr",
            "checked": "Qt::Checked" if shown else "Qt::Unchecked",
            "expanded": "1" if shown else "0",
        },
    )


def _id(name: str) -> str:
    # QGIS gives a layer whose identifier has fewer than ten characters another one.
    return f"couche_msap_geo_{name}"


def _source(name: str, geopackage: str) -> str:
    return f"./{geopackage}|layername={name}"


def _canvas(layers: Mapping[str, gpd.GeoDataFrame], crs: pyproj.CRS) -> ET.Element:
    """Open on the whole territory."""
    canvas = ET.Element("mapcanvas", {"name": "theMapCanvas", "annotationsVisible": "1"})
    ET.SubElement(canvas, "units").text = "meters"
    bounds = layers.get("communes", next(iter(layers.values()))).total_bounds
    margin = _MARGIN * max(bounds[2] - bounds[0], bounds[3] - bounds[1])
    _extent(
        canvas, [bounds[0] - margin, bounds[1] - margin, bounds[2] + margin, bounds[3] + margin]
    )
    ET.SubElement(canvas, "rotation").text = "0"
    _crs(ET.SubElement(canvas, "destinationsrs"), crs)
    return canvas


def _extent(parent: ET.Element, bounds: Sequence[float]) -> None:
    extent = ET.SubElement(parent, "extent")
    for tag, bound in zip(("xmin", "ymin", "xmax", "ymax"), bounds, strict=True):
        # An empty layer has no extent: a null one, as QGIS writes it.
        ET.SubElement(extent, tag).text = f"{bound:.3f}" if bound == bound else "0"  # noqa: PLR0124


def _layer(
    name: str,
    table: gpd.GeoDataFrame,
    geopackage: str,
    provenance: Provenance,
    thresholds: Sequence[float],
) -> ET.Element:
    style = layer_style(name, table, thresholds=thresholds)
    what = describe_table(name)
    layer = ET.Element(
        "maplayer",
        {
            "type": "vector",
            "geometry": "Polygon" if style.area else "Point",
            "wkbType": "MultiPolygon" if style.area else "Point",
            "labelsEnabled": "1" if style.label else "0",
            "readOnly": "0",
            "styleCategories": "AllStyleCategories",
        },
    )
    _extent(layer, table.total_bounds)
    ET.SubElement(layer, "id").text = _id(name)
    ET.SubElement(layer, "datasource").text = _source(name, geopackage)
    ET.SubElement(layer, "title").text = what.title
    ET.SubElement(layer, "abstract").text = provenance.text()
    ET.SubElement(layer, "attribution").text = provenance.credit
    ET.SubElement(layer, "layername").text = what.sheet
    _crs(ET.SubElement(layer, "srs"), table.crs)
    _metadata(ET.SubElement(layer, "resourceMetadata"), provenance, what.title)
    ET.SubElement(layer, "provider", {"encoding": "UTF-8"}).text = "ogr"
    layer.extend([*style_elements(style), aliases_element(name, fields(table))])
    for tag, text in (("blendMode", "0"), ("featureBlendMode", "0"), ("layerOpacity", "1")):
        ET.SubElement(layer, tag).text = text
    return layer


def _metadata(parent: ET.Element, provenance: Provenance, title: str) -> None:
    """Fill the metadata of the project or of a layer, in the order of QGIS's own schema."""
    ET.SubElement(parent, "language").text = "FRE"
    ET.SubElement(parent, "type").text = "dataset"
    ET.SubElement(parent, "title").text = title
    ET.SubElement(parent, "abstract").text = provenance.text()
    for line in provenance.attributions:
        ET.SubElement(parent, "rights").text = line
    ET.SubElement(parent, "author").text = provenance.software
    ET.SubElement(parent, "creation").text = f"{provenance.moment:%Y-%m-%dT%H:%M:%S}"


def _properties(provenance: Provenance) -> ET.Element:
    """Keep paths relative; write credits at the foot of the map (decoration « copyright »)."""
    properties = ET.Element("properties")
    paths = ET.SubElement(properties, "Paths")
    ET.SubElement(paths, "Absolute", {"type": "bool"}).text = "false"
    # Without it QGIS ignores the CRS of the project.
    reference = ET.SubElement(properties, "SpatialRefSys")
    ET.SubElement(reference, "ProjectionsEnabled", {"type": "int"}).text = "1"
    label = ET.SubElement(properties, "CopyrightLabel")
    ET.SubElement(label, "Enabled", {"type": "bool"}).text = "true"
    told = " ".join([*provenance.warnings, provenance.heading, "·", provenance.credit])
    ET.SubElement(label, "Label", {"type": "QString"}).text = told
    ET.SubElement(label, "Placement", {"type": "int"}).text = "0"
    return properties
