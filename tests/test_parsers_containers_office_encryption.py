"""Encrypted documents of Office: told, and opened with a password."""

import base64
import hashlib
import re
import struct
import zlib

import pytest
from compound_files import compound
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from storage_images import Memory

from heroes_forensics.model import Entry, EntryKind
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.containers import office_encryption
from heroes_forensics.parsers.containers.ole import OleFileSystem, open_ole
from heroes_forensics.parsers.secrets import PASSWORD, RECOVERY_PASSWORD, Secrets

SECRET = "Quibbling-Marmalade-77"  # noqa: S105 - of this test
EVERYBODY = "VelvetSweatshop"
_INFO = (
    "c-pO0*>a*l6!jrb`3j0xYtn*yO3fgmBDkOtm$weI(qU<qM#Zn69yN)krc#xexli<R&$;K`L*M1@azAsqT;u8Bd)y"
    "Ai2_`|47aj^chXRY(IM_D%`E&P2jpq^y0~>lIKutbF3IEi(Z?H>o7E+eQF@zv#@(!ipBLIozARi_VKDJ_#kPUsXh"
    "!4nSgDnKaLZJdaQu%Z4WB8417iG#BfW#n#NwO!g{RU+HEs%v`irE>Yh;Q9<EE?>*11aPZ=+PNIGVMZz=UzNwxgSe"
    "*sf{U9FP7QLfr)cItCaW?%6nKibWkjLTM}dH_)T6?X8dJWb|4N;4S)L@5*x{F`HXm#H0w)cLF7+0nb1oa(=1SjX("
    "exXUQbz$7UCe?yNhkJ$#dW$#AYhgfTAq}$+%1Rk=^&9rJ;;fVlCYTG`ht|tAn8{)iNa4mWBWZQa&4M#26{vwUR>7"
    "ELn&48b+ECp;b@bi0N*C=f%N<Xsfy`R9C4Xd*;*`Pxi{Gf*Y<&z5doA`cgfPJxC`DDPMan?Z$~hkCc!IhHX>b!f|"
    "Z|#yA*^G{fvJLA!0D-m_H42YrOGuhkD@&7IrAPMWUNLRo$3?637+4>oDNkKtyYOJn@crfc1dxDh_S>t%iAk`M<nN"
    "dwB9QurPGH>`APo=<UOv;XU?FL|$ASEZ#*RII9t<C?I#2Qt)MDBaB5L^1oLP~2xkY7nNZ5Bk>Mb=pXbfhtsMPQ9M"
    "IBG+J9U()^&@lr>9I1>p->$Yh2I#9^+?XfXjky7Z7oW&>*BD1*BV}OV5>V>YOQXyQ4ab}5u677#=TPZ5#89n$L0F"
    "KKLkutK~LS)?NV6(iCQM<2eW@(D`vNC-=%=6vhu~OLXg>>?)>#AOgX*PD{p0%%i*zshI8v|Wz3O@O?arH2^?tcMM"
    "dCCd"
)
_PACKAGE = (
    "1OWg500000W%UNp#}?g=ff9`vz3heE7EuP{A(V~q+p77axe*MCo9@`58&p+k#tRom`i{f?D?@pVz1QhoQLFeN84-"
    "v61qZV<2XkUh#h1pk$u|uaWAxu!8a1dh(WsRQeZxzOWM-_>>((_YxR`(z1p$$D|BW?t133*m)Mzvczl0SvCvw;jp"
    "|^p8d%rvYJNrn=QPEW6+9nIH#$*^UhjA67tJ8VWAGiF)T~h*5jFyL8H=J78*9z`D;7Mf>J9#RCAFL}`NnE>vg*Ax"
    "&;!8Px?!Hj!F*2K_+Aa;po>9iH+)|AIu^c`W;QS~)0}2S^4gVO;);~!6DGMYyek%eK32@tVy*xW80_kaqO!YP`"
)
"""The two streams of a document of 260 bytes as msoffcrypto-tool 6.1.0 encrypts it (agile)."""
DIGEST = "d5ed66e88c8a05449cb17a756c6957d91a4db3e1791453a906f52bf9aa37e14d"
AGILE = {
    "EncryptionInfo": zlib.decompress(base64.b85decode(_INFO)),
    "EncryptedPackage": base64.b85decode(_PACKAGE),
}


def given(*passwords: str, kind: str = PASSWORD) -> Secrets:
    return Secrets([(kind, each.encode()) for each in passwords])


def listed(found: OleFileSystem) -> list[Entry]:
    return [each for each in found.entries() if isinstance(each, Entry)]


def clear(streams: dict[str, bytes], secrets: Secrets) -> tuple[list[bytes], str]:
    """Return what is decrypted, and the code of what was left."""
    found = open_ole(Memory(compound(streams)), secrets)
    entries = [entry for entry in listed(found) if "@" in entry.locator]
    return [found.open(entry.handle).pread(0, entry.size) for entry in entries], found.left


def sha1(data: bytes) -> bytes:
    return hashlib.sha1(data).digest()  # noqa: S324 - as the format has it


def standard(data: bytes, password: str, bits: int = 128) -> dict[str, bytes]:
    """Return the streams of a document with standard encryption (MS-OFFCRYPTO 2.3.4.5 and on)."""
    salt, verifier = bytes(range(16)), bytes(range(16, 32))
    made = sha1(salt + password.encode("utf-16-le"))
    for number in range(50_000):
        made = sha1(struct.pack("<I", number) + made)
    made = sha1(made + bytes(4)) + bytes(44)
    key = b"".join(sha1(bytes(each ^ pad for each in made)) for pad in (0x36, 0x5C))[: bits // 8]

    def hidden(clear: bytes) -> bytes:
        engine = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305
        return engine.update(clear + bytes(-len(clear) % 16)) + engine.finalize()

    header = struct.pack("<8I", 0x24, 0, 0x660E + (bits - 128) // 64, 0x8004, bits, 0x18, 0, 0)
    header += "AES\0".encode("utf-16-le")
    info = struct.pack("<HHII", 3, 2, 0x24, len(header)) + header
    info += struct.pack("<I16s16sI", 16, salt, hidden(verifier), 20) + hidden(sha1(verifier))
    return {
        "EncryptionInfo": info,
        "EncryptedPackage": struct.pack("<Q", len(data)) + hidden(data),
    }


DOCUMENT = b"PK" + bytes(range(256)) * 40


def test_a_document_that_another_program_encrypted_is_opened_with_its_password() -> None:
    ([data], left) = clear(AGILE, given("wrong", SECRET))
    assert hashlib.sha256(data).hexdigest() == DIGEST
    assert left == ""


@pytest.mark.parametrize("bits", [128, 192, 256])
def test_standard_encryption_is_undone(bits: int) -> None:
    assert clear(standard(DOCUMENT, SECRET, bits), given(SECRET)) == ([DOCUMENT], "")


def test_a_package_is_read_anywhere() -> None:
    found = open_ole(Memory(compound(AGILE)), given(SECRET))
    (entry,) = [each for each in listed(found) if "@" in each.locator]
    reader = found.open(entry.handle)
    whole = reader.pread(0, 1 << 20)
    assert entry.size == reader.size == len(whole)
    assert [reader.pread(at, 7) for at in (0, 1, 99, 255)] == [
        whole[at : at + 7] for at in (0, 1, 99, 255)
    ]
    assert reader.pread(len(whole), 9) == b""


def test_segments_of_a_long_package_have_vectors_of_their_own() -> None:
    key = office_encryption.Key(bytes(16), b"salt", "sha1")
    segments = []
    for number in range(3):
        vector = sha1(b"salt" + struct.pack("<I", number))[:16]
        engine = Cipher(algorithms.AES(key.value), modes.CBC(vector)).encryptor()
        segments.append(engine.update(bytes([number]) * 4096) + engine.finalize())
    package = struct.pack("<Q", 3 * 4096 - 5) + b"".join(segments)
    reader = office_encryption.PackageReader(package, key)
    assert reader.pread(4090, 12) == b"\0" * 6 + b"\1" * 6
    assert reader.pread(8000, 1 << 20) == b"\1" * 192 + b"\2" * 4091


def test_what_everybody_may_read_needs_no_password() -> None:
    assert clear(standard(DOCUMENT, EVERYBODY), Secrets()) == ([DOCUMENT], "")


@pytest.mark.parametrize(
    "secrets", [Secrets(), given("wrong"), given(SECRET, kind=RECOVERY_PASSWORD)]
)
@pytest.mark.parametrize("way", ["agile", "standard"])
def test_without_its_password_a_document_is_a_gap(way: str, secrets: Secrets) -> None:
    streams = AGILE if way == "agile" else standard(DOCUMENT, SECRET)
    assert clear(streams, secrets) == ([], "container.encrypted")
    found = open_ole(Memory(compound(streams)), secrets)
    assert len(listed(found)) == 2  # as they are


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'spinCount="100000"', b'spinCount="900000000"'),
        (b'spinCount="100000"', b'spinCount="-1"'),
        (b'cipherAlgorithm="AES"', b'cipherAlgorithm="RC2"'),
        (b'hashAlgorithm="SHA512"', b'hashAlgorithm="MD4"'),
        (b'keyBits="256"', b'keyBits="x"'),
        (b"saltValue=", b"sugar="),
        (b"<?xml", b"\xff" * 70_000),
    ],
)
def test_what_cannot_be_or_is_not_read_is_a_gap(old: bytes, new: bytes) -> None:
    info = AGILE["EncryptionInfo"]
    assert old in info
    streams = AGILE | {"EncryptionInfo": info.replace(old, new)}
    assert clear(streams, given(SECRET)) == ([], "container.encrypted")


@pytest.mark.parametrize("length", range(0, 1400, 37))
def test_information_that_is_cut_short_never_opens_anything(length: int) -> None:
    info = AGILE["EncryptionInfo"][:length]
    key = office_encryption.key_of(info, Secrets(), lambda: None)
    assert key is None


def test_a_handle_opens_nothing_without_the_password() -> None:
    found = open_ole(Memory(compound(AGILE)), given(SECRET))
    (entry,) = [each for each in listed(found) if "@" in each.locator]
    assert entry.kind is EntryKind.FILE
    with pytest.raises(UnsupportedError, match="encrypted"):
        open_ole(Memory(compound(AGILE))).open(entry.handle)


def word(flags: int) -> bytes:
    return b"\xec\xa5" + struct.pack("<8xH", flags) + bytes(99)


def workbook(*records: int) -> bytes:
    return b"".join(struct.pack("<HH4x", each, 4) for each in records)


@pytest.mark.parametrize(
    ("stream", "data", "is_said"),
    [
        ("WordDocument", word(0x0100), True),
        ("WordDocument", word(0x8200), False),
        ("WordDocument", b"\xec\xa5", False),
        ("WordDocument", bytes(10) + word(0x0100), False),
        ("Workbook", workbook(0x809, 0x86, 0x2F, 0xE1), True),
        ("Book", workbook(0x809, 0x2F), True),
        ("Workbook", workbook(0x809, 0xE1, 0x42, 0x2F), False),
        ("Workbook", b"", False),
        ("Current User", bytes(12) + b"\xdf\xc4\xd1\xf3", True),
        ("Current User", bytes(12) + b"\x5f\xc0\x91\xe3", False),
        ("Other", word(0x0100), False),
    ],
)
def test_older_documents_say_whether_they_are_encrypted(
    stream: str,
    data: bytes,
    is_said: bool,  # noqa: FBT001 - of a row
) -> None:
    found = open_ole(Memory(compound({stream: data})), given(SECRET))
    assert len(listed(found)) == 1
    assert found.left == ("container.encrypted" if is_said else "")


def test_the_element_that_counts_is_that_of_the_password() -> None:
    """An agile document may be opened by certificates, too; they come in elements of their own."""
    info = AGILE["EncryptionInfo"]
    other = re.sub(
        rb"<keyEncryptors>", b"<keyEncryptors><c:encryptedKey X509Certificate='x'/>", info
    )
    assert other != info
    ([data], _) = clear(AGILE | {"EncryptionInfo": other}, given(SECRET))
    assert hashlib.sha256(data).hexdigest() == DIGEST
