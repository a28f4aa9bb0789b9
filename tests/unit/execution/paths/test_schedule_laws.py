"""What holds for every path with a schedule, on a floor that moves, refuses, loses answers and restarts.

The desk checks at each decision: nothing changed, the same state decides the same, never more than is free, never
beyond limit or cap, whole lots, no busy loop, nothing sent twice.
"""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.execution.paths.desk import Chances, Desk
from tests.unit.execution.paths.floor import CALL, MS, SECOND, START, VENUES, Floor, parent_of

from isthmus.execution.policy import PPM, Auction, Leg, Parent, Path, Venue, Work, parameters_of
from isthmus.execution.taxonomy import PATHS
from isthmus.kernel.messages import BUY, IOC, SELL

SCHEDULES = [path for path in PATHS if 13 <= path.number <= 23]
PROMISES = [path for path in SCHEDULES if path.name not in ("POV", "AUCTION")]
"""Those that are done by the parent's time where the market has the liquidity."""

GIVEN: dict[str, dict[str, object]] = {"TARGET_CLOSE": {"entry_ms": 2_000}, "GLFT_PASSIVE": {"clip": 40}}

chances = st.builds(
    Chances,
    refused=st.sampled_from([0.0, 0.0, 0.2]),
    lost=st.sampled_from([0.0, 0.0, 0.1]),
    restarts=st.sampled_from([0.0, 0.02]),
    fills=st.sampled_from([0.0, 0.3, 1.0]),
    latency=st.sampled_from([1 * MS, 20 * MS, 450 * MS]),
)
parents = st.builds(
    parent_of,
    st.integers(1, 3_000),
    side=st.sampled_from([BUY, SELL]),
    seconds=st.sampled_from([1, 5, 20]),
    cap_ppm=st.sampled_from([0, 0, 50_000, 300_000]),
    seed=st.integers(0, 1 << 64),
)
floors = st.fixed_dictionaries(
    {"seed": st.integers(0, 1_000), "depth": st.sampled_from([0, 20, 200]), "flow": st.sampled_from([0, 200, 2_000])}
)


def floor_of(path: Path, parent: Parent, given_: dict[str, int]) -> Floor:
    """A floor with what the path lives on: a volume curve, a call at the end, a basket."""
    floor = Floor(**given_, venues=(*VENUES, CALL))
    floor.curve = {second: 100 + 10 * second for second in range(20)}
    at = parent.until or START + 10 * SECOND
    if path.name in ("TARGET_CLOSE", "AUCTION"):
        floor.call = Auction(CALL.number, 10_000, 500, 300, at, True)
    if path.name == "BASKET_IS":
        other = SELL if parent.side == BUY else BUY
        floor.legs = [
            Leg(parent.number, 1, parent.side, parent.quantity, 20_000, 1.0, 100.0, parent.quantity, 0.01),
            Leg(8, 2, other, 500, 20_000, 1.0, 100.0, 1_000, 0.01),
        ]
        floor.correlations = {(1, 2): 0.5}
    return floor


def desk_of(path: Path, parent: Parent, given_: dict[str, int], how: Chances) -> Desk:
    parameters = parameters_of(path, GIVEN.get(path.name, {}))
    return Desk(floor_of(path, parent, given_), path, parameters, parent, how)


@pytest.mark.parametrize("path", SCHEDULES, ids=lambda path: path.name)
@settings(max_examples=12)
@given(parent=parents, floor=floors, how=chances)
def test_no_path_breaks_what_none_may_break(path: Path, parent: Parent, floor: dict[str, int], how: Chances) -> None:
    desk = desk_of(path, parent, floor, how)
    work = desk.run(parent.until + 10 * SECOND)
    assert work.filled == sum(child.filled for child in work.children) <= parent.quantity
    if path.name != "TARGET_CLOSE" or not desk.floor.call:
        assert not work.live, "nothing stays out"


@pytest.mark.parametrize("path", SCHEDULES, ids=lambda path: path.name)
@settings(max_examples=4)
@given(parent=parents, floor=floors, how=chances)
def test_the_same_seed_makes_the_same_children(path: Path, parent: Parent, floor: dict[str, int], how: Chances) -> None:
    desks = [desk_of(path, parent, floor, how) for _ in range(2)]
    for desk in desks:
        desk.run(parent.until + 10 * SECOND)
    assert desks[0].placed == desks[1].placed


@pytest.mark.parametrize("path", PROMISES, ids=lambda path: path.name)
@settings(max_examples=12)
@given(
    quantity=st.integers(1, 3_000),
    side=st.sampled_from([BUY, SELL]),
    seed=st.integers(0, 1_000),
    fills=st.sampled_from([0.0, 0.5]),
)
def test_all_is_done_in_time_where_the_market_has_it(
    path: Path, quantity: int, side: int, seed: int, fills: float
) -> None:
    parent = parent_of(quantity, side=side, seconds=20, seed=seed)
    desk = desk_of(path, parent, {"seed": seed, "depth": 800, "flow": 500}, Chances(fills=fills))
    if path.name == "TARGET_CLOSE":
        assert desk.floor.call is not None
        desk.floor.call = desk.floor.call._replace(volume=10_000)
    work = desk.run(parent.until + SECOND)
    assert work.left == 0
    assert max(fill.at for child in work.children for fill in child.fills) <= parent.until + SECOND // 2


@pytest.mark.parametrize("path", SCHEDULES, ids=lambda path: path.name)
@settings(max_examples=8)
@given(
    parent=parents, floor=floors, how=chances, quantity=st.integers(1, 3_000), limit=st.integers(-5, 5), data=st.data()
)
def test_a_changed_parent_reaches_every_child(
    path: Path, parent: Parent, floor: dict[str, int], how: Chances, quantity: int, limit: int, data: st.DataObject
) -> None:
    desk = desk_of(path, parent, floor, how)
    middle = START + data.draw(st.integers(0, 20)) * SECOND // 2
    desk.run(min(middle, parent.until))
    if desk.over or desk.work.left == 0:
        return
    least = desk.work.filled + desk.work.working
    desk.replace(quantity=max(quantity, least), limit=10_000 + limit)
    desk.run(parent.until + 10 * SECOND)
    worst = desk.work.parent.limit
    late = [child for child in desk.work.children if child.lives and (child.price - worst) * parent.sign > 0]
    assert not late, "children beyond the new limit came back"


@pytest.mark.parametrize("path", SCHEDULES, ids=lambda path: path.name)
def test_a_parent_that_ends_takes_its_children_back_and_places_none(path: Path) -> None:
    parent = parent_of(2_000, seconds=20)
    desk = desk_of(path, parent, {"seed": 1, "depth": 20, "flow": 200}, Chances(fills=0.05))
    desk.run(START + 7 * SECOND)
    work = desk.work
    work.ending = True
    decision = path.decide(work, desk.floor, desk.parameters, desk.floor.now)
    assert not decision.place
    standing = {child.order for child in work.live if child.tif != IOC and child.status in ("sent", "working")}
    assert set(decision.cancel) == standing or decision.finished


@pytest.mark.parametrize("path", SCHEDULES, ids=lambda path: path.name)
def test_parameters_have_defaults_and_bounds(path: Path) -> None:
    assert parameters_of(path, {}) == path.parameters()
    for field in msgspec.structs.fields(path.parameters):
        if field.type is not str and field.name != "form":
            with pytest.raises(msgspec.ValidationError, match=field.name):
                parameters_of(path, {field.name: -(10**9)})
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        parameters_of(path, {"no_such_thing": 1})


@pytest.mark.parametrize("path", SCHEDULES, ids=lambda path: path.name)
def test_nothing_at_all_to_trade_with_is_waited_for_and_then_given_up(path: Path) -> None:
    desk = Desk(Floor(depth=0, flow=0), path, None, parent_of(500, seconds=10))
    work = desk.run(START + 20 * SECOND)
    assert desk.over and work.filled == 0
    assert desk.decisions[-1][1].why


@pytest.mark.parametrize("path", PROMISES, ids=lambda path: path.name)
def test_a_parent_without_a_time_is_done_in_the_paths_own(path: Path) -> None:
    parent = parent_of(800, seconds=0)
    desk = Desk(
        floor_of(path, parent, {"seed": 5, "depth": 500, "flow": 500}),
        path,
        parameters_of(path, {"duration_s": 10}),
        parent,
    )
    desk.floor.call = None
    assert desk.run(START + 15 * SECOND).left == 0


def test_lots_that_no_venue_takes_are_left_and_said() -> None:
    coarse = Venue(number=1, name="coarse", lot=100, minimum=100)
    for path in PROMISES:
        desk = Desk(Floor(venues=(coarse,), depth=2_000), path, None, parent_of(250, seconds=10))
        work = desk.run(START + 20 * SECOND)
        assert (work.filled, work.left) == (200, 50), path.name
        assert desk.over, path.name


def test_restored_work_decides_what_the_lost_one_would_have() -> None:
    for path in SCHEDULES:
        desk = desk_of(path, parent_of(2_000, seconds=20), {"seed": 3, "depth": 100, "flow": 500}, Chances())
        for second in range(1, 20):
            desk.run(START + second * SECOND)
            again = msgspec.json.decode(msgspec.json.encode(desk.work), type=Work)
            now = desk.floor.now
            decide, parameters = path.decide, desk.parameters
            assert decide(again, desk.floor, parameters, now) == decide(desk.work, desk.floor, parameters, now)


def test_the_cap_binds_what_would_be_done_without_it() -> None:
    for path in SCHEDULES:
        capped = parent_of(3_000, seconds=20, cap_ppm=PPM // 20)
        desk = desk_of(path, capped, {"seed": 3, "depth": 500, "flow": 500}, Chances())
        work = desk.run(capped.until + SECOND)
        assert work.filled <= desk.floor.traded(START) // 20, path.name
        if path.name not in ("AUCTION", "TARGET_CLOSE"):
            assert work.filled > 0, path.name
