"""Contracts that expire at the clearing desk: daily settlement marks, final settlement, first notice.

Every open day of its calendar, at the desk's settlement time, a contract is marked for its variation margin. When it
has expired it is settled for the last time: at the price that two operators entered, else at the last price that is
young enough. Where there is none, the contract is a break that has a name, and its positions stand until there is one.
Holders of a future that is delivered are told before its first notice, and closed on the last open day before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Protocol

import msgspec

from isthmus.app.settlement_words import ROWS_MAX, Act, Agree, Enter, Told, Unpriced
from isthmus.clearing.book import ClearingBook
from isthmus.clearing.calendars import all_open
from isthmus.clearing.expiry_calendar import Notice, before, first_notice_day, notices, product
from isthmus.clearing.terms import MARKET_OF_CURRENCY, MARKETS
from isthmus.engine.engine import Record, content_id
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import (
    BOOK_RULES,
    IOC,
    LIMITS,
    MARKET,
    REDUCE_ONLY,
    SCOPES,
    SELL,
    CancelAll,
    Mark,
    PlaceOrder,
    SetLimit,
    SettleExpiry,
)
from isthmus.kernel.values import NS_PER_S
from isthmus.refdata.directory import Directory
from isthmus.refdata.instruments import Instrument
from isthmus.views.views import Views

EXPIRY = next(number for number, name in BOOK_RULES.items() if name == "expiry")
OF_ACCOUNT = next(number for number, name in SCOPES.items() if name == "account")
POSITION_GROSS = next(number for number, name in LIMITS.items() if name == "position_gross")
PHYSICAL = 2
SOURCE = 2
"""Of a mark: 2 says that clearing made it."""
HOUR_NS = 3_600 * NS_PER_S
AGAIN_NS = 60 * NS_PER_S
"""Until a final settlement that was refused is tried again."""


class ContractSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One contract's: `product` with a rule in docs/reference/settlement.md, its contract `month` (any day of it), and
    the accounts that take delivery.
    """

    product: str
    month: date
    takes: list[str] = []


class MarkSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`daily`: whether contracts are marked each day; `price_age_s`: how old a price may be that settles; `warn_days`:
    before the last day on which holders of a delivered contract may close.
    """

    daily: bool
    price_age_s: int
    warn_days: int


class Around(Protocol):
    """What the clearing desk is to it."""

    directory: Directory
    views: Views
    book: ClearingBook

    def ask(self, act: Act) -> bool:
        """Sends an act, once until its record is durable."""

    def duty(self, key: str, command: Any) -> None:
        """A command to send; it stands until its record is durable."""

    def day_of(self, stamp: int) -> date:
        """The local date of a time."""

    def moment(self, day: date) -> int:
        """When a day is settled (ns)."""


class Terms(msgspec.Struct):
    """A contract as records told it, and how far it is. `expire`: ns; `on`: what it is on, 0 nothing listed."""

    number: int
    on: int
    delivery: int
    right: int
    floor: int
    expire: int
    settled: bool = False
    entered: int | None = None
    """The price that two operators agreed on, as quoted; it waits for the last settlement."""
    again: int = 0
    refused: str = ""
    """Why its last settlement was refused, and when to try again."""
    marked_on: date = date.min
    """The last day that was marked, or whose price was asked for."""
    told_on: date = date.min
    look: int = 0
    """When positions are looked at next (ns)."""

    def ended(self, at: int) -> bool:
        """Whether it has expired; an expiry of 0 is never."""
        return 0 < self.expire <= at


class Entered(msgspec.Struct):
    """A price that waits for a second pair of eyes."""

    instrument: int
    price: int
    user: int


class Break(msgspec.Struct, frozen=True):
    """What cannot go on, by name: `what` is settlement_price, final_price, final_settlement, notice or premium."""

    instrument: int
    what: str
    since: int
    words: str


class Contracts:
    """All of them, by number, folded from records; `step` asks for what is due."""

    def __init__(self, desk: Around, settings: MarkSettings, named: dict[str, ContractSettings]) -> None:
        self._desk, self.settings, self._named = desk, settings, named
        self.open: dict[int, Terms] = {}
        """What was not settled for the last time."""
        self._prices: dict[int, tuple[int, int, bool]] = {}
        """(price, when, whether it is a mark) of whatever is traded; a mark goes before trades."""
        self._settlements: dict[int, tuple[int, int]] = {}
        self._floors: dict[int, int] = {}
        self.entered: dict[int, Entered] = {}
        self.missing: dict[int, tuple[date, int]] = {}
        """Instrument -> (day, when) of a settlement price that was asked for."""

    def effect(self, record: Record, effect: Any, *, own: bool) -> None:
        """Terms, expiries, last settlements and marks. `own`: the clearing desk sent it, so that its mark is no news
        of a price.
        """
        kind, number = type(effect).__name__, effect.instrument
        if kind == "Marked":
            if effect.settlement:
                self._settlements[number] = (effect.price, record.stamp)
                self.missing.pop(number, None)
            if not own:
                self._prices[number] = (effect.price, record.stamp, True)
        elif kind == "ContractSet":
            self._floors[number] = effect.floor
            self.open[number] = Terms(
                number, effect.underlying, effect.delivery, effect.right, effect.floor, effect.expire
            )
        elif kind == "RuleSet":
            if effect.rule == EXPIRY and number in self.open:
                self.open[number].expire = effect.value
        elif kind == "ExpirySettled":
            self.open.pop(number, None)
            self.missing.pop(number, None)
            self._settlements[number] = (effect.price - self._floors.get(number, 0), record.stamp)

    def traded(self, record: Record, instrument: int, price: int) -> None:
        """The last trade is a price while there is no mark that is young enough."""
        known = self._prices.get(instrument)
        if known is None or not known[2] or record.stamp - known[1] > self._oldest:
            self._prices[instrument] = (price, record.stamp, False)

    @property
    def _oldest(self) -> int:
        return self.settings.price_age_s * NS_PER_S

    def sent(self, record: Record, words: list[str]) -> None:
        """A record of a command of ours: `expire N`, `mark N DAY`."""
        terms = self.open.get(int(words[1]))
        if terms is None:
            return
        if words[0] == "expire" and record.reason is not None:
            terms.again, terms.refused = record.stamp + AGAIN_NS, record.reason
        elif words[0] == "mark":
            terms.marked_on = date.fromisoformat(words[2])
            if record.reason is not None:
                self.missing[terms.number] = (terms.marked_on, record.stamp)

    def act(self, record: Record, act: Act) -> None:
        """Folds an act in. Raises BadInput for one that cannot be."""
        if isinstance(act, Enter):
            self.entered[record.sequence] = Entered(act.instrument, act.price, record.origin.user)
        elif isinstance(act, Agree):
            self._agreed(record, act.number)
        elif isinstance(act, Unpriced):
            self.missing[act.instrument] = (act.day, record.stamp)
            if act.instrument in self.open and not act.final:
                self.open[act.instrument].marked_on = act.day
        elif isinstance(act, Told) and act.last and act.instrument in self.open:
            self.open[act.instrument].told_on = act.day

    def may_settle_at(self, instrument: Instrument, price: int, now: int) -> None:
        """Raises BadInput for a price, as quoted, that the engine would refuse."""
        terms = self.open[instrument.number]
        floor = self._floors.get(terms.on, 0) if instrument.is_option and terms.ended(now) else terms.floor
        if price - floor < (0 if instrument.is_option and terms.ended(now) else 1):
            raise BadInput("price", f"{price} price steps are not above the contract's floor of {floor}")

    def may_agree(self, number: int, user: int) -> Entered:
        """Raises BadInput: a price is agreed to once, by somebody else than who entered it."""
        found = self.entered.get(number)
        if found is None:
            raise BadInput("price", f"there is no price {number} that waits")
        if found.user == user:
            raise BadInput("price", "who entered it does not approve it: a second pair of eyes is needed")
        if found.instrument not in self.open:
            raise BadInput("price", "the contract is settled already")
        return found

    def _agreed(self, record: Record, number: int) -> None:
        found = self.may_agree(number, record.origin.user)
        del self.entered[number]
        terms = self.open[found.instrument]
        if terms.ended(record.stamp):
            terms.entered, terms.again = found.price, 0
            return
        price = found.price - terms.floor
        mark = Mark(instrument=terms.number, settlement=1, source=SOURCE, price=price)
        self._desk.duty(f"mark {terms.number} {self._desk.day_of(record.stamp)}", mark)

    def step(self, at: int, day: date) -> bool:
        """Sends what is due; False while no commands are taken."""
        return all(self._step(terms, at, day) for terms in sorted(self.open.values(), key=_delivers_last))

    def next(self, at: int) -> int:
        """When a contract ends next (ns); far away where none does."""
        return min((terms.expire for terms in self.open.values() if terms.expire > at), default=1 << 63)

    def _step(self, terms: Terms, at: int, day: date) -> bool:
        if terms.ended(at):
            return self._expire(terms, at)
        instrument = self._desk.directory.instruments[terms.number]
        if at < self._desk.moment(day) or not all_open(self._calendars(instrument), day, self._desk.book.closed):
            return True
        return self._mark(terms, at, day) and self._notice(terms, instrument, at)

    def _calendars(self, instrument: Instrument) -> tuple[str, ...]:
        named = self._named.get(instrument.symbol)
        if named is not None:
            return product(named.product).calendars
        market = MARKETS.get(MARKET_OF_CURRENCY.get(instrument.quote.code, ""))
        return ("ALWAYS",) if market is None else market.calendars[:1]

    def _expire(self, terms: Terms, at: int) -> bool:
        """The last settlement; of a future, after all options that deliver it."""
        if at < terms.again or any(one.on == terms.number and one.delivery == PHYSICAL for one in self.open.values()):
            return True
        price = self._final(terms)
        if price is None:
            asked = terms.number in self.missing and self.missing[terms.number][1] >= terms.expire
            return asked or self._desk.ask(Unpriced(terms.number, self._desk.day_of(terms.expire), final=True))
        self._desk.duty(f"expire {terms.number}", SettleExpiry(instrument=terms.number, priced=1, price=price))
        return True

    def _final(self, terms: Terms) -> int | None:
        """As quoted: what operators entered, else of a future its own settlement mark, of an option the price of what
        it is on (the settlement mark where that is a contract).
        """
        if terms.entered is not None:
            return terms.entered
        instruments = self._desk.directory.instruments
        if not instruments[terms.number].is_option:
            return self._young(self._settlements.get(terms.number), terms.expire, terms.floor)
        of = self.open.get(terms.on)
        if of is not None and of.entered is not None:
            return of.entered
        on = instruments.get(terms.on)
        if on is None or on.price_decimals != instruments[terms.number].price_decimals:
            return None
        found = self._settlements.get(terms.on) if on.perpetual else self._last(terms.on)
        return self._young(found, terms.expire, self._floors.get(terms.on, 0))

    def _last(self, number: int) -> tuple[int, int] | None:
        known = self._prices.get(number)
        return None if known is None else known[:2]

    def _young(self, found: tuple[int, int] | None, at: int, floor: int) -> int | None:
        """The price, if it is not too old then."""
        return None if found is None or at - found[1] > self._oldest else found[0] + floor

    def _mark(self, terms: Terms, at: int, day: date) -> bool:
        """Once a day, where somebody else did not do it since the settlement time."""
        marked = self._settlements.get(terms.number, (0, 0))[1]
        if not self.settings.daily or terms.marked_on >= day or marked >= self._desk.moment(day):
            return True
        price = self._young(self._last(terms.number), at, 0)
        if price is not None:
            mark = Mark(instrument=terms.number, settlement=1, source=SOURCE, price=price)
            self._desk.duty(f"mark {terms.number} {day}", mark)
            return True
        return not self._held(terms.number) or self._desk.ask(Unpriced(terms.number, day, final=False))

    def _held(self, number: int) -> dict[int, int]:
        return self._desk.views.holdings.holders(number)

    def _notice(self, terms: Terms, instrument: Instrument, at: int) -> bool:
        """Longs of clients who do not take delivery are told by an act each day; from the last open day on their orders
        go, what they hold is sold at the market, each hour that finds some, and a limit refuses what would open.
        """
        day = self._desk.day_of(at)
        last = self._last_day(terms, instrument) if at >= terms.look else None
        if last is None:
            return True
        longs = {one: held for one, held in self._held(terms.number).items() if self._desk.directory.is_client(one)}
        due = last + timedelta(days=1)
        found = notices(longs, due, day, self._takers(instrument), self.settings.warn_days)
        rows = [(one.account, one.quantity) for one in found if one.act != "deliver"]
        if terms.told_on < day and not all(self._desk.ask(act) for act in _told(terms.number, day, last, rows)):
            return False
        for one in found:
            if one.act == "close":
                key = f"notice {terms.number} {one.account} {at // HOUR_NS}"
                self._desk.duty(f"{key} cancel", CancelAll(account=one.account, instrument=terms.number))
                self._desk.duty(key, _closing(terms.number, one, key))
                self._desk.duty(f"{key} limit", _nothing_more(terms.number, one.account))
        terms.look = (at // HOUR_NS + 1) * HOUR_NS
        return True

    def _last_day(self, terms: Terms, instrument: Instrument) -> date | None:
        """The last open day before the first notice of a contract that is delivered."""
        named = self._named.get(instrument.symbol)
        if named is None or terms.delivery != PHYSICAL or instrument.is_option:
            return None
        closed = self._desk.book.closed
        first = first_notice_day(named.product, named.month, closed)
        return None if first is None else before(first, 1, product(named.product).calendars, closed)

    def _takers(self, instrument: Instrument) -> frozenset[int]:
        named = (self._desk.directory.account(name) for name in self._named[instrument.symbol].takes)
        return frozenset(account.number for account in named if account is not None)

    def breaks(self) -> Iterator[Break]:
        """By instrument: what waits for somebody."""
        for terms in self.open.values():
            if terms.number in self.missing:
                day, since = self.missing[terms.number]
                final = since >= terms.expire
                what = "final settlement price" if final else f"settlement price of {day}"
                yield Break(
                    terms.number,
                    "final_price" if final else "settlement_price",
                    since,
                    f"no {what}: enter one (settlement_price), another operator approves it (approve_price)",
                )
            if terms.refused:
                yield Break(terms.number, "final_settlement", terms.again - AGAIN_NS, f"refused: {terms.refused}")


def _delivers_last(terms: Terms) -> tuple[bool, int]:
    """Options before what they are on."""
    return terms.right == 0, terms.number


def _closing(instrument: int, one: Notice, key: str) -> Any:
    return PlaceOrder(
        account=one.account,
        instrument=instrument,
        side=SELL,
        kind=MARKET,
        tif=IOC,
        flags=REDUCE_ONLY,
        quantity=one.quantity,
        client_id=content_id(key),
    )


def _nothing_more(instrument: int, account: int) -> Any:
    """From now on the account may only close: its position with the open part of its orders may not grow."""
    return SetLimit(scope=OF_ACCOUNT, of=account, instrument=instrument, limit=POSITION_GROSS, value=0)


def _told(number: int, day: date, by: date, rows: list[tuple[int, int]]) -> Iterator[Told]:
    """As many acts as notes have room for; none where nobody is told."""
    for start in range(0, len(rows), ROWS_MAX):
        part = tuple(rows[start : start + ROWS_MAX])
        yield Told(number, day, by, part, start + ROWS_MAX >= len(rows))
