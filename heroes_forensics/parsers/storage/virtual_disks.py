"""QCOW version 1, VHD, VHDX, VMDK and UDIF images through dfVFS, over descriptors.

Which file is the parent of which is settled here before dfVFS opens anything: by the identifiers
that the files hold where the format has one, else by basename, among the files that the operator
gave and no others. A chain with a missing link or a loop is refused; libvhdi would read zeros.
"""

import struct
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final
from xml.parsers.expat import ExpatError

import pyqcow
import pyvhdi
import pyvmdk
from dfvfs.lib import definitions

from heroes_forensics.display import shown
from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Gap
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.reading.readers import RangeReader, ReaderFile
from heroes_forensics.parsers.storage import udif
from heroes_forensics.parsers.storage.image import Image
from heroes_forensics.parsers.storage.vfs import Stack, basename

MAX_CHAIN: Final = 64
"""Differencing disks on top of one another."""

_INDICATORS: Final[dict[str, tuple[str, str]]] = {
    "qcow": (definitions.TYPE_INDICATOR_QCOW, "libqcow"),
    "vhd": (definitions.TYPE_INDICATOR_VHDI, "libvhdi"),
    "vhdx": (definitions.TYPE_INDICATOR_VHDI, "libvhdi"),
    "vmdk": (definitions.TYPE_INDICATOR_VMDK, "libvmdk"),
    "dmg": (definitions.TYPE_INDICATOR_MODI, "libmodi"),
}
_LABELS: Final = {"dmg": "DMG"}
_NO_PARENT: Final = frozenset({"", "ffffffff"})
_VHD_FIXED: Final = 2
_FOOTER: Final = 512
_SPARSE: Final = b"sprs"
_QCOW_ENCRYPTION_AT: Final = 36


def open_virtual_disk(kind: str, name: str, first: Reader, others: Mapping[str, Reader]) -> Image:
    """Open a virtual disk.

    Args:
        kind: a key of ``_INDICATORS``.
        name: basename of the file the operator named.
        first: its bytes.
        others: files beside it by basename: possible parents and extents.

    Raises:
        EvidenceError: it cannot be opened, or something it needs is missing.
    """
    indicator, library = _INDICATORS[kind]
    label = _LABELS.get(kind, kind.upper())
    health: list[Gap] = []
    readers: dict[str, Reader]
    runs: list[tuple[int, int, int, int]] = []
    try:
        if kind == "qcow":
            _check_qcow(name, first)
            readers = _chain(name, first, others, _qcow_parent)
        elif kind in {"vhd", "vhdx"}:
            readers = _chain(name, first, others, _vhd_parent)
            health = _vhd_health(first) if kind == "vhd" else []
        else:
            readers = {**others, name: first}
            if kind == "vmdk":
                _check_vmdk(name, first, others)
            else:
                runs = _runs(name, first, health)
        media: Reader
        if kind == "vhd" and (fixed := _fixed_vhd(first)) is not None:
            media, library = fixed, ""
        else:
            media = Stack(indicator, name, readers).reader()
        if runs:
            media = udif.LzmaRuns(media, first, runs)
    except EvidenceError:
        raise
    except Exception as error:
        raise EvidenceError(
            f"{shown(name)} is a {label} image that cannot be opened: it is damaged or incomplete",
            hint="copy it again together with every file it was stored with",
        ) from error
    notes = [f"{len(readers) - 1} parent disks are part of it"] if _chained(kind, readers) else []
    return Image(
        format=kind,
        reader_name=f"dfvfs+{library}" if library else "heroes",
        reader_version=_version(library),
        media=media,
        health=health,
        notes=notes,
    )


def _chained(kind: str, readers: Mapping[str, Reader]) -> bool:
    return kind not in {"vmdk", "dmg"} and len(readers) > 1


_Parent = Callable[[Reader, Mapping[str, Reader]], "tuple[str, str | None] | None"]
"""Returns None without a parent, else (basename as written, name of the file that fits)."""


def _chain(
    name: str, first: Reader, others: Mapping[str, Reader], parent_of: _Parent
) -> dict[str, Reader]:
    """Return the readers of the whole chain, each under the name its child calls it by."""
    found = {name: first}
    used = {name}
    current = first
    while (step := parent_of(current, others)) is not None:
        written, actual = step
        if actual is None:
            raise UnsupportedError(
                f"{shown(name)} holds only differences, and the disk it builds on is not beside it",
                code="source.unsupported",
                hint="put its parent disk into the same folder and scan again",
            )
        if actual in used or written in found or len(found) > MAX_CHAIN:
            raise EvidenceError(
                f"{shown(name)} builds on itself: its chain of parent disks is a loop",
                hint="the image is damaged or was made by hand; get the original again",
            )
        used.add(actual)
        current = others[actual]
        found[written] = current
    return found


def _qcow_parent(reader: Reader, others: Mapping[str, Reader]) -> tuple[str, str | None] | None:
    image = pyqcow.file()
    image.open_file_object(ReaderFile(reader))
    written = image.get_backing_filename()
    image.close()
    if not written:
        return None
    return basename(written), _named(basename(written), others)


def _vhd_parent(reader: Reader, others: Mapping[str, Reader]) -> tuple[str, str | None] | None:
    image = pyvhdi.file()
    image.open_file_object(ReaderFile(reader))
    wanted, written = image.get_parent_identifier(), image.get_parent_filename() or ""
    differencing = image.get_disk_type() == pyvhdi.disk_types.DIFFERENTIAL
    image.close()
    if not wanted and not differencing:
        return None
    for name, other in others.items():
        candidate = pyvhdi.file()
        try:
            candidate.open_file_object(ReaderFile(other))
        except OSError:
            continue
        fits = bool(wanted) and candidate.get_identifier() == wanted
        candidate.close()
        if fits:
            return written.rpartition("\\")[2], name
    return basename(written), None


def _named(wanted: str, others: Mapping[str, Reader]) -> str | None:
    return wanted if wanted in others else None


def _check_vmdk(name: str, first: Reader, others: Mapping[str, Reader]) -> None:
    """Refuse what libvmdk would fail on without saying which file is missing."""
    image = pyvmdk.handle()
    image.open_file_object(ReaderFile(first))
    parent = image.get_parent_content_identifier()
    parent = f"{parent:08x}" if isinstance(parent, int) else str(parent or "").lower()
    names = [basename(extent.filename or "") for extent in image.extent_descriptors]
    image.close()
    if parent not in _NO_PARENT:
        raise UnsupportedError(
            f"{shown(name)} is a VMDK that holds only the differences to a parent disk, "
            "which this version does not read",
            code="source.unsupported",
            hint="consolidate a copy of the snapshot chain, or scan the parent disk",
        )
    missing = sum(1 for one in names if one not in others and one != name)
    if missing and len(names) > 1:
        raise EvidenceError(
            f"{missing} of the {len(names)} extents of {shown(name)} are not beside it",
            hint="put all .vmdk files of the disk into one folder under their own names",
        )


def _check_qcow(name: str, first: Reader) -> None:
    encrypted = first.pread(_QCOW_ENCRYPTION_AT, 4) not in {b"", bytes(4)}
    if encrypted:
        raise UnsupportedError(
            f"{shown(name)} is an encrypted QCOW image",
            code="source.unsupported",
            hint="decrypt a copy with qemu-img and scan that",
        )


def _version(library: str) -> str:
    """Return the version of a libyal library; empty for our own readers."""
    if not library:
        return ""
    return str(import_module(library.replace("lib", "py")).get_version())


def _vhd_footer(first: Reader) -> tuple[int, int, int]:
    """Return (type, size of the media, bytes before the footer); type 0 without a footer.

    Source: Virtual Hard Disk Image Format Specification 1.0, "Hard Disk Footer Format".
    """
    footer = first.pread(max(0, first.size - _FOOTER), _FOOTER)
    start = footer.find(b"conectix", 0, 16)
    if start < 0 or len(footer) - start < 64:  # noqa: PLR2004 (up to the type)
        return 0, 0, 0
    size, kind = struct.unpack_from(">Q4xI", footer, start + 48)[:2]
    return kind, size, first.size - len(footer) + start


def _fixed_vhd(first: Reader) -> Reader | None:
    """A fixed disk is its media with a footer behind: no library has to stand in between."""
    kind, size, real = _vhd_footer(first)
    return RangeReader(first, 0, min(size, real)) if kind == _VHD_FIXED else None


def _vhd_health(first: Reader) -> list[Gap]:
    """Compare a fixed disk with the size in its footer."""
    kind, size, real = _vhd_footer(first)
    if kind != _VHD_FIXED or real >= size:
        return []
    return [Gap("source", "source.truncated", {"declared": size, "real": real})]


def _runs(name: str, first: Reader, health: list[Gap]) -> list[tuple[int, int, int, int]]:
    """Return the runs that libmodi cannot unpack; refuse what nobody here can."""
    if first.pread(0, 4) == _SPARSE:
        return []
    try:
        runs = udif.read_runs(first)
    except (OSError, ValueError, LookupError, TypeError, ExpatError):
        # Images without a property list keep the table in a resource fork; libmodi reads that.
        return []
    if runs.unknown:
        raise UnsupportedError(
            f"{shown(name)} is a DMG packed by a method that this version does not read",
            code="source.unsupported",
            hint="convert a copy with hdiutil to UDZO and scan that",
        )
    if runs.beyond:
        health.append(Gap("source", "source.truncated", {"runs": runs.beyond, "real": first.size}))
    return runs.lzma
