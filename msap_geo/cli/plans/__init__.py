"""Other plans that ``optimiser`` is asked for: every horizon at once."""
