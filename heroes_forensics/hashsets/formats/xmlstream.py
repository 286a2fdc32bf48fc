"""XML as suppliers save it, read element by element: hostile, and of any size.

The parser is expat, of the standard library. A document type is refused, and with it entities,
external resources and default values; names, depth, attributes, texts and records have limits,
and so has a piece of markup that does not end. What a declaration says of the encoding is believed
for single-byte encodings only: files are saved again as UTF-8 without a change to their first line.
Why this parser: docs/adr/0022-xml-sets-through-expat.md.
"""

import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple
from xml.parsers import expat

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats.base import TEXT_LIMIT, damaged
from heroes_forensics.hashsets.formats.text import UTF32, encoding_of

DEPTH_LIMIT: Final = 32
RECORD_LIMIT: Final = 4 << 20
"""Characters of one element that is taken as a whole; each element inside counts as `_COST`."""
TOKEN_LIMIT: Final = 1 << 20
"""Bytes of one tag, comment or the like: expat reads it again with every piece that comes."""
NAMES_LIMIT: Final = 1_000
"""Different names of elements, attributes and prefixes: expat keeps each one for ever."""
NAME_LIMIT: Final = 1_024
_COST: Final = 256
_CHUNK: Final = 1 << 16
_SPACE: Final = b" \t\r\n"
_DECLARED: Final = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_SINGLE_BYTE: Final = {
    **dict.fromkeys((b"iso-8859-1", b"iso8859-1", b"latin1", b"latin-1"), "latin-1"),
    **dict.fromkeys((b"windows-1252", b"cp1252"), "cp1252"),
}
_ENDED_EARLY: Final = frozenset(
    {
        expat.errors.codes[text]
        for text in (
            expat.errors.XML_ERROR_NO_ELEMENTS,
            expat.errors.XML_ERROR_UNCLOSED_TOKEN,
            expat.errors.XML_ERROR_PARTIAL_CHAR,
            expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
        )
    }
)
_NEXT_DOCUMENT: Final = frozenset(
    {
        expat.errors.codes[expat.errors.XML_ERROR_MISPLACED_XML_PI],
        expat.errors.codes[expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT],
    }
)


class Node:
    """One element; names are local ones, in lower case."""

    __slots__ = ("attributes", "children", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.text = ""
        """Its own text, without that of the elements inside."""
        self.children: list[Node] = []

    def child(self, name: str) -> "Node | None":
        """Return the first element of that name inside."""
        return next((node for node in self.children if node.name == name), None)

    def value(self, name: str) -> str:
        """Return the text of the first element of that name inside, without blanks around it."""
        node = self.child(name)
        return node.text.strip() if node else ""


class Element(NamedTuple):
    """One element that was asked for."""

    node: Node
    above: tuple[Node, ...]
    """What it lies in, outermost first; these have no text and no children."""


class Root(NamedTuple):
    """The outermost element of a document."""

    name: str
    """The local name, in lower case."""
    namespace: str


def elements(
    stream: BinaryIO,
    wanted: frozenset[str],
    *,
    documents: bool = False,
    inside: frozenset[str] | None = None,
    around: set[str] | None = None,
) -> Iterator[Element]:
    """Yield every outermost element that has one of the names, as soon as it has ended.

    Args:
        stream: the file, at its start.
        wanted: local names in lower case.
        documents: whether several documents may follow one another.
        inside: local names of what is kept right inside of them; None is everything.
        around: gets the local names of all elements outside of them, as many as are allowed.

    Raises:
        HashSetError: the XML is damaged, cut short, has a document type, or is beyond a limit.
    """
    reader = _Reader(wanted, inside, around)
    lines = 0
    for chunk in _utf8_chunks(stream):
        data = chunk
        while data:
            data = reader.feed(data, documents=documents, line=lines)
            if data:
                lines += reader.line - 1
                found, reader = reader.found, _Reader(wanted, inside, around)
                yield from found
        yield from reader.taken()
    reader.end(lines)
    yield from reader.taken()


def root_of(head: bytes) -> Root | None:
    """Return the outermost element of what may be XML, None when it is not. Never raises."""
    reader = _Reader(frozenset())
    try:
        for chunk in _utf8_chunks(_Head(head)):
            reader.feed(chunk, documents=False, line=0)
    except (HashSetError, UnicodeError):
        pass
    return reader.root


class _Head:
    """The first bytes of a file, read once."""

    def __init__(self, head: bytes) -> None:
        self._head = head

    def read(self, _size: int) -> bytes:
        """Return all of them, then nothing."""
        head, self._head = self._head, b""
        return head


class _Reader:
    """One pass of expat over one document."""

    def __init__(
        self,
        wanted: frozenset[str],
        inside: frozenset[str] | None = None,
        around: set[str] | None = None,
    ) -> None:
        self.root: Root | None = None
        self.found: list[Element] = []
        self._wanted = wanted
        self._inside = inside
        self._around = set[str]() if around is None else around
        self._names: dict[str, str] = {}
        """Names as expat gives them, to local names in lower case."""
        self._above: list[Node] = []
        self._open: list[Node] = []
        """Elements that are open inside of the one that is taken, itself the first."""
        self._texts: list[list[str]] = []
        self._left_out = 0
        """Elements that are open inside of the one that is taken and not kept."""
        self._cost = 0
        self._fed = 0
        self._rest = b""
        parser = expat.ParserCreate("utf-8", " ", intern={})
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartNamespaceDeclHandler = self._namespace
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        self._parser = parser

    @property
    def line(self) -> int:
        """The line of this document that is read, from 1."""
        return self._parser.CurrentLineNumber

    def feed(self, data: bytes, *, documents: bool, line: int) -> bytes:
        """Take more of the document; return what is of the next one.

        Args:
            data: more of the file, in UTF-8.
            documents: whether another document may follow.
            line: lines of the file before this document.
        """
        start = self._fed - len(self._rest)
        self._fed += len(data)
        try:
            self._parser.Parse(data, False)  # noqa: FBT003 - takes no keywords
        except expat.ExpatError as error:
            if not documents or self._above or self._open or error.code not in _NEXT_DOCUMENT:
                raise self._broken(error, line) from error
            if self.root is None:
                raise self._broken(error, line) from error
            return (self._rest + data)[self._parser.ErrorByteIndex - start :]
        at = self._parser.CurrentByteIndex
        if self._fed - at > TOKEN_LIMIT:
            raise damaged(
                f"a piece of markup is longer than {TOKEN_LIMIT} bytes", f"line {line + self.line}"
            )
        if documents and not self._above and not self._open:
            self._rest = (self._rest + data)[at - start :]
        else:
            self._rest = b""
        return b""

    def taken(self) -> list[Element]:
        """Return what was found since the last time."""
        found, self.found = self.found, []
        return found

    def end(self, line: int) -> None:
        """Say that nothing comes any more."""
        try:
            self._parser.Parse(b"", True)  # noqa: FBT003 - takes no keywords
        except expat.ExpatError as error:
            raise self._broken(error, line) from error

    def _broken(self, error: expat.ExpatError, line: int) -> HashSetError:
        what = "the XML is not well formed"
        if error.code in _ENDED_EARLY:
            what = "the XML ends early: the file is cut short"
        return damaged(what, f"line {line + error.lineno}")

    def _limit(self, what: str) -> HashSetError:
        return damaged(what, f"line {self.line} of its document")

    def _doctype(self, name: str, *_rest: object) -> None:
        self.root = self.root or Root(name.rpartition(":")[2].lower(), "")
        raise self._limit("it has a document type, which no supplier format has")

    def _namespace(self, prefix: str | None, uri: str | None) -> None:
        self._known(prefix or "")
        if len(uri or "") > NAME_LIMIT:
            raise self._limit(f"a name is longer than {NAME_LIMIT} characters")

    def _known(self, name: str) -> str:
        local = self._names.get(name)
        if local is not None:
            return local
        if len(name) > 2 * NAME_LIMIT:
            raise self._limit(f"a name is longer than {NAME_LIMIT} characters")
        if len(self._names) >= NAMES_LIMIT:
            raise self._limit(f"more than {NAMES_LIMIT} different names")
        local = self._names[name] = name.rpartition(" ")[2].lower()
        return local

    def _start(self, full: str, attributes: dict[str, str]) -> None:
        name = self._names.get(full) or self._known(full)
        if attributes:
            attributes = {self._known(key): value for key, value in attributes.items()}
        depth = len(self._open)
        if len(self._above) + depth + self._left_out >= DEPTH_LIMIT:
            raise self._limit(f"elements are nested deeper than {DEPTH_LIMIT}")
        if self.root is None:
            self.root = Root(name, full.rpartition(" ")[0])
        if self._left_out or (depth == 1 and self._inside and name not in self._inside):
            self._left_out += 1
        elif depth or name in self._wanted:
            self._take(Node(name, attributes))
        else:
            self._above.append(Node(name, attributes))
            if len(self._around) < NAMES_LIMIT:
                self._around.add(name)

    def _take(self, node: Node) -> None:
        if self._open:
            self._open[-1].children.append(node)
        else:
            self._cost = 0
        self._open.append(node)
        self._texts.append([])
        self._cost += _COST
        for key, value in node.attributes.items():
            self._cost += len(key) + len(value)
        if self._cost > RECORD_LIMIT:
            raise self._limit(f"an element holds more than {RECORD_LIMIT} characters")

    def _text(self, data: str) -> None:
        if self._open and not self._left_out:
            self._texts[-1].append(data)
            self._cost += len(data)
            if self._cost > RECORD_LIMIT:
                raise self._limit(f"an element holds more than {RECORD_LIMIT} characters")

    def _end(self, full: str) -> None:
        del full
        if self._left_out:
            self._left_out -= 1
            return
        if not self._open:
            self._above.pop()
            return
        node = self._open.pop()
        pieces = self._texts.pop()
        if pieces:
            node.text = pieces[0] if len(pieces) == 1 else "".join(pieces)
            if len(node.text) > TEXT_LIMIT:
                raise self._limit(f"a text is longer than {TEXT_LIMIT} characters")
        if not self._open:
            self.found.append(Element(node, tuple(self._above)))


def _utf8_chunks(stream: "BinaryIO | _Head") -> Iterator[bytes]:
    """Yield a document as UTF-8 without BOM and blanks before it."""
    chunk = stream.read(_CHUNK)
    if chunk.startswith(UTF32):
        raise HashSetError("the hash set is UTF-32 text, which no supplier format uses")
    encoding, bom = _encoding(chunk)
    decoder = getincrementaldecoder(encoding)() if encoding else None
    data = chunk[bom:]
    done, begun = bom, False
    while chunk:
        done += len(data)
        if decoder is not None:
            try:
                data = decoder.decode(data).encode("utf-8")
            except UnicodeError as error:
                raise damaged("the text is not of its encoding", f"before byte {done}") from error
        if not begun:
            data = data.lstrip(_SPACE)
            begun = bool(data)
        if data:
            yield data
        data = chunk = stream.read(_CHUNK)
    if decoder is not None:
        try:
            decoder.decode(b"", final=True)
        except UnicodeError as error:
            raise damaged("the text ends inside a character", f"byte {done}") from error


def _encoding(head: bytes) -> tuple[str, int]:
    """Return the name of a decoder, empty for UTF-8, and the length of the BOM."""
    encoding, bom = encoding_of(head)
    if encoding != "utf-8":
        return encoding, bom
    if head.startswith(b"<\0"):
        return "utf-16-le", 0
    if head.startswith(b"\0<"):
        return "utf-16-be", 0
    declared = _DECLARED.match(head[bom:].lstrip(_SPACE)) if not bom else None
    return _SINGLE_BYTE.get(declared.group(1).lower(), "") if declared else "", bom
