"""Calibrations: what is measured, that nothing of a picture is kept, that records are signed."""

import hashlib
import io
import json
import struct
import subprocess
import sys
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pictures
import pytest
import worker_faults
from cli_runner import PROGRAM, process
from corpus import MEDIA, needs_media
from scans import Noted, folder, scanned

from heroes_forensics.custody import calibration, keys, private
from heroes_forensics.errors import CustodyError, EvidenceError, UsageError
from heroes_forensics.frames import EDITED
from heroes_forensics.hashsets import candidates, measuring
from heroes_forensics.media import perceptual
from heroes_forensics.media.edits import making
from heroes_forensics.media.edits.listed import EDITS
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import laboratory
from heroes_forensics.pipelines.records import calibrations, error_rates
from heroes_forensics.pipelines.references import calibrating, editing, set_building
from heroes_forensics.pipelines.references.calibrating import Wanted
from heroes_forensics.pipelines.report import reporting
from heroes_forensics.pipelines.runs import rematching
from heroes_forensics.pipelines.workers.roles import FAULTS_VARIABLE

WORD = "zqx-Merkwort-4471"
SCENES = [
    (pictures.landscape, 11),
    (pictures.stone, 12),
    (pictures.landscape, 13),
    (pictures.stone, 14),
]


def scene(number: int, width: int = 240, height: int = 180) -> bytes:
    make, seed = SCENES[number]
    return pictures.jpeg(make(seed, width, height), quality=92)


FILES = {
    f"{WORD}/one.jpg": scene(0),
    f"{WORD}/again.jpg": scene(0, 200, 150),
    "two.jpg": scene(1),
    "three.jpg": scene(2),
    "small.jpg": scene(3, 40, 40),
    "cut.jpg": scene(3)[: len(scene(3)) // 2],
    "notes.txt": f"{WORD} in a note".encode(),
    "empty.jpg": b"",
}


@pytest.fixture
def laboratory_home() -> Path:
    laboratory.init(laboratory.home(), domain="lab.example.org")
    return laboratory.home()


def measured(home: Path, files: dict[str, bytes] | None = None, **more: Any) -> tuple[JSON, int]:  # noqa: ANN401 - fields of `Wanted`
    made = folder(home / "benign", FILES if files is None else files)
    return calibrating.calibrate(Wanted(**{"folder": made, "most_edited": 1, **more}))


def part(body: JSON, name: str) -> dict[str, Any]:
    found = body[name]
    assert isinstance(found, dict)
    return found


def rows(body: JSON, name: str) -> list[dict[str, Any]]:
    found = body[name]
    assert isinstance(found, list)
    return found


@pytest.mark.usefixtures("laboratory_home")
def test_edits_are_counted_as_they_would_be_here(tmp_path: Path) -> None:
    body, code = measured(tmp_path)
    assert code == 3  # one picture is cut off
    found = part(body, "pictures")
    assert (found["files"], found["compared"], found["edited"], found["lost"]) == (8, 3, 1, 0)
    assert found["left_out"] == {
        "empty": 1,
        "near_duplicates": 1,
        "other_types": 1,
        "picture_partial": 1,
        "too_small": 1,
    }
    # The same edits of the same picture, made in this process: equal values, equal counts.
    chosen = [data for data in FILES.values() if is_chosen(data)]
    expected = counted_here(chosen[0])
    assert [
        (edit["made"], edit["failed"], edit["comparable"], edit["tier1_31"], edit["tier1_40"])
        for edit in rows(body, "edits")
    ] == expected
    assert [edit["name"] for edit in rows(body, "edits")] == [edit.name for edit in EDITS]
    assert "tier2_31" not in rows(body, "edits")[0]


def is_chosen(data: bytes) -> bool:
    """Say whether this is the picture that the digest chooses among those that are compared."""
    compared = [scene(1), scene(2), min(scene(0), scene(0, 200, 150), key=_digest)]
    return data == min(
        compared,
        key=lambda each: hashlib.sha256(b"heroes calibrate 1:" + _digest(each)).digest(),
    )


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def counted_here(data: bytes) -> list[tuple[int, int, int, int, int]]:
    _, _, _, _, _, original = perceptual.examined(io.BytesIO(data), "jpeg")
    own = measuring.bits(original[(original["algorithm"] == 0) & (original["at"] == 0)])[:1]
    found = []
    for _, width, height, values in making.made(io.BytesIO(data), "jpeg", _digest(data)):
        recall = measuring.Recall()
        side = np.full(len(values), min(width, height))
        recall.add(values[measuring.passing(values, side)], own)
        found.append((recall.made, 0, recall.comparable, recall.found[1, 31], recall.found[1, 40]))
    return found


@pytest.mark.usefixtures("laboratory_home")
def test_in_depth_more_is_found_and_distractors_are_compared(tmp_path: Path) -> None:
    others = folder(
        tmp_path / "others",
        {"a.jpg": pictures.jpeg(pictures.landscape(51, 240, 180), quality=90), "b.jpg": scene(1)},
    )
    body, _ = measured(tmp_path, profile="deep", distractors=others)
    assert part(body, "distractors")["compared"] == 1
    assert part(body, "distractors")["left_out"] == {"near_duplicates": 1}
    edits = rows(body, "edits")
    assert all(edit["tier1_31"] <= edit["tier2_31"] <= edit["tier2_40"] for edit in edits)
    assert sum(edit["tier2_31"] for edit in edits) > sum(edit["tier1_31"] for edit in edits)
    chances = {(row["of"], row["tier"]): row for row in rows(body, "chances")}
    assert set(chances) == {
        (kind, tier) for kind in ("as-is", "edited", "distractors") for tier in (1, 2)
    }
    # Three pictures, 16 or more values each, against three others.
    assert chances["as-is", 1]["looked_at"] == 3
    assert chances["as-is", 1]["comparisons"] >= 3 * 8 * 3
    assert chances["distractors", 1]["comparisons"] >= 8 * 3
    for row in chances.values():
        assert (row["pairs_31"], row["pairs_40"], row["grade_a"]) == (0, 0, 0)
        upper = measuring.at_most(measuring.upper_bound(0, row["comparisons"]))
        assert row["upper_31"] == upper
        assert float(upper) >= 1 - 0.05 ** (1 / row["comparisons"])


@pytest.mark.usefixtures("laboratory_home")
def test_a_record_holds_no_name_no_digest_and_no_value(tmp_path: Path) -> None:
    measured(tmp_path)
    (record,) = calibrations.found()
    assert isinstance(record, calibration.Record)
    text = record.data.decode()
    for name, data in FILES.items():
        assert Path(name).stem not in json.loads(text.partition("\n")[0])["pictures"]
        for digest in (hashlib.sha256(data), hashlib.sha1(data), hashlib.md5(data)):  # noqa: S324 - to look for
            assert digest.hexdigest() not in text
    assert WORD not in text
    assert str(tmp_path) not in text
    body = record.body
    salt = bytes.fromhex(part(body, "commitment")["salt"])
    compared = [scene(1), scene(2), min(scene(0), scene(0, 200, 150), key=_digest)]
    bound = hashlib.sha256(salt + b"".join(sorted(map(_digest, compared)))).hexdigest()
    assert part(body, "commitment")["sha256"] == bound


@pytest.mark.usefixtures("laboratory_home")
def test_a_laboratory_is_needed_and_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EvidenceError, match="no picture"):
        measured(tmp_path, {"a.txt": b"text"})
    with pytest.raises(UsageError, match="no folder"):
        calibrating.calibrate(Wanted(tmp_path / "none"))
    monkeypatch.setenv("HEROES_HOME", str(tmp_path / "other"))
    with pytest.raises(UsageError, match="no laboratory"):
        calibrating.calibrate(Wanted(tmp_path))
    assert not (tmp_path / "other" / "calibrations").exists()


# ---- records -----------------------------------------------------------------------------


@pytest.fixture
def kept(laboratory_home: Path, tmp_path: Path) -> Path:
    measured(tmp_path, {"a.jpg": scene(0), "b.jpg": scene(1)})
    (path,) = (laboratory_home / "calibrations").iterdir()
    return path


def test_no_byte_of_a_record_can_change(kept: Path) -> None:
    data = kept.read_bytes()
    key = calibration.key_of(str(keys.laboratory(laboratory.home())["vkey"]))
    assert calibration.read(data, key).data == data
    for at in [*range(0, len(data), 97), *range(len(data) - 140, len(data))]:
        changed = bytearray(data)
        changed[at] ^= 1
        with pytest.raises(CustodyError):
            calibration.read(bytes(changed), key)


def test_a_changed_record_is_named_refused_and_not_cited(kept: Path) -> None:
    data = kept.read_bytes()
    kept.write_bytes(data.replace(b'"lost":0', b'"lost":1'))
    with pytest.raises(CustodyError, match="its signature does not fit"):
        calibrations.named(kept.stem)
    record, said = calibrations.taken("", deep=False)
    assert record is None
    assert said == [
        f"the calibration {kept.stem} is not used: its signature does not fit: it was changed"
    ]


def test_records_without_a_laboratory_are_refused_and_stop_nothing(kept: Path) -> None:
    (laboratory.home() / "laboratory.json").unlink()
    record, (said,) = calibrations.taken("", deep=False)
    assert record is None
    assert said.startswith(f"the calibration {kept.stem} is not used: there is no laboratory")


def test_unsigned_and_foreign_records_are_refused(kept: Path, tmp_path: Path) -> None:
    data = kept.read_bytes()
    kept.write_bytes(data.partition(b"\n\n")[0] + b"\n")
    with pytest.raises(CustodyError, match="no signed record"):
        calibrations.named(kept.stem)
    stranger = keys.create_laboratory(tmp_path / "stranger", domain="lab.example.org")
    (body,) = (json.loads(data.partition(b"\n")[0]),)
    kept.write_bytes(calibration.signed(body, stranger).data)
    with pytest.raises(CustodyError, match="not signed with the key of this laboratory"):
        calibrations.named(kept.stem)


def test_the_newest_one_of_this_comparison_is_taken(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = keys.load_ring(laboratory.home())
    body = json.loads(kept.read_bytes().partition(b"\n")[0])
    newer = calibration.signed(body | {"time": "2999-01-01T00:00:00.000000Z"}, ring)
    calibrations.keep(newer)
    assert calibrations.taken("", deep=False) == (newer, [])
    assert calibrations.taken(calibrations.NONE, deep=False) == (None, [])
    named, _ = calibrations.taken(kept.stem[:6], deep=False)
    assert named is not None
    assert named.id == kept.stem
    deep = {**body["method"], "profile": "deep"}
    older = calibration.signed(body | {"method": deep, "time": "2001" + body["time"][4:]}, ring)
    calibrations.keep(older)
    assert calibrations.taken("", deep=True) == (older, [])
    monkeypatch.setattr(calibrations, "comparison_sha256", lambda: "0" * 64)
    record, (said,) = calibrations.taken("", deep=False)
    assert record is None
    assert "another version of the comparison" in said
    with pytest.raises(UsageError, match="another version"):
        calibrations.taken(kept.stem, deep=False)
    with pytest.raises(UsageError, match="no identifier"):
        calibrations.named("../laboratory")


def test_a_record_of_another_form_is_refused(kept: Path) -> None:
    ring = keys.load_ring(laboratory.home())
    body = json.loads(kept.read_bytes().partition(b"\n")[0])
    for changed in (
        body | {"format": "heroes-calibration/2"},
        {name: value for name, value in body.items() if name != "chances"},
        body | {"names": ["a.jpg"]},
    ):
        with pytest.raises(CustodyError, match="no record that this version reads"):
            calibration.signed(changed, ring)
    assert private.read(kept).endswith(b"\n")


# ---- bounds, and what the two sides of the wire agree on ------------------------------------


BOUNDS = [  # Clopper-Pearson, one-sided 95 %: R, qbeta(0.95, k + 1, n - k)
    (0, 1, 0.95),
    (0, 100, 0.0295130),
    (3, 10, 0.6066242),
    (10, 10, 1.0),
]


@pytest.mark.parametrize(("found", "trials", "bound"), BOUNDS)
def test_upper_bounds_are_exact(found: int, trials: int, bound: float) -> None:
    assert measuring.upper_bound(found, trials) == pytest.approx(bound, abs=1e-6)


def test_bounds_are_rounded_up() -> None:
    assert measuring.at_most(3.2243e-7) == "3.3e-7"
    assert measuring.at_most(1.0) == "1.0"
    assert measuring.at_most(0.0295130) == "0.030"


def test_near_duplicates_share_a_group_also_when_turned() -> None:
    random = np.random.default_rng(5)
    values = random.integers(0, 256, (4 * 8, 32), dtype=np.uint8)
    values[8] = values[3]  # the second is the first one turned
    values[24] = values[0]
    values[24, :7] ^= 255  # 56 bits
    assert measuring.groups(values) == [0, 0, 2, 0]


def test_false_pairs_are_counted_once_for_each_radius() -> None:
    entries = np.zeros((3, 32), np.uint8)
    entries[1, :4] = 255  # 32 bits from the first
    entries[2] = 255
    chances = measuring.Chances(entries)
    value = np.zeros(1, dtype=EDITED)
    chances.add(value, 0)
    tier = chances.tiers[1]
    assert (tier.looked_at, tier.comparisons, tier.closest) == (1, 2, 32)
    assert (tier.pairs, tier.pictures) == ({31: 0, 40: 1}, {31: 0, 40: 1})
    assert tier.grade_a == 0
    entries[1, 3] = 0  # 24 bits
    again = measuring.Chances(entries)
    value["tones"] = candidates.LEAST_TONES
    again.add(value, 0)
    assert again.tiers[1].pairs == {31: 1, 40: 1}
    assert again.tiers[1].grade_a == again.tiers[2].grade_a == 1
    value["tones"] -= 1  # drawn
    drawn = measuring.Chances(entries)
    drawn.add(value, 0)
    assert (drawn.tiers[1].pairs[31], drawn.tiers[1].grade_a) == (1, 0)


def test_editors_decode_what_is_said() -> None:
    assert editing.KINDS == making.KINDS


# ---- hostile pictures, and interruptions ---------------------------------------------------


@pytest.mark.usefixtures("laboratory_home")
@pytest.mark.parametrize("word", ["abort", "sleep", "memory", *worker_faults.EDIT_LIES])
def test_a_picture_that_ends_its_editor_costs_itself(
    word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FAULTS_VARIABLE, str(worker_faults.THIS))
    if word == "sleep":
        monkeypatch.setattr(editing, "SECONDS", {"standard": 5.0})
    files = {"a.jpg": scene(0), "b.jpg": worker_faults.edited(scene(1), word)}
    body, code = measured(tmp_path, files, most_edited=2)
    found = part(body, "pictures")
    assert (code, found["compared"], found["edited"], found["lost"]) == (3, 2, 2, 1)
    for edit in rows(body, "edits"):
        assert (edit["made"], edit["failed"]) == (1, 1)


@pytest.mark.usefixtures("laboratory_home")
def test_a_picture_that_ends_its_decoder_costs_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FAULTS_VARIABLE, str(worker_faults.THIS))
    bomb = bytearray(pictures.png(pictures.stone(9, 80, 80)))
    bomb[16:24] = struct.pack(">II", 100_000, 100_000)
    bomb[29:33] = zlib.crc32(bomb[12:29]).to_bytes(4, "big")
    files = {"bomb.png": bytes(bomb), "bad.jpg": worker_faults.picture("abort")}
    body, code = measured(tmp_path, {"a.jpg": scene(0), "b.jpg": scene(1), **files})
    assert code == 3
    assert part(body, "pictures")["left_out"] == {"decoder_died": 1, "picture_limit": 1}
    assert part(body, "pictures")["lost"] == 0
    assert rows(body, "edits")[0]["made"] == 1


@needs_media
@pytest.mark.usefixtures("laboratory_home")
def test_photographs_are_measured(tmp_path: Path) -> None:
    assert MEDIA is not None
    names = sorted(path for path in MEDIA.iterdir() if path.suffix == ".jpg")[:12]
    files = {f"{number}.jpg": path.read_bytes() for number, path in enumerate(names)}
    body, _ = measured(tmp_path, files, most_edited=2)
    edits = {edit["name"]: edit for edit in rows(body, "edits")}
    assert edits["JPEG, quality 75"]["tier1_31"] == 2
    assert edits["AVIF, quality 50"]["tier1_31"] == 2
    assert edits["JPEG 2000, 1:40"]["tier1_31"] == 2
    assert sum(edit["failed"] for edit in edits.values()) == 0


@pytest.mark.parametrize("seconds", [0.3, 1.5, 2.5])
def test_a_killed_calibration_leaves_no_half_record(
    seconds: float, laboratory_home: Path, tmp_path: Path
) -> None:
    made = folder(tmp_path / "benign", {"a.jpg": scene(0), "b.jpg": scene(1)})
    with subprocess.Popen([*PROGRAM, "calibrate", str(made), "--quiet"]) as running:
        with suppress(subprocess.TimeoutExpired):
            running.wait(seconds)
        running.kill()
    for each in calibrations.found():
        assert isinstance(each, calibration.Record)
    assert all(path.suffix == ".txt" for path in laboratory_home.glob("calibrations/[!.]*"))


def test_the_verb_measures_lists_and_shows(laboratory_home: Path, tmp_path: Path) -> None:
    made = folder(tmp_path / "benign", {"a.jpg": scene(0), "b.jpg": scene(1)})
    assert process("calibrate", "--list").out == "There is no calibration: heroes calibrate DIR\n"
    assert process("calibrate", "--list", "--json").out == ""
    ran = process("calibrate", str(made), "--edited", "1", "--examiner", "E-17", "--json", "-q")
    assert ran.code == 0, ran.err
    (body,) = (row for row in ran.rows() if row["type"] == "calibration")
    (listed,) = process("calibrate", "--list", "--json").rows()
    assert (listed["id"], listed["examiner"], listed["fits"]) == (body["id"], "E-17", True)
    shown = process("calibrate", "--show", str(body["id"])[:5])
    assert shown.code == 0
    for edit in EDITS:
        assert f"    {edit.name}" in shown.out
    assert "  mean over edits  " in shown.out
    assert "95 % upper bound" in shown.out
    (path,) = laboratory_home.glob("calibrations/*.txt")
    path.write_bytes(path.read_bytes().replace(b"E-17", b"E-18"))
    ran = process("calibrate", "--list")
    assert ran.code == 6
    assert "its signature does not fit" in ran.out
    shown = process("calibrate", "--show", path.stem)
    assert shown.code == 6
    assert "its signature does not fit" in shown.err
    assert process("calibrate").code == 2


def test_nothing_of_a_picture_stays_anywhere(laboratory_home: Path, tmp_path: Path) -> None:
    """Names, paths, digests and bytes of pictures are in no file that a calibration leaves."""
    home, temp = tmp_path / "home", tmp_path / "temp"
    temp.mkdir()
    files = {f"{WORD}/{WORD}.jpg": scene(0), "b.jpg": scene(1)}
    made = folder(tmp_path / "benign", files)
    before = {path: path.read_bytes() for path in made.rglob("*.jpg")}
    ran = process("calibrate", str(made), "--edited", "2", environment={"TMPDIR": str(temp)})
    assert ran.code == 0
    left = [ran.out.encode(), ran.err.encode()]
    left += [path.read_bytes() for path in laboratory_home.rglob("*") if path.is_file()]
    assert list(temp.rglob("*")) == []
    for data in left:
        assert WORD.encode() not in data
        for picture in files.values():
            assert picture[200:232] not in data
            assert _digest(picture).hex().encode() not in data
            assert _digest(picture) not in data
    assert {path: path.read_bytes() for path in made.rglob("*.jpg")} == before
    assert not home.exists()


# ---- what reports cite -------------------------------------------------------------------


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A set with PDQ values, built of one of the pictures."""
    set_building.build_set(
        set_building.Wanted(
            folder(tmp_path / "reference", {"a.jpg": scene(1)}), name="made", issuer="Office"
        )
    )
    return folder(tmp_path / "evidence", {"a.png": pictures.png(pictures.stone(12, 230, 170))})


def cited(case: Path) -> dict[str, Any]:
    document = json.loads((case / "custody" / "report" / "report.json").read_text())
    (rate,) = document["error_rates"]
    assert isinstance(rate, dict)
    return rate


def test_a_report_cites_the_calibration_from_the_case_alone(
    listed: Path, kept: Path, tmp_path: Path
) -> None:
    case = tmp_path / "case"
    result = scanned(case, listed, sets=("made",))
    assert not [note for note in result.notes if "calibration" in note]
    rate = cited(case)
    assert (rate["source"], rate["asked"], rate["name"]) == ("laboratory", "newest", kept.stem)
    assert (rate["pictures"], rate["edited"], rate["edits"]) == (2, 1, len(EDITS))
    assert rate["runs"] == [result.run]
    copied = case / "custody" / "runs" / result.run / "calibration.txt"
    assert copied.read_bytes() == kept.read_bytes()
    ledger = (case / "custody" / "ledger.jsonl").read_text()
    assert f'"calibration_sha256":"{hashlib.sha256(kept.read_bytes()).hexdigest()}"' in ledger
    page = (case / "custody" / "report" / "report.html").read_text()
    assert "measured by this laboratory (lab.example.org) on 2 pictures" in page
    assert f"calibration {kept.stem}" in page
    kept.unlink()
    reporting.report(case)
    assert cited(case) == rate
    assert verified(case) == 0
    copied.write_bytes(copied.read_bytes().replace(b'"lost":0', b'"lost":1'))
    assert verified(case) == 6


def verified(case: Path) -> int:
    """Return the worse of two opinions: ours, and that of the file in the bundle."""
    ours = process("verify", str(case)).code
    theirs = process(
        str(case / "custody"), program=(sys.executable, str(case / "custody/verify_custody.py"))
    ).code
    assert (ours == 6) == (theirs == 6)
    return ours if ours == 6 else 0


def test_without_a_calibration_the_figures_of_the_program_are_cited(
    listed: Path, laboratory_home: Path, tmp_path: Path
) -> None:
    del laboratory_home
    scanned(tmp_path / "case", listed, sets=("made",))
    rate = cited(tmp_path / "case")
    shipped = calibration.shipped_of(error_rates.shipped())
    assert (rate["source"], rate["asked"], rate["name"]) == ("program", "newest", shipped["commit"])
    assert rate["unfinished"] == shipped["stopped"]
    page = (tmp_path / "case" / "custody" / "report" / "report.html").read_text()
    assert "no calibration of the laboratory exists" in page


def test_a_calibration_can_be_named_or_refused(listed: Path, kept: Path, tmp_path: Path) -> None:
    scanned(tmp_path / "one", listed, sets=("made",), calibration="none")
    assert (cited(tmp_path / "one")["source"], cited(tmp_path / "one")["asked"]) == (
        "program",
        "none",
    )
    scanned(tmp_path / "two", listed, sets=("made",), calibration=kept.stem[:8])
    assert cited(tmp_path / "two")["asked"] == "named"
    kept.write_bytes(kept.read_bytes()[:-2])
    with pytest.raises(CustodyError, match="is not used"):
        scanned(tmp_path / "three", listed, sets=("made",), calibration=kept.stem)
    assert not (tmp_path / "three").exists()
    result = scanned(tmp_path / "four", listed, sets=("made",))
    assert [note for note in result.notes if f"calibration {kept.stem} is not used" in note]
    assert cited(tmp_path / "four")["source"] == "program"


def test_comparing_again_cites_what_there_is_then(
    listed: Path, laboratory_home: Path, tmp_path: Path
) -> None:
    case = tmp_path / "case"
    scanned(case, listed)
    document = json.loads((case / "custody" / "report" / "report.json").read_text())
    assert document["error_rates"] == []  # nothing was compared
    measured(tmp_path, {"a.jpg": scene(0), "b.jpg": scene(1)})
    assert list(laboratory_home.glob("calibrations/*.txt"))
    rematching.match(rematching.MatchRequest(case, ("made",)), Noted())
    assert cited(case)["source"] == "laboratory"
    assert verified(case) == 0
