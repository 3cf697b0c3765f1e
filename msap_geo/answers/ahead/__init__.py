"""What a study answers of tomorrow: who will be far, and which plan suits every horizon."""
