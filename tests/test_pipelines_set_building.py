"""Sets built from reference files: what is listed, what is found with it, and what never leaves."""

import io
import stat
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pictures
import pytest
import worker_faults
from cli_runner import process
from corpus import MEDIA, needs_media
from PIL import Image
from publishing import PUBLISHER, Signer
from scans import folder, scanned

from heroes_forensics.commands import hashset_build
from heroes_forensics.errors import HashSetError, HeroesError, UsageError
from heroes_forensics.hashsets import manifest, minisign
from heroes_forensics.hashsets.hset import HashSetFile
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import laboratory
from heroes_forensics.pipelines.checks import views
from heroes_forensics.pipelines.references import set_building
from heroes_forensics.pipelines.references.set_building import Wanted
from heroes_forensics.pipelines.sets import hashsets, importing, trusting
from heroes_forensics.pipelines.workers.roles import FAULTS_VARIABLE

WORD = "zqx-Merkwort-9914"
SCENES = {
    name: pictures.SCENES[kind](seed, 480, 360)
    for name, kind, seed in (
        ("hill", "landscape", 5),
        ("stone", "stone", 6),
        ("field", "flower", 7),
    )
}


def jpeg(name: str) -> bytes:
    return pictures.jpeg(SCENES[name], quality=92)


def changed(name: str, change: Callable[[Image.Image], Image.Image]) -> bytes:
    stream = io.BytesIO()
    change(Image.fromarray(SCENES[name])).save(stream, "PNG")
    return stream.getvalue()


FILES = {
    f"{WORD}/one/hill.jpg": jpeg("hill"),
    f"{WORD}/one/again.jpg": jpeg("hill"),
    f"{WORD}/two.png": pictures.png(SCENES["stone"]),
    "cut.jpg": jpeg("field")[: len(jpeg("field")) // 2],
    "empty.jpg": b"",
    "notes.txt": f"{WORD} in a note".encode(),
}


def reference(home: Path) -> Path:
    made = folder(home / "reference", FILES)
    (made / "link.jpg").symlink_to(made / "cut.jpg")
    return made


def built(home: Path, **more: Any) -> tuple[JSON, int]:  # noqa: ANN401 - fields of `Wanted`
    said: dict[str, Any] = {"name": "made", "issuer": PUBLISHER, "category": "2"} | more
    if "folder" not in said:
        said["folder"] = reference(home)
    return set_building.build_set(Wanted(**said))


def facts(report: JSON) -> dict[str, Any]:
    found = report["built"]
    assert isinstance(found, dict)
    return found


def test_pictures_are_listed_once_with_their_values_and_gaps_by_number(tmp_path: Path) -> None:
    report, code = built(tmp_path, categories={f"{WORD}/one": "1"})
    found = facts(report)
    assert code == 3
    assert (found["files"], found["listed"], found["decoded"]) == (6, 3, 4)
    assert found["left_out"] == {"empty": 1, "equal-files": 1, "links": 1, "other-types": 1}
    assert found["gaps"] == {"picture.partial": 1}
    # In the order of the bytes of their paths, "cut.jpg" is the first.
    assert found["gap_files"] == [{"file": 1, "gap": "picture.partial"}]
    assert found["without_values"] == 1
    assert found["values"]["phash-64"] == found["values"]["dhash-64"] == 2
    assert 20 < found["values"]["pdq"] <= 2 * 21
    (row,) = hashsets.list_sets()
    assert (row["name"], row["issuer"], row["kind"]) == ("made", PUBLISHER, "notable")
    assert (row["format"], row["scheme"], row["records"]) == ("vics", "vics", 3)
    assert row["digests"] == {"md5": 3, "sha1": 3, "sha256": 3}
    assert hashsets.show_set("made")["built"] == found
    categories = hashsets.show_set("made")["categories"]
    assert isinstance(categories, dict)
    assert {code: row["records"] for code, row in categories.items()} == {"1": 1, "2": 2}


def test_values_are_of_enough_quality_and_carry_it(tmp_path: Path) -> None:
    built(tmp_path)
    (record,) = hashsets.catalogue().list()
    key = laboratory.catalogue_ring(laboratory.home(), None).set_key
    with HashSetFile.open(record.path, key) as opened:
        qualities = {int(each) for piece in opened.values("pdq") for each in piece.quality.tolist()}
    assert qualities
    assert min(qualities) >= 50


EDITS: dict[str, tuple[Callable[[Image.Image], Image.Image], int]] = {
    "smaller": (lambda picture: picture.resize((300, 225)), 40),
    "a fifth off the top left": (
        lambda picture: picture.crop((96, 72, picture.width, picture.height)),
        40,
    ),
    "a tenth off all round": (lambda picture: picture.crop((24, 18, 456, 342)), 40),
}


@pytest.mark.parametrize("edit", EDITS)
def test_what_was_made_of_a_listed_picture_is_found(edit: str, tmp_path: Path) -> None:
    built(tmp_path)
    change, radius = EDITS[edit]
    evidence = folder(tmp_path / "evidence", {"a.png": changed("hill", change)})
    scanned(tmp_path / "case", evidence, sets=("made",))
    (finding,) = views.findings(tmp_path / "case")
    near = finding["near"]
    assert isinstance(near, dict)
    assert int(near["distance"]) <= radius
    assert str(finding["grade"]).startswith("candidate")


def test_an_unrelated_picture_is_not_found_and_an_exact_copy_is(tmp_path: Path) -> None:
    built(tmp_path)
    files = {"same.jpg": jpeg("hill"), "other.png": pictures.png(pictures.landscape(99, 480, 360))}
    scanned(tmp_path / "case", folder(tmp_path / "evidence", files), sets=("made",))
    (finding,) = views.findings(tmp_path / "case")
    assert not str(finding["grade"]).startswith("candidate")


def test_the_list_for_others_is_signed_and_imported_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "output"
    report, _ = built(tmp_path, output=output, edition="2026-01", region="US")
    assert {path.name for path in output.iterdir()} == {"list.json", manifest.NAME}
    assert stat.S_IMODE(output.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in output.iterdir()} == {0o600}
    here = next(iter(hashsets.list_sets()))
    signer = Signer()
    said = (output / manifest.NAME).read_bytes()
    (output / f"{manifest.NAME}{minisign.SUFFIX}").write_bytes(signer.sign(said))
    monkeypatch.setenv("HEROES_HOME", str(tmp_path / "elsewhere"))
    trusting.add_key(PUBLISHER, signer.public)
    made = importing.import_set(output)
    (there,) = hashsets.list_sets()
    assert str(there["signature"]).startswith("verified")
    assert "publisher counted" not in str(made["warnings"])
    for name in ("source_sha256", "digests", "values", "records", "kind", "region", "edition"):
        assert there[name] == here[name]
    assert made["values"] == report["values"] == facts(report)["values"]


def test_building_again_gives_the_same_edition(tmp_path: Path) -> None:
    made = reference(tmp_path)
    first, _ = built(tmp_path, folder=made)
    again, _ = built(tmp_path, folder=made)
    assert (first["added"], again["added"]) == (True, False)
    assert len(list(hashsets.list_sets())) == 1


def test_other_files_are_listed_when_asked_for(tmp_path: Path) -> None:
    found = facts(built(tmp_path, every_file=True)[0])
    assert (found["listed"], "other-types" in found["left_out"]) == (4, False)


def state(root: Path) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for path in sorted([root, *root.rglob("*")]):
        status = path.lstat()
        digest = sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(status.st_mode) else ""
        rows.append((path, status.st_mtime_ns, status.st_ctime_ns, status.st_size, digest))
    return rows


def test_nothing_is_written_to_the_folder_and_no_name_or_picture_leaves(tmp_path: Path) -> None:
    made = reference(tmp_path)
    before = state(made)
    home, output, temporary = (tmp_path / name for name in ("home", "output", "tmp"))
    temporary.mkdir()
    ran = process(
        *("hashset", "build", str(made), "--name", "made", "--issuer", "A Body", "--json"),
        *("--category", "2", "--output", str(output)),
        environment={"HEROES_HOME": str(home), "TMPDIR": str(temporary)},
    )
    assert ran.code == 3
    assert state(made) == before
    assert [row["type"] for row in ran.rows()] == ["note", "build"]
    assert not list(temporary.iterdir())
    left = [path for root in (home, output) for path in root.rglob("*")]
    assert len(left) > 3
    said = [ran.out.encode(), ran.err.encode()]
    for data in (*said, *(path.read_bytes() for path in left if path.is_file())):
        assert WORD.encode() not in data
        assert jpeg("hill")[200:264] not in data
        assert b"hill.jpg" not in data
    assert all(WORD not in str(path.relative_to(tmp_path)) for path in left)
    # The control: the words would be found where they are.
    assert WORD.encode() in (made / "notes.txt").read_bytes()


DEATHS = {"segv": "worker.died", "kill": "worker.died", "bug": "stream.unreadable"}


@pytest.mark.parametrize("word", DEATHS)
def test_a_file_that_ends_its_worker_is_a_gap_and_costs_no_other(
    word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FAULTS_VARIABLE, str(worker_faults.THIS))
    files = {
        "a.jpg": jpeg("hill"),
        "b.bin": worker_faults.stream(word),
        "c.jpg": worker_faults.picture(word),
        "d.png": pictures.png(SCENES["stone"]),
    }
    report, code = built(tmp_path, folder=folder(tmp_path / "spoiled", files))
    found = facts(report)
    assert code == 3
    assert (found["files"], found["listed"], found["decoded"]) == (4, 3, 2)
    assert [row["file"] for row in found["gap_files"]] == [2, 3]
    assert set(found["gaps"]) == {"decoder.died", DEATHS[word]}


REFUSED: dict[str, tuple[dict[str, Any], type[HeroesError], str]] = {
    "no folder": ({"folder": Path("/dev/null")}, UsageError, "is no folder"),
    "a kind of digests": ({"kind": "known-good"}, UsageError, "is not built from files"),
    "a code that is no number": ({"category": "A"}, UsageError, "is no whole number"),
    "a folder that is not there": ({"categories": {"nowhere": "1"}}, UsageError, "no file lies"),
    "a folder outside": ({"categories": {"../x": "1"}}, UsageError, "is no folder below"),
    "a region of two words": ({"region": "A B"}, UsageError, "a region is a word"),
    "a profile that is none": ({"profile": "nobody's"}, UsageError, "no category profile"),
    "a name for no manifest": (
        {"issuer": " X", "output": Path("/nonexistent/output")},
        HashSetError,
        "'publisher'",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_built_is_refused_and_leaves_nothing(case: str, tmp_path: Path) -> None:
    more, error, text = REFUSED[case]
    with pytest.raises(error, match=text):
        built(tmp_path, **more)
    assert not list(hashsets.list_sets())


def test_a_folder_without_pictures_gives_no_set(tmp_path: Path) -> None:
    with pytest.raises(HashSetError, match="no file of the folder can be listed") as caught:
        built(tmp_path, folder=folder(tmp_path / "texts", {"a.txt": b"a text"}))
    assert "--every-file" in caught.value.hint


@pytest.mark.parametrize("place", ["inside", "full", "link"])
def test_the_output_gets_a_folder_of_its_own(place: str, tmp_path: Path) -> None:
    made = reference(tmp_path)
    full = folder(tmp_path / "full", {"x": b"x"})
    link = tmp_path / "link"
    link.symlink_to(full)
    output = {"inside": made / "output", "full": full, "link": link}[place]
    with pytest.raises(UsageError, match=r"output|empty folder"):
        built(tmp_path, folder=made, output=output)
    assert not list(hashsets.list_sets())
    assert [path.name for path in full.iterdir()] == ["x"]


def test_the_command_line_offers_what_can_be_built() -> None:
    assert hashset_build._KINDS == set_building.KINDS  # noqa: SLF001 - a copy that is compared


@needs_media
def test_real_photographs_and_a_film_are_listed(tmp_path: Path) -> None:
    assert MEDIA is not None
    names = ("exif-DSCN0010.jpg", "exif-jolla.jpg", "imageio-chelsea.png", "imageio-cockatoo.mp4")
    files = {name: (MEDIA / name).read_bytes() for name in names}
    report, code = built(tmp_path, folder=folder(tmp_path / "real", files))
    found = facts(report)
    assert code == 0
    assert (found["listed"], found["gaps"]) == (4, {})
    assert found["values"]["phash-64"] == 3
    assert found["values"]["pdq"] > 3 * 15
    with Image.open(MEDIA / "exif-jolla.jpg") as picture:
        width, height = picture.size
        stream = io.BytesIO()
        picture.crop((round(width * 0.1), round(height * 0.1), width, height)).save(
            stream, "JPEG", quality=80
        )
    evidence = {"crop.jpg": stream.getvalue(), "film.mp4": files[names[3]] + b"\0"}
    scanned(tmp_path / "case", folder(tmp_path / "evidence", evidence), sets=("made",))
    assert len(list(views.findings(tmp_path / "case"))) == 2
