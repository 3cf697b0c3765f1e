"""A small Overpass: a world of a few roads, and what it answers about a box."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs

from support.misbehaving_server import whole

MOMENT = "2026-11-27T20:15:03Z"
PATH = "/api/interpreter"


class World:
    """Roads: nodes ``id → (lon, lat, tags)``, ways ``id → (refs, tags)``, relations likewise."""

    def __init__(self, nodes, ways, relations=None):
        self.nodes, self.ways, self.relations = nodes, ways, relations or {}
        self.queries = []
        self.moment = MOMENT

    def about(self, box):
        """Return what Overpass says of a box: its ways, their nodes, their restrictions."""
        west, south, east, north = box
        inside = {
            number
            for number, (lon, lat, _) in self.nodes.items()
            if west <= lon <= east and south <= lat <= north
        }
        ways = {number for number, (refs, _) in self.ways.items() if inside & set(refs)}
        via = {
            number
            for number, (members, _) in self.relations.items()
            if any(kind == "w" and ref in ways for kind, ref, _ in members)
        }
        ways |= {ref for number in via for kind, ref, _ in self.relations[number][0] if kind == "w"}
        nodes = {ref for number in ways for ref in self.ways[number][0]}
        kinds = {"n": "node", "w": "way", "r": "relation"}
        return {
            "version": 0.6,
            "generator": "Overpass API",
            "osm3s": {"timestamp_osm_base": self.moment, "copyright": "ODbL"},
            "elements": [
                *(
                    {"type": "relation", "id": number, "tags": self.relations[number][1]}
                    | {
                        "members": [
                            {"type": kinds[kind], "ref": ref, "role": role}
                            for kind, ref, role in self.relations[number][0]
                        ]
                    }
                    for number in sorted(via)
                ),
                *(
                    {"type": "way", "id": number, "nodes": list(refs), "tags": tags}
                    for number, (refs, tags) in sorted(self.ways.items())
                    if number in ways
                ),
                *(
                    {"type": "node", "id": number, "lon": lon, "lat": lat}
                    | ({"tags": tags} if tags else {})
                    for number, (lon, lat, tags) in sorted(self.nodes.items())
                    if number in nodes
                ),
            ],
        }

    def body(self, box=(-180, -90, 180, 90)):
        return json.dumps(self.about(box)).encode()

    def __call__(self, handler):
        """Answer a question of OSMnx."""
        query = parse_qs(handler.body.decode())["data"][0]
        self.queries.append(query)
        whole(self.body(box_of(query)), Content_Type="application/json")(handler)

    def write(self, path):
        """Write the world as an ``.osm`` file."""
        path.write_text(
            '<?xml version="1.0"?>\n<osm version="0.6">\n'
            + "".join(
                f'<node id="{number}" lon="{lon}" lat="{lat}" version="1">{_xml(tags)}</node>\n'
                for number, (lon, lat, tags) in sorted(self.nodes.items())
            )
            + "".join(
                f'<way id="{number}" version="1">'
                + "".join(f'<nd ref="{ref}"/>' for ref in refs)
                + f"{_xml(tags)}</way>\n"
                for number, (refs, tags) in sorted(self.ways.items())
            )
            + "".join(
                f'<relation id="{number}" version="1">'
                + "".join(
                    f'<member type="{"node" if kind == "n" else "way"}" ref="{ref}" role="{role}"/>'
                    for kind, ref, role in members
                )
                + f"{_xml(tags)}</relation>\n"
                for number, (members, tags) in sorted(self.relations.items())
            )
            + "</osm>\n",
            encoding="utf-8",
        )
        return path


def box_of(query):
    """Return the box of a question: west, south, east, north."""
    numbers = [float(one) for one in re.search(r"poly:'([^']+)'", query)[1].split()]
    return min(numbers[1::2]), min(numbers[::2]), max(numbers[1::2]), max(numbers[::2])


def _xml(tags):
    return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
