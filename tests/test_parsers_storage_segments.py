import os
from pathlib import Path

import pytest

from heroes_forensics.errors import EvidenceError
from heroes_forensics.parsers.storage.segments import (
    COMPANION,
    SEGMENT,
    Found,
    discover,
    ewf_numbers,
    open_slots,
)


def folder(tmp_path: Path, *names: str) -> Path:
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def names(found: Found, role: str = SEGMENT) -> list[str]:
    return [part.name for part in found.parts if part.role == role]


def ewf_extension(number: int) -> str:
    if number < 100:
        return f"E{number:02d}"
    first, rest = divmod(number - 100, 26 * 26)
    return chr(ord("E") + first) + chr(ord("A") + rest // 26) + chr(ord("A") + rest % 26)


SETS = {
    "one raw file": ("disk.dd", ["disk.dd"], []),
    "ewf in order": ("a.E01", ["a.E01", "a.E02", "a.E03"], ["b.E01", "a.txt"]),
    "ewf named by a later segment": ("a.E03", ["a.E01", "a.E02", "a.E03"], []),
    "ewf in lower case": ("a.e01", ["a.e01", "a.e02"], []),
    "ewf in mixed case": ("a.E01", ["a.E01", "a.e02"], []),
    "smart": ("a.s01", ["a.s01", "a.s02"], ["a.sql"]),
    "ewf2": ("a.Ex01", ["a.Ex01", "a.Ex02"], ["a.exe"]),
    "ewf beside an executable and a raw file": ("a.E01", ["a.E01"], ["a.exe", "a.raw", "a.iso"]),
    "raw from 000": ("d.000", ["d.000", "d.001"], ["d.txt"]),
    "raw from 001": ("d.001", ["d.001", "d.002"], []),
    "raw named by its second part": ("d.002", ["d.001", "d.002"], []),
    "raw by letters": ("d.aa", ["d.aa", "d.ab", "d.ac"], ["d.gz", "d.dd"]),
    "one numbered file alone": ("photo.007", ["photo.007"], []),
    "years are no segments": ("log.2024", ["log.2024"], ["log.2022", "log.2023"]),
    "extensions of three letters are no segments": ("image.iso", ["image.iso"], ["image.vhd"]),
}


@pytest.mark.parametrize(("asked", "expected", "others"), SETS.values(), ids=SETS)
def test_segments_of_a_set_are_found_in_order(
    tmp_path: Path, asked: str, expected: list[str], others: list[str]
) -> None:
    found = discover(folder(tmp_path, *expected, *others) / asked)
    assert names(found) == expected
    assert found.kind == ("segments" if len(expected) > 1 else "file")


def test_the_segment_after_e99_is_eaa_and_after_ezz_faa(tmp_path: Path) -> None:
    expected = [f"big.{ewf_extension(number)}" for number in range(1, 780)]
    assert expected[99] == "big.EAA"
    assert expected[775] == "big.FAA"
    assert names(discover(folder(tmp_path, *expected, "big.RAW") / "big.E01")) == expected


MISSING = {
    "ewf in the middle": ("a.E01", ["a.E01", "a.E03"], "segment 2"),
    "ewf the first": ("a.E02", ["a.E02", "a.E03"], "segment 1"),
    "ewf after e99": (
        "a.E01",
        [f"a.{ewf_extension(n)}" for n in range(1, 105) if n != 102],
        "segment 102",
    ),
    "raw in the middle": ("d.001", ["d.001", "d.002", "d.004"], "segment 3"),
    "raw the first": ("d.004", ["d.003", "d.004"], "segment 1"),
    "letters in the middle": ("d.aa", ["d.aa", "d.ac"], "segment 1"),
}


@pytest.mark.parametrize(("asked", "there", "words"), MISSING.values(), ids=MISSING)
def test_a_missing_segment_is_named(
    tmp_path: Path, asked: str, there: list[str], words: str
) -> None:
    with pytest.raises(EvidenceError, match=words) as caught:
        discover(folder(tmp_path, *there) / asked)
    assert caught.value.hint


def test_a_folder_is_a_source(tmp_path: Path) -> None:
    found = discover(tmp_path)
    assert found.kind == "directory"
    (slot,) = open_slots(found)
    assert not list(os.scandir(slot.fd))
    os.close(slot.fd)


def test_parents_and_extents_come_as_companions(tmp_path: Path) -> None:
    folder(tmp_path, "vm.vmdk", "vm-s001.vmdk", "vm-s002.vmdk", "other.vmdk", "vm.vhd")
    found = discover(tmp_path / "vm.vmdk")
    assert names(found) == ["vm.vmdk"]
    assert names(found, COMPANION) == ["vm-s001.vmdk", "vm-s002.vmdk", "other.vmdk"]


def test_companions_are_bounded_and_the_nearest_names_stay(tmp_path: Path) -> None:
    folder(tmp_path, "vm.vhdx", *(f"z{n}.vhdx" for n in range(300)), "vm-base.vhdx")
    companions = names(discover(tmp_path / "vm.vhdx"), COMPANION)
    assert len(companions) == 200
    assert companions[0] == "vm-base.vhdx"


def test_a_link_is_no_companion(tmp_path: Path) -> None:
    folder(tmp_path, "vm.qcow2", "secret.txt")
    (tmp_path / "base.qcow2").symlink_to(tmp_path / "secret.txt")
    assert names(discover(tmp_path / "vm.qcow2"), COMPANION) == []


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="no file or folder") as caught:
        discover(tmp_path / "nothing.E01")
    assert caught.value.exit_code == 20
    assert caught.value.hint


def test_a_path_through_a_file(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="no file or folder"):
        discover(folder(tmp_path, "a") / "a" / "b")


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="cannot be reached"):
        discover(tmp_path / ("x" * 5000))


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.dd").touch()
    with pytest.raises(EvidenceError, match="empty"):
        discover(tmp_path / "empty.dd")


def test_an_empty_segment(tmp_path: Path) -> None:
    folder(tmp_path, "a.E01", "a.E02")
    (tmp_path / "a.E02").write_bytes(b"")
    with pytest.raises(EvidenceError, match=r"a\.E02 is empty"):
        discover(tmp_path / "a.E01")


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(EvidenceError, match="neither a file"):
        discover(tmp_path / "pipe")


def test_an_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder(tmp_path, "a.dd")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may read everything
    with pytest.raises(EvidenceError, match="may not be read"):
        discover(tmp_path / "a.dd")


def test_a_name_that_is_not_utf8_is_found_and_shown_escaped(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.dd")
    path.write_bytes(b"")
    with pytest.raises(EvidenceError, match=r"caf\\xe9\.dd is empty"):
        discover(path)


def test_descriptors_are_read_only_and_nothing_else_is_opened(tmp_path: Path) -> None:
    slots = open_slots(discover(folder(tmp_path, "a.E01", "a.E02") / "a.E01"))
    assert [slot.name for slot in slots] == ["a.E01", "a.E02"]
    for slot in slots:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.write(slot.fd, b"!")
        os.close(slot.fd)


def test_when_one_part_cannot_be_opened_the_others_are_closed(tmp_path: Path) -> None:
    found = discover(folder(tmp_path, "a.E01", "a.E02") / "a.E01")
    (tmp_path / "a.E02").unlink()
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(EvidenceError, match=r"a\.E02 cannot be opened"):
        open_slots(found)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


NUMBERS = {
    "digits": (["a.E01", "a.E02", "a.E99"], [1, 2, 99]),
    "letters": (["a.E01", "a.EAA", "a.EAB", "a.EBA", "a.FAA"], [1, 100, 101, 126, 776]),
    "small letters": (["a.s02", "a.saa"], [2, 100]),
    "a hole": (["a.E02", "a.E04"], [2, 4]),
    "no names of a set": (["a.E01", "a.r4w"], []),
    "an image that was renamed": (["a.raw"], []),
    "twice the same": (["a.E01", "b.E01"], []),
    "none": (["a.E00"], []),
}


@pytest.mark.parametrize(("names_", "numbers"), NUMBERS.values(), ids=NUMBERS)
def test_a_name_says_which_segment_it_is(names_: list[str], numbers: list[int]) -> None:
    assert ewf_numbers(names_) == numbers
