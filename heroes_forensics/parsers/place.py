"""Where an entry lay, as a class."""

from heroes_forensics.model import Place


def place_of(path: bytes, allocated: bool) -> Place:  # noqa: FBT001 - the question is the argument
    """Return the class."""
    del path, allocated
    return Place.UNKNOWN
