"""The report model: what laboratory and customer state, beside what the program found out.

All of it is optional, and none of it is checked: a report says what was stated.
"""

from dataclasses import dataclass
from typing import Literal

from heroes_forensics.reports.record import Record, Sha256, Text, Utc


@dataclass(frozen=True, slots=True)
class Laboratory(Record):
    """The laboratory, as its settings describe it."""

    name: Text = ""
    address: Text = ""
    contact: Text = ""
    accreditation: Text = ""
    """Number and body, as the laboratory writes it."""
    scope: Text = ""
    """Of the accreditation."""
    method_in_scope: bool | None = None
    """Whether the method of this report lies within that scope; None: not stated."""
    method: Text = ""
    """The laboratory's own identifier of the method, with its version."""
    procedure: Text = ""
    """The laboratory's own procedure for this method, with its version."""
    validation: Text = ""
    """Reference of its validation of the method."""
    fingerprint: Text = ""
    """Where the fingerprint of the signing key can be had, other than from the record."""


@dataclass(frozen=True, slots=True)
class Stated(Record):
    """What is stated of this case, by whoever ordered the examination or answers for it."""

    purpose: Text = ""
    questions: tuple[Text, ...] = ()
    received: Text = ""
    """When the items were received."""
    place: Text = ""
    """Where the examination was done, where that is not the laboratory's address."""
    classification: Text = ""
    reviewer: Text = ""
    authorised_by: Text = ""
    """Who authorised the report."""
    deviations: tuple[Text, ...] = ()
    """Additions to the procedure, deviations and exclusions from it."""
    controls: tuple[Text, ...] = ()
    """Control samples and what came of them."""
    external: tuple[Text, ...] = ()
    """Results that others provided."""


@dataclass(frozen=True, slots=True)
class Validation(Record):
    """A validation record of the laboratory that runs cite: what it says in short."""

    id: Text
    sha256: Sha256
    """Of the record itself."""
    time: Utc
    verdict: Literal["pass", "fail"]
    program_version: Text
    """Of the program that was validated."""
    same_software: bool
    """Whether program, Python and libraries were those of the run."""


@dataclass(frozen=True, slots=True)
class DeclaredMethod(Record):
    """What the ledger declares of the method of runs, each once."""

    method: Text = ""
    """The laboratory's own identifier."""
    procedure: Text = ""
    validation: Validation | None = None
