"""What a study says of tomorrow: its section, and the files it names."""
