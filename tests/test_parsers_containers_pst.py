"""Mail stores of Outlook: what is attached, as another program takes it out; what damage leaves."""

import gzip
import hashlib
from random import Random

import pytest
from corpus import evidence
from storage_images import Memory

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, Gap
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.containers.pst import PstFileSystem, open_pst

TWICE = {
    "Blue hills.jpg": "6fb2a38dc107eacb41cf1656e899cf70",
    "Sunset.jpg": "1bc5b77f3e50b7fbe12c792ee438da45",
    "text file.txt": "81de5155811c95e168d61fac4fd32509",
    "image001.png": "bb67dd21fff8e8b6787fda3360186af0",
    "image002.png": "df474a44ccb57b12440e471c519e1211",
    "image003.png": "6cea5260dd7b0cbb34b6a505afa6adb2",
    "image004.png": "d95af1987a9cab32bbdddef8ce9a9022",
    "image005.png": "22f30b15897f23898e485965bf19cfdf",
    "image006.png": "0ee1814474cd6145bbec8a471e9b6cad",
    "image007.png": "9378af4d680688a2686c5e71ed2d8bf1",
    "image008.png": "f1ac0d41a187bace5ad05bf1a3112ea6",
    "image009.png": "d8b7f914e4d0cd07aac2f41602bbf157",
    "image010.gif": "662dbea09c12bb4dfc3b6f71dae94536",
    "image011.png": "876c10fee61bc5baad8061e06fc9d5b0",
    "image012.gif": "96b00c5500f7ed727252d3aacae98d55",
}
"""MD5 of each attachment of ``Outlook.pst`` as readpst 0.6.76 takes it out: sent and received."""


def store(name: str) -> bytes:
    return gzip.decompress(evidence(f"mail/{name}.gz").read_bytes())


def listed(found: PstFileSystem) -> tuple[list[Entry], list[Gap]]:
    every = list(found.entries())
    entries = [each for each in every if isinstance(each, Entry)]
    assert len({entry.locator for entry in entries}) == len(entries)
    return entries, [each for each in every if isinstance(each, Gap)]


def read(found: PstFileSystem, entry: Entry) -> str:
    try:
        data = found.open(entry.handle).pread(0, entry.size)
    except UnsupportedError as error:
        return error.code
    assert len(data) == entry.size
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def test_attachments_are_those_that_another_program_takes_out() -> None:
    found = open_pst(Memory(store("Outlook.pst")))
    entries, gaps = listed(found)
    assert not gaps
    ours = sorted((entry.path.decode(), read(found, entry)) for entry in entries)
    files = [each for each in ours if each[1] != "stream.unsupported"]
    assert files == sorted([*TWICE.items(), *TWICE.items()])
    assert len(ours) - len(files) == 4  # messages that are attached


def test_the_picture_of_a_contact_is_an_attachment() -> None:
    found = open_pst(Memory(store("iped-test_sample.pst")))
    entries, gaps = listed(found)
    assert not gaps
    assert [(entry.path, read(found, entry)) for entry in entries] == [
        (
            b"lionel-animals-to-follow-on-instagram-1568319926.jpg",
            "99bf6e66a71660b10db7078cf255fcee",
        ),
        (b"ContactPicture.jpg", "a6bb5e82bfad2f7d9695ec435dfedff1"),
    ]


def test_a_store_of_messages_alone_has_no_members() -> None:
    data = evidence("mail/tika-testPST_variousBodyTypes.pst").read_bytes()
    assert listed(open_pst(Memory(data))) == ([], [])


def test_what_is_no_store_is_refused() -> None:
    for data in (b"", b"!BDN", b"!BDN" + bytes(2000), b"x" * 600):
        with pytest.raises(EvidenceError):
            open_pst(Memory(data))


def test_a_store_that_is_cut_off_or_changed_ends_well() -> None:
    whole = store("iped-test_sample.pst")
    random = Random(1)  # noqa: S311 - what is changed is to be the same each time
    for round_ in range(12):
        data = bytearray(whole if round_ else whole[: len(whole) // 2])
        for _ in range(200):
            data[random.randrange(0x200, len(data))] = random.choice((0, 1, 0x7F, 0x80, 0xFF))
        try:
            found = open_pst(Memory(bytes(data)))
            entries, _ = listed(found)
        except EvidenceError:
            continue
        for entry in entries:
            try:
                found.open(entry.handle).pread(0, min(entry.size, 1 << 16))
            except (OSError, EvidenceError):
                continue
