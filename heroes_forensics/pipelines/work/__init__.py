"""Inside a worker: what each kind of unit does."""
