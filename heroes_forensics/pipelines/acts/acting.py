"""What people do with a case beside examining it: said, recorded, and signed by the ledger key.

Each act is one event between two checkpoints where custody.md asks for both, so that a person can
cosign the state that holds it (`cosigning`).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from heroes_forensics.custody import events, notes, persons
from heroes_forensics.errors import CustodyError, UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import laboratory
from heroes_forensics.pipelines.case.cases import check_authority, opened

MOST_TEXT: Final = 4000
"""Characters of what a person says in one field."""


def act(  # noqa: PLR0913 - an event, and who did it
    case_dir: Path,
    kind: str,
    body: Mapping[str, object],
    *,
    person: str = "",
    before: bool = False,
    passphrase: str | None = None,
) -> JSON:
    """Record one act.

    Args:
        case_dir: the case.
        kind: the type of the event.
        body: what it says; empty texts are left out.
        person: staff identifier of who did it; the examiner of the case when empty.
        before: whether the state before it is signed as well.
        passphrase: of the laboratory's keys.

    Returns:
        The event with its number, and the size of the checkpoint that signs it.

    Raises:
        UsageError: it is not what an event of this type can say.
        CustodyError: the case does not verify.
    """
    said: JSON = {name: value for name, value in body.items() if value is not None and value != ""}
    faults = [
        f"{name} is longer than {MOST_TEXT} characters"
        for name, value in said.items()
        if len(str(value)) > MOST_TEXT
    ] or events.validate(kind, said)
    if faults:
        text = "; ".join(fault.replace("body.", "") for fault in faults)
        raise UsageError(f"this cannot be recorded: {text}")
    with opened(case_dir, passphrase=passphrase) as case:
        case.begin()
        name = kind.replace(".", " ")
        if before:
            case.journal.checkpoint(f"before {name}")
        number = case.journal.event(kind, said, person=person or case.examiner)
        signed = case.journal.size
        case.journal.checkpoint(name)
        case.publish()
    return {"type": "act", "event": number, "kind": kind, "checkpoint": signed, **said}


def declare(  # noqa: PLR0913 - what is said of a person
    case_dir: Path,
    person: str,
    *,
    name: str,
    role: str,
    organisation: str,
    key: str = "",
    passphrase: str | None = None,
) -> JSON:
    """Declare a person, with the key by which they sign: the one given, else the one kept here.

    Raises:
        UsageError: the key is none by which a person cosigns.
    """
    if not key:
        key = dict(persons.listed(laboratory.home())).get(persons.check_id(person), "")
    if key:
        _check_key(key)
    body = {"id": person, "name": name or person, "role": role, "key": key}
    # An organisation nobody named is said to be empty: the form asks for the field.
    return act(
        case_dir,
        "actor.declared",
        {**body, "organisation": organisation or "-"},
        passphrase=passphrase,
    )


def _check_key(text: str) -> None:
    try:
        key = notes.vkey(text)
    except CustodyError as error:
        raise UsageError("the key of a person is malformed", hint=str(error)) from error
    if key.key_type != notes.COSIGNATURE:
        raise UsageError(
            "this key is none of a person", hint="give the line vkey that `heroes key new` printed"
        )


def authorise(
    case_dir: Path, authority: Mapping[str, object], *, passphrase: str | None = None
) -> JSON:
    """Record a legal basis.

    Raises:
        UsageError: a field is missing, unknown or malformed.
    """
    check_authority(authority)
    return act(case_dir, "authority.recorded", authority, passphrase=passphrase)


def correct(  # noqa: PLR0913 - what a correction says
    case_dir: Path,
    number: int,
    *,
    reason: str,
    replacement: str = "",
    person: str = "",
    passphrase: str | None = None,
) -> JSON:
    """Correct what event ``number`` says; the event stays as it is.

    Raises:
        UsageError: there is no such event, or no reason.
    """
    if not reason.strip():
        raise UsageError("a correction needs a reason")
    with opened(case_dir, passphrase=passphrase) as case:
        if not 0 <= number < case.journal.size:
            raise UsageError(
                f"the record has no event {number}",
                hint=f"its events are numbered from 0 to {case.journal.size - 1}",
            )
    body = {"seq": number, "reason": reason, "replacement": replacement}
    return act(case_dir, "record.corrected", body, person=person, passphrase=passphrase)
