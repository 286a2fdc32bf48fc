"""A set that comes with a manifest: what lies in its folder is checked before it is read.

The manifest and its signature are small and bounded, and are looked at here; the files of the set
are digested here and then read by a locked worker, through the same descriptors. So a worker reads
what a publisher signed, byte for byte, or nothing.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from heroes_forensics.display import shown
from heroes_forensics.errors import HashSetError, UsageError
from heroes_forensics.hashsets import manifest as manifests
from heroes_forensics.hashsets import minisign
from heroes_forensics.hashsets.describing import Approval
from heroes_forensics.hashsets.governing import Rules, judge_manifest
from heroes_forensics.hashsets.layout import Header
from heroes_forensics.hashsets.manifest import ListedFile, Manifest
from heroes_forensics.hashsets.trust import CMS_BYTES, CMS_SUFFIX
from heroes_forensics.model import JSON

SIGNATURES: Final[dict[str, int]] = {
    minisign.SUFFIX: minisign.MAX_BYTES,
    CMS_SUFFIX: CMS_BYTES,
}
"""Suffixes of the detached signatures that this version reads, and how large one may be."""
_OPENED: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Accepted:
    """A set whose manifest was accepted, and whose file is what the manifest says."""

    manifest: Manifest
    approval: Approval
    file: ListedFile
    descriptor: int

    def approve(self, header: Header, report: JSON) -> Approval:
        """Say where the set comes from, once a worker has read it.

        Raises:
            HashSetError: the worker read something else.
        """
        if header.source_sha256 != self.file.sha256:
            raise HashSetError("the hash set changed while it was read", hint="import it again")
        accepted = report.get("accepted")
        read = accepted if isinstance(accepted, dict) else {}
        differing = [
            f"{name} {count}, read were {read.get(name, 0)}"
            for name, count in self.manifest.counts
            if read.get(name, 0) != count
        ]
        warnings = [f"the publisher counted other digests: {'; '.join(differing)}"] * bool(
            differing
        )
        return self.approval._replace(warnings=(*self.approval.warnings, *warnings))


def has_manifest(path: Path) -> bool:
    """Tell whether a path names a set with a manifest: the manifest, or a folder."""
    return path.is_dir() or path.name == manifests.NAME


def is_set(path: Path) -> bool:
    """Tell whether a path leads to a file, or to a folder with a manifest."""
    return os.path.isfile(path) or os.path.isfile(path / manifests.NAME)  # noqa: PTH113 - any name


def content_of(path: Path) -> Path:
    """Return the file with the digests of a set that is named by its path.

    That of a plain file is itself. Where a manifest says which it is, that is taken from it
    unchecked: this is for finding out what changed since it was checked.
    """
    if not is_set(path) or not has_manifest(path):
        return path
    folder = path if path.is_dir() else path.parent
    try:
        with (folder / manifests.NAME).open("rb") as stream:
            said = manifests.parse(stream.read(manifests.MAX_BYTES + 1))
    except (OSError, HashSetError):
        return path
    return folder / said.files[0].name


@contextmanager
def accepted(path: Path, installed: list[Header], rules: Rules) -> Iterator[Accepted]:
    """Check the manifest in a folder, and the file it lists.

    Args:
        path: the folder, or the manifest in it.
        installed: headers of what the catalogue holds.
        rules: those of the laboratory and of this call.

    Raises:
        HashSetError: the set is refused.
        UsageError: there is no manifest.
    """
    folder = path if path.is_dir() else path.parent
    with ExitStack() as stack:
        try:
            inside = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise UsageError(f"the folder of the hash set cannot be read: {error.strerror}") from (
                error
            )
        stack.callback(os.close, inside)
        data = _small(inside, manifests.NAME, manifests.MAX_BYTES)
        if data is None:
            raise UsageError(
                f"there is no {manifests.NAME} in {shown(str(folder))}",
                hint="name the file of the set itself, or the folder that its manifest is in",
            )
        found = {
            suffix: signature
            for suffix, limit in SIGNATURES.items()
            if (signature := _small(inside, manifests.NAME + suffix, limit)) is not None
        }
        manifest = manifests.parse(data)
        judgement = judge_manifest(manifest, data, found, installed, rules)
        if len(manifest.files) != 1:
            raise HashSetError(
                f"the manifest lists {len(manifest.files)} files, and this version imports sets of"
                " one",
                hint="ask the publisher for one file, or for one manifest for each",
            )
        descriptor = _listed(inside, manifest.files[0])
        stack.callback(os.close, descriptor)
        yield Accepted(
            manifest,
            Approval(judgement.state, judgement.provenance(manifest), judgement.warnings),
            manifest.files[0],
            descriptor,
        )


def _small(folder: int, name: str, limit: int) -> bytes | None:
    """Return the bytes of a small file; None where there is none.

    Raises:
        HashSetError: it is too large, no file, or cannot be read.
    """
    try:
        descriptor = os.open(name, _OPENED, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HashSetError(f"{name} cannot be read: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as stream:
        try:
            data = stream.read(limit + 1) if _is_file(descriptor) else None
        except OSError as error:
            raise HashSetError(f"{name} cannot be read: {error.strerror}") from error
    if data is None or len(data) > limit:
        raise HashSetError(
            f"{name} is no file, or larger than {limit >> 10} KiB",
            hint="ask the publisher for a correct one",
        )
    return data


def _listed(folder: int, listed: ListedFile) -> int:
    """Open a file of the set and compare it with the manifest.

    Raises:
        HashSetError: it is missing, or is not what the manifest says.
    """
    name = shown(listed.name)
    try:
        descriptor = os.open(listed.name, _OPENED, dir_fd=folder)
    except OSError as error:
        raise HashSetError(
            f"the file {name} that the manifest lists cannot be read: {error.strerror}",
            hint="put every file of the set beside its manifest",
        ) from error
    try:
        _compare(descriptor, listed)
    except OSError as error:
        os.close(descriptor)
        raise HashSetError(f"the file {name} cannot be read: {error.strerror}") from error
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _compare(descriptor: int, listed: ListedFile) -> None:
    """Hold a file against the manifest.

    Raises:
        HashSetError: it is another one.
        OSError: it cannot be read.
    """
    size = os.fstat(descriptor).st_size
    found = f"{size} bytes" if size != listed.size else ""
    if not found and _is_file(descriptor):
        with open(descriptor, "rb", closefd=False) as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        found = "other content" if digest != listed.sha256 else ""
    elif not found:
        found = "no content: it is no file"
    if found:
        raise HashSetError(
            f"the file {shown(listed.name)} is not the one of its manifest: it has {found}",
            hint="get the set again from its publisher, and report this if it stays so",
        )


def _is_file(descriptor: int) -> bool:
    return stat.S_ISREG(os.fstat(descriptor).st_mode)
