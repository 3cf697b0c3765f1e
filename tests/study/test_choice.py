"""A choice exported from the map, read back by ``lancer --choix``."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from support.toy import poste_row

from msap_geo import french
from msap_geo.errors import (
    DataError,
    FileMissingError,
    MissingColumnError,
    StudyError,
    UnreadableFileError,
)
from msap_geo.folder import write_study
from msap_geo.study import choose, read_choice, read_study, run_study, scenario

CHOICE = {
    "format": "msap-geo-choix",
    "version": 1,
    "etude": "Ville jouet",
    "departements": ["53"],
    "ouvertures": [{"site_id": "00004A", "nom": "Poste 4", "commune": "Epsilon"}],
    "fermetures": [{"site_id": "1", "nom": "Maison de Alpha", "commune": "Alpha"}],
}
HEADER = "action,site_id,nom,commune,code_insee,etude,departements"
CSV = (
    f"{HEADER}\nouvrir,00004A,Poste 4,Epsilon,53005,Ville jouet,53\n"
    "fermer,1,Maison de Alpha,Alpha,53001,Ville jouet,53\n"
)


def written(folder, **changes):
    path = folder / "choix.json"
    path.write_text(json.dumps({**CHOICE, **changes}), encoding="utf-8")
    return path


@pytest.fixture
def result(toy_study):
    return run_study(read_study(toy_study.path))


def test_json_and_csv_say_the_same(tmp_path):
    table = tmp_path / "choix.csv"
    table.write_text(CSV, encoding="utf-8")
    one, other = read_choice(written(tmp_path)), read_choice(table)
    assert (one.study, one.departements, one.opened, one.closed) == (
        other.study,
        other.departements,
        other.opened,
        other.closed,
    )
    assert [site.site_id for site in one.opened] == ["00004A"]


def test_a_csv_that_went_through_excel(tmp_path):
    table = tmp_path / "choix.csv"
    table.write_bytes(CSV.replace(",", ";").replace("Alpha", "Bêta").encode("cp1252"))
    choice = read_choice(table)
    assert choice.closed[0].name == "Maison de Bêta"


@pytest.mark.parametrize(
    ("told", "codes"), [("1", ("01",)), ("01 5", ("01", "05")), ("2a 2B", ("2A", "2B"))]
)
def test_codes_a_spreadsheet_took_for_numbers_come_back(tmp_path, told, codes):
    table = tmp_path / "choix.csv"
    table.write_text(CSV.replace("Ville jouet,53", f"Ville jouet,{told}"), encoding="utf-8")
    assert read_choice(table).departements == codes


def test_a_line_added_by_hand_says_its_study(tmp_path):
    table = tmp_path / "choix.csv"
    for added in ("ouvrir,00001A,POSTE 1,Bêta,53002,,\n", "ouvrir,00001A,POSTE 1,Bêta,53002,,53\n"):
        table.write_text(CSV + added, encoding="utf-8")
        with pytest.raises(DataError, match="ne dit pas de quelle étude") as refused:
            read_choice(table)
        assert "ligne 4" in str(refused.value.where)
        assert "recopier les colonnes etude et departements" in refused.value.remedy


@pytest.mark.parametrize("end", ["\n", "\r"])
def test_the_encoding_of_a_macintosh_has_its_own_message(tmp_path, end):
    table = tmp_path / "choix.csv"
    text = CSV.replace("Ville jouet", "Pays de la Vallée, n° 3").replace("\n", end)
    text = text.replace("Pays de la Vallée, n° 3", '"Pays de la Vallée, n° 3"')
    table.write_bytes(text.encode("mac_roman"))
    with pytest.raises(UnreadableFileError, match="Macintosh") as refused:
        read_choice(table)
    assert "CSV UTF-8" in refused.value.remedy
    table.write_bytes(text.replace("\r", "\n").encode("cp1252"))
    assert read_choice(table).study == "Pays de la Vallée, n° 3"


@pytest.mark.slow
def test_zeros_lost_in_a_spreadsheet_come_back_with_the_name(result, tmp_path):
    lost = [{**site, "site_id": site["site_id"].lstrip("0")} for site in CHOICE["ouvertures"]]
    assert lost != CHOICE["ouvertures"]
    found = scenario(result, read_choice(written(tmp_path, ouvertures=lost)))
    assert [site.site_id for site in found.choice.opened] == [
        site["site_id"] for site in CHOICE["ouvertures"]
    ]
    with pytest.raises(StudyError, match="inconnu parmi les bureaux"):
        scenario(
            result,
            read_choice(written(tmp_path, ouvertures=[{**site, "nom": "X"} for site in lost])),
        )


@pytest.mark.slow
def test_a_column_sorted_without_the_other_is_seen(result, tmp_path):
    offices = result.candidates[["site_id", "nom", "commune"]].to_dict("records")
    swapped = [{**offices[0], "nom": offices[1]["nom"].upper()}]
    with pytest.raises(StudyError, match=r"dont le nom est celui d'un autre") as refused:
        scenario(result, read_choice(written(tmp_path, ouvertures=swapped)))
    assert offices[0]["site_id"] in str(refused.value)
    renamed = [{**offices[0], "nom": "Un nom d'une autre année"}]  # lists rename: no fault
    scenario(result, read_choice(written(tmp_path, ouvertures=renamed)))


def test_a_site_given_twice_counts_once(tmp_path):
    twice = CHOICE["ouvertures"] * 2
    assert len(read_choice(written(tmp_path, ouvertures=twice)).opened) == 1


@pytest.mark.slow
def test_the_scenario_is_the_study_with_other_maisons(result, tmp_path):
    found = scenario(result, read_choice(written(tmp_path)))
    assert found.access["minutes"].tolist() == [40, 30, 20, 10, 0, 10]
    assert found.shares[0].within == 300 + 400 + 500 + 600
    assert found.candidates["site_id"].tolist() == ["00001A"]
    assert found.maisons[["site_id", "genre", "nom"]].to_numpy().tolist() == [
        ["00004A", "Fixe", "Poste 4"]
    ]
    assert found.study.etude.nom == "Ville jouet, simulation (1\u00a0ouverture, 1\u00a0fermeture)"
    # The study it starts from is untouched.
    assert result.access["minutes"].tolist() == [0, 10, 20, 30, 40, 50]
    assert result.choice is None


@pytest.mark.slow
def test_a_choice_made_in_python_is_that_of_the_page(result, tmp_path):
    chosen = choose(result, opened=["00004A", "00004A"], closed=["1"])
    read = scenario(result, read_choice(written(tmp_path)))
    found = scenario(result, chosen)
    assert found.choice.told() == read.choice.told()
    assert found.access.equals(read.access)
    with pytest.raises(StudyError, match="nulle part"):
        scenario(result, choose(result, closed=["nulle part"]))


@pytest.mark.slow
def test_everything_may_close(result, tmp_path):
    found = scenario(result, read_choice(written(tmp_path, ouvertures=[])))
    assert found.access["minutes"].isna().all()
    assert (found.access["raison"] == "sans route").all()
    assert found.shares[0].within == 0


@pytest.mark.slow
def test_the_folder_says_it_is_a_scenario(result, tmp_path):
    folder = tmp_path / "sortie"
    write_study(scenario(result, read_choice(written(tmp_path))), folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["scenario"]["fichier"] == "choix.json"
    assert len(manifest["scenario"]["sha256"]) == 64
    assert manifest["scenario"]["ouvertures"] == CHOICE["ouvertures"]
    summary = json.loads((folder / "resume.json").read_text(encoding="utf-8"))
    assert summary["scenario"]["fermetures"] == CHOICE["fermetures"]
    page = (folder / "carte.html").read_text(encoding="utf-8")
    assert "<h1>Ville jouet, simulation (" in page
    said = "Simulation : ouverture de Poste 4 (Epsilon) ; fermeture de Maison de Alpha ("
    assert french.typeset(said) in page


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"etude": "Autre"}, "autre étude, « Autre »"),
        ({"departements": ["72"]}, "autre étude"),
        ({"ouvertures": [{"site_id": "1"}], "fermetures": []}, "déjà une Maison.* : 1"),
        ({"ouvertures": [{"site_id": "X", "nom": "Y"}]}, r"inconnu parmi les bureaux.*Y \(X\)"),
        ({"ouvertures": [{"site_id": "00002A"}]}, "d'un type que l'étude"),
        ({"fermetures": [{"site_id": "00001A"}]}, "inconnu parmi les Maisons.*00001A"),
    ],
)
def test_a_choice_that_does_not_fit_is_refused(toy_study, tmp_path, changes, message):
    relay = poste_row(2, caracteristique_du_site="Relais poste")
    toy_study.write(la_poste=[poste_row(1), poste_row(4), relay])
    result = run_study(read_study(toy_study.path))
    with pytest.raises(StudyError, match=message):
        scenario(result, read_choice(written(tmp_path, **changes)))


@pytest.mark.parametrize(
    ("name", "text", "error", "message"),
    [
        ("a.json", "{", DataError, "pas du JSON valide"),
        ("a.json", "[]", DataError, "pas un choix exporté"),
        ("a.json", '{"format": "autre"}', DataError, "pas un choix exporté"),
        ("a.json", json.dumps({**CHOICE, "version": 9}), DataError, "autre version"),
        ("a.json", json.dumps({**CHOICE, "ouvertures": 3}), DataError, "pas un choix complet"),
        ("a.json", json.dumps({**CHOICE, "etude": 3}), DataError, "pas un choix complet"),
        (
            "a.json",
            json.dumps({**CHOICE, "ouvertures": [{"nom": "x"}]}),
            DataError,
            "pas un choix complet",
        ),
        (
            "a.json",
            json.dumps({**CHOICE, "ouvertures": [], "fermetures": []}),
            DataError,
            "choix est vide",
        ),
        (
            "a.json",
            json.dumps({**CHOICE, "fermetures": CHOICE["ouvertures"]}),
            DataError,
            "à la fois à ouvrir et à fermer : 00004A",
        ),
        ("a.csv", "site_id,nom\n1,x\n", MissingColumnError, "action"),
        ("a.csv", CSV.replace("fermer", "vendre"), DataError, "action inconnue : « vendre »"),
        ("a.csv", CSV.replace("Alpha,53001,Ville", "Alpha,53001,Cité"), DataError, "même étude"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path, name, text, error, message):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(error, match=message):
        read_choice(path)


def test_an_absent_file_is_told(tmp_path):
    with pytest.raises(FileMissingError, match=r"absent\.json"):
        read_choice(tmp_path / "absent.json")


def run(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "msap_geo", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.slow
def test_lancer_reads_a_choice(toy_study, tmp_path):
    done = run("lancer", toy_study.path, "--choix", written(tmp_path), "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["seuils"]["20"]["population_couverte"] == 1800
    (folder,) = (tmp_path / "maps").iterdir()
    assert folder.name == "ville-jouet-simulation-1-ouverture-1-fermeture"
    assert (folder / "carte.html").is_file()


@pytest.mark.slow
def test_a_scenario_is_compared_with_its_study(toy_study, tmp_path):
    choice = written(tmp_path)
    assert run("lancer", toy_study.path, "--sortie", "avant", cwd=tmp_path).returncode == 0
    done = run("lancer", toy_study.path, "--choix", choice, "--sortie", "apres", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = run("comparer", "avant", "apres", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert "Poste 4" in json.dumps(told, ensure_ascii=False)
    assert told["seuils"]["20"]["gagnent"] == 400 + 500 + 600
    assert told["seuils"]["20"]["perdent"] == 100 + 200


@pytest.mark.slow
def test_lancer_refuses_a_wrong_choice_in_french(toy_study, tmp_path):
    path = written(tmp_path, etude="Autre")
    done = run("lancer", toy_study.path, "--choix", path, cwd=tmp_path)
    assert done.returncode == 1
    assert "autre étude" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "maps").exists()
