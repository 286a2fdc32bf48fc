"""Sources that share an array or a volume group: each of their workers holds all of them.

Whether they do is known once each was looked at by itself. Which of them then lists what is put
together, every worker finds by the same rule; see `parsers.storage.assembling`.
"""

from collections.abc import Sequence
from contextlib import ExitStack

from heroes_forensics.pipelines.evidence.sources import Evidence, described, look
from heroes_forensics.pipelines.workers.crews import Crew


def join(evidence: Sequence[Evidence], stack: ExitStack) -> None:
    """Give sources that hold members of one thing each other's descriptors, and look again.

    Args:
        evidence: all sources of a run, in the order in which they were named, open for as long as
            ``stack``.
        stack: closes the crews that are made.

    Raises:
        EvidenceError: a source cannot be opened beside the others.
    """
    for group in _groups(evidence):
        for position, one in enumerate(group):
            others = [each for each in group if each is not one]
            own = len(one.slots)
            held = [
                *one.crew.descriptors[:own],
                *(slot.fd for each in others for slot in each.slots),
                *one.crew.descriptors[own:],
            ]
            one.body = {
                **one.body,
                "together": [described(each.slots) for each in others],
                "position": position,
            }
            one.crew = stack.enter_context(_crew(one, held))
            look(one)


def _crew(one: Evidence, held: Sequence[int]) -> Crew:
    """Make a crew in place of the one that holds one source only."""
    if one.supervisor is None:
        raise ValueError("this source has no supervisor")
    one.supervisor.dismiss(one.crew)
    return one.supervisor.crew("parser", held, one.crew.wanted)


def _groups(evidence: Sequence[Evidence]) -> list[list[Evidence]]:
    """Return the groups of two and more that share something, directly or through others."""
    groups: list[tuple[set[str], list[int]]] = []
    for number, one in enumerate(evidence):
        names, numbers = set(one.belongs), [number]
        apart = []
        for other in groups:
            if other[0] & names:
                names |= other[0]
                numbers += other[1]
            else:
                apart.append(other)
        groups = [*apart, (names, numbers)] if names else groups
    return [[evidence[at] for at in sorted(found)] for _, found in groups if len(found) > 1]
