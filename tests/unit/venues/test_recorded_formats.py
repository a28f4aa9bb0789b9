"""Every format as events: what is played, in which units, at which true time; and what is refused, with its place."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.unit.venues import tables
from tests.unit.venues.tables import FX_ROWS, LOBSTER_MESSAGES, LOBSTER_ROWS, ORDERS, SHARE_QUOTES, SHARE_TRADES, TOPS

from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import BUY, SELL
from isthmus.kernel.values import time_ns
from isthmus.venues.formats import zipped as zip_limits
from isthmus.venues.recorded import events as limits
from isthmus.venues.recorded import in_time_order, survey
from isthmus.venues.recorded.events import BookEvent, Event, TradeEvent
from isthmus.venues.recorded.programme import PAUSE_NS, Timeline, timelines
from isthmus.venues.recorded.session import Recording

MS = 1_000_000


def played(folder: Path) -> Recording:
    (recording,) = survey(folder).recordings
    return recording


def books(recording: Recording) -> list[tuple[list[tuple[int, int]], list[tuple[int, int]]]]:
    return [(list(event.bids), list(event.asks)) for event in recording.session.events if isinstance(event, BookEvent)]


def trades(recording: Recording) -> list[TradeEvent]:
    return [event for event in recording.session.events if isinstance(event, TradeEvent)]


def told(folder: Path, text: str) -> None:
    (folder / "markets.toml").write_text(text)


def why(folder: Path) -> str:
    with pytest.raises(BadInput) as refusal:
        survey(folder)
    return refusal.value.reason


def test_quotes_of_a_dealer_are_books_of_one_level_with_an_assumed_size(tmp_path: Path) -> None:
    tables.fx(tmp_path, "fxcm", FX_ROWS)
    recording = played(tmp_path)
    market, session = recording.market, recording.session
    assert (market.kind, market.instrument, market.base, market.quote, market.venue) == (
        *("fx_spot", "EURUSD", "EUR", "USD"),
        "fxcm",
    )
    assert (session.price_decimals, session.quantity_decimals, session.tick) == (5, 0, 1)
    assert books(recording)[0] == ([(138_700, 1_000_000)], [(138_702, 1_000_000)])
    assert session.start == time_ns("2014-05-05T00:00:01Z")
    assert recording.assumed == "size 1,000,000 EUR assumed; clock taken as UTC"
    assert session.label == "recorded 2014-05-05"


def test_the_clock_and_the_size_of_a_dealer_are_told_for_all_its_files_and_for_one(tmp_path: Path) -> None:
    tables.fx(tmp_path, "fxcm", FX_ROWS)
    tables.fx(tmp_path, "fxcm", FX_ROWS, "nzdusd")
    told(
        tmp_path,
        '[[venue]]\nname = "fxcm"\nutc_offset = -5\nquote_size = "250000.5"\n'
        '[[market]]\nfiles = ["*nzdusd*"]\nutc_offset = 0.0\n',
    )
    euro, kiwi = survey(tmp_path).recordings
    assert euro.session.start == time_ns("2014-05-05T05:00:01Z")
    assert kiwi.session.start == time_ns("2014-05-05T00:00:01Z")
    assert euro.assumed == "size 250,000.5 EUR assumed; clock UTC-5"
    assert kiwi.assumed == "size 250,000.5 NZD assumed; clock UTC+0"
    assert books(euro)[0] == ([(138_700, 2_500_005)], [(138_702, 2_500_005)])


def test_a_dealer_of_any_name_symbol_and_day_is_told_by_the_form_of_the_file(tmp_path: Path) -> None:
    tables.fx(tmp_path, "somebank", ["5,101.250,101.260", "6,101.255,101.265"], "usdjpy", "20200229")
    market = played(tmp_path).market
    assert (market.instrument, market.base, market.quote, market.venue) == ("USDJPY", "USD", "JPY", "somebank")
    assert played(tmp_path).session.price_decimals == 3


def test_days_of_one_market_follow_each_other_and_the_same_day_twice_does_not(tmp_path: Path) -> None:
    for day in ("20140506", "20140505"):
        tables.fx(tmp_path, "fxcm", FX_ROWS, day=day)
    tables.fx(tmp_path, "fxcm", FX_ROWS, day="20140505").rename(tmp_path / "fxcm_eurusd_again.zip")
    tables.fx(tmp_path, "fxcm", FX_ROWS, day="20140505")
    found = survey(tmp_path)
    (recording,) = found.recordings
    assert recording.files == ["fxcm_eurusd_20140505_tickquote.zip", "fxcm_eurusd_20140506_tickquote.zip"]
    assert recording.session.label == "recorded 2014-05-05 to 2014-05-06"
    assert len(recording.session.events) == 2 * len(FX_ROWS)
    assert [event.at for event in recording.session.events] == sorted(recording.session.events.times)
    left = next(row for row in found.rows if row["files"] == ["fxcm_eurusd_again.zip"])
    assert "another recording of EURUSD at fxcm is played already" in left["why"]


def test_two_dealers_of_one_instrument_are_told_in_the_finer_units_of_the_two(tmp_path: Path) -> None:
    tables.fx(tmp_path, "coarse", ["1000,1.3870,1.3872"])
    tables.fx(tmp_path, "fine", ["1000,1.387001,1.387021"])
    told(tmp_path, '[[venue]]\nname = "fine"\nquote_size = "0.5"')
    coarse, fine = survey(tmp_path).recordings
    assert books(coarse) == [([(1_387_000, 10_000_000)], [(1_387_200, 10_000_000)])]
    assert books(fine) == [([(1_387_001, 5)], [(1_387_021, 5)])]
    assert (coarse.session.tick, fine.session.tick) == (100, 1)


def test_the_sides_of_a_share_are_put_together_and_suspicious_rows_are_dropped(tmp_path: Path) -> None:
    tables.share(tmp_path, "quote", SHARE_QUOTES)
    tables.share(tmp_path, "trade", SHARE_TRADES)
    recording = played(tmp_path)
    assert (recording.market.kind, recording.market.instrument) == ("equity", "IBM")
    assert (recording.market.base, recording.market.quote) == ("IBM", "USD")
    assert recording.market.venue == "us-consolidated"
    assert recording.files == ["ibm_20131007_tick_quote.zip", "ibm_20131007_tick_trade.zip"]
    assert recording.session.price_decimals == 3
    assert books(recording)[:2] == [
        ([(182_000, 500)], [(182_010, 300)]),
        ([(181_990, 400)], [(182_010, 300)]),
    ]
    assert recording.session.left_out == 2
    assert recording.session.start == time_ns("2013-10-07T13:30:00.1Z")


def test_trades_of_a_share_are_sided_by_the_quote_and_some_met_no_displayed_order(tmp_path: Path) -> None:
    tables.share(tmp_path, "quote", SHARE_QUOTES)
    tables.share(tmp_path, "trade", SHARE_TRADES)
    assert [(t.price, t.quantity, t.taker_side, t.on_book, t.reporter) for t in trades(played(tmp_path))] == [
        (182_010, 100, BUY, True, "Q"),
        (181_990, 400, SELL, True, "P"),
        (181_995, 5_000, SELL, False, "D"),
        (181_980, 700, SELL, False, "N"),
        (181_990, 50, SELL, True, "N"),
    ]


def test_new_york_time_follows_summer_time_and_an_offset_goes_before_it(tmp_path: Path) -> None:
    tables.share(tmp_path, "quote", SHARE_QUOTES, day="20131202")
    assert played(tmp_path).session.start == time_ns("2013-12-02T14:30:00.1Z")
    told(tmp_path, '[[market]]\nfiles = ["ibm*"]\nutc_offset = 0')
    assert played(tmp_path).session.start == time_ns("2013-12-02T09:30:00.1Z")


def test_hours_cut_a_day_and_the_book_at_their_start_is_known(tmp_path: Path) -> None:
    tables.share(tmp_path, "quote", SHARE_QUOTES)
    told(tmp_path, '[[market]]\nfiles = ["ibm*"]\nbegins = "09:30:01"\nends = "09:30:05"')
    assert books(played(tmp_path)) == [([(18_199, 400)], [(18_201, 300)]), ([(18_199, 400)], [(18_200, 200)])]


def test_trades_without_quotes_are_left(tmp_path: Path) -> None:
    tables.share(tmp_path, "trade", SHARE_TRADES)
    assert "trades without the quotes of that day" in why(tmp_path)


def test_a_book_is_built_from_order_events_and_told_when_an_event_is_complete(tmp_path: Path) -> None:
    tables.dbn(tmp_path, "arl.dbn.zst", ORDERS)
    recording = played(tmp_path)
    assert (recording.market.kind, recording.market.instrument) == ("equity", "ARL")
    assert recording.market.venue == "xnas-itch"
    assert (recording.session.price_decimals, recording.session.quantity_decimals) == (2, 0)
    assert books(recording) == [
        ([(1_000, 100)], [(1_005, 300)]),
        ([(1_000, 300)], []),
        ([(999, 500)], []),
        ([(1_000, 150)], []),
        ([(1_000, 0), (998, 150)], []),
        ([], [(1_004, 10), (1_005, 0)]),
    ]
    assert [event.whole for event in recording.session.events if isinstance(event, BookEvent)] == [True] + [False] * 5
    assert [(t.price, t.quantity, t.taker_side, t.on_book) for t in trades(recording)] == [
        (1_000, 150, SELL, True),
        (1_003, 40, BUY, False),
    ]


def test_order_events_as_csv_are_the_same_events(tmp_path: Path) -> None:
    rows = ["ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,price,size,order_id,flags,sequence,symbol"]
    rows += [
        f"{at},{at},160,2,7,{action},{side},{price},{size},{number},130,{place},ARL"
        for place, (at, action, side, price, size, number) in enumerate(
            [
                ("2025-07-17T08:00:00.000000001Z", "A", "B", "10.00", 100, 1),
                ("2025-07-17T08:00:01.000000000Z", "A", "A", "10.05", 300, 2),
                ("2025-07-17T08:00:02.000000000Z", "C", "B", "10.00", 40, 1),
            ]
        )
    ]
    (tmp_path / "arl.csv").write_text("\n".join(rows))
    recording = played(tmp_path)
    assert (recording.market.instrument, recording.market.venue) == ("ARL", "xnas-itch")
    assert books(recording) == [([(1_000, 100)], [(1_005, 300)]), ([(1_000, 60)], [])]
    assert recording.session.start == time_ns("2025-07-17T08:00:01Z")


def test_a_future_is_data_only_unless_markets_toml_says_what_a_contract_is(tmp_path: Path) -> None:
    tables.dbn(tmp_path, "es.dbn.zst", TOPS, "mbp-1", "GLBX.MDP3 ESU4")
    recording = played(tmp_path)
    assert (recording.market.kind, recording.market.venue, recording.takes_orders) == ("future", "glbx-mdp3", False)
    assert "no dated futures" in recording.part.data_only
    assert books(recording)[0] == ([(552_850, 29)], [(552_875, 4)])
    assert [(t.price, t.quantity, t.taker_side) for t in trades(recording)] == [(552_875, 2, BUY)]
    told(tmp_path, '[[market]]\nfiles = ["es*"]\nkind = "linear_perpetual"\nmultiplier = 50')
    played_on = played(tmp_path)
    assert (played_on.market.kind, played_on.takes_orders, played_on.part.multiplier) == ("linear_perpetual", True, 50)
    assert "a dated future played without its end, 50 USD a point" in played_on.assumed


def test_published_levels_are_a_window_and_executions_are_trades(tmp_path: Path) -> None:
    tables.lobster(tmp_path, LOBSTER_MESSAGES, LOBSTER_ROWS)
    recording = played(tmp_path)
    assert (recording.market.kind, recording.market.instrument, recording.market.venue) == ("equity", "GOOG", "xnas")
    assert books(recording) == [
        ([(5_794, 100)], [(5_810, 70)]),
        ([(5_794, 100)], [(5_800, 50), (5_810, 70)]),
        ([(5_794, 60)], [(5_800, 50), (5_810, 70)]),
        ([(5_790, 10)], [(5_800, 50), (5_810, 70)]),
    ]
    assert [(t.price, t.quantity, t.taker_side, t.on_book) for t in trades(recording)] == [
        (5_794, 40, SELL, True),
        (5_797, 10, BUY, False),
    ]
    assert recording.session.start == time_ns("2012-06-21T13:30:00.5Z")


def test_a_message_file_without_its_order_book_is_left(tmp_path: Path) -> None:
    _, book = tables.lobster(tmp_path, LOBSTER_MESSAGES, LOBSTER_ROWS)
    book.unlink()
    assert "messages and order book are played together" in why(tmp_path)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["1000,1.1,1.2,3"], "columns: 4 columns are none of a tick file"),
        (["1000,1.1,1.2", "2000,1.1"], "columns: has 2 columns instead of 3 (line 2)"),
        (["1000,-1.1,1.2"], "bid: -1.1 is not positive or too large (line 1)"),
        (["1000,1.1,0"], "ask: 0 is not positive or too large (line 1)"),
        (["1000,1.1,1.2", "2000,abc,1.2"], "bid: 'abc' is no price (line 2)"),
        (["1000,1.1,1.2", "999,1.1,1.2"], "time: goes back from 1000 to 999 ms (line 2)"),
        (["86400000,1.1,1.2"], "time: 86400000 ms is not within a day (line 1)"),
        (["x,1.1,1.2"], "time: 'x' is no whole number of ms (line 1)"),
        (["1000,1.30,1.28"], "ask: is below the bid by more than 100 bps: a crossed quote (line 1)"),
        ([], "quotes: is empty (line 1)"),
    ],
)
def test_a_wrong_quote_is_refused_with_field_and_line(tmp_path: Path, rows: Sequence[str], words: str) -> None:
    path = tables.fx(tmp_path, "fxcm", rows)
    assert f"{path.name}: {words}" in why(tmp_path)


def test_a_slightly_crossed_quote_is_played_as_recorded_unless_it_is_to_be_refused(tmp_path: Path) -> None:
    tables.fx(tmp_path, "fxcm", ["1000,1.38702,1.38700"])
    assert books(played(tmp_path)) == [([(138_702, 1_000_000)], [(138_700, 1_000_000)])]
    told(tmp_path, '[[market]]\nfiles = ["*"]\ncrossed = "refuse"')
    assert "ask: is below the bid by more than 0 bps: a crossed quote (line 1)" in why(tmp_path)


@pytest.mark.parametrize(
    ("what", "row", "words"),
    [
        ("quote", "1000,-5,100,0,0,Q,1,0", "bid: -5 is negative or too large (line 7)"),
        ("quote", "1000,x,100,0,0,Q,1,0", "time: goes back from 34209000 to 1000 ms (line 7)"),
        ("quote", "34209000,5,x,0,0,Q,1,0", "bid_size: 'x' is no whole number (line 7)"),
        ("quote", "34209000,5,1,0,0,Q,1,7", "suspicious: '7' is neither 0 nor 1 (line 7)"),
        ("trade", "34209000,0,1,Q,1,0", "price: 0 is not positive or too large (line 7)"),
        ("trade", "34209000,1,-1,Q,1,0", "size: -1 is negative or too large (line 7)"),
        ("trade", "34209000,1,1,Q,zz,0", "condition: 'zz' is no hexadecimal number (line 7)"),
        ("trade", "34209000,1,1", "columns: has 3 columns instead of 6 (line 7)"),
    ],
)
def test_a_wrong_tick_of_a_share_is_refused_with_its_file(tmp_path: Path, what: str, row: str, words: str) -> None:
    row = row.replace("1000,-5", "34209000,-5")
    tables.share(tmp_path, "quote", [*SHARE_QUOTES, *([row] if what == "quote" else [])])
    tables.share(tmp_path, "trade", [*SHARE_TRADES, *([row] if what == "trade" else [])])
    field, _, rest = words.partition(": ")
    assert f"{field}: ibm_20131007_tick_{what}.zip: {rest}" in why(tmp_path)


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ([tables.order(0, b"A", b"B", -1, 5, 1)], "price: an order needs a positive price (line 1)"),
        ([tables.order(0, b"A", b"B", 1, 0, 1)], "size: 0 is not positive (line 1)"),
        ([tables.order(0, b"Q", b"B", 1, 1, 1)], "action: 'Q' is none of"),
        ([*ORDERS, tables.order(0, b"C", b"B", 1, 1, 1)], "ts_event goes back by 4.000 s (line 15)"),
        ([tables.order(0, b"A", b"B", 1, 1, 1)], "holds no moment with both a bid and an ask"),
        ([ORDERS[1][:-3]], "ends in the middle of a record"),
    ],
)
def test_a_wrong_order_event_is_refused_with_field_and_record(
    tmp_path: Path, records: Sequence[bytes], words: str
) -> None:
    tables.dbn(tmp_path, "arl.dbn.zst", records)
    assert words in why(tmp_path)


def test_a_recording_of_orders_of_two_instruments_is_refused(tmp_path: Path) -> None:
    other = bytearray(ORDERS[2])
    other[4] = 8
    tables.dbn(tmp_path, "arl.dbn.zst", [*ORDERS[:2], bytes(other)])
    assert "holds several books (1/7, 1/8) (line 3)" in why(tmp_path)


def test_zips_that_are_empty_full_broken_or_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as packed:
        pass
    assert "zip: is empty" in why(tmp_path)
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a.csv", "1")
        packed.writestr("b.csv", "1")
    assert "zip: holds 2 files instead of one" in why(tmp_path)
    path.write_bytes(b"PK\x03\x04 and no more")
    assert "zip: cannot be unpacked" in why(tmp_path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("20140505_eurusd.csv", "1000,1.1,1.2\n" * 400_000)
    assert "unpacks to more than 200 times its size" in why(tmp_path)
    monkeypatch.setattr(zip_limits, "UNPACKED_BYTES_MAX", 1_000)
    assert "unpacks to more than 1000 bytes" in why(tmp_path)


def test_a_flipped_byte_in_a_zip_is_told(tmp_path: Path) -> None:
    path = tables.fx(tmp_path, "fxcm", [f"{ms},1.38{ms % 97:03d},1.39{ms % 89:03d}" for ms in range(5_000)])
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    path.write_bytes(bytes(raw))
    assert path.name in why(tmp_path)


def test_more_events_than_are_held_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EVENTS_MAX", 3)
    tables.fx(tmp_path, "fxcm", FX_ROWS)
    assert "more than 3 events" in why(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[venue]]\nname = "fxcm"\nutc_offset = -15', "utc_offset"),
        ('[[market]]\nfiles = ["*"]\nquote_size = "-3"', "quote_size"),
        ('[[market]]\nfiles = ["*"]\nquote_size = "0.000000001"', "quote_size"),
        ('[[market]]\nfiles = ["*"]\nbegins = "25:00"', "begins"),
        ('[[market]]\nfiles = ["*"]\nbegins = "16:00"\nends = "09:30"', "begins"),
        ('[[market]]\nfiles = ["*"]\nmultiplier = 0', "multiplier"),
        ('[[market]]\nfiles = ["*"]\ntaker_fee_ppm = 1000000', "taker_fee_ppm"),
        ('[[market]]\nfiles = ["nothing*"]', "files"),
        ('[[venue]]\nname = "fxcm"\ncolour = "red"', "venue[0].colour"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(tmp_path: Path, text: str, words: str) -> None:
    tables.fx(tmp_path, "fxcm", FX_ROWS)
    told(tmp_path, text)
    with pytest.raises(BadInput) as refusal:
        survey(tmp_path)
    assert refusal.value.field in (words, words.replace("[0]", "[...]"))


def test_an_unknown_kind_and_a_symbol_that_is_no_pair_are_refused(tmp_path: Path) -> None:
    tables.fx(tmp_path, "fxcm", FX_ROWS, "spx500")
    assert "base: SPX500 is no pair of two currency codes" in why(tmp_path)
    told(tmp_path, '[[market]]\nfiles = ["*"]\nbase = "SPX"\nquote = "USD"')
    assert played(tmp_path).market.base == "SPX"
    (tmp_path / "markets.toml").unlink()
    tables.dbn(tmp_path, "arl.dbn.zst", ORDERS)
    told(tmp_path, '[[market]]\nfiles = ["arl*"]\nkind = "stamp"')
    assert "kind: 'stamp' is none of equity, fx_spot" in why(tmp_path)


def test_recordings_of_the_same_hours_have_one_clock_and_silence_is_shortened(tmp_path: Path) -> None:
    tables.fx(tmp_path, "fxcm", ["1000,1.1,1.2", "600000,1.1,1.2"])
    tables.fx(tmp_path, "oanda", ["2000,1.1,1.2", "31000,1.1,1.2", "600500,1.1,1.2"])
    tables.share(tmp_path, "quote", SHARE_QUOTES)
    fxcm, ibm, oanda = survey(tmp_path).recordings
    clocks = timelines([fxcm, oanda, ibm])
    assert clocks[0] is clocks[1]
    assert clocks[2] is not clocks[0]
    start = fxcm.session.start
    assert [clocks[0].offset(at) for at in fxcm.session.events.times] == [0, 30_000 * MS + PAUSE_NS]
    assert clocks[0].offset(oanda.session.start) == oanda.session.start - start == 1_000 * MS
    assert clocks[0].length_ns == 30_500 * MS + PAUSE_NS


def test_a_timeline_never_goes_back_whatever_the_silences() -> None:
    spans = [(0, 5), (10**12, 10**12 + 7), (2 * 10**12, 2 * 10**12)]
    timeline = Timeline(spans)
    offsets = [timeline.offset(at) for span in spans for at in span]
    assert offsets == sorted(offsets) == [0, 5, 5 + PAUSE_NS, 12 + PAUSE_NS, 12 + 2 * PAUSE_NS, 12 + 2 * PAUSE_NS]


def test_events_of_several_recordings_come_by_true_time(tmp_path: Path) -> None:
    tables.fx(tmp_path, "fxcm", FX_ROWS)
    tables.fx(tmp_path, "oanda", ["18002500,1.1,1.2"])
    told(tmp_path, '[[venue]]\nname = "fxcm"\nutc_offset = -5')
    found: list[tuple[int, Recording, Event]] = list(in_time_order(survey(tmp_path).recordings))
    assert [recording.market.venue for _, recording, _ in found] == ["fxcm", "fxcm", "oanda", "fxcm", "fxcm"]
    assert [at for at, _, _ in found] == sorted(event.at for _, _, event in found)
    oanda = found[2][1]
    assert list(oanda.session.timed()) == [(found[2][0], found[2][2])]
