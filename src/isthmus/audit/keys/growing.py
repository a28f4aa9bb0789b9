"""Heads that a holder signs follow one another: each extends the one that he signed before, or is the same."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from isthmus.audit.keys.policy import Refused
from isthmus.engine.proofs import Checkpoint, consistency_fault

HASH_BYTES = 32


class SeenHead(msgspec.Struct, frozen=True):
    """The last head that a holder signed of a log: its entries, and its root (32 bytes)."""

    size: int
    root: bytes


def grown(last: SeenHead | None, head: Checkpoint, proof: Sequence[bytes]) -> Refused | None:
    """Whether the head may be signed behind `last`; `proof` leads from that to it (RFC 9162, 2.1.4). The first head of
    a log needs none.
    """
    if last is None or last.size == 0:
        return None
    if head.size < last.size:
        return Refused("old_head", f"a head of {last.size} entries was signed, this one has {head.size}")
    if head.size == last.size:
        same = head.root == last.root
        return None if same else Refused("forked", f"another head of {head.size} entries was signed")
    if any(len(one) != HASH_BYTES for one in proof):
        return Refused("unproven", f"the proof has a hash that has not {HASH_BYTES} bytes")
    fault = consistency_fault((last.size, last.root), (head.size, head.root), list(proof))
    if fault is None:
        return None
    return Refused("unproven", f"{fault}: nothing shows that it extends the head of {last.size} entries")
