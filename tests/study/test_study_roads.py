"""Roads in a study: several files, the hour, crossings, penalties."""

from __future__ import annotations

import json

import pytest

from msap_geo.errors import StudyError
from msap_geo.folder import write_study
from msap_geo.study import read_study, run_study

ROADS = 'noeuds = "noeuds.csv"\nliens = "liens.csv"\n'


def minutes(toy_study, *replacements):
    toy_study.configure(*replacements)
    result = run_study(read_study(toy_study.path))
    return result.access.set_index("code_insee")["minutes"], result


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
