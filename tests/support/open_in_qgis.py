"""Open a folder of results in QGIS, run by the Python of the system: prints what it found."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from osgeo import ogr
from qgis.core import (
    QgsApplication,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsRenderContext,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize


def told(layer, name):
    """Tell whether a layer works, and how many of its rows its style draws."""
    context = QgsRenderContext()
    renderer = layer.renderer().clone()
    renderer.startRender(context, layer.fields())
    drawn = 0
    for feature in layer.getFeatures():
        context.expressionContext().setFeature(feature)
        drawn += renderer.originalSymbolForFeature(feature, context) is not None
    renderer.stopRender(context)
    fields = range(1, layer.fields().count())  # the first is the identifier GDAL adds
    return {
        "nom": name,
        "valide": layer.isValid(),
        "lignes": layer.featureCount(),
        "dessinees": drawn,
        "alias": [layer.attributeAlias(i) or layer.fields()[i].alias() for i in fields],
    }


def main(folder):
    """Read the project, then the GeoPackage alone, then draw what is shown at first."""
    application = QgsApplication([], False)
    application.initQgis()
    messages = []
    QgsApplication.messageLog().messageReceived.connect(
        lambda text, tag, _level: messages.append(f"{tag}: {text}")
    )
    project = QgsProject.instance()
    assert project.read(str(folder / "etude.qgz")), project.error()
    leaves = project.layerTreeRoot().findLayers()
    in_project = [
        told(leaf.layer(), leaf.layer().source().partition("layername=")[2]) for leaf in leaves
    ]
    path = str(folder / "etude.gpkg")
    base = ogr.Open(path)
    names = [base.GetLayer(i).GetName() for i in range(base.GetLayerCount())]
    alone = [
        told(QgsVectorLayer(f"{path}|layername={name}", name, "ogr"), name)
        for name in names
        if name != "layer_styles"
    ]
    settings = QgsMapSettings()
    settings.setLayers([leaf.layer() for leaf in leaves if leaf.isVisible()])
    settings.setDestinationCrs(project.crs())
    settings.setExtent(project.mapLayer("couche_msap_geo_communes").extent())
    settings.setOutputSize(QSize(400, 400))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    colours = {image.pixel(x, y) for x in range(0, 400, 4) for y in range(0, 400, 4)}
    print(  # noqa: T201
        json.dumps(
            {
                "titre": project.title(),
                "crs": project.crs().authid(),
                "messages": messages,
                "projet": in_project,
                "couches": alone,
                "rendu": len(colours) > 2,
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
