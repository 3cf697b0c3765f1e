"""« Et si… » in the page: what its reader does, sees, shares and takes away."""

from __future__ import annotations

import csv
import io
import json
import time
from importlib.resources import files

import pytest
import test_browser
from conftest import poste_row
from test_outputs import HOSTILE, hostile_study

from msap_geo import french
from msap_geo.folder import write_study
from msap_geo.study import read_choice, read_study, run_study, sample_study, scenario

browser = test_browser.browser

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def demo():
    return run_study(sample_study())


@pytest.fixture(scope="module")
def demo_page(demo, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo-essai")
    write_study(demo, folder)
    return folder / "carte.html"


@pytest.fixture
def page(browser, demo_page):
    """Open the demo anew, nothing chosen."""
    browser.get("about:blank")
    test_browser.visit(browser, demo_page)
    return browser


def figures(browser):
    """Every figure of the page that a choice changes, as its reader sees it."""
    return browser.execute_script(
        "const found = {};"
        "document.querySelectorAll('[data-chiffre]').forEach("
        "  e => { found[e.dataset.chiffre] = e.textContent; });"
        "return found;"
    )


def expected_figures(result):
    found = {"zones": french.counted(len(result.zones), "zone blanche")}
    for share in result.shares:
        name = f"{share.threshold:g}"
        found |= {
            f"part-{name}": french.percent(share.share),
            f"couverts-{name}": french.number(share.within),
            f"audela-{name}": french.number(share.beyond),
            f"communes-audela-{name}": french.counted(share.communes_beyond, "commune"),
        }
    return found


def text_of(browser, selector):
    """Text as the page holds it, no-break spaces included."""
    return browser.execute_script(
        "return document.querySelector(arguments[0]).textContent", selector
    )


def status(browser):
    return text_of(browser, ".msap-essai-bilan")


def click(browser, text):
    """Press the button of the section that says so."""
    browser.execute_script(
        "Array.from(document.querySelectorAll('.msap-essai button'))"
        ".find(b => b.textContent === arguments[0]).click()",
        text,
    )


def tick(browser, site_id):
    browser.execute_script(
        "document.querySelectorAll('.msap-essai-choix details').forEach(d => { d.open = true; });"
    )
    box = None
    for _ in range(50):
        boxes = browser.find_elements("css selector", f'[data-essai="{site_id}"]')
        if boxes:
            (box,) = boxes
            break
        time.sleep(0.05)  # a fold fills itself an instant after it opens
    browser.execute_script("arguments[0].click()", box)


def fragment(browser):
    return browser.execute_script("return location.hash")


def downloaded(browser, folder, text, name):
    browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)}
    )
    click(browser, text)
    for _ in range(100):
        if (folder / name).is_file():
            return folder / name
        time.sleep(0.05)
    pytest.fail(f"{name} n'a pas été enregistré")


def no_error(browser):
    return [entry["message"] for entry in browser.get_log("browser")] == []


def test_ticking_recomputes_the_page_as_python_does(page, demo, tmp_path):
    before = figures(page)
    assert expected_figures(demo).items() <= before.items()
    office, maison = demo.candidates["site_id"].iloc[0], demo.maisons["site_id"].iloc[1]
    tick(page, office)
    tick(page, maison)
    assert fragment(page) == f"#o={office}&f={maison}"
    for text, name in (("JSON", "choix.json"), ("CSV", "choix.csv")):
        choice = read_choice(downloaded(page, tmp_path, text, name))
        assert [site.site_id for site in choice.opened] == [office]
        assert [site.site_id for site in choice.closed] == [maison]
        again = scenario(demo, choice)
        assert expected_figures(again).items() <= figures(page).items()
    told = json.loads((tmp_path / "choix.json").read_text(encoding="utf-8"))["resultats"]
    assert [line["population_couverte"] for line in told["seuils"]] == [
        share.within for share in again.shares
    ]
    classes = page.execute_script("return Array.from(msapEssai.resultat().classes)")
    assert len(classes) == len(demo.access)
    rows = page.execute_script(
        "return Array.from(document.querySelectorAll('.msap-essai-cadre tbody tr'),"
        "  r => [r.querySelector('input').dataset.essai, r.cells[2].textContent])"
        ".slice(1, arguments[0] + 1)",
        len(again.candidates),
    )
    assert rows == [
        [
            row.site_id,
            f"{'+' if row.population_gagnee else ''}{french.number(row.population_gagnee)}",
        ]
        for row in again.candidates.itertuples()
    ]
    click(page, "Tout annuler")
    assert figures(page) == before
    assert fragment(page) == ""
    assert no_error(page)


def test_undo_and_redo(page, demo):
    first, second = demo.candidates["site_id"].iloc[:2]
    tick(page, first)
    tick(page, second)
    click(page, "Annuler")
    assert fragment(page) == f"#o={first}"
    click(page, "Rétablir")
    assert fragment(page) == f"#o={first},{second}"
    keys = test_browser.selenium.Keys
    page.find_element("css selector", "body").send_keys(keys.CONTROL, "z")
    assert fragment(page) == f"#o={first}"
    tick(page, first)
    assert status(page).startswith("Rien d’ouvert")
    assert no_error(page)


def test_a_tick_keeps_the_focus_and_is_read_aloud(page, demo):
    office = demo.candidates["site_id"].iloc[3]
    tick(page, office)
    page.execute_script(
        "document.querySelector('[data-essai=\"' + arguments[0] + '\"]').focus()", office
    )
    page.switch_to.active_element.send_keys(" ")
    focused = page.execute_script("return document.activeElement.dataset.essai")
    assert focused == office
    live = page.find_element("css selector", ".msap-essai-bilan")
    assert live.get_attribute("aria-live") == "polite"


def test_the_address_restores_the_choice(browser, demo_page, demo):
    office, maison = demo.candidates["site_id"].iloc[2], demo.maisons["site_id"].iloc[0]
    browser.get("about:blank")
    browser.get(f"{demo_page.as_uri()}#o={office}&f={maison}")
    assert status(browser).startswith("1\u00a0ouverture, 1\u00a0fermeture : ")
    # Another address of the same page, typed by hand; what it does not know is told.
    hostile = "%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E"
    browser.execute_script(
        "location.hash = arguments[0]", f"#o={office},{office},{hostile},%E0%A4%A&f={office}&x=1&y"
    )
    browser.execute_script("return new Promise(r => setTimeout(r, 100))")
    assert status(browser).startswith("1\u00a0ouverture : ")
    told = text_of(browser, ".msap-essai-alerte")
    assert "<img src=x onerror=alert(1)>, %E0%A4%A, " in told
    assert browser.execute_script("return document.querySelectorAll('.msap-essai img').length") == 0
    browser.execute_script("location.hash = '#o=constructor,__proto__'")
    browser.execute_script("return new Promise(r => setTimeout(r, 100))")
    assert status(browser).startswith("Rien d’ouvert")
    assert no_error(browser)


def test_a_popup_opens_and_closes(page, demo):
    office = demo.candidates["site_id"].iloc[0]
    page.execute_script("msap.montrerSite(arguments[0])", office)
    (text,) = test_browser.popups(page)
    gained = french.number(demo.candidates["population_gagnee"].iloc[0])
    assert f"S’il ouvrait+{gained} habitants" in text
    page.find_element("css selector", ".msap-fiche .msap-actions button").click()
    assert fragment(page) == f"#o={office}"
    banner = text_of(page, ".msap-bandeau-essai")
    assert banner.startswith("ESSAI : 1\u00a0ouverture")
    page.execute_script("msap.montrerCommune(0)")
    # The popup left behind may still be fading.
    assert any("Avec l’essai" in text for text in test_browser.popups(page))


def test_an_office_is_found_by_its_name(page, demo):
    page.execute_script(
        "const i = document.querySelector('.msap-essai-cherche input'); i.value = 'LAVÀL';"
        "i.dispatchEvent(new Event('input'));"
    )
    found = page.execute_script(
        "return Array.from(document.querySelectorAll('.msap-essai-cadre')[0]"
        "  .querySelectorAll('tbody input'), e => e.dataset.essai)"
    )
    ours = demo.candidates
    here = ours["nom"].str.contains("LAVAL") | ours["commune"].str.contains("LAVAL")
    assert found == ours.loc[here, "site_id"].tolist()
    assert 0 < len(found) < len(ours)


def test_the_best_choice_can_be_tried(page, demo):
    page.execute_script("const s = document.querySelector('.msap-essai select'); s.value = '3';")
    click(page, "Essayer")
    told = text_of(page, ".msap-essai-optimum")
    assert "aucun choix ne couvre plus d’habitants à 20\u202fmin (prouvé)." in told
    tick(page, demo.candidates["site_id"].iloc[-1])
    told = text_of(page, ".msap-essai-optimum")
    assert "le meilleur choix (prouvé) couvre" in told


def test_a_change_is_instant(page):
    milliseconds = page.execute_script(
        "const E = msapEssai.moteur(), times = [];"
        "for (let i = 0; i < 15; i += 1) { const t = performance.now();"
        "  msapEssai.mettre(E.sites.site_id[E.nMaisons + i], true);"
        "  times.push(performance.now() - t); }"
        "return times.sort((a, b) => a - b)[7];"
    )
    assert milliseconds < 50


def test_at_360_pixels_and_to_axe(browser, demo_page, demo):
    browser.get("about:blank")
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True},
    )
    try:
        browser.get(f"{demo_page.as_uri()}#o={demo.candidates['site_id'].iloc[0]}")
        browser.execute_script(
            "document.querySelectorAll('.msap-essai details').forEach(d => { d.open = true; });"
        )
        wide = browser.execute_script(
            "const p = document.getElementById('msap-panneau');"
            "const over = Array.from(document.querySelectorAll('.msap-essai table'),"
            "  t => t.offsetWidth - t.parentElement.clientWidth);"
            "return [document.documentElement.scrollWidth, p.scrollWidth - p.clientWidth, ...over];"
        )
        assert wide[0] <= 360
        assert max(wide[1:]) <= 0
        browser.find_element("css selector", ".msap-essai").screenshot(
            str(test_browser.PICTURES / "essai-360.png")
        )
        axe = files("axe_playwright_python") / "axe.min.js"
        browser.execute_script(axe.read_text(encoding="utf-8"))
        found = browser.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run('.msap-essai').then(r => done(r.violations.map("
            "  v => [v.impact, v.id, v.nodes.map(n => n.html).slice(0, 3)])));"
        )
        assert [line for line in found if line[0] in {"serious", "critical"}] == []
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_hostile_names_are_text_and_come_back_whole(browser, tmp_path):
    toy = hostile_study(tmp_path)
    result = run_study(read_study(toy.path))
    write_study(result, tmp_path / "sortie")
    browser.get("about:blank")
    test_browser.visit(browser, tmp_path / "sortie" / "carte.html")
    office, maison = result.candidates["site_id"].iloc[0], result.maisons["site_id"].iloc[0]
    tick(browser, office)
    tick(browser, maison)
    browser.execute_script(
        "document.querySelectorAll('.msap-essai details').forEach(d => { d.open = true; });"
    )
    shown = browser.execute_script("return document.querySelector('.msap-essai').textContent")
    assert HOSTILE[2] in shown
    assert HOSTILE[0] in shown
    assert browser.execute_script("return document.querySelectorAll('.msap-essai img').length") == 0
    for text, name in (("JSON", "choix.json"), ("CSV", "choix.csv")):
        again = scenario(result, read_choice(downloaded(browser, tmp_path, text, name)))
        assert expected_figures(again).items() <= figures(browser).items()
    assert no_error(browser)


def test_a_spreadsheet_takes_no_cell_for_a_formula(browser, toy_study, tmp_path):
    toy_study.write(la_poste=[poste_row(4, identifiant_a="=1+1", libelle_du_site="@SOMME(A1)")])
    result = run_study(read_study(toy_study.path))
    write_study(result, tmp_path / "sortie")
    browser.get("about:blank")
    test_browser.visit(browser, tmp_path / "sortie" / "carte.html")
    tick(browser, "=1+1")
    path = downloaded(browser, tmp_path, "CSV", "choix.csv")
    text = path.read_text(encoding="utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text), delimiter=";") for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    again = scenario(result, read_choice(path))
    assert again.shares[0].within == 1800 + 300
    assert fragment(browser) == "#o=%3D1%2B1"


def test_a_scenario_exports_the_whole_choice(browser, toy_study, tmp_path):
    result = run_study(read_study(toy_study.path))
    path = tmp_path / "premier.json"
    first = {
        "format": "msap-geo-choix",
        "version": 1,
        "etude": "Ville jouet",
        "departements": ["53"],
        "ouvertures": [{"site_id": "00004A"}],
        "fermetures": [],
    }
    path.write_text(json.dumps(first), encoding="utf-8")
    write_study(scenario(result, read_choice(path)), tmp_path / "sortie")
    browser.get("about:blank")
    test_browser.visit(browser, tmp_path / "sortie" / "carte.html")
    tick(browser, "00001A")
    tick(browser, "1")
    again = scenario(result, read_choice(downloaded(browser, tmp_path, "JSON", "choix.json")))
    assert [site.site_id for site in again.choice.opened] == ["00004A", "00001A"]
    assert [site.site_id for site in again.choice.closed] == ["1"]
    assert expected_figures(again).items() <= figures(browser).items()
