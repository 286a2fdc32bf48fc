"""Volumes that are recognised and cannot be opened: what is searched of them, and what is said."""

import gzip
import hashlib
import struct
from pathlib import Path

import pytest
from carved_files import made
from corpus import evidence
from filesystem_images import ntfs_image, ntfs_put
from scans import resumed, scanned
from storage_images import gpt

from heroes_forensics.frames import Frame, Unit
from heroes_forensics.pipelines.checks import views
from heroes_forensics.pipelines.examining.examined import Examined
from heroes_forensics.pipelines.examining.listing import ListingStore


def closed(folder: Path) -> Path:
    """Make an NTFS volume that holds a picture and has no table of files any more."""
    image = ntfs_image(folder)
    ntfs_put(image, folder, "picture", made("jpeg"))
    with image.open("r+b") as file:
        head = file.read(512)
        cluster = head[13] * struct.unpack_from("<H", head, 11)[0]
        for first in struct.unpack_from("<QQ", head, 48):
            file.seek(first * cluster)
            file.write(bytes(16 << 10))
    return image


def cut_once(patch: pytest.MonkeyPatch, volume: str) -> None:
    """Have a run end without notice when it has listed a volume."""
    take = ListingStore.take

    def cut(self: ListingStore, unit: Unit, examined: Examined, frame: Frame) -> None:
        take(self, unit, examined, frame)
        if examined.key == volume:
            raise KeyboardInterrupt

    patch.setattr(ListingStore, "take", cut)


def test_a_volume_that_cannot_be_opened_is_searched_as_the_range_that_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = closed(tmp_path)
    whole = scanned(tmp_path / "whole", image, carve=True)
    (row,) = views.inventory(tmp_path / "whole")
    assert str(row["locator"]).startswith("EX-1/1/u0/c@")
    assert row["sha256"] == hashlib.sha256(made("jpeg")).hexdigest()
    (gap,) = views.gaps(tmp_path / "whole")
    assert (gap["where"], gap["code"]) == ("EX-1/1/p0", "volume.damaged")
    with monkeypatch.context() as patch:
        cut_once(patch, "p0")
        with pytest.raises(KeyboardInterrupt):
            scanned(tmp_path / "case", image, carve=True)
    assert resumed(tmp_path / "case").content_sha256 == whole.content_sha256
    scanned(tmp_path / "not", image, carve=False)
    assert not list(views.inventory(tmp_path / "not"))


def test_a_run_that_searches_ranges_goes_on_after_an_interruption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = bytearray(gpt([]))
    disk[100 * 512 : 100 * 512 + len(made("png"))] = made("png")
    image = tmp_path / "disk.dd"
    image.write_bytes(disk)
    whole = scanned(tmp_path / "whole", image, carve=True)
    with monkeypatch.context() as patch:
        cut_once(patch, "u0")
        with pytest.raises(KeyboardInterrupt):
            scanned(tmp_path / "case", image, carve=True)
    assert resumed(tmp_path / "case").content_sha256 == whole.content_sha256


def test_the_plain_bytes_of_an_encrypted_volume_are_searched_and_the_gap_says_that_it_was_opened(
    tmp_path: Path,
) -> None:
    image = tmp_path / "bde.bin"
    image.write_bytes(gzip.decompress(evidence("encrypted/bde-decrypted.bin.gz").read_bytes()))
    scanned(tmp_path / "case", image, carve=True)
    rows = {str(each["code"]): each for each in views.gaps(tmp_path / "case")}
    assert "volume.damaged" not in rows
    assert rows["volume.inner"]["detail"] == {"system": "bitlocker"}
    volumes = views.status(tmp_path / "case")["volumes"]
    assert isinstance(volumes, list)
    (blocks,) = (volume["blocks"] for volume in volumes if volume["volume"] == "EX-1/1/u0")
    # All of it that is there: the image ends before the volume does.
    assert blocks["searched"] + blocks["unread"] == 65_994_752
    assert blocks["searched"] > 50 << 20
