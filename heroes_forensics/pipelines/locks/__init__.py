"""Locking workers and ourselves: what the kernel is told to refuse."""
