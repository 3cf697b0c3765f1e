"""What must not change, or must change in one way only, when the question is put otherwise."""

from __future__ import annotations

import csv
import io

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from support.toy import CENTRES, CODES, StudyFolder, maison_row, poste_row, sites

from msap_geo import coverage, network, travel
from msap_geo.study import read_study, run_study

N = 8
FEW = settings(max_examples=12, deadline=None, derandomize=True)


@st.composite
def roads(draw):
    """Draw places on a line of their own, and one-way links of whole minutes among them."""
    pairs = draw(
        st.lists(
            st.tuples(st.integers(0, N - 1), st.integers(0, N - 1), st.integers(1, 30)),
            min_size=N,
            max_size=30,
            unique_by=lambda link: link[:2],
        )
    )
    links = [link for link in pairs if link[0] != link[1]] or [(0, 1, 5)]
    return pd.DataFrame(links, columns=["from", "to", "minutes"]).astype({"minutes": float})


def nodes(*, dx=0.0, dy=0.0):
    x = 400_000.0 + 5_000.0 * np.arange(N) + dx
    return pd.DataFrame(
        {"node": range(N), "x": x, "y": 6_700_000.0 + 300.0 * np.arange(N) ** 2 + dy}
    )


def places(table, rows, key):
    points = [shapely.Point(table["x"][row], table["y"][row]) for row in rows]
    ids = [f"{key}{row}" for row in rows]
    return gpd.GeoDataFrame({key: ids, "code_insee": CODES[0]}, geometry=points, crs=2154)


def minutes(table, links, origins, maisons):
    """Return the minutes of each origin to its nearest site, by name."""
    net = network.from_links(table, links, crs=2154)
    found = travel.nearest(
        net,
        places(table, origins, "demand_id"),
        places(table, maisons, "site_id"),
    )
    return found.set_index("demand_id")["minutes"]


EVERYWHERE = list(range(N))


@pytest.mark.slow
@FEW
@given(roads(), st.integers(-50, 50), st.integers(-50, 50))
def test_moved_together_nothing_changes(links, dx, dy):
    here = minutes(nodes(), links, EVERYWHERE, [0, 3])
    there = minutes(nodes(dx=1000.0 * dx, dy=1000.0 * dy), links, EVERYWHERE, [0, 3])
    pd.testing.assert_series_equal(here, there)


@pytest.mark.slow
@FEW
@given(roads(), st.permutations(range(N)))
def test_named_otherwise_nothing_changes(links, names):
    renamed = nodes().assign(node=[f"n{names[row]}" for row in range(N)])
    relabelled = links.assign(
        **{end: [f"n{names[row]}" for row in links[end]] for end in ("from", "to")}
    )
    pd.testing.assert_series_equal(
        minutes(nodes(), links, EVERYWHERE, [1]), minutes(renamed, relabelled, EVERYWHERE, [1])
    )


@pytest.mark.slow
@FEW
@given(roads(), st.randoms(use_true_random=False))
def test_in_another_order_nothing_changes(links, chance):
    order = list(range(len(links)))
    chance.shuffle(order)
    pd.testing.assert_series_equal(
        minutes(nodes(), links, EVERYWHERE, [2]),
        minutes(nodes(), links.iloc[order].reset_index(drop=True), EVERYWHERE, [2]),
    )


@pytest.mark.slow
@FEW
@given(roads(), st.integers(0, N - 1), st.integers(0, N - 1))
def test_every_road_reversed_the_trip_is_the_way_back(links, start, end):
    back = links.rename(columns={"from": "to", "to": "from"})
    out = minutes(nodes(), links, [start], [end]).iloc[0]
    home = minutes(nodes(), back, [end], [start]).iloc[0]
    assert out == home or (np.isnan(out) and np.isnan(home))


@pytest.mark.slow
@FEW
@given(roads(), st.integers(0, N - 1))
def test_one_more_site_takes_nobody_farther(links, more):
    before = minutes(nodes(), links, EVERYWHERE, [0]).fillna(np.inf)
    after = minutes(nodes(), links, EVERYWHERE, [0, more] if more else [0]).fillna(np.inf)
    assert (after <= before).all()
    assert after[f"demand_id{more}"] == 0


@pytest.mark.slow
@FEW
@given(roads(), st.data())
def test_a_junction_put_in_a_road_changes_no_time(links, data):
    row = data.draw(st.integers(0, len(links) - 1))
    cut = links.iloc[row]
    ends = nodes().set_index("node").loc[[int(cut["from"]), int(cut["to"])], ["x", "y"]]
    # Off the others, so that no place is snapped to it.
    middle = pd.DataFrame({"node": [N], "x": [ends["x"].mean()], "y": [ends["y"].mean()]})
    halves = pd.DataFrame(
        {
            "from": [int(cut["from"]), N],
            "to": [N, int(cut["to"])],
            "minutes": [cut["minutes"] / 2, cut["minutes"] / 2],
        }
    )
    split = pd.concat([links.drop(index=row), halves], ignore_index=True)
    grown = pd.concat([nodes(), middle], ignore_index=True)
    pd.testing.assert_series_equal(
        minutes(nodes(), links, EVERYWHERE, [0]), minutes(grown, split, EVERYWHERE, [0])
    )


def shuffled(path, rng):
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    body = [rows[1:][row] for row in rng.permutation(len(rows) - 1)]
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([rows[0], *body])


def figures(result):
    access = result.access.sort_values("code_insee")[["code_insee", "population", "minutes"]]
    return access.to_dict("list"), sorted(result.candidates["site_id"]), result.indicators


def toy(folder, **rows):
    folder.mkdir()
    return StudyFolder(folder).write(**rows)


MAISONS = [maison_row(0), maison_row(3)]
OFFICES = [poste_row(1), poste_row(4), poste_row(5)]


@pytest.mark.slow
def test_the_order_of_the_rows_of_every_file_changes_no_figure(tmp_path):
    plain = run_study(read_study(toy(tmp_path / "a", maisons=MAISONS, la_poste=OFFICES).path))
    rng = np.random.default_rng(4)
    other = toy(tmp_path / "b", maisons=MAISONS, la_poste=OFFICES)
    for name in ("maisons.csv", "la_poste.csv", "mairies.csv", "noeuds.csv", "liens.csv"):
        shuffled(other.folder / name, rng)
    assert figures(run_study(read_study(other.path))) == figures(plain)


@pytest.mark.slow
def test_a_second_maison_at_the_same_door_changes_no_time(tmp_path):
    plain = run_study(read_study(toy(tmp_path / "a", maisons=MAISONS).path))
    twin = maison_row(3, id_fs="99", lib_fs="Jumelle")
    twice = run_study(read_study(toy(tmp_path / "b", maisons=[*MAISONS, twin]).path))
    assert figures(twice)[0] == figures(plain)[0]


@pytest.mark.parametrize("minutes_", [19.999, 20.0, np.nextafter(20.0, 21.0), 20.001])
def test_a_threshold_is_inclusive_to_a_thousandth(minutes_):
    table = pd.DataFrame({"minutes": [minutes_]})
    rounded = table.round(3)
    assert coverage.is_beyond(rounded, 20.0).tolist() == [minutes_ > 20.0005]


def test_people_of_two_communes_made_one_are_the_people_of_both(town):
    found = travel.nearest(town.roads, town.origins, town.maisons)
    access = found.merge(town.origins[["demand_id", "population"]], on="demand_id")
    beyond = coverage.is_beyond(access, 20.0)
    apart = access.loc[beyond, "population"].sum()
    merged = access.assign(demand_id=access["demand_id"].replace({CODES[5]: CODES[4]}))
    together = merged[beyond].groupby("demand_id")["population"].sum()
    assert together.sum() == apart == 1500
    assert together[CODES[4]] == 1100


def test_sites_of_the_toy_are_where_they_are_said(town):
    assert [tuple(point.coords[0]) for point in sites([("A", 0)]).geometry] == [CENTRES[0]]
    assert town.maisons.geometry.iloc[0].equals(shapely.Point(*CENTRES[0]))
