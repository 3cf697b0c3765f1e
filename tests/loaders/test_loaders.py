from __future__ import annotations

import json

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from support.toy import (
    CENTRES,
    CODES,
    LA_POSTE_HEADER,
    MAISONS_HEADER,
    NAMES,
    PEOPLE,
    STEP,
    maison_row,
    poste_row,
    sites,
    write_csv,
)

from msap_geo import loaders
from msap_geo.anomalies import Action
from msap_geo.errors import ContractError, DataError, MissingColumnError, UnreadableFileError

RECORDS = [
    {"code": "01015", "nom": "Arboys", "type": "commune-actuelle", "anciensCodes": ["01340"]}
    | {"population": 710},
    {"code": "01015", "nom": "Arbignieu", "type": "commune-deleguee", "chefLieu": "01015"},
    {"code": "01340", "nom": "Saint-Bois", "type": "commune-deleguee", "chefLieu": "01015"},
    {"code": "75056", "nom": "Paris", "type": "commune-actuelle", "population": 2_100_000},
    {"code": "75101", "nom": "Paris 1er", "type": "arrondissement-municipal", "commune": "75056"}
    | {"population": 16_000},
]


def codes_of(anomalies):
    return sorted((anomaly.code, anomaly.identifier) for anomaly in anomalies)


def test_former_codes_lead_to_the_commune_in_force():
    codes = loaders.commune_codes(RECORDS)
    old = pd.Series(["01340", "01015", "75101", "99999", None])
    assert codes.current(old).fillna("").tolist() == ["01015", "01015", "75056", "99999", ""]


class TestPopulation:
    def write(self, tmp_path, content, name="population.json"):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return path

    def test_cog_counts_each_person_once(self, tmp_path):
        path = self.write(tmp_path, json.dumps(RECORDS))
        loaded = loaders.load_population(path)
        people = loaded.table.set_index("code_insee")["population"].to_dict()
        assert people == {"01015": 710, "75056": 2_100_000}

    def test_insee_csv_adds_up_merged_communes(self, tmp_path):
        text = "DEPCOM;COM;PMUN;PCAP;PTOT\n01015;Arbignieu;500;1;501\n01340;Saint-Bois;200;1;201\n"
        path = self.write(tmp_path, text + "75101;Paris 1er;16 000;1;1\n", "insee.csv")
        loaded = loaders.load_population(path, codes=loaders.commune_codes(RECORDS))
        people = loaded.table.set_index("code_insee")["population"].to_dict()
        assert people == {"01015": 700, "75056": 16_000}
        assert codes_of(loaded.anomalies) == [
            ("commune-fusionnee", "01340"),
            ("commune-fusionnee", "75101"),
        ]
        assert loaded.rows_read == 3

    def test_what_cannot_be_used_is_left_out_and_told(self, tmp_path):
        text = "DEPCOM;COM;PMUN\n1001;Trop court;5\n01002;Vide;\n01003;Bon;7\n01003;Encore;8\n"
        loaded = loaders.load_population(self.write(tmp_path, text, "insee.csv"))
        assert loaded.table["code_insee"].tolist() == ["01003"]
        assert loaded.table["population"].tolist() == [7]
        assert codes_of(loaded.anomalies) == [
            ("code-commune-invalide", "1001"),
            ("doublon", "01003"),
            ("population-inconnue", "01002"),
        ]
        assert {a.action for a in loaded.anomalies} == {Action.LEFT_OUT}
        assert sorted(a.line for a in loaded.anomalies) == [2, 3, 5]

    @pytest.mark.parametrize(
        ("content", "error"),
        [
            ("{pas du json", DataError),
            ("{}", DataError),
            ("[]", DataError),
            ('[{"code": "01001"}]', MissingColumnError),
            ("<html>404</html>", UnreadableFileError),
        ],
    )
    def test_wrong_json_is_refused(self, tmp_path, content, error):
        with pytest.raises(error, match=r"population\.json"):
            loaders.load_population(self.write(tmp_path, content))


class TestCommunes:
    def geojson(self, tmp_path, table):
        path = tmp_path / "communes.geojson"
        path.write_text(table.to_json(), encoding="utf-8")
        return path

    def squares(self, codes, nudge=0.0):
        return gpd.GeoDataFrame(
            {"code": codes, "nom": [f"C{code}" for code in codes]},
            geometry=[shapely.box(i + nudge, 46, i + 1 + nudge, 47) for i in range(len(codes))],
            crs=4326,
        )

    def test_other_spellings_formats_and_projections(self, tmp_path):
        table = self.squares(["01001", "01002"]).rename(columns={"code": "INSEE_COM", "nom": "NOM"})
        path = tmp_path / "communes.parquet"
        table.to_crs(2154).to_parquet(path)
        loaded = loaders.load_communes([path])
        assert loaded.table.crs.to_epsg() == 4326
        assert loaded.table["code_insee"].tolist() == ["01001", "01002"]
        assert loaded.table.geometry.iloc[0].centroid.x == pytest.approx(0.5, abs=1e-3)

    def test_filter_duplicates_and_missing_outline(self, tmp_path):
        table = self.squares(["01001", "01001", "02001", "1003", "01004"])
        table.loc[4, "geometry"] = None
        loaded = loaders.load_communes([self.geojson(tmp_path, table)], departements=["01"])
        assert loaded.table["code_insee"].tolist() == ["01001", "01004"]
        assert codes_of(loaded.anomalies) == [
            ("code-commune-invalide", "1003"),
            ("commune-sans-contour", "01004"),
            ("doublon", "01001"),
        ]

    def test_merged_communes_are_joined(self, tmp_path):
        path = self.geojson(tmp_path, self.squares(["01015", "01340"]))
        loaded = loaders.load_communes([path], codes=loaders.commune_codes(RECORDS))
        assert loaded.table["code_insee"].tolist() == ["01015"]
        assert loaded.table["nom"].tolist() == ["Arboys"]
        assert loaded.table.geometry.iloc[0].area == pytest.approx(2)

    def test_invalid_outline_is_repaired(self, tmp_path):
        bow_tie = shapely.Polygon([(0, 46), (1, 47), (1, 46), (0, 47)])
        table = self.squares(["01001"]).set_geometry([bow_tie], crs=4326)
        loaded = loaders.load_communes([self.geojson(tmp_path, table)])
        assert loaded.table.geometry.is_valid.all()
        assert codes_of(loaded.anomalies) == [("contour-invalide", "01001")]

    def test_swapped_outlines_are_put_back(self, tmp_path):
        table = self.squares(["01001"])
        swapped = table.set_geometry(
            [shapely.transform(g, lambda xy: xy[:, ::-1]) for g in table.geometry], crs=4326
        )
        loaded = loaders.load_communes([self.geojson(tmp_path, swapped)])
        assert loaded.table.geometry.iloc[0].equals(table.geometry.iloc[0])
        assert codes_of(loaded.anomalies) == [("coordonnees-inversees", "01001")]

    def test_one_outline_astray_does_not_condemn_a_national_file(self, tmp_path):
        table = self.squares(["01001", "01002", "98735"])
        moved = [table.geometry[0], *(shapely.box(x, -18, x + 1, -17) for x in (-150, -149))]
        path = self.geojson(tmp_path, table.set_geometry(moved, crs=4326))
        loaded = loaders.load_communes([path])
        # Tahiti is where it is; Ain is not in Polynesia.
        assert loaded.table.geometry.isna().tolist() == [False, True, False]
        assert codes_of(loaded.anomalies) == [("contour-hors-territoire", "01002")]

    def test_of_two_rows_the_one_with_an_outline_is_kept(self, tmp_path):
        table = self.squares(["01001", "01001"])
        table.loc[0, "geometry"] = None
        loaded = loaders.load_communes([self.geojson(tmp_path, table)])
        assert loaded.table.geometry.notna().all()

    def test_a_commune_merged_across_a_border_is_whole(self, tmp_path):
        records = [
            {"code": "49001", "nom": "Neuve", "type": "commune-actuelle"},
            {"code": "44060", "nom": "Vieille", "type": "commune-deleguee", "chefLieu": "49001"},
        ]
        path = self.geojson(tmp_path, self.squares(["49001", "44060"]))
        codes = loaders.commune_codes(records)
        loaded = loaders.load_communes([path], departements=["49"], codes=codes)
        assert loaded.table.geometry.iloc[0].area == pytest.approx(2)

    def test_the_layer_with_communes_is_chosen(self, tmp_path):
        path = tmp_path / "admin.gpkg"
        self.squares(["01001"]).drop(columns="nom").to_file(path, layer="departement")
        self.squares(["01001", "01002"]).to_file(path, layer="commune")
        assert len(loaders.load_communes([path]).table) == 2

    def test_no_commune_of_the_study_is_an_error(self, tmp_path):
        path = self.geojson(tmp_path, self.squares(["01001"]))
        with pytest.raises(DataError, match="aucune commune des départements 72"):
            loaders.load_communes([path], departements=["72"])

    @pytest.mark.parametrize("content", ["<html></html>", '{"type": "Feature', "a;b\n1;2\n"])
    def test_wrong_files_are_refused(self, tmp_path, content):
        path = tmp_path / "communes.geojson"
        path.write_text(content, encoding="utf-8")
        with pytest.raises(UnreadableFileError):
            loaders.load_communes([path])


class TestMairies:
    def test_dila_and_csv_agree(self, tmp_path):
        lines = [
            {"type": "caf", "id": "caf-1", "codeinsee": "53001"},
            {"type": "mairie", "id": "mairie-53001-02", "codeinsee": "53001", "nom": "annexe"}
            | {"latitude": "48.9", "longitude": "-0.9"},
            {"type": "mairie", "id": "mairie-53001-01", "codeinsee": "53001", "nom": "mairie"}
            | {"latitude": "48.1", "longitude": "-0.5"},
        ]
        sjson = tmp_path / "annuaire.sjson"
        sjson.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
        csv = tmp_path / "mairies.csv"
        csv.write_text("code,longitude,latitude\n53001,-0.5,48.1\n")
        from_dila = loaders.load_mairies([sjson]).table
        from_csv = loaders.load_mairies([csv]).table
        columns = ["code_insee", "geometry"]
        pd.testing.assert_frame_equal(from_dila[columns], from_csv[columns])

    @pytest.mark.parametrize("line", ["[1]", "{", '"texte"'])
    def test_a_line_that_is_no_record_is_refused(self, tmp_path, line):
        path = tmp_path / "annuaire.sjson"
        path.write_text(line)
        with pytest.raises(DataError, match="annuaire DILA"):
            loaders.load_mairies([path])

    def test_repeated_and_former_town_halls_are_told(self, tmp_path):
        csv = tmp_path / "mairies.csv"
        csv.write_text("code,longitude,latitude\n01015,5.7,45.7\n01015,5.8,45.8\n01340,5.6,45.6\n")
        loaded = loaders.load_mairies([csv], codes=loaders.commune_codes(RECORDS))
        assert loaded.table.geometry.iloc[0].equals(shapely.Point(5.7, 45.7))
        assert codes_of(loaded.anomalies) == [("doublon", "01015"), ("mairie-ancienne", "01340")]

    def test_positions_are_mended_or_dropped(self, tmp_path):
        csv = tmp_path / "mairies.csv"
        csv.write_text(
            "code,longitude,latitude\n53001,48.1,-0.5\n53002,,\n53003,100,48\n97101,-61.5,16.2\n"
            "53004,48.100001,48.1\n53005,0,0\n97102,61.4,16.2\n97401,-55.5,-21.1\n"
        )
        loaded = loaders.load_mairies([csv])
        assert loaded.table["code_insee"].tolist() == ["53001", "97101", "97102", "97401"]
        points = [(point.x, point.y) for point in loaded.table.geometry]
        assert points == [(-0.5, 48.1), (-61.5, 16.2), (-61.4, 16.2), (55.5, -21.1)]
        assert codes_of(loaded.anomalies) == [
            ("coordonnees-absentes", "53002"),
            ("coordonnees-hors-territoire", "53003"),
            ("coordonnees-identiques", "53004"),
            ("coordonnees-inversees", "53001"),
            ("coordonnees-nulles", "53005"),
            ("longitude-sans-signe", "97102"),
            ("longitude-sans-signe", "97401"),
        ]


class TestMaisons:
    def load(self, tmp_path, rows, header=MAISONS_HEADER):
        path = tmp_path / "maisons.csv"
        write_csv(path, header, rows)
        return loaders.load_maisons(path)

    def test_2024_schema(self, tmp_path):
        loaded = self.load(
            tmp_path,
            [
                maison_row(0, h_mardi="-", h_samedi="00:00 - 00:00"),
                maison_row(1, format_fs="Bus_équivalent"),
                maison_row(2, format_fs="Itinérante"),
                maison_row(3, type_fs="Antenne", format_fs="Fixe_antenne(s)"),
                maison_row(4, format_fs="Multisites"),
                maison_row(5, format_fs="Fixe_antenne(s)"),
            ],
        )
        table = loaded.table
        assert table["genre"].tolist() == [
            "Fixe",
            "Bus",
            "Itinérante",
            "Antenne",
            "Multisites",
            "Fixe",
        ]
        assert table["horaires"].iloc[0] == "Mo 09:00-12:00"
        assert table["labellisation"].iloc[0] == "2020-01-01"
        assert loaded.anomalies == ()

    def test_2020_schema_refuses_a_geocoding_in_another_departement(self, tmp_path):
        header = (
            "insee_dep lib_france_services adresse insee_com code_postal lib_com type_structure "
            "h_lundi itinerance lat long result_citycode"
        ).split()
        vico = {"insee_dep": "2A", "lib_france_services": "Vico", "lib_com": "VICO"}
        good = {"insee_dep": "2B", "lib_france_services": "Vico", "lib_com": "CORTE"}
        loaded = self.load(
            tmp_path,
            [
                vico | {"lat": "45.42", "long": "4.40", "result_citycode": "42218"},
                good | {"lat": "42.3", "long": "9.1", "result_citycode": "2B096"},
                good | {"lat": "42.3", "long": "9.2", "result_citycode": "2B096"},
            ],
            header,
        )
        assert loaded.table["site_id"].tolist() == ["2A-vico", "2B-vico", "2B-vico-2"]
        assert loaded.table["position"].tolist() == ["aucune", "source", "source"]
        assert loaded.table["code_insee"].fillna("").tolist() == ["", "2B096", "2B096"]
        assert codes_of(loaded.anomalies) == [("geocodage-ailleurs", "2A-vico")]

    def test_2022_traps(self, tmp_path):
        header = [
            name for name in MAISONS_HEADER if name not in {"type_fs", "groupe_fs", "prise_rdv"}
        ] + ["itinerance", "groupe", "labellisation"]
        loaded = self.load(
            tmp_path,
            [
                {k: v for k, v in row.items() if k in header}
                for row in [
                    maison_row(0, insee_com="0null", format_fs="Site principal", itinerance="Non"),
                    maison_row(1, format_fs="Antenne", itinerance="Non", lib_fs="Trie-ChÃ¢teau"),
                    maison_row(2, format_fs="Site principal", itinerance="Oui", lib_fs="Bus 53"),
                    maison_row(2, lib_fs="Doublon", format_fs="Site principal"),
                    maison_row(3, latitude="", longitude="", format_fs="Site principal"),
                ]
            ],
            header,
        )
        assert loaded.table["genre"].tolist() == ["Fixe", "Antenne", "Bus", "Fixe"]
        assert loaded.table["nom"].iloc[1] == "Trie-Château"
        assert codes_of(loaded.anomalies) == [
            ("accents-abimes", "2"),
            ("code-commune-invalide", "1"),
            ("coordonnees-absentes", "4"),
            ("doublon", "3"),
        ]


class TestLaPoste:
    def test_both_schemas_give_the_same_kinds(self, tmp_path):
        new = tmp_path / "2025.csv"
        write_csv(
            new,
            LA_POSTE_HEADER,
            [
                poste_row(0),
                poste_row(1, caracteristique_du_site="Relais poste"),
                poste_row(2, pays="ANDORRE"),
                poste_row(0, libelle_du_site="DOUBLON"),
            ],
        )
        loaded = loaders.load_la_poste(new)
        assert loaded.table["genre"].tolist() == ["Bureau de Poste", "Relais poste"]
        assert codes_of(loaded.anomalies) == [("doublon", "00000A"), ("hors-de-france", "00002A")]
        old = tmp_path / "2016.csv"
        old.write_bytes(
            "#Identifiant_du_site;Libellé_du_site;Caractéristique_du_site;Adresse;Code_postal;"
            "Localité;Code_INSEE;Pays;Latitude;Longitude;Précision_du_géocodage\r\n"
            "1A;BP;Relais poste commerçant;;53000;LAVAL;53130;FRANCE;48.07;-0.77;Géocodé\r\n"
            "2A;SWAP;Bureau de Poste;;53000;LAVAL;53130;FRANCE;-0.77;48.07;Géocodé\r\n".encode()
        )
        loaded = loaders.load_la_poste(old)
        assert loaded.table["genre"].tolist() == ["Relais poste", "Bureau de Poste"]
        assert loaded.table["precision"].tolist() == ["Géocodé", "Géocodé"]
        assert loaded.table.geometry.iloc[1].equals(shapely.Point(-0.77, 48.07))
        assert codes_of(loaded.anomalies) == [("coordonnees-inversees", "2A")]


class TestTerritory:
    def boundaries(self, town):
        return town.communes[["code_insee", "nom", "geometry"]].to_crs(4326)

    def people(self):
        return pd.DataFrame({"code_insee": CODES, "nom": NAMES, "population": PEOPLE})

    def test_population_is_never_lost(self, town):
        boundaries = self.boundaries(town).iloc[:-1]  # Zêta has no outline
        population = self.people().iloc[1:]  # Alpha has no population
        loaded = loaders.assemble_communes(boundaries, population, departements=["53"])
        assert loaded.table["population"].tolist() == [0, 200, 300, 400, 500, 600]
        assert loaded.table.geometry.isna().tolist() == [False] * 5 + [True]
        assert codes_of(loaded.anomalies) == [
            ("commune-sans-contour", "53006"),
            ("population-inconnue", "53001"),
        ]

    def test_files_of_two_places_are_refused(self, town):
        other = self.people().assign(code_insee=[f"7200{i}" for i in range(6)])
        with pytest.raises(DataError, match="ne connaît aucune"):
            loaders.assemble_communes(self.boundaries(town), other, departements=["53"])

    def test_origins_say_what_they_are(self, town):
        halls = gpd.GeoDataFrame(
            {"code_insee": [CODES[0], CODES[1]]},
            geometry=[shapely.Point(*CENTRES[0]), shapely.Point(*CENTRES[5])],
            crs=2154,
        )
        communes = town.communes.copy()
        communes.loc[5, "geometry"] = None
        loaded = loaders.commune_origins(communes, halls)
        assert loaded.table["origine"].tolist() == [
            "mairie",
            "point sur la surface",
            "point sur la surface",
            "point sur la surface",
            "point sur la surface",
            "aucune",
        ]
        assert loaded.table.geometry.iloc[1].within(communes.geometry.iloc[1])
        assert loaded.table.geometry.iloc[5] is None
        assert ("mairie-mal-placee", CODES[1]) in codes_of(loaded.anomalies)
        assert ("commune-sans-position", CODES[5]) in codes_of(loaded.anomalies)

    def test_a_town_hall_in_the_next_commune_is_believed_only_at_the_door(self, town):
        x, y = CENTRES[0]
        edge = x + STEP / 2
        for distance, origin in ((250, "mairie"), (350, "point sur la surface")):
            halls = gpd.GeoDataFrame(
                {"code_insee": [CODES[0]]}, geometry=[shapely.Point(edge + distance, y)], crs=2154
            )
            table = loaders.commune_origins(town.communes, halls).table
            assert table["origine"].iloc[0] == origin

    @pytest.mark.parametrize(("outside", "position"), [(2900, "source"), (3100, "commune")])
    def test_points_are_believed_up_to_the_tolerance(self, town, outside, position):
        point = (CENTRES[0][0], CENTRES[0][1] + STEP / 2 + outside)
        loaded = loaders.attach_to_communes(
            sites([("S", point)]), town.communes, town.origins, file="f.csv"
        )
        assert loaded.table["position"].tolist() == [position]

    def test_sites_find_their_commune_and_place(self, town):
        table = sites(
            [("code", 2), ("astray", 5), ("named", None), ("inside", 3), ("nowhere", None)]
        ).to_crs(4326)
        table["code_insee"] = [CODES[2], CODES[0], None, None, None]
        table["commune"] = ["?", "?", "ZETA", "?", "?"]
        table.loc[[2, 4], "position"] = "aucune"
        loaded = loaders.attach_to_communes(table, town.communes, town.origins, file="f.csv")
        found = loaded.table.set_index("site_id")
        assert found["code_insee"].to_dict() == {
            "code": CODES[2],
            "astray": CODES[0],
            "named": CODES[5],
            "inside": CODES[3],
        }
        assert found["position"].to_dict() == {
            "code": "source",
            "astray": "commune",
            "named": "commune",
            "inside": "source",
        }
        assert found.geometry["astray"].distance(town.origins.geometry[0]) < 1e-3
        assert codes_of(loaded.anomalies) == [
            ("site-hors-commune", "astray"),
            ("site-sans-lieu", "nowhere"),
            ("site-sans-position", "named"),
        ]

    def test_two_lists_put_one_after_the_other_keep_their_sites(self, town):
        table = sites([("code", 2), ("named", None), ("inside", 3), ("nowhere", None)]).to_crs(4326)
        table["code_insee"] = [CODES[2], None, None, None]
        table["commune"] = ["?", "ZETA", "?", "?"]
        table.loc[[1, 3], "position"] = "aucune"
        wanted, found = (
            loaders.attach_to_communes(given, town.communes, town.origins, file="f.csv").table
            for given in (table, table.set_axis([0, 1, 0, 1]))  # labels of pandas.concat
        )
        pd.testing.assert_frame_equal(
            pd.DataFrame(found.reset_index(drop=True)), pd.DataFrame(wanted.reset_index(drop=True))
        )

    def test_loaders_do_not_change_what_they_are_given(self, town):
        before = [table.copy() for table in (town.communes, town.origins, town.maisons)]
        loaders.attach_to_communes(town.maisons, town.communes, town.origins, file="f.csv")
        for old, new in zip(before, (town.communes, town.origins, town.maisons), strict=True):
            pd.testing.assert_frame_equal(pd.DataFrame(old), pd.DataFrame(new))

    def test_contract_lists_every_problem(self, town):
        broken = town.communes.drop(columns="nom").assign(population=-1)
        with pytest.raises(ContractError, match="colonne absente : nom") as caught:
            loaders.commune_origins(broken, town.origins[["code_insee", "geometry"]])
        assert "nom" in str(caught.value)
        assert "population" in str(caught.value)
