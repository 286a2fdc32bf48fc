"""Pictures as containers: what lies in their header, and what lies behind their end.

Each picture, film or archive in it is a member, ``m@`` and its offset; so is the rest behind the
end that begins like nothing known, ``r@`` and its offset (`within`). The picture itself is none:
its digest is that of the whole file.
"""

from collections.abc import Iterator
from functools import partial

from heroes_forensics.errors import EvidenceError
from heroes_forensics.filetype import TYPES, sniff
from heroes_forensics.hashing.exact import HEAD
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.pieces import Pieces, opening, piece
from heroes_forensics.parsers.containers.within import KINDS, Piece, pieces
from heroes_forensics.parsers.recovery.window import SpentError


def open_picture(reader: Reader) -> Pieces:
    """Open a picture; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none that is looked into.
    """
    with opening("the picture"):
        kind = TYPES[sniff(reader.pread(0, HEAD))].name
    if kind not in KINDS:
        raise EvidenceError("this is no picture that is looked into")
    sweep = "not applicable: the bytes are searched"
    return Pieces(reader, "picture", partial(_found, reader, kind), sweep=sweep)


def _found(reader: Reader, kind: str) -> Iterator[Entry | Gap]:
    try:
        for each in pieces(reader, kind):
            yield _entry(each)
    except (OSError, SpentError):
        yield Gap("m@0x0", "source.damaged", {"read": "failed"})


def _entry(found: Piece) -> Entry:
    is_rest = found.what == "rest"
    return Entry(
        locator=f"{'r' if is_rest else 'm'}@{found.start:#x}",
        kind=EntryKind.METADATA if is_rest else EntryKind.FILE,
        flags=EntryFlag.ALLOCATED,
        path=b"$%s/%#x" % (found.what.encode(), found.start),
        size=found.size,
        handle=piece(found.start, found.size),
        first_offset=found.start,
    )
