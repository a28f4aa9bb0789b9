"""An order is cut exactly, within participation and depth, where there is something to trade with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.execution.slicing import PPM, Bin, Cutting, cut, shared

volumes = st.one_of(st.none(), st.floats(0, 1e6), st.just(float("nan")))
depths = st.one_of(st.none(), st.floats(0, 1e4), st.just(float("nan")))
bins_of = st.lists(st.tuples(volumes, depths), max_size=30).map(
    lambda rows: [Bin(at, volume, depth) for at, (volume, depth) in enumerate(rows)]
)
rules = st.builds(
    lambda lots, lot, share, children: Cutting(
        quantity=lots * lot, lot=lot, participation_ppm=share, children=children
    ),
    st.integers(1, 5_000), st.sampled_from([1, 7, 100]), st.integers(1, PPM), st.integers(1, 500),
)  # fmt: skip


@given(bins_of, rules)
def test_children_and_what_is_left_are_the_order_in_whole_lots(bins: list[Bin], rule: Cutting) -> None:
    found = cut(bins, rule)
    assert sum(each.quantity for each in found.slices) + found.left == rule.quantity
    assert all(each.quantity > 0 and each.quantity % rule.lot == 0 for each in found.slices)
    assert found.left >= 0


@given(bins_of, rules)
def test_no_bin_is_beyond_its_participation_and_no_child_beyond_its_depth(bins: list[Bin], rule: Cutting) -> None:
    found = cut(bins, rule)
    for of in bins:
        children = [each.quantity for each in found.slices if each.place == of.place]
        if of.volume is not None and children:
            assert sum(children) <= of.volume * rule.participation_ppm / PPM
        if of.depth is not None and of.depth == of.depth and children:
            assert max(children) <= max(rule.lot, of.depth * rule.touch_ppm / PPM)


@given(bins_of, rules)
def test_children_come_in_order_of_time(bins: list[Bin], rule: Cutting) -> None:
    times = [(each.place, each.within_ppm) for each in cut(bins, rule).slices]
    assert times == sorted(set(times)) and all(0 <= within < PPM for _, within in times)


def test_hundreds_of_children_follow_the_volume() -> None:
    bins = [Bin(at, 100_000.0 if at < 5 else 300_000.0, 100_000.0) for at in range(10)]
    found = cut(bins, Cutting(quantity=100_000, children=400))
    assert len(found.slices) == 400 and found.left == 0
    early = sum(each.quantity for each in found.slices if each.place < 5)
    assert early == 25_000


def test_what_a_full_bin_cannot_take_goes_to_the_others_and_the_rest_is_told() -> None:
    bins = [Bin(0, 100.0, None), Bin(1, 10_000.0, None)]
    assert cut(bins, Cutting(quantity=1_005, children=2)).left == 0
    assert cut(bins, Cutting(quantity=2_000, children=2)).left == 2_000 - 1_010
    assert cut([], Cutting(quantity=5)).left == 5


def test_without_volume_the_depth_is_followed_and_without_both_nothing_is_sent() -> None:
    found = cut([Bin(0, None, 300.0), Bin(1, None, 100.0), Bin(2, None, None)], Cutting(quantity=400, children=4))
    assert [sum(each.quantity for each in found.slices if each.place == at) for at in range(3)] == [300, 100, 0]


@given(st.integers(0, 1_000), st.lists(st.tuples(st.floats(0, 10), st.integers(0, 50)), max_size=12))
def test_sharing_gives_away_as_much_as_there_is_room_for(total: int, rows: list[tuple[float, int]]) -> None:
    weights, most = [weight for weight, _ in rows], [room for _, room in rows]
    given_ = shared(total, weights, most)
    assert all(0 <= lots <= room for lots, room in zip(given_, most, strict=True))
    assert sum(given_) == min(total, sum(room for weight, room in rows if weight > 0))


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (Cutting(quantity=0), "quantity"),
        (Cutting(quantity=15, lot=10), "quantity"),
        (Cutting(quantity=10, participation_ppm=0), "participation_ppm"),
        (Cutting(quantity=10, children=0), "participation_ppm"),
    ],
)
def test_an_order_that_cannot_be_cut_is_refused_by_name(rule: Cutting, field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field}"):
        cut([Bin(0, 1.0, 1.0)], rule)
