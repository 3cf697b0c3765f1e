"""Opening hours as they are published, brought to one week."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.toy import sites

from msap_geo import hours, loaders
from msap_geo.anomalies import Action
from msap_geo.errors import DataError, MissingColumnError, MsapGeoError
from msap_geo.loaders.hours.horaires import week_of_days

spans = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).map(
    lambda span: (span[0], min(span[0] + span[1], 1440))
)
days = st.lists(spans, max_size=3)
weeks = st.lists(days, min_size=7, max_size=7).map(hours.weekly_hours)


def h(text):
    """Read ``9-12 13.30-17`` as minutes."""
    moments = [re.split(r"\.", moment) for span in text.split() for moment in span.split("-")]
    minutes = [60 * int(m[0]) + int((m[1:] or ["0"])[0]) for m in moments]
    return tuple(zip(minutes[::2], minutes[1::2], strict=True))


class TestOneDay:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("09:00 - 12:00 / 13:30 - 17:00", "9-12 13.30-17"),
            ("9:00 - 12:00", "9-12"),
            ("9h – 12h30 / 14h-17h", "9-12.30 14-17"),
            ("8H30 – 12H / 13H30 - 17 H", "8.30-12 13.30-17"),
            ("9 h 12\xa0h / 14 h 17 h", "9-12 14-17"),
            ("9h12h/13h-15h", "9-12 13-15"),
            ("9-12/13h30-17", "9-12 13.30-17"),
            ("09-12h15 / 14h-16h", "9-12.15 14-16"),
            ("8\xa0:30-12/13:30-17", "8.30-12 13.30-17"),
            ("7h30 – 12h / 13h/16h", "7.30-12 13-16"),
            ("de 8h30 à 12h et de 13h30 à 17h30", "8.30-12 13.30-17.30"),
            ("9h-12h30\n13h30-17h30", "9-12.30 13.30-17.30"),
            ("8:30 : 12:00 / 13:30 - 18:00", "8.30-12 13.30-18"),
            ("Jeudi 9h-12h/14h-16h30 ( sans RDV)", "9-12 14-16.30"),
            ("9:00 - 12:00 / Sur RDV : 14:00 - 17:00", "9-12 14-17"),
            ("10:00 - 13:00 / Après-midi sur RDV", "10-13"),
            ("Sur RDV : 8:30 - 9:00 / 12:00 - 17:30 // 9:00 - 12:00", "8.30-9 9-12 12-17.30"),
            ("FERME / 13h30 – 18h00", "13.30-18"),
            ("Hors vacances scolaires : 9:00 - 12:00", "9-12"),
            ("00:00 - 00:00 / 09:00 - 12:00", "9-12"),
            ("09:00 - 17:00 / 13:00 - 17:00", "9-17 13-17"),
            ("20:00-24:00", "20-24"),
        ],
    )
    def test_every_spelling_met(self, text, expected):
        read = loaders.read_day(text)
        assert read.intervals == h(expected)
        assert read.said

    @pytest.mark.parametrize("text", ["", "-", "/", "'-", " – ", "00:00 - 00:00"])
    def test_blanks_are_closed_without_saying_so(self, text):
        assert loaders.read_day(text) == ((), False)

    @pytest.mark.parametrize("text", ["fermé", "FERME", "Fermée", "non"])
    def test_closed_is_said(self, text):
        assert loaders.read_day(text) == ((), True)

    @pytest.mark.parametrize(
        "text",
        [
            "Horaires non communiqués",
            "Sur RDV",
            "Semaines paires : 9:00 - 12:00",
            "1er samedi du mois : 9:00 - 12:00",
            "9h-12h30 – 1 samedi sur 2",
            "Sept. - Juin : 9:00 - 12:00 // Été : 10:00 - 12:30",
            "Permanence à Damery : 9h – 12h",
            "8h30-12h30 / 13h30 8 17h30",
            "8h- 12-30/ 13h30- 18h15",
            "8 h 30 – 1 2h 30",
            "8h30-11h-45 et 13h30-17h15",
            "09:00-13:00-/3:00-16:00",
            "12h-9h",
            "9h-25h",
            "9h-12h 11h-17h",
            "9h",
        ],
    )
    def test_what_is_not_every_week_or_not_plain_is_not_guessed(self, text):
        assert loaders.read_day(text) is None

    @given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
    @example("²h-³h")
    @example("٩h-١٢h")
    def test_no_text_makes_it_fail(self, text):
        read = loaders.read_day(text)
        assert read is None or all(0 <= a < b <= 1440 for a, b in read.intervals)

    @given(st.lists(st.integers(0, 1440), min_size=2, max_size=6, unique=True))
    def test_what_is_written_plainly_reads_back(self, moments):
        moments = sorted(moments[: len(moments) // 2 * 2])
        pairs = list(zip(moments[::2], moments[1::2], strict=True))
        for form in ("{:02}:{:02}", "{}h{:02}", "{} h {:02}"):
            text = " / ".join(
                f"{form.format(*divmod(a, 60))} - {form.format(*divmod(b, 60))}" for a, b in pairs
            )
            assert loaders.read_day(text).intervals == tuple(pairs)


class TestWeekOfDays:
    def read(self, *rows):
        table = pd.DataFrame(rows, columns=list("abcdef"), dtype=str)
        table = table.assign(nom="Maison", identifiant="1", ligne=2)
        return week_of_days(table, [*"abcdef", None], file="f.csv")

    def test_a_week_and_what_is_unknown(self):
        text, anomalies = self.read(
            ["9h-12h"] * 5 + [""], [""] * 6, ["-"] * 6, ["fermé"] * 6, ["9h-12h"] + [""] * 5
        )
        assert text.tolist() == ["Mo-Fr 09:00-12:00", None, None, "off", "Mo 09:00-12:00"]
        assert anomalies == []

    def test_an_unreadable_day_is_told_and_counts_as_closed(self):
        text, (anomaly,) = self.read(["9h-12h"] * 5 + ["1 samedi sur 2"], ["fermé"] * 6)
        assert text.tolist() == ["Mo-Fr 09:00-12:00", "off"]
        assert anomaly.code == "horaires-illisibles"
        assert "samedi « 1 samedi sur 2 »" in anomaly.message


WORDS = 'Mo Tu-Fr Sa PH SH off week 02-53/2 [1] 2024 May 09:00-12:00 ; , + || "'.split()


class TestOsm:
    @pytest.mark.parametrize(
        ("text", "expected", "exact"),
        [
            ("Mo-Fr 09:00-12:00,14:00-18:00; PH off", "Mo-Fr 09:00-12:00,14:00-18:00", True),
            ("closed", "off", True),
            ("24/7", "Mo-Su 00:00-24:00", False),
            ("Mo-Fr 00:00-24:00; Sa 09:00-12:00", "Mo-Fr 00:00-24:00; Sa 09:00-12:00", False),
            ("PH off", "off", True),
            ("2024 May 04 off", "off", True),
            # What is said of holidays is not said of the week.
            ("07:00-14:00,15:30-19:00; PH Su closed", "Mo-Su 07:00-14:00,15:30-19:00", True),
            ("Mo-Fr 09:00-17:00; PH Mo-Fr off", "Mo-Fr 09:00-17:00", True),
            ("Mo-Sa 08:00-12:00; PH Mo-Fr 10:00-12:00", "Mo-Sa 08:00-12:00", True),
            ("Mo-Fr 09:00-12:00, PH 10:00-11:00", "Mo-Fr 09:00-12:00", True),
            ("Mo-Fr 09:00-12:00,PH off", "Mo-Fr 09:00-12:00", True),
            ("Mo-Fr 09:00-12:00; SH Mo-Fr 10:00-11:00", "Mo-Fr 09:00-12:00", False),
            ("Mo-Fr 09:00-12:00; SH off", "Mo-Fr 09:00-12:00", False),
            ("We SH 09:00-10:00; Mo 08:00-09:00", "Mo 08:00-09:00", False),
            ("PH -1 day 09:00-11:00; Mo 09:00-12:00", "Mo 09:00-12:00", True),
            ("Mo-Su, PH 10:00-22:00", "Mo-Su 10:00-22:00", True),
            ("Mo-Sa 09:00-18:00; PH, Su off", "Mo-Sa 09:00-18:00", True),
            ("Fr-Tu,PH 09:00-10:00", "Mo-Tu 09:00-10:00; Fr-Su 09:00-10:00", True),
            # A comma and a space join, as they do without the space.
            ("Mo, We, Fr 09:00-12:00", "Mo 09:00-12:00; We 09:00-12:00; Fr 09:00-12:00", True),
            ("Tu 09:00-12:00 , 14:00-16:00", "Tu 09:00-12:00,14:00-16:00", True),
            ("Mo-Fr 08:30-12:00, 13:30-17:00", "Mo-Fr 08:30-12:00,13:30-17:00", True),
            ("Mo 09:00-12:00, Tu 10:00-12:00", "Mo 09:00-12:00; Tu 10:00-12:00", True),
            ("Mo 09:00-12:00,Tu 10:00-12:00", "Mo 09:00-12:00; Tu 10:00-12:00", True),
            ("Mo 09:00-12:00; PH off; 2022 Mar 09,May 02-06,27 off", "Mo 09:00-12:00", True),
            ("Mo 22:00-26:00", "Mo 22:00-24:00; Tu 00:00-02:00", True),
            ("Mo-Fr 08:00-12:00; 2021 Jan Mo-Fr 08:30-12:00", "Mo-Fr 08:00-12:00", True),
            ("Tu 08:00-09:00; 2021 Dec 27,30 09:00-11:45", "Tu 08:00-09:00", True),
            ("2024+ Mo 09:00-10:00", "Mo 09:00-10:00", False),
            # Every other Saturday: the shorter of the two.
            ("Mo 09:00-12:00; week 02-53/2 Sa 09:00-12:00", "Mo 09:00-12:00", False),
            ("Mo-Sa 09:00-12:00; Sa[1] off", "Mo-Sa 09:00-12:00", False),
            ("Apr-Oct Mo 09:00-18:00; Nov-Mar Mo 09:00-12:00", "Mo 09:00-12:00", False),
            ('Mo 09:00-12:00 "sur RDV"', "Mo 09:00-12:00", False),
            ('Mo 09:00-12:00 || "sur RDV"', "Mo 09:00-12:00", False),
        ],
    )
    def test_the_ordinary_week(self, text, expected, exact):
        week = loaders.read_opening_hours(text)
        assert (week.hours.text(), week.exact) == (expected, exact)

    @pytest.mark.parametrize(
        "text",
        [
            "PH off; 2022 Jun 01 14:00-17:00",
            "2024 May 04 09:00-12:00",
            "2024 May 04 09:00-12:00; 2024 May 05 off",
            "PH 10:00-12:00",
            "PH Mo-Fr 10:00-12:00; PH Su off",
            "Mo-Fr 09:00+",
        ],
    )
    def test_openings_of_some_days_alone_leave_the_week_unknown(self, text):
        assert loaders.read_opening_hours(text) is None

    @pytest.mark.parametrize("text", ["", "  ", "Mo-Fr 9h-12h", '"sur RDV"', "lundi", "x" * 9999])
    def test_other_texts_give_nothing(self, text):
        assert loaders.read_opening_hours(text) is None

    @settings(deadline=None)
    @given(weeks)
    def test_what_we_write_is_what_it_reads(self, week):
        all_night = any(day == ((0, hours.DAY_MINUTES),) for day in week.days)
        assert loaders.read_opening_hours(week.text()) == (week, not all_night)

    @settings(deadline=None)
    @given(st.text(max_size=40))
    def test_no_text_makes_it_fail(self, text):
        week = loaders.read_opening_hours(text)
        assert week is None or week.hours.minutes <= 7 * 1440

    @settings(deadline=None)
    @given(
        st.lists(
            st.sampled_from(
                "Mo Tu-Fr Sa PH SH off week 02-53/2 [1] 2024 May 09:00-12:00 ; , + ||".split()
            ),
            max_size=8,
        )
    )
    def test_no_words_of_the_syntax_make_it_fail(self, words):
        week = loaders.read_opening_hours(" ".join(words))
        assert week is None or week.hours.minutes <= 7 * 1440


CALENDAR = "#Identifiant;Libellé_du_site;Date_calendrier;Plage_horaire_1;Plage_horaire_2\n"


def calendar(*rows):
    return CALENDAR + "".join(f"{row}\n" for row in rows)


class TestLaPosteHours:
    @pytest.mark.parametrize(
        ("mondays", "regular"), [(["09", "09", "10"], True), (["08", "09", "10"], False)]
    )
    def test_hours_of_two_weeks_in_three_are_regular(self, tmp_path, mondays, regular):
        days = pd.date_range("2024-01-01", periods=21)
        begins = [hour for monday in mondays for hour in [monday, *["09"] * 6]]
        rows = [
            f"1A;POSTE;{day:%Y-%m-%d};{begin}:00-12:00;"
            for day, begin in zip(days, begins, strict=True)
        ]
        assert self.load(tmp_path, calendar(*rows)).table["regulier"].tolist() == [regular]

    def load(self, tmp_path, text, name="horaires.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return loaders.load_la_poste_hours(path)

    def mondays(self, *slots):
        dates = pd.date_range("2024-01-01", periods=len(slots), freq="7D")
        return [f"1A;POSTE;{day:%Y-%m-%d};{slot}" for day, slot in zip(dates, slots, strict=True)]

    @pytest.mark.parametrize(
        ("slots", "expected"),
        [
            (["09:00-12:00;"] * 3 + ["FERME;"], "Mo 09:00-12:00"),
            (["09:00-12:00;", "FERME;"] * 6, "off"),
            # Of weeks that alternate, the shortest day, however late.
            (["08:00-12:00;", "16:00-18:00;"] * 6, "Mo 16:00-18:00"),
            (["09:00-12:00;", "FERME;"] * 6 + ["09:00-12:00;"], "off"),
            (["09:00-12:00;13:30-16:00"] * 9 + ["09:00-12:00;"] * 4, "Mo 09:00-12:00,13:30-16:00"),
        ],
    )
    def test_the_most_frequent_or_the_shorter(self, tmp_path, slots, expected):
        table = self.load(tmp_path, calendar(*self.mondays(*slots))).table
        assert table["horaires"].tolist() == [expected]

    def test_row_order_is_irrelevant(self, tmp_path):
        rows = self.mondays(*["09:00-12:00;", "10:00-13:00;", "14:00-17:00;"] * 2)
        one = self.load(tmp_path, calendar(*rows)).table.drop(columns="ligne")
        other = self.load(tmp_path, calendar(*rows[::-1])).table.drop(columns="ligne")
        pd.testing.assert_frame_equal(one, other)

    def test_missing_days_and_unreadable_ones_are_told(self, tmp_path):
        loaded = self.load(
            tmp_path,
            calendar("1A;POSTE;2024-01-01;09:00-12:00;", "1A;POSTE;2024-01-02;matin;"),
        )
        assert loaded.table["horaires"].tolist() == ["Mo 09:00-12:00"]
        assert loaded.table["regulier"].tolist() == [False]
        found = {(a.code, a.action) for a in loaded.anomalies}
        assert ("horaires-illisibles", Action.LEFT_OUT) in found
        assert ("jours-absents", Action.NOTED) in found

    def test_the_three_forms_agree(self, tmp_path):
        dates = pd.date_range("2024-01-01", periods=28)
        slots = {day: "09:00-12:00" if day.dayofweek < 5 else "FERME" for day in dates}
        rows = [f"1A;POSTE;{day:%d/%m/%Y};{slot};" for day, slot in slots.items()]
        records = [
            {"identifiant": "1A", "date_calendrier": f"{day:%Y-%m-%d}", "plage_horaire_1": slot}
            for day, slot in slots.items()
        ]
        tables = [
            self.load(tmp_path, calendar(*rows)).table,
            self.load(tmp_path, json.dumps({"results": records}), "api.json").table,
            self.load(tmp_path, json.dumps([{"fields": r} for r in records]), "export.json").table,
            self.load(tmp_path, "1A|POSTE|Mo-Fr 09:00-12:00; PH off\n", "osm.txt").table,
        ]
        for table in tables:
            assert table["site_id"].tolist() == ["1A"]
            assert table["horaires"].tolist() == ["Mo-Fr 09:00-12:00"]
            assert table["regulier"].tolist() == [True]

    def test_osm_lines_that_say_nothing_are_told(self, tmp_path):
        loaded = self.load(tmp_path, "1A|POSTE|sur rdv\n2A|AUTRE|closed\n2A|ENCORE|off\n", "o.txt")
        assert loaded.table["horaires"].fillna("").tolist() == ["", "off"]
        codes = [anomaly.code for anomaly in loaded.anomalies]
        assert codes == ["doublon", "horaires-illisibles"]

    @pytest.mark.parametrize(
        ("text", "error"),
        [
            ("1A|POSTE|closed\nici|rien\n", DataError),
            ("{}", DataError),
            ("[1]", DataError),
            ("[]", MissingColumnError),
            ("{pas du json", DataError),
            ('[{"identifiant": "1"}]', MissingColumnError),
            ("identifiant;date_calendrier\n1;2024-01-01\n", MissingColumnError),
            (calendar("1A;POSTE;hier;09:00-12:00;"), MissingColumnError),
        ],
    )
    def test_other_files_are_refused(self, tmp_path, text, error):
        with pytest.raises(error):
            self.load(tmp_path, text)

    @pytest.mark.slow
    @settings(max_examples=50, deadline=None)
    @given(st.text(max_size=80))
    def test_no_text_raises_anything_else(self, tmp_path_factory, text):
        folder = tmp_path_factory.mktemp("fuzz")
        for content in (text, CALENDAR + text, f"1A|POSTE|{text}"):
            try:
                loaded = self.load(folder, content)
            except MsapGeoError:
                continue
            assert loaded.table["site_id"].is_unique

    def test_hours_join_on_the_identifier(self):
        offices = sites([("1A", 0), ("2A", 1), ("3A", 2)])
        table = pd.DataFrame(
            {
                "site_id": ["3A", "1A", "9A"],
                "nom": "x",
                "horaires": ["Mo 09:00-12:00", None, "off"],
                "regulier": True,
            }
        )
        loaded = loaders.join_hours(offices, table, file="h.csv")
        assert loaded.table["horaires"].fillna("").tolist() == ["", "", "Mo 09:00-12:00"]
        (anomaly,) = loaded.anomalies
        assert "2 points sur 3 (66,7 %)" in anomaly.message
        assert "1 horaires ne sont d'aucun point" in anomaly.message
        assert "horaires" not in offices


# --- The real files -------------------------------------------------------------------------------

DISAGREEMENTS = {
    # Hours change for good on 1 January 2021; the calendar holds more weeks of the former ones.
    "15846A": (
        "Mo-Fr 09:15-11:45; Sa 09:00-11:00",
        "Mo-Th 09:15-11:45; Fr 09:00-12:30; Sa 09:00-11:00",
    ),
    "14993A": (
        "Mo 09:00-12:00; Tu 15:00-17:30; We 09:00-12:00; Th 15:00-18:30; Sa 09:00-12:00",
        "Mo 09:00-12:00; Tu 15:00-18:30; Th 15:00-17:30; Sa 09:00-12:00",
    ),
    # The calendar says closed until 3 December 2020, then open every day: ten weeks of fourteen.
    "15204A": ("Mo-Fr 09:00-12:00,14:00-17:15; Sa 09:00-12:00", "off"),
}


@pytest.mark.slow
def test_the_calendar_gives_the_patterns_derived_independently(shared):
    compared, differing = 0, {}
    for path in sorted((shared / "formats" / "laposte_ouvertur").glob("*.csv")):
        found = loaders.load_la_poste_hours(path).table.set_index("site_id")["horaires"]
        lines = path.with_suffix(".expected").read_text(encoding="utf-8").splitlines()
        expected = {line.split("|")[0]: line.split("|")[2] for line in lines if line}
        assert set(expected) == set(found.index), path.name
        for site, text in expected.items():
            compared += 1
            week = loaders.read_opening_hours(text)
            # Where the digest has but dated openings, the calendar has an ordinary week: closed.
            week = "off" if week is None else week.hours.text()
            if week != found[site]:
                differing[site] = (found[site], week)
    assert compared == 50
    assert differing == DISAGREEMENTS


def test_the_api_sample_is_read_and_said_to_be_partial(shared):
    loaded = loaders.load_la_poste_hours(
        shared / "formats" / "laposte_ouvertur_api_2026-10_sample.json"
    )
    assert loaded.rows_read == 5
    assert loaded.table["horaires"].tolist() == [
        "Tu 09:00-12:00,14:00-18:00; Sa 09:00-12:00",
        "Th 08:30-12:00,13:30-17:30",
    ]
    assert "fichier-partiel" in {anomaly.code for anomaly in loaded.anomalies}


PLAIN = re.compile(r"((?:Mo|Tu|We|Th|Fr|Sa|Su)[-,A-Za-z]*) ([\d:,-]+)")


def plainly(text):
    """Read the plain rules of an opening_hours text by hand; None if there are others."""
    week = [[] for _ in hours.DAYS]
    for rule in text.split("; "):
        if re.match(r"\d{4} ", rule) or rule in {"PH off", "closed"}:
            continue
        match = PLAIN.fullmatch(rule)
        if not match or "PH" in rule:
            return None
        for part in match[1].split(","):
            first, last = (part.split("-") * 2)[:2]
            for day in range(hours.DAYS.index(first), hours.DAYS.index(last) + 1):
                week[day] = list(h(match[2].replace(",", " ").replace(":", ".")))
    return hours.weekly_hours(week)


@pytest.mark.slow
def test_the_16456_points_of_2024_are_all_read(shared):
    path = shared / "france" / "laposte-horaires-osm-2024.txt"
    loaded = loaders.load_la_poste_hours(path)
    table = loaded.table.set_index("site_id")
    assert loaded.rows_read == len(table) == 16_456
    unknown = table["horaires"].isna()
    # Nothing but dated openings, months after the last of them.
    assert int(unknown.sum()) == 28
    assert int(table["regulier"].sum()) == 16_282
    assert int((table["horaires"] == "off").sum()) == 1426
    compared, read = 0, table["horaires"].to_dict()
    for line in path.read_text(encoding="utf-8").splitlines():
        site, _, text = line.split("|", 2)
        week = plainly(text)
        if week is not None and read[site] is not None:
            compared += 1
            assert read[site] == week.text(), text
    assert compared > 16_000


@pytest.mark.slow
def test_hours_of_2024_find_the_points_of_2025(shared):
    offices = loaders.load_la_poste(shared / "france" / "laposte_poincont-2025.csv").table
    read = loaders.load_la_poste_hours(shared / "france" / "laposte-horaires-osm-2024.txt")
    loaded = loaders.join_hours(offices, read.table, file="h")
    assert loaded.table["horaires"].notna().mean() == pytest.approx(0.8339, abs=1e-4)


@pytest.mark.parametrize(
    ("name", "unknown", "unread"),
    [
        ("france-services-20200108.csv", 121, 24),
        ("france-services-20200603.geojson", 15, 36),
        ("liste-fs-20221201.csv", 123, 1),
        ("liste-fs-20240801.csv", 48, 0),
    ],
)
def test_hours_of_the_four_lists(shared, name, unknown, unread):
    loaded = loaders.load_maisons(shared / "france" / name)
    assert int(loaded.table["horaires"].isna().sum()) == unknown
    told = [a for a in loaded.anomalies if a.code == "horaires-illisibles"]
    assert len(told) == unread
    for text in loaded.table["horaires"].dropna().unique():
        assert hours.read_hours(text).text() == text


def test_fixed_maisons_of_2024_keep_the_hours_the_label_asks(shared):
    table = loaders.load_maisons(shared / "france" / "liste-fs-20240801.csv").table
    fixed = table[table["genre"] == "Fixe"]["horaires"].dropna()
    weekly = fixed.map(lambda text: hours.read_hours(text).minutes / 60)
    assert weekly.median() == 29.5
    assert (weekly >= 24).mean() == pytest.approx(0.97, abs=0.002)
