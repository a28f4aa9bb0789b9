"""UUIDs of this facade are read back to what they were made of, and no other UUID is taken for one."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as some

from isthmus.gateways.alpaca import ids

numbers = some.integers(0, (1 << ids.NUMBER_BITS) - 1)
kinds = some.sampled_from((ids.ORDER, ids.ASSET, ids.ACCOUNT, ids.EXECUTION))


@given(kinds, numbers, numbers)
def test_an_id_is_a_uuid_of_version_8_and_says_what_it_names(kind: int, number: int, part: int) -> None:
    text = ids.made(kind, number, part)
    made = uuid.UUID(text)
    assert (made.version, made.variant) == (8, uuid.RFC_4122)
    assert ids.read(kind, text) == (number, part)
    assert ids.read(kind, made.hex.upper()) == (number, part)
    assert all(ids.read(other, text) is None for other in range(1, 8) if other != kind)


@given(some.uuids())
def test_a_random_uuid_names_nothing(foreign: uuid.UUID) -> None:
    assert foreign.version == 8 or ids.read(ids.ORDER, str(foreign)) is None


@given(some.text(max_size=40))
def test_other_text_names_nothing(text: str) -> None:
    assert ids.read(ids.ORDER, text) is None
