"""Generated evidence for the benchmarks: the same files every time, nothing downloaded.

Sizes follow what studies of real disks report: half the files are smaller than 4 KiB, and most of
the bytes lie in few large ones (N. Agrawal et al., "A Five-Year Study of File-System Metadata",
ACM Transactions on Storage 3(3), 2007). What is in them, `content.py` says.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from content import Content
from jpegs import Pictures

EPOCH: Final = 1_767_225_600
"""Times of every generated file, seconds since 1970."""

NAME: Final = "file{:07d}"
"""How generated files are called; nothing else on an image is called so."""

_MEDIAN: Final = 4096
_SPREAD: Final = 2.2
"""Sigma of the logarithm of sizes: mean about 45 KiB at a median of 4 KiB."""

_LARGEST: Final = 32 << 20
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a file system in memory, not a name in it
_PAGE: Final = 4096
_TMPFS_FILE: Final = 1200
"""Bytes of memory of one file in it, beside its content."""

_FILES_IN_FOLDER: Final = 100
_FOLDERS_IN_FOLDER: Final = 100

PEERS: Final = ("dfVFS loop", "hashdeep")
SLOW_PEERS: Final = ("tsk_loaddb", "dissect", "plaso")


@dataclass(frozen=True)
class Shape:
    """What an image holds, and what is to be measured on it."""

    name: str
    files: int
    sizes: str
    """``mixed``, ``pictures``, or the size of every file in bytes."""
    file_system: str = "ext4"
    block: int = 4096
    """Bytes of one block of the file system."""
    kinds: tuple[str, ...] = ("raw", "E01")
    peers: tuple[str, ...] = PEERS
    planted: bool = False
    """Whether to measure when a match in it is on screen."""
    full: bool = False
    """Only when everything is asked for."""

    @cached_property
    def all_sizes(self) -> list[int]:
        """The size of each file in bytes, in order."""
        if self.sizes == "pictures":
            return Pictures().sizes(self.files)
        if self.sizes != "mixed":
            return [int(self.sizes)] * self.files
        drawn = np.random.default_rng(self.files).lognormal(np.log(_MEDIAN), _SPREAD, self.files)
        return [int(size) for size in np.minimum(drawn, _LARGEST)]

    @property
    def mean(self) -> float:
        """Bytes of one file on average."""
        return sum(self.all_sizes) / self.files

    @property
    def room(self) -> int:
        """Bytes of the raw image."""
        content = sum(-(-size // self.block) * self.block for size in self.all_sizes)
        each = 1536 if self.file_system == "ntfs" else 640  # its record, and its name in a folder
        room = content + content // 16 + self.files * each + (64 << 20)
        return room + -room % (1 << 20)


SHAPES: Final = (
    Shape("6,000 mixed", 6_000, "mixed", peers=(*PEERS, *SLOW_PEERS)),
    Shape("6,000 mixed, NTFS", 6_000, "mixed", "ntfs"),
    Shape("50,000 mixed", 50_000, "mixed", planted=True),
    Shape("30,000 of 4 KiB", 30_000, "4096", kinds=("raw",)),
    Shape("8,000 of 128 KiB", 8_000, str(128 << 10), kinds=("raw",)),
    Shape("500 of 2 MiB", 500, str(2 << 20)),
    Shape("400 pictures", 400, "pictures", kinds=("raw",), peers=(), planted=True),
    Shape("10,000 of 1 kB", 10_000, "1000", block=1024, kinds=("raw",), peers=()),
    Shape("100,000 of 1 kB", 100_000, "1000", block=1024, kinds=("raw",), peers=()),
    Shape("1,000,000 of 1 kB", 1_000_000, "1000", "ext4", 1024, ("raw",), (), full=True),
    Shape("50,000 mixed, NTFS", 50_000, "mixed", "ntfs", full=True),
    Shape("one of 2 GB", 1, "2000000000", full=True),
)
QUICK: Final = (
    Shape("1,000 mixed", 1_000, "mixed", peers=(*PEERS, *SLOW_PEERS)),
    Shape("300 mixed, NTFS", 300, "mixed", "ntfs"),
    Shape("1,000 of 4 KiB", 1_000, "4096", kinds=("raw",)),
    Shape("60 of 1 MiB", 60, str(1 << 20)),
    Shape("20 pictures", 20, "pictures", kinds=("raw",), peers=(), planted=True),
    Shape("2,000 of 1 kB", 2_000, "1000", block=1024, kinds=("raw",), peers=()),
)


class NotPossibleError(Exception):
    """A program or a right that making an image needs is missing."""


def file_bytes(shape: Shape) -> Iterator[tuple[int, Iterator[bytes | memoryview]]]:
    """Yield each file of a shape: its number and the pieces of its content."""
    if shape.sizes == "pictures":
        pictures = Pictures()
        for number in range(shape.files):
            yield number, iter([pictures.picture(number)])
        return
    content = Content()
    for number, size in enumerate(shape.all_sizes):
        yield number, content.pieces(number, size)


def _tree(shape: Shape, folder: Path) -> None:
    """Write the files of ``shape`` into ``folder``."""
    suffix = ".jpg" if shape.sizes == "pictures" else ".bin"
    times = (EPOCH * 10**9, EPOCH * 10**9)
    place = str(folder)
    # A million files: calls of the system, and no objects for their paths.
    for number, pieces in file_bytes(shape):
        if number % _FILES_IN_FOLDER == 0:
            leaf = number // _FILES_IN_FOLDER
            place = f"{folder}/d{leaf // _FOLDERS_IN_FOLDER:03d}/d{leaf:05d}"
            os.makedirs(place)  # noqa: PTH103
        stream = os.open(f"{place}/{NAME.format(number)}{suffix}", os.O_WRONLY | os.O_CREAT, 0o644)
        for piece in pieces:
            left = memoryview(piece)
            while left:
                left = left[os.write(stream, left) :]
        os.utime(stream, ns=times)
        os.close(stream)
    for inner, _, _ in os.walk(folder):
        os.utime(inner, ns=times)


def _ext4(shape: Shape, tree: Path, image: Path) -> None:
    subprocess.run(
        [
            *("mke2fs", "-q", "-t", "ext4", "-d", str(tree), "-m", "0", "-I", "256"),
            *("-b", str(shape.block)),
            *("-U", "6b1c5f6e-0000-4000-8000-000000000001", "-N", str(shape.files * 5 // 4 + 1000)),
            *("-E", "hash_seed=6b1c5f6e-0000-4000-8000-000000000002,root_owner=0:0"),
            *("-J", "size=16", str(image), f"{shape.room >> 10}k"),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "E2FSPROGS_FAKE_TIME": str(EPOCH), "SOURCE_DATE_EPOCH": str(EPOCH)},
    )


def _ntfs(shape: Shape, tree: Path, image: Path) -> None:
    with image.open("wb") as stream:
        stream.truncate(shape.room + (64 << 20))
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
    """Make the raw image of ``shape`` in ``folder``, or find it there, and return its path.

    Raises:
        NotPossibleError: a program or room for it is missing, or mounting is not allowed.
    """
    maker, program = {"ext4": (_ext4, "mke2fs"), "ntfs": (_ntfs, "mkntfs")}[shape.file_system]
    if shutil.which(program) is None:
        raise NotPossibleError(f"{program} is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    image, label = folder / "image.raw", folder / "made"
    if label.exists() and label.read_text(encoding="utf-8") == _recipe(shape):
        return image
    # The files, the image, and an E01 of it.
    if shutil.disk_usage(folder).free < 3 * shape.room:
        raise NotPossibleError(f"{3 * shape.room / 1e9:.1f} GB of disk are not free")
    for old in folder.glob("image.*"):
        old.unlink()
    try:
        with tempfile.TemporaryDirectory(dir=_place_of_tree(shape, folder)) as tree:
            _tree(shape, Path(tree))
            maker(shape, Path(tree), image)
    except subprocess.CalledProcessError as error:
        raise NotPossibleError(f"{error.cmd[0]} failed with {error.returncode}") from error
    label.write_text(_recipe(shape), encoding="utf-8")
    return image


def _place_of_tree(shape: Shape, folder: Path) -> Path:
    """Return a place in memory where that is plentiful: a million files are slow on a disk."""
    needed = sum(-(-size // _PAGE) * _PAGE + _TMPFS_FILE for size in shape.all_sizes)
    available = 0
    with suppress(OSError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                available = int(line.split()[1]) * 1024
        available = min(available, shutil.disk_usage(_MEMORY).free)
    return _MEMORY if available > 3 * needed else folder


def _recipe(shape: Shape) -> str:
    """Return what an image was made by: when it changes, the image is made again."""
    here = Path(__file__)
    code = b"".join(here.with_name(name).read_bytes() for name in ("content.py", "jpegs.py"))
    digest = hashlib.sha256(code + here.read_bytes()).hexdigest()
    return f"{shape.files} {shape.sizes} {shape.file_system} {shape.block} {digest}"


def acquired(raw: Path) -> Path:
    """Make an E01 of a raw image, compressed as examiners do it, or find it beside the image.

    Returns:
        Its one segment file.

    Raises:
        NotPossibleError: `ewfacquire` is not installed.
    """
    if shutil.which("ewfacquire") is None:
        raise NotPossibleError("ewfacquire is not installed")
    first, target = raw.with_suffix(".E01"), raw.with_name("acquired")
    if first.exists():
        return first
    subprocess.run(
        [
            *("ewfacquire", "-q", "-u", "-c", "deflate:fast", "-f", "encase6", "-S", "64GiB"),
            *("-d", "sha1", "-t", str(target), str(raw)),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    return target.with_suffix(".E01").rename(first)  # only when it is whole


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
