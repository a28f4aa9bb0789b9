"""The 78 dimensions name every field of RTS 24, and each once."""

from __future__ import annotations

from isthmus.audit.dimensions import shipped
from isthmus.audit.jurisdictions import FIELDS

RTS24_FIELDS = range(1, 52)
RTS22_FIELDS = range(1, 66)
JOINED_AT_REPORT_TIME = {
    5,
    9,
    10,
    11,
    13,
    14,
    15,
    *range(18, 21),
    *range(22, 28),
    32,
    35,
    *range(37, 40),
    42,
    48,
    49,
    52,
    53,
}
"""Of RTS 22: names, births, transmission, premium, indices; they come from client and reference data."""


def test_the_dimensions_are_the_78_in_their_order() -> None:
    rows = shipped()
    assert tuple(rows) == FIELDS
    assert len({row.name for row in rows.values()} - {"branch of that person"}) == 76, "O10 and O12 share a name"


def test_every_field_of_rts_24_is_a_dimension() -> None:
    named = [number for row in shipped().values() for number in row.numbers("rts24")]
    assert set(named) == set(RTS24_FIELDS)
    twice = {number for number in named if named.count(number) > 1}
    assert twice == {9, 21}, "the time is another one by event, and the event code says what was amended"


def test_every_field_of_rts_22_is_a_dimension_or_joined_at_report_time() -> None:
    named = {number for row in shipped().values() for number in row.numbers("rts22")}
    assert named <= set(RTS22_FIELDS)
    assert set(RTS22_FIELDS) - named == JOINED_AT_REPORT_TIME


def test_a_dimension_says_which_part_of_the_journal_it_is_from_or_that_none_is() -> None:
    silent = [name for name, row in shipped().items() if not row.source]
    expected = "O01 O02 O04 O06 O07 O08 O09 O10 O12 O15 O17 O18 O19 O23 O24 O36 O38"
    assert silent == expected.split()


def test_what_leads_to_a_person_is_marked() -> None:
    personal = [name for name, row in shipped().items() if row.personal]
    assert {"O03", "O07", "O08", "O75", "O76"} <= set(personal)
