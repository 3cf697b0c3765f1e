"""What is known of tomorrow's people: projections by age, today's ages, people of each month."""
