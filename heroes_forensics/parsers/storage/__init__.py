"""Storage: from the files that were given to the bytes of a volume."""
