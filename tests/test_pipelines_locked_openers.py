"""Locked or not, a worker gives the same frames: no opener needs what the locks take away.

The same units run twice: in this process, where everything is allowed, and in a locked worker. An
import that comes late, a library that wants a file, a thread or memory that is run: each would show
as a gap or as a failed unit on one side only.
"""

import gzip
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from corpus import EVIDENCE, needs_evidence
from scans import DEMO, folder

from heroes_forensics.frames import ENTRY, Batch, Control, Frame, Rows, Unit, tasks
from heroes_forensics.model import JSON, EntryKind
from heroes_forensics.pipelines.evidence import sources
from heroes_forensics.pipelines.work import units
from heroes_forensics.pipelines.workers.single import one
from heroes_forensics.pipelines.workers.supervisor import Supervisor

SOURCES = {
    "E01": "images/dfvfs/ext2.split.E01",
    "E01 of EnCase": "images/dissect/ewf.E01",
    "split raw": "images/dfvfs/image.raw.000",
    "qcow2, LVM": "images/dfvfs/lvm.qcow2",
    "qcow2, VSS": "images/dfvfs/vsstest.qcow2",
    "qcow2, BitLocker": "images/dfvfs/windows_volume.qcow2",
    "VHD": "images/hypervisor/dynamic.vhd",
    "VHDX": "images/hypervisor/dynamic.vhdx",
    "VMDK": "images/tsk/image.vmdk",
    "DMG, zlib": "images/dfvfs/hfsplus_zlib.dmg",
    "DMG, bzip2": "images/keramics/hfsplus_bzip2.dmg",
    "DMG, LZMA": "images/keramics/hfsplus_lzma.dmg",
    "MBR": "images/dfvfs/mbr.raw",
    "NTFS": "images/dissect/ntfs.bin",
    "FAT16": "images/dissect/fat16.bin",
    "exFAT": "images/dissect/exfat4m.bin",
    "ext2": "images/dfvfs/ext2.raw",
    "ext4": "images/dissect/ext4.bin",
    "HFS+": "images/dfvfs/hfsplus.raw",
    "ISO 9660": "images/dfvfs/iso9660.raw",
    "UFS": "images/dissect/ffs.bin",
    "APFS": "images/dfvfs/apfs.raw",
    "APFS, snapshots": "images/dissect/apfs-snapshot.bin",
    "btrfs": "images/dissect/btrfs-default.bin",
    "JFFS2": "images/dissect/jffs2.zlib.bin",
    "squashfs": "images/dissect/squashfs-xz.sqfs",
    "XFS": "images/dissect/xfs.bin",
    "AFF4-L": "images/aff4/dream.aff4",
    "AD1": "images/ad1/ad1_test.ad1",
    "adb backup": "mobile/android/backup.ab",
}

LARGEST = 40 << 20
"""Bytes of media that are read whole."""
MOST = 300
"""Streams read of each volume."""


@pytest.fixture(scope="module")
def supervisor() -> Iterator[Supervisor]:
    with Supervisor(require="A4") as made:
        yield made


def unpacked(name: str, target: Path) -> Path:
    """Put a file of the corpus, and the segments beside it, into ``target``."""
    assert EVIDENCE is not None
    wanted = EVIDENCE / name
    for path in sorted(wanted.parent.glob(f"{wanted.stem}.*")):
        if path.name.endswith(".json"):
            continue
        if path.suffix == ".gz":
            (target / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
        else:
            shutil.copy(path, target)
    return target / wanted.name


@needs_evidence
@pytest.mark.corpus
@pytest.mark.parametrize("name", SOURCES.values(), ids=SOURCES)
def test_an_image_reads_alike(name: str, supervisor: Supervisor, tmp_path: Path) -> None:
    assert compared(unpacked(name, tmp_path), supervisor) > 0


def test_the_demonstration_reads_alike(supervisor: Supervisor) -> None:
    assert compared(DEMO, supervisor) > 0


@pytest.mark.parametrize("kind", ["folder", "tar", "zip"])
def test_a_folder_and_its_archives_read_alike(
    kind: str, supervisor: Supervisor, tmp_path: Path
) -> None:
    source = folder(tmp_path / "in", {"a": b"a" * 5000, "b/c": b"c", "b/d\u00e4": b"d"})
    if kind != "folder":
        source = Path(shutil.make_archive(str(tmp_path / "made"), kind, source))
    assert compared(source, supervisor) >= 3


def compared(path: Path, supervisor: Supervisor) -> int:
    """Run the units of a source both ways; return how many streams and media were read."""
    with sources.opened(path, supervisor, workers=1) as opened:
        free = units.Session([slot.fd for slot in opened.slots])

        def both(unit: Unit) -> list[Frame]:
            locked = list(one(opened.crew, unit))
            assert [plain(each) for each in locked] == [
                plain(each) for each in units.run_unit(free, unit) if speaks(each)
            ]
            return locked

        both(opened.unit(1, "inspect", {}))
        count = 0
        if 0 < int(str(opened.facts["size"])) <= LARGEST:
            algorithms: JSON = {"algorithms": ["md5", "sha1", "sha256"]}
            both(opened.unit(4, "media_digest", algorithms))
            count = 1
        for volume in opened.volumes:
            if volume.get("gap"):
                continue
            body = {"volume": volume}
            work = streams(both(opened.unit(2, "inventory", body)))
            count += len(work)
            both(Unit(3, "content", opened.body | body, work))
        return count


def speaks(frame: Frame) -> bool:
    """Tell whether a frame is a result: how far a worker is shows on its page instead."""
    return not (isinstance(frame, Control) and frame.kind == "progress")


def plain(frame: Frame) -> object:
    if isinstance(frame, Control):
        return frame.kind, frame.body
    return frame.kind, frame.rows.tobytes(), frame.area


def streams(frames: list[Frame]) -> Rows:
    """Make the tasks of a content unit of what was listed."""
    rows = np.concatenate(
        [np.zeros(0, dtype=ENTRY)]
        + [each.rows for each in frames if isinstance(each, Batch) and each.kind == "entries"]
    )
    files = [row for row in rows if row["kind"] == EntryKind.FILE][:MOST]
    return tasks(
        [
            (
                number,
                int(row["kind"]),
                int(row["flags"]),
                int(row["size"]),
                bytes(row["handle"])[: int(row["handle_length"])],
            )
            for number, row in enumerate(files, start=1)
        ]
    )
