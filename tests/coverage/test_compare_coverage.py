"""Two accesses side by side, by hand and as laws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from support.toy import CENTRES, CODES, NAMES, PEOPLE, sites, toy_communes

from msap_geo import coverage
from msap_geo.errors import DataError

THRESHOLDS = (20, 30)


def access(minutes, *, people=PEOPLE, codes=CODES, **groups):
    minutes = pd.Series(minutes, dtype=float)
    reached = minutes.notna()
    return pd.DataFrame(
        {
            "code_insee": codes,
            "nom": [NAMES[CODES.index(code)] for code in codes],
            "population": np.array(people, dtype="int64"),
            "site_id": pd.Series(reached.map({True: "M", False: None}), dtype=object),
            "site_nom": pd.Series(reached.map({True: "Maison", False: None}), dtype=object),
            "minutes": minutes,
            "km": minutes,
            "palier": coverage.classify(minutes, thresholds=THRESHOLDS),
            "raison": np.where(reached, "", "sans route"),
            **groups,
        }
    )


def whole(compared):
    return pd.Series("ensemble", index=compared.index)


def test_by_hand():
    before = access([0, 20.2, 20, 30, 40, np.nan])
    after = access([25, 19.9, 20.4, 29.8, 15, 30])
    table = coverage.compare_access(before, after, thresholds=THRESHOLDS)
    assert table["statut_20"].tolist() == [
        "perd",
        "gagne",
        "perd",
        "toujours au-delà",
        "gagne",
        "toujours au-delà",
    ]
    assert table["a_la_marge_20"].tolist() == [False, True, True, False, False, False]
    assert table["sens"].tolist() == [
        "plus loin",
        "inchangé",
        "inchangé",
        "inchangé",
        "plus près",
        "plus près",
    ]
    assert table["palier_apres"].iloc[5] == "de 20 à 30 min"
    assert table["ecart_minutes"].isna().tolist() == [False] * 5 + [True]
    row = coverage.balance(table, whole(table), thresholds=[20]).iloc[0]
    assert (row["gagnent"], row["perdent"]) == (700, 400)
    assert (row["gagnent_a_la_marge"], row["perdent_a_la_marge"]) == (200, 300)
    assert (row["couverts_avant"], row["couverts_apres"]) == (400, 700)
    assert (row["rapproches"], row["eloignes"]) == (1100, 100)
    # 100×0 + 200×20.2 + 300×20 + 400×30 + 500×40 over the 1500 who have a route.
    assert row["minutes_moyennes_avant"] == round(42_040 / 1500, 3)


def test_half_a_minute_is_the_first_difference_told():
    before, after = access([10] * 6), access([10.499, 10.5, 9.5, 9.501, 10, np.nan])
    table = coverage.compare_access(before, after, thresholds=THRESHOLDS)
    assert table["sens"].tolist() == [
        "inchangé",
        "plus loin",
        "plus près",
        "inchangé",
        "inchangé",
        "plus loin",
    ]


def test_under_half_a_minute_a_change_of_status_is_at_the_margin():
    before, after = access([19.75, 19.751, 40, 40, 40, 40]), access([20.25] * 2 + [40] * 4)
    table = coverage.compare_access(before, after, thresholds=[20])
    assert table["statut_20"].tolist()[:2] == ["perd", "perd"]
    assert table["a_la_marge_20"].tolist()[:2] == [False, True]


def test_communes_of_one_side_keep_their_people():
    # Zêta (600) is merged into Epsilon: 500 before, 1100 after.
    before = access([0, 10, 20, 30, 40, 15])
    after = access([0, 10, 20, 30, 18], codes=CODES[:5], people=[*PEOPLE[:4], 1100])
    table = coverage.compare_access(before, after, thresholds=THRESHOLDS)
    last = table.iloc[5]
    assert (last["presence"], last["population_avant"], last["population_apres"]) == (
        "avant seulement",
        600,
        0,
    )
    assert (last["palier_apres"], last["statut_20"], last["sens"]) == ("absente", "", "")
    row = coverage.balance(table, whole(table), thresholds=[20]).iloc[0]
    assert row["effectif_avant"] == row["effectif_apres"] == 2100
    assert (row["gagnent"], row["partent"], row["couverts_apres"]) == (1100, 600, 1700)
    changed = coverage.transitions(table, thresholds=THRESHOLDS)
    assert changed["population_avant"].sum() == changed["population_apres"].sum() == 2100
    assert changed["palier_apres"].tolist()[-1] != "absente"
    communes = toy_communes()
    merged = communes.iloc[:5].copy()
    merged.loc[4, "geometry"] = shapely.union_all(communes.geometry[4:].to_numpy())
    (leftover,) = coverage.counterparts(table, communes, merged).to_dict("records")
    assert (leftover["code_insee"], leftover["population"]) == (CODES[5], 600)
    assert (leftover["code_voisin"], leftover["part_surface"]) == (CODES[4], 1)
    assert leftover["nom_voisin"] == NAMES[4]
    # To touch is not to hold the ground: of the commune left aside nobody has it.
    (alone,) = coverage.counterparts(table, communes, communes.iloc[:5]).to_dict("records")
    assert (alone["code_voisin"], alone["nom_voisin"]) == (None, None)
    assert np.isnan(alone["part_surface"])


def test_a_group_of_one_side_is_counted_on_both():
    before = access([40] * 6)
    after = access([10] * 3 + [40] * 3, menages=[1.0, np.nan, 3, 4, 5, 6])
    table = coverage.compare_access(before, after, thresholds=THRESHOLDS)
    assert coverage.compared_groups(table) == ["menages"]
    row = coverage.balance(table, whole(table), thresholds=[20], group="menages").iloc[0]
    assert (row["gagnent"], row["effectif_avant"], row["communes_sans_donnee"]) == (4, 19, 1)


def test_a_commune_that_is_not_has_nobody_of_a_group():
    old = [1.0, 2, 3, 4, 5, 6]
    before = access([40] * 6, habitants_75_plus=old)
    after = access([40] * 5, codes=CODES[:5], people=PEOPLE[:5], habitants_75_plus=old[:5])
    table = coverage.compare_access(before, after, thresholds=THRESHOLDS)
    assert table["habitants_75_plus_avant"].tolist() == old
    assert table["habitants_75_plus_apres"].tolist() == [1, 2, 3, 4, 5, 0]


def test_other_communes_are_refused():
    before = access([0], codes=CODES[:1], people=[100])
    after = access([0], codes=CODES[1:2], people=[200])
    with pytest.raises(DataError, match="aucune commune en commun"):
        coverage.compare_access(before, after, thresholds=THRESHOLDS)


one_minute = st.one_of(
    st.none(), st.sampled_from([0.0, 19.9, 20.0, 20.001, 29.7, 30.0, 30.2, 45.0, 90.0])
)


@st.composite
def accesses(draw):
    """Draw an access of some communes, the first always there."""
    codes = [CODES[0], *draw(st.lists(st.sampled_from(CODES[1:]), unique=True))]
    n = len(codes)
    minutes = draw(st.lists(one_minute, min_size=n, max_size=n))
    people = draw(st.lists(st.integers(0, 5000), min_size=n, max_size=n))
    return access(minutes, codes=codes, people=people)


@pytest.mark.slow
@given(accesses(), accesses())
@settings(max_examples=40)
def test_gained_less_lost_is_the_difference_to_the_person(before, after):
    table = coverage.compare_access(before, after, thresholds=THRESHOLDS)
    assert table["population_avant"].sum() == before["population"].sum()
    assert table["population_apres"].sum() == after["population"].sum()
    for row in coverage.balance(table, table["code_insee"], thresholds=THRESHOLDS).to_dict(
        "records"
    ):
        assert row["couverts_apres"] - row["couverts_avant"] == (
            row["gagnent"]
            - row["perdent"]
            + row["variation_a_portee"]
            + row["arrivent"]
            - row["partent"]
        )
    total = coverage.balance(table, whole(table), thresholds=THRESHOLDS)
    for side, told in (("avant", before), ("apres", after)):
        expected = [share.within for share in coverage.shares(told, thresholds=THRESHOLDS)]
        assert total[f"couverts_{side}"].tolist() == expected
    changed = coverage.transitions(table, thresholds=THRESHOLDS)
    assert changed["population_avant"].sum() == before["population"].sum()
    assert changed["population_apres"].sum() == after["population"].sum()
    assert changed["communes"].sum() == len(table)


MIRRORED = {"avant": "apres", "apres": "avant", "gagnent": "perdent", "perdent": "gagnent"} | {
    "arrivent": "partent",
    "partent": "arrivent",
    "rapproches": "eloignes",
    "eloignes": "rapproches",
}


def mirrored(name):
    for word, other in MIRRORED.items():
        if name == word or name.endswith(f"_{word}") or name.startswith(f"{word}_"):
            return name.replace(word, other)
    return name


@pytest.mark.slow
@given(accesses(), accesses())
@settings(max_examples=30)
def test_the_other_way_round_is_the_mirror(before, after):
    ahead = coverage.compare_access(before, after, thresholds=THRESHOLDS)
    back = coverage.compare_access(after, before, thresholds=THRESHOLDS)
    one = coverage.balance(ahead, whole(ahead), thresholds=THRESHOLDS)
    other = coverage.balance(back, whole(back), thresholds=THRESHOLDS)
    other = other.rename(columns=mirrored).assign(
        variation_a_portee=-other["variation_a_portee"] + 0.0
    )
    pd.testing.assert_frame_equal(one, other[one.columns])
    np.testing.assert_array_equal(ahead["ecart_minutes"], -back["ecart_minutes"])


@pytest.mark.slow
@given(accesses())
@settings(max_examples=20)
def test_a_study_and_itself_do_not_differ(told):
    table = coverage.compare_access(told, told, thresholds=THRESHOLDS)
    assert set(table["sens"]) == {"inchangé"}
    assert set(table["presence"]) == {"les deux"}
    row = coverage.balance(table, whole(table), thresholds=THRESHOLDS)
    moved = ["gagnent", "perdent", "arrivent", "partent", "variation_a_portee", "rapproches"]
    assert (row[moved] == 0).all(axis=None)
    changed = coverage.transitions(table, thresholds=THRESHOLDS)
    assert (changed["palier_avant"] == changed["palier_apres"]).all()


def named(rows):
    """Make sites of ``(site_id, nom, point)``, all in one commune unless told."""
    table = sites([(site_id, point) for site_id, _, point in rows])
    text = ["site_id", "genre", "code_insee", "departement", "commune", "position"]
    return table.assign(nom=[name for _, name, _ in rows]).astype(
        dict.fromkeys([*text, "nom"], object)
    )


def near(index, metres):
    x, y = CENTRES[index]
    return (x + metres, y)


def test_sites_are_matched_by_identifier_then_name_then_distance():
    before = named(
        [
            ("1", "Maison du Lac", 0),
            ("2", "Espace France Services de l'Écluse", 1),
            ("3", "MSAP de Gamma", 2),
            ("4", "Maison qui ferme", 3),
            ("5", "Maison du Bourg", 4),
        ]
    )
    after = named(
        [
            ("1", "France services du lac", near(0, 100)),
            ("20", "France services - Ecluse", near(1, 800)),
            ("30", "France services La Poste", near(2, 200)),
            ("50", "Bourg neuf", near(4, 3000)),
            ("6", "Maison neuve", 5),
        ]
    )
    told = coverage.site_changes(before, after)
    assert told["evolution"].tolist() == [
        "ouverte",
        "ouverte",
        "fermée",
        "fermée",
        "déplacée",
        "maintenue",
        "maintenue",
    ]
    assert told["site_id_avant"].dropna().tolist() == ["5", "4", "2", "3", "1"]
    table = told.dropna(subset="site_id_apres").set_index("site_id_apres")
    assert table["evolution"]["20"] == "déplacée"
    assert table.loc["1", "rapprochement"] == "identifiant"
    assert (table.loc["20", "rapprochement"], table.loc["20", "distance_m"]) == ("nom", 800)
    assert table.loc["30", "rapprochement"] == "distance"


def test_an_identifier_given_to_another_site_is_not_trusted():
    before, after = named([("1", "Maison du Lac", 0)]), named([("1", "Maison du Bourg", 5)])
    assert coverage.site_changes(before, after)["evolution"].tolist() == ["ouverte", "fermée"]


def test_what_is_of_one_date_only_opened_or_closed():
    before, after = named([("1", "Maison du Lac", 0)]), named([("2", "Maison du Bourg", 5)])
    told = coverage.site_changes(before, after).set_index("nom")["evolution"]
    assert told.to_dict() == {"Maison du Lac": "fermée", "Maison du Bourg": "ouverte"}


@pytest.mark.parametrize(
    ("metres", "commune", "matched"),
    [(5000, 1, True), (5001, 1, False), (9000, 0, True), (0, 1, True)],
)
def test_a_name_is_one_site_s_in_its_commune_or_within_five_kilometres(metres, commune, matched):
    before = named([("1", "Maison du Lac", 0)])
    after = named([("2", "Maison du Lac", near(0, metres))]).assign(code_insee=CODES[commune])
    told = coverage.site_changes(before, after)
    assert told["rapprochement"].tolist() == (["nom"] if matched else ["", ""])


@pytest.mark.parametrize(("metres", "matched"), [(5000, True), (5001, False)])
def test_an_identifier_is_trusted_under_another_name_within_five_kilometres(metres, matched):
    before = named([("1", "Maison du Lac", 0)])
    after = named([("1", "Maison du Bourg", near(0, metres))])
    told = coverage.site_changes(before, after)["rapprochement"].tolist()
    assert told == (["identifiant"] if matched else ["", ""])


def test_a_town_hall_standing_in_for_a_site_does_not_move_it():
    before = named([("1", "Maison du Lac", 0)]).assign(position="commune")
    after = named([("1", "Maison du Lac", near(0, 900))])
    assert coverage.site_changes(before, after)["evolution"].tolist() == ["maintenue"]


spots = st.lists(
    st.tuples(
        st.sampled_from("ABCDEF"), st.sampled_from(["Lac", "Bourg", "Gare"]), st.integers(0, 4)
    ),
    max_size=5,
    unique_by=lambda row: row[0],
)


@pytest.mark.slow
@given(spots, spots)
@settings(max_examples=30)
def test_sites_mirror_and_none_is_lost(first, then):
    before, after = (
        named([(i, name, near(0, 300.0 * x)) for i, name, x in rows]) for rows in (first, then)
    )
    ahead, back = coverage.site_changes(before, after), coverage.site_changes(after, before)
    assert sorted(ahead["site_id_avant"].dropna()) == sorted(before["site_id"])
    assert sorted(ahead["site_id_apres"].dropna()) == sorted(after["site_id"])
    counts = ahead["evolution"].value_counts()
    other = back["evolution"].value_counts()
    assert counts.get("ouverte", 0) == other.get("fermée", 0)
    assert counts.get("fermée", 0) == other.get("ouverte", 0)
    same = coverage.site_changes(before, before)
    assert set(same["evolution"]) <= {"maintenue"}


def test_classes_of_change_by_hand():
    before = access([10, 30, 20, 30, 20, 20])
    after = access([14.9, 25, 20, 10, 35, None])
    told = coverage.compare_access(before, after, thresholds=THRESHOLDS)["palier_ecart"].tolist()
    assert told == [
        "plus loin de moins de 5 min",
        "plus près de 5 à 15 min",
        "inchangé",
        "plus près de 15 min ou plus",
        "plus loin de 15 min ou plus",
        "plus loin de 15 min ou plus",
    ]
