import csv
import io

from report_example import FAT_CHANGED, FINDINGS, RICH

from heroes_forensics.reports import csv as report_csv


def read(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True))


def test_no_text_is_run_by_a_spreadsheet() -> None:
    for first in "=+-@\uff1d\uff0b\uff0d\uff20":
        for cell in (report_csv.inert(f"{first}1"), report_csv.cell(f"{first}1")):
            assert cell.startswith("'")
    assert report_csv.inert("1=1") == "1=1"


def test_lines_end_as_the_standard_says() -> None:
    data = report_csv.findings(RICH)
    assert data.count(b"\r\n") == data.count(b"\n") == len(FINDINGS) + 1


def test_every_finding_is_a_row_the_withdrawn_one_too() -> None:
    rows = read(report_csv.findings(RICH))
    assert [row["number"] for row in rows] == [finding.number for finding in FINDINGS]
    assert rows[5]["status"] == "withdrawn"
    assert rows[5]["reason"] == "the unit was read again and gave another digest"
    assert [row["victim_identified"] for row in rows[:3]] == ["yes", "no", ""]
    assert rows[2]["listed_size"] == "9223108"
    assert (rows[2]["modified"], rows[2]["time_basis"]) == (
        FAT_CHANGED.text,
        "m:local-unknown:2000000000ns",
    )
    assert rows[0]["category_code"] == "1"
