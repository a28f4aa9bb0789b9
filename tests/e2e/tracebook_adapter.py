"""Lets the public suite tracebook-conformance talk to `isthmus match`: its protocol one side, our rows the other.

Run as a program by the suite, once a trace; it runs `isthmus match -` itself. Prices become ticks, quantities
millionths.
"""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from tracebook.conformance.model import (
    BookSnapshot,
    BookState,
    ConformanceConfig,
    EngineMetadata,
    Observation,
    Outcome,
    RestingOrder,
    TradeFill,
    canonical_decimal,
)
from tracebook.conformance.protocol import serve_stdio
from tracebook.core.order import SelfTradePolicy
from tracebook.events import MarketEvent

LOTS = 10**6
SELF_TRADE = {
    SelfTradePolicy.NONE: "none",
    SelfTradePolicy.CANCEL_RESTING: "oldest",
    SelfTradePolicy.CANCEL_INCOMING: "newest",
}
TIFS = {"LIMIT": ("limit", "gtc"), "MARKET": ("market", "ioc"), "IOC": ("limit", "ioc"), "FOK": ("limit", "fok")}
REFUSALS = {"unknown_order": "ORDER_NOT_ACTIVE", "duplicate_order": "DUPLICATE_ORDER_ID"}
NO_OWNER = 0


class IsthmusAdapter:
    """One trace: a door of its own."""

    def __init__(self, config: ConformanceConfig) -> None:
        self.config = config
        self.metadata = EngineMetadata("isthmus", "match", "Python")
        self.tick = Decimal(str(config.tick_size))
        command = [str(Path(sys.executable).parent / "isthmus"), "match", "-"]
        self.door = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.listed: list[str] = []
        self.ids: dict[tuple[str, int], int] = {}
        self.sources: dict[int, int] = {}
        self.owners: dict[int, int] = {}
        self.filled: dict[int, int] = {}

    def _ask(self, **row: Any) -> list[dict[str, Any]]:
        """One row; a book query behind it marks the end of its answers."""
        assert self.door.stdin and self.door.stdout
        end = {"do": "book", "instrument": row["instrument"], "orders": True, "id": "end"}
        sent = (
            row
            if row["do"] in ("instrument", "mass_cancel")
            else {k: v for k, v in row.items() if k in _KEYS[row["do"]]}
        )
        self.door.stdin.write(json.dumps(sent) + "\n" + json.dumps(end) + "\n")
        self.door.stdin.flush()
        answers = []
        while True:
            answer = json.loads(self.door.stdout.readline())
            answers.append(answer)
            if answer.get("id") == "end":
                return answers

    def _list(self, symbol: str) -> None:
        book = "pro_rata" if self.config.matching_algorithm == "pro_rata" else "lit"
        rules = {"self_trade": SELF_TRADE[self.config.self_trade_policy], "replace_keeps_priority": "never"}
        self._ask(do="instrument", instrument=symbol, book=book, rules=rules)
        self.listed.append(symbol)

    def apply(self, event: MarketEvent, index: int) -> Observation:
        answers: list[dict[str, Any]] = []
        outcome = Outcome("applied")
        try:
            answers = self._apply(event)
        except _Refused as refused:
            outcome = Outcome("rejected", refused.code, str(refused))
        trades = tuple(self._trade(row) for row in answers if row["ev"] == "trade")
        state = self.snapshot()
        return Observation(index, outcome, trades, state.digest(), state.order_count)

    def _apply(self, event: MarketEvent) -> list[dict[str, Any]]:
        if event.symbol not in self.listed:
            if event.op in ("cancel", "reduce", "replace"):
                raise _Refused("ORDER_NOT_ACTIVE")
            self._list(event.symbol)
        if event.op == "clear":
            return self._ask(do="mass_cancel", instrument=event.symbol)
        answers = self._ask(**self._row(event), instrument=event.symbol)
        for row in answers:
            if row["ev"] in ("rejected", "error"):
                invalid = "INVALID_REPLACEMENT" if event.op == "replace" else "INVALID_ORDER"
                raise _Refused(REFUSALS.get(row["reason"], invalid))
        return answers

    def _row(self, event: MarketEvent) -> dict[str, Any]:
        assert event.order_id is not None
        key = (event.symbol, event.order_id)
        if event.op == "new":
            return self._add(event, key)
        order = self.ids.get(key, 0)
        row: dict[str, Any] = {"do": event.op, "order": order}
        if event.op == "reduce":
            row["quantity"] = lots(event.quantity)
        if event.op == "replace":
            if event.price is not None:
                row["price"] = self._ticks(event.price, "INVALID_REPLACEMENT")
            if event.quantity is not None:  # theirs is what is to be left, ours the total
                row["quantity"] = lots(event.quantity) + self.filled.get(order, 0) if event.quantity > 0 else 0
        return row

    def _add(self, event: MarketEvent, key: tuple[str, int]) -> dict[str, Any]:
        assert event.quantity is not None
        assert event.side is not None
        order = self.ids.get(key, 0)
        if not any(order == row[0] for row in self._orders(event.symbol)):
            order = len(self.sources) + 1
            self.ids[key] = order
            self.sources[order], self.owners[order] = key[1], event.owner
        kind, tif = TIFS[event.order_type.name]
        row = {"do": "add", "order": order, "side": event.side.name.lower(), "kind": kind, "tif": tif}
        if event.owner != NO_OWNER:
            row["account"] = event.owner
        if kind == "limit":
            assert event.price is not None
            row["price"] = self._ticks(event.price, "INVALID_ORDER")
        return row | {"quantity": lots(event.quantity)}

    def _ticks(self, price: float, code: str) -> int:
        """The suite's books move a price to the nearest tick."""
        if price <= 0 or round(price / float(self.tick)) <= 0:
            raise _Refused(code)
        return round(price / float(self.tick))

    def _trade(self, row: dict[str, Any]) -> TradeFill:
        for order in (row["buy"], row["sell"]):
            self.filled[order] = self.filled.get(order, 0) + row["quantity"]
        buy, sell = self.sources[row["buy"]], self.sources[row["sell"]]
        return TradeFill(row["instrument"], buy, sell, self._price(row["price"]), quantity(row["quantity"]))

    def _price(self, ticks: int) -> str:
        return canonical_decimal(ticks * self.tick)

    def _orders(self, symbol: str) -> list[list[Any]]:
        assert self.door.stdin and self.door.stdout
        self.door.stdin.write(json.dumps({"do": "book", "instrument": symbol, "orders": True}) + "\n")
        self.door.stdin.flush()
        self.last = json.loads(self.door.stdout.readline())
        return list(self.last["orders"])

    def snapshot(self) -> BookState:
        return BookState(tuple(self._book(symbol) for symbol in sorted(self.listed)))

    def _book(self, symbol: str) -> BookSnapshot:
        resting = self._orders(symbol)
        bids = sum(level[2] for level in self.last["bids"])
        rows = [
            RestingOrder(self.sources[order], self._price(price), quantity(left), self.owners[order], "LIMIT")
            for order, _, price, _, left in resting
        ]
        return BookSnapshot(symbol, tuple(rows[:bids]), tuple(rows[bids:]))

    def close(self) -> None:
        assert self.door.stdin
        self.door.stdin.close()
        self.door.wait(timeout=10)


class _Refused(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code.lower())
        self.code = code


_KEYS = {
    "add": ("do", "instrument", "order", "account", "side", "kind", "tif", "price", "quantity"),
    "cancel": ("do", "order"),
    "reduce": ("do", "order", "quantity"),
    "replace": ("do", "order", "price", "quantity"),
}


def lots(amount: float | None) -> int:
    scaled = Decimal(str(amount)) * LOTS
    if scaled != int(scaled):
        raise _Refused("INVALID_ORDER")
    return int(scaled)


def quantity(count: int) -> str:
    return canonical_decimal(Decimal(count) / LOTS)


if __name__ == "__main__":
    raise SystemExit(serve_stdio(IsthmusAdapter))
