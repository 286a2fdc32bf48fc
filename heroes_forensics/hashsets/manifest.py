"""The manifest beside the files of a set: ``heroes-hashset.json``, format ``heroes-hashset/1``.

It says who published what, which edition it is and what every file has to be; a detached
signature beside it says who stands for that. Its bytes are the canonical form (RFC 8785: UTF-8,
sorted keys, no blanks) and one optional line end, so that two readers can never take the same
bytes for two things. Fields that this version does not know are refused: a rule that the reader
skips would be no rule.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final, NoReturn

from heroes_forensics.display import shown
from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.known import KINDS
from heroes_forensics.model import JSON

NAME: Final = "heroes-hashset.json"
FORMAT: Final = "heroes-hashset/1"
MAX_BYTES: Final = 1 << 16
MAX_FILES: Final = 64
KIND_WORDS: Final[dict[str, str]] = {
    **{kind: kind for kind in KINDS},
    "adult-ncii": "adult-intimate",
    "malware": "watch",
}
"""What a manifest may call a kind, and which of `KINDS` that is; malicious software gives no
verdict on material, so a list of it is a ``watch`` list."""

_REQUIRED: Final = frozenset(
    {"format", "name", "publisher", "set_version", "sequence", "issued", "kind", "files"}
)
_OPTIONAL: Final = frozenset({"previous", "expires", "scheme", "region", "counts", "handling"})
FIELDS: Final = _REQUIRED | _OPTIONAL
_FILE_FIELDS: Final = frozenset({"name", "size", "sha256", "format"})
_MAX_INTEGER: Final = (1 << 53) - 1
_MAX_TEXT: Final = 200
_MAX_HANDLING: Final = 4000
_MAX_COUNTS: Final = 32
_HEX64: Final = re.compile(r"[0-9a-f]{64}")
_WORD: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_VERSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


@dataclass(frozen=True, slots=True)
class ListedFile:
    """One file of a set, as its manifest describes it."""

    name: str
    size: int
    """Bytes."""
    sha256: str
    """Hex."""
    format: str = ""
    """A row of the table of formats; empty: to be recognised."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a publisher says of one edition of a set."""

    name: str
    publisher: str
    set_version: str
    sequence: int
    issued: str
    kind: str
    """A row of `KINDS`."""
    kind_word: str
    """As the manifest has it."""
    files: tuple[ListedFile, ...]
    sha256: str
    """Of the manifest's own bytes, hex."""
    previous: str = ""
    """SHA-256 of the manifest before this one, hex; empty for the first."""
    expires: str = ""
    scheme: str = ""
    region: str = ""
    counts: tuple[tuple[str, int], ...] = ()
    """Digests by algorithm, as the publisher counted them."""
    handling: str = ""

    def expired(self, now: datetime) -> bool:
        """Tell whether it has expired at ``now``, an aware time."""
        return bool(self.expires) and now >= end_of(self.expires)


def end_of(text: str) -> datetime:
    """Return the moment at which a date or time of a manifest is over; a date lasts its whole day.

    Raises:
        ValueError: it is no date and no time of the form that manifests have.
    """
    if _DATE.fullmatch(text):
        return datetime.fromisoformat(text).replace(tzinfo=UTC) + timedelta(days=1)
    if _TIME.fullmatch(text):
        return datetime.fromisoformat(text)
    raise ValueError("neither YYYY-MM-DD nor YYYY-MM-DDTHH:MM:SSZ")


def parse(data: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        HashSetError: it is too large, not canonical, or a field is missing, unknown or malformed;
            the message names the field.
    """
    body = _object(data)
    for name in sorted(_REQUIRED - set(body)):
        _refuse(f"has no field {name!r}")
    for name in sorted(set(body) - FIELDS):
        _refuse(f"has a field {shown(name, limit=64)!r} that this version does not know")
    if body["format"] != FORMAT:
        _refuse(f"is of a format that this version does not read; it reads {FORMAT}")
    kind_word = body["kind"]
    if not isinstance(kind_word, str) or kind_word not in KIND_WORDS:
        _refuse("names a kind of set that there is not", hint="kinds: " + ", ".join(KIND_WORDS))
    return Manifest(
        name=_text(body, "name"),
        publisher=_text(body, "publisher"),
        set_version=_matching(body, "set_version", _VERSION),
        sequence=_number(body["sequence"], "sequence"),
        issued=_moment(body, "issued"),
        kind=KIND_WORDS[kind_word],
        kind_word=kind_word,
        files=_files(body["files"]),
        sha256=sha256(data).hexdigest(),
        previous=_matching(body, "previous", _HEX64) if body.get("previous") is not None else "",
        expires=_moment(body, "expires") if body.get("expires") is not None else "",
        scheme=_text(body, "scheme", least=0) if "scheme" in body else "",
        region=_text(body, "region", least=0) if "region" in body else "",
        counts=_counts(body.get("counts", {})),
        handling=_text(body, "handling", least=0, most=_MAX_HANDLING) if "handling" in body else "",
    )


def canonical(body: JSON) -> bytes:
    """Return the one byte form of a manifest; its keys are ASCII, so RFC 8785 sorts as Python."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def _refuse(text: str, *, hint: str = "") -> NoReturn:
    raise HashSetError(
        f"the manifest of the hash set {text}",
        hint=hint or "ask its publisher for a correct one",
    )


def _object(data: bytes) -> dict[str, Any]:
    if len(data) > MAX_BYTES:
        _refuse(f"is larger than {MAX_BYTES >> 10} KiB")
    try:
        body = json.loads(
            data.decode(), object_pairs_hook=_once, parse_float=_no_float, parse_constant=_no_float
        )
        same = isinstance(body, dict) and canonical(body) == data.removesuffix(b"\n")
    except (ValueError, RecursionError):
        _refuse("is not JSON of the plain form: UTF-8, no key twice, whole numbers")
    if not isinstance(body, dict):
        _refuse("is not an object of fields")
    if not same:
        _refuse("is not in canonical form: sorted keys, no blanks, one line end at most")
    return body


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    body = dict(pairs)
    if len(body) != len(pairs):
        raise ValueError("a key stands there twice")
    return body


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"a number that is not whole: {len(text)} characters")


def _text(body: JSON, name: str, *, least: int = 1, most: int = _MAX_TEXT) -> str:
    value = body[name]
    if (
        not isinstance(value, str)
        or not least <= len(value.strip()) <= len(value) <= most
        or not value.isprintable()
        or value != unicodedata.normalize("NFC", value)
        or value != value.strip()
    ):
        _refuse(f"has a field {name!r} that is not {least} to {most} printable characters (NFC)")
    return value


def _matching(body: JSON, name: str, form: re.Pattern[str]) -> str:
    value = body[name]
    if not isinstance(value, str) or form.fullmatch(value) is None:
        _refuse(f"has a field {name!r} that is not of the form {form.pattern}")
    return value


def _number(value: object, what: str, least: int = 0) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= _MAX_INTEGER:
        _refuse(f"has a field {what!r} that is not a number from {least} to 2^53 - 1")
    return value


def _moment(body: JSON, name: str) -> str:
    value = body[name]
    try:
        end_of(value if isinstance(value, str) else "")
    except (ValueError, OverflowError):
        _refuse(f"has a field {name!r} that is neither YYYY-MM-DD nor YYYY-MM-DDTHH:MM:SSZ")
    return str(value)


def _files(value: object) -> tuple[ListedFile, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_FILES:
        _refuse(f"does not list 1 to {MAX_FILES} files")
    files = []
    for number, row in enumerate(value, start=1):
        if not isinstance(row, dict) or set(row) - {"format"} != _FILE_FIELDS - {"format"}:
            _refuse(f"describes file {number} by other fields than name, size, sha256 and format")
        form = row.get("format", "")
        if not isinstance(form, str) or (form and _WORD.fullmatch(form) is None):
            _refuse(f"names no format for file {number}")
        files.append(
            ListedFile(
                name=_file_name(row["name"], number),
                size=_number(row["size"], f"size of file {number}"),
                sha256=_matching(row, "sha256", _HEX64),
                format=form,
            )
        )
    if len({file.name.casefold() for file in files}) != len(files):
        _refuse("lists a file twice")
    return tuple(files)


def _file_name(value: object, number: int) -> str:
    """Return a name of a file in the folder of the manifest; a path would lead out of it."""
    if (
        not isinstance(value, str)
        or not 1 <= len(value.encode()) <= 255  # noqa: PLR2004 - what file systems take
        or not value.isprintable()
        or value != unicodedata.normalize("NFC", value)
        or value.startswith((".", "-"))
        or set(value) & set("/\\:")
    ):
        _refuse(f"gives file {number} a name that is a path, hidden, or not printable")
    if value == NAME or value.startswith(f"{NAME}."):
        _refuse("lists itself as a file of the set")
    return value


def _counts(value: object) -> tuple[tuple[str, int], ...]:
    if not isinstance(value, dict) or len(value) > _MAX_COUNTS:
        _refuse(f"has counts that are no object of up to {_MAX_COUNTS} numbers")
    for name, count in value.items():
        if _WORD.fullmatch(name) is None:
            _refuse("counts digests of an algorithm that has no plain name")
        _number(count, f"counts {name}")
    return tuple(value.items())
