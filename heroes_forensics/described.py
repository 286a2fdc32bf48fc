"""What pictures and films say of the device they were made with: metadata that is no content.

Make, model and serial numbers, dates, and whether there is a position; the position itself has no
place here. This is the one form in which it travels from a decoder, and is kept, sealed, in the
case. Everything here is checked, whoever made it: texts are printable and short, dates are whole
numbers with what is known of their zone. A time of day without a zone stays that.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from heroes_forensics.model import JSON

TEXTS: Final = ("make", "model", "serial", "camera_serial", "lens_serial", "software")
"""``serial`` is BodySerialNumber of Exif 2.3, ``camera_serial`` CameraSerialNumber of DNG."""
DATES: Final = ("original", "digitized", "changed", "container", "creation")
"""DateTimeOriginal, DateTimeDigitized and DateTime of Exif; when the container of a film says that
it was made; when a film says that it was recorded."""
TEXT_BYTES: Final = 128
"""Bytes of one text in UTF-8; a longer one is refused, never cut: that would be another number."""
NO_OFFSET: Final = np.iinfo(np.int16).min
_MINUTES: Final = 24 * 60
_EARLIEST: Final = -62_135_596_800
"""Seconds from 1970 to the first of January of the year 1."""
_LATEST: Final = 253_402_300_799
"""And to the last second of the year 9999."""
_NANOSECONDS: Final = 10**9


class State(IntEnum):
    """How looking for metadata ended."""

    NOTHING = 1
    """Nothing of what is looked for is there."""
    FOUND = 2
    UNREADABLE = 3
    """There is some that could not be read, or nobody could look; what was read before stands."""


class Basis(IntEnum):
    """What is known of the zone of a date."""

    NONE = 0
    """There is no such date."""
    LOCAL = 1
    """Time of day where the clock of the device stood; the zone is not stated."""
    OFFSET = 2
    """Time of day, with its distance from UTC."""
    UTC = 3
    """The format says UTC. Many cameras write their time of day there all the same."""
    DAY = 4
    """A day without a time; no zone is stated."""


class Position(IntEnum):
    """Whether a position on Earth is stated. Where it is, nobody asks."""

    UNKNOWN = 0
    NO = 1
    YES = 2


def _dtype() -> np.dtype[np.void]:
    columns: list[tuple[str, str] | tuple[str, str, tuple[int]]] = [
        ("id", "<u8"),
        ("state", "u1"),
        ("refused", "<u2"),
        ("position", "u1"),
        ("seconds", "<i8", (len(DATES),)),
        ("nanoseconds", "<u4", (len(DATES),)),
        ("offset", "<i2", (len(DATES),)),
        ("basis", "u1", (len(DATES),)),
    ]
    for name in TEXTS:
        columns += [(f"{name}_offset", "<u4"), (f"{name}_length", "<u2")]
    return np.dtype(columns)


METADATA: Final = _dtype()
"""One picture or film. ``refused`` has a bit for each of `TEXTS`, then each of `DATES`, that is
there in a form that is not taken. ``seconds`` since 1970 began, as the clock shows, zone or not;
``offset`` minutes east of UTC, `NO_OFFSET` where none is stated. Texts lie in the byte area."""

Rows = npt.NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Date:
    """One date as it is stated."""

    seconds: int
    """Since 1970 began, by the clock that it was read from: not UTC unless ``basis`` says so."""
    basis: Basis
    nanoseconds: int = 0
    offset: int = NO_OFFSET
    """Minutes east of UTC."""

    def to_json(self) -> JSON:
        """Return it in words; the zone is always beside it."""
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)
        text = moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
        if self.nanoseconds:
            text += f".{self.nanoseconds:09d}".rstrip("0")
        if self.basis is Basis.DAY:
            text = text[:10]
        zone = {Basis.UTC: "utc-by-format", Basis.OFFSET: _offset_text(self.offset)}
        return {"local": text, "zone": zone.get(self.basis, "not-stated")}


def _offset_text(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}"


@dataclass(frozen=True, slots=True)
class Description:
    """What one picture or film says."""

    state: State
    texts: Mapping[str, str] = field(default_factory=dict)
    """By the words of `TEXTS`."""
    dates: Mapping[str, Date] = field(default_factory=dict)
    """By the words of `DATES`."""
    position: Position = Position.UNKNOWN
    refused: frozenset[str] = frozenset()
    """Those that are there in a form that is not taken."""

    @property
    def serial(self) -> str:
        """The number by which a device differs from others of its model; empty without one.

        Nothing but zeros is what devices without a number write.
        """
        numbers = (self.texts.get(name, "") for name in ("serial", "camera_serial"))
        return next((each for each in numbers if each.strip("0 -")), "")

    @property
    def model(self) -> tuple[str, str]:
        """Make and model."""
        return self.texts.get("make", ""), self.texts.get("model", "")

    def to_json(self) -> JSON:
        """Return everything that is known, in words."""
        return {
            "state": self.state.name.lower(),
            **{name: self.texts[name] for name in TEXTS if name in self.texts},
            "dates": {name: self.dates[name].to_json() for name in DATES if name in self.dates},
            "position": self.position.name.lower(),
            "refused": [name for name in (*TEXTS, *DATES) if name in self.refused],
        }


LOST: Final = Description(State.UNREADABLE)
"""Of a picture or film whose decoder ended before it could say anything."""


# ---- from bytes of evidence --------------------------------------------------------------


class RefusedError(ValueError):
    """A value is there in a form that is not taken."""


def text_of(raw: bytes) -> str:
    r"""Return a text as it is kept: up to the first NUL, printable; empty where there is none.

    What is not UTF-8, or not to be shown (control characters, marks that turn the direction of
    writing), is written as ``\xNN`` (a byte) or ``\uNNNN``, a backslash doubled: two texts stay
    two, and none of them moves a terminal.

    Raises:
        RefusedError: it is longer than is kept.
    """
    shown = raw.partition(b"\0")[0].strip()
    if len(shown) > TEXT_BYTES:
        raise RefusedError
    text = "".join(map(_escaped, shown.decode("utf-8", "surrogateescape"))).strip()
    if len(text.encode()) > TEXT_BYTES:
        raise RefusedError
    return text


_RAW: Final = 0xDC00
"""Where Python puts bytes that are no UTF-8."""


def _escaped(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character.isprintable():
        return character
    number = ord(character)
    if _RAW <= number <= _RAW + 0xFF:
        return f"\\x{number - _RAW:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004 - four digits


_DATE: Final = re.compile(
    rb"([0-9]{4})[-:/]([0-9]{2})[-:/]([0-9]{2})"
    rb"(?:[T ]+([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]{1,30}))?)?"
    rb" ?(Z|[-+][0-9]{2}:?[0-9]{2})?"
)
_OFFSET: Final = re.compile(rb"([-+])([0-9]{2}):?([0-9]{2})")
_BLANK: Final = b" :0-/T"


def date_of(raw: bytes, *, offset: bytes = b"", fraction: bytes = b"") -> Date | None:
    """Return a date as cameras and containers write it; None where it is left blank.

    Args:
        raw: ``2019:07:01 12:00:00``, also with other signs between, a fraction, a zone.
        offset: the zone, where it stands by itself; one that is none says nothing.
        fraction: digits behind the second, likewise.

    Raises:
        RefusedError: it is no date.
    """
    text = raw.partition(b"\0")[0].strip()
    if not text.strip(_BLANK):
        return None
    found = _DATE.fullmatch(text[:TEXT_BYTES])
    if found is None:
        raise RefusedError
    day, clock, zone = found.groups()[:3], found.groups()[3:6], found[8] or offset.strip(b" \0")
    try:
        moment = datetime(*map(int, day), *map(int, clock if clock[0] else ()), tzinfo=UTC)  # type: ignore[arg-type,misc] # three or six numbers
    except ValueError as error:
        raise RefusedError from error
    seconds = int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    if clock[0] is None:
        return Date(seconds, Basis.DAY)
    digits = (found[7] or fraction.partition(b"\0")[0].strip())[:9]
    nanoseconds = int(digits.ljust(9, b"0")) if digits.isdigit() else 0
    if zone == b"Z":
        return Date(seconds, Basis.OFFSET, nanoseconds, 0)
    stated = _OFFSET.fullmatch(zone)
    minutes = int(stated[2]) * 60 + int(stated[3]) if stated else _MINUTES
    if stated is None or minutes >= _MINUTES:
        return Date(seconds, Basis.LOCAL, nanoseconds)
    sign = -1 if stated[1] == b"-" else 1
    return Date(seconds, Basis.OFFSET, nanoseconds, sign * minutes)


# ---- rows --------------------------------------------------------------------------------


def packed(number: int, told: Description) -> tuple[Rows, bytes]:
    """Return one `METADATA` row about the item ``number``, and its byte area."""
    row = np.zeros(1, dtype=METADATA)
    row["id"], row["state"], row["position"] = number, told.state, told.position
    row["refused"] = sum(
        1 << place for place, name in enumerate((*TEXTS, *DATES)) if name in told.refused
    )
    row["offset"] = NO_OFFSET
    for place, name in enumerate(DATES):
        date = told.dates.get(name)
        if date is not None:
            row["seconds"][0, place] = date.seconds
            row["nanoseconds"][0, place] = date.nanoseconds
            row["offset"][0, place] = date.offset
            row["basis"][0, place] = date.basis
    area = b""
    for name in TEXTS:
        text = told.texts.get(name, "").encode()
        row[f"{name}_offset"], row[f"{name}_length"] = len(area), len(text)
        area += text
    return row, area


def unpacked(rows: Rows, area: bytes) -> Iterator[tuple[int, Description]]:
    """Yield (item, what it says) of `METADATA` rows, each of them checked.

    Raises:
        ValueError: a row says what none of ours does.
    """
    for row in rows:
        yield int(row["id"]), _checked(row, area)


def _checked(row: np.void, area: bytes) -> Description:
    state, position = State(int(row["state"])), Position(int(row["position"]))
    bits = int(row["refused"])
    names = (*TEXTS, *DATES)
    if bits >> len(names):
        raise ValueError("a value is refused that there is not")
    refused = frozenset(name for place, name in enumerate(names) if bits >> place & 1)
    texts = {name: text for name in TEXTS if (text := _text(row, name, area))}
    dates = {name: date for place, name in enumerate(DATES) if (date := _date(row, place))}
    if refused & {*texts, *dates}:
        raise ValueError("a value is refused and there")
    told = Description(state, texts, dates, position, refused)
    is_empty = not (texts or dates or refused or position is Position.YES)
    if is_empty == (state is State.FOUND) and state is not State.UNREADABLE:
        raise ValueError("metadata is found and there is none, or the reverse")
    return told


def _text(row: np.void, name: str, area: bytes) -> str:
    start, length = int(row[f"{name}_offset"]), int(row[f"{name}_length"])
    if length > TEXT_BYTES or start + length > len(area):
        raise ValueError("a text of metadata is longer than it may be")
    text = area[start : start + length].decode()
    if not text.isprintable() or text != text.strip():
        raise ValueError("a text of metadata holds what cannot be shown")
    return text


def _date(row: np.void, place: int) -> Date | None:
    date = Date(
        seconds=int(row["seconds"][place]),
        basis=Basis(int(row["basis"][place])),
        nanoseconds=int(row["nanoseconds"][place]),
        offset=int(row["offset"][place]),
    )
    if date.basis is Basis.NONE:
        if date != Date(0, Basis.NONE):
            raise ValueError("a date is not there and says something")
        return None
    if not _EARLIEST <= date.seconds <= _LATEST or date.nanoseconds >= _NANOSECONDS:
        raise ValueError("a date is none")
    has_offset = date.offset != NO_OFFSET
    if has_offset != (date.basis is Basis.OFFSET) or (has_offset and abs(date.offset) >= _MINUTES):
        raise ValueError("a date has an impossible zone")
    if date.basis is Basis.DAY and (date.seconds % (60 * _MINUTES) or date.nanoseconds):
        raise ValueError("a day has a time")
    return date
