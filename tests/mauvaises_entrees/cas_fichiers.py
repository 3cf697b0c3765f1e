"""Files that are not what they are named: of each kind, for each file of a study."""

from __future__ import annotations

import gzip
import io
import zipfile

from mauvaises_entrees.dommages import (
    a_folder,
    absent,
    bytes_of,
    given,
    json_of,
    text,
    without_column,
)

TABLES = {
    "maisons.csv": ("latitude", "longitude"),
    "la_poste.csv": ("identifiant_a",),
    "mairies.csv": ("code", "longitude", "latitude"),
    "noeuds.csv": ("node", "lon", "lat"),
    "liens.csv": ("from", "to", "length_m", "highway"),
}
OTHERS = ("population.json", "communes.geojson")


def _zip(name, content):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, content)
    return stream.getvalue()


FOREIGN = {
    "absent": (absent, ["introuvable"]),
    "vide": (lambda name: given(name, b""), ["est vide", "--forcer"]),
    "blanc": (lambda name: given(name, b" \r\n\t \n"), ["est vide"]),
    "dossier": (a_folder, ["ne peut pas être ouvert", "dossier"]),
    "page web": (lambda name: given(name, "<!DOCTYPE html><p>404"), ["page web"]),
    "page web majuscule": (lambda name: given(name, "\ufeff \n<HTML><body>"), ["page web"]),
}
TEXT_ONLY = {
    "pdf": (lambda name: given(name, b"%PDF-1.7\n"), ["document PDF"]),
    "gzip": (lambda name: given(name, gzip.compress(b"a,b\n1,2\n")), ["gzip"]),
    "zip coupé": (lambda name: given(name, b"PK\x03\x04\x00\x00"), []),
    "xls": (lambda name: given(name, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), ["XLS"]),
    "sqlite": (lambda name: given(name, b"SQLite format 3\x00"), ["SQLite"]),
    "parquet": (lambda name: given(name, b"PAR1xxxxPAR1"), ["Parquet"]),
    "7z": (lambda name: given(name, b"7z\xbc\xaf\x27\x1c\x00"), ["7z"]),
    "binaire": (lambda name: given(name, b"\x01\x00\x02\x00" * 40), ["binaire"]),
}
TABLES_ONLY = {
    "en-tête seul": (lambda name: text(name, lambda t: t.splitlines()[0] + "\n"), ["en-tête"]),
    "une colonne": (lambda name: given(name, "a\n1\n2\n"), ["séparateur"]),
    "guillemet ouvert": (
        lambda name: text(name, lambda t: t.rstrip().replace("\n", '\n"', 1) + "\n"),
        ["guillemet"],
    ),
    "champ de trop": (
        lambda name: text(name, lambda t: t.rstrip() + ",x,y\n"),
        ["champs"],
    ),
    "coupé": (
        lambda name: bytes_of(name, lambda b: b.rstrip().rsplit(b",", 2)[0]),
        ["avant la dernière colonne"],
    ),
}

REFUSED = {}
for _name in (*TABLES, *OTHERS):
    for _kind, (_damage, _said) in FOREIGN.items():
        REFUSED[f"{_name} : {_kind}"] = (_damage(_name), [_name, *_said])
for _name, _columns in TABLES.items():
    for _kind, (_damage, _said) in {**TEXT_ONLY, **TABLES_ONLY}.items():
        REFUSED[f"{_name} : {_kind}"] = (_damage(_name), [_name, *_said])
    for _column in _columns:
        REFUSED[f"{_name} : sans {_column}"] = (
            without_column(_name, _column),
            [_name, "colonne"],
        )

# What a spreadsheet or another system changes without changing what is said: same figures, no word.
HARMLESS = {}
for _name in TABLES:
    HARMLESS |= {
        f"{_name} : marque UTF-8": bytes_of(_name, lambda b: b"\xef\xbb\xbf" + b),
        f"{_name} : fins de ligne Windows": bytes_of(
            _name, lambda b: b.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        ),
        f"{_name} : UTF-16": bytes_of(_name, lambda b: b.decode().encode("utf-16")),
        f"{_name} : Windows-1252": bytes_of(_name, lambda b: b.decode().encode("cp1252")),
        f"{_name} : lignes vides": bytes_of(_name, lambda b: b.rstrip() + b"\n\n\n"),
        f"{_name} : points-virgules": bytes_of(_name, lambda b: b.replace(b",", b";")),
        f"{_name} : tabulations": bytes_of(_name, lambda b: b.replace(b",", b"\t")),
    }
for _name in OTHERS:
    HARMLESS[f"{_name} : marque UTF-8"] = bytes_of(_name, lambda b: b"\xef\xbb\xbf" + b)


def _heights(content):
    for feature in content["features"]:
        for ring in feature["geometry"]["coordinates"]:
            ring[:] = [[*point, float("nan")] for point in ring]


HARMLESS["communes.geojson : hauteurs NaN"] = json_of("communes.geojson", _heights)
