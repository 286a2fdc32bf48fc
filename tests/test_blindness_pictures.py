"""No pixel of a picture leaves its decoder, and no byte of its file reaches the coordinator.

Pictures carry a row of shades that no other picture has, in cells of eight pixels, so that it
stands in their raw rows and in a thumbnail of a half, a quarter or an eighth. It is searched for
in every byte that a whole run leaves behind, and in the memory of the coordinator while it works
and after it. Each channel has a positive control: a deliberate leak that the same search finds.
"""

import base64
import io
import os
import pty
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from PIL import Image
from scans import folder
from test_blindness import left_behind

from heroes_forensics.media import pdq

SHADES: Final = np.random.default_rng(5518).integers(16, 240, 32, np.uint8)
CELL: Final = 8


def marked() -> Image.Image:
    """Return a picture with structure whose first rows are the cells of `SHADES`."""
    draw = np.random.default_rng(77)
    coarse = Image.fromarray(draw.integers(0, 256, (24, 32), np.uint8))
    values = np.asarray(coarse.resize((32 * CELL, 24 * CELL), Image.Resampling.BICUBIC)).copy()
    values[: 4 * CELL] = np.repeat(SHADES, CELL)[None, :]
    return Image.fromarray(values)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


PICTURE: Final = marked()
FILES: Final = {
    "a.png": encoded(PICTURE, "PNG"),
    "b.png": encoded(PICTURE.convert("RGB"), "PNG"),
    "c.png": encoded(PICTURE.convert("RGBA"), "PNG"),
    "d.bmp": encoded(PICTURE.convert("RGB"), "BMP"),
    "e.gif": encoded(PICTURE, "GIF"),
    "f.tif": encoded(PICTURE, "TIFF"),
    "g.jpg": encoded(PICTURE, "JPEG", quality=95),
    "h.webp": encoded(PICTURE.convert("RGB"), "WEBP", lossless=True),
}
"""BMP and TIFF hold the raw rows themselves: their content and their pixels are one."""


def marks() -> dict[str, bytes]:
    """Return the forms in which pixels and content could leave."""
    row = np.repeat(SHADES, CELL)
    found = {
        f"luma at 1/{step}": np.repeat(SHADES, CELL // step).tobytes()[: 4 * CELL]
        for step in (1, 2, 4, 8)
    }
    found["RGB"] = np.repeat(row, 3).tobytes()[: 24 * CELL]
    found["RGBA"] = np.stack([row, row, row, np.full_like(row, 255)], 1).tobytes()[: 32 * CELL]
    for name in ("float32", "float64", "int32", "uint16"):
        found[name] = row.astype(name).tobytes()[: 16 * CELL]
    thumbnail = SHADES.tobytes()
    found["hex"] = thumbnail.hex().encode()
    found["base64"] = base64.b64encode(thumbnail)[:-4]
    found["text"] = ", ".join(map(str, SHADES[:12].tolist())).encode()
    for name, data in FILES.items():
        middle = len(data) // 2
        found[f"content of {name}"] = data[middle : middle + 48]
    return found


MARKS: Final = marks()


def leaks(channels: dict[str, bytes]) -> dict[str, list[str]]:
    found = {
        channel: [mark for mark, form in MARKS.items() if form in data]
        for channel, data in channels.items()
    }
    return {channel: hits for channel, hits in found.items() if hits}


def memory(process: int) -> Iterator[bytes]:
    """Yield the readable memory of a process, region by region; what goes meanwhile is skipped."""
    with (
        Path(f"/proc/{process}/maps").open() as maps,
        Path(f"/proc/{process}/mem").open("rb", 0) as mem,
    ):
        for line in maps:
            span, access = line.split()[:2]
            start, end = (int(part, 16) for part in span.split("-"))
            if "r" not in access or line.endswith(("[vvar]\n", "[vsyscall]\n")):
                continue
            try:
                mem.seek(start)
                yield mem.read(end - start)
            except (OSError, ValueError, OverflowError):
                continue


def in_memory(process: int) -> set[str]:
    """Return the marks that stand in the memory of a process."""
    try:
        return {mark for data in memory(process) for mark, form in MARKS.items() if form in data}
    except PermissionError:
        pytest.skip("the memory of a process of our own may not be read here")


RUN: Final = """
import sys
from pathlib import Path
from heroes_forensics.pipelines.request import ScanRequest
from heroes_forensics.pipelines.scan import scan
from heroes_forensics.pipelines.watch import Watch
case, evidence, listed, profile = sys.argv[1:]
request = ScanRequest(
    case_dir=Path(case), sources=(Path(evidence),), sets=(listed,),
    set_options={{"kind": "notable"}}, profile=profile,
)
{watch}
scan(request, Told())
{after}
print("done", flush=True)
sys.stdin.readline()
"""
WATCH: Final = """
class Told:
    def progress(self, progress): print(progress, flush=True)
    def finding(self, finding): print(finding, flush=True)
    def note(self, text): print(text, flush=True)
"""
LEAK: Final = """
import io
from PIL import Image
data = (Path(sys.argv[2]) / "a.png").read_bytes()
rows = Image.open(io.BytesIO(data)).tobytes()
del data
"""
LEAKS: Final = {
    "terminal": "sys.stdout.write(rows[:256:8].hex()); del rows",
    "case": "(Path(sys.argv[1]) / 'custody/report/thumb').write_bytes(rows); del rows",
    "tmp": "import tempfile; open(tempfile.mkstemp()[1], 'wb').write(rows); del rows",
    "memory": "kept = rows",
}


def run(tmp_path: Path, profile: str, leak: str = "") -> dict[str, bytes | set[str]]:
    """Scan the marked pictures in a process of its own; return what each channel shows."""
    evidence = folder(tmp_path / "evidence", FILES)
    values, quality = pdq.hashes(np.asarray(PICTURE))
    listed = tmp_path / "list.csv"
    listed.write_text(f"id,pdq,quality,category\n1,{values[0].tobytes().hex()},{quality},1\n")
    (tmp_path / "tmp").mkdir()
    home = tmp_path / "heroes-home"
    environment = {**os.environ, "HEROES_HOME": str(home), "TMPDIR": str(tmp_path / "tmp")}
    script = RUN.format(watch=WATCH, after=LEAK + LEAKS[leak] if leak else "")
    arguments = [sys.executable, "-c", script, str(tmp_path / "case"), str(evidence), str(listed)]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*arguments, profile], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    os.set_blocking(ours, False)
    shown, held = b"", set[str]()
    try:
        end = time.monotonic() + 240
        while b"done\r\n" not in shown and process.poll() is None and time.monotonic() < end:
            held |= in_memory(process.pid)
            try:
                shown += os.read(ours, 1 << 20)
            except BlockingIOError:
                time.sleep(0.05)
            except OSError:
                break
        held |= in_memory(process.pid)
        os.write(ours, b"\n")
        assert process.wait(60) == 0, shown.decode(errors="replace")
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    left = leaks(left_behind(tmp_path / "case", home, tmp_path / "tmp"))
    case = {name for name in left if name.startswith("case/")}
    return {
        "terminal": set(leaks({"terminal": shown}).get("terminal", ())),
        "case": {mark for name in case for mark in left[name]},
        "tmp": {mark for name in set(left) - case for mark in left[name]},
        "memory": held,
        "shown": shown,
    }


@pytest.mark.parametrize("profile", ["standard", pytest.param("deep", marks=pytest.mark.slow)])
def test_no_pixel_and_no_content_of_a_picture_leaves_its_decoder(
    tmp_path: Path, profile: str
) -> None:
    found = run(tmp_path, profile)
    shown = found.pop("shown")
    assert b"candidate-a" in shown  # they were decoded, and compared
    assert found == {channel: set() for channel in LEAKS}


@pytest.mark.parametrize("channel", LEAKS)
def test_control_a_leak_is_found_in_its_channel(tmp_path: Path, channel: str) -> None:
    found = run(tmp_path, "standard", channel)
    assert found[channel]
