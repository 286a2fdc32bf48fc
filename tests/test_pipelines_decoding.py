"""Pictures through whole scans: decoded, skipped by rule, or a gap; and never the end of a run."""

import hashlib
import io
import sqlite3
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import heics
import imagehash
import numpy as np
import pytest
import worker_faults
from corpus import MEDIA, needs_media
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scans import folder, scanned
from test_media_perceptual import encoded, gradient
from test_parsers_containers_metafile import wmf

from heroes_forensics.filetype import TYPES
from heroes_forensics.frames import (
    CONTENT,
    HASHES,
    PERCEPTUAL,
    Batch,
    Control,
    Picture,
    Status,
    Unit,
)
from heroes_forensics.media import image, perceptual, plugins
from heroes_forensics.model import GAP_CODES
from heroes_forensics.parsers.containers.within import KINDS
from heroes_forensics.parsers.openers import OPENED
from heroes_forensics.pipelines.case import cases
from heroes_forensics.pipelines.checks import verifying, views
from heroes_forensics.pipelines.examining import awaited, decoding, repeats
from heroes_forensics.pipelines.work import members, within
from heroes_forensics.pipelines.workers.deaths import Death
from heroes_forensics.pipelines.workers.roles import FAULTS_VARIABLE
from heroes_forensics.store import derived
from heroes_forensics.store.database import Database
from heroes_forensics.store.records import MatchRow

JPEG = encoded(gradient(seed=1), "JPEG")
PNG = encoded(gradient(seed=2), "PNG")
GIF = encoded(gradient(seed=3), "GIF")
PICTURES = {"a.jpg": JPEG, "b.png": PNG, "c.gif": GIF}


def pictures(case: Path) -> dict[str, tuple[Picture, str]]:
    """Return how each picture of a case ended, by the last part of its locator."""
    with sqlite3.connect(case / "case.db") as database:
        rows = database.execute(
            "SELECT i.locator, p.status, p.gap FROM perceptual p JOIN item i ON i.id = p.item_id"
        ).fetchall()
    database.close()
    return {locator: (Picture(status), GAP_CODES[gap]) for locator, status, gap in rows}


def values(case: Path) -> dict[int, tuple[bytes, ...]]:
    """Open the sealed values of a case; return the phashes of each item."""
    with cases.opened(case) as opened:
        sealer = opened.sealer()
        found = derived.values_of(opened.database, sealer.open_values)
        return {
            number: tuple(bytes(value)[:8] for value in rows["value"][rows["algorithm"] == 1])
            for number, _, _, rows in found
        }


def known(path: Path, *contents: bytes, algorithm: str = "sha256") -> str:
    """Write a list of digests."""
    digests = [hashlib.new(algorithm, data, usedforsecurity=False) for data in contents]
    path.write_text("".join(f"{digest.hexdigest()}  name\n" for digest in digests))
    return str(path)


def test_the_tables_of_coordinator_and_workers_agree() -> None:
    assert set(decoding.DECODED) == set(image.KINDS)
    inside = {*within.PICTURES, *within.HOSTS}
    assert not inside & OPENED.keys()
    assert set(within.PICTURES) == KINDS
    assert {*decoding.DECODED, *members.OPENERS} <= {row.name for row in TYPES}


def test_pictures_are_decoded_and_their_values_sealed(tmp_path: Path) -> None:
    evidence = folder(tmp_path / "evidence", PICTURES | {"d.txt": b"no picture"})
    result = scanned(tmp_path / "case", evidence, names="clear")
    assert result.exit_code == 0
    assert pictures(tmp_path / "case") == dict.fromkeys(("d:0", "d:1", "d:2"), (Picture.DONE, ""))
    expected = []
    for data in PICTURES.values():
        with Image.open(io.BytesIO(data)) as picture:
            expected.append(bytes.fromhex(str(imagehash.phash(picture))))
    assert [frames for (*frames,) in values(tmp_path / "case").values()] == [[e] for e in expected]
    for path in (tmp_path / "case").rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        for value in expected:
            assert value not in data, path.name
            assert value.hex().encode() not in data, path.name
    assert verifying.verify(tmp_path / "case")["exit_code"] == 7


def test_every_type_is_decoded_by_a_locked_worker(tmp_path: Path) -> None:
    files = {f"{kind}.bin": image.sample(kind) for kind in plugins.FORMATS}
    files |= {"grid.bin": heics.encoded(np.asarray(gradient(300, 200).convert("L")), tile=64)}
    files |= {"raw.bin": b"IIRO" + image.sample("orf")[4:]}
    result = scanned(tmp_path / "case", folder(tmp_path / "evidence", files))
    found = pictures(tmp_path / "case")
    assert len(found) == len(files)
    assert set(found.values()) == {(Picture.DONE, "")}
    assert result.counts["closes"]


@needs_media
def test_photographs_end_as_they_do_alone(tmp_path: Path) -> None:
    assert MEDIA is not None
    result = scanned(tmp_path / "case", MEDIA, workers=2)
    ended = Counter(pictures(tmp_path / "case").values())
    assert ended[Picture.DONE, ""] > 310
    assert ended[Picture.PARTIAL, "picture.partial"] == 3
    assert ended[Picture.POLICY, "policy.picture-type"] > 0
    assert result.counts["closes"]


RULES = {
    "known good by SHA-256": ("sha256", "known-good", "standard", Picture.KNOWN_GOOD),
    "known good by MD5 alone": ("md5", "known-good", "standard", Picture.DONE),
    "notable": ("sha256", "notable", "standard", Picture.MATCHED),
    "notable by MD5": ("md5", "notable", "standard", Picture.MATCHED),
    "notable, in depth": ("sha256", "notable", "deep", Picture.DONE),
    "on a list of the case": ("sha256", "watch", "standard", Picture.DONE),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_exact_match_decides_whether_decoding_is_worth_it(rule: str, tmp_path: Path) -> None:
    algorithm, kind, profile, expected = RULES[rule]
    evidence = folder(tmp_path / "evidence", PICTURES)
    listed = known(tmp_path / "set.txt", JPEG, algorithm=algorithm)
    result = scanned(
        tmp_path / "case", evidence, sets=(listed,), set_options={"kind": kind}, profile=profile
    )
    found = pictures(tmp_path / "case")
    assert found.pop("d:0") == (expected, "")
    assert set(found.values()) == {(Picture.DONE, "")}
    assert result.exit_code == 0


def test_nothing_is_decoded_when_that_is_not_wanted(tmp_path: Path) -> None:
    evidence = folder(tmp_path / "evidence", PICTURES | {"bad.jpg": JPEG[:200]})
    result = scanned(tmp_path / "case", evidence, perceptual=False)
    assert pictures(tmp_path / "case") == {}
    assert result.exit_code == 0


def test_types_that_are_not_decoded_are_said(tmp_path: Path) -> None:
    files = {
        "a.psd": b"8BPS\0\1" + bytes(6) + b"\0\3\0\0\0\1\0\0\0\1\0\x08\0\3" + bytes(20),
        "b.ico": encoded(gradient(64, 64), "ICO"),
        "c.wmf": wmf(placeable=True),
        "d.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "e.jpg": encoded(gradient(), "PNG"),  # named as another type
    }  # fmt: skip
    result = scanned(tmp_path / "case", folder(tmp_path / "evidence", files))
    policy = (Picture.POLICY, "policy.picture-type")
    assert pictures(tmp_path / "case") == {
        "d:0": policy,
        "d:1": policy,
        "d:2": policy,
        "d:4": (Picture.DONE, ""),
    }
    assert (result.exit_code, result.counts["gaps_policy"]) == (0, 3)
    told: list[Any] = [row["detail"] for row in views.gaps(tmp_path / "case")]
    assert {detail["content_type"] for detail in told} == {"psd", "ico", "wmf"}


def test_what_cannot_be_decoded_is_matched_all_the_same(tmp_path: Path) -> None:
    broken = JPEG[:4] + b"\0" * 100
    evidence = folder(tmp_path / "evidence", {"a.jpg": broken, "b.jpg": JPEG[: len(JPEG) // 2]})
    listed = known(tmp_path / "set.txt", JPEG[: len(JPEG) // 2])
    result = scanned(
        tmp_path / "case", evidence, sets=(listed,), set_options={"kind": "notable"}, profile="deep"
    )
    assert pictures(tmp_path / "case") == {
        "d:0": (Picture.GAP, "picture.undecodable"),
        "d:1": (Picture.PARTIAL, "picture.partial"),
    }
    assert (result.exit_code, result.findings) == (3, 1)
    assert result.counts["digested"] == 2
    assert result.counts["gaps_by_code"] == {"picture.undecodable": 1, "picture.partial": 1}
    (gap,) = [row for row in views.gaps(tmp_path / "case") if not row["policy"]]
    assert gap["where"] == "EX-1/1/root/d:0"


def test_a_picture_too_large_to_hand_over_is_read_again(tmp_path: Path) -> None:
    noise = Image.effect_noise((9000, 8000), 90)
    data = encoded(noise, "PNG", compress_level=0)
    assert len(data) > 64 << 20
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("large.png", data)
        writer.writestr("small.png", PNG)
    files = {"a.png": data, "b.zip": archive.getvalue()}
    result = scanned(tmp_path / "case", folder(tmp_path / "evidence", files))
    assert pictures(tmp_path / "case") == {
        "d:0": (Picture.DONE, ""),
        "d:1/m@0x0": (Picture.GAP, "picture.limit"),  # it cannot be read again by a parser
        f"d:1/m@{len(data) + 39:#x}": (Picture.DONE, ""),
    }
    assert result.counts["closes"]
    *_, rows = perceptual.examined(io.BytesIO(data), "png")
    (expected,) = rows["value"][rows["algorithm"] == 1]
    assert values(tmp_path / "case")[1] == (bytes(expected)[:8],)


# ---- what ends decoders ------------------------------------------------------------------


@pytest.fixture
def faulty_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pictures that ask for it end the decoders that take them."""
    monkeypatch.setenv(FAULTS_VARIABLE, str(worker_faults.THIS))


ENDS = {
    "segv": "decoder.died",
    "abort": "decoder.died",
    "exit": "decoder.died",
    "kill": "decoder.died",
    "bug": "decoder.died",
    "memory": "decoder.memory",
    "sleep": "decoder.timeout",
    "spin": "decoder.timeout",
} | dict.fromkeys(
    [*worker_faults.LIES, *worker_faults.SAID, "foreign-id", "trailing-byte", "rights"],
    "decoder.died",
)


@pytest.mark.usefixtures("faulty_workers")
@pytest.mark.parametrize("fault", ENDS)
def test_what_ends_a_decoder_costs_that_picture_alone(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ENDS[fault] == "decoder.timeout":
        monkeypatch.setattr(decoding, "SECONDS", 4.0)
    files = {f"{n:02}.jpg": encoded(gradient(seed=n), "JPEG") for n in range(12)}
    files["05.jpg"] = worker_faults.picture(fault)
    evidence = folder(tmp_path / "evidence", files)
    listed = known(tmp_path / "set.txt", files["05.jpg"])
    result = scanned(
        tmp_path / "case", evidence, sets=(listed,), set_options={"kind": "watch"}, workers=2
    )
    found = pictures(tmp_path / "case")
    assert found.pop("d:5") == (Picture.GAP, ENDS[fault])
    assert list(found.values()) == [(Picture.DONE, "")] * 11
    assert (result.exit_code, result.findings) == (3, 1)  # its digest was compared
    assert result.counts["digested"] == 12
    assert result.counts["closes"]
    assert verifying.verify(tmp_path / "case")["exit_code"] == 7
    attempts = (tmp_path / "case/custody/ledger.jsonl").read_text().count('"attempt.ended"')
    assert attempts >= 2  # with its neighbours, and alone


@pytest.mark.usefixtures("faulty_workers")
def test_a_picture_inside_a_container_that_ends_decoders_is_one_gap(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("a.jpg", worker_faults.picture("segv"))
        writer.writestr("b.jpg", JPEG)
    result = scanned(
        tmp_path / "case", folder(tmp_path / "evidence", {"x.zip": archive.getvalue()})
    )
    assert sorted(pictures(tmp_path / "case").values()) == [
        (Picture.DONE, ""),
        (Picture.GAP, "decoder.died"),
    ]
    assert result.counts["closes"]


def test_the_result_is_the_same_with_any_number_of_decoders(tmp_path: Path) -> None:
    files = {f"{n:02}.jpg": encoded(gradient(seed=n), "JPEG") for n in range(40)}
    files |= {f"{n}.png": encoded(gradient(seed=n), "PNG")[: 300 * n] for n in range(1, 9)}
    evidence = folder(tmp_path / "evidence", files)
    found = {
        scanned(tmp_path / f"case{workers}", evidence, workers=workers).content_sha256
        for workers in (1, 2, 5)
    }
    assert len(found) == 1


# ---- the bookkeeping, without processes --------------------------------------------------


class Nobody:
    """Somebody who waits for pictures and only counts."""

    def __init__(self) -> None:
        self.times = 0

    def found(self, candidates: Sequence[MatchRow]) -> None:
        assert not candidates

    def settled(self) -> None:
        self.times += 1

    def leave(self) -> bool:
        return False


class Bytes:
    """A stream that was handed over."""

    def __init__(self, item: int) -> None:
        self.item = item
        self.descriptor = item
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def answer(work: decoding.Decoding, unit: Unit, outcome: str) -> None:
    """Let a decoder end a unit in one of several ways."""
    assert unit.tasks is not None
    if outcome == "died":
        work.take(unit, Death("signal-sigsegv"))
        return
    if outcome == "failed":
        work.take(unit, Control("failed", {"unit": unit.id, "message": "", "hint": ""}))
        return
    rows = np.zeros(len(unit.tasks), dtype=PERCEPTUAL)
    rows["id"] = unit.tasks["id"] + (outcome == "lied")
    rows["status"], rows["hashed"] = Picture.DONE, 1
    hashes = np.zeros(len(rows), dtype=HASHES)
    hashes["id"] = rows["id"]
    work.take(unit, Batch("hashes", hashes))
    work.take(unit, Batch("perceptual", rows))
    work.take(unit, Control("done", {"unit": unit.id, "frames": 1}))


CONFIG: dict[str, Any] = {"perceptual": True, "profile": "standard"}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    made = Database.create(tmp_path_factory.mktemp("empty") / "case.db", {})
    yield made
    made.close()


@given(
    st.lists(st.sampled_from(["done", "died", "failed", "lied", "given up"]), max_size=30),
    st.sampled_from([1, 3, 24]),
)
def test_every_stream_is_closed_once_and_every_picture_has_one_row(
    database: Database, ends: list[str], contents: int
) -> None:
    """Of so many contents; two units share each, and the first may be given up."""
    numbers = iter(range(1, 10_000))
    ended: list[tuple[int, str]] = []
    work = decoding.Decoding(
        lambda: next(numbers), lambda *attempt: ended.append(attempt), lambda *_: {}
    )
    shared = repeats.Repeats(work, database, None)
    owner, other = Nobody(), Nobody()
    collection = awaited.Pictures(work, owner, CONFIG, shared)
    later = awaited.Pictures(work, other, CONFIG, shared)
    streams = [Bytes(item) for item in range(1, 25)]
    copies = [Bytes(item) for item in range(25, 49)]
    for pictures_, some in ((collection, streams), (later, copies)):
        rows = np.zeros(len(some), dtype=CONTENT)
        rows["id"], rows["status"] = [each.item for each in some], Status.DONE
        rows["type"] = [row.name for row in TYPES].index("jpeg")
        rows["digested"] = 1
        digests = [hashlib.sha256(b"%d" % (each.item % contents)).digest() for each in some]
        rows["sha256"] = np.frombuffer(b"".join(digests), CONTENT["sha256"])
        for stream in some:
            pictures_.stream(stream)  # type: ignore[arg-type]
        pictures_.read(rows, [])
    given_up = False
    outcomes = iter([*ends, *["done"] * 200])
    while (unit := work.next_unit()) is not None:
        outcome = next(outcomes)
        if outcome == "given up":
            collection.give_up()
            given_up, outcome = True, "done"
        answer(work, unit, outcome)
    assert [stream.closed for stream in (*streams, *copies)] == [1] * 48
    assert collection.is_settled
    assert later.rows()["id"].tolist() == [each.item for each in copies]
    assert other.times == 1
    if not given_up:
        assert collection.rows()["id"].tolist() == [each.item for each in streams]
        assert owner.times == 1
        done = collection.rows()["status"] == Picture.DONE
        assert collection.hashes()["id"].tolist() == collection.rows()["id"][done].tolist()
