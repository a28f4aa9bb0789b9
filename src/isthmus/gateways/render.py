"""Rows of the views as the native API's objects: integers to decimals, numbers to names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from isthmus.engine.engine import Record
from isthmus.engine.market import VenueFacts
from isthmus.gateways import operator_shapes, shapes
from isthmus.kernel.ids import account_id, order_id, record_id, trade_id
from isthmus.kernel.messages import (
    BOOK_NAMES,
    BUY,
    FLAGS,
    MAKER,
    MARKET,
    ORDER_TYPES,
    PEGS,
    POST_ONLY,
    REASONS,
    SCOPES,
    SIDES,
    TIMES_IN_FORCE,
    TRIGGERS,
    WORKED,
)
from isthmus.kernel.values import NS_PER_S, quotient_text, short_text, text, time_text
from isthmus.refdata.directory import Directory
from isthmus.refdata.instruments import INVERSE_SCALE, Instrument
from isthmus.views.books import Level, Sides
from isthmus.views.holdings import BalanceRow, PositionRow
from isthmus.views.orders import FillRow, OrderRow
from isthmus.views.sessions import Kill, MakerRow, Protection
from isthmus.views.tape import DAY_NS, BarRow, TradeRow
from isthmus.views.views import Views

SIDE_NAMES = {number: name for name, number in SIDES.items()}
TYPE_NAMES = {number: name for name, number in ORDER_TYPES.items()} | {WORKED: "worked"}
TIF_NAMES = {number: name for name, number in TIMES_IN_FORCE.items()}
PEG_NAMES = {number: name for name, number in PEGS.items()}
TRIGGER_NAMES = {number: name for name, number in TRIGGERS.items()}
AVERAGE_DECIMALS_MORE = 4
"""Decimals that an average price has beyond its instrument's."""
CHANGE_DECIMALS = 6
UserName = Callable[[int], str | None]
"""A user's name by his number; the journal keeps numbers only."""
NS_PER_MS = 1_000_000
PULLED_BY = {1: "lots", 2: "net_lots", 3: "share"}
"""Numbers of Protected.cause."""
NS_DECIMALS = 9


def _terms(row: OrderRow, instrument: Instrument) -> dict[str, str]:
    """Special terms as they were asked for."""
    prices, lots = instrument.price_decimals, instrument.quantity_decimals
    in_words: dict[str, tuple[str, Callable[[int], str]]] = {
        "stop": ("stop_price", lambda value: text(value, prices)),
        "offset": ("offset", lambda value: text(value, prices)),
        "display": ("display_quantity", lambda value: text(value, lots)),
        "display_high": ("display_quantity_max", lambda value: text(value, lots)),
        "min_quantity": ("min_quantity", lambda value: text(value, lots)),
        "expire": ("expires_at", time_text),
        "one_cancels": ("one_cancels", order_id),
        "parent": ("parent", order_id),
        "request": ("request", order_id),
        "peg": ("peg", PEG_NAMES.__getitem__),
        "trigger": ("trigger", TRIGGER_NAMES.__getitem__),
    }
    return {in_words[name][0]: in_words[name][1](value) for name, value in row.terms.items()}


def _venue_facts(facts: VenueFacts, instrument: Instrument) -> shapes.VenueFacts:
    return shapes.VenueFacts(
        venue=facts.name,
        kind=facts.kind,
        maker_fee_ppm=facts.maker_fee_ppm,
        taker_fee_ppm=facts.taker_fee_ppm,
        tick_size=short_text(facts.tick, instrument.price_decimals),
        lot_size=short_text(facts.lot, instrument.quantity_decimals),
        latency_ns=facts.latency_ns,
        assumed=facts.assumed or None,
        source=facts.source or None,
        price_multiplier=facts.price_multiplier,
        quantity_multiplier=facts.quantity_multiplier,
        inverse=facts.inverse,
        takes_orders=facts.takes_orders,
    )


def _protection(row: Protection, instrument: Instrument) -> operator_shapes.Protection:
    lots = instrument.quantity_decimals
    return operator_shapes.Protection(
        window_ms=row.window_ns // NS_PER_MS,
        quantity=text(row.quantity, lots) if row.quantity else None,
        net_quantity=text(row.delta, lots) if row.delta else None,
        percent_bps=row.percent_bps or None,
    )


class Renderer:
    """Knows the names; reads the views and nothing else. `labels` are what markets say of their instruments."""

    def __init__(
        self,
        directory: Directory,
        views: Views,
        labels: Mapping[str, str],
        user_name: UserName,
        paths: Mapping[int, str],
    ) -> None:
        self._path_names = paths
        self._directory = directory
        self._views = views
        self._labels = labels
        self._user_name = user_name

    def instrument(self, row: Instrument, now: int) -> shapes.Instrument:
        """With its state and last prices."""
        last = self._views.tape.last(row.number)
        reference = self._views.holdings.reference(row.number)
        venues = self._directory.venue_facts(row.number)
        return shapes.Instrument(
            id=row.number,
            instrument=row.symbol,
            kind=row.kind_name,
            base=row.base.code,
            quote=row.quote.code,
            price_decimals=row.price_decimals,
            quantity_decimals=row.quantity_decimals,
            tick_size=short_text(row.tick, row.price_decimals),
            lot_size=short_text(row.lot, row.quantity_decimals),
            multiplier=row.multiplier,
            maker_fee_ppm=row.maker_fee_ppm,
            taker_fee_ppm=row.taker_fee_ppm,
            collar_bps=row.collar_bps,
            initial_margin_bps=row.initial_margin_bps,
            state=self.market_state(row.number),
            session=self._views.sessions.state(row.number),
            book=BOOK_NAMES[self._views.sessions.rules(row.number).get("book", 1)],
            rules=self._views.sessions.rules(row.number),
            mark=text(reference, row.price_decimals) if reference else None,
            last_price=text(last.price, row.price_decimals) if last else None,
            change_24h=self.change_24h(row.number, now),
            venues=[facts.name for facts in venues],
            venue_facts=[_venue_facts(facts, row) for facts in venues],
            label=self._labels.get(row.symbol),
        )

    def market_state(self, instrument: int) -> Literal["open", "halted"]:
        """Halted by command, or in the trading state of that name; everything else is open."""
        halted = self._directory.is_halted(instrument) or self._views.sessions.state(instrument) == "halted"
        return "halted" if halted else "open"

    def change_24h(self, instrument: int, now: int) -> str | None:
        """A fraction: "0.012500" is 1.25 % up."""
        last = self._views.tape.last(instrument)
        before = self._views.tape.price_before(instrument, now - DAY_NS)
        if last is None or not before:
            return None
        return quotient_text(last.price - before, before, CHANGE_DECIMALS)

    def levels(self, instrument: Instrument, side: list[Level]) -> list[shapes.Level]:
        """Prices and quantities as decimals."""
        return [
            (text(price, instrument.price_decimals), text(quantity, instrument.quantity_decimals), orders)
            for price, quantity, orders in side
        ]

    def book(self, instrument: Instrument, venue: int | None, sides: Sides, sequence: int) -> shapes.Book:
        """`venue` None: merged."""
        return shapes.Book(
            instrument=instrument.symbol,
            venue=None if venue is None else self._directory.venue_name(venue),
            sequence=sequence,
            bids=self.levels(instrument, sides[0]),
            asks=self.levels(instrument, sides[1]),
        )

    def trade(self, row: TradeRow) -> shapes.MarketTrade:
        """A market trade."""
        instrument = self._directory.instruments[row.instrument]
        return shapes.MarketTrade(
            id=row.id,
            instrument=instrument.symbol,
            venue=self._directory.venue_name(row.venue),
            price=text(row.price, instrument.price_decimals),
            quantity=text(row.quantity, instrument.quantity_decimals),
            taker_side=SIDE_NAMES[row.taker_side],
            time=time_text(row.time),
        )

    def bar(self, instrument: Instrument, row: BarRow) -> shapes.Bar:
        """A bar."""
        places = instrument.price_decimals
        return shapes.Bar(
            start=time_text(row.start),
            open=text(row.open, places),
            high=text(row.high, places),
            low=text(row.low, places),
            close=text(row.close, places),
            volume=text(row.volume, instrument.quantity_decimals),
            trades=row.trades,
            vwap=average_text(row.turnover, row.volume, instrument) or text(row.close, places),
        )

    def order(self, row: OrderRow) -> shapes.Order:
        """An order as it stands."""
        instrument = self._directory.instruments.get(row.instrument)
        places = instrument.quantity_decimals if instrument else 0
        hold_asset = None
        if instrument is not None:
            hold_asset = instrument.value_asset if row.side == BUY or instrument.perpetual else instrument.base
        return shapes.Order(
            id=order_id(row.number),
            account=account_id(row.account),
            instrument=instrument.symbol if instrument else str(row.instrument),
            venue=self._directory.venue_name(row.venue),
            side=SIDE_NAMES.get(row.side) or str(row.side),
            type=TYPE_NAMES.get(row.kind) or str(row.kind),
            time_in_force=TIF_NAMES.get(row.tif) or str(row.tif),
            post_only=bool(row.flags & POST_ONLY),
            price=text(row.price, instrument.price_decimals)
            if instrument and row.price and row.kind != MARKET
            else None,
            quantity=text(row.quantity, places),
            filled=text(row.filled, places),
            remaining=text(0 if row.closed else max(0, row.quantity - row.filled), places),
            average_price=average_text(row.turnover, row.filled, instrument) if instrument else None,
            status=row.status,
            reason=row.reason,
            client_order_id=row.client_order_id or None,
            hold=text(0 if row.closed else row.hold, hold_asset.decimals if hold_asset else 0),
            hold_asset=hold_asset.code if hold_asset else "",
            created_at=time_text(row.created_at),
            updated_at=time_text(row.updated_at),
            record=record_id(row.record),
            routing=row.routing or row.why or None,
            waits_for=row.waits,
            flags=[name for name, bit in FLAGS.items() if row.flags & bit] if row.flags else [],
            terms=_terms(row, instrument) if instrument and row.terms else {},
            path=self._path_names.get(row.path, str(row.path)) if row.path else None,
            parent_order=order_id(row.of) if row.of else None,
        )

    def maker(self, account: int, number: int, row: MakerRow, whole: bool) -> operator_shapes.Maker:
        """A market maker in one instrument; `whole`: with its protection."""
        instrument = self._directory.instruments[number]
        return operator_shapes.Maker(
            account=account_id(account),
            instrument=instrument.symbol,
            spread=text(row.spread, instrument.price_decimals),
            quantity=text(row.quantity, instrument.quantity_decimals),
            presence_bps=row.presence_bps,
            quoted_s=text(row.quoted_ns, NS_DECIMALS),
            open_s=text(row.open_ns, NS_DECIMALS),
            presence=quotient_text(row.quoted_ns, row.open_ns, CHANGE_DECIMALS) if row.open_ns else None,
            met=row.met,
            pulled=row.pulled,
            pulled_by=PULLED_BY.get(row.pulled_by),
            protection=_protection(row.protection, instrument) if whole and row.protection else None,
        )

    def kill(self, row: Kill) -> operator_shapes.KillState:
        """A kill that stands."""
        scope = SCOPES[row.scope]
        names = {
            "account": account_id(row.of),
            "instrument": self._symbol(row.of),
            "venue": self._directory.venue_name(row.of),
            "everything": None,
        }
        of = names.get(scope, str(row.of))
        assets = self._directory.assets
        return operator_shapes.KillState(
            scope=scope,
            of=of,
            user=row.user,
            user_name=self._user_name(row.user),
            since=time_text(row.since),
            record=record_id(row.record),
            orders=row.orders,
            digest=row.digest.hex(),
            released=[
                operator_shapes.Released(assets[asset].code, text(amount, assets[asset].decimals))
                for asset, amount in sorted(row.released.items())
            ],
            agreed=row.agreed or None,
            agreed_name=self._user_name(row.agreed) if row.agreed else None,
        )

    def _symbol(self, number: int) -> str:
        instrument = self._directory.instruments.get(number)
        return instrument.symbol if instrument else str(number)

    def fill(self, row: FillRow) -> shapes.Fill:
        """A fill."""
        instrument = self._directory.instruments[row.instrument]
        return shapes.Fill(
            id=trade_id(row.record, row.ordinal),
            order=order_id(row.order) if row.order else None,
            account=account_id(row.account),
            instrument=instrument.symbol,
            side=SIDE_NAMES[row.side],
            price=text(row.price, instrument.price_decimals),
            quantity=text(row.quantity, instrument.quantity_decimals),
            fee=text(row.fee, instrument.quote.decimals),
            fee_asset=instrument.quote.code,
            liquidity="maker" if row.liquidity == MAKER else "taker",
            venue=self._directory.venue_name(row.venue),
            time=time_text(row.time),
            record=record_id(row.record),
        )

    def balance(self, row: BalanceRow) -> shapes.Balance:
        """A balance."""
        asset = self._directory.assets[row.asset]
        return shapes.Balance(
            account=account_id(row.account),
            asset=asset.code,
            decimals=asset.decimals,
            total=text(row.total, asset.decimals),
            held=text(row.held, asset.decimals),
            available=text(row.total - row.held, asset.decimals),
            frozen=row.frozen,
        )

    def position(self, row: PositionRow) -> shapes.Position:
        """A position at the price of now: the last mark, or the last trade where there is none."""
        instrument = self._directory.instruments[row.instrument]
        last = self._views.tape.last(row.instrument)
        mark = self._views.holdings.reference(row.instrument) or (last.price if last else 0)
        places = instrument.value_asset.decimals
        value = instrument.turnover(mark, row.quantity) if mark else 0
        gain = row.cost - value if instrument.inverse else value - row.cost
        return shapes.Position(
            account=account_id(row.account),
            instrument=instrument.symbol,
            quantity=text(row.quantity, instrument.quantity_decimals),
            average_price=entry_text(row, instrument),
            mark=text(mark, instrument.price_decimals) if mark else None,
            value=text(instrument.value(value), places) if mark else None,
            open_profit=text(instrument.value(gain), places) if mark else None,
            realised_profit=text(instrument.value(row.realised), places),
        )

    def journal_record(self, record: Record) -> shapes.JournalRecord:
        """A record with everything that it says."""
        return shapes.JournalRecord(
            sequence=record.sequence,
            time=time_text(record.stamp),
            kind=type(record.command).__name__,
            command=fields(record.command),
            effects=effects(record),
            origin=_origin(record),
            prev=record.prev.hex(),
            hash=record.hash.hex(),
            body=record.body.hex(),
        )


def effects(record: Record) -> list[dict[str, Any]]:
    """What the record did, in order; a refusal carries its reason's name."""
    rows = [{"kind": type(effect).__name__, **fields(effect)} for effect in record.effects]
    for row in rows:
        if row["kind"] in ("Rejected", "Repeated"):
            row["reason"] = REASONS.get(row["reason"])
    return rows


def fields(message: Any) -> dict[str, Any]:
    """A message's fields in their order; ids of bytes in hexadecimal."""
    pairs = message.fields().items()
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in pairs}


def average_text(turnover: int, quantity: int, instrument: Instrument) -> str | None:
    """turnover / quantity as a price; None without a quantity."""
    if quantity == 0:
        return None
    scale: int = 10**instrument.price_decimals
    written = quotient_text(turnover, quantity * scale, instrument.price_decimals + AVERAGE_DECIMALS_MORE)
    whole, _, fraction = written.partition(".")
    kept = fraction[: instrument.price_decimals] + fraction[instrument.price_decimals :].rstrip("0")
    return f"{whole}.{kept}" if kept else whole


def entry_text(row: PositionRow, instrument: Instrument) -> str | None:
    """The average price at which a position was opened; of an inverse perpetual the harmonic mean."""
    if not instrument.inverse or not row.cost:
        return average_text(row.cost, row.quantity, instrument)
    return average_text(row.quantity * abs(row.quantity) * INVERSE_SCALE // abs(row.cost), row.quantity, instrument)


def _origin(record: Record) -> dict[str, Any]:
    origin = record.origin
    return {
        "session": origin.session,
        "user": origin.user,
        "role": origin.role,
        "gateway": origin.gateway,
        "received_at": time_text(origin.received_at) if origin.received_at >= NS_PER_S else None,
        "text": origin.text,
        "instruction": origin.instruction.hex() if origin.instruction else None,
    }
