"""The text of an acquisition log, and the plain values that every form of one comes down to."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

MAX_BYTES: Final = 8 << 20
"""Of one log: lists of unreadable sectors are the longest thing in any."""
MAX_LINES: Final = 200_000
MAX_LINE: Final = 4096
"""Characters of one line that are looked at."""
ALGORITHMS: Final = {32: "md5", 40: "sha1", 64: "sha256"}
"""By hexadecimal digits. They decide, not the label: a translation of Guymager calls SHA-1 by
the name of SHA-256."""

_HEAD: Final = 4096
_HEX: Final = re.compile(r"[0-9a-fA-F]+", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]{1,3}(?:[.,'\u00a0\u202f][0-9]{3}){1,6}|[0-9]{1,18}", re.ASCII)
_VERSION: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]{0,31}", re.ASCII)
_MONTHS: Final = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)
_CLOCK: Final = r"(?P<clock>\d\d:\d\d:\d\d)"
_FORMS: Final = tuple(
    re.compile(form + r"(?!\d)", re.ASCII)
    for form in (
        rf"(?P<year>\d{{4}})-(?P<month>\d\d)-(?P<day>\d\d)[ T]{_CLOCK}",
        (
            rf"[A-Za-z]{{3}} (?P<month>[A-Za-z]{{3}}) {{1,2}}(?P<day>\d{{1,2}}) {_CLOCK}"
            r" (?P<year>\d{4})"
        ),
        rf"(?P<month>[A-Za-z]{{3}}) (?P<day>\d{{1,2}}), (?P<year>\d{{4}}) {_CLOCK}",
    )
)
"""Forms of times, by the programs that write them: ISO, that of C's ``asctime``, libewf's."""


@dataclass(slots=True)
class Stated:
    """What a log states of one acquisition. Texts are as found and leave no worker."""

    version: str = ""
    """Of the program."""
    digests: list[tuple[str, str]] = field(default_factory=list)
    """Algorithm and value, taken of the media while it was acquired."""
    verified: list[tuple[str, str]] = field(default_factory=list)
    """Likewise, taken afterwards of the device or of the image."""
    size: int = -1
    """Bytes of the media; -1: not stated."""
    sector_size: int = 0
    """0: not stated."""
    started: str = ""
    """``YYYY-MM-DDThh:mm:ss`` by the clock of the imaging machine, in a zone that is not stated."""
    ended: str = ""
    bad_sectors: int = -1
    """-1: not stated."""
    finished: str = ""
    """``yes`` or ``no``; empty: not stated."""
    segments: list[str] = field(default_factory=list)
    """Names of the files of the image, without their folders."""
    base: str = ""
    """Name of the files of the image without their suffixes, where the log says no more."""
    case_number: str = ""
    evidence_number: str = ""
    serial: str = ""
    """Of the device."""


def decoded(data: bytes) -> list[str]:
    """Return the lines of a log: UTF-8, UTF-16 by its mark or its zeros, else Windows-1252.

    Whatever the bytes are, there are lines; what the encoding does not have is replaced.
    """
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        text = data.decode("utf-16", "replace")
    elif data[:3] == b"\xef\xbb\xbf":
        text = data[3:].decode("utf-8", "replace")
    elif data[1:_HEAD:2].count(0) * 4 > len(data[1:_HEAD:2]):
        text = data.decode("utf-16-le", "replace")
    elif data[0:_HEAD:2].count(0) * 4 > len(data[0:_HEAD:2]):
        text = data.decode("utf-16-be", "replace")
    else:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return [line[:MAX_LINE].rstrip() for line in plain.split("\n")]


def digest(text: str) -> tuple[str, str] | None:
    """Return the algorithm and the small letters of a digest; None where the text is none."""
    value = text.strip()
    algorithm = ALGORITHMS.get(len(value))
    if algorithm is None or _HEX.fullmatch(value) is None:
        return None
    return algorithm, value.lower()


def number(text: str) -> int:
    """Return the whole number at the beginning of a text, thousands parted or not; -1 without."""
    found = _NUMBER.match(text.strip())
    return int(re.sub(r"[^0-9]", "", found[0])) if found else -1


def version(text: str) -> str:
    """Return the text where it can be a version, else an empty one."""
    value = text.strip()
    return value if _VERSION.fullmatch(value) and any(c.isdigit() for c in value) else ""


def moment(text: str) -> str:
    """Return a time as ``YYYY-MM-DDThh:mm:ss``; empty where its form is not known."""
    value = text.strip()
    found = next((hit for form in _FORMS if (hit := form.match(value))), None)
    if found is None:
        return ""
    part = found.groupdict()
    month = part["month"].lower()
    number_of = _MONTHS.index(month) + 1 if month in _MONTHS else month
    try:
        day = f"{part['year']}-{number_of:0>2}-{part['day']:0>2}"
        return datetime.fromisoformat(f"{day}T{part['clock']}").isoformat()
    except ValueError:
        return ""


def base_name(path: str) -> str:
    """Return the last part of a path of any system."""
    return path.strip().replace("\\", "/").rpartition("/")[2]


def field_of(line: str) -> tuple[str, str]:
    """Return what stands before and after the first colon, both without blanks."""
    name, _, value = line.partition(":")
    return name.strip(), value.strip()
