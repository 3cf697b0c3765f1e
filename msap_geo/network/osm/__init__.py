"""OpenStreetMap files → ways as flat arrays → road sections."""
