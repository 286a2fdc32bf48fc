"""Encrypted backups of Android devices: from the password to the key of the archive.

As Android's ``BackupManagerService`` writes it, behind ``AES-256``, a line each in hexadecimal:
salt of the password, salt of the check, rounds (decimal), first vector, encrypted master key. The
password's key is PBKDF2 with HMAC-SHA1, 32 bytes; decrypted with it (AES-256-CBC, PKCS #7) the
last line gives, each behind a byte with its length, vector and key of the archive and a check.
"""

import hashlib
import hmac
import re
from typing import Final

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.decryption import BLOCK, CbcReader, cbc, unpadded
from heroes_forensics.parsers.reading.readers import RangeReader
from heroes_forensics.parsers.secrets import PASSWORD, Secrets

_LINES: Final = re.compile(
    rb"([0-9A-Fa-f]{2,512})\n([0-9A-Fa-f]{2,512})\n([0-9]{1,8})\n"
    rb"([0-9A-Fa-f]{32})\n([0-9A-Fa-f]{32,1024})\n"
)
_MOST: Final = 4096
_MOST_ROUNDS: Final = 20_000_000
"""Android writes 10,000."""
_KEY: Final = 32


def decrypted(body: Reader, secrets: Secrets) -> Reader | None:
    """Return the archive of a backup, decrypted; None when no password that was given fits.

    Args:
        body: what lies behind the line that names the encryption.
        secrets: what was given.

    Raises:
        OSError: the lines are damaged, or the archive is cut off.
    """
    found = _LINES.match(body.pread(0, _MOST))
    if found is None:
        raise OSError("the lines of the encryption are damaged")
    salt, check_salt, vector, blob = (bytes.fromhex(found[n].decode()) for n in (1, 2, 4, 5))
    rounds = int(found[3])
    if not 0 < rounds <= _MOST_ROUNDS or len(blob) % BLOCK:
        raise OSError("the lines of the encryption are damaged")
    for password in secrets.of(PASSWORD):
        user = hashlib.pbkdf2_hmac("sha1", password, salt, rounds, _KEY)
        parts = _parts(unpadded(cbc(user, vector, blob)) or b"")
        if parts is None:
            continue
        first, key, check = parts
        if any(
            hmac.compare_digest(hashlib.pbkdf2_hmac("sha1", form, check_salt, rounds, _KEY), check)
            for form in (_as_characters(key), key)
        ):
            archive = RangeReader(body, found.end(), body.size - found.end())
            return CbcReader(archive, key, first)
    return None


def _parts(data: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Return vector, key and check of the archive; None when that is not what was decrypted."""
    parts = []
    for wanted in (BLOCK, _KEY, _KEY):
        if not data or data[0] != wanted or len(data) <= wanted:
            return None
        parts.append(data[1 : 1 + wanted])
        data = data[1 + wanted :]
    return parts[0], parts[1], parts[2]


def _as_characters(key: bytes) -> bytes:
    """Return the key as Java makes a text of it: bytes with a sign, as characters, in UTF-8."""
    return "".join(chr(byte if byte < 0x80 else 0xFF00 | byte) for byte in key).encode()  # noqa: PLR2004
