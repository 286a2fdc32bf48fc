"""Linux md arrays: those of the corpus, each level and layout, and members that are not there."""

import gzip
import hashlib
import random
import sqlite3
import struct
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from corpus import evidence
from md_arrays import CHUNK, SIX, TEN, Facts, laid, member, raid0, raid5, raid6
from scans import scanned
from storage_images import Memory, ext2_head, slots_of

from heroes_forensics.model import Gap
from heroes_forensics.parsers.reading.readers import RangeReader
from heroes_forensics.parsers.storage import md
from heroes_forensics.parsers.storage.doubts import DAMAGED, Doubt, Doubts
from heroes_forensics.parsers.storage.layout import belongs, volumes
from heroes_forensics.parsers.storage.md_superblock import superblock
from heroes_forensics.parsers.storage.source import Source, open_source
from heroes_forensics.parsers.storage.volume import Volume
from heroes_forensics.parsers.volumes import volume_reader

DATA = random.Random(5).randbytes(48 * CHUNK)  # noqa: S311 - not a secret
VERSIONS = ("0.90", "1.0", "1.1", "1.2")
REAL = {
    # Sizes by `mdadm --examine`. Digests of the first 2 MiB by dissect.volume 3.18, which takes the
    # size of one member of a RAID 5 for that of the array; what follows there is zeros.
    "raid1": (2 << 20, "399d9ca83ae31eabd0b9dfde49953ec0b7bffd61893c699789da653ac9908102"),
    "raid5": (4 << 20, "399d9ca83ae31eabd0b9dfde49953ec0b7bffd61893c699789da653ac9908102"),
}


def together(*paths: Path) -> tuple[Source, ...]:
    """Open sources that know of one another, in this order."""
    sources = tuple(open_source(slots_of(path)) for path in paths)
    for one in sources:
        one.together = sources
    return sources


def rows(source: Source) -> list[tuple[str, str | None, str | None]]:
    """Return the volumes of a source: key, file system, why it is not examined."""
    return [
        (row.key, row.file_system, row.gap.code if row.gap else None)
        for row in volumes(source)
        if isinstance(row, Volume)
    ]


def gaps(source: Source) -> list[Gap]:
    """Return the gaps beside the volumes of a source."""
    return [row for row in volumes(source) if isinstance(row, Gap)]


def files(folder: Path, *images: bytes) -> list[Path]:
    """Write members to a folder."""
    paths = []
    for number, image in enumerate(images):
        paths.append(folder / f"{number}.bin")
        paths[-1].write_bytes(image)
    return paths


def array_of(*images: bytes) -> md.Array:
    """Put an array together in memory."""
    return md.opened([Memory(image) for image in images])


def whole(array: md.Array) -> bytes:
    """Read an array in pieces of an odd length, which cross chunks."""
    return b"".join(array.pread(at, 1777) for at in range(0, array.size, 1777))


@pytest.mark.parametrize("level", REAL)
def test_the_arrays_of_the_corpus(level: str, tmp_path: Path) -> None:
    """Whole, and with each member missing in turn: what is left gives the same bytes."""
    count = 3 if level == "raid5" else 2
    packed = [evidence(f"images/volumes/md-{level}-{at}.bin.gz") for at in range(1, count + 1)]
    paths = files(tmp_path, *(gzip.decompress(path.read_bytes()) for path in packed))
    size, expected = REAL[level]
    for left_out in range(count + 1):
        used = [path for at, path in enumerate(paths, start=1) if at != left_out]
        sources = together(*used)
        assert rows(sources[0]) == [("p0.md1", None, "volume.unknown")]
        found = next(row for row in volumes(sources[0]) if isinstance(row, Volume))
        assert found.size == size
        data = volume_reader(sources[0], found).pread(0, size)
        assert hashlib.sha256(data[: 2 << 20]).hexdigest() == expected
        assert len(data) == size
        assert not data[2 << 20 :].strip(b"\0")
        assert [gap.detail["missing"] for gap in gaps(sources[0])] == (
            [str(left_out - 1)] if left_out else []
        )
        for other in sources[1:]:
            assert rows(other) == [("p0", "md-raid", "policy.member")]
            (member_row,) = (row for row in volumes(other) if isinstance(row, Volume))
            assert member_row.gap is not None
            assert ("mirror" in member_row.gap.detail) == (level == "raid1")


@pytest.mark.parametrize("layout", range(6))
@pytest.mark.parametrize("version", ["0.90", "1.2"])
def test_raid5_in_every_layout_and_with_any_member_missing(version: str, layout: int) -> None:
    parts = raid5(DATA, layout)
    facts = Facts(5, 3, layout, used=len(parts[0]))
    images = [member(version, facts, role, part) for role, part in enumerate(parts)]
    assert whole(array_of(*images)) == DATA
    for left_out in range(3):
        assert whole(array_of(*(images[at] for at in range(3) if at != left_out))) == DATA
    with pytest.raises(OSError, match="cannot be put together"):
        array_of(images[0])


@pytest.mark.parametrize("layout", SIX)
def test_raid6_in_every_layout_and_with_any_two_members_missing(layout: int) -> None:
    parts = raid6(DATA, layout)
    assert len(parts[0]) == 16 * CHUNK
    images = _members("1.2", Facts(6, 5, layout, used=len(parts[0])), parts)
    assert whole(array_of(*images)) == DATA
    for one in range(5):
        for other in range(one, 5):
            left = [images[at] for at in range(5) if at not in {one, other}]
            assert whole(array_of(*left)) == DATA, (one, other)
    with pytest.raises(OSError, match="cannot be put together"):
        array_of(*images[:2])


def test_raid6_makes_good_what_two_of_its_members_cannot_give() -> None:
    parts = raid6(DATA, 2)
    images = [Memory(one) for one in _members("1.2", Facts(6, 5, 2, used=len(parts[0])), parts)]
    for at, where in ((0, 128), (3, 128), (1, 160), (2, 160)):
        images[at].bad |= frozenset(range(where, where + 16))
    assert whole(md.opened(images)) == DATA
    images[4].bad = images[0].bad
    with pytest.raises(OSError, match="more members"):
        md.opened(images).pread(0, CHUNK * 3)


@pytest.mark.parametrize(("layout", "rows_"), TEN.values(), ids=TEN)
def test_raid10_in_several_layouts_and_with_members_missing(
    layout: int, rows_: tuple[str, ...]
) -> None:
    parts = laid(DATA, rows_)
    count = len({letter for row in rows_ for letter in row})
    images = _members("1.2", Facts(10, len(parts), layout, used=len(parts[0])), parts)
    array = array_of(*images)
    assert array.size == count * CHUNK
    assert whole(array) == DATA[: count * CHUNK]
    for chosen in range(1, 1 << len(parts)):
        left = [at for at in range(len(parts)) if chosen >> at & 1]
        used = [images[at] for at in left]
        if len({letter for at in left for letter in rows_[at]}) == count:
            assert whole(array_of(*used)) == DATA[: count * CHUNK]
        else:
            with pytest.raises(OSError, match="cannot be put together"):
                array_of(*used)


@pytest.mark.parametrize("version", VERSIONS)
def test_raid0_raid1_and_linear(version: str) -> None:
    striped = raid0(DATA, 3)
    assert whole(array_of(*_members(version, Facts(0, 3), striped))) == DATA
    halves = [DATA[: 16 * CHUNK], DATA[16 * CHUNK :]]
    assert whole(array_of(*reversed(_members(version, Facts(-1, 2), halves)))) == DATA
    mirrors = _members(version, Facts(1, 2, chunk=0, used=len(DATA)), [DATA, DATA])
    assert whole(array_of(*mirrors)) == DATA
    assert whole(array_of(mirrors[1])) == DATA


def test_raid4_keeps_all_parity_on_the_last_member() -> None:
    parts = raid5(DATA, 5)
    images = _members("1.2", Facts(4, 3, used=len(parts[0])), parts)
    assert whole(array_of(images[1], images[2])) == DATA


def _members(version: str, facts: Facts, parts: list[bytes]) -> list[bytes]:
    return [member(version, facts, role, part) for role, part in enumerate(parts)]


def test_raid0_of_unequal_members_in_both_layouts() -> None:
    """Two members of 3 and 8 chunks, one of 5: the zones hold 9, 4 and 3 chunks."""
    chunks = [DATA[at * CHUNK : (at + 1) * CHUNK] for at in range(16)]
    # Zone 2 has the chunks 9 to C on the members 1 and 2. By its own numbers the first lies on
    # member 1; by the numbers of the array, as older kernels had it, chunk 9 lies on member 2.
    original = ["036", "147" + "AC" + "DEF", "258" + "9B"]
    own = ["036", "147" + "9B" + "DEF", "258" + "AC"]
    for layout, drawn in ((1, original), (2, own)):
        parts = [b"".join(chunks[int(letter, 16)] for letter in row) for row in drawn]
        images = _members("1.2", Facts(0, 3, layout, features=0x1000), parts)
        assert whole(array_of(*images)) == DATA[: 16 * CHUNK]
    unstated = _members("1.2", Facts(0, 3), parts)
    with pytest.raises(OSError, match="cannot be put together"):
        array_of(*unstated)


@pytest.mark.parametrize("version", VERSIONS)
def test_mdadm_takes_the_members_for_sound(
    version: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    """So that the tests above speak of arrays as md makes them."""
    program = tool("mdadm")
    parts = raid5(DATA, 2)
    (path,) = files(tmp_path, member(version, Facts(5, 3, 2, used=len(parts[1])), 1, parts[1]))
    told = subprocess.run([program, "--examine", path], check=True, capture_output=True, text=True)
    for line in ("- correct", "Raid Level : raid5", "left-symmetric", "Chunk Size : 4K"):
        assert line in told.stdout, told.stdout
    assert ("this     1" if version == "0.90" else "Active device 1") in told.stdout
    found = superblock(Memory(path.read_bytes()))
    assert found is not None
    assert found.version == version
    assert (found.role, found.disks, found.layout, found.chunk * 512) == (1, 3, 2, CHUNK)


NUMBERED = {
    (6, 2): "left-symmetric",
    (6, 17): "right-asymmetric-6",
    (6, 18): "left-symmetric-6",
    (6, 20): "parity-first-6",
    (10, 0x102): "near=2",
    (10, 0x201): "far=2",
    (10, 0x202): "near=2, far=2",
    (10, 0x10201): "offset=2",
}


@pytest.mark.parametrize(("level", "layout"), NUMBERED)
def test_mdadm_calls_the_layouts_so(
    level: int, layout: int, tool: Callable[[str], str], tmp_path: Path
) -> None:
    facts = Facts(level, 5, layout, used=len(DATA))
    (path,) = files(tmp_path, member("1.2", facts, 1, DATA))
    program = tool("mdadm")
    told = subprocess.run([program, "--examine", path], check=True, capture_output=True, text=True)
    said = {line.strip() for line in told.stdout.splitlines()}
    assert {f"Raid Level : raid{level}", f"Layout : {NUMBERED[level, layout]}"} <= said


def test_a_superblock_that_does_not_fit_its_checksum_says_nothing() -> None:
    image = bytearray(member("1.2", Facts(1, 2, used=len(DATA)), 0, DATA))
    image[4096 + 92] ^= 1
    assert superblock(Memory(bytes(image))) is None


def test_what_a_member_cannot_give_comes_from_the_others() -> None:
    parts = raid5(DATA, 2)
    facts = Facts(5, 3, 2, used=len(parts[0]))
    images = [Memory(one) for one in _members("1.2", facts, parts)]
    images[1].bad = frozenset(range(128, 128 + 16))
    assert whole(md.opened(images)) == DATA
    images[0].bad = images[1].bad
    with pytest.raises(OSError, match="Input/output"):
        md.opened(images).pread(0, CHUNK * 2)


def test_damage_in_the_image_of_a_member_is_made_good_by_the_others() -> None:
    """A container that gives bytes it does not stand by, as an E01 does for a damaged chunk."""
    parts = raid5(DATA, 2)
    facts = Facts(5, 3, 2, used=len(parts[0]))
    images = [_Doubted(one) for one in _members("1.2", facts, parts)]
    images[1].data = images[1].data[: 64 << 10] + bytes(CHUNK) + images[1].data[68 << 10 :]
    images[1].doubts.add(Doubt(64 << 10, CHUNK, DAMAGED))
    assert whole(md.opened(images)) == DATA
    images[2].doubts.add(Doubt(64 << 10, CHUNK, DAMAGED))
    with pytest.raises(OSError, match="cannot be relied on"):
        whole(md.opened(images))


class _Doubted(Memory):
    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.doubts = Doubts()


def test_sectors_that_the_array_knew_to_be_bad_are_not_believed() -> None:
    wrong = bytearray(DATA)
    wrong[:512] = bytes(512)
    stained = member("1.2", Facts(1, 2, chunk=0, used=len(DATA), bad=((128, 1),)), 0, bytes(wrong))
    sound = member("1.2", Facts(1, 2, chunk=0, used=len(DATA)), 1, DATA)
    assert whole(array_of(stained, sound)) == DATA
    with pytest.raises(OSError, match="knew these sectors to be bad"):
        array_of(stained).pread(0, 512)


def test_a_member_that_was_left_behind_is_not_mixed_in(tmp_path: Path) -> None:
    """Of a mirror its older state is an array of its own; of RAID 5 it is a gap."""
    old = member("1.2", Facts(1, 2, chunk=0, used=len(DATA), events=9), 0, DATA[::-1])
    new = member("1.2", Facts(1, 2, chunk=0, used=len(DATA), roles=(-2, 1)), 1, DATA)
    (source,) = together(files(tmp_path, _disk([old, new]))[0])
    found = [row for row in volumes(source) if isinstance(row, Volume)]
    read = [volume_reader(source, row).pread(0, len(DATA)) for row in found]
    assert read == [DATA, DATA[::-1]]
    assert [gap.detail["missing"] for gap in gaps(source)] == ["0", "1"]

    parts = raid5(DATA, 2)
    facts = Facts(5, 3, 2, used=len(parts[0]))
    stale = member("1.2", Facts(5, 3, 2, used=len(parts[0]), events=9), 2, parts[0])
    images = [*_members("1.2", facts, parts)[:2], stale]
    sources = together(*files(tmp_path, *images))
    assert rows(sources[2]) == [("p0", "md-raid", "volume.incomplete")]
    state = [row.gap.detail for row in volumes(sources[2]) if isinstance(row, Volume) and row.gap]
    assert state[0]["state"] == "left behind"
    assert [gap.detail["missing"] for gap in gaps(sources[0])] == ["2"]


def _disk(parts: list[bytes]) -> bytes:
    """Return a disk with these partitions, each beginning at a mebibyte."""
    table, body, at = b"", bytearray(1 << 20), 2048
    for part in parts:
        table += struct.pack("<B3xB3xII", 0, 0xFD, at, len(part) // 512)
        body += part + bytes(-len(part) % (1 << 20))
        at = len(body) // 512
    body[446:510] = table.ljust(64, b"\0")
    body[510:512] = b"\x55\xaa"
    return bytes(body)


def test_partitions_of_one_disk_make_an_array(tmp_path: Path) -> None:
    parts = raid5(DATA, 2)
    images = _members("1.0", Facts(5, 3, 2, used=len(parts[0])), parts)
    (source,) = together(files(tmp_path, _disk(images))[0])
    assert [row[0] for row in rows(source)] == ["p4096", "p6144", "p2048.md1"]
    found = [row for row in volumes(source) if isinstance(row, Volume)][-1]
    assert volume_reader(source, found).pread(0, len(DATA)) == DATA


@pytest.mark.parametrize(
    ("facts", "code", "why"),
    [
        (Facts(6, 4, 8, used=len(DATA)), "volume.unsupported", "layout"),
        (Facts(10, 2, 0x20102, used=len(DATA)), "volume.unsupported", "layout"),
        (Facts(10, 2, 0x103, used=len(DATA)), "volume.unsupported", "layout"),
        (Facts(6, 2, 2, used=len(DATA)), "volume.unsupported", "members"),
        (Facts(6, 4, 2, used=len(DATA)), "volume.incomplete", None),
        (Facts(5, 3, 2, used=len(DATA), features=4), "volume.unsupported", "reshape"),
        (Facts(5, 3, 2, used=len(DATA), features=0x200), "volume.unsupported", "journal"),
        (Facts(5, 3, 9, used=len(DATA)), "volume.unsupported", "layout"),
        (Facts(5, 3, 2, used=len(DATA), chunk=0), "volume.unsupported", "chunk"),
        (Facts(5, 3, 2, used=len(DATA)), "volume.incomplete", None),
        (Facts(0, 2), "volume.incomplete", None),
    ],
    ids=[
        "raid6",
        "sets",
        "copies",
        "two",
        "one of 4",
        "reshape",
        "journal",
        "layout",
        "chunk",
        "one of 3",
        "one of 2",
    ],
)
def test_what_is_not_read_is_named(
    facts: Facts, code: str, why: str | None, tmp_path: Path
) -> None:
    (source,) = together(*files(tmp_path, member("1.2", facts, 0, DATA)))
    (row,) = volumes(source)
    assert isinstance(row, Volume)
    assert row.gap is not None
    assert (row.gap.code, row.gap.detail.get("why")) == (code, why)
    assert row.gap.detail["level"] == md.NAMES[facts.level]
    assert row.gap.detail["array"] == facts.array.hex()


def test_a_file_system_made_after_the_array_was_given_up_is_read(tmp_path: Path) -> None:
    """All of it fits into the disk, so it cannot be what the array began with."""
    data = ext2_head(8 * CHUNK) + DATA[2048:]
    (source,) = together(*files(tmp_path, member("0.90", Facts(5, 3, 2, used=len(DATA)), 0, data)))
    assert rows(source) == [("p0", "ext2", None)]
    assert [gap.code for gap in gaps(source)] == ["volume.incomplete"]


def test_hostile_superblocks_end_as_gaps(tmp_path: Path) -> None:
    """With a checksum that fits: whatever the numbers say, nothing is read or made without end."""
    chance = random.Random(17)  # noqa: S311 - not a secret
    parts = raid5(DATA, 2)
    for turn in range(40):
        facts = Facts(
            chance.choice([-1, 0, 1, 4, 5, 6, 10]),
            3,
            chance.choice([2, 0x102, 0x201]),
            used=len(parts[0]),
        )
        if turn % 3:
            facts.disks = chance.choice([0, 1, 2, 200, (1 << 32) - 1])
            facts.roles = (0, 1, 2)
        facts.chunk = chance.choice([0, 512, 4096, 4097, (1 << 31) - 512])
        facts.used = chance.choice([0, 512, len(parts[0]), 1 << 40, (1 << 63) - 512])
        facts.bad = tuple((chance.getrandbits(40), 1023) for _ in range(chance.choice([0, 600])))
        images = _members("1.2", facts, parts)
        (source,) = together(*files(tmp_path, _disk(images)))
        for row in volumes(source):
            if isinstance(row, Volume) and row.gap is None:
                volume_reader(source, row)


def test_members_in_several_sources_are_one_volume_of_a_scan(
    tool: Callable[[str], str], tmp_path: Path
) -> None:
    """Locked workers put it together; what one source lists, the others name."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "file").write_bytes(DATA)
    plain = tmp_path / "plain"
    plain.write_bytes(bytes(512 << 10))
    make = [tool("mke2fs"), "-q", "-t", "ext2", "-d", str(tree), str(plain)]
    subprocess.run(make, check=True, capture_output=True)
    parts = raid5(plain.read_bytes(), 2)
    images = _members("1.2", Facts(5, 3, 2, used=len(parts[0])), parts)
    paths = files(tmp_path, *images)
    result = scanned(tmp_path / "case", *paths)
    assert result.exit_code == 0
    told = _digested(tmp_path / "case")
    assert ("EX-1/1", "p0.md1", hashlib.sha256(DATA).digest()) in told

    degraded = scanned(tmp_path / "less", paths[2], paths[0])
    assert degraded.exit_code == 3
    assert degraded.unexpected_gaps == 1
    assert _digested(tmp_path / "less") == told
    assert belongs(open_source(slots_of(paths[0]))) == [f"md-raid:{bytes(range(16)).hex()}"]


def _digested(case: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(case / "case.db")) as database:
        return database.execute(
            "SELECT s.label, v.key, c.sha256 FROM item i JOIN volume v ON v.id = i.volume_id"
            " JOIN source s ON s.id = v.source_id JOIN content c ON c.item_id = i.id ORDER BY i.id"
        ).fetchall()


def test_a_member_shorter_than_it_says_is_no_run_of_zeros() -> None:
    image = Memory(member("1.2", Facts(1, 2, chunk=0, used=len(DATA)), 0, DATA))
    cut = md.opened([RangeReader(image, 0, image.size - CHUNK)])
    assert cut.pread(0, CHUNK) == DATA[:CHUNK]
    with pytest.raises(OSError, match="ends before its data do"):
        cut.pread(len(DATA) - CHUNK, CHUNK)
