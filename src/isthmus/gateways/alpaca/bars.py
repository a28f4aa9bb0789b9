"""Bars of any length, put together from the minutes and days that the tape keeps."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from isthmus.gateways.problems import Refusal
from isthmus.kernel.values import NS_PER_S, TIME_MAX_NS, time_text
from isthmus.refdata.instruments import Instrument
from isthmus.views.tape import BARS_MAX, DAY_NS, BarRow, Tape

MINUTE_NS = 60 * NS_PER_S
_TIMEFRAME = re.compile(r"([1-9][0-9]?)((?i:min|hour|day|week|month)|[THDWM])", re.ASCII)
_MOST = {"minute": 59, "hour": 23, "day": 1, "week": 1, "month": 12}
_LETTERS = {"min": "minute", "T": "minute", "H": "hour", "D": "day", "W": "week", "M": "month"}


class Timeframe(msgspec.Struct, frozen=True):
    """How long a bar is."""

    amount: int
    unit: str

    @property
    def base(self) -> str:
        """The tape's interval that it is made of."""
        return "1m" if self.unit in ("minute", "hour") else "1d"

    def start_of(self, at: int) -> int:
        """The start of the bar that a time is in. Minutes and hours count from 00:00 UTC, weeks from Monday."""
        day = at - at % DAY_NS
        if self.unit in ("minute", "hour"):
            length = self.amount * (MINUTE_NS if self.unit == "minute" else 60 * MINUTE_NS)
            return day + (at - day) // length * length
        if self.unit == "day":
            return day
        date = datetime.fromtimestamp(day // NS_PER_S, UTC)
        if self.unit == "week":
            return int((date - timedelta(days=date.weekday())).timestamp()) * NS_PER_S
        months = date.year * 12 + date.month - 1
        first = months - months % self.amount
        return int(datetime(first // 12, first % 12 + 1, 1, tzinfo=UTC).timestamp()) * NS_PER_S


def timeframe_of(text: str) -> Timeframe:
    """ "1Min", "15Min", "1Hour", "1Day", "1Week", "3Month". Raises Refusal 400."""
    match = _TIMEFRAME.fullmatch(text)
    word = "" if match is None else match[2] if len(match[2]) == 1 else match[2].lower()
    unit = _LETTERS.get(word, word)
    if match is None or int(match[1]) > _MOST[unit]:
        raise Refusal(
            400,
            "malformed_request",
            "timeframe is 1-59 Min, 1-23 Hour, 1 Day, 1 Week or 1-12 Month",
            field="timeframe",
            value=text,
        )
    return Timeframe(int(match[1]), unit)


def bars_of(tape: Tape, instrument: int, timeframe: Timeframe, start: int, end: int) -> list[BarRow]:
    """Bars whose start is within the span, oldest first; without a trade there is no bar."""
    kept = tape.bars(instrument, timeframe.base, 0, TIME_MAX_NS, BARS_MAX[timeframe.base])
    first = timeframe.start_of(start) if start > 0 else 0
    wanted = (bar for bar in kept if bar.start >= first)
    return [bar for bar in together(wanted, timeframe) if start <= bar.start <= end]


def together(bars: Iterable[BarRow], timeframe: Timeframe) -> list[BarRow]:
    """Bars of one length as those of a longer one."""
    made: list[BarRow] = []
    for bar in bars:
        start = timeframe.start_of(bar.start)
        if not made or made[-1].start != start:
            made.append(msgspec.structs.replace(bar, start=start))
            continue
        whole = made[-1]
        whole.high, whole.low, whole.close = max(whole.high, bar.high), min(whole.low, bar.low), bar.close
        whole.volume += bar.volume
        whole.trades += bar.trades
        whole.turnover += bar.turnover
    return made


def bar_fields(bar: BarRow, instrument: Instrument) -> dict[str, Any]:
    """The bar's object without its time: numbers, not text."""
    price, quantity = 10**instrument.price_decimals, 10**instrument.quantity_decimals
    return {
        "o": bar.open / price,
        "h": bar.high / price,
        "l": bar.low / price,
        "c": bar.close / price,
        "v": bar.volume / quantity,
        "n": bar.trades,
        "vw": bar.turnover / (bar.volume * price) if bar.volume else bar.close / price,
    }


def shown_bar(bar: BarRow, instrument: Instrument) -> dict[str, Any]:
    """The bar's object."""
    return {"t": time_text(bar.start), **bar_fields(bar, instrument)}
