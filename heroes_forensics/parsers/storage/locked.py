"""Why an encrypted volume stays closed: one list of reasons for every kind of encryption."""

from typing import Final

from heroes_forensics.model import Gap

REASONS: Final = {
    "none": "no secret of a kind that could open it was given: name one in a key file (--key-file)",
    "secrets": "no secret that was given opens it",
    "damaged": "its header is damaged or cut off",
    "unreadable": "it could not be read",
    "kind": "its header is of a kind that is not read",
    "cipher": "its cipher is not supported",
    "memory": "deriving its key takes more memory than a worker has",
    "time": "deriving its key takes longer than the limit",
    "system": "what encrypted it is not opened by this version",
    "twice": "it lies within another encrypted volume that was opened",
}
"""By a word that travels with `LockedError`."""


class LockedError(OSError):
    """A volume that was not opened; ``word`` is a key of `REASONS`."""

    def __init__(self, word: str) -> None:
        super().__init__(f"the volume was not opened: {REASONS[word]}")
        self.word = word


def gap(where: str, system: str, word: str) -> Gap:
    """Return the gap of an encrypted volume, with the reason that ``word`` stands for."""
    return Gap(where, "volume.encrypted", {"system": system, "why": REASONS[word]})
