"""The map as text: what must never be in it, and what must."""

from __future__ import annotations

import re

import folium
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hostile import hostile_study
from support.toy import NAMES, StudyFolder, maison_row, poste_row

from msap_geo import french, outputs
from msap_geo.answers import diagnose
from msap_geo.errors import OutputError
from msap_geo.outputs.page.offline import OSM_HOST, TILE_HOST, render_page
from msap_geo.study import read_study, run_study


def page_of(path):
    content = run_study(read_study(path)).map_content()
    return render_page(outputs.map(content), title=content.title)


@pytest.fixture
def page(toy_study):
    return page_of(toy_study.path)


@pytest.mark.slow
def test_the_page_asks_for_nothing_from_outside(page):
    assert not re.findall(r"<(?:script|img|iframe|object|embed)[^>]*\ssrc=", page)
    assert not re.findall(r"<link\s", page)
    assert "@import" not in page
    hosts = set(re.findall(r"https?://[\w.-]+", page))
    # Leaflet names its own site in a comment and in SVG's namespace; tiles wait to be asked for.
    assert hosts <= {TILE_HOST, OSM_HOST, "http://www.w3.org", "https://leafletjs.com"}


@pytest.mark.slow
def test_only_our_scripts_may_run(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1)
    assert policy.startswith("default-src 'none'")
    assert "unsafe-" not in policy
    blocks = re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", page, re.DOTALL)
    assert policy.count("'sha256-") == len(set(blocks))
    assert not re.search(r"<[^>]*\sstyle=", page.split("<script")[0] + page.split("</script>")[-1])


@pytest.mark.slow
def test_it_is_french_and_titled(page):
    assert '<html lang="fr">' in page
    assert "<title>Ville jouet</title>" in page
    assert "<h1>Ville jouet</h1>" in page


@pytest.mark.slow
def test_key_figures_and_counts_of_people(page):
    told = dict(re.findall(r"data-chiffre=\"([\w-]+)\">([^<]*)<", page))
    assert told["part-20"] == "28,6\u202f%"
    assert (told["couverts-20"], told["audela-20"]) == ("600", "1\u202f500")
    assert told["communes-audela-20"] == "3\u00a0communes"
    assert told["part-30"] == "47,6\u202f%"
    assert told["zones"] == "1\u00a0zone blanche"
    assert told["zone-1"].startswith(", autour ")  # alone, it is not the largest
    for label, people in (
        ("20 min ou moins", "600"),
        ("de 20 à 30 min", "400"),
        ("plus de 30 min", "1\u202f100"),
    ):
        count = rf"<span class=\"msap-compte\"><span data-chiffre=\"classe-\d\">{people}</span> hab"
        assert re.search(rf"<span>{label}</span>{count}", page)


@pytest.mark.slow
def test_hostile_names_are_never_markup(tmp_path):
    page = page_of(hostile_study(tmp_path).path)
    assert "<img" not in page
    assert "alert(1)</script>" not in page
    assert "{{7*7}}" in page
    assert "49" not in re.search(r"<h1>(.*?)</h1>", page).group(1)
    scripts = page.count("<script>") + page.count('<script type="application/json"')
    assert scripts == page.count("</script>")


def test_a_map_with_a_foreign_plugin_is_refused():
    fmap = folium.Map(tiles=None)
    fmap.get_root().header.add_child(folium.JavascriptLink("https://exemple.fr/extension.js"))
    with pytest.raises(OutputError, match=r"exemple\.fr"):
        render_page(fmap, title="x")


@pytest.mark.slow
def test_the_map_stays_an_ordinary_folium_map(toy_study, tmp_path):
    content = run_study(read_study(toy_study.path)).map_content()
    fmap = outputs.map(content)
    folium.CircleMarker([48.1, -0.7], radius=5).add_to(fmap)
    outputs.write_map(fmap, tmp_path / "carte.html", title=content.title)
    assert "48.1, -0.7" in (tmp_path / "carte.html").read_text(encoding="utf-8")
    assert isinstance(fmap, folium.Map)


@pytest.mark.slow
def test_layers_are_chosen_by_their_french_names(toy_study):
    result = run_study(read_study(toy_study.path))
    fmap = outputs.map(result, layers=["TEMPS D'ACCES", "zones blanches", "isochrones", "Maisons"])
    names = [layer.layer_name for layer in fmap._children.values() if hasattr(layer, "kind")]
    assert names == [
        "Temps d’accès",
        "À portée d’une Maison (isochrones)",
        "Zones blanches",
        "Maisons",
    ]
    with pytest.raises(OutputError, match=r"couche inconnue : étoiles.*choisir parmi : .*Temps"):
        outputs.map(result, layers=["zones blanches", "étoiles"])


@pytest.mark.slow
def test_a_diagnosis_says_more(toy_study):
    diagnosis = diagnose(run_study(read_study(toy_study.path)))
    page = render_page(outputs.map(diagnosis), title="x")
    assert french.typeset("France Services : chaque habitant à moins de 30 minutes") in page
    assert "non respectée" in page
    assert "Robustesse : part des hypothèses" in page
    assert "Habitants par heure d’ouverture" in page
    assert "Robustesse :" not in render_page(outputs.map(diagnosis.result), title="x")


@pytest.mark.slow
def test_equal_studies_give_equal_pages(toy_study):
    diagnosis = diagnose(run_study(read_study(toy_study.path)))
    one, other = (render_page(outputs.map(diagnosis), title="x") for _ in range(2))
    assert one == other


@pytest.mark.slow
def test_mail_and_telephone_never_reach_the_page(tmp_path):
    row = maison_row(0, mail="accueil@exemple.fr", telephone="02 43 00 00 00")
    page = page_of(StudyFolder(tmp_path).write(maisons=[row]).path)
    assert "accueil@exemple.fr" not in page
    assert "02 43 00" not in page


@pytest.mark.slow
def test_in_a_notebook_the_map_shows_itself_whole_and_offline(toy_study):
    fmap = outputs.map(run_study(read_study(toy_study.path)))
    shown = fmap._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert "Content-Security-Policy" in shown
    assert "<script" not in shown.split("srcdoc=", 1)[1].split('" title=')[0]  # all of it quoted
    assert "cdn.jsdelivr" not in shown


@pytest.mark.slow
def test_extreme_studies_still_make_a_map(tmp_path):
    # No zone, no candidate, no office: every list of the panel is empty.
    toy = StudyFolder(tmp_path).write(
        maisons=[maison_row(i) for i in range(6)],
        la_poste=[poste_row(0, caracteristique_du_site="Relais poste")],
    )
    page = page_of(toy.path)
    assert "Aucune commune au-delà de ce temps." in page
    assert "Aucun candidat." in page
    assert NAMES[0] in page


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (french.number(1234567.891, 2), "1\u202f234\u202f567,89"),
        (french.number(None), "–"),
        (french.minutes(3.46), "3,5\u202fmin"),
        (french.minutes(float("nan")), "–"),
        (french.kilometres(12), "12,0\u202fkm"),
        (french.minutes(20), "20,0\u202fmin"),
        (french.minutes(20.03), "20,03\u202fmin"),
        (french.minutes(29.997), "29,997\u202fmin"),
        (french.minutes(20.0001), "20,0\u202fmin"),
        (french.minutes(0.03), "0,0\u202fmin"),
        (french.amount(20.03, "minutes"), "20,03"),
        (french.amount(20, "minutes"), "20"),
        (french.kilometres(-5.04), "−5,04\u202fkm"),
        (french.percent(0.9234), "92,3\u202f%"),
        (french.percent(float("nan")), "–"),
        (french.people(1), "1\u00a0habitant"),
        (french.people(12345), "12\u202f345\u00a0habitants"),
        (french.counted(0, "zone blanche"), "0\u00a0zone blanche"),
        (french.anomalies({"réparé": 18, "écarté": 0, "signalé": 1}), "18 réparées, 1 signalée"),
        (french.counted(3, "zone blanche"), "3\u00a0zones blanches"),
    ],
)
def test_french_numbers(text, expected):
    assert text == expected


@given(value=st.integers(0, 120_000), threshold=st.sampled_from([5, 10, 20, 30, 45, 60]))
def test_a_time_is_never_told_on_the_wrong_side_of_a_threshold(value, threshold):
    told = french.minutes(value / 1000).removesuffix("\u202fmin")
    assert (float(told.replace(",", ".")) > threshold) == (value > 1000 * threshold)
