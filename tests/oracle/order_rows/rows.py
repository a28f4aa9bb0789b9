"""The rows of orders' events in plain Python, one dictionary and one list at a time: see isthmus.audit.rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from tests.oracle.order_rows.changes import TELLS, shown_terms, written
from tests.oracle.order_rows.checks import Limits, checks
from tests.oracle.order_rows.events import PLACING, Event, ended_as, refusal_of
from tests.oracle.order_rows.live import (
    FIELDS,
    Live,
    Source,
    Values,
    listed,
    of_account,
    of_order,
    of_source,
    placed,
    short_sale,
)
from tests.oracle.order_rows.terms import Terms, hold_asset

from isthmus.audit.rows import EVENTS_MAX, Row
from isthmus.engine.engine import Record
from isthmus.kernel.errors import Damaged
from isthmus.kernel.ids import ID_MAX, order_id, trade_id
from isthmus.kernel.messages import BUY, CANCEL_REASONS, FILLED_OUTSIDE, PEG, REASONS, ROLES, SCOPES, SELL, WORKED
from isthmus.kernel.values import text, time_text
from isthmus.refdata.directory import Directory

RULES_AT = slice(18, 20)
"""Where a record's head has its rules (docs/reference/engine.md, body)."""
DARK, REQUESTED = 4, 8
"""Flags of Traded."""


class Rows:
    """`first`: the sequence of the log's first leaf."""

    def __init__(self, first: int = 1) -> None:
        self.sequence = 0
        """The last record taken in."""
        self.unknown = [0] * FIELDS
        """Rows so far in which nothing said the field, O01 first."""
        self._first = first
        self._directory = Directory()
        self._terms = Terms(self._directory)
        self._limits: Limits = {}
        self._live: dict[int, Live] = {}
        self._children: dict[int, set[int]] = {}
        self._templates: dict[int, Values] = {}
        self._record: Any = None
        self._events: list[Row] = []

    def take(self, record: Record) -> list[Row]:
        """The rows of the next record; most records that are no orders' have none. Raises Damaged where a record is
        missing, or has more than EVENTS_MAX events.
        """
        if self.sequence and record.sequence != self.sequence + 1:
            raise Damaged(f"record {record.sequence} does not follow on record {self.sequence}")
        self.sequence = record.sequence
        self._terms.on_record(record)
        self._record, self._events = record, []
        command = type(record.command).__name__
        if record.reason is not None:
            self._refused(command)
        trades = 0
        for effect in record.effects:
            kind = type(effect).__name__
            if kind == "Traded":
                self._traded(effect, trades)
                trades += 1
            elif take := _TAKES.get(kind):
                take(self, effect)
        if len(self._events) > EVENTS_MAX:
            raise Damaged(f"record {record.sequence} has more than {EVENTS_MAX} events of orders")
        return self._events

    def _add(self, live: Live, event: Event) -> None:
        """A row of an order, as it stands behind the event."""
        template = self._templates.get(live.number)
        if template is None:
            template = self._templates[live.number] = self._template(live)
        values = template.copy()
        record = self._record
        if getattr(record.command, "order", getattr(record.command, "response", 0)) == live.number:
            of_source(Source.of(record.origin), values)
            values[25] = record.origin.text or values[25]
        self._terms.phase(live.instrument, values)
        instrument = self._directory.instruments.get(live.instrument)
        if live.priority and event.status != "rejected":
            values[20] = time_text(live.priority)
        if instrument is not None:
            decimals = instrument.quantity_decimals
            done = live.number not in self._live
            values[52] = text(0 if done else live.left, decimals)
            shown = 0 if done or live.venue or live.status == "parked" else live.shown
            values[53] = None if shown is None else text(shown, decimals)
            asset = hold_asset(instrument, live.side)
            before = None if instrument.perpetual else event.held_before
            holds = {"after": event.held, "before": before}
            told = {name: None if hold is None else text(hold, asset.decimals) for name, hold in holds.items()}
            values[71] = listed({**told, "asset": asset.code})
        values[65] = event.status or live.status
        self._write(live.number, values, event)

    def _ghost(self, order: int, account: int, instrument: int, side: int, event: Event) -> None:
        """A row of an order that is not live: what its other records said is not repeated here."""
        values = self._terms.template(instrument)
        if account:
            of_account(self._directory, account, values)
        of_source(Source.of(self._record.origin), values)
        if order:
            values[24] = order_id(order)
        if side:
            values[56] = "buy" if side == BUY else "sell"
        values[65] = event.status or None
        self._write(order if order <= ID_MAX else 0, values, event)

    def _write(self, order: int, values: Values, event: Event) -> None:
        record, place = self._record, len(self._events)
        values[29] = f"{record.sequence}-{place}"
        values[64], values[68] = event.name, event.reason
        values[69] = listed(event.diff) if event.diff else ""
        values[70] = listed(event.checked) if event.checked else ""
        for at, value in event.more.items():
            values[at - 1] = value
        if values[73] is None:
            values[73] = self._override()
        values[76] = listed({"leaf": record.sequence - self._first, "previous": record.prev.hex()})
        values[77] = listed({"rules": int.from_bytes(record.body[RULES_AT], "little")})
        for at, value in enumerate(values):
            if value is None:
                self.unknown[at] += 1
        self._events.append(Row(record.sequence, place, order, record.stamp, tuple(values)))

    def _template(self, live: Live) -> Values:
        values = self._terms.template(live.instrument)
        instrument = self._directory.instruments.get(live.instrument)
        if instrument is None:
            of_account(self._directory, live.account, values)
            of_source(live.source, values)
            values[24], values[25] = order_id(live.number), live.source.text or None
            values[56] = {BUY: "buy", SELL: "sell"}.get(live.side)
            return values
        of_order(self._directory, instrument, live, values)
        return values

    def _override(self) -> str:
        """O74: an operator's command; who approved it, if anybody, no record of it says."""
        origin = self._record.origin
        if origin.role != ROLES["operator"]:
            return ""
        told = {"approver": None, "command": type(self._record.command).__name__, "user": origin.user}
        return listed(told)

    def _checked(self, live: Live, reason: str | None, changing: bool) -> dict[str, Any]:
        belongs = (self._directory.belongs(live.account, "group"), self._directory.belongs(live.account, "firm"))
        return checks(live, self._limits, belongs, reason, changing)

    def _keep(self, live: Live) -> None:
        self._live[live.number] = live
        if live.of:
            self._children.setdefault(live.of, set()).add(live.number)

    def _changed(self, live: Live) -> None:
        self._templates.pop(live.number, None)

    def _end(self, live: Live, status: str) -> None:
        """Gone: its row is the last; so is its parent's, if that has all it wanted and no other child."""
        live.status, live.shown = status, 0
        self._live.pop(live.number, None)

    def _forget(self, live: Live) -> None:
        self._templates.pop(live.number, None)
        children = self._children.get(live.of)
        if children is not None:
            children.discard(live.number)
            if not children:
                del self._children[live.of]

    def _refused(self, command: str) -> None:
        record = self._record
        asked, reason = record.command, record.reason
        if command in PLACING:
            if any(type(effect).__name__ == "Repeated" for effect in record.effects):
                return
            parent = self._live.get(asked.parent) if command == "PlaceChild" else None
            if command == "PlaceChild" and parent is None:
                self._ghost(record.sequence, 0, 0, 0, Event("reject", reason, status="rejected"))
                return
            live = placed(record, parent)
            live.status, live.shown = "rejected", 0
            self._add(live, Event("reject", reason, status="rejected", checked=self._checked(live, reason, False)))
            self._forget(live)
        elif (word := refusal_of(command)) is not None:
            order = getattr(asked, "order", getattr(asked, "response", 0))
            live_now = self._live.get(order)
            if live_now is None:
                self._ghost(order, getattr(asked, "account", 0), 0, 0, Event(word, reason))
                return
            checked = self._checked(live_now, reason, True) if word == "amend_refused" else None
            self._add(live_now, Event(word, reason, held=live_now.hold, held_before=live_now.hold, checked=checked))

    def _repeated(self, effect: Any) -> None:
        command = type(self._record.command).__name__
        reason = REASONS.get(effect.reason, "")
        if command in PLACING:
            order = effect.first
        elif refusal_of(command) is not None:
            order = getattr(self._record.command, "order", getattr(self._record.command, "response", 0))
        else:
            return
        live = self._live.get(order)
        if live is None:
            self._ghost(order, getattr(self._record.command, "account", 0), 0, 0, Event("repeat", reason))
        else:
            self._add(live, Event("repeat", reason, held=live.hold, held_before=live.hold))

    def _accepted(self, effect: Any) -> None:
        record = self._record
        if effect.order != record.sequence or type(record.command).__name__ not in PLACING:
            return
        parent = self._live.get(record.command.parent) if type(record.command).__name__ == "PlaceChild" else None
        live = placed(record, parent)
        if live.kind in (PEG, WORKED):
            live.price = effect.price
        live.hold, live.shown = effect.hold, live.rests
        self._keep(live)
        checked = self._checked(live, None, False)
        self._add(live, Event("new", "", held=effect.hold, held_before=0, checked=checked))

    def _traded(self, traded: Any, index: int) -> None:
        other = SELL if traded.taker_side == BUY else BUY
        sides = (
            (traded.maker_order, traded.maker, traded.taker, other, traded.maker_hold, "PASV"),
            (traded.taker_order, traded.taker, traded.maker, traded.taker_side, traded.taker_hold, "AGRE"),
        )
        for order, account, counterparty, side, hold, role in sides:
            if not order:
                continue
            outside = bool(traded.flags & FILLED_OUTSIDE)
            more = self._of_trade(traded, index, outside)
            live = self._live.get(order)
            asked = (account, traded.instrument, side, counterparty if outside else 0)
            if live is None or (live.account, live.instrument, live.side, live.venue) != asked:
                more[61] = listed({"aggressor": role})
                self._ghost(order, account, traded.instrument, side, Event("late_fill", "", more=more))
                continue
            self._filled(live, traded.quantity, hold, role, more)

    def _filled(self, live: Live, quantity: int, hold: int, role: str, more: dict[int, str | None]) -> None:
        before, live.hold = live.hold, hold
        live.filled += quantity
        live.status = "partially_filled"
        if role == "PASV" and live.shown is not None:
            live.shown = max(0, live.shown - quantity)
        elif role == "AGRE":
            live.shown = live.rests
        template = self._templates.get(live.number) or self._template(live)
        more[61] = listed({**msgspec.json.decode(template[60] or "{}"), "aggressor": role})
        more[64] = listed({"short_sale": short_sale(live), **msgspec.json.decode(more[64] or "{}")})
        done = live.filled >= live.quantity
        if done:
            self._end(live, "filled")
        self._add(live, Event("fill" if done else "partial_fill", "", held=hold, held_before=before, more=more))
        parent = self._live.get(live.of)
        if parent is not None:
            parent.filled += quantity
            parent.status = "partially_filled"
        if done:
            self._forget(live)
        if parent is not None:
            if parent.filled >= parent.quantity and not self._children.get(parent.number):
                self._end(parent, "filled")
            self._add(parent, Event("child_fill", "", held=parent.hold, held_before=parent.hold, more=more))
            if parent.number not in self._live:
                self._forget(parent)

    def _of_trade(self, traded: Any, index: int, outside: bool) -> dict[int, str | None]:
        record = self._record
        instrument = self._directory.instruments[traded.instrument]
        mark = trade_id(record.sequence, index + 1)
        fill = getattr(record.command, "fill_id", b"")
        kind = "dark" if traded.flags & DARK else "by_request" if traded.flags & REQUESTED else "book"
        return {
            22: None if outside else time_text(record.stamp),
            31: mark,
            32: (fill.hex() or None) if outside else mark,
            33: "NEWT",
            49: text(traded.price, instrument.price_decimals),
            55: text(traded.quantity, instrument.quantity_decimals),
            64: listed({"trade": "outside" if outside else kind}),
        }

    def _cancelled(self, effect: Any) -> None:
        live = self._live.get(effect.order)
        reason = CANCEL_REASONS[effect.reason]
        word = ended_as(self._record, reason)
        if live is None:
            self._ghost(effect.order, 0, 0, 0, Event(word, reason, status="cancelled"))
            return
        instrument = self._directory.instruments[live.instrument]
        held = None if instrument.perpetual else max(0, live.hold - effect.released)
        self._gone(live, Event(word, reason, held=held, held_before=live.hold))

    def _gone(self, live: Live, event: Event) -> None:
        self._end(live, "cancelled")
        self._add(live, event)
        parent = self._live.get(live.of)
        self._forget(live)
        if parent is not None and parent.filled >= parent.quantity and not self._children.get(parent.number):
            self._end(parent, "filled")
            self._forget(parent)

    def _purged(self, effect: Any) -> None:
        """A kill names its scope. Orders at venues, and parents with children there, are asked for instead."""
        asked = {
            made.order
            for made in self._record.effects
            if type(made).__name__ == "CancelRequested" and not made.venue
        }  # fmt: skip
        matches = self._in_scope(SCOPES[effect.scope], effect.of)
        for live in sorted(self._live.values(), key=lambda order: order.number):
            if not live.venue and live.number not in asked and matches(live):
                self._gone(live, Event("cancel_by_market", "kill", held=0, held_before=live.hold))

    def _in_scope(self, scope: str, of: int) -> Callable[[Live], bool]:
        if scope in ("group", "firm"):
            return lambda live: self._directory.belongs(live.account, scope) == of
        if scope == "everything":
            return lambda _: True
        if scope in ("account", "session", "instrument"):
            return lambda live: bool(getattr(live, scope) == of)
        return lambda _: False

    def _replaced(self, effect: Any) -> None:
        if (live := self._live.get(effect.order)) is None:
            return
        before, held = shown_terms(live), live.hold
        if type(self._record.command).__name__ == "ReplaceSpecial":
            live.specify(self._record.command)
        elif type(self._record.command).__name__ == "ReplaceOrder" and live.price and not live.terms.get("stop"):
            live.price = self._record.command.price
        live.replaced(effect.price, effect.quantity, effect.hold)
        if not effect.priority_kept:
            live.priority = self._record.stamp
        live.shown = live.rests
        self._changed(live)
        diff = self._diff(live, before, shown_terms(live))
        checked = None if live.venue else self._checked(live, None, True)
        by_venue = type(self._record.command).__name__ == "VenueReplaced"
        word = "amend_by_venue" if by_venue else "amend"
        self._add(live, Event(word, "", held=effect.hold, held_before=held, diff=diff, checked=checked))

    def _asked(self, effect: Any) -> None:
        """An outside venue is asked to change or to end it."""
        if (live := self._live.get(effect.order)) is None:
            return
        held = live.hold
        if type(effect).__name__ == "CancelRequested":
            live.status = "pending_cancel"
            self._add(live, Event("cancel_asked", CANCEL_REASONS[effect.reason], held=held, held_before=held))
            return
        live.status, live.hold = "pending_replace", effect.hold
        old = shown_terms(live)
        diff = self._diff(live, old, {**old, "price": effect.price, "quantity": effect.quantity})
        checked = self._checked(live, None, True)
        self._add(live, Event("amend_asked", "", held=live.hold, held_before=held, diff=diff, checked=checked))

    def _told(self, effect: Any) -> None:
        """What changes an order where it stands."""
        if (live := self._live.get(effect.order)) is None:
            return
        before, held = shown_terms(live), live.hold
        word = TELLS[type(effect).__name__](live, effect, self._record)
        self._changed(live)
        diff = self._diff(live, before, shown_terms(live))
        self._add(live, Event(word, "", held=live.hold, held_before=held, diff=diff))

    def _reheld(self, effect: Any) -> None:
        if (live := self._live.get(effect.order)) is not None:
            live.hold = effect.hold

    def _corrected(self, effect: Any) -> None:
        """A row for each side; the record names the trade and its accounts, not their orders."""
        made = self._record.command
        instrument = self._directory.instruments[made.instrument]
        mark = trade_id(effect.sequence, effect.index + 1)
        busted = not effect.price
        old, new = text(made.price, instrument.price_decimals), text(effect.price, instrument.price_decimals)
        more = {
            31: mark, 33: "CANC" if busted else listed(["CANC", "NEWT"]),
            49: old if busted else new, 55: text(made.quantity, instrument.quantity_decimals),
        }  # fmt: skip
        diff = None if busted else {"transaction_price": [old, new]}
        other = SELL if made.taker_side == BUY else BUY
        for account, side in ((made.maker, other), (made.taker, made.taker_side)):
            event = Event("bust" if busted else "correct", "", diff=diff, more=dict(more))
            self._ghost(0, account, made.instrument, side, event)

    def _limit_set(self, effect: Any) -> None:
        key = (effect.scope, effect.of, effect.instrument, effect.limit)
        self._limits.pop(key, None)
        if effect.value >= 0:
            self._limits[key] = effect.value

    def _diff(self, live: Live, before: dict[str, int], after: dict[str, int]) -> dict[str, list[str]]:
        """Terms that changed, old and new, as people write them."""
        instrument = self._directory.instruments[live.instrument]
        found = {}
        for name in sorted(before.keys() | after.keys()):
            pair = [before.get(name, 0), after.get(name, 0)]
            if pair[0] != pair[1]:
                found[name] = [written(name, value, instrument) for value in pair]
        return found


_TAKES: dict[str, Callable[[Rows, Any], None]] = {
    "Accepted": Rows._accepted,
    "Cancelled": Rows._cancelled,
    "Purged": Rows._purged,
    "Replaced": Rows._replaced,
    "ReplaceRequested": Rows._asked,
    "CancelRequested": Rows._asked,
    "Repeated": Rows._repeated,
    "Reheld": Rows._reheld,
    "TradeCorrected": Rows._corrected,
    "LimitSet": Rows._limit_set,
    **dict.fromkeys(TELLS, Rows._told),
}
