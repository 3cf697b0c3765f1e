"""Toy town with its coaches."""

from __future__ import annotations

from support.toy import degrees
from support.transit_feeds import write_feed

MOBILITE = """
[mobilite]
gtfs = "autocars"
jours = "2022-06-13/2022-06-19"
acces = ["pied", "velo"]

[candidats]"""


GO = [("E", "08:00:00", "08:00:00"), ("C", "08:20:00", "08:20:00"), ("A", "08:40:00", "08:40:00")]


def back(hour):
    moments = {"A": f"{hour}:00", "C": f"{hour[:3]}55:00", "E": f"{hour[:3]}59:00"}
    return [(stop, moment, moment) for stop, moment in moments.items()]


def coaches(toy_study, return_at="10:30"):
    """Run a coach from E by C to A and back, all of them at the town halls."""
    stops = {name: degrees("ABCDEF".index(name))[::-1] for name in "ABCDEF"}
    write_feed(toy_study.folder / "autocars", {"aller": GO, "retour": back(return_at)}, stops=stops)
    return toy_study
