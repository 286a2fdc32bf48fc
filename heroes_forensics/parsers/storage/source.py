"""Opening a source: the one place that decides what a set of descriptors is.

`open_source` looks at content; the extension only decides where content cannot. It never opens
a path: everything comes in as `Slot`s.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from heroes_forensics.display import shown
from heroes_forensics.errors import EvidenceError, UsageError
from heroes_forensics.model import JSON, Digest, Gap
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.reading.readers import ConcatReader, DescriptorReader
from heroes_forensics.parsers.secrets import Secrets
from heroes_forensics.parsers.storage import backups, containers
from heroes_forensics.parsers.storage.doubts import MISSING, Doubt
from heroes_forensics.parsers.storage.image import Image
from heroes_forensics.parsers.storage.partitions import look
from heroes_forensics.parsers.storage.segments import COMPANION, DIRECTORY, Slot, ewf_numbers

IMAGE: Final = "image"
ARCHIVE: Final = "archive"
FILE: Final = "file"

TREAT_AS: Final = ("auto", "image", "tar", "zip", "file")

CHUNK: Final = 1 << 20
_SMALLEST_READ: Final = 4096
"""A read that failed is repeated in pieces of this many bytes; a piece that fails is a gap."""
_MAX_BAD_RANGES: Final = 1000

_IMAGE_SUFFIXES: Final = frozenset(
    {
        *(".dd", ".img", ".raw", ".bin", ".ima", ".iso", ".dmg", ".vfd", ".flp", ".hdd", ".image"),
        *(".e01", ".ex01", ".s01", ".l01", ".lx01"),
        *(".vmdk", ".vhd", ".avhd", ".vhdx", ".avhdx", ".qcow", ".qcow2"),
        *(".vdi", ".aff", ".aff4", ".ad1", ".000", ".001"),
    }
)


@dataclass(slots=True)
class Source:
    """Opened evidence, before anything inside it is listed."""

    name: str
    """Basename of the first segment, as the operator has it."""
    kind: str
    """``image``, ``archive``, ``directory`` or ``file``."""
    format: str
    """``raw``, ``split-raw``, ``ewf``, ``qcow2``, ``qcow``, ``vhd``, ``vhdx``, ``vmdk``, ``dmg``,
    ``directory``, ``itunes-backup``, ``tar``, ``tar.gz`` and its like, ``zip``, ``7z`` ... or
    ``file``."""
    reader_name: str
    reader_version: str
    media: Reader | None
    """The bytes whose digest is the digest of the source; None for a directory."""
    segments: tuple[Slot, ...]
    """The descriptors the operator gave, companions included; their sizes are the real ones."""
    sector_size: int = 512
    stored_digests: tuple[Digest, ...] = ()
    health: list[Gap] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    acquisition: dict[str, str] = field(default_factory=dict)
    """What the container says about its making; see `Image.acquisition`."""
    technical: frozenset[str] = frozenset()
    examine: bool = True
    """False for an image that was forced: it becomes one unexamined volume."""
    secrets: Secrets = field(default_factory=Secrets, repr=False)
    """What was given to open encrypted evidence."""
    together: "tuple[Source, ...]" = ()
    """The sources among which an array or a volume group is spread, this one among them, in the
    order in which they were named; itself alone when nothing else was given."""
    layers: dict[str, object] = field(default_factory=dict)
    """Opened layers by their steps; `heroes_forensics.parsers.storage.layers` fills it."""

    def __post_init__(self) -> None:
        """Stand alone until others are named."""
        self.together = self.together or (self,)

    @property
    def size(self) -> int:
        """Length of the media, bytes; 0 for a directory."""
        return 0 if self.media is None else self.media.size

    def close(self) -> None:
        """Close the readers; the descriptors of the slots stay open."""
        self.layers.clear()
        self.together = ()
        if self.media is not None:
            self.media.close()


def open_source(
    slots: Sequence[Slot],
    *,
    treat_as: str = "auto",
    accept_damaged: bool = False,
    secrets: Secrets | None = None,
    on_read: Callable[[], None] | None = None,
) -> Source:
    """Open what the descriptors hold.

    Args:
        slots: segments in order, then companions, as `open_slots` gave them.
        treat_as: ``auto`` decides by content; ``image`` records what is not recognised as one
            unexamined volume; ``file`` takes the bytes as one file; ``tar`` and ``zip`` force the
            archive reader.
        accept_damaged: go on with gaps where a container is cut or mixed.
        secrets: what was given to open encrypted evidence.
        on_read: called for each read of a segment.

    Raises:
        UsageError: ``treat_as`` is none of `TREAT_AS`.
        EvidenceError: it cannot be opened, or is nothing that is known.
    """
    if treat_as not in TREAT_AS:
        raise UsageError(f"no source can be treated as {treat_as!r}", hint=", ".join(TREAT_AS))
    slots = tuple(slots)
    if slots[0].role == DIRECTORY:
        is_known = treat_as == "auto" and backups.is_backup(slots[0].fd)
        found = backups.FORMAT if is_known else "directory"
        source = Source(slots[0].name, "directory", found, "heroes", "", None, slots)
        source.secrets = secrets or source.secrets
        return source
    own = [slot for slot in slots if slot.role != COMPANION]
    parts: list[Reader] = [DescriptorReader(slot.fd, slot.size, on_read) for slot in own]
    base = parts[0] if len(parts) == 1 else ConcatReader(parts)
    name = own[0].name
    try:
        source = _open(name, slots, parts, base, (treat_as, accept_damaged))
    except OSError as error:
        raise EvidenceError(
            f"{shown(name)} cannot be read: {error.strerror or 'input/output error'}",
            hint="check the medium and its cable; image a failing disk with ddrescue first",
        ) from error
    source.secrets = secrets or source.secrets
    return source


def _open(
    name: str,
    slots: tuple[Slot, ...],
    parts: Sequence[Reader],
    base: Reader,
    how: tuple[str, bool],
) -> Source:
    treat_as, _ = how
    raw = "raw" if len(parts) == 1 else "split-raw"
    if treat_as in {"tar", "zip"}:
        return _archive(name, slots, base, treat_as, as_files=True)
    if treat_as == "file":
        return Source(name, FILE, "file", "heroes", "", base, slots)
    container = containers.container_of(base)
    if container is not None:
        return _contained(container, name, slots, parts, base, how)
    table, found = look(base)
    if table is not None or found is not None:
        source = Source(name, IMAGE, raw, "heroes", "", base, slots)
        if rest := base.size % source.sector_size:
            source.notes.append(f"the size is not a whole number of sectors: {rest} bytes over")
        return source
    return _not_an_image(name, slots, base, raw, treat_as)


def _contained(  # noqa: PLR0913, PLR0917 (one place hands on what opening any container needs)
    container: str,
    name: str,
    slots: tuple[Slot, ...],
    parts: Sequence[Reader],
    base: Reader,
    how: tuple[str, bool],
) -> Source:
    """Open a container whose signature was found."""
    treat_as, accept_damaged = how
    if container in containers.UNREAD:
        if treat_as == "image":
            raw = "raw" if len(parts) == 1 else "split-raw"
            return _unexamined(name, slots, base, raw, container)
        raise _unread(name, container)
    logical = _logical_form(container, base)
    if logical:
        return _logical(name, slots, base, logical)
    others: dict[str, Reader] = {
        slot.name: DescriptorReader(slot.fd, slot.size) for slot in slots if slot.role == COMPANION
    }
    segments = [slot for slot in slots if slot.role != COMPANION]
    image = _image(container, segments, parts, base, others, accept_damaged=accept_damaged)
    return _source_of(image, name, slots)


_CONVERT: Final = "convert a copy to raw or E01, or use --as file to hash it as a single file"
_EXPORT: Final = (
    "export its files with the program that made it and scan their folder, or use --as file to "
    "hash it as a single file"
)


def _unread(name: str, container: str) -> UnsupportedError:
    return UnsupportedError(
        f"{shown(name)} is {containers.UNREAD[container]}, which this version does not read",
        code="source.unsupported",
        hint=_EXPORT if container in containers.OF_FILES else _CONVERT,
    )


def _logical_form(container: str, base: Reader) -> str:
    """Name the form of an image of files; empty for one of a medium."""
    if container == "aff4":
        from heroes_forensics.parsers.storage.aff4 import is_logical  # noqa: PLC0415

        with suppress(EvidenceError):  # it will be said when it is opened
            return "aff4-logical" if is_logical(base) else ""
    return container if container in containers.LOGICAL else ""


def _logical(name: str, slots: tuple[Slot, ...], base: Reader, container: str) -> Source:
    """Open an image of files: whether all of it is there is known before anything is listed."""
    from heroes_forensics.parsers.containers.ad1 import open_ad1  # noqa: PLC0415 (few are such)

    try:
        if container == "ad1":
            open_ad1(base)
    except EvidenceError as error:
        raise EvidenceError(
            f"{shown(name)} cannot be opened: {error}",
            hint=error.hint or "copy the image again and compare its digest with the record",
        ) from error
    return Source(name, ARCHIVE, container, "heroes", "", base, slots)


def _image(  # noqa: PLR0913 (one place hands on what opening any container needs)
    container: str,
    own: Sequence[Slot],
    parts: Sequence[Reader],
    base: Reader,
    others: dict[str, Reader],
    *,
    accept_damaged: bool,
) -> Image:
    """Open a container; its library is imported only now."""
    name = own[0].name
    if container == "ewf":
        from heroes_forensics.parsers.storage.ewf import open_ewf  # noqa: PLC0415

        named = ewf_numbers([slot.name for slot in own])
        return open_ewf(name, parts, accept_damaged=accept_damaged, named=named)
    if container == "qcow2":
        from heroes_forensics.parsers.storage.qcow2 import open_qcow2  # noqa: PLC0415

        return open_qcow2(name, base, others)
    if container == "aff4":
        from heroes_forensics.parsers.storage.aff4 import open_aff4  # noqa: PLC0415

        return open_aff4(name, base, others)
    from heroes_forensics.parsers.storage.virtual_disks import open_virtual_disk  # noqa: PLC0415

    return open_virtual_disk(container, name, base, others)


def _source_of(image: Image, name: str, slots: tuple[Slot, ...]) -> Source:
    return Source(
        name,
        IMAGE,
        image.format,
        image.reader_name,
        image.reader_version,
        image.media,
        slots,
        sector_size=image.sector_size,
        stored_digests=image.stored_digests,
        health=image.health,
        notes=image.notes,
        acquisition=image.acquisition,
        technical=image.technical,
    )


def _unexamined(
    name: str, slots: tuple[Slot, ...], base: Reader, raw: str, container: str | None
) -> Source:
    source = Source(name, IMAGE, raw, "heroes", "", base, slots, examine=False)
    if container is not None:
        detail: JSON = {"container": container}
        source.health.append(Gap("source", "source.unsupported", detail))
    return source


def _not_an_image(
    name: str, slots: tuple[Slot, ...], base: Reader, raw: str, treat_as: str
) -> Source:
    """Decide between an archive, a single file and a refusal."""
    if treat_as == "image":
        return _unexamined(name, slots, base, raw, None)
    kind, found = containers.content_of(base)
    if kind == ARCHIVE:
        return _archive(name, slots, base, found)
    if kind == "packed" and found == "adb-backup":
        return Source(name, ARCHIVE, found, "heroes", "", base, slots)
    if kind == "packed" and found == "7z":
        return _archive(name, slots, base, found)
    if kind == "packed" and (source := _unpacked(name, slots, base, found)):
        return source
    if kind == "packed":
        raise EvidenceError(
            f"{shown(name)} is packed ({found}) and cannot be opened as it is",
            hint="unpack a copy and scan that, or use --as file to hash it as a single file",
        )
    suffix = "." + name.rpartition(".")[2].lower()
    if kind == FILE and suffix not in _IMAGE_SUFFIXES:
        return Source(name, FILE, "file", "heroes", "", base, slots)
    raise EvidenceError(
        f"{shown(name)} is not an image heroes recognises: no container signature, partition "
        "table or file system",
        hint="use --as image to record it as one unexamined volume or --as file to hash it as a "
        "single file",
    )


def _archive(
    name: str, slots: tuple[Slot, ...], base: Reader, form: str, *, as_files: bool = False
) -> Source:
    """Open an archive of files, or the one disk image that was put into an archive."""
    from heroes_forensics.parsers.storage import packed  # noqa: PLC0415 (few sources are archives)

    is_packed = form.startswith("tar.")
    found = packed.images_in(packed.expanded(base) if is_packed else base, form.partition(".")[0])
    only = found.images[0] if len(found.images) == 1 and not as_files else None
    if only is not None and (source := _inner(name, slots, only)) is not None:
        source.notes.append("the image is a member of an archive; its digests are of the image")
        if found.others:
            source.health.append(Gap("source", "container.beside", {"members": found.others}))
        return source
    source = Source(name, ARCHIVE, form, "heroes", "", base, slots)
    if found.images:
        source.health.append(Gap("source", "container.image", {"images": len(found.images)}))
    return source


def _unpacked(name: str, slots: tuple[Slot, ...], base: Reader, kind: str) -> Source | None:
    """Open what is compressed, where it is an image or a tar archive."""
    from heroes_forensics.parsers.storage import packed  # noqa: PLC0415 (few are compressed)

    if kind not in packed.COMPRESSED:
        return None
    try:
        media = packed.expanded(base)
    except UnsupportedError as error:
        raise UnsupportedError(
            f"{shown(name)} is packed ({kind}) and cannot be opened as it is: {error}",
            code=error.code,
            hint="unpack a copy and scan that, or use --as file to hash it as a single file",
        ) from error
    if containers.content_of(media) == (ARCHIVE, "tar"):
        return _archive(name, slots, base, f"tar.{packed.COMPRESSED[kind]}")
    source = _inner(name, slots, media)
    if source is not None:
        source.notes.append(f"the image is compressed with {kind}; its digests are of the image")
        if media.fault:
            source.health.append(Gap("source", "source.truncated", {"read": media.size}))
    return source


def _inner(name: str, slots: tuple[Slot, ...], media: Reader) -> Source | None:
    """Open an image that lies in something else; None when it is none."""
    table, found = look(media)
    if containers.container_of(media) is None and table is None and found is None:
        return None
    return _open(name, slots, [media], media, ("auto", False))


def media_chunks(source: Source, chunk: int = CHUNK) -> Iterator[bytes | Gap]:
    """Yield the media of a source from start to end, once.

    Where the medium cannot be read, a `Gap` with ``offset`` and ``length`` comes in place of
    those bytes; after one, no digest of the whole can be stated. A directory yields nothing.
    """
    media = source.media
    if media is None:
        return
    pieces: Callable[[], Iterator[bytes | Doubt]] | None = getattr(media, "pieces", None)
    if pieces is not None:
        yield from _checked(pieces())
        return
    offset, size, bad = 0, media.size, 0
    while offset < size:
        wanted = min(chunk, size - offset)
        try:
            data = media.pread(offset, wanted)
        except OSError:
            for piece in _around(media, offset, wanted, source.sector_size):
                bad += isinstance(piece, Gap)
                yield piece
            offset += wanted
            if bad >= _MAX_BAD_RANGES:
                yield _bad(offset, size - offset)
                return
            continue
        if not data:
            yield Gap("source", "source.truncated", {"offset": offset, "length": size - offset})
            return
        yield data
        offset += len(data)


def _checked(pieces: Iterator[bytes | Doubt]) -> Iterator[bytes | Gap]:
    """Turn doubts into gaps; neighbours that a lost segment or table held become one."""
    last: Doubt | None = None
    for piece in pieces:
        if last is not None:
            if (
                isinstance(piece, Doubt)
                and (piece.reason, piece.segment) == (last.reason, last.segment)
                and last.reason == MISSING
            ):
                last = replace(last, length=last.length + piece.length)
                continue
            yield Gap("source", "source.damaged", last.to_json())
            last = None
        if isinstance(piece, Doubt):
            last = piece
        else:
            yield piece
    if last is not None:
        yield Gap("source", "source.damaged", last.to_json())


def _bad(offset: int, length: int) -> Gap:
    return Gap("source", "source.damaged", {"offset": offset, "length": length})


def _around(media: Reader, offset: int, length: int, sector: int) -> Iterator[bytes | Gap]:
    """Read a range that failed piece by piece; neighbouring failures become one gap."""
    step = max(_SMALLEST_READ, sector)
    start = -1
    for at in range(offset, offset + length, step):
        try:
            data = media.pread(at, min(step, offset + length - at))
        except OSError:
            start = at if start < 0 else start
            continue
        if start >= 0:
            yield _bad(start, at - start)
            start = -1
        yield data
    if start >= 0:
        yield _bad(start, offset + length - start)
