"""Hashes of other kinds: what suppliers call them, and how their text is read.

MD5, SHA-1 and SHA-256 have fields of their own in a record; everything else that names content
becomes a `Value`. The name of a column or key says the kind, never the shape of its text: 64
digits can be SHA-256 or PDQ, 40 can be SHA-1 or AICH. A value that cannot be read costs no record
that has another digest: it is counted, so that a listed file is still found by what is whole.
"""

import re
from base64 import b32decode, b64decode
from binascii import Error
from hashlib import sha512
from typing import Final

from heroes_forensics.hashsets.formats.base import Tally, Value, from_hex
from heroes_forensics.hashsets.known import VALUE_KINDS, VALUE_LIMIT

KIND_OF: Final[dict[str, str]] = {
    **dict.fromkeys(("sha512", "sha512hash", "sha2512"), "sha512"),
    **dict.fromkeys(("ed2k", "ed2khash", "edonkey", "emule", "edk"), "ed2k"),
    **dict.fromkeys(("aich", "aichhash"), "aich"),
    **dict.fromkeys(("tth", "tthhash", "tigertree"), "tth"),
    **dict.fromkeys(("btmh", "btmhfile"), "btmh"),
    **dict.fromkeys(("pdq", "pdqhash", "imagepdq"), "pdq"),
    **dict.fromkeys(("photodna", "pdna"), "photodna"),
    **dict.fromkeys(("tmk", "tmkpdqf", "videotmk"), "tmk"),
    **dict.fromkeys(("md5512",), "md5-512"),
    **dict.fromkeys(("md564k",), "md5-64k"),
}
"""Name without case and punctuation, to a key of `VALUE_KINDS`."""

MAX_QUALITY: Final = 100
RECORD_VALUES: Final = 64
"""Other values that one record may carry; what is beyond is counted."""

_PLAIN_NAME: Final = re.compile(r"[\W_]+")
_KIND_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.+-]{0,31}")
_BASE32: Final = frozenset({"aich", "tth"})
_SPARE: Final = 16
"""One byte in so many may differ in a value that is called nearly constant."""
_EMPTY: Final = frozenset(
    {
        ("sha512", sha512(b"").digest()),
        ("ed2k", bytes.fromhex("31d6cfe0d16ae931b73c59d7e0c089c0")),
        ("aich", b32decode("3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ")),
        ("tth", b32decode("LWPNACQDBZRYXW3VHJVCJ64QBZNGHOHHHZWCLNQ=")),
        *(
            (kind, bytes.fromhex("d41d8cd98f00b204e9800998ecf8427e"))
            for kind in ("md5-512", "md5-64k")
        ),
    }
)
"""What each algorithm makes of no bytes at all; such values occur in real sets."""


def plain(name: str) -> str:
    """Return the name of a column or key without case and punctuation."""
    return _PLAIN_NAME.sub("", name).lower()


def decoded(kind: str, text: str) -> tuple[bytes, ...] | None:
    """Return the bytes of one value, or None when the text is not of this kind.

    Args:
        kind: a key of `VALUE_KINDS`.
        text: without blanks around it. PhotoDNA comes as base64, hex or 144 decimals, and
            several base64 values may stand in one field, separated by ``,`` or ``;``.
    """
    width = VALUE_KINDS[kind]
    if kind == "photodna":
        return _photodna(text)
    if not width:
        data = text.encode("utf-8", errors="replace")
        return (data,) if 0 < len(data) <= VALUE_LIMIT else None
    value = from_hex(text, width)
    if value is None and kind in _BASE32:
        value = base32(text, width)
    return None if value is None else (value,)


def base32(text: str, width: int) -> bytes | None:
    """Return ``width`` bytes from base32 of either case, padded or not, or None."""
    bare = text.rstrip("=")
    if len(bare) != -(-width * 8 // 5):
        return None
    try:
        return b32decode(bare.upper() + "=" * (-len(bare) % 8))
    except (Error, ValueError):
        return None


def base64(text: str, width: int) -> bytes | None:
    """Return ``width`` bytes from base64, padded or not, or None."""
    bare = text.rstrip("=")
    if len(bare) != -(-width * 4 // 3):
        return None
    try:
        return b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (Error, ValueError):
        return None


def worthless(kind: str, data: bytes) -> str:
    """Say why a value would match by accident, ``""`` when it does not."""
    if (kind, data) in _EMPTY:
        return "empty-input"
    if VALUE_KINDS.get(kind) and data.count(data[0]) != len(data):
        spare = len(data) // _SPARE if kind in ("pdq", "photodna") else 0
        distinct = set(data)
        if len(distinct) > 1 + spare or max(map(data.count, distinct)) < len(data) - spare:
            return ""
        return "constant"
    return "constant" if VALUE_KINDS.get(kind) else ""


def read(name: str, text: str, tally: Tally, *, quality: int = -1) -> tuple[Value, ...]:
    """Return what a named hash of a record is kept as; what is not kept is counted.

    Args:
        name: as the supplier calls it; of a kind that is not in `KIND_OF` the text is kept.
        text: as it came.
        tally: counts what is unreadable, too long, or would match by accident.
        quality: of a perceptual value.
    """
    text = text.strip()
    kind = KIND_OF.get(plain(name))
    if not text:
        return ()
    if kind is None:
        data = text.encode("utf-8", errors="replace")
        if len(data) > VALUE_LIMIT:
            tally.skipped["value-too-long"] += 1
            return ()
        low = name.strip().lower()
        return (Value(low if _KIND_NAME.fullmatch(low) else "other", data),)
    found = decoded(kind, text)
    if found is None:
        tally.skipped[f"bad-{kind}"] += 1
        return ()
    return kept(kind, found, tally, quality=quality)


def kept(
    kind: str, found: tuple[bytes, ...], tally: Tally, *, quality: int = -1
) -> tuple[Value, ...]:
    """Return the values that say something; count those that would match by accident."""
    values: list[Value] = []
    for data in found:
        reason = worthless(kind, data)
        if reason:
            tally.skipped[f"{reason}-value"] += 1
        else:
            values.append(Value(kind, data, quality))
    return tuple(values)


def entry(text: str) -> tuple[int, tuple[Value, ...]]:
    """Return the supplier's name of an entry: as a number if it is one, else as a value."""
    text = text.strip()
    if text.isdigit() and text.isascii() and (text == "0" or text[0] != "0") and len(text) < 19:  # noqa: PLR2004 - below 2^63
        return int(text), ()
    data = text.encode("utf-8", errors="replace")
    return -1, (Value("id", data),) if 0 < len(data) <= VALUE_LIMIT else ()


def _photodna(text: str) -> tuple[bytes, ...] | None:
    width = VALUE_KINDS["photodna"]
    whole = base64(text, width) or from_hex(text, width)
    if whole is not None:
        return (whole,)
    parts = [part.strip() for part in re.split("[,;]", text) if part.strip()]
    if len(parts) == width and all(
        part.isascii() and part.isdigit() and len(part) <= 3  # noqa: PLR2004 - 0 to 255
        for part in parts
    ):
        numbers = [int(part) for part in parts]
        return (bytes(numbers),) if max(numbers) <= 0xFF else None  # noqa: PLR2004
    found = [base64(part, width) for part in parts[: RECORD_VALUES + 1]]
    if not 1 < len(found) <= RECORD_VALUES:
        return None
    values = [value for value in found if value is not None]
    return tuple(values) if len(values) == len(found) else None
