"""The week of a round handed on: RFC 5545, GTFS and a page that runs nothing."""

from __future__ import annotations

import datetime as dt
import re

import partridge
import pytest
import shapely
from dateutil import rrule
from support.toy import toy_communes

from msap_geo import network
from msap_geo.outputs import week

MONDAY = dt.date(2027, 1, 4)
HOSTILE = "Fa<b>rgue, l'« été » ; ${x} & \\ fin"


def spot(code="53003", name="Gamma", place="mairie"):
    return week.Spot(code, name, place, -0.5 + int(code[-1]) / 10, 48.1)


def outing(**changes):
    x = [400_000.0, 420_000.0]
    way = shapely.LineString([(x[0], 6_785_000.0), (x[1], 6_785_000.0)])
    first = week.Call(spot(), 540, 735)
    given = {
        "vehicle": "Bus 1", "week": 1, "weekday": 1, "base": spot("53001", "Alpha", ""),
        "leaves": 500, "returns": 1000,
        "calls": (
            first,
            week.Call(first.spot, 780, 840),
            week.Call(spot("53005", HOSTILE), 870, 960),
        ),
        "ways": (way, way.reverse(), way),
        **changes,
    }  # fmt: skip
    return week.Outing(**given)


def made(*outings, cycle=1, **changes):
    given = {
        "title": "Étude; d'essai", "cycle": cycle, "start": MONDAY,
        "end": MONDAY + dt.timedelta(days=363), "departement": "53",
        "outings": outings or (outing(),), "crs": "EPSG:2154", **changes,
    }  # fmt: skip
    return week.Week(**given)


class TestDays:
    @pytest.mark.parametrize(
        ("day", "monday"),
        [("2027-01-01", "2027-01-04"), ("2027-01-04", "2027-01-04"), ("2027-01-05", "2027-01-11")],
    )
    def test_the_first_monday(self, day, monday):
        assert week.first_monday(dt.date.fromisoformat(day)).isoformat() == monday

    def test_dates_come_back_with_the_cycle(self):
        round_ = made(cycle=2)
        dates = round_.dates_of(outing(week=2, weekday=3))
        assert dates[:2] == [dt.date(2027, 1, 14), dt.date(2027, 1, 28)]
        assert len(dates) == 26
        assert all(day <= round_.end for day in dates)


def unfolded(text):
    return text.replace("\r\n ", "").split("\r\n")


class TestCalendar:
    def test_lines_are_those_of_the_rfc(self):
        text = week.calendar_text(made(warnings=("Sites inventés : " + "é" * 200,)))
        assert text.endswith("END:VCALENDAR\r\n")
        assert "\n" not in text.replace("\r\n", "")
        assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
        depth = []
        for line in unfolded(text)[:-1]:
            name, _, value = line.partition(":")
            assert re.fullmatch(r"[A-Z-]+", name)
            if name == "BEGIN":
                depth.append(value)
            elif name == "END":
                assert depth.pop() == value
        assert not depth

    def test_texts_are_escaped(self):
        text = "".join(unfolded(week.calendar_text(made())))
        assert "Fa<b>rgue\\, l'« été » \\; ${x} & \\\\ fin" in text

    @pytest.mark.parametrize("cycle", [1, 2, 4])
    def test_events_come_on_the_days_of_the_round(self, cycle):
        round_ = made(outing(week=cycle), cycle=cycle)
        text = week.calendar_text(round_)
        starts = re.findall(r"DTSTART:(\d{8}T\d{6})", text)
        rules = re.findall(r"RRULE:(.*)\r", text)
        assert len(starts) == len(rules) == 3
        assert len(set(re.findall(r"UID:(.*)\r", text))) == 3
        for start, rule in zip(starts, rules, strict=True):
            first = dt.datetime.strptime(start, "%Y%m%dT%H%M%S")  # noqa: DTZ007 - local on purpose
            days = [moment.date() for moment in rrule.rrulestr(rule, dtstart=first)]
            assert days == round_.dates_of(round_.outings[0])

    def test_one_commune(self):
        text = week.calendar_text(made(), code_insee="53003")
        assert text.count("BEGIN:VEVENT") == 2
        assert week.calendar_text(made(), code_insee="53009").count("BEGIN:VEVENT") == 0


class TestGtfs:
    @pytest.mark.parametrize("cycle", [1, 2])
    def test_readers_find_the_stops_on_their_days(self, tmp_path, cycle):
        round_ = made(outing(week=cycle), cycle=cycle)
        path = tmp_path / "tournees.zip"
        week.write_gtfs(round_, path)
        monday = MONDAY + dt.timedelta(days=7 * (cycle - 1))
        dates = f"{monday}/{monday + dt.timedelta(days=6)}"
        timetable = network.read_timetable([path], dates=dates)
        assert len(timetable.runs.service) == 1
        assert timetable.active.sum() == 1
        assert [a.code for a in timetable.anomalies] == []
        services = partridge.read_service_ids_by_date(str(path))
        assert sorted(services) == round_.dates_of(round_.outings[0])
        feed = partridge.load_feed(str(path), view={"trips.txt": {}})
        assert feed.stop_times["departure_time"].tolist() == [
            500 * 60.0, 735 * 60.0, 840 * 60.0, 960 * 60.0, 1000 * 60.0,
        ]  # fmt: skip
        assert feed.stop_times["pickup_type"].astype(int).tolist() == [1, 0, 0, 0, 1]
        assert HOSTILE in feed.stops["stop_name"].str.cat()
        assert set(feed.stop_times["stop_id"]) == set(feed.stops["stop_id"])
        assert set(feed.trips["shape_id"]) == set(feed.shapes["shape_id"])

    def test_the_same_round_gives_the_same_bytes(self, tmp_path):
        for name in ("a.zip", "b.zip"):
            week.write_gtfs(made(), tmp_path / name)
        assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()

    @pytest.mark.parametrize(
        ("departement", "zone"), [("2A", "Europe/Paris"), ("974", "Indian/Reunion")]
    )
    def test_the_time_zone_is_that_of_the_territory(self, departement, zone):
        tables = week.gtfs_tables(made(departement=departement))
        assert tables["agency.txt"]["agency_timezone"].tolist() == [zone]


class TestPage:
    def page(self, round_):
        communes = toy_communes()
        return week.week_page(round_, communes, beyond=["53003"], notes=["Une <note>."])

    def test_it_runs_and_fetches_nothing(self):
        text = self.page(made())
        assert "<script" not in text
        assert "http" not in text.replace("http-equiv", "")
        assert "default-src 'none'" in text
        assert "<b>" not in text
        assert "Fa&lt;b&gt;rgue" in text
        assert "Une &lt;note&gt;." in text

    def test_each_day_has_its_button_its_roads_and_its_table(self):
        text = self.page(made(outing(), outing(weekday=3, vehicle="Bus 2")))
        for name in ("toute la semaine", "mardi", "jeudi"):
            assert f'aria-label="{name}"' in text
        assert text.count('<g class="jour ') == 2
        assert text.count('<table class="jour ') == 2
        assert "9 h–12 h 15" in text
        assert "13 h–14 h" in text

    def test_a_commune_within_another_is_seen(self):
        communes = toy_communes()
        inner = communes.geometry.iloc[1].centroid.buffer(2_000, cap_style="square")
        communes.loc[1, "geometry"] = communes.geometry.iloc[1].difference(inner)
        communes.loc[0, "geometry"] = inner
        page = week.week_page(made(), communes, beyond=[])
        around, *_ = [path for path in re.findall(r' d="([^"]*)"', page) if path.count("M") > 1]
        assert around.count("Z") == 2
        assert "fill-rule:evenodd" in page

    def test_many_vehicles_are_told_apart(self):
        page = self.page(made(*(outing(vehicle=f"Bus {i}") for i in range(1, 13))))
        legend = re.findall(r'stroke="(#\w+)" stroke-width="4" stroke-dasharray="([^"]*)"', page)
        assert len(legend) == len(set(legend)) == 12

    def test_weeks_of_a_cycle_are_told_apart(self):
        text = self.page(made(outing(week=1), outing(week=2), cycle=2))
        assert "mardi (semaine 1)" in text
        assert "mardi (semaine 2)" in text

    def test_a_stop_at_the_base_has_no_road(self):
        empty = shapely.LineString()
        alone = outing(calls=(week.Call(spot("53001", "Alpha"), 540, 700),), ways=(empty, empty))
        assert "9 h–11 h 40" in self.page(made(alone))


class TestNotices:
    def page(self, *outings, cycle=1):
        near = {"53003": {"53005"}, "53005": set()}
        return week.notices_page(made(*outings, cycle=cycle), near=near, reach_minutes=20.0)

    def test_a_page_for_each_commune(self):
        text = self.page()
        assert text.count("<section>") == 2
        assert "<h2>Gamma</h2>" in text
        assert "Chaque mardi" in text
        assert "de 9 h à 12 h 15 et de 13 h à 14 h" in text
        assert "du 4 janvier 2027 au 2 janvier 2028" in text
        # The other stop within reach is told at Gamma alone.
        assert " ".join(text.split()).count("Aussi à 20 minutes") == 1
        assert "mardi de 14 h 30 à 16 h" in text

    def test_names_stay_inert_and_nothing_is_fetched(self):
        text = self.page()
        assert "<b>" not in text
        assert "<script" not in text
        assert "http" not in text.replace("http-equiv", "")

    def test_dates_are_told_where_weeks_differ(self):
        text = self.page(outing(week=2), cycle=2)
        assert "Un mardi sur 2" in text
        assert "prochains passages : 12 janvier, 26 janvier, 9 février" in text
