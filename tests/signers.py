"""Signing keys that lie outside: a command that can be told to misbehave, and a token."""

import base64
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from custody_bundle import private_key

from heroes_forensics.custody import pem

MODULES: Final = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so")
PIN: Final = "pin-of-tests-31415"

_PROGRAM: Final = """
import sys, time
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
folder = Path(sys.argv[1])
manner = (folder / "manner").read_text()
message = sys.stdin.buffer.read()
with (folder / "asked").open("ab") as stream:
    stream.write(b".")
if manner.startswith("after "):
    manner = "good" if (folder / "asked").stat().st_size <= int(manner[6:]) else "exit"
signature = Ed25519PrivateKey.from_private_bytes((folder / "seed").read_bytes()).sign(message)
if manner == "hang":
    time.sleep(600)
if manner == "exit":
    sys.stderr.write("PIN 1234 wrong for card of A. Example")
    sys.exit(9)
if manner == "wrong":
    signature = signature[:40] + bytes([signature[40] ^ 1]) + signature[41:]
if manner == "short":
    signature = signature[:63]
if manner == "silent":
    signature = b""
if manner == "flood":
    while True:
        sys.stdout.buffer.write(signature * 1000)
sys.stdout.buffer.write(signature)
"""


@dataclass
class Command:
    """A program that signs as ``manner`` says."""

    folder: Path
    key: Ed25519PrivateKey

    def behave(self, manner: str) -> None:
        """Let it be ``good``, ``wrong``, ``short``, ``silent``, ``flood``, ``exit``, ``hang``."""
        (self.folder / "asked").unlink(missing_ok=True)
        (self.folder / "manner").write_text(manner)

    @property
    def description(self) -> Path:
        """What `heroes init --signer` reads."""
        return self.folder / "signer.yaml"


def command(folder: Path, name: str = "command", *, seconds: int = 300) -> Command:
    """Make a program that signs with the test key ``name``."""
    folder.mkdir()
    made = Command(folder, private_key(name))
    (folder / "seed").write_bytes(made.key.private_bytes_raw())
    (folder / "sign.py").write_text(_PROGRAM)
    public = base64.b64encode(made.key.public_key().public_bytes_raw()).decode()
    arguments = [sys.executable, "-I", str(folder / "sign.py"), str(folder)]
    said = {"signer": arguments, "public_key": public, "seconds": seconds}
    made.description.write_text(json.dumps(said))
    made.behave("good")
    return made


def module() -> str:
    """Return the PKCS#11 module of SoftHSM; empty when it is not installed."""
    return next((path for path in MODULES if Path(path).exists()), "")


def token(folder: Path, *labels: str) -> Path:
    """Make a token with a key of each label; return its description, of the first of them.

    The caller has set ``SOFTHSM2_CONF`` to ``folder/softhsm2.conf``.
    """
    (folder / "tokens").mkdir(parents=True)
    text = (
        f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    (folder / "softhsm2.conf").write_text(text)
    start = ["--init-token", "--free", "--label", "lab", "--pin", PIN, "--so-pin", "5678"]
    _util(folder, *start)
    for number, label in enumerate(labels, start=0xA1):
        file = folder / "import.pem"
        file.write_text(pem.text(private_key(f"token {label}")))
        _util(folder, "--import", str(file), "--token", "lab", "--label", label,
              "--id", f"{number:x}", "--pin", PIN)  # fmt: skip
        file.unlink()
    return described(folder, labels[0])


def described(folder: Path, label: str) -> Path:
    """Write the description of one key of the token."""
    path = folder / f"{label}.yaml"
    path.write_text(f"signer:\n  module: {module()}\n  token: lab\n  key: {label}\n")
    return path


def _util(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["softhsm2-util", *arguments],
        check=True,
        capture_output=True,
        env={**os.environ, "SOFTHSM2_CONF": str(folder / "softhsm2.conf")},
        timeout=60,
    )
