"""Handing findings to a named recipient: files with digests, and the events that say so.

The events stand in the ledger before the files have their names: what was disclosed is on record
even if the disk fails in between, and then the record says more than was handed out, never less.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from heroes_forensics import __version__
from heroes_forensics.errors import CustodyError, UsageError
from heroes_forensics.filetype import TYPES
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import cases, outgoing
from heroes_forensics.pipelines.case.folders import BUNDLE
from heroes_forensics.pipelines.checks import locating, views
from heroes_forensics.pipelines.handing import handing_out, interchange
from heroes_forensics.pipelines.handing.handing_out import SUMS, ExportRequest
from heroes_forensics.pipelines.report.report_model import Builder
from heroes_forensics.reports import EXPORTS, hashlists, vics
from heroes_forensics.reports.disclosed import CONFLICTS, Disclosed, ExportOf
from heroes_forensics.store import queries, standing

Lists = Callable[[Sequence[Disclosed]], bytes]


@dataclass(frozen=True, slots=True)
class Product:
    """What a program imports."""

    vics: bool
    """Whether it takes a VICS file."""
    lists: tuple[tuple[str, Lists], ...]
    """End of the name, and what writes it: one file for each category."""


PLACES: Final = (".places.csv", hashlists.places)
PRODUCTS: Final[dict[str, Product]] = {
    "griffeye": Product(vics=True, lists=((".md5.txt", hashlists.with_mark), PLACES)),
    "axiom": Product(vics=True, lists=((".md5.txt", hashlists.bare), PLACES)),
    "autopsy": Product(vics=False, lists=((".kdb", hashlists.kdb), PLACES)),
    "xways": Product(vics=True, lists=((".md5.txt", hashlists.x_ways), PLACES)),
}
FORMATS: Final[dict[str, Product]] = {
    "vics": Product(vics=True, lists=()),
    "md5": Product(vics=False, lists=((".md5.txt", hashlists.bare),)),
    "kdb": Product(vics=False, lists=((".kdb", hashlists.kdb),)),
    "places": Product(vics=False, lists=(PLACES,)),
}


def export(request: ExportRequest) -> JSON:
    """Write the files of an export into a folder of their own, and record the disclosure.

    Returns:
        ``files`` (name, sha256), ``findings`` (a count), ``left_out`` (findings whose entry
        contradicts the item: in no list of digests), ``folder``.

    Raises:
        UsageError: something is missing or wrong, or there is nothing to export.
        CustodyError: the record of the case does not verify.
        StoppedError: the folder cannot be written.
    """
    if not request.product and request.format in {row.name for row in EXPORTS}:
        return interchange.export(request)
    product = _checked(request)
    with cases.opened(request.case_dir, passphrase=request.passphrase) as case:
        views.check_exhibit(case.database, request.exhibit or None)
        rows = _rows(case, request)
        if not rows:
            raise UsageError(
                f"the case has no current finding of kind {request.kind} to export",
                hint="see: heroes findings CASE",
            )
        with outgoing.held(request.folder) as folder:
            case.begin()
            if request.with_names:
                handing_out.open_names(case, request, sorted({row.finding.number for row in rows}))
                rows = _rows(case, request, names=True)
            files = dict(_files(case, request, product, rows))
            sums = "".join(
                f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items()
            ).encode()
            _record(case, request, rows, files, sums)
            outgoing.write(folder, files | {SUMS: sums})
    return {
        "type": "export",
        "folder": str(request.folder),
        "recipient": request.recipient,
        "findings": len(rows),
        "left_out": sum(row.finding.grade in CONFLICTS for row in rows),
        "files": [
            {"name": name, "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in files.items()
        ],
    }


def _checked(request: ExportRequest) -> Product:
    handing_out.check(request)
    table = PRODUCTS if request.product else FORMATS
    name = request.product or request.format
    if name not in table:
        names = [*table, *(row.name for row in EXPORTS if table is FORMATS)]
        raise UsageError(f"no export is called {name!r}", hint=f"choose from: {', '.join(names)}")
    if request.items or request.digests or request.local_times:
        raise UsageError(
            "lists of digests and of places are always of findings, with their digests",
            hint="--items, --digests and --local-times belong to other formats: heroes formats",
        )
    return table[name]


def _rows(case: cases.OpenCase, request: ExportRequest, *, names: bool = False) -> list[Disclosed]:
    found: list[Disclosed] = []
    builder = Builder(case.database, case.folder / BUNDLE)
    facts = {each.finding: each for each in standing.findings(case.database)}
    for finding in builder.findings():
        if finding.kind != request.kind or finding.status == standing.WITHDRAWN:
            continue
        if request.exhibit not in {"", finding.exhibit}:
            continue
        each = facts[locating.finding_number(finding.number)]
        item = queries.item(case.database, each.item_id)
        if item is None or item.md5 is None or item.sha1 is None or item.sha256 is None:
            raise CustodyError(f"finding {finding.number} has lost its item, or its digests")
        place = locating.location(case.database, item)
        path = case.open_path(item.id, item.path) if names and item.path else b""
        found.append(
            Disclosed(
                finding=finding,
                md5=item.md5,
                sha1=item.sha1,
                sha256=item.sha256,
                mime=TYPES[item.type].mime,
                first_byte=place.first_byte,
                algorithms=tuple(each.facts.get("algorithms", ())),
                command=place.icat(Path(place.path).name),
                path=path.decode("utf-8", errors="backslashreplace"),
            )
        )
    return found


def _files(
    case: cases.OpenCase, request: ExportRequest, product: Product, rows: Sequence[Disclosed]
) -> Iterator[tuple[str, bytes]]:
    of = ExportOf(
        reference=str(case.facts["reference"]),
        organisation="" if case.facts["keys"] == "case-local" else str(case.facts["domain"]),
        program="heroes-forensics",
        version=__version__,
        case_id=request.case_id or str(uuid4()),
    )
    if product.vics:
        data = vics.render(rows, of, version=request.version, region=request.region)
        yield f"vics-{request.version}.json", data
    for category, found in hashlists.by_category(rows).items():
        for end, write in product.lists:
            yield f"category-{category}{end}", write(found)


def _record(
    case: cases.OpenCase,
    request: ExportRequest,
    rows: Sequence[Disclosed],
    files: dict[str, bytes],
    sums: bytes,
) -> None:
    handing_out.record(
        case,
        request,
        made={
            f"{request.product or request.format}: {name}": hashlib.sha256(data).hexdigest()
            for name, data in files.items()
        },
        findings=sorted({row.finding.number for row in rows}),
        fields=["md5", "sha1", "sha256", *handing_out.FIELDS],
        sums=sums,
    )
