"""What an AFF4 volume states of itself: the subset of Turtle (W3C, 2014) that imagers write.

Prefixes, subjects that are IRIs, predicates, and objects that are IRIs or literals. Blank nodes,
collections and multi-line strings are none of it and refused: a volume that has them was not
written by an imager.
"""

import re
from typing import Final

from heroes_forensics.errors import EvidenceError

MAX_BYTES: Final = 32 << 20
TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"

_TOKEN: Final = re.compile(
    r"""\s*+(?:\#[^\n]*+\s*+)*+(?:
        (?P<iri><[^<>"{}|^`\\\s]*>)
      | (?P<text>"(?:[^"\\\n\r]|\\.)*")(?:\^\^(?P<kind><[^<>\s]*>|[\w-]*:[\w-]*)|@[a-zA-Z-]+)?
      | (?P<prefix>@prefix\b)
      | (?P<name>[A-Za-z_][\w.-]*[\w-]:[\w%/.-]*[\w%/-]|[\w-]*:[\w%-]*|a\b)
      | (?P<number>[+-]?\d+(?:\.\d+)?|true|false)
      | (?P<mark>[.;,])
    )""",
    re.VERBOSE,
)
"""Comments are possessive: with a way back, a row of hashes takes twice as long per sign."""
_ESCAPE: Final = re.compile(r"\\(.)")

Facts = dict[str, dict[str, list[str]]]
"""By subject and predicate, both whole IRIs: objects, IRIs and literals alike as text."""


def read(data: bytes) -> Facts:
    """Read a Turtle document.

    Raises:
        EvidenceError: it is damaged, too large, or more than the subset.
    """
    if len(data) > MAX_BYTES:
        raise EvidenceError("the metadata of the AFF4 volume is larger than is read")
    try:
        return _Document(data.decode("utf-8")).facts()
    except (UnicodeDecodeError, KeyError, ValueError) as error:
        raise EvidenceError("the metadata of the AFF4 volume is damaged") from error


class _Document:
    """One document on the way from text to facts."""

    def __init__(self, text: str) -> None:
        self._text = text.rstrip()
        self._at = 0
        self._prefixes: dict[str, str] = {}

    def _next(self) -> "re.Match[str]":
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            raise ValueError("no token")
        self._at = found.end()
        return found

    def _value(self, found: "re.Match[str]") -> str:
        if found["iri"]:
            return found["iri"][1:-1]
        if found["text"]:
            return _ESCAPE.sub(r"\1", found["text"][1:-1])
        if found["number"]:
            return found["number"]
        if found["name"] == "a":
            return TYPE
        if not found["name"]:
            raise ValueError("no value")
        prefix, _, rest = found["name"].partition(":")
        return self._prefixes[prefix] + rest

    def facts(self) -> Facts:
        facts: Facts = {}
        while self._at < len(self._text):
            found = self._next()
            if found["prefix"]:
                name, iri, end = self._next(), self._next(), self._next()
                if not (name["name"] or "").endswith(":") or not iri["iri"] or end["mark"] != ".":
                    raise ValueError("no prefix")
                self._prefixes[name["name"][:-1]] = iri["iri"][1:-1]
                continue
            self._subject(facts.setdefault(self._value(found), {}))
        return facts

    def _subject(self, own: dict[str, list[str]]) -> None:
        while True:
            found = self._next()
            if found["mark"] == "." and own:
                return
            objects = own.setdefault(self._value(found), [])
            while True:
                objects.append(self._value(self._next()))
                mark = self._next()["mark"]
                if mark == ",":
                    continue
                break
            if mark == ".":
                return
            if mark != ";":
                raise ValueError("no end of a statement")
