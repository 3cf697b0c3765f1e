"""Studies and campaigns of EPCI: their communes, in the roads and Maisons of their départements."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from support.campaigns import EPCI, Country, contents
from support.commands import failed, run

from msap_geo import network
from msap_geo.campaign import read_campaign, run_campaign, tasks_of
from msap_geo.campaign.conduct import conduct
from msap_geo.documents import report_document, report_parts
from msap_geo.errors import StudyError, TerritoryError
from msap_geo.folder import study_tables
from msap_geo.study import (
    audit_study,
    provenance_of,
    read_study,
    run_study,
    simulation_of,
)

ASTRIDE, EAST = "200000001", "200000002"


@pytest.fixture
def country(tmp_path):
    return Country(tmp_path).write().belong()


def study(country, *codes, departements='["53"]', name="Jouet"):
    text = country.pattern.read_text(encoding="utf-8").replace('["53"]', departements)
    text = text.replace('"Jouet"', f'"{name}"')
    if codes:
        text = text.replace("seuils_minutes", f"epci = {json.dumps(codes)}\nseuils_minutes")
    path = country.folder / "etude.toml"
    path.write_text(text, encoding="utf-8")
    return read_study(path)


class TestStudy:
    @pytest.mark.slow
    def test_times_are_those_of_the_whole_and_only_its_communes_count(self, country):
        whole = run_study(study(country))
        part = run_study(study(country, EAST))
        assert part.access["code_insee"].tolist() == ["53003", "53004"]
        mine = whole.access[whole.access["code_insee"].isin(EPCI[EAST])].reset_index(drop=True)
        measured = ["code_insee", "population", "site_id", "minutes", "km", "palier", "raison"]
        pd.testing.assert_frame_equal(part.access[measured], mine[measured])
        assert part.summary()["population"] == mine["population"].sum()
        # The only Maison is in the first commune: across the border of the EPCI.
        assert "531" in set(part.maisons["site_id"])
        assert part.neighbours.all()
        assert part.summary()["maisons"] == 0
        assert set(part.la_poste["code_insee"]) == {"53003", "53004"}
        assert part.zones["communes"].explode().isin(EPCI[EAST]).all()
        sites = simulation_of(part).sites
        assert dict(zip(sites["site_id"], sites["role"], strict=True))["531"] == "voisine"

    @pytest.mark.slow
    def test_a_bus_across_the_border_serves_those_it_reaches(self, country, monkeypatch):
        def with_stops(*codes):
            asked = study(country, *codes)
            text = "vehicule;jour;code_insee;arrivee;depart\n"
            for day, code, end in (("lundi", 1, 10), ("mardi", 2, 12), ("jeudi", 3, 10)):
                text += f"Bus;{day};5300{code};09:00;{end}:00\n"
            (country.folder / "arrets.csv").write_text(text, encoding="utf-8")
            path = country.folder / "etude.toml"
            text = path.read_text(encoding="utf-8")
            assert "[donnees]" in text
            text = text.replace("[donnees]", '[donnees]\ntournees = "arrets.csv"')
            path.write_text(text, encoding="utf-8")
            return run_study(read_study(asked.path(path)))

        whole, part = with_stops(), with_stops(EAST)
        mine = whole.cover[whole.cover["code_insee"].isin(EPCI[EAST])].reset_index(drop=True)
        pd.testing.assert_frame_equal(part.cover, mine)
        alone = mine.set_index("code_insee")["heures_itinerantes"]
        assert alone["53003"] > 1  # more than its own hour: the stop of its neighbour
        stops = simulation_of(part).stops
        assert stops.codes == ["53001", "53002", "53003"]
        assert all(stops.names)
        table = study_tables(part)["arrets_itinerants"]
        assert table["code_insee"].tolist() == ["53001", "53002", "53003"]
        document = report_document(report_parts(part))
        assert any("viennent aux habitants" in one.title for one in document.sections)
        # As of Maisons, one beyond the border's reach is left.
        monkeypatch.setattr("msap_geo.loaders.territory.territoire.BORDER_KM", 5)
        assert [stop.code_insee for stop in with_stops(EAST).stops] == ["53002", "53003"]

    @pytest.mark.slow
    def test_times_may_be_those_of_another_engine(self, country):
        part = run_study(study(country, EAST))
        times = part.times.matrix(part.origins, part.maisons).long()
        times.to_csv(country.folder / "temps.csv", index=False)
        text = (country.folder / "etude.toml").read_text(encoding="utf-8")
        roads = '[reseau]\nprofil = "estime"\n'
        assert roads in text
        table = text.replace(roads, '[temps]\nsource = "temps.csv"\n')
        (country.folder / "etude.toml").write_text(table, encoding="utf-8")
        read = run_study(read_study(country.folder / "etude.toml"))
        same = ["code_insee", "population", "site_id", "minutes", "palier", "raison"]
        pd.testing.assert_frame_equal(read.access[same], part.access[same])
        assert read.shares == part.shares
        # The Maison is a neighbour: nothing is missing but the offices of the EPCI.
        told = {one.code for one in read.anomalies if "temps" in one.code}
        assert told == {"candidat-sans-temps"}
        audited = {one.code for one in audit_study(read.study).findings if "temps" in one.code}
        assert audited == told

    def test_one_astride_two_departements(self, country):
        part = run_study(study(country, ASTRIDE, departements='["53", "72"]'))
        assert part.access["code_insee"].tolist() == ["53001", "53002", "72001"]
        own = part.maisons[~part.neighbours]
        assert own["site_id"].tolist() == ["531", "721"]
        assert provenance_of(part).territory == f"CC 1 ({ASTRIDE})"

    @pytest.mark.slow
    def test_a_departement_left_out_is_told(self, country):
        asked = study(country, ASTRIDE)
        part = run_study(asked)
        (told,) = [one for one in part.anomalies if one.code == "epci-coupe"]
        assert told.message.replace("\xa0", " ").startswith("1 commune des EPCI demandés")
        assert "72001" in told.message
        assert any(f.code == "epci-coupe" for f in audit_study(asked).findings)

    def test_a_maison_too_far_from_the_epci_is_no_neighbour(self, country, monkeypatch):
        from msap_geo.loaders.territory import territoire  # noqa: PLC0415

        monkeypatch.setattr(territoire, "BORDER_KM", 5)
        part = run_study(study(country, EAST))
        # Ten kilometres from the nearest commune of the EPCI, in its département.
        assert part.maisons.empty
        assert part.access["minutes"].isna().all()

    @pytest.mark.parametrize(
        ("codes", "said"),
        [
            (["200000003"], "EPCI sans commune dans les départements de l'étude : 200000003"),
            (["20000000"], "code d'EPCI mal formé"),
        ],
    )
    def test_codes_that_are_none_are_refused(self, country, codes, said):
        with pytest.raises(StudyError, match=said):
            run_study(study(country, *codes))

    def test_nothing_tells_the_epci(self, tmp_path):
        asked = study(Country(tmp_path).write(), EAST)
        with pytest.raises(StudyError, match="rien ne dit de quel EPCI"):
            run_study(asked)
        assert any("rien ne dit de quel EPCI" in str(f) for f in audit_study(asked).findings)

    @pytest.mark.slow
    def test_the_roads_are_those_of_the_departements(self, country):
        whole, part = run_study(study(country)), run_study(study(country, EAST))
        assert part.profile.name == network.ESTIMATED
        assert part.roads.n_nodes == whole.roads.n_nodes


class TestCampaign:
    @pytest.mark.slow
    def test_one_folder_each_as_lancer_makes_it(self, country):
        country.configure('"epci"')
        asked = read_campaign(country.path)
        assert [one.key for one in asked.territories] == [ASTRIDE, EAST]
        assert asked.territories[0].departements == ("53", "72")
        report = run_campaign(
            asked,
            country.folder / "sortie",
            lambda tasks, folder: (conduct(t, folder) for t in tasks),
        )
        assert not report.missing
        for code, departements in ((ASTRIDE, '["53", "72"]'), (EAST, '["53"]')):
            study(country, code, departements=departements, name=f"Jouet – CC {code[-1]}")
            run("lancer", country.folder / "etude.toml", "--sortie", country.folder / code)
            assert contents(country.folder / "sortie" / code) == contents(country.folder / code)
        table = pd.read_csv(country.folder / "sortie" / "chiffres.csv", sep=None, engine="python")
        assert table["territoire"].astype(str).tolist() == [ASTRIDE, EAST]
        page = (country.folder / "sortie" / "index.html").read_text(encoding="utf-8")
        assert "CC 1" in page
        assert f"{EAST}/carte.html" in page

    def test_some_of_them(self, country):
        country.configure('["200000004", "200000002"]')
        tasks = tasks_of(read_campaign(country.path))
        assert [task.key for task in tasks] == ["200000002", "200000004"]
        assert tasks[1].study().etude.epci == ("200000004",)
        assert tasks[1].study().departements == ("49",)

    def test_departements_forget_the_epci_of_the_pattern(self, country):
        text = country.pattern.read_text(encoding="utf-8")
        country.pattern.write_text(
            text.replace("seuils_minutes", f'epci = ["{EAST}"]\nseuils_minutes'), encoding="utf-8"
        )
        country.configure('["72"]')
        (task,) = tasks_of(read_campaign(country.path))
        assert task.study().etude.epci == ()

    @pytest.mark.parametrize(
        ("territories", "said"),
        [
            ('["epci", "48"]', "mêle des EPCI et d'autres territoires"),
            ('["200000002", "tous"]', "mêle des EPCI et d'autres territoires"),
            ('["999999999"]', "EPCI inconnu : 999999999"),
        ],
    )
    def test_what_is_refused(self, country, territories, said):
        country.configure(territories)
        with pytest.raises(TerritoryError, match=said):
            read_campaign(country.path)

    @pytest.mark.slow
    def test_a_pattern_without_memberships(self, tmp_path):
        country = Country(tmp_path).write().configure('"epci"')
        failed(run("campagne", country.path), "rien ne dit de quel EPCI", "appartenance")
