"""The map in a real browser, with the network cut."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from pathlib import Path

import axe_playwright_python
import folium
import numpy as np
import pypdf
import pytest
from scipy.sparse import coo_array
from support.coaches import MOBILITE, coaches
from support.hostile import HOSTILE, hostile_study
from support.pages import PICTURES, picture, popups, selenium, visit
from support.pages import pytestmark as pytestmark  # noqa: PLC0414 - the marks of its tests
from support.toy import CODES, MAISONS_HEADER, StudyFolder, maison_row, write_csv

from msap_geo import coverage, french, outputs, place_names
from msap_geo.answers import decisions_of, diagnose
from msap_geo.folder import write_study
from msap_geo.outputs.page import payload
from msap_geo.study import read_study, run_study, sample_study

Keys = selenium.Keys


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    result = run_study(sample_study())
    write_study(result, folder, diagnosis=diagnose(result))
    return folder / "carte.html"


@pytest.fixture(scope="module")
def evolution(tmp_path_factory):
    """Toy town, where a second Maison has opened since the previous list."""
    toy = StudyFolder(tmp_path_factory.mktemp("evolution"))
    toy.write(maisons=[maison_row(0), maison_row(4, format_fs="Antenne")])
    write_csv(toy.folder / "avant.csv", MAISONS_HEADER, [maison_row(0)])
    toy.configure(("[candidats]", '[diagnostic]\nmaisons_avant = "avant.csv"\n\n[candidats]'))
    result = run_study(read_study(toy.path))
    write_study(result, toy.folder / "sortie", diagnosis=diagnose(result))
    return toy.folder / "sortie" / "carte.html"


@pytest.mark.parametrize("size", [(1440, 900), (360, 740)], ids=["bureau", "telephone"])
def test_the_demo_opens_offline_without_errors(browser, demo, size):
    visit(browser, demo, size=size)
    picture(browser, f"demo-{size[0]}")
    assert browser.find_element("css selector", "h1").text == "Mayenne (démonstration)"
    banners = [e.text for e in browser.find_elements("css selector", ".msap-bandeau")]
    assert len(banners) == 2
    width = browser.execute_script("return document.documentElement.scrollWidth")
    assert width <= browser.execute_script("return window.innerWidth")


# Of communes given by their rows, how many have a point under what lies over the map, or off it.
HIDDEN = """
const data = msap.donnees(), map = msap.etat.carte, shape = data.topologie;
const frame = map.getContainer().getBoundingClientRect();
const rows = arguments[0] || data.communes.nom.map((_, i) => i);
const over = Array.from(document.querySelectorAll(
  ".msap-chercher, .msap-cle, .msap-bandeaux, #msap-fiche, .leaflet-control"
), node => node.getBoundingClientRect()).filter(r => r.width);
return rows.filter(i => {
  for (let ring = shape.areaStart[i]; ring < shape.areaStart[i + 1]; ring += 1) {
    for (let r = shape.ringStart[ring]; r < shape.ringStart[ring + 1]; r += 1) {
      const arc = shape.refs[r] >> 1;
      for (let k = shape.start[arc]; k < shape.start[arc + 1]; k += 1) {
        const p = map.latLngToContainerPoint(data.repere.latlng(shape.x[k], shape.y[k]));
        const x = p.x + frame.left, y = p.y + frame.top;
        if (p.x < 0 || p.y < 0 || x > frame.right || y > frame.bottom) { return true; }
        if (over.some(b => x > b.left && x < b.right && y > b.top && y < b.bottom)) { return true; }
      }
    }
  }
  return false;
}).length;
"""


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (800, 600), (360, 780), (780, 360)])
def test_nothing_lies_over_the_territory_at_first_view(browser, demo, size):
    visit(browser, demo, size=size)
    assert browser.execute_script(HIDDEN) == 0
    # It is as large as that lets it be: a step nearer, and something is hidden or out of sight.
    browser.execute_script(
        "msap.etat.carte.setZoom(msap.etat.carte.getZoom() + 1, {animate: false})"
    )
    assert browser.execute_script(HIDDEN) > 0


@pytest.mark.parametrize("width", [1440, 800, 768, 761, 760, 360])
def test_the_search_box_leaves_the_buttons_of_the_map_alone(browser, demo, width):
    visit(browser, demo, size=(width, 900))
    box, *buttons = browser.execute_script(
        "return ['.msap-chercher input', '.leaflet-control-layers', '.leaflet-control-zoom'].map("
        "  path => document.querySelector(path).getBoundingClientRect())"
    )
    assert box["width"] >= 150
    assert box["right"] <= width
    for button in buttons:
        assert button["right"] <= box["left"] or box["right"] <= button["left"]


@pytest.mark.parametrize("size", [(1440, 900), (360, 780)])
def test_a_zone_shown_is_not_under_its_own_card(browser, demo, size):
    visit(browser, demo, size=size)
    for rank in (1, 2):
        browser.execute_script(f"msap.montrerZone({rank})")
        communes = browser.execute_script(f"return msap.etat.zones[{rank - 1}].communes")
        assert browser.execute_script(HIDDEN, communes) == 0


def test_layers_are_named_in_french_and_can_be_switched(browser, demo):
    visit(browser, demo)
    names = browser.execute_script(
        "return Array.from(document.querySelectorAll('.leaflet-control-layers-overlays span span'))"
        ".map(e => e.textContent.trim())"
    )
    assert names == [
        "Fond : Plan IGN (en ligne)",
        "Fond : OpenStreetMap (en ligne)",
        "Temps d’accès",
        "À portée d’une Maison (isochrones)",
        "Limites de département",
        "Bassins des Maisons",
        "Zones blanches",
        "Noms des communes",
        "Points de contact La Poste",
        "Bureaux candidats",
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
    assert candidate.startswith("Ernée (fictif)")
    assert re.search(r"Plan de 3 bureauxn° 1, tenu par \d+,\d\u202f% des plans", candidate)
    assert "Coût d’une Maison ici150\u202f000\u202f€ par an, dont État" in candidate
    assert "Candidat n°" not in candidate
    browser.find_element("css selector", "#msap-panneau [data-zone]").click()
    (zone,) = popups(browser)
    assert zone.startswith("Zone blanche n° 1, autour d’Ernée")


def test_clicking_a_commune_shows_its_minutes(browser, demo):
    visit(browser, demo)
    canvas = browser.find_element("css selector", ".folium-map")
    selenium.ActionChains(browser).move_to_element_with_offset(canvas, 60, -140).click().perform()
    (text,) = popups(browser)
    assert "Temps de trajet" in text
    assert "Population" in text


def printed(browser, name):
    """Print a page on one sheet of A4, and return its words."""
    sheet = browser.execute_cdp_cmd(
        "Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True}
    )
    PICTURES.mkdir(parents=True, exist_ok=True)
    (PICTURES / f"{name}.pdf").write_bytes(base64.b64decode(sheet["data"]))
    reader = pypdf.PdfReader(PICTURES / f"{name}.pdf")
    assert len(reader.pages) == 1
    return " ".join(reader.pages[0].extract_text().replace("\xa0", " ").split())


def test_a_printed_page_shows_the_whole_territory(browser, demo):
    visit(browser, demo)
    browser.find_element("css selector", "#msap-panneau [data-site]").click()  # zoomed in
    words = printed(browser, "demo")
    for told in ("Mayenne (démonstration)", "DÉMONSTRATION", "Temps jusqu’à la Maison", "candidat"):
        assert told in words
    for told in ("Proposition : 3 bureaux", "par an, dont État", "Ernée", "autour d’Ernée"):
        assert told in words
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
    # A choice prints on one page too.
    browser.execute_script(
        "msapEssai.remplacer(msapEssai.moteur().plans.slice(-1)[0].sites);"
        "msapEssai.mettre(msapEssai.moteur().sites.site_id[0], true);"
    )
    opened = browser.execute_script("return msapEssai.moteur().plans.slice(-1)[0].sites.length")
    words = printed(browser, "demo-essai")
    for told in (
        f"SIMULATION : {opened} ouvertures",
        "Et si",
        "Votre choix, à côté de ce plan",
        "Habitants à 30",
    ):
        assert told in words


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
    values += [20.03, 19.97, 20.004, 19.9999, 30.0004, -20.03, 0.03, 60, 1000.02, None]
    for name, measure in (("minutes", french.minutes), ("kilometres", french.kilometres)):
        told = browser.execute_script(f"return arguments[0].map(msap.{name})", values)
        assert told == [measure(value) for value in values]
    shares = [0, 1, 0.9234, 0.9995, 0.99949, 0.9999999, 0.0004, 0.0005, 1e-12, 1 - 1e-12, 0.005]
    shares += (1 - np.geomspace(1e-12, 1, 60)).tolist() + np.geomspace(1e-12, 1, 60).tolist()
    for decimals in (0, 1, 2):
        told = browser.execute_script(
            "return arguments[0].map(x => msap.part(x, arguments[1]))", shares, decimals
        )
        assert told == [french.percent(share, decimals) for share in shares]
    assert browser.execute_script("return msap.part(0.9234)") == french.percent(0.9234)
    counted = browser.execute_script("return msap.compte(12345, 'zone blanche')")
    assert counted == french.counted(12345, "zone blanche")


def test_names_of_zones_are_those_of_python(browser, demo):
    visit(browser, demo)
    names = [*run_study(sample_study()).communes["nom"], "Le Mans", "Les Sables-d'Olonne", "Hyères"]
    names += ["L'Île-d'Yeu", "La Rochelle", "Les Abymes", "Œuilly", "Ämmer", "lestrade", "Le", ""]
    told = browser.execute_script("return arguments[0].map(msap.autour)", names)
    assert told == [place_names.around(name) for name in names]


AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"


@pytest.mark.parametrize("size", [(1440, 900), (360, 740)], ids=["bureau", "telephone"])
def test_axe_finds_nothing_serious(browser, demo, size):
    visit(browser, demo, size=size)
    browser.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    browser.execute_script("msap.montrerZone(1)")
    browser.execute_script(AXE.read_text(encoding="utf-8"))
    found = browser.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run(document).then(r => done(r.violations.map(v => [v.impact, v.id,"
        " v.nodes.map(n => n.html.slice(0, 200)).slice(0, 3)])))"
    )
    assert [line for line in found if line[0] in {"serious", "critical"}] == []
    assert [line[1] for line in found] == []


def test_searching_by_keyboard(browser, demo):
    visit(browser, demo)
    field = browser.find_element("id", "msap-recherche")
    field.send_keys("evron")
    options = browser.find_elements("css selector", "#msap-reponses [role=option]")
    assert options[0].text.startswith("Évron")
    assert field.get_attribute("aria-expanded") == "true"
    field.send_keys(Keys.ARROW_DOWN, Keys.ARROW_UP)
    assert field.get_attribute("aria-activedescendant") == options[0].get_attribute("id")
    field.send_keys(Keys.ENTER)
    (text,) = popups(browser)
    assert text.startswith("Évron (53097)")
    field.clear()
    field.send_keys("zzzz")
    assert browser.find_element("id", "msap-reponses-nombre").get_attribute("textContent") == (
        "Aucune réponse"
    )
    field.send_keys(Keys.ESCAPE)
    assert browser.switch_to.active_element == field
    assert field.get_attribute("aria-expanded") == "false"


def test_tables_sort_and_show_what_is_open_on_the_map(browser, demo):
    visit(browser, demo)
    read = (
        "return Array.from(document.querySelectorAll('#msap-zones tbody tr'),"
        " r => r.cells[2].textContent)"
    )
    before = browser.execute_script(read)
    header = browser.find_element("css selector", "#msap-zones th:nth-child(3) button")
    header.click()
    values = [int(text.replace("\u202f", "")) for text in browser.execute_script(read)]
    assert values == sorted(values)
    assert len(values) == len(before) > 1
    header.click()
    assert browser.execute_script(read)[0] == f"{max(values):,}".replace(",", "\u202f")
    state = "return document.querySelector('#msap-zones th:nth-child(3)').ariaSort"
    assert browser.execute_script(state) == "descending"
    browser.execute_script("msap.montrerZone(1)")
    chosen = browser.find_elements("css selector", "tr.msap-choisi [data-zone]")
    assert [button.text for button in chosen] == ["1"]


def test_each_commune_is_found_under_a_point_inside_it(browser, demo):
    visit(browser, demo)
    wrong = browser.execute_script(
        "const d = msap.donnees(), c = d.communes;"
        "return c.code.filter((_, i) => d.topologie.at(c.x[i], c.y[i]) !== i)"
    )
    assert wrong == []
    assert browser.execute_script("return msap.donnees().topologie.at(-1e6, -1e6)") == -1


def test_neighbours_are_those_of_the_zones(browser, demo):
    visit(browser, demo)
    told = browser.execute_script(
        "const v = msap.donnees().communes.voisines;"
        "return [Array.from(v.debut), Array.from(v.index)]"
    )
    communes = run_study(sample_study()).communes
    pairs = coverage.contiguous_pairs(communes.geometry.to_numpy())
    whole = coo_array((np.ones(pairs.shape[1]), pairs), shape=(len(communes), len(communes)))
    matrix = (whole + whole.T).tocsr()
    matrix.sort_indices()
    assert told == [matrix.indptr.tolist(), matrix.indices.tolist()]


def test_a_wide_view_is_read_by_departement_and_entered(browser, tmp_path, monkeypatch):
    monkeypatch.setattr(payload, "_MANY_COMMUNES", 100)
    content = run_study(sample_study()).map_content()
    west = (
        content.communes.representative_point().x
        < content.communes.representative_point().x.median()
    )
    halves = content.communes.assign(departement=np.where(west, "53", "72"))
    content = dataclasses.replace(content, communes=halves)
    outputs.write_map(outputs.map(content), tmp_path / "carte.html", title="x")
    visit(browser, tmp_path / "carte.html")
    shown = "return getComputedStyle(document.querySelector('.msap-marque')).display"
    assert browser.execute_script("return msap.vueDEnsemble()") is False
    assert browser.execute_script(shown) != "none"
    browser.execute_script("msap.etat.carte.setZoom(6, {animate: false})")
    assert browser.execute_script("return msap.vueDEnsemble()") is True
    assert browser.execute_script(shown) == "none"
    far = content.access["palier"] != "20 min ou moins"
    share = content.access["population"].where(far, 0).groupby(halves["departement"]).sum()
    share /= content.access["population"].groupby(halves["departement"]).sum()
    for code, part in share.items():
        row = int(np.flatnonzero(halves["departement"] == code)[0])
        told = browser.execute_script("return msap.ditDeTerritoire(arguments[0])", row)
        assert told == french.percent(part)
        classes = browser.execute_script("return msap.themeDEnsemble().classes.map(c => c.nom)")
        rank = browser.execute_script(f"return msap.themeDEnsemble().classe[{row}]")
        assert_told_within(classes[rank], part)
    browser.execute_script("msap.entrer(0)")
    assert browser.execute_script("return msap.vueDEnsemble()") is False
    assert browser.execute_script("return document.querySelector('.msap-ensemble-cle').hidden")
    # Too large for a plan and a trial, it says so where they would be, and where they are.
    vast = dataclasses.replace(content, simulation=None)
    outputs.write_map(outputs.map(vast), tmp_path / "vaste.html", title="x")
    told = 'id="msap-trop-vaste"'
    assert told in (tmp_path / "vaste.html").read_text(encoding="utf-8")
    assert told not in (tmp_path / "carte.html").read_text(encoding="utf-8")


def assert_told_within(words, part):
    """Assert that a share is what the words of its class say."""
    bounds = [
        float(text.replace(",", ".")) / 100 for text in re.findall(r"[\d,]+(?=\u202f%)", words)
    ]
    if words == "aucun habitant":
        assert part == 0
    elif words.startswith("moins de "):
        assert 0 < part < bounds[0]
    elif words.endswith(" et plus"):
        assert part >= bounds[0]
    else:
        assert bounds[0] <= part < bounds[1]


_SPREADS = {
    "mostly nothing": [0.0] * 20 + [0.0001, 0.0004, 0.0011, 0.0012, 0.003, 0.02, 0.08, 0.081],
    "all alike": [0.2] * 6,
    "nothing anywhere": [0.0] * 5,
    "two": [0.1, 0.30001],
}


@pytest.mark.parametrize("name", _SPREADS)
def test_classes_of_departements_tell_them_apart(browser, tmp_path, monkeypatch, name):
    """Each class with people holds a like number of départements, and says what it holds."""
    parts = _SPREADS[name]
    monkeypatch.setattr(payload, "_MANY_COMMUNES", 100)
    content = run_study(sample_study()).map_content()
    codes = [f"{i:02d}" for i in range(1, len(parts) + 1)]
    of = np.arange(len(content.communes)) % len(parts)
    # In each, one commune beyond holds its share of the people, one within the rest.
    beyond = np.arange(len(of)) < len(parts)
    share = np.array(parts)[of]
    access = content.access.assign(
        population=np.rint(np.where(beyond, share, 1 - share) * 1e6).astype(int),
        palier=np.where(beyond, content.access["palier"].max(), "20 min ou moins"),
    )
    once = np.arange(len(of)) < 2 * len(parts)
    access["population"] = access["population"].where(once, 0)
    communes = content.communes.assign(departement=np.array(codes)[of])
    shown = dataclasses.replace(content, communes=communes, access=access, simulation=None)
    outputs.write_map(outputs.map(shown), tmp_path / "carte.html", title="x")
    visit(browser, tmp_path / "carte.html")
    theme = browser.execute_script("return msap.themeDEnsemble()")
    words, rank = [line["nom"] for line in theme["classes"]], theme["classe"][: len(parts)]
    for part, at in zip(parts, rank, strict=True):
        assert at < len(words)
        if words[at] != "certains":
            assert_told_within(words[at], part)
    counts = np.bincount([at for at, part in zip(rank, parts, strict=True) if part])
    assert not counts.any() or counts[counts > 0].max() <= counts[counts > 0].min() + 1


def test_the_map_can_be_repainted(browser, demo):
    visit(browser, demo)
    middle = (
        # What was asked is drawn before the next picture, no sooner: wait for it.
        "await new Promise(requestAnimationFrame);"
        "const c = document.querySelector('.msap-toile'), x = c.getContext('2d');"
        "return Array.from(x.getImageData(c.width / 2, c.height / 2, 1, 1).data)"
    )
    browser.execute_script("msap.dessinerZones([])")
    browser.execute_script("msap.peindre(msap.donnees().communes.classe.map(() => 2))")
    colour = browser.execute_script("return msap.donnees().classes[2].couleur")
    assert browser.execute_script(middle)[:3] == [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    browser.execute_script(
        "msap.dessinerZones([{rang: 7, communes: [3, 4], population: 12, minutesMax: null}])"
    )
    signs = browser.find_elements("css selector", ".leaflet-marker-icon .msap-signe-zone")
    assert [sign.text for sign in signs] == ["7"]
    last = "msap.donnees().sites.id[msap.donnees().sites.role.lastIndexOf('candidat')]"
    browser.execute_script(f"msap.marquer({last}, 'ouverte')")
    (opened,) = browser.find_elements("css selector", ".leaflet-marker-icon .msap-signe-ouverte")
    assert opened.text == "+"
    browser.execute_script(f"msap.marquer({last}, 'ouverte', '4')")
    (opened,) = browser.find_elements("css selector", ".leaflet-marker-icon .msap-signe-ouverte")
    assert opened.text == "4"
    browser.execute_script(f"msap.marquer({last}, 'candidat')")
    assert not browser.find_elements("css selector", ".leaflet-marker-icon .msap-signe-ouverte")
    browser.execute_script(
        "window.did = 0;"
        "msap.surSite(id => ({lignes: [['Essai', id]],"
        " actions: [{texte: 'Fermer cette Maison', faire: () => { window.did += 1; }}]}));"
        "msap.surCommune(i => [['Rang', String(i)]]);"
        "msap.montrerSite(msap.donnees().sites.id[0])"
    )
    # The what-if of the page offers actions of its own on the same fiche.
    browser.execute_script(
        "Array.from(document.querySelectorAll('.msap-actions button'))"
        ".find(b => b.textContent === 'Fermer cette Maison').click()"
    )
    assert browser.execute_script("return window.did") == 1
    browser.execute_script("msap.montrerCommune(5)")
    assert any("Rang5" in text for text in popups(browser))


def test_every_layer_and_theme_draws(browser, evolution):
    visit(browser, evolution)
    browser.execute_script(
        "document.querySelectorAll('.leaflet-control-layers-overlays label').forEach(label => {"
        "  const box = label.querySelector('input');"
        "  if (!box.checked && !label.textContent.includes('en ligne')) box.click(); });"
    )
    for name, value in (("msap-theme", "evolution"), ("msap-theme", "acces")):
        browser.execute_script(
            "const s = document.getElementById(arguments[0]); s.value = arguments[1];"
            "s.dispatchEvent(new Event('change'));",
            name,
            value,
        )
    picture(browser, "jouet-toutes-couches")
    browser.execute_script("msap.montrerCommune(3)")
    (text,) = popups(browser)
    assert "passés sous le seuil" in text
    assert [entry["message"] for entry in browser.get_log("browser")] == []


def test_those_without_a_car_have_their_layer(browser, toy_study):
    toy = coaches(toy_study).configure(("\n[candidats]", MOBILITE))
    result = run_study(read_study(toy.path))
    write_study(result, toy.folder / "sortie", diagnosis=diagnose(result))
    visit(browser, toy.folder / "sortie" / "carte.html")
    browser.execute_script(
        "const s = document.getElementById('msap-theme'); s.value = 'sansVoiture';"
        "s.dispatchEvent(new Event('change')); msap.montrerCommune(2);"
    )
    picture(browser, "jouet-sans-voiture")
    (text,) = popups(browser)
    assert "8 h 20 Gamma → 8 h 40 Maison de Alpha" in text
    legend = browser.find_element("css selector", "[data-theme=sansVoiture]").text
    assert "aucun jour ne convient" in legend
    assert "1\u202f200" in legend
    assert not browser.find_element("css selector", "[data-theme=acces]").is_displayed()
    assert [entry["message"] for entry in browser.get_log("browser")] == []


def test_what_moves_has_its_layer(browser, toy_study):
    stop = """[[tournees]]
vehicule = "Bus A"
jour = "mardi"
code_insee = "53006"
lieu = "{{ 7 * 7 }}"
arrivee = "09:00"
depart = "12:00"

[candidats]"""
    toy = toy_study.configure(("[candidats]", stop))
    write_study(run_study(read_study(toy.path)), toy.folder / "sortie")
    visit(browser, toy.folder / "sortie" / "carte.html")
    browser.execute_script(
        "const s = document.getElementById('msap-theme'); s.value = 'couverture';"
        "s.dispatchEvent(new Event('change')); msap.montrerCommune(5);"
    )
    picture(browser, "jouet-itinerant")
    (text,) = popups(browser)
    assert "itinérant : un arrêt" in text
    assert "3,0 h par semaine" in text
    assert "Bus A, mardi 09:00–12:00" in text
    legend = browser.find_element("css selector", "[data-theme=couverture]").text
    assert "1\u202f500" in legend
    assert [entry["message"] for entry in browser.get_log("browser")] == []


def test_going_online_is_beside_access(browser, toy_study):
    head = "code_insee;nbr;type;inel_hd;elig_thd30;date"
    wired = [f"{code};100;all;0;{20 * i};2026-03-31" for i, code in enumerate(CODES)]
    fibre = [f"{code};100;all;90" for code in CODES[:5]]
    for name, lines in (
        ("commune_debit_filaire.csv", [head, *wired]),
        ("commune_techno.csv", ["code_insee;nbr;type;elig_ftth", *fibre]),
    ):
        (toy_study.folder / name).write_text("\n".join([*lines, ""]), encoding="utf-8")
    toy = toy_study.configure(
        (
            "[donnees]\n",
            '[donnees]\nindicateurs = ["commune_debit_filaire.csv", "commune_techno.csv"]\n',
        )
    )
    result = run_study(read_study(toy.path))
    write_study(result, toy.folder / "sortie")
    told = json.loads((toy.folder / "sortie" / "manifest.json").read_bytes())
    assert told["indicateurs"]["locaux_30_mbits"]["millesime"] == "31/03/2026"
    visit(browser, toy.folder / "sortie" / "carte.html")
    browser.execute_script(
        "const s = document.getElementById('msap-theme'); s.value = 'debit';"
        "s.dispatchEvent(new Event('change')); msap.montrerCommune(3);"
    )
    picture(browser, "jouet-debit")
    (text,) = popups(browser)
    assert "60 % des locaux" in text.replace("\u202f", " ").replace("\xa0", " ")
    legend = browser.find_element("css selector", "[data-theme=debit]").text
    # 0 and 20 %; 40 %; 60 %; 80 %; 100 %: 100 to 600 inhabitants in that order.
    assert [line.split()[-2] for line in legend.splitlines()[1:] if line.endswith("hab.")] == [
        "300", "300", "400", "500", "600", "0",
    ]  # fmt: skip
    assert "au 31/03/2026" in legend
    options = browser.find_element("id", "msap-theme").text
    assert "fibre" in options
    assert "fragilité" not in options  # one part alone makes no index
    assert [entry["message"] for entry in browser.get_log("browser")] == []


def test_what_an_analyst_adds_with_folium_works(browser, toy_study, tmp_path):
    fmap = outputs.map(run_study(read_study(toy_study.path)))
    folium.Marker([48.1, -0.7], popup="Mon repère", tooltip="Ici").add_to(fmap)
    outputs.write_map(fmap, tmp_path / "carte.html", title="x")
    visit(browser, tmp_path / "carte.html")
    marker = browser.find_element("css selector", "img.leaflet-marker-icon")
    assert browser.execute_script("return arguments[0].naturalWidth", marker) > 0
    browser.execute_script("arguments[0].click()", marker)
    assert "Mon repère" in browser.find_element("css selector", ".leaflet-popup-content").text


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
def test_corsica_in_pictures(browser, corsica_folders):
    for name, folder in zip(("corse-2020", "corse-2024"), corsica_folders, strict=True):
        page = folder / "carte.html"
        assert page.stat().st_size < 1_500_000
        for size in ((1440, 900), (360, 740)):
            visit(browser, page, size=size)
            picture(browser, f"{name}-{size[0]}")


def test_a_zone_of_many_communes_is_read_by_epci(browser, tmp_path):
    content = run_study(sample_study()).map_content()
    names = np.array(["CC du Nord", "CA de l'Ouest & <b>Sud</b>", None], dtype=object)
    epci = names[np.arange(len(content.communes)) % 3]
    content = dataclasses.replace(content, communes=content.communes.assign(epci_nom=epci))
    outputs.write_map(outputs.map(content), tmp_path / "carte.html", title="x")
    visit(browser, tmp_path / "carte.html")
    lines = dict(
        browser.execute_script(
            "const all = msap.donnees().communes.code.map((_, i) => i);"
            "const card = msap.fiches.zone({rang: 1, nom: 'x', communes: all, population: 1});"
            "return Array.from(card.querySelectorAll('dt'),"
            "  e => [e.textContent, e.nextSibling.textContent]);"
        )
    )
    people = content.access["population"].groupby(epci, dropna=False).agg(["sum", "size"])
    for name, row in people.iterrows():
        told = lines[name if isinstance(name, str) else "sans EPCI"]
        communes = french.counted(int(row["size"]), "commune")
        assert told.startswith(f"{french.people(int(row['sum']))}, {communes} : ")
    few = browser.execute_script(
        "return msap.fiches.zone({rang: 1, nom: 'x', communes: [0, 1], population: 1}).textContent"
    )
    assert "Nord" not in few


def test_what_is_proposed_is_marked_and_told(browser, tmp_path):
    """Toy town, two post offices beside each other: one may become an agence, at B's expense."""
    toy = StudyFolder(tmp_path)
    toy.write(maisons=[maison_row(0, h_lundi="09:00-12:00")])
    toy.configure(
        ("[candidats]", "[adaptation]\nnombre = 1\n[horaires]\nheures = 3\n\n[candidats]")
    )
    result = run_study(read_study(toy.path))
    found = decisions_of(result)
    content = dataclasses.replace(result.map_content(), proposals=found.proposals())
    page = tmp_path / "carte.html"
    outputs.write_map(outputs.map(content), page, title="Ville jouet")
    visit(browser, page)
    changed = found.adapted.transformations.iloc[0]
    signs = browser.find_elements("css selector", ".leaflet-marker-icon .msap-signe-transformation")
    assert len(signs) == 1
    browser.execute_script("document.querySelector('#msap-transformations [data-site]').click()")
    assert "accord du maire" in popups(browser)[0].lower()
    assert changed["nom"] in popups(browser)[0]
    browser.execute_script("document.querySelector('#msap-ajouts [data-site]').click()")
    assert "ouvrir aussi" in popups(browser)[0]
    browser.execute_script(
        "var t = document.getElementById('msap-theme'); t.value = 'plusLoin';"
        "t.dispatchEvent(new Event('change'))"
    )
    legend = browser.find_element("css selector", "[data-theme='plusLoin']").text
    assert "plus de 10 min de plus" in legend
    if len(found.adapted.farther):
        code = found.adapted.farther["code_insee"].iloc[0]
        row = result.access["code_insee"].tolist().index(code)
        browser.execute_script(f"msap.montrerCommune({row})")
        assert "plus loin qu’avant" in popups(browser)[0]
    picture(browser, "propositions")


def test_the_way_to_the_nearest_maison_is_drawn_with_a_commune_s_card(browser, toy_study, tmp_path):
    result = run_study(read_study(toy_study.path))
    write_study(result, tmp_path / "sortie")
    visit(browser, tmp_path / "sortie" / "carte.html")
    # Toy town is one road: F's way is made of everybody's.
    ways = browser.execute_script(
        "return msap.donnees().communes.code.map((_, i) => msap.trajet(i))"
    )
    assert [len(way) > 0 for way in ways] == [True] * 6
    drawn = (
        "msap.montrerCommune(arguments[0]);"
        "const svg = msap.image.svg(msap.etat.carte); msap.fiches.fermer();"
        "return [svg, msap.image.svg(msap.etat.carte)].map(s => s.includes('#0a5dc2'));"
    )
    assert browser.execute_script(drawn, 5) == [True, False]
    # Where a trial makes another one nearer, the way of today is dashed and the card says so.
    browser.execute_script("msapEssai.mettre(msapEssai.moteur().sites.site_id.slice(-1)[0], true)")
    said, dashed = zip(
        *browser.execute_script(
            "return msap.donnees().communes.code.map((_, i) => {"
            "  msap.montrerCommune(i);"
            "  const card = document.getElementById('msap-fiche').textContent;"
            "  return [card.includes('Chemin en tirets'),"
            "    /stroke-dasharray=.2 7/.test(msap.image.svg(msap.etat.carte))];"
            "})"
        ),
        strict=True,
    )
    assert said == dashed
    assert 0 < sum(said) < 6
    # The way to the office that opens is drawn, and the card names it.
    office = "msapEssai.moteur().sites.site_id.slice(-1)[0]"
    assert [new for new, _, _, _ in _where_the_trial_sends(browser)] == list(said)
    assert not any(line for _, line, _, _ in _where_the_trial_sends(browser))
    # Whom today's Maison is nearer to goes there too once it closes: the page has not got that way,
    # a straight line shows where it goes, and the card says that it is one.
    browser.execute_script(f"msapEssai.choisir([{office}]); msapEssai.mettre('1', true)")
    found = _where_the_trial_sends(browser)
    assert [new for new, _, _, _ in found] == list(said)
    for new, line, told, spot in found:
        assert told is not new
        assert line is None if new else line == pytest.approx(spot, abs=1.5)


def _where_the_trial_sends(browser):
    """Of each commune: whether the way to its new site is drawn, the end of a straight line there,
    whether the card tells of one, and where that site stands."""
    return browser.execute_script(
        "const d = msap.donnees(), map = msap.etat.carte, choice = msapEssai.resultat().acces;"
        "return d.communes.code.map((_, i) => {"
        "  msap.montrerCommune(i);"
        "  const card = document.getElementById('msap-fiche').textContent;"
        "  const paths = [...msap.image.svg(map).matchAll(/<path[^>]*>/g)].map(found => found[0])"
        "    .filter(text => text.includes('#b5123e'));"
        "  const line = paths.find(text => /stroke-dasharray=.3 4/.test(text));"
        "  const drawn = paths.some(text => /stroke-width=.4\\D/.test(text) && text !== line);"
        "  const id = msapEssai.moteur().sites.site_id[choice.site[i]], at = d.rangSite[id];"
        "  const spot = map.latLngToContainerPoint([d.sites.lat[at], d.sites.lon[at]]);"
        "  const said = card.includes('avec la simulation, vers ' + d.sites.nom[at]);"
        "  return [drawn && said && msap.trajetSimule(i).length > 0,"
        "    line ? line.match(/L([-0-9.]+) ([-0-9.]+)/).slice(1).map(Number) : null,"
        "    card.includes('à vol d’oiseau vers ' + d.sites.nom[at]), [spot.x, spot.y]];"
        "})"
    )
