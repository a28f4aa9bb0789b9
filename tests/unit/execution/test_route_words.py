"""Events of routes are told in sentences, with figures as a dealer reads them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from isthmus.engine.market import VenueFacts
from isthmus.execution.book import Care, Event
from isthmus.execution.guard import Guard
from isthmus.execution.policy import Venue
from isthmus.execution.route_words import BEGAN, ENDED, Units, described, duration, units_of
from isthmus.execution.sights import Sight

NAMES = {1: "alpha", 2: "bravo", 3: "charlie"}
EURUSD = units_of("fx_spot", "USD", 5, NAMES.__getitem__)
SHARE = units_of("equity", "USD", 2, NAMES.__getitem__)
STEP = 1_000_000
SECOND = 1_000_000_000


def said(reason: str, figures: tuple[int, int, int], *, on: bool = True, units: Units = EURUSD) -> str:
    return described(Event(venue=1, at=0, state="", reason=reason, on=on, figures=figures), units)


@pytest.mark.parametrize(
    ("reason", "figures", "sentence"),
    [
        ("stale", (10_000_522_474, 147, 0), "silent for 10.0 s while the others moved 147 times"),
        ("crossed", (110_003 * STEP, 110_001 * STEP, 0), "its bid of 1.10003 is over its ask of 1.10001"),
        ("crossed", (110_001 * STEP, 110_001 * STEP, 0), "its bid of 1.10001 is at its ask of 1.10001"),
        ("crossed_with_others", (60_000, 2, 0), "crossed with most of 2 others in 6 % of its updates"),
        (
            "skewed",
            (90_900, 120_011 * STEP, 110_011 * STEP),
            "its middle of 1.20011 is 1,000 pips from the others' 1.10011",
        ),
        (
            "clock_shift",
            (-5 * 3_600 * SECOND, 980_000, 3),
            "its clock is 5 hours behind that of charlie (correlation 0.98)",
        ),
        ("sequence", (1_203, 1_205, 0), "its update 1,205 came where 1,203 was due"),
        (
            "stale_level",
            (110_001 * STEP, 1, 12),
            "crossed while its best ask of 1.10001 stayed the same for 12 updates",
        ),
        ("malformed", (4_000, 0, 0), "its update number 4,000 makes no sense"),
        ("rate", (412, 40, 0), "412 updates within a second, 40 at most are usual"),
        ("spread", (1_363_673, 217_539, 0), "its spread is 13.64 bps, 2.18 bps at most are usual"),
        (
            "lead",
            (340_000_000, -5_500_000, 0),
            "it is 340 ms behind the others, usual are 5.5 ms ahead of them",
        ),
        ("backup", (2, 0, 0), "stands in for bravo"),
        (
            "votes",
            (7, 120_011 * STEP, 110_011 * STEP),
            "its own past, the other venues and the hard band vote against its 1.20011: 1,000 pips from 1.10011",
        ),
        (
            "votes",
            (1, 110_021 * STEP, 110_011 * STEP),
            "its own past votes against its 1.10021: 1 pip from 1.10011",
        ),
    ],
)
def test_a_mark_is_told_with_its_figures(reason: str, figures: tuple[int, int, int], sentence: str) -> None:
    assert said(reason, figures) == sentence


def test_other_markets_than_currencies_have_no_pips() -> None:
    told = said("skewed", (4_200, 57_240 * STEP, 57_000 * STEP), units=SHARE)
    assert told == "its middle of 572.40 is 0.421 % from the others' 570.00"


def test_half_a_step_is_shown() -> None:
    assert EURUSD.price(110_000_500_000) == "1.100005"
    assert units_of("fx_spot", "JPY", 3, NAMES.__getitem__).apart(150_010 * STEP, 150_000 * STEP) == "1 pip"


def test_a_pip_that_prices_cannot_show_is_no_measure() -> None:
    assert units_of("fx_spot", "USD", 2, NAMES.__getitem__).pip_decimals is None


@pytest.mark.parametrize(
    ("ns", "told"),
    [
        (1_500_000, "1.5 ms"),
        (2 * SECOND, "2.0 s"),
        (90 * SECOND, "1.5 minutes"),
        (19_800 * SECOND, "5.5 hours"),
        (-3_600 * SECOND, "1 hour"),
    ],
)
def test_a_time_has_the_unit_that_fits(ns: int, told: str) -> None:
    assert duration(ns) == told


def test_every_rule_of_the_book_has_words_for_its_begin_and_its_end() -> None:
    listed = Path("crates/execution/src/events.rs").read_text(encoding="utf-8")
    rules = set(re.findall(r'\(Reason::\w+, "\w+", "(\w+)"\)', listed))
    assert len(rules) == 14
    assert set(BEGAN) == set(ENDED) == rules


def test_a_second_rule_of_a_state_is_still_told_when_the_first_is_taken_back() -> None:
    """A bug: both were kept under the state's name, and the end of one took the other's reason away."""
    sight = Sight(1, NoHouse(), lambda _instrument, _events: None)
    for number in NAMES:
        venue = Venue(number=number, name=NAMES[number], kind="lit", maker_fee_ppm=0, taker_fee_ppm=0)
        sight.admit(venue, VenueFacts(number, NAMES[number], "lit", 0, 0), Care())
    guard = Guard(lambda _: sight, lambda _: EURUSD)
    guard.take(
        1,
        tuple(
            Event(1, at, "quarantined", reason, True, (9_000_000, 1_000_000, 0))
            for at, reason in ((5, "rate"), (6, "lead"))
        ),
    )
    guard.take(1, (Event(1, 7, "quarantined", "rate", False, (1, 1, 0)),))
    sight.watched.why_not = lambda _venue: ["quarantined"]  # type: ignore[assignment, method-assign]
    standing = guard.standing(1, 1)
    assert (standing.state, standing.since) == ("quarantined", 6)
    assert standing.why.endswith("behind the others, usual are 1 ms behind them")


def test_a_stand_in_that_is_not_needed_is_in_reserve() -> None:
    sight = Sight(1, NoHouse(), lambda _instrument, _events: None)
    for number, care in ((1, Care(backup=2)), (2, Care())):
        venue = Venue(number=number, name=NAMES[number], kind="lit", maker_fee_ppm=0, taker_fee_ppm=0)
        sight.admit(venue, VenueFacts(number, NAMES[number], "lit", 0, 0), care)
        sight.show(number, [(110_000, 5)], [(110_010, 5)], 1)
    guard = Guard(lambda _: sight, lambda _: EURUSD)
    assert [guard.standing(1, number).state for number in (1, 2)] == ["open", "reserve"]
    sight.hold(1, 2, True)
    assert [guard.standing(1, number).state for number in (1, 2)] == ["held", "open"]


class NoHouse:
    """No book of our own."""

    sequence = 0

    def depth(self, _instrument: int, _levels: int, /) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]:
        return [], []

    def order(self, _order: int, /) -> dict[str, int] | None:
        return None
