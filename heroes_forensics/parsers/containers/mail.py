"""Messages and mailboxes: what is attached to a message is a member, so is each message of an mbox.

A message (RFC 5322, MIME) is taken apart by Python's `email`; a part that holds others is no member
of its own. Locators are ``p`` and the number of the part, in the order in which they lie, ``p3``.
The path is the name that the sender gave, else ``$part-3``. Base64 and quoted-printable are undone;
damage in them is passed over as mail programs do, so that a part of a damaged message may be
shorter than it was sent.

What was put into the text of a part by uuencode (POSIX), as programs did before MIME, is a member
behind that part: ``p3@0x1f``, the offset of its first line in the text.

What stands in front of the first part and behind the last one of those that hold others (preamble
and epilogue) is a member where it has more than some lines, ``r0``, and so is what is written there
in Base64 or by uuencode, ``r0@0x1f``.

An mbox is cut where a line begins with ``From `` and holds a year (RFC 4155, and what programs made
of it), at its start or behind an empty line. Each message is a member at ``m@`` and the offset of
that line, and is opened in turn; its content begins behind the line. ``>From`` stays as it is.
"""

import binascii
import re
import struct
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from functools import partial
from typing import Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap, Listing, TimeBasis
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.containers.names import member_path
from heroes_forensics.parsers.containers.pieces import Pieces, fields_of, opening, piece
from heroes_forensics.parsers.place import place_of
from heroes_forensics.parsers.reading.memory import BytesReader

MOST: Final = 64 << 20
"""Bytes of one message; parsing takes several times that in memory."""
_NAME: Final = 255
_HANDLE: Final = struct.Struct("<Iq")
"""Number of the part, and offset in its text or -1."""
_UUENCODED: Final = re.compile(
    rb"^begin [0-7]{3,4} ([^\r\n]{1,255})\r?\n(?=[!-`][^\r\n]{1,90}\r?\n)", re.MULTILINE
)
"""The first line, and a line of content behind it."""
_BASE64: Final = re.compile(
    rb"^(?:[A-Za-z0-9+/]{32,100}+\r?\n){4,}+(?:[A-Za-z0-9+/]{1,100}={0,2}(?=\r?\n|\Z))?",
    re.MULTILINE,
)
"""Lines that are nothing else; the last one may be shorter. What was taken is not given back: going
back would need five times the memory of the lines."""
_OUTSIDE: Final = 1 << 31
"""Added to the number of what belongs to no part, in its handle."""
_SOME_LINES: Final = 4096
"""Bytes in front of or behind the parts that are not worth an entry."""
_ENCODED: Final = frozenset({"base64", "quoted-printable"})
_ERRORS: Final = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What `email` raises over crafted messages."""
_SEPARATOR: Final = re.compile(
    rb"(?:\A|\n\r?\n)(From [^\r\n]{0,200}[0-9]{4}[^\r\n]{0,40})(?=(\r?\n))"
)
"""The end of the line is left: behind an empty message the next separator begins with it."""
_OVERLAP: Final = 300
"""Bytes that a separator may have."""
_CHUNK: Final = 1 << 20


def open_message(reader: Reader) -> "MessageFileSystem":
    """Open a message; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: it cannot be read, or taken apart.
        UnsupportedError: it is longer than `MOST`.
    """
    if reader.size > MOST:
        raise UnsupportedError("the message is too long", code="stream.unsupported")
    try:
        message = BytesParser(policy=compat32).parsebytes(reader.pread(0, reader.size))
        parts = list(_parts(message))
        outside = list(_outside(message))
    except (*_ERRORS, OSError) as error:
        raise EvidenceError("the message cannot be taken apart") from error
    return MessageFileSystem(parts, outside)


def _outside(message: Message) -> Iterator[bytes]:
    """Yield what stands in front of and behind parts, where there is any."""
    for part in message.walk():
        for text in (part.preamble, part.epilogue):
            if text:
                yield text.encode("ascii", "surrogateescape")


def _parts(message: Message) -> Iterator[Message]:
    """Yield the parts that hold no others, in the order they lie.

    A message within a message that is encoded as a whole, which RFC 2046 forbids and programs do,
    is one part: what it decodes to is opened in turn.
    """
    if not message.is_multipart():
        yield message
        return
    parts = message.get_payload()
    inside = (
        [part for part in parts if isinstance(part, Message)] if isinstance(parts, list) else []
    )
    encoding = str(message.get("Content-Transfer-Encoding", "")).strip().lower()
    if (
        message.get_content_maintype() == "message"
        and encoding in _ENCODED
        and len(inside) == 1
        and not inside[0].keys()
        and not inside[0].is_multipart()
    ):
        inside[0]["Content-Transfer-Encoding"] = encoding
        inside[0]["Content-Disposition"] = str(message.get("Content-Disposition", ""))
        yield inside[0]
        return
    for part in inside:
        yield from _parts(part)


class MessageFileSystem:
    """Lists and opens the parts of one message."""

    kind: Final = "eml"

    def __init__(self, parts: list[Message], outside: list[bytes]) -> None:
        self._parts = parts
        self._outside = outside
        self._last = (-1, b"")
        """Number and content of the part that was decoded last: it may hold many members."""

    @property
    def times(self) -> TimeBasis:
        """None: when a message says it was sent is no time of a file."""
        return {}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the parts in the order they lie, then what belongs to none."""
        yield from counted(self._found(), sweep="what stands in front of and behind the parts")

    def _found(self) -> Iterator[Entry]:
        for number, part in enumerate(self._parts):
            yield _entry(number, -1, _name(part) or f"$part-{number}".encode())
            if part.get_content_maintype() == "text":
                for begin in _UUENCODED.finditer(self._content(number)):
                    yield _entry(number, begin.start(), begin[1].replace(b"\0", b""))
        for number, text in enumerate(self._outside):
            inside = sorted(
                each.start() for form in (_UUENCODED, _BASE64) for each in form.finditer(text)
            )
            if inside or len(text) > _SOME_LINES:
                yield _apart(number, -1)
            yield from (_apart(number, at) for at in inside)

    def _content(self, number: int) -> bytes:
        """Return what a part decodes to; none where that fails, which reading it says."""
        if self._last[0] != number:
            try:
                data = self._parts[number].get_payload(decode=True)
            except _ERRORS:
                data = b""
            self._last = (number, data if isinstance(data, bytes) else b"")
        return self._last[1]

    def open(self, handle: bytes) -> Reader:
        """Open the content of a part.

        Raises:
            OSError: it cannot be decoded, or this is not a handle of this parser.
        """
        number, at = fields_of(_HANDLE, handle)
        if number - _OUTSIDE in range(len(self._outside)):
            return BytesReader(_written(self._outside[number - _OUTSIDE], at))
        if number >= len(self._parts):
            raise OSError("not a handle of this parser")
        if at >= 0:
            return BytesReader(_decoded(self._content(number), at))
        try:
            data = self._parts[number].get_payload(decode=True)
        except _ERRORS as error:
            raise OSError("the part cannot be decoded") from error
        return BytesReader(data if isinstance(data, bytes) else b"")

    def close(self) -> None:
        """Leave the reader open: it was handed in."""


def _entry(number: int, at: int, name: bytes) -> Entry:
    place = f"@{at:#x}" if at >= 0 else ""
    path = member_path(name, directory=False) or f"$part-{number}{place}".encode()
    return Entry(
        locator=f"p{number}{place}",
        kind=EntryKind.FILE,
        flags=EntryFlag.ALLOCATED,
        path=path,
        size=-1,
        handle=_HANDLE.pack(number, at),
        first_offset=number,
        place=place_of(path, allocated=True),
    )


def _apart(number: int, at: int) -> Entry:
    """Return the entry of what belongs to no part, or of what is written there at an offset."""
    place = f"r{number}" + (f"@{at:#x}" if at >= 0 else "")
    return Entry(
        locator=place,
        kind=EntryKind.METADATA,
        flags=EntryFlag.ALLOCATED,
        path=b"$unaccounted/" + place.encode(),
        size=-1,
        handle=_HANDLE.pack(_OUTSIDE + number, at),
        first_offset=number,
    )


def _written(text: bytes, at: int) -> bytes:
    """Return what belongs to no part: as it is, or what is written there at an offset.

    Raises:
        OSError: it is damaged.
    """
    if at < 0:
        return text
    lines = _BASE64.match(text, at)
    if lines is None:
        return _decoded(text, at)
    try:
        return binascii.a2b_base64(lines[0])
    except binascii.Error as error:
        raise OSError("a line is damaged") from error


def _decoded(text: bytes, at: int) -> bytes:
    """Return what the lines behind the one at ``at`` were made of.

    Raises:
        OSError: a line is damaged, or they end before their last one.
    """
    parts: list[bytes] = []
    at = text.find(b"\n", at) + 1
    while 0 < at < len(text):
        following = text.find(b"\n", at) + 1
        line = text[at : following or len(text)].rstrip(b"\r\n")
        at = following
        if line == b"end":
            return b"".join(parts)
        if line[:1] > b"`":  # the first line of another one, or text
            raise OSError("a line is damaged")
        count = (line[0] - 32 & 63) if line else 0
        wanted = -(-count // 3) * 4
        try:  # blanks at the end of a line get lost, and some programs add a checksum
            parts.append(binascii.a2b_uu((line[: 1 + wanted]).ljust(1 + wanted)) if count else b"")
        except binascii.Error as error:
            raise OSError("a line is damaged") from error
    raise OSError("the end is missing")


def _name(part: Message) -> bytes:
    """Return the name that the sender gave a part; empty without one."""
    try:
        name = part.get_filename() or ""
    except _ERRORS:
        return b""
    return name[:_NAME].encode("utf-8", "surrogatepass").replace(b"\0", b"")


def open_mbox(reader: Reader) -> Pieces:
    """Open a mailbox; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none.
    """
    with opening("the mailbox"):
        head = reader.pread(0, _OVERLAP)
    if _SEPARATOR.match(head) is None:
        raise EvidenceError("this is no mailbox")
    sweep = "not applicable: every line is visited"
    return Pieces(reader, "mbox", partial(_messages, reader), sweep=sweep)


def _messages(reader: Reader) -> Iterator[Entry | Gap]:
    """Yield the messages in the order they lie."""
    last = (0, 0)
    try:
        for line, start in _separators(reader):
            if start > last[1] > 0:
                yield _message(*last, line)
            last = (line, start)
    except OSError:
        yield Gap(f"m@{last[0]:#x}", "source.damaged", {"read": "failed"})
    yield _message(*last, reader.size)


def _separators(reader: Reader) -> Iterator[tuple[int, int]]:
    """Yield where each line that parts messages begins, and where the message does."""
    at, kept = 0, b""
    while data := reader.pread(at, _CHUNK):
        window, base = kept + data, at - len(kept)
        at += len(data)
        is_last = at >= reader.size
        done = len(window) if is_last else max(0, len(window) - _OVERLAP)
        for found in _SEPARATOR.finditer(window):
            if base and found.start() == 0 and not window.startswith(b"\n"):
                continue  # the start of a piece is no start of a mailbox
            if found.start() >= done:
                break
            yield base + found.start(1), base + found.end(2)
        kept = window[done:]


def _message(line: int, start: int, end: int) -> Entry:
    path = f"$message-{line:#x}".encode()
    return Entry(
        locator=f"m@{line:#x}",
        kind=EntryKind.FILE,
        flags=EntryFlag.ALLOCATED,
        path=path,
        size=end - start,
        handle=piece(start, end - start),
        first_offset=start,
        place=place_of(path, allocated=True),
    )
