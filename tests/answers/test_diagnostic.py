"""The whole diagnosis on toy town: composed, written, documented."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from support.commands import run, run_anew
from support.toy import (
    CODES,
    MAISONS_HEADER,
    NAMES,
    STEP,
    X0,
    Y0,
    StudyFolder,
    degrees,
    maison_row,
    write_csv,
)

from msap_geo.answers import diagnose
from msap_geo.errors import StudyError
from msap_geo.folder import diagnosis_summary, write_diagnosis
from msap_geo.study import read_study, run_study

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def with_before(tmp_path_factory):
    """Toy town with a second Maison at E, opened since the previous list; one at D has closed."""
    toy_study = StudyFolder(tmp_path_factory.mktemp("etude")).write()
    rows = [maison_row(0), maison_row(4, labellisation_fs="Espace labellisé 15/05/2022")]
    write_csv(toy_study.folder / "maisons.csv", MAISONS_HEADER, rows)
    write_csv(toy_study.folder / "maisons-2021.csv", MAISONS_HEADER, [maison_row(0), maison_row(3)])
    text = toy_study.path.read_text(encoding="utf-8")
    text += '\n[diagnostic]\nmaisons_avant = "maisons-2021.csv"\ntirages = 50\n'
    toy_study.path.write_text(text, encoding="utf-8")
    return toy_study


def cells():
    """Two cells a commune, west and east of its town hall, half of its people each."""
    return gpd.GeoDataFrame(
        {
            "demand_id": [f"c{i}{side}" for i in range(6) for side in "ab"],
            "code_insee": [CODES[i] for i in range(6) for _ in "ab"],
            "population": [50 * (i + 1) for i in range(6) for _ in "ab"],
            "menages": [10.0 * (i + 1) for i in range(6) for _ in "ab"],
            "impute": [i == 0 for i in range(6) for _ in "ab"],
        },
        geometry=[
            shapely.box(x, Y0 + 4000, x + 1000, Y0 + 5000)
            for i in range(6)
            for x in (X0 + STEP * i + 3500, X0 + STEP * i + 5500)
        ],
        crs=2154,
    )


@pytest.mark.slow
def test_the_command_writes_every_table(with_before, tmp_path):
    folder = tmp_path / "resultats"
    process = run_anew("diagnostiquer", with_before.path, "--sortie", folder)
    assert process.returncode == 0, process.stderr
    assert process.stderr == ""
    assert "à 20 min, origine mairie : 100\u202f% des habitants" in process.stdout
    assert "non évaluée" not in process.stdout
    written = {path.name for path in folder.iterdir()}
    assert {"resume.json", "manifest.json", "diagnostic.gpkg"} < written
    assert {
        f"diagnostic_{name}.csv"
        for name in (
            "acces_territoires bassins concentration conventions demi_journees equite "
            "evolution_communes evolution_departements evolution_zones fermetures historique lieux "
            "perdants recours regles robustesse_communes robustesse_zones voisins zones"
        ).split()
    } <= written
    summary = json.loads((folder / "resume.json").read_text(encoding="utf-8"))
    assert summary["seuils"]["20"]["population_couverte"] == 2100
    figures = summary["diagnostic"]
    # D closed since 2021: D goes from 0 to 10 minutes, C from 10 to 20; E and F come nearer.
    assert figures["perdants"] == 2
    assert figures["evolution"][0]["eloignes"] == 300 + 400
    assert figures["evolution"][0]["rapproches"] == 500 + 600
    assert figures["maisons_critiques"][0]["nom"] == "Maison de Epsilon"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert {entry["role"] for entry in manifest["entrees"]} >= {"maisons", "maisons_avant"}
    again = run("diagnostiquer", with_before.path, "--sortie", tmp_path / "encore", "--json")
    assert json.loads(again.stdout) == summary
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / "encore" / path.name).read_bytes(), path.name


@pytest.fixture(scope="module")
def diagnosis(with_before):
    result = run_study(read_study(with_before.path))
    memberships = {
        "epci": ["E1"] * 3 + ["E2"] * 3,
        "epci_nom": ["Ouest"] * 3 + ["Est"] * 3,
        "canton": ["K1"] * 6,
        "densite_nom": ["rural"] * 5 + ["urbain"],
        "habitants_75_plus": [10.0, 20, 30, 40, 50, 60],
    }
    result = replace(result, communes=result.communes.assign(**memberships), carreaux=cells())
    return diagnose(result)


def counter(kind, index):
    """A counter of the DILA directory of 2016, one JSON a line."""
    longitude, latitude = degrees(index)
    return {
        "id": f"{kind}-{CODES[index]}-01",
        "type": kind,
        "nom": f"{kind.upper()} de {NAMES[index]}",
        "codeinsee": CODES[index],
        "latitude": str(latitude),
        "longitude": str(longitude),
    }


@pytest.mark.slow
def test_operators_reached_from_the_zones(toy_study):
    lines = [counter("caf", 1), counter("caf", 5), counter("cpam", 0)]
    text = "\n".join(json.dumps(line) for line in lines)
    (toy_study.folder / "annuaire.sjson").write_text(text, encoding="utf-8")
    study = toy_study.path.read_text(encoding="utf-8")
    toy_study.path.write_text(
        f'{study}\n[diagnostic]\noperateurs = "annuaire.sjson"\n', encoding="utf-8"
    )
    tables = diagnose(run_study(read_study(toy_study.path))).tables
    caf, cpam = tables["operateurs_zones"].to_dict("records")
    # The only Maison is at A: D, E and F make one zone, 20, 10 and 0 minutes from the CAF at F.
    assert (caf["operateur"], caf["site_nom"], caf["au_dela_20"]) == ("CAF", "CAF de Zêta", 0)
    assert caf["minutes_moyennes"] == pytest.approx((8000 + 5000) / 1500, abs=0.001)
    assert (cpam["operateur"], cpam["effectif_20"], cpam["minutes_max"]) == ("CPAM", 0, 50)
    page = (DOCS / "indicateurs.md").read_text(encoding="utf-8")
    assert "`operateurs_zones`" in page
    assert "`operateur`" in page


@pytest.mark.slow
def test_every_table_counts_everyone(diagnosis):
    tables = diagnosis.tables
    for suffix in ("", "_carreaux"):
        everyone = tables[f"acces_territoires{suffix}"].query("groupe == 'population'")
        assert (everyone.groupby("zonage")["effectif"].sum() == 2100).all()
        assert (tables[f"recours{suffix}"].groupby("seuil")["population"].sum() == 2100).all()
        halves = tables[f"demi_journees{suffix}"].filter(like="population_")
        assert (halves.sum(axis=1) == 2100).all()
        assert tables[f"bassins{suffix}"]["habitants"].sum() == 2100
        assert tables[f"voisins{suffix}"].groupby("zonage")["population"].sum().eq(2100).all()
    assert (tables["conventions"]["effectif"] == 2100).all()
    assert tables["conventions"]["convention"].tolist() == [
        "mairie",
        "carreaux",
        "carreaux calés sur la population communale",
        "METRIC (0 dans la commune)",
    ]
    assert set(tables["acces_territoires"]["zonage"]) == {
        "ensemble",
        "commune",
        "epci",
        "canton",
        "departement",
        "region",
    }
    assert tables["equite"]["classe"].tolist() == ["ensemble", "rural", "urbain"]


def test_cells_insee_blanks_are_never_written(diagnosis, tmp_path):
    write_diagnosis(diagnosis, tmp_path)
    table = pd.read_csv(tmp_path / "diagnostic_lieux_carreaux.csv")
    blanked = table["demand_id"].isin(["c0a", "c0b"])
    assert table.loc[blanked, ["population", "menages"]].isna().all(axis=None)
    assert table.loc[~blanked, ["population", "menages"]].notna().all(axis=None)
    layer = gpd.read_file(tmp_path / "diagnostic.gpkg", layer="lieux_carreaux")
    assert layer["population"].isna().sum() == 2
    assert any(a.code == "carreaux-non-publies" for a in diagnosis.anomalies)


def test_history_follows_the_labels(diagnosis):
    table = diagnosis.tables["historique"]
    assert table["maisons"].tolist() == [1] * 10 + [2]
    assert table["population_20"].iloc[[0, -1]].tolist() == [600, 2100]


def test_hours_that_cannot_be_read_are_unknown_not_closed(diagnosis):
    known = diagnosis.result.maisons["horaires"]
    unread = [a.identifier for a in diagnosis.anomalies if a.code == "horaires-inconnus"]
    week = diagnosis.tables["demi_journees"].set_index("moment").loc["semaine"]
    assert len(unread) in {0, len(known)}
    assert (week["population_inconnue"] == 2100) == (len(unread) == len(known))


def test_every_column_written_is_documented(diagnosis):
    page = (DOCS / "indicateurs.md").read_text(encoding="utf-8")
    page += (DOCS / "etude.md").read_text(encoding="utf-8")
    groups = {"habitants_75_plus", "menages"}
    for name, table in diagnosis.tables.items():
        assert f"`{name.removesuffix('_carreaux')}`" in page, name
        for column in set(table.columns) - groups:
            generic = re.sub(r"_(20|30)$", "_<s>", str(column))
            generic = re.sub(r"^minutes .*", "minutes <convention>", generic)
            generic = re.sub(
                r"^heures_(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)",
                "heures_<jour>",
                generic,
            )
            assert f"`{generic}`" in page or re.search(rf"\b{column}\b", page), (name, column)


def test_figures_are_plain_json(diagnosis):
    text = json.dumps(diagnosis_summary(diagnosis), allow_nan=False)
    assert np.isfinite(len(text))


@pytest.mark.parametrize("line", ["tirages = 0", "graine = -1", "tirages = 1.5", "nawak = 1"])
def test_wrong_options_are_refused(toy_study, line):
    text = toy_study.path.read_text(encoding="utf-8")
    toy_study.path.write_text(f"{text}\n[diagnostic]\n{line}\n", encoding="utf-8")
    with pytest.raises(StudyError, match=r"\[diagnostic\]"):
        read_study(toy_study.path)
