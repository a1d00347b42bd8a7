"""The Merkle tree: the vectors of Certificate Transparency, and RFC 6962's own words transcribed."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waitingroom.draw import verify
from waitingroom.draw.merkle import Tree, leaf_hash, node_hash, proven_root

# The entries and roots by which Certificate Transparency's implementations are compared.
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
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


def split(count: int) -> int:
    """The largest power of two smaller than `count`."""
    return 1 << (count - 1).bit_length() - 1


def mth(entries: list[bytes]) -> bytes:
    """RFC 6962, 2.1: MTH(D[n])."""
    if not entries:
        return sha256().digest()
    if len(entries) == 1:
        return leaf_hash(entries[0])
    k = split(len(entries))
    return node_hash(mth(entries[:k]), mth(entries[k:]))


def audit_path(m: int, entries: list[bytes]) -> list[bytes]:
    """RFC 6962, 2.1.1: PATH(m, D[n])."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return [*audit_path(m, entries[:k]), mth(entries[k:])]
    return [*audit_path(m - k, entries[k:]), mth(entries[:k])]


@pytest.mark.parametrize("size", range(1, 9))
def test_certificate_transparencys_vectors(size: int):
    assert Tree(ENTRIES[:size]).root.hex() == ROOTS[size - 1]
    assert verify.tree_root(ENTRIES[:size]).hex() == ROOTS[size - 1]


def test_the_root_of_nothing():
    assert Tree([]).root.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_rfcs_example_of_seven_entries():
    """RFC 6962, 2.1.3: the audit paths of d0, d3, d4 and d6."""
    a, b, c, d, e, f, j = (leaf_hash(entry) for entry in ENTRIES[:7])
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, el = node_hash(g, h), node_hash(i, j)
    tree = Tree(ENTRIES[:7])

    assert tree.proof(0) == [b, h, el]
    assert tree.proof(3) == [c, g, el]
    assert tree.proof(4) == [f, j, k]
    assert tree.proof(6) == [i, k]
    assert tree.root == node_hash(k, el)


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_every_prefix_and_index_is_the_rfcs(entries: list[bytes]):
    for size in range(1, len(entries) + 1):
        tree = Tree(entries[:size])
        assert tree.root == verify.tree_root(entries[:size]) == mth(entries[:size])
        for index in range(size):
            path = tree.proof(index)
            assert path == audit_path(index, entries[:size])
            assert proven_root(entries[index], index, size, path) == tree.root
            assert verify.path_root(entries[index], index, size, path) == tree.root


@given(st.data())
def test_no_proof_holds_once_anything_of_it_is_changed(data: st.DataObject):
    entries = data.draw(st.lists(st.binary(min_size=1, max_size=8), min_size=1, max_size=40, unique=True))
    size = len(entries)
    index = data.draw(st.integers(0, size - 1))
    tree = Tree(entries)
    path = tree.proof(index)
    wrong = [(entries[index] + b"x", index, size, path), (entries[index], index, size, [*path, bytes(32)])]
    wrong += [(entries[index], other, size, path) for other in {index + 1, index - 1, index ^ 1, size} - {index}]
    if path:
        step, bit = data.draw(st.integers(0, len(path) - 1)), data.draw(st.integers(0, 255))
        flipped = (int.from_bytes(path[step]) ^ 1 << bit).to_bytes(32)
        wrong += [
            (entries[index], index, size, path[:-1]),
            (entries[index], index, size, [*path[:step], flipped, *path[step + 1 :]]),
        ]

    for one in wrong:
        assert proven_root(*one) != tree.root
        assert one[1] < 0 or verify.path_root(*one) != tree.root


def test_a_node_is_no_entry():
    """Who offers a node's two halves as an entry gets another hash."""
    tree = Tree(ENTRIES[:2])

    assert proven_root(leaf_hash(ENTRIES[0]) + leaf_hash(ENTRIES[1]), 0, 1, []) != tree.root


@pytest.mark.parametrize("index", [-1, 3, 4])
def test_there_is_no_proof_of_what_is_not_there(index: int):
    with pytest.raises(IndexError):
        Tree(ENTRIES[:3]).proof(index)
