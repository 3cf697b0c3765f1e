"""Names of places, as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msap_geo import place_names

COMMUNES = [
    "Ajaccio",
    "Porto-Vecchio",
    "Zonza",
    "Bastia",
    "Évisa",
    "Saint-Florent",
    "Le Mans",
    "L'Île-Rousse",
    "Eu",
]
KNOWN = place_names.known_names(COMMUNES)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("STE LUCIE DE PORTO VECCHIO BP", "Sainte-Lucie-de-Porto-Vecchio"),
        ("ST FLORENT BP", "Saint-Florent"),
        ("EVISA AP", "Évisa"),
        ("BASTIA LIBECCIU", "Bastia Libecciu"),
        ("LE MANS GARE BP", "Le Mans Gare"),
        ("NUEIL SUR LAYON RP", "Nueil-sur-Layon"),
        ("LES VERCHERS SUR LAYON", "Les Verchers-sur-Layon"),
        ("POISSY L OCTROI", "Poissy l’Octroi"),
        ("L ILE ROUSSE BP", "L'Île-Rousse"),
        ("LE BOIS D EU", "Le Bois d’Eu"),
        ("PLACE JEAN XXIII", "Place Jean XXIII"),
        ("EVISA BP (FICTIF)", "Évisa (fictif)"),
        ("BP", "Bp"),
        ("Bureau du Port", "Bureau du Port"),
        ("</script>", "</script>"),
        ("123", "123"),
        ("", ""),
    ],
)
def test_labels_in_capitals_are_written_as_people_do(label, expected):
    assert place_names.written(label, KNOWN) == expected


@pytest.mark.parametrize("name", COMMUNES)
def test_a_commune_in_capitals_comes_back(name):
    assert place_names.written(name.upper(), KNOWN) == name


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=40))
def test_any_label_is_written_and_writing_it_again_changes_nothing(label):
    once = place_names.written(label, KNOWN)
    if once != once.upper():
        assert place_names.written(once, KNOWN) == once


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Linguizzetta", "autour de Linguizzetta"),
        ("Ajaccio", "autour d’Ajaccio"),
        ("Évisa", "autour d’Évisa"),
        ("Le Mans", "autour du Mans"),
        ("Les Sables-d'Olonne", "autour des Sables-d'Olonne"),
        ("La Roche-sur-Yon", "autour de La Roche-sur-Yon"),
        ("L'Île-Rousse", "autour de L'Île-Rousse"),
        ("Lestrade", "autour de Lestrade"),
    ],
)
def test_a_zone_is_named_after_its_commune(name, expected):
    assert place_names.around(name) == expected
