"""Known material: suppliers' hash sets in, one verified set file out, matches found in batches."""
