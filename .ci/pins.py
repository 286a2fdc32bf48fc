"""The pinned packages: ``pins.py compile`` writes constraints.txt, ``pins.py select NAME...`` cuts.

What the project asks for is read from pyproject.toml, so nothing is stated twice. The file names
packages, versions and SHA-256 hashes, and no address of any index. ``compile`` is run by
``make constraints`` with the interpreter of an environment that holds pip-tools; ``select`` needs
the standard library only.
"""

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "constraints.txt"
HEAD = "# Written by `make constraints`; not edited by hand. No address of an index stands here.\n"


def wanted() -> list[str]:
    """Return the requirements of the project, of its development, and of its build."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]

    def group(name: str) -> list[str]:
        rows: list[str] = []
        for row in groups[name]:
            rows += [row] if isinstance(row, str) else group(row["include-group"])
        return rows

    extras = [row for rows in project["project"]["optional-dependencies"].values() for row in rows]
    return sorted({*project["project"]["dependencies"], *extras, *group("dev")})


def canonical(name: str) -> str:
    """Return a package name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def blocks() -> dict[str, str]:
    """Return the text of each pin, hashes included, by canonical name."""
    text = OUTPUT.read_text()
    rows = re.findall(r"^[A-Za-z0-9].*\n(?: +.*\n)*", text, flags=re.MULTILINE)
    return {canonical(row.partition("==")[0]): row for row in rows}


def select(names: Iterable[str]) -> str:
    """Return the pins of ``names`` alone.

    Raises:
        KeyError: one of them is not pinned.
    """
    table = blocks()
    return "".join(table[canonical(name)] for name in names)


def compile_pins(*, upgrade: bool) -> None:
    """Resolve and write; the old file is the starting point, so nothing moves without need."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "wanted.in")
        source.write_text("\n".join(wanted()) + "\n")
        result = Path(folder, "constraints.txt")
        if OUTPUT.exists() and not upgrade:
            result.write_text(OUTPUT.read_text())
        options = "--quiet --generate-hashes --strip-extras --allow-unsafe --no-header"
        options += " --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-options"
        subprocess.run(
            [
                *(sys.executable, "-m", "piptools", "compile", *options.split()),
                *("--output-file", str(result), str(source)),
            ],
            check=True,
            cwd=folder,
            env={**os.environ, "CUSTOM_COMPILE_COMMAND": "make constraints"},
        )
        rows = [row for row in result.read_text().splitlines() if not row.startswith("#")]
        OUTPUT.write_text(HEAD + "\n".join(filter(None, rows)) + "\n")


def main() -> None:
    """Do what the first argument names."""
    match sys.argv[1:]:
        case ["compile", *rest]:
            compile_pins(upgrade="--upgrade" in rest)
        case ["select", *names]:
            sys.stdout.write(select(names))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
