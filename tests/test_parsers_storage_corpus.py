"""Every file of the corpus opens or is refused, and its media are those of the truth manifest."""

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from corpus import EVIDENCE, needs_evidence
from storage_images import opened

from heroes_forensics.errors import EvidenceError
from heroes_forensics.parsers.storage.layout import tree
from heroes_forensics.parsers.storage.source import media_chunks

pytestmark = [needs_evidence, pytest.mark.corpus]

OTHERWISE = {
    "images/dfvfs/ext2.splitraw.000": "the manifest describes the first of two segments",
    "images/keramics/hfsplus_adc.dmg": "the manifest describes the one partition",
    "images/keramics/hfsplus_bzip2.dmg": "the manifest describes the one partition",
    "images/keramics/hfsplus_lzfse.dmg": "the manifest describes the one partition",
    "images/keramics/hfsplus_lzma.dmg": "the manifest describes the one partition",
}
"""Media that differ from the manifest, and why; anything else must be equal."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack what the corpus keeps packed, under the original names; link the rest."""
    assert EVIDENCE is not None
    target = tmp_path_factory.mktemp("corpus")
    for row in rows():
        path = target / row["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        if "stored" in row:
            path.write_bytes(gzip.decompress((EVIDENCE / row["stored"]).read_bytes()))
        else:
            path.symlink_to(EVIDENCE / row["file"])
    return target


def rows() -> list[dict[str, Any]]:
    if EVIDENCE is None:
        return []
    found: list[dict[str, Any]] = json.loads((EVIDENCE / "index.json").read_bytes())["files"]
    return found


def media_of(row: dict[str, Any]) -> dict[str, Any] | None:
    """Return what the manifest says of the media of the file itself, when it says something."""
    if EVIDENCE is None or "truth" not in row:
        return None
    for image in json.loads((EVIDENCE / row["truth"]).read_bytes()).get("images", []):
        if not image.get("inner_path") and "decryption" not in image and "media" in image:
            media: dict[str, Any] = image["media"]
            return media
    return None


def test_every_file_opens_or_is_refused_in_one_sentence(folder: Path) -> None:
    refused: dict[str, EvidenceError] = {}
    for row in rows():
        try:
            json.dumps(tree(opened(folder / row["file"])))
        except EvidenceError as error:
            refused[row["file"]] = error
    assert 0 < len(refused) < len(rows()) // 2
    assert [name for name, error in refused.items() if not error.hint] == []
    assert [name for name, error in refused.items() if "\n" in str(error)] == []


def test_media_are_those_of_the_manifests(folder: Path) -> None:
    different, compared = [], 0
    for row in rows():
        media = media_of(row)
        name = row["file"]
        if media is None or "sha256" not in media:
            continue
        source = opened(folder / name)
        digest = hashlib.sha256()
        for part in media_chunks(source):
            assert isinstance(part, bytes), name
            digest.update(part)
        compared += 1
        if (source.size, digest.hexdigest()) != (media["size"], media["sha256"]):
            different.append(name)
    assert sorted(different) == sorted(OTHERWISE)
    assert compared >= 58


def test_digests_stored_in_images_fit_their_media(folder: Path) -> None:
    compared = 0
    for row in rows():
        if row["kind"] != "image" or not row["file"].endswith(".E01"):
            continue
        source = opened(folder / row["file"])
        data = b"".join(part for part in media_chunks(source) if isinstance(part, bytes))
        for stored in source.stored_digests:
            compared += 1
            assert hashlib.new(stored.algorithm, data).digest() == stored.value, row["file"]
    assert compared >= 13
