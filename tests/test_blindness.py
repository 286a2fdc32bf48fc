"""No name and no content of evidence leaves a run, through any channel.

Marked names and marked content bytes are searched for, in many encodings, in every byte that a
whole run leaves behind: terminal, streams, case, bundle, home, temporary files. Each channel has
a positive control: a deliberate leak through it that the same search must find.
"""

import base64
import io
import json
import os
import pty
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream
from scans import DEMO, KNOWN_GOOD, NOTABLE, Noted, folder, scanned

from heroes_forensics import cli
from heroes_forensics import demo as bundled
from heroes_forensics.custody.seal import NameSealer
from heroes_forensics.errors import CustodyError
from heroes_forensics.pipelines.case import telling
from heroes_forensics.pipelines.report.report_model import Builder

MARK = "zqx-Merkwort-7731"
"""Stands in every file name of the generated evidence."""

CONTENT = b"\x00qzX/\xffMARKED-CONTENT-5518/\x00\xfe"
HEROES = str(Path(sys.executable).with_name("heroes"))


def encodings(name: str) -> Iterator[bytes]:
    """Yield the forms in which a name could leave."""
    yield name.encode()
    yield name.encode("utf-16-le")
    yield name.encode("utf-16-be")
    yield name.encode().hex().encode()
    yield name.encode().hex().upper().encode()
    yield name.lower().encode()
    yield name[::-1].encode()
    for shift in range(3):  # base64 depends on the position within three bytes
        text = base64.b64encode(b"\0" * shift + name.encode())
        yield text[(4, 4, 4)[shift] if shift else 0 : -4]


def marks() -> dict[str, bytes]:
    found = {f"name {n}": form for n, form in enumerate(encodings(MARK))}
    for word in ("IMG_2041", "IMG_2042", "anna"):  # of the bundled image
        found |= {f"{word} {n}": form for n, form in enumerate(encodings(word)) if len(form) > 6}
    found["content"] = CONTENT
    found["content hex"] = CONTENT.hex().encode()
    found["content base64"] = base64.b64encode(CONTENT)[:-4]
    return found


MARKS = marks()


def leaks(channels: dict[str, bytes]) -> dict[str, list[str]]:
    """Return which marks stand in which channel."""
    found = {
        channel: [mark for mark, form in MARKS.items() if form in data]
        for channel, data in channels.items()
    }
    return {channel: hits for channel, hits in found.items() if hits}


def left_behind(*roots: Path) -> dict[str, bytes]:
    """Return every file below the roots; their own names count as bytes too."""
    found: dict[str, bytes] = {}
    for root in roots:
        for path in sorted(root.rglob("*")):
            label = f"{root.name}/{path.relative_to(root)}"
            found[label] = path.name.encode() + b"\n"
            if path.is_file():
                found[label] += path.read_bytes()
    return found


def film(*, is_whole: bool) -> bytes:
    """Return a film whose pixels are marked bytes, under a marked title; or a damaged one."""
    pixels = np.frombuffer((CONTENT * 1100)[: 96 * 96 * 3], np.uint8).reshape(96, 96, 3)
    target = io.BytesIO()
    with av.open(target, "w", format="avi") as out:
        out.metadata["title"] = MARK
        stream = out.add_stream("rawvideo", rate=2)
        assert isinstance(stream, VideoStream)
        stream.width = stream.height = 96
        stream.pix_fmt = "bgr24"
        for turn in range(4):
            turned = np.ascontiguousarray(np.roll(pixels, 24 * turn, axis=0))
            out.mux(stream.encode(av.VideoFrame.from_ndarray(turned, format="bgr24")))
        out.mux(stream.encode(None))
    data = target.getvalue()
    assert CONTENT in data
    assert MARK.encode() in data
    return data if is_whole else data[: len(data) // 2] + CONTENT * 1000


@pytest.fixture
def evidence(tmp_path: Path) -> list[Path]:
    """Make a folder, a zip and a tar full of marks, beside the bundled image."""
    files = {
        f"Users/{MARK}/{MARK}.jpg": b"\xff\xd8\xff\xe0" + CONTENT * 40,
        f"{MARK} 2.txt": CONTENT,
        f"deep/{MARK}/x/{MARK}": b"\x89PNG\r\n\x1a\n" + CONTENT * 5000,
        f"films/{MARK}.avi": film(is_whole=True),
        f"films/{MARK} 2.avi": film(is_whole=False),
    }
    tree = folder(tmp_path / "evidence", files)
    (tree / "locked").mkdir()
    (tree / "locked" / MARK).write_bytes(CONTENT)
    with zipfile.ZipFile(tmp_path / "dump.zip", "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)
        packed.writestr(f"broken-{MARK}", CONTENT)
    data = (tmp_path / "dump.zip").read_bytes()
    place = data.index(CONTENT, data.index(b"broken-"))
    spoiled = data[:place] + b"!" + data[place + 1 :]
    (tmp_path / "dump.zip").write_bytes(spoiled)  # a member whose checksum does not fit
    with tarfile.open(tmp_path / "dump.tar", "w") as packed_tar:
        packed_tar.add(tree, arcname=f"{MARK}-root")
    return [tree, tmp_path / "dump.zip", tmp_path / "dump.tar", DEMO]


def on_a_terminal(arguments: list[str], environment: dict[str, str]) -> tuple[int, bytes]:
    """Run a command on a terminal of its own; return its exit code and all it showed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        arguments, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, close_fds=True
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            data = os.read(ours, 65536)
        except OSError:
            break
        if not data:
            break
        shown += data
    os.close(ours)
    return process.wait(), shown


def test_a_whole_run_shows_and_keeps_no_name_and_no_content(
    evidence: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "tmp").mkdir()
    home = tmp_path / "heroes-home"
    environment = {
        **os.environ,
        "HEROES_HOME": str(home),
        "TMPDIR": str(tmp_path / "tmp"),
        "TERM": "xterm-256color",
        "COLUMNS": "200",
    }
    channels: dict[str, bytes] = {}
    case = tmp_path / "case"
    sets = ["--set", str(NOTABLE), "--set", str(KNOWN_GOOD)]
    for number, source in enumerate(evidence):
        code, shown = on_a_terminal(
            [HEROES, "scan", str(source), "--case", str(case), "--exhibit", f"EX-{number}", *sets],
            environment,
        )
        assert code in {0, 3}
        channels[f"terminal of scan {number}"] = shown
    verbs = [
        ["inventory", str(case), "--json"],
        ["inventory", str(case)],
        ["findings", str(case), "--json"],
        ["findings", str(case)],
        ["status", str(case)],
        ["status", str(case), "--json"],
        ["locate", str(case), "F-1"],
        ["report", str(case)],
        ["verify", str(case)],
        ["inspect", str(evidence[1])],
        ["inspect", str(evidence[3]), "--json"],
    ]
    for verb in verbs:
        for terminal in (True, False):
            label = f"{'terminal' if terminal else 'pipe'} of {' '.join(verb[:1])}"
            if terminal:
                channels[label] = on_a_terminal([HEROES, *verb], environment)[1]
            else:
                done = subprocess.run(
                    [HEROES, *verb], capture_output=True, check=False, env=environment
                )
                channels[label] = done.stdout + done.stderr
    channels |= left_behind(case, home, tmp_path / "tmp")
    assert any("case.db" in name for name in channels)
    assert any("report.html" in name for name in channels)
    assert leaks(channels) == {}


def test_errors_about_evidence_hold_no_name(tmp_path: Path) -> None:
    tree = folder(tmp_path / "evidence", {f"{MARK}/{MARK}": CONTENT})
    (tree / MARK).chmod(0)
    try:
        done = subprocess.run(
            [HEROES, "scan", str(tree), "--case", str(tmp_path / "case")],
            capture_output=True,
            check=False,
        )
    finally:
        (tree / MARK).chmod(0o700)
    assert done.returncode in {0, 3}
    assert leaks({"streams": done.stdout + done.stderr, **left_behind(tmp_path / "case")}) == {}


# ---- positive controls: each channel, with a deliberate leak through it --------------------


def test_control_the_terminal_and_the_pipe(evidence: list[Path], tmp_path: Path) -> None:
    case = tmp_path / "case"
    scanned(case, evidence[0], names="clear")
    verb = [HEROES, "inventory", str(case), "--json"]
    shown = on_a_terminal(verb, dict(os.environ))[1]
    piped = subprocess.run(verb, capture_output=True, check=True).stdout
    assert leaks({"terminal": shown, "pipe": piped}).keys() == {"terminal", "pipe"}


def test_control_the_database_and_the_table_of_items(evidence: list[Path], tmp_path: Path) -> None:
    case = tmp_path / "case"
    scanned(case, evidence[0], names="clear")
    found = leaks(left_behind(case))
    assert "case/custody/report/items.csv" in found
    assert {"case/case.db", "case/case.db-wal"} & found.keys()


def test_control_sealing_is_what_keeps_names_out_of_the_database(
    evidence: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsealed(
        sealer: NameSealer, rows: Sequence[tuple[int, bytes]], *, use: bytes = b""
    ) -> list[bytes]:
        del sealer, use
        return [name for _, name in rows]

    monkeypatch.setattr(NameSealer, "seal_many", unsealed)
    with pytest.raises(CustodyError):  # what was not sealed does not open at the end
        scanned(tmp_path / "case", evidence[3], sets=(str(NOTABLE),))
    assert {"case/case.db", "case/case.db-wal"} & leaks(left_behind(tmp_path / "case")).keys()


def test_control_the_ledger_the_report_and_the_summary(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    case = tmp_path / "case"
    marked = ["--reference", MARK, "--exhibit-field", f"description={MARK}"]
    cli.run(["scan", str(DEMO), "--case", str(case), *marked])
    captured = capsysbinary.readouterr()
    found = leaks({"stdout": captured.out, "stderr": captured.err, **left_behind(case)})
    for name in ("ledger.jsonl", "report/report.html", "report/report.json"):
        assert f"case/custody/{name}" in found


def test_control_events_and_progress(
    evidence: list[Path],
    tmp_path: Path,
    capsysbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = telling.Teller.findings

    def leaking(self: telling.Teller, found: object, state: str) -> None:
        real(self, found, state)  # type: ignore[arg-type]
        self._write([{"type": "leak", "name": MARK}])
        self.note(MARK)

    monkeypatch.setattr(telling.Teller, "findings", leaking)
    case = tmp_path / "case"
    cli.run(["scan", str(evidence[3]), "--case", str(case), "--set", str(NOTABLE)])
    found = leaks({"stderr": capsysbinary.readouterr().err, **left_behind(case)})
    assert {"stderr", "case/events.jsonl"} <= found.keys()


def test_control_the_findings_of_a_report(
    evidence: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Builder.report

    def leaking(self: Builder, **facts: object) -> object:
        from dataclasses import replace  # noqa: PLC0415 - one test

        return replace(whole(self, **facts), limitations=(MARK,))  # type: ignore[arg-type]

    monkeypatch.setattr(Builder, "report", leaking)
    case = tmp_path / "case"
    scanned(case, evidence[3], sets=(str(NOTABLE),), watch=Noted())
    found = leaks(left_behind(case))
    assert {"case/custody/report/report.json", "case/custody/report/report.html"} <= found.keys()


def test_control_content_in_a_temporary_file_and_a_file_name(tmp_path: Path) -> None:
    (tmp_path / "thumb").write_bytes(b"x" + CONTENT + b"y")
    (tmp_path / f"{MARK}.jpg").write_bytes(b"")
    assert len(leaks(left_behind(tmp_path))) == 2


def test_the_marks_are_in_the_evidence(evidence: list[Path]) -> None:
    assert leaks({"zip": evidence[1].read_bytes()})
    truth = json.loads(bundled.path(bundled.TRUTH).read_bytes())
    assert "IMG_2041" in json.dumps(truth)
