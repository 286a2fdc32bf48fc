"""Looking at a source without a case: layers, volumes, health; no content, no names."""

from pathlib import Path

from heroes_forensics.model import JSON
from heroes_forensics.pipelines.evidence import sources
from heroes_forensics.pipelines.locks import fence
from heroes_forensics.pipelines.workers.supervisor import Supervisor


def inspect(
    path: Path,
    *,
    treat_as: str = "auto",
    accept_damaged: bool = False,
    own_process: bool = False,
) -> JSON:
    """Return the stack of a source as a tree.

    With ``own_process``, this process can write nothing from then on.

    Raises:
        EvidenceError: the source cannot be opened.
    """
    with Supervisor() as supervisor:
        supervisor.isolation("parser")
        if own_process:
            fence.write_only_below([])
        with sources.opened(
            path, supervisor, workers=1, treat_as=treat_as, accept_damaged=accept_damaged
        ) as evidence:
            tree = evidence.facts.get("tree")
            return dict(tree) if isinstance(tree, dict) else {}
