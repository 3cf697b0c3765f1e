"""The tables of toy town, as they were: a change shows its rows, and is made on purpose.

After a change that is meant::

    MSAP_GEO_GOLDEN=1 python -m pytest tests/test_golden.py
"""

from __future__ import annotations

import difflib
import json
import os
import shutil
from pathlib import Path

import pytest
from support.toy import StudyFolder, maison_row, poste_row

import msap_geo as mg

KEPT = Path(__file__).parents[1] / "golden" / "ville-jouet"
# Versions of libraries, and bytes of inputs and outputs that they write, are not the product's.
PASSING = ("logiciel", "python", "entrees", "sorties")


def _tables(folder):
    """Return every table and summary of a folder as text."""
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.csv")}
    for name in ("resume.json", "manifest.json", "plan.json"):
        content = json.loads((folder / name).read_text(encoding="utf-8"))
        for key in (*PASSING, "secondes"):
            content.pop(key, None)
        found[name] = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    return found


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    week = {f"h_{day}": "09:00 - 12:00" for day in ("lundi", "mardi", "jeudi", "vendredi")}
    toy = StudyFolder(tmp_path_factory.mktemp("jouet")).write(
        maisons=[maison_row(0, **week), maison_row(5, format_fs="Bus")],
        la_poste=[poste_row(1), poste_row(2), poste_row(4)],
    )
    folder = tmp_path_factory.mktemp("resultats")
    mg.write(mg.run(toy.path), folder, everything=True)
    return _tables(folder)


@pytest.mark.slow
def test_the_tables_are_those_kept(written):
    if os.environ.get("MSAP_GEO_GOLDEN"):
        shutil.rmtree(KEPT, ignore_errors=True)
        KEPT.mkdir(parents=True)
        for name, text in written.items():
            (KEPT / name).write_text(text, encoding="utf-8")
    kept = {path.name: path.read_text(encoding="utf-8") for path in KEPT.iterdir()}
    assert sorted(written) == sorted(kept)
    changed = [
        line
        for name in sorted(kept)
        for line in difflib.unified_diff(
            kept[name].splitlines(), written[name].splitlines(), f"{name} gardé", name, lineterm=""
        )
    ]
    assert not changed, "\n".join(changed[:80])
