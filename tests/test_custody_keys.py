import json
import os
import stat
import subprocess
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import Tools

from heroes_forensics.custody import highwater, keys, notes, private, rotation, seal
from heroes_forensics.custody.highwater import Mark
from heroes_forensics.errors import CustodyError, HeroesError, UsageError

CASE = "40000000-0000-4000-8000-000000000004"
LEDGER = "10000000-0000-4000-8000-000000000001"
ROOT = "ab" * 32
PASSPHRASE, WRONG = "öffne dich", "sesam"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "heroes"


def modes(folder: Path) -> set[tuple[str, int]]:
    return {
        ("folder" if path.is_dir() else "file", stat.S_IMODE(path.stat().st_mode))
        for path in [folder, *folder.rglob("*")]
    }


def test_the_home_is_where_the_environment_says(tmp_path: Path) -> None:
    assert keys.home_folder({"HEROES_HOME": str(tmp_path)}) == tmp_path
    assert keys.home_folder({"XDG_DATA_HOME": str(tmp_path)}) == tmp_path / "heroes"
    assert keys.home_folder({}) == Path.home() / ".local" / "share" / "heroes"


def test_a_laboratory_signs_for_every_ledger_of_its_domain(home: Path) -> None:
    made = keys.create_laboratory(home, domain="lab.example")
    loaded = keys.load_ring(home)
    assert loaded.vkey == made.vkey == keys.laboratory(home)["vkey"]
    assert (loaded.identity, loaded.set_key) == (made.identity, made.set_key)
    assert keys.protection(home) == loaded.protection == "file"
    signer = keys.load_ring(home).signer(LEDGER)
    assert signer.name == f"lab.example/custody/{LEDGER}"
    note = notes.parse(notes.sign(notes.checkpoint_text(signer.name, 1, bytes(32)), [signer]))
    assert notes.verdict(note, notes.of(signer)).good
    assert modes(home) == {("folder", 0o700), ("file", 0o600)}


def test_recovery_recipients_open_what_the_laboratory_seals(home: Path) -> None:
    identity, recipient = seal.new_identity()
    keys.create_laboratory(home, domain="lab.example", recovery=(recipient,))
    ring = keys.load_ring(home)
    assert [name for name, _ in ring.recipients] == ["working", "recovery-1"]
    sealed = seal.seal(b"x", [text for _, text in ring.recipients])
    assert seal.open_sealed(sealed, [identity]) == seal.open_sealed(sealed, [ring.identity])


def test_a_passphrase_wraps_the_ring_and_nothing_secret_lies_open(home: Path) -> None:
    made = keys.create_laboratory(home, domain="lab.example", passphrase=PASSPHRASE)
    assert keys.protection(home) == "passphrase"
    for path in home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"PRIVATE KEY" not in data
            assert b"AGE-SECRET" not in data
            assert made.set_key not in data
    assert (
        (home / "keys" / "ring.pem.age")
        .read_bytes()
        .startswith(b"age-encryption.org/v1\n-> scrypt")
    )
    assert keys.load_ring(home, passphrase=PASSPHRASE).vkey == made.vkey
    with pytest.raises(UsageError) as refused:
        keys.load_ring(home, passphrase=WRONG)
    assert WRONG not in "".join(traceback.format_exception(refused.value))
    with pytest.raises(UsageError, match="protected by a passphrase"):
        keys.load_ring(home)


def test_a_case_has_keys_of_its_own_before_there_is_a_laboratory(home: Path) -> None:
    assert keys.protection(home, CASE) is None
    made = keys.create_case_ring(home, CASE)
    assert made.protection == keys.protection(home, CASE) == "case-local"
    loaded = keys.load_ring(home, CASE)
    assert loaded.vkey == made.vkey
    assert loaded.signer(LEDGER).name == f"case-local.invalid/custody/{LEDGER}"
    keys.create_laboratory(home, domain="lab.example")
    assert keys.load_ring(home, CASE).protection == "case-local"
    assert keys.load_ring(home).protection == "file"
    assert keys.load_ring(home, CASE.replace("4", "5")).protection == "file"


def test_a_laboratory_may_take_over_a_set_key(home: Path) -> None:
    local = keys.create_case_ring(home, CASE)
    made = keys.create_laboratory(home, domain="lab.example", set_key=local.set_key)
    keys.remove_case_ring(home, CASE)
    assert keys.load_ring(home).set_key == made.set_key == local.set_key
    assert made.identity != local.identity
    assert not (home / "keys" / CASE).exists()
    with pytest.raises(UsageError, match="cannot be removed"):
        keys.remove_case_ring(home, CASE)


def test_keys_are_never_overwritten(home: Path) -> None:
    keys.create_case_ring(home, CASE)
    keys.create_laboratory(home, domain="lab.example")
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    with pytest.raises(UsageError):
        keys.create_laboratory(home, domain="lab.example")
    with pytest.raises(UsageError):
        keys.create_case_ring(home, CASE)
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("loose", ["", "keys", "keys/ring.pem", "laboratory.json"])
def test_what_others_can_read_is_refused(home: Path, loose: str) -> None:
    keys.create_laboratory(home, domain="lab.example")
    path = home / loose
    path.chmod(path.stat().st_mode | 0o040)
    with pytest.raises(UsageError) as refused:
        keys.load_ring(home)
    assert "open to others" in str(refused.value)
    assert "chmod" in refused.value.hint


@pytest.mark.parametrize("foreign", ["keys/ring.pem", "keys", "laboratory.json"])
def test_what_somebody_else_owns_is_refused(
    home: Path, foreign: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.create_laboratory(home, domain="lab.example")
    keys.load_ring(home)
    if os.geteuid() == 0:
        os.chown(home / foreign, 65534, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(UsageError, match="open to others"):
        keys.load_ring(home)


def test_a_pipe_in_the_place_of_a_key_is_refused_and_not_waited_for(home: Path) -> None:
    keys.create_laboratory(home, domain="lab.example")
    (home / "keys" / "ring.pem").unlink()
    os.mkfifo(home / "keys" / "ring.pem", 0o600)
    with pytest.raises(UsageError, match="no regular file"):
        keys.load_ring(home)


def test_a_key_file_that_is_a_link_is_refused(home: Path) -> None:
    keys.create_laboratory(home, domain="lab.example")
    ring = home / "keys" / "ring.pem"
    ring.rename(home / "moved")
    ring.symlink_to(home / "moved")
    with pytest.raises(UsageError):
        keys.load_ring(home)


@pytest.mark.parametrize(
    "domain", ["", "lab", "Lab.example", "lab example.org", "-a.example", "a/b.c"]
)
def test_a_domain_is_a_dns_name(home: Path, domain: str) -> None:
    with pytest.raises(UsageError):
        keys.create_laboratory(home, domain=domain)


def test_arguments_are_checked_before_anything_is_written(home: Path) -> None:
    with pytest.raises(UsageError):
        keys.create_laboratory(home, domain="lab.example", passphrase="")
    with pytest.raises(UsageError):
        keys.create_laboratory(home, domain="lab.example", recovery=("age1nonsense",))
    with pytest.raises(UsageError):
        keys.create_case_ring(home, "../../etc")
    assert not list(home.rglob("*.pem*"))


DAMAGE = [
    ("keys/ring.pem", b""),
    ("keys/ring.pem", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
    ("laboratory.json", b""),
    ("laboratory.json", b"{}"),
    ("laboratory.json", b"\xff"),
]


@pytest.mark.parametrize(("name", "data"), DAMAGE)
def test_damaged_files_are_said_to_be_damaged(home: Path, name: str, data: bytes) -> None:
    keys.create_laboratory(home, domain="lab.example")
    (home / name).write_bytes(data)
    with pytest.raises(CustodyError, match="damaged"):
        keys.load_ring(home)


def test_without_a_laboratory_the_message_says_how_to_make_one(home: Path) -> None:
    with pytest.raises(UsageError) as refused:
        keys.load_ring(home)
    assert "heroes init" in refused.value.hint


def test_a_ring_that_is_printed_shows_nothing_secret(home: Path) -> None:
    ring = keys.create_case_ring(home, CASE)
    text = repr(ring) + repr(ring.signer(LEDGER))
    assert "AGE-SECRET" not in text
    assert ring.set_key.hex() not in text
    assert repr(ring.set_key) not in text


def test_openssl_reads_the_public_and_the_private_key(home: Path, tool: Tools) -> None:
    ring = keys.create_laboratory(home, domain="lab.example")
    public = keys.public_pem(ring.signer(LEDGER).public_key_bytes)
    derived = subprocess.run(
        [tool("openssl"), "pkey", "-pubout", "-in", home / "keys" / "ring.pem"],
        capture_output=True,
        check=True,
    )
    assert derived.stdout == public


def test_a_high_water_mark_only_rises(home: Path) -> None:
    assert highwater.load(home) == {}
    highwater.advance(home, "a", Mark(5, ROOT))
    highwater.advance(home, "b", Mark(1, ROOT))
    highwater.advance(home, "a", Mark(3, ROOT))
    assert highwater.load(home) == {"a": Mark(5, ROOT), "b": Mark(1, ROOT)}
    highwater.advance(home, "a", Mark(6, ROOT))
    assert highwater.load(home)["a"].size == 6
    assert modes(home) == {("folder", 0o700), ("file", 0o600)}


def test_marks_of_cases_closed_side_by_side_are_all_kept(home: Path) -> None:
    origins = [f"origin-{number}" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda origin: highwater.advance(home, origin, Mark(1, ROOT)), origins))
    assert highwater.load(home) == dict.fromkeys(origins, Mark(1, ROOT))


def test_keys_replaced_side_by_side_are_all_kept(home: Path) -> None:
    keys.create_laboratory(home, domain="lab.example")
    recipients = [seal.new_identity()[1] for _ in range(4)]
    time = "2026-01-01T00:00:00.000000Z"

    def change(number: int) -> None:
        if number % 2:
            keys.add_recovery(home, recipients[number // 2])
        else:
            rotation.rotate(home, passphrase=None, time=time, reason=str(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, range(8)))
    ring, described = keys.load_ring(home), keys.laboratory(home)
    former, recovery = described["former"], described["recovery"]
    assert isinstance(former, list)
    assert isinstance(recovery, list)
    assert (len(ring.former), len(former), ring.vkey) == (4, 4, described["vkey"])
    assert set(recovery) == set(recipients)


@pytest.mark.parametrize("data", ["", "[]", '{"a":1}', '{"a":{"size":"1","root":"00"}}'])
def test_a_damaged_high_water_mark_is_said_to_be_damaged(home: Path, data: str) -> None:
    private.folder(home)
    private.write_new(home / highwater.NAME, data.encode())
    with pytest.raises(CustodyError, match="damaged"):
        highwater.load(home)


def test_the_mark_is_plain_json(home: Path) -> None:
    highwater.advance(home, "a", Mark(5, ROOT))
    assert json.loads((home / highwater.NAME).read_text()) == {"a": {"size": 5, "root": ROOT}}


def test_a_huge_key_file_is_not_read(home: Path) -> None:
    private.folder(home)
    private.write_new(home / "x", b"x" * (private.MAX_BYTES + 1))
    with pytest.raises(HeroesError, match="larger"):
        private.read(home / "x")
