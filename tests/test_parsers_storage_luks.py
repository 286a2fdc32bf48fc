"""LUKS volumes that a password opens: those of cryptsetup, of the corpus, and hostile ones."""

import gzip
import hashlib
import json
import os
import random
import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyluksde
import pytest
from corpus import evidence
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from scans import scanned
from storage_images import Memory, slots_of

from heroes_forensics.parsers.secrets import KEY_FILE, PASSWORD, RECOVERY_PASSWORD, Secrets
from heroes_forensics.parsers.sectors import SectorCipher, SectorReader
from heroes_forensics.parsers.storage import luks
from heroes_forensics.parsers.storage.layout import volumes
from heroes_forensics.parsers.storage.locked import REASONS, LockedError
from heroes_forensics.parsers.storage.luks import opened
from heroes_forensics.parsers.storage.source import Source, open_source
from heroes_forensics.parsers.storage.volume import Volume
from heroes_forensics.parsers.volumes import volume_reader

SECRET = "Quibbling-Marmalade-77"  # noqa: S105 - of this test
OTHER = "Dawdling-Custard-31"
SIZE = 4 << 20
ROOM = 4 << 20
CONTENT = b"content of the one file"
HEADER = 16384
QUIET = ("--batch-mode", "--disable-locks", "--key-file")
IN_PLACE = ("reencrypt", "--encrypt", "--force-offline-reencrypt", "--type", "luks2")
SMALL = ("--luks2-keyslots-size", "512k", "--reduce-device-size", "4M")
ARGON = ("--pbkdf-memory", "1024", "--pbkdf-force-iterations", "4", "--pbkdf-parallel", "2")
ESSIV = ("--cipher", "aes-cbc-essiv:sha256", "--key-size", "256")
PBKDF2 = ("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--hash", "sha512")
SECOND = {
    "argon2id, sectors of 4096 bytes": ("--sector-size", "4096", "--pbkdf", "argon2id", *ARGON),
    "argon2i": ("--pbkdf", "argon2i", *ARGON),
    "pbkdf2, cbc": (*ESSIV, *PBKDF2),
}

Images = dict[str, Path]


def given(*texts: str, kind: str = PASSWORD) -> Secrets:
    return Secrets([(kind, text.encode()) for text in texts])


def run(*words: object) -> None:
    subprocess.run([str(word) for word in words], check=True, capture_output=True)


def sectors(data: bytes, size: int, cipher: Callable[[int], Cipher[Any]]) -> bytes:
    """Encrypt sector by sector, as the library has the modes itself."""
    parts = []
    for at in range(0, len(data), size):
        engine = cipher(at // 512).encryptor()
        parts.append(engine.update(data[at : at + size]) + engine.finalize())
    return b"".join(parts)


def xts(key: bytes) -> Callable[[int], Cipher[Any]]:
    return lambda number: Cipher(algorithms.AES(key), modes.XTS(number.to_bytes(16, "little")))


def cbc(key: bytes) -> Callable[[int], Cipher[Any]]:
    return lambda number: Cipher(algorithms.AES(key), modes.CBC(number.to_bytes(16, "little")))


@pytest.fixture(scope="module")
def images(tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Images:
    """Make one ext4 volume, and encrypt it as LUKS1 and in three ways as LUKS2."""
    folder = tmp_path_factory.mktemp("luks")
    plain, inside, key = folder / "plain", folder / "inside", folder / "key"
    plain.write_bytes(bytes(SIZE))
    inside.write_bytes(CONTENT)
    run(tool("mke2fs"), "-q", "-t", "ext4", "-b", "4096", plain)
    run(tool("debugfs"), "-w", "-R", f"write {inside} inside", plain)
    key.write_bytes(SECRET.encode())
    found = {"plain": plain}
    crypt = tool("cryptsetup")
    for name, options in SECOND.items():
        found[name] = folder / str(len(found))
        found[name].write_bytes(plain.read_bytes() + bytes(ROOM))
        run(crypt, *IN_PLACE, *QUIET, key, *SMALL, *options, found[name])
    (folder / "other").write_bytes(OTHER.encode())
    last = found["pbkdf2, cbc"]
    run(crypt, "luksAddKey", *QUIET, key, *PBKDF2[:4], last, folder / "other")
    found["luks1"] = folder / "luks1"
    found["luks1"].write_bytes(bytes(ROOM))
    master = random.Random(7).randbytes(64)  # noqa: S311 - the same each time
    (folder / "master").write_bytes(master)
    options = ("--type", "luks1", "--hash", "sha1", "--key-size", "512", "--master-key-file")
    form = ("luksFormat", *QUIET, key, "--pbkdf-force-iterations", "1000", *options)
    run(crypt, *form, folder / "master", found["luks1"])
    head = found["luks1"].read_bytes()
    at = int.from_bytes(head[104:108], "big") * 512
    found["luks1"].write_bytes(head[:at] + sectors(plain.read_bytes(), 512, xts(master)))
    return found


def source_of(path: Path, *texts: str) -> Source:
    return open_source(slots_of(path), secrets=given(*texts))


def volume_of(source: Source) -> Volume:
    (found,) = [row for row in volumes(source) if isinstance(row, Volume)]
    return found


@pytest.mark.parametrize("name", [*SECOND, "luks1"])
def test_what_cryptsetup_encrypted_is_read_as_it_was(name: str, images: Images) -> None:
    source = source_of(images[name], OTHER, SECRET)
    volume = volume_of(source)
    assert (volume.key, volume.file_system, volume.gap) == ("p0", "ext4", None)
    again = Volume.from_json(json.loads(json.dumps(volume.to_json())))
    assert SECRET not in json.dumps(volume.to_json())
    reader = volume_reader(source, again)
    plain = images["plain"].read_bytes()
    assert reader.pread(0, SIZE) == plain
    for at, length in ((1, 17), (511, 2), (4095, 4098), (SIZE - 3, 3), ((1 << 20) - 5, 1 << 20)):
        assert reader.pread(at, length) == plain[at : at + length]
    assert reader.pread(reader.size, 1) == b""


def test_each_slot_opens_by_its_own_password_and_key_file(images: Images) -> None:
    for text, kind in ((SECRET, PASSWORD), (OTHER, PASSWORD), (OTHER, KEY_FILE)):
        secrets = given(text, kind=kind)
        reader = opened(Memory(images["pbkdf2, cbc"].read_bytes()), secrets)
        assert reader.pread(0, SIZE) == images["plain"].read_bytes()


def test_another_library_reads_the_same_of_luks1(images: Images) -> None:
    peer = pyluksde.volume()
    peer.set_password(SECRET)
    peer.open(str(images["luks1"]))
    data = opened(Memory(images["luks1"].read_bytes()), given(SECRET)).pread(0, SIZE)
    assert peer.read_buffer_at_offset(SIZE, 0) == data


@pytest.mark.parametrize("name", ["luks1-aes-ecb", "luks2-aes-xts-plain64"])
def test_the_corpus_is_decrypted_as_another_tool_decrypts_it(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.decompress(evidence(f"encrypted/{name}.bin.gz").read_bytes()))
    source = source_of(path, "password")
    volume = volume_of(source)
    assert volume.gap is not None
    assert volume.gap.code == "volume.unknown"  # it holds no file system
    reader = volume_reader(source, volume)
    truth = json.loads(evidence(f"encrypted/{name}.bin.gz.truth.json").read_bytes())
    media = truth["images"][0]["media"]
    assert reader.size == media["size"]
    assert hashlib.sha256(reader.pread(0, reader.size)).hexdigest() == media["sha256"]


@pytest.mark.parametrize("name", [*SECOND, "luks1"])
def test_a_volume_that_nothing_opens_stays_a_gap(name: str, images: Images) -> None:
    system = "luks1" if name == "luks1" else "luks2"
    gap = volume_of(source_of(images[name], OTHER[1:])).gap
    assert gap is not None
    assert (gap.code, gap.detail) == (
        "volume.encrypted",
        {"system": system, "why": "no secret that was given opens it"},
    )
    for secrets in (Secrets(), given(SECRET, kind=RECOVERY_PASSWORD)):
        gap = volume_of(open_source(slots_of(images[name]), secrets=secrets)).gap
        assert gap is not None
        assert gap.detail == {"system": system, "why": REASONS["none"]}


def test_a_locked_worker_examines_it_and_the_password_is_nowhere(
    images: Images, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.yaml"
    keys.write_text(f'format: heroes-keys/1\nsecrets:\n  - password: "{SECRET}"\n', "utf-8")
    keys.chmod(0o600)
    case = tmp_path / "case"
    source = images["argon2id, sectors of 4096 bytes"]
    result = scanned(case, source, key_files=(keys,), perceptual=False)
    assert (result.counts["digested"], result.unexpected_gaps) == (1, 0)
    places = [case, Path(os.environ["HEROES_HOME"])]
    files = [path for place in places for path in place.rglob("*") if path.is_file()]
    for form in (SECRET.encode(), SECRET.encode().hex().encode()):
        assert [path for path in files if form in path.read_bytes()] == []


def test_volumes_of_lvm_inside_are_volumes(tool: Callable[[str], str], tmp_path: Path) -> None:
    packed, image, key = tmp_path / "lvm.qcow2", tmp_path / "lvm", tmp_path / "key"
    packed.write_bytes(gzip.decompress(evidence("images/dfvfs/lvm.qcow2.gz").read_bytes()))
    run(tool("qemu-img"), "convert", "-O", "raw", packed, image)
    key.write_bytes(SECRET.encode())
    with image.open("ab") as file:
        file.truncate(image.stat().st_size + ROOM)
    options = SECOND["argon2i"]
    run(tool("cryptsetup"), *IN_PLACE, *QUIET, key, *SMALL, *options, image)
    plain = volume_of(open_source(slots_of(packed)))
    source = source_of(image, SECRET)
    found = volume_of(source)
    assert (found.key, found.file_system, found.size) == ("p0.lv1", "ext2", plain.size)
    assert [step["layer"] for step in found.spec] == ["luks", "lvm"]
    clear = volume_reader(open_source(slots_of(packed)), plain).pread(0, plain.size)
    assert volume_reader(source, found).pread(0, found.size) == clear


@pytest.mark.parametrize("name", ["argon2i", "luks1"])
def test_what_is_left_of_a_cut_image_is_read(name: str, images: Images) -> None:
    data = images[name].read_bytes()
    whole = opened(Memory(data), given(SECRET))
    cut = opened(Memory(data[: len(data) - whole.size + 70_000 + 7]), given(SECRET))
    assert cut.size == 70_000
    assert cut.pread(0, SIZE) == images["plain"].read_bytes()[:70_000]


# ---- hostile headers -------------------------------------------------------------------------


def tree_of(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(data[4096:HEADER].split(b"\0", 1)[0])
    return found


def with_json(data: bytes, text: bytes) -> bytes:
    """Replace the JSON of the first copy, with a checksum that fits; the second is blanked."""
    head = bytearray(data[:4096])
    rest = text.ljust(HEADER - 4096, b"\0")
    head[448:512] = bytes(64)
    head[448:480] = hashlib.sha256(bytes(head) + rest).digest()
    return bytes(head) + rest + bytes(4096) + data[HEADER + 4096 :]


def reason(data: bytes) -> str:
    with pytest.raises(LockedError) as refused:
        opened(Memory(data), given(SECRET))
    return refused.value.word


def test_the_second_copy_stands_in_for_the_first(images: Images) -> None:
    data = bytearray(images["argon2i"].read_bytes())
    data[4200] ^= 1
    assert opened(Memory(bytes(data)), given(SECRET)).pread(0, SIZE)[1024:] != b""
    data[HEADER + 4200] ^= 1
    assert reason(bytes(data)) == "damaged"


CHANGES: dict[str, tuple[tuple[str, ...], object, str]] = {
    "more memory than is allowed": (("keyslots", "0", "kdf", "memory"), 1 << 23, "memory"),
    "a year of work": (("keyslots", "0", "kdf", "time"), 1 << 31, "time"),
    "too many lanes": (("keyslots", "0", "kdf", "cpus"), 1 << 20, "time"),
    "less memory than its lanes take": (("keyslots", "0", "kdf", "memory"), 1, "damaged"),
    "a short salt": (("keyslots", "0", "kdf", "salt"), "YQ==", "damaged"),
    "no base64": (("keyslots", "0", "kdf", "salt"), "!", "damaged"),
    "another derivation": (("keyslots", "0", "kdf", "type"), "scrypt", "kind"),
    "another kind of slot": (("keyslots", "0", "type"), "reencrypt", "kind"),
    "no parts": (("keyslots", "0", "af", "stripes"), 0, "damaged"),
    "a million parts": (("keyslots", "0", "af", "stripes"), 1 << 20, "damaged"),
    "a place beyond the end": (("keyslots", "0", "area", "offset"), str(1 << 60), "secrets"),
    "a cipher of the place": (("keyslots", "0", "area", "encryption"), "aes-cbc-x", "cipher"),
    "a key of no length": (("keyslots", "0", "key_size"), 0, "damaged"),
    "a cipher": (("segments", "0", "encryption"), "serpent-xts-plain64", "cipher"),
    "sectors of no size": (("segments", "0", "sector_size"), 513, "kind"),
    "a number that is none": (("segments", "0", "offset"), "-1", "damaged"),
    "a long number": (("segments", "0", "offset"), "9" * 4000, "damaged"),
    "integrity": (("segments", "0", "integrity"), {"type": "hmac(sha256)"}, "kind"),
    "a second segment": (("segments", "1"), {"type": "linear"}, "kind"),
    "no segments": (("segments",), {}, "kind"),
    "segments that are none": (("segments",), [], "damaged"),
    "a requirement": (("config", "requirements"), {"mandatory": ["online-reencrypt"]}, "kind"),
    "a check of many rounds": (("digests", "0", "iterations"), 1 << 40, "time"),
    "a check of another kind": (("digests", "0", "type"), "x", "kind"),
    "no check": (("digests",), {}, "damaged"),
}


@pytest.mark.parametrize(("path", "value", "word"), CHANGES.values(), ids=CHANGES)
def test_a_header_that_asks_for_too_much_is_left_and_said(
    path: tuple[str, ...], value: object, word: str, images: Images
) -> None:
    data = images["argon2i"].read_bytes()
    tree = tree_of(data)
    place: Any = tree
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    changed = with_json(data, json.dumps(tree).encode())
    assert reason(changed) == word


TEXTS = {
    "deep": b"[" * 12000,
    "no object": b"[]",
    "no JSON": b"{",
    "no text": b"\xff\xfe",
    "an endless number": b'{"segments": ' + b"9" * 9000 + b"}",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_json_that_is_no_header_is_damage(text: bytes, images: Images) -> None:
    assert reason(with_json(images["argon2i"].read_bytes(), text)) == "damaged"


def mutated(data: bytes, length: int, count: int) -> Iterator[bytes]:
    chance = random.Random(11)  # noqa: S311 - the same each time
    for _ in range(count):
        changed = bytearray(data)
        for _ in range(chance.choice((1, 2, 8))):
            changed[chance.randrange(8, length)] = chance.randrange(256)
        yield bytes(changed)


def test_no_damage_of_a_header_does_anything_else_than_end_in_words(
    images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(luks, "MOST_SECONDS", 0.01)
    first = images["luks1"].read_bytes()[:300_000]
    second = images["pbkdf2, cbc"].read_bytes()
    text = second[4096:HEADER].rstrip(b"\0")
    damaged = [*mutated(first, 592, 25)]
    damaged += (with_json(second, b"        " + one) for one in mutated(text, len(text), 35))
    words = set()
    for data in damaged:
        try:
            opened(Memory(data), given("wrong"))
        except LockedError as error:
            words.add(error.word)
    assert {"secrets", "damaged", "cipher"} <= words <= set(REASONS)


def test_all_tries_together_are_bounded(images: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(luks, "ALL_SECONDS", 0.02)
    data = Memory(images["luks1"].read_bytes())
    with pytest.raises(LockedError) as refused:
        opened(data, given(*(f"wrong {number}" for number in range(100))))
    assert refused.value.word == "time"


def test_a_derivation_that_gets_no_memory_is_said(images: Images) -> None:
    data = images["argon2i"].read_bytes()
    tree = tree_of(data)
    tree["keyslots"]["0"]["kdf"]["memory"] = 1 << 20
    changed = with_json(data, json.dumps(tree).encode())
    status = Path("/proc/self/status").read_text("ascii")
    used = int(status.split("VmData:")[1].split()[0]) << 10
    before = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (used + (1 << 29), before[1]))
    try:
        assert reason(changed) == "memory"
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


# ---- sectors ---------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [512, 1024, 2048, 4096])
@pytest.mark.parametrize(("name", "length"), [("xts", 32), ("xts", 64), ("cbc", 16), ("cbc", 32)])
def test_many_sectors_at_once_are_what_the_library_makes_of_each(
    name: str, length: int, size: int
) -> None:
    chance = random.Random(length + size)  # noqa: S311 - the same each time
    key, data = chance.randbytes(length), chance.randbytes(40 * 4096)
    stored = sectors(data, size, (xts if name == "xts" else cbc)(key))
    reader = SectorReader(Memory(stored), SectorCipher(f"aes-{name}-plain64", key, size))
    for _ in range(20):
        at, wanted = chance.randrange(len(data)), chance.randrange(20_000)
        assert reader.pread(at, wanted) == data[at : at + wanted]


def test_only_plain_vectors_begin_anew_after_32_bits() -> None:
    key, data = bytes(range(32)), bytes(1024)
    far = (1 << 32) - 1
    stored = SectorCipher("aes-cbc-plain", key, first=far).decrypt(data, 0)
    assert stored[512:] == SectorCipher("aes-cbc-plain64", key).decrypt(data[:512], 0)
    assert stored[512:] != SectorCipher("aes-cbc-plain64", key, first=far).decrypt(data, 0)[512:]
