"""Client money as a whole: what is wanted of the engine follows from what is known, and is asked for until it is done.

Nothing is remembered of what was asked: after any stop, however sudden, `converge` finds from journal and file what is
still missing, and asks under the same texts, which the engine takes once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from isthmus.kernel.values import NS_PER_S, time_text
from isthmus.ledger.custody import internal, policy, withdrawals
from isthmus.ledger.custody.books import KINDS, Books, Heard, Outcome, Posting
from isthmus.ledger.custody.deposits import SUSPENSE, Meaning
from isthmus.ledger.custody.internal import TRANSIT, Proposal
from isthmus.ledger.custody.statements import Statements
from isthmus.ledger.custody.store import Instruction, KeptLine, OwnMove, Store
from isthmus.ledger.custody.terms import Terms, held_at
from isthmus.ledger.custody.values import BankAccount, BookEntry, Statement
from isthmus.ledger.custody.withdrawals import LIVE, Asked, NotAllowed, Withdrawal

DAY_NS = 86_400 * NS_PER_S
OVER = ("confirmed", "returned", "refused", "cancelled", "rejected")
"""States of a withdrawal after which the engine has nothing left to do once its hold ended."""
GOING = ("approved", "released", "sent")
"""States of a move of our own in which its money is promised."""


class NewWithdrawal(Struct, frozen=True, kw_only=True):
    """What a client asks for."""

    account: int
    currency: str
    amount: int
    to_name: str
    to_account: str
    to_bank: str
    user: str
    client_id: str = ""


class ClientMoney:
    """One owner, one thread. Times are handed in (ns UTC)."""

    def __init__(self, terms: Terms, store: Store, books: Books) -> None:
        self.terms = terms
        self.store = store
        self.statements = Statements(terms, store, books)
        self._books = books
        self._done: dict[str, int] = {}
        """Texts that the engine took -> record."""
        self._durable: list[str] = []
        """Texts whose records are durable, since the last look at what is closed."""

    # What the journal tells.

    def hear(self, heard: Heard) -> None:
        """A record, in this run or an earlier one."""
        words = heard.text.split(" ")
        ours = words[0] in KINDS and len(words) > 1
        if ours:
            self._done[heard.text] = heard.sequence
            self._durable.append(heard.text)
        reference = words[1].partition(".")[0] if ours else heard.reference
        day = datetime.fromtimestamp(heard.stamp // NS_PER_S, UTC).date()
        for path, currency, amount in heard.posted:
            account = self.terms.of_path(path, currency)
            if account is not None:
                entry = BookEntry(heard.sequence, account.bank, account.side, currency, amount, reference, day)
                self.statements.hear(entry)

    # What clients and operators ask.

    def request(self, asked: NewWithdrawal, at: int) -> Withdrawal | NotAllowed:
        """Checked and held, or why not. The same client id gives the same withdrawal again."""
        known = self.store.withdrawal_of(asked.account, asked.client_id)
        if known is not None:
            same = (known.currency, known.amount, known.to_account) == (asked.currency, asked.amount, asked.to_account)
            return known if same else NotAllowed("duplicate_client_id", "another withdrawal has this id")
        bank = policy.pay_from(self._held(asked.currency), asked.amount)
        check = Asked(
            asked.amount,
            self._books.available(asked.account, asked.currency),
            self._day_total(asked.account, asked.currency, at),
            tuple(self.statements.blocked(at).get(asked.currency, ())),
            bank is not None,
        )
        if (refused := withdrawals.check(check, self.terms.most(asked.currency))) is not None:
            return refused
        fields = {name: getattr(asked, name) for name in NewWithdrawal.__struct_fields__}
        made = self.store.add_withdrawal(Withdrawal(number=0, requested_at=at, bank=bank or "", **fields))
        self.converge(at)
        held = self.store.withdrawal(made.number)
        assert held is not None
        if held.state == "refused":
            return NotAllowed(held.why or "refused", "the engine does not hold so much")
        return held

    def approve(self, number: int, operator: str) -> Withdrawal | NotAllowed:
        """The first operator."""
        return self._step(number, lambda one: withdrawals.approve(one, operator))

    def release(self, number: int, operator: str, at: int) -> Withdrawal | NotAllowed:
        """The second: the instruction is made, and leaves with the next call to the bank."""
        one = self.store.withdrawal(number)
        if one is None:
            return NotAllowed("unknown_withdrawal", "there is no such withdrawal")
        released = withdrawals.release(one, operator, tuple(self.statements.blocked(at).get(one.currency, ())))
        if isinstance(released, NotAllowed):
            return released
        if f"hold {one.hold_key}" not in self._done:
            return NotAllowed("not_held", "the engine does not hold the money yet")
        released = self._banked(released)
        if isinstance(released, NotAllowed):
            return released
        with self.store.together():
            self.store.keep_withdrawal(released)
            self.store.add_payment(self._instruction(released, at))
        self.converge(at)
        return released

    def end(self, number: int, state: Literal["refused", "cancelled"], at: int, why: str) -> Withdrawal | NotAllowed:
        """Before it was released: what was held is free again."""
        done = self._step(number, lambda one: withdrawals.ended(one, state, at, why))
        self.converge(at)
        return done

    def _step(self, number: int, step: Callable[[Withdrawal], Withdrawal | NotAllowed]) -> Withdrawal | NotAllowed:
        one = self.store.withdrawal(number)
        if one is None:
            return NotAllowed("unknown_withdrawal", "there is no such withdrawal")
        changed = step(one)
        if isinstance(changed, Withdrawal):
            self.store.keep_withdrawal(changed)
        return changed

    def propose(self, wanted: Proposal, operator: str) -> OwnMove:
        """A move between our own accounts that waits for two operators."""
        fields = {name: getattr(wanted, name) for name in ("purpose", "source", "target", "currency", "amount")}
        return self.store.add_move(OwnMove(number=0, proposed_by=operator, **fields))

    def approve_move(self, number: int, operator: str, at: int) -> OwnMove | NotAllowed:
        """The first operator approves, another releases."""
        one = self.store.move(number)
        if one is None:
            return NotAllowed("unknown_move", "there is no such move")
        if operator == one.proposed_by:
            return NotAllowed("same_person", f"{operator} proposed it: other operators approve and release")
        if one.state == "proposed":
            changed = replace(one, state="approved", approved_by=operator)
            self.store.keep_move(changed)
            return changed
        if one.state != "approved":
            return NotAllowed("wrong_state", f"{one.reference} is {one.state}")
        if operator == one.approved_by:
            return NotAllowed("same_person", f"{operator} approved it: another operator releases")
        changed = replace(one, state="released", released_by=operator)
        with self.store.together():
            self.store.keep_move(changed)
            self.store.add_payment(self._move_instruction(changed, at))
        return changed

    def assign(self, bank: str, account: str, key: str, to: int, at: int) -> NotAllowed | None:
        """Money in suspense is this client's."""
        for kept, at_bank, meant in self.statements.meanings():
            if (kept.bank, kept.account, kept.line.key) == (bank, account, key):
                if meant.kind != "suspense" or kept.assigned is not None or at_bank.side != "client":
                    return NotAllowed("not_in_suspense", "this line is not in suspense")
                if not self._books.is_client(to):
                    return NotAllowed("unknown_account", "that is no client's account")
                self.store.assign(bank, account, key, to)
                self.converge(at)
                return None
        return NotAllowed("unknown_line", "no bank told such a line")

    # What banks tell.

    def take(self, one: Statement, at: int) -> bool:
        """A statement, report or notice. Whether its lines count."""
        taken = self.statements.take(one, at)
        if taken:
            self._meet_lines(at)
            self.converge(at)
        return taken

    def answered(self, message: str, paid: bool, why: str, at: int) -> None:
        """The bank says of an instruction that it was paid, or refused."""
        known = self.store.payment(message)
        if known is None:
            return
        instruction, _ = known
        with self.store.together():
            self.store.set_payment(message, "answered")
            self._answer_withdrawal(instruction, paid, why, at)
            move = next((one for one in self.store.moves() if one.reference == instruction.reference), None)
            if move is not None and move.state in GOING and not paid:
                self.store.keep_move(replace(move, state="rejected", why=why))
        self.converge(at)

    def _answer_withdrawal(self, instruction: Instruction, paid: bool, why: str, at: int) -> None:
        for one in self.store.open_withdrawals():
            if one.reference == instruction.reference and self._message(one) == instruction.message:
                changed = withdrawals.confirmed(one, at) if paid else withdrawals.rejected(one, at, why)
                if isinstance(changed, Withdrawal):
                    self.store.keep_withdrawal(changed)

    def _meet_lines(self, at: int) -> None:
        """Payments that lines confirm or bring back, moves that left or arrived."""
        done = []
        with self.store.together():
            for kept, account, meant in self.statements.meanings():
                if meant.kind == "withdrawal":
                    self._step(meant.number, partial(withdrawals.confirmed, at=at))
                elif meant.kind == "return":
                    why = kept.line.information or "came back"
                    self._step(meant.number, partial(withdrawals.returned, at=at, why=why))
                elif meant.kind == "move":
                    self._meet_move(meant.number, account.path, kept.line.amount)
                if self._is_over(account, meant):
                    done.append((kept.bank, kept.account, kept.line.key))
            self.store.close_lines(done)

    def _is_over(self, account: BankAccount, meant: Meaning) -> bool:
        """Whether a line makes nothing happen any more: what it told is in the file, or never concerned clients."""
        if meant.kind == "withdrawal":
            one = self.store.withdrawal(meant.number)
            return one is None or one.state in OVER
        if meant.kind == "move":
            move = self.store.move(meant.number)
            return move is None or (move.left if account.path == move.source else move.arrived)
        return meant.kind == "unknown" or account.side == "firm"

    def _meet_move(self, number: int, path: str, amount: int) -> None:
        one = self.store.move(number)
        if one is None or abs(amount) != one.amount or one.state in ("proposed", "approved"):
            return
        left = one.left or (path == one.source and amount < 0)
        arrived = one.arrived or (path == one.target and amount > 0)
        changed = replace(one, left=left, arrived=arrived, state="arrived" if arrived else one.state)
        if changed != one:
            self.store.keep_move(changed)

    # Instructions that leave.

    def waiting(self, bank: str) -> list[Instruction]:
        """What the bank is to be told: what never left, and what may not have arrived, under the same message id."""
        return [one for one, _ in self.store.payments("made", "sending") if one.bank == bank]

    def leaving(self, message: str) -> None:
        """From now on it may have left: it is never made anew."""
        with self.store.together():
            self.store.set_payment(message, "sending")
            instruction = self.store.payment(message)
            assert instruction is not None
            self._sent(instruction[0])

    def _sent(self, instruction: Instruction) -> None:
        for one in self.store.open_withdrawals():
            if one.reference == instruction.reference and self._message(one) == instruction.message:
                changed = withdrawals.sent(one)
                if isinstance(changed, Withdrawal):
                    self.store.keep_withdrawal(changed)
        for move in self.store.moves():
            if move.reference == instruction.reference and move.state == "released":
                self.store.keep_move(replace(move, state="sent"))

    def not_sent(self, message: str) -> None:
        """No byte left: it may wait, or go elsewhere."""
        known = self.store.payment(message)
        if known is None or known[1] != "sending":
            return
        with self.store.together():
            self.store.set_payment(message, "made")
            for one in self.store.open_withdrawals():
                if self._message(one) == message and one.state == "sent":
                    self.store.keep_withdrawal(replace(one, state="released"))

    def given(self, message: str) -> None:
        """The bank has it."""
        known = self.store.payment(message)
        if known is not None and known[1] == "sending":
            self.store.set_payment(message, "given")

    def fail_over(self, at: int) -> list[Withdrawal]:
        """Withdrawals whose bank does not answer and whose instruction never left, moved to a bank that does."""
        moved = []
        for instruction, _ in self.store.payments("made"):
            link = self.statements.links[instruction.bank]
            if link.silent_since is None or at - link.silent_since < self.terms.failover_s * NS_PER_S:
                continue
            for one in self.store.open_withdrawals():
                if one.state != "released" or self._message(one) != instruction.message:
                    continue
                other = self._banked(one)
                if isinstance(other, Withdrawal) and other.bank != one.bank:
                    with self.store.together():
                        self.store.set_payment(instruction.message, "dropped")
                        self.store.keep_withdrawal(other)
                        self.store.add_payment(self._instruction(other, at))
                    moved.append(other)
        if moved:
            self.converge(at)
        return moved

    def _banked(self, one: Withdrawal) -> Withdrawal | NotAllowed:
        """At its bank, or at another one where that does not answer. Its own amount is free for itself."""
        held = [
            replace(row, free=row.free + one.amount) if row.bank == one.bank else row
            for row in self._held(one.currency)
        ]
        here = next((row for row in held if row.bank == one.bank), None)
        if here is not None and here.up and here.free >= one.amount:
            return one
        bank = policy.pay_from(held, one.amount)
        if bank is None:
            return NotAllowed("no_bank_able", "no custodian bank that answers holds so much in this currency")
        return replace(one, bank=bank, attempt=one.attempt + 1)

    def _message(self, one: Withdrawal) -> str:
        return f"{self.store.instance}-{one.hold_key}"

    def _instruction(self, one: Withdrawal, at: int) -> Instruction:
        account = self.terms.at(one.bank, one.currency)
        assert account is not None, "a withdrawal is of a bank with an account in its currency"
        return Instruction(
            message=self._message(one), bank=one.bank, reference=one.reference, debtor_account=account.number,
            creditor_name=one.to_name, creditor_account=one.to_account, creditor_bank=one.to_bank, amount=one.amount,
            currency=one.currency, created=time_text(at), day=time_text(at)[:10],
        )  # fmt: skip

    def _move_instruction(self, one: OwnMove, at: int) -> Instruction:
        source, target = (self.terms.of_path(path, one.currency) for path in (one.source, one.target))
        assert source is not None and target is not None, "a move is between accounts of the settings"
        bank = self.terms.bank(target.bank)
        assert bank is not None
        return Instruction(
            message=f"{self.store.instance}-{one.reference}", bank=source.bank, reference=one.reference,
            debtor_account=source.number, creditor_name=self.terms.house, creditor_account=target.number,
            creditor_bank=bank.bic, amount=one.amount, currency=one.currency, created=time_text(at),
            day=time_text(at)[:10], remittance=one.purpose,
        )  # fmt: skip

    # What the engine must do.

    def converge(self, at: int) -> None:
        """Asks the engine for all that is not done yet."""
        self._close()
        for one in reversed(self.store.open_withdrawals()):
            self._converge_withdrawal(one, at)
        for kept, account, meant in self.statements.meanings():
            if account.side == "client" and kept.line.amount > 0:
                self._post_all(self._of_credit(kept, account, meant))
        for move in self.store.moves():
            self._post_all(self._of_move(move))

    def _close(self) -> None:
        """What is done and durable is not looked at again."""
        lines, numbers = [], []
        for text in self._durable:
            kind, reference, *tail = text.split(" ")
            if kind in ("deposit", "assign", "return") and len(tail) == 2:
                lines.append((tail[0], tail[1], reference))
            elif kind == "void" or kind == "withdrawal":
                number, _, attempt = reference.removeprefix("WD-").partition(".")
                one = self.store.withdrawal(int(number))
                if one is not None and one.state in OVER and str(one.attempt) == attempt:
                    numbers.append(one.number)
        self._durable.clear()
        if lines or numbers:
            with self.store.together():
                self.store.close_lines(lines)
                self.store.close_withdrawals(numbers)

    def _converge_withdrawal(self, one: Withdrawal, at: int) -> None:
        for attempt in range(one.attempt):
            self._void(f"{one.reference}.{attempt}")
        if one.state in LIVE:
            outcome = self._hold(one)
            if outcome is not None and outcome.reason not in (None, "busy") and one.state != "sent":
                with self.store.together():
                    self.store.keep_withdrawal(replace(one, state="refused", ended_at=at, why=outcome.reason))
                    self.store.set_payment(self._message(one), "dropped")
        elif one.state in ("confirmed", "returned"):
            self._post_hold(one)
        elif f"hold {one.hold_key}" in self._done:
            self._void(one.hold_key)
        else:
            self.store.close_withdrawals((one.number,))

    def _hold(self, one: Withdrawal) -> Outcome | None:
        text = f"hold {one.hold_key}"
        if text in self._done:
            return None
        path = f"custodian:{one.bank}:client"
        outcome = self._books.hold(Posting(one.account, path, one.currency, one.amount, "withdrawal", text))
        return self._noted(text, outcome)

    def _post_hold(self, one: Withdrawal) -> None:
        text, hold = f"withdrawal {one.hold_key}", self._done.get(f"hold {one.hold_key}")
        if text not in self._done and hold is not None:
            self._noted(text, self._books.post(hold, text))

    def _void(self, hold_key: str) -> None:
        text, hold = f"void {hold_key}", self._done.get(f"hold {hold_key}")
        if text not in self._done and hold is not None and f"withdrawal {hold_key}" not in self._done:
            self._noted(text, self._books.void(hold, text))

    def _of_credit(self, kept: KeptLine, account: BankAccount, meant: Meaning) -> Iterator[Posting]:
        """What a credit line of a client-money account makes."""
        key, path, currency = kept.line.key, account.path, account.currency
        amount, tail = kept.line.amount, f"{kept.bank} {kept.account}"
        noticed = self._done.get(f"deposit {key} {tail}") or self._done.get(f"suspense {key} {tail}")
        if meant.kind == "deposit" and noticed is None:
            yield Posting(path, meant.number, currency, amount, "deposit", f"deposit {key} {tail}")
        elif meant.kind == "suspense":
            if noticed is None:
                yield Posting(path, SUSPENSE, currency, amount, "deposit", f"suspense {key} {tail}")
            if kept.assigned is not None:
                yield Posting(SUSPENSE, kept.assigned, currency, amount, "allocation", f"assign {key} {tail}")
        elif meant.kind == "return":
            one = self.store.withdrawal(meant.number)
            if one is not None and one.state == "returned":
                yield Posting(path, one.account, currency, amount, "deposit", f"return {key} {tail}")

    def _of_move(self, one: OwnMove) -> Iterator[Posting]:
        if one.purpose != "custody":
            if one.arrived:
                yield Posting(
                    one.target, one.source, one.currency, one.amount, one.purpose, f"move {one.reference} whole"
                )
            return
        if one.left or one.arrived:
            yield Posting(TRANSIT, one.source, one.currency, one.amount, "custody", f"move {one.reference} out")
        if one.arrived:
            yield Posting(one.target, TRANSIT, one.currency, one.amount, "custody", f"move {one.reference} in")

    def _post_all(self, wanted: Iterator[Posting]) -> None:
        for posting in wanted:
            if posting.text not in self._done:
                self._noted(posting.text, self._books.move(posting))

    def _noted(self, text: str, outcome: Outcome) -> Outcome:
        if outcome.reason is None:
            self._done[text] = outcome.sequence
        return outcome

    # What is where.

    def _held(self, currency: str) -> list[policy.Held]:
        promised: dict[str, int] = {}
        for one in self.store.open_withdrawals():
            if one.currency == currency and one.state in LIVE:
                promised[one.bank] = promised.get(one.bank, 0) + one.amount
        for move in self.store.moves():
            source = self.terms.of_path(move.source, currency)
            if move.state in GOING and not move.left and move.currency == currency and source is not None:
                promised[source.bank] = promised.get(source.bank, 0) + move.amount
        own = [account for account in self.terms.accounts if account.currency == currency]
        balances = {account.path: -self._books.at(account.path, currency) for account in own}
        up = {bank.name: self.statements.up(bank.name) for bank in self.terms.banks}
        return held_at(self.terms, currency, balances, promised, up)

    def _day_total(self, account: int, currency: str, at: int) -> int:
        return sum(
            one.amount
            for one in self.store.withdrawals_of_day(account, at // DAY_NS * DAY_NS)
            if one.currency == currency and one.state not in ("refused", "cancelled", "rejected", "returned")
        )

    def pay_to(self, currency: str) -> str | None:
        """The bank that clients are told to pay to now."""
        return policy.take_at(self._held(currency))

    def proposals(self, positions: list[internal.Position]) -> list[Proposal]:
        """Top-ups and excesses first, then what brings the split of the banks back."""
        found: list[Proposal] = []
        for position in positions:
            held = self._held(position.currency)
            firm = {
                account.bank: -self._books.at(account.path, account.currency)
                for account in self.terms.accounts
                if account.side == "firm" and account.currency == position.currency
            }
            order = [row.bank for row in sorted(held, key=lambda row: (-row.weight, row.bank)) if row.up]
            found += internal.proposals(position, firm, order)
            if position.difference == 0:
                found += policy.rebalance(held, position.currency, self.terms.tolerance_bps)
        return found
