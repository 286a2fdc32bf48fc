"""Looking at a source without a case: layers, volumes, health; no content, no names."""

from collections.abc import Sequence
from pathlib import Path

from heroes_forensics.model import JSON
from heroes_forensics.pipelines.evidence import evidence_keys, sources
from heroes_forensics.pipelines.locks import fence
from heroes_forensics.pipelines.workers.supervisor import Supervisor


def inspect(
    path: Path,
    *,
    treat_as: str = "auto",
    accept_damaged: bool = False,
    key_files: Sequence[Path] = (),
    own_process: bool = False,
) -> JSON:
    """Return the stack of a source as a tree.

    With ``own_process``, this process can write nothing from then on.

    Raises:
        EvidenceError: the source cannot be opened.
        UsageError: a file of ``key_files`` is none, or open to others.
    """
    keys = evidence_keys.load(key_files)
    with Supervisor() as supervisor:
        supervisor.isolation("parser")
        if own_process:
            fence.write_only_below([])
        with sources.opened(
            path,
            supervisor,
            workers=1,
            treat_as=treat_as,
            accept_damaged=accept_damaged,
            keys=keys,
        ) as evidence:
            tree = evidence.facts.get("tree")
            return dict(tree) if isinstance(tree, dict) else {}
