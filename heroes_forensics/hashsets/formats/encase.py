"""EnCase hash files, versions 4 to 6 (``.hash``): MD5 values behind a header of 1,152 bytes.

Hash libraries of EnCase 7 and later are another, undocumented format. Source: the public readers of
The Sleuth Kit, Autopsy and md5deep, and the forensics wiki.
"""

from collections.abc import Iterator
from typing import Final

from heroes_forensics.display import shown
from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats.base import (
    WIDTHS,
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
    damaged,
)
from heroes_forensics.hashsets.known import like_a_digest

_MAGIC: Final = b"HASH\r\n\xff\0"
_VERSION_AT: Final = 8
_VERSION: Final = 2
_COUNT_AT: Final = 0x10
_CATEGORY_AT: Final = 0x458
_CATEGORY_BYTES: Final = 0x28
_HEADER: Final = 0x480
_RECORD: Final = 18
"""An MD5 value and two zero bytes."""
_AT_ONCE: Final = 4096


class Encase:
    """Reads one EnCase hash file."""

    nature = ""

    def recognises(self, head: bytes) -> bool:
        """Say yes to the signature."""
        return head.startswith(_MAGIC)

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record for each value, to the end of the file."""
        del options
        tally.numbering = "record"
        header = _exactly(supplied, _HEADER)
        if not header.startswith(_MAGIC):
            raise HashSetError("the file has not the signature of an EnCase hash file")
        if len(header) < _HEADER:
            raise damaged("the file is cut short in its header", f"byte {len(header)}")
        version = int.from_bytes(header[_VERSION_AT : _VERSION_AT + 4], "little")
        if version != _VERSION:
            tally.warn("the header is not of versions 4 to 6, and was read as if it were")
        _category(header, tally)
        width, number, odd = WIDTHS["md5"], 0, False
        while block := _exactly(supplied, _RECORD * _AT_ONCE):
            if len(block) % _RECORD:
                raise damaged("the file is cut short in a value", f"record {number + 1}")
            for at in range(0, len(block), _RECORD):
                number += 1
                odd = odd or block[at + width : at + _RECORD] != b"\0\0"
                yield Record(number, md5=block[at : at + width])
        if odd:
            tally.warn("bytes between the values are not zero, as they always were so far")
        told = int.from_bytes(header[_COUNT_AT : _COUNT_AT + 4], "little")
        if told > number:
            raise damaged(
                f"the file is cut short: its header says {told} values", f"record {number}"
            )
        if told != number:
            tally.warn(f"the header says {told} values, and the file holds {number}")


def _category(header: bytes, tally: Tally) -> None:
    """Say what the file calls itself: it is of the whole set, and decides nothing."""
    data = header[_CATEGORY_AT : _CATEGORY_AT + _CATEGORY_BYTES]
    text = " ".join(data.decode("utf-16-le", errors="replace").partition("\0")[0].split())
    if text:
        said = shown(text) if text.isprintable() and not like_a_digest(text) else "by no plain word"
        tally.warn(f"the file calls its category {said}; its kind is what was said of it")


def _exactly(supplied: Supplied, count: int) -> bytes:
    """Read so many bytes, fewer only at the end of the file."""
    data = b""
    while len(data) < count and (more := supplied.stream.read(count - len(data))):
        data += more
    return data


IMPORTER: Final = Encase()
