"""Who will be far tomorrow, and who is there in August: the same times, other people."""
