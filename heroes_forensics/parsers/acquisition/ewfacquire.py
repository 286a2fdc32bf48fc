"""Logs of ewfacquire and ewfacquirestream (libewf): the file of ``-l``, or what they printed.

Made with ewfacquire 20140813 by the tests. The file of ``-l`` holds digests and read errors alone;
what was printed has sizes and times as well. Both are English everywhere.
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

_COMPUTED: Final = re.compile(r"hash calculated over data:\s+([0-9a-fA-F]{32,64})\s*$")
_TITLE: Final = re.compile(r"ewfacquire(?:stream)? (\d{8})\b", re.ASCII)
_MEDIA: Final = re.compile(r"\((\d{1,18}) bytes\)", re.ASCII)
_RANGE: Final = "sector(s):"
_SECTORS: Final = re.compile(r"\b(?:number|amount): (\d{1,18})", re.ASCII)
_TEXTS: Final = {
    "case number": "case_number",
    "evidence number": "evidence_number",
    "serial number": "serial",
}
_TIMES: Final = {"acquiry started at": "started", "acquiry completed at": "ended"}
_ENDS: Final = {
    "ewfacquire: SUCCESS": "yes",
    "ewfacquirestream: SUCCESS": "yes",
    "ewfacquire: FAILURE": "no",
    "ewfacquire: ABORTED": "no",
}


class Ewfacquire:
    """The log of ewfacquire."""

    def recognises(self, lines: list[str]) -> bool:
        """Look for a digest as it is written there; what ewfverify prints has stored ones, too."""
        computed = any(_COMPUTED.search(line) or _TITLE.match(line) for line in lines)
        return computed and not any("hash stored in file" in line for line in lines)

    def read(self, lines: list[str]) -> Stated:
        """Read line by line; a part that is missing leaves its field empty."""
        found = Stated()
        for line in lines:
            if title := _TITLE.match(line):
                found.version = version(title[1])
            elif computed := _COMPUTED.search(line):
                found.digests += filter(None, [digest(computed[1])])
            elif _RANGE in line and (sectors := _SECTORS.search(line)):
                found.bad_sectors = max(0, found.bad_sectors) + int(sectors[1])
            elif line in _ENDS:
                found.finished = _ENDS[line]
            else:
                self._labelled(found, line)
        if found.finished == "yes":
            found.bad_sectors = max(0, found.bad_sectors)
        return found

    def _labelled(self, found: Stated, line: str) -> None:
        """Take a line that begins with a label that is known."""
        name, value = field_of(line)
        label = name.lower()
        if label in _TEXTS:
            setattr(found, _TEXTS[label], value)
        elif label in _TIMES:
            setattr(found, _TIMES[label], moment(value))
        elif label == "bytes per sector":
            found.sector_size = max(0, number(value))
        elif label == "media size" and (size := _MEDIA.search(value)):
            found.size = int(size[1])
        elif label == "image path and filename":
            found.segments.append(base_name(value))
