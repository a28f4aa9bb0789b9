"""Proofs of a Merkle log (RFC 6962, RFC 9162): the typed face of crates/proofs."""

from __future__ import annotations

from isthmus import _core

SIZE_MAX = (1 << 64) - 1


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry), 32 bytes."""
    return _core.log_leaf(entry)


def inclusion_fault(index: int, size: int, leaf: bytes, proof: list[bytes], root: bytes) -> str | None:
    """None where `leaf` is the hash of leaf `index` (from 0) of the tree of that size and root (RFC 9162, 2.1.3.2).

    Else out_of_range, proof_too_short, proof_too_long or other_root. ValueError: a hash that has not 32 bytes.
    """
    return _core.log_included(index, size, leaf, proof, root)


def consistency_fault(old: tuple[int, bytes], new: tuple[int, bytes], proof: list[bytes]) -> str | None:
    """None where the tree `new` (size, root) begins with the whole tree `old` (RFC 9162, 2.1.4.2).

    Else out_of_range, empty_tree (an old size of 0 proves nothing), proof_too_short, proof_too_long, other_old_root or
    other_root. ValueError: a hash that has not 32 bytes.
    """
    return _core.log_consistent(old, new, proof)
