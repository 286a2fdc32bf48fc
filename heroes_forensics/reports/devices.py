"""The report model: what pictures and films say of the devices they were made with.

No make, model, serial number or date stands here: a device is a tag, keyed by the case.
"""

from dataclasses import dataclass

from heroes_forensics.reports.record import Count, Record, Text


@dataclass(frozen=True, slots=True)
class Metadata(Record):
    """Of how many pictures and films of an exhibit it was asked what they say of their origin.

    ``read`` is the sum of the three that follow it.
    """

    read: Count = 0
    found: Count = 0
    """There is a make, a model, a serial number, a date or a position."""
    nothing: Count = 0
    unreadable: Count = 0
    """There is some that could not be read, not all of it, or nobody could look."""
    positions: Count = 0
    """Of all of them: a position on Earth is stated. Where, is not recorded."""


@dataclass(frozen=True, slots=True)
class Device(Record):
    """Files that name one device, or make and model without a serial number."""

    tag: Text
    """By which it is known again in this case, and nowhere else."""
    by_serial: bool
    """Else make and model alone: several devices may have them in common."""
    files: Count
    findings: Count
    """Of these files, those with a finding that stands."""
    exhibits: tuple[Text, ...]
