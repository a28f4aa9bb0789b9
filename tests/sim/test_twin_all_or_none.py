"""All-or-none as in liquibook's rule book: the situations of its public unit tests (test/unit/ut_all_or_none.cpp)."""

from __future__ import annotations

import pytest
from tests.oracle.pair import Pair
from tests.oracle.values import ALL_OR_NONE, BUY, MARKET, SELL

from .exchange import ANN, BEN, Exchange

# what rests, the newcomer, lots traded by the price of each resting order (in the order of `rests`) and what is left of
# the newcomer; an order is "side price lots", "aon" behind it, price 0: market. Bids are Ann's, asks Ben's.
CASES = {
    "a larger one is skipped": (
        ["b 1250 100", "a 1251 200 aon", "a 1251 100 aon", "a 1252 100"],
        "b 1251 100",
        [0, 0, 100, 0],
        0,
    ),
    "several and a part": (
        ["b 1250 100", "a 1251 100 aon", "a 1251 100 aon", "a 1251 700"],
        "b 1251 400",
        [0, 100, 100, 200],
        0,
    ),
    "not enough": (["b 1250 100", "a 1251 100", "a 1252 100"], "b 1251 300 aon", [0, 0, 0], 300),
    "a part of one": (["b 1250 100", "a 1251 400", "a 1252 100"], "b 1251 300 aon", [0, 300, 0], 0),
    "the first gives way": (
        ["b 1250 100", "a 1251 400", "a 1251 400 aon", "a 1252 100", "a 1252 100"],
        "b 0 600 aon",
        [0, 200, 400, 0, 0],
        0,
    ),
    "a worse price is taken whole": (
        ["b 1250 100", "a 1251 400", "a 1252 100", "a 1252 400 aon"],
        "b 0 600 aon",
        [0, 200, 0, 400],
        0,
    ),
    "two of a size": (["b 1250 100", "a 1251 300 aon", "a 1252 100"], "b 1251 300 aon", [0, 300, 0], 0),
    "asks: a larger one is skipped": (
        ["b 1250 100", "b 1251 200 aon", "b 1251 100 aon", "a 1252 100"],
        "a 1251 100",
        [0, 0, 100, 0],
        0,
    ),
    "asks: several and a part": (
        ["a 1252 100", "b 1250 700", "b 1251 100 aon", "b 1251 100 aon"],
        "a 1250 400",
        [0, 200, 100, 100],
        0,
    ),
    "asks: not enough": (["a 1252 100", "b 1250 700", "b 1251 100", "b 1251 100"], "a 1251 400 aon", [0, 0, 0, 0], 400),
    "asks: one of a size": (["a 1252 100", "b 1250 700", "b 1251 100"], "a 1251 100 aon", [0, 0, 100], 0),
    "asks: many": (
        ["a 1252 100", "b 1250 700", "b 1251 100 aon", "b 1251 100", "b 1251 100"],
        "a 1250 600 aon",
        [0, 300, 100, 100, 100],
        0,
    ),
    "one and one": (["b 1251 100 aon"], "a 1251 100 aon", [100], 0),
    "two for one": (["b 1251 100 aon", "b 1251 200 aon"], "a 1251 300 aon", [100, 200], 0),
    "a resting one is filled by two": (["b 1251 300 aon", "a 1251 100"], "a 1251 200", [300, 100], 0),
    "asks: those before give way": (
        ["a 1252 100", "b 1250 400 aon", "b 1251 100 aon", "b 1251 400"],
        "a 1250 600 aon",
        [0, 400, 100, 100],
        0,
    ),
    "asks: the best is enough": (["a 1252 100", "b 1250 400", "b 1251 200 aon"], "a 1251 200 aon", [0, 0, 200], 0),
}


@pytest.mark.parametrize(("rests", "newcomer", "traded", "left"), CASES.values(), ids=CASES)
def test_a_situation_of_liquibook(pair: Pair, rests: list[str], newcomer: str, traded: list[int], left: int) -> None:
    exchange = Exchange(pair)
    numbers = [_place(exchange, words) for words in rests]
    taken = dict.fromkeys(numbers, 0)
    number = _place(exchange, newcomer, taken)
    assert [taken[each] for each in numbers] == traded
    resting = {order.id: order.left for side in (BUY, SELL) for order in pair.twin.resting(1, side)}
    assert resting.get(number, 0) == left
    for each, words, lots in zip(numbers, rests, traded, strict=True):
        assert resting.get(each, 0) == int(words.split()[2]) - lots


def _place(exchange: Exchange, words: str, taken: dict[int, int] | None = None) -> int:
    side, price, lots, *aon = words.split()
    place = exchange.buy if side == "b" else exchange.sell
    kind = {} if int(price) else {"kind": MARKET}
    flags = {"flags": ALL_OR_NONE} if aon else {}
    effects = place(ANN if side == "b" else BEN, int(price), int(lots), **kind, **flags)
    for effect in effects:
        if type(effect).__name__ == "Traded" and taken is not None:
            for order in (effect.maker_order, effect.taker_order):
                if order in taken:
                    taken[order] += effect.quantity
    return exchange.last


def test_a_smaller_replacement_lets_it_trade(pair: Pair) -> None:
    exchange = Exchange(pair)
    exchange.buy(ANN, 1_250, 100)
    bid = _place(exchange, "b 1251 200 aon")
    for words in ("a 1251 100", "a 1252 100", "a 1253 100"):
        _place(exchange, words)
    effects = pair.send("ReplaceOrder", order=bid, price=1_251, quantity=100)
    assert [(e.price, e.quantity) for e in effects if type(e).__name__ == "Traded"] == [(1_251, 100)]
    assert exchange.queue(BUY) == [(ANN, 100)]


def test_a_better_price_lets_it_trade(pair: Pair) -> None:
    exchange = Exchange(pair)
    exchange.buy(ANN, 1_250, 100)
    bid = _place(exchange, "b 1251 200 aon")
    for words in ("a 1251 100", "a 1252 100", "a 1253 100"):
        _place(exchange, words)
    effects = pair.send("ReplaceOrder", order=bid, price=1_252, quantity=200)
    trades = [(e.price, e.quantity) for e in effects if type(e).__name__ == "Traded"]
    assert trades == [(1_251, 100), (1_252, 100)]


def test_a_larger_replacement_takes_a_resting_one_whole(pair: Pair) -> None:
    exchange = Exchange(pair)
    exchange.buy(ANN, 1_250, 100)
    bid = _place(exchange, "b 1251 100")
    for words in ("a 1251 200 aon", "a 1252 100", "a 1253 100"):
        _place(exchange, words)
    effects = pair.send("ReplaceOrder", order=bid, price=1_251, quantity=200)
    assert [(e.price, e.quantity) for e in effects if type(e).__name__ == "Traded"] == [(1_251, 200)]
    assert exchange.queue(BUY) == [(ANN, 100)]
