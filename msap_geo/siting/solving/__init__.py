"""From gains and limits to sites with their proof: searches, bounds, and HiGHS for what is left."""
