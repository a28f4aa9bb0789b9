"""Parents and children through the real engine, router and views, with a venue whose answers the test gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.app.worked import BUY, SECOND, SELL, Worked

from isthmus.execution.router import UNKNOWN_AFTER_NS, allowed
from isthmus.kernel.messages import CancelOrder, Halt, ReplaceOrder, Resume


def a_market(data: Path | None = None) -> Worked:
    """House 9,990 / 10,010; the venue 9,995 / 10,005, a thousand lots each."""
    worked = Worked(str(data) if data is not None else None)
    worked.floor.quote(SELL, 10_010, 1_000)
    worked.floor.quote(BUY, 9_990, 1_000)
    worked.show_there([(9_995, 1_000)], [(10_005, 1_000)])
    return worked


def test_a_parent_is_worked_slice_by_slice_at_the_best_venue() -> None:
    worked = a_market()
    parent = worked.parent(BUY, 400, 10_100)
    worked.run(45)
    assert [command.quantity for _, command in worked.floor.asked] == [100, 100, 100, 100]
    assert [command.ordinal for _, command in worked.floor.asked] == [1, 2, 3, 4]
    for order, command in worked.floor.asked:
        worked.fill(order, 10_005, command.quantity)
    assert worked.core.engine.order(parent) is None
    row = worked.core.views.orders.order(parent)
    assert row is not None and (row.status, row.filled) == ("filled", 400)


def test_a_slice_goes_over_venues_when_one_has_too_little() -> None:
    worked = a_market()
    worked.show_there([(9_995, 1_000)], [(10_005, 30)])
    parent = worked.parent(BUY, 400, 10_100)
    assert [(command.price, command.quantity) for _, command in worked.floor.asked] == [(10_005, 30)]
    work = worked.work(parent)
    assert [(child.venue, child.filled) for child in work.children] == [(worked.floor.venue, 0), (0, 70)]
    assert work.filled == 70 and work.free == 300


def test_the_hold_of_a_parent_covers_its_children_and_is_gone_with_them() -> None:
    worked = a_market()
    before = worked.core.engine.balance(worked.account, worked.floor.assets[1])
    parent = worked.parent(BUY, 400, 10_100)
    total, held = worked.core.engine.balance(worked.account, worked.floor.assets[1])
    assert held > 0 and total == before[0]
    order, _ = worked.floor.asked[0]
    worked.fill(order, 10_005, 100)
    _, less = worked.core.engine.balance(worked.account, worked.floor.assets[1])
    assert 0 < less < held
    worked.playing.submit(CancelOrder(order=parent, account=worked.account))
    assert worked.core.engine.balance(worked.account, worked.floor.assets[1])[1] == 0


def test_a_partial_fill_then_a_reject_gives_the_rest_back_to_the_parent() -> None:
    worked = a_market()
    parent = worked.parent(BUY, 400, 10_100)
    order, _ = worked.floor.asked[0]
    worked.fill(order, 10_005, 40)
    worked.end(order)
    work = worked.work(parent)
    assert work.filled == 40 and work.children[0].status == "done"
    assert worked.floor.asked[1][1].quantity == 60, "the same slice is made whole"
    assert work.filled + work.working + work.free == 400


def test_a_venue_that_acknowledges_twice_changes_nothing() -> None:
    worked = a_market()
    parent = worked.parent(BUY, 400, 10_100)
    order, _ = worked.floor.asked[0]
    worked.accept(order)
    worked.accept(order)
    worked.fill(order, 10_005, 100, "one")
    worked.fill(order, 10_005, 100, "one")
    assert worked.work(parent).filled == 100


def test_a_venue_that_never_answers_leaves_the_child_unknown_and_its_lots_held() -> None:
    worked = a_market()
    parent = worked.parent(BUY, 400, 10_100)
    worked.run(UNKNOWN_AFTER_NS / SECOND + 1)
    work = worked.work(parent)
    assert work.children[0].status == "unknown" and work.working == 100
    worked.show_there([], [])
    worked.run(60)
    assert work.working == 100 and work.filled == 300, "the others went on at the house book"
    order, _ = worked.floor.asked[0]
    worked.fill(order, 10_005, 100)
    assert worked.core.engine.order(parent) is None, "settled when the venue came back"


def test_an_answer_that_comes_late_makes_an_unknown_child_known() -> None:
    worked = a_market()
    parent = worked.parent(BUY, 400, 10_100)
    worked.run(UNKNOWN_AFTER_NS / SECOND + 1)
    order, _ = worked.floor.asked[0]
    worked.accept(order)
    assert worked.work(parent).children[0].status == "working"


def test_a_venue_that_disconnects_is_not_used_while_it_shows_nothing() -> None:
    worked = a_market()
    worked.parent(BUY, 400, 10_100)
    worked.end(worked.floor.asked[0][0])
    worked.show_there([], [])
    sent = len(worked.floor.asked)
    worked.run(60)
    assert len(worked.floor.asked) <= sent + 1


def test_zero_depth_sends_nothing_and_waits() -> None:
    worked = Worked()
    parent = worked.parent(BUY, 400, 10_100)
    worked.run(60)
    assert worked.work(parent).placed == 0
    worked.show_there([(9_995, 1_000)], [(10_005, 1_000)])
    worked.run(5)
    assert worked.work(parent).working == 400


def test_a_child_is_never_beyond_the_limit() -> None:
    worked = a_market()
    parent = worked.parent(BUY, 400, 10_000)
    worked.run(60)
    assert worked.work(parent).placed == 0 and not worked.floor.asked


def test_a_participation_cap_holds_for_every_child() -> None:
    worked = a_market()
    parent = worked.parent(BUY, 400, 10_100, cap_ppm=100_000)
    worked.run(15)
    assert worked.work(parent).placed == 0, "nothing traded yet"
    data = worked.core.desk.data
    data.trade(worked.floor.venue, worked.floor.instrument, 10_000, 900, BUY, worked.playing.now)
    worked.run(15)
    work = worked.work(parent)
    assert work.filled + work.working == 100, "a tenth of the 1,000 that will have traded"


def test_what_a_cap_allows_is_a_share_of_all_with_ours() -> None:
    assert allowed(100_000, 900, 0) == 100
    assert allowed(100_000, 1_000, 100) == 0
    assert allowed(1_000_000, 0, 0) > 10**15


def test_a_cancel_reaches_every_child_and_the_parent_ends_with_the_last() -> None:
    worked = a_market()
    parent = worked.parent(BUY, 400, 10_100)
    worked.playing.submit(CancelOrder(order=parent, account=worked.account))
    assert worked.work(parent).ending and worked.core.engine.order(parent) is not None
    worked.run(60)
    assert len(worked.floor.asked) == 1, "an ending parent sends nothing"
    worked.end(worked.floor.asked[0][0], 0)
    assert worked.core.engine.order(parent) is None and parent not in worked.core.router.works.parents


def test_a_replace_changes_what_is_left_to_do() -> None:
    worked = a_market()
    parent = worked.parent(BUY, 400, 10_100)
    worked.fill(worked.floor.asked[0][0], 10_005, 100)
    command = ReplaceOrder(order=parent, account=worked.account, price=10_050, quantity=200)
    assert worked.playing.submit(command).reason is None
    worked.run(60)
    assert worked.work(parent).parent.quantity == 200 and worked.work(parent).parent.limit == 10_050
    assert worked.work(parent).filled + worked.work(parent).working == 200


def test_a_refused_child_is_tried_again_after_a_pause() -> None:
    worked = a_market()
    worked.playing.submit(Halt(instrument=worked.floor.instrument, reason=1), role="operator")
    worked.playing.submit(Resume(instrument=worked.floor.instrument), role="operator")
    parent = worked.parent(BUY, 400, 10_100)
    worked.playing.submit(Halt(instrument=worked.floor.instrument, reason=1), role="operator")
    worked.run(12)
    working = worked.core.router.works.parents[parent]
    assert working.refused >= 1 and working.refusal == "instrument_halted"
    assert working.refused < 12, "the pause doubles"
    worked.playing.submit(Resume(instrument=worked.floor.instrument), role="operator")
    worked.run(60)
    assert working.refused == 0 and worked.work(parent).working == 400


def test_after_a_restart_it_goes_on_and_sends_nothing_twice(tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = a_market(data)
    parent = first.parent(BUY, 400, 10_100)
    first.run(12)
    assert len(first.floor.asked) == 2
    first.playing.close()

    again = Worked(str(data))
    again.playing.now = first.playing.now
    work = again.work(parent)
    assert (work.placed, work.working) == (2, 200)
    again.show_there([(9_995, 1_000)], [(10_005, 1_000)])
    again.run(60)
    assert [command.ordinal for _, command in again.floor.asked] == [3, 4]
    for order, command in [*first.floor.asked, *again.floor.asked]:
        again.floor.asked.append((order, command))
        again.fill(order, 10_005, command.quantity, f"{order}")
    assert again.core.engine.order(parent) is None
    row = again.core.views.orders.order(parent)
    assert row is not None and row.filled == 400


@pytest.mark.parametrize("side", [BUY, SELL])
def test_the_same_day_gives_the_same_records(side: int) -> None:
    heads = []
    for _ in range(2):
        worked = a_market()
        worked.parent(side, 400, 10_100 if side == BUY else 9_900, seed=7)
        worked.run(60)
        heads.append(worked.playing.engine.state_hash())
    assert heads[0] == heads[1]


def test_why_is_in_the_records() -> None:
    worked = a_market()
    parent = worked.parent(BUY, 400, 10_100, why="asked for by name")
    row = worked.core.views.orders.order(parent)
    assert row is not None and "asked for by name" in row.note
    children = worked.core.views.orders.children(parent)
    assert [child.why for child in children] == ["slice 1"]
