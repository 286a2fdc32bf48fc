"""Runs from what was asked to the report: a scan, a scan resumed, a comparison on record."""
