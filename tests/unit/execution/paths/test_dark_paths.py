"""DARK_KM, DARK_SA, LIQ_SEEK and BLOCK_COND as they are published."""

from __future__ import annotations

import math

import pytest
from tests.unit.execution.paths.floor import SECOND, START
from tests.unit.execution.paths.standing import (
    CELLAR,
    HOUSE_POOL,
    NORTH,
    POOL,
    Still,
    answered,
    child,
    decided,
    only,
    rows,
    taken,
    work_of,
)

from isthmus.execution.estimators.dark_liquidation import undone
from isthmus.execution.paths.block_cond import BLOCK_COND
from isthmus.execution.paths.dark_km import DARK_KM
from isthmus.execution.paths.dark_sa import DARK_SA
from isthmus.execution.paths.liq_seek import LIQ_SEEK
from isthmus.execution.policy import Decision, Path, Pool, Ticket, Venue
from isthmus.kernel.messages import FOK, GTC, IOC, REQUEST, RESPONSE, SELL

LIT = {1: ({9_998: 500}, {10_002: 500})}


def floor(*venues: Venue) -> Still:
    return Still((NORTH, *(venues or (POOL, CELLAR))), LIT)


def by_venue(decision: Decision) -> dict[int, int]:
    return {venue: lots for venue, _, lots in rows(decision)}


# DARK_KM: Ganchev et al.


def test_the_greedy_split_of_censored_tails() -> None:
    market = floor()
    # the pool gave all of 10 units whenever it was asked, the cellar never more than 2 of 10 (units of one lot)
    market.pool_history = [Pool(3, 10, 10), Pool(4, 10, 2), Pool(3, 10, 10), Pool(4, 10, 1), Pool(4, 10, 2)] * 2
    # T_pool is 1 up to 10, then 1 at 11 by optimism; T_cellar 1, 2/3, 0: nine single lots find the pool surer
    assert by_venue(decided(DARK_KM, work_of(11), market)) == {3: 10, 4: 1}
    assert by_venue(decided(DARK_KM, work_of(13), market)) == {3: 11, 4: 2}


def test_without_a_past_it_spreads_what_it_does_not_know() -> None:
    assert by_venue(decided(DARK_KM, work_of(64), floor())) == {3: 32, 4: 32}


def test_no_more_than_the_lit_price_is_paid_in_the_dark() -> None:
    assert {price for _, price, _ in rows(decided(DARK_KM, work_of(), floor()))} == {10_002}
    assert {price for _, price, _ in rows(decided(DARK_KM, work_of(limit=10_000), floor()))} == {10_000}
    assert {price for _, price, _ in rows(decided(DARK_KM, work_of(side=SELL), floor()))} == {9_998}


def test_a_round_stands_comes_back_and_is_followed_by_the_next() -> None:
    market = floor()
    first = decided(DARK_KM, work_of(), market)
    assert {ticket.tif for ticket in first.place} == {GTC} and first.wake.at == START + 5 * SECOND
    asked = answered(work_of(), first)
    assert not decided(DARK_KM, asked, market, START + 4 * SECOND).cancel
    assert decided(DARK_KM, asked, market, START + 5 * SECOND).cancel == (500, 501)
    over = answered(work_of(), first, status="done", ended_at=START + 5 * SECOND)
    assert not decided(DARK_KM, over, market, START + 5 * SECOND).place
    assert decided(DARK_KM, over, market, START + 6 * SECOND).place


def test_immediate_rounds_leave_nothing_standing() -> None:
    decision = decided(DARK_KM, work_of(), floor(), stand_s=0.0)
    assert {ticket.tif for ticket in decision.place} == {IOC}
    assert not decided(DARK_KM, answered(work_of(), decision), floor(), START + SECOND, stand_s=0.0).cancel


@pytest.mark.parametrize("path", [DARK_KM, DARK_SA], ids=lambda path: path.name)
def test_lots_and_minimum_of_a_pool_are_kept(path: Path) -> None:
    coarse = Venue(number=4, name="coarse", kind="dark", lot=25, minimum=50)
    split = by_venue(decided(path, work_of(90), floor(POOL, coarse)))
    assert split.get(4, 50) % 25 == 0 and split.get(4, 50) >= 50
    assert sum(split.values()) == 90


# DARK_SA: Laruelle, Lehalle, Pages


def test_shares_move_to_the_pool_that_gives_all() -> None:
    market = floor()
    assert by_venue(decided(DARK_SA, work_of(), market)) == {3: 50, 4: 50}
    market.pool_history = [Pool(3, 50, 50), Pool(4, 50, 10)]
    # rho 1 and 1, gamma 0.5 / 1: +0.5 x (1 - 1/2) for the pool, as much less for the cellar
    assert by_venue(decided(DARK_SA, work_of(), market)) == {3: 75, 4: 25}
    market.pool_history += [Pool(3, 75, 60), Pool(4, 25, 25)]
    # gamma 0.25: -0.125 and +0.125
    assert by_venue(decided(DARK_SA, work_of(), market)) == {3: 63, 4: 37} or by_venue(
        decided(DARK_SA, work_of(), market)
    ) == {3: 62, 4: 38}


def test_a_pools_fee_lowers_what_it_saves() -> None:
    dear = Venue(number=4, name="dear", kind="dark", taker_fee_ppm=100)  # 1 step of the 2 that the middle saves
    market = floor(POOL, dear)
    market.pool_history = [Pool(3, 50, 50), Pool(4, 50, 50)]
    # rho 1 and 0.5: mean 0.75, +-0.5 x 0.25
    split = by_venue(decided(DARK_SA, work_of(1_000), market))
    assert split == {3: 625, 4: 375}


# LIQ_SEEK: Kratz, Schoeneborn


def test_at_first_everything_is_dark() -> None:
    decision = decided(LIQ_SEEK, work_of(100, seconds=600), floor(POOL))
    assert rows(decision) == [(3, 10_002, 100)] and only(decision).tif == GTC


def test_then_a_lit_slice_by_the_optimal_course_and_the_whole_rest_dark() -> None:
    market = floor(POOL)
    market.sigma, market.estimates = 2.0, (0.0, 1e-3, 0.1)
    now = START + 20 * SECOND
    decision = decided(LIQ_SEEK, work_of(1_000, seconds=620), market, now, risk=1e-6, prior=0.2)
    theta, kappa = -math.log(0.8) / 10, math.sqrt(1e-6 * 4 / 1e-3)
    lots = round(1_000 * (1 - undone(590, 600, theta, kappa)))
    lit = [ticket for ticket in decision.place if ticket.tif == IOC]
    dark = [ticket for ticket in decision.place if ticket.tif == GTC]
    assert sum(ticket.quantity for ticket in lit) == min(lots, 500)
    assert sum(ticket.quantity for ticket in decision.place) == 1_000 and only_venues(dark) == {3}


def only_venues(tickets: list[Ticket]) -> set[int]:
    return {ticket.venue for ticket in tickets}


def test_pools_that_filled_often_slow_the_lit_pace() -> None:
    slices = []
    for given_lots in (0, 50, 95):
        market = floor(POOL)
        market.pool_history = [Pool(3, 100, given_lots)] * 5
        decision = decided(LIQ_SEEK, work_of(1_000, seconds=120), market, START + 60 * SECOND)
        slices.append(sum(ticket.quantity for ticket in decision.place if ticket.tif == IOC))
    assert slices == sorted(slices, reverse=True) and slices[0] > slices[-1]


def test_a_slot_takes_the_dark_order_back_before_the_next_goes_out() -> None:
    market = floor(POOL)
    work = work_of(100, child(1, 3, 10_002, 100), seconds=600)
    assert not decided(LIQ_SEEK, work, market, START + 9 * SECOND).cancel
    assert decided(LIQ_SEEK, work, market, START + 10 * SECOND).cancel == (1,)


def test_a_slot_is_sliced_once() -> None:
    market = floor(POOL)
    now = START + 60 * SECOND
    sliced = taken(1, 1, 10_002, 20, filled=20, placed_at=now, ended=now)
    decision = decided(LIQ_SEEK, work_of(1_000, sliced, seconds=120), market, now + SECOND)
    assert {ticket.tif for ticket in decision.place} == {GTC}


def test_without_pools_it_is_a_lit_schedule_from_the_start() -> None:
    market = Still((NORTH,), LIT)
    decision = decided(LIQ_SEEK, work_of(600, seconds=60), market)
    assert rows(decision) == [(1, 10_002, 100)], "no risk to weigh: evenly, six slots"


# BLOCK_COND


def test_a_block_is_indicated_conditionally_in_the_houses_pool() -> None:
    ticket = only(decided(BLOCK_COND, work_of(400), floor(HOUSE_POOL, POOL)))
    assert (ticket.venue, ticket.kind, ticket.quantity, ticket.min_quantity, ticket.tif) == (0, REQUEST, 400, 100, GTC)


def test_an_invitation_is_firmed_up_once() -> None:
    market = floor(HOUSE_POOL)
    work = work_of(400, child(7, 0, 10_002, 400, kind=REQUEST))
    assert not decided(BLOCK_COND, work, market).place
    market.invitations = {7: START + SECOND}
    ticket = only(decided(BLOCK_COND, work, market))
    assert (ticket.kind, ticket.request, ticket.quantity, ticket.min_quantity) == (RESPONSE, 7, 400, 100)
    work.children.append(child(8, 0, 10_002, 400, kind=RESPONSE))
    assert not decided(BLOCK_COND, work, market).place
    late = work_of(400, child(7, 0, 10_002, 400, kind=REQUEST))
    assert not decided(BLOCK_COND, late, market, START + 2 * SECOND).place, "the invitation is over"


def test_a_firm_order_that_found_too_little_comes_back_and_it_is_indicated_again() -> None:
    market = floor(HOUSE_POOL)
    work = work_of(400, child(8, 0, 10_002, 400, kind=RESPONSE))
    assert not decided(BLOCK_COND, work, market, START + SECOND).cancel
    assert decided(BLOCK_COND, work, market, START + 2 * SECOND).cancel == (8,)
    back = work_of(400, child(8, 0, 10_002, 400, kind=RESPONSE, ended=START + 2 * SECOND))
    assert not decided(BLOCK_COND, back, market, START + 3 * SECOND).place
    assert only(decided(BLOCK_COND, back, market, START + 7 * SECOND)).kind == REQUEST


def test_outside_pools_are_asked_in_turn_for_a_whole_block() -> None:
    market = floor(POOL, CELLAR)
    first = only(decided(BLOCK_COND, work_of(400), market))
    assert (first.venue, first.tif, first.quantity) == (3, FOK, 100)
    work = work_of(400, taken(1, 3, 10_002, 100, tif=FOK, ended=START - 10 * SECOND))
    assert only(decided(BLOCK_COND, work, market)).venue == 4
    assert not decided(BLOCK_COND, work_of(400), market, outside=False).place


def test_what_found_no_block_is_taken_in_the_end() -> None:
    work = work_of(400, child(7, 0, 10_002, 400, kind=REQUEST), seconds=10)
    market = floor(HOUSE_POOL)
    assert decided(BLOCK_COND, work, market, START + 10 * SECOND).cancel == (7,)
    back = work_of(400, child(7, 0, 10_002, 400, kind=REQUEST, ended=START + 10 * SECOND), seconds=10)
    assert rows(decided(BLOCK_COND, back, market, START + 10 * SECOND)) == [(1, 10_002, 400)]
