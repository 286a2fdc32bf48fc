"""What the ledger records of software is what the standard library says of it."""

import hashlib
from importlib import metadata
from pathlib import Path

import heroes_forensics
from heroes_forensics.pipelines.case import environment, installed


def test_versions_are_those_of_the_standard_library() -> None:
    names = environment.libraries()
    assert len(names) > 10
    assert [installed.version(name) for name in names] == [metadata.version(n) for n in names]


def test_the_program_is_digested_file_by_file_in_the_order_of_its_folders() -> None:
    root = Path(heroes_forensics.__file__).parent
    files = sorted(
        (path.relative_to(root).parts, path)
        for path in root.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    )
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {'/'.join(parts)}\n"
        for parts, path in files
    ]
    expected = hashlib.sha256("".join(lines).encode()).hexdigest()
    assert environment.program_sha256() == expected
