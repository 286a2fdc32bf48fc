"""The bundled demonstration: generated evidence, made-up sets, and what a scan must find.

Everything under ``data/`` is written by ``fixtures/build.py`` from generated, benign pictures.
"""

from importlib.resources import files
from pathlib import Path
from typing import Final

IMAGE: Final = "demo.E01"
"""A GPT disk with an NTFS and an ext4 volume, acquisition MD5 and SHA-1 stored."""

NOTABLE: Final = "demo-notable.json"
"""A VICS 2.0 hash set; its series and categories are made up."""

KNOWN_GOOD: Final = "demo-known-good.txt"
"""A known-good list in the text form of NSRL RDS version 2."""

TRUTH: Final = "demo-truth.json"
"""What the image holds: every file with its digests and the match to expect."""


def path(name: str) -> Path:
    """Return where one of the files named above lies in the installed package.

    Raises:
        FileNotFoundError: the package was installed without it.
    """
    found = Path(str(files(__name__).joinpath("data", name)))
    if not found.is_file():
        raise FileNotFoundError(f"the bundled demonstration file {name} is missing")
    return found
