"""The commands that a reader copies from the page or from paper run, and find what was changed."""

import html as text_of_html
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from conftest import Tools
from custody_case import World
from pypdf import PdfReader

from heroes_forensics.reports.checking import SCRIPTED
from heroes_forensics.reports.messages import messages

Copied = Mapping[str, str]


def of_paper(file: Path, tool: Tools, *how: str) -> Copied:
    """Return what somebody copies who selects the lines in the box below a step's name."""
    command = [str(tool("pdftotext")), *how, str(file), "-"]
    text = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    headings = {messages("en").text(f"command.{name}"): name for name in sorted(SCRIPTED)}
    rows = json.loads(file.with_suffix(".json").read_text("utf-8"))["commands"]
    count = {row["purpose"]: len(row["lines"]) for row in rows if "linux" in row["systems"]}
    return {
        headings[line]: "\n".join(lines[at + 2 : at + 2 + count[headings[line]]])
        for at, line in enumerate(lines)
        if line in headings and lines[at + 1].startswith("Linux")
    }


def of_page(file: Path, tool: Tools) -> Copied:
    """Likewise of the page, where a line end may become a blank."""
    del tool
    page = file.with_suffix(".html").read_text("utf-8")
    pattern = r"<h3>([^<]+)</h3>\s*<p class=\"system\">Linux[^<]*</p>\s*<pre>([^<]+)</pre>"
    headings = {messages("en").text(f"command.{name}"): name for name in SCRIPTED}
    found = [(headings.get(title), text) for title, text in re.findall(pattern, page)]
    return {name: text_of_html.unescape(text).replace("\n", " ") for name, text in found if name}


WAYS: Mapping[str, Callable[[Path, Tools], Copied]] = {
    "paper as its text flows": of_paper,
    "paper in the order of the file": lambda file, tool: of_paper(file, tool, "-raw"),
    "paper as it looks": lambda file, tool: of_paper(file, tool, "-layout"),
    "the page": of_page,
}


def fails(bundle: Path, lines: str) -> bool:
    """Tell whether what was copied fails in the folder of a record."""
    done = subprocess.run(
        ["sh", "-c", lines], cwd=bundle, capture_output=True, check=False, timeout=60,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TMPDIR": str(bundle.parent)},
    )  # fmt: skip
    return done.returncode != 0


@pytest.fixture
def bundle(custody_world: World, tmp_path: Path, tool: Tools) -> Path:
    tool("openssl")
    assert (custody_world.bundle / "report/report.pdf").exists()
    return Path(shutil.copytree(custody_world.bundle, tmp_path / "bundle"))


def checkpoint(bundle: Path) -> str:
    """Return the name of the checkpoint that is printed on page 1."""
    size = json.loads((bundle / "report/report.json").read_text())["checkpoint"]["size"]
    return f"checkpoints/{size:08d}.txt"


def change(bundle: Path, name: str) -> None:
    """Change one character of a file: the digit of a size, or of a number of an event."""
    file = bundle / (checkpoint(bundle) if name == "checkpoint" else name)
    data = file.read_bytes()
    at = next(re.finditer(rb'"seq":1\d|\n\d+\n|\n[0-9a-f]{2}', data)).end() - 2
    file.write_bytes(data[:at] + (b"7" if data[at : at + 1] != b"7" else b"8") + data[at + 1 :])


@pytest.mark.parametrize("way", WAYS)
def test_every_command_that_is_copied_runs_and_finds_what_was_changed(
    way: str, bundle: Path, tool: Tools
) -> None:
    copied = WAYS[way](bundle / "report/report.pdf", tool)
    assert {*copied} == SCRIPTED
    assert [name for name, lines in copied.items() if fails(bundle, lines)] == []
    for name, found in {
        "ledger.jsonl": {"files", "chain"},
        "MANIFEST.sha256": {"files", "signature"},
        "checkpoint": {"files", "checkpoint"},
    }.items():
        changed = Path(shutil.copytree(bundle, bundle.parent / "changed"))
        change(changed, name)
        assert {each for each, lines in copied.items() if fails(changed, lines)} >= found, name
        shutil.rmtree(changed)


def test_the_script_attached_is_that_of_the_record_and_holds_what_is_printed(
    bundle: Path, tool: Tools
) -> None:
    script = (bundle / "report/check.sh").read_text("utf-8")
    (attached,) = PdfReader(bundle / "report/report.pdf").attachments["check.sh"]
    assert attached == script.encode()
    copied = of_paper(bundle / "report/report.pdf", tool)
    lines = [each for each in script.splitlines() if each and not each.startswith("#")]
    assert lines == ["set -e", *"\n".join(copied.values()).splitlines()]
    assert not fails(bundle, "sh report/check.sh")
    for name in ("ledger.jsonl", "MANIFEST.sha256", "checkpoint"):
        changed = Path(shutil.copytree(bundle, bundle.parent / "changed"))
        change(changed, name)
        assert fails(changed, "sh report/check.sh"), name
        shutil.rmtree(changed)
