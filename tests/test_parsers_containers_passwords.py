"""Encrypted members of zip and 7z archives that 7-Zip made: read with their password, or a gap."""

import random
import subprocess
from collections.abc import Callable

import pytest
from corpus import evidence
from storage_images import Memory

from heroes_forensics.model import Entry
from heroes_forensics.parsers.base import FileSystem, UnsupportedError
from heroes_forensics.parsers.containers import sevenzip_encryption
from heroes_forensics.parsers.containers.sevenzip import open_7z
from heroes_forensics.parsers.containers.zip import open_zip
from heroes_forensics.parsers.secrets import PASSWORD, RECOVERY_PASSWORD, Secrets

SECRET = "Quibbling-Marmalade-77"  # noqa: S105 - of this test
ACCENTED = "Quibbling-Marmelâde-77"
"""Of 7z archives; in a zip 7-Zip takes no such password."""
FILES = {
    "text": b"hello " * 30_000,
    "noise": random.Random(7).randbytes(300_001),  # noqa: S311 - the same each time
    "nothing": b"",
    "one": b"x",
}
WAYS = {
    "ZipCrypto": ("-tzip",),
    "ZipCrypto, stored": ("-tzip", "-mx0"),
    "ZipCrypto, LZMA": ("-tzip", "-mm=LZMA"),
    "AES-128": ("-tzip", "-mem=AES128"),
    "AES-192, bzip2": ("-tzip", "-mem=AES192", "-mm=BZip2"),
    "AES-256, stored": ("-tzip", "-mem=AES256", "-mx0"),
    "7z": ("-t7z",),
    "7z, header too": ("-t7z", "-mhe"),
    "7z, stored": ("-t7z", "-mx0"),
    "7z, a block a file": ("-t7z", "-ms=off"),
    "7z, with a filter": ("-t7z", "-m0=BCJ", "-m1=LZMA2"),
}

Archives = dict[str, bytes]


def secret(way: str) -> str:
    return ACCENTED if way.startswith("7z") else SECRET


@pytest.fixture(scope="module")
def archives(tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Archives:
    program, folder = tool("7z"), tmp_path_factory.mktemp("archives")
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    made = {}
    for number, (way, options) in enumerate(WAYS.items()):
        path = folder / f"archive-{number}"
        command = [program, "a", *options, f"-p{secret(way)}", str(path), "--", *FILES]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        made[way] = next(folder.glob(f"{path.name}*")).read_bytes()
    return made


def opened(archive: bytes, *passwords: str, kind: str = PASSWORD) -> FileSystem:
    secrets = Secrets([(kind, each.encode()) for each in passwords])
    reader = Memory(archive)
    return (open_zip if archive.startswith(b"PK") else open_7z)(reader, secrets)


def content(found: FileSystem) -> dict[str, bytes | str]:
    """Return what each member holds, or the code of its gap."""
    held: dict[str, bytes | str] = {}
    for entry in found.entries():
        if isinstance(entry, Entry) and entry.size:
            try:
                held[entry.path.decode()] = found.open(entry.handle).pread(0, entry.size + 1)
            except UnsupportedError as error:
                held[entry.path.decode()] = error.code
    return held


WITH_CONTENT = {name: data for name, data in FILES.items() if data}


@pytest.mark.parametrize("way", WAYS)
def test_members_are_read_with_the_password_that_fits(way: str, archives: Archives) -> None:
    found = opened(archives[way], "wrong", secret(way), "wrong too")
    assert content(found) == WITH_CONTENT
    assert content(found) == WITH_CONTENT, "once more, as what is nested is read"
    for entry in found.entries():
        if isinstance(entry, Entry) and entry.path == b"noise":
            reader = found.open(entry.handle)
            for at, length in ((270_000, 100), (0, 17), (262_143, 3), (15, 70_000), (300_000, 9)):
                assert reader.pread(at, length) == FILES["noise"][at : at + length]


@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_password_and_none_are_a_gap(way: str, archives: Archives) -> None:
    for passwords, kind in (
        ((), PASSWORD),
        (("wrong",), PASSWORD),
        ((secret(way),), RECOVERY_PASSWORD),
    ):
        if way == "7z, header too":
            with pytest.raises(UnsupportedError) as refused:
                opened(archives[way], *passwords, kind=kind)
            assert refused.value.code == "container.encrypted"
            assert secret(way) not in str(refused.value)
            continue
        found = content(opened(archives[way], *passwords, kind=kind))
        assert set(found.values()) == {"stream.encrypted"}
        assert len(found) == len(WITH_CONTENT)


def test_no_wrong_password_out_of_hundreds_is_taken(archives: Archives) -> None:
    """One byte of ZipCrypto is compared first, which some of these fit by chance."""
    passwords = [f"wrong {number}" for number in range(500)]
    archive = archives["ZipCrypto, stored"]
    assert set(content(opened(archive, *passwords)).values()) == {"stream.encrypted"}
    assert content(opened(archive, *passwords, SECRET)) == WITH_CONTENT


@pytest.mark.parametrize("way", ["AES-128", "AES-256, stored", "7z, stored"])
def test_what_was_changed_is_not_read_in_silence(way: str, archives: Archives) -> None:
    data = bytearray(archives[way])
    at = len(data) // 2
    data[at] ^= 1
    found = content(opened(bytes(data), secret(way)))
    assert found["noise"] in {"stream.encrypted", "stream.checksum"}


def test_the_corpus_has_one_and_it_opens() -> None:
    data = evidence("archives/tika-test7Z_protected_passTika.7z").read_bytes()
    assert b"TIKA-1521" in next(iter(content(opened(data, "Tika")).values()))
    assert set(content(opened(data, "tika")).values()) == {"stream.encrypted"}


def test_a_key_that_would_take_for_ever_is_not_derived() -> None:
    locks = sevenzip_encryption.Locks(Memory(b""), Secrets([(PASSWORD, b"x")]))
    for power in (23, 62, 63):
        assert list(locks.opened(Memory(bytes(16)), bytes([power, 0]))) == []
    assert list(locks.opened(Memory(bytes(16)), b"")) == []
    assert list(locks.opened(Memory(bytes(16)), b"\xd3\xff")) == []
