"""Hostile pictures and archives through whole scans: rows 41 to 44 of docs/faults.md."""

import csv
import hashlib
import io
import json
import signal
import struct
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from conformance import programs
from filesystem_images import ext_image
from killing import tables
from scans import folder, resumed, scanned
from test_media_perceptual import (
    BOMBS,
    CHUNKS,
    METADATA,
    UNDECODABLE,
    empty_png,
    encoded,
    gradient,
    many_frames,
)
from test_pipelines_decoding import pictures
from test_pipelines_expanding import containers, killed
from test_pipelines_members import overlapping, tarred, zipped

from heroes_forensics.filetype import TYPES
from heroes_forensics.frames import Container, Picture
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.checks import verifying, views
from heroes_forensics.pipelines.report import report_evidence

MEMORY = 512 << 20
"""Bytes of any process of a scan, the pictures handed over included; a decoder may have 2 GiB."""
JPEG = encoded(gradient(300, 200), "JPEG")
PNG = encoded(gradient(300, 200, seed=2), "PNG")


def rows(case: Path) -> dict[str, JSON]:
    """Return the items of a case by their paths."""
    return {str(row["path"]): row for row in views.inventory(case)}


def whole(case: Path, ran: programs.Ran, code: int) -> None:
    """Check what holds of every scan, whatever lay in the evidence."""
    assert (ran.code, ran.left, ran.hung) == (code, False, False), ran.err
    assert "Traceback" not in ran.err
    assert ran.memory < MEMORY
    equation = views.status(case)["equation"]
    assert isinstance(equation, dict)
    assert equation["closes"]
    assert verifying.verify(case)["exit_code"] == 7


def listed(path: Path, *contents: bytes) -> str:
    path.write_text("".join(f"{hashlib.sha256(data).hexdigest()}  x\n" for data in contents))
    return str(path)


def run(
    home: Path, files: dict[str, bytes], *known: bytes, profile: str = "standard"
) -> tuple[Path, programs.Ran]:
    """Scan a folder through the command line, with a set of some of the files in it."""
    evidence = folder(home / "evidence", files)
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    case = home / "case"
    options = ["--case", str(case), "--names", "clear", "--workers", "2", "--quiet"]
    options += ["--profile", profile]
    if known:
        options += ["--set", listed(home / "set.txt", *known), "--set-kind", "notable"]
    ran = programs.heroes("scan", str(evidence), *options, watch=home)
    for path in home.iterdir():
        assert path.name in {"evidence", "case", "set.txt", "home"}
    assert {path: path.stat().st_mtime_ns for path in before if path != home} == {
        path: when for path, when in before.items() if path != home
    }
    return case, ran


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEROES_HOME", str(tmp_path / "home"))


# ---- 41: archives ------------------------------------------------------------------------


def climbing(outside: Path) -> bytes:
    """Return a tar of members that would be written outside of wherever it is unpacked."""
    kinds = {"link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "device": tarfile.CHRTYPE}
    names = {
        "../../up.jpg": JPEG,
        str(outside / "absolute.txt"): b"absolute",
        "link": b"",
        "link/through.txt": b"through a link",
        "hard": b"",
        "device": b"",
    }
    members = []
    for name, data in names.items():
        info = tarfile.TarInfo(name)
        info.type = kinds.get(name, tarfile.REGTYPE)
        info.linkname = str(outside) if name in {"link", "hard"} else ""
        members.append((info, data))
    return tarred(*members)


def nested_bomb() -> bytes:
    level = zipped(("zeros", bytes(4 << 20)))
    for _ in range(4):
        level = zipped(*((f"{number}.zip", level) for number in range(16)))
    return level


def endless(depth: int) -> bytes:
    """Return a zip in a zip, and so on, each as a small picture beside the next."""
    data = zipped(("core.jpg", JPEG))
    for number in range(depth):
        data = zipped((f"{number}.zip", data))
    return data


def test_hostile_archives_cost_themselves_alone(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    hostile = {
        "climbing.tar": climbing(outside),
        "climbing.zip": zipped(("../../up.txt", b"up"), (f"{outside}/absolute", b"absolute")),
        "flat.zip": zipped(("zeros", bytes(64 << 20)), ("small.jpg", JPEG)),
        "nested.zip": nested_bomb(),
        "overlapping.zip": overlapping(500),
        "deep.zip": endless(20),
    }
    limits = {
        "flat.zip": "container.ratio",
        "overlapping.zip": "container.ratio",
    }
    plain = {f"plain/{number}.jpg": encoded(gradient(seed=number), "JPEG") for number in range(5)}
    case, ran = run(tmp_path, hostile | plain, hostile["flat.zip"], JPEG)
    whole(case, ran, 3)
    assert not outside.exists()
    assert not list(tmp_path.rglob("up.*"))
    found = rows(case)
    for name, data in (hostile | plain).items():
        row = found[name]
        assert (row["status"], row["sha256"]) == ("done", hashlib.sha256(data).hexdigest())
    ended = {
        name: containers(case)[str(row["locator"]).rpartition("/")[2]]
        for name, row in found.items()
        if name in hostile
    }
    assert ended["climbing.tar"] == ended["climbing.zip"] == (Container.DONE, "")
    for name, code in limits.items():
        assert ended[name] == (Container.GAP, code)
    told = {row["code"] for row in views.gaps(case) if not row["policy"]}
    assert {"container.ratio", "container.nesting"} <= told
    # What stands in them is examined as far as the limits go, and no further.
    assert found["climbing.tar/../../up.jpg"]["sha256"] == hashlib.sha256(JPEG).hexdigest()
    assert found["climbing.tar/link/through.txt"]["status"] == "done"
    assert found["flat.zip/zeros"]["status"] == "gap"
    matched = {str(row["locator"]).rpartition("EX-1/1/root/")[2] for row in views.findings(case)}
    assert len(matched) == 3  # the bomb itself, the picture beside it, the one that climbs


def test_a_bomb_of_members_is_bounded_in_every_sum(tmp_path: Path) -> None:
    """Many bombs, each below the limits by itself: none is read beyond its own limit."""
    bombs = {f"{number}.zip": overlapping(300 + number) for number in range(12)}
    case, ran = run(tmp_path, bombs)
    whole(case, ran, 3)
    assert set(containers(case).values()) == {(Container.GAP, "container.ratio")}


# ---- 42: pictures without measure --------------------------------------------------------


def looping_tiff() -> bytes:
    """Return a TIFF whose only directory is followed by itself."""
    entry = struct.pack("<HHII", 256, 4, 1, 1 << 30)
    return b"II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 8)


def test_pictures_without_measure_are_limits_and_need_no_memory(tmp_path: Path) -> None:
    files = {
        f"{number}.{kind}": data for number, (data, kind, _) in enumerate(BOMBS.values(), start=1)
    }
    files |= {"frames.gif": many_frames(100_000), "loop.tif": looping_tiff(), "plain.jpg": JPEG}
    # In depth, because what is on a list of notable files is not decoded otherwise.
    case, ran = run(tmp_path, files, *files.values(), profile="deep")
    whole(case, ran, 3)
    found = {}
    for path, row in rows(case).items():
        assert row["status"] == "done"
        assert row["sha256"] == hashlib.sha256(files[path]).hexdigest()
        found[path] = pictures(case)[str(row["locator"]).rpartition("/")[2]]
    assert found.pop("plain.jpg") == (Picture.DONE, "")
    assert found.pop("loop.tif")[0] == Picture.GAP
    assert found.pop("frames.gif") == (Picture.PARTIAL, "picture.limit")
    assert len(found) == len(BOMBS)
    assert set(found.values()) == {(Picture.GAP, "picture.limit")}
    assert len(list(views.findings(case))) == len(files)


def test_a_picture_that_is_as_large_as_allowed_keeps_its_decoder_within_its_limit(
    tmp_path: Path,
) -> None:
    """What the check of a limit lets pass must not end the process either."""
    case, ran = run(tmp_path, {"a.png": empty_png(10_000, 10_000), "b.jpg": JPEG})
    whole(case, ran, 0)
    assert set(pictures(case).values()) == {(Picture.DONE, "")}


# ---- 43: cut, misnamed, two things at once ----------------------------------------------


def test_cut_misnamed_and_twofold_pictures_are_typed_by_content_and_matched(
    tmp_path: Path,
) -> None:
    picture_and_archive = JPEG + zipped(("inside.txt", b"in the tail"))
    files = {
        **{f"cut-{share}.jpg": JPEG[: len(JPEG) * share // 1000] for share in (500, 900, 999)},
        "png-named.jpg": PNG,
        "jpeg-named.txt": JPEG,
        "polyglot.jpg": picture_and_archive,
        "drawing.jpg": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "metafile.png": b"\xd7\xcd\xc6\x9a" + bytes(100),
        **{f"bad-{number}.bin": data for number, (data, _) in enumerate(UNDECODABLE.values())},
    }
    case, ran = run(tmp_path, files, *filter(None, files.values()), profile="deep")
    whole(case, ran, 3)
    found, ended = rows(case), pictures(case)

    def end(name: str) -> tuple[Picture, str] | None:
        return ended.get(str(found[name]["locator"]).rpartition("/")[2])

    types = {name: found[name]["content_type"] for name in files}
    assert types["png-named.jpg"] == "png"
    assert types["jpeg-named.txt"] == types["polyglot.jpg"] == "jpeg"
    assert types["drawing.jpg"] != "jpeg"
    misnamed = {name for name in files if found[name]["misnamed"]}
    assert misnamed >= {"jpeg-named.txt", "drawing.jpg", "metafile.png"}
    assert not misnamed & {"png-named.jpg", "polyglot.jpg", "cut-900.jpg"}
    report = json.loads((case / "custody/report/report.json").read_text())
    told = {row["type_class"]: row["misnamed"] for row in report["coverage"]["types"]}
    names = [row.name for row in TYPES]
    by_class = Counter(
        report_evidence.type_class(names.index(str(types[name]))) for name in misnamed
    )
    assert {name: count for name, count in told.items() if count} == by_class
    sheet = (case / "custody/report/items.csv").read_text().splitlines()
    assert sum(row["misnamed"] == "yes" for row in csv.DictReader(sheet)) == len(misnamed)
    assert types["metafile.png"] != "png"
    done = ("png-named.jpg", "jpeg-named.txt", "polyglot.jpg")
    assert {end(name) for name in done} == {(Picture.DONE, "")}
    assert {end(f"cut-{share}.jpg") for share in (500, 900)} == {
        (Picture.PARTIAL, "picture.partial")
    }
    assert (end("drawing.jpg") or (Picture.POLICY, ""))[0] is Picture.POLICY
    for name, data in files.items():
        assert found[name]["sha256"] == hashlib.sha256(data).hexdigest()
    matched = {row["locator"] for row in views.findings(case)}
    assert matched == {found[name]["locator"] for name, data in files.items() if data}


# ---- 44: metadata ------------------------------------------------------------------------


def test_hostile_metadata_is_neither_followed_nor_kept(tmp_path: Path) -> None:
    files = {
        f"{number}.jpg": JPEG[:2] + data + JPEG[2:] for number, data in enumerate(METADATA.values())
    }
    head = 8 + 25
    files |= {
        f"{number}.png": PNG[:head] + data + PNG[head:]
        for number, data in enumerate(CHUNKS.values())
    }
    files |= {"plain.jpg": JPEG, "plain.png": PNG}
    case, ran = run(tmp_path, files)
    whole(case, ran, 0)
    assert len(pictures(case)) == len(files)
    assert set(pictures(case).values()) == {(Picture.DONE, "")}


# ---- and a run that is ended over them goes on ------------------------------------------------


def test_an_interrupted_run_over_hostile_media_comes_to_the_same(tmp_path: Path) -> None:
    """In an image, where what is handed over comes from a parser that reads a file system."""
    files = {
        "flat.zip": zipped(("zeros", bytes(64 << 20)), ("small.jpg", JPEG)),
        "overlapping.zip": overlapping(200),
        "big.png": empty_png(12_000, 12_000),
        "cut.jpg": JPEG[: len(JPEG) // 2],
        "climbing.tar": climbing(tmp_path / "outside"),
        **{f"{number}.jpg": encoded(gradient(seed=number), "JPEG") for number in range(20)},
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    image = ext_image(tmp_path, lambda tree: folder(tree, {**files, "all.zip": out.getvalue()}))
    plain = scanned(tmp_path / "plain", image, workers=2)
    assert plain.exit_code == 3
    case = tmp_path / "case"
    assert killed(case, image, "after commit#6") == -signal.SIGKILL
    result = resumed(case)
    assert result.content_sha256 == plain.content_sha256
    assert tables(case) == tables(tmp_path / "plain")
    assert verifying.verify(case)["exit_code"] == 7
