"""What other programs make of pictures: PDQ of `pdqhash` and of python-threatexchange.

Run by the interpreter of an environment of its own (`peers-setup.sh`). It reads pictures from the
standard input, each as its length (4 bytes, big-endian) and its bytes, and writes for each one line
of JSON: for each program the value in hexadecimal and the quality, or null.
"""

import io
import json
import sys
from importlib import import_module
from typing import Any

_QUALITY = 50


def pdqhash(data: bytes) -> tuple[str, int]:
    """Return value and quality of the published reference, of the picture in RGB."""
    numpy, reference = import_module("numpy"), import_module("pdqhash")
    with import_module("PIL.Image").open(io.BytesIO(data)) as picture:
        bits, quality = reference.compute(numpy.asarray(picture.convert("RGB")))
    return numpy.packbits(bits.astype(bool)).tobytes().hex(), int(quality)


def threatexchange(data: bytes) -> tuple[str, int] | None:
    """Return what python-threatexchange makes of a file; it has its own gate."""
    signal: Any = import_module("threatexchange.signal_type.pdq.signal").PdqSignal
    value = signal.hash_from_bytes(data)
    return (value, _QUALITY) if value else None


PROGRAMS = {"pdqhash": pdqhash, "threatexchange": threatexchange}


def main() -> None:
    """Answer until the input ends."""
    programs = {}
    for name, program in PROGRAMS.items():
        try:
            import_module(name)
        except ImportError:
            continue
        programs[name] = program
    print(json.dumps(list(programs)), flush=True)
    while head := sys.stdin.buffer.read(4):
        data = sys.stdin.buffer.read(int.from_bytes(head, "big"))
        said: dict[str, object] = {}
        for name, program in programs.items():
            try:
                said[name] = program(data)
            except Exception:  # noqa: BLE001 - a program that fails on a picture finds nothing
                said[name] = None
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
