"""The map of a comparison in a real browser, with the network cut."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from support.hostile import HOSTILE, hostile_study
from support.pages import picture, popups, visit
from support.pages import pytestmark as pytestmark  # noqa: PLC0414 - the marks of its tests
from support.toy import StudyFolder, maison_row

from msap_geo.comparison import compare_studies, read_folder
from msap_geo.folder import write_comparison, write_study
from msap_geo.study import read_study, run_study


def folder_of(path, maisons, *, hostile=False):
    path.mkdir()
    toy = hostile_study(path) if hostile else StudyFolder(path).write(maisons=maisons)
    write_study(run_study(read_study(toy.path)), path / "sortie")
    return path / "sortie"


def page_of(before, after, folder):
    write_comparison(compare_studies(read_folder(before), read_folder(after)), folder)
    return folder / "comparaison.html"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A and F then, E now: D, E come within, F's Maison is closed and A's too."""
    base = tmp_path_factory.mktemp("carte")
    before = folder_of(base / "a", [maison_row(0), maison_row(5)])
    after = folder_of(base / "b", [maison_row(2), maison_row(1, lib_fs="Maison neuve")])
    return page_of(before, after, base / "c")


def data_of(page):
    text = page.read_text(encoding="utf-8")
    return json.loads(re.search(r'id="msap-donnees">(.*?)</script>', text).group(1))


def test_the_page_carries_what_was_computed(page):
    data = data_of(page)
    told = data["comparaison"]
    assert told["ecart"] == [10, -10, -20, -10, 10, 30]
    assert told["statut"] == [
        "toujours à portée",
        "toujours à portée",
        "toujours à portée",
        "toujours à portée",
        "toujours à portée",
        "perd",
    ]
    assert told["eloignes"] == [0, 4, 5]
    names = [data["classes"][rank]["nom"] for rank in data["communes"]["classe"]]
    assert names == [
        "plus loin de 5 à 15 min",
        "plus près de 5 à 15 min",
        "plus près de 15 min ou plus",
        "plus près de 5 à 15 min",
        "plus loin de 5 à 15 min",
        "plus loin de 15 min ou plus",
    ]
    assert sorted(told["maisons"]) == ["2", "3", "avant:1", "avant:6"]


@pytest.mark.parametrize("size", [(1440, 900), (500, 900)], ids=["bureau", "telephone"])
def test_it_opens_offline_without_errors(browser, page, size):
    visit(browser, page, size=size)
    picture(browser, f"comparaison-{size[0]}")
    assert browser.find_element("css selector", "h1").text == (
        "Ville jouet (avant) → Ville jouet (après)"
    )
    width = browser.execute_script("return document.documentElement.scrollWidth")
    assert width <= browser.execute_script("return window.innerWidth")
    counted = browser.execute_script(
        "return Array.from(document.querySelectorAll('.msap-legende .msap-compte'),"
        " e => e.textContent)"
    )
    figures = [int(re.sub(r"\D", "", text)) for text in counted]
    assert sum(figures) == 2100


def test_its_words_are_set_in_french(browser, page):
    visit(browser, page)
    field = browser.find_element("id", "msap-recherche")
    assert field.get_attribute("placeholder") == "Commune ou Maison"
    text = browser.execute_script("return document.getElementById('msap-panneau').textContent")
    assert "Plus loin" in text
    assert not re.search("« | »|\\d \\d{3}(?!\\d)", text)


def test_layers_and_signs(browser, page):
    visit(browser, page)
    names = browser.execute_script(
        "return Array.from(document.querySelectorAll('.leaflet-control-layers-overlays span span'))"
        ".map(e => e.textContent.trim())"
    )
    assert [name for name in names if not name.startswith("Fond")] == [
        "Écart de temps de trajet",
        "Signes des gains et des pertes",
        "Limites de département",
        "Zones blanches d’avant",
        "Zones blanches d’après",
        "Noms des communes",
        "Maisons",
    ]
    for kind, count in (("ouverte", 2), ("fermee", 2)):
        signs = browser.find_elements("css selector", f".leaflet-marker-icon .msap-signe-{kind}")
        assert len(signs) == count, kind


def test_a_row_of_the_panel_shows_the_commune(browser, page):
    visit(browser, page)
    browser.find_element("css selector", "[data-commune='53006']").click()
    (text,) = popups(browser)
    for words in (
        "Zêta (53006)",
        "Temps avant0,0\u202fmin",
        "+30,0\u202fmin",
        "n’est plus à 20 min",
    ):
        assert words in text


def test_hostile_names_are_text(browser, tmp_path):
    before = folder_of(tmp_path / "a", None, hostile=True)
    shutil.copytree(before, tmp_path / "b")
    page = page_of(before, tmp_path / "b", tmp_path / "c")
    visit(browser, page)
    assert HOSTILE[0] in browser.find_element("css selector", "h1").text
    browser.execute_script(
        "window.shown = []; const codes = msap.donnees().communes.code;"
        "codes.forEach((_, i) => { msap.montrerCommune(i);"
        " const fiches = Array.from(document.querySelectorAll('.msap-fiche'));"
        " window.shown.push(fiches.pop().textContent); });"
    )
    shown = "\n".join(browser.execute_script("return window.shown"))
    for name in HOSTILE[:5]:
        assert name in shown
    assert browser.execute_script("return document.querySelectorAll('.msap-fiche img').length") == 0
    assert [entry["message"] for entry in browser.get_log("browser")] == []


def test_the_page_asks_for_nothing_from_outside(page):
    text = page.read_text(encoding="utf-8")
    assert not re.findall(r"<(?:script|img|iframe|object|embed)[^>]*\ssrc=", text)
    assert not re.findall(r"<link\s", text)


@pytest.mark.corse
@pytest.mark.slow
@pytest.mark.xdist_group("browser")
def test_corsica_in_pictures(browser, corsica_folders, tmp_path):
    page = page_of(*corsica_folders, tmp_path / "sortie")
    for size in ((1440, 900), (500, 900)):
        visit(browser, page, size=size)
        picture(browser, f"comparaison-corse-{size[0]}")
    shown = browser.execute_script("return document.querySelectorAll('.msap-signe-ouverte').length")
    assert shown >= 32
