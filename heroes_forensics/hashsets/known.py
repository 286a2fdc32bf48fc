"""The words of known material: kinds, verdicts, flags, algorithms, and digests of nothing.

Verdicts are ordered, most severe first; the issuer's own code and label always stand beside one.
"""

import re
from base64 import b32decode
from collections.abc import Mapping
from hashlib import md5, sha1, sha256, sha512
from typing import Final, NamedTuple

NOTABLE: Final = "notable"
KNOWN_GOOD: Final = "known-good"
ADULT_INTIMATE: Final = "adult-intimate"

KINDS: Final[dict[str, str]] = {
    NOTABLE: "material a body has listed; a match is a finding with a verdict",
    KNOWN_GOOD: "ordinary files, used only to skip work",
    "watch": "a case's own list; a match is a finding without a verdict",
    ADULT_INTIMATE: "intimate pictures of adults; never merged into another verdict",
    "exclude": "privileged or adjudicated content, left alone by authority",
}

VERDICTS: Final = (
    "baseline_illegal",
    "nationally_illegal",
    "notable_other",
    "suspected",
    "comparison",
    "uncategorised",
    "non_pertinent",
    "known_good",
)
"""Most severe first."""

NOTABLE_VERDICTS: Final = frozenset(VERDICTS[:4])
BENIGN_VERDICTS: Final = frozenset({"non_pertinent", "known_good"})

FLAGS: Final = (
    "victim_identified",
    "offender_identified",
    "is_distributed",
    "is_suspected",
    "self_generated",
    "is_precategorized",
    "disputed",
)
"""Tri-states of a record, packed two bits each in this order: 0 absent, 1 false, 2 true.
``disputed``: somebody whom its issuer listens to says that the record is wrong."""


class Algorithm(NamedTuple):
    """One exact digest that a record may carry."""

    name: str
    width: int
    """Bytes."""
    bit: int
    """In the ``has`` column of `heroes_forensics.frames.KNOWN` and in every mask here."""


ALGORITHMS: Final = (Algorithm("md5", 16, 1), Algorithm("sha1", 20, 2), Algorithm("sha256", 32, 4))

VALUE_KINDS: Final[dict[str, int]] = {
    "sha512": 64,
    "ed2k": 16,
    "aich": 20,
    "tth": 24,
    "btmh": 32,
    "pdq": 32,
    "vpdq": 36,
    "phash-64": 8,
    "dhash-64": 8,
    "photodna": 144,
    "tmk": 0,
    "md5-512": 16,
    "md5-64k": 16,
    "id": 0,
}
"""Other values of a record that are kept as they came, and their bytes; 0 is any number of them.
``vpdq`` is a frame of a film: its PDQ, and its time in milliseconds, the lowest byte first.
``md5-512`` and ``md5-64k`` are of the first bytes of a file, ``id`` is the supplier's own name of
an entry, in UTF-8. A kind that is not in this table is kept under the name the supplier gave it,
as UTF-8 text."""

PERCEPTUAL: Final = ("pdq", "phash-64", "dhash-64")
"""Kinds of which near ones are found: how many bits differ says how much pictures do.
``phash-64`` and ``dhash-64`` are those of ImageHash; others call other hashes by those names."""

BEGINNING: Final = "md5-512"
"""MD5 of the first 512 bytes of a file: looked for where space is searched."""

FRAMES: Final = "vpdq"
"""Kind of which the first 32 bytes are compared with those of ``pdq``: a record has one for each
frame of a film."""

COMPARED: Final = frozenset({*PERCEPTUAL, FRAMES})
"""Kinds of values that something is compared with."""

QUALITY_GATE: Final = 50
"""Below it a picture says too little for its value to be compared (PDQ, 0 to 100)."""

NAMING: Final = frozenset({"id"})
"""Kinds that name an entry and say nothing of its content: alone they make no record."""

VALUE_LIMIT: Final = 4096
"""Bytes of one such value; what is longer is counted and left out."""

KIND_WORD: Final = re.compile(rb"[a-z0-9][a-z0-9.+_-]{0,31}")
"""What names a kind of value; a supplier's word of another form becomes ``other``."""
MAX_VALUE_KINDS: Final = 32
"""Kinds in one set; values of further ones are kept as ``other``."""
MAX_VALUES: Final = 1 << 12
"""Values of one record; further ones are counted and left out."""

EMPTY_INPUT: Final = frozenset(
    {
        md5(b"", usedforsecurity=False).digest(),
        sha1(b"", usedforsecurity=False).digest(),
        sha256(b"").digest(),
    }
)
"""They occur in real sets and would mark every empty file."""

CONSTANT: Final = frozenset(
    bytes([value]) * algorithm.width for algorithm in ALGORITHMS for value in (0x00, 0xFF)
)
"""All-zero and all-one values: fillers of exporters, not digests."""

EMPTY_VALUES: Final = frozenset(
    {
        bytes.fromhex("31d6cfe0d16ae931b73c59d7e0c089c0"),  # ed2k and MD4
        b32decode("LWPNACQDBZRYXW3VHJVCJ64QBZNGHOHHHZWCLNQ="),  # TTH
        *(sha512(b"").digest(), *EMPTY_INPUT),
    }
)
"""Other values of the empty input; AICH is that of SHA-1."""


_LIKE_A_DIGEST: Final = re.compile(r"[0-9A-Fa-f]{32}|(?=[0-9]*[A-Fa-f])[0-9A-Fa-f]{16}")


def like_a_digest(text: str) -> bool:
    """Tell whether a text holds what may be a digest, or half of one.

    A digest may stand where a name is meant: as the head of a column, the key of an object, the
    name of a kind. Names are shown, digests of listed material are not.
    """
    return _LIKE_A_DIGEST.search(text) is not None


def pack_flags(values: Mapping[str, bool | None]) -> int:
    """Pack tri-states by the names of `FLAGS`; a missing name is absent."""
    bits = 0
    for position, name in enumerate(FLAGS):
        value = values.get(name)
        if value is not None:
            bits |= (1 + value) << 2 * position
    return bits


def unpack_flags(bits: int) -> dict[str, bool | None]:
    """Return every tri-state of `FLAGS` by name."""
    states = (None, False, True, None)
    return {name: states[bits >> 2 * position & 3] for position, name in enumerate(FLAGS)}


def severity(verdict: str) -> int:
    """Return the rank of a verdict, 0 the most severe; no verdict ranks last."""
    return VERDICTS.index(verdict) if verdict in VERDICTS else len(VERDICTS)
