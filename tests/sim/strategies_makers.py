"""Sessions full of market makers' quotes: in the place of other commands of a plain or a gated session."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.oracle.messages import NO_ID, RULES, STATES, commands
from tests.oracle.values import FRESH, HIDDEN, POST_ONLY, QUOTE

from .strategies import ALICE, BOB, EQUITY, FX, INSTRUMENTS, LOT, MID, PERP, TICK, TRADERS, Session, opening
from .strategies_gate import gated

MAKERS = (ALICE, BOB)


def register(chance: Random) -> Any:
    """Mostly with duties that quotes of a session can meet; now and then an end of it, or impossible terms."""
    words = [
        chance.choice(MAKERS),
        chance.choice(INSTRUMENTS),
        chance.choice((2, 6, 30)),
        chance.choice((1, 1, 2, 2, 20, 0)),
    ]
    if chance.random() < 0.05:
        words[chance.randrange(2, 4)] = chance.choice((-1, 0, 10**16))
    return commands.RegisterMaker(*words, chance.choice((0, 5_000, 10_000)))


def protect(chance: Random) -> Any:
    window = chance.choice((10**6, 10**9, 60 * 10**9, 0))
    amounts = (chance.choice((0, 1, 5, 40)), chance.choice((0, 0, 2, 10)), chance.choice((0, 0, 10_000)))
    return commands.SetProtection(chance.choice(MAKERS), chance.choice(INSTRUMENTS), window, *amounts)


def quote(chance: Random, instrument: int = 0) -> Any:
    """Either side, near the middle; a third are the first of a mass quote."""
    instrument = instrument or chance.choice((EQUITY, EQUITY, FX, PERP))
    side = chance.choice((1, 2))
    away = TICK[instrument] * chance.choice((-1, 1, 1, 2, 3))
    price = MID[instrument] + (away if side == 2 else -away)
    flags = QUOTE | chance.choice((0, 0, FRESH)) | chance.choice((0, 0, 0, POST_ONLY, HIDDEN))
    lots = LOT[instrument] * chance.choice((1, 2, 5, 20))
    account = chance.choice(MAKERS if chance.random() < 0.97 else TRADERS)
    words = (account, instrument, 0, side, 1, chance.choice((1, 4)), flags, price, lots, NO_ID)
    if chance.random() < 0.15:
        shown = LOT[instrument] * chance.choice((0, 1))
        return commands.PlaceSpecial(*words, 0, *[0] * 2, shown)
    return commands.PlaceOrder(*words)


def taker(chance: Random) -> Any:
    """Through more than one quote at a time."""
    instrument, side = chance.choice((EQUITY, FX, PERP)), chance.choice((1, 2))
    kind, tif = chance.choice(((1, 1), (1, 2), (1, 3), (2, 2)))
    away = TICK[instrument] * chance.choice((1, 2, 3))
    price = 0 if kind == 2 else MID[instrument] + (away if side == 1 else -away)
    account, lots = chance.choice(TRADERS), LOT[instrument] * chance.choice((1, 3, 12, 40))
    return commands.PlaceOrder(account, instrument, 0, side, kind, tif, 0, price, lots, NO_ID)


def rule(chance: Random) -> Any:
    """Rules of a book that look at quotes, or match by plan."""
    name, values = chance.choice(
        (("maker_priority", (0, 1)), ("book", (1, 2, 3)), ("maker_share_bps", (0, 4_000)), ("self_trade", (0, 1, 2, 4)))
    )
    return commands.SetRule(chance.choice((EQUITY, FX, PERP)), RULES[name], chance.choice(values))


def trading_state(chance: Random) -> Any:
    """Mostly back to continuous trading, so that quotes go on."""
    name = chance.choice(("continuous", "continuous", "continuous", "closing_auction", "volatility_auction", "closed"))
    return commands.SetSession(chance.choice((EQUITY, FX, PERP)), STATES[name])


def quoted(seed: int, length: int) -> Session:
    """A session, plain or with limits, in which most commands are those of makers and of who trades with them."""
    chance = Random(seed)
    start = len(opening(seed))
    written = []
    writers = (
        register,
        protect,
        *[quote] * 8,
        *[taker] * 5,
        *([rule] if seed % 2 else []),
        *([trading_state] if seed % 3 else []),
    )
    pairs = [(account, instrument) for account in MAKERS for instrument in (EQUITY, FX, PERP)]
    for place, (command, at) in enumerate(gated(seed, length, rate=0.2 if seed % 5 == 0 else 0)):
        sent = command
        if start <= place < start + len(pairs):
            sent = commands.RegisterMaker(*pairs[place - start], 6, 2, chance.choice((500, 5_000)))
        elif place >= start and chance.random() < 0.7:
            sent = chance.choice(writers)(chance)
        written.append((sent, at))
    return written
