"""constraints.txt pins everything, names no index, and the house files keep their promises."""

import os
import re
import subprocess
import sys
import tomllib

import pytest
from corpus import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

TEXT = (ROOT / "constraints.txt").read_text()
PINS = {
    canonicalize_name(name): Version(version)
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==(\S+) \\$", TEXT, re.MULTILINE)
}


def asked_for() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    rows = list(project["project"]["dependencies"]) + list(project["build-system"]["requires"])
    for group in project["dependency-groups"].values():
        rows += [row for row in group if isinstance(row, str)]
    return [Requirement(row) for row in rows]


@pytest.mark.parametrize("row", asked_for(), ids=str)
def test_what_the_project_asks_for_is_pinned_at_a_version_that_fits(row: Requirement) -> None:
    assert row.specifier.contains(PINS[canonicalize_name(row.name)])


def test_every_pin_has_a_hash_and_nothing_else_stands_there() -> None:
    line = re.compile(
        r"#.*|[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+ \\|    --hash=sha256:[0-9a-f]{64}(?: \\)?"
    )
    assert [row for row in TEXT.splitlines() if not line.fullmatch(row)] == []
    blocks = re.split(r"^(?=[A-Za-z0-9])", TEXT, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(PINS)
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in TEXT


def test_a_part_of_the_pins_keeps_its_hashes() -> None:
    cut = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "pins.py"), "select", "Click", "types_PyYAML"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert re.findall(r"^(\S+)==", cut, re.MULTILINE) == ["click", "types-pyyaml"]
    assert cut.count("--hash=sha256:") >= 2
    assert set(cut.splitlines()) <= set(TEXT.splitlines())


def test_the_environment_of_the_tests_is_the_pinned_one() -> None:
    if os.environ.get("CI") is None:
        pytest.skip("only CI promises that nothing was installed by hand")
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = {
        canonicalize_name(name): Version(version)
        for name, version in re.findall(r"^(\S+)==(\S+)$", listed, re.MULTILINE)
    }
    foreign = set(found) - set(PINS) - {"pip", "setuptools", "heroes-forensics"}
    assert foreign == set()
    assert {name: found[name] for name in PINS if name in found} == {
        name: version for name, version in PINS.items() if name in found
    }
