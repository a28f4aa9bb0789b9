"""Small pools as markets, a recording of a book beside them, and a broker in process that trades both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.venues.recordings import depth, snapshot, written

from isthmus.app.backtest import Broker, open_account
from isthmus.app.playing import Playing
from isthmus.engine.engine import Engine
from isthmus.engine.archive import records
from isthmus.engine.market import Market
from isthmus.engine.pools import Pool
from isthmus.venues.amm.states import Pair, PoolState, Token, pairs_of
from isthmus.venues.amm.venue import Listed, PoolMarkets

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
E18 = 10**18
TOKENS = (Token("WETH", 18), Token("USDC", 6))


def pool_state(name: str, price: int, depth: int = 1_000, symbol: str = "") -> PoolState:
    """A constant-product pool of so many WETH, at this price in USDC; traded as `symbol`."""
    pool = Pool.product(depth * E18, depth * price * 10**6)
    pairs = pairs_of(TOKENS) if not symbol else (Pair(0, 1, symbol),)
    return PoolState(name, pool, TOKENS, pairs)


def pool_market(*states: PoolState) -> PoolMarkets:
    return PoolMarkets(list(states), [])


def book_around_hundred(folder: Path) -> None:
    """BTCUSDT at 100.00 / 100.10, deep, for a minute; the far levels come and go so that the tape moves."""
    asks = [[f"{100.10 + n / 10:.2f}", "5.00000"] for n in range(40)]
    bids = [[f"{100.00 - n / 10:.2f}", "5.00000"] for n in range(40)]
    lines = [depth(0, 1, 5, [["99.00", "1.0"]], []), snapshot(10, 4, bids, asks)]
    lines += [depth(100 * n, 5 + n, 5 + n, [["95.00", f"{1 + n % 2}.00000"]], []) for n in range(1, 600)]
    written(folder, "spot.raw", lines)


class Pooled:
    """A playing broker over these markets, with a rich client."""

    def __init__(self, markets: list[Market], data: Path | None = None, money: str = "1000000") -> None:
        self.playing = Playing(markets, START, str(data) if data is not None else None)
        self.core = self.playing.core
        self.pools = next(market for market in markets if isinstance(market, PoolMarkets))
        known = self.core.directory.account("backtest")
        account = known.number if known is not None else open_account(self.playing, None, money)
        self.broker = Broker(self.playing, account)

    def listed(self, name: str) -> Listed:
        """The first instrument of a pool."""
        return next(listed for listed in self.pools.listed if listed.place.name == name)

    def run(self, seconds: float) -> None:
        self.playing.run(self.playing.now + int(seconds * SECOND))

    def children(self, parent: int) -> dict[str, tuple[int, int]]:
        """Lots and price steps x lots of a parent's fills, by venue."""
        found: dict[str, tuple[int, int]] = {}
        costs = self.core.router.costs
        work = costs.work_of(parent)
        assert work is not None
        for child in work.children:
            for fill in child.fills:
                name = self.core.directory.venue_name(child.venue)
                lots, value = found.get(name, (0, 0))
                found[name] = (lots + fill.quantity, value + fill.quantity * fill.price)
        return found

    def balance(self, account: int, code: str) -> int:
        asset = self.core.directory.asset(code)
        assert asset is not None
        return self.core.engine.balance(account, asset.number)[0]


def journal_up_to(source: Path, target: Path, last: int) -> None:
    """The journal as a process that died behind record `last` would have left it: the same commands, no more."""
    engine = Engine(str(target), "os")
    for record in records(source):
        if record.sequence > last:
            break
        made = engine.submit(record.command, record.stamp, record.origin)
        assert made.hash == record.hash
    engine.close()


def names(commands: list[Any]) -> list[str]:
    return [type(command).__name__ for command in commands]
