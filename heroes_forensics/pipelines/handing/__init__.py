"""What others get: lists of findings, and items in their formats."""
