"""How the participants talk with the engine: they ask, and read the answer, one command at a time.

A *conversation* is a generator that yields commands and is sent the record of each (None: the server took nothing).
Whoever runs it decides where commands go; the model itself does no input or output.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Protocol

import msgspec

from isthmus.kernel.messages import BUY, GTC, IOC, LIMIT, MARKET, POST_ONLY, SELL, CancelOrder, PlaceOrder, ReplaceOrder

Conversation = Generator[Any, Any, None]
Answer = Generator[Any, Any, int | None]


class Questions(Protocol):
    """What a participant may ask: the engine's queries."""

    def best(self, instrument: int, /) -> tuple[int, int, int, int]:
        """Bid price, bid quantity, ask price, ask quantity; 0 where there is none."""

    def order(self, order: int, /) -> dict[str, int] | None:
        """A live order, None when it is gone."""

    def balance(self, account: int, asset: int, /) -> tuple[int, int]:
        """Balance and what of it is held."""

    def position(self, account: int, instrument: int, /) -> tuple[int, int]:
        """Signed quantity of a perpetual, and what it holds."""


class Participant(msgspec.Struct, frozen=True):
    """An account in one instrument. `stock` is what it likes to own of the base asset, in quantity units."""

    account: int
    instrument: int
    base: int
    base_units: int
    perpetual: bool
    stock: int

    def inventory(self, engine: Questions) -> int:
        """How much more than its stock it owns, in quantity units."""
        if self.perpetual:
            return engine.position(self.account, self.instrument)[0]
        return engine.balance(self.account, self.base)[0] // self.base_units - self.stock

    def limit(self, side: int, price: int, quantity: int, post_only: bool = False) -> Answer:
        """Place a limit order; the number of the order, None when it was refused."""
        record = yield self._place(
            side, quantity, price=price, kind=LIMIT, tif=GTC, flags=POST_ONLY if post_only else 0
        )
        return accepted(record)

    def market(self, side: int, quantity: int) -> Answer:
        """Take what there is within the protection price."""
        record = yield self._place(side, quantity, price=0, kind=MARKET, tif=IOC, flags=0)
        return accepted(record)

    def cancel(self, order: int) -> Answer:
        """Cancel an order; a second cancel of it is harmless."""
        record = yield CancelOrder(order=order, account=self.account, reason=0, client_id=bytes(16))
        return accepted(record)

    def replace(self, order: int, price: int, quantity: int) -> Answer:
        """Move an order to another price or total quantity (what is filled included)."""
        record = yield ReplaceOrder(
            order=order, account=self.account, price=price, quantity=quantity, client_id=bytes(16)
        )
        return accepted(record)

    def _place(self, side: int, quantity: int, **terms: int) -> Any:
        assert side in (BUY, SELL)
        return PlaceOrder(
            account=self.account,
            instrument=self.instrument,
            venue=0,
            side=side,
            quantity=quantity,
            client_id=bytes(16),
            **terms,
        )


def accepted(record: Any) -> int | None:
    """The record's sequence, which is the number of a new order; None when the command was refused or not taken."""
    return record.sequence if record is not None and record.reason is None else None
