"""Where the corpus of real evidence lies, when it is there.

The corpus is not part of the project. ``HEROES_EVIDENCE`` names it; else the folder
``shared/evidence`` beside the checkout is tried. Without it the tests that need it are skipped
with one reason, and the rest of the suite still says something.
"""

import os
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent


def _folder(variable: str, name: str) -> Path | None:
    named = os.environ.get(variable)
    found = Path(named) if named else ROOT.parent / "shared" / name
    return found.resolve() if found.is_dir() else None


EVIDENCE: Final = _folder("HEROES_EVIDENCE", "evidence")
MEDIA: Final = _folder("HEROES_MEDIA", "media")

needs_evidence: Final = pytest.mark.skipif(EVIDENCE is None, reason="no corpus of real evidence")
needs_media: Final = pytest.mark.skipif(MEDIA is None, reason="no corpus of pictures")


def evidence(name: str) -> Path:
    """Return a file of the corpus, or skip the test that asked for it."""
    if EVIDENCE is None:
        pytest.skip("no corpus of real evidence")
    found = EVIDENCE / name
    if not found.exists():
        pytest.skip(f"the corpus has no {name}")
    return found
