"""Trying the program: the demonstration, its self-test, a laboratory's validation."""
