"""Charts as numbers, for every renderer alike: each is a table whose rows have a drawing, too.

A drawing repeats what stands in its row, in lengths from 0 to `WIDTH`; nothing is told by it
alone, and nothing by colour: the parts of a bar are told apart by their fill. All text is of the
catalogue or in display form already.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from heroes_forensics.model import JSON
from heroes_forensics.reports import chart_findings
from heroes_forensics.reports.chart import NONE, VISIBLE, WIDTH, Chart, Row, length, lengths
from heroes_forensics.reports.messages import Messages


def charts(document: JSON, catalogue: Messages) -> list[Chart]:
    """Return the charts of a report in their order; one without a row is left out.

    Args:
        document: the report in its plain form, as in ``report.json``.
        catalogue: the texts of one language.
    """
    made = [
        timeline(document, catalogue),
        funnel(document, catalogue),
        coverage(document, catalogue),
        by_bytes(document, catalogue),
        chart_findings.categories(document, catalogue),
        chart_findings.exhibits(document, catalogue),
        chart_findings.file_times(document, catalogue),
        *chart_findings.distances(document, catalogue),
    ]
    return [chart for chart in made if chart.rows]


# ---- coverage ----------------------------------------------------------------------------------


def funnel(document: JSON, catalogue: Messages) -> Chart:
    """From all entries listed to the findings that nobody has reviewed yet."""
    report: Any = document
    equation = report["coverage"]["equation"]
    listed = equation["listed"]
    found = sum(match["count"] for each in report["exhibits"] for match in each["matches"])
    steps = (
        ("listed", listed),
        ("with_content", listed - equation["without_content"]),
        ("digested", equation["digested"]),
        ("matched", found),
        ("to_review", max(0, found - len(reviewed(report)))),
    )
    text = catalogue.text
    return Chart(
        "funnel", "coverage", "bars", text("chart.funnel"),
        (text("coverage.step"), text("coverage.count")),
        tuple(
            Row(text("chart." + f"step_{name}"), (catalogue.number(n),), (length(n, listed),))
            for name, n in steps
        ),
        note=text("chart.funnel_note"),
    )  # fmt: skip


def reviewed(document: JSON) -> set[str]:
    """Return the numbers of findings of which a second person said something."""
    report: Any = document
    said = {
        field["value"]
        for act in report["acts"]
        if act["type"] == "review.recorded"
        for field in act["fields"]
        if field["name"] == "object_ref"
    }
    return {each for each in said if each.startswith("F-")}


def coverage(document: JSON, catalogue: Messages) -> Chart:
    """Entries with content, exhibit by exhibit: digested, left out by profile, gaps, not reached.

    Each bar is a whole exhibit.
    """
    report: Any = document
    every = [each["coverage"]["equation"] for each in report["exhibits"]]
    names = ["digested", "policy", "gaps"]
    names += ["not_reached"] if any(row["not_reached"] for row in every) else []
    rows = []
    for exhibit, row in zip(report["exhibits"], every, strict=True):
        counts = [row[name] for name in names]
        if sum(counts):
            values = tuple(catalogue.number(count) for count in counts)
            rows.append(Row(exhibit["label"], values, lengths(counts, sum(counts))))
    text = catalogue.text
    return Chart(
        "coverage", "coverage", "bars", text("chart.coverage"),
        (text("result.exhibit"), *(text(f"coverage.{name}") for name in names)),
        tuple(rows), stacked=True, note=text("chart.coverage_note"),
    )  # fmt: skip


def by_bytes(document: JSON, catalogue: Messages) -> Chart:
    """Bytes examined and not examined, exhibit by exhibit; each bar is a whole exhibit."""
    report: Any = document
    rows = []
    for exhibit in report["exhibits"]:
        row = exhibit["coverage"]
        examined = row["item_bytes_examined"]
        rest = max(0, row["item_bytes"] + row["volume_bytes_not_opened"] - examined)
        rows.append(
            Row(
                exhibit["label"],
                (catalogue.size(examined), catalogue.size(rest)),
                lengths((examined, rest), examined + rest),
            )
        )
    text = catalogue.text
    return Chart(
        "bytes", "coverage", "bars", text("chart.bytes"),
        (text("result.exhibit"), text("coverage.examined"), text("coverage.not_examined")),
        tuple(rows), stacked=True,
    )  # fmt: skip


# ---- custody -----------------------------------------------------------------------------------

_ACTS: Final = 40
"""Rows of the timeline; the table of acts has all."""


def timeline(document: JSON, catalogue: Messages) -> Chart:
    """Who had the evidence, when it was examined, and who read or handed on what was sealed.

    Of an act of custody the second part lasts until the next one of the same exhibits.
    """
    report: Any = document
    text = catalogue.text
    issued = report["issued"]
    who = str(report["case"]["examiner"] or report["program"]["name"])
    told: list[tuple[str, str, str, str, str]] = [
        (run["started"], run["ended"] or issued, run["ended"] or issued, who,
         catalogue.word("run_purpose", run["purpose"]))
        for run in report["runs"]
    ]  # fmt: skip
    acts = [each for each in report["acts"] if each["topic"] in {"custody", "data"}]
    for at, act in enumerate(acts):
        label = text("act." + act["type"].replace(".", "_"))
        until = act["time"]
        if act["topic"] == "custody":
            later = (
                other["time"]
                for other in acts[at + 1 :]
                if other["topic"] == "custody" and set(other["of"]) & set(act["of"])
            )
            until = next(later, issued)
        of = ", ".join(act["of"])
        told.append(
            (act["time"], act["time"], until, act["actor"], f"{label}: {of}" if of else label)
        )
    told.sort()
    place = _scale(min((row[0] for row in told), default=issued), issued)
    rows = []
    for begin, end, until, actor, label in told[:_ACTS]:
        start = min(place(begin), WIDTH - VISIBLE)
        mark = max(VISIBLE, place(end) - start)
        after = max(0, min(place(until), WIDTH) - start - mark)
        rows.append(Row(label, (_minute(begin), actor or NONE), (mark, after), start))
    return Chart(
        "timeline", "custody", "timeline", text("chart.timeline"),
        (text("custody.act"), text("chart.begin"), text("chart.by")),
        tuple(rows),
        note=text("chart.timeline_more", count=catalogue.number(len(told) - _ACTS))
        if len(told) > _ACTS
        else text("chart.timeline_note"),
    )  # fmt: skip


def _minute(time: str) -> str:
    return f"{time[:10]} {time[11:16]}"


def _scale(first: str, last: str) -> Callable[[str], int]:
    """Return what gives a time its place between ``first`` and ``last``."""
    begin, end = _seconds(first), _seconds(last)
    span = max(1, end - begin)

    def place(time: str) -> int:
        return max(0, min(WIDTH, (_seconds(time) - begin) * WIDTH // span))

    return place


def _seconds(time: str) -> int:
    """Return the seconds of a time of the record (`record.Utc`) since the year 1.

    Times of a hostile record are no calendar's: what it does not know stands at the beginning.
    """
    try:
        moment = datetime.fromisoformat(f"{time[:19]}+00:00")
    except ValueError:
        return 0
    return moment.toordinal() * 86_400 + moment.hour * 3600 + moment.minute * 60 + moment.second
