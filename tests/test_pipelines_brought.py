"""What is brought and held against a record: hash sets, a disclosure, this installation."""

import base64
import hashlib
import shutil
import tomllib
from pathlib import Path
from typing import Any

import custody_bundle
import pytest
from corpus import ROOT
from custody_case import World
from custody_forging import Forger
from scans import KNOWN_GOOD, NOTABLE

from heroes_forensics import cli
from heroes_forensics.pipelines.case import environment, installed
from heroes_forensics.pipelines.checks import brought, verifying


def heroes(*arguments: object) -> int:
    return cli.run([str(each) for each in arguments])


def codes(world: World, bundle: Path, **outside: Any) -> set[str]:  # noqa: ANN401 - of `verify`
    found = verifying.verify(bundle, trusted=[world.vkey], roots=world.roots, **outside)
    problems: Any = found["problems"]
    return {row["code"] for row in problems}


@pytest.fixture
def forger(custody_world: World, tmp_path: Path) -> Forger:
    root = Path(shutil.copytree(custody_world.bundle, tmp_path / "bundle"))
    return Forger(root, custody_world.signer, custody_world.people)


def test_what_a_record_rests_on_agrees(custody_world: World) -> None:
    sets = [str(NOTABLE), f"demo-known-good={KNOWN_GOOD}"]
    given = {"hashsets": sets, "disclosures": [custody_world.disclosed], "installation": True}
    assert codes(custody_world, custody_world.bundle, **given) == set()


def test_a_disclosure_of_another_record_is_foreign(custody_world: World, tmp_path: Path) -> None:
    custody_bundle.scanned(tmp_path / "other")
    given: dict[str, Any] = {
        "trusted": [custody_bundle.LAB],
        "disclosures": [custody_world.disclosed],
    }
    found = verifying.verify(tmp_path / "other", **given)
    problems: Any = found["problems"]
    assert {row["code"] for row in problems} == {"disclosure-foreign", "unknown-signer"}
    assert found["exit_code"] == 6


def test_a_disclosure_of_a_history_that_was_written_anew_is_found(
    custody_world: World, forger: Forger
) -> None:
    forger.change("authority.recorded", lambda event: event["body"].update(scope_text="one phone"))
    found = codes(custody_world, forger.root, disclosures=[custody_world.disclosed])
    assert found == {"disclosure-foreign"}


def test_another_version_is_only_said(custody_world: World, forger: Forger) -> None:
    forger.change("environment.recorded", lambda event: event["body"].update(program_version="9"))
    assert codes(custody_world, forger.root, installation=True) == {"environment-unchecked"}


@pytest.mark.parametrize("change", [{"python": "3.9.1"}, {"os": "Linux 6 riscv64"}])
def test_another_python_or_machine_has_other_files_by_right(
    change: dict[str, str], custody_world: World, forger: Forger
) -> None:
    changed = {"packages_sha256": "5a" * 32, **change}
    forger.change("environment.recorded", lambda event: event["body"].update(changed))
    assert codes(custody_world, forger.root, installation=True) == {"environment-unchecked"}


def library(folder: Path, name: str, **files: bytes) -> None:
    """Install a library of one module a file, with its list."""
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    rows = [f"{info.name}/RECORD,,", "../../bin/program,sha256=AAAA,1", ""]
    for module, data in files.items():
        (folder / f"{module}.py").write_bytes(data)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        rows.append(f"{module}.py,sha256={digest},{len(data)}")
    (info / "RECORD").write_text("\n".join(rows))


def test_an_altered_library_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, custody_world: World
) -> None:
    library(tmp_path, "heroes-test-one", one=b"1", shared=b"first")
    library(tmp_path, "heroes-test-two", shared=b"second")
    monkeypatch.syspath_prepend(tmp_path)
    names = ["heroes-test-one", "heroes-test-two", "heroes-test-absent"]
    assert [installed.version(name) for name in names] == ["1.0", "1.0", installed.ABSENT]
    versions = [(name, installed.version(name)) for name in names]
    before = installed.packages_sha256(versions)
    assert list(installed.altered(names)) == []  # the second overwrote a file of the first
    (tmp_path / "one.py").write_bytes(b"2")
    assert list(installed.altered(names)) == ["heroes-test-one"]
    assert installed.packages_sha256(versions) == before  # it is the list that is digested
    (tmp_path / "one.py").unlink()
    assert list(installed.altered(names)) == ["heroes-test-one"]
    monkeypatch.setattr(environment, "libraries", lambda: tuple(names))
    found = [problem.code for problem in brought.installation(custody_world.bundle)]
    assert found == ["environment-mismatch", "environment-unchecked"]


def test_every_library_is_recorded() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = [row.partition(">")[0].replace(".", "-") for row in project["dependencies"]]
    assert sorted(names) == list(environment.libraries())
    assert len(names) > 20


def test_what_cannot_be_read_is_a_wrong_request(custody_world: World, tmp_path: Path) -> None:
    for option, path in (
        ("--hashset", tmp_path / "missing"),
        ("--hashset", tmp_path),
        ("--disclosure", tmp_path / "missing"),
        ("--disclosure", "/dev/zero"),
    ):
        assert heroes("verify", custody_world.bundle, option, path) == 2
    (tmp_path / "notes").mkdir()
    shutil.copy(custody_world.bundle / "MANIFEST.sha256", tmp_path / "notes")
    assert heroes("verify", tmp_path / "notes", "--hashset", NOTABLE) == 2
