"""Set files and the catalogue under attack: cut in use, two imports at once, hostile states."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hashset_samples import KEY, S, add, columns, frames_of, opened

from heroes_forensics.errors import HashSetError, HeroesError
from heroes_forensics.frames import Frame
from heroes_forensics.hashsets.catalogue import Catalogue
from heroes_forensics.hashsets.describing import Description
from heroes_forensics.hashsets.editions import DAMAGED
from heroes_forensics.hashsets.hset import HashSetFile, read_header
from heroes_forensics.hashsets.layout import HEADER_AREA, PREAMBLE

DATA: Final = (
    "md5,sha1,category,pdq\n"
    + "".join(f"{s.md5.hex()},{s.sha1.hex()},{s.number % 3},{s.pdq.hex()}\n" for s in S[:20])
).encode()


@pytest.mark.parametrize("length", [0, 1, HEADER_AREA, HEADER_AREA + 4096])
def test_a_set_file_cut_short_while_it_is_in_use_ends_nothing(tmp_path: Path, length: int) -> None:
    record = add(tmp_path, DATA, kind="notable")
    md5, *_ = columns(*S[:20])
    with opened(record) as known:
        _, rows = known.lookup("md5", md5)
        os.truncate(record.path, length)
        with pytest.raises(HashSetError, match="cut short while it was in use"):
            known.lookup("md5", md5)
        with pytest.raises(HashSetError, match="cut short"):
            known.records(rows)
        with pytest.raises(HashSetError, match="cut short"):
            known.sealed("md5")
        with pytest.raises(HashSetError, match="cut short"):
            list(known.values("pdq"))


def test_a_set_file_that_is_replaced_while_it_is_in_use_stays_the_one_it_was(
    tmp_path: Path,
) -> None:
    record = add(tmp_path / "a", DATA, kind="notable")
    other = add(tmp_path / "b", f"{S[40].md5.hex()}\n".encode(), kind="notable")
    md5, *_ = columns(*S[:20])
    with opened(record) as known:
        os.replace(other.path, record.path)  # noqa: PTH105 - as another program does it
        query, _ = known.lookup("md5", md5)
        assert query.tolist() == list(range(20))


def test_sections_of_another_edition_are_refused_even_under_their_digests(tmp_path: Path) -> None:
    """The header is keyed: whoever swaps a section cannot write its SHA-256 there."""
    one = add(tmp_path, DATA, kind="notable", edition="1")
    two = add(tmp_path, DATA.replace(b"md5,", b"md5 ,"), kind="notable", edition="2")
    data, donor = bytearray(one.path.read_bytes()), two.path.read_bytes()
    assert one.header.id == two.header.id
    refused = 0
    for name, section in one.header.sections.items():
        same = two.header.sections.get(name)
        if same is None or same.length != section.length or same.sha256 == section.sha256:
            continue
        altered = bytearray(data)
        piece = donor[same.offset : same.offset + same.length]
        altered[section.offset : section.offset + section.length] = piece
        body = asdict(one.header)
        body["sections"][name]["sha256"] = same.sha256
        text = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
        magic, version, length, _, mac = PREAMBLE.unpack_from(data)
        for header in (data[PREAMBLE.size : PREAMBLE.size + length], text):
            start = PREAMBLE.pack(magic, version, len(header), sha256(header).digest(), mac)
            altered[: PREAMBLE.size + len(header)] = start + header
            path = tmp_path / "altered.hset"
            path.write_bytes(altered)
            with pytest.raises(HashSetError, match="does not verify"):
                HashSetFile.open(path, KEY)
            refused += 1
    assert refused >= 6


_JUNK: Final[tuple[object, ...]] = (
    None,
    True,
    -1,
    1 << 70,
    1.5,
    "\x1b[31m",
    [],
    {},
    [1],
    {"a": 1},
    "../../x",
)


def test_a_header_with_fields_of_other_types_is_refused_or_its_set_is_listed(
    tmp_path: Path,
) -> None:
    """Who lists sets has no key: what a header says is read before it is believed."""
    add(tmp_path, DATA, kind="notable", edition="1")
    path = add(tmp_path, DATA.replace(b"md5,", b"md5 ,"), kind="notable", edition="2").path
    data = path.read_bytes()
    magic, version, length, _, mac = PREAMBLE.unpack_from(data)
    body = json.loads(data[PREAMBLE.size : PREAMBLE.size + length])
    refused = 0
    for name in body:
        for junk in _JUNK:
            header = json.dumps(body | {name: junk}).encode()
            start = PREAMBLE.pack(magic, version, len(header), sha256(header).digest(), mac)
            path.write_bytes((start + header).ljust(HEADER_AREA, b"\0") + data[HEADER_AREA:])
            try:
                read_header(path)
            except HashSetError:
                refused += 1
            assert len(Catalogue(tmp_path).list()) == 2
            with pytest.raises(HashSetError):
                HashSetFile.open(path, KEY)
    assert refused > len(body)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "1", "[" * 5000, '{"1": 1'])
def test_decisions_that_cannot_be_read_put_no_edition_back_in_use(
    tmp_path: Path, text: str
) -> None:
    catalogue = Catalogue(tmp_path)
    record = add(tmp_path, DATA, kind="notable", edition="1")
    catalogue.decide(record, "retracted", "a reason")
    (record.path.parent / "states.json").write_text(text)
    (listed,) = catalogue.list()
    assert listed.state == DAMAGED
    with pytest.raises(HeroesError):
        catalogue.get("a set")


@pytest.mark.parametrize("row", [5, [], {"state": {}}, {"state": "Active"}, {"state": None}, "x"])
def test_a_decision_of_another_form_counts_as_retired(tmp_path: Path, row: object) -> None:
    catalogue = Catalogue(tmp_path)
    record = add(tmp_path, DATA, kind="notable", edition="1")
    (record.path.parent / "states.json").write_text(json.dumps({"1": row}))
    with pytest.raises(HashSetError, match="is retired"):
        catalogue.get("a set")


def test_two_first_imports_of_one_set_at_once_make_no_two_sets(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path)

    def slow(data: bytes, other: bytes) -> Iterator[Frame]:
        """Give frames while another run imports the same set."""
        add(tmp_path, other, kind="notable", edition="other")
        yield from frames_of(data)

    with pytest.raises(HashSetError, match="another run made a set of that name"):
        catalogue.add(
            slow(DATA, DATA.replace(b"md5,", b"md5 ,")),
            Description(name="a set", kind="notable", edition="1"),
            KEY,
        )
    assert [row.header.edition for row in catalogue.list()] == ["other"]
    add(tmp_path, DATA, kind="notable", edition="1")
    assert len({row.header.id for row in catalogue.list()}) == 1
    assert not list((tmp_path / "sets").glob(".staging-*"))


def test_two_imports_of_one_edition_at_once_make_one(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path)
    add(tmp_path, DATA, kind="notable", edition="0")

    def slow() -> Iterator[Frame]:
        add(tmp_path, DATA.replace(b"md5,", b"md5 ,"), kind="notable", edition="1")
        yield from frames_of(DATA.replace(b"md5,", b"md5  ,"))

    description = Description(name="a set", kind="notable", edition="1")
    with pytest.raises(HashSetError, match=r"is there already|by another run"):
        catalogue.add(slow(), description, KEY)
    assert [row.header.edition for row in catalogue.list()] == ["0", "1"]


def test_a_catalogue_behind_a_link_is_the_one_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "sets").symlink_to(tmp_path / "disk")
    record = add(tmp_path / "home", DATA, kind="notable")
    with opened(record) as known:
        query, _ = known.lookup("md5", np.asarray(columns(S[0])[0]))
        assert len(query) == 1
    assert [path.suffix for path in sorted((tmp_path / "disk").rglob("*.hset"))] == [".hset"]


def _pipe(at: Path) -> None:
    os.mkfifo(at)


ODD: Final = {
    "a folder": lambda at: at.mkdir(),
    "a pipe": _pipe,
    "a link to nothing": lambda at: at.symlink_to("nowhere"),
    "a link to itself": lambda at: at.symlink_to(at.name),
    "an empty file": lambda at: at.touch(),
}


@pytest.mark.parametrize("name", ["2.hset", "2.report.json"])
@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
def test_what_is_no_file_in_the_catalogue_is_damage_of_one_edition(
    tmp_path: Path, make: Callable[[Path], None], name: str
) -> None:
    catalogue = Catalogue(tmp_path)
    record = add(tmp_path, DATA, kind="notable", edition="1")
    if name != "2.hset":
        (record.path.parent / "2.hset").write_bytes(record.path.read_bytes())
    make(record.path.parent / name)
    states = {row.path.name: row.state for row in catalogue.list()}
    dangling = name != "2.hset" and (record.path.parent / name).is_symlink()
    assert states["1.hset"] == "active"
    assert states["2.hset"] == DAMAGED or (dangling and states["2.hset"] == "active")
    assert catalogue.get("a set", "1").header == record.header
    add(tmp_path, DATA.replace(b"md5,", b"md5 ,"), name="another", kind="notable")


@pytest.mark.parametrize("make", [_pipe, Path.mkdir], ids=["a pipe", "a folder"])
def test_decisions_that_are_no_file_put_no_edition_back_in_use(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    catalogue = Catalogue(tmp_path)
    record = add(tmp_path, DATA, kind="notable", edition="1")
    make(record.path.parent / "states.json")
    (listed,) = catalogue.list()
    assert listed.state == DAMAGED
    with pytest.raises(HashSetError, match="the catalogue is damaged"):
        catalogue.decide(record, "active", "a reason")
    with pytest.raises(HashSetError, match="is no file"):
        HashSetFile.open(record.path.parent / "states.json", KEY)
