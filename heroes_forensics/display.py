r"""How text of unknown origin is shown: one form for terminal, HTML, CSV and logs.

Whatever could move a cursor, turn the direction of writing, hide itself or break a line is
written as an escape that can be read back: ``\x1b`` for C0 controls and DEL, ``\x80`` to ``\xff``
for bytes that are not UTF-8, ``\u202e`` for everything else, ``\\`` for the backslash itself.
The table is our own, so that the same text has the same form under every version of Python.
"""

import re
from typing import Final

LIMIT: Final = 1024
"""Characters of one shown text, unless the caller says otherwise."""

_ESCAPED: Final = re.compile(
    "["
    r"\\"
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners, fillers
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero width, line ends, bidi controls
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"  # fillers, selectors, BOM, specials
    "\ud800-\udfff"  # lone surrogates, undecodable bytes among them
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # format, tags
    "]"
)
"""Controls and the characters that have no glyph of their own (Unicode: Cc, Cs, Zl, Zp,
Bidi_Control, Default_Ignorable_Code_Point)."""

_READ: Final = re.compile(
    r"\\(?:(\\)|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.?))", re.DOTALL
)
_BYTE_SURROGATES: Final = range(0xDC80, 0xDD00)
_ASCII_END: Final = 0x80
_BMP_END: Final = 0x10000


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    if char == "\\":
        return "\\\\"
    code = ord(char)
    if code in _BYTE_SURROGATES:
        return f"\\x{code - 0xDC00:02x}"
    if code < _ASCII_END:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < _BMP_END else f"\\U{code:08x}"


def shown(text: str | bytes, *, limit: int = LIMIT) -> str:
    r"""Return ``text`` in a form that is safe to show anywhere that shows plain text.

    Args:
        text: bytes are read as UTF-8; what is not UTF-8 becomes ``\xNN`` byte by byte.
        limit: the most characters to return. A longer text ends in ``\+N``, N being the
            number of characters of the shown form that were left out; at least 32.

    Returns:
        Text without controls, bidi controls, invisible characters and surrogates. Unless it
        was cut, `original` gives back exactly what came in.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    plain = text.isascii() and text.isprintable() and "\\" not in text
    result = text if plain else _ESCAPED.sub(_escape, text)
    limit = max(limit, 32)
    if len(result) <= limit:
        return result
    # Never inside an escape: a half one would read as something else.
    kept = limit - 16
    for match in _READ.finditer(result, 0, kept + 16):
        if match.start() >= kept:
            break
        if match.end() > kept:
            kept = match.start()
            break
    return f"{result[:kept]}\\+{len(result) - kept}"


def original(text: str) -> str:
    r"""Give back what `shown` was given; bytes come as with ``surrogateescape``.

    Raises:
        ValueError: ``text`` was cut, or `shown` never wrote it.
    """

    def back(match: re.Match[str]) -> str:
        slash, byte, short, long, _ = match.groups()
        if slash:
            return "\\"
        if byte:
            code = int(byte, 16)
            return chr(code if code < _ASCII_END else 0xDC00 + code)
        if short or long:
            return chr(int(short or long, 16))
        raise ValueError("this text was cut, or is not in display form")

    return _READ.sub(back, text)


def original_bytes(text: str) -> bytes:
    """Give back the bytes that `shown` was given.

    Raises:
        ValueError: as `original`, or the text holds a surrogate that no byte stands for.
    """
    return original(text).encode("utf-8", "surrogateescape")
