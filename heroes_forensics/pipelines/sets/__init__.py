"""Hash sets: imported, the catalogue, those of one run, and what is compared with them."""
