"""Who signed a record: which keys, whether they were theirs to use, and who vouches for them."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from heroes_forensics.custody import notes
from heroes_forensics.custody.chain import Problem
from heroes_forensics.custody.problems import shown
from heroes_forensics.custody.rules import Rules


class Signed(NamedTuple):
    """One checkpoint file, taken apart."""

    name: str
    note: notes.Note
    says: notes.Checkpoint


def present(note: notes.Note, known: Sequence[notes.VerifierKey]) -> list[notes.VerifierKey]:
    """Return the keys of which a signature line stands in a note, right or wrong."""
    return [key for key in known if notes.verdict(note, key).present]


def suspect(rules: Rules, checkpoint: Signed, time: str, kept: Callable[[str], int]) -> bool:
    """Say whether only keys signed a checkpoint that somebody else may have had by then.

    Args:
        rules: what the ledger says of its keys.
        checkpoint: signed by at least one of them.
        time: of its last event.
        kept: says how many events somebody outside vouches for, from before a time.
    """
    ranges = [rules.ranges.of(key) for key in present(checkpoint.note, rules.ranges.keys)]
    return all(
        "" < each.suspect_since <= time and checkpoint.says.size > kept(each.suspect_since)
        for each in ranges
    )


def introduced(rules: Rules, good: Sequence[Signed]) -> Iterator[Problem]:
    """Ask for each added key whether one before it signed that it was added.

    Args:
        rules: what the ledger says of its keys.
        good: the checkpoints that ledger keys signed in their time.
    """
    for added in rules.ranges.added:
        number = added.added or 0
        older = [
            key
            for key in rules.ranges.keys
            if key != added.key and (rules.ranges.of(key).added or 0) < number
        ]
        used = any(present(each.note, [added.key]) for each in good)
        if used and not any(each.says.size > number and present(each.note, older) for each in good):
            text = "no key before it signed that this key was added"
            yield Problem("key-out-of-range", added.where, text)


def transfers(rules: Rules, good: Sequence[Signed]) -> Iterator[Problem]:
    """Ask for each transfer whether giver and receiver signed a checkpoint that holds it."""
    for where, number, people in rules.holders.transfers:
        for person in people:
            if not has_signed(rules, good, person, number):
                yield Problem("custody-gap", where, f"{shown(person)} did not sign the transfer")


def has_signed(rules: Rules, good: Sequence[Signed], person: str, number: int) -> bool:
    """Say whether a declared person cosigned a checkpoint that holds event ``number``."""
    return any(
        notes.verdict(each.note, known.key).good
        for known in rules.people.get(person, ())
        for each in good
        if number < each.says.size and (known.until is None or each.says.size <= known.until)
    )


def signers(rules: Rules, good: Sequence[Signed]) -> list[notes.VerifierKey]:
    """Return the ledger keys that signed something."""
    return [
        key
        for key in rules.ranges.keys
        if any(notes.verdict(checkpoint.note, key).good for checkpoint in good)
    ]


def known(rules: Rules, good: Sequence[Signed], trusted: Sequence[notes.VerifierKey]) -> bool:
    """Say whether somebody vouches for what signed the newest checkpoint, which signs it all.

    A key that a known one brought in is known as well.
    """
    ranges = rules.ranges
    vouched = [key for key in signers(rules, good) if any(_vouches(one, key) for one in trusted)]
    last = max((each.says.size for each in good), default=0)
    newest = [each.note for each in good if each.says.size == last]
    return any(
        key in vouched
        or (
            ranges.of(key).added is not None
            and any((ranges.of(old).added or 0) < ranges.of(key).after for old in vouched)
        )
        for note in newest
        for key in present(note, signers(rules, good))
    )


def _vouches(one: notes.VerifierKey, key: notes.VerifierKey) -> bool:
    """Say whether a known key is this ledger key, or that of the laboratory it belongs to."""
    return (
        one.public == key.public
        and one.key_type == key.key_type
        and (one.name == key.name or key.name.startswith(f"{one.name}/custody/"))
    )
