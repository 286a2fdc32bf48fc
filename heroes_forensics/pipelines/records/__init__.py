"""Signed records of the laboratory that runs and reports cite."""
