"""After a kill, whose record names no order, the views say what the engine says."""

from __future__ import annotations

import pytest
from tests.unit.views.session import CLIENTS, PERPETUAL, SPOT, VENUE, Session

from isthmus.kernel.messages import SCOPES, Kill, PlaceOrder, Rearm, SetAccount
from isthmus.views.history import Life

SCOPE = {name: number for number, name in SCOPES.items()}
TARGETS = [
    ("everything", 0),
    ("account", CLIENTS[0]),
    ("group", 3),
    ("firm", 4),
    ("session", 7),
    ("instrument", SPOT),
    ("instrument", PERPETUAL),
    ("venue", VENUE),
]


def played(seed: int) -> Session:
    """With orders of session 7, and two accounts in a group and a firm."""
    session = Session(seed)
    session.submit(SetAccount(account=CLIENTS[0], group=3, firm=0))
    session.submit(SetAccount(account=CLIENTS[1], group=0, firm=4))
    session.play(300)
    for account in CLIENTS:
        for instrument in (SPOT, PERPETUAL):
            order = PlaceOrder(account=account, instrument=instrument, side=1, kind=1, tif=1, price=9_000, quantity=3)
            session.submit(of_session(order, 7))
    return session


def of_session(command: PlaceOrder, session: int) -> PlaceOrder:
    return PlaceOrder(**(command.fields() | {"session": session}))


@pytest.mark.parametrize(("scope", "of"), TARGETS)
@pytest.mark.parametrize("seed", [1, 2])
def test_orders_holds_and_balances_are_the_engines_after_a_kill(scope: str, of: int, seed: int) -> None:
    session = played(seed)
    record = session.submit(Kill(scope=SCOPE[scope], of=of, user=9))
    assert record.reason is None
    purged = next(effect for effect in record.effects if type(effect).__name__ == "Purged")
    assert purged.orders > 0 or scope == "venue"
    views = session.views
    for account in CLIENTS:
        for asset, total, held, frozen in session.engine.balances(account):
            row = views.holdings.balance(account, asset)
            assert (row.total, row.held, row.frozen) == (total, held, frozen)
        live = {row.number for row in views.orders.newest_first(account, open_only=True)}
        assert live == set(session.engine.orders(account))
    gone = [
        row
        for account in CLIENTS
        for row in views.orders.newest_first(account, open_only=False)
        if row.reason == "kill" and row.record == record.sequence
    ]
    assert len(gone) == purged.orders
    for row in gone:
        events = [
            event
            for at in row.touched
            for event in Life(row.number, row, session.directory).take(session.records[at - 1])
        ]
        assert (events[-1].what, events[-1].reason, events[-1].left) == ("cancelled", "kill", 0)


def test_a_standing_kill_tells_what_it_purged_and_who_agreed_to_end_it() -> None:
    session = played(3)
    sessions = session.views.sessions
    key = (SCOPE["everything"], 0)
    record = session.submit(Kill(scope=0, of=0, user=9))
    kill = sessions.kills[key]
    purged = next(effect for effect in record.effects if type(effect).__name__ == "Purged")
    released = {
        effect.asset: (effect.amount_high << 64) + effect.amount_low
        for effect in record.effects
        if type(effect).__name__ == "Released"
    }
    assert (kill.orders, kill.digest, kill.released, kill.user) == (purged.orders, purged.digest, released, 9)
    assert released
    assert sessions.is_killed(SPOT)

    session.submit(Rearm(scope=0, of=0, user=9))
    assert sessions.kills[key].agreed == 9
    assert session.submit(Rearm(scope=0, of=0, user=9)).reason == "same_operator"
    session.submit(Kill(scope=0, of=0, user=8))
    assert (sessions.kills[key].agreed, sessions.kills[key].orders) == (0, purged.orders), "sent again, it stands anew"
    session.submit(Rearm(scope=0, of=0, user=9))
    session.submit(Rearm(scope=0, of=0, user=8))
    assert sessions.kills == {}
    assert not sessions.is_killed(SPOT)


def test_a_kill_of_an_instrument_is_told_of_that_instrument_only() -> None:
    session = played(4)
    session.submit(Kill(scope=SCOPE["instrument"], of=SPOT, user=9))
    assert session.views.sessions.is_killed(SPOT)
    assert not session.views.sessions.is_killed(PERPETUAL)
