"""GTFS feeds: what is read, what is told, what is refused, each with its file and line."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import numpy as np
import pytest
from support.transit_feeds import HEADERS, PLACES, write_feed

from msap_geo import network, travel
from msap_geo.errors import (
    DataError,
    FileMissingError,
    MissingColumnError,
    MsapGeoError,
    UnreadableFileError,
)

DAY = "2022-06-15"
TRIPS = {
    "T0": [("A", "08:00:00", "08:00:00"), ("B", "08:10:00", "08:11:00"), ("C", "08:30:00", "08:30:00")],
    "T1": [("C", "09:00:00", "09:00:00"), ("A", "09:30:00", "09:30:00")],
}  # fmt: skip
WEEK = "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
TIMES = HEADERS["stop_times.txt"] + "\n"


def feed(tmp_path, trips=None, **files):
    return write_feed(tmp_path / "reseau", trips or TRIPS, stops=PLACES, **files)


def read(folder, dates=DAY):
    return network.read_timetable(folder, dates=dates)


def running(timetable):
    return [len(timetable.running(day)[0]) for day in timetable.days]


def codes(timetable):
    return [one.code for one in timetable.anomalies]


def test_a_folder_and_its_archive_are_the_same_timetable(tmp_path):
    folder = feed(tmp_path)
    archive = tmp_path / "reseau.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for path in sorted(folder.iterdir()):
            opened.write(path, f"export/{path.name}")
    one, other = read(folder), read([str(archive)])
    for field in ("stops", "runs", "calls"):
        for here, there in zip(getattr(one, field), getattr(other, field), strict=True):
            np.testing.assert_array_equal(here, there)
    assert one.feeds == other.feeds == ("reseau",)
    assert one.attribution == "Réseau"
    assert list(one.stop_ids) == list(PLACES)
    assert list(one.calls.departure) == [28800, 29460, 30600, 32400, 34200]


def test_arrays_cannot_be_written(tmp_path):
    timetable = read(feed(tmp_path))
    for array in (*timetable.stops, *timetable.runs, *timetable.calls, timetable.active):
        assert not array.flags.writeable


@pytest.mark.slow
def test_weekdays_holidays_and_school_terms(tmp_path):
    files = {
        "trips.txt": "route_id,service_id,trip_id\nr,ecole,T0\nr,marche,T1\n",
        # School days of a term that ends on Thursday the 16th, less a holiday; a market on Saturday.
        "calendar.txt": WEEK + "ecole,1,1,0,1,1,0,0,20220606,20220616\n",
        "calendar_dates.txt": "service_id,date,exception_type\n"
        "ecole,20220614,2\nmarche,20220618,1\n",
    }
    timetable = read(feed(tmp_path, replaced=files), "2022-06-13/2022-06-19")
    assert running(timetable) == [1, 0, 0, 1, 0, 1, 0]
    assert [str(day) for day in timetable.days][::6] == ["2022-06-13", "2022-06-19"]
    removed = travel.earliest_arrivals(timetable, "A", "2022-06-14 07:00")
    assert removed.dropna().to_dict() == {"A": 420.0}
    there = travel.earliest_arrivals(timetable, "A", "2022-06-16 07:00")
    assert there.dropna().to_dict() == {"A": 420.0, "B": 490.0, "C": 510.0}


@pytest.mark.slow
def test_partridge_finds_the_same_services_each_day(shared):
    partridge = pytest.importorskip("partridge")
    folder = shared / "formats/gtfs-perigueux"
    timetable = read(folder, "2025-12-22/2026-03-01")
    theirs = partridge.read_trip_counts_by_date(str(folder))
    assert running(timetable) == [theirs.get(day, 0) for day in timetable.days]
    assert len(set(running(timetable))) > 5


def test_what_runs_past_midnight_is_yesterdays(tmp_path):
    trips = {
        "N": [
            ("A", "23:50:00", "23:50:00"),
            ("B", "24:30:00", "24:31:00"),
            ("C", "25:00:00", "25:00:00"),
        ]
    }
    timetable = read(feed(tmp_path, trips))
    late = travel.earliest_arrivals(timetable, "A", f"{DAY} 23:00")
    assert late.dropna().to_dict() == {"A": 1380.0, "B": 1470.0, "C": 1500.0}
    early = travel.earliest_arrivals(timetable, "B", f"{DAY} 00:15")
    assert early.dropna().to_dict() == {"B": 15.0, "C": 60.0}


def test_frequencies_are_laid_out(tmp_path):
    text = "trip_id,start_time,end_time,headway_secs\nT0,06:00:00,07:00:00,1200\nT0,12:00:00,12:00:00,600\n"
    timetable = read(feed(tmp_path, files={"frequencies.txt": text}))
    first = timetable.calls.departure[timetable.runs.start[:-1]]
    trips = timetable.runs.trip_id
    assert sorted(first[trips == "T0"]) == [21600, 22800, 24000]
    assert list(first[trips == "T1"]) == [32400]
    arrivals = travel.earliest_arrivals(timetable, "A", f"{DAY} 06:10")
    assert arrivals["C"] == 380 + 30


def test_pickup_and_drop_off_types(tmp_path):
    trips = {
        "T0": [("A", "08:00:00", "08:00:00", 1, 0), ("B", "08:10:00", "08:10:00", 2, 1), ("C", "08:30:00", "08:30:00", 0, 3)]
    }  # fmt: skip
    timetable = read(feed(tmp_path, trips))
    assert travel.earliest_arrivals(timetable, "A", f"{DAY} 07:00").notna().sum() == 1
    from_b = travel.earliest_arrivals(timetable, "B", f"{DAY} 07:00")
    assert from_b.dropna().to_dict() == {"B": 420.0, "C": 510.0}
    assert "sur-reservation" in codes(timetable)
    assert list(timetable.calls.booked) == [False, True, True]


def test_transfers_rule_changes(tmp_path):
    trips = {
        "T0": [("A", "08:00:00", "08:00:00"), ("B", "08:10:00", "08:10:00")],
        "T1": [("C", "08:14:00", "08:14:00"), ("D", "08:20:00", "08:20:00")],
        "T2": [("B", "08:11:00", "08:11:00"), ("E", "08:20:00", "08:20:00")],
        "T3": [("B", "08:13:00", "08:13:00"), ("F", "08:20:00", "08:20:00")],
    }
    head = "from_stop_id,to_stop_id,transfer_type,min_transfer_time\n"

    def reached(rules):
        timetable = read(feed(tmp_path, trips, files={"transfers.txt": head + rules}))
        found = travel.earliest_arrivals(timetable, "A", f"{DAY} 07:30")
        return "".join(found.drop(["A", "B"]).dropna().index)

    assert reached("") == "F"  # two minutes to change at B, no walk to C
    assert reached("B,C,2,240\n") == "CDF"
    assert reached("B,C,2,300\n") == "CF"  # one walks to C, too late for its coach
    assert reached("B,B,1,\n") == "EF"  # timed: T2 waits for T0
    assert reached("B,B,3,\n") == ""
    assert reached("B,B,2,600\n") == ""
    assert reached("B,B,0,\n") == "F"


def test_two_feeds_with_the_same_identifiers(tmp_path):
    one = write_feed(tmp_path / "nord", TRIPS, stops=PLACES)
    moved = {name: (x + 1, y) for name, (x, y) in PLACES.items() if name in "ABC"}
    other = write_feed(tmp_path / "sud", TRIPS, stops=moved)
    timetable = read([one, other])
    assert list(timetable.stop_ids) == [
        "nord:A", "nord:B", "nord:C", "D", "E", "F", "G", "sud:A", "sud:B", "sud:C",
    ]  # fmt: skip
    assert running(timetable) == [4]
    arrivals = travel.earliest_arrivals(timetable, "sud:A", f"{DAY} 07:00")
    assert set(arrivals.dropna().index) == {"sud:A", "sud:B", "sud:C"}
    assert codes(timetable) == ["identifiants-communs"]
    with pytest.raises(DataError, match="arrêt inconnu : « A »"):
        travel.earliest_arrivals(timetable, "A", f"{DAY} 07:00")


def test_the_same_feed_twice_bears_two_names(tmp_path):
    folder = feed(tmp_path)
    assert read([folder, folder]).feeds == ("reseau", "reseau_2")


def test_hours_left_out_are_shared_out(tmp_path):
    trips = {
        "T0": [
            ("A", "08:00:00", "08:00:00"),
            ("B", "", ""),
            ("C", "", ""),
            ("D", "08:30:00", "08:31:00"),
        ]
    }
    timetable = read(feed(tmp_path, trips))
    assert list(timetable.calls.arrival) == [28800, 29400, 30000, 30600]
    assert codes(timetable) == ["heures-interpolees"]


def test_what_no_vehicle_does_is_put_aside_and_told(tmp_path):
    trips = {
        "back": [("A", "08:00:00", "08:00:00"), ("B", "07:15:00", "07:15:00"), ("C", "08:30:00", "08:30:00")],
        "dwell": [("A", "08:00:00", "07:59:00"), ("B", "08:15:00", "08:15:00")],
        "alone": [("A", "08:00:00", "08:00:00")],
        "endless": [("A", "", ""), ("B", "08:00:00", "08:00:00"), ("C", "08:10:00", "08:10:00")],
        "fine": [("A", "08:00:00", "08:00:00"), ("B", "08:15:00", "08:15:00")],
    }  # fmt: skip
    timetable = read(feed(tmp_path, trips))
    assert list(timetable.runs.trip_id) == ["fine"]
    told = {(one.code, one.identifier, one.line) for one in timetable.anomalies}
    assert told == {
        ("course-heures-desordonnees", "back", 3),
        ("course-heures-desordonnees", "dwell", 5),
        ("course-a-un-arret", "alone", 7),
        ("course-sans-heure", "endless", 8),
    }
    assert {one.file for one in timetable.anomalies} == {"reseau/stop_times.txt"}


def test_transport_on_demand_is_told(tmp_path):
    header = (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type,"
        "continuous_pickup,start_pickup_drop_off_window,end_pickup_drop_off_window,location_id\n"
    )
    rows = (
        "T0,08:00:00,08:00:00,A,0,0,0,2,,,\nT0,08:10:00,08:10:00,B,1,0,0,,,,\n"
        "T1,,,,0,2,2,,08:00:00,18:00:00,zone\nT1,,,,1,2,2,,08:00:00,18:00:00,zone\n"
    )
    timetable = read(feed(tmp_path, replaced={"stop_times.txt": header + rows}))
    assert list(timetable.runs.trip_id) == ["T0"]
    assert codes(timetable) == ["transport-a-la-demande-par-zone", "arret-a-la-demande"]


# ruff: noqa: E501 - one broken feed a line
BROKEN = {
    "stop": ({"stop_times.txt": TIMES + "T0,08:00:00,08:00:00,A,0,,\nT0,08:10:00,08:10:00,Z,1,,\n"}, "stop_times.txt, ligne 3 : « Z »"),
    "trip": ({"stop_times.txt": TIMES + "T9,08:00:00,08:00:00,A,0,,\n"}, "ligne 2 : « T9 »"),
    "negative": ({"stop_times.txt": TIMES + "T0,-08:00:00,08:00:00,A,0,,\n"}, "stop_times.txt, ligne 2 : « arrival_time » n'est pas une heure"),
    "sixty": ({"stop_times.txt": TIMES + "T0,08:60:00,08:60:00,A,0,,\n"}, "« 08:60:00 »"),
    "endless": ({"stop_times.txt": TIMES + "T0,999:00:00,999:00:00,A,0,,\n"}, "« 999:00:00 »"),
    "sequence": ({"stop_times.txt": TIMES + "T0,08:00:00,08:00:00,A,-1,,\n"}, "stop_sequence"),
    "twice": ({"stop_times.txt": TIMES + "T0,08:00:00,08:00:00,A,1,,\nT0,08:10:00,08:10:00,B,1,,\n"}, "ligne 3"),
    "pickup": ({"stop_times.txt": TIMES + "T0,08:00:00,08:00:00,A,0,7,\n"}, "pickup_type"),
    "date": ({"calendar.txt": WEEK + "s,1,1,1,1,1,1,1,20220231,20221231\n"}, "calendar.txt, ligne 2 : « start_date »"),
    "iso date": ({"calendar.txt": WEEK + "s,1,1,1,1,1,1,1,2022-01-01,20221231\n"}, "AAAAMMJJ"),
    "backwards": ({"calendar.txt": WEEK + "s,1,1,1,1,1,1,1,20221231,20220101\n"}, "suit la date de fin"),
    "weekday": ({"calendar.txt": WEEK + "s,2,1,1,1,1,1,1,20220101,20221231\n"}, "« monday »"),
    "exception": ({"calendar_dates.txt": "service_id,date,exception_type\ns,20220615,3\n"}, "exception_type"),
    "latitude": ({"stops.txt": HEADERS["stops.txt"] + "\nA,A,95.0,3.0\nB,B,45,3\nC,C,45,3\n"}, "stops.txt, ligne 2 : « stop_lat »"),
    "duplicate": ({"stops.txt": HEADERS["stops.txt"] + "\nA,A,45,3\nB,B,45,3\nC,C,45,3\nA,A,45,3\n"}, "stops.txt, ligne 5"),
    "agencies": ({"agency.txt": HEADERS["agency.txt"] + "\na,Un,u,Europe/Paris\na,Deux,u,Europe/Paris\n"}, "agency.txt, ligne 3 : l'identifiant « a »"),
    "route": ({"trips.txt": "route_id,service_id,trip_id\nx,s,T0\nr,s,T1\n"}, "trips.txt, ligne 2 : « x »"),
    "short row": ({"stops.txt": HEADERS["stops.txt"] + "\nA,A,45,3\nB,B,45\nC,C,45,3\n"}, "ligne 3"),
    "blank line": ({"stops.txt": HEADERS["stops.txt"] + "\n\nA,A,45,3\n\nB,B,45\n"}, "ligne 5"),
    "last row": ({"stops.txt": HEADERS["stops.txt"] + "\nA,A,45,3\nB,B"}, "ligne 3"),
    "after a blank": ({"stops.txt": HEADERS["stops.txt"] + "\n\nA,A,45,3\nB,B,95,3\nC,C,45,3\n"}, "ligne 4"),
    "long row": ({"stops.txt": HEADERS["stops.txt"] + "\nA,A,45,3\nB,B,45,3,9\nC,C,45,3\n"}, "ligne 3"),
    "headway": ({"frequencies.txt": "trip_id,start_time,end_time,headway_secs\nT0,06:00:00,07:00:00,0\n"}, "headway_secs"),
    "frequencies": ({"frequencies.txt": "trip_id,start_time,end_time,headway_secs\nT0,00:00:00,160:00:00,1\n" + "T0,00:00:00,160:00:00,1\n" * 20}, "développées"),
    "transfer": ({"transfers.txt": "from_stop_id,to_stop_id\nA,Z\n"}, "transfers.txt, ligne 2"),
    "empty": ({"stop_times.txt": ""}, "vide"),
    "header": ({"stop_times.txt": TIMES}, "que son en-tête"),
    "page": ({"stops.txt": "<!DOCTYPE html><html></html>"}, "page web"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_broken_feeds_are_refused_with_file_and_line(tmp_path, case):
    replaced, message = BROKEN[case]
    with pytest.raises(DataError) as raised:
        read(feed(tmp_path, replaced=replaced))
    assert message in str(raised.value)


def test_one_error_tells_every_fault(tmp_path):
    replaced = {
        "calendar.txt": WEEK + "s,1,1,1,1,1,1,1,2022,20221231\n",
        "stop_times.txt": TIMES + "T0,08:00:00,8h,Z,0,,\nT0,08:10:00,08:10:00,Y,1,,\n",
    }
    with pytest.raises(DataError) as raised:
        read(feed(tmp_path, replaced=replaced))
    for part in ("calendar.txt, ligne 2", "« 8h »", "« Z »", "(et 1\xa0autre ligne)"):
        assert part in str(raised.value)


@pytest.mark.parametrize(
    "file", ["stops.txt", "routes.txt", "trips.txt", "stop_times.txt", "calendar.txt"]
)
def test_a_missing_file_is_named(tmp_path, file):
    with pytest.raises(FileMissingError, match=file):
        read(feed(tmp_path, replaced={file: None}))


def test_a_missing_column_is_named(tmp_path):
    with pytest.raises(MissingColumnError, match="stop_lat"):
        read(feed(tmp_path, replaced={"stops.txt": "stop_id,stop_name,stop_lon\nA,A,3\n"}))


def test_what_is_no_feed_is_refused(tmp_path):
    with pytest.raises(FileMissingError, match="introuvable"):
        read(tmp_path / "rien")
    text = tmp_path / "flux.zip"
    text.write_text("bonjour", encoding="utf-8")
    with pytest.raises(UnreadableFileError, match="ni un dossier ni une archive"):
        read(text)
    with pytest.raises(DataError, match="aucun flux"):
        read([])


def archived(folder, path, **contents):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for file in sorted(folder.iterdir()):
            opened.writestr(file.name, contents.get(file.name, file.read_bytes()))
    return path


def test_a_zip_bomb_is_refused(tmp_path):
    folder = feed(tmp_path)
    swollen = (folder / "stops.txt").read_bytes() + b"\n" * 30_000_000
    bomb = archived(folder, tmp_path / "bombe.zip", **{"stops.txt": swollen})
    assert bomb.stat().st_size < 100_000
    with pytest.raises(UnreadableFileError, match="hors de proportion"):
        read(bomb)


def test_a_broken_archive_is_told(tmp_path):
    path = archived(feed(tmp_path), tmp_path / "coupe.zip")
    content = bytearray(path.read_bytes())
    middle = content.find(b"stops.txt") + 20
    content[middle : middle + 30] = bytes(30)
    path.write_bytes(content)
    with pytest.raises(MsapGeoError, match="abîmée"):
        read(path)


def test_an_expired_feed_is_told_with_its_dates(tmp_path):
    folder = feed(tmp_path)
    with pytest.raises(DataError, match="du 01/01/2022 au 31/12/2022"):
        read(folder, "2023-06-12/2023-06-18")
    fresh = {"calendar.txt": WEEK + "s,1,1,1,1,1,1,1,20230101,20231231\n"}
    other = write_feed(tmp_path / "neuf", TRIPS, stops=PLACES, replaced=fresh)
    timetable = read([folder, other], "2023-06-12")
    assert running(timetable) == [2]
    assert "flux-hors-dates" in codes(timetable)


@pytest.mark.parametrize(
    "dates", ["hier", "2022-06-31", "2022-06-19/2022-06-13", "2020-01-01/2022-01-01", "a/b/c", ""]
)
def test_days_that_cannot_be_read_are_told(tmp_path, dates):
    with pytest.raises(DataError, match="jours illisibles"):
        read(feed(tmp_path), dates)


def test_days_not_read_cannot_be_asked(tmp_path):
    timetable = read(feed(tmp_path))
    assert timetable.days == (date(2022, 6, 15),)
    with pytest.raises(DataError, match="ne couvre pas le 16/06/2022"):
        travel.earliest_arrivals(timetable, "A", "2022-06-16 08:00")
    with pytest.raises(DataError, match="moment de départ illisible"):
        travel.earliest_arrivals(timetable, "A", "demain")


def test_spelling_of_files_does_not_matter(tmp_path):
    folder = feed(tmp_path)
    stops = (folder / "stops.txt").read_text(encoding="utf-8")
    text = "\ufeff" + stops.replace("Arrêt A", '"Arrêt, ""A"""').replace("\n", "\r\n") + "\r\n"
    text = text.replace("\r\nB,", "\r\n\r\nB,")
    (folder / "stops.txt").write_bytes(text.encode())
    assert read(folder).table()["nom"].tolist()[:2] == ['Arrêt, "A"', "Arrêt B"]


def test_columns_given_twice_and_windows_archives_are_read(tmp_path):
    twice = "stop_id,stop_id,stop_lat,stop_lon\n" + "".join(f"{s},x,45,3\n" for s in "ABC")
    folder = feed(tmp_path, replaced={"stops.txt": twice})
    archive = tmp_path / "windows.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for path in folder.iterdir():
            opened.writestr(f"GTFS\\{path.name.upper()}", path.read_bytes())
    assert list(read(archive).stop_ids) == ["A", "B", "C"]


def test_a_calendar_of_no_day_is_told(tmp_path):
    with pytest.raises(DataError, match="n'en définit aucun"):
        read(feed(tmp_path, replaced={"calendar.txt": WEEK}))


@pytest.mark.corse
def test_corsica_puts_its_run_out_of_order_aside(shared):
    folder = shared / "corse/gtfs-autocars"
    timetable = read(folder, "2022-06-13/2022-06-19")
    assert running(timetable) == [82, 82, 82, 82, 82, 0, 0]
    assert [(one.code, one.line) for one in timetable.anomalies] == [
        ("course-heures-desordonnees", 529)
    ]


def test_unreadable_bytes_raise_no_traceback(tmp_path):
    folder = feed(tmp_path)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("stops.txt", "stop_id\nA\n")
    (folder / "stops.txt").write_bytes(archive.getvalue())
    with pytest.raises(UnreadableFileError, match="archive ZIP"):
        read(folder)
