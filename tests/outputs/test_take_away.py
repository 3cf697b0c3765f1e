"""What a reader takes away from the page: a picture, a sheet, a note of their own."""

from __future__ import annotations

import base64
import io
import time
import xml.etree.ElementTree as ET
from collections import Counter

import numpy as np
import pytest
from pypdf import PdfReader
from support.pages import PICTURES

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.xdist_group("browser"),
]

HOSTILE = "<script>alert(1)</script> & ]]> \u0007 {{ 7 * 7 }} préfet"
SVG = "{http://www.w3.org/2000/svg}"


def picture_of(browser):
    text = browser.execute_script(
        "let map; msap.pret(m => { map = m; }); return msap.image.svg(map)"
    )
    return ET.fromstring(text)  # noqa: S314 - our own page wrote it


def no_error(browser):
    return [entry["message"] for entry in browser.get_log("browser")] == []


def write_note(browser, text):
    browser.execute_script(
        "const f = document.getElementById('msap-note');"
        "f.value = arguments[0].replace('&', '&\\ud83d');"
        "f.dispatchEvent(new Event('input'));",
        text,
    )


def note_shown(browser):
    return browser.execute_script(
        "const e = document.querySelector('.msap-note-dite');"
        "return e.hidden ? null : e.textContent;"
    )


def test_the_picture_holds_every_sign_name_and_count_of_a_choice(page, demo):
    rng = np.random.default_rng(5)
    for n_open, n_closed in ((0, 0), (2, 1), (4, 2)):
        opened = [str(s) for s in rng.permutation(demo.candidates["site_id"].to_numpy())[:n_open]]
        closed = [str(s) for s in rng.permutation(demo.maisons["site_id"].to_numpy())[:n_closed]]
        page.execute_script(
            "msapEssai.remplacer(arguments[0]);"
            "arguments[1].forEach(id => msapEssai.mettre(id, true));"
            "return new Promise(requestAnimationFrame);",
            opened,
            closed,
        )
        marks, legend, names, counts = page.execute_script(
            "const kind = e => e.className.match(/msap-signe-([a-z]+)/)[1];"
            "const told = s => Array.from(document.querySelectorAll(s))"
            "  .filter(e => !e.closest('[hidden], .msap-nul'));"
            "return [told('.msap-marque .msap-signe').map(e => [kind(e), e.textContent]),"
            "  told('.msap-cle .msap-signes .msap-signe').map(e => [kind(e), e.textContent]),"
            "  told('.msap-ville').map(e => e.textContent),"
            "  told('.msap-cle [data-theme] .msap-compte, .msap-cle .msap-signes .msap-compte')"
            "    .map(e => e.textContent)];"
        )
        root = picture_of(page)
        drawn = Counter(
            (group.get("class").split("signe-")[1], "".join(group.itertext()))
            for group in root.iter(f"{SVG}g")
            if (group.get("class") or "").startswith("signe ")
        )
        # A plan's numbers stand in the panel too, where they are no signs but words.
        assert drawn == Counter(map(tuple, [*marks, *legend]))
        texts = list(root.iter(f"{SVG}text"))
        assert sorted(t.text for t in texts if t.get("class") == "ville") == sorted(names)
        assert [t.text for t in texts if t.get("class") == "compte"] == counts
        # Communes are surfaces, one path a class and piece at least.
        assert len(list(root.iter(f"{SVG}path"))) > 5
    assert no_error(page)


def test_a_picture_is_saved_in_pixels(page, tmp_path):
    page.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    for text, name in (("Image PNG", "carte.png"), ("Image SVG", "carte.svg")):
        page.execute_script(
            "Array.from(document.querySelectorAll('#msap-emporter button'))"
            ".find(b => b.textContent === arguments[0]).click()",
            text,
        )
        for _ in range(200):
            if (tmp_path / name).is_file():
                break
            time.sleep(0.05)
    png = (tmp_path / "carte.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    root = ET.fromstring((tmp_path / "carte.svg").read_bytes())  # noqa: S314
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    assert (width, height) == (2 * int(root.get("width")), 2 * int(root.get("height")))
    # Not an empty sheet.
    assert len(png) > 30_000
    PICTURES.mkdir(parents=True, exist_ok=True)
    (PICTURES / "demo-image.png").write_bytes(png)
    assert no_error(page)


def test_a_note_is_text_and_stays_in_the_link_the_print_and_the_picture(page, demo):
    assert note_shown(page) is None
    write_note(page, HOSTILE)
    office = str(demo.candidates["site_id"].iloc[0])
    page.execute_script("msapEssai.mettre(arguments[0], true)", office)
    address = page.execute_script("return location.href")
    shown = note_shown(page)
    assert "<script>alert(1)</script>" in shown
    assert "{{ 7 * 7 }} préfet" in shown
    written = [text.text or "" for text in picture_of(page).iter(f"{SVG}text")]
    assert any("<script>alert(1)</script>" in text for text in written)
    page.get("about:blank")
    page.get(address)
    assert note_shown(page).endswith("préfet")
    assert page.execute_script("return msapEssai.choix().ouverts.length") == 1
    words = sheet(page)[0].extract_text()
    assert "alert(1)" in words
    page.execute_script("msapEssai.effacer()")
    assert "n=" in page.execute_script("return location.hash")
    write_note(page, " ")
    assert note_shown(page) is None
    assert page.execute_script("return location.hash") == ""
    assert no_error(page)


def sheet(browser):
    answer = browser.execute_cdp_cmd(
        "Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True}
    )
    return PdfReader(io.BytesIO(base64.b64decode(answer["data"]))).pages


@pytest.mark.parametrize(("wall", "millimetres"), [(False, (210, 297)), (True, (420, 297))])
def test_one_sheet_with_or_without_a_choice(page, demo, wall, millimetres):
    opened = [str(site) for site in demo.candidates["site_id"].iloc[:6]]
    page.execute_script("document.documentElement.classList.toggle('msap-a3', arguments[0])", wall)
    for choice, compared in (([], False), (opened, False), (opened, True)):
        page.execute_script(
            "msapEssai.remplacer(arguments[0])", opened[1:4] if compared else choice
        )
        if compared:
            page.execute_script(
                "document.querySelector('.msap-cote-choix').previousSibling.firstChild.click();"
                "msapEssai.remplacer(arguments[0]);",
                choice,
            )
        pages = sheet(page)
        assert len(pages) == 1
        box = pages[0].mediabox
        assert [round(float(side) / 72 * 25.4) for side in (box.width, box.height)] == list(
            millimetres
        )
    page.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    frame, territory = page.execute_script(
        "let map; msap.pret(m => { map = m; }); const s = map.getSize(), d = msap.donnees(),"
        "  b = d.topologie.box; let x = [], y = [];"
        "for (let i = 0; i < d.topologie.areas; i++) {"
        "  const nw = map.latLngToContainerPoint(d.repere.latlng(b[4 * i], b[4 * i + 1])),"
        "    se = map.latLngToContainerPoint(d.repere.latlng(b[4 * i + 2], b[4 * i + 3]));"
        "  x.push(nw.x, se.x); y.push(nw.y, se.y); }"
        "return [[s.x, s.y], [Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)]];"
    )
    page.execute_script("window.dispatchEvent(new Event('afterprint'))")
    wide, high = territory[2] - territory[0], territory[3] - territory[1]
    assert min(territory[:2]) > 0
    assert territory[2] < frame[0]
    assert territory[3] < frame[1]
    # The territory fills its frame one way at least.
    assert max(wide / frame[0], high / frame[1]) > 0.9
