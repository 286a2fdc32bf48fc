"""Who holds the evidence: what transfers, returns and acts on it say together.

A holder is known from the first transfer on: before it, the record says nothing of who had the
exhibit. A transfer of an exhibit (``ABC``) carries all of its sources (``ABC/1``) along.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from heroes_forensics.custody.chain import Problem
from heroes_forensics.custody.problems import shown
from heroes_forensics.model import JSON

NOBODY: Final = ""
"""Stands for the holder of what was returned or disposed of: the laboratory has it no more."""


class Transfer(NamedTuple):
    """One transfer, which giver and receiver have to sign."""

    where: str
    number: int
    """Of its event, from 0."""
    people: tuple[str, str]
    """Identifiers of giver and receiver."""


class Holders:
    """Follows who holds each exhibit."""

    def __init__(self) -> None:
        self.transfers: list[Transfer] = []
        self._holder: dict[str, tuple[int, str]] = {}
        """Who got an exhibit or a source last, and by the event of which number."""

    def of(self, evidence: str) -> str | None:
        """Return who holds an exhibit or a source of one; None while nobody said."""
        parts = (evidence, evidence.partition("/")[0])
        found = [self._holder[part] for part in parts if part in self._holder]
        return max(found)[1] if found else None

    def see(self, event_type: str, body: JSON, number: int, where: str) -> Iterator[Problem]:
        """Take an event about who has the evidence; yield what does not follow.

        Args:
            event_type: ``custody.transferred``, ``evidence.returned`` or ``evidence.disposed``.
            body: of its form.
            number: of the event, from 0.
            where: what a problem calls it.
        """
        if event_type != "custody.transferred":
            self._holder[str(body["evidence"])] = number, NOBODY
            return
        giver, receiver = str(body["from"]), str(body["to"])
        self.transfers.append(Transfer(where, number, (giver, receiver)))
        evidence = body["evidence"]
        for item in evidence if isinstance(evidence, list) else ():
            holder = self.of(str(item))
            if holder == NOBODY:
                text = f"{shown(item)} had been returned or disposed of"
                yield Problem("custody-gap", where, text)
            elif holder not in {None, giver}:
                text = f"{shown(giver)} gave {shown(item)}, which {shown(holder)} held"
                yield Problem("custody-gap", where, text)
            self._holder[str(item)] = number, receiver
