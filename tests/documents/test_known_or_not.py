"""What is unknown is told as unknown, what is known is told, in the report."""

from __future__ import annotations

import pytest

from msap_geo import documents, study

HEADER = "CODGEO;P21_POP;P21_POP7589;P21_POP90P;P21_H65P;P21_F65P;P21_CHOM1564;P21_MEN;TP6021\n"
HOURS = "00004A|POSTE 4|Mo-Fr 09:00-12:00,13:30-17:00; Sa 09:00-12:00\n"


def _study(folder, poverty):
    rows = [
        f"5300{i};{100 * i};5;1;4;5;10;{40 * i};{rate}\n" for i, rate in enumerate(poverty, start=1)
    ]
    (folder.folder / "indicateurs.csv").write_text(HEADER + "".join(rows))
    (folder.folder / "horaires.txt").write_text(HOURS)
    folder.configure(
        (
            'la_poste = "la_poste.csv"',
            (
                'la_poste = "la_poste.csv"\nla_poste_horaires = "horaires.txt"\n'
                'indicateurs = "indicateurs.csv"'
            ),
        )
    )
    return study.run_study(study.read_study(folder.path))


def _facts(result):
    parts = documents.report_parts(result, number=1)
    document = documents.report_document(parts)
    fiches = [
        block
        for section in document.sections
        for block in section.blocks
        if type(block).__name__ == "Fiche"
    ]
    zones = next(s for s in document.sections if s.title.startswith("Les zones blanches"))
    told = " ".join(getattr(block, "text", "") for block in zones.blocks)
    return dict(fiches[0].facts), told.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("poverty", "fiche", "zone"),
    [
        # The office of E gains D, E and F: 400, 500 and 600 people.
        (["10"] * 6, "150 personnes sous le seuil de pauvreté", "150 personnes"),
        (
            ["10", "10", "10", "", "10", "10"],
            "au moins 110 personnes sous",
            "au moins 110 personnes",
        ),
        (
            ["10", "10", "10", "", "", ""],
            "personnes sous le seuil de pauvreté : nombre inconnu",
            "",
        ),
    ],
)
def test_unknown_poverty_is_not_nobody(toy_study, poverty, fiche, zone):
    facts, told = _facts(_study(toy_study, poverty))
    groups = facts["Publics gagnés"].replace("\u00a0", " ")
    assert fiche in groups
    assert " 0 personne" not in f" {groups} {told}"
    assert "ménages" not in groups
    assert zone in told


@pytest.mark.slow
def test_the_hours_of_an_office_are_told_where_they_are_known(toy_study):
    facts, _ = _facts(_study(toy_study, ["10"] * 6))
    assert facts["Horaires du bureau"].startswith("lundi à vendredi 9h-12h, 13h30-17h ; samedi")
    assert "inconnu" not in facts["Écart au label (24 h, cinq jours)"]
