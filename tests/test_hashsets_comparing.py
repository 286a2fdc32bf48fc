from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cli_runner import here
from hashset_samples import add, opened
from hypothesis import given, settings
from hypothesis import strategies as st
from publishing import listed

from heroes_forensics.errors import UsageError
from heroes_forensics.hashsets import comparing
from heroes_forensics.hashsets.comparing import Difference, compare
from heroes_forensics.hashsets.known import ALGORITHMS
from heroes_forensics.pipelines.sets import importing


def table(*rows: tuple[int, str]) -> bytes:
    """Return a table of made-up digests of all algorithms and their categories."""
    lines = "".join(f"{number:032x},{number:040x},{number:064x},{code}\n" for number, code in rows)
    return b"md5,sha1,sha256,category\n" + lines.encode()


def compared(
    home: Path, before: tuple[tuple[int, str], ...], after: tuple[tuple[int, str], ...]
) -> dict[str, Difference]:
    files = [
        opened(add(home, table(*rows), "demo", edition=edition, kind="watch"))
        for edition, rows in (("1", before), ("2", after))
    ]
    found = compare(*files)
    for file in files:
        file.close()
    return found


def test_what_came_went_and_changed_is_counted(tmp_path: Path) -> None:
    before = ((1, "1"), (2, "1"), (3, "2"), (4, "2"))
    after = ((2, "1"), (3, "1"), (4, "2"), (5, "1"), (6, "3"))
    found = compared(tmp_path, before, after)
    assert found == {row.name: Difference(2, 1, 3, 1) for row in ALGORITHMS}


def test_a_digest_under_several_categories_changed_when_one_of_them_did(tmp_path: Path) -> None:
    before = ((1, "1"), (1, "2"), (2, "1"), (2, "2"), (3, "1"))
    after = ((1, "2"), (1, "1"), (2, "1"), (3, "1"), (3, "2"))
    assert compared(tmp_path, before, after)["md5"] == Difference(0, 0, 3, 2)


def test_algorithms_that_one_edition_does_not_have(tmp_path: Path) -> None:
    one = opened(add(tmp_path, listed(5), "demo", edition="1", kind="watch"))
    two = opened(add(tmp_path, table((1, "")), "demo", edition="2", kind="watch"))
    found = compare(one, two)
    assert found["md5"] == Difference(1, 5, 0, 0)
    assert found["sha256"] == Difference(1, 0, 0, 0)
    assert compare(one, one) == {"md5": Difference(0, 0, 5, 0)}


def test_editions_of_two_sets_are_not_compared(tmp_path: Path) -> None:
    one = opened(add(tmp_path, listed(5), "demo", kind="watch"))
    two = opened(add(tmp_path, listed(5), "other", kind="watch"))
    with pytest.raises(UsageError, match="editions of one set"):
        compare(one, two)


ROWS = st.lists(st.tuples(st.integers(1, 40), st.sampled_from("12")), min_size=1, max_size=60)


@settings(max_examples=12)
@given(ROWS, ROWS, st.integers(1, 7))
def test_it_counts_as_sets_do_in_steps_of_any_size(
    before: list[tuple[int, str]], after: list[tuple[int, str]], step: int
) -> None:
    def codes(rows: list[tuple[int, str]]) -> dict[int, set[str]]:
        found: dict[int, set[str]] = {}
        for number, code in rows:
            found.setdefault(number, set()).add(code)
        return found

    old, new = codes(before), codes(after)
    kept = old.keys() & new.keys()
    wanted = Difference(
        len(new.keys() - old.keys()),
        len(old.keys() - new.keys()),
        len(kept),
        sum(old[number] != new[number] for number in kept),
    )
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as home:
        patch.setattr(comparing, "AT_ONCE", step)
        found = compared(Path(home), tuple(before), tuple(after))
    assert found == {row.name: wanted for row in ALGORITHMS}


def test_a_person_sees_counts_and_no_digest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for edition, data in (("1", listed(10)), ("2", listed(10, 3))):
        path = tmp_path / edition
        path.write_bytes(data)
        importing.import_set(path, name="demo", kind="watch", edition=edition)
    ran = here(capsys, "hashset", "diff", "demo", "1", "2", "--json")
    (row,) = ran.rows()
    assert row["digests"] == {"md5": {"added": 3, "removed": 3, "kept": 7, "recategorised": 0}}
    assert "added" in here(capsys, "hashset", "diff", "demo", "1", "2").out
    digests = listed(13).decode().split()
    assert not any(value in ran.out for value in digests)
    assert here(capsys, "hashset", "diff", "demo", "1", "nosuch").code == 2
