"""Faults for worker processes: zygotes load this file when `HEROES_TEST_FAULTS` names it.

A stream that begins with ``HEROES FAULT `` and a word ends or stops the worker that digests it, in
the way the word says; a picture that has this behind its first bytes does so to its decoder, and
may make it say what no sound decoder says. No part of the package.
"""

import array
import ctypes
import gc
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from heroes_forensics.frames import HASHES, PICTURE_HASHES, Batch, Picture, Rows
from heroes_forensics.hashing.exact import Digested, digest_bytes
from heroes_forensics.pipelines.work import contents, pictures
from heroes_forensics.pipelines.workers import wire
from heroes_forensics.pipelines.workers.page import Progress

THIS = Path(__file__)
MARK = b"HEROES FAULT "
JPEG = b"\xff\xd8\xff\xe0"


def stream(word: str, more: str = "") -> bytes:
    """Return the bytes of a stream that has this fault; ``more`` makes it differ from others."""
    return MARK + word.encode() + b" " + more.encode()


def picture(word: str, more: str = "") -> bytes:
    """Return what is taken for a JPEG and has this fault for its decoder."""
    return JPEG + stream(word, more)


FILM = b"\0\0\1\xb3"


def film(word: str, more: str = "") -> bytes:
    """Return what is taken for an MPEG film and has this fault for its decoder."""
    return FILM + stream(word, more)


def _memory() -> None:
    bytearray(8 << 30)


def _spin() -> None:
    """Keep the interpreter lock for hours, in one call."""
    pow(3, 1 << 34)


def _say(message: bytes, *descriptors: int) -> None:
    """Send a message of the worker's own making, and go on as if nothing had been."""
    channels = [each for each in gc.get_objects() if isinstance(each, socket.socket)]
    (channel,) = [each for each in channels if each.fileno() >= 0]
    rights = array.array("i", descriptors)
    more = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if descriptors else []
    channel.sendmsg([message], more)


def _shout() -> None:
    """Print a gigabyte of what would move the cursor of a terminal."""
    for _ in range(1 << 10):
        for descriptor in (1, 2):
            with suppress(OSError):
                os.write(descriptor, b"\x1b[2J\x1b]0;owned\x07" * (1 << 15))


PICKLE = b"\x80\x04cos\nsystem\n(S'touch /tmp/heroes-unpickled'\ntR."
"""What would make a file, if anybody unpickled it."""
SAID = {
    "pickle": PICKLE,
    "pickled": b"J" + PICKLE,
    "schema": b'J{"kind":"done"}',
    "kind": b'J{"kind":"obey","body":{}}',
    "foreign": b'J{"kind":"done","body":{"unit":987654321,"frames":0}}',
    "nan": b'J{"kind":"progress","body":{"bytes":NaN,"items":1}}',
    "trailing": b'J{"kind":"progress","body":{"bytes":1,"items":1}} ',
    "other": b'J{"kind":"imported","body":{"facts":{}}}',
    "batch": b"B\x00\xff\xff\xff\x7f\x00\x00\x00\x00",
    "large": b"J" + b"x" * 200_000,
    "empty": b"J",
}
"""Messages that no correct worker sends."""


FAULTS: dict[str, Callable[[], object]] = {
    "segv": lambda: ctypes.string_at(0),
    "abort": os.abort,
    "sleep": lambda: time.sleep(1e6),
    "spin": _spin,
    "memory": _memory,
    "exit": lambda: os._exit(3),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "bug": lambda: 1 // 0,
    "shout": _shout,
    "rights": lambda: _say(b'J{"kind":"progress","body":{"bytes":1,"items":1}}', 0),
    **{name: partial(_say, message) for name, message in SAID.items()},
}


def _sent(change: Callable[[bytes], bytes]) -> None:
    """Let the next batch of digests leave this worker changed."""
    real = wire.send_bytes

    def spoil(channel: socket.socket, data: bytes, descriptors: Sequence[int] = ()) -> None:
        if data[:1] == b"B":
            wire.__dict__["send_bytes"] = real
            data = change(data)
        real(channel, data, descriptors)

    wire.__dict__["send_bytes"] = spoil


def _other_ids(data: bytes) -> bytes:
    batch = wire.decode(data)
    assert isinstance(batch, Batch)
    rows = batch.rows.copy()
    rows["id"] += 1_000_000
    return wire.encode(Batch(batch.kind, rows))


_progress: list[Progress] = []


def _lie() -> None:
    """End, having said that it was about the first stream of the unit."""
    _progress[0].task(0)
    os.abort()


FAULTS |= {
    "foreign-id": lambda: _sent(_other_ids),
    "trailing-byte": lambda: _sent(lambda data: data + b"\0"),
    "lie": _lie,
}


def _values(*rows: tuple[int, int, int, int, int, bytes]) -> Rows:
    return np.array([(0, *row[:-1], 100, row[-1]) for row in rows], dtype=HASHES)


ONE = (0, 1, 0, 0, 90, b"12345678")
"""A phash of the first frame."""
SOUND = (Picture.DONE, "", 8, 8, 1, _values(ONE))
LIES: dict[str, tuple[object, ...]] = {
    "another-status": (Picture.KNOWN_GOOD, "", 0, 0, 0, _values()),
    "pixels-behind-a-value": (*SOUND[:-1], _values((*ONE[:-1], b"12345678pixels"))),
    "values-of-no-frame": (*SOUND[:-1], _values(ONE, (1, *ONE[1:]))),
    "one-value-twice": (*SOUND[:-1], _values(ONE, ONE)),
    "pixels-as-values": (
        *SOUND[:-2],
        PICTURE_HASHES,
        _values(*((at, *ONE[1:]) for at in range(PICTURE_HASHES))),
    ),
    "values-without-end": (
        *SOUND[:-2],
        1 << 30,
        _values(*((at, *ONE[1:]) for at in range(PICTURE_HASHES + 1))),
    ),
    "another-algorithm": (*SOUND[:-1], _values((0, 9, *ONE[2:]))),
    "another-view": (*SOUND[:-1], _values((0, 0, 255, *ONE[3:]))),
    "more-pixels-than-allowed": (Picture.DONE, "", 2**31, 2**31, 1, _values(ONE)),
    "an-undecodable-one-with-values": (Picture.GAP, "picture.undecodable", 8, 8, 1, _values(ONE)),
}
"""What a decoder that was taken over might say of a picture."""


class Faulty:
    """Stands before the decoder of pictures."""

    def __init__(self, real: Any) -> None:  # noqa: ANN401 - the module of the package
        self._real = real

    def examined(self, stream: BinaryIO, kind: str, **wanted: object) -> tuple[object, ...]:
        head = stream.read(64)
        if not head.startswith(JPEG + MARK):
            found: tuple[object, ...] = self._real.examined(stream, kind, **wanted)
            return found
        word = head[len(JPEG + MARK) :].split(b" ")[0].decode()
        if word in LIES:
            return LIES[word]
        FAULTS[word]()
        return (Picture.GAP, "picture.undecodable", 0, 0, 0, _values())


class FaultyFilms:
    """Stands before the decoder of films."""

    def __init__(self, real: Any) -> None:  # noqa: ANN401 - the module of the package
        self._real = real

    def examined(
        self,
        stream: BinaryIO,
        kind: str,
        profile: str,
        moved: Callable[[], object],
        **wanted: object,
    ) -> tuple[object, ...]:
        head = stream.read(64)
        if head.startswith(FILM + MARK):
            word = head[len(FILM + MARK) :].split(b" ")[0].decode()
            if word in FILM_LIES:
                return FILM_LIES[word]
            FAULTS[word]()
        found: tuple[object, ...] = self._real.examined(stream, kind, profile, moved, **wanted)
        return found


FRAME = (40, 0, 0, 0, 90, b"1" * 32)
FILM_LIES: dict[str, tuple[object, ...]] = {
    "a-frame-behind-the-end": (Picture.DONE, "", 8, 8, 1, 39, _values(FRAME)),
    "a-frame-twice": (Picture.DONE, "", 8, 8, 2, 90, _values(FRAME, FRAME)),
    "a-gap-with-frames": (Picture.GAP, "film.undecodable", 8, 8, 1, 90, _values(FRAME)),
    "frames-of-a-film-without-size": (Picture.DONE, "", 0, 0, 1, 90, _values(FRAME)),
}
"""What a decoder that was taken over might say of a film."""


def edited(picture: bytes, word: str) -> bytes:
    """Return a JPEG that decodes as it did, and has this fault for what edits it."""
    return picture + MARK + word.encode()


class FaultyEdits:
    """Stands before what edits pictures."""

    def __init__(self, real: Any) -> None:  # noqa: ANN401 - the module of the package
        self._real = real

    def made(
        self,
        stream: BinaryIO,
        kind: str,
        digest: bytes,
        **wanted: Any,  # noqa: ANN401 - as above
    ) -> Iterator[tuple[int, int, int, Rows]]:
        _, _, word = stream.read().rpartition(MARK)
        stream.seek(0)
        fault = word.decode() if len(word) < 64 else ""
        if fault in FAULTS:
            FAULTS[fault]()
        found = list(self._real.made(stream, kind, digest, **wanted))
        if fault in EDIT_LIES:
            EDIT_LIES[fault](found)
        yield from found


Results = list[tuple[int, int, int, Rows]]


def _values_twice(found: Results) -> None:
    status, width, height, rows = found[3]
    found[3] = (status, width, height, np.concatenate([rows, rows[-1:]]))


def _values_without_end(found: Results) -> None:
    status, width, height, rows = found[3]
    found[3] = (status, width, height, np.concatenate([rows] * 60))


def _another_view(found: Results) -> None:
    found[3][3]["view"][-1] = 255


def _failed_with_values(found: Results) -> None:
    found[3] = (2, *found[3][1:])


EDIT_LIES: dict[str, Callable[[Results], object]] = {
    "an-edit-too-many": lambda found: found.append(found[-1]),
    "an-edit-too-few": lambda found: found.pop(),
    "values-twice": _values_twice,
    "values-without-end": _values_without_end,
    "another-view": _another_view,
    "failed-with-values": _failed_with_values,
}
"""What an editor that was taken over might say."""


def _install() -> None:
    begin = Progress.unit

    def unit(self: Progress, number: int) -> None:
        _progress[:] = [self]
        begin(self, number)

    def faulty(data: bytes, *, later: Sequence[str] = ()) -> Digested:
        if data.startswith(MARK):
            FAULTS[data[len(MARK) :].split(b" ")[0].decode()]()
        return digest_bytes(data, later=later)

    Progress.unit = unit  # type: ignore[method-assign]
    contents.__dict__["digest_bytes"] = faulty
    real = pictures.__dict__["import_module"]

    before = {
        "heroes_forensics.media.perceptual": Faulty,
        "heroes_forensics.media.film_values": FaultyFilms,
        "heroes_forensics.media.edits.making": FaultyEdits,
    }

    def imported(name: str) -> object:
        return before[name](real(name)) if name in before else real(name)

    pictures.__dict__["import_module"] = imported


if __name__ == "heroes_test_faults":
    _install()
