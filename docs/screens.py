"""Take the pictures of docs/screens anew, of a report of the demonstration case.

``python docs/screens.py``; it needs chromium, and pdftoppm for the one on paper. The evidence of
the demonstration is generated; its report holds no name and shows no content, as any other.
"""
# ruff: noqa: INP001 # a script, not a package

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests")]

import browser  # noqa: E402 # the path is made above

TARGET: Final = ROOT / "docs/screens"
COLOURS: Final = 200
"""Of a page of black text, a few tones and their edges: enough to look the same."""
MOST: Final = 300_000
"""Bytes of a picture."""

LABORATORY: Final = """\
report:
  name: Example Forensic Laboratory, Unit 4
  address: Example Street 4, 12345 Example
  accreditation: D-PL-00000, Example Accreditation Body
  scope: "Digital forensics: data carriers"
  method_in_scope: yes
  procedure: SOP 14, edition 3
"""

ONLY: Final = """
(names => {
  let keep = false;
  for (const e of [...document.querySelector('main').children]) {
    if (e.matches('header, h2')) keep = names.includes(e.id || 'front');
    if (!keep && !e.matches('svg')) e.remove();
  }
})
"""
"""Leaves nothing but some sections."""


def main() -> int:
    """Make the case and take the pictures."""
    with tempfile.TemporaryDirectory(prefix="heroes-screens-") as folder:
        case = _case(Path(folder))
        with browser.browser() as running:
            tab = running.tab()
            page = case / "custody/report/report.html"
            tab.open(page)
            tab.size(1000, 1330)
            _write("report.png", tab.picture())
            tab.value(f"{ONLY}(['findings'])")
            tab.value("document.querySelector('main').style.marginTop = '-4rem'; 0")
            tab.size(1000, 860)
            _write("charts.png", tab.picture())
            tab.open(case / "custody/report/summary.html")
            tab.size(390, 844, phone=True, scale=1.5)
            tab.media(prefers_reduced_motion="reduce")
            tab.value("document.querySelector('#result').scrollIntoView()")
            _write("telephone.png", tab.picture())
        paper = case / "custody/report/report.pdf"
        if paper.exists():
            command = ["pdftoppm", "-r", "85", "-f", "1", "-l", "1", "-png", str(paper)]
            _write("paper.png", subprocess.run(command, check=True, capture_output=True).stdout)  # noqa: S603 # our own file
    return 0


def _case(folder: Path) -> Path:
    """Return a scanned case of a laboratory, with a report and a summary in German."""
    home, case, data = folder / "home", folder / "case", ROOT / "heroes_forensics/demo/data"
    _heroes(home, "init", "--domain", "lab.example.org", "--no-passphrase")
    settings = home / "laboratory.yaml"
    settings.write_text(LABORATORY)
    settings.chmod(0o600)
    scan = ["--set", data / "demo-notable.json", "--examiner", "ex-031", "--reference", "2024/117"]
    keys = folder / "keys.yaml"
    keys.write_bytes((data / "demo-keys.yaml").read_bytes())
    keys.chmod(0o600)
    sources = [data / name for name in ("demo.E01", "demo-card.E01", "demo-backup.ab")]
    found = ["--exhibit", "E-1", "--carve", "--key-file", keys]
    _heroes(home, "scan", *sources, "--case", case, "--quiet", *found, *scan)
    _heroes(home, "report", case, "--level", "summary", "--language", "de")
    return case


def _heroes(home: Path, *arguments: object) -> None:
    program = [sys.executable, "-c", "from heroes_forensics.cli import main; main()"]
    done = subprocess.run(  # noqa: S603 # ourselves
        [*program, *map(str, arguments)],
        check=False,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "HEROES_HOME": str(home)},
    )
    if done.returncode not in (0, 3):  # 3: the archive that nobody has a password of is a gap
        raise SystemExit(done.returncode)


def _write(name: str, data: bytes) -> None:
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    small = picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    TARGET.mkdir(exist_ok=True)
    small.save(TARGET / name, optimize=True)
    size = (TARGET / name).stat().st_size
    if size > MOST:
        raise SystemExit(f"{name} is larger than {MOST} bytes")


if __name__ == "__main__":
    sys.exit(main())
