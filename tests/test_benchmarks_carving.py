"""The comparison of carvers counts digests, and its negative families can be failed."""

from pathlib import Path

import carving
import pytest


@pytest.fixture(scope="module")
def families() -> dict[str, carving.Family]:
    found = {}
    for family in carving.families():
        found[family.name] = family
        if family.name == "text with signatures":
            break
    return found


def test_ours_finds_one_of_each_format_and_nothing_where_nothing_is(
    families: dict[str, carving.Family], tmp_path: Path
) -> None:
    for family in families.values():
        result = carving.ours(family, tmp_path)
        if family.name == "one of each format":
            assert result.given == family.answers
            assert " 17/17 | 0 | 1.00 |" in carving.row(family, "ours", result)
        else:
            assert not result.given & family.answers
        assert family.answers or not result.given


def test_what_is_given_and_no_answer_counts_against_a_program() -> None:
    family = carving.Family("x", b"", frozenset({"a", "b"}))
    line = carving.row(family, "y", carving.Result(frozenset({"a", "c", "d"}), 0.0))
    assert "| 1/2 | 2 | 0.33 |" in line
