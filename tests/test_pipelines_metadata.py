"""What pictures say of their origin, through whole scans: asked for, sealed, linked by tags."""

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import metadata_faults
import metadata_unasked
import pytest
from camera_files import LENS, MAKE, MODEL, SERIAL, SOFTWARE, exif, film, hostile, picture
from scans import folder, scanned

from heroes_forensics.errors import UsageError
from heroes_forensics.frames import Picture
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case.folders import BUNDLE
from heroes_forensics.pipelines.checks import opening, verifying, views
from heroes_forensics.pipelines.runs.request import ScanResult
from heroes_forensics.pipelines.workers import deaths
from heroes_forensics.store.database import Database

PLAIN = picture("jpeg", b"", seed=3)
MARKED = picture("jpeg", exif(), seed=4)
ALIKE = picture("webp", exif(original="2021:01:01 00:00:00"), seed=5)
MODEL_ALONE = picture("jpeg", exif(serial=None, position=None), seed=6)
HOSTILE = picture("jpeg", hostile()["4 GiB of text"], seed=8)
MOVED = film("mp4", **{"com.apple.quicktime.make": MAKE, "com.apple.quicktime.model": MODEL})


def zipped(name: str, data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, data)
    return stream.getvalue()


FILES = {
    "a.jpg": PLAIN,
    "b.jpg": MARKED,
    "c.webp": ALIKE,
    "d.jpg": MODEL_ALONE,
    "e.jpg": HOSTILE,
    "f.mp4": MOVED,
    "g.zip": zipped("h.jpg", picture("jpeg", exif(), seed=9)),
}
VALUES = (MAKE, MODEL, SERIAL, LENS, SOFTWARE)
WHY: dict[str, Any] = {"justification": "to link devices", "authority": "G-1"}


def scan(home: Path, *, asks: bool = True, **changes: Any) -> tuple[Path, ScanResult]:  # noqa: ANN401 - fields of a request
    evidence = folder(home / "evidence", FILES)
    listed = home / "list.txt"
    listed.write_text(f"{hashlib.sha256(MARKED).hexdigest()}  x\n")
    settings: dict[str, Any] = {"names": "clear", "sets": (str(listed),), "workers": 1}
    settings |= changes
    options = {"kind": "notable"}
    case = home / "case"
    result = scanned(case, evidence, set_options=options, media_metadata=asks, **settings)
    return case, result


def by_name(rows: Any) -> dict[str, JSON]:  # noqa: ANN401 - rows of any verb
    return {
        str(row["path"]).rsplit("/", 1)[-1]: row["media_metadata"]
        for row in rows
        if "media_metadata" in row
    }


def report(case: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((case / BUNDLE / "report/report.json").read_bytes())
    return found


def stored(case: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in case.rglob("*") if path.is_file()}


def test_devices_are_linked_by_tags_and_values_stay_sealed(tmp_path: Path) -> None:
    case, result = scan(tmp_path)
    assert result.findings == 1
    told = by_name(views.inventory(case))
    assert {name: row["state"] for name, row in told.items()} == {
        "a.jpg": "nothing",
        "b.jpg": "found",
        "c.webp": "found",
        "d.jpg": "found",
        "e.jpg": "unreadable",
        "f.mp4": "found",
        "h.jpg": "found",
    }
    assert told["b.jpg"]["device"] == told["c.webp"]["device"] == told["h.jpg"]["device"]
    assert str(told["b.jpg"]["device"]).startswith("D-")
    assert told["d.jpg"]["device"] is told["f.mp4"]["device"] is told["a.jpg"]["model"] is None
    assert len({told[name]["model"] for name in ("b.jpg", "d.jpg", "f.mp4", "h.jpg")}) == 1
    assert {told["b.jpg"]["position"], told["f.mp4"]["position"]} == {"yes", "no"}

    found = report(case)
    (exhibit,) = found["exhibits"]
    assert exhibit["metadata"] == {
        "read": 7,
        "found": 5,
        "nothing": 1,
        "unreadable": 1,
        "positions": 3,
    }
    device, model = found["devices"]
    assert device == {
        "tag": told["b.jpg"]["device"],
        "by_serial": True,
        "files": 3,
        "findings": 1,
        "exhibits": ["EX-1"],
    }
    assert (model["by_serial"], model["files"], model["findings"]) == (False, 2, 0)
    assert found["findings"][0]["device"] == device["tag"]
    assert found["runs"][0]["media_metadata"]

    # Nobody opened anything so far: no file of the case holds a value, whatever names are.
    assert b"b.jpg" in stored(case)[str(case / "case.db")] + stored(case).get(
        str(case / "case.db-wal"), b""
    )
    for path, data in stored(case).items():
        assert not [value for value in VALUES if value.encode() in data], path

    before = len((case / BUNDLE / "ledger.jsonl").read_bytes().splitlines())
    opened = by_name(opening.open_metadata(case, **WHY))
    values = opened["b.jpg"]["values"]
    assert isinstance(values, dict)
    assert [values[name] for name in ("make", "model", "serial", "lens_serial")] == list(VALUES[:4])
    assert values["dates"]["original"] == {"local": "2019-07-01T12:30:05.25", "zone": "+02:00"}
    assert values["dates"]["changed"] == {"local": "2020-02-02T02:02:02", "zone": "not-stated"}
    assert "values" not in opened["a.jpg"]
    (named,) = opening.open_names(case, findings=[], **WHY)
    assert named["media_metadata"]["values"]["serial"] == SERIAL  # type: ignore[index]
    events = [
        json.loads(line)
        for line in (case / BUNDLE / "ledger.jsonl").read_bytes().splitlines()[before:]
    ]
    assert events[0]["type"] == "sealed.opened"
    assert events[0]["body"]["what"] == "metadata of pictures and films"
    assert events[0]["body"]["justification"] == WHY["justification"]
    assert verifying.verify(case)["exit_code"] == 7

    database = Database.open(case / "case.db")
    with database.transaction():
        database.insert("UPDATE media_metadata SET device=x'010203040506' WHERE state=2", ())
    database.close()
    assert verifying.verify(case)["exit_code"] == 6


def test_nothing_is_looked_at_unless_it_is_asked_for(tmp_path: Path) -> None:
    case, result = scan(tmp_path, asks=False)
    assert result.findings == 1
    assert by_name(views.inventory(case)) == {}
    found = report(case)
    assert (found["exhibits"][0]["metadata"], found["devices"]) == (None, [])
    assert not found["runs"][0]["media_metadata"]
    with pytest.raises(UsageError, match="no metadata") as refused:
        list(opening.open_metadata(case, **WHY))
    assert "--media-metadata" in str(refused.value.hint)
    with pytest.raises(UsageError, match="metadata is opened only for a reason"):
        list(opening.open_metadata(case, justification=" ", authority="x"))


def test_the_result_does_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    first, one = scan(tmp_path / "one", names="sealed")
    second, two = scan(tmp_path / "two", names="sealed", workers=2)
    assert one.content_sha256 == two.content_sha256
    tags = [{row["tag"] for row in report(case)["devices"]} for case in (first, second)]
    assert not tags[0] & tags[1]  # keyed: what is known again is known in its own case alone


def test_it_is_not_asked_of_what_is_not_decoded(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="none is to be"):
        scan(tmp_path, perceptual=False)
    case, _ = scan(tmp_path, profile="triage")
    assert "h.jpg" not in by_name(views.inventory(case))


def perceptual_of(case: Path) -> list[int]:
    database = Database.open(case / "case.db", read_only=True)
    try:
        return [status for (status,) in database.rows("SELECT status FROM perceptual")]
    finally:
        database.close()


def test_a_decoder_that_tells_metadata_unasked_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEROES_TEST_FAULTS", str(metadata_unasked.THIS))
    case, _ = scan(tmp_path, asks=False, sets=())
    assert by_name(views.inventory(case)) == {}
    events = (case / BUNDLE / "ledger.jsonl").read_text()
    assert f'"cause":"{deaths.PROTOCOL}"' in events
    assert set(perceptual_of(case)) == {Picture.GAP}
    for path, data in stored(case).items():
        assert not [value for value in VALUES if value.encode() in data], path


def test_a_decoder_that_dies_over_metadata_costs_the_metadata_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEROES_TEST_FAULTS", str(metadata_faults.THIS))
    case, _ = scan(tmp_path, sets=())
    told = by_name(views.inventory(case))
    events = (case / BUNDLE / "ledger.jsonl").read_text()
    # Each picture is decoded once more without, and compared.
    assert '"cause":"signal-sigsegv"' in events
    assert set(perceptual_of(case)) == {Picture.DONE}
    states = {name: row["state"] for name, row in told.items()}
    assert states.pop("f.mp4") == "found"
    assert states == dict.fromkeys(
        ["a.jpg", "b.jpg", "c.webp", "d.jpg", "e.jpg", "h.jpg"], "unreadable"
    )
    assert verifying.verify(case)["exit_code"] == 7
