"""The stand-alone verifier as an auditor meets it: one file, another process, nothing of ours."""

import ast
import io
import json
import os
import shutil
import subprocess
import sys
import tokenize
import zipfile
from collections.abc import Iterator
from pathlib import Path

import custody_bundle as made
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.custody import bundle, keys, notes, problems, verify_custody
from heroes_forensics.errors import CustodyError

SOURCE = Path(verify_custody.__file__)

# RFC 8032 section 7.1, TEST 1, 2 and 3: public key, message, signature.
RFC8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf"
            "9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f"
            "11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984"
            "dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]
ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("custody") / "bundle"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        made.scanned(folder)
        yield folder


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the file isolated: no packages, no path, no environment but the one given."""
    command = [sys.executable, "-I", "-S", str(SOURCE), *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, check=False, env=environment, cwd="/", timeout=60
    )


def code_lines(text: str) -> int:
    """Count lines that do something: no blank ones, comments, docstrings, nor the vocabulary."""
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    passive = {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
    lines = {
        line
        for token in tokens
        if token.type not in passive and not token.string.startswith('"""')
        for line in range(token.start[0], token.end[0] + 1)
    }
    return len(lines)


def test_it_is_short_and_imports_the_standard_library_alone() -> None:
    text = SOURCE.read_text()
    assert code_lines(text) < 600
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module))
    assert names <= set(sys.stdlib_module_names)
    assert not names & {"socket", "urllib", "http", "subprocess", "pickle", "ctypes"}


def test_it_is_copied_into_bundles_as_it_is(whole: Path) -> None:
    assert (whole / bundle.VERIFIER).read_bytes() == SOURCE.read_bytes()


def test_its_classes_are_ours() -> None:
    for code in problems.CODES:
        kind = problems.BROKEN
        if code in verify_custody.INCOMPLETE:
            kind = problems.INCOMPLETE
        elif code in verify_custody.INFORMATION:
            kind = problems.INFORMATION
        assert problems.class_of(code) == kind, code
    assert verify_custody.UNTRUSTED == problems.UNTRUSTED


@pytest.mark.parametrize("language", ["C", "C.UTF-8", "POSIX", "tr_TR.UTF-8", "nowhere"])
def test_it_says_the_same_in_every_locale(whole: Path, language: str) -> None:
    done = run(whole, "--key", made.LAB, LC_ALL=language)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"verifies (23 events, 22 of them signed)\n"


def test_its_exit_codes(whole: Path, tmp_path: Path) -> None:
    assert run(whole).returncode == 7
    assert run(whole, "--key", made.LAB).returncode == 0
    assert run(tmp_path / "missing").returncode == 20
    assert run(tmp_path).returncode == 20
    assert run().returncode == 2
    assert run(whole, "--key", "nonsense").returncode == 2
    assert run(whole, "--anchor", tmp_path / "missing").returncode == 2
    copy = shutil.copytree(whole, tmp_path / "copy")
    (copy / "ledger.jsonl").write_bytes(b"{}\n")
    done = run(copy, "--key", made.LAB, LC_ALL="C")
    assert done.returncode == 6
    assert b"does not verify: ledger.jsonl" in done.stdout
    assert not [line for line in done.stderr.splitlines() if b"Traceback" in line]


def test_its_json_is_one_object(whole: Path) -> None:
    found = json.loads(run(whole, "--json").stdout)
    assert found["exit_code"] == 7
    assert (found["events"], found["signed_events"]) == (23, 22)
    assert [row["code"] for row in found["problems"]] == ["unknown-signer"]


def test_a_bundle_verifies_after_zip_and_unzip(whole: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in made.files(whole):
            archive.write(whole / name, name)
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        archive.extractall(tmp_path / "out")
    assert run(tmp_path / "out", "--key", made.LAB).returncode == 0
    assert made.both(tmp_path / "out").codes == set()


def test_hostile_text_cannot_reach_the_terminal(tmp_path: Path) -> None:
    writer = made.begin(tmp_path / "b")
    evil = "\x1b[2J\u202e<script>"
    writer.event("report.issued", {**_report(), "files": [{"name": evil, "sha256": made.HEX}]})
    writer.event(
        "evidence.opened",
        {"evidence": evil, "mode": "read-only", "opener": "x", "versions": []},
    )
    writer.checkpoint("now")
    done = run(tmp_path / "b", LC_ALL="C")
    assert done.returncode == 6
    assert done.stdout.isascii()
    assert b"\x1b" not in done.stdout
    assert "missing-file" in made.both(tmp_path / "b").codes


def _report() -> dict[str, object]:
    return {"report": "R-1", "number": 1, "version": 1, "authorised_by": None}


@pytest.mark.parametrize(("public", "message", "signature"), RFC8032)
def test_signatures_of_rfc_8032(public: str, message: str, signature: str) -> None:
    key, text, signed = (bytes.fromhex(part) for part in (public, message, signature))
    for verify in (verify_custody.ed25519_ok, notes.ed25519_ok):
        assert verify(key, text, signed)
        assert not verify(key, text + b"x", signed)
        assert not verify(key, text, signed[:-1])
        assert not verify(key[:-1], text, signed)
        high = int.from_bytes(signed[32:], "little") + ORDER
        assert not verify(key, text, signed[:32] + high.to_bytes(32, "little"))


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=60), st.integers(0, 511))
def test_it_judges_signatures_as_openssl_does(seed: bytes, message: bytes, bit: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), bytearray(private.sign(message))
    assert verify_custody.ed25519_ok(public, message, bytes(signature))
    signature[bit // 8] ^= 1 << bit % 8
    assert not verify_custody.ed25519_ok(public, message, bytes(signature))
    assert not notes.ed25519_ok(public, message, bytes(signature))


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=64, max_size=64))
def test_no_key_and_no_signature_make_it_crash(public: bytes, signature: bytes) -> None:
    assert not verify_custody.ed25519_ok(public, b"", signature)
    assert not notes.ed25519_ok(public, b"", signature)


@pytest.mark.parametrize("value", [0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18, 2**255 - 1, 2**255])
@pytest.mark.parametrize("sign", [0, 1])
def test_odd_points_are_judged_alike(value: int, sign: int) -> None:
    point = ((value & (2**255 - 1)) | sign << 255).to_bytes(32, "little")
    for signature in (bytes(64), point + bytes(32), point + (1).to_bytes(32, "little")):
        ours = notes.ed25519_ok(point, b"", signature)
        assert verify_custody.ed25519_ok(point, b"", signature) == ours


@given(st.binary(max_size=120))
def test_notes_and_keys_are_read_alike(junk: bytes) -> None:
    note = notes.sign(notes.checkpoint_text("a", 1, bytes(32)), [made.SIGNER])
    for data in (junk, note[:60] + junk, note + junk, junk + note):
        ours: object = None
        try:
            parsed = notes.parse(data)
            ours = (*notes.read_checkpoint(parsed.text), len(parsed.signatures))
        except CustodyError:
            pass
        theirs: object = None
        try:
            _, origin, size, root, signatures = verify_custody.parse_note(data)
            theirs = (origin, size, root, len(signatures))
        except ValueError:
            pass
        assert ours == theirs


def test_a_small_order_key_is_nobody() -> None:
    # The neutral element as a key: it accepts no honest signature, and nobody trusts it.
    key = notes.VerifierKey("lab.example", notes.ED25519, (1).to_bytes(32, "little"))
    assert keys.public_pem(key.public).startswith(b"-----BEGIN PUBLIC KEY-----")
    signature = made.SIGNER.sign(b"x")
    assert not verify_custody.ed25519_ok(key.public, b"x", signature)
