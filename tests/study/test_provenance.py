"""What every output says of its origin: complete, due credits included, never of the clock."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from msap_geo import outputs, sources, study
from msap_geo.errors import StudyError
from msap_geo.study.inputs import altered_inputs


@pytest.fixture
def of(toy_study):
    """Run toy town's study as its file stands, and tell its provenance."""

    def run():
        return study.provenance_of(study.run_study(study.read_study(toy_study.path)))

    return run


def test_it_says_what_a_reader_needs_to_cite_the_study(of):
    told = of()
    assert told.title in told.heading
    assert told.territory == "Mayenne (53)"
    assert "Mayenne (53)" in told.heading
    assert told.software.startswith("msap_geo ")
    assert any("IGN, INSEE, DILA, ANCT, La Poste" in line for line in told.attributions)
    assert told.attributions[-1].endswith(told.software)
    for line in (told.method, *told.sources, *told.limits, *told.attributions):
        assert line in told.text().splitlines()
    assert not told.warnings
    assert all(line in told.credit for line in told.attributions)


def _vintage(toy_study, words):
    with toy_study.path.open("a", encoding="utf-8") as file:
        file.write(f'\n[millesimes]\nmaisons = "{words}"\n')


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("01/08/2024", (2024, 8, 1)),
        ("08/2024", (2024, 8, 1)),
        ("août 2024", (2024, 8, 1)),
        ("1er février 2021", (2021, 2, 1)),
        ("31/02/2024", (2024, 1, 1)),
        ("début 2022", (2022, 1, 1)),
    ],
)
def test_the_date_is_that_of_the_list_of_maisons(toy_study, of, words, day):
    _vintage(toy_study, words)
    told = of()
    assert told.moment == dt.datetime(*day, tzinfo=dt.UTC)
    assert told.date == f"Maisons : {words}"


def test_a_day_asked_for_is_the_date(toy_study, of):
    _vintage(toy_study, "août 2024")
    with toy_study.path.open("a", encoding="utf-8") as file:
        file.write('\n[maisons]\nau = "2024-03-01"\n')
    told = of()
    assert told.moment == dt.datetime(2024, 3, 1, tzinfo=dt.UTC)
    assert told.date == "Maisons au 01/03/2024, d'après la liste août 2024"


def test_without_a_date_of_the_maisons_the_latest_of_the_others_counts(toy_study, of):
    with toy_study.path.open("a", encoding="utf-8") as file:
        file.write('\n[millesimes]\npopulation = "COG 2026"\nmairies = "2019"\n')
    told = of()
    assert told.moment == dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert told.date == "données jusqu’à 2026"


def test_data_without_a_date_have_none(of):
    told = of()
    assert told.date == ""
    assert told.moment == outputs.UNDATED


@pytest.mark.slow
def test_source_date_epoch_is_the_day_of_the_edition(toy_study, of, monkeypatch):
    _vintage(toy_study, "août 2024")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    told = of()
    assert told.moment == dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert told.date == "Maisons : août 2024, édition du 01/01/2026"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "hier")
    with pytest.raises(StudyError, match="hier"):
        of()


@pytest.mark.slow
def test_a_fetched_file_is_credited_as_its_publisher_asks(toy_study, of):
    listed = toy_study.path.with_name("la_poste.csv")
    beside = listed.with_name(f"{listed.name}.source.json")
    beside.write_text(
        json.dumps({"attribution": "La Poste, points de contact", "licence": "ODbL"}),
        encoding="utf-8",
    )
    lines = of().attributions
    assert "La Poste, points de contact (ODbL)" in lines
    assert "IGN, INSEE, DILA, ANCT : données publiques, Licence Ouverte selon le fichier" in lines
    written = {"attribution": "Un autre", "licence": "ODbL", "date": "2026-01-01", "sha256": ""}
    told = json.dumps(sources.sealed(written)).replace("Un autre", "Personne")
    for changed in ("[]", told):
        beside.write_text(changed, encoding="utf-8")
        assert any("ANCT, La Poste : données" in line for line in of().attributions)
        told_of = altered_inputs(study.read_study(toy_study.path))
        assert [(one.code, one.file) for one in told_of] == [("fichier-change", "la_poste.csv")]
        assert "d'où vient « la_poste.csv »" in told_of[0].message


def test_a_demonstration_credits_nobody_for_what_it_invents():
    told = study.provenance_of(study.run_study(study.sample_study()))
    assert not any(name in line for line in told.attributions for name in ("ANCT", "La Poste"))
    assert [line.split(" :")[0] for line in told.warnings] == ["DÉMONSTRATION", "TEMPS ESTIMÉS"]
    assert told.moment == dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
