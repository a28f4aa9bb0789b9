"""Client money in one house: books in plain Python, two simulated banks, and a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

from isthmus.kernel.values import NS_PER_S
from isthmus.ledger.custody.books import Heard, Outcome, Posting
from isthmus.ledger.custody.internal import Standing, part_of
from isthmus.ledger.custody.keeping import ClientMoney, NewWithdrawal
from isthmus.ledger.custody.references import reference_of
from isthmus.ledger.custody.simulated import Asked, Bank
from isthmus.ledger.custody.store import Store
from isthmus.ledger.custody.terms import Bank as BankTerms
from isthmus.ledger.custody.terms import Terms
from isthmus.ledger.custody.values import BankAccount, Statement
from isthmus.ledger.custody.withdrawals import Limits, NotAllowed, Withdrawal

DAY = date(2026, 3, 2)
HOUR_NS = 3_600 * NS_PER_S
CLIENTS = (16, 17)
ALPHA, BETA = "alpha", "beta"


def accounts(bank: str) -> tuple[BankAccount, ...]:
    return tuple(
        BankAccount(bank, f"{bank.upper()}-{currency}-{side}", currency, side)
        for currency in ("EUR", "USD")
        for side in ("client", "firm")
    )


TERMS = Terms(
    banks=(
        BankTerms(name=ALPHA, bic="ALPHDEFF", weight=60, accounts=accounts(ALPHA)),
        BankTerms(name=BETA, bic="BETAGB2L", weight=40, accounts=accounts(BETA)),
    ),
    house="Isthmus",
    decimals={"EUR": 2, "USD": 2},
    limits_s={"default": 3_600, "bank_silent": 7_200},
    window_days=2,
    silent_s=60,
    failover_s=120,
    statement_s=30 * 3_600,
    tolerance_bps=500,
    limits={"EUR": Limits(1_000_000, 2_000_000)},
)


class PlainBooks:
    """The engine's promises, naively: balances sum to zero, holds, one answer for one text."""

    def __init__(self) -> None:
        self.balances: dict[tuple[str, str], int] = {}
        self.holds: dict[int, Posting] = {}
        self.journal: list[Heard] = []
        self.answers: dict[str, Outcome] = {}
        self.stamp = 0

    def path(self, named: str | int) -> str:
        return named if isinstance(named, str) else f"client:{named}"

    def available(self, account: int, currency: str) -> int:
        held = sum(one.amount for one in self.holds.values() if (one.source, one.currency) == (account, currency))
        return self.balances.get((self.path(account), currency), 0) - held

    def at(self, path: str, currency: str) -> int:
        return self.balances.get((path, currency), 0)

    def is_client(self, account: int) -> bool:
        return account in CLIENTS

    def standings(self, currencies: Iterable[str]) -> list[Standing]:
        kinds = {"client": "client", "house": "house", "world": "world"}
        return [
            Standing(path, part_of(path, kinds.get(path.partition(":")[0], "")), currency, balance)
            for (path, currency), balance in self.balances.items()
            if currency in currencies and balance
        ]

    def move(self, posting: Posting) -> Outcome:
        return self._once(posting.text, lambda: self._post(posting, posting.text))

    def hold(self, posting: Posting) -> Outcome:
        def act() -> str | None:
            assert isinstance(posting.source, int)
            if self.available(posting.source, posting.currency) < posting.amount:
                return "insufficient_funds"
            self.holds[len(self.journal) + 1] = posting
            self.journal.append(Heard(len(self.journal) + 1, posting.text, self.stamp, hold=True))
            return None

        return self._once(posting.text, act)

    def post(self, hold: int, text: str) -> Outcome:
        def act() -> str | None:
            posting = self.holds.pop(hold, None)
            return "unknown_transfer" if posting is None else self._post(posting, text)

        return self._once(text, act)

    def void(self, hold: int, text: str) -> Outcome:
        def act() -> str | None:
            if self.holds.pop(hold, None) is None:
                return "unknown_transfer"
            self.journal.append(Heard(len(self.journal) + 1, text, self.stamp))
            return None

        return self._once(text, act)

    def _post(self, posting: Posting, text: str) -> str | None:
        source, target, currency = self.path(posting.source), self.path(posting.target), posting.currency
        client = {part_of(path, "client" if path.startswith("client:") else "") != "firm" for path in (source, target)}
        if len(client) > 1 and posting.purpose not in ("top_up", "excess"):
            return "mixes_client_money"
        if not source.startswith("custodian:") and self.balances.get((source, currency), 0) < posting.amount:
            return "insufficient_funds"
        self.balances[source, currency] = self.balances.get((source, currency), 0) - posting.amount
        self.balances[target, currency] = self.balances.get((target, currency), 0) + posting.amount
        posted = [
            (path, currency, amount)
            for path, amount in ((source, posting.amount), (target, -posting.amount))
            if path.startswith("custodian:")
        ]
        self.journal.append(Heard(len(self.journal) + 1, text, self.stamp, posted=tuple(posted)))
        return None

    def _once(self, text: str, act) -> Outcome:  # type: ignore[no-untyped-def]
        known = self.answers.get(text)
        if known is None:
            reason = act()
            known = self.answers[text] = Outcome(len(self.journal), reason)
        return known


class House:
    """Client money with banks that answer at once. `now` is ns UTC."""

    def __init__(self, folder: Path, books: PlainBooks | None = None) -> None:
        self.folder = folder
        self.now = int(datetime(DAY.year, DAY.month, DAY.day, 9, tzinfo=UTC).timestamp()) * NS_PER_S
        self.books = books or PlainBooks()
        self.books.stamp = self.now
        self.banks = {bank.name: Bank(name=bank.name, day=DAY) for bank in TERMS.banks}
        for account in TERMS.accounts:
            self.banks[account.bank].open(account.number, account.currency, "Isthmus")
        self.told = 0
        self.waiting: dict[str, list[Statement]] = {name: [] for name in self.banks}
        self.money = self._open()

    def _open(self) -> ClientMoney:
        money = ClientMoney(TERMS, Store(self.folder / "custody.sqlite", "T1"), self.books)
        money.statements.opened = self.now
        self.told = 0
        return money

    def restart(self) -> None:
        """As after kill -9: what was in memory is gone, journal and file are read again."""
        self.money.store.close()
        self.money = self._open()
        self.hear()
        self.money.converge(self.now)
        self.hear()

    def hear(self) -> None:
        """What became durable."""
        for heard in self.books.journal[self.told :]:
            self.money.hear(heard)
        self.told = len(self.books.journal)

    def later(self, ns: int) -> None:
        self.now += ns
        self.books.stamp = self.now

    def pay_in(self, bank: str, amount: int, reference: str, currency: str = "EUR", side: str = "client") -> None:
        """Somebody pays to our account there; the bank notifies us at once."""
        number = f"{bank.upper()}-{currency}-{side}"
        self.banks[bank].credit(number, amount, "NONREF", reference)
        self.notice(bank, number)

    def notice(self, bank: str, number: str) -> None:
        self.money.statements.answered(bank, self.now)
        self.money.take(self.banks[bank].report(number), self.now)
        self.hear()

    def fund(self, client: int, amount: int, bank: str = ALPHA, currency: str = "EUR") -> None:
        self.pay_in(bank, amount, reference_of(client), currency)

    def carry(self, lose_answers: bool = False) -> None:
        """Brings waiting instructions to banks that answer, and their answers back."""
        for name, bank in self.banks.items():
            for one in self.money.waiting(name):
                self.money.leaving(one.message)
                if "silent" in bank.faults:
                    self.money.not_sent(one.message)
                    self.money.statements.not_answered(name, self.now)
                    continue
                asked = Asked(
                    one.message, one.reference, one.debtor_account, one.creditor_account, one.amount, one.currency
                )
                (paid,) = bank.pay([asked])
                if lose_answers:
                    continue
                self.money.given(one.message)
                self.money.answered(one.message, paid.status == "ACSC", paid.words, self.now)
        self.hear()

    def close_day(self) -> None:
        """Banks make their statements of the day and hand them out once they answer; the night passes."""
        for name, bank in self.banks.items():
            self.waiting[name] += bank.close_day()
            while self.waiting[name] and "silent" not in bank.faults:
                self.money.statements.answered(name, self.now)
                self.money.take(self.waiting[name].pop(0), self.now)
        self.hear()
        self.reconcile()
        self.later(24 * HOUR_NS)

    def reconcile(self):  # type: ignore[no-untyped-def]
        positions = {one.currency: one for one in self.money.statements.reconcile(self.now)}
        self.hear()
        return positions

    def causes(self) -> list[str]:
        return sorted(one.found.cause for one in self.money.statements.breaks(self.now))

    def ask(self, amount: int, client: int = 16, currency: str = "EUR", client_id: str = "") -> Withdrawal | NotAllowed:
        made = self.money.request(
            NewWithdrawal(
                account=client, currency=currency, amount=amount, to_name="A Client",
                to_account="DE02120300000000202051", to_bank="BYLADEM1001", user="demo", client_id=client_id,
            ),
            self.now,
        )  # fmt: skip
        self.hear()
        return made

    def let_go(self, number: int) -> Withdrawal | NotAllowed:
        """Both pairs of eyes."""
        self.money.approve(number, "ann")
        released = self.money.release(number, "bob", self.now)
        self.hear()
        return released

    def paid_out(self) -> int:
        """What all banks really paid to clients."""
        own = {account.number for account in TERMS.accounts}
        return sum(
            one.asked.amount
            for bank in self.banks.values()
            for answers in bank.answers.values()
            for one in answers
            if one.status == "ACSC" and one.asked.creditor not in own
        )
