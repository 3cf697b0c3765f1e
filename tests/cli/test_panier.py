"""``msap-geo panier`` on whole studies: services of every source, waits, plans, what is wrong."""

from __future__ import annotations

import dataclasses
import itertools
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from support.dictionaries import check_entries

from msap_geo import answers, cli, documents, folder, study, travel
from msap_geo.answers.basket_sites import basket_hosts, basket_sites
from msap_geo.errors import DataError, MsapGeoError, StudyError

DEMO = Path(__file__).parents[2] / "data" / "demo"


def run(tmp_path, section):
    if not (tmp_path / "demo").exists():
        shutil.copytree(DEMO, tmp_path / "demo")
    path = tmp_path / "demo" / "etude.toml"
    path.write_text((DEMO / "etude.toml").read_text(encoding="utf-8") + section, encoding="utf-8")
    return study.run_study(study.read_study(path))


def with_bpe(tmp_path, places):
    """Doctors and pharmacies at town halls of the demo, by their rank."""
    result = run(tmp_path, "")
    degrees = result.origins.to_crs(4326)
    lines = ["TYPEQU;DEPCOM;LONGITUDE;LATITUDE"]
    for kind, rank in places:
        row = degrees.iloc[rank]
        lines.append(f"{kind};{row['code_insee']};{row.geometry.x:.6f};{row.geometry.y:.6f}")
    (tmp_path / "demo" / "bpe.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


BASKET = """
[panier]
services = ["Maison", "Bureau de Poste", "médecin", "pharmacie"]
bpe = "bpe.csv"
"""


@pytest.mark.slow
def test_a_basket_by_brute_force(tmp_path):
    with_bpe(tmp_path, [("D265", 3), ("D265", 40), ("D201", 90), ("D307", 10), ("D301", 120)])
    result = run(tmp_path, BASKET)
    found = answers.fill_basket(result, number=2)
    assert found.services["nb_sites"].tolist()[2:] == [3, 2]
    people = result.access["population"].to_numpy()
    points = result.origins
    offices = result.contact_points[result.contact_points["genre"] == "Bureau de Poste"]
    tables = basket_sites(result).services.tables
    assert set(offices["site_id"]) <= set(tables["Bureau de Poste"]["site_id"])
    columns = []
    for table in tables.values():
        times = travel.matrix(result.roads, points, table, max_minutes=300.0).minutes.toarray()
        columns.append(np.where(times > 0, times, np.inf).min(axis=1))
    here = np.array([[t[i] for t in columns] for i in range(len(points))])
    # A site at one's town hall is at no distance: a dense matrix does not tell it from none.
    for rank, table in enumerate(tables.values()):
        alone = travel.nearest(result.roads, points, table).query("rang == 1")
        here[:, rank] = np.minimum(here[:, rank], alone["minutes"].fillna(np.inf).to_numpy())
    whole = here.max(axis=1)
    ensemble = found.territories.iloc[0]
    for threshold in (20, 30):
        assert ensemble[f"complets_{threshold}"] == people[whole.round(3) <= threshold].sum()
    assert found.communes["population"].sum() == people.sum()
    assert found.communes["complets_20"].sum() == ensemble["complets_20"]
    assert found.communes["minutes"].to_numpy() == pytest.approx(whole, abs=2e-3)
    # Every pair of hosts: the plan is the best, and its first line what the best alone brings.
    hosts = basket_hosts(result)
    near = travel.matrix(result.roads, points, hosts, max_minutes=20.0)
    inside = np.zeros((len(points), len(hosts)), dtype=bool)
    trips = near.minutes.tocoo()
    inside[trips.row, trips.col] = True
    left = people * (whole.round(3) > 20)
    most = max(
        left[inside[:, i] | inside[:, j]].sum()
        for i, j in itertools.combinations(range(len(hosts)), 2)
    )
    assert found.plan.value == most == found.plan.bound
    assert found.plan_sites["habitants"].sum() == most
    best = found.one_more.iloc[0]
    alone = (here.round(3) > 20).sum(axis=1) == 1
    column = list(tables).index(best["service"])
    lacks = alone & (here[:, column].round(3) > 20)
    site = hosts["site_id"].tolist().index(best["site_id"])
    assert best["habitants"] == people[lacks & inside[:, site]].sum()
    for name, table in folder.basket_tables(found).items():
        check_entries(name, list(table.columns))


@pytest.mark.slow
def test_a_wait_of_ten_days_is_no_open_door(tmp_path):
    section = '\n[panier]\nservices = ["Maison", "Bureau de Poste"]\n'
    free = answers.fill_basket(run(tmp_path, section)).territories.iloc[0]
    assert free["complets_sans_attendre"] == free["complets_20"]
    late = answers.fill_basket(run(tmp_path, section + "jours = { Maison = 10 }\n"))
    assert late.territories.iloc[0]["complets_20"] == free["complets_20"]
    assert late.territories.iloc[0]["complets_sans_attendre"] == 0
    assert (late.communes["jours_attente"].dropna() == 10).any()
    patient = section + "jours = { Maison = 10 }\nattente_max_jours = 10\n"
    patient = answers.fill_basket(run(tmp_path, patient)).territories.iloc[0]
    assert patient["complets_sans_attendre"] == free["complets_20"]
    # One Maison without wait: those who reach it, and those alone.
    result = run(tmp_path, "")
    quick = str(result.maisons["site_id"].iloc[0])
    (tmp_path / "demo" / "delais.csv").write_text(f"site_id;jours\n{quick};0\n", encoding="utf-8")
    own = section + 'jours = { Maison = 10 }\ndelais = "delais.csv"\n'
    result = run(tmp_path, own)
    some = answers.fill_basket(result).territories.iloc[0]
    people = result.access["population"].to_numpy()
    one = result.maisons[result.maisons["site_id"] == quick]
    minutes = travel.nearest(result.roads, result.origins, one).query("rang == 1")["minutes"]
    office = result.contact_points[result.contact_points["genre"] == "Bureau de Poste"]
    there = travel.nearest(result.roads, result.origins, office).query("rang == 1")["minutes"]
    both = (minutes.to_numpy().round(3) <= 20) & (there.to_numpy().round(3) <= 20)
    assert some["complets_sans_attendre"] == people[both].sum()


@pytest.mark.slow
def test_delays_of_elsewhere_are_left_out_and_told(tmp_path):
    result = run(tmp_path, "")
    own = str(result.maisons["site_id"].iloc[0])
    path = tmp_path / "demo" / "delais.csv"
    path.write_text(f"site_id;jours\n{own};12\nailleurs;3\n", encoding="utf-8")
    section = '\n[panier]\nservices = ["Maison", "Bureau de Poste"]\ndelais = "delais.csv"\n'
    found = answers.fill_basket(run(tmp_path, section))
    (told,) = found.anomalies
    assert told.code == "delai-inconnu"
    assert "ailleurs" in f"{told.identifier} {told.message}"
    assert found.communes["jours_attente"].eq(12).any()


@pytest.mark.slow
def test_the_files_of_a_basket_are_audited(tmp_path):
    with_bpe(tmp_path, [("D265", 3), ("D307", 10)])
    folder_, own = tmp_path / "demo", "D265-"
    result = run(tmp_path, BASKET)
    doctor = basket_sites(result).services.tables["médecin"]["site_id"].iloc[0]
    assert doctor.startswith(own)
    (folder_ / "delais.csv").write_text(f"site_id;jours\n{doctor};12\nzz;3\n", encoding="utf-8")
    run(tmp_path, BASKET + 'delais = "delais.csv"\n')
    audited = study.audit_study(folder_ / "etude.toml")
    rows = {one.role: (one.read, one.kept) for one in audited.files}
    assert rows["bpe"] == (2, 2)
    assert rows["delais"] == (2, 1)
    assert [f.count for f in audited.findings if f.code == "delai-inconnu"] == [1]
    (folder_ / "delais.csv").write_text("site_id;jours\nzz;3\n", encoding="utf-8")
    (folder_ / "bpe.csv").write_text("TYPEQU;DEPCOM\nD265;53001\nX;1\n", encoding="utf-8")
    audited = study.audit_study(folder_ / "etude.toml")
    assert audited.verdict == "inutilisable"
    run(tmp_path, '\n[panier]\nservices = ["CAF"]\n')
    audited = study.audit_study(folder_ / "etude.toml")
    told = [f.sentence for f in audited.findings if f.code == "etude-incoherente"]
    assert any("aucun fichier" in sentence for sentence in told)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("section", "error", "said"),
    [
        ('services = ["café"]\n', StudyError, "services inconnus : café"),
        ('services = ["CAF"]\n', StudyError, "aucun fichier"),
        ('services = ["pharmacie"]\n', StudyError, "aucun fichier"),
        ("services = []\n", StudyError, "vide"),
        ('services = ["Maison", "Maison"]\n', StudyError, "deux fois"),
        ("jours = { CAF = 3 }\n", StudyError, "absents du panier"),
        ("jours = { Maison = -3 }\n", StudyError, "jours"),
        ('delais = "absent.csv"\n', MsapGeoError, "absent.csv"),
        ('delais = "delais.csv"\n', StudyError, "délais de sites inconnus : zzz"),
        ('delais = "faux.csv"\n', DataError, "n'est pas un nombre de jours"),
    ],
)
def test_what_is_asked_wrong_is_said(tmp_path, section, error, said):
    run(tmp_path, "")
    (tmp_path / "demo" / "delais.csv").write_text("site_id;jours\nzzz;2\n", encoding="utf-8")
    (tmp_path / "demo" / "faux.csv").write_text("site_id;jours\nzzz;tôt\n", encoding="utf-8")
    with pytest.raises(error, match=said):
        answers.fill_basket(run(tmp_path, f"\n[panier]\n{section}"))


def test_a_service_nobody_offers_is_missing_everywhere(tmp_path):
    section = '\n[panier]\nservices = ["Maison", "Bureau de Poste"]\n'
    result = run(tmp_path, section)
    none = dataclasses.replace(
        result, la_poste=result.la_poste.iloc[:0], la_poste_around=result.la_poste_around.iloc[:0]
    )
    found = answers.fill_basket(none)
    assert found.territories.iloc[0]["complets_20"] == 0
    lived = found.communes[found.communes["population"] > 0]
    assert (lived["habitants_sans"] == lived["population"]).all()
    # The first of equals, in the order of the basket.
    assert set(lived["manque"]) <= {"Maison", "Bureau de Poste"}
    assert found.services.set_index("service").loc["Bureau de Poste", "habitants_30"] == 0
    assert found.communes["minutes"].isna().all()
    json.dumps(answers.basket_json(found), allow_nan=False)


def test_an_empty_section_asks_for_the_usual_services(tmp_path):
    basket = answers.decisions_of(run(tmp_path, "\n[panier]\n")).basket
    assert basket is not None
    assert basket.services["service"].tolist() == ["Maison", "Bureau de Poste"]


@pytest.mark.slow
def test_the_command_its_json_and_the_report(tmp_path, capsys):
    run(tmp_path, "\n[panier]\njours = { Maison = 5 }\n")
    path = tmp_path / "demo" / "etude.toml"
    with pytest.raises(SystemExit) as ended:
        cli.main(["panier", str(path), "--nombre", "2", "--json"])
    assert ended.value.code == 0
    found = json.loads(capsys.readouterr().out)
    assert found["borne"] >= found["valeur"] == sum(o["habitants"] for o in found["couteau_suisse"])
    assert {s["service"] for s in found["services"]} == {"Maison", "Bureau de Poste"}
    with pytest.raises(SystemExit) as ended:
        cli.main(["panier", str(path)])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "tous à 20" in said
    assert "sans attendre plus de 2" in said
    assert "habitants au panier complet" in said  # of one too
    parts = documents.report_parts(study.run_study(study.read_study(path)))
    titles = [s.title for s in documents.report_document(parts).sections]
    assert "Plusieurs services à la fois" in titles
    scheme = documents.report_document(parts, model="sdaasap").sections
    assert "Objectifs : plusieurs services à la fois" in [s.title for s in scheme]


@pytest.mark.slow
def test_what_its_files_leave_out_is_told_by_the_command_and_its_json(tmp_path, capsys):
    with_bpe(tmp_path, [("D265", 3), ("D307", 10)])
    bpe = tmp_path / "demo" / "bpe.csv"
    # A doctor of a commune that does not exist.
    bpe.write_text(bpe.read_text(encoding="utf-8") + "D265;53999;;\n", encoding="utf-8")
    run(tmp_path, BASKET)
    path = str(tmp_path / "demo" / "etude.toml")
    for asked in ([], ["--json"]):
        with pytest.raises(SystemExit, match=r"^0$"):
            cli.main(["panier", path, *asked])
    said, content = capsys.readouterr().out.split("{", 1)
    told = json.loads("{" + content)["anomalies"]
    assert sorted(one["action"] for one in told) == ["signalé", "écarté"]
    assert any("53999" in str(one) for one in told)
    assert "anomalies dans les fichiers du panier : 1 écartée, 1 signalée" in said
