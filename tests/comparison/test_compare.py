"""Two study folders compared, through the files other programs read."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sqlite3

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
from support.commands import failed, run, run_anew
from support.dictionaries import check_entries
from support.hostile import HOSTILE, hostile_study
from support.pairs import merge_the_last, study_folder
from support.toy import CODES, maison_row

from msap_geo.cli import main
from msap_geo.comparison import compare_studies, comparison_told, read_folder, words
from msap_geo.comparison.origin import _limits as limits
from msap_geo.errors import MsapGeoError
from msap_geo.folder import comparison_summary, write_comparison, write_study
from msap_geo.folder.comparison import comparison_layers, comparison_tables
from msap_geo.outputs.sheets import dictionary
from msap_geo.study import read_study, run_study

WRITTEN = [
    "comparaison.gpkg",
    "comparaison.html",
    "comparaison.json",
    "comparaison.xlsx",
    "comparaison_candidats.csv",
    "comparaison_communes.csv",
    "comparaison_maisons.csv",
    "comparaison_paliers.csv",
    "comparaison_publics.csv",
    "comparaison_sans_correspondance.csv",
    "comparaison_territoires.csv",
    "comparaison_zones.csv",
]


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Toy town with a Maison at A, then with one at E as well: D, E and F come within."""
    base = tmp_path_factory.mktemp("paire")
    return (
        study_folder(base / "a"),
        study_folder(
            base / "b",
            maisons=[maison_row(0), maison_row(4)],
            changes=[('"Ville jouet"', '"Ville jouet, demain"')],
        ),
    )


@pytest.fixture(scope="module")
def comparison(pair):
    return compare_studies(*map(read_folder, pair))


@pytest.fixture(scope="module")
def written(comparison, tmp_path_factory):
    folder = tmp_path_factory.mktemp("comparaison")
    write_comparison(comparison, folder)
    return folder


@pytest.mark.slow
def test_every_file_is_written(written):
    assert sorted(path.name for path in written.iterdir()) == WRITTEN


def test_figures_by_hand(written):
    told = json.loads((written / "comparaison.json").read_text(encoding="utf-8"))
    twenty = told["seuils"]["20"]
    assert (twenty["couverts_avant"], twenty["couverts_apres"]) == (600, 2100)
    assert (twenty["gagnent"], twenty["perdent"], twenty["communes_gagnent"]) == (1500, 0, 3)
    assert (twenty["rapproches"], twenty["eloignes"]) == (1500, 0)
    # Weighted by people: (0·1 + 10·2 + 20·3 + 30·4 + 40·5 + 50·6) / 21, then D 10, E 0, F 10.
    assert twenty["minutes_moyennes_avant"] == round(700 / 21, 3)
    assert twenty["minutes_moyennes_apres"] == round(180 / 21, 3)
    assert told["porte_sur"] == ["les Maisons"]
    assert [d["quoi"] for d in told["differences"]] == ["Maisons"]
    assert told["avertissements"] == []
    assert told["zones_blanches"] == {
        "seuil": 20.0,
        "avant": 1,
        "apres": 0,
        "evolution": {"résorbée": 1},
    }
    assert told["maisons"]["evolution"] == {"maintenue": 1, "ouverte": 1}
    assert [row["nom"] for row in told["communes"]["plus_grands_gains"]] == [
        "Zêta",
        "Epsilon",
        "Delta",
    ]
    assert told["communes"]["pertes"] == []


def test_tables_by_hand(written):
    communes = pd.read_csv(written / "comparaison_communes.csv", dtype={"code_insee": str})
    assert communes["ecart_minutes"].tolist() == [0, 0, 0, -20, -40, -40]
    assert communes["zone_avant"].tolist()[3:] == ["ZB-53006"] * 3
    assert communes["zone_apres"].isna().all()
    zones = pd.read_csv(written / "comparaison_zones.csv")
    assert zones[["evolution", "population_sortie"]].to_numpy().tolist() == [["résorbée", 1500]]
    maisons = pd.read_csv(written / "comparaison_maisons.csv", dtype=str)
    assert maisons[["evolution", "gagnent_20"]].to_numpy().tolist() == [
        ["ouverte", "1500"],
        ["maintenue", "0"],
    ]
    paliers = pd.read_csv(written / "comparaison_paliers.csv")
    assert paliers["population_apres"].sum() == paliers["population_avant"].sum() == 2100


def test_the_geopackage_is_projected_and_whole(written):
    layers = [name for name, _ in pyogrio.list_layers(written / "comparaison.gpkg")]
    assert layers == ["communes", "zones_avant", "zones_apres", "maisons", "layer_styles"]
    communes = gpd.read_file(written / "comparaison.gpkg", layer="communes")
    assert communes.crs.to_epsg() == 2154
    assert communes["code_insee"].tolist() == CODES
    assert communes["sens"].tolist() == ["inchangé"] * 3 + ["plus près"] * 3
    assert len(gpd.read_file(written / "comparaison.gpkg", layer="maisons")) == 2


def test_the_workbook_holds_the_tables(written):
    book = openpyxl.load_workbook(written / "comparaison.xlsx")
    assert book.sheetnames == [
        "Lisez-moi",
        "Ce qui diffère",
        "Gains et pertes",
        "Publics",
        "D'une classe à l'autre",
        "Communes",
        "Zones blanches",
        "Maisons",
        "Candidats",
        "Sans correspondance",
    ]
    rows = list(book["Communes"].iter_rows(min_row=5, values_only=True))
    assert [row[0] for row in rows] == CODES
    assert sum(row[4] for row in rows) == 2100


def test_every_column_is_in_the_dictionary(comparison):
    for name, table in (comparison_tables(comparison) | comparison_layers(comparison)).items():
        check_entries(name, [column for column in table.columns if column != "geometry"])
    written = {*comparison_tables(comparison), *comparison_layers(comparison)}
    described = {n for n in dictionary.tables() if n.startswith("comparaison_")}
    # What covers each commune is compared where a round exists: toy town has none.
    assert described - written == {"comparaison_couverture"}
    assert written <= described


def test_layers_open_drawn(written):
    styles = pyogrio.read_dataframe(
        written / "comparaison.gpkg", layer="layer_styles", read_geometry=False
    )
    assert styles["f_table_name"].tolist() == ["communes", "zones_avant", "zones_apres", "maisons"]
    assert "plus loin de 15 min ou plus" in styles["styleQML"][0]


@pytest.mark.slow
def test_same_folders_same_bytes(pair, written, tmp_path):
    write_comparison(compare_studies(*map(read_folder, pair)), tmp_path / "deux")
    for name in WRITTEN:
        assert (written / name).read_bytes() == (tmp_path / "deux" / name).read_bytes(), name


def test_the_other_way_round(pair):
    told = comparison_summary(compare_studies(*map(read_folder, reversed(pair))))
    assert (told["seuils"]["20"]["gagnent"], told["seuils"]["20"]["perdent"]) == (0, 1500)
    assert told["maisons"]["evolution"] == {"fermée": 1, "maintenue": 1}
    assert told["zones_blanches"]["evolution"] == {"nouvelle": 1}
    assert [row["nom"] for row in told["communes"]["pertes"]] == ["Zêta", "Epsilon", "Delta"]


def test_a_study_and_itself(pair):
    comparison = compare_studies(*map(read_folder, (pair[0], pair[0])))
    assert comparison.differences == ()
    assert "rien ne change : mêmes fichiers, mêmes réglages" in comparison_told(comparison)
    assert set(comparison.communes["sens"]) == {"inchangé"}
    assert comparison.zones["evolution"].tolist() == ["inchangée"]
    assert comparison.labels == ("Ville jouet (avant)", "Ville jouet (après)")


@pytest.mark.slow
def test_several_changes_at_once_are_told(pair, tmp_path):
    slower = study_folder(
        tmp_path / "lent",
        maisons=[maison_row(0), maison_row(4)],
        changes=[("primary = 60", "primary = 30")],
    )
    comparison = compare_studies(read_folder(pair[0]), read_folder(slower))
    assert comparison.kinds == ["maisons", "convention"]
    (warning,) = comparison.warnings
    assert "les Maisons et la convention de temps de trajet" in warning
    alone = compare_studies(read_folder(pair[1]), read_folder(slower))
    assert alone.warnings == ()
    (speed,) = [d for d in alone.differences if d.what == "reseau.vitesses_kmh.primary"]
    assert (speed.before, speed.after) == ("60", "30")


@pytest.mark.slow
def test_thresholds_not_shared_are_told_or_refused(pair, tmp_path):
    other = study_folder(tmp_path / "trente", changes=[("[20, 30]", "[30, 45]")])
    comparison = compare_studies(read_folder(pair[0]), read_folder(other))
    assert comparison.thresholds == (30.0,)
    # Zones of the first study are made anew at the shared threshold: E and F, not D.
    assert comparison.zones["population_avant"].tolist() == [1100]
    assert comparison.zones["evolution"].tolist() == ["inchangée"]
    assert any("seuls ceux qu'elles partagent" in text for text in comparison.warnings)
    none = study_folder(tmp_path / "quinze", changes=[("[20, 30]", "[15]")])
    with pytest.raises(MsapGeoError, match=r"aucun seuil en commun : 20, 30 min et 15 min"):
        compare_studies(read_folder(pair[0]), read_folder(none))


@pytest.mark.slow
def test_merged_communes_are_listed_with_their_people(pair, tmp_path):
    merged = study_folder(tmp_path / "fusion", damage=merge_the_last)
    comparison = compare_studies(read_folder(pair[0]), read_folder(merged))
    (leftover,) = comparison.leftovers.to_dict("records")
    assert (leftover["code_insee"], leftover["population"]) == (CODES[5], 600)
    assert (leftover["code_voisin"], leftover["presence"]) == (CODES[4], "avant seulement")
    assert comparison.communes["population_avant"].sum() == 2100
    assert comparison.communes["population_apres"].sum() == 2100
    assert comparison.communes.geometry.isna().tolist() == [False] * 5 + [True]
    assert any("1\u00a0commune avant seulement" in text for text in comparison.warnings)
    (zone,) = comparison.zones.to_dict("records")
    assert (zone["population_avant"], zone["population_restante"]) == (1500, 1500)
    assert zone["communes_sans_correspondance"] == 1


@pytest.mark.slow
def test_a_folder_of_an_earlier_version_is_read(pair, tmp_path):
    old = tmp_path / "ancien"
    shutil.copytree(pair[0], old)
    manifest = json.loads((old / "manifest.json").read_text(encoding="utf-8"))
    for key in (
        "logiciel",
        "profil",
        "frontiere_km",
        "indicateurs",
        "poids_du_score",
        "reseau",
        "sorties",
    ):
        del manifest[key]
    (old / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    table = pd.read_csv(old / "acces.csv", dtype=str).drop(columns=["origine", "palier"])
    table.to_csv(old / "acces.csv", index=False)
    (old / "carte.html").unlink()
    assert compare_studies(read_folder(old), read_folder(pair[0])).kinds == [
        "maisons",
        "convention",
        "logiciel",
    ]


def rewritten(name, old, new):
    def damage(folder):
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return damage


def cut(path, count):
    path.write_bytes(path.read_bytes()[:-count])


def without(*names):
    def damage(folder):
        for name in names:
            (folder / name).unlink()

    return damage


def without_layer(folder):
    layer = gpd.read_file(folder / "etude.gpkg", layer="maisons")
    (folder / "etude.gpkg").unlink()
    layer.to_file(folder / "etude.gpkg", layer="maisons", driver="GPKG")


DAMAGED = {
    "no manifest": (without("manifest.json"), ["ce n'est pas un dossier d'étude"]),
    "half a folder": (without("acces.csv", "etude.gpkg"), ["manque : acces.csv, etude.gpkg"]),
    "json": (
        lambda folder: (folder / "resume.json").write_text('{"etude":\n', encoding="utf-8"),
        ["resume.json, ligne 2", "JSON"],
    ),
    "latin": (
        lambda folder: (folder / "acces.csv").write_bytes("é".encode("latin-1")),
        ["acces.csv", "ne peut pas être lue"],
    ),
    "no territory": (rewritten("manifest.json", '"departements"', '"x"'), ["le territoire"]),
    "cut in its last row": (
        lambda folder: cut(folder / "acces.csv", 30),
        ["acces.csv", "la table est coupée"],
    ),
    "cut in its last value": (
        lambda folder: cut(folder / "candidats.csv", 2),
        ["candidats.csv", "la table est coupée"],
    ),
    "column": (rewritten("acces.csv", "minutes", "mn"), ["colonnes absentes : minutes"]),
    "decimal comma": (rewritten("acces.csv", ",30.0,", ',"30,0",'), ["ligne 5", "« 30,0 »"]),
    "a map of another run": (
        rewritten("acces.csv", ",10.0,10.0,", ",11.0,10.0,"),
        ["les minutes d'etude.gpkg ne sont pas celles d'acces.csv"],
    ),
    "offices of another run": (
        rewritten("candidats.csv", "00004A", "00009A"),
        ["les bureaux d'etude.gpkg ne sont pas ceux de candidats.csv"],
    ),
    "versions": (
        rewritten("manifest.json", '"logiciel": {', '"logiciel": 3, "x": {'),
        ["manifeste"],
    ),
    "summary": (rewritten("resume.json", '"seuils": {', '"seuils": 3, "x": {'), ["seuils"]),
    "other run": (
        rewritten("acces.csv", ",30.0,30.0,", ",10.0,30.0,"),
        ["ne se correspondent pas", "1500 habitants", "zones_blanches.geojson"],
    ),
    "not a geopackage": (
        lambda folder: (folder / "etude.gpkg").write_bytes(b"rien"),
        ["etude.gpkg", "n'est pas un GeoPackage"],
    ),
    "no layer": (without_layer, ["la couche « communes » n'y est pas"]),
    "zones": (rewritten("zones_blanches.geojson", "zone_id", "zone"), ["une zone blanche"]),
    "candidates": (rewritten("candidats.csv", "rang", "ordre"), ["colonnes absentes : rang"]),
    # « ,0 » for « ,0.0 » is what a spreadsheet writes: the same number.
    "saved by a spreadsheet": (
        rewritten("acces.csv", ",0.0,0.0,", ",0,0,"),
        ["plus ceux que l'étude a écrits : acces.csv (corrigés à la main, enregistrés par un tabl"],
    ),
    "seals that are none": (
        rewritten("manifest.json", '"sorties": {', '"sorties": 3, "x": {'),
        ["manifeste"],
    ),
    "other territory": (
        rewritten("manifest.json", '"53"', '"72"'),
        ["pas du même territoire : 53 et 72"],
    ),
}


@pytest.mark.parametrize(("damage", "said"), DAMAGED.values(), ids=DAMAGED)
def test_damaged_folders_are_refused_in_french(pair, tmp_path, damage, said):
    folder = tmp_path / "abime"
    shutil.copytree(pair[0], folder)
    damage(folder)
    with pytest.raises(MsapGeoError) as error:
        compare_studies(read_folder(pair[0]), read_folder(folder))
    for text in said:
        assert text in str(error.value)
    assert "Que faire" in str(error.value)


def test_the_manifest_of_another_study_is_seen(pair, tmp_path):
    folder = tmp_path / "melange"
    shutil.copytree(pair[0], folder)
    shutil.copy(pair[1] / "manifest.json", folder / "manifest.json")
    with pytest.raises(MsapGeoError, match=r"manifest\.json n'est pas celui de ces fichiers"):
        read_folder(folder)


def test_layers_opened_in_qgis_are_told(pair, tmp_path):
    folder = tmp_path / "ouvert"
    shutil.copytree(pair[0], folder)
    with contextlib.closing(sqlite3.connect(folder / "etude.gpkg")) as base:
        base.execute("PRAGMA journal_mode = WAL")
    (told,) = compare_studies(read_folder(pair[0]), read_folder(folder)).warnings
    assert told.startswith("etude.gpkg a changé depuis l'étude (la seconde), comme QGIS")


def test_every_file_beside_a_manifest_is_sealed(pair):
    manifest = json.loads((pair[0] / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["sorties"] == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(pair[0].iterdir())
        if path.name != "manifest.json"
    }


@pytest.mark.slow
def test_hostile_names_survive(tmp_path):
    folders = []
    for name in ("un", "deux"):
        (tmp_path / name).mkdir()
        toy = hostile_study(tmp_path / name)
        write_study(run_study(read_study(toy.path)), tmp_path / name / "sortie")
        folders.append(tmp_path / name / "sortie")
    comparison = compare_studies(*map(read_folder, folders))
    write_comparison(comparison, tmp_path / "sortie")
    told = json.loads((tmp_path / "sortie" / "comparaison.json").read_text(encoding="utf-8"))
    assert told["avant"]["etude"].startswith(HOSTILE[0])
    communes = pd.read_csv(tmp_path / "sortie" / "comparaison_communes.csv")
    assert communes["nom"].tolist() == HOSTILE


@pytest.mark.slow
def test_without_a_zone_nor_a_maison(tmp_path):
    everywhere = study_folder(tmp_path / "partout", maisons=[maison_row(i) for i in range(6)])
    nowhere = study_folder(tmp_path / "bus", maisons=[maison_row(0, format_fs="Bus_équivalent")])
    comparison = compare_studies(read_folder(everywhere), read_folder(nowhere))
    assert len(comparison.zones_before) == 0
    assert comparison.zones["evolution"].tolist() == ["nouvelle"]
    assert set(comparison.communes["sens"]) == {"plus loin"}
    assert comparison.maisons["evolution"].tolist() == ["fermée"] * 6
    assert comparison.whole(20)["perdent"] == 2100
    tables = comparison_tables(comparison)
    check_entries("comparaison_couverture", list(tables["comparaison_couverture"].columns))
    write_comparison(comparison, tmp_path / "sortie")
    names = {path.name for path in (tmp_path / "sortie").iterdir()}
    assert names == {*WRITTEN, "comparaison_couverture.csv"}


@pytest.mark.slow
def test_the_command_as_a_process(pair, tmp_path):
    done = run_anew("comparer", *pair, "--sortie", tmp_path / "c", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.startswith("Ville jouet → Ville jouet, demain\n")
    assert "28,6\u202f% → 100\u202f% des habitants" in done.stdout
    assert "1\u202f500\u00a0habitants y passent, aucun n'en sort" in done.stdout
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == WRITTEN
    told = run("comparer", *pair, "--json", cwd=tmp_path)
    assert json.loads(told.stdout) == json.loads(
        (tmp_path / "c" / "comparaison.json").read_text(encoding="utf-8")
    )
    assert (tmp_path / "maps" / "comparaison-ville-jouet-ville-jouet-demain").is_dir()


@pytest.mark.parametrize(("zones_after", "held"), [("", 0), ("ZB-1", 1), ("ZB-1, ZB-2", 2)])
def test_a_zone_that_breaks_up_is_counted(zones_after, held):
    assert words.pieces(zones_after) == held


def test_a_limit_of_one_study_says_which():
    told = limits(["Une commune entière.", "24 réparées."], ["Une commune entière.", "3 réparées."])
    assert told == ("Une commune entière.", "24 réparées (avant).", "3 réparées (après).")


@pytest.mark.slow
def test_the_command_refuses_what_is_no_study(pair, tmp_path, capsys):
    failed(run("comparer", pair[0], tmp_path / "absent"), "dossier introuvable", "--sortie")
    for arguments, code, said in (
        ([pair[0], pair[0] / "acces.csv"], 1, "un dossier d'étude est attendu"),
        ([pair[0]], 2, "il manque : APRES"),
        ([*pair, "--format", "odt"], 2, "valeur inconnue 'odt'"),
    ):
        with pytest.raises(SystemExit) as end:
            main(["comparer", *map(str, arguments)])
        assert end.value.code == code
        assert said in capsys.readouterr().err


@pytest.mark.corse
@pytest.mark.slow
@pytest.mark.xdist_group("corse")
def test_corsica_from_2020_to_2024(corsica_folders):
    comparison = compare_studies(*map(read_folder, corsica_folders))
    told = comparison_summary(comparison)
    twenty = told["seuils"]["20"]
    assert (round(twenty["part_avant"], 3), round(twenty["part_apres"], 3)) == (0.26, 0.904)
    assert twenty["gagnent"] - twenty["perdent"] == (
        twenty["couverts_apres"] - twenty["couverts_avant"]
    )
    assert told["maisons"]["evolution"] == {"déplacée": 1, "maintenue": 3, "ouverte": 32}
    assert told["porte_sur"] == ["les Maisons"]
    people = int(comparison.after.access["population"].sum())
    assert comparison.zones["population_restante"].sum() == people - twenty["couverts_apres"]
