"""The rules of reconciliation one by one: matching, sequence, the split over banks, ages, the daily record."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.ledger.custody.ledgered import TERMS

from isthmus.ledger.custody import daily
from isthmus.ledger.custody.ageing import OpenBreak, aged, blocked
from isthmus.ledger.custody.internal import Position, Standing, part_of, positions, proposals
from isthmus.ledger.custody.matching import Window, match
from isthmus.ledger.custody.policy import Held, pay_from, rebalance, split, take_at
from isthmus.ledger.custody.sequence import Before, check, gaps
from isthmus.ledger.custody.store import Store
from isthmus.ledger.custody.values import BankAccount, BookEntry, Break, Line, Statement
from isthmus.ledger.custody.words import CAUSES, Figures, age_text

ACCOUNT = BankAccount("alpha", "A1", "EUR", "client")
EUR = Figures("EUR", 2)
DAY = date(2026, 3, 2)


def line(amount: int, reference: str = "NONREF", day: int = 0, key: str = "") -> Line:
    mark = key or f"{reference}/{amount}/{day}"
    return Line(mark, DAY + timedelta(days=day), amount, reference, mark)


def entry(sequence: int, amount: int, reference: str = "", day: int = 0) -> BookEntry:
    return BookEntry(sequence, "alpha", "client", "EUR", amount, reference, DAY + timedelta(days=day))


def causes(lines: list[Line], entries: list[BookEntry], through: int = 10) -> list[tuple[str, int | None]]:
    window = Window(2, (DAY + timedelta(days=through)).toordinal())
    return [(one.cause, one.amount) for one in match(ACCOUNT, lines, entries, window, EUR).breaks]


def test_a_reference_an_amount_and_near_days_make_one() -> None:
    assert causes([line(-500, "WD-1", 1)], [entry(7, -500, "WD-1")]) == []


def test_a_cent_is_a_break_of_a_cent() -> None:
    assert causes([line(-501, "WD-1")], [entry(7, -500, "WD-1")]) == [("amount_differs", -1)]


def test_a_reference_that_nothing_else_has_is_enough_however_late_the_bank_tells_it() -> None:
    assert causes([line(-500, "WD-1", 5)], [entry(7, -500, "WD-1")]) == []


def test_of_a_reference_that_is_used_again_the_days_decide() -> None:
    lines, entries = [line(-500, "RENT", 0), line(-500, "RENT", 9)], [entry(7, -500, "RENT"), entry(8, -500, "RENT", 4)]
    window = Window(2, (DAY + timedelta(days=10)).toordinal())
    found = match(ACCOUNT, lines[:1], entries, window, EUR)
    assert [(one.line.day, one.entry.sequence) for one in found.matches] == [(DAY, 7)]


def test_an_entry_is_missing_at_the_bank_only_once_the_bank_told_its_days() -> None:
    assert causes([], [entry(7, -500, "WD-1")], through=1) == []
    assert causes([], [entry(7, -500, "WD-1")], through=2) == [("missing_at_bank", 500)]


def test_a_line_without_reference_meets_what_it_alone_can_mean() -> None:
    assert causes([line(500)], [entry(7, 500)]) == []


def test_a_guess_among_two_is_left_to_a_person() -> None:
    assert sorted(causes([line(500)], [entry(7, 500), entry(8, 500)])) == [
        ("missing_at_bank", -500),
        ("missing_at_bank", -500),
        ("missing_in_books", 500),
    ]


MOVES = st.lists(st.tuples(st.integers(-50, 50).filter(bool), st.integers(0, 3)), max_size=8)


@given(moves=MOVES, shuffled=st.randoms(use_true_random=False))
def test_what_bank_and_books_agree_on_leaves_no_break_in_whatever_order_it_is_told(moves, shuffled) -> None:  # type: ignore[no-untyped-def]
    lines = [line(amount, f"R{place}", day) for place, (amount, day) in enumerate(moves)]
    entries = [entry(place, amount, f"R{place}", day) for place, (amount, day) in enumerate(moves)]
    shuffled.shuffle(lines)
    shuffled.shuffle(entries)
    assert causes(lines, entries) == []


@given(moves=MOVES, extra=MOVES)
def test_what_is_left_over_is_exactly_the_difference_of_bank_and_books(moves, extra) -> None:  # type: ignore[no-untyped-def]
    lines = [line(amount, f"R{place}", day) for place, (amount, day) in enumerate(moves)]
    lines += [line(amount, f"X{place}", day) for place, (amount, day) in enumerate(extra)]
    entries = [entry(place, amount, f"R{place}", day) for place, (amount, day) in enumerate(moves)]
    told, booked = sum(one.amount for one in lines), sum(one.amount for one in entries)
    assert sum(amount or 0 for _, amount in causes(lines, entries)) == told - booked


def statement(**changes: object) -> Statement:
    usual = Statement("alpha", "A1", "EUR", 5, 100, 90, DAY, (line(-10, "WD-1"),), True, "five", "S5")
    return msgspec.structs.replace(usual, **changes)


BEFORE = [Before(4, "four", 120, 100, 1)]


@pytest.mark.parametrize(
    ("changes", "taken", "cause"),
    [
        ({}, True, []),
        ({"currency": "USD"}, False, ["wrong_currency"]),
        ({"number": 4}, False, ["duplicate_statement"]),
        ({"digest": "four"}, False, ["duplicate_statement"]),
        ({"closing": 91}, True, ["does_not_add_up"]),
        ({"opening": 101, "closing": 91}, True, ["wrong_opening"]),
        ({"number": 7, "opening": 33, "closing": 23}, True, []),
        ({"number": None, "opening": 33, "closing": 23}, True, ["wrong_opening"]),
        ({"final": False, "closing": 5}, True, []),
    ],
)
def test_each_fault_of_a_statement_has_its_name(changes: dict[str, object], taken: bool, cause: list[str]) -> None:
    verdict = check(ACCOUNT, statement(**changes), BEFORE, EUR)
    assert (verdict.taken, [one.cause for one in verdict.breaks]) == (taken, cause)


def test_a_statement_of_nobodys_account_is_not_taken() -> None:
    verdict = check(None, statement(), [], EUR)
    assert not verdict.taken and [one.cause for one in verdict.breaks] == ["unknown_account"]


def test_gaps_are_told_by_their_numbers_and_end_when_they_come() -> None:
    found = gaps(ACCOUNT, {3: "d3", 7: "d7", 8: "d8", 10: "d10"})
    assert [one.reference for one in found] == ["4 to 6", "9"]
    assert gaps(ACCOUNT, {3: "d3", 4: "d4"}) == []


@given(
    total=st.integers(0, 10**12), weights=st.dictionaries(st.text("abc", min_size=1), st.integers(0, 999), min_size=1)
)
def test_a_split_is_whole_and_within_one_unit_of_each_share(total: int, weights: dict[str, int]) -> None:
    if not any(weights.values()):
        with pytest.raises(ValueError, match="weights"):
            split(total, weights)
        return
    shares, whole = split(total, weights), sum(weights.values())
    assert sum(shares.values()) == total
    assert all(abs(shares[bank] * whole - total * weight) < whole for bank, weight in weights.items())


def test_a_bank_that_does_not_answer_neither_pays_nor_is_paid() -> None:
    banks = [Held("alpha", 60, 900, 900, False), Held("beta", 40, 100, 100, True)]
    assert (pay_from(banks, 100), pay_from(banks, 101), take_at(banks)) == ("beta", None, "beta")
    assert rebalance(banks, "EUR", 0) == []


def test_payments_bring_the_split_back() -> None:
    banks = [Held("alpha", 50, 700, 700, True), Held("beta", 50, 300, 300, True)]
    assert (pay_from(banks, 100), take_at(banks)) == ("alpha", "beta")
    assert [(one.source, one.amount) for one in rebalance(banks, "EUR", 500)] == [("custodian:alpha:client", 200)]
    assert rebalance(banks, "EUR", 2_000) == []


@pytest.mark.parametrize(
    ("path", "kind", "part"),
    [
        ("client:ann", "client", "entitlement"),
        ("suspense:deposits:client", "suspense", "entitlement"),
        ("suspense:x:firm", "suspense", "firm"),
        ("custodian:alpha:client", "custodian", "custodian"),
        ("custodian:alpha:firm", "custodian", "firm"),
        ("custodian:transit:client", "custodian", "transit"),
        ("venue:x", "venue", "venue"),
        ("world", "world", "outside"),
        ("house:fees", "house", "firm"),
    ],
)
def test_every_account_has_its_part_in_client_money(path: str, kind: str, part: str) -> None:
    assert part_of(path, kind) == part


def test_money_that_came_without_a_bank_is_a_shortfall_and_says_so() -> None:
    rows = [Standing("client:a", "entitlement", "EUR", 100), Standing("world", "outside", "EUR", -100)]
    (found,) = positions(rows, ["EUR"])
    assert (found.difference, found.no_bank, found.held) == (100, 100, 0)


def test_a_shortfall_is_paid_as_far_as_the_firm_has_money_heaviest_bank_first() -> None:
    position = Position("EUR", 100, {"custodian:alpha:client": 40}, 0, 0, 0)
    found = proposals(position, {"alpha": 25, "beta": 99}, ["alpha", "beta"])
    assert [(one.purpose, one.source, one.amount) for one in found] == [
        ("top_up", "custodian:alpha:firm", 25),
        ("top_up", "custodian:beta:firm", 35),
    ]


def test_a_break_blocks_once_it_is_older_than_the_limit_of_its_cause() -> None:
    one = OpenBreak(Break("k", "amount_differs", "alpha", "A1", "EUR", 1, "r", "why"), 0)
    limits = {"default": 10, "shortfall": 0}
    assert not aged(one, limits, 10 * 10**9).blocks
    late = aged(one, limits, 11 * 10**9)
    assert late.blocks and blocked([late]) == {"EUR": ["k"]}
    harmless = msgspec.structs.replace(one.found, cause="excess")
    assert not aged(OpenBreak(harmless, 0), limits, 10**18).blocks


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3_600, "1 h"), (12_000, "3 h 20 min"), (187_200, "2 d 4 h")],
)
def test_ages_are_told_in_two_units(seconds: int, text: str) -> None:
    assert age_text(seconds * 10**9) == text


def test_every_cause_has_words() -> None:
    assert all(CAUSES.values()) and len(CAUSES) == 16


def record(day: str, previous: str) -> daily.DailyRecord:
    return daily.DailyRecord(day, f"{day}T00:00:01Z", 7, previous, [], [], [], [], {}, {})


def test_a_record_that_was_changed_or_taken_out_breaks_the_chain() -> None:
    first = record("2026-03-02", daily.FIRST)
    second = record("2026-03-03", first.hash)
    third = record("2026-03-04", second.hash)
    rows = [(one.encoded(), one.hash) for one in (first, second, third)]
    assert daily.broken_link(rows) is None
    assert daily.broken_link([rows[0], rows[2]]) == 1
    changed = rows[1][0].replace(b"03-03", b"03-05")
    assert daily.broken_link([rows[0], (changed, rows[1][1]), rows[2]]) == 1
    assert first.hash in daily.plain_text(first)


def test_the_file_keeps_records_for_ever(tmp_path: Path) -> None:
    store = Store(tmp_path / "c.sqlite", "I")
    store.add_record("2026-03-02", "h", b"{}")
    store.close()
    base = sqlite3.connect(tmp_path / "c.sqlite")
    for words in ("UPDATE records SET body = 'x'", "DELETE FROM records"):
        with pytest.raises(sqlite3.DatabaseError, match="records stay"):
            base.execute(words)
    base.close()
    assert (tmp_path / "c.sqlite").stat().st_mode & 0o077 == 0


def test_terms_know_their_accounts() -> None:
    assert TERMS.currencies == ("EUR", "USD")
    assert TERMS.of_path("custodian:alpha:client", "EUR") == TERMS.account("alpha", "ALPHA-EUR-client")
