"""The bundled demonstration: generated evidence, made-up sets, and what a scan must find.

Everything under ``data/`` is written by ``fixtures/build.py`` from generated, benign pictures.
"""

from importlib.resources import files
from pathlib import Path
from typing import Final

IMAGE: Final = "demo.E01"
"""A GPT disk with an NTFS and an ext4 volume, acquisition MD5 and SHA-1 stored."""

CARD: Final = "demo-card.E01"
"""A memory card, one ext4 volume: pictures in free blocks, in archives, behind a password."""

BACKUP: Final = "demo-backup.ab"
"""A backup of a telephone that is encrypted with a password."""

KEYS: Final = "demo-keys.yaml"
"""The key file for it."""

NOTABLE: Final = "demo-notable.json"
"""A VICS 2.0 hash set; its series and categories are made up."""

KNOWN_GOOD: Final = "demo-known-good.txt"
"""A known-good list in the text form of NSRL RDS version 2."""

TRUTH: Final = "demo-truth.json"
"""What the image holds: every file with its digests and the match to expect; under ``depth`` what
of all three sources does not lie open, and what must stay closed."""


def path(name: str) -> Path:
    """Return where one of the files named above lies in the installed package.

    Raises:
        FileNotFoundError: the package was installed without it.
    """
    found = Path(str(files(__name__).joinpath("data", name)))
    if not found.is_file():
        raise FileNotFoundError(f"the bundled demonstration file {name} is missing")
    return found
