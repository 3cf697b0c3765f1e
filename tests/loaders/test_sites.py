"""Maisons, post offices and operators in the forms no real file at hand has."""

from __future__ import annotations

import json
import tarfile

import geopandas as gpd
import pandas as pd
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from support.toy import CODES, LA_POSTE_HEADER, MAISONS_HEADER, maison_row, poste_row, write_csv

from msap_geo import french_hours, loaders
from msap_geo.errors import DataError, MissingColumnError, MsapGeoError, UnreadableFileError


def codes_of(loaded):
    return [anomaly.code for anomaly in loaded.anomalies]


class TestMaisons:
    def load(self, tmp_path, rows, header=MAISONS_HEADER, **options):
        path = tmp_path / "maisons.csv"
        write_csv(path, header, rows)
        return loaders.load_maisons(path, **options)

    @pytest.mark.parametrize(
        ("form", "kind"),
        [
            ("Fixe", "Fixe"),
            ("fixe_antenne(s)", "Fixe"),
            ("Site principal", "Fixe"),
            ("MULTISITES", "Multisites"),
            ("Bus_équivalent", "Bus"),
            ("Minibus", "Bus"),
            ("Itinerante", "Itinérante"),
            ("France services mobile", "Itinérante"),
            ("Fourgon aménagé", "Itinérante"),
            ("Camping-car", "Itinérante"),
        ],
    )
    def test_kinds_whatever_the_word(self, tmp_path, form, kind):
        loaded = self.load(tmp_path, [maison_row(0, format_fs=form)])
        assert (loaded.table["genre"].tolist(), codes_of(loaded)) == ([kind], [])

    @pytest.mark.parametrize(
        ("form", "said"), [("", "non donné"), ("Yourte", "« Yourte » inconnu")]
    )
    def test_a_kind_nobody_told_is_told(self, tmp_path, form, said):
        loaded = self.load(tmp_path, [maison_row(0), maison_row(1, format_fs=form)])
        assert loaded.table["genre"].tolist() == ["Fixe", "Fixe"]
        (told,) = loaded.anomalies
        assert (told.code, told.line) == ("format-inconnu", 3)
        assert said in told.message
        if not form:  # a list that tells of nobody, as that of January 2020, has nothing missing
            alone = self.load(tmp_path, [maison_row(0, format_fs=""), maison_row(1, format_fs="")])
            assert codes_of(alone) == []

    @pytest.mark.parametrize(
        ("word", "kind"),
        [("Oui", "Itinérante"), ("OUI ", "Itinérante"), ("1", "Itinérante"), ("non", "Fixe")],
    )
    def test_itinerance_as_the_list_of_2022_tells_it(self, tmp_path, word, kind):
        row = {**maison_row(0, format_fs="Site principal"), "itinerance": word}
        loaded = self.load(tmp_path, [row], [*MAISONS_HEADER, "itinerance"])
        assert loaded.table["genre"].tolist() == [kind]

    def test_the_list_that_names_only_those_that_move_lacks_nothing(self, tmp_path):
        rows = [
            {**maison_row(i, format_fs=""), "itinerance": word}
            for i, word in enumerate(["Oui", ""])
        ]
        loaded = self.load(tmp_path, rows, [*MAISONS_HEADER, "itinerance"])
        assert (loaded.table["genre"].tolist(), codes_of(loaded)) == (["Itinérante", "Fixe"], [])

    @pytest.mark.parametrize(("shift", "kept"), [(0, 1), (1e-5, 1), (1.9e-4, 1), (3e-4, 2)])
    def test_one_maison_given_twice_is_one_though_its_point_is_rounded(self, tmp_path, shift, kept):
        first = maison_row(0)
        again = {**first, "id_fs": "9", "latitude": first["latitude"] + shift}
        loaded = self.load(tmp_path, [first, again])
        assert (len(loaded.table), codes_of(loaded)) == (kept, ["doublon"] * (2 - kept))

    @pytest.mark.parametrize(
        ("told", "departement"),
        [
            ({"code_postal": "20000"}, "2A"),  # Ajaccio
            ({"code_postal": "20166"}, "2A"),  # Porticcio
            ({"code_postal": "20200"}, "2B"),  # Bastia
            ({"code_postal": "20620"}, "2B"),  # Biguglia
            ({"insee_dep": "20", "code_postal": "20250"}, "2B"),  # Corte
            ({"insee_dep": "20"}, "20"),
            ({"insee_dep": "2a"}, "2A"),
            ({"insee_com": "2a004"}, "2A"),
            ({"code_postal": "97400"}, "974"),
            ({"code_postal": "97150"}, "978"),
            ({"code_postal": "1000"}, "01"),
            ({"insee_dep": "1"}, "01"),
            ({"insee_dep": "53.0"}, "53"),
            ({"insee_dep": "FR-53"}, "53"),
            ({"insee_dep": "53 - Mayenne"}, "53"),
            ({"insee_dep": "Côtes d'Armor"}, "22"),
            ({"insee_dep": "LA REUNION"}, "974"),
            ({"insee_dep": "Ailleurs"}, "AILLEURS"),
        ],
    )
    def test_a_departement_whatever_tells_it(self, tmp_path, told, departement):
        row = {**maison_row(0, latitude="", longitude=""), "insee_dep": "", "insee_com": ""}
        loaded = self.load(tmp_path, [row | told])
        assert loaded.table["departement"].tolist() == [departement]
        if "insee_com" in told:
            assert loaded.table["code_insee"].tolist() == ["2A004"]

    @pytest.mark.parametrize("suffix", ["gpkg", "geojson", "shp", "parquet"])
    def test_a_point_without_coordinates_is_a_row_without_a_position(self, tmp_path, suffix):
        rows = [maison_row(i) for i in range(3)]
        points = [shapely.Point(row.pop("longitude"), row.pop("latitude")) for row in rows]
        points[1] = None if suffix in {"geojson", "shp"} else shapely.Point()
        layer = gpd.GeoDataFrame(rows, geometry=points, crs=4326)
        path = tmp_path / f"maisons.{suffix}"
        if suffix == "parquet":
            layer.to_parquet(path)
        else:
            layer.rename(columns={"labellisation_fs": "labellisat"}).to_file(path)
        loaded = loaders.load_maisons(path)
        assert loaded.table["position"].tolist() == ["source", "aucune", "source"]
        assert codes_of(loaded) == ["coordonnees-absentes"]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252", "mac_roman", "cp850"])
    def test_names_are_read_whatever_the_encoding(self, tmp_path, encoding):
        names = ["Bois-d’Été à Noël", "Forêt – garçon", "Île où l’on rêve"]
        if encoding == "cp850":
            names = ["Bois-d'Été à Noël", "Forêt garçon", "Île où l'on rêve"]
        self.load(tmp_path, [maison_row(i, lib_fs=name) for i, name in enumerate(names)])
        path = tmp_path / "maisons.csv"
        path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
        assert loaders.load_maisons(path).table["nom"].tolist() == names

    def dated(self, index, text):
        return maison_row(index, labellisation_fs=text)

    def test_as_of_a_day(self, tmp_path):
        rows = [
            self.dated(0, "Espace labellisé 31/12/2020"),
            self.dated(1, "Espace labellisé 01/01/2021"),
            self.dated(2, "Espace labellisé 02/01/2021"),
            self.dated(3, ""),
        ]
        loaded = self.load(tmp_path, rows, au="2021-01-01")
        assert loaded.table["site_id"].tolist() == ["1", "2", "4"]
        assert loaded.rows_read == 4
        assert codes_of(loaded) == ["labellisee-apres", "labellisation-inconnue"]

    @pytest.mark.parametrize("au", ["2021", "01/01/2021", "2021-02-30", ""])
    def test_a_day_must_be_a_day(self, tmp_path, au):
        with pytest.raises(DataError, match="n'est pas une date"):
            self.load(tmp_path, [maison_row(0)], au=au)

    def test_a_list_without_dates_has_no_past(self, tmp_path):
        with pytest.raises(DataError, match="dates de labellisation"):
            self.load(tmp_path, [self.dated(0, "Espace labellisé")], au="2021-01-01")

    def test_an_antenne_of_a_group_with_two_heads_is_left_alone(self, tmp_path):
        def member(index, kind, group):
            return maison_row(index, type_fs=kind, groupe_fs=group)

        rows = [
            member(0, "Principal", "G"),
            member(1, "Antenne", "G"),
            member(2, "Principal", "H"),
            member(3, "Principal", "H"),
            member(4, "Antenne", "H"),
            member(5, "Antenne", ""),
        ]
        table = self.load(tmp_path, rows).table
        assert table["rattachement"].fillna("").tolist() == ["", "1", "", "", "", ""]
        assert table["groupe"].tolist() == ["G", "G", "H", "H", "H", ""]

    def test_a_layer_of_points_is_a_list_too(self, tmp_path):
        layer = gpd.GeoDataFrame(
            {
                "MATRICULE": [1.0, 2.0],
                "DEPARTEMENT": ["1", "53"],
                "lib_france_services": ["Un", "Deux"],
                "insee_com": ["01004", "53001"],
                "lib_com": ["A", "B"],
                "h_lundi": ["9:00 - 12:00", "-"],
                "FORMAT_FS": ["Espace labellisé", "Antenne"],
                "Goupe_France_Services_responsable": [None, 1.0],
                "Labellisation": "Espace labellisé 02/2020",
            },
            geometry=[shapely.Point(5.3, 46.0), shapely.Point(-0.9, 48.0)],
            crs=4326,
        )
        for name in ("liste.geojson", "liste.gpkg", "liste.parquet"):
            path = tmp_path / name
            layer.to_parquet(path) if name.endswith("parquet") else layer.to_file(path)
            table = loaders.load_maisons(path).table
            assert table["site_id"].tolist() == ["1", "2"]
            assert table["departement"].tolist() == ["01", "53"]
            assert table["genre"].tolist() == ["Fixe", "Antenne"]
            assert table["rattachement"].fillna("").tolist() == ["", "1"]
            assert table["labellisation"].tolist() == ["2020-02-01"] * 2
            assert table.geometry.iloc[0].equals(shapely.Point(5.3, 46.0))

    def test_a_plain_list_of_other_years(self, tmp_path):
        header = ["Nom", "Adresse", "Code postal", "Commune", "Latitude", "Longitude", "Lundi"]
        rows = [
            dict(
                zip(
                    header, ["MSAP", "1 rue", "53000", "LAVAL", 48.07, -0.77, "9h-12h"], strict=True
                )
            )
        ]
        table = self.load(tmp_path, rows, header).table
        assert table["departement"].tolist() == ["53"]
        assert table["horaires"].tolist() == ["Mo 09:00-12:00"]

    def test_what_is_missing_is_named(self, tmp_path):
        with pytest.raises(MissingColumnError, match="lib_com ou") as caught:
            self.load(tmp_path, [{"nom": "x", "latitude": 1}], ["nom", "latitude"])
        assert "longitude ou" in str(caught.value)
        header = ["nom", "commune", "latitude", "longitude"]
        with pytest.raises(MissingColumnError, match="insee_dep"):
            self.load(tmp_path, [dict.fromkeys(header, "1")], header)


class TestLaPoste:
    def load(self, tmp_path, rows, header=LA_POSTE_HEADER, **options):
        path = tmp_path / "poste.csv"
        write_csv(path, header, rows)
        return loaders.load_la_poste(path, **options)

    def test_points_without_an_identifier_are_not_one(self, tmp_path):
        rows = [poste_row(i, identifiant_a="") for i in range(3)]
        loaded = self.load(tmp_path, [*rows, rows[0]])
        assert loaded.table["site_id"].tolist() == [
            f"{code}-poste-{i}" for i, code in enumerate(CODES[:3])
        ]
        assert codes_of(loaded) == ["doublon"]

    @pytest.mark.parametrize(("postal", "departement"), [("20000", "2A"), ("20250", "2B")])
    def test_a_postal_code_of_corsica_tells_which_half(self, tmp_path, postal, departement):
        loaded = self.load(tmp_path, [poste_row(0, code_insee="", code_postal=postal)])
        assert loaded.table["departement"].tolist() == [departement]

    def test_json_is_told_for_what_it_is(self, tmp_path):
        path = tmp_path / "poste.json"
        path.write_text(json.dumps([poste_row(0), poste_row(1)], indent=1), encoding="utf-8")
        with pytest.raises(UnreadableFileError, match="c'est du JSON"):
            loaders.load_la_poste(path)

    @pytest.mark.parametrize(
        ("label", "genre"),
        [
            ("Bureau de poste", "Bureau de Poste"),
            ("Relais poste commerçant", "Relais poste"),
            ("La Poste Relais", "Relais poste"),
            ("La Poste Agence Communale", "Agence postale communale"),
            ("Agence postale intercommunale", "Agence postale intercommunale"),
        ],
    )
    def test_labels_of_every_year(self, tmp_path, label, genre):
        loaded = self.load(tmp_path, [poste_row(0, caracteristique_du_site=label)])
        assert loaded.table["genre"].tolist() == [genre]
        assert loaded.anomalies == ()

    def test_an_unknown_label_is_kept_and_told(self, tmp_path):
        loaded = self.load(tmp_path, [poste_row(0, caracteristique_du_site="Point Chrono")])
        assert loaded.table["genre"].tolist() == ["Point Chrono"]
        assert codes_of(loaded) == ["categorie-inconnue"]

    def test_without_categories_the_names_tell(self, tmp_path):
        header = [name for name in LA_POSTE_HEADER if name != "caracteristique_du_site"]
        rows = [
            poste_row(i, libelle_du_site=f"ICI{end}") for i, end in enumerate(["", " AP", " RP"])
        ]
        for row in rows:
            del row["caracteristique_du_site"]
        loaded = self.load(tmp_path, rows, header)
        assert loaded.table["genre"].tolist() == [
            "Bureau de Poste",
            "Agence postale communale",
            "Relais poste",
        ]
        assert codes_of(loaded) == ["categorie-deduite"]

    def test_coordinates_may_be_in_one_column(self, tmp_path):
        header = [name for name in LA_POSTE_HEADER if name not in {"latitude", "longitude"}]
        row = {**poste_row(0), "latlong": "48.1, -0.7"}
        del row["latitude"], row["longitude"]
        table = self.load(tmp_path, [row], [*header, "latlong"]).table
        assert table.geometry.iloc[0].equals(shapely.Point(-0.7, 48.1))
        del row["latlong"]
        with pytest.raises(MissingColumnError, match="latlong"):
            self.load(tmp_path, [row], header)

    def test_services_and_accessibility_from_their_file(self, tmp_path):
        pmr = "Accessibilité_Entrée_autonome_en_fauteuil_roulant_possible"
        other = tmp_path / "services.csv"
        other.write_text(
            f"#Identifiant_du_site;Distributeur_de_billets;Photocopie;{pmr}\n"
            "00000A;Oui;Oui;Oui\n00001A;Non;Non;Non\n00002A;;;\n",
            encoding="utf-8",
        )
        rows = [poste_row(i) for i in range(4)]
        table = self.load(tmp_path, rows, equipements=other).table
        assert table["accessible_pmr"].fillna("?").tolist() == ["oui", "non", "?", "?"]
        assert table["services"].fillna("?").tolist() == [
            "distributeur de billets, photocopie",
            "",
            "?",
            "?",
        ]
        other.write_text("identifiant;x\n1;2\n")
        with pytest.raises(MissingColumnError, match="services"):
            self.load(tmp_path, rows, equipements=other)


def slot(first, last="", *clocks, comment=""):
    values = [*clocks, "", "", "", ""][:4]
    names = [f"valeur_heure_{edge}_{n}" for n in (1, 2) for edge in ("debut", "fin")]
    return {
        "nom_jour_debut": first,
        "nom_jour_fin": last or first,
        **dict(zip(names, values, strict=True)),
        "commentaire": comment,
    }


def service(kind, code, **changes):
    return {
        "id": f"uuid-{kind}-{code}",
        "ancien_code_pivot": f"{kind}-{code}-01",
        "nom": f"{kind} - {code}",
        "pivot": [{"type_service_local": kind, "code_insee_commune": [code]}],
        "code_insee_commune": code,
        "adresse": [
            {"type_adresse": "Adresse postale", "latitude": "", "longitude": ""},
            {
                "type_adresse": "Adresse",
                "numero_voie": "1 rue",
                "code_postal": "53000",
                "nom_commune": "Alpha",
                "longitude": "-0.77",
                "latitude": "48.07",
            },
        ],
        "plage_ouverture": [
            slot("Lundi", "Vendredi", "09:00:00", "12:00:00", "14:00:00", "17:00:00")
        ],
        **changes,
    }


class TestAnnuaire:
    def write(self, tmp_path, content, name="annuaire.json"):
        path = tmp_path / name
        path.write_text(
            content if isinstance(content, str) else json.dumps(content), encoding="utf-8"
        )
        return path

    def forms(self, records):
        """Every form the same records are published in."""
        nested = ("pivot", "adresse", "plage_ouverture")
        flat = [{k: json.dumps(v) if k in nested else v for k, v in r.items()} for r in records]
        yield "fichier.json", {"service": records}
        yield "page.json", {"total_count": 99, "results": flat}
        yield "export.json", flat
        yield "lignes.jsonl", "\n".join(map(json.dumps, records))
        yield "export.csv", pd.DataFrame(flat).to_csv(sep=";", index=False)

    def test_every_form_gives_the_same_counters(self, tmp_path):
        records = [service("caf", CODES[0]), service("epci", CODES[1]), service("mairie", CODES[1])]
        for name, content in self.forms(records):
            loaded = loaders.load_operateurs([self.write(tmp_path, content, name)])
            table = loaded.table
            assert table["genre"].tolist() == ["CAF", "Mairie"], name
            assert table["code_insee"].tolist() == CODES[:2]
            assert table["commune"].tolist() == ["Alpha"] * 2
            assert set(table["horaires"]) == {"Mo-Fr 09:00-12:00,14:00-17:00"}
            assert table.geometry.iloc[0].equals(shapely.Point(-0.77, 48.07))
            assert loaded.anomalies == ()
            mairies = loaders.load_mairies([tmp_path / name]).table
            assert mairies["code_insee"].tolist() == [CODES[1]]
            assert mairies["horaires"].tolist() == ["Mo-Fr 09:00-12:00,14:00-17:00"]

    def test_of_two_services_under_one_roof_each_has_its_commune(self, tmp_path):
        both = [
            {"type_service_local": "epci", "code_insee_commune": [CODES[3]]},
            {"type_service_local": "caf", "code_insee_commune": [CODES[0]]},
        ]
        record = service("caf", CODES[0], pivot=both, code_insee_commune="")
        loaded = loaders.load_operateurs([self.write(tmp_path, {"service": [record]})])
        assert loaded.table["code_insee"].tolist() == [CODES[0]]

    def test_two_operators_at_one_counter_are_two_sites(self, tmp_path):
        both = [
            {"type_service_local": kind, "code_insee_commune": [code]}
            for kind, code in (("tresorerie", CODES[0]), ("sip", CODES[3]), ("epci", CODES[2]))
        ]
        record = service("sip", CODES[3], pivot=both, code_insee_commune="")
        loaded = loaders.load_operateurs([self.write(tmp_path, {"service": [record]})])
        table = loaded.table.set_index("genre")
        assert dict(table["code_insee"]) == {
            "Trésorerie": CODES[0],
            "Service des impôts des particuliers": CODES[3],
        }
        assert table["site_id"].is_unique
        assert table.geometry.iloc[0].equals(table.geometry.iloc[1])
        asked = loaders.load_operateurs([tmp_path / "annuaire.json"], genres=["Trésorerie"])
        assert asked.table["code_insee"].tolist() == [CODES[0]]

    def test_a_town_hall_of_two_types_is_one(self, tmp_path):
        both = [{"type_service_local": kind} for kind in ("mairie", "mairie_com")]
        path = self.write(tmp_path, {"service": [service("mairie", CODES[0], pivot=both)]})
        assert len(loaders.load_operateurs([path]).table) == 1
        assert len(loaders.load_mairies([path]).table) == 1

    def test_former_and_present_names_of_operators(self, tmp_path):
        records = [
            service(kind, CODES[0]) for kind in ("pole_emploi", "france_travail", "sous_pref")
        ]
        path = self.write(tmp_path, {"service": records})
        table = loaders.load_operateurs([path], genres=["France Travail"]).table
        assert table["genre"].tolist() == ["France Travail"] * 2

    def test_hours_of_some_weeks_only_are_told(self, tmp_path):
        slots = [
            slot("Mardi", "", "09:00:00", "12:00:00", comment="Hors vacances scolaires"),
            slot("Samedi", "", "09:00:00", "12:00:00", comment="2e et 4e samedis de chaque mois"),
            slot("Jour férié", "", "09:00:00", "12:00:00"),
            slot("Samedi", "Lundi", "10:00", "11:00"),
            slot("Jeudi", "", "12:00:00", "09:00:00"),
        ]
        path = self.write(tmp_path, [service("caf", CODES[0], plage_ouverture=slots)])
        loaded = loaders.load_operateurs([path])
        assert loaded.table["horaires"].tolist() == [
            "Mo 10:00-11:00; Tu 09:00-12:00; Sa-Su 10:00-11:00"
        ]
        (anomaly,) = loaded.anomalies
        for word in ("Samedi", "Jour férié", "Jeudi"):
            assert word in anomaly.message

    def test_no_hours_are_unknown_hours(self, tmp_path):
        path = self.write(tmp_path, [service("caf", CODES[0], plage_ouverture=[])])
        assert loaders.load_operateurs([path]).table["horaires"].isna().all()

    def test_the_town_hall_itself_comes_before_annexes(self, tmp_path):
        code = CODES[0]
        far = [{"type_adresse": "Adresse", "latitude": "48.9", "longitude": "-0.9"}]
        records = [
            service("mairie", code, nom="Mairie déléguée - Z", ancien_code_pivot="", adresse=far),
            service("mairie", code, ancien_code_pivot="", id="zzz"),
        ]
        path = self.write(tmp_path, records)
        table = loaders.load_mairies([path]).table
        assert table.geometry.iloc[0].equals(shapely.Point(-0.77, 48.07))
        records[0]["ancien_code_pivot"] = f"mairie-{code}-01"
        table = loaders.load_mairies([self.write(tmp_path, records)]).table
        assert table.geometry.iloc[0].equals(shapely.Point(-0.9, 48.9))

    def test_bad_codes_and_places_are_told(self, tmp_path):
        lost = service("caf", "?", adresse=[], code_insee_commune="?")
        twice = service("caf", CODES[0])
        loaded = loaders.load_operateurs([self.write(tmp_path, [lost, twice, twice])])
        assert loaded.table["position"].tolist() == ["aucune", "source"]
        assert codes_of(loaded) == ["doublon", "code-commune-invalide", "coordonnees-absentes"]

    def test_wrong_requests_and_files(self, tmp_path):
        path = self.write(tmp_path, [service("epci", CODES[0])])
        with pytest.raises(DataError, match="types trouvés : epci"):
            loaders.load_operateurs([path])
        with pytest.raises(DataError, match="aucune mairie"):
            loaders.load_mairies([path])
        with pytest.raises(DataError, match="opérateur inconnu : CNAV"):
            loaders.load_operateurs([path], genres=["CNAV"])
        archive = tmp_path / "all_latest.json"
        with tarfile.open(archive, "w:bz2") as tar:
            tar.add(path)
        with pytest.raises(MsapGeoError):
            loaders.load_operateurs([archive])

    @pytest.mark.parametrize("content", ["{}", "[]", "[1]", "3", '{"service": 1}', "[[]]", "[{}]"])
    def test_other_json_is_refused(self, tmp_path, content):
        with pytest.raises(DataError, match="annuaire"):
            loaders.load_operateurs([self.write(tmp_path, content)])

    values = st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False)
        | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=6,
    )

    @pytest.mark.slow
    @settings(max_examples=40, deadline=None)
    @given(st.dictionaries(st.sampled_from(sorted(service("caf", CODES[0]))), values, max_size=4))
    def test_no_record_raises_anything_else(self, tmp_path_factory, changes):
        path = self.write(
            tmp_path_factory.mktemp("fuzz"),
            [service("caf", CODES[0]), service("caf", "x", **changes)],
        )
        try:
            loaded = loaders.load_operateurs([path])
        except MsapGeoError:
            return
        assert loaded.table["site_id"].is_unique


TYPES = {"A206": "Bureau de Poste", "A129": "Mairie"}


class TestBpe:
    def rows(self):
        to_metres = pyproj.Transformer.from_crs(4326, 2154, always_xy=True)
        there = pyproj.Transformer.from_crs(4326, 2975, always_xy=True)
        x, y = to_metres.transform(-0.77, 48.07)
        far_x, far_y = there.transform(55.45, -20.88)
        return pd.DataFrame(
            {
                "TYPEQU": ["A206", "A206", "A129", "B101"],
                "DEPCOM": ["53130", "53130", "97411", "53130"],
                "LAMBERT_X": [x, x, far_x, x],
                "LAMBERT_Y": [y, y, far_y, y],
                "QUALITE_XY": "Bonne",
            }
        )

    def test_metres_of_every_projection_and_every_file(self, tmp_path):
        rows = self.rows()
        rows.to_csv(tmp_path / "bpe.csv", sep=";", index=False)
        rows.to_parquet(tmp_path / "bpe.parquet")
        for name in ("bpe.csv", "bpe.parquet"):
            loaded = loaders.load_bpe(tmp_path / name, TYPES)
            table = loaded.table
            assert loaded.rows_read == 3
            assert table["site_id"].tolist() == ["A206-53130-1", "A206-53130-2", "A129-97411-1"]
            assert table["genre"].tolist() == ["Bureau de Poste", "Bureau de Poste", "Mairie"]
            assert table["departement"].tolist() == ["53", "53", "974"]
            found = [(p.x, p.y) for p in table.geometry]
            assert found[0] == pytest.approx((-0.77, 48.07), abs=1e-6)
            assert found[2] == pytest.approx((55.45, -20.88), abs=1e-6)

    def test_its_own_name_else_its_kind_and_where_it_is(self, tmp_path):
        rows = self.rows().assign(NOMRS=["Poste du Mail", "", "", ""])
        rows.loc[1, "LAMBERT_X"] = None
        rows.to_csv(tmp_path / "bpe.csv", index=False)
        table = loaders.load_bpe(tmp_path / "bpe.csv", TYPES).table
        assert table["nom"].tolist()[:2] == ["Poste du Mail", "Bureau de Poste (53130)"]
        assert table["position"].tolist() == ["source", "aucune", "source"]

    def test_degrees_and_layers(self, tmp_path):
        rows = self.rows().drop(columns=["LAMBERT_X", "LAMBERT_Y"])
        points = gpd.points_from_xy([-0.77, -0.77, 55.45, -0.77], [48.07, 48.07, -20.88, 48.07])
        rows.assign(LONGITUDE=points.x, LATITUDE=points.y).to_csv(tmp_path / "d.csv", index=False)
        layer = gpd.GeoDataFrame(rows, geometry=points, crs=4326)
        layer.to_parquet(tmp_path / "d.parquet")
        layer.to_crs(2154).to_file(tmp_path / "d.gpkg")
        for name in ("d.csv", "d.parquet", "d.gpkg"):
            table = loaders.load_bpe(tmp_path / name, TYPES).table
            assert table.geometry.iloc[2].x == pytest.approx(55.45, abs=1e-5), name

    def test_what_is_missing_is_named(self, tmp_path):
        path = tmp_path / "bpe.csv"
        self.rows().drop(columns="DEPCOM").to_csv(path, index=False)
        with pytest.raises(MissingColumnError, match="depcom"):
            loaders.load_bpe(path, TYPES)
        self.rows().to_csv(path, index=False)
        with pytest.raises(DataError, match="A999"):
            loaders.load_bpe(path, {"A999": "Rien"})
        path = tmp_path / "faux.parquet"
        path.write_text("PAR1 non")
        with pytest.raises(UnreadableFileError):
            loaders.load_bpe(path, TYPES)


cells = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=12)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(MAISONS_HEADER), cells, max_size=6))
def test_no_cell_of_a_list_of_maisons_raises_anything_else(tmp_path_factory, cells_of_a_row):
    path = tmp_path_factory.mktemp("fuzz") / "maisons.csv"
    write_csv(path, MAISONS_HEADER, [maison_row(0), maison_row(1, **cells_of_a_row)])
    try:
        table = loaders.load_maisons(path).table
    except MsapGeoError:
        return
    assert table["site_id"].is_unique


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(LA_POSTE_HEADER), cells, max_size=6))
def test_no_cell_of_a_list_of_post_offices_raises_anything_else(tmp_path_factory, cells_of_a_row):
    path = tmp_path_factory.mktemp("fuzz") / "poste.csv"
    write_csv(path, LA_POSTE_HEADER, [poste_row(0), poste_row(1, **cells_of_a_row)])
    try:
        table = loaders.load_la_poste(path).table
    except MsapGeoError:
        return
    assert table["site_id"].is_unique


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "Mo-Fr 09:00-12:00,13:30-17:00; Sa 09:00-12:00",
            "lundi à vendredi 9h-12h, 13h30-17h ; samedi 9h-12h",
        ),
        ("off", "fermé toute la semaine"),
        (None, ""),
        (float("nan"), ""),
    ],
)
def test_hours_in_french(text, words):
    assert french_hours.hours(text) == words
