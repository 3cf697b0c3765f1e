"""Names that try to be code."""

from __future__ import annotations

from support.toy import StudyFolder, maison_row, poste_row

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "${alert(1)}",
    "</script><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raise %}",
    "`+alert(1)+`\\",
    'L\'Haÿ-les-"Roses" & fils',
]


def hostile_study(folder):
    """Toy town with hostile names everywhere a name may come from."""
    toy = StudyFolder(folder).write(
        names=HOSTILE,
        maisons=[maison_row(0, lib_fs=HOSTILE[0], lib_com=HOSTILE[1], h_lundi=HOSTILE[2])],
        la_poste=[poste_row(4, libelle_du_site=HOSTILE[2], localite=HOSTILE[0])],
    )
    return toy.configure(
        ('nom = "Ville jouet"', f"nom = '''{HOSTILE[0]}{HOSTILE[1]}{{{{7*7}}}}'''")
    )
