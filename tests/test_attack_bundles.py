"""Hostile records: whoever made one decides what is in it, not how long a verifier works on it.

Both verifiers run in processes with bounds on their memory and their processor time, far below what
they would need without bounds of their own. A process that meets one of them fails the test.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from custody_case import World
from custody_forging import Event, Forger
from hypothesis import given, settings
from hypothesis import strategies as st

from heroes_forensics.custody import bundle as bundles
from heroes_forensics.custody import chain, checks, manifest, notes, verify_custody

HEROES: Final = Path(sys.executable).with_name("heroes")
ALONE: Final = Path(verify_custody.__file__)
SECONDS: Final = 100
"""Of processor time, of each verifier."""
MOST_SAID: Final = 32 << 20
"""Characters: the one file lists as JSON all that it found."""
KIB_OF_PROGRAM: Final = 3 << 20
KIB_OF_FILE: Final = 1 << 20
"""Address space, which numpy and its threads take much of before they do anything."""


@pytest.fixture
def forger(custody_world: World, tmp_path: Path) -> Forger:
    root = Path(shutil.copytree(custody_world.bundle, tmp_path / "bundle"))
    return Forger(root, custody_world.signer, custody_world.people)


def within(kib: int, *command: object) -> "subprocess.CompletedProcess[str]":
    """Run a verifier within bounds; it ends by itself, and says what it found in few words."""
    script = f'ulimit -v {kib}; ulimit -t {SECONDS}; exec "$@"'
    environment = {**os.environ, "HEROES_HOME": "/nowhere", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        ["sh", "-c", script, "sh", *map(str, command)],
        capture_output=True, check=False, text=True, env=environment, timeout=600,
    )  # fmt: skip
    assert done.returncode in {0, 6, 7, 20}, (done.returncode, done.stderr[-600:])
    assert "Traceback" not in done.stderr
    assert "this is a bug" not in done.stderr
    assert len(done.stdout) < MOST_SAID
    return done


def both(path: Path, vkey: str, *options: object) -> tuple[set[str], set[str]]:
    """Return the codes of main and stand-alone verifier."""
    main = within(KIB_OF_PROGRAM, HEROES, "verify", path, "--json", "--key", vkey, *options)
    alone = within(KIB_OF_FILE, sys.executable, "-I", "-S", ALONE, path, "--json", "--key", vkey)
    assert (main.returncode == 20) == (alone.returncode == 20)
    if main.returncode == 20:
        return set(), set()
    rows = [json.loads(line) for line in main.stdout.splitlines()]
    codes = {row["code"] for row in rows if row["type"] == "problem"}
    return codes, {row["code"] for row in json.loads(alone.stdout)["problems"]}


# --- too much -----------------------------------------------------------------------------------


def appended(f: Forger, pieces: Iterator[bytes]) -> None:
    with (f.root / "ledger.jsonl").open("ab") as stream:
        stream.writelines(pieces)


def tiny_lines(f: Forger) -> None:
    appended(f, (b"0\n" * (1 << 20) for _ in range(4)))


def one_line_without_end(f: Forger) -> None:
    with (f.root / "ledger.jsonl").open("ab") as stream:
        stream.truncate(stream.tell() + (1 << 30))  # a hole


def events_of_units(f: Forger) -> None:
    line = f.lines[f.index("unit.completed")]
    appended(f, (line * 1000 for _ in range(10)))


def a_huge_number(f: Forger) -> None:
    appended(f, iter([b'{"v":' + b"9" * 1_000_000 + b"}\n"]))


def deep(f: Forger) -> None:
    appended(f, (each * 500_000 + b"\n" for each in (b"[", b'{"a":')))


def filled(f: Forger, kind: str, body: Callable[[int], Event], size: int) -> None:
    """Add events of a type until they have so many bytes together, linked as they should be."""
    event = f.events[-1]
    previous, number = chain.line_sha256(f.lines[-1]), len(f.lines)
    lines, length = [], 0
    while length < size:
        event.update(seq=number, prev=previous, type=kind, body=body(number))
        lines.append(chain.canonical(event) + b"\n")
        previous, number = chain.line_sha256(lines[-1]), number + 1
        length += len(lines[-1])
    appended(f, iter(lines))


def authorities_and_work(f: Forger) -> None:
    """As many bases that cover nothing as pieces of work that ask each of them."""
    basis = f.events[f.index("authority.recorded")]["body"]
    filled(f, "authority.recorded", lambda _: {**basis, "valid_from": "2990-01-01"}, 1 << 20)
    opened = f.events[f.index("evidence.opened")]["body"]
    filled(f, "evidence.opened", lambda n: {**opened, "evidence": f"E-{n}/1"}, 1 << 20)


def many_items(f: Forger) -> None:
    """Transfers of so many exhibits that looking through them for each would never end."""
    body = f.events[f.index("custody.transferred")]["body"]
    names = [f"X-{n}/1" for n in range(60_000)]
    filled(f, "custody.transferred", lambda _: {**body, "evidence": names}, 2 << 20)


def many_keys(f: Forger) -> None:
    people = [
        str(notes.VerifierKey(f"lab.example/{n}", notes.COSIGNATURE, bytes(32)))
        for n in range(5000)
    ]
    f.forge(lambda events: events[0]["body"].update(witness_keys=people))


def many_reports(f: Forger) -> None:
    body = f.events[f.index("report.issued")]["body"]
    files = [{"name": f"{n}.html", "sha256": "5a" * 32} for n in range(9000)]
    filled(f, "report.issued", lambda _: {**body, "files": files}, 1 << 20)
    filled(f, "report.issued", lambda n: {**body, "report": f"R-{n}", "files": []}, 1 << 20)


def many_runs(f: Forger) -> None:
    body = f.events[f.index("run.started")]["body"]
    run = "00000000-0000-4000-8000-{:012d}"
    filled(f, "run.started", lambda n: {**body, "run": run.format(n)}, 1 << 19)
    (f.root / "sealed.age").write_bytes(bytes(16 << 20))  # not to be digested for each of them


def many_checkpoints(f: Forger) -> None:
    text = f.checkpoint(f.sizes[-1]).read_bytes()
    for number in range(300):
        (f.root / "checkpoints" / f"{number}-x.txt").write_bytes(text)


def empty_lines_in_a_manifest(f: Forger) -> None:
    path = f.root / "MANIFEST.sha256"
    with path.open("ab") as stream:
        stream.write(b"\n" * (60 << 20))
    (f.root / "MANIFEST.sha256.sig").write_bytes(f.signer.sign(path.read_bytes()))


def a_file_of_holes(f: Forger) -> None:
    with (f.root / "runs" / "hole").open("wb") as stream:
        stream.truncate(1 << 42)


def tokens_that_nest(f: Forger) -> None:
    folder = f.root / "timestamps"
    folder.mkdir(exist_ok=True)
    bombs = (
        b"\x30\x80" * 100_000,
        b"\x30\x84\xff\xff\xff\xff" * 30_000,
        b"\x30\x83\x03\xff\xfb" + bytes(200_000),
        bytes(1 << 24),
    )
    for size, bomb in zip(f.sizes, bombs, strict=False):
        (folder / f"{size:08d}.tsr").write_bytes(bomb)


FLOODS: Final[dict[str, tuple[Callable[[Forger], None], str]]] = {
    "lines of two bytes": (tiny_lines, "unsafe-input"),
    "a line without end": (one_line_without_end, "unsafe-input"),
    "10,000 events of units": (events_of_units, "chain-broken"),
    "a number of a million digits": (a_huge_number, "not-canonical"),
    "half a million levels": (deep, "unsafe-input"),
    "authorities times work": (authorities_and_work, "unauthorised-work"),
    "exhibits times exhibits": (many_items, "custody-gap"),
    "keys": (many_keys, "bad-genesis"),
    "reports times files": (many_reports, "unsigned-tail"),
    "runs times files": (many_runs, "run-incomplete"),
    "checkpoints": (many_checkpoints, "extra-file"),
    "a manifest of empty lines": (empty_lines_in_a_manifest, "unsafe-input"),
    "four terabytes of holes": (a_file_of_holes, "unsafe-input"),
    "tokens that nest": (tokens_that_nest, "extra-file"),
}


@pytest.mark.parametrize(("flood", "code"), FLOODS.values(), ids=FLOODS)
def test_a_flood_ends(
    flood: Callable[[Forger], None], code: str, forger: Forger, custody_world: World
) -> None:
    flood(forger)
    main, alone = both(forger.root, custody_world.vkey)
    assert code in main & alone, (main, alone)
    tokens = {"timestamp-bad", "timestamp-unchecked"}
    if flood is tokens_that_nest:  # of which the one file reads none
        assert main >= {"timestamp-bad", "unsafe-input"}
        tokens |= {"unsafe-input"}
    assert main - tokens == alone - tokens


def test_more_files_than_a_bundle_has_are_not_looked_at(
    forger: Forger, custody_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundles, "MAX_FILES", 50)
    monkeypatch.setattr(verify_custody, "MAX_FILES", 50)
    monkeypatch.setattr(manifest, "MAX_FILES", 50)
    seen: list[Any] = []
    for number in range(40):
        (forger.root / "runs" / f"{number}").mkdir()
        found = checks.verify_bundle(forger.root, trust=[custody_world.vkey])
        verifier = verify_custody.Verifier(str(forger.root), [custody_world.vkey], [])
        verifier.run()
        codes = {row["code"] for row in verifier.problems}
        assert codes | {"timestamp-unchecked"} == found.codes | {"timestamp-unchecked"}
        seen.append(codes)
    assert [set(), {"unsafe-input"}] == [
        each for n, each in enumerate(seen) if each not in seen[:n]
    ]


@pytest.mark.slow
def test_a_million_files_are_not_looked_at(forger: Forger, custody_world: World) -> None:
    for number in range(1_000_000):
        (forger.root / f"{number}").touch()
    assert both(forger.root, custody_world.vkey) == ({"unsafe-input"}, {"unsafe-input"})


# --- things that are no files ---------------------------------------------------------------------

NAMES: Final = (
    *("lock", "case.db", "custody/ledger.jsonl", "custody/MANIFEST.sha256"),
    *("custody/MANIFEST.sha256.sig", "custody/report/report.html", "custody/report/report.json"),
    *("custody/keys/ledger.pem", "custody"),
)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def socket(path: Path) -> None:
    os.mknod(path, 0o140600)


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        *((pipe, name) for name in NAMES),
        *((thing, NAMES[2]) for thing in (loop, endless, socket)),
    ],
)
def test_what_is_no_file_is_not_waited_for(
    thing: Callable[[Path], None], name: str, custody_world: World, tmp_path: Path
) -> None:
    case = Path(shutil.copytree(custody_world.case, tmp_path / "case"))
    path = case / name
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    thing(path)
    options = ("--rebuild-report", "--disclosure", custody_world.disclosed)
    done = within(KIB_OF_PROGRAM, HEROES, "verify", case, "--key", custody_world.vkey, *options)
    assert done.returncode in ({0} if name in {"lock", "case.db"} else {6, 20})


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/proc/self/mem", "/dev/tty"])
def test_a_device_is_no_record(path: str) -> None:
    for kib, command in (
        (KIB_OF_PROGRAM, (HEROES, "verify", path)),
        (KIB_OF_FILE, (sys.executable, "-I", "-S", ALONE, path)),
    ):
        assert within(kib, *command).returncode == 20


# --- a single byte --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def spoiled(custody_world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(custody_world.bundle, tmp_path_factory.mktemp("flip") / "bundle"))


def flipped(bundle: Path, vkey: str, data: st.DataObject) -> None:
    listed = manifest.parse((bundle / "MANIFEST.sha256").read_bytes()).files
    names = sorted([*(name for name, _ in listed), "MANIFEST.sha256", "MANIFEST.sha256.sig"])
    path = bundle / data.draw(st.sampled_from(names))
    good = path.read_bytes()
    bad = bytearray(good or b"\0")  # a file without a byte gets one
    bad[data.draw(st.integers(0, len(bad) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(bad)
    try:
        assert checks.verify_bundle(bundle, trust=[vkey]).exit_code == 6
        verifier = verify_custody.Verifier(str(bundle), [vkey], [])
        verifier.run()
        assert "broken" in {row["class"] for row in verifier.problems}
    finally:
        path.write_bytes(good)


@given(st.data())
def test_no_byte_of_a_listed_file_can_change(
    spoiled: Path, custody_world: World, data: st.DataObject
) -> None:
    flipped(spoiled, custody_world.vkey, data)


@pytest.mark.slow
@settings(max_examples=3000, deadline=None)
@given(st.data())
def test_no_byte_of_a_listed_file_can_change_in_thousands(
    spoiled: Path, custody_world: World, data: st.DataObject
) -> None:
    flipped(spoiled, custody_world.vkey, data)
