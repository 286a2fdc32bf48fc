"""A single file as a source."""

import os
from pathlib import Path

import pytest

from heroes_forensics.model import Entry, EntryKind, Listing
from heroes_forensics.parsers.filesystems.single import open_single
from heroes_forensics.parsers.reading.readers import DescriptorReader


@pytest.mark.parametrize("content", [b"", b"one", os.urandom(70_000)], ids=["empty", "one", "long"])
def test_one_entry_with_all_the_bytes_and_no_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret-name.jpg"
    path.write_bytes(content)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        system = open_single(DescriptorReader(descriptor))
        entry, listing = system.entries()
        assert isinstance(entry, Entry)
        assert (entry.locator, entry.path, entry.kind) == ("f", b"", EntryKind.FILE)
        assert listing == Listing(entries=1, sweep="not applicable: a single file")
        reader = system.open(entry.handle)
        assert reader.size == entry.size == len(content)
        assert reader.pread(0, len(content) + 10) == content
        reader.close()
        system.close()
        assert os.fstat(descriptor).st_size == len(content), "what was handed in stays open"
    finally:
        os.close(descriptor)


def test_a_foreign_handle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"x")
    with path.open("rb") as stream, pytest.raises(OSError, match="not a handle"):
        open_single(DescriptorReader(stream.fileno())).open(b"g")
