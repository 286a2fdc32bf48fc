"""The report model: what was done with data, in the six acts that data protection law logs.

Collection, alteration, consultation, disclosure, combination, erasure: Directive (EU) 2016/680,
article 25.
"""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from heroes_forensics.reports.record import Count, Record, Text, Utc, Word

Action = Literal["collection", "alteration", "consultation", "disclosure", "combination", "erasure"]
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)


@dataclass(frozen=True, slots=True)
class Processing(Record):
    """One act of processing, as the ledger has it."""

    seq: Count
    """Number of the event."""
    time: Utc
    action: Action
    type: Word
    """Of the event."""
    who: Text
    who_is: Literal["person", "software"]
    of: tuple[Text, ...] = ()
    """Exhibits, sources, findings, hash sets, events: what it was done with."""
    recipient: Text = ""
    reason: Text = ""
    legal_basis: Text = ""
    legal_basis_from: Literal["act", "authority", "none"] = "none"
    """``act``: stated with it; ``authority``: the newest on record before it."""
