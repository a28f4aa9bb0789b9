"""QUEUE_POST, MID_PEG, PEG and ICEBERG as they are published."""

from __future__ import annotations

import pytest
from tests.unit.execution.paths.floor import MS, SECOND, START
from tests.unit.execution.paths.standing import (
    HOUSE,
    NORTH,
    POOL,
    SOUTH,
    Still,
    answered,
    child,
    decided,
    only,
    rows,
    work_of,
)

from isthmus.execution.paths.iceberg import ICEBERG
from isthmus.execution.paths.mid_peg import MID_PEG
from isthmus.execution.paths.peg import PEG
from isthmus.execution.paths.queue_post import QUEUE_POST
from isthmus.execution.policy import Path, Venue
from isthmus.kernel.messages import BUY, GTC, IOC, LIMIT, MARKET_PEG, MID, POST_ONLY, PRIMARY, SELL
from isthmus.kernel.messages import PEG as PEG_KIND

# QUEUE_POST: Maglaras, Moallemi, Zheng; Moallemi, Yuan


def test_of_equal_prices_the_shorter_queue_is_joined() -> None:
    market = Still((NORTH, SOUTH), {1: ({9_999: 900}, {10_001: 10}), 2: ({9_999: 90}, {10_001: 10})}, flow=10.0)
    ticket = only(decided(QUEUE_POST, work_of(), market))
    assert (ticket.venue, ticket.price, ticket.tif, ticket.flags) == (2, 9_999, GTC, POST_ONLY)


def test_a_rebate_outweighs_a_wait_by_the_price_of_waiting() -> None:
    paying = Venue(number=1, name="paying", maker_fee_ppm=-100)  # 1 price step a lot
    book = {1: ({9_999: 900}, {10_001: 10}), 2: ({9_999: 300}, {10_001: 10})}
    market = Still((paying, SOUTH), book, flow=10.0)
    # 60 s longer, with a share of the order in front: 0.5 steps at 0.5 bps a minute, 3 steps at 3 bps
    assert only(decided(QUEUE_POST, work_of(), market)).venue == 1
    assert only(decided(QUEUE_POST, work_of(), market, wait_bps_a_minute=3.0)).venue == 2


def test_toxic_fills_are_worth_less() -> None:
    toxic = Venue(number=1, name="toxic", toxicity_ppm=200)
    book = ({9_999: 100}, {10_001: 10})
    assert only(decided(QUEUE_POST, work_of(), Still((toxic, SOUTH), {1: book, 2: book}, flow=10.0))).venue == 2


def test_the_place_is_kept_until_another_is_worth_the_move() -> None:
    market = Still((NORTH, SOUTH), {1: ({9_999: 300}, {10_001: 10}), 2: ({9_999: 290}, {10_001: 10})}, flow=10.0)
    work = work_of(100, child(1, 1, 9_999, 100))
    kept = decided(QUEUE_POST, work, market)
    assert not kept.cancel and not kept.place and kept.wake.book
    market.books[2, BUY] = {9_999: 1}
    assert decided(QUEUE_POST, work, market, switch_bps=0.1).cancel == (1,)
    assert not decided(QUEUE_POST, work, market, switch_bps=50.0).cancel


def test_it_follows_its_venue_and_first_takes_back_what_stands() -> None:
    market = Still((NORTH,), {1: ({10_001: 30}, {10_003: 10})}, flow=10.0)
    work = work_of(100, child(1, 1, 9_999, 100))
    assert decided(QUEUE_POST, work, market).cancel == (1,)
    assert not decided(QUEUE_POST, work, market).place, "never two at once"
    assert not decided(QUEUE_POST, work, market, behind_ticks=2).cancel
    ended = work_of(100, child(1, 1, 9_999, 100, ended=START))
    assert rows(decided(QUEUE_POST, ended, market)) == [(1, 10_001, 100)]


def test_it_does_not_chase_its_own_price() -> None:
    market = Still((NORTH,), {1: ({10_000: 100, 9_999: 50}, {10_003: 10})}, flow=10.0)
    work = work_of(100, child(1, 1, 10_000, 100))
    assert decided(QUEUE_POST, work, market, improve=True).cancel == (), "a tick before the others, and no further"
    market.books[1, BUY] = {10_000: 100, 9_990: 50}
    assert decided(QUEUE_POST, work, market, improve=True).cancel == (1,), "the others went down"


@pytest.mark.parametrize("path", [QUEUE_POST, PEG, ICEBERG], ids=lambda path: path.name)
def test_a_rest_that_the_best_venue_does_not_take_goes_to_another(path: Path) -> None:
    coarse = Venue(number=2, name="coarse", lot=50, minimum=50)
    market = Still((NORTH, coarse), {1: ({9_998: 1}, {10_001: 10}), 2: ({9_999: 1}, {10_001: 10})}, flow=10.0)
    assert only(decided(path, work_of(20), market)).venue == 1


def test_improving_needs_room() -> None:
    market = Still((NORTH,), {1: ({9_999: 30}, {10_001: 10})}, flow=10.0)
    assert only(decided(QUEUE_POST, work_of(), market, improve=True)).price == 10_000
    market.books[1, SELL] = {10_000: 10}
    assert only(decided(QUEUE_POST, work_of(), market, improve=True)).price == 9_999


# MID_PEG


def test_the_house_book_moves_a_middle_peg_itself() -> None:
    market = Still((HOUSE,), {0: ({9_998: 50}, {10_004: 50})})
    ticket = only(decided(MID_PEG, work_of(), market, min_lots=20))
    assert (ticket.kind, ticket.peg, ticket.min_quantity, ticket.price) == (PEG_KIND, MID, 20, 10_100)
    work = answered(work_of(), decided(MID_PEG, work_of(), market))
    market.books[0, BUY] = {10_000: 50}
    assert decided(MID_PEG, work, market).cancel == ()


def test_at_an_outside_venue_the_path_moves_it() -> None:
    market = Still((NORTH, POOL), {1: ({9_998: 50}, {10_003: 50})})
    ticket = only(decided(MID_PEG, work_of(), market))
    assert (ticket.venue, ticket.price, ticket.kind) == (3, 10_000, LIMIT), "10,000.5 is rounded away from the seller"
    sells = only(decided(MID_PEG, work_of(side=SELL), market))
    assert sells.price == 10_001
    work = answered(work_of(), decided(MID_PEG, work_of(), market))
    assert decided(MID_PEG, work, market).cancel == ()
    market.books[1, SELL] = {10_007: 50}
    assert decided(MID_PEG, work, market).cancel == (500,)


def test_the_guard_keeps_it_out_of_a_narrow_market() -> None:
    market = Still((NORTH,), {1: ({9_999: 50}, {10_001: 50})})  # half the spread is 1 bp
    assert rows(decided(MID_PEG, work_of(), market, improvement_bps=1.0)) == [(1, 10_000, 100)]
    waits = decided(MID_PEG, work_of(), market, improvement_bps=1.1)
    assert not waits.place and waits.wake.book and "1.00 bps" in waits.why
    standing = work_of(100, child(1, 1, 10_000, 100))
    assert decided(MID_PEG, standing, market, improvement_bps=1.1).cancel == (1,)


def test_the_middle_is_not_followed_beyond_the_limit() -> None:
    market = Still((NORTH,), {1: ({10_190: 50}, {10_210: 50})})
    assert only(decided(MID_PEG, work_of(), market)).price == 10_100


# PEG: FIX 211, 388, 389


@pytest.mark.parametrize(("peg", "number", "offset"), [("primary", PRIMARY, 2), ("market", MARKET_PEG, -3)])
def test_the_house_book_moves_a_peg_itself(peg: str, number: int, offset: int) -> None:
    market = Still((HOUSE,), {0: ({9_998: 50}, {10_004: 50})})
    for side, sign in ((BUY, 1), (SELL, -1)):
        ticket = only(decided(PEG, work_of(side=side), market, peg=peg, offset_ticks=offset))
        assert (ticket.kind, ticket.peg, ticket.offset) == (PEG_KIND, number, sign * offset), "positive is aggressive"


def test_outside_the_path_pegs_by_plain_limits() -> None:
    market = Still((NORTH,), {1: ({9_998: 50}, {10_004: 50})})
    assert rows(decided(PEG, work_of(), market, offset_ticks=-2)) == [(1, 9_996, 100)]
    assert rows(decided(PEG, work_of(), market, peg="market", offset_ticks=-1)) == [(1, 10_003, 100)]
    assert rows(decided(PEG, work_of(side=SELL), market)) == [(1, 10_004, 100)]
    work = answered(work_of(), decided(PEG, work_of(), market))
    assert decided(PEG, work, market).cancel == ()
    market.books[1, BUY] = {9_999: 10}
    assert decided(PEG, work, market).cancel == (500,)
    assert decided(PEG, work, market, behind_ticks=1).cancel == ()


def test_the_cap_is_where_it_stops_to_follow() -> None:
    market = Still((NORTH,), {1: ({10_050: 50}, {10_060: 50})})
    assert only(decided(PEG, work_of(), market)).price == 10_050
    assert only(decided(PEG, work_of(), market, cap_bps=20.0)).price == 10_020, "arrival 10,000 and 20 bps"


def test_discretion_takes_a_price_that_comes_near_and_is_not_seen() -> None:
    market = Still((NORTH, SOUTH), {1: ({9_998: 50}, {10_004: 50}), 2: ({9_990: 1}, {10_001: 30})})
    work = work_of(100, child(1, 1, 9_998, 100))
    assert decided(PEG, work, market, discretion_ticks=2).cancel == ()
    near = decided(PEG, work, market, discretion_ticks=3)
    assert near.cancel == (1,) and not near.place, "its own lots come back first"
    back = work_of(100, child(1, 1, 9_998, 100, ended=START))
    fires = decided(PEG, back, market, START + SECOND, discretion_ticks=3)
    assert rows(fires) == [(2, 10_001, 30)] and only(fires).tif == IOC
    del market.books[2, SELL]
    assert rows(decided(PEG, back, market, START + SECOND, discretion_ticks=3)) == [(1, 9_998, 100)]


# ICEBERG: Esser, Moench


def test_the_house_book_shows_peaks_drawn_between_two_sizes() -> None:
    market = Still((HOUSE,), {0: ({9_998: 50}, {10_004: 50})})
    ticket = only(decided(ICEBERG, work_of(1_000), market, peak_lots=100))
    assert (ticket.quantity, ticket.display, ticket.display_high, ticket.flags) == (1_000, 70, 130, POST_ONLY)
    even = only(decided(ICEBERG, work_of(1_000), market, peak_lots=100, random_ppm=0))
    assert even.display == even.display_high == 100


def test_the_peak_is_the_one_of_least_cost_where_that_is_known() -> None:
    market = Still((HOUSE,), {0: ({9_998: 400}, {10_004: 50})}, flow=50.0)
    market.estimates, market.sigma = (0.001, 0.0, 0.0), 0.01
    ticket = only(decided(ICEBERG, work_of(10_000), market, random_ppm=0))
    assert ticket.display == 632, "sqrt(0.01 x 10,000 x 400 / (2 x 50 x 0.001))"
    market.per_second = 0.0
    assert only(decided(ICEBERG, work_of(10_000), market, random_ppm=0)).display == 1_000, "a tenth when it is not"


def test_outside_one_peak_follows_the_other() -> None:
    market = Still((NORTH,), {1: ({9_998: 50}, {10_004: 50})})
    work = work_of(1_000)
    first = only(decided(ICEBERG, work, market, peak_lots=100))
    assert 70 <= first.quantity <= 130 and first.display == 0
    standing = answered(work, decided(ICEBERG, work, market, peak_lots=100))
    assert not decided(ICEBERG, standing, market, peak_lots=100).place, "one peak at a time"
    filled = answered(work, decided(ICEBERG, work, market, peak_lots=100), status="done", ended_at=START)
    soon = decided(ICEBERG, filled, market, START, peak_lots=100, pause_ms=1_000)
    assert not soon.place and START < soon.wake.at <= START + SECOND
    later = decided(ICEBERG, filled, market, START + 1_000 * MS, peak_lots=100, pause_ms=1_000)
    assert only(later).quantity != first.quantity, "sizes are drawn anew"


def test_peaks_come_from_the_parents_seed() -> None:
    market = Still((NORTH,), {1: ({9_998: 50}, {10_004: 50})})
    sizes = [only(decided(ICEBERG, work_of(1_000, seed=seed), market, peak_lots=100)).quantity for seed in range(20)]
    again = [only(decided(ICEBERG, work_of(1_000, seed=seed), market, peak_lots=100)).quantity for seed in range(20)]
    assert sizes == again and len(set(sizes)) > 5


def test_an_iceberg_at_its_limit_stays_there() -> None:
    market = Still((NORTH,), {1: ({9_998: 50}, {10_004: 50})})
    ticket = only(decided(ICEBERG, work_of(1_000, limit=10_001), market, at_limit=True))
    assert ticket.price == 10_001


@pytest.mark.parametrize("path", [MID_PEG, PEG, ICEBERG], ids=lambda path: path.name)
def test_a_named_venue_is_the_only_one(path: Path) -> None:
    market = Still((NORTH, SOUTH), {1: ({9_999: 50}, {10_001: 50}), 2: ({9_998: 50}, {10_002: 50})})
    assert only(decided(path, work_of(), market, venue="south")).venue == 2
    assert not decided(path, work_of(), market, venue="nowhere").place
