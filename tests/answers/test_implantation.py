"""Scores, plans and the backtest of a study: by hand on toy town, as processes, on Corsica."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from support.commands import failed, run, run_anew
from support.toy import NAMES, PEOPLE, StudyFolder, maison_row, poste_row

import msap_geo as mg
from msap_geo import coverage, schemas, siting
from msap_geo.answers import Asked, implantation_json, optimise, rate, run_backtest
from msap_geo.errors import DataError, InfeasibleError, StudyError
from msap_geo.siting import backtest, ranking
from msap_geo.study import read_study, run_study
from msap_geo.study.run import measure
from msap_geo.study.sites import candidate_offices

B, E = "00001A", "00004A"


@pytest.fixture
def toy(toy_study):
    return run_study(read_study(toy_study.path))


def with_section(toy_study, text):
    toy_study.path.write_text(toy_study.path.read_text(encoding="utf-8") + text, encoding="utf-8")
    return run_study(read_study(toy_study.path))


def test_one_site_by_hand(toy):
    told = implantation_json(optimise(toy, Asked(number=1)))
    # E brings D, E and F within 20 minutes, beside A, B and C.
    assert [site["site_id"] for site in told["sites"]] == [E]
    assert told["valeur"] == told["borne"] == 2100
    assert told["aujourdhui"] == 600
    assert told["habitants_gagnes"] == told["gain"] == 1500
    assert told["ecart"] == 0
    assert told["statut"] == "optimal"
    assert told["cout_eur"] == 150_000
    assert told["eur_par_habitant_gagne"] == 100
    assert told["plans_proches"]["plans"] == [{"sites": [E], "apport": 1500}]
    assert told["sites"][0]["part_des_plans_proches"] == 1
    assert told["sites"][0]["interchangeable_avec"] == []


def test_a_share_takes_the_fewest_sites(toy):
    found = optimise(toy, Asked(share=0.95))
    assert found.plan.sites == (E,)
    assert found.plan.value == found.plan.bound == 1
    assert found.plan.details["part_couverte"] == 1


@pytest.mark.parametrize(("share", "as_good"), [(0.82, [[4], [5]]), (0.8236, [[4]])])
def test_plans_as_good_reach_the_share_too(toy_study, share, as_good):
    toy_study.write(la_poste=[poste_row(4), poste_row(5)])
    toy_study.configure(("seuils_minutes = [20, 30]", "seuils_minutes = [10, 30]"))
    people = toy_study.folder / "population.json"
    records = json.loads(people.read_text(encoding="utf-8"))
    records[3]["population"] = 1
    people.write_text(json.dumps(records), encoding="utf-8")
    found = optimise(run_study(read_study(toy_study.path)), Asked(share=share))
    # Of 1 701 people A and B are near; Epsilon adds Delta's only one, E and F: 1 401. Zêta adds E
    # and F: 1 400, within 1 %, and 82.36 % takes 1 401.
    assert sorted(list(sites) for sites, _ in found.alternatives) == [
        [f"0000{index}A" for index in plan] for plan in as_good
    ]
    assert len(found.others) == len(as_good) - 1


def test_a_share_tells_which_keys_it_leaves_out(toy_study):
    assert optimise(mg.run(toy_study.path), Asked(share=0.95)).plan.remarks == ()
    asked = '[implantation]\nobjectif = "capacite"\ncapacite = 300\n'
    toy_study.path.write_text(toy_study.path.read_text(encoding="utf-8") + asked, encoding="utf-8")
    (told,) = optimise(mg.run(toy_study.path), Asked(share=0.95)).plan.remarks
    assert "« capacite » et la capacité de 300 habitants n'y comptent pas" in told


def test_a_plan_without_a_site_says_so_in_french(toy_study):
    toy_study.write(la_poste=[poste_row(1, caracteristique_du_site="Relais poste")])
    (told,) = optimise(mg.run(toy_study.path), Asked(number=1)).plan.remarks
    assert told == (
        "aucun candidat n'améliore cet objectif : le plan est vide (1\u00a0site au plus)"
    )


def test_a_budget_counts_yearly_costs(toy):
    assert optimise(toy, Asked(budget_eur=150_000)).plan.sites == (E,)
    with pytest.raises(InfeasibleError, match=r"un site coûte 150.000.€ par an"):
        optimise(toy, Asked(budget_eur=149_999))


def test_regret_names_who_loses(toy):
    regret = optimise(toy, Asked(number=1, imposed=(B,))).regret
    assert regret.loss == 1100  # B brings D alone within 20 minutes: 400 instead of 1 500
    assert regret.free.sites == (E,)
    # C, as far from E as from A, is served from A; ten minutes from B.
    assert regret.losers["nom"].tolist() == ["Zêta", "Epsilon", "Delta"]
    assert regret.losers["minutes_libre"].tolist() == [10, 0, 10]
    assert regret.losers["minutes"].tolist() == [40, 30, 20]
    assert regret.winners["nom"].tolist() == ["Gamma", "Bêta"]


def test_frontier(toy):
    table = optimise(toy, Asked(number=2, frontier=True)).frontier
    assert table["habitants"].max() == 2100
    assert table["gagnes"].is_monotonic_increasing
    assert table["efficace"].any()
    assert (table["borne"] >= table["habitants"]).all()


def test_rules_of_the_study_file(toy_study):
    result = with_section(
        toy_study,
        f"""
[implantation]
interdits = ["{E}"]
[implantation.quotas]
53 = {{ min = 1, max = 1 }}
[couts]
modele = "msap-2016"
annee = 2016
[couts.fonctionnement_eur]
"Bureau de Poste" = 100000
""",
    )
    found = optimise(result, Asked(number=2))
    assert found.plan.sites == (B,)
    told = implantation_json(found)
    year = [row for row in told["couts"] if row["annee"] == 2016]
    assert {row["payeur"]: row["montant_eur"] for row in year} == {
        "FNADT (État)": 17_500,
        "fonds inter-opérateurs": 17_500,
        "porteur du site (La Poste ou collectivité)": 65_000,
    }
    assert told["modele_de_couts"]["cle"] == "msap-2016"


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["p-mediane", "p-centre", "double-couverture", "equite"])
def test_every_objective_of_a_study(toy_study, objective):
    result = with_section(toy_study, f'\n[implantation]\nobjectif = "{objective}"\n')
    plan = optimise(result, Asked(number=1)).plan
    assert plan.objective == objective
    assert plan.sites == (E,)
    assert plan.status == "optimal"


def test_capacity_of_a_study(toy_study):
    result = with_section(toy_study, '\n[implantation]\nobjectif = "capacite"\ncapacite = 700\n')
    assert optimise(result, Asked(number=1)).plan.value == 1300  # 600 today, 700 at E


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[implantation]\nobjectif = "capacite"', "capacité d'un site"),
        ('[implantation]\nobjectif = "nawak"', "valeur inconnue"),
        ("[implantation]\ncapacite = 0", "valeur trop petite"),
        ("[score.poids]\nnawak = 1", "critère inconnu : nawak"),
        ("[score.poids]\npopulation_gagnee = 0", "doivent être positifs"),
        ('[couts]\nmodele = "nawak"', "modèle de coûts inconnu"),
    ],
)
def test_wrong_choices_are_told(toy_study, text, said):
    with pytest.raises(StudyError, match=said):
        with_section(toy_study, f"\n{text}\n")


@pytest.mark.slow
def test_a_quota_for_nobody_and_a_grouping_unknown_are_told(toy_study):
    result = with_section(toy_study, '\n[implantation.quotas]\n"99" = { min = 1 }\n')
    with pytest.raises(StudyError, match="« 99 »"):
        optimise(result, Asked(number=1))
    toy_study.configure()
    result = with_section(toy_study, '\n[implantation]\nequite_par = "canton"\n')
    with pytest.raises(StudyError, match="« canton »"):
        optimise(result, Asked(number=1))


def test_costs_by_payer_and_year():
    model = siting.load_costs("msap-2016")
    table = siting.plan_costs(model, ["Bureau de Poste"] * 2, first_year=2016)
    assert table["annee"].unique().tolist() == [2016, 2017, 2018]
    sums = table.groupby("payeur")["montant_eur"].sum()
    # Half of 150 000 € is more than the ceiling: 17 500 € each, two sites, three years.
    assert sums["FNADT (État)"] == sums["fonds inter-opérateurs"] == 105_000
    assert sums.sum() == 2 * 3 * 150_000
    # Half of 40 000 € is less: 25 % each.
    small = siting.load_costs("msap-2016", running_eur={"Bureau de Poste": 40_000})
    table = siting.plan_costs(small, ["Bureau de Poste"], first_year=2016)
    assert table.groupby("payeur")["montant_eur"].sum()["FNADT (État)"] == 30_000


def test_operators_and_half_days_of_the_study_lower_the_rest():
    model = siting.load_costs(
        "msap-2016", numbers={"operateurs_non_signataires": 2, "demi_journees_permanence": 30}
    )
    table = siting.plan_costs(model, ["Relais poste"] * 3, first_year=2016)
    sums = table.groupby("payeur")["montant_eur"].sum()
    assert sums["opérateurs non signataires"] == 3 * 3 * 2 * 12 * 80
    assert sums["locations de permanences"] == 3 * 3 * 30 * 50
    assert sums.sum() == 3 * 3 * 94_000
    with pytest.raises(StudyError, match="ne compte pas : demi_journees_permanence"):
        siting.load_costs("france-services", numbers={"demi_journees_permanence": 1})


def test_the_study_file_gives_operators(toy_study):
    text = '\n[couts]\nmodele = "msap-2016"\noperateurs_non_signataires = 3\n'
    found = optimise(with_section(toy_study, text), Asked(number=1))
    operators = {payer.name: payer for payer in found.costs.payers}["opérateurs non signataires"]
    assert operators.pays(94_000, 2016) == 3 * 960


def test_an_envelope_bounds_what_its_payer_gives():
    model = siting.load_costs("msap-2016")
    table = siting.plan_costs(model, ["Bureau de Poste"] * 500, first_year=2016)
    sums = table.groupby("payeur")["montant_eur"].sum()
    assert sums["fonds inter-opérateurs"] == 20_000_000  # 500 × 17 500 × 3 would be 26 250 000
    assert sums["FNADT (État)"] == 26_250_000
    assert sums.sum() == 500 * 3 * 150_000


def test_the_lump_sum_of_the_state_grows():
    model = siting.load_costs("france-services", investment_eur={"defaut": 10_000})
    table = siting.plan_costs(model, ["Relais poste"], first_year=2024)
    state = table[table["payeur"].str.startswith("État")].set_index("annee")["montant_eur"]
    assert state.tolist() == [40_000, 45_000, 50_000]  # 30 000 in 2022, 50 000 in 2026
    assert table[table["poste"] == "investissement"]["montant_eur"].tolist() == [10_000]
    assert model.yearly("Relais poste") == pytest.approx(94_000 + 10_000 / 3)


def test_criteria_by_hand(toy):
    table = rate(toy).table.set_index("site_id")
    assert table.loc[E, "population_gagnee"] == 1500
    # At 30 minutes D is served already: E brings E and F; B is 30 minutes from E.
    assert table.loc[E, "population_gagnee_2"] == 1100
    assert table.loc[B, "population_gagnee_2"] == 500
    # Beyond 20 minutes today: D, E, F; B shortens all three trips, E too.
    assert table.loc[B, "population_zone_blanche"] == 1500
    # Within 20 minutes of E: C, D, E, F, of whom C (300 of 1 800) is served.
    assert table.loc[E, "chevauchement"] == pytest.approx(300 / 1800)
    # Everyone nearer to B than to A: B to F; to E: C is as near to A.
    assert table.loc[B, "population_bassin"] == 2000
    assert table.loc[E, "population_bassin"] == 1500
    assert table.loc[E, ["ordre", "gain_marginal"]].tolist() == [1, 1500]
    assert np.isnan(table.loc[B, "ordre"])
    assert table.loc[B, "gain_marginal"] == 0
    for column in ("accessible", "heures_semaine", "densite", "habitants_65_plus_gagnes"):
        assert table[column].isna().all()


def test_robustness_by_hand(toy):
    table = rate(toy).table.set_index("site_id")

    # A run keeps a gain where four fifths of it are left at its speed, threshold and period.
    def gained(place, factor, threshold):
        served = [i for i in range(6) if 10 * i * factor <= threshold + 1e-9]
        return sum(
            PEOPLE[i]
            for i in range(6)
            if i not in served and 10 * abs(i - place) * factor <= threshold + 1e-9
        )

    for site, place in ((B, 1), (E, 4)):
        runs = [
            gained(place, factor, 20 + shift) >= 0.8 * gained(place, 1, 20)
            for factor in (
                period / speed
                for speed in coverage.likely_speeds(coverage.spread(estimated=False).territory)
                for period in (1.0, 1.15)
            )
            for shift in (-2, -1, 0, 1, 2)
        ]
        assert table.loc[site, "robustesse"] == pytest.approx(np.mean(runs))
        assert 0 < np.mean(runs) < 1 or site == E


def test_optional_columns_count_once_they_are_there(toy_study):
    import dataclasses  # noqa: PLC0415

    result = with_section(
        toy_study,
        "\n[score.poids]\npopulation_gagnee = 0.5\nhoraires = 0.3\nhabitants_65_plus = 0.2\n",
    )
    bare = rate(result)
    assert bare.silent == ("horaires", "habitants_65_plus")
    assert bare.weights == {"population_gagnee": 1.0}
    richer = dataclasses.replace(
        result,
        communes=result.communes.assign(
            habitants_65_plus=[10.0, 20, 30, 40, np.nan, 60], densite=list("1234567")[:6]
        ),
        la_poste=result.la_poste.assign(
            horaires=["Mo-Fr 09:00-12:00", "Mo-Sa 09:00-13:00"], accessible_pmr=["oui", None]
        ),
    )
    found = measure(
        richer.study,
        richer.times,
        richer.communes,
        richer.origins,
        richer.maisons,
        candidate_offices(richer.study, richer.la_poste, richer.hosts),
    )
    richer = dataclasses.replace(
        richer, candidates=found.candidates, trips=found.trips, ranking=found.ranking
    )
    rated = rate(richer)
    table = rated.table.set_index("site_id")
    assert rated.silent == ()
    assert table.loc[E, "habitants_65_plus_gagnes"] == 100  # D and F; E is not known
    assert table.loc[B, ["heures_semaine", "jours_ouverts"]].tolist() == [15, 5]
    assert table.loc[B, ["ecart_label_heures", "ecart_label_jours"]].tolist() == [9, 0]
    assert table.loc[E, "ecart_label_heures"] == 0
    assert table.loc[B, "accessible"] == 1
    assert np.isnan(table.loc[E, "accessible"])
    assert table["densite"].to_dict() == {B: "2", E: "5"}
    points = [name for name in table if name.startswith("points_")]
    np.testing.assert_allclose(table[points].sum(axis=1), table["score"], atol=0.06)
    assert table.loc[E, "points_horaires"] == 30
    assert table.loc[B, "points_horaires"] == 0


def test_default_weights_rank_as_the_study_does(toy):
    rated = rate(toy).table
    assert rated["site_id"].tolist() == toy.candidates["site_id"].tolist()
    assert rated["score"].tolist() == toy.candidates["score"].tolist()
    assert set(siting.WEIGHTS) <= set(siting.CRITERIA)
    assert {name for name in siting.CRITERIA if name in schemas.GROUPS} == set(schemas.GROUPS)


def test_stability_is_a_share_of_draws():
    rng = np.random.default_rng(0)
    measures = pd.DataFrame(
        {"population_gagnee": rng.random(30), "minutes_economisees": rng.random(30)}
    )
    ranked = ranking.rank(measures, {"population_gagnee": 0.5, "minutes_economisees": 0.5})
    held = pd.Series(ranking.stability(ranked, top=5))
    assert held.between(0, 1).all()
    assert held.sum() == pytest.approx(5, abs=0.01)  # five a draw, no ties
    assert held.corr(ranked.table["score"]) > 0.5
    one = ranking.rank(measures, {"population_gagnee": 1.0})
    assert sorted(set(ranking.stability(one, top=5))) == [0, 1]


def points(rows):
    return gpd.GeoDataFrame(
        {
            "site_id": [row[0] for row in rows],
            "nom": [row[1] for row in rows],
            "code_insee": [row[2] for row in rows],
        },
        geometry=[None if row[3] is None else shapely.Point(row[3], 0) for row in rows],
        crs=2154,
    )


def test_maisons_are_matched_to_offices():
    offices = points(
        [
            ("p1", "VICO BP", "2A348", 0),
            ("p2", "AJACCIO LES SALINES", "2A004", 5000),
            ("p3", "AJACCIO MEZZAVIA", "2A004", 9000),
            ("p4", "CALACUCCIA", "2B047", None),
        ]
    )
    maisons = points(
        [
            ("near", "France services La Poste de Vico", "2A348", 300),
            ("named", "France services La Poste d'Ajaccio - Mezzavia", "2A004", 6000),
            ("alone", "France services La Poste de Calacuccia", "2B047", None),
            ("unlike", "France services La Poste xyz", "2A004", 20000),
        ]
    )
    found = backtest.match_offices(maisons, offices).set_index("site_id")
    assert found["office_id"].tolist()[:3] == ["p1", "p3", "p4"]
    assert found["moyen"].tolist() == ["distance", "nom", "nom", ""]
    assert found.loc["near", "metres"] == 300
    assert found.loc["named", "metres"] == 3000
    assert pd.isna(found.loc["unlike", "office_id"])


@pytest.fixture
def dated_toy(tmp_path):
    """A at the start; then a Maison in the office of B, and one at C, in no office."""
    return StudyFolder(tmp_path).write(
        maisons=[
            maison_row(0),
            maison_row(
                1,
                lib_fs="France services La Poste de Bêta",
                labellisation_fs="Espace labellisé 01/09/2021",
            ),
            maison_row(2, labellisation_fs="Espace labellisé 01/10/2022"),
        ],
        la_poste=[poste_row(1), poste_row(4)],
    )


def test_backtest_by_hand(dated_toy):
    found = run_backtest(run_study(read_study(dated_toy.path)))
    assert found.counts["bureaux_reellement_choisis"] == 1
    assert found.counts["maisons_a_la_date"] == 1
    assert found.matched["office_id"].tolist() == [B]
    assert found.plan.sites == (E,)
    covered = found.coverages
    assert covered["a_la_date"] == 600
    assert covered["choix_reels"] == 1000
    assert covered["notre_plan"] == covered["glouton"] == 2100
    assert covered["hasard_moyen"] == pytest.approx((1000 + 2100) / 2, abs=60)
    assert found.hits["communs"].tolist() == [0, 1, 1]
    assert found.hits["nombre"].tolist() == [1, 2, 2]
    assert found.real["dans_notre_plan"].tolist() == [False]


@pytest.mark.slow
def test_backtest_without_dates_or_choices(dated_toy, toy):
    with pytest.raises(DataError, match="aucune Maison ouverte après le 01/01/2024"):
        run_backtest(run_study(read_study(dated_toy.path)), date=dt.date(2024, 1, 1))
    import dataclasses  # noqa: PLC0415

    undated = dataclasses.replace(toy, maisons=toy.maisons.assign(labellisation=pd.NaT))
    with pytest.raises(DataError, match="ne dit pas quand"):
        run_backtest(undated)


@pytest.mark.slow
def test_optimiser_as_a_process(toy_study):
    done = run(
        "optimiser", toy_study.path, "--nombre", "2", "--imposer", B, "--frontiere", "--json"
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert [site["site_id"] for site in told["sites"]] == [E, B]
    assert told["valeur"] == told["borne"] == 2100
    assert told["regret"]["plan_libre"] == [E]
    assert told["regret"]["perte"] == 0
    again = run(
        "optimiser", toy_study.path, "--nombre", "2", "--imposer", B, "--frontiere", "--json"
    )
    assert again.stdout == done.stdout


@pytest.mark.slow
def test_optimiser_in_words(toy_study, tmp_path):
    done = run_anew(
        "optimiser", toy_study.path, "--couverture", "0,95", "--xlsx", tmp_path / "p.xlsx"
    )
    assert done.returncode == 0, done.stderr
    for words in ("objectif « couverture-totale »", "borne prouvée", "optimal", NAMES[4]):
        assert words in done.stdout
    assert openpyxl.load_workbook(tmp_path / "p.xlsx").sheetnames[:2] == ["Lisez-moi", "Plan"]


@pytest.mark.slow
def test_noter_as_a_process(toy_study):
    done = run_anew("noter", toy_study.path, "--top", "1", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [row["site_id"] for row in told["candidats"]] == [E]
    assert told["poids"] == siting.WEIGHTS
    table = run("noter", toy_study.path, "--csv")
    rows = list(csv.DictReader(io.StringIO(table.stdout)))
    assert [row["site_id"] for row in rows] == [E, B]
    assert "n° 1" in run("noter", toy_study.path).stdout
    best = run("noter", toy_study.path, "--top", "1").stdout
    assert "2\u00a0candidats" in best
    assert "n° 2" not in best
    assert ", premier dans" in best


@pytest.mark.slow
def test_backtester_as_a_process(dated_toy):
    done = run_anew("backtester", dated_toy.path, "--date", "2020-06-01", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["couverture"]["notre_plan"] == 2100
    assert [row["multiple"] for row in told["communs"]] == [1, 2, 3]
    assert "0 des 1 choix réels" in run("backtester", dated_toy.path).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["optimiser", "x"], "il manque l'une de ces options"),
        (["optimiser", "x", "--nombre", "0"], "--nombre"),
        (["optimiser", "x", "--nombre", "1", "--budget", "2"], "ne vont pas ensemble"),
        (["optimiser", "x", "--couverture", "95"], "une part de 0 à 1"),
        (["noter", "x", "--json", "--csv"], "ne vont pas ensemble"),
        (["backtester", "x", "--date", "hier"], "AAAA-MM-JJ"),
    ],
)
def test_usage_errors(arguments, said):
    failed(run(*arguments), said, code=2)


@pytest.mark.slow
def test_what_cannot_be_is_said_without_a_traceback(toy_study):
    failed(
        run("optimiser", toy_study.path, "--nombre", "1", "--imposer", B, "--imposer", E),
        "1 au plus",
    )
    failed(run("optimiser", toy_study.path, "--nombre", "1", "--imposer", "nawak"), "nawak")


@pytest.mark.corse
@pytest.mark.slow
@pytest.mark.xdist_group("corse")
def test_ten_sites_for_corsica(corsica_2020):
    found = optimise(corsica_2020, Asked(number=10))
    plan = found.plan
    assert plan.status == "optimal"
    assert len(plan.sites) == 10
    assert plan.value == plan.bound > 280_000
    # The study itself, with these offices as Maisons, counts the same people.
    access = found.problem.access_with(found.problem.positions(plan.sites))
    assert found.problem.people[access <= 20].sum() == plan.value
    assert plan.value - plan.today == found.newly_covered
    assert all(value >= 0.99 * found.alternatives[0][1] for _, value in found.alternatives)
    assert len(found.alternatives) > 5
    assert found.shares[list(plan.sites)].max() == 1
    table = rate(corsica_2020).table
    assert len(table) == 113
    assert table["site_id"].tolist() == corsica_2020.candidates["site_id"].tolist()
    assert set(table.columns) >= {c.column for c in siting.CRITERIA.values()}


@pytest.mark.corse
@pytest.mark.slow
@pytest.mark.xdist_group("corse")
@pytest.mark.parametrize("share", [0.9, 1.0])
def test_shares_of_corsica(corsica_2020, share):
    try:
        plan = optimise(corsica_2020, Asked(share=share)).plan
    except InfeasibleError as error:
        assert share == 1.0
        assert "au mieux" in str(error)  # noqa: PT017
        return
    assert plan.details["part_couverte"] >= share
    assert plan.value == plan.bound


@pytest.mark.corse
@pytest.mark.slow
@pytest.mark.xdist_group("corse")
def test_the_real_choices_of_corsica(corsica_now):
    found = run_backtest(corsica_now)
    assert found.counts["maisons_a_la_date"] == 4
    assert (found.matched["moyen"] != "").mean() > 0.9
    covered = found.coverages
    assert covered["a_la_date"] < covered["choix_reels"] <= covered["notre_borne"]
    assert covered["hasard_moyen"] < covered["glouton"] <= covered["notre_plan"]
    assert found.hits["communs"].is_monotonic_increasing
