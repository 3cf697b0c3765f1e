"""A study that looks ahead: who will be far, told everywhere."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from support.commands import failed, run
from support.dictionaries import check_entries

import msap_geo as mg
from msap_geo import answers, folder
from msap_geo.documents.parts import report_parts
from msap_geo.documents.report import report_document
from msap_geo.errors import DataError, StudyError
from msap_geo.outputs.page.proposals import proposals
from msap_geo.study import audit_study, read_study, run_study
from msap_geo.study.ahead.season import read_season

PROJECTION = """zone;annee;0-64;65-74;75+
53;2026;1500;400;200
53;2040;1200;500;500
"""
AGES = "code_insee;0_64;65_74;75_plus\n" + "".join(
    f"5300{i};{100 * i - 20 * i};{10 * i};{10 * i if i != 6 else 60}\n" for i in range(1, 7)
)


@pytest.fixture
def ahead(toy_study):
    (toy_study.folder / "projections.csv").write_text(PROJECTION, encoding="utf-8")
    (toy_study.folder / "ages.csv").write_text(AGES, encoding="utf-8")
    section = (
        '[prospective]\nfichier = "projections.csv"\nages = "ages.csv"\nhorizons = [2026, 2040]\n'
    )
    return toy_study.configure(("[candidats]", f"{section}\n[candidats]"))


def plain(text):
    """Return a text with ordinary spaces."""
    return text.replace("\u202f", " ").replace("\xa0", " ")


def diagnosed(made):
    return answers.diagnose(run_study(read_study(made.path)))


@pytest.mark.slow
def test_who_is_far_at_each_horizon(ahead):
    """A Maison at A: D, E and F (1 500 of 2 100) are beyond 20 minutes."""
    found = diagnosed(ahead)
    table = found.tables["prospective"]
    whole = table[table["zonage"] == "ensemble"].set_index(["horizon", "groupe"])
    assert whole.loc[(2026, "population"), "au_dela_20"] == 1500
    # Every commune is as old: shares never move, 2 200 people in 2040.
    assert whole.loc[(2040, "population"), "effectif"] == 2200
    assert whole.loc[(2040, "population"), "au_dela_20"] == pytest.approx(2200 * 15 / 21, abs=1)
    assert whole.loc[(2040, "habitants_75_plus"), "effectif"] == 500
    doubling = found.tables["prospective_doublement"].iloc[0]
    # 200 + (500 − 200) × t / 14 ≥ 400 from t = 9,33 on.
    assert doubling["annee_doublement"] == 2036
    assert doubling["au_dela_20"] == pytest.approx(414 * 15 / 21, abs=2)
    bands = found.tables["prospective_ages"]
    assert (bands["calage"] == 1).all()
    assert (bands["habitants_repartis"] - bands["projection"]).abs().max() < 1e-6
    for name, each in found.tables.items():
        if name.startswith("prospective"):
            check_entries(f"diagnostic_{name}", list(each.columns))


@pytest.mark.slow
def test_it_is_told_by_the_command_the_summary_and_the_report(ahead, tmp_path):
    ran = run("diagnostiquer", ahead.path, "--sortie", tmp_path / "out")
    assert ran.returncode == 0, ran.stderr
    assert "habitants à plus de 20 min : 1 500 en 2026, 1 5" in plain(ran.stdout)
    assert "auront doublé en 2036" in ran.stdout
    summary = json.loads((tmp_path / "out" / "resume.json").read_text(encoding="utf-8"))
    assert {row["horizon"] for row in summary["diagnostic"]["prospective"]} == {2026, 2040}
    parts = report_parts(run_study(read_study(ahead.path)))
    titles = [section.title for section in report_document(parts).sections]
    assert "À l’horizon 2040" in titles
    assert "diagnostic_prospective" in folder.diagnosis_tables(parts.diagnosis)
    scheme = [section.title for section in report_document(parts, model="sdaasap").sections]
    assert "Diagnostic : à l’horizon 2040" in scheme


def test_nothing_changes_for_a_study_that_does_not(toy_study):
    found = diagnosed(toy_study)
    assert not [name for name in found.tables if name.startswith("prospective")]


@pytest.mark.slow
def test_an_audit_reads_it_as_a_run(ahead):
    found = audit_study(read_study(ahead.path))
    (file,) = [one for one in found.files if one.role == "projections"]
    assert (file.read, file.kept, file.here) == (2, 6, 6)
    assert {one.code for one in found.findings} >= {"ages-lus"}
    text = (ahead.folder / "projections.csv").read_text(encoding="utf-8")
    (ahead.folder / "projections.csv").write_text(text.replace("53;", "35;"), encoding="utf-8")
    found = audit_study(read_study(ahead.path))
    (wrong,) = [one for one in found.findings if one.code == "fichier-inutilisable"]
    assert "aucun territoire de l'étude" in str(wrong)
    failed(
        run("diagnostiquer", ahead.path, "--sortie", ahead.folder / "out"),
        "aucun territoire de l'étude parmi les zones de la projection (35",
    )


@pytest.mark.slow
def test_what_a_projection_leaves_to_be_supposed_is_told(ahead):
    (ahead.folder / "ages.csv").write_text(
        "code_insee;0_64;65_plus\n53001;80;20\n", encoding="utf-8"
    )
    told = {one.code: plain(one.message) for one in diagnosed(ahead).anomalies}
    assert "5 communes sans âges connus" in told["ages-inconnus"]
    assert "65 ans ou plus en tiennent lieu" in told["ages-grossiers"]
    text = "zone;2026;2040\n53;4200;5000\n"
    (ahead.folder / "projections.csv").write_text(text, encoding="utf-8")
    found = diagnosed(ahead)
    told = {one.code: plain(one.message) for one in found.anomalies}
    assert "4 200 contre 2 100" in told["projection-decalee"]
    assert "projection-sans-75-ans" in told
    table = found.tables["prospective"]
    assert set(table["groupe"]) == {"population"}
    assert found.tables["prospective_doublement"]["annee_doublement"].isna().all()


@pytest.mark.slow
def test_the_gap_is_told_between_two_years_of_the_projection(ahead):
    """4 000 in 2020 and 4 400 in 2030 are 4 240 in 2026; 2 100 live there."""
    path = ahead.folder / "projections.csv"
    path.write_text("zone;2020;2030;2040\n53;4000;4400;5000\n", encoding="utf-8")
    told = {one.code: plain(one.message) for one in diagnosed(ahead).anomalies}
    assert "4 240 contre 2 100" in told["projection-decalee"]


@pytest.mark.slow
def test_a_projection_of_ones_own_by_commune(ahead):
    rows = "".join(f"5300{i};{100 * i};{100 * i + 10}\n" for i in range(1, 7))
    path = ahead.folder / "projections.csv"
    path.write_text("code_insee;2026;2040\n" + rows, encoding="utf-8")
    table = diagnosed(ahead).tables["prospective_communes"]
    last = table[table["horizon"] == 2040]["population"]
    assert last.tolist() == [110, 210, 310, 410, 510, 610]
    path.write_text(
        "code_insee;2026;2040\n" + rows.replace("53006;600;610\n", ""), encoding="utf-8"
    )
    failed(
        run("diagnostiquer", ahead.path, "--sortie", ahead.folder / "out"),
        "commune hors de la projection (53006)",
    )


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("horizons = [2040, 2026]", "années croissantes"),
        ("horizons = []", "liste non vide"),
        ("horizons = [2026, 2060]", "2060 est hors de la projection"),
    ],
)
def test_wrong_horizons_are_refused(ahead, written, said):
    text = ahead.path.read_text(encoding="utf-8").replace("horizons = [2026, 2040]", written)
    ahead.path.write_text(text, encoding="utf-8")
    failed(run("diagnostiquer", ahead.path, "--sortie", ahead.folder / "out"), said)


def robust(made, **asked):
    result = run_study(read_study(made.path))
    return answers.optimise_ahead(result, answers.Asked(**asked))


@pytest.mark.slow
def test_a_plan_is_judged_at_every_horizon(ahead):
    """Offices at B and E: E brings D, E and F at any horizon, so that nothing is regretted."""
    found = robust(ahead, number=1)
    assert found.plan.sites == ("00004A",)
    assert found.plan.value == found.plan.bound == 0
    asked = mg.plan_ahead(found.result, number=1)
    assert asked.sites.equals(found.sites)
    assert repr(asked) == "Robust(sites=['00004A'], value=0, bound=0)"
    assert "Futurs qui l’auraient choisi, sur 6" in asked._repr_html_()
    told = answers.robust_json(found)
    page = (Path(__file__).parents[2] / "docs" / "prospective.md").read_text(encoding="utf-8")
    keys = set(told).union(*(told[name][0] for name in ("sites", "horizons", "futurs")))
    assert sorted(key for key in keys if f"`{key}`" not in page) == []
    assert [row["horizon"] for row in told["horizons"]] == [2026, 2040]
    assert told["horizons"][0]["valeur"] == 2100
    assert [row["regret"] for row in told["horizons"]] == [0, 0]
    assert {row["temps"] for row in told["futurs"]} == {"mesurés", "plus longs", "plus courts"}
    assert told["sites"][0]["futurs"] == 6
    for name, table in folder.robust_tables(found).items():
        check_entries(name, list(table.columns))
    text = ahead.path.read_text(encoding="utf-8")
    ahead.path.write_text(
        text.replace("[prospective]\n", '[prospective]\npublic = "habitants_75_plus"\n'),
        encoding="utf-8",
    )
    elders = robust(ahead, number=1)
    assert elders.counted == "personnes de 75 ans ou plus"
    assert elders.horizons()["valeur"].tolist() == [200, 500]


def test_the_command_tells_it(ahead):
    ran = run("optimiser", ahead.path, "--nombre", 1, "--horizons")
    assert ran.returncode == 0, ran.stderr
    said = plain(ran.stdout)
    assert "1 site, jugé en 2026, 2040 (habitants)" in said
    assert "pire regret : 0 habitant" in said
    assert "coût : 150 000 € par an" in said
    assert "dans le meilleur plan de 6 futurs sur 6" in said
    ran = run("optimiser", ahead.path, "--nombre", 1, "--horizons", "--json")
    told = json.loads(ran.stdout)
    assert (told["objectif"], told["valeur"], told["ecart"]) == ("regret", 0, 0)


def test_what_has_no_regret_says_so(ahead, toy_study):
    failed(
        run("optimiser", ahead.path, "--couverture", "0.9", "--horizons"),
        "se demande par un nombre de sites ou un budget",
    )
    text = ahead.path.read_text(encoding="utf-8")
    ahead.path.write_text(f'{text}\n[implantation]\nobjectif = "equite"\n', encoding="utf-8")
    failed(
        run("optimiser", ahead.path, "--nombre", 1, "--horizons"),
        "« equite » ne se juge pas sur plusieurs horizons",
    )
    toy_study.configure()
    failed(
        run("optimiser", toy_study.path, "--nombre", 1, "--horizons"),
        "ne donne pas de projection de population",
    )


HOMES = "CODGEO;P21_RSECOCC\n" + "".join(f"5300{i};{10 * (i == 6)}\n" for i in range(1, 7))


def seasonal(made, saison, *, homes=HOMES):
    if homes:
        (made.folder / "logement.csv").write_text(homes, encoding="utf-8")
        made.configure(
            (
                'la_poste = "la_poste.csv"',
                'la_poste = "la_poste.csv"\nindicateurs = "logement.csv"',
            ),
            ("[candidats]", f"[prospective]\nsaison = {saison}\n\n[candidats]"),
        )
    else:
        made.configure(("[candidats]", f"[prospective]\nsaison = {saison}\n\n[candidats]"))
    return made


@pytest.mark.slow
def test_who_is_there_in_august(toy_study):
    """Ten second homes at F, 80 % of them lived in by five people: 40 more, beyond 20 minutes."""
    made = seasonal(toy_study, "{ janvier = 0, aout = 0.8 }")
    found = diagnosed(made)
    table = found.tables["saison"]
    whole = table[table["zonage"] == "ensemble"].set_index("mois")
    assert whole["presents"].to_dict() == {"janvier": 2100, "aout": 2140}
    assert whole.loc["aout", "presents_au_dela_20"] == 1540
    assert whole.loc["aout", "residents_au_dela_20"] == 1500
    communes = found.tables["saison_communes"].set_index(["code_insee", "mois"])
    assert communes.loc[("53006", "aout"), "presents"] == 640
    for name in ("saison", "saison_communes"):
        check_entries(f"diagnostic_{name}", list(found.tables[name].columns))
    # Everything else counts residents.
    assert found.result.shares[0].population == 2100
    parts = report_parts(found.result)
    (chapter,) = [s for s in report_document(parts).sections if s.title == "La saison"]
    assert "En août" in chapter.blocks[0].text
    assert "R. 133-33" in chapter.blocks[-1].text


@pytest.mark.slow
def test_people_present_of_a_file(toy_study):
    rows = "code_departement;juillet;aout\n53;2100;2200\n"
    (toy_study.folder / "saison.csv").write_text(rows, encoding="utf-8")
    table = diagnosed(seasonal(toy_study, '"saison.csv"')).tables["saison_communes"]
    there = table.set_index(["code_insee", "mois"])["presents"]
    assert there["53006", "aout"] == 700
    assert there["53001", "aout"] == 100


def test_people_present_in_merged_communes_add_up(toy_study):
    result = run_study(read_study(toy_study.path))
    rows = "".join(f"5300{i};{100 * i}\n" for i in range(1, 7))
    path = toy_study.folder / "saison.csv"
    path.write_text(f"code_insee;aout\n{rows}53999;50\n", encoding="utf-8")
    study = read_study(seasonal(toy_study, '"saison.csv"').path)
    merged = replace(result.places.codes, successors={"53999": "53006"})
    found = read_season(study, pd.DataFrame(result.communes), merged)
    assert found.present["aout"].to_dict()["53006"] == 650
    assert found.present["aout"].sum() == 2150
    # A month told of one of those that merged alone is not that of both.
    short = "".join(f"5300{i};{month};700\n" for i in range(1, 7) for month in ("juillet", "aout"))
    path.write_text(f"code_insee;mois;presents\n{short}53999;aout;50\n", encoding="utf-8")
    with pytest.raises(DataError, match="les mois ne sont pas les mêmes"):
        read_season(study, pd.DataFrame(result.communes), merged)


def test_nobody_of_another_place_is_put_where_a_file_tells_of_none(toy_study):
    """F has second homes and nobody: people present in A stay in A."""
    communes = pd.DataFrame(run_study(read_study(toy_study.path)).communes)
    communes["population"] = communes["population"].mask(communes["code_insee"] == "53006", 0)
    communes["residences_secondaires"] = [
        10.0 * (code != "53001") for code in communes["code_insee"]
    ]
    path = toy_study.folder / "saison.csv"
    study = read_study(seasonal(toy_study, '"saison.csv"').path)
    for name, shown in (("presents", 1000), ("occupation", 0.5)):
        rows = "".join(f"5300{i};aout;{shown}\n" for i in range(1, 6))
        path.write_text(f"code_insee;mois;{name}\n{rows}", encoding="utf-8")
        present = read_season(study, communes).present["aout"]
        assert present["53006"] == 0
        if name == "presents":
            assert (present.drop("53006") == 1000).all()


@pytest.mark.slow
def test_people_of_a_whole_departement_are_not_put_in_an_epci(toy_study):
    belongs = "CODGEO;EPCI\n" + "".join(f"5300{i};20000000{1 + i // 4}\n" for i in range(1, 7))
    (toy_study.folder / "epci.csv").write_text(belongs, encoding="utf-8")
    path = toy_study.folder / "saison.csv"
    path.write_text("code_departement;aout\n53;9000\n", encoding="utf-8")
    made = toy_study.configure(
        ('la_poste = "la_poste.csv"', 'la_poste = "la_poste.csv"\nappartenance = "epci.csv"'),
        ("[etude]", '[etude]\nepci = ["200000002"]'),
        ("[candidats]", '[prospective]\nsaison = "saison.csv"\n\n[candidats]'),
    )
    with pytest.raises(DataError, match=r"plus grands que l'étude \(département\)"):
        diagnosed(made)
    path.write_text("epci;aout\n200000001;600\n200000002;1700\n", encoding="utf-8")
    table = diagnosed(made).tables["saison_communes"]
    assert table["presents"].sum() == 1700


def test_a_season_that_cannot_be_told_is_refused(toy_study):
    made = seasonal(toy_study, "{ aout = 0.8 }", homes="")
    failed(
        run("diagnostiquer", made.path, "--sortie", made.folder / "out"),
        "les résidences secondaires ne sont pas connues",
    )
    told = audit_study(read_study(made.path))
    assert any("résidences secondaires" in str(one) for one in told.findings)


@pytest.mark.parametrize("saison", ["{ ete = 0.5 }", "{ aout = 1.5 }", "3"])
def test_a_season_badly_written_is_refused(toy_study, saison):
    made = seasonal(toy_study, saison, homes="")
    with pytest.raises(StudyError, match="prospective"):
        read_study(made.path)


@pytest.mark.slow
def test_a_plan_for_every_horizon_is_told_everywhere(ahead, tmp_path):
    text = ahead.path.read_text(encoding="utf-8")
    text = text.replace("horizons = [2026, 2040]", "horizons = [2026, 2040]\nnombre = 1")
    ahead.path.write_text(text, encoding="utf-8")
    parts = report_parts(run_study(read_study(ahead.path)))
    found = parts.decisions.robust
    assert len(found.plan.sites) == 1
    sections = {one.title: one for one in report_document(parts).sections}
    told = plain(sections["Un plan bon à tous les horizons"].blocks[0].text)
    assert "1 site pour les habitants de 2026, 2040, sur des temps" in told
    assert "150 000 € par an" in told
    assert "le plan qui ne regarde que 2026 regretterait au pire" in told
    (site,) = found.plan.sites
    shown = proposals(parts.decisions.proposals(), ["53001"])
    assert "n° 1 ; dans le meilleur plan de" in shown["horizons"][site][0][1]
    assert shown["transformations"] == shown["ajouts"] == {}
    ran = run("lancer", ahead.path, "--tout", "--sortie", tmp_path / "tout")
    assert ran.returncode == 0, ran.stderr
    written = json.loads((tmp_path / "tout" / "horizons.json").read_text(encoding="utf-8"))
    assert [one["site_id"] for one in written["sites"]] == [site]
