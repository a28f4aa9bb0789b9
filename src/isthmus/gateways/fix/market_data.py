"""MarketDataRequest(V) answered by snapshots (W), increments (X), rejects (Y): books and trades of all venues together.

Entries are those of FIX 4.4 volume 3, "Market data": bids, offers and trades. A price level is an entry; its
MDEntryID(278) is its side and price, so that an increment names what it changes.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from isthmus.gateways.fix.shapes import Body, Message, Outgoing, Peer, needed
from isthmus.gateways.fix.times import date, time_of_day
from isthmus.gateways.reads import Reads
from isthmus.kernel.messages import BUY
from isthmus.kernel.values import text
from isthmus.refdata.instruments import Instrument
from isthmus.views.books import BOOK_LEVELS_MAX, Sides
from isthmus.views.tape import TradeRow

SUBSCRIPTIONS_MAX = 256
"""Of one session: each request counts for each of its instruments."""
SYMBOLS_MAX = 100
"""In one request."""
SNAPSHOT, SUBSCRIBE, UNSUBSCRIBE = "0", "1", "2"
"""SubscriptionRequestType(263)."""
BID, OFFER, TRADE = "0", "1", "2"
"""MDEntryType(269)."""
NEW, CHANGE, DELETE = "0", "1", "2"
"""MDUpdateAction(279)."""
UNKNOWN_SYMBOL, DUPLICATE_ID, BANDWIDTH, PERMISSIONS, SUBSCRIPTION, DEPTH, UPDATE, AGGREGATED, ENTRY = "012345678"
"""MDReqRejReason(281)."""

Key = tuple[int, str]
Levels = dict[tuple[str, int], tuple[int, int | None]]


class Rejected(Exception):
    """Why a request is not served."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Wanted(msgspec.Struct, frozen=True):
    """What a request asks for."""

    request: str
    kinds: frozenset[str]
    depth: int
    whole: bool
    """Each update is a snapshot again (MDUpdateType(265) 0)."""
    instruments: tuple[Instrument, ...]


class Subscription(msgspec.Struct):
    """A request that goes on, and the levels that it was told."""

    peer: Peer
    wanted: Wanted
    told: dict[int, Levels]
    trades: dict[int, list[TradeRow]]


class MarketData:
    """Serves requests; the loop calls `sample` at the rate of books, the views `trade`."""

    def __init__(self, reads: Reads, out: Outgoing, full: Callable[[Peer], bool]) -> None:
        self._reads = reads
        self._out = out
        self._full = full
        self._subscriptions: dict[Key, Subscription] = {}
        self._version: tuple[int, int] | None = None

    def request(self, peer: Peer, message: Message) -> None:
        """MarketDataRequest(V)."""
        request = needed(message, 262, "MDReqID")
        key = (peer.place, request)
        try:
            kind = message.get(263)
            if kind == UNSUBSCRIBE:
                self._subscriptions.pop(key, None)
                return
            if kind not in (SNAPSHOT, SUBSCRIBE):
                raise Rejected(SUBSCRIPTION, "SubscriptionRequestType(263) is 0, 1 or 2")
            wanted = self._wanted(request, message)
            if kind == SUBSCRIBE:
                self._subscribe(key, peer, wanted)
        except Rejected as why:
            self._out.send(peer.place, "Y", [(262, request), (281, why.reason), (58, why.detail)])
            return
        for instrument in wanted.instruments:
            self._snapshot(peer, wanted, instrument)

    def trade(self, row: TradeRow) -> None:
        """Somebody traded; told with the next sample."""
        for subscription in self._subscriptions.values():
            if TRADE in subscription.wanted.kinds and row.instrument in subscription.told:
                subscription.trades.setdefault(row.instrument, []).append(row)

    def sample(self) -> None:
        """Send what changed. A session that is slow gets the sum of it when it has read what it has."""
        if not self._subscriptions:
            return
        version = self._reads.views.books.version
        changed, self._version = version != self._version, version
        for subscription in self._subscriptions.values():
            if (changed or subscription.trades) and not self._full(subscription.peer):
                self._update(subscription)

    def forget(self, place: int) -> None:
        """The session is gone."""
        self._subscriptions = {key: kept for key, kept in self._subscriptions.items() if key[0] != place}

    def _subscribe(self, key: Key, peer: Peer, wanted: Wanted) -> None:
        if key in self._subscriptions:
            raise Rejected(DUPLICATE_ID, "this MDReqID(262) is in use")
        held = sum(len(one.wanted.instruments) for at, one in self._subscriptions.items() if at[0] == peer.place)
        if held + len(wanted.instruments) > SUBSCRIPTIONS_MAX:
            raise Rejected(BANDWIDTH, f"a session has at most {SUBSCRIPTIONS_MAX} subscriptions")
        told = {one.number: self._levels(one, wanted) for one in wanted.instruments}
        self._subscriptions[key] = Subscription(peer, wanted, told, {})

    def _wanted(self, request: str, message: Message) -> Wanted:
        kinds = {entry.get(269) or "" for entry in message.group(267)}
        if unknown := kinds - {BID, OFFER, TRADE}:
            raise Rejected(
                ENTRY, f"MDEntryType(269) is 0 (bid), 1 (offer), 2 (trade), not {', '.join(sorted(unknown))}"
            )
        depth = message.get(264) or "0"
        if not depth.isascii() or not depth.isdigit() or int(depth) > BOOK_LEVELS_MAX:
            raise Rejected(DEPTH, f"MarketDepth(264) is 0 to {BOOK_LEVELS_MAX}")
        update = message.get(265) or "0"
        if update not in ("0", "1"):
            raise Rejected(UPDATE, "MDUpdateType(265) is 0 (full) or 1 (incremental)")
        if message.get(266) == "N":
            raise Rejected(AGGREGATED, "AggregatedBook(266) N: levels of single orders are not published")
        instruments = self._instruments(message)
        return Wanted(request, frozenset(kinds), int(depth) or BOOK_LEVELS_MAX, update == "0", instruments)

    def _instruments(self, message: Message) -> tuple[Instrument, ...]:
        symbols = [entry.get(55) or "" for entry in message.group(146)]
        if not 1 <= len(symbols) <= SYMBOLS_MAX:
            raise Rejected(UNKNOWN_SYMBOL, f"NoRelatedSym(146) is 1 to {SYMBOLS_MAX}")
        found = []
        for symbol in symbols:
            instrument = self._reads.directory.instrument(symbol)
            if instrument is None:
                raise Rejected(UNKNOWN_SYMBOL, f"there is no instrument {symbol}")
            found.append(instrument)
        return tuple(found)

    def _levels(self, instrument: Instrument, wanted: Wanted) -> Levels:
        if not wanted.kinds & {BID, OFFER}:
            return {}
        book: Sides = self._reads.views.books.merged(instrument.number, wanted.depth)
        return {
            (side, price): (quantity, orders)
            for side, levels in zip((BID, OFFER), book, strict=True)
            if side in wanted.kinds
            for price, quantity, orders in levels
        }

    def _snapshot(self, peer: Peer, wanted: Wanted, instrument: Instrument) -> None:
        entries = [
            [(269, side), *_figures(instrument, price, level)]
            for (side, price), level in self._levels(instrument, wanted).items()
        ]
        last = self._reads.views.tape.last(instrument.number)
        if TRADE in wanted.kinds and last is not None:
            entries.append([(269, TRADE), *_trade(instrument, last)])
        body: Body = [(262, wanted.request), (55, instrument.symbol), (268, str(len(entries)))]
        self._out.send(peer.place, "W", body + [field for entry in entries for field in entry])

    def _update(self, subscription: Subscription) -> None:
        peer, wanted = subscription.peer, subscription.wanted
        trades, subscription.trades = subscription.trades, {}
        entries: list[Body] = []
        for instrument in wanted.instruments:
            now = self._levels(instrument, wanted)
            before = subscription.told[instrument.number]
            if wanted.whole:
                if now != before or instrument.number in trades:
                    self._snapshot(peer, wanted, instrument)
            else:
                entries += _changes(instrument, before, now)
                entries += [
                    [(279, NEW), (269, TRADE), (278, row.id), (55, instrument.symbol), *_trade(instrument, row)]
                    for row in trades.get(instrument.number, ())
                ]
            subscription.told[instrument.number] = now
        if entries:
            body: Body = [(262, wanted.request), (268, str(len(entries)))]
            self._out.send(peer.place, "X", body + [field for entry in entries for field in entry])


def _figures(instrument: Instrument, price: int, level: tuple[int, int | None]) -> Body:
    quantity, orders = level
    body: Body = [(270, text(price, instrument.price_decimals)), (271, text(quantity, instrument.quantity_decimals))]
    return [*body, (346, str(orders))] if orders is not None else body


def _trade(instrument: Instrument, row: TradeRow) -> Body:
    """Price, quantity, date and time; the aggressor's side in words, which every version has a field for."""
    side = "buyer" if row.taker_side == BUY else "seller"
    return [
        (270, text(row.price, instrument.price_decimals)),
        (271, text(row.quantity, instrument.quantity_decimals)),
        (272, date(row.time)),
        (273, time_of_day(row.time)),
        (58, f"{side} took"),
    ]


def _changes(instrument: Instrument, before: Levels, now: Levels) -> list[Body]:
    entries = [_level(instrument, DELETE, key, before[key]) for key in before if key not in now]
    for key, level in now.items():
        if before.get(key) != level:
            entries.append(_level(instrument, CHANGE if key in before else NEW, key, level))
    return entries


def _level(instrument: Instrument, action: str, key: tuple[str, int], level: tuple[int, int | None]) -> Body:
    side, price = key
    named: Body = [(279, action), (269, side), (278, f"{instrument.number}-{side}-{price}"), (55, instrument.symbol)]
    return named + _figures(instrument, price, level)
