"""The table of orders, books and trading states is what happens."""

from __future__ import annotations

import sys

import pytest
from tools import order_table


def test_the_page_is_what_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["order_table.py", "--check"])
    assert order_table.main() == 0
