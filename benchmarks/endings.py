"""Looking at the end of streams for archives: what it costs the worker that digests programs.

The programs of the machine (PE and ELF) are the worst case: every one is looked at. Each is read,
typed by its first bytes and digested three ways, without the look and with it; the processor time
of the best of several rounds counts. A program that is taken for an archive is counted.
"""

import argparse
import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from heroes_forensics.filetype import TYPES, sniff
from heroes_forensics.hashing import exact
from heroes_forensics.pipelines.work.endings import begun, ended

PROGRAMS: Final = frozenset({"pe", "elf"})
PIECE: Final = 1 << 20
FOLDERS: Final = (Path("/usr/bin"), Path("/usr/lib"))


def best(rounds: int, work: Callable[[], object]) -> float:
    """Return the processor seconds of the best round."""
    least = math.inf
    for _ in range(rounds):
        start = time.process_time()
        work()
        least = min(least, time.process_time() - start)
    return least


def programs(folders: list[Path], most: int) -> list[Path]:
    """Return programs in folders, in the order of their paths, of ``most`` bytes together."""
    found: list[Path] = []
    for path in sorted(each for folder in folders for each in folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        size = path.stat().st_size
        with path.open("rb") as stream:
            kind = TYPES[sniff(stream.read(exact.HEAD))].name
        if kind in PROGRAMS and size <= most:
            found.append(path)
            most -= size
    return found


def read(paths: list[Path], *, looks: bool) -> int:
    """Read, type and digest programs; return how many are of another type by their end."""
    others = 0
    for path in paths:
        digests = [make() for make in (exact.md5, exact.sha1, exact.sha256)]
        with path.open("rb") as stream:
            data = stream.read(PIECE)
            position = sniff(data[: exact.HEAD])
            ending = begun(position, is_opened=True) if looks else None
            while data:
                for digest in digests:
                    digest.update(data)
                if ending is not None:
                    ending.take(data)
                data = stream.read(PIECE)
        for digest in digests:
            digest.digest()
        if ending is not None:
            others += ended(position, ending, is_opened=True)[0] != position
    return others


def main() -> None:
    """Find programs, read them, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path, default=FOLDERS)
    parser.add_argument("--size", type=int, default=512, help="MiB of programs, at most")
    parser.add_argument("--rounds", type=int, default=4)
    asked = parser.parse_args()
    paths = programs(list(asked.folders), asked.size << 20)
    size = sum(path.stat().st_size for path in paths) / (1 << 20)
    if not paths:
        raise SystemExit("there are no programs here")
    others = read(paths, looks=True)
    print(f"{len(paths):,} programs, {size:,.0f} MiB; {others} of another type by their end")
    spent = {
        looks: best(asked.rounds, partial(read, paths, looks=looks)) for looks in (False, True)
    }
    more = 1000 * (spent[True] - spent[False]) / size
    print(
        f"without the look {spent[False]:.2f} s, with it {spent[True]:.2f} s: {more:.2f} ms a MiB"
    )


if __name__ == "__main__":
    main()
