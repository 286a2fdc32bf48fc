"""Records that a laboratory signs apart from any case: one line, signed under a name of its own.

A record is a signed note (`heroes_forensics.custody.notes`) whose text is one line: an object in
canonical JSON, as the ledger has it (whole numbers, plain keys). It is signed with the laboratory's
key under the name ``<domain>/<kind>``, so that no record of one kind passes for another.
"""

import hashlib
from typing import Final, NamedTuple

from heroes_forensics.custody import chain, events, notes
from heroes_forensics.custody.keys import KeyRing, LedgerKey
from heroes_forensics.errors import CustodyError
from heroes_forensics.model import JSON

ID_DIGITS: Final = 16
"""Hexadecimal digits of the record's SHA-256 by which it is called."""


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


class Form(NamedTuple):
    """One kind of record."""

    kind: str
    """``calibration``, ``validation``."""
    fields: str
    """Its form, in the words of `heroes_forensics.custody.events`."""

    def name_of(self, domain: str) -> str:
        """Return the name under which a laboratory signs it."""
        return f"{domain}/{self.kind}"

    def key_of(self, vkey: str) -> notes.VerifierKey:
        """Return the key that checks records of the laboratory with this verification key."""
        found = notes.vkey(vkey)
        return notes.VerifierKey(self.name_of(found.name), notes.ED25519, found.public)

    def line_of(self, body: JSON) -> bytes:
        """Return the line of a record, LF included, which is what is signed.

        Raises:
            CustodyError: it does not have the form of one.
        """
        self.check(body)
        return chain.canonical(body) + b"\n"

    def signed(self, body: JSON, ring: KeyRing) -> Record:
        """Sign a record.

        Raises:
            CustodyError: it does not have the form of one.
        """
        line = self.line_of(body)
        data = notes.sign(line, [LedgerKey(self.name_of(ring.domain), ring.ledger)])
        return self.read(data, self.key_of(ring.vkey))

    def read(self, data: bytes, key: notes.VerifierKey) -> Record:
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
        return Record(self.body_of(note.text), hashlib.sha256(note.text).hexdigest(), data)

    def body_of(self, line: bytes) -> JSON:
        """Return what a line says.

        Raises:
            CustodyError: it is not canonical, or does not have the form of a record.
        """
        body = chain.parse(line.removesuffix(b"\n"))
        if not isinstance(body, dict):
            raise CustodyError(f"it is no record of a {self.kind}")
        self.check(body)
        return body

    def check(self, body: JSON) -> None:
        """Refuse what does not have the form.

        Raises:
            CustodyError: it does not.
        """
        faults = events.faults(body, self.fields)
        if faults:
            raise CustodyError(f"it is no record that this version reads: {faults[0]}")
