"""Makes docs/reference/order-table.md: what every kind of order does in every book and trading state, as it happened.

Each cell is a run of the door (`isthmus match`): somebody offers 10 at 100 where the book takes offers, the reference
price is 100, the trading state is set, and the order of the row buys 5 at 100. `--check` compares instead of writing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isthmus.gateways.match.door import Door
from isthmus.gateways.match.words import BOOKS, STATES

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "order-table.md"
HOUR_NS = 3_600 * 10**9

KINDS: dict[str, dict[str, Any]] = {
    "limit, gtc": {},
    "limit, day": {"tif": "day"},
    "limit, gtd": {"tif": "gtd", "expire": HOUR_NS},
    "limit, ioc": {"tif": "ioc"},
    "limit, fok": {"tif": "fok"},
    "limit, at_open": {"tif": "at_open"},
    "limit, at_close": {"tif": "at_close"},
    "limit, good_for_auction": {"tif": "good_for_auction"},
    "market": {"kind": "market", "price": None},
    "market_to_limit": {"kind": "market_to_limit", "price": None},
    "stop at 105": {"kind": "stop", "price": None, "stop": 105},
    "stop_limit at 105": {"kind": "stop_limit", "stop": 105},
    "trailing_stop by 5": {"kind": "trailing_stop", "price": None, "offset": 5},
    "iceberg, shows 2": {"kind": "iceberg", "display": 2},
    "hidden": {"kind": "hidden"},
    "peg, primary": {"kind": "peg", "peg": "primary"},
    "peg, mid": {"kind": "peg", "peg": "mid"},
    "peg, market": {"kind": "peg", "peg": "market"},
    "post-only": {"post_only": "reject"},
    "post-only, slides": {"post_only": "slide"},
    "all-or-none": {"all_or_none": True},
    "minimum quantity 3": {"min_quantity": 3},
    "reduce-only": {"reduce_only": True},
    "one-cancels-other": {"one_cancels": 3},
    "bracket child": {"parent": 3},
}
OTHERS = ("quote", "request", "response")


def outcome(book: str, state: str, kind: str) -> str:
    """What the order of a row did, in a few words."""
    door = Door()
    door.take({"do": "instrument", "instrument": "X", "book": book})
    door.take({"do": "mark", "instrument": "X", "price": 100})
    offer = {"instrument": "X", "account": "maker", "side": "sell", "price": 100, "quantity": 10}
    door.take({"do": "add", "order": 1, **offer})
    door.take({"do": "add", "order": 2, **offer, "side": "buy", "price": 90})
    door.take({"do": "add", "order": 4, **offer, "account": "me", "price": 90, "quantity": 5})
    door.take({"do": "add", "order": 3, **offer, "account": "me", "side": "buy", "price": 80})
    door.take({"do": "session", "instrument": "X", "state": state})
    return _words(door.take(_row(door, kind)))


def _row(door: Door, kind: str) -> dict[str, Any]:
    order = {"instrument": "X", "order": 9, "account": "me", "side": "buy", "quantity": 5}
    if kind == "quote":
        quotes = [{"order": 9, "side": "buy", "price": 100, "quantity": 5}]
        return {"do": "quote", "instrument": "X", "account": "me", "quotes": quotes}
    if kind == "request":
        return {"do": "request", **order}
    if kind == "response":
        door.take({"do": "request", **order, "order": 8, "account": "asker", "side": "sell"})
        return {"do": "respond", "order": 9, "to": 8, "account": "me", "price": 100, "quantity": 5}
    return {"do": "add", **order, "price": 100, **KINDS[kind]}


def _words(rows: list[dict[str, Any]]) -> str:
    refused = next((row for row in rows if row["ev"] in ("rejected", "error")), None)
    if refused is not None:
        return f"({refused['reason']})"
    mine = [row for row in rows if row.get("order") == 9 or row["ev"] == "trade"]
    traded = sum(row["quantity"] for row in mine if row["ev"] == "trade")
    ended = next((row for row in mine if row["ev"] == "cancelled"), None)
    waits = next((row["status"] for row in mine if row["ev"] == "accepted"), "")
    if traded == 5:
        return "trades"
    if ended is not None:
        return f"goes: {ended['reason']}"
    if traded:
        return "trades, rests"
    return {"resting": "rests", "pending": "waits: trigger", "held": "waits: session"}.get(waits, "?")


def page() -> Iterator[str]:
    """The page, line by line."""
    yield "# What an order does where"
    yield "Made by `python tools/order_table.py` from runs of `isthmus match`, and compared by the tests. In every"
    yield "cell somebody offers 10 at 100 and bids for 10 at 90 (if the book takes that), the sender of the order is"
    yield "short of 5, the reference price is 100, and the order of the row buys 5 (at 100, where it has a price). In"
    yield "brackets: refused, with the reason. *goes*: accepted and cancelled at once."
    states = list(STATES)
    for book in BOOKS:
        yield ""
        yield f"## {book}"
        yield f"| order | {' | '.join(states)} |"
        yield f"|---|{'---|' * len(states)}"
        for kind in (*KINDS, *OTHERS):
            cells = " | ".join(outcome(book, state, kind) for state in states)
            yield f"| {kind} | {cells} |"


def main() -> int:
    """0 if the page is as it should be (or was written)."""
    text = "\n".join(page()) + "\n"
    if "--check" in sys.argv:
        same = PAGE.exists() and PAGE.read_text() == text
        print("the page is true" if same else f"{PAGE.name} is not what happens: run tools/order_table.py")
        return 0 if same else 1
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
