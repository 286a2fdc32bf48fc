"""The report: its model from the case, its files, its signature."""
