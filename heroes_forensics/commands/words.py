"""Findings and codes in the words of the reports, for a terminal.

The catalogue of the reports is the one place where wording is decided: a terminal never says
more than a report does.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from heroes_forensics.commands.text import clock, hanging, human, integer, records, string
from heroes_forensics.model import GAP_TEXTS

if TYPE_CHECKING:
    from heroes_forensics.reports.messages import Messages

INDENT = " " * 10
"""Below a finding number."""


@cache
def catalogue() -> "Messages":
    """Return the English texts of the reports."""
    from heroes_forensics.reports.messages import messages  # noqa: PLC0415 # reads YAML

    return messages("en")


def word(group: str, code: str) -> str:
    """Return the text of a code; the code itself when the catalogue does not know it."""
    return catalogue().word(group, code) if code else ""


def reason(code: str) -> str:
    """Return what a code of a gap or of a verdict means."""
    return GAP_TEXTS.get(code) or word("reason", code)


def category(row: Mapping[str, object]) -> str:
    """Return the category in the issuer's own code, with its scheme; empty when none is given.

    Args:
        row: a match of the report, or the ``category`` of a finding.
    """
    code = string(row, "code")
    if not code:
        return ""
    scheme = " ".join(part for part in (string(row, "scheme"), string(row, "region")) if part)
    return f"category {code}" + (f" ({scheme})" if scheme else "")


def listed_by(row: Mapping[str, object]) -> str:
    """Return ``listed by X as category 1 (SCHEME)`` for a finding."""
    issuer = string(row, "issuer")
    name = string(row, "set_name") or string(row, "set", "a hash set")
    edition = string(row, "edition")
    stated = row.get("category")
    what = category(stated if isinstance(stated, dict) else {"code": stated})
    return (
        f"listed {f'by {issuer}' if issuer else f'in {name}'}"
        + (f", edition {edition}," if edition else "")
        + (f" as {what}" if what else " without a category")
    )


def finding_line(row: Mapping[str, object]) -> str:
    """Return one finding in one line, as it is shown while a scan runs.

    A confirmed one was shown before, as provisional: its number and place are the news.
    """
    number = string(row, "finding") or string(row, "number")
    state = string(row, "state") or string(row, "status")
    where = string(row, "locator")
    head = " ".join(part for part in (state, number or "finding") if part)
    said = [head, where]
    if state != "confirmed":
        said += [word("grade", string(row, "grade")), listed_by(row)]
    return ": ".join(part for part in said if part)


def _likeness(near: Mapping[str, object]) -> Iterator[str]:
    """Yield how close a candidate is, and what chance gives."""
    from heroes_forensics.reports.findings import one_in  # noqa: PLC0415 # heavy: when it runs

    listed, plugin = near.get("listed_quality"), near.get("plugin")
    key = "findings.near"
    told: dict[str, str] = {}
    if isinstance(plugin, dict):
        key = "findings.near_plugin"
        told = {"plugin": string(plugin, "name"), "version": string(plugin, "version")}
    yield catalogue().text(
        key,
        **told,
        algorithm=word("algorithm", string(near, "algorithm")),
        view=word("view", string(near, "view")),
        distance=integer(near, "distance"),
        radius=integer(near, "radius"),
        quality=integer(near, "quality"),
        listed=word("format", "not_stated") if listed is None else str(listed),
    )
    expected = string(near, "expected")
    rare = one_in(expected)
    chance = "near_unknown" if not expected else "near_rare" if rare else "near_chance"
    yield catalogue().text(
        f"findings.{'near_drawn' if near.get('drawn') is True else chance}",
        comparisons=f"{integer(near, 'comparisons'):,}",
        expected=expected,
        one_in=f"{rare:,}",
    )
    more, at_least = integer(near, "more"), near.get("more_at_least") is True
    if more or at_least:
        key = "near_more" if not at_least else "near_more_at_least" if more else "near_more_unknown"
        yield catalogue().text(f"findings.{key}", count=f"{more:,}")
    film = near.get("film")
    if isinstance(film, dict):
        names = ("frames", "frames_of", "listed", "listed_of")
        counts = {name: f"{integer(film, name):,}" for name in names}
        yield f"{catalogue().text('findings.near_film', **counts)} {_spans(film, 'ranges')}"
        listed = _spans(film, "listed_ranges")
        if listed:
            yield f"{catalogue().text('findings.near_film_listed')} {listed}"


def _spans(film: Mapping[str, object], name: str) -> str:
    return ", ".join(
        f"{clock(integer(each, 'start') / 1000)}-{clock(integer(each, 'end') / 1000)}"
        for each in records(film, name)
    )


def _left_over(row: Mapping[str, object]) -> str:
    """Say what is known of content that no file of a listing holds now."""
    last = string(row, "locator").rpartition("/")[2]
    if last.startswith(("c@", "s@")):
        return word("findings", "carved")
    if last.startswith("p@"):
        return word("findings", "begun")
    reuse = string(row, "reuse")
    return f"deleted ({word('reuse', reuse)})" if reuse else "deleted"


def finding(row: Mapping[str, object]) -> Iterator[str]:
    """Yield the lines of one finding: number and grade, by whom it is listed, where it lies."""
    head = string(row, "number") or string(row, "finding", "F-......")
    status = string(row, "status") or string(row, "state", "current")
    kind = string(row, "kind")
    parts = [word("grade", string(row, "grade")) or "match"]
    if kind and kind != "notable":
        parts.append(word("kind", kind))
    if status != "current":
        edition = string(row, "not_in")
        parts.append(status.upper() + (f": not in edition {edition}" if edition else ""))
    yield from hanging(f"{head:<{len(INDENT)}}", "; ".join(parts))
    yield from hanging(INDENT, listed_by(row))
    near = row.get("near")
    if isinstance(near, dict):
        yield from hanging(INDENT, "; ".join(_likeness(near)))
    yield f"{INDENT}{string(row, 'locator', 'place not recorded')}"
    about = [string(row, "content_type")]
    if integer(row, "size") > 0:
        about.append(human(integer(row, "size")))
    about.append(word("place", string(row, "place")))
    if row.get("allocated") is False:
        about.append(_left_over(row))
    for who in ("victim", "offender"):
        stated = row.get(f"{who}_identified")
        if isinstance(stated, bool):
            about.append(word("findings", f"{who}_{'yes' if stated else 'no'}"))
    shown = [part for part in about if part]
    if shown:
        yield from hanging(INDENT, ", ".join(shown))
    if string(row, "reason"):
        yield from hanging(INDENT, string(row, "reason"))
