"""Evidence made to stop a run: what it claims must become a gap, never an end without a report."""

import os
import shutil
from pathlib import Path

from scans import DEMO, scanned
from storage_images import LINUX, gpt

from heroes_forensics.pipelines.checks import verifying


def test_one_bad_chunk_of_an_acquisition_with_stored_digests_is_a_gap(tmp_path: Path) -> None:
    image = tmp_path / "spoiled.E01"
    data = bytearray(DEMO.read_bytes())
    # The middle of the file is the middle of a compressed chunk: pictures lie there.
    data[len(data) // 2] ^= 0x01
    image.write_bytes(data)
    result = scanned(tmp_path / "case", image, names="clear")
    assert result.exit_code == 3
    assert result.integrity == {"EX-1/1": "partial"}
    assert result.report is not None
    assert verifying.verify(tmp_path / "case")["exit_code"] in {0, 7}


def test_partitions_farther_than_any_medium_are_gaps(tmp_path: Path) -> None:
    image = tmp_path / "far.raw"
    image.write_bytes(gpt([(LINUX, 64, 10), (LINUX, 1 << 60, 10), (LINUX, (1 << 64) - 9, 8)]))
    result = scanned(tmp_path / "case", image)
    assert result.exit_code == 3
    assert result.unexpected_gaps >= 2


def test_an_image_whose_name_is_no_text_is_scanned(tmp_path: Path) -> None:
    image = tmp_path / os.fsdecode(b"name\xff\n.E01")
    shutil.copyfile(DEMO, image)
    result = scanned(tmp_path / "case", image)
    assert result.exit_code == 0
    assert result.report is not None
    assert verifying.verify(tmp_path / "case")["exit_code"] in {0, 7}
