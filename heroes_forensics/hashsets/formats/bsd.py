"""BSD and openssl tag lists: ``MD5 (name) = hex``, ``SHA2-256(name)= hex``.

RHash pads its tags with blanks. The name may hold parentheses, so a line is split at the last
``) =``. Source: the manual pages of ``md5sum --tag`` (GNU coreutils), ``md5`` (BSD), ``rhash`` and
``openssl dgst``.
"""

import re
from collections.abc import Iterator
from typing import Final

from heroes_forensics.hashsets.formats import values
from heroes_forensics.hashsets.formats.base import (
    WIDTHS,
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
    from_hex,
    of,
)
from heroes_forensics.hashsets.formats.text import head_lines, lines

_LINE: Final = re.compile(
    rb"\\?([A-Za-z][A-Za-z0-9/-]{1,15}) {0,8}\((.*)\) ?= ?([0-9A-Za-z]{8,256})", re.DOTALL
)
_FAMILIES: Final = (
    *("sha", "md", "blake", "rmd", "ripemd", "tiger", "whirlpool", "crc", "btih", "gost"),
    *("has160", "snefru", "edonr", "sm3", "keccak", "shake"),
)
"""Beginnings of the names of algorithms that such programs compute."""
_NAMES: Final = {
    "md5": "md5",
    "sha1": "sha1",
    "sha-1": "sha1",
    "sha256": "sha256",
    "sha-256": "sha256",
    "sha2-256": "sha256",
}


def _is_algorithm(tag: str) -> bool:
    """Tell whether a tag names an algorithm: other texts have lines of this form as well."""
    name = values.plain(tag)
    return tag.lower() in _NAMES or name in values.KINDS or name.startswith(_FAMILIES)


class Bsd:
    """Reads tag lists."""

    nature = ""

    def recognises(self, head: bytes) -> bool:
        """Say yes when the first line that is no comment is a tagged digest."""
        for line in head_lines(head):
            text = line.strip()
            if text and not text.startswith(("#", ";")):
                found = _LINE.fullmatch(text.encode("utf-8", errors="replace"))
                return found is not None and _is_algorithm(found.group(1).decode("ascii"))
        return False

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record a line; digests of other algorithms are kept as values."""
        del options
        for number, line in lines(supplied.stream, tally):
            text = line.strip(b" \t")
            if not text or text.startswith((b"#", b";")):
                continue
            found = _LINE.fullmatch(text)
            if found is None:
                yield Rejected(number, "not-a-digest")
                continue
            tag, _, digits = found.groups()
            name = tag.decode("ascii").lower()
            algorithm = _NAMES.get(name)
            if algorithm is None:
                others = values.values_of(name, digits.decode("ascii"))
                yield (
                    Rejected(number, "wrong-length")
                    if others is None
                    else Record(number, values=others)
                )
                continue
            value = from_hex(digits, WIDTHS[algorithm])
            if value is None:
                yield Rejected(number, "wrong-length")
                continue
            yield of(number, algorithm, value)


IMPORTER: Final = Bsd()
