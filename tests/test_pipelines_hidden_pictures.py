"""Pictures that go to a decoder and to an expander: with hardly any credit, killed, resumed, found.

Each picture here takes credit for both ways, and what an expander finds behind its end asks for
credit for decoders again. Nothing may wait for ever, and nothing of it may show in the result.
"""

import hashlib
import io
import os
import signal
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import killing
import pytest
from filesystem_images import any_reader, fat_image, run
from scans import folder, resumed, scanned
from test_pipelines_likeness import encoded, listing, picture
from test_pipelines_repeats import ended
from test_pipelines_resuming import killed_at

from heroes_forensics.frames import Control, Picture, Unit
from heroes_forensics.model import Entry
from heroes_forensics.parsers.filesystems.tsk import open_tsk
from heroes_forensics.pipelines.checks import views
from heroes_forensics.pipelines.workers import streams
from heroes_forensics.pipelines.workers.credits import Credits
from heroes_forensics.pipelines.workers.crews import Crew
from heroes_forensics.pipelines.workers.link import Link
from heroes_forensics.pipelines.workers.supervisor import Supervisor
from heroes_forensics.pipelines.workers.wire import Received

MIB: Final = 1 << 20
LEAST: Final = {"decode": 66 * MIB, "expand": 66 * MIB}
"""The least that one request of 64 MiB fits into; nobody has a share without asking."""
PICTURES: Final = 8
HIDDEN: Final = 21 * MIB
"""Three of them fill the credit of one use."""
PATIENCE: Final = 240


def padded(seed: int, size: int) -> bytes:
    """Return a JPEG of about ``size`` bytes: most of it is comments."""
    data = encoded(picture(seed, 96, 96), quality=60)
    comment = b"\xff\xfe\xff\xff" + bytes([seed]) * 65_533
    return data[:2] + comment * (size // len(comment)) + data[2:]


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = {
        f"{number}.jpg": encoded(picture(number + 100, 96, 96)) + padded(number, HIDDEN)
        for number in range(1, PICTURES + 1)
    }
    return folder(tmp_path_factory.mktemp("hidden") / "evidence", files)


@pytest.fixture(scope="module")
def whole(evidence: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a case of a scan that nothing disturbed, with credit as it is."""
    case = tmp_path_factory.mktemp("whole") / "case"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEROES_HOME", str(case.parent / "home"))
        scanned(case, evidence, workers=3)
    assert ended(case) == {(Picture.DONE, ""): 2 * PICTURES}
    return case


@contextmanager
def soon() -> Iterator[None]:
    """End what waits for ever."""

    def over(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def pinched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "Credits", partial(Credits, LEAST))


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> list[int]:
    """Kill one worker: when it is given a unit of a kind, or when it asks for credit for one."""
    kind, moment = request.param
    victims: list[int] = []

    def kill(link: Link, unit: Unit | None) -> None:
        if not victims and unit is not None and unit.kind == kind and link.unit is unit:
            victims.append(link.pid)
            os.kill(link.pid, signal.SIGKILL)

    give, answer = Link.give, Supervisor._answer  # noqa: SLF001 - to hear what it asks for

    def given(link: Link, unit: Unit, shares: Mapping[str, int], rights: Sequence[int]) -> None:
        give(link, unit, shares, rights)
        if moment == "given":
            kill(link, unit)

    def answered(self: Supervisor, crew: Crew, link: Link, received: Received) -> None:
        unit = link.unit
        answer(self, crew, link, received)
        if isinstance(received.frame, Control) and received.frame.kind == moment:
            kill(link, unit)

    monkeypatch.setattr(Link, "give", given)
    monkeypatch.setattr(Supervisor, "_answer", answered)
    return victims


def same(case: Path, whole: Path) -> bool:
    ours, theirs = killing.tables(case), killing.tables(whole)
    return all(ours[name] == theirs[name] for name in theirs if name != "ledger")


@pytest.mark.usefixtures("pinched")
@pytest.mark.parametrize("workers", [1, 3])
def test_with_hardly_any_credit_all_of_them_end(
    workers: int, evidence: Path, whole: Path, tmp_path: Path
) -> None:
    with soon():
        scanned(tmp_path / "case", evidence, workers=workers)
    assert same(tmp_path / "case", whole)


@pytest.mark.usefixtures("pinched")
@pytest.mark.parametrize(
    "killed", [("decode", "given"), ("expand", "want"), ("content", "want")], indirect=True
)
def test_a_worker_that_is_killed_takes_no_credit_along(
    killed: list[int], evidence: Path, whole: Path, tmp_path: Path
) -> None:
    with soon():
        scanned(tmp_path / "case", evidence, workers=3)
    assert killed
    assert same(tmp_path / "case", whole)
    assert '"attempt.ended"' in (tmp_path / "case/custody/ledger.jsonl").read_text()


@pytest.mark.usefixtures("pinched")
def test_a_run_that_was_killed_goes_on_with_hardly_any_credit(
    evidence: Path, whole: Path, tmp_path: Path
) -> None:
    case = tmp_path / "case"
    assert killed_at("after commit#5", case, str(evidence), "--workers", "3") == -signal.SIGKILL
    with soon():
        resumed(case, workers=3)
    assert same(case, whole)


def test_a_hidden_picture_is_a_finding_wherever_it_lies(tmp_path: Path) -> None:
    """Behind another one, in an archive behind one, and in the slack of a file."""
    open_one = encoded(picture(1))
    hidden = {n: encoded(picture(n).resize((320, 240)), quality=40) for n in (2, 3)}
    slack = encoded(picture(4).resize((64, 48)), quality=15)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("a.jpg", hidden[3])
    files = {
        "behind.jpg": open_one + hidden[2],
        "archive.jpg": open_one + archive.getvalue(),
        "short.txt": b"short",
    }
    image = fat_image(tmp_path, bits=16, size=64 * MIB)
    for name, path in ((n, folder(tmp_path / "files", files) / n) for n in files):
        run("mcopy", "-i", image, path, f"::/{name}")
    data = bytearray(image.read_bytes())
    rows = [each for each in open_tsk(any_reader(bytes(data))).entries() if isinstance(each, Entry)]
    (short,) = [each for each in rows if each.path == b"short.txt"]
    at = short.first_offset + len(files["short.txt"])
    assert len(slack) <= 2048 - len(files["short.txt"])
    data[at : at + len(slack)] = slack
    image.write_bytes(data)
    near = listing(tmp_path / "near.csv", 2, 3)
    exact = tmp_path / "exact.csv"
    known = [hashlib.sha256(each).hexdigest() for each in (*hidden.values(), slack)]
    lines = [f"{number},{value},1" for number, value in enumerate(known)]
    exact.write_text("\n".join(["id,sha256,category", *lines]) + "\n")
    scanned(
        tmp_path / "case",
        image,
        carve=True,
        sets=(str(exact), str(near)),
        set_options={"kind": "notable"},
    )
    found = list(views.findings(tmp_path / "case"))
    assert Counter(str(row["grade"]) for row in found) == {"same-content": 3}
    places = sorted(str(row["locator"]).rpartition("/")[2][:2] for row in found)
    assert places == ["m@", "m@", "s@"]
