"""`isthmus.backtest(strategy, markets)`: a Python strategy against recorded or simulated venues, in process.

The strategy talks to the real engine, router and read models on a clock that nobody waits for, and leaves the same
records as a server would. One file to start from: `examples/backtest.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from isthmus.app.markets import folder_markets, in_order
from isthmus.app.playing import Playing
from isthmus.engine.engine import Record, content_id
from isthmus.engine.market import Market
from isthmus.execution.notes import ParentNote, note_of
from isthmus.execution.policy import parameters_of
from isthmus.execution.taxonomy import PATHS, path_named
from isthmus.execution.tca import Analysis
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import (
    ACCOUNT_CLIENT,
    BUY,
    GTC,
    IOC,
    LIMIT,
    MARKET,
    SIDES,
    CancelOrder,
    Deposit,
    OpenAccount,
    PlaceOrder,
    PlaceParent,
    ReplaceOrder,
)
from isthmus.kernel.values import NS_PER_S, short_text, text, units
from isthmus.refdata.instruments import Instrument
from isthmus.venues import simulated
from isthmus.views.orders import FillRow, OrderRow

Number = str | int | Decimal
START = 1_700_000_000 * NS_PER_S
"""When simulated markets begin unless told otherwise."""
STEP_NS = NS_PER_S
"""Between two calls of `on_step`."""
MONEY = {"USD": "10000000", "USDT": "10000000", "BTC": "100", "EUR": "10000000"}
"""What the account begins with unless told otherwise, of the assets that the markets list."""


class Strategy:
    """Override what you need. Times are ns UTC; prices and quantities decimal text, as in the REST API."""

    house: Mapping[str, Any] = {}
    """Tables as in a settings file for the house's own desks, `arbitrage` and `house_maker`: {"arbitrage": {...}}."""

    def on_start(self, broker: Broker) -> None:
        """Once, before time begins to pass."""

    def on_step(self, broker: Broker) -> None:
        """Every second, or as often as `backtest(step_s=...)` says."""

    def on_fill(self, broker: Broker, fill: FillRow) -> None:
        """One of our orders was filled (a child of a parent, too)."""

    def on_order(self, broker: Broker, order: OrderRow) -> None:
        """One of our orders changed."""

    def on_end(self, broker: Broker) -> None:
        """Once, when the time is over."""


class Outcome(msgspec.Struct, frozen=True):
    """What a back-test leaves. `records`: all of them, unless a data folder was given (they are in its journal)."""

    records: list[Record]
    orders: list[OrderRow]
    fills: list[FillRow]
    analyses: list[Analysis]
    balances: dict[str, str]
    started_at: int
    ended_at: int
    state_hash: str


class Broker:
    """What a strategy may ask and do. `now` is the back-test's time."""

    def __init__(self, playing: Playing, account: int) -> None:
        self._playing = playing
        self._core = playing.core
        self.account = account
        self._sent = 0

    @property
    def now(self) -> int:
        """ns UTC."""
        return self._playing.now

    @property
    def instruments(self) -> list[str]:
        """Symbols that can be traded."""
        return [row.symbol for row in self._core.directory.instruments.values()]

    def book(self, instrument: str, depth: int = 10) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]:
        """Bids and asks over all venues: (price, quantity, venue), best all-in price first."""
        found = self.instrument(instrument)
        sight = self._core.outside.sight(found.number)
        sides = (sight.levels(side, depth) for side in (SIDES["buy"], SIDES["sell"]))
        bids, asks = (
            [
                (
                    text(row.price, found.price_decimals),
                    text(row.quantity, found.quantity_decimals),
                    self._core.directory.venue_name(row.venue),
                )
                for row in side
            ]
            for side in sides
        )
        return bids, asks

    def middle(self, instrument: str) -> float | None:
        """The middle of the best prices; None while a side is empty."""
        found = self.instrument(instrument)
        middle = self._core.outside.sight(found.number).middle_x2()
        return None if middle is None else middle / 2 / 10**found.price_decimals

    def traded(self, instrument: str) -> int:
        """Lots that anybody traded so far."""
        return self._core.outside.sight(self.instrument(instrument).number).volume.total

    def balance(self, asset: str) -> str:
        """What the account owns."""
        found = self._core.directory.asset(asset)
        if found is None:
            raise BadInput("asset", f"{asset} is not known")
        return short_text(self._core.engine.balance(self.account, found.number)[0], found.decimals)

    def position(self, instrument: str) -> str:
        """Contracts of a perpetual, signed."""
        found = self.instrument(instrument)
        return short_text(self._core.engine.position(self.account, found.number)[0], found.quantity_decimals)

    def buy(self, instrument: str, quantity: Number, price: Number | None = None, **terms: Any) -> OrderRow:
        """As `order`, buying."""
        return self.order(instrument, "buy", quantity, price, **terms)

    def sell(self, instrument: str, quantity: Number, price: Number | None = None, **terms: Any) -> OrderRow:
        """As `order`, selling."""
        return self.order(instrument, "sell", quantity, price, **terms)

    def order(
        self, instrument: str, side: str, quantity: Number, price: Number | None = None, **terms: Any
    ) -> OrderRow:
        """Without `price` at the market. `path`: one of the 23, with `parameters`, `until_s`, `cap`; `venue`: one by
        name, the house book if left out. Raises BadInput with the engine's reason when it is refused.
        """
        found = self.instrument(instrument)
        numbers = (
            units(str(price), found.price_decimals) if price is not None else 0,
            units(str(quantity), found.quantity_decimals),
        )
        if "path" in terms:
            return self._placed(*self._parent(found, SIDES[side], numbers, terms))
        venue = self._core.directory.venue_number(terms.get("venue", "house"))
        if venue is None:
            raise BadInput("venue", f"{terms['venue']} is not known")
        command = PlaceOrder(
            account=self.account,
            instrument=found.number,
            venue=venue,
            side=SIDES[side],
            kind=LIMIT if price is not None else MARKET,
            tif=GTC if price is not None else IOC,
            price=numbers[0],
            quantity=numbers[1],
            client_id=self._id(),
        )
        return self._placed(command, "")

    def cancel(self, order: int) -> None:
        """Ask for its end; a parent's children go first."""
        self._playing.submit(CancelOrder(order=order, account=self.account, client_id=self._id()))

    def replace(self, order: int, quantity: Number, price: Number) -> None:
        """New total quantity and price."""
        row = self._core.views.orders.order(order)
        if row is None:
            raise BadInput("order", f"{order} is not known")
        found = self._core.directory.instruments[row.instrument]
        command = ReplaceOrder(
            order=order,
            account=self.account,
            price=units(str(price), found.price_decimals),
            quantity=units(str(quantity), found.quantity_decimals),
            client_id=self._id(),
        )
        self._playing.submit(command)

    def order_row(self, order: int) -> OrderRow | None:
        """The order as it stands."""
        return self._core.views.orders.order(order)

    def instrument(self, symbol: str) -> Instrument:
        """By symbol. Raises BadInput."""
        found = self._core.directory.instrument(symbol)
        if found is None:
            raise BadInput("instrument", f"{symbol} is not listed; there are {', '.join(self.instruments)}")
        return found

    def _parent(
        self, found: Instrument, side: int, numbers: tuple[int, int], terms: Mapping[str, Any]
    ) -> tuple[Any, str]:
        path = path_named(str(terms["path"]).upper())
        if path is None:
            raise BadInput("path", f"{terms['path']} is none of {', '.join(path.name for path in PATHS)}")
        parameters_of(path, terms.get("parameters", {}))
        until_s = terms.get("until_s", 0)
        note = ParentNote(
            path=path.name,
            parameters=terms.get("parameters", {}),
            until=self.now + int(until_s * NS_PER_S) if until_s else 0,
            cap_ppm=int(Decimal(str(terms.get("cap", 0))) * 1_000_000),
            seed=terms.get("seed", 0),
            basket=terms.get("basket", ""),
            arrival_x2=self._core.outside.sight(found.number).middle_x2() or 0,
        )
        command = PlaceParent(
            account=self.account,
            instrument=found.number,
            side=side,
            path=path.number,
            price=numbers[0],
            quantity=numbers[1],
            client_id=self._id(),
        )
        return command, note_of(note)

    def _placed(self, command: Any, note: str) -> OrderRow:
        record = self._playing.submit(command, note=note)
        if record.reason is not None:
            raise BadInput("order", record.reason)
        row = self._core.views.orders.order(record.sequence)
        assert row is not None, "an accepted order is known"
        return row

    def _id(self) -> bytes:
        self._sent += 1
        return content_id(f"backtest/{self.account}/{self._sent}")


class _Run:
    """Calls the strategy at its times and hears what happened to its orders."""

    def __init__(self, strategy: Strategy, broker: Broker, step_ns: int) -> None:
        self._strategy = strategy
        self._broker = broker
        self._step_ns = step_ns
        self._told: list[Callable[[], None]] = []
        self.orders: dict[int, OrderRow] = {}
        self.fills: list[FillRow] = []

    def step(self, at: int) -> int:
        """The strategy's turn: first what happened, then its step."""
        told, self._told = self._told, []
        for tell in told:
            tell()
        self._strategy.on_step(self._broker)
        return at + self._step_ns

    def record(self, record: Record) -> None:
        """Nothing."""

    def order(self, row: OrderRow) -> None:
        """An Outlet's order."""
        if row.account == self._broker.account:
            self.orders[row.number] = row
            self._told.append(lambda: self._strategy.on_order(self._broker, row))

    def fill(self, row: FillRow) -> None:
        """An Outlet's fill."""
        if row.account == self._broker.account:
            self.fills.append(row)
            self._told.append(lambda: self._strategy.on_fill(self._broker, row))

    def balance(self, account: int, asset: int) -> None:
        """Nothing."""

    def position(self, account: int, instrument: int) -> None:
        """Nothing."""

    def trade(self, row: Any) -> None:
        """Nothing."""


def backtest(
    strategy: Strategy,
    markets: str | Path | Sequence[Market] = "simulated",
    *,
    seconds: float = 600,
    start: int = START,
    seed: int = 1,
    step_s: float = 1.0,
    money: Mapping[str, str] | None = None,
    data: str | Path | None = None,
) -> Outcome:
    """Run the strategy for `seconds` of market time.

    `markets`: "simulated", a folder of recordings, or Market objects. `money`: what the account begins with, by asset,
    in decimal text. `data`: an empty folder for the journal. Raises BadInput for what cannot be read or placed.
    """
    listed = markets_of(markets, seed)
    playing = Playing(listed, start, str(data) if data is not None else None, strategy.house)
    records: list[Record] = []
    if data is None:
        playing.core.driver.subscribe(records.append)
    account = open_account(playing, money)
    broker = Broker(playing, account)
    run = _Run(strategy, broker, int(step_s * NS_PER_S))
    playing.core.views.tell(run)
    started = playing.now
    strategy.on_start(broker)
    playing.add(run, started + int(step_s * NS_PER_S))
    playing.run(started + int(seconds * NS_PER_S))
    strategy.on_end(broker)
    playing.pump()
    outcome = Outcome(
        records=records,
        orders=list(run.orders.values()),
        fills=run.fills,
        analyses=playing.core.router.costs.finished(playing.now),
        balances={row.code: broker.balance(row.code) for row in playing.core.directory.assets.values()},
        started_at=started,
        ended_at=playing.now,
        state_hash=playing.engine.state_hash(),
    )
    for market in listed:
        market.close()
    playing.close()
    return outcome


def markets_of(markets: str | Path | Sequence[Market], seed: int) -> list[Market]:
    """The markets meant. Raises BadInput."""
    if markets == "simulated":
        return [simulated.make(seed, 1.0)]
    if isinstance(markets, str | Path):
        return folder_markets(Path(markets), 1.0)
    return in_order(markets)


def open_account(playing: Playing, money: Mapping[str, str] | None, each: str | None = None) -> int:
    """A client with money: `money` by asset, else `each` of everything that is listed, else MONEY."""
    given = dict.fromkeys((row.code for row in playing.core.directory.assets.values()), each) if each else money
    record = playing.submit(
        OpenAccount(kind=ACCOUNT_CLIENT, client_id=content_id("backtest")), "backtest", role="operator"
    )
    account: int = record.effects[0].account
    for code, amount in (MONEY if given is None else given).items():
        asset = playing.core.directory.asset(code)
        if asset is None:
            if given is not None:
                raise BadInput("money", f"{code} is listed by none of the markets")
            continue
        deposit = Deposit(account=account, asset=asset.number, amount=units(amount, asset.decimals))
        playing.submit(deposit, role="operator")
    return account


__all__ = ["BUY", "Broker", "Outcome", "Strategy", "backtest"]
