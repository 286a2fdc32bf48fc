"""One edition of a hash set, as the files that lie beside one another in the catalogue say it.

The set file says what it is, its import report how it came, and ``states.json`` of its set what
was decided since.
"""

import json
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from heroes_forensics import durable
from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets import regular, states
from heroes_forensics.hashsets.governing import UNSIGNED, VERIFIED
from heroes_forensics.hashsets.hset import read_header
from heroes_forensics.hashsets.known import NOTABLE
from heroes_forensics.hashsets.layout import Header
from heroes_forensics.hashsets.states import DECISIONS, USABLE
from heroes_forensics.model import JSON

DAMAGED: Final = "damaged"
"""Its header, or what was decided on it, cannot be read; it is listed, and never chosen."""


@dataclass(frozen=True, slots=True)
class SetRecord:
    """One edition of one set, as it stands in the catalogue."""

    path: Path
    header: Header
    state: str
    report: JSON
    reason: str = ""
    """Why it is in that state, as the operator said it."""
    decided_at: str = ""
    """When somebody decided so; UTC."""
    added: bool = False
    """Whether this call brought it; False when the very same import was there already."""

    @property
    def label(self) -> str:
        """How messages name it."""
        return f"{self.header.name} {self.header.edition}"


def of_set(folder: Path) -> list[SetRecord]:
    """Read all editions of a set.

    Where the decisions on them cannot be read, none of them may be used: what was taken back would
    be in use again.
    """
    paths = sorted(folder.glob("*.hset"))
    try:
        written = read_json(folder / "states.json")
    except HashSetError as error:
        return [replace(read(path, {}), state=DAMAGED, reason=str(error)) for path in paths]
    return [read(path, written) for path in paths]


def read(path: Path, written: JSON) -> SetRecord:
    """Read what the files of an edition say; a damaged one says so by its state.

    Args:
        path: the set file; its import report lies beside it.
        written: the decisions on the editions of that set.
    """
    try:
        header = read_header(path)
        report = read_json(report_path(path))
    except (HashSetError, OSError):
        return SetRecord(path, _unread(path), DAMAGED, {})
    decided = states.read(written, header.edition)
    return SetRecord(path, header, decided.state, report, decided.reason, decided.at)


def _unread(path: Path) -> Header:
    """Return what is known of an edition whose file is damaged: what its import report says.

    So a damaged edition holds up a rollback as it did before.
    """
    folder, edition = path.parent.name, path.name.removesuffix(".hset")
    report: JSON = {}
    with suppress(HashSetError, OSError):
        report = read_json(report_path(path))
    said = report.get("provenance")
    return Header(
        id=folder,
        file="",
        name=str(report.get("name") or folder),
        edition=edition,
        kind=NOTABLE,
        issuer=str(report.get("issuer") or ""),
        signature=str(report.get("signature") or UNSIGNED),
        provenance=said if isinstance(said, dict) else {},
    )


def check_usable(record: SetRecord) -> None:
    """Make sure that nobody decided against an edition.

    Raises:
        HashSetError: somebody did.
    """
    if record.state not in USABLE:
        why = f": {record.reason}" if record.reason else ""
        raise HashSetError(
            f"hash set {record.label} is {record.state}"
            f" ({DECISIONS.get(record.state, 'its files in the catalogue cannot be read')}){why}",
            hint="import the present edition, or take the decision back:"
            " heroes hashset reinstate NAME EDITION --reason TEXT",
        )


def age(header: Header) -> tuple[str, str, bool, int, str, str]:
    """Return what editions are sorted by, so that the newest of a set comes last.

    What is signed counts before what is not, and then the order of its publisher.
    """
    sequence = header.provenance.get("sequence")
    return (
        header.name,
        header.id,
        header.signature == VERIFIED,
        sequence if isinstance(sequence, int) else -1,
        header.imported_at,
        header.edition,
    )


def report_path(path: Path) -> Path:
    """Return where the import report of a set file lies."""
    return path.with_name(path.name.removesuffix(".hset") + ".report.json")


def read_json(path: Path) -> JSON:
    """Read a small file of the catalogue; one that is not there says nothing.

    Raises:
        HashSetError: it is damaged, or cannot be read.
    """
    try:
        with os.fdopen(regular.opened(path), "rb") as file:
            body = json.loads(file.read())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise HashSetError(
            f"the catalogue is damaged: {path.name} cannot be read: {error.strerror}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise HashSetError(f"the catalogue is damaged: {path.name} is not JSON") from error
    if not isinstance(body, dict):
        raise HashSetError(f"the catalogue is damaged: {path.name} is no object")
    return body


def write_json(path: Path, body: JSON) -> None:
    """Replace a small file in one step, readable by its owner only."""
    data = json.dumps(body, sort_keys=True, indent=1).encode()
    with durable.replacing(path) as file:
        file.write(data)
