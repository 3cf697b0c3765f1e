"""Rounds that exist: read from a table, counted in hours a week, never taken for Maisons."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from msap_geo import rounds
from msap_geo.errors import DataError, MissingColumnError, StudyError
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
