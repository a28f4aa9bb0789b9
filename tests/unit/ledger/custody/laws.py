"""Laws of client money, held by houses that are drawn: whatever banks do and however often we are stopped."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.unit.ledger.custody.ledgered import ALPHA, BETA, CLIENTS, HOUR_NS, TERMS, House

from isthmus.ledger.custody.withdrawals import Withdrawal

BANKS = st.sampled_from((ALPHA, BETA))
AMOUNTS = st.integers(1, 400_00)


class ClientMoneyLaws(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        memory = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
        self.house = self.made()
        self.came = 0

    def made(self) -> House:
        return House(self.folder)

    def teardown(self) -> None:
        if hasattr(self, "house"):
            self.settle()
            self.house.money.store.close()
            shutil.rmtree(self.folder)

    @rule(client=st.sampled_from(CLIENTS), amount=AMOUNTS, bank=BANKS)
    def fund(self, client: int, amount: int, bank: str) -> None:
        self.house.fund(client, amount, bank)
        self.came += amount

    @rule(amount=AMOUNTS, bank=BANKS)
    def strange_money(self, amount: int, bank: str) -> None:
        self.house.pay_in(bank, amount, "for whom?")
        self.came += amount

    @rule(client=st.sampled_from(CLIENTS), amount=AMOUNTS)
    def ask(self, client: int, amount: int) -> None:
        before = self.house.books.available(client, "EUR")
        made = self.house.ask(amount, client)
        if isinstance(made, Withdrawal):
            assert made.amount <= before and self.house.books.available(client, "EUR") == before - amount

    @rule(data=st.data(), step=st.sampled_from(("approve", "release", "both", "cancel", "refuse")))
    def decide(self, data: st.DataObject, step: str) -> None:
        asked = [one.number for one in self.house.money.store.withdrawals()]
        if not asked:
            return
        number = data.draw(st.sampled_from(asked))
        money = self.house.money
        if step in ("approve", "both"):
            money.approve(number, "ann")
        if step in ("release", "both"):
            money.release(number, "bob", self.house.now)
        if step in ("cancel", "refuse"):
            money.end(number, "cancelled" if step == "cancel" else "refused", self.house.now, step)
        self.house.hear()

    @rule(lose=st.booleans())
    def carry(self, lose: bool) -> None:
        self.house.carry(lose_answers=lose)

    @rule()
    def stop_suddenly(self) -> None:
        self.house.restart()

    @rule(bank=BANKS, fault=st.sampled_from(("silent", "reject")))
    def fail(self, bank: str, fault: str) -> None:
        self.house.banks[bank].faults.append(fault)  # type: ignore[arg-type]
        if fault == "silent":
            self.house.money.statements.not_answered(bank, self.house.now)

    @rule(bank=BANKS)
    def recover(self, bank: str) -> None:
        self.house.banks[bank].faults.clear()
        self.house.money.statements.answered(bank, self.house.now)

    @rule()
    def go_over(self) -> None:
        self.house.later(HOUR_NS)
        self.house.money.fail_over(self.house.now)
        self.house.hear()

    @rule(data=st.data())
    def send_back(self, data: st.DataObject) -> None:
        paid = [(name, message) for name, bank in self.house.banks.items() for message in sorted(bank.answers)]
        paid = [one for one in paid if "WD" in one[1] and one not in getattr(self, "back", [])]
        if paid:
            name, message = data.draw(st.sampled_from(paid))
            line = self.house.banks[name].send_back(message)
            if line is not None:
                self.back = [*getattr(self, "back", []), (name, message)]

    @rule()
    def night(self) -> None:
        self.house.close_day()

    @rule()
    def rebalance(self) -> None:
        money = self.house.money
        for wanted in money.proposals([self.house.reconcile()["EUR"]]):
            if wanted.purpose == "custody":
                move = money.propose(wanted, "")
                money.approve_move(move.number, "ann", self.house.now)
                money.approve_move(move.number, "bob", self.house.now)

    @invariant()
    def nothing_is_made_or_lost(self) -> None:
        if hasattr(self, "house"):
            assert sum(self.house.books.balances.values()) == 0

    @invariant()
    def nobody_owes(self) -> None:
        if hasattr(self, "house"):
            for client in CLIENTS:
                assert self.house.books.available(client, "EUR") >= 0
            for bank in self.house.banks.values():
                assert all(account.balance >= 0 for account in bank.accounts.values())

    @invariant()
    def client_money_is_never_mixed(self) -> None:
        if hasattr(self, "house"):
            assert all(one.reason != "mixes_client_money" for one in self.house.books.answers.values())

    @invariant()
    def nothing_is_paid_twice(self) -> None:
        if hasattr(self, "house"):
            paid = [
                one.asked.end_to_end
                for bank in self.house.banks.values()
                for answers in bank.answers.values()
                for one in answers
                if one.status == "ACSC"
            ]
            assert len(paid) == len(set(paid))

    @invariant()
    def whoever_approved_is_another(self) -> None:
        if hasattr(self, "house"):
            for one in self.house.money.store.withdrawals():
                eyes = [one.user, one.approved_by, one.released_by]
                assert one.released_by is None or len(set(eyes)) == 3

    def settle(self) -> None:
        """Once all banks answer and told all, every cent at the banks is a client's, and nothing is left to explain."""
        house = self.house
        for name, bank in house.banks.items():
            bank.faults.clear()
            house.money.statements.answered(name, house.now)
        house.restart()
        house.carry()
        self._arrive()
        for _ in range(2):
            house.close_day()
        position = house.reconcile()["EUR"]
        own = {account.number for account in TERMS.accounts if account.currency == "EUR" and account.side == "client"}
        at_banks = sum(
            account.balance
            for bank in house.banks.values()
            for account in bank.accounts.values()
            if account.number in own
        )
        assert position.difference == 0
        assert position.entitlements == at_banks + position.in_transit
        assert set(house.causes()) <= {"unmatched_deposit", "late_statement", "gap_in_statements"}

    def _arrive(self) -> None:
        """Money on its way between two banks arrives."""
        arrived = getattr(self, "arrived", set())
        for bank in self.house.banks.values():
            for answers in list(bank.answers.values()):
                for one in answers:
                    other = self.house.banks[BETA if bank.name == ALPHA else ALPHA]
                    if (
                        one.status == "ACSC"
                        and one.asked.creditor in other.accounts
                        and one.asked.end_to_end not in arrived
                    ):
                        other.credit(one.asked.creditor, one.asked.amount, one.asked.end_to_end)
                        arrived = arrived | {one.asked.end_to_end}
        self.arrived = arrived
