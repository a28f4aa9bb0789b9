"""Events known ahead move routes to their reserve in time, and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.app.worked import SECOND, START, Worked

from isthmus.app.forecast_events import EventWatch, read_events
from isthmus.execution.guard import HELD, OPEN
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import time_text

HEAD = "start,end,venue,kind,why,lead_s\n"


def a_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "events.csv"
    path.write_text(text)
    return path


def test_a_route_is_left_before_the_event_and_taken_again_after_it(tmp_path: Path) -> None:
    worked = Worked()
    guard, route = worked.core.outside.guard, (worked.floor.instrument, worked.floor.venue)
    start, end = time_text(START + 100 * SECOND), time_text(START + 200 * SECOND)
    events = read_events(a_file(tmp_path, f"{HEAD}{start},{end},there,maintenance,new switch,60\n"))
    watch = EventWatch(events, guard, worked.core.directory)
    assert watch.step(START) == START + 40 * SECOND
    assert guard.standing(*route).state == OPEN
    watch.step(START + 40 * SECOND)
    assert guard.standing(*route).state == HELD
    assert guard.standing(*route).why.startswith("maintenance from")
    assert [venue.name for venue in worked.core.outside.sight(route[0]).venues()] == ["house"]
    watch.step(START + 200 * SECOND)
    assert guard.standing(*route).state == OPEN
    assert [event.event for event in guard.events] == ["held", "no longer held"]


@pytest.mark.parametrize(
    ("text", "field", "line"),
    [
        ("start,end\n", "routes.events", 1),
        (f"{HEAD}yesterday,2026-01-01T00:00:00Z,there,x,y,\n", "start", 2),
        (f"{HEAD}2026-01-02T00:00:00Z,2026-01-01T00:00:00Z,there,x,y,\n", "end", 2),
        (f"{HEAD}2026-01-01T00:00:00Z,2026-01-02T00:00:00Z,there,x,y,soon\n", "lead_s", 2),
        (f"{HEAD}2026-01-01T00:00:00Z,2026-01-02T00:00:00Z,there,x,y,-1\n", "lead_s", 2),
    ],
)
def test_a_bad_file_is_refused_with_field_and_line(tmp_path: Path, text: str, field: str, line: int) -> None:
    with pytest.raises(BadInput) as refused:
        read_events(a_file(tmp_path, text))
    assert (refused.value.field, refused.value.line) == (field, line)
