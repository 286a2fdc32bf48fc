"""Secrets that open encrypted evidence, as a worker holds them; nothing ever shows their values."""

from collections.abc import Iterator
from typing import Final

from heroes_forensics.model import JSON

PASSWORD: Final = "password"  # noqa: S105 - a word of the key file
RECOVERY_PASSWORD: Final = "recovery_password"  # noqa: S105
STARTUP_KEY: Final = "startup_key"
KEY_FILE: Final = "key_file"
KINDS: Final = (PASSWORD, RECOVERY_PASSWORD, STARTUP_KEY, KEY_FILE)
"""Kinds of secrets; those of other sorts of encryption come to the end."""
FILES: Final = {STARTUP_KEY: 1 << 16, KEY_FILE: 8 << 20}
"""Kinds that lie in a file of their own, and its most bytes: 8 MiB is the limit of cryptsetup."""


class Secrets:
    """What was given to open encrypted sources; each is tried wherever its kind fits."""

    def __init__(self, found: list[tuple[str, bytes]] | None = None) -> None:
        self._found = found or []

    def __bool__(self) -> bool:
        """Say whether any was given."""
        return bool(self._found)

    def __repr__(self) -> str:
        """Say how many there are."""
        return f"<{len(self._found)} secrets>"

    def of(self, *kinds: str) -> Iterator[bytes]:
        """Yield those of some kinds."""
        yield from (value for each, value in self._found if each in kinds)

    def any_of(self, *kinds: str) -> bool:
        """Say whether there is one of some kinds."""
        return any(each in kinds for each, _ in self._found)

    @classmethod
    def from_json(cls, row: JSON) -> "Secrets":
        """Rebuild them: a list of kind and hexadecimal value under ``secrets``.

        Raises:
            KeyError: there is no such list.
            TypeError: it is no list.
            ValueError: a value is malformed.
        """
        rows = row["secrets"]
        if not isinstance(rows, list):
            raise TypeError("secrets are a list")
        return cls([(str(kind), bytes.fromhex(str(value))) for kind, value in rows])
