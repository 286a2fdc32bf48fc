"""What outside bounds a record: time stamps, witnesses, states that somebody kept.

The anchoring level is one number for a report: 0 nothing, 1 a time stamp that was checked, 2 an
independent witness or a state kept elsewhere, 3 both.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from heroes_forensics.custody import chain, notes, timestamp
from heroes_forensics.custody.bundle import Reader
from heroes_forensics.custody.chain import Problem
from heroes_forensics.custody.rules import FUTURE, Rules
from heroes_forensics.custody.signing import Signed

REPLY: Final = re.compile(r"timestamps/([0-9]{8,16})\.tsr")
MAX_REPLIES: Final = 1000
"""Time stamps of a record: each costs a program of its own where the library cannot read it."""
_CODES: Final = {timestamp.BAD: "timestamp-bad", timestamp.UNCHECKED: "timestamp-unchecked"}


class Stamped(NamedTuple):
    """A time stamp that was checked."""

    size: int
    """Events that its checkpoint signs."""
    time: str


class Stamps:
    """The time stamps of a bundle."""

    def __init__(self) -> None:
        self.good: list[Stamped] = []

    def check(
        self, reader: Reader, checkpoints: Sequence[Signed], roots: bytes | None
    ) -> Iterator[Problem]:
        """Check every reply in the bundle against its checkpoint.

        Args:
            reader: the bundle.
            checkpoints: those in it.
            roots: authorities that the caller trusts, PEM; None: nobody said.
        """
        texts = {signed.says.size: signed.note.text for signed in checkpoints}
        replies = [found for name in sorted(reader.names) if (found := REPLY.fullmatch(name))]
        if len(replies) > MAX_REPLIES:
            many = f"there are more than {MAX_REPLIES} time stamps"
            yield Problem("unsafe-input", replies[MAX_REPLIES][0], many)
        for found in replies[:MAX_REPLIES]:
            name, size = found[0], int(found[1])
            reply, text = reader.read(name, timestamp.MAX_REPLY), texts.get(size)
            if reply is None:
                continue
            if text is None:
                yield Problem("timestamp-bad", name, "there is no checkpoint of that size")
                continue
            stamp = timestamp.check(reply, text, roots)
            if stamp.state == timestamp.GOOD:
                self.good.append(Stamped(size, stamp.time))
            else:
                yield Problem(_CODES[stamp.state], name, stamp.why)

    def contradicted(self, times: Mapping[int, str]) -> Iterator[Problem]:
        """Compare what the tokens themselves say with the dates of what they cover.

        Args:
            times: of the last event of each checkpoint, by its size.
        """
        for stamp in self.good:
            seen = datetime.fromisoformat(stamp.time)
            if times.get(stamp.size, "") > chain.timestamp(seen + FUTURE):
                where = f"timestamps/{stamp.size:08d}.tsr"
                yield Problem("time-vs-anchor", where, "what it covers is dated after it")

    def kept(self, before: str) -> int:
        """Return how many events were stamped before a time in the ledger's form."""
        return max((each.size for each in self.good if each.time < before), default=0)


def level(
    rules: Rules, good: Sequence[Signed], stamps: Stamps, kept: Mapping[int, bytes], origin: str
) -> int:
    """Return the anchoring level of a record.

    Args:
        rules: what the ledger says of its keys.
        good: the checkpoints that ledger keys signed in their time.
        stamps: what was stamped.
        kept: states that the verifier brought and that fit, by size.
        origin: of the ledger; who cosigns under its domain is not independent.
    """
    domain = origin.partition("/")[0]
    outside = [key for key in rules.cosigners if key.name.partition("/")[0] != domain]
    witnessed = bool(kept) or any(
        notes.verdict(checkpoint.note, key).good for checkpoint in good for key in outside
    )
    return bool(stamps.good) + 2 * witnessed
