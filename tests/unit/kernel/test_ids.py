"""Ids as people see them."""

from __future__ import annotations

import pytest

from isthmus.kernel.ids import account_id, number_of, order_id, trade_id


def test_an_id_gives_its_number_back_for_its_own_kind_only() -> None:
    assert number_of("ord", order_id(4711)) == 4711
    assert number_of("acc", account_id(16)) == 16
    assert number_of("acc", order_id(4711)) is None
    assert trade_id(4711, 2) == "trd-4711-2"


@pytest.mark.parametrize("word", ["ord-", "ord-0", "ord-01", "ord--1", "ord-1 ", "ORD-1", "ord-" + "9" * 19, "1"])
def test_what_is_no_id_has_no_number(word: str) -> None:
    assert number_of("ord", word) is None
