"""Ways to keep a list of MD5 and to ask it: one process makes a store, another asks it.

``stores.py make KIND FOLDER COUNT`` makes the store of ``COUNT`` generated digests in ``FOLDER``;
``stores.py ask KIND FOLDER QUERIES`` opens it, asks it and prints one JSON object: seconds until
the first answer, seconds of processor time of all answers, how many were found, bytes resident.
``QUERIES`` is a file of 16 bytes each. Run by `hashsets.py`; nothing of the project is imported
but for its own store, so that LMDB can be measured in an environment of its own.
"""

import hashlib
import json
import os
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Bytes2D = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]

WIDTH: Final = 16
PART: Final = 1 << 20
"""Digests made at once."""
SMALL: Final = 512
"""Digests of a small batch: about what one frame of a worker brings."""
LARGE: Final = 1 << 15
BLOOM_BITS: Final = 20
"""Of a filter for each digest: one wrong answer in 10,000."""
BLOOM_HASHES: Final = 14
_KEY: Final = hashlib.sha256(b"benchmark").digest()
_SET: Final = "00000000-0000-4000-8000-000000000001"
_MAP: Final = 1 << 40


def digests(count: int) -> Iterator[Bytes2D]:
    """Yield ``count`` made-up digests, the same ones every time, in no order."""
    draw = np.random.Generator(np.random.Philox(key=count))
    for start in range(0, count, PART):
        size = min(PART, count - start)
        yield draw.integers(0, 256, (size, WIDTH), dtype=np.uint8)


def _in_order(count: int) -> Bytes2D:
    """Return all digests sorted: the kindest way to fill a tree."""
    every = np.concatenate(list(digests(count)))
    words = every.view(">u8")
    ordered: Bytes2D = every[np.lexsort((words[:, 1], words[:, 0]))]
    return ordered


# ---- ours ----------------------------------------------------------------------------------


def _make_hset(folder: Path, count: int) -> None:
    from heroes_forensics.frames import KNOWN, Batch  # noqa: PLC0415 # not in every environment
    from heroes_forensics.hashsets.building import SetBuilder  # noqa: PLC0415
    from heroes_forensics.hashsets.layout import Header  # noqa: PLC0415

    folder.chmod(0o700)
    with closing(SetBuilder(folder, _KEY, _SET)) as builder:
        number = 1
        for part in digests(count):
            for start in range(0, len(part), SMALL):
                piece = part[start : start + SMALL]
                rows = np.zeros(len(piece), KNOWN)
                rows["has"], rows["size"], rows["entry"] = 1, -1, -1
                rows["md5"] = piece.view(f"V{WIDTH}").ravel()
                rows["record"] = np.arange(number, number + len(piece))
                number += len(piece)
                builder.add(Batch("known", rows))
        builder.finish(Header(id="", file="", name="made", edition="1", kind="notable"))


def _ask_hset(folder: Path, batch: int, *, plain: bool = False) -> Callable[[Bytes2D], int]:
    from heroes_forensics.hashsets import hset  # noqa: PLC0415
    from heroes_forensics.hashsets.hset import HashSetFile  # noqa: PLC0415

    if plain:
        vars(hset)["WORTH"] = sys.maxsize
    opened = HashSetFile.open(folder / "set.hset", _KEY)
    if not opened.probes.passed:
        raise ValueError("the look-up test failed")

    def ask(queries: Bytes2D) -> int:
        return sum(
            len(opened.lookup("md5", queries[start : start + batch])[0])
            for start in range(0, len(queries), batch)
        )

    return ask


# ---- the others ----------------------------------------------------------------------------


def _make_sqlite(folder: Path, count: int) -> None:
    with closing(sqlite3.connect(folder / "known.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=OFF")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("CREATE TABLE known (md5 BLOB PRIMARY KEY) WITHOUT ROWID")
        connection.execute("BEGIN")
        rows = ((row.tobytes(),) for row in _in_order(count))
        connection.executemany("INSERT INTO known VALUES (?)", rows)
        connection.execute("COMMIT")


def _ask_sqlite(folder: Path) -> Callable[[Bytes2D], int]:
    connection = sqlite3.connect(f"file:{folder / 'known.db'}?mode=ro&immutable=1", uri=True)
    connection.execute(f"PRAGMA mmap_size={_MAP}")
    execute = connection.execute
    text = "SELECT 1 FROM known WHERE md5 = ?"

    def ask(queries: Bytes2D) -> int:
        data = queries.tobytes()
        places = range(0, len(data), WIDTH)
        return sum(execute(text, (data[at : at + WIDTH],)).fetchone() is not None for at in places)

    return ask


def _make_lmdb(folder: Path, count: int) -> None:
    import lmdb  # type: ignore[import-not-found]  # noqa: PLC0415 # in an environment of its own

    environment = lmdb.open(str(folder), map_size=_MAP, sync=False, writemap=True)
    with closing(environment), environment.begin(write=True) as transaction:
        cursor = transaction.cursor()
        cursor.putmulti(((row.tobytes(), b"") for row in _in_order(count)), append=True)


def _ask_lmdb(folder: Path) -> Callable[[Bytes2D], int]:
    import lmdb  # noqa: PLC0415

    environment = lmdb.open(str(folder), readonly=True, lock=False, map_size=_MAP)
    get = environment.begin(buffers=True).get

    def ask(queries: Bytes2D) -> int:
        data = queries.tobytes()
        places = range(0, len(data), WIDTH)
        return sum(get(data[at : at + WIDTH]) is not None for at in places)

    return ask


def _make_hfind(folder: Path, count: int) -> None:
    path = folder / "known.md5"
    with path.open("w", encoding="ascii") as stream:
        for part in digests(count):
            text = part.tobytes().hex()
            stream.write("".join(f"{text[at : at + 32]}  f\n" for at in range(0, len(text), 32)))
    command = ["hfind", "-i", "md5sum", str(path)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _ask_hfind(folder: Path) -> Callable[[Bytes2D], int]:
    def ask(queries: Bytes2D) -> int:
        text = queries.tobytes().hex()
        asked = folder / "queries"
        lines = "".join(f"{text[at : at + 32]}\n" for at in range(0, len(text), 32))
        asked.write_text(lines, encoding="ascii")
        command = ["hfind", "-f", str(asked), str(folder / "known.md5")]
        said = subprocess.run(command, check=True, capture_output=True).stdout.splitlines()
        return sum(not line.endswith(b"Not Found") for line in said)

    return ask


def _places(queries: Bytes2D, bits: int) -> tuple[Words, Words, np.uint64]:
    words = np.ascontiguousarray(queries).view("<u8")
    return words[:, 0], words[:, 1] | np.uint64(1), np.uint64(bits)


def _make_bloom(folder: Path, count: int) -> None:
    bits = -(-count * BLOOM_BITS // 8) * 8
    table = np.zeros(bits, np.bool_)
    for part in digests(count):
        first, step, size = _places(part, bits)
        for number in range(BLOOM_HASHES):
            table[(first + step * np.uint64(number)) % size] = True
    np.packbits(table).tofile(folder / "bloom")


def _ask_bloom(folder: Path) -> Callable[[Bytes2D], int]:
    table = np.memmap(folder / "bloom", np.uint8, "r")

    def some(queries: Bytes2D) -> int:
        first, step, size = _places(queries, 8 * len(table))
        left = np.arange(len(queries))
        for number in range(BLOOM_HASHES):
            at = (first[left] + step[left] * np.uint64(number)) % size
            byte = table[(at >> np.uint64(3)).astype(np.int64)]
            left = left[(byte >> (7 - (at & np.uint64(7))).astype(np.uint8) & 1).astype(bool)]
        return len(left)

    def ask(queries: Bytes2D) -> int:
        return sum(some(queries[start : start + LARGE]) for start in range(0, len(queries), LARGE))

    return ask


MAKE: Final[dict[str, Callable[[Path, int], None]]] = {
    "hset": _make_hset,
    "sqlite": _make_sqlite,
    "lmdb": _make_lmdb,
    "hfind": _make_hfind,
    "bloom": _make_bloom,
}
ASK: Final[dict[str, Callable[[Path], Callable[[Bytes2D], int]]]] = {
    "hset": lambda folder: _ask_hset(folder, LARGE),
    "hset-small": lambda folder: _ask_hset(folder, SMALL),
    "hset-numpy": lambda folder: _ask_hset(folder, LARGE, plain=True),
    "sqlite": _ask_sqlite,
    "lmdb": _ask_lmdb,
    "hfind": _ask_hfind,
    "bloom": _ask_bloom,
}


def forget(folder: Path) -> None:
    """Drop the pages of all files of a folder from the page cache."""
    for path in folder.iterdir():
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def _memory() -> dict[str, int]:
    """Return bytes that are resident now: of this process alone, and of mapped files."""
    found = {}
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name in {"RssAnon", "RssFile"}:
            found[name] = int(value.split()[0]) * 1024
    return found


def _spent() -> float:
    """Return seconds of processor time of this process and of what it started."""
    every = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in every)


def ask(kind: str, folder: Path, queries: Path) -> dict[str, Any]:
    """Open a store with nothing of it in memory, and ask it twice: cold, then warm."""
    wanted = np.fromfile(queries, np.uint8).reshape(-1, WIDTH)
    forget(folder)
    start = time.perf_counter()
    opened = ASK[kind](folder)
    opened(wanted[:1])
    first = time.perf_counter() - start
    opened(wanted)
    before, began = _spent(), time.perf_counter()
    found = opened(wanted)
    return {
        "open": first,
        "cpu": _spent() - before,
        "wall": time.perf_counter() - began,
        "found": found,
        **_memory(),
    }


def main() -> None:
    """Run from the command line."""
    what, kind, folder, last = sys.argv[1:]
    if what == "make":
        MAKE[kind](Path(folder), int(last))
    else:
        print(json.dumps(ask(kind, Path(folder), Path(last))))


if __name__ == "__main__":
    main()
