"""What happened to one order: its records, one after the other, as events of its own.

An event tells the order's own figures and nothing of who stood on the other side, so its owner may see it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from isthmus.engine.engine import Record
from isthmus.kernel.messages import BUY, CANCEL_REASONS, MAKER, PENDING, SELL, TAKER, PlaceChild
from isthmus.refdata.directory import Directory
from isthmus.views.orders import asked_parents, purged_by, venue_of


class Event(msgspec.Struct, frozen=True):
    """`command` is what the record was asked; `left` what is left of the order afterwards. None: not told by it."""

    record: int
    time: int
    what: str
    command: str
    left: int
    price: int | None = None
    quantity: int | None = None
    stop: int | None = None
    fee: int | None = None
    liquidity: int | None = None
    trade: int | None = None
    reason: str | None = None
    child: int | None = None
    ordinal: int | None = None
    why: str | None = None
    """Of a parent's child that was placed or refused."""


class Life:
    """Feed it the records that touch the order, in order. `placed` is the command that placed it; `filled` and
    `quantity` are where an earlier feeding ended.
    """

    def __init__(self, order: int, placed: Any, directory: Directory, filled: int = 0, quantity: int = 0) -> None:
        self._order = order
        self._placed = placed
        self._directory = directory
        self.filled = filled
        self.quantity = quantity or placed.quantity
        self.over = False

    @property
    def instrument(self) -> int:
        """The order's instrument."""
        return int(self._placed.instrument)

    @property
    def left(self) -> int:
        """Lots that are left; 0 once it is over."""
        return 0 if self.over else max(0, self.quantity - self.filled)

    def take(self, record: Record) -> list[Event]:
        """What the record did to the order, in order."""
        events: list[Event] = []
        trades = 0
        if record.sequence == self._order:
            self.quantity = record.command.quantity
        effects = record.effects
        asked = self._order in asked_parents(effects)
        traded: Any = None
        for effect in effects:
            kind = type(effect).__name__
            trades += kind == "Traded"
            traded = effect if kind == "Traded" else traded if kind == "Reheld" else None
            if kind == "Reheld" and effect.order == self._order and traded is not None and self._is_worked:
                events.append(self._event(record, *self._worked(traded, trades)))
            elif (found := self._of(kind, effect, trades)) is not None and not (kind == "Purged" and asked):
                events.append(self._event(record, *found))
        if (placed := self._placing(record)) is not None:
            events.insert(0, self._event(record, *placed))
        if record.reason is not None and self._asks_for_it(record):
            what = "rejected" if record.sequence == self._order else "change_refused"
            self.over |= what == "rejected"
            events.append(self._event(record, what, {"reason": record.reason}))
        return events

    def _placing(self, record: Record) -> tuple[str, dict[str, Any]] | None:
        """A child that was placed for it, or refused; one that was sent again is no news."""
        command = record.command
        if type(command) is not PlaceChild or command.parent != self._order or record.reason == "already_placed":
            return None
        told = {"price": command.price, "quantity": command.quantity, "ordinal": command.ordinal}
        told |= {"why": record.origin.note or None}
        if record.reason is not None:
            return "child_refused", told | {"reason": record.reason}
        return "child_placed", told | {"child": record.sequence}

    @property
    def _is_worked(self) -> bool:
        return bool(getattr(self._placed, "path", 0))

    def _worked(self, traded: Any, ordinal: int) -> tuple[str, dict[str, Any]]:
        """A child's trade: the parent's Reheld stands right behind it."""
        taking = traded.taker_side == self._placed.side
        return self._traded(traded, TAKER if taking else MAKER, ordinal)

    def _event(self, record: Record, what: str, figures: dict[str, Any]) -> Event:
        command = type(record.command).__name__
        return Event(record.sequence, record.stamp, what, command, self.left, **figures)

    def _asks_for_it(self, record: Record) -> bool:
        return record.sequence == self._order or getattr(record.command, "order", 0) == self._order

    def _of(self, kind: str, effect: Any, trades: int) -> tuple[str, dict[str, Any]] | None:
        if kind == "Traded":
            sides = ((MAKER, effect.maker_order), (TAKER, effect.taker_order))
            own = next((role for role, order in sides if order == self._order and self._is_own(effect, role)), None)
            return None if own is None else self._traded(effect, own, trades)
        if kind == "Purged" and not self.over and purged_by(self._directory, effect)(self._placed):
            self.over = True
            return "cancelled", {"reason": "kill"}
        if getattr(effect, "order", 0) == self._order and (tell := _TELLS.get(kind)) is not None:
            return tell(self, effect)
        return None

    def _is_own(self, traded: Any, liquidity: int) -> bool:
        """A venue may name an order that is another's, or that it never had."""
        account = traded.maker if liquidity == MAKER else traded.taker
        side = traded.taker_side if liquidity == TAKER else BUY + SELL - traded.taker_side
        told = (account, traded.instrument, side, venue_of(traded, liquidity))
        placed = self._placed
        return told == (placed.account, placed.instrument, placed.side, placed.venue)

    def _traded(self, effect: Any, liquidity: int, ordinal: int) -> tuple[str, dict[str, Any]]:
        self.filled += effect.quantity
        self.over |= self.filled >= self.quantity
        return "traded", {
            "price": effect.price,
            "quantity": effect.quantity,
            "fee": effect.maker_fee if liquidity == MAKER else effect.taker_fee,
            "liquidity": liquidity,
            "trade": ordinal,
        }

    def _accepted(self, effect: Any) -> tuple[str, dict[str, Any]]:
        return "accepted", {"price": effect.price or None, "quantity": self.quantity}

    def _cancelled(self, effect: Any) -> tuple[str, dict[str, Any]]:
        self.over = True
        return "cancelled", {"quantity": effect.quantity, "reason": CANCEL_REASONS[effect.reason]}

    def _replaced(self, effect: Any) -> tuple[str, dict[str, Any]]:
        self.quantity = effect.quantity
        return "replaced", {"price": effect.price, "quantity": effect.quantity}

    def _replace_requested(self, effect: Any) -> tuple[str, dict[str, Any]]:
        return "replace_requested", {"price": effect.price, "quantity": effect.quantity}

    def _parked(self, effect: Any) -> tuple[str, dict[str, Any]]:
        return "pending" if effect.status == PENDING else "held", {}

    def _triggered(self, effect: Any) -> tuple[str, dict[str, Any]]:
        return ("triggered", {"price": effect.price}) if effect.price else ("released", {})

    def _refreshed(self, effect: Any) -> tuple[str, dict[str, Any]]:
        return "refreshed", {"quantity": effect.display}

    def _repriced(self, effect: Any) -> tuple[str, dict[str, Any]]:
        return "repriced", {"price": effect.price}

    def _trailed(self, effect: Any) -> tuple[str, dict[str, Any]]:
        return "trailed", {"stop": effect.stop, "price": effect.price or None}

    def _reduced(self, effect: Any) -> tuple[str, dict[str, Any]]:
        self.quantity = self.filled + effect.left
        return "reduced", {"quantity": effect.quantity}

    def _cancel_requested(self, effect: Any) -> tuple[str, dict[str, Any]]:
        return "cancel_requested", {"reason": CANCEL_REASONS[effect.reason]}

    def _acknowledged(self, _: Any) -> tuple[str, dict[str, Any]]:
        return "acknowledged", {}


_TELLS = {
    "Accepted": Life._accepted,
    "Cancelled": Life._cancelled,
    "Replaced": Life._replaced,
    "ReplaceRequested": Life._replace_requested,
    "Parked": Life._parked,
    "Triggered": Life._triggered,
    "Refreshed": Life._refreshed,
    "Repriced": Life._repriced,
    "Trailed": Life._trailed,
    "Reduced": Life._reduced,
    "CancelRequested": Life._cancel_requested,
    "Acknowledged": Life._acknowledged,
}
