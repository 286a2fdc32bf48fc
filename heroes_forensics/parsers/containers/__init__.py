"""Containers: bytes in, child entries and their streams out."""
