"""Drives the order book of the NautilusTrader wheel (L3, in Rust, called by PyO3) through a workload.

Its matching engine fills one trader's orders against a market's book; traders do not meet each other. So a newcomer's
fills are asked of the book (`simulate_fills`) and the book is told of them, as its matching engine does. Which resting
order a fill takes the book does not say: that comes from the known trades; prices and quantities are its own.

`python replay.py KNOWN COMMANDS TRADES`: KNOWN are the trades to expect; the rest and what is printed are as in
bench/peers.py.
"""

from __future__ import annotations

import array
import json
import resource
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nautilus_trader
from nautilus_trader.core import nautilus_pyo3 as peer

LIMIT, CANCEL, MARKET = 0, 1, 2
LIMIT_S = 20
"""Of processor time; the kernel ends the process then."""
ROUNDS = 3
SECONDS_FOR_MORE = 4.0
ANY_PRICE = (1_000_000, 1)
"""Of a market order that buys, that sells."""

Command = tuple[int, int, int, int, int, int]
Trade = tuple[int, int, int, int]
SIDES = (peer.OrderSide.BUY, peer.OrderSide.SELL)


def order(side: int, price: int, quantity: int, number: int) -> Any:
    """An order as the book takes it."""
    return peer.BookOrder(SIDES[side], peer.Price.from_int(price), peer.Quantity.from_int(quantity), number)


def prepared(commands: list[Command]) -> list[tuple[int, int, Any]]:
    """Kind, id and the object of each command: making them is not timed."""
    placed: dict[int, Any] = {}
    made = []
    for kind, side, _, quantity, price, number in commands:
        if kind != CANCEL:
            placed[number] = order(side, price if kind == LIMIT else ANY_PRICE[side], quantity, number)
        made.append((kind, number, placed.get(number)))
    return made


def drive(commands: list[tuple[int, int, Any]], makers: Iterator[int], trades: list[Any]) -> None:
    """One round; `trades` gets (maker, taker, price, quantity) with the book's own types."""
    book = peer.OrderBook(peer.InstrumentId.from_str("W1.SIM"), peer.BookType.L3_MBO)
    resting: dict[int, Any] = {}
    add, update, delete, fills_of = book.add, book.update, book.delete, book.simulate_fills
    quantity_of, order_of = peer.Quantity.from_raw, peer.BookOrder
    for kind, number, wanted in commands:
        if kind == CANCEL:
            if (gone := resting.pop(number, None)) is not None:
                delete(gone, 0, 0, 0)
            continue
        filled = 0
        for price, quantity in fills_of(wanted):
            maker = next(makers)
            trades.append((maker, number, price, quantity))
            filled += quantity.raw
            stood = resting[maker]
            if quantity.raw == stood.size.raw:
                delete(resting.pop(maker), 0, 0, 0)
            else:
                left = quantity_of(stood.size.raw - quantity.raw, 0)
                stood = resting[maker] = order_of(stood.side, stood.price, left, maker)
                update(stood, 0, 0, 0)
        if kind == LIMIT and filled < wanted.size.raw:
            if filled:
                wanted = order_of(wanted.side, wanted.price, quantity_of(wanted.size.raw - filled, 0), number)
            resting[number] = wanted
            add(wanted, 0, 0, 0)


def main(known_file: str, commands_file: str, trades_file: str) -> None:
    """Drives it and prints what it did."""
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, LIMIT_S))
    commands = prepared(list(struct.iter_unpack("<BBHIiI", Path(commands_file).read_bytes())))
    makers = [trade[0] for trade in struct.iter_unpack("<IIiI", Path(known_file).read_bytes())]
    rounds: list[float] = []
    first: list[Any] = []
    while len(rounds) < ROUNDS and (not rounds or rounds[0] < SECONDS_FOR_MORE):
        trades: list[Any] = []
        started = time.process_time()
        drive(commands, iter(makers), trades)
        rounds.append(time.process_time() - started)
        first = first or trades
    words = (word for maker, taker, price, size in first for word in (maker, taker, int(price), int(size)))
    Path(trades_file).write_bytes(array.array("I", words).tobytes())
    print(json.dumps({"version": nautilus_trader.__version__, "rounds": rounds, "trades": len(first)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
