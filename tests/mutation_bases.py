"""What is mutated: small volumes, image containers, archives and pictures, the same every time.

Those that our own fixtures or the tools of the system make are always there; of file systems and
containers that nothing here makes there are real ones in the corpus.
"""

import gzip
import io
import os
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Final

import ewf_writer
import ext_volume
import gpt_disk
import ntfs_volume
import pictures
from corpus import EVIDENCE

TAKEN: Final = 1_718_000_000
"""Seconds: the one time of everything that is made here."""


def _content(number: int, length: int) -> bytes:
    return Random(number).randbytes(length)  # noqa: S311 - content


def _ext4(path: Path) -> None:
    ext_volume.create(path, 1 << 20, label="ext", seconds=TAKEN)
    files = [ext_volume.ExtFile(name, None) for name in (b"a", b"a/b", b"many")]
    files += [
        ext_volume.ExtFile(b"a/b/%d.bin" % number, _content(number, 700 * number), seconds=TAKEN)
        for number in range(12)
    ]
    files += [ext_volume.ExtFile(b"many/name of file %d" % n, b"%d" % n) for n in range(40)]
    files += [
        ext_volume.ExtFile(b"link", target=b"a/b/1.bin"),
        ext_volume.ExtFile(b"gone.bin", _content(99, 9000), deleted=True, seconds=TAKEN),
        ext_volume.ExtFile(b"inline", b"short"),
    ]
    ext_volume.fill(path, files, seconds=TAKEN)


def _ext2(path: Path) -> None:
    features = "filetype,sparse_super,ext_attr,dir_index,large_file"
    ext_volume.create(path, 1 << 20, label="ext2", seconds=TAKEN, features=features)
    files = [ext_volume.ExtFile(b"d", None)]
    files += [
        ext_volume.ExtFile(b"d/%d" % number, _content(number, 5000 * number), seconds=TAKEN)
        for number in range(9)
    ]
    ext_volume.fill(path, files, seconds=TAKEN)


def _ntfs(path: Path) -> None:
    ntfs_volume.create(path, 2 << 20, start_sector=2048, label="ntfs")
    volume = ntfs_volume.NtfsVolume(path.read_bytes())
    streams = {"hidden": _content(7, 3000)}
    files = [ntfs_volume.NtfsFile(("d",), None, seconds=TAKEN)]
    files += [
        ntfs_volume.NtfsFile(("d", f"{number}.bin"), _content(number, 900 * number), seconds=TAKEN)
        for number in range(10)
    ]
    files += [
        ntfs_volume.NtfsFile(("a.txt",), b"alpha", streams, seconds=TAKEN),
        ntfs_volume.NtfsFile(("gone",), _content(5, 5000), deleted=True, seconds=TAKEN),
    ]
    volume.add(files)
    path.write_bytes(bytes(volume.data))


def _fat(bits: int, size: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with path.open("wb") as stream:
            stream.truncate(size)
        program = ["mkfs.vfat", "-F", str(bits), "-s", "1", "-i", "12345678", "--invariant"]
        subprocess.run([*program, str(path)], check=True, capture_output=True)
        tree = path.with_name("tree")
        (tree / "folder with a long name").mkdir(parents=True, exist_ok=True)
        for number in range(8):
            name = f"folder with a long name/file {number}.bin"
            (tree / name).write_bytes(_content(number, 800 * number))
        (tree / "A.TXT").write_bytes(b"alpha")
        for each in tree.rglob("*"):
            os.utime(each, (TAKEN, TAKEN))
        for each in sorted(tree.iterdir()):
            subprocess.run(
                ["mcopy", "-i", str(path), "-s", "-m", "-Q", str(each), "::/"],
                check=True,
                capture_output=True,
                env={**os.environ, "TZ": "UTC"},
            )

    return make


MADE: Final[dict[str, Callable[[Path], None]]] = {
    "ext4": _ext4,
    "ext2": _ext2,
    "ntfs": _ntfs,
    "fat12": _fat(12, 512 << 10),
    "fat16": _fat(16, 5 << 19),
}
"""Volumes that are made here, each by what makes it."""

FOUND: Final[dict[str, str]] = {
    "apfs": "images/dfvfs/apfs.raw.gz",
    "hfs+": "images/dfvfs/hfsplus.raw.gz",
    "iso9660": "images/dfvfs/iso9660.raw",
    "ufs": "images/dissect/ffs.bin.gz",
    "exfat": "images/exfat/go-exfat.exfat.gz",
    "exfat of dissect": "images/dissect/exfat4m.bin.gz",
    "ext4 of velociraptor": "images/velociraptor/tiny.ext4.gz",
    "fat12 of velociraptor": "images/velociraptor/fat12.dd.gz",
    "fat16 of dissect": "images/dissect/fat16.bin.gz",
    "apfs of dissect": "images/dissect/apfs-case_insensitive.bin.gz",
    "ntfs with compression": "images/dissect/ntfs.bin.gz",
    "jffs2": "images/dissect/jffs2.zlib.bin.gz",
    "squashfs": "images/dissect/squashfs-xz.sqfs",
    "xfs": "images/dissect/xfs.bin.gz",
}
"""Volumes of the corpus, of which nothing here makes any."""

SETS: Final[dict[str, str]] = {
    "qcow2": "images/dfvfs/ext2.qcow2.gz",
    "vhd": "images/tsk/image.vhd.gz",
    "vmdk": "images/dfvfs/ext2.vmdk",
    "dmg": "images/dfvfs/hfsplus_zlib.dmg",
    "vhdx": "images/hypervisor/dynamic.vhdx.gz",
    "lvm": "images/dfvfs/lvm.qcow2.gz",
    "E01 of tsk": "images/tsk/image.E01",
}
"""Image containers of the corpus: sources of their own."""


def _volume(make: Callable[[Path], None], folder: Path) -> bytes:
    folder.mkdir()
    path = folder / "volume"
    make(path)
    return path.read_bytes()


def volumes(folder: Path) -> dict[str, bytes]:
    """Return every volume there is to change, by name; those of the corpus where it is there."""
    found = {name: _volume(make, folder / name) for name, make in MADE.items()}
    return found | dict(_of_corpus(FOUND))


def _of_corpus(table: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    for name, file in table.items():
        path = None if EVIDENCE is None else EVIDENCE / file
        if path is not None and path.exists():
            data = path.read_bytes()
            yield name, gzip.decompress(data) if file.endswith(".gz") else data


def disk(parts: list[bytes]) -> bytes:
    """Return a disk of these volumes, so that one scan reads them all."""
    starts = gpt_disk.starts([len(part) for part in parts])
    return gpt_disk.disk(
        [
            gpt_disk.Partition(str(number), gpt_disk.BASIC_DATA, part, start)
            for number, (part, start) in enumerate(zip(parts, starts, strict=True))
        ]
    )


# ---- images and archives -----------------------------------------------------------------------


def images(folder: Path) -> dict[str, bytes]:
    """Return what is a source of its own: image containers, tables of partitions, archives."""
    made = {name: _volume(make, folder / f"{name} inside") for name, make in MADE.items()}
    whole = disk([made["fat12"], made["ext2"]])
    members = {f"d/{number}.bin": _content(number, 700 * number) for number in range(9)}
    packed, taped = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 6, 10, 6, 13, 20)), data)
    with tarfile.open(fileobj=taped, mode="w") as tape:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), TAKEN
            tape.addfile(info, io.BytesIO(data))
    return {
        "gpt": whole,
        "E01": _acquired(made["fat12"]),
        "zip": packed.getvalue(),
        "tar": taped.getvalue(),
        **dict(_of_corpus(SETS)),
    }


def _acquired(data: bytes) -> bytes:
    (segment,) = ewf_writer.write(data)
    return segment


# ---- pictures ----------------------------------------------------------------------------------


def shown() -> dict[str, bytes]:
    """Return small pictures: what a decoder is given, and members of an archive."""
    scene = pictures.landscape(1, 96, 64)
    plain = pictures.png(pictures.stone(2, 40, 40))
    # One row of one colour, a colour table of two: the smallest GIF of several frames.
    frame = b"\x2c\0\0\0\0\x08\0\x08\0\0\x02\x09\x84\x8f\xa9\xcb\xed\x0f\xa3\x9c\xb4\0"
    gif = b"GIF89a\x08\0\x08\0\x80\0\0\xff\0\0\0\0\xff" + frame * 3 + b"\x3b"
    return {
        "jpeg": pictures.jpeg(scene),
        "png": plain,
        "gif": gif,
        "zlib": zlib.compress(_content(3, 4000)),
    }
