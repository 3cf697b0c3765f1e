"""The inputs of a study, one row each: what a file is, who publishes it, what it bears on.

Adding an input is a row here and its key in :mod:`msap_geo.study.sections`; the study file, the
manifest, the comparison, the credits and the audit read this table.
"""

from __future__ import annotations

from typing import NamedTuple


class Role(NamedTuple):
    """What an input is.

    Parameters
    ----------
    title
        In words.
    section
        Section of the study file whose key of the same name gives its paths.
    publisher
        Whom to credit where no file beside it tells; empty where the file itself does.
    bears_on
        What changes in a study when it does (:data:`msap_geo.comparison.inputs.KINDS`).
    invented
        Whether a demonstration invents it: nobody is to be credited then.
    past
        Whether it tells of another day than the rest, on purpose.
    key
        Key that gives its paths, where it has not the name of the role.
    """

    title: str
    section: str = "donnees"
    publisher: str = ""
    bears_on: str = "autres"
    invented: bool = False
    past: bool = False
    key: str = ""


ROLES = {
    "communes": Role("Contours des communes", publisher="IGN", bears_on="communes"),
    "population": Role("Population", publisher="INSEE", bears_on="population"),
    "cog": Role("Code officiel géographique", publisher="INSEE", bears_on="communes"),
    "mouvements": Role("Mouvements des communes", publisher="INSEE", bears_on="communes"),
    "indicateurs": Role("Indicateurs", publisher="INSEE", bears_on="publics"),
    "appartenance": Role("Appartenance des communes", publisher="INSEE"),
    "carreaux": Role("Population carroyée", publisher="INSEE"),
    "mairies": Role("Mairies", publisher="DILA", bears_on="communes"),
    "maisons": Role("Maisons", publisher="ANCT", bears_on="maisons", invented=True),
    "frequentation": Role("Fréquentation des Maisons", "maisons"),
    "la_poste": Role("Points La Poste", publisher="La Poste", bears_on="candidats", invented=True),
    "la_poste_horaires": Role("Horaires de La Poste", publisher="La Poste", bears_on="candidats"),
    "hotes": Role("Hôtes possibles", "candidats", bears_on="candidats", key="fichier"),
    "tournees": Role("Tournées"),
    "tournees_projet": Role("Tournées en projet", past=True),
    "acces_insee": Role("Accès aux équipements selon l'Insee", publisher="INSEE", past=True),
    "reseau": Role("Réseau routier", "reseau", bears_on="reseau"),
    "temps": Role("Table des temps de trajet", "temps", bears_on="reseau", key="source"),
    "modifications": Role("Zones des routes modifiées", "reseau", bears_on="reseau"),
    "maisons_avant": Role("Maisons, liste précédente", "diagnostic", "ANCT", past=True),
    "accords": Role("Accords des maires", "adaptation"),
    "projections": Role("Projections de population", "prospective", past=True, key="fichier"),
    "saison": Role("Présents par mois", "prospective", past=True, key="fichier_saison"),
    "ages": Role("Âges des habitants par commune", "prospective", "INSEE", past=True),
    "operateurs": Role("Guichets des opérateurs", "diagnostic", "DILA"),
    "rivieres": Role("Cours d'eau", "carte"),
    "mer": Role("Mer", "carte"),
    "voisins": Role("Départements voisins", "carte"),
    "relief": Role("Altitudes", "carte"),
    "bpe": Role("Équipements (BPE)", "panier", "INSEE"),
    "annuaire": Role("Guichets du panier", "panier", "DILA"),
    "delais": Role("Délais de rendez-vous", "panier"),
    "gtfs": Role("Horaires des autocars", "mobilite", "exploitants des autocars", past=True),
}
"""Every input of a study, in the order they are told."""


def title_of(role: str) -> str:
    """Return what an input is in words; its own name where it is unknown (an older folder)."""
    return ROLES[role].title if role in ROLES else role
