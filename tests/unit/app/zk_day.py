"""A data folder with two days of trades: three clients, a bank for clients' money, a credit line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from isthmus.engine.engine import Engine, Origin
from isthmus.kernel.messages import (
    ACCOUNT_CLIENT,
    ACCOUNT_CUSTODIAN,
    BUY,
    GTC,
    LIMIT,
    PURPOSE_NUMBERS,
    SELL,
    AddAsset,
    AddInstrument,
    Deposit,
    Move,
    OpenAccount,
    PlaceOrder,
    SetCredit,
)
from isthmus.kernel.values import time_ns

DAY, NEXT_DAY = "2026-01-05", "2026-01-06"
CLIENTS = ("ann-kuznetsova", "bob-featherstone", "cid-oyelaran")
ANN_COINS, BOB_MONEY = 2_718_281_828, 31_415_926_535
LINE = 8_675_309
SECOND = 1_000_000_000


class Day:
    """Sends commands a second apart, from noon of `day` on."""

    def __init__(self, folder: Path) -> None:
        self.engine = Engine(str(folder), "os")
        self.at = time_ns(f"{DAY}T12:00:00Z")

    def send(self, command: object, text: str = "") -> int:
        """The number that an effect gives, or 0."""
        self.at += SECOND
        record = self.engine.submit(command, self.at, Origin(text=text))
        assert record.reason is None, record.reason
        given = record.effects[0]
        return next((getattr(given, name) for name in ("account", "asset", "instrument") if hasattr(given, name)), 0)


def traded(folder: Path, line: int = LINE) -> Path:
    """Ann sells coins to Bob on both days, Cid goes short of money by his line on the first."""
    day = Day(folder)
    usd, btc = day.send(AddAsset(code="USD", decimals=2)), day.send(AddAsset(code="BTC", decimals=8))
    listing = AddInstrument(
        symbol="BTC-USD", kind=3, base=btc, quote=usd, price_decimals=2, quantity_decimals=4,
        tick=1, lot=1, multiplier=1, maker_fee_ppm=200, taker_fee_ppm=500,
    )  # fmt: skip
    coin = day.send(listing)
    ann, bob, cid = (day.send(OpenAccount(kind=ACCOUNT_CLIENT), f"client:{name}") for name in CLIENTS)
    bank = day.send(OpenAccount(kind=ACCOUNT_CUSTODIAN, side=1), "custodian:alpha:client")
    day.send(Deposit(account=ann, asset=btc, amount=ANN_COINS))
    deposit = PURPOSE_NUMBERS["deposit"]
    day.send(Move(source=bank, target=bob, asset=usd, amount=BOB_MONEY, purpose=deposit, client_id=bytes(16)))
    day.send(SetCredit(account=cid, asset=usd, amount=line))
    for buyer, quantity in ((bob, 25_000), (cid, 10)):
        day.send(order(ann, coin, SELL, quantity))
        day.send(order(buyer, coin, BUY, quantity))
    day.at = time_ns(f"{NEXT_DAY}T00:00:00Z")
    day.send(order(ann, coin, SELL, 7))
    day.send(order(bob, coin, BUY, 7))
    day.engine.close()
    return folder


def order(account: int, instrument: int, side: int, quantity: int) -> Any:
    """At 60,000.00, in 0.0001 coins."""
    return PlaceOrder(
        account=account, instrument=instrument, side=side, kind=LIMIT, tif=GTC, price=60_000_00, quantity=quantity
    )
