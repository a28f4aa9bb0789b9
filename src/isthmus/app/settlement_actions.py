"""The life of corporate actions at the clearing desk: entered by one operator, approved by another, carried out
by date.

A dividend: as the ex-day begins, what every holder gets (and every short owes) is written into the journal; on
the pay date it is paid. A split or an exchange: as the ex-day begins, the market is halted and its orders are
cancelled; then the postings go out together, what is open of trades is converted, and the market of a split opens
again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Protocol

import msgspec

from isthmus.app.desk import Desk
from isthmus.app.settlement_store import ClearingStore
from isthmus.app.settlement_words import ROWS_MAX, TEXT, Act, Apply, Approve, Begin, Entitle, Pay, Propose
from isthmus.clearing.book import ClearingBook
from isthmus.clearing.corporate_actions import (
    Action,
    Dividend,
    Exchange,
    Posting,
    Split,
    check,
    dividend_of,
    new_price,
    postings,
)
from isthmus.engine.engine import Record, content_id
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import (
    ACCOUNT_VENUE,
    PURPOSE_NUMBERS,
    CancelAll,
    Halt,
    Mark,
    Move,
    OpenAccount,
    Resume,
    SetCredit,
)
from isthmus.refdata.directory import Directory
from isthmus.refdata.instruments import Instrument
from isthmus.views.views import Views

PROPOSED, APPROVED, HALTED, ENTITLED, DONE = "proposed", "approved", "halted", "entitled", "done"


class Life(msgspec.Struct):
    """One corporate action: its number is that of the record that proposed it; `users` entered and approved it."""

    number: int
    instrument: int
    action: Action
    users: tuple[int, int]
    state: str = PROPOSED
    rows: list[tuple[int, int]] = []


class Around(Protocol):
    """What the clearing desk is to its corporate actions."""

    directory: Directory
    views: Views
    desk: Desk
    book: ClearingBook
    store: ClearingStore
    credit: dict[tuple[int, int], int]
    asked: set[Act]

    def ask(self, act: Act) -> bool:
        """Sends an act, once until its record is durable; False while no commands are taken."""

    def duty(self, key: str, command: Any) -> None:
        """A command to send; it stands until its record is durable."""

    def waits_for(self, prefix: str) -> bool:
        """Whether a command with such a key has yet to be answered."""

    def holders(self, asset: int, issuer: int) -> Iterable[tuple[int, int]]:
        """(account, balance) of everybody but the outside, as the engine has it now."""


class Actions:
    """All of them, by number, folded from acts; `step` asks for what is due."""

    def __init__(self, desk: Around) -> None:
        self._desk = desk
        self.lives: dict[int, Life] = {}
        self._telling: dict[int, deque[Entitle]] = {}
        """Entitlements that were reckoned in this run, and have yet to be sent."""
        self._gone: set[str] = set()
        """Keys of postings that were sent in this run."""

    def act(self, record: Record, act: Act) -> None:
        """Folds an act in. Raises BadInput for one that cannot be."""
        if isinstance(act, Propose):
            check(act.action, self._desk.book.closed)
            self.lives[record.sequence] = Life(record.sequence, act.instrument, act.action, (record.origin.user, 0))
        elif isinstance(act, Approve):
            self.approve(act.number, record.origin.user)
        elif isinstance(act, Begin):
            self._begin(self._known(act.number))
        elif isinstance(act, Entitle):
            life = self._known(act.number)
            life.rows.extend(act.rows)
            life.state = ENTITLED if act.last else life.state
        elif isinstance(act, Apply):
            self._applied(self._known(act.number))
        elif isinstance(act, Pay):
            self._pay(self._known(act.number))

    def _known(self, number: int) -> Life:
        life = self.lives.get(number)
        if life is None:
            raise BadInput("action", f"there is no corporate action {number}")
        return life

    def may_approve(self, number: int, user: int) -> Life:
        """Raises BadInput: an action is approved once, by somebody else than who entered it."""
        life = self._known(number)
        if life.state != PROPOSED:
            raise BadInput("action", f"it is {life.state}")
        if life.users[0] == user:
            raise BadInput("action", "who entered it does not approve it: a second pair of eyes is needed")
        return life

    def approve(self, number: int, user: int) -> None:
        """The second pair of eyes. Raises BadInput."""
        life = self.may_approve(number, user)
        life.users = (life.users[0], user)
        life.state = APPROVED

    def step(self, day: date) -> bool:
        """Asks for what is due; False while no commands are taken."""
        return all(self._step(life, day) for life in self.lives.values())

    def _step(self, life: Life, day: date) -> bool:
        action = life.action
        if life.state == APPROVED and action.ex <= day:
            return self._entitle(life) if isinstance(action, Dividend) else self._desk.ask(Begin(life.number))
        if life.state == HALTED and not self._desk.waits_for(f"action {life.number} "):
            return self._apply(life)
        if life.state == ENTITLED and isinstance(action, Dividend) and action.pay <= day:
            return self._desk.ask(Pay(life.number))
        return True

    def _entitle(self, life: Life) -> bool:
        """Who holds now gets it, whoever holds on the pay date. After a stop in the middle those who were told
        already are told no more.
        """
        issuer = self._issuer(life.action.asset)
        if issuer is None:
            return False
        if life.number not in self._telling:
            self._telling[life.number] = deque(self._entitlements(life, issuer))
        acts = self._telling[life.number]
        while acts:
            if not self._desk.ask(acts[0]):
                return False
            acts.popleft()
        return True

    def _entitlements(self, life: Life, issuer: int) -> Iterator[Entitle]:
        action = life.action
        assert isinstance(action, Dividend)
        told = {account for account, _ in life.rows}
        holders = self._desk.holders(action.asset, issuer)
        owed = ((account, dividend_of(action, held)) for account, held in holders if account not in told)
        rows = [row for row in owed if row[1]]
        for start in range(0, max(len(rows), 1), ROWS_MAX):
            yield Entitle(life.number, tuple(rows[start : start + ROWS_MAX]), start + ROWS_MAX >= len(rows))

    def _begin(self, life: Life) -> None:
        life.state = HALTED
        key = f"action {life.number}"
        self._desk.duty(f"{key} halt", Halt(instrument=life.instrument, reason=0))
        self._desk.duty(f"{key} cancel", CancelAll(instrument=life.instrument))

    def _apply(self, life: Life) -> bool:
        """All postings in one go, and that they went out; sent again after a stop, each counts once."""
        if Apply(life.number) in self._desk.asked:
            return True
        issuer = self._issuer(life.action.asset)
        if issuer is None:
            return False
        for key, command in self._commands(life, issuer):
            if key in self._gone:
                continue
            if self._desk.desk.submit(command, f"{TEXT} {key}") is None:
                return False
            self._gone.add(key)
        return self._desk.ask(Apply(life.number))

    def _commands(self, life: Life, issuer: int) -> Iterator[tuple[str, Any]]:
        action = life.action
        assert isinstance(action, Split | Exchange)
        holders = list(self._desk.holders(action.asset, issuer))
        yield from self._lines(life, holders)
        for one in _cash_first(list(postings(action, holders, issuer)), action):
            holder = one.source if one.source != issuer else one.target
            key = f"split {life.number} {holder} {one.asset}"
            yield key, moving(key, one)
        instrument = self._desk.directory.instruments[life.instrument]
        price = self._desk.views.holdings.reference(life.instrument)
        if isinstance(action, Split) and price and self._is_marked(instrument):
            marked = _on_tick(new_price(price, action.ratio), instrument)
            yield f"split {life.number} mark", Mark(instrument=life.instrument, settlement=0, source=0, price=marked)

    def _is_marked(self, instrument: Instrument) -> bool:
        """A mark that nobody brings again would hide later trades; a collar around the old price would stop them."""
        return instrument.collar_bps > 0 or self._desk.views.holdings.is_marked(instrument.number)

    def _lines(self, life: Life, holders: list[tuple[int, int]]) -> Iterator[tuple[str, Any]]:
        """A short account may be as short in new shares as it was in old ones."""
        action = life.action
        assert isinstance(action, Split | Exchange)
        target = action.target if isinstance(action, Exchange) else action.asset
        for account, held in holders:
            line = self._desk.credit.get((account, action.asset), 0)
            if held < 0 and line:
                most = max(line, -(-line * action.ratio[0] // action.ratio[1]))
                key = f"split {life.number} {account} line"
                yield key, SetCredit(account=account, asset=target, amount=most)

    def _applied(self, life: Life) -> None:
        assert isinstance(life.action, Split | Exchange)
        life.state = DONE
        for row in self._desk.book.convert(life.action):
            self._desk.store.obligation(row)
        if isinstance(life.action, Split):
            self._desk.duty(f"action {life.number} resume", Resume(instrument=life.instrument))

    def _pay(self, life: Life) -> None:
        assert isinstance(life.action, Dividend)
        life.state = DONE
        known = self._desk.directory.account(issuer_name(self._desk.directory.assets[life.action.asset].code))
        assert known is not None, "it was opened before anybody was entitled"
        issuer = known.number
        for account, amount in life.rows:
            key = f"dividend {life.number} {account}"
            way = (issuer, account) if amount > 0 else (account, issuer)
            self._desk.duty(key, moving(key, Posting(*way, life.action.currency, abs(amount), "dividend")))

    def _issuer(self, asset: int) -> int | None:
        """The account outside that stands for who issued the asset; opened when it is first needed. None while no
        commands are taken.
        """
        name = issuer_name(self._desk.directory.assets[asset].code)
        if self._desk.directory.account(name) is None:
            self._desk.desk.submit(OpenAccount(kind=ACCOUNT_VENUE, client_id=content_id(name)), name)
        known = self._desk.directory.account(name)
        return None if known is None else known.number


def issuer_name(code: str) -> str:
    """Of the account of who issued an asset."""
    return f"issuer:{code}"


def _cash_first(rows: list[Posting], action: Split | Exchange) -> list[Posting]:
    """What is reckoned from a balance goes before what changes it, so that a second try after a stop reckons the
    same.
    """
    return sorted(rows, key=lambda one: one.asset == action.asset)


def moving(key: str, one: Posting) -> Any:
    """The command of a posting, once for its key."""
    return Move(
        source=one.source,
        target=one.target,
        asset=one.asset,
        amount=one.amount,
        purpose=PURPOSE_NUMBERS[one.purpose],
        client_id=content_id(f"{TEXT} {key}"),
    )


def _on_tick(price: int, instrument: Instrument) -> int:
    return max(instrument.tick, price // instrument.tick * instrument.tick)
