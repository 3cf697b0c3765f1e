"""The choices of several people on toy town, worked out by hand.

The Maison is at A: A, B and C are within 20 minutes (600 people). The office of E covers C to F
(C at 20): 1,500 people more, the plan of one site. That of B covers D at 20: 400 more.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json

import pandas as pd
import pytest
from support.commands import failed, run, run_anew
from support.dictionaries import check_entries
from support.french_faults import faults
from support.reading import lines_read

from msap_geo import folder, study
from msap_geo.answers import concertation
from msap_geo.answers.concertation.gather import _authors as names_of
from msap_geo.documents.concertation import _beside as beside
from msap_geo.documents.concertation import _named as named
from msap_geo.errors import DataError, UnreadableFileError
from msap_geo.folder import concertation as written
from msap_geo.outputs import is_held, replacing
from msap_geo.outputs.sheets import dictionary

OPEN_B, OPEN_E = "00001A", "00004A"


def write_choice(folder, name, *, opened=(), closed=(), **more):
    content = {
        "format": "msap-geo-choix",
        "version": 1,
        "etude": "Ville jouet",
        "departements": ["53"],
        "ouvertures": [{"site_id": site, "nom": "", "commune": ""} for site in opened],
        "fermetures": [{"site_id": site, "nom": "", "commune": ""} for site in closed],
        **more,
    }
    path = folder / name
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.fixture
def choices(tmp_path):
    return (
        write_choice(tmp_path, "choix-prefet.json", opened=[OPEN_E]),
        write_choice(tmp_path, "choix-poste.json", opened=[OPEN_E, OPEN_B]),
        write_choice(tmp_path, "c.json", opened=[OPEN_E], closed=["1"], auteur="EPCI de l'Est"),
    )


def concerted(toy_study, choices, folder, *more):
    command = ("concerter", toy_study.path, *choices, "--sortie", folder, "--date", "2026-11-28")
    process = run(*command, "--json", *more)
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


@pytest.mark.slow
def test_who_agrees_and_what_each_is_worth(toy_study, choices, tmp_path):
    told = concerted(toy_study, choices, tmp_path / "s")
    by = {row["choix"]: row for row in told["choix"]}
    assert list(by) == ["prefet", "poste", "EPCI de l'Est", "commun à tous"]
    assert (by["prefet"]["population_couverte"], by["prefet"]["gagnes"]) == (2100, 1500)
    assert (by["prefet"]["cout_eur"], by["prefet"]["cout_etat_eur"]) == (150_000, 50_000)
    assert (by["prefet"]["ecart_au_plan"], by["prefet"]["perdus_plan"]) == (0, 0)
    # Two offices cover nobody more than one.
    assert (by["poste"]["gagnes"], by["poste"]["cout_eur"]) == (1500, 300_000)
    # Closing A's Maison leaves A and B, 40 and 30 minutes from E, beyond.
    closing = by["EPCI de l'Est"]
    assert (closing["population_couverte"], closing["perdus"]) == (1800, 300)
    assert (closing["ecart_au_plan"], closing["perdus_plan"]) == (-300, 300)
    assert closing["habitants_plus_loin"] == 300
    assert by["commun à tous"]["gagnes"] == 1500
    sites = {(row["action"], row["site_id"]): row for row in told["accords"]}
    assert sites["ouvrir", OPEN_E]["accord"] == "tous"
    assert sites["ouvrir", OPEN_E]["nb_choix"] == 3
    assert sites["ouvrir", OPEN_B]["accord"] == "un seul"
    assert sites["ouvrir", OPEN_B]["demande_par"] == "poste"
    assert sites["fermer", "1"]["demande_par"] == "EPCI de l'Est"
    lost = pd.DataFrame(told["perdants"])
    today = lost[(lost["choix"] == "EPCI de l'Est") & (lost["compare_a"] == "aujourd’hui")]
    assert today["nom"].tolist() == ["Bêta", "Alpha"]
    assert today["passe_au_dela"].all()
    assert "prefet" not in set(lost["choix"])


@pytest.mark.slow
def test_every_loss_told_has_its_communes(toy_study, tmp_path):
    """What all ask for is measured too: its losers are listed, and net gaps say who is lost."""
    choices = (
        write_choice(tmp_path, "a.json", opened=[OPEN_B]),
        write_choice(tmp_path, "b.json", opened=[OPEN_B], closed=["1"]),
    )
    told = concerted(toy_study, choices, tmp_path / "s")
    lost = pd.DataFrame(told["perdants"])
    beyond = lost[lost["passe_au_dela"]].groupby(["choix", "compare_a"])["population"].sum()
    rows = {row["choix"]: row for row in told["choix"]}
    assert rows["commun à tous"]["perdus_plan"] == 1100
    for name, row in rows.items():
        assert row["perdus_plan"] == beyond.get((name, "plan du même nombre"), 0)
        assert row["perdus"] == beyond.get((name, "aujourd’hui"), 0)
        assert row["gagnes_plan"] - row["perdus_plan"] == row["ecart_au_plan"]


@pytest.mark.parametrize(
    ("lost", "won", "said"),
    [
        (0, 0, " ; autant d’habitants à portée que le plan du même nombre"),
        (1, 1, " ; autant d’habitants à portée que le plan du même nombre (1 perdu, 1 gagné)"),
        (9, 0, " ; 9 habitants de moins que le plan du même nombre (9 perdus)"),
        (9, 2, " ; 7 habitants de moins que le plan du même nombre (9 perdus, 2 gagnés)"),
        (0, 1, " ; 1 habitant de plus que le plan du même nombre"),
    ],
)
def test_a_gap_to_the_plan_says_who_is_lost(lost, won, said):
    row = {"ecart_au_plan": won - lost, "perdus_plan": lost, "gagnes_plan": won}
    assert beside(row).replace("\u00a0", " ") == said


@pytest.mark.slow
def test_the_register_is_dated_lengthened_and_never_erased(toy_study, choices, tmp_path):
    folder = tmp_path / "s"
    concerted(toy_study, choices[:2], folder)
    first = pd.read_csv(folder / "registre.csv", dtype=str)
    assert first["date"].tolist() == ["2026-11-28"] * 3
    assert first["objet"].tolist() == ["avis"] * 3
    assert first["auteur"].tolist() == ["prefet", "poste", "poste"]
    concerted(toy_study, choices, folder, "--date", "2026-12-01", "--retenir", "prefet")
    again = pd.read_csv(folder / "registre.csv", dtype=str)
    pd.testing.assert_frame_equal(again.head(3), first)
    added = again.iloc[3:]
    assert added["objet"].tolist() == ["avis", "avis", "décision"]
    assert added["auteur"].tolist() == ["EPCI de l'Est", "EPCI de l'Est", "prefet"]
    assert added["date"].tolist() == ["2026-12-01"] * 3


@pytest.fixture
def found(toy_study, choices):
    result = study.run_study(study.read_study(toy_study.path))
    return concertation.gather_opinions(result, [study.read_choice(choices[0])])


def test_the_register_is_read_once_the_folder_is_ours(found, tmp_path, monkeypatch):
    """Two gatherings at once would each forget what the other wrote."""
    held = []
    read = written.read_register

    def seen(path):
        held.append(is_held(path))
        return read(path)

    monkeypatch.setattr(written, "read_register", seen)
    folder.write_concertation(found, tmp_path, date=dt.date(2026, 11, 28))
    assert held == [True]


def test_what_a_killed_gathering_had_registered_stays(found, tmp_path):
    folder.write_concertation(found, tmp_path, date=dt.date(2026, 11, 28))
    newer = (tmp_path / "registre.csv").read_text("utf-8").replace("prefet,", "maire,")
    draft = tmp_path / ".brouillon-01234567"
    draft.mkdir()
    (draft / "registre.csv").write_text(newer, encoding="utf-8")
    replacing.announce(draft)
    folder.write_concertation(found, tmp_path, date=dt.date(2026, 11, 29))
    register = pd.read_csv(tmp_path / "registre.csv", dtype=str)
    assert register["auteur"].tolist() == ["maire", "prefet"]


def test_a_register_that_lost_its_lines_is_told_with_what_to_do(found, tmp_path):
    folder.write_concertation(found, tmp_path, date=dt.date(2026, 11, 28))
    head = (tmp_path / "registre.csv").read_text("utf-8").splitlines()[0]
    (tmp_path / "registre.csv").write_text(head, encoding="utf-8")
    with pytest.raises(DataError, match=r"que son en-tête.* Que faire : y remettre ses lignes"):
        folder.write_concertation(found, tmp_path, date=dt.date(2026, 11, 29))
    assert (tmp_path / "registre.csv").read_text("utf-8") == head


def test_columns_added_to_the_register_stay(found, tmp_path):
    folder.write_concertation(found, tmp_path, date=dt.date(2026, 11, 28))
    first = pd.read_csv(tmp_path / "registre.csv", dtype=str)
    first.assign(auteur="maire", note="vu en séance").to_csv(tmp_path / "registre.csv", index=False)
    folder.write_concertation(found, tmp_path, date=dt.date(2026, 11, 29))
    register = pd.read_csv(tmp_path / "registre.csv", dtype=str, keep_default_na=False)
    assert register["note"].tolist() == ["vu en séance", ""]


@pytest.mark.parametrize(
    ("authors", "named"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "a"], ["a (1)", "a (2)"]),
        (["a", "a (1)", "a"], ["a (2)", "a (1)", "a (3)"]),
        (["a (1)", "a (1)", "a"], ["a (1) (1)", "a (1) (2)", "a"]),
        (["commun à tous"], ["commun à tous (1)"]),
    ],
)
def test_a_name_goes_to_one_opinion_alone(authors, named):
    given = [study.Choice("x", ("53",), (), (), author=author) for author in authors]
    assert names_of(given) == named


@pytest.mark.parametrize(
    ("author", "read"),
    [("a\nb", "a b"), ("\x1b[2Ja", "[2Ja"), ("\u202ea\u2028b", "a b"), (" É. d’A-B ", "É. d’A-B")],
)
def test_an_author_is_a_name_on_one_line(tmp_path, author, read):
    path = write_choice(tmp_path, "c.json", opened=[OPEN_E], auteur=author)
    assert study.read_choice(path).author == read


def test_a_choice_that_says_two_things_is_refused(tmp_path):
    path = write_choice(tmp_path, "c.json", opened=[OPEN_E])
    text = path.read_text("utf-8")
    path.write_text(text.replace('"fermetures"', '"ouvertures": [], "fermetures"'), "utf-8")
    with pytest.raises(UnreadableFileError, match="deux valeurs à une même clé, « ouvertures »"):
        study.read_choice(path)
    path.write_text(text.replace('"fermetures"', '"version": 1, "fermetures"'), "utf-8")
    assert study.read_choice(path).opened
    path.write_text(text.replace('["53"]', '{"53": 1}'), encoding="utf-8")
    with pytest.raises(UnreadableFileError, match="n'est pas un choix complet"):
        study.read_choice(path)


def test_a_packed_choice_is_told_as_such(tmp_path):
    path = tmp_path / "c.json"
    path.write_bytes(gzip.compress("é".encode() * 99))
    with pytest.raises(UnreadableFileError, match="un fichier compressé"):
        study.read_choice(path)


@pytest.mark.slow
def test_the_day_is_that_of_the_build_where_there_is_one(toy_study, choices, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    process = run_anew("concerter", toy_study.path, choices[0], "--sortie", tmp_path / "s")
    assert process.returncode == 0, process.stderr
    register = pd.read_csv(tmp_path / "s" / "registre.csv", dtype=str)
    assert set(register["date"]) == {"2023-11-14"}


def test_a_name_is_elided_after_de():
    rows = [
        {"action": "ouvrir", "nom": "Agosta Plage", "site_id": "1"},
        {"action": "fermer", "nom": "Le Mans", "site_id": "2"},
    ]
    said = named(rows)
    assert said == "l’ouverture d’Agosta Plage ; la fermeture du Mans"


@pytest.mark.slow
def test_everything_is_written_and_reads_as_french(toy_study, choices, tmp_path):
    forms = ("--format", "html", "--format", "docx", "--format", "pdf")
    process = run("concerter", toy_study.path, *choices, "--sortie", tmp_path / "s", *forms)
    assert process.returncode == 0, process.stderr
    said = process.stdout
    assert "Ville jouet : 3\u00a0choix" in said
    assert "Tous s’accordent sur l’ouverture de Poste 4" in said
    assert "commun à tous" in said
    names = {path.name for path in (tmp_path / "s").iterdir()}
    assert names >= {
        "concertation.json",
        "concertation.xlsx",
        "concertation.html",
        "concertation.docx",
        "concertation.pdf",
        "concertation_choix.csv",
        "concertation_sites.csv",
        "concertation_perdants.csv",
        "registre.csv",
    }
    lines = [*said.splitlines(), *(line for _, line in lines_read(tmp_path / "s"))]
    spaces = ("no space before %", "singular of many", "plural of one", "one of many")
    assert faults(lines, but=spaces) == []


@pytest.mark.slow
def test_every_column_has_its_entry(toy_study, choices):
    result = study.run_study(study.read_study(toy_study.path))
    found = concertation.gather_opinions(result, [study.read_choice(path) for path in choices])
    day = dt.date(2026, 11, 28)
    tables = folder.concertation_tables(found)
    tables["concertation_registre"] = concertation.entries(found, day)
    known = {name for name in dictionary.tables() if name.startswith("concertation_")}
    assert set(tables) == known
    for name, table in tables.items():
        check_entries(name, list(table.columns))


@pytest.mark.slow
def test_a_pattern_is_read_where_the_shell_does_not(toy_study, choices, tmp_path):
    told = concerted(toy_study, [tmp_path / "choix-*.json", choices[0]], tmp_path / "s")
    assert [row["choix"] for row in told["choix"]] == ["poste", "prefet", "commun à tous"]


@pytest.mark.slow
def test_one_choice_and_alike_names(toy_study, tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
    mine = write_choice(tmp_path / "a", "choix.json", opened=[OPEN_E])
    yours = write_choice(tmp_path / "b", "choix.json", opened=[OPEN_B])
    alone = concerted(toy_study, [mine], tmp_path / "s")
    assert [row["choix"] for row in alone["choix"]] == ["choix"]
    (tmp_path / "b" / "copie.json").write_bytes(mine.read_bytes())
    same = run("concerter", toy_study.path, mine, tmp_path / "b" / "copie.json", "--sortie", "s",
               cwd=tmp_path)  # fmt: skip
    assert "choix et copie : un même fichier, compté 2 fois" in same.stdout
    two = concerted(toy_study, [mine, yours], tmp_path / "t")
    # Nothing is common: no line for it.
    assert [row["choix"] for row in two["choix"]] == ["choix (1)", "choix (2)"]
    assert two["choix"][1]["ecart_au_plan"] == 400 - 1500


@pytest.mark.slow
def test_what_cannot_be_concerted_is_said(toy_study, choices, tmp_path):
    other = write_choice(tmp_path, "autre.json", opened=[OPEN_E], etude="Ailleurs")
    said = failed(run("concerter", toy_study.path, choices[0], other), "autre étude", "Ailleurs")
    assert "autre.json" in said
    failed(run("concerter", toy_study.path, tmp_path / "absent.json"), "absent.json")
    unknown = write_choice(tmp_path, "inconnu.json", opened=["99999A"])
    failed(run("concerter", toy_study.path, unknown), "99999A", "inconnu")
    failed(
        run("concerter", toy_study.path, choices[0], "--retenir", "maire"),
        "« maire »",
        "prefet",
    )
    failed(run("concerter"), code=2)
    circle = tmp_path / "rond.json"
    circle.symlink_to(circle.name)
    failed(run("concerter", toy_study.path, circle), "rond.json")
    wrong = tmp_path / "s"
    wrong.mkdir()
    (wrong / "registre.csv").write_text("a,b\n1,2\n")
    failed(run("concerter", toy_study.path, choices[0], "--sortie", wrong), "registre.csv")
    assert (wrong / "registre.csv").read_text() == "a,b\n1,2\n"
