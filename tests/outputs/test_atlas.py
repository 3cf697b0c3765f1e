"""The atlas: a page that asks for nothing, whose texts are texts, whose neighbours stay joined."""

from __future__ import annotations

import json
import re

import pytest
import shapely
from support.pages import visit

from msap_geo import french
from msap_geo.outputs import Atlas, AtlasArea, AtlasFigure, AtlasRow, render_atlas
from msap_geo.outputs.page.atlas import INSET, WIDTH, drawn

NASTY = "</script><img src=x onerror=document.title='pris'>`${1}`"
FIGURES = [
    AtlasFigure("part_20", "Part à 20 min ou moins", "part", "%", "Part des habitants."),
    AtlasFigure("maisons", "Maisons", "entier", "Maisons", "Nombre."),
]


def atlas(name="Nord"):
    squares = [shapely.box(0, 1000, 2000, 2000), shapely.box(0, 0, 2000, 1000)]
    return Atlas(
        title=f"Atlas {name}",
        heading="Deux territoires",
        areas=[
            AtlasArea("01", name, 2154, squares[0]),
            AtlasArea("02", "Sud", 2154, squares[1]),
            AtlasArea("974", "Ailleurs", 2975, shapely.box(0, 0, 50, 50)),
            AtlasArea("03", "Sans contour", 0),
        ],
        figures=FIGURES,
        rows=[
            AtlasRow(
                "01", "2020-01-08", "", {"part_20": 0.25, "maisons": 3}, {"Carte": "01/c.html"}
            ),
            AtlasRow("02", "2020-01-08", "", {"part_20": 0.75, "maisons": 9}),
            AtlasRow("974", "2020-01-08", "", {}, {}, "en échec"),
            AtlasRow("01", "2024-08-01", "", {"part_20": 0.5, "maisons": 4}),
            AtlasRow("02", "2024-08-01", "", {"part_20": 0.9997, "maisons": 2}),
            AtlasRow("", "2020-01-08", "", {"part_20": 0.6}),
            AtlasRow("", "2024-08-01", "", {"part_20": 0.9}),
        ],
        warnings=["TEMPS ESTIMÉS"],
        notes=["Une source"],
    )


def points(path):
    found = []
    for ring in re.findall(r"M(\S+) (\S+)l([^z]*)z", path):
        x, y = float(ring[0]), float(ring[1])
        found.append((x, y))
        steps = list(map(float, ring[2].split()))
        for dx, dy in zip(steps[::2], steps[1::2], strict=True):
            x, y = x + dx, y + dy
            found.append((round(x, 3), round(y, 3)))
    return set(found)


def test_neighbours_share_their_border_and_others_stand_apart():
    paths, height = drawn(atlas().areas)
    # Two kilometres fill the width: the border lies half a width down.
    north, south = points(paths["01"]), points(paths["02"])
    assert north & south == {(0, WIDTH / 2), (WIDTH, WIDTH / 2)}
    inset = points(paths["974"])
    assert {x for x, _ in inset} == {0, INSET}
    assert min(y for _, y in inset) > WIDTH
    assert height >= max(y for _, y in inset)
    assert paths["03"] == ""


def test_every_part_of_a_territory_is_drawn():
    islands = shapely.union(shapely.box(0, 0, 1000, 1000), shapely.box(2000, 0, 3000, 500))
    paths, _ = drawn([AtlasArea("2A", "Îles", 2154, islands)])
    assert paths["2A"].count("M") == 2
    assert {x for x, _ in points(paths["2A"])} == {0, 333.3, 666.7, 1000}


def test_specks_vanish_but_where_another_territory_lies():
    # A hundred kilometres fill the width: ten units a kilometre, a speck is under 0.7 km wide.
    def square(x, side):
        return shapely.box(x, 20_000, x + side, 20_000 + side)

    country = shapely.box(0, 0, 100_000, 50_000)
    lost, enclave, lake = square(20_000, 500), square(40_000, 500), square(60_000, 900)
    ring = country.difference(shapely.union_all([lost, enclave, lake]))
    paths, _ = drawn([AtlasArea("26", "Autour", 2154, ring), AtlasArea("84", "D", 2154, enclave)])
    assert paths["26"].count("M") == 3
    assert {x for x, _ in points(paths["26"])} == {0, 400, 405, 600, 609, 1000}
    assert {x for x, _ in points(paths["84"])} == {400, 405}


def test_without_any_outline_there_is_still_a_page():
    paths, height = drawn([AtlasArea("03", "Sans contour", 0)])
    assert (paths, height) == ({"03": ""}, 0)


def test_it_is_offline_stable_and_lets_no_text_run():
    page = render_atlas(atlas(NASTY))
    assert page == render_atlas(atlas(NASTY))
    assert not re.search(r"""(?:src|href)=["']?https?:|url\(|@import""", page)
    assert "default-src 'none'" in page
    assert page.count("</script>") == 2
    block = re.search(r'id="donnees">(.*?)</script>', page, re.DOTALL)[1]
    assert json.loads(block)["territoires"][0]["nom"] == NASTY


def visit_shares(browser, tmp_path, shares):
    """Open the atlas of squares side by side, each with its share."""
    areas = [
        AtlasArea(f"{i:02d}", f"T{i}", 2154, shapely.box(i * 1000, 0, i * 1000 + 1000, 1000))
        for i in range(len(shares))
    ]
    rows = [AtlasRow(a.key, values={"part_20": p}) for a, p in zip(areas, shares, strict=True)]
    page = tmp_path / "index.html"
    page.write_text(render_atlas(Atlas("A", "", areas, FIGURES[:1], rows)), encoding="utf-8")
    visit(browser, page)


@pytest.mark.browser
@pytest.mark.enable_socket
@pytest.mark.xdist_group("browser")
def test_a_value_shared_by_most_leaves_colours_to_the_others(browser, tmp_path):
    shares = [0.5, 0.6, 0.7, 0.8, *[1.0] * 16]
    visit_shares(browser, tmp_path, shares)
    fills = browser.execute_script(
        "return [...document.querySelectorAll('#dessin path')].map(p => p.style.fill)"
    )
    assert len(set(fills)) == len(set(shares)) == 5


@pytest.mark.browser
@pytest.mark.enable_socket
@pytest.mark.xdist_group("browser")
def test_classes_written_alike_are_one_and_both_ends_are_named(browser, tmp_path):
    # Values one cannot tell apart at a tenth of a point: a country all but covered.
    shares = [0.905, 0.9921, 0.99921, 0.99923, 0.99961, 0.99972, 0.99983, 0.99994, *[1.0] * 8]
    visit_shares(browser, tmp_path, shares)
    told = browser.execute_script(
        "return [...document.querySelectorAll('#legende li')].map(item => item.textContent)"
    )
    written = [text.replace("\u00a0", " ").replace("\u202f", " ") for text in told]
    assert written == [
        "de 90,5 % à 99,2 %",
        "plus de 99,2 %, jusqu’à 99,9 %",
        "plus de 99,9 %, jusqu’à 100 %",
    ]
    lists = browser.execute_script(
        "return [...document.querySelectorAll('#fiche-extremes > div')].map(part =>"
        " [part.querySelectorAll('li').length, part.querySelector('p')?.textContent ?? ''])"
    )
    assert lists[0] == [5, ""]
    assert lists[1][0] == 0
    assert lists[1][1].startswith("8 territoires à 100\u202f%")
    browser.find_element("css selector", "#fiche-extremes li button").click()
    assert browser.find_element("id", "fiche-nom").text == "T0 (00)"


@pytest.mark.browser
@pytest.mark.enable_socket
@pytest.mark.xdist_group("browser")
def test_in_a_browser(browser, tmp_path):
    page = tmp_path / "index.html"
    page.write_text(render_atlas(atlas(NASTY)), encoding="utf-8")
    visit(browser, page)
    cells = (
        "return [...document.querySelectorAll('#lignes tr')]"
        ".map(row => [...row.cells].map(cell => cell.textContent))"
    )
    rows = browser.execute_script(cells)
    assert [row[0] for row in rows] == [
        f"{NASTY} (01)",
        "Sud (02)",
        "Sans contour (03)",
        "Ailleurs (974)",
    ]
    assert rows[0][1].replace("\u00a0", " ").replace("\u202f", " ") == "50,0 %"
    assert rows[1][1] == french.percent(0.9997) == "plus de 99,9\u202f%"
    assert browser.title == f"Atlas {NASTY}"
    browser.execute_script("document.querySelectorAll('#titres button')[1].click()")
    assert browser.execute_script(cells)[0][0] == "Sud (02)"
    browser.execute_script(
        "const date = document.getElementById('date'); date.value = 0;"
        "date.dispatchEvent(new Event('input'))"
    )
    assert browser.execute_script(cells)[0][1].startswith("75")
    assert (
        browser.execute_script("return document.querySelector('#lignes a').getAttribute('href')")
        == "01/c.html"
    )
    assert "en échec" in str(browser.execute_script(cells))
    browser.execute_script(
        "document.querySelector('#dessin path').dispatchEvent(new Event('click'))"
    )
    name = browser.execute_script("return document.getElementById('fiche-nom').textContent")
    assert name == f"{NASTY} (01)"
    assert (
        browser.execute_script(
            "return document.querySelectorAll('#fiche-progression circle').length"
        )
        == 4
    )
    fills = browser.execute_script(
        "return [...document.querySelectorAll('#dessin path')].map(p => p.style.fill)"
    )
    assert len(set(fills)) == 3
