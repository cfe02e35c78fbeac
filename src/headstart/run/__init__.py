"""One fit, from data to a saved run: sources, race, last trainings, verdict, record."""
