"""Encrypted volumes and the secrets that open them: what two other tools decrypted, or a gap."""

import gzip
import hashlib
import json
from pathlib import Path

import pytest
from corpus import evidence
from storage_images import slots_of

from heroes_forensics.parsers.secrets import PASSWORD, RECOVERY_PASSWORD, Secrets
from heroes_forensics.parsers.storage.layout import tree, volumes
from heroes_forensics.parsers.storage.source import Source, open_source
from heroes_forensics.parsers.storage.volume import Volume
from heroes_forensics.parsers.volumes import volume_reader

RECOVERY = "284867-596541-514998-422114-660297-261613-215424-199408"
BITLOCKER = {
    "password": ("bde-aes-xts_128", (PASSWORD, "password12!@")),
    "recovery password": ("bde-recovery_password", (RECOVERY_PASSWORD, RECOVERY)),
}


def source_of(folder: Path, name: str, *given: tuple[str, str]) -> Source:
    path = folder / name
    path.write_bytes(gzip.decompress(evidence(f"encrypted/{name}.bin.gz").read_bytes()))
    secrets = Secrets([(kind, value.encode()) for kind, value in given])
    return open_source(slots_of(path), secrets=secrets)


def volume_of(source: Source) -> Volume:
    (found,) = [row for row in volumes(source) if isinstance(row, Volume)]
    return found


@pytest.mark.parametrize(("name", "secret"), BITLOCKER.values(), ids=BITLOCKER)
def test_bitlocker_opens_as_two_other_tools_open_it(
    name: str, secret: tuple[str, str], tmp_path: Path
) -> None:
    source = source_of(tmp_path, name, (RECOVERY_PASSWORD, "no recovery password"), secret)
    volume = volume_of(source)
    assert (volume.file_system, volume.gap) == ("ntfs", None)
    again = Volume.from_json(json.loads(json.dumps(volume.to_json())))
    reader = volume_reader(source, again)
    truth = json.loads(evidence(f"encrypted/{name}.bin.gz.truth.json").read_bytes())
    media = truth["images"][0]["media"]
    digest = hashlib.sha256()
    for at in range(0, media["size"], 1 << 20):
        digest.update(reader.pread(at, min(1 << 20, media["size"] - at)))
    assert digest.hexdigest() == media["sha256"]
    shown = json.dumps([tree(source), volume.to_json()])
    assert secret[1] not in shown
    assert "opened with a secret" in shown


@pytest.mark.parametrize("given", [[], [(RECOVERY_PASSWORD, "password12!@")]], ids=str)
def test_without_the_right_secret_it_stays_a_gap(
    given: list[tuple[str, str]], tmp_path: Path
) -> None:
    gap = volume_of(source_of(tmp_path, "bde-aes-xts_128", *given)).gap
    assert gap is not None
    assert gap.code == "volume.encrypted"


def test_other_encryption_stays_a_gap_whatever_is_given(tmp_path: Path) -> None:
    second = volume_of(source_of(tmp_path, "apfs-encrypted", (PASSWORD, "password")))
    assert second.gap is not None
    assert second.gap.code == "volume.encrypted"
