"""Secrets that open encrypted evidence, as a worker holds them; nothing ever shows their values."""

from collections.abc import Iterator
from typing import Final

from heroes_forensics.model import JSON

PASSWORD: Final = "password"  # noqa: S105 - a word of the key file
RECOVERY_PASSWORD: Final = "recovery_password"  # noqa: S105
KINDS: Final = (PASSWORD, RECOVERY_PASSWORD)
"""Kinds of secrets; those of other sorts of encryption come to the end."""


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

    def of(self, kind: str) -> Iterator[bytes]:
        """Yield those of a kind."""
        yield from (value for each, value in self._found if each == kind)

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
