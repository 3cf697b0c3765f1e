"""Rounds that exist: read from a table, counted in hours a week, never taken for Maisons."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from msap_geo import rounds
from msap_geo.errors import DataError, MissingColumnError, StudyError
from msap_geo.rounds import Stop
from msap_geo.rounds.stops import EVERY_WEEK
from msap_geo.travel import TravelTimes

HEADER = "vehicule,jour,semaine,code_insee,lieu,arrivee,depart\n"


@pytest.fixture
def written(tmp_path):
    def write(*rows, header=HEADER):
        path = tmp_path / "tournees.csv"
        path.write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
        return path

    return write


def times():
    minutes = csr_array(np.array([[5.0, 30.0], [20.0, 10.0], [40.0, 50.0]]))
    return TravelTimes(pd.Index(list("abc")), pd.Index(["A", "B"]), minutes, minutes, np.inf)


class TestReading:
    def test_stops(self, written):
        path = written("Bus 1,Mardi,,2B096,Halle,09:00,12h30", "Bus 1,lundi,2,01004,,8h00,9h00")
        first, second = rounds.read_stops(path)
        assert (first.weekday, first.week, first.opens, first.closes) == (1, 0, 540, 750)
        assert (second.code_insee, second.week) == ("01004", 2)

    def test_every_fault_is_told_with_its_line(self, written):
        path = written(
            "Bus 1,mardredi,,2B096,,09:00,12:00",
            "Bus 1,mardi,,2B096,,12:00,09:00",
            "Bus 1,mardi,paire,2B096,,09:00,12:00",
            "Bus 1,mardi,,,,09:00,12:00",
            "Bus 1,mardi,,2B096,,9 heures,12:00",
        )
        with pytest.raises(DataError) as told:
            rounds.read_stops(path)
        for text in ("ligne 2 : jour inconnu", "ligne 3 : ferme", "ligne 4 : semaine inconnue",
                     "ligne 5 : code_insee absent", "ligne 6 : heure illisible"):  # fmt: skip
            assert text in str(told.value)

    def test_a_vehicle_is_in_one_place_at_a_time(self, written):
        path = written("Bus 1,mardi,,A,,09:00,12:00", "Bus 1,mardi,2,B,,11:00,13:00")
        with pytest.raises(DataError, match="ligne 3 : Bus 1 est déjà ailleurs le mardi"):
            rounds.read_stops(path)
        path = written("Bus 1,mardi,1,A,,09:00,12:00", "Bus 1,mardi,2,B,,11:00,13:00")
        assert len(rounds.read_stops(path)) == 2

    def test_a_column_that_is_absent(self, written):
        path = written("x,lundi,A", header="vehicule,jour,code_insee\n")
        with pytest.raises(MissingColumnError, match="arrivee"):
            rounds.read_stops(path)


class TestService:
    def test_no_minute_counts_twice_and_weeks_of_a_cycle_count_for_their_share(self, written):
        stops = rounds.read_stops(
            written(
                "Bus 1,lundi,,A,,09:00,12:00",
                "Bus 2,lundi,,B,,11:00,13:00",
                "Bus 1,jeudi,2,B,,09:00,11:00",
            )
        )
        # a: A alone, 3 h. b: A and B, 9 to 13 h, and half of 2 h. c: nothing.
        assert rounds.weekly_service(times(), stops, threshold=20.0).tolist() == [3.0, 5.0, 0.0]

    def test_a_stop_of_another_study(self, written):
        stops = rounds.read_stops(written("Bus 1,lundi,,Z,,09:00,12:00"))
        with pytest.raises(StudyError, match="d'une autre étude : Z"):
            rounds.weekly_service(times(), stops, threshold=20.0)

    def test_a_round_never_passes_for_a_maison(self):
        beyond, hours = np.array([False, True, True]), np.array([3.0, 3.0, 0.0])
        assert rounds.kinds_of_cover(beyond, hours).tolist() == ["permanent", "itinérant", "aucun"]


def project(stops):
    rows = [{field: getattr(stop, field) for field in Stop.__dataclass_fields__} for stop in stops]
    return pd.DataFrame(rows)


class TestStopsInProject:
    monday = Stop("Bus", 0, 0, "1", "", 540, 720)

    def test_a_bus_is_not_in_two_places_at_once_with_its_project(self):
        late = Stop("Bus", 0, 0, "2", "", 700, 800)
        with pytest.raises(DataError, match=r"déjà ailleurs le lundi de 09:00 à 12:00"):
            rounds.stops_planned(project([late]), [self.monday], ["1", "2"])

    def test_what_already_clashes_is_not_the_fault_of_the_project(self):
        today = [self.monday, self.monday]
        (kept,) = rounds.stops_planned(project([Stop("B", 0, 0, "1", "", 1, 2)]), today, ["1"])
        assert kept.vehicle == "B"

    def test_a_stop_of_another_study_is_named(self):
        with pytest.raises(StudyError, match="autre étude : 9") as told:
            rounds.stops_planned(project([Stop("B", 0, 0, "9", "", 1, 2)]), [], ["1"])
        assert "tournees_projet" in str(told.value.where)

    def test_a_project_may_not_make_the_cycle_of_today_longer(self):
        today = [self.monday, Stop("Bus", 1, 2, "1", "", 540, 720)]
        with pytest.raises(StudyError, match="allonge le cycle : Bus"):
            rounds.stops_planned(project([Stop("Bus", 2, 4, "1", "", 1, 2)]), today, ["1"])
        (kept,) = rounds.stops_planned(project([Stop("Bus", 2, 1, "1", "", 1, 2)]), today, ["1"])
        assert kept.week == 1  # the first of two weeks, as the bus goes today

    def test_the_only_week_of_a_cycle_is_every_week(self):
        (kept,) = rounds.stops_planned(project([Stop("Bus", 2, 1, "1", "", 1, 2)]), [], ["1"])
        assert kept.week == EVERY_WEEK


class TestCycles:
    def hours(self, stops, **options):
        near = csr_array(np.array([[5.0]]))
        times = TravelTimes(pd.Index(["a"]), pd.Index(["1"]), near, near, np.inf)
        return rounds.weekly_service(times, tuple(stops), threshold=10, **options)[0]

    def test_a_fortnightly_bus_beside_a_monthly_one_keeps_its_hours(self):
        fortnightly = [Stop("A", 0, 2, "1", "", 540, 660)]
        monthly = [Stop("B", 3, 4, "1", "", 540, 780)]
        assert self.hours(fortnightly) == 1.0
        assert self.hours(monthly) == 1.0
        assert self.hours([*fortnightly, *monthly]) == 2.0
        threes = [Stop("C", 4, 3, "1", "", 540, 720)]
        assert self.hours([*fortnightly, *monthly, *threes]) == pytest.approx(3.0)

    def test_dropping_the_last_week_of_a_bus_gives_no_hours_to_the_others(self):
        stops = [Stop("A", 0, 1, "1", "", 540, 660), Stop("A", 0, 2, "1", "", 540, 660)]
        assert self.hours(stops) == 2.0
        assert self.hours(stops[:1], cycles=rounds.cycles_of(stops)) == 1.0

    def test_buses_that_never_begin_again_together_are_refused(self):
        stops = [Stop(str(n), 0, n, "1", "", 540, 660) for n in (47, 51, 52)]
        with pytest.raises(StudyError, match=r"47.*51.*52"):
            self.hours(stops)

    @given(
        st.lists(
            st.builds(
                Stop,
                st.sampled_from("AB"),
                st.integers(0, 6),
                st.integers(0, 4),
                st.just("1"),
                st.just(""),
                st.integers(480, 600),
                st.integers(601, 720),
            ),
            max_size=6,
        ),
        st.data(),
    )
    def test_dropping_a_stop_never_gives_hours(self, stops, data):
        kept = [stop for stop in stops if data.draw(st.booleans())]
        cycles = rounds.cycles_of(stops)
        hours = self.hours(kept, cycles=cycles)
        assert hours <= self.hours(stops, cycles=cycles) + 1e-9
        # Minute by minute, over a year of every cycle.
        weeks = 12
        minutes = {
            (week, stop.weekday, minute)
            for stop in kept
            for week in range(weeks)
            if stop.week in (0, week % cycles[stop.vehicle] + 1)
            for minute in range(stop.opens, stop.closes)
        }
        assert hours == pytest.approx(len(minutes) / 60 / weeks)


def test_stops_of_a_place_name_each_vehicle_and_each_day_once():
    def at(vehicle, day, opens, closes, week=EVERY_WEEK):
        return Stop(vehicle, day, week, "2B096", "", 60 * opens, 60 * closes)

    alone = at("Bus 1", 1, 9, 12)
    assert rounds.in_words_together([alone]) == rounds.in_words(alone)
    stops = [alone, at("Bus 1", 1, 14, 16), at("Bus 1", 3, 9, 12, 2), at("Bus 2", 0, 9, 10)]
    assert rounds.in_words_together(stops) == (
        "Bus 1, mardi 09:00–12:00 et 14:00–16:00, jeudi (semaine 2) 09:00–12:00"
        " ; Bus 2, lundi 09:00–10:00"
    )
    assert rounds.in_words_together([]) == ""
