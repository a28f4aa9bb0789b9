"""A broker in process with a house book, an outside venue that the test answers for, and a rich client."""

from __future__ import annotations

from typing import Any

import msgspec

from isthmus.app.playing import Playing
from isthmus.engine.engine import content_id
from isthmus.engine.market import VenueFacts
from isthmus.execution.notes import ParentNote, note_of
from isthmus.execution.policy import Decision, Market, Path, Ticket, Wake, Work, within
from isthmus.kernel.messages import (
    ACCOUNT_CLIENT,
    ACCOUNT_VENUE,
    BUY,
    GTC,
    LIMIT,
    SELL,
    AddInstrument,
    OpenAccount,
    PlaceOrder,
    PlaceParent,
    VenueAccepted,
    VenueCancelled,
    VenueFilled,
)

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
MONEY = 10**15


class Steady(msgspec.Struct, frozen=True):
    """Parameters of the path below."""

    slices: int = 4
    gap_s: int = 10


def steady(work: Work, market: Market, parameters: Steady, now: int) -> Decision:
    """A small path for tests: every ten seconds a quarter, taken at the best all-in prices."""
    parent = work.parent
    number = min(parameters.slices, (now - parent.arrived_at) // (parameters.gap_s * SECOND) + 1)
    due = parent.quantity * number // parameters.slices - work.filled - work.working
    tickets = []
    for level in market.levels(BUY + SELL - parent.side, 10):
        taken = min(due, level.quantity)
        if taken <= 0 or (level.price - parent.limit) * parent.sign > 0:
            break
        due -= taken
        price = within(level.price, parent)
        tickets.append(Ticket(venue=level.venue, price=price, quantity=taken, why=f"slice {number}"))
    following = parent.arrived_at + number * parameters.gap_s * SECOND
    wake = Wake(at=following if number < parameters.slices else now + SECOND)
    return Decision(place=tuple(tickets), wake=wake, why=f"slice {number}")


STEADY = Path(
    number=200, name="STEADY", title="for tests", source="none", parameters=Steady, decide=steady, measured_on="tape"
)


class Floor:
    """BTC-USDT on the house book and at venue "there"; what the venue answers is up to the test."""

    mode = "simulated"

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.answers = 0

    def open(self, desk: Any) -> None:
        """List the instrument."""
        self.desk = desk
        base, quote = desk.asset("BTC", 8), desk.asset("USDT", 8)
        self.venue = desk.account("venue:there", ACCOUNT_VENUE)
        self.instrument = desk.instrument(
            AddInstrument(
                symbol="BTC-USDT", kind=3, base=base, quote=quote, price_decimals=2, quantity_decimals=4, tick=1, lot=1,
                multiplier=1, maker_fee_ppm=1_000, taker_fee_ppm=1_000, collar_bps=500, initial_margin_bps=0,
                mark=10_000,
            )
        )  # fmt: skip
        facts = VenueFacts(self.venue, "there", "lit", 1_000, 1_000)
        desk.show_at(self.instrument, self.venue, facts)
        self.maker = desk.account("house:maker", 2)
        for asset in (base, quote):
            desk.fund(self.maker, asset, MONEY)
        self.assets = (base, quote)

    def listing(self) -> list[dict[str, Any]]:
        """Nothing."""
        return []

    def step(self, at: int) -> int:
        """Nothing by itself."""
        return at + 3_600 * SECOND

    def on_record(self, record: Any) -> None:
        """Note what was sent there."""
        command = record.command
        if type(command).__name__ == "PlaceChild" and command.venue == self.venue and record.reason is None:
            self.asked.append((record.sequence, command))

    def close(self) -> None:
        """Nothing."""

    def quote(self, side: int, price: int, quantity: int) -> int:
        """A house maker's resting order."""
        order = PlaceOrder(
            account=self.maker, instrument=self.instrument, venue=0, side=side, kind=LIMIT, tif=GTC, flags=0,
            price=price, quantity=quantity,
        )  # fmt: skip
        return self.desk.submit(order).sequence


class Worked:
    """A playing broker with one client."""

    def __init__(self, data: str | None = None) -> None:
        self.floor = Floor()
        self.playing = Playing([self.floor], START, data)
        self.core = self.playing.core
        self.core.router.paths[STEADY.number] = STEADY
        known = self.core.directory.account("client")
        if known is None:
            made = self.playing.submit(OpenAccount(kind=ACCOUNT_CLIENT, client_id=content_id("c")), "client")
            self.account = made.effects[0].account
            for asset in self.floor.assets:
                self.core.desk.fund(self.account, asset, MONEY)
            self.playing.pump()
        else:
            self.account = known.number
        self.sent = 0

    def show_there(self, bids: list[tuple[int, int]], asks: list[tuple[int, int]]) -> None:
        """What the outside venue shows."""
        self.core.desk.data.book(self.floor.venue, self.floor.instrument, bids, asks, self.playing.now)
        self.playing.pump()

    def parent(self, side: int, quantity: int, price: int, path: Path = STEADY, **note: Any) -> int:
        """Place a parent; its number."""
        self.sent += 1
        made = ParentNote(path=path.name, **note)
        command = PlaceParent(
            account=self.account, instrument=self.floor.instrument, side=side, path=path.number, price=price,
            quantity=quantity, client_id=content_id(f"p{self.sent}"),
        )  # fmt: skip
        record = self.playing.submit(command, note=note_of(made))
        assert record.reason is None, record.reason
        return record.sequence

    def fill(self, order: int, price: int, quantity: int, name: str = "") -> Any:
        """The outside venue filled a child."""
        self.floor.answers += 1
        side = next(command for number, command in self.floor.asked if number == order)
        parent = self.core.engine.order(side.parent)
        command = VenueFilled(
            order=order, venue=self.floor.venue, account=self.account, instrument=self.floor.instrument,
            side=parent["side"] if parent else BUY, liquidity=2, price=price, quantity=quantity,
            fill_id=content_id(name or f"fill {self.floor.answers}"),
        )  # fmt: skip
        return self.playing.submit(command, role="house")

    def accept(self, order: int) -> Any:
        """The outside venue has a child."""
        return self.playing.submit(VenueAccepted(order=order, venue=self.floor.venue), role="house")

    def end(self, order: int, reason: int = 2) -> Any:
        """The outside venue ended a child."""
        return self.playing.submit(VenueCancelled(order=order, venue=self.floor.venue, reason=reason), role="house")

    def work(self, parent: int) -> Any:
        """What the router knows of a live parent."""
        return self.core.router.works.parents[parent].work

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.playing.run(self.playing.now + int(seconds * SECOND))


__all__ = ["BUY", "SECOND", "SELL", "Worked"]
