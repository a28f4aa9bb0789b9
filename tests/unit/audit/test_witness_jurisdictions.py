"""Whose witnesses there are, and what each may see."""

import pytest

from isthmus.audit.jurisdictions import FIELDS, read, shipped
from isthmus.kernel.errors import BadInput

ROW = """
[xx]
country = "XX"
authority = "An authority"
retention_years = 5
blinded = ["O03"]
absent = ["O04"]
source = "A rule"
as_of = 2026-01-01
verified = false
"""


def test_seventeen_jurisdictions_are_shipped_and_none_claims_to_be_verified() -> None:
    rows = shipped()
    assert len(rows) == 17
    assert not any(row.verified for row in rows.values())


@pytest.mark.parametrize("name", shipped())
def test_every_field_is_in_clear_blinded_or_absent(name: str) -> None:
    row = shipped()[name]
    assert sorted(row.may_see + row.blinded + row.absent) == list(FIELDS)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('"O03"', '"O79"', "xx.blinded"),
        ('"O03"', '"O04"', "xx.blinded"),
        ("= 5", "= 0", "xx.retention_years"),
        ("= 5", '= "five"', "xx"),
        ('"A rule"', '""', "xx.source"),
        ("verified = false", "", "xx"),
        ("[xx]", "[xx", "jurisdictions"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_by_name(old: str, new: str, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(ROW.replace(old, new))
    assert refused.value.field == field
