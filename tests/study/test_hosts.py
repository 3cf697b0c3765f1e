"""Hosts other than post offices: read, priced, scored and sited with them or alone."""

from __future__ import annotations

import json

import pytest
from support.toy import CODES, StudyFolder, degrees, write_csv

import msap_geo as mg
from msap_geo import answers, loaders
from msap_geo.errors import DataError, StudyError

HEADER = (
    "site_id nom genre code_insee longitude latitude cout_eur horaires confidentialite "
    "accessible_pmr deux_agents fibre horaires_label"
).split()
READY = {
    "confidentialite": "oui",
    "accessible_pmr": "oui",
    "deux_agents": "oui",
    "fibre": "oui",
    "horaires_label": "oui",
}


def host(site_id, index, **changes):
    longitude, latitude = degrees(index)
    return {
        "site_id": site_id,
        "nom": f"Mairie {site_id}",
        "genre": "Mairie",
        "code_insee": CODES[index],
        "longitude": longitude,
        "latitude": latitude,
        **READY,
        **changes,
    }


def with_list(folder, rows, types='["Bureau de Poste"]'):
    toy = StudyFolder(folder).write()
    write_csv(folder / "hotes.csv", HEADER, rows)
    return toy.configure(('types = ["Bureau de Poste"]', f'types = {types}\nfichier = "hotes.csv"'))


@pytest.mark.slow
def test_a_host_is_scored_as_an_office_at_its_place_would_be(tmp_path):
    # POSTE 4 stands at the fifth town: a town hall there brings as many people.
    toy = with_list(tmp_path, [host("H1", 4), host("H2", 3)])
    result = mg.run(toy.path)
    scored = result.candidates.set_index("site_id")
    assert set(scored.index) == {"00001A", "00004A", "H1", "H2"}
    assert scored.loc["H1", "population_gagnee"] == scored.loc["00004A", "population_gagnee"]
    assert scored.loc["H1", "label"] == "prêt"
    rated = answers.rate(result).table.set_index("site_id")
    assert rated.loc["H2", "population_gagnee"] == scored.loc["H2", "population_gagnee"]
    # Its opening is a scenario like any other.
    assert "H1" in set(mg.scenario(result, opened=["H1"]).maisons["site_id"])


def test_hosts_alone_are_candidates_where_no_office_is(tmp_path):
    result = mg.run(with_list(tmp_path, [host("H1", 4), host("H2", 3)], types="[]").path)
    assert set(result.candidates["site_id"]) == {"H1", "H2"}
    plan = answers.optimise(result, answers.Asked(number=1)).plan
    assert plan.sites in {("H1",), ("H2",)}


def test_a_budget_counts_what_each_host_says_it_costs(tmp_path):
    rows = [
        host("H1", 4, cout_eur="40000"),
        host("H2", 3, cout_eur="10000", fibre="4000"),
        host("H3", 2),
    ]
    result = mg.run(with_list(tmp_path, rows, types="[]").path)
    kinds = result.candidates.set_index("site_id")["genre"]
    assert kinds["H3"] == "Mairie"
    assert "40" in kinds["H1"]
    found = answers.optimise(result, answers.Asked(number=3))
    years = found.costs.years
    cost = dict(zip(found.problem.site_ids, found.problem.cost_eur, strict=True))
    assert cost["H1"] == pytest.approx(40_000 + found.costs.investment_of("Mairie") / years)
    assert cost["H2"] == pytest.approx(10_000 + 4_000 / years)
    assert cost["H3"] == pytest.approx(found.costs.yearly("Mairie"))
    assert result.candidates.set_index("site_id").loc["H2", "label"] == "à faire"
    assert result.candidates.set_index("site_id").loc["H2", "travaux_eur"] == 4000
    told = json.dumps(answers.implantation_json(found), ensure_ascii=False)
    assert "H2" in told


def test_a_host_that_never_will_is_told_and_left_out(tmp_path):
    rows = [host("H1", 4, deux_agents="non"), host("H2", 3, fibre="")]
    result = mg.run(with_list(tmp_path, rows).path)
    assert "H1" not in set(result.candidates["site_id"])
    told = [a for a in result.anomalies if a.code == "hote-impossible"]
    assert len(told) == 1
    assert "deux agents" in told[0].message
    assert result.candidates.set_index("site_id").loc["H2", "label"] == "à vérifier"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cout_eur": "-3"}, "somme en euros"),
        ({"fibre": "bientôt"}, "somme en euros"),
        ({"horaires": "tous les jours"}, "horaires illisibles"),
        ({"site_id": ""}, "identifiant vide"),
    ],
)
def test_what_is_neither_an_answer_nor_a_sum_is_refused_with_its_line(tmp_path, changes, said):
    write_csv(tmp_path / "hotes.csv", HEADER, [host("H1", 4), {**host("H2", 3), **changes}])
    with pytest.raises(DataError, match=said) as raised:
        loaders.load_hosts(tmp_path / "hotes.csv")
    assert "ligne 3" in str(raised.value)


def test_an_identifier_already_taken_is_refused(tmp_path):
    with pytest.raises(StudyError, match="déjà pris"):
        mg.run(with_list(tmp_path, [host("00004A", 3)]).path)


def test_a_host_without_code_belongs_to_the_commune_it_stands_in(tmp_path):
    result = mg.run(with_list(tmp_path, [host("H1", 4, code_insee="")], types="[]").path)
    assert result.candidates["code_insee"].tolist() == [CODES[4]]
