"""No verb reaches the network: what a whole run connects to is local, as strace sees it.

One exception is made on purpose: the probe of the locks tries to reach its own machine, in an empty
network of its own, to show that it cannot.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from corpus import ROOT

DEMO: Final = ROOT / "heroes_forensics" / "demo" / "data"
CALLS: Final = "socket,connect,bind,listen,sendto"
PROBE: Final = re.compile(r'connect\(\d+, \{sa_family=AF_INET, .*"127\.0\.0\.1"\)\}, 16\) = -1 E')
REFUSED: Final = re.compile(r"socket\(AF_\w+, .*\) = -1 EPERM")

pytestmark = [
    pytest.mark.real_start,
    pytest.mark.skipif(
        shutil.which("strace") is None, reason="strace, which sees every socket, is not installed"
    ),
]


def ways_out(folder: Path, *command: object) -> list[str]:
    """Run a command under strace; return the calls of any process that lead out of the machine."""
    log = folder / "strace"
    log.mkdir()
    strace = ["strace", "-ff", "-qq", "-e", f"trace={CALLS}", "-o", str(log / "of")]
    done = subprocess.run(
        [*strace, *map(str, command)], capture_output=True, check=False, timeout=300
    )
    assert done.returncode in {0, 3, 7}, done.stderr[-500:]
    calls = [call for each in log.iterdir() for call in each.read_text().splitlines()]
    shutil.rmtree(log)
    out = [call for call in calls if re.search(r"AF_(?!UNIX|LOCAL)", call)]
    out = [call for call in out if not PROBE.search(call) and not REFUSED.search(call)]
    # The socket that the probe was given before it was refused a connection.
    return [call for call in out if not re.search(r"socket\(AF_INET, SOCK_STREAM", call)] + [
        call for call in calls if "connect" not in call and "sin_addr" in call
    ]


def test_the_instrument_sees_a_way_out(tmp_path: Path) -> None:
    datagram = (
        "import socket; made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"
        "made.sendto(b'', ('127.0.0.1', 9))"
    )
    server = (
        "import socket; made = socket.socket(); made.bind(('127.0.0.1', 0)); made.listen();"
        "socket.create_connection(made.getsockname())"
    )
    for code in (datagram, server):
        assert ways_out(tmp_path, sys.executable, "-c", code)


def test_no_verb_opens_a_way_out(tmp_path: Path) -> None:
    case, image = tmp_path / "case", DEMO / "demo.E01"
    heroes = Path(sys.executable).with_name("heroes")
    sets = ("--set", DEMO / "demo-notable.json", "--set", DEMO / "demo-known-good.txt")
    for arguments in (
        ("init", "--domain", "lab.example", "--no-passphrase"),
        ("inspect", image),
        ("scan", image, "--case", case, *sets),
        ("findings", case),
        ("match", case, *sets),
        ("report", case),
        ("timestamp", "request", case, "--output", tmp_path / "case.tsq"),
        ("verify", case, "--evidence", image, "--rebuild-report"),
        ("disclose", case, "F-1", "--field", "size", "--output", tmp_path / "f1", "--recipient",
         "x", "--organisation", "y", "--authority", "z", "--justification", "w"),
        ("export", case, "--format", "csv", "--out", tmp_path / "out", "--recipient", "x",
         "--organisation", "y", "--authority", "z", "--justification", "w"),
        ("case", "erase", case, "--all", "--justification", "w", "--authority", "z", "--rule",
         "r"),
    ):  # fmt: skip
        assert ways_out(tmp_path, heroes, *arguments) == []
