"""Logs of Guymager: ``IMAGE.info`` beside the image.

Learned from Guymager's source and from logs of versions 0.7 and 0.8. Labels are translated, so that
values are told by their form where one is enough: a size is followed by another in brackets, times
are ISO, and digests come in threes (acquired, source verified, image verified). What can only be
told by words is in tables of the translations that Guymager has: German, French, Dutch, Chinese.
What a device said of itself stands indented, and is passed over.
"""

import re
from itertools import pairwise
from typing import Final

from heroes_forensics.parsers.acquisition.stated import (
    Stated,
    base_name,
    digest,
    field_of,
    moment,
    version,
)

_FIRST: Final = 4
_TITLE: Final = re.compile(r"GUYMA(?:NA)?GER\b.*[A-Z]{4}|GUYMAGER\W")
_SIZE: Final = re.compile(r"([0-9]{1,18}) \([^()]{1,20}\)")
_VERIFIED: Final = re.compile(r"v[eé]rif", re.IGNORECASE)
_DIGEST: Final = re.compile(r"(?:md5|sha-?1|sha-?256)\b", re.IGNORECASE)
_SUFFIX: Final = re.compile(r"\.[^./\\]{1,5}$")
_CASE: Final = frozenset(
    {"case number", "fallnummer", "numéro d'affaire", "zaaknummer", "案件序列号"}
)
_EVIDENCE: Final = frozenset(
    {"evidence number", "asservatennummer", "no. de pièce", "bewijsnummer", "证据号码"}
)
_STATES: Final = ("state", "status", "etat", "état", "状态")
_DONE: Final = (
    "finished success",
    "erfolgreich beendet",
    "terminé avec succ",
    "met succes",
    "成功完成",
)
_NO_BAD: Final = (
    *(
        "no bad sectors",
        "keine defekten sektoren",
        "keine defekte sektoren",
        "aucun mauvais secteur",
    ),
    "geen sectoren met fouten",
)
_BAD: Final = re.compile(
    r"(\d{1,18})"
    r" (?:bad sectors|defekten? sektoren|mauvais secteurs|slechte sectoren|sectoren niet)",
    re.IGNORECASE,
)
_SEGMENT: Final = re.compile(r"(?:[0-9a-f]{32}|n/a) {2,}(\S.*)", re.IGNORECASE)


class Guymager:
    """The log of Guymager."""

    def recognises(self, lines: list[str]) -> bool:
        """Look for the title, which stands in the first lines and is underlined."""
        return any(
            _TITLE.search(line) and set(under.strip()) == {"="}
            for line, under in pairwise(lines[: _FIRST + 1])
        )

    def read(self, lines: list[str]) -> Stated:
        """Read line by line; a part that is missing leaves its field empty."""
        found = Stated()
        for line in lines:
            name, value = field_of(line)
            label = name.lower()
            if line[:1] in {" ", "\t"}:
                if label in _CASE:
                    found.case_number = value
                elif label in _EVIDENCE:
                    found.evidence_number = value
            elif label in {"version", "versie"}:
                found.version = found.version or version(value)
            elif label in _STATES:
                found.finished = "yes" if value.lower().startswith(_DONE) else "no"
            elif found.bad_sectors < 0 and (bad := _BAD.search(line)):
                found.bad_sectors = int(bad[1])  # those of a verification are said after them
            elif found.bad_sectors < 0 and any(each in line.lower() for each in _NO_BAD):
                found.bad_sectors = 0
            else:
                self._valued(found, line, name, value)
        if not found.segments and found.base:
            found.base = found.base.rpartition(".")[0]
        return found

    def _valued(self, found: Stated, line: str, name: str, value: str) -> None:
        """Take a line that is told by the form of its value."""
        if _DIGEST.search(name) and (hashed := digest(value)) is not None:
            (found.verified if _VERIFIED.search(name) else found.digests).append(hashed)
        elif (size := _SIZE.fullmatch(value)) and found.size < 0:
            found.size = int(size[1])
        elif when := moment(value):
            if not found.started:
                found.started = when
            else:
                found.ended = when
        elif not found.base and ("/" in value or "\\" in value) and _SUFFIX.search(value[-6:]):
            found.base = base_name(value)
        elif segment := _SEGMENT.fullmatch(line):
            found.segments.append(base_name(segment[1]))
