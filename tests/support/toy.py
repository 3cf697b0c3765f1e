"""Toy town, whose every answer can be worked out by hand, and the study over it.

Six square communes of 10 km in a row, A to F, populations 100 to 600, a town hall in the middle
of each, one straight road through them driven at 60 km/h: ten minutes from one to the next. One
Maison, at A's town hall. So: A 0 min, B 10, C 20, D 30, E 40, F 50.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import pandas as pd
import pyproj
import shapely

from msap_geo import network

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


X0, Y0, STEP = 400_000.0, 6_780_000.0, 10_000.0


CODES = [f"5300{i}" for i in range(1, 7)]


NAMES = ["Alpha", "Bêta", "Gamma", "Delta", "Epsilon", "Zêta"]


PEOPLE = [100, 200, 300, 400, 500, 600]


CENTRES = [(X0 + STEP * (i + 0.5), Y0 + STEP / 2) for i in range(6)]


MAISONS_HEADER = (
    "id_fs insee_dep lib_fs adresse complement_adresse insee_com code_postal lib_com latitude "
    "longitude mail telephone h_lundi h_mardi h_mercredi h_jeudi h_vendredi h_samedi prise_rdv "
    "commentaire type_fs format_fs groupe_fs labellisation_fs"
).split()


LA_POSTE_HEADER = (
    "identifiant_a libelle_du_site caracteristique_du_site site_acores_de_rattachement adresse "
    "complement_d_adresse lieu_dit code_postal localite code_insee pays latitude longitude "
    "numero_de_telephone"
).split()


class Town(NamedTuple):
    """The tables of toy town, projected."""

    communes: gpd.GeoDataFrame
    origins: gpd.GeoDataFrame
    maisons: gpd.GeoDataFrame
    offices: gpd.GeoDataFrame
    roads: network.RoadNetwork


def sites(rows, *, crs=2154):
    """Make a table of sites of ``(site_id, commune index or point)``."""
    points = [
        None
        if place is None
        else shapely.Point(*(CENTRES[place] if isinstance(place, int) else place))
        for _, place in rows
    ]
    return gpd.GeoDataFrame(
        {
            "site_id": [site_id for site_id, _ in rows],
            "nom": [f"Site {site_id}" for site_id, _ in rows],
            "genre": "Fixe",
            "code_insee": [CODES[p] if isinstance(p, int) else CODES[0] for _, p in rows],
            "departement": "53",
            "commune": [NAMES[p] if isinstance(p, int) else NAMES[0] for _, p in rows],
            "position": "source",
        },
        geometry=points,
        crs=crs,
    )


def straight_road(minutes=10.0):
    """Make the road of toy town."""
    nodes = pd.DataFrame(
        {"node": range(6), "x": [x for x, _ in CENTRES], "y": [y for _, y in CENTRES]}
    )
    ahead = pd.DataFrame({"from": range(5), "to": range(1, 6), "minutes": minutes})
    back = ahead.rename(columns={"from": "to", "to": "from"})
    return network.from_links(nodes, pd.concat([ahead, back]), crs=2154)


def toy_communes():
    return gpd.GeoDataFrame(
        {"code_insee": CODES, "nom": NAMES, "departement": "53", "population": PEOPLE},
        geometry=[shapely.box(X0 + STEP * i, Y0, X0 + STEP * (i + 1), Y0 + STEP) for i in range(6)],
        crs=2154,
    )


def write_csv(path, header, rows):
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, header, restval="")
        writer.writeheader()
        writer.writerows(rows)


def degrees(index):
    to_degrees = pyproj.Transformer.from_crs(2154, 4326, always_xy=True)
    longitude, latitude = to_degrees.transform(X0 + STEP * (index + 0.5), Y0 + STEP / 2)
    return round(longitude, 9), round(latitude, 9)


def maison_row(index, **changes):
    longitude, latitude = degrees(index)
    row = {
        "id_fs": str(index + 1),
        "insee_dep": "53",
        "lib_fs": f"Maison de {NAMES[index]}",
        "insee_com": CODES[index],
        "lib_com": NAMES[index],
        "latitude": latitude,
        "longitude": longitude,
        "h_lundi": "09:00 - 12:00",
        "type_fs": "Principal",
        "format_fs": "Fixe",
        "labellisation_fs": "Espace labellisé 01/01/2020",
    }
    return {**row, **changes}


def poste_row(index, **changes):
    longitude, latitude = degrees(index)
    row = {
        "identifiant_a": f"0000{index}A",
        "libelle_du_site": f"POSTE {index}",
        "caracteristique_du_site": "Bureau de Poste",
        "localite": NAMES[index],
        "code_insee": CODES[index],
        "pays": "FRANCE",
        "latitude": latitude,
        "longitude": longitude,
    }
    return {**row, **changes}


class StudyFolder:
    """The files of toy town as the administrations publish them, and the study over them."""

    def __init__(self, folder):
        self.folder = folder
        self.path = folder / "etude.toml"

    def write(self, *, names=NAMES, maisons=None, la_poste=None):
        squares = gpd.GeoDataFrame(
            {"code": CODES, "nom": names},
            geometry=[
                shapely.box(X0 + STEP * i, Y0, X0 + STEP * (i + 1), Y0 + STEP) for i in range(6)
            ],
            crs=2154,
        ).to_crs(4326)
        (self.folder / "communes.geojson").write_text(squares.to_json(), encoding="utf-8")
        records = [
            {"code": code, "nom": name, "type": "commune-actuelle", "population": people}
            for code, name, people in zip(CODES, names, PEOPLE, strict=True)
        ]
        (self.folder / "population.json").write_text(json.dumps(records), encoding="utf-8")
        places = [degrees(i) for i in range(6)]
        write_csv(
            self.folder / "mairies.csv",
            ["code", "longitude", "latitude"],
            [
                {"code": code, "longitude": x, "latitude": y}
                for code, (x, y) in zip(CODES, places, strict=True)
            ],
        )
        write_csv(self.folder / "maisons.csv", MAISONS_HEADER, maisons or [maison_row(0)])
        write_csv(
            self.folder / "la_poste.csv", LA_POSTE_HEADER, la_poste or [poste_row(1), poste_row(4)]
        )
        write_csv(
            self.folder / "noeuds.csv",
            ["node", "lon", "lat"],
            [{"node": i, "lon": x, "lat": y} for i, (x, y) in enumerate(places)],
        )
        links = [(i, j) for i in range(6) for j in (i - 1, i + 1) if 0 <= j < 6]
        write_csv(
            self.folder / "liens.csv",
            ["from", "to", "length_m", "highway"],
            [{"from": i, "to": j, "length_m": 10_000, "highway": "primary"} for i, j in links],
        )
        self.configure()
        return self

    def configure(self, *replacements):
        text = TOY_STUDY
        for old, new in replacements:
            assert old in text, old
            text = text.replace(old, new)
        self.path.write_text(text, encoding="utf-8")
        return self


TOY_STUDY = """
[etude]
nom = "Ville jouet"
departements = ["53"]
seuils_minutes = [20, 30]

[donnees]
communes = ["communes.geojson"]
population = "population.json"
mairies = "mairies.csv"
maisons = "maisons.csv"
la_poste = "la_poste.csv"

[reseau]
noeuds = "noeuds.csv"
liens = "liens.csv"
profil = "voiture"

[reseau.vitesses_kmh]
primary = 60

[candidats]
types = ["Bureau de Poste"]
"""


CASES = SHARED.parent / "cases"


CORSICA_STUDY = """
[etude]
nom = "Corse"
departements = ["2A", "2B"]
seuils_minutes = [20, 30]

[donnees]
communes = [
    "{shared}/corse/communes-2A-corse-du-sud.geojson",
    "{shared}/corse/communes-2B-haute-corse.geojson",
]
population = "{shared}/france/decoupage-communes-2026.json"
mairies = "{shared}/france/mairies-france-2026.csv"
maisons = "{shared}/france/liste-fs-20240801.csv"
la_poste = "{shared}/france/laposte_poincont-2025.csv"

[reseau]
source = "{shared}/corse/corse.osm.pbf"
profil = "voiture"

[millesimes]
reseau = "début 2022"

[candidats]
types = ["Bureau de Poste"]
"""


def half_of_corsica(code):
    """Return the study of Corsica narrowed to one of its départements."""
    other = "2B" if code == "2A" else "2A"
    lines = CORSICA_STUDY.replace('["2A", "2B"]', f'["{code}"]').splitlines(keepends=True)
    return "".join(line for line in lines if f"communes-{other}" not in line)


def with_rounds(path):
    """Give toy town a bus that stops at E and, every other week, at F, and one in project."""
    project = path.with_name("projet.csv")
    project.write_text(
        "vehicule,jour,semaine,code_insee,lieu,arrivee,depart\n"
        f"Bus neuf,mardi,,{CODES[5]},Halle,11:30,12:30\n",
        encoding="utf-8",
    )
    row = (
        '[[tournees]]\nvehicule = "Bus"\njour = "{}"\nsemaine = "{}"\ncode_insee = "{}"\n'
        'arrivee = "{}"\ndepart = "{}"\n'
    )
    text = path.read_text(encoding="utf-8")
    text = text.replace("[donnees]", '[donnees]\ntournees_projet = "projet.csv"', 1)
    text += "\n" + row.format("mardi", "", CODES[4], "09:00", "12:00")
    text += row.format("jeudi", "2", CODES[5], "09:00", "11:00")
    path.write_text(text, encoding="utf-8")
    return path
