import json
from pathlib import Path

import numpy as np
import pytest
from hashset_samples import S, Sample, add, columns, opened

from heroes_forensics.errors import UsageError
from heroes_forensics.hashsets.known import VERDICTS
from heroes_forensics.hashsets.matching import GRADES, Hit, Matcher, grade_of, outcome

VICS = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"


def table(*rows: tuple[object, ...]) -> bytes:
    text = "md5,sha1,sha256,size,category\n"
    for row in rows:
        cells = [cell.hex() if isinstance(cell, bytes) else str(cell) for cell in row]
        text += ",".join(cells) + "\n"
    return text.encode()


def full(one: Sample, category: str = "") -> tuple[object, ...]:
    return (one.md5, one.sha1, one.sha256, one.size, category)


def vics(*items: dict[str, object]) -> bytes:
    return json.dumps({"@odata.context": VICS, "value": list(items)}).encode()


def matcher(home: Path, *sets: tuple[bytes, str]) -> Matcher:
    return Matcher(
        [
            opened(add(home, data, name=f"set {number}", kind=kind))
            for number, (data, kind) in enumerate(sets)
        ]
    )


def hits_of(found: list[Hit], query: int) -> list[Hit]:
    return [hit for hit in found if hit.query == query]


GRADED: dict[str, tuple[tuple[object, ...], str, str, tuple[str, ...]]] = {
    "all agree": (full(S[0]), "same-content", "equal", ("md5", "sha1", "sha256")),
    "SHA-256 alone": (("", "", S[0].sha256, "", ""), "same-content", "unknown", ("sha256",)),
    "SHA-1 and size": (("", S[0].sha1, "", S[0].size, ""), "sha1+size", "equal", ("sha1",)),
    "SHA-1 alone": (("", S[0].sha1, "", "", ""), "sha1", "unknown", ("sha1",)),
    "MD5, SHA-1 and size": (
        (S[0].md5, S[0].sha1, "", S[0].size, ""),
        "sha1+size",
        "equal",
        ("md5", "sha1"),
    ),
    "MD5 and size": ((S[0].md5, "", "", S[0].size, ""), "md5+size", "equal", ("md5",)),
    "MD5 alone": ((S[0].md5, "", "", "", ""), "md5", "unknown", ("md5",)),
    "MD5, another size": ((S[0].md5, "", "", 99, ""), "size-conflict", "conflict", ("md5",)),
    "SHA-256, another size": (
        ("", "", S[0].sha256, 99, ""),
        "size-conflict",
        "conflict",
        ("sha256",),
    ),
    "MD5, another SHA-1": (
        (S[0].md5, S[1].sha1, "", "", ""),
        "digest-conflict",
        "unknown",
        ("md5",),
    ),
    "MD5 and SHA-1, another SHA-256 and size": (
        (S[0].md5, S[0].sha1, S[1].sha256, 99, ""),
        "digest-conflict",
        "conflict",
        ("md5", "sha1"),
    ),
}


@pytest.mark.parametrize(("row", "grade", "size", "algorithms"), GRADED.values(), ids=GRADED)
def test_what_agrees_is_the_grade(
    tmp_path: Path, row: tuple[object, ...], grade: str, size: str, algorithms: tuple[str, ...]
) -> None:
    found = matcher(tmp_path, (table(row), "notable")).match(*columns(S[0]))
    assert [(hit.grade, hit.size_state, hit.algorithms) for hit in found] == [
        (grade, size, algorithms)
    ]


def test_algorithms_of_one_record_are_one_hit_and_records_are_several(tmp_path: Path) -> None:
    data = table(full(S[0]), (S[0].md5, "", "", "", "x"), full(S[1]))
    found = matcher(tmp_path, (data, "notable")).match(*columns(S[1], S[0], S[2]))
    assert [(hit.query, hit.record, hit.grade) for hit in found] == [
        (0, 4, "same-content"),
        (1, 2, "same-content"),
        (1, 3, "md5"),
    ]


def test_a_size_that_is_not_known_is_no_conflict(tmp_path: Path) -> None:
    one = matcher(tmp_path, (table(full(S[0])), "notable"))
    md5, sha1, sha256, _ = columns(S[0])
    (hit,) = one.match(md5, sha1, sha256, np.array([-1]))
    assert (hit.grade, hit.size_state) == ("same-content", "unknown")


def test_every_grade_has_its_combination() -> None:
    grades = {
        grade_of(agreed, present, size)
        for agreed in range(1, 8)
        for present in range(1, 8)
        for size in range(3)
        if agreed & present == agreed
    }
    assert grades == set(GRADES)


def test_what_a_vics_record_says_is_in_the_hit(tmp_path: Path) -> None:
    item = {
        "MediaID": 4711,
        "Category": 1,
        "MD5": S[0].md5.hex(),
        "MediaSize": S[0].size,
        "VictimIdentified": "true",
        "OffenderIdentified": False,
        "Series": "a series",
    }
    (hit,) = matcher(tmp_path, (vics(item), "")).match(*columns(S[0]))
    assert (hit.kind, hit.entry, hit.record) == ("notable", 4711, 1)
    assert (hit.category, hit.label, hit.verdict) == ("1", "category 1", "notable_other")
    assert hit.series == "a series"
    assert hit.tri_states["victim_identified"] is True
    assert hit.tri_states["offender_identified"] is False
    assert hit.tri_states["is_distributed"] is None


@pytest.mark.parametrize(
    ("category", "verdict"),
    [
        (1, "notable_other"),
        (4, "comparison"),
        (0, "uncategorised"),
        (5, "uncategorised"),
        (77, "uncategorised"),
        (None, "uncategorised"),
    ],
)
def test_a_code_without_mapping_is_uncategorised_and_never_harmless(
    tmp_path: Path, category: object, verdict: str
) -> None:
    item = {"MediaID": 1, "Category": category, "MD5": S[0].md5.hex()}
    found = matcher(tmp_path, (vics(item), "notable")).match(*columns(S[0]))
    assert [hit.verdict for hit in found] == [verdict]
    assert outcome(found).notable


def test_a_list_without_categories_says_no_more_than_that_it_is_notable(tmp_path: Path) -> None:
    found = matcher(tmp_path, (f"{S[0].md5.hex()}\n".encode(), "notable")).match(*columns(S[0]))
    assert [hit.verdict for hit in found] == ["notable_other"]


def test_notable_beats_known_good_whatever_the_order(tmp_path: Path) -> None:
    sets = [(table(full(S[0])), "known-good"), (table((S[0].md5, "", "", "", "")), "notable")]
    for number, order in enumerate((sets, sets[::-1])):
        one = matcher(tmp_path / str(number), *order)
        found = one.match(*columns(S[0]))
        result = outcome(found)
        assert (result.notable, result.known_good) == (True, False)
        assert result.verdict == "notable_other"
        assert result.kinds == ("known-good", "notable")
        assert not one.skippable(one.rows(*columns(S[0])), 1).any()


@pytest.mark.parametrize("kind", ["watch", "adult-intimate", "exclude"])
def test_other_kinds_give_no_verdict_and_hide_nothing(tmp_path: Path, kind: str) -> None:
    one = matcher(tmp_path, (table(full(S[0])), kind), (table(full(S[0])), "known-good"))
    found = one.match(*columns(S[0]))
    result = outcome(found)
    assert hits_of(found, 0)[0].verdict == ""
    assert (result.verdict, result.notable, result.known_good) == ("", False, False)
    assert not one.skippable(one.rows(*columns(S[0])), 1).any()


SKIPS = {
    "SHA-256": (("", "", S[0].sha256, "", ""), True),
    "SHA-1 and size": (("", S[0].sha1, "", S[0].size, ""), True),
    "SHA-1 alone": (("", S[0].sha1, "", "", ""), False),
    "MD5 and size": ((S[0].md5, "", "", S[0].size, ""), False),
    "SHA-256, another size": (("", "", S[0].sha256, 99, ""), False),
    "SHA-1 and size, another MD5": ((S[1].md5, S[0].sha1, "", S[0].size, ""), False),
}


@pytest.mark.parametrize(("row", "skips"), SKIPS.values(), ids=SKIPS)
def test_known_good_spares_work_only_when_it_is_sure(
    tmp_path: Path,
    row: tuple[object, ...],
    skips: bool,  # noqa: FBT001
) -> None:
    one = matcher(tmp_path, (table(row), "known-good"))
    rows = one.rows(*columns(S[5], S[0]))
    assert one.skippable(rows, 2).tolist() == [False, skips]
    result = outcome(one.hit(row) for row in rows)
    assert result.known_good is skips
    assert result.verdict == ("known_good" if skips else "")


def test_the_most_severe_verdict_of_several_sets_counts(tmp_path: Path) -> None:
    items = [vics({"MediaID": 1, "Category": code, "MD5": S[0].md5.hex()}) for code in (4, 1, 0)]
    found = matcher(tmp_path, *((item, "notable") for item in items)).match(*columns(S[0]))
    assert [hit.verdict for hit in found] == ["comparison", "notable_other", "uncategorised"]
    assert outcome(found).verdict == "notable_other"


def test_the_order_of_verdicts_is_fixed() -> None:
    assert (
        *("baseline_illegal", "nationally_illegal", "notable_other", "suspected", "comparison"),
        *("uncategorised", "non_pertinent", "known_good"),
    ) == VERDICTS


def test_no_hit_comes_to_nothing(tmp_path: Path) -> None:
    one = matcher(tmp_path, (table(full(S[0])), "notable"))
    assert one.match(*columns(S[1], S[2])) == []
    assert outcome([]) == ((), "", False, False, False)
    assert Matcher([]).match(*columns(S[0])) == []
    assert not Matcher([]).skippable(Matcher([]).rows(*columns(S[0])), 1).any()


def test_how_items_are_batched_changes_nothing(tmp_path: Path) -> None:
    data = table(*(full(one) for one in S[::2]), *((one.md5, "", "", "", "") for one in S[::3]))
    one = matcher(tmp_path, (data, "notable"), (table(*(full(s) for s in S[::5])), "known-good"))
    whole = one.match(*columns(*S))
    alone = []
    for number, sample in enumerate(S):
        for hit in one.match(*columns(sample)):
            assert hit.query == 0
            alone.append((number, hit.set_index, hit.record, hit.grade))
    assert [(hit.query, hit.set_index, hit.record, hit.grade) for hit in whole] == alone
    assert len(alone) == 32 + 22 + 13


def test_columns_of_different_lengths_are_a_mistake(tmp_path: Path) -> None:
    one = matcher(tmp_path, (table(full(S[0])), "notable"))
    md5, sha1, sha256, size = columns(S[0], S[1])
    with pytest.raises(UsageError, match="different lengths"):
        one.match(md5, sha1[:1], sha256, size)
