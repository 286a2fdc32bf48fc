"""What is carved of file slack, of volume slack, and of blocks in use that nothing leads to."""

import io
from pathlib import Path

import numpy as np
import pytest
from carved_files import made, noise, padded
from filesystem_images import Bytes, any_reader, fat_image, run
from PIL import Image
from test_parsers_recovery_volumes import carved, read

from heroes_forensics.model import Entry, EntryFlag, Gap, Listing, Place
from heroes_forensics.parsers.filesystems.tsk import open_tsk
from heroes_forensics.parsers.recovery import slack as searching
from heroes_forensics.parsers.recovery.slack import slack

SECTOR = 512


def tiny(name: str) -> bytes:
    """Return a picture that fits behind the end of a small file."""
    file = io.BytesIO()
    picture = Image.radial_gradient("L").resize((32, 32))
    (picture.quantize(8) if name == "GIF" else picture).save(file, name)
    data = file.getvalue()
    assert 128 <= len(data) <= 2048 - 700
    return data


LOST = 3000


def volume(folder: Path) -> tuple[bytearray, int, int, int]:
    """Make a FAT volume with a file, a cluster that is in use by none, and volume slack.

    Returns:
        It, where the slack of the file begins, that cluster, and the volume slack.
    """
    image = fat_image(folder, bits=16, size=36 << 20)
    (folder / "file").write_bytes(noise(700))
    run("mcopy", "-i", image, folder / "file", "::/file")
    data = bytearray(image.read_bytes())
    table = int.from_bytes(data[14:16], "little") * SECTOR
    data[table + 2 * LOST : table + 2 * LOST + 2] = b"\xff\xff"
    fs = open_tsk(any_reader(bytes(data)))
    (file,) = [row for row in fs.entries() if isinstance(row, Entry) and row.path == b"file"]
    blocks = fs._allocated()  # noqa: SLF001 - where to write to
    lost = blocks.first + (LOST - 2) * blocks.block_size
    return data + bytes(8 * SECTOR), file.first_offset + 700, lost, blocks.end


@pytest.mark.parametrize("name", ["JPEG", "PNG", "GIF", "WEBP"])
def test_a_picture_behind_the_end_of_a_file_is_found_to_the_byte(name: str, tmp_path: Path) -> None:
    data, behind, lost, end = volume(tmp_path)
    picture, other = tiny(name), tiny("PNG")
    for at, what in ((behind, picture), (lost, other), (end, other)):
        data[at : at + len(what)] = what
    fs = open_tsk(any_reader(bytes(data)))
    entries, gaps, listing = carved(fs)
    assert not gaps
    found = {entry.locator: entry for entry in entries}
    assert set(found) == {f"s@{behind:#x}", f"c@{lost:#x}", f"c@{end:#x}"}
    slack_, held, last = (found[key] for key in (f"s@{behind:#x}", f"c@{lost:#x}", f"c@{end:#x}"))
    assert [read(fs, each) for each in (slack_, held, last)] == [picture, other, other]
    assert (slack_.place, last.place) == (Place.FILE_SLACK, Place.VOLUME_SLACK)
    assert held.place is Place.UNALLOCATED
    assert not any(each.flags & EntryFlag.ALLOCATED for each in entries)
    assert (slack_.path, slack_.first_offset) == (b"$slack/%#x" % behind, behind)
    *_, counted = fs.entries()
    assert isinstance(counted, Listing)
    assert listing.blocks["slack_searched"] == counted.blocks["file_slack"] == 2048 - 700
    data[behind] ^= 0xFF
    again, _, _ = carved(open_tsk(any_reader(bytes(data))))
    assert f"s@{behind:#x}" not in {each.locator for each in again}


def searched(data: bytes, *bad: range) -> tuple[list[Entry], list[Gap], Listing]:
    """Search two stretches of some bytes: 1000 to 3000, and all from 4096 on."""
    starts, ends = np.array([1000, 4096]), np.array([3000, len(data)])
    rows = list(slack(Bytes(data, bad), (starts, ends - starts)))
    assert isinstance(rows[-1], Listing)
    entries = [row for row in rows if isinstance(row, Entry)]
    assert rows[-1].entries == len(entries)
    return entries, [row for row in rows if isinstance(row, Gap)], rows[-1]


def test_a_long_stretch_is_searched_for_films_too() -> None:
    film = made("avi")
    data = noise(4096) + noise(3 * SECTOR) + padded(film) + made("png") + noise(90_000)
    entries, gaps, listing = searched(data)
    assert {(each.first_offset, each.size) for each in entries} == {
        (4096 + 3 * SECTOR + len(padded(film)), len(made("png"))),
        (4096 + 3 * SECTOR, len(film)),
    }
    assert {each.place for each in entries} == {Place.FILE_SLACK}
    assert len({each.locator for each in entries}) == 2
    assert not gaps
    assert listing.blocks == {"slack_searched": len(data) - 4096 + 2000}


def test_nothing_is_found_across_the_end_of_a_stretch() -> None:
    data = bytearray(noise(100_000))
    data[2900 : 2900 + len(tiny("PNG"))] = tiny("PNG")
    assert not searched(bytes(data))[0]


def test_slack_that_cannot_be_read_or_is_too_much_is_a_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = noise(1000) + tiny("PNG").ljust(3096, b"\0") + tiny("GIF").ljust(8192, b"\0")
    entries, (gap,), listing = searched(data, range(1500, 1501))
    assert [each.locator for each in entries] == ["s@0x1000"]
    assert (gap.code, gap.detail) == ("slack.unreadable", {"bytes": 2000})
    assert listing.blocks == {"slack_searched": 8192}
    monkeypatch.setattr(searching, "MOST", 1)
    entries, (gap,), listing = searched(data)
    assert [each.locator for each in entries] == ["s@0x3e8"]
    assert (gap.code, gap.detail) == ("slack.limit", {"bytes": 8192, "entries": 1})
    assert listing.blocks == {"slack_searched": 2000}
