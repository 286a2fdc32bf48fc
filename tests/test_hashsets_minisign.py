import base64
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from publishing import Signer

from heroes_forensics.errors import HashSetError, UsageError
from heroes_forensics.hashsets import minisign
from heroes_forensics.hashsets.minisign import holds, read_key, read_signature

MESSAGE = b"what is signed"
SIGNER = Signer()
KEY = read_key(SIGNER.public)


def program() -> str:
    found = shutil.which("minisign")
    if found is None:
        pytest.skip("minisign is not installed")
    return found


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """Return a folder with a key pair of the program itself and a file."""
    subprocess.run(
        [program(), "-G", "-W", "-p", tmp_path / "pub", "-s", tmp_path / "sec"],
        check=True,
        capture_output=True,
    )
    (tmp_path / "file").write_bytes(MESSAGE)
    return tmp_path


@pytest.mark.parametrize("option", [(), ("-l",)], ids=["ED", "Ed"])
@pytest.mark.parametrize("comment", ["plain", "ünïcode, 漢字"])
def test_what_the_program_signs_holds_here(
    pair: Path, option: tuple[str, ...], comment: str
) -> None:
    subprocess.run(
        [program(), "-S", *option, "-s", "sec", "-m", "file", "-t", comment],
        cwd=pair, check=True, capture_output=True,
    )  # fmt: skip
    signature = read_signature((pair / "file.minisig").read_bytes())
    key = read_key((pair / "pub").read_text())
    assert (signature.algorithm, signature.comment) == (b"Ed" if option else b"ED", comment)
    assert holds(signature, key, MESSAGE)
    assert not holds(signature, key, MESSAGE + b"x")
    assert key.key_id.lstrip("0") in (pair / "pub").read_text()


@pytest.mark.parametrize("plain", [False, True], ids=["ED", "Ed"])
def test_what_is_signed_here_holds_for_the_program(tmp_path: Path, *, plain: bool) -> None:
    (tmp_path / "file").write_bytes(MESSAGE)
    (tmp_path / "file.minisig").write_bytes(SIGNER.sign(MESSAGE, comment="ü", plain=plain))
    told = [program(), "-V", "-P", SIGNER.public, "-m", str(tmp_path / "file")]
    assert subprocess.run(told, check=False, capture_output=True).returncode == 0
    (tmp_path / "file").write_bytes(MESSAGE + b"x")
    assert subprocess.run(told, check=False, capture_output=True).returncode != 0


@pytest.mark.parametrize("plain", [False, True])
def test_both_signatures_have_to_hold(*, plain: bool) -> None:
    signature = read_signature(SIGNER.sign(MESSAGE, plain=plain))
    assert holds(signature, KEY, MESSAGE)
    assert not holds(signature._replace(comment="another"), KEY, MESSAGE)
    assert not holds(signature._replace(value=bytes(64)), KEY, MESSAGE)
    assert not holds(signature._replace(comment_value=bytes(64)), KEY, MESSAGE)
    assert not holds(signature, read_key(Signer().public), MESSAGE)
    other = b"ED" if plain else b"Ed"
    assert not holds(signature._replace(algorithm=other), KEY, MESSAGE)


def test_the_same_key_under_another_number_does_not_hold() -> None:
    signature = read_signature(SIGNER.sign(MESSAGE))
    renamed = Signer(SIGNER.secret, bytes(8))
    assert not holds(signature, read_key(renamed.public), MESSAGE)


def test_windows_line_ends_are_no_damage() -> None:
    data = SIGNER.sign(MESSAGE).replace(b"\n", b"\r\n")
    assert holds(read_signature(data), KEY, MESSAGE)


def test_a_key_is_read_from_its_line_or_its_file() -> None:
    for text in (SIGNER.public, f"{SIGNER.public}\n", f"untrusted comment: x\n{SIGNER.public}\n"):
        assert read_key(text) == KEY
    assert (KEY.key_id, KEY.text) == (SIGNER.key_id, SIGNER.public)


BAD_KEYS = {
    "nothing": "",
    "short": SIGNER.public[:-4],
    "long": base64.b64encode(base64.b64decode(SIGNER.public) + b"x").decode(),
    "another algorithm": "A" + SIGNER.public[1:],
    "other characters": SIGNER.public.replace("R", "é", 1),
    "two lines": f"{SIGNER.public}\n{SIGNER.public}",
    "three lines": f"untrusted comment: x\n{SIGNER.public}\n{SIGNER.public}",
}


@pytest.mark.parametrize("text", BAD_KEYS.values(), ids=BAD_KEYS)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="neither a public key of minisign nor a file"):
        read_key(text)


GOOD = SIGNER.sign(MESSAGE)
LINES = GOOD.splitlines(keepends=True)
BAD_SIGNATURES = {
    "nothing": b"",
    "a line less": b"".join(LINES[:3]),
    "a line more": GOOD + b"x\n",
    "no untrusted comment": GOOD.replace(b"untrusted comment:", b"comment:"),
    "no trusted comment": GOOD.replace(b"\ntrusted comment:", b"\ncomment:"),
    "another algorithm": LINES[0] + b"A" + LINES[1][1:] + LINES[2] + LINES[3],
    "a comment of other bytes": GOOD.replace(b"made by", b"made \xff"),
    "no base64": GOOD.replace(LINES[1], b"*" * 100 + b"\n"),
    "bits that mean nothing": GOOD.replace(LINES[3], LINES[3].replace(b"==", b"=")),
    "too long": GOOD.replace(b"made by", b"x" * minisign.MAX_BYTES),
}


@pytest.mark.parametrize("data", BAD_SIGNATURES.values(), ids=BAD_SIGNATURES)
def test_what_is_no_signature_is_refused(data: bytes) -> None:
    with pytest.raises(HashSetError, match="no signature of minisign"):
        read_signature(data)


@given(st.data())
def test_no_change_of_a_signature_holds(data: st.DataObject) -> None:
    lines = GOOD.split(b"\n", 1)
    tail = bytearray(lines[1])
    at = data.draw(st.integers(0, len(tail) - 2))
    tail[at] ^= data.draw(st.integers(1, 255))
    try:
        changed = read_signature(lines[0] + b"\n" + bytes(tail))
    except HashSetError:
        return
    assert not holds(changed, KEY, MESSAGE)
