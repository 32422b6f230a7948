"""The Merkle tree hash of RFC 6962 section 2.1 (SHA-256), grown one leaf at a time.

Only the roots of the complete subtrees are kept, so a tree of n leaves costs log2(n) hashes of memory.
"""

from __future__ import annotations

import hashlib


class Tree:
    """The tree over the leaves added so far."""

    __slots__ = ("_roots", "size")

    def __init__(self) -> None:
        self.size = 0
        self._roots: list[bytes] = []  # of the complete subtrees, largest first; one for each 1 bit of size

    def add(self, leaf: bytes) -> None:
        """Add a leaf by its leaf hash, SHA-256(0x00 || data)."""
        filled = self.size
        self.size += 1
        node = leaf
        while filled & 1:
            node = _parent(self._roots.pop(), node)
            filled >>= 1
        self._roots.append(node)

    def root(self) -> bytes:
        """The tree hash, 32 bytes; of no leaves it is SHA-256 of nothing."""
        if not self._roots:
            return hashlib.sha256().digest()
        node = self._roots[-1]
        for left in reversed(self._roots[:-1]):
            node = _parent(left, node)
        return node

    def copy(self) -> Tree:
        twin = Tree()
        twin.size = self.size
        twin._roots = self._roots.copy()
        return twin


def _parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
