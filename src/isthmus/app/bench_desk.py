"""The arbitrage desk's real path for `isthmus bench route`: a venue's book change in, both orders at the adapter out.

Everything of the running broker takes part that stands between the two: `Outside` with the consolidated book and its
guards, the desk, the driver with all that observes it, the engine (in memory: nothing is flushed to a disk), and the
hand-over to the market, whose adapter the orders arrive at. The loop that a server wakes in between does not.
"""

from __future__ import annotations

import time
from typing import Any

from isthmus.app.playing import ALL, Playing
from isthmus.engine.engine import content_id
from isthmus.engine.market import VenueFacts
from isthmus.kernel.messages import ACCOUNT_VENUE, AddInstrument, VenueFilled
from isthmus.kernel.values import NS_PER_S
from isthmus.venues.answering import NewOrder, asked

FAIR, FEE_PPM, LEVELS, QUANTITY = 1_000_000, 2, 10, 10
MONEY = {"BASE": "1000000000", "USD": "1000000000000"}
TAKER = 2
STEP_NS = NS_PER_S // 100


class Adapters:
    """A market of two venues in this process: keeps the orders that arrive, and when the last one did."""

    mode = "simulated"

    def __init__(self) -> None:
        self.orders: list[NewOrder] = []
        self.at = 0

    def open(self, desk: Any) -> None:
        """List one instrument at both."""
        self._engine = desk.engine
        self.venues = [desk.account(f"venue:{name}", ACCOUNT_VENUE) for name in ("first", "second")]
        self.instrument = desk.instrument(
            AddInstrument(
                symbol="BASE-USD", kind=1, base=desk.asset("BASE", 0), quote=desk.asset("USD", 2), price_decimals=2,
                quantity_decimals=0, tick=1, lot=1, multiplier=1, maker_fee_ppm=0, taker_fee_ppm=FEE_PPM, collar_bps=0,
                initial_margin_bps=0, mark=0,
            )
        )  # fmt: skip
        for venue, name in zip(self.venues, ("first", "second"), strict=True):
            desk.show_at(self.instrument, venue, VenueFacts(venue, name, "lit", 0, FEE_PPM))

    def listing(self) -> list[dict[str, Any]]:
        """Nothing."""
        return []

    def step(self, at: int) -> int:
        """Nothing by itself."""
        return at + NS_PER_S

    def on_record(self, record: Any) -> None:
        """An order arrives."""
        for wish in asked(record, self._engine):
            if isinstance(wish, NewOrder):
                self.at = time.perf_counter_ns()
                self.orders.append(wish)

    def close(self) -> None:
        """Nothing."""


class RunningDesk:
    """A broker with the desk and two venues; each intent is filled before the next change."""

    def __init__(self) -> None:
        self.market = Adapters()
        house = {"arbitrage": {"play": True, "rest_s": 0.0, "money": MONEY, "minimum_profit_ppm": 1}}
        self._playing = Playing([self.market], 1_700_000_000 * NS_PER_S, None, house)
        self._core = self._playing.core
        self.sent = 0

    def change(self, away: int) -> int:
        """The first venue's book moves: ns until the second order was at its adapter, 0 when nothing is to be had."""
        playing, market, data, driver = self._playing, self.market, self._core.outside, self._core.driver
        playing.now += STEP_NS
        first, second = market.venues
        data.book(second, market.instrument, *_sides(0), playing.now)
        bids, asks = _sides(away)
        started = time.perf_counter_ns()
        data.book(first, market.instrument, bids, asks, playing.now)
        driver.hand_over()
        driver.settle(driver.flush(), ALL)
        if not market.orders:
            return 0
        took = market.at - started
        self.sent += len(market.orders)
        for order in market.orders:
            self._fill(order)
        market.orders.clear()
        data.book(first, market.instrument, *_sides(0), playing.now)
        return took

    def _fill(self, order: NewOrder) -> None:
        fill = VenueFilled(
            order=order.order, venue=order.venue, account=order.account, instrument=order.instrument, side=order.side,
            liquidity=TAKER, price=order.price, quantity=order.quantity, fill_id=content_id(f"fill {order.order}"),
        )  # fmt: skip
        self._playing.submit(fill, role="house")


def _sides(away: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    bids = [(FAIR + away - 5 - step, QUANTITY) for step in range(LEVELS)]
    return bids, [(FAIR + away + 5 + step, QUANTITY) for step in range(LEVELS)]
