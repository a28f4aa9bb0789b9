"""Sessions of pegs, dark pools, requests and sealed bids, mixed with plain flow on every kind of instrument."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.oracle.messages import RULES, STATES, commands
from tests.oracle.values import (
    ALL_OR_NONE,
    BUY,
    DARK,
    FOK,
    GTC,
    GTD,
    HIDDEN,
    IOC,
    LIMIT,
    LIT,
    MARKET,
    MIXED,
    NEGOTIATED,
    PEG,
    PRO_RATA,
    REQUEST,
    RESPONSE,
    RFQ,
    SEALED,
    SELL,
)

from .strategies import INSTRUMENTS, LOT, MID, ODD_NUMBERS, TICK, WEIGHTS, WRITERS, Author, Session, opening

BOOKS = (LIT, LIT, PRO_RATA, MIXED, DARK, DARK, RFQ, NEGOTIATED, SEALED)
ODD_RULES = ("self_trade", "hidden_after_visible", "min_quantity", "hidden_remainder_below_minimum")


def books_of(chance: Random) -> dict[int, int]:
    return {instrument: chance.choice(BOOKS) for instrument in INSTRUMENTS}


def _rules(chance: Random, books: dict[int, int]) -> list[Any]:
    rules = [commands.SetRule(number, RULES["book"], book) for number, book in books.items()]
    for number in books:
        named = {"self_trade": chance.choice((0, 1, 1, 2, 3, 4)), "hidden_after_visible": chance.randint(0, 1)}
        named |= {"min_quantity": chance.randint(1, 2), "hidden_remainder_below_minimum": chance.randint(1, 2)}
        named |= {"dark_priority": chance.randint(1, 2), "sealed_price": chance.randint(1, 3)}
        named |= {"firm_up_ns": chance.choice((0, 10**6, 3 * 10**6))}
        named |= {"dark_minimum": chance.choice((0, 0, 2, 20)), "replace_keeps_priority": chance.randint(1, 2)}
        rules += [commands.SetRule(number, RULES[rule], value) for rule, value in named.items()]
    return rules


class DarkAuthor(Author):
    """Knows which book each instrument has."""

    books: dict[int, int]
    sent: list[tuple[int, Any]]

    def special(self, instrument: int, side: int, kind: int, tif: int = GTC, **terms: Any) -> Any:
        words = {"account": self.account(), "instrument": instrument, "side": side, "kind": kind, "tif": tif}
        drawn = self.chance.random()
        if drawn < 0.06 and tif == GTC:
            words |= {"tif": GTD, "expire": self.now + self.chance.randint(-5, 10**7)}
        elif drawn < 0.14 and self.sent:
            other, placed = self.chance.choice(self.sent[-10:])
            if placed.instrument == instrument:
                words |= {
                    "account": placed.account,
                    self.chance.choice(("one_cancels", "one_cancels", "parent")): other,
                }
        return commands.PlaceSpecial(**words, **{"client_id": self.client_id()} | terms)


def _with(a: DarkAuthor, *books: int) -> int:
    """An instrument with one of these books, if there is one."""
    having = [number for number, book in a.books.items() if book in books]
    return a.chance.choice(having or INSTRUMENTS)


def _peg(a: DarkAuthor) -> Any:
    number = _with(a, LIT, LIT, PRO_RATA, MIXED, DARK)
    side, offset = a.chance.choice((BUY, SELL)), a.chance.choice((0, 0, 0, -1, 1, -3, 2)) * TICK[number]
    peg = a.odd(2 if a.books[number] == DARK else a.chance.randint(1, 3), (0, 3, 4))
    price = a.price(number) if a.chance.random() < 0.4 else 0
    terms = {"quantity": a.quantity(number), "price": price, "offset": a.odd(offset, ODD_NUMBERS), "peg": peg}
    terms["flags"] = a.chance.choice((0, 0, 0, HIDDEN))
    return a.special(number, side, PEG, a.chance.choice((GTC, GTC, GTC, GTC, IOC, FOK)), **terms)


def _lit(a: DarkAuthor) -> Any:
    """Something that pegs follow: a limit order, hidden now and then, that may stay."""
    number = _with(a, LIT, PRO_RATA, MIXED)
    side = a.chance.choice((BUY, SELL))
    away = TICK[number] * (a.chance.randint(-2, 5) if side == SELL else a.chance.randint(-5, 2))
    terms = {"quantity": a.quantity(number), "price": max(TICK[number], MID[number] + away)}
    return a.special(number, side, LIMIT, flags=a.chance.choice((0, 0, 0, HIDDEN)), **terms)


def _dark(a: DarkAuthor) -> Any:
    number = _with(a, DARK)
    side, quantity = a.chance.choice((BUY, SELL)), a.quantity(number)
    kind = a.chance.choice((LIMIT, LIMIT, LIMIT, MARKET))
    tif = a.chance.choice((GTC, GTC, GTC, IOC, FOK))
    minimum = min(quantity, LOT[number] * a.chance.choice((0, 0, 0, 1, 2, 4)))
    flags = ALL_OR_NONE if a.chance.random() < 0.1 else 0
    terms = {"min_quantity": 0 if flags else minimum, "price": 0 if kind == MARKET else a.price(number)}
    return a.special(number, side, kind, tif, quantity=quantity, flags=flags, **terms)


def _conditional(a: DarkAuthor) -> Any:
    number = _with(a, DARK)
    price = a.price(number) if a.chance.random() < 0.5 else 0
    terms = {"quantity": a.quantity(number), "price": price, "min_quantity": a.chance.choice((0, 0, LOT[number]))}
    return a.special(number, a.chance.choice((BUY, SELL)), REQUEST, **terms)


def _firm(a: DarkAuthor) -> Any:
    """A firm order for a conditional one, which may be invited."""
    sent = [one for one in a.sent if one[1].kind == REQUEST and a.books.get(one[1].instrument) == DARK]
    if not sent:
        return _conditional(a)
    order, asked = a.chance.choice(sent[-6:])
    terms = {"quantity": max(1, asked.quantity - a.chance.choice((0, 0, LOT[asked.instrument]))), "request": order}
    command = a.special(asked.instrument, a.odd(asked.side, (1, 2)), RESPONSE, price=a.price(asked.instrument), **terms)
    return command._replace(account=a.odd(asked.account, (16, 17), 0.05))


def _mark_pool(a: DarkAuthor) -> Any:
    number = _with(a, DARK)
    return commands.Mark(number, 0, 7, a.odd(MID[number] + a.chance.randint(-6, 6), ODD_NUMBERS))


def _request(a: DarkAuthor) -> Any:
    number = _with(a, RFQ, NEGOTIATED, SEALED)
    side = a.chance.choice((BUY, SELL)) if a.books[number] == RFQ else a.odd(SELL, (BUY,))
    price = a.price(number) if a.chance.random() < 0.3 else 0
    return a.special(number, side, REQUEST, quantity=a.quantity(number), price=price)


def _asked(a: DarkAuthor, kind: int) -> tuple[int, Any]:
    """A request or a response that was sent, more often a recent one."""
    sent = [one for one in a.sent if one[1].kind == kind]
    if not sent or a.chance.random() < 0.03:
        return a.order()
    return sent[-1 - min(int(a.chance.expovariate(0.4)), len(sent) - 1)]


def _respond(a: DarkAuthor) -> Any:
    request, asked = _asked(a, REQUEST)
    number = asked.instrument if asked else _with(a, RFQ, NEGOTIATED, SEALED)
    side = BUY + SELL - asked.side if asked and asked.side in (BUY, SELL) else BUY
    side = a.odd(side, (BUY, SELL), 0.03)
    return a.special(number, side, RESPONSE, request=request, quantity=a.quantity(number), price=a.price(number))


def _accept(a: DarkAuthor) -> Any:
    response, placed = _asked(a, RESPONSE)
    quantity = 0 if a.chance.random() < 0.6 else a.quantity(placed.instrument if placed else 1)
    asker = 0
    if placed and getattr(placed, "request", 0) and a.chance.random() < 0.5:
        asker = next((sent.account for number, sent in a.sent if number == placed.request), 0)
    return commands.AcceptQuote(response, a.odd(asker, (16, 17, 99), 0.05), quantity, a.client_id())


def _clear(a: DarkAuthor) -> Any:
    return commands.ClearSealed(a.odd(_with(a, SEALED), (0, 99)))


def _change(a: DarkAuthor) -> Any:
    """Cancels or replaces something special."""
    if not a.sent:
        return commands.TimePassed()
    order, placed = a.chance.choice(a.sent[-12:])
    drawn = a.chance.random()
    if drawn < 0.3:
        return commands.CancelOrder(order, placed.account, 0, a.client_id())
    if drawn < 0.4:
        return commands.ReduceOrder(order, placed.account, a.quantity(placed.instrument), a.client_id())
    if drawn < 0.65:
        return _replace_terms(a, order, placed)
    price = placed.price or a.price(placed.instrument)
    if a.chance.random() < 0.5:
        price = a.price(placed.instrument)
    quantity = a.quantity(placed.instrument) if a.chance.random() < 0.6 else max(1, placed.quantity - 1)
    return commands.ReplaceOrder(order, placed.account, price, quantity, a.client_id())


def _replace_terms(a: DarkAuthor, order: int, placed: Any) -> Any:
    lot, tick = LOT.get(placed.instrument, 1), TICK.get(placed.instrument, 1)
    terms = {
        "price": a.chance.choice((0, a.price(placed.instrument))),
        "quantity": a.quantity(placed.instrument),
        "offset": a.chance.choice((0, 1, -2)) * tick,
        "min_quantity": a.chance.choice((0, 1, 3)) * lot,
        "expire": a.now + a.chance.randint(-5, 10**7),
    }
    given = a.odd(a.chance.choice((1, 2, 3, 8, 9, 32, 34, 64, 16)), (0, 127, 128))
    return commands.ReplaceSpecial(order=order, account=placed.account, given=given, **terms, client_id=a.client_id())


def _govern(a: DarkAuthor) -> Any:
    """Rules, halts and states in the middle of it."""
    number, drawn = a.chance.choice(INSTRUMENTS), a.chance.random()
    if drawn < 0.4:
        rule = a.chance.choice((*ODD_RULES, "dark_minimum", "dark_priority", "sealed_price", "firm_up_ns", "book"))
        return commands.SetRule(number, RULES[rule], a.chance.choice((0, 1, 1, 2, 2, 3, 4)))
    if drawn < 0.6:
        return commands.SetSession(number, a.chance.choice((STATES["pre_open"], STATES["closing_auction"])))
    if drawn < 0.8:
        return commands.SetSession(number, STATES["continuous"])
    return commands.Halt(number, 0) if drawn < 0.9 else commands.Resume(number)


OURS = (_peg, _lit, _dark, _conditional, _firm, _mark_pool, _request, _respond, _accept, _clear, _change, _govern)
OUR_WEIGHTS = (45, 45, 40, 12, 14, 12, 20, 35, 15, 4, 25, 5)


def session(seed: int, length: int) -> Session:
    """An opening, the books' rules and `length` commands, the same for the same seed."""
    chance = Random(seed)
    giant = chance.random() < 0.05
    a = DarkAuthor(chance, opening(seed, giant), giant=giant)
    a.books, a.sent = books_of(chance), []
    for command in _rules(chance, a.books):
        a.written.append((command, a.now))
    for writer in chance.choices(WRITERS + OURS, WEIGHTS + OUR_WEIGHTS, k=length):
        command = writer(a)
        a.write(command)
        if type(command).__name__ == "PlaceSpecial":
            a.sent.append((len(a.written), command))
    return a.written
