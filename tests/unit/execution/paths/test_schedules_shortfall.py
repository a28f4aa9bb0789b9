"""The paths after Almgren and Chriss, Obizhaeva and Wang, and Gueant and others work by their published rules."""

from __future__ import annotations

import pytest
from tests.unit.execution.paths.desk import Chances, Desk, worked
from tests.unit.execution.paths.floor import SECOND, START, Floor, parent_of

from isthmus.execution.paths.glft_passive import GLFT_PASSIVE, GlftPassiveParameters
from isthmus.execution.paths.is_ac import IS_AC, IsAcParameters
from isthmus.execution.paths.is_adapt import IS_ADAPT, IsAdaptParameters
from isthmus.execution.paths.ow_resil import OW_RESIL, OwResilParameters
from isthmus.execution.paths.schedules import filled_since
from isthmus.execution.policy import Decision
from isthmus.execution.schedules.almgren_chriss import held_share, holdings, kappa
from isthmus.execution.schedules.glft import Intensity, distances
from isthmus.execution.schedules.obizhaeva_wang import trades
from isthmus.kernel.messages import BUY, GTC, IOC, POST_ONLY, SELL


def still(**given: int) -> Floor:
    """A deep market that does not move."""
    return Floor(1, **{"depth": 20_000, "flow": 0, "moves": 0.0, **given})


def held_after(desk: Desk, seconds: float) -> int:
    """Lots not filled yet so many seconds after the start."""
    return desk.work.parent.quantity - desk.work.filled + filled_since(desk.work, START + round(seconds * SECOND))


# IS_AC


def test_is_ac_holds_the_papers_holdings() -> None:
    """The example of the paper with a second for a day: lambda a millionth, a million lots, five slices."""
    parameters = IsAcParameters(
        slices=5,
        patience_ppm=0,
        risk_aversion=1e-6,
        volatility=0.95,
        temporary=2.5e-6,
        permanent=2.5e-7,
    )
    desk = worked(IS_AC, parameters, parent_of(1_000_000, seconds=5), floor=still(depth=2_000_000))
    held = [held_after(desk, second) for second in range(6)]
    assert held == pytest.approx([1_000_000, 541_956, 289_854, 147_897, 62_142, 0], abs=2)


def test_is_ac_takes_volatility_and_impact_from_the_market() -> None:
    floor = still()
    floor.estimates = (0.0, 0.02, 0.0)
    floor.moves = 0.4  # sigma^2 = 4 a second
    expected = kappa(1e-3, 2.0, 0.02, 2.0)
    decision = IS_AC.decide(
        Desk(floor, IS_AC, None, parent_of(1_000, seconds=20)).work,
        floor,
        IsAcParameters(slices=10, patience_ppm=0, risk_aversion=1e-3),
        START,
    )
    lots = sum(ticket.quantity for ticket in decision.place)
    assert lots == round(1_000 * (1 - held_share(expected, 18.0, 20.0)))
    assert lots > 100, "front-loaded"


def test_is_ac_by_urgency_and_no_faster_than_the_most() -> None:
    for parameters, urgency in (
        (IsAcParameters(slices=10, patience_ppm=0, urgency=3.0), 3.0),
        (IsAcParameters(slices=10, patience_ppm=0, urgency=0.0), 0.0),
        (IsAcParameters(slices=10, patience_ppm=0, risk_aversion=1e6, temporary=0.1, volatility=9.0), 20.0),
    ):
        desk = worked(IS_AC, parameters, parent_of(10_000, seconds=20), floor=still())
        held = [held_after(desk, 2 * number) for number in range(11)]
        assert held == pytest.approx(holdings(10_000, urgency / 20, 10, 2.0), abs=6)


def test_is_ac_replans_from_what_is_left_when_a_slice_fails() -> None:
    """Nothing can be had in the first half: the second half is the schedule of all the lots over half the time."""
    floor = still()
    books, floor.books = floor.books, {}
    desk = Desk(floor, IS_AC, IsAcParameters(slices=10, patience_ppm=0, urgency=4.0), parent_of(10_000, seconds=20))
    renew, floor._renew = floor._renew, lambda venue: None
    desk.run(START + 10 * SECOND)
    floor.books, floor._renew = books, renew
    desk.run(START + 21 * SECOND)
    held = [held_after(desk, 10 + 2 * number) for number in range(6)]
    assert held == pytest.approx(holdings(10_000, 4.0 / 20, 5, 2.0), abs=6)


# IS_ADAPT


def first_slice(middle: int, side: int, **given: float) -> int:
    """Lots of the first slice when the middle is there and was 10,000 at arrival."""
    floor = still()
    floor.moves = 0.4
    floor.middle = middle
    for venue in floor.venue_list:
        floor._renew(venue)
    parameters = IsAdaptParameters(slices=10, patience_ppm=0, urgency=2.0, volatility=2.0, **given)
    work = Desk(floor, IS_ADAPT, None, parent_of(10_000, side=side, seconds=25)).work
    return sum(ticket.quantity for ticket in IS_ADAPT.decide(work, floor, parameters, START).place)


def lots_at(urgency: float) -> int:
    return round(10_000 * (1 - held_share(urgency / 25, 22.5, 25.0)))


@pytest.mark.parametrize("side", [BUY, SELL])
def test_is_adapt_is_faster_in_the_money_and_slower_out_of_it(side: int) -> None:
    favour = -10 if side == BUY else 10  # sigma sqrt(T) = 2 x 5: one standard deviation
    assert first_slice(10_000, side) == lots_at(2.0)
    assert first_slice(10_000 + favour, side) == lots_at(4.0)
    assert first_slice(10_000 - favour // 2, side) == lots_at(1.0)


def test_is_adapt_stays_within_its_bounds() -> None:
    assert first_slice(9_950, BUY, strength=5.0, most=3.0) == lots_at(6.0)
    assert first_slice(10_050, BUY, strength=5.0, least=0.5) == lots_at(1.0)
    assert first_slice(9_950, BUY, strength=0.0) == lots_at(2.0)


def test_is_adapt_without_a_price_at_arrival_is_is_ac() -> None:
    floor = still()
    work = Desk(floor, IS_ADAPT, None, parent_of(10_000, arrival_x2=0)).work
    adaptive = IS_ADAPT.decide(work, floor, IsAdaptParameters(patience_ppm=0, volatility=1.0), START)
    plain = IS_AC.decide(work, floor, IsAcParameters(patience_ppm=0, volatility=1.0), START)
    assert [ticket.quantity for ticket in adaptive.place] == [ticket.quantity for ticket in plain.place]


# OW_RESIL


def test_ow_resil_trades_the_anchor_as_block_trickle_block() -> None:
    parameters = OwResilParameters(intervals=10, resilience=2.231 / 10, lead_ms=0)
    floor = still(depth=200_000)
    desk = Desk(floor, OW_RESIL, parameters, parent_of(100_000, seconds=0, until=START + 10 * SECOND))
    desk.run(START + 11 * SECOND)
    done = [100_000 - held_after(desk, second + 0.5) for second in range(11)]
    parts = [after - before for before, after in zip([0, *done], done, strict=False)]
    assert parts == pytest.approx([26_318, *[5_263] * 9, 26_318], abs=1)
    assert {ticket.tif for _, ticket in desk.placed} == {IOC}, "the model trades by market orders"
    assert desk.work.left == 0


def test_ow_resil_takes_the_resilience_of_the_market() -> None:
    floor = still()
    floor.estimates = (0.0, 0.01, 0.5)
    parameters = OwResilParameters(intervals=9, lead_ms=2_000)
    work = Desk(floor, OW_RESIL, parameters, parent_of(10_000, seconds=20)).work
    decision = OW_RESIL.decide(work, floor, parameters, START)
    assert sum(ticket.quantity for ticket in decision.place) == round(trades(10_000, 0.5, 18.0, 9)[0])
    assert decision.wake.at == START + SECOND, "what was not found is asked for again"


def test_ow_resil_asks_again_for_what_a_block_did_not_find() -> None:
    floor = Floor(3, depth=40, flow=0)
    parameters = OwResilParameters(intervals=5, resilience=0.01)
    desk = worked(OW_RESIL, parameters, parent_of(2_000, seconds=20), floor=floor)
    first = [(at, ticket.quantity) for at, ticket in desk.placed if at < START + 18 * SECOND // 5]
    assert len({at for at, _ in first}) > 1
    assert sum(lots for _, lots in first) <= trades(2_000, 0.01, 18.0, 5)[0] + 1


# GLFT_PASSIVE

QUIET = {"arrivals": 0.2, "decay": 0.3, "volatility": 0.5, "risk_aversion": 0.01, "penalty": 3.0}


def quoted(work_left: int, seconds: int, side: int = BUY) -> Decision:
    floor = still()
    parameters = GlftPassiveParameters(clip=100, lead_ms=0, **QUIET)
    parent = parent_of(work_left, side=side, seconds=seconds)
    return GLFT_PASSIVE.decide(Desk(floor, GLFT_PASSIVE, None, parent).work, floor, parameters, START)


@pytest.mark.parametrize(("clips", "seconds"), [(1, 300), (5, 300), (5, 60)])
def test_glft_rests_one_clip_at_the_optimal_distance(clips: int, seconds: int) -> None:
    distance = distances(Intensity(**QUIET), clips, float(seconds))[-1]
    assert distance > 1
    (bid,) = quoted(100 * clips, seconds).place
    assert (bid.quantity, bid.tif, bid.flags) == (100, GTC, POST_ONLY)
    assert bid.price == round(10_000 - distance)
    (offer,) = quoted(100 * clips, seconds, SELL).place
    assert offer.price == round(10_000 + distance)


def test_glft_takes_a_clip_where_the_optimal_distance_is_through_the_other_side() -> None:
    floor = still()
    parameters = GlftPassiveParameters(clip=100, **{**QUIET, "volatility": 30.0, "risk_aversion": 1.0})
    work = Desk(floor, GLFT_PASSIVE, None, parent_of(3_000, seconds=60)).work
    decision = GLFT_PASSIVE.decide(work, floor, parameters, START)
    assert {ticket.tif for ticket in decision.place} == {IOC}
    assert sum(ticket.quantity for ticket in decision.place) == 100


def test_glft_keeps_one_child_out_and_moves_it_when_the_quote_moves() -> None:
    floor = Floor(2, depth=500, flow=0, moves=0.5)
    parameters = GlftPassiveParameters(clip=100, **QUIET)
    desk = Desk(floor, GLFT_PASSIVE, parameters, parent_of(1_000, seconds=60), Chances(fills=0.0))
    for second in range(1, 50):
        desk.run(START + second * SECOND)
        assert len(desk.work.live) <= 1
    moved = [at for at, decision in desk.decisions if decision.cancel]
    assert len(moved) > 3
    assert all(after - before >= 2 * SECOND for before, after in zip(moved, moved[1:], strict=False))


def test_glft_cuts_clips_so_that_they_can_be_solved_for() -> None:
    floor = still()
    decision = GLFT_PASSIVE.decide(
        Desk(floor, GLFT_PASSIVE, None, parent_of(10_000, seconds=60)).work,
        floor,
        GlftPassiveParameters(clip=1, **QUIET),
        START,
    )
    assert sum(ticket.quantity for ticket in decision.place) == 200


# orderings that the models promise


def test_is_pays_less_than_twap_when_the_price_runs_away() -> None:
    """A price that rises against a buyer all the time: what is done sooner is cheaper."""
    from isthmus.execution.paths.twap import TWAP

    paid = {}
    for path in (TWAP, IS_AC):
        floor = still()
        desk = Desk(floor, path, None, parent_of(5_000, seconds=20))
        for second in range(21):
            floor.middle = 10_000 + second
            for venue in floor.venue_list:
                floor._renew(venue)
            desk.run(START + (second + 1) * SECOND)
        assert desk.work.left == 0
        paid[path.name] = desk.work.turnover
    assert paid["IS_AC"] < paid["TWAP"]
