"""The same table written otherwise: read the same, or refused in words; never half read."""

from __future__ import annotations

import csv
import io

import pytest

from msap_geo import loaders
from msap_geo.errors import DataError, MsapGeoError

CODES = loaders.codes_among(
    {"01001": "L'Abergement", "01002": "Béon", "2A004": "Ajaccio", "97411": "Saint-Denis"}
)
CELL = "CRS3035RES200mN2029800E42524"
MOVES = [
    "MOD;DATE_EFF;TYPECOM_AV;COM_AV;LIBELLE_AV;TYPECOM_AP;COM_AP;LIBELLE_AP".split(";"),
    ["32", "2019-01-01", "COM", "01003", "Amareins; le Bas", "COM", "01001", "L'Abergement"],
    ["41", "2018-06-01", "COM", "20004", "Ajaccio", "COM", "2A004", "Ajaccio"],
    ["32", "2019-01-01", "COM", "97499", "Bé", "COM", "97411", "Saint-Denis, plus long"],
]
TABLES = {
    "mouvements": (MOVES, loaders.load_movements),
    "passage": (
        [
            ["CODGEO_INI", "CODGEO_2025", "CODGEO_2026"],
            ["01003", "01001", "01001"],
            ["97123", "97123", "97701"],
        ],
        loaders.load_movements,
    ),
    "frr": (
        [
            ["INSEE_COM", "Libellé", "Classement FRR"],
            ["01001", "L'Abergement", "FRR socle"],
            ["01002", "Béon, le Haut", "FRR+"],
            ["97411", "Saint-Denis", "FRR bénéficiaire"],
        ],
        lambda path: loaders.load_memberships(path, codes=CODES),
    ),
    "montagne": (
        [
            ["INSEE_COM", "Commune", "Classement en zone de montagne"],
            ["01001", "Béon", "totalité"],
            ["97411", "Saint-Denis", "partie"],
        ],
        lambda path: loaders.load_memberships(path, codes=CODES),
    ),
    "carreaux": (
        [
            "idcar_200m;lcog_geo;ind;men;men_pauv;ind_65_79;ind_80p;i_est_200".split(";"),
            [f"{CELL}00", "2A004", "12.5", "5", "1", "2", "1", "0"],
            [f"{CELL}02", "0100101002", "3.5", "2", "0.5", "1", "0.5", "1"],
            [f"{CELL}04", "01002", "120.25", "60", "6", "20", "10", "0"],
        ],
        loaders.load_carreaux,
    ),
    "indicateurs": (
        [
            ["CODGEO", "LIBGEO", "P22_POP", "P22_POP65P", "P22_MEN"],
            ["01001", "Béon", "776", "150.5", "300"],
            ["97411", "Saint-Denis", "150000", "12000", "61234"],
        ],
        loaders.load_indicators,
    ),
    "mairies": (
        [
            ["code", "nom", "longitude", "latitude"],
            ["01001", "Mairie de Béon", "5.42", "46.15"],
            ["97411", "Mairie", "55.45", "-20.88"],
        ],
        lambda path: loaders.load_mairies([path]),
    ),
}


def text(rows, separator=";", *, quoting=csv.QUOTE_MINIMAL, end="\n"):
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator, quoting=quoting, lineterminator=end).writerows(rows)
    return stream.getvalue()


def header(rows, change):
    return [[change(name) for name in rows[0]], *rows[1:]]


def cells(rows, change):
    return [rows[0], *([change(value) for value in row] for row in rows[1:])]


def is_code(value):
    return len(value) == 5 and value.isdigit()


SAME = {
    "virgules": lambda rows: text(rows, ",").encode(),
    "tabulations": lambda rows: text(rows, "\t").encode(),
    "marque": lambda rows: text(rows).encode("utf-8-sig"),
    "windows-1252": lambda rows: text(rows).encode("cp1252"),
    "utf-16": lambda rows: text(rows).encode("utf-16"),
    "utf-16 inverse": lambda rows: b"\xfe\xff" + text(rows).encode("utf-16-be"),
    "tout entre guillemets": lambda rows: text(rows, quoting=csv.QUOTE_ALL).encode(),
    "fins de Windows": lambda rows: text(rows, end="\r\n").encode(),
    "fins de vieux Mac": lambda rows: text(rows, end="\r").encode(),
    "sans dernière fin": lambda rows: text(rows).rstrip("\n").encode(),
    "en-tête en capitales": lambda rows: text(header(rows, str.upper)).encode(),
    "en-tête espacé": lambda rows: text(
        header(rows, lambda name: f" {name.replace('_', ' ')} ")
    ).encode(),
    "commentaire avant": lambda rows: ("Source : Insee, 2026\n" + text(rows)).encode(),
    "lignes vides": lambda rows: b"\n" + text(rows).encode() + b"\n\n",
    "colonnes inversées": lambda rows: text([row[::-1] for row in rows]).encode(),
    "valeurs entourées d'espaces": lambda rows: text(
        cells(rows, lambda value: f" {value} ")
    ).encode(),
    "espaces insécables": lambda rows: text(cells(rows, lambda value: f"{value}\u00a0")).encode(),
}


def load(tmp_path, name, content):
    path = tmp_path / f"{name}.csv"
    path.write_bytes(content)
    return TABLES[name][1](path).table.drop(columns="ligne", errors="ignore")


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("variant", SAME)
def test_written_otherwise_it_says_the_same(tmp_path, name, variant):
    rows = TABLES[name][0]
    expected = load(tmp_path, name, text(rows).encode())
    found = load(tmp_path, name, SAME[variant](rows))
    key = next(column for column in ("code_insee", "avant") if column in expected)
    order = [key] if key == "code_insee" else ["date", key]
    assert found.sort_values(order).to_csv(index=False) == expected.sort_values(order).to_csv(
        index=False
    )


@pytest.mark.parametrize("name", [name for name in TABLES if name != "carreaux"])
def test_codes_kept_as_text_for_a_spreadsheet_are_codes(tmp_path, name):
    rows = TABLES[name][0]
    kept = cells(rows, lambda value: f'="{value}"' if is_code(value) else value)
    assert load(tmp_path, name, text(kept).encode()).equals(
        load(tmp_path, name, text(rows).encode())
    )


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda value: value.removeprefix("0"), "perdu leur zéro"),
        (lambda value: f"{value}.0", "comme des nombres"),
        (lambda value: f"{value.removeprefix('0')},0", "comme des nombres"),
    ],
)
def test_codes_taken_for_numbers_are_refused(tmp_path, name, change, said):
    rows = TABLES[name][0]
    lost = cells(rows, lambda value: change(value) if is_code(value[:5]) else value)
    with pytest.raises(DataError, match=said):
        load(tmp_path, name, text(lost, "\t").encode())


@pytest.mark.parametrize("name", ["mouvements", "indicateurs"])
def test_a_table_without_a_single_code_is_refused(tmp_path, name):
    rows = TABLES[name][0]
    nothing = cells(rows, lambda value: "x" if is_code(value) or value == "2A004" else value)
    with pytest.raises(DataError, match="aucun code de commune lisible"):
        load(tmp_path, name, text(nothing).encode())


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_grid_cut_anywhere_is_refused(tmp_path, ending, encoding):
    rows = TABLES["carreaux"][0]
    whole = text(rows, end=ending)
    ends = [i for i in range(len(whole)) if whole[i : i + len(ending)] == ending]
    read = 0
    for cut in range(ends[1] + len(ending) + 1, len(whole)):
        # Between two rows, or within the last figure, nothing tells.
        if any(end - 1 <= cut <= end + len(ending) for end in ends):
            continue
        with pytest.raises(MsapGeoError):
            load(tmp_path, "carreaux", whole[:cut].encode(encoding))
        read += 1
    assert read > 50
