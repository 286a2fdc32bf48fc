import json
from dataclasses import replace
from datetime import date

import pytest
from report_example import EXAMPLES, FINDINGS, RICH, RUNS

from heroes_forensics.model import JSON, Moment, TimeRule
from heroes_forensics.reports import charts, html
from heroes_forensics.reports.chart import NONE, PARTS, WIDTH, Chart, Row
from heroes_forensics.reports.evidence import FileTime
from heroes_forensics.reports.messages import LANGUAGES, messages
from heroes_forensics.reports.model import Act, ActField, Report

ENGLISH = messages("en")
UTC = TimeRule(1, "utc")


def plain(report: Report) -> JSON:
    made: JSON = json.loads(json.dumps(report.to_json()))
    return made


def made(report: Report = RICH, language: str = "en") -> dict[str, Chart]:
    return {chart.id: chart for chart in charts.charts(plain(report), messages(language))}


def table(chart: Chart) -> list[tuple[str, ...]]:
    return [(row.label, *row.values) for row in chart.rows]


def test_every_chart_that_is_asked_for_is_there() -> None:
    assert [*made()] == [
        "timeline", "funnel", "coverage", "bytes", "categories", "exhibits", "times",
        "distances-pdq", "distances-phash-64",
    ]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_drawing_keeps_within_its_width_and_its_table(name: str, language: str) -> None:
    for chart in made(EXAMPLES[name][0], language).values():
        for row in chart.rows:
            assert len(row.values) == len(chart.head) - 1
            assert 0 < len(row.parts) <= PARTS
            assert not chart.stacked or len(row.parts) == len(row.values)
            assert min(row.parts) >= 0
            assert row.start >= 0
            assert row.start + sum(row.parts) <= WIDTH
        assert all(0 < line.after <= len(chart.rows) for line in chart.lines)


def test_what_is_drawn_is_what_the_table_says() -> None:
    (first, second) = made()["coverage"].rows
    assert first[:2] == ("A-1", ("42,932", "212", "20"))
    assert second[:2] == ("A-2", ("846", "0", "0"))
    assert second.parts == (WIDTH, 0, 0)
    assert first.parts[1] >= first.parts[2] > 0, "twenty gaps of 43,000 are seen"
    assert sum(first.parts) == WIDTH


def test_the_funnel_ends_with_what_nobody_has_reviewed() -> None:
    counts = [row.values[0] for row in made()["funnel"].rows]
    assert counts == ["50,719", "44,010", "43,778", "9", "8"]
    review = Act(
        50, "2024-05-06T09:40:00.000000Z", "record", "review.recorded", "ex-044",
        fields=(ActField("object_ref", "F-000002"), ActField("outcome", "agree")),
    )  # fmt: skip
    of_report = replace(review, seq=51, fields=(ActField("object_ref", "report 1"),))
    reviewed = replace(RICH, acts=(*RICH.acts, review, replace(review, seq=52), of_report))
    assert made(reviewed)["funnel"].rows[-1].values == ("7",)


def test_findings_stand_by_who_lists_them_and_by_exhibit() -> None:
    assert table(made()["categories"]) == [
        ("Example Central Office, category 1, VICS", "2", "0", "1"),
        ("Example Central Office, category 2, VICS", "1", "3", "0"),
        ("Example Central Office, without a category", "0", "0", "1"),
        ("watch list of the case: Unit 4", "1", "0", "0"),
    ]
    assert table(made()["exhibits"]) == [
        ("A-1", "4", "3", "2"),
        ("A-2", "0", "0", "0"),
        ("A-3", NONE, NONE, NONE),
        ("A-4", NONE, NONE, NONE),
    ]


def at(year: int, month: int) -> tuple[FileTime, ...]:
    days = date(year, month, 9).toordinal() - date(1970, 1, 1).toordinal()
    return (FileTime.of("m", Moment(days * 86_400, 0), UTC),)


@pytest.mark.parametrize(
    ("months", "first", "last", "rows"),
    [
        ([(2020, 1), (2020, 3)], "2020-01", "2020-03", 3),
        ([(2000, 2), (2020, 3)], "2000", "2020", 21),
        ([(1601, 2), (2020, 3), (2400, 1)], "1601", "2400", 3),
    ],
)
def test_file_times_are_months_or_years(
    months: list[tuple[int, int]], first: str, last: str, rows: int
) -> None:
    findings = tuple(
        replace(FINDINGS[0], number=f"F-{n:06d}", locator=f"x/{n}", times=at(*month))
        for n, month in enumerate(months)
    )
    chart = made(replace(RICH, findings=findings))["times"]
    assert len(chart.rows) == rows
    assert (chart.rows[0].label, chart.rows[-1].label) == (first, last)
    assert sum(int(row.values[0]) for row in chart.rows) == len(months)
    assert (ENGLISH.text("chart.times_years") in chart.note) == (months[0][0] == 1601)


def test_times_of_an_unknown_zone_are_spoken_of_where_there_are_some() -> None:
    local = TimeRule(2_000_000_000, "local-unknown")
    for rules, unknown in (((UTC, UTC), False), ((UTC, local), True)):
        findings = tuple(
            replace(FINDINGS[0], number=f"F-{n:06d}", locator=f"x/{n}",
                    times=(FileTime.of("m", Moment(n, 0), rule),))
            for n, rule in enumerate(rules)
        )  # fmt: skip
        note = made(replace(RICH, findings=findings))["times"].note
        assert (ENGLISH.text("chart.times_zones") in note) == unknown
        assert (ENGLISH.text("chart.times_stored") in note) == (not unknown)


def test_every_row_of_the_timeline_says_who() -> None:
    assert RICH.case.examiner
    assert {row.values[1] for row in made()["timeline"].rows} >= {RICH.case.examiner}
    nobody = replace(RICH, case=replace(RICH.case, examiner=""))
    for report in (RICH, nobody):
        assert NONE not in {row.values[1] for row in made(report)["timeline"].rows}
    assert RICH.program.name in {row.values[1] for row in made(nobody)["timeline"].rows}


def test_an_item_that_two_sets_list_is_one_item() -> None:
    twice = (FINDINGS[0], replace(FINDINGS[0], number="F-000077", set_name="another"))
    chart = made(replace(RICH, findings=twice))["times"]
    assert [row.values[0] for row in chart.rows] == ["1"]


def test_a_threshold_stands_where_the_comparison_ended() -> None:
    near = next(each.near for each in FINDINGS if each.number == "F-000007")
    assert near
    deep = replace(
        FINDINGS[0], number="F-000090", locator="x/1", grade="candidate-b",
        near=replace(near, distance=38, radius=40),
    )  # fmt: skip
    chart = made(replace(RICH, findings=(*FINDINGS, deep)))["distances-pdq"]
    labels = [row.label for row in chart.rows]
    assert labels[0] == "a digest agrees"
    assert [(labels[line.after - 1].split(NONE)[-1], line.label) for line in chart.lines] == [
        ("31", "threshold 31"), ("40", "threshold 40"),
    ]  # fmt: skip
    assert sum(int(row.values[0]) for row in chart.rows[1:]) == 4
    assert [line.after for line in made()["distances-phash-64"].lines] == [6]


def test_the_timeline_says_how_long_somebody_had_an_exhibit() -> None:
    handed, examined, opened = made()["timeline"].rows
    assert handed == Row("handed over: A-1, A-2", ("2024-05-06 08:11", "ex-031"), (4, WIDTH - 4), 0)
    assert examined.values[1] == "ex-031"
    assert handed.start < examined.start < opened.start
    assert opened.parts[1] == 0
    many = tuple(
        replace(RUNS[0], uuid=RUNS[0].uuid[:-2] + f"{n:02d}", started="2024-05-06T08:12:00Z")
        for n in range(60)
    )
    chart = made(replace(RICH, runs=many))["timeline"]
    assert len(chart.rows) == 40
    assert "22 later" in chart.note


def test_a_time_that_no_calendar_has_is_drawn_at_the_beginning() -> None:
    odd = replace(RUNS[0], started="2024-99-99T99:99:99Z", ended=None)
    assert made(replace(RICH, runs=(odd,)))["timeline"].rows


def test_each_chart_stands_in_its_section_with_its_table() -> None:
    page = html.render(RICH).decode()
    sections = dict(part.split('"', 1) for part in page.split('<h2 id="')[1:])
    for chart in made().values():
        section = sections[chart.section]
        assert f'id="chart-{chart.id}"' in section
        drawn = section.split(f'id="chart-{chart.id}"')[1].split("</table>")[0]
        assert drawn.count("<tr") == 1 + len(chart.rows) + len(chart.lines)
        assert drawn.count('class="draw"') == len(chart.rows)
        for row in chart.rows:
            assert f"<bdi>{row.label}</bdi>" in drawn
            assert all(f"<bdi>{value}</bdi>" in drawn for value in row.values)


def test_without_findings_there_is_no_chart_of_them() -> None:
    bare = replace(
        RICH, findings=(), exhibits=tuple(replace(each, matches=()) for each in RICH.exhibits)
    )
    assert {chart.section for chart in made(bare).values()} == {"custody", "coverage"}
