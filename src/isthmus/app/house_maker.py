"""The house's designated market maker on the house book: it steps beside the markets and quotes through their desk.

Its account is an ordinary house account registered by RegisterMaker, so the engine times its obligation and tells its
score (`MakerScored`). What it should quote is decided by `execution.quoting`; here its own orders are taken out of the
book that it looks at, its fills are counted, and quotes are sent as one mass quote when they changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec

from isthmus.engine.market import MarketDesk
from isthmus.execution.quoting import (
    Fit,
    Parameters,
    Quote,
    Quotes,
    Reach,
    State,
    View,
    Volatility,
    fit_intensity,
    quotes,
)
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import (
    ACCOUNT_HOUSE,
    BUY,
    FRESH,
    GTC,
    LIMIT,
    LINEAR_PERPETUAL,
    QUOTE,
    SELL,
    CancelOrder,
    PlaceOrder,
    RegisterMaker,
)

NS_PER_S = 1_000_000_000
ACCOUNT = "house:designated-maker"
DEPTH = 20
"""Levels of the book that it looks through for others' prices."""
NO_ID = bytes(16)


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """What it quotes and how. `stock`: quantity units of the base asset that it wants to own (spot), `money`: minor
    units of the quote asset that it is given at the start. `fit_fills`: fills after which it estimates A and k anew.
    """

    instrument: int
    parameters: Parameters
    stock: int = 0
    money: int = 0
    every_ns: int = NS_PER_S // 4
    memory_s: float = 60.0
    fit_fills: int = 200


class Standing(msgspec.Struct):
    """A quote of its own in the book."""

    order: int
    side: int
    price: int
    left: int
    since: int


class Score(msgspec.Struct, frozen=True):
    """How it did: shares in basis points, None before the market was open."""

    quoted_ns: int
    open_ns: int
    presence_bps: int | None
    met: bool
    pulled: bool


class HouseMaker:
    """Quotes one instrument. Call `open` once, then `step` whenever it is due."""

    def __init__(self, desk: MarketDesk, duty: Duty) -> None:
        self._desk = desk
        self._duty = duty
        self._parameters = duty.parameters
        self._standing: list[Standing] = []
        self._volatility = Volatility()
        self._paused_until = 0
        self._exposure: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
        """By distance from the middle in ticks: fills, and seconds that a quote stood there."""
        self._fills = 0
        self._stepped_at = 0
        self._middle_x2 = 0
        self.account = 0
        self.why = ""
        self.refused: str | None = None
        """Why the engine took its last quote not, None when it did."""
        self.fit: Fit | None = None

    def open(self) -> None:
        """Open and fund the account, register it as a maker. Raises BadInput when the instrument does not suit."""
        rows = {row["instrument"]: row for row in self._desk.engine.instruments()}
        if self._duty.instrument not in rows:
            raise BadInput("instrument", f"{self._duty.instrument} is not listed")
        row = rows[self._duty.instrument]
        for name in ("tick", "lot"):
            if getattr(self._parameters, name) % row[name]:
                raise BadInput(
                    name, f"{getattr(self._parameters, name)} is no multiple of the instrument's {row[name]}"
                )
        self.account = self._desk.account(ACCOUNT, ACCOUNT_HOUSE)
        self._base, self._perpetual = int(row["base"]), row["kind"] == LINEAR_PERPETUAL
        decimals = {asset["asset"]: int(asset["decimals"]) for asset in self._desk.engine.assets()}
        self._base_units: int = 10 ** (decimals[self._base] - int(row["quantity_decimals"]))
        if not self._perpetual:
            self._desk.fund(self.account, self._base, self._duty.stock * self._base_units)
        self._desk.fund(self.account, int(row["quote"]), self._duty.money)
        self._register()
        self._take_over_orders()

    def step(self, at: int) -> int:
        """Look, and quote anew where that changes something; returns when to be called again."""
        self._count(at)
        view = self._look(at)
        if view is None:
            self.why = "there is no price to quote around"
            self._withdraw(self._standing)
        else:
            self._quote(quotes(self._state(), view, self._parameters), at)
        self._stepped_at = at
        return at + self._duty.every_ns

    def score(self) -> Score:
        """Its score since the session began, as the engine times it."""
        found = self._desk.engine.maker(self.account, self._duty.instrument)
        assert found is not None, "it was registered when it was opened"
        quoted, open_ns, met, pulled = found
        share = quoted * 10_000 // open_ns if open_ns else None
        return Score(quoted, open_ns, share, met, pulled)

    def inventory(self) -> int:
        """Quantity units that it owns beyond its stock."""
        if self._perpetual:
            return self._desk.engine.position(self.account, self._duty.instrument)[0]
        owned, _ = self._desk.engine.balance(self.account, self._base)
        return owned // self._base_units - self._duty.stock

    def reaches(self) -> list[Reach]:
        """Its own fills by the distance (price steps) at which its quotes stood."""
        tick = self._parameters.tick
        return [Reach(place * tick, int(fills), seconds) for place, (fills, seconds) in sorted(self._exposure.items())]

    def _register(self) -> None:
        duty = self._parameters.obligation
        command = RegisterMaker(
            account=self.account,
            instrument=self._duty.instrument,
            spread=duty.spread,
            quantity=duty.quantity,
            presence_bps=duty.presence_bps,
        )
        record = self._desk.submit(command)
        if record is None or record.reason is not None:
            raise BadInput("maker", f"it cannot be registered: {record.reason if record else 'nothing is taken now'}")

    def _take_over_orders(self) -> None:
        """Orders that a former run left in the book."""
        for order in self._desk.engine.orders(self.account):
            facts = self._desk.engine.order(order)
            if facts is not None and facts["instrument"] == self._duty.instrument:
                left = facts["quantity"] - facts["filled"]
                self._standing.append(Standing(order, facts["side"], facts["price"], left, self._desk.now()))

    def _state(self) -> State:
        score = self.score()
        return State(self.inventory(), score.quoted_ns, score.open_ns, self._paused_until)

    def _count(self, at: int) -> None:
        """What of its quotes is left, what was filled, and how long each stood at its distance."""
        engine, alive = self._desk.engine, []
        for quote in self._standing:
            facts = engine.order(quote.order)
            left = facts["quantity"] - facts["filled"] if facts is not None else 0
            filled = left < quote.left
            if self._middle_x2:
                away = abs(quote.price * 2 - self._middle_x2) // (2 * self._parameters.tick)
                exposure = self._exposure[away]
                exposure[0] += filled
                exposure[1] += max(0, at - max(quote.since, self._stepped_at)) / NS_PER_S
                self._fills += filled
            quote.left = left
            if left:
                alive.append(quote)
        self._standing = alive
        if self._fills >= self._duty.fit_fills:
            self._fit()

    def _fit(self) -> None:
        """Estimate A and k from its own fills; what they do not tell leaves them as they are."""
        self._fills = 0
        try:
            self.fit = fit_intensity(self.reaches())
        except ValueError:
            return
        self._parameters = msgspec.structs.replace(self._parameters, intensity=self.fit.intensity)

    def _look(self, at: int) -> View | None:
        """The book without its own quotes; the reference price where one side shows nobody else."""
        bids, asks = self._desk.engine.depth(self._duty.instrument, DEPTH)
        bid, ask = self._others(bids, BUY), self._others(asks, SELL)
        middle_x2 = bid + ask if bid and ask else 2 * self._desk.engine.reference(self._duty.instrument)
        if not middle_x2:
            return None
        self._volatility = self._volatility.seen(at, middle_x2, self._duty.memory_s)
        self._middle_x2 = middle_x2
        return View(at, middle_x2, bid, ask, self._volatility.per_root_second)

    def _others(self, levels: Sequence[tuple[int, int, int]], side: int) -> int:
        """The best price at which somebody else stands; 0 for none."""
        for price, shown, _ in levels:
            own = sum(quote.left for quote in self._standing if quote.side == side and quote.price == price)
            if shown > own:
                return price
        return 0

    def _quote(self, wanted: Quotes, at: int) -> None:
        self.why, self._paused_until = wanted.why, wanted.paused_until
        sides = [(BUY, wanted.bid), (SELL, wanted.ask)]
        if wanted.bid is None and wanted.ask is None:
            self._withdraw(self._standing)
        elif not all(self._stands(side, quote) for side, quote in sides):
            self._send([(side, quote) for side, quote in sides if quote is not None], at)

    def _stands(self, side: int, wanted: Quote | None) -> bool:
        """Whether what stands is good enough to keep its place: the price, and as much as the duty asks."""
        standing = [quote for quote in self._standing if quote.side == side]
        if wanted is None:
            return not standing
        enough = min(wanted.quantity, max(self._parameters.obligation.quantity, wanted.quantity // 2))
        return len(standing) == 1 and standing[0].price == wanted.price and standing[0].left >= enough

    def _send(self, sides: Sequence[tuple[int, Quote]], at: int) -> None:
        """A mass quote: the first that is taken takes the earlier ones away."""
        fresh, placed = FRESH, []
        for side, quote in sides:
            record = self._desk.submit(self._order(side, quote, QUOTE | fresh))
            self.refused = record.reason if record is not None else "nothing is taken now"
            if record is not None and record.reason is None:
                fresh = 0
                placed.append(Standing(record.sequence, side, quote.price, quote.quantity, at))
        if placed:
            self._standing = placed

    def _order(self, side: int, quote: Quote, flags: int) -> Any:
        return PlaceOrder(
            account=self.account,
            instrument=self._duty.instrument,
            venue=0,
            side=side,
            kind=LIMIT,
            tif=GTC,
            flags=flags,
            price=quote.price,
            quantity=quote.quantity,
            client_id=NO_ID,
        )

    def _withdraw(self, quotes: Sequence[Standing]) -> None:
        left = []
        for quote in quotes:
            cancel = CancelOrder(order=quote.order, account=self.account, reason=0, client_id=NO_ID)
            if self._desk.submit(cancel) is None:
                left.append(quote)
        self._standing = left
