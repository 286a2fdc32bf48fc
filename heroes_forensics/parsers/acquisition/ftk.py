"""Logs of FTK Imager (AccessData, later Exterro): ``IMAGE.E01.txt`` beside the image.

Learned from logs of versions 3.1 (command line), 3.4 and 4.5. Digests stand twice: taken while
acquiring, and, with a verdict behind a colon, when the image was verified afterwards. Labels are
English in every log that was seen; numbers are grouped as the machine is set up.
"""

import re
from typing import Final

from heroes_forensics.parsers.acquisition.stated import (
    Stated,
    base_name,
    digest,
    field_of,
    moment,
    number,
    version,
)

_TITLE: Final = re.compile(r"Created By .{0,40}Imager\D{0,4}(\S*)")
_FIRST: Final = 12
"""Lines in which a log says what it is."""
_DIGEST: Final = re.compile(r"\s*\S{1,12} \S{1,20}:\s+([0-9a-fA-F]{32,64})\s*(?::\s*(.*))?$")
_FAILED: Final = re.compile(r"mismatch|fail|differ|not ", re.IGNORECASE)
_RANGE: Final = re.compile(r"\s*(\d{1,18})(?:\s+through\s+(\d{1,18}))?\s*$", re.ASCII)
_SEGMENT: Final = re.compile(
    r"\.(?:[ESLesl][0-9A-Za-z]{2}|[ESL]x[0-9A-Za-z]{2}|ad[0-9]+|[0-9]{3,})$"
)
_TEXTS: Final = {
    "case number": "case_number",
    "evidence number": "evidence_number",
    "drive serial number": "serial",
}
_TIMES: Final = {"acquisition started": "started", "acquisition finished": "ended"}
_NUMBERS: Final = {"bytes per sector": "sector_size", "sector count": "size"}


class FtkImager:
    """The log of FTK Imager."""

    def recognises(self, lines: list[str]) -> bool:
        """Look for the title, or for what the command line programs begin with."""
        head = lines[:_FIRST]
        return any(_TITLE.search(line) for line in head) or any(
            line.startswith("Acquired using: ") for line in head
        )

    def read(self, lines: list[str]) -> Stated:
        """Read line by line; a part that is missing leaves its field empty."""
        found = Stated()
        unreadable = False
        for line in lines:
            if title := _TITLE.search(line):
                found.version = found.version or version(title[1])
            elif "could not be read" in line:
                unreadable = True
                found.bad_sectors = max(0, found.bad_sectors)
                self._count(found, line.rpartition(":")[2])
            elif not (unreadable and self._count(found, line)) and not self._labelled(found, line):
                self._rest(found, line)
        if found.size >= 0:
            found.size *= found.sector_size or 512
        return found

    def _labelled(self, found: Stated, line: str) -> bool:
        """Take a line that begins with a label that is known; say whether it does."""
        name, value = field_of(line)
        label = name.lower()
        if label in _TEXTS:
            setattr(found, _TEXTS[label], value)
        elif label in _TIMES:
            setattr(found, _TIMES[label], getattr(found, _TIMES[label]) or moment(value))
        elif label in _NUMBERS and number(value) >= 0:
            setattr(found, _NUMBERS[label], number(value))
        elif label == "acquired using":
            found.version = found.version or version(value.removeprefix("ADI"))
        else:
            return False
        return True

    def _rest(self, found: Stated, line: str) -> None:
        if hashed := _DIGEST.match(line):
            value = digest(hashed[1])
            if value is not None and hashed[2] is None:
                found.digests.append(value)
            elif value is not None:  # a check that failed agrees with nothing, whatever it names
                found.verified.append((value[0], "" if _FAILED.search(hashed[2]) else value[1]))
        elif line[:1] == " " and _SEGMENT.search(line):
            found.segments.append(base_name(line))

    def _count(self, found: Stated, text: str) -> bool:
        """Add a range of sectors; say whether there was one."""
        span = _RANGE.match(text)
        if span is None:
            return False
        first = int(span[1])
        found.bad_sectors += max(0, int(span[2] or first) - first + 1)
        return True
