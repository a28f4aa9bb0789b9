"""All streams: makes them when they are first asked for, feeds them from the views, forgets those that nobody
listens to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from isthmus.engine.engine import Record
from isthmus.gateways.limits import StreamLimits
from isthmus.gateways.problems import Refusal
from isthmus.gateways.reads import Reads, Wanted
from isthmus.gateways.render import Renderer
from isthmus.gateways.render_market import MarketRenderer
from isthmus.gateways.rest.market import health_of
from isthmus.gateways.websocket.sampling import BookSampler, MarketsSampler, QuoteSampler, Sampler
from isthmus.gateways.websocket.sessions import SessionsSampler
from isthmus.gateways.websocket.streams import Stream, Subject
from isthmus.kernel.ids import account_id
from isthmus.refdata.instruments import Instrument
from isthmus.views.orders import FillRow, OrderRow
from isthmus.views.tape import INTERVALS_NS, TradeRow

STREAMS_MAX = 4_096
"""Streams kept at once; those without listeners go first, then new ones are refused."""
SAMPLED_MAX = 256
"""Of these, books, quotes and market lists, which are looked at all the time."""
IDLE_MAX_S = 300
"""How long a stream without listeners is kept for those who come back."""
SAMPLED = ("book", "quotes", "markets", "sessions")
SNAPSHOT_TRADES = 50
SNAPSHOT_FILLS = 50
SNAPSHOT_ORDERS = 500
SNAPSHOT_BARS = 300
SNAPSHOT_RECORDS = 50


class Hub:
    """An outlet of the views. The loop calls `sample` at the rate of books and `second` once a second."""

    def __init__(self, reads: Reads, renderer: Renderer, market: MarketRenderer, limits: StreamLimits) -> None:
        self.limits = limits
        self._market = market
        self._reads = reads
        self._render = renderer
        self._streams: dict[Subject, Stream] = {}
        self._samplers: dict[Subject, Sampler] = {}
        self._dirty_balances: set[tuple[int, int]] = set()
        self._dirty_positions: set[tuple[int, int]] = set()
        self._dirty_bars: set[int] = set()
        self._trades: dict[int, list[TradeRow]] = {}
        self._records: list[Record] = []
        self._version: tuple[int, int] | None = None
        self._counted = 0

    def stream(self, subject: Subject) -> Stream:
        """The stream of the subject, up to date; made when absent. Raises Refusal 503 at the limit."""
        self._send_pending()
        stream = self._streams.get(subject)
        if stream is None:
            self._make_room(sampled=subject.channel in SAMPLED)
            stream = Stream(subject, self._snapshot_of(subject), self._reads.now, self.limits.remembered)
            self._streams[subject] = stream
        elif (sampler := self._samplers.get(subject)) and (change := sampler.change()) is not None:
            stream.publish(change)
        return stream

    # What the views say (Outlet).

    def record(self, record: Record) -> None:
        """Journal and health."""
        self._counted += 1
        if Subject("journal") in self._streams:
            self._records.append(record)

    def order(self, row: OrderRow) -> None:
        """At once: people wait for it."""
        if self._streams and (stream := self._streams.get(Subject("orders", account=account_id(row.account)))):
            stream.publish(self._render.order(row))

    def fill(self, row: FillRow) -> None:
        """At once."""
        if stream := self._streams.get(Subject("fills", account=account_id(row.account))):
            stream.publish(self._render.fill(row))

    def balance(self, account: int, asset: int) -> None:
        """Put together until the next sample."""
        self._dirty_balances.add((account, asset))

    def position(self, account: int, instrument: int) -> None:
        """Put together until the next sample."""
        self._dirty_positions.add((account, instrument))

    def trade(self, row: TradeRow) -> None:
        """Put together until the next sample; bars move with it."""
        self._trades.setdefault(row.instrument, []).append(row)
        self._dirty_bars.add(row.instrument)

    # What the loop calls.

    def sample(self) -> None:
        """Send what changed since the last sample."""
        self._send_pending()
        version = self._reads.views.books.version
        if version != self._version:
            self._version = version
            for subject, sampler in self._samplers.items():
                stream = self._streams[subject]
                if sampler.every_sample and stream.listeners and (change := sampler.change()) is not None:
                    stream.publish(change)

    def second(self) -> None:
        """Markets and health: once a second."""
        for subject, sampler in self._samplers.items():
            stream = self._streams[subject]
            if not sampler.every_sample and stream.listeners and (change := sampler.change()) is not None:
                stream.publish(change)
        if health := self._streams.get(Subject("health")):
            health.publish(self._health())
        self._counted = 0
        for subject in [subject for subject, stream in self._streams.items() if self._is_old(stream)]:
            self._forget(subject)

    def heartbeat(self) -> None:
        """Every stream tells its last seq."""
        for stream in self._streams.values():
            stream.heartbeat()

    def _send_pending(self) -> None:
        self._send_trades()
        self._send_bars()
        self._send_holdings()
        self._send_records()

    def _send_trades(self) -> None:
        trades, self._trades = self._trades, {}
        for number, rows in trades.items():
            symbol = self._reads.directory.instruments[number].symbol
            if stream := self._streams.get(Subject("trades", instrument=symbol)):
                stream.publish([self._render.trade(row) for row in rows])

    def _send_bars(self) -> None:
        dirty, self._dirty_bars = self._dirty_bars, set()
        for number in dirty:
            instrument = self._reads.directory.instruments[number]
            for interval in INTERVALS_NS:
                stream = self._streams.get(Subject("bars", instrument=instrument.symbol, interval=interval))
                bar = self._reads.views.tape.last_bar(number, interval)
                if stream is not None and bar is not None:
                    stream.publish(self._render.bar(instrument, bar))

    def _send_holdings(self) -> None:
        holdings = self._reads.views.holdings
        balances, self._dirty_balances = self._dirty_balances, set()
        for account in {account for account, _ in balances}:
            if stream := self._streams.get(Subject("balances", account=account_id(account))):
                rows = [holdings.balance(owner, asset) for owner, asset in sorted(balances) if owner == account]
                stream.publish([self._render.balance(row) for row in rows])
        positions, self._dirty_positions = self._dirty_positions, set()
        for account in {account for account, _ in positions}:
            if stream := self._streams.get(Subject("positions", account=account_id(account))):
                held = [holdings.position(owner, number) for owner, number in sorted(positions) if owner == account]
                stream.publish([self._render.position(row) for row in held])

    def _send_records(self) -> None:
        records, self._records = self._records, []
        if stream := self._streams.get(Subject("journal")):
            for record in records:
                stream.publish(self._render.journal_record(record))

    def _health(self) -> dict[str, Any]:
        health = health_of(self._reads)
        return {
            "status": health.status,
            "sequence": health.sequence,
            "durable": health.durable,
            "head": health.head,
            "mode": health.mode,
            "reason": health.reason,
            "rate": self._counted,
            "lag": self._reads.backlog,
        }

    def _make_room(self, sampled: bool) -> None:
        kept, most = (self._samplers, SAMPLED_MAX) if sampled else (self._streams, STREAMS_MAX)
        if len(kept) < most and len(self._streams) < STREAMS_MAX:
            return
        idle = next((subject for subject in kept if not self._streams[subject].listeners), None)
        if idle is None:
            raise Refusal(503, "busy", "too many streams", limit=str(most))
        self._forget(idle)

    def _forget(self, subject: Subject) -> None:
        del self._streams[subject]
        self._samplers.pop(subject, None)

    def _is_old(self, stream: Stream) -> bool:
        """Asked once a second."""
        stream.idle_s = 0 if stream.listeners else stream.idle_s + 1
        return stream.idle_s > IDLE_MAX_S

    # What a new listener gets first.

    def _snapshot_of(self, subject: Subject) -> Callable[[], Any]:
        if subject.channel in SAMPLED:
            return self._sampler_of(subject).snapshot
        if subject.channel in ("trades", "bars"):
            assert subject.instrument is not None
            return self._market_snapshot(subject, self._reads.instrument(subject.instrument))
        if subject.account is not None:
            return self._account_snapshot(subject.channel, int(subject.account.removeprefix("acc-")))
        return self._health if subject.channel == "health" else self._journal_snapshot

    def _sampler_of(self, subject: Subject) -> Sampler:
        sampler: Sampler
        if subject.channel == "markets":
            sampler = MarketsSampler(self._reads, self._render)
        elif subject.channel == "sessions":
            sampler = SessionsSampler(self._reads, self._render, self._market, bool(subject.desk))
        else:
            assert subject.instrument is not None
            instrument = self._reads.instrument(subject.instrument)
            if subject.channel == "quotes":
                sampler = QuoteSampler(self._reads, self._render, instrument)
            else:
                assert subject.depth is not None
                venue = self._reads.venue(subject.venue)
                sampler = BookSampler(self._reads, self._render, instrument, venue, subject.depth)
        self._samplers[subject] = sampler
        return sampler

    def _market_snapshot(self, subject: Subject, instrument: Instrument) -> Callable[[], Any]:
        tape, render = self._reads.views.tape, self._render
        if subject.channel == "trades":
            return lambda: [
                render.trade(row)
                for row, _ in zip(tape.trades_newest_first(instrument.number), range(SNAPSHOT_TRADES), strict=False)
            ]
        interval = subject.interval or "1m"
        newest = self._reads.now() * 2
        return lambda: [
            render.bar(instrument, bar) for bar in tape.bars(instrument.number, interval, 0, newest, SNAPSHOT_BARS)
        ]

    def _account_snapshot(self, channel: str, account: int) -> Callable[[], Any]:
        reads, render = self._reads, self._render
        if channel == "orders":
            everything = Wanted(children=True)
            return lambda: [render.order(row) for row in reads.orders(account, everything, None, SNAPSHOT_ORDERS)[0]]
        if channel == "fills":
            return lambda: [render.fill(row) for row in reads.fills(account, None, None, SNAPSHOT_FILLS)[0]]
        if channel == "balances":
            return lambda: [render.balance(row) for row in reads.balances(account)]
        return lambda: [render.position(row) for row in reads.positions(account)]

    def _journal_snapshot(self) -> list[Any]:
        self._records.clear()
        rows = self._reads.journal(-SNAPSHOT_RECORDS, SNAPSHOT_RECORDS)
        return [self._render.journal_record(row) for row in rows]
