"""What decoding and hashing pictures costs one program, in a process of its own.

``media_programs.py PROGRAM ROUNDS`` reads pictures from the standard input, each as its length (4
bytes, big-endian) and its bytes, and writes one line of JSON: for each picture the least processor
time in seconds of several rounds, or null where the program gave nothing. Some programs need the
interpreter of an environment of their own (`peers-setup.sh`).
"""

import io
import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

Program = Callable[[bytes], object]

_SIDE = 1024
"""Pixels of the shorter side that ours keeps when libjpeg scales a JPEG."""


def luma() -> Program:
    """Decode as ours does and nothing else: luma alone, scaled by libjpeg."""
    pillow: Any = import_module("PIL.Image")

    def decode(data: bytes) -> object:
        with pillow.open(io.BytesIO(data), formats=["JPEG"]) as picture:
            width, height = picture.size
            scale = next((n for n in (8, 4, 2) if min(width, height) // n >= _SIDE), 1)
            picture.draft("L", (width // scale, height // scale))
            picture.load()
            return picture.size

    return decode


def full() -> Program:
    """Decode in full and in colour, as programs do that know of no scaling."""
    pillow: Any = import_module("PIL.Image")

    def decode(data: bytes) -> object:
        with pillow.open(io.BytesIO(data), formats=["JPEG"]) as picture:
            return picture.convert("RGB").size

    return decode


def ours() -> Program:
    """Decode and make all values of tier 1: PDQ in eight orientations, phash and dhash."""
    return _examined(deep=False)


def deep() -> Program:
    """Likewise with the views of tier 2."""
    return _examined(deep=True)


def _examined(*, deep: bool) -> Program:
    perceptual: Any = import_module("heroes_forensics.media.perceptual")
    perceptual.prepare()

    def examine(data: bytes) -> object:
        status, *_, rows = perceptual.examined(io.BytesIO(data), "jpeg", deep=deep)
        return len(rows) if status == 1 else None

    return examine


def pdqhash() -> Program:
    """Decode in full, and make one value with the published reference."""
    return _reference("compute")


def dihedral() -> Program:
    """Decode in full, and make the values of eight orientations with the published reference."""
    return _reference("compute_dihedral")


def _reference(name: str) -> Program:
    pillow: Any = import_module("PIL.Image")
    numpy: Any = import_module("numpy")
    compute: Any = getattr(import_module("pdqhash"), name)

    def examine(data: bytes) -> object:
        with pillow.open(io.BytesIO(data)) as picture:
            return compute(numpy.asarray(picture.convert("RGB")))

    return examine


def threatexchange() -> Program:
    """Make what python-threatexchange makes of a file."""
    signal: Any = import_module("threatexchange.signal_type.pdq.signal")
    found: Program = signal.PdqSignal.hash_from_bytes
    return found


PROGRAMS: dict[str, Callable[[], Program]] = {
    "luma": luma,
    "full": full,
    "ours": ours,
    "deep": deep,
    "pdqhash": pdqhash,
    "dihedral": dihedral,
    "threatexchange": threatexchange,
}


def main() -> None:
    """Measure one program."""
    program, rounds = PROGRAMS[sys.argv[1]](), int(sys.argv[2])
    seconds: list[float | None] = []
    is_warm = False
    while head := sys.stdin.buffer.read(4):
        data = sys.stdin.buffer.read(int.from_bytes(head, "big"))
        best: float | None = None
        if not is_warm:  # what is imported late is imported now
            with suppress(Exception):
                program(data)
            is_warm = True
        for _ in range(rounds):
            start = time.process_time()
            try:
                given = program(data)
            except Exception:  # noqa: BLE001 - what a program cannot take is left out
                given = None
            spent = time.process_time() - start
            if given is None:
                best = None
                break
            best = spent if best is None else min(best, spent)
        seconds.append(best)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
