"""A playing broker that clears: two clients and an equity on the house book, from a Friday noon on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from isthmus.app.playing import Playing
from isthmus.app.settlement_desk import SettlementDesk
from isthmus.app.settlement_words import note_of
from isthmus.engine.engine import Origin, content_id
from isthmus.kernel.messages import (
    ACCOUNT_CLIENT,
    BUY,
    GATEWAYS,
    GTC,
    LIMIT,
    ROLES,
    SELL,
    AddAsset,
    AddInstrument,
    Deposit,
    OpenAccount,
    PlaceOrder,
    TimePassed,
)
from isthmus.kernel.values import NS_PER_S

DAY = 86_400 * NS_PER_S


def noon(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()) * NS_PER_S


FRIDAY = date(2026, 11, 27)
MONDAY, TUESDAY = date(2026, 11, 30), date(2026, 12, 1)


class Broker:
    """Two clients and an equity on the house book, from a Friday noon on."""

    def __init__(self, data: str | None = None, start: date = FRIDAY, **settings: Any) -> None:
        self.playing = Playing([], noon(start), data, {"settlement": settings})
        found = self.playing.core.clearing
        assert found is not None
        self.desk: SettlementDesk = found
        self.orders = 0
        self.usd = self.asset("USD", 2)
        self.aapl = self.asset("AAPL", 0)
        self.instrument = self.list("AAPL-USD", 1, self.aapl, self.usd)
        self.buyer, self.seller = self.account("client:buyer"), self.account("client:seller")
        self.deposit(self.buyer, self.usd, 10**9)
        self.deposit(self.seller, self.aapl, 1_000)

    def send(self, command: Any, text: str = "", note: str = "", user: int = 7) -> Any:
        origin = Origin(user=user, role=ROLES["operator"], gateway=GATEWAYS["app"], text=text, note=note)
        record = self.playing.core.driver.submit(command, origin)
        assert record is not None
        self.playing.pump()
        return record

    def asset(self, code: str, decimals: int) -> int:
        return int(self.send(AddAsset(code=code, decimals=decimals)).effects[0].asset)

    def list(self, symbol: str, kind: int, base: int, quote: int, **more: int) -> int:
        terms = {"price_decimals": 2, "quantity_decimals": 0, "tick": 1, "lot": 1, "multiplier": 1, **more}
        made = AddInstrument(symbol=symbol, kind=kind, base=base, quote=quote, **terms)
        return int(self.send(made).effects[0].instrument)

    def account(self, name: str, kind: int = ACCOUNT_CLIENT) -> int:
        return int(self.send(OpenAccount(kind=kind, client_id=content_id(name)), text=name).effects[0].account)

    def deposit(self, account: int, asset: int, amount: int) -> None:
        self.send(Deposit(account=account, asset=asset, amount=amount))

    def order(self, account: int, side: int, quantity: int, price: int, flags: int = 0) -> Any:
        self.orders += 1
        command = PlaceOrder(
            account=account, instrument=self.instrument, side=side, kind=LIMIT, tif=GTC, price=price,
            quantity=quantity, flags=flags, client_id=content_id(f"order {self.orders}"),
        )  # fmt: skip
        return self.send(command)

    def trade(self, quantity: int = 100, price: int = 30_000) -> str:
        """The reference of a trade between both."""
        self.order(self.seller, SELL, quantity, price)
        return f"trd-{self.order(self.buyer, BUY, quantity, price).sequence}-1"

    def act(self, act: Any, user: int = 7) -> Any:
        return self.send(TimePassed(), "clearing", note_of(act), user)

    def until(self, day: date, hour: int = 23) -> None:
        self.playing.run(noon(day) + (hour - 12) * 3_600 * NS_PER_S)

    def balance(self, account: int, asset: int) -> int:
        return self.playing.core.views.holdings.balance(account, asset).total

    def notes(self, kind: str) -> list[str]:
        return [
            str(row[0]) for row in self.desk.store.rows("select text from notes where kind = ? order by place", kind)
        ]

    def sums(self) -> dict[int, int]:
        """Of every asset over all accounts."""
        directory, engine = self.playing.core.directory, self.playing.engine
        return {
            asset: sum(engine.balance(account, asset)[0] for account in directory.accounts)
            for asset in directory.assets
        }
