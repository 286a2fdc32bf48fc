"""Writing a case in a format of other programs and laboratories, for a named recipient.

Items go from the case database into the file block by block. What the recipient does not get is
taken out here, before a format sees it: paths, unless they are opened for this export, and digests
of listed material, as far as they are kept back. The record names the recipient before a file has
its name, as in every export.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple, cast, get_args

from heroes_forensics import __version__
from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import cases, outgoing
from heroes_forensics.pipelines.case.folders import BUNDLE
from heroes_forensics.pipelines.case.journal import now
from heroes_forensics.pipelines.case.telling import number_text
from heroes_forensics.pipelines.checks import views
from heroes_forensics.pipelines.handing import handing_out
from heroes_forensics.pipelines.handing.handed_items import HandedItems
from heroes_forensics.pipelines.handing.handing_out import SUMS, ExportRequest
from heroes_forensics.pipelines.report.report_evidence import EvidenceBuilder
from heroes_forensics.pipelines.report.report_model import Builder
from heroes_forensics.registry import find
from heroes_forensics.reports import EXPORTS
from heroes_forensics.reports.exchange import Digests, Exporter, Items, LocalTimes, Matter
from heroes_forensics.reports.model import Report
from heroes_forensics.store import emptying

if TYPE_CHECKING:
    from heroes_forensics.reports.evidence import Source

_ALGORITHMS: Final = ("md5", "sha1", "sha256")


class Settings(NamedTuple):
    """What of the items a format gets."""

    items: Items
    digests: Digests
    local_times: LocalTimes


def export(request: ExportRequest) -> JSON:
    """Write an export into a folder of its own, and record the disclosure.

    Returns:
        ``files`` (name, sha256), ``items`` and ``findings`` (counts), ``withheld`` (items whose
        digests were kept back), ``told`` (what a format left out or labelled, by what it is),
        ``folder``.

    Raises:
        UsageError: something is missing or wrong, or there is nothing to export.
        CustodyError: the record of the case does not verify.
        StoppedError: the folder cannot be written.
    """
    exporter = find(EXPORTS, request.format).load()
    settings = _settings(request, exporter)
    handing_out.check(request)
    with cases.opened(request.case_dir, passphrase=request.passphrase) as case:
        views.check_exhibit(case.database, request.exhibit or None)
        if settings.items == "all" and case.facts.get(emptying.REDUCED):
            raise UsageError(
                "the case was reduced: of items without a finding nothing is left to hand on",
                hint="hand on those with findings: add --items findings",
            )
        items = HandedItems(case, request, settings.items, settings.digests)
        _check_any(items, request, settings)
        with outgoing.held(request.folder) as folder:
            if request.with_names:
                case.begin()
                every = settings.items == "all"
                numbers = () if every else [*map(number_text, items.numbers())]
                what = "names and paths of all items, for an export" if every else ""
                handing_out.open_names(case, request, numbers, what=what)
                case.publish()
            with outgoing.streamed(folder) as write:
                told: dict[str, int] = {}
                files: dict[str, str] = {}
                for name, matter in _files(case, request, exporter, settings):
                    blocks = items.of(matter.source.label if matter.source else None)
                    files[name] = write(name, exporter.write(matter, blocks))
                    for what, count in matter.told.items():
                        told[what] = told.get(what, 0) + count
                sums = "".join(f"{digest}  {name}\n" for name, digest in files.items()).encode()
                write(SUMS, [sums])
                case.begin()
                _record(case, request, settings=settings, files=files, items=items, sums=sums)
    return {
        "type": "export",
        "folder": str(request.folder),
        "recipient": request.recipient,
        "items": items.count,
        "findings": len(items.handed),
        "withheld": items.withheld,
        "told": {what: count for what, count in sorted(told.items()) if count},
        "files": [{"name": name, "sha256": digest} for name, digest in files.items()],
    }


def _settings(request: ExportRequest, exporter: Exporter) -> Settings:
    """Return what was asked for, or else what the format does by itself."""
    items = cast("Items", request.items or exporter.items[0])
    digests = cast("Digests", request.digests or exporter.digests)
    local_times = cast("LocalTimes", request.local_times or get_args(LocalTimes)[0])
    for name, value, choices in (
        ("items", items, get_args(Items)),
        ("digests", digests, get_args(Digests)),
        ("local-times", local_times, get_args(LocalTimes)),
    ):
        if value not in choices:
            raise UsageError(f"--{name} is one of {', '.join(choices)}")
    if items not in exporter.items:
        raise UsageError(
            f"{request.format} is written of {' or '.join(exporter.items)} alone",
            hint="every item of a case goes into: dfxml, timesketch, bodyfile, csv, jsonl",
        )
    return Settings(items, digests, local_times)


def _check_any(items: HandedItems, request: ExportRequest, settings: Settings) -> None:
    if settings.items == "findings" and next(iter(items.numbers()), None) is None:
        raise UsageError(
            f"the case has no current finding of kind {request.kind} to export",
            hint="see: heroes findings CASE",
        )
    if items.nothing:
        raise UsageError("the case has no item to export", hint="see: heroes status CASE")


def _files(
    case: cases.OpenCase, request: ExportRequest, exporter: Exporter, settings: Settings
) -> Iterator[tuple[str, Matter]]:
    """Yield the name of each file, and what it is of."""

    def report() -> Report:
        builder = Builder(case.database, case.folder / BUNDLE)
        whole = builder.report(number=0, issued=now())
        return _of_exhibit(whole, request.exhibit) if request.exhibit else whole

    sources: list[Source | None] = [None]
    if exporter.per_source:
        evidence = EvidenceBuilder(case.database)
        exhibits = [
            number
            for number, label in case.database.rows("SELECT id, label FROM exhibit ORDER BY id")
            if request.exhibit in {"", label}
        ]
        sources = [source for number in exhibits for source in evidence.sources(number)]
    for source in sources:
        label = "" if source is None else source.label.replace("/", "-")
        yield (
            exporter.file_name.format(source=label),
            Matter(
                program="heroes-forensics",
                version=__version__,
                ledger=str(case.facts["ledger"]),
                names=request.with_names,
                local_times=settings.local_times,
                report=report,
                source=source,
            ),
        )


def _of_exhibit(report: Report, label: str) -> Report:
    """Leave out of a report what is of other exhibits."""
    exhibits = tuple(each for each in report.exhibits if each.label == label)
    known = {label} | {source.label for each in exhibits for source in each.sources}
    acts = tuple(act for act in report.acts if known & set(act.of))
    return replace(report, exhibits=exhibits, acts=acts)


def _record(  # noqa: PLR0913 - each is part of the record
    case: cases.OpenCase,
    request: ExportRequest,
    *,
    settings: Settings,
    files: Mapping[str, str],
    items: HandedItems,
    sums: bytes,
) -> None:
    said = f"items: {settings.items}, digests: {settings.digests}"
    if request.exhibit:
        said += f", exhibit: {request.exhibit}"
    handing_out.record(
        case,
        request,
        made={f"{request.format}: {name} ({said})": digest for name, digest in files.items()},
        findings=[number_text(number) for number in sorted(items.handed)],
        fields=[*(() if settings.digests == "none" else _ALGORITHMS), *handing_out.FIELDS],
        sums=sums,
    )
