"""Which characters can be set on paper with the fonts that the typesetter brings along.

PDF/A forbids text without a glyph, and fonts of the machine are never used: the same report has to
be the same file everywhere. What those fonts do not have is written by its number, ``[U+4E2D]``.
"""

import re
import unicodedata
from typing import Final

MAY_BREAK: Final = "\u200b"
"""Where a line may break inside a word. It is a mark for the typesetter and never in its file: what
is copied from there has no character that nobody sees."""

LONGEST: Final = 38
"""Characters of a word that is not broken anywhere; a UUID has 36."""

_RANGES: Final = (
    "\u0020-\u007e\u00a0-\u00ac\u00ae-\u01c3\u01cd-\u01dd\u01fc-\u021f\u0224-\u0241\u0250-\u02b8"
    "\u0300-\u033f\u038e-\u03a1\u03a3-\u03ce\u0400-\u045f\u0490-\u049b\u04cf-\u04f9\u0531-\u0556"
    "\u0561-\u0587\u05d0-\u05ea\u10d0-\u10fc\u1e00-\u1e9b\u1e9e-\u1ef9\u2010-\u2027\u2030-\u2037"
    "\u2039-\u203f\u20a0-\u20b5\u2190-\u2220\u2241-\u226b\u2500-\u2600"
)
"""What both families have in every style: Libertinus Serif or DejaVu Sans Mono."""

_NOT_SET: Final = re.compile(f"[^{_RANGES}\n\t]")
_LONG: Final = re.compile(rf"\S{{{LONGEST + 1},}}")
_PIECE: Final = 16


def printable(text: str) -> str:
    """Return text that can be set: no character without a glyph, no word wider than a column."""
    return _LONG.sub(_breakable, settable(text))


def settable(text: str) -> str:
    """Return text without a character that has no glyph; its words are as long as they are."""
    return _NOT_SET.sub(_by_number, unicodedata.normalize("NFC", text))


def _by_number(found: re.Match[str]) -> str:
    return f"[U+{ord(found[0]):04X}]"


def _breakable(found: re.Match[str]) -> str:
    word = found[0]
    return MAY_BREAK.join(word[at : at + _PIECE] for at in range(0, len(word), _PIECE))
