import hashlib
import json
import subprocess
from pathlib import Path

import pytest
from corpus import evidence
from storage_images import ext2_head, opened

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.storage.layout import volumes
from heroes_forensics.parsers.storage.source import open_source
from heroes_forensics.parsers.storage.volume import Volume
from heroes_forensics.parsers.volumes import OPENERS, open_volume, volume_reader


def only(path: Path) -> Volume:
    return next(row for row in volumes(opened(path)) if isinstance(row, Volume))


def test_an_encrypted_volume_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "x.dd").write_bytes(b"LUKS\xba\xbe\0\2" + bytes(70_000))
    row = only(tmp_path / "x.dd")
    with pytest.raises(UnsupportedError) as caught:
        open_volume(opened(tmp_path / "x.dd"), row)
    assert caught.value.code == "volume.encrypted"


def test_a_superblock_without_a_file_system_is_an_evidence_error(tmp_path: Path) -> None:
    (tmp_path / "x.dd").write_bytes(ext2_head(1 << 20) + bytes(70_000))
    source = opened(tmp_path / "x.dd")
    with pytest.raises(EvidenceError):
        open_volume(source, only(tmp_path / "x.dd"))


def test_an_unknown_step_is_an_evidence_error(tmp_path: Path) -> None:
    (tmp_path / "x.dd").write_bytes(ext2_head(1 << 20) + bytes(1 << 20))
    source = opened(tmp_path / "x.dd")
    row = Volume("p0", "volume", "ext2", 0, 10, 512, ({"layer": "magic"},))
    with pytest.raises(EvidenceError, match="volume p0 could not be opened"):
        open_volume(source, row)


def test_a_row_opens_in_another_process_that_only_has_descriptors() -> None:
    """The row goes through JSON; a second source is made from the same slots."""
    source = opened(evidence("images/tsk/image.E01"))
    row = next(row for row in volumes(source) if isinstance(row, Volume))
    again = open_source(source.segments)
    system = open_volume(again, Volume.from_json(json.loads(json.dumps(row.to_json()))))
    assert sum(isinstance(one, Entry) for one in system.entries()) > 3
    system.close()


def test_a_shadow_copy_reads_differently_from_its_volume(tmp_path: Path) -> None:
    packed = evidence("images/dfvfs/vsstest.qcow2.gz")
    path = tmp_path / "v.qcow2"
    command = ["gzip", "-dc", str(packed)]
    path.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    source = opened(path)
    digests = set()
    for row in volumes(source):
        assert isinstance(row, Volume)
        reader = volume_reader(source, row)
        found = hashlib.sha256()
        for at in range(0, min(reader.size, 64 << 20), 1 << 20):
            found.update(reader.pread(at, 1 << 20))
        digests.add(found.digest())
    assert len(digests) == 3


def test_every_opener_is_named_once() -> None:
    names = [row.name for row in OPENERS]
    assert len(set(names)) == len(names)
    assert all(row.summary for row in OPENERS)


@pytest.mark.parametrize("row", OPENERS, ids=lambda row: row.name)
def test_every_opener_loads(row: object) -> None:
    assert callable(row.load())  # type: ignore[attr-defined] # a row of the table
