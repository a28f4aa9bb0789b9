"""The clearing desk in the running broker: trades of durable records become obligations that settle when they are
due.

Owns: what is open, corporate actions, and commands that are yet to be sent, all of it folded from records. Takes:
every durable record in order, and the time. Emits: acts (settlement_words.py) at the times of its calendars,
penalties, buy-ins, postings of corporate actions and interest. Never: changes a balance itself; keeps anything
that the journal does not say. The engine books a trade at once; what is settled of a balance is the balance less
what is open here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from isthmus.app.desk import Desk
from isthmus.app.settlement_actions import Actions, moving
from isthmus.app.settlement_contracts import Contracts
from isthmus.app.settlement_funding import Funding
from isthmus.app.settlement_interest import DailyInterest
from isthmus.app.settlement_messages import MessageDesk
from isthmus.app.settlement_settings import SettlementSettings, checked
from isthmus.app.settlement_store import FOLDER, ClearingStore
from isthmus.app.settlement_words import (
    TEXT,
    Act,
    Agree,
    BuyIn,
    Enter,
    Interest,
    Lift,
    Report,
    Settle,
    Told,
    Unfunded,
    Unpriced,
    act_of,
    key_of,
    note_of,
)
from isthmus.clearing.book import ClearingBook, Cycle, Open, Options, fail_of
from isthmus.clearing.calendars import all_open
from isthmus.clearing.corporate_actions import Posting
from isthmus.clearing.fails import RATES, Fail, buy_in_day, compensation, security_penalty
from isthmus.clearing.terms import Product, settles
from isthmus.clearing.trades import HOUSE, Trade, novate
from isthmus.engine.engine import Record, content_id
from isthmus.kernel.errors import BadInput
from isthmus.kernel.ids import account_id, trade_id
from isthmus.kernel.messages import (
    ACCOUNT_CLIENT,
    ACCOUNT_VENUE,
    BUY,
    IOC,
    MARKET,
    SELL,
    ContractSet,
    ExpirySettled,
    Marked,
    PlaceOrder,
    RuleSet,
    SetCredit,
    TimePassed,
    TradeCorrected,
    Traded,
)
from isthmus.kernel.values import NS_PER_S
from isthmus.refdata.directory import Directory
from isthmus.refdata.instruments import Instrument
from isthmus.views.views import Views

WORLD, FEES, SETTLEMENT = 1, 2, 4
"""System accounts: the outside, and where penalties and the cost of buy-ins go."""
AT_ONCE_MAX = 200
"""Commands sent at one look; the rest waits for the next."""
SOON_NS = NS_PER_S // 100
LOOK_NS = 10 * NS_PER_S
"""Between two looks where contracts are listed whose end somebody may bring near."""
OF_CONTRACTS = frozenset({ContractSet, ExpirySettled, Marked, RuleSet})
MESSAGES_NS = 10 * NS_PER_S
"""Between two looks at the folder of depositories' answers."""
MONEY_REASONS = ("MONY", "CMON")


class SettlementDesk:
    """An outlet of the views; `step` it when it is due, after `open`."""

    def __init__(self, settings: SettlementSettings, desk: Desk, views: Views) -> None:
        self.settings = checked(settings)
        self.desk, self.views = desk, views
        self.directory: Directory = views.directory
        self.zone, self.cutoff = settings.zone, settings.cutoff
        self.book = ClearingBook(settings.more_closed)
        self.store = ClearingStore()
        self.actions = Actions(self)
        self.contracts = Contracts(self, settings.marks, settings.contracts)
        self.funding = Funding(self, settings.funding)
        self.messages = MessageDesk(settings.messages, self.directory)
        self.credit: dict[tuple[int, int], int] = {}
        self.bought: dict[str, int] = {}
        """Lots bought in (sold out) for a fail, by trade."""
        self._duties: dict[str, Any] = {}
        """Commands to send, by key, in order; they stand until their record is durable."""
        self._sent: set[str] = set()
        self.asked: set[Act] = set()
        self.interest = DailyInterest(self, settings.interest)
        self._unclear: dict[int, str] = {}
        """Instruments whose terms nobody stated, and why: their trades are noted, not cleared."""
        self._instruments, self._money = 0, set[int]()
        """Assets that something is paid in, of so many instruments."""
        self.recent: deque[Cycle] = deque(maxlen=30)

    def open(self, folder: Path | None) -> None:
        """From now on the tables are in the folder. Raises BadInput where it cannot be written."""
        self.store.open(folder)
        self.messages.open(None if folder is None else folder / FOLDER)

    def day_of(self, stamp: int) -> date:
        """The local date of a time."""
        return datetime.fromtimestamp(stamp // NS_PER_S, self.zone).date()

    def participant(self, account: int) -> int:
        """A client or an outside venue for itself; everybody else is the house."""
        known = self.directory.accounts.get(account)
        return account if known is not None and known.kind in (ACCOUNT_CLIENT, ACCOUNT_VENUE) else HOUSE

    def record(self, record: Record) -> None:
        """Folds one durable record in."""
        self.interest.heard(record.stamp)
        ordinal = 0
        for effect in record.effects:
            kind = type(effect)
            if kind is Traded:
                ordinal += 1
                self._traded(record, effect, ordinal)
                if effect.instrument in self.contracts.open:
                    self.contracts.traded(record, effect.instrument, effect.price)
            elif kind in OF_CONTRACTS:
                self.contracts.effect(record, effect, own=key_of(record) is not None)
                if kind is Marked:
                    self.funding.marked(record, effect)
            elif kind is TradeCorrected:
                self._corrected(record, effect)
        if type(record.command) is SetCredit and record.reason is None:
            self.credit[(record.command.account, record.command.asset)] = record.command.amount
        if record.origin.text.startswith(TEXT):
            self._own(record)

    def order(self, _: Any) -> None:
        """Orders leave nothing to settle."""

    def fill(self, _: Any) -> None:
        """Records tell trades with both sides."""

    def balance(self, account: int, asset: int) -> None:
        """Balances are the engine's."""

    def position(self, account: int, instrument: int) -> None:
        """Positions are the engine's."""

    def trade(self, _: Any) -> None:
        """Records tell trades with both sides."""

    def _traded(self, record: Record, effect: Any, ordinal: int) -> None:
        maker, taker = self.participant(effect.maker), self.participant(effect.taker)
        if maker == taker:
            return
        instrument = self.directory.instruments[effect.instrument]
        day = self.day_of(record.stamp)
        try:
            terms = settles(product_of(instrument), day, self.settings.terms.get(instrument.symbol), self.book.closed)
        except BadInput as error:
            if instrument.number not in self._unclear:
                self._unclear[instrument.number] = error.reason
                self.store.note(record.sequence, "unclear", instrument.symbol, error.reason)
            return
        if terms is None:
            return
        buys = effect.taker_side == BUY
        trade = Trade(
            reference=trade_id(record.sequence, ordinal),
            instrument=instrument.number,
            traded_on=day,
            buyer=taker if buys else maker,
            seller=maker if buys else taker,
            base=instrument.base.number,
            quote=instrument.quote.number,
            quantity=instrument.base_units(effect.quantity),
            buyer_pays=effect.buyer_pays,
            seller_gets=effect.seller_gets,
            unit=instrument.base_units(instrument.lot),
            buyer_fee=effect.taker_fee if buys else effect.maker_fee,
            seller_fee=effect.maker_fee if buys else effect.taker_fee,
        )
        row = self.book.add(trade, terms)
        self.store.obligation(row)
        for one in novate(trade, row.due):
            self.messages.obligation(one, row.how)
        self._bought_in(record, effect)

    def _bought_in(self, record: Record, effect: Any) -> None:
        """The trade is of an order that a fail sent."""
        words = (key_of(record) or "").split(" ")
        if words[0] in ("buy-in", "sell-out") and len(words) == 3:
            self.bought[words[1]] = self.bought.get(words[1], 0) + effect.quantity

    def _corrected(self, record: Record, effect: Any) -> None:
        """What was open of a busted trade is owed no more; of an adjusted one the difference is owed with it. A
        trade that settled is corrected at once, as it was booked.
        """
        reference = trade_id(effect.sequence, effect.index + 1)
        row = self.book.get(reference)
        if row is None:
            return
        if effect.price == 0:
            self.book.bust(reference)
        else:
            cash: dict[int, int] = {}
            for posted in self.desk.engine.postings(record):
                for account, amount in ((posted.source, -posted.amount), (posted.target, posted.amount)):
                    who = self.participant(account)
                    cash[who] = cash.get(who, 0) + amount
            self.book.adjust(reference, -cash.get(row.trade.buyer, 0), cash.get(row.trade.seller, 0))
        self.store.obligation(row)

    def _own(self, record: Record) -> None:
        """An act, or the record of a command that clearing sent."""
        key = key_of(record)
        if key is not None:
            self._duties.pop(key, None)
            self._sent.discard(key)
            words = key.split(" ")
            kind, subject = words[0], words[1] if len(words) > 1 else ""
            text = key if record.reason is None else f"{key}: refused, {record.reason}"
            self.store.note(record.sequence, kind, subject, text)
            if kind == "fund":
                self.funding.paid(words, refused=record.reason is not None)
            elif kind == "interest" and record.reason is not None:
                self.interest.refused(record)
            elif kind in ("expire", "mark"):
                self.contracts.sent(record, words)
            return
        act = act_of(record)
        if act is None:
            return
        self.asked.discard(act)
        try:
            self._act(record, act)
        except BadInput as error:
            self.store.note(record.sequence, "refused", type(act).__name__.lower(), str(error))

    def _act(self, record: Record, act: Act) -> None:
        if isinstance(act, Settle):
            self._settle(record, act.day)
        elif isinstance(act, Report):
            self.store.obligation(self.book.report(act.trade, act.reason))
        elif isinstance(act, Lift):
            self.store.obligation(self.book.lift(act.trade))
        elif isinstance(act, BuyIn):
            self._close_out(act)
        elif isinstance(act, Interest):
            for key, posting in self.interest.accrue(act.day):
                self._duties[key] = moving(key, posting)
        elif isinstance(act, Unfunded):
            self.funding.passed_over(act)
        elif isinstance(act, Unpriced | Enter | Agree | Told):
            self.contracts.act(record, act)
            if isinstance(act, Told):
                symbol = self.directory.instruments[act.instrument].symbol
                who = ", ".join(f"{account_id(account)} {held}" for account, held in act.rows)
                self.store.note(record.sequence, "notice", symbol, f"close by {act.by}: {who}")
        else:
            self.actions.act(record, act)

    def settled(self, participant: int, asset: int) -> int:
        """What a participant has of an asset that settled: booked less open."""
        return self.views.holdings.balance(participant, asset).total - self.book.unsettled(participant, asset)

    def have(self, participant: int, asset: int) -> int | None:
        """What can be delivered: the house and the outside answer for their own; a credit line in money is money,
        one in securities is stock that was located and is borrowed, if the settings say so.
        """
        if not self.directory.is_client(participant):
            return None
        line = self.credit.get((participant, asset), 0)
        if len(self.directory.instruments) != self._instruments:
            self._instruments = len(self.directory.instruments)
            self._money = {one.quote.number for one in self.directory.instruments.values()}
        money = asset in self._money
        return self.settled(participant, asset) + (line if money or self.settings.borrowed_delivers else 0)

    def _settle(self, record: Record, day: date) -> None:
        if self.book.last_cycle is not None and day <= self.book.last_cycle:
            raise BadInput("day", f"the cycle of {day} ran before")
        cycle = self.book.settle(day, self.have, Options(self.settings.model, self.settings.partial))
        self.recent.append(cycle)
        self.store.cycle(cycle)
        for row in (*cycle.done, *(row for row in self.book if row.due <= day)):
            self.store.obligation(row)
        for row in cycle.done:
            self.bought.pop(row.reference, None)
        for fail in self.book.fails(day):
            late = self.book.get(fail.trade)
            if late is not None and fail.since < day and all_open(late.calendars, day, self.book.closed):
                self._follow_up(fail, late, day)

    def _follow_up(self, fail: Fail, row: Open, day: date) -> None:
        """What a fail costs on a day after its due date, and its buy-in."""
        instrument = self.directory.instruments[row.trade.instrument]
        price = self.views.holdings.reference(instrument.number)
        lots = instrument.quantity_of(fail.quantity)
        if self.settings.penalty and fail.failing != HOUSE:
            amount = security_penalty(instrument.value(price * lots), RATES[self.settings.penalty].ppm)
            self._pay(f"penalty {fail.trade} {day}", (fail.failing, FEES), instrument.quote.number, amount, "fee")
        if not self.settings.buy_in_days:
            return
        if day < buy_in_day(fail, self.settings.buy_in_days, row.calendars, self.book.closed):
            return
        if self.directory.is_client(fail.failing):
            left = lots - self.bought.get(fail.trade, 0)
            if left > 0:
                self._buy_in(fail, instrument, left, day)
        elif fail.failing != HOUSE and price:
            self._asks_once(BuyIn(fail.trade, instrument.value(price * lots)))

    def _buy_in(self, fail: Fail, instrument: Instrument, lots: int, day: date) -> None:
        """At the market, for who failed: what he lacks is bought, or what he cannot pay is sold again."""
        sells = fail.reason in MONEY_REASONS
        key = f"{'sell-out' if sells else 'buy-in'} {fail.trade} {day}"
        self._duties[key] = PlaceOrder(
            account=fail.failing,
            instrument=instrument.number,
            side=SELL if sells else BUY,
            kind=MARKET,
            tif=IOC,
            quantity=lots,
            client_id=content_id(key),
        )

    def _asks_once(self, act: BuyIn) -> None:
        self._duties.setdefault(f"act buy-in {act.trade}", act)

    def _close_out(self, act: BuyIn) -> None:
        """The house bought what an outside venue did not deliver, and delivers; the venue owes what it cost more."""
        self._duties.pop(f"act buy-in {act.trade}", None)
        self._sent.discard(f"act buy-in {act.trade}")
        row = self.book.get(act.trade)
        if row is None:
            raise BadInput("trade", f"{act.trade} is not open here")
        fail = fail_of(row)
        self.store.obligation(self.book.close_out(act.trade))
        self._pay(
            f"compensation {act.trade}", (fail.failing, SETTLEMENT), row.trade.quote, compensation(fail, act.cost)
        )

    def _pay(self, key: str, way: tuple[int, int], asset: int, amount: int, purpose: str = "settlement") -> None:
        if amount:
            self._duties[key] = moving(key, Posting(*way, asset, amount, purpose))

    def duty(self, key: str, command: Any) -> None:
        """A command to send; it stands until its record is durable."""
        self._duties[key] = command

    def waits_for(self, prefix: str) -> bool:
        """Whether a command with such a key has yet to be answered."""
        return any(key.startswith(prefix) for key in self._duties)

    def ask(self, act: Act) -> bool:
        """Sends an act, once until its record is durable; False while no commands are taken."""
        if act in self.asked:
            return True
        if self.desk.submit(TimePassed(), TEXT, note_of(act)) is None:
            return False
        self.asked.add(act)
        return True

    def step(self, at: int) -> int:
        """Sends what is due; returns when to be called again."""
        day = self.day_of(at)
        self.interest.heard(at)
        taken = self._hear() and self._cycle(at, day) and self.actions.step(day) and self._contracts(at, day)
        self.store.flush()
        if not taken:
            return at + NS_PER_S
        if self.settings.messages.own_bic:
            following = at + MESSAGES_NS
        else:
            following = at + SOON_NS if self._duties or self.asked else self._next(at, day)
        margined = any(row.perpetual for row in self.directory.instruments.values())
        return min(following, at + LOOK_NS, self.contracts.next(at), self.funding.next(at)) if margined else following

    def _contracts(self, at: int, day: date) -> bool:
        return self.contracts.step(at, day) and self.funding.step(at) and self._send()

    def _hear(self) -> bool:
        """What depositories answered, and instructions to write; a disk that fails is tried again."""
        try:
            self.messages.step()
        except OSError:
            return False
        while self.messages.acts:
            act = self.messages.acts[0]
            open_here = not isinstance(act, Report | Lift) or self.book.get(act.trade) is not None
            if open_here and not self.ask(act):
                return False
            self.messages.acts.popleft()
        return True

    def _cycle(self, at: int, day: date) -> bool:
        """The day's cycle, once its time has come; days that were missed go with it."""
        reached = at >= self.moment(day)
        accrues = self.interest.due(day, reached=reached)
        if accrues is not None and not self.waits_for("interest ") and not self.ask(Interest(accrues)):
            return False
        if not reached:
            return True
        ran = self.book.last_cycle is not None and self.book.last_cycle >= day
        return ran or not self.book.waits(day) or self.ask(Settle(day))

    def _send(self) -> bool:
        waiting = [key for key in self._duties if key not in self._sent]
        for key in waiting[:AT_ONCE_MAX]:
            duty = self._duties[key]
            taken = self.ask(duty) if isinstance(duty, BuyIn) else self._submit(key, duty)
            if not taken:
                return False
            self._sent.add(key)
        return True

    def _submit(self, key: str, command: Any) -> bool:
        return self.desk.submit(command, f"{TEXT} {key}") is not None

    def moment(self, day: date) -> int:
        """When a day's cycle runs."""
        return int(datetime.combine(day, self.cutoff, self.zone).timestamp()) * NS_PER_S

    def _next(self, at: int, day: date) -> int:
        moment = self.moment(day)
        midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), self.zone)
        following = int(midnight.timestamp()) * NS_PER_S
        return moment if at < moment else following

    def holders(self, asset: int, issuer: int) -> Iterable[tuple[int, int]]:
        """(account, balance) of everybody but the outside, as the engine has it now."""
        for account in list(self.directory.accounts.values()):
            if account.kind != ACCOUNT_VENUE and account.number not in (WORLD, issuer):
                total, _ = self.desk.engine.balance(account.number, asset)
                if total:
                    yield account.number, total


def product_of(instrument: Instrument) -> Product:
    """What settlement needs to know of it."""
    return Product(instrument.symbol, instrument.kind_name, instrument.base.code, instrument.quote.code)
