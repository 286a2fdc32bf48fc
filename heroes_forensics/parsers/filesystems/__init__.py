"""File systems: from the bytes of a volume, or a folder, to its entries and their streams."""
