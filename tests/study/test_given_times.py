"""A study on the times of another engine (``[temps] source``)."""

from __future__ import annotations

import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.toy import CODES, maison_row, poste_row

from msap_geo.answers.diagnosis import diagnose
from msap_geo.answers.services import compare_services
from msap_geo.cli import main
from msap_geo.comparison import compare_studies
from msap_geo.errors import DataError, MsapGeoError, StudyError
from msap_geo.folder.everything import run_everything, write_everything
from msap_geo.folder.study import write_study
from msap_geo.study import (
    audit_study,
    choose,
    manifest,
    read_study,
    run_study,
    scenario,
    simulation_of,
)
from msap_geo.study.times import exported as exporting
from msap_geo.study.times.exported import FORMS, times_table
from msap_geo.study.times.source import FromTable, NotGivenError, OnRoads
from msap_geo.travel import from_table
from msap_geo.travel.times import read_trips
from msap_geo.version import SOFTWARE

ROADS = 'noeuds = "noeuds.csv"\nliens = "liens.csv"\n'
SPEEDS = "\n[reseau.vitesses_kmh]\nprimary = 60\n"
TABLE = '\n[temps]\nsource = "temps.csv"\n'


def on_roads(toy_study):
    return run_study(read_study(toy_study.path))


def exported(result):
    """Return every trip of a study, as another engine would give them."""
    return times_table(result)


def on_table(toy_study, table, *, more="", name="temps.csv", keep=()):
    """Turn the study into one on a table, which is written beside it."""
    if name.endswith("parquet"):
        table.to_parquet(toy_study.folder / name)
    else:
        table.to_csv(toy_study.folder / name, index=False)
    removed = [(text, "") for text in (ROADS, SPEEDS) if text not in keep]
    toy_study.configure(*removed)
    text = toy_study.path.read_text(encoding="utf-8") + TABLE.replace("temps.csv", name) + more
    toy_study.path.write_text(text, encoding="utf-8")
    return read_study(toy_study.path)


def codes(result):
    return {anomaly.code for anomaly in result.anomalies}


def message(result, code):
    return next(anomaly.message for anomaly in result.anomalies if anomaly.code == code)


@pytest.fixture
def roads(toy_study):
    toy_study.write(maisons=[maison_row(0), maison_row(3)], la_poste=[poste_row(1), poste_row(4)])
    return on_roads(toy_study)


# --- The law: a study on its own times gives its own figures -------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", ["temps.csv", "temps.parquet"])
def test_a_study_on_its_own_times_gives_the_same_figures(toy_study, roads, name):
    result = run_study(on_table(toy_study, exported(roads), name=name))
    pd.testing.assert_frame_equal(result.access, roads.access)
    assert result.shares == roads.shares
    for table in ("candidates", "zones"):
        ours, theirs = (pd.DataFrame(getattr(one, table)) for one in (result, roads))
        pd.testing.assert_frame_equal(
            ours.drop(columns="geometry"), theirs.drop(columns="geometry")
        )
    pages = [simulation_of(one) for one in (result, roads)]
    for field in pages[0].trips._fields if hasattr(pages[0].trips, "_fields") else ():
        np.testing.assert_array_equal(
            getattr(pages[0].trips, field), getattr(pages[1].trips, field)
        )
    assert pages[0].plans == pages[1].plans
    assert not {code for code in codes(result) if code.startswith("temps")}


def test_so_does_a_scenario_of_it(toy_study, roads):
    asked = {"opened": ["00004A"], "closed": ["1"]}
    before = scenario(roads, choose(roads, **asked))
    result = run_study(on_table(toy_study, exported(roads)))
    after = scenario(result, choose(result, **asked))
    pd.testing.assert_frame_equal(after.access, before.access)


@pytest.mark.slow
def test_so_does_its_diagnosis(toy_study, roads):
    before = diagnose(roads).tables
    after = diagnose(run_study(on_table(toy_study, exported(roads)))).tables
    assert set(after) == set(before)
    for name, table in before.items():
        pd.testing.assert_frame_equal(after[name], table)


@pytest.mark.slow
def test_so_do_the_lists_its_diagnosis_compares_with(toy_study):
    toy_study.write(maisons=[maison_row(0), maison_row(3)], la_poste=[poste_row(1), poste_row(4)])
    before = pd.DataFrame([maison_row(4, id_fs="99")])
    before.to_csv(toy_study.folder / "avant.csv", index=False)
    counter = {"id": "caf-53006-01", "type": "caf", "nom": "CAF de Zêta", "codeinsee": CODES[5]}
    (toy_study.folder / "annuaire.sjson").write_text(json.dumps(counter), encoding="utf-8")
    more = '\n[diagnostic]\nmaisons_avant = "avant.csv"\noperateurs = "annuaire.sjson"\n'
    text = toy_study.path.read_text(encoding="utf-8")
    toy_study.path.write_text(text + more, encoding="utf-8")
    roads = on_roads(toy_study)
    table = exported(roads)
    assert {"99", "caf-53006-01"} <= set(table["vers"])
    result = run_study(on_table(toy_study, table, more=more))
    expected, found = diagnose(roads).tables, diagnose(result)
    for name in ("evolution_communes", "operateurs_zones"):
        pd.testing.assert_frame_equal(found.tables[name], expected[name])
    # They are read later: counted in one line, not one by one.
    told = [one for one in result.anomalies if one.code == "temps-arrivee-inconnue"]
    assert len(told) == 1
    assert told[0].message.startswith("2\u00a0arrivées que n'ont pas")


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_lancer_writes_the_times_a_study_reads_back(toy_study, roads, form):
    folder = toy_study.folder / "dehors"
    asked = ["lancer", str(toy_study.path), "--sortie", str(folder), "--temps", form]
    with pytest.raises(SystemExit, match=r"^0$"):
        main(asked)
    again = read_trips(folder / f"temps.{form}")
    told = times_table(roads).rename(columns={"de": "origine", "vers": "destination"})
    pd.testing.assert_frame_equal(again[list(told.columns)], told, check_dtype=False)


@pytest.mark.slow
def test_times_to_a_site_a_spreadsheet_would_compute_come_back(toy_study):
    toy_study.write(maisons=[maison_row(0, id_fs="=1+1"), maison_row(5, id_fs="@B2")])
    folder = toy_study.folder / "dehors"
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["lancer", str(toy_study.path), "--sortie", str(folder), "--temps", "csv"])
    for line in (folder / "temps.csv").read_text(encoding="utf-8").splitlines():
        assert not [cell for cell in line.split(",") if cell.startswith(("=", "+", "@"))]
    again = read_trips(folder / "temps.csv")
    assert {"=1+1", "@B2"} <= set(again["destination"])


class _Within(OnRoads):
    """The times of a study, as if no road went farther than eight minutes."""

    def matrix(self, demand, sites, **_):
        return super().matrix(demand, sites, max_minutes=8.0)


def test_pairs_without_a_route_are_told_as_such_not_left_out(toy_study, roads):
    whole = times_table(roads)
    table = times_table(replace(roads, times=_Within(roads.times.roads)))
    beyond = whole["minutes"] > 8
    assert beyond.any()
    assert not beyond.all()
    expected = whole.assign(**{name: whole[name].mask(beyond) for name in ("minutes", "km")})
    pd.testing.assert_frame_equal(table, expected)
    assert "temps-manquants" not in codes(run_study(on_table(toy_study, table)))


def test_the_times_of_a_table_are_not_written_again(toy_study, roads):
    result = run_study(on_table(toy_study, exported(roads)))
    with pytest.raises(StudyError, match=r"viennent déjà d'une table, « temps.csv »"):
        times_table(result)


def test_a_table_no_one_could_open_is_refused(roads, monkeypatch):
    held = len(times_table(roads))
    monkeypatch.setattr(exporting, "MOST_TRIPS", held)
    assert len(times_table(roads)) == held
    monkeypatch.setattr(exporting, "MOST_TRIPS", held - 1)
    with pytest.raises(StudyError, match="trajets"):
        times_table(roads)


@pytest.mark.slow
def test_a_form_unknown_is_refused_before_anything_is_written(roads, tmp_path):
    with pytest.raises(StudyError, match="csv ou parquet"):
        write_study(roads, tmp_path / "dossier", times="xlsx")
    assert not (tmp_path / "dossier").exists()


trips = st.dictionaries(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("WXYZ")),
    st.integers(0, 50),
    min_size=1,
)


@pytest.mark.slow
@given(trips=trips, bound=st.integers(1, 60))
@settings(max_examples=80, deadline=None)
def test_nearest_and_matrix_are_those_of_the_table(trips, bound):
    rows = [(place, site, float(minutes)) for (place, site), minutes in trips.items()]
    table = pd.DataFrame(rows, columns=["de", "vers", "minutes"])
    source = FromTable("t.csv", 2154, from_table(table), frozenset("abcd"), {}, frozenset("WXYZ"))
    point = gpd.points_from_xy([0] * 4, [0] * 4, crs=2154)
    demand = gpd.GeoDataFrame({"demand_id": list("dbca")}, geometry=point)
    sites = gpd.GeoDataFrame({"site_id": list("ZWYX")}, geometry=point)
    found = source.nearest(demand, sites, k=2)
    for place in "abcd":
        known = sorted((m, s) for (p, s), m in trips.items() if p == place)[:2]
        mine = found[(found["demand_id"] == place) & found["minutes"].notna()]
        assert list(zip(mine["minutes"], mine["site_id"], strict=True)) == known
    times = source.matrix(demand, sites, max_minutes=bound).long()
    ours = {(row.demand_id, row.site_id): row.minutes for row in times.itertuples()}
    assert ours == {pair: m for pair, m in trips.items() if m <= bound}


# --- Names of places and sites -------------------------------------------------------------

MINUTES = pd.DataFrame({"de": CODES, "vers": "1", "minutes": [0.0, 11, 19, 33, 44, 55]})


def minutes_of(study):
    return run_study(study).access["minutes"].tolist()


@pytest.mark.parametrize("word", ["1", "Maison de Alpha", "maison de alpha", "Alpha", "53001"])
def test_a_site_goes_by_its_identifier_its_name_or_its_commune(toy_study, word):
    study = on_table(toy_study, MINUTES.assign(vers=word))
    assert minutes_of(study) == MINUTES["minutes"].tolist()


@pytest.mark.parametrize(
    "names",
    [
        ("origine", "destination", "duree"),
        ("from_id", "to_id", "travel_time_p50"),
        ("Origin", "Destination", "Duration"),
        ("demand_id", "site_id", "minutes"),
    ],
)
def test_columns_go_by_the_names_engines_give_them(toy_study, names):
    table = MINUTES.set_axis(list(names), axis=1)
    assert minutes_of(on_table(toy_study, table)) == MINUTES["minutes"].tolist()


def test_the_time_of_a_site_comes_before_that_of_its_commune(toy_study):
    own = pd.DataFrame({"de": ["53002"], "vers": ["1"], "minutes": [25.0]})
    table = pd.concat([MINUTES.assign(vers="53001"), own])
    result = run_study(on_table(toy_study, table))
    assert result.access["minutes"].tolist() == [0, 25, 19, 33, 44, 55]
    assert "1 site" in message(result, "temps-a-la-commune").replace("\u00a0", " ")


def test_a_name_of_several_sites_is_left_out_and_told(toy_study):
    toy_study.write(maisons=[maison_row(0), maison_row(0, id_fs="2", latitude=48.01)])
    table = pd.concat([MINUTES, MINUTES.assign(vers="Maison de Alpha", minutes=1.0)])
    result = run_study(on_table(toy_study, table))
    assert "nom de plusieurs sites" in message(result, "temps-arrivee-ambigue")
    assert result.access["minutes"].tolist() == MINUTES["minutes"].tolist()


# --- What a table lacks --------------------------------------------------------------------


@pytest.mark.slow
def test_holes_are_told_and_count_beyond(toy_study):
    toy_study.write(maisons=[maison_row(0), maison_row(5)])
    table = pd.concat(
        [
            MINUTES.drop(index=2),
            pd.DataFrame({"de": ["53999", "72001"], "vers": "1", "minutes": 5.0}),
            pd.DataFrame({"de": ["53002"], "vers": ["inconnue"], "minutes": [3.0]}),
            pd.DataFrame({"de": ["53002"], "vers": ["1"], "minutes": [30.0]}),
        ]
    )
    result = run_study(on_table(toy_study, table))
    access = result.access.set_index("code_insee")
    assert access["minutes"].tolist()[:2] == [0, 11]
    assert access.loc["53003", "raison"] == "temps non donné"
    assert result.shares[0].within + result.shares[0].beyond == 2100
    assert result.shares[0].within == 300  # Alpha and Bêta
    assert codes(result) >= {
        "commune-sans-temps",
        "maison-sans-temps",
        "candidat-sans-temps",
        "temps-depart-inconnu",
        "temps-hors-territoire",
        "temps-arrivee-inconnue",
        "temps-contradictoires",
    }
    assert result.candidates.empty
    assert "6" in set(result.maisons["site_id"])
    assert {finding.code for finding in audit_study(toy_study.path).findings} >= codes(result) - {
        "commune-sans-temps"
    }


@pytest.mark.slow
def test_missing_trips_are_told_unless_the_table_says_where_it_stops(toy_study):
    table = MINUTES[MINUTES["minutes"] < 50]
    result = run_study(on_table(toy_study, pd.concat([table, table.assign(de="53006", vers="9")])))
    assert result.access["raison"].tolist()[-1] == "sans route"
    assert "1 trajet" in message(result, "temps-manquants").replace("\u00a0", " ")
    bounded = run_study(on_table(toy_study, table, more="trajet_max_minutes = 50\n"))
    assert "temps-manquants" not in codes(bounded)


def test_a_commune_without_time_to_its_own_maison_is_told(toy_study):
    result = run_study(on_table(toy_study, MINUTES.iloc[1:]))
    assert "Alpha" in message(result, "temps-interieur-absent")


def test_offices_without_times_of_their_own_start_from_their_commune(toy_study):
    offices = pd.concat([MINUTES.assign(vers=site, minutes=9.0) for site in ("00001A", "00004A")])
    result = run_study(on_table(toy_study, pd.concat([MINUTES, offices])))
    stands = result.candidates.set_index("code_insee")["minutes_maison"]
    assert stands.to_dict() == {"53002": 11, "53005": 44}
    assert "2 bureaux" in message(result, "bureaux-sans-depart").replace("\u00a0", " ")


def test_blank_minutes_are_no_route(toy_study):
    table = MINUTES.assign(minutes=MINUTES["minutes"].where(MINUTES["de"] != "53004"))
    result = run_study(on_table(toy_study, table))
    assert result.access.set_index("code_insee").loc["53004", "raison"] == "sans route"


# --- What is refused -----------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"minutes": MINUTES["minutes"] * 60}, "ressemblent à des secondes"),
        ({"minutes": MINUTES["minutes"] / 60}, "ressemblent à des heures"),
        ({"minutes": 0.0}, "ressemblent à des heures"),
        ({"distance": 1000.0 * MINUTES["minutes"]}, "ressemblent à des mètres"),
        ({"minutes": -1.0}, "valeur impossible"),
        ({"minutes": "douze"}, "valeur impossible"),
        ({"minutes": "inf"}, "valeur impossible"),
        ({"de": "72001"}, "aucun trajet ne part"),
        ({"vers": "ailleurs"}, "aucun trajet ne mène"),
        ({"mode": "bicycle"}, "autre mode"),
        ({"de": [code[:4] for code in CODES]}, "zéro initial"),
    ],
)
def test_a_table_that_cannot_serve_says_why(toy_study, change, told):
    table = MINUTES.assign(**change)
    study = on_table(toy_study, table)
    with pytest.raises(MsapGeoError, match=told) as caught:
        run_study(study)
    assert isinstance(caught.value, DataError | StudyError)
    blocking = [one.sentence for one in audit_study(study).findings]
    assert any(told in sentence for sentence in blocking)


def test_the_unit_can_be_said(toy_study):
    table = MINUTES.assign(minutes=MINUTES["minutes"] * 60)
    study = on_table(toy_study, table, more='unite = "secondes"\n')
    assert minutes_of(study) == MINUTES["minutes"].tolist()


def test_of_several_modes_that_of_the_study_is_read(toy_study):
    table = pd.concat([MINUTES.assign(mode="car"), MINUTES.assign(mode="bike", minutes=3.0)])
    result = run_study(on_table(toy_study, table))
    assert result.access["minutes"].tolist() == MINUTES["minutes"].tolist()
    assert "bike" in message(result, "temps-autre-mode")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('profil = "voiture"', 'profil = "estime"', "sans effet"),
        ('profil = "voiture"', 'heure = "pleines"', "sans effet"),
        ('profil = "voiture"', "[reseau.vitesses_kmh]\nprimary = 60", "sans effet"),
        ("[temps]\n", "[temps]\ntrajet_max_minutes = 25\n", "s'arrête à 25 min"),
        ('source = "temps.csv"', 'unite = "minutes"', "aucune table"),
        ('source = "temps.csv"', 'unite = "jours"', "valeur inconnue"),
    ],
)
def test_a_study_file_that_contradicts_itself_is_refused(toy_study, old, new, told):
    on_table(toy_study, MINUTES)
    text = toy_study.path.read_text(encoding="utf-8")
    assert old in text
    toy_study.path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(StudyError, match=told):
        read_study(toy_study.path)


def test_without_roads_nor_table_the_study_says_what_to_give(toy_study):
    toy_study.configure((ROADS, ""))
    with pytest.raises(StudyError, match="réseau routier n'est pas donné"):
        read_study(toy_study.path)


# --- No engine is mixed with another -------------------------------------------------------


def test_roads_given_besides_are_not_read_and_it_is_told(toy_study):
    (toy_study.folder / "noeuds.csv").write_text("illisible", encoding="utf-8")
    result = run_study(on_table(toy_study, MINUTES, keep=(ROADS,)))
    assert "reseau-non-lu" in codes(result)
    assert "reseau" not in result.study.inputs()


def test_questions_that_need_roads_refuse(toy_study):
    result = run_study(on_table(toy_study, MINUTES))
    with pytest.raises(NotGivenError, match="demande des routes"):
        _ = result.roads
    with pytest.raises(StudyError, match="demande des routes"):
        compare_services(result)
    elsewhere = result.origins.assign(demand_id="carreau-" + result.origins["demand_id"])
    with pytest.raises(NotGivenError, match="aucun temps depuis carreau-53001"):
        result.times.nearest(elsewhere, result.maisons)
    other = result.maisons.assign(site_id="autre")
    with pytest.raises(NotGivenError, match="aucun temps vers"):
        result.times.nearest(result.origins, other)


def test_a_diagnosis_tells_what_a_table_does_not_let_it_measure(toy_study):
    agency = poste_row(2, caracteristique_du_site="Agence postale communale")
    toy_study.write(la_poste=[poste_row(1), agency])
    before = pd.DataFrame([maison_row(4, id_fs="99")])
    before.to_csv(toy_study.folder / "avant.csv", index=False)
    more = '\n[diagnostic]\nmaisons_avant = "avant.csv"\n'
    found = diagnose(run_study(on_table(toy_study, MINUTES, more=more)))
    told = " ".join(one.message for one in found.anomalies if one.code == "indicateur-sans-temps")
    assert "liste précédente" in told
    assert "La Poste" in told
    assert "evolution_communes" not in found.tables
    rules = found.tables["regles"].set_index("regle")
    assert rules.loc[["la-poste-et"], "verdict"].tolist() == ["non évaluée"]
    # Kilometres as the crow flies need no trip.
    assert "non évaluée" not in rules.loc[["service-universel-departement"], "verdict"].tolist()


@pytest.mark.slow
def test_every_output_says_where_the_times_come_from(toy_study, tmp_path):
    everything = run_everything(on_table(toy_study, MINUTES))
    folder = tmp_path / "sortie"
    write_everything(everything, folder)
    page = (folder / "carte.html").read_text(encoding="utf-8")
    report = (folder / "rapport.html").read_text(encoding="utf-8")
    for text in (page, report):
        assert "TEMPS IMPORTÉS" in text
        assert "temps.csv" in text
    kept = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert kept["temps"] == {"fichier": "temps.csv", "unite": "minutes", "trajet_max_minutes": None}
    assert "reseau" not in kept
    assert [one["role"] for one in kept["entrees"] if one["fichier"] == "temps.csv"] == ["temps"]
    assert kept["lignes"]["temps"] == {"lues": 6, "gardees": 6}
    summary = json.loads((folder / "resume.json").read_text(encoding="utf-8"))
    assert summary["temps"] == "temps.csv"
    assert "temps" not in manifest(on_roads(toy_study.write()))["parametres"]


def test_a_table_that_says_what_computed_it_is_believed(toy_study, roads):
    ours = run_study(on_table(toy_study, exported(roads)))
    assert ours.times.engine == SOFTWARE
    told = [str(caution) for caution in ours.cautions]
    assert told == [f"TEMPS IMPORTÉS : lus dans « temps.csv », calculés par {SOFTWARE}."]
    for said, words in (("OSRM 5.26", "calculés par OSRM 5.26"), ("", "d’un autre moteur")):
        exported(roads).assign(moteur=said).to_csv(toy_study.folder / "temps.csv", index=False)
        assert words in str(on_roads(toy_study).cautions[0])


def test_a_table_of_estimated_times_says_so(toy_study, roads):
    assert set(times_table(roads)["moteur"]) == {SOFTWARE}
    estimate = ('profil = "voiture"', 'profil = "estime"')
    toy_study.configure((ROADS, ""), (SPEEDS, ""), estimate)
    estimated = run_study(read_study(toy_study.path))
    assert set(times_table(estimated)["moteur"]) == {f"{SOFTWARE} (estimé, sans routes)"}


def test_a_comparison_with_roads_says_that_engines_differ(toy_study, roads):
    result = run_study(on_table(toy_study, exported(roads)))
    found = compare_studies(roads, result)
    told = " ".join(found.warnings)
    assert "la seconde, repose sur des temps lus dans une table" in told
    # One line for the table, none for each figure of a profile it does not have.
    changed = [difference.what for difference in found.differences]
    assert any("Table des temps" in what for what in changed)
    assert not [what for what in changed if what.startswith("profil.")]
