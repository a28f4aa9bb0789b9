"""The consolidated book from Python: what is compared, what may be used, and what is decided on it."""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.engine.market import VENUE_KINDS, VenueFacts
from isthmus.execution.book import COLUMNS, Care, ConsolidatedBook, Units, default_guards, triangle
from isthmus.kernel.errors import BadInput, PartMissing
from isthmus.kernel.messages import BUY, SELL

PPM = 1_000_000
SECOND = 1_000_000_000
FAIR, PIP = 138_756, 10
"""EURUSD in steps of 0.00001."""
LOOSE = {"skew_ppm": 10**9, "others_ppm": 10**9}
"""Prices of a few hundred steps are far apart in millionths; what is tested there is not the guards."""


def venue(number: int, fee: int = 0, **more: Any) -> VenueFacts:
    facts = {"name": f"Venue {number}", "kind": "lit", "maker_fee_ppm": 0, "taker_fee_ppm": fee} | more
    return VenueFacts(number=number, **facts)


def steady(count: int = 3, **guards: int) -> ConsolidatedBook:
    """Venues that have quoted the fair price for a while."""
    book = ConsolidatedBook([venue(number) for number in range(1, count + 1)], guards=guards)
    for step in range(200):
        for number in range(1, count + 1):
            price = FAIR + step % 3 - 1
            assert book.update(number, (step + 5) * SECOND // 5, [(price - 1, 5)], [(price + 1, 5)]) == ()
    return book


def test_levels_are_rows_of_named_columns_with_the_fee_in_the_price() -> None:
    book = ConsolidatedBook([venue(1, 100), venue(2, 300)], guards=LOOSE)
    book.update(1, 1, [(99, 5)], [(101, 5), (103, 2)])
    book.update(2, 1, [(100, 4)], [(101, 7)])
    assert COLUMNS == ("all_in", "price", "quantity", "venue", "own_price", "own_quantity")
    assert book.levels(SELL) == [
        (101 * (PPM + 100), 101, 5, 1, 101, 5),
        (101 * (PPM + 300), 101, 7, 2, 101, 7),
        (103 * (PPM + 100), 103, 2, 1, 103, 2),
    ]
    assert [row[3] for row in book.levels(BUY)] == [2, 1]
    assert book.levels(SELL, 1) == book.levels(SELL)[:1]
    assert book.middle() == (100 + 101) * PPM // 2


def test_the_example_of_the_page_runs_and_finds_what_it_says() -> None:
    pytest.importorskip("pyarrow")
    page = (Path(__file__).parents[3] / "docs" / "reference" / "routing.md").read_text(encoding="utf-8")
    example = page.partition("```python\n")[2].partition("```")[0].replace("book.table()", "table = book.table()")
    names: dict[str, Any] = {}
    exec(example, names)
    assert [row[3] for row in names["book"].levels(SELL)] == [1, 2], (
        "10,000 with 300 ppm is dearer than 10,001 with 100"
    )
    assert [(leg.venue, leg.quantity) for leg in names["book"].sweep(BUY, 12).legs] == [(1, 5), (2, 7)]
    assert names["table"].num_rows == 4


def test_every_guard_of_the_page_is_a_setting_and_none_is_missing() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "routing.md").read_text(encoding="utf-8")
    named = {name for group in re.findall(r"\[([a-z_, ]+)\]", page) for name in group.split(", ")}
    assert named == set(default_guards())


def test_every_kind_of_venue_is_known() -> None:
    book = ConsolidatedBook([venue(number, kind=kind) for number, kind in enumerate(VENUE_KINDS)])
    assert book.open() == list(range(len(VENUE_KINDS)))


def test_an_inverse_contract_stands_beside_its_spot_in_the_spots_units() -> None:
    spot = Units(Fraction(1, 100), Fraction(1, 100_000))
    contract = Units(Fraction(1, 10), Fraction(1))
    book = ConsolidatedBook([venue(1)], units=spot)
    coin = venue(2, quantity_multiplier=(100, 1), inverse=True)
    book.list_venue(coin, Care(family=1), contract)
    book.update(1, 1, [], [(6_000_100, 3)])
    book.update(2, 1, [], [(600_000, 60)])
    # 60 contracts of 100 USD at 60,000.0 are 0.1 coin
    assert book.levels(SELL)[0] == (6_000_000 * PPM, 6_000_000, 10_000, 2, 600_000, 60)
    taken = book.sweep(BUY, 5_000)
    assert [(leg.venue, leg.quantity, leg.own_quantity) for leg in taken.legs] == [(2, 5_000, 30)]


def test_a_venue_with_units_of_its_own_needs_those_of_the_book() -> None:
    with pytest.raises(BadInput, match="units: must be told for the book"):
        ConsolidatedBook([venue(1, inverse=True)])


def test_a_sweep_goes_by_all_in_price_and_a_single_venue_by_the_whole_quantity() -> None:
    book = ConsolidatedBook([venue(1), venue(2, 20_000), venue(3)], guards=LOOSE)
    book.update(1, 1, [], [(100, 5), (104, 5)])
    book.update(2, 1, [], [(100, 50)])
    book.update(3, 1, [], [(103, 12)])
    sweep = book.sweep(BUY, 12)
    assert [(leg.venue, leg.quantity, leg.price) for leg in sweep.legs] == [(1, 5, 100), (2, 7, 100)]
    assert sweep.cost == (5 * 100 * PPM) + 7 * 100 * (PPM + 20_000)
    assert [leg.venue for leg in book.single(BUY, 12).legs] == [2]
    assert book.sweep(BUY, 12, 99).legs == ()


Sides = tuple[list[tuple[int, int]], list[tuple[int, int]]]


@st.composite
def quoted(draw: st.DrawFn) -> list[tuple[int, Sides]]:
    """Fee and book of one to five venues around 1,000."""
    venues = []
    for _ in range(draw(st.integers(1, 5))):
        sides = []
        for sign in (-1, 1):
            prices = sorted(draw(st.sets(st.integers(1, 15), max_size=5)))
            sides.append([(1_000 + sign * price, draw(st.integers(1, 20))) for price in prices])
        venues.append((draw(st.integers(-500, 2_000)), (sides[0], sides[1])))
    return venues


def made(venues: Sequence[tuple[int, Sides]]) -> ConsolidatedBook:
    book = ConsolidatedBook([venue(number, fee) for number, (fee, _) in enumerate(venues)], guards=LOOSE)
    for number, (_, (bids, asks)) in enumerate(venues):
        book.update(number, 1, bids, asks)
    return book


def units_of(book: ConsolidatedBook, side: int, limit: int | None) -> list[int]:
    """The all-in price of every single lot that a taker of this side can have, cheapest first."""
    rows = book.levels(BUY + SELL - side, 10_000)
    sign = 1 if side == BUY else -1
    within = [row for row in rows if limit is None or sign * (row[1] - limit) <= 0]
    return sorted((row[0] for row in within for _ in range(row[2])), key=lambda price: sign * price)


@given(quoted(), st.sampled_from((BUY, SELL)), st.integers(1, 80), st.none() | st.integers(985, 1_015))
def test_a_sweep_costs_what_the_cheapest_lots_cost(
    venues: list[tuple[int, Sides]], side: int, quantity: int, limit: int | None
) -> None:
    book = made(venues)
    taken = book.sweep(side, quantity, limit)
    cheapest = units_of(book, side, limit)[:quantity]
    assert (taken.quantity, taken.cost) == (len(cheapest), sum(cheapest))


@given(
    quoted(), st.sampled_from((BUY, SELL)), st.integers(1, 60), st.lists(st.integers(0, 10**12), min_size=5, max_size=5)
)
def test_no_lot_of_a_split_is_cheaper_at_another_venue(
    venues: list[tuple[int, Sides]], side: int, quantity: int, steep: list[int]
) -> None:
    book = made(venues)
    slopes = dict(enumerate(steep[: len(venues)]))
    split = book.split(side, quantity, slopes)
    sign = 1 if side == BUY else -1
    costs: dict[int, list[int]] = {}
    for number, slope in slopes.items():
        rows = [row for row in book.levels(BUY + SELL - side, 10_000) if row[3] == number]
        lots = [sign * row[0] for row in rows for _ in range(row[2])]
        costs[number] = [PPM * price + slope * (place + 1) for place, price in enumerate(lots)]
    taken = {leg.venue: leg.quantity for leg in split.legs}
    assert split.exact
    assert split.quantity == min(quantity, sum(map(len, costs.values())))
    last = [costs[number][lots - 1] for number, lots in taken.items()]
    following = [each[taken.get(number, 0)] for number, each in costs.items() if taken.get(number, 0) < len(each)]
    assert not last or not following or max(last) <= min(following)


def test_a_slope_is_the_way_over_the_lots() -> None:
    book = ConsolidatedBook([venue(1)])
    book.update(1, 1, [], [(100, 5), (104, 15)])
    assert book.slope(1, BUY) == 4 * PPM * PPM // 20
    assert book.slope(1, SELL) == 0


def test_a_thousand_pips_are_locked_before_any_order_could_use_them() -> None:
    book = steady()
    book.set_reference(FAIR * PPM)
    low = FAIR - 1_000 * PIP
    events = book.update(1, 60 * SECOND, [(low - 1, 1_000)], [(low + 1, 1_000)])
    locked = next(event for event in events if event.state == "locked")
    assert (locked.venue, locked.on, locked.figures[0]) == (1, True, 7)
    assert 1 not in book.open()
    assert all(leg.venue != 1 for leg in book.sweep(BUY, 10).legs)
    assert all(row[1] > FAIR - 5 for row in book.levels(SELL))
    assert "locked" in book.why_not(1)


def test_one_vote_alone_is_told_and_locks_nothing() -> None:
    book = steady(2)
    events = book.update(1, 60 * SECOND, [(FAIR + 299, 5)], [(FAIR + 301, 5)])
    assert [(event.state, event.on) for event in events if event.state in ("doubted", "locked")] == [("locked", True)]
    alone = steady(1)
    events = alone.update(1, 60 * SECOND, [(FAIR + 299, 5)], [(FAIR + 301, 5)])
    assert [(event.state, event.figures[0]) for event in events] == [("doubted", 1)]
    assert alone.open() == [1]


def test_a_source_that_bursts_is_quarantined_its_backup_stands_in_and_it_returns_by_rule() -> None:
    book = ConsolidatedBook()
    book.list_venue(venue(1), Care(backup=4))
    for number in (2, 3, 4):
        book.list_venue(venue(number))
    told = []

    def step(at: int, numbers: Sequence[int]) -> None:
        for number in numbers:
            told.extend(book.update(number, at, [(FAIR - 1, 5)], [(FAIR + 1, 5)]))

    for number in range(1_000):
        step((number + 10) * SECOND // 10, (1, 2, 3, 4))
    assert (told, book.open()) == ([], [1, 2, 3])
    begun = 102 * SECOND
    for number in range(200):
        step(begun + number * SECOND // 1_000, (1,))
    assert [(event.venue, event.state, event.reason) for event in told] == [
        (1, "quarantined", "rate"),
        (4, "backup", "backup"),
    ]
    assert told[0].figures[0] > told[0].figures[1]
    assert book.open() == [2, 3, 4]
    for number in range(1, 200):
        step(begun + number * SECOND // 10, (1, 2, 3, 4))
    back = [event for event in told if not event.on]
    assert [event.state for event in back] == ["quarantined", "backup"]
    assert back[0].at - begun >= default_guards()["good_ns"]
    assert book.open() == [1, 2, 3]


@pytest.mark.parametrize(
    ("bids", "asks", "field", "reason"),
    [
        ([(0, 1)], [], "bids", "a price is not positive"),
        ([(-5, 1)], [], "bids", "a price is not positive"),
        ([], [(5, 0)], "asks", "a quantity is not positive"),
        ([(5, 1), (6, 1)], [], "bids", "levels are not in order"),
        ([(5, 1)] * 51, [], "bids", "more than 50 levels"),
        ([(10**14, 1)], [], "bids", "a price is too large"),
        ([(2**70, 1)], [], None, "a number does not fit 64 bits"),
    ],
)
def test_levels_that_make_no_sense_are_refused_and_change_nothing(
    bids: list[tuple[int, int]], asks: list[tuple[int, int]], field: str | None, reason: str
) -> None:
    book = steady()
    before = book.levels(BUY, 100), book.levels(SELL, 100)
    with pytest.raises(BadInput) as refused:
        book.update(2, 50 * SECOND, bids, asks)
    assert (refused.value.field, refused.value.reason) == (field, reason)
    book.update(2, 51 * SECOND, [(FAIR - 1, 5)], [(FAIR + 1, 5)])
    assert len(before[0]) == len(book.levels(BUY, 100))
    assert book.open() == [1, 2, 3]


def test_a_refused_update_marks_the_source() -> None:
    book = steady()
    with pytest.raises(BadInput):
        book.update(2, 50 * SECOND, [(-1, 1)], [])
    assert [(event.venue, event.state) for event in book.last_events()] == [(2, "malformed")]
    assert book.open() == [1, 3]


def test_unknown_guards_venues_and_sides_are_refused_by_name() -> None:
    with pytest.raises(BadInput, match="sharpness: is no setting"):
        ConsolidatedBook(guards={"sharpness": 1})
    with pytest.raises(BadInput, match="skew_ppm: must not be negative"):
        ConsolidatedBook(guards={"skew_ppm": -1})
    book = steady()
    with pytest.raises(BadInput, match="venue: is not listed"):
        book.update(9, 1, [], [])
    with pytest.raises(BadInput, match="side: must be 1"):
        book.sweep(3, 1)
    with pytest.raises(BadInput, match="fee_ppm"):
        book.list_venue(venue(9, 200_000))
    with pytest.raises(BadInput, match="slopes: a slope is negative"):
        book.split(BUY, 1, {1: -1})


def test_dark_pools_indicate_and_do_not_stand_in_the_levels() -> None:
    book = ConsolidatedBook([venue(1), venue(7, kind="dark")])
    book.indicate(7, SELL, 5, 0, 900)
    assert book.indications(SELL) == [(7, 5, 0, 900)]
    assert book.levels(SELL) == []
    book.take_back(7, SELL)
    assert book.indications(SELL) == []
    with pytest.raises(BadInput, match="shows a book: it does not indicate"):
        book.indicate(1, SELL, 5, 0, 900)


def test_an_arbitrage_pays_both_fees() -> None:
    book = ConsolidatedBook([venue(1, 100), venue(2, 100)], guards=LOOSE)
    book.update(1, 1, [(9_990, 5)], [(10_000, 4)])
    book.update(2, 1, [(10_004, 3)], [(10_020, 5)])
    pair = book.arbitrage(2)
    assert pair is not None
    assert (pair.buy, pair.sell, pair.quantity, pair.basis) == (1, 2, 3, False)
    assert pair.profit == 3 * (10_004 * (PPM - 100) - 10_000 * (PPM + 100))
    book.update(2, 2, [(10_002, 3)], [(10_020, 5)])
    assert book.arbitrage(2) is None, "two steps do not pay the fees"


def test_a_triangle_is_found_in_units_of_each_instrument() -> None:
    books = tuple(ConsolidatedBook([venue(1)]) for _ in range(3))
    units = (
        Units(Fraction(1, 100_000), Fraction(1_000)),
        Units(Fraction(1, 1_000), Fraction(1_000)),
        Units(Fraction(1, 1_000), Fraction(1_000)),
    )
    for book, bid, ask in zip(books, (109_990, 149_990, 165_100), (110_000, 150_000, 165_110), strict=True):
        book.update(1, 1, [(bid, 500)], [(ask, 500)])
    found = triangle((books[0], books[1], books[2]), units)
    assert found is not None
    assert found.buys_first
    assert found.gain_ppm == 100 * PPM // 165_000
    assert (found.first, found.second, found.cross) == (454, 499, 454)


def test_a_route_remembers_latency_rejects_fills_and_toxicity() -> None:
    book = steady()
    for latency, rejected in ((500, False), (700, True)):
        book.sent(2, 10)
        book.answered(2, latency, rejected)
    book.filled(2, 60 * SECOND, BUY, 5)
    for number in (1, 2, 3, 1):
        book.update(number, 61 * SECOND, [(FAIR - 4, 5)], [(FAIR - 2, 5)])
    route = book.route(2)
    assert (route.sent, route.latency_ns, route.reject_ppm, route.fill_ppm) == (2, 600, 500_000, 250_000)
    assert route.measured == 1


def test_the_book_is_an_arrow_table() -> None:
    pytest.importorskip("pyarrow")
    book = ConsolidatedBook([venue(1, 100), venue(2, 300)], guards=LOOSE)
    assert book.table().num_rows == 0
    book.update(1, 1, [(99, 5), (98, 1)], [(101, 5)])
    table = book.table()
    assert table.column_names == ["side", "rank", *COLUMNS]
    assert table.to_pydict()["side"] == ["bid", "bid", "ask"]
    assert table.to_pydict()["rank"] == [1, 2, 1]
    assert table.to_pydict()["all_in"] == [row[0] for row in book.levels(BUY) + book.levels(SELL)]


def test_a_part_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Any:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    book = ConsolidatedBook()
    with pytest.raises(PartMissing, match="pyarrow is missing"):
        book.table()
    with pytest.raises(PartMissing, match="polars is missing"):
        book.frame()
