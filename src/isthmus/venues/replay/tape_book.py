"""A recorded order book kept in a real engine, through its commands and queries only."""

from __future__ import annotations

from typing import Any

from isthmus.engine.engine import Engine
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import (
    ACCOUNT_CLIENT,
    BUY,
    GTC,
    IOC,
    LIMIT,
    SELL,
    AddAsset,
    AddInstrument,
    CancelOrder,
    Deposit,
    OpenAccount,
    PlaceOrder,
    ReplaceOrder,
)
from isthmus.kernel.values import PRICE_MAX, QUANTITY_MAX

EQUITY = 1
DEPOSIT_MAX = (1 << 62) - 1
DEPOSITS = 16
"""So many of the largest deposit for each account: no recorded book is refused for want of money."""

Level = tuple[int, int, int]
"""Price, quantity, orders."""


class Resting:
    """An order in the book. `name` is the recording's own number for it, None for anonymous volume."""

    __slots__ = ("account", "filled", "instrument", "name", "order", "price", "remaining", "side")

    def __init__(self, name: int | None, side: int, price: int, remaining: int) -> None:
        self.name = name
        self.side = side
        self.price = price
        self.remaining = remaining
        self.filled = 0
        self.order = self.account = self.instrument = 0


class Tape:
    """An engine in memory with the three accounts of a replay: recorded orders, anonymous volume, incoming
    executions.
    """

    def __init__(self, price_decimals: int) -> None:
        self.engine = Engine()
        self._price_decimals = price_decimals
        self._base = self._asset("BASE", 0)
        self._quote = self._asset("QUOTE", price_decimals)
        self.recorded, self.anonymous, self.incoming = (self._account() for _ in range(3))

    def instrument(self, symbol: str) -> int:
        """A new instrument without fees and collar; every price and quantity is allowed."""
        command = AddInstrument(
            symbol=symbol,
            kind=EQUITY,
            base=self._base,
            quote=self._quote,
            price_decimals=self._price_decimals,
            quantity_decimals=0,
            tick=1,
            lot=1,
            multiplier=1,
        )
        return int(self.submit(command).effects[0].instrument)

    def submit(self, command: Any) -> Any:
        """The record of a command that the engine must take; a refusal is a bug of the replay."""
        record = self.engine.submit(command)
        assert record.reason is None, f"{command} refused: {record.reason}"
        return record

    def _asset(self, code: str, decimals: int) -> int:
        return int(self.submit(AddAsset(code=code, decimals=decimals)).effects[0].asset)

    def _account(self) -> int:
        account = int(self.submit(OpenAccount(kind=ACCOUNT_CLIENT)).effects[0].account)
        for asset in (self._base, self._quote) * DEPOSITS:
            self.submit(Deposit(account=account, asset=asset, amount=DEPOSIT_MAX))
        return account


class TapeBook:
    """One recorded order book.

    The recording says what rested, so an addition never trades. Where it would meet the other side (a book that is
    crossed during a halt or an auction, an order whose removal the recording leaves out), the newest message is
    right: the older levels are set apart, into a second book of the same engine, one for bids and one for asks. What
    is published is compared with both; what an incoming order would hit is asked of the first.
    """

    def __init__(self, tape: Tape, symbol: str) -> None:
        self._tape = tape
        self._engine = tape.engine
        self._main = tape.instrument(symbol)
        self._apart = {BUY: tape.instrument(f"{symbol}.BIDS"), SELL: tape.instrument(f"{symbol}.ASKS")}
        self._apart_levels: set[tuple[int, int]] = set()
        self._orders: dict[int, Resting] = {}
        self.set_apart = 0
        """Levels that an addition would have met."""

    def add(self, name: int | None, side: int, price: int, quantity: int) -> Resting:
        """Rest an order behind the others at its price."""
        self._set_apart_what_meets(side, price)
        resting = Resting(name, side, price, quantity)
        self._place(resting, self._main)
        return resting

    def reduce(self, resting: Resting, quantity: int) -> None:
        """Take `quantity` (or all that is left) off an order; it keeps its place."""
        if quantity >= resting.remaining:
            self.remove(resting)
            return
        resting.remaining -= quantity
        self._tape.submit(
            ReplaceOrder(
                order=resting.order,
                account=resting.account,
                price=resting.price,
                quantity=resting.filled + resting.remaining,
            )
        )

    def remove(self, resting: Resting) -> None:
        """Cancel an order."""
        self._cancel(resting)
        resting.remaining = 0

    def would_hit(self, resting: Resting) -> bool:
        """Whether an incoming order at its price would hit this order first."""
        if resting.instrument != self._main and not self._bring_back(resting.side, resting.price):
            return False
        best = self._engine.best(self._main)
        at_best = resting.price == (best[0] if resting.side == BUY else best[2])
        return at_best and self._engine.queue(self._main, resting.side, resting.price)[0][0] == resting.order

    def take(self, resting: Resting, quantity: int) -> int:
        """Send an incoming order for what `would_hit`; returns what it hit of it."""
        command = PlaceOrder(
            account=self._tape.incoming,
            instrument=resting.instrument,
            side=SELL if resting.side == BUY else BUY,
            kind=LIMIT,
            tif=IOC,
            price=resting.price,
            quantity=min(quantity, resting.remaining),
        )
        hit = 0
        for effect in self._tape.submit(command).effects:
            if getattr(effect, "maker_order", None) == resting.order:
                hit += effect.quantity
        resting.remaining -= hit
        resting.filled += hit
        if not resting.remaining:
            del self._orders[resting.order]
        return hit

    def quote(self) -> tuple[int, int, int, int]:
        """Best bid, its quantity, best ask, its quantity; zeros for an empty side."""
        if not self._apart_levels:
            return self._engine.best(self._main)
        bids, asks = self.depth(1)
        return (*(bids or _NO_LEVEL)[0][:2], *(asks or _NO_LEVEL)[0][:2])

    def depth(self, levels: int) -> tuple[list[Level], list[Level]]:
        """The best levels of bids and asks."""
        bids, asks = self._engine.depth(self._main, levels)
        if self._apart_levels:
            bids = _merged(bids, self._engine.depth(self._apart[BUY], levels)[0])
            asks = _merged(asks, self._engine.depth(self._apart[SELL], levels)[1])
            return sorted(bids, reverse=True)[:levels], sorted(asks)[:levels]
        return bids, asks

    def queue(self, side: int, price: int) -> list[Resting]:
        """The orders at a price, oldest first, as the engine has them."""
        rows = self._engine.queue(self._main, side, price)
        if self._apart_levels and (side, price) in self._apart_levels:
            rows = self._engine.queue(self._apart[side], side, price) + rows
        return [self._orders[order] for order, _, _ in rows]

    def clear(self) -> None:
        """Cancel every order."""
        for resting in list(self._orders.values()):
            self.remove(resting)

    def _set_apart_what_meets(self, side: int, price: int) -> None:
        while True:
            bid, _, ask, _ = self._engine.best(self._main)
            met = ask if side == BUY else bid
            if not met or (price < met if side == BUY else price > met):
                return
            other = SELL if side == BUY else BUY
            self._move(other, met, self._main, self._apart[other])
            self._apart_levels.add((other, met))
            self.set_apart += 1

    def _bring_back(self, side: int, price: int) -> bool:
        """A set-apart level is alive after all: back into the book, unless it would still meet the other side."""
        bid, _, ask, _ = self._engine.best(self._main)
        free = (not ask or price < ask) if side == BUY else price > bid
        if free:
            self._move(side, price, self._apart[side], self._main)
            self._apart_levels.discard((side, price))
        return free

    def _move(self, side: int, price: int, source: int, target: int) -> None:
        for order, _, _ in self._engine.queue(source, side, price):
            resting = self._orders[order]
            self._cancel(resting)
            resting.filled = 0
            self._place(resting, target)

    def _place(self, resting: Resting, instrument: int) -> None:
        resting.account = self._tape.anonymous if resting.name is None else self._tape.recorded
        resting.instrument = instrument
        if resting.remaining > QUANTITY_MAX or resting.price > PRICE_MAX:
            field = "size" if resting.remaining > QUANTITY_MAX else "price"
            raise BadInput(field, "is larger than the engine takes")
        record = self._engine.submit(
            PlaceOrder(
                account=resting.account,
                instrument=instrument,
                side=resting.side,
                kind=LIMIT,
                tif=GTC,
                price=resting.price,
                quantity=resting.remaining,
            )
        )
        if record.reason is not None:
            raise BadInput("price" if "price" in record.reason else "size", f"the engine refuses: {record.reason}")
        resting.order = record.sequence
        self._orders[resting.order] = resting

    def _cancel(self, resting: Resting) -> None:
        self._tape.submit(CancelOrder(order=resting.order, account=resting.account))
        del self._orders[resting.order]


def _merged(some: list[Level], others: list[Level]) -> list[Level]:
    levels = {price: (quantity, orders) for price, quantity, orders in some}
    for price, quantity, orders in others:
        held = levels.get(price, (0, 0))
        levels[price] = (held[0] + quantity, held[1] + orders)
    return [(price, *held) for price, held in levels.items()]


_NO_LEVEL: list[Level] = [(0, 0, 0)]
