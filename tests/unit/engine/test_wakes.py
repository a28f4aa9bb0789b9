"""Wake-ups through their Python face; the naive twin stands beside the Rust code."""

from __future__ import annotations

import pytest

from isthmus.engine.tape import Wakes
from isthmus.kernel.messages import BUY, SELL


def test_the_first_condition_wakes_a_parent_once() -> None:
    wakes = Wakes()
    wakes.set(7, 1, BUY, at=100, price=50, volume=10)
    assert wakes.on_quote(1, 49, 51) == []
    assert wakes.on_trade(1, 9) == []
    assert wakes.on_quote(1, 49, 50) == [7]
    assert (wakes.on_trade(1, 9), wakes.on_time(200), len(wakes)) == ([], [], 0)


def test_due_parents_come_by_deadline_then_id() -> None:
    wakes = Wakes()
    for parent, at in ((9, 30), (4, 20), (5, 20), (1, 0)):
        wakes.set(parent, 1, SELL, at=at, book=True)
    assert wakes.next_time == 20
    assert wakes.on_quote(1, None, None) == [4, 5, 9, 1]


def test_a_wake_up_without_conditions_takes_the_former_away() -> None:
    wakes = Wakes()
    wakes.set(1, 1, BUY, at=5)
    wakes.set(1, 1, BUY)
    assert (len(wakes), wakes.cancel(1), wakes.on_time(9)) == (0, False, [])


def test_a_side_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="side"):
        Wakes().set(1, 1, 3, at=5)
