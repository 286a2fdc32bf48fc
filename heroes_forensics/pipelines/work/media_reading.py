"""Reading the whole media once: for its digests, and to check every part that has a checksum.

Alone, one worker reads and digests (`media_digest`). With more, those that read (`media_fill`) put
what they read into a window, from which others digest it (`media_follow`): the algorithms are
computed side by side, and no part is read or inflated twice.
"""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from heroes_forensics.errors import EvidenceError
from heroes_forensics.frames import Control, Frame, Unit
from heroes_forensics.hashing.exact import md5, sha1, sha256
from heroes_forensics.model import JSON, Gap
from heroes_forensics.pipelines.work import window

if TYPE_CHECKING:
    from heroes_forensics.pipelines.work.units import Session

HASHERS: Final[dict[str, Callable[[], Any]]] = {"md5": md5, "sha1": sha1, "sha256": sha256}

ROOM: Final = 1 << 20
"""Bytes of one slot of a window; of a larger chunk, one chunk."""

_PROGRESS_BYTES: Final = 64 << 20
_UNREAD_LISTED: Final = 400
"""Unreadable ranges named one by one; a frame has to hold them."""

Group = tuple[list[bytes], list[JSON]]
"""Pieces that were read, and what could not be read beside them."""


class _Tally:
    """What was read so far, and what was not."""

    def __init__(self) -> None:
        self.done = 0
        self._zeros = 0
        self._told = 0
        self._unread: list[JSON] = []

    def add(self, pieces: Sequence[bytes | memoryview], unread: list[JSON]) -> None:
        for piece in pieces:
            self.done += len(piece)
            self._zeros += len(piece) - int(np.count_nonzero(np.frombuffer(piece, dtype="u1")))
        self._unread += unread

    def progress(self) -> Iterator[Frame]:
        if self.done - self._told >= _PROGRESS_BYTES:
            self._told = self.done
            yield Control("progress", {"bytes": self.done, "items": 0})

    def frame(self) -> Frame:
        return Control(
            "media",
            {
                "bytes_read": self.done,
                "zero_bytes": self._zeros,
                "unread": self._unread[:_UNREAD_LISTED],
                "unread_ranges": len(self._unread),
            },
        )

    @property
    def whole(self) -> bool:
        return not self._unread


def media_digest(session: "Session", unit: Unit) -> Iterator[Frame]:
    """Read and digest the media: ``progress`` frames, then ``media`` and ``digests``."""
    hashers = _hashers(unit.body)
    tally = _Tally()
    for pieces, unread in groups(session.source(unit.body), 0, 1):
        for piece in pieces:
            for hasher in hashers.values():
                hasher.update(piece)
        tally.add(pieces, unread)
        session.progress.beat()
        yield from tally.progress()
    yield tally.frame()
    yield _digests(hashers, whole=tally.whole)


def media_fill(session: "Session", unit: Unit) -> Iterator[Frame]:
    """Read the media, or every n-th part of it, into a window; then ``media``."""
    body = unit.body
    part, parts, room = (int(str(body[key])) for key in ("part", "parts", "room"))
    tally = _Tally()
    try:
        with window.Filler(unit.descriptors[0], unit.descriptors[1:], part, room) as filler:
            for pieces, unread in groups(session.source(body), part, parts):
                tally.add([filler.put(pieces, hole=bool(unread))], unread)
                session.progress.beat()
                yield from tally.progress()
            filler.end()
    except window.WindowError as error:
        raise EvidenceError(str(error)) from error
    yield tally.frame()


def media_follow(session: "Session", unit: Unit) -> Iterator[Frame]:
    """Digest what is put into a window: ``digests``."""
    hashers = _hashers(unit.body)
    room = int(str(unit.body["room"]))
    whole = True
    try:
        for piece in window.followed(unit.descriptors[0], unit.descriptors[1:], room):
            whole = whole and not piece.hole
            if whole:
                for hasher in hashers.values():
                    hasher.update(piece.data)
            session.progress.beat()
    except window.WindowError as error:
        raise EvidenceError(str(error)) from error
    yield _digests(hashers, whole=whole)


def _hashers(body: JSON) -> dict[str, Any]:
    wanted = body["algorithms"]
    names = wanted if isinstance(wanted, list) else []
    return {name: make() for name, make in HASHERS.items() if name in names}


def _digests(hashers: dict[str, Any], *, whole: bool) -> Frame:
    """Return the digests; media with a hole has none as a whole."""
    rows = [
        {"alg": name, "computed": hasher.digest().hex()}
        for name, hasher in hashers.items()
        if whole
    ]
    return Control("digests", {"digests": rows})


def groups(source: Any, part: int, parts: int) -> Iterator[Group]:  # noqa: ANN401 - a parser's
    """Yield every ``parts``-th group of pieces of the media, from ``part`` on."""
    pieces = getattr(source.media, "pieces", None)
    if pieces is None:
        opening = import_module("heroes_forensics.parsers.storage.source")
        for piece in opening.media_chunks(source, ROOM):
            yield ([], [dict(piece.detail)]) if isinstance(piece, Gap) else ([piece], [])
        return
    doubts = import_module("heroes_forensics.parsers.storage.doubts")
    known = source.media.doubts.within(0, source.media.size) if part == 0 else []
    # What is missing is known without reading: one range, however many chunks it has.
    missing = [doubt.to_json() for doubt in known if doubt.reason == doubts.MISSING]
    step = max(1, ROOM // source.media.chunk_size)
    for start in range(part * step, source.media.chunks, parts * step):
        found: list[bytes] = []
        unread, missing = missing, []
        for piece in pieces(start, min(start + step, source.media.chunks)):
            if isinstance(piece, bytes):
                found.append(piece)
            elif piece.reason != doubts.MISSING:
                unread.append(piece.to_json())
        yield found, unread
