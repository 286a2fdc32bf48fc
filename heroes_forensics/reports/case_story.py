"""CASE/UCO around the findings: people, tool, exhibits, and what was done with them."""

from collections.abc import Iterator
from typing import Final

from heroes_forensics.display import shown
from heroes_forensics.model import JSON
from heroes_forensics.reports.case_nodes import Nodes
from heroes_forensics.reports.evidence import Acquisition, Source
from heroes_forensics.reports.model import Act, Exhibit, Report, Run

_FILES: Final = frozenset(
    {
        "directory",
        "itunes-backup",
        "file",
        "tar",
        "tar.gz",
        "tar.bz2",
        "tar.xz",
        "tar.zst",
        "7z",
        "zip",
        "adb-backup",
        "ad1",
        "aff4-logical",
    }
)
"""Formats of sources that are no images."""


def before(nodes: Nodes, report: Report) -> Iterator[JSON]:
    """Yield all that is known before the findings."""
    yield from _people(nodes, report)
    yield from _tool(nodes, report)
    for exhibit in report.exhibits:
        yield from _exhibit(nodes, exhibit)
    yield from _done(nodes, report)


def _people(nodes: Nodes, report: Report) -> Iterator[JSON]:
    case = report.case
    laboratory = case.signer.laboratory
    if laboratory:
        yield nodes.node(
            "organization", "", "uco-identity:Organization", core__name=shown(laboratory)
        )
    acting = {act.actor for act in _custody(report) if act.actor}
    for name in sorted(acting | ({case.examiner} if case.examiner else set())):
        yield nodes.node("person", name, "uco-identity:Identity", core__name=shown(name))
    if case.examiner:
        yield nodes.node("role", "examiner", "case-investigation:Examiner", core__name="Examiner")
        yield nodes.node(
            "has-role",
            case.examiner,
            "uco-core:Relationship",
            core__source=nodes.ref("person", case.examiner),
            core__target=nodes.ref("role", "examiner"),
            core__isDirectional=True,
            core__kindOfRelationship="Has_Role",
        )
    authority = case.authority
    if authority:
        # The days have no zone on record: as text they stay what they are.
        valid = " to ".join(filter(None, (authority.valid_from, authority.valid_to)))
        yield nodes.node(
            "authorization",
            "",
            "case-investigation:Authorization",
            core__description=shown(
                "; ".join(
                    f"{what}: {text}"
                    for what, text in (
                        ("issued by", authority.issued_by),
                        ("valid", valid),
                        ("scope", authority.scope),
                    )
                    if text
                )
            ),
            case__authorizationType=shown(authority.kind),
            case__authorizationIdentifier=shown(authority.reference),
        )


def _tool(nodes: Nodes, report: Report) -> Iterator[JSON]:
    program = report.program
    yield nodes.node(
        "tool",
        "",
        "uco-tool:Tool",
        core__name=program.name,
        tool__version=shown(program.version),
        tool__toolType="Forensic triage",
    )
    entries = [("program SHA-256", program.sha256 or "")]
    for number, each in enumerate(report.hash_sets, start=1):
        said = (each.name, each.issuer, each.edition, each.kind, each.signature)
        digest = f"file SHA-256 {each.source_sha256}"
        entries.append((f"hash set {number}", ", ".join(filter(None, (*said, digest)))))
    yield nodes.node(
        "configuration",
        "",
        "uco-configuration:Configuration",
        configuration__configurationEntry=[
            nodes.node(
                "entry",
                name,
                "uco-configuration:ConfigurationEntry",
                configuration__itemName=name,
                configuration__itemValue=shown(value),
            )
            for name, value in entries
            if value
        ],
    )
    yield nodes.node(
        "instrument",
        "",
        ["uco-tool:AnalyticTool", "uco-tool:ConfiguredTool"],
        core__name=program.name,
        tool__version=shown(program.version),
        configuration__isConfigurationOf=nodes.ref("tool", ""),
        configuration__usesConfiguration=nodes.ref("configuration", ""),
    )


def _exhibit(nodes: Nodes, exhibit: Exhibit) -> Iterator[JSON]:
    label = exhibit.label
    device = nodes.node(
        "device-facet",
        label,
        "uco-observable:DeviceFacet",
        observable__model=shown(" ".join(filter(None, (exhibit.make, exhibit.model)))),
        observable__serialNumber=shown(exhibit.serial),
    )
    yield nodes.node(
        "exhibit",
        label,
        "uco-observable:Device",
        core__name=shown(label),
        core__description=shown(exhibit.description),
        core__hasFacet=[device] if exhibit.make or exhibit.model or exhibit.serial else [],
    )
    yield nodes.record(
        label,
        [
            nodes.ref("exhibit", label),
            *(nodes.ref("source", each.label) for each in exhibit.sources),
        ],
    )
    for source in exhibit.sources:
        yield from _source(nodes, label, source)


def _source(nodes: Nodes, exhibit: str, source: Source) -> Iterator[JSON]:
    label = source.label
    computed = {row.algorithm: row.computed for row in source.digests if row.computed}
    is_image = source.format not in _FILES
    facets = [
        nodes.content(("source", label), source.size, "", list(computed.items())),
        nodes.node(
            "image-facet",
            label,
            "uco-observable:ImageFacet",
            observable__imageType=source.format,
        ),
    ]
    yield nodes.node(
        "source",
        label,
        "uco-observable:Image" if is_image else "uco-observable:ObservableObject",
        core__name=shown(label),
        core__hasFacet=facets if is_image else facets[:1],
    )
    yield nodes.related(("source", label), ("exhibit", exhibit), "Extracted_From")


def _custody(report: Report) -> list[Act]:
    """Return transfers, storage and the like; who was told what is no part of this file."""
    return [act for act in report.acts if act.topic == "custody"]


def _done(nodes: Nodes, report: Report) -> Iterator[JSON]:
    """Yield how images were made, then what people did with exhibits, and runs, as they began."""
    for exhibit in report.exhibits:
        for source in exhibit.sources:
            for number, stated in enumerate(source.acquisitions):
                yield from _acquired(nodes, exhibit.label, f"{source.label} {number}", stated)
    done: list[tuple[str, Act | Run]] = [(act.time, act) for act in _custody(report)]
    done += [(run.started, run) for run in report.runs]
    registered = False
    for _, each in sorted(done, key=lambda row: row[0]):
        if isinstance(each, Act):
            yield from _act(nodes, report, each)
        else:
            yield _run(nodes, report, each, first=not registered)
            registered = True


def _acquired(nodes: Nodes, exhibit: str, key: str, stated: Acquisition) -> Iterator[JSON]:
    """Yield how an image was made, as others state it: nothing of it was seen by this program."""
    utc = stated.zone == "UTC"
    tool = "imager", f"{stated.program} {stated.version}"
    yield nodes.node(
        *(*tool, "uco-tool:Tool"),
        core__name=shown(stated.program),
        tool__version=shown(stated.version),
    )
    said = [f"stated by {stated.stated_by}"]
    for what, text in (("started", stated.started), ("ended", stated.ended)):
        if text and not utc:
            said.append(f"{what} {text} by the clock of the imaging machine, zone not stated")
    if stated.bad_sectors is not None:
        said.append(f"sectors that could not be read: {stated.bad_sectors}")
    yield nodes.action(
        f"acquired {key}",
        start=f"{stated.started}Z" if utc and stated.started else "",
        end=f"{stated.ended}Z" if utc and stated.ended else "",
        core__name="evidence.acquired",
        core__description=shown("; ".join(said)),
        action__instrument=[nodes.ref(*tool)],
        action__object=[nodes.ref("exhibit", exhibit)],
        action__result=[nodes.ref("source", key.rpartition(" ")[0])],
    )


def _act(nodes: Nodes, report: Report, act: Act) -> Iterator[JSON]:
    kinds: dict[str, str] = {}
    for exhibit in report.exhibits:
        kinds[exhibit.label] = "exhibit"
        kinds |= dict.fromkeys((source.label for source in exhibit.sources), "source")
    objects = [nodes.ref(kinds[label], label) for label in act.of if label in kinds]
    number = f"ledger event {act.seq}"
    if objects:
        yield nodes.record(number, objects)
    yield nodes.action(
        number,
        start=act.time,
        end=act.time,
        core__name=act.type,
        core__description=shown("; ".join(f"{of.name}: {of.value}" for of in act.fields)),
        action__performer=nodes.ref("person", act.actor) if act.actor else None,
        action__object=objects,
        action__result=[nodes.ref("provenance", number)] if objects else [],
    )


def _run(nodes: Nodes, report: Report, run: Run, *, first: bool) -> JSON:
    """Return a run; the first one brings the records of the exhibits about."""
    records = [nodes.ref("provenance", exhibit.label) for exhibit in report.exhibits]
    return nodes.action(
        f"run {run.uuid}",
        start=run.started,
        end=run.ended or "",
        core__name=run.purpose,
        core__description=f"run {run.uuid}, outcome {run.outcome}, profile {run.profile}",
        action__performer=examiner(nodes, report),
        action__instrument=[nodes.ref("instrument", "")],
        action__object=[*sources(nodes, report), *([] if first else records)],
        action__result=records if first else [],
    )


def examiner(nodes: Nodes, report: Report) -> JSON | None:
    """Return who examined; None where nobody is named."""
    name = report.case.examiner
    return nodes.ref("person", name) if name else None


def sources(nodes: Nodes, report: Report) -> list[JSON]:
    """Return every source of the case."""
    return [
        nodes.ref("source", each.label) for exhibit in report.exhibits for each in exhibit.sources
    ]
