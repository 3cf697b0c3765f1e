"""Codes through time: who stands for whom."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from support.toy import CODES, NAMES, PEOPLE, toy_communes

from msap_geo import loaders
from msap_geo.errors import DataError, MissingColumnError, TerritoryError
from msap_geo.loaders.territory.codes_insee import joined
from msap_geo.territory import (
    ARRONDISSEMENTS_MUNICIPAUX,
    DEPARTEMENTS,
    departement_of,
    projected_crs,
    region_of,
)

HEADER = "MOD,DATE_EFF,TYPECOM_AV,COM_AV,TNCC_AV,NCC_AV,TYPECOM_AP,COM_AP,TNCC_AP,NCC_AP,LIBELLE_AP"


def event(mod, date, before, after, *, kinds=("COM", "COM")):
    return f"{mod},{date},{kinds[0]},{before},0,X,{kinds[1]},{after},0,Y,Y"


def movements(tmp_path, *rows, name="mvtcommune_2020.csv"):
    path = tmp_path / name
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return loaders.load_movements(path)


def codes_after(tmp_path, names, *rows):
    known = loaders.codes_among({code: f"C{code}" for code in names})
    return loaders.with_movements(known, movements(tmp_path, *rows).table)


class TestMovements:
    def test_only_events_between_communes_are_kept(self, tmp_path):
        loaded = movements(
            tmp_path,
            event(32, "2019-01-01", "01033", "01033"),
            event(32, "2019-01-01", "01033", "01033", kinds=("COM", "COMD")),
            event(32, "2019-01-01", "01091", "01033"),
        )
        assert loaded.rows_read == 3
        assert loaded.table[["avant", "apres"]].to_numpy().tolist() == [
            ["01033", "01033"],
            ["01091", "01033"],
        ]

    @pytest.mark.parametrize("date", ["2019-01-01", "01/01/2019", "01/01/19"])
    def test_dates_of_every_year_of_the_file(self, tmp_path, date):
        loaded = movements(tmp_path, event(32, date, "01091", "01033"))
        assert loaded.table["date"].tolist() == ["2019-01-01"]

    def test_what_cannot_be_read_is_told(self, tmp_path):
        loaded = movements(
            tmp_path,
            event(32, "jadis", "01091", "01033"),
            event(32, "2019-01-01", "01092", "1033"),
            event(32, "2019-01-01", "01093", "01033"),
        )
        assert loaded.table["avant"].tolist() == ["01093"]
        assert [a.identifier for a in loaded.anomalies] == ["01091", "01092"]
        assert {a.code for a in loaded.anomalies} == {"mouvement-illisible"}

    def test_another_file_is_refused(self, tmp_path):
        path = tmp_path / "autre.csv"
        path.write_text("a;b\n1;2\n", encoding="utf-8")
        with pytest.raises(MissingColumnError, match=r"autre\.csv"):
            loaders.load_movements(path)
        with pytest.raises(DataError, match="aucun mouvement"):
            movements(tmp_path, event(32, "2019-01-01", "1", "2", kinds=("COMD", "COMA")))

    def test_merger_then_merger_of_the_merged(self, tmp_path):
        codes = codes_after(
            tmp_path,
            ["01003"],
            event(31, "1973-01-01", "01001", "01002"),
            event(32, "2016-01-01", "01002", "01003"),
        )
        assert codes.successors == {"01001": "01003", "01002": "01003"}
        assert codes.alternatives == {}

    def test_changes_of_departement_and_of_chef_lieu(self, tmp_path):
        codes = codes_after(
            tmp_path,
            ["2A004", "97801", "60694"],
            event(41, "1976-01-01", "20004", "2A004"),
            event(41, "2007-07-15", "97127", "97801"),
            event(50, "2024-01-01", "60054", "60694"),
        )
        assert codes.successors == {"20004": "2A004", "97127": "97801", "60054": "60694"}

    def test_a_commune_merged_restored_and_merged_again(self, tmp_path):
        codes = codes_after(
            tmp_path,
            ["01009", "01008"],
            event(31, "1972-01-01", "01001", "01008"),
            event(31, "1972-01-01", "01008", "01008"),
            event(21, "1990-01-01", "01008", "01008"),
            event(21, "1990-01-01", "01008", "01001"),
            event(32, "2017-01-01", "01001", "01009"),
        )
        assert codes.successors["01001"] == "01009"
        # Taken apart before any file read here: 01008 stands for itself alone.
        assert codes.alternatives == {}

    def test_a_commune_taken_apart_lately_stands_for_both(self, tmp_path):
        codes = codes_after(
            tmp_path,
            ["85084", "85165"],
            event(21, "2024-01-01", "85084", "85084"),
            event(21, "2024-01-01", "85084", "85165"),
        )
        assert codes.successors == {}
        assert codes.alternatives == {"85084": ("85084", "85165")}

    def test_a_code_younger_than_the_cog_goes_back(self, tmp_path):
        """Boundaries of 2015, a file of 2020: 01001 and 01002 have merged, 01003 was taken out."""
        codes = codes_after(
            tmp_path,
            ["01001", "01002", "01004"],
            event(32, "2016-01-01", "01001", "01001"),
            event(32, "2016-01-01", "01002", "01001"),
            event(21, "2018-01-01", "01004", "01004"),
            event(21, "2018-01-01", "01004", "01003"),
        )
        assert codes.successors == {"01003": "01004"}
        assert codes.alternatives == {"01001": ("01001", "01002")}

    def test_a_code_shared_out_goes_to_the_first_and_says_so(self, tmp_path):
        codes = codes_after(
            tmp_path,
            ["01002", "01003"],
            event(30, "2012-01-01", "01001", "01002"),
            event(30, "2012-01-01", "01001", "01003"),
        )
        assert codes.successors == {"01001": "01002"}
        assert codes.alternatives == {"01001": ("01002", "01003")}

    def test_the_cog_prevails_over_movements(self, tmp_path):
        known = loaders.commune_codes(
            [
                {
                    "code": "55245",
                    "nom": "H",
                    "type": "commune-actuelle",
                    "anciensCodes": ["55273"],
                },
                {"code": "55386", "nom": "N", "type": "commune-actuelle"},
                {"code": "55273", "nom": "L", "type": "commune-associee", "chefLieu": "55386"},
            ]
        )
        # Two lives of one code: today's decides, whatever the order of the records.
        assert known.successors == {"55273": "55386"}
        assert known.alternatives == {"55273": ("55386", "55245")}
        moved = movements(tmp_path, event(31, "1973-01-01", "55273", "55245")).table
        assert loaders.with_movements(known, moved).successors["55273"] == "55386"

    def test_loops_end(self, tmp_path):
        codes = codes_after(
            tmp_path,
            ["01009"],
            event(50, "2000-01-01", "01001", "01002"),
            event(50, "2001-01-01", "01002", "01001"),
            event(50, "2000-01-01", "01002", "01001"),
        )
        assert "01009" not in codes.successors.values()


@st.composite
def histories(draw):
    """Random mergers from year to year over ten communes, and the partition they end in."""
    alive = [f"010{n:02d}" for n in range(1, 11)]
    rows, group = [], {code: code for code in alive}
    for year in range(2000, 2000 + draw(st.integers(1, 8))):
        if len(alive) < 2:
            break
        parts = draw(st.lists(st.sampled_from(alive), min_size=2, max_size=len(alive), unique=True))
        chief = parts[0]
        rows += [event(32, f"{year}-01-01", part, chief) for part in parts]
        alive = [code for code in alive if code == chief or code not in parts]
        group = {code: chief if head in parts else head for code, head in group.items()}
    return rows, alive, group


@pytest.mark.slow
@settings(deadline=None)
@given(histories())
def test_any_history_of_mergers_leads_every_code_to_its_heir(tmp_path_factory, history):
    rows, alive, group = history
    folder = tmp_path_factory.mktemp("mouvements")
    codes = codes_after(folder, alive, *rows)
    current = codes.current(pd.Series(list(group)))
    assert dict(zip(group, current, strict=True)) == group
    # The other way about: with the first communes in force, nobody moves.
    before = codes_after(folder, list(group), *rows)
    assert before.current(pd.Series(list(group))).tolist() == list(group)


class TestArrondissements:
    def test_they_lead_to_their_commune(self):
        codes = loaders.codes_among({"75056": "Paris", "13055": "Marseille", "69123": "Lyon"})
        every = pd.Series(list(ARRONDISSEMENTS_MUNICIPAUX))
        assert codes.current(every).tolist() == list(ARRONDISSEMENTS_MUNICIPAUX.values())
        counts = codes.current(every).value_counts().to_dict()
        assert counts == {"75056": 20, "13055": 16, "69123": 9}

    def test_the_commune_may_be_any_of_them(self):
        codes = loaders.codes_among({"69381": "Lyon 1er", "69382": "Lyon 2e"})
        assert codes.successors == {}
        assert codes.alternatives == {"69123": ("69381", "69382")}


class TestReattachment:
    def sites(self, code, x, y):
        return gpd.GeoDataFrame(
            {
                "site_id": ["S"],
                "nom": ["Site"],
                "genre": ["Fixe"],
                "code_insee": [code],
                "departement": ["53"],
                "commune": ["?"],
                "position": ["source"],
            },
            geometry=[shapely.Point(x, y)],
            crs=2154,
        )

    def test_an_ambiguous_code_is_settled_by_the_position(self):
        communes = toy_communes()
        origins = gpd.GeoDataFrame(
            {"demand_id": CODES, "code_insee": CODES, "population": PEOPLE, "origine": "mairie"},
            geometry=communes.geometry.centroid,
            crs=2154,
        )
        names = dict(zip(CODES, NAMES, strict=True))
        codes = loaders.CommuneCodes(
            names, {"53999": CODES[0]}, {"53999": (CODES[0], CODES[4]), CODES[1]: tuple(CODES[1:3])}
        )
        centre = communes.geometry.centroid.iloc[4]
        loaded = loaders.attach_to_communes(
            self.sites("53999", centre.x, centre.y), communes, origins, file="f", codes=codes
        )
        assert loaded.table["code_insee"].tolist() == [CODES[4]]
        assert loaded.table["position"].tolist() == ["source"]
        assert [(a.code, a.identifier) for a in loaded.anomalies] == [("code-ambigu", "S")]
        centre = communes.geometry.centroid.iloc[1]
        kept = loaders.attach_to_communes(
            self.sites(CODES[1], centre.x, centre.y), communes, origins, file="f", codes=codes
        )
        assert kept.table["code_insee"].tolist() == [CODES[1]]
        assert kept.anomalies == ()


class TestInseeList:
    def test_the_list_of_communes_is_a_cog(self, tmp_path):
        path = tmp_path / "v_commune_2026.csv"
        path.write_text(
            "TYPECOM,COM,REG,DEP,CTCD,ARR,TNCC,NCC,NCCENR,LIBELLE,CAN,COMPARENT\n"
            "COM,01015,84,01,01D,011,1,ARBOYS,Arboys,Arboys en Bugey,0117,\n"
            "COMD,01340,,,,,0,SAINT BOIS,Saint-Bois,Saint-Bois,,01015\n"
            "COM,69123,84,69,69M,691,0,LYON,Lyon,Lyon,6999,\n"
            "ARM,69381,84,69,,691,0,LYON 1ER,Lyon 1er,Lyon 1er Arrondissement,,69123\n",
            encoding="utf-8",
        )
        codes = loaders.commune_codes(loaders.read_records(path))
        assert codes.names == {"01015": "Arboys en Bugey", "69123": "Lyon"}
        assert codes.successors["01340"] == "01015"
        assert codes.successors["69381"] == "69123"


class TestTerritories:
    def test_every_departement_has_a_projection_and_an_extent(self):
        for code in DEPARTEMENTS:
            region = region_of(code)
            assert projected_crs([code]) == region.epsg
            assert region.west < region.east
            assert region.south < region.north
        overseas = {code: region_of(code).epsg for code in DEPARTEMENTS if code > "96"}
        assert overseas == {
            "971": 5490, "972": 5490, "973": 2972, "974": 2975, "975": 4467, "976": 4471,
            "977": 5490, "978": 5490, "986": 8903, "987": 3297, "988": 3163,
        }  # fmt: skip

    @pytest.mark.parametrize("code", ["984", "989"])
    def test_where_nobody_lives_there_is_nothing_to_study(self, code):
        with pytest.raises(TerritoryError, match="sans habitant"):
            projected_crs([code])

    def test_codes_cut_in_two_are_joined(self):
        whole = joined(
            pd.Series(["01", "2A", "974", "975"]), pd.Series(["004", "004", "421", "502"])
        )
        assert whole.tolist() == ["01004", "2A004", "97421", "97502"]
        assert whole.map(departement_of).tolist() == ["01", "2A", "974", "975"]
