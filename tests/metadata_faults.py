"""A decoder that ends as soon as it looks at metadata: zygotes load this file.

`HEROES_TEST_FAULTS` names it.
"""

import os
import signal
from pathlib import Path
from typing import Final

from heroes_forensics.media.metadata import Notes

THIS: Final = Path(__file__).resolve()


def _dies(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


if __name__ == "heroes_test_faults":
    Notes.picture = _dies  # type: ignore[method-assign,assignment]
