"""A toy country of three départements, and campaigns over it.

Each département is a row of four square communes of 10 km, a town hall in the middle of each; the
row of the Sarthe (72) is north of that of the Mayenne (53), that of the Maine-et-Loire (49) south.
One Maison a département, in its first commune, labelled in 2020, 2021, 2022; times are estimated.
"""

from __future__ import annotations

import hashlib
import json

import geopandas as gpd
import pyproj
import shapely
from support.toy import LA_POSTE_HEADER, MAISONS_HEADER, maison_row, poste_row, write_csv

X0, Y0, STEP = 400_000.0, 6_780_000.0, 10_000.0
ROWS = {"49": -1, "53": 0, "72": 1}
YEARS = {"49": 2022, "53": 2020, "72": 2021}
WIDE = 4
EPCI = {
    "200000001": ("53001", "53002", "72001"),
    "200000002": ("53003", "53004"),
    "200000003": ("72002", "72003", "72004"),
    "200000004": ("49001", "49002", "49003", "49004"),
}

PATTERN = """
[etude]
nom = "Jouet"
departements = ["53"]
seuils_minutes = [20, 30]

[donnees]
communes = "communes.geojson"
population = "population.json"
mairies = "mairies.csv"
maisons = "maisons.csv"
la_poste = "la_poste.csv"

[reseau]
profil = "estime"
"""


class Country:
    """The files of the toy country, its pattern and its campaign."""

    def __init__(self, folder):
        self.folder = folder
        self.pattern = folder / "modele.toml"
        self.path = folder / "campagne.toml"

    def write(self):
        codes = [f"{d}{i + 1:03d}" for d in ROWS for i in range(WIDE)]
        boxes = [_box(d, i) for d in ROWS for i in range(WIDE)]
        names = [f"Ville {code}" for code in codes]
        squares = gpd.GeoDataFrame({"code": codes, "nom": names}, geometry=boxes, crs=2154)
        text = squares.to_crs(4326).to_json()
        (self.folder / "communes.geojson").write_text(text, encoding="utf-8")
        records = [
            {"code": code, "nom": name, "type": "commune-actuelle", "population": 100 * (n + 1)}
            for n, (code, name) in enumerate(zip(codes, names, strict=True))
        ]
        (self.folder / "population.json").write_text(json.dumps(records), encoding="utf-8")
        at = dict(zip(codes, map(_degrees, boxes), strict=True))
        write_csv(
            self.folder / "mairies.csv",
            ["code", "longitude", "latitude"],
            [{"code": code, "longitude": x, "latitude": y} for code, (x, y) in at.items()],
        )
        self.list_maisons("maisons.csv", ROWS)
        offices = [
            poste_row(
                0,
                identifiant_a=f"{d}P{i}",
                libelle_du_site=f"POSTE {d} {i}",
                code_insee=f"{d}{i + 1:03d}",
                localite=f"VILLE {d}{i + 1:03d}",
                longitude=at[f"{d}{i + 1:03d}"][0],
                latitude=at[f"{d}{i + 1:03d}"][1],
            )
            for d in ROWS
            for i in (2, 3)
        ]
        write_csv(self.folder / "la_poste.csv", LA_POSTE_HEADER, offices)
        self.pattern.write_text(PATTERN, encoding="utf-8")
        return self.configure()

    def list_maisons(self, name, departements, *, place=0):
        rows = []
        for d in departements:
            x, y = _degrees(_box(d, place))
            rows.append(
                maison_row(
                    0,
                    id_fs=f"{d}1",
                    insee_dep=d,
                    lib_fs=f"Maison du {d}",
                    insee_com=f"{d}{place + 1:03d}",
                    lib_com=f"Ville {d}{place + 1:03d}",
                    longitude=x,
                    latitude=y,
                    labellisation_fs=f"Espace labellisé 01/01/{YEARS[d]}",
                )
            )
        write_csv(self.folder / name, MAISONS_HEADER, rows)

    def belong(self):
        """Give each commune its EPCI: one astride 53 and 72, the others within a département."""
        rows = [
            {"CODGEO": code, "LIBGEO": f"Ville {code}", "EPCI": epci, "LIBEPCI": f"CC {epci[-1]}"}
            for epci, codes in EPCI.items()
            for code in codes
        ]
        write_csv(self.folder / "appartenance.csv", ["CODGEO", "LIBGEO", "EPCI", "LIBEPCI"], rows)
        text = self.pattern.read_text(encoding="utf-8")
        told = 'la_poste = "la_poste.csv"\nappartenance = "appartenance.csv"'
        self.pattern.write_text(text.replace('la_poste = "la_poste.csv"', told), encoding="utf-8")
        return self

    def configure(self, territories='["49", "53", "72"]', more=""):
        text = f'[campagne]\nmodele = "modele.toml"\nterritoires = {territories}\n{more}'
        self.path.write_text(text, encoding="utf-8")
        return self

    def study_alone(self, departement, name, *changes):
        """Write the study that a campaign makes of a département, for ``lancer``."""
        text = PATTERN.replace('["53"]', f'["{departement}"]').replace('"Jouet"', f'"{name}"')
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        path = self.folder / f"etude-{departement}.toml"
        path.write_text(text, encoding="utf-8")
        return path


def contents(folder, *, without=()):
    """Return the hash of every file of a folder, by its path."""
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for name in [path.relative_to(folder).as_posix()]
        if not name.startswith(tuple(without))
    }


def _box(departement, i):
    y = Y0 + STEP * ROWS[departement]
    return shapely.box(X0 + STEP * i, y, X0 + STEP * (i + 1), y + STEP)


def _degrees(box):
    to_degrees = pyproj.Transformer.from_crs(2154, 4326, always_xy=True)
    x, y = to_degrees.transform(box.centroid.x, box.centroid.y)
    return round(x, 9), round(y, 9)
