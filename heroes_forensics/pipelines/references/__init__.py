"""A laboratory's own reference files: sets built of them, recall measured on them."""
