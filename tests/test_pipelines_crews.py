"""Streams from parsers to decoders, by memory and by proxy, and the workers that move them."""

import os
import zlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest
import worker_units
from scans import folder

from heroes_forensics.frames import Batch, Control, Frame, Proxy, Rows, Unit, entries_of, tasks
from heroes_forensics.model import EntryKind
from heroes_forensics.pipelines.evidence import sources
from heroes_forensics.pipelines.evidence.sources import Evidence
from heroes_forensics.pipelines.workers import roles, wire
from heroes_forensics.pipelines.workers.credits import Credits
from heroes_forensics.pipelines.workers.crews import Crew, Stream
from heroes_forensics.pipelines.workers.deaths import Death
from heroes_forensics.pipelines.workers.link import LONG_SECONDS
from heroes_forensics.pipelines.workers.roles import FAULTS_VARIABLE
from heroes_forensics.pipelines.workers.supervisor import Supervisor

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
HAND_OVER = {"hand_over": {"decode": ["png"]}}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    monkeypatch.setenv(FAULTS_VARIABLE, str(worker_units.THIS))
    monkeypatch.setattr(wire, "ANSWERS", wire.ANSWERS | worker_units.ANSWERS)
    with Supervisor(stall_seconds=20) as it:
        yield it


def run(crew: Crew, *units: Unit) -> list[tuple[int, Frame | Death]]:
    waiting = deque(units)
    return [
        (unit.id, frame)
        for unit, frame, _ in crew.run(lambda: waiting.popleft() if waiting else None)
        if frame != Control("alive")
    ]


def answers(crew: Crew, *units: Unit) -> dict[int, tuple[int, int]]:
    """Return what ``served`` frames say, by unit."""
    return {
        number: (int(str(frame.body["reads"])), int(str(frame.body["bytes"])))
        for number, frame in run(crew, *units)
        if isinstance(frame, Control) and frame.kind == "served"
    }


def listed(evidence: Evidence) -> Rows:
    """Return a task for each file; ids are positions in the listing."""
    unit = evidence.unit(1, "inventory", {"volume": evidence.volumes[0]})
    entries = [
        entry
        for _, frame in run(evidence.crew, unit)
        if isinstance(frame, Batch)
        for entry in entries_of(frame)
    ]
    return tasks(
        [
            (number, entry.kind, entry.flags, entry.size, entry.handle)
            for number, entry in enumerate(entries)
            if entry.kind == EntryKind.FILE
        ]
    )


def content(evidence: Evidence, number: int, rows: Rows) -> Unit:
    body = {**evidence.body, "volume": evidence.volumes[0], **HAND_OVER}
    return Unit(number, "content", body, rows)


class Decoding:
    """The least that a pipeline does: every stream goes to a decoder, and is closed after."""

    def __init__(self, supervisor: Supervisor, evidence: Evidence, rows: Rows, step: int) -> None:
        self.evidence = evidence
        self.parts = deque(
            content(evidence, 100 + start, rows[start : start + step])
            for start in range(0, len(rows), step)
        )
        self.decoder = supervisor.crew("decoder", workers=2)
        self.waiting = deque[Unit]()
        self.streams: dict[int, Stream] = {}
        self.done: dict[int, tuple[int, int]] = {}
        self.rows = rows
        self.again: list[int] = []
        self.most = 0

    def run(self) -> None:
        self.decoder.next_unit = lambda: self.waiting.popleft() if self.waiting else None
        number = 10_000
        give = lambda: self.parts.popleft() if self.parts else None  # noqa: E731
        for unit, frame, stream in self.evidence.crew.run(give):
            if stream is not None:
                number += 1
                self.streams[number] = stream
                self.most = max(self.most, sum(each.size for each in self.streams.values()))
                self.waiting.append(
                    Unit(
                        number,
                        "test-whole",
                        {"item": stream.item},
                        descriptors=(stream.descriptor,),
                        seconds=30,
                    )
                )
            elif isinstance(frame, Control) and frame.kind == "large":
                number += 1
                item = int(str(frame.body["item"]))
                (task,) = [row for row in self.rows if row["id"] == item]
                body = {**self.evidence.body, "volume": self.evidence.volumes[0]}
                proxy = Proxy(self.evidence.crew.number, body, self.rows[self.rows["id"] == item])
                assert task["size"] == frame.body["size"]
                self.waiting.append(Unit(number, "test-whole", {"item": item}, proxy=proxy))
            elif unit.kind == "test-whole":
                self._decoded(unit, frame)

    def _decoded(self, unit: Unit, frame: Frame | Death) -> None:
        if isinstance(frame, Control) and frame.kind == "served":
            body = frame.body
            item = int(str(unit.body["item"]))
            self.done[item] = (int(str(body["reads"])), int(str(body["bytes"])))
        elif frame != Control("alive") and unit.id in self.streams:
            self.streams.pop(unit.id).close()


def pictures(root: Path, sizes: list[int]) -> tuple[Path, list[tuple[int, int]]]:
    """Make files that begin like PNG, between others; return CRC and size of each picture."""
    files, expected = {}, []
    for number, size in enumerate(sizes):
        data = PNG + os.urandom(size - len(PNG))
        files[f"{number:04}"] = data
        files[f"{number:04}x"] = os.urandom(300)
        expected.append((zlib.crc32(data), size))
    return folder(root, files), expected


@pytest.mark.real_start  # descriptors of this process are counted
def test_streams_reach_decoders_whole_and_are_closed(made: Supervisor, tmp_path: Path) -> None:
    root, expected = pictures(tmp_path / "in", [30, 5000, (1 << 20) + 5, 1 << 20, 300_000] * 4)
    with sources.opened(root, made, workers=2) as evidence:
        decoding = Decoding(made, evidence, listed(evidence), 7)
        before = len(list(Path("/proc/self/fd").iterdir()))
        decoding.run()
        assert sorted(decoding.done.values()) == sorted(expected)
        assert not decoding.streams
        workers = len(decoding.decoder.links) + len(evidence.crew.links)
        # Socket, page and pidfd of workers started meanwhile; nothing of a stream.
        assert len(list(Path("/proc/self/fd").iterdir())) <= before + 3 * workers + 1


def test_a_small_budget_makes_workers_wait_and_end_all_the_same(
    made: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = made.__dict__["_streams"]
    monkeypatch.setattr(streams, "_credits", Credits({"decode": 66 << 20}))
    root, expected = pictures(tmp_path / "in", [11 << 20, 1 << 20, 7 << 20, 2 << 20] * 5)
    with sources.opened(root, made, workers=3) as evidence:
        decoding = Decoding(made, evidence, listed(evidence), 3)
        decoding.run()
    assert sorted(decoding.done.values()) == sorted(expected)
    assert decoding.most <= 66 << 20


def test_more_streams_than_descriptors_may_be_on_their_way(
    made: Supervisor, tmp_path: Path
) -> None:
    root, expected = pictures(tmp_path / "in", [100] * 700)
    with sources.opened(root, made, workers=2) as evidence:
        decoding = Decoding(made, evidence, listed(evidence), 400)
        decoding.run()
    assert sorted(decoding.done.values()) == sorted(expected)


def test_a_large_stream_is_read_through_a_parser(made: Supervisor, tmp_path: Path) -> None:
    root, expected = pictures(tmp_path / "in", [(64 << 20) + 12345, 500, (65 << 20) + 1])
    with sources.opened(root, made, workers=1) as evidence:
        decoding = Decoding(made, evidence, listed(evidence), 100)
        decoding.run()
    assert sorted(decoding.done.values()) == sorted(expected)
    assert made.bytes_read_again == sum(size for _, size in expected if size > 64 << 20)


def test_a_film_of_20_gb_is_read_where_it_is_asked_for(made: Supervisor, tmp_path: Path) -> None:
    """Under a memory limit of 2 GiB; the file is sparse, so only its size is large."""
    film = tmp_path / "film"
    head, tail, size = os.urandom(4096), os.urandom(4096), 20 * 10**9
    with film.open("wb") as stream:
        stream.write(head)
        stream.truncate(size)
        stream.seek(size - 4096)
        stream.write(tail)
    with sources.opened(film, made, workers=1, treat_as="file") as evidence:
        rows = listed(evidence)
        body = {**evidence.body, "volume": evidence.volumes[0]}
        unit = Unit(2, "test-ends", proxy=Proxy(evidence.crew.number, body, rows))
        with made.crew("decoder") as decoder:
            assert answers(decoder, unit) == {2: (zlib.crc32(tail, zlib.crc32(head)), size)}
    assert made.bytes_read_again == 8192


def test_a_decoder_that_dies_leaves_no_reader_behind(made: Supervisor, tmp_path: Path) -> None:
    root, expected = pictures(tmp_path / "in", [200_000])
    with sources.opened(root, made, workers=1) as evidence:
        rows = listed(evidence)
        rows = rows[rows["size"] == 200_000]
        body = {**evidence.body, "volume": evidence.volumes[0]}
        proxy = Proxy(evidence.crew.number, body, rows)
        with made.crew("decoder") as decoder:
            first = run(decoder, Unit(2, "test-die", proxy=proxy))
            assert first == [(2, Death("signal-sigabrt"))]
            # The same unit again: it gets a socket of its own.
            again = answers(decoder, Unit(3, "test-whole", proxy=proxy, strain=2))
            assert again == {3: expected[0]}


def test_a_stream_that_cannot_be_read_again_is_an_error_of_the_unit(
    made: Supervisor, tmp_path: Path
) -> None:
    root, _ = pictures(tmp_path / "in", [200])
    with sources.opened(root, made, workers=1) as evidence:
        rows = listed(evidence)[:1]
        rows["handle"] = b"\xff" * 64
        body = {**evidence.body, "volume": evidence.volumes[0]}
        proxy = Proxy(evidence.crew.number, body, rows)
        with made.crew("decoder") as decoder:
            ((number, frame),) = run(decoder, Unit(2, "test-whole", proxy=proxy))
    assert number == 2
    assert isinstance(frame, Control)
    assert frame.kind == "failed"


def test_a_failure_keeps_the_code_of_its_gap(made: Supervisor, tmp_path: Path) -> None:
    image = tmp_path / "blank.dd"
    image.write_bytes(bytes(1 << 20))
    with sources.opened(image, made, treat_as="image", workers=1) as evidence:
        volume = {**evidence.volumes[0], "file_system": "ntfs", "gap": None}
        ((_, frame),) = run(evidence.crew, evidence.unit(1, "inventory", {"volume": volume}))
    assert isinstance(frame, Control)
    assert (frame.kind, frame.body["code"]) == ("failed", "volume.damaged")


# ---- deadlines, limits, replacement --------------------------------------------------------


def test_a_unit_past_its_deadline_is_ended(made: Supervisor) -> None:
    with made.crew("decoder") as crew:
        found = run(
            crew,
            Unit(1, "test-linger", {"for": 60}, seconds=1),
            Unit(2, "test-empty", seconds=1),
        )
    assert (1, Death("timeout")) in found
    assert (2, Control("done", {"unit": 2, "frames": 0})) in found


def test_the_deadline_of_a_unit_given_ahead_begins_with_it(made: Supervisor) -> None:
    units = [Unit(number, "test-linger", {"for": 1}, seconds=3) for number in range(1, 6)]
    with made.crew("decoder") as crew:
        found = run(crew, *units)
    assert [frame for _, frame in found if isinstance(frame, Death)] == []


def test_nothing_waits_behind_a_long_unit_and_it_waits_behind_none(made: Supervisor) -> None:
    long = LONG_SECONDS + 1
    units = [
        Unit(1, "test-linger", {"for": 5}, seconds=long),
        *(Unit(number, "test-empty") for number in range(2, 9)),
        Unit(9, "test-empty", seconds=long),
    ]
    with made.crew("decoder", workers=2) as crew:
        found = run(crew, *units)
    ended = [number for number, frame in found if isinstance(frame, Control)]
    assert ended == [2, 3, 4, 5, 6, 7, 8, 9, 1]


def test_a_second_attempt_is_alone_and_has_twice_the_memory(made: Supervisor) -> None:
    with made.crew("decoder") as crew:
        found = answers(
            crew,
            Unit(1, "test-who"),
            Unit(2, "test-who", strain=2),
            Unit(3, "test-who"),
        )
    first, second, third = (found[number] for number in (1, 2, 3))
    assert len({pid for pid, _ in found.values()}) == 3
    assert first[1] == pytest.approx(third[1], abs=64)
    assert second[1] == pytest.approx(2 * first[1], rel=0.2)


def test_a_decoder_is_replaced_after_so_many_units_and_after_one_that_failed(
    made: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        roles.ROLES, "decoder", roles.Role("media", recycle_units=3, recycle_failed=True)
    )
    fails = {5}
    units = [
        Unit(number, "test-who", {"fail": 1} if number in fails else {}) for number in range(1, 9)
    ]
    with made.crew("decoder") as crew:
        found = {number: pid for number, (pid, _) in answers(crew, *units).items()}
    assert found[1] == found[2] == found[3]
    assert found[6] == found[7] == found[8]
    assert len(set(found.values())) == 3


def test_parsers_and_decoders_have_zygotes_of_their_own(made: Supervisor, tmp_path: Path) -> None:
    root = folder(tmp_path / "in", {"a": b"1"})
    with sources.opened(root, made, workers=1):
        assert sorted(made._zygotes.kinds) == ["evidence"]  # noqa: SLF001 - it is about what was started
        with made.crew("decoder") as crew:
            run(crew, Unit(1, "test-empty"))
        assert sorted(made._zygotes.kinds) == ["evidence", "media"]  # noqa: SLF001
