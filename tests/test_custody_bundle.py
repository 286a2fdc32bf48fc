import os
import re
from pathlib import Path

import pytest
from custody_bundle import LEDGER_ID, SIGNER, WITNESS, begin, files, private_key, scanned

from heroes_forensics.custody import manifest, notes
from heroes_forensics.custody.bundle import MANIFEST, Bundle, Reader
from heroes_forensics.errors import CustodyError, StoppedError

pytestmark = pytest.mark.usefixtures("_no_waiting")

TIME = "2026-03-04T05:06:07.000000Z"


@pytest.fixture
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)


def test_the_files_of_a_bundle(tmp_path: Path) -> None:
    scanned(tmp_path / "b")
    run = "runs/20000000-0000-4000-8000-000000000002"
    assert sorted(files(tmp_path / "b")) == [
        "MANIFEST.sha256",
        "MANIFEST.sha256.sig",
        "checkpoints/00000001.txt",
        "checkpoints/00000020.txt",
        "checkpoints/00000022.txt",
        "keys/ledger.pem",
        "keys/policy.json",
        "keys/witness-1.pem",
        "ledger.jsonl",
        "report/report.html",
        "report/report.json",
        f"{run}/config.yaml",
        f"{run}/findings.commitments.jsonl",
        f"{run}/inventory.leaves",
        f"{run}/sealed.age",
        "verify_custody.py",
    ]


def test_a_file_that_cannot_be_written_is_a_stop_and_no_bug(tmp_path: Path) -> None:
    target = begin(tmp_path / "b").bundle
    target.write("report/report.html", b"first")
    (tmp_path / "b" / "report" / ".report.html.new").mkdir()
    with pytest.raises(StoppedError, match=r"report/report\.html"):
        target.write("report/report.html", b"second")
    assert (tmp_path / "b" / "report" / "report.html").read_bytes() == b"first"


def test_no_private_key_is_in_a_bundle(tmp_path: Path) -> None:
    scanned(tmp_path / "b")
    secret = private_key("ledger").private_bytes_raw()
    marks = [
        secret,
        secret.hex().encode(),
        b"PRIVATE KEY",
        b"AGE-SECRET-KEY",
        b"SET-KEY",
        b"SIGNER-1",
    ]
    found = [
        (name, mark)
        for name in files(tmp_path / "b")
        for mark in marks
        if mark in (tmp_path / "b" / name).read_bytes()
    ]
    assert found == []
    # The search can find one.
    (tmp_path / "b" / "keys" / "x.pem").write_bytes(b"-----BEGIN PRIVATE KEY-----")
    assert any(
        b"PRIVATE KEY" in (tmp_path / "b" / name).read_bytes() for name in files(tmp_path / "b")
    )


def test_the_manifest_is_a_file_of_sha256sum(tmp_path: Path) -> None:
    scanned(tmp_path / "b")
    lines = (tmp_path / "b" / MANIFEST).read_text().splitlines()
    assert lines[0] == f"# heroes-custody-manifest/1 {LEDGER_ID} 2026-03-04T06:06:07.000000Z"
    assert all(re.fullmatch("[0-9a-f]{64}  [^ ]+", line) for line in lines[1:])
    names = [line[66:] for line in lines[1:]]
    assert names == sorted(names)
    assert set(names) == set(files(tmp_path / "b")) - {MANIFEST, f"{MANIFEST}.sig"}


def test_taking_the_manifest_away_takes_half_written_files_along(tmp_path: Path) -> None:
    writer = scanned(tmp_path / "b")
    stale = tmp_path / "b" / "report" / ".report.html.new"
    stale.write_bytes(b"half")
    writer.bundle.unpublish()
    assert not stale.exists()
    assert not (tmp_path / "b" / MANIFEST).exists()
    writer.bundle.unpublish()


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "../x", "a/../b", "a//b", "./a", "a\\b", "a b", "ä", "a\n", "a/"]
)
def test_names_that_are_not_plain_are_refused(tmp_path: Path, name: str) -> None:
    bundle = Bundle(tmp_path / "b")
    with pytest.raises(CustodyError):
        bundle.write(name, b"")


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    bundle = Bundle(tmp_path / "b")
    assert bundle.write("report/report.html", b"one") == bundle.write("report/report.html", b"one")
    bundle.write("report/report.html", b"two")
    assert (tmp_path / "b/report/report.html").read_bytes() == b"two"
    assert list(files(tmp_path / "b")) == ["report/report.html"]


def test_a_checkpoint_is_never_replaced(tmp_path: Path) -> None:
    bundle = Bundle(tmp_path / "b")
    one = notes.sign(notes.checkpoint_text(SIGNER.name, 1, bytes(32)), [SIGNER])
    other = notes.sign(notes.checkpoint_text(SIGNER.name, 1, b"\1" * 32), [SIGNER])
    assert bundle.last_checkpoint() is None
    bundle.create()
    assert bundle.add_checkpoint(one) == bundle.add_checkpoint(one) == "checkpoints/00000001.txt"
    with pytest.raises(CustodyError):
        bundle.add_checkpoint(other)
    assert bundle.last_checkpoint() == notes.Checkpoint(SIGNER.name, 1, bytes(32))


def test_a_cosignature_may_be_added_to_a_checkpoint(tmp_path: Path) -> None:
    bundle = Bundle(tmp_path / "b")
    bundle.create()
    text = notes.checkpoint_text(SIGNER.name, 1, bytes(32))
    note = notes.sign(text, [SIGNER])
    bundle.add_checkpoint(note)
    more = note + notes.signature_line(text, WITNESS, time=1)
    bundle.add_checkpoint(more)
    assert (tmp_path / "b/checkpoints/00000001.txt").read_bytes() == more
    with pytest.raises(CustodyError):
        bundle.add_checkpoint(note)


def test_a_copy_verifies_the_same(tmp_path: Path) -> None:
    writer = scanned(tmp_path / "b")
    writer.bundle.copy(tmp_path / "c")
    assert sorted(files(tmp_path / "c")) == sorted(files(tmp_path / "b"))
    reader = Reader(tmp_path / "c")
    assert list(manifest.check(reader, LEDGER_ID, [notes.of(SIGNER)])) == []


def test_an_unsafe_bundle_is_not_published(tmp_path: Path) -> None:
    writer = begin(tmp_path / "b")
    (tmp_path / "b" / "link").symlink_to("/etc/passwd")
    with pytest.raises(CustodyError):
        writer.publish()


def test_a_reader_lists_regular_files_alone(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "b").write_bytes(b"b")
    (tmp_path / "linked").symlink_to("folder")
    (tmp_path / "white space").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / os.fsdecode(b"\xff")).write_bytes(b"")
    reader = Reader(tmp_path)
    assert reader.names == {"a", "folder/b"}
    assert len(reader.problems) == 5
    assert {problem.code for problem in reader.problems} == {"unsafe-input"}


def test_a_reader_stops_at_its_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heroes_forensics.custody.bundle.MAX_FILES", 3)
    for number in range(5):
        (tmp_path / f"f{number}").write_bytes(b"")
    deep = tmp_path / "/".join("d" * 12)
    deep.mkdir(parents=True)
    reader = Reader(tmp_path)
    assert reader.over
    assert len(reader.names) <= 3
    assert [problem.code for problem in reader.problems] == ["unsafe-input"]


def test_a_reader_reads_no_file_beyond_its_bound(tmp_path: Path) -> None:
    (tmp_path / "f0").write_bytes(b"")
    reader = Reader(tmp_path)
    assert reader.read("f0", 0) == b""
    (tmp_path / "f0").write_bytes(b"xx")
    assert reader.read("f0", 1) is None
    assert len(reader.problems) == 1


HEADER = f"# heroes-custody-manifest/1 {LEDGER_ID} {TIME}\n"
MANIFESTS = {
    "empty": b"",
    "not UTF-8": b"\xff",
    "no header": b"5a" * 32 + b"  a\n",
    "no end": HEADER[:-1].encode(),
    "one blank": f"{HEADER}{'5a' * 32} a\n".encode(),
    "not sorted": f"{HEADER}{'5a' * 32}  b\n{'5a' * 32}  a\n".encode(),
    "twice": f"{HEADER}{'5a' * 32}  a\n{'5a' * 32}  a\n".encode(),
    "upwards": f"{HEADER}{'5a' * 32}  ../a\n".encode(),
    "absolute": f"{HEADER}{'5a' * 32}  /a\n".encode(),
}


@pytest.mark.parametrize("data", MANIFESTS.values(), ids=MANIFESTS)
def test_a_malformed_manifest_has_problems(data: bytes) -> None:
    found = manifest.parse(data)
    assert {problem.code for problem in found.problems} <= {"schema", "unsafe-input"}
    assert found.problems
