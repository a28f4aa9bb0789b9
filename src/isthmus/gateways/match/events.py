"""The engine's effects as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from isthmus.engine.engine import Record
from isthmus.gateways.match.names import Names
from isthmus.kernel.messages import BUY, CANCEL_REASONS, HELD, SESSION_STATES

Row = dict[str, Any]

DARK, NEGOTIATED = 4, 8
"""Flags of Traded: where it happened."""


class Events:
    """Turns records into rows. `names` knows what the caller calls things."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._auction = 0

    def of(self, record: Record) -> Iterator[Row]:
        """The rows of one record, in the order of its effects."""
        effects = record.effects
        parked = {e.order: e.status for e in effects if type(e).__name__ == "Parked"}
        self._auction = 0
        index = 0
        for effect in effects:
            kind = type(effect).__name__
            if kind == "Accepted":
                yield self._accepted(effect, parked)
            elif kind == "Traded":
                yield self._trade(record, index, effect)
                index += 1
            elif kind in _ROWS:
                row = _ROWS[kind](self, effect)
                if row is not None:
                    yield row

    def _accepted(self, effect: Any, parked: dict[int, int]) -> Row:
        status = {None: "resting", HELD: "held"}.get(parked.get(effect.order), "pending")
        return {"ev": "accepted", "order": self._names.order(effect.order), "status": status}

    def _trade(self, record: Record, index: int, effect: Any) -> Row:
        maker, taker = self._names.order(effect.maker_order), self._names.order(effect.taker_order)
        buy, sell = (taker, maker) if effect.taker_side == BUY else (maker, taker)
        return {
            "ev": "trade",
            "trade": self._names.new_trade(record.sequence, index, effect),
            "instrument": self._names.instrument(effect.instrument),
            "maker": maker,
            "taker": taker,
            "buy": buy,
            "sell": sell,
            "price": effect.price,
            "quantity": effect.quantity,
            "phase": self._phase(effect),
        }

    def _phase(self, effect: Any) -> str:
        if effect.flags & DARK:
            return "dark"
        if effect.flags & NEGOTIATED:
            return self._names.phase(effect.instrument)
        if self._auction > 0:
            self._auction -= effect.quantity
            return "auction"
        return "continuous"

    def auction(self, effect: Any) -> Row:
        """Trades up to its volume are the auction's."""
        self._auction = effect.quantity
        return {
            "ev": "auction",
            "instrument": self._names.instrument(effect.instrument),
            "price": effect.price or None,
            "volume": effect.quantity,
            "imbalance": effect.imbalance,
        }

    def cancelled(self, effect: Any) -> Row:
        order = self._names.order(effect.order)
        reason = CANCEL_REASONS[effect.reason]
        return {"ev": "cancelled", "order": order, "quantity": effect.quantity, "reason": reason}

    def triggered(self, effect: Any) -> Row:
        """A stop's price came; or what an order was held for did."""
        return {"ev": "triggered" if effect.price else "released", "order": self._names.order(effect.order)}

    def session(self, effect: Any) -> Row:
        instrument = self._names.instrument(effect.instrument)
        return {"ev": "session", "instrument": instrument, "state": SESSION_STATES[effect.state]}

    def limit_state(self, effect: Any) -> Row:
        instrument, entered = self._names.instrument(effect.instrument), bool(effect.entered)
        return {"ev": "limit_state", "instrument": instrument, "entered": entered, "price": effect.price}

    def about(self, effect: Any, event: str, *fields: str) -> Row:
        """A row about one order with some of the effect's own fields."""
        return {"ev": event, "order": self._names.order(effect.order), **{f: getattr(effect, f) for f in fields}}

    def replaced(self, effect: Any) -> Row:
        return {**self.about(effect, "replaced"), "priority_kept": bool(effect.priority_kept)}

    def busted(self, effect: Any) -> Row:
        trade = self._names.trade_at(effect.sequence, effect.index)
        return {"ev": "adjusted", "trade": trade, "price": effect.price} if effect.price else _busted(trade)

    def killed(self, effect: Any) -> Row:
        return {"ev": "killed", "orders": effect.orders, "digest": effect.digest.hex()}


def _busted(trade: int) -> Row:
    return {"ev": "busted", "trade": trade}


_ROWS: dict[str, Callable[[Events, Any], Row | None]] = {
    "Auctioned": Events.auction,
    "Cancelled": Events.cancelled,
    "Triggered": Events.triggered,
    "SessionChanged": Events.session,
    "LimitState": Events.limit_state,
    "Replaced": Events.replaced,
    "TradeCorrected": Events.busted,
    "Purged": Events.killed,
    "Refreshed": lambda events, effect: events.about(effect, "refreshed", "display"),
    "Repriced": lambda events, effect: events.about(effect, "repriced", "price"),
    "Trailed": lambda events, effect: events.about(effect, "trailed", "stop", "price"),
    "Invited": lambda events, effect: events.about(effect, "invited", "until"),
    "Reduced": lambda events, effect: events.about(effect, "reduced", "left"),
    "Rearmed": lambda _events, _effect: {"ev": "rearmed"},
    "RearmAsked": lambda _events, _effect: {"ev": "rearm_asked"},
}
