"""Records of calibrations: what a laboratory measured of perceptual comparison, and signed.

A record is a signed note (`heroes_forensics.custody.notes`) whose text is one line: an object in
canonical JSON, as the ledger has it (whole numbers, plain keys). It is signed with the laboratory's
key under the name ``<domain>/calibration``. Nothing in it is about a single picture.
"""

import hashlib
from typing import Final, NamedTuple

from heroes_forensics.custody import chain, events, notes
from heroes_forensics.custody.keys import KeyRing, LedgerKey
from heroes_forensics.errors import CustodyError
from heroes_forensics.model import JSON

FORMAT: Final = "heroes-calibration/1"
ID_DIGITS: Final = 16
"""Hexadecimal digits of the record's SHA-256 by which it is called."""

_EDITS: Final = (
    " edits:[{name:str family:str held_out:bool made:nat failed:nat comparable:nat"
    " tier1_31:nat tier1_40:nat tier2_31*:nat tier2_40*:nat}]"
)
_CHANCES: Final = (
    " chances:[{of:as-is|edited|distractors|look-alikes what*:str tier:nat looked_at:nat"
    " comparisons:nat closest:nat pairs_31:nat pairs_40:nat pictures_31:nat pictures_40:nat"
    " grade_a*:nat upper_31:str upper_40:str}]"
)
FIELDS: Final = (
    "format:heroes-calibration/1 time:time laboratory:str examiner:str"
    " clock:object environment:object isolation:str"
    " method:{profile:str algorithm:str comparison_sha256:hex64 edits_sha256:hex64 radii:[nat]"
    " min_quality:nat min_side:nat alike:nat most_edited:nat collages:str}"
    " pictures:{files:nat compared:nat bytes:nat edited:nat lost:nat left_out:counts}"
    " distractors:null|{files:nat compared:nat bytes:nat left_out:counts}"
    " commitment:{salt:hex sha256:hex64}" + _EDITS + _CHANCES
)
"""Its form, in the words of `heroes_forensics.custody.events`."""
SHIPPED: Final = (
    "format:heroes-shipped-figures/1 commit:str stopped:bool"
    " pictures:{compared:nat edited:nat distractors:nat left_out:[{why:str files:nat}]}"
    + _EDITS
    + _CHANCES
)
"""The form of the figures that come with the program."""


class Record(NamedTuple):
    """A record that was read and found to be in order."""

    body: JSON
    sha256: str
    """Of the line with its LF, hex."""
    data: bytes
    """All of it, signature included."""

    @property
    def id(self) -> str:
        """By which it is called."""
        return self.sha256[:ID_DIGITS]


def name_of(domain: str) -> str:
    """Return the name under which a laboratory signs calibrations."""
    return f"{domain}/calibration"


def key_of(vkey: str) -> notes.VerifierKey:
    """Return the key that checks calibrations of the laboratory with this verification key."""
    found = notes.vkey(vkey)
    return notes.VerifierKey(name_of(found.name), notes.ED25519, found.public)


def line_of(body: JSON) -> bytes:
    """Return the line of a record, LF included, which is what is signed.

    Raises:
        CustodyError: it does not have the form of one.
    """
    _check(body)
    return chain.canonical(body) + b"\n"


def signed(body: JSON, ring: KeyRing) -> Record:
    """Sign what was measured.

    Raises:
        CustodyError: it does not have the form of a record.
    """
    line = line_of(body)
    data = notes.sign(line, [LedgerKey(name_of(ring.domain), ring.ledger)])
    return read(data, key_of(ring.vkey))


def read(data: bytes, key: notes.VerifierKey) -> Record:
    """Read a record that the key signed.

    Raises:
        CustodyError: it is damaged, unsigned, signed by somebody else, or was changed.
    """
    try:
        note = notes.parse(data)
    except CustodyError as error:
        raise CustodyError("it is damaged, or no signed record at all") from error
    verdict = notes.verdict(note, key)
    if not verdict.present:
        raise CustodyError("it is not signed with the key of this laboratory")
    if not verdict.good:
        raise CustodyError("its signature does not fit: it was changed")
    return Record(body_of(note.text), hashlib.sha256(note.text).hexdigest(), data)


def body_of(line: bytes) -> JSON:
    """Return what a line says.

    Raises:
        CustodyError: it is not canonical, or does not have the form of a record.
    """
    return _parsed(line, FIELDS)


def shipped_of(line: bytes) -> JSON:
    """Return what the figures say that come with the program.

    Raises:
        CustodyError: it is not canonical, or does not have their form.
    """
    return _parsed(line, SHIPPED)


def _parsed(line: bytes, fields: str) -> JSON:
    body = chain.parse(line.removesuffix(b"\n"))
    if not isinstance(body, dict):
        raise CustodyError("it is no record of a calibration")
    _check(body, fields)
    return body


def _check(body: JSON, fields: str = FIELDS) -> None:
    faults = events.faults(body, fields)
    if faults:
        raise CustodyError(f"it is no record that this version reads: {faults[0]}")
