from pathlib import Path

import pytest

from heroes_forensics.errors import EvidenceError, HashSetError, HeroesError, StoppedError
from heroes_forensics.pipelines import hashsets


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let the worker that reads a set end with ``error``."""

    def one(pool: object, unit: object) -> None:
        del pool, unit
        raise error

    monkeypatch.setattr(hashsets, "one", one)


ENDS: dict[str, tuple[Exception, type[HeroesError]]] = {
    "the worker dies": (EvidenceError("the worker that read it ended (memory)"), HashSetError),
    "the set is refused": (HashSetError("line 3: no digest"), HashSetError),
    "the disk is full": (OSError(28, "No space left on device"), StoppedError),
}


@pytest.mark.parametrize("end", ENDS)
def test_an_import_that_fails_is_about_the_set_or_the_disk(
    end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "list.txt"
    path.write_text("900150983cd24fb0d6963f7d28e17f72\n")
    error, kind = ENDS[end]
    failing(monkeypatch, error)
    with pytest.raises(kind):
        hashsets.import_set(path, kind="notable")
