"""LUKS volumes that a password or a key file opens: from the password to the clear bytes.

A password gives the key of a slot, the slot's place holds the key of the volume split into
thousands of parts, and the header holds a digest by which the right one is known. A key file of
cryptsetup is a password of any bytes, taken as they are. What a header asks for is hostile: it is
reckoned before it is done, and beyond what one worker may spend it is left and said.
"""

import hashlib
import hmac
from collections.abc import Iterator
from typing import Final

from cryptography.hazmat.primitives.kdf.argon2 import Argon2i, Argon2id

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.reading.readers import RangeReader
from heroes_forensics.parsers.secrets import KEY_FILE, PASSWORD, Secrets
from heroes_forensics.parsers.sectors import COUNTED, SectorCipher, SectorReader
from heroes_forensics.parsers.storage.locked import LockedError
from heroes_forensics.parsers.storage.luks_header import (
    Derivation,
    Header,
    HeaderError,
    Slot,
    read_header,
)

ROUNDS_A_SECOND: Final = 1_000_000
"""Rounds of PBKDF2 that a slow core does, for each block of the digest."""
KIBIBYTES_A_SECOND: Final = 1 << 20
"""Memory that Argon2 goes through once."""
MOST_SECONDS: Final = 60
"""One derivation as reckoned by these: a worker that is quiet for longer is taken for hanging."""
ALL_SECONDS: Final = 900
"""All derivations for one volume."""
MOST_KIBIBYTES: Final = 4 << 20
"""What cryptsetup allows Argon2; a worker has less, and is refused it before the work begins."""
_MOST_LANES: Final = 64


def opened(inner: Reader, secrets: Secrets) -> SectorReader:
    """Open a volume with the first password or key file that fits.

    Args:
        inner: the volume.
        secrets: what was given.

    Raises:
        LockedError: none fits, or it is damaged or of a kind that is not read.
        OSError: it cannot be read.
    """
    try:
        header = read_header(inner)
    except HeaderError as error:
        raise LockedError(error.reason) from error
    key = _key(inner, header, secrets)
    try:
        cipher = SectorCipher(header.cipher, key, header.sector, header.first)
    except ValueError as error:
        raise LockedError("cipher") from error
    left = max(0, inner.size - header.offset)
    size = left if header.size < 0 else min(header.size, left)
    return SectorReader(RangeReader(inner, header.offset, size), cipher)


def _key(inner: Reader, header: Header, secrets: Secrets) -> bytes:
    """Return the key of the volume.

    Raises:
        LockedError: no password gives it, or none that was worth its price.
    """
    slots, left_out = _affordable(header)
    spent = 0.0
    for password in secrets.of(PASSWORD, KEY_FILE):
        for slot in slots:
            spent += _seconds(slot.derivation, slot.key_size)
            spent += _seconds(header.check, len(header.digest))
            if spent > ALL_SECONDS:
                raise LockedError("time")
            try:
                key = _tried(inner, header, slot, password)
            except LockedError as error:
                left_out = error.word
                continue
            if key is not None:
                return key
    raise LockedError(left_out or "secrets")


def _affordable(header: Header) -> tuple[list[Slot], str]:
    """Return the slots that can be tried, and why others cannot."""
    slots: list[Slot] = []
    why = "kind" if header.skipped else ""
    if _refused(header.check, len(header.digest)):
        return [], "time"
    for slot in header.slots:
        refused = _refused(slot.derivation, slot.key_size)
        if refused:
            why = refused
        elif not _takes(slot.cipher, slot.key_size):
            why = "cipher"
        else:
            slots.append(slot)
    return slots, why


def _takes(cipher: str, size: int) -> bool:
    try:
        SectorCipher(cipher, bytes(size))
    except ValueError:
        return False
    return True


def _refused(derivation: Derivation, size: int) -> str:
    """Return why a derivation is not done; empty when it is."""
    if derivation.memory > MOST_KIBIBYTES:
        return "memory"
    if derivation.lanes > _MOST_LANES or _seconds(derivation, size) > MOST_SECONDS:
        return "time"
    return ""


def _seconds(derivation: Derivation, size: int) -> float:
    """Reckon what a derivation takes; the same on every machine, so that runs are alike."""
    if derivation.kind == "pbkdf2":
        blocks = -(-size // hashlib.new(derivation.digest).digest_size)
        return derivation.rounds * blocks / ROUNDS_A_SECOND
    return derivation.rounds * derivation.memory / KIBIBYTES_A_SECOND


def _tried(inner: Reader, header: Header, slot: Slot, password: bytes) -> bytes | None:
    """Return the key of the volume when this password opens this slot."""
    made = _derived(slot.derivation, password, slot.key_size)
    # Read anew each time: reads tell the supervisor that this worker is alive.
    length = header.key_size * slot.stripes
    place = RangeReader(inner, slot.offset, -(-length // COUNTED) * COUNTED)
    split = SectorReader(place, SectorCipher(slot.cipher, made)).pread(0, length)
    if len(split) < length:
        return None
    key = merged(split, header.key_size, slot.digest)
    check = _derived(header.check, key, len(header.digest))
    return key if hmac.compare_digest(check, header.digest) else None


def _derived(derivation: Derivation, secret: bytes, size: int) -> bytes:
    """Derive a key of so many bytes.

    Raises:
        LockedError: there is not the memory for it.
    """
    if derivation.kind == "pbkdf2":
        return hashlib.pbkdf2_hmac(
            derivation.digest, secret, derivation.salt, derivation.rounds, size
        )
    kind = Argon2i if derivation.kind == "argon2i" else Argon2id
    try:
        return kind(
            salt=derivation.salt,
            length=size,
            iterations=derivation.rounds,
            lanes=derivation.lanes,
            memory_cost=derivation.memory,
        ).derive(secret)
    except MemoryError as error:
        raise LockedError("memory") from error
    except (
        ValueError,
        OverflowError,
    ) as error:  # a salt too short, less memory than eight blocks a lane
        raise LockedError("damaged") from error


def merged(split: bytes, size: int, digest: str) -> bytes:
    """Merge the parts that a key of ``size`` bytes was split into (specification of LUKS1, 2.4)."""
    parts = [split[at : at + size] for at in range(0, len(split), size)]
    held = bytes(size)
    for part in parts[:-1]:
        held = _diffused(_mixed(held, part), digest)
    return _mixed(held, parts[-1])


def _mixed(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(len(one), "big")


def _diffused(data: bytes, digest: str) -> bytes:
    return b"".join(_blocks(data, digest))


def _blocks(data: bytes, name: str) -> Iterator[bytes]:
    step = hashlib.new(name).digest_size
    for number, at in enumerate(range(0, len(data), step)):
        piece = data[at : at + step]
        made = hashlib.new(name, number.to_bytes(4, "big") + piece)
        yield made.digest()[: len(piece)]
