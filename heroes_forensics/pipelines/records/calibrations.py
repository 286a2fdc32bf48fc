"""The calibrations of a laboratory: where they lie, which are in order, which one a run takes.

Each is one signed file below ``calibrations`` in the laboratory's home, written whole or not at
all. One that does not verify is never used, and is said by name.
"""

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any, Final

from heroes_forensics.custody import calibration
from heroes_forensics.custody.statements import Record
from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.examining import decoding
from heroes_forensics.pipelines.records.shelf import Refused, Shelf

NONE: Final = "none"
"""Asks a run to take no calibration of the laboratory."""


SHELF: Final = Shelf(calibration.FORM, "calibrations", "heroes calibrate --list", "calibrate again")


@cache
def comparison_sha256() -> str:
    """Digest the code that makes and compares perceptual values, with versions of libraries.

    What was measured with other code says nothing of what this code finds.
    """
    digest = hashlib.sha256()
    root = resources.files("heroes_forensics")
    names = [f"media/{each.name}" for each in root.joinpath("media").iterdir()]
    for name in sorted([*names, "hashsets/candidates.py"]):
        if name.endswith(".py"):
            data = root.joinpath(name).read_bytes()
            digest.update(f"{hashlib.sha256(data).hexdigest()}  {name}\n".encode())
    digest.update(f"{decoding.algorithm()} numpy-{metadata.version('numpy')}\n".encode())
    return digest.hexdigest()


def folder() -> Path:
    """Return where calibrations lie."""
    return SHELF.folder


def keep(record: Record) -> Path:
    """Write a record into the laboratory's home; see `Shelf.keep`."""
    return SHELF.keep(record)


def found() -> Iterator[Record | Refused]:
    """Yield what lies in the laboratory's home; see `Shelf.found`."""
    yield from SHELF.found()


def named(text: str) -> Record:
    """Return the calibration whose identifier begins with a text; see `Shelf.named`."""
    return SHELF.named(text)


def taken(wanted: str, *, deep: bool) -> tuple[Record | None, list[str]]:
    """Return the calibration that a run takes, and what to say of those that it does not take.

    Args:
        wanted: an identifier, `NONE`, or empty for the newest one of this comparison.
        deep: whether the run looks at pictures in depth; one that did, too, goes first.

    Raises:
        UsageError: the one that is named is not there, or of another comparison.
        CustodyError: the one that is named does not verify.
    """
    if wanted == NONE:
        return None, []
    if wanted:
        record = named(wanted)
        if not fits(record.body):
            raise UsageError(
                f"the calibration {record.id} was made with another version of the comparison",
                hint="calibrate again with this version: heroes calibrate DIR",
            )
        return record, []
    good, said, others = [], [], 0
    for each in found():
        if isinstance(each, Refused):
            said.append(f"the calibration {each.id} is not used: {each.why}")
        elif fits(each.body):
            good.append(each)
        else:
            others += 1
    if others and not good:
        said.append(
            "the calibrations of this laboratory were made with another version of the comparison,"
            " and are not cited; make a new one: heroes calibrate DIR"
        )
    fitting = [each for each in good if is_deep(each.body)] if deep else []
    return next(iter([*fitting, *good]), None), said


def fits(body: JSON) -> bool:
    """Tell whether a record is of the comparison that this program makes."""
    method: Any = body["method"]
    same: bool = method["comparison_sha256"] == comparison_sha256()
    return same


def is_deep(body: JSON) -> bool:
    """Tell whether tier 2 was measured."""
    method: Any = body["method"]
    deep: bool = method["profile"] == "deep"
    return deep


def shown_of(record: Record) -> JSON:
    """Return what is shown of a record: all of it, with its identifier."""
    return {"type": "calibration", "id": record.id, "sha256": record.sha256, **record.body}


def listed() -> Iterator[JSON]:
    """Yield one row for each calibration in the home, those that are refused last."""
    for each in found():
        if isinstance(each, Refused):
            yield {"type": "calibration", "id": each.id, "refused": each.why}
        else:
            body: Any = each.body
            yield {
                "type": "calibration",
                "id": each.id,
                "time": body["time"],
                "examiner": body["examiner"],
                "profile": body["method"]["profile"],
                "pictures": body["pictures"]["compared"],
                "edited": body["pictures"]["edited"],
                "fits": fits(each.body),
            }
