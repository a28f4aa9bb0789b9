"""What no liquidity path may break, on floors that move, refuse, lose answers, go dark and come back.

The desk checks at every decision: lots free, limit, whole lots of the venue, its minimum, the cap, the same answer for
the same state, nothing sent twice, no busy loop, no over-fill.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.execution.paths.desk import Chances, Desk
from tests.unit.execution.paths.floor import POOLS, SECOND, START, VENUES, Floor, parent_of

from isthmus.execution.paths.best_route import BEST_ROUTE
from isthmus.execution.paths.block_cond import BLOCK_COND
from isthmus.execution.paths.cost_split import COST_SPLIT
from isthmus.execution.paths.dark_km import DARK_KM
from isthmus.execution.paths.dark_sa import DARK_SA
from isthmus.execution.paths.iceberg import ICEBERG
from isthmus.execution.paths.liq_seek import LIQ_SEEK
from isthmus.execution.paths.mid_peg import MID_PEG
from isthmus.execution.paths.peg import PEG
from isthmus.execution.paths.queue_post import QUEUE_POST
from isthmus.execution.paths.sniper import SNIPER
from isthmus.execution.paths.sweep import SWEEP
from isthmus.execution.policy import PPM, Path, Pool, parameters_of
from isthmus.kernel.messages import BUY, SELL

PATHS = (
    SWEEP,
    BEST_ROUTE,
    COST_SPLIT,
    QUEUE_POST,
    DARK_KM,
    DARK_SA,
    LIQ_SEEK,
    BLOCK_COND,
    MID_PEG,
    PEG,
    ICEBERG,
    SNIPER,
)
each_path = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
END = START + 60 * SECOND
GIVEN = {
    "SWEEP": [{}, {"protect": False}, {"then": "cancel"}],
    "BEST_ROUTE": [{}, {"latency_weight": 0.0, "avoid_ms": 0}],
    "COST_SPLIT": [{}, {"horizon_s": 1.5, "horizons": 4, "samples": 16}, {"underfill_bps": 0.0}],
    "QUEUE_POST": [{}, {"improve": True, "behind_ticks": 2}, {"switch_bps": 0.0, "rest": "leave"}],
    "DARK_KM": [{}, {"stand_s": 0.0, "pause_s": 0.5}, {"rest": "leave"}],
    "DARK_SA": [{}, {"stand_s": 0.0, "pause_s": 0.5, "gain": 5.0}],
    "LIQ_SEEK": [{}, {"slot_s": 1.0, "dark_first_s": 2.0, "risk": 1.0}],
    "BLOCK_COND": [{}, {"again_s": 0.5, "block_ppm": 100_000}],
    "MID_PEG": [{}, {"improvement_bps": 1.0}, {"venue": "house", "min_lots": 10}, {"venue": "south"}],
    "PEG": [{}, {"peg": "market", "offset_ticks": -1, "venue": "south"}, {"discretion_ticks": 3, "cap_bps": 3.0}],
    "ICEBERG": [{}, {"venue": "north", "peak_lots": 40, "pause_ms": 200}, {"venue": "house", "peak_lots": 25}],
    "SNIPER": [{}, {"within_bps": 5.0, "size_ppm": 0}, {"within_bps": -3.0}],
}


def desk_of(path: Path, floor: Floor, chances: Chances | None = None, **given: int) -> Desk:
    parent = parent_of(**{"quantity": 600, **given})
    return Desk(floor, path, None, parent, chances or Chances())


@each_path
@settings(max_examples=25)
@given(data=st.data())
def test_no_law_is_broken_whatever_the_venues_do(path: Path, data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 1_000))
    venues = data.draw(st.sampled_from([VENUES, VENUES + POOLS, VENUES[:1], POOLS, VENUES[1:2] + POOLS[:1], ()]))
    floor = Floor(seed, venues=venues, depth=data.draw(st.sampled_from([0, 5, 60])))
    side = data.draw(st.sampled_from([BUY, SELL]))
    parent = parent_of(
        data.draw(st.integers(1, 2_000)),
        side=side,
        seconds=data.draw(st.sampled_from([0, 5, 20])),
        seed=seed,
        cap_ppm=data.draw(st.sampled_from([0, 0, 100_000, PPM])),
        limit=data.draw(st.integers(9_990, 10_010)),
        arrival_x2=data.draw(st.sampled_from([0, 20_000])),
    )
    chances = Chances(
        refused=data.draw(st.sampled_from([0, 0.2])),
        lost=data.draw(st.sampled_from([0, 0.2])),
        restarts=data.draw(st.sampled_from([0, 0.2])),
    )
    parameters = parameters_of(path, data.draw(st.sampled_from(GIVEN[path.name])))
    desk = Desk(floor, path, parameters, parent, chances)
    desk.run(START + 30 * SECOND)


@each_path
def test_the_same_seed_gives_the_same_children(path: Path) -> None:
    placed = [_placed(path, seed) for seed in (5, 5, 6)]
    assert placed[0] == placed[1]
    assert placed[0], "it does something"


def _placed(path: Path, seed: int) -> list:
    desk = desk_of(path, Floor(3, venues=VENUES + POOLS), seed=seed)
    desk.run(END)
    return desk.placed


@each_path
@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_parent_with_time_is_done_soon_after_it(path: Path, side: int) -> None:
    desk = desk_of(path, Floor(1, venues=VENUES + POOLS), side=side, limit=11_000 if side == BUY else 9_000)
    work = desk.run(END)
    assert work.left == 0, desk.decisions[-1]
    assert not work.live


@each_path
def test_no_venue_means_no_child_and_no_end(path: Path) -> None:
    desk = desk_of(path, Floor(1, venues=()), seconds=0)
    desk.run(START + 5 * SECOND)
    assert not desk.placed and not desk.over
    assert all(decision.why for _, decision in desk.decisions)


@each_path
def test_zero_depth_is_waited_out(path: Path) -> None:
    floor = Floor(1, depth=0)
    desk = desk_of(path, floor)
    desk.run(START + 5 * SECOND)
    assert not desk.placed, "nothing to trade with and nothing to stand behind"
    floor.depth = 60
    assert desk.run(END).left == 0


@each_path
def test_a_venue_that_goes_in_the_middle_gets_nothing_more_and_gives_back_what_rests(path: Path) -> None:
    floor = Floor(2, venues=VENUES + POOLS)
    desk = desk_of(path, floor, quantity=5_000, seconds=0)
    desk.run(START + 3 * SECOND)
    gone = {child.venue for child in desk.work.live} or {3}
    kept = [venue for venue in floor.venue_list if venue.number not in gone]
    missing = [venue for venue in floor.venue_list if venue.number in gone]
    floor.venue_list = kept
    floor.venue = lambda number: next(venue for venue in kept + missing if venue.number == number)  # type: ignore[method-assign]
    for venue in missing:
        for side in (BUY, SELL):
            floor.books.pop((venue.number, side), None)
    sent = len(desk.placed)
    desk.run(START + 30 * SECOND)
    assert not {ticket.venue for _, ticket in desk.placed[sent:]} & gone
    assert not [child for child in desk.work.live if child.venue in gone]


@each_path
def test_refusals_do_not_end_a_parent(path: Path) -> None:
    desk = desk_of(path, Floor(1, venues=VENUES + POOLS), Chances(refused=0.5), limit=11_000)
    assert desk.run(START + 120 * SECOND).left == 0


@each_path
def test_a_lost_answer_keeps_its_lots_until_the_venue_says_more(path: Path) -> None:
    desk = desk_of(path, Floor(1, venues=VENUES + POOLS), Chances(lost=0.5), limit=11_000)
    assert desk.run(START + 120 * SECOND).left == 0


@each_path
def test_a_crossed_source_makes_nothing_worse_than_the_limit(path: Path) -> None:
    floor = Floor(4, moves=0.0)
    for venue in VENUES:
        floor.books[venue.number, BUY] = {10_020: 50}
        floor.books[venue.number, SELL] = {9_980: 50}
    desk = desk_of(path, floor, limit=10_000)
    desk.run(START + 2 * SECOND)
    assert all(ticket.price <= 10_000 for _, ticket in desk.placed)


@each_path
def test_bad_parameters_are_refused_by_name(path: Path) -> None:
    import msgspec

    with pytest.raises(msgspec.ValidationError, match="no_such_thing"):
        parameters_of(path, {"no_such_thing": 1})
    field = next(name for name in path.parameters.__struct_fields__ if name not in ("rest", "venue", "peg", "then"))
    with pytest.raises(msgspec.ValidationError, match=field):
        parameters_of(path, {field: "a word"})


def test_what_pools_gave_is_read_in_any_order() -> None:
    floor = Floor(1, venues=VENUES + POOLS)
    floor.pool_history = [Pool(3, 100, 0), Pool(4, 0, 0), Pool(3, 50, 50), Pool(9, 10, 10)]
    for path in (DARK_KM, DARK_SA, LIQ_SEEK):
        desk = desk_of(path, floor)
        desk.run(START + SECOND)
        assert desk.placed
