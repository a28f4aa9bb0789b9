"""One row in, the rows of what it did out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from isthmus.gateways.match.books import book_row
from isthmus.gateways.match.events import Row
from isthmus.gateways.match.fields import QUOTE, SHAPES, BadRow, read
from isthmus.gateways.match.market import Market
from isthmus.gateways.match.orders import asking, display_of, placing, quoting, replacing
from isthmus.kernel import messages as m

Rows = Iterator[Row]
SECOND_OPERATOR = 2
UNKNOWN_ORDER = 2**64 - 1
"""No order has this number, and a link to it is refused (0 would be no link)."""
INDEX_MAX = 2**16 - 1
"""Trades of one record that a correction can tell apart."""


class Door:
    """Takes rows and answers with rows; an unreadable row is answered with an `error` row and changes nothing."""

    def __init__(self) -> None:
        self.market = Market()
        self.names = self.market.names
        self._awaited: dict[int, int] = {}

    def take(self, row: Any) -> list[Row]:
        """Everything that one row set off. Never raises for what a row says."""
        if not isinstance(row, dict):
            return [_error(None, "a row is an object")]
        do = row.get("do")
        if not isinstance(do, str) or do not in SHAPES:
            return [_error("do", f"must be one of {', '.join(SHAPES)}")]
        try:
            return list(_DO[do](self, read(row, SHAPES[do], also=("do", "id"))))
        except BadRow as fault:
            return [_error(fault.field, fault.reason)]

    def _tell(self, field: str, command: Any) -> Rows:
        """Sends a command whose refusal is an error of the row's field."""
        record = self.market.send(command)
        yield from self.market.rows(record)
        if record.reason:
            yield _error(field, record.reason)

    def _ask(self, order: int | None, command: Any) -> Rows:
        """Sends a command about an order; its refusal is `rejected`."""
        record = self.market.send(command)
        yield from self.market.rows(record)
        if record.reason:
            yield _rejected(order, record.reason)

    def _alive(self, order: int) -> bool:
        number = self.names.orders.get(order)
        return number is not None and self.market.engine.order(number) is not None

    def instrument(self, row: Row) -> Rows:
        self.market.add_instrument(row["instrument"], row)
        yield from ()

    def account(self, row: Row) -> Rows:
        number = self.market.account(row["account"])
        if "funds" in row:
            self.market.fund(row["account"], row["funds"])
        if "group" in row or "firm" in row:
            belongs = m.SetAccount(account=number, group=row.get("group", 0), firm=row.get("firm", 0))
            yield from self._tell("account", belongs)

    def session(self, row: Row) -> Rows:
        number = self.market.known_instrument(row["instrument"])
        yield from self._tell("state", m.SetSession(instrument=number, state=row["state"]))

    def time(self, row: Row) -> Rows:
        if row["time"] < self.market.now:
            raise BadRow("time", f"goes back: it is {self.market.now}")
        self.market.now = row["time"]
        yield from self._tell("time", m.TimePassed())

    def mark(self, row: Row) -> Rows:
        number = self.market.known_instrument(row["instrument"])
        yield from self._tell("price", m.Mark(instrument=number, price=row["price"]))

    def uncross(self, row: Row) -> Rows:
        yield from self._tell("instrument", m.Uncross(instrument=self.market.known_instrument(row["instrument"])))

    def add(self, row: Row) -> Rows:
        order, instrument = row["order"], self.market.instrument(row["instrument"])
        if instrument is None:
            yield _rejected(order, "unknown_instrument")
            return
        if row.get("kind") == "iceberg" and display_of(row) == 0:
            yield _rejected(order, "bad_display")
            return
        yield from self._enter(order, lambda: self._placing(row, instrument))
        other = row.get("one_cancels")
        if other is not None and other not in self.names.orders and self._alive(order):
            self._awaited[other] = self.names.orders[order]

    def _placing(self, row: Row, instrument: int) -> Any:
        account = self.market.trader(row.get("account"), instrument)
        return placing(row, account, instrument, self._links(row))

    def _links(self, row: Row) -> dict[str, int]:
        """Engine numbers of linked orders; an order that was named before it came finds who named it."""
        orders = self.names.orders
        named = [key for key in ("one_cancels", "parent") if key in row]
        links: dict[str, int] = {key: orders.get(row[key], UNKNOWN_ORDER) for key in named}
        if row.get("one_cancels") not in orders:
            links.pop("one_cancels", None)
        waiting = self._awaited.get(row["order"])
        if waiting is not None and "one_cancels" not in links and self.market.engine.order(waiting) is not None:
            links["one_cancels"] = waiting
        return links

    def _enter(self, order: int, command: Callable[[], Any]) -> Rows:
        """As `_place`, for a name that no live order may have."""
        if self._alive(order):
            yield _rejected(order, "duplicate_order")
            return
        yield from self._place(order, command())

    def _place(self, order: int, command: Any) -> Rows:
        """Sends an order; only what is accepted gets the name."""
        record = self.market.send(command)
        if record.reason:
            yield from self.market.rows(record)
            yield _rejected(order, record.reason)
            return
        self.names.call_order(order, record.sequence)
        self._awaited.pop(order, None)
        yield from self.market.rows(record)

    def replace(self, row: Row) -> Rows:
        order: int = row["order"]
        number = self.names.orders.get(order, m.NO_ORDER)
        new = row.get("new_order", order)
        if new != order and self._alive(new):
            yield _rejected(order, "duplicate_order")
            return
        record = self.market.send(replacing(row, number))
        if record.reason:
            yield from self.market.rows(record)
            yield _rejected(order, record.reason)
            return
        yield from self._renamed(record, order, new, number)

    def _renamed(self, record: Any, order: int, new: int, number: int) -> Rows:
        """The rows of a replacement: `replaced` under the old name, all that follows under the new one."""
        before = iter(self.market.rows(record))
        for row in before:
            if row["ev"] == "replaced" and row["order"] == order:
                yield row if new == order else {**row, "new_order": new}
                self.names.call_order(new, number)
                if new != order:
                    del self.names.orders[order]
                break
            yield row
        yield from before

    def reduce(self, row: Row) -> Rows:
        number = self.names.orders.get(row["order"], m.NO_ORDER)
        yield from self._ask(row["order"], m.ReduceOrder(order=number, quantity=row["quantity"]))

    def cancel(self, row: Row) -> Rows:
        yield from self._ask(row["order"], m.CancelOrder(order=self.names.orders.get(row["order"], m.NO_ORDER)))

    def mass_cancel(self, row: Row) -> Rows:
        account = self.market.account(row["account"]) if "account" in row else 0
        instrument = self.market.known_instrument(row["instrument"]) if "instrument" in row else 0
        side, session = row.get("side", 0), row.get("session", 0)
        yield from self._tell("do", m.CancelAll(account=account, instrument=instrument, side=side, session=session))

    def quote(self, row: Row) -> Rows:
        entries = [read(_entry(entry), QUOTE) for entry in row["quotes"]]
        instrument = self.market.instrument(row["instrument"])
        if instrument is None:
            yield from (_rejected(entry["order"], "unknown_instrument") for entry in entries)
            return
        account = self.market.trader(row["account"], instrument)
        self.market.maker(account, instrument)
        first = True
        for entry in entries:
            if self._alive(entry["order"]) and not (first and self._requotes(entry["order"], account, instrument)):
                yield _rejected(entry["order"], "duplicate_order")
                continue
            rows = list(self._place(entry["order"], quoting(entry, account, instrument, first)))
            first = first and any(found["ev"] == "rejected" for found in rows)
            yield from rows

    def _requotes(self, order: int, account: int, instrument: int) -> bool:
        """Is the live order one of the quotes that the first of a mass quote takes away?"""
        was = self.market.engine.order(self.names.orders[order])
        mine = was is not None and (was["account"], was["instrument"]) == (account, instrument)
        return mine and was is not None and was["flags"] & m.QUOTE != 0

    def request(self, row: Row) -> Rows:
        order, instrument = row["order"], self.market.instrument(row["instrument"])
        if instrument is None:
            yield _rejected(order, "unknown_instrument")
            return

        def command() -> Any:
            who = (self.market.trader(row.get("account"), instrument), instrument)
            return asking(row, m.REQUEST, who, row["side"])

        yield from self._enter(order, command)

    def respond(self, row: Row) -> Rows:
        asked = self.market.engine.order(self.names.orders.get(row["to"], m.NO_ORDER))
        if asked is None:
            yield _rejected(row["order"], "unknown_request")
            return
        yield from self._enter(row["order"], lambda: self._responding(row, asked))

    def _responding(self, row: Row, asked: dict[str, int]) -> Any:
        instrument, firms_up = asked["instrument"], self.names.books[asked["instrument"]] == "dark"
        account = asked["account"] if firms_up and "account" not in row else None
        who = (account or self.market.trader(row.get("account"), instrument), instrument)
        side = asked["side"] if firms_up else m.BUY + m.SELL - asked["side"]
        return asking(row, m.RESPONSE, who, side, asked["order"])

    def accept(self, row: Row) -> Rows:
        number = self.names.orders.get(row["order"], m.NO_ORDER)
        yield from self._ask(row["order"], m.AcceptQuote(response=number, quantity=row.get("quantity", 0)))

    def bust(self, row: Row) -> Rows:
        if not 1 <= row["trade"] <= len(self.names.trades):
            raise BadRow("trade", "unknown_trade")
        sequence, index, terms = self.names.trades[row["trade"] - 1]
        if index > INDEX_MAX:
            raise BadRow("trade", "unknown_trade")
        fields = ("instrument", "maker", "taker", "taker_side", "price", "quantity")
        money = ("buyer_pays", "seller_gets", "maker_fee", "taker_fee")
        same = {field: getattr(terms, field) for field in fields + money}
        yield from self._tell(
            "trade", m.CorrectTrade(sequence=sequence, index=index, new_price=row.get("price", 0), **same)
        )

    def clear(self, row: Row) -> Rows:
        yield from self._tell("instrument", m.ClearSealed(instrument=self.market.known_instrument(row["instrument"])))

    def kill(self, row: Row) -> Rows:
        """A purge is one sum in the record; here every order that went has its row."""
        numbered = sorted((number, name) for name, number in self.names.orders.items())
        live = [(number, name, self.market.engine.order(number)) for number, name in numbered]
        of = self.market.scope_of(row["scope"], row.get("of"))
        record = self.market.send(m.Kill(scope=row["scope"], of=of, user=row.get("user", 1)))
        told = {effect.order for effect in record.effects if type(effect).__name__ == "Cancelled"}
        for number, name, was in live:
            if was is not None and number not in told and not self._alive(name):
                left = was["quantity"] - was["filled"]
                yield {"ev": "cancelled", "order": name, "quantity": left, "reason": "kill"}
        yield from self.market.rows(record)
        if record.reason:
            yield _error("scope", record.reason)

    def rearm(self, row: Row) -> Rows:
        """Without `user` both operators agree at once."""
        of = self.market.scope_of(row["scope"], row.get("of"))
        users = [row["user"]] if "user" in row else [1, SECOND_OPERATOR]
        for user in users:
            yield from self._tell("scope", m.Rearm(scope=row["scope"], of=of, user=user))

    def book(self, row: Row) -> Rows:
        number = self.market.known_instrument(row["instrument"])
        yield book_row(self.market, row["instrument"], number, row.get("depth"), row.get("orders", False))


def _entry(entry: Any) -> Row:
    if not isinstance(entry, dict):
        raise BadRow("quotes", "must be a list of objects")
    return entry


def _rejected(order: int | None, reason: str) -> Row:
    return {"ev": "rejected", "order": order, "reason": reason}


def _error(field: str | None, reason: str) -> Row:
    return {"ev": "error", "field": field, "reason": reason}


_DO: dict[str, Callable[[Door, Row], Rows]] = {name: getattr(Door, name) for name in SHAPES}
