"""A small market in which leveraged accounts trade around the mark while it moves far: somebody is in trouble."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from tests.oracle.liquidation import step
from tests.oracle.margining import LIQUIDATABLE, OVERDUE
from tests.oracle.messages import NO_ID, code, commands, symbol
from tests.oracle.pair import Pair
from tests.oracle.values import BUY, GTC, LIMIT, SELL

USD, BTC = 1, 2
LINEAR, COIN = 1, 2
TRADERS = range(16, 22)
START = 1_700_000_000 * 10**9
FIRST_MARK = 1_000


def opening(chance: Random) -> list[Any]:
    """A linear and an inverse perpetual with tiers, six accounts, four of them with as much leverage as there is."""
    terms = (1, 0, 1, 1)
    listed = [commands.AddAsset(code("USD"), 2), commands.AddAsset(code("BTC"), 8)]
    for name, kind, multiplier in (("BTC-PERP", 4, 1), ("BTC-COIN", 5, 100)):
        rates = (chance.choice((0, -50)), chance.choice((100, 300)), 0, 10_000, FIRST_MARK)
        listed.append(commands.AddInstrument(symbol(name), kind, BTC, USD, *terms, multiplier, *rates))
    for instrument, edge in ((LINEAR, 400_000), (COIN, 40 * 10**8)):
        listed.append(commands.SetMarginTier(instrument, 0, 1_000, 500))
        listed.append(commands.SetMarginTier(instrument, edge, 2_000, 1_200))
    for account in TRADERS:
        listed.append(commands.OpenAccount(1, NO_ID))
        listed += [commands.Deposit(account, USD, 100_000, NO_ID), commands.Deposit(account, BTC, 10**9, NO_ID)]
        if account < 20:
            listed += [commands.SetLeverage(account, instrument, 1_000) for instrument in (LINEAR, COIN)]
    listed += [commands.SetAccount(16, 1, 0), commands.SetAccount(17, chance.choice((0, 1)), 0)]
    listed += [commands.SetMarginPolicy(asset, 3_000, 10**5, chance.choice((5_000, 10**6))) for asset in (USD, BTC)]
    listed += [commands.CloseDay(USD), commands.CloseDay(BTC)]
    return listed


def wish(pair: Pair, chance: Random) -> Any:
    """An order around the mark, a mark somewhere else, money, or funding."""
    number = chance.choice((LINEAR, COIN))
    mark = pair.twin.state.instruments[number].reference
    drawn = chance.random()
    if drawn < 0.62:
        price = max(1, mark * chance.randint(970, 1_030) // 1_000)
        words = (number, 0, chance.choice((BUY, SELL)), LIMIT, GTC, 0)
        return commands.PlaceOrder(chance.choice(TRADERS), *words, price, chance.choice((5, 20, 60, 90)), NO_ID, 0)
    if drawn < 0.92:
        moved = max(200, min(4_000, mark * chance.randint(870, 1_130) // 1_000))
        return commands.Mark(number, chance.choice((0, 1)), 0, moved)
    if drawn < 0.95:
        return commands.Fund(number, chance.randint(-(10**6), 10**6))
    if drawn < 0.96:
        return commands.CloseDay(chance.choice((USD, BTC)))
    asset, amount = chance.choice(((USD, 20_000), (BTC, 10**8)))
    return chance.choice((commands.Deposit, commands.Withdraw))(chance.choice(TRADERS), asset, amount, NO_ID)


def forced(pair: Pair, chance: Random) -> Iterator[Any]:
    """What an operator asks who looks at the engine: liquidations, deleveraging by rank at the bankruptcy price."""
    state = pair.twin.state
    for (account, asset), margin in sorted(state.ledger.margins.items()):
        for number, instrument in state.instruments.items():
            held = state.positions.get((account, number), 0)
            if margin.state not in (LIQUIDATABLE, OVERDUE) or not held or instrument.margin_asset != asset:
                continue
            lots = step(instrument, held)
            first = pair.engine.first_in_line(account, number)
            if first is not None and chance.random() < 0.3:
                lots = min(lots, abs(state.positions[first, number]))
                price = pair.engine.bankruptcy_price(account, number, lots)
                yield commands.Deleverage(account, first, number, lots, price or 1)
            else:
                price = pair.engine.bankruptcy_price(account, number, lots) or instrument.reference
                limit = max(1, price + chance.randint(-3, 3))
                words = (number, 0, BUY if held > 0 else SELL, LIMIT, GTC, 0)
                yield commands.PlaceOrder(21, *words, limit, chance.choice((5, 20)), NO_ID, 0)
                yield commands.Liquidate(account, number, lots, limit)
