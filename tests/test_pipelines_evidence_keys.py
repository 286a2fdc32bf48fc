"""Key files: what they hold reaches the workers, opens evidence, and is found nowhere else."""

import io
import json
import os
import tarfile
from pathlib import Path

import pytest
from android_backup import adb
from jsonschema import Draft202012Validator
from scans import Noted, scanned

from heroes_forensics.errors import UsageError
from heroes_forensics.parsers.secrets import KINDS, PASSWORD, Secrets
from heroes_forensics.pipelines.batches import manifest
from heroes_forensics.pipelines.evidence import evidence_keys

SECRET = "Quibbling-Marmalade-77"  # noqa: S105 - of this test
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


def test_an_encrypted_backup_is_examined_and_its_password_is_nowhere(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as made:
        info = tarfile.TarInfo("apps/a/f/picture")
        info.size = 4000
        made.addfile(info, io.BytesIO(b"p" * 4000))
    source = tmp_path / "backup.ab"
    source.write_bytes(adb(archive.getvalue(), SECRET.encode()))
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
    for form in (SECRET.encode(), SECRET.encode().hex().encode()):
        assert [path for path in files if form in path.read_bytes()] == []
    assert SECRET.encode() in keys.read_bytes()
    assert SECRET not in repr(watch.notes)


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
