"""Text files as suppliers save them: lines of bounded length, whatever the encoding.

UTF-8 with or without BOM, UTF-16 when a BOM says so. Everything past here sees UTF-8 bytes
without BOM; names may hold other bytes, digests may not.
"""

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Iterator
from typing import BinaryIO, Final

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats.base import HEAD, LINE_LIMIT, Tally, damaged

CHUNK: Final = 1 << 18
_UNENDED: Final = (
    "the last line has no end, as in a file that was cut short: compare the number of records with"
    " what the issuer counts"
)
UTF32: Final = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")


def encoding_of(head: bytes) -> tuple[str, int]:
    """Return the encoding that a BOM names, else UTF-8, and the length of the BOM."""
    if head.startswith(BOM_UTF8):
        return "utf-8", len(BOM_UTF8)
    if head.startswith(BOM_UTF16_LE) and not head.startswith(UTF32[0]):
        return "utf-16-le", len(BOM_UTF16_LE)
    if head.startswith(BOM_UTF16_BE):
        return "utf-16-be", len(BOM_UTF16_BE)
    return "utf-8", 0


def head_text(head: bytes) -> str:
    """Decode the first bytes of a file for recognition; damage shows as U+FFFD."""
    encoding, bom = encoding_of(head)
    return head[bom:].decode(encoding, errors="replace")


def head_lines(head: bytes) -> list[str]:
    """Return the whole lines among the first bytes; the last one only if it is all there is."""
    lines = head_text(head).replace("\r\n", "\n").split("\n")
    return lines[:-1] if len(lines) > 1 and lines[-1] and len(head) >= HEAD else lines


def first_line(head: bytes, comments: tuple[str, ...] = ("#",)) -> str:
    """Return the first line that is neither empty nor a comment, ``""`` when there is none."""
    stripped = (line.strip() for line in head_lines(head))
    return next((line for line in stripped if line and not line.startswith(comments)), "")


def utf8_chunks(stream: BinaryIO, *, zeros: bool = False) -> Iterator[bytes]:
    """Yield the file as UTF-8 without BOM, in pieces of some `CHUNK` bytes.

    Args:
        stream: the file, at its start.
        zeros: whether a NUL byte may occur; without UTF-16 it otherwise means a binary file.

    Raises:
        HashSetError: it is UTF-32 or binary, or its UTF-16 is broken.
    """
    chunk = stream.read(CHUNK)
    encoding, bom = encoding_of(chunk)
    if chunk.startswith(UTF32):
        raise HashSetError("the hash set is UTF-32 text, which no supplier format uses")
    decoder = getincrementaldecoder(encoding)() if encoding != "utf-8" else None
    chunk = chunk[bom:]
    done = bom
    while chunk:
        done += len(chunk)
        if decoder is not None:
            try:
                text = decoder.decode(chunk).encode("utf-8")
            except UnicodeError as error:
                raise damaged("the UTF-16 text is broken", f"before byte {done}") from error
            if text:
                yield text
        else:
            if not zeros and b"\0" in chunk:
                where = done - len(chunk) + chunk.index(b"\0")
                raise HashSetError(
                    f"the hash set is a binary file, not a list: a zero byte at byte {where}"
                )
            yield chunk
        chunk = stream.read(CHUNK)
    if decoder is not None:
        try:
            decoder.decode(b"", final=True)
        except UnicodeError as error:
            raise damaged("the UTF-16 text ends inside a character", f"byte {done}") from error


def lines(
    stream: BinaryIO, tally: Tally, *, separator: bytes = b"\n"
) -> Iterator[tuple[int, bytes]]:
    """Yield (number from 1, line without its end) of a text file.

    Args:
        stream: the file, at its start.
        tally: is told when the last of several lines has no end.
        separator: what ends a line.

    Raises:
        HashSetError: a line is longer than 1 MiB, or the file is not text.
    """
    rest = b""
    number = 0
    for chunk in utf8_chunks(stream, zeros=separator == b"\0"):
        pieces = (rest + chunk).split(separator)
        rest = pieces.pop()
        if len(rest) > LINE_LIMIT or (pieces and len(pieces[0]) > LINE_LIMIT):
            raise damaged(f"a line is longer than {LINE_LIMIT} bytes", f"line {number + 1}")
        for piece in pieces:
            number += 1
            yield number, piece[:-1] if piece.endswith(b"\r") else piece
    if rest:
        if number:
            tally.unended = True
            tally.warn(_UNENDED)
        yield number + 1, rest
