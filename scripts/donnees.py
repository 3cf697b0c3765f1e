"""Write the table of ``docs/donnees.md``: what every real file gives, read by its loader.

Run it where the real files are (``../shared/data``, or the folder given)::

    python scripts/donnees.py [FOLDER]

One list, :data:`ENTRIES`, says which loader reads which files; to add a family, add entries to it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from msap_geo import loaders
from msap_geo.anomalies import Action, tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "donnees.md"
REAL_FILES = ROOT.parent / "shared" / "data"
START = "<!-- tableau écrit par scripts/donnees.py : ne pas le modifier à la main -->"
END = "<!-- fin du tableau -->"


class Entry(NamedTuple):
    """One row of the table.

    Parameters
    ----------
    family
        What the file is about, in French.
    form
        How it is published, in French.
    reader
        Public name of the loader.
    load
        What calls it on the files.
    files
        Paths under the folder of real files; a ``*`` stands for several.
    """

    family: str
    form: str
    reader: str
    load: Callable[[list[Path]], loaders.Loaded[Any]]
    files: tuple[str, ...]


def _one(load: Callable[[Path], loaders.Loaded[Any]]) -> Callable[[list[Path]], Any]:
    return lambda paths: load(paths[0])


_maisons = _one(loaders.load_maisons)
_poste = _one(loaders.load_la_poste)
_poste_hours = _one(loaders.load_la_poste_hours)
_population = _one(loaders.load_population)
_indicators = _one(loaders.load_indicators)
_memberships = _one(loaders.load_memberships)


def _grid(paths: list[Path]) -> loaders.Loaded[Any]:
    """Load a grid of Corsica; it does not name the communes: their outlines come after it."""
    boundaries = loaders.load_communes(paths[1:]).table
    return loaders.load_carreaux(paths[0], boundaries=boundaries, departements=["2A", "2B"])


ENTRIES: tuple[Entry, ...] = (
    Entry(
        "Maisons",
        "CSV de janvier 2020, géocodé",
        "load_maisons",
        _maisons,
        ("france/france-services-20200108.csv",),
    ),
    Entry(
        "Maisons",
        "GeoJSON de juin 2020",
        "load_maisons",
        _maisons,
        ("france/france-services-20200603.geojson",),
    ),
    Entry(
        "Maisons",
        "CSV de décembre 2022",
        "load_maisons",
        _maisons,
        ("france/liste-fs-20221201.csv",),
    ),
    Entry(
        "Maisons", "CSV d'août 2024", "load_maisons", _maisons, ("france/liste-fs-20240801.csv",)
    ),
    Entry(
        "Maisons",
        "la même, réseau au 01/01/2021 (`au`)",
        "load_maisons",
        _one(lambda path: loaders.load_maisons(path, au="2021-01-01")),
        ("france/liste-fs-20240801.csv",),
    ),
    Entry(
        "La Poste",
        "CSV `laposte_poincont2` de 2016",
        "load_la_poste",
        _poste,
        ("france/laposte_poincont2-2016.csv",),
    ),
    Entry(
        "La Poste",
        "CSV `laposte_poincont` de 2025",
        "load_la_poste",
        _poste,
        ("france/laposte_poincont-2025.csv",),
    ),
    Entry(
        "Horaires de La Poste",
        "texte `identifiant\\|nom\\|opening_hours`",
        "load_la_poste_hours",
        _poste_hours,
        ("france/laposte-horaires-osm-2024.txt",),
    ),
    Entry(
        "Horaires de La Poste",
        "calendrier `laposte_ouvertur`, une ligne par point et par jour",
        "load_la_poste_hours",
        _poste_hours,
        ("formats/laposte_ouvertur/Avignon.csv",),
    ),
    Entry(
        "Horaires de La Poste",
        "le même, page JSON de l'API",
        "load_la_poste_hours",
        _poste_hours,
        ("formats/laposte_ouvertur_api_2026-10_sample.json",),
    ),
    Entry(
        "Opérateurs",
        "annuaire DILA de 2016, `.sjson`",
        "load_operateurs",
        loaders.load_operateurs,
        ("corse/annuaire-2A.sjson", "corse/annuaire-2B.sjson"),
    ),
    Entry(
        "Mairies",
        "annuaire DILA de 2016, `.sjson`",
        "load_mairies",
        loaders.load_mairies,
        ("corse/annuaire-2A.sjson", "corse/annuaire-2B.sjson"),
    ),
    Entry(
        "Mairies",
        "CSV `code,longitude,latitude`",
        "load_mairies",
        loaders.load_mairies,
        ("france/mairies-france-2026.csv",),
    ),
    Entry(
        "Communes",
        "GeoParquet",
        "load_communes",
        loaders.load_communes,
        ("france/communes-france-2026.parquet",),
    ),
    Entry(
        "Communes",
        "GeoJSON, un par département",
        "load_communes",
        loaders.load_communes,
        ("pays-de-la-loire/communes-*.geojson", "corse/communes-*.geojson"),
    ),
    Entry(
        "Communes",
        "Shapefile en UTF-8 sans `.cpg`",
        "load_communes",
        loaders.load_communes,
        ("formats/communes-shp-sans-cpg/communes.shp",),
    ),
    Entry(
        "Population",
        "`communes.json` du COG (Etalab)",
        "load_population",
        _population,
        ("france/decoupage-communes-2026.json",),
    ),
    Entry(
        "Population",
        "populations légales, CSV",
        "load_population",
        _population,
        ("france/insee-populations-legales-2017-communes.csv",),
    ),
    Entry(
        "Population",
        "populations légales, classeur `ensemble.xlsx`",
        "load_population",
        _population,
        ("france/insee-populations-legales-2018-ensemble.xlsx",),
    ),
    Entry(
        "Population",
        "IRIS, Parquet",
        "load_population",
        _population,
        ("france/insee-iris-population-2021.parquet",),
    ),
    Entry(
        "Population",
        "comparateur de territoires, zip",
        "load_population",
        _population,
        ("france/insee-comparateur-2022.zip",),
    ),
    Entry(
        "Indicateurs",
        "comparateur de territoires, zip",
        "load_indicators",
        _indicators,
        ("france/insee-comparateur-2022.zip",),
    ),
    Entry(
        "Indicateurs",
        "IRIS, Parquet",
        "load_indicators",
        _indicators,
        ("france/insee-iris-population-2021.parquet",),
    ),
    Entry(
        "Appartenance",
        "table d'appartenance, classeur",
        "load_memberships",
        _memberships,
        ("france/insee-table-appartenance-2022.xlsx",),
    ),
    Entry(
        "Appartenance",
        "`epci.json` (Etalab)",
        "load_memberships",
        _memberships,
        ("france/decoupage-epci-2026.json",),
    ),
    Entry(
        "Carreaux",
        "1 km, 2015, GeoPackage",
        "load_carreaux",
        _grid,
        ("corse/carr_corse_1km_2015_crs3035.gpkg", "corse/communes-*.geojson"),
    ),
    Entry(
        "Carreaux",
        "1 km, 2010, GeoPackage aux contours ouverts et décalés",
        "load_carreaux",
        _grid,
        ("formats/carreaux-anneaux-non-fermes.gpkg", "corse/communes-*.geojson"),
    ),
)


def table(folder: Path, entries: Iterable[Entry] = ENTRIES) -> str:
    """Return the table, in Markdown.

    Parameters
    ----------
    folder
        Where the real files are.
    entries
        Rows wanted.

    Returns
    -------
    str
        One row per entry, in the order given.
    """
    lines = [
        (
            "| famille | forme | fichier | lecteur "
            "| lues | gardées | réparées | écartées | signalées |"
        ),
        "|---|---|---|---|---:|---:|---:|---:|---:|",
    ]
    for entry in entries:
        paths = [path for name in entry.files for path in sorted(folder.glob(name))]
        loaded = entry.load(paths)
        counts = tally(loaded.anomalies)
        numbers = [loaded.rows_read, len(loaded.table), *(counts[action] for action in Action)]
        names = ", ".join(f"`{Path(name).name}`" for name in entry.files)
        shown = " | ".join(f"{number:,}".replace(",", "\u202f") for number in numbers)
        lines.append(f"| {entry.family} | {entry.form} | {names} | `{entry.reader}` | {shown} |")
    return "\n".join(lines)


def main() -> None:
    """Put the table into the page."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else REAL_FILES
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    written = f"{before}{START}\n\n{table(folder)}\n\n{END}{after}"
    PAGE.write_text(written, encoding="utf-8")
    print(f"{PAGE} : {len(ENTRIES)} lignes")


if __name__ == "__main__":
    main()
