"""Other engines that Python can call, each driven through a workload: one call for every command, trades read back.

`python bench/peers.py NAME COMMANDS TRADES`: reads 16-byte commands, writes 16-byte trades of the first round, prints
{"version", "rounds": [CPU seconds], "trades": count or null where the engine reports none}.
"""

from __future__ import annotations

import array
import json
import platform
import resource
import struct
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

LIMIT, CANCEL, MARKET = 0, 1, 2
ROUNDS = 3
LIMIT_S = 20
"""Of processor time; the kernel ends the process then."""
SECONDS_FOR_MORE = 4.0
"""A peer that needs longer than this for a round is driven once."""

Command = tuple[int, int, int, int, int, int]
Trade = tuple[int, int, int, int]
Drive = Callable[[list[Command], list[Trade]], None]


def pure_python(commands: list[Command], trades: list[Trade]) -> None:
    """The reference book of this folder."""
    sys.path.insert(0, str(Path(__file__).parent))
    from reference_book import Book

    book = Book(trades)
    limit, cancel, market = book.limit, book.cancel, book.market
    for kind, side, _, quantity, price, order in commands:
        if kind == LIMIT:
            limit(side, order, quantity, price)
        elif kind == CANCEL:
            cancel(order)
        else:
            market(side, order, quantity)


def limit_order_book(commands: list[Command], _trades: list[Trade]) -> None:
    """Kautenja's book by ctypes; it reports no trades."""
    from limit_order_book import LimitOrderBook

    book = LimitOrderBook()
    for kind, side, _, quantity, price, order in commands:
        if kind == LIMIT:
            if side:
                book.limit_sell(order, quantity, price)
            else:
                book.limit_buy(order, quantity, price)
        elif kind == CANCEL:
            book.cancel(order)
        elif side:
            book.market_sell(order, quantity)
        else:
            book.market_buy(order, quantity)


def liquibook(commands: list[Command], trades: list[Trade]) -> None:
    """Fills come by a listener, which must tell the orders of them."""
    import liquibook as peer

    class Fills(peer.OrderListener):  # type: ignore[misc]
        """Notes the fills; the rest must be there and does nothing."""

        def ignored(self, *_: Any) -> None:
            pass

        on_accept = on_reject = on_cancel = on_cancel_reject = on_replace = on_replace_reject = on_trigger_stop = (
            ignored
        )

        def on_fill(self, taker: Any, maker: Any, quantity: int, price: int) -> None:
            taker.fill(quantity, price, 0)
            maker.fill(quantity, price, 0)
            trades.append((numbers[maker.order_id_], numbers[taker.order_id_], price, quantity))

    fills = Fills()
    book = peer.DepthOrderBook()
    book.set_order_listener(fills)
    orders: dict[int, Any] = {}
    numbers: dict[int, int] = {}
    for kind, side, _, quantity, price, number in commands:
        if kind == LIMIT:
            order = orders[number] = peer.SimpleOrder(not side, price, quantity)
            numbers[order.order_id_] = number
            book.add(order)
        elif kind == CANCEL:
            book.cancel(orders[number])
        else:
            order = orders[number] = peer.SimpleOrder(not side, 0, quantity, 0, peer.oc_immediate_or_cancel)
            numbers[order.order_id_] = number
            book.add(order, peer.oc_immediate_or_cancel)


def litebook(commands: list[Command], trades: list[Trade]) -> None:
    """Prices are floats, ids texts of its own; a market order is a limit beyond every price whose rest is cancelled."""
    import litebook as peer

    book = peer.OrderBook(tick_size=1.0)
    texts: dict[int, str] = {}
    numbers: dict[str, int] = {}
    buy, sell = peer.OrderType.Buy, peer.OrderType.Sell
    for kind, side, _, quantity, price, number in commands:
        if kind == CANCEL:
            book.cancel(texts[number])
            continue
        if kind == MARKET:
            price = 1 if side else 1_000_000
        order = book.create_order(sell if side else buy, float(price), float(quantity))
        text = texts[number] = order.id
        numbers[text] = number
        left = quantity
        for fill in book.add(order):
            maker = fill.buy_id if fill.sell_id == text else fill.sell_id
            trades.append((numbers[maker], number, round(fill.price), round(fill.quantity)))
            left -= round(fill.quantity)
        if kind == MARKET and left:
            book.cancel(text)


def nanobook(commands: list[Command], trades: list[Trade]) -> None:
    """Ids are its own."""
    import nanobook as peer

    book = peer.Exchange()
    theirs: dict[int, int] = {}
    ours: dict[int, int] = {}
    for kind, side, _, quantity, price, number in commands:
        if kind == CANCEL:
            book.cancel(theirs[number])
            continue
        name = "sell" if side else "buy"
        result = book.submit_limit(name, price, quantity) if kind == LIMIT else book.submit_market(name, quantity)
        theirs[number] = result.order_id
        ours[result.order_id] = number
        if result.filled_quantity:
            trades.extend((ours[t.passive_order_id], number, t.price, t.quantity) for t in result.trades)


def orderly_chaos(commands: list[Command], trades: list[Trade]) -> None:
    """Trades come by a call-back."""
    from orderly_chaos import LimitOrderBook, Side

    book = LimitOrderBook(lambda t: trades.append((t.maker_id, t.taker_id, t.price, t.quantity)))
    sides = (Side.BUY, Side.SELL)
    for kind, side, _, quantity, price, number in commands:
        if kind == LIMIT:
            book.limit(sides[side], number, quantity, price)
        elif kind == CANCEL:
            book.cancel(number)
        else:
            book.market(sides[side], number, quantity)


def cython_orderbook(commands: list[Command], trades: list[Trade]) -> None:
    """Ids are its own; trades stand in a log."""
    from cython_orderbook import Order, OrderBook, OrderSide

    book = OrderBook()
    sides = (OrderSide.BID, OrderSide.ASK)
    theirs: dict[int, Any] = {}
    ours: dict[Any, int] = {}
    for kind, side, _, quantity, price, number in commands:
        if kind == CANCEL:
            book.cancel_order(theirs[number])
            continue
        if kind == LIMIT:
            order = Order(side=sides[side], price=price, original_quantity=quantity)
            book.add_limit_order(order)
        else:
            order = Order(side=sides[side], original_quantity=quantity)
            book.add_market_order(order)
        theirs[number] = order.order_id
        ours[order.order_id] = number
    trades.extend((ours[t.filler_id], ours[t.aggressor_id], t.price, t.quantity_filled) for t in book.trade_log)


PEERS: dict[str, tuple[Drive, str | None, bool]] = {
    "pure-python": (pure_python, None, True),
    "limit-order-book": (limit_order_book, "limit-order-book", False),
    "liquibook": (liquibook, "liquibook", True),
    "litebook": (litebook, "litebook", True),
    "nanobook": (nanobook, "nanobook", True),
    "orderly-chaos": (orderly_chaos, "orderly-chaos", True),
    "cython-orderbook": (cython_orderbook, "cython-orderbook", True),
}
"""How each is driven, its package, and whether it reports trades."""


def main(name: str, commands_file: str, trades_file: str) -> None:
    """Drives one peer and prints what it did."""
    drive, package, reports = PEERS[name]
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, LIMIT_S))
    commands = list(struct.iter_unpack("<BBHIiI", Path(commands_file).read_bytes()))
    rounds: list[float] = []
    first: list[Trade] = []
    while len(rounds) < ROUNDS and (not rounds or rounds[0] < SECONDS_FOR_MORE):
        trades: list[Trade] = []
        started = time.process_time()
        drive(commands, trades)
        rounds.append(time.process_time() - started)
        first = first or trades
    Path(trades_file).write_bytes(array.array("I", [word for trade in first for word in trade]).tobytes())
    found = {
        "version": version(package) if package else platform.python_version(),
        "rounds": rounds,
        "trades": len(first) if reports else None,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
