"""Workers are locked: what they may not do is tried, on the kernel that is there."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import heroes_forensics
from heroes_forensics.frames import Control, Unit
from heroes_forensics.pipelines.evidence import sources
from heroes_forensics.pipelines.locks import fence, sandbox
from heroes_forensics.pipelines.workers import wire
from heroes_forensics.pipelines.workers.forking import Zygote
from heroes_forensics.pipelines.workers.isolation import LEVELS
from heroes_forensics.pipelines.workers.probe import FOLDER_ROWS
from heroes_forensics.pipelines.workers.single import one
from heroes_forensics.pipelines.workers.supervisor import Supervisor

if TYPE_CHECKING:
    from heroes_forensics.model import JSON

pytestmark = pytest.mark.real_start

PACKAGE = Path(heroes_forensics.__file__).parent


@pytest.fixture(scope="module")
def supervisor() -> Iterator[Supervisor]:
    with Supervisor() as made:
        yield made


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with Zygote() as made:
        yield made


def test_every_attempt_is_refused(zygote: Zygote) -> None:
    found = zygote.isolation("parser")
    assert found.allowed == ()
    assert found.missing == []
    assert found.level == "A4"
    outcomes = dict(found.outcomes)
    assert outcomes["exec"] == outcomes["ptrace"] == "killed"
    assert outcomes["namespaces/connect-tcp"] == "ENETUNREACH"
    assert outcomes["landlock/open-directory"] == "EACCES"
    assert outcomes["open-file"] == "EPERM"
    assert outcomes["memory-limit"] == "ENOMEM"


@pytest.mark.parametrize("role", sorted(sandbox.ROLES))
def test_each_role_is_locked(supervisor: Supervisor, role: str) -> None:
    found = supervisor.isolation(role)
    assert (found.level, found.missing) == ("A4", [])


def test_a_folder_worker_reads_below_the_folder_and_nothing_else(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(b"y")
    with sources.opened(tmp_path, supervisor, workers=1) as opened:
        found = supervisor.isolation("parser", [slot.fd for slot in opened.slots])
        unit = opened.unit(1, "inventory", {"volume": opened.volumes[0]})
        frames = list(one(opened.crew, unit))
    assert found.level == "A4"
    assert set(FOLDER_ROWS) <= set(found.refused)
    assert isinstance(frames[-1], Control)
    assert frames[-1].body["entries"] == 1


def test_a_worker_without_a_lock_that_others_have_takes_no_unit(zygote: Zygote) -> None:
    forked = zygote.fork("parser", layers=["a-lock-nobody-has"])
    assert wire.receive(forked.channel) is None
    status = zygote.status(forked.pid)
    forked.close()
    assert status is not None
    assert os.WEXITSTATUS(status) == 72


def test_workers_hold_the_descriptors_they_were_given_and_no_more(
    zygote: Zygote, tmp_path: Path
) -> None:
    (tmp_path / "f").write_bytes(b"x")
    with (tmp_path / "f").open("rb") as stream:
        forked = zygote.fork("parser", [stream.fileno()])
        body: JSON = {"id": 1, "kind": "no", "body": {}, "tasks": 0, "seconds": 0, "credit": {}}
        wire.send(forked.channel, Control("unit", body))
        assert wire.receive(forked.channel) is not None  # it is locked by now
        held = {path.name: str(path.readlink()) for path in descriptors(forked.pid)}
        forked.close()
    rest = [target for name, target in held.items() if int(name) > 2]
    page = "/memfd"  # where it says how far it is
    given = {page, str(tmp_path / "f"), "socket"}
    assert sorted(target.partition(":")[0] for target in rest) == sorted(given)


def descriptors(pid: int) -> list[Path]:
    folder = Path(f"/proc/{pid}/fd")
    try:
        return list(folder.iterdir())
    except PermissionError:
        pytest.skip("only root sees the descriptors of a locked process")


# ---- imports -----------------------------------------------------------------------------

PRELOADED = """
import json, sys
from heroes_forensics.pipelines.workers import zygote
zygote.preload(sys.argv[1], bulk=True)
print(json.dumps(sorted(sys.modules)))
"""

DECODING: Final = "heroes_forensics.pipelines.work.pictures"
REACHABLE: Final = {
    "evidence": lambda name: name.startswith("heroes_forensics.") and name != DECODING,
    "sets": lambda name: name.startswith("heroes_forensics.hashsets"),
    "media": lambda name: (
        name == DECODING or name.startswith(("heroes_forensics.media", "heroes_forensics.filetype"))
    ),
}
"""Modules whose functions workers of a kind can come to call."""
IMPORTING: Final = "heroes_forensics.hashsets.importing"
BEFORE: Final = frozenset(
    {
        "heroes_forensics.pipelines.workers.zygote: heroes_forensics.media.slot"
    }  # of `zygote.preload`
)
"""What is imported where it is needed, and before anything is forked."""
HOLDS: Final = {"evidence": "pytsk3", "sets": IMPORTING, "media": "PIL"}
"""What each kind alone holds."""


@pytest.mark.parametrize("kind", REACHABLE)
def test_nothing_is_left_to_import_once_a_worker_is_locked(kind: str) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", PRELOADED, kind], capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stdout))
    assert [name for name, module in HOLDS.items() if module in loaded] == [kind]
    reachable = [name for name in loaded if REACHABLE[kind](name)]
    missing = {
        f"{name}: {wanted}"
        for name in reachable
        for wanted in imported_late(name)
        if wanted not in loaded and find_spec(wanted) is not None  # an extra may be left out
        if wanted != IMPORTING or kind == "sets"
    }
    assert missing - BEFORE == set()


def imported_late(module: str) -> Iterator[str]:
    """Yield the modules that functions of ``module`` import when they run."""
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin)
    tree = ast.parse(source.read_text("utf-8"))
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for inside in ast.walk(node):
            if isinstance(inside, ast.Import):
                yield from (alias.name for alias in inside.names)
            elif isinstance(inside, ast.ImportFrom) and inside.module:
                yield inside.module
            elif (
                isinstance(inside, ast.Call)
                and isinstance(inside.func, ast.Name)
                and inside.func.id == "import_module"
                and isinstance(inside.args[0], ast.Constant)
            ):
                yield str(inside.args[0].value)


# ---- sets --------------------------------------------------------------------------------


def test_an_sqlite_set_is_read_though_no_path_can_be_opened(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    path = tmp_path / "rds.db"
    digest = "D0970714757783E6CF17B26FB8E2298F"
    import sqlite3  # noqa: PLC0415 - one test

    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE FILE (md5 TEXT, file_size INTEGER)")
        database.execute("INSERT INTO FILE VALUES (?, 9)", (digest,))
    database.close()
    with path.open("rb") as stream, supervisor.crew("importer", [stream.fileno()]) as crew:
        frames = list(one(crew, Unit(0, "import", {})))
    facts = frames[-1]
    assert isinstance(facts, Control)
    assert facts.kind == "imported"
    assert facts.body["facts"]["format"] == "nsrl-sqlite"  # type: ignore[index]
    assert facts.body["facts"]["accepted"] == {"md5": 1}  # type: ignore[index]


# ---- the page ----------------------------------------------------------------------------


def test_the_page_names_every_layer(supervisor: Supervisor, tmp_path: Path) -> None:
    text = (PACKAGE.parent / "docs" / "isolation.md").read_text("utf-8")
    with sources.opened(tmp_path, supervisor, workers=1):
        found = supervisor.weakest
    for layer in [*dict(found.layers), fence.FENCE, fence.FILTER]:
        assert f"`{layer}`" in text
    for level in LEVELS:
        assert f"| {level} |" in text
