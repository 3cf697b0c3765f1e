"""Corsica end to end on the real files (skipped with its reason where they are absent)."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree

from msap_geo import loaders, network, travel
from msap_geo.folder import write_study
from msap_geo.study import prepare_study, read_study, run_study

pytestmark = [pytest.mark.corse, pytest.mark.slow, pytest.mark.xdist_group("corse")]

POPULATION = 355_486  # INSEE, COG 2026, both départements


def test_share_is_near_an_independent_computation(corsica_now):
    # 92.5 % by junction snapping and class speeds alone; walking legs, maxspeed, turns and the
    # town halls put back in their commune account for the rest (docs/corse.md). OSRM, to which the
    # same walks are added, says 90.3 %.
    assert corsica_now.shares[0].population == POPULATION
    assert corsica_now.shares[0].share == pytest.approx(0.903, abs=0.01)
    assert len(corsica_now.communes) == 360
    assert len(corsica_now.maisons) == 36
    assert len(corsica_now.candidates) == 113


def test_2020_was_much_poorer(corsica_now, corsica_2020):
    assert len(corsica_2020.maisons) == 4
    assert corsica_2020.shares[0].share < 0.35
    assert corsica_2020.zones["population"].iloc[0] > 200_000
    assert corsica_2020.shares[1].beyond > 10 * corsica_now.shares[1].beyond


def test_vico_is_brought_back_from_saint_etienne(corsica_2020):
    vico = corsica_2020.maisons.set_index("site_id").loc["2A-espace-france-services-de-vico"]
    assert vico["code_insee"] == "2A348"
    assert vico["position"] == "commune"
    assert corsica_2020.access.set_index("code_insee").loc["2A348", "minutes"] < 5
    told = {a.code for a in corsica_2020.anomalies if a.identifier == vico.name}
    assert told == {"geocodage-ailleurs", "site-sans-position"}


def test_people_are_counted_once_in_every_file(corsica_now, tmp_path):
    write_study(corsica_now, tmp_path)
    summary = json.loads((tmp_path / "resume.json").read_text(encoding="utf-8"))
    access = pd.read_csv(tmp_path / "acces.csv", dtype={"code_insee": str})
    zones = gpd.read_file(tmp_path / "zones_blanches.geojson")
    assert access["population"].sum() == summary["population"] == POPULATION
    for threshold, figures in summary["seuils"].items():
        beyond = access.loc[~(access["minutes"] <= float(threshold)), "population"].sum()
        assert beyond == figures["population_au_dela"]
        assert beyond + figures["population_couverte"] == POPULATION
    assert zones["population"].sum() == summary["seuils"]["20"]["population_au_dela"]
    members = [code for codes in zones["communes"] for code in codes]
    assert sorted(members) == sorted(access.loc[~(access["minutes"] <= 20), "code_insee"])
    layer = gpd.read_file(tmp_path / "etude.gpkg", layer="communes")
    assert layer["population"].sum() == POPULATION


def test_times_equal_an_independent_dijkstra(shared, corsica_now):
    """Rebuild the graph from the CSV pair with SciPy alone; compare junction to junction."""
    nodes = pd.read_csv(shared / "corse" / "roads-nodes.csv")
    links = pd.read_csv(shared / "corse" / "roads-edges.csv")
    profile = network.load_profile("voiture")
    net = network.load_network(
        [shared / "corse" / "roads-nodes.csv", shared / "corse" / "roads-edges.csv"],
        profile,
        epsg=2154,
    )
    minutes = links["length_m"] / 1000 / links["highway"].map(profile.speeds_kmh) * 60
    position = pd.Series(range(len(nodes)), index=nodes["node"])
    tail, head = (position[links[end]].to_numpy() for end in ("from", "to"))
    table = pd.DataFrame({"a": tail, "b": head, "m": minutes})
    table = table[table["a"] != table["b"]].groupby(["a", "b"])["m"].min().reset_index()
    graph = csr_array((table["m"], (table["a"], table["b"])), shape=(len(nodes), len(nodes)))
    to_metres = pyproj.Transformer.from_crs(4326, 2154, always_xy=True)
    x, y = to_metres.transform(nodes["lon"].to_numpy(), nodes["lat"].to_numpy())
    tree = KDTree(np.column_stack([x, y]))
    rng = np.random.default_rng(1)
    chosen = rng.choice(len(nodes), 1000, replace=False)
    _, targets = tree.query(
        np.column_stack([corsica_now.maisons.geometry.x, corsica_now.maisons.geometry.y])
    )
    expected = dijkstra(csr_array(graph.T), indices=np.unique(targets), min_only=True)[chosen]

    def at_nodes(column, which):
        points = gpd.points_from_xy(x[which], y[which])
        ids = [f"{i:06}" for i in which]
        return gpd.GeoDataFrame({column: ids}, geometry=points, crs=2154)

    found = travel.nearest(
        net, at_nodes("demand_id", chosen), at_nodes("site_id", np.unique(targets))
    )
    np.testing.assert_allclose(found["minutes"], expected, atol=1e-6)


def test_roads_of_the_pbf_and_of_the_csv_are_the_same(shared, corsica_now):
    profile = network.load_profile("voiture")
    csv = network.load_network(
        [shared / "corse" / "roads-nodes.csv", shared / "corse" / "roads-edges.csv"],
        profile,
        epsg=2154,
    )
    assert corsica_now.roads.n_nodes == csv.n_nodes == 31_333
    assert corsica_now.roads.report.km == pytest.approx(csv.report.km, rel=0.01)


def test_dila_town_halls_serve_as_well(shared):
    dila = loaders.load_mairies([shared / "corse" / f"annuaire-{d}.sjson" for d in ("2A", "2B")])
    assert len(dila.table) == 360


def test_every_anomaly_of_the_territory_is_told(corsica_now):
    codes = {a.code for a in corsica_now.anomalies}
    assert codes == {
        "mairie-mal-placee",
        "mairie-absente",
        "maison-itinerante",
        "site-hors-commune",
        "coordonnees-absentes",
        "tournee-une-adresse",
    }
    astray = [a for a in corsica_now.anomalies if a.code == "mairie-mal-placee"]
    assert len(astray) == 22
    assert all(a.file == "mairies-france-2026.csv" and a.line for a in astray)


@pytest.fixture
def real_mirror(shared, tmp_path, monkeypatch):
    """Put the real files in the forms and under the names the registry gives them."""
    folder = tmp_path / "miroir"
    folder.mkdir()
    france, corse = shared / "france", shared / "corse"
    for origin, name in (
        (corse / "communes-2A-corse-du-sud.geojson", "communes-2A.geojson"),
        (corse / "communes-2B-haute-corse.geojson", "communes-2B.geojson"),
        (corse / "corse.osm.pbf", "corse.osm.pbf"),
        (france / "liste-fs-20240801.csv", "liste-france-services.csv"),
        (france / "laposte_poincont-2025.csv", "laposte-poincont.csv"),
    ):
        (folder / name).write_bytes(origin.read_bytes())
    records = json.loads((france / "decoupage-communes-2026.json").read_bytes())
    halls = pd.read_csv(france / "mairies-france-2026.csv", dtype={"code": str})
    places = dict(zip(halls["code"], halls[["longitude", "latitude"]].to_numpy(), strict=True))
    keys = ("code", "nom", "population", "anciensCodes")
    current = [
        {key: r[key] for key in keys if key in r}
        | {"mairie": {"type": "Point", "coordinates": list(places[r["code"]])}}
        for r in records
        if r["type"] == "commune-actuelle" and r["code"] in places
    ] + [
        {key: r[key] for key in keys if key in r}
        for r in records
        if r["type"] == "commune-actuelle" and r["code"] not in places
    ]
    former = [r for r in records if "chefLieu" in r and r["type"] != "commune-actuelle"]
    (folder / "communes-france.json").write_text(json.dumps(current), encoding="utf-8")
    (folder / "communes-associees-deleguees.json").write_text(json.dumps(former), encoding="utf-8")
    monkeypatch.setenv("MSAP_GEO_MIROIR", str(folder))


def test_a_downloaded_study_finds_the_same(real_mirror, corsica_now, tmp_path):
    assert real_mirror is None
    prepared = prepare_study(["2B", "2A"], tmp_path / "donnees")
    again = run_study(read_study(prepared.study))
    columns = ["code_insee", "population", "minutes", "site_id"]
    pd.testing.assert_frame_equal(again.access[columns], corsica_now.access[columns])
    assert again.summary()["seuils"] == corsica_now.summary()["seuils"]
    codes = loaders.commune_codes(loaders.read_records(prepared.derived[0]))
    assert codes.successors["75101"] == "75056"
