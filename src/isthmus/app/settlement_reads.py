"""What the clearing desk shows over REST, and the notes of what operators decide, checked before they are written."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from math import gcd
from typing import Any

import msgspec

from isthmus.app.settlement_actions import Life
from isthmus.app.settlement_contracts import Entered
from isthmus.app.settlement_desk import SettlementDesk
from isthmus.app.settlement_words import Agree, Approve, Enter, Lift, Propose, Report, note_of
from isthmus.clearing.calendars import all_open
from isthmus.clearing.corporate_actions import Action, Dividend, Exchange, Ratio, Split, check, ex_date
from isthmus.clearing.fails import age, bucket, buy_in_day
from isthmus.clearing.settling import WHY
from isthmus.clearing.terms import MARKET_OF_CURRENCY, MARKETS
from isthmus.clearing.trades import HOUSE
from isthmus.gateways.amounts import quoted_price_of
from isthmus.gateways.keys import KeyStore
from isthmus.gateways.rest.clearing import (
    ALL,
    OPEN,
    ActionRow,
    BreakRow,
    Breaks,
    ClearedTrade,
    FailRow,
    NetRow,
    Nets,
    NewCorporateAction,
    NewSettlementPrice,
    WaitingPrice,
)
from isthmus.kernel.errors import BadInput
from isthmus.kernel.ids import account_id, record_id, trade_of
from isthmus.kernel.values import NotANumber, TooFine, short_text, time_text, units
from isthmus.refdata.instruments import Asset, Instrument

RATE_DECIMALS = 12
"""Of an amount a share."""
_CLEARED = (
    "select trade, instrument, traded_on, due, how, buyer, seller, base, quote, quantity, buyer_pays, seller_gets,"
    " settled, state, failing, reason from obligations"
)
_NETS = "select due, participant, asset, amount, gross, legs from nets where day = ?"
ENDED = ("settled", "busted", "bought_in", "converted")


class DeskReads:
    """`gateways.rest.clearing.ClearingReads` of a desk."""

    def __init__(self, desk: SettlementDesk, keys: KeyStore) -> None:
        self._desk, self._keys = desk, keys
        self._directory = desk.directory

    def obligations(self, state: str, account: int | None) -> Iterable[ClearedTrade]:
        """Newest first."""
        where, values = "1 = 1", []
        if state == OPEN:
            where, values = f"state not in ({','.join('?' * len(ENDED))})", list[object](ENDED)
        elif state != ALL:
            where, values = "state = ?", [state]
        if account is not None:
            where, values = f"{where} and ? in (buyer, seller)", [*values, account]
        query = f"{_CLEARED} where {where} order by due desc, length(trade) desc, trade desc"
        return (self._cleared(row) for row in self._desk.store.rows(query, *values))

    def _cleared(self, row: tuple[Any, ...]) -> ClearedTrade:
        trade, instrument, traded_on, due, how, buyer, seller, base, quote, *figures = row
        quantity, pays, gets, settled, state, failing, reason = figures
        shares, money = self._directory.assets[base], self._directory.assets[quote]
        return ClearedTrade(
            trade=trade,
            instrument=self._directory.instruments[instrument].symbol,
            traded_on=traded_on,
            due=due,
            how=how,
            buyer=self._name(buyer),
            seller=self._name(seller),
            quantity=short_text(quantity, shares.decimals),
            buyer_pays=short_text(pays, money.decimals),
            seller_gets=short_text(gets, money.decimals),
            settled=short_text(settled, shares.decimals),
            state=state,
            failing=None if failing is None else self._name(failing),
            reason=reason or None,
        )

    def _name(self, participant: int) -> str:
        return "house" if participant == HOUSE else account_id(participant)

    def _today(self) -> date:
        return self._desk.day_of(self._desk.desk.now())

    def fails(self) -> list[FailRow]:
        """Oldest first."""
        day = self._today()
        return [self._fail(row, day) for row in self._desk.book.fails(day)]

    def _fail(self, fail: Any, day: date) -> FailRow:
        row = self._desk.book.get(fail.trade)
        assert row is not None
        instrument, closed = self._directory.instruments[row.trade.instrument], self._desk.book.closed
        days, after = age(fail, day, row.calendars, closed), self._desk.settings.buy_in_days
        base, quote = self._directory.assets[row.trade.base], self._directory.assets[row.trade.quote]
        return FailRow(
            trade=fail.trade,
            instrument=instrument.symbol,
            failing=self._name(fail.failing),
            reason=fail.reason,
            words=WHY.get(fail.reason, WHY["OTHR"]),
            since=str(fail.since),
            age_days=days,
            bucket=bucket(days),
            open_quantity=short_text(fail.quantity, base.decimals),
            open_cash=short_text(fail.cash, quote.decimals),
            buy_in_on=str(buy_in_day(fail, after, row.calendars, closed)) if after else None,
        )

    def nets(self, day: str) -> Nets | None:
        """Of a day; "" is the last one."""
        store = self._desk.store
        columns = "select day, due, done, legs, holds from cycles"
        found = (
            store.rows(f"{columns} where day = ?", day) if day else store.rows(f"{columns} order by day desc limit 1")
        )
        if not found:
            return None
        told, due, done, legs, holds = found[0]
        rows = [self._net(row) for row in store.rows(f"{_NETS} order by due, asset, participant", told)]
        return Nets(str(told), _whole(due), _whole(done), _whole(legs), bool(holds), rows)

    def _net(self, row: tuple[Any, ...]) -> NetRow:
        due, participant, asset, amount, gross, legs = row
        known = self._directory.assets[asset]
        net, both = (short_text(int(one), known.decimals) for one in (amount, gross))
        return NetRow(due, self._name(participant), known.code, net, both, legs)

    def actions(self) -> list[ActionRow]:
        """Newest first."""
        return [self._action(life) for life in reversed(self._desk.actions.lives.values())]

    def _action(self, life: Life) -> ActionRow:
        action = life.action
        dates = (str(action.record), str(action.pay)) if isinstance(action, Dividend) else (None, None)
        names = [self._keys.user_name(user) if user else None for user in life.users]
        return ActionRow(
            action=record_id(life.number),
            kind=msgspec.to_builtins(action)["kind"],
            instrument=self._directory.instruments[life.instrument].symbol,
            state=life.state,
            ex=str(action.ex),
            record=dates[0],
            pay=dates[1],
            terms=self._terms(action),
            entered_by=names[0] or str(life.users[0]),
            approved_by=names[1],
            entitled=len(life.rows),
        )

    def _terms(self, action: Action) -> str:
        if isinstance(action, Dividend):
            money, share = self._directory.assets[action.currency], self._directory.assets[action.asset]
            scale: int = 10**RATE_DECIMALS * 10**share.decimals
            amount = short_text(action.rate[0] * scale // action.rate[1], RATE_DECIMALS + money.decimals)
            return f"{amount} {money.code} a share"
        words = f"{action.ratio[0]} for {action.ratio[1]}"
        return f"{words} of {self._directory.assets[action.target].code}" if isinstance(action, Exchange) else words

    def breaks(self) -> Breaks:
        """By instrument; then perpetuals whose funding nobody can say, and prices that wait."""
        desk, listed = self._desk, self._directory.instruments
        found = [
            BreakRow(listed[one.instrument].symbol, one.what, time_text(one.since), one.words)
            for one in desk.contracts.breaks()
        ]
        for number, end in desk.funding.unfunded:
            words = "no mark and index price covered the period: nobody was funded (fund pays by hand)"
            found.append(BreakRow(listed[number].symbol, "premium", time_text(end), words))
        for row in desk.funding.without_index():
            words = "there is no spot market of its two assets: name one in settlement.funding.index"
            found.append(BreakRow(row.symbol, "index", None, words))
        return Breaks(found, [self._waiting(number, one) for number, one in desk.contracts.entered.items()])

    def _waiting(self, number: int, one: Entered) -> WaitingPrice:
        instrument = self._directory.instruments[one.instrument]
        value = short_text(one.price, instrument.price_decimals)
        return WaitingPrice(
            record_id(number), instrument.symbol, value, self._keys.user_name(one.user) or str(one.user)
        )

    def settlement_price(self, wanted: NewSettlementPrice) -> str:
        """The note. Raises BadInput or a gateway's refusal, by field."""
        instrument = self._directory.instrument(wanted.instrument)
        if instrument is None or instrument.number not in self._desk.contracts.open:
            raise BadInput("instrument", f"{wanted.instrument} is no contract that has yet to be settled")
        price = quoted_price_of(wanted.price, instrument)
        self._desk.contracts.may_settle_at(instrument, price, self._desk.desk.now())
        return note_of(Enter(instrument.number, price))

    def price_approval(self, number: int, user: int) -> str:
        """The note. Raises BadInput."""
        self._desk.contracts.may_agree(number, user)
        return note_of(Agree(number))

    def proposal(self, wanted: NewCorporateAction) -> str:
        """The note. Raises BadInput by field."""
        instrument = self._directory.instrument(wanted.instrument)
        if instrument is None or instrument.perpetual:
            raise BadInput("instrument", f"{wanted.instrument} is not listed, or nothing of it is held")
        action = self._dividend(wanted, instrument) if wanted.kind == "dividend" else self._shares(wanted, instrument)
        check(action, self._desk.book.closed, _calendars(instrument))
        if not isinstance(action, Dividend) and action.ex <= self._today():
            raise BadInput("ex", f"{action.ex} is not after today: what traded since cannot be taken back")
        return note_of(Propose(instrument.number, action))

    def _currency(self, wanted: NewCorporateAction, instrument: Instrument) -> Asset:
        found = self._directory.asset(wanted.currency) if wanted.currency is not None else instrument.quote
        if found is None:
            raise BadInput("currency", f"{wanted.currency} is no asset here")
        return found

    def _dividend(self, wanted: NewCorporateAction, instrument: Instrument) -> Dividend:
        money = self._currency(wanted, instrument)
        made = Dividend(
            asset=instrument.base.number,
            currency=money.number,
            rate=_rate("amount", wanted.amount, money, instrument.base),
            declared=_day("declared", wanted.declared),
            ex=_day("ex", wanted.ex),
            record=_day("record", wanted.record),
            pay=_day("pay", wanted.pay),
            withheld_ppm=wanted.withheld_ppm,
        )
        market = MARKETS.get(MARKET_OF_CURRENCY.get(instrument.quote.code, ""))
        if instrument.kind_name == "equity" and market is not None and not wanted.due_bill:
            right = ex_date(made.record, market, self._desk.book.closed)
            if made.ex != right:
                raise BadInput("ex", f"{made.ex}: of a record date {made.record} the ex-date is {right} (or due_bill)")
        if not all_open(_calendars(instrument), made.ex, self._desk.book.closed):
            raise BadInput("ex", f"{made.ex} is closed")
        return made

    def _shares(self, wanted: NewCorporateAction, instrument: Instrument) -> Split | Exchange:
        money = self._currency(wanted, instrument)
        ratio = (1, 1) if wanted.kind == "rename" else (wanted.new or 0, wanted.old or 0)
        unit = instrument.base_units(instrument.lot)
        ex = _day("ex", wanted.ex)
        base = instrument.base
        if wanted.kind == "split":
            lieu = _rate("cash_in_lieu", wanted.cash_in_lieu, money, base)
            return Split(asset=base.number, currency=money.number, ratio=ratio, ex=ex, lieu=lieu, unit=unit)
        target = self._directory.asset(wanted.target or "")
        if target is None:
            raise BadInput("target", f"{wanted.target} is no asset here: add it, and list its instrument, first")
        if target.decimals != base.decimals:
            raise BadInput("target", f"{target.code} has {target.decimals} decimals, {base.code} {base.decimals}")
        zero: Ratio = (0, 1)
        lieu = _rate("cash_in_lieu", wanted.cash_in_lieu, money, target) if wanted.cash_in_lieu is not None else zero
        cash = _rate("cash", wanted.cash, money, base) if wanted.cash is not None else zero
        return Exchange(
            asset=base.number,
            target=target.number,
            currency=money.number,
            ex=ex,
            ratio=ratio,
            lieu=lieu,
            cash=cash,
            unit=unit,
        )

    def approval(self, number: int, user: int) -> str:
        """The note. Raises BadInput."""
        self._desk.actions.may_approve(number, user)
        return note_of(Approve(number))

    def report(self, trade: str, reason: str) -> str:
        """The note. Raises BadInput."""
        if reason not in WHY:
            raise BadInput("reason", f"{reason!r} is none of {', '.join(WHY)}")
        return note_of(Report(self._open(trade), reason))

    def lift(self, trade: str) -> str:
        """The note. Raises BadInput."""
        return note_of(Lift(self._open(trade)))

    def _open(self, trade: str) -> str:
        if trade_of(trade) is None or self._desk.book.get(trade) is None:
            raise BadInput("trade", f"{trade[:40]!r} is not open here")
        return trade


def reads_of(desk: SettlementDesk | None, keys: KeyStore) -> DeskReads | None:
    """None where nothing is cleared."""
    return DeskReads(desk, keys) if desk is not None else None


def _whole(found: object) -> int:
    assert isinstance(found, int)
    return found


def _calendars(instrument: Instrument) -> tuple[str, ...]:
    """Of the exchange: its first calendar, which says whether it trades."""
    market = MARKETS.get(MARKET_OF_CURRENCY.get(instrument.quote.code, ""))
    return ("ALWAYS",) if market is None or instrument.kind_name != "equity" else market.calendars[:1]


def _day(field: str, written: str | None) -> date:
    try:
        return date.fromisoformat(written or "")
    except ValueError:
        raise BadInput(field, f"{written!r} is no date such as 2026-12-25") from None


def _rate(field: str, written: str | None, money: Asset, share: Asset) -> Ratio:
    """An amount a share as minor units of money for a minor unit of the share. Raises BadInput."""
    try:
        count = units(written or "", RATE_DECIMALS)
    except (NotANumber, TooFine):
        raise BadInput(field, f"{written!r} is no number with {RATE_DECIMALS} decimals at most") from None
    if count < 0:
        raise BadInput(field, f"{written} is below 0")
    top, bottom = count * 10**money.decimals, 10**RATE_DECIMALS * 10**share.decimals
    common = gcd(top, bottom)
    return top // common, bottom // common
