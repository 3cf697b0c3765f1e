"""What a map is drawn on: rivers, sea, neighbours, relief. No figure comes from these files."""
