"""AFF4 volumes as the standard lays them out, made small."""

import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

import cramjam

VOLUME = "aff4://11111111-1111-1111-1111-111111111111"
STREAM = "aff4://22222222-2222-2222-2222-222222222222"
MAP = "aff4://33333333-3333-3333-3333-333333333333"
IMAGE = "aff4://44444444-4444-4444-4444-444444444444"
SCHEMA = "http://aff4.org/Schema#"

METHODS: dict[str, Callable[[bytes], bytes]] = {
    "http://code.google.com/p/snappy/": lambda data: bytes(cramjam.snappy.compress_raw(data)),
    "https://code.google.com/p/lz4/": lambda data: bytes(
        cramjam.lz4.compress_block(data, store_size=False)
    ),
    "https://www.ietf.org/rfc/rfc1950.txt": zlib.compress,
    f"{SCHEMA}NullCompressor": bytes,
}
SNAPPY = next(iter(METHODS))


@dataclass
class Aff4:
    """One volume with one stream and one map."""

    content: bytes
    """Of the stream."""
    size: int
    """Of the media."""
    lines: list[tuple[int, int, int, int]]
    """Of the map: offset, length, offset in the target, number of the target."""
    targets: list[str] = field(default_factory=lambda: [STREAM, f"{SCHEMA}Zero"])
    chunk: int = 4096
    bevy: int = 4
    method: str = SNAPPY
    gap: str = f"{SCHEMA}Zero"
    name: str = VOLUME
    holds_stream: bool = True

    def turtle(self) -> str:
        """Return what the volume states."""
        stream = (
            f'aff4:chunkSize "{self.chunk}"^^xsd:int ;\n'
            f' aff4:chunksInSegment "{self.bevy}"^^xsd:int'
            f" ;\n aff4:compressionMethod <{self.method}> ;\n"
            f' aff4:size "{len(self.content)}"^^xsd:long ;\n'
        )
        return (
            f"@prefix : <{self.name}> .\n@prefix aff4: <{SCHEMA}> .\n"
            "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n# a remark\n"
            f": a aff4:ZipVolume ; aff4:contains <{STREAM}> , <{MAP}> .\n"
            f"<{STREAM}> a aff4:ImageStream ;\n{stream if self.holds_stream else ''}"
            f" aff4:stored : .\n"
            f"<{MAP}> a aff4:Map ; aff4:mapGapDefaultStream <{self.gap}> ;"
            f' aff4:size "{self.size}"^^xsd:long .\n'
            f'<{IMAGE}> a aff4:DiskImage , aff4:Image ; aff4:notes "a \\"note\\" ; of . it" ;'
            f' aff4:blockSize "512"^^xsd:int ; aff4:dataStream <{MAP}> .\n'
        )

    def members(self) -> dict[str, bytes]:
        """Return the members of the zip."""
        found = {"container.description": self.name.encode()}
        if self.holds_stream:
            for start in range(0, len(self.content), self.chunk * self.bevy):
                found |= self._bevy(start)
        found[f"{quote(MAP, safe='')}/map"] = b"".join(
            struct.pack("<QQQI", *line) for line in self.lines
        )
        found[f"{quote(MAP, safe='')}/idx"] = "\n".join([*self.targets, ""]).encode()
        found["information.turtle"] = self.turtle().encode()
        return found

    def _bevy(self, start: int) -> dict[str, bytes]:
        number = start // (self.chunk * self.bevy)
        body, index, digests = b"", b"", b""
        for at in range(start, min(len(self.content), start + self.chunk * self.bevy), self.chunk):
            piece = self.content[at : at + self.chunk]
            packed = METHODS[self.method](piece)
            packed = packed if len(packed) < self.chunk else piece
            index += struct.pack("<QI", len(body), len(packed))
            body += packed
            digests += hashlib.md5(piece).digest()  # noqa: S324
        name = f"{quote(STREAM, safe='')}/{number:08d}"
        return {name: body, f"{name}.index": index, f"{name}.blockHash.md5": digests}

    def volume(self) -> bytes:
        """Return the whole file."""
        return zipped(self.members(), self.name)


def zipped(members: dict[str, bytes], name: str) -> bytes:
    """Return a zip with ``name`` as its comment."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for member, data in members.items():
            archive.writestr(member, data)
        archive.comment = name.encode()
    return made.getvalue()
