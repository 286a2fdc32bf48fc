"""What is asked of a scan, what cannot be asked, and what a scan came to."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from heroes_forensics.errors import DONE, GAPS, MATCHES, MATCHES_AND_GAPS, UsageError
from heroes_forensics.hashing import ALGORITHMS
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import cases, folders
from heroes_forensics.pipelines.case.stated import check_text
from heroes_forensics.pipelines.evidence import acquiring
from heroes_forensics.pipelines.examining.expanding import PROFILES as EXPAND_LIMITS
from heroes_forensics.pipelines.workers.isolation import LEVELS

PROFILES: Final = ("triage", "standard", "deep")
VERIFY: Final = ("before", "during", "later", "off")
TREAT_AS: Final = ("auto", "image", "tar", "zip", "file")
EXPECTED: Final = ("md5", "sha1", "sha256")
"""Algorithms that a scan computes of the media, and can compare."""


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """What is to be scanned, into which case, against which sets."""

    case_dir: Path
    sources: tuple[Path, ...]
    """Of one exhibit. A run that goes on knows them: name them where they lie elsewhere now."""
    exhibit: str = "EX-1"
    exhibit_fields: JSON = field(default_factory=dict)
    sets: tuple[str, ...] = ()
    """Names of the catalogue, or paths of set files."""
    set_options: JSON = field(default_factory=dict)
    profile: str = "standard"
    verify: str = "during"
    names: str = ""
    """``sealed`` or ``clear``; empty keeps the policy of the case, ``sealed`` for a new one."""
    expect: tuple[str, ...] = ()
    """``algorithm:hex`` of the media, given by the operator; with several sources, the number of
    the source and a colon in front."""
    acquisition_log: tuple[str, ...] = ()
    """Paths of logs of the programs that made the images, or `acquiring.AUTO`; with several
    sources, the number of the source and a colon in front of a path."""
    workers: int = 0
    """0: one for each core."""
    treat_as: str = "auto"
    accept_damaged: bool = False
    key_files: tuple[Path, ...] = ()
    """Files with passwords of encrypted sources; see `evidence_keys`."""
    perceptual: bool = True
    """Whether pictures are decoded."""
    calibration: str = ""
    """What the report cites as the known error rate: an identifier, ``none`` for the figures of the
    program; empty: the newest one of the laboratory that is of this comparison."""
    plugin: str = ""
    """Of a licensed laboratory, asked for values of the pictures, which are compared by it."""
    media_metadata: bool = False
    """Whether what pictures and films say of the device they were made with is kept, sealed."""
    carve: bool | None = None
    """Whether unallocated space is searched; None: as the profile has it."""
    expand_limits: Mapping[str, int] = field(default_factory=dict)
    """Changes to the limits of containers that the profile has; fields of `Limits`."""
    reference: str = ""
    examiner: str = ""
    authority: JSON = field(default_factory=dict)
    """The legal basis, of a new case; one that there is must have been made with the same."""
    passphrase: str | None = None
    budget: float | None = None
    """Seconds after which the run ends in order; None: when everything is examined."""
    resume: bool = False
    """Go on with the run of this case that was interrupted."""
    own_process: bool = False
    """Whether this process exists for the scan alone and may be fenced for ever."""
    require_isolation: str = ""
    """Level below which nothing is read, ``A1`` to ``A4``; empty: whatever the machine gives."""
    stated: frozenset[str] = frozenset()
    """With ``resume``: fields that the operator did state, and that have to be those of the run."""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a scan came to."""

    case_dir: Path
    case: str
    run: str
    outcome: str
    """``complete``, ``partial`` (unexpected gaps) or ``interrupted``."""
    counts: JSON
    findings: int
    unexpected_gaps: int
    integrity: JSON
    """Verification status by source label."""
    report: Path | None
    content_sha256: str
    exit_code: int
    cause: str = ""
    """Why it was interrupted: a word of `stopping`."""
    notes: tuple[str, ...] = ()
    isolation: str = ""
    """Level that the workers' locks reach, as tried: ``A4`` ... ``A1``."""


def outcome_code(result: ScanResult, *, with_matches: bool) -> int:
    """Return the exit code of a scan, with 10 and 11 for matches when asked for."""
    if not with_matches or not result.findings or result.exit_code not in {DONE, GAPS}:
        return result.exit_code
    return MATCHES_AND_GAPS if result.exit_code == GAPS else MATCHES


def digest(text: str) -> str:
    """Return a digest as ``algorithm:hex`` in small letters, the number of a source in front kept.

    Raises:
        UsageError: a scan does not compute the algorithm, or the value is none of it.
    """
    sizes = {row.name: 2 * row.digest_bytes for row in ALGORITHMS if row.name in EXPECTED}
    whole = text.strip().lower()
    number, _, rest = whole.partition(":")
    source = f"{int(number)}:" if _SOURCE_NUMBER.fullmatch(number) else ""
    algorithm, _, value = (rest if source else whole).partition(":")
    if algorithm not in sizes:
        raise UsageError(f"the algorithm is one of {', '.join(sizes)}: sha256:HEX")
    if not set(value) <= set("0123456789abcdef"):
        raise UsageError("what follows the colon is not hexadecimal")
    if len(value) != sizes[algorithm]:
        raise UsageError(
            f"a value of {algorithm} has {sizes[algorithm]} hexadecimal digits, not {len(value)}"
        )
    return f"{source}{algorithm}:{value}"


def limits(texts: Mapping[str, str]) -> dict[str, int]:
    """Read changes to the limits of containers: whole numbers, K, M, G or T a power of 1024.

    Raises:
        UsageError: there is no such limit, or it is no number from 1.
    """
    found = {}
    for name, text in texts.items():
        digits, unit = (text[:-1], text[-1].upper()) if text[-1:].upper() in _UNITS else (text, "")
        if name not in LIMITS:
            raise UsageError(f"the limit is one of {', '.join(LIMITS)}: ratio=500")
        if not (digits.isascii() and digits.isdigit()) or not 1 <= len(digits) <= _MOST_DIGITS:
            raise UsageError(f"the limit {name} is a whole number from 1: {name}=500")
        if not int(digits):
            raise UsageError(f"the limit {name} of a container is at least 1")
        found[name] = int(digits) * _UNITS.get(unit, 1)
    return found


LIMITS: Final = ("ratio", "bytes", "members", "nesting")
"""Of containers; fields of `heroes_forensics.parsers.containers.limits.Limits`."""
_UNITS: Final = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_MOST_DIGITS: Final = 12
_SOURCE_NUMBER: Final = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
"""Of a source, in front of the digest expected of it."""


def duration(text: str) -> float:
    """Return a time such as ``15m`` or ``1h30m`` as seconds.

    Raises:
        UsageError: it is none.
    """
    parts = _PART.findall(text.strip().lower())
    if not parts or "".join(number + unit for number, unit in parts) != text.strip().lower():
        raise UsageError(f"{text!r} is no time: write 90s, 15m, 8h or 1h30m")
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if not 0 < seconds <= _LONGEST:
        raise UsageError(f"{text!r} is not between a moment and a year")
    return seconds


_PART: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([smhd])", re.ASCII)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST: Final = 366 * 86400


def check(request: ScanRequest) -> None:
    """Refuse what makes no sense, before anything is read or written.

    Raises:
        UsageError: it makes no sense; the message says what.
    """
    if not request.sources and not request.resume:
        raise UsageError("no source was given", hint="name an image, a folder or a device dump")
    for value, allowed, what in (
        (request.profile, PROFILES, "profile"),
        (request.verify, VERIFY, "time of verification"),
        (request.names or "sealed", cases.POLICIES, "policy for names"),
        (request.require_isolation or LEVELS[0], LEVELS, "level of isolation"),
    ):
        if value not in allowed:
            raise UsageError(f"{value!r} is no {what}", hint=f"choose from: {', '.join(allowed)}")
    if request.budget is not None and request.budget <= 0:
        raise UsageError("a budget is a time above zero", hint="for example: --budget 15m")
    _check_looking(request)
    limits_of(request)
    cases.check_label(request.exhibit)
    check_text({"reference": request.reference, "examiner": request.examiner})
    check_text(request.exhibit_fields)
    if request.authority:
        cases.check_authority(request.authority)
    folders.check_place(request.case_dir)
    resolved = request.case_dir.resolve()
    for path in request.sources:
        if path.is_dir() and (resolved == path.resolve() or path.resolve() in resolved.parents):
            raise UsageError(
                f"the case directory {request.case_dir} lies inside the evidence",
                hint="put the case somewhere else: evidence is never written to",
            )


def _check_looking(request: ScanRequest) -> None:
    """Refuse what needs pictures to be decoded, where none is to be."""
    if request.plugin and not request.perceptual:
        raise UsageError(
            "a plug-in looks at pictures, and none is decoded",
            hint="leave out --plugin, or leave out --no-perceptual",
        )
    for source in range(1, len(request.sources) + 1):
        expected_of(request.expect, source, len(request.sources))
        acquiring.given_for(request.acquisition_log, source, len(request.sources))
    if request.media_metadata and not request.perceptual and not request.resume:
        raise UsageError(
            "metadata of pictures is read while they are decoded, and none is to be",
            hint="leave out --no-perceptual, or --media-metadata",
        )


CARVES: Final = frozenset({"deep"})
"""Profiles that search unallocated space unless told otherwise."""


def carves(profile: str, wanted: object) -> bool:
    """Say whether a run searches unallocated space; ``wanted`` is None where nobody said."""
    return profile in CARVES if wanted is None else bool(wanted)


def limits_of(request: ScanRequest) -> JSON | None:
    """Return how far containers are opened; None where the profile leaves them out.

    Raises:
        UsageError: a limit was given that there is not, or one where nothing is opened.
    """
    limits = EXPAND_LIMITS[request.profile]
    if limits is not None:
        return limits.raised(request.expand_limits).to_json()
    if request.expand_limits:
        raise UsageError(
            f"the profile {request.profile} opens no container, so that it has no limit",
            hint="use --profile standard, or leave out --expand-limit",
        )
    return None


def expected_of(given: Sequence[str], source: int, sources: int) -> list[str]:
    """Return the digests expected of one source, as ``algorithm:hex``.

    Args:
        given: as the request has them.
        source: number of the source, from 1.
        sources: how many there are.

    Raises:
        UsageError: one names no source, or a source that is not there.
    """
    found = []
    for text in given:
        head, _, rest = text.partition(":")
        number = int(head) if head.isdecimal() and len(head) < 6 else 0  # noqa: PLR2004 - digits
        if head.isdecimal() and not 1 <= number <= sources:
            raise UsageError(
                "an expected digest names a source that was not given",
                hint=f"its number is 1 to {sources}, in the order of the sources",
            )
        if not number and sources > 1:
            raise UsageError(
                "an expected digest is that of one source, and several were given",
                hint="put the number of the source in front, for example: 2:sha256:HEX",
            )
        if number in {0, source}:
            found.append(rest if number else text)
    return found
