"""Texts of hosts, of neighbours and of rounds in project, in a real page: shown, never run."""

from __future__ import annotations

import json

import pytest
from selenium.common.exceptions import NoAlertPresentException
from support.pages import open_chromium, visit
from support.pages import pytestmark as of_browsers
from support.toy import StudyFolder

from msap_geo.cli import main

pytestmark = of_browsers

PAYLOAD = "</script><img src=x onerror=alert(1)><svg/onload=alert(2)>{{7*7}}'"
SQUARE = {"type": "Polygon", "coordinates": [[[-2, 47], [1, 47], [1, 49], [-2, 49], [-2, 47]]]}


@pytest.fixture
def hostile_page(tmp_path):
    toy = StudyFolder(tmp_path).write()
    toy.configure(
        ("[donnees]", '[donnees]\ntournees_projet = "t.csv"'),
        ("[candidats]", '[carte]\nvoisins = "v.geojson"\n\n[candidats]\nfichier = "h.csv"'),
    )
    rows = {
        "h.csv": f"site_id,nom,genre,code_insee\nh1,{PAYLOAD},Mairie,53003\n",
        "t.csv": "vehicule,jour,semaine,code_insee,lieu,arrivee,depart\n"
        f"{PAYLOAD},mardi,,53006,{PAYLOAD},11:30,12:30\n",
    }
    for name, text in rows.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    feature = {"type": "Feature", "properties": {"code": 72, "nom": PAYLOAD}, "geometry": SQUARE}
    (tmp_path / "v.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8"
    )
    with pytest.raises(SystemExit) as end:
        main(["lancer", str(toy.path), "--sortie", str(tmp_path / "sortie")])
    assert end.value.code == 0
    return tmp_path / "sortie" / "carte.html"


def test_nothing_of_them_is_run(hostile_page, tmp_path):
    assert "onerror=alert" in hostile_page.read_text(encoding="utf-8")
    browser = open_chromium(tmp_path / "chromium")
    try:
        visit(browser, hostile_page)
        with pytest.raises(NoAlertPresentException):
            browser.switch_to.alert.accept()
        assert browser.find_elements("css selector", 'img[src="x"], svg[onload]') == []
        assert "49" not in browser.find_element("tag name", "title").get_attribute("textContent")
    finally:
        browser.quit()
