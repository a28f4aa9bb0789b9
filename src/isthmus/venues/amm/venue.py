"""Pools as the server sees them: each pool is a venue, its ladder is shown, orders sent to it are answered at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from isthmus.engine.market import VenueFacts
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import (
    ACCOUNT_VENUE,
    BUY,
    FOK,
    HIDDEN,
    LIMIT,
    MARKET,
    PERPETUALS,
    POST_ONLY,
    SELL,
    TAKER,
    AddInstrument,
    Mark,
    SetVenueFees,
)
from isthmus.kernel.values import NS_PER_S
from isthmus.venues.amm.counter import Fill, PoolCounter, Units, levels_of, units_in, units_of
from isthmus.venues.amm.history import History, Sent
from isthmus.venues.amm.moves import Gathering, Leg, costs_of, note_in
from isthmus.venues.amm.states import Pair, PoolState
from isthmus.venues.answering import (
    Answer,
    Ended,
    Filled,
    NewOrder,
    Outbox,
    Place,
    Took,
    asked,
    command_of,
    ended,
    orders_at,
)

if TYPE_CHECKING:
    from isthmus.engine.engine import Record
    from isthmus.engine.market import MarketDesk

ASSET_DECIMALS = 8
CRYPTO_SPOT = 3
COLLAR_BPS = 500
STEP_EVERY_NS = 10_000_000
TELL_AGAIN_NS = NS_PER_S
"""A pool that did not move is shown again so often: its price is as good as then, and who hears nothing of a source
for long takes it for stale.
"""


RUNGS_PER_STEP = 3
"""Prices of a ladder that are looked for in one step."""
MOVES_KEPT = 100


class Listed:
    """An instrument at a pool: its counter there, and what is shown of it."""

    def __init__(self, place: Place, pair: Pair, counter: PoolCounter) -> None:
        self.place = place
        self.pair = pair
        self.counter = counter
        self.bids: list[Fill] = []
        self.asks: list[Fill] = []
        self._begun: dict[int, tuple[list[int], list[int]]] = {}
        self.assets: tuple[tuple[int, int], ...] = ()
        """By place of the pool's tokens: asset, 0 where the ledger has none for it, and decimals on the chain."""
        self.marks = False
        """Whether the instrument is marked by this pool: the first of them, where nobody else trades it."""
        self.marked = 0

    def quote(self, taker: int) -> None:
        """Take one side's ladder from the pool."""
        while not self.quote_on(taker):
            pass

    def quote_on(self, taker: int) -> bool:
        """A part of that, in a few milliseconds; whether the side is complete."""
        begun = self._begun.pop(taker) if taker in self._begun else (self.counter.rungs(taker), [])
        prices, upto = begun
        upto = upto + self.counter.depth(taker, prices[len(upto) : len(upto) + RUNGS_PER_STEP])
        if len(upto) < len(prices):
            self._begun[taker] = (prices, upto)
            return False
        self._put(taker, levels_of(prices, upto))
        return True

    def _put(self, taker: int, levels: list[Fill]) -> None:
        if taker == BUY:
            self.asks = levels
        else:
            self.bids = levels

    def forget(self) -> None:
        """The pool moved: a ladder that was begun is of no use."""
        self._begun.clear()

    def take_off(self, taker: int, lots: int) -> None:
        """Lots that were just traded are no longer shown: what is left of this side is exact but for rounding, since a
        pool's price depends on how much was traded and not in how many pieces.
        """
        levels = self.asks if taker == BUY else self.bids
        left: list[Fill] = []
        for price, quantity in levels:
            gone = min(lots, quantity)
            lots -= gone
            if quantity > gone:
                left.append((price, quantity - gone))
        self._put(taker, left)


class PoolMarkets:
    """All pools of a folder. Each is an account of the engine; it moves only by the orders sent to it, and after a
    restart it is where the fills of the journal have moved it.
    """

    mode = "recorded"

    def __init__(self, states: list[PoolState], rows: list[dict[str, Any]]) -> None:
        self._states = states
        self._rows = rows
        self._listed: dict[tuple[int, int], Listed] = {}
        self._venues: set[int] = set()
        self._moved: deque[tuple[Listed, int]] = deque()
        """Sides whose ladder is to be taken anew."""
        self._gathering = Gathering()
        self._tell_at = 0
        self.executed_moves: dict[int, bool] = {}
        """What became of the last moves over several pools, by number."""

    def open(self, desk: MarketDesk) -> None:
        """Add what is missing of assets, venues and instruments, move the pools to where the journal's fills left them,
        tell what of these was not told, and end the orders that a former run left there. Markets that list an
        instrument themselves are opened before. Raises BadInput when pool, instrument and journal do not fit.
        """
        self._desk = desk
        self._outbox = Outbox(desk)
        for state in self._states:
            place = desk.account(f"venue:{state.name}", ACCOUNT_VENUE)
            self._venues.add(place)
            pool = state.pool.copy()
            for pair in state.pairs:
                listed = self._list(state, pair, pool, place)
                self._listed[place, listed.place.instrument] = listed
        self._name_assets()
        self._catch_up()
        self._end_former_orders()
        for listed in self._listed.values():
            listed.quote(BUY)
            listed.quote(SELL)
            self._show(listed, desk.now())
        self._outbox.flush()

    @property
    def listed(self) -> list[Listed]:
        """Every instrument at every pool."""
        return list(self._listed.values())

    def _list(self, state: PoolState, pair: Pair, pool: Any, venue: int) -> Listed:
        """The pair as its instrument: in the units of whoever listed it before, else in the pool's own."""
        desk = self._desk
        known = next((row for row in desk.engine.instruments() if row["symbol"] == pair.symbol), None)
        if known is None:
            units = units_of(pool, (pair.base, pair.quote), _decimals(state, pair))
            instrument = desk.instrument(self._added(state, pair, PoolCounter(pool, units)))
        else:
            units, instrument = _units_at(known, state, pair), known["instrument"]
        listed = Listed(Place(venue, state.name, instrument), pair, PoolCounter(pool, units))
        row = next(row for row in desk.engine.instruments() if row["instrument"] == instrument)
        codes = {asset["asset"]: asset["code"] for asset in desk.engine.assets()}
        listed.marks = not any(other != venue for other in desk.shown_at(instrument))
        desk.show_at(instrument, venue, facts_of(listed, state, (codes[row["base"]], codes[row["quote"]]), row))
        if row["maker_fee_ppm"] or row["taker_fee_ppm"]:
            self._outbox.add(SetVenueFees(venue=venue, instrument=instrument, maker_fee_ppm=0, taker_fee_ppm=0))
        return listed

    def _name_assets(self) -> None:
        """Which asset stands for each token of a pool."""
        rows = {row["instrument"]: row for row in self._desk.engine.instruments()}
        for state in self._states:
            own = [listed for listed in self._listed.values() if listed.place.name == state.name]
            known: dict[int, int] = {}
            for listed in own:
                row = rows[listed.place.instrument]
                known |= {listed.pair.base: row["base"], listed.pair.quote: row["quote"]}
            for listed in own:
                listed.assets = tuple((known.get(at, 0), token.decimals) for at, token in enumerate(state.tokens))

    def _added(self, state: PoolState, pair: Pair, counter: PoolCounter) -> Any:
        """The command that lists the pair."""
        base, quote, units = state.tokens[pair.base], state.tokens[pair.quote], counter.units
        bids, asks = counter.ladder()
        if not bids or not asks:
            raise BadInput("pool", f"{state.name} has no price for {base.code}/{quote.code}")
        return AddInstrument(
            symbol=pair.symbol,
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

    def _catch_up(self) -> None:
        """Execute again what the journal has, and tell what it has not of it."""
        after = {self._place_of(state): state.after for state in self._states}
        history = History(self._desk.past(), self._venues)
        for execution in history.executed:
            if execution[0].at > after[execution[0].venue]:
                for sent in execution:
                    self._again(sent, execution[0])
            last = execution[-1]
            if last.note is not None:
                paid = history.paid
                for cost in costs_of(last.note, execution[0].account):
                    if cost.client_id not in paid:
                        self._outbox.add(cost)

    def _place_of(self, state: PoolState) -> int:
        return next(venue for (venue, _), listed in self._listed.items() if listed.place.name == state.name)

    def _again(self, sent: Sent, first: Sent) -> None:
        """One order once more, and what of its fills the journal has not."""
        listed = self._listed.get((sent.venue, sent.instrument))
        fills = listed.counter.fill(sent.side, sent.price, sent.quantity) if listed is not None else []
        if listed is None or fills[: len(sent.told)] != sent.told:
            raise BadInput(
                "markets",
                f"order {sent.order} was filled in this journal otherwise than the pool of the file would: use the "
                f"file that it was filled from, or say [[pool]] after = {first.at} where the file is newer than that",
            )
        for ordinal, (price, lots) in enumerate(fills, 1):
            if ordinal > len(sent.told):
                answer = Filled(sent.order, sent.account, sent.side, ordinal, price, lots, TAKER)
                self._outbox.add(command_of(answer, listed.place))

    def _end_former_orders(self) -> None:
        """After what is still to be told of them."""
        for order, venue in orders_at(self._desk.engine, self._venues):
            known = self._desk.engine.order(order)
            assert known is not None
            self._outbox.flush()
            if self._desk.engine.order(order) is not None:
                reason = "ioc" if known["filled"] else "recording_restarted"
                self._outbox.add(ended(order, venue, reason))

    def listing(self) -> list[dict[str, Any]]:
        """What was taken, left and why: a row a file or pool."""
        return self._rows

    def step(self, at: int) -> int:
        """Send what waits, take a part of a ladder anew; each second show every pool again."""
        if not self._outbox.flush():
            return at + STEP_EVERY_NS
        if self._moved:
            listed, taker = self._moved[0]
            if listed.quote_on(taker):
                self._moved.popleft()
            if all(other is not listed for other, _ in self._moved):
                self._show(listed, at)
        elif at >= self._tell_at:
            self._tell_at = at + TELL_AGAIN_NS
            for listed in self._listed.values():
                self._tell(listed, at)
        return at if self._moved else at + STEP_EVERY_NS

    def _show(self, listed: Listed, at: int) -> None:
        """The ladder, and the mark where nobody else marks the instrument."""
        self._tell(listed, at)
        if listed.bids and listed.asks and listed.marks:
            middle = max(1, (listed.bids[0][0] + listed.asks[0][0]) // 2)
            place = listed.place
            mark = Mark(instrument=place.instrument, settlement=0, source=place.venue, price=middle)
            if middle != listed.marked and self._desk.submit(mark) is not None:
                listed.marked = middle

    def _tell(self, listed: Listed, at: int) -> None:
        self._desk.data.book(listed.place.venue, listed.place.instrument, listed.bids, listed.asks, at)

    def on_record(self, record: Record) -> None:
        """Answer orders that are meant for one of the pools. Nothing rests there: a cancel meets a leg that waits for
        the others of its move, or what was lost.
        """
        for wish in asked(record, self._desk.engine):
            if wish.venue not in self._venues:
                continue
            if not isinstance(wish, NewOrder):
                self._called_back(wish.order, wish.venue)
            elif (note := note_in(record)) is not None:
                self._gather(Leg(wish, note))
            else:
                self._placed(wish)
        self._outbox.flush()

    def _gather(self, leg: Leg) -> None:
        if self._gathering.is_off(leg.note.move):
            self._outbox.add(ended(leg.order.order, leg.order.venue, "venue_refused"))
        elif (legs := self._gathering.add(leg)) is not None:
            self._move(legs)

    def _called_back(self, order: int, venue: int) -> None:
        legs = self._gathering.drop(order)
        for leg in legs:
            self._outbox.add(ended(leg.order.order, leg.order.venue, "venue_refused"))
        if not legs and not len(self._outbox):
            self._outbox.add(ended(order, venue, "venue_refused"))

    def _placed(self, order: NewOrder) -> None:
        listed = self._listed.get((order.venue, order.instrument))
        if listed is None or not _is_plain(order):
            self._outbox.add(ended(order.order, order.venue, "venue_refused"))
            return
        self._answer(listed, [Took(order.order)])
        if order.flags & POST_ONLY:
            self._answer(listed, [Ended(order.order, "post_only")])
        elif order.tif == FOK and not self._fills_whole(listed, order):
            self._answer(listed, [Ended(order.order, "fok")])
        else:
            filled = self._fill(listed, order)
            if filled < order.quantity:
                self._answer(listed, [Ended(order.order, "ioc")])

    def _fills_whole(self, listed: Listed, order: NewOrder) -> bool:
        return listed.counter.fillable(order.side, order.price, order.quantity) == order.quantity

    def _fill(self, listed: Listed, order: NewOrder) -> int:
        """Trade, tell, and show at once what is left; the lots."""
        fills = listed.counter.fill(order.side, order.price, order.quantity)
        self._answer(
            listed,
            [
                Filled(order.order, order.account, order.side, ordinal, price, lots, TAKER)
                for ordinal, (price, lots) in enumerate(fills, 1)
            ],
        )
        lots = sum(count for _, count in fills)
        if lots:
            listed.take_off(order.side, lots)
            self._tell(listed, self._desk.now())
            same = (other for other in self._listed.values() if other.counter.pool is listed.counter.pool)
            self._refresh((other, taker) for other in same for taker in (BUY, SELL))
        return lots

    def _refresh(self, sides: Iterable[tuple[Listed, int]]) -> None:
        for listed, taker in sides:
            listed.forget()
            if not any(other is listed and side == taker for other, side in self._moved):
                self._moved.append((listed, taker))

    def _move(self, legs: list[Leg]) -> None:
        """All legs in one step if each still comes out as it was priced, else none. What is told of them is one row of
        commands, and a restart tells what of it was lost.
        """
        while len(self.executed_moves) >= MOVES_KEPT:
            del self.executed_moves[next(iter(self.executed_moves))]
        comes_out = self.executed_moves[legs[0].note.move] = self._comes_out(legs)
        if not comes_out:
            for leg in legs:
                self._outbox.add(ended(leg.order.order, leg.order.venue, "fok"))
            return
        for leg in legs:
            listed = self._listed[leg.order.venue, leg.order.instrument]
            self._answer(listed, [Took(leg.order.order)])
        for leg in legs:
            self._fill(self._listed[leg.order.venue, leg.order.instrument], leg.order)
        for cost in costs_of(legs[-1].note, legs[-1].order.account):
            self._outbox.add(cost)

    def _comes_out(self, legs: list[Leg]) -> bool:
        pools: dict[int, Any] = {}
        for leg in legs:
            listed = self._listed.get((leg.order.venue, leg.order.instrument))
            if listed is None:
                return False
            pool = pools.setdefault(id(listed.counter.pool), listed.counter.pool.copy())
            fills = PoolCounter(pool, listed.counter.units).fill(leg.order.side, leg.order.price, leg.order.quantity)
            if tuple(fills) != leg.note.fills:
                return False
        return True

    def _answer(self, listed: Listed, answers: list[Answer]) -> None:
        for answer in answers:
            self._outbox.add(command_of(answer, listed.place))

    def close(self) -> None:
        """Nothing to close: the journal has what moved the pools."""


def facts_of(listed: Listed, state: PoolState, codes: tuple[str, str], row: dict[str, Any]) -> VenueFacts:
    """What a comparison of prices has to know of a pool: nothing is charged beside, and it answers without delay."""
    pair = listed.pair
    quote = state.tokens[pair.quote].code
    gas = f"gas of {pair.gas} {quote} a swap is not" if pair.gas else "gas is not"
    words = [f"the pool's fee is in the price, {gas}"]
    for place, code in zip((pair.base, pair.quote), codes, strict=True):
        if state.tokens[place].code != code:
            words.append(f"1 {state.tokens[place].code} = 1 {code}")
    return VenueFacts(
        number=listed.place.venue,
        name=state.name,
        kind="amm",
        maker_fee_ppm=0,
        taker_fee_ppm=0,
        tick=row["tick"],
        lot=row["lot"],
        assumed="; ".join(words),
        source="the pool's file, moved by our orders only",
    )


def _decimals(state: PoolState, pair: Pair) -> tuple[int, int]:
    return state.tokens[pair.base].decimals, state.tokens[pair.quote].decimals


def _units_at(known: dict[str, Any], state: PoolState, pair: Pair) -> Units:
    """The pool's numbers in the units of an instrument that is listed already."""
    if known["kind"] in PERPETUALS or known["multiplier"] != 1:
        raise BadInput("instrument", f"{pair.symbol} is no spot market: {state.name} cannot be traded as it")
    listed = known["price_decimals"], known["quantity_decimals"]
    return units_in((pair.base, pair.quote), _decimals(state, pair), listed, known["tick"])


def _is_plain(order: NewOrder) -> bool:
    """A pool takes limit and market orders; it knows no hidden, shown or least quantities."""
    return order.kind in (LIMIT, MARKET) and not (order.flags & HIDDEN or order.display or order.min_quantity)
