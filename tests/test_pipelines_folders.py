"""Where a case may lie, and the room that is kept free in it."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from scans import folder, scanned

from heroes_forensics.errors import StoppedError, UsageError
from heroes_forensics.pipelines.case import folders

# As /proc/self/mountinfo shows them; the fields are described in proc(5).
MOUNTS = """\
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
40 27 0:52 / /srv/share rw,relatime shared:30 - nfs4 filer:/export rw,vers=4.2,addr=10.0.0.1
41 27 0:53 / /srv/win\\040dows rw,relatime - cifs //filer/share rw
42 40 8:17 / /srv/share/local rw,relatime - xfs /dev/sdb1 rw
43 27 0:54 / /home/ex/mnt rw,nosuid - fuse.sshfs ex@filer: rw,user_id=1000
44 27 0:55 / /mnt/c rw,noatime - 9p drvfs rw,aname=drvfs
45 27 8:33 / /over rw - ext4 /dev/sdc1 rw
46 27 0:56 / /over rw - nfs filer:/second rw
"""
PLACES = {
    "/srv/share/case": "nfs4",
    "/srv/share": "nfs4",
    "/srv/shared/case": "ext4",
    "/srv/win dows/new/case": "cifs",
    "/srv/share/local/case": "xfs",
    "/home/ex/mnt/case": "fuse.sshfs",
    "/mnt/c/case": "9p",
    "/over/case": "nfs",
    "/case": "ext4",
}


@pytest.fixture
def mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mountinfo"
    path.write_text(MOUNTS)
    monkeypatch.setattr(folders, "_MOUNTS", path)
    return path


@pytest.mark.usefixtures("mounts")
@pytest.mark.parametrize("place", PLACES)
def test_the_file_system_of_a_folder_is_that_of_the_mount_it_lies_in(place: str) -> None:
    assert folders.file_system(Path(place)) == PLACES[place]


def test_this_very_file_system_is_known(tmp_path: Path, tool: Callable[[str], str]) -> None:
    shown = subprocess.run(
        [tool("findmnt"), "-n", "-o", "FSTYPE", "-T", str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    # Several rows where something is mounted over itself: the last one is what is there.
    assert folders.file_system(tmp_path / "case") == shown.stdout.split()[-1]


def test_a_case_on_another_machine_is_refused_with_advice(tmp_path: Path, mounts: Path) -> None:
    mounts.write_text(MOUNTS + f"50 27 0:60 / {tmp_path} rw - nfs4 filer:/cases rw\n")
    evidence = folder(tmp_path / "evidence", {"a": b"a"})
    with pytest.raises(UsageError, match=r"network file system \(nfs4\)") as caught:
        scanned(tmp_path / "case", evidence)
    assert "local disk" in caught.value.hint
    assert not (tmp_path / "case").exists()


def test_room_is_kept_while_a_run_works_and_given_back(tmp_path: Path) -> None:
    with folders.reserved(tmp_path):
        path = tmp_path / folders.RESERVE
        assert path.stat().st_blocks * 512 >= folders.RESERVE_BYTES
        assert path.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == []


def test_no_run_is_begun_where_no_room_can_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        del arguments
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "posix_fallocate", full)
    evidence = folder(tmp_path / "evidence", {"a": b"a"})
    with pytest.raises(StoppedError, match="64 MiB"):
        scanned(tmp_path / "case", evidence)
    assert not (tmp_path / "case" / folders.RESERVE).exists()
