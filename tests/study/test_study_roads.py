"""Roads in a study: several files, the hour, crossings, penalties."""

from __future__ import annotations

import json

import geopandas as gpd
import pytest
import shapely
from support.toy import CENTRES

from msap_geo import coverage
from msap_geo.comparison import compare_studies
from msap_geo.errors import MsapGeoError, StudyError
from msap_geo.folder import write_study
from msap_geo.study import read_study, run_study

ROADS = 'noeuds = "noeuds.csv"\nliens = "liens.csv"\n'


def minutes(toy_study, *replacements):
    toy_study.configure(*replacements)
    result = run_study(read_study(toy_study.path))
    return result.access.set_index("code_insee")["minutes"], result


@pytest.mark.slow
def test_rush_hour_multiplies_by_the_communes_crossed(toy_study):
    communes = json.loads((toy_study.folder / "population.json").read_text(encoding="utf-8"))
    for record in communes:
        record["population"] = 2_000_000  # 20,000 inhabitants per km²: the densest class
    (toy_study.folder / "population.json").write_text(json.dumps(communes), encoding="utf-8")
    free, _ = minutes(toy_study)
    rush, result = minutes(toy_study, ("[reseau]\n", '[reseau]\nheure = "pleines"\n'))
    assert rush.tolist() == pytest.approx((free * 1.65).tolist(), abs=2e-3)
    assert "pointe" in result.profile.title
    folder = toy_study.folder / "sortie"
    write_study(result, folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["reseau"]["heure"] == "pleines"
    assert "heures de pointe" in (folder / "carte.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_off_peak_is_the_default(toy_study):
    said, _ = minutes(toy_study, ("[reseau]\n", '[reseau]\nheure = "creuses"\n'))
    default, _ = minutes(toy_study)
    assert said.tolist() == default.tolist()


@pytest.mark.parametrize("mode", ["velo", "pied"])
def test_other_modes(toy_study, mode):
    found, result = minutes(
        toy_study, ('"voiture"', f'"{mode}"'), ("\n[reseau.vitesses_kmh]\nprimary = 60\n", "")
    )
    kmh = {"velo": 15, "pied": 5}[mode]
    assert found["53002"] == pytest.approx(10 / kmh * 60)
    assert result.profile.name == mode


def test_penalties_are_asked_by_the_study(toy_study):
    _, result = minutes(
        toy_study,
        ("[candidats]", "[reseau.penalites]\nacceleration_laterale_ms2 = 3\n\n[candidats]"),
    )
    assert result.profile.penalties.lateral_ms2 == 3
    assert result.profile.as_dict()["penalites"]["junction_s"] == 0


class TestCrossings:
    CUT = ("2,3,", "3,2,")

    def cut(self, toy_study):
        """Break the road between C and D: two halves of 20 km each."""
        path = toy_study.folder / "liens.csv"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(x for x in lines if not x.startswith(self.CUT)), encoding="utf-8")

    def test_the_far_half_is_without_route_and_told(self, toy_study):
        self.cut(toy_study)
        found, result = minutes(toy_study)
        assert found.isna().tolist() == [False, False, False, True, True, True]
        assert set(result.access["raison"].iloc[3:]) == {"sans route"}
        assert "reseau-iles" in {anomaly.code for anomaly in result.anomalies}

    @pytest.mark.parametrize("end", ['"53004"', "[LON, LAT]"])
    def test_a_declared_crossing_mends_it(self, toy_study, end):
        self.cut(toy_study)
        rows = (toy_study.folder / "noeuds.csv").read_text(encoding="utf-8").splitlines()
        _, lon, lat = rows[4].split(",")
        place = end.replace("LON", lon).replace("LAT", lat)
        trip = f'[[reseau.traversees]]\nde = "53003"\na = {place}\nminutes = 45\n\n[candidats]'
        found, result = minutes(toy_study, ("[candidats]", trip))
        assert found["53004"] == pytest.approx(20 + 45)
        assert result.roads.report.ferries == 1

    @pytest.mark.parametrize(
        ("trip", "said"),
        [
            ('de = "99999"\na = "53001"\nminutes = 5', "commune inconnue"),
            ('de = 5\na = "53001"\nminutes = 5', "ni une commune ni un point"),
            ('de = [1]\na = "53001"\nminutes = 5', "ni une commune ni un point"),
            ('de = "53001"\na = "53002"\nminutes = 0', "trop petite"),
            ('de = "53001"\na = "53002"', "clé absente"),
        ],
    )
    def test_wrong_crossings(self, toy_study, trip, said):
        toy_study.configure(("[candidats]", f"[[reseau.traversees]]\n{trip}\n\n[candidats]"))
        with pytest.raises(StudyError, match=said):
            run_study(read_study(toy_study.path))


@pytest.mark.parametrize(
    ("replacements", "said"),
    [
        ([("[reseau]\n", '[reseau]\nheure = "midi"\n')], "valeur inconnue"),
        (
            [
                ("[reseau]\n", '[reseau]\nheure = "pleines"\n'),
                ('"voiture"', '"velo"'),
            ],
            "heures de pointe",
        ),
        (
            [
                (ROADS, ""),
                ('"voiture"', '"estime"'),
                ("[reseau.vitesses_kmh]\nprimary = 60\n", "[reseau.penalites]\ncarrefour_s = 5\n"),
            ],
            "qu'avec des routes",
        ),
        ([("[reseau]\n", '[reseau]\nsource = ["a.osm.pbf"]\n')], "pas donné comme il faut"),
    ],
)
def test_wrong_roads(toy_study, replacements, said):
    toy_study.configure(*replacements)
    with pytest.raises(StudyError, match=said):
        read_study(toy_study.path)


def test_a_source_is_a_path_or_a_list(toy_study):
    toy_study.configure((ROADS, 'source = "a.osm.pbf"\n'))
    one = read_study(toy_study.path).reseau.sources
    toy_study.configure((ROADS, 'source = ["a.osm.pbf", "b.osm.pbf"]\n'))
    study = read_study(toy_study.path)
    assert [path.name for path in one] == ["a.osm.pbf"]
    assert [path.name for path in study.inputs()["reseau"]] == ["a.osm.pbf", "b.osm.pbf"]


class TestChanges:
    """``[[reseau.modifications]]``; the zone holds the third kilometre from C to D."""

    def zone(self, toy_study):
        x, y = CENTRES[2]
        shape = shapely.box(x + 2000, y - 100, x + 3000, y + 100)
        path = toy_study.folder / "col.geojson"
        gpd.GeoDataFrame(geometry=[shape], crs=2154).to_crs(4326).to_file(path)

    def asked(self, toy_study, text, month="", *more):
        roads = "[reseau]\n" + (f"mois = {month}\n" if month else "")
        table = f'[[reseau.modifications]]\nnom = "Col"\n{text}\n\n[candidats]'
        return minutes(toy_study, ("[reseau]\n", roads), ("[candidats]", table), *more)

    @pytest.mark.slow
    @pytest.mark.parametrize("month", ["", "1"])
    def test_a_pass_closed_in_winter(self, toy_study, month):
        self.zone(toy_study)
        text = 'raison = "neige"\nmois = [12, 1, 2]\nzone = "col.geojson"\nferme = true'
        found, result = self.asked(toy_study, text, month)
        assert found[:3].tolist() == [0, 10, 20]
        assert found[3:].isna().all()
        assert [str(one) for one in result.cautions] == ["ROUTES MODIFIÉES : Col (neige)."]
        assert "routes-modifiees" in {one.code for one in result.anomalies}
        folder = toy_study.folder / "sortie"
        write_study(result, folder)
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["parametres"]["reseau"]["modifications"][0]["nom"] == "Col"
        files = {one["fichier"]: one["role"] for one in manifest["entrees"]}
        assert files["col.geojson"] == "modifications"
        assert "Routes modifiées : Col (neige)." in manifest["citation"]["methode"]
        assert "ROUTES MODIFIÉES" in (folder / "carte.html").read_text(encoding="utf-8")

    def test_it_is_open_in_summer(self, toy_study):
        self.zone(toy_study)
        text = 'mois = [12, 1, 2]\nzone = "col.geojson"\nferme = true'
        found, result = self.asked(toy_study, text, "7")
        assert found.tolist() == [0, 10, 20, 30, 40, 50]
        assert result.cautions == ()

    @pytest.mark.slow
    def test_winter_against_summer(self, toy_study):
        self.zone(toy_study)
        text = 'mois = [1]\nzone = "col.geojson"\nferme = true'
        (_, winter), (_, summer) = (self.asked(toy_study, text, month) for month in ("1", "7"))
        told = compare_studies(summer, winter)
        # D is 30 minutes from A's Maison by the pass, and has no other road.
        statuses = told.communes.set_index("code_insee")["statut_30"]
        assert (statuses["53003"], statuses["53004"]) == (
            coverage.STILL_WITHIN,
            coverage.LOST,
        )
        assert [(one.what, one.before, one.after) for one in told.differences] == [
            ("Zones des routes modifiées", "aucun", "col.geojson (millésime non indiqué)"),
            ("Mois", "7", "1"),
        ]

    @pytest.mark.slow
    def test_a_change_is_named_where_studies_are_compared(self, toy_study):
        self.zone(toy_study)
        _, free = minutes(toy_study)
        _, shut = self.asked(toy_study, 'raison = "neige"\nzone = "col.geojson"\nferme = true')
        told = {
            one.what: (one.before, one.after) for one in compare_studies(free, shut).differences
        }
        assert told["Routes modifiées"] == ("aucun", "Col (neige)")

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ('classe = "primary"\nfacteur = 2', [0, 20, 40, 60, 80, 100]),
            ('classe = "primary"\nvitesse_kmh = 120', [0, 5, 10, 15, 20, 25]),
            ('de = "53001"\na = "53006"\nvitesse_kmh = 120', [0, 10, 20, 30, 35, 25]),
            ('zone = "col.geojson"\nclasse = "primary"\nfacteur = 2', [0, 10, 20, 31, 41, 51]),
            ('zone = "col.geojson"\nfacteur = 2\nsens = "retour"', [0, 10, 20, 31, 41, 51]),
            ('zone = "col.geojson"\nfacteur = 2\nsens = "aller"', [0, 10, 20, 30, 40, 50]),
        ],
    )
    def test_what_may_change(self, toy_study, text, expected):
        self.zone(toy_study)
        found, _ = self.asked(toy_study, text)
        assert found.tolist() == pytest.approx(expected, abs=2e-3)

    @pytest.mark.slow
    def test_an_estimated_network_changes_too(self, toy_study):
        self.zone(toy_study)
        roads = 'noeuds = "noeuds.csv"\nliens = "liens.csv"\nprofil = "voiture"'
        estimated = [(roads, 'profil = "estime"'), ("[reseau.vitesses_kmh]\nprimary = 60\n", "")]
        free, _ = minutes(toy_study, *estimated)
        shut, _ = self.asked(toy_study, 'zone = "col.geojson"\nferme = true', "", *estimated)
        assert free.notna().all()
        assert shut[3:].isna().all()

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("ferme = true", "il manque où"),
            ('classe = "primary"', "une seule des clés"),
            ('classe = "primary"\nferme = true\nfacteur = 2', "une seule des clés"),
            ('classe = "nationale"\nferme = true', "classe de route inconnue : « nationale »"),
            ('classe = "motorway"\nferme = true', "ne porte sur aucune route de classe motorway"),
            ('de = "53001"\nvitesse_kmh = 50', "deux bouts"),
            ('de = "53001"\na = "53006"\nferme = true', "demande une vitesse_kmh"),
            ('de = "53001"\na = "99999"\nvitesse_kmh = 50', "commune inconnue"),
            ('zone = "absente.geojson"\nferme = true', "absente.geojson"),
            ('zone = "ailleurs.geojson"\nferme = true', "ne porte sur aucune route"),
            ('classe = "primary"\nfacteur = 0', "facteur"),
            ('classe = "primary"\nferme = true\nmois = [13]', "mois"),
            ('classe = "primary"\nferme = true\nsens = "montée"', "sens"),
        ],
    )
    def test_what_has_no_meaning_is_refused(self, toy_study, text, words):
        away = gpd.GeoDataFrame(geometry=[shapely.box(5, 44, 5.1, 44.1)], crs=4326)
        away.to_file(toy_study.folder / "ailleurs.geojson")
        with pytest.raises(MsapGeoError, match=words):
            self.asked(toy_study, text)
