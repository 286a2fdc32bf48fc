"""Ways to find near PDQ values: each in a process of its own, all asked the same.

``near_stores.py KIND FOLDER`` takes ``FOLDER/values`` (32 bytes each), makes an index of them, asks
it all of ``FOLDER/queries`` in batches of 16, 64 and 512, and prints one JSON object: seconds of
processor time for making it and for all answers by size of batch, how many pairs were found, a
SHA-256 of all of them, and bytes of memory before it is asked. ``near_stores.py make FOLDER``
makes the set file that ``hset`` opens. Run by `near.py`; of the project only its own index is
imported, so that peers can be measured in an environment of theirs.
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

os.environ["OMP_NUM_THREADS"] = "1"  # a core each, as ours has

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.uint8]
Pairs = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]
Search = Callable[[Values], Pairs]

WIDTH: Final = 32
RADIUS: Final = 31
BATCHES: Final = (16, 64, 512)
"""Values asked at once; those of one picture are 16."""
ROUNDS: Final = 3
ONCE: Final = 20
"""What takes more seconds is not asked again."""
FILE: Final = "set.hset"
_KEY: Final = hashlib.sha256(b"benchmark").digest()
_SET: Final = "00000000-0000-4000-8000-000000000001"
_FEW: Final = 500


def values(folder: Path) -> Values:
    """Return the listed values, mapped."""
    return np.memmap(folder / "values", np.uint8, "r").reshape(-1, WIDTH)


# ---- ours ----------------------------------------------------------------------------------


def make_hset(folder: Path) -> None:
    """Build a set file as an import does, without what reads the list."""
    from heroes_forensics.frames import KNOWN, VALUES, Batch  # noqa: PLC0415 # not in every one
    from heroes_forensics.hashsets.building import SetBuilder  # noqa: PLC0415
    from heroes_forensics.hashsets.layout import Header  # noqa: PLC0415

    folder.chmod(0o700)
    listed = values(folder)
    builder = SetBuilder(folder, _KEY, _SET)
    for start in range(0, len(listed), _FEW):
        part = listed[start : start + _FEW]
        number = np.arange(start + 1, start + 1 + len(part))
        rows = np.zeros(len(part), VALUES)
        rows["record"], rows["quality"], rows["kind_length"] = number, 100, 3
        rows["value_offset"], rows["value_length"] = 3 + WIDTH * np.arange(len(part)), WIDTH
        builder.add(Batch("values", rows, b"pdq" + part.tobytes()))
        known = np.zeros(len(part), KNOWN)
        known["record"], known["values"], known["size"], known["entry"] = number, 1, -1, -1
        known["has"] = 1  # else records of equal values are one
        digests = np.random.default_rng(start).bytes(16 * len(part))
        known["md5"] = np.frombuffer(digests, "V16")
        builder.add(Batch("known", known))
    builder.finish(Header(id="", file="", name="made", edition="1", kind="watch"))
    builder.close()


def _hset(folder: Path, *, fast: bool = False) -> Search:
    from heroes_forensics.hashsets import near as index  # noqa: PLC0415
    from heroes_forensics.hashsets import near_compiled  # noqa: PLC0415
    from heroes_forensics.hashsets.hset import HashSetFile  # noqa: PLC0415

    vars(index)["WORTH"] = 0 if fast else sys.maxsize
    if fast and near_compiled.prepared() is None:
        raise ValueError("the extra fast is not installed")
    file = HashSetFile.open(folder / FILE, _KEY)
    near = file.near("pdq")
    if near is None or not near.probes.passed:
        raise ValueError("the look-up test failed")

    places: list[npt.NDArray[np.int64]] = []

    def search(queries: Values) -> Pairs:
        found = near.search(queries, RADIUS)
        if not places:  # in the first round, which never counts: others number as they were given
            record = near.record(np.arange(near.count))
            places.append(file.records(record)["record"].astype(np.int64) - 1)
        return found.query, places[0][found.row], found.distance

    return search


def _all(folder: Path) -> Search:
    from heroes_forensics.hashsets.near import NearIndex  # noqa: PLC0415
    from heroes_forensics.hashsets.near_tables import built  # noqa: PLC0415

    empty = built(np.empty((0, WIDTH), np.uint8))
    index = NearIndex(np.empty((0, WIDTH), np.uint8), tables=empty)
    index.rows = np.array(values(folder))  # the tables are not used, so there are none

    def search(queries: Values) -> Pairs:
        found = index.compared(queries, RADIUS)
        return found.query, found.row, found.distance

    return search


# ---- the others ----------------------------------------------------------------------------


def _faiss_pairs(index: Any) -> Search:  # noqa: ANN401 # without types
    def search(queries: Values) -> Pairs:
        limits, distance, row = index.range_search(np.ascontiguousarray(queries), RADIUS + 1)
        query = np.repeat(np.arange(len(queries)), np.diff(limits.astype(np.int64)))
        return query, row.astype(np.int64), distance.astype(np.int64)

    return search


def _faiss_flat(folder: Path) -> Search:
    import faiss  # type: ignore[import-not-found]  # noqa: PLC0415 # in an environment of its own

    index = faiss.IndexBinaryFlat(8 * WIDTH)
    index.add(values(folder))
    return _faiss_pairs(index)


def _faiss_multi(folder: Path) -> Search:
    import faiss  # noqa: PLC0415

    index = faiss.IndexBinaryMultiHash(8 * WIDTH, 16, 16)
    index.add(values(folder))
    index.nflip = RADIUS // 16
    return _faiss_pairs(index)


def _threatexchange(folder: Path) -> Search:
    from threatexchange.signal_type.pdq.pdq_index import (  # type: ignore[import-not-found] # noqa: PLC0415
        PDQIndex,
    )

    texts = (row.tobytes().hex() for row in values(folder))
    made = PDQIndex((text, number) for number, text in enumerate(texts))
    if made.get_match_threshold() != RADIUS:
        raise ValueError("the radius of the index is another one")

    def search(queries: Values) -> Pairs:
        asked = [row.tobytes().hex() for row in queries]
        found = made.index.search_with_distance_in_result(asked, RADIUS)
        pairs = [
            (number, made.local_id_to_entry[row][1], int(distance))
            for number, text in enumerate(asked)
            for row, _, distance in found[text]
        ]
        columns = np.array(pairs, np.int64).reshape(-1, 3)
        return columns[:, 0], columns[:, 1], columns[:, 2]

    return search


KINDS: Final[dict[str, Callable[[Path], Search]]] = {
    "hset": _hset,
    "hset-fast": lambda folder: _hset(folder, fast=True),
    "all": _all,
    "faiss-flat": _faiss_flat,
    "faiss-multi": _faiss_multi,
    "threatexchange": _threatexchange,
}


def answer(parts: list[Pairs]) -> tuple[int, str]:
    """Return how many pairs there are, and what tells one answer from another."""
    columns = [np.concatenate(each) for each in zip(*parts, strict=True)]
    order = np.lexsort((columns[1], columns[0]))
    said = np.stack([column[order] for column in columns]).astype("<i8")
    return said.shape[1], hashlib.sha256(said.tobytes()).hexdigest()


def asked(search: Search, queries: Values, size: int) -> list[Pairs]:
    """Ask all queries, so many at once."""
    found = []
    for start in range(0, len(queries), size):
        query, row, distance = search(queries[start : start + size])
        found.append((query + start, row, distance))
    return found


def measured(kind: str, folder: Path) -> dict[str, Any]:
    """Make an index and ask it."""
    queries = np.fromfile(folder / "queries", np.uint8).reshape(-1, WIDTH)
    before = time.process_time()
    search = KINDS[kind](folder)
    made = time.process_time() - before
    memory = _memory()
    seconds: dict[str, float] = {}
    answers = set()
    for size in BATCHES:
        for _ in range(ROUNDS):
            before = time.process_time()
            found = asked(search, queries, size)
            spent = time.process_time() - before
            seconds[str(size)] = min(spent, seconds.get(str(size), spent))
            answers.add(answer(found))
            if spent > ONCE:
                break
    if len(answers) != 1:
        raise ValueError("batches of another size gave another answer")
    ((count, digest),) = answers
    return {"made": made, "seconds": seconds, "found": count, "answer": digest, **memory}


def _memory() -> dict[str, int]:
    """Return bytes that are resident now: of this process alone, and of mapped files."""
    found = {}
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name in {"RssAnon", "RssFile"}:
            found[name] = int(value.split()[0]) * 1024
    return found


def main() -> None:
    """Run from the command line."""
    kind, folder = sys.argv[1:]
    if kind == "make":
        before = time.process_time()
        make_hset(Path(folder))
        print(json.dumps({"made": time.process_time() - before}))
    else:
        print(json.dumps(measured(kind, Path(folder))))


if __name__ == "__main__":
    main()
