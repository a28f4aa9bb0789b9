"""A generated session on a real engine: spot and perpetual, house book and outside venue, by a seeded generator."""

from __future__ import annotations

import random
from typing import Any

from isthmus.engine.engine import Engine, Origin, Record, content_id
from isthmus.kernel.messages import (
    AddAsset,
    AddInstrument,
    CancelAll,
    CancelOrder,
    Deposit,
    Mark,
    OpenAccount,
    PlaceOrder,
    ReplaceOrder,
    Transfer,
    VenueAccepted,
    VenueCancelled,
    VenueFilled,
    VenueReplaced,
    Withdraw,
)
from isthmus.refdata.directory import Directory
from isthmus.views.views import Views

CLIENTS = (16, 17, 18)
VENUE = 19
SPOT, PERPETUAL = 1, 2


class Session:
    """Commands go in, records go through directory and views at once."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.engine = Engine()
        self.directory = Directory()
        self.views = Views(self.engine, self.directory, None)
        self.records: list[Record] = []
        self._venue_orders: list[tuple[int, Any]] = []
        self._open()

    def submit(self, command: Any, text: str = "") -> Record:
        record = self.engine.submit(command, len(self.records) + 1, Origin(text=text))
        self.directory.on_record(record)
        self.views.on_record(record)
        self.records.append(record)
        return record

    def _open(self) -> None:
        for code, decimals in (("USD", 2), ("BTC", 8)):
            self.submit(AddAsset(code=code, decimals=decimals))
        terms = {"base": 2, "quote": 1, "price_decimals": 2, "tick": 5, "lot": 1, "multiplier": 1}
        fees = {"maker_fee_ppm": -50, "taker_fee_ppm": 300, "mark": 10_000}
        self.submit(AddInstrument(symbol="BTC-USD", kind=3, quantity_decimals=3, collar_bps=500, **terms, **fees))
        margin = {"initial_margin_bps": 1_000}
        self.submit(AddInstrument(symbol="BTC-PERP", kind=4, quantity_decimals=0, **margin, **terms, **fees))
        for number in CLIENTS:
            self.submit(OpenAccount(kind=1), f"client:{number}")
        self.submit(OpenAccount(kind=3), "venue:outside")
        for account in CLIENTS:
            self.submit(Deposit(account=account, asset=1, amount=5_000_000))
            self.submit(Deposit(account=account, asset=2, amount=20 * 10**8))

    def play(self, commands: int) -> None:
        """This many commands more."""
        kinds = (self._place,) * 8 + (self._cancel, self._replace, self._answer, self._answer, self._move, self._house)
        for _ in range(commands):
            self.random.choice(kinds)()

    def _place(self) -> None:
        pick = self.random
        instrument = pick.choice((SPOT, PERPETUAL))
        market = pick.random() < 0.2
        venue = VENUE if pick.random() < 0.25 else 0
        command = PlaceOrder(
            account=pick.choice(CLIENTS),
            instrument=instrument,
            venue=venue,
            side=pick.choice((1, 2)),
            kind=2 if market else 1,
            tif=pick.choice((1, 1, 1, 2, 3)),
            price=0 if market else 5 * pick.randint(1_960, 2_040),
            quantity=pick.randint(1, 60),
            client_id=content_id(str(pick.randint(1, 500))) if pick.random() < 0.3 else bytes(16),
        )
        record = self.submit(command)
        if venue and record.reason is None and type(record.effects[0]).__name__ == "Accepted":
            self._venue_orders.append((record.sequence, command))

    def _some_order(self) -> tuple[int, int]:
        account = self.random.choice(CLIENTS)
        live = self.engine.orders(account)
        return (self.random.choice(live) if live else 1), account

    def _cancel(self) -> None:
        order, account = self._some_order()
        self.submit(CancelOrder(order=order, account=account))

    def _replace(self) -> None:
        order, account = self._some_order()
        price, quantity = 5 * self.random.randint(1_960, 2_040), self.random.randint(1, 60)
        self.submit(ReplaceOrder(order=order, account=account, price=price, quantity=quantity))

    def _answer(self) -> None:
        if not self._venue_orders:
            return
        order, command = self.random.choice(self._venue_orders)
        price, quantity = command.price or 10_000, self.random.randint(1, command.quantity)
        filled = VenueFilled(
            order=order,
            venue=VENUE,
            account=command.account,
            instrument=command.instrument,
            side=command.side,
            liquidity=self.random.choice((1, 2)),
            price=price,
            quantity=quantity,
            fill_id=content_id(f"fill {len(self.records)}"),
        )
        answers = (
            VenueAccepted(order=order, venue=VENUE),
            filled,
            filled,
            VenueReplaced(order=order, venue=VENUE, price=price, quantity=command.quantity + 1),
            VenueCancelled(order=order, venue=VENUE, reason=0),
        )
        self.submit(self.random.choice(answers))

    def _move(self) -> None:
        pick = self.random
        account, asset, amount = pick.choice(CLIENTS), pick.choice((1, 2)), pick.randint(1, 10**6)
        moves = (
            Withdraw(account=account, asset=asset, amount=amount),
            Deposit(account=account, asset=asset, amount=amount),
            Transfer(source=account, target=pick.choice(CLIENTS), asset=asset, amount=amount),
        )
        self.submit(pick.choice(moves))

    def _house(self) -> None:
        pick = self.random
        price = pick.randint(9_000, 11_000)
        if pick.random() < 0.2:
            self.submit(CancelAll(account=pick.choice((0, *CLIENTS)), instrument=pick.choice((0, 1, 2))))
        else:
            instrument = pick.choice((SPOT, PERPETUAL))
            self.submit(Mark(instrument=instrument, settlement=int(instrument == PERPETUAL), price=price))
