"""Client money from the deposit to the payment, through failing banks and sudden stops."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.ledger.custody.ledgered import ALPHA, BETA, HOUR_NS, House

from isthmus.ledger.custody.internal import Proposal
from isthmus.ledger.custody.references import reference_of
from isthmus.ledger.custody.withdrawals import NotAllowed, Withdrawal


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def refusal(answer: object) -> str:
    assert isinstance(answer, NotAllowed)
    return answer.reason


def made(answer: object) -> Withdrawal:
    assert isinstance(answer, Withdrawal), answer
    return answer


def test_a_deposit_is_booked_once_though_notice_and_statement_both_tell_it(house: House) -> None:
    house.fund(16, 250_00)
    house.close_day()
    assert house.books.balances["client:16", "EUR"] == 250_00
    assert house.books.balances["custodian:alpha:client", "EUR"] == -250_00
    assert house.causes() == []
    assert house.reconcile()["EUR"].difference == 0


def test_money_that_names_nobody_lies_in_suspense_as_client_money_until_it_is_assigned(house: House) -> None:
    house.pay_in(ALPHA, 90_00, "invoice 12")
    position = house.reconcile()["EUR"]
    assert (position.entitlements, position.held, house.causes()) == (90_00, 90_00, ["unmatched_deposit"])
    (kept,) = house.money.store.lines()
    assert house.money.assign(ALPHA, kept.account, kept.line.key, 17, house.now) is None
    house.hear()
    house.reconcile()
    assert house.books.balances["client:17", "EUR"] == 90_00 and house.causes() == []


def test_a_withdrawal_goes_through_two_operators_a_bank_and_back(house: House) -> None:
    house.fund(16, 250_00)
    asked = made(house.ask(100_00))
    assert house.books.available(16, "EUR") == 150_00
    assert refusal(house.money.approve(asked.number, "demo")) == "same_person"
    assert refusal(house.money.release(asked.number, "bob", house.now)) == "wrong_state"
    made(house.money.approve(asked.number, "ann"))
    assert refusal(house.money.release(asked.number, "ann", house.now)) == "same_person"
    assert refusal(house.money.release(asked.number, "demo", house.now)) == "same_person"
    made(house.money.release(asked.number, "bob", house.now))
    house.carry()
    assert house.money.store.withdrawal(asked.number).state == "confirmed"
    assert house.books.balances["client:16", "EUR"] == 150_00
    house.close_day()
    assert house.causes() == [] and house.paid_out() == 100_00


def test_what_the_bank_refuses_is_free_again_and_what_comes_back_is_the_clients(house: House) -> None:
    house.fund(16, 250_00)
    house.banks[ALPHA].faults.append("reject")
    first = made(house.ask(100_00))
    house.let_go(first.number)
    house.carry()
    assert house.money.store.withdrawal(first.number).state == "rejected"
    assert house.books.available(16, "EUR") == 250_00
    house.banks[ALPHA].faults.clear()
    second = made(house.ask(100_00))
    house.let_go(second.number)
    house.carry()
    house.banks[ALPHA].send_back(f"T1-{second.hold_key}")
    house.notice(ALPHA, "ALPHA-EUR-client")
    house.close_day()
    assert house.money.store.withdrawal(second.number).state == "returned"
    assert house.books.balances["client:16", "EUR"] == 250_00 and house.causes() == []


def test_more_than_is_available_is_refused_whatever_else_is_asked_at_the_same_time(house: House) -> None:
    house.fund(16, 250_00)
    made(house.ask(200_00))
    assert refusal(house.ask(50_01)) == "insufficient_funds"
    made(house.ask(50_00))
    assert house.books.available(16, "EUR") == 0


def test_a_clients_id_asks_once(house: House) -> None:
    house.fund(16, 250_00)
    first, again = house.ask(10_00, client_id="a"), house.ask(10_00, client_id="a")
    assert first == again
    assert refusal(house.ask(11_00, client_id="a")) == "duplicate_client_id"


def test_limits_of_one_withdrawal_and_of_a_day_hold(house: House) -> None:
    house.fund(16, 50_000_00)
    assert refusal(house.ask(10_000_01)) == "withdrawal_limit"
    made(house.ask(10_000_00))
    made(house.ask(10_000_00))
    assert refusal(house.ask(1)) == "withdrawal_day_limit"


def test_a_cent_is_found_aged_explained_and_blocks_withdrawals_of_its_currency_only(house: House) -> None:
    house.fund(16, 250_00)
    house.fund(16, 70_00, bank=BETA, currency="USD")
    house.banks[ALPHA].faults.append("cent_entry")
    waiting = made(house.ask(10_00))
    house.money.approve(waiting.number, "ann")
    for one in house.banks[ALPHA].close_day():
        house.money.take(one, house.now)
    house.reconcile()
    (found,) = house.money.statements.breaks(house.now)
    assert (found.found.cause, found.found.amount, found.blocks) == ("amount_differs", 1, False)
    assert "the bank is 0.01 EUR above" in found.words
    house.later(HOUR_NS + 1)
    (found,) = house.money.statements.breaks(house.now)
    assert found.blocks and "Found 1 h ago" in found.words
    assert refusal(house.ask(10_00)) == "blocked_by_break"
    assert refusal(house.money.release(waiting.number, "bob", house.now)) == "blocked_by_break"
    made(house.ask(10_00, currency="USD"))
    assert refusal(house.money.statements.settle(found.found.key, "ann", "bank admits it", house.now) or house.ask(0))
    house.reconcile()
    assert house.causes() == ["balance_differs"]
    made(house.ask(10_00))
    house.close_day()
    assert house.causes() == ["wrong_opening"]
    assert (
        house.money.statements.settle("wrong_opening|alpha|ALPHA-EUR-client|2", "ann", "corrected", house.now) is None
    )
    house.reconcile()
    assert house.causes() == []


def test_settling_a_break_hides_no_difference_of_balances(house: House) -> None:
    house.fund(16, 250_00)
    house.banks[ALPHA].credit("ALPHA-EUR-client", -3_00, "CHARGES")
    house.close_day()
    (found,) = house.money.statements.breaks(house.now)
    assert (found.found.cause, found.found.amount) == ("missing_in_books", -3_00)
    assert house.money.statements.settle(found.found.key, "ann", "fee of the bank", house.now) is None
    house.reconcile()
    (found,) = house.money.statements.breaks(house.now)
    assert (found.found.cause, found.found.amount) == ("balance_differs", -3_00)


@pytest.mark.parametrize(
    ("fault", "days", "expected"),
    [
        ("cent", 1, ["does_not_add_up"] * 4),
        ("duplicate", 1, ["duplicate_statement"] * 4),
        ("gap", 1, []),
        ("late", 1, []),
    ],
)
def test_each_fault_of_a_statement_is_found_by_its_name(
    house: House, fault: str, days: int, expected: list[str]
) -> None:
    house.close_day()
    house.banks[ALPHA].faults.append(fault)  # type: ignore[arg-type]
    for _ in range(days):
        house.close_day()
    found = [cause for cause in house.causes() if cause != "gap_in_statements"]
    assert found == expected
    assert ("gap_in_statements" in house.causes()) == (fault == "gap")
    house.close_day()
    if fault == "late":
        assert house.causes() == []


def test_a_bank_that_begins_with_money_the_books_know_nothing_of_is_found_by_its_balance(house: House) -> None:
    account = house.banks[ALPHA].accounts["ALPHA-EUR-client"]
    account.balance = account.opening = 7_00
    house.fund(16, 250_00)
    house.close_day()
    (found,) = house.money.statements.breaks(house.now)
    assert (found.found.cause, found.found.amount) == ("balance_differs", 7_00)


def test_a_statement_that_is_late_for_long_is_a_break_until_it_comes(house: House) -> None:
    house.close_day()
    house.banks[ALPHA].faults.append("late")
    house.close_day()
    house.later(3 * HOUR_NS)
    house.reconcile()
    assert house.causes() == ["late_statement"] * 4
    house.close_day()
    assert house.causes() == []


def test_a_bank_that_does_not_answer_is_replaced_for_what_never_left(house: House) -> None:
    house.fund(16, 600_00)
    house.fund(17, 250_00, bank=BETA)
    house.banks[ALPHA].faults.append("silent")
    first = made(house.ask(100_00))
    assert first.bank == ALPHA
    house.let_go(first.number)
    house.carry()
    assert house.money.store.withdrawal(first.number).state == "released"
    house.later(121 * 10**9)
    (moved,) = house.money.fail_over(house.now)
    house.hear()
    assert (moved.bank, moved.attempt) == (BETA, 1)
    house.carry()
    assert house.money.store.withdrawal(first.number).state == "confirmed"
    assert house.paid_out() == 100_00 and house.books.balances["client:16", "EUR"] == 500_00
    house.reconcile()
    assert house.causes() == ["bank_silent"] * 4


def test_what_may_have_left_is_never_paid_by_another_bank(house: House) -> None:
    house.fund(16, 600_00)
    house.fund(17, 250_00, bank=BETA)
    first = made(house.ask(100_00))
    house.let_go(first.number)
    house.carry(lose_answers=True)
    house.restart()
    house.money.statements.not_answered(ALPHA, house.now)
    house.later(HOUR_NS)
    assert house.money.fail_over(house.now) == []
    house.carry()
    assert house.paid_out() == 100_00
    assert house.money.store.withdrawal(first.number).state == "confirmed"


def test_money_moves_between_banks_by_way_of_transit_and_is_always_accounted_for(house: House) -> None:
    house.fund(16, 1_000_00)
    (wanted,) = house.money.proposals([house.reconcile()["EUR"]])
    assert wanted == Proposal("custody", "custodian:alpha:client", "custodian:beta:client", "EUR", 400_00)
    move = house.money.propose(wanted, "")
    house.money.approve_move(move.number, "ann", house.now)
    assert refusal(house.money.approve_move(move.number, "ann", house.now)) == "same_person"
    house.money.approve_move(move.number, "bob", house.now)
    house.carry()
    house.notice(ALPHA, "ALPHA-EUR-client")
    position = house.reconcile()["EUR"]
    assert (position.in_transit, position.difference) == (400_00, 0)
    house.banks[BETA].credit("BETA-EUR-client", 400_00, move.reference)
    house.notice(BETA, "BETA-EUR-client")
    position = house.reconcile()["EUR"]
    assert position.at_custodians == {"custodian:alpha:client": 600_00, "custodian:beta:client": 400_00}
    assert (position.in_transit, position.difference) == (0, 0)
    house.close_day()
    assert house.causes() == []


def test_a_shortfall_is_topped_up_by_the_firm_and_an_excess_taken_back(house: House) -> None:
    house.fund(16, 1_000_00)
    house.pay_in(ALPHA, 500_00, "capital", side="firm")
    house.books.balances["custodian:alpha:firm", "EUR"] = -500_00
    house.books.balances["house:capital", "EUR"] = 500_00
    house.books.balances["client:16", "EUR"] += 30_00
    house.books.balances["house:capital", "EUR"] -= 30_00
    position = house.reconcile()["EUR"]
    assert "shortfall" in house.causes() and position.difference == 30_00
    wanted = house.money.proposals([position])[0]
    assert wanted == Proposal("top_up", "custodian:alpha:firm", "custodian:alpha:client", "EUR", 30_00)
    move = house.money.propose(wanted, "")
    house.money.approve_move(move.number, "ann", house.now)
    house.money.approve_move(move.number, "bob", house.now)
    house.carry()
    house.notice(ALPHA, "ALPHA-EUR-firm")
    house.notice(ALPHA, "ALPHA-EUR-client")
    assert house.reconcile()["EUR"].difference == 0
    assert house.books.balances["custodian:alpha:client", "EUR"] == -1_030_00
    house.books.balances["client:16", "EUR"] -= 5_00
    house.books.balances["house:capital", "EUR"] += 5_00
    wanted = house.money.proposals([house.reconcile()["EUR"]])[0]
    assert (wanted.purpose, wanted.amount) == ("excess", 5_00)


def test_a_wrong_reference_is_nobodys() -> None:
    right = reference_of(16)
    assert right == "RF96CL16"
    from isthmus.ledger.custody.references import account_of, accounts_in

    assert account_of(right) == 16 and account_of("RF96CL61") is None
    assert accounts_in(f"for {right[:4]} {right[4:]}, thanks") == {16}
