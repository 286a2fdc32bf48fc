"""A volume of BitLocker To Go with a password, for the tests.

Written after "BitLocker Drive Encryption (BDE) format specification" of libbde. It shares nothing
with the reader, which is libbde itself.
"""

import hashlib
import struct
import zlib
from uuid import UUID

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

SECTOR = 512
METADATA = (4 << 20, 5 << 20, 6 << 20)
MOVED = 4608 << 10
"""Where the first sectors of the volume lie, encrypted; in their place is the discovery volume."""
HEADER = 512 << 10
IDENTIFIER = UUID("4967d63b-2e29-4ad8-8399-f6a339e3d001").bytes_le
AES_CBC_128 = 0x8002
STRETCH, WITH_PASSWORD = 0x1000, 0x2000
ROUNDS = 0x100000
MADE = 132_000_000_000_000_000
FVEK, MASTER, SALT = bytes(range(16)), bytes(range(32, 64)), b"salt of 16 bytes"


def entry(kind: int, value: int, data: bytes) -> bytes:
    """Return an entry of the metadata."""
    return struct.pack("<4H", 8 + len(data), kind, value, 1) + data


def wrapped(key: bytes, method: int, held: bytes, count: int) -> bytes:
    """Return a key within AES-CCM: nonce, checksum, what is sealed."""
    nonce = struct.pack("<QI", MADE, count)
    plain = entry(0, 1, struct.pack("<I", method) + held)
    sealed = AESCCM(key, tag_length=16).encrypt(nonce, plain, None)
    return nonce + sealed[-16:] + sealed[:-16]


def stretched(password: str) -> bytes:
    """Return the key that a password gives."""
    first = hashlib.sha256(hashlib.sha256(password.encode("utf-16-le")).digest()).digest()
    last = bytes(32)
    for count in range(ROUNDS):
        last = hashlib.sha256(last + first + SALT + count.to_bytes(8, "little")).digest()
    return last


def encrypted(data: bytes, at: int) -> bytes:
    """Return sectors as they lie at ``at`` (bytes) of the volume."""
    engine = Cipher(algorithms.AES(FVEK), modes.ECB()).encryptor()  # noqa: S305 - CBC by hand
    blocks = np.frombuffer(data, np.uint8).reshape(-1, SECTOR // 16, 16)
    places = (at + start for start in range(0, len(data), SECTOR))
    last = engine.update(b"".join(place.to_bytes(16, "little") for place in places))
    out = np.empty_like(blocks)
    for number in range(SECTOR // 16):  # all sectors at once, block by block
        chained = blocks[:, number] ^ np.frombuffer(last, np.uint8).reshape(-1, 16)
        last = engine.update(chained.tobytes())
        out[:, number] = np.frombuffer(last, np.uint8).reshape(-1, 16)
    return out.tobytes()


def metadata(size: int, password: str) -> bytes:
    """Return one copy of the metadata; all are the same."""
    key = stretched(password)
    stretch = struct.pack("<I", STRETCH) + SALT + entry(0, 5, wrapped(key, STRETCH, bytes(32), 5))
    protector = UUID(int=7).bytes_le + struct.pack("<QHH", MADE, 0, WITH_PASSWORD)
    protector += entry(0, 3, stretch) + entry(0, 5, wrapped(key, 0x2003, MASTER, 6))
    body = entry(2, 8, protector)
    body += entry(3, 5, wrapped(MASTER, AES_CBC_128, FVEK, 7))
    body += entry(7, 2, "drive\0".encode("utf-16-le"))
    body += entry(15, 15, struct.pack("<QQ", MOVED, HEADER))
    length = 48 + len(body)
    head = struct.pack("<4I", length, 1, 48, length) + UUID(int=9).bytes_le
    head += struct.pack("<IIQ", 8, AES_CBC_128, MADE)
    body += bytes(-(64 + len(head) + len(body)) % 16)
    block = b"-FVE-FS-" + struct.pack(
        "<4HQII", (64 + length + 15) // 16, 2, 4, 4, size, 0, HEADER // SECTOR
    )
    block += struct.pack("<4Q", *METADATA, MOVED) + head + body
    return block + struct.pack("<HHI", 8, 2, zlib.crc32(block))


def to_go(inner: bytes, discovery: bytes, password: str) -> bytes:
    """Return the volume.

    Args:
        inner: what is to be found in it; it has zeros where the metadata lie.
        discovery: a FAT32 that other systems are shown, at least `HEADER` bytes.
        password: what opens it.
    """
    out = bytearray(encrypted(inner, 0))
    out[:HEADER] = discovery[:HEADER]
    out[3:11] = b"MSWIN4.1"
    out[424:440] = IDENTIFIER
    out[440:464] = struct.pack("<3Q", *METADATA)
    out[MOVED : MOVED + HEADER] = encrypted(inner[:HEADER], MOVED)
    described = metadata(len(inner), password)
    for at in METADATA:
        out[at : at + (64 << 10)] = described.ljust(64 << 10, b"\0")
    return bytes(out)
