"""The wheel works alone, in an empty environment and without any network."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from corpus import ROOT

pytestmark = pytest.mark.slow

ORDINARY = dict(os.environ)
"""As it was before the tests got a home of their own: pip finds its settings and its cache."""


def without_network() -> list[str]:
    """Return the command that takes the network away, or skip."""
    command = ["unshare", "-r", "-n"]
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed")
    if subprocess.run([*command, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine allows no network namespace")
    return command


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the offline archive, and install it where no network is."""
    folder = tmp_path_factory.mktemp("offline")
    alone = without_network()
    made = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "offline.py"), str(folder)],
        check=False,
        capture_output=True,
        text=True,
        env=ORDINARY,
    )
    if made.returncode and "No matching distribution" in made.stderr:
        pytest.skip("no package index can be reached")
    assert made.returncode == 0, made.stderr
    archive = Path(made.stdout.splitlines()[0])
    subprocess.run(["tar", "-xf", str(archive), "-C", str(folder)], check=True)
    script = folder / archive.stem / "install.sh"
    clean = {"PATH": ORDINARY["PATH"], "HOME": str(folder), "PYTHON": sys.executable}
    subprocess.run([*alone, "sh", str(script), str(folder / "alone")], check=True, env=clean)
    return folder / "alone"


def heroes(
    installed: Path, home: Path, *arguments: str, codes: tuple[int, ...] = (0,)
) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [*without_network(), str(installed / "bin" / "heroes"), *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=home,
        env={"PATH": os.defpath, "HOME": str(home), "HEROES_HOME": str(home / "heroes-home")},
    )
    assert result.returncode in codes, result.stdout + result.stderr
    return result


def test_nothing_of_the_development_came_along(installed: Path) -> None:
    listed = subprocess.run(
        [str(installed / "bin" / "python"), "-m", "pip", "list", "--format=json"],
        check=True,
        capture_output=True,
    ).stdout
    names = {row["name"].lower() for row in json.loads(listed)}
    assert "heroes-forensics" in names
    assert not names & {"pytest", "hypothesis", "ruff", "mypy", "hatchling"}


def test_help_version_and_self_test(installed: Path, tmp_path: Path) -> None:
    assert "scan" in heroes(installed, tmp_path, "--help").stdout
    heroes(installed, tmp_path, "selftest")


def test_the_demonstration_runs_and_leaves_a_report(installed: Path, tmp_path: Path) -> None:
    heroes(installed, tmp_path, "demo", "out")
    assert list((tmp_path / "out").rglob("report.html"))


def test_one_changed_byte_in_a_wheel_is_refused(installed: Path, tmp_path: Path) -> None:
    folder = next(path for path in installed.parent.iterdir() if (path / "install.sh").exists())
    copy = shutil.copytree(folder, tmp_path / "copy")
    wheel = min((copy / "wheels").iterdir())
    data = bytearray(wheel.read_bytes())
    data[len(data) // 2] ^= 1
    wheel.write_bytes(data)
    command = ["sh", str(copy / "install.sh"), str(tmp_path / "never")]
    assert subprocess.run(command, check=False, capture_output=True).returncode != 0
    assert not (tmp_path / "never").exists()
