"""What an audit says of files whose faults are known, one by one."""

from __future__ import annotations

import ast
import dataclasses
import json
import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from support.commands import failed, run, run_anew
from support.toy import CODES, NAMES, StudyFolder, degrees, maison_row, poste_row, write_csv

import msap_geo
from msap_geo import audit, loaders, network
from msap_geo.anomalies import Action, Anomaly
from msap_geo.audit import page
from msap_geo.audit.findings import Audit, Case, Finding, Severity
from msap_geo.audit.told import in_lines
from msap_geo.errors import MsapGeoError, OutputError
from msap_geo.study import audit_study, read_study, run_study

PACKAGE = Path(msap_geo.__file__).parent
HOSTILE = "<img src=x onerror=alert(1)>\"'&{{7*7}}${1}</style></script>"
WEEK = {f"h_{day}": "09:00 - 14:00" for day in ("lundi", "mardi", "mercredi", "jeudi", "vendredi")}
VINTAGES = "\n[millesimes]\n" + "".join(
    f'{role} = "2024"\n'
    for role in ("communes", "population", "mairies", "maisons", "la_poste", "reseau")
)


def clean(folder, *, maisons=None, la_poste=None):
    """Write a study nothing is to be said of: vintages known, hours under the label."""
    made = StudyFolder(folder).write(maisons=maisons or [maison_row(0, **WEEK)], la_poste=la_poste)
    return made.configure(("[candidats]", f"{VINTAGES}\n[candidats]"))


def audited(made):
    return audit_study(read_study(made.path))


def found(result, *, here=True):
    return {(one.file, one.code): one for one in result.findings if one.here == here}


def told(result, code, *, here=True):
    (one,) = [one for one in result.findings if one.code == code and one.here == here]
    return one


def test_a_sound_study_has_nothing_against_it(tmp_path):
    result = audited(clean(tmp_path))
    assert result.verdict == "propre"
    assert result.of(audit.Severity.WARNING) == []
    assert result.elsewhere == []
    assert {one.code for one in result.findings} == {"population-totale", "reseau-etendue"}
    total = told(result, "population-totale")
    assert total.sentence == "Population du territoire : 2\u202f100\xa0habitants, 6\xa0communes"
    rows = {file.file: (file.read, file.kept, file.here) for file in result.files}
    assert rows == {
        "communes.geojson": (6, 6, 6),
        "population.json": (6, 6, 6),
        "mairies.csv": (6, 6, 6),
        "maisons.csv": (1, 1, 1),
        "la_poste.csv": (2, 2, 2),
        "noeuds.csv": (6, 6, None),
        "liens.csv": (None, None, None),
    }


@pytest.mark.slow
def test_what_is_wrong_with_sites(tmp_path):
    longitude, latitude = degrees(0)
    far = dict(zip(("longitude", "latitude"), degrees(5), strict=True))
    near = {"longitude": degrees(1)[0] + 0.01, "latitude": degrees(1)[1]}
    made = clean(
        tmp_path,
        maisons=[
            maison_row(0, **WEEK),
            maison_row(1, **WEEK, latitude=longitude, longitude=latitude, insee_com=CODES[0]),
            maison_row(2, **WEEK, latitude="", longitude=""),
            maison_row(3, **WEEK, latitude="0", longitude="0"),
            maison_row(4, h_lundi=""),
            maison_row(5, h_lundi="09:00 - 12:00"),
            maison_row(5, id_fs="7", lib_fs="Antenne", h_lundi="09:00 - 12:00", type_fs="Antenne"),
            maison_row(1, id_fs="8", insee_com="53999", **WEEK),
            maison_row(1, id_fs="9", insee_com="0null", **WEEK, **near),
            maison_row(1, id_fs="1", **WEEK),
            maison_row(0, id_fs="10", **WEEK, **far),
            maison_row(0, id_fs="11", insee_dep="72", insee_com="72001", h_lundi="", latitude=48.0)
            | {"longitude": 1.0},
        ],
    )
    result = audited(made)
    sites = {
        code: one.count for (file, code), one in found(result).items() if file == "maisons.csv"
    }
    assert sites == {
        "coordonnees-inversees": 1,
        "coordonnees-absentes": 1,
        "coordonnees-nulles": 1,
        "doublon": 1,
        "code-commune-invalide": 1,
        "code-commune-inconnu": 1,
        "horaires-absents": 1,
        "horaires-sous-label": 1,
        "antenne-sous-label": 1,
        "site-hors-commune": 1,
        "sites-superposes": 2,
    }
    assert told(result, "coordonnees-inversees").line == 3
    assert told(result, "coordonnees-nulles").cases[0].line == 5
    assert "3 h par semaine, sur 1\xa0jour" in told(result, "horaires-sous-label").cases[0].message
    # The one of the Sarthe lacks its hours too: told, apart.
    assert found(result, here=False)["maisons.csv", "horaires-absents"].count == 1
    (maisons,) = [file for file in result.files if file.role == "maisons"]
    assert (maisons.read, maisons.kept, maisons.left_out) == (12, 11, 1)


def test_no_site_in_the_territory_is_told(tmp_path):
    row = maison_row(0, insee_dep="72", insee_com="72001", **WEEK) | {"longitude": 0.2}
    result = audited(clean(tmp_path, maisons=[row]))
    assert told(result, "aucun-site").file == "maisons.csv"
    assert result.verdict == "avertissements"


@pytest.mark.slow
def test_codes_of_another_year_are_counted(tmp_path):
    made = clean(tmp_path, la_poste=[poste_row(1, code_insee="53990"), poste_row(4)])
    path = tmp_path / "population.json"
    records = json.loads(path.read_text(encoding="utf-8"))
    records[1]["anciensCodes"] = ["53990"]
    path.write_text(json.dumps(records), encoding="utf-8")
    former = told(audited(made), "code-commune-ancien")
    assert (former.file, former.count, former.severity) == ("la_poste.csv", 1, "information")
    assert former.cases[0].message.endswith("code 53990, aujourd'hui Bêta (53002)")


def test_without_a_cog_codes_are_confronted_with_the_boundaries(tmp_path):
    made = clean(tmp_path, la_poste=[poste_row(1, code_insee="53990"), poste_row(4)])
    write_csv(
        tmp_path / "insee.csv",
        ["DEPCOM", "COM", "PMUN"],
        [{"DEPCOM": c, "COM": n, "PMUN": 100} for c, n in zip(CODES, NAMES, strict=True)],
    )
    text = made.path.read_text(encoding="utf-8")
    made.path.write_text(text.replace("population.json", "insee.csv"), encoding="utf-8")
    unknown = told(audited(made), "codes-non-ramenes")
    assert unknown.count == 1
    assert "[donnees] cog" in unknown.remedy


def test_populations_are_confronted(tmp_path):
    made = clean(tmp_path)
    write_csv(
        tmp_path / "insee.csv",
        ["DEPCOM", "COM", "PMUN"],
        [
            {"DEPCOM": c, "COM": n, "PMUN": 0 if c == CODES[5] else 300}
            for c, n in zip(CODES[1:], NAMES[1:], strict=True)
        ],
    )
    text = made.path.read_text(encoding="utf-8").replace(
        'population = "population.json"', 'population = "insee.csv"\ncog = "population.json"'
    )
    made.path.write_text(text, encoding="utf-8")
    result = audited(made)
    gap = told(result, "population-ecart")
    assert "1\u202f200\xa0habitants d'après le fichier de population" in gap.sentence
    assert "(+75,0\u202f%)" in gap.sentence
    assert told(result, "population-inconnue").cases[0].identifier == CODES[0]
    assert told(result, "commune-sans-habitant").cases[0].identifier == CODES[5]


@pytest.mark.parametrize(
    ("others", "kind", "code"),
    [
        (102, "population", "population-concordants"),
        (103, "population", "population-ecart"),
        (90, "carreaux", "carreaux-concordants"),
        (89, "carreaux", "carreaux-ecart"),
    ],
)
def test_the_tolerance_is_inclusive(others, kind, code):
    said = audit.compare_totals(
        pd.Series({"53": 100}), pd.Series({"53": others}), names=("a", "b"), kind=kind, file="f"
    )
    assert said.code == code


def test_totals_of_other_places_are_not_compared():
    ours, others = pd.Series({"53": 100}), pd.Series({"72": 100})
    names = ("a", "b")
    assert audit.compare_totals(ours, others, names=names, kind="carreaux", file="") is None


@pytest.mark.slow
def test_town_halls_and_outlines(tmp_path):
    made = clean(tmp_path)
    places = [degrees(i) for i in range(6)]
    rows = [
        {"code": CODES[i], "longitude": x, "latitude": y} for i, (x, y) in enumerate(places[:5])
    ]
    rows[1] |= {"longitude": places[3][0], "latitude": places[3][1]}
    rows[2] |= {"longitude": "", "latitude": ""}
    write_csv(tmp_path / "mairies.csv", ["code", "longitude", "latitude"], rows)
    path = tmp_path / "communes.geojson"
    outlines = gpd.read_file(path)
    outlines.loc[4, "geometry"] = None
    path.write_text(outlines.to_json(), encoding="utf-8")
    result = audited(made)
    misplaced = told(result, "mairie-mal-placee")
    assert (misplaced.file, misplaced.line) == ("mairies.csv", 3)
    assert "15,0 km" in misplaced.cases[0].message
    assert told(result, "mairie-absente").cases[0].identifier == CODES[5]
    # Gamma's row is there, without a position: said once, where it can be mended.
    absent = told(result, "coordonnees-absentes")
    assert (absent.count, absent.line) == (1, 4)
    assert told(result, "commune-sans-contour").cases[0].identifier == CODES[4]


def test_town_halls_missing_elsewhere():
    codes = loaders.CommuneCodes({"53001": "A", "72001": "B", "72002": "C", "98401": "D"}, {})
    said = audit.missing_town_halls(codes, {"72001", "98402"}, ["53"], file="m.csv")
    assert [(a.identifier, a.departement) for a in said] == [("72002", "72")]


def test_vintages():
    near = audit.far_apart({"a": "2024", "b": "01/08/2026"})
    assert near == []
    apart, unknown = audit.far_apart({"a": "début 2022", "b": "2025", "c": ""})
    assert apart.sentence == "Millésimes éloignés : 3 ans entre « a » (2022) et « b » (2025)"
    assert [case.message for case in apart.cases] == ["a : début 2022", "b : 2025"]
    assert (unknown.code, unknown.count) == ("millesime-inconnu", 1)


@pytest.mark.slow
def test_roads_that_do_not_reach_and_islands(tmp_path):
    made = clean(tmp_path)
    # Epsilon and Zêta only know each other; Delta has no road.
    links = [(0, 1), (1, 0), (1, 2), (2, 1), (4, 5), (5, 4)]
    write_csv(
        tmp_path / "liens.csv",
        ["from", "to", "length_m", "highway"],
        [{"from": i, "to": j, "length_m": 10_000, "highway": "primary"} for i, j in links]
        + [{"from": 2, "to": 3, "length_m": 10_000, "highway": "cosmique"}],
    )
    result = audited(made)
    assert told(result, "mairies-hors-reseau").cases[0].identifier == CODES[3]
    island = told(result, "communes-sur-une-ile")
    assert [case.identifier for case in island.cases] == CODES[4:]
    assert told(result, "routes-inconnues").severity == "avertissement"
    assert "83,3\u202f% des communes" in told(result, "reseau-etendue").sentence
    assert "5 sur 6" in told(result, "reseau-etendue").sentence


def test_parts_of_a_network_are_those_one_can_come_back_from(town):
    one_way = pd.DataFrame({"from": [0, 1, 1, 2], "to": [1, 0, 2, 1], "minutes": 1.0})
    nodes = pd.DataFrame({"node": range(4), "x": [0.0, 1, 2, 3], "y": 0.0})
    roads = network.from_links(nodes, pd.concat([one_way, one_way.iloc[:0]]), crs=2154)
    from msap_geo.audit.roads import parts  # noqa: PLC0415

    label = parts(roads)
    assert label[0] == label[1] == label[2] != label[3]
    assert audit.unreached(town.roads, town.origins, town.communes, file="") == []


def test_estimated_times_are_a_warning(tmp_path):
    made = clean(tmp_path)
    text = made.path.read_text(encoding="utf-8")
    text = re.sub(r"noeuds = .*\nliens = .*\nprofil = .*\n", 'profil = "estime"\n', text)
    text = text.replace("[reseau.vitesses_kmh]\nprimary = 60\n", "")
    made.path.write_text(text.replace('reseau = "2024"\n', ""), encoding="utf-8")
    assert told(audited(made), "reseau-estime").severity == "avertissement"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "content", "usable"),
    [
        ("maisons.csv", None, {"communes", "population", "mairies", "la_poste", "reseau"}),
        ("la_poste.csv", b"<html>", {"communes", "population", "mairies", "maisons", "reseau"}),
        ("communes.geojson", b"{}", {"population", "mairies", "maisons", "la_poste", "reseau"}),
        ("population.json", b"[", {"communes", "mairies", "maisons", "la_poste", "reseau"}),
        ("mairies.csv", b"a;b\n1;2\n", {"communes", "population", "maisons", "la_poste", "reseau"}),
        ("liens.csv", b"x", {"communes", "population", "mairies", "maisons", "la_poste"}),
    ],
)
def test_an_unusable_file_does_not_stop_the_others(tmp_path, name, content, usable):
    made = clean(tmp_path)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    result = audited(made)
    assert result.verdict == "inutilisable"
    blocking = [one for one in result.of(audit.Severity.BLOCKING) if name in one.file]
    assert len(blocking) == 1, result.of(audit.Severity.BLOCKING)
    assert blocking[0].code == "fichier-inutilisable"
    assert {file.role for file in result.files if file.kept} == usable
    if name in {"communes.geojson", "population.json", "mairies.csv"}:
        assert told(result, "controle-impossible")


def test_several_files_at_once_are_all_told(tmp_path):
    made = clean(tmp_path)
    for name in ("maisons.csv", "la_poste.csv", "liens.csv", "mairies.csv"):
        (tmp_path / name).unlink()
    result = audited(made)
    unusable = {one.file for one in result.of(audit.Severity.BLOCKING)}
    assert unusable == {"maisons.csv", "la_poste.csv", "noeuds.csv, liens.csv", "mairies.csv"}


def test_a_kind_that_does_not_exist_blocks(tmp_path):
    made = clean(tmp_path)
    text = made.path.read_text(encoding="utf-8").replace("Bureau de Poste", "Bureau de tabac")
    made.path.write_text(text, encoding="utf-8")
    one = told(audited(made), "etude-incoherente")
    assert "Bureau de tabac" in one.sentence
    assert one.severity == "bloquant"


def test_one_file_of_communes_among_two(tmp_path):
    made = clean(tmp_path)
    text = made.path.read_text(encoding="utf-8")
    text = text.replace('["communes.geojson"]', '["communes.geojson", "absent.geojson"]')
    made.path.write_text(text, encoding="utf-8")
    result = audited(made)
    assert told(result, "fichier-inutilisable").file == "absent.geojson"
    assert told(result, "population-totale").count == 1


def test_a_departement_missing_from_sound_files_blocks(tmp_path):
    made = clean(tmp_path)
    text = made.path.read_text(encoding="utf-8").replace('["53"]', '["53", "72"]')
    made.path.write_text(text, encoding="utf-8")
    result = audited(made)
    assert result.verdict == "inutilisable"
    assert "72" in told(result, "fichier-inutilisable").sentence


ESTIMATED = (
    ('noeuds = "noeuds.csv"\nliens = "liens.csv"\nprofil = "voiture"', 'profil = "estime"'),
    ("[reseau.vitesses_kmh]\nprimary = 60\n", ""),
)


@pytest.mark.slow
@pytest.mark.parametrize("estimated", [False, True])
@pytest.mark.parametrize(
    ("change", "code", "file", "words"),
    [
        ('zone = "absente.geojson"', "fichier-inutilisable", "absente.geojson", "absente.geojson"),
        ('zone = "ailleurs.geojson"', "etude-incoherente", "", "ne porte sur aucune route"),
        ('zone = "dessus.geojson"', "routes-modifiees", "Col", ""),
    ],
)
def test_changes_of_roads_are_those_of_a_run(tmp_path, estimated, change, code, file, words):
    made = clean(tmp_path)
    for name, (x, y) in {"ailleurs": (5.0, 44.0), "dessus": degrees(2)}.items():
        shape = shapely.box(x - 0.02, y - 0.02, x + 0.02, y + 0.02)
        gpd.GeoDataFrame(geometry=[shape], crs=4326).to_file(tmp_path / f"{name}.geojson")
    text = made.path.read_text(encoding="utf-8")
    for old, new in ESTIMATED if estimated else ():
        assert old in text
        text = text.replace(old, new)
    table = f'[[reseau.modifications]]\nnom = "Col"\n{change}\nfacteur = 2\n\n[candidats]'
    made.path.write_text(text.replace("[candidats]", table), encoding="utf-8")
    result = audited(made)
    one = told(result, code)
    assert one.file == file
    assert words in one.sentence
    blocking = result.of(audit.Severity.BLOCKING)
    assert blocking == ([] if code == "routes-modifiees" else [one])
    if blocking:
        with pytest.raises(MsapGeoError, match=words):
            run_study(read_study(made.path))


def test_zones_are_read_even_without_communes(tmp_path):
    made = clean(tmp_path)
    (tmp_path / "communes.geojson").unlink()
    table = '[[reseau.modifications]]\nnom = "Col"\nzone = "non.geojson"\nferme = true\n\n'
    text = made.path.read_text(encoding="utf-8").replace("[candidats]", f"{table}[candidats]")
    made.path.write_text(text, encoding="utf-8")
    unusable = {one.file for one in audited(made).of(audit.Severity.BLOCKING)}
    assert unusable == {"communes.geojson", "non.geojson"}


@pytest.mark.slow
@pytest.mark.parametrize("content", [None, b"rien"])
@pytest.mark.parametrize("communes", [True, False])
def test_the_times_of_insee_are_read_too(tmp_path, content, communes):
    made = clean(tmp_path)
    if not communes:
        (tmp_path / "communes.geojson").unlink()
    if content is not None:
        (tmp_path / "acces.parquet").write_bytes(content)
    text = made.path.read_text(encoding="utf-8").replace(
        "[reseau]\n", 'acces_insee = "acces.parquet"\n\n[reseau]\n', 1
    )
    made.path.write_text(text, encoding="utf-8")
    unusable = [one for one in audited(made).findings if one.code == "fichier-inutilisable"]
    assert "acces.parquet" in [one.file for one in unusable]


@pytest.mark.slow
def test_hosts_are_audited_as_a_run_takes_them(tmp_path):
    made = clean(tmp_path)
    x, y = degrees(3)
    lines = ["site_id,nom,genre,code_insee,longitude,latitude,deux_agents"]
    lines += [f"{name},Mairie,Mairie,{CODES[3]},{x},{y},{two}" for name, two in (("H1", "non"),)]
    lines += [f"00004A,Mairie,Mairie,{CODES[3]},{x},{y},oui"]
    lines += [f"H3,Mairie,Mairie,35001,{x},{y + 1},oui"]
    (tmp_path / "hotes.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    text = made.path.read_text(encoding="utf-8")
    text = text.replace("[candidats]\n", '[candidats]\nfichier = "hotes.csv"\n')
    made.path.write_text(text, encoding="utf-8")
    result = audited(made)
    assert "00004A" in told(result, "etude-incoherente").sentence
    assert told(result, "hote-impossible").cases[0].identifier == "H1"
    assert told(result, "hote-hors-territoire").file == "hotes.csv"
    (tmp_path / "hotes.csv").unlink()
    assert told(audited(made), "fichier-inutilisable").file == "hotes.csv"


@pytest.mark.slow
def test_optional_files_are_audited_too(tmp_path):
    made = clean(tmp_path)
    table = pd.DataFrame({"CODGEO": CODES[:5], "EPCI": "200000001", "LIBEPCI": "Agglo"})
    table.to_csv(tmp_path / "appartenance.csv", index=False, sep=";")
    (tmp_path / "indicateurs.csv").write_text("rien\n", encoding="utf-8")
    text = made.path.read_text(encoding="utf-8").replace(
        "[reseau]\n",
        'appartenance = "appartenance.csv"\nindicateurs = "indicateurs.csv"\n\n[reseau]\n',
        1,
    )
    made.path.write_text(text, encoding="utf-8")
    result = audited(made)
    assert told(result, "fichier-inutilisable").file == "indicateurs.csv"
    assert CODES[5] in told(result, "appartenance-inconnu").sentence
    (file,) = [one for one in result.files if one.role == "appartenance"]
    assert (file.read, file.kept) == (5, 5)


def test_optional_files_are_read_even_without_communes(tmp_path):
    made = clean(tmp_path)
    (tmp_path / "communes.geojson").unlink()
    table = pd.DataFrame({"CODGEO": CODES, "EPCI": "200000001", "LIBEPCI": "Agglo"})
    table.to_csv(tmp_path / "appartenance.csv", index=False, sep=";")
    text = made.path.read_text(encoding="utf-8").replace(
        "[reseau]\n", 'appartenance = "appartenance.csv"\nindicateurs = "non.csv"\n\n[reseau]\n', 1
    )
    text += '\n[diagnostic]\noperateurs = ["annuaire.json"]\n'
    made.path.write_text(text, encoding="utf-8")
    (tmp_path / "annuaire.json").write_text("rien", encoding="utf-8")
    result = audited(made)
    (file,) = [one for one in result.files if one.role == "appartenance"]
    assert (file.read, file.kept, file.here) == (6, 6, 6)
    unusable = {one.file for one in result.of(audit.Severity.BLOCKING)}
    assert unusable == {"communes.geojson", "non.csv", "annuaire.json"}


@pytest.mark.corse
@pytest.mark.xdist_group("corse")
def test_operators_are_audited_like_other_sites(corsica):
    study = read_study(corsica)
    path = corsica.parents[0] / "operateurs.toml"
    folder = study.path(study.donnees.communes[0]).parent.as_posix()
    path.write_text(
        corsica.read_text(encoding="utf-8")
        + f'\n[diagnostic]\noperateurs = "{folder}/annuaire-2A.sjson"\n',
        encoding="utf-8",
    )
    result = audit_study(read_study(path))
    (file,) = [one for one in result.files if one.role == "operateurs"]
    assert (file.title, file.here) == ("Guichets des opérateurs", file.kept)
    assert file.kept > 100


def test_anomalies_are_gathered_by_file_code_and_place():
    said = [
        Anomaly("doublon", Action.LEFT_OUT, "a.csv", f"cas {i}", i, f"{i}", "53" if i < 8 else "72")
        for i in range(2, 12)
    ]
    here, there = audit.gather([*said, *said], ["53"], counted={"11"})
    assert (here.count, there.count) == (7, 3)
    assert [case.line for case in here.cases] == [2, 3, 4, 5, 6]
    assert here.sentence.endswith(": 7\xa0lignes")
    assert (here.here, there.here) == (True, False)
    assert audit.rows_of([*said, *said], Action.LEFT_OUT) == 10


def test_an_unlisted_code_is_told_all_the_same():
    (one,) = audit.gather([Anomaly("tout-neuf", Action.LEFT_OUT, "a", "perdu", 3, "x")], ["53"])
    assert (one.code, one.severity, one.count) == ("tout-neuf", "avertissement", 1)


def test_every_code_of_the_loaders_and_of_the_study_is_listed():
    kebab = re.compile(r"[a-z]+(?:-[a-z]+)+|doublon")
    codes = set()
    for path in [
        each for room in ("loaders", "network", "study") for each in PACKAGE.glob(f"{room}/**/*.py")
    ]:
        text = path.read_text(encoding="utf-8")
        if "msap_geo.anomalies" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            group = (
                node.args
                if isinstance(node, ast.Call)
                else node.elts
                if isinstance(node, ast.Tuple)
                else []
            )
            codes |= {
                each.value
                for each in group
                if isinstance(each, ast.Constant)
                and isinstance(each.value, str)
                and kebab.fullmatch(each.value)
            }
    codes -= {"msap-geo", "horaires-inconnus"}  # only once computed
    assert len(codes) > 50
    assert sorted(codes - set(audit.kinds())) == []


def test_every_kind_is_complete_and_documented():
    text = (PACKAGE / "audit" / "constats.toml").read_text(encoding="utf-8")
    documented = (PACKAGE.parent / "docs" / "verifier.md").read_text(encoding="utf-8")
    for code, entry in tomllib.loads(text).items():
        assert set(entry) == {"gravite", "titre", "unite", "remede"}, code
        assert not entry["remede"].endswith("."), code
        assert f"| `{code}` | {entry['gravite']} | {entry['titre']} |" in documented, code


# --- The report ----------------------------------------------------------------------------------


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text.append(data)


def parsed(html):
    parser = _Tags()
    parser.feed(html)
    return parser


@pytest.mark.slow
def test_hostile_names_stay_text(tmp_path):
    made = clean(tmp_path, maisons=[maison_row(0, lib_fs=HOSTILE, h_lundi="")])
    text = made.path.read_text(encoding="utf-8")
    made.path.write_text(text.replace('"Ville jouet"', json.dumps(HOSTILE)), encoding="utf-8")
    html = page.render(audited(made))
    read = parsed(html)
    assert {"img", "script", "link", "iframe"} & set(read.tags) == set()
    assert not [name for name, _ in read.attributes if name.startswith("on") or name == "src"]
    assert HOSTILE in "".join(read.text)
    assert html.count("</style>") == 1
    assert "49" not in re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL).split("<main>")[0]


@pytest.mark.slow
def test_the_report_asks_for_nothing_and_is_the_same_twice(tmp_path):
    result = audited(clean(tmp_path))
    html = page.render(result)
    assert html == page.render(result)
    assert "default-src 'none'" in html
    assert "http://" not in html
    assert "https://" not in html
    read = parsed(html)
    assert read.tags.count("h1") == 1
    assert ("lang", "fr") in read.attributes
    assert {"main", "header", "title"} <= set(read.tags)
    assert read.tags.count("tr") == 1 + len(result.files)


def test_a_folder_is_not_a_report(tmp_path):
    with pytest.raises(OutputError, match="un dossier"):
        audit.write_report(audited(clean(tmp_path)), tmp_path)


# --- The command ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def doubtful(tmp_path_factory):
    folder = tmp_path_factory.mktemp("douteuse")
    return clean(folder, maisons=[maison_row(0, **WEEK, latitude="", longitude="")])


@pytest.mark.slow
def test_a_clean_study_exits_0_even_under_strict(tmp_path):
    process = run_anew("verifier", clean(tmp_path).path, "--strict")
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.splitlines() == [
        "Ville jouet : 7\xa0fichiers, 2\xa0informations",
        "Rien à signaler dans le territoire.",
    ]


def test_the_screen_names_the_first_ones_and_says_there_are_more():
    lines = ((7, "2A004"), (9, "2A006"), (9, "2A006"))
    cases = tuple(Case("", line, name) for line, name in lines)
    found = Finding("x", Severity.WARNING, "a.csv", 3, "Faux", "", cases)
    line = in_lines(Audit("Essai", {}, (), (found,)))[1]
    assert line == "  attention [a.csv] Faux (ligne 7… : 2A004, 2A006…)"
    nobody = dataclasses.replace(found, cases=(Case(""),), count=1)
    assert in_lines(Audit("Essai", {}, (), (nobody,)))[1] == "  attention [a.csv] Faux"


@pytest.mark.slow
def test_warnings_exit_3_under_strict_only(doubtful, tmp_path):
    process = run("verifier", doubtful.path, cwd=tmp_path)
    assert (process.returncode, process.stderr) == (0, "")
    assert "attention [maisons.csv] Sans coordonnées : 1\xa0ligne (ligne 2 : " in process.stdout
    report = tmp_path / "nouveau" / "audit.html"
    strict = run("verifier", doubtful.path, "--strict", "--rapport", report, cwd=tmp_path)
    assert strict.returncode == 3
    assert f"Rapport : {report}" in strict.stdout
    assert "Sans coordonnées" in report.read_text(encoding="utf-8")
    assert [path.name for path in report.parent.iterdir()] == ["audit.html"]


@pytest.mark.slow
def test_an_unusable_study_exits_1_and_says_everything(tmp_path):
    made = clean(tmp_path)
    (tmp_path / "maisons.csv").unlink()
    report = tmp_path / "audit.html"
    process = run("verifier", made.path, "--json", "--rapport", report)
    assert process.returncode == 1
    assert process.stderr.startswith("Erreur : l'étude ne peut pas être calculée")
    data = json.loads(process.stdout)
    assert data["verdict"] == "inutilisable"
    assert data["bilan"]["bloquant"] == 1
    (one,) = [c for c in data["constats"] if c["gravite"] == "bloquant"]
    assert set(one) == {
        *("code", "gravite", "portee", "fichier", "ligne"),
        *("nombre", "message", "remede", "cas"),
    }
    assert set(data) == {
        *("etude", "departements", "verdict", "bilan", "bilan_ailleurs", "fichiers", "constats"),
    }
    assert one["message"] == "le fichier « maisons.csv » est introuvable"
    assert "introuvable" in report.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_report_that_cannot_be_written_leaves_the_old_one(doubtful, tmp_path):
    blocked = tmp_path / "fichier"
    blocked.write_text("ancien", encoding="utf-8")
    said = failed(run("verifier", doubtful.path, "--rapport", blocked / "audit.html"), "--rapport")
    assert "dossier" in said
    assert blocked.read_text(encoding="utf-8") == "ancien"


@pytest.mark.slow
def test_no_study_is_an_error_like_elsewhere(tmp_path):
    failed(run("verifier", tmp_path / "etude.toml"), "introuvable")


# --- The real files ------------------------------------------------------------------------------


GIRONDE = """
[etude]
nom = "Gironde"
departements = ["33"]
[donnees]
communes = "{france}/communes-france-2026.parquet"
population = "{france}/insee-populations-legales-2017-communes.csv"
cog = "{france}/decoupage-communes-2026.json"
mairies = "{france}/mairies-france-2026.csv"
maisons = "{france}/liste-fs-20240801.csv"
la_poste = "{france}/laposte_poincont-2025.csv"
[diagnostic]
maisons_avant = "{france}/liste-fs-20221201.csv"
[reseau]
profil = "estime"
"""


@pytest.mark.slow
@pytest.mark.xdist_group("france")
def test_what_is_really_in_the_national_files(shared, tmp_path):
    path = tmp_path / "etude.toml"
    path.write_text(GIRONDE.format(france=(shared / "france").as_posix()), encoding="utf-8")
    result = audit_study(read_study(path))
    here, there = found(result), found(result, here=False)
    poste, maisons = "laposte_poincont-2025.csv", "liste-fs-20240801.csv"
    mairies, before = "mairies-france-2026.csv", "liste-fs-20221201.csv"
    (swapped,) = here[poste, "coordonnees-inversees"].cases
    assert (swapped.identifier, swapped.line) == ("06086A", 4962)
    assert there[before, "code-commune-invalide"].line == 1631
    assert "0null" in there[before, "code-commune-invalide"].cases[0].message
    assert sum(side[before, "coordonnees-absentes"].count for side in (here, there)) == 30
    assert there[maisons, "sites-superposes"].count == 14
    assert sum(side[maisons, "horaires-absents"].count for side in (here, there)) == 48
    assert sum(side[maisons, "horaires-sous-label"].count for side in (here, there)) == 151
    assert sum(side[maisons, "antenne-sous-label"].count for side in (here, there)) == 74
    assert there[maisons, "code-commune-ancien"].count == 32
    assert there[poste, "hors-de-france"].count == 7
    assert there[poste, "code-commune-invalide"].count == 2
    assert there[poste, "code-commune-ancien"].count == 391
    assert there[mairies, "longitude-sans-signe"].count == 3
    assert there[mairies, "coordonnees-identiques"].count == 7
    assert there[mairies, "coordonnees-absentes"].count == 50
    assert here[mairies, "mairie-mal-placee"].count == 13
    assert there["communes-france-2026.parquet", "commune-sans-contour"].count == 8
    assert here["decoupage-communes-2026.json", "population-ecart"].count == 1
    assert "9 ans" in here["", "millesimes-eloignes"].sentence
    assert result.verdict == "avertissements"


@pytest.mark.corse
@pytest.mark.xdist_group("corse")
def test_corsica(corsica):
    result = audit_study(read_study(corsica))
    here = found(result)
    assert here["mairies-france-2026.csv", "mairie-mal-placee"].count == 22
    assert here["laposte_poincont-2025.csv", "site-hors-commune"].count == 1
    assert "360 sur 360" in here["corse.osm.pbf", "reseau-etendue"].sentence
    assert "355\u202f486\xa0habitants" in told(result, "population-totale").sentence
    assert {
        file.role: file.here for file in result.files if file.role in ("maisons", "mairies")
    } == {
        "maisons": 37,
        "mairies": 359,
    }


@pytest.mark.slow
@pytest.mark.xdist_group("france")
def test_the_unknown_codes_of_la_poste_in_2016(shared):
    france = shared / "france"
    codes = loaders.commune_codes(loaders.read_records(france / "decoupage-communes-2026.json"))
    table = loaders.load_la_poste(france / "laposte_poincont2-2016.csv").table
    said = audit.foreign_codes(table, codes, file="f", in_cog=True)
    unknown = [a.message for a in said if a.code == "code-commune-inconnu"]
    assert len(unknown) == 6
    assert all("09920" in message for message in unknown)
