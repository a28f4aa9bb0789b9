"""The hours of FIX sessions, as settings say them."""

from __future__ import annotations

import pytest

from isthmus.app.fix import hours_of
from isthmus.app.settings import FixSettings, read_defaults, settings_of
from isthmus.kernel.errors import BadInput


def terms(**more: object) -> FixSettings:
    return settings_of(read_defaults(), {"fix": more}).fix


def test_sessions_are_always_open_by_default() -> None:
    assert hours_of(terms()) is None


def test_hours_are_seconds_of_the_day_at_an_offset() -> None:
    said = terms(open="17:00", close="16:00", days=["sun", "mon"], utc_offset="-06:00")
    assert hours_of(said) == ([True, False, False, False, False, False, True], 61_200, 57_600, -21_600)


@pytest.mark.parametrize("more", [{"open": "17:00"}, {"close": "17:00"}, {"open": "1:00", "close": "2:00"}])
def test_hours_that_are_none_are_refused(more: dict[str, str]) -> None:
    with pytest.raises(BadInput, match="fix"):
        hours_of(terms(**more))
