"""Hashes of other kinds: what suppliers call them, and how their text is read.

MD5, SHA-1 and SHA-256 have fields of their own in a record; everything else that names content
becomes a `Value`. The name of a column or key says the kind, never the shape of its text: 64
digits can be SHA-256 or PDQ, 40 can be SHA-1 or AICH. Base32 is read for tree hashes alone, base64
and lists of decimals for PhotoDNA alone. A value that cannot be read costs no record that has
another digest: it is counted, so that a listed file is still found by what is whole.
"""

import re
from base64 import b32decode, b64decode
from binascii import Error
from collections.abc import Callable
from typing import Final

from heroes_forensics.hashsets.formats.base import (
    WIDTHS,
    Record,
    Rejected,
    Tally,
    Value,
    from_hex,
    of,
)
from heroes_forensics.hashsets.known import VALUE_KINDS, VALUE_LIMIT, like_a_digest

KINDS: Final[dict[str, str]] = {
    **dict.fromkeys(("sha512", "sha512hash", "sha2512"), "sha512"),
    **dict.fromkeys(("ed2k", "ed2khash", "edk", "edonkey", "edonkeyhash", "emule"), "ed2k"),
    **dict.fromkeys(("aich", "aichhash"), "aich"),
    **dict.fromkeys(("tth", "tthhash", "tigertree"), "tth"),
    **dict.fromkeys(("btmh", "btmhfile"), "btmh"),
    **dict.fromkeys(("pdq", "pdqhash", "imagepdq"), "pdq"),
    **dict.fromkeys(("phash64", "imagehashphash"), "phash-64"),
    **dict.fromkeys(("dhash64", "imagehashdhash"), "dhash-64"),
    **dict.fromkeys(("photodna", "pdna", "photodnahash"), "photodna"),
    **dict.fromkeys(("tmk", "tmkpdqf", "videotmk"), "tmk"),
    "md5512": "md5-512",
    "md564k": "md5-64k",
}
"""Name, in lower case without punctuation, to a key of `VALUE_KINDS`."""

MAX_QUALITY: Final = 100
RECORD_VALUES: Final = 64
"""Other values that one record may carry; what is beyond is counted."""

_PUNCTUATION: Final = re.compile(r"[\W_]+")
_NOT_A_WORD: Final = re.compile(r"[^a-z0-9._-]+")
_WORD_LIMIT: Final = 32
_SEPARATORS: Final = re.compile("[,;]")
_DECIMALS: Final = re.compile(r"[0-9]{1,3}(?:\s*,\s*[0-9]{1,3}){143}")


def plain(name: str) -> str:
    """Return the name of a column or key without case and punctuation."""
    return _PUNCTUATION.sub("", name).lower()


def kind_of(name: str) -> str:
    """Return the kind that a supplier's name stands for: of the table, else the name as a word."""
    kind = KINDS.get(name) or KINDS.get(plain(name))
    if kind is None and like_a_digest(name):
        return "other"
    return kind or _NOT_A_WORD.sub("-", name.lower()).strip("._-")[:_WORD_LIMIT] or "other"


def values_of(name: str, text: str, quality: int = -1) -> tuple[Value, ...] | None:
    """Return what one field holds, None when it is not of its kind.

    Args:
        name: what the supplier calls the kind, in any case and punctuation.
        text: what stands in the field; of a kind that is not known it is kept as it came.
        quality: of a perceptual value.

    Returns:
        One value, or several where one field holds several PhotoDNA values.
    """
    kind, text = kind_of(name), text.strip()
    width = VALUE_KINDS.get(kind, 0)
    if not width:
        return (Value(kind, text.encode("utf-8", errors="backslashreplace"), quality),)
    if kind == "photodna":
        found = _photodna(text, width)
        return tuple(Value(kind, data, quality) for data in found) if found else None
    data = from_hex(text, width)
    if data is None and kind in ("aich", "tth"):
        data = base32(text, width)
    return None if data is None else (Value(kind, data, quality),)


def read(name: str, text: str, tally: Tally) -> tuple[Value, ...]:
    """Return what one field of a record holds; what cannot be read is counted and left out."""
    if not text.strip():
        return ()
    found = values_of(name, text)
    if found is None:
        tally.skipped[f"bad-{kind_of(name)}"] += 1
        return ()
    if any(len(value.data) > VALUE_LIMIT for value in found):
        tally.skipped["value-too-long"] += 1
        return ()
    return found


def record_of(
    number: int, name: str, text: str, *, entry: int = -1, named: tuple[Value, ...] = ()
) -> Record | Rejected:
    """Make a record of one hash that stands beside the name of its kind.

    Args:
        number: of the record.
        name: what the supplier calls the kind, in any case and punctuation.
        text: the hash; one that is not of its kind rejects the record.
        entry: the supplier's own number, -1 when it gives none.
        named: the supplier's own names of the entry.
    """
    algorithm = plain(name)
    if algorithm in WIDTHS:
        data = from_hex(text.strip(), WIDTHS[algorithm])
        if data is None:
            return Rejected(number, "not-a-digest")
        return of(number, algorithm, data)._replace(entry=entry, values=named)
    found = values_of(name, text)
    if found is None:  # of a kind of the table, so its name is a word of ours
        return Rejected(number, f"bad-{kind_of(name)}")
    return Record(number, entry=entry, values=found + named)


def entry(text: str) -> tuple[int, tuple[Value, ...]]:
    """Return the supplier's name of an entry: as a number if it is one, else as a value."""
    text = text.strip()
    if text.isascii() and text.isdigit() and (text == "0" or text[0] != "0"):
        number = int(text) if len(text) < 19 else -1  # noqa: PLR2004 - below 2^63
        if number >= 0:
            return number, ()
    data = text.encode("utf-8", errors="backslashreplace")
    return -1, (Value("id", data),) if 0 < len(data) <= VALUE_LIMIT else ()


def quality_of(text: str) -> int:
    """Return a quality from 0 to 100, -1 when none is said."""
    text = text.strip()
    if not text.isascii() or not text.isdigit() or len(text) > len(str(MAX_QUALITY)):
        return -1
    return int(text) if int(text) <= MAX_QUALITY else -1


def base32(text: str, width: int) -> bytes | None:
    """Return ``width`` bytes from base32 of either case, padded or not, or None."""
    bare = text.rstrip("=").upper()
    return _decoded(b32decode, bare + "=" * (-len(bare) % 8), width)


def base64(text: str, width: int) -> bytes | None:
    """Return ``width`` bytes from base64, padded or not, or None."""
    bare = text.rstrip("=")
    if len(bare) != -(-width * 4 // 3):
        return None
    return _decoded(_strict, bare + "=" * (-len(bare) % 4), width)


def _strict(text: str) -> bytes:
    return b64decode(text, validate=True)


def _decoded(decode: Callable[[str], bytes], text: str, width: int) -> bytes | None:
    try:
        data = decode(text)
    except (Error, ValueError):
        return None
    return data if len(data) == width else None


def _photodna(text: str, width: int) -> list[bytes]:
    """Return the values of one field: base64, hex, or 144 decimals; none when it holds others."""
    whole = base64(text, width) or from_hex(text, width)
    if whole is not None:
        return [whole]
    if _DECIMALS.fullmatch(text):
        numbers = [int(number) for number in text.split(",")]
        return [bytes(numbers)] if max(numbers) < 1 << 8 else []
    found: list[bytes] = []
    for piece in _SEPARATORS.split(text, maxsplit=RECORD_VALUES):
        data = base64(piece.strip(), width) or from_hex(piece.strip(), width)
        if data is None:
            return []
        found.append(data)
    return found
