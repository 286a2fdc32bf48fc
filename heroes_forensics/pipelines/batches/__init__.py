"""Many exhibits: the manifest, and one process each."""
