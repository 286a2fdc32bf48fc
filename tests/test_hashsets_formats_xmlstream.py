import io
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats import xmlstream
from heroes_forensics.hashsets.formats.xmlstream import Element, elements, root_of

ITEM = frozenset({"item"})


def read(data: bytes, *, documents: bool = False) -> list[Element]:
    return list(elements(io.BytesIO(data), ITEM, documents=documents))


def texts(data: bytes, *, documents: bool = False) -> list[str]:
    return [element.node.text for element in read(data, documents=documents)]


def test_an_element_comes_with_what_it_holds_and_lies_in() -> None:
    item = '<p:Item xmlns:p="urn:y">x<b>y</b>z</p:Item>'
    data = f'<r xmlns="urn:x/v2" a="1"><List Count="2">{item}</List></r>'.encode()
    (element,) = read(data)
    assert element.node.text == "xz"
    assert element.node.value("b") == "y"
    assert element.node.value("c") == ""
    assert [node.name for node in element.above] == ["r", "list"]
    assert element.above[1].attributes == {"count": "2"}
    assert root_of(data) == ("r", "urn:x/v2")


@pytest.mark.parametrize(
    "data",
    [
        "<r><item>\xe9</item></r>".encode(),
        b"\xef\xbb\xbf" + "<r><item>\xe9</item></r>".encode(),
        b"  \r\n<?xml version='1.0'?>" + "<r><item>\xe9</item></r>".encode(),
        '<?xml version="1.0" encoding="utf-16"?><r><item>\xe9</item></r>'.encode("utf-16"),
        b"\xfe\xff" + "<r><item>\xe9</item></r>".encode("utf-16-be"),
        "<r><item>\xe9</item></r>".encode("utf-16-le"),
        "<r><item>\xe9</item></r>".encode("utf-16-be"),
        '<?xml version="1.0" encoding="utf-16"?><r><item>\xe9</item></r>'.encode(),
        '<?xml version="1.0" encoding="ISO-8859-1"?><r><item>\xe9</item></r>'.encode("latin-1"),
        '<?xml version="1.0" encoding="windows-1252"?><r><item>\xe9</item></r>'.encode("cp1252"),
        b"<r><item><![CDATA[\xc3\xa9]]></item></r>",
        b"<r><item>&#xe9;</item></r>",
    ],
    ids=[
        *("utf-8", "its bom", "blanks first", "utf-16", "big-endian", "no bom", "big, no bom"),
        *("saved as utf-8", "latin-1", "cp1252", "cdata", "reference"),
    ],
)
def test_every_encoding_that_suppliers_use(data: bytes) -> None:
    assert texts(data) == ["\xe9"]
    cut = data.rindex(b"<")  # in the middle of the element
    assert root_of(data[:cut]) == ("r", "")


def test_documents_one_after_another() -> None:
    one = b'<?xml version="1.0"?>\n<r><item>a</item></r>\n'
    assert texts(one * 3 + b"<!-- end -->\n", documents=True) == ["a"] * 3
    assert texts(b"<r><item>a</item></r><r><item>b</item></r>", documents=True) == ["a", "b"]
    with pytest.raises(HashSetError, match="line 3: the XML is not well formed"):
        read(one * 3)
    with pytest.raises(HashSetError, match="line 5: the XML is not well formed"):
        read(one * 2 + b"junk", documents=True)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 11, 64])
def test_where_pieces_end_makes_no_difference(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xmlstream, "_CHUNK", size)
    one = '<?xml version="1.0"?>\n<r><item a="1">\xe9&amp;</item><!-- c --></r>\n'
    assert texts(one.encode() * 3, documents=True) == ["\xe9&"] * 3
    if size > 1:
        assert texts(one.encode("utf-16")) == ["\xe9&"]


BILLION = (
    '<!DOCTYPE r [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]><r><item>&i;</item></r>"
).encode()
DEEP = b"<a>" * 33
HOSTILE = {
    "a billion laughs": (BILLION, "document type"),
    "a large entity used often": (
        b'<!DOCTYPE r [<!ENTITY a "' + b"x" * 60_000 + b'">]><r>' + b"&a;" * 60_000 + b"</r>",
        "document type",
    ),
    "an external entity": (
        b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r><item>&a;</item></r>',
        "document type",
    ),
    "an external document type": (b'<!DOCTYPE r SYSTEM "http://x.invalid/d">', "document type"),
    "a parameter entity": (b'<!DOCTYPE r [<!ENTITY % a SYSTEM "x"> %a;]><r/>', "document type"),
    "an entity that nobody declared": (b"<r><item>&a;</item></r>", "not well formed"),
    "nested too deep": (DEEP, "nested deeper than 32"),
    "nested too deep inside": (b"<r><item>" + DEEP, "nested deeper than 32"),
    "a text without end": (b"<r><item>" + b"x" * (5 << 20), "holds more than"),
    "a text too long": (b"<r><item>" + b"x" * 65_537 + b"</item></r>", "a text is longer"),
    "an element of elements": (b"<r><item>" + b"<b/>" * 20_000, "holds more than"),
    "a comment without end": (b"<r><!--" + b"x" * (3 << 20), "a piece of markup is longer"),
    "a tag without end": (b"<r a='" + b"x" * (3 << 20), "a piece of markup is longer"),
    "a name without end": (b"<" + b"x" * 5_000 + b"/>", "a name is longer"),
    "names without end": (
        b"<r>" + b"".join(b"<a%d/>" % number for number in range(2_000)),
        "different names",
    ),
    "attributes without end": (
        b"<r " + b" ".join(b"a%d=''" % number for number in range(2_000)) + b"/>",
        "different names",
    ),
    "prefixes without end": (
        b"<r " + b" ".join(b"xmlns:a%d='u'" % number for number in range(2_000)) + b"/>",
        "different names",
    ),
    "a namespace without end": (b"<r xmlns='" + b"x" * 5_000 + b"'/>", "a name is longer"),
    "an attribute twice": (b"<r a='1' a='2'/>", "not well formed"),
    "a prefix that is not declared": (b"<p:r/>", "not well formed"),
    "cut short in a text": (b"<r><item>x", "line 1: the XML ends early"),
    "cut short in a tag": (b"<r><item", "line 1: the XML ends early"),
    "cut short in a character": (b"<r><item>\xc3", "the XML ends early"),
    "nothing but blanks": (b" \n", "the XML ends early"),
    "a zero byte": (b"<r>\0</r>", "not well formed"),
    "bytes that are not UTF-8": (b"<r>\xff</r>", "not well formed"),
    "half a character of UTF-16": ("<r/>".encode("utf-16") + b"x", "ends inside a character"),
    "UTF-32": ("<r/>".encode("utf-32"), "UTF-32"),
}


@pytest.mark.parametrize(("data", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_and_damaged_xml_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(HashSetError, match=reason):
        read(data)
    root_of(data)


def test_a_refusal_names_the_line_in_the_file() -> None:
    one = b'<?xml version="1.0"?>\n<r><item>a</item></r>\n'
    with pytest.raises(HashSetError, match="line 6"):
        read(one * 2 + b"<r>\n<b></r>", documents=True)


def test_memory_does_not_grow_with_the_file() -> None:
    def peak(megabytes: int) -> int:
        def pieces() -> Iterator[bytes]:
            yield b"<r>"
            for _ in range(megabytes):
                yield b"<item a='1'>x</item>" * ((1 << 20) // 20)
            yield b"</r>"

        stream = pieces()

        class Source(io.BytesIO):
            def read(self, _size: int | None = -1) -> bytes:
                return next(stream, b"")

        tracemalloc.start()
        try:
            for _ in elements(Source(), ITEM):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(3) < 1.2 * peak(1)


@given(st.binary(max_size=2_000), st.booleans())
def test_no_bytes_crash_the_reader(junk: bytes, documents: bool) -> None:  # noqa: FBT001
    root_of(junk)
    for data in (junk, b"<r><item>" + junk, b'<r><item a="' + junk + b'"></item></r>'):
        try:
            read(data, documents=documents)
        except HashSetError as error:
            assert "\n" not in str(error)  # noqa: PT017 - both outcomes are promised


MARKUP = st.sampled_from(
    [
        *("<r>", "</r>", "<item>", "</item>", "<item/>", "x", "&amp;", "&#65;", "&a;", " ", "\n"),
        *("<![CDATA[", "]]>", "<!--", "-->", "<?p ?>", "<!DOCTYPE r>", "<p:q xmlns:p='u'>"),
        '<?xml version="1.0"?>',
    ]
)


@given(st.lists(MARKUP, max_size=40), st.booleans())
def test_no_markup_crashes_the_reader(pieces: list[str], documents: bool) -> None:  # noqa: FBT001
    for text in ("".join(pieces), "<r>" + "".join(pieces) + "</r>"):
        try:
            read(text.encode(), documents=documents)
        except HashSetError:
            continue
