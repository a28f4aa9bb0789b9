"""Recorded venues of other sorts against a real engine: two dealers in step, windows of a book, markets that are data
only.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.venues import tables
from tests.unit.venues.recordings import SPOT, PlainDesk, written
from tests.unit.venues.tables import SHARE_QUOTES, SHARE_TRADES, TOPS

from isthmus.engine.market import VenueFacts
from isthmus.kernel.messages import BUY, IOC, MAKER, SELL, TAKER, PlaceOrder, Resume
from isthmus.venues.recorded import make
from isthmus.venues.recorded.venue import RecordedMarkets

MS = 1_000_000
MILLION = 1_000_000


class Floor:
    """All markets of a folder, opened at a desk."""

    def __init__(self, folder: Path, desk: PlainDesk | None = None) -> None:
        self.desk = desk or PlainDesk()
        self.market = make(folder, 1.0)
        assert isinstance(self.market, RecordedMarkets)
        self.market.open(self.desk)  # type: ignore[arg-type]
        self.desk.hear(self.market)
        self.start = self.desk.time
        self.account = self.desk.client()

    def play_to(self, ms: int) -> None:
        """Play up to so many milliseconds after the start."""
        goal = self.start + ms * MS
        while self.desk.time < goal:
            self.desk.time = min(goal, self.market.step(self.desk.time))
        self.market.step(goal)

    def at(self, name: str) -> tuple[int, int]:
        """Instrument and venue."""
        venue = self.desk.account(f"venue:{name}", 3)
        return next((instrument, of) for instrument, of in self.desk.shown if of == venue)

    def order(self, venue: str, side: int, price: int, quantity: int, **more: int) -> int:
        instrument, number = self.at(venue)
        terms = {"account": self.account, "instrument": instrument, "venue": number}
        return self.desk.order(**terms | {"side": side, "price": price, "quantity": quantity} | more)

    def book(self, venue: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """The last book that was published."""
        instrument, number = self.at(venue)
        return next(row[2:] for row in reversed(self.desk.books) if row[:2] == (number, instrument))

    def fills(self) -> list[tuple[int, int, int]]:
        """(price, quantity, liquidity)."""
        return [
            (fill.price, fill.quantity, MAKER if fill.maker_order else TAKER) for fill in self.desk.effects("Traded")
        ]


@pytest.fixture
def dealers(tmp_path: Path) -> Floor:
    tables.fx(tmp_path, "fxcm", ["1000,1.38700,1.38702", "3000,1.38710,1.38712", "9000,1.38699,1.38703"])
    tables.fx(tmp_path, "oanda", ["2000,1.38695,1.38709", "4000,1.38704,1.38718", "5000,1.38704,1.38717"])
    return Floor(tmp_path)


def test_two_dealers_of_one_instrument_play_in_step_by_true_time(dealers: Floor) -> None:
    assert dealers.at("fxcm")[0] == dealers.at("oanda")[0]
    dealers.play_to(999)
    assert dealers.book("fxcm") == ([(138_700, MILLION)], [(138_702, MILLION)])
    assert [row[0] for row in dealers.desk.books] == [dealers.at("fxcm")[1]]
    dealers.play_to(1_000)
    assert dealers.book("oanda") == ([(138_695, MILLION)], [(138_709, MILLION)])
    dealers.play_to(4_000)
    assert dealers.book("fxcm") == ([(138_710, MILLION)], [(138_712, MILLION)])
    assert dealers.book("oanda") == ([(138_704, MILLION)], [(138_717, MILLION)])


def test_the_shorter_recording_waits_for_the_seam_of_the_longer_and_both_begin_again(dealers: Floor) -> None:
    dealers.play_to(8_999)
    assert dealers.book("oanda") == ([(138_704, MILLION)], [(138_717, MILLION)])
    dealers.play_to(9_000)
    assert dealers.book("oanda") == ([], [])
    assert dealers.book("fxcm") == ([(138_700, MILLION)], [(138_702, MILLION)])
    dealers.play_to(10_001)
    assert dealers.book("oanda") == ([(138_695, MILLION)], [(138_709, MILLION)])


def test_an_order_is_filled_against_the_quote_up_to_its_size_as_a_taker(dealers: Floor) -> None:
    dealers.play_to(100)
    order = dealers.order("fxcm", BUY, 138_702, 1_500_000)
    assert dealers.fills() == [(138_702, MILLION, TAKER)]
    dealers.play_to(1_500)
    assert dealers.book("fxcm")[1] == []
    facts = dealers.desk.engine.order(order)
    assert facts is not None
    assert facts["filled"] == MILLION


def test_a_quote_that_comes_to_a_waiting_order_fills_it_as_a_taker(dealers: Floor) -> None:
    dealers.play_to(100)
    dealers.order("fxcm", SELL, 138_705, 400_000)
    assert dealers.fills() == []
    dealers.play_to(2_000)
    assert dealers.fills() == [(138_705, 400_000, TAKER)]


def test_while_a_dealer_is_crossed_it_shows_that_and_fills_nothing(tmp_path: Path) -> None:
    tables.fx(tmp_path, "fxcm", ["1000,1.38702,1.38700", "2000,1.38700,1.38702", "3000,1.38700,1.38703"])
    floor = Floor(tmp_path)
    floor.play_to(100)
    assert floor.book("fxcm") == ([(138_702, MILLION)], [(138_700, MILLION)])
    floor.order("fxcm", BUY, 138_705, 1_000, tif=IOC)
    waiting = floor.order("fxcm", BUY, 138_705, 2_000)
    assert floor.fills() == []
    floor.play_to(1_000)
    assert floor.fills() == [(138_705, 2_000, TAKER)]
    assert floor.desk.engine.order(waiting) is None


def test_one_mark_for_an_instrument_whatever_the_number_of_its_venues(dealers: Floor) -> None:
    dealers.play_to(5_500)
    assert {effect.price for effect in dealers.desk.effects("Marked")} <= {138_701, 138_711}


def test_the_mark_is_the_second_dealers_while_the_first_shows_nothing(tmp_path: Path) -> None:
    tables.fx(tmp_path, "fxcm", ["60000,1.38700,1.38702"])
    tables.fx(tmp_path, "oanda", ["1000,1.38695,1.38709", "3000,1.38704,1.38718", "61000,1.38704,1.38717"])
    floor = Floor(tmp_path)
    floor.play_to(3_500)
    assert [effect.price for effect in floor.desk.effects("Marked")][-1] == 138_711


def test_the_facts_of_a_dealer_carry_what_is_assumed(dealers: Floor) -> None:
    _, fxcm = dealers.at("fxcm")
    words = "size 1,000,000 EUR assumed; clock taken as UTC"
    assert dealers.desk.facts[0] == VenueFacts(fxcm, "fxcm", "lit", 0, 0, assumed=words, source="recorded 2014-05-05")


def test_a_resting_order_in_view_fills_from_the_trades_behind_what_was_displayed(tmp_path: Path) -> None:
    tables.share(tmp_path, "quote", SHARE_QUOTES)
    tables.share(tmp_path, "trade", SHARE_TRADES)
    floor = Floor(tmp_path)
    floor.play_to(1_000)
    floor.order("us-consolidated", BUY, 181_990, 200)
    floor.play_to(1_900)
    assert floor.fills() == []
    floor.play_to(3_900)
    assert floor.fills() == [(181_990, 50, MAKER)]


def test_an_order_out_of_view_waits_behind_all_that_is_displayed_when_its_price_comes_into_view(tmp_path: Path) -> None:
    tables.share(
        tmp_path,
        "quote",
        [
            "34200000,1820000,500,1820100,300,Q,1,0",
            "34201000,1819900,400,0,0,Q,1,0",
            "34205000,1819900,300,0,0,Q,1,0",
            "34209000,1820000,100,0,0,Q,1,0",
            "34210000,1819900,100,0,0,Q,1,0",
        ],
    )
    tables.share(tmp_path, "trade", ["34200500,1819900,90,Q,1,0", "34202000,1819900,350,P,20,0"])
    floor = Floor(tmp_path)
    floor.play_to(100)
    floor.order("us-consolidated", BUY, 18_199, 200)
    floor.play_to(2_500)
    assert floor.fills() == []
    floor.play_to(9_500)
    assert floor.fills() == []


def test_a_level_that_goes_out_of_view_keeps_its_queue(tmp_path: Path) -> None:
    tables.share(
        tmp_path,
        "quote",
        [
            "34200000,1819900,500,1820100,300,Q,1,0",
            "34201000,1820000,100,0,0,Q,1,0",
            "34202000,1819900,500,0,0,Q,1,0",
            "34209000,1819900,700,0,0,Q,1,0",
        ],
    )
    tables.share(tmp_path, "trade", ["34203000,1819900,400,Q,1,0", "34204000,1819900,150,Q,1,0"])
    floor = Floor(tmp_path)
    floor.play_to(100)
    floor.order("us-consolidated", BUY, 18_199, 200)
    floor.play_to(3_500)
    assert floor.fills() == []
    floor.play_to(4_500)
    assert floor.fills() == [(18_199, 50, MAKER)]


def test_late_and_off_exchange_trades_are_shown_and_fill_nobody(tmp_path: Path) -> None:
    tables.share(tmp_path, "quote", SHARE_QUOTES)
    tables.share(tmp_path, "trade", ["34202500,1000000,5000,D,1,0", "34202600,1000000,700,N,40,0"])
    floor = Floor(tmp_path)
    floor.play_to(1_500)
    floor.order("us-consolidated", BUY, 18_150, 200)
    floor.play_to(4_000)
    assert [row[3] for row in floor.desk.trades] == [5_000, 700]
    assert floor.fills() == []


def inverse(folder: Path) -> None:
    lines = [text.replace('"u": ', '"pu": 0, "ps": "BTCUSD", "u": ') for text in SPOT]
    written(folder, "coin", [text.replace('"BTCUSDT"', '"BTCUSD_PERP"') for text in lines])


def future(folder: Path) -> None:
    tables.dbn(folder, "es.dbn.zst", TOPS, "mbp-1", "GLBX.MDP3 ESU4")


@pytest.mark.parametrize("made", [inverse, future])
def test_a_market_that_is_data_only_is_shown_and_takes_no_order_whoever_resumes_it(
    tmp_path: Path, made: Callable[[Path], None]
) -> None:
    made(tmp_path)
    floor = Floor(tmp_path)
    (instrument, venue), *_ = floor.desk.shown
    floor.play_to(1_500)
    assert floor.desk.books
    assert floor.desk.trades
    assert floor.desk.facts[0].takes_orders is False
    terms = {"kind": 1, "tif": 1, "side": BUY, "price": 100, "quantity": 1}
    order = PlaceOrder(account=floor.account, instrument=instrument, venue=venue, **terms)
    floor.desk.submit(Resume(instrument=instrument))
    for asked in (order, PlaceOrder(account=floor.account, instrument=instrument, **terms)):
        record = floor.desk.submit(asked)
        assert record is not None
        assert record.reason == "instrument_halted"


def test_a_second_start_does_not_halt_again_what_is_halted(tmp_path: Path) -> None:
    inverse(tmp_path)
    floor = Floor(tmp_path)
    again = Floor(tmp_path, floor.desk)
    assert len(again.desk.effects("Halted")) == 1


def test_an_inverse_contract_tells_what_it_is_worth(tmp_path: Path) -> None:
    inverse(tmp_path)
    floor = Floor(tmp_path)
    (facts,) = floor.desk.facts
    assert (facts.inverse, facts.quantity_multiplier, facts.price_multiplier) == (True, (100, 1), (1, 1))
    assert facts.assumed == "a contract is worth 100 USD"


def test_a_future_told_to_be_a_contract_without_an_end_is_traded_at_its_multiplier(tmp_path: Path) -> None:
    future(tmp_path)
    (tmp_path / "markets.toml").write_text('[[market]]\nfiles = ["es*"]\nkind = "linear_perpetual"\nmultiplier = 50')
    floor = Floor(tmp_path)
    floor.play_to(100)
    floor.order("glbx-mdp3", BUY, 552_875, 3)
    assert floor.fills() == [(552_875, 3, TAKER)]
    (row,) = (row for row in floor.desk.engine.instruments() if row["symbol"] == "ESU4")
    assert row["multiplier"] == 50
    assert floor.desk.engine.position(floor.account, row["instrument"])[0] == 3
