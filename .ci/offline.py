"""Make one archive that installs without network: wheels, their hashes, an install script.

Run by ``make offline`` inside the development environment. What goes in are the packages that
running needs, at the versions and hashes of constraints.txt; the hashes in the archive are those
of the wheels in it. The wheels fit the Python version and the machine that made the archive, which
is why its name says both.
"""

import hashlib
import importlib.metadata
import platform
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import pins
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PROJECT = "heroes-forensics"

INSTALL = """\
#!/bin/sh
# Installs heroes-forensics from this folder alone: sh install.sh [FOLDER] (default ./heroes).
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
target="${1:-heroes}"
(cd "$here" && sha256sum --check --quiet SHA256SUMS)
"${PYTHON:-python3}" -m venv "$target"
"$target/bin/python" -m pip --disable-pip-version-check --isolated install --quiet --no-index \\
    --find-links "$here/wheels" --only-binary :all: --require-hashes -r "$here/requirements.txt"
echo "installed: $target/bin/heroes"
"""


def closure(name: str) -> set[str]:
    """Return ``name`` and all it needs at run time, by what is installed here."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        name = pins.canonical(waiting.pop())
        if name in found:
            continue
        found.add(name)
        for text in importlib.metadata.requires(name) or ():
            row = Requirement(text)
            if row.marker is None or row.marker.evaluate({"extra": ""}):
                waiting.append(row.name)
    return found


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    subprocess.run(command, check=True, cwd=ROOT)


def collect(folder: Path) -> None:
    """Fill ``folder`` with what the archive holds.

    Raises:
        subprocess.CalledProcessError: a package could not be fetched or built.
    """
    wheels = folder / "wheels"
    wanted = folder / "requirements.txt"
    wanted.write_text(pins.select(sorted(closure(PROJECT) - {PROJECT})))
    build = ("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels))
    only = ("--only-binary", ":all:", "--no-binary", "dtfabric")
    _pip(*build, *only, "--require-hashes", "--requirement", str(wanted))
    _pip(*build, "--no-index", str(ROOT))
    rows = []
    for wheel in sorted(wheels.iterdir()):
        name, version = wheel.name.split("-")[:2]
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        rows.append(f"{name}=={version} --hash=sha256:{digest}\n")
    wanted.write_text("".join(rows))
    (folder / "install.sh").write_text(INSTALL)
    (folder / "SHA256SUMS").write_text(
        "".join(
            f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}\n"
            for path in [folder / "install.sh", wanted, *sorted(wheels.iterdir())]
        )
    )


def main() -> None:
    """Write the archive into the folder named, or ``dist``, and print its path and digest."""
    target = Path(sys.argv[1]) if sys.argv[1:] else ROOT / "dist"
    target.mkdir(parents=True, exist_ok=True)
    version = importlib.metadata.version(PROJECT)
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    stem = f"heroes-offline-{version}-{python}-{sys.platform}-{platform.machine()}"
    archive = target / f"{stem}.tar"
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work, stem)
        folder.mkdir()
        collect(folder)
        with tarfile.open(archive, "w") as tar:
            tar.add(folder, stem)
    print(archive)
    print(f"sha256 {hashlib.sha256(archive.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
