"""Several profiles in one study (``[reseau] profils``)."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from support.campaigns import Country
from support.toy import CODES, maison_row, poste_row

from msap_geo.campaign.file import read_campaign
from msap_geo.campaign.tasks import tasks_of
from msap_geo.cli.lancer import _told
from msap_geo.errors import StudyError
from msap_geo.folder import write_study
from msap_geo.folder.everything import run_everything, write_everything
from msap_geo.study import choose, read_study, run_study, scenario
from msap_geo.study.asked.roads import under_profile
from msap_geo.study.times.profiles import profiles_table

ALONE = 'profil = "voiture"'
THREE = 'profils = ["voiture", "velo", "pied"]'
SPEEDS = "\n[reseau.vitesses_kmh]\nprimary = 60\n"


def run(toy_study, *changes):
    toy_study.configure(*changes)
    return run_study(read_study(toy_study.path))


def three(toy_study, *changes):
    return run(toy_study, (ALONE, THREE), *changes)


def by(result, name):
    return next(one for one in result.profiles if one.profile.name == name)


@pytest.mark.slow
def test_the_first_profile_is_the_study_alone(toy_study):
    alone, several = run(toy_study), three(toy_study)
    assert alone.profiles == ()
    pd.testing.assert_frame_equal(several.access, alone.access)
    assert several.shares == alone.shares == by(several, "voiture").shares
    first = alone.access[list(by(several, "voiture").access)]
    pd.testing.assert_frame_equal(by(several, "voiture").access, first)
    for name in ("candidates", "zones"):
        pd.testing.assert_frame_equal(
            pd.DataFrame(getattr(several, name)), pd.DataFrame(getattr(alone, name))
        )


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kmh"), [("velo", 15), ("pied", 5)])
def test_each_other_profile_is_as_alone(toy_study, name, kmh):
    alone = run(toy_study, (ALONE, f'profil = "{name}"'), (SPEEDS, ""))
    found = by(three(toy_study), name)
    pd.testing.assert_frame_equal(found.access, alone.access[list(found.access)])
    assert found.shares == alone.shares
    assert found.access["minutes"].tolist() == pytest.approx([i * 600 / kmh for i in range(6)])


def test_the_table_is_worked_out_by_hand(toy_study):
    result = three(toy_study)
    table = profiles_table(result.profiles, thresholds=(20, 30))
    assert table["zonage"].tolist() == ["ensemble", "departement", *["commune"] * 6]
    whole = table.iloc[0]
    # A, B, C within 20 minutes by car (10 a commune), A alone by bicycle (40) and on foot (120).
    assert whole["population"] == 2100
    assert whole[["a_portee_20_voiture", "a_portee_20_velo", "a_portee_20_pied"]].tolist() == [
        600,
        100,
        100,
    ]
    assert whole["part_20_voiture"] == round(600 / 2100, 6)
    # Half of 2,100 people: the 1,050th lives in E (1,000 in A to D).
    assert whole[["minutes_voiture", "minutes_velo", "minutes_pied"]].tolist() == [40, 160, 480]
    communes = table[table["zonage"] == "commune"]
    assert communes["code"].tolist() == CODES
    for column in [name for name in table if name.startswith("a_portee_")]:
        assert communes[column].sum() == whole[column]
        share = communes[column.replace("a_portee", "part")]
        assert (share * communes["population"]).sum() == whole[column]


@pytest.mark.slow
def test_what_is_said_of_speeds_is_for_the_first_profile_and_closures_for_all(toy_study):
    closed = (
        '\n[[reseau.modifications]]\nnom = "travaux"\nclasse = "primary"\nfacteur = 2\n'
        '\n[[reseau.modifications]]\nnom = "raccourci"\nde = "53001"\na = "53006"\n'
        "vitesse_kmh = 130\n"
    )
    plain = three(toy_study)
    slowed = three(toy_study, (SPEEDS, SPEEDS + closed))
    assert (by(slowed, "voiture").access["minutes"] != plain.access["minutes"]).any()
    pd.testing.assert_frame_equal(by(slowed, "velo").access, by(plain, "velo").access)
    asked = {"profil": "voiture", "modifications": [{"nom": "a", "ferme": True}, {"nom": "b"}]}
    assert under_profile(asked, "velo")["modifications"] == [{"nom": "a", "ferme": True}]
    assert under_profile(asked, "voiture") == asked


@pytest.mark.slow
def test_the_estimated_network_may_be_compared_with_roads(toy_study):
    several = run(toy_study, (ALONE, 'profils = ["voiture", "estime"]'))
    roads = 'noeuds = "noeuds.csv"\nliens = "liens.csv"\n'
    alone = run(toy_study, (ALONE, 'profil = "estime"'), (roads, ""), (SPEEDS, ""))
    found = by(several, "estime").access
    pd.testing.assert_frame_equal(found, alone.access[list(found)])


@pytest.mark.slow
def test_a_scenario_measures_every_profile(toy_study):
    toy_study.write(maisons=[maison_row(0)], la_poste=[poste_row(4)])
    result = three(toy_study)
    open_all = scenario(result, choose(result, opened=["00004A"]))
    toy_study.write(maisons=[maison_row(0), maison_row(4)], la_poste=[poste_row(4)])
    built = three(toy_study)
    for one, other in zip(open_all.profiles, built.profiles, strict=True):
        np.testing.assert_allclose(one.access["minutes"], other.access["minutes"])
        assert one.shares == other.shares
    assert open_all.profiles[0].shares == open_all.shares


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ('profils = ["voiture", "trottinette"]', "profil de déplacement inconnu"),
        ('profils = ["velo", "velo"]', "donné deux fois"),
        ('profil = "voiture"\nprofils = ["velo", "voiture"]', "celui de l'étude"),
        ('profils = ["estime", "velo"]', "n'a pas de routes"),
        ("profils = 3", "profils"),
    ],
)
def test_profiles_that_do_not_go_together_are_refused(toy_study, asked, told):
    toy_study.configure((ALONE, asked))
    with pytest.raises(StudyError, match=told):
        read_study(toy_study.path)


def test_one_profile_is_a_study_as_any(toy_study):
    assert run(toy_study, (ALONE, 'profils = ["voiture"]')).profiles == ()
    assert run(toy_study, (ALONE, 'profils = "velo"'), (SPEEDS, "")).profile.name == "velo"


@pytest.mark.slow
def test_a_campaign_gives_the_same_figures(tmp_path):
    country = Country(tmp_path).write()
    pattern = country.pattern.read_text(encoding="utf-8")
    nodes, links = ["node,lon,lat"], ["from,to,length_m,highway"]
    halls = pd.read_csv(tmp_path / "mairies.csv", dtype={"code": str})
    halls = halls[halls["code"].str.startswith("53")].reset_index(drop=True)
    nodes += [f"{row.Index},{row.longitude},{row.latitude}" for row in halls.itertuples()]
    links += [f"{i},{j},10100,primary" for i in range(4) for j in (i - 1, i + 1) if 0 <= j < 4]
    (tmp_path / "noeuds.csv").write_text("\n".join(nodes), encoding="utf-8")
    (tmp_path / "liens.csv").write_text("\n".join(links), encoding="utf-8")
    roads = (
        'noeuds = "noeuds.csv"\nliens = "liens.csv"\n{}\n\n[reseau.vitesses_kmh]\nprimary = 60\n'
    )
    one = pattern.replace('profil = "estime"', roads.format('profil = "voiture"'))
    country.pattern.write_text(one, encoding="utf-8")
    country.configure('["53"]', 'profils = ["voiture", "velo", "pied", "estime"]\n')
    alone = {
        task.profile: run_study(task.study()) for task in tasks_of(read_campaign(country.path))
    }
    several = one.replace('profil = "voiture"', 'profils = ["voiture", "velo", "pied", "estime"]')
    path = tmp_path / "etude.toml"
    path.write_text(several, encoding="utf-8")
    result = run_study(read_study(path))
    assert [entry.profile.name for entry in result.profiles] == list(alone)
    for entry in result.profiles:
        assert entry.shares == alone[entry.profile.name].shares
        pd.testing.assert_frame_equal(
            entry.access, alone[entry.profile.name].access[list(entry.access)]
        )


@pytest.mark.slow
def test_every_output_tells_the_profiles(toy_study, tmp_path):
    result = three(toy_study)
    folder = tmp_path / "sortie"
    write_study(result, folder)
    table = pd.read_csv(folder / "profils.csv", dtype={"code": str})
    assert table["minutes_velo"].tolist()[2:] == [0, 40, 80, 120, 160, 200]
    summary = json.loads((folder / "resume.json").read_text(encoding="utf-8"))
    assert summary["profils"]["velo"] == {"20": 100, "30": 100}
    told = _told(result, folder)
    assert "pied (marche à pied) : 4,8" in told.replace("\u202f", " ").replace("\u00a0", " ")
    write_everything(run_everything(read_study(toy_study.path)), folder)
    assert "L’accès selon le mode de déplacement" in (folder / "rapport.html").read_text("utf-8")
    with pd.ExcelFile(folder / "etude.xlsx") as book:
        assert "Profils" in book.sheet_names
    other = tmp_path / "seul"
    write_study(run(toy_study.write()), other)
    assert not (other / "profils.csv").exists()
