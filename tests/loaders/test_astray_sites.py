"""Sites that are not where their row says, in the study and across its border."""

from __future__ import annotations

import shutil

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from support.toy import LA_POSTE_HEADER, MAISONS_HEADER, maison_row, poste_row, write_csv

from msap_geo import loaders, study
from msap_geo.answers import assumptions
from msap_geo.answers.decided.network import postal_network
from msap_geo.answers.origins import from_communes
from msap_geo.errors import DataError
from msap_geo.loaders.sites.positions import read_positions
from msap_geo.loaders.territory.voisinage import PLACE_TOLERANCE_M, confront

KM = 1000.0


def strip(side_km=10.0, count=4):
    """A row of square communes along y = 0, projected."""
    side = side_km * KM
    squares = [shapely.box(i * side, 0, (i + 1) * side, side) for i in range(count)]
    return gpd.GeoDataFrame(
        {"code_insee": [f"0100{i}" for i in range(count)]}, geometry=squares, crs=2154
    )


def neighbour(x_km, y_km=5.0, code="02001"):
    return gpd.GeoDataFrame(
        {"site_id": ["v"], "nom": ["V"], "commune": ["C"], "code_insee": [code],
         "departement": ["02"], "position": ["source"], "ligne": [2]},
        geometry=[shapely.Point(x_km * KM, y_km * KM)], crs=2154,
    )  # fmt: skip


def halls(place=(-25, 5)):
    point = shapely.Point(place[0] * KM, place[1] * KM)
    return gpd.GeoDataFrame({"code_insee": ["02001"]}, geometry=[point], crs=2154)


class TestNeighbours:
    def test_one_deep_in_the_study_goes_home_or_out(self):
        sites, told = confront(neighbour(20), strip(), halls((5, 5)), file="f")
        assert sites.geometry.iloc[0] == shapely.Point(5 * KM, 5 * KM)
        assert sites["position"].tolist() == ["commune"]
        assert [(a.code, a.line) for a in told] == [("site-voisin-mal-place", 2)]
        for unknown in (None, halls().iloc[:0]):
            sites, told = confront(neighbour(20), strip(), unknown, file="f")
            assert sites.empty
            assert "position ignorée" in told[0].message

    def test_one_just_across_a_simplified_border_is_believed(self):
        inside = PLACE_TOLERANCE_M / KM - 0.5
        for x in (-2.0, 0.5, inside):
            sites, told = confront(neighbour(x), strip(), halls((-5, 5)), file="f")
            assert (len(sites), told) == (1, [])
        assert confront(neighbour(inside + 1), strip(), None, file="f")[0].empty

    def test_one_by_the_sea_is_known_by_its_town_hall_alone(self):
        # 500 m from the edge: no disc of three kilometres lies inside.
        sites, _ = confront(neighbour(20, 0.5), strip(), halls((-300, 5)), file="f")
        assert sites.geometry.iloc[0].x == -300 * KM
        assert len(confront(neighbour(20, 0.5), strip(), None, file="f")[0]) == 1

    @pytest.mark.parametrize(("x", "kept"), [(4.9, True), (5.1, False)])
    def test_thirty_kilometres_from_its_town_hall_none_is_at_home(self, x, kept):
        sites, told = confront(neighbour(x, -1), strip(), halls((-25, -1)), file="f")
        assert (sites["position"].iloc[0] == "source") is kept
        assert (told == []) is kept

    @pytest.mark.slow
    def test_a_whole_study_does_without_a_neighbour_geocoded_into_it(self, toy_study):
        toy_study.write(
            maisons=[
                maison_row(0),
                maison_row(
                    3, id_fs="égarée", insee_com="91001", insee_dep="91", lib_com="Ailleurs"
                ),
            ]
        )
        result = study.run_study(study.read_study(toy_study.path))
        assert result.maisons["site_id"].tolist() == ["1"]
        assert "site-voisin-mal-place" in {a.code for a in result.anomalies}


class TestSigns:
    def read(self, departement, longitude, latitude="48.46"):
        row = {
            "latitude": latitude, "longitude": longitude, "departement": departement,
            "nom": "X", "identifiant": "x",
        }  # fmt: skip
        points, told = read_positions(pd.DataFrame([row]), file="f")
        return points.iloc[0], [a.code for a in told]

    def test_none_is_flipped_where_the_territory_straddles_the_meridian(self):
        point, told = self.read("29", "-5.957")
        assert point is None
        assert told == ["coordonnees-hors-territoire"]

    def test_it_is_elsewhere(self):
        point, told = self.read("971", "61.5", "16.2")
        assert (point.x, told) == (-61.5, ["longitude-sans-signe"])


class TestLists:
    def maisons(self, tmp_path, rows, header=MAISONS_HEADER, **options):
        write_csv(tmp_path / "maisons.csv", header, rows)
        return loaders.load_maisons(tmp_path / "maisons.csv", **options)

    @pytest.mark.parametrize("form", ["Mobile", "mobile", "Itinérant", "Itinérante", "Camion"])
    def test_what_moves_is_itinerant(self, tmp_path, form):
        loaded = self.maisons(tmp_path, [maison_row(0, format_fs=form)])
        assert loaded.table["genre"].tolist() == ["Itinérante"]

    def test_labels_with_one_l(self, tmp_path):
        header = ["LABELISATION" if name == "labellisation_fs" else name for name in MAISONS_HEADER]
        row = maison_row(0)
        row["LABELISATION"] = "Espace labellisé 01/09/2020"
        row.pop("labellisation_fs", None)
        loaded = self.maisons(tmp_path, [row], header)
        assert loaded.table["labellisation"].tolist() == ["2020-09-01"]

    def test_before_the_first_label_there_is_none(self, tmp_path):
        rows = [maison_row(0, labellisation_fs="Espace labellisé 01/09/2020")]
        with pytest.raises(DataError, match=r"aucune Maison.*2019-12-31.*2020-09-01"):
            self.maisons(tmp_path, rows, au="2019-12-31")

    def test_the_same_maison_twice_counts_once_and_the_fuller_row_is_kept(self, tmp_path):
        first = maison_row(0, id_fs="1", adresse="")
        twin = {**first, "id_fs": "2", "adresse": "1 rue", "lib_fs": f" {first['lib_fs'].upper()} "}
        moving = {**first, "id_fs": "3", "format_fs": "Bus"}
        other = {**first, "id_fs": "4", "lib_fs": "Une autre"}
        loaded = self.maisons(tmp_path, [first, twin, moving, other])
        assert loaded.table["site_id"].tolist() == ["2", "3", "4"]
        assert [(a.code, a.line) for a in loaded.anomalies] == [("doublon", 2)]

    def test_two_without_a_point_are_two(self, tmp_path):
        rows = [maison_row(0, id_fs=str(n), latitude="", longitude="") for n in (1, 2)]
        assert len(self.maisons(tmp_path, rows).table) == 2

    def test_postal_codes_get_their_zero_back(self, tmp_path):
        rows = [maison_row(0, code_postal="1000", insee_com="", insee_dep="")]
        loaded = self.maisons(tmp_path, rows)
        assert loaded.table["code_postal"].tolist() == ["01000"]
        assert loaded.table["departement"].tolist() == ["01"]
        assert "code-postal-sans-zero" in {a.code for a in loaded.anomalies}

    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("GUERET BUREAU DE POSTE ITINERANT BP", "Bureau de poste itinérant"),
            ("LA POSTE MOBILE DU CANTON", "Bureau de poste itinérant"),
            ("L ETANG AUTOMOBILE", "Bureau de Poste"),
            ("GUERET BP", "Bureau de Poste"),
        ],
    )
    def test_a_post_office_that_moves_is_no_candidate(self, tmp_path, name, kind):
        rows = [poste_row(0, libelle_du_site=name)]
        write_csv(tmp_path / "la_poste.csv", LA_POSTE_HEADER, rows)
        loaded = loaders.load_la_poste(tmp_path / "la_poste.csv")
        assert loaded.table["genre"].tolist() == [kind]
        moves = kind != "Bureau de Poste"
        assert ("bureau-itinerant" in {a.code for a in loaded.anomalies}) is moves


class TestPostOfficesThatMove:
    """The law counts points of contact one can go to: not the address where a van parks."""

    def study(self, tmp_path, change):
        folder = tmp_path / change.__name__
        shutil.copytree(study.sample_study().folder, folder)
        offices = pd.read_csv(folder / "la_poste.csv", dtype=str, keep_default_na=False)
        change(offices).to_csv(folder / "la_poste.csv", index=False)
        return study.run_study(folder / "etude.toml")

    @pytest.mark.slow
    def test_no_rule_counts_them(self, tmp_path):
        def moved(offices):
            of_agencies = offices["caracteristique_du_site"] != "Bureau de Poste"
            names = offices["libelle_du_site"].mask(of_agencies, "BUREAU DE POSTE ITINERANT BP")
            return offices.assign(libelle_du_site=names)

        def removed(offices):
            return offices[offices["caracteristique_du_site"] == "Bureau de Poste"]

        def untouched(offices):
            return offices

        results = [self.study(tmp_path, change) for change in (moved, removed, untouched)]
        with_them, without, as_they_are = (
            assumptions.rules(result, from_communes(result)) for result in results
        )
        pd.testing.assert_frame_equal(with_them, without)
        assert not with_them["valeur"].equals(as_they_are["valeur"])
        assert results[0].la_poste_national == results[1].la_poste_national
        # They stay on the list, and are told.
        assert len(results[0].la_poste) == len(results[2].la_poste)
        assert "bureau-itinerant" in {each.code for each in results[0].anomalies}

    @pytest.mark.slow
    def test_nor_does_adapting_the_network(self, tmp_path):
        def moved(offices):
            names = offices["libelle_du_site"].where(offices.index % 7 > 0, "LA POSTE MOBILE")
            return offices.assign(libelle_du_site=names)

        result = self.study(tmp_path, moved)
        points = postal_network(result).points
        assert "Bureau de poste itinérant" in set(result.la_poste["genre"])
        assert "Bureau de poste itinérant" not in set(points["genre"])
