"""With every kind of order and trading state, the views say what the engine says, after every record."""

from __future__ import annotations

import pytest
from tests.unit.views.session import CLIENTS, PERPETUAL, SPOT, Session

from isthmus.kernel.messages import (
    LIMIT,
    STOP_LIMIT,
    Kill,
    PlaceSpecial,
    Rearm,
    ReduceOrder,
    ReplaceSpecial,
    SetRule,
    SetSession,
    TimePassed,
    Uncross,
)
from isthmus.views.history import Life

BOOK, SELF_TRADE = 1, 2


class Special(Session):
    """A session in which half of the commands are special."""

    def play(self, commands: int) -> None:
        for _ in range(commands):
            if self.random.random() < 0.5:
                super().play(1)
            else:
                self.random.choice(
                    (self._special, self._special, self._special, self._change, self._state, self._kill)
                )()

    def _special(self) -> None:
        pick = self.random
        kind = pick.choice((1, 3, 4, 5, 6, 7))
        tif = pick.choice((1, 1, 2, 4, 5, 6, 7, 8) if kind == 1 else (1, 1, 4, 5))
        quantity = pick.randint(1, 60)
        price = 5 * pick.randint(1_960, 2_040)
        account = pick.choice(CLIENTS)
        live = self.engine.orders(account) or [1]
        terms = {
            "price": price if kind in (1, 5) or (kind in (6, 7) and pick.random() < 0.5) else 0,
            "stop": 5 * pick.randint(1_960, 2_040) if kind in (4, 5) else 0,
            "offset": 5 * pick.randint(1, 10) if kind == 6 else 0,
            "peg": pick.choice((1, 2, 3)) if kind == 7 else 0,
            "display": pick.randint(1, quantity) if kind == 1 and tif == 1 and pick.random() < 0.3 else 0,
            "min_quantity": pick.randint(1, quantity) if pick.random() < 0.2 else 0,
            "expire": len(self.records) + pick.randint(2, 40) if tif == 5 else 0,
            "one_cancels": pick.choice(live) if pick.random() < 0.2 else 0,
            "parent": pick.choice(live) if pick.random() < 0.2 else 0,
        }
        flags = pick.choice((0, 0, 0, 1, 1 + 32, 2, 4, 8))
        command = PlaceSpecial(
            account=account,
            instrument=pick.choice((SPOT, SPOT, PERPETUAL)),
            side=pick.choice((1, 2)),
            kind=kind,
            tif=tif,
            flags=flags,
            quantity=quantity,
            session=pick.choice((0, 7)),
            **terms,
        )
        self.submit(command)

    def _change(self) -> None:
        order, account = self._some_order()
        pick = self.random
        if pick.random() < 0.4:
            self.submit(ReduceOrder(order=order, account=account, quantity=pick.randint(1, 30)))
            return
        given = pick.choice((1, 2, 3, 4, 8, 16, 32, 64))
        price, quantity = 5 * pick.randint(1_960, 2_040), pick.randint(1, 60)
        change = {"price": price, "quantity": quantity, "stop": price, "offset": 5, "display": 1, "min_quantity": 1}
        expire = len(self.records) + pick.randint(2, 40)
        self.submit(ReplaceSpecial(order=order, account=account, given=given, expire=expire, **change))

    def _state(self) -> None:
        pick = self.random
        instrument = pick.choice((SPOT, PERPETUAL))
        choices = (
            SetSession(instrument=instrument, state=pick.choice((1, 2, 3, 3, 3, 4, 5, 6, 7))),
            SetSession(instrument=instrument, state=3),
            Uncross(instrument=instrument),
            SetRule(instrument=instrument, rule=SELF_TRADE, value=pick.randint(0, 4)),
            TimePassed(),
        )
        self.submit(pick.choice(choices))

    def _kill(self) -> None:
        pick = self.random
        if pick.random() < 0.9:
            return
        scope, of = pick.choice(((1, CLIENTS[0]), (4, 7), (5, SPOT)))
        self.submit(Kill(scope=scope, of=of, user=1))
        self.submit(Rearm(scope=scope, of=of, user=1))
        self.submit(Rearm(scope=scope, of=of, user=2))


def check(session: Session) -> None:
    views = session.views
    for account in CLIENTS:
        for asset, total, held, frozen in session.engine.balances(account):
            row = views.holdings.balance(account, asset)
            assert (row.total, row.held, row.frozen) == (total, held, frozen), (account, asset)
        quantity, _ = session.engine.position(account, PERPETUAL)
        assert views.holdings.position(account, PERPETUAL).quantity == quantity
        live = {row.number: row for row in views.orders.newest_first(account, open_only=True)}
        assert set(live) == set(session.engine.orders(account))
        for number, shown in live.items():
            order = session.engine.order(number)
            assert order is not None
            assert (shown.filled, shown.quantity) == (order["filled"], order["quantity"])
            assert shown.kind == order["kind"]
            assert shown.price == order["price"] or shown.kind not in (LIMIT, STOP_LIMIT), (shown, order)


@pytest.mark.parametrize("seed", range(40))
def test_views_agree_with_the_engine_whatever_is_asked(seed: int) -> None:
    session = Special(seed)
    for _ in range(400):
        session.play(1)
        check(session)
    waiting = [row for account in CLIENTS for row in session.views.orders.newest_first(account, open_only=False)]
    told = set()
    for row in waiting:
        life = Life(row.number, row, session.directory)
        events = [event for at in row.touched for event in life.take(session.records[at - 1])]
        assert events[-1].left == (0 if row.closed else row.quantity - row.filled), (row, events)
        told |= {event.what for event in events}
    assert {"accepted", "traded", "cancelled", "rejected"} <= told
