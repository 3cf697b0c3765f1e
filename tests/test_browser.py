"""The map in a real browser, with the network cut."""

from __future__ import annotations

import base64
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from test_outputs import HOSTILE, hostile_study

from msap_geo import french
from msap_geo.study import read_study, run_study, sample_study, write_study

selenium = pytest.importorskip("selenium.webdriver")

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
PICTURES = Path(__file__).parent.parent / "build" / "captures"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,  # the driver is spoken to over localhost
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if not (CHROMIUM and DRIVER):
        if os.environ.get("CI"):
            pytest.fail("Chromium et son pilote doivent être installés en intégration continue")
        pytest.skip("Chromium ou chromedriver n'est pas installé")
    options = selenium.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--hide-scrollbars",
        f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = selenium.Chrome(options=options, service=selenium.ChromeService(DRIVER))
    yield driver
    driver.quit()


def visit(browser, page, *, size=(1440, 900)):
    """Open a page; it must log no error and ask for nothing but itself."""
    browser.set_window_size(*size)
    for log in ("browser", "performance"):
        browser.get_log(log)
    browser.get(page.as_uri())
    errors = [entry["message"] for entry in browser.get_log("browser")]
    assert errors == []
    asked = [
        line["message"].split('"url":"')[1].split('"')[0]
        for line in browser.get_log("performance")
        if '"Network.requestWillBeSent"' in line["message"]
    ]
    outside = [url for url in asked if not url.startswith(("file:", "data:"))]
    assert outside == []


def popups(browser):
    """Text of the popups, read in one go: one that fades out is gone between two questions."""
    return browser.execute_script(
        "return Array.from(document.querySelectorAll('.msap-fiche'), e => e.textContent)"
    )


def picture(browser, name):
    PICTURES.mkdir(parents=True, exist_ok=True)
    browser.save_screenshot(str(PICTURES / f"{name}.png"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    write_study(run_study(sample_study()), folder)
    return folder / "carte.html"


@pytest.mark.parametrize("size", [(1440, 900), (500, 900)], ids=["bureau", "telephone"])
def test_the_demo_opens_offline_without_errors(browser, demo, size):
    visit(browser, demo, size=size)
    picture(browser, f"demo-{size[0]}")
    assert browser.find_element("css selector", "h1").text == "Mayenne (démonstration)"
    banners = [e.text for e in browser.find_elements("css selector", ".msap-bandeau")]
    assert len(banners) == 2
    width = browser.execute_script("return document.documentElement.scrollWidth")
    assert width <= browser.execute_script("return window.innerWidth")


def test_layers_are_named_in_french_and_can_be_switched(browser, demo):
    visit(browser, demo)
    names = browser.execute_script(
        "return Array.from(document.querySelectorAll('.leaflet-control-layers-overlays span span'))"
        ".map(e => e.textContent.trim())"
    )
    assert names == [
        "Plan IGN (en ligne)",
        "Temps d’accès",
        "Limites de département",
        "Zones blanches",
        "Noms des villes",
        "Points de contact La Poste",
        "Bureaux candidats (rang)",
        "Maisons",
        "Maisons itinérantes (non comptées)",
    ]
    signs = "return document.querySelectorAll('.msap-signe-maison').length"
    before = browser.execute_script(signs)
    browser.execute_script(
        "Array.from(document.querySelectorAll('.leaflet-control-layers-overlays label'))"
        ".find(e => e.textContent.trim() === 'Maisons').querySelector('input').click()"
    )
    assert before - browser.execute_script(signs) == 8


def test_a_row_of_the_panel_opens_its_popup(browser, demo):
    visit(browser, demo)
    browser.find_element("css selector", "#msap-panneau [data-site]").click()
    (candidate,) = popups(browser)
    assert candidate.startswith("Candidat n° 1 : ")
    assert "Habitants gagnés" in candidate
    browser.find_element("css selector", "#msap-panneau [data-zone]").click()
    assert any(text.startswith("Zone blanche n° 1") for text in popups(browser))


def test_clicking_a_commune_shows_its_minutes(browser, demo):
    visit(browser, demo)
    canvas = browser.find_element("css selector", ".folium-map")
    selenium.ActionChains(browser).move_to_element_with_offset(canvas, 60, -140).click().perform()
    (text,) = popups(browser)
    assert "Temps de trajet" in text
    assert "Population" in text


def test_a_printed_page_shows_the_whole_territory(browser, demo):
    visit(browser, demo)
    browser.find_element("css selector", "#msap-panneau [data-site]").click()  # zoomed in somewhere
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.7})
    PICTURES.mkdir(parents=True, exist_ok=True)
    (PICTURES / "demo.pdf").write_bytes(base64.b64decode(printed["data"]))
    browser.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    framed = browser.execute_script(
        "const box = document.querySelector('.folium-map').getBoundingClientRect();"
        "return Array.from(document.querySelectorAll('.msap-signe-maison')).slice(-8).filter(e => {"
        "  const r = e.getBoundingClientRect();"
        "  return r.left >= box.left && r.right <= box.right && r.top >= box.top"
        "    && r.bottom <= box.bottom; }).length"
    )
    assert framed == 8
    browser.execute_script("window.dispatchEvent(new Event('afterprint'))")
    classes = browser.execute_script("return document.documentElement.className")
    assert "msap-impression" not in classes


def test_numbers_are_those_of_python(browser, demo):
    visit(browser, demo)
    rng = np.random.default_rng(7)
    values = [0, 0.05, 0.25, 0.35, 0.45, 2.5, 3.5, -0.04, 999.95, 1234567.891, 0.125, 1e9 + 0.25]
    values += np.round(rng.random(300) * 200, 3).tolist() + (rng.integers(0, 999, 99) / 8).tolist()
    for decimals in (0, 1, 2):
        told = browser.execute_script(
            "return arguments[0].map(x => msap.nombre(x, arguments[1]))", values, decimals
        )
        assert told == [french.number(value, decimals) for value in values]
    assert browser.execute_script("return msap.nombre(null)") == french.number(None)
    assert browser.execute_script("return msap.minutes(3.46)") == french.minutes(3.46)
    assert browser.execute_script("return msap.part(0.9234)") == french.percent(0.9234)
    counted = browser.execute_script("return msap.compte(12345, 'zone blanche')")
    assert counted == french.counted(12345, "zone blanche")


def test_hostile_names_are_text(browser, tmp_path):
    toy = hostile_study(tmp_path)
    write_study(run_study(read_study(toy.path)), tmp_path / "sortie")
    visit(browser, tmp_path / "sortie" / "carte.html")
    assert HOSTILE[0] in browser.find_element("css selector", "h1").text
    assert "{{7*7}}" in browser.find_element("css selector", "h1").text
    # Open every popup there is: none may run anything, each shows its words as they are.
    browser.execute_script(
        """
        window.shown = [];
        const data = msap.donnees();
        const keep = () => document.querySelectorAll('.msap-fiche, .leaflet-tooltip, .msap-ville')
            .forEach(e => window.shown.push(e.textContent));
        data.communes.code.forEach((_, i) => { msap.montrerCommune(i); keep(); });
        data.sites.id.forEach(id => { msap.montrerSite(id); keep(); });
        data.zones.forEach(zone => { msap.montrerZone(zone.rang); keep(); });
        """
    )
    shown = "\n".join(browser.execute_script("return window.shown"))
    for name in HOSTILE[:5]:
        assert name in shown
    assert browser.execute_script("return document.querySelectorAll('.msap-fiche img').length") == 0
    assert [entry["message"] for entry in browser.get_log("browser")] == []
    with pytest.raises(Exception, match="no such alert"):
        browser.switch_to.alert.accept()


@pytest.mark.corse
@pytest.mark.slow
def test_corsica_in_pictures(browser, corsica, tmp_path):
    for name, maisons in (
        ("corse-2024", "liste-fs-20240801.csv"),
        ("corse-2020", "france-services-20200108.csv"),
    ):
        text = corsica.read_text(encoding="utf-8").replace("liste-fs-20240801.csv", maisons)
        path = tmp_path / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        write_study(run_study(read_study(path)), tmp_path / name)
        page = tmp_path / name / "carte.html"
        assert page.stat().st_size < 1_500_000
        for size in ((1440, 900), (500, 900)):
            visit(browser, page, size=size)
            picture(browser, f"{name}-{size[0]}")
