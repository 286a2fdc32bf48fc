import subprocess
from pathlib import Path

import pytest
from conftest import Tools
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.custody import seal
from heroes_forensics.errors import CustodyError, UsageError

IDENTITY, RECIPIENT = seal.new_identity()
OTHER_IDENTITY, OTHER = seal.new_identity()


@given(st.binary(max_size=500))
def test_every_recipient_opens_what_was_sealed(data: bytes) -> None:
    sealed = seal.seal(data, [RECIPIENT, OTHER])
    assert seal.open_sealed(sealed, [IDENTITY]) == data
    assert seal.open_sealed(sealed, [OTHER_IDENTITY]) == data


def test_nobody_else_opens_it() -> None:
    sealed = seal.seal(b"content", [RECIPIENT])
    with pytest.raises(UsageError) as refused:
        seal.open_sealed(sealed, [OTHER_IDENTITY])
    assert refused.value.hint


def test_damage_is_found() -> None:
    sealed = bytearray(seal.seal(b"content" * 100, [RECIPIENT]))
    sealed[-1] ^= 1
    with pytest.raises(UsageError):
        seal.open_sealed(bytes(sealed), [IDENTITY])


@pytest.mark.parametrize("recipients", [[], ["age1"], [IDENTITY], ["ssh-ed25519 AAAA"]])
def test_no_or_malformed_recipients_are_refused(recipients: list[str]) -> None:
    with pytest.raises(UsageError) as refused:
        seal.seal(b"content", recipients)
    assert IDENTITY not in str(refused.value)


def test_an_identity_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError):
        seal.recipient_of("AGE-SECRET-KEY-1")
    assert seal.recipient_of(IDENTITY) == RECIPIENT


def test_an_independent_age_opens_it(tmp_path: Path, tool: Tools) -> None:
    sealed, key = tmp_path / "sealed.age", tmp_path / "key.txt"
    sealed.write_bytes(seal.seal(b"content", [OTHER, RECIPIENT]))
    key.write_text(IDENTITY + "\n")
    done = subprocess.run(
        [tool("age"), "--decrypt", "--identity", key, sealed], capture_output=True, check=True
    )
    assert done.stdout == b"content"


def test_a_case_key_is_wrapped_to_its_recipients() -> None:
    case_key = seal.new_case_key()
    wrapped = seal.wrap_key(case_key, [RECIPIENT, OTHER])
    assert case_key not in wrapped
    assert seal.unwrap_key(wrapped, OTHER_IDENTITY) == case_key
    with pytest.raises(CustodyError):
        seal.unwrap_key(seal.seal(b"short", [RECIPIENT]), IDENTITY)


@given(st.integers(0, 2**64 - 1), st.binary(max_size=300))
def test_a_name_opens_in_its_own_row_alone(item: int, name: bytes) -> None:
    sealer = seal.NameSealer(bytes(32))
    sealed = sealer.seal(item, name)
    assert len(sealed) == len(name) + seal.OVERHEAD
    assert sealer.open(item, sealed) == name
    with pytest.raises(CustodyError):
        sealer.open(item ^ 1, sealed)
    with pytest.raises(CustodyError):
        seal.NameSealer(b"\1" * 32).open(item, sealed)


@given(st.lists(st.tuples(st.integers(0, 2**40), st.binary(max_size=50)), max_size=20))
def test_many_names_are_sealed_like_one(rows: list[tuple[int, bytes]]) -> None:
    sealer = seal.NameSealer(bytes(range(32)))
    blobs = sealer.seal_many(rows)
    opened = [sealer.open(item, blob) for (item, _), blob in zip(rows, blobs, strict=True)]
    assert opened == [name for _, name in rows]
    assert len({blob[: seal.NONCE_BYTES] for blob in blobs}) == len(blobs)


@pytest.mark.parametrize("blob", [b"", b"x" * 11, b"x" * 27, b"x" * 28])
def test_what_is_no_blob_is_refused(blob: bytes) -> None:
    with pytest.raises(CustodyError):
        seal.NameSealer(bytes(32)).open(1, blob)


def test_a_short_case_key_is_refused() -> None:
    with pytest.raises(CustodyError):
        seal.NameSealer(bytes(31))


def test_perceptual_values_open_as_such_and_in_their_own_row_alone() -> None:
    sealer = seal.NameSealer(seal.new_case_key())
    values, name = sealer.seal_values([(7, b"8 bytes.")])[0], sealer.seal(7, b"a name")
    assert sealer.open_values(7, values) == b"8 bytes."
    for item, blob in ((8, values), (7, name)):
        with pytest.raises(CustodyError):
            sealer.open_values(item, blob)
    with pytest.raises(CustodyError):
        sealer.open(7, values)
