"""Nodes of CASE/UCO JSON-LD: their ids, and the kinds of node that every part of a case needs."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID, uuid5

from heroes_forensics.display import shown
from heroes_forensics.model import JSON

_ONTOLOGY: Final = "https://ontology.unifiedcyberontology.org/uco/"
CONTEXT: Final[JSON] = {
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    **{
        f"uco-{name}": f"{_ONTOLOGY}{name}/"
        for name in (
            *("action", "analysis", "configuration", "core", "identity", "observable", "tool"),
            "types",
        )
    },
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
ACTION: Final = "case-investigation:InvestigativeAction"
_METHODS: Final = {"md5": "MD5", "sha1": "SHA1", "sha256": "SHA256", "sha512": "SHA512"}
"""Algorithms, as the vocabulary of hash methods calls them; others it does not know."""

Key = tuple[str, str]
"""What a thing is, and by what it is known in its case: a label, a locator, a number."""


class Nodes:
    """Makes the nodes of one case, and remembers what was done and what was recorded."""

    def __init__(self, ledger: str) -> None:
        self._ledger = UUID(ledger)
        self.actions: list[JSON] = []
        """All so far, in their order."""
        self.records: list[JSON] = []
        """Provenance records."""

    def ref(self, kind: str, key: str) -> JSON:
        """Return a node that stands for another: its id, the same for ever."""
        return {"@id": f"urn:uuid:{uuid5(self._ledger, f'{kind}:{key}')}"}

    def node(self, kind: str, key: str, of: str | list[str], /, **facts: object) -> JSON:
        """Return a node; ``prefix__name`` stands for ``uco-prefix:name``, nothing empty is said."""
        said = {
            _property(name): value for name, value in facts.items() if value not in (None, "", [])
        }
        return {**self.ref(kind, key), "@type": of, **said}

    def content(self, of: Key, size: int, mime: str, digests: Sequence[tuple[str, str]]) -> JSON:
        """Return what is said of the bytes of a thing; ``digests`` are algorithm and hex."""
        key = ":".join(of)
        return self.node(
            *("content-facet", key, "uco-observable:ContentDataFacet"),
            observable__mimeType=mime,
            observable__sizeInBytes=size if size >= 0 else None,
            observable__hash=[
                self.node(
                    *("hash", f"{key}:{algorithm}", "uco-types:Hash"),
                    types__hashMethod=_METHODS[algorithm],
                    types__hashValue={"@type": "xsd:hexBinary", "@value": value},
                )
                for algorithm, value in digests
                if algorithm in _METHODS
            ],
        )

    def related(self, of: Key, to: Key, kind: str, *facets: JSON) -> JSON:
        """Return a relationship from one thing to another."""
        return self.node(
            *("relation", f"{':'.join(of)} {kind} {':'.join(to)}"),
            "uco-observable:ObservableRelationship",
            core__source=self.ref(*of),
            core__target=self.ref(*to),
            core__isDirectional=True,
            core__kindOfRelationship=kind,
            core__hasFacet=list(facets),
        )

    def record(self, number: str, objects: list[JSON], *, root: str = "") -> JSON:
        """Return a provenance record, which some action has as its result."""
        self.records.append(self.ref("provenance", number))
        return self.node(
            *("provenance", number, "case-investigation:ProvenanceRecord"),
            case__exhibitNumber=shown(number),
            case__rootExhibitNumber=shown(root),
            core__object=objects,
        )

    def action(
        self,
        key: str,
        *,
        start: str,
        end: str,
        of: str | list[str] = ACTION,
        **facts: object,
    ) -> JSON:
        """Return an action; each is informed by the one before, and its times may be empty."""
        action = self.node(
            *("action", key, of),
            action__startTime=time(start) if start else None,
            action__endTime=time(end) if end else None,
            case__wasInformedBy=self.actions[-1:],
            **facts,
        )
        self.actions.append(self.ref("action", key))
        return action


def time(text: str) -> JSON:
    """Return a time; the text has its zone."""
    return {"@type": "xsd:dateTime", "@value": text}


def _property(name: str) -> str:
    prefix, _, rest = name.partition("__")
    return f"case-investigation:{rest}" if prefix == "case" else f"uco-{prefix}:{rest}"
