"""What a study file may ask, section by section, where a section fills a file of its own."""
