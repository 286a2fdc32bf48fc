"""What a report says of the pictures and containers of a case, and what it does not say."""

from pathlib import Path
from typing import Any

import pytest
from scans import NOTABLE, folder, scanned
from test_media_perceptual import encoded, gradient
from test_pipelines_expanding import INNER, OUTER
from test_pipelines_members import zipped
from test_pipelines_report_model import reported

from heroes_forensics.commands import status, summary
from heroes_forensics.frames import MAX_PIXELS, PICTURE_FRAMES
from heroes_forensics.media import image
from heroes_forensics.parsers.containers.limits import FLOOR, Limits
from heroes_forensics.parsers.openers import OPENED
from heroes_forensics.pipelines.checks import views
from heroes_forensics.pipelines.examining import decoding, expanding
from heroes_forensics.reports.coverage import Coverage, GapGroup
from heroes_forensics.reports.inside import Containers, ExpandLimits, Pictures
from heroes_forensics.reports.messages import LANGUAGES, messages
from heroes_forensics.reports.model import Report

JPEG = encoded(gradient(seed=7), "JPEG")
SIT = b"SIT!\0\x01"
FILES = {
    "a.jpg": JPEG,
    "b.png": encoded(gradient(seed=8), "PNG"),
    "broken.png": encoded(gradient(seed=9), "PNG")[:40],
    "cut.jpg": JPEG[: len(JPEG) * 2 // 3],
    "huge.png": encoded(gradient(seed=1).resize((10_001, 10_000)), "PNG"),
    "x.ico": encoded(gradient(64, 64, seed=2), "ICO"),
    "bomb.zip": zipped(("a.bin", bytes(FLOOR + 1)), ("b.txt", b"b")),
    "half.zip": OUTER[: len(OUTER) // 2],
    "o.zip": OUTER,
    "nest.zip": zipped(("in.sit", SIT + bytes(99)), ("in.zip", INNER)),
    "z.sit": SIT,
}


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("inside")
    scanned(root / "case", folder(root / "files", FILES), sets=(str(NOTABLE),))
    return root / "case"


def report_of(case: Path) -> Report:
    return reported(case)


def coverage(case: Path) -> Coverage:
    return report_of(case).exhibits[0].coverage


def gaps(case: Path) -> dict[tuple[str, str], GapGroup]:
    return {(row.about, row.code): row for row in coverage(case).gaps}


def page(case: Path) -> str:
    return (case / "custody/report/report.html").read_text()


def first_page(case: Path) -> str:
    return page(case).split('<h2 id="request">')[0]


def test_every_picture_is_in_one_sum(case: Path) -> None:
    found = coverage(case).pictures
    assert found.in_part == 1
    assert found.undecodable == 1
    assert found.over_limit == 1
    assert found.other_types == 1
    types = {row.type_class: row for row in coverage(case).types}
    assert found.seen == types["picture"].seen
    assert found.not_tried == types["picture"].seen - types["picture"].comparable
    assert found.decoded >= 4  # two of their own, one in an archive, one in an archive within it


def test_every_container_is_in_one_sum_those_in_others_too(case: Path) -> None:
    found = coverage(case).containers
    assert found.other_types == 2  # one of them lies in another container
    assert found.in_part >= 2
    assert found.seen == {row.type_class: row for row in coverage(case).types}["archive"].seen
    assert found.not_tried == 0
    rows = [row for row in views.inventory(case) if "parent" in row]
    assert found.members == len(rows)
    assert found.members_digested == sum(row["status"] == "done" for row in rows)
    assert found.members_over_limit == 1


def test_gaps_inside_files_are_in_the_report_as_often_as_in_the_status(case: Path) -> None:
    rows: Any = views.status(case)["gaps"]
    counts: dict[str, int] = {}
    for row in coverage(case).gaps:
        counts[row.code] = counts.get(row.code, 0) + row.count
    assert counts == {row["code"]: row["count"] for row in rows}
    assert {("container", "container.ratio"), ("member", "container.ratio")} <= gaps(case).keys()
    assert gaps(case)["picture", "picture.limit"].examples == tuple(
        str(row["where"]) for row in views.gaps(case) if row["code"] == "picture.limit"
    )


def test_a_container_that_was_left_half_read_is_no_exhibit_without_gaps(case: Path) -> None:
    catalogue = messages("en")
    assert catalogue.text("result.no_gaps") not in first_page(case)
    unexamined = first_page(case).split(catalogue.text("result.not_examined"))[1]
    limit = unexamined.index(catalogue.text("gap.container.ratio"))
    assert limit < unexamined.index(catalogue.text("gap.container.damaged"))
    assert catalogue.text("about.member") in unexamined


def test_a_picture_that_is_not_decoded_is_not_called_unexamined(case: Path) -> None:
    catalogue = messages("en")
    found, unexamined = first_page(case).split(catalogue.text("result.not_examined") + "<", 1)
    for code in ("picture.undecodable", "picture.limit", "policy.picture-type"):
        assert (
            catalogue.text(f"gap.{code}")
            in found.split(catalogue.text("result.by_digest_alone"))[1]
        )
        assert catalogue.text(f"gap.{code}") not in unexamined


def test_values_that_were_computed_are_said_to_be_compared_with_nothing(case: Path) -> None:
    assert report_of(case).perceptual == "not-compared"
    assert messages("en").text("perceptual.not-compared") in first_page(case)
    text = "\n".join(summary.summary(report_of(case).to_json()))
    assert "their perceptual values were compared with nothing" in " ".join(text.split())
    shown = status._text(views.status(case), case_dir=case)  # noqa: SLF001 - what a person reads
    lines = " ".join(" ".join(shown).split())
    assert "values compared with nothing" in lines
    assert f"{coverage(case).containers.members} entries listed in them" in lines


def test_limits_of_a_run_are_in_its_report(tmp_path: Path) -> None:
    files = folder(tmp_path / "files", {"o.zip": OUTER})
    scanned(tmp_path / "case", files, expand_limits={"nesting": 1, "ratio": 7})
    (run,) = report_of(tmp_path / "case").runs
    assert run.expand_limits == ExpandLimits(ratio=7, bytes=4 << 30, members=10_000, nesting=1)
    assert gaps(tmp_path / "case").keys() == {("container", "container.nesting")}
    assert coverage(tmp_path / "case").containers.not_opened == 1
    assert "up to 7 times their size (or 16 MiB)" in page(tmp_path / "case")


def test_what_was_not_asked_for_is_not_said_to_be_done(tmp_path: Path) -> None:
    files = folder(tmp_path / "files", {"a.jpg": JPEG, "o.zip": OUTER})
    scanned(tmp_path / "case", files, perceptual=False, profile="triage")
    report = report_of(tmp_path / "case")
    assert report.perceptual == "not-performed"
    found = report.exhibits[0].coverage
    assert found.pictures == Pictures(seen=1)
    assert found.pictures.not_tried == 1
    assert found.containers == Containers(seen=1, by_profile=1)
    assert (report.runs[0].perceptual, report.runs[0].expand_limits) == (False, None)
    assert messages("en").text("perceptual.not-performed") in first_page(tmp_path / "case")
    assert messages("en").text("perceptual.not-compared") not in page(tmp_path / "case")
    assert messages("en").text("runs.pictures_off") in page(tmp_path / "case")
    assert messages("en").text("runs.containers_off") in page(tmp_path / "case")


def test_sums_of_exhibits_keep_apart_what_a_gap_is_about(case: Path) -> None:
    whole = Coverage.total([coverage(case), coverage(case)])
    assert whole.pictures.seen == 2 * coverage(case).pictures.seen
    assert whole.containers.members == 2 * coverage(case).containers.members
    assert len(whole.gaps) == len(coverage(case).gaps)
    assert whole.unexpected == 2 * coverage(case).unexpected


SAID_AS = {
    "zstd": "zstandard",
    "adb-backup": "android",
    "odt": "opendocument",
    "ods": "opendocument",
    "odp": "opendocument",
    "odf": "opendocument",
    "msg": "outlook",
    "thumbs-db": "windows",
    "thumbcache": "windows",
    **dict.fromkeys(
        ("docx", "xlsx", "pptx", "ooxml", "doc", "xls", "ppt", "vsd", "pub", "ole"), "office"
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_numbers_that_the_report_names_are_those_of_the_code(language: str) -> None:
    catalogue = messages(language)
    said = catalogue.text("method.pictures")
    assert f" {MAX_PIXELS // 10**6} Mill" in said.replace("mill", "Mill")
    for number in (image.MAX_SCANS, PICTURE_FRAMES, image.MAX_FRAMES, decoding.SECONDS):
        assert f" {catalogue.number(int(number))} " in said
    assert decoding.SECONDS_A_MEBIBYTE == 1
    for name in sorted({*decoding.DECODED} - {*image.PREVIEWS, "jp2", "j2k", "heif"}):
        assert f" {name}" in said.lower()
    assert "JPEG 2000" in said
    said = catalogue.text("method.containers").lower()
    for name in OPENED:
        assert SAID_AS.get(name, name) in said
    assert f"{FLOOR >> 20} MiB" in catalogue.text("runs.containers_on", **_limits())


def _limits() -> dict[str, str]:
    return {name: str(value) for name, value in Limits().to_json().items()}


def test_the_page_about_it_has_the_limits_of_the_code() -> None:
    text = (Path(__file__).parent.parent / "docs/inside-files.md").read_text()
    rows = [
        [cell.strip() for cell in line.strip("| \n").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    cells = {row[0].partition(":")[0].partition("`")[2].partition("`")[0]: row[1:] for row in rows}
    assert list(expanding.PROFILES) in [row[1:] for row in rows]
    for name in ("ratio", "bytes", "members", "nesting"):
        for (profile, limits), cell in zip(expanding.PROFILES.items(), cells[name], strict=True):
            value = 0 if limits is None else int(str(limits.to_json()[name]))
            shown = f"{value >> 30} GiB" if name == "bytes" else f"{value:,}"
            assert cell == (shown if limits else "not opened"), (name, profile)
    said = {row[0]: row[1] for row in rows}
    assert said["pixels"] == f"{MAX_PIXELS:,}"
    assert said["scans of a progressive JPEG"] == str(image.MAX_SCANS)
    assert said["frames taken of an animation"].startswith(f"{PICTURE_FRAMES},")
    assert said["frames among which they are chosen"].startswith(f"{image.MAX_FRAMES:,},")
    assert said["time"].startswith(f"{decoding.SECONDS:.0f} s, and {1} s")
