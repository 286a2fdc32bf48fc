"""What stands in for starting zygotes leaves nothing of one test to the next."""

from contextlib import closing
from pathlib import Path

import pytest
from nursery import Nursery

from heroes_forensics.pipelines.workers.roles import FAULTS_VARIABLE


def test_faults_are_those_of_the_test_that_wants_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = tmp_path / "faults.py"
    faults.write_text("raise ImportError\n")
    with closing(Nursery()) as started:
        monkeypatch.setenv(FAULTS_VARIABLE, str(faults))
        first = started.start("sets", bulk=False)
        assert first.process.wait(timeout=60) == 1
        first.control.close()
        monkeypatch.delenv(FAULTS_VARIABLE)
        faults.unlink()
        second = started.start("sets", bulk=False)
        second.control.close()
        assert second.process.wait(timeout=60) == 0
