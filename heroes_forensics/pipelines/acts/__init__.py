"""What persons do with a case and its keys, each an event on record."""
