"""A time-stamping authority for tests, run by ``openssl ts`` on files; there is no network."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CONFIG: Final = """
[req]
distinguished_name = name
[name]
[tsa]
default_tsa = own
[own]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[stamper]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""
_KEY: Final = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True)
class Authority:
    """Keys and certificates of an authority in a folder."""

    folder: Path

    @property
    def roots(self) -> Path:
        """What a verifier has to trust."""
        return self.folder / "root.pem"

    def reply(self, request: Path, reply: Path, *, chain: bool = False) -> Path:
        """Answer a request; with ``chain`` the root goes along, which is not in DER order."""
        extra = ["-chain", str(self.roots)] if chain else []
        self._run(
            "ts", "-reply", "-config", "own.cnf", "-queryfile", str(request.absolute()),
            "-signer", "stamper.pem", "-inkey", "stamper.key", *extra,
            "-out", str(reply.absolute()),
        )  # fmt: skip
        return reply

    def _run(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)


def authority(folder: Path, *, days: int = 365) -> Authority:
    """Make an authority in ``folder``; its certificate ends after ``days``."""
    folder.mkdir()
    (folder / "own.cnf").write_text(CONFIG)
    (folder / "serial").write_text("01")
    made = Authority(folder)
    run = made._run  # noqa: SLF001 - of the same module
    config = ("-config", "own.cnf")
    run("req", "-x509", *_KEY, "-keyout", "root.key", "-out", "root.pem", "-days", "3650",
        "-subj", "/CN=Test Root", "-extensions", "root", *config)  # fmt: skip
    run("req", "-new", *_KEY, "-keyout", "stamper.key", "-out", "stamper.csr", "-subj",
        "/CN=Test Stamper", *config)  # fmt: skip
    run("x509", "-req", "-in", "stamper.csr", "-CA", "root.pem", "-CAkey", "root.key",
        "-CAcreateserial", "-out", "stamper.pem", "-days", str(days), "-extfile", "own.cnf",
        "-extensions", "stamper")  # fmt: skip
    return made
