"""What a person reads when a scan is done: per exhibit the result, and what was not examined.

It is made from ``report.json`` and says nothing that does not stand there.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from heroes_forensics.commands.text import (
    counted,
    hanging,
    human,
    integer,
    record,
    records,
    string,
    strings,
)
from heroes_forensics.commands.words import catalogue, category, reason, word
from heroes_forensics.errors import CustodyError
from heroes_forensics.model import JSON
from heroes_forensics.reports.verdict import CANDIDATES_ONLY, meaning

EXAMPLES: Final = 3
"""Locators shown below a group of gaps; all of them are in the report."""

_NUMBER: Final = 9
"""Columns of a count."""


def report_of(path: Path) -> JSON | None:
    """Read the ``report.json`` of a report, given as that file, its folder, or a file beside it.

    Returns:
        The report; None when there is none.

    Raises:
        CustodyError: there is one that cannot be read.
    """
    folder = path if path.is_dir() else path.parent
    try:
        data = (folder / "report.json").read_bytes()
    except OSError:
        return None
    try:
        found: object = json.loads(data)
    except ValueError as error:
        raise CustodyError(
            "report.json is damaged", hint="see what else is: heroes verify CASE"
        ) from error
    return found if isinstance(found, dict) else None


def summary(report: JSON) -> Iterator[str]:
    """Yield the lines of the whole summary of a report."""
    for exhibit in records(report, "exhibits"):
        yield from _exhibit(exhibit)
        yield ""
    yield from _devices(report)
    yield from _rule("always.unlisted")
    yield from _rule(f"perceptual.{string(report, 'perceptual', 'not-performed')}")
    signer = record(record(report, "case"), "signer")
    if signer.get("kind") == "case-local":
        yield from _rule("signer.unsigned")


def _devices(report: JSON) -> Iterator[str]:
    """Say how many devices pictures and films name; their values are sealed."""
    if not any(record(each, "metadata") for each in records(report, "exhibits")):
        return
    parts: dict[bool, list[int]] = {True: [], False: []}
    for device in records(report, "devices"):
        parts[bool(device.get("by_serial"))].append(integer(device, "files"))
    said = {
        "files": f"{sum(map(sum, parts.values())):,}",
        "devices": f"{len(parts[True]):,}",
        "by_serial": f"{sum(parts[True]):,}",
        "models": f"{len(parts[False]):,}",
        "by_model": f"{sum(parts[False]):,}",
    }
    yield from hanging("", catalogue().text("metadata.line", **said))


def _rule(key: str) -> Iterator[str]:
    yield from hanging("", catalogue().text(key))


def _row(number: int, text: str, *, indent: int = 2) -> Iterator[str]:
    yield from hanging(f"{' ' * indent}{number:>{_NUMBER - indent},}  ", text)


def _exhibit(exhibit: JSON) -> Iterator[str]:
    verdict, coverage = record(exhibit, "verdict"), record(exhibit, "coverage")
    yield from hanging("", f"EXHIBIT {string(exhibit, 'label', '?')}: {headline(verdict)}")
    if verdict.get("unfinished") and verdict.get("word") != "unfinished":
        yield from hanging("  ", catalogue().text("scope.also_unfinished"))
    for source in records(exhibit, "sources"):
        for code in strings(source, "alarms"):
            yield from hanging("  ! ", f"{string(source, 'label')}: {word('alarm', code)}")
    yield from _compared(records(exhibit, "compared"), string(verdict, "word"))
    yield from _matches(records(exhibit, "matches"), verdict)
    yield from _gaps(coverage, unfinished=bool(verdict.get("unfinished")))
    yield from _examined(coverage, verdict)
    for source in records(exhibit, "sources"):
        yield from _source(source)


def headline(verdict: Mapping[str, object]) -> str:
    """Return the one line of page 1 about an exhibit."""
    code = string(verdict, "word", "unfinished")
    text = word("verdict", code)
    if code == "no-match":
        return f"{text} ({_scope(verdict)})"
    stated = strings(verdict, "reasons")
    reasons = ", ".join(reason(each) for each in stated)
    if code == "matches":  # what else is to be said of it has a line of its own
        return f"{text} ({reason(CANDIDATES_ONLY)})" if CANDIDATES_ONLY in stated else text
    return f"{text} ({reasons})" if reasons else text


def _scope(verdict: Mapping[str, object]) -> str:
    return catalogue().text(
        "scope.line",
        percent=string(verdict, "percent_of_bytes", "0.0"),
        comparable=f"{integer(verdict, 'media_comparable'):,}",
        seen=f"{integer(verdict, 'media_seen'):,}",
    )


def _lane(lane: Mapping[str, object]) -> str:
    return catalogue().text(
        "scope.lane",
        name=word("lane", string(lane, "name")),
        examined=f"{integer(lane, 'examined'):,}",
        items=f"{integer(lane, 'streams'):,}",
        percent=string(lane, "percent_of_bytes", "0.0"),
    )


def _matches(matches: list[JSON], verdict: JSON) -> Iterator[str]:
    yield "  Found"
    code = string(verdict, "word")
    if not matches and code == "no-match":
        yield from _row(0, catalogue().text("result.nothing_found"))
    elif not matches:
        # "Nothing found" is never said of something that was not examined.
        key = meaning(code, strings(verdict, "reasons"))
        yield from hanging("    ", word("means", key))
    for match in matches:
        parts = [word("grade", string(match, "grade"))]
        if string(match, "kind") != "notable":
            parts.append(word("kind", string(match, "kind")))
        else:
            stated = category(match)
            parts.append(f"listed {f'as {stated}' if stated else word('category', 'none')}")
        yield from _row(integer(match, "count"), "; ".join(parts))


def _gaps(coverage: JSON, *, unfinished: bool) -> Iterator[str]:
    gaps, areas = records(coverage, "gaps"), records(coverage, "areas")
    yield "  Not examined"
    unexpected = [area for area in areas if not area.get("policy")]
    for area in unexpected:
        text = f"{string(area, 'where')}: {reason(string(area, 'code'))}"
        yield from _row(1, f"{text}, {human(integer(area, 'size'))}")
    left_out = Counter(string(area, "code") for area in areas if area.get("policy"))
    for policy in (False, True):
        for code, count in left_out.items() if policy else ():
            yield from _row(count, f"{gap_text(code, policy=True)}: whole areas")
        for gap in gaps:
            if bool(gap.get("policy")) is not policy:
                continue
            yield from _row(integer(gap, "count"), _group_text(gap, policy=policy))
            examples = strings(gap, "examples")
            for example in () if policy else examples[:EXAMPLES]:
                yield from hanging(" " * (_NUMBER + 4), example)
            left = integer(gap, "count") - min(len(examples), EXAMPLES)
            if examples and left > 0 and not policy:
                yield f"{' ' * (_NUMBER + 4)}and {left:,} more: heroes inventory CASE --gaps"
    if not unexpected and not any(not gap.get("policy") for gap in gaps):
        if unfinished:
            yield from hanging("    ", catalogue().text("result.gaps_unknown"))
        else:
            yield from _row(0, catalogue().text("result.no_gaps"))
    yield from hanging(" " * (_NUMBER + 2), _free_space(coverage))


def _free_space(coverage: JSON) -> str:
    """Say how far unallocated space was searched."""
    state = string(coverage, "unallocated", "not-examined")
    return catalogue().text(f"unallocated_result.{state}")


def _group_text(gap: JSON, *, policy: bool) -> str:
    """Return why the files of a group were not examined, and what of them was."""
    text = gap_text(string(gap, "code"), policy=policy)
    about = string(gap, "about", "content")
    return text if about == "content" else f"{text}; {word('about', about)}"


def gap_text(code: str, *, policy: bool) -> str:
    """Return why something was not examined, and whether the profile announced it."""
    text = reason(code)
    by_profile = policy and code.startswith("policy.") and "profile" not in text
    return f"{text} (by the profile)" if by_profile else text


def _examined(coverage: JSON, verdict: JSON) -> Iterator[str]:
    equation = record(coverage, "equation")
    yield "  Examined"
    yield from hanging("    ", _scope(verdict))
    yield from _inside(coverage)
    for lane in records(coverage, "lanes") if verdict.get("unfinished") else ():
        yield from hanging("    ", _lane(lane))
    if integer(coverage, "listings_open"):
        said = {"count": f"{integer(coverage, 'listings_open'):,}"}
        yield from hanging("    ", catalogue().text("scope.listings_open", **said))
    terms = (
        ("digested", "digested"),
        ("without_content", "without content"),
        ("policy", "left out by the profile"),
        ("gaps", "not examined"),
    )
    sums = [f"{integer(equation, key):,} {text}" for key, text in terms]
    if integer(equation, "not_reached"):
        sums.append(f"{integer(equation, 'not_reached'):,} not reached")
    alarm = "" if coverage.get("closes") else "; THE EQUATION DOES NOT CLOSE"
    listed = counted(integer(equation, "listed"), "entry", "entries")
    yield from hanging("    ", f"{listed} listed = {' + '.join(sums)}{alarm}")


def _inside(coverage: JSON) -> Iterator[str]:
    """Yield what was done beyond the digests of files."""
    pictures, containers = record(coverage, "pictures"), record(coverage, "containers")
    if integer(pictures, "seen"):
        numbers = {name: integer(pictures, name) for name in ("seen", "compared")}
        numbers["decoded"] = integer(pictures, "decoded") + integer(pictures, "in_part")
        numbers["small"] = integer(pictures, "not_matchable")
        alone = not (numbers["compared"] or numbers["small"])
        said = {name: f"{number:,}" for name, number in numbers.items()}
        key = "scope.pictures_alone" if alone else "scope.pictures"
        yield from hanging("    ", catalogue().text(key, **said))
    if integer(containers, "seen"):
        said = {
            name: f"{integer(containers, name):,}"
            for name in ("opened", "seen", "in_part", "members")
        }
        said["digested"] = f"{integer(containers, 'members_digested'):,}"
        yield from hanging("    ", catalogue().text("scope.containers", **said))


def _source(source: JSON) -> Iterator[str]:
    label = string(source, "label", "source")
    yield from hanging(f"  Source {label}: ", _integrity(records(source, "digests")))
    for note in records(source, "health"):
        yield from hanging("    ! ", string(note, "text") or reason(string(note, "code")))


def algorithm(name: str) -> str:
    """Return ``SHA-256`` for ``sha256``."""
    text = name.upper()
    return f"SHA-{text[3:]}" if text.startswith("SHA") and text[3:].isdigit() else text


def _compared(sets: list[JSON], verdict: str) -> Iterator[str]:
    none = "nothing_there" if verdict == "not-examinable" else "nothing"
    with_what, nothing = word("compared", "with"), word("compared", none)
    yield f"  {with_what}" if sets else f"  {with_what} {nothing}"
    for each in sets:
        parts = [
            word("kind", string(each, "kind")),
            counted(integer(each, "records"), "record"),
            word("signature", string(each, "signature", "unsigned")),
        ]
        if string(each, "state", "active") != "active":
            parts.append(word("set_state", string(each, "state")))
        if integer(each, "rejected"):
            parts.append(f"{integer(each, 'rejected'):,} records could not be used")
        if each.get("every_source") is False:
            parts.append(f"{word('compared', 'only')} {', '.join(strings(each, 'sources'))}")
        yield from hanging("    ", f"{_set_name(each)}: {', '.join(parts)}")


def _set_name(row: JSON) -> str:
    edition = string(row, "edition")
    return ", ".join(
        (
            string(row, "name", "?"),
            string(row, "issuer") or word("set", "no_issuer"),
            catalogue().text("set.edition", edition=edition)
            if edition
            else word("set", "no_edition"),
        )
    )


def _integrity(digests: list[JSON]) -> str:
    if not digests:
        return "no digest of the image was computed"
    results: dict[tuple[str, str], list[str]] = {}
    for digest in digests:
        key = (string(digest, "result"), string(digest, "origin", "none"))
        results.setdefault(key, []).append(algorithm(string(digest, "algorithm")))
    texts = []
    for (result, origin), algorithms in results.items():
        names = " and ".join(dict.fromkeys(algorithms))
        where = f" ({word('origin', origin)})" if origin != "none" else ""
        texts.append(f"{names} {word('digest_result', result)}{where}")
    return "; ".join(texts)
