"""Toy studies as users' data really are, good and bad, for the tests of the files handed on."""

from __future__ import annotations

import json

from support.toy import NAMES, StudyFolder, maison_row, poste_row

HOSTILE = [
    "=1+1",
    'L\'Haÿ & "Cie" <b>',
    "-Saint-" + "Martin-le-Très-Long-Nom-" * 2 + "Fin!",
    "+33",
    "@somme",
    "Zêta ' \" > ]]>",
]
ESTIMATED = (
    'noeuds = "noeuds.csv"\nliens = "liens.csv"\nprofil = "voiture"',
    'profil = "estime"',
)
SPEEDS = ("[reseau.vitesses_kmh]\nprimary = 60\n", "")


def ordinary(folder):
    return StudyFolder(folder).write()


def without_candidates(folder):
    agency = poste_row(1, caracteristique_du_site="Agence postale communale")
    return StudyFolder(folder).write(la_poste=[agency])


def without_zones(folder):
    toy = StudyFolder(folder).write()
    toy.configure(("[20, 30]", "[60, 90]"))
    return toy


def of_one_commune(folder):
    toy = StudyFolder(folder).write(la_poste=[poste_row(0)])
    for name, key in (("communes.geojson", "features"), ("population.json", None)):
        path = folder / name
        content = json.loads(path.read_text(encoding="utf-8"))
        kept = {**content, key: content[key][:1]} if key else content[:1]
        path.write_text(json.dumps(kept), encoding="utf-8")
    return toy


def with_hostile_names(folder):
    toy = StudyFolder(folder).write(
        names=HOSTILE,
        maisons=[
            maison_row(i, lib_fs=name, lib_com=name, adresse=name)
            for i, name in ((0, HOSTILE[0]), (4, HOSTILE[1]))
        ],
        la_poste=[poste_row(i, libelle_du_site=HOSTILE[i], adresse=HOSTILE[i]) for i in (1, 2, 4)],
    )
    toy.configure(('nom = "Ville jouet"', "nom = '=Étude \"A & B\" <x>'"))
    return toy


def without_roads(folder):
    toy = StudyFolder(folder).write()
    toy.configure(ESTIMATED, SPEEDS)
    return toy


CASES = {
    "ordinaire": ordinary,
    "sans candidat": without_candidates,
    "sans zone blanche": without_zones,
    "une commune": of_one_commune,
    "noms hostiles": with_hostile_names,
    "sans routes": without_roads,
}
assert len(NAMES) == len(HOSTILE)
