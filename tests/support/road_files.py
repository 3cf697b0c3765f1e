"""Small OpenStreetMap files written by hand."""

from __future__ import annotations

import geopandas as gpd
from pyproj import Geod
from shapely import Point

from msap_geo import network, travel

CAR, BIKE, FOOT = (network.load_profile(name) for name in ("voiture", "velo", "pied"))


HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6">\n'


def place(x, y):
    """Return longitude and latitude so many metres east and north of 46.5 N, 3 E."""
    geod = Geod(ellps="GRS80")
    lon, lat, _ = geod.fwd(3.0, 46.5, 90, x)
    lon, lat, _ = geod.fwd(lon, lat, 0, y)
    return lon, lat


def minutes(net, start, end):
    """Return the minutes of a trip between two places in metres."""
    points = gpd.GeoSeries([Point(*place(*start)), Point(*place(*end))], crs=4326).to_crs(2154)
    demand = gpd.GeoDataFrame({"demand_id": ["a"]}, geometry=points[:1].array)
    sites = gpd.GeoDataFrame({"site_id": ["b"]}, geometry=points[1:].array)
    return travel.nearest(net, demand, sites)["minutes"].iloc[0]


def node(number, x, y, tags="", attributes=""):
    lon, lat = place(x, y)
    return f'<node id="{number}" lat="{lat:.7f}" lon="{lon:.7f}" {attributes}>{tags}</node>\n'


def way(number, refs, attributes="", **tags):
    tags = tags or {"highway": "residential"}
    inside = "".join(f'<nd ref="{ref}"/>' for ref in refs)
    inside += "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
    return f'<way id="{number}" {attributes}>{inside}</way>\n'


def read(path, *parts, profile=CAR):
    path.write_text(HEAD + "".join(parts) + "</osm>\n", encoding="utf-8")
    return network.read_osm(path, profile, epsg=2154)
