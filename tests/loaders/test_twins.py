"""Two columns that answer one question: either where they agree, refused where they differ."""

from __future__ import annotations

import io

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from shapely.geometry import box

from msap_geo import loaders
from msap_geo.errors import DataError
from msap_geo.loaders.sites.delais import load_delays
from msap_geo.siting.adaptation.accords import read_accords
from msap_geo.tabular import pick_columns, read_text_table
from msap_geo.travel.times import read_trips

PEOPLE = [["code_insee", "population", "population"], ["53001", "10", "10"], ["53002", "20", "20"]]


def written(folder, rows, form):
    path = folder / f"table.{form}"
    if form == "csv":
        path.write_text("\n".join(map(",".join, rows)) + "\n", encoding="utf-8")
    elif form == "xlsx":
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    else:
        columns = [pa.array(column) for column in zip(*rows[1:], strict=True)]
        pq.write_table(pa.Table.from_arrays(columns, names=rows[0]), path)
    return path


def changed(row, column, value):
    rows = [list(each) for each in PEOPLE]
    rows[row][column] = value
    return rows


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
class TestTwins:
    def test_that_agree_are_harmless(self, tmp_path, form):
        emptied = [PEOPLE[0], *([*row[:2], ""] for row in PEOPLE[1:])]
        for rows in (PEOPLE, changed(1, 2, "10.0"), emptied):
            table = loaders.load_population(written(tmp_path, rows, form)).table
            assert table["population"].tolist() == [10, 20]

    def test_of_which_one_is_empty_are_read_from_the_other(self, tmp_path, form):
        rows = [PEOPLE[0], *([code, "", value] for code, value, _ in PEOPLE[1:])]
        table = loaders.load_population(written(tmp_path, rows, form)).table
        assert table["population"].tolist() == [10, 20]

    @pytest.mark.parametrize("other", ["11", "", "dix"])
    def test_that_differ_are_refused(self, tmp_path, form, other):
        path = written(tmp_path, changed(2, 2, other), form)
        with pytest.raises(DataError, match=rf"deux colonnes population .*« 20 » et « {other} »"):
            loaders.load_population(path)

    def test_differing_in_case_are_twins_too(self, tmp_path, form):
        path = written(
            tmp_path, [["Code_Insee", "CODE INSEE", "pmun"], ["53001", "53002", "1"]], form
        )
        with pytest.raises(DataError, match="deux colonnes code_insee"):
            loaders.load_population(path)


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
def test_two_spellings_of_people_that_differ_are_refused(tmp_path, form):
    rows = [["code_insee", "pmun", "population"], ["53001", "10", "11"]]
    with pytest.raises(DataError, match="« pmun » et « population »"):
        loaders.load_population(written(tmp_path, rows, form))
    rows[1][2] = "10"
    assert loaders.load_population(written(tmp_path, rows, form)).table["population"].item() == 10


def test_the_line_is_told(tmp_path):
    path = written(tmp_path, changed(2, 2, "9"), "csv")
    with pytest.raises(DataError, match=r"table\.csv, ligne 3\. Que faire : ne garder"):
        loaders.load_population(path)


def test_columns_that_are_not_read_may_be_twins(tmp_path):
    rows = [["site_id", "accord", "note", "note"], ["A1", "oui", "a", "b"]]
    assert len(read_accords(written(tmp_path, rows, "csv"))) == 1


def test_two_spellings_of_a_code_that_differ_are_refused(tmp_path):
    rows = [["nom", "code_insee", "insee_com", "lon", "longitude"], ["a", "53001", "", "1", "1.00"]]
    wanted = {"code_insee": ("code_insee", "insee_com"), "longitude": ("longitude", "lon")}

    def read(code):
        rows[1][2] = code
        path = written(tmp_path, rows, "csv")
        return pick_columns(read_text_table(path), path, required=wanted)

    assert read("53001")["code_insee"].item() == "53001"
    assert read("")["code_insee"].item() == "53001"
    with pytest.raises(DataError, match="« code_insee » et « insee_com »"):
        read("53002")


def test_a_list_may_number_its_rows_beside_the_identifier(tmp_path):
    rows = [["id", "id_fs", "matricule"], ["1", "53A", "9"]]
    path = written(tmp_path, rows, "csv")
    wanted = {"site_id": ("id_fs", "matricule", "id")}
    picked = pick_columns(read_text_table(path), path, required=wanted)
    assert picked["site_id"].item() == "53A"


def test_names_may_be_published_in_two_forms(tmp_path):
    rows = [["nom", "nom_m"], ["Évron", "EVRON (53)"]]
    path = written(tmp_path, rows, "csv")
    picked = pick_columns(read_text_table(path), path, required={"nom": ("nom", "nom_m")})
    assert picked["nom"].item() == "Évron"


ID_AND_NAME = {
    "frequentation": (
        loaders.load_attendance,
        [["site_id", "nom", "visites"], ["A1", "Maison de Craon", "120"]],
    ),
    "delais": (load_delays, [["site_id", "jours"], ["A1", "3"]]),
    "hotes": (
        loaders.load_hosts,
        [["site_id", "nom", "longitude", "latitude"], ["A1", "Salle", "-0.5", "48"]],
    ),
    "accords": (read_accords, [["site_id", "accord"], ["A1", "oui"]]),
}


@pytest.mark.parametrize(
    ("table", "column", "twin", "other"),
    [
        ("frequentation", "visites", "visites", "121"),
        ("frequentation", "visites", "demandes", "121"),
        ("frequentation", "visites", "nb_visites", "12"),
        ("frequentation", "nom", "nom", "Maison de Laval"),
        ("frequentation", "site_id", "site_id", "A2"),
        ("frequentation", "site_id", "id_fs", "A2"),
        ("delais", "site_id", "identifiant", "A2"),
        ("delais", "jours", "jours", "4"),
        ("hotes", "site_id", "identifiant", "A2"),
        ("hotes", "nom", "nom", "Mairie"),
        ("accords", "site_id", "identifiant_a", "A2"),
    ],
)
def test_identifiers_names_and_visits_told_twice(tmp_path, table, column, twin, other):
    read, (head, row) = ID_AND_NAME[table]
    here = head.index(column)

    def read_with(value):
        return read(written(tmp_path, [[*head, twin], [*row, value]], "csv"))

    read_with(row[here])
    read_with("")
    with pytest.raises(DataError, match="ne disent pas la même chose") as caught:
        read_with(other)
    assert other in caught.value.problem
    assert row[here] in caught.value.problem


@pytest.mark.parametrize("form", ["geojson", "parquet"])
def test_layers_of_communes(tmp_path, form):
    def layer(other):
        outline = gpd.GeoDataFrame(
            {"code_insee": ["53001"], "CODE_INSEE": [other], "nom": ["a"]},
            geometry=[box(-0.5, 48, -0.4, 48.1)],
            crs=4326,
        )
        path = tmp_path / f"communes.{form}"
        outline.to_parquet(path) if form == "parquet" else outline.to_file(path)
        return path

    assert loaders.load_communes([layer("53001")], departements=["53"]).table["nom"].item() == "a"
    with pytest.raises(DataError, match="deux colonnes code_insee"):
        loaders.load_communes([layer("53002")], departements=["53"])


def test_tables_of_times(tmp_path):
    path = tmp_path / "temps.parquet"
    stream = io.BytesIO()
    frame = pd.DataFrame(
        {"origine": ["a"], "destination": ["b"], "minutes": [1.0], "Minutes": [2.0]}
    )
    frame.to_parquet(stream)
    path.write_bytes(stream.getvalue())
    with pytest.raises(DataError, match="deux colonnes minutes"):
        read_trips(path)
