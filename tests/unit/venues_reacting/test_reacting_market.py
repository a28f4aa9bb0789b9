"""Reacting venues against a real engine: orders and children are answered, faults leave nothing lost or doubled."""

from __future__ import annotations

from time import process_time

import pytest
from tests.unit.venues.recordings import PlainDesk

from isthmus.engine.market import VENUE_KINDS
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import (
    BUY,
    GTC,
    IOC,
    LIMIT,
    SELL,
    CancelOrder,
    PlaceChild,
    PlaceParent,
    ReplaceOrder,
)
from isthmus.venues.reacting import Options, make
from isthmus.venues.reacting.faults import FaultTerms

S, MS = 1_000_000_000, 1_000_000
FAR_UP = 600_00


class Played:
    """NOVA at its seven venues, opened at a desk."""

    def __init__(self, desk: PlainDesk | None = None, **options: object) -> None:
        self.desk = desk or PlainDesk()
        self.market = make(Options(skip=False, **options), ("NOVA",))  # type: ignore[arg-type]
        self.market.open(self.desk)  # type: ignore[arg-type]
        self.desk.hear(self.market)
        self.inside = self.market.marketplace("NOVA")
        facts = self.desk.facts
        self.venues = {fact.name: fact.number for fact in facts}
        self.instrument = self.desk.shown[0][0]
        self.account = self.desk.client()

    def play(self, seconds: float) -> None:
        goal = self.desk.time + int(seconds * S)
        while self.desk.time < goal:
            self.desk.time = min(goal, max(self.desk.time + 1, self.market.step(self.desk.time)))
        self.market.step(goal)

    def order(self, name: str, quantity: int, price: int = FAR_UP, side: int = BUY, tif: int = IOC) -> int:
        return self.desk.order(
            account=self.account,
            venue=self.venues[name],
            instrument=self.instrument,
            side=side,
            price=price,
            quantity=quantity,
            tif=tif,
        )

    def filled(self, order: int) -> int:
        return sum(t.quantity for t in self.desk.effects("Traded") if order in (t.maker_order, t.taker_order))

    def ended(self, order: int) -> list[int]:
        return [effect.reason for effect in self.desk.effects("Cancelled") if effect.order == order]

    def acknowledged(self, order: int) -> int:
        return sum(effect.order == order for effect in self.desk.effects("Acknowledged"))

    def ask(self) -> int:
        return min(self.inside.book(name, 1)[1][0][0] for name in self.inside.lit)


@pytest.fixture
def played() -> Played:
    return Played()


def test_every_kind_of_venue_is_listed_with_its_facts(played: Played) -> None:
    kinds = [fact.kind for fact in played.desk.facts]
    assert kinds == ["lit", "lit", "lit", "dark", "dark", "auction", "rfq"]
    assert set(kinds) < set(VENUE_KINDS)
    fees = {fact.name: (fact.maker_fee_ppm, fact.taker_fee_ppm) for fact in played.desk.facts}
    assert fees["aurora"] == (-20, 30)
    assert fees["borealis"] == (18, -10)
    assert len(played.desk.effects("VenueFeesSet")) == 7


def test_books_and_trades_are_shown_and_the_middle_is_the_mark(played: Played) -> None:
    played.play(120)
    shown = {venue for venue, _, bids, asks in played.desk.books if bids and asks}
    assert shown == {played.venues[name] for name in ("aurora", "borealis", "cygnus", "harbour")}
    assert {trade[0] for trade in played.desk.trades} <= shown
    assert len(played.desk.trades) > 10
    middle = played.inside.middle_x2()
    assert middle is not None
    assert played.desk.effects("Marked")[-1].price == middle // 2


def test_an_order_is_acknowledged_filled_and_charged_what_the_venue_charges(played: Played) -> None:
    played.play(1)
    order = played.order("borealis", 20)
    assert played.acknowledged(order) == 0
    played.play(0.01)
    assert played.acknowledged(order) == 1
    assert played.filled(order) == 20
    assert sum(t.taker_fee for t in played.desk.effects("Traded") if t.taker_order == order) < 0


def test_cancel_and_replace_are_answered(played: Played) -> None:
    played.play(1)
    order = played.order("aurora", 100, 500_00, tif=GTC)
    played.play(0.01)
    played.desk.submit(ReplaceOrder(order=order, account=played.account, price=501_00, quantity=50))
    played.play(0.01)
    known = played.desk.engine.order(order)
    assert known is not None
    assert (known["price"], known["quantity"]) == (501_00, 50)
    played.desk.submit(CancelOrder(order=order, account=played.account))
    played.play(0.01)
    assert played.ended(order) == [0]


def test_children_of_a_parent_are_answered_at_every_kind_of_venue(played: Played) -> None:
    played.play(1)
    record = played.desk.submit(
        PlaceParent(
            account=played.account,
            instrument=played.instrument,
            side=BUY,
            path=1,
            price=FAR_UP,
            quantity=1_000,
            client_id=bytes(16),
        )
    )
    assert record is not None
    assert record.reason is None
    children = {}
    for ordinal, name in enumerate(("aurora", "cygnus", "nocturne", "umbra", "meridian", "harbour"), 1):
        children[name] = played.desk.submit(
            PlaceChild(
                parent=record.sequence,
                ordinal=ordinal,
                venue=played.venues[name],
                kind=LIMIT,
                tif=IOC if name in ("aurora", "cygnus", "harbour") else GTC,
                price=FAR_UP,
                quantity=100,
            )
        )
    assert {name: child.reason for name, child in children.items() if child is not None} == dict.fromkeys(children)
    played.play(3_700)
    filled = {name: played.filled(child.sequence) for name, child in children.items() if child is not None}
    assert filled["harbour"] in (0, 100)
    assert filled["meridian"] == 100
    assert filled["nocturne"] == filled["umbra"] == 100
    assert 0 < filled["aurora"] <= 100
    assert filled["cygnus"] % 10 == 0
    known = played.desk.engine.order(record.sequence)
    assert known is not None
    assert known["filled"] == sum(filled.values())


def test_a_call_tells_what_it_would_do(played: Played) -> None:
    played.play(3_700)
    calls = played.desk.calls
    assert {call.closing for call in calls} == {True, False}
    assert calls[-1].volume > 0
    assert all(call.ends_at >= S for call in calls)


def test_fills_told_twice_count_once() -> None:
    played = Played(faults={"aurora": FaultTerms(twice=1.0)})
    played.play(1)
    order = played.order("aurora", 30)
    played.play(0.1)
    assert played.filled(order) == 30
    assert len(played.desk.effects("Repeated")) >= 1
    assert played.desk.engine.balance(played.account, 1)[0] - 10**17 == 30


def test_a_late_acknowledgement_comes_after_the_fills() -> None:
    played = Played(faults={"aurora": FaultTerms(late=1.0, late_ms=500)})
    played.play(1)
    order = played.order("aurora", 10_000, 500_00, tif=GTC)
    played.play(0.4)
    assert played.acknowledged(order) == 0
    played.play(0.2)
    assert played.acknowledged(order) == 1


def test_an_order_whose_answers_never_come_keeps_its_hold_and_is_settled_on_reconnect() -> None:
    played = Played(faults={"aurora": FaultTerms(never=1.0)})
    played.play(1)
    order = played.order("aurora", 30)
    played.play(10)
    known = played.desk.engine.order(order)
    assert known is not None
    assert known["filled"] == 0
    assert known["hold"] > 0
    assert played.inside.venues["aurora"].order(order) is None
    played.market.reconnect("aurora")
    played.play(0.01)
    assert played.filled(order) == 30
    assert played.desk.engine.order(order) is None


def test_what_an_arriving_order_has_left_is_refused_after_its_first_fill() -> None:
    played = Played(faults={"aurora": FaultTerms(rest_refused=1.0)})
    played.play(1)
    order = played.order("aurora", 100_000, tif=GTC)
    played.play(0.1)
    assert 0 < played.filled(order) < 100_000
    assert played.ended(order) == [10]


def test_a_line_that_is_down_shows_nothing_and_loses_no_order(played: Played) -> None:
    played.play(1)
    resting = played.order("aurora", 50, played.ask() - 1, tif=GTC)
    played.play(0.01)
    played.market.disconnect("aurora")
    lost = played.order("aurora", 50)
    played.desk.submit(CancelOrder(order=resting, account=played.account))
    played.play(5)
    assert [row for row in played.desk.books if row[0] == played.venues["aurora"]][-1][2:] == ([], [])
    assert played.acknowledged(lost) == 0
    assert all(played.desk.engine.order(order) is not None for order in (resting, lost))
    played.market.reconnect("aurora")
    played.play(0.1)
    assert played.acknowledged(lost) == 1
    assert all(played.desk.engine.order(order) is None for order in (resting, lost))


def test_faults_of_no_venue_are_refused() -> None:
    with pytest.raises(BadInput, match="lit is none of aurora"):
        make(Options(faults={"lit": FaultTerms(twice=1.0)}))


def test_nothing_is_lost_while_the_server_takes_no_commands(played: Played) -> None:
    played.play(1)
    order = played.order("aurora", 30)
    played.desk.refusing = True
    played.play(1)
    assert played.filled(order) == 0
    played.desk.refusing = False
    played.play(0.2)
    assert played.filled(order) == 30


def test_orders_that_a_former_run_left_are_ended_at_the_next_start_and_the_price_goes_on(played: Played) -> None:
    played.play(600)
    order = played.order("aurora", 10, 500_00, tif=GTC)
    played.play(0.1)
    before = played.desk.engine.reference(played.instrument)
    again = Played(played.desk)
    assert again.ended(order) == [6]
    assert abs(again.inside.value.price - before) < 1


def test_what_a_server_slept_through_is_left_out() -> None:
    played = Played()
    market = make(Options(), ("NOVA",))
    market.open(PlainDesk())  # type: ignore[arg-type]
    market.step(played.desk.time + 3_600 * S)
    assert market.marketplace("NOVA").now < 10 * S


def test_same_seed_and_same_commands_same_records() -> None:
    runs = []
    for _ in range(2):
        played = Played(seed=4)
        played.play(5)
        played.order("aurora", 300, tif=GTC)
        played.order("umbra", 300, tif=GTC)
        played.play(60)
        runs.append(told(played))
    assert runs[0] == runs[1]
    other = Played(seed=5)
    other.play(65)
    assert told(other) != runs[0]


def told(played: Played) -> list[str]:
    """Every command and its effects."""
    return [f"{record.command} {record.effects}" for record in played.desk.records]


def test_an_hour_of_one_instrument_plays_at_fifty_times_its_pace(played: Played) -> None:
    start = process_time()
    played.play(900)
    assert 900 / (process_time() - start) > 50


def test_a_seller_is_served_as_well(played: Played) -> None:
    played.play(1)
    order = played.order("aurora", 30, 500_00, side=SELL)
    played.play(0.1)
    assert played.filled(order) == 30


def test_the_usual_day_is_told_and_adds_up() -> None:
    played = Played()
    expected = next(iter(played.desk.curves.values()))
    now = played.desk.now()
    whole, first, rest = (expected(now + a * S, now + b * S) for a, b in ((0, 600), (0, 200), (200, 600)))
    assert whole > 0 and abs(whole - first - rest) <= 1
