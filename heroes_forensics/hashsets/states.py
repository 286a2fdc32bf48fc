"""What a laboratory decided on an edition of a set after it was imported.

Editions never change, so decisions stand beside them, with the reason and the moment.
"""

from datetime import UTC, datetime
from typing import Final, NamedTuple

from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON

ACTIVE: Final = "active"
DISPUTED: Final = "disputed"
RETIRED: Final = "retired"
RETRACTED: Final = "retracted"
DECISIONS: Final[dict[str, str]] = {
    ACTIVE: "it may be used",
    DISPUTED: "its entries are in doubt: it may be used, and every use of it says so",
    RETIRED: "the laboratory does not use it any more",
    RETRACTED: "its issuer took it back",
}
"""What can be decided on an edition."""
USABLE: Final = frozenset({ACTIVE, DISPUTED})

_REASON_LIMIT: Final = 500


class Decision(NamedTuple):
    """The last decision on an edition; nobody decided anything on most."""

    state: str = ACTIVE
    reason: str = ""
    at: str = ""
    """UTC, ISO 8601 with ``Z``."""


def read(written: JSON, edition: str) -> Decision:
    """Return the decision on an edition from the file that holds those of its set.

    A word that this version does not know counts as ``retired``: it is no reason to use a set.
    """
    row = written.get(edition, {})
    if not isinstance(row, dict):  # as it was written before there were reasons
        row = {"state": row}
    state = str(row.get("state", ACTIVE))
    known = state if state in DECISIONS else RETIRED
    return Decision(known, str(row.get("reason", "")), str(row.get("at", "")))


def decision(state: str, reason: str) -> JSON:
    """Return a decision made now, as it is kept.

    Raises:
        UsageError: there is no such state, or the reason is none.
    """
    if state not in DECISIONS:
        raise UsageError("no such state of a set", hint="choose from: " + ", ".join(DECISIONS))
    if not reason.strip() or len(reason) > _REASON_LIMIT or not reason.isprintable():
        raise UsageError(f"a reason is 1 to {_REASON_LIMIT} printable characters")
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Decision(state, reason, at)._asdict()
