"""Sessions in which perpetuals are margined by tiers, marks move far, days are closed and positions are liquidated."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.oracle.messages import NO_ID, commands
from tests.oracle.money import ENDLESS
from tests.oracle.values import INVERSE

from .strategies import EUR, LOOSE_PERP, MID, PERP, TRADERS, USD, XYZ, Session, opening, session

ASSETS = (USD, XYZ, EUR)
FUND = (5, 1, 2)
"""Account numbers of the insurance fund and of others that may not be asked for."""


def with_inverse(written: Session) -> Session:
    """The loose perpetual becomes an inverse one: settled in the base asset."""

    def turned(command: Any) -> Any:
        if type(command).__name__ == "AddInstrument" and command.kind == 4 and command.base == XYZ:
            return command._replace(kind=INVERSE)
        return command

    return [(turned(command), at) for command, at in written]


def _tier(chance: Random) -> Any:
    rows = ((0, 500, 250), (0, 1_000, 400), (3_000, 1_500, 900), (20_000, 4_000, 2_000), (3_000, 0, 0), (0, 0, 0))
    odd = ((5, 100, 50), (-1, 500, 250), (0, 10_001, 5), (0, 500, 500), (0, 500, 0))
    row = chance.choice(rows if chance.random() < 0.9 else odd)
    return commands.SetMarginTier(chance.choice((PERP, PERP, LOOSE_PERP, LOOSE_PERP, 1, 9)), *row)


def _leverage(chance: Random) -> Any:
    instrument = chance.choice((PERP, LOOSE_PERP))
    return commands.SetLeverage(
        chance.choice((*TRADERS, 1, 99)), instrument, chance.choice((0, 499, 500, 1_000, 10_000))
    )


def _mark(chance: Random) -> Any:
    instrument = chance.choice((PERP, LOOSE_PERP))
    price = MID[instrument] * chance.choice((60, 80, 90, 95, 99, 100, 101, 105, 110, 130, 170)) // 100
    return commands.Mark(instrument, chance.choice((0, 1)), 7, price)


def _fund(chance: Random) -> Any:
    rate = chance.choice((100_000, -375_000, 10**7, 1, 10**9 + 1))
    return commands.Fund(chance.choice((PERP, LOOSE_PERP, 1)), rate)


def _policy(chance: Random) -> Any:
    terms = (chance.choice((0, 500, 3_000, 10_001)), chance.choice((0, 10**5, 10**9)), chance.choice((0, 5_000, 10**6)))
    return commands.SetMarginPolicy(chance.choice(ASSETS), *terms)


def _liquidate(chance: Random) -> Any:
    instrument = chance.choice((PERP, LOOSE_PERP))
    limit = chance.choice((1, MID[instrument] // 2, MID[instrument], MID[instrument] * 2, 10**9))
    return commands.Liquidate(chance.choice(TRADERS), instrument, chance.choice((0, 2, 4, 10, 700)), limit)


def _deleverage(chance: Random) -> Any:
    account, against = chance.choice(TRADERS), chance.choice(TRADERS)
    instrument = chance.choice((PERP, LOOSE_PERP))
    price = MID[instrument] + chance.randint(-20, 20)
    return commands.Deleverage(account, against, instrument, chance.choice((0, 2, 4)), price)


def _money(chance: Random) -> Any:
    account, asset = chance.choice(TRADERS), chance.choice(ASSETS)
    amount = chance.choice((100, 10_000, 10**6, 4_900_000))
    if chance.random() < 0.2:
        return commands.SetCredit(account, asset, chance.choice((0, 1_000, ENDLESS)))
    return chance.choice((commands.Deposit, commands.Withdraw))(account, asset, amount, NO_ID)


WRITERS = (_tier, _leverage, _mark, _fund, _policy, _liquidate, _deleverage, _money)
WEIGHTS = (4, 3, 10, 2, 1, 6, 4, 4)


def _odd(chance: Random) -> Any:
    drawn = chance.random()
    if drawn < 0.08:
        return commands.CloseDay(chance.choice((*ASSETS, 99)))
    if drawn < 0.1:
        return commands.EndFreeze(chance.choice(TRADERS), chance.choice(ASSETS))
    if drawn < 0.13:
        return commands.SetAccount(chance.choice(TRADERS), chance.choice((0, 1, 2)), chance.choice((0, 0, 1)))
    return chance.choices(WRITERS, WEIGHTS)[0](chance)


def margin_session(seed: int, length: int) -> Session:
    """Some of a session's commands are replaced by commands about margin, so that orders keep their numbers."""
    chance = Random(seed)
    start = len(opening(seed))
    written = with_inverse(session(seed, length))
    first = [_tier(Random(seed + part)) for part in range(3)]
    found = []
    for place, (command, at) in enumerate(written):
        after = place - start
        replaced = first[after] if 0 <= after < len(first) else _odd(chance) if chance.random() < 0.35 else command
        found.append((command if after < 0 else replaced, at))
    return found
