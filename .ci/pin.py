"""Write constraints.txt: every package of the project and of its development, with hashes.

Run by ``make constraints`` with the interpreter of an environment that holds pip-tools. What the
project asks for is read from pyproject.toml, so nothing is stated twice. The file names packages,
versions and SHA-256 hashes, and no address of any index.
"""

import os
import subprocess
import sys
import tempfile
import tomllib
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

    return sorted({*project["project"]["dependencies"], *group("dev")})


def main() -> None:
    """Resolve and write; the old file is the starting point, so nothing moves without need."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "wanted.in")
        source.write_text("\n".join(wanted()) + "\n")
        result = Path(folder, "constraints.txt")
        if OUTPUT.exists() and "--upgrade" not in sys.argv[1:]:
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
        OUTPUT.write_text(HEAD + result.read_text())


if __name__ == "__main__":
    main()
