"""Every made case gets its sentence or its anomaly: none half-written, none in silence."""

from __future__ import annotations

import re

import pytest
from mauvaises_entrees import cas_donnees, cas_etude, cas_fichiers
from support.toy import StudyFolder

from msap_geo.cli import main
from msap_geo.study import read_study, run_study

REFUSED = {
    f"{of} – {name}": case
    for of, cases in (
        ("étude", cas_etude.REFUSED),
        ("fichier", cas_fichiers.REFUSED),
        ("donnée", cas_donnees.REFUSED),
    )
    for name, case in cases.items()
}
_ENGLISH = re.compile(
    r"\b(the|expected|invalid|error|failed|cannot|must|should|input|value is|not found|Traceback)\b"
)


def test_there_are_cases_enough():
    made = (REFUSED, cas_fichiers.HARMLESS, cas_donnees.REPAIRED, cas_donnees.CHOICES)
    assert sum(map(len, made)) >= 250


def stopped(capsys, arguments, out):
    """Run a command that is refused; return its sentence, in French, with nothing written."""
    before = sorted(out.parent.rglob("*"))
    with pytest.raises(SystemExit) as end:
        main(["lancer", *map(str, arguments), "--sortie", str(out)])
    printed, told = capsys.readouterr()
    assert printed == ""
    assert end.value.code == 1, told
    assert told.startswith("Erreur : ")
    assert told.count("\n") == 1
    assert not _ENGLISH.search(told), told
    assert sorted(out.parent.rglob("*")) == before
    return told


@pytest.mark.slow
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused(tmp_path, monkeypatch, capsys, case):
    monkeypatch.chdir(tmp_path)
    toy = StudyFolder(tmp_path).write()
    damage, said = REFUSED[case]
    damage(toy)
    told = stopped(capsys, [toy.path], tmp_path / "sortie")
    for words in said:
        assert words in told


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return run_study(read_study(StudyFolder(tmp_path_factory.mktemp("jouet")).write().path))


def figures(result):
    return result.access[["code_insee", "population", "minutes"]].to_dict("list")


@pytest.mark.slow
@pytest.mark.parametrize("case", cas_fichiers.HARMLESS)
def test_what_changes_nothing_changes_nothing(tmp_path, plain, case):
    toy = StudyFolder(tmp_path).write()
    cas_fichiers.HARMLESS[case](toy)
    result = run_study(read_study(toy.path))
    assert figures(result) == figures(plain)
    assert result.anomalies == plain.anomalies


@pytest.mark.slow
@pytest.mark.parametrize("case", cas_donnees.REPAIRED)
def test_what_is_repaired_is_told(tmp_path, plain, case):
    toy = StudyFolder(tmp_path).write()
    damage, code = cas_donnees.REPAIRED[case]
    damage(toy)
    result = run_study(read_study(toy.path))
    told = {anomaly.code for anomaly in result.anomalies}
    new = told - {anomaly.code for anomaly in plain.anomalies}
    assert new, "a silent repair"
    assert code is None or code in new
    assert all(anomaly.message for anomaly in result.anomalies)
    assert result.access["population"].sum() <= plain.access["population"].sum()


@pytest.mark.slow
@pytest.mark.parametrize("case", cas_donnees.CHOICES)
def test_a_choice_that_cannot_be_used_is_refused(tmp_path, monkeypatch, capsys, case):
    monkeypatch.chdir(tmp_path)
    toy = StudyFolder(tmp_path).write()
    content, said = cas_donnees.CHOICES[case]
    (tmp_path / "choix.json").write_text(content, encoding="utf-8")
    told = stopped(capsys, [toy.path, "--choix", tmp_path / "choix.json"], tmp_path / "sortie")
    for words in said:
        assert words in told
