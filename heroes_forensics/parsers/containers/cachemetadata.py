"""What stands behind a content in an entry of Firefox's cache, by which the entry is known.

The content comes first; behind it a checksum, one of each 256 KiB of the content, a header, the key
(tags, a colon and the address), and pairs of names and values, among them the headers of the
answer; the last four bytes say where the content ends. All numbers are big-endian. So such a file
is known by its end (`metadata_in`), whatever it begins like. The form is that of Firefox's
``netwerk/cache2`` (``CacheFileMetadata``), versions 1 to 4 of it.
"""

import struct
from typing import Final, NamedTuple

LONGEST: Final = 1 << 16
"""Bytes of what stands behind a content, at most."""
_CHUNK: Final = 1 << 18
"""Bytes of content that one checksum is of."""
_HEADER: Final = struct.Struct(">7I")
"""Version, how often and when it was fetched, when changed, how much wanted, when it expires,
bytes of the key; flags from version 2 on."""
_VERSIONS: Final = range(1, 5)
_STATED_TWICE: Final = 4
"""The version that stands behind the values, too, as Firefox 153 writes it."""
_END: Final = 4
_SHORTEST: Final = 4 + _HEADER.size + 1 + _END


class Metadata(NamedTuple):
    """What stands behind a content."""

    start: int
    """Where it begins, which is how long the content is."""
    address: bytes
    values: bytes
    """Names and values, each ended by a zero."""


def metadata_in(tail: bytes, size: int) -> Metadata | None:
    """Return what stands behind a content; None where a file is no entry of the cache.

    Args:
        tail: the last bytes of the file, `LONGEST` of them or all.
        size: bytes of the file.
    """
    start = int.from_bytes(tail[-_END:], "big")
    at = start - (size - len(tail))
    if not 0 <= at <= len(tail) - _SHORTEST:
        return None
    at += 4 + 2 * -(-start // _CHUNK)
    if at + _HEADER.size > len(tail):
        return None
    version, *_, length = _HEADER.unpack_from(tail, at)
    if version not in _VERSIONS:
        return None
    at += _HEADER.size + (4 if version > 1 else 0)
    key, values = tail[at : at + length], tail[at + length : -_END]
    if version == _STATED_TWICE:
        values = values.removesuffix(version.to_bytes(4, "big"))
    tags, colon, address = key.partition(b":")
    while colon and tags.count(b",") and not tags.endswith(b","):  # within the value of a tag
        more, colon, address = address.partition(b":")
        tags += b":" + more
    is_key = colon and b"\0" not in key and len(key) == length
    if not is_key or not values.startswith(b"\0") or not values.endswith(b"\0"):
        return None
    return Metadata(start, address, values[1:])
