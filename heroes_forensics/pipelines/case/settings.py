"""Files that people write for this program: the laboratory's settings, what is stated of a case."""

from collections.abc import Collection
from pathlib import Path
from typing import Final

from heroes_forensics import config
from heroes_forensics.custody import outside
from heroes_forensics.display import shown
from heroes_forensics.errors import UsageError
from heroes_forensics.pipelines.case import laboratory

SETTINGS: Final = "laboratory.yaml"
"""In the laboratory's home, written by hand."""

SECTIONS: Final = ("hash_sets", "report", *outside.FIELDS)
"""Of the laboratory's settings; `trusting` reads the first, `details` the second, `laboratory` the
others, when it is made."""

_OTHERS_WRITE: Final = 0o022


def section(name: str) -> object:
    """Return a section of the laboratory's settings, an empty one where there is none.

    Raises:
        UsageError: they are no YAML, name something unknown, or others may write them.
    """
    what = f"the settings {SETTINGS} of the laboratory"
    return fields(table(laboratory.home() / SETTINGS, what), SECTIONS, what).get(name, {})


def signer() -> Path | None:
    """Return the laboratory's settings where they describe its signing key; None where not.

    Raises:
        UsageError: they are no YAML, name something unknown, or others may write them.
    """
    return laboratory.home() / SETTINGS if section("signer") else None


def table(path: Path, what: str) -> object:
    """Return what a file of settings holds; nothing when there is none.

    Args:
        path: of the file.
        what: how messages name it.

    Raises:
        UsageError: it is no YAML, or others may write it.
    """
    if not path.exists():
        return {}
    if path.stat().st_mode & _OTHERS_WRITE:
        raise UsageError(f"{what} can be written by others", hint="make it yours (chmod 600)")
    return config.read(config.file_bytes(path, what=what), what=what) or {}


def fields(body: object, known: Collection[str], what: str) -> dict[str, object]:
    """Return ``body`` if it is a table of fields that are known.

    Raises:
        UsageError: it is none, or has another field.
    """
    if not isinstance(body, dict):
        raise UsageError(f"{what}: this is no table of fields")
    for name in body:
        if name not in known:
            raise UsageError(
                f"{what} have a field that there is not: {shown(str(name), limit=64)}",
                hint="fields: " + ", ".join(sorted(known)),
            )
    return {str(name): value for name, value in body.items()}
