"""The command as its users run it: a process."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import geopandas as gpd
import pytest
from support.commands import failed, run, run_anew
from support.toy import CODES, StudyFolder, maison_row

from msap_geo import __version__
from msap_geo.cli import main
from msap_geo.study import read_study, run_study


def test_version_and_help_are_in_french():
    assert run_anew("--version").stdout.strip() == f"msap-geo {__version__}"
    text = run("--help").stdout + run("lancer", "--help").stdout
    for words in ("Utilisation : msap-geo", "Options", "Commandes", "lancer", "demo", "--sortie"):
        assert words in text
    for english in ("usage", "show this", "positional", "optional arguments"):
        assert english not in text.lower()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lancer"], "il manque : ETUDE.TOML"),
        (["danser"], "commande inconnue : 'danser'"),
        (["lancr", "etude.toml"], "vouliez-vous dire « lancer » ?"),
        (["lancer", "etude.toml", "--sorti", "x"], "vouliez-vous dire « --sortie » ?"),
        (["lancer", "etude.toml", "--forcer"], "cette option est d'une autre commande"),
        (["completion", "cmd"], "cmd"),
        # Misspelt, it is not missing.
        (["optimiser", "etude.toml", "--nombr", "3"], "--nombr (vouliez-vous dire « --nombre » ?)"),
        (["optimiser", "etude.toml", "-nombre", "3"], "-nombre (vouliez-vous dire « --nombre » ?)"),
        (["noter", "--jsn"], "--jsn (vouliez-vous dire « --json » ?)"),
        (["lancer", "etude.toml", "--nombre", "3"], "cette option est d'une autre commande"),
        (["--versio"], "vouliez-vous dire « --version » ?"),
        (["concerter", "etude.toml", "c.json", "--retenir="], "--retenir attend une valeur"),
        (["optimiser", "etude.toml", "--imposer", ""], "--imposer attend une valeur"),
        (["demo", "--nawak"], "argument inconnu : --nawak"),
        (["demo", "--sortie"], "--sortie attend une valeur"),
        (["demo", "--json=oui"], "ne prend pas de valeur"),
        (["demo", "--sortie="], "--sortie attend une valeur"),
        (["demo", "--sortie", " "], "--sortie attend une valeur"),
        (["demo", "--sortie=--"], "--sortie attend une valeur"),
        (["lancer", ""], "ETUDE.TOML attend une valeur"),
        (["optimiser", "etude.toml", "--nombre=--"], "--nombre attend une valeur"),
        (["noter", "etude.toml", "--xlsx="], "--xlsx attend une valeur"),
        (["noter", "etude.toml", "--top", "9" * 5000], "caractères de plus"),
        (["noter", "etude.toml", "--top", "9" * 25], "d'au plus un milliard"),
        (["rapport", "etude.toml", "--fiches", "9" * 4500], "à partir de 0 est attendu"),
        (["campagne", "c.toml", "--processus", "0"], "à partir de 1 est attendu"),
        (["campagne", "c.toml", "--processus", "9" * 25], "d'au plus un milliard"),
        (["campagne", "c.toml", "--memoire", "inf"], "une mémoire en gibioctets"),
        (["campagne", "c.toml", "--memoire", "nan"], "une mémoire en gibioctets"),
        (["campagne", "c.toml", "--memoire=-1"], "une mémoire en gibioctets"),
        (["lancer", "etude.toml", "--temps", "x" * 5000], "caractères de plus"),
        (["x" * 5000], "caractères de plus"),
    ],
)
def test_usage_errors_exit_2(arguments, said):
    failed(run(*arguments), said, code=2)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["lancer", "e\0.toml"], ["campagne", "c", "--sortie=n\0l"]])
def test_a_null_sign_is_no_value(arguments, capsys):
    # No shell hands one over; a call of main from Python may.
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "sans caractère nul est attendue" in capsys.readouterr().err


def test_a_study_from_another_folder(toy_study, tmp_path):
    elsewhere = tmp_path / "ailleurs"
    elsewhere.mkdir()
    process = run_anew("lancer", toy_study.path, cwd=elsewhere)
    assert process.returncode == 0, process.stderr
    assert process.stderr == ""
    assert "28,6\u202f% des habitants" in process.stdout
    written = elsewhere / "maps" / "ville-jouet"
    assert f"Résultats : {written.relative_to(elsewhere)}" in process.stdout
    assert (written / "carte.html").exists()


@pytest.mark.slow
def test_json_prints_the_summary_and_nothing_else(toy_study, tmp_path):
    process = run("lancer", toy_study.path, "--sortie", tmp_path / "s", "--json")
    assert process.returncode == 0, process.stderr
    summary = json.loads(process.stdout)
    assert summary == json.loads((tmp_path / "s" / "resume.json").read_text(encoding="utf-8"))
    assert process.stderr == ""


@pytest.mark.slow
def test_demo(tmp_path):
    process = run_anew("demo", "--sortie", tmp_path / "demo")
    assert process.returncode == 0, process.stderr
    assert "DÉMONSTRATION" in process.stdout
    assert "TEMPS ESTIMÉS" in process.stdout
    page = (tmp_path / "demo" / "carte.html").read_text(encoding="utf-8")
    assert "DÉMONSTRATION" in page
    assert "TEMPS ESTIMÉS" in page


def overwrite(name, content):
    def damage(toy):
        data = content if isinstance(content, bytes) else content.encode()
        (toy.folder / name).write_bytes(data)

    return damage


def replaced(name, old, new):
    def damage(toy):
        path = toy.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return damage


def removed(name):
    return lambda toy: (toy.folder / name).unlink()


def far_roads(toy):
    text = (toy.folder / "noeuds.csv").read_text(encoding="utf-8").splitlines()
    moved = [text[0]]
    for line in text[1:]:
        node, lon, lat = line.split(",")
        moved.append(f"{node},{float(lon) + 2},{lat}")
    (toy.folder / "noeuds.csv").write_text("\n".join(moved), encoding="utf-8")


UNUSABLE = {
    "missing": (removed("maisons.csv"), ["maisons.csv", "introuvable", "Que faire"]),
    "empty": (overwrite("maisons.csv", b""), ["maisons.csv", "est vide"]),
    "zip": (overwrite("la_poste.csv", b"PK\x03\x04\x00\x00"), ["la_poste.csv", "archive ZIP"]),
    "html": (overwrite("maisons.csv", "<!DOCTYPE html><p>404"), ["maisons.csv", "page web"]),
    "html mairies": (overwrite("mairies.csv", "<html>"), ["mairies.csv", "page web"]),
    "html roads": (overwrite("noeuds.csv", "<html>"), ["noeuds.csv", "page web"]),
    "html communes": (overwrite("communes.geojson", "<html>"), ["communes.geojson", "page web"]),
    "json": (overwrite("population.json", "{"), ["population.json", "JSON"]),
    "column": (
        replaced("maisons.csv", "latitude", "autre"),
        ["maisons.csv", "colonne absente : latitude ou lat"],
    ),
    "communes column": (
        replaced("communes.geojson", '"code"', '"numero"'),
        ["communes.geojson", "colonne absente"],
    ),
    "other territory": (
        replaced("communes.geojson", '"code": "53', '"code": "72'),
        ["aucune commune des départements 53"],
    ),
    "other population": (
        replaced("population.json", '"code": "53', '"code": "72'),
        ["ne connaît aucune des communes"],
    ),
    "roads elsewhere": (far_roads, ["ne couvre pas l'étude", "6 communes sur 6"]),
    "unknown nodes": (
        replaced("liens.csv", "0,1,10000", "0,99,10000"),
        ["nœud inconnu", "liens.csv"],
    ),
}


def null_outlines(toy):
    path = toy.folder / "communes.geojson"
    content = json.loads(path.read_text(encoding="utf-8"))
    for feature in content["features"]:
        feature["geometry"] = None
    path.write_text(json.dumps(content), encoding="utf-8")


def shifted_outlines(toy):
    path = toy.folder / "communes.geojson"
    table = gpd.read_file(path)
    table["geometry"] = table.translate(60, 0)
    path.write_text(table.to_json(), encoding="utf-8")


UNUSABLE |= {
    "no outline": (null_outlines, ["aucune commune n'a de contour"]),
    "outlines elsewhere": (shifted_outlines, ["n'est pas en France", "objet n° 1"]),
    "half the departements": (
        replaced("etude.toml", '["53"]', '["53", "72"]'),
        ["aucune commune des départements 72"],
    ),
    "no file": (replaced("etude.toml", '["communes.geojson"]', "[]"), ["liste non vide"]),
    "nan": (replaced("etude.toml", "[20, 30]", "[nan, 30]"), ["minutes positives"]),
    "text threshold": (replaced("etude.toml", "[20, 30]", '["20"]'), ["un nombre est attendu"]),
    "road class": (
        replaced("etude.toml", "primary = 60", "primaire = 60"),
        ["classe de route inconnue : primaire", "motorway"],
    ),
    "endless link": (
        replaced("liens.csv", "0,1,10000", "0,1,inf"),
        ["longueur", "lisible"],
    ),
    "list of lists": (
        overwrite("population.json", "[[1], [2]]"),
        ["population.json", "objet n° 1"],
    ),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_unusable_files_get_a_sentence_and_no_output(toy_study, tmp_path, capsys, case):
    damage, said = UNUSABLE[case]
    damage(toy_study)
    with pytest.raises(SystemExit) as stopped:
        main(["lancer", str(toy_study.path), "--sortie", str(tmp_path / "sortie")])
    out, err = capsys.readouterr()
    failed(subprocess.CompletedProcess([], stopped.value.code, out, err), *said)
    assert not (tmp_path / "sortie").exists()


@pytest.mark.slow
def test_an_unusable_file_in_a_process_of_its_own(toy_study, tmp_path):
    overwrite("maisons.csv", b"")(toy_study)
    failed(run("lancer", toy_study.path, "--sortie", tmp_path / "sortie"), "est vide")


@pytest.mark.slow
def test_a_missing_study_file(tmp_path):
    failed(run("lancer", tmp_path / "absent.toml"), "absent.toml", "introuvable")


@pytest.mark.slow
def test_an_output_folder_that_cannot_be(toy_study, tmp_path):
    (tmp_path / "plein").write_text("")
    failed(run("lancer", toy_study.path, "--sortie", tmp_path / "plein"), "plein", "--sortie")


@pytest.mark.slow
def test_what_can_be_repaired_is_repaired_and_told(tmp_path):
    swapped = maison_row(1)
    swapped["latitude"], swapped["longitude"] = swapped["longitude"], swapped["latitude"]
    toy = StudyFolder(tmp_path).write(
        maisons=[
            maison_row(0),
            swapped,
            maison_row(0),  # same identifier
            maison_row(2, latitude=47.0, longitude=-4.0),  # in the sea
            maison_row(3, latitude="", longitude="", insee_com="0null", lib_com="?"),
        ]
    )
    replaced("population.json", '"population": 300', '"population": null')(toy)
    result = run_study(read_study(toy.path))
    told = sorted((a.code, a.identifier, str(a.action)) for a in result.anomalies)
    assert told == [
        ("code-commune-invalide", "4", "signalé"),
        ("coordonnees-absentes", "4", "signalé"),
        ("coordonnees-inversees", "2", "réparé"),
        ("doublon", "1", "écarté"),
        ("population-inconnue", CODES[2], "signalé"),
        ("population-inconnue", CODES[2], "écarté"),
        ("site-hors-commune", "3", "réparé"),
        ("site-sans-lieu", "4", "écarté"),
    ]
    assert result.access["site_id"].tolist() == ["1", "2", "3", "3", "3", "3"]
    assert result.shares[0].population == 1800


def test_alone_it_shows_its_help():
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    assert "lancer" in done.stdout
    assert "Commandes" in done.stdout


@pytest.mark.slow
def test_every_help_ends_with_examples_one_can_copy():
    shown = run("--help").stdout
    commands = re.findall(r"^    (\w+) ", shown, flags=re.MULTILINE)
    assert {"lancer", "optimiser", "completion"} <= set(commands)
    for command in commands:
        text = run(command, "--help").stdout
        examples = text.partition("Exemples\u00a0:\n")[2].splitlines()
        assert examples, command
        for line in examples:
            assert line.startswith(f"  msap-geo {command}"), line


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_of_each_shell(shell):
    done = run_anew("completion", shell)
    assert done.returncode == 0
    assert "msap-geo" in done.stdout


def test_completion_starts_by_itself_in_a_new_zsh(tmp_path):
    """A ``.zshrc`` of that one line has not started completion; zsh then refuses in silence."""
    script = run("completion", "zsh").stdout
    assert script.splitlines()[0] == "#compdef msap-geo"
    assert "compinit" in script.splitlines()[1]
    zsh = shutil.which("zsh")
    if zsh:
        (tmp_path / "suite").write_text(script, encoding="utf-8")
        done = subprocess.run(
            [zsh, "-f", "-c", "source ./suite; print -r -- $_comps[msap-geo]"],
            cwd=tmp_path, env={**os.environ, "ZDOTDIR": str(tmp_path)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.stdout.strip() == "_python_argcomplete", done.stderr


def test_a_shell_that_asks_is_told_what_may_follow(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", "from msap_geo.cli import main; main()"],
        env={
            **os.environ,
            "_ARGCOMPLETE": "1",
            "_ARGCOMPLETE_STDOUT_FILENAME": str(tmp_path / "suites"),
            "_ARGCOMPLETE_IFS": "\n",
            "COMP_LINE": "msap-geo opti",
            "COMP_POINT": "13",
            "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "suites").read_text(encoding="utf-8").split() == ["optimiser"]
