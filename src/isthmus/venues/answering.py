"""What every outside venue shares: the orders that records ask of it, and its answers as commands for the engine.

Sans-I/O but for the desk that an outbox submits to. A fill's id is made of venue, order and ordinal, so that it counts
once however often it is told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from isthmus.engine.engine import content_id
from isthmus.kernel.messages import (
    CANCEL_REASONS,
    VenueAccepted,
    VenueCancelled,
    VenueFilled,
    VenueReplaced,
)

if TYPE_CHECKING:
    from isthmus.engine.engine import Engine, Record
    from isthmus.engine.market import MarketDesk

_REASONS = {text: number for number, text in CANCEL_REASONS.items()}
_PLACING = frozenset(("PlaceOrder", "PlaceSpecial", "PlaceChild"))


class Took(msgspec.Struct, frozen=True):
    """The venue took the order."""

    order: int


class Filled(msgspec.Struct, frozen=True):
    """A fill; `ordinal` counts the fills of the order from 1. `liquidity` is MAKER or TAKER."""

    order: int
    account: int
    side: int
    ordinal: int
    price: int
    quantity: int
    liquidity: int


class Ended(msgspec.Struct, frozen=True):
    """The rest of the order is gone, for a reason of CANCEL_REASONS ("user", "ioc", "venue_refused", ...)."""

    order: int
    reason: str


class Changed(msgspec.Struct, frozen=True):
    """The order has this price and total quantity now; a quantity equal to what is filled ends it."""

    order: int
    price: int
    quantity: int


Answer = Took | Filled | Ended | Changed


class Place(msgspec.Struct, frozen=True):
    """Where an answer comes from: the venue's account and name, and the instrument."""

    venue: int
    name: str
    instrument: int


class NewOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order that goes to a venue: a client's own, or a child of a parent. `price` is the worst price that it may
    trade at: its limit, or what protects it.
    """

    order: int
    account: int
    instrument: int
    venue: int
    side: int
    kind: int
    tif: int
    flags: int
    price: int
    quantity: int
    display: int = 0
    display_high: int = 0
    seed: int = 0
    min_quantity: int = 0
    offset: int = 0
    peg: int = 0
    expire: int = 0


class CancelAsked(msgspec.Struct, frozen=True):
    """A venue is asked to cancel, for this reason."""

    order: int
    venue: int
    reason: str


class ReplaceAsked(msgspec.Struct, frozen=True):
    """A venue is asked to change price and total quantity."""

    order: int
    venue: int
    price: int
    quantity: int


Asked = NewOrder | CancelAsked | ReplaceAsked

_TERMS = ("display", "display_high", "seed", "min_quantity", "offset", "peg", "expire")


def asked(record: Record, engine: Engine) -> Iterator[Asked]:
    """What a record asks of outside venues, in order. An order that ended before its record became durable (a kill) is
    not sent: `engine` knows which live.
    """
    command = record.command
    placing = type(command).__name__ in _PLACING and command.venue != 0
    for effect in record.effects:
        name = type(effect).__name__
        if name == "Accepted" and placing:
            if (known := engine.order(effect.order)) is not None:
                yield _new(command, effect, known)
        elif name == "CancelRequested" and effect.venue:
            yield CancelAsked(effect.order, effect.venue, CANCEL_REASONS[effect.reason])
        elif name == "ReplaceRequested" and effect.venue:
            yield ReplaceAsked(effect.order, effect.venue, effect.price, effect.quantity)


def _new(command: Any, accepted: Any, known: dict[str, int]) -> NewOrder:
    """Terms as the command has them; account, instrument and side as the engine knows them (a child's are its
    parent's).
    """
    return NewOrder(
        order=accepted.order,
        account=known["account"],
        instrument=known["instrument"],
        venue=command.venue,
        side=known["side"],
        kind=command.kind,
        tif=command.tif,
        flags=command.flags,
        price=accepted.price,
        quantity=command.quantity,
        **{name: getattr(command, name, 0) for name in _TERMS},
    )


def command_of(answer: Answer, place: Place) -> Any:
    """A venue's answer as a command."""
    if isinstance(answer, Took):
        return VenueAccepted(order=answer.order, venue=place.venue)
    if isinstance(answer, Ended):
        return ended(answer.order, place.venue, answer.reason)
    if isinstance(answer, Changed):
        return VenueReplaced(order=answer.order, venue=place.venue, price=answer.price, quantity=answer.quantity)
    return VenueFilled(
        order=answer.order,
        venue=place.venue,
        account=answer.account,
        instrument=place.instrument,
        side=answer.side,
        liquidity=answer.liquidity,
        price=answer.price,
        quantity=answer.quantity,
        fill_id=content_id(f"{place.name}/{answer.order}/{answer.ordinal}"),
    )


def ended(order: int, venue: int, reason: str) -> Any:
    """The command that ends what is left of an order at a venue."""
    return VenueCancelled(order=order, venue=venue, reason=_REASONS[reason])


def orders_at(engine: Engine, venues: set[int]) -> Iterator[tuple[int, int]]:
    """Every live order at these venues, with its venue: what a former run left there."""
    for account, _ in engine.accounts():
        for order in engine.orders(account):
            known = engine.order(order)
            if known is not None and known["venue"] in venues:
                yield order, known["venue"]


class Outbox:
    """Commands on their way to the engine, in order; they wait while the server takes none."""

    def __init__(self, desk: MarketDesk) -> None:
        self._desk = desk
        self._waiting: deque[Any] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, command: Any) -> None:
        """Put a command behind the others; `flush` sends it."""
        self._waiting.append(command)

    def flush(self) -> bool:
        """Submit what waits; False when the server takes nothing now. May be called while a command is submitted."""
        while self._waiting:
            command = self._waiting.popleft()
            if self._desk.submit(command) is None:
                self._waiting.appendleft(command)
                return False
        return True
