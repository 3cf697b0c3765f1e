"""Populated cells: every published form, each cell in one commune, each person once."""

from __future__ import annotations

import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from msap_geo import loaders, schemas
from msap_geo.errors import DataError, MissingColumnError, UnreadableFileError
from msap_geo.loaders.people.grille import Cells, read_names, squares, write_names

WEST, SOUTH = 3_500_000, 2_800_000
"""Somewhere in Mayenne, in the projection of the grid."""


def name(column, row, size=200):
    return f"CRS3035RES{size}mN{SOUTH + row * size}E{WEST + column * size}"


def box(column, row, size=200):
    x, y = WEST + column * size, SOUTH + row * size
    return shapely.box(x, y, x + size, y + size)


def csv(tmp_path, text, file="carreaux_200m_met.csv"):
    path = tmp_path / file
    path.write_text(text, encoding="utf-8")
    return path


def told(loaded):
    return {anomaly.code: anomaly.message for anomaly in loaded.anomalies}


def boundaries():
    """Two communes side by side: A holds columns 0 to 4, B columns 5 to 9."""
    x, y = WEST, SOUTH
    return gpd.GeoDataFrame(
        {"code_insee": ["53001", "53002"], "nom": ["A", "B"]},
        geometry=[shapely.box(at, y, at + 1000, y + 2000) for at in (x, x + 1000)],
        crs=3035,
    ).to_crs(4326)  # fmt: skip


FORMS = {
    "2021": f"idcar_200m,idcar_1km,i_est_200,lcog_geo,ind,men,men_pauv,ind_65_79,ind_80p,ind_snv\n"
    f"{name(0, 0)},CRS3035RES1000mN1E1,1,53001,6.5,2.5,1,1.5,0.5,130000\n",
    "2017": f"Idcar_200m;I_est_200;lcog_geo;Groupe;Ind;Men;Men_pauv;Ind_65_79;Ind_80p;Ind_snv\n"
    f"{name(0, 0)};1;53001;4;6,5;2,5;1;1,5;0,5;130000\n",
    "2015": f"IdINSPIRE,Id_carr1km,I_est_cr,Depcom,Ind,Men,Men_pauv,Ind_65_79,Ind_80p,Ind_snv\n"
    f"{name(0, 0)},CRS3035RES1000mN1E1,1,53001,6.5,2.5,1,1.5,0.5,130000\n",
    "1 km": f"idcar_1km,i_est_1km,lcog_geo,ind,men,men_pauv,ind_65_79,ind_80p,ind_snv\n"
    f"{name(0, 0, 1000)},1,53001,6.5,2.5,1,1.5,0.5,130000\n",
}


class TestForms:
    @pytest.mark.parametrize("form", list(FORMS))
    def test_columns_of_the_years(self, tmp_path, form):
        loaded = loaders.load_carreaux(csv(tmp_path, FORMS[form]))
        (row,) = loaded.table.drop(columns="geometry").to_dict("records")
        size = 1000 if form == "1 km" else 200
        assert row == {
            "demand_id": name(0, 0, size),
            "code_insee": "53001",
            "population": 6,
            "impute": True,
            "menages": 2.5,
            "menages_pauvres": 1.0,
            "habitants_65_plus": 2.0,
            "niveau_de_vie": 20_000.0,
        }
        assert loaded.table.geometry.iloc[0].equals(box(0, 0, size))
        assert loaded.table.crs.to_epsg() == 3035

    def test_a_geopackage_in_another_projection_than_its_names(self, tmp_path):
        """Since 2021 INSEE draws the métropole in Lambert 93, and names it as ever."""
        path = tmp_path / "carreaux.gpkg"
        gpd.GeoDataFrame(
            {"idcar_200m": [name(3, 1)], "ind": [4.0], "lcog_geo": ["53001"]},
            geometry=[box(3, 1)],
            crs=3035,
        ).to_crs(2154).to_file(path)
        loaded = loaders.load_carreaux(path)
        assert loaded.table.geometry.iloc[0].equals(box(3, 1))

    def test_outlines_alone_are_snapped_to_the_grid(self, tmp_path):
        path = tmp_path / "carreaux.geojson"
        gpd.GeoDataFrame({"ind": [4.0]}, geometry=[box(3, 1)], crs=3035).to_crs(4326).to_file(path)
        loaded = loaders.load_carreaux(path, boundaries=boundaries())
        assert loaded.table["demand_id"].tolist() == [name(3, 1)]

    def test_overseas_grids_have_their_own_projection(self, tmp_path):
        text = "idcar_200m,lcog_geo,ind\nCRS2975RES200mN7634200E359400,97402,3\n"
        loaded = loaders.load_carreaux(csv(tmp_path, text), departements=["974"])
        assert loaded.table.crs.to_epsg() == 2975
        points = loaders.carreau_points(loaded.table, epsg=2975)
        assert (points.geometry.x.iloc[0], points.geometry.y.iloc[0]) == (359_500, 7_634_300)
        mixed = csv(tmp_path, text + f"{name(0, 0)},53001,3\n")
        with pytest.raises(DataError, match="plusieurs grilles"):
            loaders.load_carreaux(mixed)

    def test_the_territory_s_own_grid_is_taken_in_the_zip(self, tmp_path):
        path = tmp_path / "Filosofi2021.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("carreaux_200m_met.csv", FORMS["2021"])
            reunion = "idcar_200m,lcog_geo,ind\nCRS2975RES200mN7634200E359400,97402,3\n"
            archive.writestr("carreaux_200m_reun.csv", reunion)
        assert (
            loaders.load_carreaux(path, departements=["53"]).table["code_insee"].iloc[0] == "53001"
        )
        overseas = loaders.load_carreaux(path, departements=["974"]).table
        assert overseas["code_insee"].tolist() == ["97402"]

    def test_wrong_files_say_what_they_lack(self, tmp_path):
        with pytest.raises(MissingColumnError, match="idcar_200m"):
            loaders.load_carreaux(csv(tmp_path, "ind,men\n1,2\n"))
        with pytest.raises(MissingColumnError, match="colonne absente : ind"):
            loaders.load_carreaux(csv(tmp_path, f"idcar_200m,men\n{name(0, 0)},2\n"))
        with pytest.raises(DataError, match="donner aussi les contours"):
            loaders.load_carreaux(csv(tmp_path, f"idcar_200m,ind\n{name(0, 0)},2\n"))
        with pytest.raises(DataError, match="aucun carreau habité"):
            loaders.load_carreaux(csv(tmp_path, FORMS["2021"]), departements=["72"])
        with pytest.raises(UnreadableFileError, match=r"x\.gpkg"):
            loaders.load_carreaux(csv(tmp_path, "rien", "x.gpkg"))


class TestCommunes:
    TEXT = "idcar_200m,lcog_geo,ind\n" + "\n".join(
        f"{name(column, 0)},{codes},{people}"
        for column, codes, people in [
            (4, "5300253001", 3),
            (5, "5300253001", 4),
            (9, "53001", 5),
            (20, "53009", 6),
        ]
    )

    def test_without_boundaries_the_first_listed(self, tmp_path):
        loaded = loaders.load_carreaux(csv(tmp_path, self.TEXT))
        found = dict(zip(loaded.table["population"], loaded.table["code_insee"], strict=True))
        assert found == {3: "53002", 4: "53002", 5: "53001", 6: "53009"}
        assert told(loaded)["carreau-partage"].endswith(": 2")

    def test_with_boundaries_the_one_the_file_says_then_the_one_the_centre_lies_in(self, tmp_path):
        loaded = loaders.load_carreaux(csv(tmp_path, self.TEXT), boundaries=boundaries())
        found = dict(zip(loaded.table["population"], loaded.table["code_insee"], strict=True))
        # 53009 is no commune in force, and lies in none: it stays what the file says.
        assert found == {3: "53002", 4: "53002", 5: "53001", 6: "53009"}
        silent = self.TEXT.replace("5300253001", "").replace(",53001,", ",53008,")
        loaded = loaders.load_carreaux(csv(tmp_path, silent), boundaries=boundaries())
        found = dict(zip(loaded.table["population"], loaded.table["code_insee"], strict=True))
        assert found == {3: "53001", 4: "53002", 5: "53002", 6: "53009"}

    def test_a_cell_of_another_departement_is_not_taken_by_the_nearest_outline(self, tmp_path):
        text = f"idcar_200m,lcog_geo,ind\n{name(4, 0)},72001,3\n{name(5, 0)},53001,4\n"
        path = csv(tmp_path, text)
        loaded = loaders.load_carreaux(path, boundaries=boundaries(), departements=["53"])
        assert loaded.table["population"].tolist() == [4]

    def test_old_codes_are_brought_to_date(self, tmp_path):
        codes = loaders.CommuneCodes({"53001": "A", "53002": "B"}, {"53009": "53002"})
        loaded = loaders.load_carreaux(csv(tmp_path, self.TEXT), codes=codes)
        assert set(loaded.table["code_insee"]) == {"53001", "53002"}

    def test_cells_at_sea_go_to_the_nearest_commune_and_far_ones_are_told(self, tmp_path):
        text = f"idcar_200m,ind\n{name(0, -1)},3\n{name(50, 0)},7.5\n"
        loaded = loaders.load_carreaux(csv(tmp_path, text), boundaries=boundaries())
        assert loaded.table["code_insee"].tolist() == ["53001"]
        assert "1 (8\xa0habitants)" in told(loaded)["carreau-sans-commune"]


class TestMess:
    def test_corners_prevail_over_outlines_that_are_open_and_astray(self, tmp_path):
        path = tmp_path / "grille.gpkg"
        gpd.GeoDataFrame(
            {"x_laea": [WEST, WEST + 1000.0], "y_laea": [SOUTH, SOUTH + 0.0], "ind": [4.0, 5.0]},
            geometry=[box(5, 5, 1000), box(1, 0, 1000)],
            crs=3035,
        ).to_file(path)
        loaded = loaders.load_carreaux(path, boundaries=boundaries())
        assert loaded.table["demand_id"].tolist() == [name(0, 0, 1000), name(1, 0, 1000)]
        assert told(loaded)["carreau-deplace"].startswith("1 contours")

    @pytest.mark.parametrize("size", [200, 1000])
    def test_a_corner_that_is_missing_says_nothing_of_the_others(self, tmp_path, size):
        rows = [f"{WEST + size},{SOUTH},53001,4", ",,53001,5", f",{SOUTH},53001,6"]
        text = "\n".join(["x_laea,y_laea,lcog_geo,ind", *rows]) + "\n"
        loaded = loaders.load_carreaux(csv(tmp_path, text))
        assert loaded.table["demand_id"].tolist() == [name(1, 0, size)]
        assert loaded.table.area.tolist() == [size**2]
        assert told(loaded)["carreau-sans-place"].endswith(": 2")

    def test_repeated_and_unreadable_cells_are_counted(self, tmp_path):
        rows = [(name(0, 0), "3"), (name(0, 0), "4"), ("CRS3035", "5"), (name(1, 0), "secret")]
        text = "idcar_200m,lcog_geo,ind\n" + "".join(f"{n},53001,{p}\n" for n, p in rows)
        loaded = loaders.load_carreaux(csv(tmp_path, text))
        assert loaded.table["population"].tolist() == [3]
        assert loaded.rows_read == 4
        assert set(told(loaded)) == {"doublon", "carreau-sans-place", "population-inconnue"}

    def test_lost_zeros_are_refused(self, tmp_path):
        text = f"idcar_200m,Depcom,ind\n{name(0, 0)},1001,3\n"
        with pytest.raises(DataError, match="perdu leur zéro"):
            loaders.load_carreaux(csv(tmp_path, text))

    def test_people_are_whole_and_their_total_is_kept(self, tmp_path):
        rng = np.random.default_rng(1)
        people = np.round(rng.random(500) * 9, 1)
        rows = "".join(f"{name(i, 0)},53001,{p}\n" for i, p in enumerate(people))
        loaded = loaders.load_carreaux(csv(tmp_path, "idcar_200m,lcog_geo,ind\n" + rows))
        assert loaded.table["population"].sum() == round(people.sum())
        assert f"total {round(people.sum())} gardé" in told(loaded)["population-arrondie"]


def test_points_are_the_centres_of_the_cells_people_live_in(tmp_path):
    text = (
        "idcar_200m,lcog_geo,ind,men\n"
        f"{name(0, 0)},53001,3,1\n{name(1, 0)},53002,0,0\n{name(2, 0)},53002,5,2\n"
    )
    cells = loaders.load_carreaux(csv(tmp_path, text)).table
    points = loaders.carreau_points(cells, epsg=2154)
    schemas.check(points, schemas.DEMAND)
    assert points["origine"].unique().tolist() == ["carreau"]
    assert points["menages"].tolist() == [1.0, 2.0]
    centre = gpd.GeoSeries(points.geometry, crs=2154).to_crs(3035).iloc[1]
    assert (centre.x, centre.y) == pytest.approx((WEST + 500, SOUTH + 100), abs=1e-3)
    only = loaders.carreau_points(cells, epsg=2154, communes=["53002"])
    assert only["population"].tolist() == [5]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([3035, 2975, 5490]),
            st.sampled_from([200, 1000]),
            st.integers(0, 9_999_999),
            st.integers(-9_999_999, 9_999_999),
        ),
        min_size=1,
    )
)
def test_names_of_cells_are_read_as_they_are_written(rows):
    crs, size, east, north = (np.array(part, dtype=np.int64) for part in zip(*rows, strict=True))
    cells = Cells(crs, size, east, north)
    again = read_names(write_names(cells))
    assert again.known.all()
    for part, same in zip(cells, again, strict=True):
        assert part.tolist() == same.tolist()
    assert (shapely.area(squares(cells)) == size.astype(float) ** 2).all()


def test_what_is_not_a_name_is_no_cell():
    names = pd.Series(["", None, "CRS3035RES200mN1", "x" + name(0, 0), name(0, 0) + "1 0"])
    assert not read_names(names).known.any()
