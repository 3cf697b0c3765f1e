"""The whole path on toy town, through the files other programs read."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from support.toy import CODES, NAMES, StudyFolder, degrees, maison_row, poste_row

from msap_geo import outputs, study
from msap_geo.errors import MsapGeoError, OutputError, StudyError
from msap_geo.folder import write_study
from msap_geo.study import read_study, run_study

FILES = [
    "acces.csv",
    "candidats.csv",
    "carte.html",
    "etude.gpkg",
    "etude.qgz",
    "manifest.json",
    "resume.json",
    "zones_blanches.geojson",
]


@pytest.fixture
def result(toy_study):
    return run_study(read_study(toy_study.path))


@pytest.fixture
def folder(result, tmp_path):
    write_study(result, tmp_path / "sortie")
    return tmp_path / "sortie"


def rows(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.slow
def test_every_file_of_the_contract_is_written(folder):
    assert sorted(path.name for path in folder.iterdir()) == FILES


@pytest.mark.slow
def test_summary_by_hand(folder):
    summary = json.loads((folder / "resume.json").read_text(encoding="utf-8"))
    assert summary["population"] == 2100
    told = summary["seuils"]["20"]
    assert told["part_attendue_de"] < told["part_attendue"] < told["part_attendue_a"]
    assert told["communes_incertaines"] == 1, "the one at twenty minutes exactly"
    assert {key: told[key] for key in list(told)[:4]} == {
        "population_couverte": 600,
        "part": round(600 / 2100, 6),
        "population_au_dela": 1500,
        "communes_au_dela": 3,
    }
    assert summary["seuils"]["30"]["population_au_dela"] == 1100
    assert summary["zones_blanches"] == 1
    assert summary["anomalies"] == []


@pytest.mark.slow
def test_access_by_hand(folder):
    table = rows(folder / "acces.csv")
    assert list(table[0])[:8] == [
        "code_insee",
        "nom",
        "population",
        "site_id",
        "site_nom",
        "minutes",
        "km",
        "palier",
    ]
    assert [row["code_insee"] for row in table] == CODES
    assert [float(row["minutes"]) for row in table] == [0, 10, 20, 30, 40, 50]
    assert [float(row["km"]) for row in table] == [0, 10, 20, 30, 40, 50]
    assert table[2]["palier"] == "20 min ou moins"
    assert {row["origine"] for row in table} == {"mairie"}


@pytest.mark.slow
def test_zones_and_candidates_by_hand(folder):
    zones = gpd.read_file(folder / "zones_blanches.geojson")
    assert zones.crs.to_epsg() == 4326
    assert zones["zone_id"].tolist() == ["ZB-53006"]
    assert list(zones["communes"].iloc[0]) == CODES[3:]
    assert zones["population"].tolist() == [1500]
    assert zones["minutes_max"].tolist() == [50]
    best = rows(folder / "candidats.csv")[0]
    assert (best["rang"], best["site_id"], best["population_gagnee"]) == ("1", "00004A", "1500")
    assert best["minutes_gagnees"] == "34.7"


@pytest.mark.slow
def test_population_agrees_to_the_person_everywhere(folder):
    summary = json.loads((folder / "resume.json").read_text(encoding="utf-8"))
    access = pd.read_csv(folder / "acces.csv")
    zones = gpd.read_file(folder / "zones_blanches.geojson")
    layer = gpd.read_file(folder / "etude.gpkg", layer="communes")
    assert access["population"].sum() == layer["population"].sum() == summary["population"]
    for threshold, figures in summary["seuils"].items():
        within = access.loc[access["minutes"] <= float(threshold), "population"].sum()
        assert within == figures["population_couverte"]
        assert within + figures["population_au_dela"] == summary["population"]
    assert zones["population"].sum() == summary["seuils"]["20"]["population_au_dela"]


@pytest.mark.slow
def test_geopackage_is_projected_and_whole(folder):
    layers = [name for name, _ in pyogrio.list_layers(folder / "etude.gpkg")]
    assert layers == [
        "communes",
        "points_de_depart",
        "zones_blanches",
        "maisons",
        "maisons_itinerantes",
        "la_poste",
        "candidats",
        "layer_styles",
    ]
    communes = gpd.read_file(folder / "etude.gpkg", layer="communes")
    assert communes.crs.to_epsg() == 2154
    assert communes["minutes"].tolist() == [0, 10, 20, 30, 40, 50]


@pytest.mark.slow
def test_manifest_traces_every_input(folder, toy_study):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    inputs = {entry["fichier"]: entry["sha256"] for entry in manifest["entrees"]}
    assert sorted(inputs) == [
        "communes.geojson",
        "la_poste.csv",
        "liens.csv",
        "mairies.csv",
        "maisons.csv",
        "noeuds.csv",
        "population.json",
    ]
    for name, digest in inputs.items():
        assert digest == hashlib.sha256((toy_study.folder / name).read_bytes()).hexdigest()
    assert manifest["profil"]["vitesses_kmh"]["primary"] == 60
    assert manifest["lignes"]["maisons"] == {"lues": 1, "gardees": 1}
    assert str(toy_study.folder) not in json.dumps(manifest)


@pytest.mark.slow
def test_same_inputs_same_bytes(toy_study, tmp_path):
    for name in ("un", "deux"):
        write_study(run_study(read_study(toy_study.path)), tmp_path / name)
    for name in FILES:
        assert (tmp_path / "un" / name).read_bytes() == (tmp_path / "deux" / name).read_bytes()


@pytest.mark.slow
def test_row_order_of_the_files_is_irrelevant(tmp_path):
    results = []
    for name, order in (("un", 1), ("deux", -1)):
        (tmp_path / name).mkdir()
        toy = StudyFolder(tmp_path / name).write(
            maisons=[maison_row(0), maison_row(2), maison_row(1, format_fs="Bus_équivalent")][
                ::order
            ],
            la_poste=[poste_row(1), poste_row(4), poste_row(5)][::order],
        )
        write_study(run_study(read_study(toy.path)), tmp_path / name / "sortie")
        results.append(tmp_path / name / "sortie")
    # resume.json names the lines of the files, which do differ.
    for name in ("acces.csv", "candidats.csv", "zones_blanches.geojson"):
        assert (results[0] / name).read_bytes() == (results[1] / name).read_bytes()


@pytest.mark.slow
def test_itinerant_maisons_are_shown_but_not_counted(tmp_path):
    toy = StudyFolder(tmp_path).write(
        maisons=[maison_row(0), maison_row(5, format_fs="Bus_équivalent")]
    )
    result = run_study(read_study(toy.path))
    assert result.shares[0].within == 600
    assert result.itinerants["site_id"].tolist() == ["6"]
    assert [a.code for a in result.anomalies] == ["maison-itinerante", "tournee-une-adresse"]
    toy.configure(
        ("[candidats]", '[maisons]\ntypes = ["Fixe", "Bus"]\n\n[candidats]'),
    )
    counted = run_study(read_study(toy.path))
    assert counted.shares[0].within == 2100


@pytest.mark.slow
def test_maisons_across_the_border_count(tmp_path):
    x, y = degrees(6)  # ten minutes past F, in the next département
    away = maison_row(5, insee_dep="35", insee_com="35001", longitude=x, latitude=y)
    toy = StudyFolder(tmp_path).write(maisons=[maison_row(0), away])
    with (tmp_path / "noeuds.csv").open("a", encoding="utf-8") as nodes:
        nodes.write(f"6,{x},{y}\n")
    with (tmp_path / "liens.csv").open("a", encoding="utf-8") as links:
        links.write("5,6,10000,primary\n6,5,10000,primary\n")
    result = run_study(read_study(toy.path))
    assert result.access["site_id"].tolist() == ["1", "1", "1", "1", "6", "6"]
    summary = result.summary()
    assert (summary["maisons"], summary["maisons_voisines"]) == (1, 1)
    content = result.map_content()
    assert content.neighbours["site_id"].tolist() == ["6"]


@pytest.mark.slow
@pytest.mark.parametrize("written", ['"2021-06-30"', "2021-06-30"])
def test_the_network_of_a_past_day(tmp_path, written):
    late = maison_row(5, labellisation_fs="Espace labellisé 01/07/2021")
    toy = StudyFolder(tmp_path).write(maisons=[maison_row(0), late])
    everyone = run_study(read_study(toy.path)).summary()
    toy.configure(("[reseau]\n", f"[maisons]\nau = {written}\n[reseau]\n"))
    study = read_study(toy.path)
    result = run_study(study)
    assert (everyone["maisons"], result.summary()["maisons"]) == (2, 1)
    assert study.vintage("maisons") == "au 30/06/2021, d'après la liste"
    assert "labellisee-apres" in {anomaly.code for anomaly in result.anomalies}


@pytest.mark.slow
def test_hours_of_post_offices_are_joined_and_the_rate_told(tmp_path):
    toy = StudyFolder(tmp_path).write()
    (tmp_path / "horaires-2024.txt").write_text("00001A|POSTE 1|Mo-Fr 09:00-12:00; PH off\n")
    points = 'la_poste = "la_poste.csv"'
    toy.configure((points, f'{points}\nla_poste_horaires = "horaires-2024.txt"'))
    result = run_study(read_study(toy.path))
    hours = result.la_poste.set_index("site_id")["horaires"]
    assert hours["00001A"] == "Mo-Fr 09:00-12:00"
    assert pd.isna(hours["00004A"])
    (told,) = [a.message for a in result.anomalies if a.code == "horaires-rapproches"]
    assert told.startswith("horaires trouvés pour 1 points sur 2 (50,0 %)")
    folder = tmp_path / "sortie"
    write_study(result, folder)
    roles = [one["role"] for one in json.loads((folder / "manifest.json").read_text())["entrees"]]
    assert "la_poste_horaires" in roles
    assert "lundi à vendredi 9h-12h" in (folder / "carte.html").read_text(encoding="utf-8")


def test_merged_communes_need_no_attention(tmp_path):
    # Zêta has become part of Epsilon; boundaries and post offices still know the old code.
    toy = StudyFolder(tmp_path).write(la_poste=[poste_row(5)])
    records = json.loads((tmp_path / "population.json").read_text())
    records[4]["population"] += 600
    records[5] = {
        "code": CODES[5],
        "nom": NAMES[5],
        "type": "commune-deleguee",
        "chefLieu": CODES[4],
    }
    (tmp_path / "population.json").write_text(json.dumps(records))
    result = run_study(read_study(toy.path))
    assert result.communes["code_insee"].tolist() == CODES[:5]
    assert result.communes["population"].sum() == 2100
    assert result.candidates["code_insee"].tolist() == [CODES[4]]
    assert {a.code for a in result.anomalies} == {"commune-fusionnee", "mairie-ancienne"}


@pytest.mark.slow
def test_a_failed_write_leaves_nothing(result, tmp_path, monkeypatch):
    out = tmp_path / "sortie"
    out.mkdir()
    (out / "resume.json").write_text("ancien")

    def fail(*_args, **_kwargs):
        raise OutputError("panne")

    monkeypatch.setattr(outputs, "write_map", fail)
    with pytest.raises(OutputError, match="panne"):
        write_study(result, out)
    assert [path.name for path in out.iterdir()] == ["resume.json"]
    assert (out / "resume.json").read_text() == "ancien"


@pytest.mark.slow
def test_a_file_that_cannot_be_replaced_leaves_the_old_study_whole(result, tmp_path, monkeypatch):
    out = tmp_path / "sortie"
    write_study(result, out)
    for path in out.iterdir():
        path.write_text(f"ancien {path.name}")
    move = Path.replace

    def refuse_one(self, target):
        if self.name == "manifest.json" and self.parent.name.startswith(".brouillon"):
            raise PermissionError(13, "Permission denied")
        return move(self, target)

    monkeypatch.setattr(Path, "replace", refuse_one)
    with pytest.raises(OutputError, match=r"manifest\.json.*accès refusé"):
        write_study(result, out)
    assert sorted(path.name for path in out.iterdir()) == FILES
    assert {path.read_text() for path in out.iterdir()} == {f"ancien {name}" for name in FILES}


@pytest.mark.slow
def test_a_disk_that_fails_is_an_output_error_and_leaves_no_folder(result, tmp_path, monkeypatch):
    def fail(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(outputs, "write_geopackage", fail)
    with pytest.raises(OutputError, match="disque plein"):
        write_study(result, tmp_path / "sortie")
    assert not (tmp_path / "sortie").exists()


def test_maisons_too_far_across_the_border_do_not_count(tmp_path):
    far = maison_row(5, insee_dep="35", insee_com="35001")
    far["longitude"] += 0.7  # about 50 km east of Zêta's town hall
    toy = StudyFolder(tmp_path).write(maisons=[maison_row(0), far])
    assert run_study(read_study(toy.path)).maisons["site_id"].tolist() == ["1"]


def test_neighbours_no_road_leads_to_are_told_not_counted(tmp_path):
    near = maison_row(5, insee_dep="35", insee_com="35001")
    near["longitude"] += 0.2  # about 15 km east: within reach, off the roads given
    result = run_study(read_study(StudyFolder(tmp_path).write(maisons=[maison_row(0), near]).path))
    assert result.maisons["site_id"].tolist() == ["1"]
    (told,) = result.anomalies
    assert told.code == "maisons-voisines-hors-reseau"
    assert "hors des routes fournies : non comptée" in told.message


def test_where_the_network_is_estimated_no_road_given_is_blamed(tmp_path):
    near = maison_row(5, insee_dep="35", insee_com="35001")
    near["longitude"] += 0.35  # beyond what an estimated network joins
    toy = (
        StudyFolder(tmp_path)
        .write(maisons=[maison_row(0), near])
        .configure(
            (
                'noeuds = "noeuds.csv"\nliens = "liens.csv"\nprofil = "voiture"',
                'profil = "estime"',
            ),
            ("[reseau.vitesses_kmh]\nprimary = 60\n", ""),
        )
    )
    told = [a.message for a in run_study(read_study(toy.path)).anomalies if "voisin" in a.message]
    assert len(told) == 1
    assert "hors du réseau estimé" in told[0]
    assert "fourni" not in told[0]


def test_post_offices_without_a_readable_code_are_found_by_their_point(tmp_path):
    toy = StudyFolder(tmp_path).write(la_poste=[poste_row(4, code_insee="5305", code_postal="")])
    result = run_study(read_study(toy.path))
    assert result.candidates["code_insee"].tolist() == [CODES[4]]
    assert [a.code for a in result.anomalies] == ["code-commune-invalide"]


def test_a_folder_that_is_a_file_is_an_output_error(result, tmp_path):
    (tmp_path / "fichier").write_text("")
    with pytest.raises(OutputError, match="--sortie"):
        write_study(result, tmp_path / "fichier")


@pytest.mark.slow
def test_nothing_is_changed_by_a_run(result):
    before = [table.copy() for table in (result.communes, result.access, result.candidates)]
    outputs.map(result.map_content())
    for old, new in zip(before, (result.communes, result.access, result.candidates), strict=True):
        pd.testing.assert_frame_equal(pd.DataFrame(old), pd.DataFrame(new))


BAD_STUDIES = {
    "toml": (('nom = "Ville jouet"', "nom = Ville jouet"), "TOML valide"),
    "unknown key": (
        ('nom = "Ville jouet"', 'nom = "V"\nseuil = 20'),
        "[etude] seuil : clé inconnue",
    ),
    "missing key": (('maisons = "maisons.csv"', ""), "[donnees] maisons : clé absente"),
    "unquoted": (('departements = ["53"]', "departements = [53]"), "entre guillemets"),
    "departement": (('departements = ["53"]', 'departements = ["99"]'), "département inconnu : 99"),
    "no departement": (('departements = ["53"]', "departements = []"), "aucun département"),
    "mixed": (('departements = ["53"]', 'departements = ["53", "974"]'), "projection légale"),
    "thresholds": (("seuils_minutes = [20, 30]", "seuils_minutes = []"), "minutes positives"),
    "road": (('noeuds = "noeuds.csv"\n', ""), "réseau routier n'est pas donné"),
    "profile": (('profil = "voiture"', 'profil = "avion"'), "profil de déplacement inconnu"),
    "profile as roads": (
        ('noeuds = "noeuds.csv"\nliens = "liens.csv"\n', 'source = "estime"\n'),
        'écrire profil = "estime" seul, sans source',
    ),
    "kind": (
        ('types = ["Bureau de Poste"]', 'types = ["Bureau"]'),
        "choisir parmi : Bureau de Poste",
    ),
    "day": (("[reseau]\n", '[maisons]\nau = "2021-13-01"\n[reseau]\n'), "une date est attendue"),
    "no day": (("[reseau]\n", "[maisons]\nau = 2021\n[reseau]\n"), "[maisons] au : une date"),
    "speed": (("primary = 60", "primary = -1"), "vitesse impossible"),
    "speed text": (("primary = 60", 'primary = "vite"'), "un nombre est attendu"),
}


@pytest.mark.parametrize("case", BAD_STUDIES)
def test_bad_study_files(toy_study, case):
    replacement, said = BAD_STUDIES[case]
    toy_study.configure(replacement)
    with pytest.raises(MsapGeoError, match=re.escape(said)):
        run_study(read_study(toy_study.path))


def test_slug():
    toy = study.sample_study()
    assert toy.slug == "mayenne-demonstration"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("liste-fs-20240801.csv", "01/08/2024"),
        ("liste-fs-2024-08.csv", "08/2024"),
        ("mairies-france-2026.csv", "2026"),
        ("carte.csv", ""),
        ("n120241.csv", ""),
    ],
)
def test_vintages_are_read_in_file_names_unless_stated(toy_study, name, expected):
    toy_study.configure(('maisons = "maisons.csv"', f'maisons = "{name}"'))
    toy = read_study(toy_study.path)
    assert toy.vintage("maisons") == expected
    toy_study.path.write_text(
        toy_study.path.read_text(encoding="utf-8") + '\n[millesimes]\nmaisons = "été 2024"\n',
        encoding="utf-8",
    )
    assert read_study(toy_study.path).vintage("maisons") == "été 2024"


def test_a_study_with_other_values_is_checked_and_leaves_the_first_alone(toy_study):
    first = read_study(toy_study.path)
    other = first.with_values("etude", seuils_minutes=[15, 25.5])
    assert (first.thresholds, other.thresholds) == ((20.0, 30.0), (15.0, 25.5))
    assert other.folder == first.folder
    assert other.etude.nom == first.etude.nom
    assert other.with_values("etude", seuils_minutes=[20, 30]) == first
    weighed = first.with_values("score", poids={"population_gagnee": 1.0})
    assert weighed.score.poids == {"population_gagnee": 1.0}
    dated = first.with_values("maisons", au="2021-01-01").with_values("couts", annee=2027)
    assert f"{dated.maisons.au:%d/%m/%Y} {dated.couts.annee}" == "01/01/2021 2027"
    moved = first.with_values("donnees", maisons=toy_study.folder / "autres.csv")
    assert moved.donnees.maisons.name == "autres.csv"
    crossing = {"de": CODES[0], "a": [1.5, 47.0], "minutes": 5}
    ferry = first.with_values("reseau", traversees=[crossing])
    assert ferry.with_values("etude", nom="Île").reseau == ferry.reseau


@pytest.mark.parametrize(
    ("section", "values", "told"),
    [
        ("folder", {"x": 1}, "section inconnue"),
        ("inconnue", {"x": 1}, "section inconnue"),
        ("etude", {"seuil": 20}, r"\[etude\] seuil : clé inconnue"),
        ("etude", {"departements": ["99"]}, "99"),
        ("implantation", {"objectif": "capacite"}, "capacité"),
    ],
)
def test_other_values_that_do_not_fit_are_refused(toy_study, section, values, told):
    with pytest.raises(StudyError, match=told):
        read_study(toy_study.path).with_values(section, **values)


@pytest.mark.slow
def test_paths_may_be_plain_text(toy_study, tmp_path):
    write_study(run_study(read_study(str(toy_study.path))), str(tmp_path / "texte"))
    assert (tmp_path / "texte" / "acces.csv").is_file()


def test_communes_with_their_access_are_ready_to_draw(result):
    drawn = result.by_commune()
    assert drawn["code_insee"].tolist() == CODES
    assert drawn["minutes"].tolist() == [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]
    assert drawn.crs == result.communes.crs
    assert drawn.geometry.notna().all()
    assert set(drawn["origine"]) == {"mairie"}
    assert "minutes" not in result.communes


@pytest.mark.parametrize("path", [r"C:\Etudes\communes.geojson", r"C:\Users\moi\communes.geojson"])
def test_a_windows_path_between_quotes_is_told_how_to_be_written(toy_study, path):
    toy_study.configure(('"communes.geojson"', f'"{path}"'))
    with pytest.raises(StudyError, match="apostrophes simples"):
        read_study(toy_study.path)


def test_a_path_written_on_windows_is_followed(toy_study):
    folder = toy_study.path.parent / "données"
    folder.mkdir()
    (folder / "maisons.csv").write_bytes((toy_study.path.parent / "maisons.csv").read_bytes())
    toy_study.configure(('"maisons.csv"', r"'données\maisons.csv'"))
    study = read_study(toy_study.path)
    assert study.path(study.inputs()["maisons"][0]).is_file()
