"""Comparing the digests of an image with the expected ones, and saying where those come from."""

import re
from collections.abc import Sequence
from typing import Final

from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON, Gap
from heroes_forensics.pipelines.evidence import acquiring
from heroes_forensics.pipelines.evidence.sources import Evidence
from heroes_forensics.pipelines.examining.examination import Examination
from heroes_forensics.pipelines.examining.run import Run

LENGTHS: Final = {"md5": 32, "sha1": 40, "sha256": 64}
"""Algorithms computed over every media, and their hexadecimal digits.

All of them, whatever an image stores: who compares later does it with the paper that came with the
medium or with the record of another program, and those have MD5, or SHA-1, or both. SHA-256: a
record may not name its evidence by digests alone that can be made to collide.
"""


def applies(evidence: Evidence) -> bool:
    """Say whether the source has media of its own to digest; a folder has none."""
    return media_size(evidence) >= 0 and evidence.facts.get("format") != "directory"


def media_size(evidence: Evidence) -> int:
    """Return the bytes of the media, -1 when the source has none."""
    size = evidence.facts.get("size")
    return size if isinstance(size, int) else -1


def expectations(evidence: Evidence, given: Sequence[str]) -> list[JSON]:
    """Return the digests to compare with: given by the operator, of logs, and those stored.

    Raises:
        UsageError: a given digest is malformed.
    """
    found: list[JSON] = []
    for text in given:
        algorithm, _, value = text.partition(":")
        value = value.strip().lower()
        if algorithm not in LENGTHS:
            raise UsageError(
                "the algorithm of an expected digest is not computed",
                hint="write it as md5:, sha1: or sha256: and the hexadecimal digits",
            )
        if re.fullmatch(f"[0-9a-f]{{{LENGTHS[algorithm]}}}", value) is None:
            raise UsageError(
                "an expected digest is malformed",
                hint=f"{algorithm} has {LENGTHS[algorithm]} hexadecimal digits",
            )
        found.append({"alg": algorithm, "expected": value, "expected_source": "operator"})
    found += acquiring.expected(evidence)
    stored = evidence.facts.get("stored")
    if isinstance(stored, dict):
        found += [
            {"alg": str(algorithm), "expected": str(value), "expected_source": "container"}
            for algorithm, value in sorted(stored.items())
            if algorithm in LENGTHS
        ]
    return found


def record(
    run: Run,
    examination: Examination,
    verified: tuple[Evidence, int, JSON | None],
    wanted: Sequence[JSON],
) -> str:
    """Compare, and write the result to case and ledger; return its status.

    ``match``, ``mismatch``, ``baseline`` (nothing to compare with), ``partial`` (not all of the
    media could be read) or ``unreadable``.

    Args:
        run: the run.
        examination: of the source.
        verified: the source, its number in the case, and what `MediaPass.result` gave.
        wanted: what to compare with, as `expectations` gave it.
    """
    evidence, source, body = verified
    if body is None:
        facts: JSON = {"digests": [], "bytes_read": 0, "unread": []}
        status = "unreadable"
    else:
        facts, status = _compared(body, wanted, evidence)
    with run.journal.transaction() as records:
        records.verification(run.id, source, status, facts)
        if facts["unread"]:
            examination.damaged(facts["unread"])
        elif status in {"unreadable", "partial"}:
            run.gap(Gap(examination.label, "source.damaged"), source=source, volume=None)
        # Media with a hole has no digest as a whole: the ledger names the hole, not an empty value.
        digests = [
            row for row in _list(facts["digests"]) if isinstance(row, dict) and row["computed"]
        ]
        unread = facts["unread"]
        if body is not None and isinstance(unread, list):
            run.journal.event(
                "evidence.verified",
                {
                    "evidence": examination.label,
                    "status": status,
                    "digests": digests,
                    "bytes_read": facts["bytes_read"],
                    "read_errors": body["unread_ranges"],
                    "zero_bytes": body["zero_bytes"],
                    "ranges_unread": unread,
                },
            )
    return status


def _compared(body: JSON, wanted: Sequence[JSON], evidence: Evidence) -> tuple[JSON, str]:
    computed = {
        str(row["alg"]): str(row["computed"])
        for row in _list(body["digests"])
        if isinstance(row, dict)
    }
    rows: list[JSON] = []
    for each in wanted:
        algorithm = str(each["alg"])
        rows.append(
            {"alg": algorithm, "scope": "media", "computed": computed.get(algorithm, ""), **each}
        )
    named = {str(row["alg"]) for row in rows}
    rows += [
        {
            "alg": algorithm,
            "scope": "media",
            "computed": value,
            "expected": None,
            "expected_source": "none",
        }
        for algorithm, value in sorted(computed.items())
        if algorithm not in named
    ]
    unread = _list(body["unread"])
    facts: JSON = {"digests": rows, "bytes_read": body["bytes_read"], "unread": unread}
    if unread or body["bytes_read"] != media_size(evidence):
        return facts, "partial"
    if not wanted:
        return facts, "baseline"
    same = all(row["expected"] is None or row["computed"] == row["expected"] for row in rows)
    return facts, "match" if same else "mismatch"


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
