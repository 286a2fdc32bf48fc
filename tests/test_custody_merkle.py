import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.custody import merkle

# The leaves and roots that implementations of RFC 6962 are tested with.
DATA = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
DATA += ["606162636465666768696a6b6c6d6e6f"]
LEAVES = [merkle.leaf(bytes.fromhex(text)) for text in DATA]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIZES = st.integers(1, 70)


def leaves(count: int) -> list[bytes]:
    return [hashlib.sha256(bytes([number])).digest() for number in range(count)]


def by_definition(hashes: list[bytes]) -> bytes:
    """Compute the root as RFC 6962 2.1 writes it down."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return merkle.node(by_definition(hashes[:split]), by_definition(hashes[split:]))


@pytest.mark.parametrize("size", range(9), ids="RFC 6962 reference leaves, first {}".format)
def test_known_roots(size: int) -> None:
    assert merkle.root(LEAVES[:size]).hex() == ROOTS[size]


@given(SIZES)
def test_growing_gives_the_root_of_the_definition(size: int) -> None:
    assert merkle.Tree(leaves(size)).root() == by_definition(leaves(size))


@given(st.lists(st.integers(0, 40), max_size=6))
def test_growing_by_many_gives_the_same_tree_as_one_by_one(parts: list[int]) -> None:
    members = leaves(sum(parts))
    tree, start = merkle.Tree(), 0
    for part in parts:
        tree.extend(members[start : start + part])
        start += part
        wanted = by_definition(members[:start]) if start else merkle.EMPTY
        assert (tree.size, tree.root()) == (start, wanted)
    tree.add(b"\1" * 32)
    assert tree.root() == by_definition([*members, b"\1" * 32])


@given(SIZES, st.data())
def test_inclusion_proofs_hold_for_their_leaf_alone(size: int, data: st.DataObject) -> None:
    members = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    top, path = merkle.root(members), merkle.inclusion(members, index)
    assert merkle.included(members[index], index, size, path, top)
    assert not merkle.included(b"\0" * 32, index, size, path, top)
    assert not merkle.included(members[index], index, size, path, b"\0" * 32)
    assert not merkle.included(members[index], index, size, [*path, b"\0" * 32], top)
    if path:
        assert not merkle.included(members[index], index, size, path[:-1], top)
        other = index ^ 1
        if other < size:
            assert not merkle.included(members[index], other, size, path, top)


@given(SIZES, st.data())
def test_consistency_proofs_hold_for_true_prefixes_alone(size: int, data: st.DataObject) -> None:
    members = leaves(size)
    old = data.draw(st.integers(1, size))
    top, proof = merkle.root(members), merkle.consistency(members, old)
    prefix = merkle.root(members[:old])
    assert merkle.consistent(old, prefix, size, top, proof)
    assert not merkle.consistent(old, b"\0" * 32, size, top, proof)
    assert not merkle.consistent(old, prefix, size, b"\0" * 32, proof)
    if proof:
        assert not merkle.consistent(old, prefix, size, top, proof[:-1])
        assert not merkle.consistent(old, prefix, size, top, [*proof, b"\0" * 32])


def test_an_inner_node_cannot_be_shown_as_a_leaf() -> None:
    members = leaves(4)
    inner = merkle.node(members[0], members[1])
    path = [merkle.node(members[2], members[3])]
    top = merkle.root(members)
    # As a leaf of a tree of two it would fit; the size that a checkpoint signs forbids it.
    assert merkle.included(inner, 0, 2, path, top)
    assert not merkle.included(inner, 0, 4, path, top)
    assert merkle.leaf(members[0] + members[1]) != inner


@given(st.integers(-3, 9), st.integers(-3, 9), st.lists(st.binary(max_size=40), max_size=5))
def test_no_proof_makes_it_crash(one: int, two: int, proof: list[bytes]) -> None:
    assert not merkle.included(b"\1" * 32, one, two, proof, b"\2" * 32)
    assert not merkle.consistent(one, b"\1" * 32, two, b"\2" * 32, proof)


def test_proofs_of_what_is_not_there_are_refused() -> None:
    with pytest.raises(IndexError):
        merkle.inclusion(leaves(3), 3)
    with pytest.raises(IndexError):
        merkle.consistency(leaves(3), 0)
