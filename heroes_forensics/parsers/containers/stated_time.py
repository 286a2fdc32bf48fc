"""Times that a container states as text, in UTC."""

import calendar
import re
from typing import Final

from heroes_forensics.model import Moment

_BASIC: Final = re.compile(rb"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(?:\.(\d{1,9}))?")
"""ISO 8601 in its basic form, without a zone."""
_NANOSECONDS: Final = 9


def moment_of(text: bytes) -> Moment | None:
    """Return the moment that a text such as ``20180502T074659.164650`` states, None for others."""
    found = _BASIC.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(found[number]) for number in range(1, 7))
    if not (year and 0 < month <= 12 and 0 < day <= 31 and hour < 24):  # noqa: PLR2004
        return None
    seconds = calendar.timegm((year, month, day, hour, minute, second))
    fraction = (found[7] or b"").ljust(_NANOSECONDS, b"0")
    return Moment(seconds, int(fraction))
