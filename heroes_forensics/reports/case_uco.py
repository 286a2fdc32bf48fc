"""CASE/UCO JSON-LD, version 1.4: exhibits, what was done with them, and the findings.

As a report it holds no digest of an item; as an export it holds what was decided to hand on. Ids
are name-based UUIDs (version 5) under the UUID of the ledger, so that the same thing has the same
id in every file that is ever made of a case. One node a line, in the words of the ontologies
(https://caseontology.org, https://unifiedcyberontology.org); that they conform is for
``case_validate`` to say, in the tests. An exhibit is a device, a source an image; a finding is an
analytic result on a file that is contained within an image at its locator. Times in local time of
an unknown zone are left out: ``xsd:dateTime`` is to have a zone there.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Final

from heroes_forensics.display import shown
from heroes_forensics.filetype import TYPES
from heroes_forensics.model import JSON
from heroes_forensics.reports.case_nodes import ACTION, CONTEXT, Nodes, time
from heroes_forensics.reports.case_story import before, examiner, sources
from heroes_forensics.reports.exchange import LEFT_OUT, Exporter, Handed, Matter
from heroes_forensics.reports.findings import CANDIDATES, Finding
from heroes_forensics.reports.messages import messages
from heroes_forensics.reports.model import Report

SPEC: Final = "1.4.0"
_TIMES: Final = {
    "m": "modifiedTime",
    "a": "accessedTime",
    "c": "metadataChangeTime",
    "b": "observableCreatedTime",
}
_encode: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def render(report: Report, *, language: str = "en") -> bytes:
    """Return ``case.jsonld`` of a report: pseudonymous, without a digest of any item."""
    del language
    graph = _Graph(report)
    by_item: dict[str, list[Finding]] = {}
    for each in report.findings:
        if each.status != "withdrawn":
            by_item.setdefault(each.locator, []).append(each)
    nodes = (node for found in by_item.values() for node in graph.item(found))
    return b"".join(graph.pieces(nodes, issued=True))


def write(matter: Matter, blocks: Iterable[Handed]) -> Iterator[bytes]:
    """Yield the file of an export; nothing in it tells when it was made."""
    graph = _Graph(matter.report())

    def nodes() -> Iterator[JSON]:
        for block in blocks:
            for position, found in block.findings.items():
                matter.told[LEFT_OUT] += sum(each.zone != "utc" for each in found[0].times)
                yield from graph.item(found, block=block, position=position)

    return graph.pieces(nodes(), issued=False)


class _Graph:
    """The nodes of one file."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._nodes = Nodes(report.case.ledger)
        self._results: list[JSON] = []
        """Of the comparison: the record and the result of each finding."""

    def pieces(self, items: Iterable[JSON], *, issued: bool) -> Iterator[bytes]:
        """Yield the file: what is known before the findings, the findings, what they come to.

        Args:
            items: the nodes of findings, made one after the other.
            issued: whether the file is a report, and so says which one.
        """
        yield f'{{"@context":{_encode(CONTEXT)},\n"@graph":[\n'.encode()
        for part in (before(self._nodes, self._report), items):
            for node in part:
                yield f"{_encode(node)},\n".encode()
        yield ",\n".join(map(_encode, self._after(issued=issued))).encode() + b"\n]}\n"

    def item(
        self, findings: Sequence[Finding], *, block: Handed | None = None, position: int = 0
    ) -> Iterator[JSON]:
        """Yield the nodes of one item and of what was found of it.

        Args:
            findings: at least one, all of the same item.
            block: what is handed on of it beside the findings; None: nothing.
            position: of the item in the block.
        """
        nodes, finding = self._nodes, findings[0]
        key = finding.locator
        digests: list[tuple[str, str]] = []
        name = ""
        if block is not None:
            found = block.items
            for algorithm in ("md5", "sha1", "sha256"):
                value: bytes | None = getattr(found, algorithm)[position]
                if value:
                    digests.append((algorithm, value.hex()))
            name = shown(found.paths[position]) if found.paths else ""
        file = nodes.node(
            *("file-facet", key, "uco-observable:FileFacet"),
            observable__fileName=name.rsplit("/", 1)[-1],
            observable__filePath=name,
            observable__isDirectory=False,
            observable__allocationStatus="allocated" if finding.allocated else "unallocated",
            observable__sizeInBytes=finding.size if finding.size >= 0 else None,
            **_times(finding),
        )
        mime = _mimes().get(finding.type, "")
        content = nodes.content(("item", key), finding.size, mime, digests)
        yield nodes.node("item", key, "uco-observable:File", core__hasFacet=[file, content])
        place = nodes.node(
            *("path-facet", key, "uco-observable:PathRelationFacet"), observable__path=shown(key)
        )
        yield nodes.related(("item", key), ("source", finding.source), "Contained_Within", place)
        for each in findings:
            number = f"{each.exhibit}/{each.number}"
            yield nodes.record(number, [nodes.ref("item", key)], root=each.exhibit)
            yield self._result(each)
            self._results += (nodes.ref("provenance", number), nodes.ref("result", each.number))

    def _result(self, finding: Finding) -> JSON:
        nodes, number, category = self._nodes, finding.number, finding.category
        code = ":".join(filter(None, (category.scheme, category.region, category.code)))
        classification = nodes.node(
            *("classification", number, "uco-analysis:ArtifactClassification"),
            analysis__class=shown(code if category.code else category.verdict),
        )
        facet = nodes.node(
            *("class-facet", number, "uco-analysis:ArtifactClassificationResultFacet"),
            analysis__classification=[classification],
        )
        return nodes.node(
            *("result", number, "uco-analysis:AnalyticResult"),
            core__name=number,
            core__statement=[shown(text) for text in _statements(finding)],
            core__object=[nodes.ref("item", finding.locator)],
            core__hasFacet=[facet],
            analysis__originatingAnalysis=nodes.ref("action", "comparison"),
        )

    def _after(self, *, issued: bool) -> Iterator[JSON]:
        nodes, report = self._nodes, self._report
        if report.examined_from:
            yield nodes.action(
                "comparison",
                of=[ACTION, "uco-analysis:Analysis"],
                start=report.examined_from,
                end=report.examined_to or "",
                core__name="comparison with hash sets",
                action__performer=examiner(nodes, report),
                action__instrument=[nodes.ref("instrument", "")],
                action__object=sources(nodes, report),
                action__result=self._results,
            )
        authority = [nodes.ref("authorization", "")] if report.case.authority else []
        yield nodes.node(
            *("case", "", "case-investigation:Investigation"),
            core__name=shown(report.case.reference or report.case.uuid),
            core__object=[*nodes.actions, *nodes.records],
            case__investigationForm="case",
            case__relevantAuthorization=authority,
        )
        text, last = f"ledger {report.case.ledger}", report.checkpoint
        if issued and last:
            text += f", report {report.number}, {last.size} events with root {last.root}"
        yield nodes.node(
            *("bundle", "", "uco-core:Bundle"),
            core__name="heroes-forensics",
            core__description=text,
            core__specVersion=SPEC,
            core__objectCreatedTime=time(report.issued) if issued else None,
            core__object=[nodes.ref("case", "")],
        )


def _times(finding: Finding) -> dict[str, JSON]:
    """Return the times that can be said: in UTC, of a year from 1 to 9999."""
    return {
        f"observable__{_TIMES[each.which]}": time(each.text)
        for each in finding.times
        if each.zone == "utc" and each.text[4:5] == "-" and not each.text.startswith(("-", "0000"))
    }


def _statements(finding: Finding) -> Iterator[str]:
    """Say what a finding rests on, and who lists the material as what; never what it is."""
    said, near, category = messages("en"), finding.near, finding.category
    yield said.text(f"grade.{finding.grade}")
    if near is not None:
        yield f"{near.algorithm}: distance {near.distance}, at most {near.radius}"
    if finding.grade in CANDIDATES:
        yield "a candidate: an authorised person has to confirm it"
    code = said.text("category.code", code=category.code) if category.code else ""
    listed = f"listed by {finding.issuer or finding.set_name}"
    known = f"{finding.set_name} {finding.edition}".strip()
    kind = said.word("kind", finding.kind)
    yield ", ".join((listed, known, kind, code or said.text("category.none")))


@cache
def _mimes() -> dict[str, str]:
    """Return the MIME types by the words of the report model."""
    return {row.name.lower().replace(" ", "-").replace("_", "-"): row.mime for row in TYPES}


EXPORT: Final = Exporter("case.jsonld", write, items=("findings",), digests="all")
