"""Pools as the server sees them: each pool is a venue, its ladder is shown, orders sent to it are answered at once."""

from __future__ import annotations

from collections import deque
from itertools import combinations
from typing import TYPE_CHECKING, Any

from isthmus.engine.engine import content_id
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import (
    ACCOUNT_VENUE,
    CANCEL_REASONS,
    FOK,
    POST_ONLY,
    TAKER,
    AddInstrument,
    Mark,
    VenueAccepted,
    VenueCancelled,
    VenueFilled,
)
from isthmus.kernel.values import NS_PER_S
from isthmus.venues.amm.counter import PoolCounter, units_of
from isthmus.venues.amm.states import PoolState, Token

if TYPE_CHECKING:
    from isthmus.engine.engine import Record
    from isthmus.engine.market import MarketDesk

ASSET_DECIMALS = 8
CRYPTO_SPOT = 3
COLLAR_BPS = 500
STEP_EVERY_NS = NS_PER_S
QUOTES = ("USDC", "USDT", "DAI", "CRVFRAX", "WETH", "ETH")
"""Which token of a pair the other is priced in: the first of these that is in it, else the second token."""

_REASONS = {text: number for number, text in CANCEL_REASONS.items()}
_ORDERS = frozenset(("PlaceOrder", "PlaceChild"))


class Listed:
    """An instrument at a pool: who trades it, where, and whether what is shown is what the pool says."""

    def __init__(self, venue: tuple[int, str], instrument: int, counter: PoolCounter) -> None:
        self.venue, self.name = venue
        self.instrument = instrument
        self.counter = counter
        self.shown: tuple[Any, Any] | None = None
        self.marked = 0


class PoolMarkets:
    """All pools of a folder. Each is an account of the engine; it moves only by the orders sent to it, and begins anew
    from its file when the server does.
    """

    mode = "recorded"

    def __init__(self, states: list[PoolState], rows: list[dict[str, Any]]) -> None:
        self._states = states
        self._rows = rows
        self._listed: dict[tuple[int, int], Listed] = {}
        self._venues: set[int] = set()
        self._outbox: deque[Any] = deque()
        self._changed: deque[Listed] = deque()

    def open(self, desk: MarketDesk) -> None:
        """Add what is missing of assets, venues and instruments; end the orders that a former run left there."""
        self._desk = desk
        for state in self._states:
            venue = desk.account(f"venue:{state.name}", ACCOUNT_VENUE)
            self._venues.add(venue)
            pool = state.pool.copy()
            for base, quote in pairs(state.tokens):
                decimals = (state.tokens[base].decimals, state.tokens[quote].decimals)
                counter = PoolCounter(pool, units_of(pool, (base, quote), decimals))
                instrument = self._list(state, counter)
                desk.show_at(instrument, venue)
                self._listed[venue, instrument] = Listed((venue, state.name), instrument, counter)
        self._end_former_orders()
        for listed in self._listed.values():
            self._show(listed, desk.now())
        self._flush()

    def _list(self, state: PoolState, counter: PoolCounter) -> int:
        """The instrument of a pair, in its pool's units; one that another market listed must have the same."""
        units = counter.units
        base, quote = state.tokens[units.base], state.tokens[units.quote]
        bids, asks = counter.ladder()
        if not bids or not asks:
            raise BadInput("pool", f"{state.name} has no price for {base.code}/{quote.code}")
        terms = AddInstrument(
            symbol=f"{base.code}/{quote.code}",
            kind=CRYPTO_SPOT,
            base=self._desk.asset(base.code, ASSET_DECIMALS),
            quote=self._desk.asset(quote.code, ASSET_DECIMALS),
            price_decimals=units.price_decimals,
            quantity_decimals=units.quantity_decimals,
            tick=1,
            lot=1,
            multiplier=1,
            collar_bps=COLLAR_BPS,
            mark=(bids[0][0] + asks[0][0]) // 2,
        )
        instrument = self._desk.instrument(terms)
        known = next(row for row in self._desk.engine.instruments() if row["instrument"] == instrument)
        if (known["price_decimals"], known["quantity_decimals"]) != (units.price_decimals, units.quantity_decimals):
            raise BadInput("pool", f"{terms.symbol} is listed in this journal in other units than {state.name} needs")
        return instrument

    def _end_former_orders(self) -> None:
        engine = self._desk.engine
        for account, _ in engine.accounts():
            for order in engine.orders(account):
                facts = engine.order(order)
                if facts is not None and facts["venue"] in self._venues:
                    self._outbox.append(_cancelled(order, facts["venue"], "recording_restarted"))

    def listing(self) -> list[dict[str, Any]]:
        """What was taken, left and why: a row a file or pool."""
        return self._rows

    def step(self, at: int) -> int:
        """Send what waits, show one ladder that moved and mark its instrument: a ladder takes some milliseconds."""
        self._flush()
        if self._changed:
            self._show(self._changed.popleft(), at)
        return at if self._changed else at + STEP_EVERY_NS

    def _show(self, listed: Listed, at: int) -> None:
        ladder = listed.counter.ladder()
        if ladder == listed.shown:
            return
        listed.shown = ladder
        bids, asks = ladder
        self._desk.data.book(listed.venue, listed.instrument, bids, asks, at)
        if bids and asks:
            middle = max(1, (bids[0][0] + asks[0][0]) // 2)
            mark = Mark(instrument=listed.instrument, settlement=0, source=listed.venue, price=middle)
            if middle != listed.marked and self._desk.submit(mark) is not None:
                listed.marked = middle

    def on_record(self, record: Record) -> None:
        """Answer orders that are meant for one of the pools. Nothing rests there: a cancel only meets what was lost."""
        command = record.command
        venue = getattr(command, "venue", 0)
        for effect in record.effects:
            name = type(effect).__name__
            if name == "Accepted" and type(command).__name__ in _ORDERS and venue in self._venues:
                self._placed(command, effect)
            elif name in ("CancelRequested", "ReplaceRequested") and effect.venue in self._venues and not self._outbox:
                self._outbox.append(_cancelled(effect.order, effect.venue, "venue_refused"))
        if self._outbox:
            self._flush()

    def _placed(self, command: Any, accepted: Any) -> None:
        order, venue = accepted.order, command.venue
        listed = self._listed.get((venue, command.instrument))
        if listed is None:
            self._outbox.append(_cancelled(order, venue, "venue_refused"))
            return
        self._outbox.append(VenueAccepted(order=order, venue=venue))
        side, limit, quantity = command.side, accepted.price, command.quantity
        if command.flags & POST_ONLY:
            self._outbox.append(_cancelled(order, venue, "post_only"))
            return
        if command.tif == FOK and listed.counter.fillable(side, limit, quantity) < quantity:
            self._outbox.append(_cancelled(order, venue, "fok"))
            return
        fills = listed.counter.fill(side, limit, quantity)
        for ordinal, (price, lots) in enumerate(fills, 1):
            self._outbox.append(
                VenueFilled(
                    order=order,
                    venue=venue,
                    account=command.account,
                    instrument=command.instrument,
                    side=side,
                    liquidity=TAKER,
                    price=price,
                    quantity=lots,
                    fill_id=content_id(f"{listed.name}/{order}/{ordinal}"),
                )
            )
        if fills:
            moved = [other for other in self._listed.values() if other.counter.pool is listed.counter.pool]
            self._changed.extend(other for other in moved if other not in self._changed)
        if sum(lots for _, lots in fills) < quantity:
            self._outbox.append(_cancelled(order, venue, "ioc"))

    def _flush(self) -> None:
        """Submit what waits, as far as the server takes it. Each is taken off first: an answer's record comes back
        through `on_record` before the next is sent.
        """
        while self._outbox:
            waiting = self._outbox.popleft()
            if self._desk.submit(waiting) is None:
                self._outbox.appendleft(waiting)
                return

    def close(self) -> None:
        """Nothing to close."""


def pairs(tokens: tuple[Token, ...]) -> list[tuple[int, int]]:
    """(base, quote) of every pair of a pool's tokens."""

    def rank(place: int) -> tuple[int, int]:
        code = tokens[place].code
        return QUOTES.index(code) if code in QUOTES else len(QUOTES), -place

    return [tuple(sorted(pair, key=rank, reverse=True)) for pair in combinations(range(len(tokens)), 2)]  # type: ignore[misc]


def _cancelled(order: int, venue: int, reason: str) -> Any:
    return VenueCancelled(order=order, venue=venue, reason=_REASONS[reason])
