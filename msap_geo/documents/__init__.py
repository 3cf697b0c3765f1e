"""Every section of a report, of a study or of a comparison, as data."""

from __future__ import annotations

from msap_geo.documents.comparison import comparison_document
from msap_geo.documents.parts import ReportParts, report_parts
from msap_geo.documents.report import NAME as REPORT_NAME
from msap_geo.documents.report import report_document, write_report

__all__ = [
    "REPORT_NAME",
    "ReportParts",
    "comparison_document",
    "report_document",
    "report_parts",
    "write_report",
]
