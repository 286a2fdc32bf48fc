"""The two lanes: what counts as bytes of them."""

import io
import struct
import zipfile
from pathlib import Path

from scans import folder, scanned

from heroes_forensics.parsers.containers.limits import Limits
from heroes_forensics.pipelines.checks import views
from heroes_forensics.store import lanes

STATED = 0xFFFF_0000


def stating(size: int) -> bytes:
    """Return a small archive that states a size of its member."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("member", b"text")
    data = bytearray(held.getvalue())
    struct.pack_into("<I", data, 22, size)
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, size)
    return bytes(data)


def test_a_size_that_a_container_only_states_does_not_rule_the_share(tmp_path: Path) -> None:
    archive, text = stating(STATED), bytes(range(256)) * 4000
    scanned(tmp_path / "case", folder(tmp_path / "files", {"a.zip": archive, "b": text}))
    (gap,) = (row["detail"] for row in views.gaps(tmp_path / "case") if "/m@" in str(row["where"]))
    assert isinstance(gap, dict)
    assert gap["size"] == STATED
    told = views.status(tmp_path / "case")["lanes"]
    assert isinstance(told, list)
    known = len(archive) + len(text)
    assert sum(lane["bytes_examined"] for lane in told) == known
    assert sum(lane["bytes"] for lane in told) == known + lanes.RATIO * len(archive)
    assert Limits().ratio == lanes.RATIO
