"""The commands a report prints are run on a bundle, and fail on one that was changed."""

import base64
import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from heroes_forensics.reports.checking import WIDEST, commands

ORIGIN = "lab.example/custody/00000000-0000-4000-8000-000000000001"
LINES = {
    command.purpose: command.line
    for command in commands(
        key="keys/lab key.pem", checkpoint="checkpoints/00000003.txt", origin=ORIGIN
    )
    if "linux" in command.systems
}

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None or shutil.which("sha256sum") is None,
    reason="openssl or sha256sum is not installed",
)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"TEST ONLY").digest())
    for name in ("keys", "checkpoints"):
        (tmp_path / name).mkdir()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "keys/lab key.pem").write_bytes(public)
    ledger, previous = b"", "0" * 64
    for seq in range(3):
        event = {"body": {"note": r"a\b %s"}, "prev": previous, "seq": seq}
        line = json.dumps(event, sort_keys=True, separators=(",", ":")).encode() + b"\n"
        ledger, previous = ledger + line, hashlib.sha256(line).hexdigest()
    (tmp_path / "ledger.jsonl").write_bytes(ledger)
    text = f"{ORIGIN}\n3\n{base64.b64encode(bytes(32)).decode()}\n"
    signed = base64.b64encode(b"\1\2\3\4" + key.sign(text.encode())).decode()
    other = base64.b64encode(b"\1\2\3\4" + bytes(72)).decode()
    note = f"{text}\n\u2014 {ORIGIN} {signed}\n\u2014 witness.example {other}\n"
    (tmp_path / "checkpoints/00000003.txt").write_text(note, encoding="utf-8")
    names = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file())
    manifest = f"# heroes-custody-manifest/1 {ORIGIN[-36:]} 2024-05-06T00:00:00.000000Z\n"
    for path in names:
        manifest += f"{hashlib.sha256((tmp_path / path).read_bytes()).hexdigest()}  {path}\n"
    (tmp_path / "MANIFEST.sha256").write_text(manifest)
    (tmp_path / "MANIFEST.sha256.sig").write_bytes(key.sign(manifest.encode()))
    return tmp_path


def run(purpose: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": "/usr/bin:/bin:/usr/local/bin",
        "LC_ALL": "C",
        "TMPDIR": str(folder.parent),
    }
    return subprocess.run(
        ["sh", "-c", LINES[purpose]],
        cwd=folder, env=environment, check=False, capture_output=True, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("purpose", ["fingerprint", "signature", "files", "chain", "checkpoint"])
def test_a_good_bundle_passes(purpose: str, bundle: Path) -> None:
    done = run(purpose, bundle)
    assert done.returncode == 0, done.stderr
    if purpose == "chain":
        last = (bundle / "ledger.jsonl").read_bytes().splitlines(keepends=True)[-1]
        assert done.stdout.strip() == hashlib.sha256(last).hexdigest()
    if purpose == "fingerprint":
        key = (bundle / "keys/lab key.pem").read_bytes()
        assert done.stdout.startswith(hashlib.sha256(key).hexdigest())


CHANGES = {
    "signature": ("MANIFEST.sha256", b"a", b"b"),
    "files": ("ledger.jsonl", b'"seq":1', b'"seq":7'),
    "checkpoint": ("checkpoints/00000003.txt", b"\n3\n", b"\n4\n"),
}


@pytest.mark.parametrize("purpose", CHANGES)
def test_a_changed_bundle_does_not(purpose: str, bundle: Path) -> None:
    name, old, new = CHANGES[purpose]
    path = bundle / name
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    assert run(purpose, bundle).returncode != 0


def test_a_broken_chain_is_called_broken(bundle: Path) -> None:
    path = bundle / "ledger.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"seq":1', b'"seq":7', 1))
    done = run("chain", bundle)
    assert "BROKEN" in done.stdout
    assert done.returncode


def test_every_command_is_one_printable_line() -> None:
    assert all(line.isascii() and line.isprintable() for line in LINES.values())


def test_no_line_is_wider_than_paper_and_a_long_name_is_put_together() -> None:
    origin = f"{'laboratory.' * 22}example/custody/00000000-0000-4000-8000-000000000001"
    rows = commands(key="keys/ledger.pem", checkpoint="checkpoints/00000042.txt", origin=origin)
    assert max(len(line) for row in rows for line in row.lines) <= WIDEST
    given = next(row.lines for row in rows if row.purpose == "checkpoint")
    for joined in ("\n".join(given[:-3]), " ".join(given[:-3])):
        done = subprocess.run(
            ["sh", "-c", f"{joined} echo $o"], check=True, capture_output=True, text=True
        )
        assert done.stdout.strip() == origin


def test_without_a_checkpoint_or_a_verifier_there_is_no_command_for_it() -> None:
    found = {command.purpose for command in commands(key="k.pem", verifier=None)}
    assert found == {"fingerprint", "signature", "files", "chain", "program"}
