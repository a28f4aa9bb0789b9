"""TWAP, the two VWAPs and POV against their definitions."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.execution.paths.desk import Chances, Desk, worked
from tests.unit.execution.paths.floor import MS, SECOND, START, Floor, parent_of

from isthmus.execution.paths.pov import POV, PovParameters
from isthmus.execution.paths.schedules import LEAST_SLICE, Span, drawn, filled_since, slice_at, span_of
from isthmus.execution.paths.twap import TWAP, TwapParameters, jittered_edge, jittered_slice
from isthmus.execution.paths.vwap_dyn import VWAP_DYN, VwapDynParameters
from isthmus.execution.paths.vwap_static import VWAP_STATIC, VwapStaticParameters
from isthmus.execution.policy import PPM, Path, parameters_of
from isthmus.execution.schedules.curves import cumulative_shares, konishi, share_next, volumes_ahead
from isthmus.kernel.messages import GTC, IOC, SELL

DEEP = {"depth": 2_000, "flow": 500}
CURVE = dict(enumerate([900, 400, 200, 100, 100, 100, 200, 300, 600, 1_100]))


def done_by(desk: Desk, seconds: float) -> int:
    """Lots filled by so many seconds after the start."""
    return desk.work.filled - filled_since(desk.work, START + round(seconds * SECOND))


def deep(curve: dict[int, int] | None = None, seed: int = 1) -> Floor:
    floor = Floor(seed, **DEEP)
    floor.curve = curve or {}
    return floor


# TWAP


def test_twap_does_equal_slices_in_equal_times() -> None:
    parameters = TwapParameters(slices=10, jitter_ppm=0, patience_ppm=0)
    desk = worked(TWAP, parameters, parent_of(1_003, seconds=20), floor=deep())
    done = [done_by(desk, 2 * number) for number in range(11)]
    assert done == [1_003 * number // 10 for number in range(11)]


def test_twap_rests_first_and_takes_before_the_slice_ends() -> None:
    parameters = TwapParameters(slices=4, jitter_ppm=0, patience_ppm=500_000)
    desk = worked(TWAP, parameters, parent_of(400, seconds=20), floor=deep(), chances=Chances(fills=0.0))
    rests = [at for at, ticket in desk.placed if ticket.tif == GTC]
    takes = [at for at, ticket in desk.placed if ticket.tif == IOC]
    assert rests[0] == START and takes[0] >= START + 2_500 * MS
    first = next(ticket for _, ticket in desk.placed if ticket.tif == GTC)
    assert (first.quantity, first.price) == (100, 9_999), "at the near touch"
    assert done_by(desk, 5) == 100, "the first slice is done when it ends"


def test_twap_edges_move_by_the_seed_and_keep_their_order() -> None:
    span = Span(START, START + 100 * SECOND, 20)
    edges = [jittered_edge(span, 7, 900_000, number) for number in range(21)]
    assert edges == sorted(edges) and (edges[0], edges[-1]) == (START, span.end)
    assert edges != [span.edge(number) for number in range(21)]
    assert edges != [jittered_edge(span, 8, 900_000, number) for number in range(21)]
    assert all(abs(edge - span.edge(number)) <= 9 * SECOND // 4 for number, edge in enumerate(edges))


@given(st.integers(1, 10**12), st.integers(1, 60), st.integers(0, 2**32), st.integers(0, 900_000), st.fractions(0, 1))
def test_twap_finds_the_slice_that_counting_all_edges_finds(
    length: int, slices: int, seed: int, jitter: int, share: Fraction
) -> None:
    span = Span(START, START + slices * (LEAST_SLICE + length), slices)
    parent = msgspec.structs.replace(parent_of(400), seed=seed)
    now = START + int((span.end - START) * share)
    edges = [jittered_edge(span, seed, jitter, number) for number in range(slices + 1)]
    number = sum(edge <= now for edge in edges[1:-1])
    found = jittered_slice(span, parent, jitter, now)
    assert found == (number, edges[number], edges[number + 1], number + 1 == slices)


def test_draws_are_even_over_seeds() -> None:
    draws = [drawn(seed, 3) for seed in range(4_000)]
    assert all(0 <= draw < PPM for draw in draws)
    assert abs(sum(draws) / len(draws) - PPM / 2) < PPM * 0.02


def test_twap_catches_up_by_no_more_than_its_limit() -> None:
    """Nothing can be had for three of ten slices; then each does two equal ones until the parent is level again."""
    floor = deep()
    books, floor.books = floor.books, {}
    renew, floor._renew = floor._renew, lambda venue: None
    parameters = TwapParameters(slices=10, jitter_ppm=0, patience_ppm=0, catch_up_ppm=2 * PPM)
    desk = Desk(floor, TWAP, parameters, parent_of(1_000, seconds=20))
    desk.run(START + 6 * SECOND)
    assert desk.work.filled == 0
    floor.books, floor._renew = books, renew
    desk.run(START + 21 * SECOND)
    assert [done_by(desk, 2 * number) for number in range(3, 11)] == [0, 200, 400, 600, 700, 800, 900, 1_000]


# VWAP_STATIC


def test_vwap_static_follows_the_curve_slice_by_slice() -> None:
    parameters = VwapStaticParameters(slices=10, patience_ppm=0)
    desk = worked(VWAP_STATIC, parameters, parent_of(1_000, seconds=10), floor=deep(CURVE))
    expected = [int(1_000 * share) for share in cumulative_shares(list(CURVE.values()))]
    assert [done_by(desk, second + 1) for second in range(10)] == expected
    assert expected[0] == 225 and expected[4] == 425


def test_vwap_static_without_a_curve_is_even() -> None:
    desk = worked(VWAP_STATIC, VwapStaticParameters(slices=5, patience_ppm=0), parent_of(100, seconds=10), floor=deep())
    assert [done_by(desk, 2 * number) for number in range(6)] == [0, 20, 40, 60, 80, 100]


def test_konishi_is_the_mean_curve_and_leans_to_volatile_days() -> None:
    early, late = [3.0, 1.0], [1.0, 3.0]
    assert konishi([early, late]) == [0.5, 1.0]
    # x_1 = (0.75 x 3 + 0.25 x 1) / (3 + 1)
    assert konishi([early, late], [[3.0, 1.0], [1.0, 1.0]]) == [0.625, 1.0]


def test_konishi_has_the_least_squared_slippage_of_all_schedules() -> None:
    days, variances = (
        [[5.0, 1.0, 2.0], [1.0, 1.0, 6.0], [2.0, 4.0, 2.0]],
        [[4.0, 1.0, 1.0], [1.0, 2.0, 1.0], [1.0, 1.0, 3.0]],
    )
    best = konishi(days, variances)

    def slippage(shares: list[float]) -> float:
        curves = [cumulative_shares(day) for day in days]
        gaps = (np.array(curves) - np.array(shares)) ** 2
        return float(np.sum(gaps * np.array(variances)))

    for place in (0, 1):
        for move in (-0.01, 0.01):
            other = list(best)
            other[place] += move
            assert slippage(other) > slippage(best)


# VWAP_DYN


def test_the_forecast_is_the_arma_one_step_and_decays_to_the_usual() -> None:
    usual, seen = [100.0] * 5, [140.0, 120.0]
    # y = 40, 20; e1 = 40, e2 = 20 - 0.5*40 - 0.2*40 = -8; next y = 0.5*20 + 0.2*-8 = 8.4, then halved
    assert volumes_ahead(usual, seen, 0.5, 0.2) == pytest.approx([108.4, 104.2, 102.1])
    assert volumes_ahead(usual, [], 0.5, 0.2) == usual
    assert volumes_ahead([10.0, 10.0], [-500.0], 0.9, 0.0) == [0.0]
    assert share_next([30.0, 20.0, 50.0]) == 0.3


def test_vwap_dyn_on_a_usual_day_is_the_static_curve() -> None:
    floor = deep(CURVE)
    floor.flow = 0
    parameters = VwapDynParameters(slices=10, patience_ppm=0, phi=0.0, theta=0.0)
    desk = worked(VWAP_DYN, parameters, parent_of(1_000, seconds=10), floor=floor)
    expected = [1_000 * share for share in cumulative_shares(list(CURVE.values()))]
    assert [done_by(desk, second + 1) for second in range(10)] == pytest.approx(expected, abs=2)


def test_vwap_dyn_does_more_now_when_the_day_is_busy() -> None:
    """After a busy first slice the next ones are forecast busier, so they get more of what is left."""
    parameters = VwapDynParameters(slices=10, patience_ppm=0, phi=0.9, theta=0.0)
    shares = {}
    for name, lots in (("busy", 3_000), ("calm", 100)):
        floor = deep(dict.fromkeys(range(10), 500))
        floor.flow = 0
        desk = Desk(floor, VWAP_DYN, parameters, parent_of(1_000, seconds=10))
        desk.run(START + SECOND // 2)
        floor.trade(lots)
        desk.run(START + 2 * SECOND)
        shares[name] = desk.work.filled - 100
    assert shares["busy"] > 100 > shares["calm"]


def test_vwaps_track_the_vwap_of_the_market_better_than_twap() -> None:
    """The market trades by the curve while the price trends: what follows the curve pays nearest to the VWAP."""
    errors: dict[str, float] = {}
    for path in (TWAP, VWAP_STATIC, VWAP_DYN):
        floor = deep(CURVE)
        floor.flow, floor.moves = 0, 0.0
        market_value = market_lots = 0
        jitter = {"jitter_ppm": 0} if path is TWAP else {}
        parameters = parameters_of(path, {"slices": 10, "patience_ppm": 0, **jitter})
        desk = Desk(floor, path, parameters, parent_of(100, seconds=10))
        for second in range(10):
            floor.middle = 10_000 + 5 * second
            for venue in floor.venue_list:
                floor._renew(venue)
            desk.run(START + second * SECOND + SECOND // 2)
            floor.trade(CURVE[second])
            market_value += floor.middle * CURVE[second]
            market_lots += CURVE[second]
            desk.run(START + (second + 1) * SECOND)
        desk.run(START + 11 * SECOND)
        assert desk.work.left == 0
        errors[path.name] = abs(desk.work.turnover / 100 - 1 - market_value / market_lots)
    assert errors["VWAP_STATIC"] < errors["TWAP"] / 2
    assert errors["VWAP_DYN"] < errors["TWAP"]


# POV


def share_of(desk: Desk) -> float:
    return desk.work.filled / max(1, desk.floor.traded(START))


@pytest.mark.parametrize("share", [50_000, 100_000, 300_000])
@pytest.mark.parametrize("fills", [0.0, 0.5])
def test_pov_keeps_its_band(share: int, fills: float) -> None:
    parameters = PovParameters(share_ppm=share, least_ppm=share * 8 // 10, most_ppm=share * 12 // 10)
    desk = Desk(Floor(2, depth=500, flow=1_000), POV, parameters, parent_of(10**6, seconds=60), Chances(fills=fills))
    for second in range(5, 60):
        desk.run(START + second * SECOND)
        assert share_of(desk) <= share * 1.2 / PPM
        if second > 10:
            assert share_of(desk) >= share * 0.75 / PPM, second


def test_pov_does_nothing_where_nothing_trades() -> None:
    desk = worked(POV, None, parent_of(1_000, seconds=30), floor=Floor(1, depth=100, flow=0))
    assert desk.placed == [] and desk.over


def test_pov_rests_within_the_band_and_takes_below_it() -> None:
    floor = Floor(1, depth=500, flow=0, moves=0.0)
    parameters = PovParameters(share_ppm=100_000, least_ppm=50_000, most_ppm=150_000)
    desk = Desk(floor, POV, parameters, parent_of(10_000, seconds=60), Chances(fills=0.0))
    floor.now += 1
    floor.trade(1_000)
    desk.run(START + SECOND)
    assert [(ticket.tif, ticket.quantity) for _, ticket in desk.placed] == [(IOC, 100), (GTC, 10)]
    # its own 100 lots are volume too: of 2,000 its share is 200, half of which is done
    floor.trade(900)
    desk.run(START + 7 * SECOND)
    assert (desk.work.filled, desk.work.working) == (100, 100)
    assert {ticket.tif for _, ticket in desk.placed[1:]} == {GTC}


def test_pov_wakes_by_volume() -> None:
    floor = Floor(1, depth=500, flow=0)
    parameters = PovParameters(clip=50)
    decision = POV.decide(Desk(floor, POV, parameters, parent_of(10_000)).work, floor, parameters, START)
    assert decision.wake.volume == 500, "a clip of 50 is a tenth of so many lots"


@pytest.mark.parametrize(
    "given", [{"least_ppm": 200_000}, {"most_ppm": 90_000}], ids=["least above share", "most under share"]
)
def test_pov_refuses_a_band_that_its_share_is_not_in(given: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="least_ppm <= share_ppm <= most_ppm"):
        parameters_of(POV, given)


# slices


def test_slices_cover_the_time_without_gap() -> None:
    span = span_of(parent_of(1_000, seconds=7), TwapParameters(slices=13))
    for now in range(START, span.end, 7 * MS + 1):
        piece = slice_at(span, now)
        assert piece.start <= now < piece.end
    assert span_of(parent_of(3), TwapParameters(slices=13)).slices == 3, "no more slices than lots"
    assert span_of(parent_of(1_000, seconds=1), TwapParameters(slices=13)).slices == 2, "none under half a second"


@pytest.mark.parametrize("path", [TWAP, VWAP_STATIC, VWAP_DYN], ids=lambda path: path.name)
def test_a_seller_is_the_mirror_of_a_buyer(path: Path) -> None:
    desk = worked(path, None, parent_of(500, side=SELL, seconds=20), floor=deep(CURVE))
    assert desk.work.left == 0
    resting = [ticket for _, ticket in desk.placed if ticket.tif == GTC]
    assert resting[0].price == 10_001
