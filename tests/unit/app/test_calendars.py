"""Calendars send what changes trading states at their local times, once, and leave later changes alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.app.test_day_end import House

from isthmus.app.calendars import Calendar, CalendarDriver, CalendarSettings
from isthmus.app.settings import read_defaults, settings_of
from isthmus.engine.engine import Origin
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import Halt, SetSession
from isthmus.kernel.values import NS_PER_S

TIMES = {
    "09:25": ["opening_auction"],
    "09:30": ["continuous"],
    "15:55": ["closing_auction"],
    "16:00": ["uncross", "closed"],
}


def settings(**changed: Any) -> CalendarSettings:
    words = {"instruments": ["EUR-USD"], "timezone": "America/New_York", "times": TIMES, "holidays": ["2026-11-26"]}
    return CalendarSettings(**(words | changed))


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * NS_PER_S


class Exchange(House):
    """With a calendar for its one instrument."""

    def __init__(self, start: str) -> None:
        super().__init__()
        self.at = utc(start)
        known = (self.directory_of(), self.views.sessions)
        self.calendar = CalendarDriver(Calendar("shares", settings()), "shares", self.desk, known)

    def directory_of(self) -> Any:
        return self.desk._directory

    def step(self, at: str | None = None) -> int:
        self.at = utc(at) if at else self.at
        following = self.calendar.step(self.at)
        self.settle()
        return following

    def state(self) -> str:
        return self.views.sessions.state(1)


def test_the_day_of_an_exchange() -> None:
    exchange = Exchange("2026-11-25T14:25:00")  # Wednesday, 09:25 in New York
    assert exchange.step() == utc("2026-11-25T14:30:00")
    assert exchange.state() == "opening_auction"
    assert exchange.step("2026-11-25T14:30:00") == utc("2026-11-25T20:55:00")
    assert exchange.state() == "continuous"
    exchange.step("2026-11-25T20:55:00")
    assert exchange.state() == "closing_auction"
    # Thursday is a holiday
    assert exchange.step("2026-11-25T21:00:00") == utc("2026-11-27T14:25:00")
    assert exchange.state() == "closed"


def test_nothing_is_sent_twice_and_what_was_missed_is_sent_at_the_start() -> None:
    exchange = Exchange("2026-11-28T12:00:00")  # Saturday: Friday's close was missed
    exchange.step()
    assert exchange.state() == "closed"
    before = exchange.driver.engine.sequence
    exchange.step("2026-11-29T12:00:00")
    assert exchange.driver.engine.sequence == before
    again = CalendarDriver(
        Calendar("shares", settings()), "shares", exchange.desk, (exchange.directory_of(), exchange.views.sessions)
    )
    again.step(exchange.at)
    assert exchange.driver.engine.sequence == before, "a restart sends nothing that was sent"


def test_a_state_that_somebody_set_stays_until_the_next_time() -> None:
    exchange = Exchange("2026-11-25T14:30:00")
    exchange.step()
    exchange.at = utc("2026-11-25T15:00:00")
    exchange.driver.submit(SetSession(instrument=1, state=5), Origin())
    exchange.step()
    assert exchange.state() == "halted"
    exchange.step("2026-11-25T20:55:00")
    assert exchange.state() == "closing_auction"


def test_a_halt_refuses_the_opening_as_a_record() -> None:
    exchange = Exchange("2026-11-25T14:25:00")
    exchange.step()
    exchange.driver.submit(Halt(instrument=1, reason=0), Origin())
    before = exchange.driver.engine.sequence
    exchange.step("2026-11-25T14:30:00")
    assert (exchange.state(), exchange.driver.engine.sequence) == ("opening_auction", before + 1)


def test_a_calendar_that_closes_ends_the_day_of_its_instruments() -> None:
    exchange = Exchange("2026-11-25T14:25:00")
    assert exchange.calendar.closing == [1]
    open_ended = Calendar("x", settings(times={"09:30": ["continuous"]}))
    known = (exchange.directory_of(), exchange.views.sessions)
    assert CalendarDriver(open_ended, "x", exchange.desk, known).closing == []


def test_daylight_saving_moves_the_times() -> None:
    calendar = Calendar("shares", settings())
    assert calendar.next(utc("2026-10-30T12:00:00")) == utc("2026-10-30T13:25:00"), "Friday, summer time"
    assert calendar.next(utc("2026-10-31T12:00:00")) == utc("2026-11-02T14:25:00"), "Monday, winter time"


def test_a_month_without_a_trading_day_is_looked_at_again_tomorrow() -> None:
    calendar = Calendar("never", settings(days=[]))
    now = utc("2026-11-25T14:30:00")
    assert (calendar.last(now), calendar.next(now)) == (None, now + 86_400 * NS_PER_S)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"timezone": "Mars/Olympus"}, "calendars.x.timezone"),
        ({"timezone": "../etc"}, "calendars.x.timezone"),
        ({"holidays": ["25.12.2026"]}, "calendars.x.holidays"),
        ({"times": {}}, "calendars.x.times"),
        ({"times": {"25:00": ["closed"]}}, "calendars.x.times"),
        ({"times": {"09:00+01:00": ["closed"]}}, "calendars.x.times"),
        ({"times": {"09:00": ["open"]}}, "calendars.x.times.09:00"),
        ({"times": {"09:00": []}}, "calendars.x.times.09:00"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        Calendar("x", settings(**changed))
    assert refusal.value.field == field


def test_an_instrument_that_is_not_listed_is_named() -> None:
    exchange = Exchange("2026-11-25T14:25:00")
    calendar = Calendar("x", settings(instruments=["NONE"]))
    with pytest.raises(BadInput, match="NONE is not listed"):
        CalendarDriver(calendar, "x", exchange.desk, (exchange.directory_of(), exchange.views.sessions))


def test_the_settings_file_is_refused_before_anything_starts() -> None:
    calendar = {"instruments": ["A"], "timezone": "UTC", "times": {"noon": ["closed"]}}
    with pytest.raises(BadInput) as refusal:
        settings_of(read_defaults(), {"calendars": {"x": calendar}})
    assert refusal.value.field == "calendars.x.times"
    with pytest.raises(BadInput):
        settings_of(read_defaults(), {"calendars": {"x": calendar | {"days": ["sunday"]}}})
