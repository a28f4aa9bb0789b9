"""Trading states, auctions, statistics, orders of a book and the life of an order as the native API's objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from isthmus.engine.engine import Engine
from isthmus.gateways import market_shapes
from isthmus.gateways.keys import Identity
from isthmus.gateways.render import SIDE_NAMES, average_text
from isthmus.kernel.ids import account_id, order_id, record_id, trade_id
from isthmus.kernel.messages import BOOK_NAMES, MAKER
from isthmus.kernel.values import text, time_text
from isthmus.refdata.directory import Directory
from isthmus.refdata.instruments import Instrument
from isthmus.views.history import Event
from isthmus.views.requests import RequestRow
from isthmus.views.statistics import Step, day_of, profile
from isthmus.views.tape import DAY_NS
from isthmus.views.views import Views

CALLS = frozenset(("pre_open", "opening_auction", "volatility_auction", "closing_auction"))
"""Trading states in which orders rest and an auction's price can be told beforehand."""
LEVELS_PROFILED = 1_000
"""Levels a side that a depth profile looks at."""


class MarketRenderer:
    """Reads the views, and the engine for questions only."""

    def __init__(self, engine: Engine, directory: Directory, views: Views) -> None:
        self._engine = engine
        self._directory = directory
        self._views = views

    def session(self, row: Instrument) -> market_shapes.MarketSession:
        """A market's trading state."""
        sessions, number = self._views.sessions, row.number
        cause, since = sessions.why(number)
        rules, places = sessions.rules(number), row.price_decimals
        return market_shapes.MarketSession(
            instrument=row.symbol,
            state=sessions.state(number),
            cause=cause or None,
            since=time_text(since) if since else None,
            halted=self._directory.is_halted(number),
            killed=sessions.is_killed(number),
            book=self.book(number),
            rules=rules,
            ticks=[(text(lowest, places), text(tick, places)) for lowest, tick in sessions.ticks(number)],
            auction=self._auction(row),
            indicative=self.indicative(row) if self.in_call(number) else None,
            limit_state=self._limit_state(row),
        )

    def in_call(self, instrument: int) -> bool:
        """Whether orders are collected for an auction now."""
        return self._views.sessions.state(instrument) in CALLS or self.book(instrument) == "auction"

    def indicative(self, row: Instrument) -> market_shapes.Indicative | None:
        """What an auction would find now; None from an engine that cannot tell."""
        ask: Callable[[int], tuple[int, int, int]] | None = getattr(self._engine, "indicative", None)
        if ask is None:
            return None
        price, volume, imbalance = ask(row.number)
        lots = row.quantity_decimals
        shown = text(price, row.price_decimals) if price else None
        return market_shapes.Indicative(shown, text(volume, lots), text(imbalance, lots))

    def _auction(self, row: Instrument) -> market_shapes.Auction | None:
        found = self._views.sessions.auctions.get(row.number)
        if found is None:
            return None
        return market_shapes.Auction(
            price=text(found.price, row.price_decimals) if found.price else None,
            volume=text(found.volume, row.quantity_decimals),
            imbalance=text(found.imbalance, row.quantity_decimals),
            time=time_text(found.time),
            record=record_id(found.record),
        )

    def _limit_state(self, row: Instrument) -> market_shapes.LimitState | None:
        found = self._views.sessions.limit_prices.get(row.number)
        if found is None:
            return None
        side, price = found
        return market_shapes.LimitState(SIDE_NAMES[side], text(price, row.price_decimals))

    def statistics(self, row: Instrument, now: int) -> market_shapes.Statistics:
        """The day so far and the depth about the middle."""
        places, lots = row.price_decimals, row.quantity_decimals
        bar = day_of(self._views.tape, row.number, now)
        sides = self._views.books.merged(row.number, LEVELS_PROFILED)
        whole = bool(sides[0] and sides[1])
        return market_shapes.Statistics(
            instrument=row.symbol,
            day=time_text(now - now % DAY_NS)[:10],
            open=text(bar.open, places) if bar else None,
            high=text(bar.high, places) if bar else None,
            low=text(bar.low, places) if bar else None,
            close=text(bar.close, places) if bar else None,
            volume=text(bar.volume if bar else 0, lots),
            trades=bar.trades if bar else 0,
            vwap=average_text(bar.turnover, bar.volume, row) if bar else None,
            middle=text((sides[0][0][0] + sides[1][0][0]) * 5, places + 1) if whole else None,
            levels=LEVELS_PROFILED,
            depth=[self._step(row, step) for step in profile(sides)],
        )

    def _step(self, row: Instrument, step: Step) -> market_shapes.DepthStep:
        places, lots = row.quote.decimals, row.quantity_decimals
        return market_shapes.DepthStep(
            bps=step.bps,
            bid_quantity=text(step.bids, lots),
            bid_value=text(row.value(step.bid_turnover), places),
            ask_quantity=text(step.asks, lots),
            ask_value=text(row.value(step.ask_turnover), places),
        )

    def book_order(self, row: Instrument, found: tuple[int, int, int, int, int, int, bool]) -> market_shapes.BookOrder:
        """A row of Engine.book_orders."""
        order, account, side, price, shown, left, waits = found
        return market_shapes.BookOrder(
            order=order_id(order),
            account=account_id(account),
            side=SIDE_NAMES[side],
            price=text(price, row.price_decimals),
            shown=text(shown, row.quantity_decimals),
            left=text(left, row.quantity_decimals),
            waits=waits,
        )

    def request(
        self, row: Instrument, asked: RequestRow, responses: list[RequestRow], identity: Identity
    ) -> market_shapes.QuoteRequest:
        """What this identity may know of an open request."""
        own = asked.account == identity.account
        whole = own or identity.sees_all
        sealed = self.book(row.number) == "sealed"
        told = [answer for answer in responses if answer.account == identity.account or (whole and not sealed)]
        lots = row.quantity_decimals
        return market_shapes.QuoteRequest(
            id=order_id(asked.number),
            account=account_id(asked.account) if whole else None,
            own=own,
            instrument=row.symbol,
            side=SIDE_NAMES[asked.side],
            price=text(asked.price, row.price_decimals) if asked.price and whole else None,
            quantity=text(asked.left, lots),
            created_at=time_text(asked.created_at),
            expires_at=time_text(asked.expire) if asked.expire else None,
            responses=[
                market_shapes.QuoteResponse(
                    id=order_id(answer.number),
                    account=account_id(answer.account) if identity.sees_all else None,
                    own=answer.account == identity.account,
                    price=text(answer.price, row.price_decimals),
                    quantity=text(answer.left, lots),
                )
                for answer in told
            ],
        )

    def book(self, instrument: int) -> str:
        """The kind of book."""
        return BOOK_NAMES[self._views.sessions.rules(instrument).get("book", 1)]

    def event(self, row: Instrument, event: Event) -> market_shapes.OrderEvent:
        """Of an order in this instrument."""
        places, lots = row.price_decimals, row.quantity_decimals
        liquidity = None if event.liquidity is None else ("maker" if event.liquidity == MAKER else "taker")
        return market_shapes.OrderEvent(
            record=record_id(event.record),
            time=time_text(event.time),
            event=event.what,
            command=event.command,
            left=text(event.left, lots),
            price=_shown(event.price, places),
            quantity=_shown(event.quantity, lots),
            stop_price=_shown(event.stop, places),
            fee=_shown(event.fee, row.quote.decimals),
            liquidity=liquidity,
            trade=trade_id(event.record, event.trade) if event.trade is not None else None,
            reason=event.reason,
            child=order_id(event.child) if event.child is not None else None,
            ordinal=event.ordinal,
            why=event.why,
        )


def _shown(count: int | None, decimals: int) -> Any:
    return None if count is None else text(count, decimals)
