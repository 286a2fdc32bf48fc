"""The entries of an archive, counted as they are given out: the left side of its equation."""

from collections.abc import Iterable, Iterator

from heroes_forensics.model import Entry, EntryKind, Gap, Listing


def counted(found: Iterable[Entry | Gap], *, sweep: str) -> Iterator[Entry | Gap | Listing]:
    """Yield what was found, and after it a `Listing` of how many entries there were.

    An archive has no directories to read: each that it names counts as listed.

    Args:
        found: entries and gaps, in their order.
        sweep: what was searched for entries that nothing names, or why nothing was.
    """
    entries = directories = 0
    for each in found:
        if isinstance(each, Entry):
            entries += 1
            directories += each.kind == EntryKind.DIRECTORY
        yield each
    yield Listing(
        entries=entries,
        directories=directories,
        directories_listed=directories,
        sweep=sweep,
    )
