"""What the map says of its accessibility is what tests check, and no more."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from msap_geo import french, outputs
from msap_geo.outputs.page import panel
from msap_geo.study import run_study, sample_study

ROOT = Path(__file__).parents[2]
THEMES = {
    "Images", "Cadres", "Couleurs", "Multimédia", "Tableaux", "Liens", "Scripts",
    "Éléments obligatoires", "Structuration de l'information", "Présentation de l'information",
    "Formulaires", "Navigation", "Consultation", "Contrôle automatique",
}  # fmt: skip
"""Of RGAA 4.1, and what a program checks of all of them."""

POINTS = panel.accessibility()["points"]


@pytest.mark.parametrize("point", POINTS, ids=[point["theme"] for point in POINTS])
def test_each_point_names_tests_there_are(point):
    assert set(point) == {"theme", "dit", "tests"}
    assert point["theme"] in THEMES
    assert point["tests"]
    for named in point["tests"]:
        file, _, function = named.partition("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.slow
def test_the_page_says_each_point_and_nothing_else(tmp_path):
    page = tmp_path / "carte.html"
    outputs.write_map(outputs.map(run_study(sample_study())), page, title="Carte")
    text = page.read_text(encoding="utf-8").replace("&#39;", "'")
    part = text.partition('id="msap-accessibilite"')[2].partition("</details>")[0]
    assert part.count("<li>") == len(POINTS)
    for point in POINTS:
        assert f"<li>{point['theme']}&nbsp;: {french.typeset(point['dit'])}</li>" in part
    told = panel.accessibility()
    assert french.typeset(told["portee"]) in part
    assert "déclaration de conformité" in told["portee"]
    assert text.count("RGAA") == part.count("RGAA")
