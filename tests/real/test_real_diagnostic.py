"""The diagnosis on real files: Corsica by town hall and by cell, La Poste over métropole."""

from __future__ import annotations

import pytest

from msap_geo import coverage, loaders
from msap_geo.answers import diagnose
from msap_geo.study import read_study, run_study
from msap_geo.territory import DEPARTEMENTS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("corse")]

POPULATION = 355_486


@pytest.fixture(scope="module")
def corsica_diagnosed(corsica, shared, tmp_path_factory):
    path = tmp_path_factory.mktemp("diagnostic") / "etude.toml"
    text = corsica.read_text(encoding="utf-8")
    grid = (shared / "corse" / "carr_corse_1km_2015_crs3035.gpkg").as_posix()
    text = text.replace("[donnees]", f'[donnees]\ncarreaux = "{grid}"')
    before = (shared / "france" / "france-services-20200108.csv").as_posix()
    path.write_text(f'{text}\n[diagnostic]\nmaisons_avant = "{before}"\n', encoding="utf-8")
    return diagnose(run_study(read_study(path))).tables


@pytest.mark.corse
def test_corsica_adds_up_under_every_convention(corsica_diagnosed):
    table = corsica_diagnosed["conventions"].set_index("convention")
    assert (table["effectif"].drop("carreaux") == POPULATION).all()
    assert table.loc["mairie", "part_20"] == pytest.approx(0.903, abs=0.005)
    # People live farther than their town hall does: by cell the share is lower, not by much.
    assert -3 < table.loc["carreaux calés sur la population communale", "ecart_20"] < 0
    assert (
        table.loc["METRIC (0 dans la commune)", "minutes_moyennes"]
        < table.loc["mairie", "minutes_moyennes"]
        < table.loc["carreaux", "minutes_moyennes"]
    )


@pytest.mark.corse
def test_corsica_since_2020_nobody_falls_out_of_reach(corsica_diagnosed):
    change = corsica_diagnosed["evolution_departements"]
    assert change["gagnent_20"].sum() > 200_000
    assert change["perdent_20"].sum() == 0
    # The fourteen that go farther do so by the geocoding of the same Maisons.
    assert corsica_diagnosed["perdants"]["ecart_minutes"].max() < 2
    history = corsica_diagnosed["historique"]
    assert history["part_20"].is_monotonic_increasing
    assert history["maisons"].iloc[[0, -1]].tolist() == [4, 36]
    assert history["part_20"].iloc[0] == pytest.approx(0.264, abs=0.01)


@pytest.mark.corse
def test_corsica_zones_hold_or_say_they_do_not(corsica_diagnosed):
    zones = corsica_diagnosed["robustesse_zones"]
    assert len(zones) == 13
    assert set(zones["robustesse"]) <= {"solide", "probable", "fragile"}
    assert (zones["part_blanche"] - zones["part_blanche_tirages"]).abs().max() < 0.1
    closures = corsica_diagnosed["fermetures"]
    assert closures["habitants"].sum() == POPULATION
    assert "Venaco" in closures["nom"].iloc[0]  # Corte has no Maison of its own


def test_la_poste_is_within_five_kilometres_of_about_97_per_cent(shared):
    folder = shared / "france"
    metropole = [code for code in DEPARTEMENTS if len(code) == 2]
    records = loaders.read_records(folder / "decoupage-communes-2026.json")
    codes = loaders.commune_codes(records)
    boundaries = loaders.load_communes(
        [folder / "communes-france-2026.parquet"], departements=metropole, codes=codes
    )
    population = loaders.population_from_records(records, file="cog")
    communes = loaders.assemble_communes(
        boundaries.table, population.table, departements=metropole
    ).table
    mairies = loaders.load_mairies([folder / "mairies-france-2026.csv"], codes=codes).table
    origins = loaders.commune_origins(communes, mairies).table
    offices = loaders.load_la_poste(folder / "laposte_poincont-2025.csv").table.to_crs(origins.crs)
    km = coverage.straight_km(origins, offices)
    people = communes["population"]
    share = people[km <= 5].sum() / people.sum()
    # Published for January 2022: 97.12 %. Town halls flatter by some two points, since the counter
    # is usually beside them (docs/la-poste-france.md).
    assert 0.9712 < share < 0.9712 + 0.025
