"""Content-blind forensic triage of disk images and device dumps."""

from typing import Final

__version__: Final = "0.1.0"
