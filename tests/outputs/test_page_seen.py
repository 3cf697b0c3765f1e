"""What one sees wrong in pictures of the page: hidden, told twice, contradictory, badly set."""

from __future__ import annotations

import base64
import dataclasses
import io
import re

import numpy as np
import pypdf
import pytest
from support.pages import pytestmark as pytestmark  # noqa: PLC0414 - the marks of its tests
from support.pages import visit

from msap_geo import outputs
from msap_geo.answers import diagnose
from msap_geo.folder import write_study
from msap_geo.outputs.page import payload
from msap_geo.study import run_study, sample_study, trips, what_if


@pytest.fixture(scope="module")
def diagnosed_page(demo, tmp_path_factory):
    folder = tmp_path_factory.mktemp("vue")
    write_study(demo, folder, diagnosis=diagnose(demo))
    return folder / "carte.html"


@pytest.fixture
def wide_page(browser, demo, tmp_path, monkeypatch):
    """The demo as two départements, seen from so far that they are coloured, not the communes."""
    monkeypatch.setattr(payload, "_MANY_COMMUNES", 100)
    content = demo.map_content()
    x = content.communes.representative_point().x
    halves = content.communes.assign(departement=np.where(x < x.median(), "53", "72"))
    content = dataclasses.replace(content, communes=halves)
    outputs.write_map(outputs.map(content), tmp_path / "carte.html", title="x")
    visit(browser, tmp_path / "carte.html")
    return browser


def resize(browser, width, height):
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
    )
    settle(browser)


def settle(browser):
    """Let three frames pass: what follows a change of size comes with the next ones."""
    browser.execute_async_script(
        "const done = arguments[0]; let n = 6;"
        "(function next() { if (n--) { requestAnimationFrame(next); } else { done(); } })();"
    )


HIDDEN = """
    const frame = msap.etat.carte.getContainer().getBoundingClientRect();
    const map = msap.etat.carte, shape = msap.donnees().topologie;
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < shape.areas; i++) {
        const own = shape.box.subarray(4 * i, 4 * i + 4);
        box[0] = Math.min(box[0], own[0]); box[1] = Math.min(box[1], own[1]);
        box[2] = Math.max(box[2], own[2]); box[3] = Math.max(box[3], own[3]);
    }
    const at = (x, y) => map.latLngToContainerPoint(msap.donnees().repere.latlng(x, y));
    const a = at(box[0], box[1]), b = at(box[2], box[3]), size = map.getSize(), over = [];
    const inside = [a, b].every(p => p.x >= 0 && p.y >= 0 && p.x <= size.x && p.y <= size.y);
    if (!inside) { over.push("cadre"); }
    const lying = ".msap-chercher input, .msap-bandeau, details.msap-cle";
    document.querySelectorAll(lying).forEach(node => {
        const r = node.getBoundingClientRect();
        for (let x = r.left; x <= r.right; x += 6) {
            for (let y = r.top; y <= r.bottom; y += 6) {
                const px = x - frame.left, py = y - frame.top;
                if (px < 0 || py < 0 || px > size.x || py > size.y) { continue; }
                const p = msap.donnees().repere.of(map.containerPointToLatLng([px, py]));
                if (shape.at(p.x, p.y) >= 0) { over.push(node.className); return; }
            }
        }
    });
    return over;
"""
"""What hides some of the territory, or leaves it out of the map."""


def test_a_turned_telephone_and_a_banner_hide_nothing(browser, diagnosed_page):
    visit(browser, diagnosed_page, size=(360, 740))
    assert browser.execute_script(HIDDEN) == []
    for width, height in ((740, 360), (360, 740), (1440, 900), (800, 600)):
        resize(browser, width, height)
        assert browser.execute_script(HIDDEN) == [], (width, height)
    # The banner of a trial comes over the map of a telephone.
    resize(browser, 360, 740)
    browser.execute_script("msapEssai.mettre(msapEssai.moteur().sites.site_id.at(-1), true)")
    settle(browser)
    assert browser.find_element("class name", "msap-bandeau-essai").is_displayed()
    assert browser.execute_script(HIDDEN) == []


def test_a_view_the_reader_chose_is_kept(browser, diagnosed_page):
    visit(browser, diagnosed_page, size=(800, 600))
    browser.execute_script(
        "msap.etat.carte.setZoom(msap.etat.carte.getZoom() + 1.5, {animate: false})"
    )
    zoom = browser.execute_script("return msap.etat.carte.getZoom()")
    resize(browser, 1024, 768)
    assert browser.execute_script("return msap.etat.carte.getZoom()") == zoom


def test_no_name_goes_under_a_legend_that_grows(browser, diagnosed_page):
    visit(browser, diagnosed_page)
    browser.execute_script("msap.etat.carte.setZoom(msap.etat.carte.getZoom() + 1)")
    settle(browser)
    browser.execute_script(
        "for (const kind of ['poste', 'bassins']) { msap.etat.carte.addLayer(msap.couches[kind]); }"
        "const s = document.getElementById('msap-theme'); s.value = 'fin';"
        "s.dispatchEvent(new Event('change', {bubbles: true}));"
    )
    settle(browser)
    under = browser.execute_script(
        "const key = document.querySelector('details.msap-cle').getBoundingClientRect();"
        "return Array.from(document.querySelectorAll('.msap-ville')).filter(node => {"
        "  const r = node.getBoundingClientRect();"
        "  return r.right > key.left && r.left < key.right"
        "    && r.bottom > key.top && r.top < key.bottom;"
        "}).map(node => node.textContent)"
    )
    assert under == []


def test_paper_is_white_on_a_dark_screen(browser, diagnosed_page):
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    colour = "return getComputedStyle(document.querySelector('.folium-map')).backgroundColor"
    try:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": dark})
        visit(browser, diagnosed_page)
        on_screen = browser.execute_script(colour)
        browser.execute_script("window.dispatchEvent(new Event('beforeprint'))")
        on_paper = browser.execute_script(colour)
        browser.execute_script("window.dispatchEvent(new Event('afterprint'))")
        assert browser.execute_script(colour) == on_screen
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    light = [min(int(part) for part in re.findall(r"\d+", told)) for told in (on_screen, on_paper)]
    assert light[0] < 60
    assert light[1] > 200


def test_a_gap_is_that_of_the_numbers_shown(browser, diagnosed_page):
    visit(browser, diagnosed_page)
    pairs = [[33.58, 32.44], [0.04, 0.06], [12.25, 12.35], [1234.5, 0.0], [2.0, 2.04]]
    told = browser.execute_script(
        "return arguments[0].map(([was, is]) =>"
        " [msap.nombre(was, 1), msap.nombre(is, 1), msapVue.ecart(was, is, 1)])",
        pairs,
    )
    for was, now, gap in told:
        assert round(value(now) - value(was), 1) == value(gap), (was, now, gap)
    assert told[0] == ["33,6", "32,4", "\u22121,2"]


def value(text):
    return float(text.replace("\u202f", "").replace(",", ".").replace("\u2212", "-").lstrip("+"))


def test_no_number_of_the_panel_breaks_in_two(browser, diagnosed_page):
    visit(browser, diagnosed_page)
    browser.execute_script(
        "document.querySelectorAll('#msap-panneau details').forEach(d => { d.open = true; });"
        "msapEssai.choisir(msapEssai.moteur().plans[0].sites)"
    )
    settle(browser)
    text = browser.execute_script("return document.getElementById('msap-panneau').textContent")
    assert "110\u202f000\u202f€" in text
    assert re.findall(r"\d \d{3}(?!\d)[^\n]{0,30}", text) == []


def test_a_card_of_today_says_nothing_twice(browser, demo, diagnosed_page):
    visit(browser, diagnosed_page)
    for site in demo.maisons["site_id"]:
        terms = browser.execute_script(
            "msap.montrerSite(arguments[0]);"
            "return Array.from(document.querySelectorAll('#msap-fiche dt'), e => e.textContent)",
            str(site),
        )
        for kind in ("la plus proche", "fermait"):
            assert len([term for term in terms if kind in term]) <= 1, (site, terms)
        assert any("épargnerait" in term for term in terms)


def test_offices_that_replace_one_another_are_told_in_french(browser, demo, diagnosed_page):
    visit(browser, diagnosed_page)
    plans = demo.map_content().simulation.plans
    n = next(i for i, plan in enumerate(plans) if max(map(len, plan["variantes"])) > 1)
    browser.execute_script("msapEssai.choisir(msapEssai.moteur().plans[arguments[0]].sites)", n)
    lines = browser.execute_script(
        "return Array.from(document.querySelectorAll('.msap-plan-liste li'), e => e.textContent)"
    )
    others = [len(variants) for variants in plans[n]["variantes"]]
    assert [line.count(" ou ") for line in lines] == [min(1, some) for some in others]
    assert any(", " in line for line in lines)


@pytest.mark.parametrize("opened", [12, 20, 30])
def test_many_offices_are_printed_on_one_sheet(browser, diagnosed_page, opened):
    visit(browser, diagnosed_page)
    browser.execute_script(
        "msapEssai.choisir(msapEssai.moteur().sites.site_id.slice(-arguments[0]))", opened
    )
    settle(browser)
    sheet = browser.execute_cdp_cmd(
        "Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True}
    )
    reader = pypdf.PdfReader(io.BytesIO(base64.b64decode(sheet["data"])))
    assert len(reader.pages) == 1
    words = " ".join(reader.pages[0].extract_text().split())
    assert f"SIMULATION : {opened} ouvertures" in words.replace("\xa0", " ")
    assert "Calcul et carte : msap_geo" in words.replace("\xa0", " ")


def test_paper_tells_how_many_zones_its_table_leaves_out(browser, diagnosed_page):
    visit(browser, diagnosed_page)
    for opened in (0, 1):
        if opened:
            browser.execute_script(
                "msapEssai.mettre(msapEssai.moteur().sites.site_id.at(-1), true)"
            )
        # A territory of few zones is given rows of the same, to have some left out.
        browser.execute_script(
            "document.querySelectorAll('#msap-section-zones table').forEach(table => {"
            "  const row = table.tBodies[0].rows[0];"
            "  for (let i = 0; i < 9; i++) { table.tBodies[0].appendChild(row.cloneNode(true)); }"
            "  delete table.dataset.total;"
            "});"
            "window.dispatchEvent(new Event('beforeprint'))"
        )
        shown, told, known = browser.execute_script(
            "const tables = Array.from(document.querySelectorAll('#msap-section-zones table'));"
            "const table = tables.find(t => t.getClientRects().length);"
            "const rows = Array.from(table.tBodies[0].rows);"
            "const note = document.querySelector('.msap-zones-papier').textContent;"
            "return [rows.filter(r => r.getClientRects().length).length, note, rows.length]"
        )
        assert shown < known
        assert told.startswith(f"Les {shown} plus peuplées sur {known}")
        other = browser.execute_script(
            "return Array.from(document.querySelectorAll('#msap-section-zones p'))"
            ".filter(e => e.getClientRects().length).map(e => e.textContent)"
        )
        assert [line for line in other if "plus peuplées" in line] == [told]
        browser.execute_script("window.dispatchEvent(new Event('afterprint'))")


def test_what_is_searched_from_afar_opens_its_card(wide_page):
    wide_page.execute_script("msap.etat.carte.setZoom(6, {animate: false})")
    assert wide_page.execute_script("return msap.vueDEnsemble()")
    field = wide_page.find_element("id", "msap-recherche")
    field.send_keys("craon")
    field.send_keys("\ue007")
    assert not wide_page.execute_script("return msap.vueDEnsemble()")
    assert wide_page.execute_script(
        "return document.querySelector('#msap-fiche h3').textContent"
    ).startswith("Craon")
    # Drawn back, the signs go, and what was said of one of them.
    wide_page.execute_script("msap.etat.carte.setZoom(6, {animate: false})")
    assert wide_page.execute_script("return document.getElementById('msap-fiche').hidden")


def test_from_afar_a_point_is_under_no_name_and_large_towns_come_first(wide_page):
    for zoom in (6, 6.5, 7):
        wide_page.execute_script("msap.etat.carte.setZoom(arguments[0], {animate: false})", zoom)
        settle(wide_page)
        if not wide_page.execute_script("return msap.vueDEnsemble()"):
            continue
        names, points, covered = wide_page.execute_script(
            "const box = e => e.getBoundingClientRect();"
            "const names = Array.from(document.querySelectorAll('.msap-ville:not(.msap-voisin)'));"
            "const points = Array.from(document.querySelectorAll('.msap-point'));"
            "return [names.map(e => e.textContent), points.length, points.filter(point => {"
            "  const p = box(point), x = (p.left + p.right) / 2, y = (p.top + p.bottom) / 2;"
            "  return names.some(name => { const r = box(name);"
            "    return x > r.left && x < r.right && y > r.top && y < r.bottom; });"
            "}).length]"
        )
        assert points == len(names) > 0
        assert covered == 0
        assert names[0] == "Laval"


def test_a_zone_of_a_trial_says_what_it_is_of_those_of_today(browser, demo, diagnosed_page):
    visit(browser, diagnosed_page)
    today = {str(row.nom): set(row.communes) for row in demo.zones.itertuples()}
    met = set()
    for site in [*demo.maisons["site_id"], *demo.candidates["site_id"]]:
        lines = browser.execute_script(
            "msapEssai.effacer(); msapEssai.mettre(arguments[0], true);"
            "const c = msap.donnees().communes, zones = msapEssai.resultat().zones;"
            "return Array.from(document.querySelectorAll('.msap-zones-essai tbody tr'), (row, i) =>"
            " [row.querySelector('.msap-nom').childNodes[0].textContent,"
            "  row.querySelector('small').textContent, zones[i].communes.map(k => c.code[k])])",
            str(site),
        )
        for name, told, codes in lines:
            zone = set(codes)
            for other in re.findall("«\u202f(.*?)\u202f»", told):
                was, before = today[other], told.split(f"«\u202f{other}")[0]
                kind = next(
                    (
                        kind
                        for kind in ("en partie", "partie de", "réunie à")
                        if before.endswith(f"{kind} ")
                    ),
                    "plus grande",
                )
                met.add(kind)
                assert other != name
                assert (zone < was) == (kind == "partie de"), (told, name)
                assert (was < zone) == (kind in {"réunie à", "plus grande"}), (told, name)
    assert {"partie de", "réunie à"} <= met


def test_a_departement_without_zones_says_so(browser, demo, tmp_path, monkeypatch):
    near = demo.access.sort_values("population", ascending=False)["code_insee"].iloc[0]
    monkeypatch.setattr(payload, "_MANY_COMMUNES", 100)
    monkeypatch.setattr(trips, "TOO_MANY", 0)
    monkeypatch.setattr(what_if, "departement_of", lambda code: "72" if code == near else "53")
    content = run_study(sample_study()).map_content()
    codes = np.where(content.communes["code_insee"] == near, "72", "53")
    content = dataclasses.replace(content, communes=content.communes.assign(departement=codes))
    outputs.write_map(outputs.map(content), tmp_path / "carte.html", title="x")
    visit(browser, tmp_path / "carte.html")
    choose = (
        "const done = arguments[1], code = arguments[0]; (function wait() {"
        "  const s = document.getElementById('msap-territoire');"
        "  if (!s) { setTimeout(wait, 50); return; }"
        "  s.value = code; s.dispatchEvent(new Event('change'));"
        "  done(document.getElementById('msap-section-zones').innerText);"
        "})();"
    )
    empty = "Aucune commune au-delà de ce temps."
    for code, without in (("72", True), ("53", False), ("72", True), ("", False)):
        told = browser.execute_async_script(choose, code)
        assert (empty in told) == without
        assert ("Habitants" in told) != without
