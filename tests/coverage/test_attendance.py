"""Huff's law read from visits: known laws found again, grids that do no better, few sites told."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from msap_geo import coverage, loaders
from msap_geo.coverage import attendance
from msap_geo.errors import DataError, MissingColumnError
from msap_geo.travel import TravelTimes


def country(seed, *, places=120, sites=25, bound=40.0):
    """Return times between points thrown on a square of an hour, cut at a bound."""
    rng = np.random.default_rng(seed)
    here, there = rng.uniform(0, 60, (places, 2)), rng.uniform(0, 60, (sites, 2))
    away = np.hypot(*(here[:, None] - there[None]).transpose(2, 0, 1)) + 1
    kept = csr_array(np.where(away <= bound, away, 0))
    times = TravelTimes(
        pd.Index([f"p{i}" for i in range(places)]), pd.Index([f"s{j}" for j in range(sites)]),
        kept, kept.copy(), bound,
    )  # fmt: skip
    return times, rng.integers(50, 5_000, places).astype(float), rng.uniform(6, 40, sites)


def expected_visits(times, people, hours, *, size, slope, rate, weeks):
    """Write Huff's law by hand, place by place."""
    minutes = times.minutes.toarray()
    found = np.zeros(len(hours))
    for i, row in enumerate(minutes):
        pull = np.where(row > 0, hours**size * np.maximum(row, 1) ** -slope, 0)
        if pull.sum():
            found += people[i] * pull / pull.sum()
    return rate * found * weeks / 52


@pytest.mark.parametrize(
    "truth", [(1.0, 2.0, 0.3), (0.4, 1.2, 1.5), (1.8, 3.0, 0.05), (0.5, 0.6, 0.4)]
)
def test_a_law_without_noise_is_found_again(truth):
    size, slope, rate = truth
    times, people, hours = country(1)
    weeks = np.where(np.arange(25) % 2, 52.0, 13.0)
    visits = expected_visits(times, people, hours, size=size, slope=slope, rate=rate, weeks=weeks)
    visits[::5] = np.nan  # rivals are there, observed or not
    found = coverage.calibrate(times, people, hours, visits, weeks)
    assert found.huff.size_exponent == pytest.approx(size, abs=1e-3)
    assert found.huff.time_exponent == pytest.approx(slope, abs=1e-3)
    assert found.visits_per_person == pytest.approx(rate, rel=1e-3)
    assert found.r2 == pytest.approx(1, abs=1e-6)
    assert found.deviance_explained == pytest.approx(1, abs=1e-4)
    assert (found.sites, found.status) == (20, "calé")


@pytest.mark.parametrize("seed", range(6))
def test_noise_stays_inside_the_interval_most_times_and_no_grid_does_better(seed):
    rng = np.random.default_rng(seed)
    times, people, hours = country(seed)
    weeks = np.full(25, 52.0)
    mean = expected_visits(times, people, hours, size=0.8, slope=1.7, rate=0.4, weeks=weeks)
    visits = rng.poisson(mean).astype(float)
    found = coverage.calibrate(times, people, hours, visits, weeks)
    for value, truth, error in zip(found.huff, (0.8, 1.7), found.standard_errors, strict=True):
        assert abs(value - truth) <= 4 * error
    for size in np.linspace(0.3, 1.3, 21):
        for slope in np.linspace(1.0, 2.4, 29):
            law = expected_visits(times, people, hours, size=size, slope=slope, rate=1, weeks=weeks)
            law *= visits.sum() / law.sum()
            assert attendance.poisson_deviance(visits, law) >= found.deviance - 1e-6
    assert 0.3 < found.dispersion < 3


@pytest.mark.parametrize(
    ("visits", "expected", "deviance"),
    [
        ([3.0, 5.0], [3.0, 5.0], 0),
        ([1.0], [2.0], 2 * (math.log(1 / 2) - 1 + 2)),
        ([0.0, 4.0], [1.0, 2.0], 2 * 1 + 2 * (4 * math.log(2) - 4 + 2)),
    ],
)
def test_deviance_by_hand(visits, expected, deviance):
    found = attendance.poisson_deviance(np.array(visits), np.array(expected))
    assert found == pytest.approx(deviance)


@pytest.mark.parametrize("alike", [True, False])
def test_fit_and_dispersion_are_those_of_the_books(alike):
    times, people, hours = country(6)
    hours = np.full(25, 24.0) if alike else hours
    weeks = np.full(25, 52.0)
    visits = expected_visits(times, people, hours, size=1, slope=2, rate=0.3, weeks=weeks)
    visits *= np.where(np.arange(25) % 3, 0.8, 1.3)
    visits[9:] = np.nan
    found = coverage.calibrate(times, people, hours, visits, weeks)
    size, slope = found.huff
    mean = expected_visits(times, people, hours, size=size, slope=slope, rate=1, weeks=weeks)[:9]
    seen = visits[:9]
    mean *= seen.sum() / mean.sum()
    gaps = seen - mean
    assert found.r2 == pytest.approx(1 - (gaps**2).sum() / ((seen - seen.mean()) ** 2).sum())
    # Nine sites, less what is read from them: the rate and the exponents.
    free = 9 - (2 if alike else 3)
    assert found.dispersion == pytest.approx((gaps**2 / mean).sum() / free)


def test_one_standard_error_away_the_deviance_is_greater_by_one():
    times, people, _ = country(2)
    hours, weeks = np.full(25, 24.0), np.full(25, 52.0)
    visits = expected_visits(times, people, hours, size=1, slope=2.5, rate=1, weeks=weeks)
    found = coverage.calibrate(times, people, hours, visits, weeks)
    for sign in (-1, 1):
        slope = 2.5 + sign * found.standard_errors[1]
        away = expected_visits(times, people, hours, size=1, slope=slope, rate=1, weeks=weeks)
        away *= visits.sum() / away.sum()
        assert attendance.poisson_deviance(visits, away) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("hair", [0.0, 1e-5])
def test_sites_alike_do_not_tell_what_hours_weigh(hair):
    times, people, _ = country(2)
    hours, weeks = np.full(25, 24.0), np.full(25, 52.0)
    hours[0] += hair  # a rounding
    visits = expected_visits(times, people, hours, size=1, slope=2.5, rate=1, weeks=weeks)
    found = coverage.calibrate(times, people, hours, visits, weeks)
    assert found.huff.time_exponent == pytest.approx(2.5, abs=1e-3)
    assert found.huff.size_exponent == 1
    assert not found.size_known
    row = coverage.calibration_table(found).iloc[0]
    assert np.isnan(row["exposant_taille_bas"])


def test_too_few_sites_are_told_and_the_usual_law_is_kept():
    times, people, hours = country(3)
    weeks = np.full(25, 52.0)
    drawn = expected_visits(times, people, hours, size=1, slope=2, rate=1, weeks=weeks)
    visits = np.full(25, np.nan)
    for n, status in ((0, "trop peu de sites"), (5, "trop peu de sites"),
                      (6, "calé sur peu de sites"), (15, "calé")):  # fmt: skip
        visits[:n] = drawn[:n]
        found = coverage.calibrate(times, people, hours, visits, np.full(25, 52.0))
        assert found.status == status
        assert (found.huff == coverage.HUFF) or n >= 6
    none = coverage.calibrate(times, people, hours, np.zeros(25), np.full(25, 52.0))
    assert none.status == "trop peu de sites"
    with pytest.raises(DataError):
        coverage.calibrate(times, people, hours, -visits, np.full(25, 52.0))
    with pytest.raises(DataError):
        coverage.calibrate(times, people[1:], hours, visits, np.full(25, 52.0))


def test_a_law_no_better_than_equal_visits_is_told_and_not_counted_with():
    times, people, hours = country(3)
    visits, weeks = 1_000.0 + 10 * np.arange(25), np.full(25, 52.0)
    visits[20:] = np.nan
    found = coverage.calibrate(times, people, hours, visits, weeks)
    assert found.status == coverage.NO_BETTER
    assert found.deviance_explained <= 0
    assert found.law == coverage.HUFF
    assert found.visits_a_week == pytest.approx(visits[:20].mean() / 52)
    sites = pd.DataFrame(
        {"site_id": times.site_ids, "nom": "x", "heures": hours, "visites": visits,
         "semaines": weeks}
    )  # fmt: skip
    table = coverage.saturation(found, times, people, sites)
    assert set(table["visites_modele"]) == {round(visits[:20].mean())}
    equal = coverage.calibrate(times, people, hours, np.full(25, 500.0), weeks)
    assert equal.law == coverage.HUFF
    drawn = expected_visits(times, people, hours, size=0.5, slope=1, rate=1, weeks=weeks)
    sound = coverage.calibrate(times, people, hours, drawn, weeks)
    assert sound.law == sound.huff != coverage.HUFF


def test_sites_nobody_reaches_and_never_open_ones():
    times, people, hours = country(4)
    cut = times.minutes.tolil()
    cut[:, 3] = 0
    alone = TravelTimes(
        times.demand_ids, times.site_ids, csr_array(cut), csr_array(cut), times.max_minutes
    )
    hours[5] = 0.0
    weeks = np.full(25, 52.0)
    visits = expected_visits(alone, people, hours, size=1, slope=2, rate=1, weeks=weeks)
    found = coverage.calibrate(alone, people, hours, visits, weeks)
    assert found.huff.time_exponent == pytest.approx(2, abs=1e-3)
    sites = pd.DataFrame(
        {
            "site_id": alone.site_ids,
            "nom": "x",
            "heures": hours,
            "visites": visits,
            "semaines": weeks,
        }
    )
    table = coverage.saturation(found, alone, people, sites).set_index("site_id")
    assert table.loc["s5", "etat"] == "inconnu"
    assert table.loc["s3", "saturation"] == 0


def test_visits_of_no_week_are_no_visits_of_a_year():
    times, people, hours = country(5, sites=3)
    sites = pd.DataFrame(
        {"site_id": times.site_ids, "nom": "x", "heures": hours, "visites": [260.0, 9, np.nan],
         "semaines": [26.0, 0, 52]}
    )  # fmt: skip
    none = np.full(3, np.nan)
    found = coverage.calibrate(times, people, hours, none, np.full(3, 52.0))
    table = coverage.saturation(found, times, people, sites).set_index("site_id")
    assert table.loc["s0", "visites_an"] == 520
    assert table.loc[["s1", "s2"], "visites_an"].isna().all()


def test_saturation_by_hand():
    """Ten sites alike: nine get 100 visits an hour or less, one gets twice as many."""
    times, people, _ = country(5, sites=10)
    hours, weeks = np.full(10, 10.0), np.full(10, 52.0)
    visits = np.array([100.0 * 10 * 52] * 9 + [200.0 * 10 * 52])
    visits[0] = np.nan
    found = coverage.calibrate(times, people, hours, visits, weeks)
    assert found.per_hour == pytest.approx(np.quantile([100] * 8 + [200], 0.9))
    # A site open ten hours a week, as all are, could receive so many people's visits of a year.
    assert found.capacity_people * found.visits_per_person == pytest.approx(
        found.per_hour * 10 * 52
    )
    sites = pd.DataFrame(
        {
            "site_id": times.site_ids,
            "nom": "x",
            "heures": hours,
            "visites": visits,
            "semaines": weeks,
        }
    )
    table = coverage.saturation(found, times, people, sites)
    assert table["site_id"].iloc[0] in {"s9", "s0"}
    by = table.set_index("site_id")
    assert by.loc["s9", "saturation"] == pytest.approx(200 / found.per_hour, abs=1e-4)
    assert by.loc["s9", "etat"] == "saturée"
    assert by.loc["s1", "visites_an"] == 52_000
    assert np.isnan(by.loc["s0", "visites_an"])
    assert by.loc["s0", "visites_modele"] > 0


class TestFile:
    def test_visits_are_whole(self, tmp_path):
        path = tmp_path / "visites.csv"
        path.write_text("nom;visites;periode\nAlpha;1,200;2024\nBeta;12,0;2024\n", "utf-8")
        loaded = loaders.load_attendance(path)
        assert [a.line for a in loaded.anomalies] == [2]
        assert loaded.table["visites"].tolist() == [12]

    def test_periods_names_and_sums(self, tmp_path):
        path = tmp_path / "visites.csv"
        path.write_text(
            "nom;visites;periode\nAlpha;1 200;2024\nBÊTA;100;2024-T1\nBeta;50;2024-T2\n"
            "Gamma;12;2024-01-01/2024-01-14\nDelta;;2024\nAlpha;x;2024\nAlpha;-3;2024\n"
            "Alpha;3;jamais\nInconnue;5;2024-05\n",
            encoding="utf-8",
        )
        loaded = loaders.load_attendance(path)
        assert [a.code for a in loaded.anomalies] == ["frequentation-illisible"] * 3
        assert loaded.rows_read == 9
        sites = pd.DataFrame(
            {"site_id": ["1", "2", "3", "4"], "nom": ["Alpha", "Bêta", "Gamma", "Delta"]},
            index=[7, 8, 9, 10],
        )
        matched = loaders.match_attendance(loaded.table, sites, file="visites.csv")
        assert matched.table["visites"].tolist()[:3] == [1200, 150, 12]
        assert matched.table["semaines"].tolist()[:3] == [52, 26, 2]
        assert matched.table["visites"].isna().tolist() == [False, False, False, True]
        assert matched.table.index.tolist() == [7, 8, 9, 10]
        (told,) = matched.anomalies
        assert told.code == "frequentation-inconnue"
        assert "Inconnue" in told.message

    def test_a_period_told_several_times_lasts_once(self, tmp_path):
        path = tmp_path / "visites.csv"
        rows = [("1", "CAF", 100, "2023"), ("1", "CPAM", 50, " 2023"), ("1", "CAF", 40, "2024")]
        # A number above twelve is no month, and a week says that it is one.
        rows += [("2", "", 9, "2024-13"), ("2", "", 9, "2024-00"), ("2", "", 8, "2024-S13")]
        text = "\n".join(";".join(map(str, row)) for row in rows)
        path.write_text(f"site_id;operateur;visites;periode\n{text}\n", encoding="utf-8")
        loaded = loaders.load_attendance(path)
        assert loaded.table["visites"].tolist() == [190, 8]
        assert loaded.table["semaines"].tolist() == [104, 1]
        assert len(loaded.anomalies) == 2

    @pytest.mark.parametrize(
        ("head", "rows", "visits", "weeks"),
        [
            ("annee;mois", ["2024;1", "2024;février", "2024;03"], 30, 13),
            ("annee;mois", ["2024;2024-05", "2024;05"], 20, 52 / 12),
            ("annee;mois", ["2024.0;5.0", "2024;"], 20, 52 / 12 + 52),
            ("annee;trimestre", ["2024;T1", "2024;2"], 20, 26),
            ("annee;semestre", ["2023;S2", "2024;1"], 20, 52),
            ("mois", ["2024-05"], 10, 52 / 12),
            ("annee", ["2023", "2024"], 20, 104),
        ],
    )
    def test_a_year_apart_from_its_months_is_no_year(self, tmp_path, head, rows, visits, weeks):
        path = tmp_path / "visites.csv"
        lines = [f"1;10;{row}" for row in rows]
        path.write_text("\n".join([f"site_id;visites;{head}", *lines]) + "\n", encoding="utf-8")
        loaded = loaders.load_attendance(path)
        assert loaded.anomalies == ()
        assert loaded.table["visites"].tolist() == [visits]
        assert loaded.table["semaines"].tolist() == [pytest.approx(weeks)]

    def test_a_row_given_twice_counts_once_and_is_told(self, tmp_path):
        path = tmp_path / "visites.csv"
        rows = ["1;CAF;10;2024", "1;CPAM;10;2024", "1;CAF;10;2024 ", "2;CAF;0;2024", "2;CAF;0;2024"]
        text = "\n".join(["site_id;operateur;visites;periode", *rows])
        path.write_text(f"{text}\n", encoding="utf-8")
        loaded = loaders.load_attendance(path)
        assert loaded.table["visites"].tolist() == [20, 0]
        (told,) = loaded.anomalies
        assert (told.code, told.line) == ("frequentation-repetee", 4)

    def test_a_month_that_is_none_is_told(self, tmp_path):
        path = tmp_path / "visites.csv"
        text = "site_id;visites;annee;mois\n1;10;2024;13\n1;9;;5\n"
        path.write_text(text, encoding="utf-8")
        loaded = loaders.load_attendance(path)
        assert loaded.table.empty
        assert len(loaded.anomalies) == 2

    def test_identifiers_first_and_names_several_bear_are_nobodys(self, tmp_path):
        path = tmp_path / "liste.csv"
        path.write_text("id_fs,lib_fs,visites\n2,Même,10\n,Même,20\n", encoding="utf-8")
        sites = pd.DataFrame({"site_id": ["1", "2"], "nom": ["Même", "Même"]})
        loaded = loaders.load_attendance(path)
        matched = loaders.match_attendance(loaded.table, sites, file="liste.csv")
        assert matched.table["visites"].tolist()[1] == 10
        assert np.isnan(matched.table["visites"].tolist()[0])
        assert len(matched.anomalies) == 1

    def test_a_file_without_visits_or_names_is_refused(self, tmp_path):
        path = tmp_path / "x.csv"
        path.write_text("nom,total\na,1\n", encoding="utf-8")
        with pytest.raises(MissingColumnError):
            loaders.load_attendance(path)
        path.write_text("visites,periode\n1,2024\n", encoding="utf-8")
        with pytest.raises(MissingColumnError, match="ne nomme"):
            loaders.load_attendance(path)
