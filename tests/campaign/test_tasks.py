"""Which studies a campaign is made of, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.campaigns import Country

from msap_geo.campaign import read_campaign, tasks_of
from msap_geo.errors import FileMissingError, StudyError, TerritoryError


@pytest.fixture
def country(tmp_path):
    return Country(tmp_path).write()


def keys(country):
    return [task.key for task in tasks_of(read_campaign(country.path))]


@pytest.mark.parametrize(
    ("asked", "number", "first"),
    [
        ('["48", "15", "48"]', 2, "15"),
        ('"Bretagne"', 4, "22"),
        ('["corse", "01"]', 3, "01"),
        ('"tous"', 101, "01"),
        ('"metropole"', 96, "01"),
        ('["2a"]', 1, "2A"),
        ('["975"]', 1, "975"),
    ],
)
def test_territories(country, asked, number, first):
    found = keys(country.configure(asked))
    assert (len(found), found[0]) == (number, first)


def test_a_country_cut_by_region(country):
    country.configure('"metropole"', 'decoupage = "regions"')
    tasks = tasks_of(read_campaign(country.path))
    assert len(tasks) == 13
    assert sum(len(task.territory.departements) for task in tasks) == 96
    corse = next(task for task in tasks if task.key == "corse")
    assert corse.study().departements == ("2A", "2B")


def test_a_study_is_the_pattern_with_its_territory(country):
    (task,) = tasks_of(read_campaign(country.configure('"72"').path))
    study = task.study()
    assert study.etude.nom == "Jouet – Sarthe"
    assert study.departements == ("72",)
    assert study.folder == country.folder
    assert study.thresholds == (20, 30)


def test_dates_profiles_and_lists(country):
    country.list_maisons("maisons-2021.csv", ["53"])
    country.configure(
        '["53", "72"]',
        'dates = ["2020-06-01", 2021-01-08]\nprofils = ["estime", "voiture"]\n'
        'listes = { "2021-01-08" = "maisons-2021.csv" }',
    )
    tasks = tasks_of(read_campaign(country.path))
    assert [task.key for task in tasks[:4]] == [
        "53-2020-06-01-estime",
        "53-2020-06-01-voiture",
        "53-2021-01-08-estime",
        "53-2021-01-08-voiture",
    ]
    first, dated = tasks[0].study(), tasks[2].study()
    assert (str(first.maisons.au), first.donnees.maisons) == ("2020-06-01", Path("maisons.csv"))
    assert dated.maisons.au is None
    assert dated.path(dated.donnees.maisons) == country.folder / "maisons-2021.csv"
    assert first.reseau.profil == "estime"
    with pytest.raises(StudyError, match="réseau routier"):  # roads were not given
        tasks[1].study()


def test_one_profile_does_not_name_folders(country):
    assert keys(country.configure('"53"', 'profils = ["estime"]')) == ["53"]


def test_paths_bear_the_territory(country):
    text = country.pattern.read_text(encoding="utf-8")
    country.pattern.write_text(
        text.replace('"communes.geojson"', '["{territoire}/communes-{territoire}.geojson"]'),
        encoding="utf-8",
    )
    (task,) = tasks_of(read_campaign(country.configure('"72"').path))
    assert task.study().donnees.communes == (Path("72/communes-72.geojson"),)


def choice(path, study, departements):
    content = {
        "format": "msap-geo-choix", "version": 1, "etude": study, "departements": departements,
        "ouvertures": [{"site_id": "53P2"}], "fermetures": [],
    }  # fmt: skip
    path.write_text(json.dumps(content), encoding="utf-8")


def test_a_choice_follows_the_study_it_was_made_on(country):
    choice(country.folder / "Deux bureaux.json", "Jouet – Mayenne", ["53"])
    country.configure('["49", "53"]', 'choix = "Deux bureaux.json"')
    tasks = tasks_of(read_campaign(country.path))
    assert [(task.key, task.scenario) for task in tasks] == [
        ("49", ""),
        ("53", ""),
        ("53-deux-bureaux", "Deux bureaux"),
    ]
    country.configure('["49"]', 'choix = ["Deux bureaux.json"]')
    with pytest.raises(StudyError, match="aucune étude de la campagne : Deux bureaux"):
        keys(country)


def test_two_choices_of_one_name(country):
    for name in ("a b.json", "a-b.json"):
        choice(country.folder / name, "Jouet – Mayenne", ["53"])
    with pytest.raises(StudyError, match="même dossier : « 53-a-b »"):
        keys(country.configure('"53"', 'choix = ["a b.json", "a-b.json"]'))


@pytest.mark.parametrize(
    ("territories", "more", "said"),
    [
        ('["Atlantide"]', "", "territoire inconnu : « Atlantide »"),
        ("[]", "", "liste non vide"),
        ("48", "", "une liste entre crochets"),
        ('["48"]', 'dates = ["hier"]', "une date est attendue"),
        ('["48"]', "dates = 2020", "des dates sont attendues"),
        ('["48"]', 'dates = ["2020-01-08", "2020-01-08"]', "deux fois"),
        ('["48"]', 'profils = ["trottinette"]', "profil de déplacement inconnu"),
        (
            '["48"]',
            'sorties = ["rapport"]',
            r"\(choisir : etude, tout, geoparquet, temps-csv ou temps-parquet\)",
        ),
        ('["48"]', 'sorties = ["temps-csv", "temps-parquet"]', "sous deux formes"),
        ('["48"]', 'decoupage = "epci"', r"\(choisir : departements ou regions\)"),
        ('["48"]', "decoupage = 3", r"\(choisir : departements ou regions\)"),
        ('["48"]', 'listes = { "2020-01-08" = "l.csv" }', "que la campagne ne demande pas"),
        ('["48"]', "couleur = 3", "clé inconnue"),
        ('["48"]', "[etude]\n", "section inconnue"),
    ],
)
def test_what_is_refused(country, territories, more, said):
    country.configure(territories, more)
    with pytest.raises((StudyError, TerritoryError), match=said):
        keys(country)


def test_absent_files(country):
    with pytest.raises(FileMissingError, match=r"fichier de campagne « rien.toml »"):
        read_campaign(country.folder / "rien.toml")
    country.pattern.unlink()
    with pytest.raises(FileMissingError, match=r"modèle d'étude « modele.toml »"):
        read_campaign(country.path)


@pytest.mark.parametrize("name", ["donnees", "maisons", "reseau"])
@pytest.mark.parametrize("value", ["3", '"x"', "[]"])
def test_a_section_of_the_pattern_that_is_none(country, name, value):
    text = f'{name} = {value}\n[etude]\nnom = "Jouet"\n'
    country.pattern.write_text(text, encoding="utf-8")
    country.configure(
        '["53"]',
        'profils = ["estime"]\ndates = ["2020-01-08", "2021-01-08"]\n'
        'listes = { "2020-01-08" = "l.csv" }',
    )
    with pytest.raises(StudyError, match=f"« {name} » n'est pas une section"):
        keys(country)


@pytest.mark.parametrize("text", ["", "[etude]\nnom = 3", 'etude = "x"'])
def test_a_pattern_without_a_name(country, text):
    country.pattern.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match="pas de nom"):
        read_campaign(country.path)
