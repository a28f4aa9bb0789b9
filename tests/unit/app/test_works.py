"""What records make of parents and children, beyond the usual: kills, changes by venues, what teaches of dark pools."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.app.worked import BUY, Worked

from isthmus.engine.engine import content_id
from isthmus.execution.policy import Child
from isthmus.kernel.messages import (
    GTC,
    LIMIT,
    REQUEST,
    CancelOrder,
    Kill,
    PlaceChild,
    PlaceParent,
    ReduceOrder,
    ReplaceOrder,
    SetAccount,
    VenueFilled,
    VenueReplaced,
)


class Bench(Worked):
    """Parents that no path works: the test places their children."""

    def idle(self, quantity: int = 400, price: int = 10_100, side: int = BUY) -> int:
        self.sent += 1
        command = PlaceParent(
            account=self.account, instrument=self.floor.instrument, side=side, path=250, price=price,
            quantity=quantity, client_id=content_id(f"p{self.sent}"),
        )  # fmt: skip
        record = self.playing.submit(command)
        assert record.reason is None, record.reason
        return int(record.sequence)

    def child(self, parent: int, quantity: int = 100, venue: int = 0, price: int = 9_000, **words: Any) -> int:
        ordinal = self.work(parent).placed + 1
        terms = {"kind": LIMIT, "tif": GTC} | words
        command = PlaceChild(parent=parent, ordinal=ordinal, venue=venue, price=price, quantity=quantity, **terms)
        record = self.playing.submit(command, role="house")
        assert record.reason is None, record.reason
        return int(record.sequence)

    @property
    def parents(self) -> set[int]:
        return set(self.core.router.works.parents)


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.show_there([(9_995, 1_000)], [(10_005, 1_000)])
    return bench


def test_a_kill_ends_parents_whose_children_are_all_in_the_house(bench: Bench) -> None:
    parent = bench.idle()
    bench.child(parent)
    bench.playing.submit(Kill(scope=1, of=bench.account, user=1), role="operator")
    assert bench.core.engine.order(parent) is None
    assert bench.parents == set()


def test_a_kill_leaves_a_parent_until_its_venue_has_answered_but_not_its_house_children(bench: Bench) -> None:
    parent = bench.idle()
    inside, outside = bench.child(parent), bench.child(parent, venue=bench.floor.venue)
    bench.playing.submit(Kill(scope=5, of=bench.floor.instrument, user=1), role="operator")
    work = bench.work(parent)
    assert work.ending and [child.order for child in work.live] == [outside]
    assert work.children[0].order == inside and work.children[0].reason == "kill"
    assert (work.working, work.free) == (100, 300)
    bench.end(outside, 0)
    assert bench.parents == set()


def test_a_kill_of_others_leaves_a_parent_alone(bench: Bench) -> None:
    parent = bench.idle()
    bench.child(parent)
    bench.playing.submit(Kill(scope=1, of=bench.floor.maker, user=1), role="operator")
    bench.playing.submit(Kill(scope=5, of=bench.floor.instrument + 1, user=1), role="operator")
    assert bench.parents == {parent} and bench.work(parent).working == 100


def test_a_kill_of_a_firm_ends_the_parents_of_its_accounts(bench: Bench) -> None:
    bench.playing.submit(SetAccount(account=bench.account, group=5, firm=9), role="operator")
    parent = bench.idle()
    bench.playing.submit(Kill(scope=3, of=8, user=1), role="operator")
    assert bench.parents == {parent}
    bench.playing.submit(Kill(scope=3, of=9, user=1), role="operator")
    assert bench.parents == set() and bench.core.engine.order(parent) is None


def test_a_reduced_parent_is_for_fewer_lots(bench: Bench) -> None:
    parent = bench.idle(400)
    bench.child(parent, 100)
    bench.playing.submit(ReduceOrder(order=parent, account=bench.account, quantity=150))
    work = bench.work(parent)
    assert (work.parent.quantity, work.left, work.free) == (250, 250, 150)


def test_a_parent_replaced_to_what_is_filled_is_over(bench: Bench) -> None:
    parent = bench.idle(400)
    order = bench.child(parent, 100, bench.floor.venue, 10_005)
    bench.floor.asked[-1] = (order, bench.floor.asked[-1][1])
    bench.fill(order, 10_005, 100)
    command = ReplaceOrder(order=parent, account=bench.account, price=10_100, quantity=100)
    assert bench.playing.submit(command).reason is None
    assert bench.core.engine.order(parent) is None and bench.parents == set()


def test_a_child_that_its_venue_made_smaller_gives_lots_back(bench: Bench) -> None:
    parent = bench.idle(400)
    order = bench.child(parent, 100, bench.floor.venue)
    bench.accept(order)
    command = VenueReplaced(order=order, venue=bench.floor.venue, price=8_990, quantity=60)
    record = bench.playing.submit(command, role="house")
    assert record.reason is None, record.reason
    work = bench.work(parent)
    assert (work.children[0].price, work.children[0].quantity) == (8_990, 60)
    assert (work.working, work.free) == (60, 340)


def test_a_fill_after_the_end_of_a_child_counts_and_ends_it_no_second_time(bench: Bench) -> None:
    parent = bench.idle(400)
    order = bench.child(parent, 100, bench.floor.venue, 10_005)
    bench.end(order)
    bench.fill(order, 10_005, 100)
    work = bench.work(parent)
    assert (work.filled, work.working, work.free) == (100, 0, 300)
    assert work.children[0].reason == "fok" and work.live == []


def test_a_fill_that_names_a_child_of_another_venue_counts_for_nobody(bench: Bench) -> None:
    """The engine books it, since it happened, but not on the parent."""
    parent = bench.idle(400)
    order = bench.child(parent, 100)
    said = {"account": bench.account, "instrument": bench.floor.instrument, "side": BUY, "liquidity": 2}
    command = VenueFilled(
        order=order, venue=bench.floor.venue, price=9_000, quantity=40, fill_id=content_id("stray"), **said
    )
    record = bench.playing.submit(command, role="house")
    assert record.reason is None, record.reason
    engine = bench.core.engine.order(parent)
    assert engine is not None and bench.work(parent).filled == engine["filled"] == 0
    assert bench.work(parent).working == 100


def test_running_sums_are_what_the_children_say(bench: Bench) -> None:
    parent = bench.idle(400)
    inside, outside = bench.child(parent, 150), bench.child(parent, 100, bench.floor.venue, 10_005)
    bench.fill(outside, 10_005, 30)
    work = bench.work(parent)
    assert work.working == sum(child.left for child in work.children) == 220
    assert work.live == [child for child in work.children if child.lives]
    bench.playing.submit(CancelOrder(order=inside, account=0), role="house")
    assert (work.working, work.free) == (70, 300)


def test_dark_pools_teach_and_conditional_children_do_not() -> None:
    bench = Bench()
    works = bench.core.router.works
    works._is_dark = lambda venue, _: venue == bench.floor.venue
    parent = bench.idle(400)
    order = bench.child(parent, 100, bench.floor.venue, 10_005)
    bench.fill(order, 10_005, 30)
    bench.end(order)
    instrument = bench.floor.instrument
    assert [(row.asked, row.filled) for row in works.pools(instrument)] == [(100, 30)]
    conditional = Child(order=10**6, ordinal=9, venue=bench.floor.venue, price=1, quantity=50, kind=REQUEST)
    works._end(conditional, works.parents[parent], "user", 1)
    assert len(works.pools(instrument)) == 1
