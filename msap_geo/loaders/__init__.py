"""Raw official file → checked table.

Every loader returns a :class:`Loaded`: the table under contract, and the anomalies it met.
"""

from __future__ import annotations

from msap_geo.loaders.hours.horaires import read_day
from msap_geo.loaders.hours.horaires_la_poste import join_hours, load_la_poste_hours
from msap_geo.loaders.hours.horaires_osm import OrdinaryWeek, read_opening_hours
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.people.acces_insee import InseeAccess, load_insee_access
from msap_geo.loaders.people.carreaux import carreau_points, load_carreaux
from msap_geo.loaders.people.indicateurs import LoadedIndicators, join_indicators, load_indicators
from msap_geo.loaders.people.population import load_population, population_from_records
from msap_geo.loaders.prospective.ages import load_ages
from msap_geo.loaders.prospective.projections import load_projections
from msap_geo.loaders.prospective.saison import load_season
from msap_geo.loaders.scenery.drawn import LINES, SURFACES, load_drawn
from msap_geo.loaders.scenery.gathered import Scenery
from msap_geo.loaders.scenery.relief import Relief, load_relief, without_relief
from msap_geo.loaders.shared import Readings, read_once
from msap_geo.loaders.sites.bpe import load_bpe
from msap_geo.loaders.sites.delais import load_delays
from msap_geo.loaders.sites.frequentation import load_attendance, match_attendance
from msap_geo.loaders.sites.hotes import IMPOSSIBLE, load_hosts
from msap_geo.loaders.sites.la_poste import ITINERANT as ITINERANT_OFFICE
from msap_geo.loaders.sites.la_poste import load_la_poste
from msap_geo.loaders.sites.mairies import load_mairies
from msap_geo.loaders.sites.maisons import FIXED_KINDS, ITINERANT_KINDS, load_maisons
from msap_geo.loaders.sites.operateurs import COUNTERS, OPERATORS, load_operateurs
from msap_geo.loaders.territory.appartenance import join_memberships, load_memberships
from msap_geo.loaders.territory.cog import CommuneCodes, codes_among, commune_codes, read_records
from msap_geo.loaders.territory.communes import load_communes
from msap_geo.loaders.territory.mouvements import load_movements, with_movements
from msap_geo.loaders.territory.origins import (
    CELL,
    NEIGHBOUR,
    NOWHERE,
    STREETS,
    SURFACE,
    TOWN_HALL,
    commune_origins,
    communes_near,
    from_cells,
    moved_to,
)
from msap_geo.loaders.territory.territoire import (
    BORDER_KM,
    assemble_communes,
    attach_to_communes,
    within_border,
    within_reach,
)

__all__ = [
    "BORDER_KM",
    "CELL",
    "COUNTERS",
    "FIXED_KINDS",
    "IMPOSSIBLE",
    "ITINERANT_KINDS",
    "ITINERANT_OFFICE",
    "LINES",
    "NEIGHBOUR",
    "NOWHERE",
    "OPERATORS",
    "STREETS",
    "SURFACE",
    "SURFACES",
    "TOWN_HALL",
    "CommuneCodes",
    "InseeAccess",
    "Loaded",
    "LoadedIndicators",
    "OrdinaryWeek",
    "Readings",
    "Relief",
    "Scenery",
    "assemble_communes",
    "attach_to_communes",
    "carreau_points",
    "codes_among",
    "commune_codes",
    "commune_origins",
    "communes_near",
    "from_cells",
    "join_hours",
    "join_indicators",
    "join_memberships",
    "load_ages",
    "load_attendance",
    "load_bpe",
    "load_carreaux",
    "load_communes",
    "load_delays",
    "load_drawn",
    "load_hosts",
    "load_indicators",
    "load_insee_access",
    "load_la_poste",
    "load_la_poste_hours",
    "load_mairies",
    "load_maisons",
    "load_memberships",
    "load_movements",
    "load_operateurs",
    "load_population",
    "load_projections",
    "load_relief",
    "load_season",
    "match_attendance",
    "moved_to",
    "population_from_records",
    "read_day",
    "read_once",
    "read_opening_hours",
    "read_records",
    "with_movements",
    "within_border",
    "within_reach",
    "without_relief",
]
