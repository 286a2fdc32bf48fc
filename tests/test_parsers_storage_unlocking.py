"""Encrypted volumes and the secrets that open them: what two other tools decrypted, or a gap."""

import contextlib
import gzip
import hashlib
import json
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from corpus import evidence
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from storage_images import Memory, slots_of
from to_go import to_go

from heroes_forensics.model import Entry, Gap
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.secrets import (
    KEY_FILE,
    PASSWORD,
    RECOVERY_PASSWORD,
    STARTUP_KEY,
    Secrets,
)
from heroes_forensics.parsers.storage.apfs_keybag import most_rounds
from heroes_forensics.parsers.storage.bitlocker_key import cleared
from heroes_forensics.parsers.storage.layout import tree, volumes
from heroes_forensics.parsers.storage.locked import REASONS
from heroes_forensics.parsers.storage.source import Source, open_source
from heroes_forensics.parsers.storage.unlocking import suspended, unlocked
from heroes_forensics.parsers.storage.volume import Volume
from heroes_forensics.parsers.volumes import open_volume, volume_reader

Given = tuple[str, str]
"""Kind, and the secret itself, or which file of the corpus it is."""

RECOVERY = "284867-596541-514998-422114-660297-261613-215424-199408"
STARTUP = (STARTUP_KEY, "startup_key.bek")
BITLOCKER: dict[str, tuple[str, Given]] = {
    "password": ("bde-aes-xts_128", (PASSWORD, "password12!@")),
    "password, diffuser": ("bde-aes_128_diffuser", (PASSWORD, "password12!@")),
    "recovery password": ("bde-recovery_password", (RECOVERY_PASSWORD, RECOVERY)),
    "startup key": ("bde-startup_key", STARTUP),
}
TO_GO = UUID("4967d63b-2e29-4ad8-8399-f6a339e3d001").bytes_le


def data_of(name: str) -> bytes:
    return gzip.decompress(evidence(f"encrypted/{name}.gz").read_bytes())


def secrets_of(*given: Given) -> Secrets:
    return Secrets([(kind, _value(kind, name)) for kind, name in given])


def _value(kind: str, name: str) -> bytes:
    return evidence(f"encrypted/{name}").read_bytes() if kind == STARTUP_KEY else name.encode()


def source_of(folder: Path, name: str, *given: Given) -> Source:
    path = folder / name
    path.write_bytes(data_of(name))
    return open_source(slots_of(path), secrets=secrets_of(*given))


def volume_of(source: Source) -> Volume:
    (found,) = [row for row in volumes(source) if isinstance(row, Volume)]
    return found


def digest_of(reader: Reader, size: int) -> str:
    digest = hashlib.sha256()
    for at in range(0, size, 1 << 20):
        digest.update(reader.pread(at, min(1 << 20, size - at)))
    return digest.hexdigest()


@pytest.mark.parametrize(("name", "secret"), BITLOCKER.values(), ids=BITLOCKER)
def test_bitlocker_opens_as_two_other_tools_open_it(
    name: str, secret: Given, tmp_path: Path
) -> None:
    wrong = ((RECOVERY_PASSWORD, "no recovery password"), (STARTUP_KEY, "bde-decrypted.bin.gz"))
    source = source_of(tmp_path, f"{name}.bin", *wrong, secret)
    volume = volume_of(source)
    assert (volume.file_system, volume.gap) == ("ntfs", None)
    again = Volume.from_json(json.loads(json.dumps(volume.to_json())))
    truth = json.loads(evidence(f"encrypted/{name}.bin.gz.truth.json").read_bytes())
    media = truth["images"][0]["media"]
    assert digest_of(volume_reader(source, again), media["size"]) == media["sha256"]
    shown = json.dumps([tree(source), volume.to_json()])
    assert secret[1] not in shown
    assert "opened with a secret" in shown


def test_a_suspended_volume_opens_without_a_secret() -> None:
    reader = suspended(Memory(data_of("bde-suspended.bin")))
    truth = json.loads(evidence("encrypted/bde-suspended.bin.gz.truth.json").read_bytes())
    media = truth["images"][0]["media"]
    assert digest_of(reader, media["size"]) == media["sha256"]


def test_a_volume_of_bitlocker_to_go_is_opened(tmp_path: Path) -> None:
    """The one real sample ends before its metadata; so a whole volume is given such a head."""
    gap = volume_of(source_of(tmp_path, "bdetogo.raw", (PASSWORD, "bde-TEST"))).gap
    assert gap is not None
    assert gap.detail == {"system": "bitlocker", "why": REASONS["damaged"]}
    data = bytearray(data_of("bde-startup_key.bin"))
    head = bytearray(data_of("bdetogo.raw")[:512])
    assert head[424:440] == TO_GO
    head[440:464] = data[176:200]
    data[:512] = head
    path = tmp_path / "to-go"
    path.write_bytes(data)
    source = open_source(slots_of(path), secrets=secrets_of(STARTUP))
    volume = volume_of(source)
    assert (volume.file_system, volume.gap) == ("ntfs", None)
    plain = unlocked(Memory(data_of("bde-startup_key.bin")), secrets_of(STARTUP))
    assert volume_reader(source, volume).pread(0, 1 << 20) == plain.pread(0, 1 << 20)


def fat_of(tool: Callable[[str], str], path: Path, bits: int) -> bytes:
    """Return a FAT of 8 MiB; one of 16 bits has a file."""
    with path.open("wb") as stream:
        stream.truncate(8 << 20)
    make = [tool("mkfs.vfat"), "-F", str(bits), "-s", "1", str(path)]
    subprocess.run(make, check=True, capture_output=True)
    if bits == 16:
        copy = [tool("mcopy"), "-i", str(path), "-", "::file.txt"]
        subprocess.run(copy, check=True, input=b"found in it", capture_output=True)
    return path.read_bytes()


@pytest.fixture
def to_go_volume(tool: Callable[[str], str], tmp_path: Path) -> tuple[Path, bytes]:
    """Return a volume of BitLocker To Go and what is in it."""
    inner = fat_of(tool, tmp_path / "inner", 16)
    path = tmp_path / "to-go"
    path.write_bytes(to_go(inner, fat_of(tool, tmp_path / "shown", 32), "bde-TEST"))
    return path, inner


def test_a_volume_of_bitlocker_to_go_is_opened_with_its_password(
    to_go_volume: tuple[Path, bytes],
) -> None:
    path, inner = to_go_volume
    source = open_source(slots_of(path), secrets=secrets_of((PASSWORD, "bde-TEST")))
    volume = volume_of(source)
    assert (volume.file_system, volume.gap) == ("fat16", None)
    assert volume_reader(source, volume).pread(0, len(inner)) == inner
    found = open_volume(source, volume)
    read = [
        found.open(each.handle).pread(0, 99)
        for each in found.entries()
        if isinstance(each, Entry) and each.path == b"file.txt"
    ]
    assert read == [b"found in it"]
    for secret, word in (("bde-test", "secrets"), ("", "none")):
        given = [(PASSWORD, secret)] if secret else []
        shut = list(volumes(open_source(slots_of(path), secrets=secrets_of(*given))))
        assert [row.gap.detail["why"] for row in shut if isinstance(row, Volume) and row.gap] == [
            REASONS[word]
        ]
        assert len(shut) == 1


def test_dislocker_opens_that_volume_too(
    to_go_volume: tuple[Path, bytes], tool: Callable[[str], str], tmp_path: Path
) -> None:
    path, inner = to_go_volume
    out = tmp_path / "out"
    command = [tool("dislocker-file"), "-V", str(path), "-ubde-TEST", "--", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    assert out.read_bytes() == inner


CUT = {
    "metadata and all": ("bdetogo.raw", None, 131072 * 512),
    "the end": ("bde-aes-xts_128.bin", None, 65_994_752),
    "before the metadata": ("bde-aes-xts_128.bin", 30 << 20, 50_966_528 + 64),
    "the first sector": ("bde-aes-xts_128.bin", 100, None),
}


@pytest.mark.parametrize(("name", "length", "declared"), CUT.values(), ids=CUT)
@pytest.mark.parametrize("given", [(), ((PASSWORD, "password12!@"),)])
def test_a_volume_of_bitlocker_that_was_cut_off_says_so(
    name: str, length: int | None, declared: int | None, given: tuple[Given, ...], tmp_path: Path
) -> None:
    data = data_of(name)[:length]
    path = tmp_path / "cut"
    path.write_bytes(data)
    source = open_source(slots_of(path), secrets=secrets_of(*given), treat_as="auto")
    found = [row for row in volumes(source) if isinstance(row, Gap)]
    said = [row.detail for row in found if row.code == "volume.truncated"]
    assert said == ([{"declared": declared, "real": len(data)}] if declared else [])


def test_a_whole_volume_of_bitlocker_is_not_called_cut_off(tmp_path: Path) -> None:
    data = data_of("bde-aes-xts_128.bin")
    path = tmp_path / "whole"
    with path.open("wb") as stream:
        stream.write(data)
        stream.truncate(65_994_752)
    rows = list(volumes(open_source(slots_of(path))))
    assert [row.code for row in rows if isinstance(row, Gap)] == []


STARTUP_DAMAGE = {"cut": slice(100, None), "head": slice(0, 60), "nothing": slice(0, None)}


@pytest.mark.parametrize("where", STARTUP_DAMAGE.values(), ids=STARTUP_DAMAGE)
def test_a_damaged_startup_key_opens_nothing(where: slice) -> None:
    startup = bytearray(evidence("encrypted/startup_key.bek").read_bytes())
    startup[where] = bytes(len(startup[where]))
    volume = Memory(data_of("bde-startup_key.bin"))
    assert cleared(volume, bytes(startup)) is None
    assert cleared(volume, b"") is None


CLOSED: dict[str, tuple[str, list[Given], str]] = {
    "bitlocker, nothing": ("bde-aes-xts_128.bin", [], "none"),
    "bitlocker, another kind": ("bde-aes-xts_128.bin", [(KEY_FILE, "password12!@")], "none"),
    "bitlocker, wrong": ("bde-aes-xts_128.bin", [(RECOVERY_PASSWORD, "password12!@")], "secrets"),
    "bitlocker, key of another": ("bde-aes-xts_128.bin", [STARTUP], "secrets"),
    "apfs, nothing": ("apfs-encrypted.bin", [(STARTUP_KEY, "startup_key.bek")], "none"),
    "apfs, wrong": (
        "apfs-encrypted.bin",
        [(PASSWORD, "passwort"), (RECOVERY_PASSWORD, "AAAA-BBBB-CCCC-DDDD-EEEE-FFFF")],
        "secrets",
    ),
}


@pytest.mark.parametrize(("name", "given", "word"), CLOSED.values(), ids=CLOSED)
def test_without_the_right_secret_it_stays_a_gap_that_says_why(
    name: str, given: list[Given], word: str, tmp_path: Path
) -> None:
    volume = volume_of(source_of(tmp_path, name, *given))
    assert volume.gap is not None
    assert (volume.gap.where, volume.gap.code) == (volume.key, "volume.encrypted")
    assert volume.gap.detail["why"] == REASONS[word]


def test_rounds_of_a_hostile_container_are_not_begun(tmp_path: Path) -> None:
    data = data_of("apfs-encrypted.bin")
    assert most_rounds(Memory(data)) == 100_000
    path = tmp_path / "apfs"
    path.write_bytes(with_rounds(data, 0xFFFFFF))
    source = open_source(slots_of(path), secrets=secrets_of((PASSWORD, "password")))
    gap = volume_of(source).gap
    assert gap is not None
    assert gap.detail == {"system": "apfs", "why": REASONS["time"]}


BAG = slice(95 * 4096, 96 * 4096)
"""Of the volume, in the sample."""


OWNER = bytes.fromhex("00df510affe649699607efa24d864392")


def in_xts(data: bytes, start: int, *, encrypt: bool) -> bytes:
    """Do AES-XTS with one key twice, which the library refuses for encryption."""
    engine = Cipher(algorithms.AES(OWNER), modes.ECB())  # noqa: S305 - the mode is made of it
    step, mask = engine.encryptor() if encrypt else engine.decryptor(), engine.encryptor()
    made = []
    for at in range(0, len(data), 16):
        if at % 512 == 0:
            number = ((start + at) // 512).to_bytes(16, "little")
            tweak = int.from_bytes(mask.update(number), "little")
        mixed = int.from_bytes(data[at : at + 16], "little") ^ tweak
        out = int.from_bytes(step.update(mixed.to_bytes(16, "little")), "little") ^ tweak
        made.append(out.to_bytes(16, "little"))
        tweak = tweak << 1 & (1 << 128) - 1 ^ (0x87 if tweak >> 127 else 0)
    return b"".join(made)


def with_rounds(data: bytes, rounds: int) -> bytes:
    """State other rounds in the bag of the volume, in its place and encrypted as it was."""
    clear = in_xts(data[BAG], BAG.start, encrypt=False)
    assert clear.count(b"\x84\x03\x01\x86\xa0") == 1
    changed = clear.replace(b"\x84\x03\x01\x86\xa0", b"\x84\x03" + rounds.to_bytes(3, "big"))
    return data[: BAG.start] + in_xts(changed, BAG.start, encrypt=True) + data[BAG.stop :]


@pytest.mark.parametrize("at", range(0, 4096, 331))
def test_a_damaged_bag_is_a_reason_and_no_crash(at: int) -> None:
    data = bytearray(data_of("apfs-encrypted.bin"))
    for place in (BAG.start + at, 97 * 4096 + at):
        data[place] ^= 0x55
    with contextlib.suppress(ValueError, struct.error):
        assert most_rounds(Memory(bytes(data))) >= 0


# By dissect.apfs 1.1, which is another reader.
APFS = {
    b"hardlink": "d22abcacaf5745605910183cefb7a665",
    b".fseventsd/0000000046d4e8ee": "8f9d806b28ba53b09ed995bc2c1dcfbf",
    b"dir/compressed-lzvn-xattr": "3018c068deefbdebd576fb3d6c0a3541",
}


def test_an_encrypted_volume_of_apfs_is_opened(tmp_path: Path) -> None:
    source = source_of(tmp_path, "apfs-encrypted.bin", (PASSWORD, "wrong"), (PASSWORD, "password"))
    volume = volume_of(source)
    assert (volume.file_system, volume.gap) == ("apfs", None)
    again = Volume.from_json(json.loads(json.dumps(volume.to_json())))
    found = open_volume(source, again)
    entries = {each.path: each for each in found.entries() if isinstance(each, Entry)}
    for path, digest in APFS.items():
        data = found.open(entries[path].handle).pread(0, entries[path].size)
        assert hashlib.md5(data, usedforsecurity=False).hexdigest() == digest
