from pathlib import Path

import pytest
from scans import NOTABLE

from heroes_forensics.errors import (
    EvidenceError,
    HashSetError,
    HeroesError,
    StoppedError,
    UsageError,
)
from heroes_forensics.hashsets.catalogue import OtherEditionError
from heroes_forensics.hashsets.describing import UnknownKindError
from heroes_forensics.pipelines.sets import hashsets, importing, known
from heroes_forensics.pipelines.workers.supervisor import Supervisor

TABLE = "Checksum,Other\n900150983cd24fb0d6963f7d28e17f72,83c272e23272163edaeac3f0ae0c27b2\n"


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let the worker that reads a set end with ``error``."""

    def single(crew: object, unit: object, take: object) -> None:
        del crew, unit, take
        raise error

    monkeypatch.setattr(importing, "single", single)


ENDS: dict[str, tuple[Exception, type[HeroesError]]] = {
    "the worker dies": (EvidenceError("the worker that read it ended (memory)"), HashSetError),
    "the set is refused": (HashSetError("line 3: no digest"), HashSetError),
    "the disk is full": (OSError(28, "No space left on device"), StoppedError),
}


@pytest.mark.parametrize("end", ENDS)
def test_an_import_that_fails_is_about_the_set_or_the_disk(
    end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "list.txt"
    path.write_text("900150983cd24fb0d6963f7d28e17f72\n")
    error, kind = ENDS[end]
    failing(monkeypatch, error)
    with pytest.raises(kind):
        importing.import_set(path, kind="notable")


def test_the_same_import_again_was_there_and_another_reading_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(TABLE)
    first = importing.import_set(path, kind="watch", mapping=["Checksum=md5"])
    again = importing.import_set(path, kind="watch", mapping=["Checksum=md5"])
    assert (first["added"], again["added"]) == (True, False)
    with pytest.raises(OtherEditionError, match=r"list\.csv: edition .* differs") as caught:
        importing.import_set(path, kind="watch", mapping=["Other=md5"])
    assert "--edition" in caught.value.hint
    assert importing.import_set(
        path, kind="watch", mapping=["Other=md5"], edition="corrected"
    )["added"]  # fmt: skip


def test_a_file_of_changes_makes_the_next_edition_of_a_set(tmp_path: Path) -> None:
    path, more = tmp_path / "list.txt", tmp_path / "more.txt"
    path.write_text("900150983cd24fb0d6963f7d28e17f72\n")
    more.write_text("83c272e23272163edaeac3f0ae0c27b2\n")
    importing.import_set(path, name="demo", issuer="a body", kind="watch", edition="1")
    added = importing.import_set(more, onto="demo", edition="2")
    assert (added["name"], added["issuer"], added["kind"]) == ("demo", "a body", "watch")
    made = added["built_on"]
    assert isinstance(made, dict)
    assert (made["edition"], made["numbers_after"]) == ("1", 1)
    removed = importing.import_set(path, onto="demo", removals=True, edition="3")
    assert isinstance(removed["built_on"], dict)
    assert (removed["built_on"]["edition"], removed["built_on"]["removed"]) == ("2", 1)
    assert [row["records"] for row in hashsets.list_sets()] == [1, 2, 1]
    assert all(row["result"] == "pass" for row in hashsets.verify_set())


CHANGES: dict[str, tuple[dict[str, object], str]] = {
    "removals from nothing": ({"removals": True}, "withdrawn from a set"),
    "onto nothing": ({"onto": "demo"}, "no such hash set"),
    "another kind": ({"onto": "demo", "kind": "notable"}, "is of its name, issuer, kind"),
}


@pytest.mark.parametrize(("said", "message"), CHANGES.values(), ids=CHANGES)
def test_changes_that_make_no_sense_are_refused(
    said: dict[str, object], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "list.txt"
    path.write_text("900150983cd24fb0d6963f7d28e17f72\n")
    with pytest.raises(UsageError, match=message):
        importing.import_set(path, **said)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [(["Checksum=md5", "nosuch=sha1"], "no column nosuch"), (["a=md5", "a=sha1"], "mapped twice")],
)
def test_a_mapping_of_what_is_not_there_is_refused(
    mapping: list[str], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(TABLE)
    with pytest.raises(UsageError, match=message):
        importing.import_set(path, kind="watch", mapping=mapping)
    assert not list(hashsets.list_sets())


def test_a_format_of_one_nature_needs_no_kind_and_is_not_remarked_on() -> None:
    made = importing.import_set(NOTABLE)
    assert made["kind"] == "notable"
    assert "kind" not in str(made["warnings"])


def test_the_hints_of_a_scan_name_options_that_a_scan_has(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(TABLE)
    with Supervisor() as supervisor:
        with pytest.raises(UnknownKindError, match=r"^list\.csv does not say what") as kindless:
            known.load([str(path)], {"map": ["Checksum=md5"]}, supervisor)
        assert kindless.value.exit_code == 2
        assert kindless.value.hint.startswith("add --set-kind with what it is: notable, ")
        known.load([str(path)], {"map": ["Checksum=md5"], "kind": "watch"}, supervisor).close()
        with pytest.raises(OtherEditionError) as other:
            known.load([str(path)], {"map": ["Other=md5"], "kind": "watch"}, supervisor)
    assert other.value.exit_code == 30
    assert "heroes hashset import FILE --edition" in other.value.hint


def test_a_set_that_nothing_could_match_is_not_compared_with(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    values = [bytes((number * 7 + step * 13) % 256 for step in range(64)) for number in range(3)]
    path.write_text("hash\n" + "".join(f"{value.hex()}\n" for value in values))
    made = importing.import_set(path, name="long", kind="notable", algorithm="sha512")
    assert made["values"] == {"sha512": 3}
    with (
        Supervisor() as supervisor,
        pytest.raises(
            HashSetError, match="holds nothing that this version compares, only 3 sha512"
        ),
    ):
        known.load(["long"], {}, supervisor)
