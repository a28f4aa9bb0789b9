"""Statements taken in, lines booked, breaks found: what banks told, and what the books make of it."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from isthmus.kernel.values import NS_PER_S
from isthmus.ledger.custody import internal, sequence
from isthmus.ledger.custody.ageing import Aged, aged, blocked
from isthmus.ledger.custody.books import Books
from isthmus.ledger.custody.deposits import Meaning, meaning
from isthmus.ledger.custody.matching import Matching, Window, match
from isthmus.ledger.custody.store import KeptLine, Store
from isthmus.ledger.custody.terms import Terms
from isthmus.ledger.custody.values import BankAccount, BookEntry, Break, Statement
from isthmus.ledger.custody.withdrawals import NotAllowed
from isthmus.ledger.custody.words import age_text, missing_at_bank, of_account

EVENTS = frozenset(
    (
        "duplicate_statement",
        "wrong_opening",
        "does_not_add_up",
        "unknown_account",
        "wrong_currency",
        "unreadable_statement",
    )
)
"""Causes that happened once: they stay until an operator settles them. The others end when they are not found again."""


EXPLAIN = ("does_not_add_up", "wrong_opening", "gap_in_statements")
"""Open breaks of an account that tell already why its balance differs."""
SETTLED_BY_PEOPLE = EVENTS | {"missing_in_books", "missing_at_bank", "amount_differs", "gap_in_statements"}
"""Causes that an operator may settle: what they are about is told by their key, and does not come again."""


NO_ENTRY = 0
"""Of a line that a person put away: no record has this number."""


class Link(Struct):
    """How a bank does. `silent_since`: the first call in a row that was not answered (ns UTC); None: it answers."""

    answered: int = 0
    silent_since: int | None = None


class Statements:
    """Owns what banks told and the breaks. `entries` are those of custodian accounts, as the journal tells them."""

    def __init__(self, terms: Terms, store: Store, books: Books) -> None:
        self._terms = terms
        self._store = store
        self._books = books
        self.entries: dict[tuple[int, str], BookEntry] = {}
        """That no line is yet, by record and path."""
        self._matched = store.matched()
        self._booked: dict[tuple[str, str], int] = {}
        """What the durable books have at a bank, by path and currency."""
        self.links = {bank.name: Link() for bank in terms.banks}
        self.opened: int | None = None
        """When this run began: no statement is late before."""

    def hear(self, entry: BookEntry) -> None:
        """An entry of a custodian account became durable, or is read again. One record may have two."""
        account = self._terms.at(entry.bank, entry.currency, entry.side)
        if account is not None:
            place = (account.path, account.currency)
            self._booked[place] = self._booked.get(place, 0) + entry.amount
        if account is not None and (entry.sequence, account.bank, account.number) not in self._matched:
            self.entries[entry.sequence, account.path] = entry

    def take(self, one: Statement, at: int) -> bool:
        """Whether its lines count. A report within the day that came before changes nothing."""
        if not one.final and self._store.seen_report(one.bank, one.digest):
            return False
        account = self._terms.account(one.bank, one.account)
        figures = self._terms.figures(one.currency)
        verdict = sequence.check(account, one, self._store.before(one.bank, one.account), figures)
        with self._store.together():
            self._store.add_statement(one, verdict.taken, at)
            for found in verdict.breaks:
                self._store.open_break(found, at)
            if verdict.taken:
                for line in one.lines:
                    if one.final or line.bank_reference:
                        self._store.keep_line(one.bank, one.account, line, one.final, at)
        return verdict.taken

    def unreadable(self, bank: str, digest: str, why: str, at: int) -> None:
        """A message of a bank that is no statement and no answer."""
        for currency in self._terms.currencies:
            key = f"unreadable_statement|{bank}|{currency}|{digest[:16]}"
            words = f"a message of {bank} cannot be read: {why}"
            found = Break(key, "unreadable_statement", bank, "", currency, None, digest[:16], words)
            self._store.open_break(found, at)

    def answered(self, bank: str, at: int) -> None:
        """The bank spoke to us."""
        self.links[bank].answered, self.links[bank].silent_since = at, None

    def not_answered(self, bank: str, at: int) -> None:
        """A call was not answered."""
        link = self.links[bank]
        if link.silent_since is None:
            link.silent_since = at

    def up(self, bank: str) -> bool:
        """Whether the last call was answered."""
        return self.links[bank].silent_since is None

    def meanings(self) -> list[tuple[KeptLine, BankAccount, Meaning]]:
        """What every line of ours is that may still make something happen, oldest first."""
        return self.meant(self._store.open_lines())

    def meant(self, lines: Iterable[KeptLine]) -> list[tuple[KeptLine, BankAccount, Meaning]]:
        """What lines of ours are."""
        found = []
        for kept in lines:
            account = self._terms.account(kept.bank, kept.account)
            if account is not None:
                meant = meaning(kept.line, self._books.is_client)
                found.append((kept, account, self._returned(kept, meant) if meant.kind == "return" else meant))
        return found

    def _returned(self, kept: KeptLine, meant: Meaning) -> Meaning:
        """What comes back is the client's only if it is what was paid out; else a person looks at it."""
        one = self._store.withdrawal(meant.number)
        if one is None or one.state not in ("sent", "confirmed", "returned") or one.amount != kept.line.amount:
            return Meaning("suspense", 0, "tells the reference of a withdrawal, but is not what was paid out for it")
        return meant

    def reconcile(self, at: int) -> list[internal.Position]:
        """Matches what can be matched, opens and ends breaks. The positions of client money by currency."""
        found: list[Break] = []
        known = [one.found for one in self._store.breaks()]
        for account in self._terms.accounts:
            matching = self._match(account)
            found += matching.breaks
            found += sequence.gaps(account, self._store.numbers(account.bank, account.number))
            found += self._quiet(account, at)
            if not any(one.account == account.number and one.cause in EXPLAIN for one in (*found, *known)):
                found += self._balance(account)
        found += self._suspense()
        positions = internal.positions(self._books.standings(self._terms.currencies), self._terms.currencies)
        for position in positions:
            off = internal.break_of(position, self._terms.figures(position.currency))
            found += [off] if off is not None else []
        self._settle(found, at)
        return positions

    def _match(self, account: BankAccount) -> Matching:
        lines = self._store.unmatched(account.bank, account.number)
        entries = [
            entry
            for (_, path), entry in self.entries.items()
            if path == account.path and entry.currency == account.currency
        ]
        newest = self._store.newest(account.bank, account.number)
        window = Window(self._terms.window_days, newest[1] if newest is not None else 0)
        figures = self._terms.figures(account.currency)
        made = match(account, [kept.line for kept in lines], entries, window, figures)
        with self._store.together():
            for pair in made.matches:
                self._store.set_matched(account.bank, account.number, pair.line.key, pair.entry.sequence)
                del self.entries[pair.entry.sequence, account.path]
                self._matched.add((pair.entry.sequence, account.bank, account.number))
        return made

    def _balance(self, account: BankAccount) -> Iterable[Break]:
        """Whether the bank's last closing balance is that of the books, less what only one of them has."""
        last = self._store.closing(account.bank, account.number)
        if last is None or last.closing is None:
            return
        only_bank = sum(kept.line.amount for kept in self._store.unmatched(account.bank, account.number))
        place = (account.path, account.currency)
        waiting = [entry for (_, path), entry in self.entries.items() if (path, entry.currency) == place]
        figures = self._terms.figures(account.currency)
        settled = self._store.was_ended_by_person
        only_books = sum(entry.amount for entry in waiting if not settled(missing_at_bank(account, entry, figures).key))
        expected = self._booked.get(place, 0) + only_bank - only_books
        if last.closing != expected:
            words = (
                f"{account.bank} {account.number} closed {last.day} with {figures.text(last.closing)}; "
                f"books and lines make {figures.text(expected)}"
            )
            yield of_account("balance_differs", account, "", words, last.closing - expected)

    def _quiet(self, account: BankAccount, at: int) -> Iterable[Break]:
        link = self.links[account.bank]
        since = link.silent_since
        if since is not None and at - since > self._terms.silent_s * NS_PER_S:
            words = (
                f"{account.bank} has not answered for {age_text(at - since)}: what it holds in {account.currency} "
                "cannot be checked"
            )
            yield of_account("bank_silent", account, "", words)
        newest = self._store.newest(account.bank, account.number)
        last = max(newest[0] if newest is not None else 0, self.opened or at)
        if at - last > self._terms.statement_s * NS_PER_S:
            words = (
                f"{account.bank} {account.number}: the last statement came {age_text(at - last)} ago; one is due every "
                f"{age_text(self._terms.statement_s * NS_PER_S)}"
            )
            yield of_account("late_statement", account, "", words)

    def _suspense(self) -> Iterable[Break]:
        for kept, account, meant in self.meanings():
            if meant.kind == "suspense" and kept.assigned is None and account.side == "client":
                amount = self._terms.figures(account.currency).text(kept.line.amount)
                words = f"{amount} came to {account.bank} on {kept.line.day} and {meant.words}: it lies in suspense"
                yield of_account("unmatched_deposit", account, kept.line.key, words, kept.line.amount)

    def _settle(self, found: list[Break], at: int) -> None:
        """What is found is open, what is not found any more has ended; what an operator settled stays settled."""
        with self._store.together():
            now_open = {one.found.key: one.found for one in self._store.breaks()}
            keys = {one.key for one in found}
            for one in found:
                if one.key in now_open or not self._store.was_ended_by_person(one.key):
                    self._store.open_break(one, at)
            for key, one in now_open.items():
                if key not in keys and one.cause not in EVENTS:
                    self._store.end_break(key, at, "", "not found any more")

    def settle(self, key: str, operator: str, why: str, at: int) -> NotAllowed | None:
        """An operator ends a break that would not end by itself; who and why stay in the file."""
        one = next((one.found for one in self._store.breaks() if one.found.key == key), None)
        if one is None:
            return NotAllowed("unknown_break", "no open break has this key")
        if one.cause not in SETTLED_BY_PEOPLE:
            return NotAllowed("not_settled_by_people", f"{one.cause} ends by itself when it is not found any more")
        with self._store.together():
            self._store.end_break(key, at, operator, why)
            self._put_away(one)
        return None

    def _put_away(self, one: Break) -> None:
        """What a person looked at is compared no more; a balance that differs because of it stays a break."""
        account = self._terms.account(one.bank, one.account)
        if account is None or one.cause not in ("amount_differs", "missing_in_books"):
            return
        lines = [kept.line for kept in self._store.unmatched(account.bank, account.number)]
        if one.cause == "missing_in_books":
            self._store.set_matched(account.bank, account.number, one.reference, NO_ENTRY)
            return
        meant = [entry for (_, path), entry in self.entries.items() if path == account.path]
        for line, entry in ((line, entry) for line in lines for entry in meant if entry.reference == one.reference):
            if one.reference in (line.reference, line.bank_reference, line.key):
                self._store.set_matched(account.bank, account.number, line.key, entry.sequence)
                self._matched.add((entry.sequence, account.bank, account.number))
                self.entries.pop((entry.sequence, account.path), None)
                return

    def breaks(self, at: int) -> list[Aged]:
        """Open ones with their age, oldest first."""
        return [aged(one, self._terms.limits_s, at) for one in self._store.breaks()]

    def blocked(self, at: int) -> dict[str, list[str]]:
        """Currency -> words of the breaks that block its withdrawals."""
        open_now = self.breaks(at)
        words = {one.found.key: one.words for one in open_now}
        return {currency: [words[key] for key in keys] for currency, keys in blocked(open_now).items()}
