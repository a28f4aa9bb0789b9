"""Sessions in which limits and groups meet orders: the gate's commands in the place of others of a plain session.

They take the place of others, so that an order's number stays the position of its PlaceOrder in the session.
"""

from __future__ import annotations

from random import Random
from typing import Any

from tests.oracle.messages import LIMITS, NO_ID, SCOPES, commands
from tests.oracle.values import SHORT

from .strategies import ALICE, BOB, INSTRUMENTS, LOT, MID, TICK, TRADERS, Session, opening, session

GROUP, FIRM, SESSION = 7, 8, 3
VALUES = {
    "instructions": (2**25 - 1, 2**25 - 1 - 2**10, 0b1111 | 0b1111 << 9 | 1 << 17),
    "permission": (0, 1, 1),
    "collar_bps": (0, 100, 300, 10_000),
    "order_quantity": (0, 3, 10, 100),
    "order_notional": (0, 500, 100_000, 10**9),
    "size_multiple": (50, 100, 200),
    "notional_multiple": (50, 100, 200),
    "order_rate": (0, 1, 5, 20),
    "open_orders": (0, 1, 5),
    "position_net": (0, 5, 50, 600),
    "position_gross": (0, 5, 50, 600),
    "open_notional": (0, 1_000, 10**6, 10**9),
    "duplicate_ns": (0, 10**6, 10**9, 60 * 10**9),
}


def set_limit(chance: Random) -> Any:
    """Mostly one that leaves room, of any scope; now and then one that is taken away, or that cannot be."""
    name = chance.choice(list(LIMITS))
    scope = chance.choice(("everything", "account", "account", "account", "group", "firm", "session"))
    if scope == "session" and chance.random() < 0.9:
        name = chance.choice(("instructions", "permission"))
    of = {"everything": 0, "account": chance.choice(TRADERS), "group": GROUP, "firm": FIRM, "session": SESSION}[scope]
    value = -1 if chance.random() < 0.3 else chance.choice(VALUES[name])
    instrument = 0 if chance.random() < 0.5 else chance.choice(INSTRUMENTS)
    words = [SCOPES[scope], of, instrument, LIMITS[name], value]
    if chance.random() < 0.05:
        words[chance.randrange(5)] = chance.choice((99, 0, 5))
    return commands.SetLimit(*words)


def set_account(chance: Random) -> Any:
    return commands.SetAccount(chance.choice(TRADERS), chance.choice((0, GROUP)), chance.choice((0, FIRM)))


def plain_order(chance: Random) -> Any:
    """One of few: the kind that limits of a rate, of unusual sizes and of duplicates see."""
    account, instrument = chance.choice((ALICE, BOB)), chance.choice(INSTRUMENTS[:2])
    price = MID[instrument] + TICK[instrument] * chance.choice((-1, 1))
    side, session_of = chance.choice((1, 2)), chance.choice((0, SESSION))
    flags = SHORT if side == 2 and chance.random() < 0.2 else 0
    words = (side, 1, 1, flags, price, LOT[instrument] * chance.choice((1, 1, 1, 1, 3)), NO_ID, session_of)
    return commands.PlaceOrder(account, instrument, 0, *words)


def for_everybody(chance: Random) -> Any:
    """A limit that only an account's own past can break."""
    name = chance.choice(("size_multiple", "notional_multiple", "duplicate_ns", "order_rate"))
    return commands.SetLimit(0, 0, 0, LIMITS[name], chance.choice(VALUES[name][1:]))


def gated(seed: int, length: int, rate: float = 0.2) -> Session:
    """A plain session in which a part of the commands is the gate's."""
    chance = Random(seed)
    start = len(opening(seed))
    written = []
    writers = (set_limit, set_limit, set_account, plain_order, plain_order, plain_order)
    if seed % 2:
        rate, writers = 0.6, (for_everybody, set_account, *[plain_order] * 10)
    for place, (command, at) in enumerate(session(seed, length)):
        sent = chance.choice(writers)(chance) if place >= start and chance.random() < rate else command
        written.append((sent, at))
    return written
