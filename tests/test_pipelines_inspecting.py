"""What a source shows before it is scanned."""

import gzip
from pathlib import Path

from corpus import evidence

from heroes_forensics.pipelines.evidence import inspecting


def test_an_encrypted_volume_is_shown_as_opened_with_its_key_file(tmp_path: Path) -> None:
    image, keys = tmp_path / "disk.bin", tmp_path / "keys.yaml"
    compressed = evidence("encrypted/bde-aes-xts_128.bin.gz").read_bytes()
    image.write_bytes(gzip.decompress(compressed))
    keys.write_text('format: heroes-keys/1\nsecrets:\n  - password: "password12!@"\n')
    keys.chmod(0o600)
    assert "ntfs" not in str(inspecting.inspect(image))
    told = str(inspecting.inspect(image, key_files=[keys]))
    assert "opened with a secret of a key file" in told
    assert "'file_system': 'ntfs'" in told
    assert "password12" not in told
