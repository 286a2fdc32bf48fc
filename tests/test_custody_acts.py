"""Who holds the evidence and which key signs: both verifiers, on bundles as scans leave them."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from custody_bundle import (
    BEGIN,
    LAB,
    RUN,
    SIGNER,
    Writer,
    begin,
    both,
    end_run,
    opened,
    person,
    private_key,
    report,
    republish,
    start_run,
)

from heroes_forensics.custody import chain, checks, keys, notes
from heroes_forensics.custody.bundle import Bundle
from heroes_forensics.model import JSON

GIVER, RECEIVER, OTHER = person("po-007"), person("ex-0142"), person("ex-0199")
NEW_KEY: Final = keys.LedgerKey(SIGNER.name, private_key("ledger 2"))
NEW_LAB: Final = str(notes.of(keys.LedgerKey("lab.example", private_key("ledger 2"))))


def declared(writer: Writer, *people: keys.LedgerKey) -> None:
    for each in people:
        name = each.name.rpartition("/")[2]
        body: JSON = {"id": name, "name": name, "role": "examiner", "organisation": "Lab"}
        writer.event("actor.declared", {**body, "key": str(notes.of(each))})


def transferred(giver: str = "po-007", receiver: str = "ex-0142", item: str = "ABC") -> JSON:
    return {
        "evidence": [item],
        "from": giver,
        "to": receiver,
        "place": "store room",
        "purpose": "examination",
    }


def handed_over(folder: Path, *, signed: bool = True) -> Writer:
    """Bring a record to where the examiner received the exhibit, both having signed."""
    writer = begin(folder)
    declared(writer, GIVER, RECEIVER, OTHER)
    writer.event("custody.transferred", transferred())
    writer.checkpoint("transfer", people=(GIVER, RECEIVER) if signed else (GIVER,))
    return writer


def ended(writer: Writer) -> Path:
    report(writer)
    writer.publish()
    return writer.bundle.root


def test_a_transfer_that_both_signed_is_complete(tmp_path: Path) -> None:
    writer = handed_over(tmp_path / "b")
    start_run(writer)
    end_run(writer)
    assert both(ended(writer)).codes == set()


def test_a_transfer_that_one_did_not_sign_is_a_gap(tmp_path: Path) -> None:
    seen = both(ended(handed_over(tmp_path / "b", signed=False)))
    assert seen.codes == {"custody-gap"}
    assert seen.exit_code == 0
    assert both(tmp_path / "b", strict=True).exit_code == 7


def test_a_later_signature_counts_and_an_earlier_one_does_not(tmp_path: Path) -> None:
    writer = begin(tmp_path / "late")
    declared(writer, GIVER, RECEIVER)
    writer.event("custody.transferred", transferred())
    writer.checkpoint("transfer", people=(GIVER,))
    writer.checkpoint("the receiver came back", people=(RECEIVER,))
    assert both(ended(writer)).codes == set()
    writer = begin(tmp_path / "early")
    declared(writer, GIVER, RECEIVER)
    writer.checkpoint("before", people=(GIVER, RECEIVER))
    writer.event("custody.transferred", transferred())
    writer.checkpoint("transfer")
    assert both(ended(writer)).codes == {"custody-gap"}


def test_who_was_withdrawn_signs_nothing_more(tmp_path: Path) -> None:
    writer = begin(tmp_path / "b")
    declared(writer, GIVER, RECEIVER)
    writer.event("actor.withdrawn", {"id": "po-007", "reason": "left"})
    writer.event("custody.transferred", transferred())
    writer.checkpoint("transfer", people=(GIVER, RECEIVER))
    assert both(ended(writer)).codes == {"custody-gap"}


def test_who_was_withdrawn_is_not_brought_back_by_a_second_time(tmp_path: Path) -> None:
    writer = begin(tmp_path / "b")
    declared(writer, GIVER, RECEIVER)
    writer.event("actor.withdrawn", {"id": "po-007", "reason": "left"})
    writer.event("custody.transferred", transferred())
    writer.checkpoint("transfer", people=(GIVER, RECEIVER))
    writer.event("actor.withdrawn", {"id": "po-007", "reason": "left, said once more"})
    assert both(ended(writer)).codes == {"custody-gap"}


def test_people_of_the_laboratory_are_no_witnesses_from_outside(tmp_path: Path) -> None:
    root = ended(handed_over(tmp_path / "b"))
    assert checks.verify_bundle(root).facts["anchoring"] == 0


def test_somebody_never_declared_cannot_sign(tmp_path: Path) -> None:
    writer = begin(tmp_path / "b")
    declared(writer, RECEIVER)
    writer.event("custody.transferred", transferred())
    writer.checkpoint("transfer", people=(GIVER, RECEIVER))
    assert both(ended(writer)).codes == {"custody-gap"}


BROKEN_SEQUENCES: Final[dict[str, list[tuple[str, JSON]]]] = {
    "A to B, then C to D": [("custody.transferred", transferred("ex-0199", "po-007"))],
    "a source of it by another": [
        ("custody.transferred", transferred("ex-0199", "po-007", item="ABC/1"))
    ],
    "after it was returned": [
        ("evidence.returned", {"evidence": "ABC", "to": "owner"}),
        ("custody.transferred", transferred("ex-0142", "po-007")),
    ],
    "after it was disposed of": [
        ("evidence.disposed", {"evidence": "ABC", "method": "shredded", "authority": "court"}),
        ("custody.transferred", transferred("", "po-007")),
    ],
}


@pytest.mark.parametrize("sequence", BROKEN_SEQUENCES.values(), ids=BROKEN_SEQUENCES)
def test_a_broken_sequence_of_holders_is_a_gap(
    sequence: list[tuple[str, JSON]], tmp_path: Path
) -> None:
    writer = handed_over(tmp_path / "b")
    for kind, body in sequence:
        writer.event(kind, body)
    writer.checkpoint("again", people=(GIVER, RECEIVER, OTHER))
    assert both(ended(writer)).codes == {"custody-gap"}


def test_a_source_may_go_its_own_way_until_the_exhibit_moves(tmp_path: Path) -> None:
    writer = handed_over(tmp_path / "b")
    writer.event("custody.transferred", transferred("ex-0142", "ex-0199", item="ABC/1"))
    writer.event("custody.transferred", transferred("ex-0142", "po-007"))
    writer.event("custody.transferred", transferred("po-007", "ex-0142", item="ABC/1"))
    writer.checkpoint("again", people=(GIVER, RECEIVER, OTHER))
    assert both(ended(writer)).codes == set()


def started_by(writer: Writer, actor: str) -> None:
    config = writer.bundle.write_run(RUN, "config.yaml", b"profile: standard\n")
    body: JSON = {
        "run": RUN,
        "evidence": ["ABC/1"],
        "purpose": "scan",
        "authority": "GS 12/26",
        "method": "exact",
        "hashsets": ["demo"],
        "config_sha256": config,
    }
    writer.event("run.started", body, actor={"id": actor, "kind": "person"})


@pytest.mark.parametrize(
    ("actor", "codes"), [("ex-0142", set()), ("ex-0199", {"unauthorised-work"})]
)
def test_only_the_holder_works_on_evidence(actor: str, codes: set[str], tmp_path: Path) -> None:
    writer = handed_over(tmp_path / "b")
    started_by(writer, actor)
    end_run(writer)
    assert both(ended(writer)).codes == codes


def test_nobody_works_on_what_was_returned(tmp_path: Path) -> None:
    writer = handed_over(tmp_path / "b")
    writer.event("evidence.returned", {"evidence": "ABC", "to": "owner"})
    start_run(writer)
    end_run(writer)
    assert both(ended(writer)).codes == {"unauthorised-work"}


def test_a_correction_of_what_had_not_happened_is_refused(tmp_path: Path) -> None:
    writer = begin(tmp_path / "b")
    writer.event("record.corrected", {"seq": 2, "reason": "a typing error"})
    assert both(ended(writer)).codes == set()
    writer = begin(tmp_path / "c")
    writer.event("record.corrected", {"seq": writer.ledger.size, "reason": "itself"})
    assert both(ended(writer)).codes == {"schema"}


def change(writer: Writer, kind: str, key: notes.Signer = NEW_KEY, **more: object) -> None:
    body: JSON = {"vkey": str(notes.of(key)), "from_seq": writer.ledger.size, "reason": "yearly"}
    writer.event(kind, {**body, **more})


def rotated(folder: Path, kind: str = "key.retired", **more: object) -> Writer:
    """Bring in the new key under the old one, and end the old one under the new."""
    writer = begin(folder)
    change(writer, "key.added")
    writer.checkpoint("key added")
    writer.signer = NEW_KEY
    change(writer, kind, SIGNER, **more)
    writer.checkpoint("key ended")
    start_run(writer)
    end_run(writer)
    return writer


def test_a_key_is_rotated(tmp_path: Path) -> None:
    root = ended(rotated(tmp_path / "b"))
    assert both(root).codes == set()
    assert both(root, trust=NEW_LAB).codes == set()
    assert both(root, trust=None).codes == {"unknown-signer"}
    found = checks.verify_bundle(root, trust=[LAB])
    assert len(found.facts["signers"]) == 2  # type: ignore[arg-type] # a list


def no_checkpoint_of_the_old(writer: Writer) -> None:
    change(writer, "key.added")
    writer.signer = NEW_KEY
    writer.checkpoint("key added")


def the_old_goes_on(writer: Writer) -> None:
    change(writer, "key.added")
    writer.checkpoint("key added")
    writer.signer = NEW_KEY
    change(writer, "key.retired", SIGNER)
    writer.checkpoint("key ended")
    writer.signer = SIGNER
    writer.checkpoint("and yet")
    writer.signer = NEW_KEY


def the_new_before_its_time(writer: Writer) -> None:
    change(writer, "key.added", from_seq=writer.ledger.size + 5)
    writer.checkpoint("key added")
    writer.signer = NEW_KEY
    writer.checkpoint("too early")


def the_past_changed(writer: Writer) -> None:
    change(writer, "key.added", from_seq=1)
    writer.checkpoint("key added")


def retired_twice(writer: Writer) -> None:
    the_old_goes_on(writer)
    change(writer, "key.retired", SIGNER)


def a_stranger_ended(writer: Writer) -> None:
    change(writer, "key.retired", NEW_KEY)


def the_same_twice(writer: Writer) -> None:
    change(writer, "key.added", SIGNER)


MISUSES: Final[list[Callable[[Writer], None]]] = [
    no_checkpoint_of_the_old,
    the_old_goes_on,
    the_new_before_its_time,
    the_past_changed,
    retired_twice,
    a_stranger_ended,
    the_same_twice,
]


@pytest.mark.parametrize("misuse", MISUSES)
def test_a_key_outside_its_time_does_not_verify(
    misuse: Callable[[Writer], None], tmp_path: Path
) -> None:
    writer = begin(tmp_path / "b")
    misuse(writer)
    seen = both(ended(writer))
    assert "key-out-of-range" in seen.codes
    assert seen.exit_code == 6


def test_a_key_that_was_added_and_signs_nothing_needs_nobody(tmp_path: Path) -> None:
    writer = begin(tmp_path / "b")
    change(writer, "key.added")
    writer.publish()
    assert both(writer.bundle.root).codes == {"unsigned-tail"}


def test_a_known_key_vouches_for_what_it_signed_and_nothing_later(tmp_path: Path) -> None:
    """The ledger was opened with two keys; only one of them is known here."""
    bundle = Bundle(tmp_path / "b")
    bundle.create()
    writer = Writer(bundle)
    two = [str(notes.of(SIGNER)), str(notes.of(NEW_KEY))]
    writer.event("ledger.opened", {**opened(), "keys": two})
    writer.checkpoint("opened")
    writer.publish()
    assert both(bundle.root).codes == set()
    writer.signer = NEW_KEY
    writer.checkpoint("by the other")
    writer.publish()
    assert both(bundle.root).codes == {"unknown-signer"}
    assert both(bundle.root, trust=NEW_LAB).codes == set()


@pytest.mark.parametrize("first", [False, True], ids=["the bad line last", "the bad line first"])
def test_one_bad_line_of_a_key_spoils_the_checkpoint(
    first: bool,  # noqa: FBT001 - a parameter of the test
    tmp_path: Path,
) -> None:
    root = ended(begin(tmp_path / "b"))
    path = min((root / "checkpoints").glob("*.txt"))
    text, _, line = path.read_bytes().partition(b"\n\n")
    (good,) = notes.parse(path.read_bytes()).signatures
    bad = notes.line(good._replace(payload=good.payload[:-1] + bytes([good.payload[-1] ^ 1])))
    path.write_bytes(text + b"\n\n" + (bad + line if first else line + bad))
    republish(root)
    assert "signature-bad" in both(root).codes


def test_a_key_of_another_ledger_is_not_added(tmp_path: Path) -> None:
    writer = begin(tmp_path / "b")
    foreign = keys.LedgerKey("lab.example/custody/other", private_key("ledger 2"))
    change(writer, "key.added", foreign)
    assert "bad-genesis" in both(ended(writer)).codes


def test_a_retired_key_signs_no_manifest(tmp_path: Path) -> None:
    root = ended(rotated(tmp_path / "b"))
    republish(root, SIGNER)
    assert both(root).codes == {"manifest-signature-bad"}


def test_a_stolen_key_counts_as_no_signature_from_then_on(tmp_path: Path) -> None:
    """The thief's checkpoints are unsigned, unless somebody kept one before."""
    writer = begin(tmp_path / "b")
    writer.checkpoint("before it was noticed")
    kept = max((writer.bundle.root / "checkpoints").glob("*.txt"))
    change(writer, "key.added")
    writer.checkpoint("key added")
    writer.signer = NEW_KEY
    since = chain.timestamp(BEGIN)
    change(writer, "key.compromised", SIGNER, suspect_since=since)
    writer.publish()
    assert both(writer.bundle.root).codes == {"unsigned-tail"}
    found = checks.verify_bundle(writer.bundle.root, trust=[LAB])
    assert found.facts["signed_events"] == 0
    both(writer.bundle.root, kept=kept)
    says = notes.read_checkpoint(notes.parse(kept.read_bytes()).text)
    anchored = checks.verify_bundle(
        writer.bundle.root, trust=[LAB], anchors=[checks.Anchor(says.size, says.root)]
    )
    assert anchored.facts["signed_events"] == says.size
    writer.checkpoint("by the new key")
    writer.publish()
    assert both(writer.bundle.root).codes == set()
