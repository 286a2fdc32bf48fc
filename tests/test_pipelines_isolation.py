"""The level is what was refused: on this kernel, and on kernels that offer less."""

import errno
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from cli_runner import PROGRAM
from denying import (
    LANDLOCK_OFF,
    NO_LANDLOCK,
    NO_NAMESPACES,
    NO_ROOT,
    NO_SECCOMP,
    NOTHING,
    denied,
)
from scans import Noted, folder, scanned

from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.checks import views
from heroes_forensics.pipelines.trials import selftest
from heroes_forensics.pipelines.workers import isolation
from heroes_forensics.pipelines.workers.isolation import Isolation
from heroes_forensics.pipelines.workers.supervisor import Supervisor

pytestmark = pytest.mark.real_start

TABLE = """
import json
from heroes_forensics.pipelines.workers.forking import Zygote
with Zygote() as zygote:
    found = zygote.isolation("parser")
print(json.dumps(found.facts() | {"outcomes": dict(found.outcomes)}))
"""


def probed(answers: dict[str, int]) -> JSON:
    """Return what the probe finds on a kernel that gives these answers."""
    done = denied(answers, [sys.executable, "-c", TABLE])
    assert done.returncode == 0, done.stderr
    found: JSON = json.loads(done.stdout)
    return found


def test_a_kernel_that_refuses_nothing_more_is_as_good_as_this_one() -> None:
    found = probed({})
    assert found["level"] == "A4"
    assert found["missing"] == []


@pytest.mark.parametrize(
    ("answers", "missing"),
    [
        (NO_LANDLOCK, "landlock: ENOSYS"),
        (LANDLOCK_OFF, "landlock: ENOTSUP"),
        (NO_NAMESPACES, "namespaces: EPERM"),
        (NO_ROOT, "namespaces: EPERM"),
    ],
)
def test_without_landlock_or_namespaces_it_is_a3(answers: dict[str, int], missing: str) -> None:
    found = probed(answers)
    assert found["level"] == "A3"
    assert missing in found["missing"]  # type: ignore[operator]
    assert found["allowed"]
    assert set(found["allowed"]) <= {  # type: ignore[call-overload]
        "landlock/open-directory",
        "namespaces/connect-tcp",
        "namespaces/connect-abstract",
        "root/connect-pathname",
        "root/stat-file",
        "account/keep-account",
    }


def test_a_folder_that_can_be_left_is_at_a1() -> None:
    """Its workers may open below it: with nothing that ends the path there, above it too."""
    code = TABLE.replace('isolation("parser")', 'isolation("parser", [os.open("/", 0)])')
    answers = NO_LANDLOCK | NO_ROOT | {"open_tree": errno.EPERM}
    done = denied(answers, [sys.executable, "-c", "import os" + code])
    assert done.returncode == 0, done.stderr
    found: JSON = json.loads(done.stdout)
    assert found["level"] == "A1"
    assert "folder/open-above" in found["allowed"]  # type: ignore[operator]
    assert probed(answers)["level"] == "A3"


def test_without_a_filter_of_system_calls_it_is_no_more_than_a2() -> None:
    found = probed(NO_SECCOMP)
    assert found["level"] == "A2"
    assert found["missing"] == ["seccomp: ENOSYS"]
    assert found["allowed"] == ["make-socket"]


def test_with_nothing_but_limits_it_is_a1() -> None:
    found = probed(NOTHING)
    assert found["level"] == "A1"
    outcomes = found["outcomes"]
    assert isinstance(outcomes, dict)
    assert outcomes["memory-limit"] == "ENOMEM"
    assert outcomes["connect-tcp"] == outcomes["make-socket"] == "allowed"


# ---- what a scan does with it ------------------------------------------------------------


def the_run(case: Path) -> dict[str, Any]:
    """Return the one run of a case, as its status shows it."""
    runs: Any = views.status(case)["runs"]
    assert len(runs) == 1
    found: dict[str, Any] = runs[0]
    return found


def test_record_status_and_report_say_the_level(tmp_path: Path) -> None:
    watch = Noted()
    result = scanned(
        tmp_path / "case", folder(tmp_path / "e", {"f": b"x"}), watch=watch, require_isolation="A4"
    )
    assert result.isolation == "A4"
    assert [note for note in watch.notes if "isolation of workers A4" in note]
    run = the_run(tmp_path / "case")
    assert run["isolation"]["level"] == "A4"
    assert run["isolation"]["allowed"] == []
    assert run["isolation"]["missing"] == ["coordinator-fence: not-the-program"]  # but a test
    assert "folder/open-above" in run["isolation"]["refused"]
    events = [
        json.loads(line)
        for line in (tmp_path / "case/custody/ledger.jsonl").read_text("utf-8").splitlines()
    ]
    (event,) = [event for event in events if event["type"] == "isolation.probed"]
    assert event["body"] == {"run": result.run, **run["isolation"]}
    assert result.report is not None
    report = json.loads(result.report.with_suffix(".json").read_text("utf-8"))
    (shown,) = report["runs"]
    assert shown["isolation"] == "a4"
    assert {"what": "exec", "refused": True} in shown["probes"]


def test_a_level_that_is_not_reached_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    evidence = folder(tmp_path / "e", {"f": b"x"})
    case = tmp_path / "case"
    command = [*PROGRAM, "scan", str(evidence), "--case", str(case)]
    done = denied(NO_LANDLOCK, [*command, "--require-isolation", "A4"])
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(
        "error: workers reach isolation A3 on this machine, and A4 was asked for"
        " (landlock: ENOSYS)\n"
    )
    assert not case.exists()
    assert denied(NO_LANDLOCK, [*command, "--require-isolation", "A3"]).returncode == 0
    run = the_run(case)
    assert run["isolation"]["level"] == "A3"
    assert run["isolation"]["missing"] == ["landlock: ENOSYS", "coordinator-fence: ENOSYS"]


def test_a_weaker_machine_is_said_on_standard_error(tmp_path: Path) -> None:
    evidence = folder(tmp_path / "e", {"f": b"x"})
    done = denied(NOTHING, [*PROGRAM, "scan", str(evidence), "--case", str(tmp_path / "case")])
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if "isolation" in line]
    assert line.startswith("isolation of workers A1: ")
    assert "seccomp: ENOSYS" in line


def test_workers_that_come_later_and_are_locked_less_well_are_on_record_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As decoders do, with the first picture; here the same workers are told of in another way."""
    real = vars(Supervisor)["weakest"].fget
    asked = 0

    def weakest(supervisor: Supervisor) -> Isolation:
        nonlocal asked
        asked += 1
        found: Isolation = real(supervisor)
        late = asked > 3  # for the note, the record and the scanning that begins
        return found.without("landlock", "ENOSYS", "landlock/open-directory") if late else found

    monkeypatch.setattr(Supervisor, "weakest", property(weakest))
    watch = Noted()
    case = tmp_path / "case"
    result = scanned(case, folder(tmp_path / "e", {"f": b"x"}), watch=watch)
    assert result.isolation == "A3"
    ledger = (case / "custody/ledger.jsonl").read_text("utf-8").splitlines()
    events = [each for each in map(json.loads, ledger) if each["type"] == "isolation.probed"]
    assert [event["body"]["level"] for event in events] == ["A4", "A3"]
    assert the_run(case)["isolation"]["level"] == "A3"
    assert [note for note in watch.notes if "isolation of workers A3" in note]


def test_the_report_says_who_could_have_written(tmp_path: Path) -> None:
    result = scanned(tmp_path / "case", folder(tmp_path / "e", {"f": b"x"}))
    assert result.report is not None
    report = json.loads(result.report.with_suffix(".json").read_text("utf-8"))
    (source,) = report["exhibits"][0]["sources"]
    assert source["mount_read_only"] is False
    assert source["account_may_write"] is True
    assert "the account that scanned could write to it" in result.report.read_text("utf-8")


def test_the_selftest_shows_level_attempts_and_layers() -> None:
    (row,) = [row for row in selftest.selftest() if row["name"] == "isolation of workers"]
    assert row["result"] == "pass"
    assert str(row["detail"]).startswith("A4: ")
    attempts: Any = row["attempts"]
    assert attempts["exec"] == "killed"
    layers: Any = row["layers"]
    assert set(layers.values()) == {"applied"}


# ---- levels ------------------------------------------------------------------------------


def test_what_was_not_heard_is_not_refused() -> None:
    found = isolation._judged({"open-file": "EPERM"})  # noqa: SLF001 - a probe that broke off
    assert found.level == "A1"
    assert found.refused == ("open-file",)
    assert "memory-limit" in found.allowed


def test_of_two_kinds_of_workers_the_weaker_counts() -> None:
    strong = Isolation("A4", ("a", "b"), (), (("a", "EPERM"), ("b", "EPERM")), (("x", "applied"),))
    weak = Isolation("A2", ("a",), ("b",), (("a", "EPERM"), ("b", "allowed")), (("x", "EPERM"),))
    for pair in ([strong, weak], [weak, strong]):
        found = isolation.weakest(pair)
        assert found.level == "A2"
        assert found.allowed == ("b",)
        assert found.missing == ["x: EPERM"]


def test_a_level_is_required_by_name() -> None:
    found = Isolation("A3", (), ("stat-file",), (), ())
    found.require("A3")
    found.require("")
    with pytest.raises(UsageError, match="not refused: stat-file"):
        found.require("A4")


def test_the_kernel_really_gives_the_answers_asked_for() -> None:
    """The other tests would pass on a filter that does nothing only if the locks were broken."""
    code = "import os; os.chroot('/')"
    done = denied({"chroot": errno.EXDEV}, [sys.executable, "-c", code])
    assert "OSError: [Errno 18]" in done.stderr


def test_what_a_killed_run_left_behind_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    kept = tmp_path / "kept"
    for name in ("kept", "heroes-probe-old", "heroes-probe-new", "heroes-proberer"):
        (tmp_path / name / "folder").mkdir(parents=True)
    (tmp_path / "heroes-probe-link").symlink_to(kept)
    for name in ("heroes-probe-old", "heroes-probe-link", "heroes-proberer"):
        os.utime(tmp_path / name, (0, 0), follow_symlinks=False)
    with isolation._own_folder() as made:  # noqa: SLF001 - where a probe lies
        assert Path(made).parent == tmp_path
    left = {each.name for each in tmp_path.iterdir()}
    assert left == {"kept", "heroes-probe-new", "heroes-proberer", "heroes-probe-link"}
    assert (kept / "folder").is_dir()
