import gzip
import io
import os
import sys
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from subprocess import run

import pytest
from conftest import Tools
from corpus import evidence
from hashset_samples import S, collect, descriptor_of, frames_of, frames_of_file, imported
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.errors import HashSetError, HeroesError
from heroes_forensics.frames import KNOWN, MAX_FRAME, Batch
from heroes_forensics.hashsets.formats import IMPORTERS
from heroes_forensics.hashsets.formats.base import HEAD, Importer
from heroes_forensics.hashsets.importing import import_rows
from heroes_forensics.registry import Plugin

M = [sample.md5.hex() for sample in S]
LIST = "".join(f"{value}\n" for value in M[:10])


def made_up(count: int) -> str:
    return "".join(f"{number + 1:032x}\n" for number in range(count))


@pytest.mark.parametrize("row", IMPORTERS, ids=lambda row: str(row.name))
def test_every_row_of_the_table_loads_and_says_what_it_is(row: Plugin[Importer]) -> None:
    assert row.summary.endswith(".")
    assert row.load().nature in ("", "notable", "known-good", "adult-intimate")
    assert not row.load().recognises(b"")


def test_names_in_the_table_are_unique() -> None:
    assert len({row.name for row in IMPORTERS}) == len(IMPORTERS)


def test_batches_fit_a_frame_and_lose_nothing() -> None:
    frames = frames_of(made_up(5_000).encode())
    batches = [frame for frame in frames if isinstance(frame, Batch)]
    assert all(batch.rows.dtype == KNOWN for batch in batches)
    assert max(batch.rows.nbytes + len(batch.area) for batch in batches) <= MAX_FRAME - 1024
    assert sum(len(batch.rows) for batch in batches) == 5_000
    assert len(batches) < 12


def test_texts_are_in_the_area_once_a_batch() -> None:
    text = "md5,category,series\n" + "".join(f"{value},17,a series\n" for value in M)
    (batch,) = (frame for frame in frames_of(text.encode()) if isinstance(frame, Batch))
    assert batch.area == b"17a series"


def test_the_longest_texts_still_fit_a_frame() -> None:
    rows = "".join(f"{value},{'c' * 220}{value},{'s' * 990}{value}\n" for value in M)
    frames = frames_of(("md5,category,series\n" + rows).encode())
    batches = [frame for frame in frames if isinstance(frame, Batch)]
    assert sum(len(batch.rows) for batch in batches) == len(M)
    assert max(batch.rows.nbytes + len(batch.area) for batch in batches) <= MAX_FRAME - 1024


def test_digests_of_nothing_are_dropped_and_counted() -> None:
    nothing = [
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "0" * 32,
        "F" * 40,
    ]
    result = imported((LIST + "\n".join(nothing)).encode())
    assert len(result.rows) == 10
    assert (result.facts["empties"], result.facts["constants"]) == (2, 2)
    assert result.facts["records"] == 14


def test_a_record_keeps_its_other_digests() -> None:
    text = f"md5,sha1\nd41d8cd98f00b204e9800998ecf8427e,{S[0].sha1.hex()}\n"
    result = imported(text.encode())
    assert result.column("md5") == [b""]
    assert result.column("sha1") == [S[0].sha1]


def test_a_set_of_nothing_but_nothing_is_refused() -> None:
    with pytest.raises(HashSetError, match="no usable digest"):
        imported(b"d41d8cd98f00b204e9800998ecf8427e\n")


def test_a_few_bad_records_are_tolerated_in_a_small_set() -> None:
    result = imported((LIST + "zz\n" * 5).encode())
    assert result.rejected == [(line, "not-a-digest") for line in range(11, 16)]


def test_more_bad_records_than_that_refuse_the_set_and_name_the_first() -> None:
    with pytest.raises(HashSetError, match="6 of 16 records are bad, first at line 11, 12") as got:
        imported((LIST + "zz\n" * 6).encode())
    assert got.value.hint.endswith("heroes hashset import FILE --accept-rejects")


def test_more_bad_records_than_good_ones_refuse_the_set() -> None:
    with pytest.raises(HashSetError, match="3 of 5 records are bad"):
        imported((M[0] + "\n" + M[1] + "\n" + "zz\n" * 3).encode())


def test_one_in_a_thousand_is_tolerated_in_a_large_set() -> None:
    good = made_up(9_990)
    assert len(imported((good + "zz\n" * 9).encode()).rejected) == 9
    with pytest.raises(HashSetError, match="11 of 10001 records"):
        imported((good + "zz\n" * 11).encode())


def test_the_operator_may_allow_more() -> None:
    result = imported((LIST + "zz\n" * 300).encode(), accept_rejects=300)
    assert len(result.rejected) == 100
    assert result.facts["rejected"] == 300
    assert result.facts["rejected_by_reason"] == {"not-a-digest": 300}
    with pytest.raises(HashSetError, match="301 of 311"):
        imported((LIST + "zz\n" * 301).encode(), accept_rejects=300)


def test_the_report_names_the_file_as_received() -> None:
    result = imported(LIST.encode())
    assert result.facts["size"] == len(LIST)
    assert result.facts["sha256"] == sha256(LIST.encode()).hexdigest()


def test_the_position_of_the_descriptor_is_neither_used_nor_moved() -> None:
    with descriptor_of(LIST.encode()) as descriptor:
        os.lseek(descriptor, 7, os.SEEK_SET)
        assert len(collect(list(import_rows(descriptor, {}))).rows) == 10
        assert os.lseek(descriptor, 0, os.SEEK_CUR) == 7


def test_a_file_that_changes_while_it_is_read_is_refused() -> None:
    with descriptor_of((made_up(5_000)).encode()) as descriptor:
        frames = import_rows(descriptor, {})
        next(frames)
        os.pwrite(descriptor, b"0" * 10, 10)
        os.utime(descriptor, (1, 1))
        with pytest.raises(HashSetError, match="changed while it was read"):
            list(frames)


def test_an_empty_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(HashSetError, match="empty file"):
        imported(b"")
    with pytest.raises(HashSetError, match="not a regular file"):
        frames_of_file(tmp_path)


UNKNOWN = {
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "a document": b"%PDF-1.7\n",
    "a letter": b"Dear colleague,\nhere is the list.\n",
    "EnCase": bytes.fromhex("484153480d0aff00") + bytes(2000),
    "HashKeeper": b'"file_id","hashset_id","file_name","directory","hash","file_size"\r\n',
    "TSK index": b"0" * 41 + b"|md5sum\n",
    "XML": b'<?xml version="1.0"?><queryResult/>',
    "UTF-32": b"\xff\xfe\0\0" + "abc".encode("utf-32-le"),
}


@pytest.mark.parametrize("data", UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_understood_is_refused_in_one_sentence(data: bytes) -> None:
    with pytest.raises(HashSetError) as caught:
        imported(data)
    assert "\n" not in str(caught.value)


def test_recognition_looks_at_the_first_64_kib_only() -> None:
    comments = "# a comment\n" * (HEAD // 12 + 1)
    with pytest.raises(HashSetError, match="no format"):
        imported((comments + LIST).encode())
    assert len(imported((comments + LIST).encode(), format="list").rows) == 10


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_a_gzip_and_a_zip_of_one_file_are_read_in_place() -> None:
    plain = imported(LIST.encode())
    for data in (gzip.compress(LIST.encode()), zipped({"a/list.txt": LIST.encode()})):
        result = imported(data)
        assert result.rows == plain.rows
        assert result.facts["size"] == len(data)


def test_a_zip_of_several_files_is_no_guess() -> None:
    with pytest.raises(HashSetError, match="2 members"):
        imported(zipped({"a.txt": LIST.encode(), "b.txt": LIST.encode()}))


def bomb(size: int) -> bytes:
    line = made_up(1).encode()
    return line * (size // len(line))


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped({"x": data})])
def test_what_expands_beyond_the_ratio_is_refused(pack: Callable[[bytes], bytes]) -> None:
    with pytest.raises(HashSetError, match="expands more than 200 times"):
        imported(pack(bomb(8_000_000)))


@given(st.integers(0, 400), st.binary(min_size=1, max_size=30), st.booleans())
def test_no_damage_to_an_archive_crashes_the_import(at: int, junk: bytes, gz: bool) -> None:  # noqa: FBT001
    data = bytearray(gzip.compress(LIST.encode()) if gz else zipped({"x": LIST.encode()}))
    data[at : at + len(junk)] = junk
    try:
        imported(bytes(data), accept_rejects=1_000)
    except HashSetError as error:
        assert "\n" not in str(error)  # noqa: PT017 - both outcomes are promised


@given(st.binary(max_size=3000))
def test_no_bytes_crash_the_import(junk: bytes) -> None:
    for row in IMPORTERS:
        assert row.load().recognises(junk) in (True, False)
    try:
        imported(junk)
    except HeroesError as error:
        assert error.exit_code in (2, 30)  # noqa: PT017 - both outcomes are promised


def test_no_message_names_a_digest() -> None:
    for bad in (f"{M[0]}\n{M[1]}x\n" * 9, f"{M[0]}\n{S[0].sha256.hex()}\n", f"{M[0]}\0{M[1]}\n"):
        with pytest.raises(HashSetError) as caught:
            imported(bad.encode())
        assert M[0] not in str(caught.value) + caught.value.hint
        assert S[0].sha256.hex() not in str(caught.value)


REAL = {
    "hashsets/tsk-testmd5.dat": ("list", 28, {"md5": 28}),
    "hashsets/tsk-testmd5.dat-md5.idx": ("tsk-index", 28, {"md5": 28}),
    "hashsets/hashdeep-sample/hashdeep.txt": ("hashdeep", 3, {"md5": 3, "sha256": 3}),
    "hashsets/hashdeep-sample/md5deep.txt": ("list", 4, {"md5": 4}),
    "hashsets/hashdeep-sample/md5deep-size.txt": ("list", 4, {"md5": 4}),
    "hashsets/hashdeep-sample/ilookv3.hsh": ("ilook", 5, {"md5": 5, "sha1": 5}),
    "hashsets/hashdeep-sample/ilookv4.hsh": ("ilook", 5, {"md5": 5, "sha1": 5}),
    "hashsets/Z00236.zip": ("hashkeeper", 6993, {"md5": 6993}),
    "hashsets/RDS-000001-15.zip": ("nsrl-text", 218, {"md5": 138, "sha1": 138}),
    "hashsets/RDS-000001-20.zip": ("nsrl-text", 218, {"md5": 138, "sha1": 138}),
}


@pytest.mark.parametrize(("name", "wanted"), REAL.items(), ids=REAL)
def test_real_samples_give_their_counts(name: str, wanted: tuple[str, int, dict[str, int]]) -> None:
    facts = collect(frames_of_file(evidence(name))).facts
    assert (facts["format"], facts["records"], facts["accepted"]) == wanted


def test_tsk_finds_every_digest_that_we_import(tool: Tools, tmp_path: Path) -> None:
    database = tmp_path / "testmd5.dat"
    database.write_bytes(evidence("hashsets/tsk-testmd5.dat").read_bytes())
    run([tool("hfind"), "-i", "md5sum", str(database)], check=True, capture_output=True)
    rows = collect(frames_of_file(database)).rows
    for row in rows:
        assert isinstance(row["md5"], bytes)
        found = run(
            [tool("hfind"), "-q", str(database), row["md5"].hex()],
            check=False,
            capture_output=True,
            text=True,
        )
        assert found.stdout.strip() == "1"


def test_hashdeep_knows_every_file_of_its_own_list_that_we_import(
    tool: Tools, tmp_path: Path
) -> None:
    for sample in S[:20]:
        (tmp_path / f"{sample.number}.bin").write_bytes(sample.data)
    files = sorted(str(path) for path in tmp_path.iterdir())
    text = run([tool("md5deep"), *files], check=True, capture_output=True).stdout
    assert set(imported(text).column("md5")) == {sample.md5 for sample in S[:20]}
    text = run([tool("sha1deep"), "-z", *files], check=True, capture_output=True).stdout
    result = imported(text)
    assert {(row["sha1"], row["size"]) for row in result.rows} == {
        (sample.sha1, sample.size) for sample in S[:20]
    }


MEMORY = """
import os, resource, sys
from heroes_forensics.hashsets.importing import import_rows

def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

descriptor = os.open(sys.argv[1], os.O_RDONLY)
frames = import_rows(descriptor, {})
next(frames)
before = peak()
count = sum(len(frame.rows) for frame in frames if frame.kind == "known")
print(count, (peak() - before) // 1024)
"""


def vics_file(path: Path, count: int) -> None:
    with path.open("w") as file:
        file.write('{"@odata.context": "x/ProjectVic/DataModels/2.0.xml#Media", "value": [')
        for number in range(count):
            separator = "," if number else ""
            file.write(f'{separator}{{"MediaID": {number}, "MD5": "{number + 1:032x}"}}')
        file.write("]}")


def list_file(path: Path, count: int) -> None:
    path.write_text(made_up(count))


@pytest.mark.slow
@pytest.mark.parametrize("make", [vics_file, list_file])
def test_a_million_records_need_no_more_memory_than_a_few(
    tmp_path: Path, make: Callable[[Path, int], None]
) -> None:
    make(tmp_path / "set", 1_000_000)
    command = [sys.executable, "-c", MEMORY, str(tmp_path / "set")]
    output = run(command, check=True, capture_output=True, text=True).stdout
    count, grown = (int(word) for word in output.split())
    assert count > 990_000
    assert grown < 16
