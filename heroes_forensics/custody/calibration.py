"""Records of calibrations: what a laboratory measured of perceptual comparison, and signed.

A record is a signed note (`heroes_forensics.custody.notes`) whose text is one line: an object in
canonical JSON, as the ledger has it (whole numbers, plain keys). It is signed with the laboratory's
key under the name ``<domain>/calibration``. Nothing in it is about a single picture.
"""

from typing import Final

from heroes_forensics.custody import notes, statements
from heroes_forensics.custody.keys import KeyRing
from heroes_forensics.model import JSON

FORMAT: Final = "heroes-calibration/1"
ID_DIGITS: Final = statements.ID_DIGITS

_EDITS: Final = (
    " edits:[{name:str family:str held_out:bool made:nat failed:nat comparable:nat"
    " tier1_31:nat tier1_40:nat tier2_31*:nat tier2_40*:nat}]"
)
_CHANCES: Final = (
    " chances:[{of:as-is|edited|distractors|look-alikes what*:str tier:nat looked_at:nat"
    " comparisons:nat closest:nat pairs_31:nat pairs_40:nat pictures_31:nat pictures_40:nat"
    " grade_a*:nat upper_31:str upper_40:str}]"
)
FIELDS: Final = (
    "format:heroes-calibration/1 time:time laboratory:str examiner:str"
    " clock:object environment:object isolation:str"
    " method:{profile:str algorithm:str comparison_sha256:hex64 edits_sha256:hex64 radii:[nat]"
    " min_quality:nat min_side:nat alike:nat most_edited:nat collages:str}"
    " pictures:{files:nat compared:nat bytes:nat edited:nat lost:nat left_out:counts}"
    " distractors:null|{files:nat compared:nat bytes:nat left_out:counts}"
    " commitment:{salt:hex sha256:hex64}" + _EDITS + _CHANCES
)
"""Its form, in the words of `heroes_forensics.custody.events`."""
SHIPPED: Final = (
    "format:heroes-shipped-figures/1 commit:str stopped:bool"
    " pictures:{compared:nat edited:nat distractors:nat left_out:[{why:str files:nat}]}"
    + _EDITS
    + _CHANCES
)
"""The form of the figures that come with the program."""


Record = statements.Record
FORM: Final = statements.Form("calibration", FIELDS)
_SHIPPED: Final = statements.Form("calibration", SHIPPED)


def name_of(domain: str) -> str:
    """Return the name under which a laboratory signs calibrations."""
    return FORM.name_of(domain)


def key_of(vkey: str) -> notes.VerifierKey:
    """Return the key that checks calibrations of the laboratory with this verification key."""
    return FORM.key_of(vkey)


def line_of(body: JSON) -> bytes:
    """Return the line of a record; see `statements.Form.line_of`."""
    return FORM.line_of(body)


def signed(body: JSON, ring: KeyRing) -> statements.Record:
    """Sign what was measured; see `statements.Form.signed`."""
    return FORM.signed(body, ring)


def read(data: bytes, key: notes.VerifierKey) -> statements.Record:
    """Read a record that the key signed; see `statements.Form.read`."""
    return FORM.read(data, key)


def body_of(line: bytes) -> JSON:
    """Return what a line says; see `statements.Form.body_of`."""
    return FORM.body_of(line)


def shipped_of(line: bytes) -> JSON:
    """Return what the figures say that come with the program.

    Raises:
        CustodyError: it is not canonical, or does not have their form.
    """
    return _SHIPPED.body_of(line)
