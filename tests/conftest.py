"""What every test gets: Hypothesis profiles, a home of its own, and a count of skipped tests."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import nursery
import pytest
from corpus import EVIDENCE
from hypothesis import HealthCheck, settings
from nursery import Nursery

from heroes_forensics.pipelines.workers import launch
from heroes_forensics.reports import pdf

if TYPE_CHECKING:
    from custody_case import World

settings.register_profile(
    "quick",
    derandomize=True,
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "long", max_examples=5_000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

SKIPS = Path(__file__).with_name("skips.txt")

MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of its own there
ENOUGH = 8 << 30
"""Bytes free there from which on tests put their files into memory: a scan waits for the disk some
hundred times, and no test is about a disk that loses power."""

if (
    "PYTEST_DEBUG_TEMPROOT" not in os.environ
    and os.access(MEMORY, os.W_OK)
    and shutil.disk_usage(MEMORY).free > ENOUGH
):
    os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)

# mkfs, debugfs and friends live in sbin, which an ordinary account does not search.
os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As a shell leaves it for what it runs in the background; the programs tested here inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep keys, sets and caches of the person who runs the tests out of them, and unharmed."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("HEROES_HOME", str(home / "heroes"))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))


MISSING = pdf.missing
SETS_ON_PAPER = "pdf"
"""A test module in which this stands has the report set on paper; in all others that is left out,
as where the extra is not installed: it is a third of a second of processor time a scan."""


@pytest.fixture(autouse=True, scope="module")
def _paper(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        if not _speaks_of_paper(request.path):
            patch.setattr(pdf, "missing", lambda: list(pdf.NEEDED))
        yield


@cache
def _speaks_of_paper(module: Path) -> bool:
    return SETS_ON_PAPER in module.read_text("utf-8").lower()


@pytest.fixture(autouse=True, scope="session")
def _nursery(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have zygotes forked that need not import, but for the long suites."""
    if request.config.option.markexpr == "slow":
        yield
        return
    with pytest.MonkeyPatch.context() as patch, closing(Nursery()) as forking:
        patch.setattr(launch, "start", forking.start)
        yield


@pytest.fixture(autouse=True, scope="module")
def _real_starts(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have zygotes started as they are outside tests in modules that are marked ``real_start``."""
    with pytest.MonkeyPatch.context() as patch:
        if request.node.get_closest_marker("real_start") is not None:
            patch.setattr(launch, "start", nursery.REAL)
        yield


@pytest.fixture(autouse=True)
def _real_start(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for one test."""
    if request.node.get_closest_marker("real_start") is not None:
        monkeypatch.setattr(launch, "start", nursery.REAL)


@pytest.fixture
def evidence() -> Path:
    """Return the folder of real evidence, or skip."""
    if EVIDENCE is None:
        pytest.skip("no corpus of real evidence")
    return EVIDENCE


@pytest.fixture(scope="session")
def custody_world(tmp_path_factory: pytest.TempPathFactory) -> "World":
    """Return a case as a laboratory has it, made once; tests work on copies of its record."""
    from custody_case import made  # noqa: PLC0415 # heavy: for who asks for it

    with pytest.MonkeyPatch.context() as patch:  # whichever test comes first
        patch.setattr(pdf, "missing", MISSING)
        return made(tmp_path_factory.mktemp("custody-world"))


@pytest.fixture(scope="session")
def tool() -> "Tools":
    """Look for independent programs: ``tool("fls")`` is its path, or the test is skipped."""
    return Tools()


class Tools:
    """Finds programs on the search path."""

    def __call__(self, name: str) -> str:
        """Return the path of the program ``name``, or skip."""
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"{name} is not installed")
        return found


def allowed_skips() -> int:
    """Return the committed number of tests that may be skipped where everything is installed."""
    rows = [row.partition("#")[0].strip() for row in SKIPS.read_text().splitlines()]
    return int(next(row for row in rows if row))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail when more tests were skipped than the committed number allows.

    Only where all independent tools and the evidence are there (``.ci/run`` finds out and sets
    ``HEROES_SKIPS=strict``): elsewhere a skipped test says something about the machine.
    """
    if os.environ.get("HEROES_SKIPS") != "strict" or hasattr(session.config, "workerinput"):
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    skipped = reporter.stats.get("skipped", [])
    if len(skipped) > allowed_skips():
        reporter.write_line("")
        reporter.write_line(
            f"error: {len(skipped)} tests were skipped, tests/skips.txt allows {allowed_skips()}"
        )
        for report in skipped:
            reporter.write_line(f"  {report.nodeid}: {report.longrepr[2]}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
