"""Batches for tests: manifests, and the program that works on them in a process of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from cli_runner import PROGRAM

SECONDS: Final = 120


def written(folder: Path, exhibits: Sequence[dict[str, object]], **top: object) -> Path:
    """Write a manifest; JSON is YAML."""
    path = folder / "batch.yaml"
    path.write_text(json.dumps({**top, "exhibits": exhibits}))
    return path


@contextmanager
def begun(
    manifest: Path, *options: str, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a batch with ``--json``; it is killed when it is still there in the end.

    It leads a session of its own, by which what it leaves behind is found.
    """
    process = subprocess.Popen(
        [*PROGRAM, "batch", str(manifest), "--json", "--quiet", *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **(environment or {})},
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def rows(
    manifest: Path, *options: str, environment: dict[str, str] | None = None
) -> tuple[int, dict[str, dict[str, Any]]]:
    """Run a batch to its end; return its exit code, its rows by exhibit, the whole as ``""``."""
    with begun(manifest, *options, environment=environment) as process:
        out, error = process.communicate(timeout=SECONDS)
    found = [json.loads(line) for line in out.splitlines()]
    assert [row["type"] for row in found] == ["exhibit"] * (len(found) - 1) + ["batch"], error
    return process.returncode, {row.get("exhibit", ""): row for row in found}


def children(process: int) -> list[int]:
    """Return the processes that a process has started."""
    path = Path(f"/proc/{process}/task/{process}/children")
    return [int(number) for number in path.read_text().split()]


def kill(process: int) -> None:
    """End a process as a power cut would."""
    os.kill(process, signal.SIGKILL)


assert sys.platform == "linux"
