"""Small OpenStreetMap files, from their ways."""

from __future__ import annotations

import osmium

OSM = """<?xml version="1.0"?>
<osm version="0.6">
{nodes}
{ways}
</osm>"""


def osm_file(tmp_path, ways, *, barriers=None, n=6):
    """Write nodes 1..n, 0.01° apart along a parallel, and ways over them."""
    nodes = [
        f'<node id="{i}" lat="48.0" lon="{-0.5 + i / 100}" version="1">'
        + "".join(f'<tag k="{k}" v="{v}"/>' for k, v in (barriers or {}).get(i, {}).items())
        + "</node>"
        for i in range(1, n + 1)
    ]
    lines = [
        f'<way id="{number}" version="1">'
        + "".join(f'<nd ref="{ref}"/>' for ref in refs)
        + "".join(f'<tag k="{k}" v="{v}"/>' for k, v in tags.items())
        + "</way>"
        for number, (refs, tags) in enumerate(ways, start=1)
    ]
    path = tmp_path / "carte.osm"
    path.write_text(OSM.format(nodes="\n".join(nodes), ways="\n".join(lines)), encoding="utf-8")
    return path


def write_osm(path, nodes, ways, relations=()):
    """Write an OSM file with pyosmium; nodes: id → (lon, lat, tags), ways: (id, refs, tags)."""
    path.unlink(missing_ok=True)
    with osmium.SimpleWriter(str(path)) as writer:
        for number, (lon, lat, tags) in nodes.items():
            writer.add_node(osmium.osm.mutable.Node(id=number, location=(lon, lat), tags=tags))
        for number, refs, tags in ways:
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=refs, tags=tags))
        for number, tags in relations:
            writer.add_relation(
                osmium.osm.mutable.Relation(id=number, members=[("w", 1, "from")], tags=tags)
            )
    return path
