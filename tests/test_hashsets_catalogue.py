import json
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from hashset_samples import KEY, S, add, columns, frames_of, opened

from heroes_forensics.errors import HashSetError, UsageError
from heroes_forensics.frames import Batch, Control, Frame
from heroes_forensics.hashsets import profiles
from heroes_forensics.hashsets.catalogue import Catalogue, OtherEditionError
from heroes_forensics.hashsets.describing import Description, UnknownKindError

M = [sample.md5.hex() for sample in S]
LIST = "".join(f"{value}\n" for value in M[:10]).encode()
NSRL = (
    '"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode","SpecialCode"\r\n'
    f'"{S[0].sha1.hex()}","{M[0]}","0","a",5,1,"362",""\r\n'
).encode()


def vics(*categories: object, region: str = "US") -> bytes:
    context = f"http://x/ProjectVic/DataModels/2.0.xml/{region}/$metadata#Media"
    items = [
        {"MediaID": number, "MD5": M[number], "Category": category}
        for number, category in enumerate(categories)
    ]
    return json.dumps({"@odata.context": context, "value": items}).encode()


def test_a_set_is_added_listed_got_and_verified(tmp_path: Path) -> None:
    record = add(tmp_path, LIST, "demo", issuer="a body", edition="2026-01", kind="notable")
    assert record.added
    catalogue = Catalogue(tmp_path)
    (listed,) = catalogue.list()
    assert listed.header == record.header
    assert listed.report == record.report
    assert catalogue.get("demo").path == record.path
    assert catalogue.get(record.header.id, "2026-01").path == record.path
    assert record.path == tmp_path / "sets" / record.header.id / "2026-01.hset"
    result = catalogue.verify(listed, KEY)
    assert (result["records"], result["digests"], result["found"]) == (10, {"md5": 10}, 10)


def test_the_header_says_where_it_came_from(tmp_path: Path) -> None:
    header = add(tmp_path, vics(1, 2), "demo", issuer="a body").header
    assert header.source_sha256 == sha256(vics(1, 2)).hexdigest()
    assert (header.format, header.format_version, header.source_size) == (
        "vics",
        "2.0",
        len(vics(1, 2)),
    )
    assert (header.scheme, header.region, header.signature) == ("vics", "US", "unsigned")
    assert header.profile["name"] == "vics-us"
    assert header.edition == header.source_sha256[:12]
    assert header.imported_at.endswith("Z")


def test_the_report_counts_what_became_of_the_records(tmp_path: Path) -> None:
    data = LIST + f"zz\n{M[0]}\nd41d8cd98f00b204e9800998ecf8427e\n".encode()
    report = add(tmp_path, data, "demo", source_name="list.txt", kind="notable").report
    wanted = {
        "records": 13,
        "accepted": {"md5": 11},
        "rejected": 1,
        "rejected_records": [{"line": 11, "reason": "not-a-digest"}],
        "empties": 1,
        "merged": 1,
        "distinct": {"md5": 10},
        "conflicting_categories": 0,
        "file_name": "list.txt",
        "signature": "unsigned",
        "size": len(data),
    }
    assert {name: report[name] for name in wanted} == wanted
    assert not any(value in json.dumps(report) for value in M)


def test_files_are_for_their_owner_alone_and_nothing_is_left_over(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        record = add(tmp_path, LIST, kind="notable")
    finally:
        os.umask(old)
    for path in (tmp_path / "sets").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    names = sorted(path.name for path in record.path.parent.iterdir())
    edition = record.header.edition
    assert names == [f"{edition}.hset", f"{edition}.report.json"]
    assert [path.name for path in (tmp_path / "sets").iterdir()] == [record.header.id]


@pytest.mark.parametrize(
    ("data", "said", "kind"),
    [
        (LIST, "watch", "watch"),
        (LIST, "known-good", "known-good"),
        (NSRL, "", "known-good"),
        (vics(1), "", "notable"),
    ],
)
def test_the_kind_is_what_was_said_else_what_the_format_always_is(
    tmp_path: Path, data: bytes, said: str, kind: str
) -> None:
    record = add(tmp_path, data, kind=said)
    assert (record.header.kind, record.header.kind_stated) == (kind, bool(said))
    assert "kind" not in str(record.report["warnings"])


@pytest.mark.parametrize(
    "data",
    [LIST, f"md5,category\n{M[0]},1\n".encode(), b"%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n"
     + f"5,{M[0]},a\n".encode()],
    ids=["list", "table", "hashdeep"],
)  # fmt: skip
def test_a_list_of_no_stated_kind_is_no_accusation(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UnknownKindError, match=r"a\.txt does not say what kind") as caught:
        add(tmp_path, data, source_name="a.txt")
    assert "known-good, watch" in caught.value.hint
    assert list((tmp_path / "sets").iterdir()) == []


@pytest.mark.parametrize("categories", [(1,), (4, 1), (0,), (None,), (77,)])
def test_notable_records_are_refused_as_known_good(
    tmp_path: Path, categories: tuple[object, ...]
) -> None:
    with pytest.raises(HashSetError, match="refused as known-good"):
        add(tmp_path, vics(*categories), kind="known-good")
    assert list((tmp_path / "sets").iterdir()) == []


def test_a_table_with_notable_categories_is_refused_as_known_good(tmp_path: Path) -> None:
    data = f"md5,category\n{M[0]},1\n".encode()
    profile = profiles.shipped()["vics-us"]
    with pytest.raises(HashSetError, match="1 records carry categories"):
        add(tmp_path, data, kind="known-good", profile=profile)


def test_known_software_as_notable_is_said(tmp_path: Path) -> None:
    report = add(tmp_path, NSRL, kind="notable").report
    assert "a set of known software is imported as notable" in str(report["warnings"])


def test_codes_without_a_mapping_are_listed(tmp_path: Path) -> None:
    report = add(tmp_path, vics(1, 42, "A1", None)).report
    assert report["unknown_codes"] == ["42", "A1"]
    categories = report["categories"]
    assert isinstance(categories, dict)
    assert {code: row["verdict"] for code, row in categories.items()} == {
        "": "uncategorised",
        "1": "notable_other",
        "42": "uncategorised",
        "A1": "uncategorised",
    }
    assert report["profile_unverified"] is True


@pytest.mark.parametrize(
    ("region", "profile"),
    [("US", "vics-us"), ("UK", "vics-uk"), ("Default", "vics-default"), ("CUSTOM", "vics-default")],
)
def test_the_profile_is_that_of_the_region(tmp_path: Path, region: str, profile: str) -> None:
    assert add(tmp_path, vics(1, region=region)).report["profile"] == profile


def test_editions_stand_side_by_side_under_one_id(tmp_path: Path) -> None:
    first = add(tmp_path, LIST, "demo", edition="1", kind="notable")
    second = add(tmp_path, LIST[:99], "demo", edition="2", kind="notable")
    other = add(tmp_path, LIST, "demo", issuer="another body", edition="1", kind="notable")
    assert first.header.id == second.header.id != other.header.id
    catalogue = Catalogue(tmp_path)
    assert len(catalogue.list()) == 3
    with pytest.raises(UsageError, match="several issuers"):
        catalogue.get("demo")
    assert catalogue.get(first.header.id, "1").path == first.path


def test_the_newest_active_edition_is_got(tmp_path: Path) -> None:
    add(tmp_path, LIST, "demo", edition="1", kind="notable")
    second = add(tmp_path, LIST[:99], "demo", edition="2", kind="notable")
    catalogue = Catalogue(tmp_path)
    assert catalogue.get("demo").header.edition == "2"
    catalogue.decide(second, "retired", "replaced")
    assert catalogue.get("demo").header.edition == "1"
    assert catalogue.get("demo", "2").state == "retired"


def test_the_same_import_again_changes_nothing(tmp_path: Path) -> None:
    first = add(tmp_path, LIST, "demo", kind="notable")
    before = first.path.read_bytes()
    again = add(tmp_path, LIST, "demo", kind="notable")
    assert (again.added, again.path) == (False, first.path)
    assert first.path.read_bytes() == before


def test_an_edition_never_changes(tmp_path: Path) -> None:
    first = add(tmp_path, LIST, "demo", edition="1", kind="notable")
    before = first.path.read_bytes()
    changed = (
        (LIST[:99], {"kind": "notable"}),
        (LIST, {"kind": "watch"}),
        (LIST, {"kind": "notable", "reading": {"algorithm": "md5"}}),
    )
    for data, said in changed:
        with pytest.raises(OtherEditionError, match="is there already, and differs"):
            add(tmp_path, data, "demo", edition="1", **said)
    assert first.path.read_bytes() == before


def test_the_same_reading_again_changes_nothing(tmp_path: Path) -> None:
    said = {"kind": "notable", "reading": {"columns": ["md5"], "map": {"a": "size", "b": "md5"}}}
    assert add(tmp_path, LIST, "demo", **said).report["reading"] == said["reading"]
    said["reading"] = {"map": {"b": "md5", "a": "size"}, "columns": ["md5"]}
    assert not add(tmp_path, LIST, "demo", **said).added


def test_an_import_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def failing() -> Iterator[Frame]:
        yield from frames_of(LIST)[:-1]
        assert len(list((tmp_path / "sets").iterdir())) == 1
        raise HashSetError("the hash set is damaged")

    with pytest.raises(HashSetError, match="is damaged"):
        Catalogue(tmp_path).add(failing(), Description(name="demo", kind="notable"), KEY)
    assert Catalogue(tmp_path).list() == []
    assert list((tmp_path / "sets").iterdir()) == []


def test_what_a_killed_run_left_is_removed_and_what_a_live_one_uses_is_not(tmp_path: Path) -> None:
    left = tmp_path / "sets" / ".staging-of-a-dead-run"
    left.mkdir(parents=True)
    (left / "record-00.rows").write_bytes(b"x")

    def with_another() -> Iterator[Frame]:
        first = frames_of(LIST)
        yield from first[:-1]
        add(tmp_path, LIST, "another", kind="notable")
        yield first[-1]

    Catalogue(tmp_path).add(with_another(), Description(name="demo", kind="notable"), KEY)
    assert not left.exists()
    assert {record.header.name for record in Catalogue(tmp_path).list()} == {"another", "demo"}


def test_a_batch_lost_on_the_way_is_noticed(tmp_path: Path) -> None:
    text = "".join(f"{number + 1:032x}\n" for number in range(3_000)).encode()
    frames = frames_of(text)
    batches = [frame for frame in frames if isinstance(frame, Batch)]
    short = replace(batches[0], rows=batches[0].rows[1:])
    description = Description(name="demo", kind="notable")
    for broken in (frames[1:], [short, *frames[1:]], [*frames, batches[0]]):
        with pytest.raises(HashSetError, match="lost records on the way"):
            Catalogue(tmp_path).add(broken, description, KEY)
    with pytest.raises(HashSetError, match="without its report"):
        Catalogue(tmp_path).add(frames[:-1], description, KEY)
    with pytest.raises(HashSetError, match="without its report"):
        Catalogue(tmp_path).add([Control("imported", {"facts": 5})], description, KEY)
    assert Catalogue(tmp_path).list() == []


def test_damage_to_a_set_file_is_found(tmp_path: Path) -> None:
    record = add(tmp_path, LIST, kind="notable")
    image = bytearray(record.path.read_bytes())
    image[record.header.sections["md5.rest"].offset] ^= 1
    record.path.write_bytes(bytes(image))
    with pytest.raises(HashSetError, match=r"does not verify: section md5\.rest"):
        Catalogue(tmp_path).verify(record, KEY)


def test_one_damaged_edition_does_not_stop_the_others(tmp_path: Path) -> None:
    damaged = add(tmp_path, LIST, "demo", edition="1", kind="notable")
    add(tmp_path, LIST, "other", kind="notable")
    damaged.path.write_bytes(b"nothing")
    catalogue = Catalogue(tmp_path)
    assert {record.state for record in catalogue.list()} == {"active", "damaged"}
    assert catalogue.get("other").state == "active"
    with pytest.raises(UsageError, match="no such hash set"):
        catalogue.get(damaged.header.id)
    with pytest.raises(HashSetError, match="cut short"):
        catalogue.verify(catalogue.get(damaged.header.id, "1"), KEY)


def test_an_empty_home_has_no_sets(tmp_path: Path) -> None:
    assert Catalogue(tmp_path / "not there").list() == []
    with pytest.raises(UsageError, match="no such hash set: demo") as caught:
        Catalogue(tmp_path).get("demo")
    assert caught.value.hint == "sets: none yet"


@pytest.mark.parametrize(
    "description",
    [
        Description(name=""),
        Description(name="x" * 201),
        Description(name="a\nb"),
        Description(name="a", issuer="a\x1b[2J"),
        Description(name="a", edition="../../x"),
        Description(name="a", edition=".hidden"),
        Description(name="a", kind="bad"),
    ],
)
def test_a_description_that_makes_no_sense_is_refused(
    tmp_path: Path, description: Description
) -> None:
    with pytest.raises(UsageError):
        Catalogue(tmp_path).add(frames_of(LIST), description, KEY)


def test_what_was_imported_is_what_is_found(tmp_path: Path) -> None:
    with opened(add(tmp_path, LIST, kind="notable")) as one:
        query, record = one.lookup("md5", columns(*S)[0])
        assert query.tolist() == list(range(10))
        assert one.records(record)["record"].tolist() == list(range(1, 11))
        assert (one.records(record)["size"] == np.full(10, -1)).all()


def test_shipped_profiles_are_unverified_and_name_their_source() -> None:
    table = profiles.shipped()
    vics = {"vics-us", "vics-uk", "vics-default"}
    others = {"c4all", "caid-uk", "icse", "iped", "iwf-uk", "ncmec"}
    assert set(table) == vics | {f"{name}-default" for name in others}
    for profile in table.values():
        assert profile.unverified
        assert profile.source
        assert profiles.from_json(profile.name, profile.as_json()) == profile


@pytest.mark.parametrize(
    ("scheme", "code", "verdict"),
    [
        ("iwf-uk", "A", "nationally_illegal"),
        ("caid-uk", "C", "nationally_illegal"),
        ("caid-uk", "1", "notable_other"),  # that 1 is grade A is confirmed nowhere
        ("caid-uk", "8", "uncategorised"),
        ("c4all", "1", "uncategorised"),
        ("ncmec", "A1", "notable_other"),
    ],
)
def test_a_scheme_that_is_named_has_its_profile(
    scheme: str, code: str, verdict: str, tmp_path: Path
) -> None:
    data = f"md5,category\n{M[0]},{code}\n{M[1]},77\n".encode()
    report = add(tmp_path, data, scheme=scheme, kind="notable").report
    assert report["profile"] == f"{scheme}-default"
    assert report["profile_unverified"] is True
    categories = report["categories"]
    assert isinstance(categories, dict)
    assert categories["77"]["verdict"] == "uncategorised"
    assert categories[code]["verdict"] == verdict


BAD_PROFILES = {
    "no mapping": "- 1",
    "not YAML": "{",
    "unknown field": "scheme: x\ncolour: red\ncodes: {}",
    "unknown verdict": 'scheme: x\ncodes: {"1": {verdict: evil}}',
    "no codes": "scheme: x",
    "a code that YAML takes for a truth": "scheme: x\ncodes: {no: {verdict: suspected}}",
    "a code of nothing": "scheme: x\ncodes: {1: }",
    "an object": "scheme: !!python/object/apply:os.getcwd []\ncodes: {}",
    "a scheme that is a list": "scheme: [x]\ncodes: {}",
    "unverified as text": "scheme: x\nunverified: perhaps\ncodes: {}",
    "an unknown field of a code": 'scheme: x\ncodes: {"1": {verdict: suspected, x: 1}}',
    "a label that is a number": 'scheme: x\ncodes: {"1": {verdict: suspected, label: 1}}',
    "too large": "scheme: " + "x" * 300_000,
    "a code twice": 'scheme: x\ncodes: {"1": {verdict: suspected}, "1": {verdict: known_good}}',
    "a code as text and number": (
        "scheme: x\ncodes: {'1': {verdict: suspected}, 1: {verdict: known_good}}"
    ),
    "a code in two numbers": (
        "scheme: x\ncodes: {1: {verdict: suspected}, 01: {verdict: known_good}}"
    ),
    "a field of a code twice": 'scheme: x\ncodes: {"1": {verdict: suspected, verdict: known_good}}',
    "an alias": "scheme: &a x\nregion: *a\ncodes: {}",
    "a scheme of controls": 'scheme: "\\e[2J"\ncodes: {}',
    "a label of controls": 'scheme: x\ncodes: {"1": {verdict: suspected, label: "\\e[2J"}}',
    "depth": "[" * 50_000,
}


@pytest.mark.parametrize("text", BAD_PROFILES.values(), ids=BAD_PROFILES)
def test_a_profile_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="category profile mine"):
        profiles.parse("mine", text)
