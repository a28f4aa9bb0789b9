"""Sessions of futures and options: they trade, are marked, exercised, expire and are settled for the last time."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.oracle.messages import NO_ID, code, commands, symbol
from tests.oracle.values import AMOUNT_MAX, PRICE_MAX

from .strategies import START, Session

USD, OIL = 1, 2
SPOT, FRONT, BACK, CASH_CALL, OIL_PUT, FRONT_CALL, BACK_PUT, INDEX_PUT = range(1, 9)
ANN, BEN, CAT, POOR, VENUE = range(16, 21)
TRADERS = (ANN, BEN, CAT, POOR)
FLOOR = -500
MID = {SPOT: 100, FRONT: 100, BACK: 600, CASH_CALL: 6, OIL_PUT: 5, FRONT_CALL: 7, BACK_PUT: 4, INDEX_PUT: 6}
"""Prices around which they trade; the back month's are counted from `FLOOR`."""
HOUR_NS = 3_600 * 10**9
EXPIRE = START + 40 * HOUR_NS
OPTIONS = (CASH_CALL, OIL_PUT, FRONT_CALL, BACK_PUT, INDEX_PUT)
# underlying, delivery, right, style, strike, floor
TERMS = {
    FRONT: (0, 2, 0, 0, 0, 0),
    BACK: (SPOT, 1, 0, 0, 0, FLOOR),
    CASH_CALL: (SPOT, 1, 1, 2, 98, 0),
    OIL_PUT: (0, 2, 2, 2, 103, 0),
    FRONT_CALL: (FRONT, 2, 1, 2, 100, 0),
    BACK_PUT: (BACK, 2, 2, 2, -3, 0),
    INDEX_PUT: (0, 1, 2, 1, 101, 0),
}


def _listing(chance: Random) -> list[Any]:
    multiplier = chance.choice((1, 10))
    listed = [commands.AddInstrument(symbol("OIL"), 1, OIL, USD, 0, 0, 1, 1, 1, 0, 0, 0, 0, MID[SPOT])]
    for number in TERMS:
        kind = 7 if number in OPTIONS else 6
        rates = chance.choice(((0, 0), (100, 200), (-50, 75)))
        words = (1, 1, multiplier, *rates, 0, chance.choice((10_000, 1_000, 333)), MID[number])
        listed.append(commands.AddInstrument(symbol(f"C{number}"), kind, OIL, USD, 0, 0, *words))
    return listed


def opening(seed: int) -> Session:
    """What every session begins with; now and then a contract has no terms yet, or expires later."""
    chance = Random(seed)
    setup = [commands.AddAsset(code("USD"), 2), commands.AddAsset(code("OIL"), 0), *_listing(chance)]
    setup += [commands.OpenAccount(kind, NO_ID) for kind in (1, 1, 2, 1, 3)]
    for account in TRADERS:
        for asset, amount in ((USD, 5_000_000), (OIL, 10_000)):
            setup.append(commands.Deposit(account, asset, amount // (500 if account == POOR else 1), NO_ID))
    for number, terms in TERMS.items():
        if chance.random() < 0.95:
            setup.append(commands.SetContract(number, *terms, EXPIRE + chance.choice((0, 0, 0, 1, 5)) * HOUR_NS))
    if chance.random() < 0.7:
        setup += _parameters(chance)
        setup += [commands.SetMarginMode(account, 2) for account in TRADERS if chance.random() < 0.6]
    return [(command, START + at) for at, command in enumerate(setup)]


def _place(chance: Random) -> Any:
    number = chance.choice((*TERMS, *OPTIONS, SPOT))
    side, price = chance.choice((1, 2)), MID[number] + chance.randint(-2, 2)
    kind, tif = chance.choice(((1, 1), (1, 1), (1, 1), (1, 2), (2, 2)))
    venue = VENUE if chance.random() < 0.05 else 0
    flags = 8 if chance.random() < 0.05 else 0
    words = (venue, side, kind, tif, flags, price if kind == 1 else 0, chance.choice((1, 2, 3, 7, 40)), NO_ID, 0)
    return commands.PlaceOrder(chance.choice(TRADERS), number, *words)


def _filled(chance: Random) -> Any:
    number = chance.choice(tuple(TERMS))
    words = (chance.choice((1, 2)), 2, MID[number], chance.choice((1, 3, 11)))
    return commands.VenueFilled(0, VENUE, chance.choice(TRADERS), number, *words, chance.randbytes(16))


def _mark(chance: Random) -> Any:
    number = chance.choice((SPOT, *TERMS))
    price = MID[number] * chance.choice((50, 90, 97, 100, 103, 110, 200)) // 100
    return commands.Mark(number, chance.choice((0, 1, 1)) if number != SPOT else 0, 7, max(1, price))


def _exercise(chance: Random) -> Any:
    number = chance.choice(OPTIONS) if chance.random() < 0.95 else chance.choice((FRONT, SPOT, 99))
    quantity = chance.choice((1, 1, 2, 3, 5, 40, 0))
    client_id = NO_ID if chance.random() < 0.7 else bytes([chance.randrange(5)]) * 16
    return commands.Exercise(chance.choice(TRADERS), number, quantity, client_id)


def _settle(chance: Random) -> Any:
    number = chance.choice((*TERMS, SPOT))
    price = chance.choice((100, 98, 103, 97, 105, -3, -37, 1, 0, -499, -500, PRICE_MAX))
    priced = 1 if chance.random() < 0.95 else chance.choice((0, 2))
    return commands.SettleExpiry(number, priced, price)


def _contract(chance: Random) -> Any:
    terms = [chance.choice((*TERMS, SPOT, 99)), *chance.choice(tuple(TERMS.values())), EXPIRE]
    terms[chance.randrange(1, 8)] = chance.choice((0, 1, 2, 3, 9, FRONT, BACK))
    return commands.SetContract(*terms)


def _other(chance: Random) -> Any:
    made = chance.randrange(4)
    if made == 0:
        return commands.CancelAll(chance.choice(TRADERS), 0, 0, 0, 0)
    if made == 1:
        amount = chance.choice((1, 50_000))
        return commands.Deposit(chance.choice(TRADERS), chance.choice((USD, OIL)), amount, NO_ID)
    if made == 2:
        return commands.SetCredit(
            chance.choice(TRADERS), chance.choice((USD, OIL)), chance.choice((0, 10**5, AMOUNT_MAX))
        )
    return commands.SetRule(chance.choice(tuple(TERMS)), 21, EXPIRE + chance.choice((0, 2)) * HOUR_NS)


def _mode(chance: Random) -> Any:
    return commands.SetMarginMode(chance.choice((*TRADERS, *TRADERS, VENUE)), chance.choice((2, 2, 2, 1, 3)))


def _array(chance: Random, number: int) -> Any:
    """A fall hurts who is long a future or a call, a rise who is long a put; a little uneven: the worst varies."""
    product, month = (chance.choice((1, 1, 2)), chance.choice((202606, 202609, 202612)))
    moves = (0, 0, 1, 1, -1, -1, 2, 2, -2, -2, 3, 3, -3, -3, 2, -2)
    slope = chance.choice((300, 1_000, 50)) * (-1 if number in (OIL_PUT, BACK_PUT, INDEX_PUT) else 1)
    losses = [-move * slope + chance.randint(-40, 40) for move in moves]
    option = number in OPTIONS
    value = MID[number] * 100 if option else 0
    delta = 10**6 * slope // 1_000
    return commands.SetRiskArray(number, product, month, delta, value, 150 if option else 0, *losses)


def _risk(chance: Random) -> Any:
    product, place = chance.choice((1, 1, 2, 3)), chance.choice((1, 2, 3))
    months = chance.choice(((202606, 202606), (202609, 202612), (0, 2**32 - 1), (202612, 202606)))
    ratio = chance.choice((10**6, 2 * 10**6, 300_000))
    leg, none = (*months, chance.choice((1, 2)), ratio), (0, 0, 0, 0)
    tenth = (chance.choice((0, 0, 1)), 1, ratio, chance.choice((500_000, 10**6, 10**5)))
    made = chance.randrange(7)
    if made == 0:
        words = (chance.choice((1, 2)), chance.choice((0, 1)), chance.choice((0, 0, 1, 2)), chance.choice((0, 700)))
        return commands.SetRiskProduct(product, chance.choice((USD, USD, USD, 0, 9)), *words)
    if made == 1:
        return commands.SetRiskTier(product, chance.choice((1, 2, 2, 3)), place, *months)
    if made == 2:
        other = (202612, 202612, 3 - leg[2], 10**6)
        return commands.SetRiskSpread(product, place, chance.choice((90, 1_000, -1)), *leg, *other, *none, *none)
    if made == 3:
        other = (2, tenth[0], 2, 10**6, tenth[3])
        return commands.SetRiskCredit(place, 1, *tenth, *other, *([0] * 10))
    if made == 4:
        return commands.SetRiskDelivery(product, months[0], chance.choice((0, 70)), chance.choice((0, 900)))
    number = chance.choice(tuple(TERMS))
    if made == 5:
        return _array(chance, number)
    return commands.SetRiskArray(number, *([0] * 21))


def _apply(chance: Random) -> Any:
    return commands.ApplyRisk()


def _parameters(chance: Random) -> list[Any]:
    """Two products, most contracts, a spread, a credit."""
    found: list[Any] = [commands.SetRiskProduct(1, USD, 1, 0, 0, 0), commands.SetRiskProduct(2, USD, 2, 1, 1, 700)]
    found += [_array(chance, number) for number in TERMS if chance.random() < 0.8]
    one, none = 10**6, (0, 0, 0, 0)
    near, far = (202606, 202606, 1, one), (202609, 202612, 2, one)
    found.append(commands.SetRiskSpread(1, 1, 90, *near, *far, *none, *none))
    found.append(commands.SetRiskCredit(1, 1, 0, 1, one, 600_000, 2, 0, 2, one, 500_000, *([0] * 10)))
    return [*found, commands.ApplyRisk()]


WRITERS = (_place, _mark, _exercise, _settle, _contract, _filled, _other, _mode, _risk, _apply)
WEIGHTS = (60, 7, 8, 2, 2, 4, 4, 4, 6, 2)


def session(seed: int, length: int) -> Session:
    """Everything trades first; then the time of expiry comes, and more and more is settled."""
    chance, written = Random(seed), opening(seed)
    now, turn = START + 1_000, len(written) + length * 2 // 3
    while len(written) < len(opening(seed)) + length:
        over = len(written) >= turn
        now = max(now, EXPIRE) if over and chance.random() < 0.3 else now
        now += chance.choice((0, 1_000, HOUR_NS if over else 10**6))
        weights = (10, 3, 6, 20, 2, 2, 12, 3, 3, 2) if over else WEIGHTS
        written.append((chance.choices(WRITERS, weights)[0](chance), now))
    return written
