"""What the record says of an acquisition: the facts that a worker gives of a log, and their event.

The facts hold numbers, digests, times and fixed words. A log names examiners and owners; no text of
it comes here, and what stands in the ledger is whether its numbers are those of the case.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from heroes_forensics.model import JSON, MAX_SIZE

DIGITS: Final = {"md5": 32, "sha1": 40, "sha256": 64}
"""Hexadecimal digits of the digests that a log may state."""
PROGRAMS: Final = {
    "ftk-imager": "FTK Imager",
    "guymager": "Guymager",
    "ewfacquire": "ewfacquire",
}
"""What wrote a log, by the rows of `parsers.acquisition.LOGS`."""
AGREES: Final = ("segments", "verified", "case_number", "evidence_number", "serial")
"""What is ``same``, ``other`` or ``unstated``."""
UNKNOWN_ZONE: Final = "not stated"

_MOMENT: Final = re.compile(r"(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)?", re.ASCII)
_FORM: Final[dict[str, re.Pattern[str] | None]] = {
    "format": re.compile("|".join(PROGRAMS)),
    "version": re.compile(r"[0-9A-Za-z._+-]{0,32}", re.ASCII),
    "started": _MOMENT,
    "ended": _MOMENT,
    "finished": re.compile(r"yes|no|unstated"),
    **dict.fromkeys(AGREES, re.compile(r"same|other|unstated")),
    **dict.fromkeys(("size", "sector_size", "bad_sectors", "segments_listed", "digests")),
}
"""The form of each text; None: a number (-1: not stated), and the list of digests."""

_HEADER_TIME: Final = re.compile(r"(\d{4}) (\d\d?) (\d\d?) (\d\d?) (\d\d?) (\d\d?)", re.ASCII)
_HEADER_SECONDS: Final = re.compile(r"\d{1,10}", re.ASCII)
_HEADER_WORD: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z ._+-]{0,31}", re.ASCII)


def fault(facts: object) -> str:
    """Return the name of a field of the facts that does not have its form; empty when all have."""
    if not isinstance(facts, dict) or set(facts) != set(_FORM):
        return "fields of their form"
    for name, form in _FORM.items():
        value = facts[name]
        if form is not None:
            good = isinstance(value, str) and form.fullmatch(value) is not None
        elif name == "digests":
            good = isinstance(value, list) and all(map(_is_digest, value))
        else:
            good = isinstance(value, int) and not isinstance(value, bool)
            good = good and -1 <= value <= MAX_SIZE
        if not good:
            return f"{name} of its form"
    return ""


def _is_digest(row: object) -> bool:
    if not isinstance(row, dict) or set(row) != {"alg", "value"}:
        return False
    value = row["value"]
    return (
        isinstance(value, str)
        and len(value) == DIGITS.get(str(row["alg"]))
        and not value.strip("0123456789abcdef")
    )


def event(log: Mapping[str, Any], evidence: str) -> JSON:
    """Return what ``evidence.acquired`` says of a log.

    Args:
        log: facts of a log with the ``sha256`` of its file.
        evidence: label of the source.
    """
    body: JSON = {
        "evidence": evidence,
        "method": "acquisition-log",
        "program": PROGRAMS[log["format"]],
        "version": log["version"],
        "digests": [],
        "stated": [
            {"alg": row["alg"], "scope": "media", "value": row["value"]} for row in log["digests"]
        ],
        "agrees": {name: log[name] for name in AGREES},
        "segments_listed": log["segments_listed"],
        "log_sha256": log["sha256"],
    }
    body |= {f"{name}_local": log[name] for name in ("started", "ended") if log[name]}
    if log["started"] or log["ended"]:
        body["zone"] = UNKNOWN_ZONE
    body |= {name: log[name] for name in ("size", "bad_sectors") if log[name] >= 0}
    if log["finished"] != "unstated":
        body["finished"] = log["finished"] == "yes"
    return body


def by_container(facts: Mapping[str, Any], evidence: str) -> JSON | None:
    """Return what ``evidence.acquired`` says by an image's own header; None where it says nothing.

    Args:
        facts: of the opened source; those of its header say nothing of persons.
        evidence: label of the source.
    """
    header: Mapping[str, Any] = facts.get("acquisition") or {}
    stored: Mapping[str, Any] = facts.get("stored") or {}
    version, platform = (_word(header.get(name)) for name in ("software version", "platform"))
    started, zone = _header_time(str(header.get("acquired", "")))
    if not (version or started):
        return None
    body: JSON = {
        "evidence": evidence,
        "method": "container",
        "program": f"not stated; on {platform}" if platform else "not stated",
        "version": version,
        "digests": [],
        "stated": [
            {"alg": algorithm, "scope": "media", "value": value}
            for algorithm, value in sorted(stored.items())
            if _is_digest({"alg": algorithm, "value": value})
        ],
    }
    if started:
        body |= {"started_local": started, "zone": zone}
    return body


def _word(value: object) -> str:
    text = str(value or "")
    return text if _HEADER_WORD.fullmatch(text) else ""


def _header_time(text: str) -> tuple[str, str]:
    """Return the time of an EWF header, and its zone: the older header has the imager's clock."""
    try:
        if _HEADER_SECONDS.fullmatch(text):
            return datetime.fromtimestamp(int(text), UTC).strftime("%Y-%m-%dT%H:%M:%S"), "UTC"
        if parts := _HEADER_TIME.fullmatch(text):
            local = datetime(*map(int, parts.groups()))  # type: ignore[arg-type] # noqa: DTZ001 - six numbers, and no zone is stated
            return local.isoformat(), UNKNOWN_ZONE
    except (ValueError, OverflowError, OSError):
        pass
    return "", ""


def remarks(log: Mapping[str, Any], image: str, name: str) -> Iterator[str]:
    """Yield what the operator has to hear of a log.

    Args:
        log: its facts.
        image: name of the source's first file, as it may be shown.
        name: of the log's file, likewise.
    """
    about = f"the acquisition log {name} of {image}"
    if not log["digests"]:
        yield f"{about} states no digest: there is nothing of it to compare with"
    if log["finished"] == "no":
        yield f"{about} says that the acquisition did not end as it should"
    if log["verified"] == "other":
        yield f"{about} says that the imager's own verification gave another digest"
    if log["segments"] == "other":
        yield f"{about} lists other files than these segments; they may have been renamed"
    if log["bad_sectors"] > 0:
        yield f"{about} says that {log['bad_sectors']:,} sectors could not be read"
    for key, mine in (
        ("case_number", "case number than the reference of the case"),
        ("evidence_number", "evidence number than the reference of the exhibit (lims)"),
        ("serial", "serial number than the exhibit"),
    ):
        if log[key] == "other":
            yield f"{about} states another {mine}"
