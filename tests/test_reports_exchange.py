"""Interchange formats on hostile and odd items, without a case."""

import base64
import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_example import EXAMPLES, FAT_TIMES, FINDINGS, LAPTOP, NTFS_TIMES

from heroes_forensics.display import original_bytes
from heroes_forensics.model import EntryFlag
from heroes_forensics.parsers.filesystems import locators
from heroes_forensics.reports import EXPORTS, exchange
from heroes_forensics.reports.base import ItemBlock
from heroes_forensics.reports.dfxml import NAMESPACE, OURS
from heroes_forensics.reports.exchange import Exporter, Handed, LocalTimes, Matter
from heroes_forensics.reports.moments import NO_TIME

FORMATS: dict[str, Exporter] = {row.name: row.load() for row in EXPORTS}
OF_ITEMS = [name for name, exporter in FORMATS.items() if "all" in exporter.items]
D, H = f"{{{NAMESPACE}}}", f"{{{OURS}}}"
LOCATOR = "ntfs/i64-3/u5-5/a128-1/n0"
BLOCK = ItemBlock(
    exhibit="A-1",
    source=LAPTOP.label,
    volume="p2048",
    rules=dict.fromkeys("macb", NTFS_TIMES),
    locators=(LOCATOR,),
    allocated=(True,),
    kinds=("file",),
    sizes=(12,),
    bytes_read=(12,),
    types=("jpeg",),
    places=("downloads",),
    statuses=("done",),
    gaps=("",),
    md5=(b"\x01" * 16,),
    sha1=(b"\x02" * 20,),
    sha256=(b"\x03" * 32,),
    seconds=np.array([[1_709_571_906, 1_709_571_907, NO_TIME, 1_709_571_909]], dtype="<i8"),
    nanoseconds=np.array([[123_456_700, 0, 0, 0]], dtype="<u4"),
    misnamed=(False,),
    reuse=("",),
    matched=(frozenset(),),
)
FINDING = replace(FINDINGS[0], source=LAPTOP.label, locator=f"{LAPTOP.label}/p2048/{LOCATOR}")
ITEM = Handed(
    items=BLOCK,
    file_system="ntfs",
    holder="",
    flags=(1,),
    owners=(1000,),
    first_bytes=(4096,),
    bytes_read=(12,),
    findings={0: (FINDING,)},
)


def matter(*, names: bool = False, local_times: LocalTimes = "leave-out") -> Matter:
    return Matter(
        program="heroes-forensics",
        version="1",
        ledger="00000000-0000-4000-8000-000000000001",
        names=names,
        local_times=local_times,
        report=lambda: EXAMPLES["report"][0],
        source=LAPTOP,
    )


def with_items(block: Handed = ITEM, **changes: Any) -> Handed:  # noqa: ANN401 - fields of a block
    return replace(block, items=replace(block.items, **changes))


def written(name: str, *blocks: Handed, of: Matter | None = None) -> bytes:
    return b"".join(FORMATS[name].write(of or matter(), blocks or (ITEM,)))


def named(path: bytes, name: str) -> bytes:
    return written(name, with_items(paths=(path,)), of=matter(names=True))


def file_object(data: bytes) -> ET.Element:
    found = ET.fromstring(data).find(f".//{D}fileobject")  # noqa: S314 - what we wrote ourselves
    assert found is not None
    return found


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True))


def bodies(data: bytes) -> Iterator[list[str]]:
    for line in data.decode().removesuffix("\n").split("\n"):
        yield line.split("|")


HOSTILE = {
    "a formula": b"=cmd|' /C calc'!A0",
    "a plus": b"+1+1",
    "an at": b"@SUM(1)",
    "a minus": b"-2+3",
    "pipes and line ends": b"a|b\nc\r|d",
    "controls": b"\x01\x1b[31m\x7f",
    "turned round": "photo\u202egpj.exe".encode(),
    "no UTF-8": b"caf\xe9/\xff\xfe",
    "markup": b"</filename><x a='1'>&amp;]]>",
    "quotes": b"'\",;\\",
    "no character of XML": "\ufffe\uffff".encode(),
    "surrogates": b"\xed\xa0\x80",
    "long": b"n" * 60_000,
    "nothing odd": "Übung/日本.jpg".encode(),
}


@pytest.mark.parametrize("path", HOSTILE.values(), ids=HOSTILE)
def test_no_name_breaks_a_format_and_its_bytes_come_back(path: bytes) -> None:
    _check(path)


@given(st.binary(min_size=1, max_size=80))
def test_no_bytes_on_earth_break_a_format(path: bytes) -> None:
    _check(path)


def _check(path: bytes) -> None:
    name = file_object(named(path, "dfxml")).find(f"{D}filename")
    assert name is not None
    assert name.text is not None
    if name.get(f"{H}escaped"):
        assert base64.b64decode(str(name.get(f"{H}base64"))) == path
        assert original_bytes(name.text) == path
    else:
        assert name.text.encode() == path

    (line,) = bodies(named(path, "bodyfile"))
    assert len(line) == 11
    shown = line[1].removeprefix("laptop.E01/p2048/").removesuffix(" [F-000001]")
    assert "\n" not in line[1]
    if len(path) < 4096:
        assert original_bytes(shown) == path

    (row,) = [json.loads(text) for text in named(path, "jsonl").splitlines()]
    assert path == (
        base64.b64decode(row["path_b64"]) if "path_b64" in row else row["path"].encode()
    )

    (cells,) = rows(named(path, "csv"))
    assert bytes.fromhex(cells["path_hex"]) == path
    assert not cells["path"].startswith(("=", "+", "-", "@", "\t", "\r"))

    for event in map(json.loads, named(path, "timesketch").splitlines()):
        assert event["message"].isprintable()
    graph = json.loads(named(path, "case"))["@graph"]
    assert any(node["@type"] == "uco-observable:File" for node in graph)


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_written_is_plain_text_in_a_terminal(name: str) -> None:
    for path in HOSTILE.values():
        text = named(path, name).decode()
        assert not re.search(
            "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text
        )


@pytest.mark.parametrize("name", FORMATS)
def test_suppliers_and_operators_cannot_break_a_format(name: str) -> None:
    odd = "\"'<&>|\n,=\u202e\x00"
    category = replace(FINDING.category, code=odd, region=odd)
    finding = replace(FINDING, set_name=odd, issuer=odd, edition=odd, category=category)
    data = written(name, replace(ITEM, findings={0: (finding,)}))
    if name == "dfxml":
        said = file_object(data).find(f"{H}finding")
        assert said is not None
        assert str(said.get("issuer")).startswith("\"'<&>|\\x0a,=\\u202e")
    elif name == "csv":
        (row,) = rows(data)
        assert row["issuer"].startswith("\"'<&>|\\x0a,=\\u202e")
    elif name == "bodyfile":
        assert [len(line) for line in bodies(data)] == [11]
    else:
        assert (
            [json.loads(line) for line in data.splitlines()] if name != "case" else json.loads(data)
        )


@pytest.mark.parametrize("name", FORMATS)
def test_without_names_no_format_has_room_for_one(name: str) -> None:
    data = written(name)
    assert b"F-000001" in data
    assert b"path_hex" not in data
    assert b'"path"' not in data
    assert b"<filename" not in data
    assert b"fileName" not in data
    assert b"filename" not in data.replace(b"image_filename", b"")


@pytest.mark.parametrize("name", FORMATS)
def test_a_digest_that_is_kept_back_is_in_no_format(name: str) -> None:
    digests: dict[str, Any] = dict.fromkeys(("md5", "sha1", "sha256"), (None,))
    data = written(name, with_items(matched=(frozenset({"notable"}),), **digests))
    assert not re.search(b"(01){16}|(02){20}|(03){32}", data)
    assert re.search(b"(01){16}", written(name)) or name == "timesketch"
    if name in {"csv", "jsonl", "dfxml"}:
        assert b"withheld" in data


def local(block: Handed = ITEM) -> Handed:
    return with_items(block, rules=dict.fromkeys("macb", FAT_TIMES))


@pytest.mark.parametrize("name", ["timesketch", "bodyfile"])
def test_a_local_time_is_left_out_or_labelled_and_never_taken_for_utc(name: str) -> None:
    of = matter()
    data = written(name, local(), of=of)
    assert of.told[exchange.LEFT_OUT] == 3
    assert b"17095719" not in data
    assert b"2024-03-04" not in data
    of = matter(local_times="label")
    data = written(name, local(), of=of)
    assert of.told[exchange.LABELLED] == 3
    assert b"17095719" in data
    for line in data.splitlines():
        assert b"local time, zone unknown" in line


def test_a_local_time_has_no_zone_where_a_format_can_say_so() -> None:
    modified = file_object(written("dfxml", local())).find(f"{D}mtime")
    assert modified is not None
    assert modified.text == "2024-03-04T17:05:06"
    assert (modified.get("prec"), modified.get(f"{H}zone")) == ("2", "local-unknown")
    (row,) = [json.loads(line) for line in written("jsonl", local()).splitlines()]
    assert row["times"]["m"]["zone"] == "local-unknown"
    (cells,) = rows(written("csv", local()))
    assert cells["modified"] == "2024-03-04T17:05:06"
    assert "m:local-unknown:2000000000ns" in cells["time_basis"]


def test_a_graph_has_no_local_time_and_says_how_many_it_left_out() -> None:
    of = matter()
    fat = replace(FINDING, times=FINDINGS[2].times)
    data = written("case", replace(ITEM, findings={0: (fat,)}), of=of)
    assert b"modifiedTime" not in data
    assert of.told[exchange.LEFT_OUT] == 1
    assert b"modifiedTime" in written("case")


BEYOND = {
    "before the year 1": -62_135_596_801,
    "after 9999": 253_402_300_800,
    "the last": 2**63 - 1,
}


@pytest.mark.parametrize("second", BEYOND.values(), ids=BEYOND)
def test_a_time_beyond_the_calendar_breaks_nothing(second: int) -> None:
    seconds = np.array([[second, 253_402_300_799, NO_TIME, -62_135_596_800]], dtype="<i8")
    block = with_items(seconds=seconds)
    of = matter()
    events = [json.loads(line) for line in written("timesketch", block, of=of).splitlines()]
    assert [event["datetime"][:4] for event in events] == ["9999", "0001"]
    assert of.told[exchange.BEYOND] == 1
    item = file_object(written("dfxml", block))
    assert item.find(f"{D}mtime") is None
    assert item.find(f"{D}atime") is not None
    (line,) = bodies(written("bodyfile", block))
    assert line[7:] == ["253402300799", "0", "0", "-62135596800"]
    assert json.loads(written("jsonl", block))["times"]["m"]["seconds"] == second


def test_a_body_line_has_the_fields_of_the_sleuth_kit() -> None:
    (line,) = bodies(written("bodyfile"))
    assert line == [
        "01" * 16,
        f"laptop.E01/p2048/{LOCATOR} [F-000001]",
        *("64-128-1", "r/r---------", "1000", "0", "12"),
        *("1709571907", "1709571906", "0", "1709571909"),
    ]
    gone = replace(with_items(allocated=(False,)), flags=(int(EntryFlag.REALLOCATED),))
    (line,) = bodies(written("bodyfile", gone))
    assert line[1].endswith("[F-000001] (deleted-realloc)")


def test_an_event_has_what_timesketch_asks_for() -> None:
    events = [json.loads(line) for line in written("timesketch").splitlines()]
    assert [event["timestamp_desc"] for event in events] == [
        "Content Modification Time",
        "Last Access Time",
        "Creation Time",
    ]
    first = events[0]
    assert first["datetime"] == "2024-03-04T17:05:06.123456+00:00"
    assert first["timestamp"] == 1_709_571_906_123_456
    assert first["message"] == (f"laptop.E01/p2048/{LOCATOR} [F-000001]: Content Modification Time")
    assert first["tag"] == ["heroes-finding", "same-sha1-and-size"]


def test_an_item_with_two_findings_has_two_rows_and_one_line() -> None:
    both = replace(ITEM, findings={0: (FINDING, replace(FINDING, number="F-000002"))})
    assert [row["finding"] for row in rows(written("csv", both))] == ["F-000001", "F-000002"]
    assert [row["finding"] for row in rows(written("csv", replace(ITEM, findings={})))] == [""]
    (row,) = [json.loads(line) for line in written("jsonl", both).splitlines()]
    assert [each["finding"] for each in row["findings"]] == ["F-000001", "F-000002"]
    graph = json.loads(written("case", both))["@graph"]
    kinds = [str(node["@type"]) for node in graph]
    assert kinds.count("uco-observable:File") == 1
    assert kinds.count("uco-analysis:AnalyticResult") == 2


def test_volumes_without_an_item_are_told_with_the_reason() -> None:
    document = ET.fromstring(written("dfxml"))  # noqa: S314 - what we wrote ourselves
    volumes = document.findall(f"{D}volume")
    assert [volume.get(f"{H}key") for volume in volumes] == [each.key for each in LAPTOP.volumes]
    assert [volume.findtext(f"{D}error") for volume in volumes] == [
        None,
        None,
        "not examined: encrypted",
    ]


def test_a_gap_is_told() -> None:
    gap = with_items(gaps=("stream.short",), statuses=("gap",))
    error = file_object(written("dfxml", gap)).findtext(f"{D}error")
    assert error == "stream.short: fewer bytes could be read than the metadata states"
    assert json.loads(written("jsonl", gap))["gap"] == "stream.short"


def test_a_member_of_an_archive_has_no_address_of_its_own() -> None:
    member = replace(
        with_items(locators=(f"{LOCATOR}/m@0x1f40",)), holder=f"laptop.E01/p2048/{LOCATOR}"
    )
    assert file_object(written("dfxml", member)).find(f"{D}inode") is None
    (line,) = bodies(written("bodyfile", member))
    assert line[2] == "0"


@pytest.mark.parametrize(
    "text",
    [LOCATOR, "ext4/i12/u2/a0-0/n0", "hfsplus/i21/u2/a4352-0/n1", "xfs/i131/u128/a1-0/n0"],
)
def test_an_address_is_taken_apart_as_locators_are_made(text: str) -> None:
    expected = locators.parse_locator(text)
    found = exchange.address(text)
    assert found is not None
    assert (found[1], int(found[2]), int(found[4])) == (
        *(expected.kind, expected.address, expected.parent),
    )
    assert found[3] == (None if expected.sequence is None else str(expected.sequence))
    assert (int(found[5]), int(found[6])) == (expected.type, expected.id)
    assert exchange.SLEUTH_KIT == locators.SLEUTH_KIT
    assert exchange.address(f"{text}/m@0x1f40") is None


def test_every_row_of_the_table_is_complete() -> None:
    assert len({exporter.file_name for exporter in FORMATS.values()}) == len(FORMATS)
    for exporter in FORMATS.values():
        assert exporter.items
        assert exporter.per_source == ("{source}" in exporter.file_name)
    assert OF_ITEMS == ["dfxml", "timesketch", "bodyfile", "csv", "jsonl"]


def test_ids_are_of_the_ledger_and_of_the_thing() -> None:
    first = {node["@id"] for node in json.loads(written("case"))["@graph"]}
    assert first == {node["@id"] for node in json.loads(written("case"))["@graph"]}
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", each) for each in first)
    report = EXAMPLES["report"][0]
    other = replace(
        report, case=replace(report.case, ledger="11111111-1111-4111-8111-111111111111")
    )
    moved = replace(matter(), report=lambda: other)
    assert not first & {node["@id"] for node in json.loads(written("case", of=moved))["@graph"]}
