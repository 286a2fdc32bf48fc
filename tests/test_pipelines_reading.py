"""What is read of a source, and what of it stays in the coordinator."""

import gc
from pathlib import Path

import pytest
from scans import folder, scanned
from test_media_perceptual import encoded, gradient
from test_pipelines_members import zipped

from heroes_forensics.pipelines.examining import awaited, expanded

PNG = encoded(gradient(seed=5), "PNG")
FILES = {"a.txt": b"alpha", "b.png": PNG, "c.zip": zipped(("d.txt", b"d"), ("e.png", PNG))}


@pytest.mark.parametrize("perceptual", [True, False])
def test_what_is_stored_is_let_go_of_without_the_garbage_collector(
    tmp_path: Path, *, perceptual: bool
) -> None:
    """It looks seldom: whatever waited for it would lie in memory for the whole run."""
    held = (expanded.Answer, awaited.Pictures)  # what a unit, or a container, has one of
    evidence = folder(tmp_path / "evidence", FILES)
    gc.collect()
    gc.disable()
    try:
        result = scanned(tmp_path / "case", evidence, perceptual=perceptual)
        left = [type(each).__name__ for each in gc.get_objects() if isinstance(each, held)]
    finally:
        gc.enable()
    assert result.counts["digested"] == 5
    assert left == []
