"""The scenarios of 2015: presets of engines that exist, with their limits."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from support.commands import failed, run, run_anew
from support.dictionaries import check_entries
from support.json_keys import untold

from msap_geo import answers, folder
from msap_geo.answers.ahead.scenarios import presets
from msap_geo.cli.prospective import SCENARIOS
from msap_geo.errors import StudyError
from msap_geo.study import read_study, run_study

CONNECTED = "code_insee;nbr;elig_thd30\n" + "".join(
    f"5300{i};100;{90 if i in (4, 6) else 50}\n" for i in range(1, 7)
)
OLD = "CODGEO;P21_POP;P21_POP65P\n" + "".join(
    f"5300{i};{100 * i};{240 if i == 6 else 10 * i}\n" for i in range(1, 7)
)


def with_files(made, **texts):
    for name, text in texts.items():
        (made.folder / f"{name}.csv").write_text(text, encoding="utf-8")
    listed = ", ".join(f'"{name}.csv"' for name in texts)
    return made.configure(
        ('la_poste = "la_poste.csv"', f'la_poste = "la_poste.csv"\nindicateurs = [{listed}]')
    )


def played(made, name, **asked):
    return answers.run_scenario(run_study(read_study(made.path)), name, **asked)


def test_each_scenario_says_what_it_supposes_and_its_limits():
    assert set(presets()) == set(SCENARIOS)
    for preset in presets().values():
        assert preset["titre"]
        assert preset["esquisse"].endswith(".")
        assert preset["hypotheses"]
        assert preset["limites"]
        assert preset["moteur"] in {"bureaux", "tournees"}
        # People read these, who write no study: no section, key or file is named.
        told = " ".join([preset["esquisse"], *preset["hypotheses"], *preset["limites"]])
        assert not set("[]_`") & set(told)


def test_a_permanence_where_the_line_and_the_age_allow(toy_study):
    """D, E and F are beyond 20 minutes: E has no line, F is too old, D gets the permanence."""
    made = with_files(toy_study, filaire=CONNECTED, ages=OLD)
    found = played(made, "assistance-numerique", number=1)
    assert found.permanences["code_insee"].tolist() == ["53004"]
    assert found.remarks == ()
    # The plan looks for E and F only: 1 100 people.
    assert found.found.plan.sites == ("00004A",)
    assert found.found.newly_covered == 1100
    told = answers.scenario_json(found)
    assert untold(told, "prospective", "implantation", "tournees") == []
    assert told["permanences"][0]["population"] == 400
    assert told["resultat"]["habitants_gagnes"] == 1100
    for name, table in folder.scenario_tables(found).items():
        check_entries(name, list(table.columns))


def test_a_permanence_without_kilometres_has_no_price(toy_study):
    """Times of a table that gives none: what a permanence costs is not known, and it is said."""
    result = run_study(read_study(with_files(toy_study, filaire=CONNECTED, ages=OLD).path))
    bare = replace(result, access=result.access.assign(km=float("nan")))
    found = answers.run_scenario(bare, "assistance-numerique", number=1)
    assert found.permanences["code_insee"].tolist() == ["53004"]
    assert found.permanences["cout_eur_an"].isna().all()
    words = answers.scenario_in_words(found)
    assert any("notre lecture" in line for line in words)
    assert "notre lecture" in answers.scenario_json(found)["limites"][0]
    assert answers.scenario_in_words(found)[-1].replace("\xa0", " ") == (
        "servis par une permanence : 400 habitants dans 1 commune, prix inconnu pour 1 commune "
        "(trajet sans minutes ou sans km)"
    )
    assert answers.scenario_json(found)["permanences"][0]["cout_eur_an"] is None


@pytest.mark.slow
def test_what_is_not_known_applies_no_rule_and_is_told(toy_study):
    found = played(toy_study, "assistance-numerique", number=1)
    assert found.permanences.empty
    assert len(found.remarks) == 3
    made = with_files(toy_study, ages=OLD)
    found = played(made, "assistance-numerique", number=1)
    assert sorted(found.permanences["code_insee"]) == ["53004", "53005"]
    assert "internet" in found.remarks[0]


@pytest.mark.slow
def test_one_new_site_at_most_by_epci(toy_study):
    with pytest.raises(StudyError, match="epci"):
        played(toy_study, "pepinieres")
    belongs = "CODGEO;EPCI;LIBEPCI\n" + "".join(f"5300{i};200000001;CC\n" for i in range(1, 7))
    (toy_study.folder / "epci.csv").write_text(belongs, encoding="utf-8")
    made = toy_study.configure(
        ('la_poste = "la_poste.csv"', 'la_poste = "la_poste.csv"\nappartenance = "epci.csv"')
    )
    found = played(made, "pepinieres", number=2)
    assert found.settings["quotas"] == {"200000001": {"min": 0, "max": 1}}
    assert found.found.plan.sites == ("00004A",)
    assert found.found.plan.objective == "p-mediane"
    more = "[implantation.quotas.53]\nmax = 0\n\n[implantation.quotas.200000001]\n\n"
    text = made.path.read_text(encoding="utf-8").replace("[candidats]", f"{more}[candidats]")
    made.path.write_text(text, encoding="utf-8")
    found = played(made, "pepinieres", number=2)
    assert found.settings["quotas"] == {
        "53": {"min": 0, "max": 0},
        "200000001": {"min": 0, "max": 1},
    }
    assert found.found.plan.sites == ()


def test_hosts_only(toy_study):
    failed(
        run("prospective", toy_study.path, "--scenario", "reseaux-collaboratifs"),
        "ne donne pas d'hôtes",
    )
    hosts = "site_id;nom;code_insee\nH6;Médiathèque;53006\n"
    (toy_study.folder / "hotes.csv").write_text(hosts, encoding="utf-8")
    made = toy_study.configure(("[candidats]", '[candidats]\nfichier = "hotes.csv"'))
    found = played(made, "reseaux-collaboratifs")
    assert found.found.plan.sites == ("H6",)
    assert "00004A" in found.settings["interdits"]


@pytest.mark.slow
def test_rounds_first(toy_study):
    ran = run_anew("prospective", toy_study.path, "--scenario", "services-mobiles", "--json")
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["reglages"] == {"vehicules": 1, "heures_ouvertes": 28.0}
    assert told["limites"]
    assert told["moteur"] == "tournees"
    assert told["resultat"]["habitants_servis"] > 0


def test_an_unknown_scenario_is_refused(toy_study):
    with pytest.raises(StudyError, match="pepinieres"):
        played(toy_study, "autre")
