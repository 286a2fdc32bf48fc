"""Charts of findings: by who lists them, by exhibit, by the time of their file, by distance."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from heroes_forensics.model import JSON
from heroes_forensics.reports.chart import NONE, Chart, Line, Row, length, lengths
from heroes_forensics.reports.findings import CANDIDATES
from heroes_forensics.reports.messages import Messages
from heroes_forensics.reports.verdict import NO_MATCH

_SORTS: Final = ("exact", "candidates", "other")


def _sort(match: Mapping[str, Any]) -> int:
    """Return the place in `_SORTS` of a count of findings that are alike."""
    if match["grade"] in NO_MATCH:
        return 2
    return int(match["grade"] in CANDIDATES)


def _stack(rows: Iterable[tuple[str, list[int]]], catalogue: Messages) -> tuple[Row, ...]:
    listed = list(rows)
    most = max((sum(counts) for _, counts in listed), default=0)
    return tuple(
        Row(label, tuple(catalogue.number(count) for count in counts), lengths(counts, most))
        for label, counts in listed
    )


def _sorts(catalogue: Messages) -> tuple[str, ...]:
    return tuple(catalogue.text("chart." + name) for name in _SORTS)


def categories(document: JSON, catalogue: Messages) -> Chart:
    """Findings by who lists them, and as what."""
    report: Any = document
    found: dict[str, list[int]] = {}
    for match in (match for each in report["exhibits"] for match in each["matches"]):
        counts = found.setdefault(_category(match, catalogue), [0, 0, 0])
        counts[_sort(match)] += match["count"]
    text = catalogue.text
    return Chart(
        "categories", "findings", "bars", text("chart.categories"),
        (text("result.category"), *_sorts(catalogue)),
        _stack(found.items(), catalogue), stacked=True,
    )  # fmt: skip


def _category(match: Mapping[str, Any], catalogue: Messages) -> str:
    text = catalogue.text
    if match["kind"] != "notable":
        return f"{text('kind.' + match['kind'])}: {match['issuer']}"
    code = text("category.code", code=match["code"]) if match["code"] else text("category.none")
    return ", ".join(filter(None, (match["issuer"], code, match["scheme"])))


def exhibits(document: JSON, catalogue: Messages) -> Chart:
    """Findings by exhibit; one that was compared with nothing has no number."""
    report: Any = document
    found = []
    for exhibit in report["exhibits"]:
        counts = [0, 0, 0]
        for match in exhibit["matches"]:
            counts[_sort(match)] += match["count"]
        found.append((exhibit["label"], counts))
    rows = _stack(found, catalogue) if any(sum(counts) for _, counts in found) else ()
    text = catalogue.text
    return Chart(
        "exhibits", "findings", "bars", text("chart.exhibits"),
        (text("result.exhibit"), *_sorts(catalogue)),
        tuple(
            row if exhibit["compared"] or sum(row.parts) else row._replace(values=(NONE,) * 3)
            for row, exhibit in zip(rows, report["exhibits"], strict=False)
        ),
        stacked=True,
    )  # fmt: skip


def _items(report: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 # a report in its plain form
    """Yield one finding for each item; one that several sets list is one item."""
    seen = set()
    for finding in report["findings"]:
        if finding["status"] != "withdrawn" and finding["locator"] not in seen:
            seen.add(finding["locator"])
            yield finding


_MONTHS: Final = 24
"""So many months are shown one by one; more are shown as years."""
_YEARS: Final = 40
"""Of a longer time the years without an item are left out."""


def file_times(document: JSON, catalogue: Messages) -> Chart:
    """Items with findings by the time of their file: modified, else born, else changed."""
    report: Any = document
    months: Counter[tuple[int, int]] = Counter()
    without = 0
    for finding in _items(report):
        time = _file_time(finding["times"])
        if time is None:
            without += 1
        else:
            months[time] += 1
    text = catalogue.text
    zones = {time["zone"] for finding in _items(report) for time in finding["times"]}
    note = [text("chart.times_stored" if zones <= {"utc"} else "chart.times_zones")]
    note.append(text("chart.times_once"))
    classes, gaps = _calendar(months)
    if gaps:
        note.append(text("chart.times_years"))
    if without:
        classes.append((text("findings.no_times"), without))
    most = max((count for _, count in classes), default=0)
    return Chart(
        "times", "findings", "histogram", text("chart.times"),
        (text("chart.times_head"), text("chart.items")),
        tuple(Row(name, (catalogue.number(n),), (length(n, most),)) for name, n in classes),
        note=" ".join(note),
    )  # fmt: skip


def _file_time(times: Iterable[Mapping[str, str]]) -> tuple[int, int] | None:
    """Return year and month of the time of a file that says most."""
    stored = {each["which"]: each["text"] for each in times}
    for which in ("m", "b", "c"):
        if which in stored:
            year, month, _ = stored[which].rsplit("-", 2)
            return int(year), int(month)
    return None


def _calendar(months: Counter[tuple[int, int]]) -> tuple[list[tuple[str, int]], bool]:
    """Return classes of time with their counts, and whether empty ones were left out."""
    if not months:
        return [], False
    (from_year, from_month), (to_year, to_month) = min(months), max(months)
    first, last = from_year * 12 + from_month - 1, to_year * 12 + to_month - 1
    if last - first < _MONTHS:
        return [
            (f"{n // 12}-{n % 12 + 1:02d}", months[n // 12, n % 12 + 1])
            for n in range(first, last + 1)
        ], False
    years: Counter[int] = Counter()
    for (year, _), count in months.items():
        years[year] += count
    if to_year - from_year < _YEARS:
        return [(str(year), years[year]) for year in range(from_year, to_year + 1)], False
    return [(str(year), years[year]) for year in sorted(years)], True


_CLASSES: Final = 10
"""Distances are shown in about so many classes."""


def distances(document: JSON, catalogue: Messages) -> Iterator[Chart]:
    """Yield, for each algorithm, items by how far they are from what is listed.

    What agrees by digest stands first; a rule stands at each distance up to which was compared.
    """
    report: Any = document
    exact = {
        each["locator"]
        for each in report["findings"]
        if each["status"] != "withdrawn" and _sort(each) == 0
    }
    near: dict[str, dict[str, tuple[int, int]]] = {}
    for finding in report["findings"]:
        how = finding["near"]
        if how is None or finding["status"] == "withdrawn":
            continue
        of = near.setdefault(how["algorithm"], {})
        this = (how["distance"], how["radius"])
        of[finding["locator"]] = min(this, of.get(finding["locator"], this))
    text = catalogue.text
    for algorithm, found in near.items():
        radii = sorted({radius for _, radius in found.values()})
        classes = list(_classes(radii))
        counts = [sum(low <= d <= high for d, _ in found.values()) for low, high in classes]
        names = [str(low) if low == high else f"{low}{NONE}{high}" for low, high in classes]
        named = [(text("chart.digest_agrees"), len(exact)), *zip(names, counts, strict=True)]
        most = max(count for _, count in named)
        yield Chart(
            f"distances-{algorithm}", "findings", "histogram",
            text("chart.distances", algorithm=catalogue.word("algorithm", algorithm)),
            (text("chart.distances_head"), text("chart.items")),
            tuple(Row(name, (catalogue.number(n),), (length(n, most),)) for name, n in named),
            lines=tuple(
                Line(
                    1 + sum(high <= radius for _, high in classes),
                    text("chart.threshold", radius=catalogue.number(radius)),
                )
                for radius in radii
            ),
            note=text("chart.distances_note"),
        )  # fmt: skip


def _classes(radii: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield classes of distances from 0 to the largest radius; each radius ends one."""
    step, low = max(1, -(-(radii[-1] + 1) // _CLASSES)), 0
    while low <= radii[-1]:
        next_radius = next(radius for radius in radii if radius >= low)
        high = min(low + step - 1, next_radius)
        yield low, high
        low = high + 1
