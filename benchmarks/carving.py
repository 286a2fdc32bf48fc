"""Carving: recall and precision of ours, PhotoRec and Foremost on the same bytes, in one run.

``python benchmarks/carving.py [--folder DIR]`` builds what is searched, has each program search it,
and prints a table. Found is a file whose SHA-256 is that of an answer, never a count; a program's
precision is the share of the pictures and films it gives as whole that are answers. Families
without an answer are negative: nothing may be found there. All programs get the free space of a
volume as one file, as our reader of its bitmap says it is.
"""

import argparse
import hashlib
import lzma
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / name) for name in ("tests", "fixtures")]

from carved_files import MAKERS, made, noise, padded, text  # noqa: E402 # the path is made above
from corpus import EVIDENCE, MEDIA  # noqa: E402 # likewise
from filesystem_images import any_reader, content  # noqa: E402 # likewise

from heroes_forensics.model import Entry, EntryFlag, EntryKind  # noqa: E402 # likewise
from heroes_forensics.parsers.filesystems.tsk import open_tsk  # noqa: E402 # likewise
from heroes_forensics.parsers.recovery.free import Extent, FreeSpace  # noqa: E402 # likewise
from heroes_forensics.parsers.recovery.search import Carved, search  # noqa: E402 # likewise

ENDINGS: Final = frozenset(
    (
        *(".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".heic", ".avif"),
        *(".mp4", ".mov", ".3gp", ".avi", ".mkv", ".webm"),
    )
)
_GIVEN: Final = ENDINGS | {".qt", ".m4v", ".heif"}
"""Endings of pictures and films among what other programs write."""
_LARGEST: Final = 4 << 20
_SECTOR: Final = 512
_SECONDS: Final = 900


class Family(NamedTuple):
    """What is searched, and what is in it."""

    name: str
    data: bytes
    answers: frozenset[str]
    """SHA-256 of each file in it, hexadecimal."""


class Result(NamedTuple):
    """What a program gave of one family."""

    given: frozenset[str]
    """SHA-256 of what it gives as a whole picture or film."""
    seconds: float
    """Processor time."""


def sha256(data: bytes) -> str:
    """Return a digest as text."""
    return hashlib.sha256(data).hexdigest()


def families() -> Iterator[Family]:
    """Yield what is searched: generated, then of the corpus where it is there."""
    files = [made(name) for name in MAKERS]
    between = noise(9 * _SECTOR)
    row = b"".join(between + padded(data) for data in files) + between
    yield Family("one of each format", row, frozenset(map(sha256, files)))
    yield Family("each cut in two, apart", in_pieces(files), frozenset(map(sha256, files)))
    yield Family("noise", noise(32 << 20), frozenset())
    yield Family("text with signatures", text(16 << 20), frozenset())
    if MEDIA is not None:
        yield media(MEDIA)
    if EVIDENCE is not None:
        yield deleted(EVIDENCE / "images/forensics-samples/fs.vfat.xz")
        for number in ("6-undel-fat", "7-undel-ntfs", "4-kwsrch-ext3", "2-kwsrch-fat"):
            yield nothing(EVIDENCE / f"images/dftt/{number}.zip", number)


def in_pieces(files: list[bytes]) -> bytes:
    """Return files of which each lies in two pieces with noise between them."""
    parts = []
    for number, data in enumerate(map(padded, files)):
        cut = len(data) // 2 // _SECTOR * _SECTOR
        parts += [data[:cut], noise(5 * _SECTOR, number), data[cut:]]
    return b"".join(parts)


def media(folder: Path) -> Family:
    """Return pictures and films of other projects, one after the other."""
    files = [
        path.read_bytes()
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in ENDINGS and path.stat().st_size <= _LARGEST
    ]
    return Family(
        "files of other projects", b"".join(map(padded, files)), frozenset(map(sha256, files))
    )


def deleted(path: Path) -> Family:
    """Return the free space of a FAT32 volume whose deleted files are still named."""
    data = lzma.decompress(path.read_bytes())[2048 * _SECTOR :]
    fs = open_tsk(any_reader(data))
    answers = {
        sha256(content(fs, row))
        for row in fs.entries()
        if isinstance(row, Entry)
        and row.kind is EntryKind.FILE
        and not row.flags & EntryFlag.ALLOCATED
        and Path(os.fsdecode(row.path)).suffix.lower() in ENDINGS
    }
    return Family("forensics-samples, deleted", free(data), frozenset(answers))


def nothing(path: Path, name: str) -> Family:
    """Return the free space of an image in which no picture was ever deleted."""
    with zipfile.ZipFile(path) as archive:
        inside = next(each for each in archive.namelist() if each.endswith(".dd"))
        return Family(f"DFTT {name}", free(archive.read(inside)), frozenset())


def free(data: bytes) -> bytes:
    """Return the free space of a volume."""
    reader = any_reader(data)
    allocated = open_tsk(reader)._allocated()  # noqa: SLF001 # a measure of our own parts
    space = FreeSpace(reader, allocated.free(reader.size))
    return space.read(0, space.size)


def ours(family: Family, _folder: Path) -> Result:
    """Search in this process."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    space = FreeSpace(any_reader(family.data), [Extent(0, len(family.data))])
    found = [each for each in search(space) if isinstance(each, Carved)]
    after = resource.getrusage(resource.RUSAGE_SELF)
    whole = (each for each in found if each.found.whole)
    given = frozenset(sha256(space.read(each.offset, each.found.size)) for each in whole)
    return Result(given, _spent(before, after))


def photorec(_family: Family, folder: Path) -> Result:
    """Search with PhotoRec; thumbnails that it takes out of pictures (``t...``) do not count."""
    how = (
        "partition_none,options,paranoid,fileopt,everything,enable,blocksize,512,wholespace,search"
    )
    command = ["photorec", "/d", str(folder / "out"), "/cmd", str(folder / "data"), how]
    return _program(command, folder, lambda path: path.name.startswith("f"))


def foremost(_family: Family, folder: Path) -> Result:
    """Search with Foremost, for every type that it has built in."""
    command = ["foremost", "-t", "all", "-q", "-Q", "-i", str(folder / "data")]
    return _program([*command, "-o", str(folder / "out")], folder, lambda _: True)


def _program(command: list[str], folder: Path, counts: Callable[[Path], bool]) -> Result:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "TERM": "dumb", "HOME": str(folder)}
    subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, check=False, timeout=_SECONDS
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    given = frozenset(
        sha256(path.read_bytes())
        for out in folder.glob("out*")
        for path in out.rglob("*")
        if path.is_file() and path.suffix.lower() in _GIVEN and counts(path)
    )
    return Result(given, _spent(before, after))


def _spent(before: resource.struct_rusage, after: resource.struct_rusage) -> float:
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


PROGRAMS: Final[dict[str, Callable[[Family, Path], Result]]] = {
    "ours": ours,
    "photorec": photorec,
    "foremost": foremost,
}


def row(family: Family, program: str, result: Result) -> str:
    """Return one line of the table."""
    found = len(result.given & family.answers)
    wrong = len(result.given) - found
    recall = f"{found}/{len(family.answers)}" if family.answers else "-"
    precision = f"{found / len(result.given):.2f}" if result.given else "-"
    size = len(family.data) / 1e6
    return (
        f"| {family.name} | {size:.1f} | {program} | {recall} | {wrong} | {precision}"
        f" | {result.seconds:.2f} |"
    )


def main() -> int:
    """Search everything with every program that is installed, and print what each found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, help="where to build what is searched")
    folder: Path | None = parser.parse_args().folder
    print("| what | MB | program | found | given and no answer | precision | CPU s |")
    print("|---|---|---|---|---|---|---|")
    wrong = 0
    for family in families():
        for program, run in PROGRAMS.items():
            if program != "ours" and shutil.which(program) is None:
                print(f"| {family.name} | | {program} | not installed | | | |")
                continue
            with tempfile.TemporaryDirectory(dir=folder) as name:
                Path(name, "data").write_bytes(family.data)
                result = None
                with suppress(subprocess.TimeoutExpired):
                    result = run(family, Path(name))
            if result is None:
                print(f"| {family.name} | | {program} | not finished | | | |")
                continue
            print(row(family, program, result))
            if program == "ours" and not family.answers:
                wrong += len(result.given)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
