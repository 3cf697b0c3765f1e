"""``msap-geo horaires`` on whole studies: JSON, weeks, words, mistakes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from msap_geo import answers, cli, hours, study
from msap_geo.cli import horaires
from msap_geo.errors import StudyError

DEMO = Path(__file__).parents[2] / "data" / "demo"


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(DEMO, tmp_path / "demo")
    return tmp_path / "demo"


def longer(folder, section="", hours_added=9.0):
    path = folder / "etude.toml"
    path.write_text((DEMO / "etude.toml").read_text(encoding="utf-8") + section, encoding="utf-8")
    return answers.open_longer(study.run_study(study.read_study(path)), hours_added)


def asked(folder, capsys, *options):
    with pytest.raises(SystemExit) as ended:
        cli.main(["horaires", str(folder / "etude.toml"), *options])
    return ended.value.code, capsys.readouterr()


@pytest.mark.slow
def test_the_json_says_where_when_and_how_sure(folder, capsys):
    code, said = asked(folder, capsys, "--heures", "9", "--json")
    assert code == 0
    found = json.loads(said.out)
    assert found["valeur"] > found["aujourdhui"]
    assert found["valeur"] <= found["borne"]
    assert found["ecart"] <= 1e-6
    assert 0 < found["heures_ajoutees"] <= 9
    total = found["aujourdhui"] + sum(one["apport"] for one in found["ajouts"])
    assert total == pytest.approx(found["valeur"])
    for one in found["ajouts"]:
        assert one["jour"] in {"lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}
        assert one["debut"] < one["fin"]
        assert one["site_id"]
    for week in found["semaines"]:
        before, after = (hours.read_hours(week[f"horaires_{when}"]) for when in ("avant", "apres"))
        mine = [one for one in found["ajouts"] if one["site_id"] == week["site_id"]]
        added = sum(one["heures"] for one in mine)
        assert after.minutes - before.minutes == pytest.approx(60 * added)
    gained = sum(d["habitants_apres"] - d["habitants_avant"] for d in found["demi_journees"])
    assert gained == sum(one["habitants"] for one in found["ajouts"])


@pytest.mark.slow
def test_the_order_of_a_list_changes_nothing(folder):
    first = answers.longer_json(longer(folder))
    head, *rows = (folder / "maisons.csv").read_text(encoding="utf-8").splitlines()
    text = "\n".join([head, *rows[::-1]]) + "\n"
    (folder / "maisons.csv").write_text(text, encoding="utf-8")
    assert answers.longer_json(longer(folder)) == first


@pytest.mark.slow
def test_no_hour_leaves_the_moves(folder):
    found = longer(folder, hours_added=0.0)
    assert found.additions.empty
    assert found.plan.value == found.plan.today
    assert len(found.moves)
    assert (found.moves["apport"] > 0).all()
    assert found.moves["apport"].is_monotonic_decreasing


@pytest.mark.slow
def test_weights_and_days_are_the_study_s(folder):
    free = longer(folder)
    assert set(free.additions["jour"]) == {"samedi"}
    weekdays = longer(folder, '[horaires]\njours = ["lundi", "mardi"]\n')
    assert set(weekdays.additions["jour"]) <= {"lundi", "mardi"}
    plain = longer(folder, "[horaires]\npoids = {}\n")
    assert plain.plan.today < free.plan.today
    code = free.result.maisons["code_insee"].iloc[0]
    market = longer(folder, f'[horaires]\npoids = {{}}\nmarches = {{ {code} = ["lundi"] }}\n')
    assert market.plan.today > plain.plan.today


@pytest.mark.slow
def test_what_stays_stays(folder):
    first = longer(folder).additions["site_id"].iloc[0]
    section = f'[horaires]\nfiges = ["{first}"]\ndemi_journees_par_site = 1\n'
    found = longer(folder, section, hours_added=30.0)
    assert first not in set(found.additions["site_id"])
    assert first not in set(found.moves["site_id"])
    assert found.additions["site_id"].is_unique


@pytest.mark.slow
@pytest.mark.parametrize(
    ("section", "said"),
    [
        ('[horaires]\nfiges = ["personne"]\n', "Maisons inconnues : personne"),
        ('[horaires.marches]\n99999 = ["lundi"]\n', "communes inconnues : 99999"),
        ('[horaires]\njours = ["lundredi"]\n', "valeur inconnue"),
        ("[horaires]\npoids = { samedi = 0 }\n", "valeur trop petite"),
    ],
)
def test_what_is_asked_wrong_is_said(folder, section, said):
    with pytest.raises(StudyError, match=said):
        longer(folder, section)


@pytest.mark.slow
def test_the_words_of_the_command(folder, capsys):
    code, said = asked(folder, capsys, "--heures", "6")
    assert code == 0
    assert "sans une heure de plus : ouvrir" in said.out
    assert "au lieu du" in said.out
    assert "−0" not in said.out
    for wrong in (["--heures", "-1"], ["--heures", "trois"], []):
        assert asked(folder, capsys, *wrong)[0] == 2


def test_a_swap_by_which_nobody_loses():
    assert horaires._lost(0, "lundi") == "personne n'y perd le lundi"
    assert horaires._lost(1070, "lundi") == "−1\u202f070 le lundi"
