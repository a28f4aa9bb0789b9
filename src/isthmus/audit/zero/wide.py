"""Amounts of up to 112 bits between two bounds: v = v0 + 2^64 v1 + 2^96 v2, parts of 64, 32, 16 bits."""

from __future__ import annotations

import msgspec

from isthmus.engine import zero
from isthmus.engine.zero import WIDTH, About, Hidden, Stated, ZeroRefused

LIMBS = (64, 32, 16)
SHIFTS = (0, 64, 96)
WEIGHTS = tuple(1 << shift for shift in SHIFTS)
AMOUNT_BITS = sum(LIMBS)


class Figure(msgspec.Struct, frozen=True):
    """A committed amount and what opens it."""

    commitment: bytes
    amount: int
    blinding: bytes

    def __repr__(self) -> str:
        return f"Figure({self.commitment.hex()})"


class Bounded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That `sign` times an amount plus `offset` is not below zero: commitments of its parts, a proof for each, and one
    that their weighted sum is it.
    """

    parts: bytes
    proofs: list[bytes]
    sum: bytes


def parts_of(amount: int) -> list[int]:
    """v0, v1, v2."""
    return [(amount >> shift) & ((1 << bits) - 1) for bits, shift in zip(LIMBS, SHIFTS, strict=True)]


def prove(about: About, position: bytes, figure: Figure, sign: int, offset: int) -> Bounded:
    """`sign` is 1 or -1. Raises ZeroRefused out_of_range where it is not so."""
    rest = sign * figure.amount + offset
    if not 0 <= rest < 1 << AMOUNT_BITS:
        raise ZeroRefused("out_of_range", 0)
    parts, blindings = parts_of(rest), zero.blindings(len(LIMBS))
    committed = zero.commit(parts, blindings)
    weights = (*WEIGHTS, -sign)
    total = zero.combine(committed + figure.commitment, weights)
    opening = (offset, zero.combine_blindings(blindings + figure.blinding, weights))
    proofs = [
        zero.prove_ranges(about, [Hidden(_place(position, bits), [part], blindings[_at(place)])], bits)[0]
        for place, (bits, part) in enumerate(zip(LIMBS, parts, strict=True))
    ]
    return Bounded(committed, proofs, zero.prove_opening(about, position, total, opening))


def holds(about: About, position: bytes, commitment: bytes, stated: tuple[Bounded, int, int]) -> None:
    """`stated`: proof, sign, offset. Raises ZeroRefused."""
    bounded, sign, offset = stated
    if len(bounded.parts) != len(LIMBS) * WIDTH or len(bounded.proofs) != len(LIMBS):
        raise ZeroRefused("malformed", 0)
    total = zero.combine(bounded.parts + commitment, (*WEIGHTS, -sign))
    zero.opening_holds(about, position, total, offset, bounded.sum)
    for place, (bits, proof) in enumerate(zip(LIMBS, bounded.proofs, strict=True)):
        zero.ranges_hold(about, [Stated(_place(position, bits), bounded.parts[_at(place)], proof)], bits)


def _place(position: bytes, bits: int) -> bytes:
    return position + f"/{bits}".encode()


def _at(place: int) -> slice:
    return slice(place * WIDTH, (place + 1) * WIDTH)
