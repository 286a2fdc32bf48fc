"""A hasher that is wrong: zygotes load this file when `HEROES_TEST_FAULTS` names it.

Every SHA-256 of a stream that a worker takes has a bit turned, as an altered or miscompiled library
would have it. No part of the package.
"""

from collections.abc import Sequence
from pathlib import Path

from heroes_forensics.hashing.exact import Digested, digest_bytes
from heroes_forensics.pipelines.work import contents

THIS = Path(__file__)


def _wrong(data: bytes, *, later: Sequence[str] = ()) -> Digested:
    found = digest_bytes(data, later=later)
    return found._replace(sha256=bytes([found.sha256[0] ^ 0x80]) + found.sha256[1:])


if __name__ == "heroes_test_faults":
    contents.__dict__["digest_bytes"] = _wrong
