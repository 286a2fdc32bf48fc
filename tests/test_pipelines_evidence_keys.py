"""Key files: what they hold reaches the workers, opens evidence, and is found nowhere else."""

import io
import json
import os
import subprocess
import tarfile
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from android_backup import adb
from batches import begun
from batches import written as manifest_of
from jsonschema import Draft202012Validator
from scans import Noted, scanned

from heroes_forensics.errors import UsageError
from heroes_forensics.parsers.secrets import FILES, KEY_FILE, KINDS, PASSWORD, Secrets
from heroes_forensics.parsers.storage.locked import REASONS
from heroes_forensics.pipelines.batches import manifest
from heroes_forensics.pipelines.checks import views
from heroes_forensics.pipelines.evidence import evidence_keys

SECRET = "Quibbling-Marmalade-77"  # noqa: S105 - of this test
FORMS = (
    SECRET.encode(),
    SECRET.encode().hex().encode(),
    SECRET.encode("utf-16-le"),
    b64encode(SECRET.encode()),
)
SOUND = f'format: heroes-keys/1\nsecrets:\n  - password: "{SECRET}"\n'


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "keys.yaml"
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return path


def test_what_a_file_holds_goes_through_a_descriptor(tmp_path: Path) -> None:
    given = evidence_keys.load([written(tmp_path, SOUND)])
    assert given.kinds() == {"password": 1}
    assert SECRET not in repr(given)
    with given.descriptor() as held:
        with pytest.raises(PermissionError):
            os.pwrite(held, b"x", 0)
        secrets = Secrets.from_json(json.loads(os.pread(held, 10_000, 0)))
    assert list(secrets.of(PASSWORD)) == [SECRET.encode()]
    assert SECRET not in repr(secrets)


def test_the_schema_is_that_of_the_reader() -> None:
    validator = Draft202012Validator(evidence_keys.SCHEMA)
    Draft202012Validator.check_schema(evidence_keys.SCHEMA)
    for kind in KINDS:
        validator.validate({"format": evidence_keys.FORMAT, "secrets": [{kind: "x"}]})
    assert not validator.is_valid({"format": evidence_keys.FORMAT, "secrets": []})
    assert not validator.is_valid({"format": evidence_keys.FORMAT, "secrets": [{SECRET: "x"}]})


REFUSED = {
    "no YAML": f"secrets: [{SECRET}",
    "a name twice": f"format: heroes-keys/1\n{SECRET}: a\n{SECRET}: b\n",
    "another format": f"format: heroes-keys/2\nsecrets: [{{password: {SECRET}}}]\n",
    "more fields": f"{SOUND}{SECRET}: x\n",
    "no list": f"format: heroes-keys/1\nsecrets: {SECRET}\n",
    "no object": f"format: heroes-keys/1\nsecrets: [{SECRET}]\n",
    "an unknown kind": f"format: heroes-keys/1\nsecrets: [{{{SECRET}: x}}]\n",
    "two kinds in one": f"format: heroes-keys/1\nsecrets: [{{password: {SECRET}, b: c}}]\n",
    "empty": 'format: heroes-keys/1\nsecrets: [{password: ""}]\n',
    "a list as a secret": f"format: heroes-keys/1\nsecrets: [{{password: [{SECRET}]}}]\n",
    "a tag": f"format: heroes-keys/1\nsecrets: !!python/object:{SECRET} x\n",
    "nothing": "",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_a_refusal_names_the_file_and_nothing_in_it(text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        evidence_keys.load([written(tmp_path, text)])
    assert "keys.yaml" in str(refused.value)
    assert refused.value.hint
    assert SECRET not in f"{refused.value}{refused.value.hint}{refused.value.__cause__!r}"
    assert "\n" not in str(refused.value)


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="open to others"):
        evidence_keys.load([written(tmp_path, SOUND, 0o640)])
    with pytest.raises(UsageError, match="missing"):
        evidence_keys.load([tmp_path / "none.yaml"])


def backup() -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as made:
        info = tarfile.TarInfo("apps/a/f/picture")
        info.size = 4000
        made.addfile(info, io.BytesIO(b"p" * 4000))
    return adb(archive.getvalue(), SECRET.encode())


def test_an_encrypted_backup_is_examined_and_its_password_is_nowhere(tmp_path: Path) -> None:
    source = tmp_path / "backup.ab"
    source.write_bytes(backup())
    keys = written(tmp_path, SOUND)
    watch = Noted()
    result = scanned(tmp_path / "case", source, watch=watch, key_files=(keys,), perceptual=False)
    assert result.counts["digested"] == 1
    assert (result.unexpected_gaps, result.exit_code) == (0, 0)
    config = next((tmp_path / "case/custody").rglob("config.yaml"))
    assert json.loads(config.read_bytes())["keys"] == {"password": 1}
    places = [tmp_path / "case", Path(os.environ["HEROES_HOME"])]
    files = [path for place in places for path in place.rglob("*") if path.is_file()]
    assert len(files) > 10
    for form in FORMS:
        assert [path for path in files if form in path.read_bytes()] == []
    assert SECRET.encode() in keys.read_bytes()
    assert SECRET not in repr(watch.notes)


def test_a_secret_that_is_a_file_is_named_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick/disk.key").write_bytes(b"\0\xff\n")
    text = "format: heroes-keys/1\nsecrets:\n  - key_file: stick/disk.key\n"
    given = evidence_keys.load([written(tmp_path, text)])
    with given.descriptor() as held:
        secrets = Secrets.from_json(json.loads(os.pread(held, 10_000, 0)))
    assert list(secrets.of(KEY_FILE)) == [b"\0\xff\n"]
    assert given.kinds() == {"key_file": 1}


@pytest.mark.parametrize("what", ["absent", "empty", "too long", "a folder", "a pipe", "no path"])
@pytest.mark.parametrize("kind", FILES)
def test_a_secret_that_is_no_file_is_refused(what: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / SECRET
    if what == "a folder":
        path.mkdir()
    elif what == "a pipe":
        os.mkfifo(path)
    elif what in {"empty", "too long"}:
        path.touch()
        os.truncate(path, FILES[kind] + 1 if what == "too long" else 0)
    name = f"{SECRET}\\0" if what == "no path" else SECRET
    text = f'format: heroes-keys/1\nsecrets: [{{{kind}: "{name}"}}]\n'
    with pytest.raises(UsageError, match=r"keys\.yaml: secret 1") as refused:
        evidence_keys.load([written(tmp_path, text)])
    assert SECRET not in f"{refused.value}{refused.value.hint}"


def processes() -> bytes:
    """Return what anybody can read of the processes of this account: how each was started."""
    found = []
    for name in ("cmdline", "environ"):
        for path in Path("/proc").glob(f"[0-9]*/{name}"):
            try:
                found.append(path.read_bytes())
            except OSError:  # it ended, or is another's
                continue
    return b"\n".join(found)


def test_a_batch_opens_each_exhibit_with_its_keys_and_they_are_nowhere(
    tool: Callable[[str], str], tmp_path: Path
) -> None:
    exhibits: list[dict[str, object]] = []
    for label, text in (("E-1", SOUND), ("E-2", SOUND.replace("77", "78"))):
        seized = tmp_path / label / "seized"
        seized.mkdir(parents=True)
        (seized / "picture").write_bytes(b"q" * 3000)
        for kind in ("-tzip", "-t7z"):
            command = [tool("7z"), "a", kind, f"-p{SECRET}", f"archive{kind}", "picture"]
            subprocess.run(command, cwd=seized, check=True, capture_output=True)
        (tmp_path / label / "backup.ab").write_bytes(backup())
        written(tmp_path / label, text)
        of_source = {"path": f"{label}/backup.ab", "key_file": f"{label}/keys.yaml"}
        exhibits.append({"label": label, "sources": [of_source, f"{label}/seized"]})
    batch = manifest_of(tmp_path, exhibits, no_perceptual=True)
    seen = b""
    with begun(batch) as process:
        while process.poll() is None:
            seen += processes()
            time.sleep(0.05)
            assert len(seen) < 1 << 30
        said = b"".join(process.communicate())
    rows = {row.get("exhibit"): row for row in map(json.loads, said.splitlines())}
    assert (rows["E-1"]["exit_code"], rows["E-2"]["exit_code"]) == (0, 3)
    gaps = list(views.gaps(tmp_path / "cases/E-2"))
    assert sum(gap["code"] == "volume.encrypted" for gap in gaps) == 1
    assert any(REASONS["secrets"] in json.dumps(gap) for gap in gaps)
    assert sum(gap["code"] == "stream.encrypted" for gap in gaps) == 2
    assert b"E-1/keys.yaml" in seen, "the search sees the scans of the batch"
    places = [tmp_path, Path(os.environ["HEROES_HOME"])]
    files = [path for place in places for path in place.rglob("*") if path.is_file()]
    for form in FORMS:
        assert [path.name for path in files if form in path.read_bytes()] in ([], ["keys.yaml"])
        assert form not in said + seen


def test_a_manifest_names_key_files_beside_itself(tmp_path: Path) -> None:
    text = (
        "key_file: all.yaml\nexhibits:\n- label: E-1\n  sources:\n"
        "  - path: a\n    key_file: a.yaml\n  - b\n"
        "- label: E-2\n  key_file: two.yaml\n  sources: [c]\n"
    )
    (tmp_path / "batch.yaml").write_text(text)
    first, second = manifest.load(tmp_path / "batch.yaml").exhibits
    assert first.key_files == (str(tmp_path / "all.yaml"), str(tmp_path / "a.yaml"))
    assert second.key_files == (str(tmp_path / "two.yaml"),)
