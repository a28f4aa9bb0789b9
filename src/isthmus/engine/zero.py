"""Amounts under Pedersen commitments and what is proven of them: the typed face of crates/proofs (module zero).

Commitments, blindings, ids and scalars are 32 bytes each, many of them one after the other. The formulas:
docs/reference/zero-knowledge.md. Everything that is refused raises ZeroRefused(name, place among what was given).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from isthmus import _core
from isthmus._core import ZeroRefused

__all__ = [
    "AMOUNTS_MAX",
    "BITS",
    "WIDTH",
    "About",
    "Hidden",
    "Stated",
    "ZeroRefused",
    "blindings",
    "check_generators",
    "combine",
    "combine_blindings",
    "commit",
    "foreign_range_holds",
    "generators",
    "leaf_holds",
    "opening_holds",
    "prove_opening",
    "prove_ranges",
    "range_holds",
    "ranges_hold",
    "tree_root",
    "tree_ways",
]

WIDTH = 32
"""Bytes of a commitment, of a blinding, of an id."""
AMOUNTS_MAX = 16
"""Amounts in one range proof."""
BITS = (8, 16, 32, 64)
"""Ranges that are offered: amounts from 0 below 2^bits."""


class About(msgspec.Struct, frozen=True):
    """What begins the transcript of a proof: it verifies for this claim, root of the log (32 bytes) and day alone."""

    claim: str
    root: bytes
    day: str

    @property
    def _of(self) -> tuple[str, bytes, str]:
        return (self.claim, self.root, self.day)


class Hidden(msgspec.Struct, frozen=True):
    """Amounts of one range proof with their blindings, and its place in the claim."""

    position: bytes
    amounts: Sequence[int]
    blindings: bytes

    def __repr__(self) -> str:
        return f"Hidden({self.position!r})"


class Stated(msgspec.Struct, frozen=True):
    """Commitments that one range proof is said to be of."""

    position: bytes
    commitments: bytes
    proof: bytes


def generators() -> bytes:
    """Base of amounts, base of blindings: 64 bytes."""
    return _core.zero_generators()


def check_generators(stated: bytes) -> None:
    """Raises ZeroRefused wrong_generator."""
    _core.zero_check_generators(stated)


def blindings(count: int) -> bytes:
    """From the system's randomness."""
    return _core.zero_blindings(count)


def commit(amounts: Sequence[int], blindings: bytes, threads: int = 1) -> bytes:
    """v B + r B' of each; amounts are signed, of 127 bits at most (OverflowError beyond)."""
    return _core.zero_commit(list(amounts), blindings, threads)


def combine(commitments: bytes, weights: Sequence[int] = ()) -> bytes:
    """The commitment of the sum, or of the weighted sum."""
    return _core.zero_combine(commitments, list(weights))


def combine_blindings(blindings: bytes, weights: Sequence[int] = ()) -> bytes:
    """The blinding of that commitment."""
    return _core.zero_combine_blindings(blindings, list(weights))


def prove_opening(about: About, position: bytes, commitment: bytes, opening: tuple[int, bytes]) -> bytes:
    """64 bytes that say that the commitment opens to the amount; `opening`: amount and blinding."""
    return _core.zero_opening_prove(about._of, position, commitment, *opening)


def opening_holds(about: About, position: bytes, commitment: bytes, amount: int, proof: bytes) -> None:
    """Raises ZeroRefused opening_fails and as decoders do."""
    _core.zero_opening_verify(about._of, position, commitment, amount, proof)


def prove_ranges(about: About, hidden: Sequence[Hidden], bits: int = 64, threads: int = 1) -> list[bytes]:
    """One proof each. Raises ZeroRefused out_of_range where an amount has more bits; OverflowError beyond 64."""
    rows = [(one.position, list(one.amounts), one.blindings) for one in hidden]
    return _core.zero_ranges_prove(about._of, bits, rows, threads)


def ranges_hold(about: About, stated: Sequence[Stated], bits: int = 64) -> None:
    """All together, by one sum. Raises ZeroRefused range_fails and as decoders do, with the place of the first."""
    _core.zero_ranges_verify(about._of, bits, [(one.position, one.commitments, one.proof) for one in stated])


def range_holds(about: About, stated: Stated, bits: int = 64) -> None:
    """One alone, by the library's own verification."""
    _core.zero_range_verify(about._of, bits, (stated.position, stated.commitments, stated.proof))


def foreign_range_holds(label: bytes, commitments: bytes, proof: bytes, bits: int) -> None:
    """A range proof whose transcript has a label alone in front, as others write them."""
    _core.zero_vector_verify(label, commitments, proof, bits)


def tree_root(commitments: bytes, ids: bytes) -> bytes:
    """Hash, then commitment of the sum: 64 bytes."""
    return _core.zero_tree_root(commitments, ids)


def tree_ways(commitments: bytes, ids: bytes, places: Sequence[int]) -> list[bytes]:
    """Neighbours of each place from the leaf up, 64 bytes each."""
    return _core.zero_tree_ways(commitments, ids, list(places))


def leaf_holds(seat: tuple[int, int], leaf: tuple[bytes, bytes], way: bytes, root: bytes) -> None:
    """`seat`: place of how many; `leaf`: commitment and id. Raises ZeroRefused not_in_tree and as decoders do."""
    _core.zero_tree_verify(seat, *leaf, way, root)
