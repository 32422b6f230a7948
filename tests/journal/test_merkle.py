"""The incremental tree hash is that of RFC 6962 section 2.1."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.merkle import Tree
from telemetry.entry import leaf_hash

# The eight leaves and their roots that Certificate Transparency's implementations test themselves with.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def by_definition(leaves: list[bytes]) -> bytes:
    """MTH as the RFC writes it down."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + by_definition(leaves[:split]) + by_definition(leaves[split:])).digest()


@pytest.mark.parametrize("count", range(1, 9))
def test_the_known_roots_come_out(count: int) -> None:
    tree = Tree()
    for leaf in LEAVES[:count]:
        tree.add(leaf_hash(leaf))
    assert tree.root().hex() == ROOTS[count - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert Tree().root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(st.lists(st.binary(max_size=6), max_size=70))
def test_it_agrees_with_the_definition_at_every_size(leaves: list[bytes]) -> None:
    tree = Tree()
    for at, leaf in enumerate(leaves):
        tree.add(leaf_hash(leaf))
        assert tree.size == at + 1
        assert tree.root() == by_definition(leaves[: at + 1])


def test_a_copy_grows_by_itself() -> None:
    tree = Tree()
    tree.add(leaf_hash(b"a"))
    twin = tree.copy()
    twin.add(leaf_hash(b"b"))
    assert tree.root() == by_definition([b"a"])
    assert twin.root() == by_definition([b"a", b"b"])


def test_a_hundred_thousand_leaves_need_a_handful_of_hashes() -> None:
    tree = Tree()
    leaf = leaf_hash(b"")
    for _ in range(100_000):
        tree.add(leaf)
    assert len(tree._roots) == (100_000).bit_count()
