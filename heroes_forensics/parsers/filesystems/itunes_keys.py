"""Encrypted backups of iTunes and Finder: from the password to the key of each file.

The key bag in ``Manifest.plist`` is a run of fields, each a name of four letters, its length (big
endian) and its value. The password opens it by PBKDF2 (since iOS 10.2 twice: SHA-256, then SHA-1);
the keys of its classes are wrapped as RFC 3394 has it. With the key of its class each file has a
key of its own, with which AES-256-CBC encrypted it; the manifest is encrypted likewise. Described
by A. Belenko and D. Sklyarov (2011) and by the authors of iphone-dataprotection.
"""

import hashlib
from typing import Any, Final

from heroes_forensics.parsers.decryption import BLOCK, cbc, unwrapped
from heroes_forensics.parsers.secrets import PASSWORD, Secrets

_HEAD: Final = 8
_MOST_ROUNDS: Final = 50_000_000
"""Apple writes 10,000,000 and 10,000."""
_WITH_PASSWORD: Final = 2
_CLASS: Final = 4


class FileKeys:
    """Keys of the classes of one backup."""

    def __init__(self, classes: dict[int, bytes]) -> None:
        self._classes = classes

    def of(self, wrapped: bytes) -> bytes | None:
        """Return the key that a class (4 bytes, little endian) and a wrapped key stand for."""
        wrapping = self._classes.get(int.from_bytes(wrapped[:_CLASS], "little"))
        return None if wrapping is None else unwrapped(wrapping, wrapped[_CLASS:])


def opened(facts: dict[str, Any], secrets: Secrets) -> FileKeys | None:
    """Return the keys that a password opens; None when none that was given does.

    Args:
        facts: ``Manifest.plist``.
        secrets: what was given.
    """
    bag = facts.get("BackupKeyBag")
    if not isinstance(bag, bytes):
        return None
    head, classes = _fields(bag)
    salt, rounds = head.get(b"SALT", b""), _number(head.get(b"ITER"))
    before, more = head.get(b"DPSL"), _number(head.get(b"DPIC"))
    if not salt or not 0 < rounds <= _MOST_ROUNDS or more > _MOST_ROUNDS:
        return None
    for password in secrets.of(PASSWORD):
        key = password
        if before and more:
            key = hashlib.pbkdf2_hmac("sha256", key, before, more, 32)
        key = hashlib.pbkdf2_hmac("sha1", key, salt, rounds, 32)
        found = {
            _number(each[b"CLAS"]): clear
            for each in classes
            if _number(each.get(b"WRAP")) & _WITH_PASSWORD
            and (clear := unwrapped(key, each.get(b"WPKY", b""))) is not None
        }
        if found:
            return FileKeys(found)
    return None


def manifest_of(facts: dict[str, Any], keys: FileKeys, data: bytes) -> bytes:
    """Decrypt ``Manifest.db``; it is returned as it is where it is not encrypted."""
    wrapped = facts.get("ManifestKey")
    if not isinstance(wrapped, bytes):
        return data
    key = keys.of(wrapped)
    return data if key is None else cbc(key, bytes(BLOCK), data[: len(data) // BLOCK * BLOCK])


def _fields(bag: bytes) -> tuple[dict[bytes, bytes], list[dict[bytes, bytes]]]:
    """Return the fields of the bag itself, and those of each class."""
    head: dict[bytes, bytes] = {}
    classes: list[dict[bytes, bytes]] = []
    at = 0
    while at + _HEAD <= len(bag):
        name, length = bag[at : at + 4], int.from_bytes(bag[at + 4 : at + _HEAD], "big")
        value = bag[at + _HEAD : at + _HEAD + length]
        at += _HEAD + length
        if name == b"UUID" and name in head:
            classes.append({})
        (classes[-1] if classes else head)[name] = value
    return head, [each for each in classes if b"CLAS" in each]


def _number(value: bytes | None) -> int:
    return int.from_bytes(value[:8], "big") if value else 0
