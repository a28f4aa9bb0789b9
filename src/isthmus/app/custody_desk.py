"""Client money in the running broker: banks called, statements reconciled, withdrawals paid, records made each day.

Owns: DATA/custody (file and daily records) and the lines to the banks. Takes: durable records, requests of clients and
operators, messages of banks. Emits: commands of the ledger, instructions, the answers of the API. Never: pays what the
journal does not hold; after any stop it goes on from journal and file.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from isthmus.app.custody_books import EngineBooks, heard
from isthmus.app.custody_line import BankLine
from isthmus.app.custody_settings import CustodySettings, check_custody, minor_units, terms_of
from isthmus.app.desk import Desk
from isthmus.app.output import note
from isthmus.audit.keys import requests as keys
from isthmus.audit.keys.signatures import is_signed
from isthmus.engine.engine import Record
from isthmus.gateways import custody_shapes as shapes
from isthmus.gateways.problems import Refusal
from isthmus.kernel.errors import BadInput
from isthmus.kernel.ids import account_id
from isthmus.kernel.values import NS_PER_S, short_text, time_ns, time_text
from isthmus.ledger.custody import daily
from isthmus.ledger.custody.books import Heard
from isthmus.ledger.custody.internal import Position, Proposal
from isthmus.ledger.custody.keeping import ClientMoney, NewWithdrawal
from isthmus.ledger.custody.references import reference_of
from isthmus.ledger.custody.store import OwnMove, Store
from isthmus.ledger.custody.withdrawals import NotAllowed, Withdrawal
from isthmus.refdata.directory import Directory
from isthmus.views.views import Views

DAY_NS = 86_400 * NS_PER_S
LOOK_NS = NS_PER_S // 2
DURABLE_PAUSE_S, DURABLE_TRIES = 0.002, 5_000
STATUS = {"insufficient_funds": 422, "amount_not_positive": 422, "withdrawal_limit": 422, "withdrawal_day_limit": 422}
"""HTTP status of a refusal; 404 for what is unknown, 409 for the others."""


class CustodyDesk:
    """An outlet of the views from the start; `open` it once the journal is read; `step` it, run its `loops`."""

    def __init__(self, settings: CustodySettings, data: Path, directory: Directory) -> None:
        """Raises BadInput."""
        check_custody(settings)
        self._settings = settings
        self._directory = directory
        self._data = data
        self._folder = data / "custody"
        self._early: list[Heard] = []
        self._money: ClientMoney | None = None
        self._lines: list[BankLine] = []
        self._reconciled = 0
        self._recorded = ""
        """The last day that ended and was looked at."""

    # What the views tell.

    def record(self, record: Record) -> None:
        """A durable record."""
        found = heard(record, self._directory)
        if found is None:
            return
        if self._money is None:
            self._early.append(found)
        else:
            self._money.hear(found)

    def order(self, _: Any) -> None:
        """Nothing of ours."""

    def fill(self, _: Any) -> None:
        """Nothing of ours."""

    def balance(self, account: int, asset: int) -> None:
        """Nothing of ours."""

    def position(self, account: int, instrument: int) -> None:
        """Nothing of ours."""

    def trade(self, _: Any) -> None:
        """Nothing of ours."""

    # Its life.

    def open(self, desk: Desk, views: Views) -> None:
        """Accounts, file, lines; asks again for what is not done. Raises BadInput, Damaged."""
        self._desk, self._views = desk, views
        currencies = {account.currency for bank in self._settings.banks.values() for account in bank.accounts}
        decimals = {}
        for code in sorted(currencies):
            known, usual = self._directory.asset(code), minor_units(code)
            assert usual is not None, "settings name currencies of ISO 4217"
            decimals[code] = known.decimals if known is not None else usual
        terms = terms_of(self._settings, decimals)
        self._books = EngineBooks(desk, self._directory, decimals)
        self._books.open(sorted({account.path for account in terms.accounts}))
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        store = Store(self._folder / "custody.sqlite", secrets.token_hex(4).upper())
        money = ClientMoney(terms, store, self._books)
        money.statements.opened = desk.now()
        for found in self._early:
            money.hear(found)
        self._early.clear()
        self._money = money
        for name, bank in self._settings.banks.items():
            line = BankLine(name, bank, money, desk.now, self.durable)
            line.open(self._settings.timeout_s)
            self._lines.append(line)
        money.converge(desk.now())

    @property
    def money(self) -> ClientMoney:
        """Once it is open."""
        assert self._money is not None, "client money is opened before it is asked"
        return self._money

    def loops(self) -> list[Coroutine[Any, Any, None]]:
        """A line to each bank."""
        return [line.run(self._settings.poll_s) for line in self._lines]

    def close(self) -> None:
        """Lines and file."""
        for line in self._lines:
            line.close()
        if self._money is not None:
            self._money.store.close()

    async def durable(self) -> None:
        """Until everything staged so far is in the journal. Raises Refusal 503."""
        target = self._desk.engine.sequence
        for _ in range(DURABLE_TRIES):
            if self._views.journal.last >= target:
                return
            await asyncio.sleep(DURABLE_PAUSE_S)
        raise Refusal(503, "journal_unavailable", "the journal does not take the record")

    def step(self, at: int) -> int:
        """Goes over to another bank, reconciles, makes the record of a day that ended. A disk that fails is tried
        again.
        """
        try:
            self._act(at)
        except (sqlite3.OperationalError, BadInput) as fault:
            note(f"custody     waits for its disk: {fault}")
            return at + NS_PER_S
        return at + LOOK_NS

    def _act(self, at: int) -> None:
        money = self.money
        money.fail_over(at)
        money.converge(at)
        if at - self._reconciled >= self._settings.reconcile_s * NS_PER_S:
            self._reconciled = at
            money.statements.reconcile(at)
        ended = _day(at - DAY_NS)
        if self._recorded < ended:
            self._recorded = ended
            days = [day for _, day, _, _ in money.store.records()]
            began = money.store.began()
            if began is not None and _day(began) <= ended and ended not in days:
                self._make_record(ended, at)

    # What clients ask.

    async def request(self, account: int, asked: shapes.NewWithdrawal, amount: int, user: str) -> shapes.Withdrawal:
        """Checked, held, durable."""
        money = self.money
        if asked.asset not in money.terms.currencies:
            raise Refusal(422, "unknown_asset", "no custodian bank keeps it", field="asset", value=asked.asset)
        finer = money.terms.decimals[asked.asset] - (minor_units(asked.asset) or 0)
        if finer > 0 and amount % 10**finer:
            raise Refusal(422, "bad_decimals", "banks do not pay such a fraction", field="amount", value=asked.amount)
        wanted = NewWithdrawal(
            account=account, currency=asked.asset, amount=amount, to_name=asked.to_name, to_account=asked.to_account,
            to_bank=asked.to_bank, user=user, client_id=asked.client_id or "",
        )  # fmt: skip
        made = money.request(wanted, self._desk.now())
        await self.durable()
        return self._withdrawal(_allowed(made))

    async def step_withdrawal(self, name: str, number: int, user: str, why: str) -> Withdrawal:
        """One step of its life."""
        money, at = self.money, self._desk.now()
        if name == "approve":
            return _allowed(money.approve(number, user))
        if name == "release":
            self._signed_by_holders(number)
            return _allowed(money.release(number, user, at))
        if name == "refuse":
            return _allowed(money.end(number, "refused", at, f"{user}: {why}"))
        return _allowed(money.end(number, "cancelled", at, f"by {user}"))

    def _signed_by_holders(self, number: int) -> None:
        """Where the settings name a threshold key: it signed to which account at which bank, how much and as what is
        paid.
        """
        one = self.money.store.withdrawal(number)
        if not self._settings.holders_key or one is None:
            return
        amount = self._text(one.amount, one.currency)
        asked = keys.Withdrawal(one.currency, amount, one.to_account, one.reference, one.to_bank)
        if not is_signed(self._data, bytes.fromhex(self._settings.holders_key), asked):
            raise Refusal(409, "not_signed_by_holders", f"the holders of the key have not signed {one.reference}")

    def withdrawals(self, account: int | None) -> list[shapes.Withdrawal]:
        """Newest first."""
        return [self._withdrawal(one) for one in self.money.store.withdrawals(account)]

    def address(self, account: int, asset: str) -> shapes.DepositAddress:
        """Where the account pays to."""
        money = self.money
        bank = money.terms.bank(money.pay_to(asset) or "") if asset in money.terms.currencies else None
        found = money.terms.at(bank.name, asset) if bank is not None else None
        if bank is None or found is None:
            raise Refusal(409, "no_bank_able", "no custodian bank takes it now", field="asset", value=asset)
        house = money.terms.house
        return shapes.DepositAddress(asset, bank.name, bank.bic, found.number, house, reference_of(account))

    def deposits(self, account: int) -> list[shapes.Deposit]:
        """Newest first."""
        rows = []
        for kept, at_bank, meant in reversed(self.money.statements.meant(self.money.store.lines())):
            if (meant.kind == "deposit" and meant.number == account) or kept.assigned == account:
                amount = self._text(kept.line.amount, at_bank.currency)
                mark = kept.line.bank_reference or kept.line.key
                rows.append(shapes.Deposit(at_bank.currency, amount, kept.bank, mark, kept.line.day.isoformat()))
        return rows

    # What operators ask.

    async def take_step(self, name: str, number: int, user: str, why: str = "") -> shapes.Withdrawal:
        """A step, durable."""
        changed = await self.step_withdrawal(name, number, user, why)
        await self.durable()
        return self._withdrawal(changed)

    def suspense(self) -> list[shapes.Suspended]:
        """Oldest first."""
        at = self._desk.now()
        return [
            shapes.Suspended(
                bank=kept.bank,
                account_number=kept.account,
                key=kept.line.key,
                asset=account.currency,
                amount=self._text(kept.line.amount, account.currency),
                day=kept.line.day.isoformat(),
                information=kept.line.information,
                age_s=max(0, at - kept.arrived) // NS_PER_S,
                assigned_to=None if kept.assigned is None else account_id(kept.assigned),
            )
            for kept, account, meant in self.money.statements.meanings()
            if meant.kind == "suspense" and account.side == "client"
        ]

    async def assign(self, asked: shapes.Assigning, account: int) -> list[shapes.Suspended]:
        """To a client."""
        refused = self.money.assign(asked.bank, asked.account_number, asked.key, account, self._desk.now())
        if refused is not None:
            raise _refusal(refused)
        await self.durable()
        return self.suspense()

    def breaks(self) -> list[shapes.BreakRow]:
        """Oldest first."""
        return [self._break(one) for one in self.money.statements.breaks(self._desk.now())]

    def _break(self, one: Any) -> shapes.BreakRow:
        return msgspec.convert(daily.break_row(one, self._places(one.found.currency)), shapes.BreakRow)

    def settle(self, asked: shapes.Settling, user: str) -> list[shapes.BreakRow]:
        """By an operator."""
        refused = self.money.statements.settle(asked.key, user, asked.why, self._desk.now())
        if refused is not None:
            raise _refusal(refused)
        return self.breaks()

    def reconciliation(self) -> shapes.Reconciliation:
        """Now."""
        at, money = self._desk.now(), self.money
        positions = money.statements.reconcile(at)
        return shapes.Reconciliation(
            time_text(at),
            [msgspec.convert(self._position(one), shapes.PositionRow) for one in positions],
            self.breaks(),
            [self._proposed(one) for one in money.proposals(positions)],
            money.statements.blocked(at),
            [self._bank(bank.name, bank.bic, bank.weight, positions) for bank in money.terms.banks],
        )

    def _bank(self, name: str, bic: str, weight: int, positions: list[Position]) -> shapes.BankState:
        since = self.money.statements.links[name].silent_since
        silent = None if since is None else max(0, self._desk.now() - since) // NS_PER_S
        path = f"custodian:{name}:client"
        held = {
            one.currency: self._text(one.at_custodians[path], one.currency)
            for one in positions
            if path in one.at_custodians
        }
        pay_to = [one.currency for one in positions if self.money.pay_to(one.currency) == name]
        count = self.money.store.count(name)
        return shapes.BankState(name, bic, weight, since is None, silent, held, count, pay_to)

    def moves(self) -> list[shapes.MoveRow]:
        """Newest first."""
        return [self._move(one) for one in self.money.store.moves()]

    def propose(self, asked: shapes.NewMove, amount: int, user: str) -> shapes.MoveRow:
        """Between two accounts of the settings."""
        money = self.money
        for field, path in (("source", asked.source), ("target", asked.target)):
            if money.terms.of_path(path, asked.currency) is None:
                raise Refusal(422, "unknown_account", "is no account of ours at a bank", field=field, value=path)
        sides = {path.rpartition(":")[2] for path in (asked.source, asked.target)}
        if amount <= 0 or asked.source == asked.target or (len(sides) == 1) != (asked.purpose == "custody"):
            raise Refusal(422, "purpose_not_allowed", "accounts or amount do not fit the purpose", field="purpose")
        wanted = Proposal(asked.purpose, asked.source, asked.target, asked.currency, amount)
        return self._move(money.propose(wanted, user))

    async def approve_move(self, number: int, user: str) -> shapes.MoveRow:
        """First, then second operator."""
        changed = self.money.approve_move(number, user, self._desk.now())
        if isinstance(changed, NotAllowed):
            raise _refusal(changed)
        await self.durable()
        return self._move(changed)

    # Records.

    def records(self) -> list[shapes.RecordRow]:
        """Oldest first."""
        return [shapes.RecordRow(number, day, kept) for number, day, kept, _ in self.money.store.records()]

    def daily_record(self, number: int) -> shapes.DailyRecord | None:
        """With the word whether the chain up to now is whole."""
        rows = self.money.store.records()
        whole = daily.broken_link([(body, kept) for _, _, kept, body in rows]) is None
        for one, day, kept, body in rows:
            if one == number:
                made = msgspec.json.decode(body, type=daily.DailyRecord)
                told = msgspec.json.decode(body)
                return shapes.DailyRecord(one, day, kept, whole, told, daily.plain_text(made))
        return None

    def make_record(self) -> shapes.DailyRecord:
        """Of today, so far."""
        at = self._desk.now()
        made = self.daily_record(self._make_record(_day(at), at))
        assert made is not None
        return made

    def _make_record(self, day: str, at: int) -> int:
        money = self.money
        positions = money.statements.reconcile(at)
        rows = money.store.records()
        blocked = money.statements.blocked(at)
        since = time_ns(f"{day}T00:00:00Z")
        made = daily.DailyRecord(
            day=day,
            made=time_text(at),
            sequence=self._desk.engine.sequence,
            previous=rows[-1][2] if rows else daily.FIRST,
            internal=[self._position(one) for one in positions],
            external=[
                self._seen(one, taken) for one, taken, came in money.store.statements(since) if _day(came) == day
            ],
            breaks=[daily.break_row(one, self._places(one.found.currency)) for one in money.statements.breaks(at)],
            proposals=[daily.proposal_row(one, self._places(one.currency)) for one in money.proposals(positions)],
            blocked=blocked,
            clients=self._owned(),
        )
        number = money.store.add_record(day, made.hash, made.encoded())
        for ending, content in ((".json", made.encoded()), (".txt", daily.plain_text(made).encode())):
            _write_once(self._folder / "records" / f"{number:06d}-{day}{ending}", content)
        return number

    def _seen(self, one: Any, taken: bool) -> daily.StatementSeen:
        def written(value: int | None) -> str | None:
            return None if value is None else self._text(value, one.currency)

        return daily.StatementSeen(
            one.bank, one.account, one.currency, one.number, one.day.isoformat(), written(one.opening),
            written(one.closing), len(one.lines), taken, one.digest,
        )  # fmt: skip

    def _owned(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for number, _ in self._books.clients():
            for currency in self.money.terms.currencies:
                if balance := self._books.balance(number, currency):
                    found.setdefault(account_id(number), {})[currency] = self._text(balance, currency)
        return found

    # How it is shown.

    def _places(self, currency: str) -> int:
        return self.money.terms.decimals.get(currency, minor_units(currency) or 0)

    def _text(self, amount: int, currency: str) -> str:
        return short_text(amount, self._places(currency))

    def _position(self, one: Position) -> dict[str, Any]:
        return daily.position_row(one, self._places(one.currency))

    def _proposed(self, one: Proposal) -> shapes.MoveRow:
        amount = self._text(one.amount, one.currency)
        return shapes.MoveRow(None, one.purpose, one.source, one.target, one.currency, amount, "suggested")

    def _move(self, one: OwnMove) -> shapes.MoveRow:
        return shapes.MoveRow(
            one.reference, one.purpose, one.source, one.target, one.currency, self._text(one.amount, one.currency),
            one.state, one.proposed_by or None, one.approved_by, one.released_by, one.why,
        )  # fmt: skip

    def _withdrawal(self, one: Withdrawal) -> shapes.Withdrawal:
        return shapes.Withdrawal(
            id=one.reference,
            account=account_id(one.account),
            asset=one.currency,
            amount=self._text(one.amount, one.currency),
            to_name=one.to_name,
            to_account=one.to_account,
            to_bank=one.to_bank,
            state=one.state,
            bank=one.bank,
            requested_by=one.user,
            requested_at=time_text(one.requested_at),
            approved_by=one.approved_by,
            released_by=one.released_by,
            ended_at=None if one.ended_at is None else time_text(one.ended_at),
            why=one.why,
            client_id=one.client_id or None,
        )


def _allowed(answer: Withdrawal | NotAllowed) -> Withdrawal:
    if isinstance(answer, NotAllowed):
        raise _refusal(answer)
    return answer


def _refusal(found: NotAllowed) -> Refusal:
    status = 404 if found.reason.startswith("unknown_") else STATUS.get(found.reason, 409)
    return Refusal(status, found.reason, found.words)


def _day(at: int) -> str:
    return datetime.fromtimestamp(at // NS_PER_S, UTC).date().isoformat()


def _write_once(path: Path, content: bytes) -> None:
    """A file that nobody changes any more. Raises BadInput where the disk does not take it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(content)
        part.chmod(0o444)
        part.replace(path)
    except OSError as error:
        raise BadInput(str(path), error.strerror or str(error)) from error
