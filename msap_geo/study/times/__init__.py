"""Where the minutes of a study come from: its roads, or a table another engine computed."""
