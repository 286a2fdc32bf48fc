"""No pixel of a picture leaves its decoder, and no byte of its file reaches the coordinator.

Pictures carry a row of shades that no other picture has, in cells of eight pixels, so that it
stands in their raw rows and in a thumbnail of a half, a quarter or an eighth. It is searched for
in every byte that a whole run leaves behind, and in the memory of the coordinator while it works
and after it. Each channel has a positive control: a deliberate leak that the same search finds.

Pictures and a film also say with which device they were made. Without the option nothing of that
leaves the decoder; with it, values pass through the coordinator to be sealed, as names do, and
stand in no output, file or message.
"""

import base64
import io
import os
import pty
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import camera_files
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
    "i.jpg": encoded(PICTURE, "JPEG", quality=95, exif=camera_files.exif()),
    "j.webp": encoded(PICTURE.convert("RGB"), "WEBP", exif=camera_files.exif()),
    "k.mp4": camera_files.film(
        "mp4",
        **{"com.apple.quicktime.make": camera_files.MAKE, "creation_time": "2017-05-06T07:08:09Z"},
    ),
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


def marks_of_devices() -> dict[str, bytes]:
    """Return the forms in which what a picture says of its device could leave."""
    found = {}
    texts = {
        "make": camera_files.MAKE,
        "model": camera_files.MODEL,
        "serial": camera_files.SERIAL,
        "lens": camera_files.LENS,
        "software": camera_files.SOFTWARE,
        "date as written": "2019:07:01 12:30:05",
        "date in words": "2019-07-01T12:30:05",
        "date of a film": "2017-05-06T07:08:09",
    }
    for name, text in texts.items():
        found[name] = text.encode()
        found[f"{name} in UTF-16"] = text.encode("utf-16-le")
        found[f"{name} in hex"] = text.encode().hex().encode()
        found[f"{name} in base64"] = base64.b64encode(text.encode())[: len(text) // 3 * 4]
    found["latitude as written"] = struct.pack("<6I", 48, 1, 12, 1, 121, 4)
    return found


DEVICES: Final = marks_of_devices()


def leaks(channels: dict[str, bytes], forms: dict[str, bytes] = MARKS) -> dict[str, list[str]]:
    found = {
        channel: [mark for mark, form in forms.items() if form in data]
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


def in_memory(process: int, forms: dict[str, bytes]) -> set[str]:
    """Return the marks that stand in the memory of a process."""
    try:
        return {mark for data in memory(process) for mark, form in forms.items() if form in data}
    except PermissionError:
        pytest.skip("the memory of a process of our own may not be read here")


RUN: Final = """
import sys
from pathlib import Path
from heroes_forensics.pipelines.runs.request import ScanRequest
from heroes_forensics.pipelines.runs.scan import scan
from heroes_forensics.pipelines.case.watch import Watch
case, evidence, listed, profile, metadata = sys.argv[1:]
request = ScanRequest(
    case_dir=Path(case), sources=(Path(evidence),), sets=(listed,),
    set_options={{"kind": "notable"}}, profile=profile, media_metadata=bool(metadata),
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


LEAK_OF_A_DEVICE: Final = """
data = (Path(sys.argv[2]) / "i.jpg").read_bytes()
at = data.index(b"SN-9")
rows = data[at : at + 14]
del data
"""
LEAKS_OF_A_DEVICE: Final = {
    **LEAKS,
    "terminal": "sys.stdout.write(rows.decode()); del rows",
}


def run(
    tmp_path: Path,
    profile: str,
    after: str = "",
    *,
    forms: dict[str, bytes] = MARKS,
    metadata: bool = False,
) -> dict[str, bytes | set[str]]:
    """Scan the marked pictures in a process of its own; return what each channel shows."""
    evidence = folder(tmp_path / "evidence", FILES)
    values, quality = pdq.hashes(np.asarray(PICTURE))
    listed = tmp_path / "list.csv"
    listed.write_text(f"id,pdq,quality,category\n1,{values[0].tobytes().hex()},{quality},1\n")
    (tmp_path / "tmp").mkdir()
    home = tmp_path / "heroes-home"
    environment = {**os.environ, "HEROES_HOME": str(home), "TMPDIR": str(tmp_path / "tmp")}
    script = RUN.format(watch=WATCH, after=after)
    arguments = [sys.executable, "-c", script, str(tmp_path / "case"), str(evidence), str(listed)]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*arguments, profile, "yes" if metadata else ""],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
    )
    os.close(theirs)
    os.set_blocking(ours, False)
    shown, held = b"", set[str]()
    try:
        end = time.monotonic() + 240
        while b"done\r\n" not in shown and process.poll() is None and time.monotonic() < end:
            held |= in_memory(process.pid, forms)
            try:
                shown += os.read(ours, 1 << 20)
            except BlockingIOError:
                time.sleep(0.05)
            except OSError:
                break
        held |= in_memory(process.pid, forms)
        os.write(ours, b"\n")
        assert process.wait(60) == 0, shown.decode(errors="replace")
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    left = leaks(left_behind(tmp_path / "case", home, tmp_path / "tmp"), forms)
    case = {name for name in left if name.startswith("case/")}
    return {
        "terminal": set(leaks({"terminal": shown}, forms).get("terminal", ())),
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
    found = run(tmp_path, "standard", LEAK + LEAKS[channel])
    assert found[channel]


def test_nothing_of_a_device_leaves_a_decoder_unasked(tmp_path: Path) -> None:
    found = run(tmp_path, "standard", forms=DEVICES)
    shown = found.pop("shown")
    assert b"candidate-a" in shown
    assert found == {channel: set() for channel in LEAKS}


def test_what_was_asked_of_devices_stands_in_no_output_and_no_file(tmp_path: Path) -> None:
    found = run(tmp_path, "standard", forms=DEVICES, metadata=True)
    shown, held = found.pop("shown"), found.pop("memory")
    assert isinstance(held, set)
    assert b"candidate-a" in shown
    report = (tmp_path / "case/custody/report/report.json").read_bytes()
    assert b'"by_serial"' in report  # it was asked, and a device found
    assert found == {channel: set() for channel in LEAKS if channel != "memory"}
    # It passes through the coordinator to be sealed, as names do; a position does not.
    assert not [mark for mark in held if "latitude" in mark]


@pytest.mark.parametrize("channel", LEAKS_OF_A_DEVICE)
def test_control_a_leak_of_a_device_is_found_in_its_channel(tmp_path: Path, channel: str) -> None:
    after = LEAK_OF_A_DEVICE + LEAKS_OF_A_DEVICE[channel]
    found = run(tmp_path, "standard", after, forms=DEVICES)
    assert found[channel]
