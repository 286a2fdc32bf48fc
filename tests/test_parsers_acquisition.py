"""Acquisition logs: what is read of each form, whatever its encoding, and what never leaves."""

import json
import re
from typing import Any

import acquisition_logs as logs
import pytest
from corpus import evidence, needs_evidence
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.errors import EvidenceError
from heroes_forensics.parsers.acquisition import LOGS, comparing, read
from heroes_forensics.parsers.acquisition.stated import decoded, digest, moment, number
from heroes_forensics.pipelines.evidence import acquiring
from heroes_forensics.pipelines.workers import acquired

KNOWN = {"case_number": "2026/117", "evidence_number": "EV-9", "serial": "SN-4471"}
NAMES = ("disk.E01", "disk.E02")


def facts(text: str, encoding: str = "utf-8", **known: str) -> dict[str, Any]:
    found = comparing.compared(text.encode(encoding), {**KNOWN, **known}, NAMES)
    assert acquired.fault(found) == ""
    assert logs.MARKED not in json.dumps(found)
    return found


def test_a_log_of_ftk_imager() -> None:
    found = facts(logs.ftk(bad="ATTENTION:\nThe following sector(s) on the source drive could not"
                           " be read:\n\t491584 through 491591\n\t491928\nThe contents of these"
                           " sectors were replaced with zeros in the image.\n"))  # fmt: skip
    assert found == {
        "format": "ftk-imager",
        "version": "4.5.0.3",
        "digests": [{"alg": "md5", "value": logs.MD5}, {"alg": "sha1", "value": logs.SHA1}],
        "verified": "same",
        "size": 32768 * 512,
        "sector_size": 512,
        "started": "2026-11-07T20:20:36",
        "ended": "2026-11-07T21:01:18",
        "bad_sectors": 9,
        "finished": "unstated",
        "segments": "same",
        "segments_listed": 2,
        "case_number": "same",
        "evidence_number": "same",
        "serial": "same",
    }


def test_a_log_of_guymager_passes_over_what_the_device_said() -> None:
    found = facts(logs.guymager())
    assert found["digests"] == [{"alg": "sha256", "value": logs.SHA256}]
    assert found["size"] == 16777216
    assert (found["started"], found["ended"]) == ("2026-01-09T11:50:17", "2026-01-09T11:53:38")
    assert (found["bad_sectors"], found["finished"]) == (0, "yes")
    assert (found["verified"], found["segments"], found["serial"]) == ("same", "same", "unstated")
    assert found["version"] == "0.8.13-2"


def test_a_translated_log_of_guymager_says_the_same() -> None:
    assert facts(logs.german(logs.guymager())) == facts(logs.guymager())


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("During acquisition, 24773 bad sectors have been encountered.", 24773),
        ("W\u00e4hrend der Akquisition wurden 12 defekte Sektoren festgestellt.", 12),
        ("Pendant l'acquisition, 3 mauvais secteurs ont \u00e9t\u00e9 rencontr\u00e9s.", 3),
    ],
)
def test_unreadable_sectors_are_counted_in_each_language(line: str, count: int) -> None:
    assert facts(logs.guymager(bad=line))["bad_sectors"] == count


def test_an_acquisition_that_was_broken_off_is_said() -> None:
    assert facts(logs.guymager(state="Aborted by user (during acquisition)"))["finished"] == "no"


def test_what_ewfacquire_prints() -> None:
    errors = "Read errors during acquiry:\n\ttotal number: 1\n\tat sector(s): 100 - 108 number: 8"
    found = facts(logs.ewfacquire(errors=errors))
    assert found["digests"] == [{"alg": "md5", "value": logs.MD5}]
    assert (found["size"], found["bad_sectors"], found["finished"]) == (16777216, 8, "yes")
    assert (found["started"], found["ended"]) == ("2026-11-22T14:30:50", "2026-11-22T14:31:50")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
def test_every_encoding_and_line_end_reads_the_same(encoding: str, end: str) -> None:
    for text in (logs.ftk(), logs.german(logs.guymager()), logs.ewfacquire()):
        assert facts(text.replace("\n", end), encoding) == facts(text)


@pytest.mark.parametrize("group", [",", ".", "'", "\u00a0", "\u202f"])
def test_thousands_are_grouped_as_the_machine_was_set_up(group: str) -> None:
    assert facts(logs.ftk(group=group))["size"] == 32768 * 512


def test_a_cut_log_states_less_and_nothing_else() -> None:
    whole = facts(logs.ftk())
    for text in (logs.ftk(), logs.guymager(), logs.ewfacquire()):
        for end in range(0, len(text), 97):
            try:
                found = facts(text[:end])
            except EvidenceError as error:
                assert "no acquisition log" in str(error)  # noqa: PT017 - both are right
                continue
            assert found["size"] in {-1, whole["size"]} or end < text.index("Sector count:")


def test_the_log_of_another_image_is_told_by_segments_and_numbers() -> None:
    found = facts(logs.ftk(segments=("other.E01",), case="X"), serial="SN-1")
    assert (found["segments"], found["case_number"], found["serial"]) == ("other", "other", "other")
    assert facts(logs.ftk(), case_number="", serial="")["case_number"] == "unstated"


def test_a_log_whose_own_check_failed_says_so() -> None:
    text = logs.ftk(verdict="does not match")
    head, _, tail = text.rpartition("Image Verification Results")
    broken = f"{head}Image Verification Results{tail.replace(logs.MD5, 'ee' * 16)}"
    assert facts(broken)["verified"] == "other"


def test_a_log_of_two_acquisitions_is_refused() -> None:
    with pytest.raises(EvidenceError, match="more than one acquisition"):
        facts(logs.ftk() + logs.ftk(md5="ee" * 16))


@pytest.mark.parametrize("text", ["", "MD5: x", "hash stored in file", "\0" * 100, "a" * 5000])
def test_what_is_no_log_is_refused(text: str) -> None:
    with pytest.raises(EvidenceError, match="no acquisition log"):
        facts(text)


def test_what_ewfverify_prints_is_no_acquisition() -> None:
    text = logs.ewfacquire() + f"MD5 hash stored in file:\t\t{logs.MD5}\n"
    with pytest.raises(EvidenceError, match="no acquisition log"):
        facts(text)


@given(st.binary(max_size=600), st.sampled_from([logs.ftk(), logs.guymager(), logs.ewfacquire()]))
def test_no_bytes_on_earth_make_it_fail_otherwise(junk: bytes, log: str) -> None:
    data = log.encode()
    for text in (
        junk,
        junk + data,
        data + junk,
        data[: len(data) // 2] + junk + data[len(data) // 2 :],
    ):
        try:
            found = comparing.compared(text, KNOWN, NAMES)
        except EvidenceError:
            continue
        assert acquired.fault(found) == ""


HOSTILE = {
    "slashes": "x : " + "/" * 4090,
    "dots": "x : /" + "." * 4090,
    "blanks": "1" + " " * 4090 + "x",
    "digits": "9" * 4096,
    "labels": "sector(s):" * 409,
    "titles": "Created By " * 372,
    "digests": "MD5 x: " + "a" * 4080,
}


@pytest.mark.parametrize("line", HOSTILE.values(), ids=HOSTILE)
def test_lines_that_are_made_to_take_long_are_read_once(line: str) -> None:
    for text in (logs.ftk(), logs.guymager(), logs.ewfacquire()):
        head = text.replace(f"/home/{logs.MARKED}/disk.Exx", "")
        assert facts(head + f"{line}\n" * 1500)["format"] == facts(text)["format"]


def test_more_lines_than_any_log_has_are_refused() -> None:
    with pytest.raises(EvidenceError, match="more lines"):
        facts("\n" * 200_001)


def test_every_row_loads_and_has_a_program() -> None:
    assert [row.name for row in LOGS] == list(acquired.PROGRAMS)
    for row in LOGS:
        assert row.load()().recognises([]) is False
        assert row.summary.endswith(".")


@pytest.mark.parametrize(
    ("text", "value"),
    [("1,018", 1018), ("67.108.864", 67108864), ("512", 512), ("12 of 3", 12), ("x", -1), ("", -1)],
)
def test_numbers(text: str, value: int) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Wed May 02 09:47:47 2018", "2018-05-02T09:47:47"),
        ("Sat May  7 15:49:07 2016", "2016-05-07T15:49:07"),
        ("2017-01-09 11:50:17 (ISO format)", "2017-01-09T11:50:17"),
        ("Nov 22, 2026 14:30:50.123 UTC", "2026-11-22T14:30:50"),
        ("Wed Foo 02 09:47:47 2018", ""),
        ("2017-13-09 11:50:17", ""),
        ("gestern", ""),
    ],
)
def test_times(text: str, value: str) -> None:
    assert moment(text) == value


def test_the_digits_decide_of_what_kind_a_digest_is() -> None:
    text = logs.guymager().replace(f"SHA256 hash                : {logs.SHA256}",
                                   f"SHA-256 hash               : {logs.SHA1}")  # fmt: skip
    assert {"alg": "sha1", "value": logs.SHA1} in facts(text)["digests"]
    assert digest("AB" * 16) == ("md5", "ab" * 16)
    assert digest("AB" * 15) is None


@pytest.mark.parametrize(
    "change",
    [
        {"size": 1.5}, {"size": True}, {"size": -2}, {"started": "yesterday"}, {"version": "a b"},
        {"digests": [{"alg": "md5", "value": "AB" * 16}]},
        {"digests": [{"alg": "crc", "value": ""}]},
        {"serial": "SN-1"}, {"more": 1}, {"format": "x"}, {"finished": None},
    ],
)  # fmt: skip
def test_a_worker_can_say_nothing_else(change: dict[str, object]) -> None:
    assert acquired.fault({**facts(logs.ftk()), **change})


@needs_evidence
def test_the_real_log_beside_the_real_image() -> None:
    path = evidence("images/ad1/text-and-pictures.ad1.txt")
    name, stated = read(decoded(path.read_bytes()))
    assert (name, stated.version, len(stated.segments)) == ("ftk-imager", "3.4.3.3", 4)
    assert {alg for alg, _ in stated.digests} == {"md5", "sha1"}
    assert stated.digests == stated.verified
    assert re.fullmatch(r"2018-05-02T09:47:4\d", stated.started)


def test_logs_are_given_by_the_number_of_their_source() -> None:
    assert acquiring.given_for(["1:a.txt", "2:b.txt", "auto"], 2, 2) == ["b.txt", "auto"]
    assert acquiring.given_for(["a.txt"], 1, 1) == ["a.txt"]


def test_the_header_of_an_image_says_when_and_with_what() -> None:
    old = {"acquisition": {"acquired": "2018 5 16 15 5 8", "software version": "ADI2.9.0.13"}}
    body = acquired.by_container(old, "E/1") or {}
    assert (body["started_local"], body["zone"]) == ("2018-05-16T15:05:08", "not stated")
    new = {"acquisition": {"acquired": "1523277301", "platform": "Linux"}}
    body = acquired.by_container(new, "E/1") or {}
    assert (body["started_local"], body["zone"]) == ("2018-04-09T12:35:01", "UTC")
    hostile = {
        "acquisition": {"acquired": "9" * 10, "software version": "\x1b[31m", "platform": "?"}
    }
    assert acquired.by_container({}, "E/1") is None
    assert "\x1b" not in json.dumps(acquired.by_container(hostile, "E/1"))


@pytest.mark.parametrize("word", ["mismatch", "FAILED", "does not match"])
def test_a_check_that_ftk_imager_calls_failed_agrees_with_nothing(word: str) -> None:
    assert facts(logs.ftk(verdict=word))["verified"] == "other"
    assert facts(logs.ftk())["verified"] == "same"


def test_a_size_that_no_media_has_is_refused() -> None:
    text, count = re.subn(r"(?i)(sector count):[ \d.,]+", r"\1: 999999999999999999", logs.ftk())
    assert count
    with pytest.raises(EvidenceError, match="no media has"):
        facts(text)
