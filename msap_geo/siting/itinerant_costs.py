"""What services that move cost, whatever the cost model of the offices (``itinerants.toml``)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class ItinerantCosts:
    """Prices of buses and permanences.

    Parameters
    ----------
    team_eur
        What the team of one vehicle costs a year.
    km_eur, co2_kg
        Of one kilometre.
    vehicle_eur, vehicle_years
        Investment, and the years it lasts.
    state_eur, state_vehicle_eur
        What the State gives for one bus a year, and once for the vehicle, at most.
    half_day_eur, half_day_hours
        Of one permanence in a town hall: its room.
    agent_hour_eur
        Of one agent, driving or serving.
    site_hours, two_days_hours, two_days_share
        Hours a week of a fixed office and of one that opens two days, and the share of the first
        one's running cost that the second one costs.
    weeks
        Weeks a year that services run.
    remarks
        What the reader must know.
    """

    team_eur: float
    km_eur: float
    co2_kg: float
    vehicle_eur: float
    vehicle_years: float
    state_eur: float
    state_vehicle_eur: float
    half_day_eur: float
    half_day_hours: float
    agent_hour_eur: float
    site_hours: float
    two_days_hours: float
    two_days_share: float
    weeks: int
    remarks: tuple[str, ...]

    def vehicles_eur(self, vehicles: int, *, weekly_km: float) -> dict[str, float]:
        """Return what vehicles cost a year, by item: team, road, vehicle.

        Parameters
        ----------
        vehicles
            How many.
        weekly_km
            Kilometres a week, all vehicles together.
        """
        return {
            "equipe_eur": vehicles * self.team_eur,
            "route_eur": self.km_eur * weekly_km * self.weeks,
            "vehicule_eur": vehicles * self.vehicle_eur / self.vehicle_years,
        }

    def permanence_eur(self, *, minutes: float, km: float) -> float:
        """Return what half a day a week in a town hall costs a year: room, agent, road.

        Parameters
        ----------
        minutes, km
            Of the agent's drive there, counted twice.
        """
        hours = self.half_day_hours + 2 * minutes / 60
        once = self.half_day_eur + self.agent_hour_eur * hours + self.km_eur * 2 * km
        return once * self.weeks

    @property
    def bus_eur(self) -> float:
        """What one bus and its team cost a year, before driving."""
        return self.team_eur + self.vehicle_eur / self.vehicle_years


def load_itinerant_costs() -> ItinerantCosts:
    """Load what services that move cost.

    Returns
    -------
    ItinerantCosts
        Its prices, each with its source.
    """
    text = (files("msap_geo.siting") / "itinerants.toml").read_text(encoding="utf-8")
    content = tomllib.loads(text)
    return ItinerantCosts(
        team_eur=content["equipe_eur"],
        km_eur=content["km_eur"],
        co2_kg=content["co2_kg_par_km"],
        vehicle_eur=content["vehicule_eur"],
        vehicle_years=content["annees_vehicule"],
        state_eur=content["part_etat_eur"],
        state_vehicle_eur=content["part_etat_vehicule_eur"],
        half_day_eur=content["demi_journee_permanence_eur"],
        half_day_hours=content["heures_demi_journee"],
        agent_hour_eur=content["agent_heure_eur"],
        site_hours=content["site_heures"],
        two_days_hours=content["deux_jours_heures"],
        two_days_share=content["deux_jours_part"],
        weeks=content["semaines_par_an"],
        remarks=tuple(content["remarques"]),
    )
