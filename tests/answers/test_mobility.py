"""Without a car: days, hours away, households, zones, and hours that would serve more."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from support.coaches import MOBILITE, coaches
from support.once import frozen
from support.toy import CODES, StudyFolder

from msap_geo import answers, cli, coverage, folder, outputs, study, travel
from msap_geo.answers.mobility import best_day_in_words
from msap_geo.answers.mobility_sites import shifted
from msap_geo.documents.fiches import fiches
from msap_geo.documents.mobility import without_car
from msap_geo.documents.parts import ReportParts
from msap_geo.errors import DataError, StudyError
from msap_geo.hours import read_hours
from msap_geo.outputs.page.payload import payload
from msap_geo.outputs.sheets import dictionary
from msap_geo.study.provenance import provenance_of


def diagnosed(toy_study, *more):
    toy_study.configure(("\n[candidats]", MOBILITE), *more)
    return answers.diagnose(study.run_study(study.read_study(toy_study.path)))


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Toy town and its coaches, diagnosed once: read by many tests, changed by none."""
    made = diagnosed(coaches(StudyFolder(tmp_path_factory.mktemp("cars")).write()))
    with frozen(made.result):
        before = {name: table.copy() for name, table in made.tables.items()}
        yield made
        for name, table in before.items():
            pd.testing.assert_frame_equal(made.tables[name], table)


@pytest.mark.slow
def test_days_and_best_day_of_each_commune(found):
    table = found.tables["mobilite_communes"].set_index("code_insee")
    # The Maison of A opens on Monday morning alone. B, D and F have no stop within half an hour.
    assert table["jours_sans_voiture"].tolist() == [1, 0, 1, 0, 1, 0]
    assert table["jours_pied"].tolist() == [1, 0, 0, 0, 0, 0]
    assert table["jours_velo"].tolist() == [1, 0, 0, 0, 0, 0]
    assert table["jours_car"].tolist() == [1, 0, 1, 0, 1, 0]
    assert table["raison"].tolist() == ["", "pas de car", "", "pas de car", "", "pas de car"]
    gamma = table.loc[CODES[2]]
    assert gamma[["mode", "jour", "depart", "arrivee", "retour"]].tolist() == [
        "car",
        "2022-06-13",
        "08:20",
        "08:40",
        "10:55",
    ]
    assert gamma[["sur_place_minutes", "absence_minutes"]].tolist() == pytest.approx([110, 155])
    assert gamma["meilleur_jour"] == (
        "8 h 20 Gamma → 8 h 40 Maison de Alpha, 1 h 50 sur place, retour 10 h 55, lundi, "
        "en car, à pied aux deux bouts"
    )
    assert table.loc[CODES[1], "meilleur_jour"] == "aucun jour : pas de car"


@pytest.mark.slow
def test_territories_count_people_to_the_last(found):
    table = found.tables["mobilite_territoires"]
    whole = table[table["zonage"] == "ensemble"].iloc[0]
    assert whole[["effectif", "effectif_servi", "effectif_sans_solution"]].tolist() == [
        2100,
        900,
        1200,
    ]
    assert whole["part_servie"] == pytest.approx(900 / 2100, abs=1e-6)
    assert whole["part_pied"] == pytest.approx(100 / 2100, abs=1e-6)
    assert whole["jours_moyens"] == pytest.approx(900 / 2100, abs=1e-3)
    # By car A, B and C are within twenty minutes: fewer people than the coach serves.
    assert whole["ecart_voiture"] == pytest.approx((600 - 900) / 2100, abs=1e-6)
    sums = table["effectif_servi"] + table["effectif_sans_solution"]
    assert (sums - table["effectif"]).abs().max() < 0.01


@pytest.mark.slow
def test_zones_without_a_car(found):
    zones = found.tables["zones_sans_voiture"]
    assert zones["zone_id"].tolist() == [f"SV-{CODES[i]}" for i in (5, 3, 1)]
    assert zones["population"].tolist() == [600, 400, 200]
    assert found.layers["zones_sans_voiture"].geometry.notna().all()


@pytest.mark.slow
def test_hours_moved_by_an_hour(toy_study):
    # The coach leaves A at 9:50: received from 9:00 one misses it, from 8:40 on one does not.
    found = diagnosed(coaches(toy_study, return_at="09:50"))
    table = found.tables["mobilite_communes"]
    assert table["raison"].tolist()[2::2] == ["pas de retour", "pas de retour"]
    moved = found.tables["mobilite_horaires"]
    row = moved[moved["decalage_minutes"] == -60].iloc[0]
    assert row["communes"] == [CODES[2], CODES[4]]
    assert row[["nb_communes", "population", "nb_communes_perdues"]].tolist() == [2, 800, 0]


def test_hours_are_shared_by_those_with_and_without_a_car():
    def times(*minutes):
        table = pd.DataFrame({"origine": list("ab"), "destination": "x", "minutes": minutes})
        return travel.from_table(table, max_minutes=60)

    people = {"voiture": pd.Series([80.0, 90.0]), "sans_voiture": pd.Series([20.0, 10.0])}
    found = coverage.hours_by_mode(
        {"voiture": times(5, 15), "sans_voiture": times(25, 50)}, people, np.array([30.0])
    )
    # 80 × 1 + 90 × 0.68 + 20 × 0.22 people before the counter, those of b on foot too far.
    queue = 80 + 90 * 0.68 + 20 * 0.22
    assert found["heures_1000_voiture"].tolist() == pytest.approx(
        [30_000 / queue, 0.68 * 30_000 / queue], abs=1e-3
    )
    assert found["heures_1000_sans_voiture"].tolist() == pytest.approx(
        [0.22 * 30_000 / queue, 0], abs=1e-3
    )
    assert found["heures_1000_modes"][0] == pytest.approx(
        (0.8 + 0.2 * 0.22) * 30_000 / queue, abs=1e-3
    )
    # Nobody but drivers: the index of old.
    alone = {"voiture": pd.Series([100.0, 100.0]), "sans_voiture": pd.Series([0.0, 0.0])}
    plain = coverage.hours_by_mode(
        {"voiture": times(5, 15), "sans_voiture": times(25, 50)}, alone, np.array([30.0])
    )
    old = coverage.enhanced_two_step(times(5, 15), np.array([100.0, 100.0]), np.array([30.0]))
    assert plain["heures_1000_modes"].tolist() == pytest.approx((1000 * old).tolist(), abs=1e-3)


@pytest.mark.slow
def test_households_without_a_car_are_counted_where_known(toy_study):
    coaches(toy_study).configure(("\n[candidats]", MOBILITE))
    result = study.run_study(study.read_study(toy_study.path))
    homes = {"menages": 50.0, "menages_sans_voiture": [10.0, 20, 30, None, 5, 6]}
    result = dataclasses.replace(result, communes=result.communes.assign(**homes))
    found = answers.diagnose(result)
    table = found.tables["mobilite_territoires"]
    whole = table[table["zonage"] == "ensemble"].set_index("groupe")
    kept = ["effectif", "effectif_servi", "effectif_sans_solution", "lieux_sans_donnee"]
    # A, C and E are served: 10 + 30 + 5 households; D's are unknown.
    assert whole.loc["menages_sans_voiture", kept].tolist() == [71, 45, 26, 1]
    shared = found.tables["mobilite_communes"]["heures_1000_modes"]
    assert shared[0] > shared[5] == 0
    assert pd.isna(shared[3])
    zones = found.tables["zones_sans_voiture"].set_index("zone_id")["menages_sans_voiture"]
    assert zones[f"SV-{CODES[5]}"] == 6
    test_every_column_has_its_entry(found)


@pytest.mark.slow
def test_candidates_without_a_car(found):
    # Post offices of B and E. At B a Maison would serve B alone, on foot; at E it would serve E,
    # which the coach already takes to A, and no other: the coach from A gets there too late.
    table = found.tables["mobilite_candidats"].set_index("site_id")
    assert table["communes"].tolist()[0] == [CODES[1]]
    assert table["population"].tolist() == [200, 0]
    assert table["jours_sans_voiture"].tolist() == [0, 0]


@pytest.mark.slow
def test_the_plan_that_serves_most_without_a_car(toy_study):
    coaches(toy_study).configure(("\n[candidats]", MOBILITE))
    result = study.run_study(study.read_study(toy_study.path))
    found = answers.plan_without_car(result, number=1)
    assert (found.counted, found.today, found.after) == ("population", 900, 1100)
    assert found.sites["commune"].tolist() == ["Bêta"]
    assert found.plan.value == 1100
    plain = study.run_study(study.read_study(toy_study.configure().path))
    with pytest.raises(StudyError, match="pas d'horaires"):
        answers.plan_without_car(plain, number=1)


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--json",), ("--csv",)])
def test_the_command_tells_the_plan_without_a_car(toy_study, capsys, options):
    coaches(toy_study).configure(("\n[candidats]", MOBILITE))
    with pytest.raises(SystemExit) as left:
        cli.main(["optimiser", str(toy_study.path), "--nombre", "1", "--sans-voiture", *options])
    out = capsys.readouterr().out
    assert left.value.code == 0
    assert "Bêta" in out
    if not options:
        assert "1 100 habitants ont un jour" in " ".join(out.split())
    elif options == ("--json",):
        told = json.loads(out)
        assert (told["servis_aujourdhui"], told["servis_avec_le_plan"]) == (900, 1100)
        assert told["borne"] == 1100


@pytest.mark.parametrize(
    "options",
    [
        ("--budget", "100000"),
        ("--nombre", "1", "--frontiere"),
        ("--nombre", "1", "--imposer", "POSTE 1"),
    ],
)
def test_the_plan_without_a_car_is_asked_by_a_number_alone(toy_study, capsys, options):
    coaches(toy_study).configure(("\n[candidats]", MOBILITE))
    with pytest.raises(SystemExit) as left:
        cli.main(["optimiser", str(toy_study.path), "--sans-voiture", *options])
    assert left.value.code == 1
    assert "par un nombre de sites" in capsys.readouterr().err


@pytest.mark.slow
def test_one_more_run_would_bring_home(toy_study):
    found = diagnosed(coaches(toy_study, return_at="09:50"))
    (row,) = found.tables["mobilite_retours"].to_dict("records")
    # Received from 9:00 to 10:00: at ten the coach of the return would do.
    assert (row["depart"], row["communes"]) == ("10:00", [CODES[2], CODES[4]])
    assert (row["arret_depart"], row["population"]) == ("Arrêt A", 800)


@pytest.mark.slow
def test_every_column_has_its_entry(found):
    for name, table in folder.diagnosis_tables(found).items():
        for column in table.columns:
            assert dictionary.is_known(name, column), (name, column)


@pytest.mark.slow
def test_a_diagnosis_without_a_car_is_written(found, tmp_path):
    folder.write_diagnosis(found, tmp_path / "sortie")
    written = pd.read_csv(tmp_path / "sortie" / "diagnostic_mobilite_communes.csv", dtype=str)
    assert written["depart"].tolist()[2] == "08:20"
    assert (tmp_path / "sortie" / "diagnostic_mobilite_horaires.csv").exists()


@pytest.mark.slow
def test_the_page_shows_how_each_commune_goes(found):
    content = found.map_content()
    shown = payload(content)["sansVoiture"]
    names = [one["nom"] for one in shown["classes"]]
    assert names[shown["classe"][0]] == "à pied"
    assert names[shown["classe"][2]] == "en car, à pied aux deux bouts"
    assert names[shown["classe"][1]] == "aucun jour ne convient"
    assert shown["mots"][1] == "aucun jour : pas de car"
    page = outputs.map(found).get_root().render()
    assert "autocars, 13/06/2022 au 19/06/2022" in page
    assert '<option value="sansVoiture">' in page


@pytest.mark.slow
def test_the_report_has_its_chapter(found):
    parts = ReportParts(
        found.result, found, answers.rate(found.result), None, provenance_of(found.result)
    )
    section = without_car(parts)
    told = [block.text for block in section.blocks if hasattr(block, "text")]
    assert told[0].startswith("42,9\u202f% des habitants")
    assert "à 1\u202f200\u00a0habitants." in told[0]
    captions = [block.caption for block in section.blocks if hasattr(block, "caption")]
    assert len(captions) == 3
    plain = dataclasses.replace(parts, diagnosis=dataclasses.replace(found, tables={}))
    assert without_car(plain) is None


@pytest.mark.slow
def test_the_page_of_a_candidate_tells_who_comes_without_a_car(found):
    result = found.result
    rating, told = answers.rate(result), provenance_of(result)
    asked = answers.Asked(number=1)
    parts = ReportParts(result, found, rating, answers.optimise(result, asked), told)
    (fiche,) = fiches(parts, shown=1).blocks
    facts = dict(fiche.facts)
    assert facts["À portée sans voiture"].startswith(("d’aucune autre commune", "1\u00a0jour"))


@pytest.mark.slow
def test_without_a_feed_nothing_changes(toy_study):
    found = answers.diagnose(study.run_study(study.read_study(toy_study.path)))
    assert not [name for name in found.tables if "mobilite" in name or "sans_voiture" in name]


@pytest.mark.slow
def test_a_study_without_roads_says_what_it_cannot_do(toy_study, capsys):
    found = diagnosed(
        coaches(toy_study),
        ('noeuds = "noeuds.csv"\nliens = "liens.csv"\nprofil = "voiture"\n', 'profil = "estime"\n'),
        ("\n[reseau.vitesses_kmh]\nprimary = 60\n", ""),
    )
    assert "mobilite_communes" not in found.tables
    (told,) = [one for one in found.anomalies if one.code == "sans-voiture-impossible"]
    assert "sans routes" in told.message
    # Wherever one looks: the audit, the command line, the report.
    findings = study.audit_study(found.result.study).findings
    assert [one.severity for one in findings if one.code == told.code] == ["avertissement"]
    with pytest.raises(SystemExit) as left:
        cli.main(["diagnostiquer", str(toy_study.path), "--sortie", str(toy_study.folder / "s")])
    assert left.value.code == 0
    assert f"sans voiture, non mesuré : {told.message}" in capsys.readouterr().out
    rating, provenance = answers.rate(found.result), provenance_of(found.result)
    plan = answers.optimise(found.result, answers.Asked(number=1))
    section = without_car(ReportParts(found.result, found, rating, plan, provenance))
    assert section is not None
    (said,) = section.blocks
    assert told.message in said.text


@pytest.mark.slow
def test_the_audit_reads_the_timetables(toy_study):
    coaches(toy_study).configure(("\n[candidats]", MOBILITE))
    asked = study.read_study(toy_study.path)
    (file,) = [one for one in study.audit_study(asked).files if one.role == "gtfs"]
    assert (file.read, file.kept) == (2, 2)
    times = toy_study.folder / "autocars" / "stop_times.txt"
    times.write_text(times.read_text("utf-8").replace("aller,08:20:00", "aller,-8:20:00"), "utf-8")
    told = [one.sentence for one in study.audit_study(asked).findings if one.severity == "bloquant"]
    assert len(told) == 1
    assert "stop_times.txt, ligne 3" in told[0]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('jours = "2022-06-13/2022-06-19"\n', "", "demandent des jours"),
        ("2022-06-13/2022-06-19", "la semaine", "jours illisibles"),
        ('["pied", "velo"]', '["cheval"]', "mobilite"),
        ('["pied", "velo"]', "[]", "mobilite"),
        ('acces = ["pied", "velo"]', "marche_max_minutes = 0", "marche_max_minutes"),
    ],
)
def test_keys_that_mean_nothing_are_refused(toy_study, old, new, message):
    toy_study.configure(("\n[candidats]", MOBILITE.replace(old, new)))
    with pytest.raises(StudyError, match=message):
        study.read_study(toy_study.path)


@pytest.mark.slow
def test_days_the_feed_does_not_cover_are_refused(toy_study):
    coaches(toy_study)
    with pytest.raises(DataError, match="du 01/01/2022 au 31/12/2022"):
        diagnosed(toy_study, ("2022-06-13/2022-06-19", "2024-06-13/2024-06-19"))


def test_shifted_hours_stay_within_their_day():
    week = read_hours("Mo 00:30-12:00,23:30-24:00; Tu 09:00-12:00")
    assert shifted(week, -60).text() == "Mo 00:00-11:00,22:30-23:00; Tu 08:00-11:00"
    assert shifted(week, 60).text() == "Mo 01:30-13:00; Tu 10:00-13:00"


def trips(*rows):
    columns = [
        "demand_id",
        "site_id",
        "day",
        "leave",
        "arrive",
        "stay_minutes",
        "return",
        "away_minutes",
        "reason",
    ]
    return pd.DataFrame(rows, columns=columns)


def test_the_shortest_absence_is_the_best_day():
    places = pd.DataFrame({"demand_id": ["a", "b"]})
    coach = trips(
        ("a", "x", "2022-06-13", 480, 500, 60, 600, 120, ""),
        ("a", "y", "2022-06-14", 490, 500, 60, 600, 110, ""),
        ("a", "x", "2022-06-15", None, None, None, None, None, "pas de car"),
        ("b", "x", "2022-06-13", None, None, None, None, None, "fermé"),
        ("b", "x", "2022-06-14", None, None, None, None, None, "pas de retour"),
    )
    bicycle = trips(
        ("a", "x", "2022-06-15", 490, 500, 60, 600, 110, ""),
        ("b", "x", "2022-06-13", None, None, None, None, None, "pas de car"),
    )
    found = coverage.days_without_car(places, {"velo": bicycle, "car": coach})
    first, second = found.to_dict("records")
    assert (first["jours_car"], first["jours_velo"], first["jours_sans_voiture"]) == (2, 1, 3)
    # As short by coach: the plainer way first.
    assert (first["mode"], first["jour"], first["site_id"]) == ("velo", "2022-06-15", "x")
    assert second["jours_sans_voiture"] == 0
    assert second["raison"] == "pas de retour"
    told = {**second, "nom": "Bêta", "site_nom": None}
    assert best_day_in_words(told) == "aucun jour : pas de retour"


def test_a_site_alone_serves_or_loses():
    places = pd.DataFrame(
        {"demand_id": list("abc"), "code_insee": list("abc"), "population": [1, 2, 4]}
    )
    sites = pd.DataFrame({"site_id": ["x", "y"], "nom": ["X", "Y"]})

    def pairs(text):
        return pd.DataFrame(
            [tuple(pair) for pair in text.split()], columns=["demand_id", "site_id"]
        )

    found = coverage.served_by_moving(pairs("ax ay by"), pairs("cx ay cy"), places, sites)
    # X: serves c, and leaves a to Y. Y: serves c too, and loses b, which has no other.
    assert found["communes"].tolist() == [["c"], ["c"]]
    assert found["population"].tolist() == [4, 4]
    assert found["population_perdue"].tolist() == [0, 2]
