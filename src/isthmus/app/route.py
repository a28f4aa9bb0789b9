"""`isthmus route --explain`: what would be done with an order on these books, and why. Exit 2 when an input cannot be
used; an order that must wait is no fault. With a data folder: what was done with one, made again (`route_kept`).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import msgspec

from isthmus.app.output import EXIT_OK, fail, note, print_json, say
from isthmus.app.route_input import Books, OrderFile, price_of, quantity_of, read_books, read_order
from isthmus.app.route_kept import explain_kept
from isthmus.app.route_recorded import put_together, read_recorded
from isthmus.execution.explain import Explanation, Wanted, explain
from isthmus.execution.policy import Level, Parent, Venue
from isthmus.execution.shown import ShownMarket, by_number
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
    if (arguments.books is None) == (arguments.data is None):
        fail("books", "either books or a data folder says what the venues showed: --books or --data")
    if arguments.data is not None:
        return _run_kept(arguments)
    if arguments.order == "-" and "-" in arguments.books:
        fail("books", "standard input is already the order")
    until = _time(arguments.at) if arguments.at else None
    order = read_order(arguments.order)
    books = _books(arguments.books, order.instrument, until)
    market = shown_market(books)
    explained = explained_order(order, books, market)
    row = answer(order, books, (market, explained), arguments.depth)
    if arguments.json:
        print_json(row)
    else:
        _tell(row)
    return EXIT_OK


def _run_kept(arguments: argparse.Namespace) -> int:
    if arguments.at:
        fail("at", "goes with recordings; a decision has its own time")
    data = Path(arguments.data)
    if not (data / "journal").is_dir():
        fail("data", f"{data} holds no journal")
    row, code = explain_kept(data, arguments.order, arguments.depth)
    if arguments.json:
        print_json(row)
    else:
        _tell_book(row)
        _tell_kept(row)
    return code


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


def shown_market(books: Books) -> ShownMarket:
    """The books as paths see them, sources and routes judged. Raises BadInput for terms that make no sense."""
    market = ShownMarket(books.venues, books.volatility, books.day, books.at or NS_PER_S, books.before)
    market.price_decimals = books.price_decimals
    return market


def explained_order(order: OrderFile, books: Books, market: ShownMarket) -> Explanation:
    """What would be done with it. Raises BadInput naming the order's field."""
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


def answer(order: OrderFile, books: Books, found: tuple[ShownMarket, Explanation], depth: int) -> dict[str, Any]:
    """The answer as it is printed; prices and quantities are decimal text."""
    market, explained = found
    names = by_number(books.venues)
    prices, sizes = books.price_decimals, books.quantity_decimals
    book = [_row(level, names, books, side) for side in (SELL, BUY) for level in market.levels(side, depth)]
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
        "sources": [{"venue": row.venue.name, "state": row.state, "why": row.why} for row in market.unused()],
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


def _tell_book(row: dict[str, Any]) -> None:
    say(f"{'venue':16}{'side':6}{'price':>16}{'quantity':>18}{'all in':>22}")
    for level in row["book"]:
        name, side, price, quantity, all_in = level.values()
        say(f"{name:16}{side:6}{price:>16}{quantity:>18}{all_in:>22}")


def _tell_kept(row: dict[str, Any]) -> None:
    say(f"path {row['path']}, decided at {row['at']} (frame {row['tape']} of the tape): " + " ".join(row["why"]))
    for place in range(max(len(row["children"]), len(row["recorded"]))):
        made, recorded = (rows[place] if place < len(rows) else None for rows in (row["children"], row["recorded"]))
        mark = "=" if made == recorded else "!"
        say(f"{mark} {_child(made)}" + ("" if made == recorded else f"   recorded: {_child(recorded)}"))
    verdict = "all found again" if row["same"] else f"DIFFERENT at frames {row['different']}"
    say(f"{row['decisions']} decisions, {len(row['recorded'])} children: {verdict}")


def _child(child: dict[str, Any] | None) -> str:
    if child is None:
        return "none"
    what = f"{child['side']} {child['quantity']} at {child['price']} {child['venue']} {child['kind']} {child['tif']}"
    return f"{child['order']} {what}" if child.get("order") else what


def _tell(row: dict[str, Any]) -> None:
    _tell_book(row)
    for source in row["sources"]:
        note(f"isthmus: {source['venue']} is not used, {source['state'].replace('_', ' ')}: {source['why']}")
    say(f"path {row['path']}: " + " ".join(row["why"]))
    for child in row["children"]:
        say(f"  {_child(child)}")
    if not row["children"]:
        say("  no children now")
