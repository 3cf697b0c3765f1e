"""The same study for many territories, dates and assumptions: on one machine, or on many."""

from __future__ import annotations

from msap_geo.campaign.cluster import by_cluster
from msap_geo.campaign.file import Campaign, read_campaign
from msap_geo.campaign.processes import Bounds, bounds, by_processes
from msap_geo.campaign.run import Report, Share, Step, assemble_campaign, run_campaign
from msap_geo.campaign.tasks import Task, tasks_of
from msap_geo.campaign.territories import Territory

__all__ = [
    "Bounds",
    "Campaign",
    "Report",
    "Share",
    "Step",
    "Task",
    "Territory",
    "assemble_campaign",
    "bounds",
    "by_cluster",
    "by_processes",
    "read_campaign",
    "run_campaign",
    "tasks_of",
]
