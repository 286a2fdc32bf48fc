"""Containers through whole scans: opened, stored as a unit of their own, accounted for, resumed."""

import bz2
import gzip
import hashlib
import io
import lzma
import os
import plistlib
import signal
import sqlite3
import subprocess
import sys
import tarfile
import zipfile
import zlib
from contextlib import closing as closed
from pathlib import Path
from typing import Any

import pytest
from backports import zstd
from corpus import evidence as corpus
from corpus import needs_evidence
from device_backups import Stored, encrypted_itunes
from killing import tables
from scans import folder, resumed, scanned
from test_media_perceptual import encoded, gradient
from test_parsers_containers_packed import LH5, STREAMS, TEXT
from test_pipelines_members import encrypted, overlapping, tarred, zipped

from heroes_forensics import durable
from heroes_forensics.errors import UsageError
from heroes_forensics.frames import HAND_OVER_BYTES, Batch, Container, Frame, Unit
from heroes_forensics.model import GAP_CODES
from heroes_forensics.pipelines.checks import locating, verifying, views
from heroes_forensics.pipelines.examining import expanding, reading
from heroes_forensics.pipelines.workers import streams
from heroes_forensics.pipelines.workers.credits import LEAST, Credits
from heroes_forensics.pipelines.workers.deaths import Death
from heroes_forensics.pipelines.workers.roles import FAULTS_VARIABLE

HEROES = str(Path(sys.executable).with_name("heroes"))
PNG = encoded(gradient(seed=4), "PNG")
INNER = zipped(("deep.txt", b"deep"), ("deep.png", PNG))
OUTER = zipped(("a.txt", b"alpha"), ("sub/in.zip", INNER), ("sub/p.png", PNG))
TAR = tarred((tarfile.TarInfo("in"), b"tar"))
FILES = {
    "o.zip": OUTER,
    "plain.txt": b"plain",
    "t/x.tar": TAR,
    "z.sit": b"SIT!\0\x01",
}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def containers(case: Path) -> dict[str, tuple[Container, str]]:
    """Return how each container of a case ended, by its locator within the volume."""
    with closed(sqlite3.connect(case / "case.db")) as database:
        rows = database.execute(
            "SELECT i.locator, c.status, c.gap FROM container c JOIN item i ON i.id = c.item_id"
        ).fetchall()
    return {locator: (Container(status), GAP_CODES[gap]) for locator, status, gap in rows}


def paths(case: Path) -> dict[str, dict[str, Any]]:
    return {str(row["path"]): row for row in views.inventory(case)}


def test_members_are_items_with_their_parent_and_their_digest(tmp_path: Path) -> None:
    result = scanned(tmp_path / "case", folder(tmp_path / "evidence", FILES), names="clear")
    assert (result.exit_code, result.counts["closes"]) == (0, True)
    found = paths(tmp_path / "case")
    assert found["o.zip/sub/in.zip/deep.png"]["sha256"] == found["o.zip/sub/p.png"]["sha256"]
    outer, inner = found["o.zip"]["locator"], found["o.zip/sub/in.zip"]["locator"]
    assert found["o.zip/a.txt"]["parent"] == outer
    assert found["o.zip/a.txt"]["locator"] == f"{outer}/m@0x0"
    assert found["o.zip/sub/in.zip/deep.txt"]["parent"] == inner
    assert found["o.zip/sub/in.zip/deep.txt"]["locator"] == f"{inner}/m@0x0"
    assert "parent" not in found["plain.txt"]
    assert found["o.zip/a.txt"]["times"]["m"]["zone"] == "local-unknown"
    assert found["plain.txt"]["times"]["m"]["zone"] == "utc"
    assert result.counts["members"] == 6
    assert result.counts["pictures_decoded"] == 2
    assert verifying.verify(tmp_path / "case")["exit_code"] == 7


def test_members_of_a_sealed_case_have_no_name_in_clear(tmp_path: Path) -> None:
    marked = zipped(("MARKED-MEMBER.txt", b"MARKED-CONTENT"))
    scanned(tmp_path / "case", folder(tmp_path / "evidence", {"x.zip": marked}))
    for path in (tmp_path / "case").rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        assert b"MARKED" not in data, path.name
    with closed(sqlite3.connect(tmp_path / "case/case.db")) as database:
        rows = database.execute("SELECT path FROM item WHERE parent IS NOT NULL").fetchall()
    assert len(rows) == 1


def test_compressed_archives_and_files_are_opened_and_what_is_in_them(tmp_path: Path) -> None:
    log = tarred((tarfile.TarInfo("log/p.png"), PNG), (tarfile.TarInfo("log/o.zip"), OUTER))
    files = {
        "a.tgz": gzip.compress(log),
        "b.png.xz": lzma.compress(PNG),
        "c.zip.zst": zstd.compress(OUTER),
        "d.txt.bz2": bz2.compress(b"text") + b"hidden",
    }
    result = scanned(tmp_path / "case", folder(tmp_path / "evidence", files), names="clear")
    found = paths(tmp_path / "case")
    pictures = {name for name, row in found.items() if row["sha256"] == sha256(PNG)}
    assert pictures == {
        "a.tgz/$expanded/log/p.png",
        "a.tgz/$expanded/log/o.zip/sub/p.png",
        "a.tgz/$expanded/log/o.zip/sub/in.zip/deep.png",
        "b.png.xz/$expanded",
        "c.zip.zst/$expanded/sub/p.png",
        "c.zip.zst/$expanded/sub/in.zip/deep.png",
    }
    assert found["d.txt.bz2/$expanded"]["sha256"] == sha256(b"text")
    assert found["a.tgz/$expanded/log/p.png"]["locator"].endswith("d:0/m@0x0/m@0x0")
    assert containers(tmp_path / "case")["d:3"] == (Container.GAP, "container.damaged")
    assert (result.exit_code, result.counts["closes"]) == (3, True)
    assert result.counts["pictures_decoded"] == 6
    assert verifying.verify(tmp_path / "case")["exit_code"] == 7


def backup_list(*, encrypted: object) -> bytes:
    """Return ``Manifest.plist`` as a device writes it: keys first, in binary."""
    facts = {
        "BackupKeyBag": os.urandom(1500),
        "IsEncrypted": encrypted,
        "Applications": {f"app{number}": {"path": "x" * 90} for number in range(900)},
    }
    return plistlib.dumps(facts, fmt=plistlib.FMT_BINARY)


def test_an_encrypted_backup_in_a_folder_or_an_archive_is_told(tmp_path: Path) -> None:
    closed_one, open_one = backup_list(encrypted=True), backup_list(encrypted=False)
    files = {
        "a.plist": closed_one,
        "b.plist": open_one,
        "c.zip": zipped(("Manifest.plist", closed_one), ("3d/3d0d7e5fb2ce", os.urandom(99))),
        "d.plist": closed_one[: len(closed_one) // 2],
        "e.plist": plistlib.dumps({"IsEncrypted": True}, fmt=plistlib.FMT_BINARY),
        "f.plist": backup_list(encrypted="no"),
    }
    result = scanned(tmp_path / "case", folder(tmp_path / "evidence", files), names="clear")
    assert containers(tmp_path / "case") == {
        "d:0": (Container.GAP, "container.encrypted"),
        "d:1": (Container.DONE, ""),
        "d:2": (Container.DONE, ""),
        "d:2/m@0x0": (Container.GAP, "container.encrypted"),
        "d:3": (Container.GAP, "container.damaged"),
        "d:5": (Container.GAP, "container.encrypted"),
    }
    assert (result.exit_code, result.counts["closes"]) == (3, True)


def test_a_backup_that_is_the_source_is_no_gap_for_its_manifest(tmp_path: Path) -> None:
    rows = [Stored("CameraRollDomain", "Media/DCIM/a.png", content=PNG)]
    source = encrypted_itunes(tmp_path / "backup", rows, b"correct horse")
    facts = plistlib.loads((source / "Manifest.plist").read_bytes())
    packed = plistlib.dumps(facts, fmt=plistlib.FMT_BINARY)
    (source / "Manifest.plist").write_bytes(packed)
    scanned(tmp_path / "case", source, names="clear")
    assert containers(tmp_path / "case") == {}


def test_a_compressed_archive_that_does_not_fit_into_memory_is_read_again(tmp_path: Path) -> None:
    random = os.urandom(1 << 20)
    large = [(tarfile.TarInfo(str(n)), random + bytes([n])) for n in range(70)]
    files = {"a.tgz": gzip.compress(tarred(*large), 1)}
    assert len(files["a.tgz"]) > HAND_OVER_BYTES
    result = scanned(tmp_path / "case", folder(tmp_path / "evidence", files), names="clear")
    assert (result.exit_code, result.counts["closes"]) == (0, True)
    found = paths(tmp_path / "case")
    assert found["a.tgz/$expanded/69"]["sha256"] == sha256(random + b"\x45")


ENDS = {
    "a bomb in gzip": (gzip.compress(bytes(64 << 20)), Container.GAP, "container.ratio"),
    "an encrypted member": (encrypted(zipped(("a", b"1"), ("b", b"2"))), Container.DONE, ""),
    "a bomb": (zipped(("zeros", bytes(64 << 20))), Container.GAP, "container.ratio"),
    "overlapping members": (overlapping(500), Container.GAP, "container.ratio"),
    "a cut archive": (OUTER[:-30], Container.GAP, "container.damaged"),
    "members without end": (
        zipped(*((str(n), b"") for n in range(10_001))),
        Container.GAP,
        "container.members",
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_what_a_container_cannot_give_is_a_gap_and_its_own_digest_stays(
    name: str, tmp_path: Path
) -> None:
    data, status, code = ENDS[name]
    result = scanned(tmp_path / "case", folder(tmp_path / "evidence", {"x.zip": data, "y": b"y"}))
    assert containers(tmp_path / "case")["d:0"] == (status, code)
    assert (result.exit_code, result.counts["closes"]) == (3, True)
    rows = {row["locator"]: row for row in views.inventory(tmp_path / "case")}
    assert rows["EX-1/1/root/d:0"]["sha256"]
    assert rows["EX-1/1/root/d:1"]["status"] == "done"
    assert not list((tmp_path / "case").rglob("zeros"))
    if code and code != "container.damaged":
        first = next(views.gaps(tmp_path / "case"))
        assert (first["where"], first["code"]) == ("EX-1/1/root/d:0", code)
        assert "--expand-limit" in str(first["text"])


def test_limits_are_raised_by_option_and_by_profile(tmp_path: Path) -> None:
    data = zipped(("repeated", os.urandom(8000) * 4000))
    assert 100 * len(data) < 32_000_000 < 1000 * len(data)
    evidence = folder(tmp_path / "evidence", {"x.zip": data})
    limits = {"ratio": 5000}
    by_option = scanned(tmp_path / "one", evidence, expand_limits=limits)
    by_profile = scanned(tmp_path / "two", evidence, profile="deep")
    assert (by_option.exit_code, by_profile.exit_code) == (0, 0)
    assert int(str(by_option.counts["bytes"])) > 32_000_000
    with pytest.raises(UsageError, match="no limit"):
        scanned(tmp_path / "three", evidence, expand_limits={"depth": 3})
    with pytest.raises(UsageError, match="opens no container"):
        scanned(tmp_path / "three", evidence, profile="triage", expand_limits=limits)
    assert not (tmp_path / "three").exists()


def test_a_locked_worker_has_the_library_that_unpacks(tmp_path: Path) -> None:
    files = {"s.lz4": bytes.fromhex(STREAMS["lz4"]), "s.lzh": LH5}
    result = scanned(tmp_path / "case", folder(tmp_path / "evidence", files), names="clear")
    assert (result.exit_code, result.counts["members"]) == (0, 2)
    found = paths(tmp_path / "case")
    assert {found[path]["sha256"] for path in ("s.lz4/$expanded", "s.lzh/s.txt")} == {sha256(TEXT)}


def test_triage_opens_nothing_and_says_so(tmp_path: Path) -> None:
    result = scanned(tmp_path / "case", folder(tmp_path / "evidence", FILES), profile="triage")
    policy = (Container.POLICY, "policy.container")
    other = (Container.POLICY, "policy.container-type")
    found = containers(tmp_path / "case")
    assert sorted(found.values(), key=str) == sorted([policy, policy, other], key=str)
    assert (result.exit_code, result.counts["members"]) == (0, 0)


def test_a_container_on_a_list_of_known_good_files_is_not_opened(tmp_path: Path) -> None:
    listed = tmp_path / "set.txt"
    listed.write_text(hashlib.sha256(OUTER).hexdigest() + "  name\n")
    result = scanned(
        tmp_path / "case",
        folder(tmp_path / "evidence", {"o.zip": OUTER}),
        sets=(str(listed),),
        set_options={"kind": "known-good"},
    )
    assert containers(tmp_path / "case") == {"d:0": (Container.KNOWN_GOOD, "")}
    assert result.exit_code == 0


def test_a_match_inside_a_container_is_a_finding_at_its_place(tmp_path: Path) -> None:
    listed = tmp_path / "set.txt"
    listed.write_text(hashlib.sha256(b"deep").hexdigest() + "  name\n")
    result = scanned(
        tmp_path / "case",
        folder(tmp_path / "evidence", FILES),
        sets=(str(listed),),
        set_options={"kind": "notable"},
    )
    assert result.findings == 1
    (finding,) = views.findings(tmp_path / "case")
    assert str(finding["locator"]).startswith("EX-1/1/root/d:0/m@")
    place = locating.locate(tmp_path / "case", "F-1")
    assert place["first_byte"] is None
    assert place["inside"] == [
        {"container": "EX-1/1/root/d:0", "member": str(finding["locator"]).split("/")[4]},
        {
            "container": "/".join(str(finding["locator"]).split("/")[:5]),
            "member": str(finding["locator"]).split("/")[5],
        },
    ]


def test_a_member_row_that_is_lost_on_the_way_opens_the_equation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = expanding.Expanding.take

    def lose(self: expanding.Expanding, unit: Unit, frame: Frame | Death, stream: Any) -> None:  # noqa: ANN401
        if isinstance(frame, Batch) and frame.kind == "entries":
            frame = Batch("entries", frame.rows[:-1], frame.area)
        real(self, unit, frame, stream)

    monkeypatch.setattr(expanding.Expanding, "take", lose)
    files = {"x.zip": zipped(("a", b"1"), ("d/", b""))}
    result = scanned(tmp_path / "case", folder(tmp_path / "evidence", files))
    assert (result.counts["listed"], result.counts["closes"]) == (3, False)
    assert result.exit_code == 3
    where = [row["where"] for row in views.gaps(tmp_path / "case")]
    assert "EX-1/1/root/d:0" in where  # the container itself is named
    assert {row["code"] for row in views.gaps(tmp_path / "case")} == {"listing.unaccounted"}


def test_the_result_is_the_same_with_any_number_of_expanders(tmp_path: Path) -> None:
    files = {f"{n}.zip": zipped(*((f"{k}", b"%d" % (n * k)) for k in range(n))) for n in range(30)}
    files |= {"bomb.zip": zipped(*((f"{n}.zip", zipped(("z", bytes(6 << 20)))) for n in range(9)))}
    evidence = folder(tmp_path / "evidence", files)
    found = {
        scanned(tmp_path / f"case{workers}", evidence, workers=workers).content_sha256
        for workers in (1, 4)
    }
    assert len(found) == 1


# ---- interrupted ---------------------------------------------------------------------------


def killed(case: Path, source: Path, point: str) -> int:
    done = subprocess.run(
        [HEROES, "scan", str(source), "--case", str(case), "--quiet"],
        env={**os.environ, durable.CRASH_AT: point},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return done.returncode


@pytest.mark.slow
def test_a_run_killed_at_any_commit_ends_as_if_it_was_not(tmp_path: Path) -> None:
    files = FILES | {"b.zip": zipped(("q.png", PNG), ("r", b"r")), "c.jpg": PNG}
    evidence = folder(tmp_path / "evidence", files)
    whole = scanned(tmp_path / "whole", evidence)
    open_ones = 0
    for commit in range(3, 40):
        case = tmp_path / f"case{commit}"
        code = killed(case, evidence, f"after commit#{commit}")
        if code != -signal.SIGKILL:
            assert code == 0
            break
        if not (case / "case.db").exists():
            continue
        with closed(sqlite3.connect(case / "case.db")) as database:
            begun = database.execute("SELECT count(*) FROM run").fetchone()[0]
            read = database.execute("SELECT count(*) FROM content").fetchone()[0]
            made = database.execute("SELECT count(*) FROM container").fetchone()[0]
            ended = database.execute("SELECT count(*) FROM run WHERE outcome <> ''").fetchone()[0]
        if not begun or ended:
            continue
        open_ones += read > 0 and made < 5
        result = resumed(case)
        assert result.content_sha256 == whole.content_sha256, commit
        assert tables(case) == tables(tmp_path / "whole"), commit
        assert verifying.verify(case)["exit_code"] == 7
    assert open_ones >= 2  # read, and not all of them opened yet


def cut_before_containers(case: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """End a run at once, as a second Ctrl-C does, when what was read is on record and no more."""

    def stop(self: expanding.Expanding, jobs: object) -> None:
        del self, jobs
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(expanding.Expanding, "stored", stop)
        with pytest.raises(KeyboardInterrupt):
            scanned(case, source)
    assert containers(case) == {}


def test_containers_that_were_read_and_not_opened_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = folder(tmp_path / "evidence", {"o.zip": OUTER, "p.zip": INNER})
    whole = scanned(tmp_path / "whole", evidence)
    cut_before_containers(tmp_path / "case", evidence, monkeypatch)
    result = resumed(tmp_path / "case")
    assert result.content_sha256 == whole.content_sha256
    assert tables(tmp_path / "case") == tables(tmp_path / "whole")
    assert verifying.verify(tmp_path / "case")["exit_code"] == 7


def test_what_is_not_what_was_read_is_not_taken_for_the_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = folder(tmp_path / "evidence", {"o.zip": OUTER})
    cut_before_containers(tmp_path / "case", evidence, monkeypatch)
    monkeypatch.setattr(reading.ContentStore, "_unchanged", lambda *rows: [False] * len(rows[1]))
    result = resumed(tmp_path / "case")
    assert containers(tmp_path / "case") == {"d:0": (Container.GAP, "stream.changed")}
    assert (result.exit_code, result.counts["closes"]) == (3, True)


@needs_evidence
@pytest.mark.parametrize("name", ["tika-droste.zip", "tika-moby.zip", "tika-quine.gz"])
def test_hostile_archives_of_the_corpus_end_and_keep_their_digest(
    name: str, tmp_path: Path
) -> None:
    source = folder(tmp_path / "evidence", {"x": corpus(f"archives/{name}").read_bytes()})
    result = scanned(tmp_path / "case", source)
    assert result.counts["closes"]
    assert result.exit_code in {0, 3}
    row = next(row for row in views.inventory(tmp_path / "case"))
    assert row["sha256"]


@needs_evidence
def test_pictures_of_thumbnail_stores_and_what_messages_attach_are_examined(tmp_path: Path) -> None:
    names = ("thumbs/Thumbs-2.db", "mail/tika-testMSG_att_msg.msg")
    files = {Path(name).name: corpus(name).read_bytes() for name in names}
    result = scanned(tmp_path / "case", folder(tmp_path / "evidence", files), names="clear")
    rows = list(views.inventory(tmp_path / "case"))
    jpegs = [
        row for row in rows if row["content_type"] == "jpeg" and "Thumbs-2" in str(row["path"])
    ]
    assert len(jpegs) == 9
    drawn = [row for row in rows if row["content_type"] == "bmp" and "/m@" in str(row["locator"])]
    assert len(drawn) == 4  # of the metafiles by which the message shows its attachments
    assert result.counts["pictures_decoded"] == len(jpegs) + len(drawn)
    assert (result.exit_code, result.counts["closes"]) == (0, True)
    assert verifying.verify(tmp_path / "case")["exit_code"] == 7


@needs_evidence
def test_files_of_android_backups_and_thumbnails_of_windows_are_items(tmp_path: Path) -> None:
    names = ("backup.ab", "backup2.ab", "backup3.ab")
    files = {name: corpus(f"mobile/android/{name}").read_bytes() for name in names}
    files["z.db"] = gzip.decompress(
        corpus("thumbs/windows_10-thumbcache_32.db.gz").read_bytes(),
    )
    result = scanned(tmp_path / "case", folder(tmp_path / "evidence", files), names="clear")
    found = paths(tmp_path / "case")
    for name in ("backup.ab", "backup3.ab"):
        packed = files[name]
        tar = zlib.decompress(packed[packed.index(b"none\n") + 5 :])
        with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
            for each in archive.getmembers():
                if each.isfile():
                    stream = archive.extractfile(each)
                    assert stream is not None
                    row = found[f"{name}/backup.tar/{each.name}"]
                    assert row["sha256"] == sha256(stream.read())
    assert found["backup2.ab/backup.tar"]["gap"] == "stream.encrypted"
    pictures = [row for path, row in found.items() if path.startswith("z.db/") and row["size"]]
    assert {row["content_type"] for row in pictures} >= {"bmp"}
    assert (result.exit_code, result.counts["closes"]) == (3, True)


@needs_evidence
def test_pictures_in_documents_are_examined(tmp_path: Path) -> None:
    names = (
        "documents/iped-test_mockDoc1.docx",
        "archives/bulk_extractor-testfilex.docx",
        "archives/bulk_extractor-iwork_09.pages",
    )
    files = {Path(name).name: corpus(name).read_bytes() for name in names}
    result = scanned(tmp_path / "case", folder(tmp_path / "evidence", files), names="clear")
    found = paths(tmp_path / "case")
    wanted = {}
    for name, data in files.items():
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for each in archive.infolist():
                if not each.is_dir():
                    wanted[f"{name}/{each.filename}"] = sha256(archive.read(each))
    assert wanted.items() <= {path: row["sha256"] for path, row in found.items()}.items()
    pictures = sum(row["content_type"] in {"jpeg", "png", "gif"} for row in found.values())
    assert result.counts["pictures_decoded"] == pictures > 0
    assert (result.exit_code, result.counts["closes"]) == (0, True)


@needs_evidence
def test_what_lies_in_mail_documents_and_databases_is_examined(tmp_path: Path) -> None:
    one = corpus("mail/tika-testEmailWithPNGAtt.eml").read_bytes()
    assert one.startswith(b"From ")
    files = {"one.eml": one[one.index(b"\n") + 1 :], "box": one + b"\n\n" + one}
    # Read by locked workers like all others: mail stores by a library, the others by our own.
    files["store.pst"] = gzip.decompress(corpus("mail/iped-test_sample.pst.gz").read_bytes())
    files["text.pdf"] = corpus("documents/iped-test_pdfResumes.pdf").read_bytes()
    files["x.7z"] = corpus("archives/tika-test7Z_protected_passTika.7z").read_bytes()
    files["y.sqlite"] = corpus("databases/plaso-ios-NoteStore.sqlite").read_bytes()
    result = scanned(tmp_path / "case", folder(tmp_path / "evidence", files), names="clear")
    found = paths(tmp_path / "case")
    pictures = [path for path, row in found.items() if row["content_type"] == "png"]
    assert len(pictures) == 3
    assert len({found[path]["sha256"] for path in pictures}) == 1
    assert {"store.pst/ContactPicture.jpg", "text.pdf/$picture-488.jpg"} <= found.keys()
    assert result.counts["pictures_decoded"] == 3 + 2 + 5  # one is rows of pixels in the PDF
    assert found["x.7z/text.txt"]["gap"] == "stream.encrypted"
    packed = [path for path in found if path.startswith("y.sqlite/")]
    assert sum(path.endswith("/$expanded") for path in packed) == len(packed) / 2 == 4
    assert (result.exit_code, result.counts["closes"]) == (3, True)


@needs_evidence
def test_a_stream_that_expands_to_itself_ends_at_the_limit_of_nesting(tmp_path: Path) -> None:
    quine = corpus("archives/tika-quine.gz").read_bytes()
    result = scanned(tmp_path / "case", folder(tmp_path / "evidence", {"x": quine}))
    found = list(containers(tmp_path / "case").values())
    assert found.count((Container.GAP, "container.nesting")) == 1
    assert {row["sha256"] for row in views.inventory(tmp_path / "case")} == {sha256(quine)}
    assert (result.exit_code, result.counts["closes"]) == (3, True)


def test_archives_as_sources_have_no_limit(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(64 << 20))
        archive.writestr("in.zip", zipped(("zeros", bytes(64 << 20))))
    source = tmp_path / "dump.zip"
    source.write_bytes(out.getvalue())
    result = scanned(tmp_path / "case", source)
    assert result.counts["digested"] == 2
    assert list(containers(tmp_path / "case").values()) == [(Container.GAP, "container.ratio")]


TWICE = """
from heroes_forensics.pipelines.work import units
real = units.UNITS["expand"]

def twice(session, unit):
    for frame in real(session, unit):
        yield frame
        if frame.kind == "contents":
            yield frame

units.UNITS["expand"] = twice
"""


def test_an_expander_that_goes_on_after_a_wrong_answer_is_not_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says a member twice, and then all that is left to say, in each of its attempts."""
    (tmp_path / "faults.py").write_text(TWICE)
    monkeypatch.setenv(FAULTS_VARIABLE, str(tmp_path / "faults.py"))
    source = folder(tmp_path / "in", {"a.zip": zipped(("x", b"x"), ("y", b"y")), "b": b"b"})
    result = scanned(tmp_path / "case", source)
    assert result.exit_code == 3
    assert result.counts["closes"]
    assert result.counts["digested"] == 2
    assert [row["code"] for row in views.gaps(tmp_path / "case")] == ["container.died"]


def test_what_is_read_through_another_worker_gets_the_room_it_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who opens a large container asks for room for its pictures; who reads for it does not."""
    budgets = {"decode": HAND_OVER_BYTES + LEAST, "expand": HAND_OVER_BYTES}
    monkeypatch.setattr(streams, "Credits", lambda: Credits(budgets))
    picture = ("a.jpg", encoded(gradient(seed=1), "JPEG"))
    filler = ("filler", bytes(HAND_OVER_BYTES))
    data = zipped(filler, picture, method=zipfile.ZIP_STORED)
    result = scanned(tmp_path / "case", folder(tmp_path / "in", {"a.zip": data}), workers=1)
    assert (result.exit_code, result.counts["members"]) == (0, 2)
    assert result.counts["pictures_decoded"] == 1
