"""The drills of tools/drills.py: each dealer is taken out in its incident, with the reason in words, and comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import drills

from isthmus.engine.market import VenueFacts
from isthmus.execution.book import Care, Event
from isthmus.execution.guard import Guard
from isthmus.execution.policy import Venue
from isthmus.execution.route_words import units_of
from isthmus.execution.sights import Sight
from isthmus.venues.recorded import in_time_order, survey
from isthmus.venues.recorded.events import BookEvent

NUMBERS = {"alpha": 1, "bravo": 2, "charlie": 3}
NAMES = {number: name for name, number in NUMBERS.items()}
START_NS = 1_767_607_200 * 10**9


class NoHouse:
    """No book of our own."""

    sequence = -1

    def depth(self, _instrument: int, _levels: int, /) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]:
        return [], []

    def order(self, _order: int, /) -> dict[str, int] | None:
        return None


def played(folder: Path, speed: int) -> list[tuple[str, str, float, str]]:
    """Venue, event, second of the drill, why."""
    drills.write(folder)
    units = units_of("fx_spot", "USD", 5, NAMES.__getitem__)
    guard = Guard(lambda _: sight, lambda _: units)

    def tell(instrument: int, events: tuple[Event, ...]) -> None:
        guard.take(instrument, events)

    sight = Sight(1, NoHouse(), tell)
    for name, number in NUMBERS.items():
        venue = Venue(number=number, name=name, kind="lit", maker_fee_ppm=0, taker_fee_ppm=0)
        sight.admit(venue, VenueFacts(number, name, "lit", 0, 0), Care())
    for at, recording, event in in_time_order(survey(folder).recordings):
        assert isinstance(event, BookEvent)
        sight.show(NUMBERS[recording.session.venue], event.bids, event.asks, START_NS + (at - START_NS) // speed)
    return [
        (NAMES[event.venue], event.event, (event.at - START_NS) * speed / 10**9, event.why) for event in guard.events
    ]


@pytest.mark.parametrize("speed", [1, 4])
def test_each_dealer_is_taken_out_in_its_incident_and_comes_back(tmp_path: Path, speed: int) -> None:
    told = played(tmp_path, speed)
    for venue, state, begin, end, words in (
        ("alpha", "locked", 20, 22, ["the other venues", "vote against its 1.2", "1,000 pips from 1.1"]),
        ("bravo", "quarantined", 40, 50, ["its spread is 13.6", "bps at most are usual"]),
        ("charlie", "stale", 60, 115, ["silent for 10", "while the others moved"]),
    ):
        began = [(at, why) for name, event, at, why in told if (name, event) == (venue, state)]
        ended = [at for name, event, at, _ in told if (name, event) == (venue, f"no longer {state}")]
        assert len(began) == len(ended) == 1, told
        assert begin <= began[0][0] < end
        assert began[0][0] < ended[0]
        for part in words:
            assert part in began[0][1]


def test_nobody_else_is_blamed(tmp_path: Path) -> None:
    states = {(venue, event.removeprefix("no longer ")) for venue, event, _, _ in played(tmp_path, 1)}
    assert states == {("alpha", "locked"), ("alpha", "skewed"), ("bravo", "quarantined"), ("charlie", "stale")}
