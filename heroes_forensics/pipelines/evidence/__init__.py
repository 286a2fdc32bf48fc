"""What is given as evidence: its files, keys and logs, opened and described."""
