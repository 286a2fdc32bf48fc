"""The coordinator cannot write to evidence: the kernel says no, and it never asks."""

import errno
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from cli_runner import PROGRAM, process
from conftest import Tools
from scans import DEMO, NOTABLE, folder

from heroes_forensics.pipelines.checks import views

pytestmark = pytest.mark.real_start

# What a mistake in the coordinator would look like, at every moment at which it does something.
MISTAKEN = """
import os, sys
from pathlib import Path
from heroes_forensics.pipelines.runs.scan import ScanRequest, scan

evidence, case, own = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "own"
found = set()

class Mistaken:
    def progress(self, progress):
        for path, flags in (
            (evidence, os.O_WRONLY),
            (evidence, os.O_RDWR | os.O_TRUNC),
            (evidence.with_name("beside"), os.O_WRONLY | os.O_CREAT),
        ):
            try:
                os.close(os.open(path, flags))
                found.add("allowed")
            except OSError as error:
                found.add(error.errno)
        try:
            os.rename(evidence, evidence.with_name("moved"))
        except OSError as error:
            found.add(error.errno)
    def finding(self, finding): pass
    def note(self, text): pass

request = ScanRequest(case_dir=case, sources=(evidence,), own_process=own)
print(scan(request, Mistaken()).exit_code, sorted(map(str, found)))
"""


def own(command: list[str]) -> "subprocess.CompletedProcess[str]":
    """Run a program as the command line runs itself: with one thread."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.parametrize("place", ["beside the case", "elsewhere"])
def test_the_kernel_refuses_the_coordinator_to_write_evidence(tmp_path: Path, place: str) -> None:
    evidence = tmp_path / "evidence.raw" if place == "beside the case" else tmp_path / "e/e.raw"
    evidence.parent.mkdir(exist_ok=True)
    evidence.write_bytes(DEMO.read_bytes())
    before = evidence.stat()
    command = [sys.executable, "-c", MISTAKEN, str(evidence), str(tmp_path / "case"), "own"]
    done = own(command)
    assert done.stdout == f"0 ['{errno.EACCES}']\n", done.stderr
    after = evidence.stat()
    assert (before.st_mtime_ns, before.st_ctime_ns) == (after.st_mtime_ns, after.st_ctime_ns)
    assert sorted(path.name for path in evidence.parent.iterdir()) == sorted(
        {evidence.name} | ({"case"} if place == "beside the case" else set())
    )


def test_without_the_fence_the_same_mistake_is_seen(tmp_path: Path) -> None:
    evidence = tmp_path / "evidence.raw"
    evidence.write_bytes(DEMO.read_bytes())
    command = [sys.executable, "-c", MISTAKEN, str(evidence), str(tmp_path / "case"), "library"]
    done = own(command)
    assert "allowed" in done.stdout


def test_the_program_puts_its_fence_up(tmp_path: Path) -> None:
    case = tmp_path / "case"
    done = process("scan", str(DEMO), "--case", str(case), "--set", str(NOTABLE))
    assert done.code == 0, done.err
    runs: Any = views.status(case)["runs"]
    assert runs[0]["isolation"]["missing"] == []
    assert "isolation of workers A4" in done.err


def test_a_fresh_process_compares_with_a_set_of_the_catalogue(tmp_path: Path) -> None:
    case = str(tmp_path / "case")
    assert process("hashset", "import", str(NOTABLE), "--name", "notable").code == 0
    assert process("scan", str(DEMO), "--case", case).code == 0
    done = process("match", case, "--set", "notable")
    assert (done.code, "New: F-000001" in done.out) == (0, True), done.err


def test_a_case_among_temporary_files_has_a_fence_too(tmp_path: Path) -> None:
    case = tmp_path / "case"
    done = process("scan", str(DEMO), "--case", str(case), environment={"TMPDIR": str(tmp_path)})
    assert done.code == 0, done.err
    runs: Any = views.status(case)["runs"]
    assert runs[0]["isolation"]["missing"] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case"]


def test_a_second_thread_would_stay_outside(tmp_path: Path) -> None:
    """Row 10: the start is refused, with a sentence that calls it a bug."""
    code = (
        "import sys, threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "from heroes_forensics.cli import main\nmain()"
    )
    evidence = folder(tmp_path / "e", {"f": b"x"})
    case = tmp_path / "case"
    done = process("scan", str(evidence), "--case", str(case), program=[sys.executable, "-c", code])
    assert done.code == 1
    assert done.err.startswith("error: the coordinator has 2 threads where one is allowed")
    assert "this is a bug" in done.err
    assert not case.exists()


def test_importing_a_set_writes_to_the_home_alone(tmp_path: Path) -> None:
    listed = tmp_path / "list.md5"
    listed.write_text("d0970714757783e6cf17b26fb8e2298f\n")
    hook = (
        "import os, sys\n"
        "os.environ['OPENBLAS_NUM_THREADS'] = '1'\n"
        "from heroes_forensics import cli\n"
        "from heroes_forensics.hashsets import catalogue\n"
        "add = catalogue.Catalogue.add\n"
        "def mistaken(*args, **named):\n"
        "    try:\n"
        "        os.open(sys.argv[3], os.O_WRONLY)\n"
        "    except OSError as error:\n"
        "        print('errno', error.errno)\n"
        "    return add(*args, **named)\n"
        "catalogue.Catalogue.add = mistaken\n"
        "cli.main()"
    )
    done = process(
        "hashset", "import", str(listed), "--kind", "notable", program=[sys.executable, "-c", hook]
    )
    assert done.code == 0, done.err
    assert f"errno {errno.EACCES}" in done.out


def test_looking_at_a_source_writes_nothing_at_all(tmp_path: Path) -> None:
    hook = (
        "import os, sys\n"
        "os.environ['OPENBLAS_NUM_THREADS'] = '1'\n"
        "from heroes_forensics import cli\n"
        "from heroes_forensics.commands import output\n"
        "show = output.Output.show\n"
        "def mistaken(*args, **named):\n"
        "    try:\n"
        "        os.mkdir(os.path.join(sys.argv[2] + '.made'))\n"
        "    except OSError as error:\n"
        "        print('errno', error.errno)\n"
        "    return show(*args)\n"
        "output.Output.show = mistaken\n"
        "cli.main()"
    )
    evidence = tmp_path / "demo.E01"
    evidence.write_bytes(DEMO.read_bytes())
    done = process("inspect", str(evidence), program=[sys.executable, "-c", hook])
    assert done.code == 0, done.err
    assert f"errno {errno.EACCES}" in done.out
    assert [path.name for path in tmp_path.iterdir()] == [evidence.name]


WRITES = re.compile(r"O_WRONLY|O_RDWR|O_TRUNC|O_CREAT|O_APPEND")
CHANGES = "creat,truncate,rename,renameat,renameat2,unlink,unlinkat,chmod,fchmodat,chown,utimensat"


def whole_calls(log: Path) -> list[str]:
    """Return the lines of strace; a call that another interrupted in the log is one line again."""
    begun: dict[str, str] = {}
    lines = []
    for line in log.read_text("utf-8").splitlines():
        process = line.split(" ", 1)[0]
        if line.endswith("<unfinished ...>"):
            begun[process] = line.removesuffix("<unfinished ...>")
        elif resumed := re.match(r"\d+ +<\.\.\. \w+ resumed>(.*)", line):
            lines.append(begun.pop(process) + resumed[1])
        else:
            lines.append(line)
    return [*lines, *begun.values()]


def test_a_call_that_strace_cuts_in_two_is_read_as_one(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(
        '7 openat(AT_FDCWD, "a", O_RDWR <unfinished ...>\n8 unlink("b") = 0\n'
        "7 <... openat resumed>) = 4</a>\n9 creat(<unfinished ...>\n"
    )
    assert whole_calls(tmp_path / "log") == [
        '8 unlink("b") = 0',
        '7 openat(AT_FDCWD, "a", O_RDWR ) = 4</a>',
        "9 creat(",
    ]


@pytest.mark.parametrize("kind", ["image", "folder"])
def test_no_process_opens_evidence_for_writing(tool: Tools, tmp_path: Path, kind: str) -> None:
    evidence = tmp_path / "the-evidence.E01"
    if kind == "image":
        evidence.write_bytes(DEMO.read_bytes())
    else:
        folder(evidence, {"a": b"x", "b/c": b"y"})
    log = tmp_path / "log"
    strace = [tool("strace"), "-f", "-qq", "-y", "-s", "4096", "-o", str(log)]
    calls = ["-e", f"trace=open,openat,openat2,{CHANGES}"]
    scan = ["scan", str(evidence), "--case", str(tmp_path / "case")]
    done = subprocess.run(
        [*strace, *calls, *PROGRAM, *scan], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in whole_calls(log) if evidence.name in line]
    opened = [line for line in lines if re.search(r"\bopen(at2?)?\(", line)]
    assert opened
    assert [line for line in lines if line not in opened] == []
    assert [line for line in opened if WRITES.search(line)] == []
    # The same search finds what is written: the case.
    written = [line for line in log.read_text("utf-8").splitlines() if "case.db" in line]
    assert any(WRITES.search(line) for line in written)


def test_the_ledger_says_when_there_is_no_fence(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from heroes_forensics.pipelines.runs.scan import *\n"
        "from heroes_forensics.pipelines.case.watch import Unwatched\n"
        f"scan(ScanRequest(Path({str(tmp_path / 'case')!r}), (Path({str(DEMO)!r}),)), Unwatched())"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    ledger = (tmp_path / "case/custody/ledger.jsonl").read_text("utf-8").splitlines()
    (event,) = [each for each in map(json.loads, ledger) if each["type"] == "isolation.probed"]
    assert event["body"]["missing"] == ["coordinator-fence: not-the-program"]


def test_what_is_written_lies_below_case_and_home(tool: Tools, tmp_path: Path) -> None:
    log = tmp_path / "log"
    case, home = tmp_path / "case", Path(os.environ["HEROES_HOME"])
    strace = [tool("strace"), "-f", "-qq", "-s", "4096", "-o", str(log)]
    scan = ["scan", str(DEMO), "--case", str(case), "--set", str(NOTABLE)]
    subprocess.run(
        [*strace, "-e", "trace=open,openat,openat2", "-z", *PROGRAM, *scan],
        capture_output=True,
        check=True,
    )
    outside = {
        path
        for line in log.read_text("utf-8").splitlines()
        if re.search(r"O_WRONLY|O_RDWR|O_CREAT", line)
        for path in re.findall(r'"([^"]*)"', line)[:1]
        if not path.startswith((str(case), str(home)))
    }
    allowed = re.compile(
        # The standard library tries out where temporary files can be made.
        rf"/dev/null|/proc/self/oom_score_adj|{tempfile.gettempdir()}/(heroes-probe-\S+|\w{{8}})"
        r"|.*/__pycache__/.*|file|made"
    )
    assert {path for path in outside if not allowed.fullmatch(path)} == set()
