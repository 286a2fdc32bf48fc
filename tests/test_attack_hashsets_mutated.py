"""Sound files of every format, damaged at random: refused in one sentence, or told apart and said.

What is damaged is seeded by the name of the row, so that a failure comes again.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

import pytest
from hashset_conformance import Row
from hashset_samples import KEY, S, collect, frames_of
from test_hashsets_formats_all import ROWS

from heroes_forensics.errors import HashSetError, HeroesError
from heroes_forensics.frames import Frame
from heroes_forensics.hashsets.catalogue import Catalogue
from heroes_forensics.hashsets.describing import Description
from heroes_forensics.hashsets.facts import checked

_MARKS: Final = b'\0\xff\n\r",;\x1b={}[]<>&0()|'
_LISTED: Final = re.compile("(?=[0-9]*[a-fA-F])[0-9a-fA-F]{16}")

every = pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.name))


def damaged(data: bytes, random: Random) -> bytes:
    """Flip bits, put marks of formats, cut out, repeat, or move pieces."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 8))):
        at = random.randrange(len(changed) + 1)
        end = min(len(changed), at + random.randrange(1, 200))
        way = random.randrange(7)
        if way < 3 and at < len(changed):
            changed[at] ^= 1 << random.randrange(8)
        elif way == 3:
            changed[at : at + 1] = bytes([random.choice(_MARKS)])
        elif way == 4:
            del changed[at:end]
        elif way == 5:
            changed[at:at] = changed[at:end]
        else:
            piece = bytes(changed[at:end])
            del changed[at:end]
            to = random.randrange(len(changed) + 1)
            changed[to:to] = piece
    return bytes(changed)


def outcomes(row: Row, count: int) -> Iterator[list[Frame]]:
    """Import damaged files; yield the frames of those that are taken."""
    random = Random(row.name)  # noqa: S311 - a seeded choice, no secret
    data = row.file(*S[:12])
    for _ in range(count):
        options: dict[str, object] = {
            "format": row.format,
            "algorithm": row.options.algorithm,
            "accept_rejects": random.choice((0, 2**62)),
        }
        try:
            frames = frames_of(damaged(data, random), **options)
        except HeroesError as error:
            assert error.exit_code in (2, 30)  # noqa: PT017 - both are promised
            assert _LISTED.search(f"{error} {error.hint}") is None  # noqa: PT017
            continue
        result = collect(frames)
        facts = checked(result.facts)
        said = json.dumps({name: value for name, value in facts.items() if name != "sha256"})
        assert _LISTED.search(said) is None
        assert facts["rejected"] == 0 or result.rejected
        yield frames


@every
def test_a_damaged_file_is_refused_or_read_without_a_word_of_its_content(row: Row) -> None:
    taken = sum(1 for _ in outcomes(row, 40))
    assert 0 < taken < 40


@pytest.mark.slow
@every
def test_thousands_of_damaged_files(tmp_path: Path, row: Row) -> None:
    catalogue = Catalogue(tmp_path)
    before = 0
    for number, frames in enumerate(outcomes(row, 2_000)):
        if number % 50 == 0:
            description = Description(name=f"set {number}", kind="watch")
            if row.format == "stopncii":
                description = Description(name=f"set {number}")
            try:
                catalogue.add(frames, description, KEY)
            except HashSetError:
                continue
            before += 1
            assert len(catalogue.list()) == before
    assert before > 1
