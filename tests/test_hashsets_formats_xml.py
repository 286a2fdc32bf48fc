"""The three formats in XML: NCMEC, C4All, OpenIOC."""

import gzip
import io
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hashset_samples import S, add, descriptor_of, imported, read

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats.base import Value
from heroes_forensics.hashsets.hset import read_header
from heroes_forensics.hashsets.importing import import_rows

PHOTODNA = bytes(range(144))
NAMESPACE = "https://hashsharing.ncmec.org/hashsharing/v2"


def entry(  # noqa: PLR0913 - the parts of an entry
    number: int,
    *,
    kind: str = "image",
    own: str = "",
    member: int = 42,
    more: str = "",
    category: str = "A1",
    prints: str = "",
) -> str:
    one = S[number]
    prints = prints or f"<md5>{one.md5.hex()}</md5><sha1>{one.sha1.hex()}</sha1>"
    kinds = f"<classification>{category}</classification>" if category else ""
    return (
        f'<{kind}><member id="{member}">Example Member</member>'
        f"<timestamp>2017-10-24T15:00:00Z</timestamp><id>{own or f'image{number}'}</id>"
        f"{kinds}<fingerprints>{prints}</fingerprints>{more}</{kind}>"
    )


def deleted(own: str, *, kind: str = "deletedImage", member: int = 42) -> str:
    return f'<{kind}><member id="{member}">M</member><id>{own}</id></{kind}>'


def answer(*entries: str, count: int = -1, rest: str = "", namespace: str = NAMESPACE) -> str:
    told = len(entries) if count < 0 else count
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<queryResult xmlns="{namespace}">\n <images count="{told}" maxTimestamp="x">'
        + "\n".join(entries)
        + f'</images>\n <videos count="0"/>\n{rest}</queryResult>\n'
    )


def test_entries_of_an_answer() -> None:
    text = answer(entry(0), entry(1, kind="video", category=""), entry(2, category="B2"))
    result = imported(text.encode())
    assert result.column("md5") == [one.md5 for one in S[:3]]
    assert result.column("sha1") == [one.sha1 for one in S[:3]]
    assert result.column("category") == ["A1", "", "B2"]
    facts = result.facts
    assert (facts["format"], facts["version"], facts["nature"]) == ("ncmec", "2", "notable")
    assert (facts["scheme"], facts["numbering"], facts["warnings"]) == ("ncmec", "record", [])


@pytest.mark.parametrize(
    "data",
    [
        answer(entry(0)).encode("utf-8-sig"),
        answer(entry(0)).replace("\n", "\r\n").encode("utf-16"),
        answer(entry(0)).replace(S[0].md5.hex(), S[0].md5.hex().upper()).encode(),
        answer(entry(0)).replace("queryResult", "QueryResult").encode(),
        gzip.compress(answer(entry(0)).encode()),
    ],
    ids=["bom", "utf-16", "upper case", "another case of the root", "gzip"],
)
def test_forms_of_an_answer(data: bytes) -> None:
    assert imported(data).column("md5") == [S[0].md5]


def test_a_later_entry_replaces_and_a_deleted_one_removes() -> None:
    first = answer(entry(0, own="a"), entry(1, own="b"), entry(2, own="a", member=43))
    second = answer(deleted("b"), entry(3, own="a"), deleted("elsewhere"))
    result = imported((first + second).encode())
    assert result.column("md5") == [S[2].md5, S[3].md5]
    assert result.facts["skipped"] == {"superseded": 2, "deleted": 2}
    assert result.facts["records"] == 6


def test_an_entry_that_comes_again_after_it_was_deleted_counts() -> None:
    result = imported(answer(entry(0, own="a"), deleted("a"), entry(1, own="a")).encode())
    assert result.column("md5") == [S[1].md5]


def test_pages_in_an_archive_are_read_twice_too() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("pages.xml", answer(entry(0, own="a"), entry(1)) + answer(deleted("a")))
    assert imported(buffer.getvalue()).column("md5") == [S[1].md5]


def test_an_entry_without_identity_is_kept() -> None:
    text = answer(entry(0), entry(1)).replace("<id>image0</id>", "").replace("<id>image1</id>", "")
    assert imported(text.encode()).column("md5") == [S[0].md5, S[1].md5]


def test_a_further_page_and_a_wrong_count_are_warned_of() -> None:
    page = "<paging><next>/v2/entries?start=1&amp;size=1</next></paging>"
    result = imported((answer(entry(0), rest=page)).encode())
    assert "further page" in str(result.facts["warnings"])
    assert "further" not in str(imported((answer(rest=page) + answer(entry(0))).encode()).facts)
    result = imported(answer(entry(0), count=2).encode())
    assert result.facts["warnings"] == ["the answers say 2 entries and hold 1"]


def test_an_answer_is_never_known_good_and_its_classes_are_listed(tmp_path: Path) -> None:
    data = answer(entry(0), entry(1, category="C9")).encode()
    with pytest.raises(HashSetError, match="refused as known-good"):
        add(tmp_path, data, kind="known-good")
    made = read_header(add(tmp_path, data).path)
    assert (made.kind, made.profile["name"]) == ("notable", "ncmec-default")


def test_memory_does_not_grow_with_the_answers() -> None:
    def peak(count: int) -> int:
        data = answer(*(entry(at % 60, own=f"i{at}") for at in range(count))).encode()
        with descriptor_of(data) as descriptor:
            del data
            tracemalloc.start()
            try:
                for _ in import_rows(descriptor, {}):
                    pass
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    few, many = peak(500), peak(6_000)
    assert many - few < 5_500 * 200  # identities, and what sorts them; a record has 400 bytes


def test_another_version_is_read_with_a_warning() -> None:
    result = imported(answer(entry(0), namespace="urn:other/v3").encode())
    assert result.column("md5") == [S[0].md5]
    assert "not of version 2" in str(result.facts["warnings"])


def test_fingerprints_of_other_kinds_are_kept_and_references_counted() -> None:
    prints = (
        f"<MD5>{S[0].md5.hex()}</MD5><pdna>{PHOTODNA.hex()}</pdna><PDQ>{'5a' * 32}</PDQ>"
        '<tmk-pdqf rel="self" href="/v2/entries/1/fingerprints/TMK_PDQF"/><netclean/>'
        "<ssvh_safer_hash>Abc=</ssvh_safer_hash><pdna>a1a1a1...</pdna>"
    )
    result = read(answer(entry(0, prints=prints)).encode())
    (record,) = result.records
    assert record.md5 == S[0].md5
    assert record.values == (
        Value("id", b"42/image0"),
        Value("photodna", PHOTODNA),
        Value("pdq", b"\x5a" * 32),
        Value("ssvh-safer-hash", b"Abc="),
    )
    assert result.tally.skipped == {"fingerprint-elsewhere": 1, "empty": 1, "bad-photodna": 1}


def test_negative_feedback_makes_an_entry_disputed() -> None:
    good = '<feedback><affirmativeFeedback type="Md5"/></feedback>'
    bad = '<feedback><negativeFeedback type="Sha1"><reasons/></negativeFeedback></feedback>'
    text = answer(entry(0, more=good), entry(1, more=bad), entry(2, more="<feedback/>"))
    result = imported(text.encode())
    assert result.facts["disputed"] == 1
    assert "disputed" in str(result.facts["warnings"])
    assert len(result.rows) == 3


def test_bad_entries_are_named_by_their_ordinal() -> None:
    both = f"<md5>{S[1].md5.hex()}</md5><md5>{S[2].md5.hex()}</md5>"
    text = answer(
        entry(0),
        entry(1, prints="<md5>zz</md5>"),
        entry(1, own="x", prints=both),
        entry(2, category="c" * 300),
        entry(3, prints="<pdq/>"),
        entry(4, more="<other>1</other>"),
    )
    result = imported(text.encode(), accept_rejects=9)
    assert result.rejected == [(2, "bad-md5"), (3, "digests-contradict"), (4, "bad-category")]
    assert result.column("md5") == [S[0].md5, S[4].md5]
    assert result.facts["skipped"] == {"empty": 1, "no-digest": 1}
    assert result.facts["unknown_fields"] == ["other"]


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.8, 0.99])
def test_an_answer_cut_short_is_refused(cut: float) -> None:
    data = answer(*(entry(number) for number in range(9))).encode()
    with pytest.raises(HashSetError, match="cut short"):
        imported(data[: int(len(data) * cut)])


def test_an_answer_without_entries_is_refused() -> None:
    with pytest.raises(HashSetError, match="no usable digest"):
        imported(answer().encode())


C4P = (
    '<?xml version="1.0"  encoding="utf-16"?>\r\n'
    '<ReportIndex version="2.0" source="demo" dll="demo">\r\n'
    " <Image><path><![CDATA[2c\\17\\]]></path><picture>x</picture><category>{category}</category>"
    "<id>7</id><fullpath><![CDATA[\\p1\\Users\\<x>&\\a.png]]></fullpath><hash>{md5}</hash>"
    "<fileSize>{size}</fileSize>{more}</Image>\r\n"
    " <Movie><category>0</category><hash>{other}</hash></Movie>\r\n"
    "</ReportIndex>\r\n"
)


def index(**fields: object) -> bytes:
    told = {"md5": S[0].md5.hex(), "other": S[1].md5.hex().upper(), "category": 3, "size": 5}
    return C4P.format(**({"more": ""} | told | fields)).encode("utf-16")


def test_an_index_of_c4all() -> None:
    result = imported(index())
    assert result.column("md5") == [S[0].md5, S[1].md5]
    assert result.column("category") == ["3", ""]
    assert (result.column("size"), result.column("entry")) == ([5, -1], [7, -1])
    assert (result.facts["format"], result.facts["version"]) == ("c4all", "2.0")
    assert (result.facts["scheme"], result.facts["nature"]) == ("c4all", "")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"md5": "zz"}, "bad-md5"),
        ({"size": "-1"}, "bad-size"),
        ({"size": "5 bytes"}, "bad-size"),
        ({"category": "c" * 300}, "bad-category"),
    ],
)
def test_a_bad_entry_of_c4all_is_named(fields: dict[str, object], reason: str) -> None:
    result = imported(index(**fields), accept_rejects=1)
    assert result.rejected == [(1, reason)]
    assert result.column("md5") == [S[1].md5]


def test_unknown_fields_and_missing_digests_of_c4all_are_counted() -> None:
    result = imported(index(md5="", more="<novel>1</novel>"))
    assert result.facts["skipped"] == {"no-digest": 1}
    assert result.facts["unknown_fields"] == ["novel"]


def item(kind: str, value: str, more: str = ' condition="is"') -> str:
    return (
        f'<IndicatorItem id="x"{more}><Context document="FileItem" search="FileItem/{kind}" '
        f'type="mir"/><Content type="md5">{value}</Content></IndicatorItem>'
    )


def ioc(*items: str, root: str = "ioc") -> bytes:
    inside = "".join(items)
    return (
        f'<?xml version="1.0" encoding="us-ascii"?><{root} xmlns="http://schemas.mandiant.com/2010/ioc">'
        f'<definition><Indicator operator="OR">{inside}</Indicator></definition></{root}>'
    ).encode()


def test_an_openioc_document_gives_what_is_sufficient_by_itself() -> None:
    together = '<Indicator operator="AND">{}</Indicator>'
    data = ioc(
        item("Md5sum", S[0].md5.hex()),
        item("Sha1sum", S[1].sha1.hex().upper()),
        '<Indicator operator="or">' + item("Sha256sum", S[2].sha256.hex(), "") + "</Indicator>",
        together.format(item("Md5sum", S[3].md5.hex())),
        together.format(f'<Indicator operator="OR">{item("Md5sum", S[4].md5.hex())}</Indicator>'),
        item("Md5sum", S[5].md5.hex(), ' condition="is" negate="true"'),
        item("Md5sum", S[6].md5.hex(), ' condition="contains"'),
        item("FileName", "a.exe"),
        item("Md5sum", ""),
        item("Md5sum", "zz"),
    )
    result = imported(data)
    assert result.column("md5") == [S[0].md5, b"", b""]
    assert result.column("sha1") == [b"", S[1].sha1, b""]
    assert result.column("sha256") == [b"", b"", S[2].sha256]
    assert result.rejected == [(10, "not-a-digest")]
    assert result.facts["skipped"] == {
        "under-and": 2,
        "not-plain": 2,
        "another-subject": 1,
        "no-digest": 1,
    }
    assert (result.facts["format"], result.facts["version"]) == ("openioc", "1.0")
    assert imported(ioc(item("Md5sum", S[0].md5.hex()), root="OpenIOC")).facts["version"] == "1.1"


def test_other_algorithms_of_openioc_are_kept() -> None:
    result = read(ioc(item("Sha512sum", "ab" * 64)))
    (record,) = result.records
    assert record.values == (Value("sha512", b"\xab" * 64),)
    assert result.tally.skipped == {"algorithm": 1}


def test_xml_of_another_kind_is_refused() -> None:
    with pytest.raises(HashSetError, match="of no format"):
        imported(b"<html><body/></html>")


@pytest.mark.parametrize("root", ["queryResult", "ReportIndex", "ioc"])
def test_a_document_type_is_refused_whatever_the_format(root: str) -> None:
    data = f'<!DOCTYPE {root} [<!ENTITY a "b">]><{root}>&a;</{root}>'.encode()
    with pytest.raises(HashSetError, match="document type"):
        imported(data)
