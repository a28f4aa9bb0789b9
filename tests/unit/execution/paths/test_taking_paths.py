"""SWEEP, BEST_ROUTE, COST_SPLIT and SNIPER as they are published."""

from __future__ import annotations

import pytest
from tests.unit.execution.paths.floor import MS, SECOND, START
from tests.unit.execution.paths.standing import (
    NORTH,
    SOUTH,
    Still,
    answered,
    child,
    decided,
    only,
    rows,
    taken,
    work_of,
)

from isthmus.execution.paths.best_route import BEST_ROUTE
from isthmus.execution.paths.cost_split import COST_SPLIT
from isthmus.execution.paths.sniper import SNIPER
from isthmus.execution.paths.sweep import SWEEP
from isthmus.execution.policy import PPM, Venue
from isthmus.kernel.messages import FOK, GTC, IOC, POST_ONLY, SELL

DEAR = Venue(number=2, name="dear", taker_fee_ppm=1_000)
REBATE = Venue(number=3, name="rebate", taker_fee_ppm=-500)

# SWEEP: Reg NMS 600, 611


def test_a_sweep_goes_to_every_venue_at_once_by_all_in_price_through_the_limit() -> None:
    market = Still((NORTH, SOUTH), {1: ({}, {10_001: 10, 10_003: 10}), 2: ({}, {10_002: 10, 10_200: 99})})
    decision = decided(SWEEP, work_of(100), market)
    assert rows(decision) == [(1, 10_003, 20), (2, 10_002, 10)], "10,200 is beyond the limit"
    assert all(ticket.tif == IOC and "ISO" in ticket.why for ticket in decision.place)
    assert not decided(SWEEP, answered(work_of(100), decision), market).place, "one wave is out"


def test_fees_rank_levels() -> None:
    market = Still((NORTH, DEAR, REBATE), {1: ({}, {10_005: 40}), 2: ({}, {10_000: 40}), 3: ({}, {10_004: 40})})
    # all in: 9,999.0 at the rebate, 10,005 in the north, 10,010 at the dear one
    assert rows(decided(SWEEP, work_of(60), market, protect=False)) == [(3, 10_004, 40), (1, 10_005, 20)]


def test_a_better_displayed_price_is_never_traded_through() -> None:
    market = Still((NORTH, DEAR), {1: ({}, {10_005: 40}), 2: ({}, {10_000: 30, 10_001: 50})})
    # by all-in price north alone would do, through the dear venue's 10,000
    assert rows(decided(SWEEP, work_of(40), market, protect=False)) == [(1, 10_005, 40)]
    assert rows(decided(SWEEP, work_of(40), market)) == [(2, 10_000, 30), (1, 10_005, 10)]


def test_a_seller_sweeps_bids_down_to_the_limit() -> None:
    market = Still((NORTH, SOUTH), {1: ({9_999: 10, 9_990: 5}, {}), 2: ({9_998: 20}, {})})
    decision = decided(SWEEP, work_of(100, side=SELL, limit=9_995), market)
    assert rows(decision) == [(1, 9_999, 10), (2, 9_998, 20)]


def test_what_was_not_to_be_had_is_waited_for_or_cancelled() -> None:
    market = Still((NORTH,), {1: ({}, {10_001: 50})})
    short = work_of(100, taken(1, 1, 10_001, 100, filled=50, ended=START))
    soon = decided(SWEEP, short, market, START + 10 * MS)
    assert not soon.place and soon.wake.at == START + 100 * MS, "the book needs time to show it"
    assert rows(decided(SWEEP, short, market, START + 100 * MS)) == [(1, 10_001, 50)]
    assert decided(SWEEP, short, market, START + SECOND, then="cancel").finished
    empty = Still((NORTH,), {})
    assert decided(SWEEP, work_of(100), empty, then="cancel").finished
    waits = decided(SWEEP, work_of(100), empty)
    assert not waits.finished and waits.wake.book


def test_a_sweep_ends_with_its_time() -> None:
    market = Still((NORTH,), {1: ({}, {10_001: 50})})
    work = work_of(100, taken(1, 1, 10_001, 50, filled=50), seconds=10)
    assert decided(SWEEP, work, market, START + 10 * SECOND).finished


# BEST_ROUTE: FINRA 5310


def test_one_venue_at_a_time_until_another_is_better() -> None:
    market = Still((NORTH, SOUTH), {1: ({}, {10_000: 10, 10_001: 10, 10_003: 10}), 2: ({}, {10_002: 10})})
    first = decided(BEST_ROUTE, work_of(100), market)
    assert rows(first) == [(1, 10_001, 20)], "north's first two levels, before south's"
    assert not decided(BEST_ROUTE, answered(work_of(100), first), market).place, "the next venue waits for the answer"
    del market.books[1, SELL][10_000], market.books[1, SELL][10_001]
    then = work_of(100, taken(1, 1, 10_001, 20, filled=20))
    assert rows(decided(BEST_ROUTE, then, market)) == [(2, 10_002, 10)]


def test_fees_rebates_and_latency_rank_venues() -> None:
    near = Venue(number=1, name="near", latency_ns=MS)
    far = Venue(number=2, name="far", latency_ns=100 * MS)
    market = Still((near, far), {1: ({}, {10_001: 10}), 2: ({}, {10_000: 10})})
    assert only(decided(BEST_ROUTE, work_of(10), market)).venue == 2, "a price that stands still waits for us"
    market.sigma = 10.0  # 0.32 steps on the way to near, 3.16 to far
    assert only(decided(BEST_ROUTE, work_of(10), market)).venue == 1
    assert only(decided(BEST_ROUTE, work_of(10), market, latency_weight=0.0)).venue == 2
    rebate = Still((NORTH, REBATE), {1: ({}, {10_000: 10}), 3: ({}, {10_004: 10})})
    assert only(decided(BEST_ROUTE, work_of(10), rebate)).venue == 3


def test_a_venue_that_gave_less_than_it_showed_is_passed_by_for_a_while() -> None:
    market = Still((NORTH, SOUTH), {1: ({}, {10_000: 10}), 2: ({}, {10_002: 10})})
    work = work_of(100, taken(1, 1, 10_000, 10, ended=START))
    assert only(decided(BEST_ROUTE, work, market, START + 500 * MS)).venue == 2
    assert only(decided(BEST_ROUTE, work, market, START + 1_000 * MS)).venue == 1


def test_the_time_is_up_means_take_or_leave() -> None:
    market = Still((NORTH,), {1: ({}, {10_001: 50})})
    work = work_of(100, seconds=10)
    assert rows(decided(BEST_ROUTE, work, market, START + 10 * SECOND)) == [(1, 10_001, 50)]
    assert decided(BEST_ROUTE, work, market, START + 10 * SECOND, rest="leave").finished


# COST_SPLIT: Cont, Kukanov


def test_one_venue_is_split_by_the_closed_form() -> None:
    market = Still((NORTH,), {1: ({9_999: 60}, {10_001: 500})}, flow=10.0)
    # h 1, no fees, underfill 3: P(xi <= Q + L) = 2 / 4, an outflow of mean 100: 69.3 lots, 60 of them before us
    decision = decided(COST_SPLIT, work_of(50), market, underfill_bps=3.0)
    assert rows(decision) == [(1, 10_001, 41), (1, 9_999, 9)]
    assert [ticket.tif for ticket in decision.place] == [IOC, GTC]
    assert decision.place[1].flags == POST_ONLY
    assert "41 at once, 9 in 1 queue" in decision.why


def test_the_dearer_a_miss_the_more_is_taken_now() -> None:
    market = Still((NORTH, SOUTH), {1: ({9_999: 20}, {10_001: 500}), 2: ({9_999: 40}, {10_001: 500})}, flow=10.0)
    now_lots = [
        sum(
            ticket.quantity
            for ticket in decided(COST_SPLIT, work_of(300), market, underfill_bps=bps).place
            if ticket.tif == IOC
        )
        for bps in (0.5, 2.0, 8.0, 50.0)
    ]
    assert now_lots == sorted(now_lots)
    assert now_lots[0] == 0 and now_lots[-1] > 200


def test_a_rebate_draws_limit_orders_and_toxicity_repels_them() -> None:
    giving = Venue(number=2, name="giving", maker_fee_ppm=-100)
    poison = Venue(number=3, name="poison", toxicity_ppm=300)
    book = ({9_999: 40}, {10_001: 500})
    market = Still((NORTH, giving, poison), {1: book, 2: book, 3: book}, flow=10.0)
    posted = {
        ticket.venue: ticket.quantity
        for ticket in decided(COST_SPLIT, work_of(90), market, underfill_bps=1.5).place
        if ticket.tif == GTC
    }
    assert posted.get(2, 0) > posted.get(1, 0) >= posted.get(3, 0)


def test_what_the_queues_did_not_fill_is_taken_at_the_end_of_the_horizon() -> None:
    market = Still((NORTH,), {1: ({9_999: 60}, {10_001: 500})}, flow=10.0)
    work = work_of(50, taken(1, 1, 10_001, 41, filled=41), child(2, 1, 9_999, 9))
    assert not decided(COST_SPLIT, work, market, START + 5 * SECOND).cancel
    over = decided(COST_SPLIT, work, market, START + 10 * SECOND)
    assert over.cancel == (2,) and not over.place
    work.children[1].status, work.children[1].ended_at = "done", START + 10 * SECOND
    assert rows(decided(COST_SPLIT, work, market, START + 11 * SECOND)) == [(1, 10_001, 9)]


# SNIPER


def test_a_sniper_fires_when_price_and_size_are_there() -> None:
    market = Still((NORTH, SOUTH), {1: ({9_995: 5}, {10_001: 90}), 2: ({9_990: 5}, {10_002: 90})})
    hides = decided(SNIPER, work_of(100), market, size_ppm=500_000)
    assert not hides.place and hides.wake.price == 10_000 and not hides.wake.book
    market.books[1, SELL] = {9_999: 20, 10_000: 20}
    waits = decided(SNIPER, work_of(100), market, size_ppm=500_000)
    assert not waits.place and waits.wake.book, "the price is there, half of the lots are not"
    market.books[2, SELL] = {10_000: 10}
    fires = decided(SNIPER, work_of(100), market, size_ppm=500_000)
    assert rows(fires) == [(1, 10_000, 40), (2, 10_000, 10)]
    assert all(ticket.tif == IOC for ticket in fires.place)


@pytest.mark.parametrize(("limit", "within", "trigger"), [(10_100, 0, 10_000), (9_990, 0, 9_990), (10_100, 5, 10_005)])
def test_the_trigger_is_the_better_of_limit_and_arrival(limit: int, within: float, trigger: int) -> None:
    market = Still((NORTH,), {1: ({9_000: 5}, {trigger + 1: 900})})
    assert not decided(SNIPER, work_of(100, limit=limit), market, within_bps=within).place
    market.books[1, SELL] = {trigger: 900}
    assert rows(decided(SNIPER, work_of(100, limit=limit), market, within_bps=within)) == [(1, trigger, 100)]


def test_nothing_of_a_sniper_ever_rests() -> None:
    market = Still((NORTH,), {1: ({}, {9_990: 900})})
    for ticket in decided(SNIPER, work_of(100), market).place:
        assert ticket.tif in (IOC, FOK)


def test_a_cap_holds_for_takers() -> None:
    market = Still((NORTH,), {1: ({}, {9_999: 900})})
    market.now += 1
    market.trade(500)
    for path in (SWEEP, BEST_ROUTE, SNIPER):
        assert rows(decided(path, work_of(100, cap_ppm=PPM // 10), market)) == [(1, 9_999, 50)]
