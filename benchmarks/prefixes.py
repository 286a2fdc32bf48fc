"""Looking for listed beginnings of files in free space: what it costs with 10^4 and 10^6 of them.

The same bytes are searched without any, with each list, and digested three ways as a file is; the
processor time of the best of several rounds counts. A search that finds other sectors than
comparing every sector with the list fails.
"""

import argparse
import math
import time
from collections.abc import Callable
from functools import partial
from hashlib import md5
from typing import Final

import numpy as np

from heroes_forensics.hashing import exact
from heroes_forensics.parsers.recovery.free import Extent, FreeSpace
from heroes_forensics.parsers.recovery.prefixes import KEY_BYTES, Prefixes
from heroes_forensics.parsers.recovery.search import Begun, search

SECTOR: Final = 512
COUNTS: Final = (10_000, 1_000_000)
PLANTED: Final = 100


class Memory:
    """Bytes that are read like a volume."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def pread(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes at ``offset``."""
        return self._data[offset : offset + length]

    def close(self) -> None:
        """Nothing is held."""


def best(rounds: int, work: Callable[[], object]) -> float:
    """Return the processor seconds of the best round."""
    least = math.inf
    for _ in range(rounds):
        start = time.process_time()
        work()
        least = min(least, time.process_time() - start)
    return least


def found(data: bytes, listed: Prefixes | None) -> list[int]:
    """Return the offsets of what begins like something listed."""
    space = FreeSpace(Memory(data), [Extent(0, len(data))])
    return [each.offset for each in search(space, prefixes=listed) if isinstance(each, Begun)]


def main() -> None:
    """Make bytes, search, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", type=int, default=256, help="MiB")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    draw = np.random.default_rng(1)
    contents = {"noise": draw.bytes(asked.size << 20), "zeros": bytes(asked.size << 20)}
    for label, data in contents.items():
        whole = best(asked.rounds, partial(_digested, data))
        none = best(asked.rounds, partial(found, data, None))
        print(f"{label}: three digests {_rate(data, whole)}; search alone {_rate(data, none)}")
        for count in COUNTS:
            places = sorted(draw.choice(len(data) // SECTOR, PLANTED, replace=False).tolist())
            mine = [_key(data[at * SECTOR : (at + 1) * SECTOR]) for at in places]
            others = draw.integers(0, 1 << 63, count - PLANTED, dtype=np.uint64)
            listed = Prefixes(np.unique(np.concatenate([np.array(mine, np.uint64), others])))
            expected = [at * SECTOR for at in places] if label == "noise" else []
            if found(data, listed) != expected:
                raise SystemExit("the search finds other sectors than were listed")
            spent = best(asked.rounds, partial(found, data, listed))
            print(f"{label}, {count} listed: {_rate(data, spent)}, {spent / whole:.2f} of digests")


def _digested(data: bytes) -> None:
    for make in (exact.md5, exact.sha1, exact.sha256):
        hasher = make()
        hasher.update(data)
        hasher.digest()


def _key(sector: bytes) -> int:
    return int.from_bytes(md5(sector, usedforsecurity=False).digest()[:KEY_BYTES], "little")


def _rate(data: bytes, seconds: float) -> str:
    return f"{len(data) / 1e6 / max(seconds, 1e-9):,.0f} MB/s"


if __name__ == "__main__":
    main()
