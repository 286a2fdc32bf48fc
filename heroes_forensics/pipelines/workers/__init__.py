"""Processes: starting them, giving them units, hearing their answers, and how they end."""
