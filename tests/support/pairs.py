"""Two study folders to compare."""

from __future__ import annotations

import json

import geopandas as gpd
from support.toy import CODES, StudyFolder

from msap_geo.folder import write_study
from msap_geo.study import read_study, run_study


def study_folder(path, *, maisons=None, changes=(), damage=None):
    """Run toy town and return the folder of its results."""
    path.mkdir()
    toy = StudyFolder(path).write(maisons=maisons).configure(*changes)
    if damage is not None:
        damage(toy)
    write_study(run_study(read_study(toy.path)), path / "sortie")
    return path / "sortie"


def merge_the_last(toy):
    """Make Zêta part of Epsilon, as a later vintage of the communes would."""
    path = toy.folder / "communes.geojson"
    table = gpd.read_file(path)
    table.loc[4, "geometry"] = table.geometry[4:].union_all()
    path.write_text(table[:5].to_json(), encoding="utf-8")
    path = toy.folder / "population.json"
    records = json.loads(path.read_text(encoding="utf-8"))[:5]
    records[4] |= {"population": 1100, "anciensCodes": [CODES[5]]}
    path.write_text(json.dumps(records), encoding="utf-8")
