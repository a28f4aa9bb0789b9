"""Accounts, client money and transfers: worked by hand, and laws over generated sessions. docs/reference/ledger.md."""

from __future__ import annotations

from collections import Counter
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracle import invariants, wall
from tests.oracle.messages import PENDING_ENDS, PURPOSES, TEMPLATES
from tests.oracle.pair import Pair, names, through_snapshots

from isthmus import _core

from .desks import refused
from .strategies import ALICE, BOB, DESK, EUR, START, USD, VENUE
from .strategies_ledger import (
    ACCOUNTS,
    CLIENT_BANK,
    FEES,
    FIRM_BANK,
    FUND,
    OMNIBUS,
    SECOND_BANK,
    TAX,
    UNCLEAR,
    draw,
    ledger_opening,
)
from .watched import Watched

LENGTH = 120
WORLD, INSURANCE, FX = 1, 5, 6


@pytest.fixture
def desk() -> Pair:
    pair = Watched(_core)
    for command, at in ledger_opening(3):
        pair.apply(command, at)
    pair.now = START + 10**6
    return pair


def move(desk: Pair, source: int, target: int, amount: int, purpose: str, **words: Any) -> list[Any]:
    fields = {"source": source, "target": target, "asset": USD, "amount": amount, "purpose": PURPOSES[purpose]}
    return desk.send("MovePending" if "expire" in words else "Move", **fields | words)


def own(desk: Pair, account: int, asset: int = USD) -> int:
    total, held = desk.twin.balance(account, asset)
    return total - held


def ended(effects: list[Any]) -> list[tuple[int, int, int, str]]:
    causes = {number: name for name, number in PENDING_ENDS.items()}
    found = [effect for effect in effects if type(effect).__name__ == "PendingEnded"]
    return [(effect.transfer, effect.posted, effect.released, causes[effect.cause]) for effect in found]


@pytest.mark.parametrize(
    ("kind", "side", "reason"),
    [
        (5, 0, "wrong_side"),
        (8, 3, "wrong_side"),
        (1, 1, "wrong_side"),
        (9, 2, "wrong_side"),
        (4, 0, "unknown_kind"),
        (0, 0, "unknown_kind"),
        (11, 0, "unknown_kind"),
    ],
)
def test_an_account_is_opened_on_a_side_only_where_its_kind_has_two(
    desk: Pair, kind: int, side: int, reason: str
) -> None:
    assert refused(desk.send("OpenAccount", kind=kind, side=side)) == reason


def test_money_at_a_bank_is_a_debit_that_a_deposit_raises_and_a_withdrawal_lowers_to_zero_at_most(desk: Pair) -> None:
    assert desk.twin.balance(CLIENT_BANK, USD) == (-57_000, 0)
    (posted,) = move(desk, CLIENT_BANK, ALICE, 500, "deposit")
    assert (posted.source, posted.target, posted.template) == (CLIENT_BANK, ALICE, TEMPLATES["deposit"])
    assert names(move(desk, ALICE, CLIENT_BANK, 57_500, "withdrawal")) == ["Posted"]
    assert refused(move(desk, BOB, CLIENT_BANK, 1, "withdrawal")) == "custodian_overdrawn"


def test_two_pending_withdrawals_are_never_promised_more_than_the_bank_has(desk: Pair) -> None:
    move(desk, BOB, SECOND_BANK, 20_000, "withdrawal", expire=0)
    assert refused(move(desk, ALICE, SECOND_BANK, 3_001, "withdrawal", expire=0)) == "custodian_overdrawn"
    assert names(move(desk, ALICE, SECOND_BANK, 3_000, "withdrawal")) == ["Posted"]


@pytest.mark.parametrize(
    ("source", "target", "purpose", "reason"),
    [
        (ALICE, DESK, "deposit", "mixes_client_money"),
        (ALICE, DESK, "allocation", "mixes_client_money"),
        (DESK, ALICE, "withdrawal", "mixes_client_money"),
        (CLIENT_BANK, FIRM_BANK, "custody", "mixes_client_money"),
        (CLIENT_BANK, DESK, "fee", "mixes_client_money"),
        (FIRM_BANK, ALICE, "deposit", "mixes_client_money"),
        (ALICE, FIRM_BANK, "withdrawal", "mixes_client_money"),
        (ALICE, DESK, "excess", "mixes_client_money"),
        (ALICE, DESK, "settlement", "mixes_client_money"),
        (ALICE, DESK, "correction", "mixes_client_money"),
        (ALICE, DESK, "tax", "mixes_client_money"),
        (ALICE, DESK, "insurance", "mixes_client_money"),
        (ALICE, BOB, "deposit", "purpose_not_allowed"),
        (DESK, FEES, "allocation", "purpose_not_allowed"),
        (ALICE, VENUE, "fee", None),
        (ALICE, FEES, "fee", None),
        (ALICE, TAX, "tax", None),
        (ALICE, FUND, "insurance", None),
        (FUND, ALICE, "insurance", None),
        (ALICE, DESK, "interest", None),
        (DESK, ALICE, "interest", None),
        (ALICE, BOB, "allocation", None),
        (UNCLEAR, ALICE, "allocation", None),
        (CLIENT_BANK, UNCLEAR, "deposit", None),
        (CLIENT_BANK, SECOND_BANK, "custody", None),
        (CLIENT_BANK, FIRM_BANK, "top_up", None),
        (FIRM_BANK, CLIENT_BANK, "excess", None),
        (DESK, OMNIBUS, "top_up", None),
        (OMNIBUS, DESK, "excess", None),
        (DESK, FIRM_BANK, "invoice", None),
        (ALICE, VENUE, "collateral", None),
        (WORLD, ALICE, "deposit", None),
    ],
)
def test_a_purpose_joins_only_the_sides_of_its_row(
    desk: Pair, source: int, target: int, purpose: str, reason: str | None
) -> None:
    found = move(desk, source, target, 1, purpose)
    assert (names(found) == ["Posted"]) if reason is None else (refused(found) == reason)
    desk.check_state()


def test_every_purpose_between_every_two_accounts_is_answered_alike() -> None:
    pair = Pair(_core)
    for command, at in ledger_opening(3):
        pair.apply(command, at)
    answers = Counter(
        names(move(pair, source, target, 1, purpose))[0]
        for source, target, purpose in product(ACCOUNTS, ACCOUNTS, PURPOSES)
    )
    assert answers["Posted"] > 500 and answers["Rejected"] > 1_000
    pair.check_state()


def test_a_plain_transfer_between_a_client_and_the_house_mixes_client_money(desk: Pair) -> None:
    for source, target in ((ALICE, DESK), (DESK, ALICE)):
        refusal = refused(desk.send("Transfer", source=source, target=target, asset=USD, amount=1))
        assert refusal == "mixes_client_money"
    assert names(desk.send("Transfer", source=ALICE, target=BOB, asset=USD, amount=1)) == ["Posted"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"source": 99}, "unknown_account"),
        ({"target": 9}, "unknown_account"),
        ({"asset": 0}, "unknown_asset"),
        ({"asset": 5}, "unknown_asset"),
        ({"amount": 0}, "amount_not_positive"),
        ({"target": ALICE}, "same_account"),
        ({"purpose": 3}, "unknown_purpose"),
        ({"purpose": 20}, "unknown_purpose"),
        ({"amount": 10**12}, "insufficient_funds"),
        ({"expire": 1}, "bad_expire"),
    ],
)
def test_a_bad_pending_transfer_is_refused_by_name(desk: Pair, fields: dict[str, int], reason: str) -> None:
    terms = {"source": ALICE, "target": BOB, "asset": USD, "amount": 1, "purpose": PURPOSES["allocation"]}
    assert refused(desk.send("MovePending", **terms | fields)) == reason


def test_what_is_pending_is_held_and_no_longer_available(desk: Pair) -> None:
    before = own(desk, ALICE)
    (pending,) = move(desk, ALICE, BOB, 400, "allocation", expire=0)
    assert (pending.transfer, pending.amount) == (desk.twin.state.sequence, 400)
    assert own(desk, ALICE) == before - 400
    assert refused(move(desk, ALICE, BOB, before - 399, "allocation")) == "insufficient_funds"
    found = desk.send("PostPending", transfer=pending.transfer)
    assert names(found) == ["PendingEnded", "Posted"]
    assert own(desk, ALICE) == before - 400, "a posted transfer is not counted twice"
    desk.check_state()


def test_a_part_is_posted_and_the_rest_is_voided_with_it(desk: Pair) -> None:
    before = own(desk, ALICE)
    number = move(desk, ALICE, BOB, 400, "allocation", expire=0)[0].transfer
    assert refused(desk.send("PostPending", transfer=number, amount=401)) == "beyond_pending"
    assert refused(desk.send("PostPending", transfer=number, amount=-1)) == "amount_not_positive"
    assert ended(desk.send("PostPending", transfer=number, amount=150)) == [(number, 150, 250, "posted")]
    assert desk.twin.balance(ALICE, USD)[0] - own(desk, ALICE) == 0
    assert own(desk, ALICE) == before - 150


@pytest.mark.parametrize("first", ["PostPending", "VoidPending"])
@pytest.mark.parametrize("second", ["PostPending", "VoidPending"])
def test_a_pending_transfer_ends_once(desk: Pair, first: str, second: str) -> None:
    number = move(desk, ALICE, BOB, 400, "allocation", expire=0)[0].transfer
    assert ended(desk.send(first, transfer=number))
    assert refused(desk.send(second, transfer=number)) == "unknown_transfer"


def test_transfers_fall_due_before_the_command_that_brings_the_time_by_time_and_number(desk: Pair) -> None:
    due = START + 10**8
    later = move(desk, ALICE, BOB, 1, "allocation", expire=due + 1)[0].transfer
    early = move(desk, ALICE, BOB, 2, "allocation", expire=due)[0].transfer
    twin = move(desk, BOB, ALICE, 3, "allocation", expire=due)[0].transfer
    voided = move(desk, BOB, ALICE, 4, "allocation", expire=due)[0].transfer
    desk.send("VoidPending", transfer=voided)
    desk.now = due + 1
    found = desk.send("PostPending", transfer=later)
    assert ended(found) == [(early, 0, 2, "expired"), (twin, 0, 3, "expired"), (later, 0, 1, "expired")]
    assert refused(found[3:]) == "unknown_transfer"
    assert desk.twin.state.pending == {}


def test_an_answer_under_a_client_id_is_given_again_and_moves_nothing_again(desk: Pair) -> None:
    pair = Pair(_core)
    for command, at in ledger_opening(3):
        pair.apply(command, at)
    word = bytes([7]) * 16
    pending = move(pair, ALICE, BOB, 400, "allocation", expire=0, client_id=word)[0].transfer
    assert names(move(pair, ALICE, BOB, 400, "allocation", expire=0, client_id=word)) == ["Repeated"]
    assert refused(move(pair, ALICE, BOB, 401, "allocation", expire=0, client_id=word)) == "duplicate_client_id"
    assert len(pair.twin.state.pending) == 1
    ends = {"transfer": pending, "client_id": bytes([8]) * 16}
    assert ended(pair.send("PostPending", **ends))
    (again,) = pair.send("PostPending", **ends)
    assert (type(again).__name__, again.reason) == ("Repeated", 0)
    pair.check_state()


def test_an_exchange_goes_through_the_house_in_each_asset_by_itself(desk: Pair) -> None:
    before = (own(desk, ALICE), own(desk, ALICE, EUR))
    fields = {"account": ALICE, "sell_asset": USD, "sell_amount": 110, "buy_asset": EUR, "buy_amount": 100}
    sold, bought = desk.send("Exchange", **fields)
    assert (sold.source, sold.target, sold.asset, sold.amount) == (ALICE, FX, USD, 110)
    assert (bought.source, bought.target, bought.asset, bought.amount) == (FX, ALICE, EUR, 100)
    assert (own(desk, ALICE), own(desk, ALICE, EUR)) == (before[0] - 110, before[1] + 100)
    assert refused(desk.send("Exchange", **fields | {"buy_asset": USD})) == "same_asset"
    assert refused(desk.send("Exchange", **fields | {"buy_amount": 0})) == "amount_not_positive"
    assert refused(desk.send("Exchange", **fields | {"sell_amount": 10**12})) == "insufficient_funds"
    for account in (99, WORLD, FX, VENUE, CLIENT_BANK):
        assert refused(desk.send("Exchange", **fields | {"account": account})) == "unknown_account"


def test_an_omnibus_account_trades_for_clients_and_allocates_what_it_bought(desk: Pair) -> None:
    words = {"instrument": 1, "kind": 1, "tif": 1, "price": 10, "quantity": 1}
    desk.send("PlaceOrder", account=ALICE, side=2, **words)
    found = desk.send("PlaceOrder", account=OMNIBUS, side=1, **words)
    assert names(found) == ["Accepted", "Traded"]
    allocated = move(desk, OMNIBUS, BOB, 1, "allocation", asset=4)
    assert names(allocated) == ["Posted"]


def play(pair: Pair, seed: int, length: int = LENGTH) -> None:
    """A session on both, with the laws checked after every command."""
    chance, now = Random(seed), START + 10**6
    ends: Counter[int] = Counter()
    for command, at in ledger_opening(seed % 7):
        pair.apply(command, at)
    for _ in range(length):
        now += chance.choice((0, 1, 1_000, 10**4))
        state = pair.twin.state
        command = draw(chance, state.sequence, list(state.pending), now)
        clients = _clients(pair)
        effects = pair.apply(command, now)
        invariants.check(pair.twin)
        ends.update(transfer for transfer, *_ in ended(effects))
        _check_balances(pair)
        _check_wall(pair, effects, clients)
    assert all(count == 1 for count in ends.values()), "a pending transfer ended twice"
    pair.check_state()


def _check_balances(pair: Pair) -> None:
    """Nobody who holds money of his own pays more than he has; no bank pays more than it has, promises counted in."""
    ledger = pair.twin.state.ledger
    for account, asset in list(ledger.balances):
        where = wall.place(ledger, account)
        if where in wall.BANKS:
            assert ledger.balances[account, asset] + ledger.held[account, asset] <= 0, "a bank is overdrawn"
        elif where in wall.HOLDERS and account >= 16:
            assert ledger.own(account, asset) >= 0, f"{account} pays more than it has"


def _clients(pair: Pair) -> int:
    ledger = pair.twin.state.ledger
    mine = [account for account in ledger.kinds if wall.place(ledger, account) in wall.CLIENTS]
    return sum(ledger.balances[account, USD] for account in mine)


def _check_wall(pair: Pair, effects: list[Any], before: int) -> None:
    """Postings of purposes that stay within a side leave its sum as it was: clients' claims against clients' money."""
    inside = {TEMPLATES[name] for name in ("custody", "allocation", "deposit", "withdrawal", "transfer")}
    posted = [effect for effect in effects if type(effect).__name__ in ("Posted", "Traded")]
    ledger = pair.twin.state.ledger
    abroad = any(wall.place(ledger, end) == wall.OUTSIDE for p in posted for end in (p[0], p[1]))
    if posted and not abroad and all(getattr(p, "template", 0) in inside for p in posted):
        assert _clients(pair) == before, "money passed the wall for a purpose that must not"


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_money_is_kept_held_once_and_never_mixed_in_every_session(seed: int) -> None:
    play(Pair(_core), seed)


@pytest.mark.parametrize("seed", range(4))
def test_a_ledger_comes_back_from_snapshot_and_journal_as_it_was(tmp_path: Path, seed: int) -> None:
    written: list[tuple[Any, int]] = []

    class Noting(Pair):
        def apply(self, command: Any, at: int, origin: Any = None) -> list[Any]:
            written.append((command, at))
            return super().apply(command, at, origin)

    first = Noting(_core)
    play(first, seed)
    again = through_snapshots(_core, str(tmp_path), written, 37)
    assert again.engine.state() == first.engine.state()
    assert again.engine.pending_transfers() == first.engine.pending_transfers()
