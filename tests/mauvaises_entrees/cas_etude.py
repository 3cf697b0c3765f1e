"""Study files that ask what cannot be: every key, every way a value is none."""

from __future__ import annotations

from mauvaises_entrees.dommages import given, key, swapped

_IMPOSSIBLE = {
    "nan": "nan",
    "infini": "inf",
    "moins infini": "-inf",
    "négatif": "-1",
    "gigantique": "9" * 23,
    "texte": '"beaucoup"',
    "liste": "[1]",
}
_NUMBERS = {
    "reseau.penalites.carrefour_s": "[reseau.penalites]\ncarrefour_s = {}",
    "reseau.penalites.acceleration": "[reseau.penalites]\nacceleration_laterale_ms2 = {}",
    "traversee.minutes": '[[reseau.traversees]]\nde = "53001"\na = "53002"\nminutes = {}',
    "diagnostic.tirages": "[diagnostic]\ntirages = {}",
    "diagnostic.graine": "[diagnostic]\ngraine = {}",
    "diagnostic.population_minimale": "[diagnostic]\npopulation_minimale = {}",
    "score.poids": "[score.poids]\npopulation_gagnee = {}",
    "implantation.trajet_max": "[implantation]\ntrajet_max_minutes = {}",
    "implantation.seconde_couverture": "[implantation]\nseconde_couverture = {}",
    "implantation.capacite": '[implantation]\nobjectif = "capacite"\ncapacite = {}',
    "implantation.distance_min_km": "[implantation]\ndistance_min_km = {}",
    "implantation.secondes": "[implantation]\nsecondes = {}",
    "implantation.quota": "[implantation.quotas]\n53 = {{ max = {} }}",
    "couts.annee": "[couts]\nannee = {}",
    "couts.fonctionnement": "[couts.fonctionnement_eur]\nEtat = {}",
    "couts.investissement": "[couts.investissement_eur]\nEtat = {}",
    "couts.operateurs": "[couts]\noperateurs_non_signataires = {}",
    "couts.demi_journees": "[couts]\ndemi_journees_permanence = {}",
}

REFUSED = {
    f"{name} : {kind}": (key(toml.format(value)), ["le fichier d'étude est incorrect"])
    for name, toml in _NUMBERS.items()
    for kind, value in _IMPOSSIBLE.items()
}
for _kind, _value in _IMPOSSIBLE.items():
    REFUSED[f"vitesse : {_kind}"] = (swapped("primary = 60", f"primary = {_value}"), ["vitesse"])
    REFUSED[f"seuils : {_kind}"] = (swapped("[20, 30]", f"[{_value}]"), ["[etude] seuils_minutes"])
    REFUSED[f"sinuosite : {_kind}"] = (
        swapped(
            'noeuds = "noeuds.csv"\nliens = "liens.csv"\nprofil = "voiture"',
            f'profil = "estime"\nsinuosite = {_value}',
        ),
        ["[reseau] sinuosite"],
    )

REFUSED |= {
    "vide": (given("etude.toml", b""), ["clé absente"]),
    "binaire": (given("etude.toml", b"\x00\xff\xfe" * 9), ["TOML valide"]),
    "latin-1": (given("etude.toml", '[etude]\nnom = "Vitré é"'.encode("latin-1")), ["UTF-8"]),
    "crochets": (given("etude.toml", "x = " + "[" * 5000), ["imbriqué trop profondément"]),
    "tables": (given("etude.toml", "x = " + "{a=" * 5000), ["imbriqué trop profondément"]),
    "5000 chiffres": (given("etude.toml", "x = " + "9" * 5000), ["nombre démesuré"]),
    "demi-paire": (given("etude.toml", 'x = "\\ud800"'), ["TOML valide"]),
    "clé double": (given("etude.toml", "x = 1\nx = 2"), ["TOML valide"]),
    "heure impossible": (given("etude.toml", "x = 25:00:00"), ["TOML valide"]),
    "date impossible": (given("etude.toml", "x = 2024-02-31"), ["TOML valide"]),
    "sections inconnues": (key("[inconnue]\nx = 1"), ["clé inconnue"]),
    "dossier donné": (key("folder = 3"), []),
    "nom vide": (swapped('"Ville jouet"', '""'), ["[etude] nom"]),
    "nom nombre": (swapped('"Ville jouet"', "3"), ["[etude] nom", "texte"]),
    "fichier nombre": (swapped('"maisons.csv"', "3"), ["[donnees] maisons"]),
    "fichier vide": (swapped('"maisons.csv"', '""'), ["dossier"]),
    "fichier NUL": (swapped('"maisons.csv"', '"a\\u0000b"'), ["introuvable"]),
    "fichier sans fin": (swapped('"maisons.csv"', f'"{"n" * 300}"'), ["nom trop long"]),
    "date de 2021": (key("[maisons]\nau = 2021"), ["[maisons] au", "date"]),
    "date texte": (key('[maisons]\nau = "hier"'), ["[maisons] au", "date"]),
    "objectif": (key('[implantation]\nobjectif = "mieux"'), ["[implantation] objectif"]),
    "critère": (key("[score.poids]\nbeaute = 1"), ["critère inconnu : beaute"]),
    "poids nuls": (key("[score.poids]\npopulation_gagnee = 0"), ["poids"]),
    "profil": (swapped('"voiture"', '"fusée"'), ["profil de déplacement inconnu"]),
    "heure": (swapped('profil = "voiture"', 'profil = "voiture"\nheure = "midi"'), ["heure"]),
    "bout de traversée": (
        key('[[reseau.traversees]]\nde = [1, 2, 3]\na = "53001"\nminutes = 3'),
        ["bout de traversée"],
    ),
    "traversée d'ailleurs": (
        key('[[reseau.traversees]]\nde = "99999"\na = "53001"\nminutes = 3'),
        ["commune inconnue de l'étude"],
    ),
    "modèle de coûts": (key('[couts]\nmodele = "gratuit"'), ["gratuit"]),
}
