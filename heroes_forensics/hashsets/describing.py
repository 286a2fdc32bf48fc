"""Decide what an imported set is: its kind, its category profile, and what contradicts them.

The importer only counts; the operator's description and the counts meet here, and become the
header of the set file and the import report.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NamedTuple

from heroes_forensics.display import shown
from heroes_forensics.errors import HashSetError, UsageError
from heroes_forensics.hashsets.known import (
    ADULT_INTIMATE,
    BEGINNING,
    BENIGN_VERDICTS,
    KINDS,
    KNOWN_GOOD,
    NOTABLE,
    NOTABLE_VERDICTS,
    PERCEPTUAL,
)
from heroes_forensics.hashsets.layout import Header
from heroes_forensics.hashsets.profiles import Profile, choose, label_of, verdict_of
from heroes_forensics.model import JSON

LISTED: Final = 100
"""Rejected records, categories and unknown codes that a report lists."""
_EDITION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NAME_LIMIT: Final = 200


@dataclass(frozen=True, slots=True)
class Description:
    """What the operator says of a set that is imported."""

    name: str
    issuer: str = ""
    edition: str = ""
    """Empty: the first digits of the file's SHA-256."""
    kind: str = ""
    """A row of `KINDS`; empty: what the format always is."""
    scheme: str = ""
    region: str = ""
    profile: Profile | None = None
    """None: the shipped one for the scheme and region, if there is one."""
    source_name: str = ""
    """Name of the file as received, for the report."""
    reading: JSON = field(default_factory=dict)
    """What was said of how to read the file, for example which column is which."""
    built: JSON = field(default_factory=dict)
    """Of a set that was built here: what was read, listed and left out, in numbers."""


class Approval(NamedTuple):
    """What is said of where a set comes from; see `heroes_forensics.hashsets.governing`."""

    signature: str
    provenance: JSON
    warnings: tuple[str, ...] = ()


Approve = Callable[[Header, JSON], Approval]


def anybody(header: Header, report: JSON) -> Approval:
    """Take a set from anybody, as one that is not signed."""
    del header, report
    return Approval("unsigned", {})


class UnknownKindError(UsageError):
    """Neither the operator nor the format says what kind of list a file is."""


def check(description: Description) -> None:
    """Make sure that a description makes sense.

    Raises:
        UsageError: it does not.
    """
    if description.kind and description.kind not in KINDS:
        raise UsageError(
            f"no kind of hash set is called {description.kind!r}",
            hint="choose from: " + ", ".join(KINDS),
        )
    if description.edition and _EDITION.fullmatch(description.edition) is None:
        raise UsageError("an edition is named with up to 64 letters, digits, '.', '_' or '-'")
    for what, text in (("name", description.name or " "), ("issuer", description.issuer or "-")):
        if not text.strip() or len(text) > _NAME_LIMIT or not text.isprintable():
            raise UsageError(f"the {what} of a hash set is 1 to {_NAME_LIMIT} printable characters")


def describe(
    description: Description, facts: JSON, categories: Counter[str]
) -> tuple[Header, JSON]:
    """Decide kind, profile and verdicts; return the header and the import report.

    Args:
        description: what the operator says.
        facts: the report of the importer.
        categories: records by raw code, those without one under the empty text.

    Raises:
        HashSetError: the categories contradict the kind.
        UnknownKindError: nobody says the kind, and to guess it would accuse or acquit.
    """
    nature = str(facts.get("nature", ""))
    warnings = [str(text) for text in _list(facts.get("warnings"))]
    kind = description.kind or nature
    if not kind:
        raise UnknownKindError(
            f"{shown(description.source_name or description.name)}"
            " does not say what kind of list it is",
            hint=f"add --kind with what it is: {', '.join(KINDS)}",
        )
    scheme = description.scheme or str(facts.get("scheme", ""))
    region = description.region or str(facts.get("region", ""))
    profile = description.profile
    if profile is None and scheme:
        profile = choose(scheme, region)
        if profile is not None and region and profile.region.lower() != region.lower():
            warnings.append(f"no profile for this region is known: {profile.name} was taken")
    if profile is not None and profile.unverified:
        warnings.append(f"category profile {profile.name} is unverified")
    categorised = bool(scheme) or any(categories)
    table: JSON = {
        code: {
            "label": label_of(profile, code),
            "verdict": verdict_of(profile, kind, code, categorised=categorised),
            "records": count,
        }
        for code, count in sorted(categories.items())[:LISTED]
    }
    unknown = sorted(
        code for code in categories if code and (profile is None or code not in profile.codes)
    )
    if unknown:
        warnings.append(
            f"category codes without a mapping, which stay uncategorised: {len(unknown)}"
        )
    warnings += not_compared(facts.get("values"))
    warnings += _contradictions(kind, nature, profile, categories)
    source = str(facts.get("sha256", ""))
    header = Header(
        id="",
        file="",
        name=description.name,
        edition=description.edition or source[:12],
        kind=kind,
        issuer=description.issuer,
        kind_stated=bool(description.kind),
        format=str(facts.get("format", "")),
        format_version=str(facts.get("version", "")),
        scheme=scheme,
        region=region,
        numbering=str(facts.get("numbering", "")),
        profile=profile.as_json() if profile else {},
        categorised=categorised,
        source_sha256=source,
        source_size=_int(facts.get("size")),
        imported_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    report = facts | {
        "name": header.name,
        "issuer": header.issuer,
        "edition": header.edition,
        "kind": kind,
        "kind_stated": header.kind_stated,
        "signature": header.signature,
        "scheme": scheme,
        "region": region,
        "profile": profile.name if profile else "",
        "profile_unverified": bool(profile and profile.unverified),
        "categories": table,
        "unknown_codes": unknown[:LISTED],
        "imported_at": header.imported_at,
        "file_name": description.source_name,
        "reading": description.reading,
        **({"built": description.built} if description.built else {}),
        "warnings": warnings,
    }
    return header, report


def _contradictions(
    kind: str, nature: str, profile: Profile | None, categories: Counter[str]
) -> list[str]:
    """Refuse notable records as known-good; warn of the reverse."""
    if nature == ADULT_INTIMATE != kind:
        raise HashSetError(
            f"a list of intimate pictures of adults is not imported as {kind}",
            hint="leave out --kind: it never becomes a verdict on other material",
        )
    meant = {code: verdict_of(profile, NOTABLE, code, categorised=True) for code in categories}
    if kind == KNOWN_GOOD:
        bad = sum(count for code, count in categories.items() if meant[code] in NOTABLE_VERDICTS)
        if nature == NOTABLE:
            bad = sum(
                count for code, count in categories.items() if meant[code] not in BENIGN_VERDICTS
            )
        if bad:
            raise HashSetError(
                f"{bad} records carry categories that are not harmless: refused as known-good",
                hint="a known-good set spares work, so such a record would hide a match",
            )
    elif kind == NOTABLE:
        if nature == KNOWN_GOOD:
            return ["a set of known software is imported as notable"]
        if any(meant[code] in BENIGN_VERDICTS for code in categories):
            return ["some records carry harmless categories in a notable set"]
    return []


def not_compared(values: object) -> list[str]:
    """Name the kinds of values with which nothing is compared, or not by every scan.

    Args:
        values: how many there are of each kind.
    """
    if not isinstance(values, dict) or not values:
        return []
    left = {kind: count for kind, count in sorted(values.items()) if kind not in PERCEPTUAL}
    begun = left.pop(BEGINNING, 0)
    kinds = ", ".join(f"{count} {kind}" for kind, count in left.items())
    said = [f"kept, not compared by this version: {kinds}"] if kinds else []
    if begun:
        said.append(f"compared where a scan searches space (--carve): {begun} {BEGINNING}")
    return said


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0
