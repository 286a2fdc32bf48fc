"""One source: listed, read, decoded, expanded, verified, and the state of its run."""
