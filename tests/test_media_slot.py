"""Plug-ins of laboratories: one that keeps to the interface, and what is refused of others."""

from pathlib import Path

import numpy as np
import pictures
import plugged
import pytest
from PIL import Image
from scans import folder

from heroes_forensics.errors import UsageError
from heroes_forensics.frames import HASHES, SUPPLIED, Batch, Control, Supplied, Unit, tasks
from heroes_forensics.hashsets.hset import HashSetFile
from heroes_forensics.media import slot
from heroes_forensics.model import JSON, EntryKind
from heroes_forensics.pipelines.case import laboratory
from heroes_forensics.pipelines.references import set_building
from heroes_forensics.pipelines.references.set_building import Wanted
from heroes_forensics.pipelines.sets import hashsets, plugins
from heroes_forensics.pipelines.sets.plugins import Plugged
from heroes_forensics.pipelines.workers import wire
from heroes_forensics.pipelines.workers.answers import Answers
from heroes_forensics.pipelines.workers.roles import FAULTS_VARIABLE
from heroes_forensics.pipelines.workers.supervisor import Supervisor

MADE = pictures.landscape(5, 480, 360)


@pytest.fixture
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads = plugged.installed(tmp_path / "plug-in")
    monkeypatch.setenv(FAULTS_VARIABLE, str(loads))
    monkeypatch.syspath_prepend(plugged.package_of(loads))


def tried(name: str, seconds: float = plugins.SECONDS) -> Plugged:
    with Supervisor(first=["media"], plugin=name) as supervisor:
        return plugins.tried(name, supervisor, seconds=seconds)


@pytest.mark.usefixtures("_installed")
def test_a_plug_in_says_what_it_is() -> None:
    assert tried("means") == Plugged("means", "photodna", "made-up 1", "made-up-hash 3.1", 864)


REFUSED = {
    "short": "gives values that are not 144 bytes",
    "raising": r"fails \(RuntimeError\)",
    "fickle": "gives one picture two values",
    "mute": "gives no picture a value",
    "fractions": "gives distances that are not one whole number",
    "estranged": "finds a picture unlike itself",
    "nameless": "is of no kind there is a place for: photodna",
    "broken": r"cannot be loaded \(ImportError\)",
    "reading": "fails",
}


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize("name", REFUSED)
def test_one_that_breaks_the_interface_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"the plug-in {name} {REFUSED[name]}") as caught:
        tried(name)
    assert "secret" not in str(caught.value)


@pytest.mark.usefixtures("_installed")
def test_one_that_does_not_end_is_ended() -> None:
    with pytest.raises(UsageError, match="ended its worker, or took longer than 1 s"):
        tried("endless", seconds=1)


def test_one_that_is_not_there_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    wanted = Wanted(folder(tmp_path / "files", {"a": b"a"}), "made", "A Body", plugin="photodna")
    with pytest.raises(UsageError, match="the plug-in photodna is not installed") as caught:
        set_building.build_set(wanted)
    assert "none comes with it" in caught.value.hint


@pytest.mark.usefixtures("_installed")
def test_its_values_are_stored_and_found_by_its_own_distance(tmp_path: Path) -> None:
    files = {
        "a.png": pictures.png(MADE),
        "b.png": pictures.png(pictures.stone(6, 480, 360)),
        "c.png": pictures.png(np.full((300, 300, 3), 90, np.uint8)),
    }
    wanted = Wanted(folder(tmp_path / "files", files), "made", "A Body", plugin="means")
    report, code = set_building.build_set(wanted)
    built = report["built"]
    assert isinstance(built, dict)
    assert (code, built["values"]["photodna"]) == (0, 2)
    assert built["plugin"]["package"] == "made-up-hash 3.1"
    assert built["plugin"]["frames"] == {"value": 2, "nothing": 1, "failed": 0}
    assert "kept, not compared by this version: 2 photodna" in str(report["warnings"])
    (record,) = hashsets.catalogue().list()
    key = laboratory.catalogue_ring(laboratory.home(), None).set_key
    with HashSetFile.open(record.path, key) as opened:
        listed = [value for piece in opened.values("photodna") for value in piece.each()]
    hasher = plugged.Means()
    smaller = Image.fromarray(MADE).convert("L").resize((240, 180))
    value = hasher.hashed(np.asarray(smaller))
    assert value is not None
    rows = np.frombuffer(b"".join(listed), np.uint8).reshape(2, 144)
    close = hasher.distances(value, rows) <= hasher.threshold
    assert sorted(close.tolist()) == [False, True]


@pytest.mark.usefixtures("_installed")
def test_one_that_fails_for_a_picture_costs_its_own_value_alone(tmp_path: Path) -> None:
    files = {"a.png": pictures.png(MADE), "b.png": pictures.png(pictures.stone(6, 400, 300))}
    wanted = Wanted(folder(tmp_path / "files", files), "made", "A Body", plugin="picky")
    report, _ = set_building.build_set(wanted)
    built = report["built"]
    assert isinstance(built, dict)
    assert built["plugin"]["frames"] == {"value": 1, "nothing": 0, "failed": 1}
    assert (built["values"]["photodna"], built["values"]["phash-64"]) == (1, 2)
    assert "secret" not in str(report)


def rows(*statuses: int, number: int = 1, value: bytes = b"") -> Batch:
    found = np.zeros(len(statuses), SUPPLIED)
    found["id"], found["at"], found["status"] = number, range(len(statuses)), statuses
    found["value"] = value
    return Batch("supplied", found)


def unit(plugin: str = "means") -> Unit:
    body: JSON = {"types": ["png"], "plugin": plugin}
    return Unit(1, "decode", body, tasks([(1, EntryKind.FILE, 0, 9, b"")]))


WRONG = {
    "a status that is none": (unit(), rows(9)),
    "a value where there is none": (unit(), rows(Supplied.NOTHING, value=b"x" * 144)),
    "of another picture": (unit(), rows(Supplied.VALUE, number=2)),
    "of more frames than are taken": (unit(), rows(*[Supplied.VALUE] * 17)),
    "nobody asked": (unit(""), rows(Supplied.VALUE)),
}


@pytest.mark.parametrize("case", WRONG)
def test_values_of_a_plug_in_that_nobody_can_mean_are_refused(case: str) -> None:
    asked, batch = WRONG[case]
    with pytest.raises(wire.ProtocolViolationError):
        Answers(asked).take(wire.decode(wire.encode(batch)))


def test_sound_values_of_a_plug_in_are_taken() -> None:
    answers = Answers(unit())
    for batch in (rows(Supplied.VALUE, value=b"x" * 144), rows(Supplied.NOTHING, Supplied.FAILED)):
        answers.take(wire.decode(wire.encode(batch)))
    said = Control("plugin", {"kind": "photodna", "version": "1", "threshold": 3})
    Answers(Unit(2, "plugin")).take(wire.decode(wire.encode(said)))


@pytest.mark.parametrize(
    "change", [{"kind": "md5"}, {"version": ""}, {"version": "\x1b"}, {"threshold": -1}]
)
def test_a_plug_in_that_says_more_than_it_may_is_refused(change: dict[str, object]) -> None:
    body = {"kind": "photodna", "version": "1", "threshold": 3} | change
    with pytest.raises(wire.ProtocolViolationError):
        wire.decode(wire.encode(Control("plugin", body)))


def test_both_sides_mean_the_same_group() -> None:
    assert plugins.GROUP == slot.GROUP
    assert SUPPLIED.itemsize < 4 * HASHES.itemsize
