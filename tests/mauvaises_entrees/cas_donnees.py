"""Rows and values that cannot be: refused with their place, or mended and told."""

from __future__ import annotations

from mauvaises_entrees.dommages import (
    cells,
    given,
    json_of,
    replaced,
    rows,
    text,
    without_column,
)


def _each(records, **values):
    for record in records:
        record.update(values)


def _first(records, **values):
    records[0].update(values)


def _outline(index, geometry):
    return json_of("communes.geojson", lambda c: c["features"][index].update(geometry=geometry))


def _property(index, **values):
    return json_of("communes.geojson", lambda c: c["features"][index]["properties"].update(values))


def _people(change):
    return json_of("population.json", change)


_SQUARE = [[[0, 47], [1, 47], [1, 48], [0, 47]]]
_DIGITS = '[{"code": "53001", "nom": "Alpha", "type": "commune-actuelle", "population": %s}]'


def _beside(name, column, value):
    """Add a column to a CSV, whose name it may have already."""

    def widened(content):
        lines = content.splitlines()
        return "\n".join(f"{line},{value if n else column}" for n, line in enumerate(lines))

    return text(name, widened)


REFUSED = {
    "mairies : deux longitudes": (
        _beside("mairies.csv", "longitude", "3.5"),
        ["deux colonnes longitude", "mairies.csv, ligne 2"],
    ),
    "mairies : deux codes": (
        _beside("mairies.csv", "insee_com", "53001"),
        ["« code » et « insee_com »", "ligne 3"],
    ),
    "maisons : deux latitudes": (
        _beside("maisons.csv", "lat", "12"),
        ["« latitude » et « lat »"],
    ),
    "la_poste : deux codes": (
        _beside("la_poste.csv", "Code INSEE", "53006"),
        ["deux colonnes code_insee"],
    ),
    "liens : deux longueurs": (
        _beside("liens.csv", "longueur_m", "5"),
        ["« length_m » et « longueur_m »"],
    ),
    "population : coupée": (given("population.json", '[{"code": "53001"'), ["JSON"]),
    "population : crochets": (given("population.json", "[" * 100_000), ["sans fin"]),
    "population : 5000 chiffres": (given("population.json", _DIGITS % ("9" * 5000)), ["démesuré"]),
    "population : un nombre": (given("population.json", "3"), []),
    "population : listes": (given("population.json", "[[1], [2]]"), ["objet n° 1"]),
    "population : d'ailleurs": (
        replaced("population.json", '"code": "53', '"code": "72'),
        ["aucune des communes"],
    ),
    "population : toutes nulles": (_people(lambda c: _each(c, population=0)), ["population"]),
    "communes : coupées": (given("communes.geojson", '{"type": "FeatureCollection", "fea'), []),
    "communes : crochets": (given("communes.geojson", '{"features":' + "[" * 5000), []),
    "communes : aucune": (
        given("communes.geojson", '{"type": "FeatureCollection", "features": []}'),
        [],
    ),
    "communes : une liste": (given("communes.geojson", "[1, 2]"), ["GeoJSON"]),
    "communes : VRT": (
        given("communes.geojson", "<OGRVRTDataSource><OGRVRTLayer name='x'/></OGRVRTDataSource>"),
        ["GeoJSON"],
    ),
    "communes : renvoi": (
        given("communes.geojson", '{"type": "FeatureCollection", "x": "/vsicurl/http://a"}'),
        [],
    ),
    "communes : d'ailleurs": (
        replaced("communes.geojson", '"code": "53', '"code": "72'),
        ["aucune commune des départements 53"],
    ),
    "communes : sans code": (replaced("communes.geojson", '"code"', '"numero"'), ["colonne"]),
    "communes : sans contours": (
        json_of(
            "communes.geojson", lambda c: [f.update(geometry=None) for f in c["features"]] and None
        ),
        ["aucune commune n'a de contour"],
    ),
    "communes : hors de France": (
        json_of(
            "communes.geojson",
            lambda c: (
                [
                    f.update(geometry={"type": "Polygon", "coordinates": _SQUARE})
                    for f in c["features"]
                ]
                and None
            ),
        ),
        [],
    ),
    "nœuds : en double": (
        cells("noeuds.csv", row=1, node="0"),
        ["noeuds.csv", "nœud en double : 0"],
    ),
    "nœuds : texte": (cells("noeuds.csv", lat="nord"), ["noeuds.csv", "ligne 2"]),
    "nœuds : infinis": (cells("noeuds.csv", lon="inf"), ["noeuds.csv", "ligne 2"]),
    "nœuds : nan": (cells("noeuds.csv", lat="nan"), ["noeuds.csv", "ligne 2"]),
    "nœuds : hors du globe": (cells("noeuds.csv", lat="95"), ["noeuds.csv", "ligne 2"]),
    "nœuds : 400 chiffres": (cells("noeuds.csv", lat="9" * 400), ["noeuds.csv", "ligne 2"]),
    "nœuds : ailleurs": (
        rows("noeuds.csv", lambda t: [{**r, "lon": str(float(r["lon"]) + 2)} for r in t]),
        ["ne couvre pas l'étude"],
    ),
    "liens : nœud inconnu": (cells("liens.csv", to="99"), ["liens.csv", "nœud inconnu"]),
    "liens : longueur texte": (cells("liens.csv", length_m="loin"), ["liens.csv", "ligne 2"]),
    "liens : longueur vide": (cells("liens.csv", length_m=""), ["liens.csv", "ligne 2"]),
    "liens : longueur négative": (cells("liens.csv", length_m="-3"), ["liens.csv", "ligne 2"]),
    "liens : longueur infinie": (cells("liens.csv", length_m="inf"), ["liens.csv", "ligne 2"]),
    "liens : longueur nan": (cells("liens.csv", length_m="nan"), ["liens.csv", "ligne 2"]),
    "liens : longueur 1e400": (cells("liens.csv", length_m="1e400"), ["liens.csv", "ligne 2"]),
    "liens : aucun carrossable": (
        rows("liens.csv", lambda t: [{**r, "highway": "footway"} for r in t]),
        [],
    ),
    "candidats : genre inconnu": (
        replaced("etude.toml", '["Bureau de Poste"]', '["Bureau"]'),
        ["choisir parmi"],
    ),
}

# What is mended or left out, and the anomaly that tells it.
REPAIRED = {
    "Maison : coordonnées inversées": (
        rows(
            "maisons.csv",
            lambda t: [{**r, "latitude": r["longitude"], "longitude": r["latitude"]} for r in t],
        ),
        "coordonnees-inversees",
    ),
    "Maison : en mer": (cells("maisons.csv", latitude="47.0", longitude="-4.0"), None),
    "Maison : sans coordonnées": (cells("maisons.csv", latitude="", longitude=""), None),
    "Maison : zéro": (cells("maisons.csv", latitude="0", longitude="0"), None),
    "Maison : texte": (cells("maisons.csv", latitude="nord", longitude="ouest"), None),
    "Maison : infinie": (cells("maisons.csv", latitude="inf", longitude="-inf"), None),
    "Maison : nan": (cells("maisons.csv", latitude="nan", longitude="nan"), None),
    "Maison : 1e400": (cells("maisons.csv", latitude="1e400", longitude="1"), None),
    "Maison : une seule coordonnée": (cells("maisons.csv", longitude=""), None),
    "Maison : en double": (rows("maisons.csv", lambda t: [*t, dict(t[0])]), "doublon"),
    "Maison : code illisible": (cells("maisons.csv", insee_com="5300I"), "code-commune-invalide"),
    "Maison : horaires illisibles": (cells("maisons.csv", h_lundi="le matin"), None),
    "Maison : horaires à l'envers": (cells("maisons.csv", h_lundi="18:00 - 09:00"), None),
    "Maison : horaires impossibles": (cells("maisons.csv", h_lundi="25:00 - 99:00"), None),
    "bureau : coordonnées inversées": (
        rows(
            "la_poste.csv",
            lambda t: [{**r, "latitude": r["longitude"], "longitude": r["latitude"]} for r in t],
        ),
        "coordonnees-inversees",
    ),
    "bureau : sans coordonnées": (cells("la_poste.csv", latitude="", longitude=""), None),
    "bureau : texte": (cells("la_poste.csv", latitude="x", longitude="y"), None),
    "bureau : en double": (rows("la_poste.csv", lambda t: [*t, dict(t[0])]), "doublon"),
    "bureau : code illisible": (
        cells("la_poste.csv", code_insee="5305", code_postal=""),
        "code-commune-invalide",
    ),
    "bureau : infini": (cells("la_poste.csv", latitude="inf", longitude="inf"), None),
    "mairie : absente": (rows("mairies.csv", lambda t: t[1:]), None),
    "mairie : en mer": (cells("mairies.csv", latitude="47", longitude="-4"), None),
    "mairie : texte": (cells("mairies.csv", latitude="nord"), None),
    "mairie : infinie": (cells("mairies.csv", latitude="inf"), None),
    "mairie : inversée": (
        rows(
            "mairies.csv",
            lambda t: [
                {**t[0], "latitude": t[0]["longitude"], "longitude": t[0]["latitude"]},
                *t[1:],
            ],
        ),
        None,
    ),
    "population : nulle": (_people(lambda c: _first(c, population=None)), None),
    "population : absente": (_people(lambda c: c[0].pop("population") and None), None),
    "population : texte": (_people(lambda c: _first(c, population="beaucoup")), None),
    "contour : nul": (_outline(0, None), None),
    "contour : un point": (_outline(5, {"type": "Point", "coordinates": [0, 47]}), None),
    "contour : vide": (_outline(5, {"type": "Polygon", "coordinates": []}), None),
    "liens : classe inconnue": (
        cells("liens.csv", row=9, highway="voie_lactee"),
        "routes-inconnues",
    ),
    "population : négative": (_people(lambda c: _first(c, population=-5)), "population-inconnue"),
    "population : gigantique": (
        _people(lambda c: _first(c, population=4e6)),
        "population-impossible",
    ),
    "mairies : code de personne": (
        rows("mairies.csv", lambda t: [{**r, "code": "99999"} for r in t]),
        "mairie-absente",
    ),
    "la_poste : sans colonne de longitude": (
        without_column("la_poste.csv", "longitude"),
        "coordonnees-absentes",
    ),
    "la_poste : sans colonne de catégorie": (
        without_column("la_poste.csv", "caracteristique_du_site"),
        "categorie-deduite",
    ),
}

# Files of a choice: refused by ``lancer --choix``.
_CHOICE = (
    '{"format": "msap-geo-choix", "version": 1, "etude": "Ville jouet", "departements": ["53"], '
    '"ouvertures": [{"site_id": "00004A"}], "fermetures": []}'
)
CHOICES = {
    "vide": ("", ["est vide"]),
    "pas du JSON": ("{", ["JSON valide"]),
    "crochets": ("[" * 100_000, ["sans fin"]),
    "5000 chiffres": ('{"version": ' + "9" * 5000 + "}", ["démesuré"]),
    "demi-paire": (_CHOICE.replace("00004A", "\\udc00"), ["\ufffd"]),
    "une liste": ("[]", ["n'est pas un choix"]),
    "un autre format": ('{"format": "autre"}', ["n'est pas un choix"]),
    "une autre version": (_CHOICE.replace('"version": 1', '"version": 9'), ["autre version"]),
    "sans étude": (_CHOICE.replace('"etude"', '"x"'), ["n'est pas un choix complet"]),
    "site nombre": (_CHOICE.replace('"00004A"', "4"), ["n'est pas un choix complet"]),
    "ouvertures texte": (_CHOICE.replace('[{"site_id": "00004A"}]', '"x"'), ["choix complet"]),
    "rien": (_CHOICE.replace('{"site_id": "00004A"}', ""), ["le choix est vide"]),
    "d'une autre étude": (_CHOICE.replace('["53"]', '["72"]'), []),
    "site inconnu": (_CHOICE.replace("00004A", "99999Z"), ["99999Z"]),
    "CSV sans colonne": ("action;site_id\nouvrir;00004A\n", ["colonne absente"]),
    "CSV action": (
        "action;site_id;nom;commune;etude;departements\nraser;00004A;x;y;Ville jouet;53\n",
        ["action inconnue", "raser"],
    ),
    "CSV sans étude": (
        "action;site_id;nom;commune;etude;departements\nouvrir;00004A;x;y;;\n",
        ["de quelle étude"],
    ),
    "page web": ("<html>", ["page web"]),
}
