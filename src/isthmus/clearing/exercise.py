"""Exercise at expiry and assignment: who exercises without a word, and which short accounts fulfil.

Exercise by exception: OCC Rule 805(d): in the money by the threshold ($0.01 a share) or more is exercised unless the
holder says otherwise. Assignment is the engine's own rule (docs/reference/settlement.md): pro rata over short
positions, rounded down; each option that is left goes to another account, by a draw that the record's number decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from isthmus.kernel.errors import BadInput

CALL, PUT = "call", "put"
EXERCISE, ABANDON = "exercise", "abandon"


class Option(msgspec.Struct, frozen=True):
    """`strike` and prices in the same steps of the underlying's price."""

    instrument: int
    right: str
    strike: int


class Exercises(msgspec.Struct, frozen=True):
    """How many of an account's long options are exercised, and why: `exception` (without a word) or `instruction`."""

    account: int
    quantity: int
    why: str


def intrinsic(option: Option, price: int) -> int:
    """What the option is in the money by; negative out of it. Raises BadInput for neither call nor put."""
    if option.right not in (CALL, PUT):
        raise BadInput("right", f"{option.right!r} is neither call nor put")
    return price - option.strike if option.right == CALL else option.strike - price


def by_exception(
    option: Option, price: int, longs: Mapping[int, int], threshold: int, told: Mapping[int, int] | None = None
) -> list[Exercises]:
    """Who exercises how many, by account. `told`: contrary or early instructions, account -> how many (0: abandon).
    Raises BadInput for an instruction beyond the position, and for a threshold below 1.
    """
    if threshold < 1:
        raise BadInput("threshold", f"{threshold} is below 1")
    wanted = told or {}
    for account, quantity in wanted.items():
        if not 0 <= quantity <= longs.get(account, 0):
            raise BadInput("quantity", f"{quantity} of account {account}, which is long {longs.get(account, 0)}")
    automatic = intrinsic(option, price) >= threshold
    found = []
    for account, held in sorted(longs.items()):
        quantity = wanted.get(account, held if automatic else 0)
        if quantity > 0:
            found.append(Exercises(account, quantity, "instruction" if account in wanted else "exception"))
    return found


def assign(shorts: Mapping[int, int], quantity: int, sequence: int) -> dict[int, int]:
    """How many options each short account fulfils, of those that get any. `shorts`: account -> how many it is short
    (above 0); `sequence`: the number of the record that assigns. Raises BadInput for more than all are short.
    """
    positions = {account: short for account, short in sorted(shorts.items()) if short > 0}
    total = sum(positions.values())
    if not 0 <= quantity <= total:
        raise BadInput("quantity", f"{quantity} is not 0 to {total}, what all are short")
    if quantity == 0:
        return {}
    shares = {account: quantity * short // total for account, short in positions.items()}
    left = quantity - sum(shares.values())
    for account in sorted(shares, key=lambda one: draw(sequence, one))[:left]:
        shares[account] += 1
    return {account: share for account, share in shares.items() if share}


def draw(sequence: int, account: int) -> bytes:
    """An account's place in the draw: SHA-256 of the record's number (64 bits) and the account's (32),
    little-endian.
    """
    return hashlib.sha256(sequence.to_bytes(8, "little") + account.to_bytes(4, "little")).digest()
