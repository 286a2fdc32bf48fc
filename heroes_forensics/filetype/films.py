"""Films and sound whose first bytes are not enough.

Every function takes the head of a stream (at least one byte, up to 36 KiB), never raises, and
returns the name of a row of `heroes_forensics.filetype.table.TYPES` or ``""``.
"""

# ruff: noqa: PLR2004 - the numbers are those of the formats

from typing import Final


def _u16(head: bytes, offset: int) -> int:
    return int.from_bytes(head[offset : offset + 2], "little")


def _u32(head: bytes, offset: int) -> int:
    return int.from_bytes(head[offset : offset + 4], "little")


def matroska(head: bytes) -> str:
    """EBML (RFC 8794): the DocType element is 0x4282."""
    start = head.find(b"\x42\x82", 4, 128)
    return "webm" if start > 0 and head[start + 3 : start + 7] == b"webm" else "mkv"


def mpeg(head: bytes) -> str:
    """Start codes of MPEG-1, -2, -4 (ISO 11172, 13818, 14496-2) and of H.264 with three bytes."""
    code = head[3:4]
    if code == b"\xba":
        return "mpeg-ps"
    if code == b"\xb3":
        return "mpeg-es"
    if code == b"\xb0" or (code in {b"\0", b"\x20"} and b"\0\0\x01\xb6" in head[:256]):
        return "mpeg4-es"
    return annex_b(b"\0" + head[:64])


_PROFILES: Final = frozenset({44, 66, 77, 83, 86, 88, 100, 110, 118, 122, 128, 244})
"""profile_idc of H.264 (ITU-T H.264 annex A, G, H)."""


def annex_b(head: bytes) -> str:
    """H.264 and H.265 byte streams (annex B): the first unit must be a parameter set."""
    unit = head[4:7]
    if len(unit) < 3:
        return ""
    if unit[0] in {0x67, 0x27, 0x47} and unit[1] in _PROFILES:
        return "h264"
    if unit[0] == 0x09 and unit[1] in {0x10, 0x30, 0x50, 0xF0} and unit[2] == 0:
        return "h264"
    if unit[0] == 0x40 and unit[1] == 0x01:
        return "h265"
    return ""


def _packets(head: bytes, first: int, step: int) -> bool:
    """Tell whether the synchronisation byte returns at every packet, three times or more.

    One byte over and over does so too, and is no stream: in a header behind it bits differ.
    """
    marks, after = head[first::step], head[first + 1 :: step]
    return (
        len(marks) >= 3
        and marks[:8].count(b"G") == len(marks[:8])
        and after[:8].count(b"G") < len(after[:8])
    )


def transport_stream(head: bytes) -> str:
    """MPEG transport stream (ISO 13818-1): 0x47 every 188 (or 204) bytes."""
    return "mpeg-ts" if _packets(head, 0, 188) or _packets(head, 0, 204) else ""


def blu_ray_stream(head: bytes) -> str:
    """Transport stream with four bytes of arrival time: 0x47 at 4, every 192 bytes."""
    return "mpeg-ts" if _packets(head, 4, 192) else ""


_ASF_VIDEO: Final = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
_ASF_AUDIO: Final = bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b")


def asf(head: bytes) -> str:
    """ASF: sound only when the whole header is here and names no video stream."""
    whole = int.from_bytes(head[16:24], "little") <= len(head)
    return "wma" if whole and _ASF_AUDIO in head and _ASF_VIDEO not in head else "wmv"


def flash(head: bytes) -> str:
    """SWF: version below 64 and a length that is not tiny."""
    return "swf" if len(head) > 8 and 0 < head[3] < 64 and _u32(head, 4) > 20 else ""


def ogg(head: bytes) -> str:
    """Ogg (RFC 3533): any video codec among the first pages makes it a film."""
    first = head[:4096]
    films = (b"\x80theora", b"\x01video\0", b"BBCD\0", b"OVP80", b"\x80daala")
    return "ogv" if any(mark in first for mark in films) else "ogg"


def digital_video(head: bytes) -> str:
    """DV (IEC 61834): the header block is followed by subcode blocks of the same sequence."""
    return "dv" if head[80:82] == b"\x3f\x07" and head[3:4] in {b"\x3f", b"\xbf"} else ""


def bink(head: bytes) -> str:
    """Bink: one more letter says the revision."""
    return "bink" if head[3:4].isalpha() and _u32(head, 4) > 0 else ""


def flic(head: bytes) -> str:
    """Autodesk FLI/FLC: plausible length, frames and screen."""
    width, height = _u16(head, 8), _u16(head, 10)
    fits = _u32(head, 0) >= 128 and 0 < width <= 4096 and 0 < height <= 4096
    return "flic" if fits and _u16(head, 12) == 8 else ""  # bits a pixel


_BITRATES: Final = {
    (1, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (1, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (2, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Kilobits a second by (version, layer); ISO 11172-3 and 13818-3."""
_RATES: Final = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""Samples a second by version bits."""


def mpeg_audio(head: bytes) -> str:
    """MPEG sound or ADTS: the second frame must begin where the first one ends."""
    if len(head) < 7 or head[1] & 0xE0 != 0xE0:
        return ""
    if head[1] & 0xF6 == 0xF0:  # ADTS (ISO 13818-7): layer 0
        length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        follows = head[length : length + 2]
        return "aac" if length > 7 and follows[:1] == b"\xff" and follows[1:] == head[1:2] else ""
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bits, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer not in {2, 3} or bits in {0, 15} or rate == 3:
        return ""
    kilobits = _BITRATES[1 if version == 3 else 2, layer][bits]
    factor = 72 if version != 3 and layer == 3 else 144
    length = factor * kilobits * 1000 // _RATES[version][rate] + (head[2] >> 1 & 1)
    follows = head[length : length + 2]
    return "mp3" if follows[:1] == b"\xff" and follows[1:] == head[1:2] else ""


def ac3(head: bytes) -> str:
    """AC-3 (ETSI TS 102 366): sample rate code and stream identification must be known."""
    fits = len(head) > 6 and head[4] >> 6 != 3 and head[4] & 0x3F < 38 and head[5] >> 3 <= 16
    return "ac3" if fits else ""


_HEIC: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"hvc1"}
)
_AVIF: Final = frozenset({b"avif", b"avis", b"avio"})
_HEIF: Final = frozenset({b"mif1", b"mif2", b"msf1", b"miaf", b"1pic", b"jpeg", b"jpgs"})
_PICTURES: Final = (("avif", _AVIF), ("heic", _HEIC))
_BRANDS: Final = {
    b"3gp": "3gp",
    b"3ge": "3gp",
    b"3gg": "3gp",
    b"3gs": "3gp",
    b"3gr": "3gp",
    b"3gh": "3gp",
    b"3gt": "3gp",
    b"3g2": "3g2",
    b"qt  ": "mov",
    b"M4V ": "m4v",
    b"M4VH": "m4v",
    b"M4VP": "m4v",
    b"M4A ": "m4a",
    b"M4B ": "m4a",
    b"M4P ": "m4a",
    b"F4A ": "m4a",
    b"F4B ": "m4a",
    b"crx ": "cr3",
    b"jp2 ": "jp2",
    b"jpx ": "jp2",
    b"jxl ": "jxl",
    b"mjp2": "mj2",
    b"mj2s": "mj2",
}


def brand(head: bytes) -> str:
    """ISO base media (ISO 14496-12): the major brand decides, then the compatible ones."""
    length = int.from_bytes(head[:4], "big")
    major = head[8:12]
    if (length != 1 and not 8 <= length <= 4096) or len(major) < 4:
        return ""
    compatible = {head[at : at + 4] for at in range(16, min(length, len(head)), 4)}
    if major in _HEIF:  # says nothing of the codec: look at what it is compatible with
        found = next((kind for kind, brands in _PICTURES if compatible & brands), "heif")
    else:
        found = next((kind for kind, brands in _PICTURES if major in brands), "")
    return found or _BRANDS.get(major) or _BRANDS.get(major[:3], "mp4")


_BOXES: Final = frozenset(
    {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"moof", b"mvhd", b"cmov", b"rmra"}
    | {b"PICT", b"uuid", b"meta", b"sidx", b"styp", b"mfhd", b"msdh", b"msix", b"dash"}
)


def quicktime(head: bytes) -> str:
    """QuickTime before ``ftyp``, and media segments: a box whose length and successor fit."""
    length, kind = int.from_bytes(head[:4], "big"), head[4:8]
    if kind in {b"moov", b"moof", b"styp"}:
        return "mov" if head[12:16] in _BOXES or head[8:12] in _BOXES else ""
    if kind == b"mdat":
        return "mov" if length in {0, 1} or length >= 8 else ""
    if kind == b"sidx":
        return "mp4" if 32 <= length <= 1 << 20 else ""
    if length < 8:
        return ""
    beyond = length + 8 > len(head)
    if beyond:
        return "mov" if length < 1 << 24 else ""
    return "mov" if head[length + 4 : length + 8] in _BOXES else ""
