"""Import inside a worker: one supplier file in, batches of plain rows and one report out.

Nothing here decides what a set means: it recognises the format, drops digests of nothing,
rejects bad records by line, and counts. Digests and content appear in no message; kind, verdict,
protection and storage are the coordinator's (`heroes_forensics.hashsets.catalogue`).
"""

import os
from collections import Counter
from collections.abc import Iterator
from typing import Final

from heroes_forensics.errors import HashSetError, UsageError
from heroes_forensics.frames import Control, Frame
from heroes_forensics.hashsets.formats import IMPORTERS
from heroes_forensics.hashsets.formats.base import (
    Importer,
    Options,
    Rejected,
    Supplied,
    Tally,
    showable,
)
from heroes_forensics.hashsets.packing import Packer
from heroes_forensics.hashsets.supplied import fingerprint, opened
from heroes_forensics.model import JSON
from heroes_forensics.registry import find

_BEFORE: Final = b"\xef\xbb\xbf \t\r\n"
"""What may stand before the first character of a JSON text."""
REJECTS_NAMED: Final = 100
"""Rejected records that are named by line; the others are counted."""
REJECTS_PART: Final = 1_000
"""One rejected record in so many is tolerated: 0.1 %."""
REJECTS_FEW: Final = 5
"""So many rejected records are tolerated in a small set, if more than these are good."""


def import_rows(descriptor: int, options: JSON) -> Iterator[Frame]:
    """Read one supplier file.

    Args:
        descriptor: the file, open for reading; its position is neither used nor moved.
        options: ``format`` (a row of `IMPORTERS`; recognised when absent), ``algorithm``,
            ``columns`` (list), ``map`` (object), ``accept_rejects`` (count).

    Yields:
        `Batch` of `KNOWN` rows, each after the `VALUES` of its records; a ``rejected`` frame for
        each of the first `REJECTS_NAMED` bad records; and last, an ``imported`` frame with the
        facts of the report.

    Raises:
        HashSetError: the file is damaged, not understood, changed while it was read, or has too
            many bad records. What was yielded before must be thrown away.
        UsageError: the options make no sense.
        OSError: the medium failed.
    """
    format_name, told, accept = _options(options)
    before = _state(descriptor)
    sha256, size = fingerprint(descriptor)
    with opened(descriptor, size) as supplied:
        name, importer = _chosen(format_name, told, supplied)
        tally, packer, rejects = Tally(), Packer(), Counter[str]()
        rejected: list[int] = []
        count = 0
        for record in importer.read(supplied, told, tally):
            if isinstance(record, Rejected):
                count += 1
                rejects[record.reason] += 1
                if count <= REJECTS_NAMED:
                    rejected.append(record.number)
                    yield Control("rejected", {"line": record.number, "reason": record.reason})
            else:
                yield from packer.add(record)
        yield from packer.flush()
        if supplied.check is not None:
            supplied.check(tally)
    if _state(descriptor) != before:
        raise HashSetError("the hash set changed while it was read", hint="import it again")
    _judge(count, packer, rejected, accept, tally)
    yield Control(
        "imported",
        {
            "facts": {
                "format": name,
                "version": _said(tally.version),
                "nature": importer.nature,
                "scheme": tally.scheme,
                "region": _said(tally.region),
                "numbering": tally.numbering,
                "records": packer.records + tally.repeats + count,
                "accepted": dict(packer.accepted),
                "values": dict(packer.values.accepted),
                "skipped": dict(tally.skipped + packer.skipped),
                "rejected": count,
                "rejected_by_reason": dict(rejects),
                "empties": packer.empties,
                "constants": packer.constants,
                "repeats": packer.repeats + tally.repeats,
                "other_hashes": dict(tally.other_hashes),
                "unknown_fields": sorted(tally.unknown_fields),
                "warnings": tally.warnings,
                "sha256": sha256,
                "size": size,
                **tally.facts,
            }
        },
    )


def _said(text: str) -> str:
    """Return what a file says of itself, nothing when it cannot be shown."""
    return text if showable(text) else ""


def _chosen(name: str, told: Options, supplied: Supplied) -> tuple[str, Importer]:
    if name:
        return name, find(IMPORTERS, name).load()
    if told.mapping and not told.columns and supplied.head.lstrip(_BEFORE)[:1] in (b"[", b"{"):
        return "json", find(IMPORTERS, "json").load()
    if told.columns or told.mapping:
        return "csv", find(IMPORTERS, "csv").load()
    for row in IMPORTERS:
        importer = row.load()
        if importer.recognises(supplied.head):
            return row.name, importer
    if told.algorithm:
        return "list", find(IMPORTERS, "list").load()
    raise HashSetError(
        "the hash set is of no format that this version reads",
        hint="formats: "
        + ", ".join(row.name for row in IMPORTERS)
        + "; a table needs a header that names its digest columns, or --map",
    )


def _options(options: JSON) -> tuple[str, Options, int]:
    name, algorithm = options.get("format") or "", options.get("algorithm") or ""
    columns, mapping = options.get("columns") or [], options.get("map") or {}
    accept = options.get("accept_rejects") or 0
    if (
        not isinstance(name, str)
        or not isinstance(algorithm, str)
        or not isinstance(accept, int)
        or not isinstance(columns, list)
        or not isinstance(mapping, dict)
        or not all(isinstance(item, str) for item in (*columns, *mapping, *mapping.values()))
    ):
        raise UsageError("an option of the import has the wrong type")
    told = Options(
        algorithm=algorithm.lower().replace("-", ""), columns=tuple(columns), mapping=dict(mapping)
    )
    return name, told, accept


def _state(descriptor: int) -> tuple[int, int, int]:
    """Return what changes with a file; nobody can set the last of it back."""
    state = os.fstat(descriptor)
    return state.st_size, state.st_mtime_ns, state.st_ctime_ns


def _judge(count: int, packer: Packer, rejected: list[int], accept: int, tally: Tally) -> None:
    """Refuse a set without a usable digest, and one with too many bad records."""
    where = ", ".join(str(number) for number in rejected[:5])
    if not packer.accepted and not packer.values.accepted:
        detail = f"; {count} bad records, first at {tally.numbering} {where}" if count else ""
        raise HashSetError(f"the hash set holds no usable digest{detail}")
    total = packer.records + tally.repeats + count
    tolerated = max(total // REJECTS_PART, min(REJECTS_FEW, packer.records))
    if count > max(tolerated, accept):
        raise HashSetError(
            f"{count} of {total} records are bad, first at {tally.numbering} {where}",
            hint="correct the file, or allow them: heroes hashset import FILE --accept-rejects",
        )
