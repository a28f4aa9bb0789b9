"""`isthmus route --explain`: what would be done with an order on these books, and why. Exit 2 when an input cannot be
used; an order that must wait is no fault.
"""

from __future__ import annotations

import argparse
from typing import Any

import msgspec

from isthmus.app.output import EXIT_OK, fail, note, print_json, say
from isthmus.app.route_input import Books, OrderFile, price_of, quantity_of, read_books, read_order
from isthmus.app.route_recorded import put_together, read_recorded
from isthmus.execution.explain import Explanation, Wanted, explain
from isthmus.execution.policy import Level, Parent, Venue
from isthmus.execution.shown import ShownMarket, by_number, consolidated
from isthmus.execution.taxonomy import PATHS
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import BUY, ORDER_TYPES, SELL, SIDES, TIMES_IN_FORCE
from isthmus.kernel.values import NS_PER_S, PRICE_MAX, short_text, text, time_ns

ACCOUNT = INSTRUMENT = 1
"""An order that is only explained has nobody's account."""
MARKET_BPS = 500
"""A market order is explained with a limit so far beyond the best price, as the collar of the engine would set it."""
PPM_DECIMALS = 6
_TIF = {number: name for name, number in TIMES_IN_FORCE.items()}
_KIND = {number: name for name, number in ORDER_TYPES.items()}
_SIDE = {number: name for name, number in SIDES.items()}


def run(arguments: argparse.Namespace) -> int:
    """Prints the consolidated book, the path, its first children and why."""
    if arguments.order == "-" and "-" in arguments.books:
        fail("books", "standard input is already the order")
    until = _time(arguments.at) if arguments.at else None
    order = read_order(arguments.order)
    books = _books(arguments.books, order.instrument, until)
    explained = explained_order(order, books)
    row = answer(order, books, explained, arguments.depth)
    if arguments.json:
        print_json(row)
    else:
        _tell(row)
    return EXIT_OK


def _time(written: str) -> int:
    try:
        return time_ns(written)
    except ValueError as error:
        raise BadInput("at", str(error)) from error


def _books(sources: list[str], instrument: str | None, until: int | None) -> Books:
    """One file of books, or one recording of each venue."""
    found = [read_books(source) for source in sources]
    shown = [books for books in found if isinstance(books, Books)]
    if shown and len(found) > 1:
        fail("books", "several files are read only when they are recordings, one a venue")
    if shown:
        if until is not None:
            fail("at", "goes with recordings; books that are written down have no times")
        return shown[0]
    streams = [stream for stream in found if not isinstance(stream, Books)]
    return put_together([read_recorded(stream, place, instrument, until) for place, stream in enumerate(streams)])


def explained_order(order: OrderFile, books: Books) -> Explanation:
    """What would be done with it. Raises BadInput naming the order's field."""
    market = ShownMarket(books.venues, books.volatility, books.day)
    now = books.at or NS_PER_S
    parent = Parent(
        number=1,
        account=ACCOUNT,
        instrument=INSTRUMENT,
        side=SIDES[order.side],
        quantity=quantity_of(order.quantity, books.quantity_decimals, "quantity"),
        limit=_limit(order, books, market),
        arrived_at=now,
        until=now + round(order.until_s * NS_PER_S) if order.until_s else 0,
        seed=order.seed,
        arrival_x2=market.middle_x2() or 0,
    )
    paths = {path.name: path for path in PATHS}
    wanted = Wanted(parent=parent, path=order.path or "", parameters=order.parameters, urgency=order.urgency)
    try:
        return explain(wanted, market, paths, now)
    except KeyError as error:
        raise BadInput("path", f"{error.args[0]} is none of {', '.join(paths)}") from error
    except msgspec.ValidationError as error:
        raise BadInput("parameters", str(error)) from error


def _limit(order: OrderFile, books: Books, market: ShownMarket) -> int:
    """The limit in price steps; a market order's is MARKET_BPS beyond the best price of the other side."""
    if order.limit is not None:
        return price_of(order.limit, books.price_decimals, "limit")
    buys = SIDES[order.side] == BUY
    facing = market.levels(SELL if buys else BUY, 1)
    if not facing:
        return PRICE_MAX if buys else 1
    away = facing[0].price * MARKET_BPS // 10_000
    return facing[0].price + away if buys else max(1, facing[0].price - away)


def answer(order: OrderFile, books: Books, explained: Explanation, depth: int) -> dict[str, Any]:
    """The answer as it is printed; prices and quantities are decimal text."""
    names = by_number(books.venues)
    prices, sizes = books.price_decimals, books.quantity_decimals
    book = [
        _row(level, names, books, side) for side in (SELL, BUY) for level in consolidated(books.venues, side)[:depth]
    ]
    children = [
        {
            "venue": names[ticket.venue].name,
            "side": order.side,
            "price": text(ticket.price, prices),
            "quantity": short_text(ticket.quantity, sizes),
            "tif": _TIF[ticket.tif],
            "kind": _KIND[ticket.kind],
            "why": ticket.why,
        }
        for ticket in explained.decision.place
    ]
    return {
        "path": explained.path,
        "parameters": msgspec.to_builtins(explained.parameters),
        "why": explained.why,
        "book": book,
        "children": children,
        "left_out": [{"venue": row.venue.name, "why": row.fault} for row in books.venues if row.fault],
        "instrument": order.instrument or books.instrument,
    }


def _row(level: Level, names: Any, books: Books, side: int) -> dict[str, str]:
    venue: Venue = names[level.venue]
    return {
        "venue": venue.name,
        "side": _SIDE[side],
        "price": text(level.price, books.price_decimals),
        "quantity": short_text(level.quantity, books.quantity_decimals),
        "all_in": short_text(level.all_in, books.price_decimals + PPM_DECIMALS),
    }


def _tell(row: dict[str, Any]) -> None:
    say(f"{'venue':16}{'side':6}{'price':>16}{'quantity':>18}{'all in':>22}")
    for level in row["book"]:
        name, side, price, quantity, all_in = level.values()
        say(f"{name:16}{side:6}{price:>16}{quantity:>18}{all_in:>22}")
    for venue in row["left_out"]:
        note(f"isthmus: {venue['venue']} is left out: {venue['why']}")
    say(f"path {row['path']}: " + " ".join(row["why"]))
    for child in row["children"]:
        what = f"{child['side']} {child['quantity']} at {child['price']}"
        say(f"  {what} {child['venue']} {child['kind']} {child['tif']}")
    if not row["children"]:
        say("  no children now")
