"""The laboratory's home: where keys and sets lie, and which ring of keys serves what."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from heroes_forensics.custody import keys
from heroes_forensics.model import JSON

CATALOGUE_RING: Final = "00000000-0000-4000-8000-000000000000"
"""Stands for the catalogue in the place of a case, in a home that has no laboratory yet."""


def home() -> Path:
    """Return the folder of keys and sets; see `keys.home_folder`."""
    return keys.home_folder()


def init(
    folder: Path,
    *,
    domain: str,
    organisation: str = "",
    passphrase: str | None = None,
    recovery: Sequence[str] = (),
) -> JSON:
    """Make the keys of a laboratory.

    Raises:
        UsageError: there are keys already, or an argument is malformed.
    """
    ring = keys.create_laboratory(
        folder, domain=domain, passphrase=passphrase, recovery=tuple(recovery)
    )
    return {
        "type": "laboratory",
        "home": str(folder),
        "domain": domain,
        "organisation": organisation,
        "vkey": ring.vkey,
        "recipients": [list(row) for row in ring.recipients],
        "protection": ring.protection,
    }


def catalogue_ring(folder: Path, passphrase: str | None = None) -> keys.KeyRing:
    """Return the ring whose set key protects hash sets: the laboratory's, else a local one."""
    if keys.protection(folder) is not None:
        return keys.load_ring(folder, passphrase=passphrase)
    if keys.protection(folder, CATALOGUE_RING) is None:
        return keys.create_case_ring(folder, CATALOGUE_RING)
    return keys.load_ring(folder, CATALOGUE_RING)
