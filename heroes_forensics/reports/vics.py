"""VICS (Video Image Classification Standard) case files, versions 2.0 and 1.3, of findings.

Compatible with VICS files as observed in public programs; not certified by Project VIC. What
keeps the widest set of readers content: the context first, then ``value``, and no other key; one
Media for each MD5; numbers as numbers and booleans as booleans; no empty field. There is never a
file beside it. The same findings always give the same bytes.
"""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Final

from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.reports.disclosed import Disclosed, ExportOf, usable

_CONTEXTS: Final = {
    "2.0": (
        "@odata.context",
        "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{region}/$metadata#Cases",
    ),
    "1.3": ("odata.metadata", "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Cases"),
}
VERSIONS: Final = tuple(_CONTEXTS)
REGIONS: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")
DEFAULT_REGION: Final = "Default"

_VERDICTS: Final = ("baseline_illegal", "nationally_illegal", "notable_other", "suspected")
_FRACTION: Final = re.compile(r"(\.[0-9]{1,3})[0-9]*Z$")
"""Readers were seen that take milliseconds, and none that takes nine digits."""
_TIMES: Final = {"b": "Created", "m": "Written", "a": "Accessed"}


def render(
    rows: Sequence[Disclosed],
    of: ExportOf,
    *,
    version: str = VERSIONS[0],
    region: str = DEFAULT_REGION,
) -> bytes:
    """Return the file.

    Args:
        rows: findings, in any order; those that contradict their entry are left out.
        of: the case.
        version: one of `VERSIONS`.
        region: whose numbering of categories the file uses: a category is written only when the
            set that gave it has the same one.

    Raises:
        UsageError: there is no such version, or the region is not a word.
    """
    if version not in VERSIONS or REGIONS.fullmatch(region) is None:
        raise UsageError(
            f"VICS {version} {region} cannot be written",
            hint=f"versions: {', '.join(VERSIONS)}; a region is a word such as {DEFAULT_REGION}",
        )
    by_md5: dict[bytes, list[Disclosed]] = {}
    for row in sorted(usable(rows), key=lambda row: (row.md5, row.finding.number)):
        by_md5.setdefault(row.md5, []).append(row)
    media = [_media(number, found, region) for number, found in enumerate(by_md5.values(), start=1)]
    case = _stated(
        {
            "CaseID": of.case_id,
            "CaseNumber": of.reference,
            "ContactOrganization": of.organisation,
            "SourceApplicationName": of.program,
            "SourceApplicationVersion": of.version,
            "TotalMediaFiles": len(media),
            "TotalPrecategorized": sum("Category" in each for each in media),
            "Media": media,
        }
    )
    key, context = _CONTEXTS[version]
    text = json.dumps(
        {key: context.format(region=region), "value": [case]}, ensure_ascii=False, indent=1
    )
    return text.encode("utf-8", errors="replace") + b"\n"


def _media(number: int, rows: Sequence[Disclosed], region: str) -> JSON:
    first = rows[0]
    md5 = first.md5.hex().upper()
    found: JSON = {
        "MediaID": number,
        "MD5": md5,
        # Files can be made that share an MD5: then no SHA-1 is that of this Media.
        "SHA1": first.sha1.hex().upper() if len({row.sha1 for row in rows}) == 1 else None,
        "MediaSize": first.finding.size if first.finding.size >= 0 else None,
        "MimeType": first.mime,
    }
    judged = _category(rows, region)
    if judged is not None:
        code, set_name = judged
        found |= {
            "Category": code,
            "IsPrecategorized": True,
            "PrecategorizationSource": set_name,
        }
    for field, name in (("victim", "VictimIdentified"), ("offender", "OffenderIdentified")):
        said = {getattr(row.finding, f"{field}_identified") for row in rows} - {None}
        if len(said) == 1:
            found[name] = said.pop()
    places: dict[str, Disclosed] = {}
    for row in rows:
        places.setdefault(row.finding.locator, row)
    found["MediaFiles"] = [_file(md5, row) for _, row in sorted(places.items())]
    found["MediaMetadata"] = list(_facts(rows))
    return _stated(found)


def _category(rows: Iterable[Disclosed], region: str) -> tuple[int, str] | None:
    """Return the gravest category that is of the file's own numbering, and whose it is.

    Where sets give two numbers of one verdict, there is no saying which of them counts: none does.
    """
    found = [
        (_VERDICTS.index(category.verdict), int(category.code), _set(row))
        for row in rows
        if (category := row.finding.category).scheme == "vics"
        and (category.region or DEFAULT_REGION).lower() == region.lower()
        and category.verdict in _VERDICTS
        and category.code.isascii()
        and category.code.isdigit()
    ]
    gravest = [row for row in found if row[0] == min(found)[0]]
    return min(gravest)[1:] if len({code for _, code, _ in gravest}) == 1 else None


def _set(row: Disclosed) -> str:
    return f"{row.finding.set_name} {row.finding.edition}"


def _file(md5: str, row: Disclosed) -> JSON:
    finding = row.finding
    path = row.path or f"{finding.locator}/{finding.number}"
    times = {
        _TIMES[time.which]: _FRACTION.sub(r"\1Z", time.text)
        for time in finding.times
        if time.which in _TIMES and time.zone == "utc"
    }
    return _stated(
        {
            "MD5": md5,
            "FileName": path.rsplit("/", 1)[-1],
            "FilePath": "\\" + path.lstrip("/").replace("/", "\\"),
            **{name: times[name] for name in sorted(times)},
            "Deleted": not finding.allocated,
            "SourceID": finding.exhibit,
            "PhysicalLocation": row.first_byte,
        }
    )


def _facts(rows: Sequence[Disclosed]) -> Iterable[JSON]:
    """Say what is ours to say, for each finding, as free properties."""
    for row in rows:
        finding = row.finding
        for name, value in (
            ("Finding", finding.number),
            ("Locator", finding.locator),
            ("MatchedBy", ",".join(row.algorithms)),
            ("Grade", finding.grade),
            ("Set", _set(row)),
            ("Issuer", finding.issuer),
            ("Category", finding.category.code),
            ("Scheme", f"{finding.category.scheme} {finding.category.region}".strip()),
        ):
            if value:
                yield {"PropertyName": f"HeroesForensics.{name}", "PropertyValue": value}


def _stated(fields: JSON) -> JSON:
    """Leave out what says nothing; a false, or a zero, says something."""
    return {name: value for name, value in fields.items() if value not in (None, "", [])}
