"""NTFS: streams, sequences, names that are no Unicode, and damage in the index."""

import gzip
import os
import struct
from pathlib import Path

import pytest
import pytsk3
from corpus import evidence
from filesystem_images import (
    Bytes,
    Listed,
    content,
    in_use,
    listed,
    ntfs_image,
    ntfs_put,
    reader_of,
    run,
)

from heroes_forensics.model import EntryFlag, EntryKind, Moment
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.filesystems import tsk_walk
from heroes_forensics.parsers.filesystems.locators import icat_command, parse_locator
from heroes_forensics.parsers.filesystems.ntfs_records import ReadBack
from heroes_forensics.parsers.filesystems.tsk import TskFileSystem, open_tsk
from heroes_forensics.parsers.filesystems.tsk_image import TskImage
from heroes_forensics.parsers.reading.readers import RangeReader

MARK = "surroAATXAA"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ntfs")
    image = ntfs_image(folder)
    ntfs_put(image, folder, "a.txt", b"alpha")
    ntfs_put(image, folder, "a.txt", b"hidden " * 500, stream="secret")
    ntfs_put(image, folder, "big.bin", bytes(range(256)) * 2000)
    ntfs_put(image, folder, MARK, b"no Unicode")
    ntfs_put(image, folder, "caret^name", b"caret")
    for number in range(60):
        ntfs_put(image, folder, f"many-names-to-fill-an-index-{number:03}", b"x")
    ntfs_put(image, folder, "zz last", b"last")
    return image


def opened(data: bytes) -> tuple[TskFileSystem, Listed]:
    fs = open_tsk(Bytes(data), "ntfs")
    return fs, listed(fs.entries())


def test_files_streams_and_metadata(image: Path) -> None:
    fs, got = opened(image.read_bytes())
    assert content(fs, got.path(b"a.txt")) == b"alpha"
    stream = got.path(b"a.txt:secret")
    assert stream.flags & EntryFlag.STREAM
    assert content(fs, stream) == b"hidden " * 500
    assert content(fs, got.path(b"big.bin"), step=4097) == bytes(range(256)) * 2000
    assert got.path(b"$MFT").kind is EntryKind.METADATA
    assert got.path(b"$BadClus:$Bad").kind is EntryKind.METADATA
    assert content(fs, got.path(b"$BadClus:$Bad")) == b""
    assert got.path(b"a.txt").flags & EntryFlag.RESIDENT
    assert got.path(b"big.bin").first_offset > 0
    assert got.listing.sweep == "MFT records"
    assert not got.gaps
    assert len([p for p in got.paths if p.startswith(b"many-")]) == 60


def test_first_offset_is_where_the_bytes_are(image: Path) -> None:
    data = image.read_bytes()
    _, got = opened(data)
    at = got.path(b"big.bin").first_offset
    assert data[at : at + 512] == bytes(range(256)) * 2


def test_records_before_one_another_are_read_together(
    tmp_path: Path,
) -> None:
    image = ntfs_image(tmp_path)
    ntfs_put(image, tmp_path, "more than the kit keeps", bytes(4 << 20))
    for number in range(150, 0, -1):
        ntfs_put(image, tmp_path, f"{number:03}", b"x")
    _, got = opened(image.read_bytes())
    files = [parse_locator(got.path(b"%03d" % number).locator).address for number in range(1, 151)]
    assert files == sorted(files, reverse=True)
    (large,) = [entry for entry in got.entries if entry.size == 4 << 20]
    reads: list[int] = []

    class Counted(Bytes):
        def pread(self, offset: int, length: int) -> bytes:
            reads.append(offset)
            return super().pread(offset, length)

    def count(*, together: bool) -> int:
        shown = TskImage(Counted(image.read_bytes()))
        fs = pytsk3.FS_Info(shown)
        back = ReadBack(fs, shown)
        forgotten = fs.open_meta(parse_locator(large.locator).address)
        for offset in range(0, large.size, 4096):
            forgotten.read_random(offset, 4096)
        reads.clear()
        for address in files:
            assert fs.open_meta(address).info.meta.addr == address
            if together and shown.went_back:
                back.before(address)
        return len(reads)

    assert count(together=False) > 100
    assert count(together=True) < 10


def test_a_name_that_leads_behind_all_records_ends_nothing(image: Path) -> None:
    shown = TskImage(Bytes(image.read_bytes()))
    fs = pytsk3.FS_Info(shown)
    for address in (1 << 40, 1 << 62):
        ReadBack(fs, shown).before(address)
    assert (shown.failures, shown.went_back) == (0, False)


def test_the_walk_reads_records_together(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[int] = set()
    always = property(lambda image: True, lambda image, value: None)  # noqa: ARG005
    monkeypatch.setattr(TskImage, "went_back", always, raising=False)
    monkeypatch.setattr(ReadBack, "before", lambda self, address: asked.add(address))  # noqa: ARG005
    _, got = opened(image.read_bytes())
    assert parse_locator(got.path(b"a.txt").locator).address in asked


def test_times_are_exact_before_1970_and_after_2106(image: Path) -> None:
    data = bytearray(image.read_bytes())
    _, got = opened(bytes(data))
    entry = got.path(b"a.txt")
    record = got.path(b"$MFT").first_offset + parse_locator(entry.locator).address * 1024
    (at,) = struct.unpack_from("<H", data, record + 20)
    (value,) = struct.unpack_from("<H", data, record + at + 20)
    struct.pack_into("<4Q", data, record + at + value, 1, 2**62, 0, 116_444_736_000_000_001)
    _, got = opened(bytes(data))
    modified, accessed, changed, born = got.path(b"a.txt").times
    assert modified == Moment(2**62 // 10_000_000 - 11_644_473_600, 2**62 % 10_000_000 * 100)
    assert accessed == Moment(0, 100)
    assert changed is None
    assert born == Moment(-11_644_473_600, 100)


def test_times_are_those_of_the_kit_where_the_attribute_is_too_short(image: Path) -> None:
    data = bytearray(image.read_bytes())
    _, got = opened(bytes(data))
    entry = got.path(b"a.txt")
    record = got.path(b"$MFT").first_offset + parse_locator(entry.locator).address * 1024
    (at,) = struct.unpack_from("<H", data, record + 20)
    struct.pack_into("<I", data, record + at + 16, 24)
    _, got = opened(bytes(data))
    assert got.path(b"a.txt").times == entry.times
    assert None not in entry.times


def test_times_without_damage(image: Path) -> None:
    before = image.stat().st_mtime
    _, got = opened(image.read_bytes())
    modified = got.path(b"zz last").times[0]
    assert modified is not None
    assert abs(modified.seconds - before) < 600


@pytest.mark.corpus
def test_owners_are_told_apart_by_pseudonyms() -> None:
    data = gzip.decompress(evidence("images/dfir_ntfs/ntfs_index.raw.gz").read_bytes())
    fs = open_tsk(RangeReader(Bytes(data), 128 * 512, 59_392 * 512), "ntfs")
    got = listed(fs.entries())
    owners = {e.owner for e in got.entries if e.kind is EntryKind.FILE and in_use(e)}
    assert -1 not in owners
    assert 0 < max(owners) < 1 << 48
    assert got.path(b"$MFT").owner != -1


def test_a_stream_added_to_a_metadata_file_is_a_file(image: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.raw"
    copy.write_bytes(image.read_bytes())
    ntfs_put(copy, tmp_path, "$UpCase", b"hidden", stream="holiday")
    fs, got = opened(copy.read_bytes())
    entry = got.path(b"$UpCase:holiday")
    assert entry.kind is EntryKind.FILE
    assert content(fs, entry) == b"hidden"


def test_an_unpaired_surrogate_stays_exact_and_later_names_are_listed(image: Path) -> None:
    lone = "surro".encode("utf-16-le") + b"\x00\xd8" + "ATXAA".encode("utf-16-le")
    fs, got = opened(image.read_bytes().replace(MARK.encode("utf-16-le"), lone))
    entry = got.path(b"surro\xed\xa0\x80ATXAA")
    assert content(fs, entry) == b"no Unicode"
    assert content(fs, got.path(b"zz last")) == b"last"
    assert content(fs, got.path(b"caret^name")) == b"caret"


def test_a_name_with_a_zero_hides_nothing(image: Path) -> None:
    zero = "surro\0ATXAA".encode("utf-16-le")
    fs, got = opened(image.read_bytes().replace(MARK.encode("utf-16-le"), zero))
    found = [e for e in got.entries if e.path.startswith(b"surro")]
    assert [content(fs, entry) for entry in found] == [b"no Unicode"]
    assert b"zz last" in got.paths


def test_the_second_lister_sees_the_same(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, usual = opened(image.read_bytes())
    monkeypatch.setattr(tsk_walk, "_LARGE", -1)
    _, other = opened(image.read_bytes())
    assert {e for e in usual.entries if e.kind != EntryKind.VIRTUAL} == set(other.entries)
    assert not other.gaps


def test_a_damaged_index_record_is_a_gap_and_no_file_is_lost(image: Path) -> None:
    data = bytearray(image.read_bytes())
    at = 0
    while (at := data.find(b"INDX", at + 1)) >= 0:
        if b"m\0a\0n\0y\0" in data[at : at + 4096]:
            data[at + 510] ^= 0xFF
            break
    assert at > 0
    fs, got = opened(bytes(data))
    assert "directory.unreadable" in {gap.code for gap in got.gaps}
    files = [e for e in got.entries if e.kind is EntryKind.FILE and in_use(e)]
    assert sum(e.size == 1 for e in files) == 60
    assert bytes(range(256)) * 2000 in {content(fs, e) for e in files}


def test_a_record_given_to_another_file_is_not_read_under_the_old_handle(image: Path) -> None:
    data = bytearray(image.read_bytes())
    fs, got = opened(bytes(data))
    entry = got.path(b"a.txt")
    address = parse_locator(entry.locator).address
    table = got.path(b"$MFT").first_offset
    (sequence,) = struct.unpack_from("<H", data, table + address * 1024 + 16)
    struct.pack_into("<H", data, table + address * 1024 + 16, sequence + 4)
    fs = open_tsk(Bytes(bytes(data)), "ntfs")
    with pytest.raises(UnsupportedError) as caught:
        fs.open(entry.handle)
    assert caught.value.code == "stream.changed"


def test_a_deleted_record_is_found_and_read(image: Path) -> None:
    """Clear the in-use mark of a record and the index entry, as a deletion does."""
    data = bytearray(image.read_bytes())
    _, got = opened(bytes(data))
    where = parse_locator(got.path(b"big.bin").locator)
    table = got.path(b"$MFT").first_offset
    record = table + where.address * 1024
    struct.pack_into("<HH", data, record + 16, (where.sequence or 0) + 1, 1)
    struct.pack_into("<H", data, record + 22, 0)
    fs, got = opened(bytes(data))
    gone = [e for e in got.entries if e.size == 512_000 and not in_use(e)]
    assert gone
    assert {content(fs, e) for e in gone if e.kind is EntryKind.FILE} == {bytes(range(256)) * 2000}


def tagged(image: Path, path: bytes, tag: int, attributes: int = 0) -> bytes:
    """Return the image with a reparse point in place of the security descriptor of a file."""
    data = bytearray(image.read_bytes())
    _, got = opened(bytes(data))
    record = got.path(b"$MFT").first_offset + parse_locator(got.path(path).locator).address * 1024
    (at,) = struct.unpack_from("<H", data, record + 20)
    while struct.unpack_from("<I", data, record + at)[0] != 0xFFFFFFFF:
        kind, length = struct.unpack_from("<II", data, record + at)
        (value,) = struct.unpack_from("<H", data, record + at + 20)
        if kind == 0x10:  # standard information: times, then the attributes of DOS
            struct.pack_into("<I", data, record + at + value + 32, attributes)
        if kind == 0x50:  # security descriptor: resident, long enough, of no use here
            struct.pack_into("<I", data, record + at, 0xC0)
            struct.pack_into("<I", data, record + at + value, tag)
            return bytes(data)
        at += length
    pytest.skip("this mkntfs gives files no security descriptor")


CLOUD, WOF, LINUX_LINK, LINK = 0x9000001A, 0x80000017, 0xA000001D, 0xA000000C


@pytest.mark.parametrize(
    ("path", "tag", "attributes"),
    [(b"a.txt", WOF, 0), (b"a.txt", CLOUD, 0x1000), (b"big.bin", CLOUD, 0x400000)],
)
def test_a_file_kept_by_a_filter_is_unsupported_and_not_zeros(
    image: Path, path: bytes, tag: int, attributes: int
) -> None:
    fs, got = opened(tagged(image, path, tag, attributes))
    with pytest.raises(UnsupportedError) as caught:
        fs.open(got.path(path).handle)
    assert caught.value.code == "stream.unsupported"
    if path == b"a.txt":
        assert content(fs, got.path(b"a.txt:secret")) == b"hidden " * 500


@pytest.mark.parametrize(
    ("path", "tag", "data"),
    [
        (b"a.txt", CLOUD, b"alpha"),
        (b"big.bin", CLOUD | 0x1000, bytes(range(256)) * 2000),
        (b"big.bin", WOF, bytes(range(256)) * 2000),
    ],
)
def test_a_file_whose_content_is_here_is_read_whatever_its_tag(
    image: Path, path: bytes, tag: int, data: bytes
) -> None:
    fs, got = opened(tagged(image, path, tag))
    assert got.path(path).kind is EntryKind.FILE
    assert content(fs, got.path(path)) == data


@pytest.mark.parametrize("attributes", [0, 0x1000], ids=["here", "said to be offline"])
@pytest.mark.parametrize("tag", [LINK, LINUX_LINK])
def test_content_behind_a_link_is_a_stream(image: Path, tag: int, attributes: int) -> None:
    fs, got = opened(tagged(image, b"big.bin", tag, attributes))
    assert got.path(b"big.bin").kind is EntryKind.SYMLINK
    assert content(fs, got.path(b"big.bin:")) == bytes(range(256)) * 2000


@pytest.mark.parametrize("kind", [0x50, 0xA0, 0xC0, 0xE0, 0x100, 0x1000])
def test_an_attribute_that_holds_more_than_its_type_has_is_a_stream(image: Path, kind: int) -> None:
    data = bytearray(image.read_bytes())
    _, got = opened(bytes(data))
    file = parse_locator(got.path(b"a.txt").locator).address
    record = got.path(b"$MFT").first_offset + file * 1024
    name = data.index("secret".encode("utf-16-le"), record, record + 1024)
    (length,) = struct.unpack_from("<H", data, name - 64 + 10)
    assert length == 64, "the name follows the header of the attribute"
    struct.pack_into("<I", data, name - 64, kind)
    fs, got = opened(bytes(data))
    entry = got.path(b"a.txt:$%d.secret" % kind)
    assert entry.kind is EntryKind.FILE
    assert content(fs, entry) == b"hidden " * 500
    assert content(fs, got.path(b"a.txt")) == b"alpha"
    assert not got.gaps
    own = {b"$BadClus:$Bad", b"$Secure:$SDS", b"$UpCase:$Info", entry.path}
    assert {path for path in got.paths if b":$" in path} == own


def test_the_locators_lead_icat_to_the_same_bytes(image: Path) -> None:
    fs = open_tsk(reader_of(image), "ntfs")
    got = listed(fs.entries())
    for path in (b"a.txt", b"a.txt:secret", b"big.bin"):
        entry = got.path(path)
        command = icat_command(entry.locator, str(image), 0)
        assert command is not None
        assert run(*command.split()) == content(fs, entry)


def test_an_unreadable_table_is_a_gap(image: Path) -> None:
    data = image.read_bytes()
    _, got = opened(data)
    entry = got.path(b"$MFT")
    end = entry.first_offset + entry.size
    fs = open_tsk(Bytes(data, [range(end - 2048, end)]), "ntfs")
    again = listed(fs.entries())
    assert "sweep.unreadable" in {gap.code for gap in again.gaps}
    assert b"a.txt" in again.paths


def test_remains_of_another_superblock_do_not_confuse(image: Path) -> None:
    data = bytearray(image.read_bytes())
    data[1024 + 56 : 1024 + 58] = b"\x53\xef"
    assert open_tsk(Bytes(bytes(data))).kind == "ntfs"


def test_junk_over_the_tables_ends(image: Path) -> None:
    data = bytearray(image.read_bytes())
    _, got = opened(bytes(data))
    at = got.path(b"$MFT").first_offset
    for turn in range(12):
        broken = bytearray(data)
        start = at + 1024 * (24 + 5 * turn)
        broken[start + 8 : start + 700] = os.urandom(692)
        fs = open_tsk(Bytes(bytes(broken)), "ntfs")
        for entry in listed(fs.entries()).entries:
            if entry.kind is EntryKind.FILE and entry.size < 1 << 20:
                try:
                    content(fs, entry)
                except (OSError, UnsupportedError):
                    continue
