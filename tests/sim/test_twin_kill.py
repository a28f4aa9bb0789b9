"""The kill switch, two-key re-arming and the dead-man timer, worked by hand and in sessions."""

from __future__ import annotations

import hashlib
import struct
from random import Random
from typing import Any

import pytest
from tests.oracle.invariants import check
from tests.oracle.messages import REASONS, SCOPES, commands, name_of
from tests.oracle.pair import Pair
from tests.oracle.values import BUY

from .strategies import ALICE, BOB, CAROL, EQUITY, FX, PERP, USD, VENUE, opening, session

SECOND = 10**9


@pytest.fixture
def desk(pair: Pair) -> Pair:
    for command, at in opening(5):
        pair.apply(command, at)
    pair.now = 1_800_000_000 * SECOND
    return pair


def refused(found: list[Any]) -> str:
    assert name_of(found[0]) == "Rejected", found
    return next(name for name, number in REASONS.items() if number == found[0].reason)


def rest(desk: Pair, account: int, instrument: int = EQUITY, price: int = 90, **fields: int) -> int:
    order = {"side": BUY, "kind": 1, "tif": 1, "price": price, "quantity": 2} | fields
    found = desk.send("PlaceOrder", account=account, instrument=instrument, **order)
    assert name_of(found[0]) == "Accepted", found
    return desk.twin.state.sequence


def kill(desk: Pair, scope: str, of: int = 0, user: int = 1) -> list[Any]:
    return desk.send("Kill", scope=SCOPES[scope], of=of, user=user)


def test_a_kill_of_everything_purges_every_order_and_says_how_many_and_which(desk: Pair) -> None:
    orders = [rest(desk, ALICE), rest(desk, BOB, FX, 107_000), rest(desk, CAROL, PERP, 500)]
    killed, purged, *rest_of = kill(desk, "everything")
    assert name_of(killed) == "Killed"
    digest = hashlib.sha256(b"".join(struct.pack("<Qq", order, 2) for order in orders)).digest()
    assert (purged.orders, purged.lots_low, purged.digest) == (3, 6, digest)
    assert {name_of(effect) for effect in rest_of} == {"Released", "Settled"}
    assert not desk.twin.state.orders
    assert all(desk.twin.balance(account, USD)[1] == 0 for account in (ALICE, BOB, CAROL))
    check(desk.twin)
    desk.check_state()


def test_nothing_new_is_taken_while_killed_and_cancels_pass(desk: Pair) -> None:
    other = rest(desk, BOB)
    kill(desk, "account", ALICE)
    order = {"instrument": EQUITY, "side": BUY, "kind": 1, "tif": 1, "price": 90, "quantity": 1}
    assert refused(desk.send("PlaceOrder", account=ALICE, **order)) == "killed"
    assert name_of(desk.send("PlaceOrder", account=BOB, **order)[0]) == "Accepted"
    kill(desk, "instrument", FX)
    kill(desk, "session", 9)
    assert name_of(desk.send("CancelOrder", order=other, account=BOB)[0]) == "Cancelled"


def test_an_order_that_stays_cannot_be_replaced_while_its_venue_is_killed(desk: Pair) -> None:
    routed = rest(desk, ALICE, venue=VENUE)
    found = kill(desk, "venue", VENUE)
    assert [name_of(effect) for effect in found] == ["Killed", "Purged", "CancelRequested"]
    assert found[1].orders == 0
    again = desk.send("ReplaceOrder", order=routed, account=ALICE, price=91, quantity=2)
    assert refused(again) == "killed"


def test_two_different_operators_must_agree_to_re_arm(desk: Pair) -> None:
    rearm = {"scope": SCOPES["everything"], "of": 0}
    assert refused(desk.send("Rearm", user=1, **rearm)) == "not_killed"
    kill(desk, "everything", user=1)
    assert name_of(desk.send("Rearm", user=1, **rearm)[0]) == "RearmAsked"
    assert refused(desk.send("Rearm", user=1, **rearm)) == "same_operator"
    assert tuple(desk.send("Rearm", user=2, **rearm)[0]) == (0, 0, 1, 2)
    rest(desk, ALICE)


def test_a_new_kill_takes_an_agreement_back(desk: Pair) -> None:
    rearm = {"scope": SCOPES["everything"], "of": 0}
    kill(desk, "everything")
    desk.send("Rearm", user=1, **rearm)
    kill(desk, "everything")
    assert name_of(desk.send("Rearm", user=2, **rearm)[0]) == "RearmAsked"


@pytest.mark.parametrize("scope", ["group", "firm"])
def test_a_group_and_a_firm_are_killed_with_all_their_accounts(desk: Pair, scope: str) -> None:
    desk.send("SetAccount", account=ALICE, group=7, firm=7)
    desk.send("SetAccount", account=BOB, group=7, firm=7)
    mine, his, hers = rest(desk, ALICE), rest(desk, BOB), rest(desk, CAROL)
    assert kill(desk, scope, 7)[1].orders == 2
    assert (mine in desk.twin.state.orders, his in desk.twin.state.orders) == (False, False)
    assert hers in desk.twin.state.orders


@pytest.mark.parametrize(
    ("reason", "scope", "of"),
    [
        ("unknown_scope", 9, 0),
        ("unknown_scope", 0, 5),
        ("unknown_account", 1, 0),
        ("unknown_account", 1, 999),
        ("unknown_scope", 2, 0),
        ("unknown_scope", 3, 0),
        ("unknown_scope", 4, 0),
        ("unknown_instrument", 5, 99),
        ("unknown_venue", 6, ALICE),
    ],
)
def test_a_kill_of_nothing_is_refused_and_changes_nothing(desk: Pair, reason: str, scope: int, of: int) -> None:
    rest(desk, ALICE)
    assert refused(desk.send("Kill", scope=scope, of=of, user=1)) == reason
    assert refused(desk.send("Rearm", scope=scope, of=of, user=1)) == reason
    assert len(desk.twin.state.orders) == 1


def test_a_dead_man_cancels_what_was_not_confirmed_in_time(desk: Pair) -> None:
    mine, elsewhere, his = rest(desk, ALICE, session=3), rest(desk, ALICE, session=4), rest(desk, BOB, session=3)
    desk.send("SetDeadMan", account=ALICE, session=3, timeout_ns=SECOND)
    desk.now += SECOND // 2
    desk.send("SetDeadMan", account=ALICE, session=3, timeout_ns=SECOND)
    desk.now += SECOND - 10
    assert desk.send("TimePassed") == []
    desk.now += 10
    found = desk.send("TimePassed")
    assert [name_of(effect) for effect in found] == ["DeadManFired", "Cancelled"]
    assert found[1].order == mine
    assert {elsewhere, his} <= desk.twin.state.orders.keys()


def test_a_dead_man_that_is_taken_off_does_not_fire(desk: Pair) -> None:
    rest(desk, ALICE)
    desk.send("SetDeadMan", account=ALICE, timeout_ns=SECOND)
    desk.send("SetDeadMan", account=ALICE)
    desk.now += 5 * SECOND
    assert desk.send("TimePassed") == []


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("unknown_account", {"account": 999}),
        ("bad_timeout", {"timeout_ns": 999_999}),
        ("bad_timeout", {"timeout_ns": 86_400 * SECOND + 1}),
    ],
)
def test_a_bad_timer_is_refused(desk: Pair, reason: str, change: dict[str, int]) -> None:
    assert refused(desk.send("SetDeadMan", **({"account": ALICE, "timeout_ns": SECOND} | change))) == reason


@pytest.mark.parametrize("seed", range(40))
def test_sessions_with_kills_and_timers_make_the_same_records(pair: Pair, seed: int) -> None:
    chance = Random(seed)
    start = len(opening(seed))
    for place, (command, at) in enumerate(session(seed, 150)):
        sent = command
        if place >= start and chance.random() < 0.15:
            scope = chance.choice((0, 1, 1, 2, 3, 4, 5, 5, 6))
            of = chance.choice({0: (0,), 1: (ALICE, BOB, 3), 5: (EQUITY, FX, PERP), 6: (VENUE,)}.get(scope, (1, 2)))
            user = chance.choice((1, 2))
            switch = commands.Kill(scope, of, user) if chance.random() < 0.3 else commands.Rearm(scope, of, user)
            timer = commands.SetDeadMan(chance.choice((ALICE, BOB)), chance.choice((0, 1)), chance.choice((0, 10**6)))
            member = commands.SetAccount(chance.choice((ALICE, BOB)), chance.choice((0, 1, 2)), chance.choice((0, 1)))
            sent = chance.choice((switch, switch, timer, member))
        pair.apply(sent, at)
        check(pair.twin)
    pair.check_state()
