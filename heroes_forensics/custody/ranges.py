"""Ledger keys, and for which part of the ledger each of them signs.

A checkpoint of ``size`` events belongs to the keys that were in force at its last event. A key is
added by an event that a checkpoint of an older key signs; it ends by ``key.retired`` or, when
somebody else may have it, by ``key.compromised``, which says since when.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from heroes_forensics.custody import notes
from heroes_forensics.custody.chain import Problem
from heroes_forensics.model import JSON


@dataclass(slots=True)
class Range:
    """What one ledger key may sign."""

    key: notes.VerifierKey
    after: int = 0
    """It signs checkpoints of more events than this."""
    until: int | None = None
    """It signs checkpoints of at most so many events; None: it is in force."""
    added: int | None = None
    """Number of the event that added it; None for the keys that the ledger was opened with."""
    where: str = ""
    """What a problem calls that event."""
    suspect_since: str = ""
    """Since when somebody else may have it; empty: nobody said so."""

    def holds(self, size: int) -> bool:
        """Say whether a checkpoint of ``size`` events is the key's to sign."""
        return self.after < size and (self.until is None or size <= self.until)


class Ranges:
    """Follows the ledger keys of one ledger."""

    def __init__(self) -> None:
        self._ranges: list[Range] = []

    @property
    def keys(self) -> list[notes.VerifierKey]:
        """Every ledger key that was ever in force."""
        return [each.key for each in self._ranges]

    @property
    def newest(self) -> list[notes.VerifierKey]:
        """The keys that are in force at the end."""
        return [each.key for each in self._ranges if each.until is None]

    @property
    def added(self) -> list[Range]:
        """The keys that an event added."""
        return [each for each in self._ranges if each.added is not None]

    def open(self, key: notes.VerifierKey) -> None:
        """Take a key that the ledger was opened with."""
        self._ranges.append(Range(key))

    def of(self, key: notes.VerifierKey) -> Range:
        """Return what is known of a key that is one of `keys`."""
        return next(each for each in self._ranges if each.key == key)

    def see(  # noqa: PLR0913, PLR0917 - an event, and where it stands
        self,
        event_type: str,
        body: JSON,
        key: notes.VerifierKey,
        number: int,
        where: str,
        origin: str,
    ) -> Iterator[Problem]:
        """Take ``key.added``, ``key.retired`` or ``key.compromised``; yield what is wrong.

        Args:
            event_type: one of these.
            body: of its form.
            key: which it names.
            number: of the event, from 0.
            where: what a problem calls it.
            origin: name of the ledger, which its keys bear.
        """
        since = body["from_seq"] if isinstance(body["from_seq"], int) else 0
        if since < number:
            text = "it would change who had to sign what came before it"
            yield Problem("key-out-of-range", where, text)
            since = number
        known = [each for each in self._ranges if each.key == key]
        if event_type == "key.added":
            if key.key_type != notes.ED25519 or key.name != origin:
                yield Problem("bad-genesis", where, "a ledger key does not bear the ledger's name")
            elif known:
                text = "it adds a key that the ledger had already"
                yield Problem("key-out-of-range", where, text)
            else:
                self._ranges.append(Range(key, since, added=number, where=where))
            return
        if not known:
            yield Problem("key-out-of-range", where, "it ends a key that the ledger never had")
        for each in known:
            each.until = since if each.until is None else min(each.until, since)
            if event_type == "key.compromised":
                each.suspect_since = str(body.get("suspect_since") or "0")
