"""NCMEC hash sharing, API version 2: saved answers (XML ``queryResult``).

Several answers may follow one another in one file, as ``cat page-*.xml`` makes it. What an entry
is is said by its member and its id together: a later entry of the same replaces the earlier one, a
deleted one removes it, so the file is read twice, first for what is superseded. Elements that only
point to a value (large fingerprints) are counted. Source: the client and its test data in
python-threatexchange (Meta), which refers to NCMEC's own documentation.
"""

import secrets
from collections.abc import Iterator
from hashlib import blake2b
from typing import Final

import numpy as np
import numpy.typing as npt

from heroes_forensics.hashsets.formats import values
from heroes_forensics.hashsets.formats.base import (
    CATEGORY_LIMIT,
    WIDTHS,
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
    Value,
    from_hex,
)
from heroes_forensics.hashsets.formats.xmlstream import Element, Node, elements, root_of
from heroes_forensics.hashsets.known import VALUE_LIMIT, pack_flags

_ROOT: Final = "queryresult"
_ENTRIES: Final = frozenset({"image", "video", "deletedimage", "deletedvideo"})
_DELETED: Final = "deleted"
_AROUND: Final = frozenset({_ROOT, *(f"{name}s" for name in _ENTRIES)})
_WANTED: Final = _ENTRIES | {"paging"}
_FIELDS: Final = frozenset(
    {"member", "timestamp", "id", "classification", "fingerprints", "feedback"}
)
_NAMING: Final = frozenset({"member", "id"})
_IDENTITY: Final = 16
"""Bytes that stand for an identity, keyed: nobody can make two that are alike."""


class Ncmec:
    """Reads answers of the NCMEC hash sharing API."""

    nature = "notable"

    def recognises(self, head: bytes) -> bool:
        """Say yes to the root element ``queryResult``."""
        root = root_of(head)
        return root is not None and root.name == _ROOT

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record for each entry that is neither replaced nor deleted."""
        del options
        tally.numbering = "record"
        tally.scheme = "ncmec"
        root = root_of(supplied.head)
        tally.version = (
            root.namespace.rpartition("/v")[2] if root and "/v" in root.namespace else ""
        )
        if tally.version != "2":
            tally.warn(
                "the answer is not of version 2 of the interface, and was read as if it were"
            )
            tally.version = ""
        superseded = _superseded(supplied)
        supplied.stream.seek(0)
        pages = _Pages()
        number = 0
        around: set[str] = set()
        for element in elements(supplied.stream, _WANTED, documents=True, around=around):
            if element.node.name == "paging":
                pages.further = element.node.value("next")
                continue
            number += 1
            pages.entry(element)
            if element.node.name.startswith(_DELETED):
                tally.skipped["deleted"] += 1
                yield Record(number)
            elif superseded[number - 1]:
                tally.skipped["superseded"] += 1
                yield Record(number)
            else:
                yield _entry(number, element.node, tally)
        pages.judge(tally)
        for name in around - _AROUND:
            tally.unknown(name)


class _Pages:
    """What the answers say of themselves."""

    def __init__(self) -> None:
        self.further = ""
        self._told = 0
        self._read = 0
        self._last: Node | None = None

    def entry(self, element: Element) -> None:
        """Note one entry, and the count of the list that it is in."""
        self._read += 1
        self.further = ""
        around = element.above[-1] if element.above else None
        if around is not None and around is not self._last:
            self._last = around
            count = around.attributes.get("count", "")
            self._told += int(count) if count.isdecimal() and len(count) < _IDENTITY else 0

    def judge(self, tally: Tally) -> None:
        """Warn where there is less, or more, than is said."""
        if self.further:
            tally.warn(
                "the last answer names a further page: the list is not complete; save every page"
                " and join them in order before the import"
            )
        if self._told and self._told != self._read:
            tally.warn(f"the answers say {self._told} entries and hold {self._read}")


def _superseded(supplied: Supplied) -> npt.NDArray[np.bool_]:
    """Tell for each entry whether a later one has the same identity; 16 bytes an entry."""
    key = secrets.token_bytes(32)
    identities = bytearray()
    for element in elements(supplied.stream, _ENTRIES, documents=True, inside=_NAMING):
        identities += _identity(element.node, key) or secrets.token_bytes(_IDENTITY)
    pairs = np.frombuffer(bytes(identities), "<u8").reshape(-1, 2)
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))  # stable: equal ones stay in their order
    ordered = pairs[order]
    again = np.zeros(len(pairs), bool)
    again[order[:-1]] = (ordered[1:] == ordered[:-1]).all(axis=1)
    return again


def _identity(node: Node, key: bytes) -> bytes | None:
    member, own = node.child("member"), node.value("id")
    if member is None or not own:
        return None
    text = f"{member.attributes.get('id', '')}\0{own}"
    return blake2b(text.encode(), digest_size=_IDENTITY, key=key).digest()


def _entry(number: int, node: Node, tally: Tally) -> Record | Rejected:
    for field in node.children:
        if field.name not in _FIELDS:
            tally.unknown(field.name)
    category = node.value("classification")
    if len(category.encode()) > CATEGORY_LIMIT:
        return Rejected(number, "bad-category")
    digests: dict[str, bytes] = {}
    others: list[Value] = []
    for fingerprint in _inside(node, "fingerprints"):
        reason = _fingerprint(fingerprint, digests, others, tally)
        if reason:
            return Rejected(number, reason)
    member, own = node.child("member"), node.value("id")
    if own:
        issuer = member.attributes.get("id", "") if member else ""
        others.insert(0, Value("id", f"{issuer}/{own}".encode()[:VALUE_LIMIT]))
    if len(others) > values.RECORD_VALUES:
        tally.skipped["too-many-values"] += 1
        del others[values.RECORD_VALUES :]
    if not digests:
        tally.skipped["no-digest"] += 1
    flags = pack_flags({"disputed": True}) if _disputed(node, tally) else 0
    md5, sha1, sha256 = (digests.get(name, b"") for name in WIDTHS)
    return Record(number, md5, sha1, sha256, flags=flags, category=category, values=tuple(others))


def _fingerprint(node: Node, digests: dict[str, bytes], others: list[Value], tally: Tally) -> str:
    """Take one fingerprint; return what is wrong with it, empty when nothing is."""
    name, text = node.name.replace("_", "-"), node.text.strip()
    if not text:
        tally.skipped["fingerprint-elsewhere" if "href" in node.attributes else "empty"] += 1
        return ""
    if name in WIDTHS:
        digest = from_hex(text, WIDTHS[name])
        if digest is None:
            return f"bad-{name}"
        return "" if digests.setdefault(name, digest) == digest else "digests-contradict"
    others.extend(values.read(name, text, tally))
    return ""


def _disputed(node: Node, tally: Tally) -> bool:
    """Count feedback on an entry; say whether some of it is negative."""
    disputed = False
    for answer in _inside(node, "feedback"):
        if answer.name == "negativefeedback":
            disputed = True
    if disputed:
        tally.facts["disputed"] = int(str(tally.facts.get("disputed", 0))) + 1
        tally.warn("fingerprints with negative feedback were imported: their entries are disputed")
    return disputed


def _inside(node: Node, name: str) -> list[Node]:
    return [inner for child in node.children if child.name == name for inner in child.children]


IMPORTER: Final = Ncmec()
