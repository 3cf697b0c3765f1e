"""Départements, their codes and the projection their metres are measured in.

Sources: INSEE, *Code officiel géographique* 2026 (codes and names); IGN, *Systèmes de référence
de coordonnées usités en France* (legal projections, decree 2000-1276 and order of 5 March 2019).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msap_geo.errors import TerritoryError

if TYPE_CHECKING:
    from collections.abc import Iterable

WGS84 = 4326
LAMBERT_93 = 2154

INSEE_CODE_PATTERN = r"(?:0[1-9]|[1-8]\d|9[0-5]|2[AB])\d{3}|9[78]\d{3}"
"""Form of a ``code_insee``: five characters, Corsica in 2A and 2B, overseas in 97 and 98."""

SIREN = r"\d{9}"
"""Form of the code of an EPCI: its SIREN number."""

DEPARTEMENTS: dict[str, str] = {
    "01": "Ain",
    "02": "Aisne",
    "03": "Allier",
    "04": "Alpes-de-Haute-Provence",
    "05": "Hautes-Alpes",
    "06": "Alpes-Maritimes",
    "07": "Ardèche",
    "08": "Ardennes",
    "09": "Ariège",
    "10": "Aube",
    "11": "Aude",
    "12": "Aveyron",
    "13": "Bouches-du-Rhône",
    "14": "Calvados",
    "15": "Cantal",
    "16": "Charente",
    "17": "Charente-Maritime",
    "18": "Cher",
    "19": "Corrèze",
    "2A": "Corse-du-Sud",
    "2B": "Haute-Corse",
    "21": "Côte-d'Or",
    "22": "Côtes-d'Armor",
    "23": "Creuse",
    "24": "Dordogne",
    "25": "Doubs",
    "26": "Drôme",
    "27": "Eure",
    "28": "Eure-et-Loir",
    "29": "Finistère",
    "30": "Gard",
    "31": "Haute-Garonne",
    "32": "Gers",
    "33": "Gironde",
    "34": "Hérault",
    "35": "Ille-et-Vilaine",
    "36": "Indre",
    "37": "Indre-et-Loire",
    "38": "Isère",
    "39": "Jura",
    "40": "Landes",
    "41": "Loir-et-Cher",
    "42": "Loire",
    "43": "Haute-Loire",
    "44": "Loire-Atlantique",
    "45": "Loiret",
    "46": "Lot",
    "47": "Lot-et-Garonne",
    "48": "Lozère",
    "49": "Maine-et-Loire",
    "50": "Manche",
    "51": "Marne",
    "52": "Haute-Marne",
    "53": "Mayenne",
    "54": "Meurthe-et-Moselle",
    "55": "Meuse",
    "56": "Morbihan",
    "57": "Moselle",
    "58": "Nièvre",
    "59": "Nord",
    "60": "Oise",
    "61": "Orne",
    "62": "Pas-de-Calais",
    "63": "Puy-de-Dôme",
    "64": "Pyrénées-Atlantiques",
    "65": "Hautes-Pyrénées",
    "66": "Pyrénées-Orientales",
    "67": "Bas-Rhin",
    "68": "Haut-Rhin",
    "69": "Rhône",
    "70": "Haute-Saône",
    "71": "Saône-et-Loire",
    "72": "Sarthe",
    "73": "Savoie",
    "74": "Haute-Savoie",
    "75": "Paris",
    "76": "Seine-Maritime",
    "77": "Seine-et-Marne",
    "78": "Yvelines",
    "79": "Deux-Sèvres",
    "80": "Somme",
    "81": "Tarn",
    "82": "Tarn-et-Garonne",
    "83": "Var",
    "84": "Vaucluse",
    "85": "Vendée",
    "86": "Vienne",
    "87": "Haute-Vienne",
    "88": "Vosges",
    "89": "Yonne",
    "90": "Territoire de Belfort",
    "91": "Essonne",
    "92": "Hauts-de-Seine",
    "93": "Seine-Saint-Denis",
    "94": "Val-de-Marne",
    "95": "Val-d'Oise",
    "971": "Guadeloupe",
    "972": "Martinique",
    "973": "Guyane",
    "974": "La Réunion",
    "975": "Saint-Pierre-et-Miquelon",
    "976": "Mayotte",
    "977": "Saint-Barthélemy",
    "978": "Saint-Martin",
    "986": "Wallis-et-Futuna",
    "987": "Polynésie française",
    "988": "Nouvelle-Calédonie",
}
"""Name of every département and inhabited collectivité, by code."""

UNINHABITED = {
    "984": "Terres australes et antarctiques françaises",
    "989": "La Passion-Clipperton",
}
"""Territories of the COG where nobody lives for good: there is no access to study."""

ARRONDISSEMENTS_MUNICIPAUX: dict[str, str] = {
    **{f"751{number:02d}": "75056" for number in range(1, 21)},
    **{f"132{number:02d}": "13055" for number in range(1, 17)},
    **{f"6938{number}": "69123" for number in range(1, 10)},
}
"""Commune (Paris, Marseille, Lyon) of every arrondissement municipal, by code."""


_REGIONS = {
    "Île-de-France": "75 77 78 91 92 93 94 95",
    "Centre-Val de Loire": "18 28 36 37 41 45",
    "Bourgogne-Franche-Comté": "21 25 39 58 70 71 89 90",
    "Normandie": "14 27 50 61 76",
    "Hauts-de-France": "02 59 60 62 80",
    "Grand Est": "08 10 51 52 54 55 57 67 68 88",
    "Pays de la Loire": "44 49 53 72 85",
    "Bretagne": "22 29 35 56",
    "Nouvelle-Aquitaine": "16 17 19 23 24 33 40 47 64 79 86 87",
    "Occitanie": "09 11 12 30 31 32 34 46 48 65 66 81 82",
    "Auvergne-Rhône-Alpes": "01 03 07 15 26 38 42 43 63 69 73 74",
    "Provence-Alpes-Côte d'Azur": "04 05 06 13 83 84",
    "Corse": "2A 2B",
}

REGION_NAMES = {
    **DEPARTEMENTS,
    **{code: name for name, codes in _REGIONS.items() for code in codes.split()},
}
"""Name of the région (in force since 2016) of every département; overseas, the territory is its own
région."""


class Region(NamedTuple):
    """Where a territory lies: its projection and a generous bounding box in degrees."""

    epsg: int
    west: float
    south: float
    east: float
    north: float


_METROPOLE = Region(LAMBERT_93, -5.7, 41.2, 10.0, 51.3)
_OVERSEAS = {
    "971": Region(5490, -62.0, 15.7, -60.9, 16.7),
    "972": Region(5490, -61.4, 14.2, -60.6, 15.1),
    "973": Region(2972, -54.8, 1.9, -51.4, 6.0),
    "974": Region(2975, 55.0, -21.6, 56.0, -20.7),
    "975": Region(4467, -56.7, 46.6, -56.0, 47.3),
    "976": Region(4471, 44.9, -13.2, 45.4, -12.5),
    "977": Region(5490, -63.1, 17.7, -62.7, 18.1),
    "978": Region(5490, -63.3, 17.9, -62.9, 18.3),
    "986": Region(8903, -178.4, -14.5, -176.0, -13.1),
    # As wide as Europe, over four UTM zones: 6S serves Tahiti (+0.04 %), at the cost of lengths
    # up to 1.9 % too long in the Gambier.
    "987": Region(3297, -154.9, -28.2, -134.3, -7.7),
    "988": Region(3163, 156.0, -26.6, 174.4, -14.8),
}


def departement_of(code_insee: str) -> str:
    """Return the département (or collectivité) of a commune code.

    Parameters
    ----------
    code_insee
        Five-character code.

    Returns
    -------
    str
        Two characters in métropole (``"2A"``), three overseas (``"974"``).
    """
    return code_insee[:3] if code_insee.startswith(("97", "98")) else code_insee[:2]


def region_of(departement: str) -> Region:
    """Return projection and extent of a département; unknown codes count as métropole."""
    return _OVERSEAS.get(departement, _METROPOLE)


def check_departements(codes: Iterable[str]) -> tuple[str, ...]:
    """Return the codes sorted and without repetition, each one known.

    Raises
    ------
    TerritoryError
        If a code is unknown; every unknown one is named.
    """
    unique = tuple(sorted(set(codes)))
    unknown = [code for code in unique if code not in DEPARTEMENTS]
    empty = [f"{code} ({UNINHABITED[code]})" for code in unknown if code in UNINHABITED]
    if empty:
        raise TerritoryError(
            f"territoire sans habitant permanent : {', '.join(empty)}",
            remedy="le retirer : il n'y a pas d'accès à mesurer",
        )
    if unknown:
        raise TerritoryError(
            f"département inconnu : {', '.join(unknown)}",
            remedy="écrire le code sur deux caractères, entre guillemets "
            '("01", "2A", "53"), ou trois outre-mer ("974")',
        )
    if not unique:
        raise TerritoryError(
            "aucun département n'est donné", remedy='indiquer par exemple departements = ["53"]'
        )
    return unique


def projected_crs(departements: Iterable[str]) -> int:
    """Return the EPSG code of the projection that serves all the départements given.

    Raises
    ------
    TerritoryError
        If a département is unknown, or if no single projection serves them all.
    """
    codes = check_departements(departements)
    epsg = {region_of(code).epsg for code in codes}
    if len(epsg) > 1:
        raise TerritoryError(
            f"les départements {' et '.join(codes)} n'ont pas la même projection légale",
            remedy="faire une étude par territoire",
        )
    return epsg.pop()
