"""How long something has been behind is told by when what it lacks was first seen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from isthmus.audit.sightings import KEPT, Sightings


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40), st.integers(0, 100), st.integers(0, 100))
def test_the_oldest_record_behind_is_as_old_as_its_first_sighting(steps: list[int], reached: int, forgot: int) -> None:
    seen, end, told = Sightings(), 0, []
    for now, step in enumerate(steps):
        end += step
        seen.see(float(now), end)
        told.append((float(now), end))
    seen.forget(min(forgot, reached))
    assert seen.since(reached) == next((now for now, end in told if end > reached), None)


def test_many_sightings_become_fewer_and_never_make_a_record_look_younger() -> None:
    seen = Sightings()
    for now in range(2 * KEPT):
        seen.see(float(now), now + 1)
    for reached in range(0, 2 * KEPT, 97):
        since = seen.since(reached)
        assert since is not None and reached - 16 <= since <= reached
    assert seen.since(2 * KEPT) is None
