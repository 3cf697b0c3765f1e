"""The files people pass on: read back by other programs, every figure compared with the tables."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import sqlite3
import subprocess
import xml.etree.ElementTree as ET
import zipfile
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from support.commands import run, run_anew
from support.dictionaries import check_entries
from support.handoffs import CASES, HOSTILE

from msap_geo import folder as folders
from msap_geo import french_hours, study
from msap_geo.errors import OutputError
from msap_geo.folder import everything as everything_module
from msap_geo.outputs.sheets import dictionary, workbook
from msap_geo.outputs.sheets.notes import NOTES
from msap_geo.outputs.sheets.notes import written as kept_columns

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=CASES)
def case(request, tmp_path_factory):
    """One study of each kind, everything computed and written."""
    folder = tmp_path_factory.mktemp("etude")
    toy = CASES[request.param](folder)
    found = folders.run_everything(study.read_study(toy.path))
    folders.write_everything(found, folder / "resultats", geoparquet=True)
    return found, folder / "resultats"


@pytest.fixture(scope="module")
def book(case):
    """Return its workbook, opened once for those who read it."""
    return openpyxl.load_workbook(case[1] / "etude.xlsx")


def plain(value):
    """Return what a program reads back of a value: blank, yes or no, a text, a day, a number."""
    if isinstance(value, list | tuple):
        value = " ".join(value)
    if isinstance(value, bool | np.bool_):
        return "oui" if value else "non"
    if isinstance(value, str):
        return value or None
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return None if pd.isna(value) or not math.isfinite(value) else value


def same(written, value):
    """Compare a value read back with what the table holds."""
    left, right = (None if v is None else plain(v) for v in (written, value))
    if isinstance(left, str) or left is None or right is None:
        return left == right
    return math.isclose(left, right, rel_tol=1e-14, abs_tol=0)


class TestWorkbook:
    @pytest.mark.slow
    def test_every_figure_is_that_of_the_tables(self, case, book):
        found, _ = case
        tables = found.tables()
        assert book.sheetnames[:2] == ["Synthèse", NOTES]
        assert len(book.sheetnames) == len(tables) + 2
        for (name, whole), sheet in zip(tables.items(), book.worksheets[2:], strict=True):
            table = kept_columns(whole)
            rows = list(sheet.iter_rows(min_row=workbook.FIRST_ROW))
            columns = dictionary.describe_columns(name, table.columns)
            width = len(columns)
            assert [cell.value for cell in rows[0][:width]] == [c.heading for c in columns], name
            assert len([row for row in rows[1:] if row[0].row <= 4 + len(table)]) == len(table)
            for row, values in zip(
                rows[1:], table.itertuples(index=False, name=None), strict=False
            ):
                for cell, value, column in zip(row, values, columns, strict=False):
                    # Hours of a week and moments are put in words, by the module of French.
                    words = {"semaine": french_hours.hours, "moment": french_hours.moment}.get(
                        column.form
                    )
                    said = words(value) if words and isinstance(value, str) and value else value
                    assert same(cell.value, said), (name, column.code, cell.value, value)
                    assert cell.data_type != "f", (name, cell.coordinate)
                    assert cell.hyperlink is None

    @pytest.mark.slow
    def test_sheets_are_ready_to_read(self, case, book):
        found, _ = case
        told = study.provenance_of(found.result)
        for (name, table), sheet in zip(found.tables().items(), book.worksheets[2:], strict=True):
            assert sheet.freeze_panes.endswith("5"), name
            assert sheet.auto_filter.ref.startswith("A4:")
            assert sheet["A1"].value == dictionary.describe_table(name).title
            assert sheet["A1"].data_type == "s"
            assert told.heading in sheet["A2"].value
            assert told.software in sheet["A2"].value
            assert told.credit in sheet["A3"].value
            assert told.title.replace("&", "&&") in sheet.oddFooter.left.text
            assert all(warning in sheet["A2"].value for warning in told.warnings)
            widths = [d.width for d in sheet.column_dimensions.values()]
            assert not len(table.columns) or min(widths) >= 9
            numbers = {
                c.code: sheet.cell(5, i + 1).number_format
                for i, c in enumerate(
                    dictionary.describe_columns(name, kept_columns(table).columns)
                )
                if len(table) and sheet.cell(5, i + 1).value is not None
            }
            assert numbers.get("population", "#,##0") == "#,##0"
            assert numbers.get("minutes", "#,##0.0") == "#,##0.0"
            assert numbers.get("code_insee", "@") == "@"

    @pytest.mark.slow
    def test_the_first_sheet_says_how_to_read_the_others(self, case, book):
        found, _ = case
        sheet = book[NOTES]
        rows = list(sheet.iter_rows(values_only=True))
        cells = {value for row in rows for value in row if isinstance(value, str)}
        told = study.provenance_of(found.result)
        for line in (told.territory, told.method, *told.sources, *told.limits, *told.attributions):
            assert line in cells
        explained = {(row[0], row[2]) for row in rows}
        for (name, table), other in zip(found.tables().items(), book.sheetnames[2:], strict=True):
            assert {(other, column) for column in table.columns} <= explained, name

    @pytest.mark.slow
    def test_charts_draw_the_columns_they_name(self, case, book):
        found, _ = case
        drawn = {name for name, t in found.tables().items() if len(t)} & {
            "seuils", "paliers", "zones_blanches", "plan_sites", "plan_frontiere",
            "diagnostic_demi_journees",
        }  # fmt: skip
        for (name, _), sheet in zip(found.tables().items(), book.worksheets[2:], strict=True):
            assert bool(sheet._charts) >= (name in drawn), name
            for chart in sheet._charts:
                for series in chart.series:
                    reference = (series.val or series.yVal).numRef.f
                    assert f"'{sheet.title}'!" in reference or f"{sheet.title}!" in reference


class TestGeoPackage:
    @pytest.mark.slow
    def test_every_value_is_that_of_the_layers(self, case):
        found, folder = case
        layers = found.layers()
        listed = [str(name) for name, _ in pyogrio.list_layers(folder / "etude.gpkg")]
        assert listed == [*layers, "layer_styles"]
        for name, table in layers.items():
            read = gpd.read_file(folder / "etude.gpkg", layer=name)
            assert read.crs == table.crs, name
            assert len(read) == len(table)
            assert [c for c in read.columns if c != "geometry"] == [
                c for c in table.columns if c != "geometry"
            ]
            for column in read.columns.drop("geometry"):
                for written, value in zip(read[column], table[column], strict=True):
                    assert same(written, value), (name, column, written, value)
            pairs = zip(read.geometry, table.geometry, strict=True)
            assert all(
                a is b or (b is None and a is None) or shapely.equals(a, b) for a, b in pairs
            ), name

    @pytest.mark.slow
    def test_titles_aliases_and_definitions_are_inside(self, case):
        found, folder = case
        told = study.provenance_of(found.result)
        with closing(sqlite3.connect(folder / "etude.gpkg")) as base:
            assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert base.execute("PRAGMA foreign_key_check").fetchall() == []
            extensions = base.execute(
                "SELECT table_name FROM gpkg_extensions WHERE extension_name = 'gpkg_schema'"
            ).fetchall()
            contents = dict(base.execute("SELECT table_name, description FROM gpkg_contents"))
            aliases = {
                (table, column): (alias, definition)
                for table, column, alias, definition in base.execute(
                    "SELECT table_name, column_name, name, description FROM gpkg_data_columns"
                )
            }
        assert sorted(extensions) == [("gpkg_data_column_constraints",), ("gpkg_data_columns",)]
        for name, table in found.layers().items():
            assert contents[name] == told.text()
            for column in dictionary.describe_columns(name, table.columns.drop("geometry")):
                assert aliases[name, column.code] == (column.heading, column.definition)

    @pytest.mark.slow
    def test_styles_name_what_exists_and_class_every_row(self, case):
        found, folder = case
        with closing(sqlite3.connect(folder / "etude.gpkg")) as base:
            styles = dict(
                base.execute(
                    "SELECT f_table_name, styleQML FROM layer_styles WHERE useAsDefault = 1 "
                    "AND f_geometry_column = 'geom' AND f_table_schema = ''"
                )
            )
            geometry = dict(
                base.execute("SELECT table_name, column_name FROM gpkg_geometry_columns")
            )
        layers = found.layers()
        assert set(styles) == set(layers)
        assert set(geometry.values()) == {"geom"}
        for name, table in layers.items():
            style = ET.fromstring(styles[name])  # noqa: S314 - our own
            check_style(style, table, name)

    @pytest.mark.slow
    def test_the_project_opens_these_layers(self, case):
        found, folder = case
        with zipfile.ZipFile(folder / "etude.qgz") as archive:
            assert archive.namelist() == ["etude.qgs"]
            root = ET.fromstring(archive.read("etude.qgs"))  # noqa: S314 - our own
        layers = found.layers()
        assert root.findtext("title") == found.result.study.etude.nom
        assert root.findtext("projectCrs/spatialrefsys/authid") == "EPSG:2154"
        ids = {layer.findtext("id") for layer in root.iter("maplayer")}
        assert {leaf.get("id") for leaf in root.iter("layer-tree-layer")} == ids
        assert [layer.get("id") for layer in root.findall("layerorder/layer")] == [
            layer.findtext("id") for layer in root.iter("maplayer")
        ]
        assert all(len(identifier) >= 10 for identifier in ids)
        told = study.provenance_of(found.result)
        for layer in root.iter("maplayer"):
            file, _, name = layer.findtext("datasource").partition("|layername=")
            assert (folder / file).is_file()
            check_style(layer, layers.pop(name), name)
            assert layer.findtext("attribution") == told.credit
            assert layer.findtext("resourceMetadata/abstract") == told.text()
        assert not layers
        assert root.findtext("properties/Paths/Absolute") == "false"
        assert told.credit in root.findtext("properties/CopyrightLabel/Label")


def check_style(root, table, name):
    """Check that a style names what the layer has, and that each of its rows is drawn."""
    renderer = root.find("renderer-v2")
    symbols = {symbol.get("name") for symbol in renderer.findall("symbols/symbol")}
    classes = [*renderer.iter("category"), *renderer.iter("range")]
    assert [each.get("symbol") for each in classes] == sorted(symbols, key=int)[: len(classes)]
    attribute = renderer.get("attr")
    named = [] if attribute is None else re.findall(r'"(\w+)"', attribute) or [attribute]
    label = root.find(".//text-style")
    if label is not None:
        named += re.findall(r'"(\w+)"', label.get("fieldName"))
    assert set(named) <= set(table.columns), name
    fields = [alias.get("field") for alias in root.findall("aliases/alias")]
    assert fields == list(table.columns.drop("geometry"))
    kind = {"fill": {"Polygon", "MultiPolygon"}, "marker": {"Point"}}[
        renderer.find("symbols/symbol").get("type")
    ]
    assert set(table.geom_type.dropna()) <= kind, name
    if attribute is None:
        assert len(symbols) == 1
    elif renderer.get("type") == "categorizedSymbol":
        values = {each.get("value") for each in classes}
        for value in table[attribute]:
            text = f"{value:g}" if isinstance(value, float) else value
            assert text in values or "" in values, (name, value)
    else:
        bounds = [(float(each.get("lower")), float(each.get("upper"))) for each in classes]
        unknown = re.fullmatch(r'coalesce\("\w+", (\d+)\)', attribute)
        values = table[named[0]].fillna(float(unknown[1])) if unknown else table[named[0]]
        for value in values:
            assert any(low <= value <= high for low, high in bounds), (name, value)


@pytest.mark.slow
def test_geoparquet_holds_the_layers_and_says_what_they_are(case):
    found, folder = case
    for name, table in found.layers().items():
        read = gpd.read_parquet(folder / f"{name}.parquet")
        assert read.crs == table.crs
        assert list(read.columns) == list(table.columns)
        assert shapely.equals_exact(read.geometry.to_numpy(), table.geometry.to_numpy()).sum() == (
            table.geometry.notna().sum()
        )
        for column in read.columns.drop("geometry"):
            for written, value in zip(read[column], table[column], strict=True):
                if isinstance(value, list):
                    assert list(written) == value
                else:
                    assert (pd.isna(written) and pd.isna(value)) or written == value
        parquet = pq.ParquetFile(folder / f"{name}.parquet")
        told = json.loads(parquet.schema_arrow.metadata[b"msap_geo"])
        assert told["origine"] == study.provenance_of(found.result).text()
        assert set(told["colonnes"]) == set(table.columns) - {"geometry"}
        if parquet.metadata.num_row_groups and len(table):
            assert parquet.metadata.row_group(0).column(0).compression == "ZSTD"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sans candidat", "noms hostiles"])
def test_the_folder_is_the_same_twice(name, tmp_path):
    toy = CASES[name](tmp_path)
    for again in ("une", "deux"):
        found = folders.run_everything(study.read_study(toy.path))
        folders.write_everything(found, tmp_path / again, geoparquet=True)
    names = sorted(path.name for path in (tmp_path / "une").iterdir())
    assert sorted(path.name for path in (tmp_path / "deux").iterdir()) == names
    for file in names:
        assert (tmp_path / "une" / file).read_bytes() == (tmp_path / "deux" / file).read_bytes()
    assert ("plan.json" in names) == (name != "sans candidat")


@pytest.mark.slow
def test_it_holds_what_each_command_writes(tmp_path):
    toy = CASES["ordinaire"](tmp_path)
    found = folders.run_everything(study.read_study(toy.path))
    folders.write_everything(found, tmp_path / "tout")
    folders.write_study(found.result, tmp_path / "lancer", diagnosis=found.diagnosis)
    for path in (tmp_path / "lancer").iterdir():
        written = tmp_path / "tout" / path.name
        if path.suffix not in {".gpkg", ".qgz"} and path.stem not in {"resume", "manifest"}:
            assert written.read_bytes() == path.read_bytes(), path.name
    told = json.loads((tmp_path / "tout" / "resume.json").read_text(encoding="utf-8"))
    assert told == folders.diagnosis_summary(found.diagnosis)


@pytest.mark.slow
def test_all_or_nothing(tmp_path, monkeypatch):
    toy = CASES["ordinaire"](tmp_path)
    found = folders.run_everything(study.read_study(toy.path))

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(everything_module.outputs, "write_workbook", fail)
    with pytest.raises(OutputError, match="l'écriture des résultats a échoué"):
        folders.write_everything(found, tmp_path / "resultats")
    assert not (tmp_path / "resultats").exists()


@pytest.mark.slow
def test_the_command_writes_everything(tmp_path):
    toy = CASES["noms hostiles"](tmp_path)
    folder = tmp_path / "resultats"
    done = run_anew("lancer", toy.path, "--tout", "--geoparquet", "--sortie", folder, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert json.loads(done.stdout)["etude"].startswith("=Étude")
    written = {path.name for path in folder.iterdir()}
    assert {"etude.xlsx", "etude.gpkg", "etude.qgz", "plan.json", "bureaux.csv"} < written
    assert {"rapport.pdf", "rapport.docx", "rapport.html"} < written
    names = gpd.read_file(folder / "etude.gpkg", layer="communes")["nom"].tolist()
    assert names == HOSTILE
    quick = run("lancer", toy.path, "--sortie", tmp_path / "vite")
    assert quick.returncode == 0, quick.stderr
    assert not (tmp_path / "vite" / "etude.xlsx").exists()


@pytest.mark.parametrize("name", ["ordinaire", "noms hostiles"])
def test_qgis_opens_the_project_and_the_styles(name, tmp_path):
    """Ask a real QGIS, where the system has one."""
    python = "/usr/bin/python3"
    probe = "import qgis.core"
    found = Path(python).exists() and subprocess.run(
        [python, "-E", "-c", probe], capture_output=True, check=False
    )
    if not found or found.returncode:
        pytest.skip("QGIS (python3-qgis) n'est pas installé")
    toy = CASES[name](tmp_path)
    everything = folders.run_everything(study.read_study(toy.path))
    folders.write_everything(everything, tmp_path / "resultats")
    script = ROOT / "tests" / "support" / "open_in_qgis.py"
    done = subprocess.run(
        [python, "-E", script, tmp_path / "resultats"],
        capture_output=True,
        text=True,
        check=False,
        env={"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "XDG_RUNTIME_DIR": "/tmp"},  # noqa: S108
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["messages"] == []
    assert told["crs"] == "EPSG:2154"
    assert told["titre"] == everything.result.study.etude.nom
    assert told["rendu"]
    layers = everything.layers()
    for place in ("projet", "couches"):
        assert {each["nom"] for each in told[place]} == set(layers)
        for each in told[place]:
            table = layers[each["nom"]]
            assert each["valide"]
            assert each["lignes"] == each["dessinees"] == len(table), each
            columns = dictionary.describe_columns(each["nom"], table.columns.drop("geometry"))
            assert each["alias"] == [column.heading for column in columns]


@pytest.mark.slow
def test_every_column_written_has_its_entry(case):
    found, _ = case
    for name, table in (found.tables() | found.layers()).items():
        check_entries(name, [c for c in table.columns if c != "geometry"])
