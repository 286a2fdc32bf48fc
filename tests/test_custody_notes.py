import base64
from dataclasses import replace

import pytest
from custody_bundle import LAB, SIGNER, WITNESS, private_key
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.custody import keys, notes
from heroes_forensics.errors import CustodyError

ROOT = bytes(range(32))
TEXT = notes.checkpoint_text(SIGNER.name, 42, ROOT)
NOTE = notes.sign(TEXT, [SIGNER])
KEY = notes.of(SIGNER)
ORDER = 2**252 + 27742317777372353535851937790883648493


def line_of(key: notes.VerifierKey, payload: bytes) -> bytes:
    encoded = base64.b64encode(key.key_id + payload).decode()
    return f"— {key.name} {encoded}\n".encode()


def test_a_checkpoint_reads_back() -> None:
    note = notes.parse(NOTE)
    assert notes.read_checkpoint(note.text) == notes.Checkpoint(SIGNER.name, 42, ROOT)
    assert notes.verdict(note, KEY) == notes.Verdict(present=True, good=True)


def test_the_text_is_three_lines_a_blank_and_a_signature() -> None:
    lines = NOTE.decode().split("\n")
    assert lines[:4] == [SIGNER.name, "42", base64.b64encode(ROOT).decode(), ""]
    assert lines[4].startswith(f"— {SIGNER.name} ")
    assert lines[5:] == [""]


def test_a_cosignature_states_its_time() -> None:
    both = NOTE + notes.signature_line(TEXT, WITNESS, time=1_700_000_000)
    verdict = notes.verdict(notes.parse(both), notes.of(WITNESS))
    assert verdict == notes.Verdict(present=True, good=True, time=1_700_000_000)
    assert notes.verdict(notes.parse(both), KEY).good
    with pytest.raises(CustodyError, match="time"):
        notes.signature_line(TEXT, WITNESS)


def test_a_cosignature_with_another_time_is_bad() -> None:
    line = notes.signature_line(TEXT, WITNESS, time=1_700_000_000)
    payload = notes.parse(NOTE + line).signatures[1].payload
    later = (1_700_000_001).to_bytes(8, "big") + payload[8:]
    note = notes.parse(NOTE + line_of(notes.of(WITNESS), later))
    assert not notes.verdict(note, notes.of(WITNESS)).good


def test_a_key_under_another_name_is_another_key() -> None:
    other = replace(KEY, name="lab.example/custody/other")
    assert other.key_id != KEY.key_id
    assert not notes.verdict(notes.parse(NOTE), other).present


def test_one_bad_line_of_a_key_spoils_its_good_one() -> None:
    note = notes.parse(NOTE + line_of(KEY, b"\0" * 64))
    assert notes.verdict(note, KEY) == notes.Verdict(present=True, good=False)


def test_a_signature_is_not_malleable() -> None:
    payload = notes.parse(NOTE).signatures[0].payload
    high = int.from_bytes(payload[32:], "little") + ORDER
    note = notes.parse(TEXT + b"\n" + line_of(KEY, payload[:32] + high.to_bytes(32, "little")))
    assert not notes.verdict(note, KEY).good


@pytest.mark.parametrize(
    "point",
    [
        (2**255 - 19).to_bytes(32, "little"),  # y = p, another way to write 0
        (2**255 - 18).to_bytes(32, "little"),  # y = p + 1, another way to write 1
        (1 + 2**255).to_bytes(32, "little"),  # x = 0 with its sign bit set
    ],
)
def test_points_have_one_encoding(point: bytes) -> None:
    assert not notes.canonical_point(point)
    assert not notes.ed25519_ok(point, b"", bytes(64))


@given(st.integers(0, len(NOTE) - 1), st.integers(0, 7))
def test_no_bit_of_a_note_can_change(spot: int, bit: int) -> None:
    broken = bytearray(NOTE)
    broken[spot] ^= 1 << bit
    try:
        note = notes.parse(bytes(broken))
    except CustodyError:
        return
    assert not notes.verdict(note, KEY).good


@given(st.binary(max_size=300))
def test_no_bytes_make_it_crash(data: bytes) -> None:
    for junk in (data, TEXT + b"\n" + data, data + NOTE):
        try:
            notes.verdict(notes.parse(junk), KEY)
            notes.read_checkpoint(notes.parse(junk).text)
        except CustodyError:
            continue


SIGNED = NOTE.decode().split("\n")[4]
MALFORMED = {
    "no blank line": TEXT + SIGNED.encode() + b"\n",
    "no end": NOTE[:-1],
    "CRLF": NOTE.replace(b"\n", b"\r\n"),
    "a tab": NOTE.replace(b" ", b"\t"),
    "a minus for the dash": NOTE.replace("—".encode(), b"-"),
    "no key id": TEXT + f"\n— {SIGNER.name} AAAA\n".encode(),
    "base64 without padding": NOTE.replace(b"=\n", b"\n"),
    "a blank inside base64": NOTE[:-20] + b" " + NOTE[-20:],
    "a name with a plus": TEXT + f"\n— a+b {SIGNED.rpartition(' ')[2]}\n".encode(),
    "65 signatures": TEXT + b"\n" + (SIGNED + "\n").encode() * 65,
    "too long": TEXT + b"\n" + b"x" * notes.MAX_NOTE + b"\n",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_note_is_refused(data: bytes) -> None:
    with pytest.raises(CustodyError):
        notes.parse(data)


CHECKPOINTS = {
    "a leading zero": TEXT.replace(b"\n42\n", b"\n042\n"),
    "a sign": TEXT.replace(b"\n42\n", b"\n+42\n"),
    "digits that are not ASCII": TEXT.replace(b"\n42\n", "\n٤٢\n".encode()),
    "a short root": notes.checkpoint_text("a", 1, b"x"),
    "an extension line": TEXT + b"more\n",
    "stray bits in the root": TEXT.replace(b"8=", b"9="),
    "no origin": b"\n" + TEXT.partition(b"\n")[2],
}


@pytest.mark.parametrize("text", CHECKPOINTS.values(), ids=CHECKPOINTS)
def test_a_malformed_checkpoint_is_refused(text: bytes) -> None:
    with pytest.raises(CustodyError):
        notes.read_checkpoint(text)


def test_a_vkey_reads_back() -> None:
    assert str(notes.vkey(LAB)) == LAB
    assert str(notes.vkey(str(notes.of(WITNESS)))) == str(notes.of(WITNESS))


VKEYS = {
    "no key id": "lab.example",
    "another key id": LAB.replace("+", "+0", 1),
    "another name": LAB.replace("lab", "lap"),
    "another type": str(notes.VerifierKey("lab.example", 9, KEY.public)),
    "a short key": str(notes.VerifierKey("lab.example", 1, b"x" * 31)),
    "a blank in the name": str(notes.VerifierKey("lab example", 1, KEY.public)),
    "no name": str(notes.VerifierKey("", 1, KEY.public)),
    "a line end": LAB + "\n",
}


@pytest.mark.parametrize("text", VKEYS.values(), ids=VKEYS)
def test_a_malformed_vkey_is_refused(text: str) -> None:
    with pytest.raises(CustodyError):
        notes.vkey(text)


def test_a_signer_that_signs_with_another_key_is_caught() -> None:
    class Liar:
        name = SIGNER.name
        key_type = notes.ED25519
        public_key_bytes = SIGNER.public_key_bytes

        def sign(self, message: bytes) -> bytes:
            return private_key("another").sign(message)

    with pytest.raises(CustodyError, match="not its own"):
        notes.sign(TEXT, [Liar()])


def test_the_name_of_a_ledger_holds_no_blank() -> None:
    with pytest.raises(CustodyError):
        notes.checkpoint_text(keys.origin("lab.example", "a b"), 1, ROOT)
