"""The calibrations of a laboratory: where they lie, which are in order, which one a run takes.

Each is one signed file below ``calibrations`` in the laboratory's home, written whole or not at
all. One that does not verify is never used, and is said by name.
"""

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any, Final, NamedTuple

from heroes_forensics.custody import calibration, keys, notes, private
from heroes_forensics.custody.calibration import Record
from heroes_forensics.display import shown
from heroes_forensics.errors import CustodyError, HeroesError, UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines import decoding, laboratory

FOLDER: Final = "calibrations"
SUFFIX: Final = ".txt"
NONE: Final = "none"
"""Asks a run to take no calibration of the laboratory."""


class Refused(NamedTuple):
    """A file that is no calibration of this laboratory."""

    id: str
    why: str


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
    return laboratory.home() / FOLDER


def keep(record: Record) -> Path:
    """Write a record into the laboratory's home.

    Raises:
        UsageError: it must not be written there.
        StoppedError: the disk is full or failing; there is no file.
    """
    path = private.folder(folder()) / f"{record.id}{SUFFIX}"
    private.write_new(path, record.data)
    return path


def found() -> Iterator[Record | Refused]:
    """Yield what lies in the laboratory's home, the newest first, what is refused last."""
    paths = sorted(folder().glob(f"*{SUFFIX}")) if folder().is_dir() else []
    if not paths:
        return
    try:
        key = _key()
    except HeroesError as error:  # nobody's key: nothing can be checked
        yield from (Refused(shown(path.stem, limit=64), str(error)) for path in paths)
        return
    good: list[Record] = []
    bad: list[Refused] = []
    for path in paths:
        try:
            good.append(_read(path, key))
        except HeroesError as error:
            bad.append(Refused(shown(path.stem, limit=64), str(error)))
    good.sort(key=lambda each: (str(each.body["time"]), each.id), reverse=True)
    yield from good
    yield from bad


def _key() -> notes.VerifierKey:
    return calibration.key_of(str(keys.laboratory(laboratory.home())["vkey"]))


def _read(path: Path, key: notes.VerifierKey) -> Record:
    record = calibration.read(private.read(path), key)
    if record.id != path.stem:
        raise CustodyError("it has the name of another record")
    return record


def named(text: str) -> Record:
    """Return the calibration whose identifier begins with a text.

    Raises:
        UsageError: there is none, or more than one.
        CustodyError: it does not verify.
    """
    if not text or not set(text) <= set("0123456789abcdef"):
        raise UsageError(
            f"{shown(text, limit=64)} is no identifier of a calibration",
            hint="see: heroes calibrate --list",
        )
    paths = sorted(folder().glob(f"{text}*{SUFFIX}")) if folder().is_dir() else []
    if len(paths) != 1:
        raise UsageError(
            f"no calibration is called {text}"
            if not paths
            else f"{len(paths)} calibrations begin with {text}",
            hint="see: heroes calibrate --list",
        )
    try:
        return _read(paths[0], _key())
    except CustodyError as error:
        raise CustodyError(
            f"the calibration {text} is not used: {error}",
            hint="restore it from a backup, or take it out of the home and calibrate again",
        ) from error


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
            " and are not cited: heroes calibrate DIR makes a new one"
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
