"""EnCase hash files, indexes of The Sleuth Kit, and Bloom filters."""

import gzip
import math
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from conftest import Tools
from corpus import evidence
from hashset_formats_binary import encase
from hashset_samples import S, Sample, collect, frames_of_file, imported, read
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats.bloom import IMPORTER as BLOOM


def values(*samples: Sample) -> list[bytes]:
    return [one.md5 + b"\0\0" for one in samples]


def test_values_of_an_encase_file() -> None:
    result = imported(encase(values(*S[:5])))
    assert result.column("md5") == [one.md5 for one in S[:5]]
    assert (result.facts["format"], result.facts["numbering"]) == ("encase", "record")
    assert (result.facts["nature"], result.facts["warnings"]) == ("", [])


@pytest.mark.parametrize(
    ("data", "warning"),
    [
        (encase(values(*S[:3]), count=2), "the header says 2 values, and the file holds 3"),
        (encase(values(*S[:3]), count=0), "the header says 0 values"),
        (encase(values(*S[:3]), category="Notable\x1b[0m"), "calls its category"),
        (encase([*values(*S[:2]), S[2].md5 + b"\0\1"]), "are not zero"),
        (encase(values(*S[:3])).replace(b"\2\0\0\0\1", b"\3\0\0\0\1", 1), "not of versions 4 to 6"),
    ],
    ids=["count", "no count", "category", "between", "version"],
)
def test_what_is_odd_about_an_encase_file_is_said(data: bytes, warning: str) -> None:
    result = imported(data)
    assert result.column("md5") == [one.md5 for one in S[:3]]
    assert warning in str(result.facts["warnings"])
    assert "\x1b" not in "".join(result.facts["warnings"])  # type: ignore[arg-type]


@pytest.mark.parametrize("cut", [8, 0x47F, 0x481, 0x480 + 17, 0x480 + 19])
def test_an_encase_file_cut_short_is_refused(cut: int) -> None:
    with pytest.raises(HashSetError, match="cut short"):
        imported(encase(values(*S[:2]))[:cut])


def test_an_encase_file_of_more_than_one_block() -> None:
    many = [Sample(number) for number in range(9_000)]
    data = encase(values(*many))
    for form in (data, gzip.compress(data)):
        assert imported(form).column("md5") == [one.md5 for one in many]


def test_other_programs_find_the_same_values_in_an_encase_file(tool: Tools, tmp_path: Path) -> None:
    path = tmp_path / "set.hash"
    path.write_bytes(encase(values(*S[:20])))
    hfind = tool("hfind")
    subprocess.run([hfind, "-i", "encase", path], check=True, capture_output=True, timeout=60)
    for one, there in ((S[0], b"1"), (S[19], b"1"), (S[20], b"0")):
        found = subprocess.run(
            [hfind, "-q", path, one.md5.hex()], check=True, capture_output=True, timeout=60
        )
        assert found.stdout.strip() == there
    for one in S[18:22]:
        (tmp_path / f"file {one.number}").write_bytes(one.data)
    listed = subprocess.run(
        [tool("md5deep"), "-b", "-m", path, *sorted(tmp_path.glob("file *"))],
        check=False,  # it says by its exit code that some did not match
        capture_output=True,
        timeout=60,
    )
    assert sorted(listed.stdout.split(b"\n")) == [b"", b"file 18", b"file 19"]
    index = collect(frames_of_file(tmp_path / "set.hash-md5.idx"))
    assert set(index.column("md5")) == set(imported(path.read_bytes()).column("md5"))
    assert index.facts["index_of"] == "encase"


def test_a_real_index_holds_the_values_of_its_list() -> None:
    index = collect(frames_of_file(evidence("hashsets/tsk-testmd5.dat-md5.idx")))
    listed = collect(frames_of_file(evidence("hashsets/tsk-testmd5.dat")))
    assert (index.facts["format"], index.facts["index_of"]) == ("tsk-index", "md5sum")
    assert sorted(map(bytes, index.column("md5"))) == sorted(map(bytes, listed.column("md5")))  # type: ignore[arg-type]
    assert index.facts["rejected"] == 0


@pytest.mark.parametrize("kind", ["md5", "sha1"])
def test_indexes_that_hfind_makes_of_a_release_of_nist(
    kind: str, tool: Tools, tmp_path: Path
) -> None:
    archive = evidence("hashsets/RDS-000001-20.zip")
    shutil.unpack_archive(archive, tmp_path)
    path = tmp_path / "NSRLFile.txt"
    subprocess.run(
        [tool("hfind"), "-i", f"nsrl-{kind}", path], check=True, capture_output=True, timeout=60
    )
    index = collect(frames_of_file(tmp_path / f"NSRLFile.txt-{kind}.idx"))
    release = collect(frames_of_file(path))
    assert set(index.column(kind)) == set(release.column(kind))
    assert str(index.facts["index_of"]).startswith("nsrl")


def test_bad_lines_of_an_index_are_named() -> None:
    head = "0" * 41 + "|md5sum\n" + "0" * 40 + "1|x\n"
    good = f"{S[0].md5.hex().upper()}|{5:016d}\n"
    bad = ["x\n", good.replace("|", "-"), good[1:], S[0].sha256.hex() + f"|{5:016d}\n"]
    result = imported((head + good + "".join(bad)).encode(), accept_rejects=9)
    assert result.column("md5") == [S[0].md5]
    assert result.rejected == [(line, "not-a-line") for line in (4, 5, 6, 7)]


def bloom(capacity: int = 1000, rate: float = 0.0001, flags: int = 1) -> bytes:
    """Make the filter of DCSO's layout that no value was put into."""
    bits = math.ceil(-capacity * math.log(rate) / math.log(2) ** 2)
    functions = math.ceil(math.log(2) * bits / capacity)
    header = struct.pack("<QQdQQQ", flags, capacity, rate, functions, bits, 7)
    return header + bytes(8 * math.ceil(bits / 64))


@pytest.mark.parametrize("data", [bloom(), gzip.compress(bloom(), mtime=0), bloom(flags=0x101)])
def test_a_bloom_filter_is_refused_with_what_to_use_instead(data: bytes) -> None:
    with pytest.raises(HashSetError) as caught:
        imported(data)
    text = str(caught.value)
    assert "a Bloom filter of 7 values" in text
    assert "once in 10000 answers" in text
    assert "NSRL" in caught.value.hint
    with pytest.raises(HashSetError, match="no Bloom filter"):
        imported(b"abc", format="bloom")


@pytest.mark.parametrize(
    "data",
    [
        bloom()[:47],
        bloom(flags=2),
        struct.pack("<QQdQQQ", 1, 0, 0.1, 1, 1, 0),
        struct.pack("<QQdQQQ", 1, 10, 1.0, 1, 10, 0),
        struct.pack("<QQdQQQ", 1, 10, math.nan, 1, 10, 0),
        struct.pack("<QQdQQQ", 1, 10, 0.1, 0, 10, 0),
        struct.pack("<QQdQQQ", 1, 10, 0.1, 3, 1 << 60, 0),
    ],
)
def test_numbers_that_do_not_fit_make_no_bloom_filter(data: bytes) -> None:
    assert not BLOOM.recognises(data)


@given(st.binary(min_size=40, max_size=80))
def test_no_header_crashes_the_recognition_of_bloom_filters(junk: bytes) -> None:
    for data in (junk, b"\1" + bytes(7) + junk):
        try:
            read(data, name="bloom")
        except HashSetError as error:
            assert "\n" not in str(error)  # noqa: PT017 - the only outcome


@pytest.mark.parametrize("count", [4, 1 << 31, (1 << 32) - 1])
def test_an_encase_file_with_fewer_values_than_it_states_is_cut_short(count: int) -> None:
    with pytest.raises(HashSetError, match="cut short: its header says"):
        imported(encase(values(*S[:3]), count=count))
