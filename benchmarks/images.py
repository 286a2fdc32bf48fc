"""Generated evidence for the benchmarks: the same bytes every time, nothing downloaded.

Sizes follow what studies of real disks report: half the files are smaller than 4 KiB, and most of
the bytes lie in few large ones (N. Agrawal et al., "A Five-Year Study of File-System Metadata",
ACM Transactions on Storage 3(3), 2007). Content is half incompressible, as pictures and films
are, and half text-like, so that compressing an image has something to do.
"""

import base64
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

EPOCH: Final = 1_767_225_600
"""Times of every generated file, seconds since 1970."""

_MEDIAN: Final = 4096
_SPREAD: Final = 2.2
"""Sigma of the logarithm of sizes: mean about 45 KiB at a median of 4 KiB."""

_LARGEST: Final = 32 << 20
_FILES_IN_FOLDER: Final = 100
_FOLDERS_IN_FOLDER: Final = 20
_TABLE: Final = (base64.b64encode(bytes(range(48)))[:64] * 4)[:256]


@dataclass(frozen=True, slots=True)
class Shape:
    """What an image holds."""

    name: str
    files: int
    sizes: str
    """``mixed``, or the size of every file in bytes."""
    file_system: str = "ext4"

    def all_sizes(self) -> list[int]:
        """Return the size of each file in bytes, in order."""
        if self.sizes != "mixed":
            return [int(self.sizes)] * self.files
        drawn = np.random.default_rng(self.files).lognormal(np.log(_MEDIAN), _SPREAD, self.files)
        return [int(size) for size in np.minimum(drawn, _LARGEST)]


SHAPES: Final = (
    Shape("6,000 mixed", 6_000, "mixed"),
    Shape("6,000 mixed, NTFS", 6_000, "mixed", "ntfs"),
    Shape("50,000 mixed", 50_000, "mixed"),
    Shape("30,000 of 4 KiB", 30_000, "4096"),
    Shape("500 of 2 MiB", 500, str(2 << 20)),
)
QUICK: Final = (
    Shape("1,000 mixed", 1_000, "mixed"),
    Shape("100 of 1 MiB", 100, str(1 << 20)),
)


class NotPossibleError(Exception):
    """A program or a right that making an image needs is missing."""


def _tree(shape: Shape, folder: Path) -> None:
    """Write the files of ``shape`` into ``folder``."""
    random = np.random.default_rng(shape.files + 1)
    for number, size in enumerate(shape.all_sizes()):
        leaf = number // _FILES_IN_FOLDER
        place = folder / f"d{leaf // _FOLDERS_IN_FOLDER:03d}" / f"d{leaf:05d}"
        if number % _FILES_IN_FOLDER == 0:
            place.mkdir(parents=True)
        data = random.bytes(size)
        if number % 2:
            data = data.translate(_TABLE)
        (place / f"file{number:06d}.bin").write_bytes(data)
    for path in folder.rglob("*"):
        os.utime(path, (EPOCH, EPOCH))


def _room(shape: Shape) -> int:
    content = sum((size + 4095) // 4096 * 4096 for size in shape.all_sizes())
    room = content + content // 16 + shape.files * 2048 + (64 << 20)
    return room + -room % (1 << 20)


def _ext4(shape: Shape, tree: Path, image: Path) -> None:
    subprocess.run(
        [
            *("mke2fs", "-q", "-t", "ext4", "-d", str(tree), "-m", "0", "-I", "256"),
            *("-U", "6b1c5f6e-0000-4000-8000-000000000001", "-N", str(shape.files * 5 // 4 + 1000)),
            *("-E", "hash_seed=6b1c5f6e-0000-4000-8000-000000000002,root_owner=0:0"),
            *("-J", "size=16", str(image), f"{_room(shape) >> 10}k"),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "E2FSPROGS_FAKE_TIME": str(EPOCH), "SOURCE_DATE_EPOCH": str(EPOCH)},
    )


def _ntfs(shape: Shape, tree: Path, image: Path) -> None:
    with image.open("wb") as stream:
        stream.truncate(_room(shape) + (64 << 20))
    subprocess.run(
        [
            *("mkntfs", "-q", "-F", "-f", "-T", "-s", "512", "-c", "4096"),
            *("-p", "0", "-H", "255", "-S", "63", str(image)),
        ],
        check=True,
        capture_output=True,
    )
    with mounted(image, "ntfs", writable=True) as place:
        shutil.copytree(tree, place, dirs_exist_ok=True)


def make(shape: Shape, folder: Path) -> Path:
    """Make the raw image of ``shape`` in ``folder`` and return its path.

    Raises:
        NotPossibleError: a program for it is missing, or mounting is not allowed.
    """
    maker, program = {"ext4": (_ext4, "mke2fs"), "ntfs": (_ntfs, "mkntfs")}[shape.file_system]
    if shutil.which(program) is None:
        raise NotPossibleError(f"{program} is not installed")
    tree, image = folder / "tree", folder / "image.raw"
    tree.mkdir()
    try:
        _tree(shape, tree)
        maker(shape, tree, image)
    finally:
        shutil.rmtree(tree)
    return image


def acquired(raw: Path) -> Path:
    """Make an E01 of a raw image, compressed as examiners do it, and return its first segment.

    Raises:
        NotPossibleError: `ewfacquire` is not installed.
    """
    if shutil.which("ewfacquire") is None:
        raise NotPossibleError("ewfacquire is not installed")
    target = raw.with_suffix("")
    subprocess.run(
        [
            *("ewfacquire", "-q", "-u", "-c", "deflate:fast", "-f", "encase6", "-S", "64GiB"),
            *("-d", "sha1", "-t", str(target), str(raw)),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    return target.with_suffix(".E01")


@contextmanager
def mounted(image: Path, file_system: str, *, writable: bool = False) -> Iterator[Path]:
    """Mount an image, read-only unless asked otherwise, and give the place.

    Raises:
        NotPossibleError: this account may not mount, or the driver is missing.
    """
    place = image.with_name("mounted")
    place.mkdir(exist_ok=True)
    mode = "rw" if writable else "ro"
    if file_system == "ntfs":
        command = ["ntfs-3g", "-o", mode, str(image), str(place)]
    else:
        command = ["mount", "-o", f"{mode},loop,noatime", str(image), str(place)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        place.rmdir()
        raise NotPossibleError(f"{command[0]} is not possible here") from error
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)
        place.rmdir()
