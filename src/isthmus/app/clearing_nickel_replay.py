"""The days of March 2022 through the engine: trades of 8 March happen, are marked, and are voided one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from isthmus.clearing.concentration import Held
from isthmus.clearing.nickel import HIGHEST, TONNES, Account, Trade
from isthmus.engine.engine import Engine, content_id
from isthmus.kernel.messages import (
    ACCOUNT_CLIENT,
    ACCOUNT_VENUE,
    BUY,
    LINEAR_PERPETUAL,
    SELL,
    TAKER,
    AddAsset,
    AddInstrument,
    CorrectTrade,
    Deposit,
    Mark,
    OpenAccount,
    VenueFilled,
)

FIRST_ACCOUNT = 16
MONEY = 10**15
CENTS = 100


class NickelDay:
    """An engine in memory with every owner's positions, which began at the first official price."""

    def __init__(self, positions: Sequence[Held], official: Sequence[tuple[str, int]]) -> None:
        self._engine = Engine()
        self._owners = sorted({one.owner for one in positions})
        self._fills = 0
        self._at = 0
        self._list(official[0][1])
        for one in positions:
            self._fill(one.owner, one.lots, official[0][1])
        for _, price in official[1:]:
            self._do(Mark(instrument=1, settlement=1, source=1, price=price))

    def _list(self, price: int) -> None:
        self._do(AddAsset(code="USD", decimals=2))
        self._do(AddAsset(code="NICKEL", decimals=0))
        units = {"price_decimals": 0, "quantity_decimals": 0, "tick": 1, "lot": 1, "multiplier": TONNES}
        fees = {"maker_fee_ppm": 0, "taker_fee_ppm": 0, "collar_bps": 0, "initial_margin_bps": 1_000}
        self._do(AddInstrument(symbol="NICKEL", kind=LINEAR_PERPETUAL, base=2, quote=1, **units, **fees, mark=price))
        for owner in self._owners:
            self._do(OpenAccount(kind=ACCOUNT_CLIENT, client_id=content_id(owner)))
        self._do(OpenAccount(kind=ACCOUNT_VENUE, client_id=content_id("venue:lme")))
        for number in range(len(self._owners)):
            self._do(Deposit(account=FIRST_ACCOUNT + number, asset=1, amount=MONEY))

    def trade(self, trades: Sequence[Trade]) -> None:
        """They happen, the market is marked at the highest price, and then every one of them is voided."""
        made = []
        for one in trades:
            made += [self._fill(one.buyer, one.lots, one.price), self._fill(one.seller, -one.lots, one.price)]
        self._do(Mark(instrument=1, settlement=0, source=1, price=HIGHEST[1]))
        self.while_they_stood = self.accounts()
        for record in made:
            self._void(record)

    def _void(self, record: Any) -> None:
        traded = next(effect for effect in record.effects if type(effect).__name__ == "Traded")
        names = ("instrument", "maker", "taker", "taker_side", "price", "quantity", "buyer_pays", "seller_gets")
        terms = {name: getattr(traded, name) for name in (*names, "maker_fee", "taker_fee")}
        self._do(CorrectTrade(sequence=record.sequence, index=0, **terms, new_price=0))

    def accounts(self) -> list[Account]:
        """Owners by name, variation margin in dollars as far as it was settled."""
        found = []
        for number, owner in enumerate(self._owners, FIRST_ACCOUNT):
            variation, cents = divmod(self._engine.balance(number, 1)[0] - MONEY, CENTS)
            assert cents == 0, "prices are whole dollars"
            found.append(Account(owner, self._engine.position(number, 1)[0], variation))
        return found

    def balances(self) -> bool:
        """Whether every asset sums to zero over all accounts."""
        return all(total == 0 for _, total in self._engine.totals())

    def _fill(self, owner: str, lots: int, price: int) -> Any:
        self._fills += 1
        places = {"order": 0, "venue": FIRST_ACCOUNT + len(self._owners), "instrument": 1}
        account = FIRST_ACCOUNT + self._owners.index(owner)
        terms = {"side": BUY if lots > 0 else SELL, "liquidity": TAKER, "price": price, "quantity": abs(lots)}
        name = content_id(f"nickel-{self._fills}")
        return self._do(VenueFilled(**places, account=account, **terms, fill_id=name))

    def _do(self, command: Any) -> Any:
        self._at += 1
        record = self._engine.submit(command, self._at)
        assert record.reason is None, f"{type(command).__name__} was refused: {record.reason}"
        return record
