"""Pictures that look like listed ones become candidates: whole scans, with real decoders."""

import csv
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from PIL import Image, ImageOps
from scans import Noted, folder, scanned

from heroes_forensics.commands import words
from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets import candidates
from heroes_forensics.hashsets.candidates import MIN_QUALITY
from heroes_forensics.media import pdq
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import cases
from heroes_forensics.pipelines.checks import verifying, views
from heroes_forensics.pipelines.runs import rematching
from heroes_forensics.pipelines.runs.rematching import MatchRequest
from heroes_forensics.pipelines.sets import importing
from heroes_forensics.store import integrity


def picture(seed: int, width: int = 640, height: int = 480) -> Image.Image:
    """Return a picture with structure that no other seed gives."""
    draw = np.random.default_rng(seed)
    coarse = Image.fromarray(draw.integers(0, 256, (12, 16), np.uint8))
    fine = Image.fromarray(draw.integers(0, 256, (48, 64), np.uint8))
    size = (width, height)
    smooth = coarse.resize(size, Image.Resampling.BICUBIC)
    return Image.blend(smooth, fine.resize(size, Image.Resampling.BICUBIC), 0.3)


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:  # noqa: ANN401 - Pillow's
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


KNOWN: Final = picture(1)
FILES: Final = {
    "smaller.jpg": encoded(KNOWN.resize((320, 240)), quality=50),
    "mirrored.png": encoded(ImageOps.mirror(KNOWN), "PNG"),
    "turned.jpg": encoded(KNOWN.transpose(Image.Transpose.ROTATE_90)),
    "bordered.jpg": encoded(ImageOps.expand(KNOWN, 60, 255)),
    "another.jpg": encoded(picture(2)),
    "flat.png": encoded(Image.new("L", (640, 480), 128), "PNG"),
    "tiny.png": encoded(KNOWN.resize((63, 63)), "PNG"),
    "text.txt": b"no picture",
}


def listing(path: Path, *seeds: int, quality: int = 100) -> Path:
    """Write a list of PDQ values of pictures, one category."""
    rows = []
    for seed in seeds:
        values, _ = pdq.hashes(np.asarray(picture(seed)))
        rows.append(f"{seed},{values[0].tobytes().hex()},{quality},1")
    path.write_text("\n".join(["id,pdq,quality,category", *rows]) + "\n")
    return path


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    return folder(tmp_path / "evidence", FILES)


def compare(case: Path, evidence: Path, *sets: Path | str, **changes: Any) -> Noted:  # noqa: ANN401
    """Scan with names in clear and lists that are of kind notable."""
    watch = Noted()
    options = {"sets": tuple(map(str, sets)), "set_options": {"kind": "notable"}, **changes}
    scanned(case, evidence, watch=watch, names="clear", **options)
    return watch


def imported(path: Path, name: str, edition: str = "1", kind: str = "notable") -> None:
    importing.import_set(path, name=name, issuer="Office", edition=edition, kind=kind)


def found(case: Path) -> dict[str, JSON]:
    """Return the findings by the name of their file, which these cases keep in clear."""
    with cases.opened(case) as opened:
        names = dict(opened.database.rows("SELECT locator, path FROM item"))
    return {
        bytes(names[str(row["locator"]).rsplit("/d:", 1)[-1].join(["d:", ""])]).decode(): row
        for row in views.findings(case)
    }


def page(case: Path) -> str:
    return (case / "custody/report/report.html").read_text()


def model(case: Path) -> Any:  # noqa: ANN401 - plain JSON
    return json.loads((case / "custody/report/report.json").read_text())


def test_altered_copies_are_candidates_and_others_are_not(tmp_path: Path, evidence: Path) -> None:
    case = tmp_path / "case"
    watch = compare(case, evidence, listing(tmp_path / "list.csv", 1, 3, 4))
    rows = found(case)
    assert set(rows) == {"smaller.jpg", "mirrored.png", "turned.jpg", "bordered.jpg"}
    for name, row in rows.items():
        assert (row["grade"], row["kind"]) == ("candidate-a", "notable")
        near: Any = row["near"]
        assert near["algorithm"] == "pdq"
        assert near["view"] == ("trimmed" if name == "bordered.jpg" else "as-is")
        assert 0 <= near["distance"] <= 16 < near["radius"] == 31
        assert (near["listed_quality"], near["comparisons"]) == (100, 3 * near["tried"])
        assert float(near["expected"]) == pytest.approx(near["comparisons"] * 1.5e-11, rel=0.1)
    assert {row["state"] for row in watch.findings} == {"provisional", "confirmed"}
    pictures = model(case)["coverage"]["pictures"]
    assert (pictures["seen"], pictures["compared"], pictures["not_matchable"]) == (7, 5, 2)
    (exhibit,) = model(case)["exhibits"]
    assert (exhibit["verdict"]["word"], exhibit["verdict"]["reasons"]) == (
        "matches",
        ["candidates-only"],
    )
    assert "candidates by appearance only" in page(case)
    assert verifying.verify(case)["exit_code"] in (0, 7)


def test_nothing_picture_like_leaves_the_case(tmp_path: Path, evidence: Path) -> None:
    """Neither a listed value nor one of the evidence stands anywhere in clear."""
    case = tmp_path / "case"
    listed = listing(tmp_path / "list.csv", 1)
    compare(case, evidence, listed)
    value = listed.read_text().splitlines()[1].split(",")[1]
    whole, _ = pdq.hashes(np.asarray(Image.open(io.BytesIO(FILES["another.jpg"])).convert("L")))
    secrets = [bytes.fromhex(value), *(each.tobytes() for each in whole)]
    for path in (path for path in case.rglob("*") if path.is_file()):
        data = path.read_bytes()
        for secret in secrets:
            assert secret not in data, path
            assert secret.hex().encode() not in data.lower(), path


def test_a_benign_entry_that_is_as_close_makes_no_finding(tmp_path: Path, evidence: Path) -> None:
    case = tmp_path / "case"
    importing.import_set(
        listing(tmp_path / "n.csv", 1), name="notable", kind="notable", edition="1"
    )
    importing.import_set(
        listing(tmp_path / "g.csv", 1), name="benign", kind="known-good", edition="1"
    )
    scanned(case, evidence, sets=("notable", "benign"), names="clear")
    assert not found(case)
    assert model(case)["exhibits"][0]["verdict"]["word"] == "no-match"
    with cases.opened(case) as opened:
        facts = [
            (json.loads(text).get("outranked_by"), finding)
            for text, finding in opened.database.rows("SELECT facts, finding FROM match")
        ]
    assert sorted(facts, key=str) == [("benign", None)] * 4 + [(None, None)] * 4


def test_what_the_list_calls_poor_is_compared_with_nothing(tmp_path: Path, evidence: Path) -> None:
    case = tmp_path / "case"
    listed = listing(tmp_path / "list.csv", 1, quality=MIN_QUALITY - 1)
    compare(case, evidence, listed, listing(tmp_path / "more.csv", 3))
    assert not found(case)
    near = model(case)["hash_sets"][0]["near"]
    assert [(each["count"], each["below_quality"]) for each in near] == [(0, 1)]


def test_an_exact_match_of_the_same_record_makes_no_candidate(
    tmp_path: Path, evidence: Path
) -> None:
    case = tmp_path / "case"
    md5 = hashlib.md5(FILES["smaller.jpg"], usedforsecurity=False).hexdigest()
    value = pdq.hashes(np.asarray(KNOWN))[0][0].tobytes().hex()
    listed = tmp_path / "list.csv"
    listed.write_text(f"id,md5,pdq,category\n1,{md5},{value},1\n")
    compare(case, evidence, listed, profile="deep")
    rows = found(case)
    assert rows["smaller.jpg"]["grade"] == "same-md5"
    assert rows["turned.jpg"]["grade"] == "candidate-a"
    assert len(rows) == 4
    assert model(case)["exhibits"][0]["verdict"]["reasons"] == []


def test_later_sets_are_compared_without_the_evidence(tmp_path: Path, evidence: Path) -> None:
    case = tmp_path / "case"
    compare(case, evidence)
    path = tmp_path / "list.csv"
    imported(listing(path, 1, 3), "national")
    first = rematching.match(MatchRequest(case, ("national",)), Noted())
    assert (first["exact"], first["near"], first["near_needs_evidence"]) == (8, 7, 0)
    assert len(first["new"]) == 4  # type: ignore[arg-type]
    assert {row["grade"] for row in found(case).values()} == {"candidate-a"}
    imported(listing(path, 2, 3), "national", "2")
    second = rematching.match(MatchRequest(case, ("national",)), Noted())
    assert (len(second["new"]), len(second["withdrawn"])) == (1, 4)  # type: ignore[arg-type]
    with cases.opened(case) as opened:
        ledger = (case / "custody/ledger.jsonl").read_bytes()
        assert not list(integrity.problems(opened.database, ledger))


def test_a_longer_list_and_a_lesser_search_say_nothing_otherwise(
    tmp_path: Path, evidence: Path
) -> None:
    case, path = tmp_path / "case", tmp_path / "list.csv"
    imported(listing(path, 1), "national")
    compare(case, evidence, "national", profile="deep")
    before = {name: row["near"] for name, row in found(case).items()}
    again: dict[str, Any] = rematching.match(MatchRequest(case, ("national",)), Noted())
    assert (again["changed"], again["withdrawn"]) == ([], [])
    assert {name: row["near"] for name, row in found(case).items()} == before
    imported(listing(path, 1, 99), "national", "2")
    longer: dict[str, Any] = rematching.match(MatchRequest(case, ("national",)), Noted())
    assert (longer["changed"], longer["withdrawn"]) == ([], [])
    assert longer["still_listed"] == again["still_listed"] > 0
    kept = [row for row in found(case).values() if row["edition"] == "2"]
    assert {row["near"]["comparisons"] / row["near"]["tried"] for row in kept} == {2}  # type: ignore[index]


def crowded(path: Path, entries: dict[int, int], *, closer: int) -> Path:
    """Write a list of entries beside a picture (number -> bits), and of many that are closer."""
    values, _ = pdq.hashes(np.asarray(KNOWN))
    rows = [(number, range(bits)) for number, bits in entries.items()]
    rows += [(1000 + each, range(100 + each, 101 + each)) for each in range(closer)]
    lines = ["id,pdq,quality,category"]
    for number, bits in rows:
        turned = np.unpackbits(values[0])
        turned[bits] ^= 1
        lines.append(f"{number},{np.packbits(turned).tobytes().hex()},100,1")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_entries_that_are_left_out_are_counted_and_withdraw_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, path = tmp_path / "case", tmp_path / "list.csv"
    compare(case, folder(tmp_path / "evidence", {"known.png": encoded(KNOWN, "PNG")}))

    def matched(edition: int, entries: dict[int, int], closer: int) -> dict[str, Any]:
        imported(crowded(path, entries, closer=closer), "national", str(edition))
        made: dict[str, Any] = rematching.match(MatchRequest(case, ("national",)), Noted())
        return {name: made[name] for name in ("new", "withdrawn", "unknown")} | {
            "left": model(case)["exhibits"][0]["left_out"]
        }

    first = matched(1, {1: 20, 2: 21}, closer=0)
    assert first == {
        "new": ["F-000001", "F-000002"],
        "withdrawn": [],
        "unknown": [],
        "left": {"pictures": 0, "entries": 0, "at_least": False},
    }
    second = matched(2, {1: 20, 2: 21}, closer=30)
    assert (len(second["new"]), second["withdrawn"], second["unknown"]) == (16, [], [])
    assert second["left"] == {"pictures": 1, "entries": 32 - 16, "at_least": False}
    assert "16 further ones" in page(case)
    third = matched(3, {1: 20, 2: 21}, closer=100)
    assert (third["withdrawn"], third["unknown"]) == ([], [])
    assert third["left"] == {"pictures": 1, "entries": 102 - 16, "at_least": False}
    rows = {str(row["number"]): row for row in views.findings(case)}
    near: Any = rows["F-000001"]["near"]
    assert (rows["F-000001"]["status"], rows["F-000001"]["edition"]) == ("current", "3")
    assert (near["distance"], near["more"]) == (20, 102 - 16)
    fourth = matched(4, {1: 20}, closer=100)
    assert (fourth["withdrawn"], fourth["unknown"]) == (["F-000002"], [])
    monkeypatch.setattr(candidates, "FURTHER", 1)  # more entries than anybody looks at
    fifth = matched(5, {}, closer=100)
    assert fifth["withdrawn"] == []
    assert {"F-000001", "F-000002"} <= set(fifth["unknown"])
    assert (fifth["left"]["at_least"], fifth["left"]["entries"] >= 64 - 16) == (True, True)
    assert "64 nearest entries were looked at" in page(case)
    text = "\n".join("\n".join(words.finding(row)) for row in views.findings(case))
    assert "of each value the 64 nearest were looked at" in " ".join(text.split())
    sheet = (case / "custody/report/findings.csv").read_text().splitlines()
    assert "yes" in {row["more_at_least"] for row in csv.DictReader(sheet)}
    with cases.opened(case) as opened:
        ledger = (case / "custody/ledger.jsonl").read_bytes()
        assert not list(integrity.problems(opened.database, ledger))


def test_members_of_archives_are_compared_too(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in ("smaller.jpg", "another.jpg"):
            archive.writestr(name, FILES[name])
    evidence = folder(tmp_path / "evidence", {"a.zip": stream.getvalue()})
    compare(tmp_path / "case", evidence, listing(tmp_path / "list.csv", 1))
    (row,) = views.findings(tmp_path / "case")
    assert "/m@" in str(row["locator"])
    assert row["grade"] == "candidate-a"


def test_without_decoding_a_list_of_values_alone_is_refused(tmp_path: Path, evidence: Path) -> None:
    """To say "no match" beside the name of a list that nothing was compared with is untrue."""
    listed = listing(tmp_path / "list.csv", 1)
    with pytest.raises(HashSetError, match="holds only perceptual values") as refused:
        compare(tmp_path / "case", evidence, listed, perceptual=False)
    assert "--no-perceptual" in refused.value.hint
    both = tmp_path / "both.csv"
    rows = listed.read_text().splitlines()
    md5 = hashlib.md5(b"x", usedforsecurity=False).hexdigest()
    both.write_text(f"{rows[0]},md5\n{rows[1]},{md5}\n")
    compare(tmp_path / "other", evidence, both, perceptual=False)
    (known,) = model(tmp_path / "other")["hash_sets"]
    assert (known["near"], known["not_compared"]) == ([], [{"algorithm": "pdq", "count": 1}])
    assert model(tmp_path / "other")["perceptual"] == "not-performed"
