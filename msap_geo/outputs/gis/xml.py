"""XML as QGIS reads it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

_HEAD = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters no XML 1.0 document may hold, even escaped; a name copied from a PDF may."""


def document(root: ET.Element) -> str:
    """Return the text of a QGIS document, indented, without characters XML forbids."""
    ET.indent(root, " ")
    return f"{_HEAD}{_ILLEGAL.sub('', ET.tostring(root, encoding='unicode'))}\n"
