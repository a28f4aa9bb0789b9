"""What gateways need of whoever allocates blocks; `isthmus.app.allocation_desk` provides it."""

from __future__ import annotations

from typing import Protocol

import msgspec

from isthmus.gateways.submission import Asker


class AllocationWish(msgspec.Struct, frozen=True, kw_only=True):
    """The filled `orders` of `block` to accounts: lots of each. `name`: the asker's own id of it, once a block account.
    `quantity`: lots of the block as the asker has them, None where he does not say.
    """

    name: str
    block: int
    orders: tuple[int, ...]
    parts: tuple[tuple[int, int], ...]
    quantity: int | None = None


class AllocatedPart(msgspec.Struct, frozen=True):
    """Minor units of the quote asset: `value` without the fee, which is on top of it."""

    account: int
    quantity: int
    value: int
    fee: int


class Allocated(msgspec.Struct, frozen=True):
    """What was done. `average` is sum of price times quantity, and quantity. `records`: those of the postings."""

    name: str
    instrument: int
    side: int
    average: tuple[int, int]
    parts: tuple[AllocatedPart, ...]
    records: tuple[int, ...]


class Allocator(Protocol):
    """Blocks to sub-accounts."""

    async def allocate(self, wish: AllocationWish, asker: Asker) -> Allocated:
        """All of it or nothing. The same wish under the same name is answered again. Raises Refusal."""
