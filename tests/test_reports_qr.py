"""The code on page 1 of a page, as another program reads it."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from conftest import Tools
from PIL import Image
from report_example import EXAMPLES

from heroes_forensics.reports import html, qr


def read(svg: str, tool: Tools, folder: Path) -> bytes:
    """Draw the modules of a code as dots and have them read."""
    side = int(re.search(r'viewBox="0 0 (\d+) \1"', svg)[1])  # type: ignore[index]
    dots = np.full((side, side), 255, np.uint8)
    for x, y, wide in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", svg):
        dots[int(y), int(x) : int(x) + int(wide)] = 0
    Image.fromarray(dots).resize((side * 6, side * 6), Image.Resampling.NEAREST).save(
        folder / "code.png"
    )
    command = [tool("zbarimg"), "--raw", "-q", "-Sdisable", "-Sqrcode.enable", "code.png"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=True)
    return done.stdout.removesuffix(b"\n")


@pytest.mark.parametrize("data", [b"1", b"54:" + b"a" * 64, bytes(range(32, 127)) * 5])
def test_a_code_gives_back_what_it_was_made_of(data: bytes, tool: Tools, tmp_path: Path) -> None:
    assert read(qr.drawn(data), tool, tmp_path) == data


def test_the_page_holds_what_verify_takes_as_an_anchor(tool: Tools, tmp_path: Path) -> None:
    report, language = EXAMPLES["report"]
    assert report.checkpoint is not None
    page = html.render(report, language=language).decode()
    [svg] = re.findall(r"<svg [^>]*crispEdges.*?</svg>", page)
    said = read(svg, tool, tmp_path).decode()
    assert said == f"{report.checkpoint.size}:{report.checkpoint.root}", "SIZE:ROOT"
