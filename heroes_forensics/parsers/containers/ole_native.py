"""What OLE objects hold: packed files, the objects of a presentation, and what is shown of them.

The packager of Windows keeps a file with its name and where it came from (``Ole10Native``, MS-OLEDS
2.3.6); other programs keep what they like behind the length. A presentation keeps each of its
objects as a compound file in one record (``ExOleObjStg``, MS-PPT 2.10.34), mostly packed. What is
shown in place of an object is kept beside it as a metafile or a bitmap (MS-OLEDS 2.3.4), and the
pictures of forms in a frame of their own (``StdPicture``, MS-OFORMS 2.4.8).
"""

import re
import struct
from collections.abc import Iterator
from typing import Final

from heroes_forensics.filetype import EMPTY, UNKNOWN, sniff
from heroes_forensics.hashing.exact import HEAD
from heroes_forensics.parsers.containers.officeart import BITMAP, DEFLATED, PLAIN, Held

_U32: Final = struct.Struct("<I")
_PACKAGE: Final = b"\2\0"
_EMBEDDED: Final = b"\0\0\3\0"
_LONGEST: Final = 1 << 12
"""Bytes of a name or path at most."""
_STORAGE: Final = re.compile(rb"[\x00\x10]\0\x11\x10")
"""Headers of the record: not packed, and packed."""
_METAFILE: Final = 8
"""Bytes that say how large a metafile is shown, in front of it."""
_WMF: Final = b"\1\0\x09\0"
_SHOWN: Final = struct.Struct("<24xI")
"""Behind the format and the device: how it is shown, and its bytes."""
_SHOWN_AS: Final = {
    3: (PLAIN, b".wmf"),
    8: (BITMAP, b".bmp"),
    14: (PLAIN, b".emf"),
}
"""By format of the clipboard: how a picture is kept, and how its file ends."""
_CLIPBOARD: Final = re.compile(rb"\x47\0\0\0([\s\S]{4})\xff\xff\xff\xff([\x03\x08\x0e])\0\0\0")
_MARKS: Final = frozenset({0xFFFF_FFFF, 0xFFFF_FFFE})
_FORM: Final = b"\x04\x52\xe3\x0b\x91\x8f\xce\x11\x9d\xe3\x00\xaa\x00\x4b\xb8\x51lt\0\0"
_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def native(data: bytes) -> Iterator[Held]:
    """Yield the file that a stream ``Ole10Native`` holds, or what begins like one."""
    if len(data) <= _U32.size:
        return
    packaged = _packaged(data)
    if packaged is not None:
        yield packaged
        return
    size = min(_U32.unpack_from(data)[0], len(data) - _U32.size)
    if sniff(data[_U32.size : _U32.size + min(HEAD, size)]) not in {UNKNOWN, EMPTY}:
        yield Held(_U32.size, size, PLAIN, b".bin")


def _packaged(data: bytes) -> Held | None:
    """Return the file that the packager put there; None where it did not."""
    if data[4:6] != _PACKAGE:
        return None
    ends = [5]
    for _ in range(2):  # its name, and the path where it was
        end = data.find(b"\0", ends[-1] + 1, ends[-1] + _LONGEST)
        if end < 0:
            return None
        ends.append(end)
    at = ends[-1] + 1
    if data[at : at + 4] != _EMBEDDED or at + 8 > len(data):
        return None
    at += 8 + _U32.unpack_from(data, at + 4)[0]  # the path where it is to be unpacked
    if at + _U32.size > len(data):
        return None
    size = _U32.unpack_from(data, at)[0]
    at += _U32.size
    return Held(at, size, PLAIN, data[ends[0] + 1 : ends[1]] or b".bin")


def storages(data: bytes) -> Iterator[Held]:
    """Yield the objects among the records of a presentation, in their order."""
    at = 0
    while (hit := _STORAGE.search(data, at)) is not None:
        at = hit.start() + 1
        body = hit.end() + _U32.size
        if body > len(data):
            return
        end = body + _U32.unpack_from(data, hit.end())[0]
        is_packed = data[hit.start()] != 0
        if is_packed and _is_zlib(data[body + 4 : min(body + 6, end)]):
            expanded = _U32.unpack_from(data, body)[0]
            yield Held(body + 4, end - body - 4, DEFLATED, b".bin", expanded)
        elif not is_packed and data.startswith(_COMPOUND, body, end):
            yield Held(body, end - body, PLAIN, b".bin")
        else:
            continue
        at = end if end <= len(data) else at


def _is_zlib(head: bytes) -> bool:
    """Tell whether two bytes are the header of a zlib stream (RFC 1950)."""
    return len(head) == 2 and head[0] & 0xF == 8 and int.from_bytes(head, "big") % 31 == 0  # noqa: PLR2004


def metafile(data: bytes) -> Iterator[Held]:
    """Yield the metafile that a stream is, behind what says how large it is shown."""
    if data.startswith(_WMF, _METAFILE):
        yield Held(_METAFILE, len(data) - _METAFILE, PLAIN, b".wmf")


def shown(data: bytes) -> Iterator[Held]:
    """Yield the picture that is shown in place of an object."""
    if len(data) < 2 * _U32.size or _U32.unpack_from(data)[0] not in _MARKS:
        return
    form, ending = _SHOWN_AS.get(_U32.unpack_from(data, 4)[0], (PLAIN, b""))
    at = 8 + _U32.unpack_from(data, 8)[0] if len(data) >= 12 else 0  # noqa: PLR2004 - the device
    if not ending or not at or at + _SHOWN.size > len(data):
        return
    size = _SHOWN.unpack_from(data, at)[0]
    at += _SHOWN.size
    if size > 0:
        yield Held(at, size, form, ending)


def thumbnails(data: bytes) -> Iterator[Held]:
    """Yield the picture of a document that its summary keeps (``VT_CF``, MS-OLEPS 2.11)."""
    for hit in _CLIPBOARD.finditer(data):
        size = _U32.unpack(hit[1])[0] - 2 * _U32.size
        form, ending = _SHOWN_AS[hit[2][0]]
        before = _METAFILE if ending == b".wmf" else 0
        if size > before:
            yield Held(hit.end() + before, size - before, form, ending)


def forms(data: bytes) -> Iterator[Held]:
    """Yield the pictures of a form."""
    at = 0
    while (hit := data.find(_FORM, at)) >= 0:
        at = hit + len(_FORM)
        if at + _U32.size > len(data):
            return
        size = _U32.unpack_from(data, at)[0]
        at += _U32.size
        if size:
            yield Held(at, size, PLAIN, b".bin")
            at += size if at + size <= len(data) else 0
