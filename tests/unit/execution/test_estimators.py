"""The formulas of the liquidity paths against worked numbers and against naive twins."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.execution.estimators import allocation, dark_liquidation, peak, queue_value
from isthmus.execution.estimators.cont_kukanov import (
    Queue,
    Terms,
    cost,
    many_venues,
    mean_cost,
    one_venue,
    thresholds,
)
from isthmus.execution.estimators.draws import between, drawn, exponential, uniform
from isthmus.execution.estimators.kaplan_meier import (
    at_risk,
    greedy_split,
    kaplan_meier,
    known_up_to,
    optimistic_tail,
    paper_needs,
)

# Ganchev, Kearns, Nevmyvaka, Wortman Vaughan


def test_kaplan_meier_by_hand() -> None:
    # asked 3 got 1; asked 2 got 2 (censored); asked 3 got 0; asked 4 got 3
    observed = [(3, 1), (2, 2), (3, 0), (4, 3)]
    exact, reached = at_risk(observed, 4)
    assert reached == [4, 3, 1, 1], "at least s were there and more than s were asked for"
    assert exact == [1, 1, 0, 1], "exactly s were there"
    assert kaplan_meier(exact, reached) == [1.0, 0.75, 0.5, 0.5, 0.0]


def test_without_censoring_the_estimate_is_the_empirical_tail() -> None:
    given_units = [0, 1, 1, 2, 5, 3, 3]
    tail = kaplan_meier(*at_risk([(9, units) for units in given_units], 6))
    assert tail == pytest.approx([sum(units >= size for units in given_units) / 7 for size in range(7)])


def test_what_is_beyond_the_known_sizes_is_thought_as_good_as_the_last_known_one() -> None:
    observed = [(2, 2)] * 3 + [(2, 1)]
    assert known_up_to(at_risk(observed, 5)[1], 3) == 2
    assert optimistic_tail(observed, 5, 3) == [1.0, 1.0, 0.75, 0.75, 0.0, 0.0]
    assert optimistic_tail([], 3, 3) == [1.0, 1.0, 0.0, 0.0], "never asked: one unit is tried"


def test_the_bound_of_the_proof_is_as_the_paper_has_it() -> None:
    assert paper_needs(1, 10, 1.0, 0.1) == pytest.approx(128 * 100 * math.log(200))


def test_the_greedy_split_takes_the_greatest_tail_each_time() -> None:
    tails = [[1, 0.9, 0.5, 0.1], [1, 0.8, 0.7, 0.6]]
    assert greedy_split(1, tails) == [1, 0]
    assert greedy_split(3, tails) == [1, 2]
    assert greedy_split(5, tails) == [2, 3]
    assert greedy_split(4, [[1.0], [1.0]]) == [2, 2], "what no tail tells apart is spread"
    assert greedy_split(4, []) == []


@given(
    tails=st.lists(st.lists(st.floats(0, 1), min_size=4, max_size=4), min_size=1, max_size=3), volume=st.integers(0, 6)
)
def test_no_other_split_is_expected_to_fill_more(tails: list[list[float]], volume: int) -> None:
    tails = [[1.0, *sorted(tail, reverse=True)] for tail in tails]

    def expected(split: tuple[int, ...]) -> float:
        return sum(sum(tail[1 : units + 1]) for tail, units in zip(tails, split, strict=True))

    ways = [split for split in itertools.product(range(volume + 1), repeat=len(tails)) if sum(split) == volume]
    assert expected(tuple(greedy_split(volume, tails))) == pytest.approx(max(map(expected, ways)))


# Laruelle, Lehalle, Pages


def test_one_step_by_hand() -> None:
    # rho 0.8 and 0.4, both gave all: mean 0.6, so +0.1 x 0.2 and -0.1 x 0.2
    assert allocation.corrected([0.5, 0.5], [0.8, 0.4], [True, True], 0.1) == pytest.approx([0.52, 0.48])
    assert allocation.corrected([0.5, 0.5], [0.8, 0.8], [False, True], 0.1) == pytest.approx([0.46, 0.54])


def test_shares_that_leave_the_simplex_are_projected() -> None:
    assert allocation.projected([1.2, -0.2, 0.0]) == pytest.approx([1.0, 0.0, 0.0])
    assert allocation.projected([0.5, 0.5, 0.3]) == pytest.approx([0.4, 0.4, 0.2])


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=6))
def test_a_projection_is_on_the_simplex_and_nearer_than_any_corner(point: list[float]) -> None:
    found = allocation.projected(point)
    assert sum(found) == pytest.approx(1)
    assert min(found) >= 0
    near = math.dist(found, point)
    for corner in range(len(point)):
        assert near <= math.dist([float(place == corner) for place in range(len(point))], point) + 1e-9


def test_shares_settle_where_both_pools_fill_equally_often() -> None:
    # pool 1 holds uniform(0, 300), pool 2 uniform(0, 100), of an order of 200: r V / 300 = (1 - r) V / 100
    past = []
    shares = [0.5, 0.5]
    for place in range(4_000):
        lots = [round(200 * share) for share in shares]
        holds = [300 * uniform(1, 2 * place), 100 * uniform(1, 2 * place + 1)]
        asked = {pool: (lot, min(lot, int(held))) for pool, lot, held in zip((1, 2), lots, holds, strict=True)}
        past.append(asked)
        step = 2.0 / (place + 1)
        filled = [given_lots >= lot for lot, given_lots in asked.values()]
        shares = allocation.corrected(shares, [1.0, 1.0], filled, step)
    assert shares[0] == pytest.approx(0.75, abs=0.03)
    assert allocation.learnt([1, 2], [1.0, 1.0], past, 2.0) == pytest.approx(shares, abs=0.02)


def test_a_round_ends_where_a_pool_comes_again() -> None:
    assert allocation.rounds([(1, 10, 10), (2, 5, 0), (2, 4, 4), (1, 3, 1), (1, 0, 0)]) == [
        {1: (10, 10), 2: (5, 0)},
        {2: (4, 4), 1: (3, 1)},
    ]


@given(
    quantity=st.integers(0, 10_000),
    shares=st.lists(st.floats(0, 1), min_size=1, max_size=5).filter(lambda found: sum(found) > 0),
    lot=st.sampled_from([1, 7, 100]),
)
def test_whole_lots_lose_less_than_a_lot(quantity: int, shares: list[float], lot: int) -> None:
    shares = [share / sum(shares) for share in shares]
    parts = allocation.whole_lots(quantity, shares, [lot] * len(shares))
    assert all(part % lot == 0 for part in parts)
    assert quantity - lot < sum(parts) <= quantity


# Cont, Kukanov

TERMS = Terms(half_spread=0.01, taker_fee=0.003, underfill=0.05, impact=0.0005)
QUEUE = Queue(2_000, 0.002)


def uniform_quantile(chance: float) -> float:
    return 4_000 * chance


def test_one_venue_by_the_closed_form() -> None:
    # (2h + f + r) / (lambda_u + h + r + theta) = 0.025 / 0.0625 = 0.4, F^-1 = 1600 < Q: all at the market
    assert one_venue(1_000, QUEUE, TERMS, uniform_quantile) == (1_000, 0)
    dear = Terms(half_spread=0.02, taker_fee=0.003, underfill=0.05, impact=0.0005)
    # 0.045 / 0.0725, F^-1 = 2482.76
    market, limit = one_venue(1_000, QUEUE, dear, uniform_quantile)
    assert limit == pytest.approx(4_000 * 0.045 / 0.0725 - 2_000)
    assert market == pytest.approx(1_000 - limit)
    assert one_venue(400, QUEUE, dear, uniform_quantile) == (0, 400)


def test_the_thresholds_are_where_the_split_begins_and_ends() -> None:
    def chance(outflow: float) -> float:
        return min(1.0, outflow / 4_000)

    low, high = thresholds(1_000, QUEUE, TERMS, chance)
    assert low == pytest.approx(0.025 / 0.75 - 0.0125)
    assert high == pytest.approx(0.025 / 0.5 - 0.0125)
    for underfill, expected in ((low - 1e-9, 1_000), (high + 1e-9, 0), ((low + high) / 2, None)):
        terms = Terms(half_spread=0.01, taker_fee=0.003, underfill=underfill, impact=0.0005)
        limit = one_venue(1_000, QUEUE, terms, uniform_quantile)[1]
        assert limit == pytest.approx(expected, abs=1e-3) if expected is not None else 0 < limit < 1_000


def test_without_reward_for_waiting_all_goes_to_the_market() -> None:
    terms = Terms(half_spread=0.0, taker_fee=-0.002, underfill=0.05)
    assert one_venue(100, Queue(0, 0.001), terms, uniform_quantile) == (100, 0)
    cheap_miss = Terms(half_spread=0.01, taker_fee=0.003, underfill=0.001)
    assert one_venue(100, Queue(0, 0.001), cheap_miss, uniform_quantile) == (0, 100)


def test_the_cost_of_one_outcome_by_hand() -> None:
    # 100 at the market, 50 queue behind 20, 40 flow out: 20 fill, 30 are short
    terms = Terms(half_spread=1.0, taker_fee=0.5, underfill=3.0, impact=0.1)
    found = cost((100, [50]), [Queue(20, 0.25)], [40], terms)
    assert found == pytest.approx(1.5 * 100 - 1.25 * 20 + 0.1 * (150 + 30) + 3.0 * 30)


def test_the_closed_form_is_the_least_cost_over_a_fine_grid() -> None:
    dear = Terms(half_spread=0.02, taker_fee=0.003, underfill=0.05, impact=0.0005)
    samples = [[4_000 * (place + 0.5) / 2_000] for place in range(2_000)]
    limit = one_venue(1_000, QUEUE, dear, uniform_quantile)[1]
    grid = min(range(0, 1_001, 10), key=lambda lots: mean_cost((1_000 - lots, [lots]), [QUEUE], samples, dear))
    assert limit == pytest.approx(grid, abs=15)


def test_several_venues_come_near_the_best_of_a_grid() -> None:
    queues = [Queue(200, 0.002), Queue(50, 0.001)]
    terms = Terms(half_spread=0.02, taker_fee=0.003, underfill=0.05, impact=0.0005)
    samples = [[exponential(3, 2 * place, 600.0), exponential(3, 2 * place + 1, 150.0)] for place in range(1_500)]
    market, limits = many_venues(600, queues, samples, terms)
    assert market + sum(limits) == pytest.approx(600)
    ways = [(600 - a - b, [a, b]) for a in range(0, 601, 50) for b in range(0, 601 - a, 50)]
    best = min(mean_cost(way, queues, samples, terms) for way in ways)
    worst = max(mean_cost(way, queues, samples, terms) for way in ways)
    assert mean_cost((market, limits), queues, samples, terms) - best < 0.02 * (worst - best)


def test_many_venues_without_any_is_all_at_the_market() -> None:
    assert many_venues(10, [], [], TERMS) == (10, [])
    assert many_venues(0, [QUEUE], [[1.0]], TERMS) == (0, [0.0])


# Moallemi, Yuan; Maglaras, Moallemi, Zheng


def test_a_queue_by_hand() -> None:
    assert queue_value.expected_wait(90, 10, 20) == 5
    # 100 lots in trades of 10 at 5 a second, a price that moves once a second: (5 / 6)^10
    assert queue_value.fill_chance(99, 10, 50, 1.0) == pytest.approx((5 / 6) ** 10)
    assert queue_value.fill_chance(99, 10, 50, 0.0) == 1.0
    assert queue_value.fill_chance(0, 1, 0, 1.0) == 0.0
    assert queue_value.moves_a_second(2.0, 4.0) == 0.25
    assert queue_value.queue_value(0.5, 3.0, 1.0, 4.0) == pytest.approx(0.5 * 2 - 0.5 * 4)
    assert queue_value.joining_cost(0.2, 10, 0.1) == pytest.approx(0.8)


@given(ahead=st.floats(0, 10_000), more=st.floats(1, 1_000))
def test_a_longer_queue_is_never_likelier_to_fill(ahead: float, more: float) -> None:
    assert queue_value.fill_chance(ahead + more, 5, 50, 0.3) <= queue_value.fill_chance(ahead, 5, 50, 0.3)


# Kratz, Schoeneborn


def test_without_dark_pools_the_course_is_almgren_chriss() -> None:
    for left in (0.0, 10.0, 45.0, 60.0):
        expected = math.sinh(0.05 * left) / math.sinh(0.05 * 60)
        assert dark_liquidation.undone(left, 60, 0.0, 0.05) == pytest.approx(expected)


def test_the_value_solves_their_riccati_equation() -> None:
    theta, kappa, step = 0.3, 0.2, 1e-5
    for left in (0.5, 2.0, 10.0):
        rate = dark_liquidation.lit_rate(left, theta, kappa)  # C / Lambda
        slope = (dark_liquidation.lit_rate(left - step, theta, kappa) - rate) / step
        assert slope == pytest.approx(rate**2 + theta * rate - kappa**2, rel=1e-3)


def test_the_course_follows_its_rate() -> None:
    step = 1e-6
    for left in (1.0, 20.0, 50.0):
        here, later = (dark_liquidation.undone(at, 60, 0.1, 0.05) for at in (left, left - step))
        assert (here - later) / here / step == pytest.approx(dark_liquidation.lit_rate(left, 0.1, 0.05), rel=1e-3)


def test_pools_that_fill_often_slow_the_lit_pace_down_at_first() -> None:
    rates = [dark_liquidation.lit_rate(60, theta, 0.05) for theta in (0.0, 0.05, 0.5)]
    assert rates == sorted(rates, reverse=True) and rates[2] < rates[0] / 5


def test_extremes_of_the_course() -> None:
    assert dark_liquidation.lit_rate(0, 1, 1) == math.inf
    assert dark_liquidation.lit_rate(10, 0, 0) == pytest.approx(0.1), "nothing to weigh: evenly"
    assert dark_liquidation.undone(30, 60, 0, 0) == 0.5
    assert dark_liquidation.undone(5_000, 10_000, 0.0, 1.0) == pytest.approx(0.0, abs=1e-300)
    assert dark_liquidation.undone(-1, 60, 1, 1) == 0


def test_how_often_pools_fill_is_learnt_from_what_they_gave() -> None:
    assert dark_liquidation.arrival_rate(0, 0, 10, 0.2) == pytest.approx(-math.log(0.8) / 10)
    assert dark_liquidation.arrival_rate(100, 80, 10, 0.2) == pytest.approx(-math.log(0.5) / 10)
    assert dark_liquidation.urgency(1e-6, 2.0, 1e-4) == pytest.approx(0.2)
    assert dark_liquidation.urgency(1e-6, 2.0, 0.0) == 0


# Esser, Moench


def test_the_peak_of_least_cost() -> None:
    prices = (0.01, 0.001)
    best = peak.best_peak(10_000, 400, 50, prices)
    assert best == pytest.approx(math.sqrt(0.01 * 10_000 * 400 / (2 * 50 * 0.001)))
    costs = [peak.mean_cost(best * factor, 10_000, 400, 50, prices) for factor in (0.8, 1.0, 1.25)]
    assert min(costs) == costs[1]
    assert peak.best_peak(10, 400, 50, prices) == 10, "at most everything"
    assert peak.best_peak(100, 400, 0, prices) is None


# chance


def test_splitmix64_by_its_published_numbers() -> None:
    assert [drawn(1234567, place) for place in range(3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


def test_draws_have_their_mean_and_bounds() -> None:
    found = [exponential(9, place, 5.0) for place in range(20_000)]
    assert sum(found) / len(found) == pytest.approx(5.0, rel=0.03)
    assert {between(9, place, 2, 4) for place in range(100)} == {2, 3, 4}
