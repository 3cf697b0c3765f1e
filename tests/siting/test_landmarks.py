"""Figures of money and targets: each told with its source and its date."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from msap_geo import siting

DOCS = Path(__file__).parents[2] / "docs" / "implantation.md"


def test_every_figure_has_a_source_a_date_and_a_line():
    found = siting.landmarks()
    assert len({one.key for one in found}) == len(found) > 15
    page = DOCS.read_text(encoding="utf-8")
    for one in found:
        assert one.value > 0
        assert one.source
        assert dt.date(2016, 1, 1) <= one.date <= dt.date(2026, 11, 30)
        assert f"| {one.title} |" in page
        assert f"{one.value:,.0f} {one.unit}".replace(",", " ") in page


def test_the_state_gives_what_its_figures_say():
    model = siting.load_costs("france-services")
    known = {one.key: one.value for one in siting.landmarks()}
    for year in (2022, 2024, 2026):
        table = siting.plan_costs(model, ["Bureau de Poste"], first_year=year)
        paid = table[(table["annee"] == year) & table["payeur"].str.startswith("État (forfait")]
        assert paid["montant_eur"].sum() == known[f"forfait-{year}"]


def test_the_bonus_of_rural_zones_is_the_study_s():
    model = siting.load_costs(
        "france-services", numbers={"bonification_france_ruralites_eur": 5000.0}
    )
    table = siting.plan_costs(model, ["Bureau de Poste"], first_year=2026)
    bonus = table[table["payeur"].str.contains("bonification")]
    assert bonus["montant_eur"].tolist() == [5000.0] * 3
    assert table.loc[table["annee"] == 2026, "montant_eur"].sum() == pytest.approx(150_000)
