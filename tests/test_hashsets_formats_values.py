from base64 import b32encode, b64encode

import pytest
from hashset_samples import S
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.hashsets.formats.base import Tally, Value
from heroes_forensics.hashsets.formats.values import KINDS, entry, kind_of, read, values_of
from heroes_forensics.hashsets.known import VALUE_KINDS

PHOTODNA = S[0].photodna
TWO = S[1].photodna
BASE64 = b64encode(PHOTODNA).decode()
TTH = b32encode(S[0].tth).decode()
AICH = b32encode(S[0].aich).decode()

GOOD = {
    "PhotoDNA in base64": ("PhotoDNA", BASE64, [PHOTODNA]),
    "PhotoDNA in hex": ("pdna", PHOTODNA.hex().upper(), [PHOTODNA]),
    "PhotoDNA in decimals": ("photo-dna", ",".join(map(str, PHOTODNA)), [PHOTODNA]),
    "PhotoDNA in spaced decimals": ("photodna", ", ".join(map(str, PHOTODNA)), [PHOTODNA]),
    "two PhotoDNA values": ("photodna", f"{BASE64};{b64encode(TWO).decode()}", [PHOTODNA, TWO]),
    "AICH in base32": ("AICH", AICH, [S[0].aich]),
    "AICH in lower case": ("aich", AICH.lower(), [S[0].aich]),
    "AICH in hex": ("aich", S[0].aich.hex(), [S[0].aich]),
    "TTH in base32": ("TTH", TTH.rstrip("="), [S[0].tth]),
    "TTH with padding": ("tth", TTH, [S[0].tth]),
    "ed2k under another name": ("eMule", S[0].ed2k.hex(), [S[0].ed2k]),
    "PDQ": ("ImagePDQ", S[0].pdq.hex(), [S[0].pdq]),
    "SHA-512": ("SHA-512", S[0].sha512.hex(), [S[0].sha512]),
    "an unknown kind": ("SSDEEP", " 3:abc ", [b"3:abc"]),
}


@pytest.mark.parametrize(("name", "text", "data"), GOOD.values(), ids=GOOD)
def test_every_form_of_a_value_is_read(name: str, text: str, data: list[bytes]) -> None:
    found = values_of(name, text)
    assert found is not None
    assert [value.data for value in found] == data


BAD = {
    "base64 of another length": ("photodna", BASE64[:-4]),
    "base64 with one character too many": ("photodna", BASE64 + "A"),
    "base64 of another alphabet": ("photodna", "-" + BASE64[1:]),
    "decimals too few": ("photodna", ",".join(map(str, PHOTODNA[:143]))),
    "decimals beyond a byte": ("photodna", ",".join(["256"] * 144)),
    "one bad value of two": ("photodna", f"{BASE64};AAEC"),
    "very many values": ("photodna", ";".join([BASE64] * 66)),
    "nothing": ("photodna", ""),
    "base32 for PDQ": ("pdq", b32encode(S[0].pdq).decode()),
    "base64 for ed2k": ("ed2k", b64encode(S[0].ed2k).decode()),
    "base32 of another length": ("tth", AICH),
    "hex of another length": ("sha512", S[0].sha256.hex()),
    "hex with blanks inside": ("pdq", S[0].pdq.hex(" ")),
    "0x": ("pdq", "0x" + S[0].pdq.hex()[2:]),
}


@pytest.mark.parametrize(("name", "text"), BAD.values(), ids=BAD)
def test_what_is_of_another_form_is_not_read_as_something_else(name: str, text: str) -> None:
    assert values_of(name, text) is None


def test_blanks_inside_a_field_take_no_time() -> None:
    assert values_of("photodna", "a" + " " * 60_000 + "b") is None
    assert values_of("photodna", f"{BASE64} ; {BASE64}") == (Value("photodna", PHOTODNA),) * 2


def test_what_cannot_be_read_is_counted() -> None:
    tally = Tally()
    assert read("PDQ", "abc", tally) == ()
    assert read("remark", "x" * 5_000, tally) == ()
    assert read("PDQ", "  ", tally) == ()
    assert tally.skipped == {"bad-pdq": 1, "value-too-long": 1}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("SHA3-256", "sha3-256"),
        ("a b", "a-b"),
        ("", "other"),
        ("\u00e9", "other"),
        ("x" * 99, "x" * 32),
    ],
)
def test_a_kind_that_is_not_known_is_a_word(name: str, kind: str) -> None:
    assert kind_of(name) == kind


def test_every_known_name_leads_to_a_kind() -> None:
    assert set(KINDS.values()) <= set(VALUE_KINDS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("42", (42, ())),
        ("0", (0, ())),
        ("007", (-1, (Value("id", b"007"),))),
        ("9" * 18, (int("9" * 18), ())),
        ("9" * 19, (-1, (Value("id", b"9" * 19),))),
        ("\u0664", (-1, (Value("id", "\u0664".encode()),))),
        (" a-b ", (-1, (Value("id", b"a-b"),))),
        ("", (-1, ())),
        ("x" * 5_000, (-1, ())),
    ],
)
def test_the_suppliers_name_of_an_entry_is_a_number_or_a_text(
    text: str, expected: tuple[int, tuple[Value, ...]]
) -> None:
    assert entry(text) == expected


@given(st.sampled_from([*VALUE_KINDS, "new"]), st.text(max_size=300))
def test_no_text_crashes_it_and_what_is_read_has_its_length(name: str, text: str) -> None:
    for value in values_of(name, text) or ():
        assert len(value.data) == (VALUE_KINDS.get(value.kind) or len(value.data))
