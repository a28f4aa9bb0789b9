"""A small market in an engine in memory, and the three deciders who hear of everything in it."""

from __future__ import annotations

from typing import Any

from isthmus.clearing.deciders.books import BooksDecider
from isthmus.clearing.deciders.core import CoreDecider
from isthmus.clearing.deciders.naive import NaiveDecider
from isthmus.clearing.margining import Decider, Rules, Tier
from isthmus.engine.engine import Engine, content_id
from isthmus.kernel.messages import (
    ACCOUNT_CLIENT,
    ACCOUNT_VENUE,
    AddAsset,
    AddInstrument,
    Deposit,
    Mark,
    OpenAccount,
    VenueFilled,
)

RULES = Rules((Tier(0, 1_000, 500),), {}, 12_000)
FIRST, SECOND, VENUE = 16, 17, 18
PERPETUAL, OTHER, SPOT = 1, 2, 3
START = 50_000
MONEY = 1_000_000


class Market:
    """Two clients and a venue; two perpetuals in USD and a spot market. Nothing is held."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.core, self.naive = CoreDecider(self.engine), NaiveDecider()
        self.books = BooksDecider(self.engine.postings)
        self.deciders: list[Decider] = [self.core, self.naive, self.books]
        self.deaf: dict[str, int] = {}
        """By decider: how many of the next records it does not hear."""
        self._at = self._fills = 0
        for code, decimals in (("USD", 6), ("BTC", 8), ("ETH", 8)):
            self.do(AddAsset(code=code, decimals=decimals))
        for symbol, base, mark in (("BTC-PERP", 2, START), ("ETH-PERP", 3, 3_000)):
            self.do(listed(symbol, base, mark, kind=4))
        self.do(listed("BTC-USD", 2, 0, kind=3))
        for name, kind in (("a", ACCOUNT_CLIENT), ("b", ACCOUNT_CLIENT), ("venue:x", ACCOUNT_VENUE)):
            self.do(OpenAccount(kind=kind, client_id=content_id(name)))

    def do(self, command: Any) -> Any:
        """A command that is not refused; everybody hears of it."""
        self._at += 1
        record = self.engine.submit(command, self._at)
        assert record.reason is None, f"{type(command).__name__}: {record.reason}"
        for decider in self.deciders:
            if self.deaf.get(decider.name, 0) > 0:
                self.deaf[decider.name] -= 1
            else:
                decider.on_record(record)
        return record

    def deposit(self, account: int, dollars: int) -> None:
        self.do(Deposit(account=account, asset=1, amount=dollars * MONEY))

    def fill(self, account: int, instrument: int, lots: int, price: int) -> Any:
        """Signed lots of 0.001, at the venue."""
        self._fills += 1
        terms = {"side": 1 if lots > 0 else 2, "liquidity": 2, "price": price, "quantity": abs(lots)}
        fill_id = content_id(f"fill-{self._fills}")
        return self.do(
            VenueFilled(order=0, venue=VENUE, account=account, instrument=instrument, **terms, fill_id=fill_id)
        )

    def mark(self, instrument: int, price: int, *, settles: bool = False) -> None:
        self.do(Mark(instrument=instrument, settlement=int(settles), source=1, price=price))


def listed(symbol: str, base: int, mark: int, *, kind: int) -> Any:
    perpetual = kind == 4
    units = {"price_decimals": 0, "quantity_decimals": 3, "tick": 1, "lot": 1, "multiplier": 1}
    fees = {"maker_fee_ppm": 100, "taker_fee_ppm": 500, "collar_bps": 300}
    margin = {"initial_margin_bps": 1_000 if perpetual else 0, "mark": mark}
    return AddInstrument(symbol=symbol, kind=kind, base=base, quote=1, **units, **fees, **margin)


def in_trouble() -> Market:
    """The first client is long one BTC with 5,500 USD of its own, and the price fell to 46,800."""
    market = Market()
    market.deposit(FIRST, 5_500)
    market.deposit(SECOND, 90_000)
    market.fill(FIRST, PERPETUAL, 1_000, START)
    market.fill(SECOND, PERPETUAL, -500, START)
    market.mark(PERPETUAL, 46_800)
    return market
