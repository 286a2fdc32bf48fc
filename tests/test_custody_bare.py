"""A record where this program is not: bare machines, other languages, other Pythons, no writing."""

import glob
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

import custody_bundle
import pytest
from conftest import Tools
from custody_case import World

HEROES: Final = Path(sys.executable).with_name("heroes")
OLDEST: Final = (3, 9)
"""The Python that the stand-alone file asks for."""
SIGNATURE: Final = (
    "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "keys/ledger.pem", "-rawin", "-in",
    "MANIFEST.sha256", "-sigfile", "MANIFEST.sha256.sig",
)  # fmt: skip
SUMS: Final = ("sha256sum", "--check", "--strict", "--quiet", "MANIFEST.sha256")
WRITES: Final = re.compile(
    r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|^(?:creat|rename|unlink|mkdir|rmdir|link|symlink"
    r"|truncate|ftruncate|chmod|fchmod|chown|mknod|utime|setxattr)"
)
CALLS: Final = (
    "open,openat,openat2,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,"
    "linkat,symlink,symlinkat,truncate,ftruncate,chmod,fchmod,fchmodat,chown,fchown,lchown,mknod,"
    "mknodat,utimensat,setxattr,fsetxattr"
)


@pytest.fixture
def record(custody_world: World, tmp_path: Path) -> Path:
    return Path(shutil.copytree(custody_world.bundle, tmp_path / "record"))


@pytest.fixture
def path(tool: Tools, tmp_path: Path) -> Path:
    """Return a search path that holds three programs and nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sha256sum", "openssl"):
        (folder / name).symlink_to(tool(name))
    (folder / "python3").symlink_to(Path(sys.executable).resolve())
    return folder


def judged(record: Path, path: Path, vkey: str, **environment: str) -> list[int]:
    """Return how the three programs of an auditor end, in an environment with nothing in it."""
    alone = ("python3", "-I", "-S", "verify_custody.py", ".", "--key", vkey)
    return [
        subprocess.run(
            [str(path / command[0]), *command[1:]],
            cwd=record, env={"PATH": str(path), **environment}, capture_output=True, check=False,
        ).returncode
        for command in (SUMS, SIGNATURE, alone)
    ]  # fmt: skip


def turkish(folder: Path, tool: Tools) -> dict[str, str]:
    """Make the locale in which I and i are no pair, and return the environment that names it."""
    made = folder / "locales"
    made.mkdir()
    if not Path("/usr/share/i18n/locales/tr_TR").exists():
        pytest.skip("the sources of locales are not installed")
    language = made / "tr_TR.UTF-8"
    subprocess.run(
        [tool("localedef"), "-i", "tr_TR", "-f", "UTF-8", str(language)],
        check=True, capture_output=True,
    )  # fmt: skip
    return {"LOCPATH": str(made), "LC_ALL": language.name, "LANG": language.name}


@pytest.mark.parametrize("language", ["", "C", "POSIX", "nowhere"])
def test_three_programs_are_enough(
    language: str, record: Path, path: Path, custody_world: World
) -> None:
    environment = {"LC_ALL": language} if language else {}
    assert judged(record, path, custody_world.vkey, **environment) == [0, 0, 0]


def test_a_turkish_machine_says_the_same(
    record: Path, path: Path, tool: Tools, tmp_path: Path, custody_world: World
) -> None:
    environment = turkish(tmp_path, tool)
    lowered = subprocess.run(
        [path / "python3", "-c", "import locale; print(locale.setlocale(locale.LC_ALL))"],
        env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert "tr_TR" in lowered.stdout  # else nothing is tried here
    assert judged(record, path, custody_world.vkey, **environment) == [0, 0, 0]
    (record / "keys" / "policy.json").write_bytes(b"{}")
    assert judged(record, path, custody_world.vkey, **environment) == [1, 0, 6]


def test_an_altered_record_fails_all_that_look(
    record: Path, path: Path, custody_world: World
) -> None:
    sealed = next(record.glob("runs/*/sealed.age"))
    sealed.write_bytes(sealed.read_bytes()[:-1] + b"x")
    assert judged(record, path, custody_world.vkey) == [1, 0, 6]
    manifest = record / "MANIFEST.sha256"
    manifest.write_bytes(manifest.read_bytes() + b"# more\n")
    assert judged(record, path, custody_world.vkey)[1] == 1


def test_it_verifies_after_zip_and_unzip(
    record: Path, path: Path, custody_world: World, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "record.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in custody_bundle.files(record):
            archive.write(record / name, name)
    with zipfile.ZipFile(tmp_path / "record.zip") as archive:
        archive.extractall(tmp_path / "unzipped")
    assert judged(tmp_path / "unzipped", path, custody_world.vkey) == [0, 0, 0]
    assert heroes(tmp_path / "unzipped", custody_world, tmp_path) == 0


def heroes(record: Path, world: World, folder: Path, *before: str) -> int:
    """Verify with the program, in a home that does not know the laboratory."""
    environment = {**os.environ, "HEROES_HOME": str(folder / "nobody")}
    command = [*before, str(HEROES), "verify", str(record), "--key", world.vkey]
    roots = ["--tsa-roots", str(world.roots)] if world.roots else []
    return subprocess.run(
        [*command, *roots], env=environment, capture_output=True, check=False, timeout=120
    ).returncode


def test_it_verifies_where_nothing_can_be_written(
    record: Path, path: Path, tool: Tools, custody_world: World, tmp_path: Path
) -> None:
    """R13: on a read-only mount, as on a disc that was handed over."""
    within = (
        'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && cd "$1" || exit 99;'
        ' touch x 2>/dev/null && exit 98; shift; exec "$@"'
    )
    mounted = [tool("unshare"), "--mount", "sh", "-c", within, "sh", str(record)]
    if subprocess.run([*mounted, "true"], capture_output=True, check=False).returncode == 99:
        pytest.skip("this account may not mount")
    alone = ("python3", "-I", "-S", "verify_custody.py", ".", "--key", custody_world.vkey)
    for command in (SUMS, SIGNATURE, alone):
        done = subprocess.run(
            [*mounted, str(path / command[0]), *command[1:]], capture_output=True, check=False
        )
        assert done.returncode == 0, (command, done.stderr[-300:])
    assert heroes(record, custody_world, tmp_path, *mounted) == 0


def pythons() -> list[str]:
    """Return the Pythons of this machine that the stand-alone file may meet, our own included."""
    places = [*os.get_exec_path(), *glob.glob(str(Path("~/.pyenv/versions/*/bin").expanduser()))]  # noqa: PTH207 - below several folders
    found = {Path(place, f"python3.{minor}") for place in places for minor in range(9, 16)}
    said = "import sys; print(*sys.version_info[:2])"
    fitting = {}
    for each in sorted(found):
        if each.exists():
            done = subprocess.run([each, "-I", "-c", said], capture_output=True, check=False)
            version = tuple(map(int, done.stdout.split()))
            if done.returncode == 0 and version >= OLDEST:
                fitting[version] = str(each)
    return [*fitting.values(), sys.executable]


def test_every_python_of_this_machine_says_the_same(record: Path, custody_world: World) -> None:
    def answers() -> set[tuple[int, bytes]]:
        command = ["-I", "-S", "verify_custody.py", ".", "--key", custody_world.vkey, "--json"]
        runs = [
            subprocess.run([each, *command], cwd=record, env={}, capture_output=True, check=False)
            for each in pythons()
        ]
        return {(done.returncode, done.stdout) for done in runs}

    ((code, _),) = answers()
    assert code == 0
    ledger = record / "ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes().replace(b'"Court"', b'"Kourt"') + b"[" * 200_000 + b"\n")
    ((code, _),) = answers()
    assert code == 6


def written(log: Path) -> list[str]:
    lines = [line for each in log.iterdir() for line in each.read_text().splitlines()]
    return [line for line in lines if WRITES.search(line) and '"/dev/null"' not in line]


def test_verifying_opens_nothing_to_write(
    record: Path, tool: Tools, custody_world: World, tmp_path: Path
) -> None:
    """R13, as the kernel sees it: of the program, of all its processes, and of the one file."""
    sheet, log = tmp_path / "sheet", tmp_path / "strace"
    strace = [tool("strace"), "-ff", "-qq", "-e", f"trace={CALLS}", "-o", str(log / "of")]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "HEROES_HOME": str(sheet)}
    whole = [str(HEROES), "verify", str(custody_world.case), "--environment", "--rebuild-report"]
    commands: tuple[list[str], ...] = (
        whole,
        [str(HEROES), "verify", str(record), "--disclosure", str(custody_world.disclosed)],
        [sys.executable, "-I", "-S", str(record / "verify_custody.py"), str(record)],
    )
    for command in commands:
        log.mkdir()
        done = subprocess.run(
            [*strace, *command], env=environment, capture_output=True, check=False
        )
        assert done.returncode == 7, done.stdout
        assert any("ledger.jsonl" in each.read_text() for each in log.iterdir())
        assert written(log) == []
        shutil.rmtree(log)
    assert not sheet.exists()
    log.mkdir()  # the instrument sees what is written
    writing = [sys.executable, "-c", f"open({str(tmp_path / 'x')!r}, 'w')"]
    subprocess.run([*strace, *writing], check=True)
    assert written(log)
