"""Files for geographic information systems: layers that open already drawn and explained."""

from __future__ import annotations

from msap_geo.outputs.gis.geopackage import write_geopackage
from msap_geo.outputs.gis.geoparquet import write_geoparquet
from msap_geo.outputs.gis.project import write_project

__all__ = ["write_geopackage", "write_geoparquet", "write_project"]
