"""Evidence made to stop a run: what it claims must become a gap, never an end without a report."""

from pathlib import Path

from scans import DEMO, scanned

from heroes_forensics.pipelines import verifying


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
