"""Acquisition logs of the sources of a scan: found, hashed, read in a worker, held to the source.

A log that cannot be of the source is refused before anything is written: whoever named the wrong
file would have an alarm on record for ever. One that can be is believed: its digests are expected.
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from heroes_forensics.display import shown
from heroes_forensics.errors import EvidenceError, UsageError
from heroes_forensics.frames import Control, Frame, Unit
from heroes_forensics.model import JSON
from heroes_forensics.parsers.acquisition.stated import MAX_BYTES
from heroes_forensics.pipelines.evidence.sources import Evidence
from heroes_forensics.pipelines.workers import acquired
from heroes_forensics.pipelines.workers.single import single
from heroes_forensics.pipelines.workers.supervisor import Supervisor

AUTO: Final = "auto"
"""Stands for the logs that lie beside the image."""
SUFFIXES: Final = (".txt", ".info", ".log")
MOST: Final = 16
"""Logs of one source."""
_SECTOR: Final = 512
_NUMBERED: Final = re.compile(r"([1-9][0-9]{0,4}):(.+)", re.ASCII | re.DOTALL)


def given_for(given: Sequence[str], source: int, sources: int) -> list[str]:
    """Return the logs of one source as they were given: paths, and `AUTO`.

    Args:
        given: as the request has them; with several sources, the number of the source and a
            colon in front.
        source: number of the source, from 1.
        sources: how many there are.

    Raises:
        UsageError: one names no source, or a source that is not there.
    """
    found = []
    for text in given:
        numbered = _NUMBERED.fullmatch(text)
        if text == AUTO or (sources == 1 and numbered is None):
            found.append(text)
        elif numbered is None:
            raise UsageError(
                "an acquisition log is that of one source, and several were given",
                hint="put the number of the source in front, for example: 2:disk.E01.txt",
            )
        elif int(numbered[1]) > sources:
            raise UsageError(
                "an acquisition log names a source that was not given",
                hint=f"its number is 1 to {sources}, in the order of the sources",
            )
        elif int(numbered[1]) == source:
            found.append(numbered[2])
    return found


def beside(image: Path) -> list[Path]:
    """Return the files beside an image whose names are those of acquisition logs of it."""
    names = [f"{stem}{suffix}" for stem in (image.name, image.stem) for suffix in SUFFIXES]
    paths = [image.with_name(name) for name in dict.fromkeys(names) if name != image.name]
    return [path for path in paths if path.is_file()]


def read(
    evidence: Evidence, given: Sequence[str], known: Mapping[str, str], supervisor: Supervisor
) -> Iterator[tuple[JSON, str]]:
    """Yield the facts of each log of a source, with the ``sha256`` of its file, and its name.

    Args:
        evidence: the source.
        given: as `given_for` gave them.
        known: what is said of case and exhibit; see `parsers.acquisition.comparing.compared`.
        supervisor: starts the worker.

    Raises:
        UsageError: one is missing, not understood, or of another image.
    """
    seen: set[str] = set()
    for text in given:
        paths = beside(evidence.path) if text == AUTO else [Path(text)]
        if not paths:
            raise UsageError(
                f"no acquisition log lies beside {shown(evidence.path.name)}",
                hint="a log beside it has its name and .txt, .info or .log; or name one",
            )
        for path in paths:
            log = _read(path, evidence, known, supervisor)
            if log["sha256"] not in seen:
                seen.add(str(log["sha256"]))
                yield log, shown(path.name)
    if len(seen) > MOST:
        raise UsageError(f"more than {MOST} acquisition logs were given for one source")


def _read(
    path: Path, evidence: Evidence, known: Mapping[str, str], supervisor: Supervisor
) -> dict[str, Any]:
    name = shown(path.name)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no path"
        raise UsageError(f"the acquisition log {name} cannot be read: {reason}") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"the acquisition log {name} is no file")
        if status.st_size > MAX_BYTES:
            raise UsageError(
                f"{name} is larger than any acquisition log",
                hint="give the text that the imaging program wrote, not the image",
            )
        data = os.pread(descriptor, MAX_BYTES, 0)
        names = [slot.name for slot in evidence.slots if slot.role == "segment"]
        body: JSON = {"known": dict(known), "segments": names}
        try:
            with supervisor.crew("parser", [descriptor]) as crew:
                facts = single(crew, Unit(0, "acquisition_log", body), _facts)
        except EvidenceError as error:
            hint = error.hint or "give the digests of the log with --expect instead"
            raise UsageError(f"the acquisition log {name}: {error}", hint=hint) from error
    except OSError as error:
        raise UsageError(f"the acquisition log {name} cannot be read: {error.strerror}") from error
    finally:
        os.close(descriptor)
    _check_fits(facts, evidence, name)
    return {**facts, "sha256": hashlib.sha256(data).hexdigest()}


def _facts(frames: Iterator[Frame]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for frame in frames:
        if isinstance(frame, Control) and isinstance(facts := frame.body.get("facts"), dict):
            found = facts
    return found


def _check_fits(facts: Mapping[str, Any], evidence: Evidence, name: str) -> None:
    """Refuse a log of media of another size.

    Imagers count whole sectors, so that a last one that is not whole may be there or not.
    """
    size = evidence.facts.get("size")
    if not isinstance(size, int) or size < 0 or evidence.facts.get("format") == "directory":
        raise UsageError(
            f"the acquisition log {name} is that of an image,"
            f" and {shown(evidence.path.name)} is none",
            hint="leave --acquisition-log out for folders and archives",
        )
    sector = facts["sector_size"] if facts["sector_size"] > 0 else _SECTOR
    if facts["size"] >= 0 and abs(facts["size"] - size) >= sector:
        raise UsageError(
            f"the acquisition log {name} is that of media of {facts['size']:,} bytes,"
            f" and {shown(evidence.path.name)} has {size:,}",
            hint="give the log of this image; if it is, give its digests with --expect: the image"
            " is not as it was acquired",
        )


def digests_of(given: Sequence[str]) -> Iterator[str]:
    """Yield the SHA-256 of each log that is named; of one that cannot be read, an empty text."""
    for text in given:
        numbered = _NUMBERED.fullmatch(text)
        path = Path(numbered[2] if numbered else text)
        if text == AUTO:
            continue
        try:
            with path.open("rb") as stream:
                yield hashlib.file_digest(stream, "sha256").hexdigest()
        except (OSError, ValueError):
            yield ""


def event_bodies(evidence: Evidence, label: str) -> Iterator[JSON]:
    """Yield what ``evidence.acquired`` says of a source: by its own header, then by each log."""
    own = acquired.by_container(evidence.facts, label)
    if own is not None:
        yield own
    for log in evidence.logs:
        yield acquired.event(log, label)


def expected(evidence: Evidence) -> Iterator[JSON]:
    """Yield the digests that the logs of a source let expect."""
    for log in evidence.logs:
        rows: Any = log["digests"]
        for row in rows:
            yield {
                "alg": row["alg"],
                "expected": row["value"],
                "expected_source": "acquisition-log",
            }
