import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.custody import chain, commitments, merkle
from heroes_forensics.errors import CustodyError
from heroes_forensics.model import JSON

FINDINGS: list[tuple[str, JSON]] = [
    (f"F-{number:06d}", {"size": number, "path": f"marked-{number}", "match_kind": "exact"})
    for number in range(1, 21)
]


def test_a_commitment_is_what_the_format_says() -> None:
    salt = bytes(range(16))
    data = b"\x02" + salt + b'["match_kind","exact"]'
    assert commitments.commitment("match_kind", salt, "exact") == hashlib.sha256(data).hexdigest()


def test_public_lines_hold_every_field_and_no_value() -> None:
    committed = commitments.commit(FINDINGS)
    public = b"".join(committed.lines)
    assert b"marked" not in public
    assert b"exact" not in public
    for line in committed.lines:
        finding = json.loads(line)
        assert sorted(finding["c"]) == list(commitments.FIELDS)
        assert len(set(finding["c"].values())) == len(commitments.FIELDS)
        assert chain.canonical(finding) + b"\n" == line


def test_the_sealed_part_opens_every_commitment_and_no_other() -> None:
    committed = commitments.commit(FINDINGS)
    for line, secret in zip(committed.lines, committed.sealed, strict=True):
        opened = json.loads(secret)
        assert json.loads(line)["id"] == opened["finding"]
        for field in commitments.FIELDS:
            salt, value = bytes.fromhex(opened["salts"][field]), opened["values"][field]
            assert commitments.opens(line, field, salt, value)
            assert not commitments.opens(line, field, salt, "another")
            assert not commitments.opens(line, field, salt[::-1], value)


def test_the_root_is_over_the_lines_as_stored() -> None:
    committed = commitments.commit(FINDINGS)
    assert committed.root == merkle.root(map(merkle.leaf, committed.lines))


def test_the_order_tells_nothing_and_the_result_does_not_depend_on_it() -> None:
    one, two = commitments.commit(FINDINGS), commitments.commit(FINDINGS[::-1])
    orders = {tuple(json.loads(line)["id"] for line in each.lines) for each in (one, two)}
    assert len(orders) == 2
    assert one.result_sha256 == two.result_sha256
    assert one.root != two.root


def test_a_short_list_keeps_its_digest_to_itself() -> None:
    assert commitments.commit(FINDINGS[:15]).published_result is None
    assert commitments.commit(FINDINGS[:16]).published_result is not None
    renumbered = [(f"X-{number}", values) for number, values in FINDINGS]
    assert (
        commitments.commit(renumbered).result_sha256 == commitments.commit(FINDINGS).result_sha256
    )


def test_no_finding_is_committed_with_a_field_of_its_own() -> None:
    with pytest.raises(CustodyError):
        commitments.commit([("F-000001", {"thumbnail": "x"})])


@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**64 - 1))
def test_inventory_salts_depend_on_key_and_index(key: bytes, index: int) -> None:
    salt = commitments.inventory_salt(key, index)
    assert len(salt) == 16
    assert salt != commitments.inventory_salt(key, index ^ 1)
    row = b'{"id":"x"}\n'
    assert commitments.inventory_leaf(key, index, row) == merkle.leaf(salt + row)


@given(
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**63),
    st.lists(st.binary(max_size=200), max_size=5),
)
def test_leaves_together_are_the_leaves_one_by_one(
    key: bytes, first: int, rows: list[bytes]
) -> None:
    assert commitments.inventory_leaves(key, first, rows) == [
        commitments.inventory_leaf(key, index, row) for index, row in enumerate(rows, start=first)
    ]
