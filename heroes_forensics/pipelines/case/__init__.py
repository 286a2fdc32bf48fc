"""The case: its folder, lock, keys, journal and settings, and what everything else rests on."""
