"""Publishers of made-up hash sets: manifests, and signatures in minisign's form written here."""

import base64
from dataclasses import dataclass, field
from hashlib import blake2b, md5, sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from heroes_forensics.hashsets import manifest, minisign

PUBLISHER = "Example Office"


def listed(count: int, start: int = 0) -> bytes:
    """Return a list of made-up digests."""
    numbers = range(start, start + count)
    return b"".join(
        md5(f"sample {number}".encode(), usedforsecurity=False).hexdigest().encode() + b"\n"
        for number in numbers
    )


LIST = listed(10)


def fields(data: bytes = LIST, /, **other: object) -> dict[str, Any]:
    """Return the fields of a manifest of one list."""
    file = {"name": "list.txt", "size": len(data), "sha256": sha256(data).hexdigest()}
    return {
        "format": manifest.FORMAT,
        "name": "national",
        "publisher": PUBLISHER,
        "set_version": "2026-01",
        "sequence": 1,
        "issued": "2026-01-02",
        "kind": "notable",
        "files": [file],
    } | other


@dataclass
class Signer:
    """A key pair of minisign."""

    secret: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    number: bytes = bytes.fromhex("ccf08d01579ff235")

    @property
    def public(self) -> str:
        raw = self.secret.public_key().public_bytes_raw()
        return base64.b64encode(b"Ed" + self.number + raw).decode()

    @property
    def key_id(self) -> str:
        return f"{int.from_bytes(self.number, 'little'):016X}"

    def sign(self, data: bytes, *, comment: str = "made by a test", plain: bool = False) -> bytes:
        value = self.secret.sign(data if plain else blake2b(data).digest())
        again = self.secret.sign(value + comment.encode())
        head = (b"Ed" if plain else b"ED") + self.number
        lines = (
            "untrusted comment: signature",
            base64.b64encode(head + value).decode(),
            f"trusted comment: {comment}",
            base64.b64encode(again).decode(),
        )
        return "".join(f"{line}\n" for line in lines).encode()


def publish(
    folder: Path, data: bytes = LIST, /, *, signer: Signer | None = None, **other: object
) -> Path:
    """Write a set with its manifest, signed if there is somebody to sign it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "list.txt").write_bytes(data)
    said = manifest.canonical(fields(data, **other))
    (folder / manifest.NAME).write_bytes(said)
    signature = folder / f"{manifest.NAME}{minisign.SUFFIX}"
    signature.unlink(missing_ok=True)
    if signer is not None:
        signature.write_bytes(signer.sign(said))
    return folder
