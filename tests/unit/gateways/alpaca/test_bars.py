"""Longer bars are their minutes put together, from the boundaries that people expect."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from isthmus.gateways.alpaca.bars import MINUTE_NS, bars_of, timeframe_of
from isthmus.gateways.problems import Refusal
from isthmus.kernel.values import NS_PER_S, TIME_MAX_NS
from isthmus.views.tape import Tape, TradeRow


def at(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * NS_PER_S  # type: ignore[misc, arg-type]


@pytest.fixture
def tape() -> Tape:
    """An hour and a half of trades, some minutes empty."""
    made, pick, time = Tape(), random.Random(1), at(2026, 11, 23, 10, 7)
    for number in range(400):
        made.add(TradeRow(f"trd-{number + 1}-1", 1, 0, pick.randint(90, 110), pick.randint(1, 9), 1, time))
        time += pick.randint(1, 27) * NS_PER_S
    return made


@pytest.mark.parametrize(
    ("text", "minutes"), [("5Min", 5), ("15Min", 15), ("1Hour", 60), ("4H", 240), ("7T", 7), ("1hour", 60)]
)
def test_a_bar_is_the_trades_of_its_span(tape: Tape, text: str, minutes: int) -> None:
    trades = list(tape.trades_newest_first(1))[::-1]
    bars = bars_of(tape, 1, timeframe_of(text), 0, TIME_MAX_NS)
    day = at(2026, 11, 23)
    for bar in bars:
        assert (bar.start - day) % (minutes * MINUTE_NS) == 0
        own = [trade for trade in trades if bar.start <= trade.time < bar.start + minutes * MINUTE_NS]
        prices = [trade.price for trade in own]
        assert (bar.open, bar.high, bar.low, bar.close) == (prices[0], max(prices), min(prices), prices[-1])
        assert (bar.volume, bar.trades) == (sum(trade.quantity for trade in own), len(own))
        assert bar.turnover == sum(trade.price * trade.quantity for trade in own)
    assert sum(bar.trades for bar in bars) == len(trades)


def test_the_kept_minutes_do_not_change_when_they_are_put_together(tape: Tape) -> None:
    first = [bar.volume for bar in bars_of(tape, 1, timeframe_of("1Hour"), 0, TIME_MAX_NS)]
    assert [bar.volume for bar in bars_of(tape, 1, timeframe_of("1Hour"), 0, TIME_MAX_NS)] == first


@pytest.mark.parametrize(
    ("text", "time", "start"),
    [
        ("1Day", at(2026, 11, 23, 10), at(2026, 11, 23)),
        ("1Week", at(2026, 11, 25, 10), at(2026, 11, 23)),
        ("1Week", at(2026, 11, 23), at(2026, 11, 23)),
        ("1Month", at(2026, 11, 25, 10), at(2026, 11, 1)),
        ("3Month", at(2026, 11, 25), at(2026, 10, 1)),
        ("12Month", at(2026, 11, 25), at(2026, 1, 1)),
        ("30Min", at(2026, 11, 25, 23, 59), at(2026, 11, 25, 23, 30)),
    ],
)
def test_a_bar_starts_at_its_boundary(text: str, time: int, start: int) -> None:
    assert timeframe_of(text).start_of(time) == start


@pytest.mark.parametrize(
    "text", ["", "Min", "0Min", "60Min", "24Hour", "2Day", "2Week", "13Month", "1m", "1 Min", "-1Min"]
)
def test_other_lengths_are_refused(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        timeframe_of(text)
    assert (caught.value.status, caught.value.field) == (400, "timeframe")
