"""A report that ends half-way: the one before stays whole, and the record goes on verifying."""

import errno
import os
from hashlib import sha256
from pathlib import Path

import pytest
from scans import folder, scanned

from heroes_forensics import durable
from heroes_forensics.errors import StoppedError
from heroes_forensics.pipelines import reporting, verifying


def _files(case: Path) -> dict[str, str]:
    return {
        path.name: sha256(path.read_bytes()).hexdigest()
        for path in sorted((case / "custody" / "report").iterdir())
        if not path.name.startswith(".")
    }


@pytest.fixture
def case(tmp_path: Path) -> Path:
    scanned(tmp_path / "case", folder(tmp_path / "evidence", {"a": b"a", "b": b"b"}))
    return tmp_path / "case"


def test_a_report_on_a_full_disk_leaves_the_one_before(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _files(case)
    assert len(before) > 2
    real = durable._write  # noqa: SLF001 - the hook of faults
    issued = 0
    for call in range(1, 60, 3):
        left = call

        def full(descriptor: int, data: bytes) -> int:
            nonlocal left
            name = Path(f"/proc/self/fd/{descriptor}").readlink()
            left -= name.parent.name == "report"
            if left < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(descriptor, data)

        with monkeypatch.context() as patch:
            patch.setattr(durable, "_write", full)
            try:
                reporting.report(case)
            except StoppedError:
                assert _files(case) == before
            else:
                issued = call
        assert verifying.verify(case)["exit_code"] in {0, 7}
        if issued:
            break
    assert issued > 1
    assert _files(case) != before


def test_a_report_that_cannot_be_made_leaves_the_one_before(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _files(case)

    def ended(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(reporting, "item_blocks", ended)  # what the last files are made of
        with pytest.raises(KeyboardInterrupt):
            reporting.report(case)
    assert _files(case) == before
    assert verifying.verify(case)["exit_code"] in {0, 7}
    reporting.report(case)
    assert verifying.verify(case)["exit_code"] in {0, 7}
    assert _files(case) != before
